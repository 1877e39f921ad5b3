//! Staff of a hosted installation: none has standing access to a workspace.
//!
//! They ask with a reason and a ticket, an owner lets them in for hours, and it ends by itself
//! (claim C9). Everything is in the customer's own record, the asking too.

use super::{EnterError, Installation};
use bursar_domain::id::{AccountId, SessionId, WorkspaceId};
use bursar_domain::{Actor, Principal};
use bursar_store::{NewStaffAccess, StaffAccess, StoreError};

/// Requests of one account that wait in one workspace.
const MOST_WAITING: usize = 3;

impl Installation {
    /// Asks for access to a workspace of a customer's.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] for whoever is no staff, as if there were no such workspace;
    /// [`StoreError::Conflict`] without a reason, a ticket or a time within limits, or when too many wait.
    pub async fn ask_staff_access(
        &self,
        actor: &Actor,
        workspace: WorkspaceId,
        new: NewStaffAccess,
    ) -> Result<StaffAccess, StoreError> {
        let account = self.inner.store.directory().account(new.staff).await?;
        if !account.staff || !account.is_active() {
            return Err(StoreError::NotFound("workspace"));
        }
        let access = self.inner.store.operator(workspace).await?;
        let store = self.inner.store.workspace(&access).await?;
        let waiting = store.staff_accesses().await?.into_iter().filter(|asked| {
            asked.staff == new.staff
                && asked.granted_at.is_none()
                && asked.refused_at.is_none()
                && asked.ended_at.is_none()
        });
        if waiting.count() >= MOST_WAITING {
            return Err(StoreError::Conflict("several of your requests wait already for this workspace"));
        }
        store.ask_staff_access(actor, new).await
    }

    /// The access that staff were granted to a workspace, while it lasts.
    pub(super) async fn as_staff(
        &self,
        account: AccountId,
        session: SessionId,
        workspace: WorkspaceId,
    ) -> Result<Principal, EnterError> {
        let access = self.inner.store.operator(workspace).await?;
        let store = self.inner.store.workspace(&access).await?;
        let now = self.inner.clock.now();
        let live = store.staff_accesses().await?.into_iter().find(|granted| {
            granted.staff == account
                && granted.ended_at.is_none()
                && granted.until.is_some_and(|until| until > now)
        });
        let live = live.ok_or(EnterError::NoWorkspace)?;
        Ok(Principal::Staff { id: account, session, access: live.id })
    }
}
