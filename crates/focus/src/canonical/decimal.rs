//! Money and quantities: exact decimals from whatever the writer chose.
//!
//! A double is read as the decimal it prints as (shortest text that reads back to the same
//! double): that is the number the provider wrote before a Parquet writer made it binary.

use super::{DECIMAL, Fault, Typed, shown};
use arrow::array::{Array, ArrayRef, AsArray, Decimal128Array, Float32Array, Float64Array, Int64Array};
use arrow::buffer::{NullBuffer, ScalarBuffer};
use arrow::compute::cast;
use arrow::datatypes::{
    DataType, Decimal128Type, Decimal256Type, Float32Type, Float64Type, Int32Type, Int64Type,
};
use std::fmt::Write as _;
use std::sync::Arc;

/// Largest magnitude a value may have: 20 digits before the point.
const LIMIT: i128 = 10_i128.pow(38) - 1;
const SCALE: i32 = 18;

/// Why a value is no decimal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DecimalFault {
    /// Not a number at all.
    NotANumber,
    /// NaN or infinite.
    NotFinite,
    /// More than 20 digits before the point.
    TooLarge,
}

impl DecimalFault {
    /// For messages.
    #[must_use]
    pub const fn reason(self) -> &'static str {
        match self {
            Self::NotANumber => "is not a decimal number",
            Self::NotFinite => "is not a finite number",
            Self::TooLarge => "is too large: at most 20 digits before the decimal point are supported",
        }
    }
}

/// A decimal in 10⁻¹⁸ units, and whether digits beyond the 18th were rounded away.
type Units = Result<(i128, bool), DecimalFault>;

/// Adding this rounds a double below 2⁵¹ to an integer, in the low bits of its mantissa.
const ROUNDER: f64 = 6_755_399_441_055_744.0;

/// `value` as an integer of 10⁻ᵈ units if it prints as a decimal of at most 15 digits, `d` of
/// them after the point.
///
/// INVARIANT: two decimals of at most 15 significant digits never read as the same double, and
/// `integer / 10ᵈ` is correctly rounded (both are exact doubles), so equality proves that this
/// decimal is the one the double prints as.
#[inline]
#[expect(clippy::float_cmp, reason = "equality of doubles is the proof")]
fn short_decimal(value: f64, power: f64) -> Option<i64> {
    let scaled = value * power;
    let shifted = scaled + ROUNDER;
    let integer = shifted - ROUNDER;
    if scaled.abs() < 1e15 && integer / power == value && integer.abs() < 1e15 {
        #[expect(clippy::cast_possible_wrap, reason = "bit patterns, not numbers")]
        let units = (shifted.to_bits() as i64).wrapping_sub(ROUNDER.to_bits() as i64);
        Some(units)
    } else {
        None
    }
}

/// Doubles converted at once.
const LANES: usize = 16;
/// What providers write has at most ten digits after the point (AWS) as a rule.
const LANE_POWER: f64 = 1e10;
const LANE_FACTOR: i128 = 100_000_000;

/// [`short_decimal`] of several values without a branch, so that it is done by vector instructions;
/// `None` when it is not the answer for one of them.
#[inline]
#[expect(clippy::float_cmp, reason = "equality of doubles is the proof")]
fn short_decimals(values: &[f64; LANES]) -> Option<[i64; LANES]> {
    let mut units = [0; LANES];
    let mut all = true;
    for (value, units) in values.iter().zip(&mut units) {
        let scaled = value * LANE_POWER;
        let shifted = scaled + ROUNDER;
        let integer = shifted - ROUNDER;
        all &= (scaled.abs() < 1e15) & (integer / LANE_POWER == *value) & (integer.abs() < 1e15);
        #[expect(clippy::cast_possible_wrap, reason = "bit patterns, not numbers")]
        {
            *units = (shifted.to_bits() as i64).wrapping_sub(ROUNDER.to_bits() as i64);
        }
    }
    all.then_some(units)
}

/// The decimal a double prints as, in 10⁻¹⁸ units.
///
/// # Errors
/// When it is not finite or too large.
pub fn decimal_of_f64(value: f64) -> Units {
    if let Some(units) = short_decimal(value, 1e12) {
        return Ok((i128::from(units) * 1_000_000, false));
    }
    if let Some(units) = short_decimal(value, 1e6) {
        return Ok((i128::from(units) * 1_000_000_000_000, false));
    }
    if let Some(units) = short_decimal(value, 1e15) {
        return Ok((i128::from(units) * 1_000, false));
    }
    if !value.is_finite() {
        return Err(DecimalFault::NotFinite);
    }
    if value.abs() >= 1e20 {
        return Err(DecimalFault::TooLarge);
    }
    let mut text = StackText::default();
    // INVARIANT: a double prints in at most 25 bytes of E notation; writing cannot fail.
    let _ = write!(text, "{value:e}");
    decimal_of_text(text.as_bytes())
}

/// Enough room for a double in E notation, without allocating.
#[derive(Default)]
struct StackText {
    bytes: [u8; 32],
    len: usize,
}

impl StackText {
    fn as_bytes(&self) -> &[u8] {
        &self.bytes[..self.len]
    }
}

impl std::fmt::Write for StackText {
    fn write_str(&mut self, text: &str) -> std::fmt::Result {
        let end = self.len + text.len();
        self.bytes.get_mut(self.len..end).ok_or(std::fmt::Error)?.copy_from_slice(text.as_bytes());
        self.len = end;
        Ok(())
    }
}

/// Reads plain or E-notation text, surrounding blanks allowed; no thousands separators, no
/// currency signs (FOCUS NumericFormat).
///
/// # Errors
/// When it is not a number, or too large.
pub fn decimal_of_text(text: &[u8]) -> Units {
    let text = text.trim_ascii();
    let (negative, body) = match text.first() {
        Some(b'-') => (true, &text[1..]),
        Some(b'+') => (false, &text[1..]),
        _ => (false, text),
    };
    let mut digits: i128 = 0;
    let mut significant = 0_u32; // digits accumulated, leading zeros not counted
    let mut dropped = 0_i32; // digits beyond what fits, before any rounding
    let mut dropped_nonzero = false;
    let mut first_dropped = 0_u8;
    let mut fraction = 0_i32;
    let (mut seen_point, mut seen_digit) = (false, false);
    let mut exponent = 0_i32;
    let mut at = 0;
    while at < body.len() {
        let byte = body[at];
        match byte {
            b'0'..=b'9' => {
                seen_digit = true;
                let digit = byte - b'0';
                if significant < 38 {
                    digits = digits * 10 + i128::from(digit);
                    significant += u32::from(digits != 0);
                    fraction += i32::from(seen_point);
                } else {
                    if dropped == 0 {
                        first_dropped = digit;
                    } else {
                        dropped_nonzero |= digit != 0;
                    }
                    dropped += 1;
                    // A dropped digit before the point still counts for magnitude.
                    if !seen_point {
                        fraction -= 1;
                    }
                }
            }
            b'.' if !seen_point => seen_point = true,
            b'e' | b'E' if seen_digit => {
                exponent = exponent_of(&body[at + 1..]).ok_or(DecimalFault::NotANumber)?;
                break;
            }
            _ => return Err(named_or_not_a_number(body)),
        }
        at += 1;
    }
    if !seen_digit {
        return Err(named_or_not_a_number(body));
    }
    if digits == 0 {
        return Ok((0, false));
    }
    // value = digits × 10^(exponent − fraction); wanted in 10^−18 units.
    let shift = i64::from(exponent) - i64::from(fraction) + i64::from(SCALE);
    let (units, rounded) = if shift >= 0 {
        let power = u32::try_from(shift).ok().filter(|p| *p <= 38).ok_or(DecimalFault::TooLarge)?;
        let mut units =
            10_i128.checked_pow(power).and_then(|p| digits.checked_mul(p)).ok_or(DecimalFault::TooLarge)?;
        if dropped > 0 && first_dropped >= 5 {
            units += 1;
        }
        (units, dropped > 0 && (first_dropped > 0 || dropped_nonzero))
    } else {
        let power = u32::try_from(-shift).unwrap_or(u32::MAX);
        if power > 38 {
            (0, true)
        } else {
            let step = 10_i128.checked_pow(power).ok_or(DecimalFault::TooLarge)?;
            let (whole, rest) = (digits / step, digits % step);
            let beyond = dropped_nonzero || first_dropped > 0;
            let half = step / 2;
            let up = rest > half || (rest == half && (beyond || whole % 2 == 1));
            (whole + i128::from(up), rest != 0 || beyond)
        }
    };
    if units > LIMIT {
        return Err(DecimalFault::TooLarge);
    }
    Ok((if negative { -units } else { units }, rounded))
}

fn exponent_of(text: &[u8]) -> Option<i32> {
    let (negative, digits) = match text.first()? {
        b'-' => (true, &text[1..]),
        b'+' => (false, &text[1..]),
        _ => (false, text),
    };
    if digits.is_empty() || !digits.iter().all(u8::is_ascii_digit) {
        return None;
    }
    let value = digits
        .iter()
        .fold(0_i32, |n, d| n.saturating_mul(10).saturating_add(i32::from(d - b'0')))
        .min(1_000_000);
    Some(if negative { -value } else { value })
}

fn named_or_not_a_number(body: &[u8]) -> DecimalFault {
    let named = [&b"nan"[..], b"inf", b"infinity"];
    if named.iter().any(|name| body.eq_ignore_ascii_case(name)) {
        DecimalFault::NotFinite
    } else {
        DecimalFault::NotANumber
    }
}

/// Any column of numbers or numeric text as `Decimal128(38, 18)`.
#[must_use]
pub fn decimal_column(column: &str, array: &ArrayRef) -> Typed {
    match array.data_type() {
        DataType::Float64 => of_f64(column, array.as_primitive::<Float64Type>()),
        DataType::Float32 => of_f32(column, array.as_primitive::<Float32Type>()),
        DataType::Decimal128(_, scale) => {
            of_decimal128(column, array.as_primitive::<Decimal128Type>(), *scale)
        }
        DataType::Decimal256(_, _) => {
            let wide = array.as_primitive::<Decimal256Type>();
            of_texts(column, array.len(), |row| (!wide.is_null(row)).then(|| wide.value_as_string(row)))
        }
        DataType::Int8
        | DataType::Int16
        | DataType::Int32
        | DataType::Int64
        | DataType::UInt8
        | DataType::UInt16
        | DataType::UInt32 => match cast(array, &DataType::Int64) {
            Ok(whole) => of_i64(whole.as_primitive::<Int64Type>()),
            Err(_) => all_faulty(column, array),
        },
        DataType::Decimal32(_, _) | DataType::Decimal64(_, _) | DataType::UInt64 => {
            match cast(array, &DECIMAL) {
                Ok(cast) => Typed::clean(cast),
                Err(_) => all_faulty(column, array),
            }
        }
        DataType::Utf8 => {
            let text = array.as_string::<i32>();
            of_texts(column, array.len(), |row| (!text.is_null(row)).then(|| text.value(row)))
        }
        DataType::LargeUtf8 => {
            let text = array.as_string::<i64>();
            of_texts(column, array.len(), |row| (!text.is_null(row)).then(|| text.value(row)))
        }
        DataType::Utf8View => {
            let text = array.as_string_view();
            of_texts(column, array.len(), |row| (!text.is_null(row)).then(|| text.value(row)))
        }
        DataType::Dictionary(key, _) => of_dictionary(column, array, key),
        DataType::Null => Typed::clean(arrow::array::new_null_array(&DECIMAL, array.len())),
        _ => all_faulty(column, array),
    }
}

fn finish(units: Vec<i128>, nulls: Option<NullBuffer>) -> ArrayRef {
    let array = Decimal128Array::new(ScalarBuffer::from(units), nulls);
    // INVARIANT: precision 38 and scale 18 are valid for Decimal128.
    Arc::new(array.with_data_type(DECIMAL))
}

fn of_f64(column: &str, array: &Float64Array) -> Typed {
    let values = array.values();
    let mut units = Vec::with_capacity(values.len());
    let mut bad = Vec::new();
    let mut rounded = 0;
    let mut one = |row: usize, value: f64, units: &mut Vec<i128>| match decimal_of_f64(value) {
        Ok((exact, was_rounded)) => {
            rounded += usize::from(was_rounded && array.is_valid(row));
            units.push(exact);
        }
        Err(fault) => {
            if array.is_valid(row) {
                bad.push((row, value.to_string(), fault));
            }
            units.push(0);
        }
    };
    let (chunks, rest) = values.as_chunks::<LANES>();
    for (at, chunk) in chunks.iter().enumerate() {
        match short_decimals(chunk) {
            Some(short) => units.extend(short.map(|units| i128::from(units) * LANE_FACTOR)),
            None => chunk.iter().enumerate().for_each(|(i, value)| one(at * LANES + i, *value, &mut units)),
        }
    }
    let done = chunks.len() * LANES;
    rest.iter().enumerate().for_each(|(i, value)| one(done + i, *value, &mut units));
    with_faults(column, units, array.nulls().cloned(), bad, rounded)
}

fn of_f32(column: &str, array: &Float32Array) -> Typed {
    of_texts(column, array.len(), |row| (!array.is_null(row)).then(|| format!("{:e}", array.value(row))))
}

fn of_i64(array: &Int64Array) -> Typed {
    let units = array.values().iter().map(|whole| i128::from(*whole) * 10_i128.pow(18)).collect();
    Typed::clean(finish(units, array.nulls().cloned()))
}

fn of_decimal128(column: &str, array: &Decimal128Array, scale: i8) -> Typed {
    if i32::from(scale) == SCALE {
        return Typed::clean(finish(array.values().to_vec(), array.nulls().cloned()));
    }
    let up = u32::try_from(SCALE - i32::from(scale)).ok().filter(|p| *p <= 38).map(|p| 10_i128.pow(p));
    let Some(factor) = up else {
        return of_texts(column, array.len(), |row| {
            (!array.is_null(row)).then(|| array.value_as_string(row))
        });
    };
    let mut bad = Vec::new();
    let units = array
        .values()
        .iter()
        .enumerate()
        .map(|(row, value)| match value.checked_mul(factor).filter(|units| units.abs() <= LIMIT) {
            Some(units) => units,
            None => {
                if array.is_valid(row) {
                    bad.push((row, array.value_as_string(row), DecimalFault::TooLarge));
                }
                0
            }
        })
        .collect();
    with_faults(column, units, array.nulls().cloned(), bad, 0)
}

fn of_dictionary(column: &str, array: &ArrayRef, key: &DataType) -> Typed {
    let dictionary = array.as_any_dictionary();
    let values = decimal_column(column, dictionary.values());
    let Ok(keys) = cast(dictionary.keys(), &DataType::Int32) else { return all_faulty(column, array) };
    let keys = keys.as_primitive::<Int32Type>();
    let Ok(spread) = arrow::compute::take(&values.array, keys, None) else {
        return all_faulty(column, array);
    };
    debug_assert!(key.is_integer());
    let mut faults = Vec::new();
    for fault in &values.faults {
        let code = i32::try_from(fault.row).unwrap_or(i32::MAX);
        let rows = keys.iter().enumerate().filter(|(_, k)| *k == Some(code));
        faults.extend(rows.map(|(row, _)| Fault { row, ..fault.clone() }));
    }
    faults.sort_by_key(|fault| fault.row);
    Typed { array: spread, faults, rounded: values.rounded }
}

fn of_texts<T: AsRef<str>>(column: &str, len: usize, text: impl Fn(usize) -> Option<T>) -> Typed {
    let mut units = Vec::with_capacity(len);
    let mut valid = Vec::with_capacity(len);
    let mut bad = Vec::new();
    let mut rounded = 0;
    for row in 0..len {
        let cell = text(row);
        let cell = cell.as_ref().map(AsRef::as_ref).filter(|t| !super::is_null_text(t));
        match cell.map(|t| (t, decimal_of_text(t.as_bytes()))) {
            None => {
                units.push(0);
                valid.push(false);
            }
            Some((_, Ok((exact, was_rounded)))) => {
                rounded += usize::from(was_rounded);
                units.push(exact);
                valid.push(true);
            }
            Some((text, Err(fault))) => {
                bad.push((row, text.to_owned(), fault));
                units.push(0);
                valid.push(false);
            }
        }
    }
    with_faults(column, units, Some(NullBuffer::from(valid)), bad, rounded)
}

fn with_faults(
    column: &str,
    units: Vec<i128>,
    nulls: Option<NullBuffer>,
    bad: Vec<(usize, String, DecimalFault)>,
    rounded: usize,
) -> Typed {
    let nulls = if bad.is_empty() {
        nulls
    } else {
        let mut valid: Vec<bool> = nulls.map_or_else(|| vec![true; units.len()], |n| n.iter().collect());
        for (row, _, _) in &bad {
            valid[*row] = false;
        }
        Some(NullBuffer::from(valid))
    };
    let faults = bad
        .into_iter()
        .map(|(row, value, fault)| Fault {
            row,
            column: column.to_owned(),
            value: shown(&value),
            reason: fault.reason(),
        })
        .collect();
    Typed { array: finish(units, nulls.filter(|n| n.null_count() > 0)), faults, rounded }
}

fn all_faulty(column: &str, array: &ArrayRef) -> Typed {
    let faults = (0..array.len())
        .filter(|row| array.is_valid(*row))
        .map(|row| Fault {
            row,
            column: column.to_owned(),
            value: array.data_type().to_string(),
            reason: DecimalFault::NotANumber.reason(),
        })
        .collect();
    Typed { array: arrow::array::new_null_array(&DECIMAL, array.len()), faults, rounded: 0 }
}

#[cfg(test)]
mod tests {
    use super::*;
    use arrow::array::StringArray;
    use proptest::prelude::*;

    fn text(value: f64) -> String {
        bursar_domain::Amount::from_units(decimal_of_f64(value).unwrap().0).to_string()
    }

    #[test]
    fn doubles_read_as_they_print() {
        // claim A3: sums are exact because the parts are
        for (value, expected) in [
            (0.1, "0.1"),
            (0.1 + 0.2, "0.30000000000000004"),
            (1e-10, "0.0000000001"),
            (-3.5, "-3.5"),
            (-0.0, "0"),
            (123_456.789, "123456.789"),
            (9_007_199_254_740_993.0, "9007199254740992"),
            (1.234_567_890_123_456_7e-7, "0.000000123456789012"),
            (1e15, "1000000000000000"),
            (1e19, "10000000000000000000"),
        ] {
            assert_eq!(text(value), expected);
        }
        assert_eq!(decimal_of_f64(f64::NAN), Err(DecimalFault::NotFinite));
        assert_eq!(decimal_of_f64(1e20), Err(DecimalFault::TooLarge));
    }

    #[test]
    fn text_is_read_exactly_or_refused() {
        for (input, units) in [
            ("1", 10_i128.pow(18)),
            ("1e-18", 1),
            ("  2.50 ", 25 * 10_i128.pow(17)),
            ("-0.000000000000000001", -1),
            ("1E2", 10_i128.pow(20)),
        ] {
            assert_eq!(decimal_of_text(input.as_bytes()), Ok((units, false)), "{input}");
        }
        assert_eq!(decimal_of_text(b"0.0000000000000000005"), Ok((0, true)));
        assert_eq!(decimal_of_text(b"0.0000000000000000015"), Ok((2, true)));
        assert_eq!(decimal_of_text(b"1e-400"), Ok((0, true)));
        let forty_digits = "1234567890123456789012345678901234567890";
        for too_large in [forty_digits, "1e20", "1e400", "99999999999999999999999999999999999999999999999"] {
            assert_eq!(decimal_of_text(too_large.as_bytes()), Err(DecimalFault::TooLarge), "{too_large}");
        }
        for bad in ["", "1,5", "1.234,50", "$1", "0x1", "1e", "--1", "1..2", "abc"] {
            assert_eq!(decimal_of_text(bad.as_bytes()), Err(DecimalFault::NotANumber), "{bad}");
        }
        assert_eq!(decimal_of_text(b"NaN"), Err(DecimalFault::NotFinite));
    }

    #[test]
    fn a_bad_cell_is_null_and_named() {
        let column: ArrayRef =
            Arc::new(StringArray::from(vec![Some("1.5"), Some("NULL"), Some("abc"), None, Some("")]));
        let typed = decimal_column("BilledCost", &column);
        assert_eq!(typed.array.null_count(), 4);
        assert_eq!(typed.faults.len(), 1);
        assert_eq!((typed.faults[0].row, typed.faults[0].value.as_str()), (2, "abc"));
    }

    proptest! {
        #[test]
        fn every_short_double_is_the_decimal_it_prints_as(digits in -999_999_999_999_999_i64..999_999_999_999_999, places in 0_u32..18) {
            let printed = bursar_domain::Amount::from_units(i128::from(digits) * 10_i128.pow(18 - places)).to_string();
            let value: f64 = printed.parse().unwrap();
            prop_assert_eq!(text(value), printed);
        }

        #[test]
        fn any_double_agrees_with_its_printed_text(bits in any::<u64>()) {
            let value = f64::from_bits(bits);
            prop_assert_eq!(decimal_of_f64(value), if value.is_finite() { decimal_of_text(format!("{value}").as_bytes()) } else { Err(DecimalFault::NotFinite) });
        }

        #[test]
        fn text_never_panics(text in ".{0,60}") {
            let _ = decimal_of_text(text.as_bytes());
        }
    }
}
