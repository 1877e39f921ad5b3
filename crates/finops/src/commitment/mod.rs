//! Commitments: what they did, what they lock in, and how much more to buy (claims F9 and E10).
//!
//! *Looking back* ([`rates`], [`held`]): coverage, utilisation, effective savings rate, waste, expiries, lock-in and
//! break-even, each with its denominator named, from sums of FOCUS charges.
//!
//! *Looking ahead* ([`size`], [`layered`], [`ladder`], [`replay`]): a commitment is bought by the hour and lost by the
//! hour, so sizing needs [`HourlyUsage`], which can be made only of charges that last one hour. Daily usage has a type
//! of its own, [`DailyUsage`], and no optimum: all it can say is what a commitment saves *at most*.
//!
//! With one rate r = committed price ÷ on-demand price, the cost of an hour is r·c + max(0, u − c) in on-demand
//! units: convex, with its minimum at the (1 − r) quantile of hourly usage. With several rates the deepest
//! discount is applied first in every hour, and the same argument is made on the slope of the sum.
//!
//! Nothing here buys anything. Money is exact; quotients are rounded in the 18th digit.

mod daily;
mod held;
mod instrument;
mod ladder;
mod layered;
mod metrics;
mod offer;
mod replay;
mod sizing;
#[cfg(test)]
mod tests;
mod usage;

pub use daily::{DailyBound, DailyBounds, DailyUsage};
pub use held::{BreakEven, Expiry, Held, LockIn, break_even, break_even_utilisation, expiring, lock_in};
pub use instrument::{ALL, CommitsTo, Facts, Instrument, Provider};
pub use ladder::{Ladder, LadderError, MAX_RUNGS, Refusal, Rung, ladder, may_buy};
pub use layered::{Layer, Layers, layered, ranked};
pub use metrics::{
    Basis, ChargeKind, ChargeSum, CommitmentFigures, CommitmentStatus, Coverage, Denominator, PricingKind,
    Rates, SavingsRate, rates,
};
pub use offer::{CommittedRate, Offer, OfferError, Payment, RateError};
pub use replay::{Replay, replay};
pub use sizing::{Appetite, Drop, Point, Sizing, SizingError, size};
pub use usage::{Hour, HourCharge, HourlyUsage, MAX_CELLS, MAX_HOURS, MAX_SKUS, MIN_HOURS, UsageError};
