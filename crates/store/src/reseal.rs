//! Sealing anew what an older version of a key sealed, so that the version can go.
//!
//! Row by row and column by column, each only if it is still what was read: whoever changes a row at
//! the same moment wins, with the newest key anyway. A run that was interrupted is started again.
//!
//! Payloads of records are left as they are, since records are only ever added: their key versions
//! stay as long as the records do.

use crate::StoreError;
use crate::database::{Database, Reach, commit};
use crate::directory::setting_row;
use crate::seal::{Column, Seal, column};
use sea_orm::sea_query::{Alias, Expr, ExprTrait, Query, SelectStatement, UpdateStatement};
use sea_orm::{ConnectionTrait, DatabaseTransaction, QueryResult};
use uuid::Uuid;

/// Rows that are read at once.
const PAGE: u64 = 200;

/// Which column says the row that a sealed field is bound to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Row {
    /// A column with an id.
    Id(&'static str),
    /// A column with a name, as [`setting_row`] makes an id of it.
    Name(&'static str),
}

/// A table with sealed columns.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Sealed {
    table: &'static str,
    row: Row,
    /// Without `_sealed`.
    columns: &'static [&'static str],
}

const fn sealed(table: &'static str, row: Row, columns: &'static [&'static str]) -> Sealed {
    Sealed { table, row, columns }
}

/// The directory's, without what only a workspace's transactions see.
pub(crate) const DIRECTORY: &[Sealed] = &[
    sealed("installation_settings", Row::Name("name"), &["value"]),
    sealed("workspaces", Row::Id("id"), &["name"]),
    sealed("accounts", Row::Id("id"), &["email", "display_name", "password_hash"]),
    sealed("external_identities", Row::Id("seal_row"), &["issuer", "subject"]),
    sealed("passkeys", Row::Id("id"), &["name", "passkey"]),
    sealed("totp_secrets", Row::Id("account_id"), &["secret"]),
    sealed("sessions", Row::Id("id"), &["address", "agent"]),
    sealed("one_time_links", Row::Id("id"), &["details"]),
    sealed("identity_providers", Row::Id("id"), &["client_secret", "mapping"]),
    sealed("directory_outbox", Row::Id("id"), &["data"]),
    sealed("directory_record_keys", Row::Id("id"), &["seed"]),
    sealed("directory_record_people", Row::Id("person"), &["key"]),
    sealed("directory_record_personal", Row::Id("id"), &["value"]),
];

/// The directory's, which only a workspace's transactions see.
pub(crate) const DIRECTORY_OF_WORKSPACE: &[Sealed] = &[sealed("invitations", Row::Id("id"), &["email"])];

/// A workspace's.
pub(crate) const WORKSPACE: &[Sealed] = &[
    sealed("workspace_settings", Row::Name("name"), &["value"]),
    sealed("sources", Row::Id("id"), &["location"]),
    sealed("teams", Row::Id("id"), &["scope"]),
    sealed("api_tokens", Row::Id("id"), &["name", "scope"]),
    sealed("scim_users", Row::Id("id"), &["attributes"]),
    sealed("scim_groups", Row::Id("id"), &["attributes"]),
    sealed("staff_access", Row::Id("id"), &["reason", "ticket"]),
    sealed("backups", Row::Id("id"), &["location"]),
    sealed("outbox", Row::Id("id"), &["data"]),
    sealed("webhooks", Row::Id("id"), &["name", "url", "secret", "old_secret", "reason"]),
    sealed("channels", Row::Id("id"), &["name", "address"]),
    sealed("alert_rules", Row::Id("id"), &["name", "rule"]),
    sealed("notice_preferences", Row::Id("account_id"), &["preferences"]),
    sealed("dispatches", Row::Id("id"), &["reason"]),
    sealed("dispatch_attempts", Row::Id("id"), &["log"]),
    sealed("inbox", Row::Id("id"), &["notice"]),
    sealed("workspace_record_keys", Row::Id("id"), &["seed"]),
    sealed("workspace_record_people", Row::Id("person"), &["key"]),
    sealed("workspace_record_personal", Row::Id("id"), &["value"]),
];

/// Seals anew what is outdated in these tables; how many fields.
pub(crate) async fn reseal(
    database: &Database,
    seal: &Seal,
    reach: Reach,
    workspace: Option<Uuid>,
    tables: &'static [Sealed],
) -> Result<u64, StoreError> {
    let mut resealed = 0;
    for table in tables {
        let mut after = None;
        loop {
            let transaction = database.write(reach).await?;
            let rows = transaction.query_all(&table.page(workspace, after.as_ref())).await?;
            let Some(last) = rows.last() else { break };
            after = Some(table.key(last)?);
            for row in &rows {
                resealed += table.row(&transaction, seal, workspace, row).await?;
            }
            commit(transaction).await?;
        }
    }
    Ok(resealed)
}

/// A row's key: the id it is sealed for, or its name.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Key {
    Id(Uuid),
    Name(String),
}

impl Key {
    fn sealed_row(&self) -> Uuid {
        match self {
            Self::Id(id) => *id,
            Self::Name(name) => setting_row(name),
        }
    }

    fn value(&self) -> sea_orm::Value {
        match self {
            Self::Id(id) => (*id).into(),
            Self::Name(name) => name.clone().into(),
        }
    }
}

impl Sealed {
    const fn key_column(&self) -> &'static str {
        match self.row {
            Row::Id(column) | Row::Name(column) => column,
        }
    }

    fn key(&self, row: &QueryResult) -> Result<Key, StoreError> {
        Ok(match self.row {
            Row::Id(column) => Key::Id(row.try_get("", column)?),
            Row::Name(column) => Key::Name(row.try_get("", column)?),
        })
    }

    fn places(&self) -> impl Iterator<Item = (Column, Alias)> {
        let table = self.table;
        self.columns.iter().map(move |name| (column(table, name), Alias::new(format!("{name}_sealed"))))
    }

    fn page(&self, workspace: Option<Uuid>, after: Option<&Key>) -> SelectStatement {
        let key = Alias::new(self.key_column());
        let mut select = Query::select();
        select.column(key.clone()).from(Alias::new(self.table));
        for (_, column) in self.places() {
            select.column(column);
        }
        if let Some(workspace) = workspace {
            select.and_where(Expr::col(Alias::new("workspace_id")).eq(workspace));
        }
        if let Some(after) = after {
            select.and_where(Expr::col(key.clone()).gt(after.value()));
        }
        select.order_by(key, sea_orm::Order::Asc).limit(PAGE);
        select
    }

    async fn row(
        &self,
        transaction: &DatabaseTransaction,
        seal: &Seal,
        workspace: Option<Uuid>,
        row: &QueryResult,
    ) -> Result<u64, StoreError> {
        let key = self.key(row)?;
        let mut resealed = 0;
        for (place, column) in self.places() {
            let old: Option<Vec<u8>> = row.try_get("", &column.0)?;
            let Some(old) = old.filter(|old| seal.is_outdated(old)) else { continue };
            let plain = seal.open_bytes(place, key.sealed_row(), &old)?;
            let new = seal.bytes(place, key.sealed_row(), &plain)?;
            let mut update: UpdateStatement = Query::update();
            update.table(Alias::new(self.table)).value(column.clone(), new);
            update.and_where(Expr::col(Alias::new(self.key_column())).eq(key.value()));
            update.and_where(Expr::col(column).eq(old));
            if let Some(workspace) = workspace {
                update.and_where(Expr::col(Alias::new("workspace_id")).eq(workspace));
            }
            resealed += transaction.execute(&update).await?.rows_affected();
        }
        Ok(resealed)
    }
}
