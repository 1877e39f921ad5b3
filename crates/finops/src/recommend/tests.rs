//! Every rule on its fixture, and a walk over files, rules and fixtures: nothing left out, nothing left over.

use super::*;
use bursar_domain::Amount;
use serde::Deserialize;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Fixture {
    about: String,
    inventory: Inventory,
    expected: Vec<Expected>,
}

#[derive(Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
struct Expected {
    resource: String,
    per_month: Amount,
    freed_commitment_per_month: Amount,
    at_most: bool,
    confidence_basis_points: u32,
}

fn folder(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("src/recommend").join(name)
}

fn names(folder_name: &str, extension: &str) -> BTreeSet<String> {
    let files = std::fs::read_dir(folder(folder_name)).unwrap().map(|file| file.unwrap().path());
    files
        .filter(|path| path.extension().is_some_and(|found| found == extension))
        .map(|path| path.file_stem().unwrap().to_str().unwrap().to_owned())
        .filter(|name| name != "mod")
        .collect()
}

fn fixture(id: &str) -> Fixture {
    let text = std::fs::read_to_string(folder("fixtures").join(format!("{id}.json"))).unwrap();
    serde_json::from_str(&text).unwrap_or_else(|error| panic!("{id}: {error}"))
}

#[test]
fn every_file_is_a_rule_with_metadata_and_a_fixture() {
    // claim F5
    let rules: Vec<&str> = ALL.iter().map(|rule| rule.id).collect();
    assert!(rules.is_sorted(), "in the order of their names");
    let ids: BTreeSet<String> = rules.iter().map(|id| (*id).to_owned()).collect();
    assert_eq!(ids, names("rules", "rs"));
    assert_eq!(ids, names("fixtures", "json"));
    let guide = folder("../../../../docs/guides/recommendations.md");
    let guide = std::fs::read_to_string(guide).unwrap();
    for rule in ALL {
        let line = format!("| `{}` | {} |", rule.id, rule.title);
        let line = guide.lines().find(|found| found.starts_with(&line));
        let word = |value: serde_json::Value| value.as_str().unwrap().to_owned();
        let effort = word(serde_json::to_value(rule.effort).unwrap());
        let end = format!("| {effort} | {} |", word(serde_json::to_value(rule.risk).unwrap()));
        assert!(line.is_some_and(|line| line.ends_with(&end)), "{} is not in the guide", rule.id);
        for text in [rule.title, rule.advice, rule.check_first] {
            assert!(!text.is_empty() && !text.ends_with('.'), "{}: `{text}`", rule.id);
        }
        assert!(rule.sources.iter().all(|source| source.starts_with("https://")), "{}", rule.id);
        assert!(!rule.sources.is_empty(), "{}", rule.id);
        let fixture = fixture(rule.id);
        assert!(!fixture.about.is_empty());
        assert!(!fixture.expected.is_empty(), "{} finds something", rule.id);
        assert!(fixture.expected.len() < fixture.inventory.resources.len(), "{} leaves something", rule.id);
    }
}

#[test]
fn every_rule_finds_what_its_fixture_says() {
    // claim F5
    for rule in ALL {
        let fixture = fixture(rule.id);
        let found = recommend(&fixture.inventory, &Settings::default(), &[*rule]).unwrap();
        let shown: Vec<Expected> = found
            .iter()
            .map(|found| Expected {
                resource: found.keys.resource.clone(),
                per_month: found.saving.per_month,
                freed_commitment_per_month: found.saving.freed_commitment_per_month,
                at_most: found.saving.at_most,
                confidence_basis_points: found.confidence_basis_points,
            })
            .collect();
        assert_eq!(shown, fixture.expected, "{}", rule.id);
        for found in &found {
            assert!(!found.evidence.is_empty() && !found.keys.meters.is_empty(), "{found:?}");
            assert!((1..=10_000).contains(&found.confidence_basis_points));
            assert_eq!((found.keys.from, found.keys.to), (fixture.inventory.from, fixture.inventory.to()));
        }
    }
}

#[test]
fn a_saving_is_what_no_commitment_pays() {
    // claim F5: the list price is never looked at; what a commitment pays is told apart.
    let mut inventory = fixture("idle_by_shape").inventory;
    for line in inventory.resources.iter_mut().flat_map(|resource| &mut resource.lines) {
        line.committed_cost = line.effective_cost.clone();
    }
    let found = recommend(&inventory, &Settings::default(), ALL).unwrap();
    assert!(!found.is_empty());
    assert!(found.iter().all(|found| found.saving.per_month.is_zero()));
    assert!(found.iter().all(|found| found.saving.freed_commitment_per_month.units() > 0));
}

#[test]
fn small_savings_and_short_windows_are_left_out() {
    let mut fixture = fixture("idle_by_shape");
    let settings = Settings { least_per_month: "20".parse().unwrap(), ..Settings::default() };
    let found = recommend(&fixture.inventory, &settings, ALL).unwrap();
    assert_eq!(found.iter().map(|found| found.keys.resource.as_str()).collect::<Vec<_>>(), ["nat-little"]);
    fixture.inventory.days = 13;
    let error = recommend(&fixture.inventory, &settings, ALL).unwrap_err();
    assert_eq!(error, InventoryError::Days(13));
    fixture.inventory.days = 20;
    let error = recommend(&fixture.inventory, &settings, ALL).unwrap_err();
    assert_eq!(error.to_string(), "`lb-idle` has more days than the window");
    assert_eq!(Settings { working_hours: (9, 9), ..settings }.check(), Err(SettingsError::Hours));
}

#[test]
fn nights_are_not_guessed_from_days() {
    // claim F5
    let fixture = fixture("non_production_at_night");
    let found = recommend(&fixture.inventory, &Settings::default(), ALL).unwrap();
    let daily = found.iter().find(|found| found.keys.resource == "i-test-daily").unwrap();
    let nights = daily.evidence.iter().find(|evidence| evidence.what == "nights").unwrap();
    assert_eq!(nights.value, "not visible: the charges are by day");
}
