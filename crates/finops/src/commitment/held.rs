//! What is held: when it ends, what it locks in, and when it has paid for itself.

use crate::allocation::Share;
use crate::allocation::exact::scaled;
use bursar_domain::money::AmountError;
use bursar_domain::{Amount, CurrencyCode};
use chrono::{DateTime, TimeDelta, Utc};
use serde::Serialize;
use std::collections::BTreeMap;

const DAY_SECONDS: i64 = 86_400;

/// A commitment that was bought.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Held {
    /// `CommitmentDiscountId`.
    pub id: String,
    /// The currency.
    pub currency: CurrencyCode,
    /// What it costs per hour, upfront payments spread over its term.
    pub hourly: Amount,
    /// When it began.
    pub starts: DateTime<Utc>,
    /// When it ends, exclusive.
    pub ends: DateTime<Utc>,
}

/// A commitment that ends soon.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Expiry {
    /// The commitment.
    pub id: String,
    /// When it ends.
    pub ends: DateTime<Utc>,
    /// Whole days until then.
    pub days_left: i64,
    /// The commitment per hour that ends with it.
    pub hourly: Amount,
    /// Its currency.
    pub currency: CurrencyCode,
}

/// What ends within so many days, the soonest first.
#[must_use]
pub fn expiring(held: &[Held], now: DateTime<Utc>, within_days: u32) -> Vec<Expiry> {
    let until = now.checked_add_signed(TimeDelta::days(i64::from(within_days)));
    let mut soon: Vec<Expiry> = held
        .iter()
        .filter(|held| held.ends > now && until.is_none_or(|until| held.ends <= until))
        .map(|held| Expiry {
            id: held.id.clone(),
            ends: held.ends,
            days_left: (held.ends - now).num_seconds() / DAY_SECONDS,
            hourly: held.hourly,
            currency: held.currency.clone(),
        })
        .collect();
    soon.sort_by(|one, other| one.ends.cmp(&other.ends).then_with(|| one.id.cmp(&other.id)));
    soon
}

/// What will be paid whatever happens.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct LockIn {
    /// Remaining hours times the cost per hour.
    pub remaining: Amount,
    /// Days until the end, each commitment weighing as much as what remains of it.
    pub weighted_days: i64,
}

/// What is locked in at a moment, by currency. Commitments that have not begun count in full.
///
/// # Errors
/// When a sum leaves the range.
pub fn lock_in(held: &[Held], now: DateTime<Utc>) -> Result<BTreeMap<CurrencyCode, LockIn>, AmountError> {
    let mut sums: BTreeMap<CurrencyCode, (Amount, Amount)> = BTreeMap::new();
    for held in held {
        let seconds = (held.ends - held.starts.max(now)).num_seconds();
        if seconds <= 0 {
            continue;
        }
        let part = |amount: Amount, of: i64, per: i128| {
            scaled(amount.units(), i128::from(of), per).map(Amount::from_units).ok_or(AmountError::Overflow)
        };
        let remaining = part(held.hourly, seconds, 3_600)?;
        let until = (held.ends - now).num_seconds();
        let weighted = part(remaining, until, i128::from(DAY_SECONDS))?;
        let (sum, weights) = sums.entry(held.currency.clone()).or_default();
        *sum = sum.checked_add(remaining)?;
        *weights = weights.checked_add(weighted)?;
    }
    let days = |(remaining, weights): (Amount, Amount)| LockIn {
        remaining,
        weighted_days: scaled(weights.units(), 1, remaining.units())
            .and_then(|days| i64::try_from(days).ok())
            .unwrap_or(0),
    };
    Ok(sums.into_iter().map(|(currency, sums)| (currency, days(sums))).collect())
}

/// When an upfront payment has paid for itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum BreakEven {
    /// After so many months, rounded up.
    Months(u32),
    /// Never: a month with it costs as much as one without.
    Never,
}

/// Upfront ÷ (a month on demand − a month of recurring payments).
#[must_use]
pub fn break_even(upfront: Amount, on_demand_month: Amount, recurring_month: Amount) -> BreakEven {
    let saved = on_demand_month.units().saturating_sub(recurring_month.units());
    if saved <= 0 {
        return BreakEven::Never;
    }
    let upfront = upfront.units().max(0);
    let months = upfront / saved + i128::from(upfront % saved != 0);
    u32::try_from(months).map_or(BreakEven::Never, BreakEven::Months)
}

/// The utilisation below which a commitment loses money: (1 − its discount) ÷ (1 − the negotiated discount that on-demand
/// usage has anyway). Both discounts are off the list price, in hundredths of a percent. More than the whole means
/// that it can never pay.
#[must_use]
pub fn break_even_utilisation(discount: u32, negotiated: u32) -> Share {
    let rest = |discount: u32| Amount::from_units(10_000 - i128::from(discount.min(10_000)));
    Share::of(rest(discount), rest(negotiated))
}
