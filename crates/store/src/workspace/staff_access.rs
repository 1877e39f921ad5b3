//! Staff access: none standing. Staff ask with a reason and a ticket, the customer grants it for
//! hours, it ends by itself, and all of it is in the customer's own record.

use super::WorkspaceStore;
use crate::StoreError;
use crate::database::insert;
use crate::entity::staff_access as access;
use crate::error::{bounded, changed, found};
use crate::record::Entry;
use crate::seal::{Column, column};
use crate::value::{Key, maybe_moment, micros, moment};
use bursar_domain::Actor;
use bursar_domain::id::{AccountId, StaffAccessId};
use chrono::{DateTime, TimeDelta, Utc};
use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect};
use serde_json::json;

const TABLE: &str = "staff_access";
const REASON: Column = column(TABLE, "reason");
const TICKET: Column = column(TABLE, "ticket");
/// The longest access, in hours.
pub const MAX_HOURS: u32 = 72;

/// A request for staff access, and what became of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StaffAccess {
    /// Its id.
    pub id: StaffAccessId,
    /// Who asks.
    pub staff: AccountId,
    /// Why.
    pub reason: String,
    /// The ticket it is for.
    pub ticket: String,
    /// Whether nothing may be changed.
    pub read_only: bool,
    /// For how long it was asked.
    pub asked_hours: u32,
    /// When it was asked for.
    pub asked_at: DateTime<Utc>,
    /// Who granted it.
    pub granted_by: Option<AccountId>,
    /// When it was granted.
    pub granted_at: Option<DateTime<Utc>>,
    /// It ends then by itself.
    pub until: Option<DateTime<Utc>>,
    /// When it was refused.
    pub refused_at: Option<DateTime<Utc>>,
    /// When it was ended before its time.
    pub ended_at: Option<DateTime<Utc>>,
}

/// A request for staff access.
#[derive(Debug, Clone)]
pub struct NewStaffAccess {
    /// Who asks.
    pub staff: AccountId,
    /// Why; 1 to 2000 bytes.
    pub reason: String,
    /// The ticket it is for; 1 to 200 bytes.
    pub ticket: String,
    /// Whether nothing is to be changed.
    pub read_only: bool,
    /// For how long, up to [`MAX_HOURS`].
    pub hours: u32,
}

impl WorkspaceStore {
    /// Asks for staff access.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] without a reason, a ticket, or a time within limits.
    pub async fn ask_staff_access(
        &self,
        actor: &Actor,
        new: NewStaffAccess,
    ) -> Result<StaffAccess, StoreError> {
        if new.reason.trim().is_empty() || new.ticket.trim().is_empty() {
            return Err(StoreError::Conflict("staff access needs a reason and a ticket"));
        }
        bounded(&new.reason, 2000, "a reason", "2000 bytes")?;
        bounded(&new.ticket, 200, "a ticket", "200 bytes")?;
        hours_within(new.hours, MAX_HOURS)?;
        let id = self.new_uuid()?;
        let row = access::Model {
            workspace_id: self.here(),
            id,
            staff_account_id: new.staff.uuid(),
            reason_sealed: self.seal.text(REASON, id, &new.reason)?,
            ticket_sealed: self.seal.text(TICKET, id, &new.ticket)?,
            read_only: new.read_only,
            asked_hours: i64::from(new.hours),
            asked_us: micros(self.now()),
            granted_by: None,
            granted_us: None,
            until_us: None,
            refused_us: None,
            ended_us: None,
        };
        let transaction = self.write().await?;
        insert(&transaction, row.clone()).await?;
        let entry = Entry::done("staff-access.ask", StaffAccessId::from_uuid(id)).with(json!({
            "staff": new.staff, "reason": new.reason, "ticket": new.ticket,
            "read_only": new.read_only, "hours": new.hours,
        }));
        self.commit(transaction, actor, entry).await?;
        self.access_of(row)
    }

    /// Grants staff access, for at most as long as was asked. Whoever asked cannot grant it.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] when none waits; [`StoreError::Conflict`] when the actor is no
    /// account, asked for it itself, or grants more than was asked.
    pub async fn grant_staff_access(
        &self,
        actor: &Actor,
        id: StaffAccessId,
        hours: u32,
        read_only: bool,
    ) -> Result<StaffAccess, StoreError> {
        let by =
            actor.principal.account().ok_or(StoreError::Conflict("staff access is granted by a member"))?;
        let asked = self.staff_access(id).await?;
        if asked.staff == by {
            return Err(StoreError::Conflict("whoever asks for staff access does not grant it"));
        }
        hours_within(hours, asked.asked_hours)?;
        if asked.read_only && !read_only {
            return Err(StoreError::Conflict("access was asked for reading only"));
        }
        let now = self.now();
        let until = now + TimeDelta::hours(i64::from(hours));
        let transaction = self.write().await?;
        let rows = access::Entity::update_many()
            .col_expr(access::Column::GrantedBy, Expr::value(by.uuid()))
            .col_expr(access::Column::GrantedUs, Expr::value(micros(now)))
            .col_expr(access::Column::UntilUs, Expr::value(micros(until)))
            .col_expr(access::Column::ReadOnly, Expr::value(read_only))
            .filter(access::Column::WorkspaceId.eq(self.here()))
            .filter(access::Column::Id.eq(id.uuid()))
            .filter(access::Column::GrantedUs.is_null())
            .filter(access::Column::RefusedUs.is_null())
            .filter(access::Column::EndedUs.is_null())
            .exec(&transaction)
            .await?;
        changed(rows.rows_affected, "staff access")?;
        let entry = Entry::done("staff-access.grant", id)
            .with(json!({ "staff": asked.staff, "until": until, "read_only": read_only }));
        self.commit(transaction, actor, entry).await?;
        self.staff_access(id).await
    }

    /// Refuses a request for staff access.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] when none waits.
    pub async fn refuse_staff_access(&self, actor: &Actor, id: StaffAccessId) -> Result<(), StoreError> {
        let transaction = self.write().await?;
        let rows = access::Entity::update_many()
            .col_expr(access::Column::RefusedUs, Expr::value(micros(self.now())))
            .filter(access::Column::WorkspaceId.eq(self.here()))
            .filter(access::Column::Id.eq(id.uuid()))
            .filter(access::Column::GrantedUs.is_null())
            .filter(access::Column::RefusedUs.is_null())
            .exec(&transaction)
            .await?;
        changed(rows.rows_affected, "staff access")?;
        self.commit(transaction, actor, Entry::done("staff-access.refuse", id)).await
    }

    /// Ends staff access before its time: it is refused from then on.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] when it ended already.
    pub async fn end_staff_access(&self, actor: &Actor, id: StaffAccessId) -> Result<(), StoreError> {
        let transaction = self.write().await?;
        let rows = access::Entity::update_many()
            .col_expr(access::Column::EndedUs, Expr::value(micros(self.now())))
            .filter(access::Column::WorkspaceId.eq(self.here()))
            .filter(access::Column::Id.eq(id.uuid()))
            .filter(access::Column::EndedUs.is_null())
            .exec(&transaction)
            .await?;
        changed(rows.rows_affected, "staff access")?;
        self.commit(transaction, actor, Entry::done("staff-access.end", id)).await
    }

    /// A request for staff access, whatever became of it.
    ///
    /// # Errors
    /// [`StoreError::NotFound`].
    pub async fn staff_access(&self, id: StaffAccessId) -> Result<StaffAccess, StoreError> {
        let transaction = self.read().await?;
        let row = access::Entity::find_by_id((self.here(), id.uuid())).one(&transaction).await?;
        self.access_of(found(row, "staff access")?)
    }

    /// Every request for staff access, newest first; at most 1,000.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn staff_accesses(&self) -> Result<Vec<StaffAccess>, StoreError> {
        let transaction = self.read().await?;
        let rows = access::Entity::find()
            .filter(access::Column::WorkspaceId.eq(self.here()))
            .order_by_desc(access::Column::Id)
            .limit(crate::value::MAX_PAGE)
            .all(&transaction)
            .await?;
        rows.into_iter().map(|row| self.access_of(row)).collect()
    }

    /// The access, if it is granted and lasts.
    pub(crate) async fn live_staff_access(&self, id: StaffAccessId) -> Result<StaffAccess, StoreError> {
        let transaction = self.read().await?;
        let row = access::Entity::find_by_id((self.here(), id.uuid()))
            .filter(access::Column::UntilUs.gt(micros(self.now())))
            .filter(access::Column::EndedUs.is_null())
            .one(&transaction)
            .await?;
        self.access_of(found(row, "staff access")?)
    }

    fn access_of(&self, row: access::Model) -> Result<StaffAccess, StoreError> {
        Ok(StaffAccess {
            id: StaffAccessId::from_uuid(row.id),
            staff: AccountId::from_uuid(row.staff_account_id),
            reason: self.seal.open_text(REASON, row.id, &row.reason_sealed)?,
            ticket: self.seal.open_text(TICKET, row.id, &row.ticket_sealed)?,
            read_only: row.read_only,
            asked_hours: u32::try_from(row.asked_hours).unwrap_or_default(),
            asked_at: moment(row.asked_us, TABLE)?,
            granted_by: row.granted_by.map(AccountId::from_uuid),
            granted_at: maybe_moment(row.granted_us, TABLE)?,
            until: maybe_moment(row.until_us, TABLE)?,
            refused_at: maybe_moment(row.refused_us, TABLE)?,
            ended_at: maybe_moment(row.ended_us, TABLE)?,
        })
    }
}

fn hours_within(hours: u32, most: u32) -> Result<(), StoreError> {
    if (1..=most.min(MAX_HOURS)).contains(&hours) {
        Ok(())
    } else {
        Err(StoreError::Conflict(
            "staff access lasts at least an hour and at most as long as was asked, 72 hours",
        ))
    }
}
