//! A server with a clock and randomness that the test decides.

use axum::Router;
use axum::body::Body;
use axum::http::{HeaderMap, Method, Request, StatusCode, header};
use bursar_app::workspace_file::FORMAT;
use bursar_app::{SourceEntry, Workspace, WorkspaceFile};
use bursar_domain::Clock;
use bursar_domain::id::WorkspaceId;
use bursar_server::{Random, RandomError, Server, Settings};
use chrono::{DateTime, Duration, Utc};
use serde_json::Value;
use std::sync::atomic::{AtomicU8, Ordering};
use std::sync::{Arc, Mutex};
use tower::ServiceExt as _;

/// A workspace with these sources, that keeps nothing.
pub(crate) fn workspace(clock: Arc<dyn Clock>, sources: Vec<SourceEntry>) -> Workspace {
    let id = WorkspaceId::from_u128(1);
    let file = WorkspaceFile { format: FORMAT, id, name: "test".into(), created_at: clock.now(), sources };
    Workspace::open(
        file.id,
        file.name.clone(),
        file.sources.clone(),
        None,
        clock,
        Arc::new(|_: &str| None),
        bursar_app::engine().unwrap(),
    )
    .unwrap()
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
    router: Router,
    host: &'static str,
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
    pub(crate) fn new() -> Self {
        Self::at("127.0.0.1:8080", None)
    }

    pub(crate) fn at(listen: &str, public: Option<&str>) -> Self {
        Self::over(listen, public, &[])
    }

    pub(crate) fn with_sources(locations: &[&str]) -> Self {
        Self::over("127.0.0.1:8080", None, locations)
    }

    fn over(listen: &str, public: Option<&str>, locations: &[&str]) -> Self {
        let clock = Arc::new(TestClock(Mutex::new("2026-11-22T12:00:00Z".parse().unwrap())));
        let sources =
            locations.iter().map(|l| SourceEntry::new(WorkspaceId::from_u128(1), l, None, clock.now()));
        let workspace = workspace(Arc::clone(&clock) as Arc<dyn Clock>, sources.collect());
        let public = public.map(|url| url.parse().unwrap());
        let host = if public.is_some() { "bursar.example.com" } else { "127.0.0.1:8080" };
        let settings = Settings::new(listen.parse().unwrap(), public).unwrap();
        let server = Server::with_random(workspace.clone(), settings, Arc::new(Counting::default()));
        Self { router: server.router(), server, clock, workspace, host }
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
        let link = self.server.sign_in_link().unwrap();
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
