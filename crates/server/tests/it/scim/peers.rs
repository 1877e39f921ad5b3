//! Clients that we did not write, through the running server.

use super::token_of;
use bursar_app::Installation;
use bursar_domain::clock::SystemClock;
use bursar_domain::id::WorkspaceId;
use bursar_domain::{Actor, Clock, Role, RoleName};
use bursar_server::{Limits, Server, Settings};
use bursar_store::{NewMembership, Paging, ScimFilter, TokenKind, Via};
use bursar_testkit::peers::{canaille, scim_tester};
use std::sync::Arc;
use tokio::net::TcpListener;

struct Running {
    installation: Installation,
    workspace: WorkspaceId,
    base: String,
    token: String,
    stop: tokio::sync::oneshot::Sender<()>,
    serving: tokio::task::JoinHandle<std::io::Result<()>>,
    _data: tempfile::TempDir,
}

impl Running {
    async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let clock: Arc<dyn Clock> = Arc::new(SystemClock);
        let data = tempfile::tempdir().unwrap();
        let (installation, workspace) = crate::kit::installation(data.path(), clock, &[]).await;
        let settings = Settings::new(address, None).unwrap().with_limits(Limits::none());
        let server = Server::new(installation.clone(), settings);
        let email = "owner@example.org".parse().unwrap();
        let owner = installation.account_for(&email, "Owner", false).await.unwrap();
        let role = RoleName::BuiltIn(Role::Admin);
        let joined = NewMembership { account: owner, role, owner: true, via: Via::Manual };
        installation.store().directory().join(&Actor::operator(), workspace, joined).await.unwrap();
        let token = token_of(&installation, workspace, owner, TokenKind::Scim).await;
        let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
        let serving =
            tokio::spawn(
                async move { server.serve(listener, async { stopped.await.unwrap_or_default() }).await },
            );
        let base = format!("http://{address}/scim/v2");
        Self { installation, workspace, base, token, stop, serving, _data: data }
    }

    async fn end(self) {
        self.stop.send(()).unwrap();
        self.serving.await.unwrap().unwrap();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_independent_suite_finds_nothing_wrong() {
    // claim C2
    let Some(tester) = scim_tester() else { return };
    let running = Running::start().await;
    let (base, token) = (running.base.clone(), running.token.clone());
    let report = tokio::task::spawn_blocking(move || tester.test(&base, &token)).await.unwrap().unwrap();
    assert!(report.failed.is_empty(), "{}\n{}", report.failed.join("\n"), report.output);
    assert!(report.succeeded >= 100, "{} checks only\n{}", report.succeeded, report.output);
    running.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_identity_server_provisions_people() {
    // claim C2
    let running = Running::start().await;
    let (base, token) = (running.base.clone(), running.token.clone());
    let Some(canaille) = tokio::task::spawn_blocking(move || canaille(&base, &token)).await.unwrap() else {
        return;
    };
    let canaille = Arc::new(canaille);
    let run = async |arguments: &'static [&'static str]| {
        let canaille = Arc::clone(&canaille);
        tokio::task::spawn_blocking(move || canaille.run(arguments)).await.unwrap().unwrap()
    };
    let made = run(&[
        "create",
        "user",
        "--user-name",
        "rita",
        "--formatted-name",
        "Rita Costa",
        "--family-name",
        "Costa",
        "--given-name",
        "Rita",
        "--emails",
        "rita@example.com",
    ])
    .await;
    let store = super::store_of(&running.installation, running.workspace).await;
    let by_name = ScimFilter::UserName("rita".into());
    let found = async || store.scim_users(Some(&by_name), Paging::default()).await.unwrap().0.pop();
    let rita = found().await.unwrap_or_else(|| panic!("Canaille provisioned nobody\n{made}"));
    assert!(rita.external_id.is_some() && rita.active);
    let account = rita.account.unwrap();
    let member = store.member(account).await.unwrap();
    assert_eq!(member.account.email.as_str(), "rita@example.com");
    run(&["set", "user", "rita", "--family-name", "Lima"]).await;
    let changed = found().await.unwrap();
    assert_eq!(changed.id, rita.id);
    assert_eq!(changed.attributes["name"]["familyName"], "Lima", "{:?}", changed.attributes);
    run(&["delete", "user", "--noconfirm", "--user-name", "rita"]).await;
    assert!(found().await.is_none());
    assert!(store.member(account).await.is_err());
    running.end().await;
}
