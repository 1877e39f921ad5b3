//! Reads only, and every one of them counted.
//!
//! A source belongs to the customer. [`ReadOnlyStore`] stands between the program and the store:
//! it lists, heads and gets; every other operation ends here with an error and never reaches the
//! inner store. What it lets through is appended to a [`Ledger`]: operation, object, bytes, time.
//! The ledger's counts are exact for the life of the program; of the entries the newest
//! [`Ledger::KEPT`] are kept, so memory is bounded.
//!
//! A view made by [`ReadOnlyStore::pinned`] knows the ETags a catalogue saw. A read of an object
//! that is another by now fails with [`Changed`] instead of mixing two deliveries.

use crate::delivery::ObjectRef;
use async_trait::async_trait;
use bursar_domain::Clock;
use bytes::Bytes;
use chrono::{DateTime, Utc};
use futures::stream::{self, BoxStream, StreamExt, TryStreamExt};
use object_store::path::Path;
use object_store::{
    CopyOptions, GetOptions, GetRange, GetResult, GetResultPayload, ListResult, MultipartUpload, ObjectMeta,
    ObjectStore, PutMultipartOptions, PutOptions, PutPayload, PutResult, RenameOptions,
};
use std::collections::{BTreeMap, HashMap, VecDeque};
use std::fmt;
use std::io::{Read, Seek, SeekFrom};
use std::ops::Range;
use std::sync::{Arc, Mutex, PoisonError};

/// How much of a local file is read at once.
const CHUNK_BYTES: u64 = 1 << 20;
/// How much of a large object one request over HTTP asks for, so that a slow reader of a large file
/// meets no time limit and a broken connection costs little.
const REQUEST_BYTES: u64 = 32 << 20;

/// What was asked of a store.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Operation {
    /// The names, sizes and tags below a prefix; one entry however many pages it takes.
    List,
    /// Size and tag of one object.
    Head,
    /// Content of one object, or ranges of it.
    Get,
    /// Something else, which was refused here and did not reach the store.
    Refused,
}

impl fmt::Display for Operation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::List => "list",
            Self::Head => "head",
            Self::Get => "get",
            Self::Refused => "refused",
        })
    }
}

/// One call.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Entry {
    /// When it was made.
    pub time: DateTime<Utc>,
    /// What was asked.
    pub operation: Operation,
    /// Which source, without credentials.
    pub source: Arc<str>,
    /// Which object, or which prefix for a list.
    pub object: String,
    /// Bytes of content the store was asked for; 0 for list and head.
    pub bytes: u64,
}

/// Calls and bytes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Count {
    /// Calls.
    pub operations: u64,
    /// Bytes of content.
    pub bytes: u64,
}

impl Count {
    /// What was added since `earlier`.
    #[must_use]
    pub const fn since(self, earlier: Self) -> Self {
        Self {
            operations: self.operations.saturating_sub(earlier.operations),
            bytes: self.bytes.saturating_sub(earlier.bytes),
        }
    }

    const fn add(&mut self, bytes: u64) {
        self.operations = self.operations.saturating_add(1);
        self.bytes = self.bytes.saturating_add(bytes);
    }
}

/// The counts of a ledger at one moment.
#[derive(Debug, Clone, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Totals {
    /// Everything that reached a store.
    pub all: Count,
    /// The same and the refused ones, by operation.
    pub by_operation: BTreeMap<Operation, Count>,
    /// What reached a store, by source.
    pub by_source: BTreeMap<Arc<str>, Count>,
}

#[derive(Debug, Default)]
struct Book {
    entries: VecDeque<Entry>,
    totals: Totals,
}

/// The list of calls to stores, shared by all sources of a workspace.
#[derive(Debug)]
pub struct Ledger {
    clock: Arc<dyn Clock>,
    book: Mutex<Book>,
}

impl Ledger {
    /// Entries kept; older ones are forgotten, their counts are not.
    pub const KEPT: usize = 10_000;

    /// An empty ledger.
    #[must_use]
    pub fn new(clock: Arc<dyn Clock>) -> Self {
        Self { clock, book: Mutex::default() }
    }

    fn record(&self, operation: Operation, source: &Arc<str>, object: &str, bytes: u64) {
        let entry = Entry {
            time: self.clock.now(),
            operation,
            source: Arc::clone(source),
            object: object.to_owned(),
            bytes,
        };
        let mut book = self.book.lock().unwrap_or_else(PoisonError::into_inner);
        book.totals.by_operation.entry(operation).or_default().add(bytes);
        if operation != Operation::Refused {
            book.totals.all.add(bytes);
            book.totals.by_source.entry(Arc::clone(source)).or_default().add(bytes);
        }
        if book.entries.len() == Self::KEPT {
            book.entries.pop_front();
        }
        book.entries.push_back(entry);
    }

    /// The newest entries, oldest first.
    #[must_use]
    pub fn snapshot(&self) -> Vec<Entry> {
        self.book.lock().unwrap_or_else(PoisonError::into_inner).entries.iter().cloned().collect()
    }

    /// The exact counts since the ledger was made.
    #[must_use]
    pub fn totals(&self) -> Totals {
        self.book.lock().unwrap_or_else(PoisonError::into_inner).totals.clone()
    }
}

/// An object is not what the catalogue saw.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{object}` of {source_name} changed while it was read; run again")]
pub struct Changed {
    /// Its path in the store.
    pub object: String,
    /// The source's location.
    pub source_name: Arc<str>,
}

impl Changed {
    /// The [`Changed`] somewhere below an error, however the layers between wrapped it.
    #[must_use]
    pub fn find<'a>(error: &'a (dyn std::error::Error + 'static)) -> Option<&'a Self> {
        let mut next = Some(error);
        while let Some(error) = next {
            if let Some(found) = error.downcast_ref::<Self>() {
                return Some(found);
            }
            next = error.source();
        }
        None
    }
}

/// What a catalogue saw of an object.
#[derive(Debug)]
struct Pin {
    etag: String,
    size_bytes: u64,
}

/// A store that reads and does nothing else.
#[derive(Clone)]
pub struct ReadOnlyStore {
    inner: Arc<dyn ObjectStore>,
    ledger: Arc<Ledger>,
    source: Arc<str>,
    /// The objects as the catalogue saw them.
    pins: Arc<HashMap<Path, Pin>>,
    /// Whether the store speaks HTTP, where `If-Match` wants quotes and a listing may omit them.
    quoted: bool,
    /// Whether local files are read on the caller's thread.
    inline: bool,
}

impl ReadOnlyStore {
    /// Wraps `inner`; `source` is how the ledger names it.
    #[must_use]
    pub fn new(inner: Arc<dyn ObjectStore>, source: &str, ledger: Arc<Ledger>) -> Self {
        Self { inner, ledger, source: Arc::from(source), pins: Arc::default(), quoted: false, inline: false }
    }

    /// The same, over a store that speaks HTTP: tags are sent in quotes, whatever the listing did.
    #[must_use]
    pub fn over_http(self) -> Self {
        Self { quoted: true, ..self }
    }

    /// The same store, where each of `objects` is readable only as the content the catalogue saw.
    #[must_use]
    pub fn pinned<'a>(&self, objects: impl IntoIterator<Item = &'a ObjectRef>) -> Self {
        let pins = objects
            .into_iter()
            .filter_map(|object| {
                let pin = Pin { etag: object.etag.clone()?, size_bytes: object.size_bytes };
                Some((Path::parse(&object.path).ok()?, pin))
            })
            .collect();
        Self { pins: Arc::new(pins), ..self.clone() }
    }

    /// The same store for threads that may wait for a disk: local files are read where they are
    /// decoded, so that memory stays with the thread that frees it.
    #[must_use]
    pub(crate) fn inline(&self) -> Self {
        Self { inline: true, ..self.clone() }
    }

    /// Where the calls are counted.
    #[must_use]
    pub const fn ledger(&self) -> &Arc<Ledger> {
        &self.ledger
    }

    fn refused(&self, operation: &str, object: &str) -> object_store::Error {
        self.ledger.record(Operation::Refused, &self.source, object, 0);
        object_store::Error::NotSupported {
            source: format!("{operation} of `{object}`: a source is only ever read").into(),
        }
    }

    fn changed(&self, location: &Path) -> object_store::Error {
        let changed = Changed { object: location.to_string(), source_name: Arc::clone(&self.source) };
        object_store::Error::Precondition { path: location.to_string(), source: Box::new(changed) }
    }

    /// One request, one entry.
    async fn get_once(&self, location: &Path, options: GetOptions) -> object_store::Result<GetResult> {
        let operation = if options.head { Operation::Head } else { Operation::Get };
        let asked = match &options.range {
            Some(GetRange::Bounded(range)) => range.end.saturating_sub(range.start),
            _ => 0,
        };
        let result = self.get_checked(location, options).await;
        let bytes = match &result {
            Ok(_) if operation == Operation::Head => 0,
            Ok(result) => result.range.end.saturating_sub(result.range.start),
            Err(_) => asked,
        };
        self.ledger.record(operation, &self.source, location.as_ref(), bytes);
        result
    }

    /// A large object by requests of [`REQUEST_BYTES`], one after the other. Its tag is pinned, so
    /// all of them see one content.
    async fn get_in_parts(
        &self,
        location: &Path,
        options: GetOptions,
        size: u64,
    ) -> object_store::Result<GetResult> {
        let part = move |start: u64| {
            let range = start..size.min(start + REQUEST_BYTES);
            GetOptions { range: Some(range.into()), ..options.clone() }
        };
        let first = self.get_once(location, part(0)).await?;
        let (meta, attributes) = (first.meta.clone(), first.attributes.clone());
        let (store, location) = (self.clone(), location.clone());
        let rest = stream::iter((1..).map(|n| n * REQUEST_BYTES).take_while(move |start| *start < size))
            .then(move |start| {
                let (store, location, options) = (store.clone(), location.clone(), part(start));
                async move {
                    Ok::<_, object_store::Error>(store.get_once(&location, options).await?.into_stream())
                }
            });
        let payload = GetResultPayload::Stream(first.into_stream().chain(rest.try_flatten()).boxed());
        Ok(GetResult { payload, meta, range: 0..size, attributes })
    }

    /// A pinned local file, as a stream that fails if the file was written into meanwhile.
    ///
    /// A store over HTTP answers a request from one content; a file can change under the reader.
    fn guard_local(&self, result: GetResult) -> GetResult {
        let GetResult { payload, meta, range, attributes } = result;
        let GetResultPayload::File(file, _) = payload else {
            return GetResult { payload, meta, range, attributes };
        };
        let (changed, location) = (self.clone(), meta.location.clone());
        let (opened, size) = (meta.last_modified, meta.size);
        let chunks = stream::try_unfold((file, range.clone()), move |(mut file, rest)| {
            let (store, location) = (changed.clone(), location.clone());
            async move {
                if rest.is_empty() {
                    return Ok(None);
                }
                let next = rest.start..rest.end.min(rest.start + CHUNK_BYTES);
                let rest = next.end..rest.end;
                let (read, now, file) =
                    blocking(move || (read_range(&mut file, &next), look(&file), file)).await?;
                match (read, now) {
                    (Ok(bytes), Ok((now_size, now_time)))
                        if now_size == size && DateTime::<Utc>::from(now_time) == opened =>
                    {
                        Ok(Some((bytes, (file, rest))))
                    }
                    _ => Err(store.changed(&location)),
                }
            }
        });
        GetResult { payload: GetResultPayload::Stream(chunks.boxed()), meta, range, attributes }
    }

    async fn get_checked(&self, location: &Path, mut options: GetOptions) -> object_store::Result<GetResult> {
        let Some(pin) = self.pins.get(location) else {
            return self.inner.get_opts(location, options).await;
        };
        let tag = &pin.etag;
        options.if_match = Some(if self.quoted { format!("\"{}\"", bare(tag)) } else { tag.clone() });
        match self.inner.get_opts(location, options).await {
            Ok(result) if result.meta.e_tag.as_deref().is_none_or(|seen| bare(seen) == bare(tag)) => {
                Ok(self.guard_local(result))
            }
            Ok(_) | Err(object_store::Error::Precondition { .. } | object_store::Error::NotFound { .. }) => {
                Err(self.changed(location))
            }
            Err(other) => Err(other),
        }
    }
}

/// What an open file looked like: another length or time means somebody wrote into it.
fn look(file: &std::fs::File) -> std::io::Result<(u64, std::time::SystemTime)> {
    let metadata = file.metadata()?;
    Ok((metadata.len(), metadata.modified()?))
}

/// Reads one range of an open file.
fn read_range(file: &mut std::fs::File, range: &Range<u64>) -> std::io::Result<Bytes> {
    let length = range.end.saturating_sub(range.start);
    let capacity = usize::try_from(length).map_err(std::io::Error::other)?;
    file.seek(SeekFrom::Start(range.start))?;
    let mut buffer = Vec::with_capacity(capacity);
    file.take(length).read_to_end(&mut buffer)?;
    if buffer.len() == capacity { Ok(buffer.into()) } else { Err(std::io::ErrorKind::UnexpectedEof.into()) }
}

/// Runs file reads off the asynchronous threads.
async fn blocking<T: Send + 'static>(read: impl FnOnce() -> T + Send + 'static) -> object_store::Result<T> {
    Ok(tokio::task::spawn_blocking(read).await?)
}

/// A tag without the quotes that listings leave out and headers put in.
fn bare(tag: &str) -> &str {
    tag.strip_prefix("W/").unwrap_or(tag).trim_matches('"')
}

impl fmt::Debug for ReadOnlyStore {
    /// Without the inner store: Azure's client shows its SAS token.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ReadOnlyStore")
            .field("source", &self.source)
            .field("pins", &self.pins.len())
            .finish_non_exhaustive()
    }
}

impl fmt::Display for ReadOnlyStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "read-only {}", self.source)
    }
}

#[async_trait]
impl ObjectStore for ReadOnlyStore {
    async fn put_opts(
        &self,
        location: &Path,
        _: PutPayload,
        _: PutOptions,
    ) -> object_store::Result<PutResult> {
        Err(self.refused("a write", location.as_ref()))
    }

    async fn put_multipart_opts(
        &self,
        location: &Path,
        _: PutMultipartOptions,
    ) -> object_store::Result<Box<dyn MultipartUpload>> {
        Err(self.refused("a write", location.as_ref()))
    }

    async fn get_opts(&self, location: &Path, options: GetOptions) -> object_store::Result<GetResult> {
        let size = self.pins.get(location).map_or(0, |pin| pin.size_bytes);
        if self.quoted && !options.head && options.range.is_none() && size > REQUEST_BYTES {
            return self.get_in_parts(location, options, size).await;
        }
        self.get_once(location, options).await
    }

    async fn get_ranges(&self, location: &Path, ranges: &[Range<u64>]) -> object_store::Result<Vec<Bytes>> {
        if self.quoted {
            // Near ranges become one request, and each request is one entry.
            let fetch = |range: Range<u64>| async move {
                let options = GetOptions { range: Some(range.into()), ..GetOptions::default() };
                self.get_opts(location, options).await?.bytes().await
            };
            return object_store::coalesce_ranges(ranges, fetch, object_store::OBJECT_STORE_COALESCE_DEFAULT)
                .await;
        }
        let bytes = ranges.iter().map(|range| range.end.saturating_sub(range.start)).sum();
        self.ledger.record(Operation::Get, &self.source, location.as_ref(), bytes);
        if !self.pins.contains_key(location) {
            return self.inner.get_ranges(location, ranges).await;
        }
        // One open file gives all ranges, and is looked at again afterwards.
        let options = GetOptions {
            if_match: self.pins.get(location).map(|pin| pin.etag.clone()),
            ..GetOptions::default()
        };
        let result = match self.inner.get_opts(location, options).await {
            Err(object_store::Error::Precondition { .. } | object_store::Error::NotFound { .. }) => {
                return Err(self.changed(location));
            }
            other => other?,
        };
        let (size, opened) = (result.meta.size, result.meta.last_modified);
        let GetResultPayload::File(mut file, _) = result.payload else {
            return self.inner.get_ranges(location, ranges).await;
        };
        let ranges = ranges.to_vec();
        let mut read_all = move || {
            let read: std::io::Result<Vec<Bytes>> =
                ranges.iter().map(|range| read_range(&mut file, range)).collect();
            (read, look(&file))
        };
        let (read, now) = if self.inline { read_all() } else { blocking(read_all).await? };
        match (read, now) {
            (Ok(bytes), Ok((now_size, now_time)))
                if now_size == size && DateTime::<Utc>::from(now_time) == opened =>
            {
                Ok(bytes)
            }
            (Err(error), Ok((now_size, _))) if now_size == size => {
                Err(object_store::Error::Generic { store: "local", source: error.into() })
            }
            _ => Err(self.changed(location)),
        }
    }

    fn delete_stream(
        &self,
        locations: BoxStream<'static, object_store::Result<Path>>,
    ) -> BoxStream<'static, object_store::Result<Path>> {
        let store = self.clone();
        locations
            .map(move |location| {
                Err(store.refused("a deletion", location.as_ref().map_or("?", AsRef::as_ref)))
            })
            .boxed()
    }

    fn list(&self, prefix: Option<&Path>) -> BoxStream<'static, object_store::Result<ObjectMeta>> {
        self.ledger.record(Operation::List, &self.source, prefix.map_or("", AsRef::as_ref), 0);
        self.inner.list(prefix)
    }

    fn list_with_offset(
        &self,
        prefix: Option<&Path>,
        offset: &Path,
    ) -> BoxStream<'static, object_store::Result<ObjectMeta>> {
        self.ledger.record(Operation::List, &self.source, prefix.map_or("", AsRef::as_ref), 0);
        self.inner.list_with_offset(prefix, offset)
    }

    async fn list_with_delimiter(&self, prefix: Option<&Path>) -> object_store::Result<ListResult> {
        self.ledger.record(Operation::List, &self.source, prefix.map_or("", AsRef::as_ref), 0);
        self.inner.list_with_delimiter(prefix).await
    }

    async fn copy_opts(&self, from: &Path, _: &Path, _: CopyOptions) -> object_store::Result<()> {
        Err(self.refused("a copy", from.as_ref()))
    }

    async fn rename_opts(&self, from: &Path, _: &Path, _: RenameOptions) -> object_store::Result<()> {
        Err(self.refused("a renaming", from.as_ref()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use bursar_domain::clock::FixedClock;
    use object_store::ObjectStoreExt;
    use object_store::memory::InMemory;

    fn moment() -> DateTime<Utc> {
        DateTime::from_timestamp(1_760_000_000, 0).unwrap()
    }

    async fn store() -> (Arc<InMemory>, ReadOnlyStore) {
        let inner = Arc::new(InMemory::new());
        inner.put(&Path::from("a"), "hello".into()).await.unwrap();
        let ledger = Arc::new(Ledger::new(Arc::new(FixedClock(moment()))));
        (Arc::clone(&inner), ReadOnlyStore::new(inner, "s3://bills", ledger))
    }

    #[tokio::test]
    async fn reads_pass_and_are_counted_exactly() {
        // claim A4
        let (_, store) = store().await;
        let a = Path::from("a");
        assert_eq!(store.head(&a).await.unwrap().size, 5);
        assert_eq!(store.get(&a).await.unwrap().bytes().await.unwrap(), "hello");
        assert_eq!(store.get_range(&a, 1..3).await.unwrap(), "el");
        assert_eq!(store.get_ranges(&a, &[0..1, 4..5]).await.unwrap(), ["h", "o"]);
        assert!(store.get(&Path::from("none")).await.is_err());
        assert_eq!(store.list(None).count().await, 1);
        assert_eq!(store.list_with_delimiter(None).await.unwrap().objects.len(), 1);
        let totals = store.ledger().totals();
        assert_eq!(totals.all, Count { operations: 7, bytes: 5 + 2 + 2 });
        assert_eq!(totals.by_operation[&Operation::Get], Count { operations: 4, bytes: 9 });
        assert_eq!(totals.by_operation[&Operation::List], Count { operations: 2, bytes: 0 });
        assert_eq!(totals.by_source["s3://bills"], totals.all);
        let entries = store.ledger().snapshot();
        assert_eq!(
            (entries[1].operation, entries[1].object.as_str(), entries[1].bytes),
            (Operation::Get, "a", 5)
        );
        assert!(entries.iter().all(|entry| entry.time == moment()));
    }

    #[tokio::test]
    async fn everything_else_ends_here() {
        // claim A1
        let (inner, store) = store().await;
        let (a, b) = (Path::from("a"), Path::from("b"));
        let refused = |result: object_store::Result<()>| {
            let error = result.expect_err("it was let through");
            assert!(error.to_string().contains("a source is only ever read"), "{error}");
        };
        refused(store.put(&a, "x".into()).await.map(|_| ()));
        refused(store.put_multipart(&a).await.map(|_| ()));
        refused(store.delete(&a).await);
        refused(store.copy(&a, &b).await);
        refused(store.copy_if_not_exists(&a, &b).await);
        refused(store.rename(&a, &b).await);
        refused(store.rename_if_not_exists(&a, &b).await);
        assert_eq!(store.ledger().totals().all, Count::default());
        assert_eq!(store.ledger().totals().by_operation[&Operation::Refused].operations, 7);
        assert_eq!(inner.get(&a).await.unwrap().bytes().await.unwrap(), "hello");
        assert!(inner.head(&b).await.is_err());
    }

    #[tokio::test]
    async fn memory_is_bounded_and_counts_are_not() {
        let (_, store) = store().await;
        for _ in 0..Ledger::KEPT + 5 {
            store.head(&Path::from("a")).await.unwrap();
        }
        assert_eq!(store.ledger().snapshot().len(), Ledger::KEPT);
        assert_eq!(store.ledger().totals().all.operations, Ledger::KEPT as u64 + 5);
    }

    #[tokio::test]
    async fn a_pinned_object_is_the_one_that_was_listed() {
        let (inner, store) = store().await;
        let meta = store.head(&Path::from("a")).await.unwrap();
        let object = ObjectRef {
            path: "a".into(),
            size_bytes: meta.size,
            etag: meta.e_tag,
            last_modified: meta.last_modified,
            format: crate::delivery::FileFormat::Csv,
            partitions: Vec::new(),
        };
        let pinned = store.pinned([&object]);
        assert_eq!(pinned.get(&Path::from("a")).await.unwrap().bytes().await.unwrap(), "hello");
        assert_eq!(pinned.get_ranges(&Path::from("a"), &[1..2, 3..4]).await.unwrap(), ["e", "l"]);
        inner.put(&Path::from("a"), "other".into()).await.unwrap();
        for error in [
            pinned.get(&Path::from("a")).await.err(),
            pinned.get_ranges(&Path::from("a"), &[1..2, 3..4]).await.err(),
        ] {
            let changed = error.as_ref().and_then(|error| Changed::find(error));
            assert_eq!(
                changed.map(ToString::to_string).as_deref(),
                Some("`a` of s3://bills changed while it was read; run again")
            );
        }
    }
}
