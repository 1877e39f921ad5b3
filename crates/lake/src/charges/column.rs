//! Arrays of files as arrays of the table: cleaned, typed, in the held form.

use super::schema::Held;
use arrow::array::{
    Array, ArrayRef, AsArray, DictionaryArray, Int32Array, RecordBatch, StringArray, StringBuilder,
    StringViewBuilder,
};
use arrow::compute::cast;
use arrow::datatypes::{DataType, Int32Type};
use arrow::error::ArrowError;
use bursar_focus::canonical::{Kind, Typed, is_null_text, string_column, tags_column, typed_column};
use std::sync::Arc;

/// Types one column of a FOCUS file, keeping dictionary codes where the table holds codes.
pub(super) fn held_column(column: &str, held: Held, array: &ArrayRef) -> Result<Typed, ArrowError> {
    let kind = Kind::of(column);
    match (held, kind) {
        (Held::Decimal | Held::DateTime, _) => Ok(typed_column(column, kind, array)),
        (Held::Codes, _) if is_codes(array) => codes(column, kind, array),
        (Held::View, Kind::Text | Kind::Json) if *array.data_type() == DataType::Utf8View => {
            Ok(Typed::clean(clean_view(array)))
        }
        _ => {
            let typed = match kind {
                Kind::Tags => tags_column(column, array),
                _ => string_column(column, array),
            };
            Ok(Typed { array: cast(&typed.array, &held.data_type())?, ..typed })
        }
    }
}

/// A canonical (normalised) array in the held form.
pub(super) fn held_canonical(held: Held, array: &ArrayRef) -> Result<ArrayRef, ArrowError> {
    let wanted = held.data_type();
    if *array.data_type() == wanted { Ok(Arc::clone(array)) } else { cast(array, &wanted) }
}

fn is_codes(array: &ArrayRef) -> bool {
    matches!(array.data_type(), DataType::Dictionary(key, value) if **key == DataType::Int32 && **value == DataType::Utf8)
}

/// Cleans the values of a dictionary and leaves the codes alone.
fn codes(column: &str, kind: Kind, array: &ArrayRef) -> Result<Typed, ArrowError> {
    let dictionary = array.as_dictionary::<Int32Type>();
    let values = dictionary.values().as_string::<i32>();
    let dirty = match kind {
        Kind::Tags => values.iter().flatten().any(|t| !t.starts_with('{')),
        _ => values.iter().flatten().any(is_null_text),
    };
    if !dirty {
        return Ok(Typed::clean(Arc::clone(array)));
    }
    let any: ArrayRef = Arc::new(values.clone());
    let clean = if kind == Kind::Tags { tags_column(column, &any) } else { string_column(column, &any) };
    // A null *value* must become a null *code*: readers look at the codes only.
    let values = clean.array.as_string::<i32>();
    let keys: Int32Array = dictionary
        .keys()
        .iter()
        .map(|key| key.filter(|k| usize::try_from(*k).is_ok_and(|k| values.is_valid(k))))
        .collect();
    let filled: StringArray = values.iter().map(|v| Some(v.unwrap_or(""))).collect();
    let mut faults = Vec::new();
    for fault in clean.faults {
        let code = i32::try_from(fault.row).unwrap_or(-1);
        let rows = dictionary.keys().iter().enumerate().filter(|(_, key)| *key == Some(code));
        faults.extend(rows.map(|(row, _)| bursar_focus::canonical::Fault { row, ..fault.clone() }));
    }
    let array = DictionaryArray::<Int32Type>::try_new(keys, Arc::new(filled))?;
    Ok(Typed { array: Arc::new(array), faults, rounded: 0 })
}

fn clean_view(array: &ArrayRef) -> ArrayRef {
    let view = array.as_string_view();
    if !view.iter().flatten().any(is_null_text) {
        return Arc::clone(array);
    }
    let mut out = StringViewBuilder::with_capacity(view.len());
    for cell in view {
        out.append_option(cell.filter(|t| !is_null_text(t)));
    }
    Arc::new(out.finish())
}

/// A column with one value in every row. `value` is an array of it alone, the same for all batches of
/// a file, so that readers know that nothing changed.
pub(super) fn constant(value: &ArrayRef, rows: usize) -> Result<ArrayRef, ArrowError> {
    let keys = Int32Array::from(vec![0; rows]);
    Ok(Arc::new(DictionaryArray::<Int32Type>::try_new(keys, Arc::clone(value))?))
}

/// Maps a text column value by value into codes (`provider` from `ProviderName`).
pub(super) fn mapped(array: &ArrayRef, map: impl Fn(&str) -> String) -> Result<ArrayRef, ArrowError> {
    let codes = cast(array, &Held::Codes.data_type())?;
    let dictionary = codes.as_dictionary::<Int32Type>();
    let values: StringArray = dictionary.values().as_string::<i32>().iter().map(|v| v.map(&map)).collect();
    let mapped: ArrayRef =
        Arc::new(DictionaryArray::<Int32Type>::try_new(dictionary.keys().clone(), Arc::new(values))?);
    // Two values may map to one: make codes unique again.
    let text = cast(&mapped, &DataType::Utf8)?;
    cast(&text, &Held::Codes.data_type())
}

/// `YYYY-MM` of a time column, as codes.
pub(super) fn months(array: &ArrayRef) -> Result<ArrayRef, ArrowError> {
    let times = array.as_primitive::<arrow::datatypes::TimestampMicrosecondType>();
    let mut out = StringBuilder::with_capacity(times.len(), times.len() * 7);
    let mut last: Option<(i64, String)> = None;
    for time in times {
        let Some(time) = time else {
            out.append_null();
            continue;
        };
        let day = time.div_euclid(86_400_000_000);
        if last.as_ref().is_none_or(|(d, _)| *d != day) {
            let month = chrono::DateTime::from_timestamp_micros(time)
                .map(|t| t.format("%Y-%m").to_string())
                .unwrap_or_default();
            last = Some((day, month));
        }
        out.append_option(last.as_ref().map(|(_, month)| month.as_str()));
    }
    let text: ArrayRef = Arc::new(out.finish());
    cast(&text, &Held::Codes.data_type())
}

/// The named column of a batch.
pub(super) fn named<'a>(batch: &'a RecordBatch, name: &str) -> Option<&'a ArrayRef> {
    batch.column_by_name(name)
}
