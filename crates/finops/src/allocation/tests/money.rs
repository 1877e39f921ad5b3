//! What goes where, and that nothing is lost on the way.

use super::*;
use crate::allocation::{Dimension, Ledger, NotDivided, Plan, Proportion, moves};
use proptest::prelude::*;
use std::collections::BTreeMap;

fn month() -> bursar_domain::BillingPeriod {
    "2026-03".parse().unwrap()
}

/// Everything in a ledger, by currency.
fn everything(ledger: &Ledger) -> BTreeMap<CurrencyCode, i128> {
    let mut sums = BTreeMap::new();
    for line in &ledger.lines {
        *sums.entry(line.currency.clone()).or_default() += line.total.units();
        let received: i128 = line.received.iter().map(|part| part.amount.units()).sum();
        assert_eq!(line.direct.units() + received - line.divided.units(), line.total.units());
    }
    for (currency, amount) in &ledger.unallocated {
        *sums.entry(currency.clone()).or_default() += amount.units();
    }
    sums
}

fn total(ledger: &Ledger, group: &str) -> String {
    let line = ledger.lines.iter().find(|line| line.group.as_str() == group);
    line.map_or("none".to_owned(), |line| line.total.to_string())
}

#[test]
fn the_first_rule_that_holds_takes_the_charge() {
    let plan = set().compile().unwrap();
    let check =
        |team: Option<&str>, account: Option<&str>, service: Option<&str>, group: &str, rule: &str| {
            let why = plan.explain(&[team, account, service]);
            let (got, by) = (why.group.map_or("-".into(), |g| g.to_string()), why.rule.unwrap_or("-".into()));
            assert_eq!((got.as_str(), by.as_str()), (group, rule));
            let taken = plan.assign(&[team, account, service]).taken;
            assert_eq!(taken.map_or("-", |taken| plan.tree().groups()[taken.group].id.as_str()), group);
        };
    check(Some("shop"), Some("11"), Some("AWS Support (Business)"), "support", "support fees");
    check(Some("shop"), Some("11"), Some("Amazon EC2"), "search", "search accounts");
    check(Some(" SHOP "), Some("13"), None, "shop", "by team");
    check(None, Some("91"), None, "data", "by team");
    check(Some("unknown-team"), Some("91"), None, "-", "-");
    check(None, None, None, "-", "-");
}

#[test]
fn an_explanation_says_what_each_rule_saw() {
    let plan = set().compile().unwrap();
    let why = plan.explain(&[Some("nobody"), Some("13"), None]);
    let seen: Vec<_> =
        why.passed_over.iter().map(|p| (p.rule.as_str(), p.condition, p.value.as_deref())).collect();
    assert_eq!(
        seen,
        [
            ("support fees", Some(1), None),
            ("search accounts", Some(1), Some("13")),
            ("platform", Some(1), Some("13")),
            ("by team", None, Some("nobody")),
        ]
    );
    assert_eq!(why.virtual_tags, [("team".to_owned(), Some("nobody".to_owned()))]);
}

#[test]
fn shared_costs_flow_on_and_what_is_left_is_named() {
    let cells = [
        cell("shop", "13", "EC2", "300"),
        cell("", "11", "EC2", "100"),
        cell("data", "13", "EC2", "100"),
        cell("", "20", "EKS", "10"),
        cell("", "13", "AWS Support", "50"),
        cell("", "13", "EC2", "7"),
        cell("", "13", "EC2", "-1"),
    ];
    let ledger = set().compile().unwrap().allocate(month(), &cells, &no_measures()).unwrap();
    // platform: 10 as 2:1; support: 50 as 400:100, search being part of shop.
    assert_eq!(total(&ledger, "shop"), "346.666666666666666667");
    assert_eq!(total(&ledger, "search"), "100");
    assert_eq!(total(&ledger, "data"), "113.333333333333333333");
    assert_eq!(total(&ledger, "platform"), "0");
    assert_eq!(ledger.unallocated[&currency("USD")], amount("6"));
    assert_eq!(everything(&ledger)[&currency("USD")], amount("566").units());
    assert!(ledger.not_divided.is_empty());
    assert_eq!(ledger.rules[3].combinations, 2);
}

#[test]
fn what_cannot_be_divided_stays_and_is_named() {
    // Nobody has dollars but the support fee itself; the targets' euros are no measure for it.
    let mut euros = cell("shop", "13", "EC2", "100");
    euros.currency = currency("EUR");
    let cells = [cell("", "13", "AWS Support", "50"), euros];
    let plan = set().compile().unwrap();
    let ledger = plan.allocate(month(), &cells, &no_measures()).unwrap();
    assert_eq!(ledger.not_divided.len(), 1);
    assert_eq!(ledger.not_divided[0].why, NotDivided::NoCost);
    assert_eq!(total(&ledger, "support"), "50");

    let mut by_heads = set();
    by_heads.shared[1].by = Proportion::Measure("headcount".to_owned());
    let plan = by_heads.compile().unwrap();
    let ledger = plan.allocate(month(), &cells[..1], &no_measures()).unwrap();
    assert_eq!(ledger.not_divided[0].why, NotDivided::NoMeasure("headcount".to_owned()));
    let heads = [("shop", "3"), ("data", "1")].map(|(id, heads)| (id.parse().unwrap(), amount(heads)));
    let measures = Measures::from([("headcount".to_owned(), BTreeMap::from(heads))]);
    let ledger = plan.allocate(month(), &cells[..1], &measures).unwrap();
    assert_eq!(total(&ledger, "shop"), "37.5");
}

#[test]
fn a_group_with_a_net_credit_bears_nothing_by_cost() {
    let cells = [
        cell("shop", "13", "EC2", "-20"),
        cell("data", "13", "EC2", "1"),
        cell("", "13", "AWS Support", "-5"),
    ];
    let ledger = set().compile().unwrap().allocate(month(), &cells, &no_measures()).unwrap();
    assert_eq!((total(&ledger, "shop"), total(&ledger, "data")), ("-20".to_owned(), "-4".to_owned()));
}

#[test]
fn a_preview_counts_and_a_comparison_says_what_moves() {
    let cells = [
        cell("shop", "13", "EC2", "90"),
        cell("", "14", "EC2", "8"),
        cell("", "15", "EC2", "-2"),
        cell("", "15", "S3", "0"),
    ];
    let plan = set().compile().unwrap();
    let preview = plan.preview(&[], &cells).unwrap();
    assert_eq!(preview.left_over[0].of_gross.to_string(), "10.0 %");
    assert_eq!(preview.left_over[0].amount, amount("6"));
    assert_eq!(preview.left_over[0].largest[0].amount, amount("8"));
    let account = Dimension::Column("SubAccountId".to_owned());
    let counted = preview.values.iter().find(|count| count.dimension == account).unwrap();
    assert_eq!((counted.seen, counted.left_over), (3, 2));
    assert_eq!(preview.idle_rules, ["support fees", "search accounts", "platform"]);

    let mut other = set();
    other.rules[1].when[0].test = crate::allocation::Test::Equals("13".to_owned());
    let before = plan.allocate(month(), &cells, &no_measures()).unwrap();
    let after = other.compile().unwrap().allocate(month(), &cells, &no_measures()).unwrap();
    let moved: Vec<_> = moves(&before, &after)
        .iter()
        .map(|m| (m.group.as_ref().map_or("-", |g| g.as_str()).to_owned(), m.after.to_string()))
        .collect();
    assert_eq!(moved, [("search".to_owned(), "90".to_owned()), ("shop".to_owned(), "0".to_owned())]);
}

/// 1,000 real rows with all their dirt: groups by service and account, nothing lost.
#[test]
fn a_real_bill_is_allocated_to_the_last_digit() {
    let file = include_str!("../../../../focus/tests/data/focus_1.0_sample.csv");
    let mut reader = csv::Reader::from_reader(file.as_bytes());
    let headers = reader.headers().unwrap().clone();
    let at = |name: &str| headers.iter().position(|header| header == name).unwrap();
    let set = RuleSet::from_json(
        r#"{"effective_from": "2020-01",
            "groups": [{"id": "compute", "name": "Compute"}, {"id": "aws", "name": "Other AWS"}],
            "rules": [
              {"name": "compute", "when": [{"dimension": "ServiceCategory", "equals": "Compute"}], "group": "compute"},
              {"name": "aws", "when": [{"dimension": "ProviderName", "matches": "^(AWS|Amazon)"}], "group": "aws"}],
            "shared": [{"from": "aws", "among": ["compute"], "by": "even"}]}"#,
    )
    .unwrap();
    let plan: Plan = set.compile().unwrap();
    let mut grouped: BTreeMap<(Vec<Option<String>>, CurrencyCode), i128> = BTreeMap::new();
    let mut whole = 0;
    for row in reader.records() {
        let row = row.unwrap();
        let text = |name: &str| Some(row[at(name)].to_owned()).filter(|t| !t.is_empty() && t != "NULL");
        let values = plan.dimensions().iter().map(|d| text(&d.to_string())).collect();
        let cost = amount(&row[at("BilledCost")]).units();
        whole += cost;
        *grouped.entry((values, row[at("BillingCurrency")].parse().unwrap())).or_default() += cost;
    }
    let cells: Vec<Cell> = grouped
        .into_iter()
        .map(|((values, currency), units)| Cell { values, currency, amount: Amount::from_units(units) })
        .collect();
    assert!(cells.len() < 60, "{}", cells.len());
    let ledger = plan.allocate(month(), &cells, &no_measures()).unwrap();
    assert_eq!(everything(&ledger).values().sum::<i128>(), whole);
    assert!(ledger.unallocated.values().any(|left| !left.is_zero()), "Oracle and Microsoft are no group's");
}

fn any_cell() -> impl Strategy<Value = Cell> {
    let text = |options: &'static [&'static str]| proptest::sample::select(options);
    (
        text(&["", "shop", "data", "SHOP", "nobody"]),
        text(&["", "11", "20", "91", "13"]),
        text(&["", "AWS Support", "EC2"]),
        text(&["USD", "EUR", "CREDITS"]),
        -10_i128.pow(30)..10_i128.pow(30),
    )
        .prop_map(|(team, account, service, code, units)| {
            let mut cell = cell(team, account, service, "0");
            cell.currency = currency(code);
            cell.amount = Amount::from_units(units);
            cell
        })
}

proptest! {
    #[test]
    fn nothing_is_lost_and_currencies_never_meet(
        cells in proptest::collection::vec(any_cell(), 0..60),
        by in 0..4,
        heads in proptest::collection::vec(0..50_i128, 2),
    ) {
        let mut set = set();
        set.shared[1].by = match by {
            0 => Proportion::Even,
            1 => Proportion::Cost,
            2 => Proportion::Measure("headcount".to_owned()),
            _ => Proportion::Weights(
                [("shop", "0.1"), ("data", "3")].map(|(id, w)| (id.parse().unwrap(), amount(w))).into(),
            ),
        };
        let heads = [("shop", heads[0]), ("data", heads[1])]
            .map(|(id, units)| (id.parse().unwrap(), Amount::from_units(units)));
        let measures = Measures::from([("headcount".to_owned(), BTreeMap::from(heads))]);
        let plan = set.compile().unwrap();
        let ledger = plan.allocate(month(), &cells, &measures).unwrap();
        let mut wanted: BTreeMap<CurrencyCode, i128> = BTreeMap::new();
        for cell in &cells {
            *wanted.entry(cell.currency.clone()).or_default() += cell.amount.units();
        }
        prop_assert_eq!(everything(&ledger), wanted);
        for kept in &ledger.not_divided {
            let line = ledger.lines.iter().find(|l| l.group == kept.from && l.currency == kept.currency);
            prop_assert_eq!(line.map(|l| l.total), Some(kept.amount));
        }
    }
}
