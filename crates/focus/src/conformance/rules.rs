//! The rules as data.
//!
//! `rules.json` holds every rule id of the published FOCUS 1.2 model (621) with our own encoding of
//! what is checked and when; rules that a file cannot answer keep their line and say why, so that a
//! report can name what was not looked at. Source of the ids and conditions: `focus-validator`
//! 2.2.1, model 1.2.0.1 (MIT), checked against the specification's column pages (CC-BY 4.0).
//! Where the two disagree we follow the specification, and the rule carries a note.

use serde::Deserialize;

use super::report::Level;

/// One line of `rules.json`.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct Rule {
    pub(super) id: String,
    #[serde(default)]
    pub(super) column: Option<String>,
    pub(super) level: Strength,
    #[serde(default)]
    pub(super) check: Option<Check>,
    #[serde(default)]
    pub(super) when: Option<Expr>,
    /// Capabilities that a provider must have for the rule to apply.
    #[serde(default)]
    pub(super) needs: Vec<String>,
    /// Why the rule is not checked.
    #[serde(default)]
    pub(super) skip: Option<String>,
    /// Where and why we differ from the machine model.
    #[serde(default)]
    pub(super) note: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Strength {
    Must,
    Should,
    May,
}

impl Strength {
    pub(super) const fn level(self) -> Level {
        match self {
            Self::Must => Level::Must,
            Self::Should | Self::May => Level::Should,
        }
    }
}

/// What a rule looks at.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Check {
    Present(String),
    Type(String, Kind),
    Format(String, Shape),
    Allowed(String),
    Subcategory(bool),
    /// Values of the first column have one value of the second.
    OneParent(String, String),
    /// First × second = third.
    Product(String, String, String),
    File(FileCheck),
    #[serde(untagged)]
    Row(Expr),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Kind {
    Text,
    Decimal,
    DateTime,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Shape {
    String,
    Numeric,
    DateTime,
    Unit,
    KeyValue,
    Currency,
    NationalCurrency,
}

/// Checks that look at every column or at the header.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum FileCheck {
    BlankText,
    Placeholder,
    PascalCase,
    Alphanumeric,
    LongNames,
    CustomPrefix,
    CustomLast,
    UniqueKeys,
    FlatValues,
}

/// A statement about a row.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Expr {
    Null(String),
    Some(String),
    In(String, Vec<String>),
    Zero(String),
    AtLeastZero(String),
    Not(Box<Expr>),
    And(Vec<Expr>),
    Or(Vec<Expr>),
}

impl Expr {
    /// Calls `each` with every column named and whether its absence makes the answer unknowable:
    /// "is null" cannot be told of a column that is not there.
    pub(super) fn columns(&self, each: &mut dyn FnMut(&str, bool)) {
        match self {
            Self::Null(column) => each(column, true),
            Self::Some(column) | Self::In(column, _) | Self::Zero(column) | Self::AtLeastZero(column) => {
                each(column, false);
            }
            Self::Not(inner) => inner.columns(each),
            Self::And(parts) | Self::Or(parts) => parts.iter().for_each(|part| part.columns(each)),
        }
    }
}

/// Every published rule.
pub(super) fn published() -> Vec<Rule> {
    // The file is part of the program; a test reads it, so the fallback is never met.
    serde_json::from_str(include_str!("rules.json")).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::spec::{self, Dataset};

    #[test] // claim A2
    fn every_published_rule_is_listed_once_and_explained_if_unchecked() {
        let rules: Vec<Rule> = serde_json::from_str(include_str!("rules.json")).expect("valid data");
        assert_eq!(rules.len(), 621);
        let ids: BTreeSet<_> = rules.iter().map(|rule| rule.id.as_str()).collect();
        assert_eq!(ids.len(), 621);
        for rule in &rules {
            assert_ne!(rule.check.is_some(), rule.skip.is_some(), "{}", rule.id);
        }
        assert!(rules.iter().filter(|rule| rule.check.is_some()).count() >= 281);
    }

    #[test]
    fn rules_name_columns_of_the_specification() {
        for rule in published() {
            let mut check = |column: &str, _: bool| {
                assert!(spec::column(Dataset::CostAndUsage, column).is_some(), "{}: {column}", rule.id);
            };
            if let Some(when) = &rule.when {
                when.columns(&mut check);
            }
            if let Some(Check::Row(expr)) = &rule.check {
                expr.columns(&mut check);
            }
            if let Some(column) = &rule.column {
                check(column, false);
            }
        }
    }

    #[test]
    fn closed_lists_in_rules_are_those_of_the_specification() {
        for rule in published() {
            if let (Some(Check::Row(Expr::In(column, values))), Some(own)) = (&rule.check, &rule.column)
                && column == own
            {
                let allowed =
                    spec::column(Dataset::CostAndUsage, column).and_then(spec::Column::allowed_values);
                let mut allowed = allowed.expect("a closed list");
                let mut values = values.clone();
                allowed.sort_unstable();
                values.sort_unstable();
                assert_eq!(values, allowed, "{}", rule.id);
            }
        }
    }
}
