//! Prices, quantities and their exact products.
//!
//! A price has at most 6 significant digits, and at most 6 decimals where quantities have
//! fractions, 9 where they are whole; a quantity has at most 9 significant digits, 3 of them
//! decimals. A cost is therefore exact with 9 decimals (BigQuery's NUMERIC) and 15 significant
//! digits (what a double prints back), so that all three exports carry the same amount.

use bursar_domain::Amount;

/// A unit price in 10⁻¹⁰ of the currency.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub(super) struct Price(pub(super) i64);

/// A quantity in thousandths.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub(super) struct Quantity(pub(super) i64);

impl Price {
    pub(super) fn amount(self) -> Amount {
        Amount::from_units(i128::from(self.0) * 100_000_000)
    }

    /// `percent` of the price, rounded as a price list rounds.
    pub(super) fn percent(self, percent: i64, whole_units: bool) -> Self {
        Self(self.0 * percent / 100).rounded(whole_units)
    }

    /// Six significant digits, and 9 decimals for whole units or 6 for others.
    pub(super) fn rounded(self, whole_units: bool) -> Self {
        let mut step = if whole_units { 10 } else { 10_000 };
        while self.0 / step >= 1_000_000 {
            step *= 10;
        }
        Self((self.0 + step / 2) / step * step)
    }
}

impl Quantity {
    pub(super) fn whole(units: i64) -> Self {
        Self(units * 1000)
    }

    pub(super) fn amount(self) -> Amount {
        Amount::from_units(i128::from(self.0) * 1_000_000_000_000_000)
    }

    pub(super) fn minus(self, other: Self) -> Self {
        Self(self.0 - other.0)
    }

    pub(super) fn min(self, other: Self) -> Self {
        Self(self.0.min(other.0))
    }
}

/// Price times quantity, exactly.
pub(super) fn cost(price: Price, quantity: Quantity) -> Amount {
    Amount::from_units(i128::from(price.0) * i128::from(quantity.0) * 100_000)
}

/// The largest quantity that costs at most `budget`.
pub(super) fn affordable(price: Price, budget: Amount, whole_units: bool) -> Quantity {
    if price.0 <= 0 || budget.units() <= 0 {
        return Quantity(0);
    }
    let thousandths = budget.units() / (i128::from(price.0) * 100_000);
    let thousandths = i64::try_from(thousandths).unwrap_or(i64::MAX);
    Quantity(if whole_units { thousandths / 1000 * 1000 } else { thousandths })
}

/// Reads a decimal constant of at most 10 decimals at compile time. Anything else does not compile.
pub(super) const fn price(text: &str) -> Price {
    let bytes = text.as_bytes();
    let (mut value, mut decimals, mut point, mut i) = (0_i64, 0, false, 0);
    while i < bytes.len() {
        match bytes[i] {
            b'.' => point = true,
            digit => {
                assert!(digit.is_ascii_digit());
                value = value * 10 + (digit - b'0') as i64;
                if point {
                    decimals += 1;
                }
            }
        }
        i += 1;
    }
    while decimals < 10 {
        value *= 10;
        decimals += 1;
    }
    Price(value)
}

/// A sum that cannot overflow here: a bill of 10²⁰ is not believable.
pub(super) fn add(to: &mut Amount, amount: Amount) {
    *to = Amount::from_units(to.units() + amount.units());
}

pub(super) fn minus(amount: Amount) -> Amount {
    Amount::from_units(-amount.units())
}

/// `permille` thousandths of the amount, in cents.
pub(super) fn share_in_cents(amount: Amount, permille: i128) -> Amount {
    Amount::from_units(amount.units() * permille / 1000).round(2)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn products_are_exact_and_survive_a_double() {
        let quantity = Quantity(123_456_789);
        for text in ["0.0000166667", "0.192", "1.8", "32.7726", "0.0000002"] {
            for percent in [100, 94, 72, 61] {
                let whole = text.len() > 8;
                let quantity = if whole { Quantity::whole(123_456_789) } else { quantity };
                let cost = cost(price(text).percent(percent, whole), quantity);
                let double: f64 = cost.to_string().parse().unwrap();
                assert_eq!(format!("{double}").parse(), Ok(cost), "{text} {percent}");
                assert_eq!(cost.round(9), cost, "{text} {percent}");
            }
        }
    }

    #[test]
    fn a_budget_is_never_overdrawn() {
        let (rate, budget) = (price("0.138240"), "12.34".parse().unwrap());
        let quantity = affordable(rate, budget, false);
        assert!(cost(rate, quantity) <= budget);
        assert!(cost(rate, Quantity(quantity.0 + 1)) > budget);
        assert_eq!(affordable(rate, budget, true).0 % 1000, 0);
    }
}
