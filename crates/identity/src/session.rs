//! Sessions: a token that lives for minutes, beside a row that can be ended at any moment.
//!
//! The token is a JWT (HS256, `typ: bursar-session+jwt`) with the session, the account and how often the
//! session has been renewed. It proves that this installation made it, nothing more: the caller looks up
//! the session's row on every request and refuses an ended one, and one whose rotation is not the
//! token's. Signing spares the database the requests that carry rubbish.
//!
//! A second kind, the device token (`typ: bursar-device+jwt`), remembers for half a year that a browser has
//! signed in to an account. It opens nothing; it only makes the browser a familiar one for
//! [`crate::throttle`].
//!
//! Sources: RFC 8725 (algorithm, type, issuer and audience are pinned; a key of its own), OWASP ASVS 5.0
//! 7.2–7.4 and 9.1–9.2, SP 800-63B-4 §2.2.3 (limits of sessions).

use crate::jwt;
use bursar_domain::id::{AccountId, SessionId};
use chrono::{DateTime, Duration, Utc};
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header};
use secrecy::{ExposeSecret, SecretSlice, SecretString};
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use sha2::{Digest, Sha256};

const SESSION_TYPE: &str = "bursar-session+jwt";
const DEVICE_TYPE: &str = "bursar-device+jwt";
const SESSION_AUDIENCE: &str = "bursar-session";
const DEVICE_AUDIENCE: &str = "bursar-device";
/// A longer text is not looked at.
const MAX_TOKEN_BYTES: usize = 2048;
const LEAST_KEY_BYTES: usize = 32;
/// How far clocks of two replicas may differ.
const SKEW: Duration = Duration::seconds(30);
const DEVICE_DAYS: i64 = 180;

/// What a session token says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SessionClaims {
    /// The session's row.
    pub session: SessionId,
    /// The account it belongs to.
    pub account: AccountId,
    /// How often the session has been renewed; the row says which one is current.
    pub rotation: u32,
    /// When the token was made; whole seconds.
    pub issued: DateTime<Utc>,
    /// When it stops being accepted; whole seconds.
    pub expires: DateTime<Utc>,
}

/// What a device token says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DeviceClaims {
    /// The account that the browser has signed in to.
    pub account: AccountId,
    /// Names the browser: the origin of its [`crate::throttle::Counter::Pair`].
    pub device: u128,
    /// When it signed in last.
    pub issued: DateTime<Utc>,
}

/// Why a token is not accepted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SessionTokenError {
    /// Not a token of this kind made by this installation.
    #[error("this is no token of this installation")]
    Foreign,
    /// It was one.
    #[error("the token has expired")]
    Expired,
}

/// Why there is no signer, or no token.
#[derive(Debug, thiserror::Error)]
pub enum SignerError {
    /// Guessable.
    #[error("a key for session tokens needs at least {LEAST_KEY_BYTES} bytes")]
    ShortKey,
    /// No key at all.
    #[error("there is no key for session tokens")]
    NoKey,
    /// The token could not be made.
    #[error("the token could not be signed")]
    Sign(#[source] jsonwebtoken::errors::Error),
}

/// Makes and reads tokens. The first key signs; the others are still accepted, so that a key can be
/// replaced without signing everybody out.
pub struct Signer {
    issuer: String,
    encoding: EncodingKey,
    /// With their ids.
    decoding: Vec<(String, DecodingKey)>,
}

impl std::fmt::Debug for Signer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let kids: Vec<&str> = self.decoding.iter().map(|(kid, _)| kid.as_str()).collect();
        f.debug_struct("Signer").field("issuer", &self.issuer).field("keys", &kids).finish_non_exhaustive()
    }
}

#[derive(Serialize, Deserialize)]
struct SessionBody {
    iss: String,
    aud: String,
    sub: AccountId,
    sid: SessionId,
    rot: u32,
    iat: i64,
    exp: i64,
}

#[derive(Serialize, Deserialize)]
struct DeviceBody {
    iss: String,
    aud: String,
    sub: AccountId,
    dev: String,
    iat: i64,
    exp: i64,
}

impl Signer {
    /// A signer for the installation named `issuer`, which also is in every token.
    ///
    /// # Errors
    /// When there is no key, or a short one.
    pub fn new(issuer: &str, keys: &[SecretSlice<u8>]) -> Result<Self, SignerError> {
        let first = keys.first().ok_or(SignerError::NoKey)?;
        if keys.iter().any(|key| key.expose_secret().len() < LEAST_KEY_BYTES) {
            return Err(SignerError::ShortKey);
        }
        let decoding = keys.iter().map(|key| {
            let key = key.expose_secret();
            // Enough to choose among a few keys, too little to say anything about them.
            let kid = hex_of(&Sha256::digest([b"bursar session key id", key].concat())[..4]);
            (kid, DecodingKey::from_secret(key))
        });
        Ok(Self {
            issuer: issuer.to_owned(),
            encoding: EncodingKey::from_secret(first.expose_secret()),
            decoding: decoding.collect(),
        })
    }

    /// A session token.
    ///
    /// # Errors
    /// When it cannot be signed.
    pub fn session(&self, claims: &SessionClaims) -> Result<SecretString, SignerError> {
        let body = SessionBody {
            iss: self.issuer.clone(),
            aud: SESSION_AUDIENCE.to_owned(),
            sub: claims.account,
            sid: claims.session,
            rot: claims.rotation,
            iat: claims.issued.timestamp(),
            exp: claims.expires.timestamp(),
        };
        self.sign(SESSION_TYPE, &body)
    }

    /// What a session token says, if this installation made it and it has not expired. Whether the session
    /// still exists is the row's to say.
    ///
    /// # Errors
    /// When it is something else, or has expired.
    pub fn read_session(&self, token: &str, now: DateTime<Utc>) -> Result<SessionClaims, SessionTokenError> {
        let body: SessionBody = self.read(SESSION_TYPE, token)?;
        self.accept(&body.iss, &body.aud, SESSION_AUDIENCE)?;
        let claims = SessionClaims {
            session: body.sid,
            account: body.sub,
            rotation: body.rot,
            issued: moment(body.iat)?,
            expires: moment(body.exp)?,
        };
        live(claims.issued, claims.expires, now)?;
        Ok(claims)
    }

    /// A device token, good for half a year.
    ///
    /// # Errors
    /// When it cannot be signed.
    pub fn device(&self, claims: &DeviceClaims) -> Result<SecretString, SignerError> {
        let body = DeviceBody {
            iss: self.issuer.clone(),
            aud: DEVICE_AUDIENCE.to_owned(),
            sub: claims.account,
            dev: format!("{:032x}", claims.device),
            iat: claims.issued.timestamp(),
            exp: (claims.issued + Duration::days(DEVICE_DAYS)).timestamp(),
        };
        self.sign(DEVICE_TYPE, &body)
    }

    /// What a device token says.
    ///
    /// # Errors
    /// When it is something else, or has expired.
    pub fn read_device(&self, token: &str, now: DateTime<Utc>) -> Result<DeviceClaims, SessionTokenError> {
        let body: DeviceBody = self.read(DEVICE_TYPE, token)?;
        self.accept(&body.iss, &body.aud, DEVICE_AUDIENCE)?;
        let device = u128::from_str_radix(&body.dev, 16).map_err(|_| SessionTokenError::Foreign)?;
        let issued = moment(body.iat)?;
        live(issued, moment(body.exp)?, now)?;
        Ok(DeviceClaims { account: body.sub, device, issued })
    }

    fn sign(&self, kind: &str, body: &impl Serialize) -> Result<SecretString, SignerError> {
        let mut header = Header::new(Algorithm::HS256);
        header.typ = Some(kind.to_owned());
        header.kid = self.decoding.first().map(|(kid, _)| kid.clone());
        let token = jsonwebtoken::encode(&header, body, &self.encoding).map_err(SignerError::Sign)?;
        Ok(SecretString::from(token))
    }

    fn read<T: DeserializeOwned>(&self, kind: &str, token: &str) -> Result<T, SessionTokenError> {
        let foreign = SessionTokenError::Foreign;
        if token.len() > MAX_TOKEN_BYTES {
            return Err(foreign);
        }
        let (message, signature) = jwt::signed(token).map_err(|_| foreign)?;
        let header = jwt::header(token).map_err(|_| foreign)?;
        let ours = header.alg == "HS256" && header.typ.as_deref() == Some(kind) && header.crit.is_none();
        if !ours {
            return Err(foreign);
        }
        let key = self.decoding.iter().find(|(kid, _)| Some(kid) == header.kid.as_ref());
        let (_, key) = key.ok_or(foreign)?;
        let good = jsonwebtoken::crypto::verify(signature, message.as_bytes(), key, Algorithm::HS256);
        if !good.unwrap_or(false) {
            return Err(foreign);
        }
        jwt::claims(token).map_err(|_| foreign)
    }

    fn accept(&self, issuer: &str, audience: &str, expected: &str) -> Result<(), SessionTokenError> {
        if issuer == self.issuer && audience == expected { Ok(()) } else { Err(SessionTokenError::Foreign) }
    }
}

fn moment(seconds: i64) -> Result<DateTime<Utc>, SessionTokenError> {
    DateTime::from_timestamp(seconds, 0).ok_or(SessionTokenError::Foreign)
}

fn live(issued: DateTime<Utc>, expires: DateTime<Utc>, now: DateTime<Utc>) -> Result<(), SessionTokenError> {
    // From the future: another installation's clock, or ours went back. The row decides who is right only
    // when they are close.
    if issued > now + SKEW {
        Err(SessionTokenError::Foreign)
    } else if expires <= now {
        Err(SessionTokenError::Expired)
    } else {
        Ok(())
    }
}

fn hex_of(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// How long sessions live.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SessionLimits {
    /// `BURSAR_SESSION_IDLE_MINUTES`: a session that is not used for this long has ended.
    pub idle: Duration,
    /// `BURSAR_SESSION_HOURS`: after this long everybody signs in anew.
    pub absolute: Duration,
    /// How long a token is accepted without a new one; at most five minutes.
    pub token: Duration,
}

impl Default for SessionLimits {
    /// SP 800-63B-4 §2.2.3: at most 24 hours, and one hour of inactivity, at AAL2.
    fn default() -> Self {
        Self { idle: Duration::hours(1), absolute: Duration::hours(12), token: Duration::minutes(5) }
    }
}

/// Why a session has ended by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SessionEnded {
    /// Nobody used it.
    #[error("you were signed out because the session was not used: sign in again")]
    Idle,
    /// Its time was over.
    #[error("you were signed out because the session's time was over: sign in again")]
    Absolute,
}

/// A limit that makes no sense.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "session limits must be: token 1 to 5 minutes, idle 5 minutes to the absolute limit, absolute at most 30 days"
)]
pub struct SessionLimitsError;

impl SessionLimits {
    /// These limits.
    ///
    /// # Errors
    /// When they make no sense.
    pub fn new(idle: Duration, absolute: Duration, token: Duration) -> Result<Self, SessionLimitsError> {
        let good = (Duration::minutes(1)..=Duration::minutes(5)).contains(&token)
            && idle >= Duration::minutes(5)
            && idle <= absolute
            && absolute <= Duration::days(30);
        if good { Ok(Self { idle, absolute, token }) } else { Err(SessionLimitsError) }
    }

    /// Whether a session that began and was last used at these moments still lives.
    ///
    /// # Errors
    /// Why not.
    pub fn check(
        &self,
        began: DateTime<Utc>,
        last_used: DateTime<Utc>,
        now: DateTime<Utc>,
    ) -> Result<(), SessionEnded> {
        if now >= began + self.absolute {
            Err(SessionEnded::Absolute)
        } else if now >= last_used + self.idle {
            Err(SessionEnded::Idle)
        } else {
            Ok(())
        }
    }

    /// When a session ends that is not used any more.
    #[must_use]
    pub fn ends(&self, began: DateTime<Utc>, last_used: DateTime<Utc>) -> DateTime<Utc> {
        (began + self.absolute).min(last_used + self.idle)
    }

    /// Until when a token made now is accepted: never longer than its session.
    #[must_use]
    pub fn token_expires(&self, began: DateTime<Utc>, now: DateTime<Utc>) -> DateTime<Utc> {
        (now + self.token).min(self.ends(began, now))
    }

    /// Whether it is worth writing that the session was used: not for every request.
    #[must_use]
    pub fn should_touch(&self, last_used: DateTime<Utc>, now: DateTime<Utc>) -> bool {
        now - last_used >= self.token.min(self.idle / 5)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use base64::Engine;
    use base64::engine::general_purpose::URL_SAFE_NO_PAD;

    fn now() -> DateTime<Utc> {
        "2026-11-22T09:00:00Z".parse().unwrap()
    }

    fn key(byte: u8) -> SecretSlice<u8> {
        vec![byte; 32].into()
    }

    fn signer() -> Signer {
        Signer::new("https://costs.example", &[key(1)]).unwrap()
    }

    fn claims() -> SessionClaims {
        SessionClaims {
            session: SessionId::from_u128(7),
            account: AccountId::from_u128(9),
            rotation: 3,
            issued: now(),
            expires: now() + Duration::minutes(5),
        }
    }

    fn forged(header: &str, body: &str) -> String {
        let message = format!("{}.{}", URL_SAFE_NO_PAD.encode(header), URL_SAFE_NO_PAD.encode(body));
        let key = EncodingKey::from_secret(&[1; 32]);
        let signature = jsonwebtoken::crypto::sign(message.as_bytes(), &key, Algorithm::HS256).unwrap();
        format!("{message}.{signature}")
    }

    #[test]
    fn a_token_says_what_it_was_made_of() {
        // claim C3
        let token = signer().session(&claims()).unwrap();
        assert_eq!(signer().read_session(token.expose_secret(), now()), Ok(claims()));
        assert!(token.expose_secret().len() < 600, "{}", token.expose_secret().len());
        assert!(!format!("{:?}", signer()).contains("0101"));
    }

    #[test]
    fn a_token_expires() {
        // claim C3
        let token = signer().session(&claims()).unwrap();
        let read = |at| signer().read_session(token.expose_secret(), at);
        assert!(read(now() + Duration::seconds(299)).is_ok());
        assert_eq!(read(now() + Duration::seconds(300)), Err(SessionTokenError::Expired));
        assert_eq!(read(now() - Duration::minutes(2)), Err(SessionTokenError::Foreign), "from the future");
    }

    #[test]
    fn other_keys_issuers_kinds_and_bits_are_refused() {
        let token = signer().session(&claims()).unwrap();
        let token = token.expose_secret();
        let foreign = Err(SessionTokenError::Foreign);
        let other_key = Signer::new("https://costs.example", &[key(2)]).unwrap();
        assert_eq!(other_key.read_session(token, now()), foreign);
        let other_issuer = Signer::new("https://other.example", &[key(1)]).unwrap();
        assert_eq!(other_issuer.read_session(token, now()), foreign);
        let device = DeviceClaims { account: AccountId::from_u128(9), device: 1, issued: now() };
        let device = signer().device(&device).unwrap();
        assert_eq!(signer().read_session(device.expose_secret(), now()), foreign, "a device opens nothing");
        assert!(signer().read_device(token, now()).is_err());
        for at in 0..token.len() {
            let mut bytes = token.as_bytes().to_vec();
            bytes[at] = if bytes[at] == b'A' { b'Q' } else { b'A' };
            let bent = String::from_utf8(bytes).unwrap();
            assert_eq!(signer().read_session(&bent, now()), foreign, "character {at}");
        }
    }

    #[test]
    fn headers_that_ask_for_something_else_are_refused() {
        // claim C3: RFC 8725, even with a right signature.
        let kid = signer().decoding[0].0.clone();
        let body = serde_json::json!({
            "iss": "https://costs.example", "aud": "bursar-session", "sub": AccountId::from_u128(9),
            "sid": SessionId::from_u128(7), "rot": 3, "iat": now().timestamp(), "exp": now().timestamp() + 300,
        });
        let read = |header: String, body: &serde_json::Value| {
            signer().read_session(&forged(&header, &body.to_string()), now())
        };
        let header = |alg: &str, typ: &str, more: &str| {
            format!(r#"{{"alg":"{alg}","typ":"{typ}","kid":"{kid}"{more}}}"#)
        };
        assert!(read(header("HS256", SESSION_TYPE, ""), &body).is_ok(), "the forgery is a good one");
        for bad in [
            header("none", SESSION_TYPE, ""),
            header("HS512", SESSION_TYPE, ""),
            header("HS256", "JWT", ""),
            header("HS256", SESSION_TYPE, r#","crit":["exp"]"#),
            r#"{"alg":"HS256","typ":"bursar-session+jwt"}"#.to_owned(),
        ] {
            assert_eq!(read(bad.clone(), &body), Err(SessionTokenError::Foreign), "{bad}");
        }
        for (claim, value) in [("aud", "other"), ("iss", "other"), ("exp", "soon"), ("sid", "ses_1")] {
            let mut body = body.clone();
            body[claim] = value.into();
            assert_eq!(
                read(header("HS256", SESSION_TYPE, ""), &body),
                Err(SessionTokenError::Foreign),
                "{claim}"
            );
        }
    }

    #[test]
    fn a_replaced_key_is_accepted_and_signs_no_more() {
        let old = Signer::new("i", &[key(1)]).unwrap();
        let both = Signer::new("i", &[key(2), key(1)]).unwrap();
        let new = Signer::new("i", &[key(2)]).unwrap();
        let token = old.session(&claims()).unwrap();
        assert!(both.read_session(token.expose_secret(), now()).is_ok());
        assert!(new.read_session(token.expose_secret(), now()).is_err());
        let token = both.session(&claims()).unwrap();
        assert!(new.read_session(token.expose_secret(), now()).is_ok());
        assert!(matches!(Signer::new("i", &[]), Err(SignerError::NoKey)));
        assert!(matches!(Signer::new("i", &[vec![1; 31].into()]), Err(SignerError::ShortKey)));
    }

    #[test]
    fn a_device_is_remembered_for_half_a_year() {
        let claims = DeviceClaims { account: AccountId::from_u128(9), device: 42, issued: now() };
        let token = signer().device(&claims).unwrap();
        let read = |days| signer().read_device(token.expose_secret(), now() + Duration::days(days));
        assert_eq!(read(179), Ok(claims));
        assert_eq!(read(180), Err(SessionTokenError::Expired));
    }

    #[test]
    fn sessions_end_when_idle_and_in_any_case() {
        // claim C3
        let limits = SessionLimits::default();
        let hours = |h| now() + Duration::hours(h);
        assert_eq!(limits.check(now(), now(), now() + Duration::minutes(59)), Ok(()));
        assert_eq!(limits.check(now(), now(), hours(1)), Err(SessionEnded::Idle));
        assert_eq!(limits.check(now(), hours(11), hours(12)), Err(SessionEnded::Absolute));
        assert_eq!(limits.ends(now(), hours(3)), hours(4));
        let late = hours(12) - Duration::minutes(2);
        assert_eq!(limits.token_expires(now(), late), hours(12), "no token outlives its session");
        assert!(!limits.should_touch(now(), now() + Duration::minutes(1)));
        assert!(limits.should_touch(now(), now() + Duration::minutes(5)));
    }

    #[test]
    fn limits_that_make_no_sense_are_refused() {
        let minutes = Duration::minutes;
        assert!(SessionLimits::new(minutes(60), minutes(720), minutes(5)).is_ok());
        assert!(SessionLimits::new(minutes(60), minutes(720), minutes(6)).is_err());
        assert!(SessionLimits::new(minutes(60), minutes(30), minutes(5)).is_err());
        assert!(SessionLimits::new(minutes(60), Duration::days(31), minutes(5)).is_err());
    }
}
