//! The certificate of a deletion: what was destroyed, how, when, and what is kept and why.
//!
//! The text is JSON, signed with Ed25519 as it stands. It names ids, stores, methods and dates; no names
//! and no addresses, so that it may outlive what it is about. Anybody checks it without this program:
//! `openssl pkeyutl -verify -pubin -inkey KEY.pem -rawin -in CRT.json -sigfile CRT.json.sig`.

use bursar_domain::RegionName;
use bursar_domain::id::{AccountId, BackupId, CertificateId, WorkspaceId};
use bursar_keyring::{CertificateKey, KeyNames};
use chrono::{DateTime, Months, Utc};
use serde::{Deserialize, Serialize};

const FORMAT: &str = "bursar-deletion-certificate";
const VERSION: u32 = 1;
/// How long the record of who asked for a deletion is kept, in months.
const RECORD_MONTHS: u32 = 72;

/// What was deleted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Subject {
    /// A workspace.
    Workspace { id: WorkspaceId, region: RegionName },
    /// An account.
    Account { id: AccountId },
}

/// One store, and what was done there.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct StoreErased {
    pub(super) store: String,
    pub(super) held: String,
    pub(super) method: String,
}

/// Something that is kept.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Kept {
    pub(super) what: String,
    pub(super) why: String,
    pub(super) until: Option<DateTime<Utc>>,
}

/// A backup that could not be removed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct BackupLeft {
    pub(super) id: BackupId,
    pub(super) why: String,
}

/// The signed text.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Certificate {
    pub(super) format: String,
    pub(super) version: u32,
    pub(super) id: CertificateId,
    pub(super) signed_by: String,
    pub(super) subject: Subject,
    pub(super) asked_at: DateTime<Utc>,
    /// From then on nobody could enter.
    pub(super) disabled_at: DateTime<Utc>,
    /// From then on nothing can be read; none while something is left that could be.
    pub(super) irrecoverable_at: Option<DateTime<Utc>>,
    pub(super) issued_at: DateTime<Utc>,
    pub(super) keys_destroyed: Option<KeyNames>,
    pub(super) stores: Vec<StoreErased>,
    pub(super) backups_removed: Vec<BackupId>,
    pub(super) backups_left: Vec<BackupLeft>,
    pub(super) kept: Vec<Kept>,
}

impl Certificate {
    pub(super) fn new(id: CertificateId, key: &CertificateKey, subject: Subject, now: DateTime<Utc>) -> Self {
        Self {
            format: FORMAT.to_owned(),
            version: VERSION,
            id,
            signed_by: key.id(),
            subject,
            asked_at: now,
            disabled_at: now,
            irrecoverable_at: Some(now),
            issued_at: now,
            keys_destroyed: None,
            stores: Vec::new(),
            backups_removed: Vec::new(),
            backups_left: Vec::new(),
            kept: vec![
                Kept {
                    what: "records of the directory about this id: who did what and when".to_owned(),
                    why: "audit: to show who asked for the deletion and that it was carried out".to_owned(),
                    until: now.checked_add_months(Months::new(RECORD_MONTHS)),
                },
                Kept {
                    what: "this certificate".to_owned(),
                    why: "proof of the deletion".to_owned(),
                    until: None,
                },
            ],
        }
    }
}

/// A certificate with its signature and the key it is checked with, as it is handed out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CertificateFile {
    /// Its id.
    pub id: CertificateId,
    /// The signed text.
    pub text: String,
    /// The signature: 64 bytes.
    pub signature: Vec<u8>,
}

/// Why a certificate is not believed.
#[derive(Debug, thiserror::Error)]
pub enum CertificateFileError {
    /// It is none.
    #[error("this is no certificate of deletion")]
    NotACertificate,
    /// It is one of a newer program.
    #[error("the certificate has version {0} and this program reads {VERSION}: use the newer program")]
    Version(u32),
    /// It names another key.
    #[error("the certificate was signed by {named} and the key given is {given}")]
    OtherKey {
        /// The key it names.
        named: String,
        /// The key that was given.
        given: String,
    },
    /// The signature is not the key's under this text.
    #[error("the signature does not fit the certificate: it was changed, or somebody else signed it")]
    Signature,
}

impl CertificateFile {
    /// Checks text and signature with the published key; who was deleted, in one line.
    ///
    /// # Errors
    /// When any of it does not fit.
    pub fn check(text: &str, signature: &[u8], key: &CertificateKey) -> Result<String, CertificateFileError> {
        #[derive(Deserialize)]
        struct Head {
            format: String,
            version: u32,
        }
        let none = |_| CertificateFileError::NotACertificate;
        let head: Head = serde_json::from_str(text).map_err(none)?;
        if head.format != FORMAT {
            return Err(CertificateFileError::NotACertificate);
        }
        if head.version > VERSION {
            return Err(CertificateFileError::Version(head.version));
        }
        let certificate: Certificate = serde_json::from_str(text).map_err(none)?;
        if certificate.signed_by != key.id() {
            return Err(CertificateFileError::OtherKey { named: certificate.signed_by, given: key.id() });
        }
        if !key.verifies(text.as_bytes(), signature) {
            return Err(CertificateFileError::Signature);
        }
        let whom = match certificate.subject {
            Subject::Workspace { id, region } => format!("workspace {id} of region {region}"),
            Subject::Account { id } => format!("account {id}"),
        };
        let gone = certificate.irrecoverable_at.map_or_else(
            || format!("not yet irrecoverable: {} backups are left", certificate.backups_left.len()),
            |at| format!("irrecoverable since {at}"),
        );
        Ok(format!("{whom}: disabled {}, {gone}", certificate.disabled_at))
    }
}
