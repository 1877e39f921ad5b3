//! Who belongs to which workspace, with which role.
//!
//! A workspace's members are changed through its own store ([`crate::WorkspaceStore`]); here is what
//! is asked about an account across workspaces, and joining. An owner always has the role of an
//! administrator, and the last owner neither leaves nor is demoted.

use super::{Account, Directory};
use crate::StoreError;
use crate::database::{Reach, insert};
use crate::entity::{account, membership};
use crate::error::{changed, found};
use crate::record::Entry;
use crate::value::{Key, Paging, maybe_moment, micros, moment, word, words};
use bursar_domain::id::{AccountId, WorkspaceId};
use bursar_domain::{Actor, Role, RoleName};
use chrono::{DateTime, Utc};
use sea_orm::sea_query::Expr;
use sea_orm::{
    ColumnTrait, Condition, DatabaseTransaction, EntityTrait, PaginatorTrait, QueryFilter, QueryOrder,
    QuerySelect,
};
use serde_json::json;
use std::collections::HashMap;

const TABLE: &str = "memberships";

words! {
    /// How a membership came to be.
    Via:
    /// Somebody made it.
    Manual = "manual",
    /// A provisioning client made it.
    Scim = "scim",
    /// It came with a sign-in by an identity provider.
    Sso = "sso",
}

/// An account's place in a workspace.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Membership {
    /// Where.
    pub workspace: WorkspaceId,
    /// Who.
    pub account: AccountId,
    /// What it may do.
    pub role: RoleName,
    /// Whether it belongs to the owner group.
    pub owner: bool,
    /// How it came to be.
    pub via: Via,
    /// When it was made.
    pub created_at: DateTime<Utc>,
    /// When it was last used.
    pub last_used_at: Option<DateTime<Utc>>,
}

/// A membership and whose it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Member {
    /// The membership.
    pub membership: Membership,
    /// The account.
    pub account: Account,
}

/// A membership to be made.
#[derive(Debug, Clone, Copy)]
pub struct NewMembership {
    /// Who.
    pub account: AccountId,
    /// What it may do.
    pub role: RoleName,
    /// Whether it belongs to the owner group; the role must be administrator then.
    pub owner: bool,
    /// How it comes to be.
    pub via: Via,
}

impl Directory {
    /// An account's memberships, most recently used first.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn memberships(&self, account: AccountId) -> Result<Vec<Membership>, StoreError> {
        let transaction = self.begin_read(Reach::account(account)).await?;
        let mut memberships: Vec<Membership> = membership::Entity::find()
            .filter(membership::Column::AccountId.eq(account.uuid()))
            .limit(crate::value::MAX_PAGE)
            .all(&transaction)
            .await?
            .into_iter()
            .map(membership_of)
            .collect::<Result<_, _>>()?;
        memberships.sort_by_key(|m| std::cmp::Reverse((m.last_used_at, m.created_at)));
        Ok(memberships)
    }

    /// One membership.
    pub(crate) async fn membership(
        &self,
        workspace: WorkspaceId,
        account: AccountId,
    ) -> Result<Membership, StoreError> {
        let transaction = self.read_of(workspace).await?;
        let row =
            membership::Entity::find_by_id((workspace.uuid(), account.uuid())).one(&transaction).await?;
        membership_of(found(row, "member")?)
    }

    /// Adds a member. Used where there is no member yet who could (the first owner) and by
    /// [`crate::WorkspaceStore::add_member`].
    ///
    /// # Errors
    /// [`StoreError::Conflict`] when it is a member already or an owner without the role.
    pub async fn join(
        &self,
        actor: &Actor,
        workspace: WorkspaceId,
        new: NewMembership,
    ) -> Result<Membership, StoreError> {
        let transaction = self.write_of(workspace).await?;
        let membership = self.join_in(&transaction, workspace, new).await?;
        let entry = Entry::done("member.add", new.account)
            .about(workspace)
            .with(json!({ "role": new.role, "owner": new.owner, "via": new.via }));
        self.commit(transaction, actor, entry).await?;
        Ok(membership)
    }

    pub(super) async fn join_in(
        &self,
        transaction: &DatabaseTransaction,
        workspace: WorkspaceId,
        new: NewMembership,
    ) -> Result<Membership, StoreError> {
        owner_is_admin(new.owner, new.role)?;
        let row = membership::Model {
            workspace_id: workspace.uuid(),
            account_id: new.account.uuid(),
            role: new.role.to_string(),
            owner: new.owner,
            via: new.via.to_string(),
            created_us: micros(self.now()),
            last_used_us: None,
        };
        insert(transaction, row.clone()).await?;
        membership_of(row)
    }

    pub(crate) async fn members(
        &self,
        workspace: WorkspaceId,
        paging: Paging<AccountId>,
    ) -> Result<Vec<Member>, StoreError> {
        let transaction = self.read_of(workspace).await?;
        let mut query = membership::Entity::find()
            .filter(membership::Column::WorkspaceId.eq(workspace.uuid()))
            .order_by_asc(membership::Column::AccountId)
            .limit(paging.limit());
        if let Some(after) = paging.after {
            query = query.filter(membership::Column::AccountId.gt(after.uuid()));
        }
        let rows = query.all(&transaction).await?;
        let ids = rows.iter().map(|row| row.account_id);
        let accounts =
            account::Entity::find().filter(account::Column::Id.is_in(ids)).all(&transaction).await?;
        let mut accounts: HashMap<_, _> = accounts.into_iter().map(|row| (row.id, row)).collect();
        let mut members = Vec::with_capacity(rows.len());
        for row in rows {
            let account = found(accounts.remove(&row.account_id), "account")?;
            members.push(Member { account: self.account_of(account)?, membership: membership_of(row)? });
        }
        Ok(members)
    }

    pub(crate) async fn change_member(
        &self,
        actor: &Actor,
        workspace: WorkspaceId,
        account: AccountId,
        role: RoleName,
        owner: bool,
    ) -> Result<(), StoreError> {
        owner_is_admin(owner, role)?;
        let transaction = self.write_of(workspace).await?;
        if !owner {
            last_owner_stays(&transaction, workspace, account).await?;
        }
        let rows = membership::Entity::update_many()
            .col_expr(membership::Column::Role, Expr::value(role.to_string()))
            .col_expr(membership::Column::Owner, Expr::value(owner))
            .filter(one(workspace, account))
            .exec(&transaction)
            .await?;
        changed(rows.rows_affected, "member")?;
        let entry = Entry::done("member.change", account)
            .about(workspace)
            .with(json!({ "role": role, "owner": owner }));
        self.commit(transaction, actor, entry).await
    }

    pub(crate) async fn remove_member(
        &self,
        actor: &Actor,
        workspace: WorkspaceId,
        account: AccountId,
    ) -> Result<(), StoreError> {
        let transaction = self.write_of(workspace).await?;
        last_owner_stays(&transaction, workspace, account).await?;
        let rows =
            membership::Entity::delete_many().filter(one(workspace, account)).exec(&transaction).await?;
        changed(rows.rows_affected, "member")?;
        self.commit(transaction, actor, Entry::done("member.remove", account).about(workspace)).await
    }

    /// Notes that a membership was used just now. Not recorded.
    ///
    /// # Errors
    /// [`StoreError::NotFound`].
    pub async fn touch_membership(
        &self,
        workspace: WorkspaceId,
        account: AccountId,
    ) -> Result<(), StoreError> {
        let transaction = self.write_of(workspace).await?;
        let rows = membership::Entity::update_many()
            .col_expr(membership::Column::LastUsedUs, Expr::value(micros(self.now())))
            .filter(one(workspace, account))
            .exec(&transaction)
            .await?;
        changed(rows.rows_affected, "member")?;
        crate::database::commit(transaction).await
    }

    /// Whether members of a workspace have this role.
    pub(crate) async fn role_is_used(
        &self,
        workspace: WorkspaceId,
        role: RoleName,
    ) -> Result<bool, StoreError> {
        let transaction = self.read_of(workspace).await?;
        let count = membership::Entity::find()
            .filter(membership::Column::WorkspaceId.eq(workspace.uuid()))
            .filter(membership::Column::Role.eq(role.to_string()))
            .count(&transaction)
            .await?;
        Ok(count > 0)
    }

    /// Refuses when a workspace that is not being deleted would have no owner without this account.
    pub(super) async fn refuse_without_owner(
        &self,
        workspace: WorkspaceId,
        account: AccountId,
    ) -> Result<(), StoreError> {
        use super::WorkspaceState::{Deleted, Deleting};
        if matches!(self.workspace(workspace).await?.state, Deleting | Deleted) {
            return Ok(());
        }
        let transaction = self.read_of(workspace).await?;
        last_owner_stays(&transaction, workspace, account).await
    }

    /// Ends every membership of a workspace that is gone.
    pub(crate) async fn remove_all_members(
        &self,
        actor: &Actor,
        workspace: WorkspaceId,
    ) -> Result<(), StoreError> {
        use crate::entity::{invitation, link};
        let transaction = self.write_of(workspace).await?;
        let here = workspace.uuid();
        membership::Entity::delete_many()
            .filter(membership::Column::WorkspaceId.eq(here))
            .exec(&transaction)
            .await?;
        invitation::Entity::delete_many()
            .filter(invitation::Column::WorkspaceId.eq(here))
            .exec(&transaction)
            .await?;
        link::Entity::delete_many().filter(link::Column::WorkspaceId.eq(here)).exec(&transaction).await?;
        self.commit(transaction, actor, Entry::done("member.remove-all", workspace).about(workspace)).await
    }
}

fn one(workspace: WorkspaceId, account: AccountId) -> Condition {
    Condition::all()
        .add(membership::Column::WorkspaceId.eq(workspace.uuid()))
        .add(membership::Column::AccountId.eq(account.uuid()))
}

fn owner_is_admin(owner: bool, role: RoleName) -> Result<(), StoreError> {
    if owner && role != RoleName::BuiltIn(Role::Admin) {
        return Err(StoreError::Conflict("an owner has the role of an administrator"));
    }
    Ok(())
}

/// Two owners who leave at once must not both find the other still there: the owners' rows are
/// locked in one order (SQLite has one writer anyway).
async fn last_owner_stays(
    transaction: &DatabaseTransaction,
    workspace: WorkspaceId,
    account: AccountId,
) -> Result<(), StoreError> {
    use sea_orm::{ConnectionTrait, DbBackend};
    let mut query = membership::Entity::find()
        .filter(membership::Column::WorkspaceId.eq(workspace.uuid()))
        .filter(membership::Column::Owner.eq(true))
        .order_by_asc(membership::Column::AccountId);
    if transaction.get_database_backend() == DbBackend::Postgres {
        query = query.lock_exclusive();
    }
    let owners = query.all(transaction).await?;
    if owners.len() == 1 && owners.iter().any(|owner| owner.account_id == account.uuid()) {
        return Err(StoreError::Conflict(
            "the last owner of a workspace stays its owner: name another one first",
        ));
    }
    Ok(())
}

pub(super) fn membership_of(row: membership::Model) -> Result<Membership, StoreError> {
    Ok(Membership {
        workspace: WorkspaceId::from_uuid(row.workspace_id),
        account: AccountId::from_uuid(row.account_id),
        role: word(&row.role, TABLE)?,
        owner: row.owner,
        via: row.via.parse()?,
        created_at: moment(row.created_us, TABLE)?,
        last_used_at: maybe_moment(row.last_used_us, TABLE)?,
    })
}
