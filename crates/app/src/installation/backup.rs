//! Backups of one workspace: taken online, encrypted, read back, listed.
//!
//! A backup lies in the backup folder of the workspace's region, or in a folder that the operator names.
//! It holds control data. Sums of bills are not in it: they are made of the bills again.

use super::backup_file::{self, Header, Written};
use super::{Entered, Installation};
use crate::workspace_file::write_atomically;
use bursar_domain::id::{BackupId, WorkspaceId};
use bursar_domain::role::Action;
use bursar_domain::{Actor, Page};
use bursar_keyring::{KeyringError, WorkspaceKeys};
use bursar_store::{Backup, Entry, NewBackup, Outcome, Restoring, StoreError, WorkspaceStore};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use tokio::sync::{mpsc, oneshot};

/// Rows on their way between the database and the file.
const ON_THE_WAY: usize = 64;

/// Why a backup was not made, verified or restored. Nothing was changed then.
#[derive(Debug, thiserror::Error)]
pub enum BackupError {
    /// Whoever asks may not.
    #[error("{reason}")]
    Refused {
        /// The policy that decided.
        policy: String,
        /// Why, in one sentence.
        reason: String,
    },
    /// The file is not as it was written, or none.
    #[error("{path} cannot be used as a backup: {what}")]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        what: String,
    },
    /// The file cannot be read or written.
    #[error("{path} cannot be read or written")]
    Io {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// The workspace is on its way out.
    #[error("the workspace is deleted or being deleted: keep it first, where that is still possible")]
    Leaving,
    /// Control data.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// Keys.
    #[error(transparent)]
    Keys(#[from] KeyringError),
}

impl Entered {
    /// Whether the action on the page for administrators is allowed; a refusal is recorded.
    pub(super) async fn must(&self, action: Action, what: &str) -> Result<(), (String, String)> {
        let decision = self.may(Page::Admin, action);
        if decision.allowed() {
            return Ok(());
        }
        let policy = decision.deciding_policy().to_owned();
        let entry =
            Entry::done(what, self.access().workspace()).outcome(Outcome::Refused).decided_by(policy.clone());
        if let Err(error) = self.store().note(self.actor(), entry).await {
            tracing::warn!(%error, "a refusal could not be recorded");
        }
        Err((policy, decision.reason().to_owned()))
    }
}

pub(super) fn refused((policy, reason): (String, String)) -> BackupError {
    BackupError::Refused { policy, reason }
}

/// What went wrong with a file.
pub(super) fn file_error(path: &Path, source: io::Error) -> BackupError {
    let path = path.to_owned();
    match source.kind() {
        io::ErrorKind::InvalidData | io::ErrorKind::Unsupported => {
            BackupError::Damaged { path, what: source.to_string() }
        }
        _ => BackupError::Io { path, source },
    }
}

/// Runs file work where it holds up nobody.
pub(super) async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> io::Result<T> + Send + 'static,
) -> io::Result<T> {
    tokio::task::spawn_blocking(work).await.unwrap_or_else(|stopped| Err(io::Error::other(stopped)))
}

impl Installation {
    /// Takes a backup of the workspace: into its region's backup folder, or below `folder`.
    ///
    /// # Errors
    /// When somebody may not, or it cannot be written or read back.
    pub async fn back_up(&self, by: &Entered, folder: Option<&Path>) -> Result<Backup, BackupError> {
        by.must(Action::ManageKeys, "backup.take").await.map_err(refused)?;
        let workspace = by.access().workspace();
        let region = by.access().region();
        let folder = match folder {
            Some(folder) => folder.join(workspace.to_string()),
            None => self.backup_folder(region, workspace)?,
        };
        blocking({
            let folder = folder.clone();
            move || backup_file::make_private(&folder)
        })
        .await
        .map_err(|source| file_error(&folder, source))?;
        let id = by.store().new_backup_id()?;
        let taken_at = self.inner.clock.now();
        let header = Header::new(id, workspace, region.clone(), taken_at, WorkspaceStore::schema_version());
        let path = folder.join(format!("{id}{}", backup_file::SUFFIX));
        // The keys first: a backup without them is of no use, keys without a backup do no harm.
        let sealed = self.inner.store.keyring().sealed_keys(workspace).await?;
        // These, and not those that are open: another process may have rotated them.
        let keys = Arc::new(self.inner.store.keyring().open_sealed(&sealed).await?);
        let (keys_path, bytes) = (backup_file::keys_path(&path), sealed.to_bytes()?);
        write_atomically(&keys_path, &bytes).map_err(|source| file_error(&keys_path, source))?;
        let written = self.write_backup(by.store(), &path, &keys, header).await;
        let written = match written {
            Ok(written) => written,
            Err(error) => {
                // The first error is the one to tell.
                let _ = backup_file::shred(&keys_path);
                return Err(error);
            }
        };
        let new = NewBackup {
            id: Some(id),
            location: path.display().to_string(),
            digest: written.digest,
            size_bytes: written.size_bytes,
            last_seq: written.last_seq,
            taken_at,
            expires_at: None,
        };
        let backup = by.store().add_backup(by.actor(), new).await?;
        self.verify(by.store(), by.actor(), &backup).await?;
        Ok(by.store().backup(id).await?)
    }

    async fn write_backup(
        &self,
        store: &WorkspaceStore,
        path: &Path,
        keys: &Arc<WorkspaceKeys>,
        header: Header,
    ) -> Result<Written, BackupError> {
        let (rows, mut taken) = mpsc::channel(ON_THE_WAY);
        let (end, ended) = oneshot::channel();
        let random = Arc::clone(&self.inner.random);
        let writing = blocking({
            let (path, keys) = (path.to_owned(), Arc::clone(keys));
            move || backup_file::write(&path, &keys, &header, &mut taken, ended, random.as_ref())
        });
        let dumping = async move {
            let dump = store.dump(&rows).await?;
            // When nobody listens any more, the writer's error is the one to tell.
            let _ = end.send(dump);
            Ok::<_, StoreError>(())
        };
        let (written, dumped) = futures::join!(writing, dumping);
        match (written, dumped) {
            (Ok(written), Ok(())) => Ok(written),
            // The database's error stopped the writer, unless the writer went away first.
            (_, Err(error)) if !matches!(error, StoreError::Conflict(_)) => Err(error.into()),
            (Err(source), _) => Err(file_error(path, source)),
            (Ok(_), Err(error)) => Err(error.into()),
        }
    }

    /// Reads a backup back from beginning to end and notes that it is whole.
    ///
    /// # Errors
    /// When it is not.
    pub async fn verify_backup(&self, by: &Entered, id: BackupId) -> Result<Backup, BackupError> {
        by.must(Action::ManageKeys, "backup.verify").await.map_err(refused)?;
        let backup = by.store().backup(id).await?;
        self.verify(by.store(), by.actor(), &backup).await?;
        Ok(by.store().backup(id).await?)
    }

    async fn verify(
        &self,
        store: &WorkspaceStore,
        actor: &Actor,
        backup: &Backup,
    ) -> Result<u64, BackupError> {
        let path = PathBuf::from(&backup.location);
        let keys = self.keys_beside(&path, Some(store.id())).await?;
        let id = backup.id;
        let verified = blocking({
            let path = path.clone();
            move || backup_file::read(&path, &keys, id, |_: Restoring| Ok(()))
        })
        .await
        .map_err(|source| file_error(&path, source))?;
        if verified.digest.as_slice() != backup.digest.as_slice() {
            let what = "it is not the file that was written".to_owned();
            return Err(BackupError::Damaged { path, what });
        }
        store.backup_verified(actor, id).await?;
        Ok(verified.rows)
    }

    /// The keys beside a backup, open.
    pub(super) async fn keys_beside(
        &self,
        backup: &Path,
        workspace: Option<WorkspaceId>,
    ) -> Result<Arc<WorkspaceKeys>, BackupError> {
        let sealed = Self::sealed_keys_beside(backup)?;
        if workspace.is_some_and(|workspace| workspace != sealed.workspace()) {
            let what = "the keys beside it are another workspace's".to_owned();
            return Err(BackupError::Damaged { path: backup.to_owned(), what });
        }
        Ok(Arc::new(self.inner.store.keyring().open_sealed(&sealed).await?))
    }

    pub(super) fn sealed_keys_beside(backup: &Path) -> Result<bursar_keyring::SealedKeys, BackupError> {
        let path = backup_file::keys_path(backup);
        let read = || {
            if std::fs::metadata(&path)?.len() > 4 * 1024 * 1024 {
                return Err(io::Error::new(io::ErrorKind::InvalidData, "it is too long to hold keys"));
            }
            std::fs::read(&path)
        };
        let bytes = read().map_err(|source| file_error(&path, source))?;
        Ok(bursar_keyring::SealedKeys::from_bytes(&path.display().to_string(), &bytes)?)
    }

    /// The backups of the workspace, newest first.
    ///
    /// # Errors
    /// When somebody may not.
    pub async fn backups(&self, by: &Entered) -> Result<Vec<Backup>, BackupError> {
        by.must(Action::ManageKeys, "backup.list").await.map_err(refused)?;
        Ok(by.store().backups().await?)
    }

    /// Removes a backup: its keys first, then its bytes.
    ///
    /// # Errors
    /// When somebody may not, or it cannot be removed.
    pub async fn remove_backup(&self, by: &Entered, id: BackupId) -> Result<(), BackupError> {
        by.must(Action::Own, "backup.remove").await.map_err(refused)?;
        let path = PathBuf::from(by.store().backup(id).await?.location);
        remove_files(&path).await.map_err(|source| file_error(&path, source))?;
        Ok(by.store().backup_removed(by.actor(), id).await?)
    }
}

/// Removes a backup's keys and then its bytes; whether any of it was there.
pub(super) async fn remove_files(path: &Path) -> io::Result<bool> {
    let path = path.to_owned();
    blocking(move || {
        let keys = backup_file::shred(&backup_file::keys_path(&path))?;
        match std::fs::remove_file(&path) {
            Ok(()) => Ok(true),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(keys),
            Err(error) => Err(error),
        }
    })
    .await
}
