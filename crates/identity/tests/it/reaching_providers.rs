//! What a provider that misbehaves on the wire can do to us: little, and not for long.

use super::server::{Answer, Server, json};
use super::{Counting, config, http, now};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use bursar_identity::http::{Http, HttpError, HttpSettings};
use bursar_identity::oidc::{Begin, MetadataError, Provider, ProviderError, SignInError};
use chrono::Duration;
use serde_json::{Value, json as value};
use std::time::Instant;

fn document(base: &str) -> Value {
    value!({
        "issuer": base,
        "authorization_endpoint": format!("{base}/auth"),
        "token_endpoint": format!("{base}/token"),
        "jwks_uri": format!("{base}/jwks"),
    })
}

async fn begin(server: &Server, http: Http) -> SignInError {
    let provider = Provider::new(config(&server.url), http).unwrap();
    provider.begin(&Begin::default(), &Counting::default(), now()).await.unwrap_err()
}

fn http_error(error: SignInError) -> HttpError {
    match error {
        SignInError::Provider(ProviderError::Metadata(MetadataError::Http(error))) => error,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_redirect_is_not_followed() {
    let server = Server::start(|_, asked| match asked.target.as_str() {
        "/elsewhere" => json(&value!({})),
        _ => Answer(302, "location: /elsewhere", String::new()),
    });
    assert!(matches!(http_error(begin(&server, http()).await), HttpError::Status { status: 302, .. }));
    assert!(server.asked("/elsewhere").is_empty());
}

#[tokio::test]
async fn an_endless_answer_is_cut_off() {
    let server =
        Server::start(|_, _| Answer(200, "content-type: application/json", "[".repeat((1 << 20) + 1)));
    assert!(matches!(http_error(begin(&server, http()).await), HttpError::TooLarge(_)));
    let server = Server::start(|_, _| Answer(200, "content-type: text/html", "<html>".into()));
    assert!(matches!(http_error(begin(&server, http()).await), HttpError::NotJson(_)));
}

#[tokio::test]
async fn a_slow_answer_is_not_waited_for() {
    let server = Server::start(|_, _| {
        std::thread::sleep(std::time::Duration::from_secs(5));
        json(&value!({}))
    });
    let settings = HttpSettings { timeout: std::time::Duration::from_millis(300), ..HttpSettings::default() };
    let started = Instant::now();
    let error = http_error(begin(&server, Http::new(&settings).unwrap()).await);
    assert!(matches!(error, HttpError::Unreachable { why: "it took too long", .. }), "{error}");
    assert!(started.elapsed() < std::time::Duration::from_secs(3));
}

#[tokio::test]
async fn a_document_that_sends_us_to_a_metadata_service_is_refused() {
    let server = Server::start(|base, _| {
        let mut document = document(base);
        document["jwks_uri"] = "http://169.254.169.254/latest/meta-data/iam".into();
        json(&document)
    });
    let error = begin(&server, http()).await;
    assert!(
        matches!(error, SignInError::Provider(ProviderError::Metadata(MetadataError::Endpoint(_)))),
        "{error:?}"
    );
}

#[tokio::test]
async fn strangers_tokens_do_not_make_us_ask_for_keys_again_and_again() {
    // claim C4: a thousand tokens with unknown keys are one request a minute.
    let server = Server::start(|base, asked| match asked.target.as_str() {
        "/jwks" => json(&value!({ "keys": [] })),
        _ => json(&document(base)),
    });
    let provider = Provider::new(config(&server.url), http()).unwrap();
    let part = |value: Value| URL_SAFE_NO_PAD.encode(value.to_string());
    let start = now();
    let send = async |n: usize, at| {
        let header = part(value!({ "alg": "RS256", "kid": format!("k{n}") }));
        let token = format!("{header}.{}.c2ln", part(value!({})));
        assert!(provider.logged_out(&token, at).await.is_err());
    };
    for n in 0..1000 {
        send(n, start).await;
    }
    assert_eq!(server.asked("/jwks").len(), 1);
    send(0, start + Duration::seconds(61)).await;
    assert_eq!(server.asked("/jwks").len(), 2);
    assert_eq!(server.asked("/.well-known").len(), 1, "the document is fresh for a day");
}

#[tokio::test]
async fn a_provider_that_is_down_fails_at_once_the_second_time() {
    let server = Server::start(|_, _| Answer(500, "content-type: text/plain", String::new()));
    let provider = Provider::new(config(&server.url), http()).unwrap();
    let start = now();
    for _ in 0..50 {
        assert!(provider.begin(&Begin::default(), &Counting::default(), start).await.is_err());
    }
    assert_eq!(server.asked("/").len(), 1);
    let later = start + Duration::seconds(6);
    assert!(provider.begin(&Begin::default(), &Counting::default(), later).await.is_err());
    assert_eq!(server.asked("/").len(), 2);
}
