//! Google Cloud detailed usage cost, as BigQuery exports it (JSON lines, or Parquet with structs
//! and lists).
//!
//! Sources: docs.cloud.google.com/billing/docs/how-to/export-data-bigquery-tables (detailed usage,
//! FOCUS export). Decisions:
//!
//! * `BilledCost` and `EffectiveCost` are `cost` plus its `credits`, negative or not: nothing is
//!   clamped. Google's commitments are paid as they run, so amortised is billed.
//! * A commitment's fee (`Commitment…` SKUs) becomes a purchase (billed, effective 0) and a row of
//!   usage that spends it (billed 0, effective the fee). The usage it covers carries a credit that
//!   takes its cost away. The export does not say which part of a fee went unused.
//! * `invoice.month` is a month in Google's billing time zone, US Pacific: a period begins at
//!   07:00 or 08:00 UTC.
//! * `ListCost` is `cost_at_list` where the export has it, else `cost`.
//! * Labels, resource tags and project labels are tags; a resource's own win over inherited ones.

use super::aws::push_json;
use super::lookup;
use super::money::{ONE, quotient};
use super::native::{Names, Native, Rows, cell, constant, decimals, texts, times, units};
use super::{COMMITMENT_OUTPUTS, NativeDialect};
use crate::canonical::{decimal_column, string_column};
use arrow::array::{
    Array, ArrayRef, AsArray, Decimal128Array, ListArray, StringArray, StringBuilder, StructArray,
};
use arrow::compute::{cast, is_null, nullif};
use arrow::datatypes::{DataType, Decimal128Type};
use chrono::NaiveDate;
use std::collections::HashSet;
use std::sync::Arc;

/// The detailed (or standard) usage cost export.
#[derive(Debug)]
pub(super) struct Gcp;

/// Which rows are commitment fees, and which are the second of one.
#[derive(Debug)]
pub(super) struct Fees {
    fee: Vec<bool>,
    second: Vec<bool>,
    regular: Vec<bool>,
}

impl Fees {
    fn second(&self, row: usize) -> bool {
        self.second.get(row).copied().unwrap_or(false)
    }
}

/// A field of a struct column (or a flattened column), as an array.
fn field(native: &Native<'_>, path: &[&str]) -> Option<ArrayRef> {
    let flat: String = path.iter().map(|part| super::native::key_of(part)).collect();
    if let Some(array) = native.array(&flat) {
        return Some(array);
    }
    let (first, rest) = path.split_first()?;
    rest.iter().try_fold(native.array(&super::native::key_of(first))?, |array, name| {
        child(array.as_struct_opt()?, name)
    })
}

/// A struct's field; NULL where the struct is.
fn child(parent: &StructArray, name: &str) -> Option<ArrayRef> {
    let array = parent.column_by_name(name)?;
    if parent.null_count() == 0 {
        return Some(Arc::clone(array));
    }
    let gone = is_null(parent).ok()?;
    nullif(array, &gone).ok()
}

fn text(native: &Native<'_>, path: &[&str]) -> StringArray {
    match field(native, path) {
        Some(array) => string_column(path[path.len() - 1], &array).array.as_string::<i32>().clone(),
        None => native.no_text(),
    }
}

fn decimal(native: &Native<'_>, path: &[&str]) -> Decimal128Array {
    let array = match field(native, path) {
        Some(array) => {
            let typed = decimal_column(&path.join("."), &array);
            for fault in typed.faults {
                native.fault(fault.row, &fault.column, fault.value, fault.reason);
            }
            typed.array
        }
        None => arrow::array::new_null_array(&crate::canonical::DECIMAL, native.rows()),
    };
    array.as_primitive::<Decimal128Type>().clone()
}

/// A list of structs, flattened: fields of all elements, and which elements are a row's.
struct Elements {
    list: ListArray,
}

impl Elements {
    fn read(native: &Native<'_>, path: &[&str]) -> Option<Self> {
        let array = field(native, path)?;
        let list = match array.data_type() {
            DataType::List(_) => array.as_list::<i32>().clone(),
            DataType::LargeList(item) => {
                cast(&array, &DataType::List(Arc::clone(item))).ok()?.as_list::<i32>().clone()
            }
            // JSON text of a flattened export.
            _ => return None,
        };
        matches!(list.value_type(), DataType::Struct(_)).then_some(Self { list })
    }

    fn of(&self, row: usize) -> std::ops::Range<usize> {
        let offsets = self.list.value_offsets();
        let at = |row: usize| usize::try_from(offsets[row]).unwrap_or(0);
        if self.list.is_null(row) { 0..0 } else { at(row)..at(row + 1) }
    }

    fn text(&self, name: &str) -> StringArray {
        let values = self.list.values().as_struct();
        match child(values, name) {
            Some(array) => string_column(name, &array).array.as_string::<i32>().clone(),
            None => StringArray::new_null(values.len()),
        }
    }

    fn decimal(&self, native: &Native<'_>, name: &str) -> Decimal128Array {
        let values = self.list.values().as_struct();
        let Some(array) = child(values, name) else { return Decimal128Array::new_null(values.len()) };
        let typed = decimal_column(name, &array);
        for fault in typed.faults {
            if let Some(row) = (0..self.list.len()).find(|row| self.of(*row).contains(&fault.row)) {
                native.fault(row, "credits", fault.value, fault.reason);
            }
        }
        typed.array.as_primitive::<Decimal128Type>().clone()
    }
}

/// Cost and credits.
struct Money {
    cost: Decimal128Array,
    credits: Option<(Elements, Decimal128Array)>,
}

impl Money {
    fn read(native: &Native<'_>) -> Self {
        let credits = Elements::read(native, &["credits"]).map(|credits| {
            let amounts = credits.decimal(native, "amount");
            (credits, amounts)
        });
        Self { cost: native.decimal("cost"), credits }
    }

    fn total(&self, row: usize) -> Option<i128> {
        let cost = units(&self.cost, row)?;
        let Some((credits, amounts)) = &self.credits else { return Some(cost) };
        credits.of(row).try_fold(cost, |sum, at| sum.checked_add(units(amounts, at).unwrap_or(0)))
    }
}

/// The commitment whose credit pays a row: the index of its credit.
struct Cuds {
    credits: Option<Elements>,
    kinds: StringArray,
    ids: StringArray,
    names: StringArray,
    full_names: StringArray,
    subscription: StringArray,
}

impl Cuds {
    fn read(native: &Native<'_>) -> Self {
        let credits = Elements::read(native, &["credits"]);
        let of =
            |name| credits.as_ref().map_or_else(|| StringArray::new_null(0), |credits| credits.text(name));
        let (kinds, ids, names, full_names) = (of("type"), of("id"), of("name"), of("full_name"));
        Self {
            kinds,
            ids,
            names,
            full_names,
            credits,
            subscription: text(native, &["subscription", "instance_id"]),
        }
    }

    fn at(&self, row: usize) -> Option<usize> {
        let is_cud = |at: &usize| {
            cell(&self.kinds, *at).is_some_and(|kind| kind.starts_with("COMMITTED_USAGE_DISCOUNT"))
        };
        self.credits.as_ref()?.of(row).find(is_cud)
    }

    /// The commitment's id, on fees and on what they pay for.
    fn id(&self, fees: &Fees, row: usize) -> Option<&str> {
        let credit = self.at(row);
        if credit.is_none() && !fees.fee[row] {
            return None;
        }
        cell(&self.subscription, row)
            .or_else(|| cell(&self.ids, credit?))
            .or_else(|| cell(&self.full_names, credit?))
    }

    fn is_spend(&self, row: usize, sku: Option<&str>) -> bool {
        match self.at(row) {
            Some(at) => cell(&self.kinds, at) == Some("COMMITTED_USAGE_DISCOUNT_DOLLAR_BASE"),
            None => sku.is_some_and(|sku| sku.to_ascii_lowercase().contains("dollar based")),
        }
    }
}

/// First instant of an invoice month in US Pacific time, as UTC microseconds. Clocks there change
/// on the second Sunday of March and the first Sunday of November at 02:00, so the first of a
/// month is at UTC-7 from April to November and at UTC-8 else.
fn pacific_month(text: &str, after: u32) -> Option<i64> {
    let digits: String = text.chars().filter(char::is_ascii_digit).collect();
    let number: i32 = digits.parse().ok()?;
    let first = NaiveDate::from_ymd_opt(number / 100, u32::try_from(number % 100).ok()?, 1)?;
    let first = first.checked_add_months(chrono::Months::new(after))?;
    let hour = if (4..=11).contains(&chrono::Datelike::month(&first)) { 7 } else { 8 };
    Some(first.and_hms_opt(hour, 0, 0)?.and_utc().timestamp_micros())
}

impl NativeDialect for Gcp {
    const NAME: &'static str = "Google Cloud detailed usage cost";
    type Shared = Fees;

    fn required(&self) -> &'static [&'static [&'static str]] {
        &[
            &["cost"],
            &["currency"],
            &["usage_start_time"],
            &["service", "service.description"],
            &["sku", "sku.description"],
            &["invoice", "invoice.month"],
        ]
    }

    fn further_outputs(&self, _names: &Names) -> Vec<&'static str> {
        let mut all = COMMITMENT_OUTPUTS.to_vec();
        all.extend([
            "x_CostType",
            "x_Credits",
            "x_CurrencyConversionRate",
            "x_ExportTime",
            "x_InvoiceMonth",
            "x_ServiceId",
        ]);
        all
    }

    fn rows(&self, native: &Native<'_>) -> Rows {
        let double = fees(native).0;
        let any = double.iter().any(|fee| *fee);
        Rows { keep: None, double: any.then_some(double), dropped: Vec::new() }
    }

    fn shared(&self, native: &Native<'_>, second: &[bool]) -> Fees {
        let (fee, regular) = fees(native);
        Fees { fee, regular, second: second.to_vec() }
    }

    fn column(&self, name: &str, native: &Native<'_>, fees: &Fees) -> Option<ArrayRef> {
        let rows = native.rows();
        let own = |path: &[&str]| -> ArrayRef { Arc::new(text(native, path)) };
        Some(match name {
            "AvailabilityZone" => own(&["location", "zone"]),
            "BillingAccountId" => own(&["billing_account_id"]),
            "BillingAccountName" => Arc::new(native.no_text()),
            "BillingAccountType" => {
                let id = text(native, &["billing_account_id"]);
                texts(rows, |row| cell(&id, row).map(|_| "Billing Account"))
            }
            "BillingCurrency" => own(&["currency"]),
            "BillingPeriodStart" | "BillingPeriodEnd" => {
                let month = text(native, &["invoice", "month"]);
                let after = u32::from(name == "BillingPeriodEnd");
                for row in 0..rows {
                    if cell(&month, row).and_then(|month| pacific_month(month, 0)).is_none() {
                        native.fault(
                            row,
                            "invoice",
                            cell(&month, row).unwrap_or("").to_owned(),
                            "is no invoice month: expected YYYYMM",
                        );
                    }
                }
                times(rows, |row| pacific_month(cell(&month, row)?, after))
            }
            "ChargePeriodStart" => Arc::new(native.time_of(&["usagestarttime"])),
            "ChargePeriodEnd" => Arc::new(native.time_of(&["usageendtime"])),
            "ChargeDescription" => own(&["sku", "description"]),
            "SkuMeter" => {
                let (sku, meter) = (text(native, &["sku", "id"]), text(native, &["sku", "description"]));
                texts(rows, |row| {
                    cell(&sku, row).filter(|_| fees.regular[row]).and_then(|_| cell(&meter, row))
                })
            }
            "ChargeCategory" => {
                let kind = text(native, &["cost_type"]);
                texts(rows, |row| {
                    Some(match cell(&kind, row) {
                        Some("tax") => "Tax",
                        Some("adjustment" | "rounding_error") => "Adjustment",
                        Some("credit") => "Credit",
                        _ if fees.fee[row] && !fees.second(row) => "Purchase",
                        _ => "Usage",
                    })
                })
            }
            "ChargeClass" => {
                let (id, kind, mode) = (
                    text(native, &["adjustment_info", "id"]),
                    text(native, &["adjustment_info", "type"]),
                    text(native, &["adjustment_info", "mode"]),
                );
                texts(rows, |row| {
                    [&id, &kind, &mode].iter().any(|column| column.is_valid(row)).then_some("Correction")
                })
            }
            "ChargeFrequency" => texts(rows, |row| {
                Some(if fees.fee[row] && !fees.second(row) { "Recurring" } else { "Usage-Based" })
            }),
            "HostProviderName" | "ProviderName" | "InvoiceIssuerName" => constant(rows, "Google Cloud"),
            "PublisherName" | "ServiceProviderName" => {
                let seller = text(native, &["seller_name"]);
                texts(rows, |row| cell(&seller, row).or(Some("Google Cloud")))
            }
            "PricingCategory" => {
                let (cuds, model) = (Cuds::read(native), text(native, &["consumption_model", "description"]));
                texts(rows, |row| match (fees.regular[row], fees.fee[row] && !fees.second(row)) {
                    (false, _) => None,
                    (true, true) => Some("Standard"),
                    (true, false) => {
                        let committed = fees.second(row)
                            || cuds.at(row).is_some()
                            || cell(&model, row).is_some_and(|model| !model.eq_ignore_ascii_case("default"));
                        Some(if committed { "Committed" } else { "Standard" })
                    }
                })
            }
            "RegionId" | "RegionName" => {
                let (region, location) =
                    (text(native, &["location", "region"]), text(native, &["location", "location"]));
                texts(rows, |row| cell(&region, row).or_else(|| cell(&location, row)))
            }
            "ResourceId" => own(&["resource", "global_name"]),
            "ResourceName" => {
                let (id, shown) =
                    (text(native, &["resource", "global_name"]), text(native, &["resource", "name"]));
                texts(rows, |row| cell(&id, row).and_then(|_| cell(&shown, row)))
            }
            "ResourceType" => {
                let id = text(native, &["resource", "global_name"]);
                texts(rows, |row| cell(&id, row).map(type_of))
            }
            "ServiceCategory" | "ServiceSubcategory" => {
                let service = text(native, &["service", "description"]);
                texts(rows, |row| {
                    let found = cell(&service, row).map_or(lookup::OTHER, lookup::gcp_service);
                    Some(if name == "ServiceCategory" { found.category } else { found.subcategory })
                })
            }
            "ServiceName" => {
                let service = text(native, &["service", "description"]);
                texts(rows, |row| cell(&service, row).or(Some("Google Cloud")))
            }
            "SkuId" => {
                let sku = text(native, &["sku", "id"]);
                texts(rows, |row| cell(&sku, row).filter(|_| fees.regular[row]))
            }
            "SkuPriceId" => sku_price(native, fees),
            "SubAccountId" => own(&["project", "id"]),
            "SubAccountName" => own(&["project", "name"]),
            "SubAccountType" => {
                let id = text(native, &["project", "id"]);
                texts(rows, |row| cell(&id, row).map(|_| "Project"))
            }
            "Tags" => tags(native),
            "x_CostType" => own(&["cost_type"]),
            "x_Credits" => credits_json(native),
            "x_CurrencyConversionRate" => own(&["currency_conversion_rate"]),
            "x_ExportTime" => own(&["export_time"]),
            "x_InvoiceMonth" => own(&["invoice", "month"]),
            "x_ServiceId" => own(&["service", "id"]),
            _ => return Self::money(name, native, fees).or_else(|| Self::commitment(name, native, fees)),
        })
    }
}

/// Which rows are fees of commitments, and which are regular charges.
fn fees(native: &Native<'_>) -> (Vec<bool>, Vec<bool>) {
    let (sku, kind) = (text(native, &["sku", "description"]), text(native, &["cost_type"]));
    (0..native.rows())
        .map(|row| {
            let regular = cell(&kind, row).is_none_or(|kind| kind == "regular");
            let named = cell(&sku, row)
                .and_then(|sku| sku.get(..10))
                .is_some_and(|start| start.eq_ignore_ascii_case("commitment"));
            (regular && named, regular)
        })
        .unzip()
}

impl Gcp {
    fn money(name: &str, native: &Native<'_>, fees: &Fees) -> Option<ArrayRef> {
        let rows = native.rows();
        let (amount, block) = (
            || decimal(native, &["usage", "amount_in_pricing_units"]),
            || decimal(native, &["price", "pricing_unit_quantity"]),
        );
        // Prices are per `pricing_unit_quantity` units: that many are one unit of price.
        let priced = |amount: &Decimal128Array, block: &Decimal128Array, row: usize| {
            let block = units(block, row).filter(|block| *block > 0).unwrap_or(ONE);
            fees.regular[row].then(|| quotient(units(amount, row)?, block)).flatten()
        };
        Some(match name {
            "BilledCost" | "EffectiveCost" => {
                let money = Money::read(native);
                for row in (0..rows).filter(|row| money.cost.is_null(*row)) {
                    native.fault(row, "cost", String::new(), "is empty: a charge needs a cost");
                }
                // A fee is bought by its first row and spent by its second.
                let zero = |row: usize| fees.fee[row] && fees.second(row) == (name == "BilledCost");
                decimals(rows, |row| if zero(row) { money.total(row).map(|_| 0) } else { money.total(row) })
            }
            "ContractedCost" => {
                let cost = native.decimal("cost");
                decimals(rows, |row| units(&cost, row))
            }
            "ListCost" => {
                let (list, cost) = (native.decimal("costatlist"), native.decimal("cost"));
                decimals(rows, |row| units(&list, row).or_else(|| units(&cost, row)))
            }
            "ContractedUnitPrice" | "ListUnitPrice" => {
                let list = name == "ListUnitPrice";
                let price = decimal(
                    native,
                    if list { &["price", "list_price"] } else { &["price", "effective_price"] },
                );
                let cost = if list { native.decimal("costatlist") } else { native.decimal("cost") };
                let (amount, block) = (amount(), block());
                decimals(rows, |row| {
                    if !fees.regular[row] {
                        return None;
                    }
                    let quantity = priced(&amount, &block, row).filter(|quantity| *quantity != 0);
                    // Tiers and rounding make a cost that no one price makes: the average is then the price.
                    let fits = |price: &i128| {
                        let made = quantity
                            .zip(units(&cost, row))
                            .and_then(|(q, cost)| Some((super::money::product(*price, q)?, cost)));
                        made.is_none_or(|(made, cost)| {
                            (made - cost).abs() <= (cost.abs() / 1_000_000).max(1_000_000_000_000)
                        })
                    };
                    let own = units(&price, row).filter(fits);
                    own.or_else(|| quotient(units(&cost, row)?, quantity?)).filter(|price| *price >= 0)
                })
            }
            "PricingQuantity" => {
                let (amount, block) = (amount(), block());
                decimals(rows, |row| priced(&amount, &block, row))
            }
            "PricingUnit" => {
                let (amount, block, unit) = (amount(), block(), text(native, &["usage", "pricing_unit"]));
                let mut column = StringBuilder::with_capacity(rows, rows * 8);
                for row in 0..rows {
                    let unit = priced(&amount, &block, row).map(|_| cell(&unit, row).unwrap_or("units"));
                    match (unit, units(&block, row).filter(|block| *block > 0 && *block != ONE)) {
                        (Some(unit), Some(block)) => column.append_value(format!(
                            "{} {}",
                            bursar_domain::Amount::from_units(block),
                            unit_of(unit)
                        )),
                        (unit, _) => column.append_option(unit.map(unit_of)),
                    }
                }
                Arc::new(column.finish())
            }
            "ConsumedQuantity" => {
                let amount = decimal(native, &["usage", "amount"]);
                decimals(rows, |row| units(&amount, row).filter(|_| consumes(fees, row)))
            }
            "ConsumedUnit" => {
                let (amount, unit) =
                    (decimal(native, &["usage", "amount"]), text(native, &["usage", "unit"]));
                texts(rows, |row| {
                    units(&amount, row)
                        .filter(|_| consumes(fees, row))
                        .map(|_| unit_of(cell(&unit, row).unwrap_or("units")))
                })
            }
            _ => return None,
        })
    }

    fn commitment(name: &str, native: &Native<'_>, fees: &Fees) -> Option<ArrayRef> {
        let rows = native.rows();
        if !name.starts_with("CommitmentDiscount") {
            return None;
        }
        let (cuds, sku) = (Cuds::read(native), text(native, &["sku", "description"]));
        let spend = |row: usize| cuds.id(fees, row).map(|_| cuds.is_spend(row, cell(&sku, row)));
        Some(match name {
            "CommitmentDiscountId" => texts(rows, |row| cuds.id(fees, row)),
            "CommitmentDiscountName" => texts(rows, |row| {
                cuds.id(fees, row)?;
                match cuds.at(row) {
                    Some(at) => cell(&cuds.full_names, at).or_else(|| cell(&cuds.names, at)),
                    None => cell(&sku, row),
                }
            }),
            "CommitmentDiscountCategory" => {
                texts(rows, |row| Some(if spend(row)? { "Spend" } else { "Usage" }))
            }
            "CommitmentDiscountType" => {
                texts(rows, |row| cuds.id(fees, row).map(|_| "Committed Use Discount"))
            }
            "CommitmentDiscountStatus" => texts(rows, |row| {
                cuds.id(fees, row).filter(|_| !fees.fee[row] || fees.second(row)).map(|_| "Used")
            }),
            "CommitmentDiscountQuantity" | "CommitmentDiscountUnit" => {
                let (amount, unit) = (
                    decimal(native, &["usage", "amount_in_pricing_units"]),
                    text(native, &["usage", "pricing_unit"]),
                );
                let (money, currency) = (Money::read(native), text(native, &["currency"]));
                let quantity = |row: usize| match (spend(row)?, cuds.at(row), &money.credits) {
                    (true, Some(at), Some((_, amounts))) => units(amounts, at).map(|amount| -amount),
                    (true, _, _) => units(&money.cost, row),
                    (false, _, _) => units(&amount, row),
                };
                if name == "CommitmentDiscountQuantity" {
                    decimals(rows, quantity)
                } else {
                    texts(rows, |row| {
                        quantity(row)?;
                        if spend(row)? {
                            cell(&currency, row)
                        } else {
                            Some(unit_of(cell(&unit, row).unwrap_or("units")))
                        }
                    })
                }
            }
            _ => return None,
        })
    }
}

/// Only usage consumes: not fees, taxes, adjustments.
fn consumes(fees: &Fees, row: usize) -> bool {
    fees.regular[row] && (!fees.fee[row] || fees.second(row))
}

/// A unit as FOCUS UnitFormat spells it, for the spellings Google has most; others stay.
fn unit_of(native: &str) -> &str {
    match native {
        "hour" => "Hours",
        "seconds" | "second" => "Seconds",
        "requests" => "Requests",
        "count" | "units" => "Units",
        "gibibyte" => "GiB",
        "gibibyte hour" => "GiB-Hours",
        "gibibyte month" => "GiB-Months",
        "gibibyte day" => "GiB-Days",
        "byte-seconds" => "Byte-Seconds",
        "bytes" => "Bytes",
        "month" => "Months",
        "day" => "Days",
        "core-seconds" => "Core-Seconds",
        other => other,
    }
}

/// The kind before the last name of `//service/…/kind/name`.
fn type_of(id: &str) -> &str {
    let mut parts = id.trim_end_matches('/').rsplit('/');
    let _ = parts.next();
    parts.next().filter(|kind| !kind.is_empty() && !kind.contains('.')).unwrap_or("resource")
}

fn sku_price(native: &Native<'_>, fees: &Fees) -> ArrayRef {
    let (sku, tier) = (text(native, &["sku", "id"]), text(native, &["price", "tier_start_amount"]));
    let mut column = StringBuilder::with_capacity(native.rows(), native.rows() * 16);
    for row in 0..native.rows() {
        match (cell(&sku, row).filter(|_| fees.regular[row]), cell(&tier, row)) {
            (Some(sku), Some(tier)) => column.append_value(format!("{sku}/{tier}")),
            (sku, _) => column.append_option(sku),
        }
    }
    Arc::new(column.finish())
}

/// Labels, tags and project labels as one object.
fn tags(native: &Native<'_>) -> ArrayRef {
    let lists: Vec<(Elements, StringArray, StringArray)> =
        [&["labels"][..], &["tags"], &["system_labels"], &["project", "labels"]]
            .into_iter()
            .filter_map(|path| Elements::read(native, path))
            .map(|list| {
                let (keys, values) = (list.text("key"), list.text("value"));
                (list, keys, values)
            })
            .collect();
    let mut out = StringBuilder::with_capacity(native.rows(), native.rows() * 16);
    let mut object = String::new();
    for row in 0..native.rows() {
        object.clear();
        let mut seen = HashSet::new();
        for (list, keys, values) in &lists {
            for at in list.of(row) {
                let Some(key) = cell(keys, at).filter(|key| seen.insert(*key)) else { continue };
                object.push(if object.is_empty() { '{' } else { ',' });
                push_json(&mut object, key);
                object.push(':');
                match cell(values, at) {
                    Some(value) => push_json(&mut object, value),
                    // A label without a value is there.
                    None => object.push_str("true"),
                }
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

/// The credits as they stood, for whoever wants to tell discounts apart.
fn credits_json(native: &Native<'_>) -> ArrayRef {
    let Some(credits) = Elements::read(native, &["credits"]) else { return Arc::new(native.no_text()) };
    let fields = ["type", "name", "full_name", "id"].map(|name| (name, credits.text(name)));
    let amounts = credits.text("amount");
    let mut out = StringBuilder::with_capacity(native.rows(), native.rows() * 16);
    let mut list = String::new();
    for row in 0..native.rows() {
        list.clear();
        for at in credits.of(row) {
            list.push_str(if list.is_empty() { "[{\"Amount\":" } else { ",{\"Amount\":" });
            push_json(&mut list, cell(&amounts, at).unwrap_or("0"));
            for (name, column) in &fields {
                if let Some(value) = cell(column, at) {
                    list.push_str(match *name {
                        "type" => ",\"Type\":",
                        "name" => ",\"Name\":",
                        "full_name" => ",\"FullName\":",
                        _ => ",\"Id\":",
                    });
                    push_json(&mut list, value);
                }
            }
            list.push('}');
        }
        if list.is_empty() {
            out.append_null();
        } else {
            list.push(']');
            out.append_value(&list);
        }
    }
    Arc::new(out.finish())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn months_begin_in_california() {
        let check = |text: &str, after, expected: &str| {
            let shown = chrono::DateTime::from_timestamp_micros(pacific_month(text, after).unwrap())
                .unwrap()
                .to_rfc3339();
            assert!(shown.starts_with(expected), "{text}: {shown}");
        };
        check("202611", 0, "2026-11-01T07:00:00");
        check("202611", 1, "2026-12-01T08:00:00");
        check("202603", 0, "2026-03-01T08:00:00");
        check("202612", 1, "2027-01-01T08:00:00");
        assert_eq!(pacific_month("November", 0), None);
    }

    #[test]
    fn kinds_of_resources() {
        assert_eq!(type_of("//compute.googleapis.com/projects/p/zones/z/instance/123"), "instance");
        assert_eq!(type_of("//storage.googleapis.com/bucket"), "resource");
    }
}
