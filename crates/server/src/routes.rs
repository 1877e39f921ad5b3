//! The route table, in one place: what is behind the session, what is not, and the OpenAPI document
//! that is made from the same list.

use crate::layers::{body, headers, host, limits, request_id};
use crate::problem::Problem;
use crate::rate::Rates;
use crate::rate::layer::{by_address, by_principal};
use crate::session::{endpoints, guard, joining};
use crate::state::App;
use crate::{api, assets, scim};
use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::http::Method;
use axum::middleware::{from_fn, from_fn_with_state};
use axum::routing::{any, get, post};
use bursar_domain::Page;
use bursar_domain::role::Action;
use std::sync::Arc;
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::compression::CompressionLayer;
use tower_http::compression::predicate::{DefaultPredicate, NotForContentType, Predicate as _};
use utoipa::openapi::OpenApi;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// Paths that answer without a session, with the reason. Everything else that is not a file of the
/// UI is behind it; a test walks the table.
pub const PUBLIC: [(&str, &str); 12] = [
    ("/health", "a probe asks whether the process lives"),
    ("/ready", "a probe asks whether the server can answer"),
    ("/auth/link", "signing in"),
    ("/auth/methods", "what the sign-in page offers"),
    ("/auth/login", "signing in"),
    ("/auth/invitation", "an invitation is shown and accepted by whoever holds its link"),
    ("/auth/reset", "whoever holds a link for a new password has no other way in"),
    ("/auth/reset/request", "whoever has forgotten the password is not signed in"),
    ("/auth/passkey/start", "signing in"),
    ("/auth/passkey/finish", "signing in"),
    ("/auth/oidc/{id}/start", "signing in"),
    ("/auth/oidc/{id}/callback", "signing in"),
];

/// Paths for other servers, which prove themselves by a signed token in the request.
pub const SIGNED: [(&str, &str); 1] =
    [("/auth/oidc/{id}/back-channel-logout", "an identity provider says that somebody signed out there")];

/// Endpoints behind the session that the OpenAPI document leaves out, with the reason.
pub const UNDOCUMENTED: [(&str, &str); 2] = [
    ("/auth/logout", "ends a browser's session; programs have none to end"),
    ("/auth/logout-everywhere", "ends all sessions of whoever asks; programs have none to end"),
];

/// What a route behind the session needs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Needs {
    /// To be signed in: the route is about whoever asks, or tells nothing about a workspace.
    Account,
    /// To belong to the workspace, in whatever role: what every page asks first.
    Member,
    /// To belong to the workspace and to be allowed the action on the page.
    Workspace(Page, Action),
    /// A token that was made for provisioning, which opens nothing else.
    Provisioning,
}

/// What every route behind the session needs, by method and path. One that is missing here is closed.
pub const NEEDS: &[(&str, &str, Needs)] = &[
    ("GET", "/api", Needs::Account),
    ("GET", "/api/", Needs::Account),
    ("GET", "/api/{*path}", Needs::Account),
    ("GET", "/api/openapi.json", Needs::Account),
    ("POST", "/auth/logout", Needs::Account),
    ("POST", "/auth/logout-everywhere", Needs::Account),
    ("GET", "/api/v1/me", Needs::Account),
    ("PATCH", "/api/v1/me", Needs::Account),
    ("DELETE", "/api/v1/me", Needs::Account),
    ("DELETE", "/api/v1/me/deletion", Needs::Account),
    ("POST", "/api/v1/me/password", Needs::Account),
    ("GET", "/api/v1/me/sessions", Needs::Account),
    ("DELETE", "/api/v1/me/sessions/{session}", Needs::Account),
    ("POST", "/api/v1/me/totp", Needs::Account),
    ("DELETE", "/api/v1/me/totp", Needs::Account),
    ("POST", "/api/v1/me/totp/confirm", Needs::Account),
    ("GET", "/api/v1/me/passkeys", Needs::Account),
    ("POST", "/api/v1/me/passkeys/start", Needs::Account),
    ("POST", "/api/v1/me/passkeys/finish", Needs::Account),
    ("DELETE", "/api/v1/me/passkeys/{passkey}", Needs::Account),
    ("GET", "/api/v1/workspaces", Needs::Account),
    ("POST", "/api/v1/workspaces", Needs::Account),
    ("PATCH", "/api/v1/workspace", Needs::Workspace(Page::Admin, Action::ManageSettings)),
    ("GET", "/api/v1/regions", Needs::Workspace(Page::Admin, Action::View)),
    ("POST", "/api/v1/sources", Needs::Workspace(Page::Sources, Action::ManageSources)),
    ("DELETE", "/api/v1/sources/{source}", Needs::Workspace(Page::Sources, Action::ManageSources)),
    ("GET", "/api/v1/tokens", Needs::Workspace(Page::Admin, Action::ManageTokens)),
    ("POST", "/api/v1/tokens", Needs::Workspace(Page::Admin, Action::ManageTokens)),
    ("DELETE", "/api/v1/tokens/{token}", Needs::Workspace(Page::Admin, Action::ManageTokens)),
    ("GET", "/api/v1/records", Needs::Workspace(Page::Admin, Action::ReadRecords)),
    ("GET", "/api/v1/records/{seq}", Needs::Workspace(Page::Admin, Action::ReadRecords)),
    ("GET", "/api/v1/log", Needs::Workspace(Page::Admin, Action::ReadRecords)),
    ("POST", "/api/v1/log/verify", Needs::Workspace(Page::Admin, Action::ReadRecords)),
    ("GET", "/api/v1/log/export", Needs::Workspace(Page::Admin, Action::ReadRecords)),
    ("GET", "/api/v1/identity-providers", Needs::Workspace(Page::Admin, Action::ManageSignIn)),
    ("POST", "/api/v1/identity-providers", Needs::Workspace(Page::Admin, Action::Own)),
    ("PUT", "/api/v1/identity-providers/{provider}", Needs::Workspace(Page::Admin, Action::Own)),
    ("DELETE", "/api/v1/identity-providers/{provider}", Needs::Workspace(Page::Admin, Action::Own)),
    (
        "POST",
        "/api/v1/identity-providers/{provider}/test",
        Needs::Workspace(Page::Admin, Action::ManageSignIn),
    ),
    ("GET", "/api/v1/certificates", Needs::Account),
    ("GET", "/api/v1/certificates/{id}", Needs::Account),
    ("DELETE", "/api/v1/workspace/deletion", Needs::Account),
    ("POST", "/api/v1/staff-access", Needs::Account),
    ("GET", "/api/v1/forecast", Needs::Workspace(Page::Forecasts, Action::View)),
    ("POST", "/api/v1/forecast/scenario", Needs::Workspace(Page::Forecasts, Action::Forecast)),
    ("GET", "/api/v1/budgets", Needs::Workspace(Page::Forecasts, Action::View)),
    ("POST", "/api/v1/budgets", Needs::Workspace(Page::Admin, Action::ManageSettings)),
    ("PUT", "/api/v1/budgets/{id}", Needs::Workspace(Page::Admin, Action::ManageSettings)),
    ("DELETE", "/api/v1/budgets/{id}", Needs::Workspace(Page::Admin, Action::ManageSettings)),
    ("GET", "/api/v1/recommendations", Needs::Workspace(Page::Findings, Action::View)),
    ("GET", "/api/v1/commitments", Needs::Workspace(Page::Findings, Action::View)),
    ("GET", "/api/v1/allocation", Needs::Workspace(Page::Explorer, Action::View)),
    ("PUT", "/api/v1/allocation", Needs::Workspace(Page::Admin, Action::ManageSettings)),
    ("POST", "/api/v1/allocation/preview", Needs::Workspace(Page::Explorer, Action::Query)),
    ("GET", "/api/v1/anomalies", Needs::Workspace(Page::Findings, Action::View)),
    ("POST", "/api/v1/anomalies/{id}/feedback", Needs::Workspace(Page::Findings, Action::Scan)),
    ("DELETE", "/api/v1/anomalies/{id}/feedback", Needs::Workspace(Page::Findings, Action::Scan)),
    ("GET", "/api/v1/keys", Needs::Workspace(Page::Admin, Action::ManageKeys)),
    ("POST", "/api/v1/keys/rotate", Needs::Workspace(Page::Admin, Action::ManageKeys)),
    ("GET", "/api/v1/backups", Needs::Workspace(Page::Admin, Action::ManageKeys)),
    ("POST", "/api/v1/backups", Needs::Workspace(Page::Admin, Action::ManageKeys)),
    ("DELETE", "/api/v1/backups/{id}", Needs::Workspace(Page::Admin, Action::Own)),
    ("POST", "/api/v1/backups/{id}/verify", Needs::Workspace(Page::Admin, Action::ManageKeys)),
    ("POST", "/api/v1/backups/{id}/restore", Needs::Workspace(Page::Admin, Action::Own)),
    ("GET", "/api/v1/workspace/export", Needs::Workspace(Page::Admin, Action::Own)),
    ("POST", "/api/v1/workspace/deletion", Needs::Workspace(Page::Admin, Action::Own)),
    ("GET", "/api/v1/staff-access", Needs::Workspace(Page::Admin, Action::View)),
    ("POST", "/api/v1/staff-access/{id}/grant", Needs::Workspace(Page::Admin, Action::Own)),
    ("POST", "/api/v1/staff-access/{id}/refuse", Needs::Workspace(Page::Admin, Action::Own)),
    ("POST", "/api/v1/staff-access/{id}/end", Needs::Workspace(Page::Admin, Action::Own)),
    ("GET", "/api/v1/event-types", Needs::Member),
    ("GET", "/api/v1/webhooks", Needs::Workspace(Page::Admin, Action::ManageSettings)),
    ("POST", "/api/v1/webhooks", Needs::Workspace(Page::Admin, Action::ManageSettings)),
    ("PATCH", "/api/v1/webhooks/{id}", Needs::Workspace(Page::Admin, Action::ManageSettings)),
    ("DELETE", "/api/v1/webhooks/{id}", Needs::Workspace(Page::Admin, Action::ManageSettings)),
    ("POST", "/api/v1/webhooks/{id}/rotate", Needs::Workspace(Page::Admin, Action::ManageSettings)),
    ("POST", "/api/v1/webhooks/{id}/test", Needs::Workspace(Page::Admin, Action::ManageSettings)),
    ("GET", "/api/v1/webhooks/{id}/deliveries", Needs::Workspace(Page::Admin, Action::ManageSettings)),
    ("POST", "/api/v1/webhooks/{id}/replay", Needs::Workspace(Page::Admin, Action::ManageSettings)),
    ("GET", "/api/v1/alert-rules", Needs::Workspace(Page::Admin, Action::ManageSettings)),
    ("POST", "/api/v1/alert-rules", Needs::Workspace(Page::Admin, Action::ManageSettings)),
    ("PUT", "/api/v1/alert-rules/{id}", Needs::Workspace(Page::Admin, Action::ManageSettings)),
    ("DELETE", "/api/v1/alert-rules/{id}", Needs::Workspace(Page::Admin, Action::ManageSettings)),
    ("GET", "/api/v1/dead-letters", Needs::Workspace(Page::Admin, Action::ManageSettings)),
    ("POST", "/api/v1/dead-letters/replay", Needs::Workspace(Page::Admin, Action::ManageSettings)),
    ("GET", "/api/v1/notice-preferences", Needs::Member),
    ("PUT", "/api/v1/notice-preferences", Needs::Member),
    ("GET", "/api/v1/inbox", Needs::Member),
    ("POST", "/api/v1/inbox/read-all", Needs::Member),
    ("POST", "/api/v1/inbox/{id}/read", Needs::Member),
    ("GET", "/metrics", Needs::Workspace(Page::Dashboard, Action::View)),
    ("GET", "/api/v1/workspace", Needs::Member),
    ("GET", "/api/v1/dashboard", Needs::Workspace(Page::Dashboard, Action::View)),
    ("GET", "/api/v1/dimensions", Needs::Workspace(Page::Explorer, Action::View)),
    ("GET", "/api/v1/dimensions/{id}/values", Needs::Workspace(Page::Explorer, Action::Query)),
    ("GET", "/api/v1/cost", Needs::Workspace(Page::Explorer, Action::Query)),
    ("GET", "/api/v1/cost/export", Needs::Workspace(Page::Explorer, Action::Query)),
    ("GET", "/api/v1/sources", Needs::Workspace(Page::Sources, Action::View)),
    ("GET", "/api/v1/deliveries", Needs::Workspace(Page::Sources, Action::View)),
    ("GET", "/api/v1/conformance", Needs::Workspace(Page::Sources, Action::View)),
    ("GET", "/api/v1/ledger", Needs::Workspace(Page::Sources, Action::View)),
    ("POST", "/api/v1/sql", Needs::Workspace(Page::Sql, Action::Query)),
    ("GET", "/api/v1/members", Needs::Workspace(Page::Admin, Action::ManageMembers)),
    ("POST", "/api/v1/members", Needs::Workspace(Page::Admin, Action::ManageMembers)),
    ("PATCH", "/api/v1/members/{account}", Needs::Workspace(Page::Admin, Action::ManageMembers)),
    ("DELETE", "/api/v1/members/{account}", Needs::Workspace(Page::Admin, Action::ManageMembers)),
    ("POST", "/api/v1/members/{account}/reset-link", Needs::Workspace(Page::Admin, Action::ManageMembers)),
    ("GET", "/api/v1/invitations", Needs::Workspace(Page::Admin, Action::ManageMembers)),
    ("DELETE", "/api/v1/invitations/{id}", Needs::Workspace(Page::Admin, Action::ManageMembers)),
    ("GET", "/api/v1/roles", Needs::Workspace(Page::Admin, Action::ManageMembers)),
    ("POST", "/api/v1/roles", Needs::Workspace(Page::Admin, Action::ManageMembers)),
    ("PUT", "/api/v1/roles/{id}", Needs::Workspace(Page::Admin, Action::ManageMembers)),
    ("DELETE", "/api/v1/roles/{id}", Needs::Workspace(Page::Admin, Action::ManageMembers)),
    ("GET", "/api/v1/permissions/matrix", Needs::Workspace(Page::Admin, Action::ManageMembers)),
    ("GET", "/api/v1/permissions/explain", Needs::Workspace(Page::Admin, Action::ManageMembers)),
    ("GET", "/api/v1/teams", Needs::Workspace(Page::Admin, Action::ManageMembers)),
    ("POST", "/api/v1/teams", Needs::Workspace(Page::Admin, Action::ManageMembers)),
    ("PUT", "/api/v1/teams/{id}", Needs::Workspace(Page::Admin, Action::ManageMembers)),
    ("DELETE", "/api/v1/teams/{id}", Needs::Workspace(Page::Admin, Action::ManageMembers)),
    ("PUT", "/api/v1/teams/{id}/members/{account}", Needs::Workspace(Page::Admin, Action::ManageMembers)),
    ("DELETE", "/api/v1/teams/{id}/members/{account}", Needs::Workspace(Page::Admin, Action::ManageMembers)),
    ("GET", "/scim/v2/ServiceProviderConfig", Needs::Provisioning),
    ("GET", "/scim/v2/ResourceTypes", Needs::Provisioning),
    ("GET", "/scim/v2/ResourceTypes/{name}", Needs::Provisioning),
    ("GET", "/scim/v2/Schemas", Needs::Provisioning),
    ("GET", "/scim/v2/Schemas/{urn}", Needs::Provisioning),
    ("GET", "/scim/v2/Users", Needs::Provisioning),
    ("POST", "/scim/v2/Users", Needs::Provisioning),
    ("POST", "/scim/v2/Users/.search", Needs::Provisioning),
    ("GET", "/scim/v2/Users/{id}", Needs::Provisioning),
    ("PUT", "/scim/v2/Users/{id}", Needs::Provisioning),
    ("PATCH", "/scim/v2/Users/{id}", Needs::Provisioning),
    ("DELETE", "/scim/v2/Users/{id}", Needs::Provisioning),
    ("GET", "/scim/v2/Groups", Needs::Provisioning),
    ("POST", "/scim/v2/Groups", Needs::Provisioning),
    ("POST", "/scim/v2/Groups/.search", Needs::Provisioning),
    ("GET", "/scim/v2/Groups/{id}", Needs::Provisioning),
    ("PUT", "/scim/v2/Groups/{id}", Needs::Provisioning),
    ("PATCH", "/scim/v2/Groups/{id}", Needs::Provisioning),
    ("DELETE", "/scim/v2/Groups/{id}", Needs::Provisioning),
    ("POST", "/scim/v2/.search", Needs::Provisioning),
    ("POST", "/scim/v2/Bulk", Needs::Provisioning),
    ("GET", "/scim/v2/Me", Needs::Provisioning),
    ("GET", "/scim", Needs::Provisioning),
    ("GET", "/scim/", Needs::Provisioning),
    ("GET", "/scim/{*path}", Needs::Provisioning),
];

/// What the route needs; `None` when nobody has written it down. An endpoint that does not exist is
/// told to whoever is signed in, whatever the method.
pub(crate) fn needs(method: &Method, path: &str) -> Option<Needs> {
    // HEAD is answered by the handler of GET.
    let method = if *method == Method::HEAD { &Method::GET } else { method };
    let nowhere = matches!(
        path,
        "/api" | "/api/" | "/api/{*path}" | "/scim" | "/scim/" | "/scim/{*path}" | "/scim/v2/Me"
    );
    let found = NEEDS.iter().find(|(of, known, _)| *known == path && (nowhere || *of == method.as_str()));
    let other_method = || {
        let known = NEEDS.iter().find(|(_, known, _)| *known == path);
        known.map(|(_, _, needs)| match needs {
            Needs::Provisioning => Needs::Provisioning,
            _ => Needs::Account,
        })
    };
    // Another method of a path that exists is answered by 405, which tells nothing.
    found.map(|(_, _, needs)| *needs).or_else(other_method)
}

fn open() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(api::health::health)).routes(routes!(api::health::ready))
}

fn guarded() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(api::openapi::document))
        .routes(routes!(api::metrics::metrics))
        .routes(routes!(api::me::me, api::account::change, api::leaving::delete_me))
        .routes(routes!(api::account::password))
        .routes(routes!(api::account::sessions))
        .routes(routes!(api::account::end_session))
        .routes(routes!(api::account::totp_begin, api::account::totp_remove))
        .routes(routes!(api::account::totp_confirm))
        .routes(routes!(api::account::passkeys))
        .routes(routes!(api::account::passkey_begin))
        .routes(routes!(api::account::passkey_finish))
        .routes(routes!(api::account::passkey_remove))
        .routes(routes!(api::places::workspaces, api::places::create))
        .routes(routes!(api::places::regions))
        .routes(routes!(api::places::remove_source))
        .routes(routes!(api::tokens::tokens, api::tokens::create))
        .routes(routes!(api::tokens::revoke))
        .routes(routes!(api::records::records))
        .routes(routes!(api::log::entry))
        .routes(routes!(api::log::log))
        .routes(routes!(api::log::verify))
        .routes(routes!(api::log::export))
        .routes(routes!(api::identity_providers::providers, api::identity_providers::add))
        .routes(routes!(api::identity_providers::change, api::identity_providers::remove))
        .routes(routes!(api::identity_providers::test))
        .routes(routes!(api::workspace::workspace, api::places::rename))
        .routes(routes!(api::dimensions::dimensions))
        .routes(routes!(api::dimensions::values))
        .routes(routes!(api::cost::cost))
        .routes(routes!(api::export::cost_export))
        .routes(routes!(api::dashboard::dashboard))
        .routes(routes!(api::sources::sources, api::places::add_source))
        .routes(routes!(api::deliveries::deliveries))
        .routes(routes!(api::conformance::conformance))
        .routes(routes!(api::sql::sql))
        .routes(routes!(api::ledger::ledger))
        .routes(routes!(api::members::members, api::members::invite))
        .routes(routes!(api::members::change, api::members::remove))
        .routes(routes!(api::members::reset_link))
        .routes(routes!(api::invitations::invitations))
        .routes(routes!(api::invitations::withdraw))
        .routes(routes!(api::roles::roles, api::roles::create))
        .routes(routes!(api::roles::change, api::roles::remove))
        .routes(routes!(api::permissions::matrix))
        .routes(routes!(api::permissions::explain))
        .routes(routes!(api::teams::teams, api::teams::create))
        .routes(routes!(api::teams::change, api::teams::remove))
        .routes(routes!(api::teams::join, api::teams::leave))
        .routes(routes!(api::forecast::forecast))
        .routes(routes!(api::forecast::scenario))
        .routes(routes!(api::budgets::budgets, api::budgets::add))
        .routes(routes!(api::budgets::change, api::budgets::remove))
        .routes(routes!(api::recommendations::recommendations))
        .routes(routes!(api::recommendations::commitments))
        .routes(routes!(api::allocation::allocation, api::allocation::save))
        .routes(routes!(api::allocation::preview))
        .routes(routes!(api::anomalies::anomalies))
        .routes(routes!(api::anomalies::expect, api::anomalies::unexpect))
        .routes(routes!(api::event_types::event_types))
        .routes(routes!(api::webhooks::webhooks, api::webhooks::create))
        .routes(routes!(api::webhooks::change, api::webhooks::remove))
        .routes(routes!(api::webhooks::rotate))
        .routes(routes!(api::webhooks::test))
        .routes(routes!(api::webhooks::deliveries))
        .routes(routes!(api::webhooks::replay))
        .routes(routes!(api::alert_rules::alert_rules, api::alert_rules::create))
        .routes(routes!(api::alert_rules::change, api::alert_rules::remove))
        .routes(routes!(api::dead_letters::dead_letters))
        .routes(routes!(api::dead_letters::replay))
        .routes(routes!(api::inbox::inbox))
        .routes(routes!(api::inbox::read_all))
        .routes(routes!(api::notice_preferences::preferences, api::notice_preferences::set))
        .routes(routes!(api::inbox::read))
        .routes(routes!(api::keys::keys))
        .routes(routes!(api::keys::rotate))
        .routes(routes!(api::backups::backups, api::backups::take))
        .routes(routes!(api::backups::remove))
        .routes(routes!(api::backups::verify))
        .routes(routes!(api::backups::restore))
        .routes(routes!(api::leaving::ask_deletion, api::leaving::keep))
        .routes(routes!(api::leaving::keep_me))
        .routes(routes!(api::leaving::export))
        .routes(routes!(api::leaving::certificates))
        .routes(routes!(api::leaving::certificate))
        .routes(routes!(api::staff_access::accesses, api::staff_access::ask))
        .routes(routes!(api::staff_access::grant))
        .routes(routes!(api::staff_access::refuse))
        .routes(routes!(api::staff_access::end))
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
        .route("/auth/logout-everywhere", post(endpoints::logout_everywhere))
        .route("/api", any(no_such_endpoint))
        .route("/api/", any(no_such_endpoint))
        .route("/api/{*path}", any(no_such_endpoint))
        .layer(from_fn_with_state(rates.clone(), by_principal))
        .layer(from_fn_with_state(app.clone(), guard::require_session));
    let provisioning = scim::routes()
        .layer(from_fn_with_state(rates.clone(), by_principal))
        .layer(from_fn_with_state(app.clone(), scim::require_provisioning));
    let small = DefaultPredicate::new().and(NotForContentType::const_new("font/"));
    Router::new()
        .merge(open)
        .merge(guarded)
        .merge(provisioning)
        .route("/auth/link", get(endpoints::link))
        .route("/auth/methods", get(endpoints::methods))
        .route("/auth/login", post(endpoints::login))
        .route("/auth/passkey/start", post(endpoints::passkey_start))
        .route("/auth/passkey/finish", post(endpoints::passkey_finish))
        .route("/auth/oidc/{id}/start", get(endpoints::external_start))
        .route("/auth/oidc/{id}/callback", get(endpoints::external_callback))
        .route("/auth/oidc/{id}/back-channel-logout", post(endpoints::back_channel_logout))
        .route("/auth/invitation", get(joining::invitation).post(joining::accept))
        .route("/auth/reset", post(joining::reset))
        .route("/auth/reset/request", post(joining::forgotten))
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
        .layer(from_fn(scim::in_its_own_words))
        .layer(from_fn_with_state(app.clone(), headers::security_headers))
        .layer(from_fn_with_state(app.clone(), request_id::request_id))
        .with_state(app)
}

async fn no_such_endpoint() -> Problem {
    Problem::not_found("there is no such endpoint; /api/openapi.json lists them all")
}
