//! Where the engine takes over from DataFusion's aggregate.

use super::Plan;
use super::exec::ChargeAggregateExec;
use datafusion::common::config::ConfigOptions;
use datafusion::common::tree_node::{Transformed, TransformedResult, TreeNode};
use datafusion::error::Result;
use datafusion::logical_expr::Operator;
use datafusion::physical_expr::PhysicalExpr;
use datafusion::physical_expr::expressions::BinaryExpr;
use datafusion::physical_expr::expressions::Column;
use datafusion::physical_optimizer::PhysicalOptimizerRule;
use datafusion::physical_plan::ExecutionPlan;
use datafusion::physical_plan::aggregates::{AggregateExec, AggregateMode};
use datafusion::physical_plan::filter::FilterExec;
use datafusion::physical_plan::projection::ProjectionExec;
use std::sync::Arc;

/// Replaces `AggregateExec` (partial and final, or single) and the filter and projections below it
/// by [`ChargeAggregateExec`], wherever the engine does all of its keys and aggregates.
#[derive(Debug, Default)]
pub struct ChargeAggregation;

impl PhysicalOptimizerRule for ChargeAggregation {
    fn optimize(&self, plan: Arc<dyn ExecutionPlan>, _: &ConfigOptions) -> Result<Arc<dyn ExecutionPlan>> {
        plan.transform_down(|node| {
            Ok(match replace(&node)? {
                Some(ours) => Transformed::yes(Arc::new(ours) as Arc<dyn ExecutionPlan>),
                None => Transformed::no(node),
            })
        })
        .data()
    }

    fn name(&self) -> &'static str {
        "ChargeAggregation"
    }

    fn schema_check(&self) -> bool {
        true
    }
}

fn replace(node: &Arc<dyn ExecutionPlan>) -> Result<Option<ChargeAggregateExec>> {
    let Some(top) = node.downcast_ref::<AggregateExec>() else { return Ok(None) };
    let rows = match top.mode() {
        AggregateMode::Single | AggregateMode::SinglePartitioned => top,
        AggregateMode::Final | AggregateMode::FinalPartitioned => {
            match top.input().downcast_ref::<AggregateExec>() {
                Some(partial) if *partial.mode() == AggregateMode::Partial => partial,
                _ => return Ok(None),
            }
        }
        _ => return Ok(None),
    };
    if top.limit_options().is_some()
        || rows.limit_options().is_some()
        || rows.group_expr().has_grouping_set()
        || !rows.group_expr().is_single()
    {
        return Ok(None);
    }
    // Without aggregates this is DISTINCT, which needs at least one key.
    if rows.group_expr().expr().is_empty() && rows.aggr_expr().is_empty() {
        return Ok(None);
    }
    let mut plan = Plan {
        predicate: None,
        group: rows.group_expr().expr().to_vec(),
        aggregates: rows.aggr_expr().to_vec(),
        filters: rows.filter_expr().to_vec(),
        weight: None,
    };
    let mut input = Arc::clone(rows.input());
    loop {
        if let Some(filter) = input.downcast_ref::<FilterExec>() {
            // The upper filter may rely on the lower one having removed rows.
            if filter.fetch().is_some()
                || plan.predicate.as_ref().is_some_and(|upper| !super::total::is_total(upper))
            {
                break;
            }
            if let Some(columns) = filter.projection().as_ref() {
                let schema = filter.input().schema();
                let exprs: Vec<_> = columns
                    .iter()
                    .map(|i| Arc::new(Column::new(schema.field(*i).name(), *i)) as Arc<dyn PhysicalExpr>)
                    .collect();
                let Some(moved) = plan.below(&exprs)? else { break };
                plan = moved;
            }
            let predicate = Arc::clone(filter.predicate());
            plan.predicate = Some(match plan.predicate.take() {
                Some(upper) => Arc::new(BinaryExpr::new(predicate, Operator::And, upper)),
                None => predicate,
            });
            let below = Arc::clone(filter.input());
            input = below;
        } else if let Some(projection) = input.downcast_ref::<ProjectionExec>() {
            let exprs: Vec<_> = projection.expr().iter().map(|e| Arc::clone(&e.expr)).collect();
            let Some(moved) = plan.below(&exprs)? else { break };
            plan = moved;
            let below = Arc::clone(projection.input());
            input = below;
        } else {
            break;
        }
    }
    Ok(ChargeAggregateExec::try_new(plan, input, top.schema()))
}

impl Plan {
    /// The same plan in terms of the columns below a projection; `None` where that is not possible.
    fn below(&self, projected: &[Arc<dyn PhysicalExpr>]) -> Result<Option<Self>> {
        // A volatile expression must be evaluated once per row, not once per use.
        if projected.iter().any(datafusion::physical_expr_common::physical_expr::is_volatile) {
            return Ok(None);
        }
        let mut group = Vec::with_capacity(self.group.len());
        for (expr, name) in &self.group {
            let Some(expr) = substitute(expr, projected)? else { return Ok(None) };
            group.push((expr, name.clone()));
        }
        let mut aggregates = Vec::with_capacity(self.aggregates.len());
        for aggregate in &self.aggregates {
            if !aggregate.order_bys().is_empty() {
                return Ok(None);
            }
            let mut arguments = Vec::new();
            for argument in aggregate.expressions() {
                let Some(argument) = substitute(&argument, projected)? else { return Ok(None) };
                arguments.push(argument);
            }
            let Some(moved) = aggregate.with_new_expressions(arguments, Vec::new()) else { return Ok(None) };
            aggregates.push(Arc::new(moved));
        }
        let mut filters = Vec::with_capacity(self.filters.len());
        for filter in &self.filters {
            filters.push(match filter {
                None => None,
                Some(filter) => match substitute(filter, projected)? {
                    Some(filter) => Some(filter),
                    None => return Ok(None),
                },
            });
        }
        let predicate = match &self.predicate {
            None => None,
            Some(predicate) => match substitute(predicate, projected)? {
                Some(predicate) => Some(predicate),
                None => return Ok(None),
            },
        };
        Ok(Some(Self { predicate, group, aggregates, filters, weight: None }))
    }
}

/// Replaces every column by the expression it stands for.
fn substitute(
    expr: &Arc<dyn PhysicalExpr>,
    projected: &[Arc<dyn PhysicalExpr>],
) -> Result<Option<Arc<dyn PhysicalExpr>>> {
    let mut missing = false;
    // Top down and without looking into what was put in: its columns are those of the input below.
    let replaced = Arc::clone(expr).transform_down(|e| {
        let Some(column) = e.downcast_ref::<Column>() else { return Ok(Transformed::no(e)) };
        match projected.get(column.index()) {
            Some(below) => Ok(Transformed::new(
                Arc::clone(below),
                true,
                datafusion::common::tree_node::TreeNodeRecursion::Jump,
            )),
            None => {
                missing = true;
                Ok(Transformed::no(e))
            }
        }
    })?;
    Ok((!missing).then_some(replaced.data))
}
