//! Azure Cost Management cost details: actual and amortized, Enterprise Agreement (EA) and
//! Microsoft Customer Agreement (MCA) columns.
//!
//! Source: learn.microsoft.com/cloud-computing/finops/focus/convert (MIT, microsoft/finops-toolkit)
//! and the cost-details column dictionaries. Decisions:
//!
//! * FOCUS is all amortized rows plus the actual rows that buy or refund a reservation or savings
//!   plan; other actual rows repeat amortized ones and are left out.
//! * Charges covered by a reservation or savings plan, and its unused part, are billed 0: the
//!   purchase was billed. Purchases and refunds of them have effective cost 0.
//! * End dates are inclusive; FOCUS excludes them: one day is added.
//! * `Quantity` counts single units or whole price blocks (`10K`), depending on the export: the
//!   row's own `EffectivePrice` and cost say which, see [`Quantities`].
//! * A list price of 0 is a price the export does not have (Marketplace, reservations): the unit
//!   price is NULL and the cost that of the next known price, so no saving is invented;
//!   `x_SourceChanges` names it.
//! * Ids, names and locations change their case from day to day: they are lower-cased.

use super::lookup::{self, Service};
use super::money::{ONE, product, quotient};
use super::native::{Names, Native, Rows, cell, constant, decimals, micros, texts, times, units};
use super::{COMMITMENT_OUTPUTS, Dropped, NativeDialect};
use crate::canonical::tags_column;
use arrow::array::{Array, ArrayRef, AsArray, Decimal128Array, StringArray, StringBuilder};
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

const DAY: i64 = 86_400_000_000;
const COST: &[&str] = &["costinbillingcurrency", "cost", "pretaxcost"];
const CURRENCY: &[&str] = &["billingcurrency", "billingcurrencycode", "currency"];
const UNIT: &[&str] = &["unitofmeasure"];
const CONSUMED: &[&str] = &["consumedservice"];
const RESOURCE: &[&str] = &["resourceid", "instanceid", "instancename"];
const CHARGED: &[&str] = &["date", "usagedate", "usagedatetime"];
const PERIOD_START: &[&str] = &["billingperiodstartdate", "billingperiodstart"];
const PERIOD_END: &[&str] = &["billingperiodenddate", "billingperiodend"];

/// The actual or the amortized dataset.
#[derive(Debug)]
pub(super) struct Azure {
    amortized: bool,
}

impl Azure {
    pub(super) fn actual() -> Self {
        Self { amortized: false }
    }

    pub(super) fn amortized() -> Self {
        Self { amortized: true }
    }
}

/// What a row is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Charge {
    Usage,
    Unused,
    Purchase,
    Refund,
    Tax,
    Credit,
    Other,
}

impl Charge {
    fn of(text: &str) -> Self {
        match text.to_ascii_lowercase().as_str() {
            "usage" => Self::Usage,
            "unusedreservation" | "unusedsavingsplan" => Self::Unused,
            "purchase" => Self::Purchase,
            "refund" => Self::Refund,
            "tax" => Self::Tax,
            "credit" => Self::Credit,
            _ => Self::Other,
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Model {
    OnDemand,
    Spot,
    Commitment,
    Other,
}

impl Model {
    fn of(text: &str) -> Self {
        match text.replace(' ', "").to_ascii_lowercase().as_str() {
            "ondemand" => Self::OnDemand,
            "spot" => Self::Spot,
            "reservation" | "savingsplan" => Self::Commitment,
            _ => Self::Other,
        }
    }
}

/// What the columns share: charge type and pricing model by row.
#[derive(Debug)]
pub(super) struct Charges(Vec<(Charge, Model)>);

fn charges(native: &Native<'_>) -> Vec<(Charge, Model)> {
    let (charge, model) = (native.text("chargetype"), native.text("pricingmodel"));
    (0..native.rows())
        .map(|row| {
            let charge = cell(&charge, row).map_or(Charge::Usage, Charge::of);
            (charge, cell(&model, row).map_or(Model::Other, Model::of))
        })
        .collect()
}

/// Bought or refunded ahead, amortised over what it covers.
fn is_commitment_purchase((charge, model): (Charge, Model)) -> bool {
    matches!(charge, Charge::Purchase | Charge::Refund) && model == Model::Commitment
}

/// Paid for by such a purchase.
fn is_covered((charge, model): (Charge, Model)) -> bool {
    charge == Charge::Unused || (charge == Charge::Usage && model == Model::Commitment)
}

/// Lower-cased text columns.
fn lower(column: &StringArray) -> ArrayRef {
    let mut out = StringBuilder::with_capacity(column.len(), column.value_data().len());
    let mut text = String::new();
    for row in 0..column.len() {
        match cell(column, row) {
            Some(value) => {
                text.clear();
                text.push_str(value);
                text.make_ascii_lowercase();
                out.append_value(&text);
            }
            None => out.append_null(),
        }
    }
    Arc::new(out.finish())
}

/// `microsoft.compute/virtualmachines` of a resource id; nested types keep their path.
fn resource_type_of(id: &str) -> Option<String> {
    let id = id.to_ascii_lowercase();
    let after = id.rsplit_once("/providers/")?.1;
    let mut parts = after.split('/');
    let mut kind = parts.next()?.to_owned();
    let mut any = false;
    while let Some(part) = parts.next().filter(|part| !part.is_empty()) {
        kind.push('/');
        kind.push_str(part);
        any = true;
        let _ = parts.next();
    }
    any.then_some(kind)
}

/// Quantities and prices of a row.
struct Quantities {
    quantity: Decimal128Array,
    effective_price: Decimal128Array,
    unit_price: Decimal128Array,
    payg_price: Decimal128Array,
    payg_cost: Decimal128Array,
    rate: Decimal128Array,
    cost: Decimal128Array,
    units: Vec<Option<lookup::Unit>>,
}

impl Quantities {
    fn read(native: &Native<'_>) -> Self {
        let text = native.text_of(UNIT);
        let mut known: HashMap<&str, Option<lookup::Unit>> = HashMap::new();
        let mut all = Vec::with_capacity(native.rows());
        for row in 0..native.rows() {
            all.push(
                cell(&text, row)
                    .and_then(|unit| *known.entry(unit).or_insert_with(|| lookup::azure_unit(unit))),
            );
        }
        Self {
            quantity: native.decimal_of(&["quantity", "usagequantity"]),
            effective_price: native.decimal("effectiveprice"),
            unit_price: native.decimal("unitprice"),
            payg_price: native.decimal("paygprice"),
            payg_cost: native.decimal("paygcostinbillingcurrency"),
            rate: native.decimal("exchangeratepricingtobilling"),
            cost: native.decimal_of(COST),
            units: all,
        }
    }

    fn block(&self, row: usize) -> i128 {
        self.units[row].map_or(1, |unit| unit.block.max(1))
    }

    /// Prices are in the pricing currency; a bill has one currency.
    fn billed_price(&self, price: i128, row: usize) -> Option<i128> {
        match units(&self.rate, row) {
            Some(rate) if rate != ONE && rate != 0 => product(price, rate),
            _ => Some(price),
        }
    }

    /// Whether `Quantity` already counts price blocks. Where cost and effective price are known,
    /// they tell: cost = price × blocks.
    fn counts_blocks(&self, row: usize) -> bool {
        let told = || {
            let (cost, quantity) = (units(&self.cost, row)?, units(&self.quantity, row)?);
            let price = self.billed_price(units(&self.effective_price, row)?, row)?;
            let made = product(price, quantity)?;
            if cost == 0 || made == 0 {
                return None;
            }
            let split = made / self.block(row);
            Some((made - cost).abs() < (split - cost).abs())
        };
        self.block(row) == 1 || told().unwrap_or(false)
    }

    /// `PricingQuantity`: price blocks.
    fn priced(&self, row: usize) -> Option<i128> {
        let quantity = units(&self.quantity, row)?;
        if self.counts_blocks(row) { Some(quantity) } else { Some(quantity / self.block(row)) }
    }

    /// `ConsumedQuantity`: single units.
    fn consumed(&self, row: usize) -> Option<i128> {
        let quantity = units(&self.quantity, row)?;
        if self.counts_blocks(row) { quantity.checked_mul(self.block(row)) } else { Some(quantity) }
    }

    fn unit(&self, row: usize) -> Option<&'static str> {
        self.units[row].map(|unit| unit.unit)
    }

    /// `ContractedUnitPrice`; a price of 0 on a charge that costs something is not known.
    fn contracted_price(&self, row: usize) -> Option<i128> {
        let price = units(&self.unit_price, row).or_else(|| units(&self.effective_price, row))?;
        let free = units(&self.cost, row) == Some(0);
        self.billed_price(price, row).filter(|price| *price > 0 || (*price == 0 && free))
    }

    fn contracted(&self, row: usize) -> Option<i128> {
        product(self.contracted_price(row)?, self.priced(row)?)
    }

    fn list_price(&self, row: usize) -> Option<i128> {
        let free = units(&self.cost, row) == Some(0) && self.contracted_price(row) == Some(0);
        let price = units(&self.payg_price, row).and_then(|price| self.billed_price(price, row));
        price.filter(|price| *price > 0 || (*price == 0 && free))
    }

    fn listed(&self, row: usize) -> Option<i128> {
        let cost = units(&self.payg_cost, row).filter(|cost| *cost != 0);
        // The product keeps price × quantity = cost where both are known.
        self.list_price(row).and_then(|price| product(price, self.priced(row)?)).or(cost)
    }
}

/// The service of a row, and its resource type's name for people.
type Served = (Option<Service>, Option<&'static str>);

/// Services by row, looked up once per kind of resource.
fn services(native: &Native<'_>) -> Vec<Served> {
    let (consumed, resource) = (native.text_of(CONSUMED), native.text_of(RESOURCE));
    let mut known: HashMap<(String, String), Served> = HashMap::new();
    let mut all = Vec::with_capacity(native.rows());
    for row in 0..native.rows() {
        let kind = cell(&resource, row).and_then(resource_type_of).unwrap_or_default();
        let service = cell(&consumed, row).unwrap_or_default().to_lowercase();
        let found = known.entry((service, kind)).or_insert_with_key(|(service, kind)| {
            (lookup::azure_service(service, kind), lookup::azure_resource_type(kind))
        });
        all.push(*found);
    }
    all
}

impl NativeDialect for Azure {
    const NAME: &'static str = "Azure cost details";
    type Shared = Charges;

    fn required(&self) -> &'static [&'static [&'static str]] {
        &[
            &["CostInBillingCurrency", "Cost", "PreTaxCost"],
            &["BillingCurrency", "BillingCurrencyCode", "Currency"],
            &["Date", "UsageDate", "UsageDateTime"],
            &["ChargeType"],
            &["PricingModel"],
        ]
    }

    fn further_outputs(&self, names: &Names) -> Vec<&'static str> {
        let mut all = COMMITMENT_OUTPUTS.to_vec();
        if names.has("invoiceId") {
            all.push("InvoiceId");
        }
        if names.has("pricingCurrency") {
            all.extend([
                "PricingCurrencyContractedUnitPrice",
                "PricingCurrencyEffectiveCost",
                "PricingCurrencyListUnitPrice",
            ]);
        }
        all.extend([
            "PricingCurrency",
            "SkuPriceDetails",
            "x_ChargeType",
            "x_CostCenter",
            "x_InvoiceSectionName",
            "x_PricingBlockSize",
            "x_PricingUnitDescription",
            "x_ResourceGroupName",
            "x_SkuMeterCategory",
            "x_SkuMeterSubcategory",
            "x_SourceChanges",
        ]);
        all
    }

    fn rows(&self, native: &Native<'_>) -> Rows {
        let charges = charges(native);
        if self.amortized {
            return Rows::default();
        }
        let keep: Vec<bool> = charges.into_iter().map(is_commitment_purchase).collect();
        let rows = keep.iter().filter(|kept| !**kept).count();
        let reason = "actual cost row: the amortized export has it; only purchases and refunds of commitments are taken";
        Rows {
            keep: (rows > 0).then_some(keep),
            double: None,
            dropped: (rows > 0).then_some(Dropped { rows, reason }).into_iter().collect(),
        }
    }

    fn shared(&self, native: &Native<'_>, _second: &[bool]) -> Charges {
        Charges(charges(native))
    }

    fn column(&self, name: &str, native: &Native<'_>, shared: &Charges) -> Option<ArrayRef> {
        let text = |keys: &[&'static str]| -> ArrayRef { Arc::new(native.text_of(keys)) };
        Some(match name {
            "AvailabilityZone" => text(&["availabilityzone"]),
            "BillingAccountId" => text(&billing_account(native, "id")),
            "BillingAccountName" => text(&billing_account(native, "name")),
            "BillingAccountType" => {
                let profile = is_mca(native);
                constant(native.rows(), if profile { "Billing Profile" } else { "Billing Account" })
            }
            "BillingCurrency" => text(CURRENCY),
            "ChargeDescription" => text(&["productname", "product", "productordername"]),
            "CommitmentDiscountName" => {
                let (id, name) =
                    (native.text("benefitid"), native.text_of(&["benefitname", "reservationname"]));
                texts(native.rows(), |row| cell(&id, row).and_then(|_| cell(&name, row)))
            }
            "HostProviderName" | "ProviderName" | "ServiceProviderName" => {
                constant(native.rows(), "Microsoft")
            }
            "InvoiceId" => text(&["invoiceid"]),
            "InvoiceIssuerName" => {
                let partner = native.text_of(&["partnername", "resellername"]);
                texts(native.rows(), |row| cell(&partner, row).or(Some("Microsoft")))
            }
            "PublisherName" => {
                let publisher = native.text("publishername");
                texts(native.rows(), |row| cell(&publisher, row).or(Some("Microsoft")))
            }
            "ResourceId" => lower(&native.text_of(RESOURCE)),
            "SubAccountId" => lower(&native.text_of(&["subscriptionid", "subscriptionguid"])),
            "SubAccountName" => text(&["subscriptionname"]),
            "SubAccountType" => {
                let id = native.text_of(&["subscriptionid", "subscriptionguid"]);
                texts(native.rows(), |row| cell(&id, row).map(|_| "Subscription"))
            }
            "Tags" => match native.array("tags") {
                Some(array) => tags_column("tags", &array).array,
                None => text(&[]),
            },
            "x_ChargeType" => text(&["chargetype"]),
            "x_CostCenter" => text(&["costcenter"]),
            "x_InvoiceSectionName" => text(&["invoicesectionname", "invoicesection"]),
            "x_PricingUnitDescription" => text(UNIT),
            "x_ResourceGroupName" => lower(&native.text_of(&["resourcegroupname", "resourcegroup"])),
            "x_SkuMeterCategory" => text(&["metercategory"]),
            "x_SkuMeterSubcategory" => text(&["metersubcategory"]),
            _ => {
                return Self::money(name, native, shared)
                    .or_else(|| Self::charge(name, native, shared))
                    .or_else(|| Self::what(name, native, shared));
            }
        })
    }
}

fn is_mca(native: &Native<'_>) -> bool {
    let names = native.names();
    names.has("costInBillingCurrency") && names.has("billingProfileId")
}

fn billing_account(native: &Native<'_>, part: &str) -> [&'static str; 2] {
    match (is_mca(native), part) {
        (true, "id") => ["billingprofileid", "billingaccountid"],
        (true, _) => ["billingprofilename", "billingaccountname"],
        (false, "id") => ["billingaccountid", "billingprofileid"],
        (false, _) => ["billingaccountname", "billingprofilename"],
    }
}

impl Azure {
    /// Costs, prices, quantities.
    fn money(name: &str, native: &Native<'_>, shared: &Charges) -> Option<ArrayRef> {
        let rows = native.rows();
        let charges = &shared.0;
        match name {
            "BilledCost" | "EffectiveCost" => {
                let cost = native.decimal_of(COST);
                for row in (0..rows).filter(|row| cost.is_null(*row)) {
                    native.fault(row, COST[0], String::new(), "is empty: a charge needs a cost");
                }
                let zero = if name == "BilledCost" { is_covered } else { is_commitment_purchase };
                return Some(decimals(rows, |row| {
                    if zero(charges[row]) { units(&cost, row).map(|_| 0) } else { units(&cost, row) }
                }));
            }
            "PricingCurrency" => {
                let (pricing, billing) = (native.text("pricingcurrency"), native.text_of(CURRENCY));
                return Some(super::native::either(&pricing, &billing));
            }
            "PricingCurrencyEffectiveCost" => {
                let cost = native.decimal("costinpricingcurrency");
                return Some(decimals(rows, |row| {
                    if is_commitment_purchase(charges[row]) { Some(0) } else { units(&cost, row) }
                }));
            }
            "ContractedCost"
            | "ContractedUnitPrice"
            | "ListCost"
            | "ListUnitPrice"
            | "PricingQuantity"
            | "PricingUnit"
            | "ConsumedQuantity"
            | "ConsumedUnit"
            | "CommitmentDiscountQuantity"
            | "CommitmentDiscountUnit"
            | "PricingCurrencyContractedUnitPrice"
            | "PricingCurrencyListUnitPrice"
            | "x_PricingBlockSize"
            | "x_SourceChanges" => {}
            _ => return None,
        }
        let all = Quantities::read(native);
        // Prices and quantities exist for usage and purchases.
        let priced = |row: usize| {
            matches!(charges[row].0, Charge::Usage | Charge::Unused | Charge::Purchase | Charge::Refund)
        };
        let consumes = |row: usize| charges[row].0 == Charge::Usage;
        let unused = |row: usize| charges[row].0 == Charge::Unused;
        let cost = |row| units(&all.cost, row);
        let average = |row| quotient(cost(row)?, all.priced(row)?).filter(|price| *price >= 0);
        Some(match name {
            // An unused hour costs its part of the commitment, and has no other price.
            "ContractedCost" => decimals(rows, |row| {
                all.contracted(row).filter(|_| priced(row) && !unused(row)).or_else(|| cost(row))
            }),
            "ContractedUnitPrice" => decimals(rows, |row| {
                if unused(row) { average(row) } else { all.contracted_price(row).filter(|_| priced(row)) }
            }),
            "ListCost" => decimals(rows, |row| {
                let known = || {
                    all.listed(row).or_else(|| all.contracted(row)).filter(|_| priced(row) && !unused(row))
                };
                known().or_else(|| cost(row))
            }),
            "ListUnitPrice" => decimals(rows, |row| {
                if unused(row) { average(row) } else { all.list_price(row).filter(|_| priced(row)) }
            }),
            "PricingCurrencyContractedUnitPrice" | "PricingCurrencyListUnitPrice" => {
                let list = name == "PricingCurrencyListUnitPrice";
                let cost = native.decimal("costinpricingcurrency");
                decimals(rows, |row| {
                    if unused(row) {
                        return quotient(units(&cost, row)?, all.priced(row)?).filter(|price| *price >= 0);
                    }
                    let (price, known) = if list {
                        (&all.payg_price, all.list_price(row))
                    } else {
                        (&all.unit_price, all.contracted_price(row))
                    };
                    units(price, row).filter(|_| known.is_some() && priced(row))
                })
            }
            "PricingQuantity" => decimals(rows, |row| all.priced(row).filter(|_| priced(row))),
            "PricingUnit" => {
                let fallback = native.text_of(UNIT);
                texts(rows, |row| {
                    all.priced(row).filter(|_| priced(row))?;
                    all.unit(row).or_else(|| cell(&fallback, row)).or(Some("Units"))
                })
            }
            "ConsumedQuantity" => decimals(rows, |row| all.consumed(row).filter(|_| consumes(row))),
            "ConsumedUnit" => {
                let fallback = native.text_of(UNIT);
                texts(rows, |row| {
                    all.consumed(row).filter(|_| consumes(row))?;
                    all.unit(row).or_else(|| cell(&fallback, row)).or(Some("Units"))
                })
            }
            "CommitmentDiscountQuantity" | "CommitmentDiscountUnit" => {
                let (benefit, currency) = (native.text("benefitid"), native.text_of(CURRENCY));
                let spend = |row: usize| {
                    let id = cell(&benefit, row).filter(|_| priced(row))?;
                    kind_of(id).map(|kind| kind == Kind::SavingsPlan)
                };
                if name == "CommitmentDiscountUnit" {
                    return Some(texts(rows, |row| {
                        if spend(row)? {
                            cell(&currency, row)
                        } else {
                            all.consumed(row).and_then(|_| all.unit(row).or(Some("Units")))
                        }
                    }));
                }
                decimals(rows, |row| if spend(row)? { cost(row) } else { all.consumed(row) })
            }
            "x_PricingBlockSize" => {
                let mut column = StringBuilder::with_capacity(rows, rows * 2);
                for row in 0..rows {
                    column.append_option(all.units[row].map(|unit| unit.block.to_string()));
                }
                Arc::new(column.finish())
            }
            _ => texts(rows, |row| {
                let bought = priced(row) && cost(row) != Some(0);
                let (no_list, no_contract) =
                    (bought && all.listed(row).is_none(), bought && all.contracted(row).is_none());
                match (no_list, no_contract) {
                    (true, true) => Some("MissingContractedCost,MissingListCost"),
                    (true, false) => Some("MissingListCost"),
                    (false, true) => Some("MissingContractedCost"),
                    (false, false) => None,
                }
            }),
        })
    }

    /// What kind of charge, when, under which commitment.
    fn charge(name: &str, native: &Native<'_>, shared: &Charges) -> Option<ArrayRef> {
        let rows = native.rows();
        let charges = &shared.0;
        Some(match name {
            "BillingPeriodStart" | "BillingPeriodEnd" => {
                let (start, end, day) =
                    (native.time_of(PERIOD_START), native.time_of(PERIOD_END), native.time_of(CHARGED));
                let start_of =
                    move |row| micros(&start, row).or_else(|| super::totals::month_start(micros(&day, row)?));
                if name == "BillingPeriodStart" {
                    times(rows, start_of)
                } else {
                    times(rows, |row| {
                        micros(&end, row)
                            .map(|end| end + DAY)
                            .or_else(|| super::totals::month_end(start_of(row)?))
                    })
                }
            }
            "ChargePeriodStart" | "ChargePeriodEnd" => {
                let day = native.time_of(CHARGED);
                if name == "ChargePeriodStart" {
                    Arc::new(day)
                } else {
                    times(rows, |row| micros(&day, row).map(|day| day + DAY))
                }
            }
            "ChargeCategory" => texts(rows, |row| {
                Some(match charges[row].0 {
                    Charge::Usage | Charge::Unused => "Usage",
                    Charge::Purchase | Charge::Refund => "Purchase",
                    Charge::Tax => "Tax",
                    Charge::Credit => "Credit",
                    Charge::Other => "Adjustment",
                })
            }),
            "ChargeClass" => texts(rows, |row| (charges[row].0 == Charge::Refund).then_some("Correction")),
            "ChargeFrequency" => {
                let frequency = native.text("frequency");
                texts(rows, |row| {
                    Some(
                        match (
                            cell(&frequency, row).unwrap_or_default().to_ascii_lowercase().as_str(),
                            charges[row].0,
                        ) {
                            ("recurring", _) => "Recurring",
                            ("onetime", _) | (_, Charge::Purchase | Charge::Refund) => "One-Time",
                            _ => "Usage-Based",
                        },
                    )
                })
            }
            "CommitmentDiscountId" => lower(&native.text("benefitid")),
            "CommitmentDiscountCategory" | "CommitmentDiscountType" => {
                let benefit = native.text("benefitid");
                texts(rows, |row| {
                    Some(match (kind_of(cell(&benefit, row)?)?, name) {
                        (Kind::Reservation, "CommitmentDiscountType") => "Reservation",
                        (Kind::Reservation, _) => "Usage",
                        (Kind::SavingsPlan, "CommitmentDiscountType") => "Savings Plan",
                        (Kind::SavingsPlan, _) => "Spend",
                    })
                })
            }
            "CommitmentDiscountStatus" => {
                let benefit = native.text("benefitid");
                texts(rows, |row| {
                    cell(&benefit, row)?;
                    match charges[row].0 {
                        Charge::Unused => Some("Unused"),
                        Charge::Usage => Some("Used"),
                        _ => None,
                    }
                })
            }
            "PricingCategory" => texts(rows, |row| match charges[row] {
                (Charge::Usage | Charge::Unused, Model::Commitment) | (Charge::Unused, _) => {
                    Some("Committed")
                }
                (Charge::Usage, Model::Spot) => Some("Dynamic"),
                (Charge::Usage | Charge::Purchase | Charge::Refund, _) => Some("Standard"),
                _ => None,
            }),
            _ => return None,
        })
    }

    /// What was charged for.
    fn what(name: &str, native: &Native<'_>, shared: &Charges) -> Option<ArrayRef> {
        let rows = native.rows();
        Some(match name {
            "RegionId" | "RegionName" => {
                let location =
                    native.text_of(&["resourcelocation", "resourcelocationnormalized", "location"]);
                let mut known: HashMap<&str, (String, String)> = HashMap::new();
                let mut column = StringBuilder::with_capacity(rows, rows * 8);
                for row in 0..rows {
                    let region = cell(&location, row).map(|place| {
                        known.entry(place).or_insert_with(|| {
                            match lookup::azure_region(&place.to_lowercase()) {
                                Some((id, name)) => (id.to_owned(), name.to_owned()),
                                None => (place.to_lowercase().replace(' ', ""), place.to_owned()),
                            }
                        })
                    });
                    column.append_option(
                        region.map(
                            |(id, shown)| {
                                if name == "RegionId" { id.as_str() } else { shown.as_str() }
                            },
                        ),
                    );
                }
                Arc::new(column.finish())
            }
            "ResourceName" => {
                let (own, id) = (native.text("resourcename"), native.text_of(RESOURCE));
                lower(
                    texts(rows, |row| {
                        let last = cell(&id, row)?
                            .trim_end_matches('/')
                            .rsplit('/')
                            .next()
                            .filter(|part| !part.is_empty());
                        cell(&own, row).or(last)
                    })
                    .as_string::<i32>(),
                )
            }
            "ResourceType" => {
                let (id, found) = (native.text_of(RESOURCE), services(native));
                let mut column = StringBuilder::with_capacity(rows, rows * 12);
                for (row, (_, display)) in found.iter().enumerate() {
                    let id = cell(&id, row);
                    match (id, display) {
                        (None, _) => column.append_null(),
                        (Some(_), Some(display)) => column.append_value(display),
                        (Some(id), None) => {
                            column.append_value(resource_type_of(id).unwrap_or_else(|| "Resource".to_owned()))
                        }
                    }
                }
                Arc::new(column.finish())
            }
            "ServiceCategory" | "ServiceSubcategory" | "ServiceName" => {
                let (found, meter, consumed) =
                    (services(native), native.text("metercategory"), native.text_of(CONSUMED));
                texts(rows, |row| {
                    let service = found[row].0.or_else(|| lookup::azure_service_named(cell(&meter, row)?));
                    match name {
                        "ServiceCategory" => Some(service.map_or("Other", |s| s.category)),
                        "ServiceSubcategory" => Some(service.map_or("Other (Other)", |s| s.subcategory)),
                        _ => service
                            .map(|s| s.name)
                            .or_else(|| cell(&meter, row))
                            .or_else(|| cell(&consumed, row))
                            .or(Some("Azure")),
                    }
                })
            }
            "SkuId" | "SkuPriceId" | "SkuMeter" => {
                let (product, part, meter) =
                    (native.text("productid"), native.text("partnumber"), native.text("meterid"));
                let meter_name = native.text("metername");
                texts(rows, |row| {
                    if shared.0[row].0 == Charge::Tax {
                        return None;
                    }
                    let sku = cell(&product, row).or_else(|| cell(&part, row)).or_else(|| cell(&meter, row));
                    if name == "SkuMeter" { sku.and_then(|_| cell(&meter_name, row)) } else { sku }
                })
            }
            "SkuPriceDetails" => {
                let sku = Self::what("SkuPriceId", native, shared)?;
                sku_price_details(&native.text("additionalinfo"), &sku)
            }
            _ => return None,
        })
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Reservation,
    SavingsPlan,
}

fn kind_of(benefit: &str) -> Option<Kind> {
    let benefit = benefit.to_ascii_lowercase();
    if benefit.contains("/microsoft.capacity/") {
        Some(Kind::Reservation)
    } else if benefit.contains("/microsoft.billingbenefits/") {
        Some(Kind::SavingsPlan)
    } else {
        None
    }
}

/// `AdditionalInfo` with `x_` before each key, as FOCUS wants of keys that are not its own.
fn sku_price_details(info: &StringArray, sku: &ArrayRef) -> ArrayRef {
    let mut column = StringBuilder::with_capacity(info.len(), info.value_data().len());
    for row in 0..info.len() {
        let object = cell(info, row).filter(|_| sku.is_valid(row)).and_then(|text| {
            let text =
                if text.trim_start().starts_with('{') { text.to_owned() } else { format!("{{{text}}}") };
            serde_json::from_str::<BTreeMap<String, serde_json::Value>>(&text).ok()
        });
        match object.filter(|object| !object.is_empty()) {
            Some(object) => {
                let named: BTreeMap<String, serde_json::Value> =
                    object.into_iter().map(|(key, value)| (format!("x_{key}"), value)).collect();
                column.append_option(serde_json::to_string(&named).ok());
            }
            None => column.append_null(),
        }
    }
    Arc::new(column.finish())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn resource_types_of_ids() {
        let check = |id: &str, kind: Option<&str>| assert_eq!(resource_type_of(id).as_deref(), kind, "{id}");
        check(
            "/subscriptions/1/resourceGroups/g/providers/Microsoft.Compute/virtualMachines/vm",
            Some("microsoft.compute/virtualmachines"),
        );
        check(
            "/subscriptions/1/resourceGroups/g/providers/Microsoft.Sql/servers/s/databases/d",
            Some("microsoft.sql/servers/databases"),
        );
        check("/subscriptions/1", None);
    }
}
