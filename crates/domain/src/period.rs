//! Periods: half-open, in UTC days and calendar months.
//!
//! FOCUS includes a period's start and excludes its end (columns `BillingPeriodEnd`,
//! `ChargePeriodEnd`); so does every period here.

use chrono::{Datelike, Months, NaiveDate};
use std::fmt;
use std::str::FromStr;

/// A calendar month of an invoice, such as `2026-11`.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, serde::Serialize, serde::Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct BillingPeriod {
    year: i32,
    month: u32,
}

/// Why a text is no period or date.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum PeriodError {
    /// Not a month.
    #[error("`{0}` is not a month: expected YYYY-MM")]
    NotAMonth(String),
    /// Not a date.
    #[error("`{0}` is not a date: expected YYYY-MM-DD or YYYY-MM")]
    NotADate(String),
    /// The end is not after the start.
    #[error("the period from {from} to {to} is empty: the end is exclusive and must be after the start")]
    Empty {
        /// First day.
        from: NaiveDate,
        /// The day after the last.
        to: NaiveDate,
    },
}

impl BillingPeriod {
    /// The month, if it exists and its year has four digits.
    #[must_use]
    pub fn new(year: i32, month: u32) -> Option<Self> {
        ((1..=9998).contains(&year) && (1..=12).contains(&month)).then_some(Self { year, month })
    }

    /// The month that contains the day.
    #[must_use]
    pub fn containing(day: NaiveDate) -> Option<Self> {
        Self::new(day.year(), day.month())
    }

    /// First day.
    #[must_use]
    pub fn start(self) -> NaiveDate {
        NaiveDate::from_ymd_opt(self.year, self.month, 1).unwrap_or(NaiveDate::MIN)
    }

    /// The first day of the month after: exclusive.
    #[must_use]
    pub fn end(self) -> NaiveDate {
        self.start().checked_add_months(Months::new(1)).unwrap_or(NaiveDate::MAX)
    }

    /// The month before.
    #[must_use]
    pub fn previous(self) -> Self {
        if self.month == 1 {
            Self { year: self.year - 1, month: 12 }
        } else {
            Self { year: self.year, month: self.month - 1 }
        }
    }

    /// The month after.
    #[must_use]
    pub fn next(self) -> Self {
        if self.month == 12 {
            Self { year: self.year + 1, month: 1 }
        } else {
            Self { year: self.year, month: self.month + 1 }
        }
    }

    /// The days of the month.
    #[must_use]
    pub fn days(self) -> DateRange {
        DateRange { from: self.start(), to: self.end() }
    }
}

impl FromStr for BillingPeriod {
    type Err = PeriodError;

    fn from_str(text: &str) -> Result<Self, PeriodError> {
        let parse = || {
            let (year, month) = text.split_once('-')?;
            if year.len() != 4 || month.len() != 2 {
                return None;
            }
            Self::new(year.parse().ok()?, month.parse().ok()?)
        };
        parse().ok_or_else(|| PeriodError::NotAMonth(text.chars().take(32).collect()))
    }
}

impl fmt::Display for BillingPeriod {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04}-{:02}", self.year, self.month)
    }
}

impl fmt::Debug for BillingPeriod {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl TryFrom<String> for BillingPeriod {
    type Error = PeriodError;
    fn try_from(text: String) -> Result<Self, PeriodError> {
        text.parse()
    }
}

impl From<BillingPeriod> for String {
    fn from(period: BillingPeriod) -> Self {
        period.to_string()
    }
}

/// Days from `from` up to, not including, `to`. Never empty.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
pub struct DateRange {
    from: NaiveDate,
    to: NaiveDate,
}

impl DateRange {
    /// The range.
    ///
    /// # Errors
    /// When the end is not after the start.
    pub fn new(from: NaiveDate, to: NaiveDate) -> Result<Self, PeriodError> {
        if to <= from { Err(PeriodError::Empty { from, to }) } else { Ok(Self { from, to }) }
    }

    /// First day.
    #[must_use]
    pub const fn from(self) -> NaiveDate {
        self.from
    }

    /// The day after the last.
    #[must_use]
    pub const fn to(self) -> NaiveDate {
        self.to
    }

    /// Whether the day lies inside.
    #[must_use]
    pub fn contains(self, day: NaiveDate) -> bool {
        self.from <= day && day < self.to
    }

    /// Number of days, at least 1.
    #[must_use]
    pub fn len_days(self) -> i64 {
        (self.to - self.from).num_days()
    }

    /// The period just before. A run of whole months gives the same number of whole months
    /// ("this month against last"); anything else gives as many days.
    #[must_use]
    pub fn previous(self) -> Self {
        let months = i64::from(self.to.year() - self.from.year()) * 12 + i64::from(self.to.month())
            - i64::from(self.from.month());
        if self.from.day() == 1
            && self.to.day() == 1
            && let Some(from) =
                u32::try_from(months).ok().and_then(|n| self.from.checked_sub_months(Months::new(n)))
        {
            return Self { from, to: self.from };
        }
        let from = self.from - chrono::Duration::days(self.len_days());
        Self { from, to: self.from }
    }
}

/// Reads `YYYY-MM-DD`, or `YYYY-MM` as its first day.
///
/// # Errors
/// When the text is neither.
pub fn parse_date(text: &str) -> Result<NaiveDate, PeriodError> {
    let text = text.trim();
    NaiveDate::parse_from_str(text, "%Y-%m-%d")
        .ok()
        .filter(|_| text.len() == 10)
        .or_else(|| text.parse::<BillingPeriod>().ok().map(BillingPeriod::start))
        .ok_or_else(|| PeriodError::NotADate(text.chars().take(32).collect()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> NaiveDate {
        parse_date(text).unwrap_or_else(|e| panic!("{e}"))
    }

    #[test]
    fn months_turn_over_the_year() {
        let december: BillingPeriod = "2025-12".parse().unwrap_or_else(|e| panic!("{e}"));
        assert_eq!(december.next().to_string(), "2026-01");
        assert_eq!(december.next().previous(), december);
        assert_eq!(december.end(), day("2026-01-01"));
        for bad in ["2025-13", "25-12", "2025-1", "0000-01", "2025/12", ""] {
            assert!(bad.parse::<BillingPeriod>().is_err(), "{bad}");
        }
    }

    #[test]
    fn the_end_is_exclusive_and_the_period_before_has_the_same_shape() {
        let march = DateRange::new(day("2026-03"), day("2026-04")).unwrap_or_else(|e| panic!("{e}"));
        assert!(march.contains(day("2026-03-31")) && !march.contains(day("2026-04-01")));
        assert_eq!((march.previous().from(), march.previous().to()), (day("2026-02-01"), day("2026-03-01")));
        let week = DateRange::new(day("2026-03-08"), day("2026-03-15")).unwrap_or_else(|e| panic!("{e}"));
        assert_eq!(week.previous().from(), day("2026-03-01"));
        assert!(DateRange::new(day("2026-03"), day("2026-03")).is_err());
    }
}
