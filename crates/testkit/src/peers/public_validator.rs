//! The public FOCUS validator (PyPI `focus-validator`), to compare our findings with its own.
//!
//! Offline it carries the rules of FOCUS 1.2 only. It reads one of its tables by a path relative to
//! its own folder, so it must run there. Some of its failures are false; which, is told in
//! `docs/guides`.

use crate::program::program;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// Five seconds for a thousand rows, and more than a minute for a real month.
const PATIENCE: Duration = Duration::from_secs(600);

/// The public validator, ready to be asked.
#[derive(Debug, Clone)]
pub struct PublicValidator {
    program: PathBuf,
}

/// The public validator; `None`, loudly, when it is not installed and this is not CI.
#[must_use]
pub fn public_validator() -> Option<PublicValidator> {
    super::python("focus-validator", "focus-validator").map(|program| PublicValidator { program })
}

/// A rule that failed, in its words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    /// How many violations it counts (1 often stands for "some").
    pub violations: u64,
    /// What it says about them.
    pub message: String,
}

impl PublicValidator {
    /// The rules of FOCUS 1.2 that it says the file (CSV or Parquet, by its name) breaks.
    ///
    /// # Errors
    /// When it cannot be run or ends without a verdict.
    pub fn failures(&self, file: &Path) -> anyhow::Result<BTreeMap<String, Failure>> {
        let file = file.canonicalize()?;
        let run = program(&self.program)
            .arg("--data-file")
            .arg(&file)
            .args(["--validate-version", "1.2", "--block-download"])
            .directory(self.site_packages()?)
            .patience(PATIENCE)
            .run()?;
        let text = run.text();
        // It ends with status 1 when rules fail, and also when it falls over.
        anyhow::ensure!(text.contains("Validation") || text.contains("MustSatisfy"), "no verdict\n{run}");
        Ok(text.lines().filter_map(failure).collect())
    }

    fn site_packages(&self) -> anyhow::Result<PathBuf> {
        let environment = self.program.ancestors().nth(2).map(|path| path.join("lib"));
        for entry in std::fs::read_dir(environment.unwrap_or_default())? {
            let folder = entry?.path().join("site-packages");
            if folder.join("focus_validator").is_dir() {
                return Ok(folder);
            }
        }
        anyhow::bail!("{} has no site-packages", self.program.display())
    }
}

/// `- ContractedCost-C-003-M: violations=7; ContractedCost MUST NOT be NULL. […]`
fn failure(line: &str) -> Option<(String, Failure)> {
    let (rule, rest) = line.strip_prefix("- ")?.split_once(": violations=")?;
    let (violations, message) = rest.split_once(';')?;
    Some((
        rule.to_owned(),
        Failure { violations: violations.parse().ok()?, message: message.trim().to_owned() },
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn failures_are_read_off_its_report() {
        let (rule, found) =
            failure("- ContractedCost-C-003-M: violations=7; ContractedCost MUST NOT be NULL.").unwrap();
        assert_eq!((rule.as_str(), found.violations), ("ContractedCost-C-003-M", 7));
        assert_eq!(failure("  MustSatisfy: ContractedCost MUST NOT be null."), None);
    }

    #[test]
    fn a_file_with_one_column_breaks_rules() {
        let Some(validator) = public_validator() else { return };
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("bill.csv");
        std::fs::write(&file, "BilledCost\n\n1.5\n").unwrap();
        let failures = validator.failures(&file).unwrap();
        assert!(failures.keys().any(|rule| rule.starts_with("BilledCost")), "{failures:?}");
    }
}
