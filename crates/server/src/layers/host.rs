//! The `Host` header must name this server.
//!
//! A web page elsewhere can point its own host name at 127.0.0.1 (DNS rebinding) and then read
//! whatever answers there as if it were itself. It cannot change the `Host` header the browser
//! sends, so a server that knows its own names refuses it.

use crate::problem::Problem;
use crate::state::App;
use axum::extract::{Request, State};
use axum::http::{StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

pub(crate) async fn known_host(State(app): State<App>, request: Request, next: Next) -> Response {
    // Probes address a container by whatever number it has; they learn nothing but "alive".
    if matches!(request.uri().path(), "/health" | "/ready") {
        return next.run(request).await;
    }
    let mut hosts = request.headers().get_all(header::HOST).iter();
    let host = hosts.next().and_then(|v| v.to_str().ok());
    let named = request.uri().authority().map(|authority| authority.as_str());
    let known = |host: &str| app.settings.knows_host(host);
    if host.is_some_and(known) && hosts.next().is_none() && named.is_none_or(known) {
        return next.run(request).await;
    }
    Problem::new(
        StatusCode::MISDIRECTED_REQUEST,
        "unknown-host",
        "this is not the server you asked for",
        format!("use {} (or set BURSAR_PUBLIC_URL to the address you use)", app.settings.base()),
    )
    .into_response()
}
