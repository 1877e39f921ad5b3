//! A connection pool and what its transactions may reach.
//!
//! INVARIANT: no statement runs outside a transaction of [`Database::read`] or [`Database::write`].
//! On PostgreSQL the first statement of each says what the transaction reaches; the policies on the
//! tables show nothing to one that did not. On SQLite a workspace is a file of its own, and the
//! queries filter by workspace besides.

use crate::StoreError;
use crate::value::Key;
use bursar_domain::id::{AccountId, WorkspaceId};
use sea_orm::{
    AccessMode, ConnectionTrait, DatabaseConnection, DatabaseTransaction, DbBackend, EntityTrait,
    IntoActiveModel, IsolationLevel, ModelTrait, SqliteTransactionMode, Statement, TransactionOptions,
    TransactionTrait,
};

/// What a transaction reaches.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Reach {
    directory: bool,
    workspace: Option<WorkspaceId>,
    account: Option<AccountId>,
}

impl Reach {
    /// The installation's own tables.
    pub(crate) const DIRECTORY: Self = Self { directory: true, workspace: None, account: None };

    /// One workspace's rows, and nothing of the directory.
    pub(crate) const fn workspace(workspace: WorkspaceId) -> Self {
        Self { directory: false, workspace: Some(workspace), account: None }
    }

    /// The directory with one workspace's memberships and invitations.
    pub(crate) const fn directory_of(workspace: WorkspaceId) -> Self {
        Self { directory: true, workspace: Some(workspace), account: None }
    }

    /// The directory with one account's memberships.
    pub(crate) const fn account(account: AccountId) -> Self {
        Self { directory: true, workspace: None, account: Some(account) }
    }
}

/// A pool of connections to one database.
#[derive(Debug, Clone)]
pub(crate) struct Database {
    connection: DatabaseConnection,
}

impl Database {
    pub(crate) const fn new(connection: DatabaseConnection) -> Self {
        Self { connection }
    }

    /// For reading. Dropping it ends it.
    pub(crate) async fn read(&self, reach: Reach) -> Result<DatabaseTransaction, StoreError> {
        self.begin(reach, transaction_mode(SqliteTransactionMode::Deferred)).await
    }

    /// For reading much, all of it as it is at one moment.
    pub(crate) async fn snapshot(&self, reach: Reach) -> Result<DatabaseTransaction, StoreError> {
        let options = match self.connection.get_database_backend() {
            DbBackend::Postgres => TransactionOptions {
                isolation_level: Some(IsolationLevel::RepeatableRead),
                access_mode: Some(AccessMode::ReadOnly),
                ..TransactionOptions::default()
            },
            // On SQLite a read transaction is a snapshot.
            _ => transaction_mode(SqliteTransactionMode::Deferred),
        };
        self.begin(reach, options).await
    }

    /// For changing. Dropping it undoes it.
    ///
    /// On SQLite the write lock is taken at once: a transaction that reads first and writes later
    /// is refused when another was faster, however long it would wait.
    pub(crate) async fn write(&self, reach: Reach) -> Result<DatabaseTransaction, StoreError> {
        self.begin(reach, transaction_mode(SqliteTransactionMode::Immediate)).await
    }

    async fn begin(
        &self,
        reach: Reach,
        options: TransactionOptions,
    ) -> Result<DatabaseTransaction, StoreError> {
        let lost = |source| StoreError::Database { what: "no transaction could be begun", source };
        let transaction = self.connection.begin_with_options(options).await.map_err(lost)?;
        if transaction.get_database_backend() == DbBackend::Postgres {
            let id = |id: Option<uuid::Uuid>| id.map(|id| id.to_string()).unwrap_or_default();
            let settings = Statement::from_sql_and_values(
                DbBackend::Postgres,
                "SELECT set_config('app.directory', $1, true), set_config('app.workspace_id', $2, true), \
                 set_config('app.account_id', $3, true)",
                [
                    if reach.directory { "on" } else { "" }.into(),
                    id(reach.workspace.map(Key::uuid)).into(),
                    id(reach.account.map(Key::uuid)).into(),
                ],
            );
            transaction.query_one_raw(settings).await.map_err(lost)?;
        }
        Ok(transaction)
    }

    /// Closes the connections; whoever still has a handle gets errors.
    pub(crate) async fn close(&self) -> Result<(), StoreError> {
        self.connection.close_by_ref().await?;
        Ok(())
    }

    /// The pool itself, for migrations and checks.
    pub(crate) const fn connection(&self) -> &DatabaseConnection {
        &self.connection
    }
}

fn transaction_mode(mode: SqliteTransactionMode) -> TransactionOptions {
    TransactionOptions { sqlite_transaction_mode: Some(mode), ..TransactionOptions::default() }
}

/// Adds a row.
pub(crate) async fn insert<M>(transaction: &DatabaseTransaction, row: M) -> Result<(), StoreError>
where
    M: ModelTrait + IntoActiveModel<<<M as ModelTrait>::Entity as EntityTrait>::ActiveModel>,
{
    let row = row.into_active_model();
    <M as ModelTrait>::Entity::insert(row).exec_without_returning(transaction).await?;
    Ok(())
}

/// Makes a change last.
pub(crate) async fn commit(transaction: DatabaseTransaction) -> Result<(), StoreError> {
    transaction
        .commit()
        .await
        .map_err(|source| StoreError::Database { what: "a change could not be committed", source })
}
