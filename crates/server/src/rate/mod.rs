//! Rate limits: every request counts against a budget of its route's class, once for the address it
//! comes from and once for whoever is signed in (claim C7).
//!
//! * [`class`] says which budget a route draws on; every route has one.
//! * [`buckets`] keeps what was drawn: in memory, bounded, or shared by several servers.
//! * [`layer`] asks before the request runs, answers 429 and says in headers what remains.
//!
//! The arithmetic is [`bursar_domain::rate`]. An address is counted before anybody looks at
//! credentials, so that guessing them is slow; a principal is counted after, so that one token
//! cannot spend what a whole office has. Sign-ins are also counted in flight: hashing a password is
//! meant to be dear, so only a few run at once however many addresses ask.

pub(crate) mod buckets;
pub(crate) mod class;
pub(crate) mod layer;

use crate::limits::Limits;
use buckets::{BucketKey, Buckets, MemoryBuckets};
use bursar_domain::Clock as _;
use bursar_domain::clock::SystemClock;
use bursar_domain::rate::{Budget, Moment, Verdict};
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::sync::{Semaphore, SemaphorePermit};

/// Longest wait for shared buckets; a database that hangs must not hold requests.
const SHARED_PATIENCE: Duration = Duration::from_millis(500);
/// Longest wait for one's turn to sign in.
const TURN_PATIENCE: Duration = Duration::from_secs(5);

/// The budgets of a server and what was drawn from them.
#[derive(Debug, Clone)]
pub(crate) struct Rates(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    limits: Limits,
    local: MemoryBuckets,
    shared: Option<Arc<dyn Buckets>>,
    sign_ins: Semaphore,
    time: Time,
}

/// Time that only goes forward, and that several servers agree on as far as their clocks do.
#[derive(Debug)]
struct Time {
    origin: Moment,
    started: Instant,
}

impl Time {
    fn start() -> Self {
        let origin = SystemClock.now().timestamp_nanos_opt().and_then(|n| u64::try_from(n).ok());
        Self { origin: Moment(origin.unwrap_or(0)), started: Instant::now() }
    }

    fn now(&self) -> Moment {
        self.origin.after(self.started.elapsed())
    }
}

impl Rates {
    pub(crate) fn new(limits: Limits, shared: Option<Arc<dyn Buckets>>) -> Self {
        let local = MemoryBuckets::new(usize::try_from(limits.buckets).unwrap_or(usize::MAX));
        let sign_ins = Semaphore::new(usize::try_from(limits.sign_ins_at_once).unwrap_or(1));
        Self(Arc::new(Inner { limits, local, shared, sign_ins, time: Time::start() }))
    }

    pub(crate) fn limits(&self) -> &Limits {
        &self.0.limits
    }

    /// Draws one request.
    ///
    /// This server's own buckets are asked first: what they alone refuse needs no database, so a flood
    /// does not reach it. Shared buckets that cannot be asked leave each server with its own count.
    pub(crate) async fn take(&self, key: BucketKey, budget: Budget) -> Verdict {
        let now = self.0.time.now();
        let own = self.0.local.take_now(key, budget, now);
        let Some(shared) = self.0.shared.as_ref().filter(|_| own.passes()) else { return own };
        match tokio::time::timeout(SHARED_PATIENCE, shared.take(key, budget, now)).await {
            Ok(Ok(verdict)) => verdict,
            Ok(Err(error)) => {
                tracing::warn!(%error, "shared rate limits cannot be asked; this server counts alone");
                own
            }
            Err(_) => {
                tracing::warn!("shared rate limits did not answer in time; this server counts alone");
                own
            }
        }
    }

    /// One's turn to sign in; none when it did not come in time.
    pub(crate) async fn turn_to_sign_in(&self) -> Option<SemaphorePermit<'_>> {
        tokio::time::timeout(TURN_PATIENCE, self.0.sign_ins.acquire()).await.ok()?.ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rate::buckets::{BucketsError, Taken};
    use bursar_domain::rate;
    use std::sync::Mutex;
    use std::sync::atomic::{AtomicUsize, Ordering};

    /// What a database would be.
    #[derive(Debug, Default)]
    struct Shared {
        bucket: Mutex<Option<Moment>>,
        asked: AtomicUsize,
        broken: bool,
    }

    impl Buckets for Shared {
        fn take(&self, _: BucketKey, budget: Budget, now: Moment) -> Taken<'_> {
            Box::pin(async move {
                self.asked.fetch_add(1, Ordering::SeqCst);
                if self.broken {
                    return Err(BucketsError("no connection".into()));
                }
                let mut bucket = self.bucket.lock().unwrap();
                let (after, verdict) = rate::take(*bucket, budget, now);
                *bucket = Some(after);
                Ok(verdict)
            })
        }
    }

    fn key() -> BucketKey {
        BucketKey::new("read", "address", "192.0.2.1")
    }

    #[tokio::test]
    async fn two_servers_share_one_budget() {
        // claim C7
        let shared = Arc::new(Shared::default());
        let server = || Rates::new(Limits::default(), Some(Arc::clone(&shared) as Arc<dyn Buckets>));
        let (one, two) = (server(), server());
        let budget = Budget::per_minute(4).unwrap();
        let mut passed = 0;
        for _ in 0..4 {
            for server in [&one, &two] {
                passed += usize::from(server.take(key(), budget).await.passes());
            }
        }
        assert_eq!(passed, 4, "each server alone would let four pass");
    }

    #[tokio::test]
    async fn a_flood_does_not_reach_the_database() {
        let shared = Arc::new(Shared::default());
        let rates = Rates::new(Limits::default(), Some(Arc::clone(&shared) as Arc<dyn Buckets>));
        let budget = Budget::per_minute(4).unwrap();
        for _ in 0..1_000 {
            rates.take(key(), budget).await;
        }
        assert!(shared.asked.load(Ordering::SeqCst) <= 5);
    }

    #[tokio::test]
    async fn a_broken_database_leaves_each_server_its_own_count() {
        let shared = Arc::new(Shared { broken: true, ..Shared::default() });
        let rates = Rates::new(Limits::default(), Some(shared as Arc<dyn Buckets>));
        let budget = Budget::per_minute(2).unwrap();
        let mut said = Vec::new();
        for _ in 0..3 {
            said.push(rates.take(key(), budget).await.passes());
        }
        assert_eq!(said, [true, true, false], "neither open nor shut");
    }
}
