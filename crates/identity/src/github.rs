//! Signing in with GitHub, which speaks OAuth and not OpenID Connect.
//!
//! There is no signed token: who somebody is, is asked of the API with the access token that the code was
//! exchanged for, over TLS. The subject is the account's number; names can be changed and taken by others.
//! Only the primary address that GitHub has verified is taken over. PKCE is sent.
//!
//! Sources: GitHub docs, "Authorizing OAuth apps", "REST API endpoints for users / emails" (read 2026-11).

use crate::http::{ClientAuth, Http, checked};
use crate::oidc::{Begin, Callback, ExternalPerson, PendingSignIn, SignInError, callback_code, code_word};
use bursar_domain::Randomness;
use bursar_domain::id::IdentityProviderId;
use chrono::{DateTime, Utc};
use secrecy::SecretString;
use serde::Deserialize;
use serde_json::Value;
use url::Url;

const SCOPES: &str = "read:user user:email";

/// An OAuth app at GitHub.
#[derive(Debug, Clone)]
pub struct GitHubConfig {
    /// Its id in this installation.
    pub id: IdentityProviderId,
    /// The app's client id.
    pub client_id: String,
    /// The app's secret.
    pub client_secret: SecretString,
    /// Our callback, exactly as it is registered.
    pub redirect: Url,
    /// Where people sign in: `https://github.com`, or a GitHub Enterprise Server.
    pub web: Url,
    /// Where the API is: `https://api.github.com`, or `https://HOST/api/v3`.
    pub api: Url,
}

/// GitHub, ready to sign people in.
#[derive(Debug)]
pub struct GitHub {
    config: GitHubConfig,
    http: Http,
    authorize: Url,
    token: Url,
    user: Url,
    emails: Url,
}

/// A configuration that cannot work.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum GitHubConfigError {
    /// An address that is never asked.
    #[error("`{0}` must be an https address")]
    Address(String),
    /// The client id is missing.
    #[error("the client id is missing or too long")]
    ClientId,
}

#[derive(Deserialize)]
struct User {
    id: u64,
    name: Option<String>,
    login: String,
}

#[derive(Deserialize)]
struct Email {
    email: String,
    primary: bool,
    verified: bool,
}

#[derive(Deserialize)]
struct Tokens {
    access_token: SecretString,
}

impl GitHub {
    /// GitHub with this app. Nothing is asked yet.
    ///
    /// # Errors
    /// When the configuration cannot work.
    pub fn new(config: GitHubConfig, http: Http) -> Result<Self, GitHubConfigError> {
        for url in [&config.web, &config.api, &config.redirect] {
            checked(url).map_err(|_| GitHubConfigError::Address(url.to_string()))?;
        }
        if config.client_id.is_empty() || config.client_id.len() > 512 {
            return Err(GitHubConfigError::ClientId);
        }
        let below = |base: &Url, path: &str| -> Result<Url, GitHubConfigError> {
            let text = format!("{}/{path}", base.as_str().trim_end_matches('/'));
            text.parse().map_err(|_| GitHubConfigError::Address(base.to_string()))
        };
        Ok(Self {
            authorize: below(&config.web, "login/oauth/authorize")?,
            token: below(&config.web, "login/oauth/access_token")?,
            user: below(&config.api, "user")?,
            emails: below(&config.api, "user/emails")?,
            config,
            http,
        })
    }

    /// What people's issuer is.
    #[must_use]
    pub fn issuer(&self) -> &str {
        self.config.web.as_str().trim_end_matches('/')
    }

    /// The first half: where to send the browser, and what to remember. GitHub cannot be told to ask a person
    /// again.
    ///
    /// # Errors
    /// When there is no randomness.
    pub fn begin(
        &self,
        begin: &Begin<'_>,
        random: &dyn Randomness,
        now: DateTime<Utc>,
    ) -> Result<(Url, PendingSignIn), SignInError> {
        let pending = PendingSignIn::new(self.config.id, self.issuer(), begin, random, now)?;
        let mut url = self.authorize.clone();
        pending.ask(&mut url, &self.config.client_id, &self.config.redirect, SCOPES);
        if let Some(login) = begin.login_hint.filter(|login| login.len() <= 320) {
            url.query_pairs_mut().append_pair("login", login);
        }
        Ok((url, pending))
    }

    /// The second half: who it is.
    ///
    /// # Errors
    /// When anything does not agree.
    pub async fn finish(
        &self,
        pending: PendingSignIn,
        callback: &Callback,
        now: DateTime<Utc>,
    ) -> Result<ExternalPerson, SignInError> {
        let agrees = |issuer: Option<&str>| issuer.is_none_or(|issuer| self.names_itself(issuer));
        let code = callback_code(self.config.id, &pending, callback, agrees, now)?;
        let token = self.exchange(code, pending.verifier()).await?;
        let user: User = read(self.http.get(&self.user, Some(&token)).await?)?;
        let emails: Vec<Email> = read(self.http.get(&self.emails, Some(&token)).await?)?;
        let primary = emails.into_iter().find(|email| email.primary && email.verified);
        let email = primary.and_then(|email| email.email.parse().ok());
        let name = user.name.filter(|name| !name.trim().is_empty()).unwrap_or(user.login);
        Ok(ExternalPerson {
            issuer: self.issuer().to_owned(),
            subject: user.id.to_string(),
            email_verified: email.is_some(),
            email,
            name: Some(name.chars().filter(|c| !c.is_control()).take(256).collect()),
            groups: Vec::new(),
            groups_incomplete: true,
            organisation: None,
            acr: None,
            amr: Vec::new(),
            auth_time: None,
            session: None,
        })
    }

    /// GitHub sends `iss=https://github.com/login/oauth` to apps it has been turned on for.
    fn names_itself(&self, issuer: &str) -> bool {
        issuer.strip_prefix(self.issuer()).is_some_and(|rest| matches!(rest, "" | "/login/oauth"))
    }

    async fn exchange(&self, code: &str, verifier: &str) -> Result<SecretString, SignInError> {
        let form = [
            ("grant_type", "authorization_code"),
            ("code", code),
            ("redirect_uri", self.config.redirect.as_str()),
            ("code_verifier", verifier),
        ];
        let auth = ClientAuth::Post(&self.config.client_secret);
        let answer = self.http.post(&self.token, &self.config.client_id, auth, &form).await?;
        // Errors come with status 200.
        if let Some(error) = answer.body.get("error").and_then(Value::as_str) {
            return Err(SignInError::Exchange(code_word(error)));
        }
        let tokens: Result<Tokens, _> = serde_json::from_value(answer.body);
        tokens.map(|tokens| tokens.access_token).map_err(|_| SignInError::Exchange("no access token".into()))
    }
}

fn read<T: serde::de::DeserializeOwned>(answer: Value) -> Result<T, SignInError> {
    serde_json::from_value(answer).map_err(|_| SignInError::Userinfo)
}
