//! The steps of a long run: each timed, each with its tests, and a summary that says it all.

use crate::count::{Runner, Tests};
use crate::shell::{say, watched};
use anyhow::Result;
use std::process::Command;
use std::time::{Duration, Instant};

/// What a step came to.
enum Ending {
    Good,
    Bad(String),
    Skipped(String),
}

struct Step {
    name: String,
    time: Duration,
    tests: Tests,
    ending: Ending,
}

/// A run of steps. A step that fails does not stop the others.
#[derive(Default)]
pub(crate) struct Steps {
    done: Vec<Step>,
}

impl Steps {
    /// Does what the tests need; whether it worked. It counts only when it fails.
    pub(crate) fn prepare(&mut self, name: &str, work: impl FnOnce() -> Result<bool>) -> bool {
        self.run(name, |_| work())
    }

    /// Does a check that is no test runner: it counts as one test.
    pub(crate) fn check(&mut self, name: &str, work: impl FnOnce() -> Result<bool>) -> bool {
        self.run(name, |tests| work().inspect(|good| tests.passed = u64::from(*good)))
    }

    /// Runs tests, which are counted by what their runner says.
    pub(crate) fn tests(&mut self, name: &str, work: impl FnOnce(&mut Tests) -> Result<bool>) -> bool {
        self.run(name, work)
    }

    fn run(&mut self, name: &str, work: impl FnOnce(&mut Tests) -> Result<bool>) -> bool {
        say(&format!("\n=== {name}"));
        let started = Instant::now();
        let mut tests = Tests::default();
        let ending = match work(&mut tests) {
            Ok(true) => Ending::Good,
            Ok(false) => Ending::Bad("see above".to_owned()),
            Err(error) => Ending::Bad(format!("{error:#}")),
        };
        if let Ending::Bad(why) = &ending {
            say(&format!("*** {name}: failed: {why}"));
            // A step that fails without a failed test (a warning, a missing tool) counts as one.
            tests.failed = tests.failed.max(1);
        }
        let good = matches!(ending, Ending::Good);
        self.done.push(Step { name: name.to_owned(), time: started.elapsed(), tests, ending });
        good
    }

    /// Leaves a step out, loudly. In CI nothing may be left out, so there it fails.
    pub(crate) fn skip(&mut self, name: &str, why: &str) {
        let ci = bursar_testkit::in_ci();
        say(&format!("\n=== {name}\n*** {}: {why}", if ci { "FAILED" } else { "SKIPPED" }));
        let (tests, ending) = if ci {
            (Tests { failed: 1, ..Tests::default() }, Ending::Bad(why.to_owned()))
        } else {
            (Tests { skipped: 1, ..Tests::default() }, Ending::Skipped(why.to_owned()))
        };
        self.done.push(Step { name: name.to_owned(), time: Duration::ZERO, tests, ending });
    }

    /// Prints how long each step took and what came of it, then the closing line; whether all was good.
    pub(crate) fn summary(&self) -> bool {
        let mut total = Tests::default();
        let mut time = Duration::ZERO;
        say("\n=== Summary");
        for step in &self.done {
            let ending = match &step.ending {
                Ending::Good if step.tests == Tests::default() => "done".to_owned(),
                Ending::Good => step.tests.to_string(),
                Ending::Bad(why) => format!("{}: FAILED: {why}", step.tests),
                Ending::Skipped(why) => format!("SKIPPED: {why}"),
            };
            say(&format!("{:>8}  {:<28} {ending}", clock(step.time), step.name));
            total += step.tests;
            time += step.time;
        }
        say(&format!("{:>8}  in all\n", clock(time)));
        say(&total.to_string());
        total.failed == 0
    }
}

/// Runs a test runner and counts what it says it ran; no test at all is a failure.
pub(crate) fn run_tests(command: &mut Command, runner: Runner, tests: &mut Tests) -> Result<bool> {
    let mut here = Tests::default();
    let ended_well = watched(command, |line| {
        if let Some(more) = runner.read(line) {
            here += more;
        }
    })?;
    *tests += here;
    if ended_well && here.passed + here.failed == 0 {
        anyhow::bail!("the runner ended well but ran no test");
    }
    Ok(ended_well && here.failed == 0)
}

fn clock(time: Duration) -> String {
    let seconds = time.as_secs();
    format!("{}:{:02}", seconds / 60, seconds % 60)
}
