//! Rules that can never take anything, as far as that can be proven.
//!
//! A rule is covered when whatever satisfies its conditions satisfies those of an earlier rule. Where one of
//! its conditions allows only listed values (`equals`, `in`), each value may be covered by another earlier rule. The
//! proof looks at one list of values at a time and knows no more of an expression than the texts it matches,
//! so a rule that is not named here may still be dead; one that is named is.

use super::condition::{Condition, Ready, Test};
use super::plan::{Plan, ReadyRule, ReadyTarget};
use serde::Serialize;
use std::collections::BTreeSet;

/// Most comparisons of a value with a condition; beyond them rules count as not examined.
const MAX_STEPS: usize = 20_000_000;

/// A rule that can never take a charge.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct DeadRule {
    /// The rule.
    pub rule: String,
    /// The earlier rules that take everything before it; none when its own conditions exclude each other.
    pub covered_by: Vec<String>,
}

/// What was found.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct DeadRules {
    /// Rules that can never take a charge.
    pub dead: Vec<DeadRule>,
    /// Rules that were not examined because the rule set is too large for it.
    pub not_examined: usize,
}

/// `missing: false` and a negated `missing: true` are the same; so is the other pair.
fn normal(condition: &Condition) -> (&Test, bool) {
    match (&condition.test, condition.not) {
        (Test::Missing, true) => (&Test::Present, false),
        (Test::Present, true) => (&Test::Missing, false),
        (test, not) => (test, not),
    }
}

/// The values that a condition allows, when it lists them.
fn listed(ready: &Ready) -> Option<Vec<&str>> {
    match normal(&ready.condition) {
        (Test::Equals(text), false) => Some(vec![text]),
        (Test::In(values), false) => Some(values.iter().map(String::as_str).collect()),
        _ => None,
    }
}

/// The values that a condition excludes.
fn excluded(condition: &Condition) -> Option<BTreeSet<&str>> {
    match normal(condition) {
        (Test::Equals(text), true) => Some(BTreeSet::from([text.as_str()])),
        (Test::In(values), true) => Some(values.iter().map(String::as_str).collect()),
        _ => None,
    }
}

/// Whether `a` holding means that `b` does; false when that is not known.
fn implies(a: &Ready, b: &Ready) -> bool {
    if a.slot != b.slot {
        return false;
    }
    if a.condition == b.condition {
        return true;
    }
    if let Some(values) = listed(a) {
        return values.iter().all(|value| b.holds(Some(value)));
    }
    let excluded_by_b = excluded(&b.condition);
    match (normal(&a.condition), normal(&b.condition)) {
        ((Test::Missing, false), _) => b.holds(None),
        ((_, true), (_, true)) => match (&a.condition.test, &b.condition.test) {
            (Test::StartsWith(shorter), Test::StartsWith(longer)) => longer.starts_with(shorter.as_str()),
            (Test::Contains(shorter), Test::Contains(longer)) => longer.contains(shorter.as_str()),
            _ => excluded(&a.condition).zip(excluded_by_b).is_some_and(|(a, b)| b.is_subset(&a)),
        },
        ((_, true), _) => false,
        (_, (Test::Present, false)) => true,
        ((Test::StartsWith(p), _), (Test::StartsWith(q), false)) => p.starts_with(q.as_str()),
        ((Test::StartsWith(p) | Test::Contains(p), _), (Test::Contains(q), false)) => p.contains(q.as_str()),
        ((Test::StartsWith(p), _), (Test::StartsWith(q), true)) => {
            !p.starts_with(q.as_str()) && !q.starts_with(p.as_str())
        }
        ((Test::StartsWith(_) | Test::Contains(_) | Test::Matches(_), false), (_, true)) => {
            excluded_by_b.is_some_and(|values| values.iter().all(|value| !a.holds(Some(value))))
        }
        _ => false,
    }
}

/// Whether `earlier` takes whatever `rule` would, given that slot `fixed` has a certain value.
fn takes(earlier: &ReadyRule, rule: &ReadyRule, fixed: Option<(usize, &str)>) -> bool {
    matches!(earlier.target, ReadyTarget::Group(_))
        && earlier.when.iter().all(|b| match fixed {
            Some((slot, value)) if slot == b.slot => b.holds(Some(value)),
            _ => rule.when.iter().any(|a| implies(a, b)),
        })
}

impl Plan {
    /// The rules that can never take a charge.
    #[must_use]
    pub fn dead_rules(&self) -> DeadRules {
        let mut found = DeadRules::default();
        let mut steps = 0_usize;
        for (at, rule) in self.rules.iter().enumerate() {
            let earlier = &self.rules[..at];
            if steps > MAX_STEPS {
                found.not_examined += 1;
                continue;
            }
            if let Some(covered_by) = covered(rule, earlier, &mut steps) {
                let covered_by =
                    covered_by.into_iter().filter_map(|at| earlier.get(at)).map(|rule| rule.name.clone());
                found.dead.push(DeadRule { rule: rule.name.clone(), covered_by: covered_by.collect() });
            } else if steps > MAX_STEPS {
                found.not_examined += 1;
            }
        }
        found
    }
}

/// The earlier rules that together leave nothing for `rule`.
fn covered(rule: &ReadyRule, earlier: &[ReadyRule], steps: &mut usize) -> Option<BTreeSet<usize>> {
    let values = |ready: &Ready| match &ready.condition.test {
        Test::In(values) => values.len(),
        _ => 1,
    };
    let mut first_taking = |fixed: Option<(usize, &str)>| {
        // The conditions on a dimension whose value is fixed are not compared again.
        let free = rule.when.iter().filter(|ready| fixed.is_none_or(|(slot, _)| slot != ready.slot));
        let weight = free.map(values).sum::<usize>() + 1;
        earlier.iter().position(|other| {
            *steps += other.when.len() * weight + 1;
            *steps <= MAX_STEPS && takes(other, rule, fixed)
        })
    };
    if let Some(at) = first_taking(None) {
        return Some(BTreeSet::from([at]));
    }
    for ready in &rule.when {
        let Some(values) = listed(ready) else { continue };
        let same = || rule.when.iter().filter(|other| other.slot == ready.slot);
        let possible = values.into_iter().filter(|value| same().all(|other| other.holds(Some(value))));
        let taken: Option<BTreeSet<usize>> =
            possible.map(|value| first_taking(Some((ready.slot, value)))).collect();
        if taken.is_some() {
            return taken;
        }
    }
    let excludes = |a: &Ready| {
        normal(&a.condition) == (&Test::Missing, false)
            && rule.when.iter().any(|b| b.slot == a.slot && !b.holds(None))
    };
    rule.when.iter().any(excludes).then(BTreeSet::new)
}
