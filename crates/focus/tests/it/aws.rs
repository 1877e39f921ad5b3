//! claims A2, A3: AWS reports become FOCUS and keep every digit.

use crate::bill::{Bill, data, of, of_file};
use arrow::array::{
    ArrayRef, Float64Array, MapBuilder, RecordBatch, StringArray, StringBuilder, TimestampMillisecondArray,
};
use bursar_focus::dialect::Dialect;
use bursar_focus::normalise::normaliser;
use bursar_focus::spec::FocusVersion;
use std::sync::Arc;

fn cur2() -> Bill {
    of(Dialect::AwsCur2, "cur2.csv")
}

#[test]
fn a_real_legacy_report_keeps_its_sums() {
    // claim A2
    let bill = of(Dialect::AwsCurLegacy, "aws_cur_legacy.csv");
    assert_eq!((bill.rows(), bill.faults.len()), (600, 0));
    // Independently: python3 -c "sum(Decimal(row['lineItem/UnblendedCost']) …)".
    let (billed, effective) = bill.sums("USD", "2023-11");
    assert_eq!((billed.as_str(), effective.as_str()), ("0.6406432229", "0.6406432229"));
    let tax = bill.row("ChargeCategory", "Tax");
    bill.check(
        tax,
        &[
            ("ListUnitPrice", "NULL"),
            ("PricingQuantity", "NULL"),
            ("SkuId", "NULL"),
            ("PricingCategory", "NULL"),
        ],
    );
}

#[test]
fn covered_usage_and_its_negation_are_billed_nothing() {
    // claim A2
    let bill = cur2();
    let covered = bill.row("ChargeDescription", "covered");
    bill.check(
        covered,
        &[
            ("BilledCost", "0"),
            ("EffectiveCost", "0.061234567890123457"),
            ("ContractedCost", "0.096"),
            ("ListCost", "0.096"),
            ("PricingCategory", "Committed"),
            ("CommitmentDiscountCategory", "Spend"),
            ("CommitmentDiscountStatus", "Used"),
            ("CommitmentDiscountType", "Savings Plan"),
            ("CommitmentDiscountUnit", "USD"),
        ],
    );
    assert!((0..bill.rows()).all(|row| bill.cell(row, "ChargeDescription") != "negation"));
    assert!(bill.dropped.iter().any(|dropped| dropped.rows == 1 && dropped.reason.contains("negation")));
}

#[test]
fn a_commitment_fee_and_what_it_lost_are_two_rows() {
    // claim A2
    let bill = cur2();
    let fee = bill.row("ChargeDescription", "1 year no upfront Compute Savings Plan");
    bill.check(
        fee,
        &[
            ("ChargeCategory", "Purchase"),
            ("ChargeFrequency", "Recurring"),
            ("BilledCost", "0.1"),
            ("EffectiveCost", "0"),
            ("CommitmentDiscountStatus", "NULL"),
            ("PricingCategory", "Standard"),
        ],
    );
    bill.check(
        fee + 1,
        &[
            ("ChargeCategory", "Usage"),
            ("CommitmentDiscountStatus", "Unused"),
            ("BilledCost", "0"),
            ("EffectiveCost", "0.038765432109876543"),
            ("ConsumedQuantity", "NULL"),
            ("PricingCategory", "Committed"),
        ],
    );
    let ri = bill.row("ChargeDescription", "reserved instance fee");
    bill.check(
        ri,
        &[("BilledCost", "74.4"), ("EffectiveCost", "0"), ("CommitmentDiscountCategory", "Usage")],
    );
    bill.check(
        ri + 1,
        &[
            ("BilledCost", "0"),
            ("EffectiveCost", "1.75"),
            ("CommitmentDiscountQuantity", "10"),
            ("CommitmentDiscountUnit", "Hours"),
        ],
    );
    bill.check(
        bill.row("ChargeDescription", "reserved"),
        &[("BilledCost", "0"), ("EffectiveCost", "0.055"), ("ListCost", "0.096")],
    );
    for upfront in ["upfront", "reserved upfront"] {
        bill.check(
            bill.row("ChargeDescription", upfront),
            &[("EffectiveCost", "0"), ("ChargeFrequency", "One-Time"), ("ChargeCategory", "Purchase")],
        );
    }
}

#[test]
fn credits_refunds_and_discounts_are_told_apart() {
    // claim A2
    let bill = cur2();
    bill.check(
        bill.row("ChargeDescription", "promotional credit"),
        &[("ChargeCategory", "Credit"), ("ChargeClass", "NULL"), ("BilledCost", "-5")],
    );
    bill.check(
        bill.row("ChargeDescription", "refund of usage"),
        &[("ChargeCategory", "Usage"), ("ChargeClass", "Correction"), ("EffectiveCost", "-0.5")],
    );
    bill.check(
        bill.row("ChargeDescription", "refund of savings plan upfront fee"),
        &[
            ("ChargeCategory", "Purchase"),
            ("ChargeClass", "Correction"),
            ("BilledCost", "-100"),
            ("EffectiveCost", "0"),
        ],
    );
    bill.check(bill.row("ChargeDescription", "private discount"), &[("EffectiveCost", "-1.25")]);
    bill.check(bill.row("ChargeDescription", "spot"), &[("PricingCategory", "Dynamic")]);
}

#[test]
fn split_rows_are_left_out_and_the_rest_is_conserved() {
    // claim A2
    let bill = cur2();
    assert!(
        bill.dropped
            .iter()
            .any(|dropped| dropped.rows == 2 && dropped.reason.contains("split cost allocation"))
    );
    assert_eq!(bill.sums("USD", "2026-10"), ("918.221678901234567".into(), "7.626678901234567".into()));
}

#[test]
fn names_and_tags_read_as_people_gave_them() {
    // claim A2
    let bill = cur2();
    bill.check(
        bill.row("ChargeDescription", "on demand"),
        &[
            ("Tags", r#"{"aws_created_by":"Root","name":"web-1","team":"checkout"}"#),
            ("ResourceName", "web-1"),
            ("ResourceType", "instance"),
            ("RegionId", "us-east-1"),
            ("RegionName", "US East (N. Virginia)"),
            ("ServiceName", "Amazon Elastic Compute Cloud"),
            ("ServiceCategory", "Compute"),
            ("ServiceSubcategory", "Virtual Machines"),
            ("ConsumedUnit", "Hours"),
            ("SubAccountName", "Prod"),
            ("x_CostCategories", r#"{"Team":"Platform"}"#),
        ],
    );
}

#[test]
fn net_columns_win() {
    // claim A2
    let csv = std::fs::read_to_string(data("cur2.csv")).unwrap();
    let mut lines = csv.lines();
    let header: Vec<&str> = lines.next().unwrap().split(',').collect();
    let net = header.iter().position(|name| *name == "line_item_net_unblended_cost").unwrap();
    let mut reader = ::csv::Reader::from_reader(csv.as_bytes());
    let mut writer =
        ::csv::Writer::from_path(std::env::temp_dir().join(format!("net-{}.csv", std::process::id())))
            .unwrap();
    writer.write_record(&header).unwrap();
    let mut first: Vec<String> =
        reader.records().next().unwrap().unwrap().iter().map(str::to_owned).collect();
    first[net] = "0.0816".to_owned();
    writer.write_record(&first).unwrap();
    writer.flush().unwrap();
    let path = std::env::temp_dir().join(format!("net-{}.csv", std::process::id()));
    let bill = of_file(Dialect::AwsCur2, &path, FocusVersion::V1_2);
    std::fs::remove_file(&path).unwrap();
    bill.check(
        0,
        &[
            ("BilledCost", "0.0816"),
            ("EffectiveCost", "0.0816"),
            ("ContractedCost", "0.0816"),
            ("ContractedUnitPrice", "0.0816"),
            ("ListCost", "0.096"),
        ],
    );
}

/// CUR 2.0 as Parquet has it: maps, doubles, timestamps.
fn parquet_like() -> RecordBatch {
    let mut tags = MapBuilder::new(None, StringBuilder::new(), StringBuilder::new());
    tags.keys().append_value("user_team");
    tags.values().append_value("checkout");
    tags.append(true).unwrap();
    tags.append(true).unwrap();
    let mut product = MapBuilder::new(None, StringBuilder::new(), StringBuilder::new());
    for _ in 0..2 {
        product.keys().append_value("product_name");
        product.values().append_value("Amazon Simple Storage Service");
        product.keys().append_value("region");
        product.values().append_value("eu-west-1");
        product.append(true).unwrap();
    }
    let text = |value: &str| -> ArrayRef { Arc::new(StringArray::from(vec![value, value])) };
    let time: ArrayRef =
        Arc::new(TimestampMillisecondArray::from(vec![1_790_812_800_000, 1_790_812_800_000]));
    RecordBatch::try_from_iter([
        ("line_item_line_item_type", text("Usage")),
        (
            "line_item_unblended_cost",
            Arc::new(Float64Array::from(vec![0.1, 0.30000000000000004])) as ArrayRef,
        ),
        ("line_item_currency_code", text("USD")),
        ("line_item_product_code", text("AmazonS3")),
        ("bill_billing_period_start_date", Arc::clone(&time)),
        ("line_item_usage_start_date", time),
        ("resource_tags", Arc::new(tags.finish())),
        ("product", Arc::new(product.finish())),
    ])
    .unwrap()
}

#[test]
fn maps_and_doubles_of_parquet_read_exactly() {
    // claims A2, A3
    let batch = parquet_like();
    let normaliser = normaliser(Dialect::AwsCur2, &batch.schema()).unwrap();
    let wanted = ["BilledCost", "Tags", "ServiceName", "RegionId", "BillingPeriodEnd"];
    let out = normaliser.convert(&batch, &wanted).unwrap().batch;
    let shown = arrow::util::pretty::pretty_format_batches(&[out]).unwrap().to_string();
    for text in [
        "0.100000000000000000",
        "0.300000000000000040",
        r#"{"team":"checkout"}"#,
        "Amazon Simple Storage Service",
        "eu-west-1",
        "2026-11-01T00:00:00",
    ] {
        assert!(shown.contains(text), "{text} is not in\n{shown}");
    }
}

#[test]
fn only_the_columns_needed_are_read() {
    // claim A1: in-place queries read what the question needs
    let batch = parquet_like();
    let normaliser = normaliser(Dialect::AwsCur2, &batch.schema()).unwrap();
    assert_eq!(
        normaliser.needs(&["BillingCurrency"]),
        ["line_item_currency_code", "line_item_line_item_type"]
    );
    let needs = normaliser.needs(&["BilledCost"]);
    assert!(
        needs.contains(&"line_item_unblended_cost".to_owned())
            && !needs.contains(&"resource_tags".to_owned()),
        "{needs:?}"
    );
    let names: Vec<usize> = needs.iter().map(|name| batch.schema().index_of(name).unwrap()).collect();
    let projected = batch.project(&names).unwrap();
    assert_eq!(normaliser.convert(&projected, &["BilledCost"]).unwrap().batch.num_rows(), 2);
    assert!(normaliser.convert(&batch, &["NoSuchColumn"]).is_err());
}

#[test]
fn another_file_is_refused_with_what_is_missing() {
    // claim A2
    let batch =
        RecordBatch::try_from_iter([("a", Arc::new(StringArray::from(vec!["1"])) as ArrayRef)]).unwrap();
    let error = normaliser(Dialect::AwsCurLegacy, &batch.schema()).unwrap_err().to_string();
    assert!(error.contains("lineItem/LineItemType") && error.contains("AWS"), "{error}");
}
