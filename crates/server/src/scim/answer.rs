//! Answers in the protocol's media type, and requests in it.

use axum::body::{Body, Bytes};
use axum::extract::Request;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use bursar_app::installation::{ProvisionError, Provisioned};
use bursar_scim::{ScimError, ScimType};
use serde_json::Value;

const MEDIA_TYPE: HeaderValue = HeaderValue::from_static("application/scim+json");
/// Longest problem that is said again in other words.
const MAX_PROBLEM_BYTES: usize = 64 * 1024;

/// A refusal.
#[derive(Debug)]
pub(super) struct Refusal(ScimError);

impl From<ScimError> for Refusal {
    fn from(error: ScimError) -> Self {
        Self(error)
    }
}

impl From<ProvisionError> for Refusal {
    fn from(error: ProvisionError) -> Self {
        match error {
            ProvisionError::Refused(error) => Self(error),
            ProvisionError::Stranger => Self(ScimError::of_status(
                401,
                "this needs a token for provisioning in the header `Authorization: Bearer …`; make one under Administration, Provisioning",
            )),
            ProvisionError::Store(error) if error.is_outage() => {
                tracing::error!(%error, "control data did not answer");
                Self(ScimError::of_status(503, "control data cannot be reached at the moment: try again"))
            }
            ProvisionError::Store(error) => {
                tracing::error!(%error, "a provisioning request failed");
                Self(ScimError::of_status(500, "something went wrong here; the log of the server says what"))
            }
        }
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let status = StatusCode::from_u16(self.0.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let mut response = body(status, &self.0.to_json());
        if status == StatusCode::UNAUTHORIZED {
            let bearer = HeaderValue::from_static("Bearer realm=\"scim\"");
            response.headers_mut().insert(header::WWW_AUTHENTICATE, bearer);
        }
        response
    }
}

/// A document.
pub(super) fn body(status: StatusCode, document: &Value) -> Response {
    (status, [(header::CONTENT_TYPE, MEDIA_TYPE)], document.to_string()).into_response()
}

/// A resource, with its ETag and address.
pub(super) fn resource(status: StatusCode, provisioned: &Provisioned) -> Response {
    let mut response = body(status, &provisioned.body);
    let headers = response.headers_mut();
    for (name, text) in [(header::ETAG, &provisioned.etag), (header::LOCATION, &provisioned.location)] {
        if let Ok(value) = HeaderValue::from_str(text) {
            headers.insert(name, value);
        }
    }
    response
}

/// The body of a request.
pub(super) fn read(headers: &HeaderMap, body: &Bytes) -> Result<Value, Refusal> {
    let given = headers.get(header::CONTENT_TYPE).map(|given| given.to_str().unwrap_or_default());
    let kind = given.map(|given| given.split(';').next().unwrap_or_default().trim().to_ascii_lowercase());
    if !matches!(kind.as_deref(), Some("application/scim+json" | "application/json") | None) {
        return Err(ScimError::of_status(415, "a body is `application/scim+json`").into());
    }
    serde_json::from_slice(body).map_err(|error| {
        let detail = format!("the body is no JSON (line {}, column {})", error.line(), error.column());
        ScimError::new(ScimType::InvalidSyntax, detail).into()
    })
}

/// What the layers around a provisioning request refuse is said as the protocol says it.
pub(crate) async fn in_its_own_words(request: Request, next: Next) -> Response {
    let path = request.uri().path();
    let ours = path == "/scim" || path.starts_with("/scim/");
    let response = next.run(request).await;
    let kind = response.headers().get(header::CONTENT_TYPE).map(HeaderValue::as_bytes);
    if !ours || kind != Some(b"application/problem+json".as_slice()) {
        return response;
    }
    let (mut parts, problem) = response.into_parts();
    let problem = axum::body::to_bytes(problem, MAX_PROBLEM_BYTES).await.unwrap_or_default();
    let problem: Value = serde_json::from_slice(&problem).unwrap_or_default();
    let detail = problem["detail"].as_str().or(problem["title"].as_str()).unwrap_or("this was refused");
    let error = ScimError::of_status(parts.status.as_u16(), detail);
    parts.headers.insert(header::CONTENT_TYPE, MEDIA_TYPE);
    parts.headers.remove(header::CONTENT_LENGTH);
    Response::from_parts(parts, Body::from(error.to_json().to_string()))
}
