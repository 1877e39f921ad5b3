//! The reference page: role × action × page, as the policies have it.
//!
//! Every cell is a decision of the engine. `docs/reference/permissions.md` is this text; a test keeps
//! it so.

use crate::asking::{Asking, Target};
use crate::engine::PermissionEngine;
use crate::policies::Effect;
use bursar_domain::id::{AccountId, SessionId, StaffAccessId, TokenId};
use bursar_domain::role::Action;
use bursar_domain::{Page, Principal, Role};
use std::fmt::Write as _;

const INTRODUCTION: &str = "\
# Permissions

Generated from the policies in `authz/`; a test keeps it so. `bursar authz explain WHO ACTION WHAT` says
which policy decides for somebody in particular.

Permission has two layers. A *page* is opened or not; whoever opens a page may view what is on it. An
*action* is done or not, on the pages where it belongs and that the role opens. Nothing is allowed that
no policy permits, and a policy that forbids always wins.

A third thing narrows both: members of teams see the charges in the scope of one of their teams, in
every answer, SQL and exports included. Admins see all charges. What members without a team see, all or
nothing, is a setting of the workspace.

Strangers are told *not found*.
";

/// The text of `docs/reference/permissions.md`.
#[must_use]
pub fn reference_page(engine: &PermissionEngine) -> String {
    let mut text = INTRODUCTION.to_owned();
    overview(&mut text, engine);
    for (name, asking) in subjects() {
        table(&mut text, engine, name, &asking);
    }
    policies(&mut text, engine);
    text
}

/// Everybody who has a table; the built-in roles come first.
fn subjects() -> Vec<(&'static str, Asking)> {
    let member = Asking::in_role;
    let account = AccountId::from_u128(0);
    let staff = Principal::Staff {
        id: account,
        session: SessionId::from_u128(0),
        access: StaffAccessId::from_u128(0),
    };
    let admin = member(Role::Admin, false);
    vec![
        ("Viewer", member(Role::Viewer, false)),
        ("Analyst", member(Role::Analyst, false)),
        ("Operator", member(Role::Operator, false)),
        ("Admin", admin),
        ("Owner: an admin in the owner group", member(Role::Admin, true)),
        (
            "Token of an owner, without a limit",
            Asking {
                principal: Principal::Token { id: TokenId::from_u128(0), account },
                owner: true,
                ..admin
            },
        ),
        ("Staff let in as analyst, to read", Asking { principal: staff, ..member(Role::Analyst, false) }),
        ("Staff let in as admin, to help", Asking { principal: staff, staff_read_only: false, ..admin }),
        ("The command line on the data directory", Asking { principal: Principal::Operator, ..admin }),
        ("The program's own jobs", Asking { principal: Principal::System, ..admin }),
    ]
}

/// The four roles as people compare them.
fn overview(text: &mut String, engine: &PermissionEngine) {
    text.push_str("\n## In short\n\n| role | pages | actions |\n|---|---|---|\n");
    for (name, asking) in subjects().into_iter().take(5) {
        let pages = engine.pages(&asking);
        let missing: Vec<&str> =
            Page::ALL.iter().filter(|page| !pages.contains(page)).map(|page| page.as_str()).collect();
        let pages = match missing.as_slice() {
            [] => "all".to_owned(),
            missing if missing.len() <= 2 => format!("all except {}", missing.join(", ")),
            _ => pages.iter().map(|page| page.as_str()).collect::<Vec<_>>().join(", "),
        };
        let actions = engine.actions(&asking).into_iter().map(Action::as_str).collect::<Vec<_>>().join(", ");
        let name = name.split(':').next().unwrap_or(name);
        let _ = writeln!(text, "| {name} | {pages} | {actions} |");
    }
    text.push_str(
        "\nA role of a workspace's own lists pages and actions, each on its own; an action needs one of its \
         pages. `own` cannot be listed.\n",
    );
}

fn table(text: &mut String, engine: &PermissionEngine, name: &str, asking: &Asking) {
    let pages: Vec<&str> = Page::ALL.iter().map(|page| page.as_str()).collect();
    let _ = write!(text, "\n## {name}\n\n| | {} |\n|---|{}\n", pages.join(" | "), "---|".repeat(pages.len()));
    for &action in Action::ALL {
        let _ = write!(text, "| `{action}` |");
        let done_on = engine.pages_of(action);
        for &page in Page::ALL {
            let decision = engine.decide(asking, Target { workspace: asking.workspace, page }, action);
            let cell = match (decision.allowed(), done_on.contains(&page)) {
                (true, _) => "yes",
                (false, true) => "–",
                (false, false) => "",
            };
            let _ = write!(text, " {cell} |");
        }
        text.push('\n');
    }
    let mut deciding: Vec<&str> = Vec::new();
    for note in engine.policies() {
        let decides = Action::ALL.iter().any(|action| {
            engine.where_allowed(asking, *action).iter().any(|page| {
                let decision =
                    engine.decide(asking, Target { workspace: asking.workspace, page: *page }, *action);
                decision.policies().contains(&note.id)
            })
        });
        if decides {
            deciding.push(&note.id);
        }
    }
    let deciding: Vec<String> = deciding.iter().map(|id| format!("`{id}`")).collect();
    let _ = writeln!(text, "\nBy {}.", deciding.join(", "));
}

fn policies(text: &mut String, engine: &PermissionEngine) {
    text.push_str("\n## Policies\n\n| policy | | what it says | file |\n|---|---|---|---|\n");
    for note in engine.policies() {
        let effect = match note.effect {
            Effect::Permit => "permits",
            Effect::Forbid => "forbids",
        };
        let _ = writeln!(text, "| `{}` | {effect} | {} | `authz/{}` |", note.id, note.says, note.file);
    }
    text.push_str("\nIn the tables an empty cell is an action that is not done on that page by anybody.\n");
}
