//! The list of workspaces and of regions.
//!
//! A workspace is pinned to a region when it is made; no method changes that. Making one is
//! [`crate::Store::create_workspace`], which makes its keys and its storage as well.

use super::Directory;
use crate::StoreError;
use crate::database::insert;
use crate::entity::{region, workspace};
use crate::error::{bounded, changed, found};
use crate::record::Entry;
use crate::seal::{Column, column};
use crate::value::{Key, Paging, maybe_moment, micros, moment, word, words};
use bursar_domain::id::WorkspaceId;
use bursar_domain::{Actor, RegionName};
use chrono::{DateTime, Utc};
use sea_orm::sea_query::{Expr, OnConflict};
use sea_orm::{ColumnTrait, EntityTrait, IntoActiveModel, QueryFilter, QueryOrder, QuerySelect};
use serde_json::json;

const TABLE: &str = "workspaces";
const NAME: Column = column(TABLE, "name");
const MAX_NAME: usize = 200;

words! {
    /// What may be done with a workspace.
    WorkspaceState:
    /// Everything.
    Active = "active",
    /// Nothing, until it is switched on again.
    Disabled = "disabled",
    /// Nothing but to keep it after all: it will be deleted.
    Deleting = "deleting",
    /// Nothing: it is gone.
    Deleted = "deleted",
}

/// A workspace.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Workspace {
    /// Its id.
    pub id: WorkspaceId,
    /// Where its data stays.
    pub region: RegionName,
    /// What it is called.
    pub name: String,
    /// What may be done with it.
    pub state: WorkspaceState,
    /// When it was made.
    pub created_at: DateTime<Utc>,
    /// When its deletion was asked for.
    pub deletion_asked_at: Option<DateTime<Utc>>,
    /// When it will be deleted.
    pub deletion_due_at: Option<DateTime<Utc>>,
    /// When it was deleted.
    pub deleted_at: Option<DateTime<Utc>>,
}

/// A workspace to be made.
#[derive(Debug, Clone)]
pub struct NewWorkspace {
    /// Where its data will stay.
    pub region: RegionName,
    /// What it is called; at most 200 bytes.
    pub name: String,
    /// Its id, where that is given (the demo); a new one otherwise.
    pub id: Option<WorkspaceId>,
}

impl Directory {
    /// Notes that a workspace was made; its keys and storage are there.
    pub(crate) async fn add_workspace(
        &self,
        actor: &Actor,
        id: WorkspaceId,
        new: &NewWorkspace,
    ) -> Result<Workspace, StoreError> {
        bounded(&new.name, MAX_NAME, "a name", "200 bytes")?;
        let row = workspace::Model {
            id: id.uuid(),
            region: new.region.to_string(),
            name_sealed: self.seal.text(NAME, id.uuid(), &new.name)?,
            state: WorkspaceState::Active.to_string(),
            created_us: micros(self.now()),
            deletion_asked_us: None,
            deletion_due_us: None,
            deleted_us: None,
        };
        let transaction = self.write().await?;
        insert(&transaction, row.clone()).await?;
        let entry = Entry::done("workspace.create", id).about(id).with(json!({ "region": new.region }));
        self.commit(transaction, actor, entry).await?;
        self.workspace_of(row)
    }

    /// The workspace, in whatever state.
    ///
    /// # Errors
    /// [`StoreError::NotFound`].
    pub async fn workspace(&self, id: WorkspaceId) -> Result<Workspace, StoreError> {
        let transaction = self.read().await?;
        let row = workspace::Entity::find_by_id(id.uuid()).one(&transaction).await?;
        self.workspace_of(found(row, "workspace")?)
    }

    /// Workspaces in any state, in the order they were made.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn workspaces(&self, paging: Paging<WorkspaceId>) -> Result<Vec<Workspace>, StoreError> {
        let transaction = self.read().await?;
        let mut query = workspace::Entity::find().order_by_asc(workspace::Column::Id).limit(paging.limit());
        if let Some(after) = paging.after {
            query = query.filter(workspace::Column::Id.gt(after.uuid()));
        }
        let rows = query.all(&transaction).await?;
        rows.into_iter().map(|row| self.workspace_of(row)).collect()
    }

    /// Changes what a workspace is called.
    ///
    /// # Errors
    /// [`StoreError::NotFound`].
    pub async fn rename_workspace(
        &self,
        actor: &Actor,
        id: WorkspaceId,
        name: &str,
    ) -> Result<(), StoreError> {
        bounded(name, MAX_NAME, "a name", "200 bytes")?;
        let sealed = self.seal.text(NAME, id.uuid(), name)?;
        let entry = Entry::done("workspace.rename", id);
        let change = [(workspace::Column::NameSealed, Expr::value(sealed))];
        self.change_workspace(actor, id, &[WorkspaceState::Active, WorkspaceState::Disabled], change, entry)
            .await
    }

    /// Switches a workspace off or on again.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] when it is not there or is being deleted.
    pub async fn set_workspace_enabled(
        &self,
        actor: &Actor,
        id: WorkspaceId,
        enabled: bool,
    ) -> Result<(), StoreError> {
        let (state, action) = if enabled {
            (WorkspaceState::Active, "workspace.switch-on")
        } else {
            (WorkspaceState::Disabled, "workspace.switch-off")
        };
        let change = [(workspace::Column::State, Expr::value(state.as_str()))];
        let from = [WorkspaceState::Active, WorkspaceState::Disabled];
        self.change_workspace(actor, id, &from, change, Entry::done(action, id)).await
    }

    /// Begins the time of grace before a deletion. Nobody may enter from then on.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] when it is not there or being deleted already.
    pub async fn ask_workspace_deletion(
        &self,
        actor: &Actor,
        id: WorkspaceId,
        due: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        let change = [
            (workspace::Column::State, Expr::value(WorkspaceState::Deleting.as_str())),
            (workspace::Column::DeletionAskedUs, Expr::value(micros(self.now()))),
            (workspace::Column::DeletionDueUs, Expr::value(micros(due))),
        ];
        let from = [WorkspaceState::Active, WorkspaceState::Disabled];
        let entry = Entry::done("workspace.ask-deletion", id).with(json!({ "due": due }));
        self.change_workspace(actor, id, &from, change, entry).await
    }

    /// Keeps a workspace after all, while its time of grace lasts.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] when no deletion was asked for.
    pub async fn keep_workspace(&self, actor: &Actor, id: WorkspaceId) -> Result<(), StoreError> {
        let none: Option<i64> = None;
        let change = [
            (workspace::Column::State, Expr::value(WorkspaceState::Active.as_str())),
            (workspace::Column::DeletionAskedUs, Expr::value(none)),
            (workspace::Column::DeletionDueUs, Expr::value(none)),
        ];
        let entry = Entry::done("workspace.keep", id);
        self.change_workspace(actor, id, &[WorkspaceState::Deleting], change, entry).await
    }

    /// Workspaces whose deletion is due.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn workspaces_due_for_deletion(&self) -> Result<Vec<WorkspaceId>, StoreError> {
        let transaction = self.read().await?;
        let rows = workspace::Entity::find()
            .filter(workspace::Column::State.eq(WorkspaceState::Deleting.as_str()))
            .filter(workspace::Column::DeletionDueUs.lte(micros(self.now())))
            .limit(crate::value::MAX_PAGE)
            .all(&transaction)
            .await?;
        Ok(rows.into_iter().map(|row| WorkspaceId::from_uuid(row.id)).collect())
    }

    /// Notes that a workspace's keys and bytes are gone. Its name goes with them.
    pub(crate) async fn workspace_is_deleted(
        &self,
        actor: &Actor,
        id: WorkspaceId,
    ) -> Result<(), StoreError> {
        let change = [
            (workspace::Column::State, Expr::value(WorkspaceState::Deleted.as_str())),
            (workspace::Column::DeletedUs, Expr::value(micros(self.now()))),
            (workspace::Column::NameSealed, Expr::value(self.seal.text(NAME, id.uuid(), "")?)),
        ];
        let entry = Entry::done("workspace.delete", id);
        self.change_workspace(actor, id, &[WorkspaceState::Deleting], change, entry).await
    }

    async fn change_workspace<const N: usize>(
        &self,
        actor: &Actor,
        id: WorkspaceId,
        from: &[WorkspaceState],
        change: [(workspace::Column, Expr); N],
        entry: Entry,
    ) -> Result<(), StoreError> {
        let transaction = self.write().await?;
        let update = workspace::Entity::update_many()
            .filter(workspace::Column::Id.eq(id.uuid()))
            .filter(workspace::Column::State.is_in(from.iter().map(|state| state.as_str())));
        let update =
            change.into_iter().fold(update, |update, (column, value)| update.col_expr(column, value));
        changed(update.exec(&transaction).await?.rows_affected, "workspace")?;
        self.commit(transaction, actor, entry.about(id)).await
    }

    /// The regions that workspaces have been or can be made in.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn regions(&self) -> Result<Vec<RegionName>, StoreError> {
        let transaction = self.read().await?;
        let rows = region::Entity::find().order_by_asc(region::Column::Name).all(&transaction).await?;
        rows.into_iter().map(|row| word(&row.name, "regions")).collect()
    }

    /// Notes a region of the configuration. Not recorded: the configuration says it.
    pub(crate) async fn note_region(&self, name: &RegionName) -> Result<(), StoreError> {
        let row = region::Model { name: name.to_string(), added_us: micros(self.now()) };
        let transaction = self.write().await?;
        region::Entity::insert(row.into_active_model())
            .on_conflict(OnConflict::column(region::Column::Name).do_nothing().to_owned())
            .exec_without_returning(&transaction)
            .await?;
        crate::database::commit(transaction).await
    }

    fn workspace_of(&self, row: workspace::Model) -> Result<Workspace, StoreError> {
        Ok(Workspace {
            id: WorkspaceId::from_uuid(row.id),
            region: word(&row.region, TABLE)?,
            name: self.seal.open_text(NAME, row.id, &row.name_sealed)?,
            state: row.state.parse()?,
            created_at: moment(row.created_us, TABLE)?,
            deletion_asked_at: maybe_moment(row.deletion_asked_us, TABLE)?,
            deletion_due_at: maybe_moment(row.deletion_due_us, TABLE)?,
            deleted_at: maybe_moment(row.deleted_us, TABLE)?,
        })
    }
}
