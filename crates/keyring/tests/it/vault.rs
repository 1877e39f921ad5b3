//! A master key that OpenBao keeps: the real server, and what may go wrong with one.

use bursar_domain::clock::SystemClock;
use bursar_domain::id::WorkspaceId;
use bursar_domain::region::RegionName;
use bursar_keyring::{
    Keyring, KeyringError, MasterKeyConfig, MasterKeyError, MasterKeyOrigin, MasterKeyProvider, Opened,
    ProviderError, Secret32, SystemRandomness, VaultToken, VaultTransit,
};
use bursar_testkit::peers::{OPENBAO_TOKEN, OpenBao};
use std::path::Path;
use std::sync::Arc;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

const ONE: WorkspaceId = WorkspaceId::from_u128(1);
const KEY: &str = "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1eff";

async fn ask(
    bao: &OpenBao,
    method: reqwest::Method,
    path: &str,
    body: serde_json::Value,
) -> serde_json::Value {
    let request = reqwest::Client::new().request(method, format!("{}/v1/{path}", bao.url()));
    let answer = request.header("X-Vault-Token", OPENBAO_TOKEN).json(&body).send().await.unwrap();
    assert!(answer.status().is_success(), "{path}: {answer:?}");
    serde_json::from_slice(&answer.bytes().await.unwrap()).unwrap_or_default()
}

/// A transit engine with two keys.
async fn transit() -> Option<OpenBao> {
    let bao = bursar_testkit::peers::openbao()?;
    ask(&bao, reqwest::Method::POST, "sys/mounts/transit", serde_json::json!({"type": "transit"})).await;
    for name in ["bursar", "other"] {
        ask(&bao, reqwest::Method::POST, &format!("transit/keys/{name}"), serde_json::json!({})).await;
    }
    Some(bao)
}

fn config(bao: &OpenBao, name: &str) -> MasterKeyConfig {
    MasterKeyConfig {
        secret_key_url: Some(format!("vault+{}/transit/keys/{name}", bao.url())),
        vault_token: Some(OPENBAO_TOKEN.to_owned().into()),
        ..MasterKeyConfig::default()
    }
}

async fn open(config: &MasterKeyConfig, directory: &Path) -> Result<Opened, KeyringError> {
    Keyring::open(config, directory, Arc::new(SystemRandomness), Arc::new(SystemClock)).await
}

#[tokio::test]
async fn a_transit_key_wraps_and_rotates() {
    // claim B6: the master key in Vault, never here. claim B8: rotated while serving.
    let Some(bao) = transit().await else { return };
    let data = tempfile::tempdir().unwrap();
    let opened = open(&config(&bao, "bursar"), data.path()).await.unwrap();
    assert_eq!(opened.origin, MasterKeyOrigin::Service("vault:transit/keys/bursar".into()));
    let created = opened.keyring.create(ONE, &RegionName::home()).await.unwrap();
    let database = *created.database_key().expose();
    let region = || std::fs::read_to_string(data.path().join("keys/region-home.json")).unwrap();
    assert!(
        region().contains("vault:v1:") && region().contains("\"vault:transit/keys/bursar\""),
        "{}",
        region()
    );
    assert!(!data.path().join("master.key").exists());

    // A new version in the service, then everything is wrapped with it.
    ask(&bao, reqwest::Method::POST, "transit/keys/bursar/rotate", serde_json::json!({})).await;
    let keyring = open(&config(&bao, "bursar"), data.path()).await.unwrap().keyring;
    assert_eq!(*keyring.workspace(ONE).await.unwrap().database_key().expose(), database);
    assert_eq!(keyring.rotate_master().await.unwrap().rewrapped, 1);
    assert!(region().contains("vault:v2:"), "{}", region());
    ask(
        &bao,
        reqwest::Method::POST,
        "transit/keys/bursar/config",
        serde_json::json!({"min_decryption_version": 2}),
    )
    .await;
    let keyring = open(&config(&bao, "bursar"), data.path()).await.unwrap().keyring;
    assert_eq!(*keyring.workspace(ONE).await.unwrap().database_key().expose(), database);
}

#[tokio::test]
async fn moving_to_a_service_and_back() {
    // claim B8
    let Some(bao) = transit().await else { return };
    let data = tempfile::tempdir().unwrap();
    let local = MasterKeyConfig { secret_key: Some(KEY.to_owned().into()), ..MasterKeyConfig::default() };
    let keys =
        open(&local, data.path()).await.unwrap().keyring.create(ONE, &RegionName::home()).await.unwrap();
    let there = MasterKeyConfig { secret_key_previous: local.secret_key.clone(), ..config(&bao, "bursar") };
    let keyring = open(&there, data.path()).await.unwrap().keyring;
    keyring.rotate_master().await.unwrap();
    let same = |keyring: Keyring| async move {
        keyring.workspace(ONE).await.map(|keys| *keys.database_key().expose())
    };
    let database = *keys.database_key().expose();
    assert_eq!(
        same(open(&config(&bao, "bursar"), data.path()).await.unwrap().keyring).await.unwrap(),
        database
    );
    let error = open(&local, data.path()).await.unwrap_err();
    let text = error.to_string();
    assert!(text.contains("vault:transit/keys/bursar") && text.contains("mk_"), "both are named: {text}");
    let back = MasterKeyConfig {
        secret_key_previous_url: config(&bao, "bursar").secret_key_url,
        vault_token: config(&bao, "bursar").vault_token,
        ..local.clone()
    };
    open(&back, data.path()).await.unwrap().keyring.rotate_master().await.unwrap();
    assert_eq!(same(open(&local, data.path()).await.unwrap().keyring).await.unwrap(), database);
}

#[tokio::test]
async fn what_a_service_refuses_is_told_apart() {
    let Some(bao) = transit().await else { return };
    let token = |text: &str| VaultToken::Text(text.to_owned().into());
    let address = |name: &str| format!("vault+{}/transit/keys/{name}", bao.url());
    let made = |name: &str, t: &str| VaultTransit::new(&address(name), token(t), "test").unwrap();
    let key = Secret32::new([5; 32]);
    let good = made("bursar", OPENBAO_TOKEN);
    let wrapped = good.wrap_key(&key, b"home", &SystemRandomness).await.unwrap();
    assert!(good.unwrap_key(&wrapped, b"home").await.unwrap() == key);
    let refused = |result: Result<Secret32, ProviderError>| match result {
        Err(ProviderError::Refused { .. }) => "refused",
        Err(ProviderError::Forbidden { .. }) => "forbidden",
        Err(ProviderError::Unavailable { .. }) => "unavailable",
        Err(ProviderError::Seal(_)) => "seal",
        Ok(_) => "opened",
    };
    // claim B1: bound to the region it was wrapped for.
    assert_eq!(refused(good.unwrap_key(&wrapped, b"eu").await), "refused");
    assert_eq!(refused(made("other", OPENBAO_TOKEN).unwrap_key(&wrapped, b"home").await), "refused");
    let forbidden = made("bursar", "hvs.wrong").unwrap_key(&wrapped, b"home").await;
    let text = forbidden.as_ref().err().unwrap().to_string();
    assert!(text.contains("permission denied") && !text.contains("hvs.wrong"), "{text}");
    assert_eq!(refused(forbidden), "forbidden");
    // A token from a file is read at every use.
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("token");
    let with_file = VaultTransit::new(&address("bursar"), VaultToken::File(path.clone()), "test").unwrap();
    assert_eq!(refused(with_file.unwrap_key(&wrapped, b"home").await), "unavailable");
    std::fs::write(&path, format!("{OPENBAO_TOKEN}\n")).unwrap();
    assert_eq!(refused(with_file.unwrap_key(&wrapped, b"home").await), "opened");
    std::fs::write(&path, "revoked").unwrap();
    assert_eq!(refused(with_file.unwrap_key(&wrapped, b"home").await), "forbidden");
    drop(bao);
    assert_eq!(refused(good.unwrap_key(&wrapped, b"home").await), "unavailable");
}

/// A server that says one thing to everybody.
async fn saying(answer: Vec<u8>) -> String {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let answer = answer.clone();
            tokio::spawn(async move {
                let _ = stream.read(&mut [0; 4096]).await;
                let _ = stream.write_all(&answer).await;
            });
        }
    });
    format!("vault+http://127.0.0.1:{port}/transit/keys/bursar")
}

#[tokio::test]
async fn a_strange_service_is_bounded_and_not_followed() {
    let http = |status: &str, headers: &str, body: &str| {
        format!("HTTP/1.1 {status}\r\nconnection: close\r\n{headers}\r\n{body}").into_bytes()
    };
    let elsewhere = saying(http("200 OK", "", "{\"data\":{\"plaintext\":\"AAAA\"}}")).await;
    let location = format!("location: {}/x\r\n", elsewhere.trim_start_matches("vault+"));
    for (answer, expected) in [
        (http("307 Temporary Redirect", &location, ""), "307"),
        (http("200 OK", "", &"x".repeat(1_000_000)), "too long"),
        (http("200 OK", "", "{\"data\":{\"plaintext\":\"c2hvcnQ=\"}}"), "no key"),
        (http("200 OK", "", "<html>"), "not the transit engine's"),
        (http("503 Service Unavailable", "", "{\"errors\":[\"Vault is sealed\"]}"), "Vault is sealed"),
        (b"SSH-2.0-OpenSSH\r\n".to_vec(), "cannot be reached"),
    ] {
        let address = saying(answer).await;
        let vault = VaultTransit::new(&address, VaultToken::Text("t0ken".to_owned().into()), "test").unwrap();
        let error = vault.unwrap_key("vault:v1:AAAA", b"home").await.err().unwrap();
        assert!(matches!(error, ProviderError::Unavailable { .. }), "{error}");
        assert!(error.to_string().contains(expected), "{expected}: {error}");
        assert!(!error.to_string().contains("t0ken"), "{error}");
    }
}

#[tokio::test]
async fn a_service_needs_one_token() {
    let data = tempfile::tempdir().unwrap();
    let none = MasterKeyConfig {
        secret_key_url: Some("vault+https://vault.example/transit/keys/bursar".into()),
        ..MasterKeyConfig::default()
    };
    let both = MasterKeyConfig {
        vault_token: Some("a".to_owned().into()),
        vault_token_file: Some("/b".into()),
        ..none.clone()
    };
    for config in [none, both] {
        let error = open(&config, data.path()).await.unwrap_err();
        assert!(matches!(error, KeyringError::Master(MasterKeyError::Token(_))), "{error}");
        assert!(error.to_string().contains("BURSAR_VAULT_TOKEN_FILE"), "{error}");
    }
}
