//! What changed between two looks at a source.

use super::{Catalogue, Delivery, DeliveryKey};
use std::collections::BTreeMap;

/// One difference.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Change<'a> {
    /// Not there before.
    New(&'a Delivery),
    /// Delivered again, with another content: the second replaces the first.
    Replaced {
        /// As it was.
        before: &'a Delivery,
        /// As it is.
        after: &'a Delivery,
    },
    /// There before and not now.
    Gone(&'a Delivery),
    /// The same content.
    Unchanged(&'a Delivery),
}

/// All differences, in the order of their keys.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Changes<'a> {
    /// The differences.
    pub all: Vec<Change<'a>>,
}

impl Changes<'_> {
    /// Whether nothing has to be rebuilt.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.all.iter().all(|change| matches!(change, Change::Unchanged(_)))
    }
}

impl Catalogue {
    /// What is new, replaced, gone or unchanged since `previous`.
    #[must_use]
    pub fn diff<'a>(&'a self, previous: &'a Self) -> Changes<'a> {
        let index = |catalogue: &'a Self| -> BTreeMap<DeliveryKey, &'a Delivery> {
            catalogue.deliveries.iter().map(|delivery| (delivery.key(), delivery)).collect()
        };
        let (mut before, now) = (index(previous), index(self));
        let mut all: BTreeMap<DeliveryKey, Change<'a>> = BTreeMap::new();
        for (key, after) in now {
            let change = match before.remove(&key) {
                None => Change::New(after),
                Some(before) if before.id == after.id => Change::Unchanged(after),
                Some(before) => Change::Replaced { before, after },
            };
            all.insert(key, change);
        }
        all.extend(before.into_iter().map(|(key, delivery)| (key, Change::Gone(delivery))));
        Changes { all: all.into_values().collect() }
    }
}
