//! AWS Cost and Usage Reports: legacy (slash names in CSV, snake names in Parquet) and CUR 2.0.
//!
//! Sources: docs.aws.amazon.com/cur/latest/userguide (line item types, column dictionaries of CUR
//! and CUR 2.0, amortised cost of Savings Plans and Reserved Instances). Decisions:
//!
//! * A Savings Plan's covered usage and its negation cancel on the invoice; FOCUS has no negation
//!   row. The covered row is billed 0, the negation is left out.
//! * A recurring fee row also carries what the commitment lost in that hour. FOCUS keeps the two
//!   apart: the purchase (billed, effective 0) and, if anything was lost, a second row of usage
//!   with `CommitmentDiscountStatus` `Unused` (billed 0, effective the loss).
//! * Rows of split cost allocation (`EKSPod-EC2`, `ECSTask-EC2`) repeat the instance's cost and
//!   are left out.
//! * Net columns (after private discounts) win where the report has them.
//! * `Refund` corrects what an earlier invoice charged: `ChargeClass` `Correction` on the category
//!   refunded; `Credit` is a `Credit`.

mod text;

pub(super) use text::push_json;

use super::lookup;
use super::money::{product, quotient};
use super::native::{Names, Native, Rows, cell, constant, decimals, either, micros, texts, times, units};
use super::{COMMITMENT_OUTPUTS, Dropped, NativeDialect};
use arrow::array::{Array, ArrayRef, AsArray, Decimal128Array, StringArray};
use arrow::datatypes::Decimal128Type;
use std::borrow::Cow;
use std::sync::Arc;

/// Line item types that decide something.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Line {
    Usage,
    DiscountedUsage,
    CoveredUsage,
    Negation,
    RecurringFee,
    UpfrontFee,
    RiFee,
    Fee,
    Subscription,
    Tax,
    Credit,
    Refund,
    Discount,
    Other,
}

impl Line {
    pub(super) fn of(text: &str) -> Self {
        match text {
            "Usage" => Self::Usage,
            "DiscountedUsage" => Self::DiscountedUsage,
            "SavingsPlanCoveredUsage" => Self::CoveredUsage,
            "SavingsPlanNegation" => Self::Negation,
            "SavingsPlanRecurringFee" => Self::RecurringFee,
            "SavingsPlanUpfrontFee" => Self::UpfrontFee,
            "RIFee" => Self::RiFee,
            "Fee" => Self::Fee,
            "FlatRateSubscription" => Self::Subscription,
            "Tax" => Self::Tax,
            "Credit" => Self::Credit,
            "Refund" => Self::Refund,
            "BundledDiscount"
            | "Discount"
            | "EdpDiscount"
            | "PrivateRateDiscount"
            | "RiVolumeDiscount"
            | "DistributorDiscount"
            | "SppDiscount" => Self::Discount,
            _ => Self::Other,
        }
    }

    /// Bought ahead: FOCUS amortises it over the usage it covers.
    fn is_commitment_purchase(self) -> bool {
        matches!(self, Self::RecurringFee | Self::UpfrontFee | Self::RiFee)
    }
}

/// A legacy or 2.0 report.
#[derive(Debug)]
pub(super) struct Aws {
    cur2: bool,
}

impl Aws {
    pub(super) fn legacy() -> Self {
        Self { cur2: false }
    }

    pub(super) fn cur2() -> Self {
        Self { cur2: true }
    }
}

const LINE: &str = "lineitemlineitemtype";
const SP_ARN: &str = "savingsplansavingsplanarn";
const RI_ARN: &str = "reservationreservationarn";
const AMOUNT: &str = "lineitemusageamount";

/// What the columns share.
#[derive(Debug)]
pub(super) struct Lines {
    lines: Vec<Line>,
    second: Vec<bool>,
}

impl Lines {
    fn second(&self, row: usize) -> bool {
        self.second.get(row).copied().unwrap_or(false)
    }
}

fn lines(native: &Native<'_>) -> Vec<Line> {
    let text = native.text(LINE);
    (0..native.rows()).map(|row| cell(&text, row).map_or(Line::Other, Line::of)).collect()
}

/// Net where the report has it, else gross.
struct Net {
    net: Decimal128Array,
    gross: Decimal128Array,
}

impl Net {
    fn read(native: &Native<'_>, net: &'static str, gross: &'static str) -> Self {
        Self { net: native.decimal(net), gross: native.decimal(gross) }
    }

    fn at(&self, row: usize) -> Option<i128> {
        units(&self.net, row).or_else(|| units(&self.gross, row))
    }
}

fn cost(native: &Native<'_>) -> Net {
    Net::read(native, "lineitemnetunblendedcost", "lineitemunblendedcost")
}

/// What a commitment lost in a row's period.
struct Unused {
    total: Decimal128Array,
    used: Decimal128Array,
    upfront: Net,
    recurring: Net,
}

impl Unused {
    fn read(native: &Native<'_>) -> Self {
        Self {
            total: native.decimal("savingsplantotalcommitmenttodate"),
            used: native.decimal("savingsplanusedcommitment"),
            upfront: Net::read(
                native,
                "reservationnetunusedamortizedupfrontfeeforbillingperiod",
                "reservationunusedamortizedupfrontfeeforbillingperiod",
            ),
            recurring: Net::read(native, "reservationnetunusedrecurringfee", "reservationunusedrecurringfee"),
        }
    }

    fn at(&self, line: Line, row: usize) -> i128 {
        match line {
            Line::RecurringFee => units(&self.total, row).unwrap_or(0) - units(&self.used, row).unwrap_or(0),
            Line::RiFee => self.upfront.at(row).unwrap_or(0) + self.recurring.at(row).unwrap_or(0),
            _ => 0,
        }
    }
}

/// How much of a commitment was lost: money of a Savings Plan, hours of a reservation.
struct UnusedQuantity {
    hours: Decimal128Array,
}

impl UnusedQuantity {
    fn read(native: &Native<'_>) -> Self {
        Self { hours: native.decimal("reservationunusedquantity") }
    }

    fn at(&self, unused: &Unused, line: Line, row: usize) -> Option<i128> {
        match line {
            Line::RecurringFee => Some(unused.at(line, row)),
            // Reports say the hours; where one does not, the loss is one loss.
            Line::RiFee => units(&self.hours, row).filter(|hours| *hours != 0).or(Some(super::money::ONE)),
            _ => None,
        }
    }
}

/// Refunds and credits of a commitment are of the commitment, not of usage.
struct Commitments {
    savings_plan: StringArray,
    reservation: StringArray,
    product: StringArray,
}

impl Commitments {
    fn read(native: &Native<'_>) -> Self {
        Self {
            savings_plan: native.text(SP_ARN),
            reservation: native.text(RI_ARN),
            product: native.text("lineitemproductcode"),
        }
    }

    fn savings_plan(&self, row: usize) -> bool {
        self.savings_plan.is_valid(row)
            || cell(&self.product, row).is_some_and(|code| code.ends_with("SavingsPlans"))
    }

    /// The commitment a charge belongs to. Taxes, credits and discounts have none in FOCUS.
    fn id(&self, line: Line, row: usize) -> Option<&str> {
        if matches!(
            line,
            Line::Tax | Line::Credit | Line::Discount | Line::Usage | Line::Other | Line::Subscription
        ) {
            return None;
        }
        cell(&self.savings_plan, row).or_else(|| cell(&self.reservation, row))
    }
}

impl Aws {
    /// Like [`Commitments::id`], as category: `Some(true)` spend, `Some(false)` usage.
    fn is_spend(commitments: &Commitments, line: Line, row: usize) -> Option<bool> {
        commitments.id(line, row).map(|_| commitments.savings_plan.is_valid(row))
    }

    fn category(commitments: &Commitments, line: Line, row: usize, second: bool) -> &'static str {
        if second {
            return "Usage";
        }
        match line {
            Line::Usage | Line::DiscountedUsage | Line::CoveredUsage | Line::Discount => "Usage",
            Line::RecurringFee | Line::UpfrontFee | Line::RiFee | Line::Fee | Line::Subscription => {
                "Purchase"
            }
            Line::Tax => "Tax",
            Line::Credit => "Credit",
            Line::Refund if commitments.savings_plan(row) || commitments.reservation.is_valid(row) => {
                "Purchase"
            }
            Line::Refund => "Usage",
            Line::Negation | Line::Other => "Adjustment",
        }
    }

    fn effective(native: &Native<'_>, shared: &Lines) -> ArrayRef {
        let cost = cost(native);
        let covered = Net::read(
            native,
            "savingsplannetsavingsplaneffectivecost",
            "savingsplansavingsplaneffectivecost",
        );
        let reserved = Net::read(native, "reservationneteffectivecost", "reservationeffectivecost");
        let unused = Unused::read(native);
        let commitments = Commitments::read(native);
        decimals(native.rows(), |row| {
            let line = shared.lines[row];
            if shared.second(row) {
                return Some(unused.at(line, row));
            }
            match line {
                Line::CoveredUsage => covered.at(row).or_else(|| cost.at(row)),
                Line::DiscountedUsage => reserved.at(row).or_else(|| cost.at(row)),
                Line::RecurringFee | Line::UpfrontFee | Line::RiFee | Line::Negation => Some(0),
                Line::Fee if commitments.reservation.is_valid(row) => Some(0),
                Line::Refund if commitments.savings_plan(row) => Some(0),
                _ => cost.at(row),
            }
        })
    }

    fn billed(native: &Native<'_>, shared: &Lines) -> ArrayRef {
        let cost = cost(native);
        for row in (0..native.rows()).filter(|row| cost.at(*row).is_none()) {
            native.fault(row, "lineitemunblendedcost", String::new(), "is empty: a charge needs a cost");
        }
        decimals(native.rows(), |row| match shared.lines[row] {
            Line::CoveredUsage | Line::Negation => Some(0),
            _ if shared.second(row) => Some(0),
            _ => cost.at(row),
        })
    }

    /// Cost and unit price at the contracted rates, before commitments.
    fn contracted(native: &Native<'_>, shared: &Lines, price: bool) -> ArrayRef {
        let cost = cost(native);
        let public_cost = native.decimal("pricingpublicondemandcost");
        let public_rate = native.decimal("pricingpublicondemandrate");
        let rate = Net::read(native, "lineitemnetunblendedrate", "lineitemunblendedrate");
        let quantity = native.decimal(AMOUNT);
        let unused = Unused::read(native);
        let contracted = |row: usize| match shared.lines[row] {
            line if shared.second(row) => Some(unused.at(line, row)),
            Line::DiscountedUsage => units(&public_cost, row).or_else(|| cost.at(row)),
            _ => cost.at(row),
        };
        if !price {
            return decimals(native.rows(), contracted);
        }
        let unused_quantity = UnusedQuantity::read(native);
        decimals(native.rows(), |row| {
            if shared.second(row) {
                return quotient(contracted(row)?, unused_quantity.at(&unused, shared.lines[row], row)?);
            }
            if !Self::is_priced(shared, row) {
                return None;
            }
            let (cost, quantity) = (contracted(row)?, units(&quantity, row).filter(|q| *q != 0));
            let listed = match shared.lines[row] {
                Line::DiscountedUsage => units(&public_rate, row),
                _ => rate.at(row),
            };
            // A rate that does not make the cost (net costs beside gross rates) is not the price.
            let fits =
                |rate: &i128| quantity.and_then(|q| product(*rate, q)).is_none_or(|made| close(made, cost));
            listed.filter(fits).or_else(|| quotient(cost, quantity?)).filter(|price| *price >= 0)
        })
    }

    fn listed(native: &Native<'_>, shared: &Lines, price: bool) -> ArrayRef {
        let public_cost = native.decimal("pricingpublicondemandcost");
        let public_rate = native.decimal("pricingpublicondemandrate");
        let quantity = native.decimal(AMOUNT);
        if price {
            // Fees and what they lost have no list price but what they cost.
            let contracted = Self::contracted(native, shared, true);
            let contracted = contracted.as_primitive::<Decimal128Type>();
            return decimals(native.rows(), |row| {
                let line = shared.lines[row];
                if shared.second(row) || line.is_commitment_purchase() || line == Line::Fee {
                    return units(contracted, row);
                }
                if !Self::is_priced(shared, row) {
                    return None;
                }
                let (rate, cost) = (units(&public_rate, row)?, units(&public_cost, row));
                let fits = cost
                    .zip(units(&quantity, row))
                    .is_none_or(|(cost, q)| product(rate, q).is_some_and(|made| close(made, cost)));
                if fits { Some(rate) } else { quotient(cost?, units(&quantity, row)?) }
                    .filter(|price| *price >= 0)
            });
        }
        let (cost, unused) = (cost(native), Unused::read(native));
        decimals(native.rows(), |row| {
            let line = shared.lines[row];
            if shared.second(row) {
                return Some(unused.at(line, row));
            }
            let public = || {
                units(&public_cost, row)
                    .or_else(|| product(units(&public_rate, row)?, units(&quantity, row)?))
                    .filter(|_| matches!(line, Line::Usage | Line::CoveredUsage | Line::DiscountedUsage))
            };
            // Nothing is known of a list price: then there is no saving either.
            public().or_else(|| cost.at(row))
        })
    }

    /// Whether the charge has a quantity and a price: usage and purchases.
    fn is_priced(shared: &Lines, row: usize) -> bool {
        !shared.second(row)
            && matches!(
                shared.lines[row],
                Line::Usage
                    | Line::CoveredUsage
                    | Line::DiscountedUsage
                    | Line::RecurringFee
                    | Line::UpfrontFee
                    | Line::RiFee
                    | Line::Fee
                    | Line::Subscription
                    | Line::Refund
            )
    }

    fn commitment_quantity(native: &Native<'_>, shared: &Lines) -> ArrayRef {
        let commitments = Commitments::read(native);
        let (cost, amount) = (cost(native), native.decimal(AMOUNT));
        let covered = native.decimal("savingsplansavingsplaneffectivecost");
        let total = native.decimal("savingsplantotalcommitmenttodate");
        let unused = Unused::read(native);
        let unused_quantity = UnusedQuantity::read(native);
        decimals(native.rows(), |row| {
            let line = shared.lines[row];
            let spend = Self::is_spend(&commitments, line, row)?;
            match (spend, line) {
                (true, _) if shared.second(row) => Some(unused.at(line, row)),
                (true, Line::CoveredUsage) => units(&covered, row),
                (true, Line::RecurringFee) => units(&total, row).or_else(|| cost.at(row)),
                (true, _) => cost.at(row),
                (false, _) if shared.second(row) => unused_quantity.at(&unused, line, row),
                (false, _) => units(&amount, row),
            }
        })
    }
}

/// Equal to one part in a million, or to a billionth.
fn close(left: i128, right: i128) -> bool {
    (left - right).abs() <= (right.abs() / 1_000_000).max(1_000_000_000)
}

impl NativeDialect for Aws {
    const NAME: &'static str = "AWS cost and usage report";
    type Shared = Lines;

    fn required(&self) -> &'static [&'static [&'static str]] {
        &[
            &["lineItem/LineItemType"],
            &["lineItem/UnblendedCost", "lineItem/NetUnblendedCost"],
            &["lineItem/CurrencyCode"],
            &["bill/BillingPeriodStartDate"],
            &["lineItem/UsageStartDate"],
        ]
    }

    fn further_outputs(&self, names: &Names) -> Vec<&'static str> {
        let mut all = COMMITMENT_OUTPUTS.to_vec();
        if names.has("capacity_reservation_capacity_reservation_arn") {
            all.extend(["CapacityReservationId", "CapacityReservationStatus"]);
        }
        if text::has_group(names, "costCategory/", "cost_category") {
            all.push("x_CostCategories");
        }
        if names.has("discount") {
            all.push("x_Discounts");
        }
        all.extend([
            "InvoiceId",
            "PricingCurrency",
            "x_LineItemType",
            "x_Operation",
            "x_ServiceCode",
            "x_UsageType",
        ]);
        all
    }

    fn rows(&self, native: &Native<'_>) -> Rows {
        let lines = lines(native);
        let operation = native.text("lineitemoperation");
        let split = |row| matches!(cell(&operation, row), Some("EKSPod-EC2" | "ECSTask-EC2"));
        let unused = Unused::read(native);
        let (mut negations, mut splits, mut doubles) = (0, 0, 0);
        let mut keep = vec![true; lines.len()];
        let mut double = vec![false; lines.len()];
        for (row, line) in lines.iter().enumerate() {
            if split(row) {
                splits += 1;
                keep[row] = false;
            } else if *line == Line::Negation {
                negations += 1;
                keep[row] = false;
            } else if unused.at(*line, row) != 0 {
                doubles += 1;
                double[row] = true;
            }
        }
        let mut dropped = Vec::new();
        if negations > 0 {
            dropped.push(Dropped {
                rows: negations,
                reason: "savings plan negation: cancels covered usage, which FOCUS bills at 0",
            });
        }
        if splits > 0 {
            dropped.push(Dropped {
                rows: splits,
                reason: "split cost allocation: repeats the cost of its EC2 instance",
            });
        }
        Rows {
            keep: (negations + splits > 0).then_some(keep),
            double: (doubles > 0).then_some(double),
            dropped,
        }
    }

    fn shared(&self, native: &Native<'_>, second: &[bool]) -> Lines {
        Lines { lines: lines(native), second: second.to_vec() }
    }

    #[expect(clippy::too_many_lines, reason = "one arm a column is the table of the mapping")]
    fn column(&self, name: &str, native: &Native<'_>, shared: &Lines) -> Option<ArrayRef> {
        let rows = native.rows();
        let text = |key| -> ArrayRef { Arc::new(native.text(key)) };
        Some(match name {
            "AvailabilityZone" => text("lineitemavailabilityzone"),
            "BilledCost" => Self::billed(native, shared),
            "EffectiveCost" => Self::effective(native, shared),
            "ContractedCost" => Self::contracted(native, shared, false),
            "ContractedUnitPrice" => Self::contracted(native, shared, true),
            "ListCost" => Self::listed(native, shared, false),
            "ListUnitPrice" => Self::listed(native, shared, true),
            "BillingAccountId" => text("billpayeraccountid"),
            "BillingAccountName" => text("billpayeraccountname"),
            "BillingAccountType" => present(&native.text("billpayeraccountid"), "Payer Account"),
            "BillingCurrency" => text("lineitemcurrencycode"),
            "PricingCurrency" => {
                either(&native.text("pricingcurrency"), &native.text("lineitemcurrencycode"))
            }
            "BillingPeriodStart" => Arc::new(native.time_of(&["billbillingperiodstartdate"])),
            "BillingPeriodEnd" => {
                let (start, end) = (
                    native.time_of(&["billbillingperiodstartdate"]),
                    native.time_of(&["billbillingperiodenddate"]),
                );
                times(rows, |row| {
                    micros(&end, row).or_else(|| super::totals::month_end(micros(&start, row)?))
                })
            }
            "ChargePeriodStart" => Arc::new(native.time_of(&["lineitemusagestartdate"])),
            "ChargePeriodEnd" => {
                let (start, end) =
                    (native.time_of(&["lineitemusagestartdate"]), native.time_of(&["lineitemusageenddate"]));
                times(rows, |row| micros(&end, row).or_else(|| micros(&start, row)))
            }
            "CapacityReservationId" => text("capacityreservationcapacityreservationarn"),
            "CapacityReservationStatus" => {
                let (id, status) = (
                    native.text("capacityreservationcapacityreservationarn"),
                    native.text("capacityreservationcapacityreservationstatus"),
                );
                texts(rows, |row| {
                    cell(&id, row)?;
                    Some(if cell(&status, row).is_some_and(|s| s.eq_ignore_ascii_case("unused")) {
                        "Unused"
                    } else {
                        "Used"
                    })
                })
            }
            "ChargeCategory" => {
                let commitments = Commitments::read(native);
                texts(rows, |row| {
                    Some(Self::category(&commitments, shared.lines[row], row, shared.second(row)))
                })
            }
            "ChargeClass" => texts(rows, |row| (shared.lines[row] == Line::Refund).then_some("Correction")),
            "ChargeDescription" => text::description(native, shared),
            "ChargeFrequency" => {
                let commitments = Commitments::read(native);
                texts(rows, |row| {
                    Some(match shared.lines[row] {
                        _ if shared.second(row) => "Usage-Based",
                        Line::RecurringFee | Line::RiFee | Line::Subscription => "Recurring",
                        Line::UpfrontFee | Line::Fee | Line::Credit => "One-Time",
                        line if Self::category(&commitments, line, row, false) == "Purchase" => "One-Time",
                        _ => "Usage-Based",
                    })
                })
            }
            "CommitmentDiscountId" => {
                let commitments = Commitments::read(native);
                texts(rows, |row| commitments.id(shared.lines[row], row))
            }
            "CommitmentDiscountCategory" | "CommitmentDiscountType" => {
                let commitments = Commitments::read(native);
                let (spend, usage) = if name == "CommitmentDiscountType" {
                    ("Savings Plan", "Reserved Instance")
                } else {
                    ("Spend", "Usage")
                };
                texts(rows, |row| {
                    Self::is_spend(&commitments, shared.lines[row], row)
                        .map(|is| if is { spend } else { usage })
                })
            }
            "CommitmentDiscountName" => native_null(native),
            "CommitmentDiscountStatus" => {
                let commitments = Commitments::read(native);
                texts(rows, |row| {
                    let line = shared.lines[row];
                    commitments.id(line, row)?;
                    match line {
                        _ if shared.second(row) => Some("Unused"),
                        Line::CoveredUsage | Line::DiscountedUsage => Some("Used"),
                        _ => None,
                    }
                })
            }
            "CommitmentDiscountQuantity" => Self::commitment_quantity(native, shared),
            "CommitmentDiscountUnit" => {
                let commitments = Commitments::read(native);
                let quantity = Self::commitment_quantity(native, shared);
                let (currency, unit) = (native.text("lineitemcurrencycode"), native.text("pricingunit"));
                texts(rows, |row| {
                    let spend = Self::is_spend(&commitments, shared.lines[row], row)
                        .filter(|_| quantity.is_valid(row))?;
                    if spend {
                        cell(&currency, row)
                    } else {
                        cell(&unit, row).map_or(Some("Hours"), |unit| Some(text::unit(unit)))
                    }
                })
            }
            "ConsumedQuantity" | "ConsumedUnit" | "PricingQuantity" | "PricingUnit" => {
                Self::quantities(name, native, shared)
            }
            "HostProviderName" | "ProviderName" => constant(rows, "AWS"),
            "ServiceProviderName" => {
                let (billing, legal) = (native.text("billbillingentity"), native.text("lineitemlegalentity"));
                texts(rows, |row| {
                    cell(&legal, row)
                        .filter(|_| cell(&billing, row) == Some("AWS Marketplace"))
                        .or(Some("AWS"))
                })
            }
            "PublisherName" => {
                let legal = native.text("lineitemlegalentity");
                texts(rows, |row| cell(&legal, row).or(Some("Amazon Web Services, Inc.")))
            }
            "InvoiceId" => text("billinvoiceid"),
            "InvoiceIssuerName" => {
                let (issuer, legal) =
                    (native.text("billinvoicingentity"), native.text("lineitemlegalentity"));
                texts(rows, |row| {
                    cell(&issuer, row).or_else(|| cell(&legal, row)).or(Some("Amazon Web Services, Inc."))
                })
            }
            "PricingCategory" => {
                let commitments = Commitments::read(native);
                let (usage_type, term) = (native.text("lineitemusagetype"), native.text("pricingterm"));
                texts(rows, |row| {
                    let line = shared.lines[row];
                    match Self::category(&commitments, line, row, shared.second(row)) {
                        "Usage"
                            if shared.second(row)
                                || matches!(line, Line::CoveredUsage | Line::DiscountedUsage) =>
                        {
                            Some("Committed")
                        }
                        "Usage"
                            if cell(&usage_type, row).is_some_and(|t| t.contains("SpotUsage"))
                                || cell(&term, row) == Some("Spot") =>
                        {
                            Some("Dynamic")
                        }
                        "Usage" | "Purchase" => Some("Standard"),
                        _ => None,
                    }
                })
            }
            "RegionId" => text::region_id(native),
            "RegionName" => text::region_name(native),
            "ResourceId" => text("lineitemresourceid"),
            "ResourceName" => text::resource_name(native),
            "ResourceType" => text::resource_type(native),
            "ServiceCategory" | "ServiceSubcategory" => {
                let code = native.text("lineitemproductcode");
                texts(rows, |row| {
                    let service = cell(&code, row).map_or(lookup::OTHER, lookup::aws_service);
                    Some(if name == "ServiceCategory" { service.category } else { service.subcategory })
                })
            }
            "ServiceName" => text::service_name(native),
            "SkuId" | "SkuPriceId" | "SkuMeter" => text::sku(name, native, shared),
            "SubAccountId" => text("lineitemusageaccountid"),
            "SubAccountName" => text("lineitemusageaccountname"),
            "SubAccountType" => present(&native.text("lineitemusageaccountid"), "Linked Account"),
            "Tags" => text::tags(native, self.cur2),
            "x_CostCategories" => {
                text::group(native, "costCategory/", "cost_category", &|key| Cow::Borrowed(key))
            }
            "x_Discounts" => Arc::new(text::map_json(native, "discount")),
            "x_LineItemType" => text(LINE),
            "x_Operation" => text("lineitemoperation"),
            "x_ServiceCode" => text("lineitemproductcode"),
            "x_UsageType" => text("lineitemusagetype"),
            _ => return None,
        })
    }
}

impl Aws {
    fn quantities(name: &str, native: &Native<'_>, shared: &Lines) -> ArrayRef {
        let rows = native.rows();
        let (amount, unit, currency) =
            (native.decimal(AMOUNT), native.text("pricingunit"), native.text("lineitemcurrencycode"));
        let commitments = Commitments::read(native);
        let (unused, unused_quantity) = (Unused::read(native), UnusedQuantity::read(native));
        let consumed = |row: usize| {
            let usage = Self::category(&commitments, shared.lines[row], row, shared.second(row)) == "Usage";
            (usage && !shared.second(row)).then(|| units(&amount, row)).flatten()
        };
        let priced = |row: usize| match shared.lines[row] {
            line if shared.second(row) => unused_quantity.at(&unused, line, row),
            Line::Discount => units(&amount, row),
            _ if Self::is_priced(shared, row) => units(&amount, row),
            _ => None,
        };
        let unit_of = |row: usize| match cell(&unit, row) {
            _ if shared.second(row) && shared.lines[row] == Line::RecurringFee => cell(&currency, row),
            Some(unit) => Some(text::unit(unit)),
            // AWS documents that some offerings have no unit; a quantity without one is a count.
            None if shared.lines[row] == Line::RiFee || shared.lines[row] == Line::DiscountedUsage => {
                Some("Hours")
            }
            None => Some("Units"),
        };
        match name {
            "ConsumedQuantity" => decimals(rows, consumed),
            "PricingQuantity" => decimals(rows, priced),
            "ConsumedUnit" => texts(rows, |row| consumed(row).and_then(|_| unit_of(row))),
            _ => texts(rows, |row| priced(row).and_then(|_| unit_of(row))),
        }
    }
}

fn native_null(native: &Native<'_>) -> ArrayRef {
    Arc::new(native.no_text())
}

/// `text` wherever the other column has a value.
fn present(column: &StringArray, text: &'static str) -> ArrayRef {
    texts(column.len(), |row| column.is_valid(row).then_some(text))
}
