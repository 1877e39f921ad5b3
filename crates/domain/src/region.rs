//! The name of a residency region.
//!
//! A region is a named set of database, object store and key provider. The name is chosen by who
//! runs Bursar (`eu`, `switzerland-north`) and appears in `BURSAR_REGION_<NAME>_…`.

use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;

/// A region's name: 1 to 40 of `a-z`, `0-9` and `-`, beginning with a letter.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct RegionName(String);

/// Why a text names no region.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` cannot name a region: use 1 to 40 of a-z, 0-9 and -, beginning with a letter")]
pub struct RegionNameError(String);

impl RegionName {
    /// The region of an installation that configured none.
    #[must_use]
    pub fn home() -> Self {
        Self("home".to_owned())
    }

    /// The name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for RegionName {
    type Err = RegionNameError;
    fn from_str(text: &str) -> Result<Self, RegionNameError> {
        let good = (1..=40).contains(&text.len())
            && text.starts_with(|c: char| c.is_ascii_lowercase())
            && text.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-');
        if good { Ok(Self(text.to_owned())) } else { Err(RegionNameError(text.chars().take(64).collect())) }
    }
}

impl TryFrom<String> for RegionName {
    type Error = RegionNameError;
    fn try_from(text: String) -> Result<Self, RegionNameError> {
        text.parse()
    }
}

impl From<RegionName> for String {
    fn from(name: RegionName) -> Self {
        name.0
    }
}

impl fmt::Display for RegionName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for RegionName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
