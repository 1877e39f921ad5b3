//! What the installation knows beyond single workspaces: who can sign in, who belongs where.
//!
//! One file per noun. Everything here is about accounts and the list of workspaces; what is in a
//! workspace is reached through [`crate::Store::workspace`] only.

mod accounts;
mod certificates;
mod factors;
mod identities;
mod invitations;
mod limits;
mod links;
mod memberships;
mod providers;
mod records;
mod sessions;
mod settings;
mod throttle;
mod workspaces;

pub use accounts::{Account, AccountKind, AccountStatus, NewAccount};
pub use certificates::{Certificate, NewCertificate};
pub use factors::{NewPasskey, Passkey, Totp};
pub use identities::ExternalIdentity;
pub use invitations::{Invitation, NewInvitation};
pub use limits::{Allowance, Limit};
pub use links::{Link, LinkDetails, LinkPurpose, NewLink};
pub use memberships::{Member, Membership, NewMembership, Via};
pub use providers::{IdentityProvider, NewIdentityProvider, ProviderKind};
pub use sessions::{NewSession, Session};
pub(crate) use settings::setting_row;
pub use throttle::Throttle;
pub use workspaces::{NewWorkspace, Workspace, WorkspaceState};

use crate::StoreError;
use crate::database::{Database, Reach};
use crate::log::Group;
use crate::record::{Entry, Ledger, Writing};
use crate::seal::Seal;
use crate::value::Ids;
use bursar_domain::id::WorkspaceId;
use bursar_domain::{Actor, Clock};
use bursar_keyring::{Keyring, Randomness};
use chrono::{DateTime, SubsecRound, Utc};
use sea_orm::DatabaseTransaction;
use std::sync::Arc;
use uuid::Uuid;

/// The installation's accounts, sessions, links, memberships and so on.
#[derive(Clone)]
pub struct Directory {
    pub(crate) database: Database,
    pub(crate) seal: Seal,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) random: Arc<dyn Randomness>,
    pub(crate) ids: Arc<Ids>,
    pub(crate) keyring: Arc<Keyring>,
    pub(crate) wake: Arc<crate::outbox::Wake>,
    pub(crate) group: Arc<Group>,
}

impl std::fmt::Debug for Directory {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Directory").finish_non_exhaustive()
    }
}

impl Directory {
    /// To the microsecond, as it is stored, so that what is answered is what is read back.
    pub(crate) fn now(&self) -> DateTime<Utc> {
        self.clock.now().trunc_subsecs(6)
    }

    pub(crate) fn new_uuid(&self) -> Result<Uuid, StoreError> {
        Ok(self.ids.next(self.now(), self.random.as_ref())?)
    }

    pub(crate) async fn begin_read(&self, reach: Reach) -> Result<DatabaseTransaction, StoreError> {
        self.seal.refresh(&self.keyring).await?;
        self.database.read(reach).await
    }

    pub(crate) async fn begin_write(&self, reach: Reach) -> Result<DatabaseTransaction, StoreError> {
        self.seal.refresh(&self.keyring).await?;
        self.database.write(reach).await
    }

    pub(crate) async fn read(&self) -> Result<DatabaseTransaction, StoreError> {
        self.begin_read(Reach::DIRECTORY).await
    }

    pub(crate) async fn write(&self) -> Result<DatabaseTransaction, StoreError> {
        self.begin_write(Reach::DIRECTORY).await
    }

    pub(crate) async fn read_of(&self, workspace: WorkspaceId) -> Result<DatabaseTransaction, StoreError> {
        self.begin_read(Reach::directory_of(workspace)).await
    }

    pub(crate) async fn write_of(&self, workspace: WorkspaceId) -> Result<DatabaseTransaction, StoreError> {
        self.begin_write(Reach::directory_of(workspace)).await
    }

    pub(crate) async fn commit(
        &self,
        transaction: DatabaseTransaction,
        actor: &Actor,
        entry: Entry,
    ) -> Result<(), StoreError> {
        let writing =
            Writing { ledger: Ledger::Directory, seal: &self.seal, id: self.new_uuid()?, now: self.now() };
        writing.commit(transaction, actor, entry).await
    }
}
