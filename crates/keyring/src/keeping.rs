//! How a further region is kept: its own master key, its own shelf, in its own data directory.

use crate::error::KeyringError;
use crate::keyring::RegionKeeping;
use crate::masters::Masters;
use crate::shelf::FileShelf;
use crate::{KeyShelf, MasterKeyConfig, MasterKeyOrigin, Randomness, file};
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
        let (masters, origin) = {
            let _lock = file::lock(data_directory).map_err(at)?;
            Masters::from_config(config, data_directory, &directory, random)?
        };
        let shelf = Arc::new(FileShelf::open(&directory)?);
        let (provider, previous) = masters.into_parts();
        Ok((Self { provider, previous, shelf }, origin))
    }

    /// The same with the sealed keys elsewhere: in a database that replicas share.
    #[must_use]
    pub fn on(self, shelf: Arc<dyn KeyShelf>) -> Self {
        Self { shelf, ..self }
    }
}
