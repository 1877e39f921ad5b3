//! What is special to files: wrong keys, other installations' files, how many are open, kills.

use crate::stage::{Hands, Kind, OPERATOR, Random, Stage, keyring};
use bursar_domain::RegionName;
use bursar_domain::id::WorkspaceId;
use bursar_store::{NewSource, NewWorkspace, Store, StoreConfig, StoreError};
use bursar_testkit::peers::postgres;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

async fn open(data: &Path, keys: &Path) -> Result<Store, StoreError> {
    let clock = Arc::new(Hands::start());
    let keyring = keyring(keys, clock.clone()).await;
    Store::open(StoreConfig::embedded(data), keyring, clock, Arc::new(Random)).await
}

fn file_of(stage: &Stage, workspace: WorkspaceId) -> PathBuf {
    stage.directory.path().join("workspaces").join(workspace.to_string()).join("workspace.db")
}

/// The files below a directory with their bytes.
fn snapshot(directory: &Path) -> Vec<(PathBuf, Vec<u8>)> {
    let mut files = Vec::new();
    for entry in fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        if path.is_file() {
            files.push((path.clone(), fs::read(path).unwrap()));
        }
    }
    files.sort();
    files
}

#[tokio::test]
async fn a_wrong_key_is_told_and_touches_nothing() {
    // claim B4
    let stage = Stage::new(Kind::Embedded).await.unwrap();
    stage.account("ana").await;
    stage.store.close().await.unwrap();
    let (mine, other) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let file = mine.path().join("directory.db");
    fs::copy(stage.directory.path().join("directory.db"), &file).unwrap();
    let before = snapshot(mine.path());
    let error = open(mine.path(), other.path()).await.unwrap_err();
    assert!(matches!(&error, StoreError::WrongKey(path) if *path == file), "{error}");
    assert_eq!(snapshot(mine.path()), before);
    // A file that is no database of ours at all, and a plain one of SQLite's.
    fs::write(&file, b"SQLite format 3\0 and then nonsense".repeat(200)).unwrap();
    let before = snapshot(mine.path());
    assert!(matches!(open(mine.path(), other.path()).await, Err(StoreError::WrongKey(_))));
    assert_eq!(snapshot(mine.path()), before);
}

#[tokio::test]
async fn another_workspaces_file_is_refused() {
    // claim B1
    let stage = Stage::new(Kind::Embedded).await.unwrap();
    let (one, two) = (stage.workspace("one").await, stage.workspace("two").await);
    stage.store.close().await.unwrap();
    fs::copy(file_of(&stage, one), file_of(&stage, two)).unwrap();
    let store = stage.reopen().await.unwrap();
    let opened = async |workspace| {
        let access = store.operator(workspace).await.unwrap();
        store.workspace(&access).await
    };
    assert!(matches!(opened(two).await, Err(StoreError::WrongKey(_))));
    assert!(opened(one).await.is_ok());
    // Cut to nothing, it is not taken for a new one.
    fs::write(file_of(&stage, two), b"").unwrap();
    assert!(matches!(opened(two).await, Err(StoreError::WrongKey(_))));
    fs::remove_file(file_of(&stage, two)).unwrap();
    assert!(matches!(opened(two).await, Err(StoreError::Io { .. })));
}

#[tokio::test]
async fn few_files_are_open_however_many_there_are() {
    let mut stage = Stage::new(Kind::Embedded).await.unwrap();
    stage.config.open_workspaces = 4;
    let store = stage.reopen().await.unwrap();
    let mut ids = Vec::new();
    for number in 0..12 {
        let new = NewWorkspace { region: RegionName::home(), name: format!("w{number}"), id: None };
        ids.push(store.create_workspace(&OPERATOR, new).await.unwrap().id);
    }
    assert_eq!(store.open_workspaces(), 0, "made, and not kept open");
    let add = async |id: WorkspaceId| {
        let access = store.operator(id).await.unwrap();
        let workspace = store.workspace(&access).await.unwrap();
        let source = NewSource { location: format!("s3://{id}"), dialect: None, id: None };
        workspace.add_source(&OPERATOR, source).await.unwrap();
        workspace
    };
    // A handle works on while others push it out.
    let first = add(ids[0]).await;
    futures::future::join_all(ids[1..].iter().map(|id| add(*id))).await;
    assert!(store.open_workspaces() <= 4);
    assert_eq!(first.sources(Default::default()).await.unwrap()[0].location, format!("s3://{}", ids[0]));
    for id in ids {
        let access = store.operator(id).await.unwrap();
        let sources = store.workspace(&access).await.unwrap().sources(Default::default()).await.unwrap();
        assert_eq!(sources[0].location, format!("s3://{id}"));
    }
}

#[tokio::test]
async fn files_are_their_owners_alone() {
    use std::os::unix::fs::PermissionsExt;
    let stage = Stage::new(Kind::Embedded).await.unwrap();
    let workspace = stage.workspace("one").await;
    stage.open(workspace).await;
    for file in [stage.directory.path().join("directory.db"), file_of(&stage, workspace)] {
        for file in [file.clone(), file.with_extension("db-wal"), file.with_extension("db-shm")] {
            let mode = fs::metadata(&file).unwrap().permissions().mode() & 0o777;
            assert_eq!(mode, 0o600, "{}", file.display());
        }
    }
    let folder = file_of(&stage, workspace);
    assert_eq!(fs::metadata(folder.parent().unwrap()).unwrap().permissions().mode() & 0o777, 0o700);
}

const CHILD: &str = "BURSAR_STORE_TEST_CHILD";

/// Not a test of its own: what the next two start and kill.
#[tokio::test]
async fn child_that_makes_an_installation() {
    let Ok(arguments) = std::env::var(CHILD) else { return };
    let (data, urls) = arguments.split_once('|').unwrap();
    let config = match urls.split_once('|') {
        Some((app, owner)) => StoreConfig::postgres(app.to_owned().into(), Some(owner.to_owned().into())),
        None => StoreConfig::embedded(data),
    };
    let clock = Arc::new(Hands::start());
    let keyring = keyring(Path::new(data), clock.clone()).await;
    let store = Store::open(config, keyring, clock, Arc::new(Random)).await.unwrap();
    loop {
        let new = NewWorkspace { region: RegionName::home(), name: "made".into(), id: None };
        store.create_workspace(&OPERATOR, new).await.unwrap();
    }
}

/// Starts the child, kills it after a while, and returns when it is dead.
fn killed(arguments: &str, after: Duration) {
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "embedded::child_that_makes_an_installation", "--nocapture"])
        .env(CHILD, arguments)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    std::thread::sleep(after);
    child.kill().unwrap();
    child.wait().unwrap();
}

/// Opens what was killed, and uses it; how many workspaces are in it.
async fn usable(config: StoreConfig, data: &Path) -> usize {
    let clock = Arc::new(Hands::start());
    let keyring = keyring(data, clock.clone()).await;
    let store = Store::open(config, keyring, clock, Arc::new(Random)).await.unwrap();
    let there = store.directory().workspaces(Default::default()).await.unwrap();
    for workspace in &there {
        // What the directory names is whole.
        let access = store.operator(workspace.id).await.unwrap();
        store.workspace(&access).await.unwrap().sources(Default::default()).await.unwrap();
    }
    let new = NewWorkspace { region: RegionName::home(), name: "after".into(), id: None };
    store.create_workspace(&OPERATOR, new).await.unwrap();
    there.len()
}

/// Moments spread over the first start and beyond, the same in every run.
fn moments(count: u64, longest_ms: u64) -> impl Iterator<Item = Duration> {
    (0..count).map(move |n| Duration::from_micros((n * 7919 * 1000 / count) % (longest_ms * 1000)))
}

#[tokio::test]
async fn a_kill_at_any_moment_leaves_files_that_open() {
    // How long a first start takes depends on who else uses the machine.
    let mut longest = Duration::from_millis(100);
    loop {
        let data = tempfile::tempdir().unwrap();
        killed(&format!("{}|", data.path().display()), longest);
        if usable(StoreConfig::embedded(data.path()), data.path()).await > 0 {
            break;
        }
        longest = longest * 3 / 2;
        assert!(longest < Duration::from_secs(60), "the child makes no workspace");
    }
    let mut sizes = Vec::new();
    for after in moments(50, u64::try_from(longest.as_millis()).unwrap() * 3 / 2) {
        let data = tempfile::tempdir().unwrap();
        killed(&format!("{}|", data.path().display()), after);
        sizes.push(usable(StoreConfig::embedded(data.path()), data.path()).await);
    }
    assert!(sizes.contains(&0) && sizes.iter().any(|size| *size > 0), "all killed at one stage: {sizes:?}");
}

#[tokio::test]
async fn a_kill_at_any_moment_leaves_a_database_that_opens() {
    let Some(server) = postgres() else { return };
    for after in moments(20, 400) {
        let (data, database) = (tempfile::tempdir().unwrap(), server.database().unwrap());
        let (app, owner) = (database.app_url(), database.owner_url());
        killed(&format!("{}|{app}|{owner}", data.path().display()), after);
        usable(StoreConfig::postgres(app.into(), Some(owner.into())), data.path()).await;
    }
}
