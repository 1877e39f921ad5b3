//! Adding entries, in the transaction of what they are about.
//!
//! Numbers are drawn last in each transaction: whoever draws one holds up others only while it commits,
//! and what is undone leaves no gap. The time of an entry is never before that of the one in front of it.

use super::persons::person_key;
use super::rows::Row;
use super::statement;
use crate::StoreError;
use crate::entity::{directory_record, workspace_record};
use crate::outbox::Told;
use crate::record::{Entry, Ledger, Writing};
use crate::seal::Seal;
use crate::value::{Key, micros};
use bursar_audit::personal::{Commitment, MAX_PERSONS};
use bursar_audit::{Payload, PayloadError};
use bursar_domain::id::AccountId;
use bursar_domain::{Actor, Principal};
use chrono::{DateTime, Utc};
use sea_orm::{ConnectionTrait, DatabaseTransaction, EntityTrait, IntoActiveModel};
use uuid::Uuid;

const MAX_WORD: usize = bursar_audit::entry::MAX_WORD_BYTES;
/// Rows in one statement.
const ROWS: usize = 500;

/// An entry that was checked, with everything but its number and time.
#[derive(Debug)]
pub(crate) struct Prepared {
    id: Uuid,
    actor: String,
    account: Option<Uuid>,
    on_behalf_of: Option<Uuid>,
    credential: Option<String>,
    request: Option<Uuid>,
    entry: Entry,
    payload: Payload,
    personal: Vec<(AccountId, Payload)>,
    /// The events that follow.
    told: Vec<Told>,
}

fn spelled(value: &serde_json::Value) -> Result<Payload, StoreError> {
    Payload::of(value).map_err(|error| match error {
        PayloadError::TooLarge => StoreError::TooLarge { what: "the payload of a record", limit: "64 KiB" },
        PayloadError::Float | PayloadError::NotJson => {
            StoreError::Conflict("a payload of a record has a number with a fraction: record it as text")
        }
    })
}

impl Prepared {
    /// Checks an entry.
    pub(crate) fn new(id: Uuid, actor: &Actor, entry: Entry) -> Result<Self, StoreError> {
        for word in [&entry.action, &entry.target] {
            crate::error::bounded(word, MAX_WORD, "what is recorded", "200 bytes")?;
        }
        if entry.personal.len() > MAX_PERSONS {
            return Err(StoreError::TooLarge { what: "what is recorded about persons", limit: "8 persons" });
        }
        let credential = match actor.principal {
            Principal::Account { session, .. } => Some(session.to_string()),
            Principal::Token { id, .. } => Some(id.to_string()),
            Principal::Staff { session, access, .. } => Some(format!("{session} {access}")),
            Principal::Operator | Principal::System | Principal::Anonymous => None,
        };
        let personal = entry.personal.iter().map(|(person, value)| Ok((*person, spelled(value)?)));
        Ok(Self {
            id,
            actor: actor.principal.to_string(),
            account: actor.principal.account().map(Key::uuid),
            on_behalf_of: actor.on_behalf_of.map(Key::uuid),
            credential,
            request: actor.request.map(Key::uuid),
            payload: spelled(&entry.payload)?,
            personal: personal.collect::<Result<_, StoreError>>()?,
            told: crate::outbox::told(&entry)?,
            entry,
        })
    }

    fn row(
        self,
        ledger: Ledger,
        seal: &Seal,
        seq: i64,
        at_us: i64,
        commitments: &[Commitment],
    ) -> Result<Row, StoreError> {
        let mut row = Row {
            seq,
            id: self.id,
            at_us,
            actor: self.actor,
            account_id: self.account,
            on_behalf_of: self.on_behalf_of,
            credential: self.credential,
            action: self.entry.action,
            target: self.entry.target,
            outcome: self.entry.outcome.to_string(),
            deciding_policy: self.entry.deciding_policy,
            request_id: self.request,
            payload_sealed: seal.text(ledger.payload(), self.id, self.payload.as_str())?,
            leaf: None,
            intent_seq: self.entry.intent,
            personal: (!commitments.is_empty()).then(|| Commitment::list(commitments)),
            workspace_id: self.entry.workspace.map(Key::uuid),
        };
        row.leaf = Some(row.entry_of(ledger, self.payload)?.leaf().0.to_vec());
        Ok(row)
    }
}

/// Adds entries, and says the number of the last.
pub(crate) async fn append(
    transaction: &DatabaseTransaction,
    ledger: Ledger,
    seal: &Seal,
    now: DateTime<Utc>,
    entries: Vec<Prepared>,
) -> Result<i64, StoreError> {
    let count = i64::try_from(entries.len()).unwrap_or(i64::MAX);
    let (last, at_us) = draw(transaction, ledger, count, micros(now)).await?;
    let mut rows = Vec::with_capacity(entries.len());
    for (seq, mut prepared) in (last - count + 1..).zip(entries) {
        let writing = Writing { ledger, seal, id: prepared.id, now };
        crate::outbox::add(transaction, &writing, std::mem::take(&mut prepared.told)).await?;
        let mut commitments = Vec::new();
        for (person, value) in &prepared.personal {
            let key = person_key(transaction, ledger, seal, *person, at_us).await?;
            commitments.push(key.commit(*person, super::count(seq), value));
            super::persons::keep(transaction, ledger, seal, seq, *person, value).await?;
        }
        rows.push(prepared.row(ledger, seal, seq, at_us, &commitments)?);
    }
    insert(transaction, ledger, rows).await?;
    Ok(last)
}

async fn insert(transaction: &DatabaseTransaction, ledger: Ledger, rows: Vec<Row>) -> Result<(), StoreError> {
    let mut rows = rows.into_iter().peekable();
    while rows.peek().is_some() {
        let some = rows.by_ref().take(ROWS);
        match ledger {
            Ledger::Directory => {
                let some = some.map(|row| row.of_directory().into_active_model());
                directory_record::Entity::insert_many(some).exec_without_returning(transaction).await?;
            }
            Ledger::Workspace(id) => {
                let some = some.map(|row| row.of_workspace(id).into_active_model());
                workspace_record::Entity::insert_many(some).exec_without_returning(transaction).await?;
            }
        }
    }
    Ok(())
}

/// The last of so many new numbers, and the time of them all.
async fn draw(
    transaction: &DatabaseTransaction,
    ledger: Ledger,
    count: i64,
    now_us: i64,
) -> Result<(i64, i64), StoreError> {
    let (table, key) = match ledger {
        Ledger::Directory => ("directory_counter", "id"),
        Ledger::Workspace(_) => ("workspace_counters", "workspace_id"),
    };
    let sql = format!(
        "INSERT INTO {table} ({key}, last_seq, last_at_us) VALUES ($1, $2, $3) ON CONFLICT ({key}) DO UPDATE SET \
         last_seq = {table}.last_seq + excluded.last_seq, last_at_us = CASE WHEN {table}.last_at_us > excluded.last_at_us \
         THEN {table}.last_at_us ELSE excluded.last_at_us END RETURNING last_seq, last_at_us"
    );
    let values = [count.into(), now_us.into()];
    let query = match ledger {
        Ledger::Workspace(_) => statement(transaction, ledger, &sql, values),
        Ledger::Directory => {
            let values = std::iter::once(1_i64.into()).chain(values);
            sea_orm::Statement::from_sql_and_values(transaction.get_database_backend(), sql, values)
        }
    };
    let row = transaction.query_one_raw(query).await?;
    let row = row.ok_or(super::damaged("there is no next number"))?;
    Ok((row.try_get("", "last_seq")?, row.try_get("", "last_at_us")?))
}
