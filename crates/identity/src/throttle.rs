//! Slowing down whoever guesses, without locking out whoever is guessed at.
//!
//! Three counters of failures stand before a password, and one behind it:
//!
//! * [`Counter::Pair`], one account from one origin (an address, or a device that has signed in to that
//!   account before). A few failures are free, then each costs a growing wait, then the pair is locked.
//! * [`Counter::Address`], one address on all accounts: one password tried on a thousand names.
//! * [`Counter::Account`], one account from everywhere: a thousand addresses on one name. It locks the
//!   account for *unfamiliar* origins only. Somebody else's guesses can therefore never keep a colleague out
//!   of a browser they have used, and a passkey, which cannot be guessed, is not asked here at all.
//! * [`Counter::Code`], one account's one-time codes; the password was right already.
//!
//! Every lock ends by itself. Locks on one account double up to a day, and after a hundred failures in a
//! row without a success the password is not accepted from unfamiliar origins until thirty days have passed
//! without a further one (SP 800-63B-4 §3.2.2: no more than 100). The waits are Kanidm's curve.
//!
//! Everything here is arithmetic on small values that the caller keeps, per key, in its own transaction:
//!
//! ```
//! # use bursar_identity::throttle::{Attempt, Counter, Failures, Gate, Throttle, ThrottleSettings};
//! # let now = "2026-11-22T09:00:00Z".parse::<chrono::DateTime<chrono::Utc>>()?;
//! let throttle = Throttle::new(ThrottleSettings::default())?;
//! let (pair, address, account) = (Failures::default(), Failures::default(), Failures::default());
//! let attempt = Attempt { pair: &pair, address: &address, account: &account, familiar: false };
//! if throttle.gate(&attempt, now) == Gate::Open {
//!     // … the password was wrong: store all three.
//!     let pair = throttle.failed(Counter::Pair, &pair, now);
//!     assert_eq!(pair.count, 1);
//! }
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! A refusal at the gate must look like a wrong password, in text and in time: the caller compares with
//! no stored hash ([`crate::password::PasswordHasher::verify`] with `None`) and does not count. A clock that
//! jumps back cannot lengthen a lock beyond its longest; one that jumps forward ends it early.

use chrono::{DateTime, Duration, Utc};
use serde::{Deserialize, Serialize};
use std::net::IpAddr;

/// What is counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Counter {
    /// One account from one origin.
    Pair,
    /// One address.
    Address,
    /// One account.
    Account,
    /// One account's one-time and recovery codes.
    Code,
}

/// The failures behind one key, as the caller keeps them. A missing row is [`Failures::default`].
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Failures {
    /// Failures in a row.
    pub count: u32,
    /// When the last one was.
    pub last: Option<DateTime<Utc>>,
    /// Until when nothing is accepted.
    pub closed_until: Option<DateTime<Utc>>,
}

/// The thresholds, each an environment variable named in its doc.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ThrottleSettings {
    /// `BURSAR_SIGN_IN_LOCK_AFTER`: failures of one account from one origin after which the pair is
    /// locked. 3 to 100.
    pub lock_after: u32,
    /// `BURSAR_SIGN_IN_LOCK_MINUTES`: how long the first lock lasts; each further failure doubles it.
    pub lock_for: Duration,
    /// `BURSAR_SIGN_IN_LOCK_MINUTES_MAX`: the longest lock. At most seven days.
    pub lock_for_at_most: Duration,
    /// `BURSAR_SIGN_IN_ACCOUNT_LOCK_AFTER`: failures of one account from everywhere after which unfamiliar
    /// origins are locked out of it. At least `lock_after`, at most 100.
    pub account_lock_after: u32,
    /// `BURSAR_SIGN_IN_ADDRESS_FAILURES`: failures of one address on all accounts within the window after
    /// which the address is locked.
    pub address_failures: u32,
    /// `BURSAR_SIGN_IN_ADDRESS_MINUTES`: that window, and how long the lock lasts.
    pub address_window: Duration,
    /// `BURSAR_SIGN_IN_CODE_LOCK_AFTER`: wrong one-time codes in a row after which codes are locked.
    pub code_lock_after: u32,
}

impl Default for ThrottleSettings {
    fn default() -> Self {
        Self {
            lock_after: 10,
            lock_for: Duration::minutes(15),
            lock_for_at_most: Duration::hours(24),
            account_lock_after: 30,
            address_failures: 50,
            address_window: Duration::minutes(15),
            code_lock_after: 5,
        }
    }
}

/// Failures of one account in a row after which its password is no longer accepted from unfamiliar
/// origins (SP 800-63B-4 §3.2.2).
pub const MAX_CONSECUTIVE_FAILURES: u32 = 100;
/// After this long without a failure, a pair, an account and its codes start anew.
const FORGET_AFTER: Duration = Duration::days(30);
const LONGEST_LOCK: Duration = Duration::days(7);

/// A threshold that makes no sense.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{variable} is {value}: it must be {expected}")]
pub struct ThrottleSettingsError {
    /// The environment variable.
    pub variable: &'static str,
    /// What it says.
    pub value: String,
    /// What it may say.
    pub expected: &'static str,
}

/// One try, before anything is compared.
#[derive(Debug, Clone, Copy)]
pub struct Attempt<'a> {
    /// [`Counter::Pair`] of this account and origin.
    pub pair: &'a Failures,
    /// [`Counter::Address`] of where it comes from.
    pub address: &'a Failures,
    /// [`Counter::Account`] of the account; for an unknown account the counter of the name that was
    /// typed.
    pub account: &'a Failures,
    /// Whether this browser has signed in to this account before ([`crate::session::DeviceClaims`]).
    pub familiar: bool,
}

/// Whether to look at what was typed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Gate {
    /// Compare it, and count it if it is wrong.
    Open,
    /// Refuse it as if it were wrong, and do not count it.
    Closed {
        /// When to try again. For the record; never shown before sign-in.
        until: DateTime<Utc>,
        /// Which counter says so.
        by: Counter,
    },
}

/// The rules.
#[derive(Debug, Clone)]
pub struct Throttle {
    settings: ThrottleSettings,
}

impl Throttle {
    /// The rules with these thresholds.
    ///
    /// # Errors
    /// The first threshold that makes no sense.
    pub fn new(settings: ThrottleSettings) -> Result<Self, ThrottleSettingsError> {
        let check = |good: bool, variable, value: String, expected| {
            if good { Ok(()) } else { Err(ThrottleSettingsError { variable, value, expected }) }
        };
        let s = &settings;
        let minutes = |d: Duration| d.num_minutes().to_string();
        let between = |d: Duration, most: Duration| d >= Duration::minutes(1) && d <= most;
        check(
            (3..=100).contains(&s.lock_after),
            "BURSAR_SIGN_IN_LOCK_AFTER",
            s.lock_after.to_string(),
            "3 to 100",
        )?;
        check(
            between(s.lock_for, s.lock_for_at_most),
            "BURSAR_SIGN_IN_LOCK_MINUTES",
            minutes(s.lock_for),
            "1 to BURSAR_SIGN_IN_LOCK_MINUTES_MAX",
        )?;
        check(
            between(s.lock_for_at_most, LONGEST_LOCK),
            "BURSAR_SIGN_IN_LOCK_MINUTES_MAX",
            minutes(s.lock_for_at_most),
            "1 to 10080",
        )?;
        check(
            (s.lock_after..=MAX_CONSECUTIVE_FAILURES).contains(&s.account_lock_after),
            "BURSAR_SIGN_IN_ACCOUNT_LOCK_AFTER",
            s.account_lock_after.to_string(),
            "BURSAR_SIGN_IN_LOCK_AFTER to 100",
        )?;
        check(
            (5..=100_000).contains(&s.address_failures),
            "BURSAR_SIGN_IN_ADDRESS_FAILURES",
            s.address_failures.to_string(),
            "5 to 100000",
        )?;
        check(
            between(s.address_window, Duration::days(1)),
            "BURSAR_SIGN_IN_ADDRESS_MINUTES",
            minutes(s.address_window),
            "1 to 1440",
        )?;
        check(
            (3..=20).contains(&s.code_lock_after),
            "BURSAR_SIGN_IN_CODE_LOCK_AFTER",
            s.code_lock_after.to_string(),
            "3 to 20",
        )?;
        Ok(Self { settings })
    }

    /// Whether to look at a password.
    #[must_use]
    pub fn gate(&self, attempt: &Attempt<'_>, now: DateTime<Utc>) -> Gate {
        let account = if attempt.familiar { None } else { Some((Counter::Account, attempt.account)) };
        let counters =
            [Some((Counter::Pair, attempt.pair)), Some((Counter::Address, attempt.address)), account];
        let closed = counters.into_iter().flatten().filter_map(|(by, failures)| {
            self.closed_until(by, failures, now).map(|until| Gate::Closed { until, by })
        });
        closed.max_by_key(|gate| gate.until()).unwrap_or(Gate::Open)
    }

    /// Whether to look at a one-time or recovery code.
    #[must_use]
    pub fn code_gate(&self, codes: &Failures, now: DateTime<Utc>) -> Gate {
        let until = self.closed_until(Counter::Code, codes, now);
        until.map_or(Gate::Open, |until| Gate::Closed { until, by: Counter::Code })
    }

    /// The counter after a failure that the gate had let through.
    #[must_use]
    pub fn failed(&self, counter: Counter, before: &Failures, now: DateTime<Utc>) -> Failures {
        let count = self.remembered(counter, before, now).saturating_add(1);
        let wait = self.wait(counter, count);
        // A clock that went back must not open what is closed.
        let still = self.closed_until(counter, before, now);
        let closed_until = (wait > Duration::zero()).then(|| now + wait).max(still);
        Failures { count, last: Some(now), closed_until }
    }

    /// The counter after a success: nothing, except that a success on one account says nothing about
    /// the others that the address tried, and that a familiar browser's success says nothing about the guesses
    /// from elsewhere.
    #[must_use]
    pub fn succeeded(&self, counter: Counter, before: &Failures, familiar: bool) -> Failures {
        match counter {
            Counter::Pair | Counter::Code => Failures::default(),
            Counter::Account if !familiar => Failures::default(),
            Counter::Account | Counter::Address => *before,
        }
    }

    /// Whether a row says nothing any more and may be removed.
    #[must_use]
    pub fn is_forgotten(&self, counter: Counter, failures: &Failures, now: DateTime<Utc>) -> bool {
        self.remembered(counter, failures, now) == 0 && self.closed_until(counter, failures, now).is_none()
    }

    fn remembered(&self, counter: Counter, failures: &Failures, now: DateTime<Utc>) -> u32 {
        let window = match counter {
            Counter::Address => self.settings.address_window,
            Counter::Pair | Counter::Account | Counter::Code => FORGET_AFTER,
        };
        match failures.last {
            Some(last) if now - last < window => failures.count,
            _ => 0,
        }
    }

    /// How long the key is closed after its `count`th failure.
    fn wait(&self, counter: Counter, count: u32) -> Duration {
        let s = &self.settings;
        let lock = |after: u32| {
            let doublings = count.saturating_sub(after).min(30);
            let minutes = s.lock_for.num_minutes().saturating_mul(1 << doublings);
            Duration::minutes(minutes.min(s.lock_for_at_most.num_minutes()))
        };
        match counter {
            Counter::Pair if count >= s.lock_after => lock(s.lock_after),
            Counter::Pair => match count {
                0..3 => Duration::seconds(1),
                3..9 => Duration::seconds(3),
                9..25 => Duration::seconds(5),
                _ => Duration::seconds(10),
            },
            Counter::Account if count >= MAX_CONSECUTIVE_FAILURES => FORGET_AFTER,
            Counter::Account if count >= s.account_lock_after => lock(s.account_lock_after),
            Counter::Code if count >= s.code_lock_after => lock(s.code_lock_after),
            Counter::Address if count >= s.address_failures => s.address_window,
            Counter::Account | Counter::Code | Counter::Address => Duration::zero(),
        }
    }

    fn longest(&self, counter: Counter, failures: &Failures) -> Duration {
        match counter {
            Counter::Account if failures.count >= MAX_CONSECUTIVE_FAILURES => FORGET_AFTER,
            Counter::Address => self.settings.address_window,
            Counter::Pair | Counter::Account | Counter::Code => self.settings.lock_for_at_most,
        }
    }

    fn closed_until(
        &self,
        counter: Counter,
        failures: &Failures,
        now: DateTime<Utc>,
    ) -> Option<DateTime<Utc>> {
        let until = failures.closed_until?.min(now + self.longest(counter, failures));
        (until > now).then_some(until)
    }
}

impl Gate {
    fn until(&self) -> Option<DateTime<Utc>> {
        match self {
            Self::Open => None,
            Self::Closed { until, .. } => Some(*until),
        }
    }
}

/// What counts as one address: an IPv4 address, or the /64 of an IPv6 one, because whoever has one address
/// of it has them all. An IPv4 address that was mapped into IPv6 is that IPv4 address.
#[must_use]
pub fn address_key(address: IpAddr) -> String {
    match address.to_canonical() {
        IpAddr::V4(address) => address.to_string(),
        IpAddr::V6(address) => {
            let [a, b, c, d, ..] = address.segments();
            format!("{a:x}:{b:x}:{c:x}:{d:x}::/64")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn start() -> DateTime<Utc> {
        "2026-11-22T09:00:00Z".parse().unwrap()
    }

    fn throttle() -> Throttle {
        Throttle::new(ThrottleSettings::default()).unwrap()
    }

    /// Somebody who tries as fast as the gate lets them, for `span`; how many tries were looked at.
    fn guesses(throttle: &Throttle, counters: &mut [Failures; 3], familiar: bool, span: Duration) -> u32 {
        let (mut now, end, mut looked_at) = (start(), start() + span, 0);
        while now < end {
            let [pair, address, account] = &*counters;
            match throttle.gate(&Attempt { pair, address, account, familiar }, now) {
                Gate::Closed { until, .. } => now = until,
                Gate::Open => {
                    looked_at += 1;
                    for (counter, of) in
                        counters.iter_mut().zip([Counter::Pair, Counter::Address, Counter::Account])
                    {
                        *counter = throttle.failed(of, counter, now);
                    }
                    now += Duration::milliseconds(1);
                }
            }
        }
        looked_at
    }

    #[test]
    fn one_guesser_gets_ten_tries_and_then_waits() {
        // claim C4
        let throttle = throttle();
        let mut counters = [Failures::default(); 3];
        assert_eq!(guesses(&throttle, &mut counters, false, Duration::minutes(10)), 10);
        let until = start() + Duration::minutes(15);
        let [pair, address, account] = &counters;
        let attempt = Attempt { pair, address, account, familiar: false };
        assert!(matches!(
            throttle.gate(&attempt, start() + Duration::minutes(12)),
            Gate::Closed { by: Counter::Pair, .. }
        ));
        assert_eq!(throttle.gate(&attempt, until + Duration::minutes(1)), Gate::Open, "unlocks by itself");
    }

    #[test]
    fn a_guesser_with_all_the_addresses_gets_no_more_than_a_hundred_tries_in_a_month() {
        // claim C4: SP 800-63B-4 §3.2.2
        let throttle = throttle();
        let (mut account, mut now, mut looked_at) = (Failures::default(), start(), 0);
        let fresh = Failures::default();
        while now < start() + Duration::days(29) {
            let attempt = Attempt { pair: &fresh, address: &fresh, account: &account, familiar: false };
            match throttle.gate(&attempt, now) {
                Gate::Closed { until, .. } => now = until,
                Gate::Open => {
                    looked_at += 1;
                    account = throttle.failed(Counter::Account, &account, now);
                }
            }
        }
        assert!((30..=100).contains(&looked_at), "{looked_at}");
    }

    #[test]
    fn a_colleague_cannot_be_locked_out_of_a_browser_they_use() {
        // claim C4
        let throttle = throttle();
        let closed =
            Failures { count: 100, last: Some(start()), closed_until: Some(start() + Duration::days(30)) };
        let fresh = Failures::default();
        let attempt = |familiar| Attempt { pair: &fresh, address: &fresh, account: &closed, familiar };
        assert!(matches!(throttle.gate(&attempt(false), start()), Gate::Closed { by: Counter::Account, .. }));
        assert_eq!(throttle.gate(&attempt(true), start()), Gate::Open);
        // … but that browser, if it is a stolen one, gets ten tries too.
        let mut counters = [fresh, fresh, closed];
        assert_eq!(guesses(&throttle, &mut counters, true, Duration::minutes(10)), 10);
    }

    #[test]
    fn one_address_on_many_accounts_is_locked() {
        let throttle = throttle();
        let (fresh, mut address) = (Failures::default(), Failures::default());
        for _ in 0..50 {
            let attempt = Attempt { pair: &fresh, address: &address, account: &fresh, familiar: false };
            assert_eq!(throttle.gate(&attempt, start()), Gate::Open);
            address = throttle.failed(Counter::Address, &address, start());
        }
        let attempt = Attempt { pair: &fresh, address: &address, account: &fresh, familiar: true };
        assert!(matches!(throttle.gate(&attempt, start()), Gate::Closed { by: Counter::Address, .. }));
        assert_eq!(
            throttle.succeeded(Counter::Address, &address, true),
            address,
            "own account, no absolution"
        );
        assert!(throttle.is_forgotten(Counter::Address, &address, start() + Duration::minutes(15)));
    }

    #[test]
    fn codes_lock_after_five_and_open_again() {
        let throttle = throttle();
        let mut codes = Failures::default();
        for _ in 0..5 {
            assert_eq!(throttle.code_gate(&codes, start()), Gate::Open);
            codes = throttle.failed(Counter::Code, &codes, start());
        }
        assert!(matches!(throttle.code_gate(&codes, start()), Gate::Closed { .. }));
        assert_eq!(throttle.code_gate(&codes, start() + Duration::minutes(15)), Gate::Open);
        assert_eq!(throttle.succeeded(Counter::Code, &codes, false), Failures::default());
    }

    #[test]
    fn thresholds_that_make_no_sense_are_named() {
        let bad = ThrottleSettings { lock_after: 1, ..ThrottleSettings::default() };
        let error = Throttle::new(bad).unwrap_err();
        assert_eq!(error.to_string(), "BURSAR_SIGN_IN_LOCK_AFTER is 1: it must be 3 to 100");
        let bad = ThrottleSettings { account_lock_after: 5, ..ThrottleSettings::default() };
        assert_eq!(Throttle::new(bad).unwrap_err().variable, "BURSAR_SIGN_IN_ACCOUNT_LOCK_AFTER");
        let bad = ThrottleSettings { lock_for_at_most: Duration::days(365), ..ThrottleSettings::default() };
        assert_eq!(Throttle::new(bad).unwrap_err().variable, "BURSAR_SIGN_IN_LOCK_MINUTES_MAX");
    }

    #[test]
    fn an_address_is_its_network() {
        let key = |text: &str| address_key(text.parse().unwrap());
        assert_eq!(key("192.0.2.7"), "192.0.2.7");
        assert_eq!(key("::ffff:192.0.2.7"), "192.0.2.7");
        assert_eq!(key("2001:db8:1:2:3:4:5:6"), key("2001:db8:1:2:ffff::1"));
        assert_ne!(key("2001:db8:1:2::1"), key("2001:db8:1:3::1"));
    }

    const COUNTERS: [Counter; 4] = [Counter::Pair, Counter::Address, Counter::Account, Counter::Code];

    proptest! {
        /// Whatever the clock does, a lock is over when its longest time has passed since now.
        #[test]
        fn no_lock_outlives_its_longest(
            counter in 0usize..4,
            jumps in proptest::collection::vec(-4_000_000i64..4_000_000, 1..150),
        ) {
            let (throttle, counter) = (throttle(), COUNTERS[counter]);
            let (mut failures, mut now) = (Failures::default(), start());
            for jump in jumps {
                now += Duration::seconds(jump);
                failures = throttle.failed(counter, &failures, now);
                let longest = throttle.longest(counter, &failures);
                if let Some(until) = throttle.closed_until(counter, &failures, now) {
                    prop_assert!(until <= now + longest);
                }
                prop_assert_eq!(throttle.closed_until(counter, &failures, now + longest), None);
            }
        }

        /// A failure never opens what was closed at that moment, and never shortens it.
        #[test]
        fn a_failure_never_opens(
            counter in 0usize..4,
            jumps in proptest::collection::vec(-100_000i64..100_000, 1..150),
        ) {
            let (throttle, counter) = (throttle(), COUNTERS[counter]);
            let (mut failures, mut now) = (Failures::default(), start());
            for jump in jumps {
                now += Duration::seconds(jump);
                let before = throttle.closed_until(counter, &failures, now);
                failures = throttle.failed(counter, &failures, now);
                prop_assert!(throttle.closed_until(counter, &failures, now) >= before);
            }
        }

        /// In any hour of any behaviour under a steady clock, a pair gets at most 14 looks.
        #[test]
        fn an_hour_has_few_tries(pauses in proptest::collection::vec(0i64..600, 1..400)) {
            let throttle = throttle();
            let (mut pair, mut now) = (Failures::default(), start());
            let mut looks = Vec::new();
            for pause in pauses {
                now += Duration::seconds(pause);
                if throttle.closed_until(Counter::Pair, &pair, now).is_none() {
                    pair = throttle.failed(Counter::Pair, &pair, now);
                    looks.push(now);
                }
            }
            for (n, first) in looks.iter().enumerate() {
                let hour = looks[n..].iter().take_while(|at| **at < *first + Duration::hours(1)).count();
                prop_assert!(hour <= 14, "{} tries within an hour", hour);
            }
        }
    }
}
