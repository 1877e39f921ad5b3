//! Points in time: the forms that exports write, as UTC microseconds.
//!
//! FOCUS asks for `YYYY-MM-DDTHH:mm:ssZ`. Met besides: a blank instead of `T`, no zone (UTC is
//! meant), no seconds (OCI), a bare date, fractions, `MM/DD/YYYY` (Azure EA), numeric offsets.

use super::{DATETIME, Fault, Typed, shown};
use arrow::array::{Array, ArrayRef, AsArray, TimestampMicrosecondArray};
use arrow::buffer::{NullBuffer, ScalarBuffer};
use arrow::compute::cast;
use arrow::datatypes::{DataType, TimeUnit, TimestampMicrosecondType};
use chrono::{NaiveDate, NaiveDateTime};
use std::sync::Arc;

const NOT_A_TIME: &str = "is not a date or time: expected YYYY-MM-DDTHH:mm:ssZ";
const IMPLAUSIBLE: &str = "is not a plausible billing date: expected a year from 1990 to 2199";
const MICROS_PER_SECOND: i64 = 1_000_000;
/// 1990-01-01 and 2200-01-01 in seconds of the Unix epoch.
const PLAUSIBLE_SECONDS: std::ops::Range<i64> = 631_152_000..7_258_118_400;

/// Reads one text as UTC microseconds of the Unix epoch.
///
/// # Errors
/// The reason, when the text is no time or not plausible in a bill.
pub fn datetime_of_text(text: &str) -> Result<i64, &'static str> {
    let micros = parse(text.trim()).ok_or(NOT_A_TIME)?;
    plausible(micros)
}

fn plausible(micros: i64) -> Result<i64, &'static str> {
    if PLAUSIBLE_SECONDS.contains(&micros.div_euclid(MICROS_PER_SECOND)) {
        Ok(micros)
    } else {
        Err(IMPLAUSIBLE)
    }
}

fn number(bytes: &[u8]) -> Option<u32> {
    bytes.iter().try_fold(0_u32, |n, b| b.is_ascii_digit().then(|| n * 10 + u32::from(b - b'0')))
}

fn parse(text: &str) -> Option<i64> {
    let bytes = text.as_bytes();
    if bytes.len() >= 8 && bytes.contains(&b'/') {
        return parse_us_date(text);
    }
    if bytes.len() < 10 || bytes[4] != b'-' || bytes[7] != b'-' {
        return None;
    }
    let year = i32::try_from(number(&bytes[..4])?).ok()?;
    let date = NaiveDate::from_ymd_opt(year, number(&bytes[5..7])?, number(&bytes[8..10])?)?;
    let midnight = date.and_hms_opt(0, 0, 0)?.and_utc().timestamp();
    if bytes.len() == 10 {
        return Some(midnight * MICROS_PER_SECOND);
    }
    if !matches!(bytes[10], b'T' | b't' | b' ') || bytes.len() < 16 || bytes[13] != b':' {
        return None;
    }
    let (hour, minute) = (number(&bytes[11..13])?, number(&bytes[14..16])?);
    let mut at = 16;
    let mut second = 0;
    let mut fraction = 0_i64;
    if bytes.get(at) == Some(&b':') {
        second = number(bytes.get(17..19)?)?;
        at = 19;
        if bytes.get(at) == Some(&b'.') {
            let digits = bytes[at + 1..].iter().take_while(|b| b.is_ascii_digit()).count();
            if digits == 0 || digits > 9 {
                return None;
            }
            let mut micros = i64::from(number(&bytes[at + 1..at + 1 + digits])?);
            for _ in digits..6 {
                micros *= 10;
            }
            for _ in 6..digits {
                micros /= 10;
            }
            fraction = micros;
            at += 1 + digits;
        }
    }
    if hour > 23 || minute > 59 || second > 59 {
        return None;
    }
    let offset = offset_seconds(text[at..].trim_start())?;
    let seconds = midnight + i64::from(hour) * 3600 + i64::from(minute) * 60 + i64::from(second) - offset;
    Some(seconds * MICROS_PER_SECOND + fraction)
}

fn offset_seconds(zone: &str) -> Option<i64> {
    if matches!(zone, "" | "Z" | "z" | "UTC") {
        return Some(0);
    }
    let (sign, rest) = match zone.as_bytes().first()? {
        b'+' => (1, &zone[1..]),
        b'-' => (-1, &zone[1..]),
        _ => return None,
    };
    let digits: Vec<u8> = rest.bytes().filter(|b| *b != b':').collect();
    let (hours, minutes) = match digits.len() {
        2 => (number(&digits)?, 0),
        4 => (number(&digits[..2])?, number(&digits[2..])?),
        _ => return None,
    };
    (hours <= 14 && minutes < 60).then(|| sign * (i64::from(hours) * 3600 + i64::from(minutes) * 60))
}

fn parse_us_date(text: &str) -> Option<i64> {
    let (date, time) = text.split_once(' ').map_or((text, None), |(d, t)| (d, Some(t)));
    let mut parts = date.split('/');
    let (month, day, year) = (parts.next()?, parts.next()?, parts.next()?);
    if parts.next().is_some() || year.len() != 4 {
        return None;
    }
    let date = NaiveDate::from_ymd_opt(
        i32::try_from(number(year.as_bytes())?).ok()?,
        number(month.as_bytes())?,
        number(day.as_bytes())?,
    )?;
    let stamp = match time {
        None => date.and_hms_opt(0, 0, 0)?,
        Some(time) => NaiveDateTime::parse_from_str(&format!("{date} {time}"), "%Y-%m-%d %H:%M:%S").ok()?,
    };
    Some(stamp.and_utc().timestamp() * MICROS_PER_SECOND)
}

/// Any column of times, dates or text as `Timestamp(µs)`, UTC.
#[must_use]
pub fn datetime_column(column: &str, array: &ArrayRef) -> Typed {
    match array.data_type() {
        DataType::Timestamp(_, _) | DataType::Date32 | DataType::Date64 => {
            // A zone only labels: the instant is UTC either way.
            let bare = match array.data_type() {
                DataType::Timestamp(unit, Some(_)) => {
                    cast(array, &DataType::Timestamp(*unit, Some("UTC".into()))).and_then(|utc| {
                        cast(&utc, &DataType::Timestamp(TimeUnit::Microsecond, Some("UTC".into())))
                    })
                }
                _ => cast(array, &DATETIME),
            };
            match bare {
                Ok(times) => checked(column, times.as_primitive::<TimestampMicrosecondType>()),
                Err(_) => unreadable(column, array),
            }
        }
        DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View | DataType::Dictionary(_, _) => {
            match cast(array, &DataType::Utf8) {
                Ok(text) => of_texts(column, &text),
                Err(_) => unreadable(column, array),
            }
        }
        DataType::Null => Typed::clean(arrow::array::new_null_array(&DATETIME, array.len())),
        _ => unreadable(column, array),
    }
}

fn checked(column: &str, times: &TimestampMicrosecondArray) -> Typed {
    let all_plausible =
        times.values().iter().enumerate().all(|(row, t)| {
            PLAUSIBLE_SECONDS.contains(&t.div_euclid(MICROS_PER_SECOND)) || times.is_null(row)
        });
    if all_plausible {
        let bare = TimestampMicrosecondArray::new(times.values().clone(), times.nulls().cloned());
        return Typed::clean(Arc::new(bare));
    }
    let mut faults = Vec::new();
    let cells = times.iter().enumerate().map(|(row, cell)| {
        cell.and_then(|t| match plausible(t) {
            Ok(t) => Some(t),
            Err(reason) => {
                let value = chrono::DateTime::from_timestamp_micros(t)
                    .map_or_else(|| t.to_string(), |t| t.naive_utc().to_string());
                faults.push(Fault { row, column: column.to_owned(), value: shown(&value), reason });
                None
            }
        })
    });
    let array: TimestampMicrosecondArray = cells.collect();
    Typed { array: Arc::new(array), faults, rounded: 0 }
}

fn of_texts(column: &str, text: &ArrayRef) -> Typed {
    let text = text.as_string::<i32>();
    let mut micros = Vec::with_capacity(text.len());
    let mut valid = Vec::with_capacity(text.len());
    let mut faults = Vec::new();
    // Neighbouring rows nearly always share a period: parse a text once per run.
    let mut last: Option<(&str, i64)> = None;
    for (row, cell) in text.iter().enumerate() {
        let Some(cell) = cell.filter(|t| !super::is_null_text(t)) else {
            micros.push(0);
            valid.push(false);
            continue;
        };
        let read = match last {
            Some((same, t)) if same == cell => Ok(t),
            _ => datetime_of_text(cell),
        };
        match read {
            Ok(t) => {
                last = Some((cell, t));
                micros.push(t);
                valid.push(true);
            }
            Err(reason) => {
                faults.push(Fault { row, column: column.to_owned(), value: shown(cell), reason });
                micros.push(0);
                valid.push(false);
            }
        }
    }
    let nulls = NullBuffer::from(valid);
    let array = TimestampMicrosecondArray::new(
        ScalarBuffer::from(micros),
        Some(nulls).filter(|n| n.null_count() > 0),
    );
    Typed { array: Arc::new(array), faults, rounded: 0 }
}

fn unreadable(column: &str, array: &ArrayRef) -> Typed {
    let faults = (0..array.len())
        .filter(|row| array.is_valid(*row))
        .map(|row| Fault {
            row,
            column: column.to_owned(),
            value: shown(&array.data_type().to_string()),
            reason: NOT_A_TIME,
        })
        .collect();
    Typed { array: arrow::array::new_null_array(&DATETIME, array.len()), faults, rounded: 0 }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn check(text: &str, expected: &str) {
        let micros = datetime_of_text(text).unwrap_or_else(|e| panic!("{text}: {e}"));
        let shown = chrono::DateTime::from_timestamp_micros(micros)
            .unwrap()
            .format("%Y-%m-%dT%H:%M:%S%.fZ")
            .to_string();
        assert_eq!(shown, expected, "{text}");
    }

    #[test]
    fn the_forms_exports_write() {
        check("2024-09-01T00:00:00Z", "2024-09-01T00:00:00Z");
        check("2024-09-01 22:00:05", "2024-09-01T22:00:05Z");
        check("2023-11-13T10:00Z", "2023-11-13T10:00:00Z");
        check("2024-09-01", "2024-09-01T00:00:00Z");
        check("09/30/2023", "2023-09-30T00:00:00Z");
        check("2024-09-01T02:00:00.250+02:00", "2024-09-01T00:00:00.250Z");
        check("2024-09-01 00:00:00.000 UTC", "2024-09-01T00:00:00Z");
    }

    #[test]
    fn what_is_no_billing_date_is_refused() {
        for bad in [
            "0001-01-01T00:00:00Z",
            "9999-12-31",
            "2024-13-01",
            "30.09.2023",
            "2024-02-30",
            "x",
            "2024-09-01T25:00:00Z",
        ] {
            assert!(datetime_of_text(bad).is_err(), "{bad}");
        }
    }

    proptest! {
        #[test]
        fn parsing_never_panics(text in "\\PC{0,40}") {
            let _ = datetime_of_text(&text);
        }
    }
}
