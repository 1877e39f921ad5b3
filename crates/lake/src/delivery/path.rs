//! What the segments of a path say: `key=value` folders, months, runs.

use super::Partition;
use bursar_domain::{BillingPeriod, DateRange};
use chrono::{Days, NaiveDate};

/// `key=value`, as Hive and AWS Data Exports name folders.
pub(super) fn partition(segment: &str) -> Option<Partition> {
    let (key, value) = segment.split_once('=')?;
    let fine = !key.is_empty()
        && key.len() <= 128
        && key.chars().all(|c| c.is_alphanumeric() || matches!(c, '_' | '-' | '.'));
    if !fine {
        return None;
    }
    let value = percent_decoded(value);
    let value = (value != "__HIVE_DEFAULT_PARTITION__" && !value.is_empty()).then_some(value);
    Some(Partition { key: key.to_owned(), value })
}

/// Hive escapes odd characters as `%XX`; what is no escape stays as it is.
fn percent_decoded(text: &str) -> String {
    let bytes = text.as_bytes();
    let mut out = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while let Some(&byte) = bytes.get(at) {
        let escaped = (byte == b'%')
            .then(|| bytes.get(at + 1..at + 3).and_then(|hex| std::str::from_utf8(hex).ok()))
            .flatten()
            .and_then(|hex| u8::from_str_radix(hex, 16).ok());
        out.push(escaped.unwrap_or(byte));
        at += if escaped.is_some() { 3 } else { 1 };
    }
    String::from_utf8(out).unwrap_or_else(|_| text.to_owned())
}

/// What a partition key says about time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum TimeKey {
    /// A month of an invoice.
    Month,
    /// A year, to be read together with a month.
    Year,
    /// The number of a month, or a month.
    MonthOfYear,
    /// A day or hour within a month.
    Finer,
    /// One run of the export; the newest counts.
    Run,
}

/// Whether a partition key names a time or a run rather than a part of the bill.
pub(super) fn time_key(key: &str) -> Option<TimeKey> {
    let key: String = key.chars().filter(|c| c.is_alphanumeric()).collect::<String>().to_ascii_lowercase();
    Some(match key.as_str() {
        "billingperiod" | "billingperiodstart" | "billingmonth" | "billmonth" | "invoicemonth"
        | "invoiceperiod" | "yearmonth" | "period" => TimeKey::Month,
        "year" | "yyyy" => TimeKey::Year,
        "month" | "mm" => TimeKey::MonthOfYear,
        "day" | "dd" | "date" | "hour" | "chargeperiod" | "chargeperiodstart" | "chargedate"
        | "usagedate" | "dt" => TimeKey::Finer,
        "run" | "runid" | "runtime" | "executionid" | "assemblyid" | "ingestionid" | "snapshot"
        | "snapshotdate" | "deliveryid" | "deliveredat" | "exporttime" => TimeKey::Run,
        _ => return None,
    })
}

/// A month in the forms folders use: `2025-01`, `202501`, `2025-01-01`, `2025-01-01T00:00:00Z`, `20250101`.
pub(super) fn month(text: &str) -> Option<BillingPeriod> {
    let date = text.split(['T', ' ']).next().unwrap_or(text);
    let digits = || date.bytes().all(|b| b.is_ascii_digit());
    match date.len() {
        6 if digits() => format!("{}-{}", date.get(..4)?, date.get(4..)?).parse().ok(),
        7 => date.replace('_', "-").parse().ok(),
        8 if digits() => BillingPeriod::containing(NaiveDate::parse_from_str(date, "%Y%m%d").ok()?),
        10 => BillingPeriod::containing(NaiveDate::parse_from_str(&date.replace('_', "-"), "%Y-%m-%d").ok()?),
        _ => None,
    }
}

/// `20250101-20250131` or `20250101-20250201`: the two dates as they are written.
pub(super) fn dates(segment: &str) -> Option<(NaiveDate, NaiveDate)> {
    let (from, to) = segment.split_once('-')?;
    if from.len() != 8 || to.len() != 8 || !segment.bytes().all(|b| b.is_ascii_digit() || b == b'-') {
        return None;
    }
    let date = |text| NaiveDate::parse_from_str(text, "%Y%m%d").ok();
    let (from, to) = (date(from)?, date(to)?);
    (from <= to).then_some((from, to))
}

/// The days that two dates cover: AWS writes the day after the last, Azure the last.
pub(super) fn covers(dates: (NaiveDate, NaiveDate), end_included: bool) -> Option<DateRange> {
    let (from, to) = dates;
    let to = if end_included || to == from { to.checked_add_days(Days::new(1))? } else { to };
    DateRange::new(from, to).ok()
}

/// The month that the days lie in, if they lie in one.
pub(super) fn month_of(range: DateRange) -> Option<BillingPeriod> {
    let month = BillingPeriod::containing(range.from())?;
    (range.to() <= month.end()).then_some(month)
}

/// A moment in the name of a run's folder, as digits that sort: `202502011530`,
/// `2025-02-01T15:30:00.000Z-<id>`, `20250201T153000Z`.
pub(super) fn moment(segment: &str) -> Option<String> {
    if dates(segment).is_some() {
        return None;
    }
    let mut digits = String::new();
    for (at, c) in segment.char_indices() {
        match c {
            '0'..='9' => digits.push(c),
            '-' | ':' | '.' | '_' if digits.len() < 14 && at > 0 => {}
            'T' if digits.len() == 8 => {}
            'Z' if digits.len() >= 12 => break,
            _ => break,
        }
        if digits.len() == 14 {
            break;
        }
    }
    let date = NaiveDate::parse_from_str(digits.get(..8)?, "%Y%m%d").ok()?;
    let clock: u32 = digits.get(8..12)?.parse().ok()?;
    let plausible = BillingPeriod::containing(date).is_some()
        && (2000..2200).contains(&chrono::Datelike::year(&date))
        && clock / 100 < 24
        && clock % 100 < 60;
    if !plausible {
        return None;
    }
    while digits.len() < 14 {
        digits.push('0');
    }
    Some(digits)
}

/// The last segment.
pub(super) fn name(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or(path)
}

/// Everything before the last segment.
pub(super) fn folder(path: &str) -> &str {
    path.rsplit_once('/').map_or("", |(folder, _)| folder)
}

/// Two parts of a path, either of which may be empty.
pub(super) fn joined(folder: &str, rest: &str) -> String {
    match (folder.is_empty(), rest.is_empty()) {
        (true, _) => rest.to_owned(),
        (_, true) => folder.to_owned(),
        _ => format!("{folder}/{rest}"),
    }
}

/// `path` below `folder`, if it lies there.
pub(super) fn below<'p>(path: &'p str, folder: &str) -> Option<&'p str> {
    if folder.is_empty() { Some(path) } else { path.strip_prefix(folder)?.strip_prefix('/') }
}

/// A file name without what counts the parts of one write: `part-00001.snappy.parquet`,
/// `export-2.csv.gz`, `part_0_0001.csv` and `part-00001-<uuid>-c000.parquet` become their stem.
/// A month in the name stays: `cost-2025-01.csv` and `cost-2025-02.csv` are two writes.
pub(super) fn stem(name: &str) -> String {
    let stem = name.split('.').next().unwrap_or(name);
    let pieces: Vec<&str> = stem.split(['-', '_']).collect();
    let mut kept: Vec<&str> = Vec::new();
    let mut at = 0;
    while let Some(piece) = pieces.get(at) {
        let two = pieces.get(at + 1).map(|next| format!("{piece}-{next}"));
        let is_month = piece.len() == 4
            && two.as_deref().and_then(month).is_some()
            && two.as_ref().is_some_and(|two| two.len() == 7);
        let is_date = matches!(piece.len(), 6 | 8)
            && month(piece).is_some_and(|m| (2000..2200).contains(&chrono::Datelike::year(&m.start())));
        if is_month {
            kept.extend(pieces.get(at..at + 2).unwrap_or_default());
            at += 2;
            continue;
        }
        if is_date {
            kept.push(piece);
        } else {
            let counts = piece.bytes().all(|b| b.is_ascii_digit());
            let hash = piece.len() >= 4
                && piece.bytes().all(|b| b.is_ascii_hexdigit())
                && piece.bytes().any(|b| b.is_ascii_digit());
            let spark = piece.len() >= 2
                && piece.starts_with('c')
                && piece.bytes().skip(1).all(|b| b.is_ascii_digit());
            if !(counts || hash || spark) {
                kept.push(piece);
            }
        }
        at += 1;
    }
    let kept = kept.join("-");
    // `data000000000001` as BigQuery numbers its shards.
    let trimmed = kept.trim_end_matches(|c: char| c.is_ascii_digit());
    if kept.len() - trimmed.len() >= 6 && month(&kept[trimmed.len()..]).is_none() {
        trimmed.to_owned()
    } else {
        kept
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn months_in_all_their_spellings() {
        let january: Option<BillingPeriod> = "2025-01".parse().ok();
        for text in [
            "2025-01",
            "202501",
            "2025-01-01",
            "2025-01-01T00:00:00Z",
            "20250101",
            "2025_01",
            "2025-01-01 00:00:00",
        ] {
            assert_eq!(month(text), january, "{text}");
        }
        for text in ["2025-13", "20251", "january", "", "2025-1", "99999999"] {
            assert_eq!(month(text), None, "{text}");
        }
    }

    #[test]
    fn partitions_keep_their_spelling() {
        let check = |segment: &str, expected: Option<(&str, Option<&str>)>| {
            let found = partition(segment);
            assert_eq!(found.as_ref().map(|p| (p.key.as_str(), p.value.as_deref())), expected, "{segment}");
        };
        check("BILLING_PERIOD=2025-01", Some(("BILLING_PERIOD", Some("2025-01"))));
        check("team=R%26D", Some(("team", Some("R&D"))));
        check("team=100%", Some(("team", Some("100%"))));
        check("team=__HIVE_DEFAULT_PARTITION__", Some(("team", None)));
        check("a=b=c", Some(("a", Some("b=c"))));
        check("=x", None);
        check("plain", None);
    }

    #[test]
    fn the_number_of_a_part_is_no_name_and_a_month_is() {
        let check = |name: &str, expected: &str| assert_eq!(stem(name), expected, "{name}");
        check("part-00000.parquet", "part");
        check("part_0_0001.snappy.parquet", "part");
        check("part-00001-8a9b2c3d-1111-4222-8333-444455556666-c000.snappy.parquet", "part");
        check("daily-00002.csv.gz", "daily");
        check("cost-2025-01.csv", "cost-2025-01");
        check("focus_202502.csv", "focus-202502");
        check("export000000000012.json.gz", "export");
        check("aws.csv", "aws");
        check("ec2-1.csv", "ec2");
    }

    #[test]
    fn moments_in_the_names_of_runs_sort() {
        assert_eq!(moment("202502011530").as_deref(), Some("20250201153000"));
        assert_eq!(moment("2025-02-01T15:30:12.123Z-7f1c").as_deref(), Some("20250201153012"));
        assert_eq!(moment("20250201T153012Z-abc").as_deref(), Some("20250201153012"));
        assert_eq!(moment("8a9b2c3d-1111-4222-8333-444455556666"), None);
        assert_eq!(moment("20250101-20250131"), None);
        assert_eq!(moment("part"), None);
    }
}
