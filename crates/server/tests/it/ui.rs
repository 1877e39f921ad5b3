//! Everything else: the pages.

use crate::kit::TestApp;
use axum::body::Body;
use axum::http::{Method, header};

#[tokio::test]
async fn the_page_is_public_and_checked_again_each_time() {
    let app = TestApp::new().await;
    for path in ["/", "/explore", "/sign-in", "/sources"] {
        let seen = app.get(path).await;
        assert_eq!(
            (seen.status.as_u16(), seen.header("content-type")),
            (200, "text/html; charset=utf-8"),
            "{path}"
        );
        assert_eq!(seen.header("cache-control"), "no-cache");
    }
    let etag = app.get("/").await.header("etag").to_owned();
    let request = app.request(Method::GET, "/").header(header::IF_NONE_MATCH, etag);
    let seen = app.send(request.body(Body::empty()).unwrap()).await;
    assert_eq!((seen.status.as_u16(), seen.body.len()), (304, 0));
}

#[tokio::test]
async fn a_missing_file_is_no_page_and_nothing_leads_outside() {
    let app = TestApp::new().await;
    for path in [
        "/assets/none.js",
        "/none.css",
        "/../Cargo.toml",
        "/..%2fCargo.toml",
        "/assets/../../Cargo.toml",
        "/.env",
    ] {
        app.get(path).await.problem(404);
    }
}
