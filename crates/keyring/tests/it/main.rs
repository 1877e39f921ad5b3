//! The keyring as others see it: through its public functions and the files it leaves.

#![expect(clippy::panic, clippy::unwrap_used, reason = "a panic is how a test fails")]

mod carry;
mod fernet;
mod rotation;
mod streams;
mod vault;

use bursar_domain::clock::SystemClock;
use bursar_domain::id::WorkspaceId;
use bursar_domain::region::RegionName;
use bursar_keyring::{
    Keyring, KeyringError, MasterKeyConfig, MasterKeyError, MasterKeyOrigin, Opened, Randomness,
    RandomnessError, SystemRandomness, WorkspaceKeys,
};
use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

const KEY: &str = "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1eff";
const OTHER: &str = "ff0102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1eff";
const ONE: WorkspaceId = WorkspaceId::from_u128(1);
const TWO: WorkspaceId = WorkspaceId::from_u128(2);

fn configured(text: &str) -> MasterKeyConfig {
    MasterKeyConfig { secret_key: Some(text.to_owned().into()), ..MasterKeyConfig::default() }
}

async fn open_with(config: &MasterKeyConfig, directory: &Path) -> Result<Opened, KeyringError> {
    Keyring::open(config, directory, Arc::new(SystemRandomness), Arc::new(SystemClock)).await
}

async fn open(directory: &Path, text: &str) -> Keyring {
    open_with(&configured(text), directory).await.unwrap().keyring
}

async fn create(keyring: &Keyring, workspace: WorkspaceId) -> WorkspaceKeys {
    keyring.create(workspace, &RegionName::home()).await.unwrap()
}

async fn open_default(directory: &Path) -> Result<(Keyring, MasterKeyOrigin), MasterKeyError> {
    match open_with(&MasterKeyConfig::default(), directory).await {
        Ok(opened) => Ok((opened.keyring, opened.origin)),
        Err(KeyringError::Master(error)) => Err(error),
        Err(error) => panic!("{error}"),
    }
}

/// Every file below the directory with its bytes: "nothing was touched" means this is equal.
fn snapshot(directory: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut files = BTreeMap::new();
    let mut open = vec![directory.to_owned()];
    while let Some(directory) = open.pop() {
        for entry in fs::read_dir(directory).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                open.push(path)
            } else {
                drop(files.insert(path.clone(), fs::read(path).unwrap()))
            }
        }
    }
    files
}

fn rollup(keys: &WorkspaceKeys) -> [u8; 32] {
    *keys.rollup_key().expose()
}

#[tokio::test]
async fn keys_survive_a_restart_and_differ_by_workspace() {
    // claim B4: a key per workspace
    let data = tempfile::tempdir().unwrap();
    let (one, two) = {
        let keyring = open(data.path(), KEY).await;
        (rollup(&create(&keyring, ONE).await), rollup(&keyring.workspace_or_create(TWO).await.unwrap()))
    };
    assert_ne!(one, two);
    let keyring = open(data.path(), KEY).await;
    assert_eq!(rollup(&keyring.workspace(ONE).await.unwrap()), one);
    assert_eq!(rollup(&keyring.workspace_or_create(TWO).await.unwrap()), two);
    assert!(matches!(keyring.create(ONE, &RegionName::home()).await, Err(KeyringError::Exists(ONE))));
    assert!(matches!(keyring.workspace(WorkspaceId::from_u128(3)).await, Err(KeyringError::NotFound(_))));
}

#[tokio::test]
async fn a_wrong_master_key_is_named_and_touches_nothing() {
    // claim B4
    let data = tempfile::tempdir().unwrap();
    create(&open(data.path(), KEY).await, ONE).await;
    let before = snapshot(data.path());
    let error = open_with(&configured(OTHER), data.path()).await.unwrap_err();
    assert!(matches!(error, KeyringError::WrongMasterKey { .. }), "{error}");
    let message = error.to_string();
    assert!(message.contains("region-home.json") && message.matches("mk_").count() == 2, "{message}");
    assert_eq!(snapshot(data.path()), before);
    assert!(open(data.path(), KEY).await.workspace(ONE).await.is_ok());
}

#[tokio::test]
async fn a_changed_file_is_refused_and_left_alone() {
    // claim B4: every character of the file that carries meaning is under seal or checked.
    let data = tempfile::tempdir().unwrap();
    let keyring = open(data.path(), KEY).await;
    let key = rollup(&create(&keyring, ONE).await);
    let path = data.path().join("keys").join(format!("{ONE}.json"));
    let original = fs::read(&path).unwrap();
    for at in 0..original.len() {
        let mut changed = original.clone();
        // Another character of the same kind, so that most changes stay well-formed JSON.
        changed[at] = match changed[at] {
            b'0'..=b'8' | b'a'..=b'y' | b'A'..=b'Y' => changed[at] + 1,
            b'9' => b'0',
            b'z' => b'a',
            b'Z' => b'A',
            b' ' | b'\n' => continue,
            _ => b'!',
        };
        fs::write(&path, &changed).unwrap();
        match keyring.workspace(ONE).await {
            Err(_) => {}
            // Base64's last character may carry unused bits; then the key is the same.
            Ok(keys) => panic!("byte {at} was changed and not noticed (same key: {})", rollup(&keys) == key),
        }
        assert_eq!(fs::read(&path).unwrap(), changed);
    }
    for text in ["", "{", "null", "[]", "{\"format\":\"bursar-workspace-keys\",\"version\":3,\"novel\":true}"]
    {
        fs::write(&path, text).unwrap();
        let error = keyring.workspace(ONE).await.unwrap_err();
        assert!(
            matches!(error, KeyringError::Damaged { .. } | KeyringError::Version { .. }),
            "{text}: {error}"
        );
        assert!(keyring.workspace_or_create(ONE).await.is_err());
        assert_eq!(fs::read_to_string(&path).unwrap(), text);
    }
    fs::write(&path, vec![b' '; 2_000_000]).unwrap();
    assert!(matches!(keyring.workspace(ONE).await, Err(KeyringError::Shelf(_))));
}

#[tokio::test]
async fn a_sealed_file_under_another_name_does_not_open() {
    // claim B1
    let data = tempfile::tempdir().unwrap();
    let keyring = open(data.path(), KEY).await;
    create(&keyring, ONE).await;
    let path = |id: WorkspaceId| data.path().join("keys").join(format!("{id}.json"));
    let text = fs::read_to_string(path(ONE)).unwrap();
    fs::write(path(TWO), &text).unwrap();
    assert!(matches!(keyring.workspace(TWO).await, Err(KeyringError::Damaged { .. })));
    // And with the name inside changed as well, the seal still knows.
    fs::write(path(TWO), text.replace(&ONE.to_string(), &TWO.to_string())).unwrap();
    assert!(matches!(keyring.workspace(TWO).await, Err(KeyringError::Damaged { .. })));
}

#[tokio::test]
async fn the_first_start_makes_a_private_key_and_says_so() {
    let data = tempfile::tempdir().unwrap();
    let directory = data.path().join("new").join("data");
    let (keyring, origin) = open_default(&directory).await.unwrap();
    let path = directory.join("master.key");
    assert_eq!(origin, MasterKeyOrigin::Generated(path.clone()));
    assert!(origin.to_string().contains("master.key") && origin.to_string().contains("back it up"));
    let key = rollup(&create(&keyring, ONE).await);
    for file in [&path, &directory.join("keys").join(format!("{ONE}.json"))] {
        assert_eq!(fs::metadata(file).unwrap().permissions().mode() & 0o777, 0o600, "{}", file.display());
    }
    for made in [&directory, &directory.join("keys")] {
        assert_eq!(fs::metadata(made).unwrap().permissions().mode() & 0o777, 0o700, "{}", made.display());
    }
    let (again, origin) = open_default(&directory).await.unwrap();
    assert_eq!(origin, MasterKeyOrigin::DataDirectory(path.clone()));
    assert_eq!(rollup(&again.workspace(ONE).await.unwrap()), key);
    // The generated file also serves as BURSAR_SECRET_KEY_FILE, from anywhere.
    let moved = data.path().join("elsewhere.key");
    fs::rename(&path, &moved).unwrap();
    let config = MasterKeyConfig { secret_key_file: Some(moved), ..MasterKeyConfig::default() };
    let opened = open_with(&config, &directory).await.unwrap();
    assert_eq!(rollup(&opened.keyring.workspace(ONE).await.unwrap()), key);
    // A lost master key is not quietly replaced by a new one.
    assert!(matches!(open_default(&directory).await, Err(MasterKeyError::Lost { .. })));
    assert!(!path.exists());
}

#[tokio::test]
async fn keys_of_an_earlier_version_are_taken_over() {
    // Written by the first version of this program: the master key seals the workspace key.
    let data = tempfile::tempdir().unwrap();
    let fixture = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/format-1.json");
    let workspace: WorkspaceId = "wsp_b7bcba09709e4ef5bfd6fc0272b98aab".parse().unwrap();
    let path = data.path().join("keys").join(format!("{workspace}.json"));
    fs::create_dir(data.path().join("keys")).unwrap();
    fs::copy(fixture, &path).unwrap();
    let before = snapshot(data.path());
    let error = open_with(&configured(OTHER), data.path()).await.unwrap_err();
    assert!(matches!(error, KeyringError::WrongMasterKey { .. }), "{error}");
    let message = error.to_string();
    assert!(
        message.contains(&path.display().to_string()) && message.matches("mk_").count() == 2,
        "{message}"
    );
    assert_eq!(without_lock(snapshot(data.path())), before);

    let keyring = open(data.path(), KEY).await;
    let keys = keyring.workspace(workspace).await.unwrap();
    let sealed = hex::decode("6275727361723100000102030405060708090a0b6e06257469bb8a16d8b41ce0d73623096773f8062e3e38f0d1abf8dd8f7b9c").unwrap();
    assert_eq!(keys.unseal("history", &sealed).unwrap().as_slice(), b"October: 41 EUR");
    assert_eq!(keyring.region_of(workspace).await.unwrap(), RegionName::home());
    // It is in the present format now, and everything is as it was.
    assert!(fs::read_to_string(&path).unwrap().contains("\"version\": 2"));
    let (key, database) = (rollup(&keys), *keys.database_key().expose());
    let again = open(data.path(), KEY).await.workspace(workspace).await.unwrap();
    assert_eq!((rollup(&again), *again.database_key().expose()), (key, database));
    assert!(again.unseal("history", &sealed).is_some());
}

/// Opening makes a lock file, which holds nothing.
fn without_lock(mut files: BTreeMap<PathBuf, Vec<u8>>) -> BTreeMap<PathBuf, Vec<u8>> {
    files.retain(|path, _| !path.ends_with(".keyring.lock"));
    files
}

#[tokio::test]
async fn a_master_key_others_can_read_is_refused() {
    let data = tempfile::tempdir().unwrap();
    open_default(data.path()).await.unwrap();
    let path = data.path().join("master.key");
    fs::set_permissions(&path, fs::Permissions::from_mode(0o640)).unwrap();
    let error = open_default(data.path()).await.unwrap_err();
    assert!(matches!(error, MasterKeyError::Permissions { .. }));
    assert!(error.to_string().contains("chmod 600"), "{error}");
}

#[tokio::test]
async fn a_changed_master_key_file_is_refused() {
    let data = tempfile::tempdir().unwrap();
    open_default(data.path()).await.unwrap();
    let path = data.path().join("master.key");
    let original = fs::read_to_string(&path).unwrap();
    let key = original.split('"').nth(original.split('"').count() - 2).unwrap();
    let swapped = original.replace(key, &"QUJD".repeat(11));
    for text in ["", "{}", "not a key", &swapped, &original.replace("bursar-master-key", "another")] {
        fs::write(&path, text).unwrap();
        let error = open_default(data.path()).await.unwrap_err();
        assert!(matches!(error, MasterKeyError::NotAKey { .. }), "{text}: {error:?}");
        assert!(!format!("{error} {error:?}").contains(key), "the key is told");
        assert_eq!(fs::read_to_string(&path).unwrap(), *text);
    }
    fs::write(&path, original.replace("\"version\": 1", "\"version\": 2")).unwrap();
    assert!(matches!(open_default(data.path()).await, Err(MasterKeyError::Version { found: 2, .. })));
}

#[tokio::test]
async fn two_ways_to_give_the_key_are_one_too_many() {
    let data = tempfile::tempdir().unwrap();
    let config = MasterKeyConfig { secret_key_file: Some("/nowhere".into()), ..configured(KEY) };
    let error = open_with(&config, data.path()).await.unwrap_err();
    assert!(matches!(error, KeyringError::Master(MasterKeyError::Both)), "{error}");
    let config = MasterKeyConfig { secret_key_file: Some("/nowhere".into()), ..MasterKeyConfig::default() };
    let error = open_with(&config, data.path()).await.unwrap_err();
    assert!(error.to_string().contains("/nowhere"), "{error}");
}

#[tokio::test]
async fn no_secret_is_on_disk_in_the_clear() {
    // claims B4, B7: neither as bytes nor as hexadecimal or base64 text.
    let data = tempfile::tempdir().unwrap();
    let keyring = open(data.path(), KEY).await;
    let keys = create(&keyring, ONE).await;
    let master = (0..31_u8).chain([0xff]).collect::<Vec<_>>();
    for secret in [keys.rollup_key().expose().as_slice(), &master] {
        let needles = [secret.to_vec(), hex::encode(secret).into_bytes(), base64_of(secret).into_bytes()];
        for (path, bytes) in snapshot(data.path()) {
            for needle in &needles {
                assert!(!bytes.windows(needle.len()).any(|window| window == needle), "{}", path.display());
            }
        }
    }
    assert!(!data.path().join("master.key").exists(), "a key given by the environment is not written");
}

fn base64_of(bytes: &[u8]) -> String {
    use base64::Engine;
    base64::engine::general_purpose::STANDARD_NO_PAD.encode(bytes)
}

#[tokio::test]
async fn destroyed_keys_are_gone() {
    // claim B10
    let data = tempfile::tempdir().unwrap();
    let keyring = open(data.path(), KEY).await;
    create(&keyring, ONE).await;
    create(&keyring, TWO).await;
    keyring.destroy(ONE).await.unwrap();
    assert!(matches!(keyring.workspace(ONE).await, Err(KeyringError::NotFound(ONE))));
    assert!(matches!(keyring.destroy(ONE).await, Err(KeyringError::NotFound(ONE))));
    assert!(keyring.workspace(TWO).await.is_ok());
}

#[tokio::test]
async fn without_randomness_nothing_is_written() {
    struct Broken;
    impl Randomness for Broken {
        fn fill(&self, _: &mut [u8]) -> Result<(), RandomnessError> {
            Err(RandomnessError("out of order".into()))
        }
    }
    async fn broken(config: &MasterKeyConfig, directory: &Path) -> Result<Opened, KeyringError> {
        Keyring::open(config, directory, Arc::new(Broken), Arc::new(SystemClock)).await
    }
    let data = tempfile::tempdir().unwrap();
    let error = broken(&MasterKeyConfig::default(), data.path()).await.unwrap_err();
    assert!(matches!(error, KeyringError::Master(MasterKeyError::Randomness(_))), "{error}");
    assert!(!data.path().join("master.key").exists());
    let keyring = broken(&configured(KEY), data.path()).await.unwrap().keyring;
    assert!(matches!(keyring.create(ONE, &RegionName::home()).await, Err(KeyringError::Randomness(_))));
    assert!(matches!(keyring.workspace(ONE).await, Err(KeyringError::NotFound(_))));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn many_starting_at_once_agree_on_one_key() {
    let data = tempfile::tempdir().unwrap();
    let mut starts = tokio::task::JoinSet::new();
    for _ in 0..8 {
        let directory = data.path().to_owned();
        starts.spawn(async move {
            let (keyring, _) = open_default(&directory).await.unwrap();
            (rollup(&keyring.workspace_or_create(ONE).await.unwrap()), lookup(&keyring).await)
        });
    }
    let keys = starts.join_all().await;
    assert!(keys.iter().all(|key| *key == keys[0]));
}

async fn lookup(keyring: &Keyring) -> [u8; 32] {
    keyring.installation().await.unwrap().lookup("accounts.email", "ada@example.com")
}
