//! Values to small numbers.
//!
//! Grouping compares the same few strings and days millions of times. An interner gives every
//! distinct value of one key column a small number once, so that the rest of the work is done on
//! numbers. Number 0 is always NULL; values are numbered from 1 in order of first appearance.
//!
//! Interners refuse more than 2³² − 2 values of one column (the caller falls back to DataFusion).

use super::EngineError;
use arrow::array::{
    Array, ArrayRef, AsArray, BooleanArray, Decimal128Array, DictionaryArray, Int32Array, LargeStringArray,
    PrimitiveArray, StringArray, StringViewArray, StringViewBuilder,
};
use arrow::buffer::{BooleanBuffer, NullBuffer};
use arrow::compute::cast;
use arrow::datatypes::{DataType, Date32Type, Int32Type, Int64Type};
use datafusion::error::{DataFusionError, Result};
use hashbrown::{DefaultHashBuilder, HashTable};
use std::hash::BuildHasher;
use std::sync::Arc;

/// The number of NULL.
pub(super) const NULL: u32 = 0;

/// The numbers of the values of one column.
#[derive(Debug)]
pub(super) enum Interner {
    /// Text of any Arrow form.
    Text(TextInterner),
    /// Anything that is an integer of at most 64 bits underneath.
    Int(IntInterner),
    /// 128-bit decimals.
    Wide(WideInterner),
}

impl Interner {
    /// An interner for values of this type, `None` when the type cannot be a key here.
    pub(super) fn of(data_type: &DataType) -> Option<Self> {
        match data_type {
            DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View => {
                Some(Self::Text(TextInterner::default()))
            }
            DataType::Dictionary(key, value) if **key == DataType::Int32 => match **value {
                DataType::Utf8 => Some(Self::Text(TextInterner::default())),
                _ => None,
            },
            DataType::Boolean
            | DataType::Int8
            | DataType::Int16
            | DataType::Int32
            | DataType::Int64
            | DataType::UInt8
            | DataType::UInt16
            | DataType::UInt32
            | DataType::Date32
            | DataType::Date64
            | DataType::Timestamp(_, _) => Some(Self::Int(IntInterner::default())),
            DataType::Decimal128(_, _) => Some(Self::Wide(WideInterner::default())),
            _ => None,
        }
    }

    /// How many numbers are given, NULL included.
    pub(super) fn len(&self) -> usize {
        1 + match self {
            Self::Text(t) => t.len(),
            Self::Int(i) => i.values.len(),
            Self::Wide(w) => w.values.len(),
        }
    }

    /// Bytes held.
    pub(super) fn size(&self) -> usize {
        match self {
            Self::Text(t) => t.size(),
            Self::Int(i) => i.values.capacity() * 20 + i.window.capacity() * 4,
            Self::Wide(w) => w.values.capacity() * 28,
        }
    }

    /// Appends the number of every value of `array`, or of the chosen rows, to `out`.
    pub(super) fn intern(
        &mut self,
        array: &ArrayRef,
        rows: Option<&[u32]>,
        out: &mut Vec<u32>,
    ) -> Result<()> {
        match self {
            Self::Text(t) => t.intern_array(array, rows, out),
            Self::Int(i) => i.intern_array(array, rows, out),
            Self::Wide(w) => w.intern_array(array, rows, out),
        }
    }

    /// Numbers of the other interner's values in this one, NULL first.
    pub(super) fn adopt(&mut self, other: &Self) -> Result<Vec<u32>> {
        let mut map = Vec::with_capacity(other.len());
        map.push(NULL);
        match (self, other) {
            (Self::Text(mine), Self::Text(theirs)) => {
                for (at, hash) in theirs.hashes.iter().enumerate() {
                    map.push(mine.intern_hashed(*hash, theirs.value(at))?);
                }
            }
            (Self::Int(mine), Self::Int(theirs)) => {
                for value in &theirs.values {
                    map.push(mine.intern_one(*value)?);
                }
            }
            (Self::Wide(mine), Self::Wide(theirs)) => {
                for value in &theirs.values {
                    map.push(mine.intern_one(*value)?);
                }
            }
            _ => return Err(EngineError::Internal("partial tables disagree about a key's type").into()),
        }
        Ok(map)
    }

    /// Whether the other interner has no value of this one's.
    pub(super) fn has_none_of(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Text(mine), Self::Text(theirs)) => {
                let known = |(at, hash): (usize, &u64)| mine.number(*hash, theirs.value(at)).is_some();
                !theirs.hashes.iter().enumerate().any(known)
            }
            (Self::Int(mine), Self::Int(theirs)) => {
                !theirs.values.iter().any(|value| mine.number(*value).is_some())
            }
            _ => false,
        }
    }

    /// All values in the order of their numbers, where they are codes' values.
    pub(super) fn all(&self, data_type: &DataType) -> Option<ArrayRef> {
        match (self, data_type) {
            (Self::Text(t), DataType::Dictionary(_, _)) => {
                let text = |at| std::str::from_utf8(t.value(at)).ok();
                let values = (0..t.len()).map(text).collect::<Option<Vec<&str>>>()?;
                Some(Arc::new(StringArray::from(values)))
            }
            _ => None,
        }
    }

    /// The values behind these numbers, as an array of the wanted type.
    pub(super) fn array(&self, numbers: &[u32], data_type: &DataType) -> Result<ArrayRef> {
        match self {
            Self::Text(t) => t.array(numbers, data_type),
            Self::Int(i) => i.array(numbers, data_type),
            Self::Wide(w) => {
                let values = numbers.iter().map(|n| n.checked_sub(1).map(|at| w.values[at as usize]));
                let array: Decimal128Array = values.collect();
                let DataType::Decimal128(precision, scale) = data_type else {
                    return Err(EngineError::Internal("a decimal key lost its type").into());
                };
                Ok(Arc::new(array.with_precision_and_scale(*precision, *scale)?))
            }
        }
    }
}

/// Text values: one run of bytes, the ends of the values, their hashes.
#[derive(Debug, Default)]
pub(super) struct TextInterner {
    bytes: Vec<u8>,
    ends: Vec<usize>,
    hashes: Vec<u64>,
    /// The upper half of a value's hash, and its number.
    table: HashTable<(u32, u32)>,
    scratch: Vec<(u64, u32)>,
}

fn upper(hash: u64) -> u32 {
    u32::try_from(hash >> 32).unwrap_or(0)
}

/// One hash function for all interners of the process, so that hashes can be carried over when
/// partial tables are merged. Its seed is random per process: keys chosen by a bill's author
/// cannot be made to collide.
fn hasher() -> &'static DefaultHashBuilder {
    static HASHER: std::sync::LazyLock<DefaultHashBuilder> =
        std::sync::LazyLock::new(DefaultHashBuilder::default);
    &HASHER
}

/// The hash of text, equal for equal text in this process.
pub(super) fn hash_text(value: &[u8]) -> u64 {
    hasher().hash_one(value)
}

/// The hash of a number.
pub(super) fn hash_number(value: u64) -> u64 {
    hasher().hash_one(value)
}

/// The hash of a wide number.
pub(super) fn hash_wide(value: u128) -> u64 {
    hasher().hash_one(value)
}

impl TextInterner {
    /// How many distinct values.
    pub(super) fn len(&self) -> usize {
        self.ends.len()
    }

    /// Bytes held.
    pub(super) fn size(&self) -> usize {
        self.bytes.capacity() + self.ends.capacity() * 16 + self.table.capacity() * 9
    }

    /// The bytes of value `at` (its number minus one).
    pub(super) fn value(&self, at: usize) -> &[u8] {
        let start = if at == 0 { 0 } else { self.ends[at - 1] };
        &self.bytes[start..self.ends[at]]
    }

    fn number(&self, hash: u64, value: &[u8]) -> Option<u32> {
        let tag = upper(hash);
        let found = self.table.find(hash, |(t, n)| *t == tag && self.value(*n as usize - 1) == value);
        found.map(|(_, number)| *number)
    }

    fn intern_hashed(&mut self, hash: u64, value: &[u8]) -> Result<u32> {
        let Self { bytes, ends, hashes, table, .. } = self;
        let text = |at: usize| {
            let start = if at == 0 { 0 } else { ends[at - 1] };
            &bytes[start..ends[at]]
        };
        let tag = upper(hash);
        if let Some((_, number)) = table.find(hash, |(t, n)| *t == tag && text(*n as usize - 1) == value) {
            return Ok(*number);
        }
        let number =
            u32::try_from(ends.len() + 1).ok().filter(|n| *n < u32::MAX).ok_or(EngineError::TooManyGroups)?;
        bytes.extend_from_slice(value);
        ends.push(bytes.len());
        hashes.push(hash);
        table.insert_unique(hash, (tag, number), |(_, n)| hashes[*n as usize - 1]);
        Ok(number)
    }

    fn intern_array(&mut self, array: &ArrayRef, rows: Option<&[u32]>, out: &mut Vec<u32>) -> Result<()> {
        match array.data_type() {
            DataType::Utf8 => {
                let array = array.as_string::<i32>();
                self.intern_values(array.len(), rows, out, |i| {
                    array.is_valid(i).then(|| array.value(i).as_bytes())
                })
            }
            DataType::LargeUtf8 => {
                let array = array.as_string::<i64>();
                self.intern_values(array.len(), rows, out, |i| {
                    array.is_valid(i).then(|| array.value(i).as_bytes())
                })
            }
            DataType::Utf8View => {
                let array = array.as_string_view();
                self.intern_values(array.len(), rows, out, |i| {
                    array.is_valid(i).then(|| array.value(i).as_bytes())
                })
            }
            DataType::Dictionary(_, _) => {
                let dictionary = array
                    .as_dictionary_opt::<Int32Type>()
                    .ok_or(EngineError::Internal("a dictionary's codes are not Int32"))?;
                let values = dictionary
                    .values()
                    .as_string_opt::<i32>()
                    .ok_or(EngineError::Internal("a dictionary's values are not Utf8"))?;
                let value = |i: usize| {
                    dictionary.key(i).filter(|k| values.is_valid(*k)).map(|k| values.value(k).as_bytes())
                };
                self.intern_values(array.len(), rows, out, value)
            }
            other => Err(DataFusionError::Internal(format!("text expected, found {other}"))),
        }
    }

    fn intern_values<'a>(
        &mut self,
        len: usize,
        rows: Option<&[u32]>,
        out: &mut Vec<u32>,
        value: impl Fn(usize) -> Option<&'a [u8]>,
    ) -> Result<()> {
        match rows {
            None => self.intern_each(0..len, out, value),
            Some(rows) => self.intern_each(rows.iter().map(|i| *i as usize), out, value),
        }
    }

    /// In three passes, since each step waits for memory that the steps of other rows need not wait
    /// for: hash, look up by hash, compare. What then has no number is rare, or new.
    fn intern_each<'a>(
        &mut self,
        rows: impl Iterator<Item = usize> + Clone,
        out: &mut Vec<u32>,
        value: impl Fn(usize) -> Option<&'a [u8]>,
    ) -> Result<()> {
        let mut found = std::mem::take(&mut self.scratch);
        found.clear();
        found.extend(rows.clone().map(|i| (value(i).map_or(0, hash_text), NULL)));
        for (hash, number) in &mut found {
            let tag = upper(*hash);
            if let Some((_, candidate)) = self.table.find(*hash, |(t, _)| *t == tag) {
                *number = *candidate;
            }
        }
        out.reserve(found.len());
        for ((hash, candidate), i) in found.iter().zip(rows) {
            out.push(match value(i) {
                None => NULL,
                Some(text) if *candidate != NULL && self.value(*candidate as usize - 1) == text => *candidate,
                Some(text) => self.intern_hashed(*hash, text)?,
            });
        }
        self.scratch = found;
        Ok(())
    }

    /// The values behind the numbers, in the wanted text form.
    pub(super) fn array(&self, numbers: &[u32], data_type: &DataType) -> Result<ArrayRef> {
        let text = |n: &u32| -> Result<Option<&str>> {
            match n.checked_sub(1) {
                None => Ok(None),
                Some(at) => match std::str::from_utf8(self.value(at as usize)) {
                    Ok(text) => Ok(Some(text)),
                    Err(_) => Err(EngineError::Internal("a key is not UTF-8").into()),
                },
            }
        };
        match data_type {
            DataType::Dictionary(_, _) => {
                // INVARIANT: numbers are in range, so the codes are too.
                let (codes, used) = compact(numbers, self.len());
                let values = used.iter().map(&text).collect::<Result<StringArray>>()?;
                Ok(Arc::new(DictionaryArray::<Int32Type>::try_new(codes, Arc::new(values))?))
            }
            DataType::Utf8View => {
                let mut builder = StringViewBuilder::with_capacity(numbers.len());
                for n in numbers {
                    builder.append_option(text(n)?);
                }
                Ok(Arc::new(builder.finish()) as Arc<StringViewArray>)
            }
            DataType::LargeUtf8 => {
                Ok(Arc::new(numbers.iter().map(text).collect::<Result<LargeStringArray>>()?))
            }
            _ => Ok(Arc::new(numbers.iter().map(text).collect::<Result<StringArray>>()?)),
        }
    }
}

/// Which numbers are of values; `None` when all are.
pub(super) fn present(numbers: &[u32]) -> Option<NullBuffer> {
    let missing = numbers.contains(&NULL);
    missing.then(|| NullBuffer::new(BooleanBuffer::collect_bool(numbers.len(), |i| numbers[i] != NULL)))
}

/// Codes into the values that occur, and the numbers of those values.
fn compact(numbers: &[u32], values: usize) -> (Int32Array, Vec<u32>) {
    let mut code_of = vec![-1_i32; values + 1];
    let mut used = Vec::new();
    let codes = numbers
        .iter()
        .map(|n| {
            if *n == NULL {
                return None;
            }
            let code = &mut code_of[*n as usize];
            if *code < 0 {
                *code = i32::try_from(used.len()).unwrap_or(i32::MAX);
                used.push(*n);
            }
            Some(*code)
        })
        .collect();
    (codes, used)
}

/// Integers: a window of direct numbers around the first value, a table for the rest.
#[derive(Debug, Default)]
pub(super) struct IntInterner {
    values: Vec<i64>,
    base: i64,
    window: Vec<u32>,
    table: HashTable<u32>,
}

/// Days of 89 years: every date of a bill is found without hashing.
const WINDOW: usize = 1 << 15;

impl IntInterner {
    /// The number of `value`, if it has one.
    fn number(&self, value: i64) -> Option<u32> {
        let at = value.checked_sub(self.base).and_then(|d| usize::try_from(d).ok());
        if let Some(number) = at.and_then(|at| self.window.get(at)) {
            return Some(*number).filter(|number| *number != NULL);
        }
        let hash = hash_number(value.cast_unsigned());
        self.table.find(hash, |n| self.values[*n as usize - 1] == value).copied()
    }

    /// The number of `value`; a new one where it has none.
    pub(super) fn intern_one(&mut self, value: i64) -> Result<u32> {
        if self.values.is_empty() && self.window.is_empty() {
            self.base = value.saturating_sub(1 << 14);
            self.window = vec![NULL; WINDOW];
        }
        let at = value.checked_sub(self.base).and_then(|d| usize::try_from(d).ok()).filter(|d| *d < WINDOW);
        let Self { values, window, table, .. } = self;
        if let Some(at) = at {
            if window[at] == NULL {
                window[at] = next(values, value)?;
            }
            return Ok(window[at]);
        }
        let hash = hash_number(value.cast_unsigned());
        if let Some(number) = table.find(hash, |n| values[*n as usize - 1] == value) {
            return Ok(*number);
        }
        let number = next(values, value)?;
        table.insert_unique(hash, number, |n| hash_number(values[*n as usize - 1].cast_unsigned()));
        Ok(number)
    }

    /// Appends the numbers of plain values.
    pub(super) fn intern_values(
        &mut self,
        len: usize,
        rows: Option<&[u32]>,
        out: &mut Vec<u32>,
        value: impl Fn(usize) -> Option<i64>,
    ) -> Result<()> {
        // Neighbours are often equal: a bill is written in time order more often than not.
        let mut last: Option<(i64, u32)> = None;
        let mut one = |i: usize| match (value(i), last) {
            (None, _) => Ok(NULL),
            (Some(v), Some((same, number))) if v == same => Ok(number),
            (Some(v), _) => {
                let number = self.intern_one(v)?;
                last = Some((v, number));
                Ok::<u32, DataFusionError>(number)
            }
        };
        match rows {
            None => {
                out.reserve(len);
                for i in 0..len {
                    out.push(one(i)?);
                }
            }
            Some(rows) => {
                out.reserve(rows.len());
                for i in rows {
                    out.push(one(*i as usize)?);
                }
            }
        }
        Ok(())
    }

    fn intern_array(&mut self, array: &ArrayRef, rows: Option<&[u32]>, out: &mut Vec<u32>) -> Result<()> {
        if let Some(booleans) = array.as_boolean_opt() {
            return self.intern_values(array.len(), rows, out, |i| {
                booleans.is_valid(i).then(|| i64::from(booleans.value(i)))
            });
        }
        let wide = as_int64(array)?;
        let values: &[i64] = wide.values();
        match wide.nulls().filter(|n| n.null_count() > 0) {
            None => self.intern_values(values.len(), rows, out, |i| Some(values[i])),
            Some(nulls) => {
                self.intern_values(values.len(), rows, out, |i| nulls.is_valid(i).then(|| values[i]))
            }
        }
    }

    fn array(&self, numbers: &[u32], data_type: &DataType) -> Result<ArrayRef> {
        if *data_type == DataType::Date32 {
            let days = self.values.iter().map(|day| i32::try_from(*day).map_err(|_| EngineError::Overflow));
            let mut days = days.collect::<std::result::Result<Vec<i32>, _>>()?;
            days.insert(0, 0);
            let days: Vec<i32> = numbers.iter().map(|n| days[*n as usize]).collect();
            return Ok(Arc::new(PrimitiveArray::<Date32Type>::new(days.into(), present(numbers))));
        }
        let values = numbers.iter().map(|n| n.checked_sub(1).map(|at| self.values[at as usize]));
        if *data_type == DataType::Boolean {
            return Ok(Arc::new(values.map(|v| v.map(|v| v != 0)).collect::<BooleanArray>()));
        }
        from_int64(values.collect(), data_type)
    }
}

/// The integer underneath a date, time or narrow integer, widened.
pub(super) fn as_int64(array: &ArrayRef) -> Result<PrimitiveArray<Int64Type>> {
    let wide = match array.data_type() {
        DataType::Date32 => cast(&cast(array, &DataType::Int32)?, &DataType::Int64)?,
        _ => cast(array, &DataType::Int64)?,
    };
    Ok(wide.as_primitive::<Int64Type>().clone())
}

/// The inverse of [`as_int64`].
pub(super) fn from_int64(values: PrimitiveArray<Int64Type>, data_type: &DataType) -> Result<ArrayRef> {
    let wide: ArrayRef = Arc::new(values);
    Ok(match data_type {
        DataType::Date32 => cast(&cast(&wide, &DataType::Int32)?, data_type)?,
        DataType::Timestamp(unit, Some(zone)) => {
            let naive = cast(&wide, &DataType::Timestamp(*unit, None))?;
            // The instant stays; only the label of the zone is put back.
            let data = naive
                .to_data()
                .into_builder()
                .data_type(DataType::Timestamp(*unit, Some(Arc::clone(zone))))
                .build()?;
            arrow::array::make_array(data)
        }
        _ => cast(&wide, data_type)?,
    })
}

/// 128-bit values.
#[derive(Debug, Default)]
pub(super) struct WideInterner {
    values: Vec<i128>,
    table: HashTable<u32>,
}

impl WideInterner {
    fn intern_one(&mut self, value: i128) -> Result<u32> {
        let Self { values, table } = self;
        let hash = hash_wide(value.cast_unsigned());
        if let Some(number) = table.find(hash, |n| values[*n as usize - 1] == value) {
            return Ok(*number);
        }
        let number = next(values, value)?;
        table.insert_unique(hash, number, |n| hash_wide(values[*n as usize - 1].cast_unsigned()));
        Ok(number)
    }

    fn intern_array(&mut self, array: &ArrayRef, rows: Option<&[u32]>, out: &mut Vec<u32>) -> Result<()> {
        let array = array
            .as_primitive_opt::<arrow::datatypes::Decimal128Type>()
            .ok_or(EngineError::Internal("a decimal key expected"))?;
        let mut one = |i: usize| if array.is_valid(i) { self.intern_one(array.value(i)) } else { Ok(NULL) };
        match rows {
            None => (0..array.len()).try_for_each(|i| one(i).map(|n| out.push(n))),
            Some(rows) => rows.iter().try_for_each(|i| one(*i as usize).map(|n| out.push(n))),
        }
    }
}

fn next<T>(values: &mut Vec<T>, value: T) -> Result<u32> {
    let number =
        u32::try_from(values.len() + 1).ok().filter(|n| *n < u32::MAX).ok_or(EngineError::TooManyGroups)?;
    values.push(value);
    Ok(number)
}
