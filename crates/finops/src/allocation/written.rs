//! How rules are spelled in JSON, where they differ from how they are held.
//!
//! One of several fields must be there; serde's own way to say that loses the position in the text and
//! answers with the names of our types.

use super::condition::Condition;
use super::dimension::Dimension;
use super::group::GroupId;
use super::rules::{Rule, TagRule, TagValue, Target};
use serde::{Deserialize, Serialize};

/// A rule in JSON.
#[derive(Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct WrittenRule {
    name: String,
    #[serde(default)]
    when: Vec<Condition>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    group: Option<GroupId>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    group_named_by: Option<Dimension>,
}

impl TryFrom<WrittenRule> for Rule {
    type Error = String;
    fn try_from(written: WrittenRule) -> Result<Self, String> {
        let WrittenRule { name, when, group, group_named_by } = written;
        let target = match (group, group_named_by) {
            (Some(group), None) => Target::Group(group),
            (None, Some(dimension)) => Target::NamedBy(dimension),
            _ => {
                let name: String = name.chars().take(80).collect();
                return Err(format!("rule `{name}` needs exactly one of `group` and `group_named_by`"));
            }
        };
        Ok(Self { name, when, target })
    }
}

impl From<Rule> for WrittenRule {
    fn from(rule: Rule) -> Self {
        let (group, group_named_by) = match rule.target {
            Target::Group(group) => (Some(group), None),
            Target::NamedBy(dimension) => (None, Some(dimension)),
        };
        Self { name: rule.name, when: rule.when, group, group_named_by }
    }
}

/// A rule of a virtual tag in JSON.
#[derive(Clone, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct WrittenTagRule {
    #[serde(default)]
    when: Vec<Condition>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    value: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    copy: Option<Dimension>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    copy_lower_case: Option<Dimension>,
}

impl TryFrom<WrittenTagRule> for TagRule {
    type Error = &'static str;
    fn try_from(written: WrittenTagRule) -> Result<Self, &'static str> {
        let WrittenTagRule { when, value, copy, copy_lower_case } = written;
        let value = match (value, copy, copy_lower_case) {
            (Some(text), None, None) => TagValue::Value(text),
            (None, Some(dimension), None) => TagValue::Copy(dimension),
            (None, None, Some(dimension)) => TagValue::CopyLowerCase(dimension),
            _ => {
                return Err(
                    "a rule of a virtual tag needs exactly one of `value`, `copy` and `copy_lower_case`",
                );
            }
        };
        Ok(Self { when, value })
    }
}

impl From<TagRule> for WrittenTagRule {
    fn from(rule: TagRule) -> Self {
        let written = Self { when: rule.when, ..Self::default() };
        match rule.value {
            TagValue::Value(text) => Self { value: Some(text), ..written },
            TagValue::Copy(dimension) => Self { copy: Some(dimension), ..written },
            TagValue::CopyLowerCase(dimension) => Self { copy_lower_case: Some(dimension), ..written },
        }
    }
}
