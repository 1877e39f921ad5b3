//! Passkeys (WebAuthn): setting one up, and signing in with it, with or without saying who one is.
//!
//! Each is a ceremony of two requests. What the installation must remember in between is a [`Ceremony`]: the
//! caller keeps it sealed, bound to the browser (a cookie), and **uses it once**. It holds the challenge, and is
//! refused after five minutes. A passkey with user verification is two factors in one (SP 800-63B-4 §3.1.6:
//! phishing-resistant, AAL2), so verification is always required; attestation is not asked for.
//!
//! The stored counter goes up with every sign-in of a device that counts; one that does not go up is a
//! copied key and is refused ([`PasskeyError::Copied`]).
//!
//! The challenges come from webauthn-rs, which asks the operating system; nothing else here does.

use bursar_domain::id::AccountId;
use chrono::{DateTime, Duration, Utc};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::fmt;
use url::Url;
use uuid::Uuid;
use webauthn_rs::prelude::{
    DiscoverableAuthentication, Passkey, PasskeyAuthentication, PasskeyRegistration, PublicKeyCredential,
    RegisterPublicKeyCredential, WebauthnError,
};
use webauthn_rs::{Webauthn, WebauthnBuilder};

const CEREMONY: Duration = Duration::minutes(5);
/// What a browser answers with is a few kilobytes.
const MAX_ANSWER_BYTES: usize = 64 << 10;

/// A passkey as it is stored. Public keys are no secret, but whose they are is.
#[derive(Clone, Serialize, Deserialize)]
#[serde(transparent)]
pub struct StoredPasskey(Passkey);

impl StoredPasskey {
    /// The credential id, which tells passkeys apart. One id belongs to one account: refuse a second.
    #[must_use]
    pub fn credential_id(&self) -> &[u8] {
        self.0.cred_id().as_ref()
    }

    /// webauthn-rs shows it in the stored form only.
    fn counter(&self) -> u32 {
        let stored = serde_json::to_value(&self.0).unwrap_or_default();
        let counter = stored.pointer("/cred/counter").and_then(Value::as_u64);
        counter.and_then(|counter| u32::try_from(counter).ok()).unwrap_or(u32::MAX)
    }
}

impl fmt::Debug for StoredPasskey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("StoredPasskey(…)")
    }
}

/// What the installation remembers between the two requests of a ceremony. Keep it sealed, use it once.
#[derive(Serialize, Deserialize)]
pub struct Ceremony {
    began: DateTime<Utc>,
    state: State,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum State {
    Registration { account: AccountId, state: Box<PasskeyRegistration> },
    SignIn { account: AccountId, state: Box<PasskeyAuthentication> },
    Discoverable { state: Box<DiscoverableAuthentication> },
}

impl Ceremony {
    /// The account that began it, where it is known.
    #[must_use]
    pub fn account(&self) -> Option<AccountId> {
        match &self.state {
            State::Registration { account, .. } | State::SignIn { account, .. } => Some(*account),
            State::Discoverable { .. } => None,
        }
    }
}

impl fmt::Debug for Ceremony {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Ceremony").field("began", &self.began).finish_non_exhaustive()
    }
}

/// Who answered a discoverable ceremony, by their own account: look up that account's passkeys, and believe
/// nothing before [`Passkeys::finish_sign_in`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Claimed {
    /// The account that the passkey was set up for.
    pub account: AccountId,
    /// Which of its passkeys.
    pub credential_id: Vec<u8>,
}

/// A passkey sign-in that succeeded.
#[derive(Debug, Clone)]
pub struct PasskeySignIn {
    /// Which passkey it was.
    pub credential_id: Vec<u8>,
    /// The passkey with its new counter, if it changed: store it in the transaction that signs in.
    pub updated: Option<StoredPasskey>,
    /// Whether the passkey is synchronised between devices.
    pub synchronised: bool,
}

/// Why a ceremony failed.
#[derive(Debug, thiserror::Error)]
pub enum PasskeyError {
    /// The address of the installation cannot have passkeys.
    #[error("passkeys need an https address (or localhost) whose host is `{domain}` or below it")]
    Origin {
        /// The domain passkeys are bound to.
        domain: String,
    },
    /// More than five minutes between the two requests, or a clock that went back.
    #[error("this took too long: start again")]
    Expired,
    /// The remembered state is of another kind of ceremony or account.
    #[error("this answer belongs to another request: start again")]
    WrongCeremony,
    /// The browser's answer is not one.
    #[error("the browser's answer cannot be read")]
    Malformed,
    /// The passkey's counter did not go up.
    #[error("this passkey seems to have been copied: remove it and set up another")]
    Copied,
    /// The account has no such passkey.
    #[error("this passkey is not known")]
    Unknown,
    /// Everything else that the standard makes us check: challenge, origin, user verification, signature.
    #[error("the passkey was not accepted")]
    Refused(#[source] WebauthnError),
}

/// Runs ceremonies for one installation.
#[derive(Debug, Clone)]
pub struct Passkeys {
    webauthn: Webauthn,
}

impl Passkeys {
    /// For the installation at `origin` (`https://costs.example`), called `name`. Passkeys are bound to
    /// `domain`, the origin's host or a parent of it: changing it makes every passkey useless.
    ///
    /// # Errors
    /// When browsers would refuse that combination.
    pub fn new(domain: &str, origin: &Url, name: &str) -> Result<Self, PasskeyError> {
        let bad = || PasskeyError::Origin { domain: domain.to_owned() };
        let local = origin.host_str() == Some("localhost");
        if origin.scheme() != "https" && !local {
            return Err(bad());
        }
        let builder = WebauthnBuilder::new(domain, origin).map_err(|_| bad())?;
        Ok(Self { webauthn: builder.rp_name(name).build().map_err(|_| bad())? })
    }

    /// Begins setting up a passkey: what `navigator.credentials.create` takes, and what to remember.
    /// Devices that hold one of `existing` already are left out by the browser.
    ///
    /// # Errors
    /// When webauthn-rs refuses the names.
    pub fn start_registration(
        &self,
        account: AccountId,
        user_name: &str,
        display_name: &str,
        existing: &[StoredPasskey],
        now: DateTime<Utc>,
    ) -> Result<(Value, Ceremony), PasskeyError> {
        let known = existing.iter().map(|passkey| passkey.0.cred_id().clone()).collect();
        let user = Uuid::from_u128(account.as_u128());
        let (options, state) = self
            .webauthn
            .start_passkey_registration(user, user_name, display_name, Some(known))
            .map_err(PasskeyError::Refused)?;
        let mut options = serde_json::to_value(options).map_err(|_| PasskeyError::Malformed)?;
        // So that signing in without a name works wherever the device can: webauthn-rs would ask for
        // keys that are not discoverable.
        if let Some(Value::Object(selection)) = options.pointer_mut("/publicKey/authenticatorSelection") {
            selection.insert("residentKey".to_owned(), "preferred".into());
        }
        Ok((options, Ceremony { began: now, state: State::Registration { account, state: Box::new(state) } }))
    }

    /// Ends setting up a passkey. The caller makes sure that no account has its credential id yet.
    ///
    /// # Errors
    /// When the answer is not a good one.
    pub fn finish_registration(
        &self,
        account: AccountId,
        ceremony: Ceremony,
        answer: &str,
        now: DateTime<Utc>,
    ) -> Result<StoredPasskey, PasskeyError> {
        in_time(&ceremony, now)?;
        match ceremony.state {
            State::Registration { account: of, state } if of == account => {
                let answer: RegisterPublicKeyCredential = read(answer)?;
                let passkey = self.webauthn.finish_passkey_registration(&answer, &state);
                Ok(StoredPasskey(passkey.map_err(PasskeyError::Refused)?))
            }
            _ => Err(PasskeyError::WrongCeremony),
        }
    }

    /// Begins a sign-in of a known account, for asking again before something dangerous: what
    /// `navigator.credentials.get` takes, and what to remember.
    ///
    /// # Errors
    /// When the account has no passkeys.
    pub fn start_sign_in(
        &self,
        account: AccountId,
        passkeys: &[StoredPasskey],
        now: DateTime<Utc>,
    ) -> Result<(Value, Ceremony), PasskeyError> {
        if passkeys.is_empty() {
            return Err(PasskeyError::Unknown);
        }
        let passkeys: Vec<Passkey> = passkeys.iter().map(|passkey| passkey.0.clone()).collect();
        let (options, state) =
            self.webauthn.start_passkey_authentication(&passkeys).map_err(PasskeyError::Refused)?;
        let options = serde_json::to_value(options).map_err(|_| PasskeyError::Malformed)?;
        Ok((options, Ceremony { began: now, state: State::SignIn { account, state: Box::new(state) } }))
    }

    /// Begins a sign-in of whoever it is: the browser offers the passkeys it has, in a dialog or while a
    /// name is typed (`mediation: conditional`; drop that member for a button).
    ///
    /// # Errors
    /// When there is no challenge to be had.
    pub fn start_discoverable(&self, now: DateTime<Utc>) -> Result<(Value, Ceremony), PasskeyError> {
        let (options, state) =
            self.webauthn.start_discoverable_authentication().map_err(PasskeyError::Refused)?;
        let options = serde_json::to_value(options).map_err(|_| PasskeyError::Malformed)?;
        Ok((options, Ceremony { began: now, state: State::Discoverable { state: Box::new(state) } }))
    }

    /// Whom a discoverable answer claims to be of.
    ///
    /// # Errors
    /// When it does not say.
    pub fn claimed(&self, answer: &str) -> Result<Claimed, PasskeyError> {
        let answer: PublicKeyCredential = read(answer)?;
        let (user, credential_id) = self
            .webauthn
            .identify_discoverable_authentication(&answer)
            .map_err(|_| PasskeyError::Malformed)?;
        let account = AccountId::from_u128(user.as_u128());
        Ok(Claimed { account, credential_id: credential_id.to_vec() })
    }

    /// Ends a sign-in, of either kind, with the passkeys stored for `account`.
    ///
    /// # Errors
    /// When the answer is not a good one.
    pub fn finish_sign_in(
        &self,
        account: AccountId,
        passkeys: &[StoredPasskey],
        ceremony: Ceremony,
        answer: &str,
        now: DateTime<Utc>,
    ) -> Result<PasskeySignIn, PasskeyError> {
        in_time(&ceremony, now)?;
        let answer: PublicKeyCredential = read(answer)?;
        let used = passkeys.iter().find(|passkey| passkey.credential_id() == answer.get_credential_id());
        let used = used.ok_or(PasskeyError::Unknown)?;
        let result = match ceremony.state {
            State::SignIn { account: of, state } if of == account => {
                // The remembered state holds the counters of then; the stored one is newer.
                self.webauthn.finish_passkey_authentication(&answer, &state)
            }
            State::Discoverable { state } => {
                let claimed = answer.get_user_unique_id().and_then(|id| Uuid::from_slice(id).ok());
                if claimed.map(|user| user.as_u128()) != Some(account.as_u128()) {
                    return Err(PasskeyError::WrongCeremony);
                }
                self.webauthn.finish_discoverable_authentication_v2(&answer, *state, &used.0)
            }
            _ => return Err(PasskeyError::WrongCeremony),
        };
        let result = result.map_err(|error| match error {
            WebauthnError::CredentialPossibleCompromise => PasskeyError::Copied,
            other => PasskeyError::Refused(other),
        })?;
        if result.counter() > 0 && result.counter() <= used.counter() {
            return Err(PasskeyError::Copied);
        }
        let mut updated = used.clone();
        let changed = updated.0.update_credential(&result).unwrap_or(false);
        Ok(PasskeySignIn {
            credential_id: used.credential_id().to_vec(),
            updated: changed.then_some(updated),
            synchronised: result.backup_state(),
        })
    }
}

fn in_time(ceremony: &Ceremony, now: DateTime<Utc>) -> Result<(), PasskeyError> {
    let age = now - ceremony.began;
    let good = age < CEREMONY && age > -CEREMONY;
    if good { Ok(()) } else { Err(PasskeyError::Expired) }
}

fn read<T: serde::de::DeserializeOwned>(answer: &str) -> Result<T, PasskeyError> {
    if answer.len() > MAX_ANSWER_BYTES {
        return Err(PasskeyError::Malformed);
    }
    serde_json::from_str(answer).map_err(|_| PasskeyError::Malformed)
}
