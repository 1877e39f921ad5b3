//! Teams: some members, and what of the charges they see.

use super::WorkspaceStore;
use crate::StoreError;
use crate::database::insert;
use crate::entity::{team, team_member};
use crate::error::{bounded, changed, found};
use crate::record::Entry;
use crate::seal::{Column, column};
use crate::value::{Key, json as to_json, micros, moment, unjson};
use bursar_domain::id::{AccountId, TeamId};
use bursar_domain::{Actor, Scope};
use chrono::{DateTime, Utc};
use sea_orm::sea_query::{Expr, OnConflict};
use sea_orm::{ColumnTrait, EntityTrait, IntoActiveModel, QueryFilter, QueryOrder, QuerySelect};
use serde_json::json;

const TABLE: &str = "teams";
const SCOPE: Column = column(TABLE, "scope");
const MAX_SCOPE: usize = 1 << 20;

/// A team.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Team {
    /// Its id.
    pub id: TeamId,
    /// What it is called.
    pub name: String,
    /// What its members see.
    pub scope: Scope,
    /// When it was last changed.
    pub changed_at: DateTime<Utc>,
}

/// A team to be made, or what one is changed to.
#[derive(Debug, Clone)]
pub struct NewTeam {
    /// What it is called; at most 256 bytes, once per workspace.
    pub name: String,
    /// What its members see.
    pub scope: Scope,
}

impl WorkspaceStore {
    /// Makes a team.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] when the name is taken.
    pub async fn add_team(&self, actor: &Actor, new: NewTeam) -> Result<Team, StoreError> {
        let id = self.new_uuid()?;
        let row = team::Model {
            workspace_id: self.here(),
            id,
            scope_sealed: self.sealed_scope(id, &new)?,
            name: new.name,
            changed_us: micros(self.now()),
        };
        let transaction = self.write().await?;
        insert(&transaction, row.clone()).await?;
        let entry = Entry::done("team.add", TeamId::from_uuid(id))
            .with(json!({ "name": row.name, "scope": new.scope }));
        self.commit(transaction, actor, entry).await?;
        self.team_of(row)
    }

    /// The team.
    ///
    /// # Errors
    /// [`StoreError::NotFound`].
    pub async fn team(&self, id: TeamId) -> Result<Team, StoreError> {
        let transaction = self.read().await?;
        let row = team::Entity::find_by_id((self.here(), id.uuid())).one(&transaction).await?;
        self.team_of(found(row, "team")?)
    }

    /// The teams by name; at most 1,000.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn teams(&self) -> Result<Vec<Team>, StoreError> {
        let transaction = self.read().await?;
        let rows = team::Entity::find()
            .filter(team::Column::WorkspaceId.eq(self.here()))
            .order_by_asc(team::Column::Name)
            .limit(crate::value::MAX_PAGE)
            .all(&transaction)
            .await?;
        rows.into_iter().map(|row| self.team_of(row)).collect()
    }

    /// Changes a team. Its members see what it says from their next request on.
    ///
    /// # Errors
    /// [`StoreError::NotFound`], and [`StoreError::Conflict`] when the name is taken.
    pub async fn change_team(&self, actor: &Actor, id: TeamId, new: NewTeam) -> Result<(), StoreError> {
        let sealed = self.sealed_scope(id.uuid(), &new)?;
        let transaction = self.write().await?;
        let rows = team::Entity::update_many()
            .col_expr(team::Column::Name, Expr::value(new.name.clone()))
            .col_expr(team::Column::ScopeSealed, Expr::value(sealed))
            .col_expr(team::Column::ChangedUs, Expr::value(micros(self.now())))
            .filter(team::Column::WorkspaceId.eq(self.here()))
            .filter(team::Column::Id.eq(id.uuid()))
            .exec(&transaction)
            .await?;
        changed(rows.rows_affected, "team")?;
        let entry = Entry::done("team.change", id).with(json!({ "name": new.name, "scope": new.scope }));
        self.commit(transaction, actor, entry).await
    }

    /// Removes a team and who was in it. Whoever was in no other team sees everything that their
    /// role allows from then on.
    ///
    /// # Errors
    /// [`StoreError::NotFound`].
    pub async fn remove_team(&self, actor: &Actor, id: TeamId) -> Result<(), StoreError> {
        let transaction = self.write().await?;
        let rows = team::Entity::delete_many()
            .filter(team::Column::WorkspaceId.eq(self.here()))
            .filter(team::Column::Id.eq(id.uuid()))
            .exec(&transaction)
            .await?;
        changed(rows.rows_affected, "team")?;
        self.commit(transaction, actor, Entry::done("team.remove", id)).await
    }

    /// Puts a member into a team; nothing happens when it is in there already.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] when either is not this workspace's.
    pub async fn join_team(&self, actor: &Actor, id: TeamId, account: AccountId) -> Result<(), StoreError> {
        self.directory.membership(self.workspace, account).await?;
        let row = team_member::Model {
            workspace_id: self.here(),
            team_id: id.uuid(),
            account_id: account.uuid(),
            added_us: micros(self.now()),
        };
        let transaction = self.write().await?;
        found(team::Entity::find_by_id((self.here(), id.uuid())).one(&transaction).await?, "team")?;
        let key =
            [team_member::Column::WorkspaceId, team_member::Column::TeamId, team_member::Column::AccountId];
        let added = team_member::Entity::insert(row.into_active_model())
            .on_conflict(OnConflict::columns(key).do_nothing().to_owned())
            .exec_without_returning(&transaction)
            .await?;
        if added == 0 {
            return Ok(());
        }
        let entry = Entry::done("team.join", id).with(json!({ "account": account }));
        self.commit(transaction, actor, entry).await
    }

    /// Takes a member out of a team.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] when it is not in there.
    pub async fn leave_team(&self, actor: &Actor, id: TeamId, account: AccountId) -> Result<(), StoreError> {
        let transaction = self.write().await?;
        let rows = team_member::Entity::delete_many()
            .filter(team_member::Column::WorkspaceId.eq(self.here()))
            .filter(team_member::Column::TeamId.eq(id.uuid()))
            .filter(team_member::Column::AccountId.eq(account.uuid()))
            .exec(&transaction)
            .await?;
        changed(rows.rows_affected, "team member")?;
        let entry = Entry::done("team.leave", id).with(json!({ "account": account }));
        self.commit(transaction, actor, entry).await
    }

    /// Who is in a team.
    ///
    /// # Errors
    /// [`StoreError::NotFound`].
    pub async fn team_members(&self, id: TeamId) -> Result<Vec<AccountId>, StoreError> {
        let transaction = self.read().await?;
        found(team::Entity::find_by_id((self.here(), id.uuid())).one(&transaction).await?, "team")?;
        let rows = team_member::Entity::find()
            .filter(team_member::Column::WorkspaceId.eq(self.here()))
            .filter(team_member::Column::TeamId.eq(id.uuid()))
            .order_by_asc(team_member::Column::AccountId)
            .all(&transaction)
            .await?;
        Ok(rows.into_iter().map(|row| AccountId::from_uuid(row.account_id)).collect())
    }

    /// A member's teams and what they let it see: everything without a team.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn scope_of(&self, account: AccountId) -> Result<(Vec<TeamId>, Scope), StoreError> {
        let transaction = self.read().await?;
        let memberships = team_member::Entity::find()
            .filter(team_member::Column::WorkspaceId.eq(self.here()))
            .filter(team_member::Column::AccountId.eq(account.uuid()))
            .order_by_asc(team_member::Column::TeamId)
            .all(&transaction)
            .await?;
        if memberships.is_empty() {
            return Ok((Vec::new(), Scope::All));
        }
        let ids: Vec<_> = memberships.iter().map(|row| row.team_id).collect();
        let teams = team::Entity::find()
            .filter(team::Column::WorkspaceId.eq(self.here()))
            .filter(team::Column::Id.is_in(ids.clone()))
            .order_by_asc(team::Column::Id)
            .all(&transaction)
            .await?;
        let mut scope = Scope::nothing();
        for row in teams {
            scope = scope.or(self.team_of(row)?.scope);
        }
        Ok((ids.into_iter().map(TeamId::from_uuid).collect(), scope))
    }

    fn sealed_scope(&self, id: uuid::Uuid, new: &NewTeam) -> Result<Vec<u8>, StoreError> {
        bounded(&new.name, 256, "the name of a team", "256 bytes")?;
        let scope = to_json(&new.scope, TABLE)?;
        bounded(&scope, MAX_SCOPE, "a scope", "1 MiB")?;
        self.seal.text(SCOPE, id, &scope)
    }

    fn team_of(&self, row: team::Model) -> Result<Team, StoreError> {
        Ok(Team {
            id: TeamId::from_uuid(row.id),
            scope: unjson(&self.seal.open_text(SCOPE, row.id, &row.scope_sealed)?, TABLE)?,
            name: row.name,
            changed_at: moment(row.changed_us, TABLE)?,
        })
    }
}
