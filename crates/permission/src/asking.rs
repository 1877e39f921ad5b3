//! Who asks, and about what.
//!
//! [`Asking`] has no default and no builder: whoever makes one names every field, so that nobody
//! forgets a token's limit or a switched-off account.

use crate::grant::Grant;
use bursar_domain::id::{AccountId, SessionId, WorkspaceId};
use bursar_domain::{Page, Principal, Role, RoleName};

/// Somebody who asks, with everything that the policies look at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Asking {
    /// Who it is.
    pub principal: Principal,
    /// The workspace that the membership, the token or the staff access is of.
    pub workspace: WorkspaceId,
    /// The role there. The command line, the program itself and nobody have none; it is not looked at.
    pub role: RoleName,
    /// Member of the owner group. Counts with [`Role::Admin`](bursar_domain::Role::Admin) only.
    pub owner: bool,
    /// What the role gives when it is the workspace's own; without it such a role gives nothing.
    pub granted: Option<Grant>,
    /// What a limited token is kept to, within what its account may.
    pub limit: Option<Grant>,
    /// Staff may only read. Looked at for [`Principal::Staff`] only.
    pub staff_read_only: bool,
    /// The account is switched off.
    pub switched_off: bool,
}

/// What is asked about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Target {
    /// The workspace.
    pub workspace: WorkspaceId,
    /// The page.
    pub page: Page,
}

impl Asking {
    /// A member in a built-in role of some workspace: for questions about roles, not about people.
    pub(crate) fn in_role(role: Role, owner: bool) -> Self {
        Self {
            principal: Principal::Account { id: AccountId::from_u128(0), session: SessionId::from_u128(0) },
            workspace: WorkspaceId::from_u128(0),
            role: RoleName::BuiltIn(role),
            owner,
            granted: None,
            limit: None,
            staff_read_only: true,
            switched_off: false,
        }
    }
}
