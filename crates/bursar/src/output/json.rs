//! JSON: one array of objects, a row a line, keys in the order of the columns.

use super::{Out, Sink, columns};
use crate::exit::Failure;
use arrow::array::RecordBatch;
use arrow::datatypes::SchemaRef;
use serde_json::Value;
use std::io::Write;

pub(super) struct Json {
    out: Out,
    keys: Vec<String>,
    rows: u64,
}

impl Json {
    pub(super) fn new(schema: &SchemaRef, mut out: Out) -> Result<Self, Failure> {
        out.write_all(b"[")?;
        let keys = schema.fields().iter().map(|f| Value::from(f.name().as_str()).to_string()).collect();
        Ok(Self { out, keys, rows: 0 })
    }
}

impl Sink for Json {
    fn write(&mut self, batch: &RecordBatch) -> Result<(), Failure> {
        let columns = columns(batch)?;
        for row in 0..batch.num_rows() {
            self.out.write_all(if self.rows == 0 { b"\n{" } else { b",\n{" })?;
            self.rows += 1;
            for (i, (key, column)) in self.keys.iter().zip(&columns).enumerate() {
                write!(self.out, "{}{key}:", if i == 0 { "" } else { "," })?;
                write!(self.out, "{}", column.json(row)?)?;
            }
            self.out.write_all(b"}")?;
        }
        Ok(())
    }

    fn finish(mut self: Box<Self>) -> Result<(), Failure> {
        self.out.write_all(if self.rows == 0 { b"]\n" } else { b"\n]\n" })?;
        Ok(self.out.flush()?)
    }
}
