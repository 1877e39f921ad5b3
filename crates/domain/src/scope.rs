//! What part of a workspace's charges somebody may see.
//!
//! A team is given a scope: some accounts, subscriptions, projects or tags. It narrows every answer
//! below the question itself, so that SQL and exports are narrowed by the same condition.

use serde::{Deserialize, Serialize};

/// Longest dimension name and value, in characters.
pub const MAX_TEXT: usize = 256;
/// Most rules of a scope, and most values of a rule.
pub const MAX_ITEMS: usize = 1_000;

/// One condition: the dimension has one of the values.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ScopeRule {
    /// A FOCUS column id (`SubAccountId`) or `tag:KEY`.
    pub dimension: String,
    /// The values seen; a charge without one is not.
    pub values: Vec<String>,
}

/// What is seen. Within a part every rule must hold; a charge is seen when one part holds.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Scope {
    /// Everything.
    All,
    /// One part per team; without a part nothing is seen.
    Parts(Vec<Vec<ScopeRule>>),
}

/// Why a scope is not usable.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ScopeError {
    /// A part without a rule would silently mean everything.
    #[error("a scope needs at least one rule")]
    Empty,
    /// A rule without a value would silently mean nothing.
    #[error("the rule for `{0}` names no value")]
    NoValue(String),
    /// Neither a column id nor a tag.
    #[error("`{0}` is neither a FOCUS column id nor tag:KEY")]
    Dimension(String),
    /// Too many or too long.
    #[error("a scope has at most {MAX_ITEMS} rules and values of at most {MAX_TEXT} characters each")]
    TooLarge,
}

impl Scope {
    /// One team's scope, checked.
    ///
    /// # Errors
    /// When a rule is empty, too large or names no dimension.
    pub fn part(rules: Vec<ScopeRule>) -> Result<Self, ScopeError> {
        if rules.is_empty() {
            return Err(ScopeError::Empty);
        }
        for rule in &rules {
            let name = rule.dimension.strip_prefix("tag:").unwrap_or(&rule.dimension);
            let column = !rule.dimension.starts_with("tag:");
            if name.is_empty() || (column && !name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')) {
                return Err(ScopeError::Dimension(rule.dimension.chars().take(MAX_TEXT).collect()));
            }
            if rule.values.is_empty() {
                return Err(ScopeError::NoValue(rule.dimension.clone()));
            }
            let long = |text: &str| text.chars().count() > MAX_TEXT;
            if rules.len() > MAX_ITEMS
                || rule.values.len() > MAX_ITEMS
                || long(&rule.dimension)
                || rule.values.iter().any(|value| long(value))
            {
                return Err(ScopeError::TooLarge);
            }
        }
        Ok(Self::Parts(vec![rules]))
    }

    /// What is seen with either of the two.
    #[must_use]
    pub fn or(self, other: Self) -> Self {
        match (self, other) {
            (Self::All, _) | (_, Self::All) => Self::All,
            (Self::Parts(mut mine), Self::Parts(theirs)) => {
                for part in theirs {
                    if !mine.contains(&part) {
                        mine.push(part);
                    }
                }
                Self::Parts(mine)
            }
        }
    }

    /// Nothing is seen.
    #[must_use]
    pub const fn nothing() -> Self {
        Self::Parts(Vec::new())
    }

    /// Whether everything is seen.
    #[must_use]
    pub const fn is_all(&self) -> bool {
        matches!(self, Self::All)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rule(dimension: &str, values: &[&str]) -> ScopeRule {
        ScopeRule { dimension: dimension.into(), values: values.iter().map(|&v| v.into()).collect() }
    }

    #[test]
    fn a_scope_that_says_nothing_is_refused() {
        // claim C5
        assert_eq!(Scope::part(vec![]), Err(ScopeError::Empty));
        assert_eq!(
            Scope::part(vec![rule("SubAccountId", &[])]),
            Err(ScopeError::NoValue("SubAccountId".into()))
        );
        for bad in ["", "tag:", "a b", "x\";--"] {
            assert!(matches!(Scope::part(vec![rule(bad, &["1"])]), Err(ScopeError::Dimension(_))), "{bad}");
        }
    }

    #[test]
    fn teams_add_up_and_nothing_stays_nothing() {
        let a = Scope::part(vec![rule("SubAccountId", &["1"])]).unwrap();
        let b = Scope::part(vec![rule("tag:team", &["web"])]).unwrap();
        let Scope::Parts(both) = a.clone().or(b.clone()).or(a.clone()) else {
            panic!("narrowed scopes made everything")
        };
        assert_eq!(both.len(), 2);
        assert_eq!(Scope::nothing().or(a.clone()), a);
        assert_eq!(b.or(Scope::All), Scope::All);
    }
}
