//! Installing the peers: real servers and clients that tests run against, pinned by the files
//! under `crates/testkit/peers/`.
//!
//! Each Python peer has a virtual environment of its own, so that their dependencies never meet.
//! A copy of the pin file is left as a stamp; a changed file installs anew.

use crate::machine;
use crate::shell::{must, output, root, say};
use anyhow::{Context, Result};
use std::fs;
use std::path::Path;
use std::process::Command;

struct PythonPeer {
    name: &'static str,
    /// The oldest Python 3 it runs on.
    minor: u32,
    /// What it is for.
    buys: &'static str,
}

const PYTHON: &[PythonPeer] = &[
    PythonPeer { name: "moto", minor: 9, buys: "an S3 that we did not write" },
    PythonPeer { name: "gcs", minor: 9, buys: "a Google Cloud Storage that we did not write" },
    PythonPeer { name: "oracle", minor: 10, buys: "DuckDB, whose decimal sums our answers must equal" },
    PythonPeer { name: "openbao", minor: 9, buys: "a secrets manager (Vault's API) that we did not write" },
    PythonPeer { name: "cryptography", minor: 9, buys: "Fernet as Python speaks it, both ways" },
    PythonPeer {
        name: "messages",
        minor: 10,
        buys: "an SMTP server, and who checks our webhooks, events and Slack messages",
    },
    PythonPeer {
        name: "schemathesis",
        minor: 10,
        buys: "requests that our OpenAPI document allows and we did not think of",
    },
    PythonPeer { name: "scim-tester", minor: 11, buys: "a SCIM suite that we did not write" },
    PythonPeer {
        name: "scim-canaille",
        minor: 13,
        buys: "an identity server that provisions its people here",
    },
    PythonPeer {
        name: "focus-validator",
        minor: 12,
        buys: "the public FOCUS validator, to compare findings with",
    },
];

/// Installs every peer that is missing or outdated.
pub(crate) fn install_all() -> Result<()> {
    let directory = bursar_testkit::peers::directory();
    fs::create_dir_all(&directory).with_context(|| format!("cannot make {}", directory.display()))?;
    say(&format!("peers are kept in {} (BURSAR_PEERS_DIR)", directory.display()));
    for peer in PYTHON {
        install_python(peer, &directory.join("python").join(peer.name))?;
    }
    match machine::need_postgres() {
        Err(missing) if !bursar_testkit::in_ci() => {
            say(&format!("*** NOT INSTALLED: {missing:#}; the tests on PostgreSQL will be skipped"));
        }
        found => found?,
    }
    machine::need_node()?;
    install_node(&directory.join("node"))
}

fn pins() -> std::path::PathBuf {
    root().join("crates/testkit/peers")
}

fn install_python(peer: &PythonPeer, target: &Path) -> Result<()> {
    let pins = pins().join("python").join(format!("{}.txt", peer.name));
    if is_current(&target.join("installed.txt"), &pins)? {
        return Ok(());
    }
    say(&format!("\n{}: {}", peer.name, peer.buys));
    let Some(python) = machine::python(peer.minor) else {
        let missing = format!(
            "{} needs Python 3.{} or newer, and there is none on PATH or in pyenv",
            peer.name, peer.minor
        );
        anyhow::ensure!(!bursar_testkit::in_ci(), missing);
        say(&format!("*** NOT INSTALLED: {missing}; its tests will be skipped"));
        return Ok(());
    };
    if target.exists() {
        fs::remove_dir_all(target)?;
    }
    let make = |python: &Path| {
        let mut command = Command::new(python);
        command.args(["-m", "venv"]).arg(target);
        command
    };
    if output(Command::new(&python).args(["-c", "import venv, ensurepip"])).is_none() {
        // Debian's Python comes without.
        machine::install_debian(&["python3-venv"])?;
    }
    must(&mut make(&python))?;
    let mut pip = Command::new(target.join("bin/python"));
    pip.args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--prefer-binary", "-r"]);
    must(pip.arg(&pins))?;
    fs::copy(&pins, target.join("installed.txt"))?;
    Ok(())
}

fn install_node(target: &Path) -> Result<()> {
    let pins = pins().join("node");
    if is_current(&target.join("installed.json"), &pins.join("package-lock.json"))? {
        return Ok(());
    }
    say(
        "\nazurite, oidc-provider, oauth2-mock-server: an Azure Blob Storage and two identity providers that we did not write",
    );
    fs::create_dir_all(target)?;
    for file in ["package.json", "package-lock.json"] {
        fs::copy(pins.join(file), target.join(file))?;
    }
    must(Command::new("npm").args(["ci", "--no-audit", "--no-fund"]).current_dir(target))?;
    fs::copy(pins.join("package-lock.json"), target.join("installed.json"))?;
    Ok(())
}

fn is_current(stamp: &Path, pins: &Path) -> Result<bool> {
    let wanted = fs::read(pins).with_context(|| format!("cannot read {}", pins.display()))?;
    Ok(fs::read(stamp).is_ok_and(|found| found == wanted))
}
