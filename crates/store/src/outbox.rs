//! The outbox: events in the same transaction as the change they tell of.
//!
//! There is one place where changes become lasting, and it writes the record and the events: [`told`] says
//! which events follow from what is recorded, so that no change can forget its own. What no recorded
//! action stands for is told with [`Entry::telling`]. A change that is undone is told nowhere.
//!
//! An event has the number of its record (`rec_…` and `evt_…` with the same digits); further events of
//! the same change count on from there. The order of events is the order of commits: the counter's row is
//! locked until then. The directory's events lie beside its changes and are carried into the workspaces they
//! are about by `Store::relay_events`, with the same ids, so that carrying twice changes nothing.

use crate::StoreError;
use crate::database::insert;
use crate::entity;
use crate::record::{Entry, Ledger, Writing};
use crate::seal::{Column, column};
use crate::value::{Key, json, micros};
use bursar_audit::Outcome;
use bursar_domain::event::{EventData, EventType, MAX_DATA, MAX_SUBJECT};
use bursar_domain::id::{AccountId, WorkspaceId};
use chrono::{DateTime, Utc};
use sea_orm::{ConnectionTrait, DatabaseTransaction, DbBackend, Statement};
use serde_json::{Value as Json, json};
use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};
use uuid::Uuid;

pub(crate) const DIRECTORY_DATA: Column = column("directory_outbox", "data");
pub(crate) const DATA: Column = column("outbox", "data");
const ONCE_LOOKUP: &str = "event told once";

/// An event to be told.
#[derive(Debug, Clone)]
pub struct NewEvent {
    /// What it is about, as an id; at most 200 bytes.
    pub subject: String,
    /// What happened.
    pub data: EventData,
    /// A name of the occasion, such as a budget, its period and its threshold: of events with the
    /// same name only the first is kept, however often it is found.
    pub once: Option<String>,
}

/// What an entry tells, and where.
#[derive(Debug)]
pub(crate) struct Told {
    event: NewEvent,
    workspace: Option<WorkspaceId>,
    account: Option<AccountId>,
}

/// The events of what is recorded.
pub(crate) fn told(entry: &Entry) -> Result<Vec<Told>, StoreError> {
    let of = |event: NewEvent| Told { event, workspace: entry.workspace, account: None };
    let mut told: Vec<Told> = entry.events.iter().cloned().map(of).collect();
    if entry.outcome == Outcome::Done
        && let Some((kind, fields)) = followed_by(entry)
    {
        let damaged = |_| StoreError::Damaged { table: "outbox", what: "an action has no event of its type" };
        let data = EventData::from_json(kind, &fields).map_err(damaged)?;
        let account = match &data {
            EventData::SignedIn(data) => Some(data.account),
            EventData::SignInMethodChanged(data) => Some(data.account),
            _ => None,
        };
        let workspace = match &data {
            EventData::WorkspaceDeletion(_) => entry.target.parse().ok(),
            _ => entry.workspace,
        };
        let subject = account.map_or_else(|| entry.target.clone(), |account| account.to_string());
        told.push(Told { event: NewEvent { subject, data, once: None }, workspace, account });
    }
    for Told { event, .. } in &told {
        crate::error::bounded(&event.subject, MAX_SUBJECT, "the subject of an event", "200 bytes")?;
    }
    Ok(told)
}

/// The type and data of the event that follows from an action.
fn followed_by(entry: &Entry) -> Option<(EventType, Json)> {
    let (target, more) = (&entry.target, &entry.said());
    let sign_in = |account: &Json, change: &str| {
        (EventType::SignInMethodChanged, json!({ "account": account, "change": change }))
    };
    let staff = |step: &str, until: &Json| {
        let mut fields = json!({ "access": target, "step": step });
        if !until.is_null() {
            fields["until"] = until.clone();
        }
        (EventType::StaffAccessChanged, fields)
    };
    let member = || json!({ "account": target, "role": more["role"], "owner": more["owner"] });
    let role = |step: &str| (EventType::RoleChanged, json!({ "role": target, "step": step }));
    let account = json!(target);
    Some(match entry.action.as_str() {
        "source.add" => (EventType::SourceAdded, json!({ "source": target })),
        "source.remove" => (EventType::SourceRemoved, json!({ "source": target })),
        "token.create" => {
            let mut fields = json!({ "token": target, "account": more["account"] });
            if !more["expires"].is_null() {
                fields["expires"] = more["expires"].clone();
            }
            (EventType::TokenCreated, fields)
        }
        "token.revoke" => (EventType::TokenRevoked, json!({ "token": target })),
        "role.add" => role("added"),
        "role.change" => role("changed"),
        "role.remove" => role("removed"),
        "backup.take" => {
            (EventType::BackupTaken, json!({ "backup": target, "size_bytes": more["size_bytes"] }))
        }
        "staff-access.ask" => staff("asked", &Json::Null),
        "staff-access.grant" => staff("granted", &more["until"]),
        "staff-access.refuse" => staff("refused", &Json::Null),
        "staff-access.end" => staff("ended", &Json::Null),
        "member.add" => (EventType::MemberAdded, member()),
        "member.change" => (EventType::MemberChanged, member()),
        "member.remove" => (EventType::MemberRemoved, json!({ "account": target })),
        "session.begin" => {
            let mut fields =
                json!({ "account": more["account"], "session": target, "methods": more["methods"] });
            if more["address"].as_str().is_some_and(|address| !address.is_empty()) {
                fields["address"] = more["address"].clone();
            }
            (EventType::SignedIn, fields)
        }
        "account.set-password" => sign_in(&account, "password-set"),
        "passkey.add" => sign_in(&more["account"], "passkey-added"),
        "passkey.remove" => sign_in(&more["account"], "passkey-removed"),
        "totp.add" => sign_in(&account, "one-time-codes-on"),
        "totp.remove" => sign_in(&account, "one-time-codes-off"),
        "session.end-all" => sign_in(&account, "sessions-ended"),
        "workspace.ask-deletion" => {
            (EventType::WorkspaceDeletion, json!({ "step": "asked", "due": more["due"] }))
        }
        "workspace.keep" => (EventType::WorkspaceDeletion, json!({ "step": "cancelled" })),
        _ => return None,
    })
}

/// Adds the events of a change.
pub(crate) async fn add(
    transaction: &DatabaseTransaction,
    writing: &Writing<'_>,
    told: Vec<Told>,
) -> Result<(), StoreError> {
    for (at, told) in told.into_iter().enumerate() {
        let id = Uuid::from_u128(writing.id.as_u128().wrapping_add(at as u128));
        let data = json(&told.event.data.to_json(), "outbox")?;
        crate::error::bounded(&data, MAX_DATA, "the data of an event", "16 KiB")?;
        let (kind, subject) = (told.event.data.kind().name().to_owned(), told.event.subject);
        match writing.ledger {
            Ledger::Directory if told.workspace.is_none() && told.account.is_none() => {}
            Ledger::Directory => {
                let row = entity::directory_event::Model {
                    seq: directory_seq(transaction).await?,
                    id,
                    workspace_id: told.workspace.map(Key::uuid),
                    account_id: told.account.map(Key::uuid),
                    r#type: kind,
                    subject,
                    at_us: micros(writing.now),
                    data_sealed: writing.seal.text(DIRECTORY_DATA, id, &data)?,
                };
                insert(transaction, row).await?;
            }
            Ledger::Workspace(workspace) => {
                let once = told.event.once.map(|once| writing.seal.lookup(ONCE_LOOKUP, &once));
                let row = entity::event::Model {
                    workspace_id: workspace.uuid(),
                    seq: 0,
                    id,
                    r#type: kind,
                    subject,
                    at_us: micros(writing.now),
                    once_lookup: once,
                    data_sealed: writing.seal.text(DATA, id, &data)?,
                    expanded_us: None,
                };
                put(transaction, row, writing.now).await?;
            }
        }
    }
    Ok(())
}

/// Puts an event into a workspace's outbox, unless it is there; says when something is to be done.
pub(crate) async fn put(
    transaction: &DatabaseTransaction,
    mut row: entity::event::Model,
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    use sea_orm::{ColumnTrait, Condition, EntityTrait, QueryFilter};
    let backend = transaction.get_database_backend();
    // The counter's row is locked from here to the commit: nobody else adds an event meanwhile.
    let sql = "INSERT INTO outbox_state (workspace_id, last_seq, due_us) VALUES ($1, 1, $2) \
               ON CONFLICT (workspace_id) DO UPDATE SET last_seq = outbox_state.last_seq + 1, due_us = $2 \
               RETURNING last_seq";
    let values = [row.workspace_id.into(), micros(now).into()];
    row.seq = last_seq(transaction, Statement::from_sql_and_values(backend, sql, values)).await?;
    let mut same = Condition::any().add(entity::event::Column::Id.eq(row.id));
    if let Some(once) = &row.once_lookup {
        same = same.add(entity::event::Column::OnceLookup.eq(once.clone()));
    }
    let there = entity::event::Entity::find()
        .filter(entity::event::Column::WorkspaceId.eq(row.workspace_id))
        .filter(same)
        .one(transaction)
        .await?;
    match there {
        Some(_) => Ok(()),
        None => insert(transaction, row).await,
    }
}

async fn directory_seq(transaction: &DatabaseTransaction) -> Result<i64, StoreError> {
    let sql = "INSERT INTO directory_outbox_state (id, last_seq) VALUES (1, 1) \
               ON CONFLICT (id) DO UPDATE SET last_seq = directory_outbox_state.last_seq + 1 RETURNING last_seq";
    last_seq(transaction, Statement::from_string(transaction.get_database_backend(), sql)).await
}

async fn last_seq(transaction: &DatabaseTransaction, statement: Statement) -> Result<i64, StoreError> {
    let row = transaction.query_one_raw(statement).await?;
    let seq = row.map(|row| row.try_get::<i64>("", "last_seq")).transpose()?;
    seq.ok_or(StoreError::Damaged { table: "outbox_state", what: "there is no next number" })
}

/// Whether the database can lock rows for one of several dispatchers; SQLite has one writer anyway.
pub(crate) fn locks(transaction: &DatabaseTransaction) -> bool {
    transaction.get_database_backend() == DbBackend::Postgres
}

/// Which workspaces may have something to do, as this process knows: for files, of which none can be asked about
/// all. Whatever is missing here after a start or from another process is found by walking over all.
#[derive(Debug)]
pub(crate) struct Wake {
    /// What tells this process's claims from others'.
    holder: Uuid,
    known: Mutex<BTreeMap<WorkspaceId, DateTime<Utc>>>,
    walked: Mutex<Option<DateTime<Utc>>>,
}

impl Wake {
    pub(crate) fn new(holder: Uuid) -> Self {
        Self { holder, known: Mutex::default(), walked: Mutex::default() }
    }

    pub(crate) const fn holder(&self) -> Uuid {
        self.holder
    }

    /// Something is to be done in the workspace at this moment.
    pub(crate) fn at(&self, workspace: WorkspaceId, at: DateTime<Utc>) {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        let first = known.get(&workspace).map_or(at, |there| at.min(*there));
        known.insert(workspace, first);
    }

    /// The next thing is to be done at this moment, or nothing.
    pub(crate) fn settle(&self, workspace: WorkspaceId, next: Option<DateTime<Utc>>) {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        match next {
            Some(next) => drop(known.insert(workspace, next)),
            None => drop(known.remove(&workspace)),
        }
    }

    pub(crate) fn due(&self, now: DateTime<Utc>) -> Vec<WorkspaceId> {
        let known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        known.iter().filter(|(_, at)| **at <= now).map(|(workspace, _)| *workspace).collect()
    }

    /// Whether it is time to walk over all; notes that it is done.
    pub(crate) fn walks(&self, now: DateTime<Utc>) -> bool {
        let mut walked = self.walked.lock().unwrap_or_else(PoisonError::into_inner);
        let due = walked.is_none_or(|last| now - last >= chrono::TimeDelta::minutes(5));
        if due {
            *walked = Some(now);
        }
        due
    }
}
