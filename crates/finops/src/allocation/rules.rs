//! A rule set as it is written in a file and sent to the API, and its checking.
//!
//! [`RuleSet`] is plain data; [`RuleSet::compile`] makes the [`Plan`] that can be run, or says which rule and
//! which field is wrong. Everything is bounded, because a rule set is input.

use super::condition::{Condition, ConditionError, Ready};
use super::dimension::{Dimension, MAX_TEXT};
use super::group::{Group, GroupId, Tree, TreeError};
use super::index::Index;
use super::plan::{Plan, ReadyRule, ReadySource, ReadyTag, ReadyTarget};
use super::sharing::{self, SharedCost, SharedError};
use super::written::{WrittenRule, WrittenTagRule};
use bursar_domain::BillingPeriod;
use serde::{Deserialize, Serialize};
use std::collections::HashSet;

/// Most rules of a rule set, and of a virtual tag.
pub const MAX_RULES: usize = 2_000;
/// Most conditions of a rule.
pub const MAX_CONDITIONS: usize = 50;
/// Most virtual tags.
pub const MAX_VIRTUAL_TAGS: usize = 50;
/// Most columns and tags that a rule set looks at: the lake groups by all of them.
pub const MAX_DIMENSIONS: usize = 32;
/// Longest rule set as JSON, in bytes.
pub const MAX_JSON_BYTES: usize = 4 * 1024 * 1024;

/// How charges become costs of groups, from one month on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RuleSet {
    /// The first month of charges it is for; it stays in force until the next rule set's.
    pub effective_from: BillingPeriod,
    /// The cost groups.
    pub groups: Vec<Group>,
    /// Tags derived before the rules run, in order; one may use those before it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub virtual_tags: Vec<VirtualTag>,
    /// The rules by priority: the first whose conditions all hold takes the charge.
    pub rules: Vec<Rule>,
    /// What is divided among groups afterwards, in order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub shared: Vec<SharedCost>,
}

/// A rule: where its conditions all hold, the charge belongs to its group.
///
/// In JSON the target is one of the fields `group` and `group_named_by`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "WrittenRule", into = "WrittenRule")]
pub struct Rule {
    /// What people call it; unique in the rule set.
    pub name: String,
    /// What must hold, all of it. Without a condition the rule takes everything that is left.
    pub when: Vec<Condition>,
    /// Where the charge goes.
    pub target: Target,
}

/// Where a rule sends a charge.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Target {
    /// To this group.
    Group(GroupId),
    /// To the group whose id is the value of a dimension; where there is no such group, the rule does not
    /// match and the next one is tried.
    NamedBy(Dimension),
}

/// A tag that no provider sends: the first of its rules that holds gives the value.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct VirtualTag {
    /// Its key: conditions say `virtual:KEY`.
    pub key: String,
    /// Its rules by priority; where none holds the tag is missing.
    pub rules: Vec<TagRule>,
}

/// One way to a virtual tag's value.
///
/// In JSON the value is one of the fields `value`, `copy` and `copy_lower_case`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "WrittenTagRule", into = "WrittenTagRule")]
pub struct TagRule {
    /// What must hold, all of it.
    pub when: Vec<Condition>,
    /// The value.
    pub value: TagValue,
}

/// Where a virtual tag's value comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TagValue {
    /// This text.
    Value(String),
    /// The value of a dimension; where it is missing, the rule does not hold.
    Copy(Dimension),
    /// The same, without blanks around it and in lower case, so that `Team ` and `team` are one.
    CopyLowerCase(Dimension),
}

/// What is wrong with a rule set, and where.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{place}: {problem}")]
pub struct RuleError {
    /// The rule or group and the field, such as ``rule `web`, condition 2, `matches` ``.
    pub place: String,
    /// What is wrong there.
    pub problem: RuleProblem,
}

/// What can be wrong with a rule set.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RuleProblem {
    /// A group.
    #[error(transparent)]
    Tree(#[from] TreeError),
    /// A condition.
    #[error(transparent)]
    Condition(#[from] ConditionError),
    /// A shared cost.
    #[error(transparent)]
    Shared(#[from] SharedError),
    /// More than there may be.
    #[error("there are more than {0}")]
    TooMany(usize),
    /// A name is used twice.
    #[error("the name is used by an earlier one, too")]
    Twice,
    /// An empty or long text.
    #[error("the text must have 1 to {MAX_TEXT} characters")]
    Text,
    /// No such group.
    #[error("there is no group `{0}`")]
    NoGroup(GroupId),
    /// No such virtual tag, or only a later one.
    #[error("there is no virtual tag `{0}` before this: virtual tags are derived in order")]
    NoVirtualTag(String),
}

/// Why a text is no rule set.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// Too long.
    #[error("the rule set is longer than {MAX_JSON_BYTES} bytes")]
    TooLong,
    /// Not the JSON of a rule set; the message names line and column.
    #[error("the rule set cannot be read: {0}")]
    Json(#[from] serde_json::Error),
}

/// The dimensions seen so far; a dimension's place is where its value is found.
struct Slots {
    inputs: Vec<Dimension>,
    virtual_keys: Vec<String>,
}

impl Slots {
    fn of(&mut self, dimension: &Dimension) -> Result<usize, RuleProblem> {
        if let Dimension::Virtual(key) = dimension {
            let known = self.virtual_keys.iter().position(|other| other == key);
            return known.map(|at| MAX_DIMENSIONS + at).ok_or_else(|| RuleProblem::NoVirtualTag(key.clone()));
        }
        if let Some(at) = self.inputs.iter().position(|other| other == dimension) {
            return Ok(at);
        }
        if self.inputs.len() == MAX_DIMENSIONS {
            return Err(RuleProblem::TooMany(MAX_DIMENSIONS));
        }
        self.inputs.push(dimension.clone());
        Ok(self.inputs.len() - 1)
    }

    fn conditions(&mut self, place: &str, when: &[Condition]) -> Result<Vec<Ready>, RuleError> {
        let at = |field: String, problem| RuleError { place: format!("{place}, {field}"), problem };
        if when.len() > MAX_CONDITIONS {
            return Err(at("`when`".to_owned(), RuleProblem::TooMany(MAX_CONDITIONS)));
        }
        let mut ready = Vec::with_capacity(when.len());
        for (number, condition) in (1..).zip(when) {
            let slot = self
                .of(&condition.dimension)
                .map_err(|problem| at(format!("condition {number}, `dimension`"), problem))?;
            let field = condition.test.field();
            ready.push(
                Ready::new(slot, condition)
                    .map_err(|error| at(format!("condition {number}, `{field}`"), error.into()))?,
            );
        }
        Ok(ready)
    }
}

fn text_ok(text: &str) -> bool {
    !text.trim().is_empty() && text.chars().count() <= MAX_TEXT && !text.chars().any(char::is_control)
}

impl RuleSet {
    /// Reads a rule set. It is checked when it is compiled.
    ///
    /// # Errors
    /// When the text is too long or not the JSON of a rule set.
    pub fn from_json(text: &str) -> Result<Self, ReadError> {
        if text.len() > MAX_JSON_BYTES {
            return Err(ReadError::TooLong);
        }
        Ok(serde_json::from_str(text)?)
    }

    /// The rule set ready to run.
    ///
    /// # Errors
    /// Names the rule and the field that is wrong.
    pub fn compile(&self) -> Result<Plan, RuleError> {
        let tree = Tree::new(&self.groups).map_err(|(index, field, problem)| {
            let id = self.groups.get(index).map_or("", |group| group.id.as_str());
            RuleError { place: format!("group `{id}`, `{field}`"), problem: problem.into() }
        })?;
        let top = |field: &str, most| RuleError {
            place: format!("rule set, `{field}`"),
            problem: RuleProblem::TooMany(most),
        };
        if self.virtual_tags.len() > MAX_VIRTUAL_TAGS {
            return Err(top("virtual_tags", MAX_VIRTUAL_TAGS));
        }
        if self.rules.len() > MAX_RULES {
            return Err(top("rules", MAX_RULES));
        }
        let mut slots = Slots { inputs: Vec::new(), virtual_keys: Vec::new() };
        let tags = self
            .virtual_tags
            .iter()
            .map(|tag| compile_tag(tag, &mut slots))
            .collect::<Result<Vec<_>, _>>()?;
        let mut names = HashSet::new();
        let mut rules = Vec::with_capacity(self.rules.len());
        for (number, rule) in (1..).zip(&self.rules) {
            rules.push(compile_rule(number, rule, &mut names, &tree, &mut slots)?);
        }
        let shared = sharing::compile(&self.shared, &tree).map_err(|(index, field, problem)| {
            let from = self.shared.get(index).map_or("", |shared| shared.from.as_str());
            RuleError { place: format!("shared cost of `{from}`, `{field}`"), problem: problem.into() }
        })?;
        let index = Index::new(rules.iter().map(|rule| rule.when.as_slice()));
        Ok(Plan {
            index,
            effective_from: self.effective_from,
            tree,
            dimensions: slots.inputs,
            virtual_keys: slots.virtual_keys,
            tags,
            rules,
            shared,
        })
    }
}

fn compile_tag(tag: &VirtualTag, slots: &mut Slots) -> Result<ReadyTag, RuleError> {
    let place = format!("virtual tag `{}`", tag.key.chars().take(MAX_TEXT).collect::<String>());
    let at = |field: &str, problem| RuleError { place: format!("{place}, `{field}`"), problem };
    if !text_ok(&tag.key) {
        return Err(at("key", RuleProblem::Text));
    }
    if slots.virtual_keys.contains(&tag.key) {
        return Err(at("key", RuleProblem::Twice));
    }
    if tag.rules.len() > MAX_RULES {
        return Err(at("rules", RuleProblem::TooMany(MAX_RULES)));
    }
    let mut rules = Vec::with_capacity(tag.rules.len());
    for (number, rule) in (1..).zip(&tag.rules) {
        let place = format!("{place}, rule {number}");
        let at = |field: &str, problem| RuleError { place: format!("{place}, `{field}`"), problem };
        let source = match &rule.value {
            TagValue::Value(text) if text_ok(text) => ReadySource::Value(text.clone()),
            TagValue::Value(_) => return Err(at("value", RuleProblem::Text)),
            TagValue::Copy(from) => ReadySource::Copy(slots.of(from).map_err(|problem| at("copy", problem))?),
            TagValue::CopyLowerCase(from) => {
                ReadySource::CopyLowerCase(slots.of(from).map_err(|problem| at("copy_lower_case", problem))?)
            }
        };
        rules.push((slots.conditions(&place, &rule.when)?, source));
    }
    slots.virtual_keys.push(tag.key.clone());
    Ok(ReadyTag { rules })
}

fn compile_rule<'r>(
    number: usize,
    rule: &'r Rule,
    names: &mut HashSet<&'r str>,
    tree: &Tree,
    slots: &mut Slots,
) -> Result<ReadyRule, RuleError> {
    let at = |place: String, problem| RuleError { place, problem };
    if !text_ok(&rule.name) {
        return Err(at(format!("rule {number}, `name`"), RuleProblem::Text));
    }
    let place = format!("rule `{}`", rule.name);
    if !names.insert(&rule.name) {
        return Err(at(format!("{place}, `name`"), RuleProblem::Twice));
    }
    let target = match &rule.target {
        Target::Group(id) => ReadyTarget::Group(
            tree.index(id)
                .ok_or_else(|| at(format!("{place}, `group`"), RuleProblem::NoGroup(id.clone())))?,
        ),
        Target::NamedBy(dimension) => ReadyTarget::NamedBy(
            slots.of(dimension).map_err(|problem| at(format!("{place}, `group_named_by`"), problem))?,
        ),
    };
    Ok(ReadyRule { name: rule.name.clone(), when: slots.conditions(&place, &rule.when)?, target })
}
