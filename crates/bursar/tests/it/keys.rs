//! `bursar keys`: what an operator sees of keys, and a rotation from end to end.

use crate::bursar;
use bursar_domain::clock::SystemClock;
use bursar_domain::id::WorkspaceId;
use bursar_domain::region::RegionName;
use bursar_keyring::{Keyring, MasterKeyConfig, SystemRandomness};
use bursar_testkit::Program;
use std::path::Path;
use std::process::Stdio;
use std::sync::Arc;
use std::time::Duration;

const OLD: &str = "1111111111111111111111111111111111111111111111111111111111111112";
const NEW: &str = "2222222222222222222222222222222222222222222222222222222222222221";
const BILL: &str = "\
BillingAccountId,BillingCurrency,BillingPeriodStart,BillingPeriodEnd,ChargePeriodStart,ChargePeriodEnd,ChargeCategory,BilledCost,EffectiveCost,ListCost,ContractedCost,ProviderName,ServiceName
1,USD,2026-10-01T00:00:00Z,2026-11-01T00:00:00Z,2026-10-01T00:00:00Z,2026-10-02T00:00:00Z,Usage,0.1,0.1,0.1,0.1,AWS,Amazon EC2
";

fn keys(data: &Path, args: &[&str]) -> Program {
    bursar().arg("keys").args(args).env("BURSAR_DATA_DIR", data)
}

/// A workspace that has keys, because it was asked something.
fn workspace(data: &Path, environment: &[(&str, &str)]) {
    let run = |args: &[&str]| {
        let program = bursar().args(args).env("BURSAR_DATA_DIR", data);
        environment
            .iter()
            .fold(program, |program, (key, value)| program.env(key, value))
            .run()
            .unwrap()
            .ok()
            .unwrap()
    };
    let bills = data.join("bills");
    std::fs::create_dir_all(&bills).unwrap();
    std::fs::write(bills.join("october.csv"), BILL).unwrap();
    run(&["workspace", "create", "acme"]);
    run(&["source", "add", "--workspace", "acme", bills.to_str().unwrap()]);
    run(&["cost", "--workspace", "acme"]);
}

#[test]
fn the_own_master_key_is_replaced() {
    // claim B8
    let data = tempfile::tempdir().unwrap();
    workspace(data.path(), &[]);
    let before = keys(data.path(), &["status"]).run().unwrap().ok().unwrap();
    assert!(before.text().contains("home") && before.text().contains("rk_"), "{before}");
    let run = keys(data.path(), &["rotate", "master"]).run().unwrap().ok().unwrap();
    assert!(run.text().contains("1 region key wrapped again") && run.text().contains("back it up"), "{run}");
    let run = keys(data.path(), &["rotate", "region", "home"]).run().unwrap().ok().unwrap();
    assert!(run.text().contains("version 2, 2 keys sealed again"), "{run}");
    let run = keys(data.path(), &["rotate", "workspace", "acme"]).run().unwrap().ok().unwrap();
    assert!(run.text().contains("version 2; new keys for rollup, field"), "{run}");
    let run = keys(data.path(), &["status", "-w", "acme"]).run().unwrap().ok().unwrap();
    assert!(run.text().contains("kept for what it has sealed"), "{run}");
    let after = keys(data.path(), &["status", "--format", "json"]).run().unwrap().ok().unwrap();
    let region = &after.json().unwrap()["regions"][0];
    assert_eq!(
        (region["keys"][0]["version"].as_u64(), region["waiting_for_region"].as_u64()),
        (Some(2), Some(0))
    );
    assert_eq!(region["sealed"]["2"].as_u64(), Some(2));
    let master = region["master_key"].as_str().unwrap();
    assert!(!before.text().contains(master), "{before}");
    let cost = bursar().args(["cost", "--workspace", "acme"]).env("BURSAR_DATA_DIR", data.path());
    cost.run().unwrap().ok().unwrap();
}

#[test]
fn a_given_master_key_is_replaced_with_the_one_before_beside_it() {
    // claim B8
    let data = tempfile::tempdir().unwrap();
    workspace(data.path(), &[("BURSAR_SECRET_KEY", OLD)]);
    let wrong = keys(data.path(), &["status"]).env("BURSAR_SECRET_KEY", NEW).run().unwrap();
    let wrong = wrong.expect_status(3).unwrap();
    assert_eq!(wrong.stderr.matches("mk_").count(), 2, "both are named: {wrong}");
    assert!(wrong.stderr.contains("BURSAR_SECRET_KEY_PREVIOUS"), "{wrong}");
    let both = |args: &[&str]| {
        keys(data.path(), args).env("BURSAR_SECRET_KEY", NEW).env("BURSAR_SECRET_KEY_PREVIOUS", OLD)
    };
    let waiting = both(&["status"]).run().unwrap().expect_status(1).unwrap();
    assert!(waiting.text().contains("run `bursar keys rotate master`"), "{waiting}");
    let run = both(&["rotate", "master"]).run().unwrap().ok().unwrap();
    assert!(run.text().contains("is not needed any more"), "{run}");
    let run = keys(data.path(), &["status"]).env("BURSAR_SECRET_KEY", NEW).run().unwrap().ok().unwrap();
    for secret in [OLD, NEW] {
        assert!(!run.text().contains(secret) && !run.stderr.contains(secret), "claim B7");
    }
    let run =
        keys(data.path(), &["rotate", "master"]).env("BURSAR_SECRET_KEY", NEW).run().unwrap().ok().unwrap();
    assert!(run.text().contains("nothing waited"), "{run}");
}

#[test]
fn wrong_names_are_told() {
    let data = tempfile::tempdir().unwrap();
    let run = keys(data.path(), &["rotate", "region", "mars"]).run().unwrap().expect_status(2).unwrap();
    assert!(run.stderr.contains("region mars is not configured here"), "{run}");
    let run = keys(data.path(), &["rotate", "region", "Mars!"]).run().unwrap().expect_status(2).unwrap();
    assert!(run.stderr.contains("a-z"), "{run}");
    let run = keys(data.path(), &["rotate", "workspace", "acme"]).run().unwrap().expect_status(2).unwrap();
    assert!(run.stderr.contains("acme"), "{run}");
    let nobody = WorkspaceId::from_u128(7).to_string();
    let run = keys(data.path(), &["status", "-w", &nobody]).run().unwrap().expect_status(2).unwrap();
    assert!(run.stderr.contains("there is no workspace"), "{run}");
    // A service that is not there.
    let data = tempfile::tempdir().unwrap();
    let run = keys(data.path(), &["status"])
        .env("BURSAR_SECRET_KEY_URL", "vault+http://127.0.0.1:1/transit/keys/bursar")
        .env("BURSAR_VAULT_TOKEN", "t0ken");
    let run = run.run().unwrap().ok().unwrap();
    assert!(run.text().contains("vault:transit/keys/bursar") && run.text().contains("none yet"), "{run}");
}

#[tokio::test]
async fn killed_fifty_times_and_nothing_is_lost() {
    // claim B8: a real process, killed while it rotates; whatever lies there opens, and the last run ends it.
    const WORKSPACES: u128 = 60;
    let data = tempfile::tempdir().unwrap();
    let open = || async {
        let (random, clock) = (Arc::new(SystemRandomness), Arc::new(SystemClock));
        Keyring::open(&MasterKeyConfig::default(), data.path(), random, clock).await.unwrap().keyring
    };
    let keyring = open().await;
    let mut before = Vec::new();
    for n in 0..WORKSPACES {
        let keys = keyring.create(WorkspaceId::from_u128(n), &RegionName::home()).await.unwrap();
        before.push(*keys.database_key().expose());
    }
    let mut killed = 0;
    for n in 0..50_u64 {
        let what: &[&str] = if n % 5 == 4 { &["rotate", "master"] } else { &["rotate", "region", "home"] };
        let mut command = keys(data.path(), what).command();
        let mut child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        // From before it reads its arguments to after it is done, spread evenly enough.
        tokio::time::sleep(Duration::from_millis(20 + n * 37 % 240)).await;
        killed += u32::from(child.try_wait().unwrap().is_none());
        child.kill().unwrap();
        child.wait().unwrap();
        if n % 10 == 9 {
            let keyring = open().await;
            for (n, database) in (0..WORKSPACES).zip(&before) {
                let keys = keyring.workspace(WorkspaceId::from_u128(n)).await.unwrap();
                assert!(keys.database_key().expose() == database, "workspace {n} has another key");
            }
        }
    }
    assert!(killed >= 10, "only {killed} were still running when they were killed");
    for what in [&["rotate", "master"][..], &["rotate", "region", "home"]] {
        keys(data.path(), what).run().unwrap().ok().unwrap();
    }
    keys(data.path(), &["status"]).run().unwrap().ok().unwrap();
    let keyring = open().await;
    for (n, database) in (0..WORKSPACES).zip(&before) {
        let keys = keyring.workspace(WorkspaceId::from_u128(n)).await.unwrap();
        assert!(keys.database_key().expose() == database);
    }
}
