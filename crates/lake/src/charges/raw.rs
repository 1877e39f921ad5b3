//! Rows as the file holds them, before anything is made canonical: what a check of them must see.
//!
//! A blank, a literal `NULL` and an odd date stay what they are. Only FOCUS's own columns are read;
//! others carry no rules. Reads go through the same read-only store as every question.

use super::object_reader::ObjectReader;
use super::open::Charges;
use super::part::{Body, Part};
use super::text_rows;
use crate::sql::QueryError;
use arrow::array::RecordBatch;
use arrow::datatypes::SchemaRef;
use bursar_focus::delimited::{DelimitedReader, Malformed};
use bursar_focus::read::decompressed;
use bursar_focus::spec::{self, Dataset};
use datafusion::error::{DataFusionError, Result};
use futures::stream::{BoxStream, StreamExt};
use object_store::path::Path;
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::{ArrowReaderMetadata, ArrowReaderOptions};
use parquet::arrow::async_reader::ParquetRecordBatchStreamBuilder;
use std::sync::Arc;

/// Rows of a batch.
const BATCH_ROWS: usize = 16 << 10;

/// A part, read as it is.
pub struct Raw {
    /// All columns as the file names and types them; texts have only texts.
    pub schema: SchemaRef,
    /// Whether it is delimited text, where an empty cell is all that NULL can be.
    pub text: bool,
    /// The rows.
    pub rows: BoxStream<'static, std::result::Result<RawRows, QueryError>>,
}

impl std::fmt::Debug for Raw {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Raw").field("schema", &self.schema).field("text", &self.text).finish_non_exhaustive()
    }
}

/// Some rows of a part.
#[derive(Debug)]
pub struct RawRows {
    /// Its FOCUS columns.
    pub batch: RecordBatch,
    /// Row in the file (from 1) of each row; empty when they simply follow each other.
    pub numbers: Vec<u64>,
    /// Rows whose cells cannot be told apart; they are not in the batch.
    pub malformed: Vec<Malformed>,
}

impl Charges {
    /// The first rows of a part, at most `max_rows`, as its file holds them. `None` when there is no
    /// such part. Must be called, and read, on a tokio runtime.
    ///
    /// # Errors
    /// When the file cannot be read; the stream says so too, when it breaks off later.
    pub fn raw(&self, part: usize, max_rows: u64) -> Option<std::result::Result<Raw, QueryError>> {
        let part = self.parts.get(part)?;
        Some(read(part, max_rows).map_err(QueryError::of))
    }
}

fn read(part: &Part, max_rows: u64) -> Result<Raw> {
    let limit = usize::try_from(max_rows).unwrap_or(usize::MAX);
    match &part.body {
        Body::Parquet(metadata) => parquet(part, metadata, limit),
        Body::Text { columns, gzip } => {
            let rows = text(part, *gzip, limit)?;
            Ok(Raw { schema: Arc::clone(columns), text: true, rows })
        }
    }
}

fn parquet(part: &Part, metadata: &ArrowReaderMetadata, limit: usize) -> Result<Raw> {
    // The file's own types: those that the table asks for hide what the writer chose.
    let own = ArrowReaderMetadata::try_new(Arc::clone(metadata.metadata()), ArrowReaderOptions::new())?;
    let schema = Arc::clone(own.schema());
    let path = Path::parse(&part.object.path).map_err(|e| DataFusionError::External(Box::new(e)))?;
    let reader = ObjectReader { store: Arc::clone(&part.store), path, size_bytes: part.object.size_bytes };
    let wanted: Vec<usize> =
        (0..schema.fields().len()).filter(|at| is_focus(schema.field(*at).name())).collect();
    let builder = ParquetRecordBatchStreamBuilder::new_with_metadata(reader, own);
    let mask = ProjectionMask::roots(builder.parquet_schema(), wanted);
    let stream = builder.with_projection(mask).with_batch_size(BATCH_ROWS).with_limit(limit).build()?;
    let name = part.name.clone();
    let rows = stream.map(move |batch| match batch {
        Ok(batch) => Ok(RawRows { batch, numbers: Vec::new(), malformed: Vec::new() }),
        Err(error) => Err(QueryError::of(DataFusionError::from(error).context(format!("reading `{name}`")))),
    });
    Ok(Raw { schema, text: false, rows: rows.boxed() })
}

fn text(
    part: &Part,
    gzip: bool,
    limit: usize,
) -> Result<BoxStream<'static, std::result::Result<RawRows, QueryError>>> {
    let input = text_rows::feed(part)?;
    let name = part.name.clone();
    let rows = text_rows::decode(move |send| {
        let fail = |error: &dyn std::fmt::Display| {
            DataFusionError::Execution(format!("`{name}` cannot be read to its end: {error}"))
        };
        let mut reader = DelimitedReader::new(decompressed(input, gzip)).map_err(|e| fail(&e))?;
        let columns = reader.columns();
        let wanted: Vec<usize> = (0..columns.len()).filter(|at| is_focus(&columns[*at])).collect();
        if wanted.is_empty() {
            return Err(fail(&"it has no FOCUS column when read as delimited text"));
        }
        reader.project(&wanted);
        let mut left = limit;
        while left > 0
            && let Some(rows) = reader.next_rows(left.min(BATCH_ROWS)).map_err(|e| fail(&e))?
        {
            left = left.saturating_sub(rows.rows.len() + rows.malformed.len());
            let rows = RawRows { batch: rows.batch, numbers: rows.rows, malformed: rows.malformed };
            if send.blocking_send(Ok(rows)).is_err() {
                break;
            }
        }
        Ok(())
    });
    Ok(rows.map(|rows| rows.map_err(QueryError::of)).boxed())
}

fn is_focus(name: &str) -> bool {
    Dataset::ALL.into_iter().any(|dataset| spec::column(dataset, name).is_some())
}
