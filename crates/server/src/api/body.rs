//! JSON bodies, and what is the same for many endpoints.

use crate::problem::Problem;
use axum::Json;
use axum::extract::rejection::JsonRejection;
use axum::http::StatusCode;
use bursar_domain::scope::ScopeError;
use bursar_domain::{Scope, ScopeRule};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// The body, or the problem with it. The text says where in the JSON, and repeats none of it.
pub(crate) fn read<T>(body: Result<Json<T>, JsonRejection>) -> Result<T, Problem> {
    body.map(|Json(body)| body).map_err(|rejection| match rejection.status() {
        StatusCode::UNSUPPORTED_MEDIA_TYPE => Problem::new(
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            "not-json",
            "the body is not JSON",
            "send the header `Content-Type: application/json`",
        ),
        StatusCode::PAYLOAD_TOO_LARGE => Problem::new(
            StatusCode::PAYLOAD_TOO_LARGE,
            "too-large",
            "the request is too large",
            "the body is larger than the server reads",
        ),
        _ => Problem::bad_request("the body is not the JSON that this endpoint takes; see /api/openapi.json"),
    })
}

/// An id in a path: one that is none names nothing.
pub(crate) fn id<T: std::str::FromStr>(text: &str, what: &'static str) -> Result<T, Problem> {
    text.parse().map_err(|_| Problem::not_found(format!("there is no such {what}")))
}

/// That it was done.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Done {
    /// Always true.
    done: bool,
}

/// That it was done.
pub(crate) fn done() -> Json<Done> {
    Json(Done { done: true })
}

/// A rule of a scope, as it is given.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct GivenRule {
    /// A column, or `tag:KEY`.
    #[schema(max_length = 256, example = "SubAccountId")]
    dimension: String,
    /// The values that are seen.
    #[schema(max_items = 1000)]
    values: Vec<String>,
}

/// The scope that rules make; everything without any.
pub(crate) fn scope(rules: Option<Vec<GivenRule>>) -> Result<Scope, Problem> {
    let Some(rules) = rules else { return Ok(Scope::All) };
    let rule = |rule: GivenRule| ScopeRule { dimension: rule.dimension, values: rule.values };
    Scope::part(rules.into_iter().map(rule).collect())
        .map_err(|error: ScopeError| Problem::bad_request(error.to_string()))
}
