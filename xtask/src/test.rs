//! `cargo xtask test`: everything that is tested, from a fresh clone.
//!
//! Order matters twice: the UI is built before the program, which embeds it, and the program of
//! the end-to-end tests is the one the Rust tests have built (same profile, so nothing is compiled
//! again).

use crate::count::Runner;
use crate::demo::target_directory;
use crate::machine;
use crate::running::Demo;
use crate::shell::{cargo, in_web, output, root, say, succeeds};
use crate::steps::{Steps, run_tests};
use crate::{claims, peers};
use anyhow::{Context, Result};
use std::path::PathBuf;

/// What to test.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Only these parts; all of them when left out
    #[arg(long, value_name = "PART", value_delimiter = ',')]
    only: Vec<Part>,
    /// Passed on to the Rust test runner, with `--only rust`
    #[arg(last = true)]
    rest: Vec<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Part {
    /// Formatting, clippy, fences, Rust tests
    Rust,
    /// Types, lint, unit tests and build of the UI
    Web,
    /// The UI in headless Chromium against the demo
    E2e,
    /// The claims register
    Claims,
}

pub(crate) fn run(args: &Args) -> Result<bool> {
    let wanted = |part: Part| args.only.is_empty() || args.only.contains(&part);
    let mut steps = Steps::default();
    if wanted(Part::Rust) || wanted(Part::E2e) {
        machine::need_openssl()?;
    }
    if wanted(Part::Web) || wanted(Part::E2e) {
        machine::need_node()?;
    }
    if wanted(Part::Rust) {
        steps.prepare("peers", || peers::install_all().map(|()| true));
    }
    if wanted(Part::Rust) {
        steps.check("format", || succeeds(&mut cargo(&["fmt", "--all", "--check"])));
        deny(&mut steps);
    }
    if wanted(Part::Web) || wanted(Part::E2e) {
        web(&mut steps, wanted(Part::Web));
    }
    if wanted(Part::Rust) {
        steps.check("clippy", || {
            let clippy = &["clippy", "--workspace", "--all-targets", "--locked", "--", "-D", "warnings"];
            succeeds(&mut cargo(clippy))
        });
    }
    if (wanted(Part::Rust) || wanted(Part::E2e)) && build(&mut steps) {
        if wanted(Part::Rust) {
            rust_tests(&mut steps, &args.rest);
        }
        if wanted(Part::E2e) {
            end_to_end(&mut steps);
        }
    }
    if wanted(Part::Claims) {
        steps.check("claims", || claims::run(&claims::Args::default()));
    }
    Ok(steps.summary())
}

/// Licences, bans and sources of the dependencies, where cargo-deny is installed.
fn deny(steps: &mut Steps) {
    if machine::which("cargo-deny").is_some() {
        steps.check("deny", || {
            // Advisories live in a repository that not every machine can reach.
            succeeds(&mut cargo(&["deny", "--offline", "check", "licenses", "bans", "sources"]))
        });
    } else {
        say("\n(cargo-deny is not installed; the fences check the single owners without it)");
    }
}

fn web(steps: &mut Steps, tests: bool) {
    if !root().join("web/package.json").exists() {
        steps.skip("web", "there is no UI yet");
        return;
    }
    let installed =
        steps.prepare("web: install", || succeeds(&mut in_web("npm", &["ci", "--no-audit", "--no-fund"])));
    if !installed {
        return;
    }
    if tests {
        steps.check("web: types and lint", || succeeds(&mut in_web("npm", &["run", "lint"])));
        steps.tests("web: unit tests", |tests| {
            run_tests(&mut in_web("npm", &["test"]), Runner::Vitest, tests)
        });
    }
    steps.prepare("web: build", || succeeds(&mut in_web("npm", &["run", "build"])));
}

/// Builds the tests, and with them the program that they and the end-to-end tests run.
///
/// One build for both: `cargo build --package bursar` would unite features differently and compile
/// the query engine a second time.
fn build(steps: &mut Steps) -> bool {
    steps.prepare("build", || succeeds(&mut cargo(&["test", "--workspace", "--locked", "--no-run"])))
}

fn rust_tests(steps: &mut Steps, rest: &[String]) {
    let nextest = output(&mut cargo(&["nextest", "--version"])).is_some();
    if nextest {
        steps.tests("tests", |tests| {
            let run = ["nextest", "run", "--workspace", "--locked", "--no-fail-fast"];
            run_tests(cargo(&run).args(rest), Runner::Nextest, tests)
        });
        steps.tests("doc tests", |tests| {
            run_tests(&mut cargo(&["test", "--workspace", "--doc", "--locked"]), Runner::CargoTest, tests)
        });
    } else {
        steps.tests("tests", |tests| {
            let run = ["test", "--workspace", "--locked", "--no-fail-fast"];
            run_tests(cargo(&run).args(rest), Runner::CargoTest, tests)
        });
    }
}

/// The pages in a real browser, against a demo served by the program that the tests have built.
fn end_to_end(steps: &mut Steps) {
    steps.tests("web: end to end", |tests| {
        let chromium = machine::need_chromium()?;
        let demo = Demo::start(&program()?)?;
        let mut npm = in_web("npm", &["run", "e2e"]);
        npm.env("BURSAR_URL", demo.url()).env("BURSAR_LINK", &demo.link).env("CHROMIUM", chromium);
        let good = run_tests(&mut npm, Runner::Playwright, tests)?;
        Ok(good && no_crash(&demo))
    });
}

/// A server that panicked and went on is a failed test all the same.
fn no_crash(demo: &Demo) -> bool {
    let log = demo.log();
    let panics: Vec<&str> = log.lines().filter(|line| line.contains("panicked at")).collect();
    for line in &panics {
        say(&format!("*** the server panicked: {line}"));
    }
    panics.is_empty()
}

/// The program that the tests have built.
fn program() -> Result<PathBuf> {
    let path = target_directory()?.join("debug/bursar");
    path.is_file().then_some(path).context("the program is not built: run `cargo build`")
}
