//! The FOCUS specification as data: datasets, columns by version, allowed values.
//!
//! Readers, rules, documentation and the query layer all ask here, so that a column's type or a
//! version's columns are written down once. Nothing here looks at data.
//!
//! ```
//! use bursar_focus::spec::{self, Dataset, FocusVersion, Level};
//!
//! assert_eq!(spec::columns(Dataset::CostAndUsage, FocusVersion::V1_2).count(), 57);
//! let column = spec::column(Dataset::CostAndUsage, "ProviderName").expect("in the table");
//! assert_eq!(column.level(FocusVersion::V1_2), Some(Level::Mandatory));
//! assert_eq!(column.removed_in(), Some(FocusVersion::V1_4));
//! ```
//!
//! Source: the FOCUS specification, <https://focus.finops.org/focus-specification/>, CC-BY 4.0.

mod columns;
mod version;

pub use version::{FocusVersion, VersionError};

/// A table that the specification defines.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Dataset {
    /// The charges.
    CostAndUsage,
    /// The terms of commitments (since 1.3).
    ContractCommitment,
    /// The lines of invoices (since 1.4).
    InvoiceDetail,
    /// The state of billing periods (since 1.4).
    BillingPeriod,
}

impl Dataset {
    /// Every dataset.
    pub const ALL: [Self; 4] =
        [Self::CostAndUsage, Self::ContractCommitment, Self::InvoiceDetail, Self::BillingPeriod];

    /// The id as FOCUS spells it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::CostAndUsage => "CostAndUsage",
            Self::ContractCommitment => "ContractCommitment",
            Self::InvoiceDetail => "InvoiceDetail",
            Self::BillingPeriod => "BillingPeriod",
        }
    }

    /// The first version that has the dataset.
    #[must_use]
    pub const fn since(self) -> FocusVersion {
        match self {
            Self::CostAndUsage => FocusVersion::V1_0,
            Self::ContractCommitment => FocusVersion::V1_3,
            Self::InvoiceDetail | Self::BillingPeriod => FocusVersion::V1_4,
        }
    }
}

/// The type of a column's values.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum DataType {
    /// Unicode text.
    String,
    /// An exact number.
    Decimal,
    /// A moment in UTC.
    DateTime,
    /// A JSON object or array as text.
    Json,
}

/// What a column's values look like beyond their type.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// Nothing more is asked.
    Plain,
    /// One of a closed list.
    OneOf(&'static [&'static str]),
    /// One of the service subcategories, under its own service category.
    ServiceSubcategory,
    /// A unit of measure: `GB-Hours`, `1000 Requests`.
    Unit,
    /// An ISO 4217 code.
    NationalCurrency,
    /// An ISO 4217 code or the name of a virtual currency.
    Currency,
    /// A flat JSON object with unique keys.
    KeyValue,
}

/// How strongly a version asks for a column.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Level {
    /// Always present.
    Mandatory,
    /// Present when the provider has the concept (regions, commitments, tags, …).
    Conditional,
    /// Better present.
    Recommended,
}

/// A level per version.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Levels([Option<Level>; FocusVersion::ALL.len()]);

impl Levels {
    /// Reads five letters; any other letter than `M`, `C` and `R` means absent.
    const fn parse(text: &str) -> Self {
        let bytes = text.as_bytes();
        let mut levels = [None; FocusVersion::ALL.len()];
        let mut index = 0;
        while index < levels.len() && index < bytes.len() {
            levels[index] = match bytes[index] {
                b'M' => Some(Level::Mandatory),
                b'C' => Some(Level::Conditional),
                b'R' => Some(Level::Recommended),
                _ => None,
            };
            index += 1;
        }
        Self(levels)
    }
}

/// One column of a dataset.
#[derive(Debug, PartialEq, Eq)]
pub struct Column {
    /// The column id as FOCUS spells it.
    pub id: &'static str,
    /// The type of its values.
    pub data_type: DataType,
    /// Whether the specification lets it be null at all; rules narrow this by row.
    pub nullable: bool,
    levels: Levels,
    /// What values look like.
    pub format: Format,
    /// What it is, for people, without full stop.
    pub help: &'static str,
}

impl Column {
    /// How strongly a version asks for the column; `None` when the version does not have it.
    #[must_use]
    pub const fn level(&self, version: FocusVersion) -> Option<Level> {
        self.levels.0[version.index()]
    }

    /// The first version that has the column.
    #[must_use]
    pub fn since(&self) -> FocusVersion {
        FocusVersion::ALL.into_iter().find(|&v| self.level(v).is_some()).unwrap_or(FocusVersion::V1_0)
    }

    /// The first version that no longer has the column.
    #[must_use]
    pub fn removed_in(&self) -> Option<FocusVersion> {
        FocusVersion::ALL.into_iter().find(|&v| v > self.since() && self.level(v).is_none())
    }

    /// The version that announced the column's removal: the one before [`Column::removed_in`].
    #[must_use]
    pub fn deprecated_in(&self) -> Option<FocusVersion> {
        let removed = self.removed_in()?;
        FocusVersion::ALL.into_iter().rfind(|&v| v < removed)
    }

    /// The closed list of values, if the column has one.
    #[must_use]
    pub fn allowed_values(&self) -> Option<Vec<&'static str>> {
        match self.format {
            Format::OneOf(values) => Some(values.to_vec()),
            Format::ServiceSubcategory => Some(service_subcategories().map(|(_, name)| name).collect()),
            _ => None,
        }
    }
}

/// The columns of a dataset in a version, in alphabetical order.
pub fn columns(dataset: Dataset, version: FocusVersion) -> impl Iterator<Item = &'static Column> {
    columns::of(dataset).iter().filter(move |column| column.level(version).is_some())
}

/// The columns of a dataset over all versions, in alphabetical order.
#[must_use]
pub const fn all_columns(dataset: Dataset) -> &'static [Column] {
    columns::of(dataset)
}

/// A column by its exact id, in any version.
#[must_use]
pub fn column(dataset: Dataset, id: &str) -> Option<&'static Column> {
    let columns = columns::of(dataset);
    columns.binary_search_by_key(&id, |column| column.id).ok().and_then(|index| columns.get(index))
}

/// Every service subcategory with its parent, as `(category, subcategory)`.
pub fn service_subcategories() -> impl Iterator<Item = (&'static str, &'static str)> {
    columns::SUBCATEGORIES.iter().flat_map(|(category, names)| names.iter().map(|name| (*category, *name)))
}

/// The service category that a subcategory belongs to.
#[must_use]
pub fn parent_category(subcategory: &str) -> Option<&'static str> {
    service_subcategories().find(|(_, name)| *name == subcategory).map(|(category, _)| category)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn count(dataset: Dataset) -> Vec<usize> {
        FocusVersion::ALL.into_iter().map(|version| columns(dataset, version).count()).collect()
    }

    #[test] // claim A1
    fn column_counts_are_the_published_ones() {
        assert_eq!(count(Dataset::CostAndUsage), [43, 50, 57, 65, 65]);
        assert_eq!(count(Dataset::ContractCommitment), [0, 0, 0, 13, 30]);
        assert_eq!(count(Dataset::InvoiceDetail), [0, 0, 0, 0, 22]);
        assert_eq!(count(Dataset::BillingPeriod), [0, 0, 0, 0, 6]);
    }

    #[test]
    fn tables_are_sorted_so_that_lookups_work() {
        for dataset in Dataset::ALL {
            assert!(all_columns(dataset).is_sorted_by_key(|column| column.id), "{dataset:?}");
            for entry in all_columns(dataset) {
                assert_eq!(column(dataset, entry.id), Some(entry));
                assert!(dataset.since() <= entry.since(), "{}", entry.id);
            }
        }
        assert_eq!(column(Dataset::CostAndUsage, "billedcost"), None);
    }

    #[test]
    fn what_1_4_removed_was_deprecated_in_1_3() {
        let removed: Vec<_> =
            all_columns(Dataset::CostAndUsage).iter().filter(|c| c.removed_in().is_some()).collect();
        assert_eq!(removed.iter().map(|c| c.id).collect::<Vec<_>>(), ["ProviderName", "PublisherName"]);
        for column in removed {
            assert_eq!(column.removed_in(), Some(FocusVersion::V1_4));
            assert_eq!(column.deprecated_in(), Some(FocusVersion::V1_3));
        }
    }

    #[test]
    fn every_subcategory_has_one_parent() {
        let names: std::collections::BTreeSet<_> = service_subcategories().map(|(_, name)| name).collect();
        assert_eq!(names.len(), 82);
        assert_eq!(service_subcategories().count(), 82);
        let categories = column(Dataset::CostAndUsage, "ServiceCategory")
            .and_then(Column::allowed_values)
            .expect("a closed list");
        for (category, name) in service_subcategories() {
            assert!(categories.contains(&category), "{name}");
        }
        assert_eq!(columns::SUBCATEGORIES.len(), categories.len());
        assert_eq!(parent_category("Virtual Machines"), Some("Compute"));
        assert_eq!(parent_category("Virtual machines"), None);
    }
}
