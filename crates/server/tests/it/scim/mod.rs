//! `/scim/v2`: what an identity provider can do, and what it cannot.

mod access;
mod door;
mod entra;
mod lists;
mod peers;

use crate::kit::{Seen, TestApp};
use axum::body::Body;
use axum::http::{Method, header};
use bursar_app::Installation;
use bursar_domain::id::{AccountId, WorkspaceId};
use bursar_domain::{Actor, Scope};
use bursar_store::{NewToken, TokenKind, WorkspaceStore};
use serde_json::{Value, json};

/// The control data of a workspace.
pub(super) async fn store_of(installation: &Installation, workspace: WorkspaceId) -> WorkspaceStore {
    let access = installation.store().operator(workspace).await.unwrap();
    installation.store().workspace(&access).await.unwrap()
}

/// A token of a member.
pub(super) async fn token_of(
    installation: &Installation,
    workspace: WorkspaceId,
    account: AccountId,
    kind: TokenKind,
) -> String {
    let new = NewToken {
        name: "provisioning".into(),
        account,
        kind,
        pages: None,
        actions: None,
        scope: Scope::All,
        expires_at: None,
    };
    let store = store_of(installation, workspace).await;
    store.create_token(&Actor::operator(), new).await.unwrap().0.expose().to_owned()
}

/// An identity provider.
pub(super) struct Provider<'a> {
    app: &'a TestApp,
    token: String,
}

impl<'a> Provider<'a> {
    /// With a token of the workspace's owner.
    async fn new(app: &'a TestApp) -> Self {
        app.sign_in().await;
        let owner = owner_of(app).await;
        Self { app, token: token_of(&app.installation, app.id, owner, TokenKind::Scim).await }
    }

    async fn send(&self, method: &str, path: &str, body: Option<&Value>) -> Seen {
        self.send_with(method, path, &[], body).await
    }

    async fn send_with(
        &self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: Option<&Value>,
    ) -> Seen {
        let mut request = self
            .app
            .request(method.parse().unwrap(), &format!("/scim/v2{path}"))
            .header(header::AUTHORIZATION, format!("Bearer {}", self.token));
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        if body.is_some() {
            request = request.header(header::CONTENT_TYPE, "application/scim+json");
        }
        let body = body.map_or_else(Body::empty, |body| Body::from(body.to_string()));
        self.app.send(request.body(body).unwrap()).await
    }

    /// What is answered with this status.
    #[track_caller]
    fn is(seen: &Seen, status: u16) -> Value {
        assert_eq!(seen.status.as_u16(), status, "{}", seen.text());
        if seen.body.is_empty() {
            return Value::Null;
        }
        assert_eq!(seen.header("content-type"), "application/scim+json");
        seen.json()
    }

    async fn get(&self, path: &str) -> Value {
        Self::is(&self.send("GET", path, None).await, 200)
    }

    async fn add(&self, endpoint: &str, body: Value) -> Value {
        Self::is(&self.send("POST", endpoint, Some(&body)).await, 201)
    }

    async fn patch(&self, path: &str, operations: Value) -> Value {
        let body =
            json!({ "schemas": ["urn:ietf:params:scim:api:messages:2.0:PatchOp"], "Operations": operations });
        Self::is(&self.send("PATCH", path, Some(&body)).await, 200)
    }

    /// The `scimType` of a refusal.
    async fn refused(&self, method: &str, path: &str, body: Option<Value>, status: u16) -> String {
        let refused = Self::is(&self.send(method, path, body.as_ref()).await, status);
        assert_eq!(refused["schemas"], json!(["urn:ietf:params:scim:api:messages:2.0:Error"]));
        assert_eq!(refused["status"], status.to_string());
        assert!(!refused["detail"].as_str().unwrap().is_empty());
        refused["scimType"].as_str().unwrap_or_default().to_owned()
    }
}

pub(super) async fn owner_of(app: &TestApp) -> AccountId {
    let store = store_of(&app.installation, app.id).await;
    let members = store.members(Default::default()).await.unwrap();
    members.iter().find(|member| member.membership.owner).unwrap().account.id
}

pub(super) async fn account(app: &TestApp, email: &str) -> Option<AccountId> {
    let directory = app.installation.store().directory();
    directory.account_by_email(&email.parse().unwrap()).await.unwrap().map(|account| account.id)
}

/// Signs an account in; the cookie pair to send.
pub(super) async fn session_of(app: &TestApp, account: AccountId) -> String {
    let link = app.server.sign_in_link(Some(account), app.id).await.unwrap();
    let seen = app.get(&link[link.find("/auth/").unwrap()..]).await;
    seen.header("set-cookie").split(';').next().unwrap().to_owned()
}

pub(super) async fn with_token(app: &TestApp, token: &str, path: &str) -> Seen {
    let request = app.request(Method::GET, path).header(header::AUTHORIZATION, format!("Bearer {token}"));
    app.send(request.body(Body::empty()).unwrap()).await
}
