//! Charges as Azure writes them: CSV, gzip, tags as JSON text.

use super::charge::{Charge, Frame};
use super::columns::{Column, Value, value};
use flate2::Compression;
use flate2::write::GzEncoder;
use std::io::{self, Write};

/// Writes charges to a gzip CSV file.
pub(super) struct CsvFile<W: Write> {
    columns: Vec<Column>,
    /// Whether absent texts of our choice are written as the word `NULL`, as some exports do.
    literal_nulls: bool,
    out: GzEncoder<W>,
    line: Vec<u8>,
}

impl<W: Write> CsvFile<W> {
    pub(super) fn new(columns: &[Column], literal_nulls: bool, out: W) -> io::Result<Self> {
        let mut file = Self {
            columns: columns.to_vec(),
            literal_nulls,
            out: GzEncoder::new(out, Compression::new(4)),
            line: Vec::with_capacity(4096),
        };
        let header: Vec<&str> = columns.iter().map(|column| column.name()).collect();
        // Cost Management writes a byte order mark.
        file.out.write_all("\u{feff}".as_bytes())?;
        file.out.write_all(header.join(",").as_bytes())?;
        file.out.write_all(b"\r\n")?;
        Ok(file)
    }

    pub(super) fn push(&mut self, charge: &Charge<'_>, frame: &Frame<'_>) -> io::Result<()> {
        self.line.clear();
        for (index, column) in self.columns.iter().enumerate() {
            if index > 0 {
                self.line.push(b',');
            }
            match value(*column, charge, frame) {
                Value::Null if self.literal_nulls && nullish(*column) => self.line.extend_from_slice(b"NULL"),
                Value::Null => {}
                Value::Text(text) => quoted(&mut self.line, &text),
                Value::Number(amount) => write!(self.line, "{amount}")?,
                Value::Day(day) => write!(self.line, "{}T00:00:00Z", day.format("%Y-%m-%d"))?,
                Value::Tags([]) => {}
                Value::Tags(tags) => quoted(&mut self.line, &json(tags)),
            }
        }
        self.line.extend_from_slice(b"\r\n");
        self.out.write_all(&self.line)
    }

    pub(super) fn finish(self) -> io::Result<W> {
        self.out.finish()
    }
}

/// Columns in which one delivery spells NULL out.
fn nullish(column: Column) -> bool {
    matches!(
        column,
        Column::ChargeClass
            | Column::CommitmentDiscountId
            | Column::CommitmentDiscountStatus
            | Column::ResourceName
            | Column::InvoiceId
    )
}

fn json(tags: &[(String, String)]) -> String {
    let pairs: serde_json::Map<String, serde_json::Value> =
        tags.iter().map(|(key, value)| (key.clone(), serde_json::Value::from(value.as_str()))).collect();
    serde_json::Value::Object(pairs).to_string()
}

fn quoted(line: &mut Vec<u8>, text: &str) {
    if !text.bytes().any(|byte| matches!(byte, b',' | b'"' | b'\r' | b'\n')) {
        line.extend_from_slice(text.as_bytes());
        return;
    }
    line.push(b'"');
    for byte in text.bytes() {
        if byte == b'"' {
            line.push(b'"');
        }
        line.push(byte);
    }
    line.push(b'"');
}
