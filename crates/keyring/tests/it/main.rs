//! The keyring as others see it: through its public functions and the files it leaves.

#![expect(clippy::panic, clippy::unwrap_used, reason = "a panic is how a test fails")]

use bursar_domain::id::WorkspaceId;
use bursar_keyring::{
    Keyring, KeyringError, MasterKeyConfig, MasterKeyError, MasterKeyOrigin, Randomness, RandomnessError,
    SystemRandomness, WorkspaceKeys,
};
use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

const KEY: &str = "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1eff";
const OTHER: &str = "ff0102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1eff";
const ONE: WorkspaceId = WorkspaceId::from_u128(1);
const TWO: WorkspaceId = WorkspaceId::from_u128(2);

fn configured(text: &str) -> MasterKeyConfig {
    MasterKeyConfig { secret_key: Some(text.to_owned().into()), secret_key_file: None }
}

fn open(directory: &Path, text: &str) -> Keyring {
    Keyring::open(&configured(text), directory, Box::new(SystemRandomness)).unwrap().keyring
}

fn open_default(directory: &Path) -> Result<(Keyring, MasterKeyOrigin), MasterKeyError> {
    match Keyring::open(&MasterKeyConfig::default(), directory, Box::new(SystemRandomness)) {
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

#[test]
fn keys_survive_a_restart_and_differ_by_workspace() {
    // claim B4: a key per workspace
    let data = tempfile::tempdir().unwrap();
    let (one, two) = {
        let keyring = open(data.path(), KEY);
        (rollup(&keyring.create(ONE).unwrap()), rollup(&keyring.workspace_or_create(TWO).unwrap()))
    };
    assert_ne!(one, two);
    let keyring = open(data.path(), KEY);
    assert_eq!(rollup(&keyring.workspace(ONE).unwrap()), one);
    assert_eq!(rollup(&keyring.workspace_or_create(TWO).unwrap()), two);
    assert!(matches!(keyring.create(ONE), Err(KeyringError::Exists(ONE))));
    assert!(matches!(keyring.workspace(WorkspaceId::from_u128(3)), Err(KeyringError::NotFound(_))));
}

#[test]
fn a_wrong_master_key_is_named_and_touches_nothing() {
    // claim B4
    let data = tempfile::tempdir().unwrap();
    open(data.path(), KEY).create(ONE).unwrap();
    let before = snapshot(data.path());
    let other = open(data.path(), OTHER);
    for result in [other.workspace(ONE), other.workspace_or_create(ONE), other.create(ONE)] {
        assert!(result.is_err());
    }
    let error = other.workspace(ONE).unwrap_err();
    assert!(matches!(error, KeyringError::WrongMasterKey { .. }), "{error}");
    let message = error.to_string();
    assert!(
        message.contains("wsp_00000000000000000000000000000001.json") && message.contains("mk_"),
        "{message}"
    );
    assert_eq!(snapshot(data.path()), before);
    assert!(open(data.path(), KEY).workspace(ONE).is_ok());
}

#[test]
fn a_changed_file_is_refused_and_left_alone() {
    // claim B4: every character of the file that carries meaning is under seal or checked.
    let data = tempfile::tempdir().unwrap();
    let keyring = open(data.path(), KEY);
    let key = rollup(&keyring.create(ONE).unwrap());
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
        match keyring.workspace(ONE) {
            Err(_) => {}
            // Base64's last character may carry unused bits; then the key is the same.
            Ok(keys) => panic!("byte {at} was changed and not noticed (same key: {})", rollup(&keys) == key),
        }
        assert_eq!(fs::read(&path).unwrap(), changed);
    }
    for text in ["", "{", "null", "[]", "{\"format\":\"bursar-workspace-keys\",\"version\":2,\"novel\":true}"]
    {
        fs::write(&path, text).unwrap();
        let error = keyring.workspace(ONE).unwrap_err();
        assert!(
            matches!(error, KeyringError::Damaged { .. } | KeyringError::Version { .. }),
            "{text}: {error}"
        );
        assert!(keyring.workspace_or_create(ONE).is_err());
        assert_eq!(fs::read_to_string(&path).unwrap(), text);
    }
    fs::write(&path, vec![b' '; 100_000]).unwrap();
    assert!(matches!(keyring.workspace(ONE), Err(KeyringError::Io { .. })));
}

#[test]
fn a_sealed_file_under_another_name_does_not_open() {
    // claim B1
    let data = tempfile::tempdir().unwrap();
    let keyring = open(data.path(), KEY);
    keyring.create(ONE).unwrap();
    let path = |id: WorkspaceId| data.path().join("keys").join(format!("{id}.json"));
    let text = fs::read_to_string(path(ONE)).unwrap();
    fs::write(path(TWO), &text).unwrap();
    assert!(matches!(keyring.workspace(TWO), Err(KeyringError::Damaged { .. })));
    // And with the name inside changed as well, the seal still knows.
    fs::write(path(TWO), text.replace(&ONE.to_string(), &TWO.to_string())).unwrap();
    assert!(matches!(keyring.workspace(TWO), Err(KeyringError::Damaged { .. })));
}

#[test]
fn the_first_start_makes_a_private_key_and_says_so() {
    let data = tempfile::tempdir().unwrap();
    let directory = data.path().join("new").join("data");
    let (keyring, origin) = open_default(&directory).unwrap();
    let path = directory.join("master.key");
    assert_eq!(origin, MasterKeyOrigin::Generated(path.clone()));
    assert!(origin.to_string().contains("master.key") && origin.to_string().contains("back it up"));
    let key = rollup(&keyring.create(ONE).unwrap());
    for file in [&path, &directory.join("keys").join(format!("{ONE}.json"))] {
        assert_eq!(fs::metadata(file).unwrap().permissions().mode() & 0o777, 0o600, "{}", file.display());
    }
    for made in [&directory, &directory.join("keys")] {
        assert_eq!(fs::metadata(made).unwrap().permissions().mode() & 0o777, 0o700, "{}", made.display());
    }
    let (again, origin) = open_default(&directory).unwrap();
    assert_eq!(origin, MasterKeyOrigin::DataDirectory(path.clone()));
    assert_eq!(rollup(&again.workspace(ONE).unwrap()), key);
    // The generated file also serves as BURSAR_SECRET_KEY_FILE, from anywhere.
    let moved = data.path().join("elsewhere.key");
    fs::rename(&path, &moved).unwrap();
    let config = MasterKeyConfig { secret_key: None, secret_key_file: Some(moved) };
    let opened = Keyring::open(&config, &directory, Box::new(SystemRandomness)).unwrap();
    assert_eq!(rollup(&opened.keyring.workspace(ONE).unwrap()), key);
    // A lost master key is not quietly replaced by a new one.
    assert!(matches!(open_default(&directory), Err(MasterKeyError::Lost { .. })));
    assert!(!path.exists());
}

#[test]
fn a_master_key_others_can_read_is_refused() {
    let data = tempfile::tempdir().unwrap();
    open_default(data.path()).unwrap();
    let path = data.path().join("master.key");
    fs::set_permissions(&path, fs::Permissions::from_mode(0o640)).unwrap();
    let error = open_default(data.path()).unwrap_err();
    assert!(matches!(error, MasterKeyError::Permissions { .. }));
    assert!(error.to_string().contains("chmod 600"), "{error}");
}

#[test]
fn a_changed_master_key_file_is_refused() {
    let data = tempfile::tempdir().unwrap();
    open_default(data.path()).unwrap();
    let path = data.path().join("master.key");
    let original = fs::read_to_string(&path).unwrap();
    let key = original.split('"').nth(original.split('"').count() - 2).unwrap();
    let swapped = original.replace(key, &"QUJD".repeat(11));
    for text in ["", "{}", "not a key", &swapped, &original.replace("bursar-master-key", "another")] {
        fs::write(&path, text).unwrap();
        let error = open_default(data.path()).unwrap_err();
        assert!(matches!(error, MasterKeyError::NotAKey { .. }), "{text}: {error:?}");
        assert!(!format!("{error} {error:?}").contains(key), "the key is told");
        assert_eq!(fs::read_to_string(&path).unwrap(), *text);
    }
    fs::write(&path, original.replace("\"version\": 1", "\"version\": 2")).unwrap();
    assert!(matches!(open_default(data.path()), Err(MasterKeyError::Version { found: 2, .. })));
}

#[test]
fn two_ways_to_give_the_key_are_one_too_many() {
    let data = tempfile::tempdir().unwrap();
    let config = MasterKeyConfig { secret_key_file: Some("/nowhere".into()), ..configured(KEY) };
    let error = Keyring::open(&config, data.path(), Box::new(SystemRandomness)).unwrap_err();
    assert!(matches!(error, KeyringError::Master(MasterKeyError::Both)), "{error}");
    let config = MasterKeyConfig { secret_key_file: Some("/nowhere".into()), secret_key: None };
    let error = Keyring::open(&config, data.path(), Box::new(SystemRandomness)).unwrap_err();
    assert!(error.to_string().contains("/nowhere"), "{error}");
}

#[test]
fn no_secret_is_on_disk_in_the_clear() {
    // claims B4, B7: neither as bytes nor as hexadecimal or base64 text.
    let data = tempfile::tempdir().unwrap();
    let keyring = open(data.path(), KEY);
    let keys = keyring.create(ONE).unwrap();
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

#[test]
fn destroyed_keys_are_gone() {
    // claim B10
    let data = tempfile::tempdir().unwrap();
    let keyring = open(data.path(), KEY);
    keyring.create(ONE).unwrap();
    keyring.create(TWO).unwrap();
    keyring.destroy(ONE).unwrap();
    assert!(matches!(keyring.workspace(ONE), Err(KeyringError::NotFound(ONE))));
    assert!(matches!(keyring.destroy(ONE), Err(KeyringError::NotFound(ONE))));
    assert!(keyring.workspace(TWO).is_ok());
}

#[test]
fn without_randomness_nothing_is_written() {
    struct Broken;
    impl Randomness for Broken {
        fn fill(&self, _: &mut [u8]) -> Result<(), RandomnessError> {
            Err(RandomnessError("out of order".into()))
        }
    }
    let data = tempfile::tempdir().unwrap();
    let error = Keyring::open(&MasterKeyConfig::default(), data.path(), Box::new(Broken)).unwrap_err();
    assert!(matches!(error, KeyringError::Master(MasterKeyError::Randomness(_))), "{error}");
    assert!(!data.path().join("master.key").exists());
    let keyring = Keyring::open(&configured(KEY), data.path(), Box::new(Broken)).unwrap().keyring;
    assert!(matches!(keyring.create(ONE), Err(KeyringError::Randomness(_))));
    assert!(matches!(keyring.workspace(ONE), Err(KeyringError::NotFound(_))));
}

#[test]
fn many_starting_at_once_agree_on_one_key() {
    let data = tempfile::tempdir().unwrap();
    let keys: Vec<[u8; 32]> = std::thread::scope(|scope| {
        let starts: Vec<_> = (0..8)
            .map(|_| {
                scope.spawn(|| {
                    let (keyring, _) = open_default(data.path()).unwrap();
                    rollup(&keyring.workspace_or_create(ONE).unwrap())
                })
            })
            .collect();
        starts.into_iter().map(|start| start.join().unwrap()).collect()
    });
    assert!(keys.iter().all(|key| *key == keys[0]));
}
