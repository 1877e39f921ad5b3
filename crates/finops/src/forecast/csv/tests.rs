//! Files of series in, files of forecasts out.

use super::*;

fn run_text(text: &str, horizon: usize) -> (Vec<Vec<String>>, Summary) {
    let mut out = Vec::new();
    let summary = run(text.as_bytes(), &mut out, &Options::new(horizon), |_| {}).unwrap();
    let text = String::from_utf8(out).unwrap();
    let rows = text.lines().skip(1).map(|row| row.split(',').map(str::to_owned).collect()).collect();
    (rows, summary)
}

/// claim F4: timestamps go on in the file's own spelling.
#[test]
fn a_file_of_days_becomes_a_file_of_days() {
    let rows: String = (1..=28).map(|day| format!("2025-02-{day:02},{}\n", 100 + day % 7)).collect();
    let (found, summary) = run_text(&format!("ts,value\n{rows}"), 3);
    assert_eq!(found.len(), 3);
    assert_eq!(found[0][1], "2025-03-01");
    assert_eq!((summary.series, summary.values, summary.gaps_filled), (1, 28, 0));
}

#[test]
fn a_missing_day_is_filled_and_said() {
    let rows: String =
        (1..=28).filter(|day| *day != 9).map(|day| format!("2025-02-{day:02},{}\n", 100 + day % 7)).collect();
    let (_, summary) = run_text(&format!("ts,value\n{rows}"), 3);
    assert_eq!(summary.gaps_filled, 1);
}

#[test]
fn names_with_commas_are_quoted() {
    let mut out = Vec::new();
    run("series,ts,value\n\"a,\"\"b\",1,5\n".as_bytes(), &mut out, &Options::new(1), |_| {}).unwrap();
    assert_eq!(String::from_utf8(out).unwrap().lines().nth(1).unwrap(), "\"a,\"\"b\",2,5,5,5,5,5");
}
