//! Notes that arrive at the same moment share a transaction, and with it one wait for the disk.
//!
//! Whoever comes first writes for all who wait; nobody's note is answered before it is committed. When the
//! writer is cancelled its transaction is undone and the others are told to try again.

use super::append::{Prepared, append};
use super::{AuditLog, count};
use crate::StoreError;
use crate::record::Entry;
use bursar_domain::Actor;
use std::sync::{Mutex, PoisonError};
use tokio::sync::oneshot;
use tokio::sync::oneshot::error::TryRecvError;

/// Notes in one transaction.
const TOGETHER: usize = 512;

struct Waiting {
    prepared: Prepared,
    /// The number of the entry, or why there is none; without a reason when another's note was the cause.
    done: oneshot::Sender<Result<i64, Option<StoreError>>>,
}

/// Those who wait for one log.
#[derive(Default)]
pub(crate) struct Group {
    waiting: Mutex<Vec<Waiting>>,
    writer: tokio::sync::Mutex<()>,
}

impl std::fmt::Debug for Group {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Group")
    }
}

impl Group {
    fn lock(&self) -> std::sync::MutexGuard<'_, Vec<Waiting>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn take(&self) -> Vec<Waiting> {
        let mut waiting = self.lock();
        let some = waiting.len().min(TOGETHER);
        waiting.drain(..some).collect()
    }
}

impl AuditLog {
    /// Records something that changed no row; its number. What is noted at the same moment shares one
    /// transaction.
    ///
    /// # Errors
    /// When it cannot be recorded; then it must not happen either.
    pub async fn note(&self, actor: &Actor, entry: Entry) -> Result<u64, StoreError> {
        let prepared = Prepared::new(self.directory.new_uuid()?, actor, entry)?;
        let (done, mut answer) = oneshot::channel();
        self.group.lock().push(Waiting { prepared, done });
        let _turn = self.group.writer.lock().await;
        loop {
            match answer.try_recv() {
                Ok(Ok(seq)) => return Ok(count(seq)),
                Ok(Err(error)) => return Err(error.unwrap_or(StoreError::NotRecorded)),
                Err(TryRecvError::Closed) => return Err(StoreError::NotRecorded),
                Err(TryRecvError::Empty) => self.write_together(self.group.take()).await,
            }
        }
    }

    /// Records several things in one transaction; the number of the last.
    ///
    /// # Errors
    /// When they cannot be recorded; then none of them is, and none must happen.
    pub async fn note_all(&self, entries: Vec<(Actor, Entry)>) -> Result<u64, StoreError> {
        let prepared = entries
            .into_iter()
            .map(|(actor, entry)| Prepared::new(self.directory.new_uuid()?, &actor, entry))
            .collect::<Result<Vec<_>, StoreError>>()?;
        self.add(prepared).await.map(count)
    }

    async fn add(&self, prepared: Vec<Prepared>) -> Result<i64, StoreError> {
        let transaction = self.write().await?;
        let now = self.directory.now();
        let last = append(&transaction, self.ledger, &self.seal, now, prepared).await?;
        self.commit(transaction).await?;
        Ok(last)
    }

    async fn write_together(&self, waiting: Vec<Waiting>) {
        let (prepared, done): (Vec<_>, Vec<_>) = waiting.into_iter().map(|w| (w.prepared, w.done)).unzip();
        let many = i64::try_from(done.len()).unwrap_or_default();
        match self.add(prepared).await {
            Ok(last) => {
                for (seq, done) in (last - many + 1..).zip(done) {
                    // Who was cancelled does not want to know.
                    let _ = done.send(Ok(seq));
                }
            }
            Err(error) => {
                let mut error = Some(error);
                for done in done {
                    let _ = done.send(Err(error.take()));
                }
            }
        }
    }
}
