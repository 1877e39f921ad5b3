//! What if: the same forecast with and without growth, a move or a commitment.
//!
//! A scenario takes expected cost by part (service, account, team) and day and applies changes in their order.
//! It knows nothing that is not said: no price list, no elasticity.

use super::period::amount;
use bursar_domain::Amount;
use bursar_domain::money::AmountError;

/// Expected cost of one part, day by day.
#[derive(Clone, Debug, PartialEq)]
pub struct Part {
    /// Service, account, team.
    pub name: String,
    /// One value a day, all parts from the same day on.
    pub daily: Vec<f64>,
}

/// A change from some day of the forecast on, 0 for the first.
#[derive(Clone, Debug, PartialEq)]
pub enum Change {
    /// More or less of a part, or of all.
    Grow {
        /// Which part; `None` for all.
        part: Option<String>,
        /// 0.1 for 10 % more, -0.2 for 20 % less.
        by: f64,
        /// From which day on.
        from: usize,
    },
    /// A share of a part goes elsewhere, at another price.
    Move {
        /// Which part.
        part: String,
        /// Where to; made if there is none of that name.
        to: String,
        /// Which share of it, 0 to 1.
        share: f64,
        /// What it costs there for each 1 it costs here.
        price: f64,
        /// From which day on.
        from: usize,
    },
    /// A commitment is bought for a part: paid every day, used or not.
    Commit {
        /// Which part it covers.
        part: String,
        /// What is paid a day.
        daily: f64,
        /// What it saves of the price of what it covers, 0 to below 1.
        discount: f64,
        /// From which day on.
        from: usize,
    },
}

/// With and without.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Scenario {
    /// By part: its name, its total without the changes, and with them.
    pub parts: Vec<(String, Amount, Amount)>,
    /// Together, without the changes.
    pub without: Amount,
    /// Together, with them.
    pub with: Amount,
    /// What the changes add; negative for what they save.
    pub difference: Amount,
}

/// Why a scenario cannot be computed.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum ScenarioError {
    /// A part that is not in the forecast.
    #[error("`{0}` is not a part of the forecast")]
    NoPart(String),
    /// A number that makes no sense where it stands.
    #[error("{what} must be {wanted}")]
    OutOfRange {
        /// Which number.
        what: &'static str,
        /// Its range.
        wanted: &'static str,
    },
    /// Amounts beyond what money holds.
    #[error("an amount is too large")]
    Amount(#[from] AmountError),
}

/// Applies changes to a forecast.
///
/// # Errors
/// If a change names a part that is not there, has a number out of its range, or amounts become too large.
pub fn scenario(parts: &[Part], changes: &[Change]) -> Result<Scenario, ScenarioError> {
    let mut changed = parts.to_vec();
    for change in changes {
        apply(&mut changed, change)?;
    }
    let mut rows = Vec::with_capacity(changed.len());
    let (mut without, mut with) = (Amount::ZERO, Amount::ZERO);
    for (at, part) in changed.iter().enumerate() {
        let before = parts.get(at).map_or(Ok(Amount::ZERO), total)?;
        let after = total(part)?;
        without = without.checked_add(before)?;
        with = with.checked_add(after)?;
        rows.push((part.name.clone(), before, after));
    }
    Ok(Scenario { parts: rows, without, with, difference: with.checked_sub(without)? })
}

fn total(part: &Part) -> Result<Amount, AmountError> {
    part.daily
        .iter()
        .try_fold(Amount::ZERO, |sum, value| sum.checked_add(amount(*value).ok_or(AmountError::Overflow)?))
}

fn apply(parts: &mut Vec<Part>, change: &Change) -> Result<(), ScenarioError> {
    let refuse = |what, wanted| Err(ScenarioError::OutOfRange { what, wanted });
    match change {
        Change::Grow { part, by, from } => {
            if !(by.is_finite() && *by >= -1.0) {
                return refuse("growth", "-1 (all gone) or more");
            }
            if let Some(name) = part {
                find(parts, name)?;
            }
            let chosen =
                parts.iter_mut().filter(|known| part.as_ref().is_none_or(|name| *name == known.name));
            for value in chosen.flat_map(|part| part.daily.iter_mut().skip(*from)) {
                *value *= 1.0 + by;
            }
        }
        Change::Move { part, to, share, price, from } => {
            if !(0.0..=1.0).contains(share) {
                return refuse("the share that moves", "between 0 and 1");
            }
            if !(price.is_finite() && *price >= 0.0) {
                return refuse("the price there", "0 or more");
            }
            let source = find(parts, part)?;
            let days = parts[source].daily.len();
            let target = match find(parts, to) {
                Ok(target) => target,
                Err(_) => {
                    parts.push(Part { name: to.clone(), daily: vec![0.0; days] });
                    parts.len() - 1
                }
            };
            for day in *from..days {
                let moved = parts[source].daily[day] * share;
                parts[source].daily[day] -= moved;
                if let Some(value) = parts[target].daily.get_mut(day) {
                    *value += moved * price;
                }
            }
        }
        Change::Commit { part, daily, discount, from } => {
            if !(daily.is_finite() && *daily >= 0.0) {
                return refuse("what is paid a day", "0 or more");
            }
            if !(0.0..1.0).contains(discount) {
                return refuse("the discount", "0 or more and below 1");
            }
            let at = find(parts, part)?;
            let covered = daily / (1.0 - discount);
            for value in parts[at].daily.iter_mut().skip(*from) {
                *value = daily + (*value - covered).max(0.0);
            }
        }
    }
    Ok(())
}

fn find(parts: &[Part], name: &str) -> Result<usize, ScenarioError> {
    parts.iter().position(|part| part.name == name).ok_or_else(|| ScenarioError::NoPart(name.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parts() -> Vec<Part> {
        let part = |name: &str, daily: f64| Part { name: name.into(), daily: vec![daily; 10] };
        vec![part("compute", 100.0), part("storage", 10.0)]
    }

    fn check(changes: &[Change], without: &str, with: &str, difference: &str) {
        let found = scenario(&parts(), changes).unwrap();
        let shown = [found.without, found.with, found.difference].map(|amount| amount.to_fixed(2));
        assert_eq!(shown, [without, with, difference]);
    }

    /// claim F4: with and without.
    #[test]
    fn growth_moves_and_commitments_are_set_beside_what_was() {
        check(&[], "1100.00", "1100.00", "0.00");
        check(&[Change::Grow { part: None, by: 0.1, from: 0 }], "1100.00", "1210.00", "110.00");
        check(
            &[Change::Grow { part: Some("storage".into()), by: -0.5, from: 8 }],
            "1100.00",
            "1090.00",
            "-10.00",
        );
        let shift =
            Change::Move { part: "compute".into(), to: "arm".into(), share: 0.5, price: 0.8, from: 5 };
        check(&[shift], "1100.00", "1050.00", "-50.00");
        let used = Change::Commit { part: "compute".into(), daily: 60.0, discount: 0.25, from: 0 };
        check(&[used], "1100.00", "900.00", "-200.00");
        let too_much = Change::Commit { part: "storage".into(), daily: 20.0, discount: 0.25, from: 0 };
        check(&[too_much], "1100.00", "1200.00", "100.00");
    }

    #[test]
    fn what_cannot_be_is_refused() {
        let grow = Change::Grow { part: Some("network".into()), by: 0.1, from: 0 };
        assert_eq!(scenario(&parts(), &[grow]), Err(ScenarioError::NoPart("network".into())));
        let free = Change::Commit { part: "compute".into(), daily: 1.0, discount: 1.0, from: 0 };
        assert!(matches!(scenario(&parts(), &[free]), Err(ScenarioError::OutOfRange { .. })));
    }
}
