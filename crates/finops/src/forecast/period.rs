//! Daily cost to the end of a month, quarter or year.
//!
//! A period's total is what is known plus what is expected. Commitments are not forecast: their charges are
//! fixed by contract and added day by day as long as they run. Known one-offs are taken out of the history
//! before the variable part is carried on, so that they do not repeat; known events are added or
//! applied to the days they fall on. The intervals come from how far sums over as many days have been missed.
//!
//! Amounts in and out are exact; what is expected is a statistic, rounded to six digits.

use super::{Forecast, ForecastError, Options, of_regular};
use crate::series::{Regular, Series, fill};
use bursar_domain::money::AmountError;
use bursar_domain::{Amount, DateRange};
use chrono::NaiveDate;
use std::collections::BTreeMap;

/// A period may end at most so many days after what is known.
pub const MAX_DAYS_AHEAD: i64 = 3 * 366;

/// One day's charges.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Day {
    /// What usage cost, which is forecast.
    pub variable: Amount,
    /// Charges of commitments (`CommitmentDiscountId`, subscriptions, support), which are not.
    pub fixed: Amount,
}

/// A charge that a contract fixes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Commitment {
    /// What it is called.
    pub name: String,
    /// What it costs a day.
    pub daily: Amount,
    /// The days on which it is charged.
    pub days: DateRange,
}

/// Something known beforehand or afterwards.
#[derive(Clone, Debug, PartialEq)]
pub struct Event {
    /// What it is called.
    pub name: String,
    /// The days it falls on. Days that are past take it out of the history; days to come add it.
    pub days: DateRange,
    /// What it does.
    pub effect: Effect,
}

/// What an event does.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Effect {
    /// So much more in all, in equal parts on its days.
    Total(Amount),
    /// Variable cost is so many times what it would be: 1.3 for 30 % more, 0 for a shutdown.
    Times(f64),
}

/// What to forecast.
#[derive(Clone, Copy, Debug)]
pub struct Ask<'a> {
    /// Charges by day; a day without any may be left out. Effective cost, never billed.
    pub history: &'a BTreeMap<NaiveDate, Day>,
    /// The first day whose charges are not complete; later days in the history are not used.
    pub as_of: NaiveDate,
    /// The month, quarter or year.
    pub period: DateRange,
    /// Commitments that run on or begin.
    pub commitments: &'a [Commitment],
    /// Known events and one-offs.
    pub events: &'a [Event],
}

/// How a period will end.
#[derive(Clone, Debug, PartialEq)]
pub struct PeriodForecast {
    /// What the known days of the period cost, fixed and variable.
    pub actual_so_far: Amount,
    /// Fixed charges of the days to come.
    pub fixed_to_come: Amount,
    /// Variable cost of the days to come, events counted.
    pub variable_to_come: Amount,
    /// All three together.
    pub expected_total: Amount,
    /// The lower end of the interval that holds the total in 80 % of cases.
    pub lo80: Amount,
    /// Its upper end.
    pub hi80: Amount,
    /// The lower end of the interval that holds the total in 95 % of cases.
    pub lo95: Amount,
    /// Its upper end.
    pub hi95: Amount,
    /// By how much totals over as many days were missed in the backtest, as a share; `None` if the history is too short.
    pub variance: Option<f64>,
    /// Where that stands among the FinOps Foundation's ceilings.
    pub class: Option<VarianceClass>,
    /// The day-by-day forecast of the variable part before events; `None` if no day is to come.
    pub daily: Option<Forecast>,
}

/// The FinOps Foundation's ceilings for the variance of a forecast, by maturity.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum VarianceClass {
    /// At most 12 %.
    Run,
    /// At most 15 %.
    Walk,
    /// At most 20 %.
    Crawl,
    /// More than 20 %.
    Beyond,
}

impl VarianceClass {
    /// The class of a variance, which is a share (0.12 for 12 %).
    #[must_use]
    pub fn of(variance: f64) -> Self {
        match variance.abs() {
            v if v <= 0.12 => Self::Run,
            v if v <= 0.15 => Self::Walk,
            v if v <= 0.20 => Self::Crawl,
            _ => Self::Beyond,
        }
    }
}

/// Why a period cannot be forecast.
#[derive(Debug, thiserror::Error)]
pub enum PeriodError {
    /// No complete day before.
    #[error("there is no complete day of cost before {0}: import charges first")]
    NoHistory(NaiveDate),
    /// Too far.
    #[error("the period ends {0} days after the last known charge: at most {MAX_DAYS_AHEAD} can be forecast")]
    TooFar(i64),
    /// An event with a factor that is none.
    #[error("the event `{0}` has a factor that is negative or not a number")]
    Factor(String),
    /// Amounts beyond what money holds.
    #[error("an amount is too large")]
    Amount(#[from] AmountError),
    /// The forecast of the variable part failed.
    #[error("could not forecast the variable part")]
    Forecast(#[from] ForecastError),
}

/// Forecasts a period's total.
///
/// # Errors
/// If there is no history, the period ends too far away, or an amount is beyond what money holds.
pub fn to_period_end(ask: &Ask<'_>) -> Result<PeriodForecast, PeriodError> {
    let mut actual_so_far = Amount::ZERO;
    for (_, day) in ask.history.range(..ask.as_of).filter(|(day, _)| ask.period.contains(**day)) {
        actual_so_far = actual_so_far.checked_add(day.variable)?.checked_add(day.fixed)?;
    }
    let from = ask.as_of.max(ask.period.from());
    let ahead = (ask.period.to() - ask.as_of).num_days();
    if ahead > MAX_DAYS_AHEAD {
        return Err(PeriodError::TooFar(ahead));
    }
    let to_come: Vec<NaiveDate> = from.iter_days().take_while(|day| *day < ask.period.to()).collect();
    let fixed_to_come = fixed(ask.commitments, &to_come)?;
    let horizon = usize::try_from(ahead).unwrap_or(0);
    if horizon == 0 || to_come.is_empty() {
        return Ok(complete(actual_so_far));
    }
    let regular = cleaned(ask)?;
    let daily = of_regular(&regular, horizon, &Options::default())?;
    let skipped = horizon - to_come.len();
    let mut variable = 0.0;
    for (day, mean) in to_come.iter().zip(&daily.mean[skipped..]) {
        variable += effects(ask.events, *day, *mean)?;
    }
    let variable_to_come = exact(variable)?;
    let expected_total = actual_so_far.checked_add(fixed_to_come)?.checked_add(variable_to_come)?;
    let whole = daily.total_sigma.last().copied().unwrap_or(0.0);
    let last = daily.sigma.last().copied().unwrap_or(0.0);
    // A period that begins later is a part of the horizon: missed at most as if all its days erred alike.
    let sigma = if skipped == 0 { whole } else { whole.min(last * to_come.len() as f64) };
    let end = |multiple: f64| -> Result<Amount, AmountError> {
        expected_total.checked_add(exact(sigma * multiple)?)
    };
    let [narrow, wide] = daily.multiples;
    let variance = daily.backtest.and_then(|backtest| backtest.total);
    Ok(PeriodForecast {
        actual_so_far,
        fixed_to_come,
        variable_to_come,
        expected_total,
        lo80: end(-narrow)?,
        hi80: end(narrow)?,
        lo95: end(-wide)?,
        hi95: end(wide)?,
        variance,
        class: variance.map(VarianceClass::of),
        daily: Some(daily),
    })
}

fn complete(actual: Amount) -> PeriodForecast {
    PeriodForecast {
        actual_so_far: actual,
        fixed_to_come: Amount::ZERO,
        variable_to_come: Amount::ZERO,
        expected_total: actual,
        lo80: actual,
        hi80: actual,
        lo95: actual,
        hi95: actual,
        variance: Some(0.0),
        class: Some(VarianceClass::Run),
        daily: None,
    }
}

fn fixed(commitments: &[Commitment], days: &[NaiveDate]) -> Result<Amount, AmountError> {
    let mut sum = Amount::ZERO;
    for commitment in commitments {
        for _ in days.iter().filter(|day| commitment.days.contains(**day)) {
            sum = sum.checked_add(commitment.daily)?;
        }
    }
    Ok(sum)
}

/// The variable part of every complete day, without what known events did.
fn cleaned(ask: &Ask<'_>) -> Result<Regular, PeriodError> {
    let no_history = || PeriodError::NoHistory(ask.as_of);
    let first = *ask.history.range(..ask.as_of).next().ok_or_else(no_history)?.0;
    let mut values = Vec::new();
    for day in first.iter_days().take_while(|day| *day < ask.as_of) {
        // No charge on a day is a cost of nothing, unlike a timestamp that a file lacks.
        let mut value = ask.history.get(&day).map_or(0.0, |day| day.variable.to_f64_lossy());
        for event in ask.events.iter().filter(|event| event.days.contains(day)) {
            match event.effect {
                Effect::Total(total) => value -= per_day(total, event.days),
                Effect::Times(times) if times > 0.05 => value /= times,
                // Shut down: what would have been is not known.
                Effect::Times(_) => value = f64::NAN,
            }
        }
        values.push(value);
    }
    if values.iter().all(|value| value.is_nan()) {
        return Err(no_history());
    }
    fill(&mut values, 7);
    Regular::of(&Series::daily("", first, values)).ok_or_else(no_history)
}

fn per_day(total: Amount, days: DateRange) -> f64 {
    total.to_f64_lossy() / days.len_days().max(1) as f64
}

/// A day's variable cost with everything known about it.
fn effects(events: &[Event], day: NaiveDate, mean: f64) -> Result<f64, PeriodError> {
    let (mut times, mut more) = (1.0, 0.0);
    for event in events.iter().filter(|event| event.days.contains(day)) {
        match event.effect {
            Effect::Total(total) => more += per_day(total, event.days),
            Effect::Times(factor) if factor >= 0.0 && factor.is_finite() => times *= factor,
            Effect::Times(_) => return Err(PeriodError::Factor(event.name.clone())),
        }
    }
    Ok(mean * times + more)
}

fn exact(value: f64) -> Result<Amount, AmountError> {
    amount(value).ok_or(AmountError::Overflow)
}

/// An expected value as an amount, to six digits; `None` beyond what money holds.
pub(super) fn amount(value: f64) -> Option<Amount> {
    const LARGEST: f64 = 1e18;
    const MICRO: i128 = 1_000_000_000_000;
    (value.abs() <= LARGEST).then(|| Amount::from_units((value * 1e6).round() as i128 * MICRO))
}

#[cfg(test)]
mod tests;
