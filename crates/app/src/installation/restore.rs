//! Putting a workspace back to a backup: the owner group's, or the operator's.
//!
//! All of it is one transaction of the store's ([`WorkspaceStore::restore`](bursar_store::WorkspaceStore)),
//! so that a restore that fails, or a process that is killed in one, changes nothing. What was deleted or
//! ended since stays so.

use super::backup::{BackupError, blocking, file_error, refused};
use super::{Entered, Installation, backup_file};
use bursar_domain::Actor;
use bursar_domain::id::{BackupId, WorkspaceId};
use bursar_domain::role::Action;
use bursar_keyring::{KeyringError, WorkspaceKeys};
use bursar_store::{NewWorkspace, Restored, StoreError, WorkspaceState, WorkspaceStore};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use tokio::sync::mpsc;

/// Rows on their way between the file and the database.
const ON_THE_WAY: usize = 64;

impl Installation {
    /// Puts the workspace back to one of its backups.
    ///
    /// # Errors
    /// When somebody may not, or the backup is not whole. Nothing was changed then.
    pub async fn restore(&self, by: &Entered, id: BackupId) -> Result<Restored, BackupError> {
        by.must(Action::Own, "workspace.restore").await.map_err(refused)?;
        let workspace = by.access().workspace();
        self.may_be_restored(workspace).await?;
        let path = PathBuf::from(by.store().backup(id).await?.location);
        let keys = self.keys_beside(&path, Some(workspace)).await?;
        self.restore_from(by.store(), by.actor(), &path, id, keys).await
    }

    /// Puts a workspace back from a file, by the operator: into the workspace that is there, or, where the
    /// data directory was lost, into a new one of the same id, with the keys beside the backup. Tokens
    /// are revoked then, for nobody knows which of them were.
    ///
    /// # Errors
    /// When the file is not whole, the master key is another one, or the workspace was deleted.
    pub async fn restore_file(&self, path: &Path) -> Result<(WorkspaceId, Restored), BackupError> {
        let sealed = Self::sealed_keys_beside(path)?;
        let (workspace, actor) = (sealed.workspace(), Actor::operator());
        let store = &self.inner.store;
        let keys = Arc::new(store.keyring().open_sealed(&sealed).await?);
        let id = backup_of(path)?;
        // The whole file, before anything is made.
        let header = blocking({
            let (path, keys) = (path.to_owned(), Arc::clone(&keys));
            move || backup_file::read(&path, &keys, id, |_| Ok(())).map(|verified| verified.header)
        })
        .await
        .map_err(|source| file_error(path, source))?;
        if header.region != *sealed.region() {
            let what = "it names another region than the keys beside it".to_owned();
            return Err(BackupError::Damaged { path: path.to_owned(), what });
        }
        match self.may_be_restored(workspace).await {
            Err(BackupError::Store(StoreError::NotFound(_))) => {
                self.adopt(&sealed).await?;
                let name = format!("restored {workspace}");
                let new = NewWorkspace { region: header.region, name, id: Some(workspace) };
                store.create_workspace(&actor, new).await?;
            }
            Ok(()) => {
                self.adopt(&sealed).await?;
                store.make_storage(&store.operator(workspace).await?).await?;
            }
            Err(error) => return Err(error),
        }
        let opened = store.workspace(&store.operator(workspace).await?).await?;
        let restored = self.restore_from(&opened, &actor, path, id, keys).await?;
        Ok((workspace, restored))
    }

    /// Puts keys back that were lost; those that are there stay.
    async fn adopt(&self, sealed: &bursar_keyring::SealedKeys) -> Result<(), BackupError> {
        match self.inner.store.keyring().adopt(sealed).await {
            Ok(_) | Err(KeyringError::Exists(_)) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }

    /// What is deleted, or will be, does not come back by a restore.
    async fn may_be_restored(&self, workspace: WorkspaceId) -> Result<(), BackupError> {
        match self.inner.store.directory().workspace(workspace).await?.state {
            WorkspaceState::Active | WorkspaceState::Disabled => Ok(()),
            WorkspaceState::Deleting | WorkspaceState::Deleted => Err(BackupError::Leaving),
        }
    }

    async fn restore_from(
        &self,
        store: &WorkspaceStore,
        actor: &Actor,
        path: &Path,
        id: BackupId,
        keys: Arc<WorkspaceKeys>,
    ) -> Result<Restored, BackupError> {
        let (rows, mut taken) = mpsc::channel(ON_THE_WAY);
        let reading = blocking({
            let (path, keys) = (path.to_owned(), Arc::clone(&keys));
            move || {
                let gone = |_| io::Error::other("the database takes no more rows");
                backup_file::read(&path, &keys, id, |row| rows.blocking_send(row).map_err(gone))
            }
        });
        let restoring = async {
            let restored = store.restore(actor, id, keys, &mut taken).await;
            // A reader that still has rows must not wait for ever.
            taken.close();
            restored
        };
        let (read, restored) = futures::join!(reading, restoring);
        match (read, restored) {
            (Ok(_), restored) => {
                let restored = restored?;
                self.inner.open.forget(store.id());
                Ok(restored)
            }
            // The reader stopped because the database would not go on.
            (Err(source), Err(error)) if source.kind() == io::ErrorKind::Other => Err(error.into()),
            // The file's own fault is the one to tell; without its end nothing was changed.
            (Err(source), Err(StoreError::Conflict(_))) => Err(file_error(path, source)),
            (Err(_), Err(error)) => Err(error.into()),
            (Err(source), Ok(_)) => Err(file_error(path, source)),
        }
    }
}

/// The backup that a file's name names.
fn backup_of(path: &Path) -> Result<BackupId, BackupError> {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    name.strip_suffix(backup_file::SUFFIX).and_then(|id| id.parse().ok()).ok_or_else(|| {
        BackupError::Damaged {
            path: path.to_owned(),
            what: format!("its name should be bkp_…{}", backup_file::SUFFIX),
        }
    })
}
