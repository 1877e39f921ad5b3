//! The route table, in one place: what is behind the session, what is not, and the OpenAPI document
//! that is made from the same list.

use crate::layers::{body, headers, host, limits, request_id};
use crate::problem::Problem;
use crate::rate::Rates;
use crate::rate::layer::{by_address, by_principal};
use crate::session::{endpoints, guard};
use crate::state::App;
use crate::{api, assets};
use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::middleware::{from_fn, from_fn_with_state};
use axum::routing::{any, get, post};
use std::sync::Arc;
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::compression::CompressionLayer;
use tower_http::compression::predicate::{DefaultPredicate, NotForContentType, Predicate as _};
use utoipa::openapi::OpenApi;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// Paths that answer without a session, with the reason. Everything else that is not a file of the
/// UI is behind it; a test walks the table.
pub const PUBLIC: [(&str, &str); 3] = [
    ("/health", "a probe asks whether the process lives"),
    ("/ready", "a probe asks whether the server can answer"),
    ("/auth/link", "signing in"),
];

/// Endpoints behind the session that the OpenAPI document leaves out, with the reason.
pub const UNDOCUMENTED: [(&str, &str); 1] =
    [("/auth/logout", "ends a browser's session; programs have none to end")];

fn open() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(api::health::health)).routes(routes!(api::health::ready))
}

fn guarded() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(api::openapi::document))
        .routes(routes!(api::metrics::metrics))
        .routes(routes!(api::workspace::workspace))
        .routes(routes!(api::dimensions::dimensions))
        .routes(routes!(api::dimensions::values))
        .routes(routes!(api::cost::cost))
        .routes(routes!(api::export::cost_export))
        .routes(routes!(api::dashboard::dashboard))
        .routes(routes!(api::sources::sources))
        .routes(routes!(api::deliveries::deliveries))
        .routes(routes!(api::conformance::conformance))
        .routes(routes!(api::sql::sql))
        .routes(routes!(api::ledger::ledger))
}

/// The OpenAPI 3.1 document of the running program.
#[must_use]
pub fn openapi() -> OpenApi {
    let (_, open) = open().split_for_parts();
    let (_, guarded) = guarded().split_for_parts();
    api::openapi::complete(open, guarded)
}

pub(crate) fn router(app: App) -> Router {
    let bounds = Arc::new(app.settings.limits().clone());
    let rates = Rates::new(app.settings.limits().clone(), app.settings.buckets());
    let (open, _) = open().split_for_parts();
    let (guarded, _) = guarded().split_for_parts();
    let guarded = guarded
        .route("/auth/logout", post(endpoints::logout))
        .route("/api", any(no_such_endpoint))
        .route("/api/", any(no_such_endpoint))
        .route("/api/{*path}", any(no_such_endpoint))
        .layer(from_fn_with_state(rates.clone(), by_principal))
        .layer(from_fn_with_state(app.clone(), guard::require_session));
    let small = DefaultPredicate::new().and(NotForContentType::const_new("font/"));
    Router::new()
        .merge(open)
        .merge(guarded)
        .route("/auth/link", get(endpoints::link))
        .route("/auth/{*path}", any(no_such_endpoint))
        .fallback(assets::serve)
        .layer(DefaultBodyLimit::max(bounds.max_body()))
        .layer(from_fn_with_state(Arc::clone(&bounds), body::bounded))
        .layer(CompressionLayer::new().compress_when(small))
        .layer(from_fn(limits::problems_only))
        .layer(from_fn_with_state(bounds, limits::time_limit))
        .layer(from_fn_with_state(app.clone(), host::known_host))
        .layer(from_fn_with_state(rates, by_address))
        .layer(CatchPanicLayer::custom(limits::panicked))
        .layer(from_fn_with_state(app.clone(), headers::security_headers))
        .layer(from_fn_with_state(app.clone(), request_id::request_id))
        .with_state(app)
}

async fn no_such_endpoint() -> Problem {
    Problem::not_found("there is no such endpoint; /api/openapi.json lists them all")
}
