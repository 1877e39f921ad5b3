//! Reading a business measure from CSV.
//!
//! The first line names the columns `date`, `value` and, if there is one, `dimension`, in any order and case. A
//! date is `YYYY-MM-DD`, or `YYYY-MM` for a figure of a whole month; one file has one of the two. Values are
//! decimals of zero or more. The file is input: bytes, rows and texts are bounded, and errors name the line.

use bursar_domain::money::AmountError;
use bursar_domain::{Amount, BillingPeriod};
use chrono::NaiveDate;
use serde::Serialize;
use std::collections::BTreeMap;

/// Longest file, in bytes.
pub const MAX_BYTES: usize = 64 * 1024 * 1024;
/// Most rows.
pub const MAX_ROWS: usize = 1_000_000;
/// Longest dimension value, in characters.
const MAX_TEXT: usize = 256;

/// A business measure over time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Measure {
    monthly: bool,
    points: BTreeMap<(NaiveDate, Option<String>), Amount>,
}

/// One figure of a measure.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct MeasurePoint {
    /// The day, or the first day of the month.
    pub date: NaiveDate,
    /// What it is about, when the file has a `dimension`.
    pub dimension: Option<String>,
    /// How many.
    pub value: Amount,
}

/// Why a file is no measure.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum MeasureError {
    /// Too long.
    #[error("the file has more than {MAX_BYTES} bytes or {MAX_ROWS} rows")]
    TooLong,
    /// The columns are not those expected.
    #[error("the first line must be `date,value` or `date,value,dimension`, not `{0}`")]
    Columns(String),
    /// A line that is no CSV.
    #[error("line {line}: {problem}")]
    Csv {
        /// Where.
        line: u64,
        /// What the reader says.
        problem: String,
    },
    /// Not a date.
    #[error("line {line}: `{text}` is not a date: expected YYYY-MM-DD, or YYYY-MM in every line")]
    Date {
        /// Where.
        line: u64,
        /// As written.
        text: String,
    },
    /// Not a value.
    #[error("line {line}: {problem}")]
    Value {
        /// Where.
        line: u64,
        /// What is wrong.
        #[source]
        problem: AmountError,
    },
    /// Below zero.
    #[error("line {line}: a measure cannot be below zero")]
    Negative {
        /// Where.
        line: u64,
    },
    /// Long text.
    #[error("line {line}: the dimension has more than {MAX_TEXT} characters")]
    Text {
        /// Where.
        line: u64,
    },
    /// A second figure for the same.
    #[error("line {line}: there is a value for this date and dimension already")]
    Twice {
        /// Where.
        line: u64,
    },
    /// Nothing in it.
    #[error("the file has no values")]
    Empty,
}

impl Measure {
    /// Reads a measure.
    ///
    /// # Errors
    /// Names the line that is wrong.
    pub fn from_csv(text: &str) -> Result<Self, MeasureError> {
        if text.len() > MAX_BYTES {
            return Err(MeasureError::TooLong);
        }
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        let mut reader = csv::ReaderBuilder::new().trim(csv::Trim::All).from_reader(text.as_bytes());
        let fail = |error: &csv::Error| MeasureError::Csv {
            line: error.position().map_or(1, csv::Position::line),
            problem: match error.kind() {
                csv::ErrorKind::UnequalLengths { expected_len, len, .. } => {
                    format!("{len} fields where the first line has {expected_len}")
                }
                _ => "not readable as CSV in UTF-8".to_owned(),
            },
        };
        let headers = reader.headers().map_err(|error| fail(&error))?.clone();
        let at = |name: &str| headers.iter().position(|header| header.eq_ignore_ascii_case(name));
        let known = ["date", "value", "dimension"];
        let all_known =
            headers.iter().all(|header| known.iter().any(|name| header.eq_ignore_ascii_case(name)));
        let (Some(date_at), Some(value_at), true) =
            (at("date"), at("value"), all_known && headers.len() <= known.len())
        else {
            return Err(MeasureError::Columns(
                headers.iter().collect::<Vec<_>>().join(",").chars().take(80).collect(),
            ));
        };
        let dimension_at = at("dimension");
        let mut monthly = None;
        let mut points = BTreeMap::new();
        for row in reader.records() {
            let row = row.map_err(|error| fail(&error))?;
            let line = row.position().map_or(0, csv::Position::line);
            if points.len() == MAX_ROWS {
                return Err(MeasureError::TooLong);
            }
            let text = row.get(date_at).unwrap_or_default();
            let date = date(text, &mut monthly)
                .ok_or_else(|| MeasureError::Date { line, text: text.chars().take(32).collect() })?;
            let value: Amount = row
                .get(value_at)
                .unwrap_or_default()
                .parse()
                .map_err(|problem| MeasureError::Value { line, problem })?;
            if value.units() < 0 {
                return Err(MeasureError::Negative { line });
            }
            let dimension = dimension_at.and_then(|at| row.get(at)).filter(|text| !text.is_empty());
            if dimension.is_some_and(|text| text.chars().count() > MAX_TEXT) {
                return Err(MeasureError::Text { line });
            }
            if points.insert((date, dimension.map(str::to_owned)), value).is_some() {
                return Err(MeasureError::Twice { line });
            }
        }
        monthly.map_or(Err(MeasureError::Empty), |monthly| Ok(Self { monthly, points }))
    }

    /// Whether the figures are of whole months.
    #[must_use]
    pub const fn is_monthly(&self) -> bool {
        self.monthly
    }

    /// The figures by date and dimension.
    pub fn points(&self) -> impl Iterator<Item = MeasurePoint> + '_ {
        self.points.iter().map(|((date, dimension), value)| MeasurePoint {
            date: *date,
            dimension: dimension.clone(),
            value: *value,
        })
    }
}

/// The date, if it is of the kind that the lines before had.
fn date(text: &str, monthly: &mut Option<bool>) -> Option<NaiveDate> {
    let (date, is_month) = match text.parse::<BillingPeriod>() {
        Ok(month) => (month.start(), true),
        Err(_) if text.len() == 10 => (text.parse::<NaiveDate>().ok()?, false),
        Err(_) => return None,
    };
    (*monthly.get_or_insert(is_month) == is_month).then_some(date)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn measures_are_read() {
        let text = "\u{feff}Date, Value ,dimension\n2026-01-01,12.5,shop\n2026-01-01,3,\n";
        let measure = Measure::from_csv(text).unwrap();
        assert!(!measure.is_monthly());
        let points: Vec<_> =
            measure.points().map(|p| (p.dimension.unwrap_or_default(), p.value.to_string())).collect();
        assert_eq!(points, [(String::new(), "3".to_owned()), ("shop".to_owned(), "12.5".to_owned())]);
        assert!(Measure::from_csv("date,value\n2026-01,3\n").unwrap().is_monthly());
    }

    #[test]
    fn errors_name_the_line() {
        let check = |text: &str, expected: &str| {
            assert!(Measure::from_csv(text).unwrap_err().to_string().contains(expected), "{text:?}");
        };
        check("day,value\n", "must be `date,value` or `date,value,dimension`, not `day,value`");
        check("date,value,extra\n", "not `date,value,extra`");
        check("date,value\n", "no values");
        check("date,value\n2026-01-01,1\n2026-02,1\n", "line 3: `2026-02` is not a date");
        check("date,value\n2026-02-30,1\n", "line 2: `2026-02-30` is not a date");
        check("date,value\n2026-01-01,1,5\n", "line 2: 3 fields where the first line has 2");
        check("date,value\n2026-01-01,\"1,5\"\n", "line 2: `1,5` is not a decimal number");
        check("date,value\n2026-01-01,-1\n", "line 2: a measure cannot be below zero");
        check("date,value\n2026-01-01,1\n2026-01-01,2\n", "line 3: there is a value");
    }
}
