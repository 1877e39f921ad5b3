//! What holds of the policies, whoever asks.

mod answers;
mod cases;
mod properties;

use crate::{Asking, Grant, PermissionEngine, Target};
use bursar_domain::id::{AccountId, RoleId, SessionId, StaffAccessId, TokenId, WorkspaceId};
use bursar_domain::role::Action;
use bursar_domain::{Page, Principal, Role, RoleName};

fn engine() -> &'static PermissionEngine {
    static ENGINE: std::sync::LazyLock<PermissionEngine> =
        std::sync::LazyLock::new(|| PermissionEngine::new().unwrap());
    &ENGINE
}

fn account() -> Principal {
    Principal::Account { id: AccountId::from_u128(1), session: SessionId::from_u128(1) }
}

fn token() -> Principal {
    Principal::Token { id: TokenId::from_u128(1), account: AccountId::from_u128(1) }
}

fn staff() -> Principal {
    Principal::Staff {
        id: AccountId::from_u128(1),
        session: SessionId::from_u128(1),
        access: StaffAccessId::from_u128(1),
    }
}

fn custom() -> RoleName {
    RoleName::Custom(RoleId::from_u128(1))
}

/// Everything.
fn everything() -> Grant {
    Grant::new(Page::ALL.iter().copied(), Action::ALL.iter().copied())
}

/// The page in the asking's own workspace.
fn here(asking: &Asking, page: Page) -> Target {
    Target { workspace: asking.workspace, page }
}

fn elsewhere(page: Page) -> Target {
    Target { workspace: WorkspaceId::from_u128(77), page }
}

/// Every page with every action.
fn questions() -> impl Iterator<Item = (Page, Action)> {
    Page::ALL.iter().flat_map(|page| Action::ALL.iter().map(move |action| (*page, *action)))
}

fn member(role: Role) -> Asking {
    Asking::in_role(role, false)
}
