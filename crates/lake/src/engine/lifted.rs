//! Expressions over one dictionary column, evaluated once per dictionary value.
//!
//! A dictionary column holds a few distinct values and a code per row. Any expression without side
//! effects that reads nothing but such a column (`ChargeCategory = 'Usage'`, `tag('team') IS NULL`,
//! `COALESCE(tag('team'), '(untagged)')`) has one answer per dictionary value. Reading Parquet, all
//! batches of a row group share one dictionary, so the answers are kept until it changes.
//!
//! An expression that fails on a value which no row holds must not fail the question: in that case
//! the caller evaluates it row by row ([`Answers::ByRow`]).

use super::tag::PROVIDER;
use arrow::array::{Array, ArrayRef, AsArray, DictionaryArray, Int32Array, RecordBatch, RecordBatchOptions};
use arrow::datatypes::{DataType, Field, Int32Type, Schema, SchemaRef};
use datafusion::common::tree_node::{Transformed, TreeNode};
use datafusion::error::Result;
use datafusion::physical_expr::PhysicalExpr;
use datafusion::physical_expr::expressions::Column;
use datafusion::physical_expr::utils::collect_columns;
use std::sync::Arc;

fn dictionary(batch: &RecordBatch, column: usize) -> Result<&DictionaryArray<Int32Type>> {
    batch
        .column(column)
        .as_dictionary_opt::<Int32Type>()
        .ok_or_else(|| super::EngineError::Internal("a dictionary column came without a dictionary").into())
}

/// An expression that reads one dictionary column, and perhaps the provider: a file has charges of one
/// provider, so that beside it the other column's values still have one answer each.
#[derive(Debug)]
pub(crate) struct Lifted {
    /// Over rows of the input.
    by_row: Arc<dyn PhysicalExpr>,
    /// Over a batch that has the dictionary column alone.
    by_value: Arc<dyn PhysicalExpr>,
    column: usize,
    /// The provider's column, if it is read too.
    provider: Option<usize>,
    schema: SchemaRef,
    kept: Option<Kept>,
}

/// What the answers were made from.
#[derive(Debug)]
struct Kept {
    values: ArrayRef,
    provider: Option<ArrayRef>,
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
    /// `None` when the expression reads other columns than that, or is volatile.
    pub(super) fn try_new(expr: &Arc<dyn PhysicalExpr>, input: &Schema) -> Option<Self> {
        let columns = collect_columns(expr);
        let (column, provider) = match columns.iter().collect::<Vec<_>>().as_slice() {
            [column] => (column.index(), None),
            [one, other] if one.name() == PROVIDER => (other.index(), Some(one.index())),
            [one, other] if other.name() == PROVIDER => (one.index(), Some(other.index())),
            _ => return None,
        };
        let volatile = datafusion::physical_expr_common::physical_expr::is_volatile(expr);
        let mut fields = Vec::new();
        for at in [Some(column), provider].into_iter().flatten() {
            let field = input.fields().get(at)?;
            let DataType::Dictionary(code, _) = field.data_type() else { return None };
            if **code != DataType::Int32 || volatile {
                return None;
            }
            let own = Field::new(field.name(), field.data_type().clone(), true);
            fields.push(own.with_metadata(field.metadata().clone()));
        }
        let by_value = Arc::clone(expr)
            .transform_up(|e| {
                Ok(match e.downcast_ref::<Column>() {
                    Some(c) => {
                        let at = usize::from(c.index() != column);
                        Transformed::yes(Arc::new(Column::new(c.name(), at)) as Arc<dyn PhysicalExpr>)
                    }
                    None => Transformed::no(e),
                })
            })
            .ok()?
            .data;
        let schema = Arc::new(Schema::new(fields));
        Some(Self { by_row: Arc::clone(expr), by_value, column, provider, schema, kept: None })
    }

    /// Whether the expression may be evaluated on rows that a filter dropped.
    pub(super) fn is_total(&self) -> bool {
        super::total::is_total(&self.by_row)
    }

    /// The dictionary column of this batch.
    pub(super) fn codes<'a>(&self, batch: &'a RecordBatch) -> Result<&'a DictionaryArray<Int32Type>> {
        dictionary(batch, self.column)
    }

    /// The answers for this batch's dictionary.
    pub(super) fn answers(&mut self, batch: &RecordBatch) -> Result<Answers> {
        let values = self.codes(batch)?.values();
        let by_row = || -> Result<Answers> {
            Ok(Answers::ByRow(self.by_row.evaluate(batch)?.into_array(batch.num_rows())?))
        };
        let provider = match self.provider {
            None => None,
            Some(at) => {
                let providers = dictionary(batch, at)?;
                if providers.values().len() != 1 || providers.null_count() > 0 {
                    return by_row();
                }
                Some(providers.values())
            }
        };
        let same = |kept: &Kept| {
            let provider_is = match (&kept.provider, provider) {
                (Some(kept), Some(now)) => Arc::ptr_eq(kept, now),
                (kept, now) => kept.is_none() && now.is_none(),
            };
            provider_is && Arc::ptr_eq(&kept.values, values)
        };
        if self.kept.as_ref().is_some_and(same) {
            return Ok(Answers::Same);
        }
        match self.evaluate(values, provider) {
            Ok(answers) => {
                self.kept = Some(Kept { values: Arc::clone(values), provider: provider.map(Arc::clone) });
                Ok(Answers::New(answers))
            }
            Err(_) => {
                let answers = by_row();
                self.kept = None;
                answers
            }
        }
    }

    fn evaluate(&self, values: &ArrayRef, provider: Option<&ArrayRef>) -> Result<ArrayRef> {
        let len = values.len();
        let last = i32::try_from(len).map_err(|_| super::EngineError::TooManyGroups)?;
        let keys: Int32Array = (0..last).map(Some).chain(std::iter::once(None)).collect();
        let column = DictionaryArray::<Int32Type>::try_new(keys, Arc::clone(values))?;
        let mut columns: Vec<ArrayRef> = vec![Arc::new(column)];
        if let Some(provider) = provider {
            let keys = Int32Array::from(vec![0; len + 1]);
            columns.push(Arc::new(DictionaryArray::<Int32Type>::try_new(keys, Arc::clone(provider))?));
        }
        let options = RecordBatchOptions::new().with_row_count(Some(len + 1));
        let batch = RecordBatch::try_new_with_options(Arc::clone(&self.schema), columns, &options)?;
        self.by_value.evaluate(&batch)?.into_array(len + 1)
    }
}
