//! The OpenAPI document is true: schemathesis sends what it allows and what it forbids, and every
//! answer is what it says.

use bursar_app::SourceEntry;
use bursar_domain::Clock;
use bursar_domain::clock::SystemClock;
use bursar_domain::id::WorkspaceId;
use bursar_server::{Limits, Server, Settings};
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
    let source = SourceEntry::new(WorkspaceId::from_u128(1), location, None, clock.now());
    let workspace = crate::kit::workspace(clock, vec![source]);
    workspace.refresh().await;
    let server = Server::new(workspace, Settings::new(address, None).unwrap().with_limits(Limits::none()));
    let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
    let serving = {
        let server = server.clone();
        tokio::spawn(async move { server.serve(listener, async { stopped.await.unwrap_or_default() }).await })
    };

    let base = format!("http://{address}");
    let link = server.sign_in_link().unwrap();
    let client = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).build().unwrap();
    let signed_in = client.get(&link).send().await.unwrap();
    let cookie = signed_in.headers()["set-cookie"].to_str().unwrap().split(';').next().unwrap().to_owned();

    let work = tempfile::tempdir().unwrap();
    let run = tokio::task::spawn_blocking(move || {
        Command::new(schemathesis)
            .args([
                "run",
                &format!("{base}/api/openapi.json"),
                "--url",
                &base,
                "-H",
                &format!("Cookie: {cookie}"),
            ])
            .args([
                "-n",
                "30",
                "--seed",
                "1",
                "--no-color",
                "--generation-database",
                "none",
                "--suppress-health-check",
                "all",
            ])
            // An empty folder: no configuration of somebody else's.
            .current_dir(work.path())
            .output()
            .unwrap()
    });
    let output = run.await.unwrap();
    stop.send(()).unwrap();
    serving.await.unwrap().unwrap();
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{text}{}", String::from_utf8_lossy(&output.stderr));
}
