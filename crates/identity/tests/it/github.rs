//! GitHub, played by a server of ours: no emulator of its OAuth exists.

use super::server::{Answer, Server, json};
use super::{Counting, REDIRECT, http, now};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use bursar_domain::id::IdentityProviderId;
use bursar_identity::github::{GitHub, GitHubConfig};
use bursar_identity::oidc::{Begin, Callback, ExternalPerson, SignInError};
use serde_json::{Value, json as value};
use sha2::{Digest, Sha256};
use std::collections::HashMap;

fn github(server: &Server) -> GitHub {
    let config = GitHubConfig {
        id: IdentityProviderId::from_u128(2),
        client_id: "Iv1.0123456789abcdef".into(),
        client_secret: "hub secret".to_owned().into(),
        redirect: REDIRECT.parse().unwrap(),
        web: server.url.parse().unwrap(),
        api: format!("{}/api/v3/", server.url).parse().unwrap(),
    };
    GitHub::new(config, http()).unwrap()
}

fn playing(token: Value, emails: Value) -> Server {
    Server::start(move |_, asked| match asked.target.as_str() {
        "/login/oauth/access_token" => json(&token),
        "/api/v3/user" => json(&value!({ "id": 583_231, "login": "octocat", "name": "The Octocat" })),
        "/api/v3/user/emails" => json(&emails),
        _ => Answer(404, "content-type: application/json", "{}".into()),
    })
}

fn emails() -> Value {
    value!([
        { "email": "old@example.com", "primary": false, "verified": true },
        { "email": "Octocat@GitHub.example", "primary": true, "verified": true },
    ])
}

async fn sign_in(server: &Server, more: &str) -> Result<ExternalPerson, SignInError> {
    let github = github(server);
    let (url, pending) = github.begin(&Begin::default(), &Counting::default(), now())?;
    let asked: HashMap<_, _> = url.query_pairs().into_owned().collect();
    assert_eq!(asked["scope"], "read:user user:email");
    assert!(!url.as_str().contains("secret"));
    let query = format!("code=c0de&state={}{more}", asked["state"]);
    let person = github.finish(pending, &Callback::from_query(&query)?, now()).await;
    for exchange in server.asked("/login/oauth/access_token") {
        let form: HashMap<_, _> =
            url::form_urlencoded::parse(exchange.body.as_bytes()).into_owned().collect();
        let challenge = URL_SAFE_NO_PAD.encode(Sha256::digest(form["code_verifier"].as_bytes()));
        assert_eq!(challenge, asked["code_challenge"]);
        assert_eq!((form["code"].as_str(), form["client_secret"].as_str()), ("c0de", "hub secret"));
        assert_eq!(form["redirect_uri"], REDIRECT);
    }
    person
}

#[tokio::test]
async fn somebody_signs_in_by_their_number() {
    // claim C1
    let server = playing(value!({ "access_token": "gho_x", "token_type": "bearer" }), emails());
    let person = sign_in(&server, "").await.unwrap();
    assert_eq!((person.issuer.as_str(), person.subject.as_str()), (server.url.as_str(), "583231"));
    assert_eq!(person.email.unwrap().as_str(), "octocat@github.example");
    assert!(person.email_verified);
    assert!(server.asked("/api").iter().all(|asked| asked.authorization.as_deref() == Some("Bearer gho_x")));
    let iss = format!("&iss={}/login/oauth", server.url);
    assert!(sign_in(&server, &iss).await.is_ok(), "the name GitHub gives itself");
}

#[tokio::test]
async fn an_address_that_github_has_not_verified_is_none() {
    // claim C1
    let unverified = value!([{ "email": "ceo@victim.example", "primary": true, "verified": false }]);
    let server = playing(value!({ "access_token": "gho_x" }), unverified);
    let person = sign_in(&server, "").await.unwrap();
    assert!(person.email.is_none() && !person.email_verified);
}

#[tokio::test]
async fn refusals_are_refusals() {
    // GitHub answers errors with status 200.
    let server = playing(value!({ "error": "bad_verification_code" }), emails());
    assert_eq!(sign_in(&server, "").await, Err(SignInError::Exchange("bad_verification_code".into())));
    let server = playing(value!({ "access_token": "gho_x" }), emails());
    assert_eq!(sign_in(&server, "&iss=https://evil.example").await, Err(SignInError::MixedUp));
    assert!(server.asked("/login").is_empty(), "the code went nowhere");
    let server = playing(value!({ "access_token": "gho_x" }), value!({ "message": "Not Found" }));
    assert_eq!(sign_in(&server, "").await, Err(SignInError::Userinfo));
}
