//! PostgreSQL: reaching it with verified TLS, and running as a role that row-level security binds.

use crate::StoreError;
use crate::config::PostgresConfig;
use crate::database::Database;
use crate::migration::{Schema, quoted};
use bursar_domain::Clock;
use sea_orm::{ConnectionTrait, DatabaseConnection, DbBackend, SqlxPostgresConnector, Statement};
use secrecy::{ExposeSecret, SecretString};
use sqlx::postgres::{PgConnectOptions, PgPoolOptions, PgSslMode};
use std::net::IpAddr;
use std::str::FromStr;
use std::time::Duration;

const ACQUIRE: Duration = Duration::from_secs(10);

/// The names of the settings, for messages.
const URL: &str = "BURSAR_DATABASE_URL";
const OWNER_URL: &str = "BURSAR_DATABASE_OWNER_URL";

/// Connects, brings the schemas up to date where an owner is given, and checks schemas and role.
pub(crate) async fn open(
    config: &PostgresConfig,
    schemas: &[&Schema],
    clock: &dyn Clock,
) -> Result<Database, StoreError> {
    let options = options(&config.url, URL)?;
    let pool = PgPoolOptions::new()
        .max_connections(config.max_connections.max(1))
        .acquire_timeout(ACQUIRE)
        .connect_with(options)
        .await
        .map_err(|error| refused(error, URL))?;
    let connection = SqlxPostgresConnector::from_sqlx_postgres_pool(pool);
    let role = current_role(&connection).await?;
    if let Some(owner) = &config.owner_url {
        let pool = PgPoolOptions::new()
            .max_connections(1)
            .acquire_timeout(ACQUIRE)
            .connect_with(self::options(owner, OWNER_URL)?)
            .await
            .map_err(|error| refused(error, OWNER_URL))?;
        let owner = SqlxPostgresConnector::from_sqlx_postgres_pool(pool);
        if current_role(&owner).await? == role {
            return Err(role_error(&role, "owns the tables"));
        }
        for schema in schemas {
            schema.migrate(&owner, Some(&role), clock).await?;
        }
        owner.close().await?;
    }
    check_role(&connection, &role).await?;
    for schema in schemas {
        schema.check(&connection).await?;
    }
    Ok(Database::new(connection))
}

/// The connection's options: verified TLS unless the server is on this machine.
fn options(url: &SecretString, setting: &'static str) -> Result<PgConnectOptions, StoreError> {
    let why = |why| StoreError::Address { setting, why };
    let no_address = || why("it is no address such as postgres://role:password@host/database");
    let text = url.expose_secret();
    if !["postgres://", "postgresql://"].iter().any(|scheme| text.starts_with(scheme)) {
        return Err(no_address());
    }
    let options = PgConnectOptions::from_str(text).map_err(|_| no_address())?;
    let options = sqlx::ConnectOptions::disable_statement_logging(options).application_name("bursar");
    if is_local(&options) {
        return Ok(options);
    }
    match options.get_ssl_mode() {
        // `prefer` is what stands there when nothing was said.
        PgSslMode::Prefer | PgSslMode::VerifyFull => Ok(options.ssl_mode(PgSslMode::VerifyFull)),
        _ => Err(why(
            "a server on another machine is only used with sslmode=verify-full; give its authority with sslrootcert=FILE",
        )),
    }
}

fn is_local(options: &PgConnectOptions) -> bool {
    let host = options.get_host().trim_start_matches('[').trim_end_matches(']');
    options.get_socket().is_some()
        || host == "localhost"
        || host.starts_with('/')
        || host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}

async fn current_role(connection: &DatabaseConnection) -> Result<String, StoreError> {
    let sql = Statement::from_string(DbBackend::Postgres, "SELECT current_user::text AS role");
    let row = connection.query_one_raw(sql).await?;
    Ok(row.map(|row| row.try_get::<String>("", "role")).transpose()?.unwrap_or_default())
}

/// Refuses a role that could look past row-level security, by itself or by becoming another.
async fn check_role(connection: &DatabaseConnection, role: &str) -> Result<(), StoreError> {
    let sql = "SELECT \
        EXISTS (SELECT 1 FROM pg_roles WHERE rolsuper AND pg_has_role(current_user, oid, 'MEMBER')) AS super, \
        EXISTS (SELECT 1 FROM pg_roles WHERE rolbypassrls AND pg_has_role(current_user, oid, 'MEMBER')) AS bypass, \
        EXISTS (SELECT 1 FROM pg_class WHERE relkind IN ('r', 'p') AND relnamespace = current_schema()::regnamespace \
                AND pg_has_role(current_user, relowner, 'MEMBER')) AS owner";
    let row = connection.query_one_raw(Statement::from_string(DbBackend::Postgres, sql)).await?;
    let Some(row) = row else { return Err(role_error(role, "is not known to the server")) };
    for (column, why) in [
        ("super", "is or can become a superuser"),
        ("bypass", "has or can take BYPASSRLS"),
        ("owner", "owns or can become the owner of the tables"),
    ] {
        if row.try_get::<bool>("", column)? {
            return Err(role_error(role, why));
        }
    }
    Ok(())
}

fn role_error(role: &str, why: &'static str) -> StoreError {
    StoreError::Role { role: role.to_owned(), why, remedy: remedy() }
}

/// SQL that makes a role as it should be. `docs/guides/postgresql.md` says more.
fn remedy() -> String {
    let app = quoted("bursar_app");
    format!(
        "  CREATE ROLE {app} LOGIN PASSWORD '…' NOSUPERUSER NOBYPASSRLS NOCREATEDB NOCREATEROLE NOINHERIT;\n  \
         GRANT CONNECT ON DATABASE bursar TO {app};\n  GRANT USAGE ON SCHEMA public TO {app};\n\
         and start once with {OWNER_URL} naming the owner of the tables and {URL} naming {app}"
    )
}

fn refused(error: sqlx::Error, setting: &'static str) -> StoreError {
    let what = if setting == URL {
        "no connection with BURSAR_DATABASE_URL"
    } else {
        "no connection with BURSAR_DATABASE_OWNER_URL"
    };
    StoreError::Database { what, source: sea_orm::DbErr::Conn(sea_orm::RuntimeErr::SqlxError(error.into())) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mode(url: &str) -> Result<PgSslMode, String> {
        options(&url.to_owned().into(), URL).map(|o| o.get_ssl_mode()).map_err(|error| error.to_string())
    }

    #[test]
    fn another_machine_is_reached_with_verified_tls_or_not_at_all() {
        // claim B5
        for url in ["postgres://a:b@db.example.com/x", "postgres://a@10.0.0.1/x?sslmode=verify-full"] {
            assert!(matches!(mode(url), Ok(PgSslMode::VerifyFull)), "{url}");
        }
        for weak in ["disable", "allow", "require", "verify-ca"] {
            let error = mode(&format!("postgres://a:hunter2@db.example.com/x?sslmode={weak}")).unwrap_err();
            assert!(error.contains("verify-full") && !error.contains("hunter2"), "{error}");
        }
        for local in ["postgres://a@127.0.0.1/x", "postgres://a@localhost/x", "postgres://a@[::1]/x"] {
            assert!(matches!(mode(local), Ok(PgSslMode::Prefer)), "{local}");
        }
        for other in ["", "mysql://a@localhost/x", "host=localhost", "postgres://a@localhost:port/x"] {
            assert!(mode(other).is_err(), "{other}");
        }
    }
}
