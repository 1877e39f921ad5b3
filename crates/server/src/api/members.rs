//! `/api/v1/members`: who belongs to the workspace.
//!
//! An address is invited by a link, whether or not it has an account: nobody has proven that the account
//! of an address is that of its reader, and the answer must not tell who has one elsewhere.

use super::body::{self, Done};
use super::giving::{self, NamedTeam};
use super::invitations::{self, InvitationView};
use super::sql::CsrfValue;
use crate::parameters::Parameters;
use crate::problem::{CommonProblems, PostProblems, Problem};
use crate::seen::Seen;
use crate::state::App;
use axum::Json;
use axum::extract::rejection::JsonRejection;
use axum::extract::{Path, State};
use bursar_app::installation::Invited;
use bursar_domain::id::{AccountId, TeamId};
use bursar_domain::{EmailAddress, Principal, Role, RoleName};
use bursar_store::{LinkPurpose, Member, Paging, StoreError};
use chrono::{DateTime, Utc};
use secrecy::ExposeSecret as _;
use serde::{Deserialize, Serialize};
use std::collections::HashMap;
use utoipa::{IntoParams, ToSchema};

/// Most invitations that wait at once.
const MAX_INVITATIONS: usize = 1_000;
/// Most teams of one member.
const MAX_TEAMS: usize = 100;

/// Members of the workspace.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct MemberList {
    /// The members, by account.
    items: Vec<MemberView>,
    /// The `cursor` of the next part; null when this is the last.
    #[schema(required)]
    next: Option<String>,
}

/// A member.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct MemberView {
    /// Who.
    account: MemberAccount,
    /// A built-in role, or the id of one of the workspace's own.
    role: String,
    /// What people call the role.
    role_name: String,
    /// Whether the member belongs to the owner group.
    owner: bool,
    /// How the membership came to be: `manual`, `scim` or `sso`.
    via: String,
    /// The teams.
    teams: Vec<NamedTeam>,
    /// Member since.
    created_at: DateTime<Utc>,
    /// Here last.
    #[schema(required)]
    last_used_at: Option<DateTime<Utc>>,
}

/// The account of a member.
#[derive(Debug, Serialize, ToSchema)]
struct MemberAccount {
    /// Its id.
    id: String,
    /// Its address.
    email: String,
    /// What it is called.
    display_name: String,
    /// `active`, or `disabled` when it may not sign in.
    status: String,
}

/// Which part of the list.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "describes the parameters; they are read strictly, by name")]
pub(crate) struct MemberParameters {
    /// At most so many
    #[param(required = false, minimum = 1, maximum = 1000, default = 1000)]
    limit: u64,
    /// `next` of the part before
    #[param(required = false, pattern = "^acc_[0-9a-f]{32}$")]
    cursor: String,
}

/// Somebody to invite.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct MemberRequest {
    /// The address.
    #[schema(format = "email", max_length = 254, example = "ana@example.com")]
    email: String,
    /// A built-in role, or the id of one of the workspace's own.
    #[schema(max_length = 64, example = "viewer")]
    role: String,
    /// Whether they will belong to the owner group; the role is `admin` then.
    #[serde(default)]
    owner: bool,
    /// Ids of the teams they will be in.
    #[serde(default)]
    #[schema(max_items = 100)]
    teams: Vec<String>,
}

/// Somebody was invited.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct MemberInvited {
    /// The invitation.
    invitation: InvitationView,
    /// Where it is accepted: give it to them. It is shown only now and works once.
    link: String,
}

/// What a member is changed to; what is left out stays.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct MemberChange {
    /// A built-in role, or the id of one of the workspace's own.
    #[serde(default)]
    #[schema(required = false, nullable = false, max_length = 64, example = "analyst")]
    role: Option<String>,
    /// Whether the member belongs to the owner group; owners alone change it.
    #[serde(default)]
    #[schema(required = false, nullable = false)]
    owner: Option<bool>,
    /// Ids of all teams the member is in.
    #[serde(default)]
    #[schema(required = false, nullable = false, max_items = 100)]
    teams: Option<Vec<String>>,
}

/// A link with which a member chooses a new password.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ResetLink {
    /// The link: give it to the member. It is shown only now and works once.
    link: String,
    /// It is worth nothing from then on.
    expires_at: DateTime<Utc>,
}

/// The members of the workspace.
#[utoipa::path(get, path = "/api/v1/members", tag = "administration", operation_id = "members",
    params(MemberParameters),
    responses((status = 200, body = MemberList, description = "The members"), CommonProblems))]
pub(crate) async fn members(seen: Seen, mut parameters: Parameters) -> Result<Json<MemberList>, Problem> {
    let limit = parameters.number("limit", 1..=1_000)?.unwrap_or(1_000);
    let after = parameters.parsed::<AccountId>("cursor")?;
    parameters.finish()?;
    let paging = Paging { after, limit: u64::try_from(limit).unwrap_or(1_000) };
    let page = seen.entered.store().members(paging).await?;
    let next = (page.len() == limit).then(|| page.last().map(|last| last.account.id.to_string())).flatten();
    let mut teams: HashMap<AccountId, Vec<NamedTeam>> = HashMap::new();
    for team in seen.entered.store().teams().await? {
        let named = NamedTeam { id: team.id.to_string(), name: team.name };
        for account in seen.entered.store().team_members(team.id).await? {
            teams.entry(account).or_default().push(named.clone());
        }
    }
    let mut items = Vec::with_capacity(page.len());
    for member in page {
        let teams = teams.remove(&member.account.id).unwrap_or_default();
        items.push(view(&seen, member, teams).await?);
    }
    Ok(Json(MemberList { items, next }))
}

/// Invites somebody by a link, which is answered once.
#[utoipa::path(post, path = "/api/v1/members", tag = "administration", operation_id = "invite_member", request_body = MemberRequest,
    params(("X-Bursar-CSRF" = inline(CsrfValue), Header, description = "Proof that the request was made on purpose")),
    responses((status = 200, body = MemberInvited, description = "The invitation, and its link"),
        (status = 409, body = Problem, content_type = "application/problem+json", description = "The address is a member's already, or too many invitations wait"), PostProblems))]
pub(crate) async fn invite(
    State(app): State<App>,
    seen: Seen,
    parameters: Parameters,
    given: Result<Json<MemberRequest>, JsonRejection>,
) -> Result<Json<MemberInvited>, Problem> {
    const WHAT: &str = "member.invite";
    parameters.finish()?;
    let given = body::read(given)?;
    let email: EmailAddress =
        given.email.parse().map_err(|error| Problem::bad_request(format!("`email`: {error}")))?;
    let role = giving::role(&given.role)?;
    let teams = teams(&given.teams)?;
    giving::sees_everything(&seen, WHAT).await?;
    let granted = giving::granted(&seen, role).await?;
    owner_is_admin(given.owner, role)?;
    if given.owner {
        giving::owners_only(&seen, WHAT).await?;
    }
    giving::no_more_than_own(&app, &seen, WHAT, &giving::asking(&seen, role, given.owner, granted)).await?;
    let store = seen.entered.store();
    if let Some(account) = app.installation.store().directory().account_by_email(&email).await? {
        match store.member(account.id).await {
            Ok(_) => return Err(giving::conflict("this address is that of a member already")),
            Err(StoreError::NotFound(_)) => {}
            Err(error) => return Err(error.into()),
        }
    }
    if store.invitations().await?.len() >= MAX_INVITATIONS {
        return Err(giving::conflict("too many invitations wait for an answer: take some back first"));
    }
    let invited = Invited { email, role, owner: given.owner, teams };
    let (invitation, secret) = app.installation.invite(&seen.entered, invited).await?;
    let link = welcome(&app, "invitation", secret.expose_secret());
    Ok(Json(MemberInvited { invitation: invitations::view(&seen, invitation).await?, link }))
}

/// Changes a member's role, teams, or whether it is an owner.
#[utoipa::path(patch, path = "/api/v1/members/{account}", tag = "administration", operation_id = "change_member", request_body = MemberChange,
    params(("account" = String, Path, description = "The account's id", example = "acc_00000000000000000000000000000000"),
        ("X-Bursar-CSRF" = inline(CsrfValue), Header, description = "Proof that the request was made on purpose")),
    responses((status = 200, body = MemberView, description = "The member as it is now"),
        (status = 409, body = Problem, content_type = "application/problem+json", description = "The last owner stays, or an owner is no administrator"), PostProblems))]
pub(crate) async fn change(
    State(app): State<App>,
    seen: Seen,
    Path(account): Path<String>,
    parameters: Parameters,
    given: Result<Json<MemberChange>, JsonRejection>,
) -> Result<Json<MemberView>, Problem> {
    const WHAT: &str = "member.change";
    parameters.finish()?;
    let given = body::read(given)?;
    let id: AccountId = body::id(&account, "member")?;
    let role = given.role.as_deref().map(giving::role).transpose()?;
    let wanted = given.teams.as_deref().map(teams).transpose()?;
    let store = seen.entered.store();
    let member = store.member(id).await?;
    giving::sees_everything(&seen, WHAT).await?;
    let (was_role, was_owner) = (member.membership.role, member.membership.owner);
    let (role, owner) = (role.unwrap_or(was_role), given.owner.unwrap_or(was_owner));
    if owner != was_owner {
        giving::owners_only(&seen, WHAT).await?;
    }
    giving::no_less_than(&app, &seen, WHAT, &member).await?;
    // Teams are looked for before anything is changed.
    let now_in = store.scope_of(id).await?.0;
    let joins: Vec<TeamId> = wanted.iter().flatten().filter(|team| !now_in.contains(team)).copied().collect();
    for team in &joins {
        store.team(*team).await?;
    }
    if (role, owner) != (was_role, was_owner) {
        let granted = giving::granted(&seen, role).await?;
        owner_is_admin(owner, role)?;
        giving::no_more_than_own(&app, &seen, WHAT, &giving::asking(&seen, role, owner, granted)).await?;
        store.change_member(seen.actor(), id, role, owner).await?;
        // A link was made for an account that may less.
        let directory = app.installation.store().directory();
        directory.withdraw_links(seen.actor(), id, LinkPurpose::ResetPassword).await?;
    }
    // First in, then out: a member without a team may see everything.
    for team in joins {
        store.join_team(seen.actor(), team, id).await?;
    }
    if let Some(wanted) = wanted {
        for team in now_in.into_iter().filter(|team| !wanted.contains(team)) {
            match store.leave_team(seen.actor(), team, id).await {
                Ok(()) | Err(StoreError::NotFound(_)) => {}
                Err(error) => return Err(error.into()),
            }
        }
    }
    let mut named = Vec::new();
    for team in store.scope_of(id).await?.0 {
        let team = store.team(team).await?;
        named.push(NamedTeam { id: team.id.to_string(), name: team.name });
    }
    Ok(Json(view(&seen, store.member(id).await?, named).await?))
}

/// Removes a member; its tokens here end. The account stays.
#[utoipa::path(delete, path = "/api/v1/members/{account}", tag = "administration", operation_id = "remove_member",
    params(("account" = String, Path, description = "The account's id", example = "acc_00000000000000000000000000000000"),
        ("X-Bursar-CSRF" = inline(CsrfValue), Header, description = "Proof that the request was made on purpose")),
    responses((status = 200, body = Done, description = "It is no member any more"),
        (status = 409, body = Problem, content_type = "application/problem+json", description = "The last owner stays"), PostProblems))]
pub(crate) async fn remove(
    State(app): State<App>,
    seen: Seen,
    Path(account): Path<String>,
    parameters: Parameters,
) -> Result<Json<Done>, Problem> {
    const WHAT: &str = "member.remove";
    parameters.finish()?;
    let id: AccountId = body::id(&account, "member")?;
    let member = seen.entered.store().member(id).await?;
    giving::sees_everything(&seen, WHAT).await?;
    giving::no_less_than(&app, &seen, WHAT, &member).await?;
    seen.entered.store().remove_member(seen.actor(), id).await?;
    Ok(body::done())
}

/// Makes a link with which a member chooses a new password.
///
/// Refused for whoever belongs to another workspace too or to who runs the installation: the link opens
/// the account, and with it all of these.
#[utoipa::path(post, path = "/api/v1/members/{account}/reset-link", tag = "administration", operation_id = "reset_link",
    params(("account" = String, Path, description = "The account's id", example = "acc_00000000000000000000000000000000"),
        ("X-Bursar-CSRF" = inline(CsrfValue), Header, description = "Proof that the request was made on purpose")),
    responses((status = 200, body = ResetLink, description = "The link, shown once"), PostProblems))]
pub(crate) async fn reset_link(
    State(app): State<App>,
    seen: Seen,
    Path(account): Path<String>,
    parameters: Parameters,
) -> Result<Json<ResetLink>, Problem> {
    const WHAT: &str = "member.reset-link";
    parameters.finish()?;
    let id: AccountId = body::id(&account, "member")?;
    let member = seen.entered.store().member(id).await?;
    giving::sees_everything(&seen, WHAT).await?;
    giving::no_less_than(&app, &seen, WHAT, &member).await?;
    let workspace = seen.entered.access().workspace();
    let directory = app.installation.store().directory();
    let why = if !matches!(seen.actor().principal, Principal::Account { .. }) {
        Some("this is done in the browser: revoking an API token must end what it started")
    } else if seen.account()? == id {
        Some("this is for others: your own password is changed on your account's page")
    } else if !app.installation.belongs_only_to(id, workspace).await? {
        Some("this account belongs to other workspaces too, which its password opens as well")
    } else if member.account.staff && !directory.account(seen.account()?).await?.staff {
        Some("this account belongs to who runs the installation")
    } else {
        None
    };
    if let Some(why) = why {
        return Err(giving::refused(&seen, WHAT, "nobody-gives-more", why.to_owned()).await);
    }
    let (secret, expires_at) = app.installation.reset_link(seen.actor(), id, workspace).await?;
    Ok(Json(ResetLink { link: welcome(&app, "reset", secret.expose_secret()), expires_at }))
}

/// The page where a link's holder goes on.
fn welcome(app: &App, purpose: &str, token: &str) -> String {
    format!("{}/welcome?purpose={purpose}&token={token}", app.settings.base())
}

fn owner_is_admin(owner: bool, role: RoleName) -> Result<(), Problem> {
    if owner && role != RoleName::BuiltIn(Role::Admin) {
        return Err(giving::conflict("an owner has the role of an administrator"));
    }
    Ok(())
}

fn teams(given: &[String]) -> Result<Vec<TeamId>, Problem> {
    if given.len() > MAX_TEAMS {
        return Err(Problem::bad_request(format!("`teams` names more than {MAX_TEAMS} teams")));
    }
    let mut teams = Vec::with_capacity(given.len());
    for text in given {
        let team = body::id(text, "team")?;
        if !teams.contains(&team) {
            teams.push(team);
        }
    }
    Ok(teams)
}

async fn view(seen: &Seen, member: Member, teams: Vec<NamedTeam>) -> Result<MemberView, Problem> {
    let Member { membership, account } = member;
    Ok(MemberView {
        account: MemberAccount {
            id: account.id.to_string(),
            email: account.email.to_string(),
            display_name: account.display_name,
            status: account.status.to_string(),
        },
        role: membership.role.to_string(),
        role_name: giving::role_name(seen, membership.role).await?,
        owner: membership.owner,
        via: membership.via.to_string(),
        teams,
        created_at: membership.created_at,
        last_used_at: membership.last_used_at,
    })
}
