//! Autoregressions: what follows, as a weighted sum of chosen lags.
//!
//! Fitted by least squares with a slight pull of all weights to zero, which also keeps lags that say the
//! same from cancelling each other. Lags near one season and one longer season make it a seasonal model.

/// A fitted autoregression.
#[derive(Clone, Debug)]
pub(super) struct Autoregression {
    lags: Vec<usize>,
    weights: Vec<f64>,
    centre: f64,
    differenced: bool,
}

impl Autoregression {
    /// Fits the given ascending lags, to the values or to their steps; `None` where there are too few.
    pub(super) fn fit(values: &[f64], lags: &[usize], differenced: bool) -> Option<Self> {
        let worked: Vec<f64> = if differenced {
            values.windows(2).map(|pair| pair[1] - pair[0]).collect()
        } else {
            values.to_vec()
        };
        let longest = *lags.last()?;
        if worked.len() < longest + 2 * lags.len() + 8 {
            return None;
        }
        let centre = if differenced { 0.0 } else { worked.iter().sum::<f64>() / worked.len() as f64 };
        let shifted: Vec<f64> = worked.iter().map(|value| value - centre).collect();
        let count = lags.len();
        let target = &shifted[longest..];
        let columns: Vec<&[f64]> =
            lags.iter().map(|lag| &shifted[longest - lag..shifted.len() - lag]).collect();
        let mut matrix = vec![0.0; count * count];
        let mut right = vec![0.0; count];
        for row in 0..count {
            for column in 0..=row {
                let sum = dot(columns[row], columns[column]);
                matrix[row * count + column] = sum;
                matrix[column * count + row] = sum;
            }
            right[row] = dot(columns[row], target);
        }
        let size = (0..count).map(|at| matrix[at * count + at]).sum::<f64>() / count as f64;
        if !(size.is_finite() && size > 0.0) {
            return None;
        }
        for at in 0..count {
            matrix[at * count + at] += size * 0.1 / target.len() as f64 + size * 1e-9;
        }
        let weights = solve(&mut matrix, &mut right)?;
        Some(Self { lags: lags.to_vec(), weights, centre, differenced })
    }

    /// What follows the first `seen` of the values it was fitted to.
    pub(super) fn ahead(&self, values: &[f64], seen: usize, out: &mut [f64]) {
        let longest = self.lags.last().copied().unwrap_or(1);
        let keep = (longest + usize::from(self.differenced)).min(seen);
        let recent = &values[seen - keep..seen];
        let mut past: Vec<f64> = if self.differenced {
            recent.windows(2).map(|pair| pair[1] - pair[0]).collect()
        } else {
            recent.iter().map(|value| value - self.centre).collect()
        };
        let mut level = recent.last().copied().unwrap_or(0.0);
        for out in out {
            let next: f64 = self
                .lags
                .iter()
                .zip(&self.weights)
                .filter_map(|(lag, weight)| past.len().checked_sub(*lag).map(|at| weight * past[at]))
                .sum();
            past.push(next);
            level = if self.differenced { level + next } else { self.centre + next };
            *out = level;
        }
    }
}

fn dot(one: &[f64], two: &[f64]) -> f64 {
    let mut sums = [0.0; 4];
    let (ones, twos) = (one.chunks_exact(4), two.chunks_exact(4));
    let rest: f64 = ones.remainder().iter().zip(twos.remainder()).map(|(a, b)| a * b).sum();
    for (a, b) in ones.zip(twos) {
        for lane in 0..4 {
            sums[lane] += a[lane] * b[lane];
        }
    }
    sums.iter().sum::<f64>() + rest
}

/// Cholesky's way through a symmetric positive system; `None` if it is not one.
fn solve(matrix: &mut [f64], right: &mut [f64]) -> Option<Vec<f64>> {
    let count = right.len();
    for row in 0..count {
        for column in 0..=row {
            let known: f64 =
                (0..column).map(|at| matrix[row * count + at] * matrix[column * count + at]).sum();
            let left = matrix[row * count + column] - known;
            matrix[row * count + column] = if row == column {
                if left <= 0.0 || !left.is_finite() {
                    return None;
                }
                left.sqrt()
            } else {
                left / matrix[column * count + column]
            };
        }
    }
    for row in 0..count {
        let known: f64 = (0..row).map(|at| matrix[row * count + at] * right[at]).sum();
        right[row] = (right[row] - known) / matrix[row * count + row];
    }
    for row in (0..count).rev() {
        let known: f64 = (row + 1..count).map(|at| matrix[at * count + row] * right[at]).sum();
        right[row] = (right[row] - known) / matrix[row * count + row];
    }
    Some(right.to_vec())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cycle_is_learnt() {
        let wave: Vec<f64> = (0..200).map(|n| (f64::from(n) * 0.3).sin()).collect();
        let fitted = Autoregression::fit(&wave, &[1, 2, 3], false).unwrap();
        let mut out = [0.0; 5];
        fitted.ahead(&wave, 200, &mut out);
        for (at, found) in out.iter().enumerate() {
            let wanted = ((200.0 + at as f64) * 0.3).sin();
            assert!((found - wanted).abs() < 0.15, "{found} {wanted}");
        }
    }

    #[test]
    fn too_little_or_nothing_to_learn_from_is_none() {
        assert!(Autoregression::fit(&[1.0, 2.0, 3.0], &[1], false).is_none());
        assert!(Autoregression::fit(&[1.0; 50], &[1, 2], true).is_none());
    }
}
