//! The delivery log of one target: every dispatch with how its last attempt went.

use super::WorkspaceStore;
use super::dispatches::{LOG, REASON};
use super::events::target_row;
use crate::StoreError;
use crate::entity::{dispatch, dispatch_attempt, event};
use crate::error::changed;
use crate::record::Entry;
use crate::value::{Key, Paging, moment, unjson, words};
use crate::workspace::DispatchAttempt;
use bursar_domain::Actor;
use bursar_domain::event::{Event, Target};
use bursar_domain::id::DispatchId;
use chrono::{DateTime, Utc};
use sea_orm::{ColumnTrait, Condition, EntityTrait, QueryFilter, QueryOrder, QuerySelect};
use std::collections::BTreeMap;

const TABLE: &str = "dispatches";

words! {
    /// Where a dispatch stands.
    DispatchState:
    /// It is tried, or tried again, when it is due.
    Waiting = "waiting",
    /// It was taken.
    Delivered = "delivered",
    /// It lies with the dead letters.
    Dead = "dead",
    /// Nobody needs it any more: somebody read the notice.
    Dropped = "dropped",
}

/// A dispatch and how its last attempt went.
#[derive(Debug, Clone, PartialEq)]
pub struct Dispatched {
    /// Which.
    pub id: DispatchId,
    /// The event.
    pub event: Event,
    /// Where it stands.
    pub state: DispatchState,
    /// How many attempts were made.
    pub attempts: u32,
    /// When the next attempt is due, while it waits.
    pub due_at: DateTime<Utc>,
    /// Why it is dead, if it is.
    pub reason: Option<String>,
    /// When it was planned.
    pub created_at: DateTime<Utc>,
    /// The last attempt.
    pub last: Option<DispatchAttempt>,
}

impl WorkspaceStore {
    /// What was sent or is to be sent to a target, the newest first.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn dispatches_to(
        &self,
        target: Target,
        state: Option<DispatchState>,
        paging: Paging<DispatchId>,
    ) -> Result<Vec<Dispatched>, StoreError> {
        let (kind, target_id) = target_row(target);
        let transaction = self.read().await?;
        let mut query = dispatch::Entity::find()
            .filter(dispatch::Column::WorkspaceId.eq(self.here()))
            .filter(dispatch::Column::Kind.eq(kind))
            .filter(dispatch::Column::TargetId.eq(target_id))
            .order_by_desc(dispatch::Column::Id)
            .limit(paging.limit());
        if let Some(state) = state {
            query = query.filter(dispatch::Column::State.eq(state.as_str()));
        }
        if let Some(after) = paging.after {
            query = query.filter(dispatch::Column::Id.lt(after.uuid()));
        }
        let rows = query.all(&transaction).await?;
        let attempts = dispatch_attempt::Entity::find()
            .filter(dispatch_attempt::Column::WorkspaceId.eq(self.here()))
            .filter(dispatch_attempt::Column::DispatchId.is_in(rows.iter().map(|row| row.id)))
            .order_by_asc(dispatch_attempt::Column::Id)
            .all(&transaction)
            .await?;
        // Of each dispatch the newest stays.
        let mut last: BTreeMap<uuid::Uuid, dispatch_attempt::Model> =
            attempts.into_iter().map(|row| (row.dispatch_id, row)).collect();
        let events = event::Entity::find()
            .filter(event::Column::WorkspaceId.eq(self.here()))
            .filter(event::Column::Seq.is_in(rows.iter().map(|row| row.event_seq)))
            .all(&transaction)
            .await?;
        let events: BTreeMap<i64, event::Model> = events.into_iter().map(|row| (row.seq, row)).collect();
        let mut dispatched = Vec::with_capacity(rows.len());
        for row in rows {
            let event = events.get(&row.event_seq).cloned();
            let event = event.ok_or(StoreError::Damaged { table: "outbox", what: "an event is missing" })?;
            let attempt = |row: dispatch_attempt::Model| -> Result<DispatchAttempt, StoreError> {
                Ok(DispatchAttempt {
                    at: moment(row.at_us, LOG.table)?,
                    log: unjson(&self.seal.open_text(LOG, row.id, &row.log_sealed)?, LOG.table)?,
                })
            };
            let reason =
                row.reason_sealed.as_deref().map(|sealed| self.seal.open_text(REASON, row.id, sealed));
            dispatched.push(Dispatched {
                id: DispatchId::from_uuid(row.id),
                event: self.event_of(event)?,
                state: row.state.parse()?,
                attempts: u32::try_from(row.attempts).unwrap_or(u32::MAX),
                due_at: moment(row.due_us, TABLE)?,
                reason: reason.transpose()?,
                created_at: moment(row.created_us, TABLE)?,
                last: last.remove(&row.id).map(attempt).transpose()?,
            });
        }
        Ok(dispatched)
    }

    /// Makes a dead letter of one target wait again, with all its attempts before it.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] when it is none, or one of another target.
    pub async fn replay_dispatch(
        &self,
        actor: &Actor,
        target: Target,
        id: DispatchId,
    ) -> Result<(), StoreError> {
        let (kind, target_id) = target_row(target);
        let which = Condition::all()
            .add(dispatch::Column::Id.eq(id.uuid()))
            .add(dispatch::Column::Kind.eq(kind))
            .add(dispatch::Column::TargetId.eq(target_id));
        changed(self.replay(actor, which, Entry::done("dead-letter.replay", id)).await?, "dead letter")
    }
}
