//! Who did what: a row of the record in the same transaction as each change.
//!
//! Rows are only ever added: triggers on both databases and the privileges of the role on
//! PostgreSQL refuse anything else. The numbers have no gaps, so that a missing row shows, and are
//! drawn last in each transaction: whoever draws one holds up others only while it commits.
//!
//! Not recorded are the program's own notes of time (a session or token was used just now, a
//! failed attempt was counted); whoever finds those worth a record uses `note`.

use crate::outbox::NewEvent;
use crate::seal::{Column, Seal, column};
use crate::value::{Key, Paging, micros, moment, unjson, words};
use crate::{StoreError, value};
use bursar_domain::id::{AccountId, RecordId, RequestId, WorkspaceId};
use bursar_domain::{Actor, Principal};
use chrono::{DateTime, Utc};
use sea_orm::{ConnectionTrait, DatabaseTransaction, Statement};
use serde_json::Value as Json;
use uuid::Uuid;

pub(crate) const DIRECTORY_PAYLOAD: Column = column("directory_records", "payload");
pub(crate) const WORKSPACE_PAYLOAD: Column = column("workspace_records", "payload");

const MAX_WORD: usize = 200;
const MAX_PAYLOAD: usize = 64 * 1024;

words! {
    /// How it ended.
    Outcome:
    /// It was done.
    Done = "done",
    /// Permission was missing, or a proof was wrong.
    Refused = "refused",
    /// It was tried and did not work.
    Failed = "failed",
}

/// What is to be recorded.
#[derive(Debug, Clone)]
pub struct Entry {
    /// What was done, as `noun.verb` (`member.add`).
    pub action: String,
    /// To what, as an id where there is one.
    pub target: String,
    /// How it ended.
    pub outcome: Outcome,
    /// The policy that decided, where one was asked.
    pub deciding_policy: Option<String>,
    /// The workspace it is about, for entries of the directory.
    pub workspace: Option<WorkspaceId>,
    /// More, as JSON; sealed. Never a secret.
    pub payload: Json,
    /// What is told outside besides what follows from the action (see `outbox.rs`).
    pub events: Vec<NewEvent>,
}

impl Entry {
    /// Something that was done.
    #[must_use]
    pub fn done(action: &str, target: impl std::fmt::Display) -> Self {
        Self {
            action: action.to_owned(),
            target: target.to_string(),
            outcome: Outcome::Done,
            deciding_policy: None,
            workspace: None,
            payload: Json::Null,
            events: Vec::new(),
        }
    }

    /// With this outcome.
    #[must_use]
    pub fn outcome(mut self, outcome: Outcome) -> Self {
        self.outcome = outcome;
        self
    }

    /// About this workspace.
    #[must_use]
    pub fn about(mut self, workspace: WorkspaceId) -> Self {
        self.workspace = Some(workspace);
        self
    }

    /// With more to tell.
    #[must_use]
    pub fn with(mut self, payload: Json) -> Self {
        self.payload = payload;
        self
    }

    /// Told outside as this event.
    #[must_use]
    pub fn telling(mut self, event: NewEvent) -> Self {
        self.events.push(event);
        self
    }

    /// Decided by this policy.
    #[must_use]
    pub fn decided_by(mut self, policy: impl Into<String>) -> Self {
        self.deciding_policy = Some(policy.into());
        self
    }
}

/// A row of the record.
#[derive(Debug, Clone, PartialEq)]
pub struct Record {
    /// Its number, without gaps, from 1.
    pub seq: i64,
    /// Its id.
    pub id: RecordId,
    /// When.
    pub at: DateTime<Utc>,
    /// Who, in words.
    pub actor: String,
    /// The account behind it.
    pub account: Option<AccountId>,
    /// In whose name.
    pub on_behalf_of: Option<AccountId>,
    /// The session or token, and the staff access, it came in with.
    pub credential: Option<String>,
    /// The workspace it is about.
    pub workspace: Option<WorkspaceId>,
    /// What was done.
    pub action: String,
    /// To what.
    pub target: String,
    /// How it ended.
    pub outcome: Outcome,
    /// The policy that decided.
    pub deciding_policy: Option<String>,
    /// The request.
    pub request: Option<RequestId>,
    /// More.
    pub payload: Json,
}

/// Which records.
#[derive(Debug, Clone, Default)]
pub struct RecordFilter {
    /// Only of this account.
    pub account: Option<AccountId>,
    /// Only about this workspace (directory).
    pub workspace: Option<WorkspaceId>,
    /// Only of this action.
    pub action: Option<String>,
    /// Newest first, after this number.
    pub paging: Paging<i64>,
}

/// Where a record is written.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Ledger {
    Directory,
    Workspace(WorkspaceId),
}

/// What every change needs besides its transaction.
pub(crate) struct Writing<'a> {
    pub(crate) ledger: Ledger,
    pub(crate) seal: &'a Seal,
    pub(crate) id: Uuid,
    pub(crate) now: DateTime<Utc>,
}

impl Writing<'_> {
    /// Adds the record and the events, and makes the transaction last.
    pub(crate) async fn commit(
        &self,
        transaction: DatabaseTransaction,
        actor: &Actor,
        entry: Entry,
    ) -> Result<(), StoreError> {
        let told = crate::outbox::told(&entry)?;
        self.add(&transaction, actor, entry).await?;
        crate::outbox::add(&transaction, self, told).await?;
        crate::database::commit(transaction).await
    }

    async fn add(
        &self,
        transaction: &DatabaseTransaction,
        actor: &Actor,
        entry: Entry,
    ) -> Result<(), StoreError> {
        for word in [&entry.action, &entry.target] {
            crate::error::bounded(word, MAX_WORD, "what is recorded", "200 bytes")?;
        }
        let id = self.id;
        let payload = value::json(&entry.payload, "records")?;
        crate::error::bounded(&payload, MAX_PAYLOAD, "the payload of a record", "64 KiB")?;
        let backend = transaction.get_database_backend();
        let (sql, key) = match self.ledger {
            Ledger::Directory => (
                "INSERT INTO directory_counter (id, last_seq) VALUES ($1, 1) \
                 ON CONFLICT (id) DO UPDATE SET last_seq = directory_counter.last_seq + 1 RETURNING last_seq",
                1_i64.into(),
            ),
            Ledger::Workspace(workspace) => (
                "INSERT INTO workspace_counters (workspace_id, last_seq) VALUES ($1, 1) \
                 ON CONFLICT (workspace_id) DO UPDATE SET last_seq = workspace_counters.last_seq + 1 \
                 RETURNING last_seq",
                workspace.uuid().into(),
            ),
        };
        let row = transaction.query_one_raw(Statement::from_sql_and_values(backend, sql, [key])).await?;
        let seq = row.map(|row| row.try_get::<i64>("", "last_seq")).transpose()?;
        let seq = seq.ok_or(StoreError::Damaged { table: "records", what: "there is no next number" })?;
        let who = Who::of(actor);
        match self.ledger {
            Ledger::Directory => {
                let row = crate::entity::directory_record::Model {
                    seq,
                    id,
                    at_us: micros(self.now),
                    actor: who.actor,
                    account_id: who.account,
                    on_behalf_of: who.on_behalf_of,
                    credential: who.credential,
                    workspace_id: entry.workspace.map(Key::uuid),
                    action: entry.action,
                    target: entry.target,
                    outcome: entry.outcome.to_string(),
                    deciding_policy: entry.deciding_policy,
                    request_id: who.request,
                    payload_sealed: self.seal.text(DIRECTORY_PAYLOAD, id, &payload)?,
                };
                crate::database::insert(transaction, row).await
            }
            Ledger::Workspace(workspace) => {
                let row = crate::entity::workspace_record::Model {
                    workspace_id: workspace.uuid(),
                    seq,
                    id,
                    at_us: micros(self.now),
                    actor: who.actor,
                    account_id: who.account,
                    on_behalf_of: who.on_behalf_of,
                    credential: who.credential,
                    action: entry.action,
                    target: entry.target,
                    outcome: entry.outcome.to_string(),
                    deciding_policy: entry.deciding_policy,
                    request_id: who.request,
                    payload_sealed: self.seal.text(WORKSPACE_PAYLOAD, id, &payload)?,
                };
                crate::database::insert(transaction, row).await
            }
        }
    }
}

struct Who {
    actor: String,
    account: Option<Uuid>,
    on_behalf_of: Option<Uuid>,
    credential: Option<String>,
    request: Option<Uuid>,
}

impl Who {
    fn of(actor: &Actor) -> Self {
        let credential = match actor.principal {
            Principal::Account { session, .. } => Some(session.to_string()),
            Principal::Token { id, .. } => Some(id.to_string()),
            Principal::Staff { session, access, .. } => Some(format!("{session} {access}")),
            Principal::Operator | Principal::System | Principal::Anonymous => None,
        };
        Self {
            actor: actor.principal.to_string(),
            account: actor.principal.account().map(Key::uuid),
            on_behalf_of: actor.on_behalf_of.map(Key::uuid),
            credential,
            request: actor.request.map(Key::uuid),
        }
    }
}

impl Record {
    pub(crate) fn of_directory(
        row: crate::entity::directory_record::Model,
        seal: &Seal,
    ) -> Result<Self, StoreError> {
        let table = DIRECTORY_PAYLOAD.table;
        Ok(Self {
            seq: row.seq,
            id: RecordId::from_uuid(row.id),
            at: moment(row.at_us, table)?,
            actor: row.actor,
            account: row.account_id.map(Key::from_uuid),
            on_behalf_of: row.on_behalf_of.map(Key::from_uuid),
            credential: row.credential,
            workspace: row.workspace_id.map(Key::from_uuid),
            action: row.action,
            target: row.target,
            outcome: row.outcome.parse()?,
            deciding_policy: row.deciding_policy,
            request: row.request_id.map(Key::from_uuid),
            payload: unjson(&seal.open_text(DIRECTORY_PAYLOAD, row.id, &row.payload_sealed)?, table)?,
        })
    }

    pub(crate) fn of_workspace(
        row: crate::entity::workspace_record::Model,
        seal: &Seal,
    ) -> Result<Self, StoreError> {
        let table = WORKSPACE_PAYLOAD.table;
        Ok(Self {
            seq: row.seq,
            id: RecordId::from_uuid(row.id),
            at: moment(row.at_us, table)?,
            actor: row.actor,
            account: row.account_id.map(Key::from_uuid),
            on_behalf_of: row.on_behalf_of.map(Key::from_uuid),
            credential: row.credential,
            workspace: Some(WorkspaceId::from_uuid(row.workspace_id)),
            action: row.action,
            target: row.target,
            outcome: row.outcome.parse()?,
            deciding_policy: row.deciding_policy,
            request: row.request_id.map(Key::from_uuid),
            payload: unjson(&seal.open_text(WORKSPACE_PAYLOAD, row.id, &row.payload_sealed)?, table)?,
        })
    }
}
