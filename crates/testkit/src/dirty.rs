//! Bad input, one kind per folder: what a bill reader must survive.
//!
//! Each [`Case`] writes one kind of broken or hostile bill into a folder and says how a reader
//! has to take it: refuse with an error that names what and where, count what it leaves out, or
//! read it to the last row. Never a crash, a hang or a silent loss.
//!
//! A good row is worth 1.25 of its currency in every cost column, so that a test can tell from
//! the sum alone how many were counted.

use crate::Error;
use anyhow::Context;
use arrow::array::{ArrayRef, Float64Array, RecordBatch, StringArray};
use flate2::Compression;
use flate2::write::GzEncoder;
use parquet::arrow::ArrowWriter;
use std::fmt::Write as _;
use std::fs::{self, File};
use std::io::{BufWriter, Write};
use std::path::Path;
use std::sync::Arc;

/// How a reader has to take it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Expect {
    /// An error whose text holds this, and no figures.
    Refused(&'static str),
    /// This many good rows are counted, and at least this many faults are told.
    Counted {
        /// Good rows.
        good: u64,
        /// Rows or cells that are left out and told.
        faults: u64,
    },
    /// This many rows, nothing left out.
    Read(u64),
}

/// One kind of bad input.
#[derive(Debug, Clone, Copy)]
pub struct Case {
    /// Its name.
    pub name: &'static str,
    /// How a reader has to take it.
    pub expect: Expect,
    write: fn(&Path) -> Result<(), Error>,
}

impl Case {
    /// Writes it into a folder, which is made.
    ///
    /// # Errors
    /// When the folder cannot be written.
    pub fn write(&self, folder: &Path) -> Result<(), Error> {
        fs::create_dir_all(folder).with_context(|| folder.display().to_string())?;
        (self.write)(folder).with_context(|| self.name)
    }
}

/// Every kind that takes no time to write.
#[must_use]
pub fn all() -> Vec<Case> {
    let case = |name, expect, write| Case { name, expect, write };
    vec![
        case("truncated-gzip", Expect::Refused("bill.csv.gz"), truncated_gzip),
        case("gzip-that-is-none", Expect::Refused("bill.csv.gz"), gzip_that_is_none),
        case("bad-footer", Expect::Refused("bill.parquet"), bad_footer),
        case("parquet-cut-short", Expect::Refused("bill.parquet"), parquet_cut_short),
        case("empty-file", Expect::Refused("bill.csv"), empty_file),
        case("empty-folder", Expect::Refused("no "), empty_folder),
        case("only-a-readme", Expect::Refused("none of the 1 objects"), only_a_readme),
        case("byte-order-mark", Expect::Read(3), byte_order_mark),
        case("semicolons", Expect::Read(3), semicolons),
        case("german-headers", Expect::Refused("bill.csv"), german_headers),
        case("broken-quotes", Expect::Counted { good: 1, faults: 1 }, broken_quotes),
        case("short-and-long-rows", Expect::Counted { good: 2, faults: 2 }, short_and_long_rows),
        case("manifest-names-a-missing-object", Expect::Refused("part_0_0002.csv"), missing_object),
        case("manifest-is-no-json", Expect::Refused("manifest.json"), manifest_is_no_json),
        case("manifest-points-outside", Expect::Refused("manifest.json"), manifest_points_outside),
        case("not-a-number", Expect::Counted { good: 2, faults: 3 }, not_a_number),
        case("not-a-number-in-parquet", Expect::Counted { good: 2, faults: 2 }, not_a_number_in_parquet),
        case("forty-digits", Expect::Counted { good: 2, faults: 1 }, forty_digits),
        case("year-one", Expect::Counted { good: 2, faults: 0 }, year_one),
        case("literal-null", Expect::Counted { good: 3, faults: 0 }, literal_null),
        case("not-utf-8", Expect::Counted { good: 1, faults: 1 }, not_utf8),
        case("columns-twice", Expect::Refused("BilledCost"), columns_twice),
        case("ten-thousand-columns", Expect::Read(2), |folder| columns(folder, 10_000)),
        case("a-million-columns", Expect::Refused("columns"), |folder| columns(folder, 1_000_000)),
        case("endless-line", Expect::Refused("bill.csv"), endless_line),
    ]
}

/// Texts that a SQL prompt must refuse, each with a word that the refusal should hold.
#[must_use]
pub fn sql() -> Vec<(String, &'static str)> {
    let mut texts: Vec<(String, &'static str)> = [
        ("CREATE TABLE t (a INT)", ""),
        ("DROP TABLE focus", ""),
        ("INSERT INTO focus SELECT * FROM focus", ""),
        ("DELETE FROM focus", ""),
        ("UPDATE focus SET BilledCost = 0", ""),
        ("COPY focus TO '/tmp/bursar-dirty-copy.csv'", ""),
        ("EXPLAIN ANALYZE COPY focus TO '/tmp/bursar-dirty-copy.csv'", ""),
        ("CREATE EXTERNAL TABLE p STORED AS CSV LOCATION '/etc/passwd'", ""),
        ("SELECT * FROM '/etc/passwd'", ""),
        ("SELECT * FROM read_csv('/etc/passwd')", ""),
        ("SET datafusion.execution.target_partitions = 1000", ""),
        ("SELECT 1; SELECT 2", ""),
        ("SELECT COUNT(*) FROM focus a, focus b, focus c, focus d WHERE a.BilledCost > b.BilledCost", ""),
        ("SELECT * FROM generate_series(1, 100000000000)", ""),
        ("SELEC BilledCost", ""),
        ("SELECT NoSuchColumn FROM focus", "NoSuchColumn"),
        ("SELECT * FROM no_such_table", "no_such_table"),
        ("", ""),
    ]
    .map(|(text, word)| (text.to_owned(), word))
    .to_vec();
    texts.push((format!("SELECT {} FROM focus", vec!["BilledCost"; 100_000].join(" + ")), ""));
    texts.push((format!("SELECT {}1{}", "(".repeat(20_000), ")".repeat(20_000)), ""));
    texts
}

/// Two currencies, `good` rows of each: sums must stay apart.
///
/// # Errors
/// When the folder cannot be written.
pub fn two_currencies(folder: &Path, good: u64) -> Result<(), Error> {
    fs::create_dir_all(folder)?;
    let mut text = header(',');
    for number in 0..good {
        text.push_str(&row(number, ','));
        text.push_str(&row(number, ',').replace(",USD,", ",EUR,"));
    }
    Ok(fs::write(folder.join("bill.csv"), text)?)
}

/// A CSV in which each of `rows` rows has a tag key and value of its own. Written as it is made.
///
/// # Errors
/// When the folder cannot be written.
pub fn distinct_tags(folder: &Path, rows: u64) -> Result<(), Error> {
    fs::create_dir_all(folder)?;
    let mut out = BufWriter::new(File::create(folder.join("bill.csv"))?);
    out.write_all(header(',').as_bytes())?;
    for number in 0..rows {
        let line = row(number, ',');
        out.write_all(line.trim_end().trim_end_matches("{}").as_bytes())?;
        writeln!(out, "\"{{\"\"key-{number}\"\":\"\"value-{number}\"\"}}\"")?;
    }
    Ok(out.flush()?)
}

/// A good bill of so many rows, as CSV.
///
/// # Errors
/// When the folder cannot be written.
pub fn good_bill(folder: &Path, rows: u64) -> Result<(), Error> {
    fs::create_dir_all(folder)?;
    Ok(fs::write(folder.join("bill.csv"), bill(rows, ','))?)
}

/// The columns that every version of FOCUS has and that make a charge.
const COLUMNS: &[&str] = &[
    "BilledCost",
    "BillingAccountId",
    "BillingAccountName",
    "BillingCurrency",
    "BillingPeriodEnd",
    "BillingPeriodStart",
    "ChargeCategory",
    "ChargeClass",
    "ChargeDescription",
    "ChargeFrequency",
    "ChargePeriodEnd",
    "ChargePeriodStart",
    "ConsumedQuantity",
    "ConsumedUnit",
    "ContractedCost",
    "ContractedUnitPrice",
    "EffectiveCost",
    "InvoiceIssuerName",
    "ListCost",
    "ListUnitPrice",
    "PricingCategory",
    "PricingQuantity",
    "PricingUnit",
    "ProviderName",
    "PublisherName",
    "RegionId",
    "RegionName",
    "ResourceId",
    "ResourceName",
    "ResourceType",
    "ServiceCategory",
    "ServiceName",
    "SkuId",
    "SkuPriceId",
    "SubAccountId",
    "SubAccountName",
    "Tags",
];

fn values(number: u64) -> Vec<String> {
    let day = number % 28 + 1;
    let end = day + 1;
    let fixed = |text: &str| text.to_owned();
    vec![
        fixed("1.25"),
        fixed("123456789012"),
        fixed("Payer"),
        fixed("USD"),
        fixed("2026-11-01T00:00:00Z"),
        fixed("2026-10-01T00:00:00Z"),
        fixed("Usage"),
        String::new(),
        fixed("an hour of a machine"),
        fixed("Usage-Based"),
        format!("2026-10-{end:02}T00:00:00Z"),
        format!("2026-10-{day:02}T00:00:00Z"),
        fixed("2.5"),
        fixed("Hours"),
        fixed("1.25"),
        fixed("0.5"),
        fixed("1.25"),
        fixed("Clouds, Inc."),
        fixed("1.25"),
        fixed("0.5"),
        fixed("Standard"),
        fixed("2.5"),
        fixed("Hours"),
        fixed("Clouds"),
        fixed("Clouds"),
        fixed("eu-1"),
        fixed("Europe"),
        format!("i-{number}"),
        String::new(),
        fixed("instance"),
        fixed("Compute"),
        fixed("Machines"),
        fixed("SKU"),
        fixed("SKU.OD"),
        fixed("210987654321"),
        fixed("Team"),
        fixed("{}"),
    ]
}

fn quoted(text: &str, separator: char) -> String {
    if text.contains([separator, '"', '\n']) {
        format!("\"{}\"", text.replace('"', "\"\""))
    } else {
        text.to_owned()
    }
}

fn header(separator: char) -> String {
    let mut line = COLUMNS.join(&separator.to_string());
    line.push('\n');
    line
}

fn row(number: u64, separator: char) -> String {
    let cells: Vec<String> = values(number).iter().map(|cell| quoted(cell, separator)).collect();
    format!("{}\n", cells.join(&separator.to_string()))
}

fn bill(rows: u64, separator: char) -> String {
    let mut text = header(separator);
    (0..rows).for_each(|number| text.push_str(&row(number, separator)));
    text
}

/// A row with one column set to something else.
fn row_with(number: u64, column: &str, value: &str) -> String {
    let mut values = values(number);
    if let Some(index) = COLUMNS.iter().position(|known| *known == column) {
        value.clone_into(&mut values[index]);
    }
    let cells: Vec<String> = values.iter().map(|cell| quoted(cell, ',')).collect();
    format!("{}\n", cells.join(","))
}

fn csv(folder: &Path, text: impl AsRef<[u8]>) -> Result<(), Error> {
    Ok(fs::write(folder.join("bill.csv"), text)?)
}

fn truncated_gzip(folder: &Path) -> Result<(), Error> {
    let mut gzip = GzEncoder::new(Vec::new(), Compression::fast());
    gzip.write_all(bill(20_000, ',').as_bytes())?;
    let bytes = gzip.finish()?;
    Ok(fs::write(folder.join("bill.csv.gz"), &bytes[..bytes.len() * 2 / 3])?)
}

fn gzip_that_is_none(folder: &Path) -> Result<(), Error> {
    Ok(fs::write(folder.join("bill.csv.gz"), b"\x1f\x8bthis is not gzip at all, but begins like it")?)
}

fn parquet(costs: &[f64]) -> Result<Vec<u8>, Error> {
    let mut columns: Vec<(&str, ArrayRef)> = Vec::new();
    for (index, name) in COLUMNS.iter().enumerate() {
        let array: ArrayRef = if *name == "BilledCost" || *name == "EffectiveCost" {
            Arc::new(Float64Array::from(costs.to_vec()))
        } else {
            let cells = (0..costs.len() as u64).map(|number| values(number)[index].clone());
            Arc::new(cells.map(|cell| (!cell.is_empty()).then_some(cell)).collect::<StringArray>())
        };
        columns.push((name, array));
    }
    let batch = RecordBatch::try_from_iter_with_nullable(
        columns.into_iter().map(|(name, array)| (name, array, true)),
    )?;
    let mut writer = ArrowWriter::try_new(Vec::new(), batch.schema(), None)?;
    writer.write(&batch)?;
    Ok(writer.into_inner()?)
}

fn bad_footer(folder: &Path) -> Result<(), Error> {
    let mut bytes = parquet(&[1.25; 100])?;
    // The magic is right; the footer before it is not.
    let end = bytes.len() - 8;
    let start = end - 200;
    bytes[start..end].fill(0xa5);
    Ok(fs::write(folder.join("bill.parquet"), bytes)?)
}

fn parquet_cut_short(folder: &Path) -> Result<(), Error> {
    let bytes = parquet(&[1.25; 100])?;
    Ok(fs::write(folder.join("bill.parquet"), &bytes[..bytes.len() / 2])?)
}

fn not_a_number_in_parquet(folder: &Path) -> Result<(), Error> {
    Ok(fs::write(folder.join("bill.parquet"), parquet(&[1.25, f64::NAN, f64::INFINITY, 1.25])?)?)
}

fn empty_file(folder: &Path) -> Result<(), Error> {
    csv(folder, "")
}

fn empty_folder(_: &Path) -> Result<(), Error> {
    Ok(())
}

fn only_a_readme(folder: &Path) -> Result<(), Error> {
    Ok(fs::write(folder.join("README.txt"), "the bills are elsewhere")?)
}

fn byte_order_mark(folder: &Path) -> Result<(), Error> {
    csv(folder, format!("\u{feff}{}", bill(3, ',')))
}

fn semicolons(folder: &Path) -> Result<(), Error> {
    csv(folder, bill(3, ';'))
}

/// As Excel and some portals save a bill for a German reader.
fn german_headers(folder: &Path) -> Result<(), Error> {
    csv(
        folder,
        "Abrechnungskonto;Abrechnungszeitraum;Dienst;Kosten;Währung\n12345;Oktober 2026;Speicher;1.234,56;EUR\n",
    )
}

fn broken_quotes(folder: &Path) -> Result<(), Error> {
    // The quote that opens in the second row never closes.
    let broken = row_with(1, "ChargeDescription", "x").replacen(",x,", ",\"never closed,", 1);
    csv(folder, header(',') + &row(0, ',') + &broken)
}

fn short_and_long_rows(folder: &Path) -> Result<(), Error> {
    let long = row(2, ',').trim_end().to_owned() + ",one,more\n";
    csv(folder, header(',') + &row(0, ',') + "1.25,too short\n" + &long + &row(3, ','))
}

fn azure_manifest(folder: &Path, blobs: &[&str]) -> Result<(), Error> {
    let blobs: Vec<_> = blobs.iter().map(|name| serde_json::json!({"blobName": name})).collect();
    let manifest = serde_json::json!({
        "blobCount": blobs.len(),
        "exportConfig": {"exportName": "costs", "type": "FocusCost", "dataVersion": "1.0", "resourceId": "/subscriptions/1"},
        "runInfo": {"runId": "1", "startDate": "2026-10-01T00:00:00", "endDate": "2026-10-31T00:00:00"},
        "blobs": blobs,
    });
    Ok(fs::write(folder.join("manifest.json"), manifest.to_string())?)
}

fn run_folder(folder: &Path) -> Result<std::path::PathBuf, Error> {
    let run = folder.join("costs/20261001-20261031/0b5a7cf2-6d5c-4f4f-a0a5-0d5f5c0f8a11");
    fs::create_dir_all(&run)?;
    fs::write(run.join("part_0_0001.csv"), bill(3, ','))?;
    Ok(run)
}

const RUN: &str = "costs/20261001-20261031/0b5a7cf2-6d5c-4f4f-a0a5-0d5f5c0f8a11";

fn missing_object(folder: &Path) -> Result<(), Error> {
    let run = run_folder(folder)?;
    azure_manifest(&run, &[&format!("{RUN}/part_0_0001.csv"), &format!("{RUN}/part_0_0002.csv")])
}

fn manifest_is_no_json(folder: &Path) -> Result<(), Error> {
    let run = run_folder(folder)?;
    Ok(fs::write(run.join("manifest.json"), "{\"blobs\": [")?)
}

fn manifest_points_outside(folder: &Path) -> Result<(), Error> {
    let run = run_folder(folder)?;
    azure_manifest(&run, &["../../../../../../../../etc/passwd"])
}

fn not_a_number(folder: &Path) -> Result<(), Error> {
    let mut text = header(',') + &row(0, ',') + &row(1, ',');
    for (number, value) in ["NaN", "Infinity", "1,25 €"].into_iter().enumerate() {
        let cells = row_with(number as u64 + 2, "BilledCost", value);
        text.push_str(&cells.replace(",1.25,", &format!(",{},", quoted(value, ','))));
    }
    csv(folder, text)
}

fn forty_digits(folder: &Path) -> Result<(), Error> {
    let number = "1234567890123456789012345678901234567890";
    let huge = row(2, ',').replace("1.25,", &format!("{number},"));
    csv(folder, header(',') + &row(0, ',') + &row(1, ',') + &huge)
}

fn year_one(folder: &Path) -> Result<(), Error> {
    let ancient = row_with(2, "ChargePeriodStart", "0001-01-01T00:00:00Z").replace("1.25,", "0,");
    csv(folder, header(',') + &row(0, ',') + &row(1, ',') + &ancient)
}

fn literal_null(folder: &Path) -> Result<(), Error> {
    csv(folder, bill(3, ',').replace(",,", ",NULL,"))
}

fn not_utf8(folder: &Path) -> Result<(), Error> {
    // Latin-1: one byte for the ü.
    let mut text = (header(',') + &row(0, ',')).into_bytes();
    text.extend(
        row_with(1, "ServiceName", "M?hle").bytes().map(|byte| if byte == b'?' { 0xfc } else { byte }),
    );
    csv(folder, text)
}

fn columns_twice(folder: &Path) -> Result<(), Error> {
    let text = bill(3, ',').lines().enumerate().fold(String::new(), |mut text, (index, line)| {
        let _ = writeln!(text, "{line},{}", if index == 0 { "BilledCost" } else { "99" });
        text
    });
    csv(folder, text)
}

fn columns(folder: &Path, count: usize) -> Result<(), Error> {
    let mut out = BufWriter::new(File::create(folder.join("bill.csv"))?);
    for (index, line) in bill(2, ',').lines().enumerate() {
        out.write_all(line.as_bytes())?;
        for number in COLUMNS.len()..count {
            if index == 0 { write!(out, ",x_Column{number}")? } else { out.write_all(b",")? }
        }
        out.write_all(b"\n")?;
    }
    Ok(out.flush()?)
}

fn endless_line(folder: &Path) -> Result<(), Error> {
    // No line end in 64 MiB.
    let mut out = BufWriter::new(File::create(folder.join("bill.csv"))?);
    for _ in 0..64 {
        out.write_all(&vec![b'a'; 1 << 20])?;
    }
    Ok(out.flush()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_case_writes_and_has_a_name_of_its_own() {
        let folder = tempfile::tempdir().unwrap();
        let mut names: Vec<_> = all().iter().map(|case| case.name).collect();
        for case in all() {
            case.write(&folder.path().join(case.name)).unwrap();
        }
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), all().len());
        assert_eq!(values(0).len(), COLUMNS.len());
    }
}
