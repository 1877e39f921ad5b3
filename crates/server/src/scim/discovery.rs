//! What clients discover, and what there is not.

use super::answer::{Refusal, body};
use super::guard::base;
use crate::state::App;
use axum::extract::{Path, RawQuery, State};
use axum::http::StatusCode;
use axum::response::Response;
use bursar_scim::{ListAnswer, ScimError, discovery};
use serde_json::Value;

pub(super) async fn service_provider_config(State(app): State<App>) -> Response {
    body(StatusCode::OK, &discovery::service_provider_config(&base(&app)))
}

pub(super) async fn resource_types(
    State(app): State<App>,
    RawQuery(query): RawQuery,
) -> Result<Response, Refusal> {
    whole(query.as_deref(), discovery::resource_types(&base(&app)))
}

pub(super) async fn resource_type(
    State(app): State<App>,
    Path(name): Path<String>,
) -> Result<Response, Refusal> {
    one(discovery::resource_type(&base(&app), &name))
}

pub(super) async fn schemas(State(app): State<App>, RawQuery(query): RawQuery) -> Result<Response, Refusal> {
    whole(query.as_deref(), discovery::schemas(&base(&app)))
}

pub(super) async fn schema(State(app): State<App>, Path(urn): Path<String>) -> Result<Response, Refusal> {
    one(discovery::schema(&base(&app), &urn))
}

/// RFC 7644 §4: a filter here is refused, everything else that a query says is left out.
fn whole(query: Option<&str>, documents: Vec<Value>) -> Result<Response, Refusal> {
    let mut parameters = url::form_urlencoded::parse(query.unwrap_or_default().as_bytes());
    if parameters.any(|(name, _)| name.eq_ignore_ascii_case("filter")) {
        return Err(ScimError::of_status(403, "what can be discovered is not filtered").into());
    }
    Ok(body(StatusCode::OK, &ListAnswer::whole(documents).to_json()))
}

fn one(document: Option<Value>) -> Result<Response, Refusal> {
    let document = document.ok_or_else(|| ScimError::of_status(404, "there is no such document"))?;
    Ok(body(StatusCode::OK, &document))
}

pub(super) async fn not_implemented() -> Refusal {
    ScimError::of_status(501, "this is not done here: /scim/v2/ServiceProviderConfig says what is").into()
}

pub(super) async fn nothing_here() -> Refusal {
    ScimError::of_status(404, "there is no such endpoint: users are under /scim/v2/Users").into()
}
