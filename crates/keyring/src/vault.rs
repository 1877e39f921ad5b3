//! A master key that HashiCorp Vault or OpenBao keeps: the transit engine's encrypt and decrypt.
//!
//! The address is `vault+https://HOST:PORT/MOUNT/keys/NAME`. The key never leaves the service; what
//! goes there are region keys, a few at a start and at a rotation. Each is bound to what it is
//! (`associated_data`), so the key must be of a type that can: aes256-gcm96 (the default),
//! aes128-gcm96, chacha20-poly1305 or xchacha20-poly1305.
//!
//! The token needs `update` on `MOUNT/encrypt/NAME` and `MOUNT/decrypt/NAME`. A token file is read at
//! every use, so that an agent may renew it. TLS is verified, redirects are not followed, answers
//! are bounded in time and size; without TLS only this machine is spoken to.
//!
//! Source: <https://openbao.org/api-docs/secret/transit/>, read 2026-11-22. Limit: the HTTP client's
//! own buffers hold a region key for the length of a request and are not wiped.

use crate::provider::{MAX_WRAPPED_BYTES, MasterKeyProvider, ProviderError};
use crate::{MasterKeyError, Randomness, Secret32, file};
use async_trait::async_trait;
use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use reqwest::StatusCode;
use reqwest::header::HeaderValue;
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};
use std::path::PathBuf;
use std::time::Duration;
use url::{Host, Url};
use zeroize::{ZeroizeOnDrop, Zeroizing};

const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
const TIMEOUT: Duration = Duration::from_secs(15);
/// More than any answer of the engine needs.
const MAX_ANSWER_BYTES: usize = 64 * 1024;
/// What is quoted of a service's own words.
const MAX_QUOTE_CHARS: usize = 200;

/// Where the token comes from.
#[derive(Debug, Clone)]
pub enum VaultToken {
    /// `BURSAR_VAULT_TOKEN`.
    Text(SecretString),
    /// `BURSAR_VAULT_TOKEN_FILE`.
    File(PathBuf),
}

/// A key of a transit engine.
pub struct VaultTransit {
    client: reqwest::Client,
    /// `https://host:port/v1/mount`
    engine: String,
    name: String,
    id: String,
    token: VaultToken,
}

#[derive(Serialize, ZeroizeOnDrop)]
struct Encrypt {
    plaintext: String,
    associated_data: String,
}

#[derive(Serialize)]
struct Decrypt<'a> {
    ciphertext: &'a str,
    associated_data: String,
}

#[derive(Deserialize)]
struct Answer<T> {
    data: T,
}

#[derive(Deserialize)]
struct Encrypted {
    ciphertext: String,
}

#[derive(Deserialize, ZeroizeOnDrop)]
struct Decrypted {
    plaintext: String,
}

#[derive(Deserialize)]
struct Complaint {
    errors: Vec<String>,
}

impl VaultTransit {
    /// Takes the address of a key. Nothing is asked yet. `origin` names the setting.
    ///
    /// # Errors
    /// When the address is none of a transit key, names a user or password, or would send region
    /// keys to another machine without TLS.
    pub fn new(address: &str, token: VaultToken, origin: &'static str) -> Result<Self, MasterKeyError> {
        let wrong = |why: &'static str| MasterKeyError::Url { origin, why };
        let plain = address.strip_prefix("vault+").ok_or_else(|| {
            wrong("it must begin with vault+https://, as vault+https://vault.example:8200/transit/keys/bursar does")
        })?;
        let url = Url::parse(plain).map_err(|_| wrong("it is no URL"))?;
        let here = match url.host() {
            Some(Host::Domain(name)) => name == "localhost",
            Some(Host::Ipv4(address)) => address.is_loopback(),
            Some(Host::Ipv6(address)) => address.is_loopback(),
            None => return Err(wrong("it names no host")),
        };
        match url.scheme() {
            "https" => {}
            "http" if here => {}
            "http" => {
                return Err(wrong(
                    "without TLS only a service on this machine may be asked: use vault+https://",
                ));
            }
            _ => return Err(wrong("it must begin with vault+https://")),
        }
        if !url.username().is_empty()
            || url.password().is_some()
            || url.query().is_some()
            || url.fragment().is_some()
        {
            return Err(wrong(
                "it must hold no user, password, query or fragment: the token is BURSAR_VAULT_TOKEN",
            ));
        }
        let word = |text: &str| {
            !text.is_empty()
                && text.len() <= 128
                && text.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.'))
                && !text.starts_with('.')
        };
        let (mount, name) = url
            .path()
            .trim_start_matches('/')
            .rsplit_once("/keys/")
            .filter(|(mount, name)| mount.split('/').all(word) && word(name))
            .ok_or_else(|| wrong("its path must be MOUNT/keys/NAME, as in transit/keys/bursar"))?;
        let builder = reqwest::Client::builder()
            .redirect(reqwest::redirect::Policy::none())
            .connect_timeout(CONNECT_TIMEOUT)
            .timeout(TIMEOUT)
            .https_only(url.scheme() == "https");
        // What is on this machine needs no proxy, and a proxy would see the token.
        let builder = if here { builder.no_proxy() } else { builder };
        let client =
            builder.build().map_err(|_| wrong("the HTTP client cannot be set up on this machine"))?;
        Ok(Self {
            client,
            engine: format!("{}/v1/{mount}", url.origin().ascii_serialization()),
            name: name.to_owned(),
            id: format!("vault:{mount}/keys/{name}"),
            token,
        })
    }

    fn token(&self) -> Result<HeaderValue, ProviderError> {
        let unavailable = |why: String| ProviderError::Unavailable { provider: self.id.clone(), why };
        let text = match &self.token {
            VaultToken::Text(text) => Zeroizing::new(text.expose_secret().to_owned()),
            VaultToken::File(path) => file::read(path).map_err(|error| {
                unavailable(format!("the token in {} cannot be read: {error}", path.display()))
            })?,
        };
        let mut value = HeaderValue::from_str(text.trim())
            .map_err(|_| unavailable("the token holds characters that no token has".to_owned()))?;
        value.set_sensitive(true);
        Ok(value)
    }

    /// Asks the engine and reads a bounded answer.
    async fn ask(&self, what: &str, body: &impl Serialize) -> Result<Zeroizing<Vec<u8>>, ProviderError> {
        let unavailable = |why: String| ProviderError::Unavailable { provider: self.id.clone(), why };
        let request = self
            .client
            .post(format!("{}/{what}/{}", self.engine, self.name))
            .header("X-Vault-Token", self.token()?)
            .header("X-Vault-Request", "true")
            .json(body);
        // reqwest's own text names the address; its causes say what went wrong.
        let mut response = request.send().await.map_err(|error| unavailable(causes(&error)))?;
        let mut answer = Zeroizing::new(Vec::with_capacity(4096));
        while let Some(chunk) = response.chunk().await.map_err(|error| unavailable(causes(&error)))? {
            if answer.len() + chunk.len() > MAX_ANSWER_BYTES {
                return Err(unavailable("its answer is too long".to_owned()));
            }
            answer.extend_from_slice(&chunk);
        }
        let status = response.status();
        if status.is_success() {
            return Ok(answer);
        }
        let why = complaint(&answer).unwrap_or_else(|| format!("HTTP status {status}"));
        Err(match status {
            StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => {
                ProviderError::Forbidden { provider: self.id.clone(), why }
            }
            // The key is there and the ciphertext is not its own.
            StatusCode::BAD_REQUEST if what == "decrypt" => {
                ProviderError::Refused { provider: format!("{} ({why})", self.id) }
            }
            _ => unavailable(why),
        })
    }

    fn parse<'a, T: Deserialize<'a>>(&self, answer: &'a [u8]) -> Result<T, ProviderError> {
        // serde's own error might quote the answer, which holds a key.
        serde_json::from_slice::<Answer<T>>(answer).map(|answer| answer.data).map_err(|_| {
            ProviderError::Unavailable {
                provider: self.id.clone(),
                why: "its answer is not the transit engine's".to_owned(),
            }
        })
    }
}

#[async_trait]
impl MasterKeyProvider for VaultTransit {
    fn id(&self) -> &str {
        &self.id
    }

    async fn wrap_key(
        &self,
        key: &Secret32,
        about: &[u8],
        _: &dyn Randomness,
    ) -> Result<String, ProviderError> {
        let body = Encrypt { plaintext: BASE64.encode(key.expose()), associated_data: BASE64.encode(about) };
        let answer = self.ask("encrypt", &body).await?;
        let Encrypted { ciphertext } = self.parse(&answer)?;
        let fits = ciphertext.len() <= MAX_WRAPPED_BYTES && ciphertext.starts_with("vault:v");
        fits.then_some(ciphertext).ok_or_else(|| ProviderError::Unavailable {
            provider: self.id.clone(),
            why: "its ciphertext is not the transit engine's".to_owned(),
        })
    }

    async fn unwrap_key(&self, wrapped: &str, about: &[u8]) -> Result<Secret32, ProviderError> {
        let body = Decrypt { ciphertext: wrapped, associated_data: BASE64.encode(about) };
        let answer = self.ask("decrypt", &body).await?;
        let decrypted: Decrypted = self.parse(&answer)?;
        BASE64
            .decode(&decrypted.plaintext)
            .ok()
            .map(Zeroizing::new)
            .and_then(|bytes| Secret32::from_slice(&bytes))
            .ok_or_else(|| ProviderError::Unavailable {
                provider: self.id.clone(),
                why: "what it decrypted is no key".to_owned(),
            })
    }

    fn rewraps(&self) -> bool {
        // The service may have a newer version of the key; only it knows.
        true
    }
}

fn complaint(answer: &[u8]) -> Option<String> {
    let complaint: Complaint = serde_json::from_slice(answer).ok()?;
    let text = complaint.errors.join("; ");
    (!text.is_empty()).then(|| {
        text.split_whitespace().collect::<Vec<_>>().join(" ").chars().take(MAX_QUOTE_CHARS).collect()
    })
}

fn causes(error: &reqwest::Error) -> String {
    if error.is_timeout() {
        return format!("no answer within {} seconds", TIMEOUT.as_secs());
    }
    let mut last: &dyn std::error::Error = error;
    while let Some(source) = last.source() {
        last = source;
    }
    last.to_string().chars().take(MAX_QUOTE_CHARS).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn made(address: &str) -> Result<String, String> {
        let token = VaultToken::Text("s3cret".to_owned().into());
        VaultTransit::new(address, token, "BURSAR_SECRET_KEY_URL")
            .map(|vault| format!("{} {}", vault.engine, vault.id))
            .map_err(|error| error.to_string())
    }

    #[test]
    fn addresses_of_keys() {
        for (address, expected) in [
            (
                "vault+https://vault.example:8200/transit/keys/bursar",
                "https://vault.example:8200/v1/transit vault:transit/keys/bursar",
            ),
            (
                "vault+https://vault.example/teams/finops/transit/keys/bursar-eu",
                "https://vault.example/v1/teams/finops/transit vault:teams/finops/transit/keys/bursar-eu",
            ),
            ("vault+http://127.0.0.1:8200/t/keys/k", "http://127.0.0.1:8200/v1/t vault:t/keys/k"),
            ("vault+http://[::1]:8200/t/keys/k", "http://[::1]:8200/v1/t vault:t/keys/k"),
        ] {
            assert_eq!(made(address).unwrap(), expected);
        }
    }

    #[test]
    fn other_addresses_are_refused_without_repeating_them() {
        // claim B5: region keys never travel in the clear.
        for address in [
            "",
            "https://vault.example/transit/keys/bursar",
            "vault+ftp://vault.example/transit/keys/bursar",
            "vault+http://vault.example/transit/keys/bursar",
            "vault+http://127.0.0.1.example/transit/keys/bursar",
            "vault+http://localhost.example/transit/keys/bursar",
            "vault+https://ada:hunter2@vault.example/transit/keys/bursar",
            "vault+https://vault.example/transit/bursar",
            "vault+https://vault.example/keys/bursar",
            "vault+https://vault.example/transit/keys/",
            "vault+https://vault.example/transit/keys/../../sys",
            "vault+https://vault.example/transit/keys/a%2fb",
            "vault+https://vault.example/transit/keys/bursar?token=hunter2",
        ] {
            let error = made(address).unwrap_err();
            assert!(
                error.starts_with("BURSAR_SECRET_KEY_URL ") && !error.contains("hunter2"),
                "{address}: {error}"
            );
        }
    }
}
