//! `/api/v1/staff-access`: whoever hosts Bursar asks to come in, an owner decides, and it ends by itself.

use super::body::{self, Done};
use super::giving;
use super::sql::CsrfValue;
use crate::parameters::Parameters;
use crate::problem::{CommonProblems, PostProblems, Problem};
use crate::seen::{Me, Seen};
use crate::state::App;
use axum::Json;
use axum::extract::rejection::JsonRejection;
use axum::extract::{Path, State};
use bursar_domain::id::{AccountId, StaffAccessId, WorkspaceId};
use bursar_store::{NewStaffAccess, StaffAccess};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use std::collections::HashMap;
use std::collections::hash_map::Entry;
use utoipa::ToSchema;

/// Requests for staff access.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct StaffAccesses {
    /// The requests, newest first.
    items: Vec<StaffAccessView>,
}

/// A request for staff access, and what became of it.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct StaffAccessView {
    /// Its id.
    id: String,
    /// Who asks.
    staff: PersonView,
    /// Why.
    reason: String,
    /// The ticket it is for.
    ticket: String,
    /// Whether nothing may be changed.
    read_only: bool,
    /// For how many hours it was asked.
    asked_hours: u32,
    /// When it was asked for.
    asked_at: DateTime<Utc>,
    /// When it was granted.
    #[schema(required)]
    granted_at: Option<DateTime<Utc>>,
    /// Who granted it.
    #[schema(required)]
    granted_by: Option<PersonView>,
    /// It ends then by itself.
    #[schema(required)]
    until: Option<DateTime<Utc>>,
    /// When it was refused.
    #[schema(required)]
    refused_at: Option<DateTime<Utc>>,
    /// When it was ended before its time.
    #[schema(required)]
    ended_at: Option<DateTime<Utc>>,
}

/// Somebody.
#[derive(Debug, Serialize, ToSchema)]
struct PersonView {
    /// The account.
    id: String,
    /// Its address; null when the account is gone.
    #[schema(required)]
    email: Option<String>,
}

/// A request to be made.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct StaffAccessRequest {
    /// The customer's workspace, by its id.
    #[schema(min_length = 1, max_length = 64, example = "wsp_00000000000000000000000000000000")]
    workspace: String,
    /// Why.
    #[schema(min_length = 1, max_length = 2000)]
    reason: String,
    /// The ticket it is for.
    #[schema(min_length = 1, max_length = 200)]
    ticket: String,
    /// For how many hours.
    #[schema(minimum = 1, maximum = 72)]
    hours: u32,
    /// Whether nothing is to be changed; true when left out.
    #[serde(default = "yes")]
    #[schema(required = false)]
    read_only: bool,
}

const fn yes() -> bool {
    true
}

/// Who asked to come in, and what became of it.
#[utoipa::path(get, path = "/api/v1/staff-access", tag = "administration", operation_id = "staff_accesses",
    responses((status = 200, body = StaffAccesses, description = "The requests"), CommonProblems))]
pub(crate) async fn accesses(
    State(app): State<App>,
    seen: Seen,
    parameters: Parameters,
) -> Result<Json<StaffAccesses>, Problem> {
    parameters.finish()?;
    let found = seen.entered.store().staff_accesses().await?;
    let mut people = HashMap::new();
    for access in &found {
        for id in std::iter::once(access.staff).chain(access.granted_by) {
            if let Entry::Vacant(place) = people.entry(id) {
                let account = app.installation.store().directory().account(id).await.ok();
                place.insert(account.map(|account| account.email.to_string()));
            }
        }
    }
    Ok(Json(StaffAccesses { items: found.into_iter().map(|access| view(access, &people)).collect() }))
}

/// Asks to come into a customer's workspace: for staff of the installation.
#[utoipa::path(post, path = "/api/v1/staff-access", tag = "account", operation_id = "ask_staff_access", request_body = StaffAccessRequest,
    params(("X-Bursar-CSRF" = inline(CsrfValue), Header, description = "Proof that the request was made on purpose")),
    responses((status = 200, body = StaffAccessView, description = "It waits for an owner"),
        (status = 409, body = Problem, content_type = "application/problem+json", description = "Several wait already"), PostProblems))]
pub(crate) async fn ask(
    State(app): State<App>,
    me: Me,
    parameters: Parameters,
    given: Result<Json<StaffAccessRequest>, JsonRejection>,
) -> Result<Json<StaffAccessView>, Problem> {
    parameters.finish()?;
    let given = body::read(given)?;
    let (_, account) = me.session()?;
    let workspace: WorkspaceId = body::id(&given.workspace, "workspace")?;
    for (name, text, most) in [("reason", &given.reason, 2000), ("ticket", &given.ticket, 200)] {
        if text.trim().is_empty() || text.len() > most {
            return Err(Problem::bad_request(format!("`{name}`: say it in 1 to {most} bytes")));
        }
    }
    if !(1..=72).contains(&given.hours) {
        return Err(Problem::bad_request("`hours`: 1 to 72"));
    }
    let new = NewStaffAccess {
        staff: account.id,
        reason: given.reason,
        ticket: given.ticket,
        read_only: given.read_only,
        hours: given.hours,
    };
    let asked = app.installation.ask_staff_access(&me.actor, workspace, new).await?;
    let people = HashMap::from([(account.id, Some(account.email.to_string()))]);
    Ok(Json(view(asked, &people)))
}

/// Lets whoever asked in, for as long as was asked.
#[utoipa::path(post, path = "/api/v1/staff-access/{id}/grant", tag = "administration", operation_id = "grant_staff_access",
    params(("id" = String, Path, description = "The request's id", example = "sta_00000000000000000000000000000000"),
        ("X-Bursar-CSRF" = inline(CsrfValue), Header, description = "Proof that the request was made on purpose")),
    responses((status = 200, body = Done, description = "They may come in"),
        (status = 409, body = Problem, content_type = "application/problem+json", description = "It is your own request"), PostProblems))]
pub(crate) async fn grant(
    seen: Seen,
    Path(id): Path<String>,
    parameters: Parameters,
) -> Result<Json<Done>, Problem> {
    parameters.finish()?;
    let id: StaffAccessId = body::id(&id, "staff access")?;
    giving::sees_everything(&seen, "staff-access.grant").await?;
    let asked = seen.entered.store().staff_access(id).await?;
    let store = seen.entered.store();
    store.grant_staff_access(seen.actor(), id, asked.asked_hours, asked.read_only).await?;
    Ok(body::done())
}

/// Refuses a request.
#[utoipa::path(post, path = "/api/v1/staff-access/{id}/refuse", tag = "administration", operation_id = "refuse_staff_access",
    params(("id" = String, Path, description = "The request's id", example = "sta_00000000000000000000000000000000"),
        ("X-Bursar-CSRF" = inline(CsrfValue), Header, description = "Proof that the request was made on purpose")),
    responses((status = 200, body = Done, description = "It is refused"), PostProblems))]
pub(crate) async fn refuse(
    seen: Seen,
    Path(id): Path<String>,
    parameters: Parameters,
) -> Result<Json<Done>, Problem> {
    parameters.finish()?;
    let id: StaffAccessId = body::id(&id, "staff access")?;
    seen.entered.store().refuse_staff_access(seen.actor(), id).await?;
    Ok(body::done())
}

/// Ends access before its time: the next request is refused.
#[utoipa::path(post, path = "/api/v1/staff-access/{id}/end", tag = "administration", operation_id = "end_staff_access",
    params(("id" = String, Path, description = "The request's id", example = "sta_00000000000000000000000000000000"),
        ("X-Bursar-CSRF" = inline(CsrfValue), Header, description = "Proof that the request was made on purpose")),
    responses((status = 200, body = Done, description = "It has ended"), PostProblems))]
pub(crate) async fn end(
    seen: Seen,
    Path(id): Path<String>,
    parameters: Parameters,
) -> Result<Json<Done>, Problem> {
    parameters.finish()?;
    let id: StaffAccessId = body::id(&id, "staff access")?;
    seen.entered.store().end_staff_access(seen.actor(), id).await?;
    Ok(body::done())
}

fn view(access: StaffAccess, people: &HashMap<AccountId, Option<String>>) -> StaffAccessView {
    let person = |id: AccountId| PersonView { id: id.to_string(), email: people.get(&id).cloned().flatten() };
    StaffAccessView {
        id: access.id.to_string(),
        staff: person(access.staff),
        reason: access.reason,
        ticket: access.ticket,
        read_only: access.read_only,
        asked_hours: access.asked_hours,
        asked_at: access.asked_at,
        granted_at: access.granted_at,
        granted_by: access.granted_by.map(person),
        until: access.until,
        refused_at: access.refused_at,
        ended_at: access.ended_at,
    }
}
