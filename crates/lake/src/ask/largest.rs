//! Many groups by day or month, of which few are shown.
//!
//! Accounts × services by day of a quarter are half a million groups, and eight series of them are
//! shown. Where rollups answer, it is quicker to ask three small questions than this large one: how
//! large the groups are (without the days), what everything came to by day (without the groups), and
//! the days of the largest groups. The rest is the difference: sums are exact, so it is the same
//! figure as if it had been added up. Each of the three is asked within the asker's scope: one that
//! was not would show in the difference what lies outside.
//!
//! Refused: questions that rows must answer (each small question would read all of them again), and
//! converted ones, whose every amount is rounded by itself.

use super::rows::{Group, Rest, Sum, Sums, beside};
use super::{Answer, Asking, plan};
use crate::charges::Quarantine;
use crate::question::{Grain, Question};
use crate::rollup::cells_alone;
use crate::sql::QueryError;
use bursar_domain::{Amount, DateRange};
use datafusion::logical_expr::Expr;
use std::collections::{BTreeSet, HashSet};

/// From what size on it is worth asking thrice.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Worth {
    /// Cells that are read for an answer.
    pub(crate) cells: u64,
    /// Groups, without the days.
    pub(crate) groups: usize,
}

impl Worth {
    /// Three small questions take some milliseconds to be planned.
    pub(super) const USUAL: Self = Self { cells: 64 << 10, groups: 500 };
}

/// How many times more groups there must be than are shown.
const FEWER: usize = 4;
/// Most values of a dimension that are asked for by name.
const MOST_NAMED: usize = 500;
/// Days of a period that are looked through for days that nothing stands beside.
const MOST_DAYS: i64 = 36_600;

/// The answer, where it is quicker to look for the largest groups first.
pub(super) async fn answer(
    asking: &Asking<'_>,
    question: &Question,
    worth: Worth,
) -> Result<Option<Answer>, QueryError> {
    let top = question.top.filter(|top| *top > 0);
    let (Some(top), None) = (top, &question.conversion) else { return Ok(None) };
    if question.grain == Grain::Total || question.by.is_empty() {
        return Ok(None);
    }
    let mut notes = Vec::new();
    let before = super::before(question, &mut notes);
    let counted = match before {
        None => None,
        Some(before) => match counted(question, before) {
            Some(counted) => Some(counted),
            None => return Ok(None),
        },
    };
    if !is_worth_it(asking, question, before, worth.cells).await? {
        return Ok(None);
    }

    // How large each group is. What these questions leave out is told once, not thrice.
    let (sizes, days, series) = (asking.apart()?, asking.apart()?, asking.apart()?);
    let without_days = Question { grain: Grain::Total, ..question.clone() };
    let groups = both(&sizes, &without_days, counted, &[], Sums::new(question)).await?;
    let every: HashSet<(u32, Group)> =
        groups.sums.keys().map(|place| (place.currency, place.group)).collect();
    if every.len() / FEWER < top || every.len() < worth.groups {
        return Ok(None);
    }
    let kept = groups.largest(top);
    let Some(only) = named(asking, question, &groups, &kept).await? else { return Ok(None) };

    let without_groups = Question { by: Vec::new(), ..question.clone() };
    let nothing = Sums { names: Vec::new(), ..groups.empty() };
    let totals = both(&days, &without_groups, before, &[], nothing).await?;
    if counted != before && (left_out(&sizes.quarantine) || left_out(&days.quarantine)) {
        // Days that stand beside none were not read for the groups.
        return Ok(None);
    }
    let largest = both(&series, question, before, &only, groups.empty()).await?;

    let mut rest = Rest::new();
    for (place, sum) in &totals.sums {
        let all = rest.entry((place.day, totals.currency(place.currency))).or_default();
        add(all, sum).ok_or_else(too_large)?;
    }
    let mut rows = Vec::new();
    for (place, sum) in &largest.sums {
        if kept.contains(&(place.currency, place.group)) {
            rows.push(largest.row(place, sum));
            let rest = rest.get_mut(&(place.day, largest.currency(place.currency)));
            rest.and_then(|rest| take(rest, sum)).ok_or_else(changed)?;
        }
    }
    rest.retain(|_, sum| sum.lines > 0 || sum.lines_before > 0);
    let others: HashSet<Group> =
        every.iter().filter(|group| !kept.contains(group)).map(|(_, group)| *group).collect();
    let mut answer = totals.answer(question, rows, rest, others.len() as u64);
    answer.notes = notes;
    let cells = days.quarantine.cells() + series.quarantine.cells();
    asking.quarantine.tell_of(&sizes.quarantine, &days.quarantine);
    asking.quarantine.add_cells(cells);
    Ok(Some(answer))
}

/// The days of the period before that stand beside a day of the period; `None` where they are not its
/// first days, or too many to look through.
fn counted(question: &Question, before: DateRange) -> Option<DateRange> {
    let period = question.period.filter(|_| before.len_days() <= MOST_DAYS)?;
    let stands = |day: &chrono::NaiveDate| beside(*day, period, question.grain).is_some();
    let mut days = before.from().iter_days().take_while(|day| before.contains(*day));
    let Some(end) = days.find(|day| !stands(day)) else { return Some(before) };
    if days.any(|day| stands(&day)) {
        return None;
    }
    DateRange::new(before.from(), end).ok()
}

/// Whether cells alone answer, and enough of them.
async fn is_worth_it(
    asking: &Asking<'_>,
    question: &Question,
    before: Option<DateRange>,
    worth: u64,
) -> Result<bool, QueryError> {
    let mut cells = 0;
    for period in [Some(question.period), before.map(Some)].into_iter().flatten() {
        let frame = plan::sums(&asking.asked, question, period, &[]).await?;
        let plan = frame.create_physical_plan().await.map_err(QueryError::of)?;
        match cells_alone(&plan) {
            Some(found) => cells += found,
            None => return Ok(false),
        }
    }
    Ok(cells >= worth)
}

/// The sums of the question's period and, beside them, of the period before.
async fn both(
    asking: &Asking<'_>,
    question: &Question,
    before: Option<DateRange>,
    only: &[Expr],
    nothing: Sums,
) -> Result<Sums, QueryError> {
    let mut sums = asking.sums(question, question.period, only, nothing).await?;
    if let Some(before) = before {
        let before = asking.sums(question, Some(before), only, sums.empty()).await?;
        sums.beside(&before, question)?;
    }
    Ok(sums)
}

/// Filters that keep these groups, and few others; `None` when there are no such filters.
async fn named(
    asking: &Asking<'_>,
    question: &Question,
    groups: &Sums,
    kept: &HashSet<(u32, Group)>,
) -> Result<Option<Vec<Expr>>, QueryError> {
    let mut only = Vec::new();
    for (at, dimension) in question.by.iter().enumerate() {
        let value = |(_, group): &(u32, Group)| groups.names[at].text(group[at]);
        let values: BTreeSet<Option<&str>> = kept.iter().map(value).collect();
        if values.len() <= MOST_NAMED {
            only.extend(plan::among(&asking.asked, dimension, &values).await?);
        }
    }
    Ok((!only.is_empty()).then_some(only))
}

fn left_out(quarantine: &Quarantine) -> bool {
    !quarantine.excluded().is_empty() || !quarantine.dropped().is_empty() || quarantine.rounded() > 0
}

fn add(all: &mut Sum, more: &Sum) -> Option<()> {
    all.amount = all.amount.checked_add(more.amount).ok()?;
    all.previous = match (all.previous, more.previous) {
        (Some(have), Some(more)) => Some(have.checked_add(more).ok()?),
        (have, more) => have.or(more),
    };
    all.lines += more.lines;
    all.lines_before += more.lines_before;
    Some(())
}

fn take(all: &mut Sum, part: &Sum) -> Option<()> {
    all.amount = all.amount.checked_sub(part.amount).ok()?;
    if let Some(part) = part.previous {
        all.previous = Some(all.previous.unwrap_or(Amount::ZERO).checked_sub(part).ok()?);
    }
    all.lines = all.lines.checked_sub(part.lines)?;
    all.lines_before = all.lines_before.checked_sub(part.lines_before)?;
    Some(())
}

fn too_large() -> QueryError {
    QueryError::Failed { detail: "a sum is too large".to_owned() }
}

fn changed() -> QueryError {
    QueryError::Failed { detail: "the parts of an answer do not come to the whole; ask again".to_owned() }
}
