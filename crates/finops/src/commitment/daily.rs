//! What daily usage can say about a commitment: an upper bound, and nothing else.
//!
//! A day of 24 does not tell 24 hours of one from one hour of 24. The saving of an hour is concave in its usage, so a
//! perfectly flat day saves the most; real hours save that or less. An optimum read from days therefore buys too
//! much, which is why there is none here: no type in this file becomes an
//! [`HourlyUsage`](super::HourlyUsage) or a [`Sizing`](super::Sizing).

use super::offer::CommittedRate;
use crate::allocation::exact::scaled;
use bursar_domain::{Amount, CurrencyCode};
use chrono::NaiveDate;
use serde::Serialize;
use std::collections::BTreeMap;

/// Most days: three years.
const MAX_DAYS: usize = 3 * 366;
const HOURS: i128 = 24;
/// The most that a day may cost; keeps every sum in range.
const MAX_UNITS: i128 = 10_i128.pow(12 + bursar_domain::money::SCALE);

/// On-demand cost by day, of one SKU or at one rate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DailyUsage {
    /// The currency.
    pub currency: CurrencyCode,
    /// The cost by day.
    pub days: BTreeMap<NaiveDate, Amount>,
}

/// What commitments save at most, as far as days can tell.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct DailyBounds {
    /// The currency.
    pub currency: CurrencyCode,
    /// Days looked at.
    pub days: usize,
    /// Always the same sentence: it belongs beside the figures.
    pub caution: &'static str,
    /// From nothing to the level of the largest day.
    pub bounds: Vec<DailyBound>,
}

/// The most that one commitment can have saved.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct DailyBound {
    /// Per hour, at the committed price.
    pub commitment: Amount,
    /// The saving if every day had been perfectly flat. The truth is this or less.
    pub saving_at_most: Amount,
}

impl DailyUsage {
    /// The most that commitments can have saved. None when there are no days, more than three years of them, or a cost beyond
    /// what a bill can have.
    #[must_use]
    pub fn bounds(&self, rate: CommittedRate) -> Option<DailyBounds> {
        if self.days.is_empty() || self.days.len() > MAX_DAYS {
            return None;
        }
        let takes: Vec<(i128, i128)> = self
            .days
            .values()
            .map(|cost| cost.units().max(0))
            .map(|cost| (cost <= MAX_UNITS).then_some(cost))
            .map(|cost| cost.and_then(|cost| Some((cost, scaled(cost, rate.units(), CommittedRate::ONE)?))))
            .collect::<Option<_>>()?;
        let top = takes.iter().map(|(_, takes)| takes / HOURS).max()?;
        let bounds = (0..=20).map(|at| {
            let commitment = top / 20 * at;
            let saving = takes.iter().map(|&(cost, takes)| {
                let paid = commitment * HOURS;
                // Rounded up: a bound must not be below what it bounds.
                let covered = scaled(paid, CommittedRate::ONE, rate.units()).map(|covered| covered + 1);
                if paid >= takes { cost - paid } else { covered.unwrap_or(cost).min(cost) - paid }
            });
            DailyBound {
                commitment: Amount::from_units(commitment),
                saving_at_most: Amount::from_units(saving.sum()),
            }
        });
        Some(DailyBounds {
            currency: self.currency.clone(),
            days: self.days.len(),
            caution: "daily figures hide the hours: the saving is at most this, and the best commitment is lower than they suggest",
            bounds: bounds.collect(),
        })
    }
}
