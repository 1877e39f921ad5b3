//! One condition of a rule: a dimension and a test of its value.
//!
//! In files and in the API a condition is an object with the dimension and exactly one test, such as
//! `{"dimension": "tag:env", "in": ["prod", "production"]}`; `"not": true` turns it around. A value that
//! is NULL or empty is *missing*: no test holds for it but `missing`, and so every test with `not` does.
//! Text is compared exactly; a `matches` expression can say `(?i)`.
//!
//! Expressions are those of the `regex` crate, which runs in linear time; their length and their compiled size are
//! bounded besides.

use super::dimension::{Dimension, MAX_TEXT};
use regex::{Regex, RegexBuilder};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// Most values of an `in` test.
pub const MAX_VALUES: usize = 2_000;
/// Largest compiled form of one expression, in bytes.
const MAX_REGEX_BYTES: usize = 256 * 1024;

/// A condition as it is written.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Written", into = "Written")]
pub struct Condition {
    /// What is looked at.
    pub dimension: Dimension,
    /// What must hold.
    pub test: Test,
    /// Whether it must not.
    pub not: bool,
}

/// What is asked of a value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Test {
    /// It is this text.
    Equals(String),
    /// It is one of these.
    In(BTreeSet<String>),
    /// It begins so.
    StartsWith(String),
    /// It has this in it.
    Contains(String),
    /// It is not there, or empty.
    Missing,
    /// It is there.
    Present,
    /// An expression is found in it.
    Matches(String),
}

/// A condition in JSON.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    dimension: Option<Dimension>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    equals: Option<String>,
    #[serde(default, rename = "in", skip_serializing_if = "Option::is_none")]
    one_of: Option<BTreeSet<String>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    starts_with: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    contains: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    missing: Option<bool>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    matches: Option<String>,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    not: bool,
}

/// Why something is no condition.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ConditionError {
    /// Not exactly one test.
    #[error(
        "a condition has a `dimension` and exactly one of `equals`, `in`, `starts_with`, `contains`, `missing`, `matches`"
    )]
    Tests,
    /// A test without a value.
    #[error("`{0}` needs a value that is not empty: use `missing` for charges without one")]
    Empty(&'static str),
    /// A text or a list is too long.
    #[error("`{0}` is too long: at most {MAX_VALUES} values of {MAX_TEXT} characters each")]
    TooLong(&'static str),
    /// Not an expression.
    #[error("`{expression}` is not an expression: {problem}")]
    Expression {
        /// As written.
        expression: String,
        /// What the parser says, in one line.
        problem: String,
    },
}

impl TryFrom<Written> for Condition {
    type Error = ConditionError;
    fn try_from(written: Written) -> Result<Self, ConditionError> {
        let Written { dimension, equals, one_of, starts_with, contains, missing, matches, not } = written;
        let tests = [
            equals.map(Test::Equals),
            one_of.map(Test::In),
            starts_with.map(Test::StartsWith),
            contains.map(Test::Contains),
            missing.map(|yes| if yes { Test::Missing } else { Test::Present }),
            matches.map(Test::Matches),
        ];
        let mut tests = tests.into_iter().flatten();
        let (Some(dimension), Some(test), None) = (dimension, tests.next(), tests.next()) else {
            return Err(ConditionError::Tests);
        };
        Ok(Self { dimension, test, not })
    }
}

impl From<Condition> for Written {
    fn from(condition: Condition) -> Self {
        let mut written =
            Self { dimension: Some(condition.dimension), not: condition.not, ..Self::default() };
        match condition.test {
            Test::Equals(text) => written.equals = Some(text),
            Test::In(values) => written.one_of = Some(values),
            Test::StartsWith(text) => written.starts_with = Some(text),
            Test::Contains(text) => written.contains = Some(text),
            Test::Missing => written.missing = Some(true),
            Test::Present => written.missing = Some(false),
            Test::Matches(text) => written.matches = Some(text),
        }
        written
    }
}

impl Condition {
    /// A condition that holds where the test does.
    #[must_use]
    pub const fn new(dimension: Dimension, test: Test) -> Self {
        Self { dimension, test, not: false }
    }

    /// The same, turned around.
    #[must_use]
    pub fn negated(mut self) -> Self {
        self.not = !self.not;
        self
    }
}

impl Test {
    /// The field it is written in.
    #[must_use]
    pub const fn field(&self) -> &'static str {
        match self {
            Self::Equals(_) => "equals",
            Self::In(_) => "in",
            Self::StartsWith(_) => "starts_with",
            Self::Contains(_) => "contains",
            Self::Missing | Self::Present => "missing",
            Self::Matches(_) => "matches",
        }
    }

    /// Whether its values are usable, and its expression compiled if it has one.
    fn checked(&self) -> Result<Option<Regex>, ConditionError> {
        let field = self.field();
        let text_ok = |text: &str| match text.chars().count() {
            0 => Err(ConditionError::Empty(field)),
            length if length > MAX_TEXT => Err(ConditionError::TooLong(field)),
            _ => Ok(()),
        };
        match self {
            Self::Equals(text) | Self::StartsWith(text) | Self::Contains(text) => {
                text_ok(text).map(|()| None)
            }
            Self::In(values) if values.is_empty() => Err(ConditionError::Empty(field)),
            Self::In(values) if values.len() > MAX_VALUES => Err(ConditionError::TooLong(field)),
            Self::In(values) => values.iter().try_for_each(|value| text_ok(value)).map(|()| None),
            Self::Missing | Self::Present => Ok(None),
            Self::Matches(expression) => {
                text_ok(expression)?;
                let built = RegexBuilder::new(expression)
                    .size_limit(MAX_REGEX_BYTES)
                    .dfa_size_limit(MAX_REGEX_BYTES)
                    .nest_limit(32)
                    .build();
                built.map(Some).map_err(|error| ConditionError::Expression {
                    expression: expression.clone(),
                    problem: match error {
                        regex::Error::CompiledTooBig(_) => "it is too large, repeat less".to_owned(),
                        other => other.to_string().lines().last().unwrap_or("unreadable").trim().to_owned(),
                    },
                })
            }
        }
    }
}

/// A condition ready to be asked, with the place of its dimension among the values.
#[derive(Debug, Clone)]
pub(crate) struct Ready {
    pub(crate) slot: usize,
    pub(crate) condition: Condition,
    pub(crate) regex: Option<Regex>,
}

impl Ready {
    pub(crate) fn new(slot: usize, condition: &Condition) -> Result<Self, ConditionError> {
        Ok(Self { slot, regex: condition.test.checked()?, condition: condition.clone() })
    }

    /// Whether the condition holds for a value.
    pub(crate) fn holds(&self, value: Option<&str>) -> bool {
        let value = value.filter(|text| !text.is_empty());
        let tested = match (&self.condition.test, value) {
            (Test::Missing, value) => value.is_none(),
            (_, None) => false,
            (Test::Present, Some(_)) => true,
            (Test::Equals(text), Some(value)) => value == text,
            (Test::In(values), Some(value)) => values.contains(value),
            (Test::StartsWith(text), Some(value)) => value.starts_with(text.as_str()),
            (Test::Contains(text), Some(value)) => value.contains(text.as_str()),
            (Test::Matches(_), Some(value)) => self.regex.as_ref().is_some_and(|regex| regex.is_match(value)),
        };
        tested != self.condition.not
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ready(json: &str) -> Ready {
        Ready::new(0, &serde_json::from_str(json).unwrap()).unwrap()
    }

    #[test]
    fn tests_hold_where_they_should() {
        let check = |json: &str, value: Option<&str>, expected: bool| {
            assert_eq!(ready(json).holds(value), expected, "{json} of {value:?}");
        };
        let equals = r#"{"dimension":"tag:env","equals":"prod"}"#;
        check(equals, Some("prod"), true);
        check(equals, Some("Prod"), false);
        check(equals, None, false);
        let other = r#"{"dimension":"tag:env","equals":"prod","not":true}"#;
        check(other, Some("prod"), false);
        check(other, None, true);
        check(r#"{"dimension":"X","in":["a","b"]}"#, Some("b"), true);
        check(r#"{"dimension":"X","starts_with":"dev-"}"#, Some("dev-1"), true);
        check(r#"{"dimension":"X","contains":"ev"}"#, Some("dev-1"), true);
        check(r#"{"dimension":"X","missing":true}"#, Some(""), true);
        check(r#"{"dimension":"X","missing":true}"#, None, true);
        check(r#"{"dimension":"X","missing":false}"#, Some(""), false);
        check(r#"{"dimension":"X","matches":"(?i)^db-[0-9]+$"}"#, Some("DB-12"), true);
        check(r#"{"dimension":"X","matches":"."}"#, None, false);
    }

    #[test]
    fn conditions_are_read_and_written_the_same() {
        for json in [
            r#"{"dimension":"tag:env","equals":"prod","not":true}"#,
            r#"{"dimension":"X","in":["a","b"]}"#,
            r#"{"dimension":"X","missing":false}"#,
            r#"{"dimension":"virtual:v","matches":"^a"}"#,
        ] {
            let condition: Condition = serde_json::from_str(json).unwrap();
            assert_eq!(serde_json::to_string(&condition).unwrap(), json);
        }
    }

    #[test]
    fn what_is_no_condition_is_refused() {
        for json in [
            r#"{"dimension":"X"}"#,
            r#"{"equals":"a"}"#,
            r#"{"dimension":"X","equals":"a","contains":"b"}"#,
            r#"{"dimension":"X","equal":"a"}"#,
        ] {
            assert!(serde_json::from_str::<Condition>(json).is_err(), "{json}");
        }
        let refused = |test: Test| Condition::new("X".parse().unwrap(), test);
        let error = |test| Ready::new(0, &refused(test)).unwrap_err().to_string();
        assert!(error(Test::Equals(String::new())).contains("use `missing`"));
        assert!(error(Test::Contains("x".repeat(MAX_TEXT + 1))).contains("too long"));
        assert!(error(Test::Matches("(".to_owned())).contains("`(` is not an expression"));
        assert!(error(Test::Matches("(a{1000}){1000}".to_owned())).contains("too large"));
        assert!(error(Test::In((0..=MAX_VALUES).map(|n| n.to_string()).collect())).contains("too long"));
    }
}
