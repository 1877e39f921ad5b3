//! Single days far off everything around them, which must not bend what comes after.
//!
//! A spike is at most three places long and the series comes back behind it; a step that stays is no spike,
//! nor is anything at the very end, where nobody can know yet.

const NEAR: usize = 3;
const LONGEST: usize = 3;

/// Pulls spikes to the edge of what is usual, `limit` standard deviations from the median of their neighbours,
/// and says whether there were any.
pub(super) fn clip(values: &mut [f64], limit: f64) -> bool {
    if values.len() < 4 * NEAR {
        return false;
    }
    let middles: Vec<f64> = (0..values.len())
        .map(|at| {
            let window = &values[at.saturating_sub(NEAR)..(at + NEAR + 1).min(values.len())];
            let mut sorted = [0.0; 2 * NEAR + 1];
            sorted[..window.len()].copy_from_slice(window);
            sorted[..window.len()].sort_unstable_by(f64::total_cmp);
            sorted[window.len() / 2]
        })
        .collect();
    let off: Vec<f64> = values.iter().zip(&middles).map(|(value, middle)| value - middle).collect();
    let mut sizes: Vec<f64> = off.iter().map(|off| off.abs()).collect();
    let half = sizes.len() / 2;
    let (_, median, _) = sizes.select_nth_unstable_by(half, f64::total_cmp);
    let square = off.iter().map(|off| off * off).sum::<f64>() / off.len() as f64;
    let edge = limit * (1.4826 * *median).max(0.5 * square.sqrt());
    let mut found = false;
    let mut at = 0;
    while at < values.len() {
        let run = off[at..].iter().take_while(|off| off.abs() > edge).count();
        if run > 0 && run <= LONGEST && at + run < values.len() {
            found = true;
            for place in at..at + run {
                values[place] = middles[place] + edge * off[place].signum();
            }
        }
        at += run.max(1);
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_spike_is_clipped_and_a_step_is_not() {
        let wave = |n: i32| f64::from(n % 5);
        let mut values: Vec<f64> = (0..60).map(wave).collect();
        values[30] += 500.0;
        clip(&mut values, 5.0);
        assert!(values[30] < 200.0, "{}", values[30]);
        let mut step: Vec<f64> = (0..60).map(|n| wave(n) + if n >= 40 { 500.0 } else { 0.0 }).collect();
        let before = step.clone();
        clip(&mut step, 5.0);
        assert_eq!(step, before);
    }
}
