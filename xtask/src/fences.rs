//! The workspace's own rules, checked on every run of the tests.
//!
//! * Floors: a crate depends on lower floors only, never on its own.
//! * Single owners: what only one crate may know (the query engine, HTTP, ciphers).
//! * Names: no crate and no module called after nothing in particular.
//! * Every source file opens by saying why it exists.
//!
//! The list of floors is in `docs/ARCHITECTURE.md`, too; a test keeps the two the same.

use crate::shell::{cargo, output, root, say};
use anyhow::{Context, Result};
use serde::Deserialize;
use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

/// The floor of every crate that is part of the product.
const FLOORS: &[(&str, u8)] = &[
    ("bursar-domain", 0),
    ("bursar-focus", 1),
    ("bursar-keyring", 1),
    ("bursar-permission", 1),
    ("bursar-identity", 1),
    ("bursar-finops", 1),
    ("bursar-audit", 1),
    ("bursar-scim", 1),
    ("bursar-notify", 2),
    ("bursar-lake", 2),
    ("bursar-store", 2),
    ("bursar-app", 3),
    ("bursar-server", 4),
    ("bursar", 5),
];

/// Crates that are no part of the product: tests may use the first, nobody the second.
const TESTKIT: &str = "bursar-testkit";
const XTASK: &str = "xtask";

/// Dependencies that only these crates may have, and why.
const OWNED: &[(&[&str], &[&str], &str)] = &[
    (
        &["datafusion", "object_store"],
        &["bursar-lake"],
        "only the lake knows the query engine and the stores",
    ),
    (
        &["axum", "tower-http", "utoipa-axum", "rust-embed", "hyper"],
        &["bursar-server"],
        "only the server knows HTTP",
    ),
    (
        &["aes-gcm", "aes", "chacha20poly1305", "fernet", "ring", "openssl", "cbc", "hmac", "hkdf"],
        &["bursar-keyring"],
        "only the keyring touches a cipher",
    ),
    (
        &["aws-lc-rs"],
        &["bursar-keyring", "bursar-audit"],
        "the keyring signs, and audit checks what was signed",
    ),
    (
        &[
            "sea-orm",
            "sea-orm-migration",
            "sqlx",
            "libsqlite3-sys",
            "openssl-sys",
            "rusqlite",
            "tokio-postgres",
        ],
        &["bursar-store"],
        "only the store speaks SQL to a control database",
    ),
    (&["cedar-policy"], &["bursar-permission"], "permission is decided in one place"),
    (
        &["argon2", "jsonwebtoken", "webauthn-rs", "totp-rs"],
        &["bursar-identity"],
        "only identity knows how somebody proves who they are",
    ),
    (&["tlog_tiles", "signed_note"], &["bursar-audit"], "only audit knows the shape of the log"),
    (&["lettre", "standardwebhooks"], &["bursar-notify"], "only notify sends to addresses that users gave"),
    (
        &["rustls", "tokio-rustls"],
        &["bursar", "bursar-server"],
        "the TLS provider is chosen once, at the start of the program; only the server has a door",
    ),
    (&["clap", "comfy-table", "indicatif"], &["bursar", XTASK], "only the program has a command line"),
    (
        &["anyhow"],
        &["bursar", TESTKIT, XTASK],
        "libraries name their errors, so that callers can act on them",
    ),
];

/// Names that say nothing about what is inside.
const EMPTY_NAMES: &[&str] = &["util", "utils", "common", "helper", "helpers", "misc", "shared", "stuff"];

#[derive(Deserialize)]
struct Metadata {
    packages: Vec<Package>,
}

#[derive(Deserialize)]
struct Package {
    name: String,
    manifest_path: PathBuf,
    dependencies: Vec<Dependency>,
}

#[derive(Deserialize)]
struct Dependency {
    name: String,
    /// `null` is a dependency of the product itself.
    kind: Option<String>,
}

/// Prints what breaks a rule; whether nothing does.
pub(crate) fn run() -> Result<bool> {
    let broken = broken()?;
    for line in &broken {
        say(line);
    }
    if broken.is_empty() {
        say("floors, single owners, names and module docs are as they should be");
    }
    Ok(broken.is_empty())
}

fn broken() -> Result<Vec<String>> {
    let text = output(&mut cargo(&["metadata", "--format-version", "1", "--no-deps", "--offline"]))
        .context("`cargo metadata` failed")?;
    let metadata: Metadata = serde_json::from_str(&text)?;
    let mut broken = Vec::new();
    for package in &metadata.packages {
        broken.extend(floors(package));
        broken.extend(owners(package));
        let folder = package.manifest_path.parent().context("a manifest has a folder")?;
        broken.extend(lints(package, &fs::read_to_string(&package.manifest_path)?));
        for file in rust_files(folder)? {
            let shown = file.strip_prefix(root()).unwrap_or(&file).display().to_string();
            broken.extend(source_file(&shown, &fs::read_to_string(&file)?));
        }
    }
    let page = fs::read_to_string(root().join("docs/ARCHITECTURE.md"))
        .context("cannot read docs/ARCHITECTURE.md")?;
    broken.extend(documented(&page));
    Ok(broken)
}

fn floor(name: &str) -> Option<u8> {
    FLOORS.iter().find(|(crate_name, _)| *crate_name == name).map(|(_, floor)| *floor)
}

fn floors(package: &Package) -> Vec<String> {
    let name = &package.name;
    let Some(mine) = floor(name) else {
        let known = [TESTKIT, XTASK].contains(&name.as_str());
        let unknown = format!(
            "`{name}` has no floor: add it to FLOORS in xtask/src/fences.rs and to docs/ARCHITECTURE.md"
        );
        return if known { Vec::new() } else { vec![unknown] };
    };
    let mut broken = Vec::new();
    for dependency in &package.dependencies {
        let on = &dependency.name;
        match floor(on) {
            // Tests may put parts of one floor together.
            Some(theirs) if theirs == mine && dependency.kind.as_deref() == Some("dev") => {}
            Some(theirs) if theirs >= mine => {
                broken.push(format!("`{name}` (floor {mine}) depends on `{on}` (floor {theirs}): only lower floors may be used"));
            }
            None if on == TESTKIT && dependency.kind.as_deref() != Some("dev") => {
                broken.push(format!("`{name}` depends on `{TESTKIT}`: it is for tests"));
            }
            None if on == XTASK => {
                broken.push(format!("`{name}` depends on `{XTASK}`: it is a set of scripts"))
            }
            _ => {}
        }
    }
    broken
}

fn owners(package: &Package) -> Vec<String> {
    let mut broken = BTreeSet::new();
    // Tests may look at anything from outside.
    for dependency in package.dependencies.iter().filter(|d| d.kind.as_deref() != Some("dev")) {
        for (owned, owners, why) in OWNED {
            if owned.contains(&dependency.name.as_str()) && !owners.contains(&package.name.as_str()) {
                broken.insert(format!("`{}` depends on `{}`: {why}", package.name, dependency.name));
            }
        }
    }
    broken.into_iter().collect()
}

fn lints(package: &Package, manifest: &str) -> Option<String> {
    let inherits = manifest.contains("[lints]\nworkspace = true");
    (!inherits).then(|| {
        format!(
            "`{}` does not take the workspace's lints: add `[lints]` with `workspace = true`",
            package.name
        )
    })
}

fn source_file(path: &str, text: &str) -> Vec<String> {
    let mut broken = Vec::new();
    let stem = Path::new(path).file_stem().map(|s| s.to_string_lossy().into_owned()).unwrap_or_default();
    let folder = Path::new(path).parent().and_then(Path::file_name).map(|s| s.to_string_lossy().into_owned());
    for name in [Some(stem), folder].into_iter().flatten() {
        if EMPTY_NAMES.contains(&name.as_str()) {
            broken.push(format!("`{path}`: `{name}` says nothing: put the code where its noun lives"));
        }
    }
    if !text.starts_with("//!") {
        broken.push(format!(
            "`{path}` does not open with `//!`: say why the module exists and what it refuses to do"
        ));
    }
    broken
}

fn documented(architecture: &str) -> Vec<String> {
    let row = |name: &str, floor: u8| format!("| `{name}` | {floor} |");
    FLOORS
        .iter()
        .filter(|(name, floor)| !architecture.contains(&row(name, *floor)))
        .map(|(name, floor)| format!("docs/ARCHITECTURE.md has no row starting `{}`", row(name, *floor)))
        .collect()
}

/// The Rust files under `src`.
fn rust_files(package: &Path) -> Result<Vec<PathBuf>> {
    let (mut found, mut folders) = (Vec::new(), vec![package.join("src")]);
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).with_context(|| format!("cannot list {}", folder.display()))? {
            let path = entry?.path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                found.push(path);
            }
        }
    }
    found.sort();
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_workspace_keeps_its_fences() {
        let broken = broken().unwrap();
        assert!(broken.is_empty(), "\n{}", broken.join("\n"));
    }

    fn package(name: &str, dependencies: &[(&str, Option<&str>)]) -> Package {
        Package {
            name: name.to_owned(),
            manifest_path: PathBuf::new(),
            dependencies: dependencies
                .iter()
                .map(|(name, kind)| Dependency { name: (*name).to_owned(), kind: kind.map(str::to_owned) })
                .collect(),
        }
    }

    #[test]
    fn upward_and_sideways_dependencies_are_refused() {
        for (name, on, allowed) in [
            ("bursar-lake", "bursar-focus", true),
            ("bursar-focus", "bursar-keyring", false),
            ("bursar-domain", "bursar-lake", false),
            ("bursar", "bursar-server", true),
        ] {
            assert_eq!(floors(&package(name, &[(on, None)])).is_empty(), allowed, "{name} on {on}");
        }
        assert_eq!(floors(&package("bursar-new", &[])).len(), 1, "a crate without a floor");
        assert_eq!(floors(&package("bursar-app", &[(TESTKIT, None)])).len(), 1, "the testkit in the product");
        assert_eq!(floors(&package("bursar-app", &[(TESTKIT, Some("dev"))])).len(), 0);
    }

    #[test]
    fn single_owners_are_kept() {
        assert_eq!(owners(&package("bursar-app", &[("datafusion", None)])).len(), 1);
        assert_eq!(owners(&package("bursar-lake", &[("datafusion", None), ("aes-gcm", None)])).len(), 1);
        assert_eq!(owners(&package("bursar-app", &[("datafusion", Some("dev"))])).len(), 0);
    }

    #[test]
    fn files_say_why_and_have_names_that_say_what() {
        assert_eq!(source_file("crates/lake/src/utils.rs", "//! Things").len(), 1);
        assert_eq!(source_file("crates/lake/src/common/mod.rs", "//! Things").len(), 1);
        assert_eq!(source_file("crates/lake/src/scan.rs", "use std::fs;\n").len(), 1);
        assert_eq!(source_file("crates/lake/src/scan.rs", "//! Reads.\n").len(), 0);
    }
}
