//! What a key is for, and whose it is. Both are bound into every seal.

use bursar_domain::id::WorkspaceId;
use serde::{Deserialize, Serialize};
use std::fmt;

/// What a data key is for. A key never serves two purposes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Purpose {
    /// The raw key of an SQLCipher file.
    Database,
    /// Rollups and other derived data (Parquet encryption).
    Rollup,
    /// Single fields of rows (AES-256-GCM).
    Field,
    /// Keyed digests for equality search (HMAC-SHA256).
    Lookup,
    /// Cloud credentials (Fernet).
    Credential,
    /// Backups (an AEAD stream).
    Backup,
    /// Personal data in records of what was done.
    Record,
    /// Session tokens; the installation only.
    SessionSigning,
    /// The Ed25519 seed that signs deletion certificates; the installation only.
    CertificateSigning,
}

impl Purpose {
    /// What every workspace has.
    pub const WORKSPACE: [Self; 7] = [
        Self::Database,
        Self::Rollup,
        Self::Field,
        Self::Lookup,
        Self::Credential,
        Self::Backup,
        Self::Record,
    ];
    /// What the installation has.
    pub const INSTALLATION: [Self; 9] = [
        Self::Database,
        Self::Rollup,
        Self::Field,
        Self::Lookup,
        Self::Credential,
        Self::Backup,
        Self::Record,
        Self::SessionSigning,
        Self::CertificateSigning,
    ];

    /// Whether data under an older version may stay while new data uses a newer one. The others
    /// have one version at a time: a database file has one key, a digest must be found again, and
    /// a signature must be verifiable with the published key.
    #[must_use]
    pub const fn allows_several(self) -> bool {
        matches!(
            self,
            Self::Rollup
                | Self::Field
                | Self::Credential
                | Self::Backup
                | Self::Record
                | Self::SessionSigning
        )
    }

    /// As it stands in key files.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Database => "database",
            Self::Rollup => "rollup",
            Self::Field => "field",
            Self::Lookup => "lookup",
            Self::Credential => "credential",
            Self::Backup => "backup",
            Self::Record => "record",
            Self::SessionSigning => "session_signing",
            Self::CertificateSigning => "certificate_signing",
        }
    }
}

impl fmt::Display for Purpose {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// Whose keys: a workspace's, or those of the installation itself (accounts, sessions, regions).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Owner {
    /// The installation.
    Installation,
    /// A workspace.
    Workspace(WorkspaceId),
}

impl Owner {
    /// What such an owner has.
    #[must_use]
    pub const fn purposes(self) -> &'static [Purpose] {
        match self {
            Self::Installation => &Purpose::INSTALLATION,
            Self::Workspace(_) => &Purpose::WORKSPACE,
        }
    }
}

impl From<WorkspaceId> for Owner {
    fn from(workspace: WorkspaceId) -> Self {
        Self::Workspace(workspace)
    }
}

impl fmt::Display for Owner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Installation => f.write_str("installation"),
            Self::Workspace(workspace) => workspace.fmt(f),
        }
    }
}
