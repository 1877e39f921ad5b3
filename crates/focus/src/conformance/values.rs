//! What can be said of one value by looking at it alone.
//!
//! Everything here is pure and total: any text gives an answer, none panics. The formats follow the
//! attributes of the specification (Date/Time Format, Numeric Format, Unit Format, Currency Format,
//! Key-Value Format); where a real export bends one in a way that we can still read, a separate test
//! says so.

use std::collections::BTreeSet;

use chrono::{NaiveDate, NaiveDateTime, NaiveTime};

/// A question that a value answers with yes or no.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Test {
    /// One of these texts, exactly.
    In(Vec<String>),
    /// The number 0.
    Zero,
    /// A number of 0 or more.
    AtLeastZero,
    /// Written as Numeric Format asks.
    Numeric,
    /// Written as Date/Time Format asks.
    DateTime,
    /// Written as Unit Format asks.
    Unit,
    /// An ISO 4217 code, or the name of a virtual currency.
    Currency,
    /// An ISO 4217 code.
    NationalCurrency,
    /// A JSON object.
    KeyValue,
    /// A JSON object that repeats a key.
    RepeatedKey,
    /// A JSON object with an object or array inside.
    NestedValue,
    /// A JSON object with keys that differ only in blanks around them or in capitals.
    SimilarKeys,
    /// A text that stands for "no value": `N/A`, `Not Applicable`, `NULL` or blanks.
    Placeholder,
    /// The text `NULL`.
    NullText,
    /// Blank, but not null.
    Blank,
    /// A decimal fraction where a name is expected.
    PriceLike,
    /// One of these texts but for capitals.
    OnlyCasing(Vec<String>),
    /// A date and time that we understand but that is not in the required form.
    OtherDateForm,
}

impl Test {
    /// Whether the test needs the keys of a JSON object.
    pub(super) const fn asks_keys(&self) -> bool {
        matches!(self, Self::KeyValue | Self::RepeatedKey | Self::NestedValue | Self::SimilarKeys)
    }

    /// The answer of a test that [asks about keys](Self::asks_keys).
    pub(super) fn holds_for(&self, keys: Option<&Keys>) -> bool {
        keys.is_some_and(|keys| match self {
            Self::KeyValue => true,
            Self::RepeatedKey => keys.repeated,
            Self::NestedValue => keys.nested,
            Self::SimilarKeys => keys.similar,
            _ => false,
        })
    }

    /// Whether no text that begins with this byte is null or passes the test. "No" says nothing.
    pub(super) fn excludes(&self, first: u8) -> bool {
        // What begins with a letter or sign is not blank, and nothing is trimmed from its start.
        let ordinary = first.is_ascii_graphic() && !matches!(first, b'n' | b'N');
        ordinary
            && match self {
                Self::Placeholder | Self::NullText | Self::Blank => true,
                Self::In(values) => values.iter().all(|value| value.as_bytes().first() != Some(&first)),
                Self::OnlyCasing(values) => values.iter().all(|value| {
                    value.as_bytes().first().is_none_or(|byte| !byte.eq_ignore_ascii_case(&first))
                }),
                Self::KeyValue | Self::RepeatedKey | Self::NestedValue | Self::SimilarKeys => first != b'{',
                Self::PriceLike | Self::Numeric | Self::Zero => {
                    !matches!(first, b'0'..=b'9' | b'-' | b'.' | b'+')
                }
                Self::DateTime | Self::OtherDateForm => first.is_ascii_alphabetic(),
                Self::AtLeastZero | Self::Unit | Self::Currency | Self::NationalCurrency => false,
            }
    }

    /// The answer for every text that is a [plain number](plain_number), where one can be given: a
    /// case of it.
    pub(super) fn of_plain_numbers(&self) -> Option<PlainAnswer> {
        let numberlike = || (b'0'..=b'9').chain([b'-', b'.']);
        match self {
            Self::Numeric => Some(PlainAnswer::Always),
            Self::Zero => Some(PlainAnswer::Zero),
            Self::AtLeastZero => Some(PlainAnswer::AtLeastZero),
            Self::PriceLike => Some(PlainAnswer::Point),
            _ => numberlike().all(|first| self.excludes(first)).then_some(PlainAnswer::Never),
        }
    }

    /// The answer for a text that is neither null nor read as null, unless the test asks about that.
    pub(super) fn holds(&self, text: &str) -> bool {
        match self {
            Self::In(values) => values.iter().any(|value| value == text),
            Self::Zero => number(text) == Some(0.0),
            Self::AtLeastZero => number(text).is_none_or(|number| number >= 0.0),
            Self::Numeric => is_numeric(text),
            Self::DateTime => is_date_time(text),
            Self::Unit => is_unit(text),
            Self::Currency => is_national_currency(text) || is_virtual_currency(text),
            Self::NationalCurrency => is_national_currency(text),
            Self::KeyValue | Self::RepeatedKey | Self::NestedValue | Self::SimilarKeys => {
                self.holds_for(Keys::read(text).as_ref())
            }
            Self::Placeholder => is_placeholder(text),
            Self::NullText => is_null_text(text),
            Self::Blank => text.trim().is_empty(),
            Self::PriceLike => text.contains('.') && is_numeric(text),
            Self::OnlyCasing(values) => {
                !values.iter().any(|v| v == text) && values.iter().any(|v| v.eq_ignore_ascii_case(text))
            }
            Self::OtherDateForm => !is_date_time(text) && moment(text).is_some(),
        }
    }

    /// Whether the test is about values that other rules read as null.
    pub(super) const fn asks_about_absence(&self) -> bool {
        matches!(self, Self::Placeholder | Self::NullText | Self::Blank)
    }
}

/// When a test holds for a plain number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum PlainAnswer {
    Always,
    Never,
    Zero,
    AtLeastZero,
    /// When it is written with a point.
    Point,
}

/// Whether a text is read as null: empty, blank, or the word `NULL`.
pub(super) fn reads_as_null(text: &str) -> bool {
    match text.as_bytes() {
        [] => true,
        [first, ..] if first.is_ascii_graphic() && !matches!(first, b'n' | b'N') => false,
        _ => text.trim().is_empty() || is_null_text(text),
    }
}

fn is_null_text(text: &str) -> bool {
    text.trim().eq_ignore_ascii_case("null")
}

fn is_placeholder(text: &str) -> bool {
    // Only words that no one gives as a name: "none", "NA" or "-" can be real values.
    const WORDS: [&str; 3] = ["null", "n/a", "not applicable"];
    let trimmed = text.trim();
    trimmed.is_empty() || (trimmed.len() <= 14 && WORDS.iter().any(|word| trimmed.eq_ignore_ascii_case(word)))
}

/// A number as a double, for comparisons only: sign, zero, and whether a product is plausible.
/// Never an amount.
pub(super) fn number(text: &str) -> Option<f64> {
    if let Some(plain) = plain_number(text) {
        return Some(plain.value);
    }
    let trimmed = text.trim();
    if trimmed.len() > 64 || !trimmed.bytes().any(|b| b.is_ascii_digit()) {
        return None;
    }
    trimmed.parse().ok().filter(|value: &f64| value.is_finite())
}

/// A number that is written as most are: at most 16 digits with at most one point among them.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Plain {
    pub(super) value: f64,
    pub(super) point: bool,
}

/// Reads the common case of [`number`]; `None` says nothing.
pub(super) fn plain_number(text: &str) -> Option<Plain> {
    let (negative, digits) = match text.as_bytes() {
        [b'-', rest @ ..] => (true, rest),
        bytes => (false, bytes),
    };
    if digits.len() > 16 {
        return None;
    }
    // Digits before and after the point.
    let (mut mantissa, mut whole, mut places) = (0u64, 0usize, 0usize);
    let mut digits = digits.iter();
    let mut point = false;
    for &byte in digits.by_ref() {
        let digit = byte.wrapping_sub(b'0');
        if digit > 9 {
            if byte != b'.' {
                return None;
            }
            point = true;
            break;
        }
        mantissa = mantissa.wrapping_mul(10).wrapping_add(u64::from(digit));
        whole += 1;
    }
    for &byte in digits {
        let digit = byte.wrapping_sub(b'0');
        if digit > 9 {
            return None;
        }
        mantissa = mantissa.wrapping_mul(10).wrapping_add(u64::from(digit));
        places += 1;
    }
    if whole + places == 0 {
        return None;
    }
    #[expect(clippy::cast_precision_loss, reason = "15 digits fit a double exactly")]
    let value = mantissa as f64 / POWERS.get(places).copied().unwrap_or(1.0);
    Some(Plain { value: if negative { -value } else { value }, point })
}

const POWERS: [f64; 17] =
    [1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16];

/// `-12`, `0.5`, `35.2E-7`: digits, one point, an exponent without `+`.
pub(super) fn is_numeric(text: &str) -> bool {
    let unsigned = text.strip_prefix('-').unwrap_or(text);
    let (mantissa, exponent) = match unsigned.split_once(['E', 'e']) {
        Some((mantissa, exponent)) => (mantissa, Some(exponent)),
        None => (unsigned, None),
    };
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let digits = |part: &str| part.bytes().all(|b| b.is_ascii_digit());
    !(whole.is_empty() && fraction.is_empty())
        && digits(whole)
        && digits(fraction)
        && exponent.is_none_or(|exponent| {
            let bare = exponent.strip_prefix('-').unwrap_or(exponent);
            !bare.is_empty() && digits(bare)
        })
}

/// `2026-11-22T00:00:00Z`, with or without a fraction of a second.
pub(super) fn is_date_time(text: &str) -> bool {
    let Some(body) = text.strip_suffix('Z') else { return false };
    body.as_bytes().get(10) == Some(&b'T') && body.len() >= 19 && moment(text).is_some()
}

/// A moment in seconds since 1970, from any form that real exports have been seen to use.
pub(super) fn moment(text: &str) -> Option<i64> {
    let text = text.trim();
    let body = text.strip_suffix('Z').or_else(|| text.strip_suffix(" UTC")).unwrap_or(text);
    let body = body.strip_suffix("+00:00").unwrap_or(body);
    if body.len() > 40 {
        return None;
    }
    let (date, time) = match body.split_once(['T', ' ']) {
        Some((date, time)) => (date, Some(time)),
        None => (body, None),
    };
    let date = NaiveDate::parse_from_str(date, "%Y-%m-%d")
        .or_else(|_| NaiveDate::parse_from_str(date, "%m/%d/%Y"))
        .ok()?;
    let time = match time {
        None => NaiveTime::MIN,
        Some(time) => {
            ["%H:%M:%S%.f", "%H:%M"].iter().find_map(|form| NaiveTime::parse_from_str(time, form).ok())?
        }
    };
    Some(NaiveDateTime::new(date, time).and_utc().timestamp())
}

const DATA_SIZES: [&str; 26] = [
    "b", "Kb", "Mb", "Gb", "Tb", "Pb", "Eb", "B", "KB", "MB", "GB", "TB", "PB", "EB", "Kib", "Mib", "Gib",
    "Tib", "Pib", "Eib", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB",
];
const TIMES: [&str; 8] = ["Year", "Month", "Day", "Hour", "Minute", "Second", "Millisecond", "Microsecond"];

/// `GB`, `GB-Hours`, `GB/Hour`, `1000 Requests`, `Units/3 Months`.
pub(super) fn is_unit(text: &str) -> bool {
    let (above, below) = match text.split_once('/') {
        Some((above, below)) => (above, Some(below)),
        None => (text, None),
    };
    let without_quantity = match above.split_once(' ') {
        Some((quantity, rest)) if !quantity.is_empty() && quantity.bytes().all(|b| b.is_ascii_digit()) => {
            rest
        }
        _ => above,
    };
    let numerator = match without_quantity.rsplit_once('-') {
        Some((base, time)) => is_base_unit(base) && is_time(time),
        None => is_base_unit(without_quantity),
    };
    numerator
        && below.is_none_or(|below| match below.split_once(' ') {
            Some((quantity, time)) => {
                !quantity.is_empty() && quantity.bytes().all(|b| b.is_ascii_digit()) && is_time(time)
            }
            None => is_time(below),
        })
}

fn is_time(text: &str) -> bool {
    TIMES.contains(&text.strip_suffix('s').unwrap_or(text))
}

/// A listed unit, or words of letters and digits that are not a listed unit in other capitals.
fn is_base_unit(text: &str) -> bool {
    if DATA_SIZES.contains(&text) || is_time(text) {
        return true;
    }
    let word = |word: &str| {
        word.starts_with(|c: char| c.is_ascii_alphabetic()) && word.bytes().all(|b| b.is_ascii_alphanumeric())
    };
    let singular = text.strip_suffix(['s', 'S']).unwrap_or(text);
    !text.is_empty()
        && text.split(' ').all(word)
        && !TIMES.iter().any(|time| time.eq_ignore_ascii_case(singular))
        && !DATA_SIZES.iter().any(|size| size.len() > 1 && size.eq_ignore_ascii_case(singular))
}

/// The codes of ISO 4217 in use, funds and metals left out.
const CURRENCIES: &str = "AED AFN ALL AMD ANG AOA ARS AUD AWG AZN BAM BBD BDT BGN BHD BIF BMD BND BOB BRL \
    BSD BTN BWP BYN BZD CAD CDF CHF CLF CLP CNY COP CRC CUP CVE CZK DJF DKK DOP DZD EGP ERN ETB EUR FJD \
    FKP GBP GEL GHS GIP GMD GNF GTQ GYD HKD HNL HRK HTG HUF IDR ILS INR IQD IRR ISK JMD JOD JPY KES KGS \
    KHR KMF KPW KRW KWD KYD KZT LAK LBP LKR LRD LSL LYD MAD MDL MGA MKD MMK MNT MOP MRU MUR MVR MWK MXN \
    MYR MZN NAD NGN NIO NOK NPR NZD OMR PAB PEN PGK PHP PKR PLN PYG QAR RON RSD RUB RWF SAR SBD SCR SDG \
    SEK SGD SHP SLE SLL SOS SRD SSP STN SVC SYP SZL THB TJS TMT TND TOP TRY TTD TWD TZS UAH UGX USD UYU \
    UZS VED VES VND VUV WST XAF XCD XCG XOF XPF YER ZAR ZMW ZWG ZWL";

fn is_national_currency(text: &str) -> bool {
    text.len() == 3
        && text.bytes().all(|b| b.is_ascii_uppercase())
        && CURRENCIES.split_ascii_whitespace().any(|code| code == text)
}

fn is_virtual_currency(text: &str) -> bool {
    let name = text.trim();
    // Three capitals that ISO does not know, or a known code in small letters, are a mistake rather
    // than a virtual currency.
    let code = |name: &str| CURRENCIES.split_ascii_whitespace().any(|code| code.eq_ignore_ascii_case(name));
    let three = name.len() == 3 && (name.bytes().all(|b| b.is_ascii_uppercase()) || code(name));
    name == text && !name.is_empty() && !three
}

/// What matters of a Key-Value text.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Keys {
    repeated: bool,
    nested: bool,
    similar: bool,
}

impl Keys {
    /// Reads a JSON object; `None` when the text is none.
    pub(super) fn read(text: &str) -> Option<Self> {
        if !text.trim_start().starts_with('{') {
            return None;
        }
        let pairs: Pairs = serde_json::from_str(text).ok()?;
        let mut exact = BTreeSet::new();
        let mut folded = BTreeSet::new();
        let mut keys = Self::default();
        for (key, nested) in &pairs.0 {
            keys.nested |= nested;
            let fresh = exact.insert(key.as_str());
            keys.repeated |= !fresh;
            keys.similar |= fresh && !folded.insert(key.trim().to_lowercase());
        }
        Some(keys)
    }
}

/// The pairs of a JSON object in order, repeated keys kept: a map type would lose them.
struct Pairs(Vec<(String, bool)>);

impl<'de> serde::Deserialize<'de> for Pairs {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visitor;
        impl<'de> serde::de::Visitor<'de> for Visitor {
            type Value = Pairs;
            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("a JSON object")
            }
            fn visit_map<A: serde::de::MapAccess<'de>>(self, mut map: A) -> Result<Pairs, A::Error> {
                let mut pairs = Vec::new();
                while let Some((key, value)) = map.next_entry::<String, serde_json::Value>()? {
                    pairs.push((key, value.is_object() || value.is_array()));
                }
                Ok(Pairs(pairs))
            }
        }
        deserializer.deserialize_map(Visitor)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(test: &Test, yes: &[&str], no: &[&str]) {
        for text in yes {
            assert!(test.holds(text), "{test:?} should hold for `{text}`");
        }
        for text in no {
            assert!(!test.holds(text), "{test:?} should not hold for `{text}`");
        }
    }

    #[test]
    fn numbers() {
        check(
            &Test::Numeric,
            &["0", "-1", "12.50", ".5", "35.2E-7", "3e8", "123456789012345678901234567890.5"],
            &["", "-", ".", "1,000", "+1", "$5", "1E+3", "1.2.3", "NaN", "inf", "1/2", " 1", "0x1", "１"],
        );
        assert_eq!(number("-12.50"), Some(-12.5));
        assert_eq!(number("1234567890.123456"), Some(1_234_567_890.123_456));
        assert_eq!(number("0.00000000000000000001"), Some(1e-20));
        assert_eq!(number("."), None);
        assert_eq!(number("NaN"), None);
        check(&Test::Zero, &["0", "0.00", "-0", "0E0"], &["0.01", "", "x"]);
        check(&Test::AtLeastZero, &["0", "1", "-0"], &["-0.01"]);
    }

    #[test]
    fn dates() {
        check(
            &Test::DateTime,
            &["2026-11-22T00:00:00Z", "2026-02-28T23:59:59.999Z", "0001-01-01T00:00:00Z"],
            &["2026-11-22", "2026-11-22 00:00:00", "2026-11-22T00:00Z", "2026-02-30T00:00:00Z", "", "Z"],
        );
        check(
            &Test::OtherDateForm,
            &["2026-11-22", "2026-11-22 00:00:00", "11/22/2026", "2026-11-22 00:00:00 UTC"],
            &["2026-11-22T00:00:00Z", "soon", "22.11.2026"],
        );
    }

    #[test]
    fn units() {
        check(
            &Test::Unit,
            &[
                "GB",
                "Hours",
                "GB-Hours",
                "GB/Hour",
                "1000 Requests",
                "Units/3 Months",
                "API Requests",
                "vCPU-Hours",
            ],
            &[
                "",
                "GB-hours",
                "hours",
                "gb",
                "GB/hour",
                "1,000 Requests",
                "GB--Hours",
                "GB-Mo",
                "Lambda-GB-Second!",
            ],
        );
    }

    #[test]
    fn currencies() {
        check(&Test::NationalCurrency, &["USD", "EUR"], &["usd", "US", "XXQ", "CREDITS", ""]);
        check(&Test::Currency, &["USD", "CREDITS", "tokens"], &["XXQ", "usd", "", " USD"]);
    }

    #[test]
    fn key_values() {
        check(&Test::KeyValue, &["{}", r#"{"a":1,"b":true}"#], &["", "[]", "a=b", "{", r#""a":"b""#]);
        check(&Test::RepeatedKey, &[r#"{"a":1,"a":2}"#], &[r#"{"a":1,"A":2}"#]);
        check(&Test::SimilarKeys, &[r#"{"org":1," org":2}"#, r#"{"a":1,"A":2}"#], &[r#"{"a":1,"b":2}"#]);
        check(&Test::NestedValue, &[r#"{"a":{}}"#, r#"{"a":[1]}"#], &[r#"{"a":"{}"}"#]);
        let deep = format!("{}{}", r#"{"a":"#.repeat(10_000), "}".repeat(10_000));
        assert!(!Test::KeyValue.holds(&deep), "depth is bounded");
    }

    #[test]
    fn absence() {
        for text in ["", " ", "NULL", "null", " Null "] {
            assert!(reads_as_null(text), "`{text}`");
        }
        for text in ["0", "nullable", "N/A", "n"] {
            assert!(!reads_as_null(text), "`{text}`");
        }
        check(&Test::Placeholder, &["", " ", "NULL", "N/A"], &["0", "nan", "none", "NA", "-"]);
        check(&Test::PriceLike, &["0.02", "0.00036"], &["1", "us-east-1a", "1.2.3"]);
        check(&Test::OnlyCasing(vec!["Usage-Based".into()]), &["Usage-based"], &["Usage-Based", "Usage"]);
    }

    /// Every kind of test.
    fn tests() -> Vec<Test> {
        let values = || vec!["Usage".to_owned(), "1.5".to_owned(), "Credit".to_owned(), String::new()];
        vec![
            Test::In(values()),
            Test::In(vec!["Purchase".to_owned()]),
            Test::OnlyCasing(values()),
            Test::Zero,
            Test::AtLeastZero,
            Test::Numeric,
            Test::DateTime,
            Test::Unit,
            Test::Currency,
            Test::NationalCurrency,
            Test::KeyValue,
            Test::RepeatedKey,
            Test::NestedValue,
            Test::SimilarKeys,
            Test::Placeholder,
            Test::NullText,
            Test::Blank,
            Test::PriceLike,
            Test::OtherDateForm,
        ]
    }

    proptest::proptest! {
        #[test]
        fn what_a_first_byte_excludes_is_so(
            text in "(.{0,12}|[ nN]{0,2}(null|N/A|not applicable)|[-+.]?[0-9]{1,4}[-./Ee][0-9]{1,2}([-/][0-9]{2,4})?|(U|u)sage|\\{\"a\":1\\}|2026-01-0[0-9]T00:00:00Z?)"
        ) {
            for test in tests() {
                if text.bytes().next().is_some_and(|first| test.excludes(first)) {
                    proptest::prop_assert!(!test.holds(&text) && !reads_as_null(&text), "{:?} `{}`", test, text);
                }
            }
        }

        #[test]
        fn plain_numbers_are_answered_as_texts_are(text in "-?[0-9]{0,17}\\.?[0-9]{0,9}x?|-?0*\\.?0*|1\\.50?") {
            let Some(plain) = plain_number(&text) else { return Ok(()) };
            proptest::prop_assert!(!reads_as_null(&text));
            proptest::prop_assert_eq!(number(&text), Some(plain.value));
            for test in tests() {
                let Some(answer) = test.of_plain_numbers() else { continue };
                let answer = match answer {
                    PlainAnswer::Always => true,
                    PlainAnswer::Never => false,
                    PlainAnswer::Zero => plain.value == 0.0,
                    PlainAnswer::AtLeastZero => plain.value >= 0.0,
                    PlainAnswer::Point => plain.point,
                };
                proptest::prop_assert_eq!(test.holds(&text), answer, "{:?} `{}`", test, text);
            }
        }

        #[test]
        fn no_text_panics(text in ".{0,60}") {
            for test in [
                Test::Zero, Test::AtLeastZero, Test::Numeric, Test::DateTime, Test::Unit, Test::Currency,
                Test::NationalCurrency, Test::KeyValue, Test::RepeatedKey, Test::NestedValue,
                Test::SimilarKeys, Test::Placeholder, Test::NullText, Test::Blank, Test::PriceLike,
                Test::OtherDateForm,
            ] {
                let _ = test.holds(&text);
            }
            let _ = reads_as_null(&text);
        }

        #[test]
        fn the_quick_number_is_the_slow_number(value in -1e9f64..1e9, places in 0usize..8) {
            let text = format!("{value:.places$}");
            proptest::prop_assert_eq!(number(&text), text.parse().ok());
        }
    }
}
