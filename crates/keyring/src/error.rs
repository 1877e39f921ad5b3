//! Why keys cannot be had.

use crate::provider::ProviderError;
use crate::seal::SealError;
use crate::shelf::ShelfError;
use crate::{MasterKeyError, RandomnessError};
use bursar_domain::id::WorkspaceId;
use bursar_domain::region::RegionName;
use std::io;
use std::path::PathBuf;

/// Why keys cannot be had. Nothing on the shelf was changed, unless a variant says otherwise.
#[derive(Debug, thiserror::Error)]
pub enum KeyringError {
    /// The master key.
    #[error(transparent)]
    Master(#[from] MasterKeyError),
    /// Whoever holds the master key.
    #[error(transparent)]
    Provider(#[from] ProviderError),
    /// Sealed under another master key.
    #[error(
        "{place} was sealed with master key {sealed_with} and the one given is {given}: give the first one, or \
         give it as BURSAR_SECRET_KEY_PREVIOUS and run `bursar keys rotate master`"
    )]
    WrongMasterKey {
        /// The item on the shelf.
        place: String,
        /// Id of the key that opens it.
        sealed_with: String,
        /// Ids of the keys that were given.
        given: String,
    },
    /// The item is not as it was written.
    #[error("{place} is damaged or was changed ({what}): restore it from a backup")]
    Damaged {
        /// The item on the shelf.
        place: String,
        /// What is wrong.
        what: String,
    },
    /// An item of a newer program.
    #[error(
        "{place} has version {found} and this program reads up to version {reads}: use the newer program"
    )]
    Version {
        /// The item on the shelf.
        place: String,
        /// Its version.
        found: u32,
        /// The highest version that is read.
        reads: u32,
    },
    /// No such workspace, or its keys were destroyed.
    #[error("no keys are kept for workspace {0}")]
    NotFound(WorkspaceId),
    /// The workspace has keys already; they are never replaced.
    #[error("workspace {0} has keys already")]
    Exists(WorkspaceId),
    /// The region is not one of this installation's.
    #[error("region {0} is not configured here")]
    NoRegion(RegionName),
    /// The item lies on the shelf of another region (claim B3).
    #[error("{place} belongs to region {region}, whose keys are kept elsewhere: it was copied there")]
    Misplaced {
        /// The item on the shelf.
        place: String,
        /// The region that it names.
        region: RegionName,
    },
    /// Others kept writing the same item.
    #[error("{0} is being changed by others: try again")]
    Contended(String),
    /// The shelf failed.
    #[error(transparent)]
    Shelf(#[from] ShelfError),
    /// The file system said no.
    #[error("{path} cannot be read or written")]
    Io {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// No random bytes.
    #[error("no key could be generated")]
    Randomness(#[from] RandomnessError),
    /// The cipher failed, which would be a bug.
    #[error("the cipher refused to seal a key: please report this")]
    Cipher,
    /// A document could not be written, which would be a bug.
    #[error("a key document could not be written ({0}): please report this")]
    Encode(String),
}

impl From<SealError> for KeyringError {
    fn from(error: SealError) -> Self {
        match error {
            SealError::Randomness(error) => Self::Randomness(error),
            SealError::Cipher => Self::Cipher,
        }
    }
}
