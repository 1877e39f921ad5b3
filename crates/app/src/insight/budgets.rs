//! Budgets: what may be spent in a scope, how it stands, and what pushed it over.

use super::documents::{change, read};
use super::forecast::{AheadQuestion, Until};
use super::{InsightError, known};
use crate::installation::Entered;
use crate::question::{Dimension, Grain, Measure, Question};
use crate::workspace::Workspace;
use bursar_domain::event::{BudgetThresholdReached, EventData, ForecastOverBudget};
use bursar_domain::id::BudgetId;
use bursar_domain::{Amount, BillingPeriod, DateRange};
use bursar_finops::budget::{
    Alert, Budget, BudgetPeriod, Cadence, Contribution, Measured, Rest, Spending, Status, Told, contributions,
};
use bursar_permission::within;
use bursar_store::{Entry, NewEvent};
use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use serde_json::json;
use std::collections::BTreeMap;

const NAME: &str = "budgets";
/// Most budgets of a workspace; more would not fit their document.
const MAX_BUDGETS: usize = 200;
/// What pushed a budget over, shown.
const PUSHERS: usize = 5;

#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Kept {
    id: BudgetId,
    budget: Budget,
    #[serde(default)]
    told: Told,
}

/// A budget and its id.
#[derive(Debug, Clone, PartialEq)]
pub struct BudgetView {
    /// Its id.
    pub id: BudgetId,
    /// The budget.
    pub budget: Budget,
}

/// A budget, and how it stands.
#[derive(Debug, Clone, PartialEq)]
pub struct BudgetReport {
    /// The budget.
    pub view: BudgetView,
    /// How it stands; `None` while there are no charges.
    pub status: Option<Status>,
    /// What pushed it, the largest on top.
    pub pushed_by: Vec<Contribution>,
    /// Thresholds that are reached.
    pub fired: Vec<Fired>,
}

/// A threshold that is reached.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fired {
    /// What it looks at.
    pub on: Measured,
    /// The part of the budget, in hundredths of a percent.
    pub basis_points: u32,
    /// What reached it.
    pub amount: Amount,
}

impl Entered {
    /// The budgets of the workspace.
    ///
    /// # Errors
    /// When they cannot be read.
    pub async fn budgets(&self) -> Result<Vec<BudgetView>, InsightError> {
        let kept: Vec<Kept> = read(self, NAME).await?;
        Ok(kept.into_iter().map(|kept| BudgetView { id: kept.id, budget: kept.budget }).collect())
    }

    /// Adds a budget.
    ///
    /// # Errors
    /// When it cannot be used, or there are too many.
    pub async fn add_budget(&self, budget: Budget) -> Result<BudgetView, InsightError> {
        budget.check()?;
        let id = BudgetId::from_u128(self.store().new_document_id()?.as_u128());
        change(self, NAME, |kept: &mut Vec<Kept>| {
            if kept.len() >= MAX_BUDGETS {
                return Err(InsightError::Asked(format!("a workspace has at most {MAX_BUDGETS} budgets")));
            }
            kept.push(Kept { id, budget: budget.clone(), told: Told::default() });
            Ok((Entry::done("budget.add", id).with(json!({ "after": budget })), ()))
        })
        .await?;
        Ok(BudgetView { id, budget })
    }

    /// Changes a budget. Its thresholds speak again when what is measured changed.
    ///
    /// # Errors
    /// When there is none, or it cannot be used.
    pub async fn change_budget(&self, id: BudgetId, new: Budget) -> Result<BudgetView, InsightError> {
        new.check()?;
        let budget = change(self, NAME, |kept: &mut Vec<Kept>| {
            let found = kept.iter_mut().find(|kept| kept.id == id).ok_or_else(no_budget)?;
            let before = found.budget.clone();
            found.budget = before.replaced_by(new.clone());
            let entry =
                Entry::done("budget.change", id).with(json!({ "before": before, "after": found.budget }));
            Ok((entry, found.budget.clone()))
        })
        .await?;
        Ok(BudgetView { id, budget })
    }

    /// Removes a budget.
    ///
    /// # Errors
    /// When there is none.
    pub async fn remove_budget(&self, id: BudgetId) -> Result<(), InsightError> {
        change(self, NAME, |kept: &mut Vec<Kept>| {
            let at = kept.iter().position(|kept| kept.id == id).ok_or_else(no_budget)?;
            let before = kept.remove(at).budget;
            Ok((Entry::done("budget.remove", id).with(json!({ "before": before })), ()))
        })
        .await
    }

    /// How every budget stands, as far as whoever asks sees its charges.
    ///
    /// # Errors
    /// When the charges cannot be asked.
    pub async fn budget_reports(&self) -> Result<Vec<BudgetReport>, InsightError> {
        let mut reports = Vec::new();
        for view in self.budgets().await? {
            reports.push(self.workspace().budget_report(view).await?);
        }
        Ok(reports)
    }

    /// Thresholds that were reached and not told yet: an event tells each, in the transaction that remembers
    /// that it was told. For the program's own work.
    ///
    /// # Errors
    /// When the charges cannot be asked.
    pub async fn budget_alerts(&self) -> Result<Vec<(BudgetView, Alert)>, InsightError> {
        let mut alerts = Vec::new();
        for report in self.budget_reports().await? {
            let Some(status) = report.status else { continue };
            let id = report.view.id;
            let new = change(self, NAME, |kept: &mut Vec<Kept>| {
                let mut new = Vec::new();
                if let Some(found) = kept.iter_mut().find(|kept| kept.id == id) {
                    let (told, alerts) = found.budget.alerts(&status, &found.told);
                    (found.told, new) = (told, alerts);
                }
                let mut entry = Entry::done("budget.alert", id).with(json!({ "alerts": new }));
                for alert in &new {
                    entry = entry.telling(event(&report.view, alert));
                }
                Ok((entry, new))
            })
            .await?;
            alerts.extend(new.into_iter().map(|alert| (report.view.clone(), alert)));
        }
        Ok(alerts)
    }
}

/// What is told of a threshold: once, however often it is found.
fn event(view: &BudgetView, alert: &Alert) -> NewEvent {
    let BudgetView { id, budget } = view;
    let (period, percent) = (alert.period.starts, u64::from(alert.threshold.basis_points) / 100);
    let data = match alert.threshold.on {
        Measured::Actual => EventData::BudgetThresholdReached(BudgetThresholdReached {
            budget: id.to_string(),
            period,
            threshold_percent: percent,
            actual: alert.reached,
            limit: alert.amount,
            currency: budget.currency.clone(),
        }),
        Measured::Forecast => EventData::ForecastOverBudget(ForecastOverBudget {
            budget: id.to_string(),
            period,
            forecast: alert.reached,
            limit: alert.amount,
            currency: budget.currency.clone(),
            reached_on: None,
        }),
    };
    let on = match alert.threshold.on {
        Measured::Actual => "actual",
        Measured::Forecast => "forecast",
    };
    let once = format!("{id} {period} {} {on} {percent}", alert.revision);
    NewEvent { subject: id.to_string(), data, once: Some(once) }
}

fn no_budget() -> InsightError {
    bursar_store::StoreError::NotFound("budget").into()
}

impl Workspace {
    /// How a budget stands.
    async fn budget_report(&self, view: BudgetView) -> Result<BudgetReport, InsightError> {
        let nothing = |view| BudgetReport { view, status: None, pushed_by: Vec::new(), fired: Vec::new() };
        let until = match known::known_until(self) {
            Err(InsightError::NoCharges) => return Ok(nothing(view)),
            until => until?,
        };
        let budget = &view.budget;
        let scope = within(self.scope().clone(), Some(&budget.scope))
            .map_err(|error| InsightError::Asked(format!("budget `{}`: {error}", budget.name)))?;
        let seen = self.within(scope);
        let Some(month) = BillingPeriod::containing(until) else { return Ok(nothing(view)) };
        let period = budget.period_of(month);
        let Some(days) = period.days() else { return Ok(nothing(view)) };
        let spent = seen.by_day(days, budget.currency.as_str()).await?;
        let rest = seen.rest_of(budget.cadence, days, until, budget.currency.as_str()).await?;
        let status = budget.status(period, &Spending { days: spent, known_until: until, rest })?;
        let pushed_by = seen.pushers(period, until, budget.currency.as_str()).await?;
        let (_, alerts) = budget.alerts(&status, &Told::default());
        let fired = alerts.into_iter().map(|alert| Fired {
            on: alert.threshold.on,
            basis_points: alert.threshold.basis_points,
            amount: alert.reached,
        });
        Ok(BudgetReport { fired: fired.collect(), status: Some(status), pushed_by, view })
    }

    async fn by_day(
        &self,
        days: DateRange,
        currency: &str,
    ) -> Result<BTreeMap<NaiveDate, Amount>, InsightError> {
        let question = Question {
            measure: Measure::EffectiveCost,
            grain: Grain::Day,
            period: Some(days),
            ..Question::default()
        };
        let rows = self.ask(question).await?.rows.into_iter().filter(|row| row.currency == currency);
        Ok(rows.filter_map(|row| Some((row.period?, row.amount))).collect())
    }

    /// What is expected from what is known to the end of the period.
    async fn rest_of(
        &self,
        cadence: Cadence,
        days: DateRange,
        until: NaiveDate,
        currency: &str,
    ) -> Result<Option<Rest>, InsightError> {
        let question = AheadQuestion {
            measure: Measure::EffectiveCost,
            by: None,
            filters: Vec::new(),
            until: match cadence {
                Cadence::Monthly => Until::Month,
                Cadence::Quarterly => Until::Quarter,
                Cadence::Yearly => Until::Year,
            },
            top: 1,
        };
        let report = match self.ahead(&question).await {
            Err(InsightError::NoCharges) => return Ok(None),
            report => report?,
        };
        // A year that begins in April ends elsewhere: no forecast is better than one of another period.
        if report.period != days || report.as_of != until {
            return Ok(None);
        }
        let found = report.currencies.into_iter().find(|found| found.currency == currency);
        let Some(total) = found.map(|found| found.total) else { return Ok(None) };
        let to_come = |amount: Amount| amount.checked_sub(total.actual_so_far);
        Ok(Some(Rest {
            low: to_come(total.interval80.0)?,
            expected: to_come(total.expected_total)?,
            high: to_come(total.interval80.1)?,
        }))
    }

    /// What grew most against as many days of the period before.
    async fn pushers(
        &self,
        period: BudgetPeriod,
        until: NaiveDate,
        currency: &str,
    ) -> Result<Vec<Contribution>, InsightError> {
        let (Some(days), Some(before)) = (period.days(), period.previous().days()) else {
            return Ok(Vec::new());
        };
        let Ok(known) = DateRange::new(days.from(), until.min(days.to()).max(days.from())) else {
            return Ok(Vec::new());
        };
        let length = chrono::TimeDelta::days(known.len_days());
        let Ok(before) = DateRange::new(before.from(), (before.from() + length).min(before.to())) else {
            return Ok(Vec::new());
        };
        let of = async |days: DateRange| -> Result<BTreeMap<String, Amount>, InsightError> {
            let question = Question {
                measure: Measure::EffectiveCost,
                by: vec![Dimension::parse("ServiceName")],
                grain: Grain::Total,
                period: Some(days),
                top: Some(500),
                ..Question::default()
            };
            let rows = self.ask(question).await?.rows.into_iter();
            let rows = rows.filter(|row| row.currency == currency && !row.other);
            let named = |row: crate::answer::Row| {
                (row.keys.into_iter().next().flatten().unwrap_or_else(|| "(none)".to_owned()), row.amount)
            };
            Ok(rows.map(named).collect())
        };
        Ok(contributions(&of(known).await?, &of(before).await?, PUSHERS)?.top)
    }
}
