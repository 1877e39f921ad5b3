//! What the databases say they have: row-level security, append-only records, versions.

use crate::stage::{Kind, OPERATOR, Stage, on_both};
use bursar_store::{Store, StoreConfig, StoreError};
use bursar_testkit::peers::PostgresDatabase;
use sqlx::ConnectOptions;
use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection};
use std::path::Path;
use std::sync::Arc;

/// Tables that hold nothing of anybody's: only versions of the schema.
const WITHOUT_ROWS_OF_ANYBODY: &[&str] = &["directory_schema", "workspace_schema", "shelf_schema"];

async fn postgres() -> Option<(Stage, String)> {
    let stage = Stage::new(Kind::Postgres).await?;
    let sql = "SELECT c.relname, c.relrowsecurity, c.relforcerowsecurity, \
        (SELECT count(*) FROM pg_policy p WHERE p.polrelid = c.oid), \
        (SELECT count(*) FROM pg_policy p WHERE p.polrelid = c.oid AND p.polqual IS NOT NULL AND p.polwithcheck IS NOT NULL \
            AND p.polcmd = '*' AND p.polroles = '{0}'), \
        EXISTS (SELECT 1 FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attname = 'workspace_id') \
        FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace \
        WHERE c.relkind IN ('r', 'p', 'm', 'v', 'f') AND n.nspname = 'public' ORDER BY 1";
    let answer = stage.postgres.as_ref()?.superuser(sql).unwrap();
    Some((stage, answer))
}

// claim B2
#[tokio::test]
async fn every_table_has_forced_row_level_security_and_one_policy() {
    let Some((_stage, answer)) = postgres().await else { return };
    let mut checked = 0;
    for line in answer.lines() {
        let columns: Vec<&str> = line.split('|').collect();
        if WITHOUT_ROWS_OF_ANYBODY.contains(&columns[0]) {
            assert_eq!(columns[5], "f", "{line}: it has a workspace");
            continue;
        }
        assert_eq!(columns[1..5], ["t", "t", "1", "1"], "{line}");
        checked += 1;
    }
    assert!(checked >= 30, "{answer}");
}

/// A workspace's tables show a transaction that says nothing, or `''`, nothing at all.
// claim B2
#[tokio::test]
async fn a_transaction_that_forgets_its_workspace_shows_nothing() {
    let Some((stage, tables)) = postgres().await else { return };
    stage.owner_of("ana").await;
    let database = stage.postgres.as_ref().unwrap();
    for table in tables.lines().filter_map(|line| line.split('|').next()) {
        if WITHOUT_ROWS_OF_ANYBODY.contains(&table) {
            continue;
        }
        for role in [PostgresDatabase::APP, PostgresDatabase::OWNER] {
            let forgets = format!("SELECT count(*) FROM {table}");
            assert_eq!(database.sql_as(role, &forgets).unwrap().trim(), "0", "{table} to {role}");
            // The connection was another's before, who said what it wanted to see.
            let after = format!(
                "BEGIN; SELECT set_config('app.workspace_id', gen_random_uuid()::text, true), \
                 set_config('app.directory', 'on', true), set_config('app.account_id', gen_random_uuid()::text, true); \
                 COMMIT; SELECT count(*) FROM {table}"
            );
            let answer = database.sql_as(role, &after).unwrap();
            assert_eq!(answer.lines().last(), Some("0"), "{table} to {role}");
        }
    }
    assert_ne!(
        database.superuser("SELECT count(*) FROM accounts").unwrap().trim(),
        "0",
        "there is nothing to hide"
    );
}

#[tokio::test]
async fn a_row_cannot_be_written_into_another_workspace() {
    let Some((stage, _)) = postgres().await else { return };
    let (mine, theirs) = (stage.workspace("mine").await, stage.workspace("theirs").await);
    let database = stage.postgres.as_ref().unwrap();
    let uuid = |id: bursar_domain::id::WorkspaceId| id.to_string()[4..].to_owned();
    let here = format!("BEGIN; SELECT set_config('app.workspace_id', '{}', true);", uuid(mine));
    let insert = |workspace| {
        format!(
            "{here} INSERT INTO custom_roles VALUES ('{}', gen_random_uuid(), 'x', '', '', 0); COMMIT",
            uuid(workspace)
        )
    };
    database.sql_as(PostgresDatabase::APP, &insert(mine)).unwrap();
    let error = database.sql_as(PostgresDatabase::APP, &insert(theirs)).unwrap_err().to_string();
    assert!(error.contains("row-level security"), "{error}");
    let moved = format!("{here} UPDATE custom_roles SET workspace_id = '{}'; COMMIT", uuid(theirs));
    assert!(database.sql_as(PostgresDatabase::APP, &moved).is_err());
}

#[tokio::test]
async fn a_role_that_could_look_past_row_level_security_is_refused() {
    // claim B2
    let Some((stage, _)) = postgres().await else { return };
    let database = stage.postgres.as_ref().unwrap();
    let name = database.url_of("").len();
    let password = database.password();
    let roles = format!(
        "CREATE ROLE boss{name} LOGIN SUPERUSER PASSWORD '{password}'; \
         CREATE ROLE passes{name} LOGIN BYPASSRLS PASSWORD '{password}'; \
         CREATE ROLE heir{name} LOGIN NOINHERIT PASSWORD '{password}' IN ROLE bursar_owner;"
    );
    // Roles are the server's, and tests share it.
    let _ = database.superuser(&roles);
    for (role, why) in [
        (format!("boss{name}"), "superuser"),
        (format!("passes{name}"), "BYPASSRLS"),
        (format!("heir{name}"), "owner of the tables"),
        ("bursar_owner".to_owned(), "owns"),
    ] {
        let config = StoreConfig::postgres(database.url_of(&role).into(), None);
        let store =
            Store::open(config, stage.keyring.clone(), stage.clock.clone(), Arc::new(crate::stage::Random))
                .await;
        let error = store.unwrap_err();
        assert!(matches!(error, StoreError::Role { .. }), "{error}");
        let text = error.to_string();
        assert!(text.contains(&role) && text.contains(why) && text.contains("CREATE ROLE"), "{text}");
        assert!(!text.contains(password), "{text}");
    }
}

#[tokio::test]
async fn an_empty_database_without_its_owner_says_what_is_missing() {
    let Some(server) = bursar_testkit::peers::postgres() else { return };
    let (database, stage) = (server.database().unwrap(), Stage::new(Kind::Embedded).await.unwrap());
    let config = StoreConfig::postgres(database.app_url().into(), None);
    let store =
        Store::open(config, stage.keyring.clone(), stage.clock.clone(), Arc::new(crate::stage::Random)).await;
    let text = store.unwrap_err().to_string();
    assert!(text.contains("version 0") && text.contains("BURSAR_DATABASE_OWNER_URL"), "{text}");
}

/// One connection to an encrypted file, past the store.
pub(crate) async fn raw(path: &Path, key: &bursar_keyring::Secret32) -> SqliteConnection {
    let hex: String = key.expose().iter().map(|byte| format!("{byte:02x}")).collect();
    let options = SqliteConnectOptions::new().filename(path).pragma("key", format!("\"x'{hex}'\""));
    options.connect().await.unwrap()
}

async fn raw_directory(stage: &Stage) -> SqliteConnection {
    let keys = stage.keyring.installation().await.unwrap();
    raw(&stage.directory.path().join("directory.db"), keys.database_key()).await
}

on_both! {
    async fn a_newer_schema_is_refused_with_both_versions(stage: &Stage) {
        stage.reopen().await.unwrap();
        let newer = "INSERT INTO directory_schema (version, applied_us) VALUES (99, 0)";
        match &stage.postgres {
            Some(database) => drop(database.superuser(newer).unwrap()),
            None => drop(sqlx::query(newer).execute(&mut raw_directory(stage).await).await.unwrap()),
        }
        let error = stage.reopen().await.unwrap_err();
        let StoreError::NewerSchema { found: 99, known, .. } = error else { panic!("{error}") };
        assert!(error.to_string().contains("99") && error.to_string().contains(&format!("up to {known}")), "{error}");
    }

    // claim D3: nothing that was recorded is changed or removed.
    async fn records_are_only_ever_added(stage: &Stage) {
        stage.account("ana").await;
        let changes = [
            "UPDATE directory_records SET action = 'nothing'",
            "DELETE FROM directory_records",
            "UPDATE directory_records SET seq = seq + 100",
        ];
        for change in changes {
            match &stage.postgres {
                Some(database) => {
                    let reaching = format!("BEGIN; SELECT set_config('app.directory', 'on', true); {change}; COMMIT");
                    let error = database.sql_as(PostgresDatabase::APP, &reaching).unwrap_err().to_string();
                    assert!(error.contains("permission denied"), "{error}");
                    // Not even the owner, and not by emptying the table.
                    let error = database.sql_as(PostgresDatabase::OWNER, &reaching).unwrap_err().to_string();
                    assert!(error.contains("only ever added"), "{error}");
                    let error = database.sql_as(PostgresDatabase::OWNER, "TRUNCATE directory_records").unwrap_err();
                    assert!(error.to_string().contains("only ever added"), "{error}");
                }
                None => {
                    let error = sqlx::query(change).execute(&mut raw_directory(stage).await).await.unwrap_err();
                    assert!(error.to_string().contains("only ever added"), "{error}");
                }
            }
        }
        assert_eq!(stage.store.directory().records(&Default::default()).await.unwrap().len(), 1);
    }

    /// What fails leaves the connection as it was: many failures on few connections, then the rest works.
    async fn connections_are_as_new_after_errors(stage: &Stage) {
        let directory = stage.store.directory();
        stage.account("ana").await;
        let (workspace, other) = (stage.workspace("one").await, stage.workspace("two").await);
        let (store, others) = (stage.open(workspace).await, stage.open(other).await);
        let source = || bursar_store::NewSource { location: "s3://a/b".into(), dialect: None, id: None };
        store.add_source(&OPERATOR, source()).await.unwrap();
        for _ in 0..30 {
            let again = bursar_store::NewAccount {
                email: "ana@example.com".parse().unwrap(),
                display_name: "another".into(),
                kind: bursar_store::AccountKind::Person,
                staff: false,
            };
            assert!(matches!(directory.create_account(&OPERATOR, again).await, Err(StoreError::Conflict(_))));
            assert!(matches!(store.add_source(&OPERATOR, source()).await, Err(StoreError::Conflict(_))));
            assert!(others.sources(Default::default()).await.unwrap().is_empty());
        }
        assert_eq!(directory.account_count().await.unwrap(), 1);
        assert_eq!(store.sources(Default::default()).await.unwrap().len(), 1);
        // What failed left no number behind: the record has no gaps.
        let seqs: Vec<i64> = store.records(&Default::default()).await.unwrap().iter().map(|record| record.seq).collect();
        assert_eq!(seqs, [1]);
    }
}
