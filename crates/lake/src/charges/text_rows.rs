//! Rows of delimited text and JSON lines, decoded beside the asynchronous threads.

use super::error::ChargesError;
use super::part::Part;
use super::quarantine::{Quarantine, QuarantinedCell};
use crate::delivery::ObjectRef;
use crate::ledger::ReadOnlyStore;
use crate::location::{Source, SourceError};
use arrow::datatypes::SchemaRef;
use bursar_focus::read::{Chunk, ReadError, Reader, decompressed};
use bytes::Bytes;
use datafusion::error::{DataFusionError, Result};
use futures::stream::{BoxStream, StreamExt};
use object_store::path::Path;
use object_store::{GetOptions, GetRange, ObjectStore, ObjectStoreExt};
use std::io::Read;
use std::sync::Arc;
use tokio::sync::mpsc;

/// How much of a text is fetched to see its header.
const LOOK_BYTES: u64 = 256 << 10;
/// Beyond this no header is looked for.
const LONGEST_LOOK_BYTES: u64 = 16 << 20;
/// What a row is whose cells cannot be told apart; the cell's value says more.
const BAD_ROW: &str = "the row cannot be split into its cells";
/// Batches and chunks in flight.
const IN_FLIGHT: usize = 4;

async fn first_bytes(
    source: &Source,
    store: &ReadOnlyStore,
    object: &ObjectRef,
    limit: u64,
) -> Result<Bytes, ChargesError> {
    let fail =
        |error: object_store::Error| SourceError::of(source.location(), "get", Some(&object.path), &error);
    let path = Path::parse(&object.path).map_err(|e| fail(e.into()))?;
    if object.size_bytes == 0 {
        return Ok(Bytes::new());
    }
    let range = GetRange::Bounded(0..object.size_bytes.min(limit));
    let options = GetOptions { range: Some(range), ..GetOptions::default() };
    let result = store.get_opts(&path, options).await.map_err(fail)?;
    Ok(result.bytes().await.map_err(fail)?)
}

/// Columns of a text: its header, or the documented columns of JSON lines.
pub(super) async fn columns(
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
        let bytes = decompressed(std::io::Cursor::new(start), object.format.is_gzip());
        match Reader::of_text(bytes) {
            Ok(reader) => return Ok(reader.schema()),
            Err(_) if !whole && limit < LONGEST_LOOK_BYTES => limit *= 8,
            Err(error) => return Err(ChargesError::Text { object: name.to_owned(), error }),
        }
    }
}

/// The object's bytes as a blocking reader, fed from the asynchronous side.
pub(super) struct Fed {
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

pub(super) fn feed(part: &Part) -> Result<Fed> {
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

/// Streams the given columns of a text. Rows that cannot be told apart go to the quarantine.
pub(super) fn rows(
    part: &Part,
    gzip: bool,
    columns: Vec<String>,
    quarantine: Arc<Quarantine>,
) -> Result<BoxStream<'static, Result<Chunk>>> {
    let input = feed(part)?;
    let name = part.name.clone();
    Ok(decode(move |send| {
        let fail = |error: ReadError| {
            DataFusionError::Execution(ChargesError::Text { object: name.clone(), error }.to_string())
        };
        let mut reader = Reader::of_text(decompressed(input, gzip)).map_err(fail)?;
        reader.project(&columns);
        while let Some(mut chunk) = reader.next_chunk().map_err(fail)? {
            for bad in std::mem::take(&mut chunk.bad) {
                quarantine.add("", BAD_ROW, || QuarantinedCell {
                    object: name.clone(),
                    row: bad.row,
                    column: String::new(),
                    value: bad.reason.clone(),
                });
            }
            if send.blocking_send(Ok(chunk)).is_err() {
                break;
            }
        }
        Ok(())
    }))
}

/// Runs blocking work beside the asynchronous threads and streams what it sends.
pub(super) fn decode<T: Send + 'static>(
    work: impl FnOnce(&mpsc::Sender<Result<T>>) -> Result<()> + Send + 'static,
) -> BoxStream<'static, Result<T>> {
    let (send, receive) = mpsc::channel(IN_FLIGHT);
    tokio::task::spawn_blocking(move || {
        if let Err(error) = work(&send) {
            let _ = send.blocking_send(Err(error));
        }
    });
    futures::stream::unfold(
        receive,
        |mut receive| async move { receive.recv().await.map(|item| (item, receive)) },
    )
    .boxed()
}
