//! The door of every endpoint that is not public: a live session, and for requests that change
//! state proof that a page of ours made them.

use super::cookie;
use crate::problem::Problem;
use crate::seen::Seen;
use crate::state::App;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, Method};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

/// A header no form can send and no other origin may send without asking us first.
pub(crate) const CSRF_HEADER: &str = "x-bursar-csrf";

pub(crate) async fn require_session(State(app): State<App>, mut request: Request, next: Next) -> Response {
    let key = cookie::find(request.headers(), app.settings.https())
        .and_then(|presented| app.sessions.authenticate(presented));
    let Some(key) = key else { return Problem::unauthenticated().into_response() };
    if !request.method().is_safe()
        && let Err(problem) = same_origin(&app, request.method(), request.headers())
    {
        return problem.into_response();
    }
    request.extensions_mut().insert(key);
    request.extensions_mut().insert(Seen { workspace: app.workspace.clone() });
    next.run(request).await
}

fn same_origin(app: &App, method: &Method, headers: &HeaderMap) -> Result<(), Problem> {
    let text = |name: &str| headers.get(name).map(|v| v.to_str().unwrap_or("?"));
    if text(CSRF_HEADER) != Some("1") {
        return Err(Problem::refused(format!("a {method} needs the header `X-Bursar-CSRF: 1`")));
    }
    if text("origin").is_some_and(|origin| !app.settings.knows_origin(origin)) {
        return Err(Problem::refused("the Origin header names another site"));
    }
    if text("sec-fetch-site").is_some_and(|site| !matches!(site, "same-origin" | "none")) {
        return Err(Problem::refused("the request comes from a page of another site"));
    }
    Ok(())
}
