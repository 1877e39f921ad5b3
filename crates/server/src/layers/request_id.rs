//! An id for each request, in the log and in the answer, and the counters behind `/metrics`.

use crate::session::client::RequestNumber;
use crate::state::App;
use axum::extract::{MatchedPath, Request, State};
use axum::http::{HeaderName, HeaderValue};
use axum::middleware::Next;
use axum::response::Response;
use bursar_domain::id::RequestId;
use std::time::Instant;
use tracing::Instrument as _;

const HEADER: HeaderName = HeaderName::from_static("x-request-id");
const MAX_LENGTH: usize = 64;

pub(crate) async fn request_id(State(app): State<App>, mut request: Request, next: Next) -> Response {
    let mut number = [0_u8; 16];
    // Without randomness records do not name the request; it is still answered.
    if app.random.fill(&mut number).is_ok() {
        let number = RequestId::from_u128(u128::from_be_bytes(number));
        request.extensions_mut().insert(RequestNumber(number));
    }
    let id = given(&request).unwrap_or_else(|| fresh(&app));
    let route = request.extensions().get::<MatchedPath>().map_or("(other)", MatchedPath::as_str).to_owned();
    // The path is not logged beyond the route: a sign-in link carries its token there.
    let span =
        tracing::info_span!("request", id = id.to_str().unwrap_or(""), method = %request.method(), route);
    let method = request.method().clone();
    let started = Instant::now();
    let mut response = next.run(request).instrument(span.clone()).await;
    let elapsed = started.elapsed();
    app.metrics.request(&method, &route, response.status(), elapsed);
    let (status, elapsed_ms) = (response.status().as_u16(), elapsed.as_millis());
    span.in_scope(|| tracing::info!(status, elapsed_ms, "answered"));
    response.headers_mut().insert(HEADER, id);
    response
}

/// The id a proxy gave, if it is short and plain.
fn given(request: &Request) -> Option<HeaderValue> {
    let plain = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.');
    request
        .headers()
        .get(HEADER)
        .filter(|v| (1..=MAX_LENGTH).contains(&v.len()) && v.as_bytes().iter().copied().all(plain))
        .cloned()
}

fn fresh(app: &App) -> HeaderValue {
    let mut bytes = [0_u8; 12];
    // Without randomness the id is of no use, but the request is still answered.
    app.random.fill(&mut bytes).unwrap_or_default();
    HeaderValue::from_str(&hex::encode(bytes)).unwrap_or(HeaderValue::from_static("unknown"))
}
