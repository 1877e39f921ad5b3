//! The OpenAPI document is true: schemathesis sends what it allows and what it forbids, and every
//! answer is what it says.

use bursar_domain::clock::SystemClock;
use bursar_domain::{Actor, Clock, Scope};
use bursar_server::{Limits, Server, Settings};
use bursar_store::{NewToken, TokenKind};
use std::process::Command;
use std::sync::Arc;
use tokio::net::TcpListener;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_openapi_document_is_true() {
    let Some(schemathesis) = bursar_testkit::peers::python("schemathesis", "schemathesis") else { return };
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let clock: Arc<dyn Clock> = Arc::new(SystemClock);
    let folder = crate::cost::november();
    let location = folder.path().to_str().unwrap();
    let data = tempfile::tempdir().unwrap();
    let (installation, id) = crate::kit::installation(data.path(), clock, &[location]).await;
    installation.whole_workspace(id).await.unwrap().refresh().await;
    let store = installation.clone();
    let server = Server::new(installation, Settings::new(address, None).unwrap().with_limits(Limits::none()));
    let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
    let serving = {
        let server = server.clone();
        tokio::spawn(async move { server.serve(listener, async { stopped.await.unwrap_or_default() }).await })
    };

    let base = format!("http://{address}");
    let link = server.sign_in_link(None, id).await.unwrap();
    let client = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).build().unwrap();
    let signed_in = client.get(&link).send().await.unwrap();
    let cookie = signed_in.headers()["set-cookie"].to_str().unwrap().split(';').next().unwrap().to_owned();

    // Questions: what the document allows is accepted, what it forbids is not. Names and addresses have
    // rules that no schema says (blank ones, ids of things that are gone), so there a refusal of what the
    // document allows is no finding, and a program with a token needs no CSRF header; undocumented answers and faults of the server are.
    let lax: &'static [&str] =
        &["--exclude-checks", "positive_data_acceptance,negative_data_rejection,missing_required_header"];
    let runs: [(&'static [&str], &'static [&str]); 2] = [
        (&["--exclude-tag", "administration", "--exclude-tag", "account"], &[]),
        (&["--include-tag", "administration", "--include-tag", "account"], lax),
    ];
    let access = store.store().operator(id).await.unwrap();
    let owner = store.store().workspace(&access).await.unwrap().members(Default::default()).await.unwrap();
    let token = NewToken {
        name: "schemathesis".into(),
        account: owner[0].account.id,
        kind: TokenKind::Api,
        pages: None,
        actions: None,
        scope: Scope::All,
        expires_at: None,
    };
    let of_workspace = store.store().workspace(&access).await.unwrap();
    let (token, _) = of_workspace.create_token(&Actor::operator(), token).await.unwrap();
    let headers = [format!("Cookie: {cookie}"), format!("Authorization: Bearer {}", token.expose())];
    for ((which, how), header) in runs.into_iter().zip(headers) {
        let (schemathesis, base, work) = (schemathesis.clone(), base.clone(), tempfile::tempdir().unwrap());
        let run = tokio::task::spawn_blocking(move || {
            Command::new(schemathesis)
                .args(["run", &format!("{base}/api/openapi.json"), "--url", &base, "-H", &header])
                .args(["-n", "30", "--seed", "1", "--no-color", "--generation-database", "none"])
                .args(["--suppress-health-check", "all"])
                .args(which)
                .args(how)
                // An empty folder: no configuration of somebody else's.
                .current_dir(work.path())
                .output()
                .unwrap()
        });
        let output = run.await.unwrap();
        let text = String::from_utf8_lossy(&output.stdout);
        assert!(output.status.success(), "{text}{}", String::from_utf8_lossy(&output.stderr));
    }
    stop.send(()).unwrap();
    serving.await.unwrap().unwrap();
}
