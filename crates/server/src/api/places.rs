//! What administrators change about a workspace: its name, its sources; and the workspaces and regions
//! there are.

use super::body::{self, Done};
use crate::parameters::Parameters;
use crate::problem::{CommonProblems, PostProblems, Problem};
use crate::seen::{Me, Seen};
use crate::state::App;
use axum::Json;
use axum::extract::rejection::JsonRejection;
use axum::extract::{Path, State};
use bursar_app::data_dir::check_location;
use bursar_domain::id::SourceId;
use bursar_domain::{RegionName, Role, RoleName};
use bursar_focus::dialect::Dialect;
use bursar_store::{NewMembership, NewSource, NewWorkspace, Via, WorkspaceState};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// What is changed about a workspace.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct WorkspaceChange {
    /// What people call it.
    #[schema(min_length = 1, max_length = 100)]
    name: String,
}

fn checked_name(name: &str) -> Result<String, Problem> {
    let allowed = |c: char| c.is_alphanumeric() || matches!(c, ' ' | '-' | '_' | '.');
    let name = name.trim();
    if (1..=100).contains(&name.chars().count()) && name.chars().all(allowed) {
        return Ok(name.to_owned());
    }
    Err(Problem::bad_request("`name`: use 1 to 100 letters, digits, blanks, `-`, `_` and `.`"))
}

/// Changes what people call the workspace.
#[utoipa::path(patch, path = "/api/v1/workspace", tag = "administration", operation_id = "rename_workspace", request_body = WorkspaceChange,
    params(("X-Bursar-CSRF" = inline(super::sql::CsrfValue), Header, description = "Proof that the request was made on purpose")),
    responses((status = 200, body = Done, description = "It is changed"), PostProblems))]
pub(crate) async fn rename(
    State(app): State<App>,
    seen: Seen,
    parameters: Parameters,
    given: Result<Json<WorkspaceChange>, JsonRejection>,
) -> Result<Json<Done>, Problem> {
    parameters.finish()?;
    let name = checked_name(&body::read(given)?.name)?;
    let directory = app.installation.store().directory();
    directory.rename_workspace(seen.actor(), seen.workspace.id(), &name).await?;
    Ok(body::done())
}

/// A source to be added.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct SourceRequest {
    /// A folder of the server's machine, or a URL (s3://, az://, abfss://, gs://) without credentials.
    #[schema(min_length = 1, max_length = 2000, example = "s3://bills/exports")]
    location: String,
    /// What the columns mean; recognised from the columns when left out.
    #[serde(default)]
    #[schema(required = false, nullable = false, max_length = 100, example = "focus-1.2")]
    dialect: Option<String>,
}

/// A source that was added.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct SourceAdded {
    /// Its id.
    id: String,
}

/// Adds a source; it is looked at right away.
#[utoipa::path(post, path = "/api/v1/sources", tag = "administration", operation_id = "add_source", request_body = SourceRequest,
    params(("X-Bursar-CSRF" = inline(super::sql::CsrfValue), Header, description = "Proof that the request was made on purpose")),
    responses((status = 200, body = SourceAdded, description = "The source"), (status = 409, body = Problem, content_type = "application/problem+json", description = "It is there already"), PostProblems))]
pub(crate) async fn add_source(
    seen: Seen,
    parameters: Parameters,
    given: Result<Json<SourceRequest>, JsonRejection>,
) -> Result<Json<SourceAdded>, Problem> {
    parameters.finish()?;
    let given = body::read(given)?;
    let location = given.location.trim().to_owned();
    check_location(&location).map_err(|error| Problem::bad_request(error.to_string()))?;
    if let Some(dialect) = &given.dialect {
        Dialect::parse_source(dialect)
            .map_err(|error| Problem::bad_request(format!("`dialect`: {error}")))?;
    }
    let entry = bursar_app::SourceEntry::new(
        seen.workspace.id(),
        &location,
        given.dialect.clone(),
        seen.workspace.clock().now(),
    );
    let new = NewSource { location, dialect: given.dialect, id: Some(entry.id) };
    let added = seen.entered.store().add_source(seen.actor(), new).await?;
    Ok(Json(SourceAdded { id: added.id.to_string() }))
}

/// Takes a source away. The exports themselves are never touched.
#[utoipa::path(delete, path = "/api/v1/sources/{source}", tag = "administration", operation_id = "remove_source",
    params(("source" = String, Path, description = "The source's id", example = "src_00000000000000000000000000000000"),
        ("X-Bursar-CSRF" = inline(super::sql::CsrfValue), Header, description = "Proof that the request was made on purpose")),
    responses((status = 200, body = Done, description = "It is gone"), PostProblems))]
pub(crate) async fn remove_source(
    seen: Seen,
    Path(source): Path<String>,
    parameters: Parameters,
) -> Result<Json<Done>, Problem> {
    parameters.finish()?;
    let id: SourceId = body::id(&source, "source")?;
    seen.entered.store().remove_source(seen.actor(), id).await?;
    Ok(body::done())
}

/// The regions of the installation.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Regions {
    /// The regions.
    items: Vec<RegionView>,
}

/// A region.
#[derive(Debug, Serialize, ToSchema)]
struct RegionView {
    /// Its name.
    name: String,
    /// Whether the workspace's data stays in it.
    current: bool,
}

/// The regions that data can stay in.
#[utoipa::path(get, path = "/api/v1/regions", tag = "administration", operation_id = "regions",
    responses((status = 200, body = Regions, description = "The regions"), CommonProblems))]
pub(crate) async fn regions(
    State(app): State<App>,
    seen: Seen,
    parameters: Parameters,
) -> Result<Json<Regions>, Problem> {
    parameters.finish()?;
    let here = seen.entered.access().region();
    let view = |name: RegionName| RegionView { current: name == *here, name: name.to_string() };
    Ok(Json(Regions { items: app.installation.store().regions().into_iter().map(view).collect() }))
}

/// The workspaces that the account belongs to.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Workspaces {
    /// The workspaces, most recently used first.
    items: Vec<WorkspaceItem>,
}

/// A workspace.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct WorkspaceItem {
    /// Its id.
    id: String,
    /// What people call it.
    name: String,
    /// The region its data stays in.
    region: String,
    /// The role there.
    role: String,
    /// Whether the account belongs to the owner group.
    owner: bool,
}

/// The workspaces that the account belongs to.
#[utoipa::path(get, path = "/api/v1/workspaces", tag = "account", operation_id = "workspaces",
    responses((status = 200, body = Workspaces, description = "The workspaces"), CommonProblems))]
pub(crate) async fn workspaces(
    State(app): State<App>,
    me: Me,
    parameters: Parameters,
) -> Result<Json<Workspaces>, Problem> {
    parameters.finish()?;
    let directory = app.installation.store().directory();
    let only = match &*me.who {
        bursar_app::installation::SignedIn::Token { access, .. } => Some(access.workspace()),
        bursar_app::installation::SignedIn::Session { .. } => None,
    };
    let mut items = Vec::new();
    for membership in directory.memberships(me.who.account()).await? {
        let workspace = directory.workspace(membership.workspace).await?;
        if workspace.state == WorkspaceState::Active && only.is_none_or(|only| only == workspace.id) {
            items.push(WorkspaceItem {
                id: workspace.id.to_string(),
                name: workspace.name,
                region: workspace.region.to_string(),
                role: membership.role.to_string(),
                owner: membership.owner,
            });
        }
    }
    Ok(Json(Workspaces { items }))
}

/// A workspace to be made.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct WorkspaceRequest {
    /// What people will call it.
    #[schema(min_length = 1, max_length = 100)]
    name: String,
    /// The region its data will stay in.
    #[schema(max_length = 40, example = "home")]
    region: String,
}

/// Makes a workspace, whose owner is whoever asks: staff of the installation, and owners of a workspace.
#[utoipa::path(post, path = "/api/v1/workspaces", tag = "account", operation_id = "create_workspace", request_body = WorkspaceRequest,
    params(("X-Bursar-CSRF" = inline(super::sql::CsrfValue), Header, description = "Proof that the request was made on purpose")),
    responses((status = 200, body = WorkspaceItem, description = "The workspace"), PostProblems))]
pub(crate) async fn create(
    State(app): State<App>,
    me: Me,
    parameters: Parameters,
    given: Result<Json<WorkspaceRequest>, JsonRejection>,
) -> Result<Json<WorkspaceItem>, Problem> {
    parameters.finish()?;
    let given = body::read(given)?;
    let (_, account) = me.session()?;
    let store = app.installation.store();
    let owns = store.directory().memberships(account.id).await?.iter().any(|membership| membership.owner);
    if !account.staff && !owns {
        return Err(Problem::refused(
            "workspaces are made by owners of a workspace and by the installation's staff",
        ));
    }
    let region: RegionName =
        given.region.parse().map_err(|error| Problem::bad_request(format!("`region`: {error}")))?;
    let name = checked_name(&given.name)?;
    let made = store.create_workspace(&me.actor, NewWorkspace { region, name, id: None }).await?;
    let role = RoleName::BuiltIn(Role::Admin);
    let owner = NewMembership { account: account.id, role, owner: true, via: Via::Manual };
    store.directory().join(&me.actor, made.id, owner).await?;
    Ok(Json(WorkspaceItem {
        id: made.id.to_string(),
        name: made.name,
        region: made.region.to_string(),
        role: role.to_string(),
        owner: true,
    }))
}
