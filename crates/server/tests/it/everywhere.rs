//! What holds for every route: the session, the host name, the headers, the form of errors.

use crate::kit::TestApp;
use axum::body::Body;
use axum::http::{Method, header};
use bursar_server::routes;

/// Every documented path with its methods, with something in the place of parameters.
fn documented() -> Vec<(Method, String)> {
    let document = serde_json::to_value(routes::openapi()).unwrap();
    let mut found = Vec::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        for method in item.as_object().unwrap().keys() {
            let method = method.to_uppercase().parse().unwrap();
            found.push((method, path.replace("{id}", "ServiceName")));
        }
    }
    found
}

#[tokio::test]
async fn nothing_answers_without_a_session_but_the_list() {
    // claim C8
    let app = TestApp::new();
    let public = routes::PUBLIC.map(|(path, _)| path);
    let mut walked = documented();
    walked.extend(routes::UNDOCUMENTED.map(|(path, _)| (Method::POST, path.to_owned())));
    for path in ["/api", "/api/", "/api/v1/nothing", "/api/v2/cost"] {
        walked.extend([(Method::GET, path.to_owned()), (Method::DELETE, path.to_owned())]);
    }
    assert!(walked.len() > 6, "{walked:?}");
    for (method, path) in walked {
        let seen = app.send(app.request(method.clone(), &path).body(Body::empty()).unwrap()).await;
        if public.contains(&path.as_str()) {
            assert_ne!(seen.status, 401, "{path}");
        } else {
            assert!(seen.problem(401).contains("session"), "{method} {path}");
        }
    }
}

#[tokio::test]
async fn the_list_of_public_paths_holds_nothing_stale() {
    let app = TestApp::new();
    for (path, reason) in routes::PUBLIC {
        assert!(!reason.is_empty());
        // `/auth/link` refuses what is no link, and says so; that is an answer, not the door.
        let seen = app.get(path).await;
        assert!(seen.status == 200 || seen.json()["type"] == "urn:bursar:problem:link-spent", "{path}");
    }
}

#[tokio::test]
async fn another_name_for_this_address_is_refused() {
    let app = TestApp::new();
    let cookie = app.sign_in().await;
    for host in ["evil.example", "evil.example:8080", "127.0.0.1", "127.0.0.1:80", "localhost"] {
        for path in ["/", "/api/v1/workspace", "/auth/link"] {
            let request =
                axum::http::Request::get(path).header(header::HOST, host).header(header::COOKIE, &cookie);
            let detail = app.send(request.body(Body::empty()).unwrap()).await.problem(421);
            assert!(detail.contains("http://127.0.0.1:8080"), "{detail}");
        }
    }
    let none = axum::http::Request::get("/").body(Body::empty()).unwrap();
    app.send(none).await.problem(421);
    let two = axum::http::Request::get("/")
        .header(header::HOST, "127.0.0.1:8080")
        .header(header::HOST, "evil.example");
    app.send(two.body(Body::empty()).unwrap()).await.problem(421);
    let probe = axum::http::Request::get("/health")
        .header(header::HOST, "10.0.0.7:8080")
        .body(Body::empty())
        .unwrap();
    assert_eq!(app.send(probe).await.status, 200);
}

#[tokio::test]
async fn every_answer_makes_the_browser_strict() {
    let app = TestApp::new();
    let cookie = app.sign_in().await;
    for path in
        ["/", "/nowhere", "/api/v1/workspace", "/api/nothing", "/health", "/auth/link", "/assets/none.js"]
    {
        let seen = app.get_as(&cookie, path).await;
        let policy = seen.header("content-security-policy");
        assert!(
            policy.starts_with("default-src 'none'") && policy.contains("frame-ancestors 'none'"),
            "{path}: {policy}"
        );
        assert!(!policy.contains("unsafe"), "{policy}");
        for (name, value) in [
            ("x-content-type-options", "nosniff"),
            ("x-frame-options", "DENY"),
            ("referrer-policy", "no-referrer"),
            ("cross-origin-opener-policy", "same-origin"),
            ("cross-origin-resource-policy", "same-origin"),
        ] {
            assert_eq!(seen.header(name), value, "{path}: {name}");
        }
        assert!(seen.header("permissions-policy").contains("camera=()"));
        assert!(!seen.header("x-request-id").is_empty());
        if path.starts_with("/api") {
            assert_eq!(seen.header("cache-control"), "no-store", "{path}");
        }
    }
}

#[tokio::test]
async fn errors_are_problems_and_name_what_to_do() {
    let app = TestApp::new();
    let cookie = app.sign_in().await;
    let detail = app.get_as(&cookie, "/api/v1/nothing").await.problem(404);
    assert!(detail.contains("/api/openapi.json"), "{detail}");
    let detail = app.get_as(&cookie, "/api/v1/workspace?name=x").await.problem(400);
    assert_eq!(detail, "there is no parameter `name`; this endpoint takes none");
    let wrong = app.post_as(&cookie, "/api/v1/workspace", "{}").await;
    wrong.problem(405);
    assert_eq!(wrong.header("allow"), "GET,HEAD");
    let request = app.request(Method::DELETE, "/").body(Body::empty()).unwrap();
    app.send(request).await.problem(405);
}

#[tokio::test]
async fn a_request_id_is_kept_if_it_is_plain() {
    let app = TestApp::new();
    let with = |id: &str| {
        app.request(Method::GET, "/health").header("x-request-id", id).body(Body::empty()).unwrap()
    };
    assert_eq!(app.send(with("abc-123")).await.header("x-request-id"), "abc-123");
    for odd in ["a b", "\"><script>", &"x".repeat(65)] {
        assert_ne!(app.send(with(odd)).await.header("x-request-id"), odd);
    }
}
