//! The keys of workspaces, on disk and open.

use crate::seal::{self, SealError, Sealed};
use crate::{
    MasterKey, MasterKeyConfig, MasterKeyError, MasterKeyOrigin, Randomness, RandomnessError, Secret32, file,
};
use bursar_domain::id::WorkspaceId;
use serde::{Deserialize, Serialize};
use std::fmt;
use std::io;
use std::path::{Path, PathBuf};
use zeroize::Zeroizing;

const FORMAT: &str = "bursar-workspace-keys";
const VERSION: u32 = 1;
const DIRECTORY: &str = "keys";
const WORKSPACE: &str = "workspace";
const ROLLUP: &str = "rollup";

/// Why the keys of a workspace cannot be had. Nothing on disk was changed.
#[derive(Debug, thiserror::Error)]
pub enum KeyringError {
    /// The master key.
    #[error(transparent)]
    Master(#[from] MasterKeyError),
    /// Sealed under another master key.
    #[error(
        "{path} was sealed with master key {sealed_with} and the one given is {given}: give the first one"
    )]
    WrongMasterKey {
        /// The key file.
        path: PathBuf,
        /// Id of the key that opens it.
        sealed_with: String,
        /// Id of the key that was given.
        given: String,
    },
    /// The file is not as it was written.
    #[error("{path} is damaged or was changed ({what}): restore it from a backup")]
    Damaged {
        /// The key file.
        path: PathBuf,
        /// What is wrong.
        what: String,
    },
    /// A file of a newer program.
    #[error("{path} has version {found} and this program reads version {VERSION}: use the newer program")]
    Version {
        /// The key file.
        path: PathBuf,
        /// Its version.
        found: u32,
    },
    /// No such workspace.
    #[error("no keys are kept for workspace {0}")]
    NotFound(WorkspaceId),
    /// The workspace has keys already; they are never replaced.
    #[error("workspace {0} has keys already")]
    Exists(WorkspaceId),
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
    #[error("the cipher refused to seal a key of workspace {0}: please report this")]
    Cipher(WorkspaceId),
}

/// The open keys of one workspace. No `Clone`: share it behind an `Arc`.
pub struct WorkspaceKeys {
    workspace: WorkspaceId,
    rollup: Secret32,
}

impl fmt::Debug for WorkspaceKeys {
    /// The workspace only.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WorkspaceKeys").field("workspace", &self.workspace).finish_non_exhaustive()
    }
}

impl WorkspaceKeys {
    /// Keys that are never stored, for work that leaves nothing behind or a cache that may die
    /// with the process (`bursar cost` on a folder).
    ///
    /// # Errors
    /// When the source of randomness fails.
    pub fn ephemeral(workspace: WorkspaceId, random: &dyn Randomness) -> Result<Self, RandomnessError> {
        Ok(Self { workspace, rollup: Secret32::random(random)? })
    }

    /// Whose keys.
    #[must_use]
    pub const fn workspace(&self) -> WorkspaceId {
        self.workspace
    }

    /// Seals derived data that is no rollup, bound to this workspace and to what it is.
    ///
    /// # Errors
    /// When the source of randomness fails.
    pub fn seal(&self, what: &str, plain: &[u8], random: &dyn Randomness) -> Result<Vec<u8>, KeyringError> {
        seal::seal_bytes(&self.rollup, plain, self.workspace, what, random).map_err(|error| match error {
            SealError::Randomness(error) => KeyringError::Randomness(error),
            SealError::Cipher => KeyringError::Cipher(self.workspace),
        })
    }

    /// Opens what [`WorkspaceKeys::seal`] sealed. `None` when the workspace, what it is, or a single
    /// bit is another.
    #[must_use]
    pub fn unseal(&self, what: &str, sealed: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
        seal::open_bytes(&self.rollup, sealed, self.workspace, what)
    }

    /// Encrypts rollups: the footer key of Parquet modular encryption.
    #[must_use]
    pub const fn rollup_key(&self) -> &Secret32 {
        &self.rollup
    }
}

/// The master key and the directory of sealed workspace keys.
pub struct Keyring {
    master: MasterKey,
    directory: PathBuf,
    random: Box<dyn Randomness>,
}

impl fmt::Debug for Keyring {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Keyring")
            .field("master", &self.master)
            .field("directory", &self.directory)
            .finish_non_exhaustive()
    }
}

/// A keyring and where its master key came from.
#[derive(Debug)]
pub struct Opened {
    /// The keyring.
    pub keyring: Keyring,
    /// Print it when it is [`MasterKeyOrigin::Generated`].
    pub origin: MasterKeyOrigin,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct KeyFile {
    format: String,
    version: u32,
    workspace: WorkspaceId,
    master_key: String,
    workspace_key: Sealed,
    data_keys: Vec<Sealed>,
}

impl Keyring {
    /// Opens the keyring of a data directory, making the directory and, where none is configured
    /// or there, a master key in it.
    ///
    /// # Errors
    /// When the configured key cannot be used or the directory cannot be written.
    pub fn open(
        config: &MasterKeyConfig,
        data_directory: &Path,
        random: Box<dyn Randomness>,
    ) -> Result<Opened, KeyringError> {
        let directory = data_directory.join(DIRECTORY);
        file::create_directory(data_directory).map_err(at(data_directory))?;
        let _lock = file::lock(data_directory).map_err(at(data_directory))?;
        let (master, origin) = MasterKey::open(config, data_directory, &directory, random.as_ref())?;
        file::create_directory(&directory).map_err(at(&directory))?;
        Ok(Opened { keyring: Self { master, directory, random }, origin })
    }

    /// Names the master key without telling it.
    #[must_use]
    pub fn master_key_id(&self) -> &str {
        self.master.id()
    }

    /// Makes the keys of a new workspace.
    ///
    /// # Errors
    /// When it has keys already, and when they cannot be written.
    pub fn create(&self, workspace: WorkspaceId) -> Result<WorkspaceKeys, KeyringError> {
        let path = self.path(workspace);
        let _lock = file::lock(&self.directory).map_err(at(&self.directory))?;
        if path.try_exists().map_err(at(&path))? {
            return Err(KeyringError::Exists(workspace));
        }
        let workspace_key = Secret32::random(self.random.as_ref())?;
        let rollup = Secret32::random(self.random.as_ref())?;
        let file = KeyFile {
            format: FORMAT.to_owned(),
            version: VERSION,
            workspace,
            master_key: self.master.id().to_owned(),
            workspace_key: self.seal(&self.master.key, &workspace_key, workspace, WORKSPACE)?,
            data_keys: vec![self.seal(&workspace_key, &rollup, workspace, ROLLUP)?],
        };
        let mut text = serde_json::to_vec_pretty(&file).map_err(|error| at(&path)(error.into()))?;
        text.push(b'\n');
        file::write_atomically(&path, &text).map_err(at(&path))?;
        Ok(WorkspaceKeys { workspace, rollup })
    }

    /// Opens the keys of a workspace.
    ///
    /// # Errors
    /// When there are none, the master key is another one, or the file was changed.
    pub fn workspace(&self, workspace: WorkspaceId) -> Result<WorkspaceKeys, KeyringError> {
        let path = self.path(workspace);
        let file = match file::read(&path) {
            Ok(text) => parse(&path, &text)?,
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                return Err(KeyringError::NotFound(workspace));
            }
            Err(error) => return Err(at(&path)(error)),
        };
        let damaged = |what: &str| KeyringError::Damaged { path: path.clone(), what: what.to_owned() };
        if file.workspace != workspace {
            return Err(damaged("it names another workspace"));
        }
        if file.master_key != self.master.id() {
            return Err(KeyringError::WrongMasterKey {
                path: path.clone(),
                sealed_with: file.master_key.chars().take(64).collect(),
                given: self.master.id().to_owned(),
            });
        }
        if file.workspace_key.purpose != WORKSPACE {
            return Err(damaged("the workspace key has another purpose"));
        }
        let workspace_key = seal::open(&self.master.key, &file.workspace_key, workspace)
            .ok_or_else(|| damaged("the workspace key does not open"))?;
        let rollup = newest(&file.data_keys, ROLLUP).ok_or_else(|| damaged("the rollup key is missing"))?;
        let rollup = seal::open(&workspace_key, rollup, workspace)
            .ok_or_else(|| damaged("the rollup key does not open"))?;
        Ok(WorkspaceKeys { workspace, rollup })
    }

    /// Opens the keys of a workspace, making them when it has none.
    ///
    /// # Errors
    /// As [`Keyring::workspace`] and [`Keyring::create`].
    pub fn workspace_or_create(&self, workspace: WorkspaceId) -> Result<WorkspaceKeys, KeyringError> {
        match self.workspace(workspace) {
            Err(KeyringError::NotFound(_)) => match self.create(workspace) {
                // Another process was faster; its keys are the keys.
                Err(KeyringError::Exists(_)) => self.workspace(workspace),
                created => created,
            },
            other => other,
        }
    }

    /// Destroys the keys of a workspace: everything sealed under them is unreadable from then on
    /// (claim B10). The sealed bytes are overwritten before the name goes; on storage that keeps
    /// old blocks, what they hold opens only with the master key.
    ///
    /// # Errors
    /// When there are none, or the file cannot be removed.
    pub fn destroy(&self, workspace: WorkspaceId) -> Result<(), KeyringError> {
        let path = self.path(workspace);
        let _lock = file::lock(&self.directory).map_err(at(&self.directory))?;
        let length = match std::fs::metadata(&path) {
            Ok(metadata) => metadata.len().min(file::MAX_BYTES),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                return Err(KeyringError::NotFound(workspace));
            }
            Err(error) => return Err(at(&path)(error)),
        };
        let overwrite = || {
            let mut file = std::fs::OpenOptions::new().write(true).open(&path)?;
            io::copy(&mut io::Read::take(io::repeat(0), length), &mut file)?;
            file.sync_all()?;
            std::fs::remove_file(&path)
        };
        overwrite().map_err(at(&path))
    }

    fn seal(
        &self,
        wrapping: &Secret32,
        key: &Secret32,
        workspace: WorkspaceId,
        purpose: &str,
    ) -> Result<Sealed, KeyringError> {
        seal::seal(wrapping, key, workspace, purpose, 1, self.random.as_ref()).map_err(|error| match error {
            SealError::Randomness(error) => KeyringError::Randomness(error),
            SealError::Cipher => KeyringError::Cipher(workspace),
        })
    }

    fn path(&self, workspace: WorkspaceId) -> PathBuf {
        self.directory.join(format!("{workspace}.json"))
    }
}

fn newest<'a>(keys: &'a [Sealed], purpose: &str) -> Option<&'a Sealed> {
    keys.iter().filter(|key| key.purpose == purpose).max_by_key(|key| key.version)
}

fn parse(path: &Path, text: &str) -> Result<KeyFile, KeyringError> {
    let damaged = |what: String| KeyringError::Damaged { path: path.to_owned(), what };
    // The version first: a newer file may have other fields.
    #[derive(Deserialize)]
    struct Head {
        format: String,
        version: u32,
    }
    let head: Head = serde_json::from_str(text).map_err(|error| damaged(error.to_string()))?;
    if head.format != FORMAT {
        return Err(damaged("it is no file of workspace keys".to_owned()));
    }
    if head.version != VERSION {
        return Err(KeyringError::Version { path: path.to_owned(), found: head.version });
    }
    serde_json::from_str(text).map_err(|error| damaged(error.to_string()))
}

fn at(path: &Path) -> impl Fn(io::Error) -> KeyringError {
    move |source| KeyringError::Io { path: path.to_owned(), source }
}
