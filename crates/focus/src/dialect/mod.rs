//! What kind of bill a file is.
//!
//! A *dialect* is the shape in which somebody delivers charges: a version of FOCUS, or the native
//! export of a provider. Everything downstream (normalising, conformance, sources) asks for the
//! dialect once, at the edge.
//!
//! Refused on purpose: guessing from content. Azure's actual and amortized exports have the same
//! columns, so columns alone never decide between them; the manifest, the file's folder or the
//! user does.

mod gaps;
mod recognise;

use std::fmt;
use std::str::FromStr;

pub use gaps::{Exporter, Gap};
pub use recognise::{Recognised, Unrecognised, focus_column, recognise, recognise_or_explain};

use crate::spec::FocusVersion;

/// The shape of a delivery.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
#[serde(into = "String", try_from = "String")]
pub enum Dialect {
    /// FOCUS of some version, as the specification or a provider's FOCUS export writes it.
    Focus(FocusVersion),
    /// AWS legacy Cost and Usage Report: `lineItem/UsageAmount` in CSV, `line_item_usage_amount`
    /// in Parquet.
    AwsCurLegacy,
    /// AWS CUR 2.0 of Data Exports: snake case with map columns such as `resource_tags`.
    AwsCur2,
    /// Azure actual cost export (EA or MCA): purchases when they are paid.
    AzureActual,
    /// Azure amortized cost export (EA or MCA): purchases spread over their term.
    AzureAmortized,
    /// GCP detailed usage cost export of BigQuery.
    GcpDetailed,
    /// OCI cost report (`reports/cost-csv`).
    Oci,
}

impl Dialect {
    /// Every dialect, FOCUS versions first.
    pub const ALL: [Self; 11] = [
        Self::Focus(FocusVersion::V1_0),
        Self::Focus(FocusVersion::V1_1),
        Self::Focus(FocusVersion::V1_2),
        Self::Focus(FocusVersion::V1_3),
        Self::Focus(FocusVersion::V1_4),
        Self::AwsCurLegacy,
        Self::AwsCur2,
        Self::AzureActual,
        Self::AzureAmortized,
        Self::GcpDetailed,
        Self::Oci,
    ];

    /// The text form, as configuration and commands use it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Focus(FocusVersion::V1_0) => "focus-1.0",
            Self::Focus(FocusVersion::V1_1) => "focus-1.1",
            Self::Focus(FocusVersion::V1_2) => "focus-1.2",
            Self::Focus(FocusVersion::V1_3) => "focus-1.3",
            Self::Focus(FocusVersion::V1_4) => "focus-1.4",
            Self::AwsCurLegacy => "aws-cur-legacy",
            Self::AwsCur2 => "aws-cur-2.0",
            Self::AzureActual => "azure-actual",
            Self::AzureAmortized => "azure-amortized",
            Self::GcpDetailed => "gcp-detailed",
            Self::Oci => "oci",
        }
    }

    /// The dialect in words, for people.
    #[must_use]
    pub const fn label(self) -> &'static str {
        match self {
            Self::Focus(FocusVersion::V1_0) => "FOCUS 1.0",
            Self::Focus(FocusVersion::V1_1) => "FOCUS 1.1",
            Self::Focus(FocusVersion::V1_2) => "FOCUS 1.2",
            Self::Focus(FocusVersion::V1_3) => "FOCUS 1.3",
            Self::Focus(FocusVersion::V1_4) => "FOCUS 1.4",
            Self::AwsCurLegacy => "AWS Cost and Usage Report (legacy)",
            Self::AwsCur2 => "AWS CUR 2.0",
            Self::AzureActual => "Azure actual cost",
            Self::AzureAmortized => "Azure amortized cost",
            Self::GcpDetailed => "Google Cloud detailed usage cost",
            Self::Oci => "Oracle Cloud cost report",
        }
    }

    /// The FOCUS version, if the dialect is FOCUS.
    #[must_use]
    pub const fn focus_version(self) -> Option<FocusVersion> {
        match self {
            Self::Focus(version) => Some(version),
            _ => None,
        }
    }

    /// Reads the dialects of a source: one text form, or `azure-actual+amortized` for a source
    /// that delivers both files of each month.
    ///
    /// # Errors
    /// The text names no dialect.
    pub fn parse_source(text: &str) -> Result<Vec<Self>, DialectError> {
        match text.trim() {
            "azure-actual+amortized" => Ok(vec![Self::AzureActual, Self::AzureAmortized]),
            one => one.parse().map(|dialect| vec![dialect]),
        }
    }
}

/// Why a text names no dialect.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error(
    "`{0}` is not a dialect: expected one of focus-1.0, focus-1.1, focus-1.2, focus-1.3, focus-1.4, \
     aws-cur-legacy, aws-cur-2.0, azure-actual, azure-amortized, azure-actual+amortized (a source \
     with both files), gcp-detailed, oci"
)]
pub struct DialectError(String);

impl FromStr for Dialect {
    type Err = DialectError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let form = text.trim().to_ascii_lowercase();
        let error = || DialectError(text.chars().take(40).collect());
        if let Some(version) = form.strip_prefix("focus-") {
            return version.parse().map(Self::Focus).map_err(|_| error());
        }
        Self::ALL.into_iter().find(|dialect| dialect.as_str() == form).ok_or_else(error)
    }
}

impl TryFrom<String> for Dialect {
    type Error = DialectError;
    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl From<Dialect> for String {
    fn from(dialect: Dialect) -> Self {
        dialect.as_str().to_owned()
    }
}

impl fmt::Display for Dialect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_forms_come_back() {
        for dialect in Dialect::ALL {
            assert_eq!(dialect.as_str().parse(), Ok(dialect));
        }
        assert_eq!("focus-1.0r2".parse(), Ok(Dialect::Focus(FocusVersion::V1_0)));
        assert_eq!("focus-1.2-preview".parse(), Ok(Dialect::Focus(FocusVersion::V1_2)));
    }

    #[test]
    fn a_wrong_form_names_the_right_ones() {
        let error = "aws-cur".parse::<Dialect>().expect_err("not a dialect").to_string();
        assert!(error.contains("`aws-cur`") && error.contains("aws-cur-2.0"), "{error}");
    }

    #[test]
    fn a_source_may_carry_both_azure_files() {
        assert_eq!(
            Dialect::parse_source("azure-actual+amortized"),
            Ok(vec![Dialect::AzureActual, Dialect::AzureAmortized])
        );
        assert_eq!(Dialect::parse_source("oci"), Ok(vec![Dialect::Oci]));
        assert!(Dialect::parse_source("oci+aws").is_err());
    }
}
