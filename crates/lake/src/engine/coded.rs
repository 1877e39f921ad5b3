//! Numbers of values that come as dictionary codes.
//!
//! The values of a large dictionary are interned when the first row that counts holds them, not when
//! the dictionary arrives: a filter may keep a handful of rows of a row group whose dictionary has half
//! a million values. Those of a small one are interned at once, which spares looking for new ones.

use super::Rows;
use super::interner::{Interner, NULL};
use super::lifted::{Answers, Lifted};
use arrow::array::{Array, ArrayRef};
use datafusion::error::Result;

/// Not interned yet.
const UNKNOWN: u32 = u32::MAX;
/// Values of a small dictionary.
const SMALL: usize = 4_096;

/// An expression over one dictionary column, as numbers of its values.
#[derive(Debug)]
pub(super) struct Coded {
    lifted: Lifted,
    /// The expression's value for every code; NULL's is the last.
    answers: Option<ArrayRef>,
    /// The numbers of those values.
    numbers: Vec<u32>,
    unknown: usize,
}

impl Coded {
    /// Nothing seen yet.
    pub(super) fn new(lifted: Lifted) -> Self {
        Self { lifted, answers: None, numbers: Vec::new(), unknown: 0 }
    }

    /// Whether the expression may be evaluated on rows that a filter dropped.
    pub(super) fn is_total(&self) -> bool {
        self.lifted.is_total()
    }

    /// Bytes held.
    pub(super) fn size(&self) -> usize {
        self.numbers.capacity() * 4
    }

    /// Appends the number of every chosen row's value.
    pub(super) fn number(
        &mut self,
        rows: &Rows<'_>,
        interner: &mut Interner,
        out: &mut Vec<u32>,
    ) -> Result<()> {
        match self.lifted.answers(rows.batch)? {
            Answers::ByRow(values) => return interner.intern(&values, rows.chosen, out),
            Answers::New(answers) => {
                self.numbers.clear();
                if answers.len() <= SMALL {
                    interner.intern(&answers, None, &mut self.numbers)?;
                    self.unknown = 0;
                } else {
                    self.numbers.resize(answers.len(), UNKNOWN);
                    self.unknown = answers.len();
                }
                self.answers = Some(answers);
            }
            Answers::Same => {}
        }
        let null = self.numbers.len().saturating_sub(1);
        let keys = self.lifted.codes(rows.batch)?.keys();
        let codes: &[i32] = keys.values();
        let nulls = keys.nulls().filter(|n| n.null_count() > 0);
        #[expect(
            clippy::cast_sign_loss,
            reason = "codes are never negative; a wrong one is out of range and reads as NULL"
        )]
        let slot = |i: usize| match nulls {
            Some(nulls) if nulls.is_null(i) => null,
            _ => (codes[i] as usize).min(null),
        };
        if self.unknown > 0 {
            self.learn(rows, interner, slot)?;
        }
        let numbers = self.numbers.as_slice();
        let number = |i: usize| numbers.get(slot(i)).copied().unwrap_or(NULL);
        match rows.chosen {
            None => out.extend((0..codes.len()).map(number)),
            Some(chosen) => out.extend(chosen.iter().map(|i| number(*i as usize))),
        }
        Ok(())
    }

    /// Interns the values that the chosen rows hold and that have no number yet.
    fn learn(
        &mut self,
        rows: &Rows<'_>,
        interner: &mut Interner,
        slot: impl Fn(usize) -> usize,
    ) -> Result<()> {
        let Some(answers) = &self.answers else { return Ok(()) };
        let mut fresh: Vec<u32> = Vec::new();
        let numbers = &mut self.numbers;
        rows.each(|_, i| {
            let slot = slot(i);
            if numbers[slot] == UNKNOWN {
                numbers[slot] = NULL;
                // INVARIANT: a dictionary has at most 2³¹ values.
                fresh.push(u32::try_from(slot).unwrap_or(u32::MAX));
            }
        });
        let mut learnt = Vec::with_capacity(fresh.len());
        interner.intern(answers, Some(&fresh), &mut learnt)?;
        for (slot, number) in fresh.iter().zip(learnt) {
            numbers[*slot as usize] = number;
        }
        self.unknown = self.unknown.saturating_sub(fresh.len());
        Ok(())
    }
}
