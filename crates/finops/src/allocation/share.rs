//! A part of a whole, kept as both so that the denominator can be shown.
//!
//! "96.8 %" alone does not say of what; every share here keeps its two amounts, and is unknown rather
//! than zero or infinite when the whole is zero.

use super::exact::scaled;
use bursar_domain::Amount;
use serde::{Deserialize, Serialize};
use std::fmt;

/// A part of a whole. Both in the same unit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Share {
    /// The numerator.
    pub part: Amount,
    /// The denominator.
    pub whole: Amount,
}

impl Share {
    /// The share; no check, a part may exceed its whole.
    #[must_use]
    pub const fn of(part: Amount, whole: Amount) -> Self {
        Self { part, whole }
    }

    /// Hundredths of a percent, rounded half away from zero. `None` when the whole is zero.
    #[must_use]
    pub fn basis_points(self) -> Option<i128> {
        if self.whole.is_zero() {
            return None;
        }
        scaled(self.part.units(), 10_000, self.whole.units())
    }

    /// As a double between 0 and 1, for statistics and drawing. `None` when the whole is zero.
    #[must_use]
    pub fn to_f64_lossy(self) -> Option<f64> {
        (!self.whole.is_zero()).then(|| self.part.to_f64_lossy() / self.whole.to_f64_lossy())
    }
}

impl fmt::Display for Share {
    /// `3.2 %`, or `unknown` of nothing.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let tenths =
            if self.whole.is_zero() { None } else { scaled(self.part.units(), 1_000, self.whole.units()) };
        match tenths {
            Some(tenths) => {
                let sign = if tenths < 0 { "-" } else { "" };
                write!(f, "{sign}{}.{} %", tenths.abs() / 10, tenths.abs() % 10)
            }
            None => f.write_str("unknown"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_share_of_nothing_is_unknown() {
        let check = |part: i128, whole: i128, text: &str| {
            let share = Share::of(Amount::from_units(part), Amount::from_units(whole));
            assert_eq!(share.to_string(), text);
        };
        check(32, 1000, "3.2 %");
        check(-5, 1000, "-0.5 %");
        check(2, 1, "200.0 %");
        check(1, 0, "unknown");
        assert_eq!(Share::default().basis_points(), None);
    }
}
