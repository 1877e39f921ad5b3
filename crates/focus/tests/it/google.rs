//! claims A2, A3: Google's detailed usage cost becomes FOCUS and keeps every digit.

use crate::bill::{Bill, data, of, of_file};
use arrow::array::{Array, ArrayRef, AsArray, ListArray, RecordBatch, StructArray};
use arrow::compute::cast;
use arrow::datatypes::{DataType, Field, Fields, TimeUnit};
use bursar_focus::canonical::{datetime_column, decimal_column};
use bursar_focus::dialect::Dialect;
use bursar_focus::read::Reader;
use bursar_focus::spec::FocusVersion;
use std::sync::Arc;

fn check(bill: &Bill) {
    assert_eq!(bill.faults, []);
    // 9 lines, one of them a commitment fee.
    assert_eq!(bill.rows(), 10);
    assert_eq!(bill.sums("USD", "2026-10"), ("13.4383666".into(), "13.4383666".into()));
    assert_eq!(bill.sums("USD", "2026-11"), ("0.000001".into(), "0.000001".into()));
    // A charge of the last hour of October (UTC) is in the October invoice, which ends at 07:00 in California's summer.
    bill.check(
        0,
        &[
            ("BillingPeriodStart", "2026-10-01T07:00:00"),
            ("BillingPeriodEnd", "2026-11-01T07:00:00"),
            ("ChargePeriodStart", "2026-10-31T23:00:00"),
            ("BilledCost", "0.063222"),
            ("PricingQuantity", "2"),
            ("PricingUnit", "Hours"),
            ("ContractedUnitPrice", "0.031611"),
            ("ServiceCategory", "Compute"),
            ("SubAccountId", "shop-prod"),
            ("ResourceType", "instance"),
            ("Tags", r#"{"team":"checkout","flag":true,"cost-center":"c42","compute.googleapis.com/cores":"2","unit":"retail"}"#),
        ],
    );
    bill.check(
        1,
        &[
            ("BilledCost", "0"),
            ("EffectiveCost", "0"),
            ("ListCost", "0.063222"),
            ("PricingCategory", "Committed"),
            ("CommitmentDiscountId", "cud-1"),
            ("CommitmentDiscountCategory", "Usage"),
            ("CommitmentDiscountStatus", "Used"),
        ],
    );
    bill.check(
        2,
        &[("BilledCost", "0.0405776"), ("PricingCategory", "Standard"), ("CommitmentDiscountId", "NULL")],
    );
    bill.check(
        3,
        &[
            ("ChargeCategory", "Purchase"),
            ("ChargeFrequency", "Recurring"),
            ("BilledCost", "14.6"),
            ("EffectiveCost", "0"),
            ("CommitmentDiscountId", "sub-1"),
            ("CommitmentDiscountStatus", "NULL"),
        ],
    );
    bill.check(
        4,
        &[
            ("ChargeCategory", "Usage"),
            ("BilledCost", "0"),
            ("EffectiveCost", "14.6"),
            ("CommitmentDiscountStatus", "Used"),
            ("PricingCategory", "Committed"),
        ],
    );
    bill.check(
        5,
        &[
            ("ChargeCategory", "Tax"),
            ("SkuId", "NULL"),
            ("PricingCategory", "NULL"),
            ("SubAccountId", "NULL"),
            ("BilledCost", "1.234567"),
        ],
    );
    bill.check(6, &[("ChargeCategory", "Adjustment"), ("ChargeClass", "Correction"), ("BilledCost", "-3.5")]);
    bill.check(
        7,
        &[
            ("ChargeCategory", "Adjustment"),
            ("BilledCost", "0.000001"),
            ("BillingPeriodStart", "2026-11-01T07:00:00"),
        ],
    );
    // Negative usage stays negative: nothing is clamped.
    bill.check(8, &[("BilledCost", "-0.25"), ("EffectiveCost", "-0.25"), ("ConsumedQuantity", "-28800")]);
    // The price is for 10,000 operations.
    bill.check(
        9,
        &[
            ("PricingQuantity", "25"),
            ("PricingUnit", "10000 Units"),
            ("ContractedUnitPrice", "0.05"),
            ("SkuPriceId", "S1/5000"),
        ],
    );
}

#[test]
fn json_lines() {
    // claim A2
    check(&of(Dialect::GcpDetailed, "gcp.jsonl"));
}

/// The column as BigQuery writes it to Parquet: doubles, integers, timestamps.
fn typed(name: &str, array: &ArrayRef) -> ArrayRef {
    match array.data_type() {
        DataType::Struct(fields) => {
            let array = array.as_struct();
            let children: Vec<ArrayRef> =
                fields.iter().zip(array.columns()).map(|(field, child)| typed(field.name(), child)).collect();
            let fields: Fields = fields
                .iter()
                .zip(&children)
                .map(|(field, child)| Field::new(field.name(), child.data_type().clone(), true))
                .collect();
            Arc::new(StructArray::new(fields, children, array.nulls().cloned()))
        }
        DataType::List(_) => {
            let list = array.as_list::<i32>();
            let values = typed("", list.values());
            let field = Arc::new(Field::new("element", values.data_type().clone(), true));
            Arc::new(ListArray::new(field, list.offsets().clone(), values, list.nulls().cloned()))
        }
        _ => match name {
            "cost" | "amount" | "currency_conversion_rate" | "amount_in_pricing_units" => {
                cast(array, &DataType::Float64).unwrap()
            }
            "effective_price" | "tier_start_amount" | "pricing_unit_quantity" | "cost_at_list" => {
                cast(&decimal_column(name, array).array, &DataType::Decimal128(38, 9)).unwrap()
            }
            "usage_start_time" | "usage_end_time" | "export_time" => cast(
                &datetime_column(name, array).array,
                &DataType::Timestamp(TimeUnit::Microsecond, Some("UTC".into())),
            )
            .unwrap(),
            "inherited" => cast(array, &DataType::Boolean).unwrap(),
            _ => Arc::clone(array),
        },
    }
}

#[test]
fn nested_parquet() {
    // claim A2
    let mut reader =
        Reader::open(std::fs::File::open(data("gcp.jsonl")).unwrap(), |file| Box::new(file)).unwrap();
    let text = reader.next_chunk().unwrap().unwrap().batch;
    let columns = text
        .schema()
        .fields()
        .iter()
        .zip(text.columns())
        .map(|(field, array)| (field.name().clone(), typed(field.name(), array), true))
        .collect::<Vec<_>>();
    let batch = RecordBatch::try_from_iter_with_nullable(columns).unwrap();
    let path = std::env::temp_dir().join(format!("gcp-{}.parquet", std::process::id()));
    let file = std::fs::File::create(&path).unwrap();
    let mut writer = parquet::arrow::ArrowWriter::try_new(file, batch.schema(), None).unwrap();
    writer.write(&batch).unwrap();
    writer.close().unwrap();
    let bill = of_file(Dialect::GcpDetailed, &path, FocusVersion::V1_2);
    std::fs::remove_file(&path).unwrap();
    let tier = bill.cell(9, "SkuPriceId");
    assert!(tier.starts_with("S1/5000"), "{tier}");
    assert_eq!(bill.sums("USD", "2026-10"), ("13.4383666".into(), "13.4383666".into()));
    bill.check(
        0,
        &[
            ("ContractedUnitPrice", "0.031611"),
            ("ChargePeriodStart", "2026-10-31T23:00:00"),
            ("ServiceName", "Compute Engine"),
        ],
    );
    bill.check(4, &[("EffectiveCost", "14.6"), ("BilledCost", "0")]);
}
