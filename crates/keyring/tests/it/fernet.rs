//! Credentials are Fernet tokens: readable by Python's `cryptography`, and the other way round.
//!
//! Vectors: <https://github.com/fernet/spec>, read 2026-11-22 (`fernet-invalid.json`, `fernet-verify.json`).

use bursar_domain::id::WorkspaceId;
use bursar_keyring::{CredentialError, CredentialSealer, MAX_TOKEN_BYTES, SystemRandomness, WorkspaceKeys};
use chrono::{DateTime, Utc};
use proptest::prelude::*;
use serde::Deserialize;
use std::io::Write;
use std::process::{Command, Stdio};

fn sealer() -> CredentialSealer {
    WorkspaceKeys::ephemeral(WorkspaceId::from_u128(1), &SystemRandomness).unwrap().fernet()
}

fn now() -> DateTime<Utc> {
    DateTime::from_timestamp(1_795_000_000, 0).unwrap()
}

#[derive(Deserialize)]
struct Vector {
    #[serde(default)]
    desc: String,
    token: String,
    now: DateTime<Utc>,
    ttl_sec: Option<u64>,
    src: Option<String>,
    secret: String,
}

fn with_key(secret: &str) -> CredentialSealer {
    CredentialSealer::from_texts(&[secret]).unwrap()
}

#[test]
fn the_published_tokens_open() {
    // claim B6
    let verify: Vec<Vector> = serde_json::from_str(include_str!("fernet-verify.json")).unwrap();
    assert!(!verify.is_empty());
    for vector in verify {
        let plain = with_key(&vector.secret).open_within(&vector.token, vector.now, vector.ttl_sec).unwrap();
        assert_eq!(plain.as_slice(), vector.src.unwrap().as_bytes());
    }
}

#[test]
fn the_published_invalid_tokens_are_refused() {
    // claim B6
    let invalid: Vec<Vector> = serde_json::from_str(include_str!("fernet-invalid.json")).unwrap();
    assert_eq!(invalid.len(), 8);
    for vector in invalid {
        let opened = with_key(&vector.secret).open_within(&vector.token, vector.now, vector.ttl_sec);
        assert_eq!(opened.err(), Some(CredentialError::Refused), "{}", vector.desc);
    }
}

#[test]
fn python_reads_ours_and_we_read_pythons() {
    // claim B6
    let Some(python) = bursar_testkit::peers::python("cryptography", "python") else { return };
    const SCRIPT: &str = "
import base64, json, sys
from cryptography.fernet import Fernet, MultiFernet
given = json.load(sys.stdin)
both = MultiFernet([Fernet(key) for key in given['keys']])
print(json.dumps({
    'opened': [base64.b64encode(both.decrypt(token)).decode() for token in given['ours']],
    'sealed': [both.encrypt(base64.b64decode(text)).decode() for text in given['texts']],
    'rotated': both.rotate(given['ours'][0]).decode(),
    'oldest': Fernet(given['keys'][-1]).encrypt(b'old').decode(),
}))";
    use base64::Engine;
    use base64::engine::general_purpose::{STANDARD, URL_SAFE};
    let keys: Vec<String> = (1..=2_u8).map(|n| URL_SAFE.encode([n; 32])).collect();
    let sealer = CredentialSealer::from_texts(&[&keys[0], &keys[1]]).unwrap();
    let texts: Vec<Vec<u8>> = vec![
        vec![],
        b"x".to_vec(),
        b"AKIA/secret+key".to_vec(),
        (0..=255).collect(),
        vec![7; 16],
        vec![0; 100_000],
    ];
    #[expect(clippy::disallowed_methods, reason = "Python asks the machine as well")]
    let now = Utc::now();
    let ours: Vec<String> = texts.iter().map(|text| sealer.seal(text, now).unwrap()).collect();
    let given = serde_json::json!({
        "keys": keys, "ours": ours, "texts": texts.iter().map(|t| STANDARD.encode(t)).collect::<Vec<_>>(),
    });
    let mut child = Command::new(python)
        .args(["-c", SCRIPT])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(given.to_string().as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success());
    #[derive(Deserialize)]
    struct Theirs {
        opened: Vec<String>,
        sealed: Vec<String>,
        rotated: String,
        oldest: String,
    }
    let theirs: Theirs = serde_json::from_slice(&output.stdout).unwrap();
    for (n, text) in texts.iter().enumerate() {
        assert!(
            STANDARD.decode(&theirs.opened[n]).unwrap() == *text,
            "Python read our token {n} differently"
        );
        assert!(
            sealer.open(&theirs.sealed[n], now).unwrap().as_slice() == text,
            "we read Python's token {n} differently"
        );
    }
    assert_eq!(sealer.open(&theirs.rotated, now).unwrap().as_slice(), texts[0]);
    assert!(!sealer.is_outdated(&theirs.rotated, now).unwrap());
    assert!(sealer.is_outdated(&theirs.oldest, now).unwrap());
    let again = sealer.reseal(&theirs.oldest, now).unwrap();
    assert!(!sealer.is_outdated(&again, now).unwrap());
    assert_eq!(with_key(&keys[0]).open(&again, now).unwrap().as_slice(), b"old");
    assert!(with_key(&keys[1]).open(&again, now).is_err());
}

#[test]
fn another_workspace_does_not_open_it_and_length_is_bounded() {
    // claim B1
    let token = sealer().seal(b"secret", now()).unwrap();
    assert_eq!(sealer().open(&token, now()).err(), Some(CredentialError::Refused));
    let (one, long) = (sealer(), "A".repeat(MAX_TOKEN_BYTES + 1));
    assert_eq!(one.open(&long, now()).err(), Some(CredentialError::Refused));
    assert_eq!(one.seal(long.as_bytes(), now()).err(), Some(CredentialError::TooLong));
}

proptest! {
    #[test]
    fn any_changed_character_is_refused(plain in prop::collection::vec(any::<u8>(), 0..80), at in any::<prop::sample::Index>()) {
        let sealer = sealer();
        let token = sealer.seal(&plain, now()).unwrap();
        prop_assert_eq!(sealer.open(&token, now()).unwrap().to_vec(), plain);
        let at = at.index(token.trim_end_matches('=').len());
        let mut changed = token.into_bytes();
        changed[at] = if changed[at] == b'B' { b'C' } else { b'B' };
        let changed = String::from_utf8(changed).unwrap();
        prop_assert!(sealer.open(&changed, now()).is_err());
    }

    #[test]
    fn garbage_never_panics(token in ".{0,200}") {
        prop_assert!(sealer().open(&token, now()).is_err());
    }
}
