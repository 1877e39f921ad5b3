//! Where the files of a workspace lie: in its region's folders and nowhere else (claim B3).
//!
//! The store and the keyring have a place for each region of their own; here are the folders for what
//! is derived from bills and for backups. A region that is not configured has none, and asking for one
//! is an error, not another region's.

use super::Installation;
use bursar_domain::RegionName;
use bursar_domain::id::WorkspaceId;
use bursar_store::StoreError;
use std::path::{Path, PathBuf};

const WORKSPACES: &str = "workspaces";
const BACKUPS: &str = "backups";

/// The folders of a region.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RegionFolders {
    /// Where its files lie: keys, derived data, embedded databases.
    pub data: PathBuf,
    /// Where its backups lie, if not below `data`.
    pub backups: Option<PathBuf>,
}

impl Installation {
    fn region_folders(&self, region: &RegionName) -> Result<(&Path, Option<&Path>), StoreError> {
        let config = &self.inner.config;
        if let Some(folders) = config.regions.get(region) {
            return Ok((&folders.data, folders.backups.as_deref()));
        }
        if *region == RegionName::home() {
            return Ok((&config.data, config.backups.as_deref()));
        }
        Err(StoreError::Region(region.clone()))
    }

    /// What belongs to one workspace: its database where that is a file, and what is derived.
    ///
    /// # Errors
    /// When the region is not configured.
    pub fn workspace_folder(
        &self,
        region: &RegionName,
        workspace: WorkspaceId,
    ) -> Result<PathBuf, StoreError> {
        Ok(self.region_folders(region)?.0.join(WORKSPACES).join(workspace.to_string()))
    }

    /// The backups of one workspace.
    pub(super) fn backup_folder(
        &self,
        region: &RegionName,
        workspace: WorkspaceId,
    ) -> Result<PathBuf, StoreError> {
        let (data, backups) = self.region_folders(region)?;
        Ok(backups.map_or_else(|| data.join(BACKUPS), Path::to_owned).join(workspace.to_string()))
    }
}
