//! How a further region is kept: its own master key, its own shelf, in its own data directory.

use crate::error::KeyringError;
use crate::keyring::RegionKeeping;
use crate::shelf::FileShelf;
use crate::{MasterKey, MasterKeyConfig, MasterKeyOrigin, Randomness, file};
use std::path::Path;
use std::sync::Arc;

impl RegionKeeping {
    /// The keeping of a region whose files lie in a data directory of its own: the configured master
    /// key, or one that is made in that directory; sealed keys in files beside it.
    ///
    /// # Errors
    /// As [`Keyring::open`](crate::Keyring::open).
    pub fn open(
        config: &MasterKeyConfig,
        data_directory: &Path,
        random: &dyn Randomness,
    ) -> Result<(Self, MasterKeyOrigin), KeyringError> {
        let directory = data_directory.join("keys");
        let at = |source| KeyringError::Io { path: data_directory.to_owned(), source };
        file::create_directory(data_directory).map_err(at)?;
        let (master, origin) = {
            let _lock = file::lock(data_directory).map_err(at)?;
            MasterKey::open(config, data_directory, &directory, random)?
        };
        let shelf = Arc::new(FileShelf::open(&directory)?);
        Ok((Self { provider: Arc::new(master), previous: Vec::new(), shelf }, origin))
    }
}
