//! The workspaces that are open, the most recently used first to stay.

use crate::error::AskError;
use crate::workspace::Workspace;
use crate::workspace_file::SourceEntry;
use bursar_domain::id::WorkspaceId;
use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

/// Workspaces kept open. One more closes the one that was used longest ago.
const OPEN: usize = 64;

/// Workspaces that are open, each with the task that keeps it fresh.
#[derive(Debug, Default)]
pub(super) struct OpenWorkspaces {
    open: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    uses: u64,
    workspaces: HashMap<WorkspaceId, Open>,
}

#[derive(Debug)]
struct Open {
    workspace: Workspace,
    used: u64,
    fresh: Option<tokio::task::JoinHandle<()>>,
}

impl Drop for Open {
    fn drop(&mut self) {
        if let Some(fresh) = &self.fresh {
            fresh.abort();
        }
    }
}

impl OpenWorkspaces {
    /// The workspace, opened anew when it is not open or its name or sources are others by now.
    pub(super) fn get(
        &self,
        id: WorkspaceId,
        name: &str,
        sources: &[SourceEntry],
        refresh: Option<Duration>,
        open: impl FnOnce() -> Result<Workspace, AskError>,
    ) -> Result<Workspace, AskError> {
        let mut state = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        state.uses += 1;
        let now = state.uses;
        if let Some(found) = state.workspaces.get_mut(&id)
            && found.workspace.is_of(name, sources)
        {
            found.used = now;
            return Ok(found.workspace.clone());
        }
        let workspace = open()?;
        let fresh = refresh.map(|every| {
            let workspace = workspace.clone();
            tokio::spawn(async move { workspace.keep_fresh(every).await })
        });
        state.workspaces.insert(id, Open { workspace: workspace.clone(), used: now, fresh });
        if state.workspaces.len() > OPEN
            && let Some(oldest) = state.workspaces.iter().min_by_key(|(_, open)| open.used).map(|(id, _)| *id)
        {
            state.workspaces.remove(&oldest);
        }
        Ok(workspace)
    }

    /// Closes one.
    pub(super) fn forget(&self, id: WorkspaceId) {
        self.open.lock().unwrap_or_else(PoisonError::into_inner).workspaces.remove(&id);
    }

    /// Closes all.
    pub(super) fn clear(&self) {
        self.open.lock().unwrap_or_else(PoisonError::into_inner).workspaces.clear();
    }
}
