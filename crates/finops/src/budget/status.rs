//! Spending beside the plan: how much is used, how it went day by day, and how it will end.

use super::plan::{Budget, BudgetPeriod};
use crate::allocation::{Share, split};
use bursar_domain::money::AmountError;
use bursar_domain::{Amount, BillingPeriod};
use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// What was spent in the budget's scope and currency.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Spending {
    /// By day of charge; days without charges may be left out.
    pub days: BTreeMap<NaiveDate, Amount>,
    /// The day after the last one whose charges have arrived.
    pub known_until: NaiveDate,
    /// What is expected from then to the end of the period, if a forecast could be made.
    pub rest: Option<Rest>,
}

/// A forecast of the rest of a period, with its range.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rest {
    /// The low end of the range.
    pub low: Amount,
    /// What is expected.
    pub expected: Amount,
    /// The high end.
    pub high: Amount,
}

/// How a budget stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Standing {
    /// Within, and expected to end so. Also when there is no forecast.
    Within,
    /// Within, but expected to end over.
    HeadingOver,
    /// More was spent than planned.
    Over,
}

/// A budget's period so far.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Status {
    /// The period.
    pub period: BudgetPeriod,
    /// The plan.
    pub amount: Amount,
    /// What was spent.
    pub actual: Amount,
    /// What is left; below zero when over.
    pub remaining: Amount,
    /// Spent of planned.
    pub used: Share,
    /// Days known of days in the period.
    pub elapsed: Share,
    /// What will have been spent at the end, with its range.
    pub forecast: Option<Rest>,
    /// How it stands.
    pub standing: Standing,
    /// The first day on which the plan was exceeded.
    pub exceeded_on: Option<NaiveDate>,
    /// Day by day, as far as it is known.
    pub burn_down: Vec<BurnPoint>,
}

/// One day of a burn-down.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct BurnPoint {
    /// The day.
    pub date: NaiveDate,
    /// Spent on it; none when its charges are not known yet.
    pub spent: Option<Amount>,
    /// Left at its end; none when not known yet.
    pub remaining: Option<Amount>,
    /// Left at its end if the plan were spent evenly by day.
    pub planned_remaining: Amount,
}

/// Why there is no status.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum StatusError {
    /// The end of the calendar.
    #[error("the period from {0} has no end in the calendar")]
    Calendar(BillingPeriod),
    /// Out of range.
    #[error(transparent)]
    Amount(#[from] AmountError),
}

impl Budget {
    /// How a period stands. Days of other periods are not looked at.
    ///
    /// # Errors
    /// When a sum leaves the range.
    pub fn status(&self, period: BudgetPeriod, spending: &Spending) -> Result<Status, StatusError> {
        let amount = self.amount_for(period);
        let range = period.days().ok_or(StatusError::Calendar(period.starts))?;
        let days: Vec<NaiveDate> = range.from().iter_days().take_while(|day| *day < range.to()).collect();
        // INVARIANT: a period has days, so dividing cannot fail.
        let planned = split(amount, &vec![Amount::from_units(1); days.len()]).unwrap_or_default();
        let (mut actual, mut planned_remaining) = (Amount::ZERO, amount);
        let mut exceeded_on = None;
        let mut known = 0_i128;
        let mut burn_down = Vec::with_capacity(days.len());
        for (date, planned) in days.iter().zip(planned) {
            planned_remaining = planned_remaining.checked_sub(planned)?;
            let spent =
                (*date < spending.known_until).then(|| spending.days.get(date).copied().unwrap_or_default());
            let remaining = match spent {
                None => None,
                Some(spent) => {
                    known += 1;
                    actual = actual.checked_add(spent)?;
                    if actual > amount && exceeded_on.is_none() {
                        exceeded_on = Some(*date);
                    }
                    Some(amount.checked_sub(actual)?)
                }
            };
            burn_down.push(BurnPoint { date: *date, spent, remaining, planned_remaining });
        }
        let forecast = match spending.rest {
            // Nothing is left to forecast once all days are known.
            _ if known == i128::try_from(days.len()).unwrap_or(i128::MAX) => {
                Some(Rest { low: actual, expected: actual, high: actual })
            }
            None => None,
            Some(rest) => Some(Rest {
                low: actual.checked_add(rest.low)?,
                expected: actual.checked_add(rest.expected)?,
                high: actual.checked_add(rest.high)?,
            }),
        };
        let standing = if actual > amount {
            Standing::Over
        } else if forecast.is_some_and(|forecast| forecast.expected > amount) {
            Standing::HeadingOver
        } else {
            Standing::Within
        };
        let whole = i128::try_from(days.len()).unwrap_or(i128::MAX);
        Ok(Status {
            period,
            amount,
            actual,
            remaining: amount.checked_sub(actual)?,
            used: Share::of(actual, amount),
            elapsed: Share::of(Amount::from_units(known), Amount::from_units(whole)),
            forecast,
            standing,
            exceeded_on,
            burn_down,
        })
    }
}
