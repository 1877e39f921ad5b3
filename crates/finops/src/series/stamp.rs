//! Timestamps as files write them, and the same spelling for what comes after.
//!
//! Understood: `2025-01-31`, `2025-01`, RFC 3339 (`2025-01-31T00:00:00Z`, `…+01:00`), the same without a
//! zone, a space instead of `T`, with or without seconds and fractions, and whole numbers (an index, or
//! seconds since 1970: [`super::Regular`] tells by their size). A moment without a zone is the clock on the wall.

use chrono::{Datelike, Days, NaiveDate};
use std::fmt::Write;

pub(super) const SECOND: i64 = 1_000_000;
pub(super) const DAY: i64 = 86_400 * SECOND;
/// Whole numbers beyond it could not be reckoned with.
const MAX_INDEX: i64 = 1_000_000_000_000_000;
const MAX_STAMP_BYTES: usize = 40;

/// A moment, or a place in an index.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Stamp {
    /// Microseconds of local time since 1970-01-01, or the whole number the file has.
    pub at: i64,
    /// Seconds that local time is ahead of UTC; 0 where the file names no zone.
    pub offset_s: i32,
}

/// How a file writes its timestamps.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Spelling {
    /// A whole number.
    Integer,
    /// `YYYY-MM`.
    Month,
    /// `YYYY-MM-DD`.
    Date,
    /// A date with a time of day.
    DateTime {
        /// What stands between date and time, `T` or a space.
        separator: u8,
        /// Whether seconds are written.
        seconds: bool,
        /// Digits after the second's point, at most six.
        fraction: u8,
        /// What follows the time.
        zone: Zone,
    },
}

/// What follows the time of day.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Zone {
    /// Nothing: the clock on the wall.
    None,
    /// `Z`.
    Utc,
    /// `+01:00`.
    Offset,
}

/// Why a text is no timestamp.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum StampError {
    /// Not one of the known spellings.
    #[error("write it as YYYY-MM-DD, YYYY-MM-DD HH:MM[:SS], RFC 3339 or a whole number")]
    Unknown,
    /// Spelt well, but no calendar has this day or no clock this time.
    #[error("no calendar has this day or time")]
    OutOfRange,
}

impl Stamp {
    /// A place in an index.
    #[must_use]
    pub fn index(at: i64) -> Self {
        Self { at, offset_s: 0 }
    }

    /// The start of a day.
    #[must_use]
    pub fn date(day: NaiveDate) -> Self {
        let days = i64::from(day.num_days_from_ce()) - i64::from(epoch().num_days_from_ce());
        Self { at: days * DAY, offset_s: 0 }
    }

    /// The day that the clock on the wall shows; `None` beyond the calendar's ends.
    #[must_use]
    pub fn day(self) -> Option<NaiveDate> {
        let days = self.at.div_euclid(DAY);
        match u64::try_from(days) {
            Ok(days) => epoch().checked_add_days(Days::new(days)),
            Err(_) => epoch().checked_sub_days(Days::new(days.unsigned_abs())),
        }
    }

    /// The same time of day some days on.
    #[must_use]
    pub fn plus_days(self, days: i64) -> Self {
        Self { at: self.at.saturating_add(days.saturating_mul(DAY)), ..self }
    }

    /// Where the moment lies on one line for all zones: what sorting and duplicates go by.
    #[must_use]
    pub fn instant(self) -> i64 {
        self.at.saturating_sub(i64::from(self.offset_s) * SECOND)
    }

    /// Reads one timestamp and how it is spelt.
    ///
    /// # Errors
    /// If the text is in no known spelling, or names a day or time that does not exist.
    pub fn parse(text: &[u8]) -> Result<(Self, Spelling), StampError> {
        if text.is_empty() || text.len() > MAX_STAMP_BYTES {
            return Err(StampError::Unknown);
        }
        let dashed = text.len() >= 7 && text[4] == b'-' && text[0].is_ascii_digit();
        if !dashed {
            let number = std::str::from_utf8(text).ok().and_then(|text| text.parse::<i64>().ok());
            let at = number.ok_or(StampError::Unknown)?;
            let far = !(-MAX_INDEX..=MAX_INDEX).contains(&at);
            return if far { Err(StampError::OutOfRange) } else { Ok((Self::index(at), Spelling::Integer)) };
        }
        let year = digits(&text[0..4])?;
        let month = digits(&text[5..7])?;
        if text.len() == 7 {
            return Ok((Self::date(day_of(year, month, 1)?), Spelling::Month));
        }
        if text.len() < 10 || text[7] != b'-' {
            return Err(StampError::Unknown);
        }
        let midnight = Self::date(day_of(year, month, digits(&text[8..10])?)?);
        if text.len() == 10 {
            return Ok((midnight, Spelling::Date));
        }
        time_of(midnight, text[10], &text[11..])
    }

    /// Writes the timestamp as the file would.
    pub fn write(self, spelling: Spelling, out: &mut String) {
        let Some(day) = self.day().filter(|_| spelling != Spelling::Integer) else {
            let _ = write!(out, "{}", self.at);
            return;
        };
        let _ = match spelling {
            Spelling::Month => write!(out, "{:04}-{:02}", day.year(), day.month()),
            _ => write!(out, "{:04}-{:02}-{:02}", day.year(), day.month(), day.day()),
        };
        let Spelling::DateTime { separator, seconds, fraction, zone } = spelling else { return };
        let micros = self.at.rem_euclid(DAY);
        let second = micros / SECOND;
        out.push(char::from(separator));
        let _ = write!(out, "{:02}:{:02}", second / 3600, second / 60 % 60);
        if seconds {
            let _ = write!(out, ":{:02}", second % 60);
        }
        if fraction > 0 {
            let shown = (micros % SECOND) / 10_i64.pow(6 - u32::from(fraction.min(6)));
            let _ = write!(out, ".{shown:0width$}", width = usize::from(fraction.min(6)));
        }
        match zone {
            Zone::None => {}
            Zone::Utc => out.push('Z'),
            Zone::Offset => {
                let sign = if self.offset_s < 0 { '-' } else { '+' };
                let ahead = self.offset_s.unsigned_abs();
                let _ = write!(out, "{sign}{:02}:{:02}", ahead / 3600, ahead / 60 % 60);
            }
        }
    }
}

impl Spelling {
    /// Whether two timestamps of one series may be spelt like this; fractions and seconds may come and go.
    pub(super) fn agrees_with(self, other: Self) -> bool {
        match (self, other) {
            (Self::DateTime { zone: one, .. }, Self::DateTime { zone: two, .. }) => {
                (one == Zone::None) == (two == Zone::None)
            }
            (one, two) => one == two,
        }
    }

    /// What a person would call it.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Integer => "whole number",
            Self::Month => "month",
            Self::Date => "date",
            Self::DateTime { zone: Zone::None, .. } => "date and time without a zone",
            Self::DateTime { .. } => "date and time with a zone",
        }
    }
}

fn epoch() -> NaiveDate {
    NaiveDate::from_yo_opt(1970, 1).unwrap_or(NaiveDate::MIN)
}

fn day_of(year: i64, month: i64, day: i64) -> Result<NaiveDate, StampError> {
    let parts = (i32::try_from(year), u32::try_from(month), u32::try_from(day));
    let (Ok(year), Ok(month), Ok(day)) = parts else { return Err(StampError::OutOfRange) };
    NaiveDate::from_ymd_opt(year, month, day).ok_or(StampError::OutOfRange)
}

fn digits(text: &[u8]) -> Result<i64, StampError> {
    if text.is_empty() || !text.iter().all(u8::is_ascii_digit) {
        return Err(StampError::Unknown);
    }
    Ok(text.iter().fold(0, |sum, digit| sum * 10 + i64::from(digit - b'0')))
}

/// Reads `HH:MM[:SS[.f]]` and a zone.
fn time_of(midnight: Stamp, separator: u8, text: &[u8]) -> Result<(Stamp, Spelling), StampError> {
    if !matches!(separator, b'T' | b't' | b' ') || text.len() < 5 || text[2] != b':' {
        return Err(StampError::Unknown);
    }
    let (hour, minute) = (digits(&text[0..2])?, digits(&text[3..5])?);
    let (mut second, mut micros, mut fraction, mut at) = (0, 0, 0, 5);
    let seconds = text.get(at) == Some(&b':');
    if seconds {
        second = digits(text.get(at + 1..at + 3).ok_or(StampError::Unknown)?)?;
        at += 3;
        if text.get(at) == Some(&b'.') {
            let shown = text[at + 1..].iter().take_while(|byte| byte.is_ascii_digit()).count();
            let kept = shown.min(6);
            micros = digits(&text[at + 1..at + 1 + kept])? * 10_i64.pow(6 - u32::try_from(kept).unwrap_or(6));
            fraction = u8::try_from(kept).unwrap_or(6);
            at += 1 + shown;
        }
    }
    if hour > 23 || minute > 59 || second > 60 {
        return Err(StampError::OutOfRange);
    }
    let (zone, offset_s) = zone_of(&text[at..])?;
    let stamp =
        Stamp { at: midnight.at + (hour * 3600 + minute * 60 + second.min(59)) * SECOND + micros, offset_s };
    let separator = separator.to_ascii_uppercase();
    Ok((stamp, Spelling::DateTime { separator, seconds, fraction, zone }))
}

fn zone_of(text: &[u8]) -> Result<(Zone, i32), StampError> {
    let sign = match text {
        [] => return Ok((Zone::None, 0)),
        [b'Z' | b'z'] => return Ok((Zone::Utc, 0)),
        [b'+', ..] => 1,
        [b'-', ..] => -1,
        _ => return Err(StampError::Unknown),
    };
    let (hours, minutes) = match text.len() {
        6 if text[3] == b':' => (digits(&text[1..3])?, digits(&text[4..6])?),
        5 => (digits(&text[1..3])?, digits(&text[3..5])?),
        _ => return Err(StampError::Unknown),
    };
    if hours > 18 || minutes > 59 {
        return Err(StampError::OutOfRange);
    }
    let ahead = i32::try_from(hours * 3600 + minutes * 60).map_err(|_| StampError::OutOfRange)?;
    Ok((Zone::Offset, sign * ahead))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Whatever is understood is written back as it was.
    #[test]
    fn a_timestamp_keeps_its_spelling() {
        for text in [
            "2025-01-31",
            "1969-12-31",
            "2024-02-29",
            "2025-07",
            "2025-01-31 23:59",
            "2025-01-31 23:59:07",
            "2025-01-31T00:00:00Z",
            "2025-03-30T00:00:00+01:00",
            "2025-03-30T00:00:00-09:30",
            "1965-03-30T13:00:00.250Z",
            "2025-01-31T10:00",
            "0",
            "-17",
            "1735689600",
        ] {
            let (stamp, spelling) = Stamp::parse(text.as_bytes()).unwrap();
            let mut written = String::new();
            stamp.write(spelling, &mut written);
            assert_eq!(written, text);
        }
    }

    #[test]
    fn what_is_no_timestamp_is_refused() {
        for text in [
            "",
            "x",
            "2025-1-31",
            "31.01.2025",
            "2025-01-31T",
            "2025-01-31T1:00",
            "1.5",
            "2025-01-31T10:00:00+1",
        ] {
            assert_eq!(Stamp::parse(text.as_bytes()), Err(StampError::Unknown), "{text}");
        }
        for text in ["2025-02-29", "2025-13-01", "2025-01-31T24:01:00Z", "2025-00"] {
            assert_eq!(Stamp::parse(text.as_bytes()), Err(StampError::OutOfRange), "{text}");
        }
    }

    #[test]
    fn zones_lie_on_one_line() {
        let here = Stamp::parse(b"2025-03-30T01:00:00+01:00").unwrap().0;
        let there = Stamp::parse(b"2025-03-30T00:00:00Z").unwrap().0;
        assert_eq!(here.instant(), there.instant());
    }
}
