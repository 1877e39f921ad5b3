//! Charges narrowed to what somebody may see.
//!
//! Two ways, with the same rows. For a typed [`Question`](crate::question::Question) the scope is one more
//! filter, so that rollups and pruning serve it. Free SQL sees a table behind a *barrier*: charges outside the scope are gone before an expression of the asker's looks at
//! a row. With a filter, `1 / CASE WHEN SubAccountId = 'x' THEN 0 ELSE 1 END` would fail exactly if a
//! charge that must not be seen exists.
//!
//! A charge without a value of a named dimension is not seen, and where the charges have no such
//! column at all nothing is.

use crate::charges::ChargesTable;
use crate::engine::tag;
use crate::question::Dimension;
use arrow::datatypes::{DataType, Schema, SchemaRef};
use async_trait::async_trait;
use bursar_domain::{Scope, ScopeRule};
use datafusion::catalog::{Session, TableProvider};
use datafusion::common::tree_node::TreeNodeRecursion;
use datafusion::common::{Column, DFSchema};
use datafusion::error::Result;
use datafusion::execution::{SendableRecordBatchStream, TaskContext};
use datafusion::logical_expr::utils::{conjunction, disjunction};
use datafusion::logical_expr::{Expr, TableProviderFilterPushDown, TableType, cast, lit};
use datafusion::physical_expr::PhysicalExpr;
use datafusion::physical_expr::expressions::Column as PhysicalColumn;
use datafusion::physical_plan::filter::FilterExec;
use datafusion::physical_plan::projection::ProjectionExec;
use datafusion::physical_plan::{DisplayAs, DisplayFormatType, ExecutionPlan, PlanProperties};
use std::fmt;
use std::sync::Arc;

/// What holds for a charge that may be seen; `None` when all may be.
pub(crate) fn seen(scope: &Scope, schema: &Schema, keys: tag::Keys) -> Option<Expr> {
    let Scope::Parts(parts) = scope else { return None };
    let part = |rules: &Vec<ScopeRule>| {
        // A part without rules cannot be made; if one came from elsewhere it shows nothing.
        conjunction(rules.iter().map(|rule| one(rule, schema, keys))).unwrap_or_else(|| lit(false))
    };
    Some(disjunction(parts.iter().map(part)).unwrap_or_else(|| lit(false)))
}

fn one(rule: &ScopeRule, schema: &Schema, keys: tag::Keys) -> Expr {
    let subject = match Dimension::parse(&rule.dimension) {
        Dimension::Tag(key) => match tag::of_key(&key, schema, keys) {
            Some(expression) => expression,
            None => return lit(false),
        },
        Dimension::Column(name) => {
            match schema.field_with_name(&name).map(arrow::datatypes::Field::data_type) {
                Ok(DataType::Timestamp(_, _) | DataType::Decimal128(_, _)) => {
                    cast(Expr::Column(Column::from_name(name)), DataType::Utf8)
                }
                Ok(_) => Expr::Column(Column::from_name(name)),
                Err(_) => return lit(false),
            }
        }
    };
    subject.in_list(rule.values.iter().map(|value| lit(value.clone())).collect(), false)
}

/// The narrowed table for SQL texts.
pub(super) fn barrier(table: ChargesTable, scope: &Scope, keys: tag::Keys) -> Arc<dyn TableProvider> {
    match seen(scope, &table.schema(), keys) {
        Some(filter) => Arc::new(Guarded { table, filter }),
        None => Arc::new(table),
    }
}

#[derive(Debug)]
struct Guarded {
    table: ChargesTable,
    filter: Expr,
}

#[async_trait]
impl TableProvider for Guarded {
    fn schema(&self) -> SchemaRef {
        self.table.schema()
    }

    fn table_type(&self) -> TableType {
        TableType::Base
    }

    /// Nothing of the asker's goes below.
    fn supports_filters_pushdown(&self, filters: &[&Expr]) -> Result<Vec<TableProviderFilterPushDown>> {
        Ok(vec![TableProviderFilterPushDown::Unsupported; filters.len()])
    }

    async fn scan(
        &self,
        state: &dyn Session,
        projection: Option<&Vec<usize>>,
        _: &[Expr],
        _: Option<usize>,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        let schema = self.table.schema();
        let shown: Vec<usize> = projection.cloned().unwrap_or_else(|| (0..schema.fields().len()).collect());
        let mut read = shown.clone();
        for column in self.filter.column_refs() {
            let at = schema.index_of(&column.name)?;
            if !read.contains(&at) {
                read.push(at);
            }
        }
        let scan = self.table.scan(state, Some(&read), std::slice::from_ref(&self.filter), None).await?;
        let known = DFSchema::try_from(scan.schema().as_ref().clone())?;
        let filter: Arc<dyn PhysicalExpr> = state.create_physical_expr(self.filter.clone(), &known)?;
        let narrowed: Arc<dyn ExecutionPlan> = Arc::new(FilterExec::try_new(filter, scan)?);
        let columns = shown.iter().enumerate().map(|(at, column)| {
            let name = schema.field(*column).name();
            (Arc::new(PhysicalColumn::new(name, at)) as Arc<dyn PhysicalExpr>, name.clone())
        });
        let narrowed = Arc::new(ProjectionExec::try_new(columns.collect::<Vec<_>>(), narrowed)?);
        Ok(Arc::new(BarrierExec(narrowed)))
    }
}

/// Passes rows on. It is no node that the optimiser knows, so that nothing is pushed through it.
#[derive(Debug)]
struct BarrierExec(Arc<dyn ExecutionPlan>);

impl DisplayAs for BarrierExec {
    fn fmt_as(&self, _: DisplayFormatType, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("BarrierExec")
    }
}

impl ExecutionPlan for BarrierExec {
    fn name(&self) -> &'static str {
        "BarrierExec"
    }

    fn properties(&self) -> &Arc<PlanProperties> {
        self.0.properties()
    }

    fn children(&self) -> Vec<&Arc<dyn ExecutionPlan>> {
        vec![&self.0]
    }

    fn apply_expressions(
        &self,
        _: &mut dyn FnMut(&Arc<dyn PhysicalExpr>) -> Result<TreeNodeRecursion>,
    ) -> Result<TreeNodeRecursion> {
        Ok(TreeNodeRecursion::Continue)
    }

    fn with_new_children(
        self: Arc<Self>,
        mut children: Vec<Arc<dyn ExecutionPlan>>,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        Ok(Arc::new(Self(children.pop().unwrap_or_else(|| Arc::clone(&self.0)))))
    }

    fn execute(&self, partition: usize, context: Arc<TaskContext>) -> Result<SendableRecordBatchStream> {
        self.0.execute(partition, context)
    }
}
