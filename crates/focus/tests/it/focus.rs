//! claims A1, A2: FOCUS of any version, with its aliases and renamed columns.

use arrow::array::{Array, ArrayRef, AsArray, RecordBatch, StringArray};
use bursar_focus::convert::Target;
use bursar_focus::dialect::Dialect;
use bursar_focus::normalise::normaliser;
use bursar_focus::spec::FocusVersion;
use std::sync::Arc;

fn batch(columns: &[(&str, &str)]) -> RecordBatch {
    RecordBatch::try_from_iter(
        columns.iter().map(|(name, value)| (*name, Arc::new(StringArray::from(vec![*value])) as ArrayRef)),
    )
    .unwrap()
}

fn cell(batch: &RecordBatch, column: &str) -> Option<String> {
    let column = batch.column_by_name(column)?.as_string::<i32>();
    column.is_valid(0).then(|| column.value(0).to_owned())
}

fn convert(columns: &[(&str, &str)], from: FocusVersion, to: FocusVersion) -> RecordBatch {
    let batch = batch(columns);
    let normaliser = normaliser(Dialect::Focus(from), &batch.schema()).unwrap();
    let target = Target::new(to, &normaliser.output(), false);
    target.complete(&normaliser.convert(&batch, &target.wanted()).unwrap().batch).unwrap()
}

#[test]
fn providers_are_filled_both_ways() {
    // claim A2
    let newer = convert(
        &[("ProviderName", "AWS"), ("PublisherName", "Red Hat"), ("BilledCost", "1")],
        FocusVersion::V1_2,
        FocusVersion::V1_4,
    );
    assert_eq!(cell(&newer, "ServiceProviderName").as_deref(), Some("AWS"));
    assert_eq!(cell(&newer, "HostProviderName").as_deref(), Some("AWS"));
    assert!(newer.column_by_name("ProviderName").is_none());
    let older = convert(
        &[("ServiceProviderName", "AWS"), ("HostProviderName", "AWS")],
        FocusVersion::V1_4,
        FocusVersion::V1_2,
    );
    assert_eq!(
        (cell(&older, "ProviderName").as_deref(), cell(&older, "PublisherName").as_deref()),
        (Some("AWS"), Some("AWS"))
    );
    assert!(older.column_by_name("ServiceProviderName").is_none());
}

#[test]
fn other_spellings_are_understood() {
    // claim A1
    let out = convert(
        &[
            ("provider", "Oracle"),
            ("publisher", "Oracle"),
            ("invoiceissuer", "Oracle"),
            ("x_InvoiceId", "7"),
            ("x_SkuMeterName", "m"),
            ("region", "r"),
            ("x_Own", "kept"),
        ],
        FocusVersion::V1_0,
        FocusVersion::V1_2,
    );
    for (column, value) in [
        ("ProviderName", "Oracle"),
        ("PublisherName", "Oracle"),
        ("InvoiceIssuerName", "Oracle"),
        ("InvoiceId", "7"),
        ("SkuMeter", "m"),
        ("RegionId", "r"),
        ("x_Own", "kept"),
    ] {
        assert_eq!(cell(&out, column).as_deref(), Some(value), "{column}");
    }
}
