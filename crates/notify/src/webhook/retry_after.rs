//! The `Retry-After` header (RFC 9110, 10.2.3): seconds, or a date.

use chrono::{DateTime, TimeDelta, Utc};

/// How long the receiver asks to be left alone; nothing for what does not read. Never negative.
#[must_use]
pub fn parse_retry_after(text: &str, now: DateTime<Utc>) -> Option<TimeDelta> {
    let text = text.trim();
    if !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit()) {
        // More digits than a number has are more time than anybody waits.
        let seconds = text.parse::<u32>().unwrap_or(u32::MAX);
        return TimeDelta::try_seconds(seconds.into());
    }
    let date = DateTime::parse_from_rfc2822(text).ok()?.with_timezone(&Utc);
    Some((date - now).max(TimeDelta::zero()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seconds_and_dates_are_understood() {
        let now = "2026-11-22T10:00:00Z".parse().unwrap();
        let check = |text: &str, seconds: Option<i64>| {
            assert_eq!(parse_retry_after(text, now), seconds.map(TimeDelta::seconds), "{text}");
        };
        check("120", Some(120));
        check(" 0 ", Some(0));
        check("Sun, 22 Nov 2026 10:02:00 GMT", Some(120));
        check("Sun, 22 Nov 2026 09:00:00 GMT", Some(0));
        check("99999999999999999999", Some(u32::MAX.into()));
        for bad in ["", "-1", "soon", "1.5", "12h", "Sun, 99 Nov 2026 10:02:00 GMT"] {
            check(bad, None);
        }
    }
}
