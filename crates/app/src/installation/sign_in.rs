//! Proving who one is: by a password with or without a code, or by a one-time link.
//!
//! Unknown, switched-off and locked accounts and wrong passwords are answered alike, in text and in time:
//! a password is always compared, with nobody's hash if need be. What is wrong with the account is in
//! the record, where its owners can read it.

use super::sessions::{Client, CookieValue, digest};
use super::{EnterError, Installation};
use bursar_domain::id::{AccountId, WorkspaceId};
use bursar_domain::{Actor, EmailAddress, Role, RoleName};
use bursar_identity::password::{HashError, Password, PasswordHash, Verdict};
use bursar_identity::recovery;
use bursar_identity::throttle::{Attempt, Counter, Failures, Gate};
use bursar_identity::totp::{CodeError, TotpSecret};
use bursar_store::{
    Account, AccountKind, Entry, LinkDetails, LinkPurpose, NewAccount, NewLink, NewMembership, Outcome,
    StoreError, Via,
};
use chrono::{DateTime, Duration, Utc};
use secrecy::{ExposeSecret, SecretString};
use sha2::{Digest as _, Sha256};

/// How long a sign-in link works.
pub const LINK_LIFETIME_MINUTES: i64 = 15;
/// The address of the first owner until they give their own.
const FIRST_OWNER: &str = "owner@localhost";

/// Why somebody is not signed in. The text is the same for every reason that tells about an account.
#[derive(Debug, thiserror::Error)]
pub enum SignInError {
    /// Wrong, unknown, switched off or locked.
    #[error("the e-mail address or the password is wrong, or too many attempts were made: try again later")]
    Refused,
    /// The password was right; a code is needed too.
    #[error("the password is right: now the six digits of your authenticator, or a recovery code")]
    SecondFactor,
    /// Too many at once.
    #[error("too many sign-ins at once: try again in a moment")]
    Busy,
    /// Control data.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// Hashing broke.
    #[error(transparent)]
    Hash(HashError),
}

impl From<HashError> for SignInError {
    fn from(error: HashError) -> Self {
        match error {
            HashError::Busy => Self::Busy,
            other => Self::Hash(other),
        }
    }
}

/// Why a link gives nothing.
#[derive(Debug, thiserror::Error)]
pub enum LinkError {
    /// Used, expired, unknown or for something else.
    #[error(
        "a sign-in link works once and for fifteen minutes; this one has been used, is too old or was never given out"
    )]
    Spent,
    /// Control data.
    #[error(transparent)]
    Store(StoreError),
}

impl From<StoreError> for LinkError {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::NotFound("link" | "account") => Self::Spent,
            other => Self::Store(other),
        }
    }
}

/// What a link gave.
#[derive(Debug)]
pub struct Redeemed {
    /// The session's cookie.
    pub cookie: CookieValue,
    /// Who signed in.
    pub account: AccountId,
}

/// A counter's place in the store.
struct Counted {
    counter: Counter,
    key: [u8; 32],
    failures: Failures,
}

impl Installation {
    /// A link that signs one person in, once, within fifteen minutes: the account, or, as long as there
    /// is none at all, whoever opens it, who becomes an owner of the workspace.
    ///
    /// # Errors
    /// When control data cannot be written.
    pub async fn sign_in_link(
        &self,
        account: Option<AccountId>,
        workspace: WorkspaceId,
    ) -> Result<SecretString, StoreError> {
        let directory = self.inner.store.directory();
        let account = match account {
            Some(account) => Some(account),
            // The command line asks for a link: it is for the owner that was first.
            None => self.first_owner(workspace).await?,
        };
        let secret = self.new_secret()?;
        let new = NewLink {
            digest: secret.digest,
            purpose: if account.is_some() { LinkPurpose::SignIn } else { LinkPurpose::FirstOwner },
            account,
            workspace: Some(workspace),
            details: LinkDetails::default(),
            expires_at: self.inner.clock.now() + Duration::minutes(LINK_LIFETIME_MINUTES),
        };
        directory.create_link(&Actor::operator(), new).await?;
        Ok(secret.text)
    }

    /// The owner of a workspace who is an active account and was the first.
    async fn first_owner(&self, workspace: WorkspaceId) -> Result<Option<AccountId>, StoreError> {
        let access = self.inner.store.operator(workspace).await?;
        let members = self.inner.store.workspace(&access).await?.members(Default::default()).await?;
        let mut owners: Vec<_> = members
            .into_iter()
            .filter(|member| member.membership.owner && member.account.is_active())
            .map(|member| (member.membership.created_at, member.account.id))
            .collect();
        owners.sort();
        Ok(owners.first().map(|(_, id)| *id))
    }

    /// Uses up a link of [`Installation::sign_in_link`].
    ///
    /// # Errors
    /// [`LinkError::Spent`] for anything that is no such link now.
    pub async fn redeem_link(&self, token: &str, client: &Client) -> Result<Redeemed, LinkError> {
        let directory = self.inner.store.directory();
        let (actor, digest) = (client.anonymous(), digest(token));
        let account = match directory.use_link(&actor, &digest, LinkPurpose::SignIn).await {
            Ok(link) => link.account.ok_or(LinkError::Spent)?,
            Err(StoreError::NotFound(_)) => {
                let link = directory.use_link(&actor, &digest, LinkPurpose::FirstOwner).await?;
                let workspace = link.workspace.ok_or(LinkError::Spent)?;
                self.make_first_owner(workspace).await?
            }
            Err(error) => return Err(error.into()),
        };
        let cookie = self.begin_session(account, &["link"], client, None).await?;
        Ok(Redeemed { cookie, account })
    }

    /// The owner of a workspace that has none.
    async fn make_first_owner(&self, workspace: WorkspaceId) -> Result<AccountId, StoreError> {
        // Two links may have been given out before the first was used.
        if let Some(owner) = self.first_owner(workspace).await? {
            return Ok(owner);
        }
        let email: EmailAddress = FIRST_OWNER.parse().map_err(|_| StoreError::NotFound("account"))?;
        let account = self.account_for(&email, "Owner", true).await?;
        let new =
            NewMembership { account, role: RoleName::BuiltIn(Role::Admin), owner: true, via: Via::Manual };
        match self.inner.store.directory().join(&Self::system(), workspace, new).await {
            Ok(_) | Err(StoreError::Conflict(_)) => Ok(account),
            Err(error) => Err(error),
        }
    }

    /// The account of an address, made if there is none.
    ///
    /// # Errors
    /// When control data cannot be written.
    pub async fn account_for(
        &self,
        email: &EmailAddress,
        display_name: &str,
        staff: bool,
    ) -> Result<AccountId, StoreError> {
        let directory = self.inner.store.directory();
        if let Some(account) = directory.account_by_email(email).await? {
            return Ok(account.id);
        }
        let new = NewAccount {
            email: email.clone(),
            display_name: display_name.to_owned(),
            kind: AccountKind::Person,
            staff,
        };
        Ok(directory.create_account(&Self::system(), new).await?.id)
    }

    /// Signs in by a password and, where the account has one, a code.
    ///
    /// # Errors
    /// [`SignInError::Refused`] for everything that is wrong; [`SignInError::SecondFactor`] when only the
    /// code is missing.
    pub async fn sign_in(
        &self,
        email: &EmailAddress,
        password: &Password,
        code: Option<&str>,
        client: &Client,
    ) -> Result<CookieValue, SignInError> {
        let directory = self.inner.store.directory();
        let now = self.inner.clock.now();
        let found = directory.account_by_email(email).await?;
        let pair = self.counted(Counter::Pair, &[email.as_str(), &client.address]).await?;
        let address = self.counted(Counter::Address, &[&client.address]).await?;
        let whole = self.counted(Counter::Account, &[email.as_str()]).await?;
        let familiar = match &found {
            Some(account) => self.is_familiar(account.id, &client.address).await?,
            None => false,
        };
        let attempt =
            Attempt { pair: &pair.failures, address: &address.failures, account: &whole.failures, familiar };
        let open = self.inner.throttle.gate(&attempt, now) == Gate::Open;
        let account = found.as_ref().filter(|account| open && account.is_active());
        let stored = match account {
            Some(account) => directory.password_hash(account.id).await?,
            None => None,
        };
        let stored = stored.and_then(|hash| PasswordHash::parse(hash).ok());
        let verdict = self.hasher().await?.verify(password, stored.as_ref()).await?;
        let (Some(account), Verdict::Right { needs_rehash }) = (account, verdict) else {
            if open {
                for counted in [&pair, &address, &whole] {
                    self.count(counted, now).await?;
                }
            }
            self.refuse(found.as_ref(), if open { "password" } else { "locked" }, client).await?;
            return Err(SignInError::Refused);
        };
        let mut methods = vec!["password"];
        if let Some(second) = self.second_factor(account, code, client).await? {
            methods.push(second);
        }
        if needs_rehash
            && let Ok(hash) = self.hasher().await?.hash(password, self.inner.random.as_ref()).await
        {
            let hash = SecretString::from(hash.expose());
            directory.set_password_hash(&Self::system(), account.id, Some(&hash)).await?;
        }
        for counted in [&pair, &whole] {
            if self.inner.throttle.succeeded(counted.counter, &counted.failures, familiar)
                == Failures::default()
            {
                directory.clear_throttle(&counted.key).await?;
            }
        }
        Ok(self.begin_session(account.id, &methods, client, None).await?)
    }

    /// The second factor that was given; `None` when the account has none.
    async fn second_factor(
        &self,
        account: &Account,
        code: Option<&str>,
        client: &Client,
    ) -> Result<Option<&'static str>, SignInError> {
        let directory = self.inner.store.directory();
        let Some(totp) = directory.totp(account.id).await?.filter(|totp| totp.confirmed_at.is_some()) else {
            return Ok(None);
        };
        let Some(code) = code.map(str::trim).filter(|code| !code.is_empty()) else {
            return Err(SignInError::SecondFactor);
        };
        let now = self.inner.clock.now();
        let counted = self.counted(Counter::Code, &[&account.id.to_string()]).await?;
        if self.inner.throttle.code_gate(&counted.failures, now) != Gate::Open {
            self.refuse(Some(account), "code locked", client).await?;
            return Err(SignInError::Refused);
        }
        let used = match secret_of(&totp.secret) {
            // Whether the step was used already is the store's to say, in one statement.
            Some(secret) => match secret.verify(code, None, now) {
                Ok(step) => directory.use_totp_step(account.id, step).await.map(|()| Some("totp")),
                Err(CodeError::Malformed | CodeError::Wrong | CodeError::Used) => Ok(None),
            },
            None => Ok(None),
        };
        let used = match used {
            Ok(Some(method)) => Some(method),
            Ok(None) | Err(StoreError::NotFound(_)) => {
                let Some(digest) = recovery::digest_of(code) else {
                    return self.wrong_code(account, &counted, client).await;
                };
                match directory.use_recovery_code(&client.anonymous(), account.id, digest.as_bytes()).await {
                    Ok(()) => Some("recovery-code"),
                    Err(StoreError::NotFound(_)) => None,
                    Err(error) => return Err(error.into()),
                }
            }
            Err(error) => return Err(error.into()),
        };
        match used {
            Some(method) => {
                directory.clear_throttle(&counted.key).await?;
                Ok(Some(method))
            }
            None => self.wrong_code(account, &counted, client).await,
        }
    }

    async fn wrong_code(
        &self,
        account: &Account,
        counted: &Counted,
        client: &Client,
    ) -> Result<Option<&'static str>, SignInError> {
        self.count(counted, self.inner.clock.now()).await?;
        self.refuse(Some(account), "code", client).await?;
        Err(SignInError::Refused)
    }

    /// Whether the account has signed in from this address lately.
    async fn is_familiar(&self, account: AccountId, address: &str) -> Result<bool, StoreError> {
        let sessions = self.inner.store.directory().sessions(account).await?;
        Ok(sessions.iter().any(|session| session.address == address))
    }

    async fn counted(&self, counter: Counter, parts: &[&str]) -> Result<Counted, StoreError> {
        let mut hash = Sha256::new_with_prefix(b"bursar-throttle-v1\0");
        hash.update(match counter {
            Counter::Pair => "pair",
            Counter::Address => "address",
            Counter::Account => "account",
            Counter::Code => "code",
        });
        for part in parts {
            hash.update([0]);
            hash.update(part.as_bytes());
        }
        let key: [u8; 32] = hash.finalize().into();
        let kept = self.inner.store.directory().throttle(&key).await?;
        let failures = kept.map_or_else(Failures::default, |kept| Failures {
            count: u32::try_from(kept.failures).unwrap_or(u32::MAX),
            last: Some(kept.last_at),
            closed_until: kept.until,
        });
        Ok(Counted { counter, key, failures })
    }

    /// Counts a failure. Many at once are all counted; the wait follows from the count after them.
    async fn count(&self, counted: &Counted, now: DateTime<Utc>) -> Result<(), StoreError> {
        let directory = self.inner.store.directory();
        let after = directory.count_failure(&counted.key, now - Duration::days(30)).await?;
        let before = Failures {
            count: u32::try_from(after.failures.saturating_sub(1)).unwrap_or(u32::MAX),
            last: counted.failures.last.or(Some(now)),
            closed_until: after.until,
        };
        let next = self.inner.throttle.failed(counted.counter, &before, now);
        if let Some(until) = next.closed_until {
            directory.hold_back(&counted.key, until).await?;
        }
        Ok(())
    }

    async fn refuse(&self, account: Option<&Account>, why: &str, client: &Client) -> Result<(), StoreError> {
        let target = account.map_or_else(|| "unknown".to_owned(), |account| account.id.to_string());
        let entry = Entry::done("sign-in", target)
            .outcome(Outcome::Refused)
            .with(serde_json::json!({ "why": why, "address": client.address }));
        self.inner.store.directory().note(&client.anonymous(), entry).await
    }

    /// Sets an account's password, if it may be chosen; its other sessions end.
    ///
    /// # Errors
    /// [`ChoosePasswordError::Weak`] with the reason for the person choosing.
    pub async fn choose_password(
        &self,
        actor: &Actor,
        account: &Account,
        password: &Password,
    ) -> Result<(), ChoosePasswordError> {
        let directory = self.inner.store.directory();
        let has_code = directory.totp(account.id).await?.is_some_and(|totp| totp.confirmed_at.is_some());
        self.check_password(&account.email, &account.display_name, has_code, password)?;
        let hash = self.hasher().await?.hash(password, self.inner.random.as_ref()).await?;
        let hash = SecretString::from(hash.expose());
        directory.set_password_hash(actor, account.id, Some(&hash)).await?;
        Ok(())
    }

    /// Whether this is the account's password.
    ///
    /// # Errors
    /// When control data cannot be read, or too many passwords are compared already.
    pub async fn is_password(&self, account: AccountId, password: &Password) -> Result<bool, SignInError> {
        let stored = self.inner.store.directory().password_hash(account).await?;
        let stored = stored.and_then(|hash| PasswordHash::parse(hash).ok());
        Ok(self.hasher().await?.verify(password, stored.as_ref()).await?.is_right())
    }
}

/// Why a password is not set.
#[derive(Debug, thiserror::Error)]
pub enum ChoosePasswordError {
    /// For the person choosing.
    #[error("{0}")]
    Weak(String),
    /// Hashing broke, or is too busy.
    #[error(transparent)]
    Hash(#[from] HashError),
    /// Control data.
    #[error(transparent)]
    Store(#[from] StoreError),
}

fn secret_of(text: &SecretString) -> Option<TotpSecret> {
    let bytes = zeroize::Zeroizing::new(hex::decode(text.expose_secret()).ok()?);
    TotpSecret::from_bytes(&bytes).ok()
}

impl From<SignInError> for EnterError {
    fn from(error: SignInError) -> Self {
        match error {
            SignInError::Store(error) => error.into(),
            _ => Self::SignedOut,
        }
    }
}
