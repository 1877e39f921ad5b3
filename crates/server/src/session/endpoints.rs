//! `/auth/…`: for browsers, not part of the documented API.

use super::{SessionKey, cookie};
use crate::parameters::Parameters;
use crate::problem::Problem;
use crate::state::App;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::{Extension, debug_handler};

/// Uses up a one-time link. Good: a session and the front page. Otherwise a person is sent to the
/// sign-in page, which explains, and a program gets the problem.
#[debug_handler]
pub(crate) async fn link(
    State(app): State<App>,
    headers: HeaderMap,
    mut parameters: Parameters,
) -> Result<Response, Problem> {
    let token = parameters.one("token")?.unwrap_or_default();
    parameters.finish()?;
    let https = app.settings.https();
    let session = app.sessions.redeem(&token).map_err(|error| {
        tracing::error!(%error, "no session could be made");
        Problem::internal()
    })?;
    let cookie = session.and_then(|token| cookie::set(&token, https));
    match cookie {
        Some(cookie) => {
            tracing::info!("signed in by a one-time link");
            Ok((
                StatusCode::SEE_OTHER,
                [(header::LOCATION, HeaderValue::from_static("/")), (header::SET_COOKIE, cookie)],
            )
                .into_response())
        }
        None if wants_html(&headers) => {
            Ok((StatusCode::SEE_OTHER, [(header::LOCATION, "/sign-in?reason=link")]).into_response())
        }
        None => Err(Problem::new(
            StatusCode::UNAUTHORIZED,
            "link-spent",
            "this link does not work",
            "a sign-in link works once and for fifteen minutes; this one has been used, is too old or was never given out",
        )),
    }
}

/// Ends the session.
#[debug_handler]
pub(crate) async fn logout(State(app): State<App>, Extension(session): Extension<SessionKey>) -> Response {
    app.sessions.end(session);
    (StatusCode::NO_CONTENT, [(header::SET_COOKIE, cookie::clear(app.settings.https()))]).into_response()
}

fn wants_html(headers: &HeaderMap) -> bool {
    headers
        .get(header::ACCEPT)
        .and_then(|v| v.to_str().ok())
        .is_some_and(|accept| accept.contains("text/html"))
}
