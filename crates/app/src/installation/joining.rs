//! Joining a workspace by an invitation, and choosing a new password by a link of an administrator.
//!
//! Nobody's address is proven by itself, so an account that exists is never put into a workspace by
//! somebody else's word: it is invited, and whoever opens the link proves that the account is theirs, by
//! its session or its password. A link for a new password would open all of an account's workspaces, so
//! it is worth something only while the account belongs to the one it was made in and to no other.

use super::sessions::{Client, CookieValue, digest};
use super::{ChoosePasswordError, EnterError, Entered, Installation, SignInError};
use bursar_domain::id::{AccountId, InvitationId, TeamId, WorkspaceId};
use bursar_domain::{Actor, EmailAddress, Principal, RoleName};
use bursar_identity::password::{CommonPasswords, Context, Factors, Password};
use bursar_store::{
    Account, AccountKind, Entry, Invitation, LinkDetails, LinkPurpose, NewAccount, NewInvitation, NewLink,
    Session, StoreError, WorkspaceState,
};
use chrono::{DateTime, Duration, Utc};
use secrecy::SecretString;

/// How long an invitation waits.
pub const INVITATION_LIFETIME_DAYS: i64 = 7;
/// How long a link for a new password works.
pub const RESET_LIFETIME_HOURS: i64 = 24;
/// Longest name of an account, in characters.
const MAX_NAME: usize = 60;

/// Who is invited, and what they will be.
#[derive(Debug)]
pub struct Invited {
    /// Whom.
    pub email: EmailAddress,
    /// What they will may do.
    pub role: RoleName,
    /// Whether they will belong to the owner group.
    pub owner: bool,
    /// The teams they will be in.
    pub teams: Vec<TeamId>,
}

/// What an invitation's link says before it is used.
#[derive(Debug)]
pub struct AskedToJoin {
    /// Whom it is for.
    pub email: EmailAddress,
    /// What people call the workspace.
    pub workspace: String,
    /// The role there, in words.
    pub role: String,
    /// It is worth nothing from then on.
    pub expires_at: DateTime<Utc>,
    /// The account of the address, if there is one.
    pub account: Option<AccountId>,
}

/// How somebody shows that an invitation is theirs.
#[derive(Debug)]
pub enum Joining<'a> {
    /// They are signed in.
    SignedIn(&'a Session, &'a Account),
    /// They give the password of their account, or, without one, choose it and a name.
    Password {
        /// What the new account is called.
        display_name: Option<&'a str>,
        /// The password.
        password: &'a Password,
    },
}

/// Why somebody does not join, or has no new password.
#[derive(Debug, thiserror::Error)]
pub enum JoinError {
    /// Used, taken back, too old, or never given out.
    #[error("this link was used or taken back, is too old or was never given out: ask for a new one")]
    Spent,
    /// The session is another account's.
    #[error("the invitation is for another address: give the password of its account, or sign in as it")]
    SomebodyElse,
    /// A new account needs a name.
    #[error("`display_name` needs 1 to {MAX_NAME} characters, without control characters")]
    Name,
    /// The account's password was wrong, or more is needed.
    #[error(transparent)]
    SignIn(#[from] SignInError),
    /// The new password may not be chosen.
    #[error(transparent)]
    Password(#[from] ChoosePasswordError),
    /// The session is over.
    #[error(transparent)]
    Session(#[from] EnterError),
    /// Control data.
    #[error(transparent)]
    Store(StoreError),
}

impl From<StoreError> for JoinError {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::NotFound("link" | "invitation" | "workspace" | "account") => Self::Spent,
            other => Self::Store(other),
        }
    }
}

impl Installation {
    /// Invites somebody to the workspace; the secret is the link's and shown once. An earlier invitation
    /// of the same address is taken back.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] for a role or team that is not the workspace's.
    pub async fn invite(
        &self,
        entered: &Entered,
        invited: Invited,
    ) -> Result<(Invitation, SecretString), StoreError> {
        let (store, actor) = (entered.store(), entered.actor());
        let secret = self.new_secret()?;
        let earlier = store.invitations().await?;
        let new = NewInvitation {
            digest: secret.digest,
            email: invited.email,
            role: invited.role,
            owner: invited.owner,
            teams: invited.teams,
            expires_at: self.inner.clock.now() + Duration::days(INVITATION_LIFETIME_DAYS),
        };
        let invitation = store.invite(actor, new).await?;
        for other in earlier.into_iter().filter(|other| other.email == invitation.email) {
            match store.withdraw_invitation(actor, other.id).await {
                // Accepted or taken back in the same moment.
                Ok(()) | Err(StoreError::NotFound(_)) => {}
                Err(error) => return Err(error),
            }
        }
        Ok((invitation, secret.text))
    }

    /// What an invitation's link says. It is not used up.
    ///
    /// # Errors
    /// [`JoinError::Spent`] for anything that is no such link now.
    pub async fn asked_to_join(&self, token: &str) -> Result<AskedToJoin, JoinError> {
        let directory = self.inner.store.directory();
        let link = directory.link(&digest(token), LinkPurpose::Invitation).await?;
        let id = link.details.state.and_then(|id| id.parse::<InvitationId>().ok()).ok_or(JoinError::Spent)?;
        let workspace = directory.workspace(link.workspace.ok_or(JoinError::Spent)?).await?;
        if workspace.state != WorkspaceState::Active {
            return Err(JoinError::Spent);
        }
        let access = self.inner.store.operator(workspace.id).await?;
        let store = self.inner.store.workspace(&access).await?;
        let waiting = store.invitations().await?;
        let invitation = waiting.into_iter().find(|one| one.id == id).ok_or(JoinError::Spent)?;
        let role = match invitation.role {
            RoleName::BuiltIn(role) => role.to_string(),
            RoleName::Custom(id) => match store.role(id).await {
                Ok(role) => role.name,
                Err(StoreError::NotFound(_)) => return Err(JoinError::Spent),
                Err(error) => return Err(error.into()),
            },
        };
        let account = directory.account_by_email(&invitation.email).await?.map(|account| account.id);
        Ok(AskedToJoin {
            email: invitation.email,
            workspace: workspace.name,
            role,
            expires_at: invitation.expires_at,
            account,
        })
    }

    /// Accepts an invitation: uses its link up, makes the account a member and, where there is none, the
    /// account. The answer is the cookie of a session of that account.
    ///
    /// # Errors
    /// [`JoinError`]; the link is not used up then.
    pub async fn join(
        &self,
        token: &str,
        joining: Joining<'_>,
        client: &Client,
    ) -> Result<CookieValue, JoinError> {
        let asked = self.asked_to_join(token).await?;
        let store = &self.inner.store;
        let digest = digest(token);
        match (asked.account, joining) {
            (Some(id), Joining::SignedIn(session, account)) if account.id == id => {
                let principal = Principal::Account { id, session: session.id };
                let actor = Actor::new(principal, client.request);
                store.accept_invitation(&actor, &digest, id).await?;
                // Its rights grew.
                Ok(self.renew(&actor, session, &session.methods).await?)
            }
            (_, Joining::SignedIn(..)) => Err(JoinError::SomebodyElse),
            (Some(id), Joining::Password { password, .. }) => {
                let cookie = self.sign_in(&asked.email, password, None, client).await?;
                store.accept_invitation(&in_the_name_of(id, client), &digest, id).await?;
                Ok(cookie)
            }
            (None, Joining::Password { display_name, password }) => {
                let name = display_name.map(str::trim).unwrap_or_default();
                if name.is_empty() || name.chars().count() > MAX_NAME || name.chars().any(char::is_control) {
                    return Err(JoinError::Name);
                }
                // Before the account is made, so that a weak password leaves nothing behind.
                self.check_password(&asked.email, name, false, password)?;
                let new = NewAccount {
                    email: asked.email,
                    display_name: name.to_owned(),
                    kind: AccountKind::Person,
                    staff: false,
                };
                let account = store.directory().create_account(&client.anonymous(), new).await?;
                let actor = in_the_name_of(account.id, client);
                self.choose_password(&actor, &account, password).await?;
                store.accept_invitation(&actor, &digest, account.id).await?;
                Ok(self.begin_session(account.id, &["password"], client, None).await?)
            }
        }
    }

    /// A link with which an account chooses a new password, once. Earlier ones are worthless from now on.
    /// Whether the one who asks may is the caller's question.
    ///
    /// # Errors
    /// When control data cannot be written.
    pub async fn reset_link(
        &self,
        actor: &Actor,
        account: AccountId,
        workspace: WorkspaceId,
    ) -> Result<(SecretString, DateTime<Utc>), StoreError> {
        let directory = self.inner.store.directory();
        let secret = self.new_secret()?;
        let expires_at = self.inner.clock.now() + Duration::hours(RESET_LIFETIME_HOURS);
        directory.withdraw_links(actor, account, LinkPurpose::ResetPassword).await?;
        let new = NewLink {
            digest: secret.digest,
            purpose: LinkPurpose::ResetPassword,
            account: Some(account),
            workspace: Some(workspace),
            details: LinkDetails::default(),
            expires_at,
        };
        directory.create_link(actor, new).await?;
        Ok((secret.text, expires_at))
    }

    /// Whether the account belongs to this workspace and to no other.
    ///
    /// # Errors
    /// When control data cannot be read.
    pub async fn belongs_only_to(
        &self,
        account: AccountId,
        workspace: WorkspaceId,
    ) -> Result<bool, StoreError> {
        let memberships = self.inner.store.directory().memberships(account).await?;
        Ok(matches!(memberships.as_slice(), [only] if only.workspace == workspace))
    }

    /// Sets a new password by a link of [`Self::reset_link`]; all sessions of the account end.
    ///
    /// # Errors
    /// [`JoinError::Spent`], or [`JoinError::Password`] when the password may not be chosen: the link is
    /// not used up then.
    pub async fn reset_password(
        &self,
        token: &str,
        password: &Password,
        client: &Client,
    ) -> Result<(), JoinError> {
        let directory = self.inner.store.directory();
        let digest = digest(token);
        let link = directory.link(&digest, LinkPurpose::ResetPassword).await?;
        let account = directory.account(link.account.ok_or(JoinError::Spent)?).await?;
        let workspace = link.workspace.ok_or(JoinError::Spent)?;
        // It may have joined another workspace since the link was made.
        if !account.is_active() || !self.belongs_only_to(account.id, workspace).await? {
            return Err(JoinError::Spent);
        }
        let has_code = directory.totp(account.id).await?.is_some_and(|totp| totp.confirmed_at.is_some());
        self.check_password(&account.email, &account.display_name, has_code, password)?;
        let actor = in_the_name_of(account.id, client);
        directory.use_link(&actor, &digest, LinkPurpose::ResetPassword).await?;
        self.choose_password(&actor, &account, password).await?;
        directory.end_sessions(&actor, account.id, None).await?;
        Ok(())
    }

    /// Notes that somebody asked for a new password, whether or not there is such an account: nothing is
    /// sent yet, but its administrators can read it.
    ///
    /// # Errors
    /// When control data cannot be written.
    pub async fn reset_asked(&self, email: &EmailAddress, client: &Client) -> Result<(), StoreError> {
        let directory = self.inner.store.directory();
        let account = directory.account_by_email(email).await?;
        let target = account.map_or_else(|| "unknown".to_owned(), |account| account.id.to_string());
        let payload = serde_json::json!({ "address": client.address });
        directory.note(&client.anonymous(), Entry::done("account.ask-reset", target).with(payload)).await
    }

    /// Whether the password may be chosen.
    pub(super) fn check_password(
        &self,
        email: &EmailAddress,
        name: &str,
        has_code: bool,
        password: &Password,
    ) -> Result<(), ChoosePasswordError> {
        let factors = if has_code { Factors::WithSecond } else { Factors::PasswordAlone };
        let words = [name];
        let context = Context { email: Some(email), words: &words };
        self.inner
            .config
            .passwords
            .check(password, factors, &context, CommonPasswords::bundled())
            .map_err(|weakness| ChoosePasswordError::Weak(weakness.to_string()))
    }
}

/// Who holds a link of an account, but no session of it yet.
fn in_the_name_of(account: AccountId, client: &Client) -> Actor {
    Actor { on_behalf_of: Some(account), ..client.anonymous() }
}
