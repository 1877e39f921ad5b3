//! A workspace's events on their way: telling, claiming, expanding into dispatches, claiming those.

use super::WorkspaceStore;
use crate::database::{commit, insert};
use crate::entity::{channel, dispatch, event, outbox_state, rule_notice, webhook};
use crate::outbox::{DATA, NewEvent, locks};
use crate::record::Entry;
use crate::value::{Key, maybe_moment, micros, moment, unjson};
use crate::workspace::dispatches::REASON;
use crate::{ChannelKind, StoreError};
use bursar_domain::event::{Event, EventData, EventType, Health, Plan, Target};
use bursar_domain::id::{AccountId, AlertRuleId, ChannelId, DispatchId, EventId, WebhookId};
use bursar_domain::{Actor, EmailAddress};
use chrono::{DateTime, TimeDelta, Utc};
use sea_orm::sea_query::Expr;
use sea_orm::{
    ColumnTrait, Condition, ConnectionTrait, DatabaseTransaction, EntityTrait, QueryFilter, QueryOrder,
    QuerySelect, Statement,
};
use secrecy::SecretString;
use std::collections::BTreeMap;
use uuid::Uuid;

/// Events that are claimed at once.
const CLAIMED: u64 = 100;
/// How long a claim holds: longer than any attempt takes.
const LEASE: TimeDelta = TimeDelta::minutes(2);
const ABOUT_LOOKUP: &str = "notice about";

/// Of one subject and target only the first that waits is handed out; what only follows when nobody reads
/// keeps nobody waiting.
const FIRST: &str = "NOT EXISTS (SELECT 1 FROM dispatches e WHERE e.workspace_id = d.workspace_id \
     AND e.kind = d.kind AND e.target_id = d.target_id AND e.subject = d.subject AND e.event_seq < d.event_seq \
     AND e.state = 'waiting' AND e.unless_read = $9)";

/// Where a dispatch goes, with what is needed to make it.
#[derive(Debug, Clone)]
pub enum Destination {
    /// A webhook.
    Webhook {
        /// Its URL.
        url: SecretString,
        /// The current secret, and while it is being rotated the one before.
        secrets: Vec<SecretString>,
        /// How it did lately.
        health: Health,
    },
    /// A channel.
    Channel {
        /// Of which kind.
        kind: ChannelKind,
        /// A URL that is a secret, or a mail address.
        address: SecretString,
    },
    /// Mail of a member.
    Mail(EmailAddress),
    /// The inbox.
    Inbox,
    /// It is not there any more; why.
    Gone(&'static str),
}

/// The right to make one attempt of a dispatch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DispatchClaim {
    /// Which.
    pub id: DispatchId,
    /// What tells this claim from a later one.
    pub lease: u128,
    /// The number of the attempt that is to be made, from 1.
    pub attempt: u32,
    /// The event.
    pub event: EventId,
    /// Where to.
    pub target: Target,
}

/// A dispatch that is claimed.
#[derive(Debug, Clone)]
pub struct ClaimedDispatch {
    /// The claim.
    pub claim: DispatchClaim,
    /// The event.
    pub event: Event,
    /// Where to, with all it takes.
    pub destination: Destination,
    /// Whether it goes together with others of the same target.
    pub digest: bool,
}

pub(super) const fn target_row(target: Target) -> (&'static str, Uuid) {
    match target {
        Target::Webhook(id) => ("webhook", Uuid::from_u128(id.as_u128())),
        Target::Channel(id) => ("channel", Uuid::from_u128(id.as_u128())),
        Target::Mail(id) => ("mail", Uuid::from_u128(id.as_u128())),
        Target::Inbox(id) => ("inbox", Uuid::from_u128(id.as_u128())),
    }
}

pub(super) fn target_of(kind: &str, id: Uuid) -> Result<Target, StoreError> {
    Ok(match kind {
        "webhook" => Target::Webhook(WebhookId::from_uuid(id)),
        "channel" => Target::Channel(ChannelId::from_uuid(id)),
        "mail" => Target::Mail(AccountId::from_uuid(id)),
        "inbox" => Target::Inbox(AccountId::from_uuid(id)),
        _ => return Err(StoreError::Damaged { table: "dispatches", what: "a word is not known" }),
    })
}

impl WorkspaceStore {
    /// Tells something that no change of the store's stands for: a source that could not be read, a budget
    /// that is used up. It is recorded as `event.tell`.
    ///
    /// # Errors
    /// When it is too large or cannot be written.
    pub async fn tell(&self, actor: &Actor, event: NewEvent) -> Result<(), StoreError> {
        let transaction = self.write().await?;
        let entry = Entry::done("event.tell", &event.subject)
            .with(serde_json::json!({ "type": event.data.kind() }))
            .telling(event);
        self.commit(transaction, actor, entry).await
    }

    /// The events so far, in their order, after this number; each with its number.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn events(&self, after: i64, limit: u64) -> Result<Vec<(i64, Event)>, StoreError> {
        let transaction = self.read().await?;
        let rows = event::Entity::find()
            .filter(event::Column::WorkspaceId.eq(self.here()))
            .filter(event::Column::Seq.gt(after))
            .order_by_asc(event::Column::Seq)
            .limit(limit.clamp(1, crate::MAX_PAGE))
            .all(&transaction)
            .await?;
        rows.into_iter().map(|row| Ok((row.seq, self.event_of(row)?))).collect()
    }

    /// The oldest events that were not expanded yet. While the claim lasts no other process gets events of
    /// this workspace, so that they are expanded in their order.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn claim_events(&self, now: DateTime<Utc>) -> Result<Vec<Event>, StoreError> {
        let holder = self.directory.wake.holder();
        let transaction = self.write().await?;
        let free = Condition::any()
            .add(outbox_state::Column::LeaseUs.is_null())
            .add(outbox_state::Column::LeaseUs.lte(micros(now)))
            .add(outbox_state::Column::Holder.eq(holder));
        let claimed = outbox_state::Entity::update_many()
            .col_expr(outbox_state::Column::Holder, Expr::value(holder))
            .col_expr(outbox_state::Column::LeaseUs, Expr::value(micros(now + LEASE)))
            .filter(outbox_state::Column::WorkspaceId.eq(self.here()))
            .filter(free)
            .exec(&transaction)
            .await?;
        if claimed.rows_affected == 0 {
            return Ok(Vec::new());
        }
        let rows = event::Entity::find()
            .filter(event::Column::WorkspaceId.eq(self.here()))
            .filter(event::Column::ExpandedUs.is_null())
            .order_by_asc(event::Column::Seq)
            .limit(CLAIMED)
            .all(&transaction)
            .await?;
        commit(transaction).await?;
        rows.into_iter().map(|row| self.event_of(row)).collect()
    }

    /// When each rule last made a notice for the type and subject of the event.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn last_notices(
        &self,
        event: &Event,
    ) -> Result<BTreeMap<AlertRuleId, DateTime<Utc>>, StoreError> {
        let transaction = self.read().await?;
        let rows = rule_notice::Entity::find()
            .filter(rule_notice::Column::WorkspaceId.eq(self.here()))
            .filter(rule_notice::Column::AboutLookup.eq(self.about(event)))
            .all(&transaction)
            .await?;
        let pair =
            |row: rule_notice::Model| Ok((Key::from_uuid(row.rule_id), moment(row.last_us, "rule_notices")?));
        rows.into_iter().map(pair).collect()
    }

    fn about(&self, event: &Event) -> Vec<u8> {
        self.seal.lookup(ABOUT_LOOKUP, &format!("{} {}", event.data.kind(), event.subject))
    }

    /// Makes a dispatch of each plan and notes that the event is expanded; nothing when it is already. What
    /// a paused webhook misses goes to the dead letters at once.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn expand_event(
        &self,
        event: &Event,
        plans: &[Plan],
        now: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        let transaction = self.write().await?;
        let found = event::Entity::find()
            .filter(event::Column::WorkspaceId.eq(self.here()))
            .filter(event::Column::Id.eq(event.id.uuid()))
            .one(&transaction)
            .await?;
        let Some(row) = found else { return Err(StoreError::NotFound("event")) };
        let first = event::Entity::update_many()
            .col_expr(event::Column::ExpandedUs, Expr::value(micros(now)))
            .filter(event::Column::WorkspaceId.eq(self.here()))
            .filter(event::Column::Seq.eq(row.seq))
            .filter(event::Column::ExpandedUs.is_null())
            .exec(&transaction)
            .await?;
        if first.rows_affected == 0 {
            return Ok(());
        }
        let webhooks = webhook::Entity::find().filter(webhook::Column::WorkspaceId.eq(self.here()));
        let states: BTreeMap<Uuid, String> =
            webhooks.all(&transaction).await?.into_iter().map(|row| (row.id, row.state)).collect();
        for plan in plans {
            let (kind, target_id) = target_row(plan.target);
            let state =
                if kind == "webhook" { states.get(&target_id).map(String::as_str) } else { Some("on") };
            let Some(state) = state.filter(|state| *state != "off") else { continue };
            let id = self.new_uuid()?;
            let paused = state == "paused";
            let reason =
                if paused { Some(self.seal.text(REASON, id, "the webhook is paused")?) } else { None };
            let new = dispatch::Model {
                workspace_id: self.here(),
                id,
                event_id: row.id,
                event_seq: row.seq,
                subject: row.subject.clone(),
                kind: kind.to_owned(),
                target_id,
                digest: plan.digest,
                unless_read: plan.unless_read,
                state: if paused { "dead" } else { "waiting" }.to_owned(),
                attempts: 0,
                due_us: micros(plan.not_before),
                lease: None,
                lease_us: None,
                reason_sealed: reason,
                created_us: micros(now),
                finished_us: paused.then_some(micros(now)),
            };
            insert(&transaction, new).await?;
        }
        let rules = plans.iter().filter(|plan| !plan.unless_read).filter_map(|plan| plan.rule);
        for rule in rules.collect::<std::collections::BTreeSet<_>>() {
            let sql = "INSERT INTO rule_notices (workspace_id, rule_id, about_lookup, last_us) VALUES ($1, $2, $3, $4) \
                       ON CONFLICT (workspace_id, rule_id, about_lookup) DO UPDATE SET last_us = $4";
            let values =
                [self.here().into(), rule.uuid().into(), self.about(event).into(), micros(now).into()];
            let statement = Statement::from_sql_and_values(transaction.get_database_backend(), sql, values);
            transaction.execute_raw(statement).await?;
        }
        commit(transaction).await
    }

    /// Claims dispatches that are due. A claim that is not finished in two minutes is anybody's again.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn claim_dispatches(
        &self,
        now: DateTime<Utc>,
        limit: u64,
    ) -> Result<Vec<ClaimedDispatch>, StoreError> {
        let transaction = self.write().await?;
        let backend = transaction.get_database_backend();
        // What was only for the case that nobody reads it, and somebody did.
        let read = "UPDATE dispatches SET state = 'dropped', finished_us = $2 WHERE workspace_id = $1 AND state = 'waiting' \
             AND unless_read = $3 AND due_us <= $2 AND EXISTS (SELECT 1 FROM inbox i WHERE i.workspace_id = dispatches.workspace_id \
             AND i.event_id = dispatches.event_id AND i.read_us IS NOT NULL)";
        let values = [self.here().into(), micros(now).into(), true.into()];
        transaction.execute_raw(Statement::from_sql_and_values(backend, read, values)).await?;
        let skip = if locks(&transaction) { "FOR UPDATE OF d SKIP LOCKED" } else { "" };
        let first = FIRST.replace("$9", "$3");
        let sql = format!(
            "SELECT d.id FROM dispatches d WHERE d.workspace_id = $1 AND d.state = 'waiting' AND d.due_us <= $2 \
             AND (d.lease_us IS NULL OR d.lease_us <= $2) AND {first} ORDER BY d.due_us, d.event_seq LIMIT $4 {skip}"
        );
        let limit = i64::try_from(limit.clamp(1, 1_000)).unwrap_or(1_000);
        let values = [self.here().into(), micros(now).into(), false.into(), limit.into()];
        let rows = transaction.query_all_raw(Statement::from_sql_and_values(backend, sql, values)).await?;
        let mut ids: Vec<Uuid> = Vec::with_capacity(rows.len());
        for row in rows {
            ids.push(row.try_get("", "id")?);
        }
        if ids.is_empty() {
            commit(transaction).await?;
            return Ok(Vec::new());
        }
        let lease = self.new_uuid()?;
        dispatch::Entity::update_many()
            .col_expr(dispatch::Column::Lease, Expr::value(lease))
            .col_expr(dispatch::Column::LeaseUs, Expr::value(micros(now + LEASE)))
            .filter(dispatch::Column::WorkspaceId.eq(self.here()))
            .filter(dispatch::Column::Id.is_in(ids))
            .exec(&transaction)
            .await?;
        let rows = dispatch::Entity::find()
            .filter(dispatch::Column::WorkspaceId.eq(self.here()))
            .filter(dispatch::Column::Lease.eq(lease))
            .order_by_asc(dispatch::Column::EventSeq)
            .all(&transaction)
            .await?;
        let mut claimed = Vec::with_capacity(rows.len());
        for row in rows {
            claimed.push(self.claimed(&transaction, row, now).await?);
        }
        commit(transaction).await?;
        // Addresses of people are the directory's.
        for dispatch in &mut claimed {
            if let Target::Mail(account) = dispatch.claim.target {
                dispatch.destination = match self.directory.member_mail(self.workspace, account).await? {
                    Some(address) => Destination::Mail(address),
                    None => Destination::Gone("the person is no member any more"),
                };
            }
        }
        Ok(claimed)
    }

    async fn claimed(
        &self,
        transaction: &DatabaseTransaction,
        row: dispatch::Model,
        now: DateTime<Utc>,
    ) -> Result<ClaimedDispatch, StoreError> {
        let target = target_of(&row.kind, row.target_id)?;
        let event = event::Entity::find_by_id((self.here(), row.event_seq)).one(transaction).await?;
        let event = event.ok_or(StoreError::Damaged { table: "outbox", what: "an event is missing" })?;
        let destination = match target {
            Target::Webhook(id) => self.webhook_destination(transaction, id, now).await?,
            Target::Channel(id) => {
                let row = channel::Entity::find_by_id((self.here(), id.uuid())).one(transaction).await?;
                match row {
                    Some(row) => Destination::Channel {
                        kind: row.kind.parse()?,
                        address: self
                            .seal
                            .open_text(super::alerts::ADDRESS, row.id, &row.address_sealed)?
                            .into(),
                    },
                    None => Destination::Gone("the channel is not there any more"),
                }
            }
            Target::Mail(_) | Target::Inbox(_) => Destination::Inbox,
        };
        let claim = DispatchClaim {
            id: DispatchId::from_uuid(row.id),
            lease: row.lease.unwrap_or_default().as_u128(),
            attempt: u32::try_from(row.attempts).unwrap_or(u32::MAX).saturating_add(1),
            event: EventId::from_uuid(event.id),
            target,
        };
        Ok(ClaimedDispatch { claim, event: self.event_of(event)?, destination, digest: row.digest })
    }

    async fn webhook_destination(
        &self,
        transaction: &DatabaseTransaction,
        id: WebhookId,
        now: DateTime<Utc>,
    ) -> Result<Destination, StoreError> {
        use super::webhooks::URL;
        let Some(row) = webhook::Entity::find_by_id((self.here(), id.uuid())).one(transaction).await? else {
            return Ok(Destination::Gone("the webhook is not there any more"));
        };
        if row.state != "on" {
            return Ok(Destination::Gone("the webhook is paused"));
        }
        let secrets = self.secrets_of(&row, now)?;
        let url = SecretString::from(self.seal.open_text(URL, row.id, &row.url_sealed)?);
        let health = Health {
            failing_since: maybe_moment(row.failing_since_us, "webhooks")?,
            failures: u32::try_from(row.failures).unwrap_or(u32::MAX),
        };
        Ok(Destination::Webhook { url, secrets, health })
    }

    /// Ends the claim on events and notes when there is something to do next.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn settle_events(&self, now: DateTime<Utc>) -> Result<(), StoreError> {
        let transaction = self.write().await?;
        let backend = transaction.get_database_backend();
        // Whoever adds an event waits here for us, or we for them: nothing falls between.
        let release = "UPDATE outbox_state SET lease_us = NULL WHERE workspace_id = $1 AND (holder = $2 OR lease_us <= $3)";
        let values = [self.here().into(), self.directory.wake.holder().into(), micros(now).into()];
        transaction.execute_raw(Statement::from_sql_and_values(backend, release, values)).await?;
        let first = FIRST.replace("$9", "$2");
        let sql = format!(
            "SELECT MIN(at_us) AS at_us FROM (\
             SELECT MIN(CASE WHEN d.lease_us > d.due_us THEN d.lease_us ELSE d.due_us END) AS at_us FROM dispatches d \
             WHERE d.workspace_id = $1 AND d.state = 'waiting' AND {first} \
             UNION ALL SELECT MIN(o.at_us) FROM outbox o WHERE o.workspace_id = $1 AND o.expanded_us IS NULL) t"
        );
        let values = [self.here().into(), false.into()];
        let row = transaction.query_one_raw(Statement::from_sql_and_values(backend, sql, values)).await?;
        let next = row.map(|row| row.try_get::<Option<i64>>("", "at_us")).transpose()?.flatten();
        outbox_state::Entity::update_many()
            .col_expr(outbox_state::Column::DueUs, Expr::value(next))
            .filter(outbox_state::Column::WorkspaceId.eq(self.here()))
            .exec(&transaction)
            .await?;
        // Before the commit: an event that is told right after it wakes us again.
        self.directory.wake.settle(self.workspace, maybe_moment(next, "dispatches")?);
        commit(transaction).await
    }

    /// When something is to be done next.
    pub(crate) async fn events_due(&self) -> Result<Option<DateTime<Utc>>, StoreError> {
        let transaction = self.read().await?;
        let row = outbox_state::Entity::find_by_id(self.here()).one(&transaction).await?;
        maybe_moment(row.and_then(|row| row.due_us), "outbox_state")
    }

    pub(super) fn event_of(&self, row: event::Model) -> Result<Event, StoreError> {
        let damaged = |_| StoreError::Damaged { table: "outbox", what: "an event does not read" };
        let kind: EventType = row.r#type.parse().map_err(damaged)?;
        let data: serde_json::Value =
            unjson(&self.seal.open_text(DATA, row.id, &row.data_sealed)?, "outbox")?;
        Ok(Event {
            id: EventId::from_uuid(row.id),
            workspace: self.workspace,
            subject: row.subject,
            time: moment(row.at_us, "outbox")?,
            data: EventData::from_json(kind, &data).map_err(damaged)?,
        })
    }
}
