//! Back-channel logout: a provider says that somebody signed out there.
//!
//! The token comes from the provider's machine, without a browser and without a session; all that says who sent
//! it is its signature. The caller ends the sessions of the subject, or of the provider's session, and
//! remembers the token's id until it has expired, so that a token used twice is refused.

use super::provider::{Provider, ProviderError};
use super::token::{TokenError, audience, key_id, signed, subject, text, times};
use chrono::{DateTime, Utc};
use serde_json::Value;

const EVENT: &str = "http://schemas.openid.net/event/backchannel-logout";
const MAX_ID_BYTES: usize = 255;

/// What a logout token says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LoggedOut {
    /// Who says so.
    pub issuer: String,
    /// Whose sessions end: all of them, unless `session` is there.
    pub subject: Option<String>,
    /// Which session at the provider ended ([`super::ExternalPerson::session`]).
    pub session: Option<String>,
    /// The token's own id: refuse it a second time.
    pub id: String,
    /// Until when to remember the id.
    pub expires: DateTime<Utc>,
}

/// Why a logout token is not believed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LogoutError {
    /// The provider cannot be used.
    #[error(transparent)]
    Provider(#[from] ProviderError),
    /// The token is not believed.
    #[error(transparent)]
    Token(#[from] TokenError),
}

impl Provider {
    /// What a logout token says (Back-Channel Logout 1.0 §2.6).
    ///
    /// # Errors
    /// When anything does not agree.
    pub async fn logged_out(&self, token: &str, now: DateTime<Utc>) -> Result<LoggedOut, LogoutError> {
        let keys = self.keys(key_id(token)?.as_deref(), now).await?;
        // Providers older than the final text call it a JWT.
        let (claims, _) = signed(token, &keys, &["logout+jwt", "jwt"], &self.issuers)?;
        audience(&claims, &self.config.client_id)?;
        let expires = times(&claims, now)?;
        let event = claims.get("events").and_then(|events| events.get(EVENT)).is_some_and(Value::is_object);
        // An ID token is no logout token: it has a nonce and no event.
        if !event || claims.contains_key("nonce") {
            return Err(TokenError::Event.into());
        }
        let id = text(&claims, "jti").filter(|id| !id.is_empty() && id.len() <= MAX_ID_BYTES);
        let session = text(&claims, "sid").filter(|sid| !sid.is_empty() && sid.len() <= MAX_ID_BYTES);
        let subject = match claims.get("sub") {
            Some(_) => Some(subject(&claims)?.to_owned()),
            None if session.is_some() => None,
            None => return Err(TokenError::Claim("sub").into()),
        };
        Ok(LoggedOut {
            issuer: text(&claims, "iss").ok_or(TokenError::Claim("iss"))?.to_owned(),
            subject,
            session: session.map(str::to_owned),
            id: id.ok_or(TokenError::Claim("jti"))?.to_owned(),
            expires,
        })
    }
}
