//! What one can group by, in words.

use crate::answer::DimensionInfo;
use arrow::datatypes::{DataType, Schema};

/// The dimensions people reach for first, in the order a page offers them.
const KNOWN: &[(&str, &str, &str)] = &[
    ("ProviderName", "Provider", WHO),
    ("ServiceProviderName", "Service provider", WHO),
    ("BillingAccountName", "Billing account", WHO),
    ("BillingAccountId", "Billing account id", WHO),
    ("SubAccountName", "Account", WHO),
    ("SubAccountId", "Account id", WHO),
    ("RegionName", "Region", WHO),
    ("RegionId", "Region id", WHO),
    ("ServiceCategory", "Service category", WHAT),
    ("ServiceSubcategory", "Service subcategory", WHAT),
    ("ServiceName", "Service", WHAT),
    ("ResourceType", "Resource type", WHAT),
    ("ResourceName", "Resource", WHAT),
    ("ResourceId", "Resource id", WHAT),
    ("SkuId", "SKU", WHAT),
    ("ChargeCategory", "Charge category", HOW),
    ("ChargeClass", "Charge class", HOW),
    ("ChargeDescription", "Charge description", HOW),
    ("PricingCategory", "Pricing category", HOW),
    ("CommitmentDiscountStatus", "Commitment status", HOW),
    ("CommitmentDiscountName", "Commitment", HOW),
    ("InvoiceId", "Invoice", HOW),
];
const WHO: &str = "Who and where";
const WHAT: &str = "What";
const HOW: &str = "How it is charged";
const MORE: &str = "More columns";

/// The text columns of the charges: the known ones first, then the rest by name.
pub(crate) fn of(schema: &Schema) -> Vec<DimensionInfo> {
    let is_text = |data_type: &DataType| match data_type {
        DataType::Dictionary(_, value) => value.is_string(),
        other => other.is_string(),
    };
    let there = |id: &str| schema.field_with_name(id).is_ok_and(|field| is_text(field.data_type()));
    let info = |id: &str, label: &str, group: &str| DimensionInfo {
        id: id.to_owned(),
        label: label.to_owned(),
        group: group.to_owned(),
    };
    let mut found: Vec<_> = KNOWN
        .iter()
        .filter(|(id, _, _)| there(id))
        .map(|(id, label, group)| info(id, label, group))
        .collect();
    let mut more: Vec<_> = schema
        .fields()
        .iter()
        .filter(|field| is_text(field.data_type()) && field.name() != "Tags")
        .filter(|field| !KNOWN.iter().any(|(id, _, _)| id == field.name()))
        .map(|field| info(field.name(), &spaced(field.name()), MORE))
        .collect();
    more.sort_by(|a, b| a.id.cmp(&b.id));
    found.extend(more);
    found
}

/// `PricingCurrency` → `Pricing currency`.
fn spaced(id: &str) -> String {
    let mut words = String::new();
    for (at, c) in id.char_indices() {
        if at > 0 && c.is_ascii_uppercase() {
            words.push(' ');
            words.extend(c.to_lowercase());
        } else {
            words.push(c);
        }
    }
    words
}
