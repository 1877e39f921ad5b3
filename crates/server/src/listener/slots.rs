//! Places for connections: so many in all, so many for one address, and who has to make room.
//!
//! When every place is taken, the connection that has been idle for longest loses its place to the
//! newcomer. Idle is one that has no request running: it waits between two requests, or is still
//! sending the head of one, which is all that a slow-loris ever does. A connection whose request
//! is running is never closed for another one.

use crate::client::AddressGroup;
use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::Notify;

/// The places of a listener.
#[derive(Debug, Clone)]
pub(super) struct Slots(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    total: usize,
    per_address: usize,
    table: Mutex<Table>,
}

#[derive(Debug, Default)]
struct Table {
    /// Numbers connections and moments of getting idle.
    next: u64,
    open: HashMap<u64, Open>,
    /// Idle connections by when they got idle.
    idle: BTreeMap<u64, u64>,
    by_address: HashMap<AddressGroup, usize>,
}

#[derive(Debug)]
struct Open {
    address: Option<AddressGroup>,
    idle_since: Option<u64>,
    running: u32,
    leave: Arc<Notify>,
}

impl Table {
    fn number(&mut self) -> u64 {
        self.next += 1;
        self.next
    }

    fn remove(&mut self, id: u64) -> Option<Open> {
        let open = self.open.remove(&id)?;
        if let Some(since) = open.idle_since {
            self.idle.remove(&since);
        }
        if let Some(address) = open.address
            && let Some(count) = self.by_address.get_mut(&address)
        {
            *count -= 1;
            if *count == 0 {
                self.by_address.remove(&address);
            }
        }
        Some(open)
    }
}

impl Shared {
    fn table(&self) -> MutexGuard<'_, Table> {
        self.table.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A connection's place, until it is dropped.
#[derive(Debug)]
pub(super) struct Slot {
    shared: Arc<Shared>,
    id: u64,
    leave: Arc<Notify>,
}

/// While this lives, a request of the connection is running.
#[derive(Debug)]
pub(super) struct Running {
    shared: Arc<Shared>,
    id: u64,
}

impl Slots {
    pub(super) fn new(total: usize, per_address: usize) -> Self {
        Self(Arc::new(Shared { total, per_address, table: Mutex::default() }))
    }

    /// A place for a connection from there (none: an address that is not counted, a trusted proxy).
    /// None when the address has its share, or when all places are taken by running requests.
    pub(super) fn admit(&self, address: Option<AddressGroup>) -> Option<Slot> {
        let mut table = self.0.table();
        let has = address.and_then(|address| table.by_address.get(&address)).copied().unwrap_or(0);
        if has >= self.0.per_address {
            return None;
        }
        if table.open.len() >= self.0.total {
            let (_, longest_idle) = table.idle.pop_first()?;
            if let Some(open) = table.remove(longest_idle) {
                open.leave.notify_one();
            }
        }
        let (id, since, leave) = (table.number(), table.number(), Arc::new(Notify::new()));
        if let Some(address) = address {
            *table.by_address.entry(address).or_default() += 1;
        }
        table.idle.insert(since, id);
        table
            .open
            .insert(id, Open { address, idle_since: Some(since), running: 0, leave: Arc::clone(&leave) });
        drop(table);
        Some(Slot { shared: Arc::clone(&self.0), id, leave })
    }
}

impl Slot {
    /// Resolves when the connection has lost its place.
    pub(super) async fn lost(&self) {
        self.leave.notified().await;
    }

    /// Notes that a request has begun.
    pub(super) fn run(&self) -> Running {
        let mut table = self.shared.table();
        let mut was_idle = None;
        if let Some(open) = table.open.get_mut(&self.id) {
            open.running += 1;
            was_idle = open.idle_since.take();
        }
        if let Some(since) = was_idle {
            table.idle.remove(&since);
        }
        drop(table);
        Running { shared: Arc::clone(&self.shared), id: self.id }
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        self.shared.table().remove(self.id);
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let mut table = self.shared.table();
        let since = table.number();
        let Some(open) = table.open.get_mut(&self.id) else { return };
        open.running = open.running.saturating_sub(1);
        if open.running == 0 {
            open.idle_since = Some(since);
            table.idle.insert(since, self.id);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures::FutureExt as _;

    fn from(last: u8) -> Option<AddressGroup> {
        Some(AddressGroup::of([192, 0, 2, last].into()))
    }

    fn is_lost(slot: &Slot) -> bool {
        slot.lost().now_or_never().is_some()
    }

    #[test]
    fn an_address_gets_its_share_and_gives_it_back() {
        let slots = Slots::new(100, 2);
        let (_one, two) = (slots.admit(from(1)).unwrap(), slots.admit(from(1)).unwrap());
        assert!(slots.admit(from(1)).is_none());
        assert!(slots.admit(from(2)).is_some());
        drop(two);
        assert!(slots.admit(from(1)).is_some());
        let proxied: Vec<_> = (0..10).map(|_| slots.admit(None)).collect();
        assert!(proxied.iter().all(Option::is_some));
    }

    #[test]
    fn the_longest_idle_makes_room_and_nobody_who_is_served() {
        let slots = Slots::new(3, 10);
        let (served, early, late) =
            (slots.admit(from(1)).unwrap(), slots.admit(from(2)).unwrap(), slots.admit(from(3)).unwrap());
        let running = served.run();
        let fourth = slots.admit(from(4)).unwrap();
        assert!(is_lost(&early) && !is_lost(&late) && !is_lost(&served) && !is_lost(&fourth));
        let (late_runs, fourth_runs) = (late.run(), fourth.run());
        assert!(slots.admit(from(5)).is_none(), "everybody is served");
        drop(running);
        drop(late_runs);
        let fifth = slots.admit(from(5)).unwrap();
        assert!(is_lost(&served) && !is_lost(&late), "idle for longer");
        drop((fourth_runs, early, fifth));
    }

    #[test]
    fn nothing_is_left_behind() {
        let slots = Slots::new(8, 4);
        for round in 0..1_000_u32 {
            let slot = slots.admit(from(u8::try_from(round % 5).unwrap())).unwrap();
            let (first, second) = (slot.run(), slot.run());
            if round % 2 == 0 {
                drop(slot);
            }
            drop((first, second));
        }
        let table = slots.0.table();
        assert!(table.open.is_empty() && table.idle.is_empty() && table.by_address.is_empty());
    }
}
