//! `bursar demo` as a shell sees it.

use crate::bursar;
use std::net::TcpListener;

fn demo(folder: &std::path::Path) -> bursar_testkit::Program {
    bursar().args(["demo", "--size", "small", "--today", "2026-11-22", "--data-dir"]).arg(folder)
}

#[test]
fn the_bills_are_made_once_and_commands_are_printed() {
    let folder = tempfile::tempdir().unwrap();
    let run = demo(folder.path()).arg("--no-serve").run().unwrap().ok().unwrap();
    let printed = run.text();
    let commands: Vec<&str> =
        printed.lines().filter(|line| line.trim_start().starts_with("bursar ")).collect();
    assert_eq!(commands.len(), 3, "{run}");
    assert!(commands.iter().all(|command| command.matches("--source").count() == 3), "{run}");
    let key = folder.path().join("bills/answer-key.json");
    let text = std::fs::read_to_string(&key).unwrap();
    // Making the bills anew would remove what we leave among them.
    let left = folder.path().join("bills/gcp/left-by-the-test");
    std::fs::write(&left, "").unwrap();
    let again = demo(folder.path()).arg("--no-serve").run().unwrap().ok().unwrap();
    assert!(again.text() == printed && left.exists(), "{again}");
    demo(folder.path()).args(["--no-serve", "--seed", "2"]).run().unwrap().ok().unwrap();
    assert_ne!(std::fs::read_to_string(&key).unwrap(), text, "another seed, another company");
    assert!(!left.exists());
}

#[test]
fn a_busy_port_says_what_to_do() {
    let folder = tempfile::tempdir().unwrap();
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port().to_string();
    let run = demo(folder.path()).args(["--port", &port]).run().unwrap().expect_status(4).unwrap();
    assert!(run.stderr.contains(&port) && run.stderr.contains("--listen"), "{run}");
    assert_eq!(run.text(), "");
}
