//! Charges become costs of groups: rules first, then what is shared.
//!
//! INVARIANT: in every currency the totals of all groups and what no rule took add up to the cells, to the
//! last digit. Amounts of different currencies never meet; a group has one line per currency.
//!
//! What the amounts are (effective or billed cost) is the caller's choice and must be named with the result.

use super::group::GroupId;
use super::plan::Plan;
use super::sharing::{Measures, NotDivided};
use bursar_domain::money::AmountError;
use bursar_domain::{Amount, BillingPeriod, CurrencyCode};
use serde::Serialize;
use std::collections::BTreeMap;

/// One combination of values and its cost: a row of the lake's `GROUP BY`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cell {
    /// Values in the order of [`Plan::dimensions`]; NULL is `None`.
    pub values: Vec<Option<String>>,
    /// The currency of the amount.
    pub currency: CurrencyCode,
    /// The cost.
    pub amount: Amount,
}

impl Cell {
    /// The values as rules look at them.
    #[must_use]
    pub fn texts(&self) -> Vec<Option<&str>> {
        self.values.iter().map(Option::as_deref).collect()
    }
}

/// The cost of a month by group.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Ledger {
    /// The month of the charges.
    pub month: BillingPeriod,
    /// The month whose rule set was used.
    pub rules_from: BillingPeriod,
    /// A line per group and currency that has any, in the order of groups and currencies.
    pub lines: Vec<Line>,
    /// What no rule took, by currency.
    pub unallocated: BTreeMap<CurrencyCode, Amount>,
    /// Shared costs that stayed where they were.
    pub not_divided: Vec<Kept>,
    /// What each rule took, in the order of the rules.
    pub rules: Vec<RuleUse>,
}

/// The cost of one group in one currency, without the groups below it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Line {
    /// The group.
    pub group: GroupId,
    /// The currency.
    pub currency: CurrencyCode,
    /// What rules sent here.
    pub direct: Amount,
    /// What shared costs sent here.
    pub received: Vec<Received>,
    /// What was divided among others; taken off.
    pub divided: Amount,
    /// `direct` + `received` − `divided`.
    pub total: Amount,
}

/// A part of a shared cost.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Received {
    /// The group that was divided.
    pub from: GroupId,
    /// The part.
    pub amount: Amount,
}

/// A shared cost that could not be divided.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Kept {
    /// The group that still has it.
    pub from: GroupId,
    /// The currency.
    pub currency: CurrencyCode,
    /// How much.
    pub amount: Amount,
    /// Why.
    pub why: NotDivided,
}

/// What one rule took.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RuleUse {
    /// The rule.
    pub rule: String,
    /// Combinations of values taken.
    pub combinations: u64,
    /// Their cost.
    pub amounts: BTreeMap<CurrencyCode, Amount>,
}

type ByCurrency = BTreeMap<CurrencyCode, Amount>;

pub(crate) fn add(to: &mut ByCurrency, currency: &CurrencyCode, amount: Amount) -> Result<(), AmountError> {
    if let Some(sum) = to.get_mut(currency) {
        *sum = sum.checked_add(amount)?;
    } else {
        to.insert(currency.clone(), amount);
    }
    Ok(())
}

impl Plan {
    /// The cost of a month's cells by group. The caller chose this plan for the month of the charges
    /// ([`Rulebook::in_force`](super::Rulebook::in_force)).
    ///
    /// # Errors
    /// When a sum leaves the range of an amount.
    pub fn allocate(
        &self,
        month: BillingPeriod,
        cells: &[Cell],
        measures: &Measures,
    ) -> Result<Ledger, AmountError> {
        let groups = self.tree().groups();
        let mut direct = vec![ByCurrency::new(); groups.len()];
        let mut unallocated = ByCurrency::new();
        let mut rules: Vec<RuleUse> = self
            .rule_names()
            .map(|name| RuleUse { rule: name.to_owned(), combinations: 0, amounts: ByCurrency::new() })
            .collect();
        for cell in cells {
            let Some(taken) = self.assign(&cell.texts()).taken else {
                add(&mut unallocated, &cell.currency, cell.amount)?;
                continue;
            };
            if let Some(sums) = direct.get_mut(taken.group) {
                add(sums, &cell.currency, cell.amount)?;
            }
            if let Some(used) = rules.get_mut(taken.rule) {
                used.combinations += 1;
                add(&mut used.amounts, &cell.currency, cell.amount)?;
            }
        }
        let mut sharing = Sharing { plan: self, below: self.with_below(&direct)?, lines: BTreeMap::new() };
        for (group, sums) in direct.into_iter().enumerate() {
            for (currency, amount) in sums {
                let line = sharing.line(group, &currency);
                line.direct = amount;
                line.total = amount;
            }
        }
        let not_divided = sharing.divide(measures)?;
        let lines = sharing.lines.into_values().collect();
        Ok(Ledger { month, rules_from: self.effective_from(), lines, unallocated, not_divided, rules })
    }

    /// Direct costs with those of all groups below.
    fn with_below(&self, direct: &[ByCurrency]) -> Result<Vec<ByCurrency>, AmountError> {
        let mut below = vec![ByCurrency::new(); direct.len()];
        for (group, sums) in direct.iter().enumerate() {
            for above in self.tree().path(group) {
                let Some(total) = below.get_mut(above) else { continue };
                for (currency, amount) in sums {
                    add(total, currency, *amount)?;
                }
            }
        }
        Ok(below)
    }
}

/// The lines while shared costs are divided.
struct Sharing<'p> {
    plan: &'p Plan,
    below: Vec<ByCurrency>,
    lines: BTreeMap<(usize, CurrencyCode), Line>,
}

impl Sharing<'_> {
    fn id(&self, group: usize) -> Option<GroupId> {
        self.plan.tree().groups().get(group).map(|group| group.id.clone())
    }

    fn line(&mut self, group: usize, currency: &CurrencyCode) -> &mut Line {
        let groups = self.plan.tree().groups();
        self.lines.entry((group, currency.clone())).or_insert_with(|| Line {
            // INVARIANT: places come from the tree itself.
            group: groups[group].id.clone(),
            currency: currency.clone(),
            direct: Amount::ZERO,
            received: Vec::new(),
            divided: Amount::ZERO,
            total: Amount::ZERO,
        })
    }

    fn divide(&mut self, measures: &Measures) -> Result<Vec<Kept>, AmountError> {
        let mut kept = Vec::new();
        let plan = self.plan;
        for shared in &plan.shared {
            let Some(from) = self.id(shared.from) else { continue };
            let mut owed = ByCurrency::new();
            for ((group, currency), line) in &self.lines {
                if plan.tree().is_within(*group, shared.from) {
                    add(&mut owed, currency, line.total)?;
                }
            }
            owed.retain(|_, amount| !amount.is_zero());
            for (currency, amount) in owed {
                let direct = |group: usize, currency: &CurrencyCode| {
                    self.below.get(group).and_then(|sums| sums.get(currency)).copied().unwrap_or_default()
                };
                let parts = match shared.parts(amount, &currency, plan.tree(), measures, direct) {
                    Ok(parts) => parts,
                    Err(why) => {
                        kept.push(Kept { from: from.clone(), currency, amount, why });
                        continue;
                    }
                };
                for (&target, part) in shared.among.iter().zip(parts) {
                    if part.is_zero() {
                        continue;
                    }
                    let line = self.line(target, &currency);
                    line.received.push(Received { from: from.clone(), amount: part });
                    line.total = line.total.checked_add(part)?;
                }
                for ((group, of), line) in &mut self.lines {
                    if *of == currency && plan.tree().is_within(*group, shared.from) {
                        line.divided = line.divided.checked_add(line.total)?;
                        line.total = Amount::ZERO;
                    }
                }
            }
        }
        Ok(kept)
    }
}
