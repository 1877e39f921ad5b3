//! `cargo xtask demo`: from a fresh clone to the demo in the browser.

use crate::machine;
use crate::shell::{cargo, in_web, must, root, say};
use anyhow::Result;
use std::process::Command;
use std::time::Instant;

/// How the demo is built and served.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Build without optimisation, which is quicker to build and slower to use
    #[arg(long)]
    dev: bool,
    /// Only build
    #[arg(long)]
    build_only: bool,
    /// Passed on to `bursar demo`
    #[arg(last = true)]
    rest: Vec<String>,
}

pub(crate) fn run(args: &Args) -> Result<bool> {
    let started = Instant::now();
    machine::need_node()?;
    machine::need_openssl()?;
    build_web()?;
    let mut build = vec!["build", "--locked", "--package", "bursar"];
    if !args.dev {
        build.push("--release");
    }
    must(&mut cargo(&build))?;
    say(&format!("built in {} s", started.elapsed().as_secs()));
    if args.build_only {
        return Ok(true);
    }
    let program = target_directory()?.join(if args.dev { "debug" } else { "release" }).join("bursar");
    must(Command::new(program).arg("demo").args(&args.rest))?;
    Ok(true)
}

/// Installs the UI's packages and builds it.
pub(crate) fn build_web() -> Result<()> {
    must(&mut in_web("npm", &["ci", "--no-audit", "--no-fund"]))?;
    must(&mut in_web("npm", &["run", "build"]))
}

/// Where Cargo puts what it builds.
pub(crate) fn target_directory() -> Result<std::path::PathBuf> {
    let mut metadata = cargo(&["metadata", "--format-version", "1", "--no-deps"]);
    let text =
        crate::shell::output(&mut metadata).ok_or_else(|| anyhow::anyhow!("`cargo metadata` failed"))?;
    let metadata: serde_json::Value = serde_json::from_str(&text)?;
    Ok(metadata["target_directory"].as_str().map_or_else(|| root().join("target"), Into::into))
}
