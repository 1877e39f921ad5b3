//! Dividing an amount so that the parts add up to it, to the last digit.
//!
//! Every part is first rounded towards zero; the units that are left (fewer than there are parts) go one
//! each to the parts with the largest remainders, the earlier part first among equals. So the result is
//! the same on every machine, no part is further than one 10⁻¹⁸ from its exact share, and a credit is
//! divided as a charge is, with the sign turned.

use super::exact::product_quotient;
use bursar_domain::Amount;
use bursar_domain::money::SCALE;

/// Why an amount is not divided.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum SplitError {
    /// There is nobody to give to.
    #[error("there is nothing to divide by: no target has a weight above zero")]
    NoWeight,
    /// A weight below zero has no share.
    #[error("weight {0} is below zero: leave the target out instead")]
    Negative(usize),
    /// Weights or parts leave the range of an amount.
    #[error("the weights are too large to be added: state them in thousands")]
    TooLarge,
}

/// The parts of `amount` in the proportion of `weights`; they sum to it exactly.
///
/// # Errors
/// When no weight is above zero, one is below, or their sum leaves the range. An amount of zero is divided
/// like any other.
pub fn split(amount: Amount, weights: &[Amount]) -> Result<Vec<Amount>, SplitError> {
    if let Some(index) = weights.iter().position(|weight| weight.units() < 0) {
        return Err(SplitError::Negative(index));
    }
    let total = weights
        .iter()
        .try_fold(0_u128, |sum, weight| sum.checked_add(weight.units().unsigned_abs()))
        .ok_or(SplitError::TooLarge)?;
    if total == 0 {
        return Err(SplitError::NoWeight);
    }
    let magnitude = amount.units().unsigned_abs();
    let mut parts = Vec::with_capacity(weights.len());
    let mut given = 0_u128;
    for (index, weight) in weights.iter().enumerate() {
        let (part, remainder) =
            product_quotient(magnitude, weight.units().unsigned_abs(), total).ok_or(SplitError::TooLarge)?;
        given += part;
        parts.push((part, remainder, index));
    }
    let left = usize::try_from(magnitude - given).map_err(|_| SplitError::TooLarge)?;
    parts.sort_by(|one, other| other.1.cmp(&one.1).then(one.2.cmp(&other.2)));
    for part in parts.iter_mut().take(left) {
        part.0 += 1;
    }
    parts.sort_by_key(|part| part.2);
    let sign = amount.units().signum();
    parts
        .into_iter()
        .map(|(part, ..)| {
            i128::try_from(part)
                .map(|units| Amount::from_units(units * sign))
                .map_err(|_| SplitError::TooLarge)
        })
        .collect()
}

/// The parts rounded to `decimals` digits so that they sum to their rounded total, as a statement in cents
/// must. No part moves by a whole last digit or more.
///
/// # Errors
/// When the sum of the parts leaves the range.
pub fn round_parts(parts: &[Amount], decimals: u32) -> Result<Vec<Amount>, SplitError> {
    let total = parts.iter().try_fold(Amount::ZERO, |sum, part| sum.checked_add(*part));
    round_parts_to(parts, total.map_err(|_| SplitError::TooLarge)?.round(decimals), decimals)
}

/// The parts rounded so that they sum to `total`, which must be their sum rounded up or down: a line of a
/// statement whose total was rounded together with the other lines.
///
/// # Errors
/// When `total` is further from the sum of the parts than rounding can make it.
pub fn round_parts_to(parts: &[Amount], total: Amount, decimals: u32) -> Result<Vec<Amount>, SplitError> {
    let step = 10_i128.pow(SCALE.saturating_sub(decimals));
    let floors: Vec<i128> = parts.iter().map(|part| part.units().div_euclid(step)).collect();
    let floor_sum = floors.iter().try_fold(0_i128, |sum, floor| sum.checked_add(*floor));
    let raise = floor_sum.and_then(|sum| (total.units() / step).checked_sub(sum));
    let raise = raise.and_then(|raise| usize::try_from(raise).ok()).ok_or(SplitError::TooLarge)?;
    let mut order: Vec<usize> =
        (0..parts.len()).filter(|&index| parts[index].units().rem_euclid(step) != 0).collect();
    if raise > order.len() {
        return Err(SplitError::TooLarge);
    }
    order.sort_by_key(|&index| (std::cmp::Reverse(parts[index].units().rem_euclid(step)), index));
    let mut rounded = floors;
    for &index in order.iter().take(raise) {
        rounded[index] += 1;
    }
    Ok(rounded.into_iter().map(|steps| Amount::from_units(steps * step)).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn amounts(texts: &[&str]) -> Vec<Amount> {
        texts.iter().map(|text| text.parse().unwrap()).collect()
    }

    fn check(amount: &str, weights: &[&str], expected: &[&str]) {
        let parts = split(amount.parse().unwrap(), &amounts(weights));
        assert_eq!(parts, Ok(amounts(expected)), "{amount} by {weights:?}");
    }

    #[test]
    fn the_last_digit_goes_to_the_largest_remainder() {
        check(
            "10",
            &["1", "1", "1"],
            &["3.333333333333333334", "3.333333333333333333", "3.333333333333333333"],
        );
        check("0.000000000000000001", &["1", "3"], &["0", "0.000000000000000001"]);
        check("-10", &["1", "2"], &["-3.333333333333333333", "-6.666666666666666667"]);
        check("0", &["5", "0"], &["0", "0"]);
        check("7", &["0", "0.001"], &["0", "7"]);
    }

    #[test]
    fn nothing_to_divide_by_is_an_error() {
        assert_eq!(split(Amount::from_units(1), &[]), Err(SplitError::NoWeight));
        assert_eq!(split(Amount::ZERO, &amounts(&["0", "0"])), Err(SplitError::NoWeight));
        assert_eq!(split(Amount::ZERO, &amounts(&["1", "-1"])), Err(SplitError::Negative(1)));
    }

    #[test]
    fn statements_in_cents_add_up() {
        let parts = amounts(&["3.333", "3.333", "3.334"]);
        assert_eq!(round_parts(&parts, 2), Ok(amounts(&["3.33", "3.33", "3.34"])));
        assert_eq!(
            round_parts(&amounts(&["0.005", "-0.005"]), 2).map(|p| p[0].units() + p[1].units()),
            Ok(0)
        );
    }

    proptest! {
        #[test]
        fn parts_add_up(
            units in -(10_i128.pow(38) - 1)..10_i128.pow(38),
            weights in proptest::collection::vec(0..10_i128.pow(36), 1..40),
        ) {
            let weights: Vec<Amount> = weights.into_iter().map(Amount::from_units).collect();
            prop_assume!(weights.iter().any(|w| !w.is_zero()));
            let parts = split(Amount::from_units(units), &weights).unwrap();
            prop_assert_eq!(parts.iter().map(|p| p.units()).sum::<i128>(), units);
            for (part, weight) in parts.iter().zip(&weights) {
                prop_assert!(part.is_zero() || (part.units() < 0) == (units < 0));
                prop_assert!(!weight.is_zero() || part.is_zero());
            }
        }

        #[test]
        fn rounded_parts_add_up_to_the_rounded_total(
            units in proptest::collection::vec(-10_i128.pow(30)..10_i128.pow(30), 0..40),
            decimals in 0_u32..19,
        ) {
            let parts: Vec<Amount> = units.iter().map(|u| Amount::from_units(*u)).collect();
            let total = Amount::from_units(units.iter().sum());
            let rounded = round_parts(&parts, decimals).unwrap();
            prop_assert_eq!(
                rounded.iter().map(|p| p.units()).sum::<i128>(),
                total.round(decimals).units()
            );
            let step = 10_i128.pow(SCALE - decimals.min(SCALE));
            for (before, after) in parts.iter().zip(&rounded) {
                prop_assert!((before.units() - after.units()).abs() < step.max(1) || decimals >= SCALE);
            }
        }
    }
}
