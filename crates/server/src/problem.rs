//! Errors as the outside sees them: `application/problem+json` (RFC 9457).
//!
//! A [`Problem`] holds only what the client may read. What the log may read is written where the
//! failure is handled, with the request id that both share.

use axum::Json;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use std::collections::BTreeMap;
use utoipa::openapi::{ContentBuilder, Ref, RefOr, ResponseBuilder, ResponsesBuilder};
use utoipa::{IntoResponses, ToSchema};

/// What went wrong and what to do about it (RFC 9457).
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({"type": "urn:bursar:problem:unknown-dimension", "title": "unknown dimension", "status": 404,
    "detail": "there is no dimension `ServicName`; did you mean `ServiceName`?", "suggestions": ["ServiceName"]}))]
pub(crate) struct Problem {
    /// A stable name for programs.
    #[serde(rename = "type")]
    kind: String,
    /// The kind of problem, for people.
    title: &'static str,
    /// The HTTP status, repeated.
    #[schema(minimum = 400, maximum = 599)]
    status: u16,
    /// This occurrence, and what to do.
    detail: String,
    /// What was probably meant.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schema(required = false)]
    suggestions: Vec<String>,
}

impl Problem {
    pub(crate) fn new(
        status: StatusCode,
        slug: &str,
        title: &'static str,
        detail: impl Into<String>,
    ) -> Self {
        Self {
            kind: format!("urn:bursar:problem:{slug}"),
            title,
            status: status.as_u16(),
            detail: detail.into(),
            suggestions: Vec::new(),
        }
    }

    pub(crate) fn into_detail(self) -> String {
        self.detail
    }

    pub(crate) fn suggesting(mut self, suggestions: Vec<String>) -> Self {
        self.suggestions = suggestions;
        self
    }

    pub(crate) fn bad_request(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "bad-request", "the request is not understood", detail)
    }

    pub(crate) fn not_found(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::NOT_FOUND, "not-found", "there is no such thing here", detail)
    }

    pub(crate) fn refused(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::FORBIDDEN, "refused", "this is refused", detail)
    }

    pub(crate) fn unauthenticated() -> Self {
        Self::new(
            StatusCode::UNAUTHORIZED,
            "signed-out",
            "sign in first",
            "this needs a session or an API token: sign in at /sign-in, or open the one-time link that `bursar serve` prints",
        )
    }

    pub(crate) fn unavailable(slug: &str, title: &'static str, detail: impl Into<String>) -> Self {
        Self::new(StatusCode::SERVICE_UNAVAILABLE, slug, title, detail)
    }

    /// Our bug or our trouble: the client learns only where to look.
    pub(crate) fn internal() -> Self {
        Self::new(
            StatusCode::INTERNAL_SERVER_ERROR,
            "internal",
            "something broke inside",
            "the server's log has the cause under the id in this answer's x-request-id header",
        )
    }

    pub(crate) fn status(&self) -> StatusCode {
        StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let status = self.status();
        let mut response = (status, Json(self)).into_response();
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        if status == StatusCode::UNAUTHORIZED {
            headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Session realm=\"bursar\""));
        }
        if status == StatusCode::TOO_MANY_REQUESTS {
            // Whoever knows better than "in a moment" says so instead.
            headers.insert(header::RETRY_AFTER, HeaderValue::from_static("1"));
        }
        response
    }
}

/// The problems every endpoint behind the session can answer with, for the OpenAPI document.
pub(crate) struct CommonProblems;

const COMMON: [(&str, &str); 10] = [
    ("400", "A parameter is unknown, missing or malformed"),
    ("401", "No session, or it has ended"),
    ("403", "Refused: permission is missing, or the request asks for what is never done"),
    ("404", "What the request names does not exist here"),
    ("413", "The request is larger than the server reads"),
    ("421", "The Host header does not name this server"),
    ("422", "The question cannot be computed on these rows"),
    ("429", "Too many questions at once; try again in a moment"),
    ("500", "A fault of the server"),
    ("503", "The answer took too long, or a source could not be reached"),
];

impl IntoResponses for CommonProblems {
    fn responses() -> BTreeMap<String, RefOr<utoipa::openapi::response::Response>> {
        documented(&COMMON)
    }
}

/// The same plus what a state-changing request can meet.
pub(crate) struct PostProblems;

impl IntoResponses for PostProblems {
    fn responses() -> BTreeMap<String, RefOr<utoipa::openapi::response::Response>> {
        let mut all = documented(&COMMON);
        all.extend(documented(&[
            ("403", "Refused: permission or the CSRF header is missing, or this is never done"),
            ("415", "The body is not JSON"),
        ]));
        all
    }
}

fn documented(list: &[(&str, &str)]) -> BTreeMap<String, RefOr<utoipa::openapi::response::Response>> {
    let problem = || ContentBuilder::new().schema(Some(Ref::from_schema_name("Problem"))).build();
    let mut responses = ResponsesBuilder::new();
    for (status, description) in list {
        let response = ResponseBuilder::new()
            .description(*description)
            .content("application/problem+json", problem())
            .build();
        responses = responses.response(*status, response);
    }
    responses.build().responses.into_iter().collect()
}
