//! Months, quarters and years end with what is known and what is expected.

use super::*;

fn date(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

fn range(from: &str, to: &str) -> DateRange {
    DateRange::new(date(from), date(to)).unwrap()
}

fn money(text: &str) -> Amount {
    text.parse().unwrap()
}

/// From 2025-01-01 up to a day: 100 on weekdays and 60 on weekends, and 50 fixed.
fn history(until: &str) -> BTreeMap<NaiveDate, Day> {
    let days = date("2025-01-01").iter_days().take_while(|day| *day < date(until));
    days.enumerate()
        .map(|(at, day)| {
            let variable = if (at + 2) % 7 >= 5 { "60" } else { "100" };
            (day, Day { variable: money(variable), fixed: money("50") })
        })
        .collect()
}

fn close(found: Amount, wanted: f64, within: f64) {
    assert!((found.to_f64_lossy() - wanted).abs() <= within, "{found} instead of {wanted}");
}

/// claim F4: known, fixed and variable parts are held apart and make the total.
#[test]
fn a_month_ends_with_what_is_known_fixed_and_expected() {
    let history = history("2025-06-16");
    let commitments =
        [Commitment { name: "plan".into(), daily: money("50"), days: range("2025-01-01", "2025-06-21") }];
    let ask = Ask {
        history: &history,
        as_of: date("2025-06-16"),
        period: range("2025-06-01", "2025-07-01"),
        commitments: &commitments,
        events: &[],
    };
    let found = to_period_end(&ask).unwrap();
    let known: i128 =
        history.range(date("2025-06-01")..).map(|(_, d)| d.variable.units() + d.fixed.units()).sum();
    assert_eq!(found.actual_so_far.units(), known);
    assert_eq!(found.fixed_to_come, money("250"), "the plan ends on the 21st");
    close(found.variable_to_come, 11.0 * 100.0 + 4.0 * 60.0, 15.0);
    let sum = found.actual_so_far.checked_add(found.fixed_to_come).unwrap();
    assert_eq!(sum.checked_add(found.variable_to_come).unwrap(), found.expected_total);
    assert!(found.lo95 <= found.lo80 && found.lo80 <= found.expected_total);
    assert!(found.expected_total <= found.hi80 && found.hi80 <= found.hi95);
    assert_eq!(found.class, Some(VarianceClass::Run));
}

/// claim F4: a one-off does not repeat, an event that is known to come is added.
#[test]
fn events_leave_the_past_and_enter_the_future() {
    let mut history = history("2025-06-16");
    let migration = date("2025-06-10");
    let day = history.get_mut(&migration).unwrap();
    day.variable = day.variable.checked_add(money("5000")).unwrap();
    let ask = |events| Ask {
        history: &history,
        as_of: date("2025-06-16"),
        period: range("2025-06-01", "2025-07-01"),
        commitments: &[],
        events,
    };
    let one_off = Event {
        name: "migration".into(),
        days: range("2025-06-10", "2025-06-11"),
        effect: Effect::Total(money("5000")),
    };
    let sale =
        Event { name: "sale".into(), days: range("2025-06-23", "2025-06-25"), effect: Effect::Times(2.0) };
    let licence = Event {
        name: "licence".into(),
        days: range("2025-06-30", "2025-07-01"),
        effect: Effect::Total(money("700")),
    };
    let events = [one_off, sale, licence];
    let plain = to_period_end(&ask(&events[..1])).unwrap();
    close(plain.variable_to_come, 11.0 * 100.0 + 4.0 * 60.0, 15.0);
    let found = to_period_end(&ask(&events)).unwrap();
    close(found.variable_to_come, plain.variable_to_come.to_f64_lossy() + 200.0 + 700.0, 5.0);
}

#[test]
fn a_period_that_is_over_is_what_it_was() {
    let history = history("2025-06-16");
    let found = to_period_end(&Ask {
        history: &history,
        as_of: date("2025-06-16"),
        period: range("2025-05-01", "2025-06-01"),
        commitments: &[],
        events: &[],
    })
    .unwrap();
    assert_eq!(found.expected_total, found.actual_so_far);
    assert_eq!(found.lo95, found.hi95);
}

#[test]
fn nothing_known_and_too_far_are_errors() {
    let empty = BTreeMap::new();
    let ask = Ask {
        history: &empty,
        as_of: date("2025-06-16"),
        period: range("2025-06-01", "2025-07-01"),
        commitments: &[],
        events: &[],
    };
    assert!(matches!(to_period_end(&ask), Err(PeriodError::NoHistory(_))));
    let history = history("2025-06-16");
    let far = Ask { history: &history, period: range("2035-01-01", "2036-01-01"), ..ask };
    assert!(matches!(to_period_end(&far), Err(PeriodError::TooFar(_))));
}

/// The ceilings of the FinOps Foundation: 20, 15 and 12 per cent.
#[test]
fn variance_has_its_class() {
    let class = [0.12, 0.121, 0.151, 0.201].map(VarianceClass::of);
    assert_eq!(class, [VarianceClass::Run, VarianceClass::Walk, VarianceClass::Crawl, VarianceClass::Beyond]);
}
