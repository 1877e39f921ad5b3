//! The right to one workspace: a value that only the store can make.
//!
//! There is no query without a workspace because there is nothing to call it on, and no workspace
//! without a [`WorkspaceAccess`], which comes from a membership, a token, a granted staff access,
//! the operator's hands or a job of the program's own.
//!
//! Nobody forges one:
//!
//! ```compile_fail,E0451
//! use bursar_store::WorkspaceAccess;
//! fn forge(access: &WorkspaceAccess) -> WorkspaceAccess {
//!     WorkspaceAccess { workspace: access.workspace(), ..todo!() }
//! }
//! ```
//!
//! copies one and changes the copy:
//!
//! ```compile_fail,E0616
//! fn point_elsewhere(access: &mut bursar_store::WorkspaceAccess, other: bursar_domain::id::WorkspaceId) {
//!     access.workspace = other;
//! }
//! ```
//!
//! or makes a [`WorkspaceStore`](crate::WorkspaceStore) from an id alone:
//!
//! ```compile_fail,E0308
//! async fn open(store: &bursar_store::Store, id: bursar_domain::id::WorkspaceId) {
//!     let _ = store.workspace(&id).await;
//! }
//! ```
//!
//! and no method of a `WorkspaceStore` takes a workspace, so that the store of one cannot be asked
//! for another:
//!
//! ```compile_fail,E0061
//! async fn read(
//!     store: &bursar_store::WorkspaceStore,
//!     other: bursar_domain::id::WorkspaceId,
//!     id: bursar_domain::id::SourceId,
//! ) {
//!     let _ = store.source(other, id).await;
//! }
//! ```

use bursar_domain::id::{AccountId, TeamId, WorkspaceId};
use bursar_domain::{Principal, RegionName, Role, RoleName, Scope};

/// Who may do what in one workspace, as it was when it was asked for. Ask for it per request.
#[derive(Debug)]
pub struct WorkspaceAccess {
    pub(crate) workspace: WorkspaceId,
    pub(crate) region: RegionName,
    pub(crate) principal: Principal,
    pub(crate) role: RoleName,
    pub(crate) owner: bool,
    pub(crate) teams: Vec<TeamId>,
    pub(crate) scope: Scope,
    pub(crate) read_only: bool,
}

impl WorkspaceAccess {
    /// Everything, for the program's own work and the operator.
    pub(crate) const fn whole(workspace: WorkspaceId, region: RegionName, principal: Principal) -> Self {
        Self {
            workspace,
            region,
            principal,
            role: RoleName::BuiltIn(Role::Admin),
            owner: true,
            teams: Vec::new(),
            scope: Scope::All,
            read_only: false,
        }
    }

    /// The workspace.
    #[must_use]
    pub const fn workspace(&self) -> WorkspaceId {
        self.workspace
    }

    /// The region that its data stays in.
    #[must_use]
    pub const fn region(&self) -> &RegionName {
        &self.region
    }

    /// Who it is for.
    #[must_use]
    pub const fn principal(&self) -> &Principal {
        &self.principal
    }

    /// The account behind it.
    #[must_use]
    pub const fn account(&self) -> Option<AccountId> {
        self.principal.account()
    }

    /// The role in the workspace; a token has that of its account.
    #[must_use]
    pub const fn role(&self) -> RoleName {
        self.role
    }

    /// Whether it belongs to the owner group.
    #[must_use]
    pub const fn owner(&self) -> bool {
        self.owner
    }

    /// The teams.
    #[must_use]
    pub fn teams(&self) -> &[TeamId] {
        &self.teams
    }

    /// What of the charges is seen: the teams' scopes together, everything without a team. A
    /// token's own scope narrows it further and is not in here: see `TokenRow::scope`.
    #[must_use]
    pub const fn scope(&self) -> &Scope {
        &self.scope
    }

    /// Whether nothing may be changed (staff access that was granted for reading).
    #[must_use]
    pub const fn read_only(&self) -> bool {
        self.read_only
    }
}
