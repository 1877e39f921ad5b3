//! JSON lines of Google's detailed usage cost export, by its documented columns.
//!
//! Every leaf is read as the text that stood there, so that a number keeps its digits. Columns
//! that are not documented are ignored. A line that is no JSON is a bad row.

use super::{BATCH_ROWS, BadRow, Chunk, Numbers, ReadError};
use arrow::array::RecordBatch;
use arrow::datatypes::{DataType, Field, Fields, Schema, SchemaRef};
use arrow::json::ReaderBuilder;
use std::io::BufRead;
use std::sync::Arc;

const MAX_LINE: usize = 16 << 20;
const CHUNK_BYTES: usize = 16 << 20;

fn text(name: &str) -> Field {
    Field::new(name, DataType::Utf8, true)
}

fn structure(name: &str, fields: Vec<Field>) -> Field {
    Field::new(name, DataType::Struct(Fields::from(fields)), true)
}

fn list(name: &str, fields: Vec<Field>) -> Field {
    Field::new(name, DataType::List(Arc::new(structure("item", fields))), true)
}

fn pairs(name: &str) -> Field {
    list(name, vec![text("key"), text("value")])
}

/// docs.cloud.google.com/billing/docs/how-to/export-data-bigquery-tables/detailed-usage, read in
/// November 2026.
fn columns() -> SchemaRef {
    let texts = |names: &[&str]| names.iter().map(|name| text(name)).collect::<Vec<_>>();
    let mut project = texts(&["id", "number", "name", "ancestry_numbers"]);
    project.extend([pairs("labels"), list("ancestors", texts(&["resource_name", "display_name"]))]);
    Arc::new(Schema::new(vec![
        text("billing_account_id"),
        structure("service", texts(&["id", "description"])),
        structure("sku", texts(&["id", "description"])),
        text("usage_start_time"),
        text("usage_end_time"),
        structure("project", project),
        pairs("labels"),
        pairs("system_labels"),
        structure("location", texts(&["location", "country", "region", "zone"])),
        structure("resource", texts(&["name", "global_name"])),
        list("tags", texts(&["key", "value", "inherited", "namespace"])),
        structure(
            "price",
            texts(&[
                "effective_price",
                "tier_start_amount",
                "unit",
                "pricing_unit_quantity",
                "list_price",
                "effective_price_default",
            ]),
        ),
        structure("subscription", texts(&["instance_id"])),
        text("transaction_type"),
        text("seller_name"),
        text("export_time"),
        text("cost"),
        text("currency"),
        text("currency_conversion_rate"),
        structure("usage", texts(&["amount", "unit", "amount_in_pricing_units", "pricing_unit"])),
        list("credits", texts(&["name", "amount", "full_name", "id", "type"])),
        structure("invoice", texts(&["month", "publisher_type"])),
        text("cost_type"),
        structure("adjustment_info", texts(&["id", "description", "mode", "type"])),
        text("cost_at_list"),
        text("cost_at_effective_price_default"),
        structure("consumption_model", texts(&["id", "description"])),
    ]))
}

/// JSON lines being read.
pub(super) struct JsonReader<R> {
    input: R,
    schema: SchemaRef,
    row: u64,
}

impl<R: BufRead> JsonReader<R> {
    pub(super) fn new(input: R) -> Self {
        Self { input, schema: columns(), row: 0 }
    }

    pub(super) fn schema(&self) -> SchemaRef {
        Arc::clone(&self.schema)
    }

    fn decode(&self, bytes: &[u8]) -> Result<Option<RecordBatch>, arrow::error::ArrowError> {
        let builder = ReaderBuilder::new(Arc::clone(&self.schema))
            .with_coerce_primitive(true)
            .with_batch_size(BATCH_ROWS);
        let mut decoder = builder.build_decoder()?;
        let read = decoder.decode(bytes)?;
        if read < bytes.len() && !bytes[read..].iter().all(u8::is_ascii_whitespace) {
            return Err(arrow::error::ArrowError::JsonError("more rows than lines".to_owned()));
        }
        decoder.flush()
    }

    pub(super) fn next_chunk(&mut self) -> Result<Option<Chunk>, ReadError> {
        let mut bytes = Vec::new();
        let mut ends = Vec::new();
        let mut numbers = Vec::new();
        while ends.len() < BATCH_ROWS && bytes.len() < CHUNK_BYTES {
            let start = bytes.len();
            let mut limited = std::io::Read::take(&mut self.input, MAX_LINE as u64);
            let read = limited.read_until(b'\n', &mut bytes)?;
            if read == 0 {
                break;
            }
            if read == MAX_LINE {
                return Err(ReadError::TooLong { row: self.row + 1, limit: MAX_LINE });
            }
            if bytes[start..].starts_with(b"\xef\xbb\xbf") {
                bytes.drain(start..start + 3);
            }
            if bytes[start..].iter().all(u8::is_ascii_whitespace) {
                bytes.truncate(start);
                continue;
            }
            self.row += 1;
            numbers.push(self.row);
            ends.push(bytes.len());
        }
        if ends.is_empty() {
            return Ok(None);
        }
        if let Ok(Some(batch)) = self.decode(&bytes)
            && batch.num_rows() == ends.len()
        {
            return Ok(Some(Chunk { batch, numbers: Numbers::Each(numbers), bad: Vec::new() }));
        }
        // Some line is no JSON: find which.
        let (mut good, mut kept, mut bad, mut start) = (Vec::new(), Vec::new(), Vec::new(), 0);
        for (end, row) in ends.into_iter().zip(numbers) {
            let line = &bytes[start..end];
            start = end;
            match self.decode(line) {
                Ok(Some(batch)) if batch.num_rows() == 1 => {
                    good.push(batch);
                    kept.push(row);
                }
                result => {
                    let why = result.err().map_or_else(
                        || "is not one JSON object".to_owned(),
                        |error| format!("is not a row of this export: {error}"),
                    );
                    let text =
                        String::from_utf8_lossy(&line[..line.len().min(64 << 10)]).trim_end().to_owned();
                    bad.push(BadRow { row, reason: why, text });
                }
            }
        }
        let batch = arrow::compute::concat_batches(&self.schema, &good)?;
        Ok(Some(Chunk { batch, numbers: Numbers::Each(kept), bad }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use arrow::array::AsArray;

    #[test]
    fn numbers_keep_their_digits_and_bad_lines_are_reported() {
        let text = "{\"cost\": 0.1000000000000000055511151231257827, \"credits\": []}\nnot json\n\n{\"cost\": \"1.5\", \"unknown\": 1}\n";
        let mut reader = JsonReader::new(text.as_bytes());
        let chunk = reader.next_chunk().unwrap().unwrap();
        let cost = chunk.batch.column_by_name("cost").unwrap().as_string::<i32>().clone();
        assert_eq!((cost.value(0), cost.value(1)), ("0.1000000000000000055511151231257827", "1.5"));
        assert_eq!((chunk.bad.len(), chunk.bad[0].row, chunk.numbers.of(1)), (1, 2, 3));
        assert!(reader.next_chunk().unwrap().is_none());
    }
}
