//! Rate limits that replicas share.
//!
//! One number per key, the *theoretical arrival time* of the generic cell rate algorithm (ITU-T
//! I.371): a request moves it on by its cost and is refused when it would be further ahead
//! of now than the burst. One statement decides, whoever else asks at the same time.

use super::Directory;
use crate::StoreError;
use crate::entity::rate_limit;
use crate::value::{micros, span};
use chrono::{DateTime, TimeDelta, Utc};
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, Statement};

/// A limit: `requests` in `per`, all of them at once if need be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limit {
    /// How many, at least one.
    pub requests: u32,
    /// In how long.
    pub per: TimeDelta,
}

/// What a limit says to one request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Allowance {
    /// Whether it may go on.
    pub allowed: bool,
    /// How many more may follow at once.
    pub remaining: u32,
    /// When the next one may go on, if none may now.
    pub retry_after: TimeDelta,
    /// When all of them may again.
    pub reset_after: TimeDelta,
}

impl Directory {
    /// Asks for one request of a key (SHA-256 of whom and what is limited). Not recorded.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn take(&self, key: &[u8; 32], limit: Limit) -> Result<Allowance, StoreError> {
        let requests = i64::from(limit.requests.max(1));
        let (burst, now) = (span(limit.per).max(1), micros(self.now()));
        let cost = (burst / requests).max(1);
        let transaction = self.write().await?;
        let backend = transaction.get_database_backend();
        let later = "CASE WHEN rate_limits.arrival_us > $2 THEN rate_limits.arrival_us ELSE $2 END";
        let take = Statement::from_sql_and_values(
            backend,
            format!(
                "INSERT INTO rate_limits (key_digest, arrival_us) VALUES ($1, $2 + $3) \
                 ON CONFLICT (key_digest) DO UPDATE SET arrival_us = {later} + $3 \
                 WHERE {later} + $3 - $2 <= $4"
            ),
            [key.to_vec().into(), now.into(), cost.into(), burst.into()],
        );
        let allowed = transaction.execute_raw(take).await?.rows_affected() > 0;
        let row = rate_limit::Entity::find_by_id(key.to_vec()).one(&transaction).await?;
        crate::database::commit(transaction).await?;
        let ahead = row.map_or(0, |row| row.arrival_us - now).max(0);
        let remaining = ((burst - ahead) / cost).clamp(0, requests);
        Ok(Allowance {
            allowed,
            remaining: u32::try_from(remaining).unwrap_or_default(),
            retry_after: TimeDelta::microseconds((ahead + cost - burst).max(0)),
            reset_after: TimeDelta::microseconds(ahead),
        })
    }

    /// Forgets keys that have been whole since before this moment. How many.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn sweep_limits(&self, before: DateTime<Utc>) -> Result<u64, StoreError> {
        let transaction = self.write().await?;
        let rows = rate_limit::Entity::delete_many()
            .filter(rate_limit::Column::ArrivalUs.lt(micros(before)))
            .exec(&transaction)
            .await?;
        crate::database::commit(transaction).await?;
        Ok(rows.rows_affected)
    }
}
