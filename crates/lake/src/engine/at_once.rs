//! Several aggregates of the same rows in one pass over them.
//!
//! Reading and decoding rows costs more than adding them up, so whoever wants the same rows summed
//! in several ways reads them once.

use super::table::Table;
use super::{EngineError, Plan};
use arrow::array::RecordBatch;
use arrow::datatypes::SchemaRef;
use datafusion::common::runtime::SpawnedTask;
use datafusion::error::{DataFusionError, Result};
use datafusion::execution::memory_pool::MemoryConsumer;
use datafusion::execution::{SendableRecordBatchStream, TaskContext};
use datafusion::physical_plan::{ExecutionPlan, ExecutionPlanProperties};
use futures::StreamExt;
use std::ops::Range;
use std::sync::Arc;

/// One of the aggregates, done.
#[derive(Debug)]
pub(crate) struct Finished(Table);

impl Finished {
    /// How many groups.
    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }

    /// A range of groups: keys, then aggregates, in the types of `schema`.
    pub(crate) fn batch(&self, schema: &SchemaRef, groups: Range<usize>) -> Result<RecordBatch> {
        self.0.batch(schema, groups)
    }
}

/// Aggregates of one pass. One that outgrows `most_groups`, or for which there is no memory, is
/// given up and comes back as `None`; the others go on.
///
/// # Errors
/// When the input fails, a sum overflows, or a plan has something the engine does not do.
pub(crate) async fn aggregate_at_once(
    plans: &[Plan],
    input: &Arc<dyn ExecutionPlan>,
    context: &Arc<TaskContext>,
    most_groups: usize,
) -> Result<Vec<Option<Finished>>> {
    let mut parts = Vec::new();
    for partition in 0..input.output_partitioning().partition_count() {
        let stream = input.execute(partition, Arc::clone(context))?;
        let memory = MemoryConsumer::new(format!("sums[{partition}]")).register(context.memory_pool());
        let mut tables = Vec::with_capacity(plans.len());
        for plan in plans {
            let table = Table::try_new(plan, &input.schema());
            tables.push(Some(table.ok_or(EngineError::Internal("these sums cannot be taken at once"))?));
        }
        let pass = async move {
            let tables = one_partition(stream, tables, |size| memory.try_resize(size), most_groups).await?;
            // What was reserved is held until all partitions are merged.
            Ok::<_, DataFusionError>((tables, memory))
        };
        parts.push(SpawnedTask::spawn(pass));
    }
    let mut merged: Option<Vec<Option<Table>>> = None;
    let mut held = Vec::new();
    for part in parts {
        let (tables, memory) =
            part.join_unwind().await.map_err(|e| DataFusionError::External(Box::new(e)))??;
        held.push(memory);
        merged = Some(match merged {
            None => tables,
            Some(first) => {
                let pairs = first.into_iter().zip(tables);
                pairs.map(|(one, other)| both(one, other, most_groups)).collect::<Result<_>>()?
            }
        });
    }
    let tables = merged.unwrap_or_default();
    Ok(tables
        .into_iter()
        .map(|table| {
            let mut table = table?;
            table.finish();
            Some(Finished(table))
        })
        .collect())
}

fn both(one: Option<Table>, other: Option<Table>, most_groups: usize) -> Result<Option<Table>> {
    let (Some(mut one), Some(other)) = (one, other) else { return Ok(None) };
    one.merge(other)?;
    Ok((one.len() <= most_groups).then_some(one))
}

async fn one_partition(
    mut stream: SendableRecordBatchStream,
    mut tables: Vec<Option<Table>>,
    mut reserve: impl FnMut(usize) -> Result<()>,
    most_groups: usize,
) -> Result<Vec<Option<Table>>> {
    while let Some(batch) = stream.next().await {
        let batch = batch?;
        tokio::task::consume_budget().await;
        for slot in &mut tables {
            if let Some(table) = slot {
                table.update(&batch)?;
                if table.len() > most_groups {
                    *slot = None;
                }
            }
        }
        while reserve(tables.iter().flatten().map(Table::size).sum()).is_err() {
            let largest = tables.iter_mut().max_by_key(|table| table.as_ref().map_or(0, Table::size));
            match largest {
                Some(largest) if largest.is_some() => *largest = None,
                _ => return Ok(tables),
            }
        }
    }
    Ok(tables)
}
