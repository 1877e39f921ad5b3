//! How attempts ended: delivery log, dead letters, replay.

use super::WorkspaceStore;
use super::events::target_of;
use crate::database::{commit, insert};
use crate::entity::{dispatch, dispatch_attempt, event, inbox_notice, webhook};
use crate::error::changed;
use crate::outbox::NewEvent;
use crate::record::Entry;
use crate::seal::{Column, column};
use crate::value::{Key, Paging, json, maybe_moment, micros, moment, unjson};
use crate::{DispatchClaim, StoreError, WebhookState};
use bursar_domain::event::{AttemptLog, Event, EventData, Health, Next, Target, WebhookPaused};
use bursar_domain::id::{DispatchId, WebhookId};
use bursar_domain::{Actor, Principal};
use chrono::{DateTime, Utc};
use sea_orm::sea_query::Expr;
use sea_orm::{
    ColumnTrait, Condition, DatabaseTransaction, EntityTrait, QueryFilter, QueryOrder, QuerySelect,
};
use serde_json::Value as Json;

const TABLE: &str = "dispatches";
pub(super) const REASON: Column = column(TABLE, "reason");
pub(super) const LOG: Column = column("dispatch_attempts", "log");
pub(super) const NOTICE: Column = column("inbox", "notice");
/// Attempts of a dispatch that are kept.
const KEPT: u64 = 20;
/// Longest log of an attempt and longest notice.
const MAX_LOG: usize = 32 * 1024;

/// How an attempt ended.
#[derive(Debug, Clone, PartialEq)]
pub struct DispatchResult {
    /// What follows.
    pub next: Next,
    /// For the log.
    pub log: AttemptLog,
    /// The webhook's health from now on.
    pub health: Option<Health>,
    /// Why the webhook is paused, if it is.
    pub pause: Option<String>,
    /// What goes into the inbox.
    pub inbox: Option<Json>,
}

/// An attempt, as it is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DispatchAttempt {
    /// When.
    pub at: DateTime<Utc>,
    /// How it went.
    pub log: AttemptLog,
}

/// A dispatch that nobody tries any more.
#[derive(Debug, Clone, PartialEq)]
pub struct DeadLetter {
    /// Which.
    pub id: DispatchId,
    /// The event.
    pub event: Event,
    /// Where it should have gone.
    pub target: Target,
    /// Why it did not.
    pub reason: String,
    /// How many attempts were made.
    pub attempts: u32,
    /// When it was given up.
    pub dead_at: Option<DateTime<Utc>>,
}

/// In whose name the program itself pauses a webhook.
const PROGRAM: Actor = Actor { principal: Principal::System, on_behalf_of: None, request: None };

impl WorkspaceStore {
    /// Notes how an attempt ended, with its log, the webhook's health and what goes into an inbox, all or
    /// nothing. A claim that was lost meanwhile changes nothing.
    ///
    /// # Errors
    /// When the database does not answer; then the dispatch is made again when its claim ends.
    pub async fn finish_dispatch(
        &self,
        claimed: &DispatchClaim,
        result: &DispatchResult,
        now: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        let transaction = self.write().await?;
        let id = claimed.id.uuid();
        let (state, due, reason) = match &result.next {
            Next::Delivered => ("delivered", None, None),
            Next::Retry { at } => ("waiting", Some(*at), None),
            Next::Dead { reason } | Next::SwitchOff { reason } => ("dead", None, Some(reason.as_str())),
        };
        let reason_sealed = reason.map(|reason| self.seal.text(REASON, id, reason)).transpose()?;
        let mut update = dispatch::Entity::update_many()
            .col_expr(dispatch::Column::State, Expr::value(state))
            .col_expr(dispatch::Column::Attempts, Expr::value(i64::from(claimed.attempt)))
            .col_expr(dispatch::Column::ReasonSealed, Expr::value(reason_sealed))
            .col_expr(dispatch::Column::Lease, Expr::value(Option::<uuid::Uuid>::None))
            .col_expr(dispatch::Column::LeaseUs, Expr::value(Option::<i64>::None))
            .col_expr(
                dispatch::Column::FinishedUs,
                Expr::value(if due.is_none() { Some(micros(now)) } else { None }),
            );
        if let Some(due) = due {
            update = update.col_expr(dispatch::Column::DueUs, Expr::value(micros(due)));
        }
        let finished = update
            .filter(dispatch::Column::WorkspaceId.eq(self.here()))
            .filter(dispatch::Column::Id.eq(id))
            .filter(dispatch::Column::State.eq("waiting"))
            .filter(dispatch::Column::Lease.eq(uuid::Uuid::from_u128(claimed.lease)))
            .exec(&transaction)
            .await?;
        if finished.rows_affected == 0 {
            return Ok(());
        }
        self.log_attempt(&transaction, id, &result.log, now).await?;
        if let (Target::Inbox(account), Some(notice)) = (claimed.target, &result.inbox) {
            let row = self.new_uuid()?;
            let text = json(notice, "inbox")?;
            crate::error::bounded(&text, MAX_LOG, "a notice", "32 KiB")?;
            let notice = inbox_notice::Model {
                workspace_id: self.here(),
                id: row,
                account_id: account.uuid(),
                event_id: claimed.event.uuid(),
                notice_sealed: self.seal.text(NOTICE, row, &text)?,
                created_us: micros(now),
                read_us: None,
            };
            let there = inbox_notice::Entity::find()
                .filter(inbox_notice::Column::WorkspaceId.eq(self.here()))
                .filter(inbox_notice::Column::AccountId.eq(account.uuid()))
                .filter(inbox_notice::Column::EventId.eq(claimed.event.uuid()))
                .one(&transaction)
                .await?;
            if there.is_none() {
                insert(&transaction, notice).await?;
            }
        }
        let Target::Webhook(webhook) = claimed.target else { return commit(transaction).await };
        if let Some(health) = result.health {
            webhook::Entity::update_many()
                .col_expr(webhook::Column::FailingSinceUs, Expr::value(health.failing_since.map(micros)))
                .col_expr(webhook::Column::Failures, Expr::value(i64::from(health.failures)))
                .filter(webhook::Column::WorkspaceId.eq(self.here()))
                .filter(webhook::Column::Id.eq(webhook.uuid()))
                .exec(&transaction)
                .await?;
        }
        let stopped = match (&result.next, &result.pause) {
            (Next::SwitchOff { reason }, _) => Some((WebhookState::Off, reason)),
            (_, Some(reason)) => Some((WebhookState::Paused, reason)),
            _ => None,
        };
        let since = result.health.and_then(|health| health.failing_since);
        match stopped {
            Some((state, reason)) => {
                self.stop_webhook(transaction, &PROGRAM, webhook, state, reason, since).await
            }
            None => commit(transaction).await,
        }
    }

    async fn log_attempt(
        &self,
        transaction: &DatabaseTransaction,
        dispatch: uuid::Uuid,
        log: &AttemptLog,
        now: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        let id = self.new_uuid()?;
        let text = json(log, "dispatch_attempts")?;
        crate::error::bounded(&text, MAX_LOG, "the log of an attempt", "32 KiB")?;
        let row = dispatch_attempt::Model {
            workspace_id: self.here(),
            id,
            dispatch_id: dispatch,
            at_us: micros(now),
            log_sealed: self.seal.text(LOG, id, &text)?,
        };
        insert(transaction, row).await?;
        let of = Condition::all()
            .add(dispatch_attempt::Column::WorkspaceId.eq(self.here()))
            .add(dispatch_attempt::Column::DispatchId.eq(dispatch));
        let oldest_kept = dispatch_attempt::Entity::find()
            .filter(of.clone())
            .order_by_desc(dispatch_attempt::Column::Id)
            .offset(KEPT)
            .one(transaction)
            .await?;
        if let Some(too_old) = oldest_kept {
            dispatch_attempt::Entity::delete_many()
                .filter(of)
                .filter(dispatch_attempt::Column::Id.lte(too_old.id))
                .exec(transaction)
                .await?;
        }
        Ok(())
    }

    /// Stops a webhook: what waits for it goes to the dead letters, and that is told.
    pub(super) async fn stop_webhook(
        &self,
        transaction: DatabaseTransaction,
        actor: &Actor,
        id: WebhookId,
        state: WebhookState,
        reason: &str,
        failing_since: Option<DateTime<Utc>>,
    ) -> Result<(), StoreError> {
        let sealed = self.seal.text(super::webhooks::REASON, id.uuid(), reason)?;
        let stopped = webhook::Entity::update_many()
            .col_expr(webhook::Column::State, Expr::value(state.as_str()))
            .col_expr(webhook::Column::ReasonSealed, Expr::value(sealed))
            .col_expr(webhook::Column::ChangedUs, Expr::value(micros(self.now())))
            .filter(webhook::Column::WorkspaceId.eq(self.here()))
            .filter(webhook::Column::Id.eq(id.uuid()))
            .filter(webhook::Column::State.eq("on"))
            .exec(&transaction)
            .await?;
        if stopped.rows_affected == 0 {
            return commit(transaction).await;
        }
        let waiting = dispatch::Entity::find()
            .filter(dispatch::Column::WorkspaceId.eq(self.here()))
            .filter(dispatch::Column::Kind.eq("webhook"))
            .filter(dispatch::Column::TargetId.eq(id.uuid()))
            .filter(dispatch::Column::State.eq("waiting"));
        for row in waiting.all(&transaction).await? {
            dispatch::Entity::update_many()
                .col_expr(dispatch::Column::State, Expr::value("dead"))
                .col_expr(dispatch::Column::FinishedUs, Expr::value(micros(self.now())))
                .col_expr(
                    dispatch::Column::ReasonSealed,
                    Expr::value(self.seal.text(REASON, row.id, "the webhook is paused")?),
                )
                .filter(dispatch::Column::WorkspaceId.eq(self.here()))
                .filter(dispatch::Column::Id.eq(row.id))
                .exec(&transaction)
                .await?;
        }
        let data = WebhookPaused { webhook: id, reason: reason.to_owned(), failing_since };
        let told = NewEvent { subject: id.to_string(), data: EventData::WebhookPaused(data), once: None };
        let entry = Entry::done("webhook.stop", id)
            .with(serde_json::json!({ "state": state, "reason": reason }))
            .telling(told);
        self.commit(transaction, actor, entry).await
    }

    /// The dead letters, the oldest first.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn dead_letters(&self, paging: Paging<DispatchId>) -> Result<Vec<DeadLetter>, StoreError> {
        let transaction = self.read().await?;
        let mut query = dispatch::Entity::find()
            .filter(dispatch::Column::WorkspaceId.eq(self.here()))
            .filter(dispatch::Column::State.eq("dead"))
            .order_by_asc(dispatch::Column::Id)
            .limit(paging.limit());
        if let Some(after) = paging.after {
            query = query.filter(dispatch::Column::Id.gt(after.uuid()));
        }
        let mut letters = Vec::new();
        for row in query.all(&transaction).await? {
            let event = event::Entity::find_by_id((self.here(), row.event_seq)).one(&transaction).await?;
            let event = event.ok_or(StoreError::Damaged { table: "outbox", what: "an event is missing" })?;
            let reason =
                row.reason_sealed.as_deref().map(|sealed| self.seal.open_text(REASON, row.id, sealed));
            letters.push(DeadLetter {
                id: DispatchId::from_uuid(row.id),
                event: self.event_of(event)?,
                target: target_of(&row.kind, row.target_id)?,
                reason: reason.transpose()?.unwrap_or_default(),
                attempts: u32::try_from(row.attempts).unwrap_or(u32::MAX),
                dead_at: maybe_moment(row.finished_us, TABLE)?,
            });
        }
        Ok(letters)
    }

    /// The attempts of a dispatch, the newest first; at most 20 are kept.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn dispatch_attempts(&self, id: DispatchId) -> Result<Vec<DispatchAttempt>, StoreError> {
        let transaction = self.read().await?;
        let rows = dispatch_attempt::Entity::find()
            .filter(dispatch_attempt::Column::WorkspaceId.eq(self.here()))
            .filter(dispatch_attempt::Column::DispatchId.eq(id.uuid()))
            .order_by_desc(dispatch_attempt::Column::Id)
            .limit(KEPT)
            .all(&transaction)
            .await?;
        let attempt = |row: dispatch_attempt::Model| {
            Ok(DispatchAttempt {
                at: moment(row.at_us, LOG.table)?,
                log: unjson(&self.seal.open_text(LOG, row.id, &row.log_sealed)?, LOG.table)?,
            })
        };
        rows.into_iter().map(attempt).collect()
    }

    /// Makes a dead letter wait again, with all its attempts before it.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] when there is none.
    pub async fn replay_dead_letter(&self, actor: &Actor, id: DispatchId) -> Result<(), StoreError> {
        let which = Condition::all().add(dispatch::Column::Id.eq(id.uuid()));
        changed(self.replay(actor, which, Entry::done("dead-letter.replay", id)).await?, "dead letter")
    }

    /// The same for all dead letters of a target, or of all. How many.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn replay_dead_letters(
        &self,
        actor: &Actor,
        target: Option<Target>,
    ) -> Result<u64, StoreError> {
        let mut which = Condition::all();
        let mut about = "all".to_owned();
        if let Some(target) = target {
            let (kind, id) = super::events::target_row(target);
            which = which.add(dispatch::Column::Kind.eq(kind)).add(dispatch::Column::TargetId.eq(id));
            about = format!("{kind} {}", id.simple());
        }
        self.replay(actor, which, Entry::done("dead-letter.replay-all", about)).await
    }

    pub(super) async fn replay(
        &self,
        actor: &Actor,
        which: Condition,
        entry: Entry,
    ) -> Result<u64, StoreError> {
        let now = micros(self.now());
        let transaction = self.write().await?;
        let rows = dispatch::Entity::update_many()
            .col_expr(dispatch::Column::State, Expr::value("waiting"))
            .col_expr(dispatch::Column::Attempts, Expr::value(0_i64))
            .col_expr(dispatch::Column::DueUs, Expr::value(now))
            .col_expr(dispatch::Column::Lease, Expr::value(Option::<uuid::Uuid>::None))
            .col_expr(dispatch::Column::LeaseUs, Expr::value(Option::<i64>::None))
            .col_expr(dispatch::Column::FinishedUs, Expr::value(Option::<i64>::None))
            .col_expr(dispatch::Column::ReasonSealed, Expr::value(Option::<Vec<u8>>::None))
            .filter(dispatch::Column::WorkspaceId.eq(self.here()))
            .filter(dispatch::Column::State.eq("dead"))
            .filter(which)
            .exec(&transaction)
            .await?;
        if rows.rows_affected > 0 {
            // Something is due in this workspace now.
            crate::entity::outbox_state::Entity::update_many()
                .col_expr(crate::entity::outbox_state::Column::DueUs, Expr::value(now))
                .filter(crate::entity::outbox_state::Column::WorkspaceId.eq(self.here()))
                .exec(&transaction)
                .await?;
            self.commit(transaction, actor, entry).await?;
        }
        Ok(rows.rows_affected)
    }

    /// Forgets what was delivered or dropped before a moment, with its log, and events that nothing waits for.
    /// Dead letters stay until then as well, and go with them. How many events.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn forget_events(&self, before: DateTime<Utc>) -> Result<u64, StoreError> {
        let transaction = self.write().await?;
        let before = micros(before);
        dispatch_attempt::Entity::delete_many()
            .filter(dispatch_attempt::Column::WorkspaceId.eq(self.here()))
            .filter(dispatch_attempt::Column::AtUs.lt(before))
            .exec(&transaction)
            .await?;
        dispatch::Entity::delete_many()
            .filter(dispatch::Column::WorkspaceId.eq(self.here()))
            .filter(dispatch::Column::FinishedUs.lt(before))
            .exec(&transaction)
            .await?;
        let waiting = sea_orm::sea_query::Query::select()
            .column(dispatch::Column::EventSeq)
            .from(dispatch::Entity)
            .and_where(dispatch::Column::WorkspaceId.eq(self.here()))
            .to_owned();
        let gone = event::Entity::delete_many()
            .filter(event::Column::WorkspaceId.eq(self.here()))
            .filter(event::Column::ExpandedUs.lt(before))
            .filter(event::Column::Seq.not_in_subquery(waiting))
            .exec(&transaction)
            .await?;
        commit(transaction).await?;
        Ok(gone.rows_affected)
    }
}
