//! Arguments, help and exit statuses: what scripts rely on.

use crate::bursar;

#[test]
fn help_is_on_standard_output_and_good() {
    let run = bursar().arg("--help").run().unwrap().ok().unwrap();
    for word in ["Usage:", "cost", "sql", "focus", "demo", "serve", "Exit status:", "BURSAR_LOG"] {
        assert!(run.text().contains(word), "`{word}` is missing\n{run}");
    }
    assert_eq!(run.stderr, "");
}

#[test]
fn every_command_has_a_manual() {
    for command in [
        &["cost"][..],
        &["sql"],
        &["focus", "validate"],
        &["focus", "convert"],
        &["demo"],
        &["serve"],
        &["doctor"],
        &["keys", "status"],
        &["keys", "rotate"],
    ] {
        let run = bursar().args(command).arg("--help").run().unwrap().ok().unwrap();
        assert!(run.text().contains("Usage:"), "{run}");
    }
}

#[test]
fn a_wrong_argument_is_bad_usage() {
    let run = bursar().args(["cost", "--sauce", "x"]).run().unwrap().expect_status(2).unwrap();
    assert!(run.stderr.contains("--source"), "the near one is suggested\n{run}");
    assert_eq!(run.text(), "");
}

#[test]
fn a_wrong_date_is_bad_usage_and_says_what_a_date_is() {
    let run = bursar().args(["cost", "--source", ".", "--from", "01/02/2026"]).run().unwrap();
    let run = run.expect_status(2).unwrap();
    assert!(run.stderr.contains("01/02/2026") && run.stderr.contains("YYYY-MM-DD"), "{run}");
}

// claim J2
#[test]
fn a_wrong_log_filter_is_bad_usage_and_names_the_setting() {
    let run = bursar().env("BURSAR_LOG", "noisy=loudest=x").args(["doctor"]).run().unwrap();
    let run = run.expect_status(2).unwrap();
    assert!(run.stderr.contains("--log"), "{run}");
}

#[test]
fn the_version_is_printed() {
    let run = bursar().arg("--version").run().unwrap().ok().unwrap();
    assert_eq!(run.text(), format!("bursar {}\n", env!("CARGO_PKG_VERSION")));
}
