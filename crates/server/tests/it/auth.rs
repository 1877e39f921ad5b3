//! `/auth/…`: links, sessions, sign-out, the CSRF rule.

use crate::kit::TestApp;
use axum::body::Body;
use axum::http::{Method, header};
use bursar_app::installation::LINK_LIFETIME_MINUTES;
use chrono::Duration;

const ME: &str = "/api/v1/workspace";
/// The defaults of `SessionLimits`.
const IDLE_LIMIT_MINUTES: i64 = 60;
const SESSION_LIMIT_HOURS: i64 = 12;

fn path_of(link: &str) -> &str {
    &link[link.find("/auth/").unwrap()..]
}

#[tokio::test]
async fn a_link_signs_in_once() {
    let app = TestApp::new().await;
    app.get(ME).await.problem(401);
    let link = app.link().await;
    assert!(link.starts_with("http://127.0.0.1:8080/auth/link?token="), "{link}");
    let first = app.get(path_of(&link)).await;
    assert_eq!((first.status.as_u16(), first.header("location")), (303, "/"));
    let cookie = first.header("set-cookie");
    assert!(cookie.starts_with("bursar="), "{cookie}");
    for part in ["; HttpOnly", "; SameSite=Strict", "; Path=/"] {
        assert!(cookie.contains(part), "{cookie}");
    }
    assert!(!cookie.contains("Secure"), "a Secure cookie would not come back over plain http");
    let second = app.get(path_of(&link)).await;
    assert!(second.problem(401).contains("has been used"));
    assert_eq!(second.header("set-cookie"), "");
    let pair = cookie.split(';').next().unwrap();
    assert_eq!(app.get_as(pair, ME).await.status, 200);
}

#[tokio::test]
async fn over_https_the_cookie_is_bound_to_the_host() {
    let app = TestApp::at("0.0.0.0:8080", Some("https://bursar.example.com")).await;
    let link = app.link().await;
    assert!(link.starts_with("https://bursar.example.com/auth/link?token="), "{link}");
    let seen = app.get(path_of(&link)).await;
    let cookie = seen.header("set-cookie");
    assert!(cookie.starts_with("__Host-bursar=") && cookie.ends_with("; Secure"), "{cookie}");
    assert!(!cookie.contains("Domain"));
    assert_eq!(seen.header("strict-transport-security"), "max-age=31536000");
    let value = cookie.split([';', '=']).nth(1).unwrap();
    assert_eq!(app.get_as(&format!("__Host-bursar={value}"), ME).await.status, 200);
    app.get_as(&format!("bursar={value}"), ME).await.problem(401);
}

#[tokio::test]
async fn a_link_grows_old() {
    let app = TestApp::new().await;
    let link = app.link().await;
    app.clock.advance(Duration::minutes(LINK_LIFETIME_MINUTES));
    app.get(path_of(&link)).await.problem(401);
    let link = app.link().await;
    app.clock.advance(Duration::minutes(LINK_LIFETIME_MINUTES) - Duration::seconds(1));
    assert_eq!(app.get(path_of(&link)).await.status, 303);
}

#[tokio::test]
async fn a_guess_signs_nobody_in() {
    let app = TestApp::new().await;
    app.link().await;
    for path in ["/auth/link", "/auth/link?token=", "/auth/link?token=AAAA", "/auth/link?token=%00"] {
        app.get(path).await.problem(401);
    }
    app.get("/auth/link?token=a&token=b").await.problem(400);
    for cookie in ["bursar=", "bursar=x", "bursar", "other=1; bursar=x", ""] {
        app.get_as(cookie, ME).await.problem(401);
    }
}

#[tokio::test]
async fn a_person_with_a_spent_link_is_told_on_a_page() {
    let app = TestApp::new().await;
    let request = app.request(Method::GET, "/auth/link?token=x").header(header::ACCEPT, "text/html,*/*");
    let seen = app.send(request.body(Body::empty()).unwrap()).await;
    assert_eq!((seen.status.as_u16(), seen.header("location")), (303, "/sign-in?reason=link"));
}

#[tokio::test]
async fn a_session_ends_when_idle_and_in_any_case() {
    let app = TestApp::new().await;
    let cookie = app.sign_in().await;
    app.clock.advance(Duration::minutes(IDLE_LIMIT_MINUTES) - Duration::seconds(1));
    assert_eq!(app.get_as(&cookie, ME).await.status, 200);
    app.clock.advance(Duration::minutes(IDLE_LIMIT_MINUTES));
    app.get_as(&cookie, ME).await.problem(401);

    let cookie = app.sign_in().await;
    for _ in 1..2 * SESSION_LIMIT_HOURS {
        app.clock.advance(Duration::minutes(30));
        assert_eq!(app.get_as(&cookie, ME).await.status, 200);
    }
    app.clock.advance(Duration::minutes(30));
    app.get_as(&cookie, ME).await.problem(401);
}

#[tokio::test]
async fn signing_out_ends_this_session_and_no_other() {
    let app = TestApp::new().await;
    let (mine, other) = (app.sign_in().await, app.sign_in().await);
    let seen = app.post_as(&mine, "/auth/logout", "").await;
    assert_eq!(seen.status, 204);
    assert!(seen.header("set-cookie").contains("Max-Age=0"));
    app.get_as(&mine, ME).await.problem(401);
    assert_eq!(app.get_as(&other, ME).await.status, 200);
}

#[tokio::test]
async fn a_page_of_another_site_changes_nothing() {
    let app = TestApp::new().await;
    let cookie = app.sign_in().await;
    let attempts: [&[(&str, &str)]; 5] = [
        &[],
        &[("x-bursar-csrf", "0")],
        &[("x-bursar-csrf", "1"), ("origin", "https://evil.example")],
        &[("x-bursar-csrf", "1"), ("origin", "null")],
        &[("x-bursar-csrf", "1"), ("sec-fetch-site", "same-site")],
    ];
    for headers in attempts {
        let mut request = app.request(Method::POST, "/auth/logout").header(header::COOKIE, &cookie);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        app.send(request.body(Body::empty()).unwrap()).await.problem(403);
    }
    assert_eq!(app.get_as(&cookie, ME).await.status, 200);
    let own = app
        .request(Method::POST, "/auth/logout")
        .header(header::COOKIE, &cookie)
        .header("x-bursar-csrf", "1");
    let own = own.header("origin", "http://127.0.0.1:8080").header("sec-fetch-site", "same-origin");
    assert_eq!(app.send(own.body(Body::empty()).unwrap()).await.status, 204);
}
