//! What is proven never to match, and that nothing else is.

use super::*;
use crate::allocation::{Condition, DeadRule, Rule, Target};
use proptest::prelude::*;

fn conditions(json: &str) -> Vec<Condition> {
    serde_json::from_str(json).unwrap()
}

fn with_rules(whens: Vec<Vec<Condition>>) -> RuleSet {
    let mut set = set();
    set.virtual_tags.clear();
    set.shared.clear();
    let target = Target::Group("data".parse().unwrap());
    set.rules = whens
        .into_iter()
        .enumerate()
        .map(|(n, when)| Rule { name: format!("r{n}"), when, target: target.clone() })
        .collect();
    set
}

fn dead(whens: &[&str]) -> Vec<DeadRule> {
    let whens = whens.iter().map(|json| conditions(json)).collect();
    let found = with_rules(whens).compile().unwrap().dead_rules();
    assert_eq!(found.not_examined, 0);
    found.dead
}

#[test]
fn covered_rules_are_named_with_what_covers_them() {
    let check = |whens: &[&str], expected: &[(&str, &[&str])]| {
        let found = dead(whens);
        let found: Vec<(&str, Vec<&str>)> = found
            .iter()
            .map(|dead| (dead.rule.as_str(), dead.covered_by.iter().map(String::as_str).collect()))
            .collect();
        let expected: Vec<(&str, Vec<&str>)> = expected.iter().map(|(r, by)| (*r, by.to_vec())).collect();
        assert_eq!(found, expected, "{whens:?}");
    };
    let a = r#"[{"dimension":"X","equals":"a"}]"#;
    let b = r#"[{"dimension":"X","equals":"b"}]"#;
    let ab = r#"[{"dimension":"X","in":["a","b"]}]"#;
    let everything = "[]";
    check(&[ab, a], &[("r1", &["r0"])]);
    check(&[a, ab], &[]);
    check(&[a, b, ab], &[("r2", &["r0", "r1"])]);
    check(&[everything, a], &[("r1", &["r0"])]);
    check(&[a, everything], &[]);
    check(
        &[r#"[{"dimension":"X","starts_with":"de"}]"#, r#"[{"dimension":"X","starts_with":"dev-"}]"#],
        &[("r1", &["r0"])],
    );
    check(
        &[r#"[{"dimension":"X","matches":"^dev"}]"#, r#"[{"dimension":"X","in":["dev1","dev2"]}]"#],
        &[("r1", &["r0"])],
    );
    check(
        &[r#"[{"dimension":"X","missing":false}]"#, r#"[{"dimension":"X","contains":"q"}]"#],
        &[("r1", &["r0"])],
    );
    check(&[ab, r#"[{"dimension":"X","equals":"a"},{"dimension":"Y","equals":"c"}]"#], &[("r1", &["r0"])]);
    check(&[r#"[{"dimension":"X","equals":"a"},{"dimension":"Y","equals":"c"}]"#, a], &[]);
    // Its own conditions exclude each other.
    check(&[r#"[{"dimension":"X","equals":"a"},{"dimension":"X","equals":"b"}]"#], &[("r0", &[])]);
    check(&[r#"[{"dimension":"X","missing":true},{"dimension":"X","starts_with":"b"}]"#], &[("r0", &[])]);
}

fn any_condition() -> impl Strategy<Value = Condition> {
    let text = proptest::sample::select(vec!["a", "b", "ab", "ba", "abc"]);
    let dimension = proptest::sample::select(vec!["X", "Y"]);
    (dimension, 0..7, text.clone(), text, any::<bool>()).prop_map(|(dimension, kind, one, two, not)| {
        let test = match kind {
            0 => format!(r#""equals":"{one}""#),
            1 => format!(r#""in":["{one}","{two}"]"#),
            2 => format!(r#""starts_with":"{one}""#),
            3 => format!(r#""contains":"{one}""#),
            4 => format!(r#""matches":"^{one}.*{two}$""#),
            5 => r#""missing":true"#.to_owned(),
            _ => r#""missing":false"#.to_owned(),
        };
        serde_json::from_str(&format!(r#"{{"dimension":"{dimension}",{test},"not":{not}}}"#)).unwrap()
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]
    #[test]
    fn a_rule_called_dead_never_takes_anything(
        whens in proptest::collection::vec(proptest::collection::vec(any_condition(), 0..3), 1..6)
    ) {
        let plan = with_rules(whens).compile().unwrap();
        let dead = plan.dead_rules().dead;
        let names: Vec<&str> = plan.rule_names().collect();
        let values = [None, Some(""), Some("a"), Some("b"), Some("ab"), Some("ba"), Some("abc"), Some("aab"), Some("z")];
        for x in values {
            for y in values {
                let pair = if plan.dimensions().first().is_some_and(|d| d.to_string() == "X") { [x, y] } else { [y, x] };
                // Explaining tries rule after rule; assigning asks the index. They must agree.
                let taken = plan.assign(&pair).taken;
                let explained = plan.explain(&pair).rule;
                prop_assert_eq!(taken.map(|taken| names[taken.rule]), explained.as_deref());
                if let Some(taken) = taken {
                    prop_assert!(dead.iter().all(|dead| dead.rule != names[taken.rule]), "{dead:?} takes {pair:?}");
                }
            }
        }
    }
}
