//! Deliveries: which objects are, together, one complete write of one billing period.
//!
//! Clouds re-deliver a month many times, in files that arrive one by one, and keep old runs
//! beside new ones. Adding all of them up multiplies the bill. So the objects of a source are
//! never "a glob": [`discover`] sorts them into [`Delivery`]s, keeps the newest complete one of
//! each (export, dataset, billing period), and says about everything else why it was left out.
//!
//! Refused: data whose manifest has not arrived, a manifest that names an object which is not
//! there or lies outside the source, two exports of the same charges (both are named, neither is
//! counted). A manifest is untrusted input: its size and the number of its files are bounded.
//!
//! Sources for the layouts, read 2026-11-22: AWS "Understanding export delivery"
//! (`docs.aws.amazon.com/cur/latest/userguide/dataexports-export-delivery.html`) and "Understanding
//! your report versions"; Microsoft "Tutorial: Improved exports experience" and the finops-toolkit's
//! `docs-mslearn/toolkit/hubs/data-processing.md`; Google "Export Cloud Billing data to BigQuery".

mod diff;
mod discover;
mod format;
mod manifest;
mod overlap;
mod path;
mod plain;
mod refusal;
mod runs;
mod same_rows;
#[cfg(test)]
mod tests;

pub use diff::{Change, Changes};
pub use discover::{Limits, discover};
pub use format::FileFormat;
pub use overlap::{refuse_copies, refuse_overlaps};
pub use refusal::{Ignored, OverlapSide, Refusal};
pub use same_rows::refuse_same_rows;

use bursar_domain::id::DeliveryId;
use bursar_domain::{BillingPeriod, DateRange};
use bursar_focus::dialect::Dialect;
use chrono::{DateTime, Utc};
use sha2::{Digest, Sha256};
use std::fmt;

/// What a source holds: its newest complete deliveries, and what is not counted and why.
///
/// Its JSON form is what Bursar stores between runs; the rows stay where they are.
#[derive(Debug, Clone, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Catalogue {
    /// The newest complete delivery of each (export, dataset, billing period), sorted by these.
    pub deliveries: Vec<Delivery>,
    /// Deliveries that are there and not counted. An empty list means nothing is missing.
    pub refused: Vec<Refusal>,
    /// Objects that are no cost data, with the reason; at most [`Limits::ignored`] of them.
    pub ignored: Vec<Ignored>,
    /// How many more objects were ignored than `ignored` names.
    pub ignored_beyond: u64,
    /// Objects of older deliveries, replaced by the ones in `deliveries`.
    pub superseded: Totals,
}

/// How many objects and bytes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Totals {
    /// Number of objects.
    pub objects: u64,
    /// Their size together.
    pub size_bytes: u64,
}

/// One complete write of one (export, dataset, billing period).
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Delivery {
    /// Digest of the manifest, or of the set of (path, ETag, size): another content, another id.
    pub id: DeliveryId,
    /// What the columns mean, where the layout or the manifest tells; else the reader recognises it.
    pub dialect: Option<Dialect>,
    /// What the rows are.
    pub dataset: Dataset,
    /// The export that wrote it: its folder, without the parts that name a time or a run.
    /// A later delivery of the same export, dataset and period replaces this one.
    pub export: String,
    /// Whose charges these are, where the manifest tells: `aws:<payer account>`,
    /// `azure:<billing scope>`. Two exports of one scope overlap.
    pub scope: Option<String>,
    /// The month of the invoice, where the layout or the manifest tells. The rows decide.
    pub billing_period: Option<BillingPeriod>,
    /// The days it is a full account of, where the layout or the manifest tells.
    pub covers: Option<DateRange>,
    /// The objects, sorted by path. Never empty, unless the manifest says there are none.
    pub objects: Vec<ObjectRef>,
    /// When it was complete: the manifest's own time of writing, else the newest object's.
    pub delivered_at: DateTime<Utc>,
    /// The manifest's path, if there is one.
    pub manifest: Option<String>,
    /// Rows, by the manifest's word.
    pub rows_declared: Option<u64>,
    /// `aws`, `azure`, `gcp`, `oci` or what a `provider=` folder says.
    pub provider: Option<String>,
    /// The `key=value` folders common to all objects, outermost first, as they are spelled.
    pub partitions: Vec<Partition>,
}

impl Delivery {
    /// What a later delivery must have in common with this one to replace it.
    #[must_use]
    pub fn key(&self) -> DeliveryKey {
        DeliveryKey {
            export: self.export.clone(),
            dataset: self.dataset,
            billing_period: self.billing_period,
        }
    }

    /// Size of all objects.
    #[must_use]
    pub fn size_bytes(&self) -> u64 {
        self.objects.iter().map(|object| object.size_bytes).sum()
    }
}

/// The place a delivery takes: the newest of a key is the truth.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, serde::Serialize, serde::Deserialize)]
pub struct DeliveryKey {
    /// The export's folder.
    pub export: String,
    /// What the rows are.
    pub dataset: Dataset,
    /// The month.
    pub billing_period: Option<BillingPeriod>,
}

impl fmt::Display for DeliveryKey {
    /// For messages: ``export `team/daily`, actual-cost, 2026-10``.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let export = if self.export.is_empty() { "." } else { &self.export };
        write!(f, "export `{export}`, {}", self.dataset)?;
        match self.billing_period {
            Some(period) => write!(f, ", {period}"),
            None => Ok(()),
        }
    }
}

/// What the rows of a delivery are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Dataset {
    /// Charges: FOCUS Cost and Usage, or a native export with both billed and amortised cost.
    CostAndUsage,
    /// Azure: charges as invoiced, one half of the bill.
    ActualCost,
    /// Azure: charges with commitments spread, the other half.
    AmortizedCost,
    /// FOCUS Contract Commitment.
    ContractCommitment,
    /// FOCUS Invoice Detail.
    InvoiceDetail,
    /// FOCUS Billing Period.
    BillingPeriod,
    /// Nothing says; the columns will.
    Unknown,
}

impl Dataset {
    /// The name in messages and JSON.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::CostAndUsage => "cost-and-usage",
            Self::ActualCost => "actual-cost",
            Self::AmortizedCost => "amortized-cost",
            Self::ContractCommitment => "contract-commitment",
            Self::InvoiceDetail => "invoice-detail",
            Self::BillingPeriod => "billing-period",
            Self::Unknown => "unknown",
        }
    }
}

impl From<bursar_focus::spec::Dataset> for Dataset {
    fn from(dataset: bursar_focus::spec::Dataset) -> Self {
        match dataset {
            bursar_focus::spec::Dataset::CostAndUsage => Self::CostAndUsage,
            bursar_focus::spec::Dataset::ContractCommitment => Self::ContractCommitment,
            bursar_focus::spec::Dataset::InvoiceDetail => Self::InvoiceDetail,
            bursar_focus::spec::Dataset::BillingPeriod => Self::BillingPeriod,
        }
    }
}

impl fmt::Display for Dataset {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// One object of a delivery, as it was when the source was listed.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct ObjectRef {
    /// Path in the store (not in the prefix).
    pub path: String,
    /// Size.
    pub size_bytes: u64,
    /// The store's tag of this content. Reads carry it, so that a changed object is noticed.
    pub etag: Option<String>,
    /// When it was written.
    pub last_modified: DateTime<Utc>,
    /// How to read it.
    pub format: FileFormat,
    /// The `key=value` folders above it, outermost first, as they are spelled.
    pub partitions: Vec<Partition>,
}

/// One `key=value` folder of a path.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, serde::Serialize, serde::Deserialize)]
pub struct Partition {
    /// The key as spelled, such as `billing_period` or `BILLING_PERIOD`.
    pub key: String,
    /// The value, percent-decoded; `None` for Hive's `__HIVE_DEFAULT_PARTITION__`.
    pub value: Option<String>,
}

/// The id of a delivery: the digest of its manifest, if it has one, and of its objects' names,
/// tags and sizes.
///
/// A manifest alone would not do: one that is copied with changed files is another delivery.
fn identity(manifest: Option<&[u8; 32]>, objects: &[ObjectRef]) -> DeliveryId {
    let mut digest = Sha256::new();
    if let Some(manifest) = manifest {
        digest.update(manifest);
    }
    for object in objects {
        for part in [object.path.as_bytes(), object.etag.as_deref().unwrap_or_default().as_bytes()] {
            digest.update(u64::try_from(part.len()).unwrap_or(u64::MAX).to_le_bytes());
            digest.update(part);
        }
        digest.update(object.size_bytes.to_le_bytes());
    }
    let digest: [u8; 32] = digest.finalize().into();
    let mut number = [0; 16];
    number.copy_from_slice(digest.get(..16).unwrap_or(&[0; 16]));
    DeliveryId::from_u128(u128::from_be_bytes(number))
}
