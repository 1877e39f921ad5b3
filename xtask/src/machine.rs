//! What the machine has, and how to get what it lacks.
//!
//! Debian packages are installed when we are root; anyone else gets the exact command.

use crate::shell::{must, output, say, succeeds};
use anyhow::{Result, bail};
use std::path::{Path, PathBuf};
use std::process::Command;

/// The oldest Node that the UI's tools run on.
const NODE_MAJOR: u32 = 20;
/// The oldest npm that installs them (npm 10 stumbles over Vite 8's optional dependencies).
const NPM_MAJOR: u32 = 11;

/// Where the program is found, if it is.
pub(crate) fn which(program: &str) -> Option<PathBuf> {
    std::env::split_paths(&std::env::var_os("PATH")?).map(|d| d.join(program)).find(|path| path.is_file())
}

/// Checks Node and npm.
pub(crate) fn need_node() -> Result<()> {
    let major = |program: &str| -> Option<u32> {
        let text = output(Command::new(program).arg("--version"))?;
        text.trim().trim_start_matches('v').split('.').next()?.parse().ok()
    };
    match major("node") {
        Some(version) if version >= NODE_MAJOR => {}
        Some(version) => {
            bail!("Node {NODE_MAJOR} or newer is needed to build the UI, and this is Node {version}")
        }
        None => bail!("Node {NODE_MAJOR} or newer is needed to build the UI: install it from nodejs.org"),
    }
    match major("npm") {
        Some(version) if version >= NPM_MAJOR => Ok(()),
        _ => bail!(
            "npm {NPM_MAJOR} or newer is needed to build the UI: run `npm install --global npm@{NPM_MAJOR}`"
        ),
    }
}

/// Makes sure that a program of a Debian package is there.
pub(crate) fn need_debian(program: &str, packages: &[&str]) -> Result<PathBuf> {
    if let Some(path) = which(program) {
        return Ok(path);
    }
    install_debian(packages)?;
    which(program).ok_or_else(|| {
        anyhow::anyhow!("`{program}` is still missing after installing {}", packages.join(", "))
    })
}

/// Installs Debian packages, or says the command.
pub(crate) fn install_debian(packages: &[&str]) -> Result<()> {
    let list = packages.join(" ");
    let by_hand = format!("sudo apt-get update && sudo apt-get install --yes --no-install-recommends {list}");
    let root = output(Command::new("id").arg("-u")).is_some_and(|id| id.trim() == "0");
    if which("apt-get").is_none() {
        bail!("{list} must be installed (this is no Debian, so not by us)");
    }
    if !root {
        bail!("{list} must be installed: {by_hand}");
    }
    let mut install = Command::new("apt-get");
    install.args(["install", "--yes", "--no-install-recommends"]).args(packages);
    install.env("DEBIAN_FRONTEND", "noninteractive");
    if !succeeds(&mut install)? {
        say("updating the package lists and trying again");
        must(Command::new("apt-get").arg("update"))?;
        must(&mut install)?;
    }
    Ok(())
}

/// OpenSSL's headers, which SQLCipher is compiled against.
pub(crate) fn need_openssl() -> Result<()> {
    // The variables of the crate that compiles it; whoever sets them knows.
    let named = ["OPENSSL_DIR", "OPENSSL_INCLUDE_DIR"].iter().any(|name| std::env::var_os(name).is_some());
    let found = || {
        output(Command::new("pkg-config").args(["--exists", "--print-errors", "libcrypto"])).is_some()
            || Path::new("/usr/include/openssl/crypto.h").is_file()
    };
    if named || found() {
        return Ok(());
    }
    say("SQLCipher, which encrypts the embedded database, is compiled against OpenSSL");
    install_debian(&["libssl-dev", "pkg-config"])?;
    if found() {
        Ok(())
    } else {
        bail!("OpenSSL's headers are still missing: set OPENSSL_DIR to where they are")
    }
}

/// A PostgreSQL server's programs, for the tests of the store. `setpriv` runs it as another user.
pub(crate) fn need_postgres() -> Result<()> {
    if bursar_testkit::peers::postgres_programs().is_none() {
        // `postgresql` would start a server of its own as well.
        install_debian(&["postgresql-15"]).or_else(|_| install_debian(&["postgresql"]))?;
    }
    if bursar_testkit::peers::postgres_programs().is_none() {
        bail!("PostgreSQL's programs are still missing below /usr/lib/postgresql");
    }
    need_debian("setpriv", &["util-linux"]).map(drop)
}

/// Chromium, for the tests of the UI.
pub(crate) fn need_chromium() -> Result<PathBuf> {
    if let Some(path) = std::env::var_os("CHROMIUM").map(PathBuf::from).filter(|path| path.is_file()) {
        return Ok(path);
    }
    need_debian("chromium", &["chromium", "fonts-liberation"])
}

/// A Python of at least this version 3.x that can make virtual environments.
pub(crate) fn python(minor: u32) -> Option<PathBuf> {
    let named = (minor..=14).rev().map(|minor| format!("python3.{minor}"));
    let on_path = std::iter::once("python3".to_owned()).chain(named).filter_map(|name| which(&name));
    on_path.chain(pyenv()).find(|path| version_of(path).is_some_and(|version| version >= minor))
}

fn version_of(python: &Path) -> Option<u32> {
    let code = "import sys; print(sys.version_info.minor if sys.version_info.major == 3 else 0)";
    output(Command::new(python).args(["-c", code]))?.trim().parse().ok()
}

/// Pythons that pyenv keeps beside the one on the path.
fn pyenv() -> Vec<PathBuf> {
    let root = std::env::var_os("PYENV_ROOT").map(PathBuf::from);
    let root = root.or_else(|| std::env::var_os("HOME").map(|home| Path::new(&home).join(".pyenv")));
    let Some(entries) = root.and_then(|root| std::fs::read_dir(root.join("versions")).ok()) else {
        return Vec::new();
    };
    let mut found: Vec<PathBuf> =
        entries.flatten().map(|e| e.path().join("bin/python3")).filter(|p| p.is_file()).collect();
    found.sort();
    found
}
