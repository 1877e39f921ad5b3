//! Forecasts of cost and of any other series, with intervals that hold what they say.
//!
//! [`forecast()`] carries one series on; [`csv::run`] does it for a file of them; [`period::to_period_end`] ends a
//! month, quarter or year; [`reconcile::reconcile`] makes a hierarchy add up; [`scenario::scenario`] asks what if.
//!
//! Everything is a pure function of its arguments, and the same series gives the same forecast on every
//! machine. `f64` inside: a forecast is a statistic, never money that gets booked. Every number that comes out is
//! finite, and `lo95 <= lo80 <= mean <= hi80 <= hi95` at every place. Values are only kept from
//! falling below zero if none of the history does.
//!
//! What it was measured against is in `docs/reference/forecast.md`.

pub mod csv;
pub mod period;
pub mod reconcile;
pub mod scenario;

mod autoregression;
mod engine;
mod scale;
mod season;
mod smooth;
mod spikes;
mod spread;

use crate::series::{Regular, Series, fill};
use scale::Scale;
use std::fmt;

/// The farthest that is forecast.
pub const MAX_HORIZON: usize = 100_000;
/// Older values than the last so many change nothing that matters and are left out.
const MAX_HISTORY: usize = 3000;

/// What is asked of a forecast.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Options {
    /// The length of a season in steps; 1 for none. Without it the seasons are found.
    pub season: Option<usize>,
}

/// Why there is no forecast.
#[derive(Debug, thiserror::Error)]
pub enum ForecastError {
    /// Not one value in the series.
    #[error("series `{series}` has no value")]
    NoValues {
        /// Which one.
        series: String,
    },
    /// A horizon of nothing, or beyond the bound.
    #[error("the horizon is {horizon} steps: it must be between 1 and {MAX_HORIZON}")]
    Horizon {
        /// What was asked.
        horizon: usize,
    },
    /// The input could not be read.
    #[error("could not read the series")]
    Series(#[from] crate::series::SeriesError),
    /// The forecasts could not be written.
    #[error("could not write the forecasts")]
    Write(#[source] std::io::Error),
}

/// What comes after a series.
#[derive(Clone, Debug, PartialEq)]
pub struct Forecast {
    /// The expected values.
    pub mean: Vec<f64>,
    /// Lower ends of the intervals that hold 80 % of what comes.
    pub lo80: Vec<f64>,
    /// Their upper ends.
    pub hi80: Vec<f64>,
    /// Lower ends of the intervals that hold 95 %.
    pub lo95: Vec<f64>,
    /// Their upper ends.
    pub hi95: Vec<f64>,
    /// The models and their weights, for people.
    pub model: String,
    /// How the same models would have done before; `None` if the series is too short to tell.
    pub backtest: Option<Backtest>,
    /// What to know before relying on it.
    pub notes: Vec<Note>,
    /// Standard errors at each place.
    pub sigma: Vec<f64>,
    /// Standard errors of the sum up to each place.
    pub total_sigma: Vec<f64>,
    /// Multiples of a standard error that make the intervals for 80 and 95 %.
    pub multiples: [f64; 2],
}

/// Errors of forecasts made as if at earlier times.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Backtest {
    /// The sum of errors over the sum of values.
    pub wape: f64,
    /// The mean error over that of the seasonal naive forecast within the history; `None` if that is zero.
    pub mase: Option<f64>,
    /// The symmetric percentage error, 0 to 200.
    pub smape: f64,
    /// From so many earlier times.
    pub folds: usize,
    /// By how much sums over the whole horizon were missed, as a share; `None` if they are zero.
    pub total: Option<f64>,
}

/// Something to know about a forecast.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Note {
    /// Timestamps were missing, and their values were taken from their neighbours.
    GapsFilled(usize),
    /// The timestamps are on no even grid and were taken in their order.
    UnevenTimestamps,
    /// All values are alike.
    Constant,
    /// Too few values to compare models.
    Short,
    /// The season that was asked for does not fit into the history twice.
    SeasonTooLong(usize),
}

impl fmt::Display for Note {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::GapsFilled(1) => write!(out, "one missing timestamp was filled from its neighbours"),
            Self::GapsFilled(count) => {
                write!(out, "{count} missing timestamps were filled from their neighbours")
            }
            Self::UnevenTimestamps => write!(out, "timestamps are uneven and were taken in their order"),
            Self::Constant => write!(out, "all values are alike"),
            Self::Short => write!(out, "too short to compare models"),
            Self::SeasonTooLong(season) => write!(out, "season {season} does not fit into the history twice"),
        }
    }
}

/// Carries one series on.
///
/// # Errors
/// If the series has no value, or the horizon is out of bounds.
pub fn forecast(series: &Series, horizon: usize, options: &Options) -> Result<Forecast, ForecastError> {
    let regular = Regular::of(series).ok_or_else(|| ForecastError::NoValues { series: series.id.clone() })?;
    of_regular(&regular, horizon, options)
}

/// The same for values that already lie on a grid.
pub(crate) fn of_regular(
    regular: &Regular,
    horizon: usize,
    options: &Options,
) -> Result<Forecast, ForecastError> {
    if !(1..=MAX_HORIZON).contains(&horizon) {
        return Err(ForecastError::Horizon { horizon });
    }
    let mut notes = Vec::new();
    if regular.gaps > 0 {
        notes.push(Note::GapsFilled(regular.gaps));
    }
    if !regular.even {
        notes.push(Note::UnevenTimestamps);
    }
    let recent = &regular.values[regular.values.len().saturating_sub(MAX_HISTORY)..];
    let mut values = recent.to_vec();
    let suggested = regular.calendar_seasons();
    fill(&mut values, options.season.or(suggested.first().copied()).unwrap_or(1));
    let Some(scale) = Scale::of(&values) else {
        notes.push(Note::Constant);
        return Ok(flat(values.first().copied().unwrap_or(0.0), horizon, notes));
    };
    scale.apply(&mut values);
    let (seasons, note) = seasons(&values, &suggested, options.season);
    notes.extend(note);
    let found = engine::run(&values, &seasons, horizon);
    if found.folds.is_empty() {
        notes.push(Note::Short);
    }
    let backtest =
        backtest(&values, &found, seasons.first().copied().unwrap_or(1), |value| scale.back(value));
    let mean: Vec<f64> = found.mean.iter().map(|value| scale.back(*value)).collect();
    let multiples = found.spread.multiples;
    let end = |multiple: f64| -> Vec<f64> {
        found
            .mean
            .iter()
            .zip(&found.spread.sigma)
            .map(|(mean, sigma)| scale.back(mean + multiple * sigma))
            .collect()
    };
    let [narrow, wide] = multiples;
    let (lo80, hi80, lo95, hi95) = (end(-narrow), end(narrow), end(-wide), end(wide));
    let finite = |value: f64| if value.is_finite() { value } else { f64::MAX / 4.0 };
    let sigma =
        found.spread.sigma.iter().zip(&mean).map(|(sigma, mean)| finite(sigma * scale.step(*mean))).collect();
    let average = mean.iter().map(|mean| mean / horizon as f64).sum::<f64>();
    let total_sigma = found.spread.total.iter().map(|total| finite(total * scale.step(average))).collect();
    let model = describe(&found, &seasons);
    Ok(Forecast { mean, lo80, hi80, lo95, hi95, model, backtest, notes, sigma, total_sigma, multiples })
}

fn flat(value: f64, horizon: usize, notes: Vec<Note>) -> Forecast {
    let all = vec![value; horizon];
    Forecast {
        lo80: all.clone(),
        hi80: all.clone(),
        lo95: all.clone(),
        hi95: all.clone(),
        mean: all,
        model: "constant".to_owned(),
        backtest: None,
        notes,
        sigma: vec![0.0; horizon],
        total_sigma: vec![0.0; horizon],
        multiples: spread::NORMAL,
    }
}

/// Which seasons to use, shortest first.
fn seasons(values: &[f64], suggested: &[usize], asked: Option<usize>) -> (Vec<usize>, Option<Note>) {
    let Some(asked) = asked else {
        let known: &[usize] = &[4, 5, 7, 12, 24, 48, 52, 96, 168];
        // What the calendar suggests needs less evidence than what was only looked for.
        let (tried, strong) = if suggested.is_empty() { (known, 0.35) } else { (suggested, 0.15) };
        let found: Vec<(usize, f64)> = tried
            .iter()
            .map(|season| (*season, season::strength(values, *season)))
            .filter(|(_, strength)| *strength > strong)
            .collect();
        let Some((best, strength)) = found.iter().copied().max_by(|one, two| one.1.total_cmp(&two.1)) else {
            return (Vec::new(), None);
        };
        // A week of hours also has its days; two days are no season if one is.
        let within = found
            .iter()
            .find(|(season, also)| best == season * 7 || (best == season * 2 && *also > 0.95 * strength));
        return (with_longer(values, within.map_or(best, |(season, _)| *season)), None);
    };
    if asked < 2 {
        return (Vec::new(), None);
    }
    if values.len() / 2 < asked {
        return (Vec::new(), Some(Note::SeasonTooLong(asked)));
    }
    (with_longer(values, asked), None)
}

/// A day also has a week, if the data have one.
fn with_longer(values: &[f64], season: usize) -> Vec<usize> {
    let week = match season {
        24 | 48 | 96 | 144 | 288 => season * 7,
        _ => return vec![season],
    };
    if values.len() >= 3 * week { vec![season, week] } else { vec![season] }
}

fn describe(found: &engine::Found, seasons: &[usize]) -> String {
    let mut text = String::new();
    for (kind, weight) in found.weights.iter().filter(|(_, weight)| *weight >= 0.05) {
        if !text.is_empty() {
            text.push_str(" + ");
        }
        text.push_str(&format!("{:.0} % {}", weight * 100.0, kind.name()));
    }
    if !seasons.is_empty() && found.certainty > 0.0 {
        let names: Vec<String> = seasons.iter().map(ToString::to_string).collect();
        text.push_str(&format!(", season {}", names.join(" and ")));
    }
    text
}

fn backtest(
    values: &[f64],
    found: &engine::Found,
    season: usize,
    back: impl Fn(f64) -> f64,
) -> Option<Backtest> {
    let (mut missed, mut total, mut symmetric, mut count) = (0.0, 0.0, 0.0, 0_u32);
    let (mut sums_missed, mut sums) = (0.0, 0.0);
    for (origin, path) in &found.folds {
        let (mut came, mut said) = (0.0, 0.0);
        for (actual, expected) in values[*origin..].iter().zip(path) {
            let (actual, expected) = (back(*actual), back(*expected));
            came += actual;
            said += expected;
            let error = (actual - expected).abs();
            missed += error;
            total += actual.abs();
            let size = actual.abs() + expected.abs();
            symmetric += if size > 0.0 { 200.0 * error / size } else { 0.0 };
            count += 1;
        }
        sums_missed += f64::abs(came - said);
        sums += f64::abs(came);
    }
    if count == 0 || found.folds.is_empty() {
        return None;
    }
    let naive: f64 =
        values.iter().zip(values.get(season..)?).map(|(one, two)| (back(*two) - back(*one)).abs()).sum();
    let naive = naive / (values.len() - season).max(1) as f64;
    let mean = missed / f64::from(count);
    Some(Backtest {
        wape: if total > 0.0 { missed / total } else { 0.0 },
        mase: (naive > 0.0).then(|| mean / naive),
        smape: symmetric / f64::from(count),
        folds: found.folds.len(),
        total: (sums > 0.0).then(|| sums_missed / sums),
    })
}

#[cfg(test)]
mod tests;
