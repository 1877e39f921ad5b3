//! What a condition looks at: a FOCUS column, a tag, or a virtual tag made by earlier rules.
//!
//! Spelled as scopes spell them (`SubAccountId`, `tag:team`), and `virtual:product` for what a rule set
//! derives. Whether a column exists is the lake's to say; here only the spelling is checked.

use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;

/// Longest name and longest value, in characters.
pub const MAX_TEXT: usize = 256;

/// A dimension.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum Dimension {
    /// A FOCUS column by its id.
    Column(String),
    /// A tag by its key, as the provider spells it.
    Tag(String),
    /// A virtual tag by its key.
    Virtual(String),
}

/// A text that is no dimension.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is neither a FOCUS column id nor tag:KEY nor virtual:KEY")]
pub struct DimensionError(pub(crate) String);

impl FromStr for Dimension {
    type Err = DimensionError;

    fn from_str(text: &str) -> Result<Self, DimensionError> {
        let refused = || DimensionError(text.chars().take(MAX_TEXT).collect());
        let (kind, name): (fn(String) -> Self, &str) = if let Some(key) = text.strip_prefix("tag:") {
            (Self::Tag, key)
        } else if let Some(key) = text.strip_prefix("virtual:") {
            (Self::Virtual, key)
        } else if text.chars().all(|c| c.is_ascii_alphanumeric() || c == '_') {
            (Self::Column, text)
        } else {
            return Err(refused());
        };
        if name.is_empty() || name.chars().count() > MAX_TEXT || name.chars().any(char::is_control) {
            return Err(refused());
        }
        Ok(kind(name.to_owned()))
    }
}

impl TryFrom<String> for Dimension {
    type Error = DimensionError;
    fn try_from(text: String) -> Result<Self, DimensionError> {
        text.parse()
    }
}

impl From<Dimension> for String {
    fn from(dimension: Dimension) -> Self {
        dimension.to_string()
    }
}

impl fmt::Display for Dimension {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Column(id) => f.write_str(id),
            Self::Tag(key) => write!(f, "tag:{key}"),
            Self::Virtual(key) => write!(f, "virtual:{key}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spelled_as_scopes_spell_them() {
        for text in ["SubAccountId", "x_Project", "tag:team", "tag:aws:createdBy", "virtual:product"] {
            assert_eq!(text.parse::<Dimension>().map(|d| d.to_string()), Ok(text.to_owned()));
        }
        for text in ["", "tag:", "virtual:", "sub account", "a:b", "tag:\n"] {
            assert!(text.parse::<Dimension>().is_err(), "{text:?}");
        }
    }
}
