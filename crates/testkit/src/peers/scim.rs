//! SCIM clients that we did not write: scim2-tester, a suite that asks a server everything that it says it
//! can; and Canaille, an identity server, which provisions its people elsewhere.

use crate::program::{Run, program};
use anyhow::Context;
use serde::Deserialize;
use std::path::PathBuf;

/// Runs the suite and prints what it found.
const TEST: &str = "
import json, os, sys
from httpx2 import Client
from scim2_client.engines.httpx2 import SyncSCIMClient
from scim2_tester import Status, check_server

http = Client(base_url=sys.argv[1], headers={'Authorization': 'Bearer ' + os.environ['TOKEN']}, timeout=60)
results = check_server(SyncSCIMClient(http))
def line(result):
    return f'{result.status.name} {result.resource_type or \"\"} {result.title}: {result.reason}'
json.dump({
    'succeeded': sum(result.status == Status.SUCCESS for result in results),
    'failed': [line(r) for r in results if r.status not in (Status.SUCCESS, Status.SKIPPED)],
    'skipped': [line(r) for r in results if r.status == Status.SKIPPED],
    'output': '\\n'.join(map(line, results)),
}, sys.stdout)
";

/// What the suite found.
#[derive(Debug, Clone, Deserialize)]
pub struct ScimReport {
    /// Checks that went well.
    pub succeeded: usize,
    /// Checks that did not, a line each.
    pub failed: Vec<String>,
    /// Checks that were not made, a line each.
    pub skipped: Vec<String>,
    /// All lines.
    pub output: String,
}

/// scim2-tester.
#[derive(Debug, Clone)]
pub struct ScimTester {
    python: PathBuf,
}

/// scim2-tester; `None`, loudly, when it is not installed and this is not CI.
#[must_use]
pub fn scim_tester() -> Option<ScimTester> {
    super::python("scim-tester", "python").map(|python| ScimTester { python })
}

impl ScimTester {
    /// Asks the server at `base` everything.
    ///
    /// # Errors
    /// When the suite itself does not run to its end.
    pub fn test(&self, base: &str, token: &str) -> anyhow::Result<ScimReport> {
        let run = program(&self.python).args(["-c", TEST, base]).env("TOKEN", token).run()?.ok()?;
        serde_json::from_slice(&run.stdout).with_context(|| format!("{run}"))
    }
}

/// Two things that keep Canaille 0.3.6 from provisioning a server that keeps to the standards. Its client
/// library is older than RFC 9865 and takes the `pagination` in which a server says how it pages for an
/// error; and it sends the version that it counts itself as `If-Match`, which no server has ever given.
const CORRECTED: &str = "
try:
    from scim2_client.client import SCIMClient
    from scim2_models import ServiceProviderConfig
except ImportError:
    pass  # another Python, started by this one
else:
    ServiceProviderConfig.model_config['extra'] = 'ignore'
    ServiceProviderConfig.model_rebuild(force=True)
    SCIMClient._set_if_match = lambda *arguments: None
";

/// Canaille with a database of its own and one client that it provisions.
#[derive(Debug)]
pub struct Canaille {
    program: PathBuf,
    directory: tempfile::TempDir,
}

/// Canaille, told to provision the server at `base`; `None`, loudly, when it is not installed and this is
/// not CI.
///
/// # Panics
/// When it cannot be set up.
#[must_use]
pub fn canaille(base: &str, token: &str) -> Option<Canaille> {
    let program = super::python("scim-canaille", "canaille")?;
    let made = Canaille::new(program, base, token);
    assert!(made.is_ok(), "canaille: {made:?}");
    made.ok()
}

impl Canaille {
    fn new(program: PathBuf, base: &str, token: &str) -> anyhow::Result<Self> {
        let directory = tempfile::tempdir()?;
        let database = directory.path().join("canaille.sqlite");
        let config = format!(
            "SECRET_KEY = \"a secret of the tests\"\nSERVER_NAME = \"127.0.0.1:5001\"\n\
             [CANAILLE]\nDATABASE = \"sql\"\n[CANAILLE_SQL]\nDATABASE_URI = \"sqlite:///{}\"\n\
             [CANAILLE_OIDC]\nTRUSTED_DOMAINS = [\"127.0.0.1\"]\n[CANAILLE_SCIM]\nENABLE_CLIENT = true\n",
            database.display()
        );
        std::fs::write(directory.path().join("config.toml"), config)?;
        std::fs::write(directory.path().join("sitecustomize.py"), CORRECTED)?;
        let canaille = Self { program, directory };
        canaille.run(&["db", "upgrade"])?;
        canaille.run(&[
            "create",
            "client",
            "--client-id",
            "bursar",
            "--client-name",
            "bursar",
            "--client-uri",
            base,
        ])?;
        // Canaille makes a token of its own unless the client has one; ours is the one that Bursar knows.
        canaille.run(&[
            "create",
            "token",
            "--token-id",
            "bursar",
            "--client",
            "bursar",
            "--audience",
            "bursar",
            "--access-token",
            token,
            "--scope",
            "openid",
            "--lifetime",
            "86400",
            "--issue-date",
            &today()?,
        ])?;
        Ok(canaille)
    }

    /// Runs one of its commands.
    ///
    /// # Errors
    /// With what it printed, when it ends badly.
    pub fn run(&self, arguments: &[&str]) -> anyhow::Result<Run> {
        let config = self.directory.path().join("config.toml");
        program(&self.program)
            .args(arguments)
            .directory(self.directory.path())
            .env("CANAILLE_CONFIG", config)
            .env("PYTHONPATH", self.directory.path())
            .run()?
            .ok()
    }
}

/// The moment in which the test runs, as ISO 8601.
fn today() -> anyhow::Result<String> {
    let run = program("date").args(["-u", "+%Y-%m-%dT%H:%M:%S+00:00"]).run()?.ok()?;
    Ok(run.text().trim().to_owned())
}
