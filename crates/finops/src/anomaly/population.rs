//! What all series of one input have in common: how much money a typical one is, and whether many of
//! them step on the first of a month.
//!
//! Counted only from what has been seen already, so that no verdict depends on later rows.

/// Running figures over the series of one input.
#[derive(Debug, Clone, Default)]
pub(crate) struct Population {
    series: f64,
    money: f64,
    /// (values, shifts) on first days of months, and on others.
    first_days: (f64, f64),
    other_days: (f64, f64),
    floor: f64,
    share: f64,
    first_day: i64,
    last_day: i64,
    /// Deviations by test and amount: four classes per doubling.
    excess: [Vec<f32>; 3],
}

/// What found a deviation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Test {
    /// A single day.
    Day,
    /// Two days in a row.
    Row,
    /// The cumulative sum.
    Drift,
}

const CLASSES: usize = 320;
/// What remains of a count a day later.
const EXCESS_KEEPS: f64 = 0.985;
/// Deviations of an amount that happen more often than this, per day and over all series, are not news.
const DAYS_A_DAY: f64 = 0.06;
const ROWS_A_DAY: f64 = 0.18;

impl Population {
    /// `floor` is the amount a day below which nothing is worth an alarm; `share` the part of a typical
    /// series' amount below which importance fades (0 turns both off).
    pub(crate) fn new(floor: f64, share: f64) -> Self {
        Self { floor, share, first_day: i64::MAX, last_day: i64::MIN, ..Self::default() }
    }

    /// A series was seen for the first time.
    pub(crate) fn series(&mut self, money: f64) {
        self.series += 1.0;
        self.money += (money - self.money) / self.series;
    }

    /// A series moved on; its amount now counts a little.
    pub(crate) fn moved(&mut self, money: f64) {
        self.money += (money - self.money) * (1e-4f64).max(0.0);
    }

    /// The amount of a typical series; 0 while there is only one.
    pub(crate) fn typical(&self) -> f64 {
        if self.series < 2.0 { 0.0 } else { self.money }
    }

    /// A value of this day is about to be judged.
    pub(crate) fn day(&mut self, day: i64) {
        self.first_day = self.first_day.min(day);
        if day > self.last_day {
            if self.last_day != i64::MIN {
                let keeps = EXCESS_KEEPS.powi((day - self.last_day).min(1000) as i32) as f32;
                self.excess.iter_mut().flatten().for_each(|n| *n *= keeps);
            }
            self.last_day = day;
        }
    }

    /// How much a deviation of this amount matters, 0 to 1; half at `share` of a typical series.
    pub(crate) fn weight(&self, off: f64, share: f64) -> f64 {
        if off < self.floor {
            return 0.0;
        }
        let bar = self.share * share * self.typical();
        if bar <= 0.0 { 1.0 } else { off / (off + bar) }
    }

    /// By how much a deviation of this amount is to be doubted (1: not at all): as much as such and larger
    /// ones are common among all series. If `count`, it is counted itself from then on.
    pub(crate) fn doubt(&mut self, test: Test, off: f64, count: bool) -> f64 {
        if self.series < 2.0 {
            return 1.0;
        }
        let (excess, usual) = match test {
            Test::Day => (&mut self.excess[0], DAYS_A_DAY),
            Test::Row => (&mut self.excess[1], ROWS_A_DAY),
            Test::Drift => (&mut self.excess[2], ROWS_A_DAY),
        };
        let class = ((off.max(1e-12).log2() + 40.0) * 4.0).clamp(0.0, CLASSES as f64 - 1.0) as usize;
        if excess.is_empty() {
            excess.resize(CLASSES, 0.0);
        }
        let as_large: f32 = excess[class..].iter().sum();
        if count {
            excess[class] += 1.0;
        }
        let days = ((self.last_day - self.first_day + 1) as f64).clamp(30.0, 1.0 / (1.0 - EXCESS_KEEPS));
        1.0 + f64::from(as_large) / days / usual
    }

    /// Notes whether a steady series shifted on this day.
    pub(crate) fn step_seen(&mut self, first_of_month: bool, shifted: bool) {
        let into = if first_of_month { &mut self.first_days } else { &mut self.other_days };
        into.0 += 1.0;
        into.1 += f64::from(u8::from(shifted));
    }

    /// By how much a shift on the first day of a month is to be doubted (1: not at all): as much as such
    /// shifts were more common on first days than on others.
    pub(crate) fn month_doubt(&self) -> f64 {
        let rate = |(n, k): (f64, f64)| (k + 1.0) / (n + 100.0);
        let ratio = rate(self.first_days) / rate(self.other_days);
        if ratio > 1.3 { ratio } else { 1.0 }
    }
}
