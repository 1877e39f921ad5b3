//! `/health`, `/ready`, `/metrics`.

use crate::kit::TestApp;

#[tokio::test]
async fn probes_get_a_plain_yes() {
    let app = TestApp::new().await;
    for path in ["/health", "/ready"] {
        let seen = app.get(path).await;
        assert_eq!((seen.status.as_u16(), seen.text().as_str()), (200, "{\"status\":\"ok\"}"), "{path}");
    }
}

#[tokio::test]
async fn metrics_count_routes_and_not_paths() {
    // claim J1
    let app = TestApp::new().await;
    let cookie = app.sign_in().await;
    app.get_as(&cookie, "/api/v1/workspace").await;
    app.get("/some/page/with-a-secret-name").await;
    let seen = app.get_as(&cookie, "/metrics").await;
    assert_eq!(seen.header("content-type"), "text/plain; version=0.0.4; charset=utf-8");
    let text = seen.text();
    let line = "bursar_http_requests_total{route=\"/api/v1/workspace\",method=\"GET\",status=\"200\"} 1";
    assert!(text.lines().any(|l| l == line), "{text}");
    assert!(text.lines().any(|l| l == "bursar_sources 0"), "{text}");
    assert!(!text.contains("secret") && !text.contains("token"), "{text}");
}
