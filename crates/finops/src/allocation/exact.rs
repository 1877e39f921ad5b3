//! Products and quotients of exact amounts, without rounding what is summed.
//!
//! `amount × weight ÷ total` overflows 128 bits long before its result does, so the product is kept in
//! 256 bits here. Nothing in this module knows money: it is integers in, integers out, and `None` when
//! the result does not fit or the divisor is zero.

/// The 256-bit product of two 128-bit numbers: high and low half.
const fn wide_product(a: u128, b: u128) -> (u128, u128) {
    const LOW: u128 = u64::MAX as u128;
    let (a_high, a_low) = (a >> 64, a & LOW);
    let (b_high, b_low) = (b >> 64, b & LOW);
    let low = a_low * b_low;
    let (middle_one, middle_two) = (a_high * b_low, a_low * b_high);
    // INVARIANT: each summand is below 2^64 but for `low >> 64`, so the sum stays below 2^66.
    let carry = (low >> 64) + (middle_one & LOW) + (middle_two & LOW);
    let high = a_high * b_high + (middle_one >> 64) + (middle_two >> 64) + (carry >> 64);
    (high, (carry << 64) | (low & LOW))
}

/// `a × b ÷ divisor` rounded down, and the remainder.
pub(crate) fn product_quotient(a: u128, b: u128, divisor: u128) -> Option<(u128, u128)> {
    let (high, low) = wide_product(a, b);
    if high == 0 {
        return Some((low.checked_div(divisor)?, low % divisor));
    }
    if divisor == 0 || high >= divisor {
        return None;
    }
    let (mut remainder, mut quotient) = (high, 0_u128);
    for bit in (0..128).rev() {
        let overflow = remainder >> 127 == 1;
        remainder = (remainder << 1) | ((low >> bit) & 1);
        quotient <<= 1;
        if overflow || remainder >= divisor {
            remainder = remainder.wrapping_sub(divisor);
            quotient |= 1;
        }
    }
    Some((quotient, remainder))
}

/// `a × b ÷ divisor`, rounded half away from zero.
pub(crate) fn scaled(a: i128, b: i128, divisor: i128) -> Option<i128> {
    let (quotient, remainder) = product_quotient(a.unsigned_abs(), b.unsigned_abs(), divisor.unsigned_abs())?;
    // remainder < divisor ≤ 2^127, so doubling it fits.
    let rounded = quotient.checked_add(u128::from(remainder * 2 >= divisor.unsigned_abs()))?;
    let magnitude = i128::try_from(rounded).ok()?;
    let negative = (a < 0) ^ (b < 0) ^ (divisor < 0);
    Some(if negative { -magnitude } else { magnitude })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn rounding_is_half_away_from_zero() {
        let check =
            |a, b, divisor, expected| assert_eq!(scaled(a, b, divisor), expected, "{a} {b} {divisor}");
        check(1, 1, 2, Some(1));
        check(-1, 1, 2, Some(-1));
        check(1, 1, -3, Some(0));
        check(10, 10, 3, Some(33));
        check(1, 1, 0, None);
        check(i128::MAX, i128::MAX, i128::MAX, Some(i128::MAX));
        check(i128::MAX, 2, 1, None);
        check(i128::MIN, 1, i128::MIN, Some(1));
    }

    proptest! {
        #[test]
        fn division_undoes_the_product(a in any::<u128>(), b in any::<u128>(), divisor in 1..=u128::MAX) {
            if let Some((quotient, remainder)) = product_quotient(a, b, divisor) {
                prop_assert!(remainder < divisor);
                let (high, low) = wide_product(quotient, divisor);
                let (low, carried) = low.overflowing_add(remainder);
                prop_assert_eq!((high + u128::from(carried), low), wide_product(a, b));
            }
        }
    }
}
