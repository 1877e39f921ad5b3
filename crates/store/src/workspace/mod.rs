//! One workspace's own data: its sources, roles, teams, tokens, provisioned users, records.
//!
//! A [`WorkspaceStore`] is bound to its workspace when it is made: no method takes one. Every query
//! names that workspace; on PostgreSQL the transaction does so as well, and row-level security
//! shows nothing else.

mod alerts;
mod backups;
mod credentials;
mod dispatch_log;
mod dispatches;
mod dump;
mod events;
mod inbox;
mod members;
mod records;
mod restore;
mod roles;
mod scim_groups;
mod scim_users;
mod settings;
mod sources;
mod staff_access;
mod teams;
mod tokens;
mod webhooks;

pub use alerts::{AlertRuleRow, Channel, ChannelKind, NewAlertRule, NewChannel};
pub use backups::{Backup, NewBackup};
pub use dispatch_log::{DispatchState, Dispatched};
pub use dispatches::{DeadLetter, DispatchAttempt, DispatchResult};
pub use dump::Dump;
pub use events::{ClaimedDispatch, Destination, DispatchClaim};
pub use inbox::InboxNotice;
pub use restore::{Restored, Restoring};
pub use roles::{CustomRole, NewCustomRole};
pub use scim_groups::{GroupChange, ScimGroup};
pub use scim_users::{ScimFilter, ScimUser, UserChange};
pub use sources::{NewSource, Source};
pub use staff_access::{MAX_HOURS, NewStaffAccess, StaffAccess};
pub use teams::{NewTeam, Team};
pub use tokens::{NewToken, TokenKind, TokenRow, TokenText, TokenTextError};
pub use webhooks::{NewWebhook, Webhook, WebhookChange, WebhookState};

use crate::database::{Database, Reach};
use crate::log::Group;
use crate::record::{Entry, Ledger, Writing};
use crate::seal::Seal;
use crate::{Directory, StoreError};
use bursar_domain::Actor;
use bursar_domain::id::WorkspaceId;
use bursar_keyring::WorkspaceKeys;
use chrono::{DateTime, Utc};
use sea_orm::DatabaseTransaction;
use std::sync::Arc;
use uuid::Uuid;

/// The store of one workspace.
pub struct WorkspaceStore {
    workspace: WorkspaceId,
    database: Database,
    pub(crate) seal: Seal,
    keys: Arc<WorkspaceKeys>,
    directory: Directory,
    group: Arc<Group>,
}

impl std::fmt::Debug for WorkspaceStore {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("WorkspaceStore").field("workspace", &self.workspace).finish_non_exhaustive()
    }
}

impl WorkspaceStore {
    pub(crate) const fn new(
        workspace: WorkspaceId,
        database: Database,
        seal: Seal,
        keys: Arc<WorkspaceKeys>,
        directory: Directory,
        group: Arc<Group>,
    ) -> Self {
        Self { workspace, database, seal, keys, directory, group }
    }

    /// The workspace.
    #[must_use]
    pub const fn id(&self) -> WorkspaceId {
        self.workspace
    }

    /// The workspace's keys, for what lies beside the database (rollups, backups), as they were when
    /// it was opened.
    #[must_use]
    pub const fn keys(&self) -> &Arc<WorkspaceKeys> {
        &self.keys
    }

    fn here(&self) -> Uuid {
        crate::value::Key::uuid(self.workspace)
    }

    pub(crate) fn now(&self) -> DateTime<Utc> {
        self.directory.now()
    }

    fn new_uuid(&self) -> Result<Uuid, StoreError> {
        self.directory.new_uuid()
    }

    async fn read(&self) -> Result<DatabaseTransaction, StoreError> {
        self.seal.refresh(&self.directory.keyring).await?;
        self.database.read(Reach::workspace(self.workspace)).await
    }

    pub(crate) async fn write(&self) -> Result<DatabaseTransaction, StoreError> {
        self.seal.refresh(&self.directory.keyring).await?;
        self.database.write(Reach::workspace(self.workspace)).await
    }

    async fn commit(
        &self,
        transaction: DatabaseTransaction,
        actor: &Actor,
        entry: Entry,
    ) -> Result<(), StoreError> {
        let writing = Writing {
            ledger: Ledger::Workspace(self.workspace),
            seal: &self.seal,
            id: self.new_uuid()?,
            now: self.now(),
        };
        writing.commit(transaction, actor, entry).await?;
        self.directory.wake.at(self.workspace, self.now());
        Ok(())
    }
}
