//! Where sealed keys lie: a folder of small files, or a table of a database.
//!
//! What is on the shelf is sealed, so a shelf needs no secrecy of its own. What it does need is
//! that writes are whole and compare: [`KeyShelf::put`] names the bytes that it replaces, so that
//! two processes never overwrite each other's rotation and a removed item never comes back.

use crate::file;
use async_trait::async_trait;
use bursar_domain::id::WorkspaceId;
use bursar_domain::region::RegionName;
use std::fmt;
use std::io;
use std::path::{Path, PathBuf};
use std::str::FromStr;

/// The largest item a shelf must be able to keep, in bytes. A larger one is refused.
pub const MAX_ITEM_BYTES: usize = 1024 * 1024;

/// What an item on the shelf is called.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ShelfName {
    /// The keys of the installation itself.
    Installation,
    /// The keys of a region, wrapped by the master key.
    Region(RegionName),
    /// The keys of a workspace, sealed by its region's key.
    Workspace(WorkspaceId),
}

impl fmt::Display for ShelfName {
    /// Of `a-z`, `0-9`, `-` and `_`, at most 80 characters: fit for a file name or a primary key.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Installation => f.write_str("installation"),
            Self::Region(region) => write!(f, "region-{region}"),
            Self::Workspace(workspace) => workspace.fmt(f),
        }
    }
}

/// A text that names no item.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` names no keys")]
pub struct ShelfNameError(String);

impl FromStr for ShelfName {
    type Err = ShelfNameError;
    fn from_str(text: &str) -> Result<Self, ShelfNameError> {
        let unknown = || ShelfNameError(text.chars().take(80).collect());
        if text == "installation" {
            return Ok(Self::Installation);
        }
        match text.strip_prefix("region-") {
            Some(region) => region.parse().map(Self::Region).map_err(|_| unknown()),
            None => text.parse().map(Self::Workspace).map_err(|_| unknown()),
        }
    }
}

/// The shelf could not be read or written.
#[derive(Debug, thiserror::Error)]
#[error("{place} cannot be read or written")]
pub struct ShelfError {
    /// The file, or the table and row.
    pub place: String,
    /// Why.
    #[source]
    pub source: Box<dyn std::error::Error + Send + Sync>,
}

/// Keeps sealed keys by name.
///
/// Contract, tested by `testing::shelf_contract` of this crate's tests on every implementation: a
/// `put` that returned `true` survives the machine; one that failed left the old bytes or the new
/// ones, never a mixture.
#[async_trait]
pub trait KeyShelf: Send + Sync {
    /// The bytes of an item; `None` when there is none.
    async fn get(&self, name: &ShelfName) -> Result<Option<Vec<u8>>, ShelfError>;

    /// Writes an item if it now has exactly the bytes `before` (`None`: if there is none).
    /// Whether it did.
    async fn put(&self, name: &ShelfName, before: Option<&[u8]>, after: &[u8]) -> Result<bool, ShelfError>;

    /// Removes an item so that its bytes cannot be read again, as far as the medium allows.
    /// Whether there was one.
    async fn remove(&self, name: &ShelfName) -> Result<bool, ShelfError>;

    /// The names of all items, in order.
    async fn list(&self) -> Result<Vec<ShelfName>, ShelfError>;

    /// Where an item lies, for messages.
    fn place(&self, name: &ShelfName) -> String;
}

/// A shelf in a folder: one file for each item, `<name>.json`, mode 0600, replaced atomically
/// under a lock between processes.
#[derive(Debug, Clone)]
pub struct FileShelf {
    directory: PathBuf,
}

impl FileShelf {
    /// Opens the folder, making it when it is not there.
    ///
    /// # Errors
    /// When it cannot be made.
    pub fn open(directory: &Path) -> Result<Self, ShelfError> {
        file::create_directory(directory).map_err(at(directory))?;
        Ok(Self { directory: directory.to_owned() })
    }

    /// The folder.
    #[must_use]
    pub fn directory(&self) -> &Path {
        &self.directory
    }

    fn path(&self, name: &ShelfName) -> PathBuf {
        self.directory.join(format!("{name}.json"))
    }

    /// Runs file work where it does not hold up the runtime.
    async fn blocking<T: Send + 'static>(
        &self,
        path: PathBuf,
        work: impl FnOnce(&Path, &Path) -> io::Result<T> + Send + 'static,
    ) -> Result<T, ShelfError> {
        let directory = self.directory.clone();
        tokio::task::spawn_blocking(move || work(&directory, &path).map_err(at(&path)))
            .await
            .unwrap_or_else(|stopped| Err(at(&self.directory)(io::Error::other(stopped))))
    }
}

#[async_trait]
impl KeyShelf for FileShelf {
    async fn get(&self, name: &ShelfName) -> Result<Option<Vec<u8>>, ShelfError> {
        self.blocking(self.path(name), |_, path| read(path)).await
    }

    async fn put(&self, name: &ShelfName, before: Option<&[u8]>, after: &[u8]) -> Result<bool, ShelfError> {
        let (before, after) = (before.map(<[u8]>::to_vec), after.to_vec());
        self.blocking(self.path(name), move |directory, path| {
            let _lock = file::lock(directory)?;
            if read(path)? != before {
                return Ok(false);
            }
            file::write_atomically(path, &after).map(|()| true)
        })
        .await
    }

    async fn remove(&self, name: &ShelfName) -> Result<bool, ShelfError> {
        self.blocking(self.path(name), |directory, path| {
            let _lock = file::lock(directory)?;
            // On storage that keeps old blocks, what they hold opens only with the keys above.
            let length = match std::fs::metadata(path) {
                Ok(metadata) => metadata.len().min(MAX_ITEM_BYTES as u64),
                Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(false),
                Err(error) => return Err(error),
            };
            let was_there = read(path).map_or(true, |bytes| bytes.is_some());
            let mut file = std::fs::OpenOptions::new().write(true).open(path)?;
            io::copy(&mut io::Read::take(io::repeat(0), length), &mut file)?;
            file.sync_all()?;
            std::fs::remove_file(path)?;
            file::sync_directory(directory)?;
            Ok(was_there)
        })
        .await
    }

    async fn list(&self) -> Result<Vec<ShelfName>, ShelfError> {
        self.blocking(self.directory.clone(), |directory, _| {
            let mut names = Vec::new();
            for entry in std::fs::read_dir(directory)? {
                let name = entry?.file_name();
                // Others' files in the folder are none of our business.
                names.extend(name.to_str().and_then(|n| n.strip_suffix(".json")?.parse::<ShelfName>().ok()));
            }
            names.sort();
            Ok(names)
        })
        .await
    }

    fn place(&self, name: &ShelfName) -> String {
        self.path(name).display().to_string()
    }
}

/// The bytes of a file. One of zeros only is a removal that a crash interrupted, so nothing.
fn read(path: &Path) -> io::Result<Option<Vec<u8>>> {
    let file = match std::fs::File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error),
    };
    if file.metadata()?.len() > MAX_ITEM_BYTES as u64 {
        return Err(io::Error::other(format!("the file is larger than {MAX_ITEM_BYTES} bytes")));
    }
    let mut bytes = Vec::new();
    io::Read::read_to_end(&mut io::Read::take(file, MAX_ITEM_BYTES as u64), &mut bytes)?;
    let removed = !bytes.is_empty() && bytes.iter().all(|byte| *byte == 0);
    Ok((!removed).then_some(bytes))
}

fn at(path: &Path) -> impl Fn(io::Error) -> ShelfError {
    move |source| ShelfError { place: path.display().to_string(), source: source.into() }
}
