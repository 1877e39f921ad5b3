//! One provider's month, charge by charge.

use super::calendar::{Calendar, MONTHS};
use super::catalogue::Service;
use super::charge::{Charge, CommitmentUse, Resource, SkuRef};
use super::commitments::{Commitment, Cover, Payment, TERM_DAYS};
use super::company::Provider;
use super::money::{self, Quantity};
use super::world::{Item, World};
use bursar_domain::{Amount, BillingPeriod};
use chrono::NaiveDate;
use std::borrow::Cow;

/// Which delivery of the month.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Edition {
    /// The one that counts.
    Final,
    /// One that was replaced: before support and corrections, and with snapshots over-metered.
    Preliminary,
    /// A snapshot of the current month, so many days old.
    Earlier(i32),
}

/// Where charges go. An error stops the month.
pub(super) trait Emit<E> {
    fn emit(&mut self, charge: &Charge<'_>) -> Result<(), E>;
}

impl<E, F: FnMut(&Charge<'_>) -> Result<(), E>> Emit<E> for F {
    fn emit(&mut self, charge: &Charge<'_>) -> Result<(), E> {
        self(charge)
    }
}

/// Per account: list, contracted, billed and effective cost of its usage.
type Sums = Vec<[Amount; 4]>;

/// Emits every charge of the month.
pub(super) fn charges<E>(
    world: &World,
    calendar: &Calendar,
    month: BillingPeriod,
    edition: Edition,
    out: &mut impl Emit<E>,
) -> Result<(), E> {
    let (from, to) = calendar.days_of(month);
    let to = if let Edition::Earlier(days) = edition { (to - days).max(from) } else { to };
    let mut sums: Sums = vec![[Amount::ZERO; 4]; world.accounts.len()];
    for day in from..to {
        purchases(world, calendar, month, day, out)?;
        usage(world, calendar, day, edition, &mut sums, out)?;
    }
    if to > from {
        monthly(world, calendar, month, edition, &sums, out)?;
    }
    Ok(())
}

fn usage<E>(
    world: &World,
    calendar: &Calendar,
    day: i32,
    edition: Edition,
    sums: &mut Sums,
    out: &mut impl Emit<E>,
) -> Result<(), E> {
    let date = calendar.date(day);
    // What is left of each commitment today: money, or thousandths of units.
    let mut left: Vec<(&Commitment, Amount, Quantity)> = world
        .commitments
        .iter()
        .filter(|commitment| commitment.from <= day)
        .map(|commitment| match &commitment.cover {
            Cover::Spend(amount) => (commitment, *amount, Quantity(0)),
            Cover::Usage { per_day, .. } => (commitment, Amount::ZERO, *per_day),
        })
        .collect();
    for item in &world.items {
        let Some(mut quantity) = item.quantity(day, calendar) else { continue };
        if edition == Edition::Preliminary && item.sku.kind == "snapshot" {
            quantity = Quantity(quantity.0 + quantity.0 / 16);
        }
        let mut keep = |charge: &Charge<'_>, out: &mut dyn FnMut(&Charge<'_>) -> Result<(), E>| {
            for (sum, amount) in sums[item.account].iter_mut().zip([
                charge.list,
                charge.contracted,
                charge.billed,
                charge.effective,
            ]) {
                money::add(sum, amount);
            }
            out(charge)
        };
        if let Some(rate) = item.committed_price() {
            for (commitment, money_left, units_left) in
                left.iter_mut().filter(|(commitment, ..)| commitment.covers(item))
            {
                let covered = match commitment.cover {
                    Cover::Spend(_) => {
                        money::affordable(rate, *money_left, item.sku.whole_units()).min(quantity)
                    }
                    Cover::Usage { .. } => Quantity(units_left.0.min(quantity.0)),
                };
                if covered.0 <= 0 {
                    continue;
                }
                let effective = match commitment.cover {
                    // The one that empties it takes the fraction of a cent that buys no whole unit.
                    Cover::Spend(_) if covered < quantity => *money_left,
                    _ => money::cost(rate, covered),
                };
                *money_left = Amount::from_units(money_left.units() - effective.units());
                *units_left = units_left.minus(covered);
                quantity = quantity.minus(covered);
                let used = match commitment.cover {
                    Cover::Spend(_) => effective,
                    Cover::Usage { .. } => covered.amount(),
                };
                let mut charge = of_item(world, item, date, covered);
                charge.pricing_category = Some("Committed");
                charge.billed = Amount::ZERO;
                charge.effective = effective;
                charge.sku = charge.sku.map(|sku| SkuRef { price_id: &item.committed_price_id, ..sku });
                charge.commitment = Some(CommitmentUse { commitment, status: Some("Used"), quantity: used });
                keep(&charge, &mut |charge| out.emit(charge))?;
                if quantity.0 == 0 {
                    break;
                }
            }
        }
        if quantity.0 > 0 {
            keep(&of_item(world, item, date, quantity), &mut |charge| out.emit(charge))?;
        }
    }
    for (commitment, money_left, units_left) in left {
        let (unused, effective) = match commitment.cover {
            Cover::Spend(_) => (money_left, money_left),
            Cover::Usage { .. } => (units_left.amount(), money::cost(commitment.rate, units_left)),
        };
        if effective.is_zero() {
            continue;
        }
        let mut charge = of_commitment(world, commitment, (date, date.succ_opt().unwrap_or(date)));
        charge.category = "Usage";
        charge.frequency = "Usage-Based";
        charge.description = Cow::Owned(format!("{}: unused commitment", commitment.name));
        charge.pricing_category = Some("Committed");
        charge.pricing = Some((unused, commitment.unit()));
        charge.list_price = Some(money::Price(0));
        charge.contracted_price = Some(money::Price(0));
        charge.effective = effective;
        charge.commitment = Some(CommitmentUse { commitment, status: Some("Unused"), quantity: unused });
        out.emit(&charge)?;
    }
    Ok(())
}

/// What is paid today for commitments.
fn purchases<E>(
    world: &World,
    calendar: &Calendar,
    month: BillingPeriod,
    day: i32,
    out: &mut impl Emit<E>,
) -> Result<(), E> {
    let date = calendar.date(day);
    for commitment in world.commitments.iter().filter(|commitment| commitment.from <= day) {
        let (days, end, frequency) = match commitment.payment {
            Payment::Daily => (1, date.succ_opt().unwrap_or(date), "Recurring"),
            Payment::Monthly if calendar.day_of_month(day) == 1 => {
                (month.days().len_days(), month.end(), "Recurring")
            }
            Payment::Upfront if commitment.from == day => {
                (TERM_DAYS, date.succ_opt().unwrap_or(date), "One-Time")
            }
            Payment::Monthly | Payment::Upfront => continue,
        };
        let quantity = commitment.quantity_for(days);
        let cost = money::cost(commitment.rate, quantity);
        let mut charge = of_commitment(world, commitment, (date, end));
        charge.frequency = frequency;
        charge.pricing_category = Some("Standard");
        charge.pricing = Some((quantity.amount(), commitment.unit()));
        charge.list_price = Some(commitment.rate);
        charge.contracted_price = Some(commitment.rate);
        charge.list = cost;
        charge.contracted = cost;
        charge.billed = cost;
        charge.commitment = Some(CommitmentUse { commitment, status: None, quantity: quantity.amount() });
        out.emit(&charge)?;
    }
    Ok(())
}

/// Support, marketplace, credits, corrections and taxes.
fn monthly<E>(
    world: &World,
    calendar: &Calendar,
    month: BillingPeriod,
    edition: Edition,
    sums: &Sums,
    out: &mut impl Emit<E>,
) -> Result<(), E> {
    let terms = world.terms;
    let index = calendar.months().iter().position(|other| *other == month).unwrap_or(0);
    let whole = (month.start(), month.end());
    let management = world.accounts.iter().position(|account| account.team == "platform").unwrap_or(0);
    if let Some((service, publisher, price)) = terms.marketplace {
        let mut charge = fee(world, management, service, whole, Quantity::whole(price).amount());
        charge.description = Cow::Owned(format!("{} - monthly subscription", service.name));
        charge.publisher = publisher;
        // Known gap of Azure's export: no list price for the marketplace.
        if world.provider == Provider::Azure {
            charge.list_price = Some(money::Price(0));
            charge.list = Amount::ZERO;
        }
        out.emit(&charge)?;
    }
    // Support is computed from the finished month: it arrives days after.
    if terms.support_permille > 0 && !calendar.is_current(month) && edition == Edition::Final {
        let mut base = Amount::ZERO;
        sums.iter().for_each(|account| money::add(&mut base, account[1]));
        let mut charge =
            fee(world, management, terms.support, whole, money::share_in_cents(base, terms.support_permille));
        charge.description = Cow::Owned(format!("{} - {month}", terms.support.name));
        out.emit(&charge)?;
    }
    if let Some((name, amount)) = credit(world.provider, index) {
        let mut charge = blank(world, management, world.terms.skus[0].service, whole);
        charge.category = "Credit";
        charge.frequency = "One-Time";
        charge.description = Cow::Borrowed(name);
        set_all(&mut charge, money::minus(Quantity::whole(amount).amount()));
        out.emit(&charge)?;
    }
    if edition == Edition::Final && corrects(world.provider, index) {
        corrections(world, calendar, calendar.months()[index - 1], out)?;
    }
    if terms.tax_permille > 0 {
        for (number, sums) in sums.iter().enumerate().filter(|(number, _)| world.accounts[*number].taxed) {
            let mut charge = blank(world, number, world.terms.skus[0].service, whole);
            charge.category = "Tax";
            charge.frequency = "Recurring";
            charge.description = Cow::Borrowed("US sales tax");
            [charge.list, charge.contracted, charge.billed, charge.effective] =
                sums.map(|sum| money::share_in_cents(sum, terms.tax_permille));
            out.emit(&charge)?;
        }
    }
    Ok(())
}

/// Refunds for a month already invoiced: charge period then, billing period now.
fn corrections<E>(
    world: &World,
    calendar: &Calendar,
    of: BillingPeriod,
    out: &mut impl Emit<E>,
) -> Result<(), E> {
    let (from, to) = calendar.days_of(of);
    let expensive = world
        .items
        .iter()
        .filter(|item| item.sku.eligible == super::catalogue::Eligible::No)
        .step_by(37)
        .take(3);
    for (item, day) in expensive.zip((from + 9)..to) {
        let Some(quantity) = item.quantity(day, calendar) else { continue };
        let mut charge = of_item(world, item, calendar.date(day), quantity);
        charge.correction = true;
        charge.description = Cow::Owned(format!("Refund: {}", item.description));
        let refund = Amount::from_units(-charge.contracted.units() / 4);
        (charge.pricing, charge.consumed) = (None, None);
        (charge.list_price, charge.contracted_price) = (None, None);
        set_all(&mut charge, refund.round(4));
        out.emit(&charge)?;
    }
    Ok(())
}

fn corrects(provider: Provider, index: usize) -> bool {
    match provider {
        Provider::Aws => matches!(index, 4 | 8) || index + 2 == MONTHS - 1,
        Provider::Azure => index == 6,
        Provider::Gcp => matches!(index, 3 | 9),
    }
}

fn credit(provider: Provider, index: usize) -> Option<(&'static str, i64)> {
    match (provider, index) {
        (Provider::Aws, 2) => Some(("AWS Migration Acceleration Program credit", 9_500)),
        (Provider::Aws, 8) => Some(("Service level credit: Amazon Elastic Compute Cloud", 2_140)),
        (Provider::Azure, 5) => Some(("Azure Migrate and Modernize credit", 4_000)),
        (Provider::Gcp, 1..=3) => Some(("Google Cloud startup promotion", 2_500)),
        _ => None,
    }
}

fn set_all(charge: &mut Charge<'_>, amount: Amount) {
    (charge.list, charge.contracted, charge.billed, charge.effective) = (amount, amount, amount, amount);
}

/// An item's charge at its own price.
fn of_item<'a>(world: &'a World, item: &'a Item, date: NaiveDate, quantity: Quantity) -> Charge<'a> {
    let list = money::cost(item.list, quantity);
    let contracted = money::cost(item.contracted, quantity);
    Charge {
        period: (date, date.succ_opt().unwrap_or(date)),
        category: "Usage",
        correction: false,
        frequency: "Usage-Based",
        description: Cow::Borrowed(&item.description),
        account: &world.accounts[item.account],
        service: item.sku.service,
        region: Some(item.region),
        zone: item.zone.as_deref(),
        resource: Some(Resource {
            id: &item.resource_id,
            name: item.resource_name.as_deref(),
            kind: item.sku.kind,
        }),
        sku: Some(SkuRef {
            id: &item.sku_id,
            price_id: &item.price_id,
            meter: item.sku.meter,
            details: (!item.sku.details.is_empty()).then_some(item.sku.details),
            usage_type: &item.usage_type,
            operation: item.sku.operation,
        }),
        pricing_category: Some(if item.sku.spot { "Dynamic" } else { "Standard" }),
        pricing: Some((quantity.amount(), item.sku.unit)),
        consumed: Some((quantity.amount(), item.sku.consumed)),
        list_price: Some(item.list),
        contracted_price: Some(item.contracted),
        list,
        contracted,
        billed: contracted,
        effective: contracted,
        commitment: None,
        publisher: world.terms.issuer,
        tags: &item.tags,
    }
}

/// A row with nothing but an account, a service and a period.
fn blank<'a>(
    world: &'a World,
    account: usize,
    service: &'a Service,
    period: (NaiveDate, NaiveDate),
) -> Charge<'a> {
    Charge {
        period,
        category: "Usage",
        correction: false,
        frequency: "Recurring",
        description: Cow::Borrowed(""),
        account: &world.accounts[account],
        service,
        region: None,
        zone: None,
        resource: None,
        sku: None,
        pricing_category: None,
        pricing: None,
        consumed: None,
        list_price: None,
        contracted_price: None,
        list: Amount::ZERO,
        contracted: Amount::ZERO,
        billed: Amount::ZERO,
        effective: Amount::ZERO,
        commitment: None,
        publisher: world.terms.issuer,
        tags: &[],
    }
}

/// A monthly fee of so much.
fn fee<'a>(
    world: &'a World,
    account: usize,
    service: &'a Service,
    period: (NaiveDate, NaiveDate),
    amount: Amount,
) -> Charge<'a> {
    let mut charge = blank(world, account, service, period);
    charge.category = "Purchase";
    charge.pricing_category = Some("Standard");
    charge.sku = Some(SkuRef {
        id: service.code,
        price_id: service.code,
        meter: "Monthly fee",
        details: None,
        usage_type: "MonthlyFee",
        operation: "Fee",
    });
    // INVARIANT: fees are whole cents, so the price holds them exactly.
    let price = money::Price(i64::try_from(amount.units() / 100_000_000).unwrap_or(0));
    charge.pricing = Some((Quantity::whole(1).amount(), "Months"));
    (charge.list_price, charge.contracted_price) = (Some(price), Some(price));
    set_all(&mut charge, amount);
    charge
}

/// A row about a commitment itself.
fn of_commitment<'a>(
    world: &'a World,
    commitment: &'a Commitment,
    period: (NaiveDate, NaiveDate),
) -> Charge<'a> {
    let mut charge = blank(world, commitment.account, commitment.service, period);
    charge.category = "Purchase";
    charge.description = Cow::Borrowed(&commitment.name);
    charge.region = commitment.region;
    charge.resource =
        Some(Resource { id: &commitment.id, name: Some(&commitment.name), kind: commitment.label });
    charge.sku = Some(SkuRef {
        id: &commitment.sku_id,
        price_id: &commitment.price_id,
        meter: &commitment.meter,
        details: None,
        usage_type: commitment.label,
        operation: "",
    });
    charge
}
