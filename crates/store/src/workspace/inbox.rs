//! The inbox: notices that a member reads in the program.

use super::WorkspaceStore;
use super::dispatches::NOTICE;
use crate::StoreError;
use crate::database::commit;
use crate::entity::inbox_notice;
use crate::error::changed;
use crate::value::{Key, Paging, maybe_moment, micros, moment, unjson};
use bursar_domain::id::{AccountId, EventId, NoticeId};
use chrono::{DateTime, Utc};
use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait, EntityTrait, PaginatorTrait, QueryFilter, QueryOrder, QuerySelect};
use serde_json::Value as Json;

/// A notice in an inbox.
#[derive(Debug, Clone, PartialEq)]
pub struct InboxNotice {
    /// Which.
    pub id: NoticeId,
    /// The event it tells of.
    pub event: EventId,
    /// What it says.
    pub notice: Json,
    /// When it came.
    pub created_at: DateTime<Utc>,
    /// When it was read.
    pub read_at: Option<DateTime<Utc>>,
}

impl WorkspaceStore {
    /// A member's notices, the newest first.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn inbox(
        &self,
        account: AccountId,
        paging: Paging<NoticeId>,
    ) -> Result<Vec<InboxNotice>, StoreError> {
        let transaction = self.read().await?;
        let mut query = inbox_notice::Entity::find()
            .filter(inbox_notice::Column::WorkspaceId.eq(self.here()))
            .filter(inbox_notice::Column::AccountId.eq(account.uuid()))
            .order_by_desc(inbox_notice::Column::Id)
            .limit(paging.limit());
        if let Some(after) = paging.after {
            query = query.filter(inbox_notice::Column::Id.lt(after.uuid()));
        }
        let notice = |row: inbox_notice::Model| {
            Ok(InboxNotice {
                id: NoticeId::from_uuid(row.id),
                event: EventId::from_uuid(row.event_id),
                notice: unjson(&self.seal.open_text(NOTICE, row.id, &row.notice_sealed)?, NOTICE.table)?,
                created_at: moment(row.created_us, NOTICE.table)?,
                read_at: maybe_moment(row.read_us, NOTICE.table)?,
            })
        };
        query.all(&transaction).await?.into_iter().map(notice).collect()
    }

    /// How many a member has not read.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn unread_notices(&self, account: AccountId) -> Result<u64, StoreError> {
        let transaction = self.read().await?;
        let unread = inbox_notice::Entity::find()
            .filter(inbox_notice::Column::WorkspaceId.eq(self.here()))
            .filter(inbox_notice::Column::AccountId.eq(account.uuid()))
            .filter(inbox_notice::Column::ReadUs.is_null());
        Ok(unread.count(&transaction).await?)
    }

    /// Notes that a member read a notice of its own; again is no error. Not recorded.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] for others' notices as well.
    pub async fn read_notice(&self, account: AccountId, id: NoticeId) -> Result<(), StoreError> {
        let transaction = self.write().await?;
        let of = inbox_notice::Entity::find_by_id((self.here(), id.uuid()))
            .filter(inbox_notice::Column::AccountId.eq(account.uuid()));
        changed(of.count(&transaction).await?, "notice")?;
        inbox_notice::Entity::update_many()
            .col_expr(inbox_notice::Column::ReadUs, Expr::value(micros(self.now())))
            .filter(inbox_notice::Column::WorkspaceId.eq(self.here()))
            .filter(inbox_notice::Column::Id.eq(id.uuid()))
            .filter(inbox_notice::Column::ReadUs.is_null())
            .exec(&transaction)
            .await?;
        commit(transaction).await
    }

    /// Notes that a member read everything in its inbox. How many were unread. Not recorded.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn read_all_notices(&self, account: AccountId) -> Result<u64, StoreError> {
        let transaction = self.write().await?;
        let read = inbox_notice::Entity::update_many()
            .col_expr(inbox_notice::Column::ReadUs, Expr::value(micros(self.now())))
            .filter(inbox_notice::Column::WorkspaceId.eq(self.here()))
            .filter(inbox_notice::Column::AccountId.eq(account.uuid()))
            .filter(inbox_notice::Column::ReadUs.is_null())
            .exec(&transaction)
            .await?;
        commit(transaction).await?;
        Ok(read.rows_affected)
    }
}
