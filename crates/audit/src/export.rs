//! A bundle: a log, or a part of it, to be checked by somebody else without us.
//!
//! One `.tar` (or the folder that unpacking it gives):
//!
//! | file | what |
//! |---|---|
//! | `entries/000000.jsonl` … | the leaves as they stand, 16,384 a file |
//! | `tile/0/…` | their hashes, 256 a file, in c2sp.org/tlog-tiles form; only in a whole log: they tell *which* entry was changed |
//! | `proofs/000000.jsonl` … | a proof of inclusion for each entry; only in a part |
//! | `consistency.jsonl` | proofs that each older checkpoint is the beginning of the newest; only in a part |
//! | `checkpoints.jsonl` | signed checkpoints, oldest first |
//! | `keys.jsonl` | the history of keys |
//! | `personal.jsonl` | what stands beside the log about persons, with the keys of these commitments |
//! | `anchors/…` | timestamps from outside |
//! | `README.md`, `verify.py` | how to check it, in words and in Python |
//! | `manifest.json`, `manifest.sig` | what is in it, with digests, and the log's signature under that |
//!
//! Entries are pushed into a [`BundleWriter`] one by one, so that a log of any length is exported in
//! bounded memory. [`write`] does that for a log in memory.

mod manifest;
pub(crate) mod tar;

pub(crate) use manifest::{CHECKPOINTS, CONSISTENCY, KEYS, MANIFEST, MAX_MANIFEST, PERSONAL, SIGNATURE};
pub use manifest::{Chunk, FORMAT, FileDigest, Filter, Manifest};

use crate::personal::Disclosure;
use crate::tile::{MissingTile, TILE_WIDTH, TileId, Tiles};
use crate::{Entry, Hash, KeyError, Log, SignedCheckpoint, SigningKey, leaf_hash, tree};
use chrono::{DateTime, Utc};
use sha2::{Digest, Sha256};
use std::io::{self, Write};
use std::time::Duration;
use tar::TarWriter;

/// Entries in one file.
const CHUNK_ENTRIES: u64 = 16_384;
/// Bytes in one file, so that one is checked in little memory.
const CHUNK_BYTES: usize = 16 * 1024 * 1024;
/// Files of other kinds that are packed besides.
const README: &str = include_str!("../bundle/README.md");
/// The second verifier.
pub const VERIFY_PY: &str = include_str!("../bundle/verify.py");

/// Why no bundle was written.
#[derive(Debug, thiserror::Error)]
pub enum ExportError {
    /// A file could not be written.
    #[error("the bundle could not be written")]
    Io(#[from] io::Error),
    /// Nothing could be signed.
    #[error(transparent)]
    Key(#[from] KeyError),
    /// There is no checkpoint to prove anything with.
    #[error("the log has no signed checkpoint yet: sign one, then export")]
    NoCheckpoint,
    /// A hash that a proof needs is missing.
    #[error(transparent)]
    Missing(#[from] MissingTile),
    /// An entry is pushed out of order or beyond the checkpoint.
    #[error("entry {0} does not follow the one before it, or is not under the checkpoint yet")]
    Order(u64),
}

/// What a bundle is about.
#[derive(Debug, Clone)]
pub struct About {
    /// Whose log.
    pub log: Log,
    /// When it is made.
    pub created: DateTime<Utc>,
    /// How often a checkpoint is signed.
    pub cadence: Duration,
    /// What the entries are filtered by.
    pub filter: Filter,
    /// The checkpoints, oldest first; the last is what everything is proved against.
    pub checkpoints: Vec<SignedCheckpoint>,
    /// For a part: a proof that each of the checkpoints is the beginning of the last, in their order.
    pub consistency: Vec<Vec<Hash>>,
    /// The signed statements of the key history, oldest first.
    pub keys: Vec<String>,
}

/// An anchor to put into a bundle: a name (`1234.tsr`) and bytes.
pub type AnchorFile = (String, Vec<u8>);

/// Lines on their way into numbered files.
#[derive(Debug, Default)]
struct Lines {
    text: Vec<u8>,
    entries: u64,
    files: u64,
}

/// Writes a bundle.
pub struct BundleWriter<W> {
    tar: TarWriter<W>,
    about: About,
    size: u64,
    lines: Lines,
    proofs: Vec<u8>,
    hashes: Vec<u8>,
    disclosed: Vec<u8>,
    chunks: Vec<Chunk>,
    files: Vec<FileDigest>,
    entries: u64,
    last: u64,
}

impl<W> std::fmt::Debug for BundleWriter<W> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("BundleWriter").field("log", &self.about.log).finish_non_exhaustive()
    }
}

impl<W: Write> BundleWriter<W> {
    /// Begins a bundle.
    ///
    /// # Errors
    /// [`ExportError::NoCheckpoint`].
    pub fn new(out: W, about: About) -> Result<Self, ExportError> {
        let size = about.checkpoints.last().ok_or(ExportError::NoCheckpoint)?.checkpoint.size;
        Ok(Self {
            tar: TarWriter::new(out),
            about,
            size,
            lines: Lines::default(),
            proofs: Vec::new(),
            hashes: Vec::new(),
            disclosed: Vec::new(),
            chunks: Vec::new(),
            files: Vec::new(),
            entries: 0,
            last: 0,
        })
    }

    /// Whether every entry up to the checkpoint is expected, and no proofs.
    #[must_use]
    pub fn is_whole(&self) -> bool {
        self.about.filter.is_everything()
    }

    /// Adds an entry: its sequence, its line, and for a part the proof of its inclusion.
    ///
    /// # Errors
    /// [`ExportError::Order`], and when the file cannot be written.
    pub fn entry(&mut self, sequence: u64, line: &str, proof: &[Hash]) -> Result<(), ExportError> {
        let follows = if self.is_whole() { sequence == self.last + 1 } else { sequence > self.last };
        if !follows || sequence > self.size || line.contains('\n') {
            return Err(ExportError::Order(sequence));
        }
        self.last = sequence;
        self.entries += 1;
        self.lines.text.extend_from_slice(line.as_bytes());
        self.lines.text.push(b'\n');
        self.lines.entries += 1;
        if self.is_whole() {
            self.hashes.extend_from_slice(&leaf_hash(line.as_bytes()).0);
        } else {
            let path: Vec<String> = proof.iter().map(ToString::to_string).collect();
            let line = serde_json::json!({ "index": sequence - 1, "path": path });
            self.proofs.extend_from_slice(line.to_string().as_bytes());
            self.proofs.push(b'\n');
        }
        if self.lines.entries == CHUNK_ENTRIES || self.lines.text.len() >= CHUNK_BYTES {
            self.flush()?;
        }
        if self.hashes.len() as u64 == TILE_WIDTH * 32 {
            self.tile()?;
        }
        Ok(())
    }

    /// Adds what stands beside an entry about a person.
    pub fn disclose(&mut self, disclosure: &Disclosure) {
        if let Ok(line) = serde_json::to_string(disclosure) {
            self.disclosed.extend_from_slice(line.as_bytes());
            self.disclosed.push(b'\n');
        }
    }

    /// Adds a timestamp or another proof from outside.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn anchor(&mut self, (name, bytes): &AnchorFile) -> Result<(), ExportError> {
        self.file(&format!("anchors/{name}"), bytes)
    }

    fn flush(&mut self) -> Result<(), ExportError> {
        if self.lines.entries == 0 {
            return Ok(());
        }
        let number = self.lines.files;
        let name = format!("entries/{number:06}.jsonl");
        self.tar.file(&name, &self.lines.text)?;
        self.chunks.push(Chunk { name, entries: self.lines.entries, bytes: self.lines.text.len() as u64 });
        self.lines = Lines { files: number + 1, ..Lines::default() };
        if !self.proofs.is_empty() {
            let proofs = std::mem::take(&mut self.proofs);
            self.file(&format!("proofs/{number:06}.jsonl"), &proofs)?;
        }
        Ok(())
    }

    fn tile(&mut self) -> Result<(), ExportError> {
        let width = self.hashes.len() as u64 / 32;
        if width > 0 {
            let hashes = std::mem::take(&mut self.hashes);
            let tile = TileId { level: 0, index: (self.entries - 1) / TILE_WIDTH };
            self.file(&tile.path(width), &hashes)?;
        }
        Ok(())
    }

    fn file(&mut self, name: &str, content: &[u8]) -> Result<(), ExportError> {
        self.tar.file(name, content)?;
        let sha256 = hex::encode(Sha256::digest(content));
        self.files.push(FileDigest { name: name.to_owned(), bytes: content.len() as u64, sha256 });
        Ok(())
    }

    fn lines_of<'a>(&mut self, name: &str, texts: impl Iterator<Item = &'a str>) -> Result<(), ExportError> {
        let lines: String = texts.map(|text| format!("{}\n", serde_json::json!({ "note": text }))).collect();
        self.file(name, lines.as_bytes())
    }

    /// Ends the bundle; its manifest is signed with the key that is good at the time.
    ///
    /// # Errors
    /// [`ExportError::Order`] when a whole log is not whole, and when nothing can be signed or written.
    pub fn finish(mut self, key: &SigningKey) -> Result<(W, Manifest), ExportError> {
        if self.is_whole() && self.entries != self.size {
            return Err(ExportError::Order(self.entries + 1));
        }
        self.flush()?;
        self.tile()?;
        let (checkpoints, keys) =
            (std::mem::take(&mut self.about.checkpoints), std::mem::take(&mut self.about.keys));
        self.lines_of(KEYS, keys.iter().map(String::as_str))?;
        self.lines_of(CHECKPOINTS, checkpoints.iter().map(SignedCheckpoint::as_str))?;
        if !self.is_whole() {
            let line = |proof: &Vec<Hash>| {
                let path: Vec<String> = proof.iter().map(ToString::to_string).collect();
                format!("{}\n", serde_json::json!({ "path": path }))
            };
            let lines: String = self.about.consistency.iter().map(line).collect();
            self.file(CONSISTENCY, lines.as_bytes())?;
        }
        let disclosed = std::mem::take(&mut self.disclosed);
        self.file(PERSONAL, &disclosed)?;
        self.file("README.md", README.as_bytes())?;
        self.file("verify.py", VERIFY_PY.as_bytes())?;
        let manifest = Manifest {
            format: FORMAT.to_owned(),
            origin: self.about.log.origin(),
            created: Manifest::moment(self.about.created),
            cadence_seconds: self.about.cadence.as_secs(),
            size: self.size,
            entries: self.entries,
            checkpoints: checkpoints.len() as u64,
            whole: self.is_whole(),
            filter: self.about.filter.clone(),
            chunks: std::mem::take(&mut self.chunks),
            files: std::mem::take(&mut self.files),
        };
        let mut text = serde_json::to_string_pretty(&manifest).map_err(io::Error::other)?;
        text.push('\n');
        let signature = manifest_signature(&manifest, Hash::of(text.as_bytes()), key)?;
        self.tar.file(MANIFEST, text.as_bytes())?;
        self.tar.file(SIGNATURE, signature.as_bytes())?;
        Ok((self.tar.finish()?, manifest))
    }
}

/// The signature under a manifest whose text has this digest.
///
/// # Errors
/// When the key refuses.
pub fn manifest_signature(manifest: &Manifest, digest: Hash, key: &SigningKey) -> Result<String, KeyError> {
    key.note(&Manifest::statement(&manifest.origin, &manifest.created, digest))
}

/// Writes a bundle of a log in memory: entries from 1, what is disclosed of them, and what the bundle is about. The
/// consistency proofs are made here.
///
/// # Errors
/// As [`BundleWriter`].
pub fn write<W: Write>(
    out: W,
    mut about: About,
    entries: &[Entry],
    disclosed: &[Disclosure],
    key: &SigningKey,
) -> Result<(W, Manifest), ExportError> {
    let size = about.checkpoints.last().ok_or(ExportError::NoCheckpoint)?.checkpoint.size;
    let count = usize::try_from(size).unwrap_or(usize::MAX).min(entries.len());
    let entries = &entries[..count];
    let tiles = Tiles::of(entries.iter().map(Entry::leaf));
    let sizes = about.checkpoints.iter().map(|signed| signed.checkpoint.size);
    about.consistency =
        sizes.map(|old| tree::prove_consistency(&tiles, old, size)).collect::<Result<_, _>>()?;
    let filter = about.filter.clone();
    let mut writer = BundleWriter::new(out, about)?;
    for entry in entries.iter().filter(|entry| filter.takes(entry)) {
        let proof = if writer.is_whole() {
            Vec::new()
        } else {
            tree::prove_inclusion(&tiles, entry.sequence - 1, size)?
        };
        writer.entry(entry.sequence, &entry.line(), &proof)?;
        disclosed.iter().filter(|d| d.sequence == entry.sequence).for_each(|d| writer.disclose(d));
    }
    writer.finish(key)
}
