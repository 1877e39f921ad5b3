//! Showback statements: what a group's month cost, in the digits of an invoice.
//!
//! Amounts are rounded once for the whole ledger: the lines of all groups and what no rule took sum to the
//! rounded grand total, the parts of a line to the line, and the groups below to what the group above
//! shows of them. So no two statements of a month disagree by a cent. A line differs from its exact
//! amount by less than one last digit.

use super::group::{EffectiveOwners, GroupId, Tree};
use super::ledger::{Ledger, Line, Received};
use super::split::{SplitError, round_parts, round_parts_to};
use bursar_domain::{Amount, BillingPeriod, CurrencyCode};
use serde::Serialize;

/// The statements of a month in one currency.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Statements {
    /// The month of the charges.
    pub month: BillingPeriod,
    /// The currency of every amount here.
    pub currency: CurrencyCode,
    /// One per group that has cost or has groups with cost below it, in the order of the tree's groups.
    pub groups: Vec<Statement>,
    /// What no rule took.
    pub unallocated: Amount,
    /// Everything.
    pub total: Amount,
}

/// The statement of one group.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Statement {
    /// The group.
    pub group: GroupId,
    /// Its name.
    pub name: String,
    /// The group above.
    pub parent: Option<GroupId>,
    /// Who answers for it.
    pub owners: EffectiveOwners,
    /// What rules sent here.
    pub direct: Amount,
    /// What shared costs sent here.
    pub received: Vec<Received>,
    /// What was divided among others, below zero.
    pub divided: Amount,
    /// The groups directly below, each with everything below it.
    pub below: Vec<Below>,
    /// The sum of all of these.
    pub total: Amount,
    /// The total of the month before, when it was given.
    pub previous: Option<Amount>,
}

/// A group on the statement of the one above.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Below {
    /// The group.
    pub group: GroupId,
    /// Its total, as on its own statement.
    pub total: Amount,
}

impl Ledger {
    /// The statements in one currency, rounded to `decimals` digits (2 for dollars, 0 for yen). `before`
    /// are the statements of the month before, to compare with.
    ///
    /// # Errors
    /// When a sum leaves the range of an amount.
    pub fn statements(
        &self,
        tree: &Tree,
        currency: &CurrencyCode,
        decimals: u32,
        before: Option<&Statements>,
    ) -> Result<Statements, SplitError> {
        let lines: Vec<&Line> = self.lines.iter().filter(|line| line.currency == *currency).collect();
        let unallocated = self.unallocated.get(currency).copied().unwrap_or_default();
        let exact: Vec<Amount> = lines.iter().map(|line| line.total).chain([unallocated]).collect();
        let mut rounded = round_parts(&exact, decimals)?;
        let unallocated = rounded.pop().unwrap_or_default();
        let mut groups: Vec<Option<Statement>> = vec![None; tree.groups().len()];
        for (line, total) in lines.iter().zip(&rounded) {
            let Some(at) = tree.index(&line.group) else { continue };
            let minus_divided = Amount::from_units(-line.divided.units());
            let received = line.received.iter().map(|received| received.amount);
            let parts: Vec<Amount> = [line.direct, minus_divided].into_iter().chain(received).collect();
            let parts = round_parts_to(&parts, *total, decimals)?;
            let mut statement = empty(tree, at, before);
            statement.direct = parts[0];
            statement.divided = parts[1];
            statement.received = line
                .received
                .iter()
                .zip(&parts[2..])
                .map(|(received, amount)| Received { from: received.from.clone(), amount: *amount })
                .collect();
            statement.total = *total;
            groups[at] = Some(statement);
        }
        let mut totals: Vec<Option<Amount>> = vec![None; groups.len()];
        for (at, statement) in groups.iter().enumerate() {
            let Some(statement) = statement else { continue };
            for above in tree.path(at) {
                let sum = totals[above].unwrap_or_default().checked_add(statement.total);
                totals[above] = Some(sum.map_err(|_| SplitError::TooLarge)?);
            }
        }
        for (at, total) in totals.iter().enumerate() {
            let Some(total) = total else { continue };
            let statement = groups[at].get_or_insert_with(|| empty(tree, at, before));
            statement.total = *total;
            statement.below = tree
                .children(at)
                .filter_map(|child| {
                    totals[child].map(|total| Below { group: tree.groups()[child].id.clone(), total })
                })
                .collect();
        }
        let total = rounded
            .iter()
            .try_fold(unallocated, |sum, amount| sum.checked_add(*amount))
            .map_err(|_| SplitError::TooLarge)?;
        let groups = groups.into_iter().flatten().collect();
        Ok(Statements { month: self.month, currency: currency.clone(), groups, unallocated, total })
    }
}

/// A statement without amounts.
fn empty(tree: &Tree, at: usize, before: Option<&Statements>) -> Statement {
    let group = &tree.groups()[at];
    let previous = before.map(|before| {
        let same = before.groups.iter().find(|other| other.group == group.id);
        same.map(|statement| statement.total).unwrap_or_default()
    });
    Statement {
        group: group.id.clone(),
        name: group.name.clone(),
        parent: group.parent.clone(),
        owners: tree.owners(&group.id).unwrap_or_default(),
        direct: Amount::ZERO,
        received: Vec::new(),
        divided: Amount::ZERO,
        below: Vec::new(),
        total: Amount::ZERO,
        previous,
    }
}
