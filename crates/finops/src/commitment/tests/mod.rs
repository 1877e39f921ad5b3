//! Tests of commitments through their public surface.

mod ahead;
mod back;
mod ladders;

use super::{CommittedRate, Hour, HourCharge, HourlyUsage, Instrument, Offer, Payment};
use bursar_domain::{Amount, CurrencyCode};
use chrono::{DateTime, Utc};

pub(super) fn amount(text: &str) -> Amount {
    text.parse().unwrap()
}

pub(super) fn usd() -> CurrencyCode {
    "USD".parse().unwrap()
}

pub(super) fn at(text: &str) -> DateTime<Utc> {
    text.parse().unwrap()
}

pub(super) fn start() -> Hour {
    Hour::starting(at("2026-01-05T00:00:00Z")).unwrap()
}

/// Usage of several SKUs, each with its cost by hour in cents.
pub(super) fn usage(skus: &[Vec<u32>]) -> HourlyUsage {
    let charges = skus.iter().enumerate().flat_map(|(sku, hours)| {
        hours.iter().enumerate().map(move |(hour, cents)| {
            let from = start().plus(hour);
            let cost = Amount::from_units(i128::from(*cents) * 10_i128.pow(16));
            HourCharge::new(from.starts(), from.plus(1).starts(), format!("sku{sku}"), cost).unwrap()
        })
    });
    HourlyUsage::new(usd(), start(), skus[0].len(), charges).unwrap()
}

pub(super) fn offer(rates: &[u32]) -> Offer {
    Offer {
        instrument: Instrument::AwsComputeSavingsPlan,
        term_months: 12,
        payment: Payment::NoUpfront,
        rates: rates
            .iter()
            .map(|millionths| Some(CommittedRate::from_millionths(*millionths).unwrap()))
            .collect(),
    }
}
