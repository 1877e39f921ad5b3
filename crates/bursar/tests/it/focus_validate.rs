//! `bursar focus validate` as a shell sees it.

use std::fs;
use std::path::Path;

use crate::bursar;

fn sample() -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../focus/tests/data/focus_1.0_sample.csv");
    path.display().to_string()
}

#[test] // claim A2
fn findings_end_with_status_1_and_say_rule_row_and_remedy() {
    let run = bursar().args(["focus", "validate", &sample()]).run().unwrap();
    assert_eq!(run.status, 1, "{run}");
    let printed = String::from_utf8(run.stdout.clone()).unwrap();
    for text in [
        "1,000 rows, FOCUS 1.0 CostAndUsage",
        "does not conform",
        "BillingPeriodStart-C-002-M",
        "row 1: 2024-09-01 00:00:00",
        "BURSAR-ROUNDED-COST",
        "→ ",
    ] {
        assert!(printed.contains(text), "{text}: {run}");
    }
}

#[test]
fn json_is_for_programs() {
    let run = bursar().args(["focus", "validate", &sample(), "--format", "json"]).run().unwrap();
    assert_eq!(run.status, 1, "{run}");
    let report: serde_json::Value = serde_json::from_slice(&run.stdout).unwrap();
    assert_eq!(report["rows"], 1000);
    assert_eq!(report["version"], "1.0");
    let findings = report["findings"].as_array().unwrap();
    let nulls = findings.iter().find(|finding| finding["rule"] == "BURSAR-NULL-TEXT").unwrap();
    assert_eq!((&nulls["count"], &nulls["level"]), (&8973.into(), &"QUALITY".into()));
}

#[test]
fn what_cannot_be_checked_ends_with_status_2() {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| {
        let path = folder.path().join(name);
        fs::write(&path, text).unwrap();
        path.display().to_string()
    };
    let german = write("german.csv", "Datum;Abonnementname;Kosten;Währung\n");
    let native = write("cur.csv", "identity/LineItemId,lineItem/LineItemType,lineItem/UnblendedCost\n");
    for (file, text) in [
        (german.as_str(), "German"),
        (native.as_str(), "focus convert --from aws-cur-legacy"),
        ("/nowhere/at/all.csv", "/nowhere/at/all.csv"),
    ] {
        let run = bursar().args(["focus", "validate", file]).run().unwrap();
        assert_eq!(run.status, 2, "{run}");
        assert!(run.stderr.contains(text), "{text}: {run}");
    }
    let run = bursar().args(["focus", "validate", &sample(), "--version", "2.0"]).run().unwrap();
    assert_eq!(run.status, 2, "{run}");
    assert!(run.stderr.contains("1.0, 1.1, 1.2, 1.3, 1.4"), "{run}");
}
