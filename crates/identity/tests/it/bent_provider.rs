//! Against oauth2-mock-server, which bends its answers as it is told: everything bent is refused, and for the
//! right reason.

use super::browser::{Browser, Does};
use super::{Counting, REDIRECT, config, http, now};
use bursar_identity::oidc::{Begin, Callback, ExternalPerson, Provider, SignInError, TokenError};
use bursar_testkit::peers::{CLIENT_ID, IdentityProviderPeer, bent_provider};
use chrono::Duration;
use serde_json::Value;
use url::Url;

async fn sign_in(provider: &Provider, bend: &str) -> Result<ExternalPerson, SignInError> {
    let begin = Begin { login_hint: Some(bend), ..Begin::default() };
    let (url, pending) = provider.begin(&begin, &Counting::default(), now()).await?;
    let query = Browser::new().follow(url, Does::SignsIn("johndoe")).await;
    provider.finish(pending, &Callback::from_query(&query)?, now()).await
}

fn provider(peer: &IdentityProviderPeer) -> Provider {
    Provider::new(config(&peer.issuer()), http()).unwrap()
}

#[tokio::test]
async fn an_honest_answer_is_believed() {
    let Some(peer) = bent_provider() else { return };
    let provider = provider(&peer);
    for bend in ["nothing", "names itself"] {
        let person = sign_in(&provider, bend).await.unwrap();
        assert_eq!((person.issuer, person.subject.as_str()), (peer.issuer(), "johndoe"));
    }
}

#[tokio::test]
async fn a_bent_answer_is_refused() {
    // claim C1
    let Some(peer) = bent_provider() else { return };
    let provider = provider(&peer);
    for (bend, why) in [
        ("none", TokenError::Algorithm("none".into())),
        ("symmetric", TokenError::Algorithm("HS256".into())),
        ("no signature", TokenError::Signature),
        ("bent", TokenError::Signature),
        ("stranger", TokenError::Signature),
        ("unknown key", TokenError::UnknownKey),
        ("other type", TokenError::Type),
        ("other audience", TokenError::Audience),
        ("two audiences", TokenError::AuthorizedParty),
        ("other party", TokenError::AuthorizedParty),
        ("other issuer", TokenError::Issuer),
        ("other nonce", TokenError::Nonce),
        ("no nonce", TokenError::Nonce),
        ("expired", TokenError::Expired),
        ("from the future", TokenError::Future),
        ("old", TokenError::Old),
        ("no subject", TokenError::Claim("sub")),
        // A logout token is not an ID token.
        ("logout", TokenError::Nonce),
    ] {
        assert_eq!(sign_in(&provider, bend).await, Err(SignInError::Token(why)), "{bend}");
    }
    for (bend, why) in [
        ("mixed up", SignInError::MixedUp),
        ("other state", SignInError::State),
        ("two codes", SignInError::Callback),
        ("denied", SignInError::Refused("access_denied".into())),
        ("code refused", SignInError::Exchange("invalid_grant".into())),
        ("no id token", SignInError::Exchange("no id token".into())),
    ] {
        assert_eq!(sign_in(&provider, bend).await, Err(why), "{bend}");
    }
}

#[tokio::test]
async fn a_new_key_is_found_without_a_restart() {
    // claim C1
    let Some(peer) = bent_provider() else { return };
    let provider = provider(&peer);
    sign_in(&provider, "nothing").await.unwrap();
    // Whether this one or the next is signed by the new key is the server's turn-taking; within the minute
    // the new key is not asked for, a minute later it is.
    let later = now() + Duration::seconds(61);
    let finish = async |at| {
        let begin = Begin { login_hint: Some("rotate"), ..Begin::default() };
        let (url, pending) = provider.begin(&begin, &Counting::default(), at).await?;
        let query = Browser::new().follow(url, Does::SignsIn("johndoe")).await;
        provider.finish(pending, &Callback::from_query(&query)?, at).await
    };
    let mut refused = false;
    for _ in 0..4 {
        refused |= finish(now()).await == Err(SignInError::Token(TokenError::UnknownKey));
    }
    assert!(refused, "nobody makes us ask for keys more than once a minute");
    for _ in 0..4 {
        finish(later).await.unwrap();
    }
}

#[tokio::test]
async fn a_provider_is_not_taken_for_another() {
    // claim C1: two providers, and the answer of one given to the other.
    let (Some(honest), Some(evil)) = (bent_provider(), bent_provider()) else { return };
    let (ours, theirs) = (provider(&honest), provider(&evil));
    let random = Counting::default();
    let (url, pending) = theirs.begin(&Begin::default(), &random, now()).await.unwrap();
    let callback = Browser::new().callback(url, Does::SignsIn("johndoe")).await;
    let refused = ours.finish(pending, &callback, now()).await;
    assert_eq!(refused, Err(SignInError::MixedUp), "the pending sign-in knows whom it asked");
}

/// A token with claims of the bend's choice, fetched without us.
async fn token(peer: &IdentityProviderPeer, bend: &str) -> String {
    let mut url: Url = format!("{}/authorize?response_type=code", peer.issuer()).parse().unwrap();
    url.query_pairs_mut().append_pair("redirect_uri", REDIRECT).append_pair("login_hint", bend);
    let browser = Browser::new();
    let query = browser.follow(url, Does::SignsIn("johndoe")).await;
    let code = query.strip_prefix("code=").unwrap();
    let form = format!("grant_type=authorization_code&client_id={CLIENT_ID}&code={code}");
    let endpoint = format!("{}/token", peer.issuer()).parse().unwrap();
    let answer: Value = browser.submit(&endpoint, form).await.json().await.unwrap();
    answer["id_token"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn only_a_logout_token_signs_somebody_out() {
    // claim C3
    let Some(peer) = bent_provider() else { return };
    let provider = provider(&peer);
    let out = provider.logged_out(&token(&peer, "logout").await, now()).await.unwrap();
    assert_eq!((out.subject.as_deref(), out.session.as_deref()), (Some("johndoe"), Some("s-1")));
    assert_eq!((out.id.as_str(), out.issuer), ("j-1", peer.issuer()));
    for (bend, why) in [
        ("nothing", TokenError::Event),
        ("other audience", TokenError::Audience),
        ("other issuer", TokenError::Issuer),
        ("expired", TokenError::Expired),
        ("old", TokenError::Old),
        ("other type", TokenError::Type),
    ] {
        let refused = provider.logged_out(&token(&peer, bend).await, now()).await;
        assert_eq!(refused.err(), Some(why.into()), "{bend}");
    }
}
