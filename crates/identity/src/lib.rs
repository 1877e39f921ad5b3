//! Proving who somebody is: passwords, one-time codes, passkeys, other people's sign-in pages.
//!
//! The crate stores nothing and knows no database: values come in, values go out. What must be kept
//! between two requests is handed to the caller as a small serialisable value, to be kept sealed; what
//! may be used only once is handed back with what the caller needs to refuse it the second time. Time
//! and randomness are arguments, with one exception: [`passkey`] challenges come from the operating
//! system through webauthn-rs.
//!
//! | module | proves | the caller keeps |
//! |---|---|---|
//! | [`password`] | knowledge of a password | a PHC string |
//! | [`totp`], [`recovery`] | a phone, a sheet of paper | a secret and the last used step; digests |
//! | [`passkey`] | a device and its owner's finger | a passkey and its counter |
//! | [`oidc`], [`github`] | an account somewhere else | issuer and subject |
//! | [`session`] | an earlier sign-in | a row per session |
//! | [`throttle`] | nothing: it slows guessing | three counters per guess |
//!
//! Refused on purpose: matching people by e-mail address (an address is what a provider says it is),
//! symmetric signatures from outside, redirects while talking to a provider, and any answer that tells
//! an unknown account from a locked one.

pub mod github;
pub mod http;
pub mod oidc;
pub mod passkey;
pub mod password;
pub mod recovery;
pub mod session;
pub mod throttle;
pub mod totp;

mod jwt;
mod random;
