//! Conformance of real, specified and invented bills.

#![expect(clippy::expect_used, reason = "a helper of a test fails by panicking")]

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use bursar_focus::conformance::{Checker, FilesError, Finding, Level, Report, check_files};
use bursar_focus::spec::{self, DataType, Dataset, FocusVersion};

fn data(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/data").join(name)
}

fn check(path: &Path, version: Option<FocusVersion>) -> Report {
    check_files(&[path.to_owned()], version, &mut |_| {}).expect("readable")
}

fn refused(bytes: &[u8]) -> String {
    let file = file(bytes);
    let error: FilesError = check_files(&[file.path().to_owned()], None, &mut |_| {}).expect_err("refused");
    let mut text = error.to_string();
    if let Some(source) = std::error::Error::source(&error) {
        let _ = write!(text, ": {source}");
    }
    text
}

fn file(bytes: &[u8]) -> tempfile::NamedTempFile {
    let mut file = tempfile::NamedTempFile::new().expect("a file");
    file.write_all(bytes).expect("written");
    file
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(bytes).expect("in memory");
    encoder.finish().expect("in memory")
}

fn find<'a>(report: &'a Report, rule: &str, column: &str) -> Option<&'a Finding> {
    report.findings.iter().find(|f| f.rule == rule && f.column.as_deref().unwrap_or_default() == column)
}

fn counts(report: &Report) -> BTreeMap<(&str, &str), u64> {
    let key = |f: &'_ Finding| f.count;
    report
        .findings
        .iter()
        .map(|f| ((f.rule.as_str(), f.column.as_deref().unwrap_or_default()), key(f)))
        .collect()
}

#[test] // claim A2
fn the_real_sample_shows_its_dirt() {
    let report = check(&data("focus_1.0_sample.csv"), None);
    assert_eq!((report.version, report.rows), (FocusVersion::V1_0, 1000));
    assert!(!report.conforms());
    let found = counts(&report);
    for (rule, column, count) in [
        // dates are `2024-09-01 00:00:00`
        ("BillingPeriodStart-C-002-M", "BillingPeriodStart", 1000),
        ("ChargePeriodEnd-C-002-M", "ChargePeriodEnd", 1000),
        ("BURSAR-DATE-FORM", "", 4000),
        // the word NULL
        ("BURSAR-NULL-TEXT", "", 8973),
        ("NullHandling-A-002-M", "AvailabilityZone", 893),
        // Microsoft's prices in AvailabilityZone
        ("BURSAR-SHIFTED-COLUMN", "", 50),
        // AWS's whole-number costs
        ("BURSAR-ROUNDED-COST", "EffectiveCost", 614),
        ("BURSAR-ROUNDED-COST", "ContractedCost", 614),
        // Oracle's capitals and missing costs
        ("ChargeFrequency-C-003-M", "ChargeFrequency", 7),
        ("BURSAR-CASING", "", 7),
        ("ContractedCost-C-003-M", "ContractedCost", 7),
        ("ServiceName-C-005-C", "ServiceName", 132),
        ("BURSAR-DUPLICATE-TAG-KEY", "", 21),
        ("ColumnHandling-A-010-M", "", 1),
        ("PricingUnit-C-003-O", "PricingUnit", 9),
    ] {
        assert_eq!(found.get(&(rule, column)), Some(&count), "{rule} {column}");
    }
    // What the public validator reports without ground, we do not.
    for rule in ["InvoiceId-C-004-C", "BillingAccountId-C-002-M", "BilledCost-C-005-C"] {
        assert!(report.findings.iter().all(|finding| finding.rule != rule), "{rule}");
    }
    let first =
        find(&report, "ContractedUnitPrice-C-009-C", "ContractedUnitPrice").expect("a negative price");
    assert_eq!(
        first.examples.first().map(|e| (e.row, e.value.as_deref())),
        Some((457, Some("-3.00000000000")))
    );
    for finding in &report.findings {
        assert!(finding.examples.len() <= 5 && !finding.examples.is_empty(), "{}", finding.rule);
        assert!(finding.explanation.ends_with('.') && finding.remedy.ends_with('.'), "{}", finding.rule);
    }
}

#[test]
fn the_commitment_examples_of_the_specification_break_no_cross_column_rule() {
    for name in [
        "commitment_discount_purchase_scenario_1.csv",
        "commitment_discount_purchase_scenario_3.csv",
        "commitment_discount_usage_scenario_2.csv",
        "commitment_discount_usage_scenario_4.csv",
    ] {
        let report = check(&data("spec_examples").join(name), Some(FocusVersion::V1_2));
        let rules: Vec<&str> = report
            .findings
            .iter()
            .map(|finding| finding.rule.as_str())
            // The examples show a few columns only and write null as a word.
            .filter(|rule| !rule.starts_with("CostAndUsage-D-"))
            .filter(|rule| !matches!(*rule, "NullHandling-A-002-M" | "BURSAR-NULL-TEXT"))
            .collect();
        // One example ends a charge at 30:00:00, which is no time of day.
        let expected: &[&str] =
            if name.contains("purchase_scenario_3") { &["ChargePeriodEnd-C-002-M"] } else { &[] };
        assert_eq!(rules, expected, "{name}");
    }
}

/// A clean row for each kind of charge, in every column of the version.
fn clean(version: FocusVersion) -> String {
    let columns: Vec<_> = spec::columns(Dataset::CostAndUsage, version).collect();
    let mut text = columns.iter().map(|c| c.id).collect::<Vec<_>>().join(",");
    text.push('\n');
    for kind in ["usage", "committed", "unused", "purchase", "tax", "credit", "correction"] {
        let row: Vec<String> = columns.iter().map(|column| quoted(cell(column.id, kind))).collect();
        text.push_str(&row.join(","));
        text.push('\n');
    }
    text
}

fn quoted(cell: &str) -> String {
    if cell.contains([',', '"']) { format!("\"{}\"", cell.replace('"', "\"\"")) } else { cell.to_owned() }
}

fn cell(column: &str, kind: &str) -> &'static str {
    let commitment = matches!(kind, "committed" | "unused" | "purchase");
    let priced = matches!(kind, "usage" | "committed" | "unused" | "purchase");
    let used = matches!(kind, "usage" | "committed");
    match column {
        "BilledCost" => match kind {
            "usage" => "0.30",
            "purchase" => "8760",
            "tax" => "1.99",
            "credit" => "-5",
            "correction" => "-0.10",
            _ => "0",
        },
        "EffectiveCost" => match kind {
            "usage" => "0.30",
            "committed" | "unused" => "0.20",
            "tax" => "1.99",
            "credit" => "-5",
            "correction" => "-0.10",
            _ => "0",
        },
        "ListCost" | "ContractedCost" => match kind {
            "usage" | "committed" | "unused" => "0.30",
            "purchase" => "8760",
            "tax" => "1.99",
            "credit" => "-5",
            _ => "-0.10",
        },
        "ListUnitPrice"
        | "ContractedUnitPrice"
        | "PricingCurrencyListUnitPrice"
        | "PricingCurrencyContractedUnitPrice" => match kind {
            "usage" | "committed" | "unused" => "0.000015",
            "purchase" => "1",
            _ => "",
        },
        "PricingCurrencyEffectiveCost" => "0",
        "PricingQuantity" => match kind {
            "usage" | "committed" | "unused" => "20000",
            "purchase" => "8760",
            _ => "",
        },
        "PricingUnit" if priced => "Hours",
        "ConsumedQuantity" if used => "3",
        "ConsumedUnit" if used => "GB-Hours",
        "ChargeCategory" => match kind {
            "purchase" => "Purchase",
            "tax" => "Tax",
            "credit" => "Credit",
            _ => "Usage",
        },
        "ChargeClass" if kind == "correction" => "Correction",
        "ChargeFrequency" => {
            if kind == "purchase" {
                "One-Time"
            } else {
                "Usage-Based"
            }
        }
        "ChargeDescription" => "what it is, in words",
        "BillingPeriodStart" | "ChargePeriodStart" => "2026-10-01T00:00:00Z",
        "BillingPeriodEnd" => "2026-11-01T00:00:00Z",
        "ChargePeriodEnd" => "2026-10-02T00:00:00Z",
        "BillingCurrency" | "PricingCurrency" => "USD",
        "BillingAccountId" => "012345678901",
        "BillingAccountName" | "BillingAccountType" => "Acme",
        "InvoiceId" => "INV-1",
        "InvoiceIssuerName"
        | "ProviderName"
        | "PublisherName"
        | "ServiceProviderName"
        | "HostProviderName" => "Cloud",
        "CommitmentDiscountId" if commitment => "sp-1",
        "CommitmentDiscountName" if commitment => "plan",
        "CommitmentDiscountType" if commitment => "Savings Plan",
        "CommitmentDiscountCategory" if commitment => "Spend",
        "CommitmentDiscountQuantity" if commitment => "1.5",
        "CommitmentDiscountUnit" if commitment => "USD",
        "CommitmentDiscountStatus" => match kind {
            "committed" => "Used",
            "unused" => "Unused",
            _ => "",
        },
        "PricingCategory" if priced => {
            if kind == "committed" {
                "Committed"
            } else {
                "Standard"
            }
        }
        "ServiceCategory" => "Compute",
        "ServiceSubcategory" => "Virtual Machines",
        "ServiceName" => "Machines",
        "SkuId" | "SkuMeter" if priced => "sku",
        "SkuPriceId" if priced => "sku.1",
        "SkuPriceDetails" if priced => r#"{"CoreCount":4}"#,
        "SubAccountId" => "acc",
        "SubAccountName" | "SubAccountType" => "account",
        "RegionId" => "eu-1",
        "RegionName" => "Europe",
        "ResourceId" if used => "i-1",
        "ResourceName" if used => "web",
        "ResourceType" if used => "Machine",
        "Tags" => r#"{"team":"web","spot":true}"#,
        _ => "",
    }
}

#[test] // claim A2
fn clean_data_of_every_version_has_no_finding() {
    for version in FocusVersion::ALL {
        let text = clean(version);
        for bytes in [text.as_bytes().to_vec(), gzip(text.as_bytes())] {
            let file = file(&bytes);
            let report = check(file.path(), None);
            assert_eq!(report.version, version);
            assert_eq!(report.findings, [], "{version}");
            assert!(report.conforms() && report.partial.is_empty());
            assert!(report.passed > 150, "{version}: {} rules hold", report.passed);
        }
    }
}

#[test]
fn each_broken_cell_is_found_where_it_is() {
    let text = clean(FocusVersion::V1_2);
    let header: Vec<&str> = text.lines().next().expect("a header").split(',').collect();
    // column, value put into the first row (usage), rule that must fail
    for (column, value, rule) in [
        ("BilledCost", "1,5", "BilledCost-C-002-M"),
        ("BilledCost", "", "BilledCost-C-003-M"),
        ("BillingCurrency", "usd", "BillingCurrency-C-003-M"),
        ("ChargeCategory", "usage", "ChargeCategory-C-003-M"),
        ("ChargeCategory", "", "ChargeCategory-C-002-M"),
        ("ChargeClass", "Refund", "ChargeClass-C-005-C"),
        ("ChargePeriodStart", "2026-10-01", "ChargePeriodStart-C-002-M"),
        ("CommitmentDiscountStatus", "Active", "CommitmentDiscountStatus-C-005-M"),
        ("CommitmentDiscountId", "sp-2", "CommitmentDiscountStatus-C-004-C"),
        ("ConsumedQuantity", "", "ConsumedQuantity-C-006-C"),
        ("ConsumedUnit", "", "ConsumedUnit-C-006-C"),
        ("ListUnitPrice", "-1", "ListUnitPrice-C-008-M"),
        ("ListCost", "0.31", "ListCost-C-009-C"),
        ("ContractedCost", "0.31", "ContractedCost-C-009-C"),
        ("PricingCategory", "OnDemand", "PricingCategory-C-007-M"),
        ("ResourceType", "", "ResourceType-C-005-C"),
        ("ServiceCategory", "Computing", "ServiceCategory-C-003-M"),
        ("ServiceSubcategory", "Containers?", "ServiceSubcategory-C-003-M"),
        ("ServiceSubcategory", "Object Storage", "ServiceSubcategory-C-004-M"),
        ("SkuMeter", "", "SkuMeter-C-005-C"),
        ("Tags", "team=web", "Tags-C-001-M"),
        ("Tags", r#"{"a":1,"a":2}"#, "KeyValueFormat-A-002-M"),
        ("Tags", r#"{"a":{"b":1}}"#, "KeyValueFormat-A-004-M"),
        ("RegionName", "NULL", "NullHandling-A-002-M"),
        ("AvailabilityZone", "0.02", "BURSAR-SHIFTED-COLUMN"),
        ("ChargePeriodEnd", "2026-09-01T00:00:00Z", "BURSAR-PERIOD-ORDER"),
    ] {
        let mut cells: Vec<String> = header.iter().map(|id| quoted(cell(id, "usage"))).collect();
        let position = header.iter().position(|id| *id == column).expect("a column");
        cells[position] = quoted(value);
        let rest: String = text.lines().skip(2).map(|line| format!("{line}\n")).collect();
        let file = file(format!("{}\n{}\n{rest}", header.join(","), cells.join(",")).as_bytes());
        let report = check(file.path(), Some(FocusVersion::V1_2));
        let finding = report.findings.iter().find(|finding| finding.rule == rule);
        let finding =
            finding.unwrap_or_else(|| panic!("{rule} for {column} = `{value}`: {:?}", report.findings));
        assert_eq!(finding.examples.first().map(|e| e.row), Some(1), "{rule}");
    }
}

#[test]
fn a_missing_column_is_a_finding_only_where_it_is_asked_for() {
    let text = "BilledCost,BillingCurrency,ChargePeriodStart,ServiceName\n1,USD,2026-10-01T00:00:00Z,x\n";
    let report = check(file(text.as_bytes()).path(), Some(FocusVersion::V1_2));
    assert!(find(&report, "CostAndUsage-D-031-M", "EffectiveCost").is_some());
    assert!(find(&report, "CostAndUsage-D-064-C", "Tags").is_none(), "tags suppose a capability");
    assert_eq!(find(&report, "CostAndUsage-D-033-O", "InvoiceId").map(|f| f.level), Some(Level::Should));
}

#[test]
fn other_datasets_are_checked_against_the_tables() {
    let columns: Vec<_> = spec::columns(Dataset::BillingPeriod, FocusVersion::V1_4).collect();
    let header = columns.iter().map(|c| c.id).collect::<Vec<_>>().join(",");
    let row = |status: &str| {
        let cells = columns.iter().map(|column| match (column.id, column.data_type) {
            ("BillingPeriodStatus", _) => status,
            (_, DataType::DateTime) => "2026-10-01T00:00:00Z",
            _ => "Cloud",
        });
        cells.collect::<Vec<_>>().join(",")
    };
    let report = check(file(format!("{header}\n{}\n", row("Open")).as_bytes()).path(), None);
    assert_eq!((report.dataset, report.findings.len()), (Dataset::BillingPeriod, 0));
    let report = check(file(format!("{header}\n{}\n", row("Ajar")).as_bytes()).path(), None);
    let rule = "BURSAR-1.4-BillingPeriodStatus-allowed";
    assert_eq!(find(&report, rule, "BillingPeriodStatus").map(|f| f.count), Some(1));
}

#[test]
fn forms_of_csv_do_not_matter() {
    let plain = clean(FocusVersion::V1_0);
    let semicolons = plain.replace("in words", "inwords").replace("\"what it is, inwords\"", "what");
    let semicolons = semicolons
        .lines()
        .map(|line| line.replace(r#""{""team"":""web"",""spot"":true}""#, "").replace(',', ";"))
        .collect::<Vec<_>>()
        .join("\r\n");
    for text in [format!("\u{feff}{plain}"), semicolons] {
        let report = check(file(text.as_bytes()).path(), None);
        assert_eq!((report.rows, report.findings.len()), (7, 0), "{:?}", report.findings);
    }
}

#[test]
fn what_breaks_off_is_partial() {
    let mut text = clean(FocusVersion::V1_0);
    let row = text.lines().nth(1).expect("a row").to_owned();
    for number in 0..20_000 {
        text.push_str(&row.replace("what it is", &format!("charge {number}")));
        text.push('\n');
    }
    let whole = gzip(text.as_bytes());
    let cut = file(&whole[..whole.len() - 200]);
    let report = check(cut.path(), None);
    let why = report.partial.first().expect("partial");
    assert!(why.contains("truncated") && why.contains("row"), "{why}");
    assert!(report.rows > 0 && report.rows < 20_007, "{}", report.rows);
}

#[test]
fn rows_of_another_width_are_counted_and_named() {
    let mut text = clean(FocusVersion::V1_0);
    text.push_str("one,two\n");
    text.push_str("broken \"quote, here,\n");
    let report = check(file(text.as_bytes()).path(), None);
    let finding = find(&report, "BURSAR-BROKEN-ROW", "").expect("found");
    assert_eq!((finding.count, report.rows), (2, 7));
    assert_eq!(finding.examples.first().map(|e| e.row), Some(8));
}

#[test]
fn what_cannot_be_read_is_refused_with_what_to_do() {
    let footer = refused(b"PAR1 and nothing more PAR1");
    assert!(footer.contains("footer"), "{footer}");
    let zip = refused(b"PK\x03\x04....");
    assert!(zip.contains("ZIP"), "{zip}");
    let empty = refused(b"");
    assert!(empty.contains("empty"), "{empty}");
    let gz = refused(&gzip(b"BilledCost,x\n1,2\n")[..12]);
    assert!(gz.contains("truncated") || gz.contains("damaged"), "{gz}");
    let german = refused("Datum;Abonnementname;Kosten;Währung\n2026-10-01;a;1,5;EUR\n".as_bytes());
    assert!(german.contains("German") && german.contains("BilledCost"), "{german}");
    let native = refused(b"identity/LineItemId,lineItem/LineItemType,lineItem/UnblendedCost\n");
    assert!(native.contains("focus convert --from aws-cur-legacy"), "{native}");
    let missing = check_files(&[PathBuf::from("/nowhere/at/all.csv")], None, &mut |_| {});
    assert!(matches!(missing, Err(FilesError::Read { .. })));
}

#[test]
fn parquet_and_csv_give_the_same_findings() {
    use std::sync::Arc;

    use arrow::array::{ArrayRef, RecordBatch, StringArray};

    let path = data("focus_1.0_sample.csv");
    let mut reader = csv::Reader::from_path(&path).expect("a file");
    let header = reader.headers().expect("a header").clone();
    let records: Vec<_> = reader.records().map(|record| record.expect("a row")).collect();
    let columns = header.iter().enumerate().map(|(i, name)| {
        let cell = |r: &csv::StringRecord| r.get(i).filter(|text| !text.is_empty()).map(str::to_owned);
        let array: ArrayRef = Arc::new(records.iter().map(cell).collect::<StringArray>());
        (name.to_owned(), array, true)
    });
    let batch = RecordBatch::try_from_iter_with_nullable(columns).expect("a batch");
    let mut bytes = Vec::new();
    let mut writer =
        parquet::arrow::ArrowWriter::try_new(&mut bytes, batch.schema(), None).expect("a writer");
    writer.write(&batch).expect("written");
    writer.close().expect("closed");
    let mut from_parquet = check(file(&bytes).path(), None);
    let mut from_csv = check(&path, None);
    for finding in from_parquet.findings.iter_mut().chain(&mut from_csv.findings) {
        finding.examples.iter_mut().for_each(|example| example.file.clear());
    }
    assert_eq!(from_parquet.findings, from_csv.findings);
}

proptest::proptest! {
    #![proptest_config(proptest::test_runner::Config::with_cases(64))]

    #[test]
    fn no_bytes_panic(bytes in proptest::collection::vec(proptest::num::u8::ANY, 0..300)) {
        let file = file(&bytes);
        let _ = check_files(&[file.path().to_owned()], Some(FocusVersion::V1_2), &mut |_| {});
    }

    #[test]
    fn no_cell_panics(cells in proptest::collection::vec(proptest::collection::vec("[ -~äé\"]{0,12}", 6), 1..8)) {
        let mut text = "BilledCost,ChargePeriodStart,Tags,PricingUnit,BillingCurrency,ListUnitPrice\n".to_owned();
        for row in &cells {
            text.push_str(&row.iter().map(|cell| quoted(cell)).collect::<Vec<_>>().join(","));
            text.push('\n');
        }
        let file = file(text.as_bytes());
        let report = check_files(&[file.path().to_owned()], Some(FocusVersion::V1_4), &mut |_| {});
        proptest::prop_assert_eq!(report.map(|report| report.partial).ok(), Some(Vec::new()));
    }
}

#[test]
fn a_checker_counts_rows_over_files() {
    let text = clean(FocusVersion::V1_2);
    let (one, two) = (file(text.as_bytes()), file(text.as_bytes()));
    let files = [one.path().to_owned(), two.path().to_owned()];
    let mut last = 0;
    let report = check_files(&files, None, &mut |bytes| last = bytes).expect("readable");
    assert_eq!((report.rows, report.files.len()), (14, 2));
    assert_eq!(last, 2 * text.len() as u64);
    let nothing = Checker::new(Dataset::CostAndUsage, FocusVersion::V1_2).finish();
    assert!(nothing.conforms());
}
