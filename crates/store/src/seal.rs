//! Columns that are sealed, and digests to find them by.
//!
//! The same on both databases: on PostgreSQL it is what keeps names and secrets from whoever reads
//! the tables or a dump; on SQLite, where the whole file is encrypted, it is what makes a row that
//! is copied into another workspace's file unreadable there.

use crate::StoreError;
use bursar_keyring::{
    FieldPlace, InstallationKeys, OpenError, PurposeKeys, Randomness, SealError, WorkspaceKeys,
};
use std::fmt;
use std::sync::Arc;
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

/// Seals and opens the columns of one owner.
#[derive(Clone)]
pub(crate) struct Seal {
    keys: Keys,
    random: Arc<dyn Randomness>,
}

impl fmt::Debug for Seal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Seal").field("owner", &self.keys().owner()).finish_non_exhaustive()
    }
}

impl Seal {
    pub(crate) fn installation(keys: Arc<InstallationKeys>, random: Arc<dyn Randomness>) -> Self {
        Self { keys: Keys::Installation(keys), random }
    }

    pub(crate) fn workspace(keys: Arc<WorkspaceKeys>, random: Arc<dyn Randomness>) -> Self {
        Self { keys: Keys::Workspace(keys), random }
    }

    fn keys(&self) -> &PurposeKeys {
        match &self.keys {
            Keys::Installation(keys) => keys,
            Keys::Workspace(keys) => keys,
        }
    }

    pub(crate) fn bytes(&self, place: Column, row: Uuid, plain: &[u8]) -> Result<Vec<u8>, StoreError> {
        let row = row.simple().to_string();
        let field = FieldPlace { table: place.table, row: &row, column: place.column };
        self.keys().seal_field(field, plain, self.random.as_ref()).map_err(|error| match error {
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
        self.keys().open_field(field, sealed).map_err(|error| match error {
            OpenError::UnknownVersion(_) => {
                StoreError::Damaged { table, what: "a field's key is not open here" }
            }
            _ => StoreError::Damaged { table, what: "a sealed field does not open in its place" },
        })
    }

    pub(crate) fn open_text(&self, place: Column, row: Uuid, sealed: &[u8]) -> Result<String, StoreError> {
        let mut bytes = self.open_bytes(place, row, sealed)?;
        String::from_utf8(std::mem::take(&mut *bytes))
            .map_err(|_| StoreError::Damaged { table: place.table, what: "a sealed text is no UTF-8" })
    }

    /// The digest that equal values share.
    pub(crate) fn lookup(&self, what: &str, value: &str) -> Vec<u8> {
        self.keys().lookup(what, value).to_vec()
    }
}
