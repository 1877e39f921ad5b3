//! What exports are known to leave out or to do differently, so that a page about a source can say
//! it before somebody trips over it.
//!
//! Sources, read 2026-11: AWS "FOCUS 1.2 with AWS columns" conformance page
//! (docs.aws.amazon.com/cur, table-dictionary-focus-1-2-aws-conformance); Microsoft "FOCUS conformance
//! summary" (learn.microsoft.com/cloud-computing/finops/focus); Google "FOCUS export" (docs.cloud.google.com/billing);
//! observations on public samples are marked as such in the text.

use super::Dialect;
use crate::spec::FocusVersion;

/// Whose export a file is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Exporter {
    /// AWS Data Exports.
    Aws,
    /// Azure Cost Management exports.
    Microsoft,
    /// The BigQuery exports of Google Cloud.
    Google,
    /// OCI cost reports.
    Oracle,
}

impl Exporter {
    pub(super) const fn of(dialect: Dialect) -> Option<Self> {
        match dialect {
            Dialect::Focus(_) => None,
            Dialect::AwsCurLegacy | Dialect::AwsCur2 => Some(Self::Aws),
            Dialect::AzureActual | Dialect::AzureAmortized => Some(Self::Microsoft),
            Dialect::GcpDetailed => Some(Self::Google),
            Dialect::Oci => Some(Self::Oracle),
        }
    }
}

/// A known difference between an export and the specification, or between a native export and what
/// FOCUS needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Gap {
    /// The FOCUS columns concerned.
    pub columns: &'static [&'static str],
    /// What is different, as a sentence without full stop.
    pub what: &'static str,
}

const fn gap(columns: &'static [&'static str], what: &'static str) -> Gap {
    Gap { columns, what }
}

/// The known gaps of a provider's FOCUS export.
pub(super) fn of_focus(exporter: Exporter, version: FocusVersion) -> Vec<Gap> {
    let mut gaps = match exporter {
        Exporter::Aws => vec![
            gap(
                &["ContractedUnitPrice", "ListUnitPrice", "PricingUnit", "SkuId", "SkuPriceId"],
                "may be empty on some usage, so cost cannot be worked out from price and quantity there",
            ),
            gap(
                &["InvoiceIssuerName", "PublisherName"],
                "may be empty although the specification asks for a value",
            ),
            gap(&["Tags"], "delivered as a map; user tags carry a prefix only where AWS adds one"),
        ],
        Exporter::Microsoft => vec![
            gap(
                &["ListCost", "ContractedCost", "ListUnitPrice", "ContractedUnitPrice"],
                "0 for Marketplace charges and for reservation usage of MCA accounts until the price sheet is joined; savings worked out from them are wrong",
            ),
            gap(&["SkuPriceId"], "does not name a single price"),
            gap(&["PublisherName"], "empty on reservations"),
            gap(&["InvoiceId"], "not delivered for EA accounts"),
            gap(&["ServiceName", "ServiceCategory"], "empty or too general on purchases"),
            gap(
                &[
                    "CapacityReservationId",
                    "CapacityReservationStatus",
                    "CommitmentDiscountQuantity",
                    "AvailabilityZone",
                ],
                "not delivered",
            ),
            gap(
                &["ResourceName", "ResourceId", "CommitmentDiscountId"],
                "capitals differ from day to day; compare without them",
            ),
        ],
        Exporter::Google => vec![
            gap(&["Tags"], "delivered as x_Tags, a list of key, value, inheritance and namespace"),
            gap(
                &["BillingPeriodStart", "BillingPeriodEnd"],
                "the export is a preview, appends only and keeps two years",
            ),
        ],
        Exporter::Oracle => vec![
            gap(
                &["ProviderName", "PublisherName", "InvoiceIssuerName", "RegionId"],
                "delivered under the names of an early draft (provider, publisher, invoiceissuer, region)",
            ),
            gap(&["ChargeFrequency"], "written as Usage-based in public samples, with a small b"),
            gap(&["ContractedCost"], "missing from rows of public samples"),
            gap(&["ChargePeriodStart", "ChargePeriodEnd"], "times come without seconds"),
        ],
    };
    if version == FocusVersion::V1_0 && exporter == Exporter::Microsoft {
        gaps.push(gap(
            &["BillingAccountType", "SubAccountType", "InvoiceId", "PricingCurrency", "SkuMeter"],
            "delivered early, the last three as x_InvoiceId, x_PricingCurrency and x_SkuMeterName",
        ));
    }
    gaps
}

/// What a native export cannot give a FOCUS bill.
pub(super) fn of_native(dialect: Dialect) -> Vec<Gap> {
    match dialect {
        Dialect::Focus(_) => Vec::new(),
        Dialect::AwsCurLegacy | Dialect::AwsCur2 => vec![
            gap(
                &["EffectiveCost", "BilledCost"],
                "split cost rows of ECS and EKS repeat cost and are left out of totals",
            ),
            gap(&["CommitmentDiscountStatus"], "unused commitment is derived from the recurring fee rows"),
            gap(&["ServiceSubcategory"], "not in the report; derived from the product where known"),
        ],
        Dialect::AzureActual | Dialect::AzureAmortized => vec![
            gap(
                &["BilledCost", "EffectiveCost"],
                "each file has one of the two: actual cost has the purchases, amortized cost has the usage they cover; both files of a month are needed",
            ),
            gap(&["ListCost", "ContractedCost"], "missing or 0 without the price sheet"),
            gap(&["InvoiceId"], "not in EA exports"),
        ],
        Dialect::GcpDetailed => vec![
            gap(
                &["EffectiveCost"],
                "fees and credits of commitments are rows of their own and are matched by SKU",
            ),
            gap(
                &["BillingPeriodStart"],
                "the invoice month is Pacific time; charges near its edge are dated in UTC",
            ),
            gap(&["ResourceId"], "only the detailed export names resources"),
        ],
        Dialect::Oci => vec![
            gap(
                &["ListCost", "ContractedCost"],
                "the report has one price, so list and contracted cost equal it",
            ),
            gap(&["CommitmentDiscountId"], "not in the report; overage is marked instead"),
        ],
    }
}
