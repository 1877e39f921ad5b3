//! The list of rules, and what every recommendation says.

use super::inventory::{Inventory, InventoryError, Line, Resource};
use super::rules;
use super::saving::Saving;
use bursar_domain::Amount;
use chrono::NaiveDate;
use serde::Serialize;
use std::collections::BTreeSet;

/// A rule: what it looks for, and how to find it.
#[derive(Debug, Clone, Copy)]
pub struct Rule {
    /// Its name, that of its file.
    pub id: &'static str,
    /// What was found, in a few words.
    pub title: &'static str,
    /// What to do about it.
    pub advice: &'static str,
    /// What the bill cannot tell, and should be looked at first.
    pub check_first: &'static str,
    /// How much work it is.
    pub effort: Effort,
    /// What can go wrong.
    pub risk: Level,
    /// Where the knowledge is from.
    pub sources: &'static [&'static str],
    pub(crate) find: fn(&Inventory, &Settings) -> Vec<Finding>,
}

/// Every rule, in the order of their names.
pub const ALL: &[Rule] = &[
    rules::cross_zone_traffic::RULE,
    rules::idle_by_shape::RULE,
    rules::log_ingestion::RULE,
    rules::non_production_at_night::RULE,
    rules::old_generation::RULE,
    rules::snapshots_growing::RULE,
    rules::unattached_storage::RULE,
];

/// How much work a change is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Effort {
    /// A setting or a click.
    Minutes,
    /// A planned change by one person.
    Hours,
    /// Work on the system itself.
    Days,
}

/// Low, medium or high.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Level {
    /// It can be undone at once.
    Low,
    /// An interruption is possible.
    Medium,
    /// Data or service may be lost.
    High,
}

/// What the rules may assume of a workspace.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// Recommendations that save less in a month are left out, in units of the resource's currency.
    pub least_per_month: Amount,
    /// Tags that name the environment.
    pub environment_tags: Vec<String>,
    /// Their values, in lower case, that are not production.
    pub non_production: Vec<String>,
    /// The working day in UTC: the first hour, and the first after it.
    pub working_hours: (u8, u8),
}

impl Default for Settings {
    fn default() -> Self {
        let texts = |texts: &[&str]| texts.iter().map(|text| (*text).to_owned()).collect();
        Self {
            least_per_month: Amount::from_units(10_i128.pow(bursar_domain::money::SCALE)),
            environment_tags: texts(&["env", "environment", "stage"]),
            non_production: texts(&[
                "dev",
                "development",
                "test",
                "testing",
                "qa",
                "staging",
                "sandbox",
                "nonprod",
                "non-prod",
            ]),
            working_hours: (6, 19),
        }
    }
}

/// Settings that make no sense.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SettingsError {
    /// The hours are not a part of a day.
    #[error("working hours must be two hours of a day, the first before the second")]
    Hours,
    /// Lists without bounds.
    #[error("at most 100 environment tags and values")]
    TooMany,
}

impl Settings {
    /// Whether they make sense.
    ///
    /// # Errors
    /// Names what does not.
    pub fn check(&self) -> Result<(), SettingsError> {
        let (first, end) = self.working_hours;
        if first >= end || end > 24 {
            return Err(SettingsError::Hours);
        }
        if self.environment_tags.len() > 100 || self.non_production.len() > 100 {
            return Err(SettingsError::TooMany);
        }
        Ok(())
    }

    /// The environment of a resource, when it is not production.
    pub(crate) fn non_production<'r>(&self, resource: &'r Resource) -> Option<&'r str> {
        resource.tags.iter().find_map(|(key, value)| {
            let is_key = self.environment_tags.iter().any(|tag| tag.eq_ignore_ascii_case(key.trim()));
            let value = value.trim();
            (is_key && self.non_production.contains(&value.to_lowercase())).then_some(value)
        })
    }
}

/// One figure that a recommendation rests on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Evidence {
    /// What was looked at.
    pub what: String,
    /// What it was.
    pub value: String,
}

impl Evidence {
    pub(crate) fn new(what: impl Into<String>, value: impl ToString) -> Self {
        Self { what: what.into(), value: value.to_string() }
    }
}

/// Where to find the charges again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RowKeys {
    /// `ResourceId`.
    pub resource: String,
    /// `SubAccountId`.
    pub account: Option<String>,
    /// `RegionId`.
    pub region: Option<String>,
    /// `SkuMeter`s that were looked at.
    pub meters: BTreeSet<String>,
    /// The first day.
    pub from: NaiveDate,
    /// The day after the last.
    pub to: NaiveDate,
}

/// What a rule found on a resource.
#[derive(Debug, Clone)]
pub(crate) struct Finding {
    pub(crate) keys: RowKeys,
    pub(crate) evidence: Vec<Evidence>,
    pub(crate) saving: Saving,
    pub(crate) confidence: u32,
}

impl Finding {
    pub(crate) fn new<'l>(
        inventory: &Inventory,
        resource: &Resource,
        lines: impl IntoIterator<Item = &'l Line>,
        saving: Saving,
        confidence: u32,
        evidence: Vec<Evidence>,
    ) -> Self {
        let keys = RowKeys {
            resource: resource.id.clone(),
            account: resource.account.clone(),
            region: resource.region.clone(),
            meters: lines.into_iter().map(|line| line.meter.clone()).collect(),
            from: inventory.from,
            to: inventory.to(),
        };
        Self { keys, evidence, saving, confidence }
    }
}

/// A recommendation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Recommendation {
    /// The rule.
    pub rule: &'static str,
    /// What was found.
    pub title: &'static str,
    /// What to do.
    pub advice: &'static str,
    /// What to look at first.
    pub check_first: &'static str,
    /// The resource and its charges.
    pub keys: RowKeys,
    /// The figures.
    pub evidence: Vec<Evidence>,
    /// What it saves.
    pub saving: Saving,
    /// How much work it is.
    pub effort: Effort,
    /// What can go wrong.
    pub risk: Level,
    /// How sure the bill makes us, in hundredths of a percent.
    pub confidence_basis_points: u32,
}

/// What could cost less, the largest saving first within each currency.
///
/// # Errors
/// When the inventory cannot be judged.
pub fn recommend(
    inventory: &Inventory,
    settings: &Settings,
    rules: &[Rule],
) -> Result<Vec<Recommendation>, InventoryError> {
    inventory.check()?;
    let mut found = Vec::new();
    for rule in rules {
        for finding in (rule.find)(inventory, settings) {
            let saving = &finding.saving;
            let worth = saving.per_month.max(saving.freed_commitment_per_month);
            if worth < settings.least_per_month || worth.units() <= 0 {
                continue;
            }
            found.push(Recommendation {
                rule: rule.id,
                title: rule.title,
                advice: rule.advice,
                check_first: rule.check_first,
                keys: finding.keys,
                evidence: finding.evidence,
                saving: finding.saving,
                effort: rule.effort,
                risk: rule.risk,
                confidence_basis_points: finding.confidence,
            });
        }
    }
    found.sort_by(|one, other| {
        let currency = one.saving.currency.cmp(&other.saving.currency);
        currency
            .then_with(|| other.saving.per_month.cmp(&one.saving.per_month))
            .then_with(|| (one.rule, &one.keys.resource).cmp(&(other.rule, &other.keys.resource)))
    });
    Ok(found)
}
