//! `bursar forecast` and `bursar anomalies`: files and pipes in, CSV out.

use crate::bursar;
use std::fmt::Write as _;

/// Eight weeks of days with a weekly pattern.
fn daily() -> String {
    let first: chrono::NaiveDate = "2026-01-05".parse().unwrap();
    first.iter_days().take(56).enumerate().fold("ts,value\n".to_owned(), |mut text, (at, day)| {
        let weekend = if at % 7 >= 5 { 40.0 } else { 100.0 };
        writeln!(text, "{day},{}", weekend + f64::from(u32::try_from(at % 3).unwrap())).unwrap();
        text
    })
}

#[test]
fn a_file_is_carried_on_in_its_own_spelling() {
    // claim F4
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("daily.csv");
    std::fs::write(&file, daily()).unwrap();
    let run =
        bursar().args(["forecast", "--horizon", "14", "--input"]).arg(&file).run().unwrap().ok().unwrap();
    let text = run.text();
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!(lines[0], "series,ts,mean,lo80,hi80,lo95,hi95");
    assert_eq!(lines.len(), 15, "{run}");
    assert!(lines[1].starts_with(",2026-03-02,"), "{run}");
    for line in &lines[1..] {
        let n: Vec<f64> = line.split(',').skip(2).map(|n| n.parse().unwrap()).collect();
        assert!(n[3] <= n[1] && n[1] <= n[0] && n[0] <= n[2] && n[2] <= n[4], "{line}");
    }
    let weekend: f64 = lines[6].split(',').nth(2).unwrap().parse().unwrap();
    assert!((30.0..60.0).contains(&weekend), "the week is seen: {run}");
    assert!(run.stderr.contains("WAPE"), "{run}");
}

#[test]
fn a_spike_is_found_and_nothing_looks_ahead() {
    // claim F3
    let mut text = daily();
    writeln!(text, "2026-03-02,900").unwrap();
    let whole = bursar().args(["anomalies", "--input", "-"]).stdin(text.clone()).run().unwrap().ok().unwrap();
    let lines: Vec<String> = whole.text().lines().map(str::to_owned).collect();
    assert_eq!(lines[0], "series,ts,value,expected,score,is_anomaly");
    assert_eq!(lines.len(), text.lines().count());
    let last: Vec<&str> = lines.last().unwrap().split(',').collect();
    assert!(matches!(last[5], "1" | "true"), "{whole}");
    let cut: String = text.lines().take(40).fold(String::new(), |text, line| text + line + "\n");
    let part = bursar().args(["anomalies", "--input", "-"]).stdin(cut).run().unwrap().ok().unwrap();
    assert_eq!(part.text().lines().collect::<Vec<_>>(), lines[..40], "what comes later changes nothing");
}

#[test]
fn bad_input_is_told_by_file_row_and_column() {
    let run = |command: &str, more: &[&str], text: &str| {
        let program = bursar().args([command, "--input", "-"]).args(more).stdin(text.to_owned());
        program.run().unwrap().expect_status(2).unwrap().stderr
    };
    let told = run("forecast", &["--horizon", "3"], "ts,value\n2026-01-01,1\n2026-01-02,many\n");
    assert!(told.contains("value") && told.contains('3'), "{told}");
    let told = run("anomalies", &[], "when,much\n1,2\n");
    assert!(told.contains("ts,value"), "{told}");
    let told = run("forecast", &["--horizon", "3"], "ts,value\n");
    assert!(told.contains("no series"), "{told}");
    let program = bursar().args(["forecast", "--horizon", "3", "--input", "/no/such/file"]);
    let told = program.run().unwrap().expect_status(2).unwrap().stderr;
    assert!(told.contains("/no/such/file"), "{told}");
}
