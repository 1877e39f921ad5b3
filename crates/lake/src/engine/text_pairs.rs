//! Counting distinct texts by group without keeping the texts.
//!
//! Resource ids are long and there are millions of them: kept as they are, they are most of what a
//! question holds. Two hashes of 64 bits, keyed independently and at random in each process, stand
//! for a text; two texts are taken for one only if both agree. Among a hundred million texts the
//! chance that any two do is about one in 10²², less than that of the memory flipping a bit.

use super::Rows;
use super::interner::hash_text;
use arrow::array::{Array, ArrayRef, AsArray};
use arrow::datatypes::DataType;
use datafusion::error::{DataFusionError, Result};
use hashbrown::{DefaultHashBuilder, HashTable};
use std::hash::BuildHasher;
use std::sync::LazyLock;

/// A text, and a group that has it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Pair {
    hash: u64,
    other_hash: u64,
    group: u32,
}

impl Pair {
    /// Where the table looks for it. The hash is spread evenly already.
    fn place(&self) -> u64 {
        self.hash.wrapping_add(u64::from(self.group).wrapping_mul(0x9E37_79B9_7F4A_7C15))
    }
}

/// The pairs of text and group seen so far.
#[derive(Debug, Default)]
pub(super) struct TextPairs {
    pairs: HashTable<Pair>,
    scratch: Vec<Pair>,
}

fn other_hash(text: &[u8]) -> u64 {
    static OTHER: LazyLock<DefaultHashBuilder> = LazyLock::new(DefaultHashBuilder::default);
    OTHER.hash_one(text)
}

impl TextPairs {
    /// Bytes held.
    pub(super) fn size(&self) -> usize {
        (self.pairs.capacity() + self.scratch.capacity()) * size_of::<Pair>() + self.pairs.capacity()
    }

    /// Counts the chosen rows' texts that their groups have not seen; `of` is the group of each.
    pub(super) fn count(
        &mut self,
        values: &ArrayRef,
        rows: &Rows<'_>,
        of: &[u32],
        counts: &mut [i64],
    ) -> Result<()> {
        match values.data_type() {
            DataType::Utf8View => {
                let texts = values.as_string_view();
                self.count_texts(rows, of, counts, |i| texts.is_valid(i).then(|| texts.value(i).as_bytes()));
            }
            DataType::Utf8 => {
                let texts = values.as_string::<i32>();
                self.count_texts(rows, of, counts, |i| texts.is_valid(i).then(|| texts.value(i).as_bytes()));
            }
            DataType::LargeUtf8 => {
                let texts = values.as_string::<i64>();
                self.count_texts(rows, of, counts, |i| texts.is_valid(i).then(|| texts.value(i).as_bytes()));
            }
            other => return Err(DataFusionError::Internal(format!("text expected, found {other}"))),
        }
        Ok(())
    }

    /// Hashes first: looking up then waits for memory, and for nothing else.
    fn count_texts<'a>(
        &mut self,
        rows: &Rows<'_>,
        of: &[u32],
        counts: &mut [i64],
        text: impl Fn(usize) -> Option<&'a [u8]>,
    ) {
        let mut asked = std::mem::take(&mut self.scratch);
        asked.clear();
        rows.each(|at, i| {
            if let Some(text) = text(i) {
                asked.push(Pair { hash: hash_text(text), other_hash: other_hash(text), group: of[at] });
            }
        });
        for pair in &asked {
            self.add(*pair, counts);
        }
        self.scratch = asked;
    }

    fn add(&mut self, pair: Pair, counts: &mut [i64]) {
        if self.pairs.find(pair.place(), |seen| *seen == pair).is_none() {
            self.pairs.insert_unique(pair.place(), pair, Pair::place);
            counts[pair.group as usize] += 1;
        }
    }

    /// Takes another partition's pairs in; `map` tells which group here each of its groups is.
    pub(super) fn merge(&mut self, other: &Self, map: &[u32], counts: &mut [i64]) {
        for pair in &other.pairs {
            self.add(Pair { group: map[pair.group as usize], ..*pair }, counts);
        }
    }
}
