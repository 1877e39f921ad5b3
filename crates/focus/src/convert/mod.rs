//! What goes out of a conversion: exactly the columns of one FOCUS version, in order, typed.
//!
//! [`Target`] completes canonical batches: columns the source does not know are NULL; where a
//! source has one currency, the pricing-currency columns say the same as the billing ones; allowed
//! values are spelled as FOCUS spells them (`Usage-based` → `Usage-Based`). [`Sink`] writes.

mod sink;

use crate::canonical::Kind;
use crate::spec::{Dataset, FocusVersion, Format, column, columns};
use arrow::array::{ArrayRef, AsArray, RecordBatch, StringArray, new_null_array};
use arrow::datatypes::{Field, Schema, SchemaRef};
use arrow::error::ArrowError;
use std::sync::Arc;

pub use sink::{Sink, SinkError};

/// The columns of one FOCUS version, and how a source fills them.
#[derive(Debug)]
pub struct Target {
    schema: SchemaRef,
    wanted: Vec<String>,
    native: bool,
}

impl Target {
    /// For a source that yields these canonical columns. `native` sources have one price per
    /// charge, so their pricing currency is filled.
    #[must_use]
    pub fn new(version: FocusVersion, yields: &Schema, native: bool) -> Self {
        let columns = columns(Dataset::CostAndUsage, version).map(|column| column.id);
        let custom =
            yields.fields().iter().map(|field| field.name().as_str()).filter(|name| name.starts_with("x_"));
        let fields: Vec<Field> =
            columns.chain(custom).map(|name| Field::new(name, Kind::of(name).data_type(), true)).collect();
        let wanted = fields
            .iter()
            .map(Field::name)
            .filter(|name| yields.field_with_name(name).is_ok())
            .cloned()
            .collect();
        Self { schema: Arc::new(Schema::new(fields)), wanted, native }
    }

    /// Columns of the output.
    #[must_use]
    pub fn schema(&self) -> SchemaRef {
        Arc::clone(&self.schema)
    }

    /// The canonical columns to ask of the source.
    #[must_use]
    pub fn wanted(&self) -> Vec<&str> {
        self.wanted.iter().map(String::as_str).collect()
    }

    /// A batch of the wanted columns, completed.
    ///
    /// # Errors
    /// When the batch has not the wanted columns.
    pub fn complete(&self, batch: &RecordBatch) -> Result<RecordBatch, ArrowError> {
        let arrays = self.schema.fields().iter().map(|field| self.column(batch, field)).collect();
        RecordBatch::try_new(Arc::clone(&self.schema), arrays)
    }

    fn column(&self, batch: &RecordBatch, field: &Field) -> ArrayRef {
        if let Some(own) = batch.column_by_name(field.name()) {
            return spelled(field.name(), own);
        }
        let same_as = match field.name().as_str() {
            "PricingCurrency" if self.native => Some("BillingCurrency"),
            "PricingCurrencyContractedUnitPrice" => Some("ContractedUnitPrice"),
            "PricingCurrencyEffectiveCost" => Some("EffectiveCost"),
            "PricingCurrencyListUnitPrice" => Some("ListUnitPrice"),
            _ => None,
        };
        let filled = same_as
            .filter(|_| self.native && one_currency(batch))
            .and_then(|name| batch.column_by_name(name));
        filled.map_or_else(|| new_null_array(field.data_type(), batch.num_rows()), Arc::clone)
    }
}

/// Whether prices are in the currency of the bill in all rows.
fn one_currency(batch: &RecordBatch) -> bool {
    match (batch.column_by_name("PricingCurrency"), batch.column_by_name("BillingCurrency")) {
        (Some(pricing), Some(billing)) => pricing == billing,
        (None, Some(_)) => true,
        _ => false,
    }
}

/// Allowed values as FOCUS spells them; other texts and columns stay.
fn spelled(id: &str, array: &ArrayRef) -> ArrayRef {
    // Service categories are many: a wrong one is no matter of case.
    let Some(Format::OneOf(allowed)) =
        column(Dataset::CostAndUsage, id).map(|column| column.format).filter(|_| id != "ServiceCategory")
    else {
        return Arc::clone(array);
    };
    let text = array.as_string::<i32>();
    let right = |value: &str| allowed.contains(&value);
    if text.iter().flatten().all(right) {
        return Arc::clone(array);
    }
    let fixed = text.iter().map(|cell| {
        cell.map(|value| allowed.iter().find(|own| own.eq_ignore_ascii_case(value)).copied().unwrap_or(value))
    });
    Arc::new(fixed.collect::<StringArray>())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_version_has_its_own_columns() {
        // claim A2
        let of = |version| {
            let target = Target::new(version, &Schema::empty(), true);
            target.schema().fields().iter().map(|field| field.name().clone()).collect::<Vec<_>>()
        };
        let (v12, v14) = (of(FocusVersion::V1_2), of(FocusVersion::V1_4));
        assert_eq!((v12.len(), v14.len()), (57, 65));
        assert!(v12.contains(&"ProviderName".to_owned()) && !v14.contains(&"ProviderName".to_owned()));
        for new in [
            "ServiceProviderName",
            "HostProviderName",
            "ContractApplied",
            "CommitmentProgramEligibilityDetails",
        ] {
            assert!(v14.contains(&new.to_owned()) && !v12.contains(&new.to_owned()), "{new}");
        }
    }

    #[test]
    fn allowed_values_get_their_spelling() {
        let dirty: ArrayRef = Arc::new(StringArray::from(vec![Some("Usage-based"), None, Some("Sometimes")]));
        let fixed = spelled("ChargeFrequency", &dirty);
        assert_eq!(
            fixed.as_string::<i32>().iter().collect::<Vec<_>>(),
            [Some("Usage-Based"), None, Some("Sometimes")]
        );
    }
}
