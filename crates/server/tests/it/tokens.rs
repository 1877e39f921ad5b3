//! `/api/v1/tokens`: what a token is worth, and when it stops being worth anything.

use crate::kit::{Seen, TestApp};
use axum::body::Body;
use axum::http::{Method, header};
use bursar_domain::{Actor, Role};
use chrono::Duration;

const ME: &str = "/api/v1/workspace";

async fn with(app: &TestApp, token: &str, method: Method, path: &str) -> Seen {
    let request = app.request(method, path).header(header::AUTHORIZATION, format!("Bearer {token}"));
    app.send(request.body(Body::empty()).unwrap()).await
}

async fn make(app: &TestApp, cookie: &str, body: &str) -> (String, String) {
    let made = app.post_as(cookie, "/api/v1/tokens", body).await;
    assert_eq!(made.status, 200, "{}", made.text());
    let made = made.json();
    (made["token"].as_str().unwrap().to_owned(), made["item"]["id"].as_str().unwrap().to_owned())
}

#[tokio::test]
async fn a_token_works_until_it_is_revoked_and_is_shown_once() {
    // claim C6
    let app = TestApp::new().await;
    let cookie = app.sign_in().await;
    let (token, id) = make(&app, &cookie, r#"{"name":"one"}"#).await;
    assert!(token.starts_with("bursar_"), "{token}");
    assert_eq!(with(&app, &token, Method::GET, ME).await.status, 200);
    let listed = app.get_as(&cookie, "/api/v1/tokens").await;
    assert!(listed.text().contains(&id) && !listed.text().contains(&token[45..]), "{}", listed.text());
    // Nothing sends a token by itself, so no proof of a page is asked for.
    let gone = app.request(Method::DELETE, &format!("/api/v1/tokens/{id}")).header(header::COOKIE, &cookie);
    app.send(gone.body(Body::empty()).unwrap()).await.problem(403);
    let gone = app
        .request(Method::DELETE, &format!("/api/v1/tokens/{id}"))
        .header(header::COOKIE, &cookie)
        .header("x-bursar-csrf", "1");
    assert_eq!(app.send(gone.body(Body::empty()).unwrap()).await.status, 200);
    with(&app, &token, Method::GET, ME).await.problem(401);
}

#[tokio::test]
async fn a_token_ends_with_its_time_its_membership_and_its_account() {
    // claim C6
    let app = TestApp::new().await;
    let admin = app.sign_in_as("ana@example.com", Role::Admin).await;
    let (short, _) = make(&app, &admin, r#"{"name":"short","expires_at":"2026-11-22T13:00:00Z"}"#).await;
    let (long, _) = make(&app, &admin, r#"{"name":"long"}"#).await;
    app.clock.advance(Duration::minutes(59));
    assert_eq!(with(&app, &short, Method::GET, ME).await.status, 200);
    app.clock.advance(Duration::minutes(1));
    with(&app, &short, Method::GET, ME).await.problem(401);
    let directory = app.installation.store().directory();
    let ana = directory.account_by_email(&"ana@example.com".parse().unwrap()).await.unwrap().unwrap();
    directory.switch_off_account(&Actor::operator(), ana.id).await.unwrap();
    with(&app, &long, Method::GET, ME).await.problem(401);
    app.get_as(&admin, ME).await.problem(401);
    directory.switch_on_account(&Actor::operator(), ana.id).await.unwrap();
    assert_eq!(with(&app, &long, Method::GET, ME).await.status, 200);
    let access = app.installation.store().operator(app.id).await.unwrap();
    let store = app.installation.store().workspace(&access).await.unwrap();
    store.remove_member(&Actor::operator(), ana.id).await.unwrap();
    with(&app, &long, Method::GET, ME).await.problem(401);
}

#[tokio::test]
async fn a_limited_token_does_what_it_lists_and_no_token_makes_tokens() {
    // claim C6
    let app = TestApp::new().await;
    let cookie = app.sign_in().await;
    let (token, _) = make(&app, &cookie, r#"{"name":"asks","pages":["explorer"],"actions":["query"]}"#).await;
    assert_eq!(with(&app, &token, Method::GET, "/api/v1/cost").await.status, 200);
    with(&app, &token, Method::GET, "/api/v1/sources").await.problem(403);
    with(&app, &token, Method::GET, "/api/v1/tokens").await.problem(403);
    let (whole, _) = make(&app, &cookie, r#"{"name":"whole"}"#).await;
    with(&app, &whole, Method::GET, "/api/v1/tokens").await.problem(403);
    // Another workspace is none.
    let request = app
        .request(Method::GET, ME)
        .header(header::AUTHORIZATION, format!("Bearer {whole}"))
        .header("bursar-workspace", "wsp_00000000000000000000000000000002");
    app.send(request.body(Body::empty()).unwrap()).await.problem(404);
}

#[tokio::test]
async fn what_is_no_token_opens_nothing() {
    // claim C8
    let app = TestApp::new().await;
    let cookie = app.sign_in().await;
    let (token, _) = make(&app, &cookie, r#"{"name":"one"}"#).await;
    let mut last = token.clone();
    let end = if last.ends_with('A') { 'B' } else { 'A' };
    last.replace_range(60..61, &end.to_string());
    for text in ["", "bursar_", "x", &token[..token.len() - 1], &format!("{token}A"), &last, "null"] {
        with(&app, text, Method::GET, ME).await.problem(401);
    }
    let (scim, _) = make(&app, &cookie, r#"{"name":"provisioning","kind":"scim"}"#).await;
    with(&app, &scim, Method::GET, ME).await.problem(401);
    for scheme in ["Basic", "bearer2", ""] {
        let request = app.request(Method::GET, ME).header(header::AUTHORIZATION, format!("{scheme} {token}"));
        app.send(request.body(Body::empty()).unwrap()).await.problem(401);
    }
}
