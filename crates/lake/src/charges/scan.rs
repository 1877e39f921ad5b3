//! Reading the parts unit by unit, each batch made canonical.

use super::column::{constant, held_canonical, held_column, mapped, months, named};
use super::early::{Early, Passed};
use super::part::{Body, Part, Reading};
use super::quarantine::{Quarantine, QuarantinedCell};
use super::schema::{BILLING_PERIOD, Held, PROVIDER, short_provider};
use super::{parquet_rows, text_rows};
use arrow::array::{ArrayRef, RecordBatch, RecordBatchOptions, new_null_array};
use arrow::datatypes::{Schema, SchemaRef};
use bursar_focus::canonical::Fault;
use datafusion::error::{DataFusionError, Result};
use futures::stream::{BoxStream, StreamExt, TryStreamExt};
use std::sync::Arc;

/// The file's column that decides `provider` where the layout does not tell, in order.
const PROVIDER_COLUMNS: [&str; 2] = ["ProviderName", "ServiceProviderName"];
const PERIOD_COLUMN: &str = "BillingPeriodStart";

/// One thing to read.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Unit {
    pub(super) part: usize,
    /// Row group, of Parquet.
    pub(super) group: usize,
}

/// What the threads of one scan share.
#[derive(Debug)]
pub(super) struct Work {
    pub(super) parts: Arc<Vec<Part>>,
    pub(super) units: Vec<Unit>,
    /// The projected columns of the table.
    pub(super) schema: SchemaRef,
    pub(super) quarantine: Arc<Quarantine>,
    /// Filters that may be asked before everything else is decoded.
    pub(super) early: Option<Early>,
}

impl Work {
    /// The units of one of `threads` threads. Which thread reads what is fixed, so that a plan
    /// may be executed twice, or in part.
    pub(super) fn share(&self, thread: usize, threads: usize) -> Vec<Unit> {
        self.units.iter().skip(thread).step_by(threads.max(1)).copied().collect()
    }
}

/// Reads units one after the other.
pub(super) fn run(work: Arc<Work>, units: Vec<Unit>) -> BoxStream<'static, Result<RecordBatch>> {
    futures::stream::iter(units)
        .flat_map(move |unit| match read(&work, unit) {
            Ok(stream) => stream,
            Err(error) => futures::stream::once(async { Err(error) }).boxed(),
        })
        .boxed()
}

fn read(work: &Arc<Work>, unit: Unit) -> Result<BoxStream<'static, Result<RecordBatch>>> {
    let part = &work.parts[unit.part];
    match &part.body {
        Body::Parquet(metadata) => {
            let pays = |early: &&Early| early.pays(metadata.metadata().row_group(unit.group).num_rows());
            match work.early.as_ref().filter(pays) {
                Some(_) if matches!(part.reading, Reading::Direct(_)) => {
                    let work = Arc::clone(work);
                    let rows = async move {
                        let passed = passed(&work, unit).await?;
                        row_group(&work, unit, passed)
                    };
                    Ok(futures::stream::once(rows).try_flatten().boxed())
                }
                _ => row_group(work, unit, None),
            }
        }
        Body::Text { gzip, .. } => {
            let plan = Columns::plan(part, &work.schema);
            let work = Arc::clone(work);
            let stream = text_rows::rows(part, *gzip, plan.native.clone(), Arc::clone(&work.quarantine))?;
            Ok(stream
                .map(move |chunk| {
                    let chunk = chunk?;
                    let row = |at| chunk.numbers.of(at);
                    let notes = Notes { book: &work.quarantine, row: &row, of: &|_| true };
                    work.convert(unit, &plan, &work.schema, &chunk.batch, &notes)
                })
                .boxed())
        }
    }
}

/// The rows of a row group that pass the early filters.
async fn passed(work: &Arc<Work>, unit: Unit) -> Result<Option<Passed>> {
    let Some(early) = &work.early else { return Ok(None) };
    let (part, schema) = (&work.parts[unit.part], early.schema());
    let Body::Parquet(metadata) = &part.body else { return Ok(None) };
    let plan = Columns::plan(part, schema);
    let roots = plan.roots(part);
    if roots.is_empty() {
        return Ok(None);
    }
    let mut row = rows_before(part, unit);
    let mut stream = parquet_rows::row_group(part, metadata, unit.group, &roots, None)?;
    let (mut passing, noted) = (early.ask(), Quarantine::default());
    while let Some(batch) = stream.next().await {
        let batch = batch?;
        let first = row + 1;
        row += batch.num_rows() as u64;
        let notes = Notes { book: &noted, row: &|at| first + at as u64, of: &|_| true };
        if !passing.take(&work.convert(unit, &plan, schema, &batch, &notes)?)? {
            return Ok(None);
        }
    }
    // From here on these columns are read of some rows only: what was noted of all of them counts.
    work.quarantine.absorb(noted);
    Ok(Some(passing.passed()))
}

/// Rows of the file before the unit.
fn rows_before(part: &Part, unit: Unit) -> u64 {
    let Body::Parquet(metadata) = &part.body else { return 0 };
    let groups = metadata.metadata().row_groups().iter().take(unit.group);
    groups.map(|group| u64::try_from(group.num_rows()).unwrap_or(0)).sum()
}

/// The rows of a row group, or those that passed.
fn row_group(
    work: &Arc<Work>,
    unit: Unit,
    passed: Option<Passed>,
) -> Result<BoxStream<'static, Result<RecordBatch>>> {
    let part = &work.parts[unit.part];
    let Body::Parquet(metadata) = &part.body else { return Ok(futures::stream::empty().boxed()) };
    let plan = Columns::plan(part, &work.schema);
    let roots = plan.roots(part);
    let work = Arc::clone(work);
    if roots.is_empty() {
        let rows = metadata.metadata().row_group(unit.group).num_rows();
        let rows = usize::try_from(rows).unwrap_or(usize::MAX);
        return Ok(futures::stream::once(async move { work.empty_columns(unit, rows) }).boxed());
    }
    let (selection, places) = match passed {
        Some(passed) if passed.rows.is_empty() => return Ok(futures::stream::empty().boxed()),
        Some(Passed { selection, rows }) => (Some(selection), Some(rows)),
        None => (None, None),
    };
    let before = rows_before(part, unit);
    let stream = parquet_rows::row_group(part, metadata, unit.group, &roots, selection)?;
    let mut read = 0;
    Ok(stream
        .map(move |batch| {
            let batch = batch?;
            let first = read;
            read += batch.num_rows();
            let row = |at: usize| {
                let at = first + at;
                before + 1 + places.as_ref().and_then(|places| places.get(at).copied()).unwrap_or(at as u64)
            };
            // What the early filters read is noted already.
            let of = |column: &str| {
                places.is_none() || !work.early.as_ref().is_some_and(|early| early.reads(column))
            };
            let notes = Notes { book: &work.quarantine, row: &row, of: &of };
            work.convert(unit, &plan, &work.schema, &batch, &notes)
        })
        .boxed())
}

fn batch(schema: &SchemaRef, columns: Vec<ArrayRef>, rows: usize) -> Result<RecordBatch> {
    let options = RecordBatchOptions::new().with_row_count(Some(rows));
    Ok(RecordBatch::try_new_with_options(Arc::clone(schema), columns, &options)?)
}

/// Which columns a part must read to give the projected ones.
#[derive(Debug)]
struct Columns {
    /// Native columns, by name.
    native: Vec<String>,
    /// Canonical columns asked of a normaliser.
    canonical: Vec<String>,
}

impl Columns {
    /// Places of the native columns in a Parquet file.
    fn roots(&self, part: &Part) -> Vec<usize> {
        self.native.iter().filter_map(|name| part.body.columns().index_of(name).ok()).collect()
    }

    fn plan(part: &Part, schema: &Schema) -> Self {
        let mut canonical: Vec<String> = Vec::new();
        let has = part.columns();
        let mut want = |name: &str| {
            if has.iter().any(|c| c == name) && !canonical.iter().any(|c| c == name) {
                canonical.push(name.to_owned());
            }
        };
        for field in schema.fields() {
            match field.name().as_str() {
                name @ (PROVIDER | BILLING_PERIOD) if part.constant(name).is_some() => {}
                PROVIDER => PROVIDER_COLUMNS.iter().for_each(|name| want(name)),
                BILLING_PERIOD => want(PERIOD_COLUMN),
                name => want(name),
            }
        }
        let native = match &part.reading {
            Reading::Direct(map) => {
                let at = canonical.iter().filter_map(|name| map.get(name));
                let mut names: Vec<String> =
                    at.map(|at| part.body.columns().field(*at).name().clone()).collect();
                names.sort_unstable();
                names.dedup();
                names
            }
            Reading::Normalised(normaliser) => {
                let outputs: Vec<&str> = canonical.iter().map(String::as_str).collect();
                normaliser.needs(&outputs)
            }
        };
        Self { native, canonical }
    }
}

impl Work {
    /// Rows of which no column of the file is asked.
    fn empty_columns(&self, unit: Unit, rows: usize) -> Result<RecordBatch> {
        let part = &self.parts[unit.part];
        let columns = self.schema.fields().iter().map(|field| match part.constant(field.name()) {
            Some(value) => Ok(constant(value, rows)?),
            None => Ok(new_null_array(field.data_type(), rows)),
        });
        batch(&self.schema, columns.collect::<Result<_>>()?, rows)
    }

    /// The columns of `schema`, made canonical.
    fn convert(
        &self,
        unit: Unit,
        plan: &Columns,
        schema: &SchemaRef,
        native: &RecordBatch,
        notes: &Notes<'_>,
    ) -> Result<RecordBatch> {
        let part = &self.parts[unit.part];
        let fail =
            |error: &dyn std::fmt::Display| DataFusionError::Execution(format!("`{}`: {error}", part.name));
        match &part.reading {
            Reading::Direct(map) => {
                let rows = native.num_rows();
                let own = |column: &str, held: Held| -> Result<Option<ArrayRef>> {
                    let Some(at) = map.get(column) else { return Ok(None) };
                    let Some(array) = named(native, part.body.columns().field(*at).name()) else {
                        return Ok(None);
                    };
                    let typed = held_column(column, held, array)?;
                    if (notes.of)(column) {
                        notes.add(part, &typed.faults);
                        notes.book.add_rounded(typed.rounded);
                    }
                    Ok(Some(typed.array))
                };
                let columns = schema.fields().iter().map(|field| {
                    let held = Held::of(field.data_type());
                    self.column(part, field.name(), held, rows, &own)
                });
                batch(schema, columns.collect::<Result<_>>()?, rows)
            }
            Reading::Normalised(normaliser) => {
                let outputs: Vec<&str> = plan.canonical.iter().map(String::as_str).collect();
                let normalised = normaliser.convert(native, &outputs).map_err(|e| fail(&e))?;
                notes.add(part, &normalised.faults);
                notes.book.add_rounded(normalised.rounded);
                for dropped in &normalised.dropped {
                    notes.book.add_dropped(dropped.reason, dropped.rows);
                }
                let rows = normalised.batch.num_rows();
                let own = |column: &str, held: Held| -> Result<Option<ArrayRef>> {
                    let Some(array) = named(&normalised.batch, column) else { return Ok(None) };
                    Ok(Some(held_canonical(held, array)?))
                };
                let columns = schema.fields().iter().map(|field| {
                    let held = Held::of(field.data_type());
                    self.column(part, field.name(), held, rows, &own)
                });
                batch(schema, columns.collect::<Result<_>>()?, rows)
            }
        }
    }

    fn column(
        &self,
        part: &Part,
        name: &str,
        held: Held,
        rows: usize,
        own: &dyn Fn(&str, Held) -> Result<Option<ArrayRef>>,
    ) -> Result<ArrayRef> {
        let found = match name {
            PROVIDER | BILLING_PERIOD if part.constant(name).is_some() => {
                part.constant(name).map(|value| constant(value, rows)).transpose()?
            }
            PROVIDER => {
                let mut found = None;
                for column in PROVIDER_COLUMNS {
                    found = own(column, Held::Codes)?;
                    if found.is_some() {
                        break;
                    }
                }
                found.map(|array| mapped(&array, short_provider)).transpose()?
            }
            BILLING_PERIOD => own(PERIOD_COLUMN, Held::DateTime)?.map(|array| months(&array)).transpose()?,
            name => own(name, held)?,
        };
        Ok(found.unwrap_or_else(|| new_null_array(&held.data_type(), rows)))
    }
}

/// Where faults of a batch are noted.
struct Notes<'a> {
    book: &'a Quarantine,
    /// The row of the file, from 1, that a row of the batch is.
    row: &'a dyn Fn(usize) -> u64,
    /// The columns whose faults are noted.
    of: &'a dyn Fn(&str) -> bool,
}

impl Notes<'_> {
    fn add(&self, part: &Part, faults: &[Fault]) {
        for fault in faults {
            self.book.add(&fault.column, fault.reason, || QuarantinedCell {
                object: part.name.clone(),
                row: (self.row)(fault.row),
                column: fault.column.clone(),
                value: fault.value.clone(),
            });
        }
    }
}
