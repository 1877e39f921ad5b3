//! A round of signing over all logs.

use super::Store;
use crate::directory::WorkspaceState;
use crate::log::SignedNow;
use crate::value::{MAX_PAGE, Paging};
use crate::{AuditLog, LogVerdict, StoreError};
use bursar_audit::Log;
use bursar_domain::Actor;
use bursar_domain::id::{AccountId, WorkspaceId};
use chrono::{DateTime, Utc};

impl Store {
    /// Signs a checkpoint of every log where one is due, whether something happened there or not: the job of
    /// every minute. One log's trouble does not keep the others from theirs.
    ///
    /// # Errors
    /// When the list of workspaces does not read.
    pub async fn sign_checkpoints(&self, now: DateTime<Utc>) -> Result<SignedNow, StoreError> {
        let mut found = SignedNow::default();
        sign(&self.directory().log(), now, &mut found).await;
        for workspace in self.active_workspaces().await? {
            match self.log_of(workspace).await {
                Ok(log) => sign(&log, now, &mut found).await,
                Err(error) => found.failed.push((Log::Workspace(workspace), error)),
            }
        }
        Ok(found)
    }

    /// Closes as *unknown* what was announced before this moment and never concluded, in every log; how many.
    ///
    /// # Errors
    /// When a database does not answer; those before are closed.
    pub async fn close_lost_intents(&self, before: DateTime<Utc>) -> Result<u64, StoreError> {
        let mut closed = self.directory().log().close_lost_intents(before).await?;
        for workspace in self.active_workspaces().await? {
            closed += self.log_of(workspace).await?.close_lost_intents(before).await?;
        }
        Ok(closed)
    }

    /// Checks a workspace's log, or with none the installation's, against its checkpoints.
    ///
    /// # Errors
    /// [`StoreError::NotFound`], and when a database does not answer.
    pub async fn verify_log(
        &self,
        workspace: Option<WorkspaceId>,
        now: Option<DateTime<Utc>>,
    ) -> Result<LogVerdict, StoreError> {
        match workspace {
            None => self.directory().log().verify(now).await,
            Some(workspace) => self.log_of(workspace).await?.verify(now).await,
        }
    }

    /// Erases what every log knows about a person; how many entries knew something.
    ///
    /// # Errors
    /// When a database does not answer. Starting again carries on.
    pub async fn erase_person(&self, actor: &Actor, person: AccountId) -> Result<u64, StoreError> {
        let mut erased = self.directory().log().erase_person(actor, person).await?;
        for workspace in self.active_workspaces().await? {
            erased += self.log_of(workspace).await?.erase_person(actor, person).await?;
        }
        Ok(erased)
    }

    async fn log_of(&self, workspace: WorkspaceId) -> Result<AuditLog, StoreError> {
        let access = self.operator(workspace).await?;
        Ok(self.workspace(&access).await?.log())
    }

    async fn active_workspaces(&self) -> Result<Vec<WorkspaceId>, StoreError> {
        let (mut found, mut after) = (Vec::new(), None);
        loop {
            let page = self.directory().workspaces(Paging { after, limit: MAX_PAGE }).await?;
            let Some(last) = page.last() else { return Ok(found) };
            after = Some(last.id);
            found.extend(page.iter().filter(|w| w.state != WorkspaceState::Deleted).map(|w| w.id));
        }
    }
}

async fn sign(log: &AuditLog, now: DateTime<Utc>, found: &mut SignedNow) {
    let signed = match log.is_due(now).await {
        Ok(false) => return,
        Ok(true) => log.sign_checkpoint(now).await.map(drop),
        Err(error) => Err(error),
    };
    match signed {
        Ok(()) => found.signed += 1,
        Err(error) => {
            tracing::error!(log = %log.log(), %error, "no checkpoint was signed");
            found.failed.push((log.log(), error));
        }
    }
}
