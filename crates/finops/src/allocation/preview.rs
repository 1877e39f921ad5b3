//! What a rule set would do, before it is saved: how much it leaves over, which rules are idle, and what
//! moves between groups.

use super::cover::DeadRules;
use super::dimension::Dimension;
use super::group::GroupId;
use super::ledger::{Cell, Ledger, RuleUse, add};
use super::plan::Plan;
use super::share::Share;
use bursar_domain::money::AmountError;
use bursar_domain::{Amount, CurrencyCode};
use serde::Serialize;
use std::collections::{BTreeMap, HashMap};

/// Most combinations listed among the largest left over.
pub const MAX_LARGEST: usize = 20;

/// A rule set tried on cells.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Preview {
    /// Combinations of values looked at.
    pub combinations: u64,
    /// Of those, how many no rule took.
    pub left_over_combinations: u64,
    /// Distinct values per dimension: "214 accounts, 9 of them with something left over".
    pub values: Vec<ValueCount>,
    /// What no rule took, by currency.
    pub left_over: Vec<LeftOver>,
    /// What each rule took.
    pub rules: Vec<RuleUse>,
    /// Rules that took nothing here. They may be meant for other months.
    pub idle_rules: Vec<String>,
    /// Rules that can never take anything.
    pub dead_rules: DeadRules,
}

/// How many values of a dimension were seen.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ValueCount {
    /// The dimension.
    pub dimension: Dimension,
    /// Distinct values, without the missing one.
    pub seen: u64,
    /// Of those, how many occur in a combination that no rule took.
    pub left_over: u64,
}

/// What no rule took, in one currency.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct LeftOver {
    /// The currency.
    pub currency: CurrencyCode,
    /// The net amount.
    pub amount: Amount,
    /// Its part of everything, both without signs, so that a credit does not hide a charge.
    pub of_gross: Share,
    /// The largest, by size without sign.
    pub largest: Vec<LeftOverCell>,
}

/// A combination that no rule took.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct LeftOverCell {
    /// Its values, in the order of the dimensions.
    pub values: Vec<Option<String>>,
    /// Its amount.
    pub amount: Amount,
}

impl Plan {
    /// Tries the rule set on cells. `also` names the dimensions of values that the cells have beyond
    /// [`Plan::dimensions`], only to be counted.
    ///
    /// # Errors
    /// When a sum leaves the range of an amount.
    pub fn preview(&self, also: &[Dimension], cells: &[Cell]) -> Result<Preview, AmountError> {
        let dimensions: Vec<&Dimension> = self.dimensions().iter().chain(also).collect();
        let mut seen: Vec<HashMap<&str, bool>> = vec![HashMap::new(); dimensions.len()];
        let (mut net, mut left, mut gross) = (BTreeMap::new(), BTreeMap::new(), BTreeMap::new());
        let mut largest: BTreeMap<&CurrencyCode, Vec<&Cell>> = BTreeMap::new();
        let mut rules: Vec<RuleUse> = self
            .rule_names()
            .map(|name| RuleUse { rule: name.to_owned(), combinations: 0, amounts: BTreeMap::new() })
            .collect();
        let mut left_over_combinations = 0;
        for cell in cells {
            let taken = self.assign(&cell.texts()).taken;
            let size = Amount::from_units(cell.amount.units().abs());
            add(&mut gross, &cell.currency, size)?;
            for (values, value) in seen.iter_mut().zip(&cell.values) {
                if let Some(value) = value.as_deref().filter(|text| !text.is_empty()) {
                    *values.entry(value).or_default() |= taken.is_none();
                }
            }
            if let Some(used) = taken.and_then(|taken| rules.get_mut(taken.rule)) {
                used.combinations += 1;
                add(&mut used.amounts, &cell.currency, cell.amount)?;
            } else {
                left_over_combinations += 1;
                add(&mut net, &cell.currency, cell.amount)?;
                add(&mut left, &cell.currency, size)?;
                largest.entry(&cell.currency).or_default().push(cell);
            }
        }
        let left_over = gross.iter().map(|(currency, &whole)| {
            let mut cells = largest.remove(currency).unwrap_or_default();
            cells.sort_by_key(|cell| std::cmp::Reverse(cell.amount.units().abs()));
            cells.truncate(MAX_LARGEST);
            LeftOver {
                currency: currency.clone(),
                amount: net.get(currency).copied().unwrap_or_default(),
                of_gross: Share::of(left.get(currency).copied().unwrap_or_default(), whole),
                largest: cells
                    .into_iter()
                    .map(|cell| LeftOverCell { values: cell.values.clone(), amount: cell.amount })
                    .collect(),
            }
        });
        let count = |count: usize| u64::try_from(count).unwrap_or(u64::MAX);
        Ok(Preview {
            combinations: count(cells.len()),
            left_over_combinations,
            values: dimensions
                .into_iter()
                .zip(&seen)
                .map(|(dimension, values)| ValueCount {
                    dimension: dimension.clone(),
                    seen: count(values.len()),
                    left_over: count(values.values().filter(|left| **left).count()),
                })
                .collect(),
            left_over: left_over.collect(),
            idle_rules: rules
                .iter()
                .filter(|rule| rule.combinations == 0)
                .map(|rule| rule.rule.clone())
                .collect(),
            rules,
            dead_rules: self.dead_rules(),
        })
    }
}

/// What a change of rules moves, for one group and currency.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Move {
    /// The group; none for what no rule took.
    pub group: Option<GroupId>,
    /// The currency.
    pub currency: CurrencyCode,
    /// The total with the old rules.
    pub before: Amount,
    /// The total with the new ones.
    pub after: Amount,
}

/// What differs between two ledgers of the same cells, by group and currency; the unchanged is left out.
#[must_use]
pub fn moves(before: &Ledger, after: &Ledger) -> Vec<Move> {
    type Totals<'l> = BTreeMap<(Option<&'l GroupId>, &'l CurrencyCode), (Amount, Amount)>;
    fn totals(ledger: &Ledger) -> impl Iterator<Item = ((Option<&GroupId>, &CurrencyCode), Amount)> {
        let lines = ledger.lines.iter().map(|line| ((Some(&line.group), &line.currency), line.total));
        lines.chain(ledger.unallocated.iter().map(|(currency, amount)| ((None, currency), *amount)))
    }
    let mut both = Totals::new();
    for (key, amount) in totals(before) {
        both.entry(key).or_default().0 = amount;
    }
    for (key, amount) in totals(after) {
        both.entry(key).or_default().1 = amount;
    }
    both.into_iter()
        .filter(|(_, (before, after))| before != after)
        .map(|((group, currency), (before, after))| Move {
            group: group.cloned(),
            currency: currency.clone(),
            before,
            after,
        })
        .collect()
}
