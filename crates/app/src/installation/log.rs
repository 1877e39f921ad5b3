//! Keeping the audit logs: checkpoints at their cadence, what was announced and never concluded, and a walk
//! over everything that turns health red when somebody changed it.

use super::Installation;
use bursar_audit::Log;
use bursar_domain::id::WorkspaceId;
use bursar_store::{LogVerdict, StoreError};
use chrono::{DateTime, TimeDelta, Utc};
use std::collections::BTreeMap;
use std::sync::PoisonError;

/// What leaves the machine is done or given up within this time.
const LOST_AFTER: TimeDelta = TimeDelta::hours(1);
/// Findings that are kept of a log.
const MAX_FINDINGS: usize = 20;

/// What the last walk over a log found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogChecked {
    /// When it was walked.
    pub at: DateTime<Utc>,
    /// Entries that were checked.
    pub entries: u64,
    /// Entries since the newest checkpoint.
    pub unsigned: u64,
    /// What is wrong; nothing when all is well.
    pub findings: Vec<String>,
}

impl LogChecked {
    /// Whether nothing is wrong.
    #[must_use]
    pub const fn is_good(&self) -> bool {
        self.findings.is_empty()
    }
}

/// The logs by what they are of; the installation's first.
pub(super) type Checked = BTreeMap<Option<WorkspaceId>, LogChecked>;

impl Installation {
    /// Signs what is due and closes what was lost: the job of every minute.
    ///
    /// # Errors
    /// When the list of workspaces does not read. A log that gets no checkpoint is a finding of it.
    pub async fn keep_logs(&self) -> Result<(), StoreError> {
        let now = self.inner.clock.now();
        let signed = self.inner.store.sign_checkpoints(now).await?;
        for (log, error) in signed.failed {
            let found = LogChecked {
                at: now,
                entries: 0,
                unsigned: 0,
                findings: vec![format!("no checkpoint could be signed: {error}")],
            };
            self.remember(of(log), found);
        }
        self.inner.store.close_lost_intents(now - LOST_AFTER).await?;
        Ok(())
    }

    /// Walks every log against its checkpoints; how many are not what was recorded.
    ///
    /// # Errors
    /// When the list of workspaces does not read.
    pub async fn check_logs(&self) -> Result<usize, StoreError> {
        let mut logs = vec![None];
        logs.extend(self.workspaces().await?.into_iter().map(|workspace| Some(workspace.id)));
        let mut broken = 0;
        for log in logs {
            match self.check_log(log).await {
                Ok(checked) => broken += usize::from(!checked.is_good()),
                Err(StoreError::NotFound(_)) => {}
                Err(error) => tracing::error!(workspace = ?log, %error, "a log could not be checked"),
            }
        }
        Ok(broken)
    }

    /// Walks one log against its checkpoints: a workspace's, or the installation's.
    ///
    /// # Errors
    /// When it cannot be read.
    pub async fn check_log(&self, workspace: Option<WorkspaceId>) -> Result<LogChecked, StoreError> {
        let now = self.inner.clock.now();
        let verdict = self.inner.store.verify_log(workspace, Some(now)).await?;
        let checked = told(&verdict, now);
        if !checked.is_good() {
            tracing::error!(workspace = ?workspace, findings = ?checked.findings, "an audit log was changed");
        }
        self.remember(workspace, checked.clone());
        Ok(checked)
    }

    fn remember(&self, workspace: Option<WorkspaceId>, checked: LogChecked) {
        self.inner.logs.lock().unwrap_or_else(PoisonError::into_inner).insert(workspace, checked);
    }

    /// What the last walk over a log found; `None` before the first.
    #[must_use]
    pub fn log_checked(&self, workspace: Option<WorkspaceId>) -> Option<LogChecked> {
        self.inner.logs.lock().unwrap_or_else(PoisonError::into_inner).get(&workspace).cloned()
    }

    /// Whether the last walk found nothing wrong anywhere.
    #[must_use]
    pub fn logs_are_good(&self) -> bool {
        self.inner.logs.lock().unwrap_or_else(PoisonError::into_inner).values().all(LogChecked::is_good)
    }
}

fn told(verdict: &LogVerdict, at: DateTime<Utc>) -> LogChecked {
    LogChecked {
        at,
        entries: verdict.entries,
        unsigned: verdict.unsigned,
        findings: verdict.problems.iter().take(MAX_FINDINGS).map(ToString::to_string).collect(),
    }
}

const fn of(log: Log) -> Option<WorkspaceId> {
    match log {
        Log::Installation => None,
        Log::Workspace(id) => Some(id),
    }
}
