//! SQL over charges: one SELECT, bounded in text, memory and time.
//!
//! An [`Engine`] is made once per program: it holds the memory pool, the caches, and a runtime of
//! its own, so that a heavy question slows other questions and not the server. Each question gets
//! a fresh session with the tables it may read and nothing else.
//!
//! Refused: everything that is not a query (DDL, DML, COPY, SET, files by name), tables that are
//! not ours, a join of everything with everything, a text longer than [`MAX_SQL_BYTES`].

mod cooperative;
mod error;
mod guard;
mod scoped;

pub use error::QueryError;
pub(crate) use guard::near;
pub(crate) use scoped::seen;

use crate::charges::{Charges, ChargesTable, Quarantine};
use crate::engine;
use crate::rollup::FromRollups;
use arrow::array::RecordBatch;
use arrow::datatypes::SchemaRef;
use bursar_domain::Scope;
use bursar_focus::spec::Dataset;
use datafusion::execution::SendableRecordBatchStream;
use datafusion::execution::memory_pool::{FairSpillPool, TrackConsumersPool};
use datafusion::execution::runtime_env::{RuntimeEnv, RuntimeEnvBuilder};
use datafusion::execution::session_state::SessionStateBuilder;
use datafusion::logical_expr::LogicalPlan;
use datafusion::prelude::{DataFrame, SessionConfig, SessionContext};
use futures::StreamExt;
use std::future::Future;
use std::num::NonZeroUsize;
use std::sync::Arc;
use std::time::Duration;

/// Longest SQL text.
pub const MAX_SQL_BYTES: usize = 64 << 10;
/// Name of the table of charges.
pub const FOCUS: &str = "focus";

/// The table that holds a dataset's rows.
#[must_use]
pub const fn table_of(dataset: Dataset) -> &'static str {
    match dataset {
        Dataset::CostAndUsage => FOCUS,
        Dataset::ContractCommitment => "contract_commitment",
        Dataset::InvoiceDetail => "invoice_detail",
        Dataset::BillingPeriod => "billing_period",
    }
}

/// Bounds of the engine.
#[derive(Debug, Clone)]
pub struct Limits {
    /// Memory of all questions together, in bytes; beyond it they spill to disk.
    pub memory_bytes: usize,
    /// Disk for spilling, in bytes.
    pub spill_bytes: u64,
    /// Threads that work on questions.
    pub threads: usize,
}

impl Default for Limits {
    fn default() -> Self {
        let threads = std::thread::available_parallelism().map_or(2, NonZeroUsize::get);
        Self { memory_bytes: 640 << 20, spill_bytes: 16 << 30, threads }
    }
}

/// Plans and runs questions.
#[derive(Debug)]
pub struct Engine {
    environment: Arc<RuntimeEnv>,
    limits: Limits,
    /// `None` only while dropping.
    runtime: Option<tokio::runtime::Runtime>,
}

impl Drop for Engine {
    fn drop(&mut self) {
        // A runtime must not be waited for inside another one.
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

/// A running question.
pub struct Rows {
    /// Columns of the answer.
    pub schema: SchemaRef,
    /// Its rows. Dropping it stops the question.
    pub stream: SendableRecordBatchStream,
}

impl std::fmt::Debug for Rows {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Rows").field("schema", &self.schema).finish_non_exhaustive()
    }
}

impl Engine {
    /// The engine.
    ///
    /// # Errors
    /// When threads or the spill folder cannot be had.
    pub fn new(limits: Limits) -> Result<Self, QueryError> {
        let pool = TrackConsumersPool::new(
            FairSpillPool::new(limits.memory_bytes),
            NonZeroUsize::new(5).unwrap_or(NonZeroUsize::MIN),
        );
        let environment = RuntimeEnvBuilder::new()
            .with_memory_pool(Arc::new(pool))
            .with_max_temp_directory_size(limits.spill_bytes)
            .build_arc()
            .map_err(QueryError::of)?;
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(limits.threads.max(1))
            .thread_name("question")
            .enable_all()
            .build()
            .map_err(|error| QueryError::Failed { detail: format!("no threads for questions: {error}") })?;
        Ok(Self { environment, limits, runtime: Some(runtime) })
    }

    /// Runs work on the engine's own threads; dropping the returned future stops it.
    ///
    /// # Errors
    /// [`QueryError::TimedOut`] after `limit`, else what the work says.
    pub async fn run<T: Send + 'static>(
        &self,
        limit: Duration,
        work: impl Future<Output = Result<T, QueryError>> + Send + 'static,
    ) -> Result<T, QueryError> {
        let Some(runtime) = &self.runtime else {
            return Err(QueryError::Failed { detail: "the engine has stopped".into() });
        };
        let task = AbortOnDrop(runtime.spawn(work));
        let mut task = task;
        match tokio::time::timeout(limit, &mut task.0).await {
            Ok(Ok(result)) => result,
            Ok(Err(error)) if error.is_panic() => Err(QueryError::Failed {
                detail: "the question made the program fail; please report it".into(),
            }),
            Ok(Err(_)) => Err(QueryError::Failed { detail: "the question was stopped".into() }),
            Err(_) => Err(QueryError::TimedOut { seconds: limit.as_secs() }),
        }
    }

    /// A session that sees the charges as [`FOCUS`], what lies beside them, and nothing else.
    ///
    /// # Errors
    /// When the session cannot be made.
    pub fn session(
        &self,
        charges: &Charges,
        quarantine: &Arc<Quarantine>,
    ) -> Result<SessionContext, QueryError> {
        let context = self.bare_session(charges.tag_keys())?;
        let table = Arc::new(ChargesTable::new(charges.clone(), Arc::clone(quarantine)));
        context.register_table(FOCUS, table).map_err(QueryError::of)?;
        for (dataset, other) in charges.others() {
            let table = ChargesTable::new(other.clone(), Arc::clone(quarantine));
            context.register_table(table_of(*dataset), Arc::new(table)).map_err(QueryError::of)?;
        }
        Ok(context)
    }

    /// A session for somebody's SQL text that sees the charges within a scope, and nothing beside them:
    /// contracts, invoices and billing periods are of the whole workspace.
    ///
    /// # Errors
    /// When the session cannot be made.
    pub fn session_within(
        &self,
        charges: &Charges,
        quarantine: &Arc<Quarantine>,
        scope: &Scope,
    ) -> Result<SessionContext, QueryError> {
        if scope.is_all() {
            return self.session(charges, quarantine);
        }
        let keys = charges.tag_keys();
        let context = self.bare_session(keys)?;
        let table = ChargesTable::new(charges.clone(), Arc::clone(quarantine));
        context.register_table(FOCUS, scoped::barrier(table, scope, keys)).map_err(QueryError::of)?;
        Ok(context)
    }

    /// A session without tables.
    ///
    /// # Errors
    /// When the session cannot be made.
    fn bare_session(&self, keys: engine::tag::Keys) -> Result<SessionContext, QueryError> {
        let mut config = SessionConfig::new()
            .with_target_partitions(self.limits.threads.max(1))
            .with_batch_size(32 << 10)
            .with_information_schema(false)
            .with_create_default_catalog_and_schema(true);
        let options = config.options_mut();
        options.sql_parser.enable_ident_normalization = false;
        // `0.0` must be a decimal, or adding it to money makes a double of the money.
        options.sql_parser.parse_float_as_decimal = true;
        let mut rules = engine::rules();
        let ours =
            rules.iter().position(|rule| rule.name() == "ChargeAggregation").map_or(rules.len(), |at| at + 1);
        rules.insert(ours, Arc::new(FromRollups));
        rules.push(Arc::new(cooperative::CooperativeJoins));
        let state = SessionStateBuilder::new()
            .with_config(config)
            .with_runtime_env(Arc::clone(&self.environment))
            .with_default_features()
            .with_physical_optimizer_rules(rules)
            .build();
        let mut state = state;
        engine::register(&mut state, keys).map_err(QueryError::of)?;
        let context = SessionContext::new_with_state(state);
        // It would group by every distinct value first; ours counts them as they come, in less memory.
        context.remove_optimizer_rule("single_distinct_aggregation_to_group_by");
        for function in guard::TABLE_FUNCTIONS {
            context.deregister_udtf(function);
        }
        Ok(context)
    }

    /// Plans one SELECT.
    ///
    /// # Errors
    /// When the text is no SELECT over our tables, or names what is not there.
    pub async fn plan(&self, context: &SessionContext, sql: &str) -> Result<DataFrame, QueryError> {
        guard::check_text(sql)?;
        guard::check_statement(sql)?;
        let plan =
            context.state().create_logical_plan(sql).await.map_err(|error| guard::explain(error, context))?;
        guard::check_plan(&plan)?;
        let optimised = context.state().optimize(&plan).map_err(QueryError::of)?;
        guard::check_joins(&optimised)?;
        Ok(DataFrame::new(context.state(), plan))
    }

    /// Starts a planned question; rows come as they are made.
    ///
    /// # Errors
    /// When it cannot be started.
    pub async fn start(&self, frame: DataFrame) -> Result<Rows, QueryError> {
        let stream = frame.execute_stream().await.map_err(QueryError::of)?;
        Ok(Rows { schema: stream.schema(), stream })
    }

    /// Runs one SELECT to its end, at most `max_rows` rows of it; whether there were more.
    ///
    /// # Errors
    /// As [`Engine::plan`], and when it takes longer than `limit`.
    pub async fn collect(
        self: &Arc<Self>,
        context: SessionContext,
        sql: String,
        max_rows: usize,
        limit: Duration,
    ) -> Result<(SchemaRef, Vec<RecordBatch>, bool), QueryError> {
        let engine = Arc::clone(self);
        self.run(limit, async move {
            let frame = engine.plan(&context, &sql).await?;
            let mut rows = engine.start(frame).await?;
            let (mut batches, mut have, mut more) = (Vec::new(), 0, false);
            while let Some(batch) = rows.stream.next().await {
                let batch = batch.map_err(QueryError::of)?;
                let room = max_rows - have;
                if batch.num_rows() > room {
                    batches.push(batch.slice(0, room));
                    more = true;
                    break;
                }
                have += batch.num_rows();
                batches.push(batch);
            }
            Ok((rows.schema, batches, more))
        })
        .await
    }
}

struct AbortOnDrop<T>(tokio::task::JoinHandle<T>);

impl<T> Drop for AbortOnDrop<T> {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// Names of the tables a plan reads, for messages and tests.
#[must_use]
pub fn tables_of(plan: &LogicalPlan) -> Vec<String> {
    guard::tables(plan)
}
