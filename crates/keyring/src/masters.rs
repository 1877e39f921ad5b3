//! The master key in use and those before it, from where the operator said they are.

use crate::master::{FILE_NAME, NEXT_FILE_NAME};
use crate::provider::MasterKeyProvider;
use crate::vault::{VaultToken, VaultTransit};
use crate::{MasterKey, MasterKeyConfig, MasterKeyError, MasterKeyOrigin, Randomness};
use secrecy::ExposeSecret;
use std::path::Path;
use std::sync::Arc;

/// The master key in use and those that still open what it has not wrapped yet.
pub(crate) struct Masters {
    current: Arc<dyn MasterKeyProvider>,
    previous: Vec<Arc<dyn MasterKeyProvider>>,
}

impl Masters {
    pub(crate) fn new(
        current: Arc<dyn MasterKeyProvider>,
        previous: Vec<Arc<dyn MasterKeyProvider>>,
    ) -> Self {
        Self { current, previous }
    }

    pub(crate) fn into_parts(self) -> (Arc<dyn MasterKeyProvider>, Vec<Arc<dyn MasterKeyProvider>>) {
        (self.current, self.previous)
    }

    pub(crate) fn current(&self) -> &dyn MasterKeyProvider {
        &*self.current
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &Arc<dyn MasterKeyProvider>> {
        std::iter::once(&self.current).chain(&self.previous)
    }

    pub(crate) fn find(&self, id: &str) -> Option<&dyn MasterKeyProvider> {
        self.iter().find(|master| master.id() == id).map(|master| &**master)
    }

    /// The ids of all, for a message.
    pub(crate) fn ids(&self) -> String {
        self.iter().map(|master| master.id()).collect::<Vec<_>>().join(" and ")
    }

    /// The configured keys, else the data directory's, else a new one written there. The caller
    /// holds the directory's lock. `sealed` is where keys sealed under the master key lie.
    pub(crate) fn from_config(
        config: &MasterKeyConfig,
        directory: &Path,
        sealed: &Path,
        random: &dyn Randomness,
    ) -> Result<(Self, MasterKeyOrigin), MasterKeyError> {
        let mut previous: Vec<Arc<dyn MasterKeyProvider>> = Vec::new();
        if let Some(text) = &config.secret_key_previous {
            previous
                .push(Arc::new(MasterKey::from_text(text.expose_secret(), "BURSAR_SECRET_KEY_PREVIOUS")?));
        }
        if let Some(path) = &config.secret_key_previous_file {
            previous.push(Arc::new(MasterKey::read(path)?));
        }
        if let Some(url) = &config.secret_key_previous_url {
            previous.push(Arc::new(vault(config, url, "BURSAR_SECRET_KEY_PREVIOUS_URL")?));
        }
        let (current, origin): (Arc<dyn MasterKeyProvider>, _) =
            match (&config.secret_key, &config.secret_key_file, &config.secret_key_url) {
                (Some(text), None, None) => (
                    Arc::new(MasterKey::from_text(text.expose_secret(), "BURSAR_SECRET_KEY")?),
                    MasterKeyOrigin::Environment,
                ),
                // Permissions are not judged here: orchestrators mount secrets with modes of their own.
                (None, Some(path), None) => {
                    (Arc::new(MasterKey::read(path)?), MasterKeyOrigin::File(path.clone()))
                }
                (None, None, Some(url)) => {
                    let vault = vault(config, url, "BURSAR_SECRET_KEY_URL")?;
                    let origin = MasterKeyOrigin::Service(vault.id().to_owned());
                    (Arc::new(vault), origin)
                }
                (None, None, None) => {
                    // A next one is there while a rotation is under way.
                    let path = directory.join(FILE_NAME);
                    match MasterKey::private(&directory.join(NEXT_FILE_NAME))? {
                        Some(next) => {
                            previous.extend(
                                MasterKey::private(&path)?.map(|k| Arc::new(k) as Arc<dyn MasterKeyProvider>),
                            );
                            (Arc::new(next), MasterKeyOrigin::DataDirectory(path))
                        }
                        None => {
                            let (key, origin) = MasterKey::private_or_new(&path, sealed, random)?;
                            (Arc::new(key), origin)
                        }
                    }
                }
                _ => return Err(MasterKeyError::Both),
            };
        Ok((Self::new(current, previous), origin))
    }
}

fn vault(config: &MasterKeyConfig, url: &str, origin: &'static str) -> Result<VaultTransit, MasterKeyError> {
    let token = match (&config.vault_token, &config.vault_token_file) {
        (Some(text), None) => VaultToken::Text(text.clone()),
        (None, Some(path)) => VaultToken::File(path.clone()),
        (None, None) => {
            return Err(MasterKeyError::Token(
                "neither BURSAR_VAULT_TOKEN nor BURSAR_VAULT_TOKEN_FILE is set",
            ));
        }
        (Some(_), Some(_)) => {
            return Err(MasterKeyError::Token("BURSAR_VAULT_TOKEN and BURSAR_VAULT_TOKEN_FILE are both set"));
        }
    };
    VaultTransit::new(url, token, origin)
}
