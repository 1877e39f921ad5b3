//! A workspace, open for use: its sources, what is known of them, and the questions put to them.

use crate::answer::{
    Answer, DeliveryStatus, DimensionInfo, Excluded, LedgerEntry, LedgerView, Read, SourceStatus, Summary,
    Table, Value, Values,
};
use crate::cache::Cache;
use crate::catalogue::State;
use crate::conformance::Checks;
use crate::dimensions;
use crate::error::AskError;
use crate::history::History;
use crate::question::{Dimension, Filter, Operator, Question};
use crate::refresh::with_causes;
use crate::table;
use crate::workspace_file::SourceEntry;
use bursar_domain::id::{SourceId, WorkspaceId};
use bursar_domain::{BillingPeriod, Clock, DateRange, Scope};
use bursar_keyring::WorkspaceKeys;
use bursar_lake::ask::ask_within;
use bursar_lake::charges::Quarantine;
use bursar_lake::ledger::{Count, Ledger};
use bursar_lake::rollup::Rollups;
use bursar_lake::sql::{Engine, Limits, QueryError};
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::time::{Duration, Instant};
use tokio::sync::{Semaphore, SemaphorePermit};

/// Longest a question may take.
pub const QUESTION_LIMIT: Duration = Duration::from_secs(60);
/// Questions worked on at once; each uses all threads, so more would only wait for each other.
const AT_ONCE: usize = 4;
/// Questions that work or wait; one more is told to come back.
const MAX_QUESTIONS: usize = 64;
/// Calls shown of the ledger.
const LEDGER_SHOWN: usize = 1_000;

/// Looks an environment variable up, for the clouds' credentials.
pub type Environment = Arc<dyn Fn(&str) -> Option<String> + Send + Sync>;

/// Where a workspace keeps what it derives, and the keys that encrypt it.
#[derive(Debug)]
pub struct Keep {
    /// The workspace's own folder.
    pub folder: PathBuf,
    /// The workspace's own keys.
    pub keys: Arc<WorkspaceKeys>,
}

impl Keep {
    /// The rollups kept there.
    ///
    /// # Errors
    /// When the folder cannot be used.
    pub fn rollups(&self) -> Result<Rollups, AskError> {
        let folder = self.folder.join("derived").join("rollups");
        Rollups::open(&folder, Arc::clone(&self.keys)).map_err(|error| AskError::Failed(with_causes(&error)))
    }
}

/// The engine that the workspaces of a program share.
///
/// # Errors
/// When the machine has no threads for questions, or no folder to spill into.
pub fn engine() -> Result<Arc<Engine>, AskError> {
    Ok(Arc::new(Engine::new(Limits::default())?))
}

/// One customer's boundary, as far as somebody may see it. Cheap to clone; clones share everything.
#[derive(Clone)]
pub struct Workspace {
    pub(crate) inner: Arc<Inner>,
    /// What every answer is narrowed to.
    scope: Scope,
}

pub(crate) struct Inner {
    id: WorkspaceId,
    name: String,
    pub(crate) entries: Vec<SourceEntry>,
    /// Where derived data is kept; `None` keeps nothing.
    pub(crate) keep: Option<Keep>,
    /// Sums of deliveries, kept in that folder.
    pub(crate) rollups: Option<Arc<Rollups>>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) environment: Environment,
    pub(crate) ledger: Arc<Ledger>,
    pub(crate) engine: Arc<Engine>,
    pub(crate) state: RwLock<Arc<State>>,
    /// One refresh at a time; what it remembers is read with the first one.
    pub(crate) history: tokio::sync::Mutex<Option<History>>,
    pub(crate) progress: Mutex<Option<crate::answer::Progress>>,
    cache: Mutex<Cache>,
    /// What was checked; held while checking, so that nothing is checked twice at once.
    pub(crate) checked: tokio::sync::Mutex<Checks>,
    slots: Semaphore,
    queue: Semaphore,
}

impl std::fmt::Debug for Workspace {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Workspace")
            .field("id", &self.inner.id)
            .field("name", &self.inner.name)
            .finish_non_exhaustive()
    }
}

impl Workspace {
    /// Opens a workspace. Nothing is read until the first [`Workspace::refresh`]. One engine serves all
    /// workspaces of a program: its memory is theirs together.
    ///
    /// # Errors
    /// When the folder cannot be used.
    pub fn open(
        id: WorkspaceId,
        name: String,
        sources: Vec<SourceEntry>,
        keep: Option<Keep>,
        clock: Arc<dyn Clock>,
        environment: Environment,
        engine: Arc<Engine>,
    ) -> Result<Self, AskError> {
        let rollups = keep.as_ref().map(Keep::rollups).transpose()?.map(Arc::new);
        let state = State::waiting(&sources);
        let inner = Inner {
            id,
            name,
            entries: sources,
            keep,
            rollups,
            ledger: Arc::new(Ledger::new(Arc::clone(&clock))),
            clock,
            environment,
            engine,
            state: RwLock::new(Arc::new(state)),
            history: tokio::sync::Mutex::default(),
            progress: Mutex::default(),
            cache: Mutex::default(),
            checked: tokio::sync::Mutex::default(),
            slots: Semaphore::new(AT_ONCE),
            queue: Semaphore::new(MAX_QUESTIONS),
        };
        Ok(Self { inner: Arc::new(inner), scope: Scope::All })
    }

    /// The same workspace for somebody who may see part of it: every answer, SQL and export included,
    /// is about that part alone.
    #[must_use]
    pub fn within(&self, scope: Scope) -> Self {
        Self { inner: Arc::clone(&self.inner), scope }
    }

    /// Whether it was opened with this name and these sources.
    pub(crate) fn is_of(&self, name: &str, sources: &[SourceEntry]) -> bool {
        self.inner.name == name && self.inner.entries == sources
    }

    /// What every answer is narrowed to.
    #[must_use]
    pub const fn scope(&self) -> &Scope {
        &self.scope
    }

    /// The workspace.
    #[must_use]
    pub fn id(&self) -> WorkspaceId {
        self.inner.id
    }

    /// What people call it.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.inner.name
    }

    /// The clock everything in the workspace goes by.
    #[must_use]
    pub fn clock(&self) -> Arc<dyn Clock> {
        Arc::clone(&self.inner.clock)
    }

    pub(crate) fn state(&self) -> Arc<State> {
        Arc::clone(&self.inner.state.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// What is known without reading anything.
    #[must_use]
    pub fn summary(&self) -> Summary {
        let state = self.state();
        let refresh = self.inner.progress.lock().unwrap_or_else(PoisonError::into_inner).clone();
        state.summary(refresh)
    }

    /// What one can group by: columns, and the keys of tags.
    #[must_use]
    pub fn dimensions(&self) -> (Vec<DimensionInfo>, Vec<String>) {
        let state = self.state();
        let schema = state.charges.as_ref().map(bursar_lake::charges::Charges::schema);
        (schema.map(|schema| dimensions::of(&schema)).unwrap_or_default(), state.tag_keys())
    }

    /// Answers a question, from the cache when it was asked of the same deliveries before.
    ///
    /// # Errors
    /// When it names what does not exist, or cannot be answered in time.
    pub async fn ask(&self, question: Question) -> Result<Answer, AskError> {
        let state = self.state();
        let Some(charges) = state.charges.clone() else {
            return Ok(Self::nothing(question, state.why_nothing()));
        };
        let started = Instant::now();
        if let Some(mut answer) = self.cache(|cache| cache.get(&self.scope, &question, state.version)) {
            answer.read = Read {
                elapsed_ms: millis(started),
                objects: answer.read.objects,
                rollup: answer.read.rollup,
                ..Read::default()
            };
            return Ok(answer);
        }
        let _permits = self.permits().await?;
        let before = self.inner.ledger.totals().all;
        let found = ask_within(&self.inner.engine, &charges, &self.scope, &question, QUESTION_LIMIT).await?;
        let read = self.read(before, started, found.read.lines, found.read.cells, &state);
        let excluded = found.excluded.into_iter().map(|e| Excluded {
            reason: if e.column.is_empty() { e.reason } else { format!("{}: {}", e.column, e.reason) },
            rows: e.count,
        });
        let mut notes = found.notes;
        notes.extend(
            found
                .dropped
                .into_iter()
                .map(|(reason, rows)| format!("{rows} native rows are no charges: {reason}")),
        );
        notes.extend(state.problems());
        let answer = Answer {
            provisional: state.provisional(found.period),
            freshness: state.freshness(),
            question: question.clone(),
            period: found.period,
            rows: found.rows,
            totals: found.totals,
            other_groups: found.other_groups,
            excluded: excluded.collect(),
            notes,
            empty_reason: found.empty_reason,
            read,
        };
        self.cache(|cache| cache.put(self.scope.clone(), question, state.version, &answer));
        Ok(answer)
    }

    fn cache<T>(&self, work: impl FnOnce(&mut Cache) -> T) -> T {
        work(&mut self.inner.cache.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// A place in the queue, then a place at work.
    pub(crate) async fn permits(&self) -> Result<(SemaphorePermit<'_>, SemaphorePermit<'_>), AskError> {
        let queued = self.inner.queue.try_acquire().map_err(|_| AskError::Busy(MAX_QUESTIONS))?;
        let slot = tokio::time::timeout(QUESTION_LIMIT, self.inner.slots.acquire()).await;
        match slot {
            Ok(Ok(slot)) => Ok((queued, slot)),
            // The semaphore is never closed, so this is the same as waiting too long.
            Ok(Err(_)) | Err(_) => Err(AskError::Busy(MAX_QUESTIONS)),
        }
    }

    /// What was read meanwhile. Questions that ran at the same time count too: the ledger knows
    /// sources, not questions.
    fn read(&self, before: Count, started: Instant, rows: u64, cells: u64, state: &State) -> Read {
        let since = self.inner.ledger.totals().all.since(before);
        Read {
            rollup: cells > 0,
            operations: since.operations,
            objects: state.objects(),
            bytes: since.bytes,
            rows,
            elapsed_ms: millis(started),
        }
    }

    /// The answer that holds nothing, and why.
    #[must_use]
    pub fn nothing(question: Question, why: String) -> Answer {
        Answer {
            period: question.period,
            question,
            rows: Vec::new(),
            totals: Vec::new(),
            other_groups: 0,
            freshness: Vec::new(),
            provisional: false,
            excluded: Vec::new(),
            notes: Vec::new(),
            empty_reason: Some(why),
            read: Read::default(),
        }
    }

    /// The month that contains today, up to and with today.
    #[must_use]
    pub fn present_month(&self) -> Option<DateRange> {
        let today = self.inner.clock.today();
        DateRange::new(BillingPeriod::containing(today)?.start(), today.succ_opt()?).ok()
    }

    /// Values of a dimension, the dearest first.
    ///
    /// # Errors
    /// As [`Workspace::ask`].
    pub async fn values(
        &self,
        dimension: &Dimension,
        search: &str,
        limit: usize,
        period: Option<DateRange>,
    ) -> Result<Values, AskError> {
        let mut filters = Vec::new();
        if !search.is_empty() {
            let value = Some(search.to_owned());
            filters.push(Filter { dimension: dimension.clone(), operator: Operator::Contains, value });
        }
        let by = vec![dimension.clone()];
        let answer =
            self.ask(Question { by, filters, period, top: Some(limit), ..Question::default() }).await?;
        let truncated = answer.other_groups > 0;
        let value = |row: crate::answer::Row| Value {
            value: row.keys.into_iter().next().flatten(),
            amount: row.amount,
            currency: row.currency,
        };
        let values = answer.rows.into_iter().filter(|row| !row.other).map(value).collect();
        Ok(Values { values, truncated })
    }

    /// The sources and whether they can be read.
    #[must_use]
    pub fn sources(&self) -> Vec<SourceStatus> {
        self.state().sources(&self.inner.ledger.totals())
    }

    /// The deliveries that count, of one source or of all. Their sums are of all their rows, so somebody
    /// with a scope is not told them.
    #[must_use]
    pub fn deliveries(&self, source: Option<SourceId>) -> Vec<DeliveryStatus> {
        let mut deliveries = self.state().deliveries.clone();
        deliveries.retain(|delivery| source.is_none_or(|source| delivery.source == source));
        if !self.scope.is_all() {
            for delivery in &mut deliveries {
                delivery.billed.clear();
                delivery.effective.clear();
                if let Some(restatement) = &mut delivery.restatement {
                    restatement.difference.clear();
                }
            }
        }
        deliveries
    }

    /// Runs one SELECT; at most `limit` rows of it.
    ///
    /// # Errors
    /// When the text is not one, or it cannot be answered within bounds.
    pub async fn sql(&self, text: &str, limit: usize) -> Result<Table, AskError> {
        let state = self.state();
        let Some(charges) = state.charges.clone() else { return Err(AskError::Refused(state.why_nothing())) };
        let _permits = self.permits().await?;
        if !self.scope.is_all() && explains(text) {
            return Err(AskError::Refused(
                "EXPLAIN tells about rows outside of your scope: ask the question itself".into(),
            ));
        }
        let (started, before) = (Instant::now(), self.inner.ledger.totals().all);
        let engine = &self.inner.engine;
        let run = async || {
            let quarantine = Arc::new(Quarantine::default());
            let context = engine.session_within(&charges, &quarantine, &self.scope)?;
            let found = engine.collect(context, text.to_owned(), limit, QUESTION_LIMIT).await?;
            Ok::<_, QueryError>((found, quarantine.cells()))
        };
        let found = match run().await {
            Err(QueryError::Derived { detail }) => {
                tracing::warn!(detail, "a rollup is put aside; the rows answer");
                run().await
            }
            found => found,
        };
        let ((schema, batches, truncated), cells) = found.map_err(refused_text)?;
        let (columns, rows) = table::text(&schema, &batches)?;
        let read = self.read(before, started, rows.len() as u64, cells, &state);
        Ok(Table { columns, rows, truncated, read })
    }

    /// The calls made to stores.
    #[must_use]
    pub fn ledger(&self) -> LedgerView {
        let totals = self.inner.ledger.totals().all;
        let entries =
            self.inner.ledger.snapshot().into_iter().rev().take(LEDGER_SHOWN).map(|entry| LedgerEntry {
                time: entry.time,
                operation: entry.operation.to_string(),
                object: entry.object,
                bytes: entry.bytes,
                source: entry.source.to_string(),
            });
        LedgerView { entries: entries.collect(), operations: totals.operations, bytes: totals.bytes }
    }
}

/// Whether a text asks how it would be answered. Comments before the word are skipped.
fn explains(text: &str) -> bool {
    let mut rest = text.trim_start();
    loop {
        rest = if let Some(line) = rest.strip_prefix("--") {
            line.split_once('\n').map_or("", |(_, rest)| rest).trim_start()
        } else if let Some(block) = rest.strip_prefix("/*") {
            block.split_once("*/").map_or("", |(_, rest)| rest).trim_start()
        } else {
            return rest.get(..7).is_some_and(|word| word.eq_ignore_ascii_case("explain"))
                || rest.get(..8).is_some_and(|word| word.eq_ignore_ascii_case("describe"));
        };
    }
}

/// SQL that is not understood is not run: the same to a caller as SQL that must not be.
fn refused_text(error: QueryError) -> AskError {
    match error {
        QueryError::NotUnderstood(text) => AskError::Refused(text),
        other => other.into(),
    }
}

fn millis(started: Instant) -> u64 {
    u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX)
}
