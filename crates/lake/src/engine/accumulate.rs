//! Sums, counts, extremes and distinct counts by group.
//!
//! Sums are taken in 128-bit integers and checked: a sum that leaves 38 digits is an error, never a
//! wrapped figure. Floating-point arguments are refused ([`Accumulator::try_new`] answers `None`, and
//! the whole aggregate stays with DataFusion).

use super::coded::Coded;
use super::interner::{Interner, NULL, as_int64, from_int64, hash_number};
use super::lifted::Lifted;
use super::predicate::{Kept, Predicate};
use super::text_pairs::TextPairs;
use super::total::{is_column, is_total};
use super::{EngineError, Rows};
use arrow::array::{Array, ArrayRef, AsArray, Decimal128Array, Int64Array};
use arrow::buffer::{BooleanBuffer, NullBuffer};
use arrow::datatypes::{DataType, Decimal128Type, Schema};
use datafusion::error::Result;
use datafusion::physical_expr::PhysicalExpr;
use datafusion::physical_expr::aggregate::AggregateFunctionExpr;
use datafusion::physical_expr::expressions::{CaseExpr, Literal};
use datafusion::scalar::ScalarValue;
use hashbrown::HashTable;
use std::sync::Arc;

const MAX_DIGITS_38: u128 = 10_u128.pow(38) - 1;

/// One aggregate's values by group.
#[derive(Debug)]
pub(super) struct Accumulator {
    argument: Argument,
    /// `FILTER (WHERE …)`.
    filter: Option<Predicate>,
    state: State,
    output: DataType,
}

#[derive(Debug)]
enum Argument {
    /// Rows are counted.
    Row,
    /// The value of an expression.
    Expr(Arc<dyn PhysicalExpr>),
    /// A dictionary column or an expression over one.
    Dictionary(Coded),
    /// `CASE WHEN when THEN then ELSE other END` of decimals, where `then` is a column.
    Case { when: Predicate, then: Arc<dyn PhysicalExpr>, other: Option<i128> },
}

#[derive(Debug)]
enum State {
    Count(Vec<i64>),
    Sum {
        sums: Vec<i128>,
        seen: Vec<bool>,
    },
    Avg {
        sums: Vec<i128>,
        counts: Vec<i64>,
        scale: i8,
    },
    /// MIN and MAX of integers and decimals.
    Extreme {
        best: Vec<i128>,
        seen: Vec<bool>,
        max: bool,
    },
    /// MIN and MAX of text: the number of the best value.
    ExtremeText {
        best: Vec<u32>,
        interner: Interner,
        max: bool,
    },
    /// The pairs of group and value number.
    Distinct {
        counts: Vec<i64>,
        pairs: HashTable<u64>,
        /// The group that each value was last counted for: most values belong to one group.
        last: Vec<u32>,
        interner: Interner,
    },
    /// The same of text that comes without codes.
    DistinctText {
        counts: Vec<i64>,
        pairs: TextPairs,
    },
}

impl Accumulator {
    /// `None` when this engine does not do the aggregate; DataFusion's own then does.
    pub(super) fn try_new(
        aggregate: &AggregateFunctionExpr,
        filter: Option<&Arc<dyn PhysicalExpr>>,
        input: &Schema,
    ) -> Option<Self> {
        if !aggregate.order_bys().is_empty() || aggregate.ignore_nulls() || aggregate.is_reversed() {
            return None;
        }
        let arguments = aggregate.expressions();
        let [expr] = arguments.as_slice() else { return None };
        let data_type = expr.data_type(input).ok()?;
        let output = aggregate.field().data_type().clone();
        let decimal = matches!(data_type, DataType::Decimal128(_, _));
        let integer = data_type.is_signed_integer()
            || matches!(data_type, DataType::UInt8 | DataType::UInt16 | DataType::UInt32);
        let state = match (aggregate.fun().name(), aggregate.is_distinct()) {
            ("count", false) => State::Count(Vec::new()),
            ("count", true) if is_text(&data_type) => {
                State::DistinctText { counts: Vec::new(), pairs: TextPairs::default() }
            }
            ("count", true) => State::Distinct {
                counts: Vec::new(),
                pairs: HashTable::new(),
                last: Vec::new(),
                interner: Interner::of(&data_type)?,
            },
            ("sum", false) if decimal && matches!(output, DataType::Decimal128(_, _)) => {
                State::Sum { sums: Vec::new(), seen: Vec::new() }
            }
            ("sum", false) if integer && output == DataType::Int64 => {
                State::Sum { sums: Vec::new(), seen: Vec::new() }
            }
            ("avg", false) => match (&data_type, &output) {
                (DataType::Decimal128(_, from), DataType::Decimal128(_, to)) if to >= from => {
                    State::Avg { sums: Vec::new(), counts: Vec::new(), scale: to - from }
                }
                _ => return None,
            },
            ("min" | "max", _) => {
                let max = aggregate.fun().name() == "max";
                match Interner::of(&data_type)? {
                    Interner::Text(t) => {
                        State::ExtremeText { best: Vec::new(), interner: Interner::Text(t), max }
                    }
                    _ if data_type == DataType::Boolean || data_type != output => return None,
                    _ => State::Extreme { best: Vec::new(), seen: Vec::new(), max },
                }
            }
            _ => return None,
        };
        let argument = Argument::new(expr, &state, input)?;
        let filter = filter.map(|f| Predicate::new(f, input));
        Some(Self { argument, filter, state, output })
    }

    /// Whether the argument is evaluated without touching rows that the filter dropped.
    pub(super) fn is_total(&self) -> bool {
        let argument = match &self.argument {
            Argument::Row => true,
            Argument::Dictionary(coded) => coded.is_total(),
            Argument::Expr(expr) => is_total(expr),
            Argument::Case { when, .. } => when.is_total(),
        };
        argument && self.filter.as_ref().is_none_or(Predicate::is_total)
    }

    /// Bytes held.
    pub(super) fn size(&self) -> usize {
        match &self.state {
            State::Count(c) => c.capacity() * 8,
            State::DistinctText { counts, pairs } => counts.capacity() * 8 + pairs.size(),
            State::Sum { sums, .. } | State::Extreme { best: sums, .. } => sums.capacity() * 17,
            State::Avg { sums, .. } => sums.capacity() * 24,
            State::ExtremeText { best, interner, .. } => best.capacity() * 4 + interner.size(),
            State::Distinct { counts, pairs, last, interner } => {
                counts.capacity() * 8 + pairs.capacity() * 9 + last.capacity() * 4 + interner.size()
            }
        }
    }

    fn resize(&mut self, groups: usize) {
        if let State::DistinctText { counts, .. } = &mut self.state {
            counts.resize(groups, 0);
        }
        match &mut self.state {
            State::Count(counts) => counts.resize(groups, 0),
            State::Sum { sums, seen } | State::Extreme { best: sums, seen, .. } => {
                sums.resize(groups, 0);
                seen.resize(groups, false);
            }
            State::Avg { sums, counts, .. } => {
                sums.resize(groups, 0);
                counts.resize(groups, 0);
            }
            State::ExtremeText { best, .. } => best.resize(groups, NULL),
            State::Distinct { counts, .. } => counts.resize(groups, 0),
            State::DistinctText { .. } => {}
        }
    }

    /// Takes the chosen rows in; `of` is the group of each.
    pub(super) fn update(&mut self, rows: &Rows<'_>, of: &[u32], groups: usize) -> Result<()> {
        self.resize(groups);
        if let Some(filter) = &mut self.filter {
            let Some((chosen, of)) = rows.narrow(filter.keep(rows.batch)?, of) else { return Ok(()) };
            let rows = Rows { chosen: Some(&chosen), ..*rows };
            return Self::take_in(&mut self.argument, &mut self.state, &rows, &of);
        }
        Self::take_in(&mut self.argument, &mut self.state, rows, of)
    }

    fn take_in(argument: &mut Argument, state: &mut State, rows: &Rows<'_>, of: &[u32]) -> Result<()> {
        let batch = rows.batch;
        match state {
            State::Count(counts) => {
                let nulls = match argument {
                    Argument::Row => None,
                    _ => argument.values(rows)?.logical_nulls().filter(|n| n.null_count() > 0),
                };
                match (nulls, rows.weights) {
                    (None, None) => of.iter().for_each(|g| counts[*g as usize] += 1),
                    (None, Some(weights)) => rows.each(|at, i| counts[of[at] as usize] += weights[i]),
                    (Some(nulls), weights) => rows.each(|at, i| {
                        if nulls.is_valid(i) {
                            counts[of[at] as usize] += weights.map_or(1, |weights| weights[i]);
                        }
                    }),
                }
                Ok(())
            }
            State::Sum { sums, seen } => {
                if let Argument::Case { when, then, other } = argument {
                    let then = then.evaluate(batch)?.into_array(batch.num_rows())?;
                    return sum_case(
                        &when.keep(batch)?,
                        then.as_primitive::<Decimal128Type>(),
                        *other,
                        rows,
                        of,
                        sums,
                        seen,
                    );
                }
                let values = argument.values(rows)?;
                if let Some(decimals) = values.as_primitive_opt::<Decimal128Type>() {
                    let v: &[i128] = decimals.values();
                    return add_all(rows, of, sums, seen, decimals.nulls(), |i| v[i]);
                }
                let wide = as_int64(&values)?;
                let v: &[i64] = wide.values();
                add_all(rows, of, sums, seen, wide.nulls(), |i| i128::from(v[i]))
            }
            State::Avg { sums, counts, .. } => {
                let values = argument.values(rows)?;
                let decimals = values.as_primitive::<Decimal128Type>();
                let mut overflow = false;
                rows.each(|at, i| {
                    if decimals.is_valid(i) {
                        let g = of[at] as usize;
                        let (sum, over) = sums[g].overflowing_add(decimals.value(i));
                        overflow |= over;
                        sums[g] = sum;
                        counts[g] += 1;
                    }
                });
                overflow_error(overflow)
            }
            State::Extreme { best, seen, max } => {
                let values = argument.values(rows)?;
                let max = *max;
                let mut one = |at: usize, value: i128| {
                    let g = of[at] as usize;
                    if !seen[g] || (if max { value > best[g] } else { value < best[g] }) {
                        seen[g] = true;
                        best[g] = value;
                    }
                };
                if let Some(decimals) = values.as_primitive_opt::<Decimal128Type>() {
                    rows.each(|at, i| {
                        if decimals.is_valid(i) {
                            one(at, decimals.value(i))
                        }
                    });
                } else {
                    let wide = as_int64(&values)?;
                    rows.each(|at, i| {
                        if wide.is_valid(i) {
                            one(at, i128::from(wide.value(i)))
                        }
                    });
                }
                Ok(())
            }
            State::ExtremeText { best, interner, max } => {
                let numbers = argument.numbers(rows, interner)?;
                let Interner::Text(texts) = &*interner else {
                    return Err(EngineError::Internal("text expected").into());
                };
                let max = *max;
                for (group, number) in of.iter().zip(&numbers) {
                    let best = &mut best[*group as usize];
                    better_text(best, *number, max, |n| texts.value(n as usize - 1));
                }
                Ok(())
            }
            State::DistinctText { counts, pairs } => {
                let values = argument.values(rows)?;
                pairs.count(&values, rows, of, counts)
            }
            State::Distinct { counts, pairs, last, interner } => {
                let numbers = argument.numbers(rows, interner)?;
                last.resize(interner.len(), u32::MAX);
                for (group, number) in of.iter().zip(&numbers) {
                    let last = &mut last[*number as usize];
                    if *number != NULL && last != group {
                        *last = *group;
                        count_pair(counts, pairs, *group, *number);
                    }
                }
                Ok(())
            }
        }
    }

    /// Takes the other table's values in; `map` tells which group here each of its groups is.
    pub(super) fn merge(&mut self, other: Self, map: &[u32], groups: usize) -> Result<()> {
        self.resize(groups);
        let to = |group: usize| map[group] as usize;
        match (&mut self.state, other.state) {
            (State::Count(mine), State::Count(theirs)) => {
                theirs.iter().enumerate().for_each(|(g, n)| mine[to(g)] += n)
            }
            (State::Sum { sums, seen }, State::Sum { sums: theirs, seen: seen_there }) => {
                for (g, (sum, s)) in theirs.iter().zip(&seen_there).enumerate() {
                    sums[to(g)] = sums[to(g)].checked_add(*sum).ok_or(EngineError::Overflow)?;
                    seen[to(g)] |= s;
                }
            }
            (State::Avg { sums, counts, .. }, State::Avg { sums: theirs, counts: counts_there, .. }) => {
                for (g, (sum, n)) in theirs.iter().zip(&counts_there).enumerate() {
                    sums[to(g)] = sums[to(g)].checked_add(*sum).ok_or(EngineError::Overflow)?;
                    counts[to(g)] += n;
                }
            }
            (State::Extreme { best, seen, max }, State::Extreme { best: theirs, seen: seen_there, .. }) => {
                for (g, (value, s)) in theirs.iter().zip(&seen_there).enumerate() {
                    let to = to(g);
                    if *s && (!seen[to] || (if *max { *value > best[to] } else { *value < best[to] })) {
                        seen[to] = true;
                        best[to] = *value;
                    }
                }
            }
            (
                State::ExtremeText { best, interner, max },
                State::ExtremeText { best: theirs, interner: other, .. },
            ) => {
                let numbers = interner.adopt(&other)?;
                let Interner::Text(texts) = &*interner else {
                    return Err(EngineError::Internal("text expected").into());
                };
                for (g, number) in theirs.iter().enumerate() {
                    better_text(&mut best[to(g)], numbers[*number as usize], *max, |n| {
                        texts.value(n as usize - 1)
                    });
                }
            }
            (
                State::Distinct { counts, pairs, interner, .. },
                State::Distinct { pairs: theirs, interner: other, .. },
            ) => {
                let numbers = interner.adopt(&other)?;
                for pair in &theirs {
                    let (group, number) = unpair(*pair);
                    count_pair(counts, pairs, map[group as usize], numbers[number as usize]);
                }
            }
            (State::DistinctText { counts, pairs }, State::DistinctText { pairs: theirs, .. }) => {
                pairs.merge(&theirs, map, counts);
            }
            _ => return Err(EngineError::Internal("partial tables disagree about an aggregate").into()),
        }
        Ok(())
    }

    /// The values of a range of groups.
    pub(super) fn array(&self, groups: std::ops::Range<usize>) -> Result<ArrayRef> {
        match &self.state {
            State::Count(counts) | State::Distinct { counts, .. } | State::DistinctText { counts, .. } => {
                Ok(Arc::new(Int64Array::from(counts[groups].to_vec())))
            }
            State::Sum { sums, seen } => exact(&sums[groups.clone()], &seen[groups], &self.output),
            State::Extreme { best, seen, .. } => exact(&best[groups.clone()], &seen[groups], &self.output),
            State::Avg { sums, counts, scale } => {
                let factor = 10_i128.pow(u32::from(scale.unsigned_abs()));
                let mut averages = Vec::with_capacity(groups.len());
                let mut seen = Vec::with_capacity(groups.len());
                for (sum, count) in sums[groups.clone()].iter().zip(&counts[groups]) {
                    let scaled = sum.checked_mul(factor).ok_or(EngineError::Overflow)?;
                    averages.push(scaled.checked_div(i128::from(*count)).unwrap_or(0));
                    seen.push(*count > 0);
                }
                exact(&averages, &seen, &self.output)
            }
            State::ExtremeText { best, interner, .. } => {
                let Interner::Text(texts) = interner else {
                    return Err(EngineError::Internal("text expected").into());
                };
                texts.array(&best[groups], &self.output)
            }
        }
    }

    /// Puts values for groups without rows in place (a question without groups over no rows).
    pub(super) fn finish(&mut self, groups: usize) {
        self.resize(groups);
    }
}

impl Argument {
    fn new(expr: &Arc<dyn PhysicalExpr>, state: &State, input: &Schema) -> Option<Self> {
        let by_number = matches!(state, State::ExtremeText { .. } | State::Distinct { .. });
        if let Some(literal) = expr.downcast_ref::<Literal>()
            && matches!(state, State::Count(_))
            && !literal.value().is_null()
        {
            return Some(Self::Row);
        }
        if let Some(lifted) = Lifted::try_new(expr, input) {
            let expr = || Self::Expr(Arc::clone(expr));
            return Some(if by_number { Self::Dictionary(Coded::new(lifted)) } else { expr() });
        }
        if matches!(state, State::Sum { .. })
            && let Some(case) = expr.downcast_ref::<CaseExpr>()
            && let Some(argument) = Self::case(case, input)
        {
            return Some(argument);
        }
        Some(Self::Expr(Arc::clone(expr)))
    }

    fn case(case: &CaseExpr, input: &Schema) -> Option<Self> {
        let (None, [(when, then)]) = (case.expr(), case.when_then_expr()) else { return None };
        let decimal = |e: &Arc<dyn PhysicalExpr>| match e.data_type(input) {
            Ok(DataType::Decimal128(_, scale)) => Some(scale),
            _ => None,
        };
        let scale = decimal(then)?;
        let other = match case.else_expr() {
            None => None,
            Some(other) => match other.downcast_ref::<Literal>()?.value() {
                ScalarValue::Decimal128(value, _, s) if *s == scale => *value,
                ScalarValue::Null => None,
                _ => return None,
            },
        };
        is_column(then).then(|| Self::Case {
            when: Predicate::new(when, input),
            then: Arc::clone(then),
            other,
        })
    }

    fn values(&self, rows: &Rows<'_>) -> Result<ArrayRef> {
        match self {
            Self::Expr(expr) => Ok(expr.evaluate(rows.batch)?.into_array(rows.batch.num_rows())?),
            _ => Err(EngineError::Internal("an aggregate's argument has no values").into()),
        }
    }

    /// The numbers of the chosen rows' values.
    fn numbers(&mut self, rows: &Rows<'_>, interner: &mut Interner) -> Result<Vec<u32>> {
        let mut out = Vec::new();
        match self {
            Self::Dictionary(coded) => coded.number(rows, interner, &mut out)?,
            Self::Expr(expr) => {
                let values = expr.evaluate(rows.batch)?.into_array(rows.batch.num_rows())?;
                interner.intern(&values, rows.chosen, &mut out)?;
            }
            _ => return Err(EngineError::Internal("an aggregate's argument has no values").into()),
        }
        Ok(out)
    }
}

fn is_text(data_type: &DataType) -> bool {
    matches!(data_type, DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View)
}

fn overflow_error(overflow: bool) -> Result<()> {
    if overflow { Err(EngineError::Overflow.into()) } else { Ok(()) }
}

fn add_all(
    rows: &Rows<'_>,
    of: &[u32],
    sums: &mut [i128],
    seen: &mut [bool],
    nulls: Option<&NullBuffer>,
    value: impl Fn(usize) -> i128,
) -> Result<()> {
    let mut overflow = false;
    let mut add = |at: usize, i: usize| {
        let g = of[at] as usize;
        let (sum, over) = sums[g].overflowing_add(value(i));
        overflow |= over;
        sums[g] = sum;
        seen[g] = true;
    };
    match nulls.filter(|n| n.null_count() > 0) {
        None => rows.each(add),
        Some(nulls) => rows.each(|at, i| {
            if nulls.is_valid(i) {
                add(at, i);
            }
        }),
    }
    overflow_error(overflow)
}

/// Adds `then` where `when` holds, else `other`.
fn sum_case(
    when: &Kept,
    then: &Decimal128Array,
    other: Option<i128>,
    rows: &Rows<'_>,
    of: &[u32],
    sums: &mut [i128],
    seen: &mut [bool],
) -> Result<()> {
    let nothing = BooleanBuffer::new_unset(then.len());
    let bits = match when {
        Kept::All => {
            let v: &[i128] = then.values();
            return add_all(rows, of, sums, seen, then.nulls(), |i| v[i]);
        }
        Kept::None => &nothing,
        Kept::Some(bits) => bits,
    };
    let values: &[i128] = then.values();
    let nulls = then.nulls().filter(|n| n.null_count() > 0);
    let mut overflow = false;
    let mut add = |g: usize, value: i128| {
        let (sum, over) = sums[g].overflowing_add(value);
        overflow |= over;
        sums[g] = sum;
        seen[g] = true;
    };
    rows.each(|at, i| {
        let g = of[at] as usize;
        if bits.value(i) {
            if nulls.is_none_or(|n| n.is_valid(i)) {
                add(g, values[i]);
            }
        } else if let Some(other) = other {
            add(g, other);
        }
    });
    overflow_error(overflow)
}

fn better_text<'a>(best: &mut u32, number: u32, max: bool, text: impl Fn(u32) -> &'a [u8]) {
    if number == NULL || number == *best {
        return;
    }
    // UTF-8 sorts by bytes as by code points.
    if *best == NULL || (if max { text(number) > text(*best) } else { text(number) < text(*best) }) {
        *best = number;
    }
}

fn count_pair(counts: &mut [i64], pairs: &mut HashTable<u64>, group: u32, number: u32) {
    let pair = u64::from(group) << 32 | u64::from(number);
    let hash = hash_number(pair);
    if pairs.find(hash, |p| *p == pair).is_none() {
        pairs.insert_unique(hash, pair, |p| hash_number(*p));
        counts[group as usize] += 1;
    }
}

#[expect(clippy::cast_possible_truncation, reason = "the two halves of a pair made by `count_pair`")]
fn unpair(pair: u64) -> (u32, u32) {
    ((pair >> 32) as u32, pair as u32)
}

/// Whole values of the wanted type, checked to fit.
fn exact(values: &[i128], seen: &[bool], data_type: &DataType) -> Result<ArrayRef> {
    let nulls =
        seen.contains(&false).then(|| NullBuffer::new(BooleanBuffer::collect_bool(seen.len(), |i| seen[i])));
    if let DataType::Decimal128(precision, scale) = data_type {
        if values.iter().any(|v| v.unsigned_abs() > MAX_DIGITS_38) {
            return Err(EngineError::Overflow.into());
        }
        let array = Decimal128Array::new(values.to_vec().into(), nulls)
            .with_precision_and_scale(*precision, *scale)?;
        return Ok(Arc::new(array));
    }
    let narrow = values
        .iter()
        .map(|v| i64::try_from(*v).map_err(|_| EngineError::Overflow))
        .collect::<std::result::Result<Vec<i64>, _>>()?;
    from_int64(Int64Array::new(narrow.into(), nulls), data_type)
}
