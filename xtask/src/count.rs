//! How many tests a runner says it ran, read off its closing lines.

use std::fmt;
use std::ops::AddAssign;

/// Tests that ran.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Tests {
    pub(crate) passed: u64,
    pub(crate) failed: u64,
    pub(crate) skipped: u64,
}

impl AddAssign for Tests {
    fn add_assign(&mut self, other: Self) {
        self.passed += other.passed;
        self.failed += other.failed;
        self.skipped += other.skipped;
    }
}

impl fmt::Display for Tests {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} passed, {} failed", self.passed, self.failed)?;
        if self.skipped > 0 { write!(f, ", {} skipped", self.skipped) } else { Ok(()) }
    }
}

/// The runner whose lines are read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Runner {
    /// `test result: ok. 5 passed; 0 failed; 1 ignored; …`
    CargoTest,
    /// `Summary [ 0.4s] 12 tests run: 11 passed (1 slow), 1 failed, 2 skipped`
    Nextest,
    /// `Tests  2 failed | 14 passed (16)`
    Vitest,
    /// `  3 passed (12.3s)`, `  1 failed`, each on a line
    Playwright,
}

impl Runner {
    /// What this line adds, if it is one of the runner's closing lines.
    pub(crate) fn read(self, line: &str) -> Option<Tests> {
        let line = line.trim();
        let counts = match self {
            Self::CargoTest => line.strip_prefix("test result:")?,
            Self::Nextest => line.strip_prefix("Summary")?.split_once("run:")?.1,
            Self::Vitest => line.strip_prefix("Tests ")?,
            Self::Playwright => {
                let mut words = line.split_whitespace();
                words.next()?.parse::<u64>().ok()?;
                if !matches!(words.next()?, "passed" | "failed" | "skipped" | "flaky") {
                    return None;
                }
                // Only a duration in brackets may follow.
                if words.next().is_some_and(|word| !word.starts_with('(')) {
                    return None;
                }
                line
            }
        };
        Some(Tests {
            passed: before(counts, "passed") + before(counts, "flaky"),
            failed: before(counts, "failed") + before(counts, "timed out"),
            skipped: before(counts, "skipped") + before(counts, "ignored"),
        })
    }
}

/// The number just before the word; zero when the word is not there.
fn before(text: &str, word: &str) -> u64 {
    text.find(word).and_then(|at| text.get(..at)?.split_whitespace().next_back()?.parse().ok()).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(runner: Runner, line: &str, expected: Option<(u64, u64, u64)>) {
        let expected = expected.map(|(passed, failed, skipped)| Tests { passed, failed, skipped });
        assert_eq!(runner.read(line), expected, "{line}");
    }

    #[test]
    fn closing_lines_are_read() {
        check(
            Runner::CargoTest,
            "test result: FAILED. 5 passed; 2 failed; 1 ignored; 0 measured; 0 filtered out; finished in 0.38s",
            Some((5, 2, 1)),
        );
        check(
            Runner::Nextest,
            "     Summary [   3.117s] 31 tests run: 29 passed (1 slow), 1 failed, 1 timed out, 2 skipped",
            Some((29, 2, 2)),
        );
        check(Runner::Nextest, "     Summary [   0.1s] 1 test run: 1 passed, 0 skipped", Some((1, 0, 0)));
        check(Runner::Vitest, "      Tests  2 failed | 14 passed (16)", Some((14, 2, 0)));
        check(Runner::Playwright, "  3 passed (12.3s)", Some((3, 0, 0)));
        check(Runner::Playwright, "  1 failed", Some((0, 1, 0)));
        check(Runner::Playwright, "  1 failed to start", None);
    }

    #[test]
    fn other_lines_are_not() {
        check(Runner::CargoTest, "test exit::tests::works ... ok", None);
        check(Runner::Vitest, " Test Files  2 passed (2)", None);
        check(Runner::Playwright, "  ok 1 e2e/demo.spec.ts:3:1 › signs in (1.2s)", None);
    }
}
