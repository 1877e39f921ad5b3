//! What each format prints, from one answer with everything awkward in it.

use super::*;
use arrow::array::{
    ArrayRef, Date32Array, Decimal128Array, DictionaryArray, Float64Array, Int64Array, ListArray,
    StringArray, TimestampNanosecondArray,
};
use arrow::datatypes::{Int32Type, Schema};
use std::sync::{Arc, Mutex};

/// Standard output as a test sees it.
#[derive(Clone, Default)]
struct Captured(Arc<Mutex<Vec<u8>>>);

impl Write for Captured {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

fn print_with(format: FormatArg, batches: &[RecordBatch], layout: table::Layout) -> Vec<u8> {
    let out = Captured::default();
    let schema = batches.first().map_or_else(|| Arc::new(Schema::empty()), RecordBatch::schema);
    let mut writer = Writer::new(format, &schema, Box::new(out.clone()), layout).unwrap();
    for batch in batches {
        writer.write(batch).unwrap();
    }
    writer.finish().unwrap();

    out.0.lock().unwrap().clone()
}

fn print(format: FormatArg, batch: &RecordBatch) -> String {
    String::from_utf8(print_with(format, std::slice::from_ref(batch), table::Layout::AsWideAsNeeded)).unwrap()
}

fn decimals(values: Vec<Option<i128>>) -> ArrayRef {
    Arc::new(Decimal128Array::from(values).with_precision_and_scale(38, 18).unwrap())
}

const ONE: i128 = 1_000_000_000_000_000_000;

fn answer() -> RecordBatch {
    let services: DictionaryArray<Int32Type> =
        vec![Some("Amazon EC2, \"big\""), None, Some("Blob\nStorage \u{1b}[31m|")].into_iter().collect();
    RecordBatch::try_from_iter_with_nullable([
        ("ServiceName", Arc::new(services) as ArrayRef, true),
        (
            "EffectiveCost",
            decimals(vec![Some(1_234_567 * ONE + 891_234_567_890_123_456), Some(-5 * ONE / 1000), None]),
            true,
        ),
        ("rows", Arc::new(Int64Array::from(vec![12_345, 0, i64::MAX])), true),
        ("day", Arc::new(Date32Array::from(vec![20_758, 0, -1])), true),
        (
            "ChargePeriodStart",
            Arc::new(TimestampNanosecondArray::from(vec![
                Some(1_793_491_200_000_000_000),
                Some(1_793_491_200_500_000_000),
                None,
            ])),
            true,
        ),
    ])
    .unwrap()
}

#[test]
fn csv_is_exact_and_quoted_where_needed() {
    let expected = "ServiceName,EffectiveCost,rows,day,ChargePeriodStart\n\
        \"Amazon EC2, \"\"big\"\"\",1234567.891234567890123456,12345,2026-11-01,2026-11-01T00:00:00Z\n\
        ,-0.005,0,1970-01-01,2026-11-01T00:00:00.500000Z\n\
        \"Blob\nStorage \u{1b}[31m|\",,9223372036854775807,1969-12-31,\n";
    assert_eq!(print(FormatArg::Csv, &answer()), expected);
}

#[test]
fn csv_keeps_null_and_empty_apart() {
    let values: ArrayRef = Arc::new(StringArray::from(vec![Some(""), None, Some(" x")]));
    let batch = RecordBatch::try_from_iter_with_nullable([("a", values, true)]).unwrap();
    assert_eq!(print(FormatArg::Csv, &batch), "a\n\"\"\n\n\" x\"\n");
}

#[test]
fn json_has_decimals_as_strings() {
    let json: serde_json::Value = serde_json::from_str(&print(FormatArg::Json, &answer())).unwrap();
    assert_eq!(json[0]["EffectiveCost"], "1234567.891234567890123456");
    assert_eq!(json[0]["rows"], 12_345);
    assert_eq!(json[1]["ServiceName"], serde_json::Value::Null);
    assert_eq!(json[2]["ServiceName"], "Blob\nStorage \u{1b}[31m|");
    assert_eq!(json.as_array().unwrap().len(), 3);
}

#[test]
fn json_of_nothing_is_an_empty_array() {
    assert_eq!(print_with(FormatArg::Json, &[], table::Layout::AsWideAsNeeded), b"[]\n");
}

#[test]
fn json_keeps_lists_and_odd_doubles() {
    let lists: ArrayRef = Arc::new(ListArray::from_iter_primitive::<arrow::datatypes::Int64Type, _, _>([
        Some(vec![Some(1), None]),
        None,
    ]));
    let doubles: ArrayRef = Arc::new(Float64Array::from(vec![0.1, f64::NAN]));
    let batch = RecordBatch::try_from_iter_with_nullable([("l", lists, true), ("d", doubles, true)]).unwrap();
    let json: serde_json::Value = serde_json::from_str(&print(FormatArg::Json, &batch)).unwrap();
    assert_eq!(json, serde_json::json!([{"l": [1, null], "d": 0.1}, {"l": null, "d": "NaN"}]));
}

#[test]
fn markdown_stays_in_its_cells() {
    let text = print(FormatArg::Md, &answer());
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!(lines.len(), 5, "{text}");
    assert_eq!(lines[1], "| --- | ---: | ---: | --- | --- |");
    assert!(lines[4].starts_with(r"| Blob Storage  \[31m\| |"), "{text}");
}

#[test]
fn the_table_is_for_people() {
    let text = print(FormatArg::Table, &answer());
    assert!(text.contains("1,234,567.89"), "{text}");
    assert!(text.contains("-0.01"), "rounded half away from zero: {text}");
    assert!(text.contains("12,345"), "{text}");
    assert!(text.contains(r"\u{1b}[31m"), "a name must not drive the terminal: {text}");
    assert!(!text.contains('\u{1b}'), "{text}");
}

#[test]
fn the_table_fits_and_never_breaks_a_number() {
    let name: ArrayRef =
        Arc::new(StringArray::from(vec!["a rather long name of a service that must be wrapped"]));
    let batch = RecordBatch::try_from_iter([
        ("ServiceName", name),
        ("EffectiveCost", decimals(vec![Some(1_234_567 * ONE)])),
    ])
    .unwrap();
    let bytes = print_with(FormatArg::Table, &[batch], table::Layout::Chars(40));
    let text = String::from_utf8(bytes).unwrap();
    assert!(text.lines().all(|line| line.chars().count() <= 40), "{text}");
    assert!(text.contains("1,234,567.00"), "{text}");
}

#[test]
fn a_table_too_long_to_read_says_what_it_left_out() {
    let values: ArrayRef = Arc::new(Int64Array::from_iter_values(0..10_003));
    let batch = RecordBatch::try_from_iter([("n", values)]).unwrap();
    let text = print(FormatArg::Table, &batch);
    assert!(text.ends_with("… the first 10,000 rows; 3 more with another `--format`\n"));
}

#[test]
fn parquet_reads_back_the_same() {
    let batch = answer();
    let bytes = print_with(FormatArg::Parquet, std::slice::from_ref(&batch), table::Layout::AsWideAsNeeded);
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), bytes).unwrap();
    let reader =
        ::parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder::try_new(file.reopen().unwrap())
            .unwrap();
    let read: Vec<RecordBatch> = reader.build().unwrap().collect::<Result<_, _>>().unwrap();
    assert_eq!(read[0].column(1).as_ref(), batch.column(1).as_ref());
}
