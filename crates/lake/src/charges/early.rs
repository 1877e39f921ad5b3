//! Filters that are asked before costs are decoded.
//!
//! A filter on a few columns of codes or days is nearly free; turning three cost columns into decimals
//! is what a scan pays for. Where few rows of a row group pass, only those are decoded. Where many
//! pass, asking first would only cost, and the scan stops doing so.

use super::schema::Held;
use crate::engine::{Kept, Predicate};
use arrow::array::{BooleanArray, RecordBatch};
use arrow::buffer::BooleanBuffer;
use arrow::datatypes::{Field, Schema, SchemaRef};
use bursar_focus::canonical::Kind;
use datafusion::catalog::Session;
use datafusion::common::DFSchema;
use datafusion::error::Result;
use datafusion::logical_expr::Expr;
use datafusion::logical_expr::utils::{conjunction, split_conjunction};
use datafusion::physical_expr::PhysicalExpr;
use parquet::arrow::arrow_reader::RowSelection;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

/// Row groups of fewer rows are read at once.
const LEAST_ROWS: i64 = 8_192;
/// One row in so many may pass for asking first to pay.
const ONE_IN: u64 = 4;
/// Rows after which it is known whether it pays.
const KNOWN_AFTER: u64 = 30_000;

/// Filters over columns that are cheap to read.
#[derive(Debug)]
pub(super) struct Early {
    filter: Arc<dyn PhysicalExpr>,
    schema: SchemaRef,
    asked: AtomicU64,
    passed: AtomicU64,
}

/// The rows of a row group that pass, batch by batch.
#[derive(Debug)]
pub(super) struct Passing<'a> {
    early: &'a Early,
    predicate: Predicate,
    filters: Vec<BooleanArray>,
    rows: Vec<u64>,
    asked: u64,
}

/// The rows of a row group that pass.
#[derive(Debug)]
pub(super) struct Passed {
    pub(super) selection: RowSelection,
    /// Their places in the row group.
    pub(super) rows: Vec<u64>,
}

impl Early {
    /// The filters that can be asked first; `None` when there are none.
    pub(super) fn of(filters: &[Expr], table: &Schema, state: &dyn Session) -> Result<Option<Self>> {
        let cheap = |name: &str| {
            table.field_with_name(name).is_ok_and(|field| {
                let held = Held::of(field.data_type());
                matches!(held, Held::Codes | Held::DateTime) && Kind::of(name) != Kind::Tags
            })
        };
        let (mut asked, mut names) = (Vec::new(), Vec::new());
        for filter in filters.iter().flat_map(split_conjunction) {
            let columns = filter.column_refs();
            if !columns.is_empty()
                && columns.iter().all(|column| cheap(&column.name))
                && !filter.is_volatile()
            {
                asked.push(filter.clone());
                names.extend(columns.iter().map(|column| column.name.clone()));
            }
        }
        let Some(filter) = conjunction(asked) else { return Ok(None) };
        let fields = table.fields().iter().filter(|field| names.iter().any(|name| name == field.name()));
        let schema = Arc::new(Schema::new(fields.map(|f| f.as_ref().clone()).collect::<Vec<Field>>()));
        let filter = state.create_physical_expr(filter, &DFSchema::try_from(schema.as_ref().clone())?)?;
        Ok(Some(Self { filter, schema, asked: AtomicU64::new(0), passed: AtomicU64::new(0) }))
    }

    /// The columns it reads.
    pub(super) fn schema(&self) -> &SchemaRef {
        &self.schema
    }

    /// Whether it reads that column.
    pub(super) fn reads(&self, column: &str) -> bool {
        self.schema.field_with_name(column).is_ok()
    }

    /// Whether to ask first of a row group of so many rows.
    pub(super) fn pays(&self, rows: i64) -> bool {
        let asked = self.asked.load(Relaxed);
        rows >= LEAST_ROWS && (asked < KNOWN_AFTER || self.passed.load(Relaxed) <= asked / ONE_IN)
    }

    /// Asks of the batches of a row group, in order.
    pub(super) fn ask(&self) -> Passing<'_> {
        let predicate = Predicate::new(&self.filter, &self.schema);
        Passing { early: self, predicate, filters: Vec::new(), rows: Vec::new(), asked: 0 }
    }
}

impl Passing<'_> {
    /// Takes the next batch in; `false` when so many rows pass that all may as well be read.
    pub(super) fn take(&mut self, batch: &RecordBatch) -> Result<bool> {
        let rows = batch.num_rows();
        let bits = match self.predicate.keep(batch)? {
            Kept::All => BooleanBuffer::new_set(rows),
            Kept::None => BooleanBuffer::new_unset(rows),
            Kept::Some(bits) => bits,
        };
        let before = self.rows.len();
        self.rows.extend(bits.set_indices().map(|at| self.asked + at as u64));
        self.filters.push(BooleanArray::new(bits, None));
        self.asked += rows as u64;
        self.early.asked.fetch_add(rows as u64, Relaxed);
        self.early.passed.fetch_add((self.rows.len() - before) as u64, Relaxed);
        Ok(self.asked < KNOWN_AFTER || self.rows.len() as u64 <= self.asked / ONE_IN)
    }

    /// The rows that passed.
    pub(super) fn passed(self) -> Passed {
        Passed { selection: RowSelection::from_filters(&self.filters), rows: self.rows }
    }
}
