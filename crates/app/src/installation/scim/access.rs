//! What a provisioned user's state means for the account that it stands for.

use super::{ProvisionError, Provisioning, taken};
use bursar_domain::id::{AccountId, SessionId, TeamId};
use bursar_domain::{EmailAddress, Principal, Role, RoleName};
use bursar_permission::{Asking, Grant};
use bursar_scim::{ScimError, User};
use bursar_store::{
    Account, AccountKind, LinkPurpose, Member, NewAccount, NewMembership, ScimGroup, ScimUser, StoreError,
    Via,
};

/// Longest name of an account, in characters: each has four bytes at most, and 200 bytes are kept.
const MAX_NAME: usize = 50;

/// What groups give.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Given {
    pub(super) role: Option<RoleName>,
    pub(super) teams: Vec<TeamId>,
}

impl Given {
    /// Of several roles the most powerful built-in one counts, and one of the workspace's own where no
    /// group gives a built-in one.
    pub(super) fn by<'a>(groups: impl IntoIterator<Item = &'a ScimGroup>) -> Self {
        let rank = |role: &RoleName| match role {
            RoleName::Custom(_) => 0,
            RoleName::BuiltIn(Role::Viewer) => 1,
            RoleName::BuiltIn(Role::Analyst) => 2,
            RoleName::BuiltIn(Role::Operator) => 3,
            RoleName::BuiltIn(Role::Admin) => 4,
        };
        let mut given = Self::default();
        for group in groups {
            if let Some(role) = group.role
                && given.role.as_ref().is_none_or(|known| rank(&role) > rank(known))
            {
                given.role = Some(role);
            }
            if let Some(team) = group.team
                && !given.teams.contains(&team)
            {
                given.teams.push(team);
            }
        }
        given
    }
}

fn name_of(user: &User) -> String {
    let name: String = user.display().chars().filter(|c| !c.is_control()).take(MAX_NAME).collect();
    if name.trim().is_empty() { user.user_name.chars().take(MAX_NAME).collect() } else { name }
}

impl Provisioning {
    /// The account that a new user stands for, by its address: the one that is there, or a new one.
    pub(super) async fn account_of(&self, user: &User) -> Result<Option<AccountId>, ProvisionError> {
        let Some(address) = user.address() else { return Ok(None) };
        let directory = self.installation.inner.store.directory();
        if let Some(account) = directory.account_by_email(&address).await? {
            self.stands_for_nobody_else(&account, None).await?;
            return Ok(Some(account.id));
        }
        if user.active == Some(false) {
            return Ok(None);
        }
        let new = NewAccount {
            email: address,
            display_name: name_of(user),
            kind: AccountKind::Person,
            staff: false,
        };
        Ok(Some(directory.create_account(&self.actor, new).await?.id))
    }

    /// Two users of one account would contradict each other.
    async fn stands_for_nobody_else(
        &self,
        account: &Account,
        but: Option<&ScimUser>,
    ) -> Result<(), ProvisionError> {
        let others = self.store.scim_users_of(account.id).await?;
        if others.iter().any(|other| but.is_none_or(|but| but.id != other.id)) {
            return Err(taken("emails").into());
        }
        Ok(())
    }

    /// The account that a changed user stands for: the one it stood for, or, if it stood for none, the one
    /// of its address. An account that is this workspace's alone takes the new name and address.
    pub(super) async fn follow(
        &self,
        before: &ScimUser,
        user: &User,
    ) -> Result<Option<AccountId>, ProvisionError> {
        let Some(account) = before.account else { return self.account_of(user).await };
        let directory = self.installation.inner.store.directory();
        let account = match directory.account(account).await {
            Ok(account) => account,
            // Deleted meanwhile.
            Err(StoreError::NotFound(_)) => return self.account_of(user).await,
            Err(error) => return Err(error.into()),
        };
        if !self.is_ours_alone(&account).await? {
            return Ok(Some(account.id));
        }
        let name = name_of(user);
        if name != account.display_name {
            directory.rename_account(&self.actor, account.id, &name).await?;
        }
        if let Some(address) = user.address().filter(|address| *address != account.email) {
            if directory.account_by_email(&address).await?.is_some() {
                return Err(taken("emails").into());
            }
            directory.change_email(&self.actor, account.id, &address).await?;
            directory.withdraw_links(&self.actor, account.id, LinkPurpose::ResetPassword).await?;
        }
        Ok(Some(account.id))
    }

    /// Whether provisioning made the account's membership, and it has no other: then it is this workspace's
    /// to name.
    async fn is_ours_alone(&self, account: &Account) -> Result<bool, ProvisionError> {
        let memberships = self.installation.inner.store.directory().memberships(account.id).await?;
        Ok(!account.staff
            && matches!(memberships.as_slice(), [only]
                if only.workspace == self.asking.workspace && only.via == Via::Scim && !only.owner))
    }

    /// Makes the account a member, with what its groups give: a viewer without any.
    pub(super) async fn let_in(&self, account: AccountId, given: &Given) -> Result<(), ProvisionError> {
        match self.store.member(account).await {
            Ok(_) => return Ok(()),
            Err(StoreError::NotFound(_)) => {}
            Err(error) => return Err(error.into()),
        }
        let role = given.role.unwrap_or(RoleName::BuiltIn(Role::Viewer));
        let joined = |role| NewMembership { account, role, owner: false, via: Via::Scim };
        match self.store.add_member(&self.actor, joined(role)).await {
            // A role that is no more gives nothing.
            Err(StoreError::NotFound("role")) => {
                self.store.add_member(&self.actor, joined(RoleName::BuiltIn(Role::Viewer))).await?;
            }
            added => {
                added?;
            }
        }
        for team in &given.teams {
            self.join(*team, account).await?;
        }
        Ok(())
    }

    async fn join(&self, team: TeamId, account: AccountId) -> Result<(), ProvisionError> {
        match self.store.join_team(&self.actor, team, account).await {
            // The team is no more.
            Ok(()) | Err(StoreError::NotFound(_)) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }

    /// Ends the account's membership, its tokens, its invitations, and its sessions unless it belongs
    /// elsewhere too.
    pub(super) async fn shut_out(&self, account: AccountId) -> Result<(), ProvisionError> {
        let directory = self.installation.inner.store.directory();
        match self.store.member(account).await {
            Ok(member) => {
                self.no_more_than_own(&member).await?;
                self.take_back_invitations(&member.account.email).await?;
                self.store.remove_member(&self.actor, account).await?;
            }
            Err(StoreError::NotFound(_)) => {
                if let Ok(account) = directory.account(account).await {
                    self.take_back_invitations(&account.email).await?;
                }
                self.store.revoke_tokens_of(&self.actor, account).await?;
            }
            Err(error) => return Err(error.into()),
        }
        if directory.memberships(account).await?.is_empty() {
            directory.end_sessions(&self.actor, account, None).await?;
            for purpose in [LinkPurpose::ResetPassword, LinkPurpose::SignIn] {
                directory.withdraw_links(&self.actor, account, purpose).await?;
            }
        }
        Ok(())
    }

    async fn take_back_invitations(&self, email: &EmailAddress) -> Result<(), ProvisionError> {
        for invitation in self.store.invitations().await? {
            if invitation.email != *email {
                continue;
            }
            match self.store.withdraw_invitation(&self.actor, invitation.id).await {
                Ok(()) | Err(StoreError::NotFound(_)) => {}
                Err(error) => return Err(error.into()),
            }
        }
        Ok(())
    }

    /// That the member that the token belongs to may all that the other one may: nobody is taken away by who
    /// may less, and the last owner by nobody.
    pub(super) async fn no_more_than_own(&self, member: &Member) -> Result<(), ProvisionError> {
        let person =
            |account: AccountId| Principal::Account { id: account, session: SessionId::from_u128(0) };
        let membership = &member.membership;
        let granted = match membership.role {
            RoleName::BuiltIn(_) => None,
            RoleName::Custom(id) => {
                self.store.role(id).await.ok().map(|role| Grant::new(role.pages, role.actions))
            }
        };
        let theirs = Asking {
            principal: person(membership.account),
            role: membership.role,
            owner: membership.owner,
            granted,
            ..self.asking
        };
        let own = Asking { principal: person(self.token.account), ..self.asking };
        let Some((page, action)) = self.installation.inner.permissions.exceeds(&own, &theirs) else {
            return Ok(());
        };
        let detail = format!(
            "this member may `{action}` on the page `{page}` and the member that the token belongs to may not: \
             use a token of somebody who may as much"
        );
        Err(self.refused("scim-user.change", "nobody-gives-more", detail).await)
    }

    /// Gives a member what its groups give now, where that is different from what they gave before. Owners,
    /// and roles that people gave by hand, stay as they are.
    pub(super) async fn regroup(
        &self,
        account: AccountId,
        before: &Given,
        after: &Given,
    ) -> Result<(), ProvisionError> {
        if before == after {
            return Ok(());
        }
        let member = match self.store.member(account).await {
            Ok(member) => member.membership,
            Err(StoreError::NotFound(_)) => return Ok(()),
            Err(error) => return Err(error.into()),
        };
        // First in, then out: a member without a team may see everything.
        for team in after.teams.iter().filter(|team| !before.teams.contains(team)) {
            self.join(*team, account).await?;
        }
        for team in before.teams.iter().filter(|team| !after.teams.contains(team)) {
            match self.store.leave_team(&self.actor, *team, account).await {
                Ok(()) | Err(StoreError::NotFound(_)) => {}
                Err(error) => return Err(error.into()),
            }
        }
        let role = after.role.unwrap_or(RoleName::BuiltIn(Role::Viewer));
        if before.role == after.role || member.owner || member.via != Via::Scim || member.role == role {
            return Ok(());
        }
        match self.store.change_member(&self.actor, account, role, false).await {
            Ok(()) => Ok(()),
            Err(StoreError::NotFound(_)) => {
                Err(ScimError::of_status(409, "the role that this group gives is no more").into())
            }
            Err(error) => Err(error.into()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use bursar_domain::id::{GroupId, RoleId};
    use chrono::DateTime;

    fn group(n: u128, role: Option<RoleName>, team: Option<u128>) -> ScimGroup {
        ScimGroup {
            id: GroupId::from_u128(n),
            display_name: n.to_string(),
            external_id: None,
            members: Vec::new(),
            team: team.map(TeamId::from_u128),
            role,
            attributes: serde_json::Value::Null,
            version: 1,
            created_at: DateTime::UNIX_EPOCH,
            changed_at: DateTime::UNIX_EPOCH,
        }
    }

    #[test]
    fn the_most_powerful_role_counts_and_all_teams() {
        // claim C2
        let (viewer, operator) = (RoleName::BuiltIn(Role::Viewer), RoleName::BuiltIn(Role::Operator));
        let own = RoleName::Custom(RoleId::from_u128(1));
        let given = |groups: &[ScimGroup]| Given::by(groups);
        assert_eq!(given(&[group(1, None, None)]), Given::default());
        let both =
            [group(1, Some(viewer), Some(7)), group(2, Some(operator), Some(8)), group(3, None, Some(7))];
        let both = given(&both);
        assert_eq!((both.role, both.teams.len()), (Some(operator), 2));
        assert_eq!(given(&[group(1, Some(own), None), group(2, Some(viewer), None)]).role, Some(viewer));
        assert_eq!(given(&[group(1, Some(own), None), group(2, None, None)]).role, Some(own));
    }
}
