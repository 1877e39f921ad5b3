//! The two layers: by address in front of everything, by principal behind the guard.
//!
//! Each says what it allows in `RateLimit-Policy` and what is left in `RateLimit`
//! (draft-ietf-httpapi-ratelimit-headers-10): `"read-address";r=1199;t=1` means 1199 more requests of
//! the class *read* from this address now, and all of the budget back in a second. A refusal is a
//! 429 with `Retry-After`.

use super::Rates;
use super::buckets::BucketKey;
use super::class::RouteClass;
use crate::client::{AddressGroup, ClientAddress};
use crate::problem::Problem;
use axum::extract::{ConnectInfo, MatchedPath, Request, State};
use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use bursar_domain::rate::{Budget, Verdict, WINDOW};
use std::net::SocketAddr;
use std::time::Duration;

const POLICY: HeaderName = HeaderName::from_static("ratelimit-policy");
const LIMIT: HeaderName = HeaderName::from_static("ratelimit");

/// Who a request counts for, besides its address: the guard puts it into the request's extensions,
/// as the text of an account's or a token's id.
#[derive(Debug, Clone)]
pub struct RateSubject(pub String);

/// Counts a request for the address it comes from, and leaves that address for others to read.
pub(crate) async fn by_address(State(rates): State<Rates>, mut request: Request, next: Next) -> Response {
    // The listener always says who is there; only tests call the routes without a connection.
    let peer = request.extensions().get::<ConnectInfo<SocketAddr>>().map(|info| info.0.ip());
    let Some(peer) = peer else { return next.run(request).await };
    let address = rates.limits().proxies.client(peer, request.headers());
    request.extensions_mut().insert(ClientAddress(address));
    let class = class(&request);
    let budget = rates.limits().quota(class).per_address;
    let subject = AddressGroup::of(address).to_string();
    // A turn is taken after the budget: who is over it does not wait in line.
    count(&rates, Count { class, kind: "address", subject, budget }, async {
        let turn = match class {
            RouteClass::SignIn => match rates.turn_to_sign_in().await {
                Some(turn) => Some(turn),
                None => return crowded(),
            },
            _ => None,
        };
        let response = next.run(request).await;
        drop(turn);
        response
    })
    .await
}

/// Counts a request for who is signed in. Goes inside the guard.
pub(crate) async fn by_principal(State(rates): State<Rates>, request: Request, next: Next) -> Response {
    let Some(RateSubject(subject)) = request.extensions().get::<RateSubject>().cloned() else {
        return next.run(request).await;
    };
    let class = class(&request);
    let budget = rates.limits().quota(class).per_principal;
    count(&rates, Count { class, kind: "principal", subject, budget }, next.run(request)).await
}

fn class(request: &Request) -> RouteClass {
    RouteClass::of(request.method(), request.extensions().get::<MatchedPath>().map(MatchedPath::as_str))
}

struct Count {
    class: RouteClass,
    kind: &'static str,
    subject: String,
    budget: u32,
}

async fn count(rates: &Rates, count: Count, run: impl Future<Output = Response>) -> Response {
    let Some(budget) = Budget::per_minute(count.budget) else { return run.await };
    let key = BucketKey::new(count.class.name(), count.kind, &count.subject);
    let verdict = rates.take(key, budget).await;
    let mut response = match verdict.retry_after {
        None => run.await,
        Some(wait) => refusal(&count, budget, wait),
    };
    tell(&mut response, &count, budget, verdict);
    response
}

fn refusal(count: &Count, budget: Budget, wait: Duration) -> Response {
    let (class, kind, requests, wait) = (count.class.name(), count.kind, budget.requests(), seconds(wait));
    tracing::info!(class, kind, "a request was over its rate limit");
    let whose = if count.kind == "address" { "this address" } else { "this account or token" };
    let problem = Problem::new(
        StatusCode::TOO_MANY_REQUESTS,
        "too-many-requests",
        "too many requests",
        format!("{whose} may make {requests} requests of the kind `{class}` a minute; try again in {wait} s"),
    );
    let mut response = problem.into_response();
    response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(wait));
    response
}

fn crowded() -> Response {
    let problem = Problem::unavailable(
        "crowded",
        "too many people sign in at once",
        "sessions that are open are not affected; try again in 5 s",
    );
    let mut response = problem.into_response();
    response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(5));
    response
}

/// Both headers are lists; each layer adds its item.
fn tell(response: &mut Response, count: &Count, budget: Budget, verdict: Verdict) {
    let name = format!("\"{}-{}\"", count.class.name(), count.kind);
    let policy = format!("{name};q={};w={}", budget.requests(), WINDOW.as_secs());
    let limit = format!("{name};r={};t={}", verdict.remaining, seconds(verdict.full_after));
    for (header, text) in [(POLICY, policy), (LIMIT, limit)] {
        if let Ok(value) = HeaderValue::from_str(&text) {
            response.headers_mut().append(header, value);
        }
    }
}

/// Whole seconds, rounded up: who waits as long as told is not told to wait again.
fn seconds(duration: Duration) -> u64 {
    duration.as_secs() + u64::from(duration.subsec_nanos() > 0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::limits::{Limits, Quota};
    use axum::Router;
    use axum::body::Body;
    use axum::middleware::{from_fn, from_fn_with_state};
    use axum::routing::get;
    use tower::ServiceExt as _;

    /// What the guard will do, with a header in the place of a token.
    async fn guard(mut request: Request, next: Next) -> Response {
        let subject = request.headers().get("who").map(|v| v.to_str().unwrap().to_owned());
        let Some(subject) = subject else { return StatusCode::UNAUTHORIZED.into_response() };
        request.extensions_mut().insert(RateSubject(subject));
        next.run(request).await
    }

    fn router() -> Router {
        let quota = Quota { per_address: 5, per_principal: 2 };
        let rates = Rates::new(Limits { read: quota, heavy: quota, ..Limits::none() }, None);
        Router::new()
            .route("/api/v1/thing", get(|| async { "thing" }))
            .route("/api/v1/sql", get(|| async { "rows" }))
            .layer(from_fn_with_state(rates.clone(), by_principal))
            .layer(from_fn(guard))
            .layer(from_fn_with_state(rates, by_address))
    }

    async fn ask(router: &Router, address: &str, who: &str, path: &str) -> Response {
        let mut request = Request::get(path).body(Body::empty()).unwrap();
        if !who.is_empty() {
            request.headers_mut().insert("who", who.parse().unwrap());
        }
        let peer: SocketAddr = format!("{address}:1234").parse().unwrap();
        request.extensions_mut().insert(ConnectInfo(peer));
        router.clone().oneshot(request).await.unwrap()
    }

    fn all(response: &Response, header: &HeaderName) -> Vec<String> {
        response.headers().get_all(header).iter().map(|v| v.to_str().unwrap().to_owned()).collect()
    }

    #[tokio::test]
    async fn a_principal_has_a_budget_wherever_it_comes_from() {
        // claim C7
        let router = router();
        let first = ask(&router, "192.0.2.1", "ann", "/api/v1/thing").await;
        assert_eq!(first.status(), 200);
        assert_eq!(all(&first, &POLICY), ["\"read-principal\";q=2;w=60", "\"read-address\";q=5;w=60"]);
        assert_eq!(all(&first, &LIMIT), ["\"read-principal\";r=1;t=30", "\"read-address\";r=4;t=12"]);
        assert_eq!(ask(&router, "192.0.2.2", "ann", "/api/v1/thing").await.status(), 200);
        let third = ask(&router, "192.0.2.3", "ann", "/api/v1/thing").await;
        assert_eq!(third.status(), 429);
        let wait: u64 = third.headers()[header::RETRY_AFTER].to_str().unwrap().parse().unwrap();
        assert!((29..=30).contains(&wait), "{wait}");
        assert_eq!(third.headers()[header::CONTENT_TYPE], "application/problem+json");
        assert_eq!(ask(&router, "192.0.2.3", "bob", "/api/v1/thing").await.status(), 200);
        assert_eq!(ask(&router, "192.0.2.3", "ann", "/api/v1/sql").await.status(), 200, "another class");
    }

    #[tokio::test]
    async fn an_address_is_counted_before_anybody_is_known() {
        // claim C7
        let router = router();
        for _ in 0..5 {
            assert_eq!(ask(&router, "192.0.2.1", "", "/api/v1/thing").await.status(), 401);
        }
        assert_eq!(ask(&router, "192.0.2.1", "ann", "/api/v1/thing").await.status(), 429);
        assert_eq!(ask(&router, "192.0.2.2", "ann", "/api/v1/thing").await.status(), 200);
        // A whole /64 is one customer's.
        for last in 0..5 {
            assert_eq!(ask(&router, &format!("[2001:db8::{last}]"), "", "/api/v1/thing").await.status(), 401);
        }
        assert_eq!(ask(&router, "[2001:db8::ffff:1]", "", "/api/v1/thing").await.status(), 429);
        assert_eq!(ask(&router, "[2001:db8:0:1::1]", "", "/api/v1/thing").await.status(), 401);
    }
}
