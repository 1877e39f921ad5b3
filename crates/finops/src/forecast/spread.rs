//! How far forecasts miss: by distance, and by share of cases.
//!
//! Errors at many past origins give a variance for each distance; it may only grow with distance (pooled
//! as in isotonic regression). The intervals' multiples are the quantiles of the errors so
//! scaled, pulled to those of the normal distribution where there are few.

pub(super) const NORMAL: [f64; 2] = [1.281_551_565_544_600_4, 1.959_963_984_540_054];
const SHARES: [f64; 2] = [0.80, 0.95];
/// An error this many places ago counts half.
const HALF_LIFE: f64 = 150.0;
/// As many independent errors as the normal distribution counts for.
const PRIOR: f64 = 12.0;

/// Half-widths of the intervals.
#[derive(Clone, Debug, Default)]
pub(super) struct Spread {
    /// The standard error at each distance.
    pub(super) sigma: Vec<f64>,
    /// Multiples of it for 80 and 95 per cent.
    pub(super) multiples: [f64; 2],
    /// The standard error of the sum up to each distance.
    pub(super) total: Vec<f64>,
}

/// Past places from which to look ahead, newest first.
pub(super) fn origins(len: usize, seasons: &[usize], horizon: usize, most: usize) -> Vec<usize> {
    let season = seasons.iter().copied().filter(|season| len >= 3 * season).max().unwrap_or(1);
    let least = (len / 4).max(season + 1).max(3).min(len.saturating_sub(1));
    let span = len.saturating_sub(1 + least).min(500.max(6 * horizon));
    let stride = (span / most).max(1);
    (1..).map_while(|n| len.checked_sub(n * stride)).take_while(|at| *at >= least.max(1)).take(most).collect()
}

impl Spread {
    /// From errors (age of the origin, error at each distance), and from errors of refitted models beside
    /// those of the same origins without refitting.
    pub(super) fn of(missed: &[(usize, Vec<f64>)], honest: &[(Vec<f64>, Vec<f64>)], horizon: usize) -> Self {
        let mut variance = vec![0.0; horizon];
        let mut weight = vec![0.0; horizon];
        for (age, errors) in missed {
            let counts = 0.5_f64.powf(*age as f64 / HALF_LIFE);
            for (at, error) in errors.iter().enumerate().take(horizon) {
                variance[at] += counts * error * error;
                weight[at] += counts;
            }
        }
        let few = weight.first().copied().unwrap_or(0.0) * 0.1;
        let mut known = 0;
        for at in 0..horizon {
            if weight[at] > few && weight[at] > 0.0 {
                variance[at] /= weight[at];
                known = at + 1;
            } else {
                // Farther than anything seen: as a random walk would go on.
                variance[at] =
                    if known > 0 { variance[known - 1] * (at + 1) as f64 / known as f64 } else { 0.0 };
            }
        }
        isotonic(&mut variance[..known], &weight[..known]);
        for at in known.max(1)..horizon {
            variance[at] = variance[known.max(1) - 1] * (at + 1) as f64 / known.max(1) as f64;
        }
        let sigma: Vec<f64> = variance.iter().map(|variance| variance.max(0.0).sqrt()).collect();
        let widened = widening(honest);
        let multiples = multiples(missed, &sigma);
        let total = totals(missed, horizon).into_iter().map(|total| total * widened).collect();
        let sigma = sigma.iter().map(|sigma| sigma * widened).collect();
        Self { sigma, multiples: [multiples[0], multiples[1].max(multiples[0])], total }
    }
}

/// Standard errors of sums from the first place to each.
fn totals(missed: &[(usize, Vec<f64>)], horizon: usize) -> Vec<f64> {
    let mut squares = vec![0.0; horizon];
    let mut weight = vec![0.0; horizon];
    for (age, errors) in missed {
        let counts = 0.5_f64.powf(*age as f64 / HALF_LIFE);
        let mut sum = 0.0;
        for (at, error) in errors.iter().enumerate().take(horizon) {
            sum += error;
            squares[at] += counts * sum * sum;
            weight[at] += counts;
        }
    }
    let few = weight.first().copied().unwrap_or(0.0) * 0.1;
    let known = weight.iter().take_while(|weight| **weight > few && **weight > 0.0).count();
    let mut totals: Vec<f64> = (0..known).map(|at| (squares[at] / weight[at]).sqrt()).collect();
    let last = totals.last().copied().unwrap_or(0.0);
    // Farther than anything seen, errors of a random walk add up with the power 3/2 of the distance.
    totals.extend((known..horizon).map(|at| last * ((at + 1) as f64 / known.max(1) as f64).powf(1.5)));
    totals
}

/// How much more refitted forecasts miss, pulled to 1.
fn widening(honest: &[(Vec<f64>, Vec<f64>)]) -> f64 {
    let square = |errors: &[f64]| errors.iter().map(|error| error * error).sum::<f64>();
    let refitted: f64 = honest.iter().map(|(refitted, _)| square(refitted)).sum();
    let cheap: f64 = honest.iter().map(|(_, cheap)| square(cheap)).sum();
    if cheap > 0.0 && refitted.is_finite() { (refitted / cheap).sqrt().clamp(1.0, 1.6) } else { 1.0 }
}

/// Quantiles of the scaled errors.
fn multiples(missed: &[(usize, Vec<f64>)], sigma: &[f64]) -> [f64; 2] {
    let mut scaled: Vec<(f64, f64)> = Vec::new();
    let mut effective = 0.0;
    for (age, errors) in missed {
        let counts = 0.5_f64.powf(*age as f64 / HALF_LIFE);
        effective += counts;
        for (error, sigma) in errors.iter().zip(sigma).filter(|(_, sigma)| **sigma > 0.0) {
            scaled.push(((error / sigma).abs(), counts));
        }
    }
    if scaled.is_empty() {
        return NORMAL;
    }
    scaled.sort_unstable_by(|one, two| one.0.total_cmp(&two.0));
    let total: f64 = scaled.iter().map(|(_, counts)| counts).sum();
    let trust = effective / (effective + PRIOR);
    let windows = independent(missed, sigma.len());
    std::array::from_fn(|at| {
        let mut seen = 0.0;
        let found = scaled.iter().find(|(_, counts)| {
            seen += counts;
            seen >= SHARES[at] * total
        });
        let found = found.map_or(NORMAL[at], |(value, _)| *value);
        // Student's quantile beside the normal one, to first order: few errors do not tell their spread well.
        let widened = 1.0 + (NORMAL[at] * NORMAL[at] + 1.0) / (4.0 * windows);
        (trust * found + (1.0 - trust) * NORMAL[at]) * widened
    })
}

/// How many errors are as good as independent: windows that overlap by less than half, the old ones counting less.
fn independent(missed: &[(usize, Vec<f64>)], horizon: usize) -> f64 {
    let span = missed.iter().map(|(age, _)| *age).max().unwrap_or(1) as f64;
    let counted = HALF_LIFE / std::f64::consts::LN_2 * (1.0 - 0.5_f64.powf(span / HALF_LIFE));
    (counted / (horizon as f64 * 0.5 + 0.5)).max(2.5)
}

/// The closest values that never fall, each counting by its weight.
fn isotonic(values: &mut [f64], weights: &[f64]) {
    let mut blocks: Vec<(f64, f64, usize)> = Vec::new();
    for (value, weight) in values.iter().zip(weights) {
        blocks.push((*value, weight.max(1e-12), 1));
        while let [.., before, last] = blocks.as_slice() {
            if before.0 <= last.0 {
                break;
            }
            let weight = before.1 + last.1;
            let merged = ((before.0 * before.1 + last.0 * last.1) / weight, weight, before.2 + last.2);
            blocks.truncate(blocks.len() - 2);
            blocks.push(merged);
        }
    }
    let flat = blocks.iter().flat_map(|(value, _, count)| std::iter::repeat_n(*value, *count));
    values.iter_mut().zip(flat).for_each(|(value, flat)| *value = flat);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_falls_is_pooled() {
        let mut values = [1.0, 3.0, 2.0, 4.0];
        isotonic(&mut values, &[1.0; 4]);
        assert_eq!(values, [1.0, 2.5, 2.5, 4.0]);
    }

    #[test]
    fn without_errors_there_is_no_spread() {
        let spread = Spread::of(&[], &[], 3);
        assert_eq!(spread.sigma, [0.0; 3]);
        assert_eq!(spread.multiples, NORMAL);
    }
}
