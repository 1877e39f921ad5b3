//! How much to commit: the whole curve, its top, and the point that a careful buyer takes.
//!
//! In every hour a commitment of c takes usage from the deepest discount on: one unit of commitment pays for 1/r units of
//! on-demand cost. The net saving of an hour is what was covered minus c; summed, it is concave in c, with kinks where some
//! hour's usage of a SKU is used up. The optimum is the first kink after which the sum of slopes is not positive, so the
//! least commitment among equals; with one rate that is the (1 − r) quantile.
//!
//! *Careful* is stated, not felt: the most that loses money in at most so many weeks of the past
//! ([`Appetite`]).

use super::offer::{CommittedRate, Offer, OfferError};
use super::usage::{Hour, HourlyUsage};
use crate::allocation::Share;
use crate::allocation::exact::scaled;
use bursar_domain::{Amount, CurrencyCode};
use serde::Serialize;

/// Points of a curve, besides zero.
const CURVE_POINTS: i128 = 50;
/// Providers sell in thousandths of a currency unit per hour.
const STEP: i128 = 10_i128.pow(bursar_domain::money::SCALE - 3);
const WEEK: usize = 7 * 24;
/// Falls in usage that are tried, in hundredths of a percent.
const DROPS: [u32; 3] = [1_000, 2_000, 4_000];

/// How much risk is taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Appetite {
    /// The part of past weeks in which the commitment may have cost more than it saved, in hundredths of a percent.
    pub losing_weeks_basis_points: u32,
}

impl Default for Appetite {
    /// One week in twenty.
    fn default() -> Self {
        Self { losing_weeks_basis_points: 500 }
    }
}

/// What one commitment would have done in the window.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Point {
    /// Per hour, at committed prices.
    pub commitment: Amount,
    /// On-demand cost covered, of the on-demand cost that the offer could cover.
    pub coverage: Share,
    /// Commitment used, of the commitment paid.
    pub utilisation: Share,
    /// On-demand cost covered minus the commitment paid; below zero it lost money.
    pub net_saving: Amount,
    /// The hour with the least saving.
    pub worst_hour: Hour,
    /// The saving of that hour.
    pub worst_hour_saving: Amount,
    /// Whole weeks that lost money.
    pub losing_weeks: usize,
}

/// The savings if usage had been lower.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Drop {
    /// By how much lower, in hundredths of a percent.
    pub basis_points: u32,
    /// Net saving of the optimum then.
    pub optimum: Amount,
    /// Net saving of the careful choice then.
    pub careful: Amount,
}

/// The answer for one offer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Sizing {
    /// The offer.
    pub offer: Offer,
    /// The currency.
    pub currency: CurrencyCode,
    /// The first hour looked at.
    pub from: Hour,
    /// How many.
    pub hours: usize,
    /// Whole weeks among them, which the risk is told from.
    pub weeks: usize,
    /// Hours without usage.
    pub empty_hours: usize,
    /// The risk taken.
    pub appetite: Appetite,
    /// From nothing to what would cover everything.
    pub curve: Vec<Point>,
    /// The most saving in the window.
    pub optimum: Point,
    /// The most that keeps to the appetite; never above the optimum.
    pub careful: Point,
    /// The most that was never idle.
    pub never_idle: Point,
    /// The utilisation below which the optimum loses money: used commitment ÷ what it covered.
    pub break_even_utilisation: Share,
    /// If usage falls.
    pub drops: Vec<Drop>,
}

/// Why nothing can be sized.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SizingError {
    /// The offer does not fit.
    #[error(transparent)]
    Offer(#[from] OfferError),
    /// Nothing to cover.
    #[error("the offer covers none of the usage")]
    NothingCovered,
}

/// One SKU in one hour: on-demand cost, and the commitment that pays for it.
#[derive(Debug, Clone, Copy)]
struct Slice {
    sku: usize,
    cost: i128,
    takes: i128,
    rate: i128,
}

/// Usage as an offer sees it: hour by hour, the deepest discount first.
pub(crate) struct Prepared {
    start: Hour,
    hours: Vec<Vec<Slice>>,
    eligible: i128,
}

impl Prepared {
    pub(crate) fn new(usage: &HourlyUsage, rates: &[Option<CommittedRate>], drop: u32) -> Self {
        let mut order: Vec<(i128, usize)> =
            rates.iter().enumerate().filter_map(|(sku, rate)| rate.map(|rate| (rate.units(), sku))).collect();
        order.sort_unstable();
        let mut eligible = 0;
        let keep = 10_000 - i128::from(drop.min(10_000));
        let hours = (0..usage.hours)
            .map(|at| {
                let costs = usage.hour(at);
                let slices = order.iter().filter_map(|&(rate, sku)| {
                    let whole = costs.get(sku)?.units();
                    let cost = if drop == 0 { whole } else { scaled(whole, keep, 10_000)? };
                    let takes = scaled(cost, rate, CommittedRate::ONE)?;
                    (takes > 0).then_some(Slice { sku, cost, takes, rate })
                });
                slices.inspect(|slice| eligible += slice.cost).collect()
            })
            .collect();
        Self { start: usage.start, hours, eligible }
    }

    /// What a commitment covers and uses in an hour.
    fn hour(slices: &[Slice], commitment: i128) -> (i128, i128) {
        let (mut covered, mut left) = (0, commitment);
        for slice in slices {
            if left < slice.takes {
                covered += scaled(left, CommittedRate::ONE, slice.rate).unwrap_or(0).min(slice.cost);
                return (covered, commitment);
            }
            covered += slice.cost;
            left -= slice.takes;
        }
        (covered, commitment - left)
    }

    pub(crate) fn point(&self, commitment: i128) -> Point {
        let (mut covered, mut used) = (0, 0);
        let mut worst: Option<(i128, usize)> = None;
        let (mut week, mut losing_weeks) = (0, 0);
        for (at, slices) in self.hours.iter().enumerate() {
            let (hour_covered, hour_used) = Self::hour(slices, commitment);
            covered += hour_covered;
            used += hour_used;
            let saving = hour_covered - commitment;
            if worst.is_none_or(|(least, _)| saving < least) {
                worst = Some((saving, at));
            }
            week += saving;
            if (at + 1) % WEEK == 0 {
                losing_weeks += usize::from(week < 0);
                week = 0;
            }
        }
        let paid = commitment * count(self.hours.len());
        let (worst_saving, worst_at) = worst.unwrap_or_default();
        Point {
            commitment: Amount::from_units(commitment),
            coverage: Share::of(Amount::from_units(covered), Amount::from_units(self.eligible)),
            utilisation: Share::of(Amount::from_units(used), Amount::from_units(paid)),
            net_saving: Amount::from_units(covered - paid),
            worst_hour: self.start.plus(worst_at),
            worst_hour_saving: Amount::from_units(worst_saving),
            losing_weeks,
        }
    }

    /// The kinks of the curve: a level, and by how much the slope falls there. Slopes are in 10⁻¹².
    fn kinks(&self) -> (i128, Vec<(i128, i128)>) {
        const ONE: i128 = 10_i128.pow(12);
        let steep = |slice: &Slice| CommittedRate::ONE * ONE / slice.rate;
        let mut slope = -(ONE * count(self.hours.len()));
        let mut kinks = Vec::new();
        for slices in &self.hours {
            slope += slices.first().map_or(0, steep);
            let mut level = 0;
            for (at, slice) in slices.iter().enumerate() {
                level += slice.takes;
                kinks.push((level, steep(slice) - slices.get(at + 1).map_or(0, steep)));
            }
        }
        kinks.sort_unstable();
        (slope, kinks)
    }

    /// The least commitment with the most saving.
    pub(crate) fn optimum(&self) -> i128 {
        let (mut slope, kinks) = self.kinks();
        let mut best = 0;
        for (level, fall) in kinks {
            if slope <= 0 {
                break;
            }
            best = level;
            slope -= fall;
        }
        best
    }

    /// The level that every hour used up.
    fn never_idle(&self) -> i128 {
        self.levels().min().unwrap_or(0)
    }

    /// What would cover everything, hour by hour.
    fn levels(&self) -> impl Iterator<Item = i128> + '_ {
        self.hours.iter().map(|slices| slices.iter().map(|slice| slice.takes).sum())
    }

    fn weeks(&self) -> usize {
        self.hours.len() / WEEK
    }

    /// The most that loses money in at most so many weeks, up to `most`, in steps.
    fn careful(&self, appetite: Appetite, most: i128) -> i128 {
        let allowed = count(self.weeks()) * i128::from(appetite.losing_weeks_basis_points) / 10_000;
        // A week's saving is concave and zero at zero, so the weeks that lose only become more.
        let fits = |steps: i128| count(self.point(steps * STEP).losing_weeks) <= allowed;
        let (mut low, mut high) = (0, most / STEP);
        if fits(high) {
            return high * STEP;
        }
        while low < high {
            let middle = low + (high - low + 1) / 2;
            if fits(middle) {
                low = middle;
            } else {
                high = middle - 1;
            }
        }
        low * STEP
    }

    /// What is left of each hour's cost, by SKU, after the hour's commitment took its part.
    pub(crate) fn left_after(&self, commitment: impl Fn(Hour) -> i128, usage: &HourlyUsage) -> Vec<Amount> {
        let mut cost = usage.cost.clone();
        let width = usage.skus.len();
        for (at, slices) in self.hours.iter().enumerate() {
            let mut left = commitment(self.start.plus(at)).max(0);
            for slice in slices {
                let covered = if left < slice.takes {
                    scaled(left, CommittedRate::ONE, slice.rate).unwrap_or(0).min(slice.cost)
                } else {
                    slice.cost
                };
                left -= slice.takes.min(left);
                if let Some(cost) = cost.get_mut(at * width + slice.sku) {
                    *cost = Amount::from_units(cost.units() - covered);
                }
            }
        }
        cost
    }
}

impl HourlyUsage {
    /// The usage that stays after commitments that are held, hour by hour: `held` gives what is held in an hour at
    /// committed prices, so that one that ends within the window counts until then. What is covered already is not
    /// sized again.
    ///
    /// # Errors
    /// When the offer, which says what the commitments cover and at which rates, does not fit the usage.
    pub fn less(&self, offer: &Offer, held: impl Fn(Hour) -> Amount) -> Result<Self, OfferError> {
        offer.check(self.skus.len())?;
        let prepared = Prepared::new(self, &offer.rates, 0);
        Ok(self.with_cost(prepared.left_after(|hour| held(hour).units(), self)))
    }
}

fn count(count: usize) -> i128 {
    i128::try_from(count).unwrap_or(i128::MAX)
}

/// Sizes one offer from hourly usage. Commitments are whole thousandths of a currency unit per hour, rounded down.
///
/// # Errors
/// When the offer does not fit the usage or covers none of it.
pub fn size(usage: &HourlyUsage, offer: &Offer, appetite: Appetite) -> Result<Sizing, SizingError> {
    offer.check(usage.skus.len())?;
    let prepared = Prepared::new(usage, &offer.rates, 0);
    if prepared.eligible == 0 {
        return Err(SizingError::NothingCovered);
    }
    let down = |commitment: i128| commitment / STEP * STEP;
    let optimum = prepared.point(down(prepared.optimum()));
    let careful = prepared.point(prepared.careful(appetite, optimum.commitment.units()));
    let top = prepared.levels().max().unwrap_or(0);
    let curve = (0..=CURVE_POINTS).map(|at| prepared.point(top * at / CURVE_POINTS)).collect();
    let drops = DROPS.map(|basis_points| {
        let lower = Prepared::new(usage, &offer.rates, basis_points);
        let saving = |point: &Point| lower.point(point.commitment.units()).net_saving;
        Drop { basis_points, optimum: saving(&optimum), careful: saving(&careful) }
    });
    Ok(Sizing {
        offer: offer.clone(),
        currency: usage.currency.clone(),
        from: usage.start,
        hours: usage.hours,
        weeks: prepared.weeks(),
        empty_hours: usage.empty_hours(),
        appetite,
        curve,
        never_idle: prepared.point(down(prepared.never_idle())),
        break_even_utilisation: Share::of(optimum.utilisation.part, optimum.coverage.part),
        drops: drops.to_vec(),
        optimum,
        careful,
    })
}
