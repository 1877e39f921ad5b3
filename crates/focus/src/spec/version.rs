//! The versions of the specification, as a value.

use std::fmt;
use std::str::FromStr;

/// A ratified version of the FOCUS specification.
///
/// Ordered by age, so `version >= FocusVersion::V1_2` reads as "1.2 or newer".
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
#[serde(into = "String", try_from = "String")]
pub enum FocusVersion {
    /// Ratified 2024-06-20: 43 columns.
    V1_0,
    /// Ratified 2024-11-07: 50 columns.
    V1_1,
    /// Ratified 2025-05-29: 57 columns, among them `InvoiceId` and the pricing currency.
    V1_2,
    /// Ratified 2025-12-04: 65 columns and the Contract Commitment dataset.
    V1_3,
    /// Ratified 2026-06-04: 65 columns, without `ProviderName` and `PublisherName`; Invoice
    /// Detail and Billing Period datasets.
    V1_4,
}

impl FocusVersion {
    /// Every version known, oldest first.
    pub const ALL: [Self; 5] = [Self::V1_0, Self::V1_1, Self::V1_2, Self::V1_3, Self::V1_4];
    /// The newest version known.
    pub const NEWEST: Self = Self::V1_4;

    /// The version as people write it: `1.2`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::V1_0 => "1.0",
            Self::V1_1 => "1.1",
            Self::V1_2 => "1.2",
            Self::V1_3 => "1.3",
            Self::V1_4 => "1.4",
        }
    }

    /// Position in [`FocusVersion::ALL`].
    #[must_use]
    pub const fn index(self) -> usize {
        self as usize
    }
}

/// Why a text names no version.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("`{0}` is not a FOCUS version we know: expected one of 1.0, 1.1, 1.2, 1.3, 1.4")]
pub struct VersionError(pub(crate) String);

impl FromStr for FocusVersion {
    type Err = VersionError;

    /// Reads `1.2`, `v1.2`, `1.2.0`, and the labels that providers put on their exports (`1.0r2`,
    /// `1.2-preview`, `1.0-preview(v1)`), which name the version they implement.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let trimmed = text.trim();
        let bare = trimmed.strip_prefix(['v', 'V']).unwrap_or(trimmed);
        Self::ALL
            .into_iter()
            .find(|version| {
                bare.strip_prefix(version.as_str()).is_some_and(|rest| {
                    rest.is_empty() || rest == "r2" || rest.starts_with("-preview") || rest.starts_with(".0")
                })
            })
            .ok_or_else(|| VersionError(text.chars().take(40).collect()))
    }
}

impl TryFrom<String> for FocusVersion {
    type Error = VersionError;
    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl From<FocusVersion> for String {
    fn from(version: FocusVersion) -> Self {
        version.as_str().to_owned()
    }
}

impl fmt::Display for FocusVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_the_labels_providers_use() {
        for (text, version) in [
            ("1.0", FocusVersion::V1_0),
            ("1.0r2", FocusVersion::V1_0),
            ("1.0-preview(v1)", FocusVersion::V1_0),
            ("v1.2", FocusVersion::V1_2),
            ("1.2-preview", FocusVersion::V1_2),
            (" 1.4.0 ", FocusVersion::V1_4),
        ] {
            assert_eq!(text.parse(), Ok(version), "{text}");
        }
        for text in ["", "1", "1.5", "1.10", "2.0", "focus", "1.2x"] {
            assert!(text.parse::<FocusVersion>().is_err(), "{text}");
        }
    }

    #[test]
    fn versions_are_ordered_by_age() {
        assert!(FocusVersion::ALL.is_sorted());
        assert_eq!(FocusVersion::ALL.last(), Some(&FocusVersion::NEWEST));
    }
}
