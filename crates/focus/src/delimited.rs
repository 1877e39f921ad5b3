//! Delimited text (CSV and its relatives) as batches of text.
//!
//! Billing CSVs come with byte order marks, semicolons and broken quotes. The reader finds the
//! delimiter from the header line, reads only the asked columns, keeps every cell as the text that
//! stood there (an empty cell is an empty text, not NULL: the conformance check wants to see it),
//! and reports each row it had to leave out. It refuses a row longer than [`MAX_RECORD_BYTES`]: that is a quote never closed.

use arrow::array::{ArrayRef, RecordBatch, RecordBatchOptions, StringArray};
use arrow::buffer::{Buffer, OffsetBuffer, ScalarBuffer};
use arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use csv_core::{ReadRecordResult, ReaderBuilder};
use std::collections::HashMap;
use std::io::{BufRead, BufReader, Read};
use std::sync::Arc;

/// Longest row accepted.
pub const MAX_RECORD_BYTES: usize = 4 << 20;
/// Most columns accepted.
pub const MAX_COLUMNS: usize = 20_000;
const READ_BYTES: usize = 256 << 10;
const BOM: &[u8] = b"\xef\xbb\xbf";

/// Why a text cannot be read as a table.
#[derive(Debug, thiserror::Error)]
pub enum DelimitedError {
    /// Reading failed; a truncated gzip ends up here.
    #[error(transparent)]
    Io(#[from] std::io::Error),
    /// Nothing at all, not even a header.
    #[error("the file is empty: expected a header line with column names")]
    Empty,
    /// Another encoding.
    #[error("the file is encoded as UTF-16: export it as UTF-8")]
    Utf16,
    /// Not text.
    #[error("the file is not a table of text: its first line has no column names")]
    NotText,
    /// Too many columns.
    #[error("the header has more than {MAX_COLUMNS} columns")]
    TooManyColumns,
    /// Two columns of one name: which of them counts cannot be known.
    #[error(
        "the header has the column `{name}` twice, as column {first} and as column {second}: remove one of them"
    )]
    ColumnTwice {
        /// Its name.
        name: String,
        /// The first place, from 1.
        first: usize,
        /// The second.
        second: usize,
    },
    /// A row that never ends.
    #[error(
        "row {row} is longer than {MAX_RECORD_BYTES} bytes: a quote that opens there is probably never closed"
    )]
    RecordTooLong {
        /// Data row, from 1.
        row: u64,
    },
    /// Arrow refused the batch; a bug of ours.
    #[error("the rows cannot be put into a batch")]
    Arrow(#[from] arrow::error::ArrowError),
}

/// A row that was left out because its cells cannot be told apart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Malformed {
    /// Data row, from 1.
    pub row: u64,
    /// Cells the header promises.
    pub expected: usize,
    /// Cells found.
    pub found: usize,
}

impl Malformed {
    /// For messages; lower case, no full stop.
    #[must_use]
    pub const fn reason(&self) -> &'static str {
        "does not have as many cells as the header has columns (a broken quote or an unescaped delimiter)"
    }
}

/// Some rows.
#[derive(Debug)]
pub struct Rows {
    /// The asked columns as text; no NULLs.
    pub batch: RecordBatch,
    /// Data row number (from 1) of every row of the batch.
    pub rows: Vec<u64>,
    /// Rows left out.
    pub malformed: Vec<Malformed>,
}

/// Reads rows in batches.
pub struct DelimitedReader<R> {
    input: BufReader<R>,
    parser: csv_core::Reader,
    delimiter: u8,
    columns: Vec<String>,
    /// For each file column the place in the output.
    places: Vec<Option<usize>>,
    schema: SchemaRef,
    row: u64,
    record: Vec<u8>,
    ends: Vec<usize>,
    done: bool,
}

impl<R> std::fmt::Debug for DelimitedReader<R> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("DelimitedReader")
            .field("columns", &self.columns.len())
            .field("row", &self.row)
            .finish_non_exhaustive()
    }
}

impl<R: Read> DelimitedReader<R> {
    /// Reads the header. All columns are read until [`Self::project`] says otherwise.
    ///
    /// # Errors
    /// When there is no header of column names, or reading fails.
    pub fn new(input: R) -> Result<Self, DelimitedError> {
        let mut input = BufReader::with_capacity(READ_BYTES, input);
        let start = input.fill_buf()?;
        if start.is_empty() {
            return Err(DelimitedError::Empty);
        }
        if start.starts_with(b"\xff\xfe") || start.starts_with(b"\xfe\xff") {
            return Err(DelimitedError::Utf16);
        }
        if start.starts_with(BOM) {
            input.consume(BOM.len());
        }
        let delimiter = sniff(input.fill_buf()?)?;
        let parser = ReaderBuilder::new().delimiter(delimiter).build();
        let mut reader = Self {
            input,
            parser,
            delimiter,
            columns: Vec::new(),
            places: Vec::new(),
            schema: Arc::new(Schema::empty()),
            row: 0,
            record: vec![0; 64 << 10],
            ends: vec![0; 512],
            done: false,
        };
        let Some(cells) = reader.next_record()? else { return Err(DelimitedError::Empty) };
        reader.row = 0;
        if cells > MAX_COLUMNS {
            return Err(DelimitedError::TooManyColumns);
        }
        let names =
            (0..cells).map(|i| std::str::from_utf8(reader.cell(i)).map(|name| name.trim().to_owned()));
        reader.columns = names.collect::<Result<_, _>>().map_err(|_| DelimitedError::NotText)?;
        if reader.columns.iter().any(|name| name.contains('\0'))
            || reader.columns.iter().all(String::is_empty)
        {
            return Err(DelimitedError::NotText);
        }
        let mut places = HashMap::with_capacity(cells);
        for (index, name) in reader.columns.iter().enumerate().filter(|(_, name)| !name.is_empty()) {
            if let Some(first) = places.insert(name.as_str(), index + 1) {
                return Err(DelimitedError::ColumnTwice {
                    name: name.chars().take(80).collect(),
                    first,
                    second: index + 1,
                });
            }
        }
        let all: Vec<usize> = (0..cells).collect();
        reader.project(&all);
        Ok(reader)
    }

    /// Column names of the header, trimmed.
    #[must_use]
    pub fn columns(&self) -> &[String] {
        &self.columns
    }

    /// What stands between cells.
    #[must_use]
    pub const fn delimiter(&self) -> u8 {
        self.delimiter
    }

    /// Reads only these columns (indexes into [`Self::columns`]), in this order.
    pub fn project(&mut self, columns: &[usize]) {
        self.places = vec![None; self.columns.len()];
        let mut fields = Vec::with_capacity(columns.len());
        for (place, column) in columns.iter().enumerate() {
            if let Some(slot) = self.places.get_mut(*column) {
                *slot = Some(place);
                fields.push(Field::new(&self.columns[*column], DataType::Utf8, true));
            }
        }
        self.schema = Arc::new(Schema::new(fields));
    }

    /// The schema of the batches.
    #[must_use]
    pub fn schema(&self) -> SchemaRef {
        Arc::clone(&self.schema)
    }

    /// At most `max_rows` rows, or `None` at the end.
    ///
    /// # Errors
    /// When reading fails or a row never ends.
    pub fn next_rows(&mut self, max_rows: usize) -> Result<Option<Rows>, DelimitedError> {
        if self.done {
            return Ok(None);
        }
        let width = self.schema.fields().len();
        let mut columns: Vec<TextColumn> = (0..width).map(|_| TextColumn::new(max_rows)).collect();
        let mut rows = Vec::with_capacity(max_rows);
        let mut malformed = Vec::new();
        while rows.len() < max_rows && malformed.len() < max_rows {
            let Some(cells) = self.next_record()? else {
                self.done = true;
                break;
            };
            if cells != self.places.len() {
                malformed.push(Malformed { row: self.row, expected: self.places.len(), found: cells });
                continue;
            }
            let mut start = 0;
            for (place, end) in self.places.iter().zip(&self.ends[..cells]) {
                if let Some(place) = place {
                    columns[*place].push(&self.record[start..*end]);
                }
                start = *end;
            }
            rows.push(self.row);
        }
        if rows.is_empty() && malformed.is_empty() {
            return Ok(None);
        }
        let arrays = columns.into_iter().map(TextColumn::finish).collect();
        let options = RecordBatchOptions::new().with_row_count(Some(rows.len()));
        let batch = RecordBatch::try_new_with_options(self.schema(), arrays, &options)?;
        Ok(Some(Rows { batch, rows, malformed }))
    }

    fn cell(&self, index: usize) -> &[u8] {
        let start = if index == 0 { 0 } else { self.ends[index - 1] };
        &self.record[start..self.ends[index]]
    }

    /// Reads one record into `record` and `ends`; its number of cells, or `None` at the end.
    fn next_record(&mut self) -> Result<Option<usize>, DelimitedError> {
        let (mut written, mut cells) = (0, 0);
        loop {
            let input = self.input.fill_buf()?;
            let (result, read, wrote, ended) =
                self.parser.read_record(input, &mut self.record[written..], &mut self.ends[cells..]);
            self.input.consume(read);
            written += wrote;
            cells += ended;
            match result {
                ReadRecordResult::InputEmpty => {}
                ReadRecordResult::OutputFull if self.record.len() >= MAX_RECORD_BYTES => {
                    return Err(DelimitedError::RecordTooLong { row: self.row + 1 });
                }
                ReadRecordResult::OutputFull => self.record.resize(self.record.len() * 2, 0),
                ReadRecordResult::OutputEndsFull if self.ends.len() > MAX_COLUMNS * 2 => {
                    return Err(DelimitedError::TooManyColumns);
                }
                ReadRecordResult::OutputEndsFull => self.ends.resize(self.ends.len() * 2, 0),
                ReadRecordResult::Record => {
                    self.row += 1;
                    return Ok(Some(cells));
                }
                ReadRecordResult::End => return Ok(None),
            }
        }
    }
}

/// The delimiter of the header line: the most frequent candidate outside quotes.
fn sniff(start: &[u8]) -> Result<u8, DelimitedError> {
    let mut quoted = false;
    let mut counts = [(b',', 0_usize), (b';', 0), (b'\t', 0), (b'|', 0)];
    for byte in start {
        match byte {
            0 => return Err(DelimitedError::NotText),
            b'"' => quoted = !quoted,
            b'\n' | b'\r' if !quoted => break,
            other if !quoted => {
                if let Some((_, count)) = counts.iter_mut().find(|(candidate, _)| candidate == other) {
                    *count += 1;
                }
            }
            _ => {}
        }
    }
    // Of equals the first wins: a one-column file is read with commas.
    let most = counts.iter().map(|(_, count)| *count).max().unwrap_or(0);
    Ok(counts.iter().find(|(_, count)| *count == most).map_or(b',', |(candidate, _)| *candidate))
}

/// One column under construction, without a string per cell.
struct TextColumn {
    bytes: Vec<u8>,
    offsets: Vec<i32>,
}

impl TextColumn {
    fn new(rows: usize) -> Self {
        let mut offsets = Vec::with_capacity(rows + 1);
        offsets.push(0);
        Self { bytes: Vec::with_capacity(rows * 8), offsets }
    }

    fn push(&mut self, cell: &[u8]) {
        self.bytes.extend_from_slice(cell);
        // INVARIANT: a batch is at most 2³¹ bytes per column: rows × MAX_RECORD_BYTES is checked by `finish`.
        self.offsets.push(i32::try_from(self.bytes.len()).unwrap_or(i32::MAX));
    }

    fn finish(self) -> ArrayRef {
        let offsets = OffsetBuffer::new(ScalarBuffer::from(self.offsets));
        if std::str::from_utf8(&self.bytes).is_ok() {
            if let Ok(array) = StringArray::try_new(offsets, Buffer::from_vec(self.bytes), None) {
                return Arc::new(array);
            }
            // Unreachable: cells are cut at ASCII delimiters, so on character boundaries.
            return Arc::new(StringArray::new_null(0));
        }
        // Not UTF-8 somewhere: keep what can be read, with replacement characters.
        let cells = offsets.windows(2).map(|w| {
            let range = usize::try_from(w[0]).unwrap_or(0)..usize::try_from(w[1]).unwrap_or(0);
            String::from_utf8_lossy(self.bytes.get(range).unwrap_or_default()).into_owned()
        });
        Arc::new(StringArray::from_iter_values(cells))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::read::decompressed;
    use arrow::array::AsArray;
    use proptest::prelude::*;

    type Table = (Vec<String>, Vec<Vec<String>>, Vec<Malformed>);

    fn read(text: &[u8]) -> Result<Table, DelimitedError> {
        let mut reader = DelimitedReader::new(text)?;
        let (mut rows, mut malformed) = (Vec::new(), Vec::new());
        while let Some(part) = reader.next_rows(2)? {
            for row in 0..part.batch.num_rows() {
                rows.push(
                    part.batch.columns().iter().map(|c| c.as_string::<i32>().value(row).to_owned()).collect(),
                );
            }
            malformed.extend(part.malformed);
        }
        Ok((reader.columns().to_vec(), rows, malformed))
    }

    #[test]
    fn bom_semicolons_and_quotes() {
        let (columns, rows, malformed) =
            read(b"\xef\xbb\xbfA;B\n1;\"x;y\"\r\n2;\"say \"\"hi\"\"\"\n").unwrap();
        assert_eq!(columns, ["A", "B"]);
        assert_eq!(rows, [["1", "x;y"], ["2", "say \"hi\""]]);
        assert!(malformed.is_empty());
    }

    #[test]
    fn a_row_of_another_width_is_left_out_and_named() {
        let (_, rows, malformed) = read(b"A,B\n1,2\n3\n4,5,6\n7,8\n").unwrap();
        assert_eq!(rows, [["1", "2"], ["7", "8"]]);
        assert_eq!(malformed.iter().map(|m| (m.row, m.found)).collect::<Vec<_>>(), [(2, 1), (3, 3)]);
    }

    #[test]
    fn what_is_no_table_is_refused() {
        assert!(matches!(read(b""), Err(DelimitedError::Empty)));
        assert!(matches!(read(b"\xff\xfeA\0"), Err(DelimitedError::Utf16)));
        assert!(matches!(read(b"PAR1\0\0"), Err(DelimitedError::NotText)));
        let twice = read(b"A,B, A\n1,2,3\n").unwrap_err().to_string();
        assert!(twice.contains("`A` twice, as column 1 and as column 3"), "{twice}");
        assert!(read(b"A,,\n1,2,3\n").is_ok(), "columns without a name are nobody's");
        let mut unclosed = b"A,B\n1,\"x\n".to_vec();
        unclosed.resize(MAX_RECORD_BYTES + 1024, b'y');
        assert!(matches!(read(&unclosed), Err(DelimitedError::RecordTooLong { row: 1 })));
    }

    #[test]
    fn truncated_gzip_says_so() {
        use std::io::Write;
        let mut gz = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
        gz.write_all("A,B\n".as_bytes()).unwrap();
        gz.write_all("1,2\n".repeat(20_000).as_bytes()).unwrap();
        let whole = gz.finish().unwrap();
        let cut = &whole[..whole.len() / 2];
        let mut reader = DelimitedReader::new(decompressed(cut, true)).unwrap();
        let mut last = reader.next_rows(8192);
        while let Ok(Some(_)) = last {
            last = reader.next_rows(8192);
        }
        assert!(last.unwrap_err().to_string().contains("truncated"));
    }

    proptest! {
        #[test]
        fn never_panics(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            let _ = read(&bytes);
        }
    }
}
