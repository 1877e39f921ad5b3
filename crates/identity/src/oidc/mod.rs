//! Signing in at somebody else's page: OpenID Connect, authorization code flow with PKCE.
//!
//! ```text
//! begin ─► the provider's page ─► callback ─► finish
//!   └ PendingSignIn, sealed in a cookie ────────┘  └ ExternalPerson
//! ```
//!
//! Who somebody is, is **issuer and subject**. The address, the name and the groups are what the provider says
//! about them, never a key to an account.
//!
//! Checked, each with a test that bends it: the discovery document's issuer; `state`, bound to the browser by
//! the sealed [`PendingSignIn`]; `iss` in the callback (RFC 9207); PKCE with S256; of the ID token the
//! algorithm (asymmetric ones only), the key, `iss`, `aud`, `azp`, `exp`, `nbf`, `iat`, `nonce`, `at_hash`
//! and, where it was asked for, `auth_time`. A key that is not known makes the keys be fetched anew, at
//! most once a minute. Logout tokens are checked the same way ([`Provider::logged_out`]).
//!
//! Written on `jsonwebtoken` and `reqwest` rather than on an OpenID Connect crate: the judgement is a page of
//! code that takes the time as an argument, knows Entra ID's issuer of many tenants and logout tokens, and brings
//! no second TLS, HTTP or RSA implementation. It runs against the certified `oidc-provider`, and against a
//! server that bends its tokens.
//!
//! Sources: OpenID Connect Core 1.0, Discovery 1.0, Back-Channel Logout 1.0; RFC 6749, 7636, 9207, 9700
//! (best practice); Microsoft identity platform, "ID token claims reference" (read 2026-11).

mod check;
mod config;
mod flow;
mod keys;
mod logout;
mod metadata;
mod person;
mod provider;
mod token;

pub use check::{Finding, Outcome, check_provider};
pub use config::{ClientAuthentication, EntraTenants, ProviderConfig, ProviderConfigError, ProviderKind};
pub use flow::{Begin, Callback, PendingSignIn, SignInError};
pub use logout::{LoggedOut, LogoutError};
pub use metadata::MetadataError;
pub use person::ExternalPerson;
pub use provider::{Provider, ProviderError};
pub use token::TokenError;

pub(crate) use flow::{callback_code, code_word};
