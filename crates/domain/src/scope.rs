//! What part of a workspace's charges somebody may see.
//!
//! A team is given a scope: some accounts, subscriptions, projects or tags. It narrows every answer
//! below the question itself, so that SQL and exports are narrowed by the same condition.

use serde::{Deserialize, Serialize};
use std::collections::HashSet;

/// Longest dimension name and value, in characters.
pub const MAX_TEXT: usize = 256;
/// Most rules of a scope, most values of a rule, most parts.
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
#[serde(rename_all = "snake_case", try_from = "Unchecked")]
pub enum Scope {
    /// Everything.
    All,
    /// One part per team; without a part nothing is seen.
    Parts(Vec<Vec<ScopeRule>>),
}

/// As it is read, before its parts are checked.
#[derive(Deserialize)]
#[serde(rename_all = "snake_case")]
enum Unchecked {
    All,
    Parts(Vec<Vec<ScopeRule>>),
}

impl TryFrom<Unchecked> for Scope {
    type Error = ScopeError;
    fn try_from(unchecked: Unchecked) -> Result<Self, ScopeError> {
        match unchecked {
            Unchecked::All => Ok(Self::All),
            Unchecked::Parts(parts) if parts.len() > MAX_ITEMS => Err(ScopeError::TooLarge),
            Unchecked::Parts(parts) => {
                parts.iter().try_for_each(|rules| check(rules))?;
                Ok(Self::Parts(parts))
            }
        }
    }
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

/// Whether these rules make a part.
fn check(rules: &[ScopeRule]) -> Result<(), ScopeError> {
    if rules.is_empty() {
        return Err(ScopeError::Empty);
    }
    for rule in rules {
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
    Ok(())
}

/// The part that holds where both hold; `None` when that is nowhere.
fn both(mine: &[ScopeRule], theirs: &[ScopeRule]) -> Option<Vec<ScopeRule>> {
    let mut rules: Vec<ScopeRule> = Vec::with_capacity(mine.len() + theirs.len());
    for rule in mine.iter().chain(theirs) {
        match rules.iter_mut().find(|other| other.dimension == rule.dimension) {
            // A charge has one value of a dimension, so both rules hold for the values they share.
            Some(other) => {
                let values: HashSet<&String> = rule.values.iter().collect();
                other.values.retain(|value| values.contains(value));
                if other.values.is_empty() {
                    return None;
                }
            }
            None => rules.push(rule.clone()),
        }
    }
    Some(rules)
}

impl Scope {
    /// One team's scope, checked.
    ///
    /// # Errors
    /// When a rule is empty, too large or names no dimension.
    pub fn part(rules: Vec<ScopeRule>) -> Result<Self, ScopeError> {
        check(&rules)?;
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

    /// What is seen with both.
    ///
    /// # Errors
    /// When the result has too many parts or rules to be a condition of a query. It cannot be left out
    /// then, and must not be narrowed by guessing.
    pub fn and(self, other: Self) -> Result<Self, ScopeError> {
        match (self, other) {
            (Self::All, scope) | (scope, Self::All) => Ok(scope),
            (Self::Parts(mine), Self::Parts(theirs)) => {
                if mine.len().saturating_mul(theirs.len()) > MAX_ITEMS {
                    return Err(ScopeError::TooLarge);
                }
                let mut parts = Vec::new();
                for part in mine.iter().flat_map(|mine| theirs.iter().filter_map(|theirs| both(mine, theirs)))
                {
                    if part.len() > MAX_ITEMS {
                        return Err(ScopeError::TooLarge);
                    }
                    if !parts.contains(&part) {
                        parts.push(part);
                    }
                }
                Ok(Self::Parts(parts))
            }
        }
    }

    /// Whether something is seen that has these values: a charge, or a resource with its account and tags.
    ///
    /// `value_of` gives the value of a dimension as rules name it (`SubAccountId`, `tag:team`), `None`
    /// where there is none. The lake makes the same condition for its queries.
    pub fn sees<'v>(&self, value_of: impl Fn(&str) -> Option<&'v str>) -> bool {
        let holds = |rule: &ScopeRule| {
            value_of(&rule.dimension).is_some_and(|value| rule.values.iter().any(|seen| seen == value))
        };
        match self {
            Self::All => true,
            // A part without a rule is refused when it is made; seen as nothing should one slip through.
            Self::Parts(parts) => parts.iter().any(|rules| !rules.is_empty() && rules.iter().all(holds)),
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
    use proptest::prelude::*;

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

    #[test]
    fn a_scope_that_is_read_is_checked_too() {
        // claim C5
        let read = |json: &str| serde_json::from_str::<Scope>(json);
        assert_eq!(read(r#""all""#).unwrap(), Scope::All);
        let team = Scope::part(vec![rule("SubAccountId", &["1"])]).unwrap();
        assert_eq!(read(&serde_json::to_string(&team).unwrap()).unwrap(), team);
        for bad in [
            r#"{"parts": [[]]}"#,
            r#"{"parts": [[{"dimension": "SubAccountId", "values": []}]]}"#,
            r#"{"parts": [[{"dimension": "a b", "values": ["1"]}]]}"#,
            r#"{"parts": [[{"dimension": "A", "values": ["1"], "more": 1}]]}"#,
        ] {
            assert!(read(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn both_together_are_refused_when_they_grow_too_large() {
        let many = |dimension: &str| {
            (0..40)
                .map(|n| Scope::part(vec![rule(dimension, &[&n.to_string()])]).unwrap())
                .fold(Scope::nothing(), Scope::or)
        };
        assert_eq!(many("SubAccountId").and(many("tag:team")), Err(ScopeError::TooLarge));
    }

    /// All charges of a small world: two dimensions, each with one of three values or none.
    fn charges() -> Vec<[Option<&'static str>; 2]> {
        let values = [None, Some("1"), Some("2"), Some("3")];
        values.iter().flat_map(|a| values.iter().map(move |b| [*a, *b])).collect()
    }

    fn seen(scope: &Scope) -> Vec<bool> {
        let sees = |[account, team]: &[Option<&'static str>; 2]| {
            scope.sees(|dimension| if dimension == "SubAccountId" { *account } else { *team })
        };
        charges().iter().map(sees).collect()
    }

    fn any_scope() -> impl Strategy<Value = Scope> {
        let values = proptest::sample::subsequence(vec!["1", "2", "3"], 1..=3);
        let any_rule = (proptest::bool::ANY, values)
            .prop_map(|(account, values)| rule(if account { "SubAccountId" } else { "tag:team" }, &values));
        let parts = proptest::collection::vec(proptest::collection::vec(any_rule, 1..=3), 0..=4);
        prop_oneof![1 => Just(Scope::All), 9 => parts.prop_map(Scope::Parts)]
    }

    proptest! {
        // claim C5
        #[test]
        fn either_sees_what_one_sees_and_both_what_each_sees(a in any_scope(), b in any_scope(), c in any_scope()) {
            let (seen_a, seen_b, seen_c) = (seen(&a), seen(&b), seen(&c));
            let or: Vec<bool> = seen_a.iter().zip(&seen_b).map(|(a, b)| a | b).collect();
            let and: Vec<bool> = seen_a.iter().zip(&seen_b).map(|(a, b)| a & b).collect();
            prop_assert_eq!(seen(&a.clone().or(b.clone())), or.clone());
            prop_assert_eq!(seen(&b.clone().or(a.clone())), or.clone());
            prop_assert_eq!(seen(&a.clone().and(b.clone()).unwrap()), and.clone());
            prop_assert_eq!(seen(&b.clone().and(a.clone()).unwrap()), and.clone());
            // A token's limit taken off teams together is the same as off each team.
            let limited: Vec<bool> = or.iter().zip(&seen_c).map(|(x, c)| x & c).collect();
            prop_assert_eq!(seen(&a.clone().or(b.clone()).and(c.clone()).unwrap()), limited.clone());
            prop_assert_eq!(seen(&a.and(c.clone()).unwrap().or(b.and(c).unwrap())), limited);
        }

        #[test]
        fn everything_and_nothing_are_the_ends(a in any_scope()) {
            prop_assert_eq!(a.clone().and(Scope::All).unwrap(), a.clone());
            prop_assert_eq!(seen(&a.clone().and(Scope::nothing()).unwrap()), seen(&Scope::nothing()));
            prop_assert_eq!(seen(&a.clone().or(Scope::nothing())), seen(&a));
            prop_assert!(a.clone().or(Scope::All).is_all());
            prop_assert_eq!(seen(&a.clone().and(a.clone()).unwrap()), seen(&a));
        }
    }
}
