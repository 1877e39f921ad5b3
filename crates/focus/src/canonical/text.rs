//! Text columns, with the two ways exports spell "nothing".

use super::{Fault, Typed, shown};
use arrow::array::{Array, ArrayRef, AsArray, StringArray, StringBuilder};
use arrow::compute::cast;
use arrow::datatypes::{DataType, Int32Type};
use std::sync::Arc;

/// Whether a cell's text means NULL: empty, blanks only, or the literal `NULL` some exports write
/// (FOCUS NullHandling forbids all three; files contain them).
#[inline]
#[must_use]
pub fn is_null_text(text: &str) -> bool {
    match text.as_bytes() {
        [] | b"NULL" => true,
        [first, ..] => first.is_ascii_whitespace() && text.trim_ascii().is_empty(),
    }
}

/// Any column as `Utf8`, with [`is_null_text`] cells as NULL. Numbers print without a trailing
/// `.0`: an account id that a CSV reader took for a number stays an id.
#[must_use]
pub fn string_column(column: &str, array: &ArrayRef) -> Typed {
    match array.data_type() {
        DataType::Utf8 => Typed::clean(cleaned(array.as_string::<i32>())),
        DataType::Dictionary(_, values) if **values == DataType::Utf8 => {
            let dictionary = array.as_any_dictionary();
            let clean = cleaned(dictionary.values().as_string::<i32>());
            let spread = cast(dictionary.keys(), &DataType::Int32)
                .and_then(|keys| arrow::compute::take(&clean, keys.as_primitive::<Int32Type>(), None));
            spread.map_or_else(|_| unreadable(column, array), Typed::clean)
        }
        DataType::Float64 => {
            let numbers = array.as_primitive::<arrow::datatypes::Float64Type>();
            Typed::clean(Arc::new(numbers.iter().map(|n| n.map(|n| n.to_string())).collect::<StringArray>()))
        }
        DataType::Struct(_) | DataType::Map(_, _) | DataType::List(_) | DataType::LargeList(_) => {
            json_text(column, array)
        }
        _ => match cast(array, &DataType::Utf8) {
            Ok(text) => Typed::clean(cleaned(text.as_string::<i32>())),
            Err(_) => unreadable(column, array),
        },
    }
}

fn cleaned(text: &StringArray) -> ArrayRef {
    let dirty = (0..text.len()).any(|row| text.is_valid(row) && is_null_text(text.value(row)));
    if !dirty {
        return Arc::new(text.clone());
    }
    let mut clean = StringBuilder::with_capacity(text.len(), text.value_data().len());
    for cell in text {
        clean.append_option(cell.filter(|t| !is_null_text(t)));
    }
    Arc::new(clean.finish())
}

/// Nested values as JSON text, one document per row.
fn json_text(column: &str, array: &ArrayRef) -> Typed {
    let options = arrow::util::display::FormatOptions::default();
    let mut encoder_rows = StringBuilder::new();
    let field = Arc::new(arrow::datatypes::Field::new("v", array.data_type().clone(), true));
    let schema = Arc::new(arrow::datatypes::Schema::new(vec![field]));
    let _ = options;
    let Ok(batch) = arrow::array::RecordBatch::try_new(schema, vec![Arc::clone(array)]) else {
        return unreadable(column, array);
    };
    for row in 0..array.len() {
        if array.is_null(row) {
            encoder_rows.append_null();
            continue;
        }
        let mut out = Vec::new();
        let mut writer = arrow::json::LineDelimitedWriter::new(&mut out);
        if writer.write(&batch.slice(row, 1)).is_err() || writer.finish().is_err() {
            return unreadable(column, array);
        }
        drop(writer);
        // INVARIANT: the writer made `{"v":…}` and a newline.
        let text = String::from_utf8_lossy(&out);
        let inner = text.trim_end().strip_prefix("{\"v\":").and_then(|t| t.strip_suffix('}'));
        encoder_rows.append_option(inner);
    }
    Typed::clean(Arc::new(encoder_rows.finish()))
}

fn unreadable(column: &str, array: &ArrayRef) -> Typed {
    let faults = (0..array.len())
        .filter(|row| array.is_valid(*row))
        .map(|row| Fault {
            row,
            column: column.to_owned(),
            value: shown(&array.data_type().to_string()),
            reason: "cannot be read as text",
        })
        .collect();
    Typed { array: arrow::array::new_null_array(&DataType::Utf8, array.len()), faults, rounded: 0 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn null_is_spelled_three_ways() {
        for nothing in ["", "  ", "\t", "NULL"] {
            assert!(is_null_text(nothing), "{nothing:?}");
        }
        for something in ["null", "0", "N/A", " x"] {
            assert!(!is_null_text(something), "{something:?}");
        }
    }

    #[test]
    fn a_number_stays_an_id() {
        let ids: ArrayRef = Arc::new(arrow::array::Float64Array::from(vec![123_456_789_012.0]));
        assert_eq!(string_column("SubAccountId", &ids).array.as_string::<i32>().value(0), "123456789012");
    }
}
