//! Settings of the workspace.

use super::WorkspaceStore;
use crate::StoreError;
use crate::directory::setting_row;
use crate::entity::workspace_setting as setting;
use crate::error::bounded;
use crate::record::Entry;
use crate::seal::{Column, column};
use crate::value::micros;
use bursar_domain::Actor;
use sea_orm::sea_query::OnConflict;
use sea_orm::{ColumnTrait, DatabaseTransaction, EntityTrait, IntoActiveModel, QueryFilter};

/// Longest value, in bytes.
const MAX_VALUE: usize = 256 * 1024;

const VALUE: Column = column("workspace_settings", "value");

impl WorkspaceStore {
    /// A setting, if it was made.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn setting(&self, name: &str) -> Result<Option<String>, StoreError> {
        let transaction = self.read().await?;
        let row = setting::Entity::find_by_id((self.here(), name.to_owned())).one(&transaction).await?;
        row.map(|row| self.seal.open_text(VALUE, setting_row(name), &row.value_sealed)).transpose()
    }

    /// Changes a setting from one value to another, with an entry that says what that means: for documents that
    /// several people change.
    ///
    /// # Errors
    /// [`StoreError::Stale`] when its value is not the one given; [`StoreError::TooLarge`].
    pub async fn change_setting(
        &self,
        actor: &Actor,
        name: &str,
        before: Option<&str>,
        after: Option<&str>,
        entry: Entry,
    ) -> Result<(), StoreError> {
        bounded(name, 100, "the name of a setting", "100 bytes")?;
        let transaction = self.write().await?;
        let row = setting::Entity::find_by_id((self.here(), name.to_owned())).one(&transaction).await?;
        let present =
            row.map(|row| self.seal.open_text(VALUE, setting_row(name), &row.value_sealed)).transpose()?;
        if present.as_deref() != before {
            return Err(StoreError::Stale("setting"));
        }
        self.put_setting(&transaction, name, after).await?;
        self.commit(transaction, actor, entry).await
    }

    /// A new id for something that is kept in a document.
    ///
    /// # Errors
    /// When there is no randomness.
    pub fn new_document_id(&self) -> Result<uuid::Uuid, StoreError> {
        self.new_uuid()
    }

    /// Makes a setting, or takes it back. The record has its name and not its value.
    ///
    /// # Errors
    /// [`StoreError::TooLarge`].
    pub async fn set_setting(
        &self,
        actor: &Actor,
        name: &str,
        value: Option<&str>,
    ) -> Result<(), StoreError> {
        bounded(name, 100, "the name of a setting", "100 bytes")?;
        let transaction = self.write().await?;
        self.put_setting(&transaction, name, value).await?;
        let action = if value.is_some() { "setting.change" } else { "setting.remove" };
        self.commit(transaction, actor, Entry::done(action, name)).await
    }

    async fn put_setting(
        &self,
        transaction: &DatabaseTransaction,
        name: &str,
        value: Option<&str>,
    ) -> Result<(), StoreError> {
        match value {
            Some(value) => {
                bounded(value, MAX_VALUE, "a setting", "256 KiB")?;
                let row = setting::Model {
                    workspace_id: self.here(),
                    name: name.to_owned(),
                    value_sealed: self.seal.text(VALUE, setting_row(name), value)?,
                    changed_us: micros(self.now()),
                };
                let replace = OnConflict::columns([setting::Column::WorkspaceId, setting::Column::Name])
                    .update_columns([setting::Column::ValueSealed, setting::Column::ChangedUs])
                    .to_owned();
                setting::Entity::insert(row.into_active_model())
                    .on_conflict(replace)
                    .exec_without_returning(transaction)
                    .await?;
            }
            None => {
                setting::Entity::delete_many()
                    .filter(setting::Column::WorkspaceId.eq(self.here()))
                    .filter(setting::Column::Name.eq(name))
                    .exec(transaction)
                    .await?;
            }
        }
        Ok(())
    }
}
