//! Judging a signed token: who made it, for whom, when.

use super::config::Issuers;
use super::keys::{KeySet, algorithm};
use crate::jwt;
use crate::random::same;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::{DateTime, Duration, Utc};
use jsonwebtoken::Algorithm;
use serde_json::{Map, Value};
use sha2::{Digest, Sha256, Sha384, Sha512};

/// Clocks may differ by this much.
const SKEW: Duration = Duration::minutes(1);
/// A token that was made longer ago was not made for this sign-in. (Entra ID dates its tokens back by five
/// minutes.)
const OLDEST: Duration = Duration::hours(1);
const MAX_TOKEN_BYTES: usize = 64 << 10;
const MAX_AUDIENCES: usize = 16;
const MAX_SUBJECT_BYTES: usize = 255;

pub(super) type Claims = Map<String, Value>;

/// Why a provider's token is not believed. For the record and the administrator; whoever signs in only
/// learns that it did not work.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TokenError {
    /// Not three parts of base64url and JSON, or monstrous.
    #[error("the token cannot be read")]
    Malformed,
    /// `none`, a symmetric one, or one we do not know.
    #[error("the token is signed with `{0}`, which is not accepted")]
    Algorithm(String),
    /// Another kind of token.
    #[error("the token is of another type")]
    Type,
    /// The provider has no such key.
    #[error("the token is signed with a key that the provider does not publish")]
    UnknownKey,
    /// The signature is wrong.
    #[error("the token's signature is wrong")]
    Signature,
    /// A claim is missing or of the wrong kind.
    #[error("the token has no usable `{0}`")]
    Claim(&'static str),
    /// Made by somebody else.
    #[error("the token was made by another issuer")]
    Issuer,
    /// Made for somebody else.
    #[error("the token was made for another client")]
    Audience,
    /// `azp` is somebody else.
    #[error("the token was given to another client")]
    AuthorizedParty,
    /// Too late.
    #[error("the token has expired")]
    Expired,
    /// `nbf` or `iat` in the future: one of the two clocks is wrong.
    #[error("the token is from the future: compare the clocks of this machine and the provider")]
    Future,
    /// `iat` long ago.
    #[error("the token was made long before this sign-in")]
    Old,
    /// Not made for this sign-in.
    #[error("the token was made for another sign-in")]
    Nonce,
    /// Does not belong to the access token beside it.
    #[error("the token does not belong to the access token")]
    AccessToken,
    /// The person signed in too long ago.
    #[error("the provider did not ask the person again")]
    AuthTime,
    /// A logout token without the event, or with a nonce.
    #[error("the token is not a logout token")]
    Event,
}

/// What an ID token must agree with.
pub(super) struct Expected<'a> {
    pub(super) issuers: &'a Issuers,
    pub(super) client_id: &'a str,
    pub(super) nonce: &'a str,
    pub(super) access_token: Option<&'a str>,
    pub(super) max_age: Option<Duration>,
    pub(super) now: DateTime<Utc>,
}

/// The id of the key a token says it is signed with.
pub(super) fn key_id(token: &str) -> Result<Option<String>, TokenError> {
    header(token).map(|header| header.kid)
}

fn header(token: &str) -> Result<jwt::Header, TokenError> {
    if token.len() > MAX_TOKEN_BYTES {
        return Err(TokenError::Malformed);
    }
    jwt::header(token).map_err(|_| TokenError::Malformed)
}

/// The claims of an ID token that agrees.
pub(super) fn id_token(token: &str, keys: &KeySet, expected: &Expected<'_>) -> Result<Claims, TokenError> {
    let (claims, algorithm) = signed(token, keys, &["jwt"], expected.issuers)?;
    audience(&claims, expected.client_id)?;
    times(&claims, expected.now)?;
    let nonce = text(&claims, "nonce").ok_or(TokenError::Nonce)?;
    if !same(nonce, expected.nonce) {
        return Err(TokenError::Nonce);
    }
    if let (Some(hash), Some(access_token)) = (claims.get("at_hash"), expected.access_token)
        && !hash.as_str().is_some_and(|hash| same(hash, &half_hash(access_token, algorithm)))
    {
        return Err(TokenError::AccessToken);
    }
    if let Some(max_age) = expected.max_age {
        let at = moment(&claims, "auth_time")?.ok_or(TokenError::Claim("auth_time"))?;
        if expected.now - at > max_age + SKEW {
            return Err(TokenError::AuthTime);
        }
    }
    subject(&claims)?;
    Ok(claims)
}

/// The claims of a token that one of these keys has signed and whose issuer is one of these. `types` in lower
/// case; a token that does not say its type passes.
pub(super) fn signed(
    token: &str,
    keys: &KeySet,
    types: &[&str],
    issuers: &Issuers,
) -> Result<(Claims, Algorithm), TokenError> {
    let header = header(token)?;
    let algorithm = algorithm(&header.alg).ok_or_else(|| {
        TokenError::Algorithm(header.alg.chars().filter(char::is_ascii_graphic).take(16).collect())
    })?;
    if header.crit.is_some() {
        return Err(TokenError::Type);
    }
    if let Some(kind) = &header.typ {
        let kind = kind.to_ascii_lowercase();
        if !types.contains(&kind.strip_prefix("application/").unwrap_or(&kind)) {
            return Err(TokenError::Type);
        }
    }
    let (key, bound_to) = keys.find(header.kid.as_deref(), algorithm).ok_or(TokenError::UnknownKey)?;
    let (message, signature) = jwt::signed(token).map_err(|_| TokenError::Malformed)?;
    let good = jsonwebtoken::crypto::verify(signature, message.as_bytes(), key, algorithm);
    if !good.unwrap_or(false) {
        return Err(TokenError::Signature);
    }
    let claims: Claims = jwt::claims(token).map_err(|_| TokenError::Malformed)?;
    let issuer = text(&claims, "iss").ok_or(TokenError::Claim("iss"))?;
    let tenant = text(&claims, "tid");
    let key_agrees = bound_to.is_none_or(|of| issuer == of.replace("{tenantid}", tenant.unwrap_or_default()));
    if !issuers.accept(issuer, tenant) || !key_agrees {
        return Err(TokenError::Issuer);
    }
    Ok((claims, algorithm))
}

pub(super) fn audience(claims: &Claims, client_id: &str) -> Result<(), TokenError> {
    let audiences: Vec<&str> = match claims.get("aud") {
        Some(Value::String(one)) => vec![one],
        Some(Value::Array(several)) if several.len() <= MAX_AUDIENCES => {
            several.iter().map(Value::as_str).collect::<Option<_>>().ok_or(TokenError::Claim("aud"))?
        }
        _ => return Err(TokenError::Claim("aud")),
    };
    if !audiences.contains(&client_id) {
        return Err(TokenError::Audience);
    }
    match claims.get("azp") {
        Some(party) if party.as_str() == Some(client_id) => Ok(()),
        Some(_) => Err(TokenError::AuthorizedParty),
        None if audiences.len() > 1 => Err(TokenError::AuthorizedParty),
        None => Ok(()),
    }
}

pub(super) fn times(claims: &Claims, now: DateTime<Utc>) -> Result<DateTime<Utc>, TokenError> {
    let expires = moment(claims, "exp")?.ok_or(TokenError::Claim("exp"))?;
    let issued = moment(claims, "iat")?.ok_or(TokenError::Claim("iat"))?;
    let not_before = moment(claims, "nbf")?.unwrap_or(issued);
    if now >= expires + SKEW {
        Err(TokenError::Expired)
    } else if issued > now + SKEW || not_before > now + SKEW {
        Err(TokenError::Future)
    } else if now - issued > OLDEST {
        Err(TokenError::Old)
    } else {
        Ok(expires)
    }
}

pub(super) fn subject(claims: &Claims) -> Result<&str, TokenError> {
    text(claims, "sub")
        .filter(|sub| !sub.is_empty() && sub.len() <= MAX_SUBJECT_BYTES && !sub.contains(char::is_control))
        .ok_or(TokenError::Claim("sub"))
}

pub(super) fn text<'a>(claims: &'a Claims, name: &str) -> Option<&'a str> {
    claims.get(name).and_then(Value::as_str)
}

pub(super) fn moment(claims: &Claims, name: &'static str) -> Result<Option<DateTime<Utc>>, TokenError> {
    let Some(value) = claims.get(name) else { return Ok(None) };
    // Some providers write fractions of a second. The year 9999 is far enough.
    let seconds = value.as_f64().filter(|seconds| (0.0..253_402_300_799.0).contains(seconds));
    #[expect(clippy::cast_possible_truncation, reason = "the range was checked, and fractions do not count")]
    let seconds = seconds.map(|seconds| seconds as i64);
    let moment = seconds.and_then(|seconds| DateTime::from_timestamp(seconds, 0));
    moment.map(Some).ok_or(TokenError::Claim(name))
}

/// OpenID Connect Core §3.1.3.6: the left half of the hash that belongs to the algorithm.
fn half_hash(token: &str, algorithm: Algorithm) -> String {
    let hash = match algorithm {
        Algorithm::RS384 | Algorithm::PS384 | Algorithm::ES384 => Sha384::digest(token.as_bytes()).to_vec(),
        Algorithm::RS512 | Algorithm::PS512 | Algorithm::EdDSA => Sha512::digest(token.as_bytes()).to_vec(),
        _ => Sha256::digest(token.as_bytes()).to_vec(),
    };
    URL_SAFE_NO_PAD.encode(&hash[..hash.len() / 2])
}

#[cfg(test)]
pub(super) mod testing {
    use super::*;
    use jsonwebtoken::EncodingKey;
    use jsonwebtoken::jwk::Jwk;
    use serde_json::json;

    pub(crate) const ISSUER: &str = "https://login.example";

    /// A P-256 key for tests only (PKCS #8).
    const KEY: &str = "MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgrHv/e0DK8pgb3/ysfcOHjLwHw5uHN2AXcEDK9EDSdmahRANCAAQ4Hbqp1UiIL0enV31OfRwl7l+eeq37b4P5awspmaMiHX3WG6PKJRiH4x6OilYfBzjqK6qgXjXOJjrwb53bkV0L";

    fn signing_key() -> EncodingKey {
        use base64::engine::general_purpose::STANDARD;
        EncodingKey::from_ec_der(&STANDARD.decode(KEY).unwrap())
    }

    pub(crate) fn keys(kid: &str) -> KeySet {
        let mut jwk =
            serde_json::to_value(Jwk::from_encoding_key(&signing_key(), Algorithm::ES256).unwrap()).unwrap();
        jwk["kid"] = kid.into();
        KeySet::read(&json!({ "keys": [jwk] })).unwrap()
    }

    pub(crate) fn sign(header: &Value, claims: &Value) -> String {
        let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
        let message = format!("{}.{}", part(header), part(claims));
        let signature =
            jsonwebtoken::crypto::sign(message.as_bytes(), &signing_key(), Algorithm::ES256).unwrap();
        format!("{message}.{signature}")
    }

    pub(crate) fn now() -> DateTime<Utc> {
        "2026-11-22T09:00:00Z".parse().unwrap()
    }
}

#[cfg(test)]
mod tests {
    use super::testing::{ISSUER, keys, now, sign};
    use super::*;
    use serde_json::json;

    fn claims() -> Value {
        json!({
            "iss": ISSUER, "sub": "ana", "aud": "bursar", "nonce": "n-1",
            "iat": now().timestamp(), "exp": now().timestamp() + 300,
        })
    }

    fn check(header: &Value, claims: &Value, max_age: Option<Duration>) -> Result<Claims, TokenError> {
        let issuers = Issuers::Exactly(ISSUER.into());
        let expected = Expected {
            issuers: &issuers,
            client_id: "bursar",
            nonce: "n-1",
            access_token: Some("access"),
            max_age,
            now: now(),
        };
        id_token(&sign(header, claims), &keys("k1"), &expected)
    }

    /// The claims with one of them changed; null takes it out.
    fn with(name: &str, value: Value) -> Value {
        let mut claims = claims();
        if value.is_null() {
            claims.as_object_mut().unwrap().remove(name);
        } else {
            claims[name] = value;
        }
        claims
    }

    fn good_header() -> Value {
        json!({ "alg": "ES256", "kid": "k1", "typ": "JWT" })
    }

    #[test]
    fn a_good_token_is_believed() {
        // claim C1
        let found = check(&good_header(), &claims(), None).unwrap();
        assert_eq!(text(&found, "sub"), Some("ana"));
    }

    #[test]
    fn claims_that_do_not_agree_are_refused() {
        // claim C1
        let at = |seconds: i64| Value::from(now().timestamp() + seconds);
        for (name, value, why) in [
            ("iss", json!("https://evil.example"), TokenError::Issuer),
            ("iss", json!("https://login.example/"), TokenError::Issuer),
            ("iss", Value::Null, TokenError::Claim("iss")),
            ("iss", json!([ISSUER]), TokenError::Claim("iss")),
            ("aud", json!("other"), TokenError::Audience),
            ("aud", json!(["other"]), TokenError::Audience),
            ("aud", json!(["bursar", "other"]), TokenError::AuthorizedParty),
            ("aud", json!(["bursar", 1]), TokenError::Claim("aud")),
            ("aud", Value::Null, TokenError::Claim("aud")),
            ("azp", json!("other"), TokenError::AuthorizedParty),
            ("azp", json!(1), TokenError::AuthorizedParty),
            ("exp", at(-61), TokenError::Expired),
            ("exp", Value::Null, TokenError::Claim("exp")),
            ("exp", json!("tomorrow"), TokenError::Claim("exp")),
            ("exp", json!(-1), TokenError::Claim("exp")),
            ("exp", json!(1e300), TokenError::Claim("exp")),
            ("iat", at(90), TokenError::Future),
            ("iat", at(-4000), TokenError::Old),
            ("iat", Value::Null, TokenError::Claim("iat")),
            ("nbf", at(90), TokenError::Future),
            ("nonce", json!("n-2"), TokenError::Nonce),
            ("nonce", Value::Null, TokenError::Nonce),
            ("sub", json!(""), TokenError::Claim("sub")),
            ("sub", json!("x".repeat(256)), TokenError::Claim("sub")),
            ("sub", json!("a\u{0}b"), TokenError::Claim("sub")),
            ("sub", Value::Null, TokenError::Claim("sub")),
            ("at_hash", json!("AAAA"), TokenError::AccessToken),
        ] {
            assert_eq!(
                check(&good_header(), &with(name, value.clone()), None).err(),
                Some(why),
                "{name}: {value}"
            );
        }
        for (name, value) in [
            ("aud", json!(["bursar"])),
            ("azp", json!("bursar")),
            ("exp", at(-59)),
            ("iat", at(-300)),
            ("nbf", at(30)),
            ("exp", json!(now().timestamp() as f64 + 10.5)),
            ("at_hash", json!(half_hash("access", Algorithm::ES256))),
        ] {
            assert!(check(&good_header(), &with(name, value.clone()), None).is_ok(), "{name}: {value}");
        }
    }

    #[test]
    fn headers_that_ask_for_something_else_are_refused() {
        // claim C1
        for (header, why) in [
            (json!({ "alg": "none" }), TokenError::Algorithm("none".into())),
            (json!({ "alg": "nOnE" }), TokenError::Algorithm("nOnE".into())),
            (json!({ "alg": "HS256", "kid": "k1" }), TokenError::Algorithm("HS256".into())),
            (json!({ "alg": "RS256", "kid": "k1" }), TokenError::UnknownKey),
            (json!({ "alg": "ES256", "kid": "k2" }), TokenError::UnknownKey),
            (json!({ "alg": "ES256", "kid": "k1", "typ": "logout+jwt" }), TokenError::Type),
            (json!({ "alg": "ES256", "kid": "k1", "typ": "at+jwt" }), TokenError::Type),
            (json!({ "alg": "ES256", "kid": "k1", "crit": ["b64"] }), TokenError::Type),
            (json!({ "kid": "k1" }), TokenError::Malformed),
        ] {
            assert_eq!(check(&header, &claims(), None).err(), Some(why), "{header}");
        }
        assert!(check(&json!({ "alg": "ES256" }), &claims(), None).is_ok(), "one key, no choice");
    }

    #[test]
    fn a_bent_token_is_refused() {
        let issuers = Issuers::Exactly(ISSUER.into());
        let token = sign(&good_header(), &claims());
        let parts: Vec<&str> = token.split('.').collect();
        let other = sign(&good_header(), &with("sub", json!("eve")));
        let other: Vec<&str> = other.split('.').collect();
        let swapped = format!("{}.{}.{}", parts[0], other[1], parts[2]);
        let (keys, check) =
            (keys("k1"), |token: &str, keys: &KeySet| signed(token, keys, &["jwt"], &issuers).err());
        assert_eq!(check(&swapped, &keys), Some(TokenError::Signature));
        assert_eq!(check(&format!("{}.{}.", parts[0], parts[1]), &keys), Some(TokenError::Signature));
        for malformed in ["", "a.b", "a.b.c.d", "....", &"x".repeat(100_000)] {
            assert_eq!(check(malformed, &keys), Some(TokenError::Malformed));
        }
    }

    #[test]
    fn asking_again_is_checked() {
        let age = Some(Duration::minutes(5));
        let at = |seconds: i64| with("auth_time", Value::from(now().timestamp() - seconds));
        assert!(check(&good_header(), &at(300), age).is_ok());
        assert_eq!(check(&good_header(), &at(3000), age).err(), Some(TokenError::AuthTime));
        assert_eq!(check(&good_header(), &claims(), age).err(), Some(TokenError::Claim("auth_time")));
    }
}
