//! Provisioning: what an identity provider says by SCIM, done to a workspace.
//!
//! [`Provisioning`] is the way in, and it takes a token that was made for it: any other token, and any
//! session, is a stranger here, as this token is everywhere else. The member that the token belongs to
//! must be allowed to manage members at each request; nobody is taken away from a workspace who may
//! more than that member.
//!
//! A provisioned user stands for an account, found or made by its address. What SCIM governs is the
//! account's *membership* of this workspace, never the account: accounts belong to the installation, and
//! another workspace's provider must not end what this one's gave. So `active: false` and DELETE
//!
//! 1. end the membership: from then on no session and no token of the account opens the workspace;
//! 2. revoke its tokens here, and take back invitations of its address;
//! 3. end all of its sessions, unless it belongs to another workspace too.
//!
//! Access is given after the resource is written and taken before it is: whatever happens in between,
//! nobody is let in whom no resource speaks for.

mod access;
mod groups;
mod list;
mod users;

use super::{EnterError, Installation};
use bursar_domain::id::RequestId;
use bursar_domain::role::Action;
use bursar_domain::{Actor, Page, Principal, RoleName};
use bursar_permission::{Asking, Grant, Target};
use bursar_scim::{GroupOf, Identity, Projection, Resource, ScimError, ScimType};
use bursar_store::{Entry, Outcome, StoreError, TokenKind, TokenRow, TokenText, WorkspaceStore};
use serde_json::Value;

/// Times that a change is tried when others change the same resource at the same moment.
const ATTEMPTS: usize = 3;

/// Why a provisioning request is not done.
#[derive(Debug, thiserror::Error)]
pub enum ProvisionError {
    /// The token is none for provisioning, or counts no longer.
    #[error("this needs a token for provisioning")]
    Stranger,
    /// What the client may read.
    #[error(transparent)]
    Refused(#[from] ScimError),
    /// Control data.
    #[error(transparent)]
    Store(StoreError),
}

impl From<StoreError> for ProvisionError {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::NotFound("user" | "group") => Self::Refused(no_such_resource()),
            StoreError::Stale(_) => Self::Refused(changed_meanwhile()),
            StoreError::TooLarge { .. } => {
                Self::Refused(ScimError::new(ScimType::InvalidValue, error.to_string()))
            }
            StoreError::Conflict("it is there already") => Self::Refused(taken("userName")),
            StoreError::Conflict(why) => Self::Refused(ScimError::of_status(409, why)),
            other => Self::Store(other),
        }
    }
}

fn no_such_resource() -> ScimError {
    ScimError::of_status(404, "there is no such resource")
}

fn changed_meanwhile() -> ScimError {
    ScimError::of_status(412, "the resource was changed meanwhile: read it again")
}

fn taken(what: &str) -> ScimError {
    ScimError::new(ScimType::Uniqueness, format!("another user has this `{what}`"))
}

/// A resource as it is answered.
#[derive(Debug, Clone, PartialEq)]
pub struct Provisioned {
    /// The body.
    pub body: Value,
    /// Its address.
    pub location: String,
    /// Its ETag.
    pub etag: String,
}

/// An identity provider in the one workspace that its token is for.
#[derive(Debug)]
pub struct Provisioning {
    installation: Installation,
    store: WorkspaceStore,
    token: TokenRow,
    asking: Asking,
    actor: Actor,
    base: String,
}

impl Installation {
    /// Lets an identity provider in. `base` is the address that ends with `/scim/v2`.
    ///
    /// # Errors
    /// [`ProvisionError::Stranger`] for anything that is no live token for provisioning;
    /// [`ProvisionError::Refused`] when the member that it belongs to may not manage members.
    pub async fn provisioning(
        &self,
        token: &str,
        base: &str,
        request: Option<RequestId>,
    ) -> Result<Provisioning, ProvisionError> {
        let text: TokenText = token.parse().map_err(|_| ProvisionError::Stranger)?;
        let (access, token) = match self.inner.store.token(&text).await {
            Ok((access, token)) if token.kind == TokenKind::Scim => (access, token),
            Ok(_) | Err(StoreError::NotFound(_)) => return Err(ProvisionError::Stranger),
            Err(error) => return Err(ProvisionError::Store(error)),
        };
        let store = self.inner.store.workspace(&access).await?;
        let now = self.inner.clock.now();
        if token.last_used_at.is_none_or(|used| now - used >= chrono::Duration::minutes(1)) {
            store.touch_token(token.id).await?;
        }
        let granted = match access.role() {
            RoleName::BuiltIn(_) => None,
            RoleName::Custom(id) => {
                store.role(id).await.ok().map(|role| Grant::new(role.pages, role.actions))
            }
        };
        let principal = Principal::Token { id: token.id, account: token.account };
        let asking = Asking {
            principal,
            workspace: access.workspace(),
            role: access.role(),
            owner: access.owner(),
            granted,
            limit: None,
            staff_read_only: access.read_only(),
            switched_off: false,
        };
        let actor = Actor::new(principal, request);
        let base = base.to_owned();
        let provisioning = Provisioning { installation: self.clone(), store, token, asking, actor, base };
        provisioning.may_manage_members().await?;
        Ok(provisioning)
    }
}

impl Provisioning {
    /// The token that asks.
    #[must_use]
    pub const fn token(&self) -> &TokenRow {
        &self.token
    }

    async fn may_manage_members(&self) -> Result<(), ProvisionError> {
        let target = Target { workspace: self.asking.workspace, page: Page::Admin };
        let decision =
            self.installation.inner.permissions.decide(&self.asking, target, Action::ManageMembers);
        if decision.allowed() {
            return Ok(());
        }
        let detail = format!(
            "the member that this token belongs to may not manage members: {} (decided by `{}`)",
            decision.reason(),
            decision.deciding_policy()
        );
        Err(self.refused("scim", decision.deciding_policy(), detail).await)
    }

    /// A refusal, with its record.
    async fn refused(&self, what: &str, policy: &str, detail: String) -> ProvisionError {
        let entry = Entry::done("permission", what)
            .outcome(Outcome::Refused)
            .decided_by(policy)
            .with(serde_json::json!({ "why": detail }));
        if let Err(error) = self.store.note(&self.actor, entry).await {
            // It is refused anyway.
            tracing::error!(%error, "a refusal could not be recorded");
        }
        ProvisionError::Refused(ScimError::of_status(403, detail))
    }

    fn answered(
        &self,
        resource: &Resource,
        identity: &Identity,
        groups: &[GroupOf],
        projection: &Projection,
    ) -> Provisioned {
        let kind = resource.kind();
        Provisioned {
            body: projection.apply(kind, resource.render(&self.base, identity, groups)),
            location: Resource::location(kind, &self.base, &identity.id),
            etag: resource.etag(identity),
        }
    }
}

impl From<EnterError> for ProvisionError {
    fn from(error: EnterError) -> Self {
        match error {
            EnterError::Store(error) => Self::Store(error),
            _ => Self::Stranger,
        }
    }
}

/// Whether a resource with this ETag is one that an `If-Match` header names. ETags here are weak, so that
/// `W/` makes no difference.
fn matches(if_match: &str, etag: &str) -> bool {
    let bare = |tag: &str| tag.trim().trim_start_matches("W/").trim().to_owned();
    if_match.split(',').any(|tag| tag.trim() == "*" || bare(tag) == bare(etag))
}
