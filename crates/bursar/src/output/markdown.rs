//! A Markdown table, for tickets and wikis, with every digit.

use super::{Out, Sink, cell, columns};
use crate::exit::Failure;
use arrow::array::RecordBatch;
use arrow::datatypes::SchemaRef;
use std::io::Write;

pub(super) struct Markdown {
    out: Out,
}

impl Markdown {
    pub(super) fn new(schema: &SchemaRef, mut out: Out) -> Result<Self, Failure> {
        for field in schema.fields() {
            write!(out, "| {} ", escaped(field.name()))?;
        }
        out.write_all(b"|\n")?;
        for field in schema.fields() {
            out.write_all(if cell::is_number(field.data_type()) { b"| ---: " } else { b"| --- " })?;
        }
        out.write_all(b"|\n")?;
        Ok(Self { out })
    }
}

impl Sink for Markdown {
    fn write(&mut self, batch: &RecordBatch) -> Result<(), Failure> {
        let columns = columns(batch)?;
        for row in 0..batch.num_rows() {
            for column in &columns {
                write!(self.out, "| {} ", escaped(&column.exact(row)?.unwrap_or_default()))?;
            }
            self.out.write_all(b"|\n")?;
        }
        Ok(())
    }

    fn finish(mut self: Box<Self>) -> Result<(), Failure> {
        Ok(self.out.flush()?)
    }
}

/// Text that stays in its cell and means nothing to Markdown or HTML.
fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '|' | '\\' | '`' | '*' | '_' | '[' | ']' | '~' => escaped.extend(['\\', c]),
            '<' => escaped.push_str("&lt;"),
            '&' => escaped.push_str("&amp;"),
            c if c.is_control() => escaped.push(' '),
            c => escaped.push(c),
        }
    }
    escaped
}
