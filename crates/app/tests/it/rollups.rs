//! A workspace makes rollups of what it counts, once, and answers from them.

use bursar_app::workspace_file::FORMAT;
use bursar_app::{Keep, SourceEntry, Workspace, WorkspaceFile};
use bursar_domain::Clock as _;
use bursar_domain::clock::FixedClock;
use bursar_domain::id::WorkspaceId;
use bursar_keyring::{SystemRandomness, WorkspaceKeys};
use bursar_lake::question::{Dimension, Question};
use chrono::DateTime;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::SystemTime;

const HEADER: &str = "BillingCurrency,ProviderName,ChargePeriodStart,ChargePeriodEnd,BilledCost,EffectiveCost,\
ChargeCategory,ServiceName,SubAccountId\n";

fn deliver(folder: &Path, month: u8, amount: &str) {
    let at = folder.join(format!("billing_period=2026-{month:02}"));
    std::fs::create_dir_all(&at).unwrap();
    let mut text = HEADER.to_owned();
    for (day, service) in [(1, "Disks"), (2, "Queues"), (2, "Disks")] {
        let start = format!("2026-{month:02}-{day:02}T00:00:00Z");
        text.push_str(&format!("EUR,AWS,{start},,{amount},{amount},Usage,{service},111\n"));
    }
    std::fs::write(at.join("charges.csv"), text).unwrap();
}

fn workspace(source: &Path, derived: &Path, keys: &Arc<WorkspaceKeys>) -> Workspace {
    let clock = FixedClock(DateTime::UNIX_EPOCH);
    let id = WorkspaceId::from_u128(1);
    let sources = vec![SourceEntry::new(id, source.to_str().unwrap(), None, clock.now())];
    let file = WorkspaceFile { format: FORMAT, id, name: "test".into(), created_at: clock.now(), sources };
    let keep = Keep { folder: derived.to_owned(), keys: Arc::clone(keys) };
    Workspace::open(
        file.id,
        file.name.clone(),
        file.sources.clone(),
        Some(keep),
        Arc::new(clock),
        Arc::new(|_: &str| None),
        bursar_app::engine().unwrap(),
    )
    .unwrap()
}

fn files(folder: &Path) -> BTreeMap<PathBuf, SystemTime> {
    let mut found = BTreeMap::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let entry = entry.unwrap();
        if entry.path().is_dir() {
            found.extend(files(&entry.path()));
        } else {
            found.insert(entry.path(), entry.metadata().unwrap().modified().unwrap());
        }
    }
    found
}

/// One payer's charges of one member account, under an export's folder.
fn export(folder: &Path, name: &str, account: &str) {
    std::fs::create_dir_all(folder.join(name)).unwrap();
    let mut text = format!("BillingAccountId,{HEADER}");
    for day in 1..20 {
        let start = format!("2026-01-{day:02}T00:00:00Z");
        text.push_str(&format!("payer,EUR,AWS,{start},,{day}.5,{day}.5,Usage,Disks,{account}\n"));
    }
    std::fs::write(folder.join(name).join("charges.csv"), text).unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn exports_are_compared_by_their_rows_once() {
    // claim A3
    let (source, derived) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let keys = Arc::new(WorkspaceKeys::ephemeral(WorkspaceId::from_u128(1), &SystemRandomness).unwrap());
    for (name, account) in [("a", "111"), ("b", "222"), ("c", "111")] {
        export(source.path(), name, account);
    }
    let workspace = workspace(source.path(), derived.path(), &keys);
    workspace.refresh().await;
    let told = |workspace: &Workspace| workspace.sources()[0].problem.clone().unwrap_or_default();
    let first = told(&workspace);
    assert!(first.contains("billing account `payer`"), "{first}");
    assert_eq!(workspace.deliveries(None).len(), 1, "a and c hold the same charges");
    assert_eq!(workspace.sources()[0].dialect.as_deref().map(|d| d.starts_with("FOCUS 1")), Some(true));
    // No news: nothing is read, and the same is said.
    let bytes = workspace.ledger().bytes;
    workspace.refresh().await;
    assert_eq!((workspace.ledger().bytes, told(&workspace)), (bytes, first));
    assert_eq!(workspace.deliveries(None).len(), 1);
    // News: the copy is gone.
    std::fs::remove_dir_all(source.path().join("c")).unwrap();
    workspace.refresh().await;
    assert_eq!((workspace.deliveries(None).len(), told(&workspace).as_str()), (2, ""));
}

#[tokio::test(flavor = "multi_thread")]
async fn only_a_changed_delivery_is_rolled_up_again() {
    // claims A4, B4
    let (source, derived) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let keys = Arc::new(WorkspaceKeys::ephemeral(WorkspaceId::from_u128(1), &SystemRandomness).unwrap());
    for month in 1..=3 {
        deliver(source.path(), month, "1.25");
    }
    let question = Question { by: vec![Dimension::Column("ServiceName".into())], ..Question::default() };
    let sum = async |workspace: &Workspace| {
        let answer = workspace.ask(question.clone()).await.unwrap();
        assert!(answer.read.rollup, "rows were read");
        answer.totals[0].amount.to_string()
    };
    let first = workspace(source.path(), derived.path(), &keys);
    first.refresh().await;
    assert_eq!(sum(&first).await, "11.25");
    let rollups = derived.path().join("derived/rollups");
    let before = files(&rollups);
    assert!(before.len() >= 3);

    // A second start finds them; nothing of the bill is read but lists and heads of files.
    let second = workspace(source.path(), derived.path(), &keys);
    second.refresh().await;
    assert_eq!(sum(&second).await, "11.25");
    assert_eq!(files(&rollups), before);

    deliver(source.path(), 2, "2.25");
    second.refresh().await;
    assert_eq!(sum(&second).await, "14.25");
    let after = files(&rollups);
    let kept = after.iter().filter(|(path, time)| before.get(*path) == Some(*time)).count();
    assert_eq!((after.len(), kept), (before.len(), before.len() / 3 * 2));

    // Another key opens none of it: it is made anew.
    let other = Arc::new(WorkspaceKeys::ephemeral(WorkspaceId::from_u128(1), &SystemRandomness).unwrap());
    let third = workspace(source.path(), derived.path(), &other);
    third.refresh().await;
    assert_eq!(sum(&third).await, "14.25");
    for (path, _) in files(derived.path()) {
        let bytes = std::fs::read(&path).unwrap();
        for told in ["Disks", "Queues", "2.25"] {
            let found = bytes.windows(told.len()).any(|window| window == told.as_bytes());
            assert!(!found, "{told} in {}", path.display());
        }
    }
}
