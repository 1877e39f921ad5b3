//! A backup as a file: format, writing, reading back.
//!
//! ```text
//! BKP.bursar-backup   a sealed stream (bursar-keyring, module `stream`) named "backup BKP", of lines of JSON:
//!                     {"format":"bursar-backup","version":1,"backup":…,"workspace":…,"region":…,"taken_at":…,"schema":…}
//!                     {"row":{"table":…,"cells":{…}}}   as often as there are rows
//!                     {"end":{"last_seq":…,"rows":{"sources":2,…}}}
//! BKP.keys.json       the keys that open it, sealed: they open with the master key
//! ```
//!
//! Sealed columns are sealed inside of it, too. A file is written beside its name, flushed, and then
//! renamed: what has the name is whole. Lines are bounded, so that a file that somebody made up takes no
//! more memory than one row.

use bursar_domain::id::{BackupId, WorkspaceId};
use bursar_domain::{Randomness, RegionName};
use bursar_keyring::WorkspaceKeys;
use bursar_store::{Dump, Restoring, Row};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use std::fs::{self, File, OpenOptions};
use std::io::{self, BufRead, BufReader, BufWriter, Read, Write};
use std::path::{Path, PathBuf};
use tokio::sync::{mpsc, oneshot};

const FORMAT: &str = "bursar-backup";
const VERSION: u32 = 1;
/// What backups end in.
pub(super) const SUFFIX: &str = ".bursar-backup";
/// What the keys beside them end in.
pub(super) const KEYS_SUFFIX: &str = ".keys.json";
/// Longest line: a row's largest column is 1 MiB, sealed and as base64.
const MAX_LINE: u64 = 16 * 1024 * 1024;

/// The first line.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Header {
    format: String,
    version: u32,
    pub(super) backup: BackupId,
    pub(super) workspace: WorkspaceId,
    pub(super) region: RegionName,
    pub(super) taken_at: DateTime<Utc>,
    pub(super) schema: i64,
}

impl Header {
    pub(super) fn new(
        backup: BackupId,
        workspace: WorkspaceId,
        region: RegionName,
        taken_at: DateTime<Utc>,
        schema: i64,
    ) -> Self {
        Self { format: FORMAT.to_owned(), version: VERSION, backup, workspace, region, taken_at, schema }
    }
}

/// Every other line.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Line {
    Row(Row),
    End(End),
}

#[derive(Debug, Serialize, Deserialize)]
struct End {
    last_seq: i64,
    rows: BTreeMap<String, u64>,
}

/// What was written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Written {
    pub(super) digest: [u8; 32],
    pub(super) size_bytes: u64,
    pub(super) last_seq: i64,
}

/// What was read back.
#[derive(Debug)]
pub(super) struct Verified {
    pub(super) header: Header,
    pub(super) digest: [u8; 32],
    pub(super) rows: u64,
}

/// Digests and counts what goes through.
struct Digesting<T> {
    inner: T,
    digest: Sha256,
    bytes: u64,
}

impl<T> Digesting<T> {
    fn new(inner: T) -> Self {
        Self { inner, digest: Sha256::new(), bytes: 0 }
    }
}

impl<W: Write> Write for Digesting<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.inner.write(bytes)?;
        self.digest.update(&bytes[..written]);
        self.bytes += written as u64;
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.inner.flush()
    }
}

impl<R: Read> Read for Digesting<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.inner.read(buffer)?;
        self.digest.update(&buffer[..read]);
        self.bytes += read as u64;
        Ok(read)
    }
}

fn stream_name(backup: BackupId) -> String {
    format!("backup {backup}")
}

fn damaged(what: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, what.to_owned())
}

/// Writes rows into a backup as they come; `dump` says that they came to their end.
pub(super) fn write(
    path: &Path,
    keys: &WorkspaceKeys,
    header: &Header,
    rows: &mut mpsc::Receiver<Row>,
    dump: oneshot::Receiver<Dump>,
    random: &dyn Randomness,
) -> io::Result<Written> {
    let beside = path.with_extension("part");
    let written = write_beside(&beside, keys, header, rows, dump, random).and_then(|written| {
        fs::rename(&beside, path)?;
        sync_folder(path)?;
        Ok(written)
    });
    if written.is_err() {
        // The first error is the one to tell.
        let _ = fs::remove_file(&beside);
    }
    written
}

fn write_beside(
    path: &Path,
    keys: &WorkspaceKeys,
    header: &Header,
    rows: &mut mpsc::Receiver<Row>,
    dump: oneshot::Receiver<Dump>,
    random: &dyn Randomness,
) -> io::Result<Written> {
    let file = Digesting::new(BufWriter::new(private().write(true).create_new(true).open(path)?));
    let mut stream = keys.seal_stream(&stream_name(header.backup), file, random)?;
    line(&mut stream, header)?;
    while let Some(row) = rows.blocking_recv() {
        line(&mut stream, &Line::Row(row))?;
    }
    let dump = dump.blocking_recv().map_err(|_| io::Error::other("the rows did not come to their end"))?;
    line(&mut stream, &Line::End(End { last_seq: dump.last_seq, rows: dump.rows }))?;
    let Digesting { inner, digest, bytes } = stream.finish()?;
    inner.into_inner().map_err(io::IntoInnerError::into_error)?.sync_all()?;
    Ok(Written { digest: digest.finalize().into(), size_bytes: bytes, last_seq: dump.last_seq })
}

fn line(stream: &mut impl Write, value: &impl Serialize) -> io::Result<()> {
    let mut text = serde_json::to_vec(value).map_err(io::Error::other)?;
    text.push(b'\n');
    stream.write_all(&text)
}

/// Reads a backup from beginning to end, handing its rows on. Whoever takes them must not act on them
/// before [`Restoring::End`], which comes once the whole file was proven.
pub(super) fn read(
    path: &Path,
    keys: &WorkspaceKeys,
    backup: BackupId,
    mut give: impl FnMut(Restoring) -> io::Result<()>,
) -> io::Result<Verified> {
    let mut file = Digesting::new(BufReader::with_capacity(1 << 17, File::open(path)?));
    let (header, end, counts) = {
        let mut stream = BufReader::new(keys.open_stream(&stream_name(backup), &mut file)?);
        let mut text = Vec::new();
        let header: Header = parse(next(&mut stream, &mut text)?)?;
        if header.format != FORMAT || header.backup != backup || header.workspace != keys.workspace() {
            return Err(damaged("it is another backup than expected"));
        }
        if header.version > VERSION {
            return Err(io::Error::new(
                io::ErrorKind::Unsupported,
                format!(
                    "its format is version {} and this program reads {VERSION}: use the newer program",
                    header.version
                ),
            ));
        }
        let mut counts = BTreeMap::<String, u64>::new();
        let end = loop {
            match parse(next(&mut stream, &mut text)?)? {
                Line::Row(row) => {
                    *counts.entry(row.table.clone()).or_default() += 1;
                    give(Restoring::Row(row))?;
                }
                Line::End(end) => break end,
            }
        };
        // Nothing may follow, and only the end of the stream proves that nothing was cut off.
        if stream.read(&mut [0])? != 0 {
            return Err(damaged("something follows its end"));
        }
        (header, end, counts)
    };
    io::copy(&mut file, &mut io::sink())?;
    let said: BTreeMap<_, _> = end.rows.into_iter().filter(|(_, count)| *count > 0).collect();
    if said != counts {
        return Err(damaged("it does not hold as many rows as it says"));
    }
    let rows = counts.values().sum();
    give(Restoring::End(counts))?;
    Ok(Verified { header, digest: file.digest.finalize().into(), rows })
}

fn next<'a>(stream: &mut impl BufRead, text: &'a mut Vec<u8>) -> io::Result<&'a [u8]> {
    text.clear();
    stream.take(MAX_LINE).read_until(b'\n', text)?;
    match text.strip_suffix(b"\n") {
        Some(line) => Ok(line),
        None => Err(damaged("it ends in the middle, or a line is too long")),
    }
}

fn parse<T: serde::de::DeserializeOwned>(text: &[u8]) -> io::Result<T> {
    serde_json::from_slice(text).map_err(|_| damaged("a line is not what it should be"))
}

/// The keys beside a backup.
pub(super) fn keys_path(backup: &Path) -> PathBuf {
    let name = backup.file_name().unwrap_or_default().to_string_lossy();
    let name = name.strip_suffix(SUFFIX).unwrap_or(&name);
    backup.with_file_name(format!("{name}{KEYS_SUFFIX}"))
}

/// Overwrites a small file and removes it, so that what it held is gone as far as the medium allows.
/// Whether there was one.
pub(super) fn shred(path: &Path) -> io::Result<bool> {
    let length = match fs::metadata(path) {
        Ok(metadata) => metadata.len(),
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(false),
        Err(error) => return Err(error),
    };
    let mut file = OpenOptions::new().write(true).open(path)?;
    io::copy(&mut io::repeat(0).take(length), &mut file)?;
    file.sync_all()?;
    fs::remove_file(path)?;
    sync_folder(path)?;
    Ok(true)
}

/// Makes a folder that only this user may enter, and its parents.
pub(super) fn make_private(folder: &Path) -> io::Result<()> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(folder)
}

fn private() -> OpenOptions {
    let mut options = OpenOptions::new();
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options
}

fn sync_folder(path: &Path) -> io::Result<()> {
    match path.parent() {
        Some(folder) => File::open(folder)?.sync_all(),
        None => Ok(()),
    }
}
