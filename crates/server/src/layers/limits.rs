//! Nothing runs for ever and nothing takes the server down.

use crate::limits::Limits;
use crate::problem::Problem;
use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use std::any::Any;
use std::sync::Arc;

/// The usual largest body: a SQL text of 1 MiB and its JSON escapes would be refused later anyway.
pub(crate) const MAX_BODY_BYTES: usize = 256 * 1024;

/// The usual limit is longer than a question may take (the workspace has its own).
pub(crate) async fn time_limit(State(limits): State<Arc<Limits>>, request: Request, next: Next) -> Response {
    match tokio::time::timeout(limits.answer_time(), next.run(request)).await {
        Ok(response) => response,
        Err(_) => Problem::unavailable(
            "too-slow",
            "this took too long",
            "narrow the period or the filters and ask again",
        )
        .into_response(),
    }
}

/// Answers that other layers and extractors make as plain text become problems too.
pub(crate) async fn problems_only(request: Request, next: Next) -> Response {
    let method = request.method().clone();
    let response = next.run(request).await;
    let plain = response
        .headers()
        .get(axum::http::header::CONTENT_TYPE)
        .is_none_or(|t| t.as_bytes().starts_with(b"text/plain"));
    match response.status() {
        StatusCode::METHOD_NOT_ALLOWED if plain => {
            let allowed = response.headers().get(axum::http::header::ALLOW).cloned();
            let detail = format!("{method} is not done here");
            let mut problem =
                Problem::new(StatusCode::METHOD_NOT_ALLOWED, "method", "this method is not allowed", detail)
                    .into_response();
            if let Some(allowed) = allowed {
                problem.headers_mut().insert(axum::http::header::ALLOW, allowed);
            }
            problem
        }
        StatusCode::PAYLOAD_TOO_LARGE if plain => Problem::new(
            StatusCode::PAYLOAD_TOO_LARGE,
            "too-large",
            "the request is too large",
            format!("at most {MAX_BODY_BYTES} bytes are read"),
        )
        .into_response(),
        _ => response,
    }
}

/// The answer when a handler panicked. The payload goes to the log, never to the client.
pub(crate) fn panicked(payload: Box<dyn Any + Send + 'static>) -> Response {
    let text = payload
        .downcast_ref::<String>()
        .map(String::as_str)
        .or_else(|| payload.downcast_ref::<&str>().copied());
    tracing::error!(panic = text.unwrap_or("(no text)"), "a request handler panicked");
    Problem::internal().into_response()
}
