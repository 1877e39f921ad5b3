//! Taking over workspaces that an earlier version kept in `workspace.json` files.
//!
//! The workspace keeps its id, so that its keys and rollups stay good. The file is removed once the
//! store has the workspace and all of its sources; a crash in between does the rest at the next start.

use super::InstallationError;
use crate::workspace_file::WorkspaceFile;
use bursar_domain::{Actor, RegionName};
use bursar_store::{NewSource, NewWorkspace, Store, StoreError};
use std::path::Path;

pub(super) async fn earlier_workspaces(data: &Path, store: &Store) -> Result<(), InstallationError> {
    let Ok(folders) = std::fs::read_dir(data.join("workspaces")) else { return Ok(()) };
    for folder in folders.flatten() {
        let path = folder.path().join("workspace.json");
        if !path.exists() {
            continue;
        }
        let refused = |source| InstallationError::Import { path: path.clone(), source };
        let file = WorkspaceFile::read(&path).map_err(refused)?;
        let actor = Actor::system();
        // Their keys are the home region's.
        let regions = store.regions();
        let home = regions.iter().find(|region| **region == RegionName::home()).or(regions.first());
        let region = home.cloned().unwrap_or_else(RegionName::home);
        match store.directory().workspace(file.id).await {
            Ok(_) => {}
            Err(StoreError::NotFound(_)) => {
                let new = NewWorkspace { region, name: file.name.clone(), id: Some(file.id) };
                store.create_workspace(&actor, new).await?;
            }
            Err(error) => return Err(error.into()),
        }
        let access = store.operator(file.id).await?;
        let workspace = store.workspace(&access).await?;
        for source in file.sources {
            let new = NewSource { location: source.location, dialect: source.dialect, id: Some(source.id) };
            match workspace.add_source(&actor, new).await {
                Ok(_) | Err(StoreError::Conflict(_)) => {}
                Err(error) => return Err(error.into()),
            }
        }
        let removed = std::fs::remove_file(&path);
        if let Err(error) = removed {
            tracing::warn!(path = %path.display(), %error, "a workspace file that was taken over cannot be removed");
        }
    }
    Ok(())
}
