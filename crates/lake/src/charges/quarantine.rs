//! What an answer leaves out, counted.

use arrow::datatypes::Schema;
use bursar_focus::spec::{Dataset, column};
use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

/// Examples kept per reason.
const EXAMPLES: usize = 5;
/// Reasons kept apart; beyond them, everything counts as one.
const REASONS: usize = 200;

/// A cell (or row) that could not be typed.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct QuarantinedCell {
    /// Full name of the object.
    pub object: String,
    /// Data row, from 1.
    pub row: u64,
    /// Column, as the file names it; empty for a whole row.
    pub column: String,
    /// What stood there, shortened.
    pub value: String,
}

/// Cells or rows left out for one reason.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Excluded {
    /// Which column, empty for whole rows.
    pub column: String,
    /// Why, lower case, no full stop.
    pub reason: String,
    /// How many.
    pub count: u64,
    /// The first few.
    pub examples: Vec<QuarantinedCell>,
}

#[derive(Debug, Default)]
struct Book {
    excluded: BTreeMap<(String, Cow<'static, str>), Excluded>,
    dropped: BTreeMap<Cow<'static, str>, u64>,
    rounded: u64,
    cells: u64,
}

impl Book {
    fn entry(&mut self, column: &str, reason: Cow<'static, str>) -> &mut Excluded {
        let mut key = (column.to_owned(), reason);
        if self.excluded.len() >= REASONS && !self.excluded.contains_key(&key) {
            key = (String::new(), Cow::Borrowed("further cells that cannot be typed"));
        }
        self.excluded.entry(key).or_insert_with_key(|(column, reason)| Excluded {
            column: column.clone(),
            reason: reason.to_string(),
            count: 0,
            examples: Vec::new(),
        })
    }
}

/// Collects faults while a question reads. Shared by the threads of one question.
#[derive(Debug, Default)]
pub struct Quarantine(Mutex<Book>);

impl Quarantine {
    /// Counts one cell, or a whole row when `column` is empty.
    pub fn add(&self, column: &str, reason: &'static str, cell: impl FnOnce() -> QuarantinedCell) {
        let mut book = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let entry = book.entry(column, Cow::Borrowed(reason));
        entry.count += 1;
        if entry.examples.len() < EXAMPLES {
            entry.examples.push(cell());
        }
    }

    /// Counts again what was counted when sums were taken, of the columns that a question reads.
    /// What stands in a column of the provider's own concerns every question.
    pub fn restore(&self, excluded: &[Excluded], dropped: &[(String, u64)], rounded: u64, read: &Schema) {
        let mut book = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        for told in excluded {
            let own = column(Dataset::CostAndUsage, &told.column).is_none();
            if !own && read.field_with_name(&told.column).is_err() {
                continue;
            }
            let entry = book.entry(&told.column, Cow::Owned(told.reason.clone()));
            entry.count += told.count;
            let room = EXAMPLES.saturating_sub(entry.examples.len());
            entry.examples.extend(told.examples.iter().take(room).cloned());
        }
        for (reason, rows) in dropped {
            *book.dropped.entry(Cow::Owned(reason.clone())).or_default() += rows;
        }
        book.rounded += rounded;
    }

    /// Takes in what was counted apart.
    pub fn absorb(&self, other: Self) {
        let other = other.0.into_inner().unwrap_or_else(PoisonError::into_inner);
        let mut book = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        for ((column, reason), told) in other.excluded {
            let entry = book.entry(&column, reason);
            entry.count += told.count;
            let room = EXAMPLES.saturating_sub(entry.examples.len());
            entry.examples.extend(told.examples.into_iter().take(room));
        }
        for (reason, rows) in other.dropped {
            *book.dropped.entry(reason).or_default() += rows;
        }
        book.rounded += other.rounded;
        book.cells += other.cells;
    }

    /// Takes in what two questions about the same deliveries left out. They read different columns;
    /// what they both left out is the same, and counts once.
    pub fn tell_of(&self, one: &Self, other: &Self) {
        let lock = |quarantine: &Self| {
            let book = quarantine.0.lock().unwrap_or_else(PoisonError::into_inner);
            (book.excluded.clone(), book.dropped.clone(), book.rounded, book.cells)
        };
        let ((mut excluded, dropped, rounded, cells), (others, ..)) = (lock(one), lock(other));
        for (what, told) in others {
            excluded.entry(what).or_insert(told);
        }
        self.absorb(Self(Mutex::new(Book { excluded, dropped, rounded, cells })));
    }

    /// Counts cells of a rollup that were read instead of rows.
    pub fn add_cells(&self, cells: u64) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).cells += cells;
    }

    /// Cells of rollups that were read instead of rows.
    #[must_use]
    pub fn cells(&self) -> u64 {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).cells
    }

    /// Counts decimals rounded at the 18th digit.
    pub fn add_rounded(&self, values: usize) {
        if values > 0 {
            self.0.lock().unwrap_or_else(PoisonError::into_inner).rounded += values as u64;
        }
    }

    /// Counts native rows that are no charges (not a loss: they are other rows' other form).
    pub fn add_dropped(&self, reason: &'static str, rows: usize) {
        *self
            .0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .dropped
            .entry(Cow::Borrowed(reason))
            .or_default() += rows as u64;
    }

    /// What was left out, most first.
    #[must_use]
    pub fn excluded(&self) -> Vec<Excluded> {
        let book = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let mut all: Vec<Excluded> = book.excluded.values().cloned().collect();
        all.sort_by_key(|e| std::cmp::Reverse(e.count));
        all
    }

    /// Native rows that are no charges, by reason.
    #[must_use]
    pub fn dropped(&self) -> Vec<(String, u64)> {
        let book = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        book.dropped.iter().map(|(reason, rows)| (reason.to_string(), *rows)).collect()
    }

    /// Decimals rounded at the 18th digit after the point.
    #[must_use]
    pub fn rounded(&self) -> u64 {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).rounded
    }
}
