//! Who asks: a browser with a session, or a program with a token.
//!
//! The cookie of a session is a secret of 256 bits and a short-lived signed token beside it
//! (`secret.token`). The store keeps the secret's SHA-256; the token lets a forged or foreign cookie be
//! refused without asking the store. The row decides: a session that was ended is over at once, whatever
//! its token says.

use super::{EnterError, Installation};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use bursar_domain::id::{AccountId, RequestId};
use bursar_domain::{Actor, Principal};
use bursar_identity::session::{SessionClaims, SessionTokenError};
use bursar_store::{
    Account, NewSession, Session, StoreError, TokenKind, TokenRow, TokenText, WorkspaceAccess,
};
use secrecy::{ExposeSecret, SecretString};
use sha2::{Digest as _, Sha256};
use zeroize::Zeroizing;

/// What is known of the program at the other end.
#[derive(Debug, Clone, Default)]
pub struct Client {
    /// Its address.
    pub address: String,
    /// How it names itself.
    pub agent: String,
    /// The request.
    pub request: Option<RequestId>,
}

impl Client {
    /// Nobody yet, in this request.
    pub(super) fn anonymous(&self) -> Actor {
        Actor::new(Principal::Anonymous, self.request)
    }
}

/// The value of a session's cookie: shown to one browser, never stored.
pub struct CookieValue(SecretString);

impl CookieValue {
    /// For the `Set-Cookie` header.
    #[must_use]
    pub fn expose(&self) -> &str {
        self.0.expose_secret()
    }
}

impl std::fmt::Debug for CookieValue {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("CookieValue(…)")
    }
}

/// Somebody who has proven who they are.
#[derive(Debug)]
pub enum SignedIn {
    /// A person in a browser.
    Session {
        /// The session.
        session: Session,
        /// Whose it is.
        account: Account,
    },
    /// A program.
    Token {
        /// What the token's account may reach.
        access: WorkspaceAccess,
        /// The token.
        token: TokenRow,
    },
}

impl SignedIn {
    /// Whose account.
    #[must_use]
    pub const fn account(&self) -> AccountId {
        match self {
            Self::Session { account, .. } => account.id,
            Self::Token { token, .. } => token.account,
        }
    }

    /// As a principal.
    #[must_use]
    pub const fn principal(&self) -> Principal {
        match self {
            Self::Session { session, account } => Principal::Account { id: account.id, session: session.id },
            Self::Token { token, .. } => Principal::Token { id: token.id, account: token.account },
        }
    }
}

/// 256 random bits as text, and what is kept of them.
pub(super) struct Secret {
    pub(super) text: SecretString,
    pub(super) digest: [u8; 32],
}

pub(super) fn digest(text: &str) -> [u8; 32] {
    Sha256::digest(text.as_bytes()).into()
}

impl Installation {
    pub(super) fn new_secret(&self) -> Result<Secret, StoreError> {
        let mut bytes = Zeroizing::new([0_u8; 32]);
        self.inner.random.fill(bytes.as_mut_slice())?;
        let text = Zeroizing::new(URL_SAFE_NO_PAD.encode(bytes.as_slice()));
        Ok(Secret { digest: digest(&text), text: SecretString::from(text.as_str()) })
    }

    /// Begins a session for an account that has proven itself by these methods.
    pub(super) async fn begin_session(
        &self,
        account: AccountId,
        methods: &[&str],
        client: &Client,
        provider_session: Option<String>,
    ) -> Result<CookieValue, StoreError> {
        let limits = self.inner.config.sessions;
        let now = self.inner.clock.now();
        let secret = self.new_secret()?;
        let new = NewSession {
            account,
            token_digest: secret.digest,
            methods: methods.iter().map(|&method| method.to_owned()).collect(),
            idle_limit: limits.idle,
            expires_at: now + limits.absolute,
            address: client.address.clone(),
            agent: client.agent.clone(),
            provider_session,
        };
        let session = self.inner.store.directory().create_session(&client.anonymous(), new).await?;
        self.cookie_of(&session, secret.text.expose_secret())
    }

    fn cookie_of(&self, session: &Session, secret: &str) -> Result<CookieValue, StoreError> {
        let now = self.inner.clock.now();
        let claims = SessionClaims {
            session: session.id,
            account: session.account,
            rotation: 0,
            issued: now,
            expires: self.inner.config.sessions.token_expires(session.created_at, now),
        };
        let token = self.inner.signer.session(&claims).map_err(|error| {
            tracing::error!(%error, "a session token could not be signed");
            StoreError::NotFound("session")
        })?;
        Ok(CookieValue(SecretString::from(format!("{secret}.{}", token.expose_secret()))))
    }

    /// Who a cookie is, and a new value for it when its token has run out while the session lives.
    ///
    /// # Errors
    /// [`EnterError::SignedOut`] for anything that is no live session of an active account.
    pub async fn by_cookie(&self, value: &str) -> Result<(SignedIn, Option<CookieValue>), EnterError> {
        let (secret, token) = value.split_once('.').ok_or(EnterError::SignedOut)?;
        if secret.len() != 43 {
            return Err(EnterError::SignedOut);
        }
        let now = self.inner.clock.now();
        let claims = match self.inner.signer.read_session(token, now) {
            Ok(claims) => Some(claims),
            // The row knows whether the session lives on.
            Err(SessionTokenError::Expired) => None,
            Err(SessionTokenError::Foreign) => return Err(EnterError::SignedOut),
        };
        let directory = self.inner.store.directory();
        let session = match directory.live_session_by_digest(&digest(secret)).await {
            Ok(session) => session,
            Err(StoreError::NotFound(_)) => return Err(EnterError::SignedOut),
            Err(error) => return Err(error.into()),
        };
        if claims.is_some_and(|claims| claims.session != session.id || claims.account != session.account) {
            return Err(EnterError::SignedOut);
        }
        let account = directory.account(session.account).await?;
        if self.inner.config.sessions.should_touch(session.last_seen_at, now) {
            directory.touch_session(session.id).await?;
        }
        let renewed = if claims.is_none() { Some(self.cookie_of(&session, secret)?) } else { None };
        Ok((SignedIn::Session { session, account }, renewed))
    }

    /// Who a token is.
    ///
    /// # Errors
    /// [`EnterError::SignedOut`] for anything that is no live token of an active member.
    pub async fn by_token(&self, text: &str) -> Result<SignedIn, EnterError> {
        let text: TokenText = text.parse().map_err(|_| EnterError::SignedOut)?;
        match self.inner.store.token(&text).await {
            // A token for provisioning opens nothing else.
            Ok((_, token)) if token.kind == TokenKind::Scim => Err(EnterError::SignedOut),
            Ok((access, token)) => {
                let now = self.inner.clock.now();
                let stale = token.last_used_at.is_none_or(|used| now - used >= chrono::Duration::minutes(1));
                if stale {
                    self.inner.store.workspace(&access).await?.touch_token(token.id).await?;
                }
                Ok(SignedIn::Token { access, token })
            }
            Err(StoreError::NotFound(_)) => Err(EnterError::SignedOut),
            Err(error) => Err(error.into()),
        }
    }

    /// Gives a session a new secret, because its rights grew; the old cookie is worthless from then on.
    ///
    /// # Errors
    /// When it is over.
    pub async fn renew(
        &self,
        actor: &Actor,
        session: &Session,
        methods: &[String],
    ) -> Result<CookieValue, EnterError> {
        let secret = self.new_secret()?;
        let directory = self.inner.store.directory();
        directory.renew_session(actor, session.id, &secret.digest, methods).await?;
        Ok(self.cookie_of(session, secret.text.expose_secret())?)
    }
}
