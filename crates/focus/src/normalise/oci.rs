//! Oracle Cloud Infrastructure cost reports (`reports/cost-csv`).
//!
//! Source: docs.oracle.com/iaas/Content/Billing/Concepts/costusagereportsoverview.htm. Decisions:
//!
//! * `cost/myCost` is what the line costs; on overage lines (`cost/overageFlag` `Y`, beyond the
//!   subscription's commitment) `cost/myCostOverage` is, where it is filled. Both FOCUS costs are
//!   that amount: a cost report knows no amortisation.
//! * A billing period is the calendar month (UTC) of the usage.
//! * Reports know no list price: `ListCost` is the contracted cost, `ListUnitPrice` is NULL.
//! * `lineItem/isCorrection` marks corrections.

use super::NativeDialect;
use super::lookup;
use super::money::product;
use super::native::{Names, Native, Rows, cell, constant, decimals, micros, texts, times, units};
use super::totals::{month_end, month_start};
use crate::canonical::string_column;
use arrow::array::{Array, ArrayRef, AsArray, Decimal128Array, StringArray, StringBuilder};
use std::sync::Arc;

/// A cost report.
#[derive(Debug)]
pub(super) struct Oci;

const START: &[&str] = &["lineitemintervalusagestart"];
const END: &[&str] = &["lineitemintervalusageend"];

fn is_yes(column: &StringArray, row: usize) -> bool {
    cell(column, row).is_some_and(|text| {
        text.eq_ignore_ascii_case("true")
            || text.eq_ignore_ascii_case("y")
            || text.eq_ignore_ascii_case("yes")
    })
}

/// Cost, price and quantity of a line, of its overage where it is overage.
struct Lines {
    cost: Decimal128Array,
    overage: Decimal128Array,
    flag: StringArray,
    price: Decimal128Array,
    price_overage: Decimal128Array,
    quantity: Decimal128Array,
    quantity_overage: Decimal128Array,
}

impl Lines {
    fn read(native: &Native<'_>) -> Self {
        Self {
            cost: native.decimal("costmycost"),
            overage: native.decimal("costmycostoverage"),
            flag: native.text("costoverageflag"),
            price: native.decimal("costunitprice"),
            price_overage: native.decimal("costunitpriceoverage"),
            quantity: native.decimal("usagebilledquantity"),
            quantity_overage: native.decimal("usagebilledquantityoverage"),
        }
    }

    fn is_overage(&self, row: usize) -> bool {
        is_yes(&self.flag, row) && self.overage.is_valid(row)
    }

    fn cost(&self, row: usize) -> Option<i128> {
        if self.is_overage(row) { units(&self.overage, row) } else { units(&self.cost, row) }
    }

    fn price(&self, row: usize) -> Option<i128> {
        let overage = self.is_overage(row).then(|| units(&self.price_overage, row)).flatten();
        overage.or_else(|| units(&self.price, row)).filter(|price| *price >= 0)
    }

    fn quantity(&self, row: usize) -> Option<i128> {
        let overage = self.is_overage(row).then(|| units(&self.quantity_overage, row)).flatten();
        overage.or_else(|| units(&self.quantity, row))
    }

    fn contracted(&self, row: usize) -> Option<i128> {
        self.price(row)
            .zip(self.quantity(row))
            .and_then(|(price, quantity)| product(price, quantity))
            .or_else(|| self.cost(row))
    }
}

impl NativeDialect for Oci {
    const NAME: &'static str = "OCI cost report";
    type Shared = ();

    fn required(&self) -> &'static [&'static [&'static str]] {
        &[&["cost/myCost", "cost/myCostOverage"], &["cost/currencyCode"], &["lineItem/intervalUsageStart"]]
    }

    fn further_outputs(&self, _names: &Names) -> Vec<&'static str> {
        vec![
            "x_BackReferenceNumber",
            "x_CompartmentId",
            "x_CompartmentName",
            "x_OverageFlag",
            "x_ReferenceNumber",
        ]
    }

    fn rows(&self, _native: &Native<'_>) -> Rows {
        Rows::default()
    }

    fn shared(&self, _native: &Native<'_>, _second: &[bool]) {}

    fn column(&self, name: &str, native: &Native<'_>, _shared: &()) -> Option<ArrayRef> {
        let rows = native.rows();
        let text = |keys: &[&'static str]| -> ArrayRef { Arc::new(native.text_of(keys)) };
        let tenant = || native.text_of(&["lineitemtenantid"]);
        Some(match name {
            "AvailabilityZone" => text(&["productavailabilitydomain"]),
            "BillingAccountId" => {
                let (subscription, tenant) = (native.text("costsubscriptionid"), tenant());
                texts(rows, |row| cell(&subscription, row).or_else(|| cell(&tenant, row)))
            }
            "BillingAccountType" => {
                let (subscription, tenant) = (native.text("costsubscriptionid"), tenant());
                texts(rows, |row| {
                    cell(&subscription, row)
                        .map(|_| "Subscription")
                        .or_else(|| cell(&tenant, row).map(|_| "Tenancy"))
                })
            }
            "BillingAccountName" | "ResourceName" | "SubAccountName" => Arc::new(native.no_text()),
            "BillingCurrency" => text(&["costcurrencycode"]),
            "BilledCost" | "EffectiveCost" => {
                let lines = Lines::read(native);
                for row in (0..rows).filter(|row| lines.cost(*row).is_none()) {
                    native.fault(row, "costmycost", String::new(), "is empty: a charge needs a cost");
                }
                decimals(rows, |row| lines.cost(row))
            }
            "ContractedCost" | "ListCost" => {
                let lines = Lines::read(native);
                decimals(rows, |row| lines.contracted(row))
            }
            "ContractedUnitPrice" => {
                let lines = Lines::read(native);
                decimals(rows, |row| lines.price(row))
            }
            "ListUnitPrice" => decimals(rows, |_| None),
            "ConsumedQuantity" | "PricingQuantity" => {
                let lines = Lines::read(native);
                decimals(rows, |row| lines.quantity(row))
            }
            "ConsumedUnit" | "PricingUnit" => {
                let (lines, unit) = (
                    Lines::read(native),
                    native.text_of(&["costskuunitdescription", "costbillingunitreadable"]),
                );
                texts(rows, |row| {
                    lines
                        .quantity(row)
                        .and_then(|_| cell(&unit, row).map_or(Some("Units"), |unit| Some(unit_of(unit))))
                })
            }
            "BillingPeriodStart" | "BillingPeriodEnd" => {
                let start = native.time_of(START);
                let of = if name == "BillingPeriodStart" { month_start } else { month_end };
                times(rows, |row| micros(&start, row).and_then(of))
            }
            "ChargePeriodStart" => Arc::new(native.time_of(START)),
            "ChargePeriodEnd" => {
                let (start, end) = (native.time_of(START), native.time_of(END));
                times(rows, |row| micros(&end, row).or_else(|| micros(&start, row)))
            }
            "ChargeCategory" => constant(rows, "Usage"),
            "ChargeClass" => {
                let correction = native.text("lineitemiscorrection");
                texts(rows, |row| is_yes(&correction, row).then_some("Correction"))
            }
            "ChargeDescription" => text(&["productdescription"]),
            "ChargeFrequency" => constant(rows, "Usage-Based"),
            "PricingCategory" => constant(rows, "Standard"),
            "HostProviderName"
            | "InvoiceIssuerName"
            | "ProviderName"
            | "PublisherName"
            | "ServiceProviderName" => constant(rows, "Oracle"),
            "RegionId" | "RegionName" => text(&["productregion"]),
            "ResourceId" => text(&["productresourceid"]),
            "ResourceType" => {
                let (id, kind) = (native.text("productresourceid"), native.text("productresource"));
                texts(rows, |row| {
                    let id = cell(&id, row)?;
                    type_of(id).or_else(|| cell(&kind, row)).or(Some("resource"))
                })
            }
            "ServiceCategory" | "ServiceSubcategory" => {
                let service = native.text("productservice");
                texts(rows, |row| {
                    let found = cell(&service, row).map_or(lookup::OTHER, lookup::oci_service);
                    Some(if name == "ServiceCategory" { found.category } else { found.subcategory })
                })
            }
            "ServiceName" => {
                let service = native.text("productservice");
                texts(rows, |row| cell(&service, row).or(Some("Oracle Cloud Infrastructure")))
            }
            "SkuId" | "SkuPriceId" => text(&["costproductsku"]),
            "SkuMeter" => {
                let (sku, description) = (native.text("costproductsku"), native.text("productdescription"));
                texts(rows, |row| cell(&sku, row).and_then(|_| cell(&description, row)))
            }
            "SubAccountId" => Arc::new(tenant()),
            "SubAccountType" => {
                let tenant = tenant();
                texts(rows, |row| cell(&tenant, row).map(|_| "Tenancy"))
            }
            "Tags" => tags(native),
            "x_BackReferenceNumber" => text(&["lineitembackreferenceno"]),
            "x_CompartmentId" => text(&["productcompartmentid"]),
            "x_CompartmentName" => text(&["productcompartmentname"]),
            "x_OverageFlag" => text(&["costoverageflag"]),
            "x_ReferenceNumber" => text(&["lineitemreferenceno"]),
            _ => return None,
        })
    }
}

/// The kind in an OCID (`ocid1.<kind>.oc1…`).
fn type_of(id: &str) -> Option<&str> {
    id.strip_prefix("ocid1.")?.split('.').next().filter(|kind| !kind.is_empty())
}

/// A unit as FOCUS UnitFormat spells it, for the spellings OCI has most; others stay.
fn unit_of(native: &str) -> &str {
    match native {
        "OCPU Hours" | "OCPU Per Hour" | "OCPU Hour" => "OCPU-Hours",
        "Gigabyte Hours" | "Gigabyte Per Hour" | "GB Hours" => "GB-Hours",
        "Gigabyte Storage Capacity Per Month" | "Gigabyte Per Month" | "GB Months" => "GB-Months",
        "Gigabyte Outbound Data Transfer Per Month" => "GB",
        "Hour" | "Per Hour" => "Hours",
        other => other,
    }
}

/// `tags/key` columns as one object; the key is what follows the slash.
fn tags(native: &Native<'_>) -> ArrayRef {
    let mut columns = Vec::new();
    for name in native.names().all() {
        let Some(key) = name.strip_prefix("tags/").filter(|key| !key.is_empty()) else { continue };
        if let Some(array) = native.named(name) {
            let mut shown = String::new();
            super::aws::push_json(&mut shown, key);
            columns.push((shown, string_column(name, &array).array));
        }
    }
    let mut out = StringBuilder::with_capacity(native.rows(), native.rows() * 16);
    let mut object = String::new();
    for row in 0..native.rows() {
        object.clear();
        for (key, column) in &columns {
            if let Some(value) = cell(column.as_string::<i32>(), row) {
                object.push(if object.is_empty() { '{' } else { ',' });
                object.push_str(key);
                object.push(':');
                super::aws::push_json(&mut object, value);
            }
        }
        if object.is_empty() {
            out.append_null();
        } else {
            object.push('}');
            out.append_value(&object);
        }
    }
    Arc::new(out.finish())
}
