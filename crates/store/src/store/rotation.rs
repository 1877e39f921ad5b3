//! What a rotation of keys asks of the store: fields sealed anew, a file under its next key.

use super::{Place, Store, file};
use crate::database::Reach;
use crate::value::Key;
use crate::{StoreError, embedded, reseal};
use bursar_domain::id::WorkspaceId;

impl Store {
    /// Seals anew what older versions of a workspace's field key sealed, and its credentials; how
    /// many. What it does is in no record: nothing of it changes.
    ///
    /// # Errors
    /// When a field does not open; those before it are done. Starting again carries on.
    pub async fn reseal_workspace(&self, workspace: WorkspaceId) -> Result<u64, StoreError> {
        let access = self.operator(workspace).await?;
        // Opened anew with the keys it has now. Whoever is using it goes on with what they have.
        drop(self.inner.open.take(workspace));
        let store = self.workspace(&access).await?;
        let mut resealed = store.reseal().await?;
        let directory = &self.inner.directory;
        let (reach, here) = (Reach::directory_of(workspace), Some(workspace.uuid()));
        let tables = reseal::DIRECTORY_OF_WORKSPACE;
        resealed += reseal::reseal(&directory.database, &directory.seal, reach, here, tables).await?;
        Ok(resealed)
    }

    /// Seals anew what older versions of the installation's field key sealed; how many.
    ///
    /// # Errors
    /// As [`Store::reseal_workspace`].
    pub async fn reseal_directory(&self) -> Result<u64, StoreError> {
        let directory = &self.inner.directory;
        directory.seal.open_keys(&self.inner.keyring).await?;
        reseal::reseal(&directory.database, &directory.seal, Reach::DIRECTORY, None, reseal::DIRECTORY).await
    }

    /// Gives a workspace's file the pending key of its keyring; whether there was a file and a
    /// pending key. Whoever asks for the workspace meanwhile waits; handles that are open get errors.
    /// Finishing the rotation in the keyring is the caller's.
    ///
    /// # Errors
    /// When the file does not open with either key. After a crash, starting again carries on.
    pub async fn rekey_workspace(&self, workspace: WorkspaceId) -> Result<bool, StoreError> {
        let access = self.operator(workspace).await?;
        let place = self.place(&access.region)?;
        let Place::Files(folder) = place else { return Ok(false) };
        let keys = self.inner.keyring.workspace(workspace).await?;
        let Some(next) = keys.pending_database_key() else { return Ok(false) };
        self.close_workspace(workspace).await?;
        let rekeyed = async {
            embedded::rekey(&file(folder, workspace), keys.database_key(), next).await?;
            self.open_workspace(place, workspace).await
        };
        self.inner.open.get(workspace, rekeyed).await?;
        Ok(true)
    }
}
