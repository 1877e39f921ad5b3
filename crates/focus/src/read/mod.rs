//! Reading bills as batches: CSV, JSON lines and Parquet, plain or gzipped, told apart by content.
//!
//! Rows that cannot be split into cells are returned as [`BadRow`]s beside the batch, with their
//! text; the rest of the file is read. Every size is bounded: a cell, a record, the number of
//! columns. A file that ends in the middle of its compression is an error, never a short read.

mod csv;
mod json;

use arrow::array::RecordBatch;
use arrow::datatypes::{Schema, SchemaRef};
use arrow::error::ArrowError;
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::{ParquetRecordBatchReader, ParquetRecordBatchReaderBuilder};
use std::fs::File;
use std::io::{BufRead, BufReader, Read};
use std::sync::Arc;

pub use csv::MAX_COLUMNS;

/// How much compressed text is read at once.
const GZIP_BYTES: usize = 256 << 10;

/// Rows in a batch.
pub const BATCH_ROWS: usize = 8192;

/// Why a file cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// The file or its compression broke.
    #[error("cannot be read to its end: the file is damaged or incomplete")]
    Io(#[from] std::io::Error),
    /// Not a usable Parquet file.
    #[error("is no readable Parquet file")]
    Parquet(#[from] parquet::errors::ParquetError),
    /// Arrow refused.
    #[error("cannot be read")]
    Arrow(#[from] ArrowError),
    /// Nothing in it.
    #[error("is empty: expected a header line, JSON lines or Parquet")]
    Empty,
    /// More columns than any bill has.
    #[error("has {0} columns: at most {MAX_COLUMNS} are supported")]
    TooManyColumns(usize),
    /// Two columns of one name: which one is meant cannot be told.
    #[error("has the column `{0}` twice: remove one of them")]
    ColumnTwice(String),
    /// A record beyond all bounds.
    #[error("row {row} is longer than {limit} bytes")]
    TooLong {
        /// Data row, from 1.
        row: u64,
        /// The bound.
        limit: usize,
    },
}

/// A row that could not be split into cells.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BadRow {
    /// Data row, from 1.
    pub row: u64,
    /// Why; lower case, no full stop.
    pub reason: String,
    /// The row's text, cut to 64 KiB.
    pub text: String,
}

/// A batch and where it stood.
#[derive(Debug, Clone)]
pub struct Chunk {
    /// The rows, with the projected columns only.
    pub batch: RecordBatch,
    /// Data row (from 1) of every row of the batch.
    pub numbers: Numbers,
    /// Rows that are not in the batch.
    pub bad: Vec<BadRow>,
}

/// Data rows of a batch.
#[derive(Debug, Clone)]
pub enum Numbers {
    /// Consecutive, from this one.
    From(u64),
    /// Each by itself.
    Each(Vec<u64>),
}

impl Numbers {
    /// Data row of a row of the batch.
    #[must_use]
    pub fn of(&self, row: usize) -> u64 {
        match self {
            Self::From(first) => first + row as u64,
            Self::Each(all) => all.get(row).copied().unwrap_or(0),
        }
    }
}

/// The bytes of a possibly gzipped file.
pub fn decompressed<'a>(input: impl Read + Send + 'a, gzip: bool) -> Box<dyn Read + Send + 'a> {
    if gzip {
        Box::new(Gunzip(flate2::bufread::MultiGzDecoder::new(BufReader::with_capacity(GZIP_BYTES, input))))
    } else {
        Box::new(input)
    }
}

/// Says of a broken gzip what it is.
struct Gunzip<R>(R);

impl<R: Read> Read for Gunzip<R> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        self.0.read(buffer).map_err(|error| match error.kind() {
            std::io::ErrorKind::UnexpectedEof => std::io::Error::new(
                error.kind(),
                "the gzip data ends early: the file is truncated; deliver it again",
            ),
            std::io::ErrorKind::InvalidInput | std::io::ErrorKind::InvalidData => std::io::Error::new(
                error.kind(),
                format!("the gzip data is damaged ({error}); deliver it again"),
            ),
            _ => error,
        })
    }
}

/// A bill being read.
pub struct Reader(Kind);

enum Kind {
    Csv(Box<csv::CsvReader<Box<dyn Read>>>),
    Json(Box<json::JsonReader<Box<dyn BufRead>>>),
    Parquet {
        builder: Option<Box<ParquetRecordBatchReaderBuilder<File>>>,
        reader: Option<ParquetRecordBatchReader>,
        schema: SchemaRef,
        next: u64,
    },
}

impl std::fmt::Debug for Reader {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let kind = match &self.0 {
            Kind::Csv(_) => "csv",
            Kind::Json(_) => "json lines",
            Kind::Parquet { .. } => "parquet",
        };
        write!(f, "Reader({kind})")
    }
}

impl Reader {
    /// Opens a local file. `watch` wraps the raw bytes, for progress (Parquet is not wrapped).
    ///
    /// # Errors
    /// When the file cannot be read or is none of the formats.
    pub fn open(file: File, watch: impl FnOnce(File) -> Box<dyn Read>) -> Result<Self, ReadError> {
        let mut start = [0_u8; 4];
        let mut seen = 0;
        {
            let mut first = &file;
            while seen < start.len() {
                match first.read(&mut start[seen..])? {
                    0 => break,
                    read => seen += read,
                }
            }
            use std::io::Seek as _;
            first.rewind()?;
        }
        if &start[..seen] == b"PAR1" {
            let builder = ParquetRecordBatchReaderBuilder::try_new(file)?;
            let schema = Arc::clone(builder.schema());
            return Ok(Self(Kind::Parquet {
                builder: Some(Box::new(builder)),
                reader: None,
                schema,
                next: 1,
            }));
        }
        let raw = watch(file);
        if start[..seen].starts_with(&[0x1f, 0x8b]) {
            Self::of_text(Box::new(Gunzip(flate2::bufread::MultiGzDecoder::new(BufReader::with_capacity(
                GZIP_BYTES, raw,
            )))))
        } else {
            Self::of_text(raw)
        }
    }

    /// Reads CSV or JSON lines from uncompressed bytes.
    ///
    /// # Errors
    /// When there is nothing to read.
    pub fn of_text(bytes: Box<dyn Read>) -> Result<Self, ReadError> {
        let mut bytes = BufReader::with_capacity(1 << 16, bytes);
        let first = bytes.fill_buf()?;
        let first = first.strip_prefix(b"\xef\xbb\xbf").unwrap_or(first);
        match first.iter().find(|byte| !byte.is_ascii_whitespace()) {
            None => Err(ReadError::Empty),
            Some(b'{') => Ok(Self(Kind::Json(Box::new(json::JsonReader::new(Box::new(bytes)))))),
            Some(_) => {
                let bytes: Box<dyn Read> = Box::new(bytes);
                Ok(Self(Kind::Csv(Box::new(csv::CsvReader::new(bytes)?))))
            }
        }
    }

    /// The file's columns.
    #[must_use]
    pub fn schema(&self) -> SchemaRef {
        match &self.0 {
            Kind::Csv(reader) => reader.schema(),
            Kind::Json(reader) => reader.schema(),
            Kind::Parquet { schema, .. } => Arc::clone(schema),
        }
    }

    /// Reads only these columns from now on. To be called before the first chunk.
    pub fn project(&mut self, columns: &[String]) {
        match &mut self.0 {
            Kind::Csv(reader) => reader.project(columns),
            // A document is parsed whole.
            Kind::Json(_) => {}
            Kind::Parquet { builder, .. } => {
                if let Some(whole) = builder.take() {
                    let indices: Vec<usize> = whole
                        .schema()
                        .fields()
                        .iter()
                        .enumerate()
                        .filter(|(_, field)| columns.contains(field.name()))
                        .map(|(index, _)| index)
                        .collect();
                    let mask = ProjectionMask::roots(whole.parquet_schema(), indices);
                    *builder = Some(Box::new(whole.with_projection(mask)));
                }
            }
        }
    }

    /// The next rows; `None` at the end.
    ///
    /// # Errors
    /// When the rest cannot be read.
    pub fn next_chunk(&mut self) -> Result<Option<Chunk>, ReadError> {
        match &mut self.0 {
            Kind::Csv(reader) => reader.next_chunk(),
            Kind::Json(reader) => reader.next_chunk(),
            Kind::Parquet { builder, reader, next, .. } => {
                if let Some(builder) = builder.take() {
                    *reader = Some(builder.with_batch_size(BATCH_ROWS).build()?);
                }
                let Some(batch) = reader.as_mut().and_then(Iterator::next) else { return Ok(None) };
                let batch = batch?;
                let numbers = Numbers::From(*next);
                *next += batch.num_rows() as u64;
                Ok(Some(Chunk { batch, numbers, bad: Vec::new() }))
            }
        }
    }
}

/// A schema of text columns.
fn text_schema<'n>(names: impl Iterator<Item = &'n String>) -> SchemaRef {
    let fields: Vec<_> = names
        .map(|name| arrow::datatypes::Field::new(name, arrow::datatypes::DataType::Utf8, true))
        .collect();
    Arc::new(Schema::new(fields))
}
