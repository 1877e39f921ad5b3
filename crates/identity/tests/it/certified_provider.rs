//! Against oidc-provider, which is certified: the whole sign-in, as a browser goes through it.

use super::browser::{Browser, Does};
use super::server::{Answer, Server};
use super::{Counting, REDIRECT, config, http, now};
use bursar_identity::oidc::{
    Begin, Outcome, Provider, ProviderConfig, SignInError, TokenError, check_provider,
};
use bursar_testkit::peers::{IdentityProviderPeer, oidc_provider};
use chrono::Duration;

fn peer() -> Option<IdentityProviderPeer> {
    oidc_provider(&[REDIRECT], None)
}

fn provider(peer: &IdentityProviderPeer) -> Provider {
    Provider::new(config(&peer.issuer()), http()).unwrap()
}

#[tokio::test]
async fn somebody_signs_in() {
    // claim C1
    let Some(peer) = peer() else { return };
    let provider = provider(&peer);
    let (url, pending) = provider.begin(&Begin::default(), &Counting::default(), now()).await.unwrap();
    let callback = Browser::new().callback(url, Does::SignsIn("ana")).await;
    let ana = provider.finish(pending.clone(), &callback, now()).await.unwrap();
    assert_eq!((ana.issuer, ana.subject), (peer.issuer(), "ana".to_owned()));
    assert_eq!(ana.email.unwrap().as_str(), "ana@northwind.example");
    assert_eq!(ana.name.as_deref(), Some("Ana Lindqvist"));
    assert_eq!(ana.groups, ["finops", "admins"]);
    assert!(ana.email_verified && !ana.groups_incomplete);
    // The code is good once.
    let again = provider.finish(pending, &callback, now()).await;
    assert_eq!(again, Err(SignInError::Exchange("invalid_grant".into())));
}

#[tokio::test]
async fn two_people_with_one_address_are_two_people() {
    // claim C1
    let Some(peer) = peer() else { return };
    let provider = provider(&peer);
    let random = Counting::default();
    let mut people = Vec::new();
    for name in ["ana", "bob"] {
        let (url, pending) = provider.begin(&Begin::default(), &random, now()).await.unwrap();
        let callback = Browser::new().callback(url, Does::SignsIn(name)).await;
        people.push(provider.finish(pending, &callback, now()).await.unwrap());
    }
    assert_eq!(people[0].email, people[1].email);
    assert_ne!(people[0].subject, people[1].subject);
    assert!(people[0].email_verified && !people[1].email_verified);
}

#[tokio::test]
async fn an_answer_of_another_browser_opens_nothing() {
    // claim C1: somebody is sent the callback of the attacker's own sign-in.
    let Some(peer) = peer() else { return };
    let (provider, random) = (provider(&peer), Counting::default());
    let (url, theirs) = provider.begin(&Begin::default(), &random, now()).await.unwrap();
    let (_, ours) = provider.begin(&Begin::default(), &random, now()).await.unwrap();
    let query = Browser::new().follow(url, Does::SignsIn("bob")).await;
    let callback = bursar_identity::oidc::Callback::from_query(&query).unwrap();
    assert_eq!(provider.finish(ours.clone(), &callback, now()).await, Err(SignInError::State));
    // Even with the state right, the code is bound to the browser that began (PKCE).
    let state = serde_json::to_value(&theirs).unwrap()["state"].clone();
    let mut forged = serde_json::to_value(&ours).unwrap();
    forged["state"] = state;
    let forged = serde_json::from_value(forged).unwrap();
    let refused = provider.finish(forged, &callback, now()).await;
    assert_eq!(refused, Err(SignInError::Exchange("invalid_grant".into())));
}

#[tokio::test]
async fn going_back_at_the_page_is_a_refusal() {
    let Some(peer) = peer() else { return };
    let provider = provider(&peer);
    let (url, pending) = provider.begin(&Begin::default(), &Counting::default(), now()).await.unwrap();
    let callback = Browser::new().callback(url, Does::GoesBack).await;
    let refused = provider.finish(pending, &callback, now()).await;
    assert_eq!(refused, Err(SignInError::Refused("access_denied".into())));
}

#[tokio::test]
async fn somebody_is_asked_again_before_something_dangerous() {
    let Some(peer) = peer() else { return };
    let (provider, random, browser) = (provider(&peer), Counting::default(), Browser::new());
    let (url, pending) = provider.begin(&Begin::default(), &random, now()).await.unwrap();
    let first = browser.callback(url, Does::SignsIn("ana")).await;
    provider.finish(pending, &first, now()).await.unwrap();
    let again = Begin { again_within: Some(Duration::minutes(5)), ..Begin::default() };
    let (url, pending) = provider.begin(&again, &random, now()).await.unwrap();
    assert!(url.query().unwrap().contains("prompt=login&max_age=300"));
    let callback = browser.callback(url, Does::SignsIn("ana")).await;
    let ana = provider.finish(pending, &callback, now()).await.unwrap();
    assert!(now() - ana.auth_time.unwrap() < Duration::minutes(1));
    // An answer that comes ten minutes later is too late for both of us.
    let (url, pending) = provider.begin(&again, &random, now()).await.unwrap();
    let callback = browser.callback(url, Does::SignsIn("ana")).await;
    let late = provider.finish(pending, &callback, now() + Duration::minutes(11)).await;
    assert_eq!(late, Err(SignInError::Expired));
}

#[tokio::test]
async fn a_sign_out_at_the_provider_is_heard() {
    // claim C3
    let ours = Server::start(|_, _| Answer(200, "content-type: text/plain", String::new()));
    let Some(peer) = oidc_provider(&[REDIRECT], Some(&format!("{}/logged-out", ours.url))) else { return };
    let (provider, browser) = (provider(&peer), Browser::new());
    let (url, pending) = provider.begin(&Begin::default(), &Counting::default(), now()).await.unwrap();
    let callback = browser.callback(url, Does::SignsIn("ana")).await;
    let ana = provider.finish(pending, &callback, now()).await.unwrap();
    let page = provider.sign_out_page(&REDIRECT.parse().unwrap(), now()).await.unwrap().unwrap();
    browser.sign_out(page).await;
    let told = ours.asked("/logged-out");
    assert_eq!(told.len(), 1, "{}", peer.log());
    let token = told[0].body.strip_prefix("logout_token=").expect("a form");
    let out = provider.logged_out(token, now()).await.unwrap();
    assert_eq!((out.issuer, out.subject), (peer.issuer(), Some("ana".to_owned())));
    assert!(out.session.is_some() && out.session == ana.session, "the session that began");
    assert!(!out.id.is_empty() && out.expires > now());
    // Later, or bent, it says nothing.
    let late = provider.logged_out(token, now() + Duration::hours(2)).await;
    assert!(late.is_err(), "{late:?}");
    let (message, signature) = token.rsplit_once('.').unwrap();
    let other = if signature.starts_with('A') { 'B' } else { 'A' };
    let bent = format!("{message}.{other}{}", &signature[1..]);
    let bent = provider.logged_out(&bent, now()).await;
    assert_eq!(bent.err(), Some(TokenError::Signature.into()));
}

#[tokio::test]
async fn the_test_button_says_what_is_wrong() {
    // claim C1
    let Some(peer) = peer() else { return };
    let check =
        async |config: ProviderConfig| check_provider(config, &http(), &Counting::default(), now()).await;
    let bad = |findings: &[bursar_identity::oidc::Finding]| -> Vec<String> {
        let bad = findings.iter().filter(|finding| finding.outcome == Outcome::Bad);
        bad.map(|finding| format!("{}: {}", finding.step, finding.text)).collect()
    };
    let good = check(config(&peer.issuer())).await;
    assert!(good.iter().all(|finding| finding.outcome == Outcome::Good), "{good:#?}");
    let steps: Vec<&str> = good.iter().map(|finding| finding.step).collect();
    assert_eq!(
        steps,
        [
            "configuration",
            "discovery",
            "signatures",
            "PKCE",
            "mix-up",
            "sign-out",
            "keys",
            "client",
            "sign-in"
        ]
    );
    let wrong = ProviderConfig { client_secret: Some("wrong".to_owned().into()), ..config(&peer.issuer()) };
    let findings = bad(&check(wrong).await);
    assert!(
        findings.len() == 1 && findings[0].starts_with("client: the provider does not know"),
        "{findings:?}"
    );
    let slash = format!("{}/", peer.issuer());
    let findings = bad(&check(config(&slash)).await);
    assert!(findings.len() == 1 && findings[0].contains("write the issuer exactly so"), "{findings:?}");
    let findings = bad(&check(config("http://127.0.0.1:9")).await);
    assert!(findings.len() == 1 && findings[0].contains("cannot be reached"), "{findings:?}");
}

#[tokio::test]
async fn a_wrong_secret_is_told_from_a_wrong_code() {
    let Some(peer) = peer() else { return };
    let wrong = ProviderConfig { client_secret: Some("wrong".to_owned().into()), ..config(&peer.issuer()) };
    let provider = Provider::new(wrong, http()).unwrap();
    let (url, pending) = provider.begin(&Begin::default(), &Counting::default(), now()).await.unwrap();
    let callback = Browser::new().callback(url, Does::SignsIn("ana")).await;
    let refused = provider.finish(pending, &callback, now()).await;
    assert_eq!(refused, Err(SignInError::Exchange("invalid_client".into())));
}
