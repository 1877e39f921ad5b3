//! Rows of an answer.

use super::plan::{AMOUNT, CURRENCY, LINES, PERIOD};
use crate::charges::Excluded;
use crate::question::{Dimension, Grain, Question};
use crate::sql::QueryError;
use arrow::array::{Array, ArrayRef, AsArray, RecordBatch};
use arrow::buffer::NullBuffer;
use arrow::datatypes::{DataType, Date32Type, Decimal128Type, Int64Type};
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

/// Sums of one group in one period and currency.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Sum {
    pub(super) amount: Amount,
    pub(super) previous: Option<Amount>,
    pub(super) lines: u64,
    /// Charges of the period before.
    pub(super) lines_before: u64,
}

/// Texts and their numbers, from 1; 0 is a missing value.
#[derive(Debug, Default, Clone)]
pub(super) struct Names {
    numbers: HashMap<String, u32>,
    texts: Vec<String>,
}

impl Names {
    pub(super) fn number(&mut self, text: &str) -> Result<u32, QueryError> {
        if let Some(number) = self.numbers.get(text) {
            return Ok(*number);
        }
        let number =
            u32::try_from(self.texts.len() + 1).map_err(|_| broken("an answer has too many groups"))?;
        self.numbers.insert(text.to_owned(), number);
        self.texts.push(text.to_owned());
        Ok(number)
    }

    pub(super) fn text(&self, number: u32) -> Option<&str> {
        let at = usize::try_from(number.checked_sub(1)?).ok()?;
        self.texts.get(at).map(String::as_str)
    }

    /// The numbers of these names among others, 0 first.
    fn among(&self, others: &mut Self) -> Result<Vec<u32>, QueryError> {
        let mine = self.texts.iter().map(|text| others.number(text));
        std::iter::once(Ok(0)).chain(mine).collect()
    }
}

/// The values of a group's dimensions, as numbers of their names.
pub(super) type Group = [u32; Question::MAX_BY];

/// The rest beyond the largest groups, by period and currency.
pub(super) type Rest<'a> = BTreeMap<(Option<NaiveDate>, &'a str), Sum>;

/// A group in one period and currency.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct Place {
    pub(super) day: Option<NaiveDate>,
    pub(super) currency: u32,
    pub(super) group: Group,
}

/// Sums by group, period and currency. An explorer's question has many groups in many periods and
/// shows few of them: they are numbers until it is known which are shown.
#[derive(Debug, Default)]
pub(super) struct Sums {
    pub(super) sums: HashMap<Place, Sum>,
    pub(super) currencies: Names,
    pub(super) names: Vec<Names>,
}

fn broken(detail: &str) -> QueryError {
    QueryError::Failed { detail: detail.to_owned() }
}

fn add(left: Amount, right: Amount) -> Result<Amount, QueryError> {
    left.checked_add(right).map_err(|error| broken(&error.to_string()))
}

/// The first day of the day's period.
fn first_of(day: NaiveDate, grain: Grain) -> NaiveDate {
    match grain {
        Grain::Month => BillingPeriod::containing(day).map_or(day, BillingPeriod::start),
        _ => day,
    }
}

/// The period that a period of before stands beside, by its first day; `None` where there is no such
/// period: February has no 30th to stand beside January's.
pub(super) fn beside(day: NaiveDate, period: DateRange, grain: Grain) -> Option<NaiveDate> {
    let there = period.previous().from();
    let day = super::period::shifted(first_of(day, grain), there, period.from(), grain);
    (period.contains(day) || day == first_of(period.from(), grain)).then_some(day)
}

/// The number of each row's text; each value of a dictionary is shown once.
fn numbers(array: &ArrayRef, names: &mut Names) -> Result<Vec<u32>, QueryError> {
    let options = FormatOptions::default();
    let shown = |array: &ArrayRef, names: &mut Names| -> Result<Vec<u32>, QueryError> {
        let text = ArrayFormatter::try_new(array.as_ref(), &options).map_err(|e| broken(&e.to_string()))?;
        let missing = array.logical_nulls();
        let is_missing = |row| missing.as_ref().is_some_and(|missing: &NullBuffer| missing.is_null(row));
        let one = |row| if is_missing(row) { Ok(0) } else { names.number(&text.value(row).to_string()) };
        (0..array.len()).map(one).collect()
    };
    let Some(dictionary) = array.as_any_dictionary_opt() else { return shown(array, names) };
    let of_values = shown(dictionary.values(), names)?;
    let keys =
        arrow::compute::cast(dictionary.keys(), &DataType::Int64).map_err(|e| broken(&e.to_string()))?;
    let keys = keys.as_primitive::<Int64Type>();
    let of = |key: Option<i64>| {
        let at = key.and_then(|key| usize::try_from(key).ok());
        at.and_then(|at| of_values.get(at).copied()).unwrap_or(0)
    };
    Ok(keys.iter().map(of).collect())
}

impl Sums {
    /// Nothing yet.
    pub(super) fn new(question: &Question) -> Self {
        Self { names: vec![Names::default(); question.by.len()], ..Self::default() }
    }

    /// Nothing yet, with the same numbers for the same names.
    pub(super) fn empty(&self) -> Self {
        Self { sums: HashMap::new(), currencies: self.currencies.clone(), names: self.names.clone() }
    }

    /// With the rows of a plan added.
    pub(super) fn and(self, batches: &[RecordBatch], question: &Question) -> Result<Self, QueryError> {
        let mut found = self;
        for batch in batches {
            let named = |name: &str| {
                batch.column_by_name(name).ok_or_else(|| broken("a column of the answer is missing"))
            };
            let mut groups = vec![[0; Question::MAX_BY]; batch.num_rows()];
            for (at, dimension) in question.by.iter().enumerate() {
                let mut array = ArrayRef::clone(named(&format!("k{at}"))?);
                if matches!(dimension, Dimension::Column(_)) && array.data_type().is_temporal() {
                    array = arrow::compute::cast(&array, &DataType::Date32)
                        .map_err(|e| broken(&e.to_string()))?;
                }
                let of_rows = numbers(&array, &mut found.names[at])?;
                groups.iter_mut().zip(of_rows).for_each(|(group, number)| group[at] = number);
            }
            let currencies = numbers(named(CURRENCY)?, &mut found.currencies)?;
            let amount = named(AMOUNT)?.as_primitive::<Decimal128Type>();
            let lines = named(LINES)?.as_primitive::<Int64Type>();
            let period = (question.grain != Grain::Total).then(|| named(PERIOD)).transpose()?;
            let period = period.map(|array| array.as_primitive::<Date32Type>());
            for (row, (group, currency)) in groups.into_iter().zip(currencies).enumerate() {
                let day = period.and_then(|days| {
                    let day = (!days.is_null(row)).then(|| days.value_as_date(row)).flatten();
                    day.map(|day| first_of(day, question.grain))
                });
                let units = if amount.is_null(row) { 0 } else { amount.value(row) };
                let sum = found.sums.entry(Place { day, currency, group }).or_default();
                sum.amount = add(sum.amount, Amount::from_units(units))?;
                sum.lines += u64::try_from(lines.value(row)).unwrap_or(0);
            }
        }
        Ok(found)
    }

    pub(super) fn is_empty(&self) -> bool {
        self.sums.is_empty()
    }

    /// Puts the sums of the period before beside these: the first day beside the first day.
    pub(super) fn beside(&mut self, before: &Self, question: &Question) -> Result<(), QueryError> {
        let Some(period) = question.period else { return Ok(()) };
        for sum in self.sums.values_mut() {
            sum.previous = Some(Amount::ZERO);
        }
        let currencies = before.currencies.among(&mut self.currencies)?;
        let names = before.names.iter().zip(&mut self.names).map(|(theirs, mine)| theirs.among(mine));
        let names = names.collect::<Result<Vec<_>, _>>()?;
        let here = |numbers: &[u32], number: u32| {
            usize::try_from(number).ok().and_then(|at| numbers.get(at).copied()).unwrap_or(0)
        };
        for (place, sum) in &before.sums {
            let day = place.day.and_then(|day| beside(day, period, question.grain));
            if place.day.is_some() && day.is_none() {
                continue;
            }
            let mut group = [0; Question::MAX_BY];
            for ((mine, theirs), names) in group.iter_mut().zip(place.group).zip(&names) {
                *mine = here(names, theirs);
            }
            let place = Place { day, currency: here(&currencies, place.currency), group };
            let here = self.sums.entry(place).or_default();
            (here.previous, here.lines_before) = (Some(sum.amount), sum.lines);
        }
        Ok(())
    }

    fn keys(&self, group: &Group) -> Vec<Option<String>> {
        self.names.iter().zip(group).map(|(names, number)| names.text(*number).map(str::to_owned)).collect()
    }

    pub(super) fn currency(&self, number: u32) -> &str {
        self.currencies.text(number).unwrap_or_default()
    }

    /// The sum of each currency, and how many charges it is of.
    fn totals(&self) -> (Vec<Total>, u64) {
        let mut totals: BTreeMap<&str, (Amount, Option<Amount>)> = BTreeMap::new();
        let mut lines = 0;
        for (place, sum) in &self.sums {
            let total = totals.entry(self.currency(place.currency)).or_default();
            // Sums of sums that each fit: an overflow here would have shown in the plan already.
            total.0 = total.0.checked_add(sum.amount).unwrap_or(total.0);
            total.1 = match (total.1, sum.previous) {
                (None, previous) => previous,
                (Some(have), Some(more)) => Some(have.checked_add(more).unwrap_or(have)),
                (have, None) => have,
            };
            lines += sum.lines;
        }
        let total = |(currency, (amount, previous)): (&str, _)| Total {
            currency: currency.to_owned(),
            amount,
            previous,
        };
        (totals.into_iter().map(total).collect(), lines)
    }

    /// The row of a group in a period and currency.
    pub(super) fn row(&self, place: &Place, sum: &Sum) -> Row {
        Row {
            keys: self.keys(&place.group),
            period: place.day,
            currency: self.currency(place.currency).to_owned(),
            amount: sum.amount,
            previous: sum.previous,
            other: false,
        }
    }

    pub(super) fn into_answer(self, question: &Question) -> Answer {
        let kept = question.top.map(|top| self.largest(top));
        let mut other_groups: HashSet<Group> = HashSet::new();
        let mut rest: Rest<'_> = BTreeMap::new();
        let mut rows = Vec::new();
        for (place, sum) in &self.sums {
            if kept.as_ref().is_some_and(|kept| !kept.contains(&(place.currency, place.group))) {
                other_groups.insert(place.group);
                let other = rest.entry((place.day, self.currency(place.currency))).or_default();
                other.amount = other.amount.checked_add(sum.amount).unwrap_or(other.amount);
                if let Some(previous) = sum.previous {
                    let have = other.previous.unwrap_or_default();
                    other.previous = Some(have.checked_add(previous).unwrap_or(have));
                }
                continue;
            }
            rows.push(self.row(place, sum));
        }
        self.answer(question, rows, rest, other_groups.len() as u64)
    }

    /// The answer, where these sums are of everything that matched.
    pub(super) fn answer(
        &self,
        question: &Question,
        mut rows: Vec<Row>,
        rest: Rest<'_>,
        other_groups: u64,
    ) -> Answer {
        rows.sort_by(|a, b| {
            (a.period, &a.currency, std::cmp::Reverse(a.amount), &a.keys).cmp(&(
                b.period,
                &b.currency,
                std::cmp::Reverse(b.amount),
                &b.keys,
            ))
        });
        for ((period, currency), sum) in rest {
            rows.push(Row {
                keys: vec![None; question.by.len()],
                period,
                currency: currency.to_owned(),
                amount: sum.amount,
                previous: sum.previous,
                other: true,
            });
        }
        let (totals, lines) = self.totals();
        Answer {
            period: question.period,
            rows,
            totals,
            other_groups,
            excluded: Vec::new(),
            dropped: Vec::new(),
            notes: Vec::new(),
            empty_reason: None,
            read: Read { lines, cells: 0 },
        }
    }

    /// The `top` groups of each currency, by their sum over all periods.
    pub(super) fn largest(&self, top: usize) -> HashSet<(u32, Group)> {
        let mut sums: HashMap<(u32, Group), Amount> = HashMap::new();
        for (place, sum) in &self.sums {
            let have = sums.entry((place.currency, place.group)).or_default();
            *have = have.checked_add(sum.amount).unwrap_or(*have);
        }
        let mut by_currency: HashMap<u32, Vec<(Amount, Group)>> = HashMap::new();
        for ((currency, group), amount) in sums {
            by_currency.entry(currency).or_default().push((amount, group));
        }
        let mut kept = HashSet::new();
        for (currency, mut groups) in by_currency {
            groups.sort_by(|a, b| b.0.cmp(&a.0).then_with(|| self.keys(&a.1).cmp(&self.keys(&b.1))));
            kept.extend(groups.into_iter().take(top).map(|(_, group)| (currency, group)));
        }
        kept
    }
}
