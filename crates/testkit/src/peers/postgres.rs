//! PostgreSQL: one server per test process, a database per test.
//!
//! The server is Debian's. It refuses to run as root, so that a root runs it as another user; it
//! ends and tidies up when the test process ends, however that happens.
//!
//! ```no_run
//! let Some(server) = bursar_testkit::peers::postgres() else { return Ok(()) };
//! let database = server.database()?;
//! // … the program, with `database.app_url()` and `database.owner_url()` …
//! assert!(!database.dump()?.contains("ana@example.com"));
//! # Ok::<(), bursar_testkit::Error>(())
//! ```

use super::present;
use crate::process::Process;
use anyhow::{Context, ensure};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};

/// Where Debian keeps its servers, newest first.
const PLACES: &[&str] =
    &["/usr/lib/postgresql/17/bin", "/usr/lib/postgresql/16/bin", "/usr/lib/postgresql/15/bin"];
/// Who runs the server when we are root; the first that is there.
const USERS: &[&str] = &["postgres", "nobody"];
/// The password of every role. The server listens on this machine only, and dies with the tests.
const PASSWORD: &str = "for-tests-only";

/// Runs the server in the foreground and takes its files along when it is told to go.
const SCRIPT: &str = r#"
bin=$1 dir=$2 port=$3
printf '%s' "$4" > "$dir/password" || exit 1
"$bin/initdb" -D "$dir/data" -A scram-sha-256 --pwfile="$dir/password" -U postgres --no-sync -E UTF8 --locale=C || exit 1
"$bin/postgres" -D "$dir/data" -p "$port" -c listen_addresses=127.0.0.1 -c unix_socket_directories="$dir" \
    -c fsync=off -c full_page_writes=off -c synchronous_commit=off -c max_connections=300 &
server=$!
trap 'kill -QUIT $server; wait $server; rm -rf "$dir"; exit 0' TERM QUIT INT
wait $server
"#;

/// A running server.
#[derive(Debug)]
pub struct PostgresPeer {
    process: Process,
    programs: PathBuf,
    databases: AtomicU32,
}

/// A database of a test's own.
#[derive(Debug)]
pub struct PostgresDatabase {
    server: &'static PostgresPeer,
    name: String,
}

/// The server of this test process; `None` when none is installed.
///
/// # Panics
/// When it does not start, and in CI when it is not installed.
#[must_use]
pub fn postgres() -> Option<&'static PostgresPeer> {
    static SERVER: OnceLock<Option<PostgresPeer>> = OnceLock::new();
    SERVER.get_or_init(start).as_ref()
}

/// Where the programs of the server are, if they are anywhere.
#[must_use]
pub fn postgres_programs() -> Option<PathBuf> {
    PLACES.iter().map(PathBuf::from).find(|place| place.join("initdb").exists())
}

fn start() -> Option<PostgresPeer> {
    let programs = postgres_programs().unwrap_or_else(|| PathBuf::from(PLACES[PLACES.len() - 1]));
    present("postgresql", programs.join("initdb"))?;
    // The server is told to go when the *thread* that started it ends, so that one stays.
    let (sender, receiver) = std::sync::mpsc::channel();
    let place = programs.clone();
    std::thread::spawn(move || {
        let _ = sender.send(run(&place));
        loop {
            std::thread::park();
        }
    });
    let process = receiver.recv().map_err(anyhow::Error::from).and_then(|started| started);
    assert!(process.is_ok(), "postgresql: {process:?}");
    let process = process.ok()?;
    let server = PostgresPeer { process, programs, databases: AtomicU32::new(0) };
    let roles = format!(
        "CREATE ROLE bursar_owner LOGIN PASSWORD '{PASSWORD}'; \
         CREATE ROLE bursar_app LOGIN PASSWORD '{PASSWORD}' NOSUPERUSER NOBYPASSRLS NOINHERIT;"
    );
    let made = server.superuser("postgres", &roles);
    assert!(made.is_ok(), "postgresql: {made:?}");
    Some(server)
}

fn run(programs: &Path) -> anyhow::Result<Process> {
    let user = unprivileged()?;
    let command = |port: u16, directory: &Path| {
        let mut command = Command::new("setpriv");
        command.args(["--pdeathsig", "TERM"]);
        if let Some((uid, gid)) = user {
            // What cannot be given away is found out by `initdb`, whose message is in the log.
            let _ = std::os::unix::fs::chown(directory, Some(uid), Some(gid));
            command.args(["--reuid", &uid.to_string(), "--regid", &gid.to_string(), "--clear-groups"]);
        }
        command.args(["sh", "-c", SCRIPT, "sh"]).arg(programs).arg(directory);
        command.args([&port.to_string(), PASSWORD]).current_dir("/");
        command
    };
    let ready = |port: u16| {
        let mut ready = Command::new(programs.join("pg_isready"));
        ready.args(["-q", "-h", "127.0.0.1", "-p", &port.to_string()]);
        ready.status().is_ok_and(|status| status.success())
    };
    Process::start("postgresql", command, ready)
}

/// The user and group to run as, when we are root.
fn unprivileged() -> anyhow::Result<Option<(u32, u32)>> {
    if id(&["-u"])? != 0 {
        return Ok(None);
    }
    for user in USERS {
        if let (Ok(uid), Ok(gid)) = (id(&["-u", user]), id(&["-g", user])) {
            return Ok(Some((uid, gid)));
        }
    }
    anyhow::bail!("PostgreSQL does not run as root, and there is no user {}", USERS.join(" or "))
}

fn id(args: &[&str]) -> anyhow::Result<u32> {
    let output = Command::new("id").args(args).output().context("cannot run id")?;
    ensure!(output.status.success(), "id {} failed", args.join(" "));
    Ok(String::from_utf8(output.stdout)?.trim().parse()?)
}

impl PostgresPeer {
    /// A new database that `bursar_owner` owns and that `bursar_app` may use.
    ///
    /// # Errors
    /// When the server does not make it.
    pub fn database(&'static self) -> anyhow::Result<PostgresDatabase> {
        let name = format!("t{}", self.databases.fetch_add(1, Ordering::Relaxed));
        self.superuser("postgres", &format!("CREATE DATABASE {name} OWNER bursar_owner"))?;
        self.superuser(
            &name,
            "GRANT ALL ON SCHEMA public TO bursar_owner; GRANT USAGE ON SCHEMA public TO bursar_app",
        )?;
        Ok(PostgresDatabase { server: self, name })
    }

    /// The port it listens on.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.process.port()
    }

    fn superuser(&self, database: &str, sql: &str) -> anyhow::Result<String> {
        self.sql("postgres", database, sql)
    }

    fn sql(&self, role: &str, database: &str, sql: &str) -> anyhow::Result<String> {
        let args = ["-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-c", sql];
        self.client("psql", role, database, &args)
    }

    fn client(&self, program: &str, role: &str, database: &str, args: &[&str]) -> anyhow::Result<String> {
        let mut command = Command::new(self.programs.join(program));
        command.args(["-h", "127.0.0.1", "-p", &self.port().to_string(), "-U", role, "-d", database]);
        let output = command.args(args).env("PGPASSWORD", PASSWORD).output()?;
        let error = String::from_utf8_lossy(&output.stderr);
        ensure!(output.status.success(), "{program}: {error}");
        Ok(String::from_utf8_lossy(&output.stdout).into_owned())
    }
}

impl PostgresDatabase {
    /// For the role that the program runs as.
    #[must_use]
    pub fn app_url(&self) -> String {
        self.url_of("bursar_app")
    }

    /// For the role that owns the tables.
    #[must_use]
    pub fn owner_url(&self) -> String {
        self.url_of("bursar_owner")
    }

    /// For a role of this name with the password of every role.
    #[must_use]
    pub fn url_of(&self, role: &str) -> String {
        format!("postgres://{role}:{PASSWORD}@127.0.0.1:{}/{}", self.server.port(), self.name)
    }

    /// The password of every role, for making more of them.
    #[must_use]
    pub const fn password(&self) -> &'static str {
        PASSWORD
    }

    /// What the superuser gets for an answer: lines of columns separated by `|`.
    ///
    /// # Errors
    /// When the server refuses.
    pub fn superuser(&self, sql: &str) -> anyhow::Result<String> {
        self.server.superuser(&self.name, sql)
    }

    /// What a role gets for an answer, in one connection.
    ///
    /// # Errors
    /// When the server refuses.
    pub fn sql_as(&self, role: &str, sql: &str) -> anyhow::Result<String> {
        self.server.sql(role, &self.name, sql)
    }

    /// The role that the program runs as.
    pub const APP: &'static str = "bursar_app";
    /// The role that owns the tables.
    pub const OWNER: &'static str = "bursar_owner";

    /// Everything in the database, as text.
    ///
    /// # Errors
    /// When it cannot be dumped.
    pub fn dump(&self) -> anyhow::Result<String> {
        self.server.client("pg_dump", "postgres", &self.name, &["--inserts"])
    }
}
