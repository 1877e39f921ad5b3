//! Who gets in, and that nobody sees another workspace.

use super::{Provider, owner_of, store_of, token_of};
use crate::kit::{Seen, TestApp};
use axum::body::Body;
use axum::http::header;
use bursar_domain::{Actor, RegionName, Role, RoleName};
use bursar_server::routes::{self, Needs};
use bursar_store::{NewMembership, NewWorkspace, TokenKind, Via};
use serde_json::json;

async fn walk(app: &TestApp, provisioning: bool, name: &str, value: &str, check: impl Fn(&str, Seen)) {
    let mut walked = 0;
    for (method, path, needs) in routes::NEEDS {
        if (*needs == Needs::Provisioning) != provisioning {
            continue;
        }
        let segment = |s: &str| if s.starts_with('{') { "usr_1".to_owned() } else { s.to_owned() };
        let concrete = path.split('/').map(segment).collect::<Vec<_>>().join("/");
        let mut request = app.request(method.parse().unwrap(), &concrete).header("x-bursar-csrf", "1");
        if !name.is_empty() {
            request = request.header(name, value);
        }
        check(path, app.send(request.body(Body::from("{")).unwrap()).await);
        walked += 1;
    }
    assert!(walked > 20, "{walked}");
}

fn stranger(path: &str, seen: &Seen) {
    assert_eq!(seen.status, 401, "{path}: {}", seen.text());
    assert_eq!(seen.header("content-type"), "application/scim+json", "{path}");
    assert!(seen.header("www-authenticate").starts_with("Bearer "), "{path}");
    let body = seen.json();
    assert_eq!(body["schemas"], json!(["urn:ietf:params:scim:api:messages:2.0:Error"]), "{path}");
    assert_eq!(body["status"], "401", "{path}");
}

#[tokio::test]
async fn only_a_token_for_provisioning_opens_it_and_it_opens_nothing_else() {
    // claim C2, claim C8
    let app = TestApp::new().await;
    let cookie = app.sign_in().await;
    let owner = owner_of(&app).await;
    let api = token_of(&app.installation, app.id, owner, TokenKind::Api).await;
    let scim = token_of(&app.installation, app.id, owner, TokenKind::Scim).await;
    let refused = |path: &str, seen: Seen| stranger(path, &seen);
    walk(&app, true, "", "", refused).await;
    walk(&app, true, "cookie", &cookie, refused).await;
    for text in [format!("Bearer {api}"), format!("Basic {scim}"), format!("Bearer {scim}x"), "Bearer".into()]
    {
        walk(&app, true, "authorization", &text, refused).await;
    }
    walk(&app, false, "authorization", &format!("Bearer {scim}"), |path, seen| {
        assert_eq!(seen.status, 401, "{path}: {}", seen.text());
    })
    .await;
    walk(&app, true, "authorization", &format!("bearer {scim}"), |path, seen| {
        assert_ne!(seen.status, 401, "{path}");
        assert_ne!(seen.status, 500, "{path}: {}", seen.text());
    })
    .await;
}

#[tokio::test]
async fn a_token_ends_with_its_revocation_and_with_what_its_member_may() {
    // claim C2
    let app = TestApp::new().await;
    let provider = Provider::new(&app).await;
    provider.get("/Users").await;
    let store = store_of(&app.installation, app.id).await;
    let token = store.tokens(None).await.unwrap().pop().unwrap();
    assert!(token.last_used_at.is_some());
    store.revoke_token(&Actor::operator(), token.id).await.unwrap();
    stranger("/Users", &provider.send("GET", "/Users", None).await);

    app.sign_in_as("adam@example.com", Role::Admin).await;
    let adam = super::account(&app, "adam@example.com").await.unwrap();
    let of_adam = token_of(&app.installation, app.id, adam, TokenKind::Scim).await;
    let provider = Provider { app: &app, token: of_adam };
    provider.get("/Users").await;
    store.change_member(&Actor::operator(), adam, RoleName::BuiltIn(Role::Analyst), false).await.unwrap();
    provider.refused("GET", "/Users", None, 403).await;
    let records = store.records(&Default::default()).await.unwrap();
    assert!(records.iter().any(|record| record.action == "permission" && record.target == "scim"));
    store.remove_member(&Actor::operator(), adam).await.unwrap();
    stranger("/Users", &provider.send("GET", "/Users", None).await);
}

#[tokio::test]
async fn another_workspace_is_not_there() {
    // claim C2
    let app = TestApp::new().await;
    let here = Provider::new(&app).await;
    let owner = owner_of(&app).await;
    let new = NewWorkspace { region: RegionName::home(), name: "other".into(), id: None };
    let other = app.installation.store().create_workspace(&Actor::operator(), new).await.unwrap().id;
    let joined =
        NewMembership { account: owner, role: RoleName::BuiltIn(Role::Admin), owner: true, via: Via::Manual };
    app.installation.store().directory().join(&Actor::operator(), other, joined).await.unwrap();
    let token = token_of(&app.installation, other, owner, TokenKind::Scim).await;
    let there = Provider { app: &app, token };

    let user = here.add("/Users", json!({ "userName": "ana", "externalId": "7" })).await;
    let group =
        here.add("/Groups", json!({ "displayName": "Ops", "members": [{ "value": user["id"] }] })).await;
    assert_eq!(there.get("/Users").await["totalResults"], 0);
    assert_eq!(there.get("/Groups").await["totalResults"], 0);
    for filter in ["userName%20eq%20%22ana%22", "externalId%20eq%20%227%22", "userName%20pr"] {
        assert_eq!(there.get(&format!("/Users?filter={filter}")).await["totalResults"], 0, "{filter}");
    }
    for (path, body) in [
        (format!("/Users/{}", user["id"].as_str().unwrap()), json!({ "userName": "x" })),
        (format!("/Groups/{}", group["id"].as_str().unwrap()), json!({ "displayName": "x" })),
    ] {
        let patch = json!({ "Operations": [{ "op": "add", "path": "externalId", "value": "x" }] });
        for (method, body) in [("GET", None), ("PUT", Some(body)), ("PATCH", Some(patch)), ("DELETE", None)] {
            there.refused(method, &path, body, 404).await;
        }
        here.get(&path).await;
    }
    // Not even as a member; the same name is free.
    let borrowed = json!({ "displayName": "Ops", "members": [{ "value": user["id"] }] });
    assert_eq!(there.refused("POST", "/Groups", Some(borrowed), 400).await, "invalidValue");
    there.add("/Users", json!({ "userName": "ana", "externalId": "7" })).await;
    assert_eq!(here.get("/Users").await["totalResults"], 1);
}

#[tokio::test]
async fn everything_is_answered_in_the_words_of_the_protocol() {
    // claim C2
    let app = TestApp::new().await;
    let provider = Provider::new(&app).await;
    for (method, path, body, status, kind) in [
        ("GET", "/nothing", None, 404, ""),
        ("POST", "/Bulk", Some(json!({})), 501, ""),
        ("GET", "/Me", None, 501, ""),
        ("POST", "/ServiceProviderConfig", Some(json!({})), 405, ""),
        ("DELETE", "/Users", None, 405, ""),
        ("GET", "/Schemas?filter=id%20pr", None, 403, ""),
        ("GET", "/Users/usr_1", None, 404, ""),
        ("GET", "/Users/%2e%2e", None, 404, ""),
        ("GET", "/Users?filter=userName", None, 400, "invalidFilter"),
        ("GET", "/Users?filter=hobby%20pr", None, 400, "invalidFilter"),
        ("GET", "/Users?cursor=abc", None, 400, "invalidCursor"),
        ("GET", "/Users?attributes=id&excludedAttributes=id", None, 400, "invalidValue"),
        ("POST", "/Users", Some(json!([])), 400, "invalidSyntax"),
        ("POST", "/Users", Some(json!({})), 400, "invalidValue"),
        ("POST", "/Groups", Some(json!({ "displayName": "" })), 400, "invalidValue"),
    ] {
        assert_eq!(provider.refused(method, path, body, status).await, kind, "{method} {path}");
    }
    let request = |kind: &str, body: Vec<u8>| {
        let request = app
            .request("POST".parse().unwrap(), "/scim/v2/Users")
            .header(header::AUTHORIZATION, format!("Bearer {}", provider.token))
            .header(header::CONTENT_TYPE, kind);
        request.body(Body::from(body)).unwrap()
    };
    for (kind, body, status) in [
        ("application/scim+json", b"{".to_vec(), 400),
        ("text/plain", b"{}".to_vec(), 415),
        ("application/json", vec![b' '; 300 * 1024], 413),
    ] {
        let seen = app.send(request(kind, body)).await;
        assert_eq!(seen.header("content-type"), "application/scim+json", "{}", seen.text());
        assert_eq!(
            (seen.status.as_u16(), seen.json()["status"].clone()),
            (status, json!(status.to_string()))
        );
        assert_eq!(seen.header("cache-control"), "no-store");
    }
}
