//! Streams of any length, sealed in chunks (the STREAM construction of Hoang, Reyhanitabar, Rogaway
//! and Vizár, 2015), for backups (claim B9).
//!
//! ```text
//! "bursarS1" | key version, 4 bytes big-endian | salt, 32 | chunk … | last chunk
//! chunk = 64 KiB encrypted, then its tag; the last one holds 0 to 64 KiB
//! ```
//!
//! Every stream has a key of its own: HMAC-SHA256 of the backup key over {owner, what the stream
//! is, header}. The nonce of a chunk is its number and whether it is the last, so chunks that are
//! changed, left out, doubled, reordered, taken from another stream, cut off or appended are
//! noticed. A reader gives out a chunk only once it is proven, but it learns that a stream was cut
//! only at its end: **act on what was read after the reader has said that the end is the end.**
//!
//! Memory is two chunks on either side.

use crate::data_keys::Versions;
use crate::purpose::Owner;
use crate::seal::{self, NONCE_BYTES, SealError, TAG_BYTES};
use crate::{Randomness, Secret32, digest};
use aes_gcm::aead::AeadInOut;
use aes_gcm::{Aes256Gcm, Nonce};
use std::io::{self, Read, Write};
use zeroize::Zeroizing;

const MAGIC: &[u8; 8] = b"bursarS1";
const SALT_BYTES: usize = 32;
const HEADER_BYTES: usize = MAGIC.len() + 4 + SALT_BYTES;
/// Plain bytes of a full chunk.
pub(crate) const CHUNK_BYTES: usize = 64 * 1024;

/// Why a sealed stream cannot be read on. It comes inside an [`io::Error`] of kind `InvalidData`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum StreamError {
    /// It does not begin as a sealed stream does.
    #[error("this is no sealed stream")]
    Malformed,
    /// Sealed with a version of the key that is not open here.
    #[error("sealed with version {0} of the key, which is not open here")]
    UnknownVersion(u32),
    /// Another key, another stream, changed, reordered, cut off or appended to.
    #[error("the stream was changed or cut off, or is another than expected")]
    Refused,
    /// More than 2^32 chunks (256 TiB).
    #[error("the stream is too long")]
    TooLong,
}

impl From<StreamError> for io::Error {
    fn from(error: StreamError) -> Self {
        Self::new(io::ErrorKind::InvalidData, error)
    }
}

/// Seals what is written to it. [`SealWriter::finish`] writes the end; without it the stream
/// counts as cut off, so a writer that is dropped on an error leaves nothing that would open.
pub struct SealWriter<W> {
    inner: W,
    chunks: Chunks,
    /// At most a full chunk, kept back because it may be the last.
    pending: Zeroizing<Vec<u8>>,
    /// Part of a chunk may be out already; nothing sensible can follow.
    failed: bool,
}

/// Opens what a [`SealWriter`] sealed.
pub struct OpenReader<R> {
    inner: R,
    chunks: Chunks,
    /// A sealed chunk and the first byte of the next.
    sealed: Vec<u8>,
    plain: Zeroizing<Vec<u8>>,
    /// How much of `plain` was given out.
    given: usize,
    state: State,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    Reading,
    Ended,
    Failed,
}

/// The cipher of one stream and the number of the next chunk.
struct Chunks {
    cipher: Aes256Gcm,
    next: Option<u32>,
}

impl Chunks {
    fn new(key: &Secret32, owner: Owner, what: &str, header: &[u8]) -> Self {
        let owner = owner.to_string();
        let key = Secret32::new(digest::keyed(
            key,
            &seal::binding("bursar-stream-v1", &[owner.as_bytes(), what.as_bytes(), header]),
        ));
        Self { cipher: seal::cipher(&key), next: Some(0) }
    }

    fn nonce(&mut self, last: bool) -> Result<Nonce<aes_gcm::aead::consts::U12>, StreamError> {
        let number = self.next.ok_or(StreamError::TooLong)?;
        self.next = number.checked_add(1);
        let mut nonce = [0; NONCE_BYTES];
        nonce[7..11].copy_from_slice(&number.to_be_bytes());
        nonce[11] = u8::from(last);
        Ok(Nonce::from(nonce))
    }

    fn seal(&mut self, chunk: &mut Vec<u8>, last: bool) -> Result<(), StreamError> {
        let nonce = self.nonce(last)?;
        self.cipher.encrypt_in_place(&nonce, &[], chunk).map_err(|_| StreamError::Refused)
    }

    fn open(&mut self, chunk: &mut Vec<u8>, last: bool) -> Result<(), StreamError> {
        let nonce = self.nonce(last)?;
        self.cipher.decrypt_in_place(&nonce, &[], chunk).map_err(|_| StreamError::Refused)
    }
}

impl<W: Write> SealWriter<W> {
    pub(crate) fn new(
        keys: &Versions,
        owner: Owner,
        what: &str,
        mut inner: W,
        random: &dyn Randomness,
    ) -> io::Result<Self> {
        let (version, key) = keys.newest();
        let mut header = [0; HEADER_BYTES];
        header[..MAGIC.len()].copy_from_slice(MAGIC);
        header[MAGIC.len()..MAGIC.len() + 4].copy_from_slice(&version.to_be_bytes());
        random
            .fill(&mut header[MAGIC.len() + 4..])
            .map_err(|error| io::Error::other(SealError::Randomness(error)))?;
        inner.write_all(&header)?;
        let chunks = Chunks::new(key, owner, what, &header);
        let pending = Zeroizing::new(Vec::with_capacity(CHUNK_BYTES + TAG_BYTES));
        Ok(Self { inner, chunks, pending, failed: false })
    }

    /// Writes the end of the stream and gives the writer back, flushed.
    ///
    /// # Errors
    /// When it cannot be written; the stream then does not open.
    pub fn finish(mut self) -> io::Result<W> {
        self.send(true)?;
        self.inner.flush()?;
        Ok(self.inner)
    }

    fn send(&mut self, last: bool) -> io::Result<()> {
        if self.failed {
            return Err(io::Error::other("an earlier part of the stream could not be written"));
        }
        // Encrypted in place: afterwards the buffer holds nothing secret.
        self.failed = true;
        self.chunks.seal(&mut self.pending, last)?;
        self.inner.write_all(&self.pending)?;
        self.pending.clear();
        self.failed = false;
        Ok(())
    }
}

impl<W: Write> Write for SealWriter<W> {
    fn write(&mut self, plain: &[u8]) -> io::Result<usize> {
        if plain.is_empty() {
            return Ok(0);
        }
        // A full chunk goes out only when there is more: the last one is marked.
        if self.pending.len() == CHUNK_BYTES {
            self.send(false)?;
        }
        let taken = plain.len().min(CHUNK_BYTES - self.pending.len());
        self.pending.extend_from_slice(&plain[..taken]);
        Ok(taken)
    }

    /// Flushes what is sealed. The chunk that is being filled stays back.
    fn flush(&mut self) -> io::Result<()> {
        self.inner.flush()
    }
}

impl<R: Read> OpenReader<R> {
    pub(crate) fn new(keys: &Versions, owner: Owner, what: &str, mut inner: R) -> io::Result<Self> {
        let mut header = [0; HEADER_BYTES];
        inner.read_exact(&mut header).map_err(|error| match error.kind() {
            io::ErrorKind::UnexpectedEof => StreamError::Malformed.into(),
            _ => error,
        })?;
        let rest = header.strip_prefix(MAGIC).ok_or(StreamError::Malformed)?;
        let version =
            rest.first_chunk::<4>().map(|v| u32::from_be_bytes(*v)).ok_or(StreamError::Malformed)?;
        let key = keys.version(version).ok_or(StreamError::UnknownVersion(version))?;
        let chunks = Chunks::new(key, owner, what, &header);
        Ok(Self {
            inner,
            chunks,
            sealed: Vec::with_capacity(CHUNK_BYTES + TAG_BYTES + 1),
            plain: Zeroizing::new(Vec::with_capacity(CHUNK_BYTES + TAG_BYTES)),
            given: 0,
            state: State::Reading,
        })
    }

    /// Reads and proves the next chunk.
    fn advance(&mut self) -> io::Result<()> {
        let full = CHUNK_BYTES + TAG_BYTES;
        // One byte more than a chunk tells whether it is the last.
        let wanted = (full + 1 - self.sealed.len()) as u64;
        (&mut self.inner).take(wanted).read_to_end(&mut self.sealed)?;
        let last = self.sealed.len() <= full;
        let length = self.sealed.len().min(full);
        self.plain.clear();
        self.plain.extend_from_slice(&self.sealed[..length]);
        self.sealed.drain(..length);
        self.given = 0;
        if let Err(error) = self.chunks.open(&mut self.plain, last) {
            self.plain.clear();
            self.state = State::Failed;
            return Err(error.into());
        }
        if last {
            self.state = State::Ended;
        }
        Ok(())
    }
}

impl<R: Read> Read for OpenReader<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if buffer.is_empty() {
            return Ok(0);
        }
        while self.given == self.plain.len() {
            match self.state {
                State::Reading => self.advance()?,
                State::Ended => return Ok(0),
                // Reading on after an error must not look like an end.
                State::Failed => return Err(StreamError::Refused.into()),
            }
        }
        let taken = buffer.len().min(self.plain.len() - self.given);
        buffer[..taken].copy_from_slice(&self.plain[self.given..self.given + taken]);
        self.given += taken;
        Ok(taken)
    }
}
