//! Rule sets as JSON: round trips, bounds, and errors that name the rule and the field.

use super::*;

#[test]
fn a_rule_set_is_written_as_it_was_read() {
    let set = set();
    let text = serde_json::to_string(&set).unwrap();
    assert_eq!(RuleSet::from_json(&text).unwrap(), set);
    assert!(text.contains(r#""group_named_by":"virtual:team""#), "{text}");
}

#[test]
fn the_dimensions_to_group_by_are_known() {
    let plan = set().compile().unwrap();
    let names: Vec<String> = plan.dimensions().iter().map(ToString::to_string).collect();
    assert_eq!(names, ["tag:team", "SubAccountId", "ServiceName"]);
}

#[test]
fn errors_name_the_rule_and_the_field() {
    let check = |from: &str, to: &str, expected: &str| {
        assert!(SET.contains(from), "{from}");
        let text = SET.replacen(from, to, 1);
        let error = match RuleSet::from_json(&text) {
            Ok(set) => set.compile().unwrap_err().to_string(),
            Err(error) => error.to_string(),
        };
        assert!(error.contains(expected), "{error}");
    };
    check(
        r#""contains": "Support""#,
        r#""matches": "(""#,
        "rule `support fees`, condition 1, `matches`: `(` is",
    );
    check(
        r#""group": "search""#,
        r#""group": "serach""#,
        "rule `search accounts`, `group`: there is no group",
    );
    check(
        r#""name": "platform", "when""#,
        r#""name": "by team", "when""#,
        "rule `by team`, `name`: the name is used",
    );
    check(
        "\"virtual:team\"",
        "\"virtual:tema\"",
        "rule `by team`, `group_named_by`: there is no virtual tag `tema`",
    );
    check(r#""group": "search""#, r#""group": "search", "groop": 1"#, "unknown field `groop`");
    check(r#", "group": "search""#, "", "rule `search accounts` needs exactly one of `group` and");
    check(
        r#""parent": "shop""#,
        r#""parent": "nowhere""#,
        "group `search`, `parent`: there is no group `nowhere`",
    );
    check(r#""copy_lower_case": "tag:team""#, r#""value": """#, "virtual tag `team`, rule 1, `value`");
    check(r#""support": "0""#, r#""support": "-1""#, "shared cost of `platform`, `by`: weights must be zero");
    check(r#", "support": "0""#, "", "`weights` must name exactly the groups");
    check(r#"["shop", "data"]"#, r#"["shop", "search"]"#, "`search` is above or below `shop`");
    check(r#"["shop", "data"]"#, r#"["shop", "platform"]"#, "`platform` was divided before");
    check(r#"["shop", "data"]"#, r#"["shop", "shop"]"#, "`shop` is named twice");
    check(r#"["shop", "data"]"#, r#"["search", "shop"]"#, "`shop` is above or below `search`");
    check(r#"["shop", "data"]"#, r#"["support", "shop"]"#, "`support` is above or below `support`");
    check(
        r#"["shop", "data"]"#,
        r#"["company"]"#,
        "shared cost of `support`, `among`: `company` is above or below",
    );
    check("2026-01", "2026-13", "is not a month");
    check("ServiceName", "Service Name", "`Service Name` is neither a FOCUS column id");
}

#[test]
fn everything_is_bounded() {
    let mut many = set();
    many.rules = (0..=crate::allocation::MAX_RULES)
        .map(|n| crate::allocation::Rule { name: n.to_string(), ..many.rules[0].clone() })
        .collect();
    assert!(many.compile().unwrap_err().to_string().contains("`rules`: there are more than 2000"));
    let mut wide = set();
    wide.rules[0].when = (0..=crate::allocation::MAX_DIMENSIONS)
        .map(|n| {
            let dimension = crate::allocation::Dimension::Tag(n.to_string());
            crate::allocation::Condition::new(dimension, crate::allocation::Test::Missing)
        })
        .collect();
    assert!(wide.compile().unwrap_err().to_string().contains("there are more than 32"));
    assert!(RuleSet::from_json(&" ".repeat(crate::allocation::MAX_JSON_BYTES + 1)).is_err());
}

#[test]
fn the_guide_shows_a_rule_set_that_works() {
    let guide = include_str!("../../../../../docs/guides/allocation.md");
    let json = guide.split("```json").nth(1).and_then(|rest| rest.split("```").next()).unwrap();
    let set = RuleSet::from_json(json).unwrap();
    assert!(set.compile().unwrap().dead_rules().dead.is_empty());
}
