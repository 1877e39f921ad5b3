//! The door: a token for provisioning, of a member who may manage members, on a route that is written down
//! as one of provisioning.

use super::answer::Refusal;
use crate::rate::layer::RateSubject;
use crate::routes::{Needs, needs};
use crate::session::client;
use crate::state::App;
use axum::extract::{FromRequestParts, MatchedPath, Request, State};
use axum::http::header;
use axum::http::request::Parts;
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use bursar_app::installation::{ProvisionError, Provisioning};
use bursar_scim::ScimError;
use secrecy::{ExposeSecret as _, SecretString};
use std::sync::Arc;

pub(crate) async fn require_provisioning(State(app): State<App>, request: Request, next: Next) -> Response {
    match let_in(&app, request).await {
        Ok(request) => next.run(request).await,
        Err(refusal) => refusal.into_response(),
    }
}

async fn let_in(app: &App, mut request: Request) -> Result<Request, Refusal> {
    let given = request.headers().get(header::AUTHORIZATION).and_then(|given| given.to_str().ok());
    let token = given
        .and_then(|given| given.split_once(' '))
        .filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer"))
        .map(|(_, token)| SecretString::from(token.trim()))
        .ok_or(ProvisionError::Stranger)?;
    let client = client::of(request.extensions(), request.headers());
    let provisioning =
        app.installation.provisioning(token.expose_secret(), &base(app), client.request).await?;
    let path = request.extensions().get::<MatchedPath>().map_or("", MatchedPath::as_str);
    if needs(request.method(), path) != Some(Needs::Provisioning) {
        tracing::error!(method = %request.method(), path, "nobody has written down what this route needs");
        return Err(ScimError::of_status(500, "this route is closed").into());
    }
    let extensions = request.extensions_mut();
    extensions.insert(RateSubject(provisioning.token().id.to_string()));
    extensions.insert(Provider(Arc::new(provisioning)));
    Ok(request)
}

/// The address that everything here begins with.
pub(super) fn base(app: &App) -> String {
    format!("{}/scim/v2", app.settings.base())
}

/// The identity provider that asks: made by the guard and by nothing else.
#[derive(Debug, Clone)]
pub(crate) struct Provider(Arc<Provisioning>);

impl std::ops::Deref for Provider {
    type Target = Provisioning;
    fn deref(&self) -> &Provisioning {
        &self.0
    }
}

impl<S: Sync> FromRequestParts<S> for Provider {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Response> {
        parts.extensions.get::<Self>().cloned().ok_or_else(|| {
            tracing::error!(path = parts.uri.path(), "a handler of provisioning is outside of its guard");
            Refusal::from(ScimError::of_status(500, "this route is closed")).into_response()
        })
    }
}
