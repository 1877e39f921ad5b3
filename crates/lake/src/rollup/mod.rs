//! Rollups: sums of a delivery's charges, kept encrypted, so that most questions need no rows.
//!
//! A delivery is read once and summed in several [shapes](shape): by day or by month, with the
//! dimensions people group by, or with one tag. Each shape is a Parquet file under the workspace's
//! own folder, encrypted (Parquet modular encryption, AES-256-GCM) with the workspace's rollup key
//! and bound to its delivery, so that a file moved to another delivery does not open.
//!
//! [`serve`] is an optimizer rule: an aggregate over charges is asked of sums where their columns
//! are enough, delivery by delivery, and of rows where not. Sums are decimals, so both ways give
//! the same answer to the last digit.
//!
//! A delivery never changes, so neither do its rollups: a month delivered again has another id.
//! They can be deleted at any moment; the next refresh makes them anew.
//!
//! Refused on purpose: a shape that hardly has fewer cells than the delivery has rows, files that
//! do not open under the workspace's key, and answering from a file that cannot be read (the rows
//! then answer).

mod build;
mod file;
mod held;
mod scan;
mod serve;
mod shape;

#[cfg(test)]
mod tests;

pub(crate) use scan::cells_alone;
pub use serve::FromRollups;

use crate::charges::{Charges, ChargesError, OpenOptions};
use crate::delivery::Delivery;
use crate::location::Source;
use crate::sql::{Engine, QueryError};
use bursar_domain::id::DeliveryId;
use bursar_keyring::WorkspaceKeys;
use file::RollupFile;
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError, RwLock};

/// Raised when shapes or their files change: folders of other formats are removed.
const FORMAT: u32 = 1;
/// Tags rolled up per delivery.
pub const MAX_TAGS: usize = 8;

/// Why a rollup could not be made. The rows still answer.
#[derive(Debug, thiserror::Error)]
pub enum RollupError {
    /// The folder or a file of it.
    #[error("{path} cannot be read or written")]
    Io {
        /// What.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// A file is not as it was written, or was written under another key.
    #[error("{path} does not open: {detail}")]
    Unreadable {
        /// What.
        path: PathBuf,
        /// Why.
        detail: String,
    },
    /// The delivery cannot be opened.
    #[error(transparent)]
    Charges(Box<ChargesError>),
    /// Its rows cannot be summed.
    #[error(transparent)]
    Query(Box<QueryError>),
}

impl From<ChargesError> for RollupError {
    fn from(error: ChargesError) -> Self {
        Self::Charges(Box::new(error))
    }
}

impl From<QueryError> for RollupError {
    fn from(error: QueryError) -> Self {
        Self::Query(Box::new(error))
    }
}

impl RollupError {
    /// The damaged file somewhere below an error.
    pub(crate) fn find<'a>(error: &'a (dyn std::error::Error + 'static)) -> Option<&'a Self> {
        let mut next = Some(error);
        while let Some(error) = next {
            if let Some(found @ (Self::Unreadable { .. } | Self::Io { .. })) = error.downcast_ref() {
                return Some(found);
            }
            next = error.source();
        }
        None
    }

    fn io(path: &Path) -> impl Fn(io::Error) -> Self {
        move |source| Self::Io { path: path.to_owned(), source }
    }
}

/// The rollups of a workspace.
pub struct Rollups {
    folder: PathBuf,
    keys: Arc<WorkspaceKeys>,
    shelves: RwLock<BTreeMap<DeliveryId, Shelf>>,
    held: held::Held,
}

/// The files of one delivery.
type Shelf = Arc<Vec<Arc<RollupFile>>>;

impl std::fmt::Debug for Rollups {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Rollups").field("folder", &self.folder).finish_non_exhaustive()
    }
}

impl Rollups {
    /// The rollups kept in a folder, which is made when it is not there.
    ///
    /// # Errors
    /// When the folder cannot be made.
    pub fn open(folder: &Path, keys: Arc<WorkspaceKeys>) -> Result<Self, RollupError> {
        make_private(folder).map_err(RollupError::io(folder))?;
        Ok(Self { folder: folder.to_owned(), keys, shelves: RwLock::default(), held: held::Held::default() })
    }

    fn path(&self, delivery: DeliveryId) -> PathBuf {
        self.folder.join(format!("{delivery}.{FORMAT}"))
    }

    /// What there is of a delivery, the smallest first.
    fn shelf(&self, delivery: DeliveryId) -> Option<Shelf> {
        self.shelves.read().unwrap_or_else(PoisonError::into_inner).get(&delivery).cloned()
    }

    fn put(&self, delivery: DeliveryId, shelf: Vec<Arc<RollupFile>>) {
        self.shelves.write().unwrap_or_else(PoisonError::into_inner).insert(delivery, Arc::new(shelf));
    }

    /// From now on rows answer for the delivery. Files that are not as they were written are removed;
    /// those that only could not be read just now stay.
    fn put_aside(&self, delivery: DeliveryId, error: &RollupError) {
        tracing::warn!(%error, %delivery, "a rollup is put aside");
        if matches!(error, RollupError::Unreadable { .. }) {
            self.forget(delivery);
        } else {
            self.shelves.write().unwrap_or_else(PoisonError::into_inner).remove(&delivery);
        }
    }

    /// Forgets a delivery's rollups, so that rows answer, and removes their files.
    fn forget(&self, delivery: DeliveryId) {
        self.shelves.write().unwrap_or_else(PoisonError::into_inner).remove(&delivery);
        let path = self.path(delivery);
        self.held.forget(&path);
        if let Err(error) = fs::remove_dir_all(&path)
            && error.kind() != io::ErrorKind::NotFound
        {
            tracing::warn!(%error, path = %path.display(), "a rollup that is not used cannot be removed");
        }
    }

    /// Forgets all rollups of deliveries that are not among `counted`, and what a kill left behind.
    ///
    /// # Errors
    /// When the folder cannot be read.
    pub fn keep_only(&self, counted: &BTreeSet<DeliveryId>) -> Result<(), RollupError> {
        self.shelves.write().unwrap_or_else(PoisonError::into_inner).retain(|id, _| counted.contains(id));
        let keep: BTreeSet<PathBuf> = counted.iter().map(|id| self.path(*id)).collect();
        for entry in fs::read_dir(&self.folder).map_err(RollupError::io(&self.folder))? {
            let path = entry.map_err(RollupError::io(&self.folder))?.path();
            if !keep.contains(&path) {
                self.held.forget(&path);
                fs::remove_dir_all(&path).map_err(RollupError::io(&path))?;
            }
        }
        Ok(())
    }

    /// Takes the delivery's rollups from the disk, if they are not at hand; whether there are any.
    pub fn load(&self, delivery: DeliveryId) -> bool {
        if self.shelf(delivery).is_some() {
            return true;
        }
        let path = self.path(delivery);
        match file::open_all(&path, delivery, &self.keys) {
            Ok(Some(shelf)) => {
                self.put(delivery, shelf);
                true
            }
            Ok(None) => false,
            Err(error) => {
                self.put_aside(delivery, &error);
                false
            }
        }
    }

    /// Sums a delivery up, in one pass over its rows. `tags` are the keys worth rolling up, the most
    /// frequent first; at most [`MAX_TAGS`] are.
    ///
    /// # Errors
    /// When the delivery cannot be read or the files cannot be written; nothing half-made stays.
    pub async fn build(
        &self,
        engine: &Arc<Engine>,
        source: &Source,
        delivery: &Delivery,
        tags: &[String],
    ) -> Result<(), RollupError> {
        let one = [(source.clone(), delivery.clone())];
        let charges = Charges::open(&one, &OpenOptions::default()).await?;
        let sums = if charges.parts().is_empty() {
            // Contracts and invoices: no charges, nothing to sum.
            Vec::new()
        } else {
            build::sums(engine, &charges, tags).await?
        };
        let path = self.path(delivery.id);
        let half = self.folder.join(format!("{}.half", delivery.id));
        let (id, keys) = (delivery.id, Arc::clone(&self.keys));
        let written = tokio::task::spawn_blocking(move || {
            let _ = fs::remove_dir_all(&half);
            make_private(&half).map_err(RollupError::io(&half))?;
            for (at, sum) in sums.into_iter().enumerate() {
                file::write(&half.join(format!("{at}.parquet")), id, &keys, &sum)?;
            }
            // The rename is what makes them count.
            let _ = fs::remove_dir_all(&path);
            fs::rename(&half, &path).map_err(RollupError::io(&path))?;
            file::open_all(&path, id, &keys)
        })
        .await
        .map_err(|error| QueryError::Failed { detail: error.to_string() })??;
        self.put(delivery.id, written.unwrap_or_default());
        Ok(())
    }

    /// How many cells are at hand, of all deliveries and shapes.
    #[must_use]
    pub fn cells(&self) -> u64 {
        let shelves = self.shelves.read().unwrap_or_else(PoisonError::into_inner);
        shelves.values().flat_map(|shelf| shelf.iter()).map(|file| file.contents.cells).sum()
    }
}

fn make_private(folder: &Path) -> io::Result<()> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(folder)
}
