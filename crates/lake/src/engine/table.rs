//! One partition's groups and values, and how two partitions' tables become one.

use super::accumulate::Accumulator;
use super::keys::{Groups, Key};
use super::predicate::{Kept, Predicate};
use super::{EngineError, Plan, Rows};
use arrow::array::{AsArray, RecordBatch, RecordBatchOptions};
use arrow::compute::filter_record_batch;
use arrow::datatypes::{Int64Type, Schema, SchemaRef};
use datafusion::error::Result;

/// A part of the answer.
#[derive(Debug)]
pub(super) struct Table {
    predicate: Option<Predicate>,
    groups: Groups,
    accumulators: Vec<Accumulator>,
    /// Whether dropped rows may be skipped instead of removed.
    skip: bool,
    /// The column that says how many charges a row stands for.
    weight: Option<usize>,
    scratch: Vec<u32>,
}

impl Table {
    /// An empty table, or `None` when the plan has something this engine does not do.
    pub(super) fn try_new(plan: &Plan, input: &Schema) -> Option<Self> {
        let keys =
            plan.group.iter().map(|(expr, _)| Key::try_new(expr, input)).collect::<Option<Vec<_>>>()?;
        let accumulators = plan
            .aggregates
            .iter()
            .zip(&plan.filters)
            .map(|(aggregate, filter)| Accumulator::try_new(aggregate, filter.as_ref(), input))
            .collect::<Option<Vec<_>>>()?;
        let groups = Groups::new(keys);
        let skip = groups.is_total() && accumulators.iter().all(Accumulator::is_total);
        let predicate = plan.predicate.as_ref().map(|p| Predicate::new(p, input));
        Some(Self { predicate, groups, accumulators, skip, weight: plan.weight, scratch: Vec::new() })
    }

    /// Takes a batch in.
    pub(super) fn update(&mut self, batch: &RecordBatch) -> Result<()> {
        if batch.num_rows() == 0 {
            return Ok(());
        }
        if u32::try_from(batch.num_rows()).is_err() {
            return Err(EngineError::TooManyGroups.into());
        }
        let kept = match &mut self.predicate {
            Some(predicate) => predicate.keep(batch)?,
            None => Kept::All,
        };
        match kept {
            Kept::None => Ok(()),
            Kept::All => self.take_in(batch, None),
            // Copying a few rows out is cheaper than stepping over many.
            Kept::Some(bits) if !self.skip || bits.count_set_bits() < bits.len() / 16 => {
                let batch = filter_record_batch(batch, &bits.into())?;
                self.take_in(&batch, None)
            }
            Kept::Some(bits) => {
                let chosen: Vec<u32> = bits.set_indices_u32().collect();
                self.take_in(batch, Some(&chosen))
            }
        }
    }

    fn take_in(&mut self, batch: &RecordBatch, chosen: Option<&[u32]>) -> Result<()> {
        let weights = match self.weight {
            None => None,
            Some(at) => match batch.column(at).as_primitive_opt::<Int64Type>() {
                Some(weights) => Some(weights.values().as_ref()),
                None => return Err(EngineError::Internal("a weight is not a number").into()),
            },
        };
        let rows = Rows { batch, chosen, weights };
        let mut of = std::mem::take(&mut self.scratch);
        self.groups.group(&rows, &mut of)?;
        for accumulator in &mut self.accumulators {
            accumulator.update(&rows, &of, self.groups.len())?;
        }
        self.scratch = of;
        Ok(())
    }

    /// Bytes held.
    pub(super) fn size(&self) -> usize {
        self.groups.size() + self.accumulators.iter().map(Accumulator::size).sum::<usize>()
    }

    /// Takes another partition's table in.
    pub(super) fn merge(&mut self, other: Self) -> Result<()> {
        let map = self.groups.merge(&other.groups)?;
        for (mine, theirs) in self.accumulators.iter_mut().zip(other.accumulators) {
            mine.merge(theirs, &map, self.groups.len())?;
        }
        Ok(())
    }

    /// Whether no group of the other table can be one of these.
    pub(super) fn is_apart_from(&self, other: &Self) -> bool {
        self.groups.is_apart_from(&other.groups)
    }

    /// How many groups.
    pub(super) fn len(&self) -> usize {
        self.groups.len()
    }

    /// Makes the table ready for [`Self::batch`].
    pub(super) fn finish(&mut self) {
        self.groups.finish();
        let groups = self.groups.len();
        self.accumulators.iter_mut().for_each(|a| a.finish(groups));
    }

    /// The answer for a range of groups.
    pub(super) fn batch(&self, schema: &SchemaRef, groups: std::ops::Range<usize>) -> Result<RecordBatch> {
        let mut columns = self.groups.arrays(groups.clone())?;
        for accumulator in &self.accumulators {
            columns.push(accumulator.array(groups.clone())?);
        }
        // A plan may have promised another form of the same text (a view, a plain string).
        for (column, field) in columns.iter_mut().zip(schema.fields()) {
            if column.data_type() != field.data_type() {
                *column = arrow::compute::cast(column, field.data_type())?;
            }
        }
        let options = RecordBatchOptions::new().with_row_count(Some(groups.len()));
        Ok(RecordBatch::try_new_with_options(schema.clone(), columns, &options)?)
    }
}
