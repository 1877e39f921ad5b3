//! What holds whoever asks, tried with everybody.

use super::*;
use proptest::prelude::*;
use proptest::sample::{select, subsequence};

fn any_grant() -> impl Strategy<Value = Grant> {
    (
        subsequence(Page::ALL.to_vec(), 0..=Page::ALL.len()),
        subsequence(Action::ALL.to_vec(), 0..=Action::ALL.len()),
    )
        .prop_map(|(pages, actions)| Grant::new(pages, actions))
}

fn any_role() -> impl Strategy<Value = RoleName> {
    let built_in = Role::ALL.iter().map(|role| RoleName::BuiltIn(*role));
    select(built_in.chain([custom()]).collect::<Vec<_>>())
}

fn anybody() -> impl Strategy<Value = Asking> {
    let principal = select(vec![
        account(),
        token(),
        staff(),
        Principal::Operator,
        Principal::System,
        Principal::Anonymous,
    ]);
    let rarely = || prop::bool::weighted(0.1);
    (
        principal,
        any_role(),
        any::<bool>(),
        any::<Option<bool>>(),
        any_grant(),
        prop::option::of(any_grant()),
        any::<bool>(),
        rarely(),
    )
        .prop_map(|(principal, role, owner, granted, grant, limit, staff_read_only, switched_off)| {
            Asking {
                principal,
                workspace: WorkspaceId::from_u128(5),
                role,
                owner,
                granted: granted.map(|_| grant),
                limit,
                staff_read_only,
                switched_off,
            }
        })
}

fn any_target() -> impl Strategy<Value = Target> {
    (prop::bool::weighted(0.1), select(Page::ALL.to_vec())).prop_map(|(other, page)| Target {
        workspace: WorkspaceId::from_u128(if other { 6 } else { 5 }),
        page,
    })
}

fn any_action() -> impl Strategy<Value = Action> {
    select(Action::ALL.to_vec())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1000))]

    // claim C5
    #[test]
    fn a_kept_decision_is_cedars_own(asking in anybody(), target in any_target(), action in any_action()) {
        let first = engine().decide(&asking, target, action);
        prop_assert_eq!(&first, &engine().ask(&asking, target, action));
        prop_assert_eq!(&first, &engine().decide(&asking, target, action));
        prop_assert!(engine().fits(&asking, target, action).is_ok());
    }

    // claim C5
    #[test]
    fn no_action_is_done_on_a_page_that_may_not_be_opened(asking in anybody(), target in any_target(), action in any_action()) {
        if engine().decide(&asking, target, action).allowed() {
            prop_assert!(engine().decide(&asking, target, Action::View).allowed());
        }
    }

    // claim C5
    #[test]
    fn a_role_of_the_workspaces_own_never_exceeds_its_definition(asking in anybody(), grant in any_grant(), target in any_target(), action in any_action()) {
        let asking = Asking { principal: account(), role: custom(), granted: Some(grant), ..asking };
        if engine().decide(&asking, target, action).allowed() {
            prop_assert!(grant.opens(target.page));
            prop_assert!(action == Action::View || grant.lists(action));
            prop_assert!(action != Action::Own);
        }
    }

    // claim C6
    #[test]
    fn a_token_never_exceeds_its_account_nor_its_limit(asking in anybody(), target in any_target(), action in any_action()) {
        let held = Asking { principal: token(), ..asking };
        let person = Asking { principal: account(), limit: None, ..asking };
        if engine().decide(&held, target, action).allowed() {
            prop_assert!(engine().decide(&person, target, action).allowed());
            prop_assert!(held.limit.is_none_or(|limit| limit.opens(target.page)));
            prop_assert!(held.limit.is_none_or(|limit| action == Action::View || limit.lists(action)));
            prop_assert!(![Action::Own, Action::ManageTokens].contains(&action));
        }
    }

    // claim C5
    #[test]
    fn what_is_forbidden_stays_so_whatever_is_allowed_besides(asking in anybody(), target in any_target(), action in any_action()) {
        let most = Asking { role: RoleName::BuiltIn(Role::Admin), owner: true, limit: None, ..asking };
        let allowed = |asking: &Asking, target| engine().decide(asking, target, action).allowed();
        let off = Asking { switched_off: true, principal: account(), ..most };
        let limited = Asking { principal: token(), limit: Some(Grant::default()), ..most };
        let nobody = Asking { principal: Principal::Anonymous, ..most };
        prop_assert!(!allowed(&off, target));
        prop_assert!(!allowed(&most, elsewhere(target.page)));
        prop_assert!(!allowed(&limited, target));
        prop_assert!(!allowed(&nobody, target));
        let staff = Asking { principal: staff(), ..most };
        if allowed(&staff, target) {
            prop_assert!(![Action::Own, Action::ManageKeys, Action::ManageMembers, Action::ManageTokens, Action::Approve].contains(&action));
            prop_assert!(!staff.staff_read_only || [Action::View, Action::Query].contains(&action));
        }
    }

    // claim C5
    #[test]
    fn a_decision_always_has_a_reason_that_fits(asking in anybody(), target in any_target(), action in any_action()) {
        let decision = engine().decide(&asking, target, action);
        prop_assert!(!decision.reason().is_empty());
        prop_assert!(!decision.allowed() || !decision.policies().is_empty());
        let effect = if decision.allowed() { crate::Effect::Permit } else { crate::Effect::Forbid };
        for id in decision.policies() {
            prop_assert!(engine().policies().iter().any(|note| note.id == *id && note.effect == effect));
        }
    }
}
