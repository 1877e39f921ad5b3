//! `/health` and `/ready`: for probes, without a session, telling nothing but how it is.

use crate::parameters::Parameters;
use crate::problem::Problem;
use crate::state::App;
use axum::Json;
use axum::extract::State;
use serde::Serialize;
use utoipa::ToSchema;

/// A probe's answer.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Health {
    status: HealthStatus,
}

/// How it is.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
enum HealthStatus {
    /// It lives.
    Ok,
    /// It lives, and an audit log is not what was recorded: administrators see what.
    Red,
}

/// Whether the process lives.
#[utoipa::path(get, path = "/health", tag = "operation", operation_id = "health", security(()),
    responses((status = 200, body = Health, description = "It lives"), (status = 400, body = Problem, content_type = "application/problem+json", description = "A parameter was given")))]
pub(crate) async fn health(State(app): State<App>, parameters: Parameters) -> Result<Json<Health>, Problem> {
    parameters.finish()?;
    let good = app.installation.logs_are_good();
    Ok(Json(Health { status: if good { HealthStatus::Ok } else { HealthStatus::Red } }))
}

/// Whether the server can answer questions. A workspace that is still discovering its deliveries
/// answers with what it has, so the server is ready as soon as it listens.
#[utoipa::path(get, path = "/ready", tag = "operation", operation_id = "ready", security(()),
    responses((status = 200, body = Health, description = "It can answer"), (status = 400, body = Problem, content_type = "application/problem+json", description = "A parameter was given")))]
pub(crate) async fn ready(parameters: Parameters) -> Result<Json<Health>, Problem> {
    parameters.finish()?;
    Ok(Json(Health { status: HealthStatus::Ok }))
}
