//! CSV by RFC 4180, but with lines ending in LF as every Unix tool expects.
//!
//! NULL is an empty field and the empty string is `""`, so that the two stay apart.

use super::{Out, Sink, columns};
use crate::exit::Failure;
use arrow::array::RecordBatch;
use arrow::datatypes::SchemaRef;
use std::io::Write;

pub(super) struct Csv {
    out: Out,
}

impl Csv {
    pub(super) fn new(schema: &SchemaRef, mut out: Out) -> Result<Self, Failure> {
        let header: Vec<String> = schema.fields().iter().map(|f| field(f.name())).collect();
        writeln!(out, "{}", header.join(","))?;
        Ok(Self { out })
    }
}

impl Sink for Csv {
    fn write(&mut self, batch: &RecordBatch) -> Result<(), Failure> {
        let columns = columns(batch)?;
        for row in 0..batch.num_rows() {
            for (i, column) in columns.iter().enumerate() {
                if i > 0 {
                    self.out.write_all(b",")?;
                }
                if let Some(text) = column.exact(row)? {
                    self.out.write_all(field(&text).as_bytes())?;
                }
            }
            self.out.write_all(b"\n")?;
        }
        Ok(())
    }

    fn finish(mut self: Box<Self>) -> Result<(), Failure> {
        Ok(self.out.flush()?)
    }
}

fn field(text: &str) -> String {
    let plain = !text.is_empty() && !text.contains([',', '"', '\n', '\r']) && text.trim() == text;
    if plain { text.to_owned() } else { format!("\"{}\"", text.replace('"', "\"\"")) }
}
