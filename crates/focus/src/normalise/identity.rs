//! FOCUS files of any version: typing, aliases, and the provider columns that changed names.
//!
//! 1.3 named `ServiceProviderName` and `HostProviderName` what 1.0 to 1.2 called `ProviderName`
//! and `PublisherName`, and 1.4 removed the latter. Each is filled from the other where a file has
//! only one. Custom columns (`x_…`) pass through as text. Values stay as they are: a NULL price
//! stays NULL, and what breaks a rule is for the conformance check to say.

use super::native::{Names, Native, cell, key_of, texts};
use super::{NormaliseError, Normalised, Normaliser, wanted};
use crate::canonical::{Fault, Kind, typed_column};
use crate::spec::{Dataset, FocusVersion, all_columns};
use arrow::array::{Array, ArrayRef, AsArray, RecordBatch, new_null_array};
use arrow::datatypes::{Field, Schema, SchemaRef};
use std::collections::HashSet;
use std::sync::Arc;

/// Names under which files have a column besides its own, as keys.
fn aliases(column: &str) -> &'static [&'static str] {
    match column {
        "InvoiceId" => &["xinvoiceid"],
        "PricingCurrency" => &["xpricingcurrency"],
        "SkuMeter" => &["xskumetername"],
        "ProviderName" => &["provider"],
        "PublisherName" => &["publisher"],
        "InvoiceIssuerName" => &["invoiceissuer"],
        "RegionId" => &["region"],
        "RegionName" => &["region"],
        _ => &[],
    }
}

/// Columns that say the same of another version, in order of preference.
fn fillers(column: &str) -> &'static [&'static str] {
    match column {
        "ProviderName" => &["ServiceProviderName", "PublisherName", "HostProviderName"],
        "ServiceProviderName" => &["ProviderName", "HostProviderName"],
        "HostProviderName" => &["ProviderName", "ServiceProviderName"],
        "PublisherName" => &["ServiceProviderName", "ProviderName"],
        _ => &[],
    }
}

/// A FOCUS file.
#[derive(Debug)]
pub(super) struct Identity {
    names: Names,
    columns: SchemaRef,
    output: SchemaRef,
}

impl Identity {
    pub(super) fn new(_version: FocusVersion, columns: &Schema) -> Self {
        let names = Names::new(columns);
        let own = |column: &str| Self::source(&names, column).is_some();
        let mut fields: Vec<Field> = all_columns(Dataset::CostAndUsage)
            .iter()
            .map(|column| column.id)
            .filter(|column| own(column) || fillers(column).iter().any(|filler| own(filler)))
            .map(|column| Field::new(column, Kind::of(column).data_type(), true))
            .collect();
        let taken: HashSet<String> =
            fields.iter().filter_map(|field| Self::source(&names, field.name())).collect();
        for name in names.all() {
            if name.starts_with("x_")
                && !taken.contains(name)
                && !fields.iter().any(|field| field.name() == name)
            {
                fields.push(Field::new(name, Kind::Text.data_type(), true));
            }
        }
        Self { names, columns: Arc::new(columns.clone()), output: Arc::new(Schema::new(fields)) }
    }

    /// The file's column for a canonical one.
    fn source(names: &Names, column: &str) -> Option<String> {
        if names.all().iter().any(|name| name == column) {
            return Some(column.to_owned());
        }
        let keys = std::iter::once(key_of(column)).chain(aliases(column).iter().map(|key| (*key).to_owned()));
        keys.filter(|_| !column.starts_with("x_"))
            .find_map(|key| names.all().iter().find(|name| key_of(name) == key).cloned())
    }

    fn own(
        &self,
        native: &Native<'_>,
        column: &str,
        faults: &mut Vec<Fault>,
        rounded: &mut usize,
    ) -> Option<ArrayRef> {
        let array = native.named(&Self::source(&self.names, column)?)?;
        let typed = typed_column(column, Kind::of(column), &array);
        faults.extend(typed.faults);
        *rounded += typed.rounded;
        Some(typed.array)
    }

    fn column(
        &self,
        native: &Native<'_>,
        column: &str,
        faults: &mut Vec<Fault>,
        rounded: &mut usize,
    ) -> ArrayRef {
        let mut found = self.own(native, column, faults, rounded);
        for filler in fillers(column) {
            if found.as_ref().is_some_and(|array| array.null_count() == 0 && native.rows() > 0) {
                break;
            }
            let Some(other) = self.own(native, filler, &mut Vec::new(), &mut 0) else { continue };
            found = Some(match found {
                None => other,
                Some(own) => {
                    let (own, other) = (own.as_string::<i32>(), other.as_string::<i32>());
                    texts(native.rows(), |row| cell(own, row).or_else(|| cell(other, row)))
                }
            });
        }
        found.unwrap_or_else(|| new_null_array(&Kind::of(column).data_type(), native.rows()))
    }
}

impl Normaliser for Identity {
    fn output(&self) -> SchemaRef {
        Arc::clone(&self.output)
    }

    fn needs(&self, outputs: &[&str]) -> Vec<String> {
        let empty = RecordBatch::new_empty(Arc::clone(&self.columns));
        let native = Native::new(&empty, &self.names);
        for column in outputs {
            let _ = self.column(&native, column, &mut Vec::new(), &mut 0);
        }
        native.touched()
    }

    fn convert(&self, batch: &RecordBatch, outputs: &[&str]) -> Result<Normalised, NormaliseError> {
        let schema = wanted(&self.output, outputs)?;
        let native = Native::new(batch, &self.names);
        let (mut faults, mut rounded) = (Vec::new(), 0);
        let arrays =
            outputs.iter().map(|column| self.column(&native, column, &mut faults, &mut rounded)).collect();
        let rows = u32::try_from(batch.num_rows()).unwrap_or(u32::MAX);
        let options = arrow::array::RecordBatchOptions::new().with_row_count(Some(batch.num_rows()));
        let batch = RecordBatch::try_new_with_options(schema, arrays, &options)?;
        Ok(Normalised { batch, origin: (0..rows).collect(), dropped: Vec::new(), faults, rounded })
    }
}
