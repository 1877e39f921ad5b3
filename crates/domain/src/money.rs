//! Exact money.
//!
//! An [`Amount`] is a decimal with [`SCALE`] digits after the point in 128 bits: ±1.7 × 10²⁰
//! units with 10⁻¹⁸ resolution, enough for every cost column seen in a real export (AWS prints up
//! to 15 decimals, BigQuery NUMERIC 9, Azure 17 significant digits). It is Arrow's
//! `Decimal128(38, 18)`, so it moves between rows and Rust without conversion.
//!
//! A [`Money`] is an amount with its currency. Two currencies are never added: the attempt is an
//! error the caller must handle (claim A3).

use crate::CurrencyCode;
use std::fmt;
use std::str::FromStr;

/// Digits after the decimal point.
pub const SCALE: u32 = 18;
/// Decimal digits in total, as Arrow counts precision.
pub const PRECISION: u8 = 38;
const ONE: i128 = 10_i128.pow(SCALE);
/// The largest magnitude a 38-digit decimal holds.
const MAX_UNITS: i128 = 10_i128.pow(PRECISION as u32) - 1;

/// A decimal amount in units of 10⁻¹⁸.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
pub struct Amount(i128);

/// Why a text or an operation has no exact amount.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum AmountError {
    /// Not a decimal number.
    #[error("`{0}` is not a decimal number")]
    NotANumber(String),
    /// More than 20 digits before the point.
    #[error("`{0}` is too large: at most 20 digits before the decimal point are supported")]
    TooLarge(String),
    /// More than 18 digits after the point, so the value would have to be rounded.
    #[error("`{0}` has more than 18 digits after the decimal point")]
    TooFine(String),
    /// A sum left the representable range.
    #[error("the sum is too large: at most 20 digits before the decimal point are supported")]
    Overflow,
}

impl Amount {
    /// Nothing.
    pub const ZERO: Self = Self(0);

    /// The amount of this many 10⁻¹⁸ units (Arrow's raw value).
    #[must_use]
    pub const fn from_units(units: i128) -> Self {
        Self(units)
    }

    /// The raw value in 10⁻¹⁸ units.
    #[must_use]
    pub const fn units(self) -> i128 {
        self.0
    }

    /// The sum.
    ///
    /// # Errors
    /// When it leaves the representable range.
    pub fn checked_add(self, other: Self) -> Result<Self, AmountError> {
        let sum = self.0.checked_add(other.0).ok_or(AmountError::Overflow)?;
        if sum.abs() > MAX_UNITS { Err(AmountError::Overflow) } else { Ok(Self(sum)) }
    }

    /// The difference.
    ///
    /// # Errors
    /// When it leaves the representable range.
    pub fn checked_sub(self, other: Self) -> Result<Self, AmountError> {
        let difference = self.0.checked_sub(other.0).ok_or(AmountError::Overflow)?;
        if difference.abs() > MAX_UNITS { Err(AmountError::Overflow) } else { Ok(Self(difference)) }
    }

    /// Whether the amount is exactly zero.
    #[must_use]
    pub const fn is_zero(self) -> bool {
        self.0 == 0
    }

    /// The nearest double, for drawing only; never for adding.
    #[must_use]
    #[expect(clippy::cast_precision_loss, reason = "a chart has fewer pixels than a double has digits")]
    pub fn to_f64_lossy(self) -> f64 {
        self.0 as f64 / ONE as f64
    }

    /// Rounded half away from zero to `decimals` digits after the point, as invoices round.
    #[must_use]
    pub fn round(self, decimals: u32) -> Self {
        if decimals >= SCALE {
            return self;
        }
        let step = 10_i128.pow(SCALE - decimals);
        let half = step / 2 * self.0.signum();
        Self((self.0 + half) / step * step)
    }

    /// Text with exactly `decimals` digits after the point.
    #[must_use]
    pub fn to_fixed(self, decimals: u32) -> String {
        let rounded = self.round(decimals);
        let (sign, units) = (if rounded.0 < 0 { "-" } else { "" }, rounded.0.unsigned_abs());
        let one = ONE.unsigned_abs();
        let whole = units / one;
        if decimals == 0 {
            return format!("{sign}{whole}");
        }
        let fraction = format!("{:018}", units % one);
        let kept = usize::try_from(decimals.min(SCALE)).map_or(18, |n| n);
        format!("{sign}{whole}.{}", &fraction[..kept])
    }
}

impl FromStr for Amount {
    type Err = AmountError;

    /// Reads plain or E-notation decimals exactly; refuses what would have to be rounded.
    fn from_str(text: &str) -> Result<Self, AmountError> {
        let shown = || text.chars().take(64).collect::<String>();
        let not_a_number = || AmountError::NotANumber(shown());
        let body = text.trim();
        let (negative, body) = match body.strip_prefix('-') {
            Some(rest) => (true, rest),
            None => (false, body.strip_prefix('+').unwrap_or(body)),
        };
        let (mantissa, exponent) = match body.split_once(['e', 'E']) {
            Some((m, e)) => (m, e.parse::<i32>().map_err(|_| not_a_number())?),
            None => (body, 0),
        };
        let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
        if (whole.is_empty() && fraction.is_empty())
            || !whole.bytes().chain(fraction.bytes()).all(|b| b.is_ascii_digit())
        {
            return Err(not_a_number());
        }
        let fraction = fraction.trim_end_matches('0');
        let digits = format!("{whole}{fraction}");
        let digits = digits.trim_start_matches('0');
        if digits.is_empty() {
            return Ok(Self::ZERO);
        }
        let fraction_digits = i64::try_from(fraction.len()).map_err(|_| not_a_number())?;
        let shift = i64::from(exponent) - fraction_digits + i64::from(SCALE);
        let too_large = || AmountError::TooLarge(shown());
        if shift < 0 {
            // INVARIANT: `digits` may still end in zeros when the exponent moved the point.
            let cut = usize::try_from(-shift).map_err(|_| not_a_number())?;
            let kept = digits.len().saturating_sub(cut);
            if !digits[kept..].bytes().all(|b| b == b'0') || cut > digits.len() {
                return Err(AmountError::TooFine(shown()));
            }
            let units = digits[..kept].parse::<i128>().map_err(|_| too_large())?;
            return Ok(Self(if negative { -units } else { units }));
        }
        let room = i64::from(PRECISION) - i64::try_from(digits.len()).map_err(|_| too_large())?;
        if shift > room {
            return Err(too_large());
        }
        let units = digits.parse::<i128>().map_err(|_| too_large())?;
        let power = u32::try_from(shift).map_err(|_| too_large())?;
        let units = units.checked_mul(10_i128.pow(power)).ok_or_else(too_large)?;
        Ok(Self(if negative { -units } else { units }))
    }
}

impl fmt::Display for Amount {
    /// Exact, without trailing zeros; `{:.2}` rounds.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(decimals) = f.precision() {
            return f.write_str(&self.to_fixed(u32::try_from(decimals).unwrap_or(SCALE)));
        }
        let full = self.to_fixed(SCALE);
        f.write_str(full.trim_end_matches('0').trim_end_matches('.'))
    }
}

impl fmt::Debug for Amount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl serde::Serialize for Amount {
    /// A string: JSON numbers are doubles in too many readers.
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> serde::Deserialize<'de> for Amount {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = <String as serde::Deserialize>::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

/// An amount of one currency.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Money {
    /// The currency.
    pub currency: CurrencyCode,
    /// How much of it.
    pub amount: Amount,
}

/// Why two sums of money have no sum.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum MoneyError {
    /// The currencies differ; convert one at a stated rate first.
    #[error("{left} and {right} cannot be added: convert one at a stated rate first")]
    Currencies {
        /// Currency on the left.
        left: CurrencyCode,
        /// Currency on the right.
        right: CurrencyCode,
    },
    /// The sum is too large.
    #[error(transparent)]
    Amount(#[from] AmountError),
}

impl Money {
    /// The sum, if both are of one currency.
    ///
    /// # Errors
    /// On two currencies, and when the sum leaves the representable range.
    pub fn checked_add(&self, other: &Self) -> Result<Self, MoneyError> {
        if self.currency != other.currency {
            return Err(MoneyError::Currencies {
                left: self.currency.clone(),
                right: other.currency.clone(),
            });
        }
        Ok(Self { currency: self.currency.clone(), amount: self.amount.checked_add(other.amount)? })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn check(input: &str, expected: &str) {
        assert_eq!(input.parse::<Amount>().map(|a| a.to_string()), Ok(expected.to_owned()), "{input}");
    }

    #[test]
    fn decimals_are_read_exactly() {
        check("0.1", "0.1");
        check("-0", "0");
        check("+12.50", "12.5");
        check("1e-18", "0.000000000000000001");
        check("10e-19", "0.000000000000000001");
        check("3.0000000000000000000000", "3");
        check("1.5E3", "1500");
        check(".5", "0.5");
        check("99999999999999999999.999999999999999999", "99999999999999999999.999999999999999999");
    }

    #[test]
    fn what_would_be_rounded_or_overflow_is_refused() {
        assert!(matches!("1e-19".parse::<Amount>(), Err(AmountError::TooFine(_))));
        assert!(matches!("100000000000000000000".parse::<Amount>(), Err(AmountError::TooLarge(_))));
        assert!(matches!("1e999999999".parse::<Amount>(), Err(AmountError::TooLarge(_))));
        for bad in ["", "-", ".", "NaN", "inf", "1,5", "0x10", "1e", "--1"] {
            assert!(matches!(bad.parse::<Amount>(), Err(AmountError::NotANumber(_))), "{bad}");
        }
    }

    #[test]
    fn rounding_is_half_away_from_zero() {
        let of = |text: &str| text.parse::<Amount>().map(|a| format!("{a:.2}"));
        assert_eq!(of("1.005"), Ok("1.01".into()));
        assert_eq!(of("-1.005"), Ok("-1.01".into()));
        assert_eq!(of("2"), Ok("2.00".into()));
    }

    #[test]
    fn two_currencies_are_never_added() {
        // claim A3
        let money =
            |code: &str| code.parse().map(|currency| Money { currency, amount: Amount::from_units(1) });
        let (usd, eur) = (money("USD"), money("EUR"));
        let (Ok(usd), Ok(eur)) = (usd, eur) else { panic!("codes") };
        assert!(matches!(usd.checked_add(&eur), Err(MoneyError::Currencies { .. })));
        assert_eq!(usd.checked_add(&usd).map(|m| m.amount.units()), Ok(2));
    }

    proptest! {
        #[test]
        fn text_and_back(units in -MAX_UNITS..=MAX_UNITS) {
            let amount = Amount::from_units(units);
            prop_assert_eq!(amount.to_string().parse::<Amount>(), Ok(amount));
        }

        #[test]
        fn parsing_never_panics(text in ".{0,80}") {
            let _ = text.parse::<Amount>();
        }
    }
}
