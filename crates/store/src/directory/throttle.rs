//! Counting failed sign-ins. What follows from a count is decided where people are identified.
//!
//! Keys are digests of what is counted (an account with an address, an address), so that what was
//! typed into the wrong field is not kept.

use super::Directory;
use crate::StoreError;
use crate::entity::throttle;
use crate::value::{maybe_moment, micros, moment};
use chrono::{DateTime, Utc};
use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, Statement};

const TABLE: &str = "sign_in_throttle";

/// What was counted for a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Throttle {
    /// Failures in a row.
    pub failures: u64,
    /// When the last one was.
    pub last_at: DateTime<Utc>,
    /// Nothing is tried before.
    pub until: Option<DateTime<Utc>>,
}

impl Directory {
    /// What was counted for a key, if anything.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn throttle(&self, key: &[u8; 32]) -> Result<Option<Throttle>, StoreError> {
        let transaction = self.read().await?;
        let row = throttle::Entity::find_by_id(key.to_vec()).one(&transaction).await?;
        row.map(throttle_of).transpose()
    }

    /// Counts a failure; failures before `forget_before` no longer count. Many at once are all
    /// counted. Not recorded; see [`Directory::note`].
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn count_failure(
        &self,
        key: &[u8; 32],
        forget_before: DateTime<Utc>,
    ) -> Result<Throttle, StoreError> {
        let now = self.now();
        let transaction = self.write().await?;
        let backend = transaction.get_database_backend();
        let count = Statement::from_sql_and_values(
            backend,
            "INSERT INTO sign_in_throttle (key_digest, failures, last_us, until_us) VALUES ($1, 1, $2, NULL) \
             ON CONFLICT (key_digest) DO UPDATE SET \
             failures = CASE WHEN sign_in_throttle.last_us < $3 THEN 1 ELSE sign_in_throttle.failures + 1 END, \
             until_us = CASE WHEN sign_in_throttle.last_us < $3 THEN NULL ELSE sign_in_throttle.until_us END, \
             last_us = $2",
            [key.to_vec().into(), micros(now).into(), micros(forget_before).into()],
        );
        transaction.execute_raw(count).await?;
        let row = throttle::Entity::find_by_id(key.to_vec()).one(&transaction).await?;
        crate::database::commit(transaction).await?;
        throttle_of(row.ok_or(StoreError::Damaged { table: TABLE, what: "a count vanished" })?)
    }

    /// Nothing is tried for a key before this moment; an earlier one does not shorten a later.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn hold_back(&self, key: &[u8; 32], until: DateTime<Utc>) -> Result<(), StoreError> {
        let transaction = self.write().await?;
        let later = sea_orm::Condition::any()
            .add(throttle::Column::UntilUs.is_null())
            .add(throttle::Column::UntilUs.lt(micros(until)));
        throttle::Entity::update_many()
            .col_expr(throttle::Column::UntilUs, Expr::value(micros(until)))
            .filter(throttle::Column::KeyDigest.eq(key.to_vec()))
            .filter(later)
            .exec(&transaction)
            .await?;
        crate::database::commit(transaction).await
    }

    /// Forgets a key, after a success or by an administrator.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn clear_throttle(&self, key: &[u8; 32]) -> Result<(), StoreError> {
        let transaction = self.write().await?;
        throttle::Entity::delete_many()
            .filter(throttle::Column::KeyDigest.eq(key.to_vec()))
            .exec(&transaction)
            .await?;
        crate::database::commit(transaction).await
    }

    /// Forgets keys whose last failure was before this moment. How many.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn sweep_throttle(&self, before: DateTime<Utc>) -> Result<u64, StoreError> {
        let transaction = self.write().await?;
        let rows = throttle::Entity::delete_many()
            .filter(throttle::Column::LastUs.lt(micros(before)))
            .exec(&transaction)
            .await?;
        crate::database::commit(transaction).await?;
        Ok(rows.rows_affected)
    }
}

fn throttle_of(row: throttle::Model) -> Result<Throttle, StoreError> {
    Ok(Throttle {
        failures: u64::try_from(row.failures).unwrap_or_default(),
        last_at: moment(row.last_us, TABLE)?,
        until: maybe_moment(row.until_us, TABLE)?,
    })
}
