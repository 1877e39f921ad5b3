//! What follows on an attempt: a pure function.

use bursar_domain::event::Next;
use chrono::{DateTime, TimeDelta, Utc};

/// How an attempt ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// The receiver answered.
    Answered {
        /// Its status.
        status: u16,
        /// How long it asks to be left alone.
        retry_after: Option<TimeDelta>,
    },
    /// It did not; why.
    NoAnswer(String),
    /// The request is never made: the URL is one that the guard refuses.
    Refused(String),
}

impl Outcome {
    /// Whether the receiver took it: 2xx only.
    #[must_use]
    pub const fn is_success(&self) -> bool {
        matches!(self, Self::Answered { status: 200..=299, .. })
    }

    /// In words, for the delivery log.
    #[must_use]
    pub fn reason(&self) -> String {
        match self {
            Self::Answered { status: status @ 300..=399, .. } => {
                format!("the receiver answered with status {status}, and redirects are not followed")
            }
            Self::Answered { status, .. } => format!("the receiver answered with status {status}"),
            Self::NoAnswer(why) | Self::Refused(why) => why.clone(),
        }
    }
}

/// An attempt that was made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attempt {
    /// Its number, from 1.
    pub number: u32,
    /// When it ended.
    pub at: DateTime<Utc>,
    /// How.
    pub outcome: Outcome,
}

/// When attempts are made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Schedule {
    /// From each attempt to the next; one attempt more than there are delays.
    delays: Vec<TimeDelta>,
    /// The longest wait that a receiver can ask for.
    longest_wait: TimeDelta,
}

impl Default for Schedule {
    fn default() -> Self {
        Self::standard()
    }
}

impl Schedule {
    /// The specification's: at once, then after 5 s, 5 min, 30 min, 2 h, 5 h, 10 h, 14 h, 20 h and 24 h, ten
    /// attempts within some three days.
    fn standard() -> Self {
        let (second, minute, hour) = (1, 60, 3_600);
        let delays = [
            5 * second,
            5 * minute,
            30 * minute,
            2 * hour,
            5 * hour,
            10 * hour,
            14 * hour,
            20 * hour,
            24 * hour,
        ];
        Self { delays: delays.map(TimeDelta::seconds).to_vec(), longest_wait: TimeDelta::hours(24) }
    }

    /// Other delays.
    #[must_use]
    pub fn new(delays: Vec<TimeDelta>) -> Self {
        Self { delays, longest_wait: TimeDelta::hours(24) }
    }

    /// What follows on the attempt. `random` spreads the moments: up to a fifth is added to each delay, so that
    /// receivers that failed together are not asked together.
    #[must_use]
    pub fn next(&self, attempt: &Attempt, random: u64) -> Next {
        let reason = attempt.outcome.reason();
        match &attempt.outcome {
            outcome if outcome.is_success() => Next::Delivered,
            Outcome::Answered { status: 410, .. } => Next::SwitchOff { reason },
            Outcome::Refused(_) => Next::Dead { reason },
            Outcome::Answered { retry_after, .. } => self.retry(attempt, *retry_after, random, reason),
            Outcome::NoAnswer(_) => self.retry(attempt, None, random, reason),
        }
    }

    fn retry(&self, attempt: &Attempt, asked: Option<TimeDelta>, random: u64, reason: String) -> Next {
        let delay = usize::try_from(attempt.number.saturating_sub(1)).ok().and_then(|at| self.delays.get(at));
        let Some(delay) = delay else {
            return Next::Dead { reason: format!("{} attempts failed; the last: {reason}", attempt.number) };
        };
        let fifth = u64::try_from(delay.num_milliseconds() / 5).unwrap_or_default();
        let jitter = TimeDelta::milliseconds(i64::try_from(random % (fifth + 1)).unwrap_or_default());
        // Not before the receiver asks for, and never longer than a day: it cannot put us off for good.
        let asked = asked.unwrap_or_default().clamp(TimeDelta::zero(), self.longest_wait);
        let wait = (*delay).max(asked) + jitter;
        match attempt.at.checked_add_signed(wait) {
            Some(at) => Next::Retry { at },
            None => Next::Dead { reason },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn at() -> DateTime<Utc> {
        "2026-11-22T10:00:00Z".parse().unwrap()
    }

    fn after(number: u32, status: u16, retry_after: Option<i64>) -> Next {
        let retry_after = retry_after.map(TimeDelta::seconds);
        let attempt = Attempt { number, at: at(), outcome: Outcome::Answered { status, retry_after } };
        Schedule::default().next(&attempt, 0)
    }

    fn in_seconds(seconds: i64) -> Next {
        Next::Retry { at: at() + TimeDelta::seconds(seconds) }
    }

    // claim G2
    #[test]
    fn the_schedule_is_the_specifications() {
        let found: Vec<Next> = (1..=9).map(|number| after(number, 500, None)).collect();
        let wanted = [5, 300, 1_800, 7_200, 18_000, 36_000, 50_400, 72_000, 86_400].map(in_seconds);
        assert_eq!(found, wanted);
        assert!(matches!(after(10, 500, None), Next::Dead { reason } if reason.contains("10 attempts")));
    }

    #[test]
    fn only_2xx_is_success_and_410_is_the_end() {
        for status in [200, 201, 202, 204, 299] {
            assert_eq!(after(1, status, None), Next::Delivered, "{status}");
        }
        for status in
            [100, 199, 300, 301, 302, 304, 307, 308, 400, 401, 404, 408, 409, 422, 429, 500, 503, 599]
        {
            assert_eq!(after(1, status, None), in_seconds(5), "{status}");
        }
        assert!(matches!(after(1, 410, None), Next::SwitchOff { .. }));
    }

    #[test]
    fn retry_after_puts_off_and_never_hurries_nor_lasts() {
        assert_eq!(after(1, 429, Some(120)), in_seconds(120));
        assert_eq!(after(3, 429, Some(120)), in_seconds(1_800));
        assert_eq!(after(1, 503, Some(-5)), in_seconds(5));
        assert_eq!(after(1, 503, Some(10_000_000)), in_seconds(86_400));
        // The last attempt is the last, whatever is asked.
        assert!(matches!(after(10, 429, Some(5)), Next::Dead { .. }));
    }

    #[test]
    fn what_the_guard_refuses_is_not_tried_again() {
        let attempt = Attempt { number: 1, at: at(), outcome: Outcome::Refused("use https".into()) };
        assert_eq!(Schedule::default().next(&attempt, 7), Next::Dead { reason: "use https".into() });
    }

    proptest! {
        /// From any beginning every delivery ends, after at most ten attempts, and waits neither less than
        /// the schedule says nor a fifth more.
        #[test]
        fn every_delivery_ends(statuses in proptest::collection::vec(100_u16..600, 12), random: u64) {
            let schedule = Schedule::default();
            let mut number = 0;
            for status in statuses {
                number += 1;
                let attempt = Attempt { number, at: at(), outcome: Outcome::Answered { status, retry_after: None } };
                match schedule.next(&attempt, random) {
                    Next::Retry { at: next } => {
                        let least = schedule.delays[number as usize - 1];
                        prop_assert!(next >= at() + least && next <= at() + least + least / 5);
                    }
                    _ => break,
                }
            }
            prop_assert!(number <= 10);
        }
    }
}
