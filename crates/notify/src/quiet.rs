//! Quiet hours and digests: moments by a person's own clock.

use chrono::{DateTime, Datelike, Days, NaiveDate, NaiveTime, TimeDelta, TimeZone, Utc, Weekday};
use chrono_tz::Tz;
use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;

/// A time zone by its name in the IANA database.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Zone(Tz);

/// Not a time zone.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no time zone such as Europe/Berlin")]
pub struct ZoneError(String);

impl Zone {
    /// Coordinated universal time.
    pub const UTC: Self = Self(Tz::UTC);

    /// The moment at which clocks there show this; where they skip it, an hour later; where they show it twice,
    /// the first time.
    fn moment(self, day: NaiveDate, time: NaiveTime) -> Option<DateTime<Utc>> {
        let local = day.and_time(time);
        let found = self.0.from_local_datetime(&local).earliest();
        let found = found.or_else(|| self.0.from_local_datetime(&(local + TimeDelta::hours(1))).earliest());
        found.map(|moment| moment.with_timezone(&Utc))
    }
}

impl FromStr for Zone {
    type Err = ZoneError;
    fn from_str(text: &str) -> Result<Self, ZoneError> {
        text.parse().map(Self).map_err(|_| ZoneError(text.chars().take(60).collect()))
    }
}

impl TryFrom<String> for Zone {
    type Error = ZoneError;
    fn try_from(text: String) -> Result<Self, ZoneError> {
        text.parse()
    }
}

impl From<Zone> for String {
    fn from(zone: Zone) -> Self {
        zone.to_string()
    }
}

impl fmt::Display for Zone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0.name())
    }
}

/// Hours in which nothing but what is critical is sent; the rest waits for their end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct QuietHours {
    /// By whose clock.
    pub zone: Zone,
    /// From this time of the day …
    pub from: NaiveTime,
    /// … to this, on the next day when it is earlier. Equal to `from`: no hours.
    pub until: NaiveTime,
    /// Saturdays and Sundays as well, all day.
    pub weekends: bool,
}

impl QuietHours {
    /// The first moment from `now` on that is not quiet.
    #[must_use]
    pub fn end(&self, now: DateTime<Utc>) -> DateTime<Utc> {
        let mut moment = now;
        // A weekend and the nights around it are at most five steps.
        for _ in 0..8 {
            match self.end_of_this(moment) {
                Some(next) if next > moment => moment = next,
                _ => break,
            }
        }
        moment
    }

    fn end_of_this(&self, moment: DateTime<Utc>) -> Option<DateTime<Utc>> {
        let local = moment.with_timezone(&self.zone.0);
        let (day, time) = (local.date_naive(), local.time());
        if self.weekends && matches!(day.weekday(), Weekday::Sat | Weekday::Sun) {
            return self.zone.moment(day.checked_add_days(Days::new(1))?, NaiveTime::MIN);
        }
        let (from, until) = (self.from, self.until);
        if from <= until {
            return if from <= time && time < until { self.zone.moment(day, until) } else { None };
        }
        if time >= from {
            return self.zone.moment(day.checked_add_days(Days::new(1))?, until);
        }
        if time < until { self.zone.moment(day, until) } else { None }
    }
}

/// The next time clocks in the zone show this, after `now`.
#[must_use]
pub fn next_daily(zone: Zone, time: NaiveTime, now: DateTime<Utc>) -> DateTime<Utc> {
    let today = now.with_timezone(&zone.0).date_naive();
    let days = (0..3).filter_map(|days| today.checked_add_days(Days::new(days)));
    let mut moments = days.filter_map(|day| zone.moment(day, time));
    moments.find(|moment| *moment > now).unwrap_or(now)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> DateTime<Utc> {
        text.parse().unwrap()
    }

    fn hours(from: &str, until: &str, weekends: bool) -> QuietHours {
        let time = |text: &str| text.parse().unwrap();
        QuietHours { zone: "Europe/Berlin".parse().unwrap(), from: time(from), until: time(until), weekends }
    }

    // claim G3
    #[test]
    fn a_night_ends_in_the_morning_of_the_zone() {
        let night = hours("22:00:00", "07:00:00", false);
        // Berlin is at +01:00 in November.
        for (now, end) in [
            ("2026-11-23T20:59:59Z", "2026-11-23T20:59:59Z"),
            ("2026-11-23T21:00:00Z", "2026-11-24T06:00:00Z"),
            ("2026-11-24T02:00:00Z", "2026-11-24T06:00:00Z"),
            ("2026-11-24T06:00:00Z", "2026-11-24T06:00:00Z"),
        ] {
            assert_eq!(night.end(at(now)), at(end), "{now}");
        }
        let noon = hours("12:00:00", "13:00:00", false);
        assert_eq!(noon.end(at("2026-11-24T11:30:00Z")), at("2026-11-24T12:00:00Z"));
        let none = hours("12:00:00", "12:00:00", false);
        assert_eq!(none.end(at("2026-11-24T11:00:00Z")), at("2026-11-24T11:00:00Z"));
    }

    #[test]
    fn a_weekend_ends_on_monday_morning() {
        let quiet = hours("22:00:00", "07:00:00", true);
        // From Friday night on: the night, Saturday, Sunday, and the night to Monday.
        assert_eq!(quiet.end(at("2026-11-20T22:00:00Z")), at("2026-11-23T06:00:00Z"));
        assert_eq!(quiet.end(at("2026-11-22T12:00:00Z")), at("2026-11-23T06:00:00Z"));
    }

    #[test]
    fn changes_of_the_clock_lose_nothing() {
        // On 2027-03-28 clocks go from 02:00 to 03:00: 02:30 does not come.
        let spring = hours("22:00:00", "02:30:00", false);
        assert_eq!(spring.end(at("2027-03-27T23:00:00Z")), at("2027-03-28T01:30:00Z"));
        // On 2026-10-25 they show 02:30 twice: the first.
        let autumn = hours("22:00:00", "02:30:00", false);
        assert_eq!(autumn.end(at("2026-10-24T23:00:00Z")), at("2026-10-25T00:30:00Z"));
    }

    #[test]
    fn the_next_digest_is_tomorrow_when_todays_is_past() {
        let (zone, eight) = ("Europe/Berlin".parse().unwrap(), "08:00:00".parse().unwrap());
        assert_eq!(next_daily(zone, eight, at("2026-11-24T06:00:00Z")), at("2026-11-24T07:00:00Z"));
        assert_eq!(next_daily(zone, eight, at("2026-11-24T07:00:00Z")), at("2026-11-25T07:00:00Z"));
    }

    #[test]
    fn zones_are_known_by_name_only() {
        assert_eq!("America/New_York".parse::<Zone>().unwrap().to_string(), "America/New_York");
        for text in ["", "Mars/Olympus", "+01:00"] {
            assert!(text.parse::<Zone>().is_err(), "{text}");
        }
    }
}
