//! What the rules look at: what each resource used and cost, day by day.
//!
//! The app fills it with one query per window: usage charges (`ChargeCategory` Usage) grouped by resource, meter and day. Days
//! are those of the charge period, UTC. Costs are effective costs.

use bursar_domain::{Amount, CurrencyCode};
use chrono::{Datelike, NaiveDate};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Fewest days to judge by.
pub const MIN_DAYS: usize = 14;
/// Most days.
pub const MAX_DAYS: usize = 400;
/// Most resources of one inventory; larger ones are taken account by account.
pub const MAX_RESOURCES: usize = 1_000_000;

/// Resources over a window of days.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Inventory {
    /// The first day.
    pub from: NaiveDate,
    /// How many days; the last ones must have arrived.
    pub days: usize,
    /// The resources.
    pub resources: Vec<Resource>,
}

/// A resource, as the bill knows it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Resource {
    /// `ResourceId`.
    pub id: String,
    /// `SubAccountId`.
    #[serde(default)]
    pub account: Option<String>,
    /// `RegionId`.
    #[serde(default)]
    pub region: Option<String>,
    /// `ServiceProviderName`, before FOCUS 1.3 `ProviderName`.
    pub provider: String,
    /// `ServiceName`.
    pub service: String,
    /// `ServiceCategory`.
    pub category: String,
    /// `Tags`.
    #[serde(default)]
    pub tags: BTreeMap<String, String>,
    /// `BillingCurrency`.
    pub currency: CurrencyCode,
    /// What it was billed for.
    pub lines: Vec<Line>,
}

/// One meter of a resource.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Line {
    /// `SkuMeter`, or what the provider calls it: AWS the usage type (`EUW1-BoxUsage:m4.large`), Azure the meter's
    /// subcategory and name (`Virtual Machines Dv2 Series D2 v2`). Rules recognise it.
    pub meter: String,
    /// `SkuId`.
    #[serde(default)]
    pub sku_id: Option<String>,
    /// `ConsumedUnit`.
    #[serde(default)]
    pub unit: String,
    /// `ConsumedQuantity` by day of the window; days beyond the end have none.
    #[serde(default)]
    pub consumed: Vec<Amount>,
    /// `EffectiveCost` by day.
    #[serde(default)]
    pub effective_cost: Vec<Amount>,
    /// The part of it that a commitment pays (`CommitmentDiscountId` is there).
    #[serde(default)]
    pub committed_cost: Vec<Amount>,
    /// Effective cost by hour of the day over the window, where the bill has hours.
    #[serde(default)]
    pub by_hour: Option<HourProfile>,
}

/// Cost that no commitment pays, by hour of the day (UTC), summed over the window.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HourProfile {
    /// Monday to Friday.
    pub weekdays: [Amount; 24],
    /// Saturday and Sunday.
    pub weekend: [Amount; 24],
}

/// Why an inventory cannot be judged.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InventoryError {
    /// Too few or many days.
    #[error("{0} days cannot be judged: between {MIN_DAYS} and {MAX_DAYS} are needed")]
    Days(usize),
    /// Too many resources.
    #[error("there are more than {MAX_RESOURCES} resources: take one account at a time")]
    Resources,
    /// More days in a line than in the window.
    #[error("`{0}` has more days than the window")]
    Longer(String),
}

impl Inventory {
    /// Whether it can be judged.
    ///
    /// # Errors
    /// When the window is too short or long, or a line does not fit it.
    pub fn check(&self) -> Result<(), InventoryError> {
        if !(MIN_DAYS..=MAX_DAYS).contains(&self.days) {
            return Err(InventoryError::Days(self.days));
        }
        if self.resources.len() > MAX_RESOURCES {
            return Err(InventoryError::Resources);
        }
        let fits = |line: &Line| {
            [&line.consumed, &line.effective_cost, &line.committed_cost].iter().all(|d| d.len() <= self.days)
        };
        match self.resources.iter().find(|resource| !resource.lines.iter().all(fits)) {
            Some(resource) => Err(InventoryError::Longer(resource.id.clone())),
            None => Ok(()),
        }
    }

    /// The day after the last.
    #[must_use]
    pub fn to(&self) -> NaiveDate {
        self.from.iter_days().nth(self.days).unwrap_or(NaiveDate::MAX)
    }

    /// Whether a day of the window is a Saturday or Sunday.
    pub(crate) fn is_weekend(&self, day: usize) -> bool {
        (self.from.weekday().num_days_from_monday() as usize + day) % 7 >= 5
    }
}

/// The sum, at the edge of the range the edge: evidence, never a bill.
pub(crate) fn sum(amounts: &[Amount]) -> Amount {
    Amount::from_units(amounts.iter().fold(0, |sum: i128, amount| sum.saturating_add(amount.units())))
}

impl Line {
    /// Whether the meter's name has one of these in it, in any case.
    pub(crate) fn is_any(&self, parts: &[&str]) -> bool {
        let meter = self.meter.to_lowercase();
        parts.iter().any(|part| meter.contains(part))
    }

    /// Whether time is billed, not activity.
    pub(crate) fn is_time(&self) -> bool {
        const TIMES: &[&str] = &["hour", "hours", "hrs", "day", "days", "month", "months", "mo"];
        let unit = self.unit.to_lowercase();
        unit.split(|c: char| !c.is_ascii_alphabetic()).any(|word| TIMES.contains(&word))
    }

    /// A day's cost that no commitment pays.
    pub(crate) fn uncommitted(&self, day: usize) -> Amount {
        let on = |days: &[Amount]| days.get(day).map_or(0, |amount| amount.units());
        Amount::from_units(on(&self.effective_cost).saturating_sub(on(&self.committed_cost)))
    }

    /// Days with a cost above zero.
    pub(crate) fn active_days(&self) -> usize {
        self.effective_cost.iter().filter(|amount| amount.units() > 0).count()
    }
}
