//! The detector over a stream of CSV: `ts,value` or `series,ts,value` in, and for every row in, one row out:
//! `series,ts,value,expected,score,is_anomaly`.
//!
//! Rows are judged in the order in which they come; a row's output depends on nothing that follows it, and is written
//! before more input is waited for. An empty value, `NA`, `NaN` or `null` is a gap: its row comes back without an expectation. Columns may stand in any order and other columns are ignored. Memory grows with the number
//! of series, not of rows, and both a row's length and the number of series have a limit.

use super::{Detector, Options, Verdict, population::Population, time};
use std::collections::HashMap;
use std::io::{BufRead, Write};

/// Longest row that is read, in bytes.
pub const MAX_ROW_BYTES: usize = 1 << 20;

/// Why a stream could not be judged.
#[derive(Debug, thiserror::Error)]
pub enum AnomalyError {
    /// Reading failed.
    #[error("the input could not be read")]
    Read(#[source] std::io::Error),
    /// Writing failed.
    #[error("the output could not be written")]
    Write(#[source] std::io::Error),
    /// There is no header, or a needed column is not in it.
    #[error("the first line must name the columns `ts,value` or `series,ts,value`, not `{found}`")]
    Header {
        /// The line as found, shortened.
        found: String,
    },
    /// A row with too few fields.
    #[error("line {line} has no column `{column}`: write as many fields as the header has")]
    Missing {
        /// Line number, from 1.
        line: u64,
        /// Column name.
        column: &'static str,
    },
    /// A timestamp that cannot be read.
    #[error(
        "`{text}` in column `ts` of line {line} is no time: write `2026-03-01`, `2026-03-01 05:30:00` or seconds since 1970"
    )]
    Time {
        /// Line number, from 1.
        line: u64,
        /// The field, shortened.
        text: String,
    },
    /// A value that cannot be read.
    #[error("`{text}` in column `value` of line {line} is no finite number")]
    Value {
        /// Line number, from 1.
        line: u64,
        /// The field, shortened.
        text: String,
    },
    /// A row longer than [`MAX_ROW_BYTES`].
    #[error("line {line} is longer than {MAX_ROW_BYTES} bytes")]
    LongRow {
        /// Line number, from 1.
        line: u64,
    },
    /// More series than allowed.
    #[error(
        "line {line} begins series number {limit} and one more: split the input or raise the limit of series"
    )]
    TooManySeries {
        /// Line number, from 1.
        line: u64,
        /// The limit.
        limit: usize,
    },
}

/// What was judged.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, serde::Serialize)]
pub struct Summary {
    /// Rows in and out.
    pub rows: u64,
    /// Different series.
    pub series: u64,
    /// Rows that belong to an anomaly.
    pub anomalies: u64,
}

/// Judges every row of `input`; see the module.
pub fn run(
    mut input: impl BufRead,
    mut output: impl Write,
    options: &Options,
) -> Result<Summary, AnomalyError> {
    let mut job = Job::new(options);
    let mut carried: Vec<u8> = Vec::new();
    loop {
        let available = input.fill_buf().map_err(AnomalyError::Read)?;
        if available.is_empty() {
            break;
        }
        let length = available.len();
        let mut rest = available;
        while !rest.is_empty() {
            let mut after = rest;
            let took = after.skip_until(b'\n').map_err(AnomalyError::Read)?;
            let (piece, next) = rest.split_at(took);
            rest = next;
            let whole = piece.last() == Some(&b'\n');
            if whole && carried.is_empty() && !open_quote(piece) {
                job.line(piece)?;
                continue;
            }
            if carried.len() + piece.len() > MAX_ROW_BYTES {
                return Err(AnomalyError::LongRow { line: job.line + 1 });
            }
            carried.extend_from_slice(piece);
            if whole && !open_quote(&carried) {
                let line = std::mem::take(&mut carried);
                job.line(&line)?;
                carried = line;
                carried.clear();
            }
        }
        input.consume(length);
        output.write_all(&job.out).and_then(|()| output.flush()).map_err(AnomalyError::Write)?;
        job.out.clear();
    }
    if !carried.is_empty() {
        job.line(&carried)?;
    }
    if job.columns.is_none() {
        return Err(AnomalyError::Header { found: String::new() });
    }
    output.write_all(&job.out).and_then(|()| output.flush()).map_err(AnomalyError::Write)?;
    job.summary.series = job.detectors.len() as u64;
    Ok(job.summary)
}

/// Positions of the columns.
#[derive(Debug, Clone, Copy)]
struct Columns {
    series: Option<usize>,
    ts: usize,
    value: usize,
    plain: bool,
}

struct Job {
    columns: Option<Columns>,
    index: HashMap<Box<[u8]>, u32>,
    names: Vec<Box<[u8]>>,
    detectors: Vec<Detector>,
    /// The series that came after this one last time.
    follower: Vec<u32>,
    current: u32,
    population: Population,
    max_series: usize,
    line: u64,
    out: Vec<u8>,
    summary: Summary,
}

impl Job {
    fn new(options: &Options) -> Self {
        Self {
            columns: None,
            index: HashMap::new(),
            names: Vec::new(),
            detectors: Vec::new(),
            follower: Vec::new(),
            current: 0,
            population: Population::new(options.least_amount, options.least_share),
            max_series: options.max_series,
            line: 0,
            out: Vec::with_capacity(1 << 16),
            summary: Summary::default(),
        }
    }

    fn line(&mut self, raw: &[u8]) -> Result<(), AnomalyError> {
        self.line += 1;
        let row = raw.strip_suffix(b"\n").unwrap_or(raw);
        let row = row.strip_suffix(b"\r").unwrap_or(row);
        let Some(columns) = self.columns else {
            self.columns = Some(header(row)?);
            self.out.extend_from_slice(b"series,ts,value,expected,score,is_anomaly\n");
            return Ok(());
        };
        if row.is_empty() {
            return Ok(());
        }
        let (series, ts, value) = if columns.plain { split_plain(row, columns) } else { split(row, columns) };
        let line = self.line;
        let ts = ts.ok_or(AnomalyError::Missing { line, column: "ts" })?;
        let value = value.ok_or(AnomalyError::Missing { line, column: "value" })?;
        let series = series.ok_or(AnomalyError::Missing { line, column: "series" })?;
        let seconds =
            time::parse(unquoted(ts)).ok_or_else(|| AnomalyError::Time { line, text: shown(ts) })?;
        let which = self.which(series)?;
        let verdict = match number(unquoted(value)) {
            Field::Number(number) => {
                self.detectors[which].observe_among(seconds, number, &mut self.population)
            }
            Field::Gap => Verdict { expected: f64::NAN, ..Verdict::quiet(0.0) },
            Field::Wrong => return Err(AnomalyError::Value { line, text: shown(value) }),
        };
        self.write(series, ts, value, &verdict);
        self.summary.rows += 1;
        self.summary.anomalies += u64::from(verdict.is_anomaly);
        Ok(())
    }

    fn which(&mut self, name: &[u8]) -> Result<usize, AnomalyError> {
        let current = self.current as usize;
        // Rows come by series or by day: it is the same series again, or the one that followed last time.
        if self.names.get(current).is_some_and(|known| **known == *name) {
            return Ok(current);
        }
        if let Some(&next) = self.follower.get(current)
            && self.names.get(next as usize).is_some_and(|known| **known == *name)
        {
            self.current = next;
            return Ok(next as usize);
        }
        let found = match self.index.get(name) {
            Some(&found) => found,
            None => {
                if self.names.len() >= self.max_series {
                    return Err(AnomalyError::TooManySeries { line: self.line, limit: self.max_series });
                }
                let number = self.names.len() as u32;
                self.index.insert(name.into(), number);
                self.names.push(name.into());
                self.detectors.push(Detector::of_many());
                self.follower.push(0);
                number
            }
        };
        if let Some(follower) = self.follower.get_mut(current) {
            *follower = found;
        }
        self.current = found;
        Ok(found as usize)
    }

    fn write(&mut self, series: &[u8], ts: &[u8], value: &[u8], verdict: &Verdict) {
        let out = &mut self.out;
        out.extend_from_slice(series);
        out.push(b',');
        out.extend_from_slice(ts);
        out.push(b',');
        out.extend_from_slice(value);
        out.push(b',');
        // A gap in the input has nothing to be compared with.
        if !verdict.expected.is_nan() {
            super::digits::write(out, verdict.expected);
        }
        out.push(b',');
        super::digits::write_score(out, verdict.score);
        out.extend_from_slice(if verdict.is_anomaly { b",1\n" } else { b",0\n" });
    }
}

fn open_quote(text: &[u8]) -> bool {
    text.contains(&b'"') && text.iter().filter(|b| **b == b'"').count() % 2 == 1
}

fn header(row: &[u8]) -> Result<Columns, AnomalyError> {
    let row = row.strip_prefix(b"\xef\xbb\xbf").unwrap_or(row);
    let names: Vec<String> = row
        .split(|b| *b == b',')
        .map(|f| String::from_utf8_lossy(unquoted(f)).trim().to_lowercase())
        .collect();
    let find = |wanted: &[&str]| names.iter().position(|n| wanted.contains(&n.as_str()));
    let series = find(&["series"]);
    let columns = (find(&["ts", "timestamp"]), find(&["value"]));
    let (Some(ts), Some(value)) = columns else {
        return Err(AnomalyError::Header { found: shown(row) });
    };
    let plain = match series {
        Some(series) => series == 0 && ts == 1 && value == 2 && names.len() == 3,
        None => ts == 0 && value == 1 && names.len() == 2,
    };
    Ok(Columns { series, ts, value, plain })
}

type Fields<'a> = (Option<&'a [u8]>, Option<&'a [u8]>, Option<&'a [u8]>);

/// The usual order, split from the end: only the name may hold commas, in quotes.
fn split_plain(row: &[u8], columns: Columns) -> Fields<'_> {
    let Some(last) = row.iter().rposition(|b| *b == b',') else { return (None, Some(row), None) };
    let (before, value) = (&row[..last], &row[last + 1..]);
    if columns.series.is_none() {
        return (Some(b""), Some(before), Some(value));
    }
    let Some(middle) = before.iter().rposition(|b| *b == b',') else { return (None, None, None) };
    (Some(&before[..middle]), Some(&before[middle + 1..]), Some(value))
}

fn split(row: &[u8], columns: Columns) -> Fields<'_> {
    let (mut series, mut ts, mut value) = (None, None, None);
    let (mut start, mut quoted, mut number) = (0, false, 0);
    for end in 0..=row.len() {
        match row.get(end) {
            Some(b'"') => quoted = !quoted,
            Some(b',') if quoted => {}
            Some(b',') | None => {
                let field = &row[start..end];
                if Some(number) == columns.series {
                    series = Some(field);
                }
                if number == columns.ts {
                    ts = Some(field);
                }
                if number == columns.value {
                    value = Some(field);
                }
                start = end + 1;
                number += 1;
            }
            Some(_) => {}
        }
    }
    if columns.series.is_none() {
        series = Some(&b""[..]);
    }
    (series, ts, value)
}

fn unquoted(field: &[u8]) -> &[u8] {
    let field = field.trim_ascii();
    field.strip_prefix(b"\"").and_then(|f| f.strip_suffix(b"\"")).unwrap_or(field)
}

enum Field {
    Number(f64),
    Gap,
    Wrong,
}

fn number(field: &[u8]) -> Field {
    let text = std::str::from_utf8(field).unwrap_or("?");
    match text.parse::<f64>() {
        Ok(number) if number.is_finite() => Field::Number(number),
        Ok(number) if number.is_nan() => Field::Gap,
        Err(_) if ["", "na", "n/a", "null", "none"].contains(&&*text.to_lowercase()) => Field::Gap,
        _ => Field::Wrong,
    }
}

fn shown(field: &[u8]) -> String {
    let text = String::from_utf8_lossy(&field[..field.len().min(80)]).into_owned();
    if field.len() > 80 { text + "…" } else { text }
}
