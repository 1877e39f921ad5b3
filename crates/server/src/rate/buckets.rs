//! Where buckets are kept.
//!
//! In memory by default: a bounded number, so that a flood from a million addresses costs no more
//! than the bound. Several servers behind one address share a budget when the wiring hands the
//! server [`Buckets`] that are kept in their database.
//!
//! Keys are digests: neither memory nor database holds a list of addresses and names.

use bursar_domain::rate::{self, Budget, Moment, Verdict};
use futures::future::BoxFuture;
use sha2::{Digest as _, Sha256};
use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

/// Names a bucket: the SHA-256 of class, kind and subject.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct BucketKey(pub [u8; 32]);

impl BucketKey {
    pub(crate) fn new(class: &str, kind: &str, subject: &str) -> Self {
        // The first two hold no zero byte, so that no two keys are spelt alike.
        let digest = Sha256::new_with_prefix(class).chain_update([0]).chain_update(kind);
        Self(digest.chain_update([0]).chain_update(subject).finalize().into())
    }
}

/// Shared buckets could not be asked.
#[derive(Debug, thiserror::Error)]
#[error("the shared rate limits cannot be asked: {0}")]
pub struct BucketsError(pub String);

/// An answer to come.
pub type Taken<'a> = BoxFuture<'a, Result<Verdict, BucketsError>>;

/// Buckets that several servers share.
///
/// An implementation keeps one [`Moment`] per key, changes it by [`rate::take`] in one transaction,
/// may use its own clock instead of `now`, and may forget any moment that has passed.
pub trait Buckets: Send + Sync + std::fmt::Debug {
    /// Draws one request from a bucket.
    ///
    /// # Errors
    /// When they cannot be asked; the server then counts by itself.
    fn take(&self, key: BucketKey, budget: Budget, now: Moment) -> Taken<'_>;
}

const SHARDS: usize = 16;

/// Buckets in memory, at most so many.
pub(crate) struct MemoryBuckets {
    shards: [Mutex<Generations>; SHARDS],
    /// Buckets in one generation of one shard.
    capacity: usize,
}

/// Two generations: a bucket that is used moves to the young one; when that is full the old one is
/// dropped whole and the young one is old. What goes is what was not used for longest, in constant time
/// per request, so that making room is no attack by itself.
#[derive(Default)]
struct Generations {
    young: HashMap<BucketKey, Moment>,
    old: HashMap<BucketKey, Moment>,
}

impl std::fmt::Debug for MemoryBuckets {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("MemoryBuckets").field("capacity", &self.capacity).finish_non_exhaustive()
    }
}

impl MemoryBuckets {
    /// At most `bound` buckets (and never fewer than two per shard).
    pub(crate) fn new(bound: usize) -> Self {
        Self { shards: Default::default(), capacity: (bound / SHARDS / 2).max(1) }
    }

    pub(crate) fn take_now(&self, key: BucketKey, budget: Budget, now: Moment) -> Verdict {
        // A digest's first byte is as good as random.
        let shard = usize::from(key.0[0]) % SHARDS;
        // A panic while holding the lock leaves whole entries: each change is one call.
        let mut shard = self.shards[shard].lock().unwrap_or_else(PoisonError::into_inner);
        let known = shard.young.get(&key).copied();
        let known = known.or_else(|| shard.old.remove(&key));
        let (after, verdict) = rate::take(known, budget, now);
        if shard.young.len() >= self.capacity && !shard.young.contains_key(&key) {
            shard.old = std::mem::take(&mut shard.young);
        }
        shard.young.insert(key, after);
        verdict
    }

    #[cfg(test)]
    fn len(&self) -> usize {
        let count = |shard: &Mutex<Generations>| {
            let shard = shard.lock().unwrap();
            shard.young.len() + shard.old.len()
        };
        self.shards.iter().map(count).sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Moment = Moment(1_795_000_000_000_000_000);

    fn key(subject: &str) -> BucketKey {
        BucketKey::new("read", "address", subject)
    }

    #[test]
    fn subjects_classes_and_kinds_have_buckets_of_their_own() {
        // claim C7
        let buckets = MemoryBuckets::new(1_000);
        let budget = Budget::per_minute(1).unwrap();
        for key in [
            key("192.0.2.1"),
            key("192.0.2.2"),
            BucketKey::new("write", "address", "192.0.2.1"),
            BucketKey::new("read", "principal", "192.0.2.1"),
        ] {
            assert!(buckets.take_now(key, budget, NOW).passes());
            assert!(!buckets.take_now(key, budget, NOW).passes());
        }
    }

    #[test]
    fn a_million_addresses_fill_no_memory() {
        let buckets = MemoryBuckets::new(10_000);
        let budget = Budget::per_minute(10).unwrap();
        for subject in 0..1_000_000_u32 {
            buckets.take_now(key(&subject.to_string()), budget, NOW);
        }
        assert!(buckets.len() <= 10_000, "{}", buckets.len());
    }

    #[test]
    fn who_keeps_asking_is_not_forgotten_in_a_flood() {
        let buckets = MemoryBuckets::new(10_000);
        let budget = Budget::per_minute(3).unwrap();
        let mut passed = 0;
        for other in 0..100_000_u32 {
            buckets.take_now(key(&other.to_string()), budget, NOW);
            if other % 1_000 == 0 {
                passed += u32::from(buckets.take_now(key("192.0.2.1"), budget, NOW).passes());
            }
        }
        assert_eq!(passed, 3);
    }
}
