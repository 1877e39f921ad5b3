//! The directory's record: adding to it what changes no row, reading it, and its Merkle log.

use super::Directory;
use crate::StoreError;
use crate::log::AuditLog;
use crate::record::{Entry, Ledger, Record, RecordFilter};
use bursar_domain::Actor;
use std::sync::Arc;

impl Directory {
    /// The installation's log: checkpoints, proofs, exports, verification.
    #[must_use]
    pub fn log(&self) -> AuditLog {
        let (database, seal) = (self.database.clone(), self.seal.clone());
        AuditLog::new(Ledger::Directory, database, seal, self.clone(), Arc::clone(&self.group))
    }

    /// Records something that changed no row: a refusal, a failed sign-in, a read worth noting. What is noted at
    /// the same moment shares one transaction.
    ///
    /// # Errors
    /// When it cannot be recorded; then it must not happen either.
    pub async fn note(&self, actor: &Actor, entry: Entry) -> Result<(), StoreError> {
        self.log().note(actor, entry).await.map(drop)
    }

    /// The directory's record, newest first.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn records(&self, filter: &RecordFilter) -> Result<Vec<Record>, StoreError> {
        self.log().records(filter).await
    }
}
