//! Which rows of a batch a filter keeps.
//!
//! A WHERE clause is taken apart at its ANDs and ORs; each part over one dictionary column is
//! answered per dictionary value ([`super::lifted`]), the cheap parts first, and the rest is left to
//! DataFusion's own expressions. Only *true* counts: unknown (NULL) keeps no row, and for AND and OR
//! "is true" of the whole follows from "is true" of the parts.

use super::lifted::{Answers, Lifted};
use arrow::array::{Array, ArrayRef, AsArray, BooleanArray, RecordBatch};
use arrow::buffer::BooleanBuffer;
use arrow::datatypes::{DataType, Schema};
use datafusion::error::Result;
use datafusion::logical_expr::Operator;
use datafusion::physical_expr::PhysicalExpr;
use datafusion::physical_expr::expressions::BinaryExpr;
use std::sync::Arc;

/// A compiled filter.
#[derive(Debug)]
pub(crate) enum Predicate {
    /// Every part is true.
    All(Vec<Predicate>),
    /// Some part is true.
    Any(Vec<Predicate>),
    /// One answer per dictionary value.
    ByValue {
        /// The expression.
        lifted: Lifted,
        /// Its answers; the last one is NULL's.
        keep: Vec<bool>,
    },
    /// Row by row.
    ByRow(Arc<dyn PhysicalExpr>),
}

/// The rows a filter keeps.
#[derive(Debug)]
pub(crate) enum Kept {
    /// Every row.
    All,
    /// No row.
    None,
    /// The rows whose bit is set.
    Some(BooleanBuffer),
}

impl Kept {
    fn of(bits: BooleanBuffer) -> Self {
        match bits.count_set_bits() {
            0 => Self::None,
            n if n == bits.len() => Self::All,
            _ => Self::Some(bits),
        }
    }

    fn and(self, other: Self) -> Self {
        match (self, other) {
            (Self::None, _) | (_, Self::None) => Self::None,
            (Self::All, x) | (x, Self::All) => x,
            (Self::Some(a), Self::Some(b)) => Self::of(&a & &b),
        }
    }

    fn or(self, other: Self) -> Self {
        match (self, other) {
            (Self::All, _) | (_, Self::All) => Self::All,
            (Self::None, x) | (x, Self::None) => x,
            (Self::Some(a), Self::Some(b)) => Self::of(&a | &b),
        }
    }
}

impl Predicate {
    /// Takes an expression over `input` apart.
    pub(crate) fn new(expr: &Arc<dyn PhysicalExpr>, input: &Schema) -> Self {
        if let Some(lifted) = Lifted::try_new(expr, input)
            && expr.data_type(input).is_ok_and(|t| t == DataType::Boolean)
        {
            return Self::ByValue { lifted, keep: Vec::new() };
        }
        let Some(binary) = expr.downcast_ref::<BinaryExpr>() else { return Self::ByRow(Arc::clone(expr)) };
        let op = *binary.op();
        if !matches!(op, Operator::And | Operator::Or) {
            return Self::ByRow(Arc::clone(expr));
        }
        let mut parts = Vec::new();
        flatten(expr, op, &mut parts);
        let mut parts: Vec<_> = parts.iter().map(|e| Self::new(e, input)).collect();
        // Stable: parts of equal cost stay in the order in which they were written.
        parts.sort_by_key(Self::cost);
        match op {
            Operator::And => Self::All(parts),
            _ => Self::Any(parts),
        }
    }

    /// Whether the filter may be evaluated on rows that another filter dropped.
    pub(crate) fn is_total(&self) -> bool {
        match self {
            Self::All(parts) | Self::Any(parts) => parts.iter().all(Self::is_total),
            Self::ByValue { lifted, .. } => lifted.is_total(),
            Self::ByRow(expr) => super::total::is_total(expr),
        }
    }

    fn cost(&self) -> u8 {
        match self {
            Self::ByValue { .. } => 0,
            Self::ByRow(_) => 1,
            Self::All(parts) | Self::Any(parts) => 1 + parts.iter().map(Self::cost).max().unwrap_or(0),
        }
    }

    /// The rows of `batch` for which the filter is true.
    pub(crate) fn keep(&mut self, batch: &RecordBatch) -> Result<Kept> {
        match self {
            Self::All(parts) => {
                let mut kept = Kept::All;
                for part in parts {
                    kept = kept.and(part.keep(batch)?);
                    if matches!(kept, Kept::None) {
                        break;
                    }
                }
                Ok(kept)
            }
            Self::Any(parts) => {
                let mut kept = Kept::None;
                for part in parts {
                    kept = kept.or(part.keep(batch)?);
                    if matches!(kept, Kept::All) {
                        break;
                    }
                }
                Ok(kept)
            }
            Self::ByValue { lifted, keep } => {
                match lifted.answers(batch)? {
                    Answers::ByRow(answers) => return Ok(is_true(&answers)),
                    Answers::New(answers) => {
                        let answers = answers.as_boolean();
                        keep.clear();
                        keep.extend((0..answers.len()).map(|i| answers.is_valid(i) && answers.value(i)));
                    }
                    Answers::Same => {}
                }
                if keep.iter().all(|k| !k) {
                    return Ok(Kept::None);
                }
                if keep.iter().all(|k| *k) {
                    return Ok(Kept::All);
                }
                let null = keep.last().copied().unwrap_or(false);
                let codes = lifted.codes(batch)?.keys();
                let values: &[i32] = codes.values();
                #[expect(
                    clippy::cast_sign_loss,
                    reason = "codes are never negative; a wrong one is out of range and reads as NULL"
                )]
                let of = |i: usize| keep.get(values[i] as usize).copied().unwrap_or(null);
                let bits = match codes.nulls().filter(|n| n.null_count() > 0) {
                    None => BooleanBuffer::collect_bool(values.len(), of),
                    Some(nulls) => BooleanBuffer::collect_bool(values.len(), |i| {
                        if nulls.is_valid(i) { of(i) } else { null }
                    }),
                };
                Ok(Kept::of(bits))
            }
            Self::ByRow(expr) => Ok(is_true(&expr.evaluate(batch)?.into_array(batch.num_rows())?)),
        }
    }
}

fn flatten(expr: &Arc<dyn PhysicalExpr>, op: Operator, out: &mut Vec<Arc<dyn PhysicalExpr>>) {
    match expr.downcast_ref::<BinaryExpr>() {
        Some(binary) if *binary.op() == op => {
            flatten(binary.left(), op, out);
            flatten(binary.right(), op, out);
        }
        _ => out.push(Arc::clone(expr)),
    }
}

fn is_true(answers: &ArrayRef) -> Kept {
    match answers.as_boolean_opt() {
        Some(answers) => Kept::of(true_bits(answers)),
        // An untyped NULL filters everything out.
        None => Kept::None,
    }
}

fn true_bits(answers: &BooleanArray) -> BooleanBuffer {
    match answers.nulls() {
        Some(nulls) => answers.values() & nulls.inner(),
        None => answers.values().clone(),
    }
}
