//! Signing in with an account somewhere else, and with a passkey.
//!
//! An identity is issuer and subject, tied to an account: by the account's owner, signed in, or, where
//! the provider's settings say so, by making a new account at the first sign-in. An address that a
//! provider names never opens an account that is there already.
//!
//! What must be remembered while the browser is away is kept sealed under a one-time link of purpose
//! *ceremony*, whose secret is in a cookie of that browser: another browser cannot finish it, and nobody
//! can twice.

use super::sessions::{Client, CookieValue, digest};
use super::{EnterError, Installation};
use bursar_domain::id::{AccountId, IdentityProviderId, WorkspaceId};
use bursar_domain::{Actor, EmailAddress, RoleName};
use bursar_identity::github::{GitHub, GitHubConfig};
use bursar_identity::http::{Http, HttpSettings};
use bursar_identity::oidc::{
    Begin, Callback, ClientAuthentication, ExternalPerson, Finding, PendingSignIn, Provider, ProviderConfig,
    ProviderKind as Kind, check_provider,
};
use bursar_identity::passkey::{Ceremony, PasskeyError, Passkeys, StoredPasskey};
use bursar_store::{
    Account, AccountKind, Entry, IdentityProvider, LinkDetails, LinkPurpose, NewAccount, NewLink,
    NewMembership, NewPasskey, Outcome, ProviderKind, StoreError, Via,
};
use chrono::{DateTime, Duration, Utc};
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use url::Url;

/// How long the browser may be away.
const CEREMONY_MINUTES: i64 = 10;

/// What a provider's settings hold beside what its protocol needs; kept as the mapping.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ProviderSettings {
    /// Which one it is; not for GitHub.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub provider: Option<Kind>,
    /// Where people sign in, for a GitHub Enterprise Server.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub web: Option<Url>,
    /// Where its API is, for a GitHub Enterprise Server.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub api: Option<Url>,
    /// The claim with the groups.
    #[serde(default = "groups")]
    pub groups_claim: String,
    /// How the secret is sent.
    #[serde(default)]
    pub authentication: ClientAuthentication,
    /// The workspace that people join at their first sign-in; nobody new comes in without it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub workspace: Option<WorkspaceId>,
    /// What they may do there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub role: Option<RoleName>,
}

fn groups() -> String {
    "groups".to_owned()
}

/// Why signing in with an account somewhere else did not work. The texts are for the person.
#[derive(Debug, thiserror::Error)]
pub enum ProviderError {
    /// No such provider, or it is switched off.
    #[error("this way of signing in is not set up")]
    Unknown,
    /// Its settings cannot work.
    #[error("the identity provider's settings cannot work: {0}")]
    Settings(String),
    /// Something did not agree.
    #[error("{0}")]
    Refused(String),
    /// It came back to another browser, too late, or twice.
    #[error("this sign-in was not begun in this browser, took too long, or is over: start again")]
    Ceremony,
    /// Nobody is tied to the identity, and nobody new may come in.
    #[error(
        "nobody here is known by this account: ask an administrator to invite you, then add it in your account"
    )]
    Stranger,
    /// The address has an account already.
    #[error("there is an account with this address: sign in to it, then add this identity there")]
    Taken,
    /// A passkey.
    #[error(transparent)]
    Passkey(#[from] PasskeyError),
    /// Control data.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl From<ProviderError> for EnterError {
    fn from(error: ProviderError) -> Self {
        match error {
            ProviderError::Store(error) => error.into(),
            _ => Self::SignedOut,
        }
    }
}

/// A sign-in that was begun.
#[derive(Debug)]
pub struct Begun {
    /// Where to send the browser.
    pub url: Url,
    /// For a cookie of that browser.
    pub ceremony: SecretString,
}

/// A sign-in that came to its end.
#[derive(Debug)]
pub struct Finished {
    /// The session's cookie.
    pub cookie: CookieValue,
    /// The path to go on to.
    pub return_to: String,
}

/// A passkey ceremony that was begun.
#[derive(Debug)]
pub struct PasskeyBegun {
    /// For the browser's `navigator.credentials`.
    pub options: serde_json::Value,
    /// To be given back.
    pub ceremony: SecretString,
}

/// What the browser answered when a passkey was to be added.
#[derive(Clone, Copy)]
pub struct NewPasskeyAnswer<'a> {
    /// The ceremony's secret.
    pub ceremony: &'a str,
    /// What `navigator.credentials.create` gave, as JSON.
    pub answer: &'a str,
    /// What the passkey is to be called.
    pub name: &'a str,
}

#[derive(Debug, Clone)]
enum Ready {
    OpenIdConnect(Arc<Provider>),
    GitHub(Arc<GitHub>),
}

/// A provider that is ready, of which configuration, for which address of ours.
#[derive(Debug)]
struct Kept {
    changed_at: DateTime<Utc>,
    base: String,
    ready: Ready,
}

/// Providers that are ready, by configuration: they remember keys.
#[derive(Debug, Default)]
pub(super) struct Providers {
    ready: Mutex<HashMap<IdentityProviderId, Kept>>,
}

fn settings_of(row: &IdentityProvider) -> Result<ProviderSettings, ProviderError> {
    serde_json::from_str(&row.mapping).map_err(|error| ProviderError::Settings(error.to_string()))
}

fn callback(base: &Url, id: IdentityProviderId) -> Result<Url, ProviderError> {
    base.join(&format!("/auth/oidc/{id}/callback"))
        .map_err(|error| ProviderError::Settings(error.to_string()))
}

fn config_of(
    row: &IdentityProvider,
    base: &Url,
) -> Result<(ProviderSettings, ProviderConfig), ProviderError> {
    let settings = settings_of(row)?;
    let kind =
        settings.provider.clone().unwrap_or_else(|| Kind::OpenIdConnect { issuer: row.issuer.clone() });
    let secret = Some(row.client_secret.clone()).filter(|secret| !secret.expose_secret().is_empty());
    let config = ProviderConfig {
        id: row.id,
        name: row.name.clone(),
        kind,
        client_id: row.client_id.clone(),
        client_secret: secret,
        authentication: settings.authentication,
        extra_scopes: Vec::new(),
        groups_claim: settings.groups_claim.clone(),
        redirect: callback(base, row.id)?,
    };
    Ok((settings, config))
}

fn http() -> Result<Http, ProviderError> {
    Http::new(&HttpSettings::default()).map_err(|error| ProviderError::Settings(error.to_string()))
}

impl Installation {
    /// The providers that one can sign in with.
    ///
    /// # Errors
    /// When control data cannot be read.
    pub async fn providers(&self) -> Result<Vec<IdentityProvider>, StoreError> {
        let mut all = self.inner.store.directory().identity_providers().await?;
        all.retain(|provider| provider.enabled);
        Ok(all)
    }

    async fn ready(
        &self,
        id: IdentityProviderId,
        base: &Url,
    ) -> Result<(ProviderSettings, Ready), ProviderError> {
        let row = match self.inner.store.directory().identity_provider(id).await {
            Ok(row) if row.enabled => row,
            Ok(_) | Err(StoreError::NotFound(_)) => return Err(ProviderError::Unknown),
            Err(error) => return Err(error.into()),
        };
        let settings = settings_of(&row)?;
        let kept = {
            let ready = self.inner.external.ready.lock().unwrap_or_else(PoisonError::into_inner);
            let kept =
                ready.get(&id).filter(|kept| kept.changed_at == row.changed_at && kept.base == base.as_str());
            kept.map(|kept| kept.ready.clone())
        };
        if let Some(ready) = kept {
            return Ok((settings, ready));
        }
        let broken = |error: &dyn std::fmt::Display| ProviderError::Settings(error.to_string());
        let made = match row.kind {
            ProviderKind::Oidc => {
                let (_, config) = config_of(&row, base)?;
                Ready::OpenIdConnect(Arc::new(Provider::new(config, http()?).map_err(|e| broken(&e))?))
            }
            ProviderKind::GitHub => {
                let usual = |given: &Option<Url>, usual: &str| match given {
                    Some(url) => Ok(url.clone()),
                    None => usual.parse::<Url>().map_err(|e| broken(&e)),
                };
                let config = GitHubConfig {
                    id,
                    client_id: row.client_id.clone(),
                    client_secret: row.client_secret.clone(),
                    redirect: callback(base, id)?,
                    web: usual(&settings.web, "https://github.com")?,
                    api: usual(&settings.api, "https://api.github.com")?,
                };
                Ready::GitHub(Arc::new(GitHub::new(config, http()?).map_err(|e| broken(&e))?))
            }
        };
        let mut ready = self.inner.external.ready.lock().unwrap_or_else(PoisonError::into_inner);
        ready.insert(id, Kept { changed_at: row.changed_at, base: base.to_string(), ready: made.clone() });
        Ok((settings, made))
    }

    async fn keep_ceremony(
        &self,
        account: Option<AccountId>,
        state: String,
        client: &Client,
    ) -> Result<SecretString, ProviderError> {
        let secret = self.new_secret()?;
        let new = NewLink {
            digest: secret.digest,
            purpose: LinkPurpose::Ceremony,
            account,
            workspace: None,
            details: LinkDetails { email: None, state: Some(state) },
            expires_at: self.inner.clock.now() + Duration::minutes(CEREMONY_MINUTES),
        };
        self.inner.store.directory().create_link(&client.anonymous(), new).await?;
        Ok(secret.text)
    }

    async fn take_ceremony<T: for<'a> Deserialize<'a>>(
        &self,
        secret: &str,
        client: &Client,
    ) -> Result<T, ProviderError> {
        let directory = self.inner.store.directory();
        let used = directory.use_link(&client.anonymous(), &digest(secret), LinkPurpose::Ceremony).await;
        let state = match used {
            Ok(link) => link.details.state.ok_or(ProviderError::Ceremony)?,
            Err(StoreError::NotFound(_)) => return Err(ProviderError::Ceremony),
            Err(error) => return Err(error.into()),
        };
        serde_json::from_str(&state).map_err(|_| ProviderError::Ceremony)
    }

    /// Begins a sign-in at a provider, or adding an identity to an account that is signed in.
    ///
    /// # Errors
    /// When the provider is unknown, or cannot be reached.
    pub async fn begin_external(
        &self,
        id: IdentityProviderId,
        base: &Url,
        return_to: Option<&str>,
        account: Option<AccountId>,
        client: &Client,
    ) -> Result<Begun, ProviderError> {
        let (_, ready) = self.ready(id, base).await?;
        let begin = Begin { return_to, account, ..Begin::default() };
        let (now, random) = (self.inner.clock.now(), self.inner.random.as_ref());
        let begun = match &ready {
            Ready::OpenIdConnect(provider) => provider.begin(&begin, random, now).await,
            Ready::GitHub(github) => github.begin(&begin, random, now),
        };
        let (url, pending) = begun.map_err(|error| ProviderError::Refused(error.to_string()))?;
        let state = serde_json::to_string(&pending).map_err(|_| ProviderError::Ceremony)?;
        Ok(Begun { url, ceremony: self.keep_ceremony(account, state, client).await? })
    }

    /// Ends a sign-in at a provider: who it is there decides who it is here.
    ///
    /// # Errors
    /// When anything does not agree; the reason is also in the record.
    pub async fn finish_external(
        &self,
        id: IdentityProviderId,
        base: &Url,
        ceremony: &str,
        query: &str,
        client: &Client,
    ) -> Result<Finished, ProviderError> {
        match self.finish(id, base, ceremony, query, client).await {
            Err(error) => {
                let entry = Entry::done("sign-in.external", id)
                    .outcome(Outcome::Refused)
                    .with(serde_json::json!({ "why": error.to_string(), "address": client.address }));
                self.inner.store.directory().note(&client.anonymous(), entry).await?;
                Err(error)
            }
            finished => finished,
        }
    }

    async fn finish(
        &self,
        id: IdentityProviderId,
        base: &Url,
        ceremony: &str,
        query: &str,
        client: &Client,
    ) -> Result<Finished, ProviderError> {
        let (settings, ready) = self.ready(id, base).await?;
        let pending: PendingSignIn = self.take_ceremony(ceremony, client).await?;
        let refused = |error: bursar_identity::oidc::SignInError| ProviderError::Refused(error.to_string());
        let callback = Callback::from_query(query).map_err(refused)?;
        let linking = pending.account();
        let return_to = pending.return_to().unwrap_or("/").to_owned();
        let now = self.inner.clock.now();
        let person = match &ready {
            Ready::OpenIdConnect(provider) => provider.finish(pending, &callback, now).await,
            Ready::GitHub(github) => github.finish(pending, &callback, now).await,
        };
        let person = person.map_err(refused)?;
        let directory = self.inner.store.directory();
        let known = directory.account_by_external_identity(&person.issuer, &person.subject).await?;
        let account = match (known, linking) {
            (Some(account), Some(linking)) if account.id != linking => return Err(ProviderError::Taken),
            (Some(account), _) if account.is_active() => account,
            (Some(_), _) => return Err(ProviderError::Stranger),
            (None, Some(linking)) => {
                let actor = Actor::new(client.anonymous().principal, client.request);
                directory.add_external_identity(&actor, linking, &person.issuer, &person.subject).await?;
                directory.account(linking).await?
            }
            (None, None) => self.welcome(&settings, &person, client).await?,
        };
        let session = person.session.as_ref().map(|sid| format!("{}\0{sid}", person.issuer));
        let cookie = self.begin_session(account.id, &["oidc"], client, session).await?;
        Ok(Finished { cookie, return_to })
    }

    /// A new account, where the provider's settings let people in.
    async fn welcome(
        &self,
        settings: &ProviderSettings,
        person: &ExternalPerson,
        client: &Client,
    ) -> Result<Account, ProviderError> {
        let (Some(workspace), Some(role)) = (settings.workspace, settings.role) else {
            return Err(ProviderError::Stranger);
        };
        let directory = self.inner.store.directory();
        let email: EmailAddress = person.email.clone().ok_or_else(|| {
            ProviderError::Refused(
                "the provider does not tell your e-mail address, which an account needs".into(),
            )
        })?;
        if directory.account_by_email(&email).await?.is_some() {
            return Err(ProviderError::Taken);
        }
        let display_name = person.name.clone().unwrap_or_else(|| email.to_string());
        let display_name: String = display_name.chars().take(60).collect();
        let actor = client.anonymous();
        let new = NewAccount { email, display_name, kind: AccountKind::Person, staff: false };
        let account = directory.create_account(&actor, new).await?;
        directory.add_external_identity(&actor, account.id, &person.issuer, &person.subject).await?;
        let joined = NewMembership { account: account.id, role, owner: false, via: Via::Sso };
        directory.join(&actor, workspace, joined).await?;
        Ok(account)
    }

    /// Ends the sessions that a provider says are over (OpenID Connect Back-Channel Logout).
    ///
    /// # Errors
    /// When the token is not the provider's.
    pub async fn logged_out_elsewhere(
        &self,
        id: IdentityProviderId,
        base: &Url,
        token: &str,
        client: &Client,
    ) -> Result<(), ProviderError> {
        let (_, Ready::OpenIdConnect(provider)) = self.ready(id, base).await? else {
            return Err(ProviderError::Unknown);
        };
        let out = provider.logged_out(token, self.inner.clock.now()).await;
        let out = out.map_err(|error| ProviderError::Refused(error.to_string()))?;
        let (directory, actor) = (self.inner.store.directory(), client.anonymous());
        if let Some(session) = &out.session {
            directory.end_sessions_of_provider(&actor, &format!("{}\0{session}", out.issuer)).await?;
        }
        if let (Some(subject), None) = (&out.subject, &out.session) {
            let account = directory.account_by_external_identity(&out.issuer, subject).await?;
            if let Some(account) = account {
                directory.end_sessions(&actor, account.id, None).await?;
            }
        }
        Ok(())
    }

    /// Whether a provider's settings work, step by step.
    ///
    /// # Errors
    /// When the provider is unknown.
    pub async fn test_provider(
        &self,
        id: IdentityProviderId,
        base: &Url,
    ) -> Result<Vec<Finding>, ProviderError> {
        let row = self.inner.store.directory().identity_provider(id).await?;
        if row.kind == ProviderKind::GitHub {
            self.ready(id, base).await?;
            return Ok(Vec::new());
        }
        let (_, config) = config_of(&row, base)?;
        Ok(check_provider(config, &http()?, self.inner.random.as_ref(), self.inner.clock.now()).await)
    }

    fn passkeys_at(base: &Url) -> Result<Passkeys, ProviderError> {
        Ok(Passkeys::new(base.host_str().unwrap_or_default(), base, "Bursar")?)
    }

    async fn stored_passkeys(
        &self,
        account: AccountId,
    ) -> Result<Vec<(bursar_store::Passkey, StoredPasskey)>, StoreError> {
        let rows = self.inner.store.directory().passkeys(account).await?;
        let read = |row: bursar_store::Passkey| {
            let passkey = serde_json::from_str(row.passkey.expose_secret()).ok()?;
            Some((row, passkey))
        };
        Ok(rows.into_iter().filter_map(read).collect())
    }

    /// Begins signing in with a passkey, without a name.
    ///
    /// # Errors
    /// When the address of this installation cannot have passkeys.
    pub async fn begin_passkey(&self, base: &Url, client: &Client) -> Result<PasskeyBegun, ProviderError> {
        let (options, ceremony) = Self::passkeys_at(base)?.start_discoverable(self.inner.clock.now())?;
        let state = serde_json::to_string(&ceremony).map_err(|_| ProviderError::Ceremony)?;
        Ok(PasskeyBegun { options, ceremony: self.keep_ceremony(None, state, client).await? })
    }

    /// Ends signing in with a passkey.
    ///
    /// # Errors
    /// When it is not accepted.
    pub async fn finish_passkey(
        &self,
        base: &Url,
        ceremony: &str,
        answer: &str,
        client: &Client,
    ) -> Result<CookieValue, ProviderError> {
        let ceremony: Ceremony = self.take_ceremony(ceremony, client).await?;
        let passkeys = Self::passkeys_at(base)?;
        let claimed = passkeys.claimed(answer)?;
        let directory = self.inner.store.directory();
        let row = match directory.passkey_by_credential(&claimed.credential_id).await {
            Ok(row) if row.account == claimed.account => row,
            Ok(_) | Err(StoreError::NotFound(_)) => return Err(PasskeyError::Unknown.into()),
            Err(error) => return Err(error.into()),
        };
        let stored: StoredPasskey =
            serde_json::from_str(row.passkey.expose_secret()).map_err(|_| PasskeyError::Malformed)?;
        let now = self.inner.clock.now();
        let found =
            passkeys.finish_sign_in(row.account, std::slice::from_ref(&stored), ceremony, answer, now)?;
        let updated =
            serde_json::to_string(&found.updated.unwrap_or(stored)).map_err(|_| PasskeyError::Malformed)?;
        directory.passkey_used(&row, &updated.into()).await?;
        Ok(self.begin_session(row.account, &["passkey"], client, None).await?)
    }

    /// Begins adding a passkey to an account.
    ///
    /// # Errors
    /// When the address of this installation cannot have passkeys.
    pub async fn begin_new_passkey(
        &self,
        base: &Url,
        account: &Account,
        client: &Client,
    ) -> Result<PasskeyBegun, ProviderError> {
        let existing = self.stored_passkeys(account.id).await?.into_iter().map(|(_, stored)| stored);
        let existing: Vec<StoredPasskey> = existing.collect();
        let now = self.inner.clock.now();
        let (options, ceremony) = Self::passkeys_at(base)?.start_registration(
            account.id,
            account.email.as_str(),
            &account.display_name,
            &existing,
            now,
        )?;
        let state = serde_json::to_string(&ceremony).map_err(|_| ProviderError::Ceremony)?;
        Ok(PasskeyBegun { options, ceremony: self.keep_ceremony(Some(account.id), state, client).await? })
    }

    /// Ends adding a passkey to an account.
    ///
    /// # Errors
    /// When it is not accepted.
    pub async fn finish_new_passkey(
        &self,
        base: &Url,
        account: &Account,
        given: NewPasskeyAnswer<'_>,
        client: &Client,
        actor: &Actor,
    ) -> Result<(), ProviderError> {
        let NewPasskeyAnswer { ceremony, answer, name } = given;
        let ceremony: Ceremony = self.take_ceremony(ceremony, client).await?;
        let now = self.inner.clock.now();
        let stored = Self::passkeys_at(base)?.finish_registration(account.id, ceremony, answer, now)?;
        let passkey = serde_json::to_string(&stored).map_err(|_| PasskeyError::Malformed)?;
        let new = NewPasskey {
            account: account.id,
            name: name.to_owned(),
            credential_id: stored.credential_id().to_vec(),
            passkey: passkey.into(),
        };
        self.inner.store.directory().add_passkey(actor, new).await?;
        Ok(())
    }
}
