//! What can be bought: an instrument at certain prices.

use super::instrument::Instrument;
use crate::allocation::exact::scaled;
use bursar_domain::Amount;
use serde::{Deserialize, Serialize};

/// A committed price as a part of the on-demand price, in millionths: 720,000 is 28 % off.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "u32", into = "u32")]
pub struct CommittedRate(u32);

/// A rate that is no discount.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a committed price must be above zero and at most the on-demand price")]
pub struct RateError;

impl CommittedRate {
    /// One: the on-demand price.
    pub(crate) const ONE: i128 = 1_000_000;

    /// The rate in millionths.
    ///
    /// # Errors
    /// When it is zero or above one.
    pub const fn from_millionths(millionths: u32) -> Result<Self, RateError> {
        if millionths == 0 || millionths > 1_000_000 { Err(RateError) } else { Ok(Self(millionths)) }
    }

    /// The rate of two prices, rounded to a millionth.
    ///
    /// # Errors
    /// When a price is zero or below, or the committed one is higher.
    pub fn from_prices(committed: Amount, on_demand: Amount) -> Result<Self, RateError> {
        if committed.units() <= 0 || on_demand.units() <= 0 {
            return Err(RateError);
        }
        let millionths = scaled(committed.units(), Self::ONE, on_demand.units()).ok_or(RateError)?;
        Self::from_millionths(u32::try_from(millionths).map_err(|_| RateError)?)
    }

    /// In millionths.
    #[must_use]
    pub const fn millionths(self) -> u32 {
        self.0
    }

    pub(crate) fn units(self) -> i128 {
        i128::from(self.0)
    }
}

impl TryFrom<u32> for CommittedRate {
    type Error = RateError;
    fn try_from(millionths: u32) -> Result<Self, RateError> {
        Self::from_millionths(millionths)
    }
}

impl From<CommittedRate> for u32 {
    fn from(rate: CommittedRate) -> Self {
        rate.0
    }
}

/// How a commitment is paid.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Payment {
    /// Every month.
    NoUpfront,
    /// About half at once.
    PartialUpfront,
    /// At once.
    AllUpfront,
}

/// An instrument at the prices of one buyer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Offer {
    /// What it is.
    pub instrument: Instrument,
    /// Its term in months, 12 or 36.
    pub term_months: u32,
    /// How it is paid.
    pub payment: Payment,
    /// The rate of each SKU of the usage, by place; none where the instrument does not cover it.
    pub rates: Vec<Option<CommittedRate>>,
}

/// Why an offer is not usable with a usage.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum OfferError {
    /// A rate per SKU.
    #[error("the offer has {rates} rates for {skus} SKUs: give one, or none, per SKU")]
    Rates {
        /// Given.
        rates: usize,
        /// Needed.
        skus: usize,
    },
    /// A term that nobody sells.
    #[error("{term} months is not a term of {instrument}")]
    Term {
        /// As given.
        term: u32,
        /// The instrument.
        instrument: &'static str,
    },
}

impl Offer {
    /// Whether it fits a usage with so many SKUs.
    ///
    /// # Errors
    /// When rates and SKUs differ in number, or the instrument has no such term.
    pub fn check(&self, skus: usize) -> Result<(), OfferError> {
        if self.rates.len() != skus {
            return Err(OfferError::Rates { rates: self.rates.len(), skus });
        }
        let facts = self.instrument.facts();
        if !facts.terms_months.contains(&self.term_months) {
            return Err(OfferError::Term { term: self.term_months, instrument: facts.name });
        }
        Ok(())
    }
}
