//! Where a source lies, and how its store is opened.
//!
//! A location is text that a person writes: a folder or a file, `s3://bucket/prefix`,
//! `az://container/prefix`, `abfss://container@account.dfs.core.windows.net/prefix`, `gs://bucket/prefix`.
//! Credentials are not part of it: they come from the clouds' standard environment variables, by a
//! lookup function that the caller passes, so that nothing here reads the process's environment.
//! An address with a secret in it (a SAS token, `user:password@`) is refused and not repeated.
//!
//! How it fails: [`SourceError`] tells bad input, a refusal and an unreachable store apart
//! ([`SourceError::fault`]).

mod error;
mod open;
mod parse;

pub use error::{Fault, SourceError};
pub use open::{Environment, Source};

use object_store::path::Path;
use std::fmt;
use std::path::PathBuf;

/// Where a source lies. Holds no credentials, so its text can be shown.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, serde::Serialize, serde::Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Location {
    place: Place,
    /// Below the bucket or container; empty for its root. For local places the whole path is in `place`.
    prefix: Path,
}

/// Which store.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
enum Place {
    /// A folder or a file of this machine.
    Local(PathBuf),
    /// Amazon S3 or what speaks its protocol.
    S3 { bucket: String },
    /// Azure Blob Storage, ADLS Gen2, OneLake.
    Azure { account: Option<String>, container: String, fabric: bool },
    /// Google Cloud Storage.
    Gcs { bucket: String },
}

impl Location {
    /// Whether it is on this machine.
    #[must_use]
    pub const fn is_local(&self) -> bool {
        matches!(self.place, Place::Local(_))
    }

    /// The provider whose storage this is (`aws`, `azure`, `gcp`), or `None` on this machine.
    /// It says nothing about whose bill lies there.
    #[must_use]
    pub const fn cloud(&self) -> Option<&'static str> {
        match self.place {
            Place::Local(_) => None,
            Place::S3 { .. } => Some("aws"),
            Place::Azure { .. } => Some("azure"),
            Place::Gcs { .. } => Some("gcp"),
        }
    }
}

impl fmt::Display for Location {
    /// The canonical text; reads back as the same location.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.place {
            Place::Local(path) => return write!(f, "{}", path.display()),
            Place::S3 { bucket } => write!(f, "s3://{bucket}")?,
            Place::Gcs { bucket } => write!(f, "gs://{bucket}")?,
            Place::Azure { account: None, container, .. } => write!(f, "az://{container}")?,
            Place::Azure { account: Some(account), container, fabric } => {
                let domain = if *fabric { "dfs.fabric.microsoft.com" } else { "dfs.core.windows.net" };
                write!(f, "abfss://{container}@{account}.{domain}")?;
            }
        }
        if self.prefix.as_ref().is_empty() { Ok(()) } else { write!(f, "/{}", self.prefix) }
    }
}

impl TryFrom<String> for Location {
    type Error = SourceError;
    fn try_from(text: String) -> Result<Self, SourceError> {
        Self::parse(&text)
    }
}

impl From<Location> for String {
    fn from(location: Location) -> Self {
        location.to_string()
    }
}
