//! Who may do what, decided in one place.
//!
//! Permission has two layers: a *page* is what somebody may open, an *action* is what somebody may do
//! there. Which role has which is written as [Cedar](https://www.cedarpolicy.com) policies in `authz/`;
//! this crate holds the engine that asks them, and nothing that answers by itself. A third thing, the
//! [`Scope`](bursar_domain::Scope), says which charges are seen at all; it comes from the teams
//! ([`scope_of`]) and narrows every answer below the question.
//!
//! ```
//! use bursar_domain::id::{AccountId, SessionId, WorkspaceId};
//! use bursar_domain::{Page, Principal, Role, RoleName, role::Action};
//! use bursar_permission::{Asking, PermissionEngine, Target};
//!
//! let engine = PermissionEngine::new()?;
//! let workspace = WorkspaceId::from_u128(1);
//! let asking = Asking {
//!     principal: Principal::Account { id: AccountId::from_u128(2), session: SessionId::from_u128(3) },
//!     workspace,
//!     role: RoleName::BuiltIn(Role::Operator),
//!     owner: false,
//!     granted: None,
//!     limit: None,
//!     staff_read_only: true,
//!     switched_off: false,
//! };
//! let decision = engine.decide(&asking, Target { workspace, page: Page::Actions }, Action::Approve);
//! assert!(decision.allowed());
//! assert_eq!(decision.policies(), ["operator-acts"]);
//! # Ok::<(), bursar_permission::PolicyError>(())
//! ```
//!
//! What it refuses: an answer without a policy (nothing is allowed by default), a forbid that a permit
//! outvotes, policies that do not fit the schema (the engine does not start), and a policy that fails
//! while it is evaluated (nothing is allowed then, because it might have been a forbid).
//!
//! No I/O, no clock: what is asked about comes in, what was decided goes out, with the ids of the
//! policies that decided it.

mod asking;
mod decision;
mod engine;
mod explain;
mod grant;
mod matrix;
mod policies;
mod table;
mod team;
mod words;

pub use asking::{Asking, Target};
pub use decision::{Decision, Denial};
pub use engine::PermissionEngine;
pub use explain::{Capable, Explanation};
pub use grant::{Grant, GrantError};
pub use matrix::reference_page;
pub use policies::{Effect, PolicyError, PolicyNote};
pub use team::{Teamless, scope_of, within};

#[cfg(test)]
mod tests;
