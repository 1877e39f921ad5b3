//! Bytes of a file, whole records at a time where they fit.

use std::io::{self, Read};

use super::quick::PADDING;

/// Bytes held at a time.
const HELD: usize = 256 << 10;

/// A reader with a buffer that keeps what was not yet used.
pub(super) struct Input<R> {
    reader: R,
    bytes: Vec<u8>,
    at: usize,
    filled: usize,
    ended: bool,
    /// Why reading broke off, told once what came before is used.
    failure: Option<io::Error>,
}

impl<R: Read> Input<R> {
    pub(super) fn new(reader: R) -> Self {
        Self { reader, bytes: vec![0; HELD + PADDING], at: 0, filled: 0, ended: false, failure: None }
    }

    /// What was read and not used.
    pub(super) fn rest(&self) -> &[u8] {
        &self.bytes[self.at..self.filled]
    }

    /// The same with padding behind it, and how much of it was read.
    pub(super) fn padded(&self) -> (&[u8], usize) {
        (&self.bytes[self.at..self.filled + PADDING], self.filled - self.at)
    }

    pub(super) fn consume(&mut self, bytes: usize) {
        self.at = self.filled.min(self.at + bytes);
    }

    /// Uses up line ends: an empty line is no record.
    pub(super) fn skip_line_ends(&mut self) {
        while self.at < self.filled && matches!(self.bytes[self.at], b'\n' | b'\r') {
            self.at += 1;
        }
    }

    /// Fills the buffer; whether anything came.
    pub(super) fn more(&mut self) -> io::Result<bool> {
        if self.ended {
            return Ok(false);
        }
        self.bytes.copy_within(self.at..self.filled, 0);
        self.filled -= self.at;
        self.at = 0;
        let before = self.filled;
        if before == HELD {
            return Ok(false);
        }
        if let Some(failure) = self.failure.take() {
            return Err(failure);
        }
        while self.filled < HELD {
            match self.reader.read(&mut self.bytes[self.filled..HELD]) {
                Ok(0) => {
                    self.ended = true;
                    break;
                }
                Ok(read) => self.filled += read,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) if self.filled == before => return Err(error),
                Err(error) => {
                    self.failure = Some(error);
                    break;
                }
            }
        }
        Ok(self.filled > before)
    }
}
