//! Columns that are sealed, and digests to find them by.
//!
//! The same on both databases: on PostgreSQL it is what keeps names and secrets from whoever reads
//! the tables or a dump; on SQLite, where the whole file is encrypted, it is what makes a row that
//! is copied into another workspace's file unreadable there.

use crate::StoreError;
use bursar_keyring::{
    FieldPlace, InstallationKeys, Keyring, OpenError, PurposeKeys, Randomness, SealError, WorkspaceKeys,
};
use std::fmt;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, PoisonError, RwLock};
use uuid::Uuid;
use zeroize::Zeroizing;

/// A sealed column: the table and its name without `_sealed`.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Column {
    pub(crate) table: &'static str,
    pub(crate) column: &'static str,
}

/// Names a sealed column.
pub(crate) const fn column(table: &'static str, column: &'static str) -> Column {
    Column { table, column }
}

#[derive(Clone)]
enum Keys {
    Installation(Arc<InstallationKeys>),
    Workspace(Arc<WorkspaceKeys>),
}

impl Keys {
    fn purposes(&self) -> &PurposeKeys {
        match self {
            Self::Installation(keys) => keys,
            Self::Workspace(keys) => keys,
        }
    }
}

/// Seals and opens the columns of one owner.
///
/// Another process may rotate the keys: what it seals from then on does not open with those that
/// are open here. Then the keys are noted as outdated, and are opened again before the next transaction.
#[derive(Clone)]
pub(crate) struct Seal {
    keys: Arc<RwLock<Keys>>,
    outdated: Arc<AtomicBool>,
    random: Arc<dyn Randomness>,
}

impl fmt::Debug for Seal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Seal").field("owner", &self.keys().purposes().owner()).finish_non_exhaustive()
    }
}

impl Seal {
    pub(crate) fn installation(keys: Arc<InstallationKeys>, random: Arc<dyn Randomness>) -> Self {
        Self::new(Keys::Installation(keys), random)
    }

    pub(crate) fn workspace(keys: Arc<WorkspaceKeys>, random: Arc<dyn Randomness>) -> Self {
        Self::new(Keys::Workspace(keys), random)
    }

    fn new(keys: Keys, random: Arc<dyn Randomness>) -> Self {
        Self { keys: Arc::new(RwLock::new(keys)), outdated: Arc::default(), random }
    }

    /// Opens the keys again if something did not open because of their age.
    pub(crate) async fn refresh(&self, keyring: &Keyring) -> Result<(), StoreError> {
        if !self.outdated.load(Ordering::Acquire) {
            return Ok(());
        }
        self.open_keys(keyring).await
    }

    /// Opens the keys again.
    pub(crate) async fn open_keys(&self, keyring: &Keyring) -> Result<(), StoreError> {
        // Before opening, so that what happens meanwhile is not missed.
        self.outdated.store(false, Ordering::Release);
        let keys = match self.keys() {
            Keys::Installation(_) => Keys::Installation(Arc::new(keyring.installation().await?)),
            Keys::Workspace(keys) => Keys::Workspace(Arc::new(keyring.workspace(keys.workspace()).await?)),
        };
        *self.keys.write().unwrap_or_else(PoisonError::into_inner) = keys;
        Ok(())
    }

    fn keys(&self) -> Keys {
        self.keys.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Whether a field was sealed with an older version of the key than the newest.
    pub(crate) fn is_outdated(&self, sealed: &[u8]) -> bool {
        self.keys().purposes().field_is_outdated(sealed)
    }

    pub(crate) fn bytes(&self, place: Column, row: Uuid, plain: &[u8]) -> Result<Vec<u8>, StoreError> {
        let row = row.simple().to_string();
        let field = FieldPlace { table: place.table, row: &row, column: place.column };
        self.keys().purposes().seal_field(field, plain, self.random.as_ref()).map_err(|error| match error {
            SealError::Randomness(error) => StoreError::Randomness(error),
            _ => StoreError::Damaged { table: place.table, what: "a field could not be sealed" },
        })
    }

    pub(crate) fn text(&self, place: Column, row: Uuid, plain: &str) -> Result<Vec<u8>, StoreError> {
        self.bytes(place, row, plain.as_bytes())
    }

    pub(crate) fn open_bytes(
        &self,
        place: Column,
        row: Uuid,
        sealed: &[u8],
    ) -> Result<Zeroizing<Vec<u8>>, StoreError> {
        let row = row.simple().to_string();
        let field = FieldPlace { table: place.table, row: &row, column: place.column };
        let table = place.table;
        self.keys().purposes().open_field(field, sealed).map_err(|error| match error {
            OpenError::UnknownVersion(_) => {
                self.outdated.store(true, Ordering::Release);
                StoreError::KeysRotated
            }
            _ => StoreError::Damaged { table, what: "a sealed field does not open in its place" },
        })
    }

    pub(crate) fn open_text(&self, place: Column, row: Uuid, sealed: &[u8]) -> Result<String, StoreError> {
        let mut bytes = self.open_bytes(place, row, sealed)?;
        String::from_utf8(std::mem::take(&mut *bytes))
            .map_err(|_| StoreError::Damaged { table: place.table, what: "a sealed text is no UTF-8" })
    }

    /// What seals credentials; a workspace's only.
    pub(crate) fn fernet(&self) -> Option<bursar_keyring::CredentialSealer> {
        match self.keys() {
            Keys::Installation(_) => None,
            Keys::Workspace(keys) => Some(keys.fernet()),
        }
    }

    /// 32 random bytes: a seed or a key.
    pub(crate) fn random32(&self) -> Result<Zeroizing<[u8; 32]>, StoreError> {
        let mut bytes = Zeroizing::new([0; 32]);
        self.random.fill(bytes.as_mut_slice())?;
        Ok(bytes)
    }

    /// The digest that equal values share.
    pub(crate) fn lookup(&self, what: &str, value: &str) -> Vec<u8> {
        self.keys().purposes().lookup(what, value).to_vec()
    }
}
