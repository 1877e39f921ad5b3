//! `cargo xtask claims`: what the product claims, and the tests that prove it.
//!
//! The register is `docs/claims.yaml`. It stays honest by two rules: a claim that is said to hold
//! (or to hold in part) names tests, and each of them must exist and must not be switched off.
//!
//! A proof is named as its runner names it:
//!
//! * `bursar-lake::ledger::tests::counts_every_call`: a unit test, by package and path;
//! * `bursar::it::cost::adds_up`: an integration test, by package, target and path;
//! * `e2e: demo.spec.ts › drills down`: an end-to-end test of the UI;
//! * `web: src/lib/money.test.ts > adds`: a unit test of the UI.

use crate::shell::{cargo, in_web, must, output, root, say};
use anyhow::{Context, Result, bail, ensure};
use serde::Deserialize;
use std::collections::BTreeSet;
use std::path::PathBuf;
use std::process::{Command, Stdio};

/// What to do with the register.
#[derive(Debug, Default, clap::Args)]
pub(crate) struct Args {
    /// Only print the register; do not look for the tests
    #[arg(long)]
    print_only: bool,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Claim {
    id: String,
    claim: String,
    state: State,
    /// What is still missing; said whenever the claim holds in part.
    #[serde(default)]
    missing: String,
    #[serde(default)]
    proofs: Vec<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
enum State {
    Planned,
    Partial,
    Holds,
}

/// Prints the register and checks it; whether every proof exists.
pub(crate) fn run(args: &Args) -> Result<bool> {
    let claims = read(
        &std::fs::read_to_string(root().join("docs/claims.yaml")).context("cannot read docs/claims.yaml")?,
    )?;
    let mut wrong = claims.iter().flat_map(inconsistent).collect::<Vec<_>>();
    if !args.print_only {
        let needed: Vec<&String> = claims.iter().flat_map(|claim| &claim.proofs).collect();
        let existing = existing_tests(&needed)?;
        for claim in &claims {
            for proof in claim.proofs.iter().filter(|proof| !existing.contains(*proof)) {
                wrong.push(format!("{}: no test is called `{proof}`, or it is switched off", claim.id));
            }
        }
    }
    print(&claims);
    for line in &wrong {
        say(&format!("*** {line}"));
    }
    Ok(wrong.is_empty())
}

fn read(text: &str) -> Result<Vec<Claim>> {
    let claims: Vec<Claim> =
        serde_yaml_ng::from_str(text).context("docs/claims.yaml is not a claims register")?;
    let mut seen = BTreeSet::new();
    for claim in &claims {
        ensure!(seen.insert(&claim.id), "docs/claims.yaml has {} twice", claim.id);
    }
    Ok(claims)
}

fn inconsistent(claim: &Claim) -> Option<String> {
    let id = &claim.id;
    match claim.state {
        State::Planned if !claim.proofs.is_empty() => {
            Some(format!("{id} is planned but names proofs: is it partial?"))
        }
        State::Partial | State::Holds if claim.proofs.is_empty() => {
            Some(format!("{id} is said to hold but names no proof"))
        }
        State::Partial if claim.missing.trim().is_empty() => {
            Some(format!("{id} is partial but does not say what is missing"))
        }
        State::Holds if !claim.missing.trim().is_empty() => {
            Some(format!("{id} holds, so nothing can be missing"))
        }
        _ => None,
    }
}

fn print(claims: &[Claim]) {
    for claim in claims {
        let state = match claim.state {
            State::Planned => "planned",
            State::Partial => "partial",
            State::Holds => "HOLDS",
        };
        say(&format!("{:<4} {state:<8} {:>2} proofs  {}", claim.id, claim.proofs.len(), claim.claim.trim()));
    }
    let count = |state| claims.iter().filter(|claim| claim.state == state).count();
    let (holds, partial, planned) = (count(State::Holds), count(State::Partial), count(State::Planned));
    say(&format!("\n{holds} hold, {partial} hold in part, {planned} are planned"));
}

/// The names of all tests that run, of the kinds that are asked for.
fn existing_tests(needed: &[&String]) -> Result<BTreeSet<String>> {
    let of_web = |proof: &str| proof.starts_with("e2e: ") || proof.starts_with("web: ");
    let mut existing = BTreeSet::new();
    if needed.iter().any(|proof| !of_web(proof)) {
        existing.extend(rust_tests()?);
    }
    if needed.iter().any(|proof| of_web(proof)) {
        existing.extend(web_tests()?);
    }
    Ok(existing)
}

#[derive(Deserialize)]
struct Artifact {
    #[serde(default)]
    package_id: String,
    executable: Option<PathBuf>,
    target: Option<Target>,
    profile: Option<Profile>,
}

/// How an artifact was built.
#[derive(Deserialize)]
struct Profile {
    /// With the test harness: the program itself, which a test may need, is built without.
    test: bool,
}

#[derive(Deserialize)]
struct Target {
    name: String,
    kind: Vec<String>,
}

/// Builds the test programs and asks each for its list.
fn rust_tests() -> Result<Vec<String>> {
    let mut build = cargo(&["test", "--workspace", "--locked", "--no-run", "--message-format", "json"]);
    let built = build.stderr(Stdio::inherit()).stdin(Stdio::null()).output().context("cannot run cargo")?;
    ensure!(built.status.success(), "the tests do not build");
    let mut tests = Vec::new();
    for line in String::from_utf8_lossy(&built.stdout).lines() {
        let Ok(Artifact {
            package_id,
            executable: Some(program),
            target: Some(target),
            profile: Some(Profile { test: true }),
        }) = serde_json::from_str(line)
        else {
            continue;
        };
        // A bench is no test, and its program need not know `--list`.
        if target.kind.iter().any(|kind| kind == "bench") {
            continue;
        }
        let package = package_name(&package_id);
        let prefix = if target.kind.iter().any(|kind| kind == "test") {
            format!("{package}::{}", target.name)
        } else {
            package
        };
        let all = list(&program, &[])?;
        let ignored = list(&program, &["--ignored"])?;
        tests.extend(all.difference(&ignored).map(|test| format!("{prefix}::{test}")));
    }
    Ok(tests)
}

fn list(program: &PathBuf, more: &[&str]) -> Result<BTreeSet<String>> {
    let text = output(Command::new(program).arg("--list").args(more))
        .with_context(|| format!("`{} --list` failed", program.display()))?;
    Ok(text.lines().filter_map(|line| line.strip_suffix(": test")).map(str::to_owned).collect())
}

/// The name in a package id such as `path+file:///…/crates/lake#bursar-lake@0.1.0` or `…/xtask#0.1.0`.
fn package_name(id: &str) -> String {
    let (url, fragment) = id.rsplit_once('#').unwrap_or((id, ""));
    let name = fragment.split_once('@').map(|(name, _)| name);
    name.unwrap_or_else(|| url.rsplit('/').next().unwrap_or(url)).to_owned()
}

/// The tests of the UI, as its two runners list them.
fn web_tests() -> Result<Vec<String>> {
    if !root().join("web/node_modules").exists() {
        must(&mut in_web("npm", &["ci", "--no-audit", "--no-fund"]))?;
    }
    let Some(e2e) = output(&mut in_web("npx", &["playwright", "test", "--list"])) else {
        bail!("`npx playwright test --list` failed in web/");
    };
    let Some(unit) = output(&mut in_web("npx", &["vitest", "list"])) else {
        bail!("`npx vitest list` failed in web/");
    };
    let e2e = e2e.lines().filter_map(playwright_title).map(|title| format!("e2e: {title}"));
    let unit = unit.lines().filter(|line| line.contains(" > ")).map(|line| format!("web: {}", line.trim()));
    Ok(e2e.chain(unit).collect())
}

/// `  [chromium] › demo.spec.ts:12:5 › Explorer › drills down` without what changes from edit to edit.
fn playwright_title(line: &str) -> Option<String> {
    let parts: Vec<&str> = line.trim().split(" › ").filter(|part| !part.starts_with('[')).collect();
    let (place, titles) = parts.split_first()?;
    let file = place.split(':').next()?;
    (!titles.is_empty()).then(|| format!("{file} › {}", titles.join(" › ")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_register_is_consistent() {
        let claims = read(&std::fs::read_to_string(root().join("docs/claims.yaml")).unwrap()).unwrap();
        let wrong: Vec<String> = claims.iter().filter_map(inconsistent).collect();
        assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
    }

    fn check(text: &str, complaint: Option<&str>) {
        let claims = read(text).unwrap();
        let found = inconsistent(&claims[0]);
        assert_eq!(found.is_some(), complaint.is_some(), "{text}: {found:?}");
        assert!(found.unwrap_or_default().contains(complaint.unwrap_or_default()), "{text}");
    }

    #[test]
    fn claims_without_proof_do_not_hold() {
        check("[{id: A1, claim: x, state: planned}]", None);
        check("[{id: A1, claim: x, state: holds, proofs: [a::b]}]", None);
        check("[{id: A1, claim: x, state: holds}]", Some("names no proof"));
        check("[{id: A1, claim: x, state: partial, proofs: [a::b]}]", Some("what is missing"));
        check("[{id: A1, claim: x, state: planned, proofs: [a::b]}]", Some("planned"));
        check(
            "[{id: A1, claim: x, state: holds, missing: all, proofs: [a::b]}]",
            Some("nothing can be missing"),
        );
        assert!(read("[{id: A1, claim: x, state: planned}, {id: A1, claim: y, state: planned}]").is_err());
    }

    #[test]
    fn names_are_those_of_the_runners() {
        assert_eq!(package_name("path+file:///work/crates/lake#bursar-lake@0.1.0"), "bursar-lake");
        assert_eq!(package_name("path+file:///work/xtask#0.1.0"), "xtask");
        assert_eq!(
            playwright_title("  [chromium] › demo.spec.ts:12:5 › Explorer › drills down").as_deref(),
            Some("demo.spec.ts › Explorer › drills down")
        );
        assert_eq!(
            playwright_title("  demo.spec.ts:3:1 › signs in").as_deref(),
            Some("demo.spec.ts › signs in")
        );
        assert_eq!(playwright_title("Total: 3 tests in 1 file"), None);
    }
}
