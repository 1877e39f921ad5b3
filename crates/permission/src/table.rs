//! Decisions that were made already.
//!
//! The policies look at a role, a flag or two, and whether one page and one action are in a set: for
//! people, tokens and staff in their own workspace there are 40 320 different questions. Each is put to
//! Cedar once; the answer is kept. Nothing here decides. What is rarer (the command line, jobs,
//! switched-off accounts, another workspace) is put to Cedar each time.
//!
//! INVARIANT: the policies ask a grant only for the page and the action of the request, and look at no
//! id. A test compares with Cedar asked in full.

use crate::asking::{Asking, Target};
use crate::decision::Decision;
use crate::grant::Grant;
use bursar_domain::role::Action;
use bursar_domain::{Page, Principal, Role, RoleName};
use std::sync::OnceLock;

/// People, tokens, staff who may only read, staff who may more.
const KINDS: usize = 4;
/// Four roles, owner or not; then a role of the workspace's own, owner or not, giving the page or not
/// and the action or not.
const ROLES: usize = 16;
/// No limit, or one that has the page or not and the action or not.
const LIMITS: usize = 5;

pub(crate) struct Table(Box<[OnceLock<Decision>]>);

impl Table {
    pub(crate) fn new() -> Self {
        let size = KINDS * ROLES * LIMITS * Page::ALL.len() * Action::ALL.len();
        Self((0..size).map(|_| OnceLock::new()).collect())
    }

    /// The kept decision, or the one that `decide` makes of the same question reduced to what counts.
    pub(crate) fn get_or(
        &self,
        asking: &Asking,
        target: Target,
        action: Action,
        decide: impl Fn(&Asking) -> Decision,
    ) -> Decision {
        let reduced = reduce(asking, target.page, action);
        match place(&reduced, target, action).and_then(|place| self.0.get(place)) {
            Some(kept) => kept.get_or_init(|| decide(&reduced)).clone(),
            None => decide(&reduced),
        }
    }
}

/// The same question, without the pages and actions that it is not about.
fn reduce(asking: &Asking, page: Page, action: Action) -> Asking {
    let custom = matches!(asking.role, RoleName::Custom(_));
    Asking {
        granted: custom.then(|| asking.granted.unwrap_or_default().about(page, action)),
        limit: asking.limit.map(|limit| limit.about(page, action)),
        ..*asking
    }
}

fn place(asking: &Asking, target: Target, action: Action) -> Option<usize> {
    let kind = match asking.principal {
        Principal::Account { .. } => 0,
        Principal::Token { .. } => 1,
        Principal::Staff { .. } => 2 + usize::from(!asking.staff_read_only),
        Principal::Operator | Principal::System | Principal::Anonymous => return None,
    };
    if asking.switched_off || asking.workspace != target.workspace {
        return None;
    }
    let bits = |grant: Grant| usize::from(grant.opens(target.page)) * 2 + usize::from(grant.lists(action));
    let owner = usize::from(asking.owner);
    let role = match asking.role {
        RoleName::BuiltIn(role) => owner * 4 + position(Role::ALL, role)?,
        RoleName::Custom(_) => 8 + owner * 4 + asking.granted.map_or(0, bits),
    };
    let limit = asking.limit.map_or(0, |limit| 1 + bits(limit));
    let (page, action) = (position(Page::ALL, target.page)?, position(Action::ALL, action)?);
    let place = (kind * ROLES + role) * LIMITS + limit;
    Some((place * Page::ALL.len() + page) * Action::ALL.len() + action)
}

fn position<T: PartialEq>(all: &[T], one: T) -> Option<usize> {
    all.iter().position(|other| *other == one)
}

#[cfg(test)]
mod tests {
    use super::*;
    use bursar_domain::id::{AccountId, RoleId, SessionId, StaffAccessId, TokenId};
    use std::collections::HashSet;

    /// Everybody whose answer about this page and action may differ.
    fn everybody(page: Page, action: Action) -> Vec<Asking> {
        let (account, session) = (AccountId::from_u128(1), SessionId::from_u128(1));
        let staff = Principal::Staff { id: account, session, access: StaffAccessId::from_u128(1) };
        let principals = [
            (Principal::Account { id: account, session }, true),
            (Principal::Token { id: TokenId::from_u128(1), account }, true),
            (staff, true),
            (staff, false),
        ];
        // To view is never listed.
        let listed: &[Option<Action>] = if action == Action::View { &[None] } else { &[None, Some(action)] };
        let pages = [None, Some(page)];
        let grants: Vec<Option<Grant>> = pages
            .iter()
            .flat_map(|page| listed.iter().map(|action| Some(Grant::new(*page, *action))))
            .collect();
        let built_in = Role::ALL.iter().map(|role| (RoleName::BuiltIn(*role), None));
        let custom = grants.iter().map(|grant| (RoleName::Custom(RoleId::from_u128(1)), *grant));
        let roles: Vec<_> = built_in.chain(custom).collect();
        let mut found = Vec::new();
        for (principal, staff_read_only) in principals {
            for (role, granted) in roles.iter().copied() {
                for limit in grants.iter().copied().chain([None]) {
                    for owner in [false, true] {
                        let some = Asking::in_role(Role::Viewer, owner);
                        found.push(Asking { principal, role, granted, limit, staff_read_only, ..some });
                    }
                }
            }
        }
        found
    }

    #[test]
    fn different_questions_have_different_places() {
        let size = Table::new().0.len();
        let (mut seen, mut asked) = (HashSet::new(), 0);
        for &page in Page::ALL {
            for &action in Action::ALL {
                for asking in everybody(page, action) {
                    let place = place(&asking, Target { workspace: asking.workspace, page }, action).unwrap();
                    assert!(place < size && seen.insert(place), "{asking:?} {page} {action}");
                    asked += 1;
                }
            }
        }
        assert_eq!((seen.len(), size), (asked, 40_320));
    }
}
