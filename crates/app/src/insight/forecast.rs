//! How a month, quarter or year will end, in all and by parts that add up.

use super::InsightError;
use super::known::{self, ByDay, Series};
use crate::question::{Dimension, Filter, Measure};
use crate::workspace::Workspace;
use bursar_domain::{Amount, BillingPeriod, DateRange};
use bursar_finops::forecast::period::{Ask, Commitment, Day, PeriodForecast, VarianceClass, to_period_end};
use bursar_finops::forecast::reconcile::{Node, reconcile};
use bursar_finops::forecast::scenario::{Change, Part, Scenario, scenario};
use bursar_finops::forecast::{Backtest, Note};
use chrono::{Datelike, Days, Months, NaiveDate};
use std::collections::BTreeMap;

/// Parts that are shown beside the rest.
const MAX_PARTS: usize = 50;
/// Months over whose days taxes, credits and purchases are averaged.
const REST_MONTHS: i128 = 3;
/// Digits of expected amounts.
const DECIMALS: u32 = 2;

/// How far ahead.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Until {
    /// The end of the month.
    Month,
    /// The end of the quarter.
    Quarter,
    /// The end of the year.
    Year,
}

impl Until {
    /// The period that a day is in.
    #[must_use]
    pub fn period(self, day: NaiveDate) -> Option<DateRange> {
        let month = BillingPeriod::containing(day)?;
        let into = match self {
            Self::Month => 0,
            Self::Quarter => day.month0() % 3,
            Self::Year => day.month0(),
        };
        let months = match self {
            Self::Month => 1,
            Self::Quarter => 3,
            Self::Year => 12,
        };
        let first = (0..into).fold(month, |month, _| month.previous());
        let last = (1..months).fold(first, |month, _| month.next());
        DateRange::new(first.start(), last.end()).ok()
    }
}

/// What to forecast.
#[derive(Debug, Clone)]
pub struct AheadQuestion {
    /// What is added up; effective cost, unless somebody asks for another.
    pub measure: Measure,
    /// What it is split by.
    pub by: Option<Dimension>,
    /// Which charges count.
    pub filters: Vec<Filter>,
    /// How far ahead.
    pub until: Until,
    /// Parts beside the rest.
    pub top: usize,
}

/// The answer.
#[derive(Debug, Clone, PartialEq)]
pub struct AheadReport {
    /// The first day whose charges are not complete.
    pub as_of: NaiveDate,
    /// The period.
    pub period: DateRange,
    /// A forecast for each currency, the largest first.
    pub currencies: Vec<AheadCurrency>,
    /// What to know before relying on it.
    pub notes: Vec<String>,
}

/// A forecast in one currency.
#[derive(Debug, Clone, PartialEq)]
pub struct AheadCurrency {
    /// The currency.
    pub currency: String,
    /// All of it.
    pub total: Ahead,
    /// The parts; their expected amounts add up to the total's.
    pub parts: Vec<AheadPart>,
    /// Charges by day, so far.
    pub history: Vec<(NaiveDate, Amount)>,
    /// Usage by day, to come.
    pub daily: Vec<DailyPoint>,
}

/// A part of a forecast.
#[derive(Debug, Clone, PartialEq)]
pub struct AheadPart {
    /// The value of the dimension.
    pub value: Option<String>,
    /// Whether it is the rest beyond the largest.
    pub other: bool,
    /// How it will end.
    pub ahead: Ahead,
}

/// How a period will end.
#[derive(Debug, Clone, PartialEq)]
pub struct Ahead {
    /// What its known days came to.
    pub actual_so_far: Amount,
    /// What it is expected to come to.
    pub expected_total: Amount,
    /// The interval that holds it in 80 of 100 cases.
    pub interval80: (Amount, Amount),
    /// The interval that holds it in 95 of 100 cases.
    pub interval95: (Amount, Amount),
    /// The models, for people.
    pub model: String,
    /// How the same models would have done before.
    pub backtest: Option<Backtest>,
    /// By how much totals over as many days were missed, as a share.
    pub variance: Option<f64>,
    /// Where that stands among the FinOps Foundation's ceilings.
    pub class: Option<VarianceClass>,
}

/// A day to come.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct DailyPoint {
    /// The day.
    pub day: NaiveDate,
    /// What is expected, and the ends of both intervals: mean, lo80, hi80, lo95, hi95.
    pub values: [f64; 5],
}

/// A part with everything that its forecast is made of.
struct Made {
    series: Series,
    forecast: PeriodForecast,
}

impl Workspace {
    /// How a period will end.
    ///
    /// # Errors
    /// When there are no complete days yet, or the question cannot be answered.
    pub async fn ahead(&self, question: &AheadQuestion) -> Result<AheadReport, InsightError> {
        let as_of = known::known_until(self)?;
        let period = question.until.period(as_of).ok_or(InsightError::NoCharges)?;
        let top = question.top.clamp(1, MAX_PARTS);
        let history = known::history(as_of)?;
        let found =
            known::series(self, question.measure, question.by.as_ref(), &question.filters, history, top)
                .await?;
        let split = question.by.is_some();
        let made = tokio::task::spawn_blocking(move || {
            found
                .into_iter()
                .map(|(currency, groups)| of_currency(currency, groups, as_of, period, split))
                .collect()
        });
        let made: Result<Vec<AheadCurrency>, InsightError> =
            made.await.map_err(|stopped| InsightError::Failed(stopped.to_string()))?;
        let mut currencies = made?;
        currencies.sort_by_key(|currency| std::cmp::Reverse(currency.total.expected_total));
        if currencies.is_empty() {
            return Err(InsightError::NoCharges);
        }
        let mut notes = vec![format!(
            "days from {as_of} on are forecast; charges of the days before are taken as complete"
        )];
        notes.push(format!(
            "taxes, credits, purchases and adjustments are expected on the days on which the last {REST_MONTHS} months had them"
        ));
        Ok(AheadReport { as_of, period, currencies, notes })
    }

    /// The first day whose charges are not complete.
    ///
    /// # Errors
    /// When there are no charges.
    pub fn known_until(&self) -> Result<NaiveDate, InsightError> {
        known::known_until(self)
    }

    /// The same period with and without changes, in one currency.
    ///
    /// # Errors
    /// As [`Workspace::ahead`], and when a change names what is not there.
    pub async fn what_if(
        &self,
        question: &AheadQuestion,
        currency: &str,
        changes: &[Change],
    ) -> Result<Scenario, InsightError> {
        let as_of = known::known_until(self)?;
        let period = question.until.period(as_of).ok_or(InsightError::NoCharges)?;
        let by = question.by.as_ref();
        let mut found =
            known::series(self, question.measure, by, &question.filters, known::history(as_of)?, MAX_PARTS)
                .await?;
        let groups = found.remove(currency).ok_or(InsightError::NoCharges)?;
        let mut parts = Vec::with_capacity(groups.len());
        for series in groups {
            let name = match (&series.value, series.other) {
                (_, true) => "(other)".to_owned(),
                (Some(value), _) => value.clone(),
                (None, _) => "(none)".to_owned(),
            };
            let forecast = end(&series, as_of, period)?;
            parts.push(Part { name, daily: forecast.daily.map(|daily| daily.mean).unwrap_or_default() });
        }
        Ok(scenario(&parts, changes)?)
    }
}

/// How a group's period will end, by itself.
fn end(series: &Series, as_of: NaiveDate, period: DateRange) -> Result<PeriodForecast, InsightError> {
    let mut history: BTreeMap<NaiveDate, Day> = BTreeMap::new();
    for (day, amount) in &series.usage {
        history.entry(*day).or_default().variable = *amount;
    }
    for (day, amount) in &series.rest {
        history.entry(*day).or_default().fixed = *amount;
    }
    // A group that has been gone for long is still a group.
    history.entry(period.from().min(as_of.pred_opt().unwrap_or(as_of))).or_default();
    let mut commitments = Vec::new();
    for day in as_of.max(period.from()).iter_days().take_while(|day| *day < period.to()) {
        let daily = as_before(&series.rest, day, as_of)?;
        if let (false, Some(next)) = (daily.is_zero(), day.succ_opt())
            && let Ok(days) = DateRange::new(day, next)
        {
            let name = "taxes, credits, purchases and adjustments".to_owned();
            commitments.push(Commitment { name, daily, days });
        }
    }
    Ok(to_period_end(&Ask { history: &history, as_of, period, commitments: &commitments, events: &[] })?)
}

/// What came on this day of the last months that are known, on average: what is billed once a month is
/// billed on a day of its own.
fn as_before(days: &ByDay, day: NaiveDate, as_of: NaiveDate) -> Result<Amount, InsightError> {
    let (mut sum, mut months) = (Amount::ZERO, 0_i128);
    for back in 1..=36 {
        let Some(before) = day.checked_sub_months(Months::new(back)) else { break };
        if before >= as_of {
            continue;
        }
        sum = sum.checked_add(days.get(&before).copied().unwrap_or_default())?;
        months += 1;
        if months == REST_MONTHS {
            break;
        }
    }
    Ok(if months == 0 { Amount::ZERO } else { Amount::from_units(sum.units() / months) })
}

fn of_currency(
    currency: String,
    groups: Vec<Series>,
    as_of: NaiveDate,
    period: DateRange,
    split: bool,
) -> Result<AheadCurrency, InsightError> {
    let mut all = Series::default();
    for group in &groups {
        for (into, from) in [(&mut all.usage, &group.usage), (&mut all.rest, &group.rest)] {
            for (day, amount) in from {
                let sum = into.entry(*day).or_default();
                *sum = sum.checked_add(*amount)?;
            }
        }
    }
    let total = end(&all, as_of, period)?;
    let mut made = Vec::new();
    if split {
        for series in groups {
            let forecast = end(&series, as_of, period)?;
            made.push(Made { series, forecast });
        }
    }
    let daily = days_ahead(&total, as_of, period);
    let first = as_of.checked_sub_days(Days::new(120)).unwrap_or(as_of);
    let mut history = BTreeMap::new();
    for (day, amount) in all.usage.range(first..).chain(all.rest.range(first..)) {
        let sum: &mut Amount = history.entry(*day).or_default();
        *sum = sum.checked_add(*amount)?;
    }
    let (total, parts) = together(total, made)?;
    Ok(AheadCurrency { currency, total, parts, history: history.into_iter().collect(), daily })
}

/// The day-by-day part of the total, for the chart.
fn days_ahead(total: &PeriodForecast, as_of: NaiveDate, period: DateRange) -> Vec<DailyPoint> {
    let Some(daily) = &total.daily else { return Vec::new() };
    let days = as_of.iter_days().take_while(|day| *day < period.to());
    let at = |list: &[f64], place: usize| list.get(place).copied().unwrap_or_default();
    days.enumerate()
        .map(|(place, day)| DailyPoint {
            day,
            values: [&daily.mean, &daily.lo80, &daily.hi80, &daily.lo95, &daily.hi95]
                .map(|list| at(list, place)),
        })
        .collect()
}

fn sigma(forecast: &PeriodForecast) -> f64 {
    forecast.daily.as_ref().and_then(|daily| daily.total_sigma.last().copied()).unwrap_or_default()
}

/// Makes the parts add up to the total.
fn together(total: PeriodForecast, made: Vec<Made>) -> Result<(Ahead, Vec<AheadPart>), InsightError> {
    if made.is_empty() {
        return Ok((ahead(&total, total.expected_total, None)?, Vec::new()));
    }
    let node = |parent, forecast: &PeriodForecast| Node {
        parent,
        mean: forecast.expected_total.to_f64_lossy(),
        variance: sigma(forecast).powi(2),
    };
    let nodes: Vec<Node> = std::iter::once(node(None, &total))
        .chain(made.iter().map(|part| node(Some(0), &part.forecast)))
        .collect();
    let coherent = reconcile(&nodes, DECIMALS)?;
    let mut parts = Vec::with_capacity(made.len());
    for (part, found) in made.into_iter().zip(coherent.iter().skip(1)) {
        parts.push(AheadPart {
            ahead: ahead(&part.forecast, found.mean, Some(found.sigma))?,
            value: part.series.value,
            other: part.series.other,
        });
    }
    let whole =
        coherent.first().map_or((total.expected_total, None), |found| (found.mean, Some(found.sigma)));
    Ok((ahead(&total, whole.0, whole.1)?, parts))
}

fn ahead(
    forecast: &PeriodForecast,
    expected: Amount,
    sigma_left: Option<f64>,
) -> Result<Ahead, InsightError> {
    let daily = forecast.daily.as_ref();
    let own = sigma(forecast);
    // What is left of each interval after the others were heard.
    let narrower = match sigma_left {
        Some(left) if own > 0.0 => (left / own).clamp(0.0, 1.0),
        _ => 1.0,
    };
    let interval = |low: Amount, high: Amount| -> Result<(Amount, Amount), InsightError> {
        let half = (high.to_f64_lossy() - low.to_f64_lossy()) / 2.0 * narrower;
        let half = Amount::from_units((half * 100.0).round() as i128 * 10_i128.pow(16));
        Ok((expected.checked_sub(half)?, expected.checked_add(half)?))
    };
    let note = |note: &Note| note.to_string();
    let mut model = daily.map_or_else(|| "complete".to_owned(), |daily| daily.model.clone());
    if let Some(daily) = daily
        && !daily.notes.is_empty()
    {
        model.push_str("; ");
        model.push_str(&daily.notes.iter().map(note).collect::<Vec<_>>().join("; "));
    }
    Ok(Ahead {
        actual_so_far: forecast.actual_so_far,
        expected_total: expected,
        interval80: interval(forecast.lo80, forecast.hi80)?,
        interval95: interval(forecast.lo95, forecast.hi95)?,
        model,
        backtest: daily.and_then(|daily| daily.backtest),
        variance: forecast.variance,
        class: forecast.class,
    })
}
