//! Anomalies: what costs or measures unlike before, with its cause.
//!
//! ```
//! use bursar_finops::anomaly::{Detector, Options};
//! let mut detector = Detector::new(&Options::default());
//! for day in 0..40 {
//!     let verdict = detector.observe(day * 86_400, if day == 39 { 900.0 } else { 100.0 });
//!     assert_eq!(verdict.is_anomaly, day == 39);
//! }
//! ```
//!
//! [`Detector`] judges one series, value by value, without ever looking ahead. It chooses between two ways by the
//! distance of the first timestamps: days and longer are treated as costs ([`daily`]), anything finer as measurements
//! ([`fine`]). [`csv`] runs many series from a stream, [`cost`] finds incidents in cells of a bill and names their cause.
//!
//! What this module refuses: it never calls an API, never reads a clock, and never prints a score that depends on later
//! rows. Statistics are doubles; amounts that are reported as money ([`cost`]) are decimals.

pub mod cost;
pub mod csv;
mod daily;
mod digits;
mod fine;
mod population;
mod tail;
mod time;

use daily::Daily;
use fine::Fine;
use population::Population;

/// Distance of timestamps from which on values count as daily, in seconds.
const DAILY_FROM: i64 = 20 * 3600;
/// Distance from which on a weekday means nothing.
const WEEKLY_FROM: i64 = 5 * 86_400;

/// What an alarm looks like so far.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// Far above for a short time.
    Spike,
    /// On a new, higher level.
    Step,
    /// Growing day by day.
    Ramp,
    /// Far below, or nothing any more.
    Drop,
    /// Never seen before.
    New,
}

/// How to judge; the default suits both costs and measurements.
#[derive(Debug, Clone)]
pub struct Options {
    /// A daily deviation below this amount is never an anomaly (in the series' own unit).
    pub least_amount: f64,
    /// Daily series: deviations well below this share of a typical series' amount fade in importance. 0 turns it off.
    pub least_share: f64,
    /// Series kept in memory by [`csv::run`].
    pub max_series: usize,
}

impl Default for Options {
    fn default() -> Self {
        Self { least_amount: 0.0, least_share: 1.0, max_series: 1_000_000 }
    }
}

/// What is thought of one value.
#[derive(Debug, Clone, PartialEq)]
pub struct Verdict {
    /// What was expected before the value was seen.
    pub expected: f64,
    /// Lower end of what is usual.
    pub lo: f64,
    /// Upper end of what is usual.
    pub hi: f64,
    /// 0 (as ever) to 1 (as never before), comparable across series.
    pub score: f64,
    /// Whether the value belongs to an anomaly: its first day or its duration.
    pub is_anomaly: bool,
    /// What the anomaly looks like so far, if it is one.
    pub kind: Option<Kind>,
}

impl Verdict {
    fn quiet(value: f64) -> Self {
        Self { expected: value, lo: value, hi: value, score: 0.0, is_anomaly: false, kind: None }
    }
}

#[derive(Debug, Clone)]
enum Way {
    /// Nothing or one value seen: the cadence is not known.
    Unknown(Option<(i64, f64)>),
    Daily(Box<Daily>, bool),
    Fine(Box<Fine>),
}

/// The state of one series.
#[derive(Debug, Clone)]
pub struct Detector {
    way: Way,
    last_ts: i64,
    alone: Option<Population>,
}

impl Detector {
    /// A detector for a series of which nothing is known.
    pub fn new(options: &Options) -> Self {
        Self {
            way: Way::Unknown(None),
            last_ts: i64::MIN,
            alone: Some(Population::new(options.least_amount, 0.0)),
        }
    }

    /// A detector for one of many series, which share what they have in common.
    pub(crate) fn of_many() -> Self {
        Self { way: Way::Unknown(None), last_ts: i64::MIN, alone: None }
    }

    /// Judges the next value. `ts` counts seconds since 1970; values out of order or at the same time are
    /// judged as the next ones. A value that is not finite is judged as expected and not learned from.
    pub fn observe(&mut self, ts: i64, value: f64) -> Verdict {
        let mut population = self.alone.take().unwrap_or_default();
        let verdict = self.observe_among(ts, value, &mut population);
        self.alone = Some(population);
        verdict
    }

    pub(crate) fn observe_among(&mut self, ts: i64, value: f64, population: &mut Population) -> Verdict {
        if !value.is_finite() {
            return Verdict::quiet(0.0);
        }
        // Beyond this, squares and ratios would leave the range of doubles.
        let value = value.clamp(-1e100, 1e100);
        let distance = ts.saturating_sub(self.last_ts);
        let known = self.last_ts != i64::MIN;
        self.last_ts = ts;
        if let Way::Unknown(first) = &self.way {
            match *first {
                None => {
                    self.way = Way::Unknown(Some((ts, value)));
                    return Verdict::quiet(value);
                }
                Some((ts0, value0)) => self.choose(distance, ts0, value0, population),
            }
        }
        // A first pair far apart may have been a gap: finer values settle it.
        if let Way::Daily(..) = &self.way
            && known
            && distance > 0
            && distance < DAILY_FROM / 2
        {
            let mut fine = Box::new(Fine::new());
            let verdict = fine.observe(ts, value);
            self.way = Way::Fine(fine);
            return verdict;
        }
        match &mut self.way {
            Way::Daily(state, weekly) => state.observe(ts.div_euclid(86_400), *weekly, value, population),
            Way::Fine(fine) => fine.observe(ts, value),
            Way::Unknown(_) => Verdict::quiet(value),
        }
    }

    fn choose(&mut self, distance: i64, ts0: i64, value0: f64, population: &mut Population) {
        if distance >= DAILY_FROM {
            let weekly = distance < WEEKLY_FROM
                || distance % 86_400 == 0 && distance % (7 * 86_400) != 0 && distance < 28 * 86_400;
            let mut state = Daily::default();
            state.observe(ts0.div_euclid(86_400), weekly, value0, population);
            self.way = Way::Daily(Box::new(state), weekly);
        } else {
            let mut fine = Box::new(Fine::new());
            fine.observe(ts0, value0);
            self.way = Way::Fine(fine);
        }
    }
}

#[cfg(test)]
mod tests;
