//! Buying in steps: the same commitment spread over months, so that a part of it ends every month.
//!
//! A target bought at once ends at once, and whatever changed in a year is paid for until then. A ladder
//! buys towards the target month by month, never more than the gap, and renews as rungs and old commitments end.

use crate::allocation::{Share, split};
use bursar_domain::{Amount, BillingPeriod};
use serde::Serialize;

/// Most rungs.
pub const MAX_RUNGS: u32 = 36;

/// How to spread.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ladder {
    /// The commitment to hold in the end, per hour.
    pub target: Amount,
    /// The month of the first purchase.
    pub first: BillingPeriod,
    /// How many monthly purchases.
    pub rungs: u32,
    /// The term of each, in months.
    pub term_months: u32,
    /// The most in one purchase, if there is a limit.
    pub largest: Option<Amount>,
}

/// One purchase.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Rung {
    /// When.
    pub month: BillingPeriod,
    /// How much, per hour. Zero when what is held suffices.
    pub buy: Amount,
    /// Held afterwards, with what was there before.
    pub held: Amount,
    /// The first month without it.
    pub ends: BillingPeriod,
}

/// Why there is no ladder.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum LadderError {
    /// Rungs out of range.
    #[error("a ladder has 1 to {MAX_RUNGS} rungs and a term of at least a month")]
    Rungs,
    /// An amount below zero or out of range.
    #[error("the target, the limit and what is held must be zero or more")]
    Amount,
}

/// The purchases towards a target. `held` are commitments that exist, per hour, each with the first month
/// without it.
///
/// # Errors
/// When the ladder has no rungs or too many, or an amount is below zero.
pub fn ladder(plan: &Ladder, held: &[(BillingPeriod, Amount)]) -> Result<Vec<Rung>, LadderError> {
    if !(1..=MAX_RUNGS).contains(&plan.rungs) || plan.term_months == 0 || plan.term_months > 120 {
        return Err(LadderError::Rungs);
    }
    let amounts = held.iter().map(|(_, amount)| *amount).chain([plan.target]).chain(plan.largest);
    if amounts.into_iter().any(|amount| amount.units() < 0) {
        return Err(LadderError::Amount);
    }
    let mut active: Vec<(BillingPeriod, Amount)> = held.to_vec();
    let mut rungs = Vec::new();
    let mut month = plan.first;
    for left in (1..=plan.rungs).rev() {
        active.retain(|(ends, _)| *ends > month);
        let sum = active.iter().try_fold(Amount::ZERO, |sum, (_, amount)| sum.checked_add(*amount));
        let sum = sum.map_err(|_| LadderError::Amount)?;
        let gap = plan.target.checked_sub(sum).map_err(|_| LadderError::Amount)?.max(Amount::ZERO);
        let shares = vec![Amount::from_units(1); usize::try_from(left).unwrap_or(1)];
        let share = split(gap, &shares).ok().and_then(|parts| parts.first().copied()).unwrap_or(gap);
        let buy = plan.largest.map_or(share, |largest| share.min(largest));
        let ends = (0..plan.term_months).fold(month, |month, _| month.next());
        active.push((ends, buy));
        let held = sum.checked_add(buy).map_err(|_| LadderError::Amount)?;
        rungs.push(Rung { month, buy, held, ends });
        month = month.next();
    }
    Ok(rungs)
}

/// Why a step is not bought now.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Refusal {
    /// What is held is not used well enough.
    Underused,
    /// The target is reached.
    Reached,
}

/// Whether the next step may be bought: not while less than `least_basis_points` of what is held is used, and not when nothing is
/// missing. Without anything held there is nothing to be underused.
///
/// # Errors
/// With the reason.
pub fn may_buy(rung: &Rung, utilisation: Share, least_basis_points: u32) -> Result<(), Refusal> {
    if rung.buy.is_zero() {
        return Err(Refusal::Reached);
    }
    match utilisation.basis_points() {
        Some(used) if used < i128::from(least_basis_points) => Err(Refusal::Underused),
        _ => Ok(()),
    }
}
