//! `bursar serve`, `workspace`, `source`, `doctor`, `openapi`: the operator's own commands.

use crate::bursar;
use bursar_testkit::Process;
use std::path::Path;

const BILL: &str = "\
BillingAccountId,BillingCurrency,BillingPeriodStart,BillingPeriodEnd,ChargePeriodStart,ChargePeriodEnd,ChargeCategory,BilledCost,EffectiveCost,ListCost,ContractedCost,ProviderName,ServiceName
1,USD,2026-10-01T00:00:00Z,2026-11-01T00:00:00Z,2026-10-01T00:00:00Z,2026-10-02T00:00:00Z,Usage,0.1,0.1,0.1,0.1,AWS,Amazon EC2
1,USD,2026-10-01T00:00:00Z,2026-11-01T00:00:00Z,2026-10-02T00:00:00Z,2026-10-03T00:00:00Z,Usage,0.2,0.2,0.2,0.2,AWS,Amazon EC2
";

fn serve(bills: &Path, data: &Path) -> Process {
    let command = |port: u16, _: &Path| {
        let listen = format!("127.0.0.1:{port}");
        let program = bursar().args(["serve", "--listen", &listen]).arg("--source").arg(bills);
        program.arg("--data-dir").arg(data).command()
    };
    Process::start("bursar", command, |port| bursar_testkit::http_status(port, "/health") == Some(200))
        .unwrap()
}

#[tokio::test]
async fn a_folder_is_served_behind_the_printed_link() {
    let (bills, data) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    std::fs::write(bills.path().join("october.csv"), BILL).unwrap();
    let mut server = serve(bills.path(), data.path());
    let link =
        server.wait_for_line(|line| line.starts_with("http://127.0.0.1").then(|| line.to_owned())).unwrap();
    let client = reqwest::Client::builder().cookie_store(true).build().unwrap();
    let cost = format!("{}/api/v1/cost?by=ServiceName&from=2026-10-01&to=2026-11-01", server.url());
    assert_eq!(client.get(&cost).send().await.unwrap().status(), 401);
    assert_eq!(client.get(&link).send().await.unwrap().status(), 200, "the front page");
    let mut amount = serde_json::Value::Null;
    // The sources are looked through in the background.
    for _ in 0..100 {
        let answer: serde_json::Value = client.get(&cost).send().await.unwrap().json().await.unwrap();
        amount = answer["rows"][0]["amount"].clone();
        if !amount.is_null() {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
    }
    assert_eq!(amount, "0.3");
    assert!(!server.log().contains("error"), "{}", server.log());
}

#[tokio::test]
async fn what_the_server_rolled_up_answers_the_command_line_too() {
    let (bills, data) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    std::fs::write(bills.path().join("october.csv"), BILL).unwrap();
    let with_data = |args: &[&str]| bursar().args(args).arg("--data-dir").arg(data.path());
    with_data(&["workspace", "create", "acme"]).run().unwrap().expect_status(0).unwrap();
    let add = with_data(&["source", "add", "--workspace", "acme"]).arg(bills.path());
    add.run().unwrap().expect_status(0).unwrap();
    let ask = || {
        let ask = with_data(&[
            "cost",
            "--workspace",
            "acme",
            "--by",
            "ServiceName",
            "--format",
            "csv",
            "--explain",
        ]);
        ask.run().unwrap().expect_status(0).unwrap()
    };
    let from_rows = ask();
    assert!(String::from_utf8_lossy(&from_rows.stdout).contains("Amazon EC2,USD,0.3"), "{from_rows}");
    assert!(from_rows.stderr.contains("answered from the rows"), "{from_rows}");
    let command = |port: u16, _: &Path| {
        let listen = format!("127.0.0.1:{port}");
        with_data(&["serve", "--workspace", "acme", "--listen", &listen]).command()
    };
    let healthy = |port| bursar_testkit::http_status(port, "/health") == Some(200);
    let _server = Process::start("bursar", command, healthy).unwrap();
    let mut from_rollups = ask();
    for _ in 0..100 {
        if from_rollups.stderr.contains("answered from rollups") {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
        from_rollups = ask();
    }
    assert!(from_rollups.stderr.contains("answered from rollups"), "{from_rollups}");
    assert_eq!(from_rollups.stdout, from_rows.stdout);
}

#[tokio::test]
async fn members_and_tokens_of_the_command_line_work_on_the_running_server() {
    // claim C5, claim C6
    let (bills, data) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    std::fs::write(bills.path().join("october.csv"), BILL).unwrap();
    let with = |args: &[&str]| bursar().args(args).env("BURSAR_DATA_DIR", data.path()).run().unwrap();
    with(&["workspace", "create", "acme"]).ok().unwrap();
    with(&["source", "add", "--workspace", "acme", bills.path().to_str().unwrap()]).ok().unwrap();
    let mut server = Process::start(
        "bursar",
        |port: u16, _: &Path| {
            let listen = format!("127.0.0.1:{port}");
            bursar().args(["serve", "--listen", &listen, "--data-dir"]).arg(data.path()).command()
        },
        |port| bursar_testkit::http_status(port, "/health") == Some(200),
    )
    .unwrap();
    server.wait_for_line(|line| line.starts_with("http://127.0.0.1").then(|| line.to_owned())).unwrap();
    // The server runs, and knows of them at once.
    let token = |email: &str, role: &str| {
        with(&["member", "add", email, "--workspace", "acme", "--role", role]).ok().unwrap();
        let made = with(&["token", "create", "--member", email, "--workspace", "acme", "--expires", "1d"]);
        made.ok().unwrap().text().trim().to_owned()
    };
    let (analyst, viewer) = (token("ana@example.com", "analyst"), token("vic@example.com", "viewer"));
    let client = reqwest::Client::new();
    let cost = format!("{}/api/v1/cost?from=2026-10-01&to=2026-11-01", server.url());
    let status =
        async |token: &str| client.get(&cost).bearer_auth(token).send().await.unwrap().status().as_u16();
    assert_eq!((status(&analyst).await, status(&viewer).await, status("bursar_no").await), (200, 403, 401));
    let explained =
        with(&["authz", "explain", "vic@example.com", "query", "explorer", "--workspace", "acme"]);
    assert!(explained.expect_status(1).unwrap().text().contains("viewer"), "the reason names the role");
    let tokens = with(&["token", "list", "--workspace", "acme"]).ok().unwrap();
    assert!(!tokens.text().contains(&analyst[45..]), "{tokens}");
    let line = tokens.text().lines().next().unwrap().to_owned();
    let id = line.split('\t').next().unwrap();
    with(&["token", "revoke", id, "--workspace", "acme"]).ok().unwrap();
    with(&["member", "remove", "vic@example.com", "--workspace", "acme"]).ok().unwrap();
    let statuses = [status(&analyst).await, status(&viewer).await];
    assert!(statuses.contains(&401), "{statuses:?}");
    assert_eq!(status(&viewer).await, 401);
}

/// A copy of the data directory tells neither names nor addresses nor amounts. // claim B4, claim B7
#[test]
fn nothing_that_was_told_is_readable_on_disk() {
    let data = tempfile::tempdir().unwrap();
    let with = |args: &[&str]| bursar().args(args).env("BURSAR_DATA_DIR", data.path()).run().unwrap();
    with(&["workspace", "create", "zanzibar holding"]).ok().unwrap();
    with(&["source", "add", "--workspace", "zanzibar holding", "s3://kilimanjaro-bills/x"]).ok().unwrap();
    with(&["member", "add", "tinga@serengeti.example", "--workspace", "zanzibar holding"]).ok().unwrap();
    let token =
        with(&["token", "create", "--member", "tinga@serengeti.example", "--workspace", "zanzibar holding"]);
    let token = token.ok().unwrap().text().trim().to_owned();
    let canaries = ["zanzibar", "kilimanjaro", "tinga", "serengeti", &token, "SQLite format 3"];
    let mut files = 0;
    let mut folders = vec![data.path().to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
                continue;
            }
            files += 1;
            let bytes = std::fs::read(&path).unwrap();
            for canary in canaries {
                let found = bytes.windows(canary.len()).any(|window| window == canary.as_bytes());
                assert!(!found, "{canary} is in {}", path.display());
            }
        }
    }
    assert!(files >= 4, "{files} files were looked at");
}

#[test]
fn every_wrong_setting_is_named_before_anything_starts() {
    // claim J2
    let data = tempfile::tempdir().unwrap();
    let run = bursar()
        .args(["serve", "--data-dir"])
        .arg(data.path())
        .env("BURSAR_LISTEN", "8080")
        .env("BURSAR_PUBLIC_URL", "bursar.example.com")
        .env("BURSAR_REFRESH_MINUTES", "never")
        .run()
        .unwrap()
        .expect_status(2)
        .unwrap();
    for key in ["BURSAR_LISTEN", "BURSAR_PUBLIC_URL", "BURSAR_REFRESH_MINUTES"] {
        assert!(run.stderr.contains(key), "{run}");
    }
    let run = bursar().args(["serve", "--listen", "0.0.0.0:0", "--data-dir"]).arg(data.path());
    let run = run.run().unwrap().expect_status(2).unwrap();
    assert!(run.stderr.contains("plain http") && run.stderr.contains("BURSAR_PUBLIC_URL"), "{run}");
}

#[test]
fn workspaces_and_sources_are_kept_in_the_data_directory() {
    let data = tempfile::tempdir().unwrap();
    let with = |args: &[&str]| bursar().args(args).env("BURSAR_DATA_DIR", data.path()).run().unwrap();
    assert!(with(&["workspace", "create", "acme"]).ok().unwrap().text().starts_with("wsp_"));
    assert!(
        with(&["source", "add", "--workspace", "acme", "s3://bills/focus"])
            .ok()
            .unwrap()
            .text()
            .starts_with("src_")
    );
    assert!(
        with(&["source", "list", "--workspace", "acme"]).ok().unwrap().text().contains("s3://bills/focus")
    );
    assert!(with(&["workspace", "list"]).ok().unwrap().text().contains("acme\t1 sources"));
    let again = with(&["workspace", "create", "acme"]).expect_status(2).unwrap();
    assert!(again.stderr.contains("already a workspace `acme`"), "{again}");
    let unknown = with(&["source", "add", "--workspace", "acne", "/bills"]).expect_status(2).unwrap();
    assert!(unknown.stderr.contains("there are: acme"), "{unknown}");
}

#[test]
fn the_doctor_lists_every_setting_and_finds_the_wrong_one() {
    // claim J2
    let data = tempfile::tempdir().unwrap();
    let with = || bursar().arg("doctor").env("BURSAR_DATA_DIR", data.path());
    let run = with().run().unwrap().ok().unwrap();
    for key in ["BURSAR_DATA_DIR", "BURSAR_LISTEN", "BURSAR_PUBLIC_URL", "BURSAR_SECRET_KEY", "BURSAR_LOG"] {
        assert!(run.text().contains(key), "{run}");
    }
    let secret = "c2VjcmV0IHRoYXQgaXMgbm90IGEga2V5";
    let run = with().env("BURSAR_SECRET_KEY", secret).env("BURSAR_LISTNE", "x").run().unwrap();
    let run = run.expect_status(1).unwrap();
    assert!(run.text().contains("WRONG") && run.text().contains("did you mean BURSAR_LISTEN"), "{run}");
    assert!(!run.text().contains(secret), "{run}");
}

#[test]
fn the_openapi_document_is_printed() {
    let run = bursar().arg("openapi").run().unwrap().ok().unwrap();
    assert_eq!(run.json().unwrap()["openapi"], "3.1.0");
}
