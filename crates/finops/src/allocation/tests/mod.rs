//! Tests of allocation through its public surface.

mod dead_rules;
mod history;
mod money;
mod reading;
mod statements;

use super::{Cell, Measures, RuleSet};
use bursar_domain::{Amount, CurrencyCode};

pub(super) const SET: &str = r#"{
  "effective_from": "2026-01",
  "groups": [
    {"id": "company", "name": "Company", "owners": {"finance": "cfo@example.org"}},
    {"id": "shop", "name": "Shop", "parent": "company", "owners": {"technical": "shop-team"}},
    {"id": "search", "name": "Search", "parent": "shop"},
    {"id": "data", "name": "Data", "parent": "company"},
    {"id": "support", "name": "Provider support", "parent": "company"},
    {"id": "platform", "name": "Platform", "parent": "company"}
  ],
  "virtual_tags": [
    {"key": "team", "rules": [
      {"copy_lower_case": "tag:team"},
      {"when": [{"dimension": "SubAccountId", "starts_with": "9"}], "value": "data"}
    ]}
  ],
  "rules": [
    {"name": "support fees", "when": [{"dimension": "ServiceName", "contains": "Support"}], "group": "support"},
    {"name": "search accounts", "when": [{"dimension": "SubAccountId", "in": ["11", "12"]}], "group": "search"},
    {"name": "platform", "when": [{"dimension": "SubAccountId", "equals": "20"}], "group": "platform"},
    {"name": "by team", "group_named_by": "virtual:team"}
  ],
  "shared": [
    {"from": "platform", "among": ["shop", "data", "support"], "by": {"weights": {"shop": "2", "data": "1", "support": "0"}}},
    {"from": "support", "among": ["shop", "data"], "by": "cost"}
  ]
}"#;

pub(super) fn set() -> RuleSet {
    RuleSet::from_json(SET).unwrap()
}

pub(super) fn amount(text: &str) -> Amount {
    text.parse().unwrap()
}

pub(super) fn currency(code: &str) -> CurrencyCode {
    code.parse().unwrap()
}

/// Values in the order of the set's dimensions: tag:team, SubAccountId, ServiceName. Blank is missing.
pub(super) fn cell(team: &str, account: &str, service: &str, cost: &str) -> Cell {
    let values = [team, account, service].map(|text| (!text.is_empty()).then(|| text.to_owned()));
    Cell { values: values.to_vec(), currency: currency("USD"), amount: amount(cost) }
}

pub(super) fn no_measures() -> Measures {
    Measures::new()
}
