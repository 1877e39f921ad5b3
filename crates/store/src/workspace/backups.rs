//! The list of backups. Making and reading them is not the store's.

use super::WorkspaceStore;
use crate::StoreError;
use crate::database::insert;
use crate::entity::backup;
use crate::error::{bounded, changed, found};
use crate::record::Entry;
use crate::seal::{Column, column};
use crate::value::{Key, maybe_moment, micros, moment};
use bursar_domain::Actor;
use bursar_domain::id::BackupId;
use chrono::{DateTime, Utc};
use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect};
use serde_json::json;

const TABLE: &str = "backups";
const LOCATION: Column = column(TABLE, "location");

/// A backup.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Backup {
    /// Its id.
    pub id: BackupId,
    /// Where it lies.
    pub location: String,
    /// SHA-256 of its bytes.
    pub digest: Vec<u8>,
    /// Its length in bytes.
    pub size_bytes: u64,
    /// The number of the last record that is in it: the moment it restores to.
    pub last_seq: i64,
    /// When it was taken.
    pub taken_at: DateTime<Utc>,
    /// When it was read back and found whole.
    pub verified_at: Option<DateTime<Utc>>,
    /// It may be removed from then on.
    pub expires_at: Option<DateTime<Utc>>,
    /// When it was removed.
    pub removed_at: Option<DateTime<Utc>>,
}

/// A backup that was written.
#[derive(Debug, Clone)]
pub struct NewBackup {
    /// Its id, where the backup names itself; a new one otherwise.
    pub id: Option<BackupId>,
    /// Where it lies; at most 4 KiB.
    pub location: String,
    /// SHA-256 of its bytes.
    pub digest: [u8; 32],
    /// Its length in bytes.
    pub size_bytes: u64,
    /// The number of the last record that is in it.
    pub last_seq: i64,
    /// When it was taken.
    pub taken_at: DateTime<Utc>,
    /// It may be removed from then on.
    pub expires_at: Option<DateTime<Utc>>,
}

impl WorkspaceStore {
    /// An id for a backup, which names itself.
    ///
    /// # Errors
    /// When there is no randomness.
    pub fn new_backup_id(&self) -> Result<BackupId, StoreError> {
        self.new_uuid().map(BackupId::from_uuid)
    }

    /// Notes a backup.
    ///
    /// # Errors
    /// [`StoreError::TooLarge`].
    pub async fn add_backup(&self, actor: &Actor, new: NewBackup) -> Result<Backup, StoreError> {
        bounded(&new.location, 4096, "a location", "4 KiB")?;
        let id = match new.id {
            Some(id) => id.uuid(),
            None => self.new_uuid()?,
        };
        let row = backup::Model {
            workspace_id: self.here(),
            id,
            location_sealed: self.seal.text(LOCATION, id, &new.location)?,
            digest: new.digest.to_vec(),
            size_bytes: i64::try_from(new.size_bytes).unwrap_or(i64::MAX),
            last_seq: new.last_seq,
            taken_us: micros(new.taken_at),
            verified_us: None,
            expires_us: new.expires_at.map(micros),
            removed_us: None,
        };
        let transaction = self.write().await?;
        insert(&transaction, row.clone()).await?;
        let entry = Entry::done("backup.take", BackupId::from_uuid(id))
            .with(json!({ "size_bytes": new.size_bytes, "last_seq": new.last_seq }));
        self.commit(transaction, actor, entry).await?;
        self.backup_of(row)
    }

    /// The backups that were not removed, newest first; at most 1,000.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn backups(&self) -> Result<Vec<Backup>, StoreError> {
        let transaction = self.read().await?;
        let rows = backup::Entity::find()
            .filter(backup::Column::WorkspaceId.eq(self.here()))
            .filter(backup::Column::RemovedUs.is_null())
            .order_by_desc(backup::Column::Id)
            .limit(crate::value::MAX_PAGE)
            .all(&transaction)
            .await?;
        rows.into_iter().map(|row| self.backup_of(row)).collect()
    }

    /// The backup.
    ///
    /// # Errors
    /// [`StoreError::NotFound`].
    pub async fn backup(&self, id: BackupId) -> Result<Backup, StoreError> {
        let transaction = self.read().await?;
        let row = backup::Entity::find_by_id((self.here(), id.uuid())).one(&transaction).await?;
        self.backup_of(found(row, "backup")?)
    }

    /// Notes that a backup was read back and found whole.
    ///
    /// # Errors
    /// [`StoreError::NotFound`].
    pub async fn backup_verified(&self, actor: &Actor, id: BackupId) -> Result<(), StoreError> {
        self.note_backup(actor, id, backup::Column::VerifiedUs, "backup.verify").await
    }

    /// Notes that a backup was removed.
    ///
    /// # Errors
    /// [`StoreError::NotFound`].
    pub async fn backup_removed(&self, actor: &Actor, id: BackupId) -> Result<(), StoreError> {
        self.note_backup(actor, id, backup::Column::RemovedUs, "backup.remove").await
    }

    async fn note_backup(
        &self,
        actor: &Actor,
        id: BackupId,
        column: backup::Column,
        action: &str,
    ) -> Result<(), StoreError> {
        let transaction = self.write().await?;
        let rows = backup::Entity::update_many()
            .col_expr(column, Expr::value(micros(self.now())))
            .filter(backup::Column::WorkspaceId.eq(self.here()))
            .filter(backup::Column::Id.eq(id.uuid()))
            .filter(backup::Column::RemovedUs.is_null())
            .exec(&transaction)
            .await?;
        changed(rows.rows_affected, "backup")?;
        self.commit(transaction, actor, Entry::done(action, id)).await
    }

    fn backup_of(&self, row: backup::Model) -> Result<Backup, StoreError> {
        Ok(Backup {
            id: BackupId::from_uuid(row.id),
            location: self.seal.open_text(LOCATION, row.id, &row.location_sealed)?,
            digest: row.digest,
            size_bytes: u64::try_from(row.size_bytes).unwrap_or_default(),
            last_seq: row.last_seq,
            taken_at: moment(row.taken_us, TABLE)?,
            verified_at: maybe_moment(row.verified_us, TABLE)?,
            expires_at: maybe_moment(row.expires_us, TABLE)?,
            removed_at: maybe_moment(row.removed_us, TABLE)?,
        })
    }
}
