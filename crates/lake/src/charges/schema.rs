//! The one schema of all parts.

use super::part::Part;
use arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use bursar_focus::canonical::Kind;
use bursar_focus::spec::{Dataset, all_columns};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// Further columns of files that are shown, beyond FOCUS's own.
const MAX_FURTHER_COLUMNS: usize = 400;

/// The cloud whose bill a row is: a short name such as `aws`.
pub(super) const PROVIDER: &str = "provider";
/// The month of the invoice, `YYYY-MM`.
pub(super) const BILLING_PERIOD: &str = "billing_period";

/// Columns whose values hardly repeat: text of rows rather than of groups.
const WIDE: [&str; 7] = [
    "ResourceId",
    "ResourceName",
    "Tags",
    "AllocatedTags",
    "SkuPriceDetails",
    "ChargeDescription",
    "ContractApplied",
];

/// How a column is held in memory.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Held {
    /// `Dictionary(Int32, Utf8)`.
    Codes,
    /// `Utf8View`.
    View,
    /// `Decimal128(38, 18)`.
    Decimal,
    /// `Timestamp(µs)`.
    DateTime,
}

impl Held {
    pub(super) fn data_type(self) -> DataType {
        match self {
            Self::Codes => DataType::Dictionary(Box::new(DataType::Int32), Box::new(DataType::Utf8)),
            Self::View => DataType::Utf8View,
            Self::Decimal => Kind::Decimal.data_type(),
            Self::DateTime => Kind::DateTime.data_type(),
        }
    }

    pub(super) fn of(data_type: &DataType) -> Self {
        match data_type {
            DataType::Dictionary(_, _) => Self::Codes,
            DataType::Decimal128(_, _) => Self::Decimal,
            DataType::Timestamp(_, _) => Self::DateTime,
            _ => Self::View,
        }
    }
}

/// Names of all FOCUS Cost and Usage columns of any version, `provider` and `billing_period`.
#[must_use]
pub fn column_names() -> Vec<&'static str> {
    let focus = all_columns(Dataset::CostAndUsage).iter().map(|column| column.id);
    focus.chain([PROVIDER, BILLING_PERIOD]).collect()
}

/// The short name of a provider: `aws`, `azure`, `gcp`, `oci`, or its own name in lower case.
#[must_use]
pub fn short_provider(name: &str) -> String {
    match name.to_ascii_lowercase().as_str() {
        "aws" | "amazon web services" | "amazon web services, inc." | "amazon" => "aws".into(),
        "microsoft" | "azure" | "microsoft azure" | "microsoft corporation" => "azure".into(),
        "google" | "google cloud" | "google cloud platform" | "gcp" | "google llc" => "gcp".into(),
        "oracle" | "oracle cloud" | "oci" | "oracle cloud infrastructure" => "oci".into(),
        other => other.to_owned(),
    }
}

/// One schema for all parts of a dataset.
pub(super) fn unite(parts: &[Part], dataset: Dataset) -> SchemaRef {
    let mut written_wide: BTreeMap<String, bool> = BTreeMap::new();
    let mut further: BTreeSet<String> = BTreeSet::new();
    let own = || all_columns(dataset).iter().map(|column| column.id);
    let known: BTreeSet<&str> = own().chain([PROVIDER, BILLING_PERIOD]).collect();
    for part in parts {
        for (column, wide) in part.text_columns() {
            let seen = written_wide.entry(column.clone()).or_insert(false);
            *seen |= wide;
        }
        let names = part.columns().into_iter().filter(|name| !known.contains(name.as_str()));
        for name in names {
            if further.len() < MAX_FURTHER_COLUMNS {
                further.insert(name);
            }
        }
    }
    let held = |column: &str| match Kind::of(column) {
        Kind::Decimal => Held::Decimal,
        Kind::DateTime => Held::DateTime,
        _ => match written_wide.get(column) {
            Some(true) => Held::View,
            Some(false) => Held::Codes,
            None if WIDE.contains(&column) => Held::View,
            None => Held::Codes,
        },
    };
    let fields: Vec<Field> = own()
        .map(str::to_owned)
        .chain(further)
        .map(|name| {
            let held = held(&name);
            Field::new(name, held.data_type(), true)
        })
        .chain([PROVIDER, BILLING_PERIOD].map(|name| Field::new(name, Held::Codes.data_type(), true)))
        .collect();
    Arc::new(Schema::new(fields))
}

/// Whether a column's values hardly repeat, by its name.
pub(super) fn is_wide(column: &str) -> bool {
    WIDE.contains(&column)
}
