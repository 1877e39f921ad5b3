//! What a decision of the past would have brought: sized on the hours before, judged on the hours after.

use super::offer::{CommittedRate, Offer};
use super::sizing::{Appetite, Point, Prepared, SizingError, size};
use super::usage::{Hour, HourlyUsage, MIN_HOURS};
use crate::allocation::exact::scaled;
use serde::Serialize;

/// A decision and what came of it. Every point but the first two is of the hours after.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Replay {
    /// The hour of the decision.
    pub decided_at: Hour,
    /// Hours after it.
    pub hours_after: usize,
    /// The careful choice, as it looked then.
    pub careful_then: Point,
    /// The optimum, as it looked then.
    pub optimum_then: Point,
    /// What the careful choice brought.
    pub careful: Point,
    /// What the optimum brought.
    pub optimum: Point,
    /// What committing to average usage, as daily figures suggest, would have brought.
    pub average: Point,
    /// The best in hindsight.
    pub hindsight: Point,
}

/// Decides after `hours_before` hours and looks at the rest. None when either side is too short to tell: 30 days before, a
/// week after.
///
/// # Errors
/// When the offer does not fit the usage or covers none of it.
pub fn replay(
    usage: &HourlyUsage,
    offer: &Offer,
    appetite: Appetite,
    hours_before: usize,
) -> Result<Option<Replay>, SizingError> {
    const LEAST_AFTER: usize = 7 * 24;
    if hours_before < MIN_HOURS || usage.hours() < hours_before.saturating_add(LEAST_AFTER) {
        return Ok(None);
    }
    let parts = usage.part(0, hours_before).zip(usage.part(hours_before, usage.hours()));
    let Some((before, after)) = parts else { return Ok(None) };
    let sizing = size(&before, offer, appetite)?;
    let later = Prepared::new(&after, &offer.rates, 0);
    let hours = i128::try_from(before.hours()).unwrap_or(i128::MAX);
    let takes = before.cost.chunks(before.skus.len().max(1)).flat_map(|hour| hour.iter().zip(&offer.rates));
    let whole: i128 =
        takes.filter_map(|(cost, rate)| scaled(cost.units(), (*rate)?.units(), CommittedRate::ONE)).sum();
    Ok(Some(Replay {
        decided_at: after.start(),
        hours_after: after.hours(),
        careful: later.point(sizing.careful.commitment.units()),
        optimum: later.point(sizing.optimum.commitment.units()),
        average: later.point(whole / hours),
        hindsight: later.point(later.optimum()),
        careful_then: sizing.careful,
        optimum_then: sizing.optimum,
    }))
}
