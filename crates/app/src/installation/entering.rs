//! From somebody who has proven who they are to what they may do in one workspace.

use super::{Installation, SignedIn};
use crate::error::AskError;
use crate::workspace::Workspace;
use bursar_domain::id::{AccountId, RequestId, WorkspaceId};
use bursar_domain::role::Action;
use bursar_domain::scope::ScopeError;
use bursar_domain::{Actor, Page, Principal, RoleName};
use bursar_permission::{Asking, Decision, Grant, Target, Teamless, scope_of, within};
use bursar_store::{StoreError, WorkspaceAccess, WorkspaceState, WorkspaceStore};
use chrono::TimeDelta;
use std::sync::{Arc, PoisonError};

/// A membership's last use is written this often at most.
const TOUCH_EVERY: TimeDelta = TimeDelta::minutes(1);
/// Memberships whose last use is remembered; beyond that all are forgotten, and written once more.
const MOST_TOUCHED: usize = 10_000;

/// Why a request does not get in.
#[derive(Debug, thiserror::Error)]
pub enum EnterError {
    /// Nobody is signed in.
    #[error("nobody is signed in")]
    SignedOut,
    /// There is no such workspace for whoever asks.
    #[error("there is no such workspace")]
    NoWorkspace,
    /// The account belongs to no workspace.
    #[error("the account belongs to no workspace")]
    NoMembership,
    /// The scopes of the account and the token together are no condition.
    #[error("the scope of the token and of its account are too large together: narrow one of them")]
    Scope(#[source] ScopeError),
    /// The workspace does not open.
    #[error(transparent)]
    Open(#[from] AskError),
    /// Control data.
    #[error(transparent)]
    Store(StoreError),
}

impl From<StoreError> for EnterError {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::NotFound("workspace" | "member") => Self::NoWorkspace,
            StoreError::NotFound("session" | "account" | "token") => Self::SignedOut,
            other => Self::Store(other),
        }
    }
}

/// Somebody in one workspace: what they are there, what they may do, what they see.
#[derive(Debug, Clone)]
pub struct Entered {
    inner: Arc<Content>,
}

#[derive(Debug)]
struct Content {
    installation: Installation,
    access: WorkspaceAccess,
    asking: Asking,
    store: WorkspaceStore,
    workspace: Workspace,
    actor: Actor,
}

impl Entered {
    /// Whether the action may be done on the page, and what decided it.
    #[must_use]
    pub fn may(&self, page: Page, action: Action) -> Decision {
        let target = Target { workspace: self.inner.access.workspace(), page };
        self.inner.installation.permissions().decide(&self.inner.asking, target, action)
    }

    /// What the policies look at.
    #[must_use]
    pub fn asking(&self) -> &Asking {
        &self.inner.asking
    }

    /// The membership.
    #[must_use]
    pub fn access(&self) -> &WorkspaceAccess {
        &self.inner.access
    }

    /// The workspace's control data.
    #[must_use]
    pub fn store(&self) -> &WorkspaceStore {
        &self.inner.store
    }

    /// The workspace, narrowed to what is seen.
    #[must_use]
    pub fn workspace(&self) -> &Workspace {
        &self.inner.workspace
    }

    /// Who acts.
    #[must_use]
    pub fn actor(&self) -> &Actor {
        &self.inner.actor
    }
}

impl Installation {
    /// Lets somebody into a workspace they belong to: the one they name, a token's own, or the one they
    /// used last.
    ///
    /// # Errors
    /// [`EnterError::NoWorkspace`] for strangers, as if there were none.
    pub async fn enter(
        &self,
        who: SignedIn,
        workspace: Option<WorkspaceId>,
        request: Option<RequestId>,
    ) -> Result<Entered, EnterError> {
        let store = &self.inner.store;
        let mut principal = who.principal();
        let (access, token) = match who {
            SignedIn::Token { access, token } => {
                if workspace.is_some_and(|named| named != access.workspace()) {
                    return Err(EnterError::NoWorkspace);
                }
                (access, Some(token))
            }
            SignedIn::Session { account, session } => {
                let id = match workspace {
                    Some(id) => id,
                    None => self.used_last(account.id).await?,
                };
                let access = match store.membership(&principal, id).await {
                    Err(StoreError::NotFound(_)) if account.staff => {
                        principal = self.as_staff(account.id, session.id, id).await?;
                        store.membership(&principal, id).await?
                    }
                    access => access?,
                };
                let is_member = !matches!(principal, Principal::Staff { .. });
                if is_member && self.touch_is_due(id, account.id) {
                    store.directory().touch_membership(id, account.id).await?;
                }
                (access, None)
            }
        };
        let of_workspace = store.workspace(&access).await?;
        let granted = match access.role() {
            RoleName::BuiltIn(_) => None,
            RoleName::Custom(id) => {
                of_workspace.role(id).await.ok().map(|role| Grant::new(role.pages, role.actions))
            }
        };
        let limit =
            token.as_ref().and_then(|token| Grant::limit(token.pages.as_deref(), token.actions.as_deref()));
        let teamless = match of_workspace.setting(MEMBERS_WITHOUT_TEAM).await?.as_deref() {
            Some("nothing") => Teamless::SeeNothing,
            _ => Teamless::SeeEverything,
        };
        let teams = (!access.teams().is_empty()).then(|| access.scope().clone());
        let scope = scope_of(access.role(), teams, teamless);
        let scope = within(scope, token.as_ref().map(|token| &token.scope)).map_err(EnterError::Scope)?;
        let asking = Asking {
            principal,
            workspace: access.workspace(),
            role: access.role(),
            owner: access.owner(),
            granted,
            limit,
            staff_read_only: access.read_only(),
            switched_off: false,
        };
        let workspace = self.open_workspace(&access).await?.within(scope);
        let actor = Actor::new(principal, request);
        let installation = self.clone();
        let content = Content { installation, access, asking, store: of_workspace, workspace, actor };
        Ok(Entered { inner: Arc::new(content) })
    }

    /// The workspace that an account used last, of those that are open to it.
    async fn used_last(&self, account: AccountId) -> Result<WorkspaceId, EnterError> {
        let directory = self.inner.store.directory();
        for membership in directory.memberships(account).await? {
            if directory.workspace(membership.workspace).await?.state == WorkspaceState::Active {
                return Ok(membership.workspace);
            }
        }
        Err(EnterError::NoMembership)
    }

    /// Whether it is worth writing that a membership was used: not for every request.
    fn touch_is_due(&self, workspace: WorkspaceId, account: AccountId) -> bool {
        let now = self.inner.clock.now();
        let mut touched = self.inner.touched.lock().unwrap_or_else(PoisonError::into_inner);
        if touched.len() >= MOST_TOUCHED {
            touched.clear();
        }
        let last = touched.insert((workspace, account), now);
        match last {
            Some(last) if now - last < TOUCH_EVERY && now >= last => {
                touched.insert((workspace, account), last);
                false
            }
            _ => true,
        }
    }

    /// The operator, in a workspace.
    ///
    /// # Errors
    /// When there is none.
    pub async fn enter_as_operator(&self, workspace: WorkspaceId) -> Result<Entered, EnterError> {
        let access = self.inner.store.operator(workspace).await?;
        let store = self.inner.store.workspace(&access).await?;
        let asking = Asking {
            principal: Principal::Operator,
            workspace,
            role: access.role(),
            owner: true,
            granted: None,
            limit: None,
            staff_read_only: false,
            switched_off: false,
        };
        let open = self.open_workspace(&access).await?;
        let content = Content {
            installation: self.clone(),
            access,
            asking,
            store,
            workspace: open,
            actor: Actor::operator(),
        };
        Ok(Entered { inner: Arc::new(content) })
    }
}

/// The setting that says what members without a team see: `nothing`, or everything.
pub const MEMBERS_WITHOUT_TEAM: &str = "members_without_team_see";
