//! Expressions over one dictionary column, evaluated once per dictionary value.
//!
//! A dictionary column holds a few distinct values and a code per row. Any expression without side
//! effects that reads nothing but such a column (`ChargeCategory = 'Usage'`, `tag('team') IS NULL`,
//! `COALESCE(tag('team'), '(untagged)')`) has one answer per dictionary value. Reading Parquet, all
//! batches of a row group share one dictionary, so the answers are kept until it changes.
//!
//! An expression that fails on a value which no row holds must not fail the question: in that case
//! the caller evaluates it row by row ([`Answers::ByRow`]).

use arrow::array::{Array, ArrayRef, AsArray, DictionaryArray, Int32Array, RecordBatch, RecordBatchOptions};
use arrow::datatypes::{DataType, Field, Int32Type, Schema, SchemaRef};
use datafusion::common::tree_node::{Transformed, TreeNode};
use datafusion::error::Result;
use datafusion::physical_expr::PhysicalExpr;
use datafusion::physical_expr::expressions::Column;
use datafusion::physical_expr::utils::collect_columns;
use std::sync::Arc;

/// An expression that reads one dictionary column.
#[derive(Debug)]
pub(super) struct Lifted {
    /// Over rows of the input.
    by_row: Arc<dyn PhysicalExpr>,
    /// Over a batch that has the dictionary column alone.
    by_value: Arc<dyn PhysicalExpr>,
    column: usize,
    schema: SchemaRef,
    kept: Option<ArrayRef>,
}

/// What [`Lifted::answers`] found.
pub(super) enum Answers {
    /// The answers kept from the last batch still hold.
    Same,
    /// Answers for every dictionary value, and as last element the answer for NULL.
    New(ArrayRef),
    /// The expression could not be evaluated on the values; here are the answers for the rows.
    ByRow(ArrayRef),
}

impl Lifted {
    /// `None` when the expression reads not exactly one dictionary column, or is volatile.
    pub(super) fn try_new(expr: &Arc<dyn PhysicalExpr>, input: &Schema) -> Option<Self> {
        let columns = collect_columns(expr);
        let column = match columns.iter().next() {
            Some(column) if columns.len() == 1 => column.index(),
            _ => return None,
        };
        let field = input.fields().get(column)?;
        let DataType::Dictionary(code, _) = field.data_type() else { return None };
        if **code != DataType::Int32 || datafusion::physical_expr_common::physical_expr::is_volatile(expr) {
            return None;
        }
        let by_value = Arc::clone(expr)
            .transform_up(|e| {
                Ok(match e.downcast_ref::<Column>() {
                    Some(c) => Transformed::yes(Arc::new(Column::new(c.name(), 0)) as Arc<dyn PhysicalExpr>),
                    None => Transformed::no(e),
                })
            })
            .ok()?
            .data;
        let field =
            Field::new(field.name(), field.data_type().clone(), true).with_metadata(field.metadata().clone());
        Some(Self {
            by_row: Arc::clone(expr),
            by_value,
            column,
            schema: Arc::new(Schema::new(vec![field])),
            kept: None,
        })
    }

    /// Whether the expression may be evaluated on rows that a filter dropped.
    pub(super) fn is_total(&self) -> bool {
        super::total::is_total(&self.by_row)
    }

    /// The dictionary column of this batch.
    pub(super) fn codes<'a>(&self, batch: &'a RecordBatch) -> Result<&'a DictionaryArray<Int32Type>> {
        batch.column(self.column).as_dictionary_opt::<Int32Type>().ok_or_else(|| {
            super::EngineError::Internal("a dictionary column came without a dictionary").into()
        })
    }

    /// The answers for this batch's dictionary.
    pub(super) fn answers(&mut self, batch: &RecordBatch) -> Result<Answers> {
        let codes = self.codes(batch)?;
        let values = codes.values();
        if self.kept.as_ref().is_some_and(|kept| Arc::ptr_eq(kept, values)) {
            return Ok(Answers::Same);
        }
        match self.evaluate(values) {
            Ok(answers) => {
                self.kept = Some(Arc::clone(values));
                Ok(Answers::New(answers))
            }
            Err(_) => {
                self.kept = None;
                Ok(Answers::ByRow(self.by_row.evaluate(batch)?.into_array(batch.num_rows())?))
            }
        }
    }

    fn evaluate(&self, values: &ArrayRef) -> Result<ArrayRef> {
        let len = values.len();
        let last = i32::try_from(len).map_err(|_| super::EngineError::TooManyGroups)?;
        let keys: Int32Array = (0..last).map(Some).chain(std::iter::once(None)).collect();
        let column = DictionaryArray::<Int32Type>::try_new(keys, Arc::clone(values))?;
        let options = RecordBatchOptions::new().with_row_count(Some(len + 1));
        let batch =
            RecordBatch::try_new_with_options(Arc::clone(&self.schema), vec![Arc::new(column)], &options)?;
        self.by_value.evaluate(&batch)?.into_array(len + 1)
    }
}
