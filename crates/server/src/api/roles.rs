//! `/api/v1/roles`: the built-in roles, and those that the workspace makes for itself.

use super::body::{self, Done};
use super::giving::{self, ActionWord, PageWord};
use super::sql::CsrfValue;
use crate::parameters::Parameters;
use crate::problem::{CommonProblems, PostProblems, Problem};
use crate::seen::Seen;
use crate::state::App;
use axum::Json;
use axum::extract::rejection::JsonRejection;
use axum::extract::{Path, State};
use bursar_domain::id::RoleId;
use bursar_domain::role::Action;
use bursar_domain::{Page, Role, RoleName};
use bursar_permission::{Grant, GrantError};
use bursar_store::{CustomRole, NewCustomRole};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Most roles of a workspace's own.
const MAX_ROLES: usize = 100;

/// The roles.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct RoleList {
    /// Those that every workspace has.
    built_in: Vec<BuiltInRole>,
    /// The workspace's own.
    items: Vec<CustomRoleView>,
}

/// A built-in role.
#[derive(Debug, Serialize, ToSchema)]
struct BuiltInRole {
    /// Its word.
    role: String,
    /// Pages that it opens.
    pages: Vec<String>,
    /// Actions that it does on some page.
    actions: Vec<String>,
    /// What it is for.
    description: &'static str,
}

/// A role of the workspace's own.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct CustomRoleView {
    /// Its id.
    id: String,
    /// What it is called.
    name: String,
    /// Pages that it opens.
    pages: Vec<String>,
    /// Actions that it does, on those of its pages where they are done.
    actions: Vec<String>,
}

/// A role to be made, or what one is changed to.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct RoleRequest {
    /// What it is called.
    #[schema(min_length = 1, max_length = 64, example = "Budget owner")]
    name: String,
    /// Pages that it opens. To view comes with each.
    #[schema(value_type = Vec<PageWord>, min_items = 1, max_items = 100)]
    pages: Vec<Page>,
    /// Actions that it does. `own` is the owners' alone.
    #[schema(value_type = Vec<ActionWord>, max_items = 100)]
    actions: Vec<Action>,
}

/// The built-in roles and the workspace's own.
#[utoipa::path(get, path = "/api/v1/roles", tag = "administration", operation_id = "roles",
    responses((status = 200, body = RoleList, description = "The roles"), CommonProblems))]
pub(crate) async fn roles(
    State(app): State<App>,
    seen: Seen,
    parameters: Parameters,
) -> Result<Json<RoleList>, Problem> {
    parameters.finish()?;
    let permissions = app.installation.permissions();
    let built_in = |role: &Role| {
        let asking = giving::asking(&seen, RoleName::BuiltIn(*role), false, None);
        BuiltInRole {
            role: role.to_string(),
            pages: words(permissions.pages(&asking)),
            actions: words(permissions.actions(&asking)),
            description: description(*role),
        }
    };
    Ok(Json(RoleList {
        built_in: Role::ALL.iter().map(built_in).collect(),
        items: seen.entered.store().roles().await?.into_iter().map(view).collect(),
    }))
}

/// Makes a role of the workspace's own.
#[utoipa::path(post, path = "/api/v1/roles", tag = "administration", operation_id = "create_role", request_body = RoleRequest,
    params(("X-Bursar-CSRF" = inline(CsrfValue), Header, description = "Proof that the request was made on purpose")),
    responses((status = 200, body = CustomRoleView, description = "The role"),
        (status = 409, body = Problem, content_type = "application/problem+json", description = "The name is taken, there are too many roles, or an action has none of its pages"), PostProblems))]
pub(crate) async fn create(
    State(app): State<App>,
    seen: Seen,
    parameters: Parameters,
    given: Result<Json<RoleRequest>, JsonRejection>,
) -> Result<Json<CustomRoleView>, Problem> {
    parameters.finish()?;
    let new = checked(&app, &seen, "role.add", body::read(given)?).await?;
    if seen.entered.store().roles().await?.len() >= MAX_ROLES {
        return Err(giving::conflict(format!("a workspace has at most {MAX_ROLES} roles of its own")));
    }
    Ok(Json(view(seen.entered.store().add_role(seen.actor(), new).await?)))
}

/// Changes a role; whoever has it may what it says from their next request on.
#[utoipa::path(put, path = "/api/v1/roles/{id}", tag = "administration", operation_id = "change_role", request_body = RoleRequest,
    params(("id" = String, Path, description = "The role's id", example = "rol_00000000000000000000000000000000"),
        ("X-Bursar-CSRF" = inline(CsrfValue), Header, description = "Proof that the request was made on purpose")),
    responses((status = 200, body = CustomRoleView, description = "The role as it is now"),
        (status = 409, body = Problem, content_type = "application/problem+json", description = "The name is taken, or an action has none of its pages"), PostProblems))]
pub(crate) async fn change(
    State(app): State<App>,
    seen: Seen,
    Path(id): Path<String>,
    parameters: Parameters,
    given: Result<Json<RoleRequest>, JsonRejection>,
) -> Result<Json<CustomRoleView>, Problem> {
    parameters.finish()?;
    let given = body::read(given)?;
    let id: RoleId = body::id(&id, "role")?;
    let store = seen.entered.store();
    store.role(id).await?;
    no_more_than_own(&app, &seen, "role.change", id).await?;
    let new = checked(&app, &seen, "role.change", given).await?;
    store.change_role(seen.actor(), id, new).await?;
    Ok(Json(view(store.role(id).await?)))
}

/// Removes a role that nobody has.
#[utoipa::path(delete, path = "/api/v1/roles/{id}", tag = "administration", operation_id = "remove_role",
    params(("id" = String, Path, description = "The role's id", example = "rol_00000000000000000000000000000000"),
        ("X-Bursar-CSRF" = inline(CsrfValue), Header, description = "Proof that the request was made on purpose")),
    responses((status = 200, body = Done, description = "It is no more"),
        (status = 409, body = Problem, content_type = "application/problem+json", description = "Members or invitations have it"), PostProblems))]
pub(crate) async fn remove(
    State(app): State<App>,
    seen: Seen,
    Path(id): Path<String>,
    parameters: Parameters,
) -> Result<Json<Done>, Problem> {
    parameters.finish()?;
    let id: RoleId = body::id(&id, "role")?;
    let store = seen.entered.store();
    store.role(id).await?;
    no_more_than_own(&app, &seen, "role.remove", id).await?;
    if store.invitations().await?.iter().any(|one| one.role == RoleName::Custom(id)) {
        return Err(giving::conflict("somebody is invited with this role: take the invitation back first"));
    }
    store.remove_role(seen.actor(), id).await?;
    Ok(body::done())
}

/// That whoever asks may all that the role gives now.
async fn no_more_than_own(app: &App, seen: &Seen, what: &str, id: RoleId) -> Result<(), Problem> {
    let role = RoleName::Custom(id);
    let granted = giving::granted(seen, role).await?;
    giving::no_more_than_own(app, seen, what, &giving::asking(seen, role, false, granted)).await
}

async fn checked(app: &App, seen: &Seen, what: &str, given: RoleRequest) -> Result<NewCustomRole, Problem> {
    if given.pages.len() > 100 || given.actions.len() > 100 {
        return Err(Problem::bad_request("`pages` and `actions` have at most 100 items each"));
    }
    let name = giving::name(&given.name)?;
    let grant = Grant::new(given.pages, given.actions);
    app.installation.permissions().check_role(&name, grant).map_err(|error| {
        let detail = error.to_string();
        match error {
            GrantError::Name | GrantError::NoPage => Problem::bad_request(detail),
            GrantError::Own => Problem::refused(detail),
            GrantError::BuiltInName(_) | GrantError::PageMissing { .. } => giving::conflict(detail),
        }
    })?;
    let role = RoleName::Custom(RoleId::from_u128(0));
    giving::no_more_than_own(app, seen, what, &giving::asking(seen, role, false, Some(grant))).await?;
    Ok(NewCustomRole { name, pages: grant.pages().collect(), actions: grant.actions().collect() })
}

const fn description(role: Role) -> &'static str {
    match role {
        Role::Viewer => "reads the dashboard, findings and reports",
        Role::Analyst => "runs analyses and changes nothing",
        Role::Operator => "does everything operational, within the scope of its teams",
        Role::Admin => "does everything, and changes the workspace's own settings",
    }
}

fn words<T: ToString>(words: Vec<T>) -> Vec<String> {
    words.iter().map(ToString::to_string).collect()
}

fn view(role: CustomRole) -> CustomRoleView {
    CustomRoleView {
        id: role.id.to_string(),
        name: role.name,
        pages: words(role.pages),
        actions: words(role.actions),
    }
}
