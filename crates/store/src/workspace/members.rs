//! The workspace's members. Their rows are the directory's; this is how a workspace changes them,
//! and only its own.

use super::WorkspaceStore;
use crate::directory::{Invitation, Member, Membership, NewInvitation, NewMembership};
use crate::entity::team_member;
use crate::record::{Record, RecordFilter};
use crate::value::{Key, Paging};
use crate::{StoreError, record::Entry};
use bursar_domain::id::{AccountId, InvitationId};
use bursar_domain::{Actor, RoleName};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter};

impl WorkspaceStore {
    /// The members, by account.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn members(&self, paging: Paging<AccountId>) -> Result<Vec<Member>, StoreError> {
        self.directory.members(self.workspace, paging).await
    }

    /// One member.
    ///
    /// # Errors
    /// [`StoreError::NotFound`].
    pub async fn member(&self, account: AccountId) -> Result<Member, StoreError> {
        let membership = self.directory.membership(self.workspace, account).await?;
        Ok(Member { membership, account: self.directory.account(account).await? })
    }

    /// Adds an account as a member.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] for a role that is not the workspace's, [`StoreError::Conflict`]
    /// when it is a member already.
    pub async fn add_member(&self, actor: &Actor, new: NewMembership) -> Result<Membership, StoreError> {
        self.known_role(new.role).await?;
        if let Err(StoreError::NotFound(_)) = self.directory.membership(self.workspace, new.account).await {
            // What a removal that was interrupted left behind must not come back to life.
            self.forget_member(actor, new.account).await?;
        }
        self.directory.join(actor, self.workspace, new).await
    }

    /// Gives a member another role, or makes it an owner or no longer.
    ///
    /// # Errors
    /// [`StoreError::NotFound`]; [`StoreError::Conflict`] for the last owner.
    pub async fn change_member(
        &self,
        actor: &Actor,
        account: AccountId,
        role: RoleName,
        owner: bool,
    ) -> Result<(), StoreError> {
        self.known_role(role).await?;
        self.directory.change_member(actor, self.workspace, account, role, owner).await
    }

    /// Removes a member: first its membership, which ends its access at once, then its tokens and
    /// its places in teams.
    ///
    /// # Errors
    /// [`StoreError::NotFound`]; [`StoreError::Conflict`] for the last owner.
    pub async fn remove_member(&self, actor: &Actor, account: AccountId) -> Result<(), StoreError> {
        self.directory.remove_member(actor, self.workspace, account).await?;
        self.forget_member(actor, account).await
    }

    /// Revokes tokens and ends places in teams of who is no member (any more).
    async fn forget_member(&self, actor: &Actor, account: AccountId) -> Result<(), StoreError> {
        self.revoke_tokens_of(actor, account).await?;
        let transaction = self.write().await?;
        let rows = team_member::Entity::delete_many()
            .filter(team_member::Column::WorkspaceId.eq(self.here()))
            .filter(team_member::Column::AccountId.eq(account.uuid()))
            .exec(&transaction)
            .await?;
        if rows.rows_affected == 0 {
            return Ok(());
        }
        self.commit(transaction, actor, Entry::done("team.leave-all", account)).await
    }

    /// Invites somebody by a link.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] for a role or team that is not the workspace's.
    pub async fn invite(&self, actor: &Actor, new: NewInvitation) -> Result<Invitation, StoreError> {
        self.known_role(new.role).await?;
        for team in &new.teams {
            self.team(*team).await?;
        }
        self.directory.invite(actor, self.workspace, new).await
    }

    /// The invitations that wait for an answer; at most 1,000.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn invitations(&self) -> Result<Vec<Invitation>, StoreError> {
        self.directory.invitations(self.workspace).await
    }

    /// Makes an invitation and its link worthless.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] when there is none that waits.
    pub async fn withdraw_invitation(&self, actor: &Actor, id: InvitationId) -> Result<(), StoreError> {
        self.directory.withdraw_invitation(actor, self.workspace, id).await
    }

    /// What the directory recorded about this workspace: members, invitations, its state.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn membership_records(&self, paging: Paging<i64>) -> Result<Vec<Record>, StoreError> {
        let filter = RecordFilter { workspace: Some(self.workspace), paging, ..RecordFilter::default() };
        self.directory.records(&filter).await
    }
}
