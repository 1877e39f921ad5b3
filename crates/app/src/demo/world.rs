//! The company's resources at one provider, with their whole year.

use super::anomalies::{PLANTED, Planted};
use super::catalogue::{Eligible, Region, Shape, Sku};
use super::chance::{self, Chance};
use super::commitments::{self, Commitment};
use super::company::{Provider, Terms, cost_center};
use super::money::{Price, Quantity};
use super::{Calendar, DemoSize, naming};

/// An account, subscription or project.
#[derive(Debug)]
pub(super) struct Account {
    pub(super) id: String,
    pub(super) name: String,
    pub(super) team: &'static str,
    pub(super) environment: &'static str,
    /// Whether sales tax is due.
    pub(super) taxed: bool,
}

/// One resource's use of one meter.
#[derive(Debug)]
pub(super) struct Item {
    pub(super) sku: &'static Sku,
    pub(super) account: usize,
    pub(super) region: &'static Region,
    pub(super) zone: Option<String>,
    pub(super) resource_id: String,
    pub(super) resource_name: Option<String>,
    pub(super) tags: Vec<(String, String)>,
    pub(super) list: Price,
    /// What is paid without a commitment: negotiated, or the spot price.
    pub(super) contracted: Price,
    pub(super) sku_id: String,
    pub(super) price_id: String,
    pub(super) committed_price_id: String,
    pub(super) usage_type: String,
    pub(super) description: String,
    level: f64,
    growth: f64,
    wobble: f64,
    key: u64,
    /// Days on which it exists, from the first day of the demo; the end is exclusive.
    from: i32,
    to: i32,
    office_hours: bool,
    anomaly: Option<&'static Planted>,
    /// Days of the anomaly, in the same count.
    hot: (i32, i32),
}

/// Everything at one provider.
#[derive(Debug)]
pub(super) struct World {
    pub(super) provider: Provider,
    pub(super) terms: &'static Terms,
    pub(super) billing_account_id: String,
    pub(super) billing_account_name: String,
    pub(super) accounts: Vec<Account>,
    pub(super) items: Vec<Item>,
    pub(super) commitments: Vec<Commitment>,
    pub(super) seed: u64,
}

impl World {
    pub(super) fn new(provider: Provider, seed: u64, calendar: &Calendar, size: DemoSize) -> Self {
        let terms = provider.terms();
        let mut chance = Chance::new(seed, provider.as_str());
        let accounts = naming::accounts(provider, terms, &mut chance);
        let (billing_account_id, billing_account_name) = naming::billing_account(provider, &mut chance);
        let mut items = Vec::new();
        for sku in terms.skus {
            let count = size.scaled(sku.count);
            for number in 0..count {
                let mut chance = Chance::new(seed, &format!("{}/{}/{number}", provider.as_str(), sku.usage));
                items.push(Item::new(provider, &accounts, sku, calendar, &mut chance));
            }
        }
        for planted in PLANTED.iter().filter(|planted| planted.provider == provider) {
            plant(&mut items, planted, provider, &accounts, calendar, seed);
        }
        let commitments = commitments::of(provider, terms, &accounts, &items, calendar, &mut chance);
        Self { provider, terms, billing_account_id, billing_account_name, accounts, items, commitments, seed }
    }
}

/// Makes the usual resources of a meter run hot, or adds the ones that should not be there.
fn plant(
    items: &mut Vec<Item>,
    planted: &'static Planted,
    provider: Provider,
    accounts: &[Account],
    calendar: &Calendar,
    seed: u64,
) {
    let account =
        accounts.iter().position(|a| a.team == planted.team && a.environment == planted.environment);
    let sku = provider.terms().skus.iter().find(|sku| sku.usage == planted.usage);
    // INVARIANT: a test walks PLANTED, so both are found.
    let (Some(account), Some(sku)) = (account, sku) else { return };
    let from = calendar.today_index() - planted.from;
    let hot = (from, from + planted.days);
    for number in 0..planted.resources.max(1) {
        let mut chance = Chance::new(seed, &format!("anomaly/{}/{number}", planted.id));
        let mut item = Item::new(provider, accounts, sku, calendar, &mut chance);
        item.move_to(provider, &accounts[account], account, planted.region, &mut chance);
        item.office_hours = false;
        item.anomaly = Some(planted);
        item.hot = hot;
        (item.from, item.to) = if planted.resources > 0 { hot } else { (0, i32::MAX) };
        item.growth = 0.0;
        if planted.resources == 0 {
            // The one that runs hot is of average size, or the factor would say little.
            item.level = sku.level * 0.8;
        } else {
            item.tags.clear();
        }
        items.push(item);
    }
}

impl Item {
    fn new(
        provider: Provider,
        accounts: &[Account],
        sku: &'static Sku,
        calendar: &Calendar,
        chance: &mut Chance,
    ) -> Self {
        let wanted = |account: &Account| {
            account.environment != "sandbox"
                && (sku.teams.is_empty() || sku.teams.split(' ').any(|team| team == account.team))
        };
        let weights = provider.terms().accounts.iter().map(|(_, _, weight)| *weight);
        let account = chance.weighted(
            accounts.iter().zip(weights).map(|(account, weight)| if wanted(account) { weight } else { 0 }),
        );
        let region = &provider.terms().regions
            [chance.weighted(provider.terms().regions.iter().map(|region| region.weight))];
        let days = calendar.days();
        let story = story(sku, days, chance);
        let spread = if matches!(sku.shape, Shape::Hours) { 1.0 } else { chance.between(0.35, 1.9) };
        let production = accounts[account].environment == "prod";
        let scale = if production || matches!(sku.shape, Shape::Hours) { 1.0 } else { 0.3 };
        let mut item = Self {
            sku,
            account,
            region,
            zone: None,
            resource_id: String::new(),
            resource_name: None,
            tags: Vec::new(),
            list: Price::default(),
            contracted: Price::default(),
            sku_id: String::new(),
            price_id: String::new(),
            committed_price_id: String::new(),
            usage_type: String::new(),
            description: String::new(),
            level: sku.level * spread * scale,
            growth: sku.growth * chance.between(0.4, 1.6),
            wobble: match sku.shape {
                Shape::Hours => 0.0,
                Shape::Stock => 0.002,
                Shape::Flow { .. } => 0.05,
            },
            key: chance.bits(),
            from: story.0,
            to: story.1,
            office_hours: matches!(sku.shape, Shape::Hours) && !production && chance.happens(0.7),
            anomaly: None,
            hot: (0, 0),
        };
        let region_id = region.id;
        item.move_to(provider, &accounts[account], account, Some(region_id), chance);
        item
    }

    /// Gives the item its place, and with it names and prices.
    fn move_to(
        &mut self,
        provider: Provider,
        account: &Account,
        index: usize,
        region: Option<&str>,
        chance: &mut Chance,
    ) {
        let terms = provider.terms();
        self.account = index;
        if let Some(found) = region.and_then(|id| terms.regions.iter().find(|region| region.id == id)) {
            self.region = found;
        }
        let whole = self.sku.whole_units();
        self.list = self.sku.price.percent(self.region.price, whole);
        self.contracted = self.list.percent(if self.sku.spot { 37 } else { terms.negotiated }, whole);
        naming::name(self, provider, account, chance);
        self.tags = tags(provider, account, chance);
    }

    /// What is used on a day, counted from the demo's first; `None` when nothing is.
    pub(super) fn quantity(&self, day: i32, calendar: &Calendar) -> Option<Quantity> {
        self.quantity_with(day, calendar, true)
    }

    /// The same, as it would have been had nothing gone wrong.
    pub(super) fn normal_quantity(&self, day: i32, calendar: &Calendar) -> Option<Quantity> {
        self.quantity_with(day, calendar, false)
    }

    fn quantity_with(&self, day: i32, calendar: &Calendar, anomalies: bool) -> Option<Quantity> {
        if day < self.from || day >= self.to {
            return None;
        }
        let hot = anomalies && self.hot.0 <= day && day < self.hot.1;
        if self.anomaly.is_some_and(|planted| planted.resources > 0) && !hot {
            return None;
        }
        let weekend = calendar.is_weekend(day);
        let growth = 1.0 + self.growth * f64::from(day) / 30.4;
        let mut units = match self.sku.shape {
            Shape::Hours if self.office_hours && weekend => return None,
            Shape::Hours if self.office_hours => self.level * 11.0 / 24.0,
            Shape::Hours => self.level,
            Shape::Stock => self.level * growth / f64::from(calendar.days_in_month(day)),
            Shape::Flow { weekend: share, month_start } => {
                let share = if weekend { share } else { 1.0 };
                let start = if calendar.day_of_month(day) <= 3 { month_start } else { 1.0 };
                self.level * growth * share * start * calendar.season(day)
            }
        };
        units *= 1.0 + self.wobble * chance::noise(self.key, day);
        if let (true, Some(planted)) = (hot, self.anomaly) {
            units *= planted.factor;
        }
        let quantity = if self.sku.whole_units() || units >= 1_000_000.0 {
            Quantity::whole((units.round() as i64).min(999_999_999))
        } else {
            Quantity((units * 1000.0).round() as i64)
        };
        (quantity.0 > 0).then_some(quantity)
    }

    pub(super) fn anomaly(&self) -> Option<&'static Planted> {
        self.anomaly
    }

    /// The days of the anomaly; the end is exclusive.
    pub(super) fn hot_days(&self) -> (i32, i32) {
        self.hot
    }

    /// What a commitment that fits makes of the price; `None` when none can.
    pub(super) fn committed_price(&self) -> Option<Price> {
        match self.sku.eligible {
            Eligible::No => None,
            Eligible::Spend(percent) | Eligible::Usage(percent) => {
                Some(self.list.percent(percent, self.sku.whole_units()))
            }
        }
    }
}

/// When a resource exists: most all year, some begin or end, a few last for days.
fn story(sku: &Sku, days: i32, chance: &mut Chance) -> (i32, i32) {
    let at = |share: f64| (f64::from(days) * share) as i32;
    // The newer machines come in over the year and the older ones go.
    if sku.meter == "m7g.4xlarge" {
        return (at(chance.between(-0.3, 0.85)), i32::MAX);
    }
    if sku.meter == "m6i.4xlarge" && chance.happens(0.4) {
        return (i32::MIN, at(chance.between(0.3, 1.1)));
    }
    // Reserved databases that were switched off half-way: the reservation runs on, unused.
    if sku.usage == "InstanceUsage:db.r6g.4xl" && chance.happens(0.3) {
        return (i32::MIN, at(chance.between(0.55, 0.7)));
    }
    if chance.happens(0.07) && matches!(sku.shape, Shape::Hours) {
        let from = at(chance.between(0.0, 0.97));
        return (from, from + 2 + i32::try_from(chance.below(9)).unwrap_or(0));
    }
    let from = if chance.happens(0.28) { at(chance.between(0.0, 0.9)) } else { i32::MIN };
    let to = if chance.happens(0.12) {
        from.max(0).saturating_add(at(chance.between(0.25, 1.0)))
    } else {
        i32::MAX
    };
    (from, to)
}

/// Tags as people set them: mostly right, some misspelt on Azure, some missing.
fn tags(provider: Provider, account: &Account, chance: &mut Chance) -> Vec<(String, String)> {
    if chance.happens(0.08) {
        return Vec::new();
    }
    let pair = |key: &str, value: &str| (key.to_owned(), value.to_owned());
    let app = format!("{}-{}", account.team, ["api", "worker", "store", "edge", "jobs"][chance.below(5)]);
    let mut tags = match provider {
        Provider::Azure => match chance.below(10) {
            0 => vec![pair("Team", account.team), pair("Env", account.environment)],
            1 => vec![pair("TEAM", account.team), pair("env", account.environment)],
            2 => vec![pair("team", &capitalised(account.team)), pair("environment", account.environment)],
            _ => vec![pair("team", account.team), pair("env", account.environment)],
        },
        _ => vec![pair("team", account.team), pair("env", account.environment)],
    };
    tags.push(pair("app", &app));
    if chance.happens(0.85) {
        let key =
            if provider == Provider::Azure && chance.happens(0.4) { "CostCenter" } else { "cost_center" };
        tags.push(pair(key, cost_center(account.team)));
    }
    tags
}

fn capitalised(text: &str) -> String {
    text.split_at_checked(1).map_or_else(|| text.to_owned(), |(first, rest)| first.to_uppercase() + rest)
}
