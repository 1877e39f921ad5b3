//! Events beyond one workspace: where something is to be done, and carrying the directory's events.

use super::{Place, Store};
use crate::database::{Reach, commit};
use crate::directory::WorkspaceState;
use crate::entity::{directory_event, event, outbox_state};
use crate::outbox::{DATA, DIRECTORY_DATA, locks, put};
use crate::value::{Key, MAX_PAGE, Paging, micros};
use crate::{Directory, StoreError, WorkspaceStore};
use bursar_domain::EmailAddress;
use bursar_domain::id::{AccountId, WorkspaceId};
use chrono::{DateTime, Utc};
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect, Statement};

/// Events of the directory that are carried at once.
const RELAYED: u64 = 200;
/// What keeps several replicas from carrying at once: "relay" in ASCII.
const LOCK: i64 = 0x0072_656c_6179;

impl Store {
    /// Workspaces in which events or deliveries are due, after the directory's events were carried.
    ///
    /// On PostgreSQL the database says. Of files this process knows its own changes; every five
    /// minutes it looks into all, for those of other processes.
    ///
    /// # Errors
    /// When a database does not answer.
    pub async fn workspaces_with_events(&self, now: DateTime<Utc>) -> Result<Vec<WorkspaceId>, StoreError> {
        while self.relay_events().await? == RELAYED {}
        let directory = &self.inner.directory;
        let mut due = Vec::new();
        let mut files = false;
        for place in self.inner.regions.values() {
            let Place::Postgres(database) = place else {
                files = true;
                continue;
            };
            let transaction = database.read(Reach::DIRECTORY).await?;
            let rows = outbox_state::Entity::find()
                .filter(outbox_state::Column::DueUs.lte(micros(now)))
                .order_by_asc(outbox_state::Column::DueUs)
                .limit(MAX_PAGE)
                .all(&transaction)
                .await?;
            due.extend(rows.into_iter().map(|row| WorkspaceId::from_uuid(row.workspace_id)));
        }
        if files {
            if directory.wake.walks(now) {
                self.walk().await?;
            }
            due.extend(directory.wake.due(now));
        }
        due.sort_unstable();
        due.dedup();
        Ok(due)
    }

    /// Looks into every file for what is to be done.
    async fn walk(&self) -> Result<(), StoreError> {
        let mut after = None;
        loop {
            let page = self.inner.directory.workspaces(Paging { after, limit: MAX_PAGE }).await?;
            let Some(last) = page.last() else { return Ok(()) };
            after = Some(last.id);
            for found in page.iter().filter(|found| found.state != WorkspaceState::Deleted) {
                if !matches!(self.place(&found.region)?, Place::Files(_)) {
                    continue;
                }
                // One that does not open keeps the others' events from nobody.
                match self.event_store(found.id).await {
                    Ok(store) => {
                        if let Some(due) = store.events_due().await? {
                            self.inner.directory.wake.at(found.id, due);
                        }
                    }
                    Err(error) => tracing::warn!(
                        workspace = %found.id,
                        error = &error as &dyn std::error::Error,
                        "a workspace was not looked into for events"
                    ),
                }
            }
        }
    }

    /// A workspace, for its events.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] when it is deleted.
    pub async fn event_store(&self, workspace: WorkspaceId) -> Result<WorkspaceStore, StoreError> {
        let access = self.operator(workspace).await?;
        self.workspace(&access).await
    }

    /// Carries events of the directory into the workspaces that they are about, in their order. How many
    /// there were. A process that is killed in between carries them again, and nothing comes of that.
    ///
    /// # Errors
    /// When a database does not answer; then the rest stays where it is.
    pub async fn relay_events(&self) -> Result<u64, StoreError> {
        let directory = &self.inner.directory;
        // Held until the end by this transaction, which changes nothing.
        let guard = directory.read().await?;
        if locks(&guard) {
            let sql = format!("SELECT pg_try_advisory_xact_lock({LOCK}) AS mine");
            let row = guard.query_one_raw(Statement::from_string(guard.get_database_backend(), sql)).await?;
            if !row.map(|row| row.try_get::<bool>("", "mine")).transpose()?.unwrap_or_default() {
                return Ok(0);
            }
        }
        let rows = directory_event::Entity::find()
            .order_by_asc(directory_event::Column::Seq)
            .limit(RELAYED)
            .all(&guard)
            .await?;
        let count = rows.len() as u64;
        for row in rows {
            self.relay(&row).await?;
            let transaction = directory.write().await?;
            directory_event::Entity::delete_many()
                .filter(directory_event::Column::Seq.eq(row.seq))
                .exec(&transaction)
                .await?;
            commit(transaction).await?;
        }
        Ok(count)
    }

    async fn relay(&self, row: &directory_event::Model) -> Result<(), StoreError> {
        let directory = &self.inner.directory;
        let data = directory.seal.open_text(DIRECTORY_DATA, row.id, &row.data_sealed)?;
        let mut workspaces: Vec<WorkspaceId> = row.workspace_id.map(Key::from_uuid).into_iter().collect();
        if let Some(account) = row.account_id {
            let memberships = directory.memberships(AccountId::from_uuid(account)).await?;
            workspaces.extend(memberships.into_iter().map(|membership| membership.workspace));
        }
        for workspace in workspaces {
            let store = match self.event_store(workspace).await {
                Ok(store) => store,
                // Deleted meanwhile, or its keys are destroyed: there is nobody to tell.
                Err(
                    StoreError::NotFound(_) | StoreError::Keys(bursar_keyring::KeyringError::NotFound(_)),
                ) => continue,
                Err(error) => return Err(error),
            };
            let relayed = event::Model {
                workspace_id: workspace.uuid(),
                seq: 0,
                id: row.id,
                r#type: row.r#type.clone(),
                subject: row.subject.clone(),
                at_us: row.at_us,
                once_lookup: None,
                data_sealed: store.seal.text(DATA, row.id, &data)?,
                expanded_us: None,
            };
            let transaction = store.write().await?;
            put(&transaction, relayed, store.now()).await?;
            commit(transaction).await?;
            directory.wake.at(workspace, store.now());
        }
        Ok(())
    }
}

impl Directory {
    /// The mail address of a member who may still sign in.
    pub(crate) async fn member_mail(
        &self,
        workspace: WorkspaceId,
        account: AccountId,
    ) -> Result<Option<EmailAddress>, StoreError> {
        let nobody = |error| match error {
            StoreError::NotFound(_) => Ok(None),
            error => Err(error),
        };
        if let Err(error) = self.membership(workspace, account).await {
            return nobody(error);
        }
        match self.account(account).await {
            Ok(account) => Ok(account.is_active().then_some(account.email)),
            Err(error) => nobody(error),
        }
    }
}
