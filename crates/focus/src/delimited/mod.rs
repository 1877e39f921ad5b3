//! Delimited text (CSV and its relatives) as batches of text.
//!
//! Billing CSVs come with byte order marks, semicolons and broken quotes. The reader finds the
//! delimiter from the header line, reads only the asked columns, keeps every cell as the text that
//! stood there (an empty cell is an empty text, not NULL: the conformance check wants to see it),
//! and reports each row it had to leave out. It refuses a row longer than [`MAX_RECORD_BYTES`]: that is a quote never closed.
//!
//! Ordinary rows are split by `quick`; `csv_core` reads the header and every row that is not
//! ordinary, from its start. A test holds that both read the same.

mod input;
mod quick;
mod text;

use arrow::array::{RecordBatch, RecordBatchOptions};
use arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use csv_core::{ReadRecordResult, ReaderBuilder};
use input::Input;
use quick::{Cell, Found};
use std::collections::HashMap;
use std::io::Read;
use std::sync::Arc;
use text::TextColumn;

/// Longest row accepted.
pub const MAX_RECORD_BYTES: usize = 4 << 20;
/// Most columns accepted.
pub const MAX_COLUMNS: usize = 20_000;
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
    input: Input<R>,
    parser: csv_core::Reader,
    delimiter: u8,
    columns: Vec<String>,
    /// For each file column the place in the output.
    places: Vec<Option<usize>>,
    schema: SchemaRef,
    row: u64,
    /// The record that was split where it stands.
    cells: Vec<Cell>,
    /// The record that `csv_core` read.
    record: Vec<u8>,
    ends: Vec<usize>,
    /// Bytes of each column in the batch before.
    sizes: Vec<usize>,
    done: bool,
    /// Whether ordinary rows are told from others; a test says no, to compare.
    quick: bool,
}

/// Where the next record is.
enum Next {
    /// In the input, as `cells`; it has as many as there are columns, and ends here.
    Quick(usize),
    /// In `record`, with so many cells.
    General(usize),
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
        let mut input = Input::new(input);
        if !input.more()? {
            return Err(DelimitedError::Empty);
        }
        let start = input.rest();
        if start.starts_with(b"\xff\xfe") || start.starts_with(b"\xfe\xff") {
            return Err(DelimitedError::Utf16);
        }
        if start.starts_with(BOM) {
            input.consume(BOM.len());
        }
        let delimiter = sniff(input.rest())?;
        let parser = ReaderBuilder::new().delimiter(delimiter).build();
        let mut reader = Self {
            input,
            parser,
            delimiter,
            columns: Vec::new(),
            places: Vec::new(),
            schema: Arc::new(Schema::empty()),
            row: 0,
            cells: Vec::new(),
            record: vec![0; 64 << 10],
            ends: vec![0; 512],
            sizes: Vec::new(),
            done: false,
            quick: true,
        };
        let Some(cells) = reader.general_record()? else { return Err(DelimitedError::Empty) };
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
        self.sizes.resize(width, 8 * max_rows);
        let mut columns: Vec<TextColumn> =
            self.sizes.iter().map(|bytes| TextColumn::new(max_rows, *bytes)).collect();
        let mut rows = Vec::with_capacity(max_rows);
        let mut malformed = Vec::new();
        while rows.len() < max_rows && malformed.len() < max_rows {
            let Some(next) = self.next_record()? else {
                self.done = true;
                break;
            };
            match next {
                Next::Quick(end) => {
                    let (bytes, _) = self.input.padded();
                    for (place, cell) in self.places.iter().zip(&self.cells) {
                        if let Some(column) = place.and_then(|place| columns.get_mut(place)) {
                            column.push_from(bytes, *cell);
                        }
                    }
                    self.input.consume(end);
                }
                Next::General(cells) if cells == self.places.len() => {
                    let mut start = 0;
                    for (place, end) in self.places.iter().zip(&self.ends[..cells]) {
                        if let Some(place) = place {
                            columns[*place].push(&self.record[start..*end]);
                        }
                        start = *end;
                    }
                }
                Next::General(found) => {
                    malformed.push(Malformed { row: self.row, expected: self.places.len(), found });
                    continue;
                }
            }
            rows.push(self.row);
        }
        if rows.is_empty() && malformed.is_empty() {
            return Ok(None);
        }
        for (size, column) in self.sizes.iter_mut().zip(&columns) {
            *size = column.size() + column.size() / 16 + 64;
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

    /// The next record, split where it stands if it is an ordinary one.
    fn next_record(&mut self) -> Result<Option<Next>, DelimitedError> {
        while self.quick {
            self.input.skip_line_ends();
            let (bytes, length) = self.input.padded();
            match quick::record(bytes, length, self.delimiter, &mut self.cells) {
                Found::Record(end) if self.cells.len() == self.places.len() => {
                    self.row += 1;
                    return Ok(Some(Next::Quick(end)));
                }
                Found::Incomplete if self.input.more()? => {}
                Found::Record(_) | Found::Incomplete | Found::Odd => break,
            }
        }
        Ok(self.general_record()?.map(Next::General))
    }

    /// Reads one record into `record` and `ends`; its number of cells, or `None` at the end.
    fn general_record(&mut self) -> Result<Option<usize>, DelimitedError> {
        let (mut written, mut cells) = (0, 0);
        loop {
            if self.input.rest().is_empty() {
                self.input.more()?;
            }
            let input = self.input.rest();
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::read::decompressed;
    use arrow::array::AsArray;
    use proptest::prelude::*;

    type Table = (Vec<String>, Vec<Vec<String>>, Vec<Malformed>);

    fn read(text: &[u8]) -> Result<Table, DelimitedError> {
        read_by(text, true)
    }

    fn read_by(text: impl Read, quick: bool) -> Result<Table, DelimitedError> {
        let mut reader = DelimitedReader::new(text)?;
        reader.quick = quick;
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

    /// A few bytes at a time, as a decompressor may give them.
    struct Drops<'a>(&'a [u8], usize);

    impl Read for Drops<'_> {
        fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
            let room = buffer.len().min(self.1);
            self.0.read(&mut buffer[..room])
        }
    }

    fn both(text: &[u8]) -> Table {
        let general = read_by(text, false).unwrap();
        assert_eq!(read_by(text, true).unwrap(), general);
        assert_eq!(read_by(Drops(text, 3), true).unwrap(), general);
        general
    }

    #[test]
    fn quick_and_general_read_the_same() {
        // claim A1
        for text in [
            "A,B,C\n1,\"x,y\",3\n,,\n\"say \"\"hi\"\"\",\"\"\"\",\"\"\n",
            "\u{feff}A;B;C\r\n1;\"x;y\";3,5\r\n\r\n\r\n4;5;6",
            "A,B,C\r1,2,3\r\r\n4,5,6\n\n\n",
            "A,B,C\n\"two\nlines\",\"and\r\nmore\",x\n1,2\n1,2,3,4\n\n5,6,7\n",
            "A,B,C\n\"a\"b,2,3\na\"b,c\"\"d,\"e\n1,\"never closed,\n4,5,6\n",
            "A\tB\tC\n1\t2,5\t\"3\t4\"\nü\u{1}\tö\u{c}\t€\n",
            "A\n\n1\n\"\"\n2\n",
            "A,B\n1,\"x\"",
        ] {
            let (_, rows, malformed) = both(text.as_bytes());
            assert!(!rows.is_empty() || !malformed.is_empty());
        }
        both(b"A,B\n\xff\xfe,2\n3,\xe2\x82\n5,6\n");
    }

    #[test]
    fn records_across_the_ends_of_the_buffer_read_the_same() {
        let mut text = b"A,B,C\n".to_vec();
        for row in 0..9000 {
            let long = "y".repeat(row % 97);
            text.extend(format!("{row},\"{long},\"\"{long}\"\"\n\",{long}\r\n").into_bytes());
        }
        // One record longer than the buffer.
        text.extend(format!("1,\"{}\",3\n4,5,6\n", "z\n".repeat(400_000)).into_bytes());
        let (_, rows, malformed) = both(&text);
        assert_eq!((rows.len(), malformed.len()), (9002, 0));
        assert_eq!(rows[9001], ["4", "5", "6"]);
    }

    proptest! {
        #[test]
        fn any_rows_read_the_same(text in "A,B;C\n([ax1-3ü,;\"\t\r\n]|\"\"|,\"|\",|\n){0,120}", drop in 1usize..40) {
            let general = read_by(text.as_bytes(), false);
            let quick = read_by(Drops(text.as_bytes(), drop), true);
            prop_assert_eq!(quick.map_err(|e| e.to_string()), general.map_err(|e| e.to_string()));
        }

        #[test]
        fn never_panics(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            let _ = read(&bytes);
        }
    }
}
