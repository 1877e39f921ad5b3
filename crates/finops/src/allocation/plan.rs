//! A checked rule set, ready to be asked about combinations of values.
//!
//! The lake groups charges by [`Plan::dimensions`] and asks once per distinct combination, so the cost of
//! allocating ten million charges is that of one `GROUP BY` and of its few thousand rows here. The answer
//! depends on the values alone: it may be kept for as long as the rule set.

use super::condition::Ready;
use super::dimension::Dimension;
use super::group::{GroupId, Tree};
use super::index::Index;
use super::rules::MAX_DIMENSIONS;
use super::sharing::ReadyShared;
use bursar_domain::BillingPeriod;
use serde::Serialize;

/// A rule set that can be run.
#[derive(Debug, Clone)]
pub struct Plan {
    pub(crate) effective_from: BillingPeriod,
    pub(crate) tree: Tree,
    pub(crate) dimensions: Vec<Dimension>,
    pub(crate) virtual_keys: Vec<String>,
    pub(crate) tags: Vec<ReadyTag>,
    pub(crate) rules: Vec<ReadyRule>,
    pub(crate) index: Index,
    pub(crate) shared: Vec<ReadyShared>,
}

#[derive(Debug, Clone)]
pub(crate) struct ReadyRule {
    pub(crate) name: String,
    pub(crate) when: Vec<Ready>,
    pub(crate) target: ReadyTarget,
}

#[derive(Debug, Clone)]
pub(crate) enum ReadyTarget {
    Group(usize),
    NamedBy(usize),
}

#[derive(Debug, Clone)]
pub(crate) struct ReadyTag {
    pub(crate) rules: Vec<(Vec<Ready>, ReadySource)>,
}

#[derive(Debug, Clone)]
pub(crate) enum ReadySource {
    Value(String),
    Copy(usize),
    CopyLowerCase(usize),
}

/// What a rule set says about one combination of values.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Assignment {
    /// The group's place in the tree and the rule's place in the rule set; none when no rule matches.
    pub taken: Option<Taken>,
    /// The virtual tags' values, in the order of [`Plan::virtual_keys`].
    pub virtual_values: Vec<Option<String>>,
}

/// Which rule took a combination, and where to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Taken {
    /// The place among [`Tree::groups`].
    pub group: usize,
    /// The place in [`RuleSet::rules`](super::RuleSet).
    pub rule: usize,
}

/// Why a combination is where it is: every rule up to the one that took it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Explanation {
    /// The group, if a rule took it.
    pub group: Option<GroupId>,
    /// The rule that took it.
    pub rule: Option<String>,
    /// The rules before, each with the first condition that did not hold.
    pub passed_over: Vec<PassedOver>,
    /// The virtual tags that were derived.
    pub virtual_tags: Vec<(String, Option<String>)>,
}

/// A rule that did not take a combination.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PassedOver {
    /// Its name.
    pub rule: String,
    /// The first condition that did not hold, counted from 1; none when all held and
    /// no group has the name.
    pub condition: Option<usize>,
    /// The value that the condition saw.
    pub value: Option<String>,
}

/// The values of a combination, the derived ones behind the given ones.
struct Values<'v> {
    given: &'v [Option<&'v str>],
    derived: Vec<Option<String>>,
}

impl Values<'_> {
    fn at(&self, slot: usize) -> Option<&str> {
        match slot.checked_sub(MAX_DIMENSIONS) {
            None => self.given.get(slot).copied().flatten(),
            Some(derived) => self.derived.get(derived).and_then(|value| value.as_deref()),
        }
    }

    fn first_failing(&self, when: &[Ready]) -> Option<usize> {
        when.iter().position(|ready| !ready.holds(self.at(ready.slot)))
    }
}

impl Plan {
    /// The first month of charges it is for.
    #[must_use]
    pub const fn effective_from(&self) -> BillingPeriod {
        self.effective_from
    }

    /// The groups.
    #[must_use]
    pub const fn tree(&self) -> &Tree {
        &self.tree
    }

    /// The columns and tags to group charges by; values are given in this order.
    #[must_use]
    pub fn dimensions(&self) -> &[Dimension] {
        &self.dimensions
    }

    /// The keys of the virtual tags, in the order they are derived.
    #[must_use]
    pub fn virtual_keys(&self) -> &[String] {
        &self.virtual_keys
    }

    /// The names of the rules by priority.
    pub fn rule_names(&self) -> impl ExactSizeIterator<Item = &str> {
        self.rules.iter().map(|rule| rule.name.as_str())
    }

    fn values<'v>(&self, given: &'v [Option<&'v str>]) -> Values<'v> {
        let mut values = Values { given, derived: Vec::with_capacity(self.tags.len()) };
        for tag in &self.tags {
            let value = tag.rules.iter().find_map(|(when, source)| {
                if values.first_failing(when).is_some() {
                    return None;
                }
                let copied = |slot| values.at(slot).filter(|text| !text.trim().is_empty());
                match source {
                    ReadySource::Value(text) => Some(text.clone()),
                    ReadySource::Copy(slot) => copied(*slot).map(str::to_owned),
                    ReadySource::CopyLowerCase(slot) => copied(*slot).map(|text| text.trim().to_lowercase()),
                }
            });
            values.derived.push(value);
        }
        values
    }

    fn target(&self, rule: &ReadyRule, values: &Values<'_>) -> Option<usize> {
        match rule.target {
            ReadyTarget::Group(group) => Some(group),
            ReadyTarget::NamedBy(slot) => values.at(slot)?.parse().ok().and_then(|id| self.tree.index(&id)),
        }
    }

    /// Where a combination of values goes. `values` are in the order of [`Plan::dimensions`]; what is beyond
    /// the end counts as missing.
    #[must_use]
    pub fn assign(&self, values: &[Option<&str>]) -> Assignment {
        let values = self.values(values);
        let taken = self.index.candidates(|slot| values.at(slot)).find_map(|at| {
            let rule = self.rules.get(at)?;
            if values.first_failing(&rule.when).is_some() {
                return None;
            }
            self.target(rule, &values).map(|group| Taken { group, rule: at })
        });
        Assignment { taken, virtual_values: values.derived }
    }

    /// Which rule takes a combination, and why the ones before it do not.
    #[must_use]
    pub fn explain(&self, values: &[Option<&str>]) -> Explanation {
        let values = self.values(values);
        let mut explanation = Explanation {
            group: None,
            rule: None,
            passed_over: Vec::new(),
            virtual_tags: self.virtual_keys.iter().cloned().zip(values.derived.iter().cloned()).collect(),
        };
        for rule in &self.rules {
            let failing = values.first_failing(&rule.when);
            if failing.is_none()
                && let Some(group) = self.target(rule, &values).and_then(|at| self.tree.groups().get(at))
            {
                explanation.group = Some(group.id.clone());
                explanation.rule = Some(rule.name.clone());
                break;
            }
            let slot = match (failing.and_then(|at| rule.when.get(at)), &rule.target) {
                (Some(ready), _) => Some(ready.slot),
                (None, ReadyTarget::NamedBy(slot)) => Some(*slot),
                (None, ReadyTarget::Group(_)) => None,
            };
            explanation.passed_over.push(PassedOver {
                rule: rule.name.clone(),
                condition: failing.map(|at| at + 1),
                value: slot.and_then(|slot| values.at(slot)).map(str::to_owned),
            });
        }
        explanation
    }
}
