//! How often is too often: the arithmetic of rate limits, without a clock and without a place to
//! keep anything.
//!
//! The generic cell rate algorithm: a bucket is one moment, the *theoretical arrival time* of the
//! next request of a sender who keeps exactly to the budget. A bucket that nobody asks for grows
//! full by itself, so what keeps buckets may forget any whose moment has passed.
//!
//! Units: nanoseconds since the Unix epoch in a [`Moment`], requests per minute in a [`Budget`].
//! A budget may be spent at once and comes back evenly, so that a page which asks ten things at
//! once is served; in the worst minute that is twice the budget, and never more.
//!
//! A clock that is set back does not lock anybody out for longer than a minute.

use std::num::NonZeroU32;
use std::time::Duration;

/// The window of every budget.
pub const WINDOW: Duration = Duration::from_secs(60);
const WINDOW_NANOS: u64 = 60_000_000_000;

/// A point in time, as nanoseconds since the Unix epoch (which last until the year 2554).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Moment(pub u64);

impl Moment {
    /// So much later.
    #[must_use]
    pub fn after(self, by: Duration) -> Self {
        Self(self.0.saturating_add(u64::try_from(by.as_nanos()).unwrap_or(u64::MAX)))
    }
}

/// So many requests a minute.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Budget(NonZeroU32);

impl Budget {
    /// So many requests a minute; none when that is zero, which stands for "no limit".
    #[must_use]
    pub fn per_minute(requests: u32) -> Option<Self> {
        NonZeroU32::new(requests).map(Self)
    }

    /// Requests per minute.
    #[must_use]
    pub fn requests(self) -> u32 {
        self.0.get()
    }

    /// Nanoseconds that one request costs. At least one: a budget of four thousand million a minute
    /// still costs fourteen.
    fn interval(self) -> u64 {
        WINDOW_NANOS / u64::from(self.0.get())
    }
}

/// What a bucket said to one request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Verdict {
    /// How long to wait before the next try; none when the request may pass.
    pub retry_after: Option<Duration>,
    /// Requests that would pass now, after this one.
    pub remaining: u32,
    /// When the bucket is full again.
    pub full_after: Duration,
}

impl Verdict {
    /// Whether the request may pass.
    #[must_use]
    pub fn passes(&self) -> bool {
        self.retry_after.is_none()
    }
}

/// Takes one request out of a bucket (none: it was never used): the bucket afterwards, and what it said.
/// A refused request costs nothing.
#[must_use]
pub fn take(bucket: Option<Moment>, budget: Budget, now: Moment) -> (Moment, Verdict) {
    let interval = budget.interval();
    let window = interval * u64::from(budget.requests());
    let latest = now.0.saturating_add(window);
    let before = bucket.map_or(now.0, |moment| moment.0.clamp(now.0, latest));
    let after = before.saturating_add(interval);
    if after <= latest {
        let remaining = u32::try_from((latest - after) / interval).unwrap_or(u32::MAX);
        let full_after = Duration::from_nanos(after - now.0);
        return (Moment(after), Verdict { retry_after: None, remaining, full_after });
    }
    let verdict = Verdict {
        retry_after: Some(Duration::from_nanos(after - latest)),
        remaining: 0,
        full_after: Duration::from_nanos(before - now.0),
    };
    (Moment(before), verdict)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const START: Moment = Moment(1_795_000_000_000_000_000);

    fn budget(requests: u32) -> Budget {
        Budget::per_minute(requests).unwrap()
    }

    /// Requests with these pauses between them (in ns): for each when it came and what it was told.
    fn play(budget: Budget, pauses: &[u64]) -> Vec<(Moment, Verdict)> {
        let (mut bucket, mut now) = (None, START);
        let step = |pause: &u64| {
            now = Moment(now.0 + pause);
            let (after, verdict) = take(bucket, budget, now);
            bucket = Some(after);
            (now, verdict)
        };
        pauses.iter().map(step).collect()
    }

    #[test]
    fn a_budget_is_spent_and_comes_back() {
        let said = play(budget(3), &[0, 0, 0, 0, 20_000_000_000, 0]);
        let remaining: Vec<_> = said.iter().map(|(_, v)| (v.passes(), v.remaining)).collect();
        assert_eq!(remaining, [(true, 2), (true, 1), (true, 0), (false, 0), (true, 0), (false, 0)]);
        assert_eq!(said[3].1.retry_after, Some(Duration::from_secs(20)));
        assert_eq!(said[3].1.full_after, WINDOW);
        assert!(Budget::per_minute(0).is_none());
    }

    proptest! {
        // claim C7
        #[test]
        fn no_minute_has_more_than_twice_the_budget(
            requests in 1_u32..400, pauses in prop::collection::vec(0_u64..2_000_000_000, 1..600)
        ) {
            let said = play(budget(requests), &pauses);
            let passed: Vec<u64> = said.iter().filter(|(_, v)| v.passes()).map(|(at, _)| at.0).collect();
            for (first, start) in passed.iter().enumerate() {
                let within = passed[first..].iter().take_while(|at| *at - start <= WINDOW_NANOS).count();
                prop_assert!(within <= 2 * requests as usize + 1, "{within} of {requests} in a minute");
            }
        }

        #[test]
        fn who_keeps_to_the_budget_is_never_refused(requests in 1_u32..1_000_000, count in 1_usize..200) {
            let pause = WINDOW_NANOS / u64::from(requests) + 1;
            prop_assert!(play(budget(requests), &vec![pause; count]).iter().all(|(_, v)| v.passes()));
        }

        #[test]
        fn who_waits_as_told_passes(
            requests in 1_u32..1_000_000, pauses in prop::collection::vec(0_u64..100_000_000, 1..300)
        ) {
            let budget = budget(requests);
            let mut bucket = None;
            let mut now = START;
            for pause in pauses {
                now = Moment(now.0 + pause);
                let (after, verdict) = take(bucket, budget, now);
                bucket = Some(after);
                if let Some(wait) = verdict.retry_after {
                    prop_assert!(wait <= WINDOW);
                    prop_assert!(!take(bucket, budget, Moment(now.after(wait).0 - 1)).1.passes(), "too long a wait");
                    prop_assert!(take(bucket, budget, now.after(wait)).1.passes());
                }
            }
        }

        #[test]
        fn what_is_said_to_remain_remains(
            requests in 1_u32..200, pauses in prop::collection::vec(0_u64..1_000_000_000, 1..50)
        ) {
            let budget = budget(requests);
            let said = play(budget, &pauses);
            let (now, last) = said[said.len() - 1];
            let more = vec![0; last.remaining as usize + 1];
            let all: Vec<u64> = pauses.iter().copied().chain(more).collect();
            let after = play(budget, &all);
            let (good, over) = after[said.len()..].split_at(last.remaining as usize);
            prop_assert!(good.iter().all(|(at, v)| *at == now && v.passes()));
            prop_assert!(!over[0].1.passes());
        }

        #[test]
        fn a_clock_set_back_locks_nobody_out(requests in 1_u32..1_000, back in 0_u64..u64::MAX / 4) {
            let budget = budget(requests);
            let (later, _) = take(None, budget, Moment(START.0.saturating_add(back)));
            let (bucket, verdict) = take(Some(later), budget, START);
            prop_assert!(verdict.retry_after.unwrap_or_default() <= WINDOW);
            prop_assert!(bucket.0 <= START.0 + WINDOW_NANOS);
            prop_assert!(take(Some(bucket), budget, START.after(WINDOW)).1.passes());
        }
    }
}
