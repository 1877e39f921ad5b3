//! The table `focus` as DataFusion sees it, and the plan node that reads it.

use super::early::Early;
use super::open::Charges;
use super::part::Body;
use super::prune::prune;
use super::quarantine::Quarantine;
use super::scan::{Unit, Work, run};
use crate::rollup::Rollups;
use arrow::datatypes::SchemaRef;
use async_trait::async_trait;
use bursar_domain::id::DeliveryId;
use datafusion::catalog::{Session, TableProvider};
use datafusion::common::stats::Precision;
use datafusion::common::tree_node::TreeNodeRecursion;
use datafusion::common::{DFSchema, Statistics};
use datafusion::error::Result;
use datafusion::execution::{SendableRecordBatchStream, TaskContext};
use datafusion::logical_expr::utils::conjunction;
use datafusion::logical_expr::{Expr, TableProviderFilterPushDown, TableType};
use datafusion::physical_expr::{EquivalenceProperties, PhysicalExpr};
use datafusion::physical_plan::execution_plan::{Boundedness, EmissionType};
use datafusion::physical_plan::metrics::{BaselineMetrics, ExecutionPlanMetricsSet, MetricsSet};
use datafusion::physical_plan::stream::RecordBatchStreamAdapter;
use datafusion::physical_plan::{DisplayAs, DisplayFormatType, ExecutionPlan, Partitioning, PlanProperties};
use futures::StreamExt;
use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

/// The charges as a table, with the quarantine of the question that reads it.
#[derive(Debug)]
pub struct ChargesTable {
    charges: Charges,
    quarantine: Arc<Quarantine>,
}

impl ChargesTable {
    /// The table; what reading leaves out is counted in `quarantine`.
    #[must_use]
    pub fn new(charges: Charges, quarantine: Arc<Quarantine>) -> Self {
        Self { charges, quarantine }
    }
}

#[async_trait]
impl TableProvider for ChargesTable {
    fn schema(&self) -> SchemaRef {
        self.charges.schema()
    }

    fn table_type(&self) -> TableType {
        TableType::Base
    }

    /// Filters leave out row groups; the rows are filtered above.
    fn supports_filters_pushdown(&self, filters: &[&Expr]) -> Result<Vec<TableProviderFilterPushDown>> {
        Ok(vec![TableProviderFilterPushDown::Inexact; filters.len()])
    }

    async fn scan(
        &self,
        state: &dyn Session,
        projection: Option<&Vec<usize>>,
        filters: &[Expr],
        _limit: Option<usize>,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        let table = self.charges.schema();
        let mut units = Vec::new();
        for (index, part) in self.charges.parts.iter().enumerate() {
            let groups = match &part.body {
                Body::Parquet(metadata) => metadata.metadata().num_row_groups(),
                _ => 1,
            };
            units.extend((0..groups).map(|group| Unit { part: index, group }));
        }
        let whole = units.len();
        if let Some(filter) = conjunction(filters.iter().cloned()) {
            let schema = DFSchema::try_from(table.as_ref().clone())?;
            let filter: Arc<dyn PhysicalExpr> = state.create_physical_expr(filter, &schema)?;
            units = prune(&self.charges.parts, units, &filter, &table);
        }
        let schema = match projection {
            Some(columns) => Arc::new(table.project(columns)?),
            None => table,
        };
        // The largest units first: the last thread to finish decides.
        let weight = |unit: &Unit| match &self.charges.parts[unit.part].body {
            Body::Parquet(metadata) => metadata.metadata().row_group(unit.group).num_rows(),
            _ => i64::MAX,
        };
        units.sort_by_key(|unit| std::cmp::Reverse(weight(unit)));
        let exact = filters.is_empty() && self.charges.parts.iter().all(super::part::Part::keeps_rows);
        let rows = exact.then(|| self.charges.rows()).flatten().and_then(|rows| usize::try_from(rows).ok());
        let threads = state.config().target_partitions().min(units.len()).max(1);
        let work = Work {
            parts: Arc::clone(&self.charges.parts),
            units,
            schema,
            quarantine: Arc::clone(&self.quarantine),
            early: Early::of(filters, &self.charges.schema(), state)?,
        };
        let rollups = self.charges.rollups.clone();
        Ok(Arc::new(ChargesScan::new(Arc::new(work), rollups, threads, rows, whole)))
    }
}

/// Reads charges; the units of work are dealt out to the partitions, largest first.
#[derive(Debug)]
pub(crate) struct ChargesScan {
    work: Arc<Work>,
    rollups: Option<Arc<Rollups>>,
    threads: usize,
    rows: Option<usize>,
    whole: usize,
    properties: Arc<PlanProperties>,
    metrics: ExecutionPlanMetricsSet,
}

impl ChargesScan {
    /// Sums of the same charges.
    pub(crate) const fn rollups(&self) -> Option<&Arc<Rollups>> {
        self.rollups.as_ref()
    }

    /// Where what is left out is counted.
    pub(crate) fn quarantine(&self) -> &Arc<Quarantine> {
        &self.work.quarantine
    }

    /// Threads that may read.
    pub(crate) const fn threads(&self) -> usize {
        self.threads
    }

    /// Whether there is nothing to read.
    pub(crate) fn is_empty(&self) -> bool {
        self.work.units.is_empty()
    }

    /// What is to be read, by delivery.
    pub(crate) fn units_by_delivery(&self) -> BTreeMap<DeliveryId, Vec<Unit>> {
        let mut units: BTreeMap<DeliveryId, Vec<Unit>> = BTreeMap::new();
        for unit in &self.work.units {
            units.entry(self.work.parts[unit.part].delivery_id).or_default().push(*unit);
        }
        units
    }

    /// The same scan of fewer units, without rollups.
    pub(crate) fn with_units(&self, units: Vec<Unit>) -> Self {
        let work = Work {
            parts: Arc::clone(&self.work.parts),
            units,
            schema: Arc::clone(&self.work.schema),
            quarantine: Arc::clone(&self.work.quarantine),
            early: None,
        };
        Self::new(Arc::new(work), None, self.threads, None, self.whole)
    }

    fn new(
        work: Arc<Work>,
        rollups: Option<Arc<Rollups>>,
        threads: usize,
        rows: Option<usize>,
        whole: usize,
    ) -> Self {
        let properties = PlanProperties::new(
            EquivalenceProperties::new(Arc::clone(&work.schema)),
            Partitioning::UnknownPartitioning(threads),
            EmissionType::Incremental,
            Boundedness::Bounded,
        );
        Self {
            work,
            rollups,
            threads,
            rows,
            whole,
            properties: Arc::new(properties),
            metrics: ExecutionPlanMetricsSet::new(),
        }
    }
}

impl DisplayAs for ChargesScan {
    fn fmt_as(&self, _: DisplayFormatType, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let columns: Vec<&str> =
            self.work.schema.fields().iter().map(|field| field.name().as_str()).collect();
        write!(
            f,
            "ChargesScan: units={} of {}, columns=[{}]",
            self.work.units.len(),
            self.whole,
            columns.join(", ")
        )
    }
}

impl ExecutionPlan for ChargesScan {
    fn name(&self) -> &'static str {
        "ChargesScan"
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
        let metrics = BaselineMetrics::new(&self.metrics, partition);
        let stream =
            run(Arc::clone(&self.work), self.work.share(partition, self.threads)).map(move |batch| {
                if let Ok(batch) = &batch {
                    metrics.record_output(batch.num_rows());
                }
                batch
            });
        Ok(Box::pin(RecordBatchStreamAdapter::new(Arc::clone(&self.work.schema), stream)))
    }

    fn metrics(&self) -> Option<MetricsSet> {
        Some(self.metrics.clone_inner())
    }

    fn partition_statistics(&self, partition: Option<usize>) -> Result<Arc<Statistics>> {
        let mut statistics = Statistics::new_unknown(&self.work.schema);
        if let (None, Some(rows)) = (partition, self.rows) {
            statistics.num_rows = Precision::Exact(rows);
        }
        Ok(Arc::new(statistics))
    }
}
