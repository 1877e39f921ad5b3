//! What is known of the program at the other end, for records and for slowing down guesses.

use crate::client::ClientAddress;
use axum::http::request::Parts;
use axum::http::{Extensions, HeaderMap, header};
use bursar_app::installation::Client;
use bursar_domain::id::RequestId;

/// The request's own number, made by the outermost layer.
#[derive(Debug, Clone, Copy)]
pub(crate) struct RequestNumber(pub(crate) RequestId);

/// Of a request's parts.
pub(crate) fn of(extensions: &Extensions, headers: &HeaderMap) -> Client {
    // The listener always says who is there; only tests call the routes without a connection.
    let address = extensions.get::<ClientAddress>().map_or_else(|| "local".to_owned(), |a| a.0.to_string());
    let agent = headers.get(header::USER_AGENT).and_then(|agent| agent.to_str().ok()).unwrap_or_default();
    let request = extensions.get::<RequestNumber>().map(|number| number.0);
    Client { address, agent: agent.chars().filter(|c| !c.is_control()).take(400).collect(), request }
}

/// As an argument of handlers.
pub(crate) struct Asker(pub(crate) Client);

impl<S: Sync> axum::extract::FromRequestParts<S> for Asker {
    type Rejection = std::convert::Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Self::Rejection> {
        Ok(Self(of(&parts.extensions, &parts.headers)))
    }
}
