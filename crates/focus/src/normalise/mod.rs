//! Native billing exports as FOCUS.
//!
//! Each dialect is one file: which native columns make which FOCUS column, which rows go out, and
//! which native rows become two. A [`Normaliser`] is stateless and works batch by batch, so the
//! same code converts files and queries native exports in place; it reads only what the wanted
//! columns need.
//!
//! It refuses to guess: a cell that cannot be typed reads as NULL and is reported as a
//! [`Fault`], a row that is left out is counted with its reason, an unknown price stays NULL and
//! never becomes a saving. Money is exact: sums of `BilledCost` and `EffectiveCost` equal the
//! native sums of [`totals`], which are computed from native columns by other code.
//!
//! Sources of the mappings are named in each dialect's file (pages read in November 2026).

mod aws;
mod azure;
mod gcp;
mod identity;
mod lookup;
mod money;
mod native;
mod oci;
pub mod totals;

use crate::canonical::Fault;
use crate::dialect::Dialect;
use arrow::array::{BooleanArray, RecordBatch, UInt32Array};
use arrow::compute::{filter_record_batch, take_record_batch};
use arrow::datatypes::{Field, Schema, SchemaRef};
use native::{Names, Native, Rows};
use std::fmt::Debug;
use std::sync::Arc;

/// Rows of a batch that were left out, for one reason.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Dropped {
    /// How many.
    pub rows: usize,
    /// Why; lower case, no full stop.
    pub reason: &'static str,
}

/// A converted batch.
#[derive(Debug, Clone)]
pub struct Normalised {
    /// Exactly the wanted columns, in the wanted order.
    pub batch: RecordBatch,
    /// For every row of `batch` the row of the native batch it came from. A native row can go
    /// out twice (a commitment fee and its unused part).
    pub origin: Vec<u32>,
    /// Native rows that are no charges of this dataset.
    pub dropped: Vec<Dropped>,
    /// Cells that could not be typed; `row` counts in the native batch, `column` is native. They
    /// read as NULL in `batch`: the caller decides whether the row is quarantined.
    pub faults: Vec<Fault>,
    /// Decimals with more than 18 digits after the point, rounded half to even at the 18th.
    pub rounded: usize,
}

/// Why a batch or file cannot be normalised.
#[derive(Debug, thiserror::Error)]
pub enum NormaliseError {
    /// Columns without which the dialect has no meaning.
    #[error("this is no {dialect} export: column {} is missing", .missing.join(", "))]
    MissingColumns {
        /// The dialect asked for.
        dialect: &'static str,
        /// The columns, as the provider spells them.
        missing: Vec<String>,
    },
    /// A column was asked for that this dialect does not yield.
    #[error("column `{0}` cannot be made from this export")]
    UnknownColumn(String),
    /// Arrow refused; a bug of ours or a damaged batch.
    #[error("the batch cannot be converted")]
    Arrow(#[from] arrow::error::ArrowError),
}

/// Native rows in, canonical FOCUS rows out. Stateless per batch.
pub trait Normaliser: Send + Sync + Debug {
    /// Canonical columns this export yields, in canonical order.
    fn output(&self) -> SchemaRef;
    /// Native columns needed to make these canonical columns, including those that decide which
    /// rows go out.
    fn needs(&self, outputs: &[&str]) -> Vec<String>;
    /// Converts; the output batch holds exactly `outputs`, in that order.
    ///
    /// # Errors
    /// When a column is asked for that [`Normaliser::output`] does not list.
    fn convert(&self, batch: &RecordBatch, outputs: &[&str]) -> Result<Normalised, NormaliseError>;
}

/// The normaliser of a dialect for a file with these columns.
///
/// # Errors
/// When columns are missing without which the dialect has no meaning.
pub fn normaliser(dialect: Dialect, columns: &Schema) -> Result<Box<dyn Normaliser>, NormaliseError> {
    match dialect {
        Dialect::Focus(version) => Ok(Box::new(identity::Identity::new(version, columns))),
        Dialect::AwsCurLegacy => native(aws::Aws::legacy(), columns),
        Dialect::AwsCur2 => native(aws::Aws::cur2(), columns),
        Dialect::AzureActual => native(azure::Azure::actual(), columns),
        Dialect::AzureAmortized => native(azure::Azure::amortized(), columns),
        Dialect::GcpDetailed => native(gcp::Gcp, columns),
        Dialect::Oci => native(oci::Oci, columns),
    }
}

/// What a native dialect's file has to say.
trait NativeDialect: Send + Sync + Debug {
    /// For messages.
    const NAME: &'static str;
    /// Per batch: what several columns share, read once.
    type Shared;

    /// Native columns without which nothing can be said: each is a list of alternatives.
    fn required(&self) -> &'static [&'static [&'static str]];
    /// The canonical columns this file yields beyond [`OUTPUTS`].
    fn further_outputs(&self, names: &Names) -> Vec<&'static str>;
    /// Which rows go out, and which twice.
    fn rows(&self, native: &Native<'_>) -> Rows;
    /// Reads what several columns share. `second` marks the second of a doubled row.
    fn shared(&self, native: &Native<'_>, second: &[bool]) -> Self::Shared;
    /// One canonical column.
    fn column(
        &self,
        name: &str,
        native: &Native<'_>,
        shared: &Self::Shared,
    ) -> Option<arrow::array::ArrayRef>;
}

/// The FOCUS columns that every provider's own export yields.
const OUTPUTS: [&str; 44] = [
    "AvailabilityZone",
    "BilledCost",
    "BillingAccountId",
    "BillingAccountName",
    "BillingAccountType",
    "BillingCurrency",
    "BillingPeriodEnd",
    "BillingPeriodStart",
    "ChargeCategory",
    "ChargeClass",
    "ChargeDescription",
    "ChargeFrequency",
    "ChargePeriodEnd",
    "ChargePeriodStart",
    "ConsumedQuantity",
    "ConsumedUnit",
    "ContractedCost",
    "ContractedUnitPrice",
    "EffectiveCost",
    "HostProviderName",
    "InvoiceIssuerName",
    "ListCost",
    "ListUnitPrice",
    "PricingCategory",
    "PricingQuantity",
    "PricingUnit",
    "ProviderName",
    "PublisherName",
    "RegionId",
    "RegionName",
    "ResourceId",
    "ResourceName",
    "ResourceType",
    "ServiceCategory",
    "ServiceName",
    "ServiceProviderName",
    "ServiceSubcategory",
    "SkuId",
    "SkuMeter",
    "SkuPriceId",
    "SubAccountId",
    "SubAccountName",
    "SubAccountType",
    "Tags",
];

/// Those of commitments, of exports that tell which commitment a charge belongs to.
const COMMITMENT_OUTPUTS: [&str; 7] = [
    "CommitmentDiscountCategory",
    "CommitmentDiscountId",
    "CommitmentDiscountName",
    "CommitmentDiscountQuantity",
    "CommitmentDiscountStatus",
    "CommitmentDiscountType",
    "CommitmentDiscountUnit",
];

fn native<D: NativeDialect + 'static>(
    dialect: D,
    columns: &Schema,
) -> Result<Box<dyn Normaliser>, NormaliseError> {
    let names = Names::new(columns);
    let missing: Vec<String> = dialect
        .required()
        .iter()
        .filter(|any| !any.iter().any(|name| names.has(name)))
        .map(|any| any.join(" or "))
        .collect();
    if !missing.is_empty() {
        return Err(NormaliseError::MissingColumns { dialect: D::NAME, missing });
    }
    let mut outputs = OUTPUTS.to_vec();
    outputs.extend(dialect.further_outputs(&names));
    // As the specification lists its columns; a provider's own come last.
    outputs.sort_unstable();
    let fields: Vec<Field> = outputs
        .into_iter()
        .map(|name| Field::new(name, crate::canonical::Kind::of(name).data_type(), true))
        .collect();
    Ok(Box::new(OfDialect {
        dialect,
        names,
        columns: Arc::new(columns.clone()),
        output: Arc::new(Schema::new(fields)),
    }))
}

#[derive(Debug)]
struct OfDialect<D> {
    dialect: D,
    names: Names,
    columns: SchemaRef,
    output: SchemaRef,
}

impl<D: NativeDialect> Normaliser for OfDialect<D> {
    fn output(&self) -> SchemaRef {
        Arc::clone(&self.output)
    }

    fn needs(&self, outputs: &[&str]) -> Vec<String> {
        // Reading is recorded on a batch without rows: what conversion touches is what it needs.
        let empty = RecordBatch::new_empty(Arc::clone(&self.columns));
        let native = Native::new(&empty, &self.names);
        let _ = self.dialect.rows(&native);
        let shared = self.dialect.shared(&native, &[]);
        for name in outputs {
            let _ = self.dialect.column(name, &native, &shared);
        }
        native.touched()
    }

    fn convert(&self, batch: &RecordBatch, outputs: &[&str]) -> Result<Normalised, NormaliseError> {
        let wanted = wanted(&self.output, outputs)?;
        let whole = Native::new(batch, &self.names);
        let rows = self.dialect.rows(&whole);
        let (mut faults, mut rounded) = whole.finish();
        let (chosen, origin, second) = choose(batch, &rows)?;
        let native = Native::new(&chosen, &self.names);
        let shared = self.dialect.shared(&native, &second);
        let mut arrays = Vec::with_capacity(outputs.len());
        for name in outputs {
            let array = self.dialect.column(name, &native, &shared);
            arrays.push(array.ok_or_else(|| NormaliseError::UnknownColumn((*name).to_owned()))?);
        }
        let (new_faults, new_rounded) = native.finish();
        rounded += new_rounded;
        for mut fault in new_faults {
            fault.row = origin.get(fault.row).map_or(fault.row, |row| *row as usize);
            if !faults.contains(&fault) {
                faults.push(fault);
            }
        }
        let options = arrow::array::RecordBatchOptions::new().with_row_count(Some(origin.len()));
        let batch = RecordBatch::try_new_with_options(wanted, arrays, &options)?;
        Ok(Normalised { batch, origin, dropped: rows.dropped, faults, rounded })
    }
}

/// The schema of the wanted columns.
fn wanted(output: &Schema, outputs: &[&str]) -> Result<SchemaRef, NormaliseError> {
    let fields: Result<Vec<_>, _> = outputs
        .iter()
        .map(|name| {
            output
                .field_with_name(name)
                .cloned()
                .map_err(|_| NormaliseError::UnknownColumn((*name).to_owned()))
        })
        .collect();
    Ok(Arc::new(Schema::new(fields?)))
}

/// The batch with rows left out and doubled.
fn choose(batch: &RecordBatch, rows: &Rows) -> Result<(RecordBatch, Vec<u32>, Vec<bool>), NormaliseError> {
    let count = u32::try_from(batch.num_rows()).unwrap_or(u32::MAX);
    let drops = rows.keep.as_ref();
    let doubles = rows.double.as_ref();
    match (drops, doubles) {
        (None, None) => Ok((batch.clone(), (0..count).collect(), Vec::new())),
        (Some(keep), None) => {
            let origin = (0..count).zip(keep).filter(|(_, kept)| **kept).map(|(row, _)| row).collect();
            Ok((filter_record_batch(batch, &BooleanArray::from(keep.clone()))?, origin, Vec::new()))
        }
        (_, Some(double)) => {
            let (mut origin, mut second) = (Vec::new(), Vec::new());
            for (row, twice) in (0..count).zip(double) {
                if drops.is_some_and(|keep| !keep[row as usize]) {
                    continue;
                }
                origin.push(row);
                second.push(false);
                if *twice {
                    origin.push(row);
                    second.push(true);
                }
            }
            Ok((take_record_batch(batch, &UInt32Array::from(origin.clone()))?, origin, second))
        }
    }
}
