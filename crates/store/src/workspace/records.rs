//! The workspace's record: adding to it what changes no row, reading it, and its Merkle log.

use super::WorkspaceStore;
use crate::StoreError;
use crate::log::AuditLog;
use crate::record::{Entry, Ledger, Record, RecordFilter};
use bursar_domain::Actor;
use std::sync::Arc;

impl WorkspaceStore {
    /// The workspace's log: checkpoints, proofs, exports, verification.
    #[must_use]
    pub fn log(&self) -> AuditLog {
        let ledger = Ledger::Workspace(self.workspace);
        AuditLog::new(
            ledger,
            self.database.clone(),
            self.seal.clone(),
            self.directory.clone(),
            Arc::clone(&self.group),
        )
    }

    /// Records something that changed no row: a refusal, an export, a read worth noting. What is noted at
    /// the same moment shares one transaction.
    ///
    /// # Errors
    /// When it cannot be recorded; then it must not happen either.
    pub async fn note(&self, actor: &Actor, entry: Entry) -> Result<(), StoreError> {
        self.log().note(actor, entry).await.map(drop)
    }

    /// The workspace's record, newest first.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn records(&self, filter: &RecordFilter) -> Result<Vec<Record>, StoreError> {
        self.log().records(filter).await
    }
}
