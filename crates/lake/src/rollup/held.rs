//! Columns of cells held in memory, so that people who change one thing of a question do not wait
//! for the rest of it to be decrypted again.

use arrow::array::{Array, ArrayRef, make_array};
use arrow::buffer::Buffer;
use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

/// Memory of all columns held.
const MOST_BYTES: usize = 96 << 20;
/// What is kept when the memory is used up.
const KEPT_BYTES: usize = MOST_BYTES / 4 * 3;

/// Columns by file and name; those used longest ago go first.
#[derive(Debug, Default)]
pub(super) struct Held(Mutex<Book>);

#[derive(Debug, Default)]
struct Book {
    columns: HashMap<PathBuf, HashMap<String, Column>>,
    bytes: usize,
    uses: u64,
}

#[derive(Debug)]
struct Column {
    values: ArrayRef,
    bytes: usize,
    used: u64,
}

impl Held {
    /// The column, if it is held.
    pub(super) fn get(&self, file: &Path, column: &str) -> Option<ArrayRef> {
        let mut book = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        book.uses += 1;
        let used = book.uses;
        let found = book.columns.get_mut(file)?.get_mut(column)?;
        found.used = used;
        Some(ArrayRef::clone(&found.values))
    }

    /// Holds a column.
    pub(super) fn put(&self, file: &Path, column: &str, values: &ArrayRef) {
        let values = &fitted(values);
        let bytes = values.get_array_memory_size();
        if bytes > MOST_BYTES / 16 {
            return;
        }
        let mut book = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        book.uses += 1;
        let held = Column { values: ArrayRef::clone(values), bytes, used: book.uses };
        let old = book.columns.entry(file.to_owned()).or_default().insert(column.to_owned(), held);
        book.bytes = (book.bytes + bytes).saturating_sub(old.map_or(0, |old| old.bytes));
        if book.bytes > MOST_BYTES {
            book.let_go();
        }
    }

    /// Lets go of a file that is no more.
    pub(super) fn forget(&self, folder: &Path) {
        let mut book = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        book.columns.retain(|file, _| !file.starts_with(folder));
        book.bytes = book.columns.values().flat_map(HashMap::values).map(|column| column.bytes).sum();
    }
}

/// The same values without the room that reading them took: what is set aside while a column grows
/// can be as much as the column.
fn fitted(values: &ArrayRef) -> ArrayRef {
    let data = values.to_data();
    let has_room = |buffer: &Buffer| buffer.capacity() > buffer.len() + buffer.len() / 16;
    if !data.buffers().iter().any(has_room) {
        return ArrayRef::clone(values);
    }
    let buffers = data.buffers().iter().map(|buffer| Buffer::from_slice_ref(buffer.as_slice())).collect();
    match data.into_builder().buffers(buffers).build() {
        Ok(data) => make_array(data),
        Err(_) => ArrayRef::clone(values),
    }
}

impl Book {
    fn let_go(&mut self) {
        let mut all: Vec<(u64, usize)> = self
            .columns
            .values()
            .flat_map(HashMap::values)
            .map(|column| (column.used, column.bytes))
            .collect();
        all.sort_unstable_by_key(|(used, _)| std::cmp::Reverse(*used));
        let mut kept = 0;
        let oldest = all.iter().take_while(|(_, bytes)| {
            kept += bytes;
            kept <= KEPT_BYTES
        });
        let oldest = oldest.last().map_or(u64::MAX, |(used, _)| *used);
        for columns in self.columns.values_mut() {
            columns.retain(|_, column| column.used >= oldest);
        }
        self.columns.retain(|_, columns| !columns.is_empty());
        self.bytes = self.columns.values().flat_map(HashMap::values).map(|column| column.bytes).sum();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use arrow::array::Int64Array;
    use std::sync::Arc;

    #[test]
    fn room_is_not_held() {
        let mut roomy: Vec<i64> = Vec::with_capacity(100_000);
        roomy.extend(0..1_000);
        let roomy: ArrayRef = Arc::new(Int64Array::from(roomy));
        assert!(roomy.get_array_memory_size() > 700_000);
        let held = Held::default();
        held.put(Path::new("/x"), "a", &roomy);
        assert!(held.0.lock().unwrap().bytes < 10_000);
        assert_eq!(held.get(Path::new("/x"), "a").as_deref(), Some(roomy.as_ref()));
    }

    #[test]
    fn what_was_used_longest_ago_goes_first() {
        let held = Held::default();
        let column: ArrayRef = Arc::new(Int64Array::from(vec![0; (MOST_BYTES / 20) / 8]));
        let name = |n: usize| PathBuf::from(format!("/x/{n}"));
        for n in 0..15 {
            held.put(&name(n), "a", &column);
        }
        assert!(held.get(&name(0), "a").is_some());
        for n in 15..40 {
            assert!(held.get(&name(0), "a").is_some(), "{n}");
            held.put(&name(n), "a", &column);
        }
        assert!(held.get(&name(1), "a").is_none());
        assert!(held.0.lock().unwrap().bytes <= MOST_BYTES);
        held.forget(Path::new("/x"));
        assert_eq!(held.0.lock().unwrap().bytes, 0);
        assert!(held.get(&name(39), "a").is_none());
    }
}
