//! Members, invitations, roles and teams: who may, who may not, and that nobody gives more than they have.

use crate::kit::{Seen, TestApp};
use axum::body::Body;
use axum::http::{Method, header};
use bursar_app::installation::Client;
use bursar_domain::id::{AccountId, WorkspaceId};
use bursar_domain::{Actor, RegionName, RoleName};
use bursar_server::routes::{NEEDS, Needs};
use bursar_store::{NewMembership, NewWorkspace, Paging, Via, WorkspaceStore};
use secrecy::ExposeSecret as _;
use serde_json::{Value, json};

const PASSWORD: &str = "seven quiet harbours at dusk";

async fn change(app: &TestApp, cookie: &str, method: Method, path: &str, body: &Value) -> Seen {
    let request = app
        .request(method, path)
        .header(header::COOKIE, cookie)
        .header(header::CONTENT_TYPE, "application/json")
        .header("x-bursar-csrf", "1");
    app.send(request.body(Body::from(body.to_string())).unwrap()).await
}

async fn store(app: &TestApp) -> WorkspaceStore {
    let access = app.installation.store().operator(app.id).await.unwrap();
    app.installation.store().workspace(&access).await.unwrap()
}

/// A member with this role: the account and its cookie.
async fn member(app: &TestApp, email: &str, role: &str) -> (AccountId, String) {
    let account = app.installation.account_for(&email.parse().unwrap(), "Somebody", false).await.unwrap();
    let role: RoleName = role.parse().unwrap();
    let new = NewMembership { account, role, owner: false, via: Via::Manual };
    store(app).await.add_member(&Actor::operator(), new).await.unwrap();
    let token = app.installation.sign_in_link(Some(account), app.id).await.unwrap();
    let redeemed = app.installation.redeem_link(token.expose_secret(), &Client::default()).await.unwrap();
    (account, format!("bursar={}", redeemed.cookie.expose()))
}

fn path_of(link: &str) -> &str {
    link.split("token=").nth(1).unwrap()
}

#[tokio::test]
async fn a_viewer_is_refused_everywhere_and_the_record_says_so() {
    // claim C4
    let app = TestApp::new().await;
    app.sign_in().await;
    let (_, viewer) = member(&app, "vera@example.com", "viewer").await;
    let mut refused = 0;
    for (method, path, needs) in NEEDS {
        if !matches!(needs, Needs::Workspace(bursar_domain::Page::Admin, _)) {
            continue;
        }
        let path = path.replace("{account}", "acc_0").replace("{id}", "x").replace("{token}", "x");
        let seen = change(&app, &viewer, method.parse().unwrap(), &path, &json!({})).await;
        seen.problem(403);
        refused += 1;
    }
    assert!(refused >= 19, "{refused}");
    let records = store(&app).await.records(&Default::default()).await.unwrap();
    let told = records.iter().filter(|record| record.action == "permission");
    assert_eq!(told.filter(|record| record.outcome.as_str() == "refused").count(), refused);
}

#[tokio::test]
async fn ids_of_another_workspace_are_not_found() {
    // claim C1
    let app = TestApp::new().await;
    let owner = app.sign_in().await;
    let id = WorkspaceId::from_u128(2);
    let new = NewWorkspace { region: RegionName::home(), name: "other".into(), id: Some(id) };
    let directory = app.installation.store();
    directory.create_workspace(&Actor::operator(), new).await.unwrap();
    let access = directory.operator(id).await.unwrap();
    let theirs = directory.workspace(&access).await.unwrap();
    let scope = bursar_domain::Scope::All;
    let team = bursar_store::NewTeam { name: "theirs".into(), scope };
    let team = theirs.add_team(&Actor::operator(), team).await.unwrap().id;
    let stranger =
        app.installation.account_for(&"st@example.com".parse().unwrap(), "St", false).await.unwrap();
    let put = json!({ "name": "mine", "scope": null });
    for (method, path, body) in [
        (Method::PUT, format!("/api/v1/teams/{team}"), put),
        (Method::DELETE, format!("/api/v1/teams/{team}"), json!({})),
        (Method::PUT, format!("/api/v1/teams/{team}/members/{stranger}"), json!({})),
        (Method::PATCH, format!("/api/v1/members/{stranger}"), json!({ "role": "viewer" })),
        (Method::DELETE, format!("/api/v1/members/{stranger}"), json!({})),
        (Method::POST, format!("/api/v1/members/{stranger}/reset-link"), json!({})),
    ] {
        change(&app, &owner, method, &path, &body).await.problem(404);
    }
}

#[tokio::test]
async fn the_last_owner_stays() {
    let app = TestApp::new().await;
    let owner = app.sign_in().await;
    let list = app.get_as(&owner, "/api/v1/members").await.json();
    let id = list["items"][0]["account"]["id"].as_str().unwrap();
    let path = format!("/api/v1/members/{id}");
    change(&app, &owner, Method::DELETE, &path, &json!({})).await.problem(409);
    let less = json!({ "role": "viewer", "owner": false });
    change(&app, &owner, Method::PATCH, &path, &less).await.problem(409);
}

#[tokio::test]
async fn nobody_gives_more_than_they_have() {
    let app = TestApp::new().await;
    let owner = app.sign_in().await;
    let role = json!({ "name": "People", "pages": ["admin", "dashboard"], "actions": ["manage-members"] });
    let role = change(&app, &owner, Method::POST, "/api/v1/roles", &role).await.json();
    let (account, people) = member(&app, "pia@example.com", role["id"].as_str().unwrap()).await;
    let (admin_account, admin) = member(&app, "ada@example.com", "admin").await;
    let own = format!("/api/v1/members/{account}");
    let more = json!({ "name": "More", "pages": ["admin", "sql"], "actions": ["query"] });
    for (method, path, body) in [
        (Method::PATCH, own.clone(), json!({ "role": "admin" })),
        (Method::POST, "/api/v1/members".into(), json!({ "email": "x@example.com", "role": "admin" })),
        (Method::POST, "/api/v1/roles".into(), more.clone()),
        (Method::PUT, format!("/api/v1/roles/{}", role["id"].as_str().unwrap()), more),
        (Method::DELETE, format!("/api/v1/members/{admin_account}"), json!({})),
        (Method::POST, format!("/api/v1/members/{admin_account}/reset-link"), json!({})),
    ] {
        let detail = change(&app, &people, method, &path, &body).await.problem(403);
        assert!(detail.contains("on the page"), "{path}: {detail}");
    }
    // Owners are named by owners, whatever else an admin may.
    let flag = json!({ "role": "admin", "owner": true });
    let path = format!("/api/v1/members/{admin_account}");
    change(&app, &admin, Method::PATCH, &path, &flag).await.problem(403);
    assert_eq!(change(&app, &owner, Method::PATCH, &path, &flag).await.json()["owner"], true);
}

#[tokio::test]
async fn an_invitation_is_accepted_once() {
    let app = TestApp::new().await;
    let owner = app.sign_in().await;
    let body = json!({ "email": "ina@example.com", "role": "analyst" });
    let made = change(&app, &owner, Method::POST, "/api/v1/members", &body).await.json();
    let token = path_of(made["link"].as_str().unwrap());
    let asked = app.get(&format!("/auth/invitation?token={token}")).await.json();
    assert_eq!((asked["role"].as_str(), asked["account_exists"].as_bool()), (Some("analyst"), Some(false)));
    let weak = json!({ "token": token, "display_name": "Ina", "password": "password" });
    change(&app, "", Method::POST, "/auth/invitation", &weak).await.problem(400);
    let good = json!({ "token": token, "display_name": "Ina", "password": PASSWORD });
    let seen = change(&app, "", Method::POST, "/auth/invitation", &good).await;
    assert_eq!(seen.status, 200, "{}", seen.text());
    let cookie = seen.header("set-cookie").split(';').next().unwrap().to_owned();
    let me = app.get_as(&cookie, "/api/v1/me").await.json();
    assert_eq!(me["workspace"]["role"], "analyst");
    change(&app, "", Method::POST, "/auth/invitation", &good).await.problem(404);
    app.get(&format!("/auth/invitation?token={token}")).await.problem(404);

    // A link of an administrator sets another password, once, and ends the sessions.
    let path = format!("/api/v1/members/{}/reset-link", me["account"]["id"].as_str().unwrap());
    let link = change(&app, &owner, Method::POST, &path, &json!({})).await.json();
    let body =
        json!({ "token": path_of(link["link"].as_str().unwrap()), "password": "nine loud harbours at dawn" });
    assert_eq!(change(&app, "", Method::POST, "/auth/reset", &body).await.status, 200);
    app.get_as(&cookie, "/api/v1/me").await.problem(401);
    change(&app, "", Method::POST, "/auth/reset", &body).await.problem(404);
    let asked = json!({ "email": "nobody@example.com" });
    assert_eq!(change(&app, "", Method::POST, "/auth/reset/request", &asked).await.status, 202);
}

#[tokio::test]
async fn an_account_that_exists_proves_itself() {
    let app = TestApp::new().await;
    let owner = app.sign_in().await;
    app.installation.account_for(&"eve@example.com".parse().unwrap(), "Eve", false).await.unwrap();
    let body = json!({ "email": "eve@example.com", "role": "viewer" });
    let made = change(&app, &owner, Method::POST, "/api/v1/members", &body).await.json();
    let token = path_of(made["link"].as_str().unwrap());
    let guess = json!({ "token": token, "display_name": "Eve", "password": PASSWORD });
    change(&app, "", Method::POST, "/auth/invitation", &guess).await.problem(401);
    // Signed in, but as somebody else.
    change(&app, &owner, Method::POST, "/auth/invitation", &json!({ "token": token })).await.problem(403);
    assert_eq!(store(&app).await.members(Paging::default()).await.unwrap().len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_teams_scope_narrows_cost_export_and_sql() {
    // claim C5
    let folder = crate::cost::november();
    let app = TestApp::with_sources(&[folder.path().to_str().unwrap()]).await;
    app.workspace.refresh().await;
    let owner = app.sign_in().await;
    let (account, analyst) = member(&app, "ann@example.com", "analyst").await;
    let rule = json!([{ "dimension": "ServiceName", "values": ["Amazon EC2"] }]);
    let team = json!({ "name": "Compute", "scope": rule });
    let team = change(&app, &owner, Method::POST, "/api/v1/teams", &team).await.json();
    let cost = "/api/v1/cost?by=ServiceName&from=2026-11-01&to=2026-12-01";
    assert!(app.get_as(&analyst, cost).await.text().contains("Amazon S3"));
    let path = format!("/api/v1/teams/{}/members/{account}", team["id"].as_str().unwrap());
    assert_eq!(change(&app, &owner, Method::PUT, &path, &json!({})).await.status, 200);

    let export = cost.replace("cost?", "cost/export?format=csv&");
    let sql = json!({ "sql": "SELECT DISTINCT ServiceName FROM focus" });
    let sql = change(&app, &analyst, Method::POST, "/api/v1/sql", &sql).await;
    for seen in [app.get_as(&analyst, cost).await, app.get_as(&analyst, &export).await, sql] {
        assert_eq!(seen.status, 200, "{}", seen.text());
        assert!(seen.text().contains("Amazon EC2") && !seen.text().contains("Amazon S3"), "{}", seen.text());
    }
    assert!(app.get_as(&owner, cost).await.text().contains("Amazon S3"));
}
