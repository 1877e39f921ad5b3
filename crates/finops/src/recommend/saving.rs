//! What a change saves in a month, after commitments.

use super::inventory::{Inventory, Line, sum};
use crate::allocation::exact::scaled;
use bursar_domain::{Amount, CurrencyCode};
use serde::{Deserialize, Serialize};

/// A saving. A month is a twelfth of 365 days.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Saving {
    /// The currency.
    pub currency: CurrencyCode,
    /// Effective cost per month that no commitment pays, and that would go.
    pub per_month: Amount,
    /// Effective cost per month that a commitment pays: it is freed, and saved only if something else uses it.
    pub freed_commitment_per_month: Amount,
    /// Whether the saving is an upper bound: how much of it can be had is not in the bill.
    pub at_most: bool,
}

/// An amount of a window as one of a month.
pub(crate) fn per_month(amount: Amount, days: usize) -> Amount {
    let days = i128::try_from(days).unwrap_or(i128::MAX);
    scaled(amount.units(), 365, days.saturating_mul(12)).map_or(Amount::ZERO, Amount::from_units)
}

impl Saving {
    /// Everything that these lines cost in the window.
    pub(crate) fn all_of<'l>(
        inventory: &Inventory,
        currency: &CurrencyCode,
        lines: impl IntoIterator<Item = &'l Line>,
    ) -> Self {
        let (mut effective, mut committed) = (0_i128, 0_i128);
        for line in lines {
            effective = effective.saturating_add(sum(&line.effective_cost).units());
            committed = committed.saturating_add(sum(&line.committed_cost).units());
        }
        let month = |units: i128| per_month(Amount::from_units(units), inventory.days);
        Self {
            currency: currency.clone(),
            per_month: month(effective.saturating_sub(committed)),
            freed_commitment_per_month: month(committed),
            at_most: false,
        }
    }

    /// A part of it, in hundredths of a percent.
    pub(crate) fn part(self, basis_points: u32) -> Self {
        let part = |amount: Amount| {
            scaled(amount.units(), i128::from(basis_points), 10_000).map_or(Amount::ZERO, Amount::from_units)
        };
        Self {
            per_month: part(self.per_month),
            freed_commitment_per_month: part(self.freed_commitment_per_month),
            ..self
        }
    }
}
