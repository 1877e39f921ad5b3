//! Reading the parts unit by unit, each batch made canonical.

use super::column::{constant, held_canonical, held_column, mapped, months, named};
use super::part::{Body, Part, Reading};
use super::quarantine::{Quarantine, QuarantinedCell};
use super::schema::{BILLING_PERIOD, Held, PROVIDER, short_provider};
use super::{parquet_rows, text_rows};
use arrow::array::{ArrayRef, RecordBatch, RecordBatchOptions, new_null_array};
use arrow::datatypes::{Schema, SchemaRef};
use bursar_focus::canonical::Fault;
use datafusion::error::{DataFusionError, Result};
use futures::stream::{BoxStream, StreamExt};
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
    let plan = Columns::plan(part, &work.schema);
    let columns = part.body.columns();
    let work = Arc::clone(work);
    match &part.body {
        Body::Parquet(metadata) => {
            let groups = metadata.metadata().row_groups();
            let rows_of = |g: usize| u64::try_from(groups[g].num_rows()).unwrap_or(0);
            let before: u64 = (0..unit.group).map(rows_of).sum();
            let roots: Vec<usize> =
                plan.native.iter().filter_map(|name| columns.index_of(name).ok()).collect();
            if roots.is_empty() {
                let rows = usize::try_from(rows_of(unit.group)).unwrap_or(usize::MAX);
                return Ok(futures::stream::once(async move { work.empty_columns(unit, rows) }).boxed());
            }
            let stream = parquet_rows::row_group(part, metadata, unit.group, &roots)?;
            let mut row = before;
            Ok(stream
                .map(move |batch| {
                    let batch = batch?;
                    let first = row + 1;
                    row += batch.num_rows() as u64;
                    work.convert(unit, &plan, &batch, &|at| first + at as u64)
                })
                .boxed())
        }
        Body::Text { gzip, .. } => {
            let stream = text_rows::rows(part, *gzip, plan.native.clone(), Arc::clone(&work.quarantine))?;
            Ok(stream
                .map(move |chunk| {
                    let chunk = chunk?;
                    work.convert(unit, &plan, &chunk.batch, &|at| chunk.numbers.of(at))
                })
                .boxed())
        }
    }
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
        self.batch(columns.collect::<Result<_>>()?, rows)
    }

    fn batch(&self, columns: Vec<ArrayRef>, rows: usize) -> Result<RecordBatch> {
        let options = RecordBatchOptions::new().with_row_count(Some(rows));
        Ok(RecordBatch::try_new_with_options(Arc::clone(&self.schema), columns, &options)?)
    }

    fn convert(
        &self,
        unit: Unit,
        plan: &Columns,
        native: &RecordBatch,
        row: &dyn Fn(usize) -> u64,
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
                    self.note(part, &typed.faults, row);
                    self.quarantine.add_rounded(typed.rounded);
                    Ok(Some(typed.array))
                };
                let columns = self.schema.fields().iter().map(|field| {
                    let held = Held::of(field.data_type());
                    self.column(part, field.name(), held, rows, &own)
                });
                self.batch(columns.collect::<Result<_>>()?, rows)
            }
            Reading::Normalised(normaliser) => {
                let outputs: Vec<&str> = plan.canonical.iter().map(String::as_str).collect();
                let normalised = normaliser.convert(native, &outputs).map_err(|e| fail(&e))?;
                self.note(part, &normalised.faults, row);
                self.quarantine.add_rounded(normalised.rounded);
                for dropped in &normalised.dropped {
                    self.quarantine.add_dropped(dropped.reason, dropped.rows);
                }
                let rows = normalised.batch.num_rows();
                let own = |column: &str, held: Held| -> Result<Option<ArrayRef>> {
                    let Some(array) = named(&normalised.batch, column) else { return Ok(None) };
                    Ok(Some(held_canonical(held, array)?))
                };
                let columns = self.schema.fields().iter().map(|field| {
                    let held = Held::of(field.data_type());
                    self.column(part, field.name(), held, rows, &own)
                });
                self.batch(columns.collect::<Result<_>>()?, rows)
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

    fn note(&self, part: &Part, faults: &[Fault], row: &dyn Fn(usize) -> u64) {
        for fault in faults {
            self.quarantine.add(&fault.column, fault.reason, || QuarantinedCell {
                object: part.name.clone(),
                row: row(fault.row),
                column: fault.column.clone(),
                value: fault.value.clone(),
            });
        }
    }
}
