//! The first page: this month so far against the last, as questions.

use crate::answer::{Answer, Dashboard, Mover};
use crate::error::AskError;
use crate::question::{Compare, Dimension, Grain, Measure, Question};
use crate::workspace::Workspace;
use bursar_domain::{BillingPeriod, DateRange};
use chrono::{Days, NaiveDate};
use std::collections::BTreeMap;

/// Groups of a breakdown.
const GROUPS: usize = 8;
/// Groups looked through for what moved.
const CANDIDATES: usize = 200;
/// Movers shown.
const MOVERS: usize = 8;

/// The days the page is about: the present month up to the last day with charges; when that month
/// has none yet, the last month that has.
pub(crate) fn so_far(today: NaiveDate, last_day: Option<NaiveDate>) -> Option<(BillingPeriod, DateRange)> {
    let last = last_day.map_or(today, |last| last.min(today));
    let month = BillingPeriod::containing(last)?;
    let to = last.checked_add_days(Days::new(1))?.min(month.end());
    Some((month, DateRange::new(month.start(), to).ok()?))
}

/// As many days of the month before, or all of it when it is shorter.
pub(crate) fn same_days(month: BillingPeriod, so_far: DateRange) -> Option<DateRange> {
    let before = month.previous();
    let days = u64::try_from(so_far.len_days()).ok()?;
    let to = before.start().checked_add_days(Days::new(days))?.min(before.end());
    DateRange::new(before.start(), to).ok()
}

impl Workspace {
    /// This month so far against the last.
    ///
    /// # Errors
    /// As [`Workspace::ask`].
    pub async fn dashboard(&self, measure: Measure) -> Result<Dashboard, AskError> {
        let today = self.clock().today();
        let no_calendar = || AskError::Clock(today);
        let (month, days) = so_far(today, self.summary().last_day).ok_or_else(no_calendar)?;
        let before = same_days(month, days).ok_or_else(no_calendar)?;
        let whole = month.previous().days();
        let ask = |period: DateRange, by: &[&str], grain: Grain, top: Option<usize>| {
            let by = by.iter().map(|id| Dimension::parse(id)).collect();
            self.ask(Question {
                measure,
                by,
                grain,
                period: Some(period),
                top,
                compare: Compare::None,
                ..Question::default()
            })
        };
        let total = |period| ask(period, &[], Grain::Total, None);
        let (this, last, same) = (total(days).await?, total(whole).await?, total(before).await?);
        let daily = DateRange::new(whole.from(), days.to()).map_err(|_| no_calendar())?;
        let daily = ask(daily, &[], Grain::Day, None).await?;
        let mut movers = Vec::new();
        let mut breakdowns = Vec::new();
        for id in ["ProviderName", "ServiceName", "SubAccountName"] {
            let top = if id == "ProviderName" { GROUPS } else { CANDIDATES };
            let mut now = ask(days, &[id], Grain::Total, Some(top)).await?;
            let then = sums(&ask(before, &[id], Grain::Total, Some(CANDIDATES)).await?);
            for row in now.rows.iter_mut().filter(|row| !row.other) {
                let key = (row.currency.clone(), row.keys.first().cloned().flatten());
                row.previous = Some(then.get(&key).copied().unwrap_or_default());
            }
            if id != "ProviderName" {
                movers.extend(moved(id, &now, &then));
            }
            keep_largest(&mut now, GROUPS);
            breakdowns.push(now);
        }
        movers.sort_by_key(|m: &Mover| std::cmp::Reverse(m.change.units().unsigned_abs()));
        movers.truncate(MOVERS);
        let mut breakdowns = breakdowns.into_iter();
        let (Some(by_provider), Some(by_service), Some(by_account)) =
            (breakdowns.next(), breakdowns.next(), breakdowns.next())
        else {
            return Err(no_calendar());
        };
        Ok(Dashboard {
            so_far: days,
            month: this,
            last_month: last,
            same_days: same,
            daily,
            by_provider,
            by_service,
            by_account,
            movers,
        })
    }
}

type Group = (String, Option<String>);

fn sums(answer: &Answer) -> BTreeMap<Group, bursar_domain::Amount> {
    let of =
        |row: &crate::answer::Row| ((row.currency.clone(), row.keys.first().cloned().flatten()), row.amount);
    answer.rows.iter().filter(|row| !row.other).map(of).collect()
}

/// Groups of this month, and groups that only the month before had.
fn moved(dimension: &str, now: &Answer, then: &BTreeMap<Group, bursar_domain::Amount>) -> Vec<Mover> {
    let current = sums(now);
    let mut groups: Vec<&Group> = current.keys().chain(then.keys()).collect();
    groups.sort();
    groups.dedup();
    let mover = |group: &Group| {
        let amount = current.get(group).copied().unwrap_or_default();
        let previous = then.get(group).copied().unwrap_or_default();
        let change = amount.checked_sub(previous).ok().filter(|change| !change.is_zero())?;
        let (currency, key) = group.clone();
        Some(Mover { dimension: dimension.to_owned(), key, currency, amount, previous, change })
    };
    groups.into_iter().filter_map(mover).collect()
}

/// Keeps the largest groups of each currency.
fn keep_largest(answer: &mut Answer, most: usize) {
    answer.rows.retain(|row| !row.other);
    answer.rows.sort_by(|a, b| a.currency.cmp(&b.currency).then(b.amount.cmp(&a.amount)));
    let mut seen: BTreeMap<String, usize> = BTreeMap::new();
    answer.rows.retain(|row| {
        let count = seen.entry(row.currency.clone()).or_default();
        *count += 1;
        *count <= most
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    #[test]
    fn the_page_ends_with_the_charges() {
        let check = |today: &str, last: Option<&str>, from: &str, to: &str, before_to: &str| {
            let (month, days) = so_far(day(today), last.map(day)).unwrap();
            assert_eq!((days.from(), days.to()), (day(from), day(to)), "{today} {last:?}");
            assert_eq!(same_days(month, days).unwrap().to(), day(before_to), "{today} {last:?}");
        };
        check("2026-11-22", Some("2026-11-20"), "2026-11-01", "2026-11-21", "2026-10-21");
        // Nothing of this month has been delivered: the last month that has.
        check("2026-11-01", Some("2026-10-31"), "2026-10-01", "2026-11-01", "2026-10-01");
        // March has more days than February.
        check("2026-03-31", None, "2026-03-01", "2026-04-01", "2026-03-01");
        // A delivery that knows the future is not believed.
        check("2026-11-22", Some("2027-01-01"), "2026-11-01", "2026-11-23", "2026-10-23");
    }
}
