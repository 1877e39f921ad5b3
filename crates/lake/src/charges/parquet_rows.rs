//! Rows of one row group of a Parquet file.

use super::object_reader::ObjectReader;
use super::part::Part;
use arrow::array::RecordBatch;
use datafusion::error::{DataFusionError, Result};
use futures::stream::{BoxStream, StreamExt};
use object_store::path::Path;
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::{ArrowReaderMetadata, RowSelection};
use parquet::arrow::async_reader::ParquetRecordBatchStreamBuilder;
use std::sync::Arc;

/// Rows of a batch: few enough to stay in the cache, many enough to pay for the calls.
pub(super) const BATCH_ROWS: usize = 32 << 10;

/// Streams the given root columns of one row group, in the file's column order: all rows, or the
/// selected ones.
pub(super) fn row_group(
    part: &Part,
    metadata: &ArrowReaderMetadata,
    group: usize,
    roots: &[usize],
    selection: Option<RowSelection>,
) -> Result<BoxStream<'static, Result<RecordBatch>>> {
    let path = Path::parse(&part.object.path).map_err(|e| DataFusionError::External(Box::new(e)))?;
    let reader = ObjectReader { store: Arc::clone(&part.store), path, size_bytes: part.object.size_bytes };
    let mask = ProjectionMask::roots(metadata.parquet_schema(), roots.iter().copied());
    // One reader per row group: a batch across two would lose the dictionary and build it anew.
    let mut builder = ParquetRecordBatchStreamBuilder::new_with_metadata(reader, metadata.clone())
        .with_row_groups(vec![group])
        .with_projection(mask)
        .with_batch_size(BATCH_ROWS);
    if let Some(selection) = selection {
        builder = builder.with_row_selection(selection);
    }
    let stream = builder.build().map_err(|error| named(part, error))?;
    let name = part.name.clone();
    Ok(stream
        .map(move |batch| {
            batch.map_err(|error| DataFusionError::from(error).context(format!("reading `{name}`")))
        })
        .boxed())
}

fn named(part: &Part, error: parquet::errors::ParquetError) -> DataFusionError {
    DataFusionError::from(error).context(format!("reading `{}`", part.name))
}
