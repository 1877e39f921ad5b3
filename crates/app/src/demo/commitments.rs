//! What the company has bought ahead: some of it used up every day, some not.

use super::calendar::Calendar;
use super::catalogue::{Eligible, Region, Service};
use super::chance::Chance;
use super::company::{Provider, Terms};
use super::money::{self, Price, Quantity};
use super::world::{Account, Item};
use bursar_domain::Amount;

/// When it is paid.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Payment {
    /// Every day, for the day.
    Daily,
    /// On the first of the month, for the month.
    Monthly,
    /// Once, on the first day, for a year.
    Upfront,
}

/// What it covers.
#[derive(Debug, Clone)]
pub(super) enum Cover {
    /// Money a day at committed prices.
    Spend(Amount),
    /// Hours a day of one meter in one region.
    Usage { usage: &'static str, per_day: Quantity },
}

/// One commitment discount.
#[derive(Debug)]
pub(super) struct Commitment {
    pub(super) id: String,
    pub(super) name: String,
    pub(super) label: &'static str,
    pub(super) account: usize,
    pub(super) service: &'static Service,
    pub(super) region: Option<&'static Region>,
    pub(super) cover: Cover,
    /// Price of one unit: 1 for spend.
    pub(super) rate: Price,
    pub(super) payment: Payment,
    pub(super) from: i32,
    pub(super) sku_id: String,
    pub(super) price_id: String,
    pub(super) meter: String,
    currency: &'static str,
    usage_unit: &'static str,
}

/// Days in a term of one year.
pub(super) const TERM_DAYS: i64 = 365;

impl Commitment {
    pub(super) fn category(&self) -> &'static str {
        match self.cover {
            Cover::Spend(_) => "Spend",
            Cover::Usage { .. } => "Usage",
        }
    }

    /// The unit of its quantities.
    pub(super) fn unit(&self) -> &'static str {
        match self.cover {
            Cover::Spend(_) => self.currency,
            Cover::Usage { .. } => self.usage_unit,
        }
    }

    /// Whether it may pay for the item.
    pub(super) fn covers(&self, item: &Item) -> bool {
        match self.cover {
            Cover::Spend(_) => matches!(item.sku.eligible, Eligible::Spend(_)),
            Cover::Usage { usage, .. } => {
                item.sku.usage == usage && self.region.is_some_and(|region| region.id == item.region.id)
            }
        }
    }

    /// The quantity of a purchase for so many days, in `rate`s.
    pub(super) fn quantity_for(&self, days: i64) -> Quantity {
        match &self.cover {
            // INVARIANT: the daily spend is a multiple of 0.001.
            Cover::Spend(amount) => {
                Quantity(i64::try_from(amount.units() / 1_000_000_000_000_000).unwrap_or(0) * days)
            }
            Cover::Usage { per_day, .. } => Quantity(per_day.0 * days),
        }
    }
}

pub(super) fn of(
    provider: Provider,
    terms: &'static Terms,
    accounts: &[Account],
    items: &[Item],
    calendar: &Calendar,
    chance: &mut Chance,
) -> Vec<Commitment> {
    let mut commitments = Vec::new();
    // The use of one meter first: it applies before spend everywhere.
    let mut targets: Vec<&'static str> = terms
        .skus
        .iter()
        .filter(|sku| matches!(sku.eligible, Eligible::Usage(_)))
        .map(|sku| sku.usage)
        .collect();
    targets.dedup();
    for (number, usage) in targets.into_iter().enumerate() {
        let late = number > 0;
        let payment = match provider {
            Provider::Aws | Provider::Azure if late => Payment::Upfront,
            Provider::Gcp => Payment::Daily,
            _ => Payment::Monthly,
        };
        let from = if late { calendar.month_start_at(0.6) } else { i32::MIN };
        commitments.extend(for_usage(usage, payment, from, provider, terms, items, calendar, chance));
    }
    // How many thousandths of a weekday's use shall be covered from when on; the last ones reach
    // beyond what is used on a weekend.
    let shares: &[(i128, f64)] = match provider {
        Provider::Aws => &[(480, -1.0), (620, 0.42), (985, 0.75)],
        Provider::Azure => &[(560, -1.0), (990, 0.67)],
        Provider::Gcp => &[(930, 0.17)],
    };
    let mut bought = Amount::ZERO;
    for (number, (permille, start)) in shares.iter().enumerate() {
        // Commitments are so much an hour, to the tenth of a cent.
        let from = if *start < 0.0 { i32::MIN } else { calendar.month_start_at(*start) };
        let weekday = (from.max(10)..).find(|day| !calendar.is_weekend(*day)).unwrap_or(10);
        let used = committed_use(items, weekday, calendar);
        let hourly =
            Amount::from_units((used.units() * permille / 1000 - bought.units()).max(0) / 24).round(3);
        money::add(&mut bought, Amount::from_units(hourly.units() * 24));
        let id = id(provider, "spend", chance);
        commitments.push(Commitment {
            id,
            name: format!("{}-compute-{}", terms.spend_label.to_lowercase().replace(' ', "-"), number + 1),
            label: terms.spend_label,
            account: accounts.iter().position(|account| account.team == "platform").unwrap_or(0),
            service: terms.spend_service,
            region: None,
            cover: Cover::Spend(Amount::from_units(hourly.units() * 24)),
            rate: money::price("1"),
            payment: if provider == Provider::Azure { Payment::Monthly } else { Payment::Daily },
            from,
            sku_id: chance.code(16),
            price_id: String::new(),
            meter: format!("1 year, no upfront, {hourly} an hour"),
            currency: terms.currency,
            usage_unit: "Hours",
        });
    }
    // AWS leaves it out: a known finding.
    if provider != Provider::Aws {
        for commitment in &mut commitments {
            commitment.price_id = format!("{}-1Y", commitment.sku_id);
        }
    }
    commitments
}

/// What a day's use would cost at the prices of commitments to spend.
fn committed_use(items: &[Item], day: i32, calendar: &Calendar) -> Amount {
    let mut sum = Amount::ZERO;
    for item in items.iter().filter(|item| matches!(item.sku.eligible, Eligible::Spend(_))) {
        if let (Some(price), Some(quantity)) = (item.committed_price(), item.quantity(day, calendar)) {
            money::add(&mut sum, money::cost(price, quantity));
        }
    }
    sum
}

#[expect(clippy::too_many_arguments, reason = "called once")]
fn for_usage(
    usage: &'static str,
    payment: Payment,
    from: i32,
    provider: Provider,
    terms: &'static Terms,
    items: &[Item],
    calendar: &Calendar,
    chance: &mut Chance,
) -> Option<Commitment> {
    let day = from.max(30);
    let of_meter = || items.iter().filter(|item| item.sku.usage == usage);
    let busiest = terms
        .regions
        .iter()
        .max_by_key(|region| of_meter().filter(|item| item.region.id == region.id).count())?;
    let here = || of_meter().filter(|item| item.region.id == busiest.id);
    let used: i64 = here().filter_map(|item| item.quantity(day, calendar)).map(|quantity| quantity.0).sum();
    let item = here().next()?;
    let rate = item.committed_price()?;
    // Whole machines: all that ran when it was bought.
    let per_unit = 24_000;
    let per_day = Quantity((used / per_unit * per_unit).max(per_unit));
    Some(Commitment {
        id: id(provider, &item.sku.service.code.trim_start_matches("Amazon").to_lowercase(), chance),
        name: format!("{} x{} {}", item.sku.meter, per_day.0 / per_unit, busiest.id),
        label: terms.usage_label,
        account: item.account,
        service: item.sku.service,
        region: Some(busiest),
        cover: Cover::Usage { usage, per_day },
        rate,
        payment,
        from,
        sku_id: item.sku_id.clone(),
        price_id: String::new(),
        meter: item.sku.meter.to_owned(),
        currency: terms.currency,
        usage_unit: item.sku.unit,
    })
}

fn id(provider: Provider, kind: &str, chance: &mut Chance) -> String {
    match (provider, kind) {
        (Provider::Aws, "spend") => {
            format!("arn:aws:savingsplans::{}:savingsplan/{}", chance.digits(12), chance.uuid())
        }
        (Provider::Aws, service) => format!(
            "arn:aws:{service}:us-east-1:{}:reserved-instance:ri-{}",
            chance.digits(12),
            chance.hex(17)
        ),
        (Provider::Azure, "spend") => format!(
            "/providers/microsoft.billingbenefits/savingsplanorders/{}/savingsplans/{}",
            chance.uuid(),
            chance.uuid()
        ),
        (Provider::Azure, _) => {
            format!(
                "/providers/microsoft.capacity/reservationorders/{}/reservations/{}",
                chance.uuid(),
                chance.uuid()
            )
        }
        (Provider::Gcp, _) => format!("projects/larkfield-platform-prod/commitments/{}", chance.digits(10)),
    }
}
