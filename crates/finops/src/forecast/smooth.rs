//! Exponential smoothing: level, trend and damping, fitted by squared one-step errors.
//!
//! Simple smoothing, Holt's trend, the damped trend (Gardner and McKenzie 1985) and the theta
//! method (as simple smoothing with half the linear trend, Hyndman and Billah 2003) are one recursion
//! with different numbers. Eight settings run side by side, because one alone would wait for itself.

const LANES: usize = 8;
/// The theta method's share of the long trend: half, as in the original (Assimakopoulos and Nikolopoulos 2000).
const THETA_DRIFT: f64 = 0.5;

/// What the recursion is run with.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Setting {
    /// How much of a one-step error the level takes over, 0 to 1.
    pub(super) level: f64,
    /// How much of a one-step error the trend takes over.
    pub(super) trend: f64,
    /// What is left of the trend after a step, 0 to 1.
    pub(super) damping: f64,
    /// The share of the linear trend of everything so far that is added, 0 to 1.
    pub(super) drift: f64,
}

/// A fitted recursion with its state after every observation.
#[derive(Clone, Debug)]
pub(super) struct Smoother {
    setting: Setting,
    /// Level and trend after each value.
    states: Vec<(f64, f64)>,
    /// The linear trend of all values up to each one.
    slopes: Vec<f64>,
}

impl Smoother {
    /// Fits one of the four methods.
    pub(super) fn fit(values: &[f64], method: Method) -> Self {
        let slopes = if method == Method::Theta { running_slopes(values) } else { Vec::new() };
        let setting = best(values, &slopes, method, candidates(method), 4);
        let states = run(values, &slopes, setting);
        Self { setting, states, slopes }
    }

    /// Fits the same method to other values, not far from these.
    pub(super) fn refit(&self, values: &[f64], method: Method) -> Self {
        let slopes = if method == Method::Theta { running_slopes(values) } else { Vec::new() };
        let mut tried = around(self.setting, method, 0.5);
        tried.truncate(LANES - 1);
        tried.push(self.setting);
        let setting = best(values, &slopes, method, tried, 2);
        let states = run(values, &slopes, setting);
        Self { setting, states, slopes }
    }

    /// What follows the first `seen` values.
    pub(super) fn ahead(&self, seen: usize, out: &mut [f64]) {
        let Some(last) = seen.checked_sub(1) else { return out.fill(0.0) };
        let (level, trend) = self.states[last.min(self.states.len() - 1)];
        let slope = self.slopes.get(last).copied().unwrap_or(0.0) * self.setting.drift;
        // The lag of simple smoothing behind a trend is (1 - alpha) / alpha steps of it.
        let mut sum = slope * (1.0 - self.setting.level) / self.setting.level.max(0.02);
        sum *= 1.0 - (1.0 - self.setting.level).powi(i32::try_from(seen).unwrap_or(i32::MAX));
        let mut step = trend;
        for out in out {
            step *= self.setting.damping;
            sum += step + slope;
            *out = level + sum;
        }
    }
}

/// Which numbers of a [`Setting`] are free.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Method {
    /// A level.
    Simple,
    /// A level and a trend that goes on.
    Holt,
    /// A level and a trend that fades.
    Damped,
    /// A level and a share of the long trend.
    Theta,
}

fn candidates(method: Method) -> Vec<Setting> {
    let levels: &[f64] = match method {
        Method::Simple => &[0.03, 0.1, 0.2, 0.35, 0.5, 0.7, 0.85, 0.99],
        Method::Theta => &[0.03, 0.1, 0.2, 0.35, 0.5, 0.7, 0.85, 0.99],
        _ => &[0.05, 0.2, 0.4, 0.65, 0.85, 0.99],
    };
    let mut all = Vec::with_capacity(64);
    for &level in levels {
        match method {
            Method::Simple => all.push(Setting { level, trend: 0.0, damping: 0.0, drift: 0.0 }),
            Method::Theta => {
                all.push(Setting { level, trend: 0.0, damping: 0.0, drift: THETA_DRIFT });
            }
            Method::Holt | Method::Damped => {
                let dampings: &[f64] = if method == Method::Holt { &[1.0] } else { &[0.8, 0.92, 0.98] };
                for &damping in dampings {
                    for share in [0.01, 0.08, 0.3] {
                        all.push(Setting { level, trend: level * share, damping, drift: 0.0 });
                    }
                }
            }
        }
    }
    all
}

/// The best of the given settings and of `rounds - 1` rounds of settings ever nearer to the best.
fn best(values: &[f64], slopes: &[f64], method: Method, mut tried: Vec<Setting>, rounds: usize) -> Setting {
    let mut best = (f64::INFINITY, tried[0]);
    let mut reach = 0.5;
    for _ in 0..rounds {
        for chunk in tried.chunks(LANES) {
            let mut settings = [chunk[0]; LANES];
            settings[..chunk.len()].copy_from_slice(chunk);
            let losses = losses(values, slopes, &settings);
            for (loss, setting) in losses.iter().zip(chunk) {
                if *loss < best.0 {
                    best = (*loss, *setting);
                }
            }
        }
        tried = around(best.1, method, reach);
        reach *= 0.5;
    }
    best.1
}

/// Settings near a good one.
fn around(setting: Setting, method: Method, reach: f64) -> Vec<Setting> {
    let mut near = Vec::with_capacity(LANES);
    let toward = |from: f64, to: f64| from + (to - from) * reach * 0.5;
    let s = setting;
    near.push(Setting { level: toward(s.level, 1.0).min(0.9999), ..s });
    near.push(Setting { level: toward(s.level, 0.0).max(0.005), ..s });
    match method {
        Method::Simple | Method::Theta => {
            near.push(Setting { level: toward(s.level, near[0].level), ..s });
            near.push(Setting { level: toward(s.level, near[1].level), ..s });
        }
        Method::Holt | Method::Damped => {
            near.push(Setting { trend: s.trend * (1.0 + 1.5 * reach), ..s });
            near.push(Setting { trend: s.trend / (1.0 + 1.5 * reach), ..s });
            if method == Method::Damped {
                near.push(Setting { damping: toward(s.damping, 0.995), ..s });
                near.push(Setting { damping: toward(s.damping, 0.7), ..s });
            }
            near.push(Setting { level: near[0].level, trend: s.trend / (1.0 + reach), ..s });
            near.push(Setting { level: near[1].level, trend: s.trend * (1.0 + reach), ..s });
        }
    }
    for setting in &mut near {
        setting.trend = setting.trend.clamp(0.0, setting.level);
    }
    near
}

/// Where the recursion begins: the first value, and the average step of the first ten.
fn start(values: &[f64]) -> (f64, f64) {
    let first = values.first().copied().unwrap_or(0.0);
    let far = values.len().min(10);
    let trend = if far > 1 { (values[far - 1] - first) / (far - 1) as f64 } else { 0.0 };
    (first, trend)
}

/// Squared one-step errors of eight settings.
fn losses(values: &[f64], slopes: &[f64], settings: &[Setting; LANES]) -> [f64; LANES] {
    let (first, first_trend) = start(values);
    let mut level = [first; LANES];
    let mut trend = [0.0; LANES];
    let mut loss = [0.0; LANES];
    let (mut alpha, mut beta, mut phi, mut drift) = ([0.0; LANES], [0.0; LANES], [0.0; LANES], [0.0; LANES]);
    for (lane, setting) in settings.iter().enumerate() {
        alpha[lane] = setting.level;
        beta[lane] = setting.trend;
        phi[lane] = setting.damping;
        drift[lane] = setting.drift;
        trend[lane] = if setting.damping > 0.0 { first_trend } else { 0.0 };
    }
    if slopes.is_empty() {
        for value in values.get(1..).unwrap_or_default() {
            for lane in 0..LANES {
                let step = phi[lane] * trend[lane];
                let expected = level[lane] + step;
                let error = value - expected;
                loss[lane] += error * error;
                level[lane] = expected + alpha[lane] * error;
                trend[lane] = step + beta[lane] * error;
            }
        }
    } else {
        let lag: [f64; LANES] = std::array::from_fn(|lane| drift[lane] / alpha[lane].max(0.02));
        let mut kept = [1.0; LANES];
        for (value, slope) in
            values.iter().zip(slopes).skip(1).zip(slopes).map(|((v, _), before)| (v, before))
        {
            for lane in 0..LANES {
                kept[lane] *= 1.0 - alpha[lane];
                let error = value - level[lane] - slope * lag[lane] * (1.0 - kept[lane]);
                loss[lane] += error * error;
                level[lane] += alpha[lane] * (value - level[lane]);
            }
        }
    }
    loss
}

fn run(values: &[f64], slopes: &[f64], setting: Setting) -> Vec<(f64, f64)> {
    let (mut level, first_trend) = start(values);
    let mut trend = if setting.damping > 0.0 { first_trend } else { 0.0 };
    let mut states = Vec::with_capacity(values.len());
    states.push((level, trend));
    for value in values.get(1..).unwrap_or_default() {
        if slopes.is_empty() {
            let step = setting.damping * trend;
            let error = value - level - step;
            level += step + setting.level * error;
            trend = step + setting.trend * error;
        } else {
            level += setting.level * (value - level);
        }
        states.push((level, trend));
    }
    states
}

/// The slope of the least-squares line through all values up to each one.
fn running_slopes(values: &[f64]) -> Vec<f64> {
    let (mut sum, mut moment) = (0.0, 0.0);
    let first = values.first().copied().unwrap_or(0.0);
    let mut slopes = Vec::with_capacity(values.len());
    for (at, value) in values.iter().enumerate() {
        let (place, count) = (at as f64, at as f64 + 1.0);
        sum += value - first;
        moment += place * (value - first);
        let spread = count * (count * count - 1.0) / 12.0;
        // A line through two or three points says little: it counts in full from ten on.
        let trust = (count / 10.0).min(1.0);
        slopes.push(if at == 0 { 0.0 } else { trust * (moment - sum * (count - 1.0) / 2.0) / spread });
    }
    slopes
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ahead(values: &[f64], method: Method) -> [f64; 3] {
        let mut out = [0.0; 3];
        Smoother::fit(values, method).ahead(values.len(), &mut out);
        out
    }

    #[test]
    fn a_line_goes_on_with_a_trend_and_stops_without() {
        let line: Vec<f64> = (0..60).map(|n| 5.0 + 2.0 * f64::from(n)).collect();
        let holt = ahead(&line, Method::Holt);
        assert!((holt[0] - 125.0).abs() < 1e-6 && (holt[2] - 129.0).abs() < 1e-6, "{holt:?}");
        let theta = ahead(&line, Method::Theta);
        assert!((theta[2] - theta[0] - 2.0).abs() < 1e-6 && theta[0] > 122.0, "half the trend: {theta:?}");
        let simple = ahead(&line, Method::Simple);
        assert_eq!(simple[0], simple[2]);
        let damped = ahead(&line, Method::Damped);
        assert!(damped[0] < damped[2] && damped[2] < 130.0, "{damped:?}");
    }

    #[test]
    fn a_constant_stays() {
        for method in [Method::Simple, Method::Holt, Method::Damped, Method::Theta] {
            assert_eq!(ahead(&[7.0; 30], method), [7.0; 3]);
            assert_eq!(ahead(&[7.0], method), [7.0; 3]);
        }
    }
}
