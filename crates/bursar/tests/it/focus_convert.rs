//! claims A2, A3: native exports become FOCUS on the command line, and not a cent is lost.

use crate::bursar;
use std::io::Write;
use std::path::{Path, PathBuf};

fn data(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../focus/tests/data").join(name)
}

fn convert(from: &str, to: &str, files: &[&Path]) -> bursar_testkit::Run {
    bursar().args(["focus", "convert", "--from", from, "--to", to]).args(files).run().unwrap()
}

#[test]
fn every_dialect_conserves_and_prints_both_sums() {
    // claim A2
    let folder = tempfile::tempdir().unwrap();
    for (from, names, sums) in [
        ("aws-cur-legacy", &["aws_cur_legacy.csv"][..], "0.6406432229  0.6406432229           0"),
        ("aws-cur-2.0", &["cur2.csv"], "918.221678901234567  918.221678901234567           0"),
        (
            "azure-actual+amortized",
            &["EA_ActualCost_Small.csv", "EA_AmortizedCost_Small.csv"],
            "19.047780136168644627  19.047780136168644627           0",
        ),
        ("azure-actual+amortized", &["mca_actual.csv", "mca_amortized.csv"], "363.707  363.707           0"),
        ("gcp-detailed", &["gcp.jsonl"], "13.4383666  13.4383666           0"),
        ("oci", &["oci.csv"], "0.1250031481481195  0.1250031481481195           0"),
    ] {
        for (to, name) in [("1.2", "out.parquet"), ("1.4", "out.csv.gz")] {
            let out = folder.path().join(name);
            let inputs: Vec<PathBuf> = names.iter().map(|name| data(name)).collect();
            let mut files: Vec<&Path> = inputs.iter().map(PathBuf::as_path).collect();
            files.push(&out);
            let run = convert(from, to, &files).ok().unwrap();
            assert!(run.text().contains(sums), "{run}");
            assert!(out.is_file(), "{run}");
        }
    }
}

#[test]
fn a_converted_file_can_be_asked_and_converted_again() {
    // claims A1, A2
    let folder = tempfile::tempdir().unwrap();
    let (parquet, csv) = (folder.path().join("a.parquet"), folder.path().join("b.csv"));
    convert("aws-cur-2.0", "1.4", &[&data("cur2.csv"), &parquet]).ok().unwrap();
    let run = convert("focus-1.4", "1.2", &[&parquet, &csv]).ok().unwrap();
    assert!(run.text().contains("918.221678901234567  918.221678901234567           0"), "{run}");
    let text = std::fs::read_to_string(&csv).unwrap();
    let header: Vec<&str> = text.lines().next().unwrap().split(',').collect();
    assert_eq!(header.iter().filter(|name| !name.starts_with("x_")).count(), 57);
    assert!(header.contains(&"ProviderName") && !header.contains(&"ServiceProviderName"));
    assert!(text.contains("2026-10-05T10:00:00Z") && text.contains("0.061234567890123457"));
}

#[test]
fn rows_that_cannot_be_typed_are_set_aside() {
    // claim A2
    let folder = tempfile::tempdir().unwrap();
    let (input, out) = (folder.path().join("in.csv"), folder.path().join("out.csv"));
    std::fs::write(
        &input,
        "lineItem/LineItemType,lineItem/UnblendedCost,lineItem/CurrencyCode,bill/BillingPeriodStartDate,lineItem/UsageStartDate\n\
         Usage,abc,USD,2026-10-01,2026-10-02\nUsage,1.5,USD,2026-10-01,2026-10-02\nUsage,NaN,USD,2026-10-01,0001-01-01\nUsage,1\n",
    )
    .unwrap();
    let run = convert("aws-cur-legacy", "1.2", &[&input, &out]).ok().unwrap();
    for text in [
        "4 rows read, 1 row written",
        "3 rows quarantined",
        "is not a decimal number",
        "has 2 cells, the header has 5",
    ] {
        assert!(run.text().contains(text), "`{text}` is missing\n{run}");
    }
    let aside = std::fs::read_to_string(folder.path().join("out.csv.quarantine.csv")).unwrap();
    assert!(
        aside.contains("\"1\",\"lineItem/UnblendedCost\",\"abc\",\"is not a decimal number\""),
        "{aside}"
    );
    assert_eq!(std::fs::read_to_string(&out).unwrap().lines().count(), 2);
}

#[test]
fn a_damaged_file_leaves_nothing_behind() {
    // claim A2
    let folder = tempfile::tempdir().unwrap();
    let (input, out) = (folder.path().join("in.csv.gz"), folder.path().join("out.parquet"));
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    gzip.write_all(&std::fs::read(data("aws_cur_legacy.csv")).unwrap()).unwrap();
    let whole = gzip.finish().unwrap();
    std::fs::write(&input, &whole[..whole.len() / 2]).unwrap();
    let run = convert("aws-cur-legacy", "1.2", &[&input, &out]).expect_status(2).unwrap();
    assert!(run.stderr.contains("in.csv.gz") && run.stderr.contains("damaged or incomplete"), "{run}");
    let left: Vec<_> =
        std::fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(left, ["in.csv.gz"]);
}

#[test]
fn wrong_input_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("out.parquet");
    for (from, to, file, text) in [
        ("oci", "1.2", "cur2.csv", "cost/myCost"),
        ("nix", "1.2", "cur2.csv", "is not a dialect"),
        ("oci", "1.3", "oci.csv", "expected 1.2 or 1.4"),
        ("oci", "1.2", "missing.csv", "missing.csv"),
    ] {
        let run = convert(from, to, &[&data(file), &out]).expect_status(2).unwrap();
        assert!(run.stderr.contains(text), "{run}");
    }
    let run = convert("oci", "1.2", &[&data("oci.csv"), Path::new("out.txt")]).expect_status(2).unwrap();
    assert!(run.stderr.contains(".parquet, .csv or .csv.gz"), "{run}");
}
