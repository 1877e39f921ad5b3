//! `/auth/login`: passwords, second factors, and what guesses get.

use crate::kit::{Seen, TestApp};
use axum::body::Body;
use axum::http::{Method, header};
use bursar_domain::Role;
use chrono::Duration;

const ME: &str = "/api/v1/me";
const PASSWORD: &str = "three llamas sing at dawn";

async fn login(app: &TestApp, email: &str, password: &str, code: Option<&str>) -> Seen {
    let body = serde_json::json!({ "email": email, "password": password, "code": code });
    let request = app
        .request(Method::POST, "/auth/login")
        .header("x-bursar-csrf", "1")
        .header(header::CONTENT_TYPE, "application/json");
    app.send(request.body(Body::from(body.to_string())).unwrap()).await
}

fn cookie(seen: &Seen) -> String {
    assert_eq!(seen.status, 200, "{}", seen.text());
    seen.header("set-cookie").split(';').next().unwrap().to_owned()
}

/// Ana, an analyst with a password.
async fn ana(app: &TestApp) -> String {
    let first = app.sign_in_as("ana@example.com", Role::Analyst).await;
    let body = serde_json::json!({ "password": PASSWORD }).to_string();
    let set = app.post_as(&first, "/api/v1/me/password", &body).await;
    let renewed = cookie(&set);
    app.get_as(&first, ME).await.problem(401);
    renewed
}

#[tokio::test]
async fn a_password_signs_in_and_a_weak_one_is_not_taken() {
    // claim C1, claim C10
    let app = TestApp::new().await;
    let old = ana(&app).await;
    for weak in ["short", "password password", "ana@example.com1", "aaaaaaaaaaaaaaaaaaaa"] {
        let body = serde_json::json!({ "current": PASSWORD, "password": weak }).to_string();
        app.post_as(&old, "/api/v1/me/password", &body).await.problem(400);
    }
    let mine = cookie(&login(&app, "Ana@Example.com ", PASSWORD, None).await);
    let me = app.get_as(&mine, ME).await.json();
    assert_eq!(me["account"]["email"], "ana@example.com");
    assert_eq!(me["workspace"]["role"], "analyst");
    assert_eq!(me["methods"], serde_json::json!(["password"]));
}

#[tokio::test]
async fn wrong_and_unknown_look_alike_and_guesses_lock_for_a_while() {
    // claim C4
    let app = TestApp::new().await;
    ana(&app).await;
    let wrong = login(&app, "ana@example.com", "three llamas sing at dusk", None).await.problem(401);
    let unknown = login(&app, "nobody@example.com", "three llamas sing at dusk", None).await.problem(401);
    assert_eq!(wrong, unknown);
    // Right, but too soon after a wrong one: the same words.
    assert_eq!(login(&app, "ana@example.com", PASSWORD, None).await.problem(401), wrong);
    app.clock.advance(Duration::seconds(2));
    cookie(&login(&app, "ana@example.com", PASSWORD, None).await);
    for _ in 0..10 {
        login(&app, "ana@example.com", "three llamas sing at dusk", None).await.problem(401);
        app.clock.advance(Duration::seconds(11));
    }
    assert_eq!(login(&app, "ana@example.com", PASSWORD, None).await.problem(401), wrong, "it is locked");
    app.clock.advance(Duration::minutes(16));
    cookie(&login(&app, "ana@example.com", PASSWORD, None).await);
}

#[tokio::test]
async fn a_page_of_another_site_signs_nobody_in() {
    let app = TestApp::new().await;
    ana(&app).await;
    let body = serde_json::json!({ "email": "ana@example.com", "password": PASSWORD }).to_string();
    for (name, value) in [("x-other", "1"), ("origin", "https://evil.example")] {
        let request = app
            .request(Method::POST, "/auth/login")
            .header(header::CONTENT_TYPE, "application/json")
            .header(name, value);
        app.send(request.body(Body::from(body.clone())).unwrap()).await.problem(403);
    }
}

#[tokio::test]
async fn a_stranger_finds_no_workspace_by_its_id() {
    // claim B1
    let app = TestApp::new().await;
    app.sign_in().await;
    let email = "eve@example.com".parse().unwrap();
    let eve = app.installation.account_for(&email, "Eve", false).await.unwrap();
    let link = app.server.sign_in_link(Some(eve), app.id).await.unwrap();
    let seen = app.get(&link[link.find("/auth/").unwrap()..]).await;
    let eve = seen.header("set-cookie").split(';').next().unwrap().to_owned();
    assert_eq!(app.get_as(&eve, ME).await.json()["workspace"], serde_json::Value::Null);
    let mut answers = Vec::new();
    for id in [app.id.to_string(), "wsp_00000000000000000000000000000777".into(), "nonsense".into()] {
        let request = app
            .request(Method::GET, "/api/v1/cost")
            .header(header::COOKIE, &eve)
            .header("bursar-workspace", id);
        answers.push(app.send(request.body(Body::empty()).unwrap()).await.problem(404));
    }
    assert!(answers.iter().all(|answer| *answer == answers[0]), "{answers:?}");
}
