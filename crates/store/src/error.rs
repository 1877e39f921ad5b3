//! What can go wrong, by what a caller can do about it.
//!
//! Texts name the thing and never repeat what was looked for: an e-mail address or a token in an
//! error ends in a log. A stranger's id and an id that never was are the same variant.

use bursar_domain::random::RandomnessError;
use bursar_keyring::KeyringError;
use std::path::PathBuf;

/// Why the store did not do what it was asked.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// There is no such thing, or none that the caller may know of.
    #[error("{0} not found")]
    NotFound(&'static str),
    /// Something of that name or address is there already, or the change contradicts what is there.
    #[error("{0}")]
    Conflict(&'static str),
    /// The version that the caller saw is no longer the newest.
    #[error("{0} was changed meanwhile: read it again")]
    Stale(&'static str),
    /// The text or list is longer than is kept.
    #[error("{what} is larger than the {limit} that are kept")]
    TooLarge {
        /// What.
        what: &'static str,
        /// The limit with its unit.
        limit: &'static str,
    },
    /// A schema of a newer program.
    #[error(
        "{place} has schema version {found} and this program knows versions up to {known}: use the newer program"
    )]
    NewerSchema {
        /// Which database.
        place: String,
        /// Its version.
        found: i64,
        /// The newest this program knows.
        known: i64,
    },
    /// A schema that this role may not bring up to date.
    #[error(
        "the schema of {place} is at version {found} and version {wanted} is needed: start once with BURSAR_DATABASE_OWNER_URL, the role that owns the tables"
    )]
    OlderSchema {
        /// Which database.
        place: String,
        /// Its version; 0 for an empty one.
        found: i64,
        /// What this program needs.
        wanted: i64,
    },
    /// The file does not open with the key. Nothing was changed.
    #[error(
        "{0} does not open with the key that the keyring has for it: it is another installation's or workspace's file, or damaged; nothing was changed"
    )]
    WrongKey(PathBuf),
    /// The database role could look past row-level security.
    #[error(
        "the database role `{role}` {why}, so row-level security would not hold for it; make another one:\n{remedy}"
    )]
    Role {
        /// The role.
        role: String,
        /// What it is.
        why: &'static str,
        /// SQL that makes a fitting role.
        remedy: String,
    },
    /// The address of the database is not one that is used.
    #[error("{setting}: {why}")]
    Address {
        /// The setting's name.
        setting: &'static str,
        /// What is wrong, without the address: it holds a password.
        why: &'static str,
    },
    /// No database was configured for the region.
    #[error("no database is configured for region `{0}`")]
    Region(bursar_domain::RegionName),
    /// A row is not as it was written.
    #[error("a row of `{table}` is damaged or was changed ({what}): restore it from a backup")]
    Damaged {
        /// The table.
        table: &'static str,
        /// What is wrong.
        what: &'static str,
    },
    /// Another process rotated the keys, and something is sealed with a version that was not open
    /// here. The keys are opened again before the next transaction: try again.
    #[error("the keys were rotated meanwhile: try again")]
    KeysRotated,
    /// A file or directory.
    #[error("{path} cannot be read or written")]
    Io {
        /// Which.
        path: PathBuf,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// The keys.
    #[error(transparent)]
    Keys(#[from] KeyringError),
    /// No random bytes.
    #[error(transparent)]
    Randomness(#[from] RandomnessError),
    /// Other entries that were to be recorded at the same moment could not be, and this one with them.
    #[error("the entry could not be recorded, so nothing was done: try again")]
    NotRecorded,
    /// A part of the log could not be given out.
    #[error(transparent)]
    Export(#[from] bursar_audit::export::ExportError),
    /// The signing key of a log.
    #[error(transparent)]
    SigningKey(#[from] bursar_audit::KeyError),
    /// The database did not answer or refused.
    #[error("the database refused: {what}")]
    Database {
        /// What was tried.
        what: &'static str,
        /// Why.
        #[source]
        source: sea_orm::DbErr,
    },
}

impl StoreError {
    /// Whether trying again may help: the database is not reachable or busy, or keys were rotated.
    #[must_use]
    pub const fn is_outage(&self) -> bool {
        matches!(self, Self::Database { .. } | Self::Io { .. } | Self::KeysRotated | Self::NotRecorded)
    }
}

impl From<sea_orm::DbErr> for StoreError {
    fn from(source: sea_orm::DbErr) -> Self {
        match source.sql_err() {
            Some(sea_orm::SqlErr::UniqueConstraintViolation(_)) => Self::Conflict("it is there already"),
            Some(sea_orm::SqlErr::ForeignKeyConstraintViolation(_)) => {
                Self::Conflict("something else refers to it, or what it refers to is gone")
            }
            _ => Self::Database { what: "a statement failed", source },
        }
    }
}

/// The row, or that there is none.
pub(crate) fn found<T>(row: Option<T>, what: &'static str) -> Result<T, StoreError> {
    row.ok_or(StoreError::NotFound(what))
}

/// Whether a conditional change met its row.
pub(crate) fn changed(rows: u64, what: &'static str) -> Result<(), StoreError> {
    if rows == 0 { Err(StoreError::NotFound(what)) } else { Ok(()) }
}

/// A text that is not longer than what is kept.
pub(crate) fn bounded(
    text: &str,
    bytes: usize,
    what: &'static str,
    limit: &'static str,
) -> Result<(), StoreError> {
    if text.len() > bytes { Err(StoreError::TooLarge { what, limit }) } else { Ok(()) }
}
