//! The detector for costs: one value a day (or coarser), many series of very different size.
//!
//! **Model.** A series is a level times a weekday factor times noise. Everything is kept as a
//! logarithm, because costs grow and scatter in per cents: `x = ln((value + c) / (expected + c))`,
//! where `c` is a small share of the level that keeps zeros finite. Level, weekday factors and scatter
//! follow with clipped steps (Huber's ψ), so that one wild day moves them by no more than an unusual one.
//!
//! **Tests.** One day far off (`spike`), and the two-sided cumulative sum of moderate days (`slow`), which
//! finds steps within the noise and ramps. A drop counts from its second day: a single low day is most often
//! a correction or a late delivery. What a series did before counts: recent peaks raise its bar.
//!
//! **Events.** An alarm opens an event and freezes the baseline. While it lasts the days are marked as
//! anomalous with a score below that of its first day, so that ranking by score ranks causes, not days. When
//! the series comes back the event ends silently; when it stays, its new level becomes the expected one after
//! [`ADOPT_AFTER_DAYS`], and coming back to the old level later is no new alarm.
//!
//! Constant state and constant work per value. Statistics are doubles; nothing here is summed as money.

use super::population::{Population, Test};
use super::{Kind, Verdict};

/// Days after which a level that stays is the new normal.
const ADOPT_AFTER_DAYS: u16 = 14;
/// Days for which the level before an adopted shift is remembered.
const REMEMBER_DAYS: u16 = 60;
/// Values before which nothing is called anomalous.
const WARM_UP: u32 = 8;
/// Smallest scatter assumed, as a logarithm.
const LEAST_SCATTER: f64 = 0.06;
/// Scatter assumed of a series not seen yet, and how many values that guess is worth.
const FIRST_SCATTER: f64 = 0.25;
const FIRST_SCATTER_WEIGHT: f64 = 6.0;
/// A day is worth an alarm from this many scatters on.
const SPIKE_AT: f64 = 7.0;
/// A single day counts at most this much, however far off: it may be a one-off charge.
const SPIKE_MOST: f64 = 3.0;
/// Share of the largest recent deviation that a single day has to be measured by.
const PEAK_WEIGHS: f64 = 0.3;
/// Two days in a row: each at least this many scatters off, and their mean for an alarm.
const ROW_FROM: f64 = 2.5;
const ROW_AT: f64 = 4.0;
/// The cumulative sum: allowance per day, largest contribution of one day, alarm height; in scatters.
const SLOW_ALLOWANCE: f64 = 0.9;
const SLOW_CLIP: f64 = 4.0;
const SLOW_AT: f64 = 12.0;
/// Deviations beyond this (a factor of 400) are counted as this.
const LARGEST_X: f64 = 6.0;
/// Share by which a remembered peak shrinks per value.
const PEAK_KEEPS: f64 = 0.985;
/// Days after the first of a month on which its step is followed, and how fast, where many series step then.
const MONTH_DAYS: u8 = 5;
const MONTH_FOLLOWS: f64 = 0.4;
/// Smallest relative change worth an alarm, as logarithms: one day, several days.
const LEAST_SPIKE: f64 = 0.34;
const LEAST_SHIFT: f64 = 0.22;

#[derive(Debug, Clone, Copy)]
struct Event {
    down: bool,
    slow: bool,
    days: u16,
    since_day: i64,
    /// Mean of `x` since the start, against the frozen baseline.
    mean_x: f64,
    calm_days: u8,
    first_score: f64,
}

/// State of one series; see the module.
#[derive(Debug, Clone)]
pub(crate) struct Daily {
    count: u32,
    level: f64,
    week: [f64; 7],
    week_count: [u16; 7],
    scatter: f64,
    peak_up: f64,
    peak_down: f64,
    sum_up: f64,
    sum_down: f64,
    run_up: u16,
    run_down: u16,
    last_z: f64,
    last_off: f64,
    last_day: i64,
    month: i64,
    first_of_month: bool,
    off_days: u8,
    off_up: bool,
    row: u8,
    event: Option<Event>,
    /// Level before an adopted shift, and values left for which it counts as known.
    former: Option<(f64, u16)>,
    /// Days left for which a step on the first of the month is doubted, and to which side it went.
    month_days: u8,
    month_side: f64,
    lag: u16,
    money: f64,
}

impl Default for Daily {
    fn default() -> Self {
        Self {
            count: 0,
            level: 0.0,
            week: [0.0; 7],
            week_count: [0; 7],
            scatter: FIRST_SCATTER,
            peak_up: 0.0,
            peak_down: 0.0,
            sum_up: 0.0,
            sum_down: 0.0,
            run_up: 0,
            run_down: 0,
            last_z: 0.0,
            last_off: 0.0,
            last_day: i64::MIN,
            month: i64::MIN,
            first_of_month: false,
            off_days: 0,
            off_up: false,
            row: 0,
            event: None,
            former: None,
            month_days: 0,
            month_side: 0.0,
            lag: 0,
            money: 0.0,
        }
    }
}

impl Daily {
    /// The next value. `day` counts days since 1970 (any order is accepted, none is required);
    /// `weekly` tells whether values come often enough for a weekday to mean something.
    pub(crate) fn observe(
        &mut self,
        day: i64,
        weekly: bool,
        value: f64,
        population: &mut Population,
    ) -> Verdict {
        let weekday = if weekly { (day + 3).rem_euclid(7) as usize } else { 0 };
        let month = month_of(day);
        let first_of_month = weekly && month != self.month;
        self.month = month;
        let since = day.saturating_sub(self.last_day);
        let gap = since > if weekly { 3 } else { 100 };
        // Two values are days in a row only without a day between them.
        let next_day = !weekly || since <= 1;
        self.last_day = day;
        // Credits as a series of their own: mirrored, they are costs.
        let sign = if self.money < 0.0 { -1.0 } else { 1.0 };
        let size = value * sign;
        if self.count == 0 {
            self.start(weekday, value);
            population.series(self.money.abs());
            return Verdict::quiet(value);
        }
        population.day(day);
        let typical = population.typical();
        let c = 0.02 * self.money.abs() + 1e-3 * typical + 1e-9;
        let expected = (self.level + self.week[weekday]).exp();
        let logarithm = (size.max(0.0) + c).ln();
        let x = (logarithm - (expected + c).ln()).clamp(-LARGEST_X, LARGEST_X);

        let young = FIRST_SCATTER_WEIGHT / f64::from(self.count + 4);
        let scatter = self.scatter * (1.0 + 1.2 * young);
        let z = x / scatter;
        // What a series did before raises its bar for a single day, not for days in a row.
        let peak = if x > 0.0 { self.peak_up } else { self.peak_down };
        let single = x.abs() / scatter.max(PEAK_WEIGHS * peak);
        let off = (size - expected).abs();

        // A step is two days in a row after an ordinary one; it belongs to the day on which it began.
        let off_today = x.abs() > LEAST_SHIFT && z.abs() > ROW_FROM;
        let stepped = off_today && self.off_days == 1 && (x > 0.0) == self.off_up;
        let began_on_first = std::mem::replace(&mut self.first_of_month, first_of_month);
        let steady = weekly && self.count >= 3 * WARM_UP && since <= 1 && self.money.abs() > 0.02 * typical;
        if steady && self.event.is_none() {
            population.step_seen(began_on_first, stepped);
        }
        self.off_days = if !off_today {
            0
        } else if self.off_days > 0 && (x > 0.0) == self.off_up {
            2
        } else {
            1
        };
        self.off_up = x > 0.0;
        let month_doubt = self.month_doubt(first_of_month, x, scatter, population);

        let mut surprise = 0.0f64;
        let mut slow = false;
        // Less than nothing is a refund or a correction, not a drop in use.
        let refund = size < -0.02 * self.money.abs();
        let doubted = month_doubt > 1.5;
        if self.count >= WARM_UP && !refund {
            self.accumulate(z, doubted, gap);
            let odd = x.abs() > LEAST_SPIKE && z.abs() > ROW_FROM && !doubted;
            let same_side = (x > 0.0) == (self.last_z > 0.0);
            self.row = match (odd, same_side && next_day) {
                (false, _) => 0,
                (true, false) => 1,
                (true, true) => self.row.saturating_add(1),
            };
            let open = self.event.is_none() && !doubted;
            let mut row = 0.0;
            if self.row >= 2 {
                row = 0.5 * (z + self.last_z).abs() / ROW_AT * population.weight(off, 0.02);
                let usual = population.doubt(Test::Row, off.min(self.last_off), open && self.row == 2);
                row = row.min(SPIKE_MOST) / if self.row == 2 { usual } else { usual.sqrt() };
            }
            let (sum, run) =
                if x > 0.0 { (self.sum_up, self.run_up) } else { (self.sum_down, self.run_down) };
            let drift = if x.abs() > LEAST_SHIFT && run >= 3 {
                let usual = if self.event.is_none() {
                    population.doubt(Test::Drift, off, open && sum > SLOW_AT)
                } else {
                    1.0
                };
                (sum / SLOW_AT).min(SPIKE_MOST) * population.weight(off, 0.02) / usual
            } else {
                0.0
            };
            let spike = match (odd, x > 0.0) {
                (true, true) => {
                    (single / SPIKE_AT).min(SPIKE_MOST) * population.weight(off, 0.1)
                        / population.doubt(Test::Day, off, open)
                }
                (true, false) => 0.7 * (single / SPIKE_AT).min(1.0),
                (false, _) => 0.0,
            };
            slow = drift > spike.max(row);
            surprise = spike.max(row).max(drift) / month_doubt;
            self.last_z = if odd { z } else { 0.0 };
            self.last_off = off;
        } else {
            self.last_z = 0.0;
            self.row = 0;
        }
        let band = 3.0 * scatter;
        let mut verdict = Verdict {
            expected: sign * expected,
            lo: sign * ((expected + c) * (-band).exp() - c).max(0.0),
            hi: sign * ((expected + c) * band.exp() - c),
            score: 0.0,
            is_anomaly: false,
            kind: None,
        };
        if sign < 0.0 {
            std::mem::swap(&mut verdict.lo, &mut verdict.hi);
        }

        if let Some(mut event) = self.event.take() {
            self.continue_event(&mut event, x, z, scatter, &mut verdict);
            // A second, much larger thing inside of an event is news.
            if !event.down && x > event.mean_x + 1.2 && surprise > 1.0 && event.days > 1 {
                verdict.score = start_score(surprise).min(event.first_score);
            }
            if event.calm_days >= 2 || (event.calm_days >= 1 && event.days <= 4) {
                self.sum_up = 0.0;
                self.sum_down = 0.0;
            } else if event.days >= ADOPT_AFTER_DAYS
                || weekly && day - event.since_day >= i64::from(ADOPT_AFTER_DAYS)
            {
                self.former = Some((self.level, REMEMBER_DAYS));
                self.level += event.mean_x;
                self.sum_up = 0.0;
                self.sum_down = 0.0;
            } else {
                self.event = Some(event);
            }
            if self.event.is_none() || event.calm_days > 0 {
                self.learn(weekday, x.clamp(-2.0 * scatter, 2.0 * scatter), scatter, size);
            }
            self.count = self.count.saturating_add(1);
            return verdict;
        }

        verdict.score = if surprise >= 1.0 { start_score(surprise) } else { 0.35 * surprise };
        if doubted && !refund {
            self.level += MONTH_FOLLOWS * x.clamp(-1.5, 1.5);
        }
        if surprise >= 1.0 && self.back_to_former(x, scatter) {
            verdict.score = 0.3;
        } else if surprise >= 1.0 {
            verdict.is_anomaly = true;
            verdict.kind = Some(match (x > 0.0, slow) {
                (false, _) => Kind::Drop,
                (true, true) => Kind::Ramp,
                (true, false) => Kind::Spike,
            });
            self.lag = match (slow, x > 0.0) {
                (true, true) => self.run_up.saturating_sub(1).min(ADOPT_AFTER_DAYS),
                (true, false) => self.run_down.saturating_sub(1).min(ADOPT_AFTER_DAYS),
                (false, _) => u16::from(self.row.saturating_sub(1)).min(3),
            };
            self.event = Some(Event {
                down: x < 0.0,
                slow,
                days: 1,
                since_day: day,
                mean_x: x,
                calm_days: 0,
                first_score: verdict.score,
            });
            self.remember_peak(x);
        } else if !refund {
            self.remember_peak(x);
            self.learn(weekday, x, scatter, size);
        }
        if let Some((level, left)) = self.former {
            self.former = (left > 1).then_some((level, left - 1));
        }
        self.count = self.count.saturating_add(1);
        population.moved(self.money.abs());
        verdict
    }

    /// Days before the alarm on which the event that it opened began.
    pub(crate) fn event_lag(&self) -> u16 {
        self.lag
    }

    /// Takes the level of the event that lasts for the new normal: somebody said that it is expected.
    pub(crate) fn accept(&mut self) {
        if let Some(event) = self.event.take() {
            self.former = Some((self.level, REMEMBER_DAYS));
            self.level += event.mean_x;
            self.sum_up = 0.0;
            self.sum_down = 0.0;
        }
    }

    fn start(&mut self, weekday: usize, value: f64) {
        self.money = value;
        self.level = value.abs().max(1e-9).ln();
        self.week_count[weekday] = 1;
        self.count = 1;
    }

    fn accumulate(&mut self, z: f64, doubted: bool, gap: bool) {
        if gap || doubted {
            self.sum_up *= 0.5;
            self.sum_down *= 0.5;
        }
        let step = z.clamp(-SLOW_CLIP, SLOW_CLIP);
        self.sum_up = (self.sum_up + step - SLOW_ALLOWANCE).clamp(0.0, 4.0 * SLOW_AT);
        self.sum_down = (self.sum_down - step - SLOW_ALLOWANCE).clamp(0.0, 4.0 * SLOW_AT);
        self.run_up = if self.sum_up > 0.0 { self.run_up.saturating_add(1) } else { 0 };
        self.run_down = if self.sum_down > 0.0 { self.run_down.saturating_add(1) } else { 0 };
    }

    fn continue_event(&self, event: &mut Event, x: f64, z: f64, scatter: f64, verdict: &mut Verdict) {
        let same_side = (x < 0.0) == event.down;
        let still =
            same_side && (x.abs() > 0.4 * event.mean_x.abs() || z.abs() > 3.5) && x.abs() > 1.5 * scatter;
        if !still {
            event.calm_days += 1;
            verdict.score = 0.1;
            return;
        }
        event.calm_days = 0;
        event.days = event.days.saturating_add(1);
        event.mean_x += (x - event.mean_x) / f64::from(event.days.min(7));
        verdict.is_anomaly = true;
        verdict.kind = Some(match (event.down, event.slow, event.days) {
            (true, ..) => Kind::Drop,
            (false, true, _) => Kind::Ramp,
            (false, false, 0..=3) => Kind::Spike,
            (false, false, _) => Kind::Step,
        });
        verdict.score = 0.36 + 0.13 * event.first_score * (1.0 - f64::from(event.days) / 60.0).max(0.5);
    }

    /// Whether this day is the way back to the level before an adopted shift.
    fn back_to_former(&mut self, x: f64, scatter: f64) -> bool {
        let Some((former, _)) = self.former else { return false };
        let there = former - self.level;
        if (x - there).abs() < (3.0 * scatter).max(0.4 * there.abs()) {
            self.former = Some((self.level, REMEMBER_DAYS));
            self.level = former;
            self.sum_up = 0.0;
            self.sum_down = 0.0;
            return true;
        }
        false
    }

    /// By how much to doubt what began on the first day of a month, if many series step on such days. The
    /// doubt lasts for a few days, as long as the series stays on the side to which it stepped.
    fn month_doubt(&mut self, first_of_month: bool, x: f64, scatter: f64, population: &Population) -> f64 {
        if first_of_month && self.event.is_none() {
            let doubt = population.month_doubt();
            self.month_days = MONTH_DAYS;
            self.month_side = x;
            return doubt;
        }
        if self.month_days == 0 || x.signum() != self.month_side.signum() || x.abs() < 0.7 * scatter {
            self.month_days = 0;
            return 1.0;
        }
        self.month_days -= 1;
        population.month_doubt()
    }

    fn remember_peak(&mut self, x: f64) {
        self.peak_up = (self.peak_up * PEAK_KEEPS).max(x);
        self.peak_down = (self.peak_down * PEAK_KEEPS).max(-x);
    }

    fn learn(&mut self, weekday: usize, x: f64, scatter: f64, size: f64) {
        let n = f64::from(self.count);
        let bounded =
            if self.count < WARM_UP { x.clamp(-1.0, 1.0) } else { x.clamp(-2.0 * scatter, 2.0 * scatter) };
        let seen = f64::from(self.week_count[weekday]);
        self.level += bounded * (1.0 / (n + 1.0)).max(0.045);
        // Weekday factors start late, so that they do not fit the level.
        if n >= 6.0 {
            self.week[weekday] += bounded * (0.9 / (seen + 1.0)).max(0.12);
        }
        self.week_count[weekday] = self.week_count[weekday].saturating_add(1);
        let rate = (1.0 / (n + FIRST_SCATTER_WEIGHT)).max(0.03);
        let off = (1.25 * x.abs()).min(3.0 * self.scatter);
        self.scatter = (self.scatter + rate * (off - self.scatter)).max(LEAST_SCATTER);
        let money_rate = (1.0 / (n + 1.0)).max(0.04);
        let bounded_size = size.clamp(-4.0 * self.money.abs() - 1e-9, 4.0 * self.money.abs() + 1e-9);
        let sign = if self.money < 0.0 { -1.0 } else { 1.0 };
        self.money += money_rate * (sign * bounded_size - self.money);
    }
}

/// Score of the first day of an event: 0.5 at the threshold, towards 1 with growing surprise.
fn start_score(surprise: f64) -> f64 {
    1.0 - 0.5 / surprise.max(1.0).sqrt().powf(1.2)
}

/// A number per calendar month, from days since 1970 (proleptic Gregorian, years that begin in March).
fn month_of(day: i64) -> i64 {
    let z = day + 719_468;
    let era = z.div_euclid(146_097);
    let day_of_era = z.rem_euclid(146_097);
    let year_of_era = (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    (era * 400 + year_of_era) * 12 + (5 * day_of_year + 2) / 153
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn months_begin_where_the_calendar_says() {
        let found: Vec<i64> = (1..366).filter(|d| month_of(*d) != month_of(d - 1)).collect();
        assert_eq!(found, [31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334, 365]);
    }
}
