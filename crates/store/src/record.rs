//! Who did what: a row of the record in the same transaction as each change.
//!
//! The rows are the leaves of a Merkle log: see [`crate::AuditLog`]. They are only ever added: triggers on both databases and the privileges of the role on
//! PostgreSQL refuse anything else. The numbers have no gaps, so that a missing row shows, and are
//! drawn last in each transaction: whoever draws one holds up others only while it commits.
//!
//! Not recorded are the program's own notes of time (a session or token was used just now, a
//! failed attempt was counted); whoever finds those worth a record uses `note`.

use crate::StoreError;
use crate::database::Reach;
use crate::log::{Prepared, Row, append};
use crate::outbox::NewEvent;
use crate::seal::{Column, Seal, column};
use crate::value::{Key, Paging, moment};
use bursar_audit::{Log, Outcome};
use bursar_domain::Actor;
use bursar_domain::id::{AccountId, RecordId, RequestId, WorkspaceId};
use chrono::{DateTime, Utc};
use sea_orm::DatabaseTransaction;
use serde_json::Value as Json;
use uuid::Uuid;

pub(crate) const DIRECTORY_PAYLOAD: Column = column("directory_records", "payload");
pub(crate) const WORKSPACE_PAYLOAD: Column = column("workspace_records", "payload");

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
    /// More, as JSON; sealed. Never a secret, and no number with a fraction.
    pub payload: Json,
    /// What is told outside besides what follows from the action (see `outbox.rs`).
    pub events: Vec<NewEvent>,
    /// What is about a person, kept beside the log until that person is erased.
    pub personal: Vec<(AccountId, Json)>,
    /// The number of the entry that announced it.
    pub(crate) intent: Option<i64>,
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
            personal: Vec::new(),
            intent: None,
        }
    }

    /// A change of configuration: what stood there, and what stands there now.
    #[must_use]
    pub fn changed(self, before: Json, after: Json) -> Self {
        self.with(bursar_audit::change::payload(before, after))
    }

    /// With something about a person, which goes when that person is erased: an address, a name.
    #[must_use]
    pub fn about_person(mut self, person: AccountId, value: Json) -> Self {
        self.personal.push((person, value));
        self
    }

    /// With this outcome.
    #[must_use]
    pub fn outcome(mut self, outcome: Outcome) -> Self {
        self.outcome = outcome;
        self
    }

    /// What it says, with what is about persons among it.
    pub(crate) fn said(&self) -> Json {
        merged(self.payload.clone(), self.personal.iter().map(|(_, value)| value.clone()))
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
    /// The number of the entry that announced it.
    pub intent: Option<i64>,
    /// More, with what is known about persons among it.
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
    /// From this moment.
    pub from: Option<DateTime<Utc>>,
    /// Before this one.
    pub until: Option<DateTime<Utc>>,
    /// Only those that ended like this.
    pub outcome: Option<Outcome>,
    /// Only about exactly this target.
    pub target: Option<String>,
    /// Only with this text in actor, action or target, among the 100,000 entries before the page.
    pub text: Option<String>,
    /// Newest first, after this number.
    pub paging: Paging<i64>,
}

/// Where a record is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Ledger {
    Directory,
    Workspace(WorkspaceId),
}

impl Ledger {
    /// What the names of its tables begin with.
    pub(crate) const fn prefix(self) -> &'static str {
        match self {
            Self::Directory => "directory",
            Self::Workspace(_) => "workspace",
        }
    }

    /// The workspace in its rows; zero for the installation's own log.
    pub(crate) fn scope(self) -> Uuid {
        match self {
            Self::Directory => Uuid::nil(),
            Self::Workspace(id) => id.uuid(),
        }
    }

    /// What its transactions reach.
    pub(crate) const fn reach(self) -> Reach {
        match self {
            Self::Directory => Reach::DIRECTORY,
            Self::Workspace(id) => Reach::workspace(id),
        }
    }

    /// The log.
    pub(crate) const fn log(self) -> Log {
        match self {
            Self::Directory => Log::Installation,
            Self::Workspace(id) => Log::Workspace(id),
        }
    }

    /// Where its payloads are sealed.
    pub(crate) const fn payload(self) -> Column {
        match self {
            Self::Directory => DIRECTORY_PAYLOAD,
            Self::Workspace(_) => WORKSPACE_PAYLOAD,
        }
    }
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
        let prepared = Prepared::new(self.id, actor, entry)?;
        append(&transaction, self.ledger, self.seal, self.now, vec![prepared]).await?;
        crate::database::commit(transaction).await
    }
}

/// A payload with more fields among its own.
fn merged(mut payload: Json, more: impl IntoIterator<Item = Json>) -> Json {
    for value in more {
        match (&mut payload, value) {
            (Json::Object(fields), Json::Object(more)) => fields.extend(more),
            (payload @ Json::Null, value) => *payload = value,
            _ => {}
        }
    }
    payload
}

impl Record {
    /// The record of a row, with what is known about persons.
    pub(crate) fn of(ledger: Ledger, row: Row, seal: &Seal, personal: Vec<Json>) -> Result<Self, StoreError> {
        let place = ledger.payload();
        let workspace = match ledger {
            Ledger::Directory => row.workspace_id.map(Key::from_uuid),
            Ledger::Workspace(id) => Some(id),
        };
        let text = seal.open_text(place, row.id, &row.payload_sealed)?;
        let payload = merged(crate::value::unjson(&text, place.table)?, personal);
        let unknown = |_| StoreError::Damaged { table: place.table, what: "an outcome is not known" };
        Ok(Self {
            seq: row.seq,
            id: RecordId::from_uuid(row.id),
            at: moment(row.at_us, place.table)?,
            actor: row.actor,
            account: row.account_id.map(Key::from_uuid),
            on_behalf_of: row.on_behalf_of.map(Key::from_uuid),
            credential: row.credential,
            workspace,
            action: row.action,
            target: row.target,
            outcome: row.outcome.parse().map_err(unknown)?,
            deciding_policy: row.deciding_policy,
            request: row.request_id.map(Key::from_uuid),
            intent: row.intent_seq,
            payload,
        })
    }
}
