//! The operator: partitions are aggregated side by side, then merged into one answer, where they can
//! have groups in common. Partitions of different months of a daily question cannot.
//!
//! Memory: every partition reports its table to the pool. When the pool says no, all tables are
//! dropped and the question is asked again with DataFusion's own aggregate over the same input,
//! which spills. That costs the work done so far; it happens only where the number of groups is
//! beyond what a person can look at, and it keeps this operator free of a second, rarely run path.

use super::Plan;
use super::table::Table;
use arrow::array::RecordBatch;
use arrow::datatypes::SchemaRef;
use datafusion::common::runtime::SpawnedTask;
use datafusion::common::tree_node::TreeNodeRecursion;
use datafusion::error::{DataFusionError, Result};
use datafusion::execution::memory_pool::{MemoryConsumer, MemoryReservation};
use datafusion::execution::{SendableRecordBatchStream, TaskContext};
use datafusion::physical_expr::{EquivalenceProperties, PhysicalExpr};
use datafusion::physical_plan::aggregates::{AggregateExec, AggregateMode, PhysicalGroupBy};
use datafusion::physical_plan::coalesce_partitions::CoalescePartitionsExec;
use datafusion::physical_plan::execution_plan::{
    Boundedness, EmissionType, PlanProperties, ReplaceChildrenOptions, reset_plan_states,
};
use datafusion::physical_plan::filter::FilterExec;
use datafusion::physical_plan::metrics::{BaselineMetrics, ExecutionPlanMetricsSet, MetricsSet};
use datafusion::physical_plan::stream::RecordBatchStreamAdapter;
use datafusion::physical_plan::{
    DisplayAs, DisplayFormatType, ExecutionPlan, ExecutionPlanProperties, Partitioning,
};
use futures::{StreamExt, TryStreamExt};
use std::fmt;
use std::ops::Range;
use std::sync::Arc;

/// Filter and aggregate of charges; one partition out.
#[derive(Debug)]
pub struct ChargeAggregateExec {
    plan: Plan,
    input: Arc<dyn ExecutionPlan>,
    schema: SchemaRef,
    /// The same question over rows, where the input is sums of rows.
    over_rows: Option<Arc<Self>>,
    properties: Arc<PlanProperties>,
    metrics: ExecutionPlanMetricsSet,
}

impl ChargeAggregateExec {
    /// `None` when the plan has something this engine does not do.
    pub(super) fn try_new(plan: Plan, input: Arc<dyn ExecutionPlan>, schema: SchemaRef) -> Option<Self> {
        Table::try_new(&plan, &input.schema())?;
        Some(Self::new(plan, input, schema, None))
    }

    /// What is asked, in terms of the columns of [`Self::input`].
    pub(crate) const fn plan(&self) -> &Plan {
        &self.plan
    }

    /// Where the rows come from.
    pub(crate) const fn input(&self) -> &Arc<dyn ExecutionPlan> {
        &self.input
    }

    /// The same question asked of sums of rows; `None` when the engine cannot.
    pub(crate) fn over_sums(&self, plan: Plan, input: Arc<dyn ExecutionPlan>) -> Option<Self> {
        Table::try_new(&plan, &input.schema())?;
        let schema = Arc::clone(&self.schema);
        let over_rows = Self::new(self.plan.clone(), Arc::clone(&self.input), Arc::clone(&schema), None);
        Some(Self::new(plan, input, schema, Some(Arc::new(over_rows))))
    }

    fn new(
        plan: Plan,
        input: Arc<dyn ExecutionPlan>,
        schema: SchemaRef,
        over_rows: Option<Arc<Self>>,
    ) -> Self {
        let properties = PlanProperties::new(
            EquivalenceProperties::new(Arc::clone(&schema)),
            Partitioning::UnknownPartitioning(1),
            EmissionType::Final,
            Boundedness::Bounded,
        );
        Self {
            plan,
            input,
            schema,
            over_rows,
            properties: Arc::new(properties),
            metrics: ExecutionPlanMetricsSet::new(),
        }
    }

    /// The same question as DataFusion would ask it: of rows, since it knows of no weights.
    fn datafusion_plan(&self) -> Result<Arc<dyn ExecutionPlan>> {
        if let Some(rows) = &self.over_rows {
            return rows.datafusion_plan();
        }
        let mut input = reset_plan_states(Arc::clone(&self.input))?;
        if let Some(predicate) = &self.plan.predicate {
            input = Arc::new(FilterExec::try_new(Arc::clone(predicate), input)?);
        }
        let input_schema = input.schema();
        let group = PhysicalGroupBy::new_single(self.plan.group.clone());
        let aggregate = |mode, group: PhysicalGroupBy, filters, input| {
            AggregateExec::try_new(
                mode,
                group,
                self.plan.aggregates.clone(),
                filters,
                input,
                Arc::clone(&input_schema),
            )
        };
        let partial =
            Arc::new(aggregate(AggregateMode::Partial, group.clone(), self.plan.filters.clone(), input)?);
        let merged = Arc::new(CoalescePartitionsExec::new(partial));
        let no_filters = vec![None; self.plan.aggregates.len()];
        Ok(Arc::new(aggregate(AggregateMode::Final, group.as_final(), no_filters, merged)?))
    }
}

impl DisplayAs for ChargeAggregateExec {
    fn fmt_as(&self, _: DisplayFormatType, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let keys: Vec<_> = self.plan.group.iter().map(|(_, name)| name.as_str()).collect();
        let values: Vec<_> = self.plan.aggregates.iter().map(|a| a.name()).collect();
        write!(f, "ChargeAggregateExec: by=[{}], aggr=[{}]", keys.join(", "), values.join(", "))?;
        match &self.plan.predicate {
            Some(predicate) => write!(f, ", where={predicate}"),
            None => Ok(()),
        }
    }
}

impl ExecutionPlan for ChargeAggregateExec {
    fn name(&self) -> &'static str {
        "ChargeAggregateExec"
    }

    fn properties(&self) -> &Arc<PlanProperties> {
        &self.properties
    }

    fn benefits_from_input_partitioning(&self) -> Vec<bool> {
        vec![false]
    }

    fn children(&self) -> Vec<&Arc<dyn ExecutionPlan>> {
        vec![&self.input]
    }

    fn apply_expressions(
        &self,
        f: &mut dyn FnMut(&Arc<dyn PhysicalExpr>) -> Result<TreeNodeRecursion>,
    ) -> Result<TreeNodeRecursion> {
        let arguments: Vec<_> = self.plan.aggregates.iter().flat_map(|a| a.expressions()).collect();
        let group = self.plan.group.iter().map(|(expr, _)| expr);
        for expr in
            group.chain(&arguments).chain(self.plan.filters.iter().flatten()).chain(&self.plan.predicate)
        {
            if f(expr)? == TreeNodeRecursion::Stop {
                return Ok(TreeNodeRecursion::Stop);
            }
        }
        Ok(TreeNodeRecursion::Continue)
    }

    fn replace_children(
        self: Arc<Self>,
        mut children: Vec<Arc<dyn ExecutionPlan>>,
        _: ReplaceChildrenOptions,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        match children.pop() {
            Some(input) if children.is_empty() => {
                let (schema, over_rows) = (Arc::clone(&self.schema), self.over_rows.clone());
                Ok(Arc::new(Self::new(self.plan.clone(), input, schema, over_rows)))
            }
            _ => Err(super::EngineError::Internal("the aggregate has exactly one input").into()),
        }
    }

    fn with_new_children(
        self: Arc<Self>,
        children: Vec<Arc<dyn ExecutionPlan>>,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        use datafusion::physical_plan::execution_plan::ChildrenPropertiesMode;
        self.replace_children(children, ReplaceChildrenOptions::new(ChildrenPropertiesMode::Recompute))
    }

    fn execute(&self, partition: usize, context: Arc<TaskContext>) -> Result<SendableRecordBatchStream> {
        if partition != 0 {
            return Err(super::EngineError::Internal("the aggregate has one partition").into());
        }
        let metrics = BaselineMetrics::new(&self.metrics, 0);
        let (plan, input, schema) = (self.plan.clone(), Arc::clone(&self.input), Arc::clone(&self.schema));
        let instead = self.datafusion_plan();
        let batch_size = context.session_config().batch_size().max(1);
        let answer = async move {
            match aggregate(&plan, &input, &context).await {
                Ok(mut parts) => {
                    parts.iter_mut().for_each(|(table, _)| table.finish());
                    let chunks = parts.into_iter().flat_map(move |(table, memory)| {
                        let (schema, metrics) = (Arc::clone(&schema), metrics.clone());
                        Chunks { len: table.len(), size: batch_size, table, schema, _memory: memory, metrics }
                    });
                    Ok::<_, DataFusionError>(futures::stream::iter(chunks).boxed())
                }
                Err(error) if is_out_of_memory(&error) => {
                    tracing::info!(%error, "aggregate outgrew its memory; asking again with spilling");
                    datafusion::physical_plan::execute_stream(instead?, context).map(StreamExt::boxed)
                }
                Err(error) => Err(error),
            }
        };
        let stream = futures::stream::once(answer).try_flatten();
        Ok(Box::pin(RecordBatchStreamAdapter::new(Arc::clone(&self.schema), stream)))
    }

    fn metrics(&self) -> Option<MetricsSet> {
        Some(self.metrics.clone_inner())
    }
}

/// The finished table, a batch at a time.
struct Chunks {
    table: Table,
    schema: SchemaRef,
    len: usize,
    size: usize,
    _memory: MemoryReservation,
    metrics: BaselineMetrics,
}

impl IntoIterator for Chunks {
    type Item = Result<RecordBatch>;
    type IntoIter = Box<dyn Iterator<Item = Self::Item> + Send>;

    fn into_iter(self) -> Self::IntoIter {
        let starts = (0..self.len).step_by(self.size);
        Box::new(starts.map(move |start| {
            let groups: Range<usize> = start..(start + self.size).min(self.len);
            self.metrics.record_output(groups.len());
            self.table.batch(&self.schema, groups)
        }))
    }
}

fn is_out_of_memory(error: &DataFusionError) -> bool {
    matches!(error.find_root(), DataFusionError::ResourcesExhausted(_))
}

/// A table and the memory set aside for it.
type Part = (Table, MemoryReservation);

/// Aggregates all partitions of the input and merges those that can have groups in common.
async fn aggregate(
    plan: &Plan,
    input: &Arc<dyn ExecutionPlan>,
    context: &Arc<TaskContext>,
) -> Result<Vec<Part>> {
    let partitions = input.output_partitioning().partition_count();
    let mut running = Vec::with_capacity(partitions);
    for partition in 0..partitions {
        let stream = input.execute(partition, Arc::clone(context))?;
        let memory =
            MemoryConsumer::new(format!("ChargeAggregateExec[{partition}]")).register(context.memory_pool());
        let table = Table::try_new(plan, &input.schema())
            .ok_or(super::EngineError::Internal("the input's types changed"))?;
        running.push(SpawnedTask::spawn(one_partition(stream, table, memory)));
    }
    let mut parts: Vec<Part> = Vec::with_capacity(partitions);
    for part in running {
        let (mut table, memory) =
            part.join_unwind().await.map_err(|e| DataFusionError::External(Box::new(e)))??;
        let (apart, common): (Vec<Part>, Vec<Part>) =
            parts.into_iter().partition(|(other, _)| table.is_apart_from(other));
        parts = apart;
        for (mut other, held) in common {
            // The larger table stays where it is.
            if other.len() > table.len() {
                std::mem::swap(&mut table, &mut other);
            }
            table.merge(other)?;
            drop(held);
            memory.try_resize(table.size())?;
        }
        parts.push((table, memory));
    }
    if parts.is_empty() {
        let table = Table::try_new(plan, &input.schema())
            .ok_or(super::EngineError::Internal("the input's types changed"))?;
        parts.push((table, MemoryConsumer::new("ChargeAggregateExec").register(context.memory_pool())));
    }
    Ok(parts)
}

async fn one_partition(
    mut stream: SendableRecordBatchStream,
    mut table: Table,
    memory: MemoryReservation,
) -> Result<(Table, MemoryReservation)> {
    while let Some(batch) = stream.next().await {
        table.update(&batch?)?;
        memory.try_resize(table.size())?;
        // An input that is always ready must not keep the thread from stopping when told to.
        tokio::task::consume_budget().await;
    }
    Ok((table, memory))
}
