//! Where a question is asked of sums instead of rows.
//!
//! An aggregate can be, if it looks at rows only through columns that sums are kept by: keys, filters
//! and `CASE` conditions over dimensions, over the day of the charge, over one tag; sums of measures,
//! counts of charges, extremes and distinct counts of dimensions. Each cell then counts for as many
//! charges as it stands for.
//!
//! The day may be compared, cast and truncated, not looked at closer: a cell knows no hours. Where
//! everything that is asked about days is the same on the first and on the last day of a delivery, it
//! is the same on all between (each such expression only steps up or only down), and monthly cells do.

use super::file::RollupFile;
use super::scan::{Cells, RollupScan, Tagged};
use super::shape::{CHARGES, DAY, MEASURES};
use crate::charges::ChargesScan;
use crate::engine::{ChargeAggregateExec, Plan, tag};
use arrow::array::{ArrayRef, RecordBatch, TimestampMicrosecondArray};
use arrow::datatypes::{DataType, Field, Schema, SchemaRef, TimeUnit};
use datafusion::common::config::ConfigOptions;
use datafusion::common::tree_node::{Transformed, TransformedResult, TreeNode, TreeNodeRecursion};
use datafusion::error::Result;
use datafusion::logical_expr::Operator;
use datafusion::physical_expr::aggregate::AggregateFunctionExpr;
use datafusion::physical_expr::expressions::{
    BinaryExpr, CaseExpr, CastExpr, Column, IsNotNullExpr, IsNullExpr, Literal,
};
use datafusion::physical_expr::{PhysicalExpr, ScalarFunctionExpr};
use datafusion::physical_expr_common::physical_expr::is_volatile;
use datafusion::physical_optimizer::PhysicalOptimizerRule;
use datafusion::physical_plan::ExecutionPlan;
use datafusion::scalar::ScalarValue;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

const MICROS_PER_DAY: i64 = 86_400_000_000;
/// What `date_trunc` may cut to: whole days or more.
const GRAINS: [&str; 5] = ["day", "week", "month", "quarter", "year"];

/// Asks aggregates over charges of rollups where it can.
#[derive(Debug, Default)]
pub struct FromRollups;

impl PhysicalOptimizerRule for FromRollups {
    fn optimize(&self, plan: Arc<dyn ExecutionPlan>, _: &ConfigOptions) -> Result<Arc<dyn ExecutionPlan>> {
        plan.transform_down(|node| {
            Ok(match node.downcast_ref::<ChargeAggregateExec>().map(serve).transpose()?.flatten() {
                Some(served) => Transformed::new(
                    Arc::new(served) as Arc<dyn ExecutionPlan>,
                    true,
                    TreeNodeRecursion::Jump,
                ),
                None => Transformed::no(node),
            })
        })
        .data()
    }

    fn name(&self) -> &'static str {
        "FromRollups"
    }

    fn schema_check(&self) -> bool {
        true
    }
}

fn serve(aggregate: &ChargeAggregateExec) -> Result<Option<ChargeAggregateExec>> {
    let Some(scan) = aggregate.input().downcast_ref::<ChargesScan>() else { return Ok(None) };
    let Some(rollups) = scan.rollups() else { return Ok(None) };
    let Some(needs) = Needs::of(aggregate.plan()) else { return Ok(None) };
    let mut cells = Vec::new();
    let mut from_rows = Vec::new();
    for (delivery, units) in scan.units_by_delivery() {
        let shelf = rollups.shelf(delivery);
        let mut found = None;
        for file in shelf.iter().flat_map(|shelf| shelf.iter()) {
            if let Some(day) = needs.served_by(file)? {
                found = Some(Cells::new(Arc::clone(file), day));
                break;
            }
        }
        match found {
            Some(found) => cells.push(found),
            None => from_rows.extend(units),
        }
    }
    if cells.is_empty() {
        return Ok(None);
    }
    let (schema, tags) = needs.input(&scan.schema())?;
    let Some(plan) = over_sums(aggregate.plan(), &schema)? else { return Ok(None) };
    let filter = plan.predicate.clone();
    let input = RollupScan::new(Arc::clone(rollups), cells, scan.with_units(from_rows), tags, schema, filter);
    Ok(aggregate.over_sums(plan, Arc::new(input)))
}

/// What a question looks at.
#[derive(Debug, Default)]
struct Needs {
    dimensions: BTreeSet<String>,
    measures: BTreeSet<String>,
    /// Expressions over the day alone.
    days: Vec<Arc<dyn PhysicalExpr>>,
    /// Whether it matters that a charge has no day.
    exact_days: bool,
    /// Whether charges are counted.
    counts: bool,
    /// Keys, each with an expression that reads it from rows.
    tags: BTreeMap<String, Arc<dyn PhysicalExpr>>,
}

impl Needs {
    /// `None` when sums cannot answer.
    fn of(plan: &Plan) -> Option<Self> {
        let mut needs = Self::default();
        let keys = plan.group.iter().map(|(expr, _)| expr);
        for expr in keys.chain(&plan.predicate).chain(plan.filters.iter().flatten()) {
            needs.dimension(expr)?;
        }
        for aggregate in &plan.aggregates {
            needs.aggregate(aggregate)?;
        }
        Some(needs)
    }

    fn aggregate(&mut self, aggregate: &AggregateFunctionExpr) -> Option<()> {
        let arguments = aggregate.expressions();
        let [argument] = arguments.as_slice() else { return None };
        match aggregate.fun().name() {
            "sum" if !aggregate.is_distinct() => self.linear(argument),
            "count" | "min" | "max" => {
                self.counts |= aggregate.fun().name() == "count" && !aggregate.is_distinct();
                self.dimension(argument)
            }
            _ => None,
        }
    }

    /// An expression that is the same for all charges of a cell.
    fn dimension(&mut self, expr: &Arc<dyn PhysicalExpr>) -> Option<()> {
        if is_volatile(expr) {
            return None;
        }
        if let Some(column) = expr.downcast_ref::<Column>() {
            if column.name() == DAY || MEASURES.contains(&column.name()) {
                return None;
            }
            self.dimensions.insert(column.name().to_owned());
            return Some(());
        }
        if let Some(key) = tag_key(expr) {
            self.tags.insert(key.to_owned(), Arc::clone(expr));
            return Some(());
        }
        if is_of_day(expr) {
            self.days.push(Arc::clone(expr));
            return Some(());
        }
        let asked = expr.downcast_ref::<IsNullExpr>().map(IsNullExpr::arg);
        let asked = asked.or_else(|| expr.downcast_ref::<IsNotNullExpr>().map(IsNotNullExpr::arg));
        if asked.is_some_and(is_day) {
            self.days.push(Arc::clone(expr));
            self.exact_days = true;
            return Some(());
        }
        expr.children().into_iter().try_for_each(|child| self.dimension(child))
    }

    /// An expression whose sum over charges is the same expression of their sums.
    fn linear(&mut self, expr: &Arc<dyn PhysicalExpr>) -> Option<()> {
        if let Some(column) = expr.downcast_ref::<Column>() {
            self.measures.insert(MEASURES.iter().find(|name| **name == column.name())?.to_string());
            return Some(());
        }
        if is_nothing(expr) {
            return Some(());
        }
        let case = expr.downcast_ref::<CaseExpr>()?;
        if case.expr().is_some() {
            return None;
        }
        for (when, then) in case.when_then_expr() {
            self.dimension(when)?;
            self.linear(then)?;
        }
        case.else_expr().map_or(Some(()), |other| self.linear(other))
    }

    /// Whether this file can answer, and if so with which day in cells that have none.
    fn served_by(&self, file: &RollupFile) -> Result<Option<Option<i64>>> {
        let contents = &file.contents;
        let has = |name: &String| contents.columns.contains(name);
        if !self.dimensions.iter().all(has) || !self.tags.keys().all(|key| contents.has_tag(key)) {
            return Ok(None);
        }
        if self.days.is_empty() || contents.daily {
            return Ok(Some(None));
        }
        let Some((first, last)) = contents.days.filter(|_| !self.exact_days && !contents.undated) else {
            return Ok(None);
        };
        let (first, last) = (i64::from(first) * MICROS_PER_DAY, i64::from(last) * MICROS_PER_DAY);
        Ok(self.same_all_along(first, last)?.then_some(Some(first)))
    }

    fn same_all_along(&self, first: i64, last: i64) -> Result<bool> {
        let schema = Arc::new(Schema::new(vec![day_field()]));
        let ends: ArrayRef = Arc::new(TimestampMicrosecondArray::from(vec![first, last]));
        let ends = RecordBatch::try_new(Arc::clone(&schema), vec![ends])?;
        for expr in &self.days {
            let expr = renumbered(expr, &schema)?;
            let values = expr.evaluate(&ends)?.into_array(2)?;
            if ScalarValue::try_from_array(&values, 0)? != ScalarValue::try_from_array(&values, 1)? {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// The columns that sums and rows both give, and how rows give the tags.
    fn input(&self, rows: &SchemaRef) -> Result<(SchemaRef, Vec<Tagged>)> {
        let mut fields = Vec::new();
        for name in self.dimensions.iter().chain(&self.measures) {
            fields.push(rows.field_with_name(name)?.clone());
        }
        if !self.days.is_empty() {
            fields.push(day_field());
        }
        let mut tags = Vec::new();
        for (key, expr) in &self.tags {
            fields.push(Field::new(tag_column(key), codes(), true));
            tags.push(Tagged { column: tag_column(key), of_rows: Arc::clone(expr) });
        }
        if self.counts {
            fields.push(Field::new(CHARGES, DataType::Int64, false));
        }
        Ok((Arc::new(Schema::new(fields)), tags))
    }
}

/// The same plan in terms of the columns of sums.
fn over_sums(plan: &Plan, schema: &SchemaRef) -> Result<Option<Plan>> {
    let moved = |expr: &Arc<dyn PhysicalExpr>| renumbered(expr, schema);
    let group =
        plan.group.iter().map(|(expr, name)| Ok((moved(expr)?, name.clone()))).collect::<Result<_>>()?;
    let mut aggregates = Vec::with_capacity(plan.aggregates.len());
    for aggregate in &plan.aggregates {
        let arguments = aggregate.expressions().iter().map(moved).collect::<Result<_>>()?;
        let Some(aggregate) = aggregate.with_new_expressions(arguments, Vec::new()) else { return Ok(None) };
        aggregates.push(Arc::new(aggregate));
    }
    let filters = plan.filters.iter().map(|f| f.as_ref().map(moved).transpose()).collect::<Result<_>>()?;
    let predicate = plan.predicate.as_ref().map(moved).transpose()?;
    Ok(Some(Plan { predicate, group, aggregates, filters, weight: schema.index_of(CHARGES).ok() }))
}

/// The same expression over the columns of `schema`, where a tag is a column.
fn renumbered(expr: &Arc<dyn PhysicalExpr>, schema: &SchemaRef) -> Result<Arc<dyn PhysicalExpr>> {
    Arc::clone(expr)
        .transform_down(|node| {
            if let Some(key) = tag_key(&node) {
                let name = tag_column(key);
                let column: Arc<dyn PhysicalExpr> = Arc::new(Column::new(&name, schema.index_of(&name)?));
                // What was made for the function's type must find that type.
                let text: Arc<dyn PhysicalExpr> = Arc::new(CastExpr::new(column, DataType::Utf8, None));
                return Ok(Transformed::new(text, true, TreeNodeRecursion::Jump));
            }
            let Some(column) = node.downcast_ref::<Column>() else { return Ok(Transformed::no(node)) };
            let moved = Column::new(column.name(), schema.index_of(column.name())?);
            Ok(Transformed::yes(Arc::new(moved) as Arc<dyn PhysicalExpr>))
        })
        .data()
}

fn codes() -> DataType {
    DataType::Dictionary(Box::new(DataType::Int32), Box::new(DataType::Utf8))
}

fn day_field() -> Field {
    Field::new(DAY, DataType::Timestamp(TimeUnit::Microsecond, None), true)
}

/// The column that holds a tag; no column of an export has such a name.
fn tag_column(key: &str) -> String {
    format!("tag('{key}')")
}

/// The key, if the expression is `tag(…)` of the tags column.
fn tag_key(expr: &Arc<dyn PhysicalExpr>) -> Option<&str> {
    let function = expr.downcast_ref::<ScalarFunctionExpr>().filter(|f| f.name() == tag::NAME)?;
    let [tags, key, provider @ ..] = function.args() else { return None };
    tags.downcast_ref::<Column>().filter(|column| column.name() == "Tags")?;
    // The provider decides how keys are compared, as it did when the sums were taken.
    let as_planned = provider.iter().all(|p| {
        p.downcast_ref::<Column>().is_some_and(|column| column.name() == "provider") || text(p).is_some()
    });
    text(key).filter(|_| as_planned)
}

fn text(expr: &Arc<dyn PhysicalExpr>) -> Option<&str> {
    match expr.downcast_ref::<Literal>()?.value() {
        ScalarValue::Utf8(Some(text)) | ScalarValue::Utf8View(Some(text)) => Some(text),
        _ => None,
    }
}

fn is_day(expr: &Arc<dyn PhysicalExpr>) -> bool {
    expr.downcast_ref::<Column>().is_some_and(|column| column.name() == DAY)
}

/// Whether the expression looks at the day of the charge, at nothing closer, and only steps up or
/// only steps down as days go by.
fn is_of_day(expr: &Arc<dyn PhysicalExpr>) -> bool {
    if let Some(cast) = expr.downcast_ref::<CastExpr>() {
        return *cast.cast_type() == DataType::Date32 && is_day(cast.expr());
    }
    if let Some(function) = expr.downcast_ref::<ScalarFunctionExpr>() {
        return match function.args() {
            [grain, day] => {
                function.name() == "date_trunc"
                    && is_day(day)
                    && text(grain).is_some_and(|grain| GRAINS.contains(&grain.to_ascii_lowercase().as_str()))
            }
            _ => false,
        };
    }
    let Some(binary) = expr.downcast_ref::<BinaryExpr>() else { return false };
    // A midnight parts days from days only if the day that it begins is on its upper side.
    match binary.op() {
        Operator::GtEq | Operator::Lt => is_day(binary.left()) && is_midnight(binary.right()),
        Operator::LtEq | Operator::Gt => is_day(binary.right()) && is_midnight(binary.left()),
        _ => false,
    }
}

fn is_midnight(expr: &Arc<dyn PhysicalExpr>) -> bool {
    let Some(literal) = expr.downcast_ref::<Literal>() else { return false };
    matches!(literal.value(), ScalarValue::TimestampMicrosecond(Some(micros), None) if micros % MICROS_PER_DAY == 0)
}

/// Zero or nothing: its sum is itself, however many charges there are.
fn is_nothing(expr: &Arc<dyn PhysicalExpr>) -> bool {
    let Some(literal) = expr.downcast_ref::<Literal>() else { return false };
    literal.value().is_null() || matches!(literal.value(), ScalarValue::Decimal128(Some(0), _, _))
}
