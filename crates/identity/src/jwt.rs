//! The parts of a signed token, before anything in them is believed.
//!
//! Taking a token apart and judging its claims are ours, because the usual functions ask the machine for the
//! time; the signature itself is checked by `jsonwebtoken` on aws-lc.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Deserialize;
use serde::de::DeserializeOwned;

/// The text is not three parts of base64url with JSON in the first two.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Malformed;

/// What a header says that we look at. `alg` is text: `none` must be told from rubbish.
#[derive(Debug, Deserialize)]
pub(crate) struct Header {
    pub(crate) alg: String,
    pub(crate) kid: Option<String>,
    pub(crate) typ: Option<String>,
    pub(crate) crit: Option<serde_json::Value>,
}

fn parts(token: &str) -> Result<[&str; 3], Malformed> {
    let mut parts = token.split('.');
    match (parts.next(), parts.next(), parts.next(), parts.next()) {
        (Some(header), Some(claims), Some(signature), None) => Ok([header, claims, signature]),
        _ => Err(Malformed),
    }
}

fn json<T: DeserializeOwned>(part: &str) -> Result<T, Malformed> {
    let bytes = URL_SAFE_NO_PAD.decode(part).map_err(|_| Malformed)?;
    serde_json::from_slice(&bytes).map_err(|_| Malformed)
}

/// The header.
pub(crate) fn header(token: &str) -> Result<Header, Malformed> {
    json(parts(token)?[0])
}

/// The claims. Only after the signature was checked.
pub(crate) fn claims<T: DeserializeOwned>(token: &str) -> Result<T, Malformed> {
    json(parts(token)?[1])
}

/// What is signed, and the signature.
pub(crate) fn signed(token: &str) -> Result<(&str, &str), Malformed> {
    parts(token)?;
    token.rsplit_once('.').ok_or(Malformed)
}
