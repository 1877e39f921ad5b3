//! The least a table of charges needs: Parquet files in hive folders, dictionaries kept, doubles read
//! as decimals. It has no manifests, no ledger and no remote stores; `bursar_lake`'s own table has.

use arrow::array::{ArrayRef, DictionaryArray, Int32Array, RecordBatch, RecordBatchOptions, StringArray};
use arrow::datatypes::{DataType, Field, FieldRef, Int32Type, Schema, SchemaRef, TimeUnit};
use async_trait::async_trait;
use datafusion::catalog::{Session, TableProvider};
use datafusion::common::tree_node::TreeNodeRecursion;
use datafusion::error::{DataFusionError, Result};
use datafusion::execution::{SendableRecordBatchStream, TaskContext};
use datafusion::logical_expr::{Expr, TableProviderFilterPushDown, TableType};
use datafusion::physical_expr::utils::collect_columns;
use datafusion::physical_expr::{EquivalenceProperties, PhysicalExpr};
use datafusion::physical_plan::execution_plan::{Boundedness, EmissionType, PlanProperties};
use datafusion::physical_plan::stream::RecordBatchStreamAdapter;
use datafusion::physical_plan::{DisplayAs, DisplayFormatType, ExecutionPlan, Partitioning};
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::{
    ArrowReaderMetadata, ArrowReaderOptions, ParquetRecordBatchReader, ParquetRecordBatchReaderBuilder,
};
use parquet::basic::Encoding;
use std::collections::VecDeque;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

const HIVE: [&str; 2] = ["provider", "billing_period"];

/// A folder of files.
#[derive(Debug)]
pub(crate) struct Folder {
    files: Vec<Arc<OneFile>>,
    schema: SchemaRef,
    threads: usize,
}

#[derive(Debug)]
struct OneFile {
    path: PathBuf,
    metadata: ArrowReaderMetadata,
    hive: [String; 2],
}

fn dictionary() -> DataType {
    DataType::Dictionary(Box::new(DataType::Int32), Box::new(DataType::Utf8))
}

impl Folder {
    /// Reads all footers.
    pub(crate) fn open(folder: &str, threads: usize) -> Result<Self> {
        let mut paths = Vec::new();
        list(Path::new(folder), &mut paths)?;
        paths.sort();
        let mut files = Vec::new();
        let mut read: Option<SchemaRef> = None;
        for path in paths {
            let file = File::open(&path)?;
            let metadata = ArrowReaderMetadata::load(&file, ArrowReaderOptions::new())?;
            let as_read = read.get_or_insert_with(|| read_schema(&metadata));
            let options = ArrowReaderOptions::new().with_schema(Arc::clone(as_read));
            let metadata = ArrowReaderMetadata::try_new(Arc::clone(metadata.metadata()), options)?;
            let text = path.to_string_lossy();
            let hive = HIVE.map(|key| {
                let start = text.find(&format!("{key}=")).map_or(0, |at| at + key.len() + 1);
                text[start..].split('/').next().unwrap_or_default().to_owned()
            });
            files.push(Arc::new(OneFile { path, metadata, hive }));
        }
        let read = read.ok_or_else(|| DataFusionError::Plan(format!("no Parquet files in `{folder}`")))?;
        let mut fields: Vec<FieldRef> = read
            .fields()
            .iter()
            .map(|f| Arc::new(f.as_ref().clone().with_data_type(canonical(f.data_type()))))
            .collect();
        fields.extend(HIVE.map(|key| Arc::new(Field::new(key, dictionary(), false))));
        Ok(Self { files, schema: Arc::new(Schema::new(fields)), threads })
    }
}

fn list(folder: &Path, out: &mut Vec<PathBuf>) -> Result<()> {
    for entry in std::fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            list(&path, out)?;
        } else if path.extension().is_some_and(|e| e == "parquet") {
            out.push(path);
        }
    }
    Ok(())
}

/// Text as dictionaries where every data page is dictionary-encoded, as views elsewhere.
fn read_schema(metadata: &ArrowReaderMetadata) -> SchemaRef {
    let group = metadata.metadata().row_group(0);
    let fields: Vec<FieldRef> = metadata
        .schema()
        .fields()
        .iter()
        .enumerate()
        .map(|(at, field)| {
            let plain =
                group.column(at).page_encoding_stats_mask().is_some_and(|mask| mask.is_set(Encoding::PLAIN));
            let data_type = match field.data_type() {
                DataType::Utf8 if plain => DataType::Utf8View,
                DataType::Utf8 => dictionary(),
                DataType::Timestamp(_, _) => DataType::Timestamp(TimeUnit::Microsecond, None),
                other => other.clone(),
            };
            let read_as = if matches!(field.data_type(), DataType::Timestamp(_, _)) {
                field.data_type().clone()
            } else {
                data_type
            };
            Arc::new(Field::new(field.name(), read_as, true))
        })
        .collect();
    Arc::new(Schema::new(fields))
}

fn canonical(read: &DataType) -> DataType {
    match read {
        DataType::Float64 => DataType::Decimal128(38, 18),
        DataType::Timestamp(_, _) => DataType::Timestamp(TimeUnit::Microsecond, None),
        other => other.clone(),
    }
}

#[async_trait]
impl TableProvider for Folder {
    fn schema(&self) -> SchemaRef {
        Arc::clone(&self.schema)
    }

    fn table_type(&self) -> TableType {
        TableType::Base
    }

    fn supports_filters_pushdown(&self, filters: &[&Expr]) -> Result<Vec<TableProviderFilterPushDown>> {
        Ok(vec![TableProviderFilterPushDown::Inexact; filters.len()])
    }

    async fn scan(
        &self,
        state: &dyn Session,
        projection: Option<&Vec<usize>>,
        filters: &[Expr],
        _: Option<usize>,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        let all: Vec<usize> = (0..self.schema.fields().len()).collect();
        let projection = projection.unwrap_or(&all).clone();
        let schema = Arc::new(self.schema.project(&projection)?);
        let df_schema = datafusion::common::DFSchema::try_from(Arc::clone(&self.schema))?;
        let mut files = self.files.clone();
        for filter in filters {
            let expr = state.create_physical_expr(filter.clone(), &df_schema)?;
            if collect_columns(&expr).iter().all(|c| HIVE.contains(&c.name())) {
                let mut kept = Vec::new();
                for file in files {
                    if holds(&expr, &self.schema, &file.hive)? {
                        kept.push(file);
                    }
                }
                files = kept;
            }
        }
        let properties = PlanProperties::new(
            EquivalenceProperties::new(Arc::clone(&schema)),
            Partitioning::UnknownPartitioning(self.threads),
            EmissionType::Incremental,
            Boundedness::Bounded,
        );
        Ok(Arc::new(FolderExec {
            files,
            projection,
            table: Arc::clone(&self.schema),
            schema,
            properties: Arc::new(properties),
            batch_size: state.config().batch_size(),
        }))
    }
}

fn holds(expr: &Arc<dyn PhysicalExpr>, schema: &SchemaRef, hive: &[String; 2]) -> Result<bool> {
    let columns: Vec<ArrayRef> = schema
        .fields()
        .iter()
        .map(|f| match HIVE.iter().position(|h| h == f.name()) {
            Some(at) => constant(&hive[at], 1),
            None => arrow::array::new_null_array(f.data_type(), 1),
        })
        .collect();
    let nullable: Vec<_> = schema.fields().iter().map(|f| f.as_ref().clone().with_nullable(true)).collect();
    let batch = RecordBatch::try_new(Arc::new(Schema::new(nullable)), columns)?;
    let answer = expr.evaluate(&batch)?.into_array(1)?;
    Ok(arrow::array::AsArray::as_boolean(&answer).iter().any(|a| a == Some(true)))
}

fn constant(value: &str, rows: usize) -> ArrayRef {
    let values: ArrayRef = Arc::new(StringArray::from(vec![value]));
    constant_of(&values, rows)
}

fn constant_of(values: &ArrayRef, rows: usize) -> ArrayRef {
    Arc::new(DictionaryArray::<Int32Type>::new(Int32Array::from(vec![0; rows]), Arc::clone(values)))
}

#[derive(Debug)]
struct FolderExec {
    files: Vec<Arc<OneFile>>,
    projection: Vec<usize>,
    table: SchemaRef,
    schema: SchemaRef,
    properties: Arc<PlanProperties>,
    batch_size: usize,
}

impl DisplayAs for FolderExec {
    fn fmt_as(&self, _: DisplayFormatType, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "FolderExec: files={}, columns={}", self.files.len(), self.projection.len())
    }
}

type Queue = Arc<Mutex<VecDeque<(Arc<OneFile>, usize)>>>;

impl ExecutionPlan for FolderExec {
    fn name(&self) -> &'static str {
        "FolderExec"
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

    fn execute(&self, partition: usize, _: Arc<TaskContext>) -> Result<SendableRecordBatchStream> {
        let partitions = self.properties.partitioning.partition_count();
        let groups = self
            .files
            .iter()
            .flat_map(|f| (0..f.metadata.metadata().num_row_groups()).map(|g| (Arc::clone(f), g)));
        let mine: VecDeque<_> = groups
            .enumerate()
            .filter(|(at, _)| at % partitions == partition)
            .map(|(_, group)| group)
            .collect();
        let reader = Reader {
            queue: Arc::new(Mutex::new(mine)),
            open: None,
            projection: self.projection.clone(),
            table: Arc::clone(&self.table),
            schema: Arc::clone(&self.schema),
            batch_size: self.batch_size,
        };
        Ok(Box::pin(RecordBatchStreamAdapter::new(Arc::clone(&self.schema), futures::stream::iter(reader))))
    }
}

struct Reader {
    queue: Queue,
    open: Option<(ParquetRecordBatchReader, Vec<ArrayRef>)>,
    projection: Vec<usize>,
    table: SchemaRef,
    schema: SchemaRef,
    batch_size: usize,
}

impl Reader {
    fn next_batch(&mut self) -> Result<Option<RecordBatch>> {
        loop {
            if let Some((reader, hive)) = &mut self.open {
                if let Some(batch) = reader.next() {
                    let batch = batch?;
                    let mut columns = Vec::with_capacity(self.projection.len());
                    for at in &self.projection {
                        let field = self.table.field(*at);
                        if let Some(h) = HIVE.iter().position(|h| h == field.name()) {
                            columns.push(constant_of(&hive[h], batch.num_rows()));
                            continue;
                        }
                        let column = batch
                            .column_by_name(field.name())
                            .ok_or_else(|| DataFusionError::Internal("column".into()))?;
                        columns.push(match column.data_type() {
                            DataType::Float64 => {
                                bursar_focus::canonical::decimal_column(field.name(), column).array
                            }
                            DataType::Timestamp(_, _) => arrow::compute::cast(column, field.data_type())?,
                            _ => Arc::clone(column),
                        });
                    }
                    let options = RecordBatchOptions::new().with_row_count(Some(batch.num_rows()));
                    return Ok(Some(RecordBatch::try_new_with_options(
                        Arc::clone(&self.schema),
                        columns,
                        &options,
                    )?));
                }
                self.open = None;
            }
            let next = self.queue.lock().map_err(|_| DataFusionError::Internal("lock".into()))?.pop_front();
            let Some((file, group)) = next else { return Ok(None) };
            let names: Vec<&str> = self
                .projection
                .iter()
                .map(|at| self.table.field(*at).name().as_str())
                .filter(|n| !HIVE.contains(n))
                .collect();
            let mask = ProjectionMask::columns(file.metadata.parquet_schema(), names);
            let reader = ParquetRecordBatchReaderBuilder::new_with_metadata(
                File::open(&file.path)?,
                file.metadata.clone(),
            )
            .with_projection(mask)
            .with_row_groups(vec![group])
            .with_batch_size(self.batch_size)
            .build()?;
            let hive =
                file.hive.iter().map(|v| Arc::new(StringArray::from(vec![v.as_str()])) as ArrayRef).collect();
            self.open = Some((reader, hive));
        }
    }
}

impl Iterator for Reader {
    type Item = Result<RecordBatch>;

    fn next(&mut self) -> Option<Self::Item> {
        self.next_batch().transpose()
    }
}
