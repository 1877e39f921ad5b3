//! The audit log as administrators see it.

use crate::kit::TestApp;
use axum::body::Body;
use axum::http::{Method, header};
use serde_json::{Value, json};

async fn change(app: &TestApp, method: Method, path: &str, cookie: &str, body: Value) -> Value {
    let request = app
        .request(method, path)
        .header(header::COOKIE, cookie)
        .header(header::CONTENT_TYPE, "application/json")
        .header("x-bursar-csrf", "1");
    let seen = app.send(request.body(Body::from(body.to_string())).unwrap()).await;
    assert_eq!(seen.status, 200, "{path}: {}", seen.text());
    seen.json()
}

#[tokio::test(flavor = "multi_thread")]
async fn an_entry_has_its_proof_and_the_log_its_verdict() {
    // claim D1, claim D2
    let app = TestApp::new().await;
    let owner = app.sign_in().await;
    change(&app, Method::POST, "/api/v1/teams", &owner, json!({ "name": "Web", "scope": null })).await;
    let before = app.get_as(&owner, "/api/v1/log").await.json();
    assert_eq!(before["verdict"], "unknown");
    let records = app.get_as(&owner, "/api/v1/records?action=team.add").await.json();
    let seq = &records["items"][0]["seq"];
    let proven = app.get_as(&owner, &format!("/api/v1/records/{seq}")).await;
    assert_eq!(proven.status, 200, "{}", proven.text());
    let proven = proven.json();
    assert!(proven["entry"].as_str().unwrap().contains("team.add"), "{proven}");
    assert_eq!(proven["leaf_hash"].as_str().unwrap().len(), 64);
    assert!(proven["checkpoint"]["note"].as_str().unwrap().starts_with("bursar/wsp_"), "{proven}");
    let state = change(&app, Method::POST, "/api/v1/log/verify", &owner, json!({})).await;
    assert_eq!((&state["verdict"], &state["findings"]), (&json!("good"), &json!([])), "{state}");
    assert!(state["keys"][0]["public"].as_str().unwrap().starts_with("bursar/wsp_"), "{state}");
    app.get_as(&owner, "/api/v1/records/999999").await.problem(404);
    let health = app.get("/health").await.json();
    assert_eq!(health["status"], "ok");
    let bundle = app.get_as(&owner, "/api/v1/log/export?action=team.").await;
    assert_eq!(bundle.status, 200);
    assert!(bundle.text().contains("verify.py") && bundle.text().contains("team.add"));
    let viewer = app.sign_in_as("viewer@example.com", "viewer".parse().unwrap()).await;
    app.get_as(&viewer, "/api/v1/log").await.problem(403);
}

#[tokio::test(flavor = "multi_thread")]
async fn before_and_after_stand_side_by_side() {
    // claim E13
    let app = TestApp::new().await;
    let owner = app.sign_in().await;
    let budget = json!({ "name": "All", "currency": "USD", "cadence": "monthly", "amount": "10" });
    let made = change(&app, Method::POST, "/api/v1/budgets", &owner, budget.clone()).await;
    let path = format!("/api/v1/budgets/{}", made["id"].as_str().unwrap());
    let mut dearer = budget;
    dearer["amount"] = json!("12.50");
    change(&app, Method::PUT, &path, &owner, dearer).await;
    let records = app.get_as(&owner, "/api/v1/records?action=budget.change").await.json();
    let seq = &records["items"][0]["seq"];
    let proven = app.get_as(&owner, &format!("/api/v1/records/{seq}")).await.json();
    assert_eq!(proven["change"]["before"]["amount"], "10", "{proven}");
    assert_eq!(proven["change"]["after"]["amount"], "12.5", "{proven}");
}
