//! Cells on their way into a column of text.

use std::sync::Arc;

use arrow::array::{ArrayRef, StringArray};
use arrow::buffer::{Buffer, OffsetBuffer, ScalarBuffer};
use memchr::memchr;

use super::quick::Cell;

/// One column under construction, without a string per cell.
pub(super) struct TextColumn {
    bytes: Vec<u8>,
    offsets: Vec<i32>,
}

impl TextColumn {
    pub(super) fn new(rows: usize, bytes: usize) -> Self {
        let mut offsets = Vec::with_capacity(rows + 1);
        offsets.push(0);
        Self { bytes: Vec::with_capacity(bytes), offsets }
    }

    pub(super) fn push(&mut self, cell: &[u8]) {
        self.bytes.extend_from_slice(cell);
        self.end();
    }

    /// Takes a cell from where it stands.
    pub(super) fn push_from(&mut self, bytes: &[u8], cell: Cell) {
        let Cell { start, end, doubled } = cell;
        let length = end - start;
        if doubled {
            let mut rest = &bytes[start..end];
            while let Some(quote) = memchr(b'"', rest) {
                self.bytes.extend_from_slice(&rest[..=quote]);
                rest = rest.get(quote + 2..).unwrap_or_default();
            }
            self.bytes.extend_from_slice(rest);
        } else if length <= 16
            && let Some(more) = bytes.get(start..).and_then(<[u8]>::first_chunk::<16>)
        {
            // Most cells are short: sixteen bytes and back are quicker than a call that counts.
            let before = self.bytes.len();
            self.bytes.extend_from_slice(more);
            self.bytes.truncate(before + length);
        } else {
            self.bytes.extend_from_slice(&bytes[start..end]);
        }
        self.end();
    }

    /// Bytes so far.
    pub(super) fn size(&self) -> usize {
        self.bytes.len()
    }

    fn end(&mut self) {
        // INVARIANT: a batch is at most 2³¹ bytes per column: rows × MAX_RECORD_BYTES is checked by `finish`.
        self.offsets.push(i32::try_from(self.bytes.len()).unwrap_or(i32::MAX));
    }

    pub(super) fn finish(self) -> ArrayRef {
        let offsets = OffsetBuffer::new(ScalarBuffer::from(self.offsets));
        let bytes = Buffer::from_vec(self.bytes);
        // Cells are cut at ASCII delimiters, so on character boundaries.
        if let Ok(array) = StringArray::try_new(offsets.clone(), bytes.clone(), None) {
            return Arc::new(array);
        }
        // Not UTF-8 somewhere: keep what can be read, with replacement characters.
        let cells = offsets.windows(2).map(|w| {
            let range = usize::try_from(w[0]).unwrap_or(0)..usize::try_from(w[1]).unwrap_or(0);
            String::from_utf8_lossy(bytes.get(range).unwrap_or_default()).into_owned()
        });
        Arc::new(StringArray::from_iter_values(cells))
    }
}
