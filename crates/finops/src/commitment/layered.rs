//! Several instruments on the same usage, in the order in which the provider applies them.
//!
//! What is applied first takes usage first, whatever was bought first: reservations before Savings Plans, the narrow plan
//! before the wide one. Each offer is sized on what the ones before it leave, so the deep and inflexible ones
//! get the certain floor and the flexible ones what moves above it.

use super::offer::Offer;
use super::sizing::{Appetite, Prepared, Sizing, SizingError, size};
use super::usage::HourlyUsage;
use bursar_domain::Amount;
use serde::Serialize;

/// One offer on top of those before it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Layer {
    /// Sized on what was left; the careful choice was applied.
    pub sizing: Sizing,
}

/// All of them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Layers {
    /// In the order of application.
    pub layers: Vec<Layer>,
    /// Net saving of the careful choices together.
    pub net_saving: Amount,
    /// On-demand cost that stays.
    pub left: Amount,
}

/// Sizes each offer as if it were the only one, the most careful saving first: what to choose among alternatives. Offers that
/// cover nothing are left out.
///
/// # Errors
/// When an offer does not fit the usage.
pub fn ranked(usage: &HourlyUsage, offers: &[Offer], appetite: Appetite) -> Result<Vec<Sizing>, SizingError> {
    let mut sizings = Vec::with_capacity(offers.len());
    for offer in offers {
        match size(usage, offer, appetite) {
            Ok(sizing) => sizings.push(sizing),
            Err(SizingError::NothingCovered) => {}
            Err(error) => return Err(error),
        }
    }
    sizings.sort_by_key(|sizing| std::cmp::Reverse(sizing.careful.net_saving));
    Ok(sizings)
}

/// Sizes offers one after another. Offers that have nothing left to cover are left out.
///
/// # Errors
/// When an offer does not fit the usage.
pub fn layered(usage: &HourlyUsage, offers: &[Offer], appetite: Appetite) -> Result<Layers, SizingError> {
    let mut ordered: Vec<&Offer> = offers.iter().collect();
    // The longer term is the deeper one within an instrument.
    ordered.sort_by_key(|offer| (offer.instrument.facts().order, std::cmp::Reverse(offer.term_months)));
    let mut left = usage.clone();
    let mut layers = Vec::new();
    let mut net_saving = 0;
    for offer in ordered {
        let sizing = match size(&left, offer, appetite) {
            Ok(sizing) => sizing,
            Err(SizingError::NothingCovered) => continue,
            Err(error) => return Err(error),
        };
        net_saving += sizing.careful.net_saving.units();
        let prepared = Prepared::new(&left, &offer.rates, 0);
        left = left.with_cost(prepared.left_after(|_| sizing.careful.commitment.units(), &left));
        layers.push(Layer { sizing });
    }
    let left = left.cost.iter().map(|cost| cost.units()).sum();
    Ok(Layers { layers, net_saving: Amount::from_units(net_saving), left: Amount::from_units(left) })
}
