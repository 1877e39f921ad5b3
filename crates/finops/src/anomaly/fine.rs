//! The detector for measurements within the day: minutes to hours, one series at a time.
//!
//! **Views.** Each value is looked at in several ways, each a plain number that is large when something is
//! odd: how far it lies from the values just before (`near`), from what this time of day and of week usually
//! brings, by itself (`far`) and with the last values (`season`), how far the mean of the last hours has moved from the long one (`shift`), how much
//! calmer or wilder the series has become (`calm`), and how far it leaves the range seen so far (`range`).
//!
//! **Surprise.** What is large differs from series to series, so each view carries two running quantiles of
//! its own past, and what lies beyond them is extrapolated as a Pareto tail: the result is `-log10` of how
//! rarely this view is that large. The surprise of a value is the largest of its views.
//!
//! **Score.** Surprise is compared with the most surprising moments of this series so far: a value that beats
//! all of them scores near 1, one that has had equals scores less with every equal. So a series that is wild
//! by nature does not alarm all day, and scores of different series mean the same. After an alarm the
//! same event does not alarm again, unless it becomes clearly worse.
//!
//! Constant state and constant work per value.

use super::Verdict;
use super::tail::Tail;

/// Values before which every score is 0.
const WARM_UP: u32 = 40;
/// Bins of a day, and of a week (by hour).
const DAY_BINS: usize = 48;
const WEEK_BINS: usize = 168;
const DAY_SECONDS: i64 = 86_400;
/// Most surprising moments that are remembered.
const MOMENTS: usize = 32;

#[derive(Debug, Clone, Copy, Default)]
struct Bin {
    mean: f32,
    seen: f32,
}

#[derive(Debug, Clone, Copy, Default)]
struct Moment {
    surprise: f32,
}

/// State of one series; see the module.
#[derive(Debug, Clone)]
pub(crate) struct Fine {
    count: u32,
    last: f64,
    near: f64,
    near_scale: f64,
    mid: f64,
    long: f64,
    long_scale: f64,
    step_short: f64,
    step_long: f64,
    day: [Bin; DAY_BINS],
    week: [Bin; WEEK_BINS],
    flat_error: f64,
    day_error: f64,
    week_error: f64,
    season_mean: f64,
    season_scale: f64,
    lowest: f64,
    highest: f64,
    tails: [Tail; 5],
    moments: [Moment; MOMENTS],
    first_ts: i64,
    /// Surprise of the last event and values since.
    event: f64,
    since: u32,
    event_up: bool,
}

impl Fine {
    pub(crate) fn new() -> Self {
        Self {
            count: 0,
            last: 0.0,
            near: 0.0,
            near_scale: 0.0,
            mid: 0.0,
            long: 0.0,
            long_scale: 0.0,
            step_short: 0.0,
            step_long: 0.0,
            day: [Bin::default(); DAY_BINS],
            week: [Bin::default(); WEEK_BINS],
            flat_error: 0.0,
            day_error: 0.0,
            week_error: 0.0,
            season_mean: 0.0,
            season_scale: 0.0,
            lowest: f64::INFINITY,
            highest: f64::NEG_INFINITY,
            tails: [Tail::default(); 5],
            moments: [Moment::default(); MOMENTS],
            first_ts: 0,
            event: 0.0,
            since: u32::MAX,
            event_up: false,
        }
    }

    /// The next value at `ts` seconds since 1970.
    pub(crate) fn observe(&mut self, ts: i64, value: f64) -> Verdict {
        let day_bin = (ts.rem_euclid(DAY_SECONDS) * DAY_BINS as i64 / DAY_SECONDS) as usize;
        let week_bin = ((ts + 3 * DAY_SECONDS).rem_euclid(7 * DAY_SECONDS) / 3600) as usize;
        if self.count == 0 {
            self.first(ts, value);
            return Verdict::quiet(value);
        }
        let expected = self.expected(day_bin, week_bin, ts);
        let season = self.seasonal(day_bin, week_bin, ts).unwrap_or(self.long);
        let n = f64::from(self.count);
        let tiny = 1e-9 + 1e-6 * (self.highest - self.lowest).abs() + 1e-9 * value.abs();

        let off_near = value - self.near;
        let off_season = value - season;
        self.season_mean += (off_season - self.season_mean) * 0.25;
        let off_shift = self.mid - self.long;
        let step = (value - self.last).abs();
        self.step_short += (step - self.step_short) / 24.0f64.min(n + 1.0);
        let views = [
            off_near.abs() / (self.near_scale + tiny),
            off_season.abs() / (self.long_scale + tiny),
            self.season_mean.abs() / (self.season_scale + tiny),
            off_shift.abs() / (self.long_scale + tiny),
            ((self.step_short + tiny) / (self.step_long + tiny)).ln().abs(),
        ];
        let ready = self.count >= WARM_UP;
        let mut surprise = 0.0f64;
        for (i, (tail, view)) in self.tails.iter_mut().zip(views).enumerate() {
            let s = tail.surprise(view);
            // The slow views need longer before their own past says anything.
            let mature = if i >= 3 { self.count >= 6 * WARM_UP } else { ready };
            if mature {
                surprise = surprise.max(s);
            }
            tail.learn(view);
        }
        if ready {
            surprise = surprise.max(self.beyond_range(value));
        }
        let score = if ready { self.score(surprise, value > expected) } else { 0.0 };
        let band = 3.0 * 1.25 * self.near_scale.max(1e-12);
        let verdict = Verdict {
            expected,
            lo: expected - band,
            hi: expected + band,
            score,
            is_anomaly: score >= 0.5,
            kind: (score >= 0.5).then(|| kind_of(off_near, off_shift)),
        };
        self.learn(value, day_bin, week_bin, season, tiny);
        verdict
    }

    fn first(&mut self, ts: i64, value: f64) {
        self.count = 1;
        self.first_ts = ts;
        self.last = value;
        self.near = value;
        self.mid = value;
        self.long = value;
        self.lowest = value;
        self.highest = value;
    }

    /// What time of week or of day brings, once it has proven better than the long mean.
    fn seasonal(&self, day_bin: usize, week_bin: usize, ts: i64) -> Option<f64> {
        let days = (ts - self.first_ts) / DAY_SECONDS;
        let (day, week) = (self.day[day_bin], self.week[week_bin]);
        if days >= 14 && week.seen >= 2.0 && self.week_error < 0.95 * self.day_error.min(self.flat_error) {
            return Some(f64::from(week.mean));
        }
        (days >= 2 && day.seen >= 2.0 && self.day_error < 0.95 * self.flat_error).then(|| f64::from(day.mean))
    }

    /// The season, moved by how the last values lay to it.
    fn expected(&self, day_bin: usize, week_bin: usize, ts: i64) -> f64 {
        match self.seasonal(day_bin, week_bin, ts) {
            Some(season) => season + 0.5 * self.season_mean,
            None => self.near,
        }
    }

    fn beyond_range(&self, value: f64) -> f64 {
        let range = self.highest - self.lowest;
        let beyond = (value - self.highest).max(self.lowest - value);
        if beyond <= 0.05 * range || range <= 0.0 {
            return 0.0;
        }
        3.0 + (beyond / range * 20.0).log10().clamp(0.0, 2.0)
    }

    fn score(&mut self, surprise: f64, up: bool) -> f64 {
        self.since = self.since.saturating_add(1);
        let worth = ((surprise - 1.8) / 2.4).clamp(0.0, 1.0);
        if worth <= 0.0 {
            return 0.02 * (surprise / 1.8).clamp(0.0, 1.0);
        }
        let rest = (self.count / 30).clamp(24, 288);
        if self.since < rest && surprise < self.event + 0.6 {
            return 0.02 + 0.03 * worth;
        }
        let equals: f64 =
            self.moments.iter().map(|m| 10f64.powf(f64::from(m.surprise) - surprise).min(1.0)).sum::<f64>();
        let score = worth / (1.0 + 0.4 * equals);
        self.event = surprise;
        self.event_up = up;
        self.since = 0;
        self.remember(surprise as f32);
        score
    }

    fn remember(&mut self, surprise: f32) {
        let mut least = 0;
        for i in 1..MOMENTS {
            if self.moments[i].surprise < self.moments[least].surprise {
                least = i;
            }
        }
        if surprise > self.moments[least].surprise {
            self.moments[least] = Moment { surprise };
        }
    }

    fn learn(&mut self, value: f64, day_bin: usize, week_bin: usize, season: f64, tiny: f64) {
        let n = f64::from(self.count);
        let rate = |memory: f64| 1.0 / memory.min(n + 1.0);
        let off_near = value - self.near;
        let off_long = value - self.long;
        self.near += off_near * rate(8.0);
        self.near_scale += (off_near.abs().min(6.0 * self.near_scale + tiny * 1e3 + off_near.abs() / n)
            - self.near_scale)
            * rate(400.0);
        self.mid += (value - self.mid) * rate(36.0);
        self.long += off_long
            .clamp(-6.0 * self.long_scale - off_long.abs() / n, 6.0 * self.long_scale + off_long.abs() / n)
            * rate(1500.0);
        self.long_scale += (off_long.abs() - self.long_scale) * rate(1500.0);
        let step = (value - self.last).abs();
        self.step_long += (step - self.step_long) * rate(1500.0);
        self.season_scale += (self.season_mean.abs() - self.season_scale) * rate(800.0);
        for (bin, error, keeps) in [
            (&mut self.day[day_bin], &mut self.day_error, 30.0f64),
            (&mut self.week[week_bin], &mut self.week_error, 24.0),
        ] {
            let off = value - f64::from(bin.mean);
            if bin.seen >= 1.0 {
                *error += (off.abs() - *error) * rate(800.0);
            }
            let seen = f64::from(bin.seen);
            bin.mean += (off / (seen + 1.0).min(keeps)) as f32;
            bin.seen += 1.0;
        }
        self.flat_error += (off_long.abs() - self.flat_error) * rate(800.0);
        let _ = season;
        // The range forgets slowly, so that one extreme does not hide all later ones.
        let leak = (self.highest - self.lowest) * 2e-5;
        self.highest = (self.highest - leak).max(value);
        self.lowest = (self.lowest + leak).min(value);
        self.last = value;
        self.count = self.count.saturating_add(1);
    }
}

fn kind_of(off_near: f64, off_shift: f64) -> super::Kind {
    if off_near < 0.0 {
        super::Kind::Drop
    } else if off_shift > off_near {
        super::Kind::Step
    } else {
        super::Kind::Spike
    }
}
