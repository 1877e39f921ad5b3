//! The forecast of one series: several models, weighted by how each would have done, and how wide they miss.
//!
//! 1. Seasons are taken out ([`super::season`]).
//! 2. What is left is carried on by simple, trending, damped and theta smoothing and by autoregressions;
//!    what is whole by the last season and by an autoregression with seasonal lags.
//! 3. Rolling origins: all of it is fitted again to shorter histories, and the forecasts are compared with
//!    what came. Models are weighted by the inverse of their error.
//! 4. The weighted forecast's errors at many origins, by distance, give the intervals; they are
//!    widened by as much as honest refitted origins miss more than those.

use super::autoregression::Autoregression;
use super::season::Seasonal;
use super::smooth::{Method, Smoother};
use super::spikes;
use super::spread::{self, Spread};

/// How often all models are fitted again to a shorter history.
const FOLDS: usize = 4;
/// The inverse error counts to this power.
const SHARPNESS: i32 = 3;
/// At so many places in the past is the weighted forecast looked at for its spread.
const ORIGINS: usize = 50;
/// Beyond so many standard deviations a short excursion is a spike.
const SPIKE: f64 = 4.5;
/// Lags of the autoregressions: a little more than a week of days.
const ORDER: usize = 8;
/// With a longer history there is more to learn from: two weeks of days, a quarter of weeks.
const MIDDLE_ORDER: usize = 14;
/// A history is long beyond so many values.
const LONG_HISTORY: usize = 420;
/// The same for hours: a little more than a day.
const LONG_ORDER: usize = 26;
/// From this season on autoregressions deserve more trust, and smoothing less.
const LONG_SEASON: usize = 24;

/// A model of the ensemble.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Naive,
    Simple,
    Holt,
    Damped,
    Theta,
    StepLags,
    LevelLags,
    LastSeason,
    SeasonalLags,
}

impl Kind {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Naive => "naive",
            Self::Simple => "ses",
            Self::Holt => "holt",
            Self::Damped => "damped",
            Self::Theta => "theta",
            Self::StepLags => "ari",
            Self::LevelLags => "ar",
            Self::LastSeason => "seasonal-naive",
            Self::SeasonalLags => "seasonal-ar",
        }
    }
}

/// What the engine finds.
#[derive(Clone, Debug)]
pub(super) struct Found {
    pub(super) mean: Vec<f64>,
    pub(super) spread: Spread,
    /// Models and their weights, heaviest first.
    pub(super) weights: Vec<(Kind, f64)>,
    /// For every fold its origin and the weighted forecast.
    pub(super) folds: Vec<(usize, Vec<f64>)>,
    pub(super) certainty: f64,
}

/// Forecasts values that are finite and not all alike.
pub(super) fn run(values: &[f64], seasons: &[usize], horizon: usize) -> Found {
    let whole = Fitted::of(values, seasons, None);
    let kinds: Vec<Kind> = whole.members.iter().map(|member| member.kind).collect();
    let mut losses = vec![0.0; kinds.len()];
    let mut counted = vec![0_u32; kinds.len()];
    let mut tried: Vec<(usize, Paths)> = Vec::new();
    for origin in fold_origins(values.len(), seasons, horizon) {
        let fitted = Fitted::of(&values[..origin], seasons, Some(&whole));
        let ahead = horizon.min(values.len() - origin);
        let paths = fitted.paths(origin, ahead);
        let actual = &values[origin..origin + ahead];
        let fold: Vec<f64> = paths.iter().map(|(_, path)| mean_error(actual, path)).collect();
        let scale = fold.iter().sum::<f64>() / fold.len().max(1) as f64;
        for ((kind, _), loss) in paths.iter().zip(&fold) {
            if let Some(at) = kinds.iter().position(|known| known == kind).filter(|_| scale > 0.0) {
                losses[at] += loss;
                counted[at] += 1;
            }
        }
        tried.push((origin, paths));
    }
    let weights = weights(&kinds, &losses, &counted, seasons.last().copied().unwrap_or(1));
    let mean = weighted(&whole.paths(values.len(), horizon), &kinds, &weights, horizon);
    let folds: Vec<(usize, Vec<f64>)> = tried
        .iter()
        .map(|(origin, paths)| {
            let ahead = horizon.min(values.len() - origin);
            (*origin, weighted(paths, &kinds, &weights, ahead))
        })
        .collect();
    let errors = |origin: usize, ahead: &[f64]| -> Vec<f64> {
        values[origin..].iter().zip(ahead).map(|(actual, ahead)| actual - ahead).collect()
    };
    let cheap = |origin: usize| {
        let ahead = horizon.min(values.len() - origin);
        errors(origin, &weighted(&whole.paths(origin, ahead), &kinds, &weights, ahead))
    };
    let missed: Vec<(usize, Vec<f64>)> = spread::origins(values.len(), seasons, horizon, ORIGINS)
        .into_iter()
        .map(|origin| (values.len() - origin, cheap(origin)))
        .collect();
    let honest: Vec<(Vec<f64>, Vec<f64>)> =
        folds.iter().map(|(origin, ahead)| (errors(*origin, ahead), cheap(*origin))).collect();
    let spread = Spread::of(&missed, &honest, horizon);
    let mut named: Vec<(Kind, f64)> = kinds.into_iter().zip(weights).collect();
    named.sort_by(|one, two| two.1.total_cmp(&one.1));
    Found { mean, spread, weights: named, folds, certainty: whole.seasonal.certainty() }
}

/// What each model says.
type Paths = Vec<(Kind, Vec<f64>)>;

/// Models fitted to one history.
struct Fitted<'v> {
    values: &'v [f64],
    seasonal: Seasonal,
    adjusted: Vec<f64>,
    members: Vec<Member>,
}

struct Member {
    kind: Kind,
    model: Model,
}

enum Model {
    Last,
    Smooth(Smoother),
    Lags(Autoregression),
    /// The values one season ago.
    Season(usize),
    WholeLags(Autoregression),
}

impl<'v> Fitted<'v> {
    /// With `like`, settings are looked for only near those of the other fit.
    fn of(values: &'v [f64], seasons: &[usize], like: Option<&Fitted<'_>>) -> Self {
        let mut seasonal = Seasonal::of(values, seasons);
        let mut adjusted = seasonal.adjusted(values);
        if spikes::clip(&mut adjusted, SPIKE) && !seasons.is_empty() {
            let fitted = seasonal.fitted_sum(values.len());
            let cleaned: Vec<f64> = adjusted.iter().zip(&fitted).map(|(a, b)| a + b).collect();
            seasonal = Seasonal::of(&cleaned, seasons);
            adjusted = seasonal.adjusted(&cleaned);
        }
        let mut members = vec![Member { kind: Kind::Naive, model: Model::Last }];
        for (kind, method) in [
            (Kind::Simple, Method::Simple),
            (Kind::Holt, Method::Holt),
            (Kind::Damped, Method::Damped),
            (Kind::Theta, Method::Theta),
        ] {
            let near = like.and_then(|like| like.smoother(kind));
            let smoother = match near {
                Some(near) => near.refit(&adjusted, method),
                None => Smoother::fit(&adjusted, method),
            };
            members.push(Member { kind, model: Model::Smooth(smoother) });
        }
        let longest = seasons.last().copied().unwrap_or(1);
        let order = match values.len() {
            0..=LONG_HISTORY => ORDER,
            _ if longest >= LONG_SEASON => LONG_ORDER,
            _ => MIDDLE_ORDER,
        };
        let short: Vec<usize> = (1..=order).collect();
        for (kind, differenced) in [(Kind::StepLags, true), (Kind::LevelLags, false)] {
            if let Some(fitted) = Autoregression::fit(&adjusted, &short, differenced) {
                members.push(Member { kind, model: Model::Lags(fitted) });
            }
        }
        let usable: Vec<usize> = seasons.iter().copied().filter(|s| values.len() >= 2 * s).collect();
        if let Some(longest) = usable.last() {
            members.push(Member { kind: Kind::LastSeason, model: Model::Season(*longest) });
            let mut lags = vec![1, 2, 3];
            for season in &usable {
                lags.extend([season - 1, *season, season + 1]);
                if season * 6 < values.len() {
                    lags.extend([2 * season, 2 * season + 1, 3 * season]);
                }
            }
            lags.retain(|lag| *lag > 0);
            lags.sort_unstable();
            lags.dedup();
            if let Some(fitted) = Autoregression::fit(values, &lags, false) {
                members.push(Member { kind: Kind::SeasonalLags, model: Model::WholeLags(fitted) });
            }
        }
        Self { values, seasonal, adjusted, members }
    }

    fn smoother(&self, kind: Kind) -> Option<&Smoother> {
        self.members.iter().find_map(|member| match &member.model {
            Model::Smooth(smoother) if member.kind == kind => Some(smoother),
            _ => None,
        })
    }

    /// What each model says comes after the first `seen` values.
    fn paths(&self, seen: usize, ahead: usize) -> Paths {
        let mut seasonal = vec![0.0; ahead];
        self.seasonal.add_ahead(seen, &mut seasonal);
        let last = self.adjusted[seen - 1];
        self.members
            .iter()
            .map(|member| {
                let mut path = vec![last; ahead];
                let whole = match &member.model {
                    Model::Last => false,
                    Model::Smooth(smoother) => {
                        smoother.ahead(seen, &mut path);
                        false
                    }
                    Model::Lags(lags) => {
                        lags.ahead(&self.adjusted, seen, &mut path);
                        false
                    }
                    Model::Season(season) => {
                        for (at, path) in path.iter_mut().enumerate() {
                            let back = season - at % season;
                            *path = self.values[seen.saturating_sub(back).min(seen - 1)];
                        }
                        true
                    }
                    Model::WholeLags(lags) => {
                        lags.ahead(self.values, seen, &mut path);
                        true
                    }
                };
                if !whole {
                    path.iter_mut().zip(&seasonal).for_each(|(path, seasonal)| *path += seasonal);
                }
                (member.kind, path)
            })
            .collect()
    }
}

/// Where the history is cut for refitting: from one horizon before the end backwards.
fn fold_origins(len: usize, seasons: &[usize], horizon: usize) -> Vec<usize> {
    let season = seasons.iter().copied().filter(|season| len >= 3 * season).max().unwrap_or(1);
    let least = (len / 2).max(2 * season + 1).max(8);
    let stride = (horizon * 2 / 3).max(1);
    (0..FOLDS).map_while(|fold| len.checked_sub(horizon + fold * stride)).filter(|at| *at >= least).collect()
}

fn mean_error(actual: &[f64], path: &[f64]) -> f64 {
    let sum: f64 = actual.iter().zip(path).map(|(actual, path)| (actual - path).abs()).sum();
    sum / actual.len().max(1) as f64
}

/// One weight for each model; together 1.
fn weights(kinds: &[Kind], losses: &[f64], counted: &[u32], longest: usize) -> Vec<f64> {
    let most = counted.iter().copied().max().unwrap_or(0);
    let judged: Vec<Option<f64>> = losses
        .iter()
        .zip(counted)
        .map(|(loss, count)| (*count == most && most > 0).then(|| loss / f64::from(most)))
        .collect();
    let average = judged.iter().flatten().sum::<f64>() / judged.iter().flatten().count().max(1) as f64;
    let mut weights: Vec<f64> = kinds
        .iter()
        .zip(&judged)
        .map(|(kind, loss)| match loss {
            Some(loss) if average > 0.0 => prior(*kind, longest) / (loss / average).max(0.02).powi(SHARPNESS),
            None if most > 0 => 0.0,
            _ => prior(*kind, longest),
        })
        .collect();
    let sum: f64 = weights.iter().sum();
    weights.iter_mut().for_each(|weight| *weight /= sum);
    weights
}

/// Before anything is known.
fn prior(kind: Kind, longest: usize) -> f64 {
    let (none, long) = (longest < 2, longest >= LONG_SEASON);
    match kind {
        Kind::Naive | Kind::Holt => 0.5,
        Kind::Simple | Kind::SeasonalLags => 1.0,
        Kind::Damped if none => 1.3,
        Kind::Damped => 1.0,
        Kind::Theta if none || long => 1.0,
        Kind::Theta => 5.0,
        Kind::StepLags if long => 2.0,
        Kind::StepLags => 1.0,
        Kind::LevelLags if long => 1.0,
        Kind::LevelLags => 0.5,
        Kind::LastSeason => 0.05,
    }
}

fn weighted(paths: &[(Kind, Vec<f64>)], kinds: &[Kind], weights: &[f64], ahead: usize) -> Vec<f64> {
    let mut sum = vec![0.0; ahead];
    let mut total = 0.0;
    for (kind, path) in paths {
        let Some(at) = kinds.iter().position(|known| known == kind) else { continue };
        total += weights[at];
        sum.iter_mut().zip(path).for_each(|(sum, path)| *sum += weights[at] * path);
    }
    if total > 0.0 {
        sum.iter_mut().for_each(|sum| *sum /= total);
    }
    sum
}
