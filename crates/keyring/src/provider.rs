//! Who holds the master key: this process, or a service that never gives it away.
//!
//! A provider wraps and unwraps region keys, and nothing else. Another service is another file with
//! one implementation of [`MasterKeyProvider`].

use crate::seal::{self, SealError};
use crate::{MasterKey, Randomness, Secret32};
use async_trait::async_trait;

/// A wrapped key is longer than the key by what its provider adds; none adds this much.
pub const MAX_WRAPPED_BYTES: usize = 16 * 1024;

/// Why a region key could not be wrapped or unwrapped.
#[derive(Debug, thiserror::Error)]
pub enum ProviderError {
    /// The provider has the key and says no.
    #[error(
        "{provider} does not open the region key: it was wrapped by another key of this name, or was changed"
    )]
    Refused {
        /// The provider's key.
        provider: String,
    },
    /// The provider does not let us use the key.
    #[error("{provider} does not let Bursar use the key ({why}): check the token and its policy")]
    Forbidden {
        /// The provider's key.
        provider: String,
        /// What it said, shortened.
        why: String,
    },
    /// No answer, or none that makes sense. Trying again may help.
    #[error("{provider} cannot be reached or does not answer as it should: {why}")]
    Unavailable {
        /// The provider's key.
        provider: String,
        /// What happened, shortened.
        why: String,
    },
    /// The key could not be sealed here.
    #[error("a region key could not be sealed")]
    Seal(#[from] SealError),
}

/// Wraps and unwraps region keys.
#[async_trait]
pub trait MasterKeyProvider: Send + Sync {
    /// Names the key, without telling it and without its version: `mk_…`, or the service's name.
    fn id(&self) -> &str;

    /// Wraps a region key, bound to `about`. The text is at most [`MAX_WRAPPED_BYTES`] long.
    async fn wrap_key(
        &self,
        key: &Secret32,
        about: &[u8],
        random: &dyn Randomness,
    ) -> Result<String, ProviderError>;

    /// Opens what [`MasterKeyProvider::wrap_key`] wrapped, with any version of the key.
    async fn unwrap_key(&self, wrapped: &str, about: &[u8]) -> Result<Secret32, ProviderError>;

    /// Whether what it wrapped should be wrapped again at a rotation though the id is the same:
    /// services version their keys by themselves.
    fn rewraps(&self) -> bool {
        false
    }

    /// The key itself, where this process holds it: key files of format 1 are under it directly.
    fn local(&self) -> Option<&MasterKey> {
        None
    }
}

#[async_trait]
impl MasterKeyProvider for MasterKey {
    fn id(&self) -> &str {
        Self::id(self)
    }

    async fn wrap_key(
        &self,
        key: &Secret32,
        about: &[u8],
        random: &dyn Randomness,
    ) -> Result<String, ProviderError> {
        Ok(seal::seal_key(&self.key, key, about, random)?)
    }

    async fn unwrap_key(&self, wrapped: &str, about: &[u8]) -> Result<Secret32, ProviderError> {
        seal::open_key(&self.key, wrapped, about)
            .ok_or_else(|| ProviderError::Refused { provider: self.id().to_owned() })
    }

    fn local(&self) -> Option<&MasterKey> {
        Some(self)
    }
}
