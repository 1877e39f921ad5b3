//! One figure for how much something matters, and how it came about (claim E7).
//!
//! risk = severity × exposure × cost × confidence, each between 0 and 1, shown from 0 to 100. The product is strict on
//! purpose: what cannot be reached, costs nothing or is hardly certain is not urgent, however severe. No factor that is known can be zero,
//! so that nothing vanishes from a list.

use bursar_domain::Amount;
use serde::{Deserialize, Serialize};

/// How bad it is if it happens.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    /// Worth knowing.
    Info,
    /// A nuisance.
    Low,
    /// A loss that can be made good.
    Medium,
    /// A loss that hurts.
    High,
    /// A loss that cannot be made good.
    Critical,
}

/// Who or what can be reached by it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Exposure {
    /// One resource.
    Resource,
    /// An account, subscription or project.
    Account,
    /// The organisation.
    Organisation,
    /// Everybody.
    Internet,
}

/// What a risk is computed from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Factors {
    /// How bad.
    pub severity: Severity,
    /// How far.
    pub exposure: Exposure,
    /// Money at stake per month, in one currency; without sign.
    pub cost_per_month: Amount,
    /// Where that is small, and where it is large: below the first it weighs a tenth, from the second on in full.
    pub cost_scale: (Amount, Amount),
    /// How sure, in hundredths of a percent.
    pub confidence_basis_points: u32,
}

/// A risk from 0 to 100, with its factors.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Risk {
    /// The product, in hundredths: 0 to 10,000.
    pub score_hundredths: u32,
    /// The factors, in the order of the formula.
    pub factors: [Factor; 4],
}

/// One factor.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Factor {
    /// Its name.
    pub name: &'static str,
    /// Its weight, in hundredths of a percent.
    pub basis_points: u32,
    /// Why.
    pub why: String,
}

const WHOLE: u32 = 10_000;
const LEAST: u32 = 1_000;

impl Risk {
    /// The risk of these factors.
    #[must_use]
    pub fn of(factors: &Factors) -> Self {
        let (severity, severity_why) = match factors.severity {
            Severity::Info => (1_000, "worth knowing"),
            Severity::Low => (2_500, "a nuisance"),
            Severity::Medium => (5_000, "a loss that can be made good"),
            Severity::High => (7_500, "a loss that hurts"),
            Severity::Critical => (WHOLE, "a loss that cannot be made good"),
        };
        let (exposure, exposure_why) = match factors.exposure {
            Exposure::Resource => (2_500, "one resource"),
            Exposure::Account => (5_000, "an account"),
            Exposure::Organisation => (7_500, "the organisation"),
            Exposure::Internet => (WHOLE, "reachable by everybody"),
        };
        let cost = cost_weight(factors.cost_per_month, factors.cost_scale);
        let confidence = factors.confidence_basis_points.clamp(1, WHOLE);
        let factor = |name, basis_points, why: &dyn std::fmt::Display| Factor {
            name,
            basis_points,
            why: why.to_string(),
        };
        let (low, high) = factors.cost_scale;
        let factors = [
            factor("severity", severity, &severity_why),
            factor("exposure", exposure, &exposure_why),
            factor(
                "cost",
                cost,
                &format_args!("{:.2} a month, between {low} and {high}", factors.cost_per_month),
            ),
            factor(
                "confidence",
                confidence,
                &format_args!("{}.{:02} % sure", confidence / 100, confidence % 100),
            ),
        ];
        let product = factors.iter().fold(u64::from(WHOLE), |score, factor| {
            score * u64::from(factor.basis_points) / u64::from(WHOLE)
        });
        Self { score_hundredths: u32::try_from(product).unwrap_or(WHOLE), factors }
    }
}

/// A tenth below the scale, all above it, in proportion between.
fn cost_weight(cost: Amount, (low, high): (Amount, Amount)) -> u32 {
    let cost = cost.units().saturating_abs();
    let (low, high) = (low.units(), high.units());
    if cost >= high {
        return WHOLE;
    }
    if cost <= low {
        return LEAST;
    }
    let above = crate::allocation::exact::scaled(cost - low, i128::from(WHOLE - LEAST), high - low);
    above.and_then(|above| u32::try_from(above).ok()).map_or(LEAST, |above| (LEAST + above).min(WHOLE))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn amount(text: &str) -> Amount {
        text.parse().unwrap()
    }

    fn factors(severity: Severity, exposure: Exposure, cost: &str, confidence: u32) -> Factors {
        Factors {
            severity,
            exposure,
            cost_per_month: amount(cost),
            cost_scale: (amount("100"), amount("1100")),
            confidence_basis_points: confidence,
        }
    }

    #[test]
    fn the_score_is_the_product_of_its_factors() {
        // claim E7
        let check =
            |factors: Factors, hundredths| assert_eq!(Risk::of(&factors).score_hundredths, hundredths);
        check(factors(Severity::Critical, Exposure::Internet, "1100", 10_000), 10_000);
        check(factors(Severity::Critical, Exposure::Internet, "600", 10_000), 5_500);
        check(factors(Severity::Medium, Exposure::Account, "-5000", 8_000), 2_000);
        check(factors(Severity::Info, Exposure::Resource, "0", 1_000), 2);
        let risk = Risk::of(&factors(Severity::High, Exposure::Account, "350.5", 9_000));
        let shown: Vec<_> =
            risk.factors.iter().map(|f| format!("{} {} {}", f.name, f.basis_points, f.why)).collect();
        assert_eq!(
            shown,
            [
                "severity 7500 a loss that hurts",
                "exposure 5000 an account",
                "cost 3255 350.50 a month, between 100 and 1100",
                "confidence 9000 90.00 % sure",
            ]
        );
    }

    proptest! {
        #[test]
        fn more_of_anything_is_never_less_risk(
            cost in 0..3_000_i128, more in 0..3_000_i128, confidence in 0..10_000_u32, surer in 0..10_000_u32,
        ) {
            let of = |cost: i128, confidence| {
                Risk::of(&factors(Severity::High, Exposure::Account, &cost.to_string(), confidence)).score_hundredths
            };
            prop_assert!(of(cost, confidence) <= of(cost + more, confidence.max(surer)));
            prop_assert!(of(cost + more, confidence) <= 10_000);
        }
    }
}
