//! Cloud credentials: Fernet tokens under the workspace's credential key, which the keyring makes.
//!
//! The store keeps the tokens and refuses anything else; it never sees what is in them.

use super::WorkspaceStore;
use crate::StoreError;
use crate::database::Reach;
use crate::entity::credential;
use crate::error::{bounded, changed};
use crate::record::Entry;
use crate::value::micros;
use bursar_domain::Actor;
use sea_orm::sea_query::{Expr, OnConflict};
use sea_orm::{ColumnTrait, EntityTrait, IntoActiveModel, QueryFilter, QueryOrder, QuerySelect};

/// What every Fernet token begins with: version 0x80 and the first bits of a time, in base64url.
const FERNET: &str = "gAAAA";

impl WorkspaceStore {
    /// Keeps a credential, as the token that the workspace's keys made of it.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] when it is no Fernet token.
    pub async fn set_credential(&self, actor: &Actor, name: &str, token: &str) -> Result<(), StoreError> {
        bounded(name, 200, "the name of a credential", "200 bytes")?;
        bounded(token, 64 * 1024, "a credential", "64 KiB")?;
        if !token.starts_with(FERNET) {
            return Err(StoreError::Conflict("a credential is kept as a Fernet token only"));
        }
        let row = credential::Model {
            workspace_id: self.here(),
            name: name.to_owned(),
            fernet_token: token.to_owned(),
            changed_us: micros(self.now()),
        };
        let replace = OnConflict::columns([credential::Column::WorkspaceId, credential::Column::Name])
            .update_columns([credential::Column::FernetToken, credential::Column::ChangedUs])
            .to_owned();
        let transaction = self.write().await?;
        credential::Entity::insert(row.into_active_model())
            .on_conflict(replace)
            .exec_without_returning(&transaction)
            .await?;
        self.commit(transaction, actor, Entry::done("credential.set", name)).await
    }

    /// The Fernet token of a credential, if there is one.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn credential(&self, name: &str) -> Result<Option<String>, StoreError> {
        let transaction = self.read().await?;
        let row = credential::Entity::find_by_id((self.here(), name.to_owned())).one(&transaction).await?;
        Ok(row.map(|row| row.fernet_token))
    }

    /// The names of the credentials; at most 1,000.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn credentials(&self) -> Result<Vec<String>, StoreError> {
        let transaction = self.read().await?;
        let rows = credential::Entity::find()
            .filter(credential::Column::WorkspaceId.eq(self.here()))
            .order_by_asc(credential::Column::Name)
            .limit(crate::value::MAX_PAGE)
            .all(&transaction)
            .await?;
        Ok(rows.into_iter().map(|row| row.name).collect())
    }

    /// Seals anew what older keys sealed: fields, and credentials. How many.
    pub(crate) async fn reseal(&self) -> Result<u64, StoreError> {
        let (reach, tables) = (Reach::workspace(self.workspace), crate::reseal::WORKSPACE);
        let mut resealed =
            crate::reseal::reseal(&self.database, &self.seal, reach, Some(self.here()), tables).await?;
        let sealer = self.keys.fernet();
        for name in self.credentials().await? {
            let Some(token) = self.credential(&name).await? else { continue };
            // What these keys did not make is left as it is: nobody can open it.
            if !sealer.is_outdated(&token, self.now()).unwrap_or(false) {
                continue;
            }
            let refused =
                |_| StoreError::Damaged { table: "credentials", what: "a credential does not open" };
            let new = sealer.reseal(&token, self.now()).map_err(refused)?;
            let transaction = self.write().await?;
            resealed += credential::Entity::update_many()
                .col_expr(credential::Column::FernetToken, Expr::value(new))
                .filter(credential::Column::WorkspaceId.eq(self.here()))
                .filter(credential::Column::Name.eq(name))
                .filter(credential::Column::FernetToken.eq(token))
                .exec(&transaction)
                .await?
                .rows_affected;
            crate::database::commit(transaction).await?;
        }
        Ok(resealed)
    }

    /// Removes a credential.
    ///
    /// # Errors
    /// [`StoreError::NotFound`].
    pub async fn remove_credential(&self, actor: &Actor, name: &str) -> Result<(), StoreError> {
        let transaction = self.write().await?;
        let rows = credential::Entity::delete_many()
            .filter(credential::Column::WorkspaceId.eq(self.here()))
            .filter(credential::Column::Name.eq(name))
            .exec(&transaction)
            .await?;
        changed(rows.rows_affected, "credential")?;
        self.commit(transaction, actor, Entry::done("credential.remove", name)).await
    }
}
