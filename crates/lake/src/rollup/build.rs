//! One pass over a delivery's rows gives all of its sums.

use super::RollupError;
use super::file::{Contents, Sums};
use super::shape::{CHARGES, DAY, MEASURES, Shape, TAG, shapes};
use crate::charges::{Charges, ChargesTable, Quarantine};
use crate::engine::tag::Keys;
use crate::engine::{Finished, Plan, aggregate_at_once};
use crate::sql::{Engine, QueryError};
use arrow::array::{Array, ArrayRef, AsArray, RecordBatch};
use arrow::compute::{SortColumn, SortOptions, cast, lexsort_to_indices, take_record_batch};
use arrow::datatypes::{DataType, Date32Type, Field, Schema, SchemaRef, TimeUnit};
use datafusion::catalog::TableProvider;
use datafusion::common::DFSchema;
use datafusion::error::{DataFusionError, Result};
use datafusion::execution::SessionState;
use datafusion::functions_aggregate::count::count_udaf;
use datafusion::functions_aggregate::sum::sum_udaf;
use datafusion::logical_expr::expr::ScalarFunction;
use datafusion::logical_expr::{Expr, lit};
use datafusion::physical_expr::PhysicalExpr;
use datafusion::physical_expr::aggregate::{AggregateExprBuilder, AggregateFunctionExpr};
use datafusion::physical_expr::expressions::{CastExpr, Column, Literal};
use datafusion::scalar::ScalarValue;
use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

/// Longest a pass may take.
const LIMIT: Duration = Duration::from_secs(3600);
/// Cells of one shape; with more, it is not worth keeping.
const MOST_CELLS: usize = 1 << 20;
/// Deliveries of so few rows are always rolled up: their cells are few, whatever the ratio.
const FEW_CELLS: u64 = 20_000;

/// The sums of all charges in every shape that has clearly fewer cells than there are rows.
pub(super) async fn sums(
    engine: &Arc<Engine>,
    charges: &Charges,
    tags: &[String],
) -> Result<Vec<Sums>, RollupError> {
    let quarantine = Arc::new(Quarantine::default());
    let context = engine.session(charges, &quarantine)?;
    let (charges, shapes) = (charges.clone(), shapes(tags));
    let work = async move {
        let state = context.state();
        pass(&state, &charges, &quarantine, shapes).await.map_err(QueryError::of)
    };
    Ok(engine.run(LIMIT, work).await?)
}

async fn pass(
    state: &SessionState,
    charges: &Charges,
    quarantine: &Arc<Quarantine>,
    shapes: Vec<Shape>,
) -> Result<Vec<Sums>> {
    let table = charges.schema();
    let wanted: BTreeSet<&str> = shapes
        .iter()
        .flat_map(|shape| shape.columns.iter().copied())
        .chain(MEASURES)
        .chain([DAY, "Tags", "provider"])
        .collect();
    let projection = wanted.iter().map(|name| table.index_of(name)).collect::<Result<Vec<_>, _>>()?;
    let scan = ChargesTable::new(charges.clone(), Arc::clone(quarantine))
        .scan(state, Some(&projection), &[], None)
        .await?;
    let schema = scan.schema();
    let plans = shapes.iter().map(|shape| plan(shape, state, &schema)).collect::<Result<Vec<_>>>()?;
    let finished = aggregate_at_once(&plans, &scan, &state.task_ctx(), MOST_CELLS).await?;
    let ignore_case = charges.tag_keys() == Keys::IgnoreCase;
    let mut sums = Vec::new();
    for (shape, finished) in shapes.iter().zip(finished) {
        let Some(finished) = finished else { continue };
        let cells = cells(shape, &schema, &finished)?;
        drop(finished);
        let (days, undated) = days(&cells);
        let rows: i64 = cells
            .column_by_name(CHARGES)
            .map(|charges| charges.as_primitive::<arrow::datatypes::Int64Type>().values().iter().sum())
            .unwrap_or(0);
        let contents = Contents {
            daily: shape.daily,
            columns: shape.columns.iter().map(|name| (*name).to_owned()).collect(),
            tag: shape.tag.clone(),
            ignore_case,
            cells: cells.num_rows() as u64,
            rows: u64::try_from(rows).unwrap_or(0),
            days,
            undated,
            excluded: quarantine.excluded(),
            dropped: quarantine.dropped(),
            rounded: quarantine.rounded(),
        };
        sums.push(Sums { contents, cells });
    }
    // The days of charges are the same whatever they are summed by.
    let daily =
        sums.iter().find(|sum| sum.contents.daily).map(|sum| (sum.contents.days, sum.contents.undated));
    sums.retain_mut(|Sums { contents, .. }| {
        match daily {
            Some((days, undated)) => (contents.days, contents.undated) = (days, undated),
            None => contents.undated = true,
        }
        contents.cells <= FEW_CELLS.max(contents.rows / 2)
    });
    Ok(sums)
}

fn plan(shape: &Shape, state: &SessionState, schema: &SchemaRef) -> Result<Plan> {
    let column = |name: &str| -> Result<Arc<dyn PhysicalExpr>> {
        Ok(Arc::new(Column::new(name, schema.index_of(name)?)))
    };
    let mut group = Vec::new();
    for name in &shape.columns {
        group.push((column(name)?, (*name).to_owned()));
    }
    if shape.daily {
        let day: Arc<dyn PhysicalExpr> = Arc::new(CastExpr::new(column(DAY)?, DataType::Date32, None));
        group.push((day, DAY.to_owned()));
    }
    if let Some(key) = &shape.tag {
        let Some(function) = state.scalar_functions().get(crate::engine::tag::NAME) else {
            return Err(DataFusionError::Internal("the function `tag` is missing".to_owned()));
        };
        let tag = ScalarFunction::new_udf(Arc::clone(function), vec![lit(key.clone())]);
        let names = DFSchema::try_from(schema.as_ref().clone())?;
        group.push((state.create_physical_expr(Expr::ScalarFunction(tag), &names)?, TAG.to_owned()));
    }
    let mut aggregates: Vec<Arc<AggregateFunctionExpr>> = Vec::new();
    for measure in MEASURES {
        let sum = AggregateExprBuilder::new(sum_udaf(), vec![column(measure)?]);
        aggregates.push(Arc::new(sum.schema(Arc::clone(schema)).alias(measure).build()?));
    }
    let one: Arc<dyn PhysicalExpr> = Arc::new(Literal::new(ScalarValue::Int64(Some(1))));
    let count = AggregateExprBuilder::new(count_udaf(), vec![one]);
    aggregates.push(Arc::new(count.schema(Arc::clone(schema)).alias(CHARGES).build()?));
    let filters = vec![None; aggregates.len()];
    Ok(Plan { predicate: None, group, aggregates, filters, weight: None })
}

/// The cells as one batch, sorted, in the types they are kept in.
fn cells(shape: &Shape, schema: &SchemaRef, finished: &Finished) -> Result<RecordBatch> {
    let codes = DataType::Dictionary(Box::new(DataType::Int32), Box::new(DataType::Utf8));
    let mut fields: Vec<Field> = Vec::new();
    for name in &shape.columns {
        let data_type = match schema.field_with_name(name)?.data_type() {
            time @ DataType::Timestamp(_, _) => time.clone(),
            _ => codes.clone(),
        };
        fields.push(Field::new(*name, data_type, true));
    }
    if shape.daily {
        fields.push(Field::new(DAY, DataType::Date32, true));
    }
    if shape.tag.is_some() {
        fields.push(Field::new(TAG, codes, true));
    }
    for measure in MEASURES {
        fields.push(Field::new(measure, DataType::Decimal128(38, 18), true));
    }
    fields.push(Field::new(CHARGES, DataType::Int64, false));
    let batch = finished.batch(&Arc::new(Schema::new(fields)), 0..finished.len())?;
    let sorted_by: Vec<SortColumn> = shape
        .order()
        .into_iter()
        .filter_map(|name| batch.column_by_name(name))
        .map(|values| {
            let options = SortOptions { descending: false, nulls_first: true };
            SortColumn { values: Arc::clone(values), options: Some(options) }
        })
        .collect();
    let order = lexsort_to_indices(&sorted_by, None)?;
    let sorted = take_record_batch(&batch, &order)?;
    with_timestamps(&sorted)
}

/// Days become timestamps, the type of the column they stand for.
fn with_timestamps(batch: &RecordBatch) -> Result<RecordBatch> {
    let micros = DataType::Timestamp(TimeUnit::Microsecond, None);
    let mut fields = Vec::new();
    let mut columns: Vec<ArrayRef> = Vec::new();
    for (field, column) in batch.schema().fields().iter().zip(batch.columns()) {
        if *field.data_type() == DataType::Date32 {
            columns.push(cast(column, &micros)?);
            fields.push(Field::new(field.name(), micros.clone(), true));
        } else {
            columns.push(Arc::clone(column));
            fields.push(field.as_ref().clone());
        }
    }
    Ok(RecordBatch::try_new(Arc::new(Schema::new(fields)), columns)?)
}

/// First and last day, and whether some charges have none.
fn days(cells: &RecordBatch) -> (Option<(i32, i32)>, bool) {
    let Some(days) = cells.column_by_name(DAY).and_then(|days| cast(days, &DataType::Date32).ok()) else {
        return (None, true);
    };
    let days = days.as_primitive::<Date32Type>();
    let bounds = arrow::compute::min(days).zip(arrow::compute::max(days));
    (bounds, days.null_count() > 0)
}
