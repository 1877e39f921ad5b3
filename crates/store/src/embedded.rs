//! SQLCipher files: opening them with their key, and how.
//!
//! * Raw 32-byte keys: no key derivation per connection, so opening is instant.
//! * Write-ahead log with `synchronous = FULL`: a commit survives a power cut. With NORMAL the last
//!   commits could be undone by one, and with them the end of a session or the use of a one-time
//!   link (SQLite, "pragma synchronous").
//! * `secure_delete`: removed rows are overwritten. `temp_store = MEMORY`: no plaintext in
//!   temporary files. `foreign_keys`, `trusted_schema = OFF`, five seconds of patience for locks.
//! * Pages are 4096 bytes and a connection's cache at most 0.5 MiB, so that many files can be open.
//!
//! The key stands in the options of the pool as long as the file is open; there is no way to hand
//! it to SQLite for new connections otherwise.

use crate::StoreError;
use crate::database::Database;
use bursar_keyring::Secret32;
use sea_orm::{ConnectionTrait, DatabaseConnection, SqlxSqliteConnector};
use sqlx::Executor as _;
use sqlx::sqlite::{SqliteConnectOptions, SqlitePoolOptions, SqliteSynchronous};
use std::fs;
use std::io;
use std::path::Path;
use std::time::Duration;
use zeroize::Zeroizing;

const BUSY: Duration = Duration::from_secs(5);
const ACQUIRE: Duration = Duration::from_secs(30);

/// What is expected at the path.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Expected {
    /// A file, or nothing yet.
    FileOrNothing,
    /// A file that was made before.
    File,
}

/// Opens a file with its key, and proves that the key is the one.
pub(crate) async fn open(
    path: &Path,
    key: &Secret32,
    expected: Expected,
    connections: u32,
) -> Result<Database, StoreError> {
    let path_error = |source: io::Error| StoreError::Io { path: path.to_owned(), source };
    match fs::metadata(path) {
        Ok(found) if expected == Expected::File && found.len() == 0 => {
            return Err(StoreError::WrongKey(path.to_owned()));
        }
        Ok(_) => {}
        Err(error) if error.kind() == io::ErrorKind::NotFound && expected == Expected::FileOrNothing => {
            make(path).map_err(path_error)?;
        }
        Err(error) => return Err(path_error(error)),
    }
    // OpenSSL computes below SQLCipher, and by itself it would free its tables when the process ends,
    // while a connection's thread may still be closing its file.
    openssl_sys::init();
    let hex = Zeroizing::new(hex::encode(key.expose()));
    // `key` comes first whatever the order here; sqlx keeps a place for it.
    let options = SqliteConnectOptions::new()
        .filename(path)
        .create_if_missing(false)
        .pragma("key", format!("\"x'{}'\"", hex.as_str()))
        .synchronous(SqliteSynchronous::Full)
        .foreign_keys(true)
        .busy_timeout(BUSY)
        .statement_cache_capacity(64)
        // A wrong key is told by an error; SQLCipher would print it besides.
        .pragma("cipher_log_level", "NONE")
        // Under this name, because the first read of the file must come after the line above.
        .pragma("main.journal_mode", "WAL")
        .pragma("temp_store", "MEMORY")
        .pragma("secure_delete", "ON")
        .pragma("trusted_schema", "OFF")
        .pragma("cache_size", "-512");
    let pool = SqlitePoolOptions::new()
        .max_connections(connections)
        .min_connections(0)
        .acquire_timeout(ACQUIRE)
        .idle_timeout(Some(Duration::from_secs(300)))
        .test_before_acquire(false)
        // A commit that failed (a full disk) leaves its transaction open; what the next borrower did in it would
        // never last. Rolling back works only there, and then the connection is thrown away.
        .after_release(|connection, _| {
            Box::pin(async move { Ok(connection.execute("ROLLBACK").await.is_err()) })
        })
        .connect_with(quiet(options))
        .await
        .map_err(|error| refused(path, error))?;
    let connection: DatabaseConnection = SqlxSqliteConnector::from_sqlx_sqlite_pool(pool);
    Ok(Database::new(connection))
}

/// Encrypts a file anew with another key, in one transaction of SQLite's. Nobody else may have it
/// open.
pub(crate) async fn rekey(path: &Path, present: &Secret32, next: &Secret32) -> Result<(), StoreError> {
    let database = match open(path, present, Expected::File, 1).await {
        // An earlier run came as far as here.
        Err(StoreError::WrongKey(_)) => return open(path, next, Expected::File, 1).await?.close().await,
        opened => opened?,
    };
    let hex = Zeroizing::new(hex::encode(next.expose()));
    let statement = Zeroizing::new(format!("PRAGMA rekey = \"x'{}'\"", hex.as_str()));
    // The text of the error would have the statement in it.
    let rekeyed = database.connection().execute_unprepared(&statement).await.map(drop);
    database.close().await?;
    rekeyed.map_err(|_| StoreError::Io {
        path: path.to_owned(),
        source: io::Error::other("the key of the file could not be changed"),
    })
}

/// Statements are not logged: their parameters are, at some levels.
fn quiet(options: SqliteConnectOptions) -> SqliteConnectOptions {
    sqlx::ConnectOptions::disable_statement_logging(options)
}

/// An empty file that only its owner may read; SQLite gives its log the same mode.
fn make(path: &Path) -> io::Result<()> {
    if let Some(parent) = path.parent() {
        let mut builder = fs::DirBuilder::new();
        builder.recursive(true);
        #[cfg(unix)]
        std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
        builder.create(parent)?;
    }
    let mut options = fs::OpenOptions::new();
    options.write(true).create(true).truncate(false);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path).map(drop)
}

fn refused(path: &Path, error: sqlx::Error) -> StoreError {
    // SQLITE_NOTADB: with SQLCipher, the first page does not decipher.
    let not_ours = error.as_database_error().and_then(|error| error.code()).is_some_and(|code| code == "26");
    if not_ours {
        return StoreError::WrongKey(path.to_owned());
    }
    let source = sea_orm::DbErr::Conn(sea_orm::RuntimeErr::SqlxError(error.into()));
    StoreError::Database { what: "a database file could not be opened", source }
}
