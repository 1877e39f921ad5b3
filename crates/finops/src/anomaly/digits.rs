//! Writing numbers quickly: a fixed number of digits by size, no exponent in the usual range.

use std::io::Write;

/// A number with about seven significant digits.
pub(crate) fn write(out: &mut Vec<u8>, value: f64) {
    let size = value.abs();
    if !(1e-9..1e12).contains(&size) {
        if size < 1e-9 {
            out.push(b'0');
        } else {
            // Writing into memory does not fail.
            let _ = write!(out, "{value:e}");
        }
        return;
    }
    let (decimals, scale) = match size {
        s if s >= 1e6 => (2, 1e2),
        s if s >= 1e2 => (4, 1e4),
        s if s >= 1.0 => (6, 1e6),
        s if s >= 1e-3 => (9, 1e9),
        _ => (12, 1e12),
    };
    if value < 0.0 {
        out.push(b'-');
    }
    fixed(out, (size * scale).round() as u64, decimals);
}

/// A score: six decimals.
pub(crate) fn write_score(out: &mut Vec<u8>, score: f64) {
    fixed(out, (score.clamp(0.0, 1.0) * 1e6).round() as u64, 6);
}

fn fixed(out: &mut Vec<u8>, mut number: u64, decimals: usize) {
    let mut digits = [b'0'; 24];
    let mut at = digits.len();
    let mut written = 0;
    let mut trailing = true;
    loop {
        let digit = (number % 10) as u8;
        number /= 10;
        // Zeros at the end of the decimals say nothing.
        if !(trailing && digit == 0 && written < decimals) {
            trailing = false;
            at -= 1;
            digits[at] = b'0' + digit;
        }
        written += 1;
        if written == decimals && !trailing {
            at -= 1;
            digits[at] = b'.';
        }
        if written > decimals && number == 0 {
            break;
        }
    }
    out.extend_from_slice(&digits[at..]);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn writes_what_reads_back() {
        for (value, text) in [
            (0.0, "0"),
            (1.0, "1"),
            (0.5, "0.5"),
            (-12.25, "-12.25"),
            (1234.56, "1234.56"),
            (0.001_234, "0.001234"),
            (2e12, "2e12"),
            (999_999_999.0, "999999999"),
        ] {
            let mut out = Vec::new();
            write(&mut out, value);
            assert_eq!(String::from_utf8_lossy(&out), text);
        }
        let mut out = Vec::new();
        write_score(&mut out, 0.000_001);
        assert_eq!(out, b"0.000001");
    }
}
