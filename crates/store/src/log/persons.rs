//! What is about persons, beside the log, and its erasure.
//!
//! A person has a key per log. Erasing the person removes key and values; the commitments in the leaves stay
//! and tell nothing, and every proof holds as before. Backups lose them when they are removed.

use super::{AuditLog, append, statement};
use crate::StoreError;
use crate::record::{Entry, Ledger};
use crate::seal::{Column, Seal, column};
use crate::value::{Key, unjson};
use bursar_audit::Payload;
use bursar_audit::personal::{Disclosure, PersonKey};
use bursar_domain::Actor;
use bursar_domain::id::AccountId;
use sea_orm::{ConnectionTrait, DatabaseTransaction};
use std::collections::BTreeMap;
use uuid::Uuid;
use zeroize::Zeroizing;

const fn key_place(ledger: Ledger) -> Column {
    match ledger {
        Ledger::Directory => column("directory_record_people", "key"),
        Ledger::Workspace(_) => column("workspace_record_people", "key"),
    }
}

const fn value_place(ledger: Ledger) -> Column {
    match ledger {
        Ledger::Directory => column("directory_record_personal", "value"),
        Ledger::Workspace(_) => column("workspace_record_personal", "value"),
    }
}

async fn known_key(
    transaction: &DatabaseTransaction,
    ledger: Ledger,
    seal: &Seal,
    person: AccountId,
) -> Result<Option<PersonKey>, StoreError> {
    let sql = "SELECT key_sealed FROM {p}_record_people WHERE workspace_id = $1 AND person = $2";
    let query = statement(transaction, ledger, sql, [person.uuid().into()]);
    let Some(row) = transaction.query_one_raw(query).await? else { return Ok(None) };
    let sealed: Vec<u8> = row.try_get("", "key_sealed")?;
    let opened = seal.open_bytes(key_place(ledger), person.uuid(), &sealed)?;
    let key =
        opened.as_slice().try_into().map_err(|_| super::damaged("a person's key has another length"))?;
    Ok(Some(PersonKey::new(Zeroizing::new(key))))
}

/// A person's key, made when there is none. The caller holds the counter of the log, so nobody else makes one.
pub(super) async fn person_key(
    transaction: &DatabaseTransaction,
    ledger: Ledger,
    seal: &Seal,
    person: AccountId,
    now_us: i64,
) -> Result<PersonKey, StoreError> {
    if let Some(key) = known_key(transaction, ledger, seal, person).await? {
        return Ok(key);
    }
    let key = seal.random32()?;
    let sealed = seal.bytes(key_place(ledger), person.uuid(), key.as_slice())?;
    let sql =
        "INSERT INTO {p}_record_people (workspace_id, person, key_sealed, made_us) VALUES ($1, $2, $3, $4)";
    let values = [person.uuid().into(), sealed.into(), now_us.into()];
    transaction.execute_raw(statement(transaction, ledger, sql, values)).await?;
    Ok(PersonKey::new(key))
}

/// Keeps what is known about a person in an entry.
pub(super) async fn keep(
    transaction: &DatabaseTransaction,
    ledger: Ledger,
    seal: &Seal,
    seq: i64,
    person: AccountId,
    value: &Payload,
) -> Result<(), StoreError> {
    let random = seal.random32()?;
    let bytes = random.first_chunk::<16>().copied().unwrap_or_default();
    let id = uuid::Builder::from_random_bytes(bytes).into_uuid();
    let sealed = seal.text(value_place(ledger), id, value.as_str())?;
    let sql = "INSERT INTO {p}_record_personal (workspace_id, id, seq, person, value_sealed) VALUES ($1, $2, $3, $4, $5)";
    let values = [id.into(), seq.into(), person.uuid().into(), sealed.into()];
    transaction.execute_raw(statement(transaction, ledger, sql, values)).await?;
    Ok(())
}

/// What is known about persons in a range of entries.
pub(super) async fn values(
    transaction: &DatabaseTransaction,
    ledger: Ledger,
    seal: &Seal,
    (first, last): (i64, i64),
) -> Result<BTreeMap<i64, Vec<(AccountId, Payload)>>, StoreError> {
    let sql = "SELECT id, seq, person, value_sealed FROM {p}_record_personal \
               WHERE workspace_id = $1 AND seq >= $2 AND seq <= $3 ORDER BY seq, id";
    let query = statement(transaction, ledger, sql, [first.into(), last.into()]);
    let mut found: BTreeMap<i64, Vec<_>> = BTreeMap::new();
    for row in transaction.query_all_raw(query).await? {
        let (id, person): (Uuid, Uuid) = (row.try_get("", "id")?, row.try_get("", "person")?);
        let sealed: Vec<u8> = row.try_get("", "value_sealed")?;
        let text = seal.open_text(value_place(ledger), id, &sealed)?;
        let value = Payload::restore(text).map_err(|_| super::damaged("a person's data does not read"))?;
        found.entry(row.try_get("", "seq")?).or_default().push((AccountId::from_uuid(person), value));
    }
    Ok(found)
}

/// Removes what is known about a person, and the key of the commitments; in how many entries it was.
pub(crate) async fn erase(
    transaction: &DatabaseTransaction,
    ledger: Ledger,
    person: AccountId,
) -> Result<u64, StoreError> {
    let mut erased = 0;
    for table in ["{p}_record_people", "{p}_record_personal"] {
        let sql = format!("DELETE FROM {table} WHERE workspace_id = $1 AND person = $2");
        let query = statement(transaction, ledger, &sql, [person.uuid().into()]);
        erased = transaction.execute_raw(query).await?.rows_affected();
    }
    Ok(erased)
}

impl AuditLog {
    /// Erases what the log's entries know about a person: their values and the key of their commitments. The
    /// log stays as it is and verifies as before. How many entries knew something.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn erase_person(&self, actor: &Actor, person: AccountId) -> Result<u64, StoreError> {
        let transaction = self.write().await?;
        let erased = erase(&transaction, self.ledger, person).await?;
        let entry = Entry::done("audit.erase-person", person);
        let prepared = append::Prepared::new(self.directory.new_uuid()?, actor, entry)?;
        let now = self.directory.now();
        append::append(&transaction, self.ledger, &self.seal, now, vec![prepared]).await?;
        self.commit(transaction).await?;
        Ok(erased)
    }

    /// What lets others check what is known about persons in a range of entries.
    pub(super) async fn disclosures(
        &self,
        transaction: &DatabaseTransaction,
        range: (i64, i64),
    ) -> Result<BTreeMap<i64, Vec<Disclosure>>, StoreError> {
        let mut found: BTreeMap<i64, Vec<Disclosure>> = BTreeMap::new();
        for (seq, known) in values(transaction, self.ledger, &self.seal, range).await? {
            for (person, value) in known {
                let key = known_key(transaction, self.ledger, &self.seal, person).await?;
                let key = key.ok_or(super::damaged("a person's key is missing"))?;
                found.entry(seq).or_default().push(key.disclose(person, super::count(seq), value));
            }
        }
        Ok(found)
    }

    /// What is known about persons in a range of entries, for a page of records.
    pub(super) async fn known(
        &self,
        transaction: &DatabaseTransaction,
        range: (i64, i64),
    ) -> Result<BTreeMap<i64, Vec<serde_json::Value>>, StoreError> {
        let table = value_place(self.ledger).table;
        let found = values(transaction, self.ledger, &self.seal, range).await?;
        let read = |(_, value): (AccountId, Payload)| unjson(value.as_str(), table);
        found
            .into_iter()
            .map(|(seq, known)| Ok((seq, known.into_iter().map(read).collect::<Result<_, StoreError>>()?)))
            .collect()
    }
}
