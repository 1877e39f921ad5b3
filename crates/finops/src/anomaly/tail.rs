//! How rarely a number is this large, learned from its own past in constant space.
//!
//! Two quantiles of the logarithm (the upper tenth and the upper hundredth) follow by stochastic
//! approximation; beyond them the tail is taken as a Pareto tail through both.

const WITHIN: f64 = 0.9;
const BEYOND: f64 = 0.99;

/// A running tail; `Default` knows nothing.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Tail {
    within: f64,
    beyond: f64,
    scale: f64,
    mean: f64,
    seen: u32,
}

impl Tail {
    /// `-log10` of the share of values at least this large; about 1 at the upper tenth, 2 at the hundredth.
    pub(crate) fn surprise(&self, value: f64) -> f64 {
        if self.seen < 16 {
            return 0.0;
        }
        let width = (self.beyond - self.within).max(0.15);
        (1.0 + (logarithm(value) - self.within) / width).clamp(0.0, 12.0)
    }

    pub(crate) fn learn(&mut self, value: f64) {
        let x = logarithm(value);
        self.seen = self.seen.saturating_add(1);
        let n = f64::from(self.seen);
        if self.seen == 1 {
            self.mean = x;
            self.within = x;
            self.beyond = x;
            self.scale = 0.5;
            return;
        }
        self.mean += (x - self.mean) / n.min(500.0);
        self.scale += ((x - self.mean).abs() - self.scale) / n.min(500.0);
        let step = self.scale.max(0.05) * (8.0 / n).clamp(0.02, 1.0);
        // Each side moves in proportion to how often the other is hit.
        self.within += if x > self.within { step * WITHIN } else { -step * (1.0 - WITHIN) };
        let slow = step * 2.0;
        self.beyond += if x > self.beyond { slow * BEYOND } else { -slow * (1.0 - BEYOND) };
        self.beyond = self.beyond.max(self.within);
    }
}

fn logarithm(value: f64) -> f64 {
    (value.max(0.0) + 1e-3).ln()
}
