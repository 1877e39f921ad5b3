//! Cloud credentials as Fernet tokens (AES-128-CBC + HMAC-SHA256; <https://github.com/fernet/spec>),
//! readable by Python's `cryptography` and every other implementation (claim B6).
//!
//! Several keys at once are a `MultiFernet`: the newest seals, all open. A token carries no key id
//! and is not bound to a place; a store that wants that seals the token once more as a field.
//! Tokens are not refused for their age (a credential is as old as it is), only when they claim to
//! come from more than a minute in the future.

use crate::Secret32;
use crate::data_keys::Versions;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE as BASE64;
use chrono::{DateTime, Utc};
use fernet::Fernet;
use zeroize::Zeroizing;

/// The longest token that is looked at, in bytes. Credentials are keys and certificates.
pub const MAX_TOKEN_BYTES: usize = 256 * 1024;

/// The text is no credential that these keys sealed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum CredentialError {
    /// Another key, or changed.
    #[error("the credential was sealed with another key or was changed")]
    Refused,
    /// Too much to seal.
    #[error("the credential is longer than {} bytes", MAX_TOKEN_BYTES / 2)]
    TooLong,
}

/// Seals and opens credentials of one owner. The keys inside are wiped on drop.
pub struct CredentialSealer {
    /// Newest first; never empty.
    keys: Vec<(u32, Fernet)>,
}

impl CredentialSealer {
    pub(crate) fn new(versions: &Versions) -> Self {
        Self { keys: versions.iter().filter_map(|(version, key)| Some((version, fernet(key)?))).collect() }
    }

    /// Takes keys in the form that other implementations of Fernet have (32 bytes as URL-safe
    /// base64), newest first, for reading what they sealed. `None` when there is none or one is no key.
    #[must_use]
    pub fn from_texts(keys: &[&str]) -> Option<Self> {
        let numbered = keys.iter().rev().zip(1..).map(|(key, version)| Some((version, Fernet::new(key)?)));
        let mut keys = numbered.collect::<Option<Vec<_>>>()?;
        keys.reverse();
        (!keys.is_empty()).then_some(Self { keys })
    }

    /// Seals a credential with the newest key.
    ///
    /// # Errors
    /// When it is longer than any credential.
    pub fn seal(&self, plain: &[u8], now: DateTime<Utc>) -> Result<String, CredentialError> {
        if plain.len() > MAX_TOKEN_BYTES / 2 {
            return Err(CredentialError::TooLong);
        }
        let (_, newest) = self.keys.first().ok_or(CredentialError::Refused)?;
        Ok(newest.encrypt_at_time(plain, seconds(now)))
    }

    /// Opens a credential.
    ///
    /// # Errors
    /// When no key of this owner sealed it, it was changed, or it comes from the future.
    pub fn open(&self, token: &str, now: DateTime<Utc>) -> Result<Zeroizing<Vec<u8>>, CredentialError> {
        self.find(token, now).map(|(_, plain)| plain)
    }

    /// Opens a token that is worth nothing after so many seconds. Credentials are not such.
    ///
    /// # Errors
    /// As [`CredentialSealer::open`], and when it is older.
    pub fn open_within(
        &self,
        token: &str,
        now: DateTime<Utc>,
        ttl_seconds: Option<u64>,
    ) -> Result<Zeroizing<Vec<u8>>, CredentialError> {
        let plain = self.open(token, now)?;
        // Proven by now. The crate's own check would overflow on a time at the end of the world.
        let sealed_at = sealed_at(token).ok_or(CredentialError::Refused)?;
        match ttl_seconds {
            Some(ttl) if sealed_at.saturating_add(ttl) < seconds(now) => Err(CredentialError::Refused),
            _ => Ok(plain),
        }
    }

    /// Whether an older key sealed it, so that it should be sealed again before that key goes.
    ///
    /// # Errors
    /// As [`CredentialSealer::open`].
    pub fn is_outdated(&self, token: &str, now: DateTime<Utc>) -> Result<bool, CredentialError> {
        let (version, _) = self.find(token, now)?;
        Ok(self.keys.first().is_some_and(|(newest, _)| *newest != version))
    }

    /// Opens a credential and seals it with the newest key.
    ///
    /// # Errors
    /// As [`CredentialSealer::open`].
    pub fn reseal(&self, token: &str, now: DateTime<Utc>) -> Result<String, CredentialError> {
        self.seal(&self.open(token, now)?, now)
    }

    fn find(&self, token: &str, now: DateTime<Utc>) -> Result<(u32, Zeroizing<Vec<u8>>), CredentialError> {
        if token.len() > MAX_TOKEN_BYTES {
            return Err(CredentialError::Refused);
        }
        let open = |(version, key): &(u32, Fernet)| {
            let plain = key.decrypt_at_time(token, None, seconds(now)).ok()?;
            Some((*version, Zeroizing::new(plain)))
        };
        self.keys.iter().find_map(open).ok_or(CredentialError::Refused)
    }
}

/// The time in a token: eight bytes after the first.
fn sealed_at(token: &str) -> Option<u64> {
    let head = BASE64.decode(token.get(..12)?).ok()?;
    head.get(1..9)?.try_into().ok().map(u64::from_be_bytes)
}

fn seconds(now: DateTime<Utc>) -> u64 {
    u64::try_from(now.timestamp()).unwrap_or_default()
}

/// The specification's order: 16 bytes sign, 16 bytes encrypt. `None` never happens: the text is
/// 32 bytes as base64.
fn fernet(key: &Secret32) -> Option<Fernet> {
    Fernet::new(&key_text(key))
}

/// A key in the form that `Fernet(key)` takes in other implementations.
fn key_text(key: &Secret32) -> Zeroizing<String> {
    // Room enough that encoding does not grow the buffer and leave a copy behind.
    let mut text = Zeroizing::new(String::with_capacity(64));
    BASE64.encode_string(key.expose(), &mut text);
    text
}
