//! The record as a Merkle log: of each workspace, and of the installation.
//!
//! * An entry is written in the transaction of its effect (`append`), with the hash of its leaf. Numbers
//!   have no gaps and times never go back.
//! * Full tiles of 256 hashes are written once, behind the entries (`tiles`), so that roots and proofs read a
//!   handful of rows however long the log is.
//! * A checkpoint is signed at a cadence, even when nothing happened (`checkpoints`), and only if the log
//!   still continues the one before: a database that was rewritten gets no new signature.
//! * [`AuditLog::verify`] walks all entries against the checkpoints, and finds what somebody with every
//!   privilege on the database changed: the signing key is sealed under a key that the database does not have.
//! * What is about a person stands beside the log under that person's key (`persons`).
//! * What is noted at the same moment shares a transaction (`group`): data reads are recorded before
//!   their answer is given, and none is dropped.

mod append;
mod checkpoints;
mod export;
mod group;
mod intents;
mod persons;
mod read;
mod rows;
mod tiles;
mod verify;

pub(crate) use append::{Prepared, append};
pub use checkpoints::CADENCE;
pub use checkpoints::SignedNow;
pub(crate) use group::Group;
pub use intents::Intent;
pub(crate) use persons::erase;
pub(crate) use rows::Row;
pub use verify::LogVerdict;

use crate::database::Database;
use crate::record::Ledger;
use crate::seal::Seal;
use crate::{Directory, StoreError};
use sea_orm::{ConnectionTrait, DatabaseTransaction, Statement, Value};
use std::sync::Arc;

/// The log of a workspace, or of the installation. Cheap to clone.
#[derive(Clone)]
pub struct AuditLog {
    ledger: Ledger,
    database: Database,
    seal: Seal,
    directory: Directory,
    group: Arc<Group>,
}

impl std::fmt::Debug for AuditLog {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("AuditLog").field("ledger", &self.ledger).finish_non_exhaustive()
    }
}

impl AuditLog {
    pub(crate) const fn new(
        ledger: Ledger,
        database: Database,
        seal: Seal,
        directory: Directory,
        group: Arc<Group>,
    ) -> Self {
        Self { ledger, database, seal, directory, group }
    }

    /// Whose log.
    #[must_use]
    pub const fn log(&self) -> bursar_audit::Log {
        self.ledger.log()
    }

    /// Makes a change last, and says that there may be something to deliver.
    async fn commit(&self, transaction: DatabaseTransaction) -> Result<(), StoreError> {
        crate::database::commit(transaction).await?;
        if let Ledger::Workspace(workspace) = self.ledger {
            self.directory.wake.at(workspace, self.directory.now());
        }
        Ok(())
    }

    async fn read(&self) -> Result<DatabaseTransaction, StoreError> {
        self.seal.refresh(&self.directory.keyring).await?;
        self.database.read(self.ledger.reach()).await
    }

    async fn write(&self) -> Result<DatabaseTransaction, StoreError> {
        self.seal.refresh(&self.directory.keyring).await?;
        self.database.write(self.ledger.reach()).await
    }
}

/// A statement on the tables of a ledger: `{p}` is what their names begin with, `$1` the scope of its rows.
pub(crate) fn statement(
    transaction: &DatabaseTransaction,
    ledger: Ledger,
    sql: &str,
    values: impl IntoIterator<Item = Value>,
) -> Statement {
    let values = std::iter::once(Value::from(ledger.scope())).chain(values);
    let sql = sql.replace("{p}", ledger.prefix());
    Statement::from_sql_and_values(transaction.get_database_backend(), sql, values)
}

/// How many entries the log has.
async fn length(transaction: &DatabaseTransaction, ledger: Ledger) -> Result<i64, StoreError> {
    let backend = transaction.get_database_backend();
    let query = match ledger {
        Ledger::Directory => {
            Statement::from_string(backend, "SELECT last_seq FROM directory_counter WHERE id = 1")
        }
        Ledger::Workspace(_) => statement(
            transaction,
            ledger,
            "SELECT last_seq FROM workspace_counters WHERE workspace_id = $1",
            [],
        ),
    };
    let row = transaction.query_one_raw(query).await?;
    Ok(row.map(|row| row.try_get::<i64>("", "last_seq")).transpose()?.unwrap_or_default())
}

/// A number of the tree as a column value; logs end long before.
fn long(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

/// A column's number as one of the tree.
fn count(number: i64) -> u64 {
    u64::try_from(number).unwrap_or_default()
}

/// Something in these tables is not as it was written.
const fn damaged(what: &'static str) -> StoreError {
    StoreError::Damaged { table: "records", what }
}
