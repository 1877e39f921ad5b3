//! Record batches as text: what an SQL answer looks like to a program that reads JSON.

use crate::error::AskError;
use arrow::array::{Array, AsArray, RecordBatch};
use arrow::datatypes::{DataType, SchemaRef};
use arrow::util::display::{ArrayFormatter, FormatOptions};

type Text = (Vec<(String, String)>, Vec<Vec<Option<String>>>);

/// Columns (name, type) and cells. A decimal is written in full, without trailing zeros.
pub(crate) fn text(schema: &SchemaRef, batches: &[RecordBatch]) -> Result<Text, AskError> {
    let columns =
        schema.fields().iter().map(|field| (field.name().clone(), type_name(field.data_type()))).collect();
    let options = FormatOptions::default();
    let mut rows = Vec::new();
    for batch in batches {
        let shown = batch.columns().iter().map(|array| ArrayFormatter::try_new(array.as_ref(), &options));
        let shown = shown.collect::<Result<Vec<_>, _>>().map_err(|e| AskError::Failed(e.to_string()))?;
        for row in 0..batch.num_rows() {
            let cells = batch.columns().iter().zip(&shown).map(|(array, shown)| {
                if is_null(array, row) {
                    return Ok(None);
                }
                let text = shown.value(row).try_to_string().map_err(|e| AskError::Failed(e.to_string()))?;
                Ok(Some(if is_decimal(array.data_type()) { trimmed(&text) } else { text }))
            });
            rows.push(cells.collect::<Result<Vec<_>, AskError>>()?);
        }
    }
    Ok((columns, rows))
}

fn is_null(array: &dyn Array, row: usize) -> bool {
    array.is_null(row)
        || array
            .as_any_dictionary_opt()
            .is_some_and(|d| d.normalized_keys().get(row).is_some_and(|key| d.values().is_null(*key)))
}

fn is_decimal(data_type: &DataType) -> bool {
    matches!(data_type, DataType::Decimal128(_, _) | DataType::Decimal256(_, _))
}

fn trimmed(text: &str) -> String {
    if text.contains('.') {
        text.trim_end_matches('0').trim_end_matches('.').to_owned()
    } else {
        text.to_owned()
    }
}

/// The type as SQL calls it.
fn type_name(data_type: &DataType) -> String {
    match data_type {
        DataType::Utf8 | DataType::Utf8View | DataType::LargeUtf8 => "text".into(),
        DataType::Dictionary(_, value) => type_name(value),
        DataType::Decimal128(_, scale) | DataType::Decimal256(_, scale) if *scale == 0 => "integer".into(),
        DataType::Decimal128(_, _) | DataType::Decimal256(_, _) => "decimal".into(),
        DataType::Timestamp(_, _) => "timestamp".into(),
        DataType::Date32 | DataType::Date64 => "date".into(),
        DataType::Boolean => "boolean".into(),
        DataType::Float16 | DataType::Float32 | DataType::Float64 => "double".into(),
        other if other.is_integer() => "integer".into(),
        other => other.to_string().to_lowercase(),
    }
}
