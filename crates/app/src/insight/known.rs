//! Which days are known, and their charges.

use super::InsightError;
use crate::question::{Dimension, Filter, Grain, Measure, Question};
use crate::workspace::Workspace;
use bursar_domain::{Amount, DateRange};
use chrono::{Days, NaiveDate};
use std::collections::BTreeMap;

/// Days that clouds need to deliver the charges of a day.
const ARRIVING_DAYS: u64 = 2;
/// Days of history that figures rest on.
pub(super) const HISTORY_DAYS: u64 = 400;

/// Charges by day.
pub(super) type ByDay = BTreeMap<NaiveDate, Amount>;

/// A group of charges, by day.
#[derive(Debug, Clone, Default)]
pub(super) struct Series {
    /// The value of the dimension.
    pub(super) value: Option<String>,
    /// Whether it is the rest beyond the largest.
    pub(super) other: bool,
    /// Usage by day.
    pub(super) usage: ByDay,
    /// Everything else by day: taxes, credits, purchases, adjustments.
    pub(super) rest: ByDay,
}

/// The first day whose charges are not complete.
pub(super) fn known_until(workspace: &Workspace) -> Result<NaiveDate, InsightError> {
    let today = workspace.clock().today();
    let last = workspace.summary().last_day.ok_or(InsightError::NoCharges)?;
    let after = last.checked_add_days(Days::new(1)).ok_or(InsightError::NoCharges)?;
    // Old exports are complete; present ones are still arriving.
    let arriving = today.checked_sub_days(Days::new(ARRIVING_DAYS - 1)).ok_or(InsightError::NoCharges)?;
    Ok(after.min(arriving))
}

/// The days of history before that day.
pub(super) fn history(until: NaiveDate) -> Result<DateRange, InsightError> {
    let from = until.checked_sub_days(Days::new(HISTORY_DAYS)).ok_or(InsightError::NoCharges)?;
    DateRange::new(from, until).map_err(|_| InsightError::NoCharges)
}

/// Charges by currency, group and day; the largest `top` groups, and the rest in one.
pub(super) async fn series(
    workspace: &Workspace,
    measure: Measure,
    by: Option<&Dimension>,
    filters: &[Filter],
    days: DateRange,
    top: usize,
) -> Result<BTreeMap<String, Vec<Series>>, InsightError> {
    let question = |by: Vec<Dimension>, grain, top| Question {
        measure,
        by,
        filters: filters.to_vec(),
        grain,
        period: Some(days),
        top,
        ..Question::default()
    };
    // Which groups are the largest, by currency; taxes and credits must not make two of one.
    let mut largest: BTreeMap<String, Vec<Option<String>>> = BTreeMap::new();
    if let Some(dimension) = by {
        for row in workspace.ask(question(vec![dimension.clone()], Grain::Total, Some(top))).await?.rows {
            if !row.other {
                largest.entry(row.currency).or_default().push(row.keys.into_iter().next().flatten());
            }
        }
    }
    let category = Dimension::parse("ChargeCategory");
    let by = by.cloned().into_iter().chain([category]).collect();
    let answer = workspace.ask(question(by, Grain::Day, None)).await?;
    let mut found: BTreeMap<String, Vec<Series>> = BTreeMap::new();
    let mut places: BTreeMap<(String, bool, Option<String>), usize> = BTreeMap::new();
    for row in answer.rows {
        let Some(day) = row.period else { continue };
        let mut keys = row.keys.into_iter().rev();
        let category = keys.next().flatten();
        let value = keys.next().flatten();
        let shown = largest.get(&row.currency).is_some_and(|values| values.contains(&value));
        let (value, other) = match (largest.is_empty(), shown) {
            (true, _) => (None, false),
            (false, true) => (value, false),
            (false, false) => (None, true),
        };
        let groups = found.entry(row.currency.clone()).or_default();
        let place = *places.entry((row.currency, other, value.clone())).or_insert_with(|| {
            groups.push(Series { value, other, ..Series::default() });
            groups.len() - 1
        });
        let group = &mut groups[place];
        let usage = category.as_deref().is_none_or(|category| category == "Usage");
        let days = if usage { &mut group.usage } else { &mut group.rest };
        let sum = days.entry(day).or_default();
        *sum = sum.checked_add(row.amount)?;
    }
    for groups in found.values_mut() {
        let total =
            |group: &Series| -> i128 { group.usage.values().map(|amount| amount.units() / 1_000_000).sum() };
        groups.sort_by_key(|group| (group.other, std::cmp::Reverse(total(group))));
    }
    Ok(found)
}
