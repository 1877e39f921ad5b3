//! Streams are judged without looking ahead, and bad ones refused by line and column.

use super::csv::{AnomalyError, run};
use super::*;
use proptest::prelude::*;
use std::io::{BufReader, Read};

/// A generator small enough to read: the same numbers on every machine.
struct Noise(u64);

impl Noise {
    fn unit(&mut self) -> f64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 11) as f64 / (1u64 << 53) as f64
    }

    fn around(&mut self, spread: f64) -> f64 {
        (self.unit() + self.unit() + self.unit() - 1.5) * 2.0 * spread
    }
}

fn judged(input: &str) -> Result<String, AnomalyError> {
    let mut out = Vec::new();
    run(input.as_bytes(), &mut out, &Options::default())?;
    Ok(String::from_utf8(out).unwrap())
}

/// Days with a weekly rhythm, and what `change` makes of them.
fn daily(days: i64, change: impl Fn(i64, f64) -> f64) -> Vec<Verdict> {
    let mut noise = Noise(42);
    let mut detector = Detector::new(&Options::default());
    (0..days)
        .map(|day| {
            let weekend = if (day + 3) % 7 >= 5 { 0.7 } else { 1.0 };
            let usual = 100.0 * weekend * (1.0 + noise.around(0.04));
            detector.observe(day * 86_400, change(day, usual))
        })
        .collect()
}

fn alarms(verdicts: &[Verdict]) -> Vec<usize> {
    verdicts.iter().enumerate().filter(|(_, v)| v.is_anomaly).map(|(i, _)| i).collect()
}

// claim F3
#[test]
fn ordinary_weeks_do_not_alarm() {
    assert_eq!(alarms(&daily(400, |_, x| x)), Vec::<usize>::new());
}

// claim F3
#[test]
fn a_spike_alarms_on_its_day_only() {
    let found = daily(100, |day, x| if day == 60 { x * 3.0 } else { x });
    assert_eq!(alarms(&found), [60]);
    assert_eq!(found[60].kind, Some(Kind::Spike));
    assert!((found[60].expected - 100.0).abs() < 40.0, "{}", found[60].expected);
}

// claim F3
#[test]
fn a_step_alarms_until_it_is_the_new_level() {
    let found = daily(140, |day, x| if day >= 60 { x * 1.8 } else { x });
    let days = alarms(&found);
    assert!(days[0] <= 61 && days.len() >= 10, "{days:?}");
    assert!(days.iter().all(|d| (60..80).contains(d)), "{days:?}");
    assert!((found[120].expected / 1.8 / 100.0 - 1.0).abs() < 0.4);
}

// claim F3
#[test]
fn coming_back_to_the_old_level_is_no_new_alarm() {
    let found = daily(160, |day, x| if (60..90).contains(&day) { x * 2.0 } else { x });
    assert!(alarms(&found).iter().all(|d| (60..90).contains(d)), "{:?}", alarms(&found));
}

// claim F3
#[test]
fn a_slow_ramp_is_found() {
    let found =
        daily(120, |day, x| if day >= 60 { x * (1.0 + 0.06 * (day - 60) as f64).min(3.0) } else { x });
    let first = alarms(&found)[0];
    assert!((62..75).contains(&first), "{first}");
}

// claim F3
#[test]
fn a_drop_to_zero_counts_from_the_second_day() {
    let found = daily(120, |day, x| if day >= 60 { 0.0 } else { x });
    assert_eq!(alarms(&found)[0], 61);
    assert_eq!(found[61].kind, Some(Kind::Drop));
    let one_day = daily(120, |day, x| if day == 60 { 0.0 } else { x });
    assert_eq!(alarms(&one_day), Vec::<usize>::new());
}

#[test]
fn the_floor_silences_small_money() {
    let mut detector = Detector::new(&Options { least_amount: 500.0, ..Options::default() });
    for day in 0..60 {
        let verdict = detector.observe(day * 86_400, if day == 50 { 400.0 } else { 100.0 });
        assert!(!verdict.is_anomaly, "{day}");
    }
}

#[test]
fn bad_series_are_judged_calmly() {
    for series in [
        vec![1.0, 2.0, 3.0],
        vec![0.0; 200],
        vec![1e12; 200],
        vec![-5.0; 200],
        vec![f64::NAN; 20],
        vec![f64::MAX; 100],
    ] {
        let mut detector = Detector::new(&Options::default());
        for (day, value) in series.iter().enumerate() {
            let verdict = detector.observe(day as i64 * 86_400, *value);
            assert!(!verdict.is_anomaly && verdict.score < 0.5, "{value} on day {day}: {verdict:?}");
        }
    }
}

/// A day of five-minute values with a daily curve.
fn fine(rows: i64, change: impl Fn(i64, f64) -> f64) -> Vec<Verdict> {
    let mut noise = Noise(7);
    let mut detector = Detector::new(&Options::default());
    (0..rows)
        .map(|row| {
            let hour = (row % 288) as f64 / 12.0;
            let usual = 50.0 + 20.0 * (hour / 24.0 * std::f64::consts::TAU).sin() + noise.around(1.5);
            detector.observe(1_400_000_000 + row * 300, change(row, usual))
        })
        .collect()
}

// claim F3
#[test]
fn measurements_alarm_once_per_event() {
    let found = fine(4000, |row, x| if (3000..3100).contains(&row) { x + 60.0 } else { x });
    let strong: Vec<usize> = (600..4000).filter(|i| found[*i].score > 0.8).collect();
    assert!(!strong.is_empty() && strong.len() <= 4, "{strong:?}");
    assert!(strong.iter().all(|i| (3000..3140).contains(i)), "{strong:?}");
}

fn many_series(rows: &[(u8, f64)]) -> String {
    let mut text = String::from("series,ts,value\n");
    for (i, (series, value)) in rows.iter().enumerate() {
        text += &format!("s{series},{},{value}\n", i as i64 / 4 * 86_400);
    }
    text
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    // claim F3: a row's output depends on nothing that follows it.
    #[test]
    fn nothing_peeks_ahead(
        rows in proptest::collection::vec((0u8..4, -10.0f64..1000.0), 1..200),
        keep in 0.0f64..1.0,
        step in prop_oneof![Just(300i64), Just(86_400)],
    ) {
        let text: String = rows.iter().enumerate()
            .map(|(i, (s, v))| format!("s{s},{},{v}\n", i as i64 * step)).collect();
        let all = judged(&format!("series,ts,value\n{text}")).unwrap();
        let cut: String = text.split_inclusive('\n').take((rows.len() as f64 * keep) as usize).collect();
        let part = judged(&format!("series,ts,value\n{cut}")).unwrap();
        prop_assert!(all.starts_with(&part));
        prop_assert_eq!(all.lines().count(), rows.len() + 1);
    }

    // claim F3: any finite input gives finite verdicts, twice the same.
    #[test]
    fn verdicts_are_finite_and_repeatable(
        values in proptest::collection::vec(prop_oneof![-1e3f64..1e3, Just(0.0), any::<f64>()], 1..300),
        step in prop_oneof![Just(60i64), Just(3600), Just(86_400), Just(7 * 86_400)],
    ) {
        let go = || {
            let mut detector = Detector::new(&Options::default());
            values.iter().enumerate().map(|(i, v)| detector.observe(i as i64 * step, *v)).collect::<Vec<_>>()
        };
        let first = go();
        for v in &first {
            prop_assert!(v.expected.is_finite() && v.lo.is_finite() && v.hi.is_finite() && v.score.is_finite());
            prop_assert!((0.0..=1.0).contains(&v.score));
        }
        prop_assert_eq!(first, go());
    }
}

/// Gives a few bytes at a time, as a pipe may.
struct Dripping<'a>(&'a [u8], usize);

impl Read for Dripping<'_> {
    fn read(&mut self, buf: &mut [u8]) -> std::io::Result<usize> {
        let n = self.1.min(self.0.len()).min(buf.len());
        buf[..n].copy_from_slice(&self.0[..n]);
        self.0 = &self.0[n..];
        Ok(n)
    }
}

#[test]
fn pieces_of_any_size_give_the_same_rows() {
    let rows: Vec<(u8, f64)> = (0..120).map(|i| (i as u8 % 4, f64::from(i * 7 % 13))).collect();
    let text = many_series(&rows);
    let whole = judged(&text).unwrap();
    for size in [1, 3, 64] {
        let mut out = Vec::new();
        let input = BufReader::with_capacity(16, Dripping(text.as_bytes(), size));
        let summary = run(input, &mut out, &Options::default()).unwrap();
        assert_eq!(String::from_utf8(out).unwrap(), whole);
        assert_eq!((summary.rows, summary.series), (120, 4));
    }
}

#[test]
fn headers_quotes_and_other_columns() {
    let plain = judged("ts,value\n2026-01-01,1\n2026-01-02,2\n").unwrap();
    assert_eq!(plain.lines().nth(1), Some(",2026-01-01,1,1,0,0"));
    let other =
        judged("\u{feff}value,note,ts,series\r\n1,\"a, b\",2026-01-01,\"x, y\"\r\n2,,2026-01-02,\"x, y\"")
            .unwrap();
    assert_eq!(other.lines().nth(1), Some("\"x, y\",2026-01-01,1,1,0,0"));
    assert_eq!(other.lines().count(), 3);
    let gaps = judged("ts,value\n2026-01-01,\n2026-01-02,NA\n").unwrap();
    assert!(gaps.ends_with(",2026-01-01,,,0,0\n,2026-01-02,NA,,0,0\n"), "{gaps}");
    let named = judged("series,ts,value\n\"a,\"\"b\"\"\nc\",2026-01-01,1\n").unwrap();
    assert!(named.ends_with("\"a,\"\"b\"\"\nc\",2026-01-01,1,1,0,0\n"), "{named}");
}

#[test]
fn bad_input_is_named_by_line() {
    for (input, wanted) in [
        ("", "the first line must name the columns"),
        ("a,b\n1,2\n", "not `a,b`"),
        ("ts,value\nyesterday,1\n", "`yesterday` in column `ts` of line 2 is no time"),
        ("ts,value\n2026-01-01,x\n", "`x` in column `value` of line 2 is no finite number"),
        ("ts,value\n2026-01-01,inf\n", "`inf` in column `value` of line 2"),
        ("ts,value\n2026-01-01\n", "line 2 has no column `value`"),
    ] {
        let message = judged(input).unwrap_err().to_string();
        assert!(message.contains(wanted), "{message}");
    }
    let long = format!("ts,value\n{}", "9".repeat(csv::MAX_ROW_BYTES + 1));
    assert!(matches!(judged(&long), Err(AnomalyError::LongRow { line: 2 })));
    let few = Options { max_series: 2, ..Options::default() };
    let many = run("series,ts,value\na,1,1\nb,1,1\nc,1,1\n".as_bytes(), Vec::new(), &few);
    assert!(matches!(many, Err(AnomalyError::TooManySeries { line: 4, limit: 2 })));
}
