//! Incidents in made bills: one per cause, where it is.

use super::*;
use crate::anomaly::Kind;
use bursar_domain::{Amount, CurrencyCode};
use chrono::{Days, NaiveDate};

fn day(n: u64) -> NaiveDate {
    NaiveDate::from_ymd_opt(2026, 1, 5).unwrap() + Days::new(n)
}

fn money(units: f64) -> Amount {
    format!("{units:.4}").parse().unwrap()
}

/// Ninety days of three accounts with three services each; `change` sets an amount.
struct Bill {
    table: Table,
    usd: CurrencyCode,
}

const ACCOUNTS: [&str; 3] = ["4711", "4712", "4713"];
const SERVICES: [&str; 3] = ["Amazon EC2", "Amazon S3", "Amazon RDS"];

impl Bill {
    fn new() -> Self {
        Self { table: Table::new(1_000_000), usd: "USD".parse().unwrap() }
    }

    fn charge(&mut self, n: u64, amount: f64, change: impl Fn(&mut Charge<'_>)) {
        let mut charge = Charge {
            day: day(n),
            currency: &self.usd,
            amount: money(amount),
            category: Category::Usage,
            correction: false,
            provider: "AWS",
            billing_account: "payer",
            account: "4711",
            service: "Amazon EC2",
            region: "eu-west-1",
            item: "m5.large",
            resource: "i-old",
            tag: "web",
        };
        change(&mut charge);
        self.table.add(&charge).unwrap();
    }

    fn usual(&mut self, days: u64, factor: impl Fn(u64, &str, &str) -> f64) {
        for n in 0..days {
            for (a, account) in ACCOUNTS.iter().enumerate() {
                for (s, service) in SERVICES.iter().enumerate() {
                    let wobble =
                        1.0 + 0.03 * (((n * 7 + a as u64 * 3 + s as u64 * 5) % 11) as f64 / 5.0 - 1.0);
                    let weekend = if n % 7 >= 5 { 0.8 } else { 1.0 };
                    let amount = 200.0 * weekend * wobble * factor(n, account, service);
                    let tag = ["web", "data", "ml"][a];
                    self.charge(n, amount, |c| {
                        c.account = account;
                        c.service = service;
                        c.tag = tag;
                    });
                }
            }
        }
    }

    fn found(&self) -> Found {
        detect(&self.table, &Options::default(), &[]).unwrap()
    }
}

// claim F3
#[test]
fn ordinary_bills_have_no_incident() {
    let mut bill = Bill::new();
    bill.usual(120, |_, _, _| 1.0);
    assert_eq!(bill.found().incidents, []);
}

// claim F3: one incident per cause, the cause in words and data.
#[test]
fn a_new_fleet_is_one_incident_with_its_cause() {
    let mut bill = Bill::new();
    bill.usual(90, |_, _, _| 1.0);
    for n in 57..90 {
        for i in 0..14 {
            bill.charge(n, 137.857, |c| {
                c.item = "r6g.4xlarge";
                c.resource = [
                    "i-00", "i-01", "i-02", "i-03", "i-04", "i-05", "i-06", "i-07", "i-08", "i-09", "i-10",
                    "i-11", "i-12", "i-13",
                ][i];
            });
        }
    }
    let found = bill.found();
    let [incident] = &found.incidents[..] else { panic!("{:#?}", found.incidents) };
    assert_eq!(incident.since, NaiveDate::from_ymd_opt(2026, 3, 3).unwrap());
    assert_eq!(incident.scope.account.as_deref(), Some("4711"));
    assert_eq!(incident.scope.service.as_deref(), Some("Amazon EC2"));
    assert!(incident.layers_seen.len() >= 4, "{:?}", incident.layers_seen);
    assert_eq!(incident.drivers[0].item, "r6g.4xlarge");
    assert_eq!(incident.drivers[0].new_count, 14);
    assert_eq!(incident.drivers[0].change_per_day, money(137.857 * 14.0));
    assert!(
        incident
            .explanation
            .starts_with("Amazon EC2 in account 4711, eu-west-1, r6g.4xlarge ×14 since 3 March, +1,9"),
        "{}",
        incident.explanation
    );
    assert!(
        incident.explanation.contains("resources i-00, i-01, i-02 and 11 more"),
        "{}",
        incident.explanation
    );
    assert!(incident.impact.amount.to_f64_lossy() > 20_000.0);
    assert!(incident.chart.len() >= 28);
}

// claim F3
#[test]
fn a_price_change_of_a_service_is_one_incident_of_the_service() {
    let mut bill = Bill::new();
    bill.usual(100, |n, _, service| if n >= 60 && service == "Amazon S3" { 2.5 } else { 1.0 });
    let found = bill.found();
    let [incident] = &found.incidents[..] else { panic!("{:#?}", found.incidents) };
    assert_eq!(
        (incident.scope.service.as_deref(), incident.scope.account.as_deref()),
        (Some("Amazon S3"), None)
    );
    assert_eq!(incident.drivers.len(), 3);
}

// claim F3: netted totals mask; layers do not.
#[test]
fn a_rise_behind_a_fall_is_found() {
    let mut bill = Bill::new();
    bill.usual(100, |n, account, service| match (n >= 60, account, service) {
        (true, "4711", "Amazon EC2") => 2.0,
        (true, "4712", "Amazon RDS") => 0.02,
        _ => 1.0,
    });
    let found = bill.found();
    let mut kinds: Vec<(Option<&str>, bool)> =
        found.incidents.iter().map(|i| (i.scope.account.as_deref(), i.kind == Kind::Drop)).collect();
    kinds.sort();
    assert_eq!(kinds, [(Some("4711"), false), (Some("4712"), true)], "{:#?}", found.incidents);
}

// claim F3
#[test]
fn a_region_never_seen_before_is_new() {
    let mut bill = Bill::new();
    bill.usual(90, |_, _, _| 1.0);
    for n in 60..90 {
        bill.charge(n, 45.0, |c| c.region = "ap-south-2");
    }
    let found = bill.found();
    assert!(
        found.incidents.iter().any(|i| i.kind == Kind::New
            && i.scope.region.as_deref() == Some("ap-south-2")
            && i.since == day(60)
            && i.explanation.contains("never seen before")),
        "{:#?}",
        found.incidents
    );
}

// claim F3
#[test]
fn what_still_arrives_and_what_is_no_use_is_left_out() {
    let mut bill = Bill::new();
    bill.usual(90, |n, _, _| if n >= 88 { 0.1 } else { 1.0 });
    bill.charge(60, 90_000.0, |c| c.category = Category::Purchase);
    bill.charge(61, 9_000.0, |c| c.category = Category::Tax);
    bill.charge(62, -9_000.0, |c| c.category = Category::Credit);
    bill.charge(63, -9_000.0, |c| c.correction = true);
    let found = bill.found();
    assert_eq!(found.incidents, []);
    assert_eq!(found.left_out, 4);
}

// claim F3
#[test]
fn feedback_keeps_apart_and_teaches() {
    let mut bill = Bill::new();
    let step = |n: u64, account: &str, service: &str| match (account, service) {
        ("4711", "Amazon EC2") if n >= 75 => 3.5,
        ("4711", "Amazon EC2") if n >= 50 => 2.0,
        _ => 1.0,
    };
    bill.usual(100, step);
    let plain = bill.found();
    assert_eq!(plain.incidents.len(), 2, "{:#?}", plain.incidents);
    let word = Feedback {
        scope: Scope { account: Some("4711".into()), ..Scope::default() },
        from: day(45),
        until: Some(day(60)),
        reason: "migration of the shop".into(),
        by: "ben".into(),
    };
    let taught = detect(&bill.table, &Options::default(), std::slice::from_ref(&word)).unwrap();
    assert_eq!(taught.expected.len(), 1, "{:#?}", taught.expected);
    assert_eq!(taught.expected[0].1, word);
    assert_eq!(taught.incidents.len(), 1, "{:#?}", taught.incidents);
    assert!(taught.incidents[0].since >= day(74));
}

// claim F3
#[test]
fn replay_measures_against_marked_incidents() {
    let mut bill = Bill::new();
    bill.usual(120, |n, account, service| match (account, service) {
        ("4711", "Amazon EC2") if n >= 60 => 2.0,
        ("4713", "Amazon RDS") if n == 90 => 6.0,
        _ => 1.0,
    });
    let mark = |account: &str, from: u64, until: u64| Marked {
        scope: Scope { account: Some(account.into()), ..Scope::default() },
        from: day(from),
        until: day(until),
    };
    let marked = [mark("4711", 60, 80), mark("4713", 90, 91), mark("4712", 40, 50)];
    let replay = replay(&bill.table, &marked, &Options::default(), &[]).unwrap();
    assert_eq!(replay.precision, Some(1.0));
    assert_eq!(replay.recall, Some(2.0 / 3.0));
    assert!(replay.delay_days.unwrap() <= 1.0);
}

#[test]
fn ids_stay_when_days_are_added() {
    let step = |n: u64, account: &str, _: &str| if n >= 60 && account == "4711" { 2.0 } else { 1.0 };
    let (mut short, mut long) = (Bill::new(), Bill::new());
    short.usual(80, step);
    long.usual(95, step);
    let ids = |f: Found| f.incidents.into_iter().map(|i| i.id).collect::<Vec<_>>();
    assert_eq!(ids(short.found()), ids(long.found()));
}

#[test]
fn odd_bills_are_judged_calmly() {
    assert_eq!(Bill::new().found(), Found::default());
    let mut bill = Bill::new();
    for n in 0..3 {
        bill.charge(n, 5.0, |_| {});
    }
    assert_eq!(bill.found().incidents, []);
    let mut bill = Bill::new();
    let long: &'static str = String::leak("x".repeat(1 << 20));
    for n in 0..60 {
        bill.charge(n, 1e12, |c| c.tag = long);
        bill.charge(n, 0.0, |c| c.account = "zero");
        bill.charge(n, -3.0, |c| c.account = "negative");
    }
    assert_eq!(bill.found().incidents, []);
    let mut bill = Bill::new();
    let eur: CurrencyCode = "EUR".parse().unwrap();
    for n in 0..100 {
        let usd = bill.usd.clone();
        let currency = if n < 50 { usd } else { eur.clone() };
        bill.table
            .add(&Charge {
                day: day(n),
                currency: &currency,
                amount: money(100.0),
                category: Category::Usage,
                correction: false,
                provider: "AWS",
                billing_account: "payer",
                account: "4711",
                service: "Amazon EC2",
                region: "eu-west-1",
                item: "m5.large",
                resource: "i-old",
                tag: "",
            })
            .unwrap();
    }
    assert_eq!(bill.found().incidents, []);
}

#[test]
fn tables_are_bounded() {
    let mut bill = Bill { table: Table::new(2), usd: "USD".parse().unwrap() };
    bill.charge(0, 1.0, |_| {});
    bill.charge(1, 1.0, |_| {});
    let usd = bill.usd.clone();
    let charge = Charge {
        day: day(2),
        currency: &usd,
        amount: money(1.0),
        category: Category::Usage,
        correction: false,
        provider: "",
        billing_account: "",
        account: "",
        service: "",
        region: "",
        item: "",
        resource: "",
        tag: "",
    };
    assert!(matches!(bill.table.add(&charge), Err(TableError::TooManyCells { limit: 2 })));
    let far = Charge { day: day(3000), ..charge };
    assert!(matches!(bill.table.add(&far), Err(TableError::TooLong { .. })));
}
