//! Rate limits on every route: a walk over the table.

use crate::kit::{Seen, TestApp};
use axum::body::Body;
use axum::extract::ConnectInfo;
use axum::http::Method;
use bursar_server::routes;
use std::net::SocketAddr;

async fn ask(app: &TestApp, method: Method, path: &str, peer: &str) -> Seen {
    let mut request = app.request(method, path).body(Body::empty()).unwrap();
    let peer: SocketAddr = peer.parse().unwrap();
    request.extensions_mut().insert(ConnectInfo(peer));
    app.send(request).await
}

#[tokio::test]
async fn every_route_but_probes_counts_requests_per_address() {
    // claim C7
    let app = TestApp::new().await;
    let document = serde_json::to_value(routes::openapi()).unwrap();
    let mut routes: Vec<(Method, String)> = Vec::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        for method in item.as_object().unwrap().keys() {
            routes.push((method.to_uppercase().parse().unwrap(), path.replace(['{', '}'], "")));
        }
    }
    routes.extend(bursar_server::routes::UNDOCUMENTED.map(|(path, _)| (Method::POST, path.to_owned())));
    for path in ["/", "/auth/link", "/auth/nothing", "/api", "/api/v9/nothing", "/assets/none.js", "/nowhere"]
    {
        routes.push((Method::GET, path.to_owned()));
    }
    for (method, path) in routes {
        let seen = ask(&app, method.clone(), &path, "192.0.2.1:1234").await;
        let policy = seen.header("ratelimit-policy");
        let probe = matches!(path.as_str(), "/health" | "/ready");
        assert_eq!(policy.is_empty(), probe, "{method} {path}: {policy}");
        assert!(probe || policy.contains("-address\";q="), "{method} {path}: {policy}");
    }
}

#[tokio::test]
async fn signing_in_is_tried_thirty_times_a_minute_and_no_more() {
    // claim C7
    let app = TestApp::new().await;
    for _ in 0..30 {
        ask(&app, Method::GET, "/auth/link?token=guess", "192.0.2.1:1").await.problem(401);
    }
    let refused = ask(&app, Method::GET, "/auth/link?token=guess", "192.0.2.1:2").await;
    assert!(refused.problem(429).contains("30 requests of the kind `sign-in` a minute"));
    assert!((1..=2).contains(&refused.header("retry-after").parse::<u32>().unwrap()));
    ask(&app, Method::GET, "/auth/link?token=guess", "192.0.2.2:1").await.problem(401);
    assert_eq!(ask(&app, Method::GET, "/", "192.0.2.1:3").await.status, 200, "another class");
}
