//! CSV, split without copying: a record is found by searching for its separators, and only the
//! wanted cells are copied, straight into Arrow's buffers.
//!
//! Met in real files and handled: a byte order mark, `;` or tab as separator, quotes around some
//! cells, line breaks inside quotes, CRLF, rows with too few or too many cells, quotes that never
//! close, bytes that are no UTF-8. Empty cells and the literal `NULL` are NULL.

use super::{BATCH_ROWS, BadRow, Chunk, Numbers, ReadError, text_schema};
use crate::canonical::is_null_text;
use arrow::array::{ArrayRef, NullBufferBuilder, RecordBatch, RecordBatchOptions, StringArray};
use arrow::buffer::{Buffer, OffsetBuffer, ScalarBuffer};
use arrow::datatypes::SchemaRef;
use memchr::{memchr, memchr2};
use std::collections::HashSet;
use std::io::Read;
use std::sync::Arc;

/// More than any bill has: real ones end near 1,000.
pub const MAX_COLUMNS: usize = 20_000;
/// A record beyond this is no record.
const MAX_RECORD: usize = 16 << 20;
/// A quoted cell beyond this is a quote that was never closed.
const MAX_QUOTED: usize = 1 << 20;
const READ_BYTES: usize = 1 << 20;
/// Bytes of text after which a batch is handed out, whatever its rows.
const BATCH_BYTES: usize = 64 << 20;
const SHOWN_BYTES: usize = 64 << 10;

/// Where a cell stands in the buffer.
#[derive(Clone, Copy)]
struct Cell {
    start: usize,
    end: usize,
    /// Has doubled quotes.
    escaped: bool,
}

/// What was found at a position.
enum Found {
    /// A record; the next one begins here.
    Record(usize),
    /// The buffer ends first.
    Incomplete,
    /// Quotes are broken; the next record begins here.
    Broken(usize, &'static str),
}

#[derive(Default)]
struct Column {
    offsets: Vec<i32>,
    bytes: Vec<u8>,
    nulls: Option<NullBufferBuilder>,
}

impl Column {
    fn start(&mut self) {
        self.offsets.clear();
        self.offsets.reserve(BATCH_ROWS + 1);
        self.offsets.push(0);
        let room = self.bytes.len();
        self.bytes = Vec::with_capacity(room + room / 8);
        self.nulls = Some(NullBufferBuilder::new(BATCH_ROWS));
    }

    fn push(&mut self, value: &[u8], escaped: bool) {
        if escaped {
            let mut rest = value;
            while let Some(at) = memchr(b'"', rest) {
                self.bytes.extend_from_slice(&rest[..=at]);
                rest = rest.get(at + 2..).unwrap_or(&[]);
            }
            self.bytes.extend_from_slice(rest);
        } else {
            self.bytes.extend_from_slice(value);
        }
        self.end(true);
    }

    fn end(&mut self, valid: bool) {
        // INVARIANT: a batch is handed out long before its bytes leave the range of i32.
        self.offsets.push(i32::try_from(self.bytes.len()).unwrap_or(i32::MAX));
        if let Some(nulls) = &mut self.nulls {
            nulls.append(valid);
        }
    }

    fn finish(&mut self) -> Result<ArrayRef, ReadError> {
        let offsets = OffsetBuffer::new(ScalarBuffer::from(std::mem::take(&mut self.offsets)));
        let bytes = Buffer::from_vec(std::mem::take(&mut self.bytes));
        let nulls = self.nulls.take().and_then(|mut nulls| nulls.finish());
        Ok(Arc::new(StringArray::try_new(offsets, bytes, nulls)?))
    }
}

/// A CSV being read.
pub(super) struct CsvReader<R> {
    input: R,
    buffer: Vec<u8>,
    at: usize,
    ended: bool,
    separator: u8,
    names: Vec<String>,
    /// For each cell of a record its column, if wanted.
    wanted: Vec<Option<usize>>,
    columns: Vec<Column>,
    schema: SchemaRef,
    cells: Vec<Cell>,
    row: u64,
}

impl<R: Read> CsvReader<R> {
    pub(super) fn new(input: R) -> Result<Self, ReadError> {
        let mut reader = Self {
            input,
            buffer: Vec::with_capacity(2 * READ_BYTES),
            at: 0,
            ended: false,
            separator: b',',
            names: Vec::new(),
            wanted: Vec::new(),
            columns: Vec::new(),
            schema: text_schema(std::iter::empty()),
            cells: Vec::new(),
            row: 0,
        };
        reader.fill()?;
        if reader.buffer.starts_with(b"\xef\xbb\xbf") {
            reader.at = 3;
        }
        reader.header()?;
        Ok(reader)
    }

    fn header(&mut self) -> Result<(), ReadError> {
        let line_end = memchr(b'\n', &self.buffer[self.at..]).map_or(self.buffer.len(), |end| self.at + end);
        let line = &self.buffer[self.at..line_end];
        let count = |wanted: u8| line.iter().filter(|byte| **byte == wanted).count();
        self.separator = [b',', b';', b'\t', b'|']
            .into_iter()
            .max_by_key(|candidate| (count(*candidate), *candidate == b','))
            .unwrap_or(b',');
        let next = loop {
            match self.record() {
                Found::Record(next) => break next,
                Found::Incomplete => self.fill()?,
                Found::Broken(next, _) => break next,
            }
            if self.buffer.len() - self.at > MAX_RECORD {
                return Err(ReadError::TooLong { row: 0, limit: MAX_RECORD });
            }
        };
        if self.cells.len() > MAX_COLUMNS {
            return Err(ReadError::TooManyColumns(self.cells.len()));
        }
        self.names = self
            .cells
            .iter()
            .map(|cell| {
                let text = String::from_utf8_lossy(&self.buffer[cell.start..cell.end]);
                if cell.escaped { text.replace("\"\"", "\"") } else { text.into_owned() }.trim().to_owned()
            })
            .collect();
        self.at = next;
        if self.names.iter().all(String::is_empty) {
            return Err(ReadError::Empty);
        }
        let mut seen = HashSet::new();
        if let Some(name) = self.names.iter().find(|name| !name.is_empty() && !seen.insert(name.as_str())) {
            return Err(ReadError::ColumnTwice(name.chars().take(80).collect()));
        }
        let all = self.names.clone();
        self.project(&all);
        Ok(())
    }

    pub(super) fn schema(&self) -> SchemaRef {
        text_schema(self.names.iter())
    }

    pub(super) fn project(&mut self, columns: &[String]) {
        let mut chosen: Vec<&String> = Vec::new();
        self.wanted = self
            .names
            .iter()
            .map(|name| {
                // The first column of a name wins.
                let fresh = columns.contains(name) && !chosen.contains(&name);
                fresh.then(|| {
                    chosen.push(name);
                    chosen.len() - 1
                })
            })
            .collect();
        self.columns = chosen.iter().map(|_| Column::default()).collect();
        self.schema = text_schema(chosen.into_iter());
    }

    /// Reads more bytes, moving the unread ones to the front.
    fn fill(&mut self) -> Result<(), ReadError> {
        self.buffer.drain(..self.at);
        self.at = 0;
        let old = self.buffer.len();
        let room = READ_BYTES.max(old);
        self.buffer.resize(old + room, 0);
        let mut filled = old;
        while filled < self.buffer.len() {
            match self.input.read(&mut self.buffer[filled..]) {
                Ok(0) => {
                    self.ended = true;
                    break;
                }
                Ok(read) => filled += read,
                Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error.into()),
            }
        }
        self.buffer.truncate(filled);
        Ok(())
    }

    /// Finds the cells of the record at `self.at`.
    fn record(&mut self) -> Found {
        let Self { buffer, cells, at, ended, separator, .. } = self;
        cells.clear();
        let mut at = *at;
        let first = at;
        loop {
            if buffer.get(at) == Some(&b'"') {
                let start = at + 1;
                let mut from = start;
                let mut escaped = false;
                let end = loop {
                    let Some(quote) = memchr(b'"', &buffer[from..]).map(|found| from + found) else {
                        let unclosed = buffer.len() - start > MAX_QUOTED || *ended;
                        return if unclosed { broken(buffer, first, *ended) } else { Found::Incomplete };
                    };
                    if buffer.get(quote + 1) == Some(&b'"') {
                        escaped = true;
                        from = quote + 2;
                    } else {
                        break quote;
                    }
                    if from - start > MAX_QUOTED {
                        return broken(buffer, first, *ended);
                    }
                };
                cells.push(Cell { start, end, escaped });
                at = end + 1;
                if buffer.get(at) == Some(&b'\r') && buffer.get(at + 1) == Some(&b'\n') {
                    at += 1;
                }
                match buffer.get(at) {
                    Some(byte) if byte == separator => at += 1,
                    Some(b'\n') => return Found::Record(at + 1),
                    None if *ended => return Found::Record(at),
                    None => return Found::Incomplete,
                    Some(b'\r') if at + 1 == buffer.len() && !*ended => return Found::Incomplete,
                    Some(_) => return broken(buffer, first, *ended),
                }
            } else {
                let Some(end) = memchr2(*separator, b'\n', &buffer[at..]).map(|found| at + found) else {
                    if !*ended {
                        return Found::Incomplete;
                    }
                    cells.push(Cell {
                        start: at,
                        end: without_return(buffer, at, buffer.len()),
                        escaped: false,
                    });
                    return Found::Record(buffer.len());
                };
                if buffer[end] == b'\n' {
                    cells.push(Cell { start: at, end: without_return(buffer, at, end), escaped: false });
                    return Found::Record(end + 1);
                }
                cells.push(Cell { start: at, end, escaped: false });
                at = end + 1;
            }
        }
    }

    pub(super) fn next_chunk(&mut self) -> Result<Option<Chunk>, ReadError> {
        for column in &mut self.columns {
            column.start();
        }
        let (mut rows, mut bytes) = (0_usize, 0_usize);
        let first = self.row + 1;
        let mut bad: Vec<BadRow> = Vec::new();
        let mut numbers: Option<Vec<u64>> = None;
        while rows < BATCH_ROWS && bytes < BATCH_BYTES && bad.len() < BATCH_ROWS {
            if self.at >= self.buffer.len() {
                if self.ended {
                    break;
                }
                self.fill()?;
                continue;
            }
            let (next, reason) = match self.record() {
                Found::Record(next) => (next, None),
                Found::Broken(next, reason) => (next, Some(reason.to_owned())),
                Found::Incomplete => {
                    if self.buffer.len() - self.at > MAX_RECORD {
                        return Err(ReadError::TooLong { row: self.row + 1, limit: MAX_RECORD });
                    }
                    self.fill()?;
                    continue;
                }
            };
            let record = &self.buffer[self.at..next];
            // A blank line is no row.
            if self.names.len() > 1 && record.iter().all(u8::is_ascii_whitespace) {
                self.at = next;
                continue;
            }
            self.row += 1;
            let reason = reason.or_else(|| {
                (self.cells.len() != self.names.len())
                    .then(|| format!("has {} cells, the header has {}", self.cells.len(), self.names.len()))
            });
            let reason =
                reason.or_else(|| std::str::from_utf8(record).err().map(|_| "is not UTF-8 text".to_owned()));
            if let Some(reason) = reason {
                let shown = &record[..record.len().min(SHOWN_BYTES)];
                bad.push(BadRow {
                    row: self.row,
                    reason,
                    text: String::from_utf8_lossy(shown).trim_end().to_owned(),
                });
                numbers.get_or_insert_with(|| (first..first + rows as u64).collect());
            } else {
                bytes += record.len();
                rows += 1;
                if let Some(numbers) = &mut numbers {
                    numbers.push(self.row);
                }
                for (cell, column) in self.cells.iter().zip(&self.wanted) {
                    let Some(column) = column.and_then(|index| self.columns.get_mut(index)) else { continue };
                    let value = &self.buffer[cell.start..cell.end];
                    if is_null(value) { column.end(false) } else { column.push(value, cell.escaped) }
                }
            }
            self.at = next;
        }
        if rows == 0 && bad.is_empty() {
            return Ok(None);
        }
        let arrays: Result<Vec<ArrayRef>, ReadError> = self.columns.iter_mut().map(Column::finish).collect();
        let options = RecordBatchOptions::new().with_row_count(Some(rows));
        let batch = RecordBatch::try_new_with_options(Arc::clone(&self.schema), arrays?, &options)?;
        Ok(Some(Chunk { batch, numbers: numbers.map_or(Numbers::From(first), Numbers::Each), bad }))
    }
}

fn is_null(value: &[u8]) -> bool {
    match value {
        [] | b"NULL" => true,
        [first, ..] if first.is_ascii_whitespace() => std::str::from_utf8(value).is_ok_and(is_null_text),
        _ => false,
    }
}

fn without_return(buffer: &[u8], start: usize, end: usize) -> usize {
    if end > start && buffer[end - 1] == b'\r' { end - 1 } else { end }
}

/// The rest of the line is lost; reading goes on with the next.
fn broken(buffer: &[u8], first: usize, ended: bool) -> Found {
    match memchr(b'\n', &buffer[first..]) {
        Some(end) => Found::Broken(first + end + 1, "has broken quotes"),
        None if ended => Found::Broken(buffer.len(), "has broken quotes"),
        None => Found::Incomplete,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use arrow::array::{Array, AsArray};
    use proptest::prelude::*;

    type Cells = Vec<Vec<Option<String>>>;

    fn read(text: &[u8]) -> (Cells, Vec<(u64, String)>) {
        let mut reader = CsvReader::new(text).unwrap();
        let (mut rows, mut bad) = (Vec::new(), Vec::new());
        while let Some(chunk) = reader.next_chunk().unwrap() {
            for row in 0..chunk.batch.num_rows() {
                let cells = chunk.batch.columns().iter().map(|column| {
                    let column = column.as_string::<i32>();
                    column.is_valid(row).then(|| column.value(row).to_owned())
                });
                rows.push(cells.collect());
            }
            bad.extend(chunk.bad.into_iter().map(|bad| (bad.row, bad.reason)));
        }
        (rows, bad)
    }

    fn some(cells: &[&str]) -> Vec<Option<String>> {
        cells.iter().map(|cell| (!cell.is_empty()).then(|| (*cell).to_owned())).collect()
    }

    #[test]
    fn cells_as_real_files_write_them() {
        // claim A1
        let (rows, bad) = read(b"\xef\xbb\xbfa,b,\"c d\"\r\n1,\"x,\"\"y\"\"\",NULL\r\n\r\n,\"two\nlines\",3");
        assert_eq!(rows, [some(&["1", "x,\"y\"", ""]), some(&["", "two\nlines", "3"])]);
        assert!(bad.is_empty());
        assert_eq!(read(b"a;b\n1,5;2\n").0, [some(&["1,5", "2"])]);
        assert_eq!(read(b"a\tb\n1\t2").0, [some(&["1", "2"])]);
    }

    #[test]
    fn a_broken_row_is_reported_and_the_rest_is_read() {
        // claim A1
        let (rows, bad) = read(b"a,b\n1,2\n1,2,3\n\"x\"y,2\n\xff,2\n\"open,4\n5,6\n");
        assert_eq!(rows, [some(&["1", "2"]), some(&["5", "6"])]);
        let reasons: Vec<_> = bad.iter().map(|(row, reason)| (*row, reason.as_str())).collect();
        assert_eq!(
            reasons,
            [
                (2, "has 3 cells, the header has 2"),
                (3, "has broken quotes"),
                (4, "is not UTF-8 text"),
                (5, "has broken quotes")
            ]
        );
    }

    #[test]
    fn only_wanted_cells_are_read() {
        let mut reader = CsvReader::new(&b"a,b,c\n1,2,3\n"[..]).unwrap();
        reader.project(&["c".to_owned(), "a".to_owned()]);
        let chunk = reader.next_chunk().unwrap().unwrap();
        assert_eq!(chunk.batch.num_columns(), 2);
        assert_eq!(chunk.batch.column_by_name("c").unwrap().as_string::<i32>().value(0), "3");
    }

    proptest! {
        #[test]
        fn what_a_csv_writer_writes_is_read_back(cells in proptest::collection::vec(proptest::collection::vec("[a-z\",;\n ]{1,6}x", 3), 1..20)) {
            let mut writer = ::csv::Writer::from_writer(Vec::new());
            writer.write_record(["p", "q", "r"]).unwrap();
            for row in &cells {
                writer.write_record(row).unwrap();
            }
            let (rows, bad) = read(&writer.into_inner().unwrap());
            prop_assert!(bad.is_empty());
            let expected: Vec<Vec<Option<String>>> = cells.iter().map(|row| row.iter().map(|c| Some(c.clone())).collect()).collect();
            prop_assert_eq!(rows, expected);
        }

        #[test]
        fn reading_never_panics(text in proptest::collection::vec(any::<u8>(), 1..200)) {
            if let Ok(mut reader) = CsvReader::new(&text[..]) {
                while let Ok(Some(_)) = reader.next_chunk() {}
            }
        }
    }
}
