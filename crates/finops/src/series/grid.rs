//! An even grid under a series: its step, its gaps, and the timestamps that come next.
//!
//! Days may be 23 or 25 hours apart (a clock that was put forward), months 28 to 31 days, and weekends may be
//! left out; each is one step. Timestamps that fit no grid are taken in their order, and [`Regular::even`] says so.

use super::Series;
use super::stamp::{DAY, SECOND, Spelling, Stamp};
use chrono::{Datelike, Days, NaiveDate};

/// A grid with more places is not laid; the values are then taken in their order.
pub const MAX_GRID: usize = 4_000_000;
/// A grid may have so many places for each value, and a hundred more; beyond it the gaps would outweigh the data.
const PLACES_PER_VALUE: usize = 6;

/// How far one place is from the next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// Whole numbers this far apart.
    Index(i64),
    /// Microseconds.
    Micros(i64),
    /// Monday to Friday.
    Weekdays,
    /// Months.
    Months(u32),
}

/// The values of a series on an even grid.
#[derive(Clone, Debug, PartialEq)]
pub struct Regular {
    /// One value for each place from the first to the last observation; `NaN` in gaps.
    pub values: Vec<f64>,
    /// From place to place.
    pub step: Step,
    /// How many places have no value.
    pub gaps: usize,
    /// Whether the timestamps fit the grid; if not, `values` has them in their order.
    pub even: bool,
    last: Stamp,
    spelling: Spelling,
    /// Microseconds per whole number for seconds since 1970; 1 for calendars.
    scale: i64,
    month_ends: bool,
}

impl Regular {
    /// Lays the grid. Values missing at the beginning and the end are left off; `None` if no value remains.
    #[must_use]
    pub fn of(series: &Series) -> Option<Self> {
        let first = series.values.iter().position(|value| value.is_finite())?;
        let end = series.values.iter().rposition(|value| value.is_finite())? + 1;
        let (stamps, values) = (series.timestamps.get(first..end)?, series.values.get(first..end)?);
        let last = *stamps.last()?;
        let scale = scale(stamps, series.spelling);
        let axis = axis(stamps, scale);
        let calendar = series.spelling != Spelling::Integer || scale > 1;
        let found = if calendar { on_calendar(&axis) } else { None };
        let found = found.or_else(|| on_ruler(&axis, calendar));
        let (step, places, even) = match found {
            Some((step, places)) => (step, places, true),
            None => (in_order(&axis, calendar), (0..axis.len()).collect(), false),
        };
        let mut laid = vec![f64::NAN; places.last().map_or(0, |last| last + 1)];
        for (place, value) in places.iter().zip(values) {
            laid[*place] = *value;
        }
        let gaps = laid.iter().filter(|value| !value.is_finite()).count();
        let month_ends = axis.iter().all(|at| day(*at).is_some_and(is_month_end));
        Some(Self { values: laid, step, gaps, even, last, spelling: series.spelling, scale, month_ends })
    }

    /// The timestamp `places` after the last observation, spelt like the others.
    #[must_use]
    pub fn after(&self, places: usize) -> Stamp {
        let count = i64::try_from(places).unwrap_or(i64::MAX);
        let at = match self.step {
            Step::Index(step) => self.last.at.saturating_add(step.saturating_mul(count)),
            Step::Micros(step) => self.last.at.saturating_add(step.saturating_mul(count) / self.scale),
            Step::Weekdays => self.on_weekdays(count),
            Step::Months(months) => self.in_months(count.saturating_mul(i64::from(months))),
        };
        Stamp { at, ..self.last }
    }

    /// Writes the timestamp `places` after the last observation.
    pub fn write_after(&self, places: usize, out: &mut String) {
        self.after(places).write(self.spelling, out);
    }

    /// Lengths of season that the calendar suggests for this step, shortest first; none for an index.
    #[must_use]
    pub fn calendar_seasons(&self) -> Vec<usize> {
        let fits = |whole: i64, step: i64| {
            usize::try_from(whole / step).ok().filter(|season| whole % step == 0 && *season > 1)
        };
        match self.step {
            Step::Index(_) => Vec::new(),
            Step::Weekdays => vec![5],
            Step::Months(months) => fits(12, i64::from(months)).into_iter().collect(),
            Step::Micros(step) if step == 7 * DAY => vec![52],
            Step::Micros(step) => [fits(DAY, step), fits(7 * DAY, step)].into_iter().flatten().collect(),
        }
    }

    fn on_weekdays(&self, count: i64) -> i64 {
        let micros = self.last.at.saturating_mul(self.scale);
        let target = weekday_number(micros.div_euclid(DAY)).saturating_add(count);
        let days = (target.div_euclid(5) * 7 + target.rem_euclid(5)).saturating_sub(WEEK_SHIFT);
        days.saturating_mul(DAY).saturating_add(micros.rem_euclid(DAY)) / self.scale
    }

    fn in_months(&self, months: i64) -> i64 {
        let micros = self.last.at.saturating_mul(self.scale);
        let Some(last) = day(micros) else { return self.last.at };
        let number = month_number(last).saturating_add(months);
        let (year, month) = (number.div_euclid(12), number.rem_euclid(12) + 1);
        let (Ok(year), Ok(month)) = (i32::try_from(year), u32::try_from(month)) else { return self.last.at };
        let wanted = if self.month_ends { 31 } else { last.day() };
        let found = (28..=wanted).rev().find_map(|day| NaiveDate::from_ymd_opt(year, month, day));
        let found = found.or_else(|| NaiveDate::from_ymd_opt(year, month, wanted));
        found.map_or(self.last.at, |day| (Stamp::date(day).at + micros.rem_euclid(DAY)) / self.scale)
    }
}

/// Puts into each gap what its neighbours of the same season have on average, or else a straight line.
pub fn fill(values: &mut [f64], season: usize) {
    let known: Vec<f64> = values.to_vec();
    let at =
        |place: Option<usize>| place.and_then(|place| known.get(place)).copied().filter(|v| v.is_finite());
    let mut before: Option<usize> = None;
    let mut after: Option<usize> = None;
    for place in 0..known.len() {
        if known[place].is_finite() {
            before = Some(place);
            continue;
        }
        if after.is_none_or(|after| after < place) {
            after = (place..known.len()).find(|right| known[*right].is_finite());
            if after.is_none() {
                // The end is missing: the last value stands for what comes.
                after = Some(usize::MAX);
            }
        }
        let line = || {
            let left = before.map(|left| (left, known[left]));
            let right = after.and_then(|right| known.get(right).map(|value| (right, *value)));
            match (left, right) {
                (Some((l, a)), Some((r, b))) if r > l => a + (b - a) * ((place - l) as f64 / (r - l) as f64),
                (Some((_, only)), _) | (None, Some((_, only))) => only,
                (None, None) => 0.0,
            }
        };
        let seasonal = if season > 1 {
            (1..=2).find_map(|k| {
                let (left, right) = (
                    at(place.checked_sub(season.saturating_mul(k))),
                    at(place.checked_add(season.saturating_mul(k))),
                );
                match (left, right) {
                    (Some(a), Some(b)) => Some(a / 2.0 + b / 2.0),
                    (Some(only), None) | (None, Some(only)) => Some(only),
                    (None, None) => None,
                }
            })
        } else {
            None
        };
        values[place] = seasonal.unwrap_or_else(line);
    }
}

/// Whole numbers from 1973 on, a minute or more apart, are seconds (or milliseconds) since 1970.
fn scale(stamps: &[Stamp], spelling: Spelling) -> i64 {
    if spelling != Spelling::Integer || stamps.len() < 2 {
        return 1;
    }
    let (least, most) = (stamps.first().map_or(0, |s| s.at), stamps.last().map_or(0, |s| s.at));
    let apart = |unit: i64| stamps.windows(2).all(|pair| (pair[1].at - pair[0].at) % (60 * unit) == 0);
    if least >= 100_000_000 && most < 10_000_000_000 && apart(1) {
        SECOND
    } else if least >= 100_000_000_000 && most < 10_000_000_000_000 && apart(1000) {
        SECOND / 1000
    } else {
        1
    }
}

/// Moments as numbers whose differences count. Days keep the clock on the wall, whatever their zone does.
fn axis(stamps: &[Stamp], scale: i64) -> Vec<i64> {
    let last = stamps.last().copied().unwrap_or(Stamp::index(0));
    let one_zone = stamps.iter().all(|stamp| stamp.offset_s == last.offset_s);
    let same_hour = || {
        stamps.iter().all(|stamp| stamp.at.rem_euclid(DAY) == last.at.rem_euclid(DAY))
            && stamps.is_sorted_by(|one, two| one.at < two.at)
    };
    if one_zone || same_hour() {
        return stamps.iter().map(|stamp| stamp.at.saturating_mul(scale)).collect();
    }
    let here = i64::from(last.offset_s) * SECOND;
    stamps.iter().map(|stamp| stamp.instant().saturating_add(here)).collect()
}

/// Months, or days without weekends.
fn on_calendar(axis: &[i64]) -> Option<(Step, Vec<usize>)> {
    if axis.len() < 2 {
        return None;
    }
    if axis.windows(2).all(|pair| pair[1] - pair[0] >= 28 * DAY) {
        return in_months(axis);
    }
    if axis.len() < 10 || axis.windows(2).any(|pair| pair[1] - pair[0] < DAY - DAY / 12) {
        return None;
    }
    let days: Vec<i64> = axis.iter().map(|at| (at + DAY / 12).div_euclid(DAY)).collect();
    let weekend = |day: &i64| (day + WEEK_SHIFT).rem_euclid(7) >= 5;
    let neighbours = days.windows(2).filter(|pair| pair[1] == pair[0] + 1).count();
    let skipped = days.windows(2).any(|pair| pair[1] == pair[0] + 3);
    if days.iter().any(weekend) || !skipped || neighbours * 2 < days.len() {
        return None;
    }
    let first = weekday_number(days[0]);
    places(days.iter().map(|day| weekday_number(*day) - first)).map(|places| (Step::Weekdays, places))
}

fn in_months(axis: &[i64]) -> Option<(Step, Vec<usize>)> {
    let days: Option<Vec<NaiveDate>> = axis.iter().map(|at| day(*at)).collect();
    let days = days?;
    let wanted = days.iter().map(NaiveDate::day).max()?;
    if !days.iter().all(|day| day.day() == wanted || (wanted > 28 && is_month_end(*day))) {
        return None;
    }
    let months: Vec<i64> = days.iter().map(|day| month_number(*day)).collect();
    let steps: Vec<i64> = months.windows(2).map(|pair| pair[1] - pair[0]).collect();
    let usual = usual(&steps)?;
    let step = if steps.iter().all(|step| step % usual == 0) { usual } else { common_divisor(&steps) };
    let first = months[0];
    let places = places(months.iter().map(|month| (month - first) / step.max(1)))?;
    Some((Step::Months(u32::try_from(step).ok()?), places))
}

/// Steps of one length, give or take a twelfth.
fn on_ruler(axis: &[i64], calendar: bool) -> Option<(Step, Vec<usize>)> {
    let named = |step: i64| if calendar { Step::Micros(step) } else { Step::Index(step) };
    let Some(first) = axis.first().copied().filter(|_| axis.len() > 1) else {
        let step = if calendar { DAY } else { 1 };
        return Some((named(step), vec![0]));
    };
    let steps: Vec<i64> = axis.windows(2).map(|pair| pair[1] - pair[0]).collect();
    let usual = usual(&steps)?;
    let tolerance = if calendar { usual / 12 } else { 0 };
    let rounded = |at: i64, step: i64| (at - first + step / 2).div_euclid(step);
    let fits = axis.iter().all(|at| (at - first - rounded(*at, usual) * usual).abs() <= tolerance);
    let step = if fits { usual } else { common_divisor(&steps) };
    let places = places(axis.iter().map(|at| rounded(*at, step)))?;
    Some((named(step), places))
}

fn in_order(axis: &[i64], calendar: bool) -> Step {
    let steps: Vec<i64> = axis.windows(2).map(|pair| pair[1] - pair[0]).collect();
    let step = usual(&steps).unwrap_or(1);
    if calendar { Step::Micros(step) } else { Step::Index(step) }
}

/// Places as indexes, if they ascend and the grid is not mostly gaps.
fn places(numbers: impl ExactSizeIterator<Item = i64>) -> Option<Vec<usize>> {
    let count = numbers.len();
    let places: Option<Vec<usize>> = numbers.map(|number| usize::try_from(number).ok()).collect();
    let places = places?;
    let last = *places.last()?;
    let small = last < MAX_GRID && last <= count.saturating_mul(PLACES_PER_VALUE) + 100;
    (small && places.is_sorted_by(|one, two| one < two)).then_some(places)
}

/// The commonest step; the shortest of equally common ones.
fn usual(steps: &[i64]) -> Option<i64> {
    let first = *steps.first()?;
    if steps.iter().all(|step| *step == first) {
        return Some(first).filter(|step| *step > 0);
    }
    let mut sorted = steps.to_vec();
    sorted.sort_unstable();
    let groups = sorted.chunk_by(|one, two| one == two);
    let best =
        groups.fold((0, 0), |best, group| if group.len() > best.0 { (group.len(), group[0]) } else { best });
    Some(best.1).filter(|step| *step > 0)
}

fn common_divisor(steps: &[i64]) -> i64 {
    steps.iter().fold(0_i64, |so_far, step| {
        let (mut a, mut b) = (so_far, *step);
        while b != 0 {
            (a, b) = (b, a % b);
        }
        a
    })
}

/// From 1970-01-01, a Thursday, back to a Monday.
const WEEK_SHIFT: i64 = 3;

/// Monday to Friday counted through; a weekend's day counts as the Friday before.
fn weekday_number(days: i64) -> i64 {
    let shifted = days + WEEK_SHIFT;
    shifted.div_euclid(7) * 5 + shifted.rem_euclid(7).min(4)
}

fn day(at: i64) -> Option<NaiveDate> {
    Stamp::index(at).day()
}

fn month_number(day: NaiveDate) -> i64 {
    i64::from(day.year()) * 12 + i64::from(day.month0())
}

fn is_month_end(day: NaiveDate) -> bool {
    day.checked_add_days(Days::new(1)).is_some_and(|next| next.day() == 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A series with the given timestamps and the values 1, 2, 3, …
    fn series(stamps: &[&str]) -> Series {
        let parsed: Vec<_> = stamps.iter().map(|text| Stamp::parse(text.as_bytes()).unwrap()).collect();
        let values = (1_i32..).take(parsed.len()).map(f64::from).collect();
        let timestamps = parsed.iter().map(|(stamp, _)| *stamp).collect();
        Series { id: String::new(), timestamps, values, spelling: parsed[0].1 }
    }

    fn check(stamps: &[&str], step: Step, gaps: usize, next: [&str; 2]) {
        let regular = Regular::of(&series(stamps)).unwrap();
        assert_eq!((regular.step, regular.gaps, regular.even), (step, gaps, true), "{stamps:?}");
        for (places, wanted) in (1..).zip(next) {
            let mut written = String::new();
            regular.write_after(places, &mut written);
            assert_eq!(written, wanted, "{stamps:?}");
        }
    }

    #[test]
    fn the_step_is_found_and_goes_on_in_the_same_spelling() {
        let day = Step::Micros(DAY);
        check(&["2024-02-27", "2024-02-28"], day, 0, ["2024-02-29", "2024-03-01"]);
        check(&["1", "2", "5"], Step::Index(1), 2, ["6", "7"]);
        check(&["10", "20", "30"], Step::Index(10), 0, ["40", "50"]);
        check(
            &["2025-01-01 22:00", "2025-01-01 23:00"],
            Step::Micros(3600 * SECOND),
            0,
            ["2025-01-02 00:00", "2025-01-02 01:00"],
        );
        check(&["1735689600", "1735776000"], day, 0, ["1735862400", "1735948800"]);
        check(&["2025-01", "2025-02", "2025-04"], Step::Months(1), 1, ["2025-05", "2025-06"]);
        check(&["2025-01-31", "2025-02-28", "2025-03-31"], Step::Months(1), 0, ["2025-04-30", "2025-05-31"]);
        check(&["2024-01-01", "2024-04-01", "2024-07-01"], Step::Months(3), 0, ["2024-10-01", "2025-01-01"]);
        check(&["2023-05-01", "2024-05-01"], Step::Months(12), 0, ["2025-05-01", "2026-05-01"]);
    }

    #[test]
    fn a_clock_put_forward_does_not_break_days() {
        let local = ["2025-03-29T00:00:00+01:00", "2025-03-30T00:00:00+01:00", "2025-03-31T00:00:00+02:00"];
        check(&local, Step::Micros(DAY), 0, ["2025-04-01T00:00:00+02:00", "2025-04-02T00:00:00+02:00"]);
        let utc =
            ["2025-03-28T23:00:00Z", "2025-03-29T23:00:00Z", "2025-03-30T22:00:00Z", "2025-03-31T22:00:00Z"];
        check(&utc, Step::Micros(DAY), 0, ["2025-04-01T22:00:00Z", "2025-04-02T22:00:00Z"]);
        let hours = ["2025-10-26T02:00:00+02:00", "2025-10-26T02:00:00+01:00", "2025-10-26T03:00:00+01:00"];
        check(
            &hours,
            Step::Micros(3600 * SECOND),
            0,
            ["2025-10-26T04:00:00+01:00", "2025-10-26T05:00:00+01:00"],
        );
    }

    #[test]
    fn weekends_that_are_left_out_are_no_gaps() {
        let days = ["06", "07", "08", "09", "10", "13", "14", "16", "17", "20", "21", "22", "23", "24"];
        let stamps: Vec<String> = days.iter().map(|day| format!("2025-01-{day}")).collect();
        let stamps: Vec<&str> = stamps.iter().map(String::as_str).collect();
        check(&stamps, Step::Weekdays, 1, ["2025-01-27", "2025-01-28"]);
    }

    #[test]
    fn timestamps_without_a_grid_are_taken_in_order() {
        let regular = Regular::of(&series(&["1", "100000", "2000000007"])).unwrap();
        assert_eq!((regular.even, regular.gaps, regular.values.len()), (false, 0, 3));
    }

    #[test]
    fn a_gap_takes_the_average_of_its_season() {
        let mut values = [1.0, 5.0, 1.0, f64::NAN, 1.0, 7.0];
        fill(&mut values, 2);
        assert_eq!(values[3], 6.0);
        let mut values = [1.0, f64::NAN, f64::NAN, 4.0];
        fill(&mut values, 1);
        assert_eq!(values, [1.0, 2.0, 3.0, 4.0]);
    }
}
