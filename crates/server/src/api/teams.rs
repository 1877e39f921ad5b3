//! `/api/v1/teams`: some members, and what of the charges they see.
//!
//! A scope holds from its members' next request on, in every answer, SQL and exports included.

use super::body::{self, Done, GivenRule};
use super::giving;
use super::me::RuleView;
use super::sql::CsrfValue;
use crate::parameters::Parameters;
use crate::problem::{CommonProblems, PostProblems, Problem};
use crate::seen::Seen;
use axum::Json;
use axum::extract::Path;
use axum::extract::rejection::JsonRejection;
use bursar_domain::Scope;
use bursar_domain::id::{AccountId, TeamId};
use bursar_store::{Account, NewTeam, Team};
use serde::{Deserialize, Serialize};
use std::collections::HashMap;
use utoipa::ToSchema;

/// Most teams of a workspace.
const MAX_TEAMS: usize = 1_000;

/// The teams of the workspace.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct TeamList {
    /// The teams, by name.
    items: Vec<TeamDetails>,
}

/// A team, who is in it and what it sees.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct TeamDetails {
    /// Its id.
    id: String,
    /// What it is called.
    name: String,
    /// Charges are seen for which all of these rules hold; null is all charges.
    #[schema(required)]
    scope: Option<Vec<RuleView>>,
    /// Who is in it.
    members: Vec<TeamMember>,
}

/// A member of a team.
#[derive(Debug, Serialize, ToSchema)]
struct TeamMember {
    /// The account.
    id: String,
    /// Its address.
    email: String,
    /// What it is called.
    display_name: String,
}

/// A team to be made, or what one is changed to.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct TeamRequest {
    /// What it is called.
    #[schema(min_length = 1, max_length = 64, example = "Web shop")]
    name: String,
    /// Charges are seen for which all of these rules hold; null is all charges. It is never left out, so
    /// that nobody shows everything by forgetting it.
    #[serde(deserialize_with = "Option::deserialize")]
    #[schema(required, min_items = 1, max_items = 1000)]
    scope: Option<Vec<GivenRule>>,
}

/// The teams of the workspace.
#[utoipa::path(get, path = "/api/v1/teams", tag = "administration", operation_id = "teams",
    responses((status = 200, body = TeamList, description = "The teams"), CommonProblems))]
pub(crate) async fn teams(seen: Seen, parameters: Parameters) -> Result<Json<TeamList>, Problem> {
    parameters.finish()?;
    let accounts = giving::accounts(&seen).await?;
    let mut items = Vec::new();
    for team in seen.entered.store().teams().await? {
        items.push(view(&seen, team, &accounts).await?);
    }
    Ok(Json(TeamList { items }))
}

/// Makes a team.
#[utoipa::path(post, path = "/api/v1/teams", tag = "administration", operation_id = "create_team", request_body = TeamRequest,
    params(("X-Bursar-CSRF" = inline(CsrfValue), Header, description = "Proof that the request was made on purpose")),
    responses((status = 200, body = TeamDetails, description = "The team"),
        (status = 409, body = Problem, content_type = "application/problem+json", description = "The name is taken, or there are too many teams"), PostProblems))]
pub(crate) async fn create(
    seen: Seen,
    parameters: Parameters,
    given: Result<Json<TeamRequest>, JsonRejection>,
) -> Result<Json<TeamDetails>, Problem> {
    parameters.finish()?;
    let new = checked(body::read(given)?)?;
    giving::sees_everything(&seen, "team.add").await?;
    if seen.entered.store().teams().await?.len() >= MAX_TEAMS {
        return Err(giving::conflict(format!("a workspace has at most {MAX_TEAMS} teams")));
    }
    let team = seen.entered.store().add_team(seen.actor(), new).await?;
    Ok(Json(view(&seen, team, &HashMap::new()).await?))
}

/// Changes a team; its members see what it says from their next request on.
#[utoipa::path(put, path = "/api/v1/teams/{id}", tag = "administration", operation_id = "change_team", request_body = TeamRequest,
    params(("id" = String, Path, description = "The team's id", example = "team_00000000000000000000000000000000"),
        ("X-Bursar-CSRF" = inline(CsrfValue), Header, description = "Proof that the request was made on purpose")),
    responses((status = 200, body = TeamDetails, description = "The team as it is now"),
        (status = 409, body = Problem, content_type = "application/problem+json", description = "The name is taken"), PostProblems))]
pub(crate) async fn change(
    seen: Seen,
    Path(id): Path<String>,
    parameters: Parameters,
    given: Result<Json<TeamRequest>, JsonRejection>,
) -> Result<Json<TeamDetails>, Problem> {
    parameters.finish()?;
    let new = checked(body::read(given)?)?;
    let id: TeamId = body::id(&id, "team")?;
    let store = seen.entered.store();
    store.team(id).await?;
    giving::sees_everything(&seen, "team.change").await?;
    store.change_team(seen.actor(), id, new).await?;
    let accounts = giving::accounts(&seen).await?;
    Ok(Json(view(&seen, store.team(id).await?, &accounts).await?))
}

/// Removes a team. Its members stay, and see what their other teams see.
#[utoipa::path(delete, path = "/api/v1/teams/{id}", tag = "administration", operation_id = "remove_team",
    params(("id" = String, Path, description = "The team's id", example = "team_00000000000000000000000000000000"),
        ("X-Bursar-CSRF" = inline(CsrfValue), Header, description = "Proof that the request was made on purpose")),
    responses((status = 200, body = Done, description = "It is no more"), PostProblems))]
pub(crate) async fn remove(
    seen: Seen,
    Path(id): Path<String>,
    parameters: Parameters,
) -> Result<Json<Done>, Problem> {
    parameters.finish()?;
    let id: TeamId = body::id(&id, "team")?;
    seen.entered.store().team(id).await?;
    giving::sees_everything(&seen, "team.remove").await?;
    seen.entered.store().remove_team(seen.actor(), id).await?;
    Ok(body::done())
}

/// Puts a member into a team; nothing happens when it is in there already.
#[utoipa::path(put, path = "/api/v1/teams/{id}/members/{account}", tag = "administration", operation_id = "join_team",
    params(("id" = String, Path, description = "The team's id", example = "team_00000000000000000000000000000000"),
        ("account" = String, Path, description = "The member's account", example = "acc_00000000000000000000000000000000"),
        ("X-Bursar-CSRF" = inline(CsrfValue), Header, description = "Proof that the request was made on purpose")),
    responses((status = 200, body = Done, description = "It is in the team"), PostProblems))]
pub(crate) async fn join(
    seen: Seen,
    Path((id, account)): Path<(String, String)>,
    parameters: Parameters,
) -> Result<Json<Done>, Problem> {
    parameters.finish()?;
    let (id, account) = ids(&id, &account)?;
    let store = seen.entered.store();
    store.team(id).await?;
    store.member(account).await?;
    giving::sees_everything(&seen, "team.join").await?;
    store.join_team(seen.actor(), id, account).await?;
    Ok(body::done())
}

/// Takes a member out of a team.
#[utoipa::path(delete, path = "/api/v1/teams/{id}/members/{account}", tag = "administration", operation_id = "leave_team",
    params(("id" = String, Path, description = "The team's id", example = "team_00000000000000000000000000000000"),
        ("account" = String, Path, description = "The member's account", example = "acc_00000000000000000000000000000000"),
        ("X-Bursar-CSRF" = inline(CsrfValue), Header, description = "Proof that the request was made on purpose")),
    responses((status = 200, body = Done, description = "It is in the team no longer"), PostProblems))]
pub(crate) async fn leave(
    seen: Seen,
    Path((id, account)): Path<(String, String)>,
    parameters: Parameters,
) -> Result<Json<Done>, Problem> {
    parameters.finish()?;
    let (id, account) = ids(&id, &account)?;
    seen.entered.store().team(id).await?;
    giving::sees_everything(&seen, "team.leave").await?;
    seen.entered.store().leave_team(seen.actor(), id, account).await?;
    Ok(body::done())
}

fn ids(team: &str, account: &str) -> Result<(TeamId, AccountId), Problem> {
    Ok((body::id(team, "team")?, body::id(account, "member")?))
}

fn checked(given: TeamRequest) -> Result<NewTeam, Problem> {
    Ok(NewTeam { name: giving::name(&given.name)?, scope: body::scope(given.scope)? })
}

async fn view(
    seen: &Seen,
    team: Team,
    accounts: &HashMap<AccountId, Account>,
) -> Result<TeamDetails, Problem> {
    let member = |id: AccountId| {
        accounts.get(&id).map(|account| TeamMember {
            id: id.to_string(),
            email: account.email.to_string(),
            display_name: account.display_name.clone(),
        })
    };
    let members = seen.entered.store().team_members(team.id).await?.into_iter().filter_map(member).collect();
    let rule = |rule: bursar_domain::ScopeRule| RuleView { dimension: rule.dimension, values: rule.values };
    // The scope of one team has one part: it is made from rules that all hold.
    let scope = match team.scope {
        Scope::All => None,
        Scope::Parts(parts) => Some(parts.into_iter().flatten().map(rule).collect()),
    };
    Ok(TeamDetails { id: team.id.to_string(), name: team.name, scope, members })
}
