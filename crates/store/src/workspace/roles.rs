//! Roles that the workspace made for itself.

use super::WorkspaceStore;
use crate::StoreError;
use crate::database::insert;
use crate::entity::custom_role;
use crate::error::{bounded, changed, found};
use crate::record::Entry;
use crate::value::{Key, list, micros, moment, unlist};
use bursar_domain::id::RoleId;
use bursar_domain::{Action, Actor, Page, RoleName};
use chrono::{DateTime, Utc};
use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect};
use serde_json::json;

const TABLE: &str = "custom_roles";

/// A role of the workspace's own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CustomRole {
    /// Its id.
    pub id: RoleId,
    /// What it is called.
    pub name: String,
    /// What it may open.
    pub pages: Vec<Page>,
    /// What it may do.
    pub actions: Vec<Action>,
    /// When it was last changed.
    pub changed_at: DateTime<Utc>,
}

/// A role to be made, or what one is changed to.
#[derive(Debug, Clone)]
pub struct NewCustomRole {
    /// What it is called; at most 256 bytes, once per workspace.
    pub name: String,
    /// What it may open.
    pub pages: Vec<Page>,
    /// What it may do.
    pub actions: Vec<Action>,
}

impl WorkspaceStore {
    /// Makes a role.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] when the name is taken.
    pub async fn add_role(&self, actor: &Actor, new: NewCustomRole) -> Result<CustomRole, StoreError> {
        bounded(&new.name, 256, "the name of a role", "256 bytes")?;
        let id = self.new_uuid()?;
        let row = custom_role::Model {
            workspace_id: self.here(),
            id,
            name: new.name,
            pages: list(&new.pages),
            actions: list(&new.actions),
            changed_us: micros(self.now()),
        };
        let transaction = self.write().await?;
        insert(&transaction, row.clone()).await?;
        let entry = Entry::done("role.add", RoleId::from_uuid(id))
            .with(json!({ "name": row.name, "pages": new.pages, "actions": new.actions }));
        self.commit(transaction, actor, entry).await?;
        role_of(row)
    }

    /// The role.
    ///
    /// # Errors
    /// [`StoreError::NotFound`].
    pub async fn role(&self, id: RoleId) -> Result<CustomRole, StoreError> {
        let transaction = self.read().await?;
        let row = custom_role::Entity::find_by_id((self.here(), id.uuid())).one(&transaction).await?;
        role_of(found(row, "role")?)
    }

    /// The workspace's own roles by name; at most 1,000.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn roles(&self) -> Result<Vec<CustomRole>, StoreError> {
        let transaction = self.read().await?;
        let rows = custom_role::Entity::find()
            .filter(custom_role::Column::WorkspaceId.eq(self.here()))
            .order_by_asc(custom_role::Column::Name)
            .limit(crate::value::MAX_PAGE)
            .all(&transaction)
            .await?;
        rows.into_iter().map(role_of).collect()
    }

    /// Changes a role. Whoever has it may what it says from their next request on.
    ///
    /// # Errors
    /// [`StoreError::NotFound`], and [`StoreError::Conflict`] when the name is taken.
    pub async fn change_role(&self, actor: &Actor, id: RoleId, new: NewCustomRole) -> Result<(), StoreError> {
        bounded(&new.name, 256, "the name of a role", "256 bytes")?;
        let transaction = self.write().await?;
        let rows = custom_role::Entity::update_many()
            .col_expr(custom_role::Column::Name, Expr::value(new.name.clone()))
            .col_expr(custom_role::Column::Pages, Expr::value(list(&new.pages)))
            .col_expr(custom_role::Column::Actions, Expr::value(list(&new.actions)))
            .col_expr(custom_role::Column::ChangedUs, Expr::value(micros(self.now())))
            .filter(custom_role::Column::WorkspaceId.eq(self.here()))
            .filter(custom_role::Column::Id.eq(id.uuid()))
            .exec(&transaction)
            .await?;
        changed(rows.rows_affected, "role")?;
        let entry = Entry::done("role.change", id)
            .with(json!({ "name": new.name, "pages": new.pages, "actions": new.actions }));
        self.commit(transaction, actor, entry).await
    }

    /// Removes a role that nobody has. A membership that is given the role at the same moment keeps
    /// a role that is no more, which permits nothing.
    ///
    /// # Errors
    /// [`StoreError::NotFound`], and [`StoreError::Conflict`] while members have it.
    pub async fn remove_role(&self, actor: &Actor, id: RoleId) -> Result<(), StoreError> {
        if self.directory.role_is_used(self.workspace, RoleName::Custom(id)).await? {
            return Err(StoreError::Conflict("members have this role: give them another one first"));
        }
        let transaction = self.write().await?;
        let rows = custom_role::Entity::delete_many()
            .filter(custom_role::Column::WorkspaceId.eq(self.here()))
            .filter(custom_role::Column::Id.eq(id.uuid()))
            .exec(&transaction)
            .await?;
        changed(rows.rows_affected, "role")?;
        self.commit(transaction, actor, Entry::done("role.remove", id)).await
    }

    /// Refuses a role that is neither built in nor this workspace's own.
    pub(super) async fn known_role(&self, role: RoleName) -> Result<(), StoreError> {
        match role {
            RoleName::BuiltIn(_) => Ok(()),
            RoleName::Custom(id) => self.role(id).await.map(drop),
        }
    }
}

fn role_of(row: custom_role::Model) -> Result<CustomRole, StoreError> {
    Ok(CustomRole {
        id: RoleId::from_uuid(row.id),
        name: row.name,
        pages: unlist(&row.pages, TABLE)?,
        actions: unlist(&row.actions, TABLE)?,
        changed_at: moment(row.changed_us, TABLE)?,
    })
}
