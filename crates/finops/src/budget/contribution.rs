//! What pushed it over: the largest differences to the plan or to another period, adding up exactly.

use bursar_domain::Amount;
use bursar_domain::money::AmountError;
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};

/// How one thing contributed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Contribution {
    /// The service, account, resource or group.
    pub key: String,
    /// What it cost.
    pub now: Amount,
    /// What it cost before, or was planned to.
    pub before: Amount,
    /// The difference.
    pub change: Amount,
}

/// The largest contributions, and all others in one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Contributions {
    /// Increases only, the largest on top.
    pub top: Vec<Contribution>,
    /// The change of everything that is not in `top`.
    pub others: Amount,
    /// The change of everything.
    pub total: Amount,
}

/// The `count` largest increases from `before` to `now`, both of one currency.
///
/// # Errors
/// When a sum leaves the range.
pub fn contributions(
    now: &BTreeMap<String, Amount>,
    before: &BTreeMap<String, Amount>,
    count: usize,
) -> Result<Contributions, AmountError> {
    let keys: BTreeSet<&String> = now.keys().chain(before.keys()).collect();
    let mut all = Vec::with_capacity(keys.len());
    let mut total = Amount::ZERO;
    for key in keys {
        let amount = |side: &BTreeMap<String, Amount>| side.get(key).copied().unwrap_or_default();
        let (now, before) = (amount(now), amount(before));
        let change = now.checked_sub(before)?;
        total = total.checked_add(change)?;
        all.push(Contribution { key: key.clone(), now, before, change });
    }
    all.sort_by(|one, other| other.change.cmp(&one.change).then_with(|| one.key.cmp(&other.key)));
    let top: Vec<Contribution> =
        all.into_iter().take(count).take_while(|contribution| contribution.change.units() > 0).collect();
    let shown =
        top.iter().try_fold(Amount::ZERO, |sum, contribution| sum.checked_add(contribution.change))?;
    Ok(Contributions { top, others: total.checked_sub(shown)?, total })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_largest_increases_and_the_rest_add_up() {
        let side = |rows: &[(&str, &str)]| -> BTreeMap<String, Amount> {
            rows.iter().map(|(key, text)| ((*key).to_owned(), text.parse().unwrap())).collect()
        };
        let now = side(&[("EC2", "50"), ("S3", "9"), ("RDS", "3"), ("New", "20")]);
        let before = side(&[("EC2", "10"), ("S3", "10"), ("Gone", "5"), ("RDS", "2")]);
        let found = contributions(&now, &before, 2).unwrap();
        let keys: Vec<_> = found.top.iter().map(|c| (c.key.as_str(), c.change.to_string())).collect();
        assert_eq!(keys, [("EC2", "40".to_owned()), ("New", "20".to_owned())]);
        assert_eq!((found.others.to_string(), found.total.to_string()), ("-5".into(), "55".into()));
        assert_eq!(contributions(&before, &before, 5).unwrap().top, []);
    }
}
