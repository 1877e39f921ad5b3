//! Entra ID and Google, played by a server of ours: their documents and tokens as they publish them, and as
//! somebody else would like them to be.

use super::authenticator::key;
use super::server::{Answer, Server, json};
use super::{Counting, config, http, now};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use bursar_identity::oidc::{
    Begin, Callback, EntraTenants, ExternalPerson, Provider, ProviderConfig, ProviderKind, SignInError,
    TokenError,
};
use jsonwebtoken::Algorithm;
use jsonwebtoken::jwk::Jwk;
use serde_json::{Value, json as value};
use std::collections::HashMap;
use std::sync::{Arc, Mutex};

const NORTHWIND: &str = "8a5a3c1e-5f0e-4f5b-9a58-0d4f3d0e3b11";
const STRANGERS: &str = "0d4f3d0e-3b11-4f5b-9a58-8a5a3c1e5f0e";

/// A provider whose next token has these claims.
struct Playing {
    server: Server,
    claims: Arc<Mutex<Value>>,
}

impl Playing {
    /// `issuer` stands in the document, behind the server's address; `bound_to` in the key.
    fn start(issuer: &'static str, bound_to: Option<&'static str>) -> Self {
        let claims = Arc::new(Mutex::new(Value::Null));
        let next = Arc::clone(&claims);
        let server = Server::start(move |base, asked| match asked.target.as_str() {
            "/token" => json(
                &value!({ "id_token": sign(&next.lock().unwrap()), "token_type": "Bearer", "access_token": "a" }),
            ),
            "/keys" => {
                let mut jwk =
                    serde_json::to_value(Jwk::from_encoding_key(&key(), Algorithm::ES256).unwrap()).unwrap();
                jwk["kid"] = "k".into();
                if let Some(issuer) = bound_to {
                    jwk["issuer"] = format!("{base}{issuer}").into();
                }
                json(&value!({ "keys": [jwk] }))
            }
            path if path.ends_with("/.well-known/openid-configuration") => json(&value!({
                "issuer": format!("{base}{issuer}"),
                "authorization_endpoint": format!("{base}/authorize"),
                "token_endpoint": format!("{base}/token"),
                "jwks_uri": format!("{base}/keys"),
            })),
            _ => Answer(404, "content-type: text/plain", String::new()),
        });
        Self { server, claims }
    }

    /// Signs in with claims of the test's choice beside the usual ones.
    async fn sign_in(&self, kind: ProviderKind, claims: Value) -> Result<ExternalPerson, SignInError> {
        let provider = Provider::new(ProviderConfig { kind, ..config(&self.server.url) }, http()).unwrap();
        let (url, pending) = provider.begin(&Begin::default(), &Counting::default(), now()).await?;
        let asked: HashMap<_, _> = url.query_pairs().into_owned().collect();
        let time = now().timestamp();
        let mut all = value!({
            "sub": "s-1", "aud": "bursar", "nonce": asked["nonce"], "email": "ana@northwind.example",
            // Entra ID dates its tokens back by five minutes.
            "iat": time - 300, "nbf": time - 300, "exp": time + 3600,
        });
        all.as_object_mut().unwrap().extend(claims.as_object().unwrap().clone());
        *self.claims.lock().unwrap() = all;
        let callback = Callback::from_query(&format!("code=c&state={}", asked["state"]))?;
        provider.finish(pending, &callback, now()).await
    }
}

fn sign(claims: &Value) -> String {
    let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
    let message = format!("{}.{}", part(&value!({ "alg": "ES256", "kid": "k", "typ": "JWT" })), part(claims));
    let signature = jsonwebtoken::crypto::sign(message.as_bytes(), &key(), Algorithm::ES256).unwrap();
    format!("{message}.{signature}")
}

#[tokio::test]
async fn people_of_the_listed_tenants_come_in_through_entra_id() {
    // claim C1
    let entra = Playing::start("/{tenantid}/v2.0", Some("/{tenantid}/v2.0"));
    let issuer = |tenant: &str| format!("{}/{tenant}/v2.0", entra.server.url);
    let kind =
        |tenants| ProviderKind::EntraId { tenants, authority: Some(entra.server.url.parse().unwrap()) };
    let listed = || kind(EntraTenants::Listed(vec![NORTHWIND.to_owned()]));
    let claims = |iss: &str, tid: &str| value!({ "iss": issuer(iss), "tid": tid, "email_verified": true });
    let ana = entra.sign_in(listed(), claims(NORTHWIND, NORTHWIND)).await.unwrap();
    assert_eq!((ana.issuer, ana.organisation.as_deref()), (issuer(NORTHWIND), Some(NORTHWIND)));
    assert!(!ana.email_verified, "the tenant wrote the address");
    let refused = Err(SignInError::Token(TokenError::Issuer));
    assert_eq!(entra.sign_in(listed(), claims(STRANGERS, STRANGERS)).await, refused);
    assert_eq!(entra.sign_in(listed(), claims(STRANGERS, NORTHWIND)).await, refused);
    assert_eq!(entra.sign_in(listed(), claims("{tenantid}", "{tenantid}")).await, refused);
    let anybody = kind(EntraTenants::AnyOrganisation);
    let eve = entra.sign_in(anybody, claims(STRANGERS, STRANGERS)).await.unwrap();
    assert_ne!((eve.issuer, eve.subject), (issuer(NORTHWIND), ana.subject), "one subject, two issuers");
}

#[tokio::test]
async fn a_single_tenant_is_exactly_that_tenant() {
    // claim C1
    let issuer = "/8a5a3c1e-5f0e-4f5b-9a58-0d4f3d0e3b11/v2.0";
    let entra = Playing::start(issuer, None);
    let kind = || ProviderKind::EntraId {
        tenants: EntraTenants::One(NORTHWIND.to_owned()),
        authority: Some(entra.server.url.parse().unwrap()),
    };
    let claims = |path: &str| value!({ "iss": format!("{}{path}", entra.server.url), "tid": NORTHWIND });
    assert!(entra.sign_in(kind(), claims(issuer)).await.is_ok());
    let other = claims("/0d4f3d0e-3b11-4f5b-9a58-8a5a3c1e5f0e/v2.0");
    assert_eq!(entra.sign_in(kind(), other).await, Err(SignInError::Token(TokenError::Issuer)));
}

#[tokio::test]
async fn a_key_signs_for_the_tenant_it_is_bound_to() {
    // Entra ID's key set is shared by all its tenants; some keys belong to one kind of account only.
    let entra = Playing::start("/{tenantid}/v2.0", Some("/0d4f3d0e-3b11-4f5b-9a58-8a5a3c1e5f0e/v2.0"));
    let kind = ProviderKind::EntraId {
        tenants: EntraTenants::AnyOrganisation,
        authority: Some(entra.server.url.parse().unwrap()),
    };
    let iss = format!("{}/{NORTHWIND}/v2.0", entra.server.url);
    let refused = entra.sign_in(kind, value!({ "iss": iss, "tid": NORTHWIND })).await;
    assert_eq!(refused, Err(SignInError::Token(TokenError::Issuer)));
}

#[tokio::test]
async fn google_people_come_from_the_listed_domains() {
    // claim C1
    let google = Playing::start("", None);
    let kind = |domains: &[&str]| ProviderKind::Google {
        hosted_domains: domains.iter().map(|domain| (*domain).to_owned()).collect(),
        issuer: Some(google.server.url.clone()),
    };
    let claims = |hd: Value| value!({ "iss": google.server.url, "hd": hd, "email_verified": true });
    let ana = google.sign_in(kind(&["Northwind.example"]), claims("northwind.example".into())).await.unwrap();
    assert_eq!(ana.organisation.as_deref(), Some("northwind.example"));
    assert!(ana.email_verified);
    for hd in ["evil.example".into(), Value::Null, value!(["northwind.example"])] {
        let refused = google.sign_in(kind(&["northwind.example"]), claims(hd)).await;
        assert_eq!(refused, Err(SignInError::NotAdmitted), "an address at the domain is not enough");
    }
    assert!(google.sign_in(kind(&[]), claims(Value::Null)).await.is_ok());
}
