//! SCIM 2.0 (RFC 7644) under `/scim/v2`: identity providers add, change and switch off users and groups.
//!
//! A door of its own: it opens for tokens that were made for provisioning and for nothing else, and those
//! open nothing else. Everything here is answered as `application/scim+json`, errors too, those of the
//! layers around it included. What a request means is decided in `bursar-scim`, what it does in
//! `bursar_app::installation`.
//!
//! Bulk requests and `/Me` are answered 501: providers send one change at a time, and a provisioning token
//! is nobody.

mod answer;
mod discovery;
mod guard;
mod resources;

pub(crate) use answer::in_its_own_words;
pub(crate) use guard::require_provisioning;

use crate::state::App;
use axum::Router;
use axum::routing::{any, get, post};
use bursar_scim::Kind;

/// The routes, without their guard.
pub(crate) fn routes() -> Router<App> {
    let mut router = Router::new()
        .route("/scim/v2/ServiceProviderConfig", get(discovery::service_provider_config))
        .route("/scim/v2/ResourceTypes", get(discovery::resource_types))
        .route("/scim/v2/ResourceTypes/{name}", get(discovery::resource_type))
        .route("/scim/v2/Schemas", get(discovery::schemas))
        .route("/scim/v2/Schemas/{urn}", get(discovery::schema))
        .route("/scim/v2/.search", post(resources::search_everything))
        .route("/scim/v2/Bulk", post(discovery::not_implemented))
        .route("/scim/v2/Me", any(discovery::not_implemented));
    for kind in [Kind::User, Kind::Group] {
        router = router.merge(resources::of(kind));
    }
    for nowhere in ["/scim", "/scim/", "/scim/{*path}"] {
        router = router.route(nowhere, any(discovery::nothing_here));
    }
    router
}
