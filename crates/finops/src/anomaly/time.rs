//! Reading a timestamp quickly: a month, a date, a date and a time with or without an offset, or seconds (or
//! milliseconds) since 1970. Everything without an offset is UTC.

/// Seconds since 1970, or `None` if the text is no time.
pub(crate) fn parse(text: &[u8]) -> Option<i64> {
    let text = text.trim_ascii();
    if let [year @ .., b'-', _, _] = text
        && year.len() == 4
    {
        // A month counts as its first day.
        return parse(&[text, b"-01"].concat());
    }
    if text.len() < 10 || text.get(4) != Some(&b'-') {
        return epoch(text);
    }
    if text[7] != b'-' {
        return None;
    }
    let (year, month, day) =
        (two(&text[0..2])? * 100 + two(&text[2..4])?, two(&text[5..7])?, two(&text[8..10])?);
    if !(1..=12).contains(&month) || day < 1 || day > days_in(year, month) {
        return None;
    }
    let midnight = days(year, month, day) * 86_400;
    match text.get(10..) {
        None | Some([]) => Some(midnight),
        Some([b' ' | b'T' | b't', clock @ ..]) => Some(midnight + time_of_day(clock)?),
        Some(_) => None,
    }
}

fn time_of_day(clock: &[u8]) -> Option<i64> {
    let hour = two(clock.get(0..2)?)?;
    if clock.get(2) != Some(&b':') {
        return None;
    }
    let minute = two(clock.get(3..5)?)?;
    let (mut second, mut rest) = (0, &clock[5..]);
    if let [b':', tail @ ..] = rest {
        second = two(tail.get(0..2)?)?;
        rest = &tail[2..];
    }
    if let [b'.' | b',', tail @ ..] = rest {
        let digits = tail.iter().take_while(|b| b.is_ascii_digit()).count();
        if digits == 0 {
            return None;
        }
        rest = &tail[digits..];
    }
    if hour > 24 || minute > 59 || second > 60 {
        return None;
    }
    Some(hour * 3600 + minute * 60 + second - offset(rest.trim_ascii())?)
}

fn offset(text: &[u8]) -> Option<i64> {
    let (sign, digits) = match text {
        [] | [b'Z' | b'z'] | b"UTC" => return Some(0),
        [b'+', digits @ ..] => (1, digits),
        [b'-', digits @ ..] => (-1, digits),
        _ => return None,
    };
    let hours = two(digits.get(0..2)?)?;
    let minutes = match &digits[2..] {
        [] => 0,
        [b':', rest @ ..] | rest if rest.len() == 2 => two(rest)?,
        _ => return None,
    };
    Some(sign * (hours * 3600 + minutes * 60))
}

fn epoch(text: &[u8]) -> Option<i64> {
    let whole = text.split(|b| *b == b'.').next()?;
    let number: i64 = std::str::from_utf8(whole).ok()?.parse().ok()?;
    // From the year 5138 on, seconds would have twelve digits: such numbers are milliseconds.
    Some(if number.unsigned_abs() >= 100_000_000_000 { number.div_euclid(1000) } else { number })
}

fn two(text: &[u8]) -> Option<i64> {
    match text {
        [a, b] if a.is_ascii_digit() && b.is_ascii_digit() => {
            Some(i64::from(a - b'0') * 10 + i64::from(b - b'0'))
        }
        _ => None,
    }
}

fn days_in(year: i64, month: i64) -> i64 {
    match month {
        2 if year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// Days since 1970 of a proleptic Gregorian date, with years that begin in March.
fn days(year: i64, month: i64, day: i64) -> i64 {
    let (year, month) = if month > 2 { (year, month - 3) } else { (year - 1, month + 9) };
    365 * year + year.div_euclid(4) - year.div_euclid(100)
        + year.div_euclid(400)
        + (153 * month + 2) / 5
        + day
        - 1
        - 719_468
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_exports_write() {
        for (text, seconds) in [
            ("1970-01-01", Some(0)),
            ("2000-02-29", Some(951_782_400)),
            ("2026-03", Some(1_772_323_200)),
            ("2026-03-29 01:30:00", Some(1_774_747_800)),
            ("2026-03-29T01:30:00Z", Some(1_774_747_800)),
            ("2026-03-29T03:30:00.123+02:00", Some(1_774_747_800)),
            ("2026-03-29T03:30+0200", Some(1_774_747_800)),
            ("1774747800", Some(1_774_747_800)),
            ("1774747800123", Some(1_774_747_800)),
            ("2026-02-30", None),
            ("2026-13-01", None),
            ("today", None),
            ("", None),
            ("2026-03-29T", None),
            ("2026-03-29T01:3", None),
        ] {
            assert_eq!(parse(text.as_bytes()), seconds, "{text}");
        }
    }
}
