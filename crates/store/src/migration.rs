//! Schema versions, forward only.
//!
//! A version is applied in one transaction together with the row that says so, on both databases
//! (their DDL is transactional): a process killed in the middle leaves the version before. Versions
//! only add (tables, nullable columns, indexes), so that the program of the version before keeps
//! working while the next one starts. A schema newer than the program is refused.
//!
//! The SQL is frozen text under `migrations/`, spelled per database only where they differ: the
//! names of five types, the policies and privileges of PostgreSQL, the triggers of either.

use crate::StoreError;
use crate::catalogue::{
    DIRECTORY_1, DIRECTORY_2, DIRECTORY_3, SHELF_1, Table, WORKSPACE_1, WORKSPACE_2, WORKSPACE_3,
};
use crate::value::micros;
use bursar_domain::Clock;
use sea_orm::{
    ConnectionTrait, DatabaseConnection, DatabaseTransaction, DbBackend, SqliteTransactionMode, Statement,
    TransactionOptions, TransactionTrait,
};
use std::fmt::Write as _;

/// One version of a schema.
pub(crate) struct Version {
    sql: &'static str,
    /// The tables that this version adds.
    tables: &'static [Table],
}

/// A schema: the table that keeps its version, and its versions from 1.
pub(crate) struct Schema {
    name: &'static str,
    table: &'static str,
    versions: &'static [Version],
    /// Frees the erasure of a workspace's rows, records included (PostgreSQL).
    erasure: bool,
}

/// The installation's schema.
pub(crate) const DIRECTORY: Schema = Schema {
    name: "the directory",
    table: "directory_schema",
    versions: &[
        Version { sql: include_str!("../migrations/directory_0001.sql"), tables: DIRECTORY_1 },
        Version { sql: include_str!("../migrations/directory_0002.sql"), tables: DIRECTORY_2 },
        Version { sql: include_str!("../migrations/directory_0003.sql"), tables: DIRECTORY_3 },
    ],
    erasure: false,
};

/// A workspace's schema.
pub(crate) const WORKSPACE: Schema = Schema {
    name: "the workspaces",
    table: "workspace_schema",
    versions: &[
        Version { sql: include_str!("../migrations/workspace_0001.sql"), tables: WORKSPACE_1 },
        Version { sql: include_str!("../migrations/workspace_0002.sql"), tables: WORKSPACE_2 },
        Version { sql: include_str!("../migrations/workspace_0003.sql"), tables: WORKSPACE_3 },
    ],
    erasure: true,
};

/// The schema of a shelf of sealed keys (PostgreSQL).
pub(crate) const SHELF: Schema = Schema {
    name: "the key shelf",
    table: "shelf_schema",
    versions: &[Version { sql: include_str!("../migrations/shelf_0001.sql"), tables: SHELF_1 }],
    erasure: false,
};

/// What serialises the starts of several replicas on PostgreSQL: "bursar" in ASCII.
const LOCK: i64 = 0x6275_7273_6172;

impl Schema {
    /// The newest version that this program knows.
    pub(crate) fn known(&self) -> i64 {
        i64::try_from(self.versions.len()).unwrap_or(i64::MAX)
    }

    /// The version that the database has; 0 for an empty one.
    pub(crate) async fn found(&self, connection: &impl ConnectionTrait) -> Result<i64, StoreError> {
        let backend = connection.get_database_backend();
        let there = match backend {
            DbBackend::Postgres => format!("SELECT to_regclass('{}') IS NOT NULL AS there", self.table),
            _ => format!(
                "SELECT EXISTS (SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = '{}') AS there",
                self.table
            ),
        };
        let row = connection.query_one_raw(Statement::from_string(backend, there)).await?;
        if !row.map(|row| row.try_get::<bool>("", "there")).transpose()?.unwrap_or_default() {
            return Ok(0);
        }
        let newest = format!("SELECT COALESCE(MAX(version), 0) AS version FROM {}", self.table);
        let row = connection.query_one_raw(Statement::from_string(backend, newest)).await?;
        Ok(row.map(|row| row.try_get::<i64>("", "version")).transpose()?.unwrap_or_default())
    }

    /// Refuses a schema that is newer or older than the program's.
    pub(crate) async fn check(&self, connection: &impl ConnectionTrait) -> Result<(), StoreError> {
        let (found, wanted) = (self.found(connection).await?, self.known());
        self.not_newer(found)?;
        if found < wanted {
            return Err(StoreError::OlderSchema { place: self.name.to_owned(), found, wanted });
        }
        Ok(())
    }

    fn not_newer(&self, found: i64) -> Result<(), StoreError> {
        if found > self.known() {
            return Err(StoreError::NewerSchema { place: self.name.to_owned(), found, known: self.known() });
        }
        Ok(())
    }

    /// Brings the schema up to date. On PostgreSQL `app_role` gets the privileges it needs and no
    /// others.
    pub(crate) async fn migrate(
        &self,
        connection: &DatabaseConnection,
        app_role: Option<&str>,
        clock: &dyn Clock,
    ) -> Result<(), StoreError> {
        let found = self.found(connection).await?;
        self.not_newer(found)?;
        if found == self.known() && app_role.is_none() {
            return Ok(());
        }
        for version in 1..=self.known() {
            self.apply(connection, version, clock).await?;
        }
        if let Some(role) = app_role {
            let transaction = begin(connection).await?;
            transaction.execute_unprepared(&self.privileges(role)).await?;
            crate::database::commit(transaction).await?;
        }
        Ok(())
    }

    async fn apply(
        &self,
        connection: &DatabaseConnection,
        version: i64,
        clock: &dyn Clock,
    ) -> Result<(), StoreError> {
        let Some(step) = usize::try_from(version - 1).ok().and_then(|at| self.versions.get(at)) else {
            return Ok(());
        };
        let transaction = begin(connection).await?;
        // Again, now under the lock: another replica may have been faster.
        let found = self.found(&transaction).await?;
        self.not_newer(found)?;
        if found >= version {
            return Ok(());
        }
        let backend = transaction.get_database_backend();
        if found == 0 {
            let table = spelled(
                "CREATE TABLE {table} (version {long} NOT NULL PRIMARY KEY, applied_us {long} NOT NULL){strict};",
                backend,
            );
            transaction.execute_unprepared(&table.replace("{table}", self.table)).await?;
        }
        transaction.execute_unprepared(&spelled(step.sql, backend)).await?;
        transaction.execute_unprepared(&guards(step.tables, backend)).await?;
        if self.erasure && backend == DbBackend::Postgres {
            transaction.execute_unprepared(&self.erasure()).await?;
        }
        let row = Statement::from_sql_and_values(
            backend,
            format!("INSERT INTO {} (version, applied_us) VALUES ($1, $2)", self.table),
            [version.into(), micros(clock.now()).into()],
        );
        transaction.execute_raw(row).await?;
        crate::database::commit(transaction).await
    }

    /// Every table of every version.
    pub(crate) fn tables(&self) -> impl Iterator<Item = &'static Table> {
        self.versions.iter().flat_map(|version| version.tables)
    }

    /// Reading, adding, changing and removing rows; where rows are only added, reading and adding.
    fn privileges(&self, role: &str) -> String {
        let role = quoted(role);
        let mut sql = format!("GRANT SELECT ON {} TO {role};\n", self.table);
        for table in self.tables() {
            let name = table.name;
            let rights = if table.append_only { "SELECT, INSERT" } else { "SELECT, INSERT, UPDATE, DELETE" };
            let _ = writeln!(sql, "REVOKE ALL ON {name} FROM {role}; GRANT {rights} ON {name} TO {role};");
        }
        if self.erasure {
            let _ = writeln!(sql, "GRANT EXECUTE ON FUNCTION bursar_erase_workspace(uuid) TO {role};");
        }
        sql
    }

    /// The one way in which records go: with the whole workspace, by a function of the owner's that
    /// reaches only what the caller's transaction reaches.
    fn erasure(&self) -> String {
        let mut sql = "CREATE OR REPLACE FUNCTION bursar_erase_workspace(gone uuid) RETURNS void \
                       LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$ BEGIN\n"
            .to_owned();
        for table in self.tables().filter(|table| table.name != "scim_groups" && table.name != "scim_users") {
            let _ = writeln!(sql, "DELETE FROM {} WHERE workspace_id = gone;", table.name);
        }
        sql.push_str("DELETE FROM scim_groups WHERE workspace_id = gone;\nDELETE FROM scim_users WHERE workspace_id = gone;\n");
        sql.push_str("END $$;\nREVOKE ALL ON FUNCTION bursar_erase_workspace(uuid) FROM PUBLIC;\n");
        sql
    }
}

async fn begin(connection: &DatabaseConnection) -> Result<DatabaseTransaction, StoreError> {
    let options = TransactionOptions {
        sqlite_transaction_mode: Some(SqliteTransactionMode::Immediate),
        ..TransactionOptions::default()
    };
    let transaction = connection.begin_with_options(options).await?;
    if transaction.get_database_backend() == DbBackend::Postgres {
        transaction.execute_unprepared(&format!("SELECT pg_advisory_xact_lock({LOCK})")).await?;
    }
    Ok(transaction)
}

/// The types, as the database spells them.
fn spelled(sql: &str, backend: DbBackend) -> String {
    let types = match backend {
        DbBackend::Postgres => ["uuid", "bytea", "bigint", "boolean", ""],
        // STRICT: SQLite refuses a value of another type, as PostgreSQL does.
        _ => ["BLOB", "BLOB", "INTEGER", "INTEGER", " STRICT"],
    };
    ["{uuid}", "{bytes}", "{long}", "{flag}", "{strict}"]
        .iter()
        .zip(types)
        .fold(sql.to_owned(), |sql, (name, spelling)| sql.replace(name, spelling))
}

/// What keeps rows where they belong and records as they were.
fn guards(tables: &[Table], backend: DbBackend) -> String {
    let mut sql = String::new();
    if backend != DbBackend::Postgres {
        for Table { name, .. } in tables.iter().filter(|table| table.append_only) {
            for event in ["UPDATE", "DELETE"] {
                let _ = writeln!(
                    sql,
                    "CREATE TRIGGER {name}_no_{event} BEFORE {event} ON {name} \
                     BEGIN SELECT RAISE(ABORT, 'records are only ever added'); END;"
                );
            }
        }
        return sql;
    }
    // The owner of the table passes for DELETE only: inside `bursar_erase_workspace`.
    sql.push_str(
        "CREATE OR REPLACE FUNCTION bursar_append_only() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN \
         IF TG_OP <> 'DELETE' THEN RAISE EXCEPTION 'records are only ever added'; END IF; \
         IF TG_TABLE_NAME LIKE 'workspace\\_%' THEN \
            IF current_setting('app.workspace_id', true) = OLD.workspace_id::text \
            AND pg_get_userbyid((SELECT relowner FROM pg_class WHERE oid = TG_RELID)) = current_user \
            THEN RETURN OLD; END IF; END IF; \
         RAISE EXCEPTION 'records are only ever added'; END $$;\n",
    );
    for Table { name, shown, append_only } in tables {
        let condition = shown.condition();
        let _ = writeln!(
            sql,
            "ALTER TABLE {name} ENABLE ROW LEVEL SECURITY; ALTER TABLE {name} FORCE ROW LEVEL SECURITY;\n\
             CREATE POLICY {name}_shown ON {name} USING ({condition}) WITH CHECK ({condition});"
        );
        if *append_only {
            let _ = writeln!(
                sql,
                "CREATE TRIGGER {name}_append_only BEFORE UPDATE OR DELETE ON {name} \
                 FOR EACH ROW EXECUTE FUNCTION bursar_append_only();\n\
                 CREATE TRIGGER {name}_no_truncate BEFORE TRUNCATE ON {name} \
                 FOR EACH STATEMENT EXECUTE FUNCTION bursar_append_only();"
            );
        }
    }
    sql
}

/// A role's name as an SQL identifier.
pub(crate) fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}
