//! What holds for every route: the session, the host name, the headers, the form of errors.

use crate::kit::TestApp;
use axum::body::Body;
use axum::http::{Method, header};
use bursar_server::routes::{self, Needs};

/// Every documented path with its methods, with something in the place of parameters.
fn documented() -> Vec<(Method, String)> {
    let document = serde_json::to_value(routes::openapi()).unwrap();
    let mut found = Vec::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        for method in item.as_object().unwrap().keys() {
            let method = method.to_uppercase().parse().unwrap();
            let segment = |s: &str| if s.starts_with('{') { "ServiceName".to_owned() } else { s.to_owned() };
            found.push((method, path.split('/').map(segment).collect::<Vec<_>>().join("/")));
        }
    }
    found
}

#[tokio::test]
async fn nothing_answers_without_a_session_but_the_list() {
    // claim C8
    let app = TestApp::new().await;
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

/// Every role, every route: exactly what the route needs decides, and the list of needs has no stale line.
#[tokio::test(flavor = "multi_thread")]
async fn every_route_asks_for_what_it_needs_of_every_role() {
    // claim C5, claim C8
    let app = TestApp::new().await;
    let document = serde_json::to_value(routes::openapi()).unwrap();
    let mut cookies = vec![("owner", app.sign_in().await)];
    for role in ["viewer", "analyst", "operator", "admin"] {
        cookies.push((role, app.sign_in_as(&format!("{role}@example.com"), role.parse().unwrap()).await));
    }
    for (method, path, needs) in routes::NEEDS {
        let documented = document["paths"][path][method.to_lowercase()].is_object();
        let elsewhere = path.starts_with("/auth/")
            || *needs == Needs::Provisioning
            || matches!(*path, "/api" | "/api/" | "/api/{*path}");
        assert!(documented || elsewhere, "{method} {path} is a stale line");
        let Needs::Workspace(page, action) = needs else { continue };
        let segment = |s: &str| if s.starts_with('{') { "nobody".to_owned() } else { s.to_owned() };
        let path = path.split('/').map(segment).collect::<Vec<_>>().join("/");
        for (role, cookie) in &cookies {
            let (of, owner) = if *role == "owner" { ("admin", true) } else { (*role, false) };
            let may = app.may(of.parse().unwrap(), owner, *page, *action);
            let request = app
                .request(method.parse().unwrap(), &path)
                .header(header::COOKIE, cookie)
                .header("x-bursar-csrf", "1")
                .header(header::CONTENT_TYPE, "application/json")
                .body(Body::from("{"))
                .unwrap();
            let seen = app.send(request).await;
            let refused = seen.status == 403 && seen.text().contains("decided by");
            assert_eq!(refused, !may, "{role}: {method} {path}: {} {}", seen.status, seen.text());
        }
    }
}

#[tokio::test]
async fn the_list_of_public_paths_holds_nothing_stale() {
    let app = TestApp::new().await;
    for (path, reason) in routes::PUBLIC {
        assert!(!reason.is_empty());
        let seen = app.get(path).await;
        // What a GET is not made for, or refuses for want of a link or a provider, is there all the same.
        let there = seen.status == 405 || !seen.text().contains("there is no such endpoint");
        assert!(there && !seen.text().contains("signed-out"), "{path}: {}", seen.text());
    }
}

#[tokio::test]
async fn another_name_for_this_address_is_refused() {
    let app = TestApp::new().await;
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
    let app = TestApp::new().await;
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
    let app = TestApp::new().await;
    let cookie = app.sign_in().await;
    let detail = app.get_as(&cookie, "/api/v1/nothing").await.problem(404);
    assert!(detail.contains("/api/openapi.json"), "{detail}");
    let detail = app.get_as(&cookie, "/api/v1/workspace?name=x").await.problem(400);
    assert_eq!(detail, "there is no parameter `name`; this endpoint takes none");
    let wrong = app.post_as(&cookie, "/api/v1/workspace", "{}").await;
    wrong.problem(405);
    assert_eq!(wrong.header("allow"), "GET,HEAD,PATCH");
    let request = app.request(Method::DELETE, "/").body(Body::empty()).unwrap();
    app.send(request).await.problem(405);
}

#[tokio::test]
async fn a_request_id_is_kept_if_it_is_plain() {
    let app = TestApp::new().await;
    let with = |id: &str| {
        app.request(Method::GET, "/health").header("x-request-id", id).body(Body::empty()).unwrap()
    };
    assert_eq!(app.send(with("abc-123")).await.header("x-request-id"), "abc-123");
    for odd in ["a b", "\"><script>", &"x".repeat(65)] {
        assert_ne!(app.send(with(odd)).await.header("x-request-id"), odd);
    }
}
