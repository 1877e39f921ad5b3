//! Group keys: each row's key columns become one small number, the group.

use super::coded::Coded;
use super::interner::{Interner, NULL, hash_number, hash_wide, present};
use super::lifted::Lifted;
use super::total::is_total;
use super::{EngineError, Rows};
use arrow::array::{Array, ArrayRef, AsArray, DictionaryArray, Int32Array};
use arrow::datatypes::{DataType, Int32Type, Schema, TimeUnit, TimestampMicrosecondType};
use datafusion::error::Result;
use datafusion::physical_expr::PhysicalExpr;
use datafusion::physical_expr::expressions::CastExpr;
use hashbrown::HashTable;
use std::cell::Cell;
use std::sync::Arc;

/// Up to this many bits a group is found by indexing instead of hashing (4 Mi entries of 4 bytes).
const DIRECT_BITS: u32 = 22;
/// The same where groups are dense among all combinations of keys (32 Mi entries).
const DENSE_BITS: u32 = 25;
/// Entries for each group that still are dense.
const DENSE_ENTRIES: usize = 64;
/// Values of a key that all batches of an answer share.
const SHARED_VALUES: usize = 1_024;
const MICROS_PER_DAY: i64 = 86_400_000_000;

/// One key column.
#[derive(Debug)]
pub(super) struct Key {
    source: Source,
    interner: Interner,
    data_type: DataType,
    /// All values, once no more will come.
    values: Option<ArrayRef>,
}

#[derive(Debug)]
enum Source {
    /// One value per dictionary value.
    Dictionary(Coded),
    /// The day of a UTC timestamp.
    Day(Arc<dyn PhysicalExpr>),
    /// Any expression.
    Expr(Arc<dyn PhysicalExpr>),
}

impl Key {
    /// `None` when values of this type cannot be keys here.
    pub(super) fn try_new(expr: &Arc<dyn PhysicalExpr>, input: &Schema) -> Option<Self> {
        let data_type = expr.data_type(input).ok()?;
        let interner = Interner::of(&data_type)?;
        let source = if let Some(lifted) = Lifted::try_new(expr, input) {
            Source::Dictionary(Coded::new(lifted))
        } else if let Some(cast) = expr.downcast_ref::<CastExpr>()
            && *cast.cast_type() == DataType::Date32
            && cast
                .expr()
                .data_type(input)
                .is_ok_and(|t| t == DataType::Timestamp(TimeUnit::Microsecond, None))
        {
            Source::Day(Arc::clone(cast.expr()))
        } else {
            Source::Expr(Arc::clone(expr))
        };
        Some(Self { source, interner, data_type, values: None })
    }

    /// Whether the key is evaluated without touching rows that the filter dropped.
    pub(super) fn is_total(&self) -> bool {
        match &self.source {
            Source::Dictionary(coded) => coded.is_total(),
            Source::Day(expr) | Source::Expr(expr) => is_total(expr),
        }
    }

    fn size(&self) -> usize {
        let coded = match &self.source {
            Source::Dictionary(coded) => coded.size(),
            _ => 0,
        };
        coded + self.interner.size()
    }

    fn number(&mut self, rows: &Rows<'_>, out: &mut Vec<u32>) -> Result<()> {
        out.clear();
        match &mut self.source {
            Source::Dictionary(coded) => coded.number(rows, &mut self.interner, out),
            Source::Day(expr) => {
                let times = expr.evaluate(rows.batch)?.into_array(rows.batch.num_rows())?;
                let times = times.as_primitive::<TimestampMicrosecondType>();
                let values: &[i64] = times.values();
                let Interner::Int(days) = &mut self.interner else {
                    return Err(EngineError::Internal("a day is not a number").into());
                };
                // Cells are sorted, so that days come in runs.
                let last = Cell::new((0, 0));
                let day = |i: usize| {
                    let (time, day) = last.get();
                    if values[i] == time {
                        return day;
                    }
                    let day = values[i].div_euclid(MICROS_PER_DAY);
                    last.set((values[i], day));
                    day
                };
                match times.nulls().filter(|n| n.null_count() > 0) {
                    None => days.intern_values(values.len(), rows.chosen, out, |i| Some(day(i))),
                    Some(nulls) => days
                        .intern_values(values.len(), rows.chosen, out, |i| nulls.is_valid(i).then(|| day(i))),
                }
            }
            Source::Expr(expr) => {
                let values = expr.evaluate(rows.batch)?.into_array(rows.batch.num_rows())?;
                self.interner.intern(&values, rows.chosen, out)
            }
        }
    }
}

/// All groups seen so far.
#[derive(Debug)]
pub(super) struct Groups {
    keys: Vec<Key>,
    /// The numbers of each group's key values, a column per key.
    numbers: Vec<Vec<u32>>,
    count: usize,
    bits: Vec<u32>,
    finder: Finder,
    scratch: Vec<u32>,
    packed: Vec<u64>,
    packed_wide: Vec<u128>,
}

/// From packed key numbers to groups. Groups are stored plus one where 0 means none.
#[derive(Debug)]
enum Finder {
    Direct(Vec<u32>),
    Narrow(HashTable<(u64, u32)>),
    Wide(HashTable<(u128, u32)>),
}

impl Groups {
    /// No groups yet; without keys there is one group from the start.
    pub(super) fn new(keys: Vec<Key>) -> Self {
        let count = usize::from(keys.is_empty());
        let bits = vec![0; keys.len()];
        let numbers = keys.iter().map(|_| Vec::new()).collect();
        Self {
            keys,
            numbers,
            count,
            bits,
            finder: Finder::Direct(vec![0]),
            scratch: Vec::new(),
            packed: Vec::new(),
            packed_wide: Vec::new(),
        }
    }

    /// How many groups.
    pub(super) fn len(&self) -> usize {
        self.count
    }

    /// Whether all keys are evaluated without touching rows that the filter dropped.
    pub(super) fn is_total(&self) -> bool {
        self.keys.iter().all(Key::is_total)
    }

    /// Bytes held.
    pub(super) fn size(&self) -> usize {
        let finder = match &self.finder {
            Finder::Direct(d) => d.capacity() * 4,
            Finder::Narrow(t) => t.capacity() * 17,
            Finder::Wide(t) => t.capacity() * 33,
        };
        let scratch =
            self.packed.capacity() * 8 + self.packed_wide.capacity() * 16 + self.scratch.capacity() * 4;
        finder
            + scratch
            + self.keys.iter().map(Key::size).sum::<usize>()
            + self.numbers.iter().map(|n| n.capacity() * 4).sum::<usize>()
    }

    /// Replaces `out` by the group of every chosen row.
    pub(super) fn group(&mut self, rows: &Rows<'_>, out: &mut Vec<u32>) -> Result<()> {
        out.clear();
        if self.keys.is_empty() {
            out.resize(rows.len(), 0);
            return Ok(());
        }
        let mut columns = Vec::with_capacity(self.keys.len());
        if let [key] = self.keys.as_mut_slice() {
            let mut scratch = std::mem::take(&mut self.scratch);
            key.number(rows, &mut scratch)?;
            columns.push(scratch);
        } else {
            for key in &mut self.keys {
                let mut numbers = Vec::new();
                key.number(rows, &mut numbers)?;
                columns.push(numbers);
            }
        }
        let refs: Vec<&[u32]> = columns.iter().map(Vec::as_slice).collect();
        self.find(&refs, rows.len(), out)?;
        if let [scratch] = columns.as_mut_slice() {
            self.scratch = std::mem::take(scratch);
        }
        Ok(())
    }

    /// Appends the groups of the rows whose key numbers are given by column.
    fn find(&mut self, columns: &[&[u32]], rows: usize, out: &mut Vec<u32>) -> Result<()> {
        self.widen()?;
        let total: u32 = self.bits.iter().sum();
        out.reserve(rows);
        if total <= 64 {
            pack(&mut self.packed, columns, &self.bits, rows);
        } else {
            pack_wide(&mut self.packed_wide, columns, &self.bits, rows);
        }
        let Self { packed, packed_wide, finder, numbers, count, .. } = self;
        let new = u32::try_from(rows).ok().and_then(|rows| u32::try_from(*count).ok()?.checked_add(rows));
        if new.is_none_or(|groups| groups == u32::MAX) {
            return Err(EngineError::TooManyGroups.into());
        }
        // Rows that are the first of their group.
        let mut first: Vec<usize> = Vec::new();
        let mut add = |row: usize| {
            first.push(row);
            *count += 1;
            // INVARIANT: all rows at hand could be new groups, and still the count would fit.
            u32::try_from(*count).unwrap_or(u32::MAX)
        };
        match finder {
            Finder::Direct(slots) => {
                for (row, key) in packed.iter().enumerate() {
                    // INVARIANT: a direct table has 2^total entries.
                    let slot = &mut slots[usize::try_from(*key).unwrap_or(0)];
                    if *slot == 0 {
                        *slot = add(row);
                    }
                    out.push(*slot - 1);
                }
            }
            Finder::Narrow(table) => {
                for (row, key) in packed.iter().enumerate() {
                    let hash = hash_number(*key);
                    let group = match table.find(hash, |(k, _)| k == key) {
                        Some((_, group)) => *group,
                        None => {
                            let group = add(row) - 1;
                            table.insert_unique(hash, (*key, group), |(k, _)| hash_number(*k));
                            group
                        }
                    };
                    out.push(group);
                }
            }
            Finder::Wide(table) => {
                for (row, key) in packed_wide.iter().enumerate() {
                    let hash = hash_wide(*key);
                    let group = match table.find(hash, |(k, _)| k == key) {
                        Some((_, group)) => *group,
                        None => {
                            let group = add(row) - 1;
                            table.insert_unique(hash, (*key, group), |(k, _)| hash_wide(*k));
                            group
                        }
                    };
                    out.push(group);
                }
            }
        }
        for (mine, column) in numbers.iter_mut().zip(columns) {
            mine.extend(first.iter().map(|row| column[*row]));
        }
        Ok(())
    }

    /// Gives every key as many bits as its numbers need, and finds the groups anew if that changed.
    fn widen(&mut self) -> Result<()> {
        let need = |len: usize| usize::BITS - (len - 1).leading_zeros();
        if self.keys.iter().zip(&self.bits).all(|(k, bits)| need(k.interner.len()) <= *bits) {
            return Ok(());
        }
        for (key, bits) in self.keys.iter().zip(&mut self.bits) {
            let needed = need(key.interner.len());
            if needed > *bits {
                *bits = needed;
            }
        }
        let total: u32 = self.bits.iter().sum();
        if total > 128 {
            return Err(EngineError::TooManyGroups.into());
        }
        let columns: Vec<&[u32]> = self.numbers.iter().map(Vec::as_slice).collect();
        let group = |row: usize| u32::try_from(row).unwrap_or(u32::MAX);
        if total <= 64 {
            pack(&mut self.packed, &columns, &self.bits, self.count);
        } else {
            pack_wide(&mut self.packed_wide, &columns, &self.bits, self.count);
        }
        let dense = total <= DENSE_BITS && 1 << total <= self.count.saturating_mul(DENSE_ENTRIES);
        self.finder = if total <= DIRECT_BITS || dense {
            let mut slots = vec![0_u32; 1 << total];
            for (row, key) in self.packed.iter().enumerate() {
                slots[usize::try_from(*key).unwrap_or(0)] = group(row) + 1;
            }
            Finder::Direct(slots)
        } else if total <= 64 {
            let mut table = HashTable::with_capacity(self.count * 2);
            for (row, key) in self.packed.iter().enumerate() {
                table.insert_unique(hash_number(*key), (*key, group(row)), |(k, _)| hash_number(*k));
            }
            Finder::Narrow(table)
        } else {
            let mut table = HashTable::with_capacity(self.count * 2);
            for (row, key) in self.packed_wide.iter().enumerate() {
                table.insert_unique(hash_wide(*key), (*key, group(row)), |(k, _)| hash_wide(*k));
            }
            Finder::Wide(table)
        };
        Ok(())
    }

    /// Takes the other table's groups in; answers which group here each of them became.
    pub(super) fn merge(&mut self, other: &Self) -> Result<Vec<u32>> {
        if self.keys.is_empty() {
            return Ok(vec![0]);
        }
        let mut columns = Vec::with_capacity(self.keys.len());
        for ((mine, theirs), numbers) in self.keys.iter_mut().zip(&other.keys).zip(&other.numbers) {
            let map = mine.interner.adopt(&theirs.interner)?;
            columns.push(numbers.iter().map(|n| map[*n as usize]).collect::<Vec<u32>>());
        }
        let refs: Vec<&[u32]> = columns.iter().map(Vec::as_slice).collect();
        let mut out = Vec::new();
        self.find(&refs, other.count, &mut out)?;
        Ok(out)
    }

    /// The key columns of a range of groups.
    pub(super) fn arrays(&self, groups: std::ops::Range<usize>) -> Result<Vec<ArrayRef>> {
        self.keys
            .iter()
            .zip(&self.numbers)
            .map(|(key, numbers)| {
                let numbers = &numbers[groups.clone()];
                match &key.values {
                    Some(values) => shared(numbers, values),
                    None => key.interner.array(numbers, &key.data_type),
                }
            })
            .collect()
    }

    /// Whether no group of the other table can be one of these: some key has no value in common.
    pub(super) fn is_apart_from(&self, other: &Self) -> bool {
        let apart = |(at, mine): (usize, &Key)| {
            let theirs = &other.keys[at];
            let null = |groups: &Self| groups.numbers[at].contains(&NULL);
            mine.interner.has_none_of(&theirs.interner) && !(null(self) && null(other))
        };
        self.keys.iter().enumerate().any(apart)
    }

    /// Gives back what only grouping needs, before the answer is put together.
    pub(super) fn finish(&mut self) {
        self.finder = Finder::Direct(Vec::new());
        self.packed = Vec::new();
        self.packed_wide = Vec::new();
        for key in &mut self.keys {
            if key.interner.len() <= SHARED_VALUES {
                key.values = key.interner.all(&key.data_type);
            }
        }
    }
}

/// Numbers as codes of values that all batches share.
fn shared(numbers: &[u32], values: &ArrayRef) -> Result<ArrayRef> {
    #[expect(clippy::cast_possible_wrap, reason = "there are at most SHARED_VALUES")]
    let codes: Vec<i32> = numbers.iter().map(|n| n.saturating_sub(1) as i32).collect();
    let codes = Int32Array::new(codes.into(), present(numbers));
    Ok(Arc::new(DictionaryArray::<Int32Type>::try_new(codes, Arc::clone(values))?))
}

/// The last key in the lowest bits: groups that differ in the day alone lie side by side.
fn pack(out: &mut Vec<u64>, columns: &[&[u32]], bits: &[u32], rows: usize) {
    out.clear();
    let mut shift = 0;
    for (at, (column, bits)) in columns.iter().zip(bits).rev().enumerate() {
        if at == 0 {
            out.extend(column[..rows].iter().map(|n| u64::from(*n)));
        } else if *bits > 0 {
            for (packed, n) in out.iter_mut().zip(*column) {
                *packed |= u64::from(*n) << shift;
            }
        }
        shift += bits;
    }
}

fn pack_wide(out: &mut Vec<u128>, columns: &[&[u32]], bits: &[u32], rows: usize) {
    out.clear();
    out.resize(rows, 0);
    let mut shift = 0;
    for (column, bits) in columns.iter().zip(bits).rev() {
        if *bits > 0 {
            for (packed, n) in out.iter_mut().zip(*column) {
                *packed |= u128::from(*n) << shift;
            }
        }
        shift += bits;
    }
}
