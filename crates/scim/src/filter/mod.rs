//! Filters (RFC 7644 §3.4.2.2): `userName eq "ana"`, `emails[type eq "work"].value co "@example.com"`,
//! `not (active eq false) and title pr`; and paths of PATCH, which hold filters.
//!
//! Bounds: 4,096 bytes, 32 levels of parentheses, 200 comparisons. Beyond them a filter is refused, so
//! that neither reading nor asking one takes long or deep.

mod grammar;
mod meaning;
mod words;

use crate::error::{ScimError, ScimType};
use crate::path::AttributePath;
use serde_json::Value;
use std::str::FromStr;

/// Longest filter, in bytes.
pub const MAX_FILTER_BYTES: usize = 4_096;
/// Deepest nesting.
pub const MAX_DEPTH: usize = 32;
/// Most comparisons.
pub const MAX_COMPARISONS: usize = 200;

/// How two values are compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Comparison {
    /// Equal.
    Equal,
    /// Not equal.
    NotEqual,
    /// Contains.
    Contains,
    /// Starts with.
    StartsWith,
    /// Ends with.
    EndsWith,
    /// Greater.
    Greater,
    /// Greater or equal.
    GreaterOrEqual,
    /// Less.
    Less,
    /// Less or equal.
    LessOrEqual,
}

/// A filter.
#[derive(Debug, Clone, PartialEq)]
pub enum Filter {
    /// A comparison with a text, a number, true, false or null.
    Compare(AttributePath, Comparison, Value),
    /// That there is a value.
    Present(AttributePath),
    /// That one value of the attribute is as the inner filter says.
    Values(AttributePath, Box<Filter>),
    /// All.
    And(Vec<Filter>),
    /// One at least.
    Or(Vec<Filter>),
    /// Not.
    Not(Box<Filter>),
}

impl FromStr for Filter {
    type Err = ScimError;

    fn from_str(text: &str) -> Result<Self, ScimError> {
        grammar::filter(text)
    }
}

/// A path in a PATCH: an attribute, perhaps with a filter that chooses among its values, perhaps with a
/// sub-attribute of these.
#[derive(Debug, Clone, PartialEq)]
pub struct PatchPath {
    attribute: AttributePath,
    filter: Option<Filter>,
}

impl PatchPath {
    /// The attribute, with the sub-attribute if there is one.
    #[must_use]
    pub const fn attribute(&self) -> &AttributePath {
        &self.attribute
    }

    /// The filter.
    #[must_use]
    pub const fn filter(&self) -> Option<&Filter> {
        self.filter.as_ref()
    }
}

impl FromStr for PatchPath {
    type Err = ScimError;

    fn from_str(text: &str) -> Result<Self, ScimError> {
        grammar::path(text.trim()).map_err(|error| ScimError::new(ScimType::InvalidPath, error.detail))
    }
}

#[cfg(test)]
mod tests;
