//! Keys, backups, staff access, export and deletion, as an owner meets them.

use crate::kit::{Seen, TestApp};
use axum::body::Body;
use axum::http::{Method, header};
use bursar_domain::Actor;
use secrecy::ExposeSecret as _;
use serde_json::{Value, json};
use std::io::Read;

async fn send(app: &TestApp, method: Method, path: &str, cookie: &str, here: &str, body: Value) -> Seen {
    let mut request = app
        .request(method, path)
        .header(header::COOKIE, cookie)
        .header(header::CONTENT_TYPE, "application/json")
        .header("x-bursar-csrf", "1");
    if !here.is_empty() {
        request = request.header("bursar-workspace", here);
    }
    app.send(request.body(Body::from(body.to_string())).unwrap()).await
}

/// A GET that is answered.
async fn get(app: &TestApp, path: &str, cookie: &str) -> Value {
    let seen = app.get_as(cookie, path).await;
    assert_eq!(seen.status, 200, "{path}: {}", seen.text());
    seen.json()
}

/// A change that is made.
async fn change(app: &TestApp, method: Method, path: &str, cookie: &str, body: Value) -> Value {
    let seen = send(app, method, path, cookie, "", body).await;
    assert_eq!(seen.status, 200, "{path}: {}", seen.text());
    seen.json()
}

async fn get_in(app: &TestApp, path: &str, cookie: &str, workspace: &str) -> Seen {
    send(app, Method::GET, path, cookie, workspace, json!({})).await
}

#[tokio::test(flavor = "multi_thread")]
async fn keys_are_shown_by_name_and_rotated_while_serving() {
    // claim B8
    let app = TestApp::new().await;
    let owner = app.sign_in().await;
    let before = get(&app, "/api/v1/keys", &owner).await;
    assert_eq!(before["workspace"]["version"], 1);
    assert!(before["master"]["id"].as_str().unwrap().starts_with("mk_"), "{before}");
    change(&app, Method::POST, "/api/v1/keys/rotate", &owner, json!({})).await;
    let after = get(&app, "/api/v1/keys", &owner).await;
    assert_eq!(after["workspace"]["version"], 2, "{after}");
    // What was sealed before is still read, and new things are sealed.
    get(&app, "/api/v1/sources", &owner).await;
    change(&app, Method::POST, "/api/v1/teams", &owner, json!({ "name": "Web", "scope": null })).await;
    let records = get(&app, "/api/v1/records?action=keys.rotate", &owner).await;
    assert_eq!(records["items"].as_array().unwrap().len(), 1, "{records}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_backup_is_taken_verified_and_restored() {
    // claim B9
    let app = TestApp::new().await;
    let owner = app.sign_in().await;
    let team = json!({ "name": "Before", "scope": null });
    change(&app, Method::POST, "/api/v1/teams", &owner, team).await;
    let taken = change(&app, Method::POST, "/api/v1/backups", &owner, json!({})).await;
    let id = taken["id"].as_str().unwrap().to_owned();
    assert!(taken["verified_at"].is_string(), "{taken}");
    change(&app, Method::POST, "/api/v1/teams", &owner, json!({ "name": "After", "scope": null })).await;
    let path = format!("/api/v1/backups/{id}/restore");
    let restored = change(&app, Method::POST, &path, &owner, json!({})).await;
    assert!(restored["rows"].as_u64().unwrap() > 0, "{restored}");
    let teams = get(&app, "/api/v1/teams", &owner).await;
    let names: Vec<_> = teams["items"].as_array().unwrap().iter().map(|t| t["name"].clone()).collect();
    assert_eq!(names, ["Before"]);
    let listed = get(&app, "/api/v1/backups", &owner).await;
    assert_eq!(listed["items"][0]["id"], id.as_str(), "{listed}");
    // A byte that changes is noticed, and nothing is restored from it.
    let file = listed["items"][0]["location"].as_str().unwrap();
    let mut bytes = std::fs::read(file).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    std::fs::write(file, bytes).unwrap();
    let path = format!("/api/v1/backups/{id}/verify");
    send(&app, Method::POST, &path, &owner, "", json!({})).await.problem(409);
}

#[tokio::test(flavor = "multi_thread")]
async fn staff_come_in_when_an_owner_lets_them_and_not_a_moment_longer() {
    // claim C9
    let app = TestApp::new().await;
    let owner = app.sign_in().await;
    let email = "helper@host.example".parse().unwrap();
    let account = app.installation.account_for(&email, "Helper", false).await.unwrap();
    let link = app.installation.sign_in_link(Some(account), app.id).await.unwrap();
    let client = bursar_app::installation::Client::default();
    let redeemed = app.installation.redeem_link(link.expose_secret(), &client).await.unwrap();
    let helper = format!("bursar={}", redeemed.cookie.expose());
    let workspace = app.id.to_string();
    let ask =
        json!({ "workspace": workspace, "reason": "A number looks wrong", "ticket": "T-1", "hours": 2 });
    // Nobody asks who is no staff, and nobody learns that the workspace exists.
    send(&app, Method::POST, "/api/v1/staff-access", &helper, "", ask.clone()).await.problem(404);
    app.installation.store().directory().set_staff(&Actor::operator(), account, true).await.unwrap();
    let asked = change(&app, Method::POST, "/api/v1/staff-access", &helper, ask).await;
    let id = asked["id"].as_str().unwrap();
    get_in(&app, "/api/v1/dashboard", &helper, &workspace).await.problem(404);
    let list = get(&app, "/api/v1/staff-access", &owner).await;
    assert_eq!(list["items"][0]["staff"]["email"], "helper@host.example", "{list}");
    let grant = format!("/api/v1/staff-access/{id}/grant");
    change(&app, Method::POST, &grant, &owner, json!({})).await;
    assert_eq!(get_in(&app, "/api/v1/dimensions", &helper, &workspace).await.status, 200);
    // For reading: nothing of administration is seen, and nothing is changed.
    get_in(&app, "/api/v1/members", &helper, &workspace).await.problem(403);
    get_in(&app, "/api/v1/keys", &helper, &workspace).await.problem(403);
    change(&app, Method::POST, &format!("/api/v1/staff-access/{id}/end"), &owner, json!({})).await;
    get_in(&app, "/api/v1/dimensions", &helper, &workspace).await.problem(404);
    let records = get(&app, "/api/v1/records", &owner).await.to_string();
    for action in ["staff-access.ask", "staff-access.grant", "staff-access.end"] {
        assert!(records.contains(action), "{action}: {records}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_workspace_is_taken_along_kept_and_then_deleted_for_good() {
    // claim B10
    let app = TestApp::new().await;
    let owner = app.sign_in().await;
    let workspace = app.id.to_string();
    let export = app.get_as(&owner, "/api/v1/workspace/export").await;
    assert_eq!(export.status, 200);
    let mut archive = zip::ZipArchive::new(std::io::Cursor::new(export.body)).unwrap();
    let mut text = String::new();
    archive.by_name("workspace.jsonl").unwrap().read_to_string(&mut text).unwrap();
    assert!(text.contains("\"region\""), "{text}");
    let wrong = json!({ "confirm": "another" });
    send(&app, Method::POST, "/api/v1/workspace/deletion", &owner, "", wrong).await.problem(400);
    let name = "test";
    let ask = json!({ "confirm": name });
    change(&app, Method::POST, "/api/v1/workspace/deletion", &owner, ask).await;
    get_in(&app, "/api/v1/dashboard", &owner, &workspace).await.problem(404);
    let me = get(&app, "/api/v1/me", &owner).await;
    assert_eq!(me["leaving"][0]["id"], workspace.as_str(), "{me}");
    send(&app, Method::DELETE, "/api/v1/workspace/deletion", &owner, &workspace, json!({})).await.json();
    assert_eq!(get_in(&app, "/api/v1/dimensions", &owner, &workspace).await.status, 200);
    let ask = json!({ "confirm": name, "at_once": true });
    let gone = change(&app, Method::POST, "/api/v1/workspace/deletion", &owner, ask).await;
    let id = gone["certificate"].as_str().unwrap_or_else(|| panic!("{gone}"));
    let certificate = get(&app, &format!("/api/v1/certificates/{id}"), &owner).await;
    let text = certificate["certificate"].as_str().unwrap();
    assert!(text.contains("irrecoverable_at") && text.contains(&workspace), "{text}");
    get_in(&app, "/api/v1/dimensions", &owner, &workspace).await.problem(404);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_account_leaves_unless_a_workspace_would_have_no_owner() {
    // claim B10
    let app = TestApp::new().await;
    let owner = app.sign_in().await;
    let detail = send(&app, Method::DELETE, "/api/v1/me", &owner, "", json!({})).await.problem(409);
    assert!(detail.contains("last owner"), "{detail}");
    let viewer = app.sign_in_as("viewer@example.com", "viewer".parse().unwrap()).await;
    change(&app, Method::DELETE, "/api/v1/me", &viewer, json!({})).await;
    let me = get(&app, "/api/v1/me", &viewer).await;
    assert!(me["account"]["deletion_due_at"].is_string(), "{me}");
    change(&app, Method::DELETE, "/api/v1/me/deletion", &viewer, json!({})).await;
    let me = get(&app, "/api/v1/me", &viewer).await;
    assert!(me["account"]["deletion_due_at"].is_null(), "{me}");
}
