//! Pages of the record, by time, actor, action, outcome, target.
//!
//! Times of entries never go back, so a span of time is a span of numbers, found by two steps into an index
//! however long the log is.

use super::rows::{col, rows};
use super::{AuditLog, length, statement};
use crate::StoreError;
use crate::record::{Ledger, Record, RecordFilter};
use crate::value::{Key, micros};
use chrono::{DateTime, Utc};
use sea_orm::sea_query::{ExprTrait, LikeExpr};
use sea_orm::{Condition, ConnectionTrait, DatabaseTransaction, Order, Statement};

/// Entries that are searched for a text.
const SEARCHED: i64 = 100_000;

impl AuditLog {
    /// The record, newest first.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn records(&self, filter: &RecordFilter) -> Result<Vec<Record>, StoreError> {
        let transaction = self.read().await?;
        let condition = self.condition(&transaction, filter).await?;
        let found = rows(&transaction, self.ledger, condition, Order::Desc, filter.paging.limit()).await?;
        let mut known = match (found.last(), found.first()) {
            (Some(first), Some(last)) if found.iter().any(|row| row.personal.is_some()) => {
                self.known(&transaction, (first.seq, last.seq)).await?
            }
            _ => Default::default(),
        };
        let record = |row: super::Row| {
            let personal = known.remove(&row.seq).unwrap_or_default();
            Record::of(self.ledger, row, &self.seal, personal)
        };
        found.into_iter().map(record).collect()
    }

    async fn condition(
        &self,
        transaction: &DatabaseTransaction,
        filter: &RecordFilter,
    ) -> Result<Condition, StoreError> {
        let mut condition = Condition::all();
        if let Some(after) = filter.paging.after {
            condition = condition.add(col("seq").lt(after));
        }
        if let Some(from) = filter.from {
            condition = condition.add(col("seq").gte(self.first_since(transaction, from).await?));
        }
        if let Some(until) = filter.until {
            condition = condition.add(col("seq").lt(self.first_since(transaction, until).await?));
        }
        if let Some(account) = filter.account {
            condition = condition.add(col("account_id").eq(account.uuid()));
        }
        if let (Some(workspace), Ledger::Directory) = (filter.workspace, self.ledger) {
            condition = condition.add(col("workspace_id").eq(workspace.uuid()));
        }
        if let Some(action) = &filter.action {
            condition = condition.add(col("action").eq(action.as_str()));
        }
        if let Some(outcome) = filter.outcome {
            condition = condition.add(col("outcome").eq(outcome.as_str()));
        }
        if let Some(target) = &filter.target {
            condition = condition.add(col("target").eq(target.as_str()));
        }
        if let Some(text) = filter.text.as_ref().filter(|text| !text.is_empty()) {
            let end = match filter.paging.after {
                Some(after) => after,
                None => length(transaction, self.ledger).await?,
            };
            let pattern: String = text
                .chars()
                .flat_map(|letter| {
                    matches!(letter, '%' | '_' | '!').then_some('!').into_iter().chain([letter])
                })
                .collect();
            let has = |name| col(name).like(LikeExpr::new(format!("%{pattern}%")).escape('!'));
            condition = condition
                .add(col("seq").gt(end - SEARCHED))
                .add(Condition::any().add(has("actor")).add(has("action")).add(has("target")));
        }
        Ok(condition)
    }

    /// The number of the first entry at or after a moment; one more than the last when there is none.
    pub(super) async fn first_since(
        &self,
        transaction: &DatabaseTransaction,
        moment: DateTime<Utc>,
    ) -> Result<i64, StoreError> {
        let at = micros(moment);
        let query = match self.ledger {
            Ledger::Directory => Statement::from_sql_and_values(
                transaction.get_database_backend(),
                "SELECT seq FROM directory_records WHERE at_us >= $1 ORDER BY at_us, seq LIMIT 1",
                [at.into()],
            ),
            Ledger::Workspace(_) => statement(
                transaction,
                self.ledger,
                "SELECT seq FROM workspace_records WHERE workspace_id = $1 AND at_us >= $2 \
                 ORDER BY workspace_id, at_us, seq LIMIT 1",
                [at.into()],
            ),
        };
        match transaction.query_one_raw(query).await? {
            Some(row) => Ok(row.try_get("", "seq")?),
            None => Ok(length(transaction, self.ledger).await? + 1),
        }
    }
}
