//! Rows of an answer.

use super::plan::{AMOUNT, CURRENCY, LINES, PERIOD};
use crate::charges::Excluded;
use crate::question::{Dimension, Grain, Question};
use crate::sql::QueryError;
use arrow::array::{Array, AsArray, RecordBatch};
use arrow::buffer::NullBuffer;
use arrow::datatypes::{Date32Type, Decimal128Type, Int64Type};
use arrow::util::display::{ArrayFormatter, FormatOptions};
use bursar_domain::{Amount, BillingPeriod, DateRange};
use chrono::NaiveDate;
use std::collections::{BTreeMap, HashMap, HashSet};

/// The answer to a question, from the rows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// The days it was asked of.
    pub period: Option<DateRange>,
    /// Groups × periods × currencies. Sorted by period, then by amount, largest first.
    pub rows: Vec<Row>,
    /// A sum for each currency, of everything that matched.
    pub totals: Vec<Total>,
    /// How many groups the rows marked `other` hold together.
    pub other_groups: u64,
    /// Cells and rows left out.
    pub excluded: Vec<Excluded>,
    /// Native rows that are no charges, by reason.
    pub dropped: Vec<(String, u64)>,
    /// What else one must know.
    pub notes: Vec<String>,
    /// Why there are no rows, if there are none.
    pub empty_reason: Option<String>,
    /// What was looked at.
    pub read: Read,
}

/// What an answer rests on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Read {
    /// Charges that matched.
    pub lines: u64,
    /// Cells of rollups that were read instead of rows; 0 when rows answered.
    pub cells: u64,
}

/// One group in one period and currency.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    /// The group's value of each dimension.
    pub keys: Vec<Option<String>>,
    /// First day of the day or month.
    pub period: Option<NaiveDate>,
    /// The currency; empty where the charges have none.
    pub currency: String,
    /// The sum.
    pub amount: Amount,
    /// The sum of the period before, if asked.
    pub previous: Option<Amount>,
    /// Whether this is the rest beyond the largest groups.
    pub other: bool,
}

/// The sum of a currency.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Total {
    /// The currency; empty where the charges have none.
    pub currency: String,
    /// The sum.
    pub amount: Amount,
    /// The sum of the period before, if asked.
    pub previous: Option<Amount>,
}

type Keys = Vec<Option<String>>;

#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Sum {
    pub(super) amount: Amount,
    pub(super) previous: Option<Amount>,
    lines: u64,
}

/// Sums by keys, period and currency.
#[derive(Debug, Default)]
pub(super) struct Sums(pub(super) BTreeMap<(Option<NaiveDate>, String, Keys), Sum>);

fn add(left: Amount, right: Amount) -> Result<Amount, QueryError> {
    left.checked_add(right).map_err(|error| QueryError::Failed { detail: error.to_string() })
}

fn first_of(day: NaiveDate, grain: Grain) -> NaiveDate {
    match grain {
        Grain::Month => BillingPeriod::containing(day).map_or(day, BillingPeriod::start),
        _ => day,
    }
}

impl Sums {
    pub(super) fn of(batches: &[RecordBatch], question: &Question) -> Result<Self, QueryError> {
        let broken = |detail: &str| QueryError::Failed { detail: detail.to_owned() };
        let mut sums = Self::default();
        let options = FormatOptions::default();
        for batch in batches {
            let named = |name: &str| {
                batch.column_by_name(name).ok_or_else(|| broken("a column of the answer is missing"))
            };
            let keys = question.by.iter().enumerate().map(|(at, dimension)| {
                let array = named(&format!("k{at}"))?;
                let array = match dimension {
                    Dimension::Column(_) if array.data_type().is_temporal() => {
                        &arrow::compute::cast(array, &arrow::datatypes::DataType::Date32)
                            .map_err(|e| broken(&e.to_string()))?
                    }
                    _ => array,
                };
                Ok(std::sync::Arc::clone(array))
            });
            let keys = keys.collect::<Result<Vec<_>, QueryError>>()?;
            let shown = keys.iter().map(|array| ArrayFormatter::try_new(array.as_ref(), &options));
            let shown = shown.collect::<Result<Vec<_>, _>>().map_err(|e| broken(&e.to_string()))?;
            let currency = named(CURRENCY)?;
            let currency_text =
                ArrayFormatter::try_new(currency.as_ref(), &options).map_err(|e| broken(&e.to_string()))?;
            let amount = named(AMOUNT)?.as_primitive::<Decimal128Type>();
            let lines = named(LINES)?.as_primitive::<Int64Type>();
            let period = (question.grain != Grain::Total).then(|| named(PERIOD)).transpose()?;
            // Through dictionary codes too, and once: asking a dictionary row by row is quadratic.
            let missing: Vec<Option<NullBuffer>> = keys.iter().map(|array| array.logical_nulls()).collect();
            let no_currency = currency.logical_nulls();
            for row in 0..batch.num_rows() {
                let key: Keys = missing
                    .iter()
                    .zip(&shown)
                    .map(|(missing, shown)| (!is_null(missing, row)).then(|| shown.value(row).to_string()))
                    .collect();
                let day = period.and_then(|array| {
                    let days = array.as_primitive::<Date32Type>();
                    (!days.is_null(row)).then(|| days.value_as_date(row)).flatten()
                });
                let code =
                    if is_null(&no_currency, row) { String::new() } else { currency_text.value(row).to_string() };
                let units = if amount.is_null(row) { 0 } else { amount.value(row) };
                let sum =
                    sums.0.entry((day.map(|day| first_of(day, question.grain)), code, key)).or_default();
                sum.amount = add(sum.amount, Amount::from_units(units))?;
                sum.lines += u64::try_from(lines.value(row)).unwrap_or(0);
            }
        }
        Ok(sums)
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Puts the sums of the period before beside these: the first day beside the first day.
    pub(super) fn beside(&mut self, before: Self, question: &Question) {
        let Some(period) = question.period else { return };
        let from = period.previous().from();
        for sum in self.0.values_mut() {
            sum.previous = Some(Amount::ZERO);
        }
        for ((day, currency, keys), sum) in before.0 {
            let day = day.map(|day| super::period::shifted(day, from, period.from(), question.grain));
            if day.is_some_and(|day| !period.contains(day) && day != first_of(period.from(), question.grain))
            {
                continue;
            }
            let here = self.0.entry((day, currency, keys)).or_default();
            here.previous = Some(sum.amount);
        }
    }

    pub(super) fn into_answer(self, question: &Question) -> Answer {
        let mut totals: BTreeMap<String, (Amount, Option<Amount>)> = BTreeMap::new();
        let mut lines = 0;
        for ((_, currency, _), sum) in &self.0 {
            let total = totals.entry(currency.clone()).or_default();
            // Sums of sums that each fit: an overflow here would have shown in the plan already.
            total.0 = total.0.checked_add(sum.amount).unwrap_or(total.0);
            total.1 = match (total.1, sum.previous) {
                (None, previous) => previous,
                (Some(have), Some(more)) => Some(have.checked_add(more).unwrap_or(have)),
                (have, None) => have,
            };
            lines += sum.lines;
        }
        let kept = question.top.map(|top| self.largest(top));
        let mut other_groups: HashSet<&Keys> = HashSet::new();
        let mut rest: BTreeMap<(Option<NaiveDate>, &str), Sum> = BTreeMap::new();
        let mut rows = Vec::new();
        for ((day, currency, keys), sum) in &self.0 {
            if kept.as_ref().is_some_and(|kept| !kept.contains(&(currency.as_str(), keys))) {
                other_groups.insert(keys);
                let other = rest.entry((*day, currency)).or_default();
                other.amount = other.amount.checked_add(sum.amount).unwrap_or(other.amount);
                if let Some(previous) = sum.previous {
                    let have = other.previous.unwrap_or_default();
                    other.previous = Some(have.checked_add(previous).unwrap_or(have));
                }
                continue;
            }
            rows.push(Row {
                keys: keys.clone(),
                period: *day,
                currency: currency.clone(),
                amount: sum.amount,
                previous: sum.previous,
                other: false,
            });
        }
        rows.sort_by(|a, b| {
            (a.period, &a.currency, std::cmp::Reverse(a.amount), &a.keys).cmp(&(
                b.period,
                &b.currency,
                std::cmp::Reverse(b.amount),
                &b.keys,
            ))
        });
        for ((day, currency), sum) in rest {
            rows.push(Row {
                keys: vec![None; question.by.len()],
                period: day,
                currency: currency.to_owned(),
                amount: sum.amount,
                previous: sum.previous,
                other: true,
            });
        }
        Answer {
            period: question.period,
            rows,
            totals: totals
                .into_iter()
                .map(|(currency, (amount, previous))| Total { currency, amount, previous })
                .collect(),
            other_groups: other_groups.len() as u64,
            excluded: Vec::new(),
            dropped: Vec::new(),
            notes: Vec::new(),
            empty_reason: None,
            read: Read { lines, cells: 0 },
        }
    }

    /// The `top` groups of each currency, by their sum over all periods.
    fn largest(&self, top: usize) -> HashSet<(&str, &Keys)> {
        let mut sums: HashMap<(&str, &Keys), Amount> = HashMap::new();
        for ((_, currency, keys), sum) in &self.0 {
            let have = sums.entry((currency, keys)).or_default();
            *have = have.checked_add(sum.amount).unwrap_or(*have);
        }
        let mut by_currency: BTreeMap<&str, Vec<(Amount, &Keys)>> = BTreeMap::new();
        for ((currency, keys), amount) in sums {
            by_currency.entry(currency).or_default().push((amount, keys));
        }
        let mut kept = HashSet::new();
        for (currency, mut groups) in by_currency {
            groups.sort_by(|a, b| b.0.cmp(&a.0).then_with(|| a.1.cmp(b.1)));
            kept.extend(groups.into_iter().take(top).map(|(_, keys)| (currency, keys)));
        }
        kept
    }
}

fn is_null(missing: &Option<NullBuffer>, row: usize) -> bool {
    missing.as_ref().is_some_and(|missing| missing.is_null(row))
}
