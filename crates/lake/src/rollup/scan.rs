//! Reading cells, and the rows of deliveries that have no cells to answer from.

use super::Rollups;
use super::file::RollupFile;
use super::held::Held;
use super::shape::{CHARGES, DAY, TAG};
use crate::charges::ChargesScan;
use crate::engine::tag;
use arrow::array::{Array, ArrayRef, Int64Array, RecordBatch, RecordBatchOptions, TimestampMicrosecondArray};
use arrow::compute::cast;
use arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use datafusion::common::pruning::PruningStatistics;
use datafusion::common::tree_node::TreeNodeRecursion;
use datafusion::common::{Column, ScalarValue};
use datafusion::error::{DataFusionError, Result};
use datafusion::execution::{SendableRecordBatchStream, TaskContext};
use datafusion::physical_expr::{EquivalenceProperties, PhysicalExpr};
use datafusion::physical_optimizer::pruning::PruningPredicateBuilder;
use datafusion::physical_plan::coop::cooperative;
use datafusion::physical_plan::execution_plan::{Boundedness, EmissionType};
use datafusion::physical_plan::stream::RecordBatchStreamAdapter;
use datafusion::physical_plan::{DisplayAs, DisplayFormatType, ExecutionPlan, Partitioning, PlanProperties};
use futures::{StreamExt, TryStreamExt};
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::statistics::StatisticsConverter;
use parquet::arrow::arrow_reader::{ParquetRecordBatchReader, ParquetRecordBatchReaderBuilder};
use std::collections::HashSet;
use std::fmt;
use std::fs::File;
use std::ops::Range;
use std::sync::Arc;

/// Cells of a batch.
const BATCH_CELLS: usize = 32 << 10;
/// Cells that are worth a thread of their own.
const CELLS_PER_THREAD: u64 = 64 << 10;

/// The cells of one file.
#[derive(Debug, Clone)]
pub(super) struct Cells {
    file: Arc<RollupFile>,
    /// The day of all cells, where they have none of their own.
    day: Option<i64>,
    /// Row groups to read.
    groups: Vec<usize>,
}

impl Cells {
    pub(super) fn new(file: Arc<RollupFile>, day: Option<i64>) -> Self {
        let groups = (0..file.metadata.metadata().num_row_groups()).collect();
        Self { file, day, groups }
    }
}

/// A tag: the column that holds it, and what it is in terms of rows.
#[derive(Debug, Clone)]
pub(super) struct Tagged {
    pub(super) column: String,
    pub(super) of_rows: Arc<dyn PhysicalExpr>,
}

/// Reads cells, and rows where there are none.
#[derive(Debug)]
pub(super) struct RollupScan {
    rollups: Arc<Rollups>,
    cells: Arc<Vec<Cells>>,
    /// The cells of each thread.
    shares: Vec<Range<usize>>,
    rows: Arc<ChargesScan>,
    tags: Arc<Vec<Tagged>>,
    schema: SchemaRef,
    threads: usize,
    properties: Arc<PlanProperties>,
}

impl RollupScan {
    pub(super) fn new(
        rollups: Arc<Rollups>,
        mut cells: Vec<Cells>,
        rows: ChargesScan,
        tags: Vec<Tagged>,
        schema: SchemaRef,
        filter: Option<Arc<dyn PhysicalExpr>>,
    ) -> Self {
        if let Some(filter) = filter {
            cells.iter_mut().for_each(|cells| prune(cells, &filter, &schema));
        }
        let all: u64 = cells.iter().map(|cells| cells.file.contents.cells).sum();
        let worth = usize::try_from(all / CELLS_PER_THREAD + 1).unwrap_or(usize::MAX);
        let threads = worth.min(rows.threads()).min(cells.len()).max(1);
        cells.sort_by_key(|cells| cells.file.contents.days);
        let sizes = cells.iter().map(|cells| (cells.file.contents.days, cells.file.contents.cells));
        let shares = shares(&sizes.collect::<Vec<_>>(), threads);
        let threads = shares.len();
        let from_rows = rows.properties().output_partitioning().partition_count();
        let properties = PlanProperties::new(
            EquivalenceProperties::new(Arc::clone(&schema)),
            Partitioning::UnknownPartitioning(threads + if rows.is_empty() { 0 } else { from_rows }),
            EmissionType::Incremental,
            Boundedness::Bounded,
        );
        Self {
            rollups,
            cells: Arc::new(cells),
            shares,
            rows: Arc::new(rows),
            tags: Arc::new(tags),
            schema,
            threads,
            properties: Arc::new(properties),
        }
    }
}

/// Parts files, which are sorted by their days, among threads by their cells, evenly. A thread gets
/// whole months where that is nearly as even: then its days are no other thread's, and sums by day
/// need not be merged.
fn shares(files: &[(Option<(i32, i32)>, u64)], threads: usize) -> Vec<Range<usize>> {
    let (mut all, mut last) = (0, None);
    // Where a share can end: before which file, after how many cells, and whether days end there, too.
    let mut ends: Vec<(usize, u64, bool)> = Vec::new();
    for (at, (days, cells)) in files.iter().enumerate() {
        ends.push((at, all, last.zip(*days).is_some_and(|(last, (first, _))| first > last)));
        all += cells;
        last = last.max(days.map(|(_, last)| last));
    }
    let mut shares = Vec::with_capacity(threads);
    let mut start = 0;
    for share in 1..threads as u64 {
        let goal = all * share / threads as u64;
        let off = |end: &&(usize, u64, bool)| end.1.abs_diff(goal);
        let later = || ends.iter().filter(|(at, ..)| *at > start);
        let month = later().filter(|(.., whole)| *whole).min_by_key(off);
        let month = month.filter(|end| off(end) <= all / threads as u64 / 6);
        if let Some((at, ..)) = month.or_else(|| later().min_by_key(off)) {
            shares.push(start..*at);
            start = *at;
        }
    }
    shares.push(start..files.len());
    shares
}

/// How many cells a plan reads, if it reads nothing else.
pub(crate) fn cells_alone(plan: &Arc<dyn ExecutionPlan>) -> Option<u64> {
    if let Some(scan) = plan.downcast_ref::<RollupScan>() {
        return scan.rows.is_empty().then(|| scan.cells.iter().map(|cells| cells.file.contents.cells).sum());
    }
    match plan.children().as_slice() {
        [] => None,
        children => children.iter().map(|child| cells_alone(child)).sum(),
    }
}

impl DisplayAs for RollupScan {
    fn fmt_as(&self, _: DisplayFormatType, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let cells: u64 = self.cells.iter().map(|cells| cells.file.contents.cells).sum();
        write!(f, "RollupScan: deliveries={}, cells={cells}", self.cells.len())
    }
}

impl ExecutionPlan for RollupScan {
    fn name(&self) -> &'static str {
        "RollupScan"
    }

    fn properties(&self) -> &Arc<PlanProperties> {
        &self.properties
    }

    fn children(&self) -> Vec<&Arc<dyn ExecutionPlan>> {
        Vec::new()
    }

    fn apply_expressions(
        &self,
        _: &mut dyn FnMut(&Arc<dyn PhysicalExpr>) -> Result<TreeNodeRecursion>,
    ) -> Result<TreeNodeRecursion> {
        Ok(TreeNodeRecursion::Continue)
    }

    fn with_new_children(self: Arc<Self>, _: Vec<Arc<dyn ExecutionPlan>>) -> Result<Arc<dyn ExecutionPlan>> {
        Ok(self)
    }

    fn execute(&self, partition: usize, context: Arc<TaskContext>) -> Result<SendableRecordBatchStream> {
        let schema = Arc::clone(&self.schema);
        if let Some(partition) = partition.checked_sub(self.threads) {
            let tags = Arc::clone(&self.tags);
            let of_rows = Arc::clone(&self.schema);
            let rows = self.rows.execute(partition, context)?;
            let stream = rows.map(move |rows| as_cells(&rows?, &of_rows, &tags));
            return Ok(Box::pin(RecordBatchStreamAdapter::new(schema, stream)));
        }
        let mine = self.shares.get(partition).cloned().unwrap_or_default();
        let mine: Vec<Cells> = self.cells.get(mine).unwrap_or_default().to_vec();
        let (rollups, quarantine) = (Arc::clone(&self.rollups), Arc::clone(self.rows.quarantine()));
        let wanted = Arc::clone(&self.schema);
        let read = self.rows.schema();
        let stream = futures::stream::iter(mine).map(move |cells| {
            let contents = &cells.file.contents;
            quarantine.restore(&contents.excluded, &contents.dropped, contents.rounded, &read);
            quarantine.add_cells(contents.cells);
            let batches = batches(&cells, &wanted, &rollups.held);
            let (rollups, wanted) = (Arc::clone(&rollups), Arc::clone(&wanted));
            let damaged = move |file: &RollupFile, error: DataFusionError| {
                let error = file.failed(error);
                rollups.put_aside(file.delivery, &error);
                DataFusionError::External(Box::new(error))
            };
            let batches = batches.map_err(|error| damaged(&cells.file, error))?;
            let batches = batches.map(move |batch| {
                let shown = batch.and_then(|batch| shown(&batch, &cells, &wanted));
                shown.map_err(|error| damaged(&cells.file, error))
            });
            Ok::<_, DataFusionError>(futures::stream::iter(batches))
        });
        let stream = RecordBatchStreamAdapter::new(schema, stream.try_flatten());
        Ok(Box::pin(cooperative(stream)))
    }
}

type Batches = Box<dyn Iterator<Item = Result<RecordBatch>> + Send>;

/// The wanted columns that a file has: whole and held in memory where it is small, else piece by piece.
fn batches(cells: &Cells, wanted: &SchemaRef, held: &Held) -> Result<Batches> {
    let file = &cells.file;
    let names: Vec<&str> = wanted
        .fields()
        .iter()
        .map(|field| own_name(field.name()))
        .filter(|name| file.schema().index_of(name).is_ok())
        .collect();
    if file.metadata.metadata().num_row_groups() > 1 {
        let batches = read(cells, &names, BATCH_CELLS)?;
        return Ok(Box::new(batches.map(|batch| batch.map_err(DataFusionError::from))));
    }
    let mut columns: Vec<(&str, Option<ArrayRef>)> =
        names.iter().map(|name| (*name, held.get(&file.path, name))).collect();
    let missing: Vec<&str> =
        columns.iter().filter(|(_, held)| held.is_none()).map(|(name, _)| *name).collect();
    let rows = usize::try_from(file.contents.cells).unwrap_or(usize::MAX);
    if !missing.is_empty()
        && let Some(batch) = read(cells, &missing, rows)?.next()
    {
        let batch = batch?;
        for (name, column) in &mut columns {
            if let (None, Some(values)) = (&column, batch.column_by_name(name)) {
                held.put(&file.path, name, values);
                *column = Some(Arc::clone(values));
            }
        }
    }
    let columns = columns.into_iter().filter_map(|(name, column)| column.map(|column| (name, column)));
    let (fields, columns): (Vec<Field>, Vec<ArrayRef>) =
        columns.map(|(name, column)| (Field::new(name, column.data_type().clone(), true), column)).unzip();
    let batch = with_rows(columns, &Arc::new(Schema::new(fields)), rows)?;
    Ok(Box::new(std::iter::once(Ok(batch))))
}

fn read(cells: &Cells, names: &[&str], at_once: usize) -> Result<ParquetRecordBatchReader> {
    let file = File::open(&cells.file.path)?;
    let columns = names.iter().filter_map(|name| cells.file.schema().index_of(name).ok());
    let mask = ProjectionMask::roots(cells.file.metadata.parquet_schema(), columns);
    let reader = ParquetRecordBatchReaderBuilder::new_with_metadata(file, cells.file.metadata.clone())
        .with_projection(mask)
        .with_row_groups(cells.groups.clone())
        .with_batch_size(at_once.max(1));
    Ok(reader.build()?)
}

/// What a file calls a column.
fn own_name(column: &str) -> &str {
    if column.starts_with(tag::NAME) && column.contains('(') { TAG } else { column }
}

/// A file's batch in the columns and types that were asked for.
fn shown(batch: &RecordBatch, cells: &Cells, wanted: &SchemaRef) -> Result<RecordBatch> {
    let rows = batch.num_rows();
    let mut columns: Vec<ArrayRef> = Vec::with_capacity(wanted.fields().len());
    for field in wanted.fields() {
        let column: ArrayRef = match (field.name().as_str(), cells.day) {
            (DAY, Some(day)) => Arc::new(TimestampMicrosecondArray::from(vec![day; rows])),
            (name, _) => {
                let column = batch.column_by_name(own_name(name));
                Arc::clone(column.ok_or_else(|| DataFusionError::Internal(format!("no column {name}")))?)
            }
        };
        let same = column.data_type() == field.data_type();
        columns.push(if same { column } else { cast(&column, field.data_type())? });
    }
    with_rows(columns, wanted, rows)
}

/// Rows as cells that stand for one charge each.
fn as_cells(rows: &RecordBatch, wanted: &SchemaRef, tags: &[Tagged]) -> Result<RecordBatch> {
    let count = rows.num_rows();
    let mut columns: Vec<ArrayRef> = Vec::with_capacity(wanted.fields().len());
    for field in wanted.fields() {
        let name = field.name().as_str();
        let column = if name == CHARGES {
            Arc::new(Int64Array::from(vec![1; count]))
        } else if let Some(tag) = tags.iter().find(|tag| tag.column == name) {
            tag.of_rows.evaluate(rows)?.into_array(count)?
        } else {
            let column = rows.column_by_name(name);
            Arc::clone(column.ok_or_else(|| DataFusionError::Internal(format!("no column {name}")))?)
        };
        let same = column.data_type() == field.data_type();
        columns.push(if same { column } else { cast(&column, field.data_type())? });
    }
    with_rows(columns, wanted, count)
}

fn with_rows(columns: Vec<ArrayRef>, schema: &SchemaRef, rows: usize) -> Result<RecordBatch> {
    let options = RecordBatchOptions::new().with_row_count(Some(rows));
    Ok(RecordBatch::try_new_with_options(Arc::clone(schema), columns, &options)?)
}

/// Leaves out row groups that hold no wanted cell. In doubt a group stays.
fn prune(cells: &mut Cells, filter: &Arc<dyn PhysicalExpr>, schema: &SchemaRef) {
    if cells.groups.len() < 2 {
        return;
    }
    let builder = PruningPredicateBuilder::new().with_file_schema(Arc::clone(schema));
    let Ok(predicate) = builder.try_build(Arc::clone(filter)) else { return };
    let groups = OfGroups { file: &cells.file, groups: cells.groups.len() };
    if let Ok(keep) = predicate.prune(&groups) {
        cells.groups = keep.iter().enumerate().filter(|(_, keep)| **keep).map(|(at, _)| at).collect();
    }
}

/// What a file tells of its row groups.
struct OfGroups<'a> {
    file: &'a RollupFile,
    groups: usize,
}

impl OfGroups<'_> {
    fn bounds(&self, column: &str, largest: bool) -> Option<ArrayRef> {
        let metadata = &self.file.metadata;
        let name = own_name(column);
        // The converter knows texts, not codes, and finds a column by its place among all.
        let plain = metadata.schema().fields().iter().map(|field| match field.data_type() {
            DataType::Dictionary(_, value) => field.as_ref().clone().with_data_type(value.as_ref().clone()),
            _ => field.as_ref().clone(),
        });
        let schema = Schema::new(plain.collect::<Vec<_>>());
        let converter = StatisticsConverter::try_new(name, &schema, metadata.parquet_schema()).ok()?;
        let groups = metadata.metadata().row_groups().iter();
        let bounds =
            if largest { converter.row_group_maxes(groups) } else { converter.row_group_mins(groups) };
        bounds.ok().filter(|bounds| bounds.len() == self.groups)
    }
}

impl PruningStatistics for OfGroups<'_> {
    fn min_values(&self, column: &Column) -> Option<ArrayRef> {
        self.bounds(&column.name, false)
    }

    fn max_values(&self, column: &Column) -> Option<ArrayRef> {
        self.bounds(&column.name, true)
    }

    fn num_containers(&self) -> usize {
        self.groups
    }

    fn null_counts(&self, _: &Column) -> Option<ArrayRef> {
        None
    }

    fn row_counts(&self) -> Option<ArrayRef> {
        None
    }

    fn contained(&self, _: &Column, _: &HashSet<ScalarValue>) -> Option<arrow::array::BooleanArray> {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn threads_get_whole_months_where_that_is_even() {
        let month = |n: i32, cells: u64| (Some((n * 30, n * 30 + 29)), cells);
        let check = |files: &[(Option<(i32, i32)>, u64)], threads, expected: &[(usize, usize)]| {
            let found: Vec<_> = shares(files, threads).into_iter().map(|r| (r.start, r.end)).collect();
            assert_eq!(found, expected);
        };
        let year: Vec<_> = (0..12).flat_map(|n| [60, 50, 70].map(|cells| month(n, cells))).collect();
        check(&year, 2, &[(0, 18), (18, 36)]);
        check(&year, 3, &[(0, 12), (12, 24), (24, 36)]);
        check(&year, 1, &[(0, 36)]);
        // Three months for two threads: not even, so a month is shared.
        check(&year[..9], 2, &[(0, 5), (5, 9)]);
        // The same days everywhere, no days, one file for two threads, one large file.
        check(&[month(1, 9), month(1, 9), month(1, 9)], 2, &[(0, 1), (1, 3)]);
        check(&[(None, 9), (None, 9), month(1, 9), month(2, 9)], 2, &[(0, 2), (2, 4)]);
        check(&[month(1, 9)], 2, &[(0, 1)]);
        check(&[month(1, 1), month(2, 99), month(3, 1)], 2, &[(0, 1), (1, 3)]);
        check(&[], 1, &[(0, 0)]);
    }
}
