//! What is announced before it is tried, and how it ended.
//!
//! An intent is committed before the effect is tried, so that a crash in between leaves a trace; its outcome is a
//! second entry that names it. An intent that nobody concluded is closed as *unknown* by the sweeper: nobody
//! knows whether the effect took place, and the log says so.

use super::append::{Prepared, append};
use super::rows::{col, rows};
use super::{AuditLog, count, long, statement};
use crate::StoreError;
use crate::record::Entry;
use crate::value::micros;
use bursar_audit::Outcome;
use bursar_domain::Actor;
use chrono::{DateTime, Utc};
use sea_orm::sea_query::ExprTrait;
use sea_orm::{Condition, ConnectionTrait, DatabaseTransaction, Order};

/// Intents closed in one transaction.
const TOGETHER: u64 = 200;

/// Something that was announced. Conclude it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[must_use = "an intent that is not concluded is closed as unknown"]
pub struct Intent(u64);

impl Intent {
    /// The number of its entry.
    #[must_use]
    pub const fn sequence(self) -> u64 {
        self.0
    }

    /// The intent of this number, kept elsewhere meanwhile.
    pub const fn restore(sequence: u64) -> Self {
        Self(sequence)
    }
}

impl AuditLog {
    /// Announces something. It must not be tried unless this succeeded.
    ///
    /// # Errors
    /// When it cannot be recorded.
    pub async fn intend(&self, actor: &Actor, entry: Entry) -> Result<Intent, StoreError> {
        let transaction = self.write().await?;
        let now = self.directory.now();
        let entry = entry.outcome(Outcome::Intended);
        let prepared = Prepared::new(self.directory.new_uuid()?, actor, entry)?;
        let seq = append(&transaction, self.ledger, &self.seal, now, vec![prepared]).await?;
        let sql = "INSERT INTO {p}_record_intents (workspace_id, seq, at_us) VALUES ($1, $2, $3)";
        let values = [seq.into(), micros(now).into()];
        transaction.execute_raw(statement(&transaction, self.ledger, sql, values)).await?;
        self.commit(transaction).await?;
        Ok(Intent(count(seq)))
    }

    /// Records how it ended.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] when it was concluded before, by the sweeper too.
    pub async fn conclude(&self, actor: &Actor, intent: Intent, entry: Entry) -> Result<u64, StoreError> {
        let transaction = self.write().await?;
        let seq = self.close(&transaction, actor, intent, entry).await?;
        self.commit(transaction).await?;
        Ok(count(seq))
    }

    async fn close(
        &self,
        transaction: &DatabaseTransaction,
        actor: &Actor,
        intent: Intent,
        mut entry: Entry,
    ) -> Result<i64, StoreError> {
        entry.intent = Some(long(intent.0));
        let prepared = Prepared::new(self.directory.new_uuid()?, actor, entry)?;
        let now = self.directory.now();
        let seq = append(transaction, self.ledger, &self.seal, now, vec![prepared]).await?;
        let sql = "UPDATE {p}_record_intents SET closed_seq = $3 \
                   WHERE workspace_id = $1 AND seq = $2 AND closed_seq IS NULL";
        let values = [long(intent.0).into(), seq.into()];
        let closed = transaction.execute_raw(statement(transaction, self.ledger, sql, values)).await?;
        if closed.rows_affected() == 0 {
            return Err(StoreError::Conflict("the intent was concluded already"));
        }
        Ok(seq)
    }

    /// Closes as *unknown* what was announced before this moment and never concluded; how many.
    ///
    /// # Errors
    /// When the database does not answer; those before are closed.
    pub async fn close_lost_intents(&self, before: DateTime<Utc>) -> Result<u64, StoreError> {
        let mut closed = 0;
        loop {
            let transaction = self.write().await?;
            let sql = format!(
                "SELECT seq FROM {{p}}_record_intents WHERE workspace_id = $1 AND closed_seq IS NULL AND at_us < $2 \
                 ORDER BY seq LIMIT {TOGETHER}"
            );
            let query = statement(&transaction, self.ledger, &sql, [micros(before).into()]);
            let mut lost = Vec::new();
            for row in transaction.query_all_raw(query).await? {
                lost.push(row.try_get::<i64>("", "seq")?);
            }
            if lost.is_empty() {
                return Ok(closed);
            }
            let condition = Condition::all().add(col("seq").is_in(lost));
            let found = rows(&transaction, self.ledger, condition, Order::Asc, TOGETHER).await?;
            if found.is_empty() {
                return Err(super::damaged("an intent has no entry"));
            }
            for row in found {
                let mut entry = Entry::done(&row.action, &row.target).outcome(Outcome::Unknown);
                entry.workspace = row.workspace_id.map(crate::value::Key::from_uuid);
                self.close(&transaction, &Actor::system(), Intent(count(row.seq)), entry).await?;
                closed += 1;
            }
            self.commit(transaction).await?;
        }
    }
}
