//! `/api/v1/permissions`: who may do what, and which policy says so.

use super::body;
use super::giving::{self, ActionWord, PageWord};
use crate::parameters::Parameters;
use crate::problem::{CommonProblems, Problem};
use crate::seen::Seen;
use crate::state::App;
use axum::Json;
use axum::extract::State;
use bursar_domain::id::AccountId;
use bursar_domain::role::Action;
use bursar_domain::{Page, Role, RoleName};
use bursar_permission::{Asking, Grant, Target};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

/// What every role may, by page and action.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct MatrixView {
    /// A row for each role, page and action.
    rows: Vec<MatrixRow>,
}

/// Whether a role may do an action on a page.
#[derive(Debug, Serialize, ToSchema)]
struct MatrixRow {
    /// A built-in role, `owner`, or the id of one of the workspace's own.
    role: String,
    /// The page.
    page: String,
    /// The action.
    action: String,
    /// Whether it is allowed.
    allowed: bool,
    /// The policy that decided; null when it is refused because no policy allows it.
    #[schema(required)]
    policy: Option<String>,
}

/// Why a member may do something, or may not.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ExplainedView {
    /// Whether it is allowed.
    allowed: bool,
    /// The policies that decided; none when it is refused because no policy allows it.
    policies: Vec<String>,
    /// Why, in a sentence.
    reason: String,
}

/// Who, what and where.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "describes the parameters; they are read strictly, by name")]
pub(crate) struct ExplainParameters {
    /// The member's account
    #[param(example = "acc_00000000000000000000000000000000")]
    account: String,
    /// The action
    #[param(inline, value_type = ActionWord)]
    action: String,
    /// The page
    #[param(inline, value_type = PageWord)]
    page: String,
}

/// What every role may, by page and action.
#[utoipa::path(get, path = "/api/v1/permissions/matrix", tag = "administration", operation_id = "permission_matrix",
    responses((status = 200, body = MatrixView, description = "The matrix"), CommonProblems))]
pub(crate) async fn matrix(
    State(app): State<App>,
    seen: Seen,
    parameters: Parameters,
) -> Result<Json<MatrixView>, Problem> {
    parameters.finish()?;
    let built_in =
        |role: &Role| (role.to_string(), giving::asking(&seen, RoleName::BuiltIn(*role), false, None));
    let mut roles: Vec<(String, Asking)> = Role::ALL.iter().map(built_in).collect();
    let owner = giving::asking(&seen, RoleName::BuiltIn(Role::Admin), true, None);
    roles.push(("owner".to_owned(), owner));
    for role in seen.entered.store().roles().await? {
        let grant = Grant::new(role.pages, role.actions);
        let asking = giving::asking(&seen, RoleName::Custom(role.id), false, Some(grant));
        roles.push((role.id.to_string(), asking));
    }
    let mut rows = Vec::with_capacity(roles.len() * Page::ALL.len() * Action::ALL.len());
    for (role, asking) in roles {
        for &page in Page::ALL {
            for &action in Action::ALL {
                let target = Target { workspace: asking.workspace, page };
                let decision = app.installation.permissions().decide(&asking, target, action);
                rows.push(MatrixRow {
                    role: role.clone(),
                    page: page.to_string(),
                    action: action.to_string(),
                    allowed: decision.allowed(),
                    policy: decision.policies().first().cloned(),
                });
            }
        }
    }
    Ok(Json(MatrixView { rows }))
}

/// Why a member may do something, or may not.
#[utoipa::path(get, path = "/api/v1/permissions/explain", tag = "administration", operation_id = "explain_permission",
    params(ExplainParameters),
    responses((status = 200, body = ExplainedView, description = "The decision, and what decided it"), CommonProblems))]
pub(crate) async fn explain(
    State(app): State<App>,
    seen: Seen,
    mut parameters: Parameters,
) -> Result<Json<ExplainedView>, Problem> {
    let missing = |name: &str| Problem::bad_request(format!("`{name}` is missing"));
    let account = parameters.one("account")?.ok_or_else(|| missing("account"))?;
    let action: Action = parameters.parsed("action")?.ok_or_else(|| missing("action"))?;
    let page: Page = parameters.parsed("page")?.ok_or_else(|| missing("page"))?;
    parameters.finish()?;
    let account: AccountId = body::id(&account, "member")?;
    let member = seen.entered.store().member(account).await?;
    let asking = giving::asking_of(&seen, &member).await?;
    let target = Target { workspace: asking.workspace, page };
    let explained = app.installation.permissions().explain(&asking, target, action);
    Ok(Json(ExplainedView {
        allowed: explained.allowed,
        policies: explained.policies,
        reason: explained.reason,
    }))
}
