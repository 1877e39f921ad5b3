//! Nobody gives more than they have, nor takes it from whoever has more: what is asked before a member,
//! a role or a team is changed. The route's own need is the guard's to check; this is what only the
//! handler can know. A refusal is recorded.

use crate::problem::Problem;
use crate::seen::Seen;
use crate::state::App;
use bursar_domain::id::{AccountId, SessionId};
use bursar_domain::role::Action;
use bursar_domain::{Page, Principal, Role, RoleName};
use bursar_permission::{Asking, Grant};
use bursar_store::{Account, Entry, Member, Outcome, StoreError};
use serde::Serialize;
use utoipa::ToSchema;

/// Longest name of a team or role, in characters.
pub(super) const MAX_NAME: usize = 64;

/// Something with a name.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(super) struct NamedTeam {
    /// Its id.
    pub(super) id: String,
    /// What it is called.
    pub(super) name: String,
}

/// The pages, for the document.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
#[expect(dead_code, reason = "describes the words; `bursar_domain::Page` reads them")]
pub(crate) enum PageWord {
    Dashboard,
    Findings,
    Explorer,
    Sql,
    Sources,
    Forecasts,
    Actions,
    Reports,
    Admin,
}

/// The actions, for the document.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
#[expect(dead_code, reason = "describes the words; `bursar_domain::role::Action` reads them")]
pub(crate) enum ActionWord {
    View,
    Scan,
    Query,
    Forecast,
    Approve,
    Remediate,
    ManageSources,
    ManageMembers,
    ManageTokens,
    ManageSignIn,
    ManageKeys,
    ManageSettings,
    ReadRecords,
    Own,
}

/// A member as the policies look at one.
pub(super) fn asking(seen: &Seen, role: RoleName, owner: bool, granted: Option<Grant>) -> Asking {
    let (id, session) = (AccountId::from_u128(0), SessionId::from_u128(0));
    Asking {
        principal: Principal::Account { id, session },
        workspace: seen.entered.access().workspace(),
        role,
        owner,
        granted,
        limit: None,
        staff_read_only: true,
        switched_off: false,
    }
}

/// What a role of the workspace's own gives.
///
/// # Errors
/// Not found when it is none of this workspace.
pub(super) async fn granted(seen: &Seen, role: RoleName) -> Result<Option<Grant>, StoreError> {
    match role {
        RoleName::BuiltIn(_) => Ok(None),
        RoleName::Custom(id) => {
            let role = seen.entered.store().role(id).await?;
            Ok(Some(Grant::new(role.pages, role.actions)))
        }
    }
}

/// What a member is now; a role that is no more gives nothing.
pub(super) async fn asking_of(seen: &Seen, member: &Member) -> Result<Asking, StoreError> {
    let membership = &member.membership;
    let granted = match granted(seen, membership.role).await {
        Err(StoreError::NotFound(_)) => None,
        granted => granted?,
    };
    Ok(Asking {
        principal: Principal::Account { id: membership.account, session: SessionId::from_u128(0) },
        switched_off: !member.account.is_active(),
        ..asking(seen, membership.role, membership.owner, granted)
    })
}

/// A refusal that the guard could not make, with its record.
pub(super) async fn refused(seen: &Seen, what: &str, policy: &str, detail: String) -> Problem {
    let entry = Entry::done("permission", what)
        .outcome(Outcome::Refused)
        .decided_by(policy)
        .with(serde_json::json!({ "why": detail }));
    if let Err(error) = seen.entered.store().note(seen.actor(), entry).await {
        tracing::error!(%error, "a refusal could not be recorded");
    }
    Problem::refused(detail)
}

/// That whoever asks may all that is given.
pub(super) async fn no_more_than_own(
    app: &App,
    seen: &Seen,
    what: &str,
    given: &Asking,
) -> Result<(), Problem> {
    let Some((page, action)) = app.installation.permissions().exceeds(seen.entered.asking(), given) else {
        return Ok(());
    };
    let detail = format!(
        "nobody gives more than they have: this would allow `{action}` on the page `{page}`, which you may not do"
    );
    Err(refused(seen, what, "nobody-gives-more", detail).await)
}

/// That whoever asks may all that the member may.
pub(super) async fn no_less_than(app: &App, seen: &Seen, what: &str, member: &Member) -> Result<(), Problem> {
    // A switched-off account may nothing, until it is switched on again.
    let theirs = Asking { switched_off: false, ..asking_of(seen, member).await? };
    let Some((page, action)) = app.installation.permissions().exceeds(seen.entered.asking(), &theirs) else {
        return Ok(());
    };
    let detail = format!(
        "this member may `{action}` on the page `{page}` and you may not: ask somebody who may as much"
    );
    Err(refused(seen, what, "nobody-gives-more", detail).await)
}

/// That whoever asks belongs to the owner group.
pub(super) async fn owners_only(seen: &Seen, what: &str) -> Result<(), Problem> {
    let decision = seen.entered.may(Page::Admin, Action::Own);
    if decision.allowed() {
        return Ok(());
    }
    let detail = format!(
        "owners are named by owners: {} (decided by `{}`)",
        decision.reason(),
        decision.deciding_policy()
    );
    Err(refused(seen, what, decision.deciding_policy(), detail).await)
}

/// That whoever asks sees all charges: a member without a team may see all of them, so that anybody
/// else could let others, or themselves, see more than they do.
pub(super) async fn sees_everything(seen: &Seen, what: &str) -> Result<(), Problem> {
    if seen.workspace.scope().is_all() {
        return Ok(());
    }
    let detail = "you see a part of the charges: members and teams are changed by who sees all of them";
    Err(refused(seen, what, "nobody-gives-more", detail.to_owned()).await)
}

/// A role by its word or id. One that is neither is none of the workspace's.
pub(super) fn role(text: &str) -> Result<RoleName, Problem> {
    text.parse().map_err(|_| {
        Problem::not_found(format!("there is no role `{}` here", crate::parameters::shown(text)))
    })
}

/// What people call a built-in role.
pub(super) const fn role_title(role: Role) -> &'static str {
    match role {
        Role::Viewer => "Viewer",
        Role::Analyst => "Analyst",
        Role::Operator => "Operator",
        Role::Admin => "Administrator",
    }
}

/// What people call a role of the workspace.
pub(super) async fn role_name(seen: &Seen, role: RoleName) -> Result<String, StoreError> {
    match role {
        RoleName::BuiltIn(role) => Ok(role_title(role).to_owned()),
        RoleName::Custom(id) => match seen.entered.store().role(id).await {
            Ok(role) => Ok(role.name),
            Err(StoreError::NotFound(_)) => Ok("a role that is no more".to_owned()),
            Err(error) => Err(error),
        },
    }
}

/// A name of a role or team, without blanks around it.
pub(super) fn name(text: &str) -> Result<String, Problem> {
    let text = text.trim();
    if text.is_empty() || text.chars().count() > MAX_NAME || text.chars().any(char::is_control) {
        return Err(Problem::bad_request(format!(
            "`name` needs 1 to {MAX_NAME} characters, without control characters"
        )));
    }
    Ok(text.to_owned())
}

/// Something contradicts what is there.
pub(super) fn conflict(detail: impl Into<String>) -> Problem {
    Problem::new(axum::http::StatusCode::CONFLICT, "conflict", "this contradicts what is there", detail)
}

/// All members of the workspace.
pub(super) async fn accounts(
    seen: &Seen,
) -> Result<std::collections::HashMap<AccountId, Account>, StoreError> {
    let (mut all, mut after) = (std::collections::HashMap::new(), None);
    loop {
        let paging = bursar_store::Paging { after, ..Default::default() };
        let page = seen.entered.store().members(paging).await?;
        let Some(last) = page.last() else { return Ok(all) };
        after = Some(last.account.id);
        all.extend(page.into_iter().map(|member| (member.account.id, member.account)));
    }
}
