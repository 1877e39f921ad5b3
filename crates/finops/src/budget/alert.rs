//! When a threshold speaks: once per period, and again only after the budget changed.
//!
//! [`Told`] is what was said, kept by the caller in the same transaction as the alerts it got for it. The step is
//! pure and monotone: asking twice says nothing new, and a correction that lowers cost does not make a
//! threshold speak again when cost returns.

use super::plan::{Budget, BudgetPeriod, Measured, Threshold};
use super::status::Status;
use crate::allocation::exact::scaled;
use bursar_domain::{Amount, BillingPeriod};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// What was told before.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Told {
    said: BTreeSet<Said>,
}

#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
struct Said {
    period: BudgetPeriod,
    revision: u32,
    on: Measured,
    basis_points: u32,
}

/// A threshold that was reached.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Alert {
    /// The period.
    pub period: BudgetPeriod,
    /// The budget's revision.
    pub revision: u32,
    /// The threshold, with whom to tell.
    pub threshold: Threshold,
    /// The amount of the threshold.
    pub limit: Amount,
    /// What reached it: spending, or the expected end.
    pub reached: Amount,
    /// The plan of the period.
    pub amount: Amount,
    /// Whether no higher threshold of the same kind was reached, too: a mail about this one suffices.
    pub highest: bool,
}

impl Told {
    /// Forgets periods before a month: they cannot be told about any more.
    pub fn forget_before(&mut self, month: BillingPeriod) {
        self.said.retain(|said| said.period.starts >= month);
    }
}

/// Whether an amount reaches a limit. A budget of nothing is reached by anything above it, not by nothing.
fn reaches(reached: Amount, limit: Amount) -> bool {
    reached >= limit && (!limit.is_zero() || reached.units() > 0)
}

impl Budget {
    /// What to tell now, and what will have been told then.
    #[must_use]
    pub fn alerts(&self, status: &Status, told: &Told) -> (Told, Vec<Alert>) {
        let mut next = told.clone();
        let mut alerts: Vec<Alert> = Vec::new();
        for threshold in &self.thresholds {
            let reached = match threshold.on {
                Measured::Actual => Some(status.actual),
                Measured::Forecast => status.forecast.map(|forecast| forecast.expected),
            };
            let limit = scaled(status.amount.units(), i128::from(threshold.basis_points), 10_000);
            let (Some(reached), Some(limit)) = (reached, limit.map(Amount::from_units)) else { continue };
            if !reaches(reached, limit) {
                continue;
            }
            let said = Said {
                period: status.period,
                revision: self.revision,
                on: threshold.on,
                basis_points: threshold.basis_points,
            };
            if next.said.insert(said) {
                alerts.push(Alert {
                    period: status.period,
                    revision: self.revision,
                    threshold: threshold.clone(),
                    limit,
                    reached,
                    amount: status.amount,
                    highest: false,
                });
            }
        }
        for on in [Measured::Actual, Measured::Forecast] {
            let of_kind = alerts.iter_mut().filter(|alert| alert.threshold.on == on);
            if let Some(highest) = of_kind.max_by_key(|alert| alert.threshold.basis_points) {
                highest.highest = true;
            }
        }
        (next, alerts)
    }
}

#[cfg(test)]
mod tests {
    use super::super::plan::Cadence;
    use super::super::status::{Rest, Spending, Standing};
    use super::*;
    use bursar_domain::Scope;
    use chrono::NaiveDate;
    use proptest::prelude::*;

    fn amount(text: &str) -> Amount {
        text.parse().unwrap()
    }

    fn threshold(on: Measured, percent: u32, who: &str) -> Threshold {
        Threshold { on, basis_points: percent * 100, recipients: BTreeSet::from([who.to_owned()]) }
    }

    fn budget() -> Budget {
        Budget {
            name: "shop".to_owned(),
            scope: Scope::All,
            currency: "USD".parse().unwrap(),
            cadence: Cadence::Monthly,
            year_starts_in: 1,
            amount: amount("310"),
            amounts: Default::default(),
            thresholds: vec![
                threshold(Measured::Actual, 50, "team"),
                threshold(Measured::Actual, 100, "cfo"),
                threshold(Measured::Forecast, 100, "owner"),
            ],
            revision: 0,
        }
    }

    /// Ten days of January with so much each, and so much expected for the rest.
    fn spending(per_day: &str, rest: Option<&str>) -> Spending {
        let day = |day| NaiveDate::from_ymd_opt(2026, 1, day).unwrap();
        Spending {
            days: (1..=10).map(|d| (day(d), amount(per_day))).collect(),
            known_until: day(11),
            rest: rest.map(|text| Rest { low: amount("0"), expected: amount(text), high: amount("999") }),
        }
    }

    fn status(budget: &Budget, spending: &Spending) -> Status {
        budget.status(budget.period_of("2026-01".parse().unwrap()), spending).unwrap()
    }

    fn shown(alerts: &[Alert]) -> Vec<(Measured, u32, bool)> {
        alerts.iter().map(|a| (a.threshold.on, a.threshold.basis_points / 100, a.highest)).collect()
    }

    #[test]
    fn a_threshold_speaks_once_per_period() {
        // claim F2
        let budget = budget();
        let quiet = status(&budget, &spending("10", Some("200")));
        assert_eq!(quiet.standing, Standing::Within);
        let (told, alerts) = budget.alerts(&quiet, &Told::default());
        assert!(alerts.is_empty());

        let heading = status(&budget, &spending("15.5", Some("155")));
        assert_eq!(heading.standing, Standing::Within, "exactly on plan is not over");
        let (told, alerts) = budget.alerts(&heading, &told);
        assert_eq!(shown(&alerts), [(Measured::Actual, 50, true), (Measured::Forecast, 100, true)]);
        assert!(budget.alerts(&heading, &told).1.is_empty(), "said before");

        let over = status(&budget, &spending("40", None));
        assert_eq!((over.standing, over.remaining), (Standing::Over, amount("-90")));
        assert_eq!(over.exceeded_on, NaiveDate::from_ymd_opt(2026, 1, 8));
        let (told, alerts) = budget.alerts(&over, &told);
        assert_eq!(shown(&alerts), [(Measured::Actual, 100, true)]);
        let (told, alerts) = budget.alerts(&quiet, &told);
        assert!(alerts.is_empty());
        assert!(budget.alerts(&over, &told).1.is_empty(), "back over after a correction is no news");
    }

    #[test]
    fn a_changed_budget_speaks_again_and_a_renamed_one_does_not() {
        // claim F2
        let old = budget();
        let (told, _) = old.alerts(&status(&old, &spending("40", None)), &Told::default());
        let renamed = old.replaced_by(Budget { name: "shop 2".to_owned(), ..budget() });
        assert_eq!(renamed.revision, 0);
        assert!(renamed.alerts(&status(&renamed, &spending("40", None)), &told).1.is_empty());
        let raised = old.replaced_by(Budget { amount: amount("400"), ..budget() });
        let (told, alerts) = raised.alerts(&status(&raised, &spending("40", None)), &told);
        assert_eq!(shown(&alerts), [(Measured::Actual, 50, false), (Measured::Actual, 100, true)]);
        let back = raised.replaced_by(budget());
        assert_eq!(back.alerts(&status(&back, &spending("40", None)), &told).1.len(), 2);
    }

    #[test]
    fn a_budget_of_nothing_is_reached_by_something() {
        let none = Budget { amount: Amount::ZERO, ..budget() };
        assert!(none.alerts(&status(&none, &spending("0", None)), &Told::default()).1.is_empty());
        assert!(none.alerts(&status(&none, &spending("-1", None)), &Told::default()).1.is_empty());
        assert_eq!(none.alerts(&status(&none, &spending("0.01", None)), &Told::default()).1.len(), 2);
    }

    #[test]
    fn what_was_told_is_forgotten_by_month() {
        let budget = budget();
        let (mut told, _) = budget.alerts(&status(&budget, &spending("40", None)), &Told::default());
        let kept = serde_json::to_string(&told).unwrap();
        assert_eq!(serde_json::from_str::<Told>(&kept).unwrap(), told);
        told.forget_before("2026-02".parse().unwrap());
        assert_eq!(told, Told::default());
    }

    #[test]
    fn burn_down_and_plan_meet_at_zero() {
        let budget = budget();
        let status = status(&budget, &spending("10", None));
        assert_eq!(status.burn_down.len(), 31);
        assert_eq!(status.burn_down[9].remaining, Some(amount("210")));
        assert_eq!(status.burn_down[9].planned_remaining, amount("210"));
        assert_eq!(status.burn_down[10].remaining, None);
        assert_eq!(status.burn_down[30].planned_remaining, Amount::ZERO);
        assert_eq!(status.used.to_string(), "32.3 %");
        assert_eq!(status.elapsed.to_string(), "32.3 %");
    }

    #[test]
    fn periods_follow_the_fiscal_year() {
        let check = |cadence, year_starts_in, month: &str, starts: &str, end: &str| {
            let period = Budget { cadence, year_starts_in, ..budget() }.period_of(month.parse().unwrap());
            assert_eq!(
                (period.starts.to_string().as_str(), period.end().to_string().as_str()),
                (starts, end)
            );
        };
        check(Cadence::Monthly, 4, "2026-02", "2026-02", "2026-03-01");
        check(Cadence::Quarterly, 1, "2026-05", "2026-04", "2026-07-01");
        check(Cadence::Quarterly, 2, "2026-01", "2025-11", "2026-02-01");
        check(Cadence::Yearly, 1, "2026-12", "2026-01", "2027-01-01");
        check(Cadence::Yearly, 4, "2026-03", "2025-04", "2026-04-01");
    }

    #[test]
    fn the_guide_shows_a_budget_that_works() {
        let guide = include_str!("../../../../docs/guides/budgets.md");
        let block = |kind: &str| {
            let rest = guide.split(&format!("```{kind}\n")).nth(1).unwrap();
            rest.split("```").next().unwrap().to_owned()
        };
        let budget: Budget = serde_json::from_str(&block("json")).unwrap();
        assert_eq!(budget.check(), Ok(()));
        assert_eq!(budget.amount_for(budget.period_of("2026-12".parse().unwrap())), amount("45000"));
        assert_eq!(crate::unit::Measure::from_csv(&block("csv")).unwrap().points().count(), 2);
    }

    #[test]
    fn what_is_no_budget_is_refused() {
        let check = |budget: Budget, expected: &str| {
            assert!(budget.check().unwrap_err().to_string().contains(expected));
        };
        assert_eq!(budget().check(), Ok(()));
        check(Budget { name: " ".to_owned(), ..budget() }, "the name");
        check(Budget { amount: amount("-1"), ..budget() }, "below zero");
        check(Budget { year_starts_in: 13, ..budget() }, "1 to 12, not 13");
        let odd = Budget { cadence: Cadence::Quarterly, ..budget() };
        let amounts = [("2026-02".parse().unwrap(), amount("1"))].into();
        check(Budget { amounts, ..odd }, "2026-02 is not the first month of a period: 2026-01 is");
        let twice = vec![threshold(Measured::Actual, 50, "a"), threshold(Measured::Actual, 50, "b")];
        check(Budget { thresholds: twice, ..budget() }, "threshold 2 is there twice");
        check(
            Budget { thresholds: vec![threshold(Measured::Actual, 0, "a")], ..budget() },
            "threshold 1 must be",
        );
    }

    proptest! {
        #[test]
        fn nothing_is_told_twice_whatever_happens(per_day in proptest::collection::vec(-50_i32..80, 1..20)) {
            let budget = budget();
            let mut told = Told::default();
            let mut count = 0;
            for cost in per_day {
                let (next, alerts) = budget.alerts(&status(&budget, &spending(&cost.to_string(), Some("10"))), &told);
                count += alerts.len();
                told = next;
            }
            prop_assert!(count <= budget.thresholds.len());
        }
    }
}
