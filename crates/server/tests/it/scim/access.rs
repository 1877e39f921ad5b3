//! What a provisioned user's state means for sessions, tokens, roles and teams.

use super::{Provider, account, owner_of, session_of, store_of, token_of, with_token};
use crate::kit::TestApp;
use bursar_domain::{Actor, EmailAddress, RegionName, Role, RoleName, Scope};
use bursar_store::{NewMembership, NewTeam, NewWorkspace, StoreError, TokenKind, Via};
use serde_json::{Value, json};

const ME: &str = "/api/v1/workspace";

async fn ana(provider: &Provider<'_>) -> String {
    let body = json!({
        "userName": "ana@example.com", "displayName": "Ana Silva", "active": true,
        "emails": [{ "value": "ana@example.com", "type": "work", "primary": true }],
    });
    let made = provider.add("/Users", body).await;
    format!("/Users/{}", made["id"].as_str().unwrap())
}

#[tokio::test]
async fn switching_somebody_off_ends_sessions_and_tokens_at_once() {
    // claim C2
    let app = TestApp::new().await;
    let provider = Provider::new(&app).await;
    let path = ana(&provider).await;
    let id = account(&app, "ana@example.com").await.unwrap();
    let off = json!([{ "op": "Replace", "path": "active", "value": "False" }]);
    let on = json!([{ "op": "replace", "value": { "active": true } }]);
    for round in 0..3 {
        let session = session_of(&app, id).await;
        let token = token_of(&app.installation, app.id, id, TokenKind::Api).await;
        assert_eq!(app.get_as(&session, ME).await.status, 200, "{round}");
        assert_eq!(with_token(&app, &token, ME).await.status, 200, "{round}");
        match round {
            0 => assert_eq!(provider.patch(&path, off.clone()).await["active"], false),
            1 => {
                let body = json!({ "userName": "ana@example.com", "active": false });
                Provider::is(&provider.send("PUT", &path, Some(&body)).await, 200);
            }
            _ => {
                Provider::is(&provider.send("DELETE", &path, None).await, 204);
            }
        }
        app.get_as(&session, ME).await.problem(401);
        with_token(&app, &token, ME).await.problem(401);
        if round < 2 {
            assert_eq!(provider.patch(&path, on.clone()).await["active"], true);
            app.get_as(&session, ME).await.problem(401);
            with_token(&app, &token, ME).await.problem(401);
        }
    }
    assert_eq!(provider.send("GET", &path, None).await.status, 404);
    // What it was done by is in the record.
    let store = store_of(&app.installation, app.id).await;
    let records = store.records(&Default::default()).await.unwrap();
    for action in ["scim-user.add", "scim-user.change", "scim-user.remove", "token.revoke-all"] {
        let found = records.iter().find(|record| record.action == action);
        let found = found.unwrap_or_else(|| panic!("{action} is not in the record"));
        assert!(found.actor.starts_with("tok_"), "{found:?}");
    }
}

#[tokio::test]
async fn somebody_who_belongs_elsewhere_stays_there() {
    // claim C2
    let app = TestApp::new().await;
    let provider = Provider::new(&app).await;
    let path = ana(&provider).await;
    let id = account(&app, "ana@example.com").await.unwrap();
    let new = NewWorkspace { region: RegionName::home(), name: "other".into(), id: None };
    let other = app.installation.store().create_workspace(&Actor::operator(), new).await.unwrap().id;
    let joined =
        NewMembership { account: id, role: RoleName::BuiltIn(Role::Viewer), owner: false, via: Via::Manual };
    app.installation.store().directory().join(&Actor::operator(), other, joined).await.unwrap();
    let session = session_of(&app, id).await;
    let elsewhere = token_of(&app.installation, other, id, TokenKind::Api).await;
    // Her name and address are not this workspace's alone to change.
    let body = json!({ "userName": "ana2@example.com", "displayName": "Other", "active": true });
    Provider::is(&provider.send("PUT", &path, Some(&body)).await, 200);
    assert_eq!(account(&app, "ana@example.com").await, Some(id));
    provider.patch(&path, json!([{ "op": "replace", "path": "active", "value": false }])).await;
    assert_eq!(with_token(&app, &elsewhere, ME).await.status, 200);
    let seen = app.get_as(&session, ME).await;
    assert_eq!((seen.status.as_u16(), seen.json()["name"].clone()), (200, json!("other")));
    let store = store_of(&app.installation, app.id).await;
    assert!(matches!(store.member(id).await, Err(StoreError::NotFound(_))));
}

#[tokio::test]
async fn a_name_and_an_address_follow_the_provider() {
    // claim C2
    let app = TestApp::new().await;
    let provider = Provider::new(&app).await;
    let path = ana(&provider).await;
    let id = account(&app, "ana@example.com").await.unwrap();
    let operations = json!([
        { "op": "Replace", "path": "emails[type eq \"work\"].value", "value": "ana.lopes@example.com" },
        { "op": "Replace", "path": "displayName", "value": "Ana Lopes" },
    ]);
    provider.patch(&path, operations).await;
    assert_eq!(account(&app, "ana@example.com").await, None);
    assert_eq!(account(&app, "ana.lopes@example.com").await, Some(id));
    let directory = app.installation.store().directory();
    assert_eq!(directory.account(id).await.unwrap().display_name, "Ana Lopes");
    // An address of somebody else's is not taken over, nor spoken for twice.
    app.sign_in_as("bob@example.com", Role::Viewer).await;
    let taken = json!({ "Operations": [{ "op": "replace", "path": "emails", "value": "bob@example.com" }] });
    assert_eq!(provider.refused("PATCH", &path, Some(taken), 409).await, "uniqueness");
    let twice = json!({ "userName": "ana", "emails": [{ "value": "ana.lopes@example.com" }] });
    assert_eq!(provider.refused("POST", "/Users", Some(twice), 409).await, "uniqueness");
}

#[tokio::test]
async fn owners_are_taken_away_by_owners_and_the_last_one_by_nobody() {
    // claim C2
    let app = TestApp::new().await;
    let of_owner = Provider::new(&app).await;
    app.sign_in_as("adam@example.com", Role::Admin).await;
    let adam = account(&app, "adam@example.com").await.unwrap();
    let of_admin =
        Provider { app: &app, token: token_of(&app.installation, app.id, adam, TokenKind::Scim).await };
    let owner = owner_of(&app).await;
    let directory = app.installation.store().directory();
    let address = directory.account(owner).await.unwrap().email.to_string();
    let boss = of_admin.add("/Users", json!({ "userName": "boss", "emails": [{ "value": address }] })).await;
    let path = format!("/Users/{}", boss["id"].as_str().unwrap());
    let off = json!({ "Operations": [{ "op": "replace", "path": "active", "value": false }] });
    of_admin.refused("PATCH", &path, Some(off.clone()), 403).await;
    of_admin.refused("DELETE", &path, None, 403).await;
    of_owner.refused("PATCH", &path, Some(off), 409).await;
    assert_eq!(of_owner.get(&path).await["active"], true);
    let store = store_of(&app.installation, app.id).await;
    assert!(store.member(owner).await.unwrap().membership.owner);
    // Beside, nobody is made an owner, or more than a viewer, by being provisioned.
    ana(&of_owner).await;
    let ana = account(&app, "ana@example.com").await.unwrap();
    let membership = store.member(ana).await.unwrap().membership;
    assert_eq!((membership.role, membership.owner), (RoleName::BuiltIn(Role::Viewer), false));
    assert_eq!(membership.via, Via::Scim);
}

#[tokio::test]
async fn an_invitation_that_waits_ends_with_who_it_was_for() {
    // claim C2
    let app = TestApp::new().await;
    let provider = Provider::new(&app).await;
    let path = ana(&provider).await;
    let store = store_of(&app.installation, app.id).await;
    let entered = app.installation.enter_as_operator(app.id).await.unwrap();
    let email: EmailAddress = "ana@example.com".parse().unwrap();
    let invited = bursar_app::installation::Invited {
        email,
        role: RoleName::BuiltIn(Role::Admin),
        owner: false,
        teams: Vec::new(),
    };
    app.installation.invite(&entered, invited).await.unwrap();
    provider.patch(&path, json!([{ "op": "replace", "path": "active", "value": false }])).await;
    assert!(store.invitations().await.unwrap().is_empty());
}

fn members(of: &[&Value]) -> Value {
    of.iter().map(|id| json!({ "value": id })).collect()
}

#[tokio::test]
async fn groups_give_roles_and_teams() {
    // claim C2
    let app = TestApp::new().await;
    let provider = Provider::new(&app).await;
    let path = ana(&provider).await;
    let id = json!(path.trim_start_matches("/Users/"));
    let ana = account(&app, "ana@example.com").await.unwrap();
    let store = store_of(&app.installation, app.id).await;
    let team = NewTeam { name: "web".into(), scope: Scope::All };
    let team = store.add_team(&Actor::operator(), team).await.unwrap().id;
    let group = provider.add("/Groups", json!({ "displayName": "Operators" })).await;
    let of_group = format!("/Groups/{}", group["id"].as_str().unwrap());
    let role = Some(RoleName::BuiltIn(Role::Operator));
    let group_id = group["id"].as_str().unwrap().parse().unwrap();
    store.map_scim_group(&Actor::operator(), group_id, Some(team), role).await.unwrap();
    let given = async || {
        let membership = store.member(ana).await.unwrap().membership;
        (membership.role, store.team_members(team).await.unwrap().contains(&ana))
    };
    let viewer = (RoleName::BuiltIn(Role::Viewer), false);
    let operator = (RoleName::BuiltIn(Role::Operator), true);
    assert_eq!(given().await, viewer);
    let add = json!([{ "op": "Add", "path": "members", "value": members(&[&id]) }]);
    let remove = json!([{ "op": "Remove", "path": format!("members[value eq {id}]") }]);
    provider.patch(&of_group, add.clone()).await;
    assert_eq!(given().await, operator);
    let shown = provider.get(&path).await;
    assert_eq!(shown["groups"][0]["display"], "Operators");
    // Coming back gives the same again.
    provider.patch(&path, json!([{ "op": "replace", "path": "active", "value": "False" }])).await;
    assert!(store.team_members(team).await.unwrap().is_empty());
    provider.patch(&path, json!([{ "op": "replace", "path": "active", "value": "True" }])).await;
    assert_eq!(given().await, operator);
    provider.patch(&of_group, remove).await;
    assert_eq!(given().await, viewer);
    provider.patch(&of_group, add).await;
    Provider::is(&provider.send("DELETE", &of_group, None).await, 204);
    assert_eq!(given().await, viewer);
}
