//! Canonical charges: the one typed form every reader produces and every consumer sees.
//!
//! Real exports write the same column as text, double, decimal, dictionary, map or list, with
//! literal `NULL`s and half a dozen date forms. The kernels here turn any of these into one type
//! per kind of column and report every cell they could not read. They refuse to guess: a cell
//! that cannot be typed becomes NULL *and* a [`Fault`], never a zero.
//!
//! Types: text and JSON = `Utf8`, decimals = `Decimal128(38, 18)`, times = `Timestamp(µs)`
//! without zone, meaning UTC.

mod decimal;
mod tags;
mod text;
mod time;

pub use decimal::{DecimalFault, decimal_column, decimal_of_f64, decimal_of_text};
pub use tags::{KeyMatch, tag_value, tags_column};
pub use text::{is_null_text, string_column};
pub use time::{datetime_column, datetime_of_text};

use arrow::array::ArrayRef;
use arrow::datatypes::{DataType, TimeUnit};

/// Arrow type of money and quantities.
pub const DECIMAL: DataType = DataType::Decimal128(38, 18);
/// Arrow type of points in time (UTC).
pub const DATETIME: DataType = DataType::Timestamp(TimeUnit::Microsecond, None);

/// A cell that could not be typed. The cell reads as NULL; the fault says what stood there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// Row within the batch, from 0.
    pub row: usize,
    /// FOCUS column id (or native column name before normalising).
    pub column: String,
    /// The text that stood there, at most [`SHOWN_CHARS`] characters.
    pub value: String,
    /// Why it cannot be typed; lower case, no full stop.
    pub reason: &'static str,
}

/// How much of an offending value is kept for messages.
pub const SHOWN_CHARS: usize = 64;

/// A typed column and the cells that could not be typed.
#[derive(Debug, Clone)]
pub struct Typed {
    /// The column; same length as the input.
    pub array: ArrayRef,
    /// Cells read as NULL because they could not be typed.
    pub faults: Vec<Fault>,
    /// Decimals with more than 18 digits after the point, rounded half to even at the 18th.
    pub rounded: usize,
}

impl Typed {
    /// A column without any fault.
    #[must_use]
    pub fn clean(array: ArrayRef) -> Self {
        Self { array, faults: Vec::new(), rounded: 0 }
    }
}

/// The kind of a canonical column.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Kind {
    /// Text.
    Text,
    /// Money, prices and quantities.
    Decimal,
    /// A point in time.
    DateTime,
    /// The `Tags` family: a flat JSON object.
    Tags,
    /// Other JSON.
    Json,
}

impl Kind {
    /// The kind of a FOCUS column, whatever dataset it is in; custom columns are text.
    #[must_use]
    pub fn of(column: &str) -> Self {
        match column {
            "Tags" | "AllocatedTags" => Self::Tags,
            "BilledCost"
            | "CommitmentDiscountQuantity"
            | "ConsumedQuantity"
            | "ContractedCost"
            | "ContractedUnitPrice"
            | "EffectiveCost"
            | "ListCost"
            | "ListUnitPrice"
            | "PricingCurrencyContractedUnitPrice"
            | "PricingCurrencyEffectiveCost"
            | "PricingCurrencyListUnitPrice"
            | "PricingQuantity"
            | "ContractCommitmentCost"
            | "ContractCommitmentQuantity"
            | "ContractCommitmentDiscountPercentage"
            | "ContractCommitmentPaymentUpfrontPercentage"
            | "PricingCurrencyContractCommitmentCost"
            | "PaymentCurrencyBilledCost" => Self::Decimal,
            "BillingPeriodStart"
            | "BillingPeriodEnd"
            | "ChargePeriodStart"
            | "ChargePeriodEnd"
            | "ContractCommitmentPeriodStart"
            | "ContractCommitmentPeriodEnd"
            | "ContractPeriodStart"
            | "ContractPeriodEnd"
            | "ContractCommitmentCreated"
            | "ContractCommitmentLastUpdated"
            | "InvoiceDetailCreated"
            | "InvoiceDetailLastUpdated"
            | "InvoiceIssueDate"
            | "PaymentDueDate"
            | "BillingPeriodCreated"
            | "BillingPeriodLastUpdated" => Self::DateTime,
            "SkuPriceDetails"
            | "AllocatedMethodDetails"
            | "ContractApplied"
            | "CommitmentProgramEligibilityDetails"
            | "ContractCommitmentApplicability"
            | "InvoiceDetailGrain" => Self::Json,
            _ => Self::Text,
        }
    }

    /// Its Arrow type in canonical batches.
    #[must_use]
    pub fn data_type(self) -> DataType {
        match self {
            Self::Text | Self::Tags | Self::Json => DataType::Utf8,
            Self::Decimal => DECIMAL,
            Self::DateTime => DATETIME,
        }
    }
}

/// Types any column as its canonical kind.
#[must_use]
pub fn typed_column(column: &str, kind: Kind, array: &ArrayRef) -> Typed {
    match kind {
        Kind::Text | Kind::Json => string_column(column, array),
        Kind::Decimal => decimal_column(column, array),
        Kind::DateTime => datetime_column(column, array),
        Kind::Tags => tags_column(column, array),
    }
}

/// A value for a message: cut to [`SHOWN_CHARS`].
fn shown(value: &str) -> String {
    value.chars().take(SHOWN_CHARS).collect()
}
