//! The four roles as promised, refusals, explanations, and roles that workspaces make.

use super::*;
use crate::policies::{Policies, SCHEMA};
use crate::{Denial, GrantError, PolicyError};

#[test]
fn the_four_roles_are_as_promised() {
    // claim C5
    use Action as A;
    let all_but_admin: Vec<Page> = Page::ALL.iter().copied().filter(|page| *page != Page::Admin).collect();
    let all_but_own: Vec<A> = A::ALL.iter().copied().filter(|action| *action != A::Own).collect();
    for (role, pages, actions) in [
        (Role::Viewer, vec![Page::Dashboard, Page::Findings], vec![A::View]),
        (Role::Analyst, all_but_admin.clone(), vec![A::View, A::Scan, A::Query, A::Forecast]),
        (Role::Operator, all_but_admin, vec![A::View, A::Scan, A::Query, A::Approve, A::Remediate]),
        (Role::Admin, Page::ALL.to_vec(), all_but_own),
    ] {
        assert_eq!(engine().pages(&member(role)), pages, "{role}");
        assert_eq!(engine().actions(&member(role)), actions, "{role}");
    }
    assert_eq!(engine().actions(&Asking::in_role(Role::Admin, true)), A::ALL);
}

#[test]
fn a_refusal_says_how_it_is_to_be_answered() {
    // claim C5
    let viewer = member(Role::Viewer);
    let on = |asking: &Asking, target| engine().decide(asking, target, Action::View).denial();
    assert_eq!(on(&viewer, here(&viewer, Page::Dashboard)), None);
    assert_eq!(on(&viewer, here(&viewer, Page::Sql)), Some(Denial::Forbidden));
    assert_eq!(on(&viewer, elsewhere(Page::Dashboard)), Some(Denial::NotFound));
    let off = Asking { switched_off: true, ..viewer };
    assert_eq!(on(&off, here(&off, Page::Dashboard)), Some(Denial::NotFound));
    let nobody = Asking { principal: Principal::Anonymous, ..viewer };
    assert_eq!(on(&nobody, here(&nobody, Page::Dashboard)), Some(Denial::SignIn));
}

#[test]
fn when_a_policy_fails_nothing_is_allowed() {
    // claim C5
    let text = r#"
        @id("all") @says("all") permit (principal, action, resource);
        @id("fails") @says("fails") forbid (principal, action, resource)
        when { principal has owner && (if principal.owner then 9223372036854775807 + 1 else 0) == 1 };
    "#;
    let engine = PermissionEngine::over(Policies::read(SCHEMA, &[("x.cedar", text)]).unwrap()).unwrap();
    let admin = member(Role::Admin);
    assert!(engine.decide(&admin, here(&admin, Page::Admin), Action::Own).allowed());
    let owner = Asking { owner: true, ..admin };
    let decision = engine.decide(&owner, here(&owner, Page::Admin), Action::Own);
    assert!(!decision.allowed());
    assert!(decision.reason().contains("fails"), "{}", decision.reason());
    assert_eq!(decision.deciding_policy(), "no-policy");
}

#[test]
fn a_schema_without_our_words_is_refused() {
    let schema = SCHEMA.replace("\"read-records\", ", "");
    let none = PermissionEngine::over(Policies::read(&schema, &[]).unwrap()).err();
    assert!(matches!(none, Some(PolicyError::Word(word)) if word.contains("read-records")));
}

#[test]
fn an_explanation_names_the_policy_and_what_would_help() {
    // claim C5
    let explain =
        |asking: &Asking, page, action| engine().explain(asking, here(asking, page), action).to_string();
    let operator = member(Role::Operator);
    for (found, expected) in [
        (
            explain(&operator, Page::Actions, Action::Approve),
            "an operator may `approve` on the page `actions`\n\
             decided by `operator-acts`: operators scan, query, approve and remediate, within the scope of their teams",
        ),
        (
            explain(&operator, Page::Forecasts, Action::Forecast),
            "an operator may not `forecast` on the page `forecasts`\n\
             no policy allows it: an operator may open the page `forecasts` but not `forecast` there\n\
             built-in roles that may: `analyst` and `admin`",
        ),
        (
            explain(
                &Asking {
                    principal: token(),
                    limit: Some(Grant::new([Page::Sql], [Action::Query])),
                    ..operator
                },
                Page::Actions,
                Action::Approve,
            ),
            "a token of an operator may not `approve` on the page `actions`\n\
             decided by `beyond-limit`: a limited token opens the pages and does the actions that it was made for, and no others\n\
             without that, `operator-acts` would allow it\n\
             built-in roles that may: `operator` and `admin`",
        ),
        (
            explain(&member(Role::Admin), Page::Admin, Action::Own),
            "an admin may not `own` on the page `admin`\n\
             no policy allows it: an admin may open the page `admin` but not `own` there\n\
             no built-in role may: `own` is done on `admin`, by owners",
        ),
    ] {
        assert_eq!(found, expected);
    }
}

#[test]
fn who_can_has_an_answer() {
    // claim C5
    let limited =
        Asking { principal: token(), limit: Some(Grant::new([Page::Sources], [])), ..member(Role::Admin) };
    let role = Asking {
        role: custom(),
        granted: Some(Grant::new([Page::Sources], [Action::Scan])),
        ..member(Role::Viewer)
    };
    let people = || {
        [
            ("vera", member(Role::Viewer)),
            ("ana", member(Role::Analyst)),
            ("cleo", role),
            ("tok", limited),
            ("off", Asking { switched_off: true, ..member(Role::Admin) }),
        ]
    };
    let found = engine().who_can(Action::Scan, None, people());
    let short: Vec<_> =
        found.iter().map(|one| (one.who, one.pages.as_slice(), one.policies.join(" "))).collect();
    assert_eq!(
        short,
        [
            ("ana", &[Page::Findings, Page::Sources][..], "analyst-acts".to_owned()),
            ("cleo", &[Page::Sources][..], "custom-role-acts".to_owned()),
        ]
    );
    let found = engine().who_can(Action::View, Some(Page::Sources), people());
    assert_eq!(found.iter().map(|one| one.who).collect::<Vec<_>>(), ["ana", "cleo", "tok"]);
}

#[test]
fn a_role_that_a_workspace_makes_is_checked() {
    // claim C5
    let check = |name: &str, pages: &[Page], actions: &[Action]| {
        engine().check_role(name, Grant::new(pages.iter().copied(), actions.iter().copied()))
    };
    assert_eq!(check("Auditor", &[Page::Admin], &[Action::ReadRecords]), Ok(()));
    assert_eq!(check("Prüfer 2", &[Page::Dashboard], &[Action::View]), Ok(()));
    for name in ["", "  ", "a\nb", &"x".repeat(65)] {
        assert_eq!(check(name, &[Page::Admin], &[]), Err(GrantError::Name), "{name:?}");
    }
    assert_eq!(check(" Admin ", &[Page::Sql], &[]), Err(GrantError::BuiltInName(Role::Admin)));
    assert_eq!(check("Empty", &[], &[]), Err(GrantError::NoPage));
    assert_eq!(check("Boss", &[Page::Admin], &[Action::Own]), Err(GrantError::Own));
    let error = check("Scanner", &[Page::Dashboard], &[Action::Scan]).unwrap_err().to_string();
    assert_eq!(
        error,
        "`scan` is done on `findings` or `sources`: add one of these pages, or leave the action out"
    );
    assert!(GrantError::NoPage.to_string().ends_with("`reports` and `admin`"));
}

#[test]
fn nobody_gives_more_than_they_have() {
    // claim C5
    let role = |pages: &[Page], actions: &[Action]| Asking {
        role: custom(),
        granted: Some(Grant::new(pages.iter().copied(), actions.iter().copied())),
        ..member(Role::Viewer)
    };
    let admin = member(Role::Admin);
    let recruiter = role(&[Page::Dashboard, Page::Findings, Page::Admin], &[Action::ManageMembers]);
    assert_eq!(engine().exceeds(&admin, &member(Role::Operator)), None);
    assert_eq!(engine().exceeds(&admin, &admin), None);
    assert_eq!(engine().exceeds(&admin, &Asking { owner: true, ..admin }), Some((Page::Admin, Action::Own)));
    assert_eq!(engine().exceeds(&recruiter, &member(Role::Viewer)), None);
    assert_eq!(engine().exceeds(&recruiter, &recruiter), None);
    assert!(engine().exceeds(&recruiter, &admin).is_some());
    assert_eq!(
        engine().exceeds(&recruiter, &role(&[Page::Admin], &[Action::ManageKeys])),
        Some((Page::Admin, Action::ManageKeys))
    );
}

#[test]
fn a_grant_reads_back_as_it_is_written() {
    let text = r#"{"pages":["dashboard","sources"],"actions":["scan"]}"#;
    let grant: Grant = serde_json::from_str(text).unwrap();
    assert_eq!(serde_json::to_string(&grant).unwrap(), text);
    // To view comes with the page.
    assert_eq!(Grant::new([Page::Sql], [Action::View]), Grant::new([Page::Sql], []));
    assert_eq!(
        (everything().pages().count(), everything().actions().count()),
        (Page::ALL.len(), Action::ALL.len() - 1)
    );
    assert_eq!(Grant::limit(None, None), None);
    assert_eq!(Grant::limit(Some(&[]), None), Some(Grant::new([], Action::ALL.iter().copied())));
    assert_eq!(
        Grant::limit(None, Some(&[Action::Scan])),
        Some(Grant::new(Page::ALL.iter().copied(), [Action::Scan]))
    );
    for bad in [r#"{"pages":["bills"],"actions":[]}"#, r#"{"pages":[],"actions":[],"own":true}"#] {
        assert!(serde_json::from_str::<Grant>(bad).is_err(), "{bad}");
    }
}

#[test]
fn the_whole_matrix_is_cedars_own() {
    // claim C5
    let engine = PermissionEngine::new().unwrap();
    for role in Role::ALL {
        for owner in [false, true] {
            for principal in [account(), token()] {
                let asking = Asking { principal, ..Asking::in_role(*role, owner) };
                for (page, action) in questions() {
                    let target = here(&asking, page);
                    let asked = engine.ask(&asking, target, action);
                    assert_eq!(engine.decide(&asking, target, action), asked, "{role} {page} {action}");
                    assert_eq!(engine.decide(&asking, target, action), asked, "{role} {page} {action}, kept");
                }
            }
        }
    }
}
