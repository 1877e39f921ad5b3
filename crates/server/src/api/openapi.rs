//! The OpenAPI document, made from the routes themselves.

use crate::parameters::Parameters;
use crate::problem::{CommonProblems, Problem};
use axum::Json;
use utoipa::openapi::security::{ApiKey, ApiKeyValue, SecurityRequirement, SecurityScheme};
use utoipa::openapi::{ComponentsBuilder, Info, License, OpenApi};
use utoipa::{PartialSchema as _, ToSchema as _};

/// This document.
#[utoipa::path(get, path = "/api/openapi.json", tag = "operation", operation_id = "openapi",
    responses((status = 200, body = Object, description = "OpenAPI 3.1"), CommonProblems))]
pub(crate) async fn document(parameters: Parameters) -> Result<Json<OpenApi>, Problem> {
    parameters.finish()?;
    Ok(Json(crate::routes::openapi()))
}

/// Joins the parts and adds what no single route knows.
pub(crate) fn complete(open: OpenApi, guarded: OpenApi) -> OpenApi {
    let mut document = open;
    document.merge(guarded);
    let mut info = Info::new("Bursar", env!("CARGO_PKG_VERSION"));
    info.description = Some(
        "Ask what the cloud costs. Amounts are decimal strings, exact to the last digit; periods include their start \
         and exclude their end; two currencies are never added. Sign in with the one-time link that `bursar serve` \
         prints; requests that change state also need the header `X-Bursar-CSRF: 1`."
            .into(),
    );
    info.license = Some(License::new("Apache-2.0"));
    document.info = info;
    let components = document.components.take().unwrap_or_else(|| ComponentsBuilder::new().build());
    let mut components = components;
    components.schemas.insert(Problem::name().into_owned(), Problem::schema());
    for (name, cookie) in [("session", "bursar"), ("session_https", "__Host-bursar")] {
        let key = SecurityScheme::ApiKey(ApiKey::Cookie(ApiKeyValue::new(cookie)));
        components.security_schemes.insert(name.into(), utoipa::openapi::RefOr::T(key));
    }
    document.components = Some(components);
    let none: [&str; 0] = [];
    document.security = Some(vec![
        SecurityRequirement::new("session", none),
        SecurityRequirement::new("session_https", none),
    ]);
    document
}
