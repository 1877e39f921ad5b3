//! Writing converted charges: typed Parquet (zstd) or CSV, plain or gzipped.
//!
//! Decimals are written with all their digits, times as `YYYY-MM-DDTHH:mm:ssZ`, NULL as nothing.

use super::super::canonical::DECIMAL;
use arrow::array::{Array, ArrayRef, AsArray, RecordBatch};
use arrow::datatypes::{DataType, Decimal128Type, SchemaRef, TimestampMicrosecondType};
use bursar_domain::Amount;
use flate2::write::GzEncoder;
use parquet::arrow::ArrowWriter;
use parquet::basic::{Compression, ZstdLevel};
use parquet::file::properties::{EnabledStatistics, WriterProperties};
use parquet::schema::types::ColumnPath;
use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::Path;

/// Rows in a row group: enough for compression, few enough to prune by.
const ROW_GROUP: usize = 1 << 18;

/// Why nothing can be written.
#[derive(Debug, thiserror::Error)]
pub enum SinkError {
    /// Another extension.
    #[error("the output must end in .parquet, .csv or .csv.gz")]
    Format,
    /// The file system refused.
    #[error("cannot be written")]
    Io(#[from] std::io::Error),
    /// The Parquet writer refused.
    #[error("cannot be written as Parquet")]
    Parquet(#[from] parquet::errors::ParquetError),
}

/// An output being written.
pub struct Sink(Kind);

enum Kind {
    Parquet(Box<ArrowWriter<BufWriter<File>>>),
    Csv(Box<dyn Finish>, String),
}

impl std::fmt::Debug for Sink {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(if matches!(self.0, Kind::Parquet(_)) { "Sink(parquet)" } else { "Sink(csv)" })
    }
}

trait Finish: Write {
    fn finish(self: Box<Self>) -> std::io::Result<()>;
}

impl Finish for BufWriter<File> {
    fn finish(mut self: Box<Self>) -> std::io::Result<()> {
        self.flush()
    }
}

impl Finish for GzEncoder<BufWriter<File>> {
    fn finish(self: Box<Self>) -> std::io::Result<()> {
        GzEncoder::finish(*self)?.flush()
    }
}

/// The formats, by extension.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Format {
    Parquet,
    Csv,
    CsvGz,
}

impl Format {
    fn of(path: &Path) -> Result<Self, SinkError> {
        let name = path.file_name().map(|name| name.to_string_lossy().to_lowercase()).unwrap_or_default();
        match () {
            () if name.ends_with(".parquet") => Ok(Self::Parquet),
            () if name.ends_with(".csv.gz") => Ok(Self::CsvGz),
            () if name.ends_with(".csv") => Ok(Self::Csv),
            () => Err(SinkError::Format),
        }
    }
}

impl Sink {
    /// Whether the extension is one of ours.
    ///
    /// # Errors
    /// When it is not.
    pub fn check(path: &Path) -> Result<(), SinkError> {
        Format::of(path).map(|_| ())
    }

    /// An output of these columns at `file`, in the format that `path` ends in.
    ///
    /// # Errors
    /// When the extension is not one of ours or the header cannot be written.
    pub fn new(path: &Path, file: File, schema: &SchemaRef) -> Result<Self, SinkError> {
        let file = BufWriter::with_capacity(1 << 18, file);
        let mut sink = match Format::of(path)? {
            Format::Parquet => {
                let writer = ArrowWriter::try_new(file, SchemaRef::clone(schema), Some(properties(schema)?))?;
                return Ok(Self(Kind::Parquet(Box::new(writer))));
            }
            Format::Csv => Kind::Csv(Box::new(file), String::new()),
            Format::CsvGz => {
                Kind::Csv(Box::new(GzEncoder::new(file, flate2::Compression::new(4))), String::new())
            }
        };
        if let Kind::Csv(file, _) = &mut sink {
            let names: Vec<&str> = schema.fields().iter().map(|field| field.name().as_str()).collect();
            writeln!(file, "{}", names.join(","))?;
        }
        Ok(Self(sink))
    }

    /// Writes rows.
    ///
    /// # Errors
    /// When they cannot be written.
    pub fn write(&mut self, batch: &RecordBatch) -> Result<(), SinkError> {
        match &mut self.0 {
            Kind::Parquet(writer) => writer.write(batch)?,
            Kind::Csv(file, line) => {
                let cells: Vec<Cells<'_>> = batch.columns().iter().map(Cells::of).collect();
                for row in 0..batch.num_rows() {
                    line.clear();
                    for (index, cells) in cells.iter().enumerate() {
                        if index > 0 {
                            line.push(',');
                        }
                        cells.push(row, line);
                    }
                    line.push('\n');
                    file.write_all(line.as_bytes())?;
                }
            }
        }
        Ok(())
    }

    /// Completes the file.
    ///
    /// # Errors
    /// When the end cannot be written.
    pub fn finish(self) -> Result<(), SinkError> {
        match self.0 {
            Kind::Parquet(writer) => {
                writer.close()?;
            }
            Kind::Csv(file, _) => file.finish()?,
        }
        Ok(())
    }
}

fn properties(schema: &SchemaRef) -> Result<WriterProperties, SinkError> {
    let mut properties = WriterProperties::builder()
        .set_compression(Compression::ZSTD(ZstdLevel::try_new(1)?))
        .set_max_row_group_row_count(Some(ROW_GROUP))
        .set_statistics_enabled(EnabledStatistics::Chunk)
        .set_created_by(concat!("bursar ", env!("CARGO_PKG_VERSION")).to_owned());
    for field in schema.fields() {
        // Readers prune by time and money; a page index of the rest costs more than it gives.
        if matches!(field.data_type(), DataType::Timestamp(_, _)) {
            properties = properties.set_column_statistics_enabled(
                ColumnPath::from(field.name().as_str()),
                EnabledStatistics::Page,
            );
        }
    }
    Ok(properties.build())
}

/// A column as CSV cells.
enum Cells<'a> {
    Text(&'a arrow::array::StringArray),
    Decimal(&'a arrow::array::Decimal128Array),
    Time(&'a arrow::array::TimestampMicrosecondArray),
    Nothing,
}

impl<'a> Cells<'a> {
    fn of(array: &'a ArrayRef) -> Self {
        match array.data_type() {
            DataType::Utf8 => Self::Text(array.as_string::<i32>()),
            kind if *kind == DECIMAL => Self::Decimal(array.as_primitive::<Decimal128Type>()),
            DataType::Timestamp(_, None) => Self::Time(array.as_primitive::<TimestampMicrosecondType>()),
            _ => Self::Nothing,
        }
    }

    fn push(&self, row: usize, line: &mut String) {
        use std::fmt::Write as _;
        // INVARIANT: writing to a String cannot fail.
        let _ = match self {
            Self::Text(column) if column.is_valid(row) => {
                push_text(column.value(row), line);
                Ok(())
            }
            Self::Decimal(column) if column.is_valid(row) => {
                write!(line, "{}", Amount::from_units(column.value(row)))
            }
            Self::Time(column) if column.is_valid(row) => {
                match chrono::DateTime::from_timestamp_micros(column.value(row)) {
                    Some(time) if column.value(row) % 1_000_000 == 0 => {
                        write!(line, "{}", time.format("%Y-%m-%dT%H:%M:%SZ"))
                    }
                    Some(time) => write!(line, "{}", time.format("%Y-%m-%dT%H:%M:%S%.fZ")),
                    None => Ok(()),
                }
            }
            _ => Ok(()),
        };
    }
}

fn push_text(text: &str, line: &mut String) {
    if text.bytes().any(|byte| matches!(byte, b'"' | b',' | b'\n' | b'\r')) {
        line.push('"');
        line.push_str(&text.replace('"', "\"\""));
        line.push('"');
    } else {
        line.push_str(text);
    }
}
