//! Rows of a CSV file as points, one at a time.

use super::stamp::{Spelling, Stamp, StampError};
use std::io::Read;

/// A field longer than this is refused.
pub const MAX_FIELD_BYTES: usize = 4096;
/// A record that goes on longer than this, for example behind a quote that is never closed, is refused.
const MAX_RECORD_BYTES: u64 = 1 << 20;

/// Why a file of series cannot be read. Rows are lines of the file; the header is row 1.
#[derive(Debug, thiserror::Error)]
pub enum SeriesError {
    /// The file could not be read on.
    #[error("could not read the series")]
    Read(#[source] std::io::Error),
    /// Nothing in the file.
    #[error("the input is empty: give a CSV file with the header `ts,value` or `series,ts,value`")]
    Empty,
    /// Not the header of a file of series.
    #[error("the header is `{found}`: it must be `ts,value` or `series,ts,value`")]
    Header {
        /// The first line.
        found: String,
    },
    /// A row with too many or too few fields.
    #[error("row {row} has {found} fields instead of {wanted}: quote a field that holds a comma")]
    Fields {
        /// Which line.
        row: u64,
        /// How many there are.
        found: u64,
        /// How many the header has.
        wanted: u64,
    },
    /// A field or a record above its bound.
    #[error(
        "row {row} is too long: a field may have {MAX_FIELD_BYTES} bytes; look for a quote that is not closed"
    )]
    TooLong {
        /// Which line.
        row: u64,
    },
    /// Bytes that are not UTF-8.
    #[error("row {row}, column `{column}`: not UTF-8; save the file as UTF-8")]
    NotUtf8 {
        /// Which line.
        row: u64,
        /// Which column.
        column: &'static str,
    },
    /// A timestamp that is none.
    #[error("row {row}, column `ts`: `{text}` is not a timestamp: {why}")]
    Timestamp {
        /// Which line.
        row: u64,
        /// What stands there.
        text: String,
        /// What is wrong with it.
        why: StampError,
    },
    /// Timestamps of two kinds in one series.
    #[error("row {row}, column `ts`: a {found}, but the series began with a {first}; spell all alike")]
    Mixed {
        /// Which line.
        row: u64,
        /// Its kind.
        found: &'static str,
        /// The kind before.
        first: &'static str,
    },
    /// A value that is no finite number.
    #[error("row {row}, column `value`: `{text}` is not a finite number; write 1234.5, or nothing for a gap")]
    Value {
        /// Which line.
        row: u64,
        /// What stands there.
        text: String,
    },
    /// Two values for one moment.
    #[error("series `{series}` has `{ts}` twice, in rows {first} and {second}: add the two up or drop one")]
    Duplicate {
        /// Which series.
        series: String,
        /// Which timestamp.
        ts: String,
        /// The earlier line.
        first: u64,
        /// The later line.
        second: u64,
    },
    /// More points than may be held at once.
    #[error("more than {limit} values that belong together: split the file")]
    TooManyPoints {
        /// The bound.
        limit: usize,
    },
    /// More series than may be told apart.
    #[error("more than {limit} series: split the file")]
    TooManySeries {
        /// The bound.
        limit: usize,
    },
    /// A series whose rows are apart, in a file too large to hold.
    #[error(
        "row {row}: series `{series}` goes on after others, in a file too large to hold: sort it by series first"
    )]
    NotGrouped {
        /// Which line.
        row: u64,
        /// Which series.
        series: String,
    },
}

/// One row.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Point<'a> {
    /// The line in the file; the header is line 1.
    pub row: u64,
    /// The series' name; empty where the file has no such column.
    pub series: &'a str,
    /// The timestamp as it is written.
    pub ts: &'a str,
    /// The timestamp.
    pub stamp: Stamp,
    /// How it is spelt.
    pub spelling: Spelling,
    /// The value; `None` for a gap.
    pub value: Option<f64>,
}

/// Reads a file of series row by row, in constant memory.
#[derive(Debug)]
pub struct Points<R> {
    reader: csv::Reader<Bounded<R>>,
    record: csv::ByteRecord,
    columns: Columns,
}

#[derive(Clone, Copy, Debug)]
struct Columns {
    series: Option<usize>,
    ts: usize,
    value: usize,
}

impl<R: Read> Points<R> {
    /// Reads the header.
    ///
    /// # Errors
    /// If there is none, or not one with the columns `ts` and `value` and at most `series` besides.
    pub fn new(input: R) -> Result<Self, SeriesError> {
        let bounded = Bounded { inner: input, since_record: 0 };
        let mut reader = csv::ReaderBuilder::new().has_headers(false).flexible(true).from_reader(bounded);
        let mut record = csv::ByteRecord::new();
        if !read(&mut reader, &mut record)? {
            return Err(SeriesError::Empty);
        }
        let columns = columns(&record)?;
        Ok(Self { reader, record, columns })
    }

    /// Whether the file has a column `series`.
    #[must_use]
    pub fn has_series_column(&self) -> bool {
        self.columns.series.is_some()
    }

    /// The next row, or `None` at the end.
    ///
    /// # Errors
    /// If the row cannot be read; the error names row and column.
    pub fn next_point(&mut self) -> Result<Option<Point<'_>>, SeriesError> {
        if !read(&mut self.reader, &mut self.record)? {
            return Ok(None);
        }
        let record = &self.record;
        let row = record.position().map_or(0, csv::Position::line);
        let wanted = if self.columns.series.is_some() { 3 } else { 2 };
        if record.len() != wanted {
            let (found, wanted) = (record.len() as u64, wanted as u64);
            return Err(SeriesError::Fields { row, found, wanted });
        }
        let series = match self.columns.series {
            Some(column) => text(record, column, row, "series")?,
            None => "",
        };
        let ts = text(record, self.columns.ts, row, "ts")?.trim();
        let (stamp, spelling) = Stamp::parse(ts.as_bytes()).map_err(|why| SeriesError::Timestamp {
            row,
            text: excerpt(ts),
            why,
        })?;
        let value = number(text(record, self.columns.value, row, "value")?, row)?;
        Ok(Some(Point { row, series, ts, stamp, spelling, value }))
    }
}

fn number(text: &str, row: u64) -> Result<Option<f64>, SeriesError> {
    let text = text.trim();
    if text.is_empty() || ["na", "nan", "null"].iter().any(|gap| text.eq_ignore_ascii_case(gap)) {
        return Ok(None);
    }
    match text.parse::<f64>() {
        Ok(value) if value.is_finite() => Ok(Some(value)),
        _ => Err(SeriesError::Value { row, text: excerpt(text) }),
    }
}

fn text<'r>(
    record: &'r csv::ByteRecord,
    at: usize,
    row: u64,
    column: &'static str,
) -> Result<&'r str, SeriesError> {
    let field = record.get(at).unwrap_or_default();
    if field.len() > MAX_FIELD_BYTES {
        return Err(SeriesError::TooLong { row });
    }
    std::str::from_utf8(field).map_err(|_| SeriesError::NotUtf8 { row, column })
}

/// Enough of a wrong field to find it by.
fn excerpt(text: &str) -> String {
    text.chars().filter(|c| !c.is_control()).take(60).collect()
}

fn columns(header: &csv::ByteRecord) -> Result<Columns, SeriesError> {
    let names: Vec<String> = header
        .iter()
        .map(|name| String::from_utf8_lossy(name).trim_start_matches('\u{feff}').trim().to_ascii_lowercase())
        .collect();
    let place = |wanted: &str| names.iter().position(|name| name == wanted);
    let found = (place("series"), place("ts"), place("value"));
    let (series, Some(ts), Some(value)) = found else { return Err(wrong_header(&names)) };
    if names.len() != if series.is_some() { 3 } else { 2 } {
        return Err(wrong_header(&names));
    }
    Ok(Columns { series, ts, value })
}

fn wrong_header(names: &[String]) -> SeriesError {
    SeriesError::Header { found: excerpt(&names.join(",")) }
}

/// One record; empty lines are passed over.
fn read<R: Read>(
    reader: &mut csv::Reader<Bounded<R>>,
    record: &mut csv::ByteRecord,
) -> Result<bool, SeriesError> {
    reader.get_mut().since_record = 0;
    let row = reader.position().line();
    reader.read_byte_record(record).map_err(|error| match error.into_kind() {
        csv::ErrorKind::Io(error) if error.kind() == std::io::ErrorKind::FileTooLarge => {
            SeriesError::TooLong { row }
        }
        csv::ErrorKind::Io(error) => SeriesError::Read(error),
        other => SeriesError::Read(std::io::Error::other(format!("{other:?}"))),
    })
}

/// Stops a record without an end before it fills the memory.
#[derive(Debug)]
struct Bounded<R> {
    inner: R,
    since_record: u64,
}

impl<R: Read> Read for Bounded<R> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        if self.since_record > MAX_RECORD_BYTES {
            return Err(std::io::ErrorKind::FileTooLarge.into());
        }
        let read = self.inner.read(buffer)?;
        self.since_record += read as u64;
        Ok(read)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(text: &[u8]) -> Result<Vec<(String, String, Option<f64>)>, SeriesError> {
        let mut points = Points::new(text)?;
        let mut out = Vec::new();
        while let Some(point) = points.next_point()? {
            out.push((point.series.to_owned(), point.ts.to_owned(), point.value));
        }
        Ok(out)
    }

    #[test]
    fn both_headers_are_read_with_a_mark_and_with_carriage_returns() {
        let two = all(b"\xef\xbb\xbfts,value\r\n2025-01-01,1.5\r\n2025-01-02,\r\n").unwrap();
        assert_eq!(two[0], (String::new(), "2025-01-01".to_owned(), Some(1.5)));
        assert_eq!(two[1].2, None);
        let three = all(b"series,ts,value\n\"a,b\",1,1e12\na,2,NaN\n").unwrap();
        assert_eq!(three[0], ("a,b".to_owned(), "1".to_owned(), Some(1e12)));
        assert_eq!(three[1].2, None);
    }

    #[test]
    fn what_is_wrong_is_named_by_row_and_column() {
        let says = |text: &[u8]| all(text).unwrap_err().to_string();
        assert!(says(b"").contains("empty"));
        assert!(says(b"date,cost\n1,2\n").contains("`date,cost`"));
        assert!(
            says(b"ts,value\n2025-01-01,1\n2025-02-30,1\n").starts_with("row 3, column `ts`: `2025-02-30`")
        );
        assert!(says(b"ts,value\n1,2\n2,inf\n").starts_with("row 3, column `value`: `inf`"));
        assert!(says(b"ts,value\n1,\"2,5\"\n").starts_with("row 2, column `value`"));
        assert!(says(b"ts,value\n1,2,3\n").starts_with("row 2 has 3 fields instead of 2"));
        assert!(says(b"series,ts,value\n\xff,1,2\n").starts_with("row 2, column `series`: not UTF-8"));
    }

    #[test]
    fn a_quote_that_is_never_closed_ends_early() {
        let mut text = b"ts,value\n1,\"".to_vec();
        text.resize(20 << 20, b'x');
        assert!(matches!(all(&text), Err(SeriesError::TooLong { row: 2 })));
    }
}
