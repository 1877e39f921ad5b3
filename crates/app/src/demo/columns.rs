//! The columns of the three exports, and a charge's value in each.

use super::charge::{Charge, Frame};
use super::company::Provider;
use bursar_domain::Amount;
use chrono::NaiveDate;
use std::borrow::Cow;

/// A cell, before a file format gives it bytes.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Value<'a> {
    Null,
    Text(Cow<'a, str>),
    Number(Amount),
    Day(NaiveDate),
    Tags(&'a [(String, String)]),
}

/// What a column holds, whatever the row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Text,
    Number,
    Day,
    Tags,
}

macro_rules! columns {
    ($($variant:ident $name:literal $kind:ident;)*) => {
        /// One column of an export.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub(super) enum Column { $(#[doc = $name] $variant,)* }

        impl Column {
            /// The name in the file.
            pub(super) const fn name(self) -> &'static str {
                match self { $(Self::$variant => $name,)* }
            }

            pub(super) const fn kind(self) -> Kind {
                match self { $(Self::$variant => Kind::$kind,)* }
            }
        }
    };
}

columns! {
    AvailabilityZone "AvailabilityZone" Text;
    BilledCost "BilledCost" Number;
    BillingAccountId "BillingAccountId" Text;
    BillingAccountName "BillingAccountName" Text;
    BillingAccountType "BillingAccountType" Text;
    BillingCurrency "BillingCurrency" Text;
    BillingPeriodEnd "BillingPeriodEnd" Day;
    BillingPeriodStart "BillingPeriodStart" Day;
    CapacityReservationId "CapacityReservationId" Text;
    CapacityReservationStatus "CapacityReservationStatus" Text;
    ChargeCategory "ChargeCategory" Text;
    ChargeClass "ChargeClass" Text;
    ChargeDescription "ChargeDescription" Text;
    ChargeFrequency "ChargeFrequency" Text;
    ChargePeriodEnd "ChargePeriodEnd" Day;
    ChargePeriodStart "ChargePeriodStart" Day;
    CommitmentDiscountCategory "CommitmentDiscountCategory" Text;
    CommitmentDiscountId "CommitmentDiscountId" Text;
    CommitmentDiscountName "CommitmentDiscountName" Text;
    CommitmentDiscountQuantity "CommitmentDiscountQuantity" Number;
    CommitmentDiscountStatus "CommitmentDiscountStatus" Text;
    CommitmentDiscountType "CommitmentDiscountType" Text;
    CommitmentDiscountUnit "CommitmentDiscountUnit" Text;
    ConsumedQuantity "ConsumedQuantity" Number;
    ConsumedUnit "ConsumedUnit" Text;
    ContractedCost "ContractedCost" Number;
    ContractedUnitPrice "ContractedUnitPrice" Number;
    EffectiveCost "EffectiveCost" Number;
    InvoiceId "InvoiceId" Text;
    InvoiceIssuerName "InvoiceIssuerName" Text;
    ListCost "ListCost" Number;
    ListUnitPrice "ListUnitPrice" Number;
    PricingCategory "PricingCategory" Text;
    PricingCurrency "PricingCurrency" Text;
    PricingQuantity "PricingQuantity" Number;
    PricingUnit "PricingUnit" Text;
    ProviderName "ProviderName" Text;
    PublisherName "PublisherName" Text;
    RegionId "RegionId" Text;
    RegionName "RegionName" Text;
    ResourceId "ResourceId" Text;
    ResourceName "ResourceName" Text;
    ResourceType "ResourceType" Text;
    ServiceCategory "ServiceCategory" Text;
    ServiceName "ServiceName" Text;
    ServiceSubcategory "ServiceSubcategory" Text;
    SkuId "SkuId" Text;
    SkuMeter "SkuMeter" Text;
    SkuPriceDetails "SkuPriceDetails" Text;
    SkuPriceId "SkuPriceId" Text;
    SubAccountId "SubAccountId" Text;
    SubAccountName "SubAccountName" Text;
    SubAccountType "SubAccountType" Text;
    Tags "Tags" Tags;
    XServiceCode "x_ServiceCode" Text;
    XUsageType "x_UsageType" Text;
    XOperation "x_Operation" Text;
    XAmortizationClass "x_AmortizationClass" Text;
    XBillingProfileName "x_BillingProfileName" Text;
    XBillingExchangeRate "x_BillingExchangeRate" Number;
    XCostCenter "x_CostCenter" Text;
    XInvoiceSectionName "x_InvoiceSectionName" Text;
    XPricingBlockSize "x_PricingBlockSize" Number;
    XPricingUnitDescription "x_PricingUnitDescription" Text;
    XResourceGroupName "x_ResourceGroupName" Text;
    XSkuMeterCategory "x_SkuMeterCategory" Text;
    XSkuMeterId "x_SkuMeterId" Text;
    XSkuRegion "x_SkuRegion" Text;
    XCostType "x_CostType" Text;
    XInvoiceMonth "x_InvoiceMonth" Text;
    XServiceId "x_ServiceId" Text;
}

use Column as C;

/// The columns that all three exports have, in FOCUS 1.2's order.
const FOCUS: &[Column] = &[
    C::BilledCost,
    C::BillingAccountId,
    C::BillingAccountName,
    C::BillingAccountType,
    C::BillingCurrency,
    C::BillingPeriodEnd,
    C::BillingPeriodStart,
    C::CapacityReservationId,
    C::CapacityReservationStatus,
    C::ChargeCategory,
    C::ChargeClass,
    C::ChargeDescription,
    C::ChargeFrequency,
    C::ChargePeriodEnd,
    C::ChargePeriodStart,
    C::CommitmentDiscountCategory,
    C::CommitmentDiscountId,
    C::CommitmentDiscountName,
    C::CommitmentDiscountQuantity,
    C::CommitmentDiscountStatus,
    C::CommitmentDiscountType,
    C::CommitmentDiscountUnit,
    C::ConsumedQuantity,
    C::ConsumedUnit,
    C::ContractedCost,
    C::ContractedUnitPrice,
    C::EffectiveCost,
    C::InvoiceId,
    C::InvoiceIssuerName,
    C::ListCost,
    C::ListUnitPrice,
    C::PricingCategory,
    C::PricingCurrency,
    C::PricingQuantity,
    C::PricingUnit,
    C::ProviderName,
    C::PublisherName,
    C::RegionId,
    C::RegionName,
    C::ResourceId,
    C::ResourceName,
    C::ResourceType,
    C::ServiceCategory,
    C::ServiceName,
    C::ServiceSubcategory,
    C::SkuId,
    C::SkuMeter,
    C::SkuPriceDetails,
    C::SkuPriceId,
    C::SubAccountId,
    C::SubAccountName,
    C::SubAccountType,
    C::Tags,
];

/// The columns of a provider's export, in its order: FOCUS first, then its own.
pub(super) fn of(provider: Provider) -> Vec<Column> {
    let (before, after): (&[Column], &[Column]) = match provider {
        Provider::Aws => (&[C::AvailabilityZone], &[C::XOperation, C::XServiceCode, C::XUsageType]),
        // FocusCost 1.2-preview; a selection of its x_ columns.
        Provider::Azure => (
            &[],
            &[
                C::XAmortizationClass,
                C::XBillingExchangeRate,
                C::XBillingProfileName,
                C::XCostCenter,
                C::XInvoiceSectionName,
                C::XPricingBlockSize,
                C::XPricingUnitDescription,
                C::XResourceGroupName,
                C::XSkuMeterCategory,
                C::XSkuMeterId,
                C::XSkuRegion,
            ],
        ),
        Provider::Gcp => (&[C::AvailabilityZone], &[C::XCostType, C::XInvoiceMonth, C::XServiceId]),
    };
    before.iter().chain(FOCUS).chain(after).copied().collect()
}

fn text<'a>(value: Option<&'a str>) -> Value<'a> {
    value.map_or(Value::Null, |value| Value::Text(Cow::Borrowed(value)))
}

fn number<'a>(value: Option<Amount>) -> Value<'a> {
    value.map_or(Value::Null, Value::Number)
}

/// The charge's value in the column.
pub(super) fn value<'a>(column: Column, charge: &'a Charge<'_>, frame: &'a Frame<'_>) -> Value<'a> {
    let terms = frame.terms;
    let commitment = charge.commitment.as_ref();
    let (region, resource, sku) = (charge.region, charge.resource.as_ref(), charge.sku.as_ref());
    match column {
        C::AvailabilityZone => text(charge.zone),
        C::BilledCost => Value::Number(charge.billed),
        C::BillingAccountId => text(Some(frame.billing_account_id)),
        C::BillingAccountName | C::XBillingProfileName => text(Some(frame.billing_account_name)),
        C::BillingAccountType => text(Some(terms.billing_account_type)),
        C::BillingCurrency | C::PricingCurrency => text(Some(terms.currency)),
        C::BillingPeriodEnd => Value::Day(frame.end),
        C::BillingPeriodStart => Value::Day(frame.start),
        C::CapacityReservationId | C::CapacityReservationStatus => Value::Null,
        C::ChargeCategory => text(Some(charge.category)),
        C::ChargeClass => text(charge.correction.then_some("Correction")),
        C::ChargeDescription => text(Some(&charge.description)),
        C::ChargeFrequency => text(Some(charge.frequency)),
        C::ChargePeriodEnd => Value::Day(charge.period.1),
        C::ChargePeriodStart => Value::Day(charge.period.0),
        C::CommitmentDiscountCategory => text(commitment.map(|c| c.commitment.category())),
        C::CommitmentDiscountId => text(commitment.map(|c| c.commitment.id.as_str())),
        C::CommitmentDiscountName => text(commitment.map(|c| c.commitment.name.as_str())),
        C::CommitmentDiscountQuantity => number(commitment.map(|c| c.quantity)),
        C::CommitmentDiscountStatus => text(commitment.and_then(|c| c.status)),
        C::CommitmentDiscountType => text(commitment.map(|c| c.commitment.label)),
        C::CommitmentDiscountUnit => text(commitment.map(|c| c.commitment.unit())),
        C::ConsumedQuantity => number(charge.consumed.map(|(quantity, _)| quantity)),
        C::ConsumedUnit => text(charge.consumed.map(|(_, unit)| unit)),
        C::ContractedCost => Value::Number(charge.contracted),
        C::ContractedUnitPrice => number(charge.contracted_price.map(|price| price.amount())),
        C::EffectiveCost => Value::Number(charge.effective),
        C::InvoiceId => text(frame.invoice.as_deref()),
        C::InvoiceIssuerName => text(Some(terms.issuer)),
        C::ListCost => Value::Number(charge.list),
        C::ListUnitPrice => number(charge.list_price.map(|price| price.amount())),
        C::PricingCategory => text(charge.pricing_category),
        C::PricingQuantity => number(charge.pricing.map(|(quantity, _)| quantity)),
        C::PricingUnit | C::XPricingUnitDescription => text(charge.pricing.map(|(_, unit)| unit)),
        C::ProviderName => text(Some(terms.provider_name)),
        C::PublisherName => text(Some(charge.publisher)),
        C::RegionId => text(region.map(|region| region.id)),
        C::RegionName => text(region.map(|region| region.name)),
        C::ResourceId => text(resource.map(|resource| resource.id)),
        C::ResourceName => text(resource.and_then(|resource| resource.name)),
        C::ResourceType => text(resource.map(|resource| resource.kind)),
        C::ServiceCategory => text(Some(charge.service.category)),
        C::ServiceName | C::XSkuMeterCategory => text(Some(charge.service.name)),
        C::ServiceSubcategory => text(Some(charge.service.subcategory)),
        C::SkuId => text(sku.map(|sku| sku.id)),
        C::SkuMeter => text(sku.map(|sku| sku.meter)),
        C::SkuPriceDetails => text(sku.and_then(|sku| sku.details)),
        C::SkuPriceId => text(sku.map(|sku| sku.price_id).filter(|id| !id.is_empty())),
        C::SubAccountId => text(Some(&charge.account.id)),
        C::SubAccountName => text(Some(&charge.account.name)),
        C::SubAccountType => text(Some(terms.sub_account_type)),
        C::Tags => Value::Tags(charge.tags),
        C::XServiceCode | C::XServiceId => text(Some(charge.service.code)),
        C::XUsageType | C::XSkuMeterId => text(sku.map(|sku| sku.usage_type)),
        C::XOperation => text(sku.map(|sku| sku.operation).filter(|operation| !operation.is_empty())),
        C::XAmortizationClass => {
            text(commitment.map(|c| if c.status.is_some() { "Amortized Charge" } else { "Principal" }))
        }
        C::XBillingExchangeRate | C::XPricingBlockSize => {
            number(sku.map(|_| super::money::Quantity::whole(1).amount()))
        }
        C::XCostCenter => text(Some(super::company::cost_center(charge.account.team))),
        C::XInvoiceSectionName => text(Some(charge.account.team)),
        C::XResourceGroupName => text(resource.and_then(|resource| resource_group(resource.id))),
        C::XSkuRegion => text(region.map(|region| region.prefix)),
        C::XCostType => text(Some(match charge.category {
            "Tax" => "tax",
            "Credit" => "adjustment",
            _ => "regular",
        })),
        C::XInvoiceMonth => Value::Text(Cow::Owned(frame.start.format("%Y%m").to_string())),
    }
}

fn resource_group(id: &str) -> Option<&str> {
    id.split_once("/resourcegroups/").and_then(|(_, rest)| rest.split('/').next())
}
