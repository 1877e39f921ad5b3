//! Exact products of decimals with 18 digits after the point.

use arrow::datatypes::i256;

/// One.
pub(super) const ONE: i128 = 1_000_000_000_000_000_000;

/// `left × right`, rounded half to even at the 18th digit; `None` when it leaves 38 digits.
pub(super) fn product(left: i128, right: i128) -> Option<i128> {
    if left == ONE {
        return Some(right);
    }
    if right == ONE {
        return Some(left);
    }
    if let Some(wide) = left.checked_mul(right) {
        return Some(rounded(wide / ONE, wide % ONE, wide < 0));
    }
    let one = i256::from_i128(ONE);
    let wide = i256::from_i128(left).checked_mul(i256::from_i128(right))?;
    let whole = wide.checked_div(one)?.to_i128()?;
    let rest = wide.checked_rem(one)?.to_i128()?;
    Some(rounded(whole, rest, wide < i256::ZERO)).filter(|units| units.unsigned_abs() < 10_u128.pow(38))
}

fn rounded(whole: i128, rest: i128, negative: bool) -> i128 {
    let half = ONE / 2;
    let up = rest.abs() > half || (rest.abs() == half && whole % 2 != 0);
    match (up, negative) {
        (false, _) => whole,
        (true, false) => whole + 1,
        (true, true) => whole - 1,
    }
}

/// `value ÷ count`, rounded toward zero at the 18th digit.
pub(super) fn quotient(value: i128, count: i128) -> Option<i128> {
    if count == ONE {
        return Some(value);
    }
    if count == 0 {
        return None;
    }
    if let Some(wide) = value.checked_mul(ONE) {
        return Some(wide / count);
    }
    i256::from_i128(value).checked_mul(i256::from_i128(ONE))?.checked_div(i256::from_i128(count))?.to_i128()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(left: &str, right: &str, expected: &str) {
        let of = |text: &str| text.parse::<bursar_domain::Amount>().unwrap().units();
        assert_eq!(product(of(left), of(right)), Some(of(expected)), "{left} × {right}");
    }

    #[test]
    fn products_are_exact_or_rounded_half_to_even() {
        check("0.1", "0.0004", "0.00004");
        check("122.88", "0.033336", "4.09632768");
        check("-2", "3.5", "-7");
        check("1e-18", "0.5", "0");
        check("3e-18", "0.5", "2e-18");
        check("-3e-18", "0.5", "-2e-18");
        check("123456789.123456789", "1000000", "123456789123456.789");
        assert_eq!(product(10_i128.pow(37), 10_i128.pow(37)), None);
    }

    #[test]
    fn quotients_of_block_sizes_are_exact() {
        let of = |text: &str| text.parse::<bursar_domain::Amount>().unwrap().units();
        assert_eq!(quotient(of("250000"), of("10000")), Some(of("25")));
        assert_eq!(quotient(of("123456789012.5"), of("1000")), Some(of("123456789.0125")));
        assert_eq!(quotient(ONE, 0), None);
    }
}
