//! The control plane's storage: accounts, sessions, memberships, and one store per workspace.
//!
//! [`Store`] is one concrete type over two databases. *Embedded*, the directory is one SQLCipher
//! file and each workspace another, with a key of its own, opened when it is asked for. On
//! *PostgreSQL* every table has forced row-level security, and the program runs as a role that it
//! binds. One contract suite runs on both.
//!
//! * [`Directory`] is what the installation knows: accounts and what they prove themselves by,
//!   sessions, one-time links, the list of workspaces, memberships.
//! * [`WorkspaceStore`] is one workspace's own: sources, roles, teams, tokens, provisioned users. It
//!   is reached through a [`WorkspaceAccess`], which only the store can make.
//! * Every change takes the [`Actor`](bursar_domain::Actor) and adds a [`Record`] in the same
//!   transaction.
//!
//! Refused on purpose: a query without a workspace; a row of another workspace, which looks like
//! none at all; money (it stays in the bills); plaintext of names, addresses and secrets in a
//! column; a schema newer than the program; a database role that could look past row-level security.
//!
//! Nothing is cached: what was ended, revoked or switched off is refused by the next lookup, on
//! every replica.

mod access;
mod catalogue;
mod config;
mod database;
mod directory;
mod embedded;
mod entity;
mod error;
mod key_shelf;
mod log;
mod migration;
mod open_workspaces;
mod outbox;
mod postgres;
mod record;
mod reseal;
mod rows;
mod seal;
mod store;
mod value;
mod workspace;

pub use access::WorkspaceAccess;
pub use bursar_audit::Outcome;
pub use config::{DatabaseConfig, OPEN_WORKSPACES, PostgresConfig, StoreConfig};
pub use directory::*;
pub use error::StoreError;
pub use key_shelf::PostgresKeyShelf;
pub use log::{AuditLog, CADENCE, Intent, LogVerdict, SignedNow};
pub use outbox::NewEvent;
pub use record::{Entry, Record, RecordFilter};
pub use rows::Row;
pub use store::Store;
pub use value::{MAX_PAGE, Paging};
pub use workspace::*;
