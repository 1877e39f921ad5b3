//! Seasons: which there are, and what each adds at every place.
//!
//! A season's shape is the average of the detrended values of a phase over recent cycles, pulled to zero by
//! as much as it could be chance (an F ratio of phases to noise): a season that is asked for
//! but not in the data does no harm. Several seasons are taken out in turn, the shortest first, as in MSTL
//! (Bandara, Hyndman, Bergmeir 2021).

/// What the seasons add at each place of the history, and one cycle further on.
#[derive(Clone, Debug, Default)]
pub(super) struct Seasonal {
    parts: Vec<Part>,
}

#[derive(Clone, Debug)]
struct Part {
    season: usize,
    /// One value for each place of the history.
    fitted: Vec<f64>,
    /// The last cycle, by phase.
    latest: Vec<f64>,
    /// 0 where it may all be chance, near 1 where the season is certain.
    certainty: f64,
}

impl Seasonal {
    /// Takes the given seasons out of a history. Those that do not fit in twice are left out.
    pub(super) fn of(values: &[f64], seasons: &[usize]) -> Self {
        let seasons: Vec<usize> =
            seasons.iter().copied().filter(|season| *season > 1 && values.len() >= 2 * season).collect();
        let mut parts: Vec<Part> = Vec::new();
        let rounds = if seasons.len() > 1 { 2 } else { 1 };
        for round in 0..rounds {
            for (at, season) in seasons.iter().enumerate() {
                let mut rest = values.to_vec();
                for (other, part) in parts.iter().enumerate() {
                    if other != at {
                        rest.iter_mut().zip(&part.fitted).for_each(|(rest, fitted)| *rest -= fitted);
                    }
                }
                let part = part(&rest, *season);
                if round == 0 { parts.push(part) } else { parts[at] = part }
            }
        }
        Self { parts }
    }

    /// The history without its seasons.
    pub(super) fn adjusted(&self, values: &[f64]) -> Vec<f64> {
        let mut adjusted = values.to_vec();
        for part in &self.parts {
            adjusted.iter_mut().zip(&part.fitted).for_each(|(value, fitted)| *value -= fitted);
        }
        adjusted
    }

    /// What all seasons add to the first `len` places.
    pub(super) fn fitted_sum(&self, len: usize) -> Vec<f64> {
        let mut sum = vec![0.0; len];
        for part in &self.parts {
            sum.iter_mut().zip(&part.fitted).for_each(|(sum, fitted)| *sum += fitted);
        }
        sum
    }

    /// Adds the seasons to what follows the first `seen` places.
    pub(super) fn add_ahead(&self, seen: usize, out: &mut [f64]) {
        for part in &self.parts {
            for (at, out) in out.iter_mut().enumerate() {
                *out += part.latest[(seen + at) % part.season];
            }
        }
    }

    /// How certain the surest season is, 0 to 1.
    pub(super) fn certainty(&self) -> f64 {
        self.parts.iter().map(|part| part.certainty).fold(0.0, f64::max)
    }
}

fn part(values: &[f64], season: usize) -> Part {
    let trend = moving_average(values, season);
    let half = season / 2;
    let (from, to) = (half, values.len() - half);
    let detrended = |at: usize| values[at] - trend[at - from];
    let cycles = (to - from) as f64 / season as f64;
    // Recent cycles count more; by half every twenty weeks of days, but every five of long cycles, whose
    // shape changes sooner (a year is not 52 weeks).
    let fade = 0.5_f64.powf(1.0 / (140.0 / season as f64).clamp(5.0, 20.0));
    let mut phases: Vec<Vec<(usize, f64)>> = vec![Vec::new(); season];
    for at in from..to {
        phases[at % season].push((at / season, detrended(at)));
    }
    let mut latest = vec![0.0; season];
    let mut within = 0.0;
    let mut weights_squared = 0.0;
    for (phase, seen) in phases.iter().enumerate() {
        let newest = seen.last().map_or(0, |last| last.0);
        let (mut sum, mut weight, mut squares) = (0.0, 0.0, 0.0);
        for (cycle, value) in seen {
            let counts = fade.powi(i32::try_from(newest - cycle).unwrap_or(i32::MAX));
            sum += counts * value;
            weight += counts;
            squares += counts * counts;
        }
        latest[phase] = if weight > 0.0 { sum / weight } else { 0.0 };
        weights_squared += if weight > 0.0 { squares / (weight * weight) } else { 1.0 };
        let plain = seen.iter().map(|(_, value)| value).sum::<f64>() / seen.len().max(1) as f64;
        within += seen.iter().map(|(_, value)| (value - plain).powi(2)).sum::<f64>();
    }
    let middle = latest.iter().sum::<f64>() / season as f64;
    latest.iter_mut().for_each(|value| *value -= middle);
    let noise = within / (((cycles - 1.0) * season as f64).max(1.0)) * weights_squared / season as f64;
    let shape = latest.iter().map(|value| value * value).sum::<f64>() / (season as f64 - 1.0).max(1.0);
    let certainty = if shape > 0.0 && cycles > 1.01 { (1.0 - noise / shape).clamp(0.0, 1.0) } else { 0.0 };
    latest.iter_mut().for_each(|value| *value *= certainty);
    let fitted = fitted(values.len(), season, &phases, certainty, &latest);
    Part { season, fitted, latest, certainty }
}

/// The season at each place: the average of its phase over the cycles around it.
fn fitted(
    len: usize,
    season: usize,
    phases: &[Vec<(usize, f64)>],
    certainty: f64,
    latest: &[f64],
) -> Vec<f64> {
    const REACH: usize = 12;
    let mut fitted = vec![0.0; len];
    if certainty == 0.0 {
        return fitted;
    }
    let cycles = len.div_ceil(season);
    for (phase, seen) in phases.iter().enumerate() {
        let mut sums = Vec::with_capacity(seen.len() + 1);
        sums.push(0.0);
        seen.iter().for_each(|(_, value)| sums.push(sums.last().copied().unwrap_or(0.0) + value));
        let first = seen.first().map_or(0, |first| first.0);
        for cycle in 0..cycles {
            let at = cycle * season + phase;
            if at >= len || seen.is_empty() {
                continue;
            }
            let low = cycle.saturating_sub(REACH).saturating_sub(first).min(seen.len() - 1);
            let high = (cycle + REACH + 1).saturating_sub(first).clamp(low + 1, seen.len());
            fitted[at] = certainty * (sums[high] - sums[low]) / (high - low) as f64;
        }
    }
    // Each cycle's shape is one about zero.
    for cycle in 0..cycles {
        let range = cycle * season..((cycle + 1) * season).min(len);
        if range.len() == season {
            let middle = fitted[range.clone()].iter().sum::<f64>() / season as f64;
            fitted[range].iter_mut().for_each(|value| *value -= middle);
        }
    }
    // The end is what the forecast goes on with.
    let tail = len.saturating_sub(season);
    for (at, value) in fitted.iter_mut().enumerate().skip(tail) {
        *value = latest[at % season];
    }
    fitted
}

/// Averages over one whole cycle around each place from `season / 2` to as far from the end.
fn moving_average(values: &[f64], season: usize) -> Vec<f64> {
    let half = season / 2;
    let mut sums = Vec::with_capacity(values.len() + 1);
    sums.push(0.0);
    values.iter().for_each(|value| sums.push(sums.last().copied().unwrap_or(0.0) + value));
    (half..values.len() - half)
        .map(|at| {
            let whole = sums[at + half + 1] - sums[at - half];
            if season % 2 == 1 {
                whole / season as f64
            } else {
                (whole - 0.5 * values[at - half] - 0.5 * values[at + half]) / season as f64
            }
        })
        .collect()
}

/// Whether a season is in the data: beyond chance, and much of what varies about the trend.
pub(super) fn strength(values: &[f64], season: usize) -> f64 {
    if season < 2 || values.len() < 3 * season {
        return 0.0;
    }
    let recent = &values[values.len().saturating_sub((12 * season).max(400))..];
    let trend = moving_average(recent, season);
    let half = season / 2;
    let rest: Vec<f64> = trend.iter().enumerate().map(|(at, trend)| recent[at + half] - trend).collect();
    let size: f64 = rest.iter().map(|value| value * value).sum();
    if size <= 0.0 || rest.len() <= season {
        return 0.0;
    }
    let together: f64 = rest.iter().zip(&rest[season..]).map(|(one, two)| one * two).sum();
    (together / size) * rest.len() as f64 / (rest.len() - season) as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    fn week(noise: f64) -> Vec<f64> {
        (0..140_u32)
            .map(|n| {
                let weekend = if n % 7 >= 5 { -20.0 } else { 8.0 };
                100.0 + 0.1 * f64::from(n) + weekend + noise * f64::from((n * 7919) % 13).sin()
            })
            .collect()
    }

    #[test]
    fn a_week_is_taken_out_and_comes_back() {
        let values = week(0.0);
        let seasonal = Seasonal::of(&values, &[7]);
        let adjusted = seasonal.adjusted(&values);
        for (at, value) in adjusted.iter().enumerate() {
            assert!((value - 100.0 - 0.1 * at as f64).abs() < 0.5, "{at}: {value}");
        }
        let mut out = [0.0; 7];
        seasonal.add_ahead(140, &mut out);
        assert!((out[5] + 20.0).abs() < 0.5 && (out[0] - 8.0).abs() < 0.5, "{out:?}");
        assert!(strength(&values, 7) > 0.9);
    }

    #[test]
    fn noise_has_no_season() {
        let noise: Vec<f64> = (0..200_u64).map(|n| (n.wrapping_mul(2_654_435_761) % 1000) as f64).collect();
        let seasonal = Seasonal::of(&noise, &[7]);
        assert!(seasonal.certainty() < 0.5, "{}", seasonal.certainty());
        assert!(strength(&noise, 7) < 0.3);
    }

    #[test]
    fn a_season_that_does_not_fit_in_twice_is_left_out() {
        let values = [1.0, 2.0, 3.0];
        assert_eq!(Seasonal::of(&values, &[2]).adjusted(&values), values);
    }
}
