//! The workspace files that are open: at most so many, the least recently used closed first.
//!
//! A file that somebody still reads is closed when they are done: whoever has a handle keeps the
//! pool. Two callers that want the same file wait for one opening.

use crate::StoreError;
use bursar_domain::id::WorkspaceId;
use std::collections::HashMap;
use std::fmt;
use std::future::Future;
use std::sync::{Arc, Mutex, PoisonError};
use tokio::sync::OnceCell;

struct Slot<T> {
    cell: Arc<OnceCell<Arc<T>>>,
    used: u64,
}

struct Slots<T> {
    slots: HashMap<WorkspaceId, Slot<T>>,
    turn: u64,
}

/// A bounded set of open things by workspace.
pub(crate) struct OpenWorkspaces<T> {
    slots: Mutex<Slots<T>>,
    capacity: usize,
}

impl<T> fmt::Debug for OpenWorkspaces<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OpenWorkspaces").field("capacity", &self.capacity).finish_non_exhaustive()
    }
}

impl<T> OpenWorkspaces<T> {
    pub(crate) fn new(capacity: usize) -> Self {
        let slots = Slots { slots: HashMap::new(), turn: 0 };
        Self { slots: Mutex::new(slots), capacity: capacity.max(1) }
    }

    /// The open one, or what `open` makes. A failed opening leaves nothing behind.
    pub(crate) async fn get<F>(&self, workspace: WorkspaceId, open: F) -> Result<Arc<T>, StoreError>
    where
        F: Future<Output = Result<T, StoreError>>,
    {
        let cell = self.cell(workspace);
        let opened = cell.get_or_try_init(|| async { open.await.map(Arc::new) }).await.cloned();
        if opened.is_err() {
            let mut slots = self.lock();
            // Not another's, who may have succeeded meanwhile.
            if slots.slots.get(&workspace).is_some_and(|slot| !slot.cell.initialized()) {
                slots.slots.remove(&workspace);
            }
        }
        opened
    }

    fn cell(&self, workspace: WorkspaceId) -> Arc<OnceCell<Arc<T>>> {
        let mut guard = self.lock();
        let slots = &mut *guard;
        slots.turn += 1;
        let turn = slots.turn;
        if let Some(slot) = slots.slots.get_mut(&workspace) {
            slot.used = turn;
            return Arc::clone(&slot.cell);
        }
        while slots.slots.len() >= self.capacity {
            let oldest = slots.slots.iter().min_by_key(|(_, slot)| slot.used).map(|(id, _)| *id);
            let Some(oldest) = oldest else { break };
            slots.slots.remove(&oldest);
        }
        let cell = Arc::new(OnceCell::new());
        slots.slots.insert(workspace, Slot { cell: Arc::clone(&cell), used: turn });
        cell
    }

    /// Takes it out, for closing.
    pub(crate) fn take(&self, workspace: WorkspaceId) -> Option<Arc<T>> {
        self.lock().slots.remove(&workspace).and_then(|slot| slot.cell.get().cloned())
    }

    /// Takes all of them out.
    pub(crate) fn take_all(&self) -> Vec<Arc<T>> {
        self.lock().slots.drain().filter_map(|(_, slot)| slot.cell.get().cloned()).collect()
    }

    /// How many are open.
    pub(crate) fn len(&self) -> usize {
        self.lock().slots.len()
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Slots<T>> {
        // Every change under the lock is whole; a panic elsewhere leaves it usable.
        self.slots.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(number: u128) -> WorkspaceId {
        WorkspaceId::from_u128(number)
    }

    #[tokio::test]
    async fn the_least_recently_used_goes_first() {
        let open = OpenWorkspaces::new(2);
        let get = async |number: u128| open.get(id(number), async { Ok(number) }).await.unwrap();
        get(1).await;
        get(2).await;
        get(1).await;
        get(3).await;
        assert_eq!(open.len(), 2);
        assert!(open.take(id(2)).is_none(), "2 was used least recently");
        assert_eq!(open.take(id(1)).as_deref(), Some(&1));
    }

    #[tokio::test]
    async fn a_failed_opening_is_tried_again() {
        let open = OpenWorkspaces::new(2);
        assert!(open.get(id(1), async { Err::<u8, _>(StoreError::NotFound("workspace")) }).await.is_err());
        assert_eq!(open.len(), 0);
        assert_eq!(*open.get(id(1), async { Ok(7) }).await.unwrap(), 7);
    }
}
