//! Why an object cannot be read as charges.

use bursar_focus::normalise::NormaliseError;
use bursar_focus::read::ReadError;

/// Why the charges of a source cannot be read. Each names the object.
#[derive(Debug, thiserror::Error)]
pub enum ChargesError {
    /// The columns are of no known bill.
    #[error("`{object}` is no cost export that can be read: its columns ({}) are neither FOCUS nor a native export; expected columns such as BilledCost, lineItem/UnblendedCost, CostInBillingCurrency", .columns.join(", "))]
    NotRecognised {
        /// Full name of the object.
        object: String,
        /// The first columns.
        columns: Vec<String>,
    },
    /// Azure actual and amortized exports have the same columns.
    #[error(
        "`{object}` is an Azure cost export without a manifest: say which with a dialect, azure-actual or azure-amortized"
    )]
    WhichAzure {
        /// Full name of the object.
        object: String,
    },
    /// Not the Parquet file its name promises.
    #[error(
        "`{object}` is not a readable Parquet file: {detail}; it is damaged or was not written completely"
    )]
    Parquet {
        /// Full name of the object.
        object: String,
        /// What the reader said.
        detail: String,
    },
    /// Not the text table its name promises.
    #[error("`{object}` {error}{}", because(.error))]
    Text {
        /// Full name of the object.
        object: String,
        /// What is wrong; said in the message, with its cause.
        error: ReadError,
    },
    /// The dialect needs columns that the object lacks.
    #[error("`{object}`: {error}")]
    Normalise {
        /// Full name of the object.
        object: String,
        /// What is missing.
        error: NormaliseError,
    },
    /// The storage refused, failed, or the object changed.
    #[error(transparent)]
    Source(#[from] crate::location::SourceError),
}

/// The cause of a reader's error, which its own text leaves out.
fn because(error: &ReadError) -> String {
    std::error::Error::source(error).map(|cause| format!(": {cause}")).unwrap_or_default()
}
