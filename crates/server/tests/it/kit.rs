//! A server with a clock and randomness that the test decides.

use axum::Router;
use axum::body::Body;
use axum::http::{HeaderMap, Method, Request, StatusCode, header};
use bursar_app::installation::MessagesConfig;
use bursar_app::{Installation, InstallationConfig, Workspace};
use bursar_domain::id::{AccountId, SessionId, WorkspaceId};
use bursar_domain::role::Action;
use bursar_domain::{Actor, Clock, Page, Principal, RegionName, Role, RoleName};
use bursar_keyring::{Keyring, MasterKeyConfig, SystemRandomness};
use bursar_permission::{Asking, Target};
use bursar_server::{Random, RandomError, Server, Settings};
use bursar_store::{NewMembership, NewSource, NewWorkspace, Via};
use chrono::{DateTime, Duration, Utc};
use serde_json::Value;
use std::path::Path;
use std::sync::atomic::{AtomicU8, Ordering};
use std::sync::{Arc, Mutex};
use tower::ServiceExt as _;

/// An installation with one workspace that has these sources.
pub(crate) async fn installation(
    data: &Path,
    clock: Arc<dyn Clock>,
    sources: &[&str],
) -> (Installation, WorkspaceId) {
    configured(InstallationConfig::embedded(data), clock, sources).await
}

/// The same with other settings.
async fn configured(
    config: InstallationConfig,
    clock: Arc<dyn Clock>,
    sources: &[&str],
) -> (Installation, WorkspaceId) {
    let random = Arc::new(SystemRandomness);
    let secret_key = Some(format!("{}0e", "0f".repeat(31)).into());
    let master = MasterKeyConfig { secret_key, ..MasterKeyConfig::default() };
    let opened =
        Keyring::open(&master, &config.data, Arc::clone(&random) as _, Arc::clone(&clock)).await.unwrap();
    let environment = Arc::new(|_: &str| None);
    let keyring = Arc::new(opened.keyring);
    let installation = Installation::open(config, keyring, clock, random, environment).await.unwrap();
    let new =
        NewWorkspace { region: RegionName::home(), name: "test".into(), id: Some(WorkspaceId::from_u128(1)) };
    let actor = Actor::operator();
    let made = installation.store().create_workspace(&actor, new).await.unwrap();
    let access = installation.store().operator(made.id).await.unwrap();
    let store = installation.store().workspace(&access).await.unwrap();
    for location in sources {
        let new = NewSource { location: (*location).to_owned(), dialect: None, id: None };
        store.add_source(&actor, new).await.unwrap();
    }
    (installation, made.id)
}

/// A clock that moves when told to.
#[derive(Debug)]
pub(crate) struct TestClock(Mutex<DateTime<Utc>>);

impl Clock for TestClock {
    fn now(&self) -> DateTime<Utc> {
        *self.0.lock().unwrap()
    }
}

impl TestClock {
    pub(crate) fn advance(&self, by: Duration) {
        *self.0.lock().unwrap() += by;
    }
}

/// Counts, so that tokens differ and snapshots do not.
#[derive(Debug, Default)]
struct Counting(AtomicU8);

impl Random for Counting {
    fn fill(&self, bytes: &mut [u8]) -> Result<(), RandomError> {
        bytes.fill(self.0.fetch_add(1, Ordering::SeqCst));
        Ok(())
    }
}

pub(crate) struct TestApp {
    pub(crate) server: Server,
    pub(crate) clock: Arc<TestClock>,
    pub(crate) workspace: Workspace,
    pub(crate) installation: Installation,
    pub(crate) id: WorkspaceId,
    router: Router,
    host: &'static str,
    _data: tempfile::TempDir,
}

/// Everything the world would see of an answer.
#[derive(Debug)]
pub(crate) struct Seen {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Vec<u8>,
}

impl Seen {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|e| panic!("{e}: {}", self.text()))
    }

    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |v| v.to_str().unwrap())
    }

    /// That it is a problem, with this status; its detail.
    #[track_caller]
    pub(crate) fn problem(&self, status: u16) -> String {
        assert_eq!(self.status.as_u16(), status, "{}", self.text());
        assert_eq!(self.header("content-type"), "application/problem+json");
        let json = self.json();
        assert_eq!(json["status"], status);
        assert!(json["type"].as_str().unwrap().starts_with("urn:bursar:problem:"));
        assert!(!json["title"].as_str().unwrap().is_empty());
        json["detail"].as_str().unwrap().to_owned()
    }
}

impl TestApp {
    pub(crate) async fn new() -> Self {
        Self::at("127.0.0.1:8080", None).await
    }

    pub(crate) async fn at(listen: &str, public: Option<&str>) -> Self {
        Self::over(listen, public, &[]).await
    }

    pub(crate) async fn with_sources(locations: &[&str]) -> Self {
        Self::over("127.0.0.1:8080", None, locations).await
    }

    /// Without sources, and with these settings for messages.
    pub(crate) async fn sending(messages: MessagesConfig) -> Self {
        Self::made("127.0.0.1:8080", None, &[], messages).await
    }

    async fn over(listen: &str, public: Option<&str>, locations: &[&str]) -> Self {
        Self::made(listen, public, locations, MessagesConfig::default()).await
    }

    async fn made(listen: &str, public: Option<&str>, locations: &[&str], messages: MessagesConfig) -> Self {
        let clock = Arc::new(TestClock(Mutex::new("2026-11-22T12:00:00Z".parse().unwrap())));
        let data = tempfile::tempdir().unwrap();
        let config = InstallationConfig { messages, ..InstallationConfig::embedded(data.path()) };
        let (installation, id) = configured(config, Arc::clone(&clock) as Arc<dyn Clock>, locations).await;
        let workspace = installation.whole_workspace(id).await.unwrap();
        let public = public.map(|url| url.parse().unwrap());
        let host = if public.is_some() { "bursar.example.com" } else { "127.0.0.1:8080" };
        let settings = Settings::new(listen.parse().unwrap(), public).unwrap();
        let server = Server::with_random(installation.clone(), settings, Arc::new(Counting::default()));
        Self { router: server.router(), server, clock, workspace, installation, id, host, _data: data }
    }

    /// Makes somebody a member in a role and signs them in; the cookie pair to send.
    pub(crate) async fn sign_in_as(&self, email: &str, role: Role) -> String {
        let email = email.parse().unwrap();
        let account = self.installation.account_for(&email, "Somebody", false).await.unwrap();
        let new = NewMembership { account, role: RoleName::BuiltIn(role), owner: false, via: Via::Manual };
        self.installation.store().directory().join(&Actor::operator(), self.id, new).await.unwrap();
        let link = self.server.sign_in_link(Some(account), self.id).await.unwrap();
        let seen = self.get(&link[link.find("/auth/").unwrap()..]).await;
        assert_eq!(seen.status, StatusCode::SEE_OTHER, "{}", seen.text());
        seen.header("set-cookie").split(';').next().unwrap().to_owned()
    }

    /// What the policies say of a member in a role.
    pub(crate) fn may(&self, role: Role, owner: bool, page: Page, action: Action) -> bool {
        let asking = Asking {
            principal: Principal::Account { id: AccountId::from_u128(9), session: SessionId::from_u128(9) },
            workspace: self.id,
            role: RoleName::BuiltIn(role),
            owner,
            granted: None,
            limit: None,
            staff_read_only: false,
            switched_off: false,
        };
        let target = Target { workspace: self.id, page };
        self.installation.permissions().decide(&asking, target, action).allowed()
    }

    /// A link that signs the first owner in.
    pub(crate) async fn link(&self) -> String {
        self.server.sign_in_link(None, self.id).await.unwrap()
    }

    pub(crate) async fn send(&self, request: Request<Body>) -> Seen {
        let response = self.router.clone().oneshot(request).await.unwrap();
        let (parts, body) = response.into_parts();
        let body = axum::body::to_bytes(body, 64 << 20).await.unwrap().to_vec();
        Seen { status: parts.status, headers: parts.headers, body }
    }

    pub(crate) fn request(&self, method: Method, path: &str) -> axum::http::request::Builder {
        Request::builder().method(method).uri(path).header(header::HOST, self.host)
    }

    /// A request of a stranger.
    pub(crate) async fn get(&self, path: &str) -> Seen {
        self.send(self.request(Method::GET, path).body(Body::empty()).unwrap()).await
    }

    /// Signs in; the cookie pair to send.
    pub(crate) async fn sign_in(&self) -> String {
        let link = self.link().await;
        let path = &link[link.find("/auth/").unwrap()..];
        let seen = self.get(path).await;
        assert_eq!(seen.status, StatusCode::SEE_OTHER, "{}", seen.text());
        seen.header("set-cookie").split(';').next().unwrap().to_owned()
    }

    pub(crate) async fn get_as(&self, cookie: &str, path: &str) -> Seen {
        self.send(self.request(Method::GET, path).header(header::COOKIE, cookie).body(Body::empty()).unwrap())
            .await
    }

    /// A POST as the UI makes it.
    pub(crate) async fn post_as(&self, cookie: &str, path: &str, body: &str) -> Seen {
        let request = self
            .request(Method::POST, path)
            .header(header::COOKIE, cookie)
            .header(header::CONTENT_TYPE, "application/json")
            .header("x-bursar-csrf", "1")
            .body(Body::from(body.to_owned()))
            .unwrap();
        self.send(request).await
    }
}
