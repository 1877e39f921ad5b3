//! Statements agree with each other and with the ledger.

use super::*;
use proptest::prelude::*;

#[test]
fn a_statement_shows_what_came_from_where() {
    let cells = [
        cell("shop", "13", "EC2", "300"),
        cell("", "11", "EC2", "100"),
        cell("data", "13", "EC2", "100"),
        cell("", "20", "EKS", "10"),
        cell("", "13", "AWS Support", "50"),
        cell("", "13", "EC2", "7"),
    ];
    let plan = set().compile().unwrap();
    let ledger = plan.allocate("2026-03".parse().unwrap(), &cells, &no_measures()).unwrap();
    let usd = currency("USD");
    let statements = ledger.statements(plan.tree(), &usd, 2, None).unwrap();
    let of = |id: &str| statements.groups.iter().find(|s| s.group.as_str() == id).unwrap();
    let shop = of("shop");
    assert_eq!(shop.direct, amount("300"));
    let received: Vec<_> = shop.received.iter().map(|r| (r.from.as_str(), r.amount.to_string())).collect();
    assert_eq!(received, [("platform", "6.67".to_owned()), ("support", "40".to_owned())]);
    assert_eq!(shop.below[0].total, amount("100"));
    assert_eq!(shop.total, amount("446.67"));
    assert_eq!(shop.owners.finance.as_ref().map(|o| o.from.as_str()), Some("company"));
    let platform = of("platform");
    assert_eq!(
        (platform.direct, platform.divided, platform.total),
        (amount("10"), amount("-10"), amount("0"))
    );
    assert_eq!(of("company").total, amount("560"));
    assert_eq!((statements.unallocated, statements.total), (amount("7"), amount("567")));
    let again = ledger.statements(plan.tree(), &usd, 2, Some(&statements)).unwrap();
    assert!(again.groups.iter().all(|s| s.previous == Some(s.total)));
}

proptest! {
    #[test]
    fn statements_never_disagree_by_a_cent(
        units in proptest::collection::vec(-10_i128.pow(21)..10_i128.pow(21), 7),
        decimals in 0_u32..4,
    ) {
        let keys = [("shop", "13", ""), ("", "11", ""), ("data", "", ""), ("", "20", ""), ("", "", "Support"), ("", "", ""), ("company", "", "")];
        let cells: Vec<_> = keys
            .iter()
            .zip(&units)
            .map(|((team, account, service), units)| {
                let mut cell = cell(team, account, service, "0");
                cell.amount = Amount::from_units(*units);
                cell
            })
            .collect();
        let plan = set().compile().unwrap();
        let ledger = plan.allocate("2026-03".parse().unwrap(), &cells, &no_measures()).unwrap();
        let statements = ledger.statements(plan.tree(), &currency("USD"), decimals, None).unwrap();
        let whole = Amount::from_units(units.iter().sum()).round(decimals);
        prop_assert_eq!(statements.total, whole);
        for statement in &statements.groups {
            let received: i128 = statement.received.iter().map(|r| r.amount.units()).sum();
            let below: i128 = statement.below.iter().map(|b| b.total.units()).sum();
            prop_assert_eq!(
                statement.direct.units() + statement.divided.units() + received + below,
                statement.total.units()
            );
            for below in &statement.below {
                let own = statements.groups.iter().find(|s| s.group == below.group);
                prop_assert_eq!(own.map(|s| s.total), Some(below.total));
            }
        }
        let tops: i128 = statements.groups.iter().filter(|s| s.parent.is_none()).map(|s| s.total.units()).sum();
        prop_assert_eq!(tops + statements.unallocated.units(), whole.units());
    }
}
