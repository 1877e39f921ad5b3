//! Rows of delimited text and JSON lines, decoded beside the asynchronous threads.

use super::error::ChargesError;
use super::parquet_rows::BATCH_ROWS;
use super::part::Part;
use super::quarantine::{Quarantine, QuarantinedCell};
use crate::delivery::ObjectRef;
use crate::ledger::ReadOnlyStore;
use crate::location::{Source, SourceError};
use arrow::array::RecordBatch;
use arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use bursar_focus::delimited::{decompressed, DelimitedReader};
use bytes::Bytes;
use datafusion::error::{DataFusionError, Result};
use futures::stream::{BoxStream, StreamExt};
use object_store::path::Path;
use object_store::{GetOptions, GetRange, ObjectStore, ObjectStoreExt};
use std::io::{BufReader, Read};
use std::sync::Arc;
use tokio::sync::mpsc;

/// How much of a text is fetched to see its header.
const LOOK_BYTES: u64 = 256 << 10;
/// How many JSON lines are looked at to know the columns.
const LOOK_LINES: usize = 2_000;
/// Batches and chunks in flight.
const IN_FLIGHT: usize = 4;

/// A row of text with its number in the file.
pub(super) struct TextBatch {
    pub(super) batch: RecordBatch,
    /// Data row of each row, from 1.
    pub(super) rows: Vec<u64>,
}

async fn first_bytes(source: &Source, store: &ReadOnlyStore, object: &ObjectRef, limit: u64) -> Result<Bytes, ChargesError> {
    let fail = |error: object_store::Error| SourceError::of(source.location(), "get", Some(&object.path), &error);
    let path = Path::parse(&object.path).map_err(|e| fail(e.into()))?;
    if object.size_bytes == 0 {
        return Ok(Bytes::new());
    }
    let range = GetRange::Bounded(0..object.size_bytes.min(limit));
    let options = GetOptions { range: Some(range), ..GetOptions::default() };
    let result = store.get_opts(&path, options).await.map_err(fail)?;
    Ok(result.bytes().await.map_err(fail)?)
}

/// Columns of a delimited text, all text.
pub(super) async fn header(
    source: &Source,
    store: &ReadOnlyStore,
    object: &ObjectRef,
    name: &str,
) -> Result<SchemaRef, ChargesError> {
    let mut limit = LOOK_BYTES;
    loop {
        let start = first_bytes(source, store, object, limit).await?;
        let whole = start.len() as u64 >= object.size_bytes;
        // A cut gzip gives what it can before it complains.
        match DelimitedReader::new(decompressed(start.as_ref(), object.format.is_gzip())) {
            Ok(reader) => {
                let fields: Vec<Field> = reader.columns().iter().map(|c| Field::new(c, DataType::Utf8, true)).collect();
                return Ok(Arc::new(Schema::new(fields)));
            }
            Err(_) if !whole && limit < (16 << 20) => limit *= 8,
            Err(source) => return Err(ChargesError::Text { object: name.to_owned(), source }),
        }
    }
}

/// Columns of JSON lines, as their first lines show them.
pub(super) async fn json_columns(
    source: &Source,
    store: &ReadOnlyStore,
    object: &ObjectRef,
    name: &str,
) -> Result<SchemaRef, ChargesError> {
    let start = first_bytes(source, store, object, LOOK_BYTES * 8).await?;
    let whole = start.len() as u64 >= object.size_bytes;
    let mut text = Vec::new();
    let read = decompressed(start.as_ref(), object.format.is_gzip()).take(64 << 20).read_to_end(&mut text);
    let bad = |detail: String| ChargesError::Json { object: name.to_owned(), detail };
    if whole {
        read.map_err(|error| bad(error.to_string()))?;
    } else if let Some(end) = text.iter().rposition(|b| *b == b'\n') {
        text.truncate(end + 1);
    }
    let mut reader = BufReader::new(text.as_slice());
    let (schema, _) = arrow::json::reader::infer_json_schema(&mut reader, Some(LOOK_LINES)).map_err(|e| bad(e.to_string()))?;
    Ok(Arc::new(schema))
}

/// The object's bytes as a blocking reader, fed from the asynchronous side.
struct Fed {
    chunks: mpsc::Receiver<object_store::Result<Bytes>>,
    current: Bytes,
}

impl Read for Fed {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        while self.current.is_empty() {
            match self.chunks.blocking_recv() {
                Some(Ok(bytes)) => self.current = bytes,
                Some(Err(error)) => return Err(std::io::Error::other(error)),
                None => return Ok(0),
            }
        }
        let n = self.current.len().min(buffer.len());
        buffer[..n].copy_from_slice(&self.current.split_to(n));
        Ok(n)
    }
}

fn feed(part: &Part) -> Result<Fed> {
    let (send, chunks) = mpsc::channel(IN_FLIGHT);
    let path = Path::parse(&part.object.path).map_err(|e| DataFusionError::External(Box::new(e)))?;
    let store = Arc::clone(&part.store);
    tokio::spawn(async move {
        match store.get(&path).await {
            Ok(result) => {
                let mut stream = result.into_stream();
                while let Some(chunk) = stream.next().await {
                    let failed = chunk.is_err();
                    // A closed channel means that nobody wants more.
                    if send.send(chunk).await.is_err() || failed {
                        return;
                    }
                }
            }
            Err(error) => {
                let _ = send.send(Err(error)).await;
            }
        }
    });
    Ok(Fed { chunks, current: Bytes::new() })
}

/// Streams the given columns of a delimited text.
pub(super) fn delimited(
    part: &Part,
    gzip: bool,
    columns: Vec<usize>,
    quarantine: Arc<Quarantine>,
) -> Result<BoxStream<'static, Result<TextBatch>>> {
    let input = feed(part)?;
    let name = part.name.clone();
    Ok(decode(move |send| {
        let fail = |error: &dyn std::fmt::Display| DataFusionError::Execution(format!("`{name}`: {error}"));
        let mut reader = DelimitedReader::new(decompressed(input, gzip)).map_err(|e| fail(&e))?;
        reader.project(&columns);
        while let Some(rows) = reader.next_rows(BATCH_ROWS).map_err(|e| fail(&e))? {
            for row in &rows.malformed {
                quarantine.add("", row.reason(), || QuarantinedCell {
                    object: name.clone(),
                    row: row.row,
                    column: String::new(),
                    value: format!("{} cells instead of {}", row.found, row.expected),
                });
            }
            if send.blocking_send(Ok(TextBatch { batch: rows.batch, rows: rows.rows })).is_err() {
                break;
            }
        }
        Ok(())
    }))
}

/// Streams the given columns of JSON lines.
pub(super) fn json_lines(part: &Part, gzip: bool, columns: SchemaRef) -> Result<BoxStream<'static, Result<TextBatch>>> {
    let input = feed(part)?;
    let name = part.name.clone();
    Ok(decode(move |send| {
        let fail = |error: &dyn std::fmt::Display| DataFusionError::Execution(format!("`{name}`: {error}"));
        let input = BufReader::with_capacity(256 << 10, decompressed(input, gzip));
        let reader = arrow::json::ReaderBuilder::new(columns)
            .with_batch_size(BATCH_ROWS / 4)
            .with_coerce_primitive(true)
            .build(input)
            .map_err(|e| fail(&e))?;
        let mut first = 1;
        for batch in reader {
            let batch = batch.map_err(|e| fail(&e))?;
            let rows: Vec<u64> = (first..).take(batch.num_rows()).collect();
            first += batch.num_rows() as u64;
            if send.blocking_send(Ok(TextBatch { batch, rows })).is_err() {
                break;
            }
        }
        Ok(())
    }))
}

fn decode(
    work: impl FnOnce(&mpsc::Sender<Result<TextBatch>>) -> Result<()> + Send + 'static,
) -> BoxStream<'static, Result<TextBatch>> {
    let (send, receive) = mpsc::channel(IN_FLIGHT);
    tokio::task::spawn_blocking(move || {
        if let Err(error) = work(&send) {
            let _ = send.blocking_send(Err(error));
        }
    });
    futures::stream::unfold(receive, |mut receive| async move { receive.recv().await.map(|item| (item, receive)) }).boxed()
}
