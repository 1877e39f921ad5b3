//! Keys of checkpoints: Ed25519 in the text forms of c2sp.org/signed-note, and their history.
//!
//! A [`KeyStatement`] says from when until when a key is good. The first is signed by the key itself,
//! every later one by the key before it, so that whoever trusts one key can follow to the newest. A key
//! ends at its own end or when the next one begins, whichever is earlier.

use crate::SignedCheckpoint;
use crate::entry::spelled;
use crate::verify::Problem;
use aws_lc_rs::signature::{ED25519, Ed25519KeyPair, KeyPair, UnparsedPublicKey};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use chrono::{DateTime, Utc};
use signed_note::{Note, Signature};
use std::fmt;
use std::str::FromStr;

/// A key of a log.
const ED25519_LOG: u8 = 1;
/// A key of a witness (c2sp.org/tlog-cosignature).
const ED25519_WITNESS: u8 = 4;
const KEY_BYTES: usize = 32;
const STATEMENT: &str = "bursar audit key v1";

/// Why a key or its history is not taken.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum KeyError {
    /// The text is no key.
    #[error("this is no key of a log: expected NAME+HASH+BASE64, as the log's key page shows it")]
    NotAKey,
    /// The bytes are no seed.
    #[error("the seed of a signing key is 32 bytes")]
    NotASeed,
    /// A statement does not read.
    #[error("a statement in the key history does not read")]
    Statement,
    /// A statement is not signed by the key before it.
    #[error("key {0} is not vouched for by the key before it")]
    NotVouched(String),
    /// It begins before the one in front of it.
    #[error("key {0} begins before the key in front of it")]
    Order(String),
    /// The library refused, which would be a bug.
    #[error("nothing could be signed: please report this")]
    Refused,
}

/// A public key with its name.
#[derive(Clone, PartialEq, Eq)]
pub struct VerifyingKey {
    name: String,
    id: u32,
    algorithm: u8,
    key: [u8; KEY_BYTES],
}

impl VerifyingKey {
    fn new(name: &str, algorithm: u8, key: [u8; KEY_BYTES]) -> Result<Self, KeyError> {
        if !signed_note::is_key_name_valid(name) {
            return Err(KeyError::NotAKey);
        }
        let id = signed_note::key_id(name, &[&[algorithm], key.as_slice()].concat());
        Ok(Self { name: name.to_owned(), id, algorithm, key })
    }

    /// The name: the origin of the log, or the witness.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The number that signatures name it by, as eight hexadecimal digits.
    #[must_use]
    pub fn id(&self) -> String {
        format!("{:08x}", self.id)
    }

    /// The raw public key.
    #[must_use]
    pub const fn bytes(&self) -> &[u8; KEY_BYTES] {
        &self.key
    }

    /// Whether it is a witness's, and not a log's.
    #[must_use]
    pub const fn is_witness(&self) -> bool {
        self.algorithm == ED25519_WITNESS
    }

    pub(crate) fn is_named_by(&self, signature: &Signature) -> bool {
        signature.name() == self.name && signature.id() == self.id
    }

    pub(crate) fn verifies(&self, text: &[u8], signature: &[u8]) -> bool {
        UnparsedPublicKey::new(&ED25519, self.key).verify(text, signature).is_ok()
    }

    /// Whether one of the note's signatures is this key's under the note's text.
    pub(crate) fn signed(&self, note: &SignedText) -> bool {
        let good = |s: &Signature| self.is_named_by(s) && self.verifies(note.text.as_bytes(), s.signature());
        !self.is_witness() && note.signatures.iter().any(good)
    }
}

/// A note: a text and the signatures under it, as they stood there.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct SignedText {
    pub(crate) text: String,
    pub(crate) signatures: Vec<Signature>,
}

impl SignedText {
    /// Reads a note that is spelled in the one way it can be.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let note =
            Note::from_bytes(text.as_bytes()).ok().filter(|note| note.to_bytes() == text.as_bytes())?;
        let (inner, below) = text.split_at_checked(note.text().len())?;
        let lines = below.strip_prefix('\n')?.lines();
        let signatures =
            lines.map(|line| Signature::from_bytes(line.as_bytes()).ok()).collect::<Option<_>>()?;
        Some(Self { text: inner.to_owned(), signatures })
    }
}

impl FromStr for VerifyingKey {
    type Err = KeyError;
    fn from_str(text: &str) -> Result<Self, KeyError> {
        let mut parts = text.trim().splitn(3, '+');
        let (Some(name), Some(id), Some(key)) = (parts.next(), parts.next(), parts.next()) else {
            return Err(KeyError::NotAKey);
        };
        let bytes = STANDARD.decode(key).map_err(|_| KeyError::NotAKey)?;
        let (algorithm, key) = match bytes.split_first() {
            Some((algorithm @ (&ED25519_LOG | &ED25519_WITNESS), key)) => (*algorithm, key),
            _ => return Err(KeyError::NotAKey),
        };
        let found = Self::new(name, algorithm, key.try_into().map_err(|_| KeyError::NotAKey)?)?;
        if found.id() == id { Ok(found) } else { Err(KeyError::NotAKey) }
    }
}

impl fmt::Display for VerifyingKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let key = STANDARD.encode([&[self.algorithm], self.key.as_slice()].concat());
        write!(f, "{}+{:08x}+{key}", self.name, self.id)
    }
}

impl fmt::Debug for VerifyingKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// A key that signs.
pub struct SigningKey {
    pair: Ed25519KeyPair,
    public: VerifyingKey,
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("SigningKey").field(&self.public).finish()
    }
}

impl SigningKey {
    /// The key of this seed under this name, for a log.
    ///
    /// # Errors
    /// When the seed has another size or the name has spaces or a plus sign.
    pub fn from_seed(name: &str, seed: &[u8]) -> Result<Self, KeyError> {
        Self::of(name, ED25519_LOG, seed)
    }

    /// The same for a witness.
    ///
    /// # Errors
    /// As [`SigningKey::from_seed`].
    pub fn witness_from_seed(name: &str, seed: &[u8]) -> Result<Self, KeyError> {
        Self::of(name, ED25519_WITNESS, seed)
    }

    fn of(name: &str, algorithm: u8, seed: &[u8]) -> Result<Self, KeyError> {
        let pair = Ed25519KeyPair::from_seed_unchecked(seed).map_err(|_| KeyError::NotASeed)?;
        let key = pair.public_key().as_ref().try_into().map_err(|_| KeyError::NotASeed)?;
        Ok(Self { public: VerifyingKey::new(name, algorithm, key)?, pair })
    }

    /// What its signatures are checked with.
    #[must_use]
    pub const fn public(&self) -> &VerifyingKey {
        &self.public
    }

    pub(crate) fn raw(&self, text: &[u8]) -> Vec<u8> {
        self.pair.sign(text).as_ref().to_vec()
    }

    /// A note of this text with this key's signature, as text.
    pub(crate) fn note(&self, text: &str) -> Result<String, KeyError> {
        self.with_signature(text, self.raw(text.as_bytes()))
    }

    pub(crate) fn with_signature(&self, text: &str, signature: Vec<u8>) -> Result<String, KeyError> {
        let signature = Signature::new(self.public.name.clone(), self.public.id, signature)
            .map_err(|_| KeyError::Refused)?;
        let note = Note::new(text.as_bytes(), &[signature]).map_err(|_| KeyError::Refused)?;
        String::from_utf8(note.to_bytes()).map_err(|_| KeyError::Refused)
    }
}

/// From when until when a key is good.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyStatement {
    /// The key.
    pub key: VerifyingKey,
    /// From this moment.
    pub from: DateTime<Utc>,
    /// Before this one.
    pub until: DateTime<Utc>,
}

impl KeyStatement {
    fn text(&self) -> String {
        format!("{STATEMENT}\n{}\nfrom {}\nuntil {}\n", self.key, spelled(self.from), spelled(self.until))
    }

    /// The statement, signed: by the key itself when it is the first, else by the one before it.
    ///
    /// # Errors
    /// When nothing can be signed.
    pub fn sign(&self, by: &SigningKey) -> Result<String, KeyError> {
        by.note(&self.text())
    }

    fn parse(text: &str) -> Result<Self, KeyError> {
        let mut lines = text.lines();
        let mut after = |prefix: &str| lines.next().and_then(|line| line.strip_prefix(prefix));
        let time = |text: Option<&str>| {
            text.and_then(|text| DateTime::parse_from_rfc3339(text).ok()).map(|time| time.with_timezone(&Utc))
        };
        let (first, key) = (after(STATEMENT), after(""));
        let (from, until) = (time(after("from ")), time(after("until ")));
        let (Some(""), Some(Ok(key)), Some(from), Some(until)) =
            (first, key.map(VerifyingKey::from_str), from, until)
        else {
            return Err(KeyError::Statement);
        };
        let found = Self { key, from, until };
        if found.text() == text && from < until { Ok(found) } else { Err(KeyError::Statement) }
    }
}

/// The keys of one log, oldest first.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct KeyHistory {
    statements: Vec<KeyStatement>,
    /// Whether each is trusted.
    accepted: Vec<bool>,
}

impl KeyHistory {
    /// Reads signed statements, oldest first. Good are the trusted keys and those that a good one
    /// vouched for; with no trusted keys, the first is taken as it is.
    ///
    /// # Errors
    /// When a statement does not read, is vouched for by nobody, or is out of order.
    pub fn read<'a>(
        statements: impl IntoIterator<Item = &'a str>,
        trusted: &[VerifyingKey],
    ) -> Result<Self, KeyError> {
        let mut history = Self::default();
        for text in statements {
            let note = SignedText::parse(text).filter(|note| note.signatures.len() == 1);
            let note = note.ok_or(KeyError::Statement)?;
            let statement = KeyStatement::parse(&note.text)?;
            let before = history.statements.last();
            if !before.map_or(&statement.key, |before| &before.key).signed(&note) {
                return Err(KeyError::NotVouched(statement.key.id()));
            }
            if before.is_some_and(|before| before.from >= statement.from) {
                return Err(KeyError::Order(statement.key.id()));
            }
            let first = trusted.is_empty() && history.statements.is_empty();
            let vouched = history.accepted.last().copied().unwrap_or(first);
            history.accepted.push(vouched || trusted.contains(&statement.key));
            history.statements.push(statement);
        }
        Ok(history)
    }

    /// The keys with the moments between which they are good.
    pub fn windows(&self) -> impl Iterator<Item = (&VerifyingKey, DateTime<Utc>, DateTime<Utc>)> {
        self.statements.iter().enumerate().map(|(at, statement)| {
            let next = self.statements.get(at + 1).map_or(statement.until, |next| next.from);
            (&statement.key, statement.from, statement.until.min(next))
        })
    }

    /// Every statement.
    #[must_use]
    pub fn statements(&self) -> &[KeyStatement] {
        &self.statements
    }

    /// Whether a trusted key signed a checkpoint while it was good.
    ///
    /// # Errors
    /// [`Problem::UnknownKey`] or [`Problem::Expired`].
    pub fn check(&self, signed: &SignedCheckpoint) -> Result<(), Problem> {
        let (size, at) = (Some(signed.checkpoint.size), signed.checkpoint.time);
        match self.signer(&signed.note, at) {
            Signer::Good(_) => Ok(()),
            Signer::Expired(key, from, until) => {
                Err(Problem::Expired { size, key: key.id(), at, from, until })
            }
            Signer::Unknown => Err(Problem::UnknownKey { size }),
        }
    }

    /// Who signed a note, if that key is trusted.
    pub(crate) fn signer(&self, note: &SignedText, at: DateTime<Utc>) -> Signer<'_> {
        let mut found = Signer::Unknown;
        for ((key, from, until), accepted) in self.windows().zip(&self.accepted) {
            if *accepted && key.signed(note) {
                if from <= at && at < until {
                    return Signer::Good(key);
                }
                found = Signer::Expired(key, from, until);
            }
        }
        found
    }
}

/// Who signed a note.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Signer<'a> {
    /// A key that was good at the time.
    Good(&'a VerifyingKey),
    /// One that was not good yet or any more.
    Expired(&'a VerifyingKey, DateTime<Utc>, DateTime<Utc>),
    /// None that is trusted, or the text was changed.
    Unknown,
}
