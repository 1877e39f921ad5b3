//! Usage by the hour, at on-demand prices, by SKU.
//!
//! INVARIANT: a [`HourlyUsage`] is made of [`HourCharge`]s only, and an [`HourCharge`] only of a charge period of
//! exactly one hour. So no figure derived from days can ever be passed off as hourly.
//!
//! What belongs in: usage that the offers could cover and that nothing covers now (on-demand charges of eligible SKUs, plus
//! what commitments cover that will have expired), at the price it costs without them (`ContractedCost`, or
//! `ListCost` where there is no agreement). Not Spot, tax, credits or the hours of an anomaly.

use bursar_domain::{Amount, CurrencyCode};
use chrono::{DateTime, TimeDelta, Utc};
use serde::Serialize;
use std::collections::HashMap;

/// Least hours to size from: 30 days.
pub const MIN_HOURS: usize = 30 * 24;
/// Most hours: three years.
pub const MAX_HOURS: usize = 3 * 366 * 24;
/// Most SKUs.
pub const MAX_SKUS: usize = 200;
/// Most hours times SKUs: a hundred SKUs over more than a year.
pub const MAX_CELLS: usize = 1_000_000;
/// Most money in an hour of a SKU, in whole units of the currency; keeps every sum in range.
const MAX_UNITS: i128 = 10_i128.pow(9 + bursar_domain::money::SCALE);

/// The start of an hour, UTC.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct Hour(DateTime<Utc>);

impl Hour {
    /// The hour that starts then; none within an hour.
    #[must_use]
    pub fn starting(at: DateTime<Utc>) -> Option<Self> {
        (at.timestamp() % 3_600 == 0 && at.timestamp_subsec_nanos() == 0).then_some(Self(at))
    }

    /// When it starts.
    #[must_use]
    pub const fn starts(self) -> DateTime<Utc> {
        self.0
    }

    /// So many hours later.
    #[must_use]
    pub fn plus(self, hours: usize) -> Self {
        let later = i64::try_from(hours).ok().and_then(TimeDelta::try_hours);
        Self(later.and_then(|later| self.0.checked_add_signed(later)).unwrap_or(self.0))
    }
}

/// A charge of one hour.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HourCharge {
    hour: Hour,
    sku: String,
    on_demand_cost: Amount,
}

/// Why usage cannot be sized from.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum UsageError {
    /// Not an hour.
    #[error(
        "a charge from {from} to {to} is not one hour: take an hourly export, or join the provider's hourly metrics"
    )]
    NotHourly {
        /// Start of the charge period.
        from: DateTime<Utc>,
        /// Its end.
        to: DateTime<Utc>,
    },
    /// Days in disguise.
    #[error("every charge is in the first hour of its day: these are daily figures")]
    Daily,
    /// Too short.
    #[error("{0} hours are too few: at least {MIN_HOURS} are needed, better a whole year")]
    TooShort(usize),
    /// Too long.
    #[error("{0} hours are too many: at most {MAX_HOURS}")]
    TooLong(usize),
    /// Outside of the window.
    #[error("a charge at {0} is outside of the window")]
    Outside(DateTime<Utc>),
    /// Too many SKUs.
    #[error("there are more than {MAX_SKUS} SKUs: take the largest, the others hardly change the answer")]
    TooManySkus,
    /// Too many hours of too many SKUs.
    #[error("{hours} hours of {skus} SKUs are too many: at most {MAX_CELLS} together, take the largest SKUs")]
    TooManyCells {
        /// Hours.
        hours: usize,
        /// SKUs.
        skus: usize,
    },
    /// Too much money.
    #[error("the cost of an hour is out of range")]
    TooLarge,
}

impl HourCharge {
    /// The on-demand cost of a SKU in a charge period, which must be one hour.
    ///
    /// # Errors
    /// When the period is anything but one whole hour.
    pub fn new(
        from: DateTime<Utc>,
        to: DateTime<Utc>,
        sku: impl Into<String>,
        on_demand_cost: Amount,
    ) -> Result<Self, UsageError> {
        let one_hour = to.signed_duration_since(from) == TimeDelta::hours(1);
        let hour = Hour::starting(from).filter(|_| one_hour).ok_or(UsageError::NotHourly { from, to })?;
        Ok(Self { hour, sku: sku.into(), on_demand_cost })
    }
}

/// Usage by hour and SKU.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HourlyUsage {
    pub(crate) currency: CurrencyCode,
    pub(crate) start: Hour,
    pub(crate) hours: usize,
    pub(crate) skus: Vec<String>,
    /// On-demand cost, hour by hour, SKU by SKU; never below zero.
    pub(crate) cost: Vec<Amount>,
    negative: usize,
}

impl HourlyUsage {
    /// The usage of `hours` hours from `start`. Hours without a charge have no usage and are counted; a SKU whose hour is below zero after
    /// corrections has none in it, and is counted, too.
    ///
    /// # Errors
    /// When the window is too short or long, a charge is outside of it, or the charges are daily after all.
    pub fn new(
        currency: CurrencyCode,
        start: Hour,
        hours: usize,
        charges: impl IntoIterator<Item = HourCharge>,
    ) -> Result<Self, UsageError> {
        if hours < MIN_HOURS {
            return Err(UsageError::TooShort(hours));
        }
        if hours > MAX_HOURS {
            return Err(UsageError::TooLong(hours));
        }
        let mut places: HashMap<String, usize> = HashMap::new();
        let mut skus = Vec::new();
        let mut rows: Vec<(usize, usize, Amount)> = Vec::new();
        for charge in charges {
            let since = charge.hour.0.signed_duration_since(start.0).num_hours();
            let at = usize::try_from(since)
                .ok()
                .filter(|at| *at < hours)
                .ok_or(UsageError::Outside(charge.hour.0))?;
            let sku = if let Some(&place) = places.get(&charge.sku) {
                place
            } else {
                if skus.len() == MAX_SKUS {
                    return Err(UsageError::TooManySkus);
                }
                skus.push(charge.sku.clone());
                places.insert(charge.sku, skus.len() - 1);
                skus.len() - 1
            };
            rows.push((at, sku, charge.on_demand_cost));
        }
        let of_day = |at: usize| start.plus(at).0.timestamp().rem_euclid(86_400) / 3_600;
        if !rows.is_empty() && rows.iter().all(|(at, ..)| of_day(*at) == 0) {
            return Err(UsageError::Daily);
        }
        if hours * skus.len() > MAX_CELLS {
            return Err(UsageError::TooManyCells { hours, skus: skus.len() });
        }
        let mut cost = vec![Amount::ZERO; hours * skus.len()];
        for (at, sku, amount) in rows {
            let sum = &mut cost[at * skus.len() + sku];
            *sum = sum.checked_add(amount).map_err(|_| UsageError::TooLarge)?;
            if sum.units().abs() > MAX_UNITS {
                return Err(UsageError::TooLarge);
            }
        }
        let negative = cost.iter().filter(|amount| amount.units() < 0).count();
        for amount in &mut cost {
            *amount = (*amount).max(Amount::ZERO);
        }
        Ok(Self { currency, start, hours, skus, cost, negative })
    }

    /// The costs of an hour, by SKU.
    pub(crate) fn hour(&self, at: usize) -> &[Amount] {
        let width = self.skus.len();
        self.cost.get(at * width..(at + 1) * width).unwrap_or_default()
    }

    /// The same usage in a part of the window.
    pub(crate) fn part(&self, from: usize, to: usize) -> Option<Self> {
        let width = self.skus.len();
        let cost = self.cost.get(from * width..to * width)?.to_vec();
        let hours = to.checked_sub(from).filter(|hours| *hours > 0)?;
        Some(Self { start: self.start.plus(from), hours, cost, ..self.clone_without_cost() })
    }

    /// The same window with other costs.
    pub(crate) fn with_cost(&self, cost: Vec<Amount>) -> Self {
        Self { cost, ..self.clone_without_cost() }
    }

    fn clone_without_cost(&self) -> Self {
        Self {
            currency: self.currency.clone(),
            start: self.start,
            hours: self.hours,
            skus: self.skus.clone(),
            cost: Vec::new(),
            negative: self.negative,
        }
    }

    /// The SKUs; rates of an offer are in this order.
    #[must_use]
    pub fn skus(&self) -> &[String] {
        &self.skus
    }

    /// The first hour.
    #[must_use]
    pub const fn start(&self) -> Hour {
        self.start
    }

    /// How many hours.
    #[must_use]
    pub const fn hours(&self) -> usize {
        self.hours
    }

    /// Hours without any usage. Many of them may mean that an export is missing.
    #[must_use]
    pub fn empty_hours(&self) -> usize {
        (0..self.hours).filter(|&at| self.hour(at).iter().all(|cost| cost.is_zero())).count()
    }

    /// Hours of a SKU that were below zero and count as none.
    #[must_use]
    pub const fn negative(&self) -> usize {
        self.negative
    }
}
