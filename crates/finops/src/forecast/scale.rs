//! The scale on which a series is forecast: logarithms where everything is positive, shares of the range always.
//!
//! Cost grows and swings in proportion to itself, and so do prices and most counts; their logarithms add up. A
//! series that touches zero, or spans more than three powers of ten, is forecast as it is.

/// Values that differ by more than this factor are not compared as logarithms: the smallest would rule.
const WIDEST: f64 = 1000.0;
/// Values closer than this gain nothing from logarithms and would lose digits.
const NARROWEST: f64 = 1.05;

/// There and back.
#[derive(Clone, Copy, Debug)]
pub(super) struct Scale {
    logged: bool,
    middle: f64,
    unit: f64,
    floor: f64,
    /// How far a logarithm may leave the history's range.
    reach: f64,
}

impl Scale {
    /// The scale of some values; `None` if they are all alike.
    pub(super) fn of(values: &[f64]) -> Option<Self> {
        let least = values.iter().copied().fold(f64::INFINITY, f64::min);
        let most = values.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        if least >= most {
            return None;
        }
        let logged = least > 0.0 && (NARROWEST..WIDEST).contains(&(most / least));
        let (low, high) = if logged { (least.ln(), most.ln()) } else { (least, most) };
        let unit = high / 2.0 - low / 2.0;
        let middle = low / 2.0 + high / 2.0;
        let floor = if least >= 0.0 { 0.0 } else { f64::NEG_INFINITY };
        // Twenty times the largest value ever seen, or far beyond how much the series has ever varied.
        let reach = 1.0 + (20_f64.ln() / unit).max(4.0);
        (unit > 0.0).then_some(Self { logged, middle, unit, floor, reach })
    }

    /// Onto the scale: everything lies between -1 and 1.
    pub(super) fn apply(&self, values: &mut [f64]) {
        for value in values {
            let shown = if self.logged { value.ln() } else { *value };
            *value = (shown - self.middle) / self.unit;
        }
    }

    /// Back from it: always finite, and not below zero if the history never was.
    pub(super) fn back(&self, value: f64) -> f64 {
        let value = if value.is_nan() { 0.0 } else { value };
        let back = if self.logged {
            (value.clamp(-self.reach, self.reach) * self.unit + self.middle).exp()
        } else {
            value * self.unit + self.middle
        };
        back.clamp(-f64::MAX / 4.0, f64::MAX / 4.0).max(self.floor)
    }

    /// How much a small step on the scale is around some value.
    pub(super) fn step(&self, around: f64) -> f64 {
        if self.logged { self.unit * around } else { self.unit }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_and_back_is_where_it_was() {
        for history in
            [[5.0, 50.0, 500.0], [-3.0, 0.0, 9.0], [1e12, 1e12 + 1.0, 1e12 + 2.0], [0.0, 1e300, 1.0]]
        {
            let scale = Scale::of(&history).unwrap();
            let mut values = history;
            scale.apply(&mut values);
            let largest = history.iter().copied().fold(1.0, f64::max);
            for (value, wanted) in values.iter().zip(history) {
                assert!(value.abs() <= 1.0 + 1e-9);
                assert!((scale.back(*value) - wanted).abs() <= 1e-9 * largest);
            }
        }
        assert!(Scale::of(&[4.0, 4.0]).is_none());
    }

    #[test]
    fn what_explodes_is_held() {
        let scale = Scale::of(&[1.0, 2.0]).unwrap();
        assert!(scale.back(1e6) < 50.0);
        assert!(scale.back(f64::NEG_INFINITY) > 0.0);
        assert!(Scale::of(&[-1.0, 1e308]).unwrap().back(1e308).is_finite());
        assert_eq!(Scale::of(&[0.0, 2.0]).unwrap().back(-7.0), 0.0);
        assert!(Scale::of(&[-1.0, 2.0]).unwrap().back(-7.0) < -1.0);
    }
}
