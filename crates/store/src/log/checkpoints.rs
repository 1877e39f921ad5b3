//! Signing checkpoints, and the keys that do it.
//!
//! The seed of a key is sealed in the database under the owner's field key. A key is good for two years; a month
//! before its end the next begins, vouched for by it.

use super::{AuditLog, count, damaged, length, long, statement};
use crate::StoreError;
use crate::record::{Entry, Ledger};
use crate::seal::{Column, column};
use crate::value::micros;
use bursar_audit::tile::Tiles;
use bursar_audit::{Checkpoint, KeyHistory, KeyStatement, Log, SignedCheckpoint, SigningKey, tree};
use bursar_domain::Actor;
use chrono::{DateTime, SubsecRound, TimeDelta, Utc};
use sea_orm::{ConnectionTrait, DatabaseTransaction};
use std::time::Duration;
use uuid::Uuid;

/// How often a checkpoint is signed.
pub const CADENCE: Duration = Duration::from_secs(300);
/// How long a key is good.
const KEY_DAYS: i64 = 730;
/// How long before its end the next one begins.
const RENEW_DAYS: i64 = 30;

/// What a round of signing did.
#[derive(Debug, Default)]
pub struct SignedNow {
    /// Logs that got a checkpoint.
    pub signed: u64,
    /// Logs that did not, and why.
    pub failed: Vec<(Log, StoreError)>,
}

const fn seed_place(ledger: Ledger) -> Column {
    match ledger {
        Ledger::Directory => column("directory_record_keys", "seed"),
        Ledger::Workspace(_) => column("workspace_record_keys", "seed"),
    }
}

struct KeyRow {
    number: i64,
    key: SigningKey,
    until: DateTime<Utc>,
}

impl AuditLog {
    /// Signs the log as it is now, whether something happened or not.
    ///
    /// # Errors
    /// [`StoreError::Damaged`] when the log does not continue its last checkpoint: then somebody changed
    /// it, and it gets no new signature.
    pub async fn sign_checkpoint(&self, now: DateTime<Utc>) -> Result<SignedCheckpoint, StoreError> {
        self.fill_tiles().await?;
        let transaction = self.write().await?;
        let last = self.newest(&transaction).await?;
        let now = now.trunc_subsecs(6);
        // Two of one moment would be out of order.
        let time =
            last.as_ref().map_or(now, |last| now.max(last.checkpoint.time + TimeDelta::microseconds(1)));
        let key = self.key(&transaction, time).await?;
        let size = count(length(&transaction, self.ledger).await?);
        let mut tiles = Tiles::default();
        let root = self.root(&transaction, &mut tiles, size).await?;
        if let Some(last) = &last {
            let (old, was) = (last.checkpoint.size, last.checkpoint.root);
            let rewritten =
                |_| damaged("the log does not continue its last checkpoint, so nothing was signed");
            let nodes = tree::consistency_nodes(old, size).map_err(rewritten)?;
            self.load(&transaction, &mut tiles, &nodes, size).await?;
            let proof = tree::prove_consistency(&tiles, old, size)
                .map_err(|_| damaged("a tile of hashes is missing"))?;
            tree::check_consistency((old, was), (size, root), &proof).map_err(rewritten)?;
        }
        let signed = Checkpoint { origin: self.log().origin(), size, root, time }.sign(&key)?;
        let sql = "INSERT INTO {p}_record_checkpoints (workspace_id, number, size, signed_us, note) \
                   SELECT $1, COALESCE(MAX(number), 0) + 1, $2, $3, $4 FROM {p}_record_checkpoints WHERE workspace_id = $1";
        let values = [long(size).into(), micros(time).into(), signed.as_str().into()];
        transaction.execute_raw(statement(&transaction, self.ledger, sql, values)).await?;
        self.commit(transaction).await?;
        Ok(signed)
    }

    /// The newest checkpoint.
    ///
    /// # Errors
    /// When it does not read.
    pub async fn checkpoint(&self) -> Result<Option<SignedCheckpoint>, StoreError> {
        self.newest(&self.read().await?).await
    }

    pub(super) async fn newest(
        &self,
        transaction: &DatabaseTransaction,
    ) -> Result<Option<SignedCheckpoint>, StoreError> {
        Ok(self.checkpoints(transaction, " DESC LIMIT 1").await?.pop())
    }

    pub(super) async fn all_checkpoints(
        &self,
        transaction: &DatabaseTransaction,
    ) -> Result<Vec<SignedCheckpoint>, StoreError> {
        self.checkpoints(transaction, "").await
    }

    async fn checkpoints(
        &self,
        transaction: &DatabaseTransaction,
        order: &str,
    ) -> Result<Vec<SignedCheckpoint>, StoreError> {
        let sql = format!(
            "SELECT note FROM {{p}}_record_checkpoints WHERE workspace_id = $1 ORDER BY number{order}"
        );
        let mut found = Vec::new();
        for row in transaction.query_all_raw(statement(transaction, self.ledger, &sql, [])).await? {
            let note: String = row.try_get("", "note")?;
            found.push(SignedCheckpoint::parse(&note).map_err(|_| damaged("a checkpoint does not read"))?);
        }
        Ok(found)
    }

    /// The signed statements of the keys, oldest first: what the log's key page shows, and what
    /// [`KeyHistory::read`] reads.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn key_statements(&self) -> Result<Vec<String>, StoreError> {
        self.statements(&self.read().await?).await
    }

    pub(super) async fn statements(
        &self,
        transaction: &DatabaseTransaction,
    ) -> Result<Vec<String>, StoreError> {
        let sql = "SELECT statement FROM {p}_record_keys WHERE workspace_id = $1 ORDER BY number";
        let rows = transaction.query_all_raw(statement(transaction, self.ledger, sql, [])).await?;
        rows.iter().map(|row| Ok(row.try_get("", "statement")?)).collect()
    }

    /// The keys with the times between which they are good.
    pub(super) async fn history(&self, transaction: &DatabaseTransaction) -> Result<KeyHistory, StoreError> {
        let statements = self.statements(transaction).await?;
        Ok(KeyHistory::read(statements.iter().map(String::as_str), &[])?)
    }

    async fn newest_key(&self, transaction: &DatabaseTransaction) -> Result<Option<KeyRow>, StoreError> {
        let sql = "SELECT id, number, seed_sealed, until_us FROM {p}_record_keys WHERE workspace_id = $1 \
                   ORDER BY number DESC LIMIT 1";
        let row = transaction.query_one_raw(statement(transaction, self.ledger, sql, [])).await?;
        let Some(row) = row else { return Ok(None) };
        let (id, sealed): (Uuid, Vec<u8>) = (row.try_get("", "id")?, row.try_get("", "seed_sealed")?);
        let place = seed_place(self.ledger);
        let seed = self.seal.open_bytes(place, id, &sealed)?;
        Ok(Some(KeyRow {
            number: row.try_get("", "number")?,
            key: SigningKey::from_seed(&self.log().origin(), &seed)?,
            until: crate::value::moment(row.try_get("", "until_us")?, place.table)?,
        }))
    }

    /// The newest key, after a checkpoint was signed.
    pub(super) async fn present_key(
        &self,
        transaction: &DatabaseTransaction,
    ) -> Result<SigningKey, StoreError> {
        let row = self.newest_key(transaction).await?;
        row.map(|row| row.key).ok_or(damaged("the signing key is missing"))
    }

    /// The key that signs now; made when there is none or it ends soon.
    pub(super) async fn key(
        &self,
        transaction: &DatabaseTransaction,
        now: DateTime<Utc>,
    ) -> Result<SigningKey, StoreError> {
        match self.newest_key(transaction).await? {
            Some(row) if now < row.until - TimeDelta::days(RENEW_DAYS) => Ok(row.key),
            before => self.next_key(transaction, before, now).await,
        }
    }

    async fn next_key(
        &self,
        transaction: &DatabaseTransaction,
        before: Option<KeyRow>,
        from: DateTime<Utc>,
    ) -> Result<SigningKey, StoreError> {
        let (id, seed) = (self.directory.new_uuid()?, self.seal.random32()?);
        let key = SigningKey::from_seed(&self.log().origin(), seed.as_slice())?;
        let until = from + TimeDelta::days(KEY_DAYS);
        let said = KeyStatement { key: key.public().clone(), from, until };
        let said = said.sign(before.as_ref().map_or(&key, |before| &before.key))?;
        let sealed = self.seal.bytes(seed_place(self.ledger), id, seed.as_slice())?;
        let number = before.map_or(1, |before| before.number + 1);
        let sql = "INSERT INTO {p}_record_keys (workspace_id, id, number, seed_sealed, statement, until_us) \
                   VALUES ($1, $2, $3, $4, $5, $6)";
        let values = [id.into(), number.into(), sealed.into(), said.into(), micros(until).into()];
        transaction.execute_raw(statement(transaction, self.ledger, sql, values)).await?;
        Ok(key)
    }

    /// Begins the next key now, vouched for by the present one.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn rotate_key(&self, actor: &Actor) -> Result<bursar_audit::VerifyingKey, StoreError> {
        let transaction = self.write().await?;
        let last = self.newest(&transaction).await?.map(|last| last.checkpoint.time);
        let now = self.directory.now();
        let from = last.map_or(now, |last| now.max(last + TimeDelta::microseconds(1)));
        let before = self.newest_key(&transaction).await?;
        let public = self.next_key(&transaction, before, from).await?.public().clone();
        let entry = Entry::done("audit.rotate-key", public.id());
        let prepared = super::Prepared::new(self.directory.new_uuid()?, actor, entry)?;
        super::append(&transaction, self.ledger, &self.seal, now, vec![prepared]).await?;
        self.commit(transaction).await?;
        Ok(public)
    }

    /// Whether a checkpoint is due.
    pub(crate) async fn is_due(&self, now: DateTime<Utc>) -> Result<bool, StoreError> {
        let last = self.checkpoint().await?;
        let cadence = TimeDelta::from_std(CADENCE).unwrap_or_default();
        Ok(last.is_none_or(|last| now - last.checkpoint.time >= cadence))
    }
}
