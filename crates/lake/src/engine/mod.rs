//! The speed of questions that read rows: our own filter and aggregate over charges.
//!
//! Cost questions have one shape: filter, group by a few columns that repeat the same few values,
//! add up decimals. DataFusion's aggregate turns every key into bytes and hashes it row by row; over
//! Parquet's dictionary codes most of that work can be done once per distinct value. This module
//! replaces DataFusion's `AggregateExec` (and the filter and projection below it) where it can:
//!
//! - keys: dictionary text, plain text, dates, timestamps, integers, booleans, decimals, in any mix;
//! - SUM, COUNT, MIN, MAX, AVG and COUNT(DISTINCT) of decimals, integers, dates and text, with
//!   `FILTER (WHERE …)`.
//!
//! Everything else (grouping sets, floating point, ordered aggregates) stays as DataFusion planned
//! it. [`rules`] and [`install`] are the only ways in.
//!
//! # What it refuses
//! - A sum beyond 38 digits is [`EngineError::Overflow`], never a wrapped figure.
//! - Tables that outgrow the memory pool are dropped, and the question starts anew with DataFusion's
//!   aggregate, which spills to disk ([`exec`]).

mod accumulate;
mod at_once;
mod coded;
pub mod decimal;
mod exec;
mod interner;
mod keys;
mod lifted;
mod predicate;
mod rule;
mod table;
pub mod tag;
mod text_pairs;
mod total;

#[cfg(test)]
mod tests;

pub(crate) use at_once::{Finished, aggregate_at_once};
pub use exec::ChargeAggregateExec;
pub(crate) use predicate::{Kept, Predicate};
pub use rule::ChargeAggregation;

use arrow::array::RecordBatch;
use arrow::buffer::BooleanBuffer;
use datafusion::error::DataFusionError;
use datafusion::execution::{FunctionRegistry, SessionStateBuilder};
use datafusion::physical_expr::PhysicalExpr;
use datafusion::physical_expr::aggregate::AggregateFunctionExpr;
use datafusion::physical_optimizer::PhysicalOptimizerRule;
use datafusion::physical_optimizer::optimizer::PhysicalOptimizer;
use std::sync::Arc;

/// Why the engine could not answer.
#[derive(Debug, thiserror::Error)]
pub enum EngineError {
    /// A sum or average left 38 digits.
    #[error("a sum is too large: at most 38 digits are supported; narrow the question")]
    Overflow,
    /// More distinct values or groups than can be numbered.
    #[error("the question has more than four billion groups; group by fewer columns")]
    TooManyGroups,
    /// A mistake of ours.
    #[error("internal error in the aggregate engine: {0}")]
    Internal(&'static str),
}

impl From<EngineError> for DataFusionError {
    fn from(error: EngineError) -> Self {
        match error {
            EngineError::TooManyGroups => Self::ResourcesExhausted(error.to_string()),
            _ => Self::External(Box::new(error)),
        }
    }
}

/// An aggregate in terms of its input's columns.
#[derive(Debug, Clone)]
pub(crate) struct Plan {
    pub(crate) predicate: Option<Arc<dyn PhysicalExpr>>,
    pub(crate) group: Vec<(Arc<dyn PhysicalExpr>, String)>,
    pub(crate) aggregates: Vec<Arc<AggregateFunctionExpr>>,
    pub(crate) filters: Vec<Option<Arc<dyn PhysicalExpr>>>,
    /// The `Int64` column that says how many charges a row of the input stands for; `None`: one.
    pub(crate) weight: Option<usize>,
}

/// The rows of a batch that count.
struct Rows<'a> {
    batch: &'a RecordBatch,
    /// Row numbers in rising order; `None` means all.
    chosen: Option<&'a [u32]>,
    /// How many charges each row of the batch stands for; `None`: one.
    weights: Option<&'a [i64]>,
}

impl Rows<'_> {
    fn len(&self) -> usize {
        self.chosen.map_or(self.batch.num_rows(), <[u32]>::len)
    }

    /// Calls `f` with the position among the chosen rows and the row number.
    #[inline]
    fn each(&self, mut f: impl FnMut(usize, usize)) {
        match self.chosen {
            None => (0..self.batch.num_rows()).for_each(|i| f(i, i)),
            Some(rows) => rows.iter().enumerate().for_each(|(at, i)| f(at, *i as usize)),
        }
    }

    /// The chosen rows that are also kept, with their groups; `None` when there are none.
    fn narrow(&self, kept: Kept, of: &[u32]) -> Option<(Vec<u32>, Vec<u32>)> {
        let bits = match kept {
            Kept::None => return None,
            Kept::All => BooleanBuffer::new_set(self.batch.num_rows()),
            Kept::Some(bits) => bits,
        };
        let (mut rows, mut groups) = (Vec::new(), Vec::new());
        self.each(|at, i| {
            if bits.value(i) {
                // INVARIANT: `Table::update` refuses batches of more than 2³² rows.
                rows.push(u32::try_from(i).unwrap_or(u32::MAX));
                groups.push(of[at]);
            }
        });
        (!rows.is_empty()).then_some((rows, groups))
    }
}

/// DataFusion's physical optimizer rules with ours in its place: before distribution and sorting are
/// decided, so that they are decided for our operator.
#[must_use]
pub fn rules() -> Vec<Arc<dyn PhysicalOptimizerRule + Send + Sync>> {
    let mut rules = PhysicalOptimizer::new().rules;
    let at = rules.iter().position(|rule| rule.name() == "EnsureRequirements").unwrap_or(rules.len());
    rules.insert(at, Arc::new(ChargeAggregation));
    rules
}

/// Adds the optimizer rule to a session that is being built; see also [`register`].
#[must_use]
pub fn install(builder: SessionStateBuilder) -> SessionStateBuilder {
    builder.with_physical_optimizer_rules(rules())
}

/// What a session needs besides the optimizer rule: `tag()`, which compares keys by `keys`, and exact
/// `/` and `*`.
///
/// # Errors
/// When the registry refuses a function.
pub fn register(registry: &mut dyn FunctionRegistry, keys: tag::Keys) -> Result<(), DataFusionError> {
    registry.register_udf(Arc::new(tag::udf()))?;
    registry.register_function_rewrite(Arc::new(tag::TagColumn { keys }))?;
    registry.register_function_rewrite(Arc::new(decimal::ExactArithmetic::default()))
}
