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
