//! `bursar cost` and `bursar sql` as a shell sees them: exact, read in place, refusing what they must.

use crate::bursar;
use bursar_testkit::Run;
use bursar_testkit::peers::{self, ObjectStorePeer, Request};
use std::path::{Path, PathBuf};

/// The real, dirty sample of FOCUS 1.0 (its licence stands beside it).
fn sample() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../focus/tests/data/focus_1.0_sample.csv")
}

/// Twelve invented months of three clouds.
fn demo(folder: &Path) -> PathBuf {
    let made = bursar()
        .args(["demo", "--no-serve", "--size", "small", "--today", "2026-11-22", "--data-dir"])
        .arg(folder);
    made.run().unwrap().ok().unwrap();
    folder.join("bills")
}

fn sql(source: &Path, text: &str) -> Run {
    bursar().args(["sql", "--format", "csv", "--source"]).arg(source).arg(text).run().unwrap()
}

/// The cells of a CSV answer without its header, as DuckDB's rows.
fn cells(csv: &str) -> Vec<Vec<Option<String>>> {
    let cell = |text: &str| (!text.is_empty()).then(|| text.to_owned());
    csv.lines().skip(1).map(|line| line.split(',').map(cell).collect()).collect()
}

#[test]
fn totals_of_the_real_sample_equal_duckdb_to_the_last_digit() {
    // claim A1, claim A3
    let Some(oracle) = peers::oracle::oracle() else { return };
    let exact =
        |column: &str| format!("SUM(CAST(NULLIF(NULLIF(trim({column}), ''), 'NULL') AS DECIMAL(38,18)))");
    let expected = oracle
        .ask(&format!(
            "SELECT ProviderName, ServiceCategory, BillingCurrency, {}, {}, {}, COUNT(*) \
             FROM read_csv('{}', all_varchar = true) GROUP BY 1, 2, 3 ORDER BY 1, 2, 3",
            exact("BilledCost"),
            exact("EffectiveCost"),
            exact("ListCost"),
            sample().display()
        ))
        .unwrap();
    let ours = sql(
        &sample(),
        "SELECT ProviderName, ServiceCategory, BillingCurrency, SUM(BilledCost), SUM(EffectiveCost), \
         SUM(ListCost), COUNT(*) FROM focus GROUP BY 1, 2, 3 ORDER BY 1, 2, 3",
    );
    assert_eq!(cells(&ours.ok().unwrap().text()), expected);
    assert!(expected.len() > 10);
}

#[test]
fn totals_of_decimal_parquet_equal_duckdb_to_the_last_digit() {
    // claim A1, claim A3
    let Some(oracle) = peers::oracle::oracle() else { return };
    let folder = tempfile::tempdir().unwrap();
    let source = demo(folder.path()).join("gcp");
    for (ours, theirs) in [
        (
            "SELECT billing_period, ServiceCategory, SUM(BilledCost), SUM(EffectiveCost), COUNT(*) FROM focus \
             GROUP BY 1, 2 ORDER BY 1, 2",
            "SELECT billing_period, ServiceCategory, SUM(BilledCost), SUM(EffectiveCost), COUNT(*) FROM focus \
             GROUP BY 1, 2 ORDER BY 1, 2",
        ),
        (
            "SELECT CAST(ChargePeriodStart AS DATE), SUM(EffectiveCost) FROM focus \
             WHERE ChargePeriodStart >= TIMESTAMP '2026-03-01 00:00:00' AND ChargeCategory = 'Usage' GROUP BY 1 ORDER BY 1",
            "SELECT CAST(CAST(ChargePeriodStart AS TIMESTAMP) AS DATE), SUM(EffectiveCost) FROM focus \
             WHERE ChargePeriodStart >= TIMESTAMPTZ '2026-03-01 00:00:00+00' AND ChargeCategory = 'Usage' GROUP BY 1 ORDER BY 1",
        ),
        (
            "SELECT SubAccountId, SUM(CASE WHEN CommitmentDiscountStatus = 'Used' THEN EffectiveCost ELSE 0.0 END), \
             COUNT(DISTINCT ResourceId) FROM focus WHERE ServiceName LIKE '%Engine%' GROUP BY 1 ORDER BY 1",
            "SELECT SubAccountId, SUM(CASE WHEN CommitmentDiscountStatus = 'Used' THEN EffectiveCost ELSE 0.0 END), \
             COUNT(DISTINCT ResourceId) FROM focus WHERE ServiceName LIKE '%Engine%' GROUP BY 1 ORDER BY 1",
        ),
    ] {
        let view = format!(
            "WITH focus AS (SELECT * FROM read_parquet('{}/**/*.parquet', hive_partitioning = true, \
             hive_types_autocast = false)) {theirs}",
            source.display()
        );
        let expected = oracle.ask(&view).unwrap();
        let got = cells(&sql(&source, ours).ok().unwrap().text());
        let days = |rows: Vec<Vec<Option<String>>>| -> Vec<Vec<Option<String>>> {
            // DuckDB prints a day as we do; only its zero differs in form.
            rows.into_iter()
                .map(|row| {
                    row.into_iter().map(|c| c.map(|t| if t == "0E-9" { "0".into() } else { t })).collect()
                })
                .collect()
        };
        assert_eq!(got, days(expected), "{ours}");
        assert!(!got.is_empty());
    }
}

#[test]
fn one_export_answers_the_same_from_four_stores_that_see_only_reads() {
    // claim A1, claim A6
    let folder = tempfile::tempdir().unwrap();
    let source = demo(folder.path()).join("azure");
    let cost = |location: &str, peer: Option<&ObjectStorePeer>| {
        let mut asked = bursar().args([
            "cost",
            "--by",
            "ServiceName,tag:team",
            "--grain",
            "month",
            "--format",
            "csv",
            "--source",
            location,
        ]);
        for (key, value) in peer.iter().flat_map(|peer| peer.environment()) {
            asked = asked.env(key, value);
        }
        asked.run().unwrap().ok().unwrap().text()
    };
    let expected = cost(source.to_str().unwrap(), None);
    assert!(expected.lines().count() > 100, "{expected}");
    for peer in [peers::moto(), peers::azurite(), peers::fake_gcs()].into_iter().flatten() {
        peer.make("bills").unwrap();
        peer.upload(&source, "bills", "exports").unwrap();
        let before = peer.requests().len();
        let location = peer.location("bills", "exports");
        assert_eq!(cost(&location, Some(&peer)), expected, "{location}");
        let seen = peer.requests();
        assert!(seen.len() > before, "{location}");
        assert!(seen[before..].iter().all(Request::is_read), "{location}: {:?}", &seen[before..]);
    }
}

#[test]
fn several_sources_are_one_bill_and_one_twice_is_refused() {
    // claim A3
    let folder = tempfile::tempdir().unwrap();
    let bills = demo(folder.path());
    let ask = |sources: &[&str]| {
        let mut asked = bursar().args(["cost", "--by", "provider", "--format", "csv"]);
        for source in sources {
            asked = asked.arg("--source").arg(bills.join(source));
        }
        asked.run().unwrap()
    };
    let both = ask(&["aws", "azure"]).ok().unwrap().text();
    let (aws, azure) = (ask(&["aws"]).ok().unwrap().text(), ask(&["azure"]).ok().unwrap().text());
    for line in aws.lines().skip(1).chain(azure.lines().skip(1)) {
        assert!(both.contains(line), "{line} in\n{both}");
    }
    assert!(both.contains("USD") && both.contains("EUR"), "currencies stay apart: {both}");
    let twice = ask(&["aws", "aws"]).expect_status(3).unwrap();
    assert!(twice.stderr.contains("nothing was added up"), "{twice}");
}

#[test]
fn currencies_become_one_only_at_given_rates() {
    // claim A3
    let folder = tempfile::tempdir().unwrap();
    let bills = demo(folder.path());
    let ask = |more: &[&str]| {
        bursar()
            .args(["cost", "--format", "csv", "--source"])
            .arg(bills.join("azure"))
            .args(more)
            .run()
            .unwrap()
    };
    let apart = cells(&ask(&[]).ok().unwrap().text());
    assert_eq!(apart[0][0].as_deref(), Some("EUR"));
    let run = ask(&["--currency", "USD", "--rate", "EUR=2"]).ok().unwrap();
    let one = cells(&run.text());
    let amount = |cell: &Option<String>| cell.as_deref().unwrap().parse::<bursar_domain::Amount>().unwrap();
    assert_eq!(amount(&one[0][1]), amount(&apart[0][1]).checked_add(amount(&apart[0][1])).unwrap());
    assert!(run.stderr.contains("EUR was converted at 2 USD"), "{run}");
    let missing = ask(&["--currency", "USD", "--rate", "GBP=1"]).expect_status(2).unwrap();
    assert!(missing.stderr.contains("no rate"), "{missing}");
}

#[test]
fn names_that_are_not_there_are_answered_with_near_ones() {
    let ask = |by: &str| {
        bursar().args(["cost", "--by", by, "--source"]).arg(sample()).run().unwrap().expect_status(2).unwrap()
    };
    assert!(ask("ServiceNam").stderr.contains("`ServiceName`"));
    let column = sql(&sample(), "SELECT BiledCost FROM focus").expect_status(2).unwrap();
    assert!(column.stderr.contains("`BilledCost`"), "{column}");
    let table = sql(&sample(), "SELECT 1 FROM charges").expect_status(2).unwrap();
    assert!(table.stderr.contains("focus"), "{table}");
}

#[test]
fn an_empty_answer_says_why() {
    let run = bursar()
        .args(["cost", "--from", "2031-01-01", "--source"])
        .arg(sample())
        .run()
        .unwrap()
        .ok()
        .unwrap();
    assert!(run.stderr.contains("2024-09-01") && run.stderr.contains("2024-09-30"), "{run}");
    let run = bursar()
        .args(["cost", "--where", "RegionId=moon", "--source"])
        .arg(sample())
        .run()
        .unwrap()
        .ok()
        .unwrap();
    assert!(run.stderr.contains("`RegionId=moon`"), "{run}");
}

#[test]
fn only_a_bounded_select_is_accepted() {
    for text in [
        "COPY (SELECT 1) TO '/tmp/bursar-must-not-exist.csv'",
        "CREATE TABLE t AS SELECT 1",
        "CREATE EXTERNAL TABLE t STORED AS CSV LOCATION '/etc/passwd'",
        "DROP TABLE focus",
        "INSERT INTO focus SELECT * FROM focus",
        "SET datafusion.execution.batch_size = 1",
        "SELECT 1; SELECT 2",
        "SELECT COUNT(*) FROM focus a, focus b",
        "SELECT COUNT(*) FROM focus a CROSS JOIN focus b WHERE a.BilledCost > b.BilledCost",
    ] {
        let run = sql(&sample(), text).expect_status(3).unwrap();
        assert_eq!(run.text(), "", "{text}");
    }
    for text in ["SELECT * FROM '/etc/passwd'", "SELECT * FROM generate_series(1, 10)", "SELEC 1", ""] {
        sql(&sample(), text).expect_status(2).unwrap();
    }
    let long = format!("SELECT '{}' FROM focus", "x".repeat(1 << 20));
    let run =
        bursar().args(["sql", "--source"]).arg(sample()).stdin(long).run().unwrap().expect_status(3).unwrap();
    assert!(run.stderr.contains("bytes"), "{run}");
    assert!(!Path::new("/tmp/bursar-must-not-exist.csv").exists());
}

#[test]
fn every_text_that_is_no_bounded_select_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("october.csv"), charges_of(&["111"], "\n")).unwrap();
    for (text, word) in bursar_testkit::dirty::sql() {
        let run =
            bursar().args(["sql", "--format", "csv", "--timeout-s", "20", "--source"]).arg(folder.path());
        let run = run.arg("-").stdin(text.clone()).run().unwrap();
        let shown: String = text.chars().take(60).collect();
        assert!(matches!(run.status, 2 | 3), "{shown}: {run}");
        assert!(run.stderr.starts_with("error: ") && run.stderr.contains(word), "{shown}: {run}");
        assert!(run.stdout.is_empty(), "{shown}: {run}");
    }
    assert!(!std::path::Path::new("/tmp/bursar-dirty-copy.csv").exists());
}

#[test]
fn three_million_distinct_tags_are_only_many() {
    let folder = tempfile::tempdir().unwrap();
    bursar_testkit::dirty::distinct_tags(folder.path(), 3_000_000).unwrap();
    let run = bursar().args([
        "cost",
        "--by",
        "tag:key-77",
        "--format",
        "csv",
        "--measure",
        "BilledCost",
        "--source",
    ]);
    let run = run.arg(folder.path()).run().unwrap().expect_status(0).unwrap();
    let text = String::from_utf8(run.stdout.clone()).unwrap();
    assert_eq!(text.lines().filter(|line| line.starts_with("value-77,")).count(), 1, "{run}");
    assert_eq!(text.lines().count(), 3, "{run}");
}

/// A folder that this user may not look into is said to be that, not to be empty.
#[cfg(unix)]
#[test]
fn a_folder_without_permission_is_named() {
    use std::os::unix::fs::PermissionsExt as _;
    let home = tempfile::tempdir().unwrap();
    let allow =
        |path: &Path, mode| std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).unwrap();
    allow(home.path(), 0o755);
    let closed = home.path().join("closed");
    std::fs::create_dir(&closed).unwrap();
    std::fs::write(closed.join("october.csv"), charges_of(&["111"], "\n")).unwrap();
    allow(&closed, 0o000);
    // Permissions do not bind root: it asks as nobody, with a copy of the program that nobody may run.
    let program = home.path().join("bursar");
    std::fs::copy(env!("CARGO_BIN_EXE_bursar"), &program).unwrap();
    allow(&program, 0o755);
    let root = std::fs::read_dir(&closed).is_ok();
    let mut command = if root {
        let mut command = std::process::Command::new("setpriv");
        command.args(["--reuid=65534", "--regid=65534", "--clear-groups", "--"]).arg(&program);
        command
    } else {
        std::process::Command::new(&program)
    };
    let run = command.args(["cost", "--source"]).arg(&closed).output().unwrap();
    allow(&closed, 0o700);
    let told = String::from_utf8_lossy(&run.stderr);
    assert_eq!(run.status.code(), Some(3), "{told}");
    assert!(told.contains("may not be read") && told.contains("chmod -R u+rX"), "{told}");
}

#[test]
fn contracts_invoices_and_billing_periods_are_tables_of_their_own() {
    // claim A2
    let folder = tempfile::tempdir().unwrap();
    let put = |name: &str, text: &str| {
        std::fs::create_dir(folder.path().join(name)).unwrap();
        std::fs::write(folder.path().join(name).join("part-0.csv"), text).unwrap();
    };
    put(
        "cost",
        "BillingCurrency,BillingPeriodStart,BillingPeriodEnd,ChargePeriodStart,ChargePeriodEnd,ChargeCategory,BilledCost,\
EffectiveCost,ListCost,ContractedCost,ProviderName,ServiceName\n\
USD,2026-10-01T00:00:00Z,2026-11-01T00:00:00Z,2026-10-01T00:00:00Z,2026-10-02T00:00:00Z,Usage,0.1,0.1,0.1,0.1,AWS,EC2\n",
    );
    put(
        "contracts",
        "BillingCurrency,ContractCommitmentCategory,ContractCommitmentCost,ContractCommitmentId,ContractCommitmentPeriodEnd,\
ContractCommitmentPeriodStart,ContractCommitmentType,ContractId,ContractPeriodEnd,ContractPeriodStart\n\
USD,Spend,120000.50,cc-1,2027-01-01T00:00:00Z,2026-01-01T00:00:00Z,Annual,c-1,2027-01-01T00:00:00Z,2026-01-01T00:00:00Z\n",
    );
    put(
        "invoices",
        "BilledCost,BillingAccountId,BillingCurrency,BillingPeriodEnd,BillingPeriodStart,ChargeCategory,InvoiceDetailId,\
InvoiceId,InvoiceIssueDate,InvoiceIssueStatus,InvoiceIssuerName,PaymentCurrency,PaymentCurrencyBilledCost\n\
99.95,1,USD,2026-11-01T00:00:00Z,2026-10-01T00:00:00Z,Usage,d-1,i-1,2026-11-03T00:00:00Z,Issued,AWS,EUR,91.20\n",
    );
    put(
        "periods",
        "BillingPeriodCreated,BillingPeriodEnd,BillingPeriodLastUpdated,BillingPeriodStart,BillingPeriodStatus,InvoiceIssuerName\n\
2026-10-01T00:00:00Z,2026-11-01T00:00:00Z,2026-11-03T00:00:00Z,2026-10-01T00:00:00Z,Closed,AWS\n",
    );
    for (question, answer) in [
        ("SELECT SUM(BilledCost), COUNT(*) FROM focus", "0.1,1"),
        (
            "SELECT ContractCommitmentId, SUM(ContractCommitmentCost) FROM contract_commitment GROUP BY 1",
            "cc-1,120000.5",
        ),
        ("SELECT InvoiceId, BilledCost, PaymentCurrencyBilledCost FROM invoice_detail", "i-1,99.95,91.2"),
        ("SELECT BillingPeriodStatus, COUNT(*) FROM billing_period GROUP BY 1", "Closed,1"),
        (
            "SELECT i.InvoiceId, SUM(f.BilledCost) FROM invoice_detail i JOIN focus f ON f.BillingPeriodStart = \
             i.BillingPeriodStart GROUP BY 1",
            "i-1,0.1",
        ),
    ] {
        let run = sql(folder.path(), question).expect_status(0).unwrap();
        let text = String::from_utf8(run.stdout.clone()).unwrap();
        assert_eq!(text.lines().nth(1), Some(answer), "{question}: {run}");
    }
}

#[test]
fn what_was_read_is_told_when_asked() {
    // claim A4
    let run = bursar().args(["cost", "--explain", "--source"]).arg(sample()).run().unwrap().ok().unwrap();
    assert!(run.stderr.contains("focus_1.0_sample.csv") && run.stderr.contains("755423 bytes"), "{run}");
}

/// Charges of one billing account, one a day for each of the member accounts.
fn charges_of(members: &[&str], newline: &str) -> String {
    let mut text = format!(
        "BillingAccountId,SubAccountId,BillingCurrency,BillingPeriodStart,BillingPeriodEnd,ChargePeriodStart,ChargePeriodEnd,\
         ChargeCategory,BilledCost,EffectiveCost,ListCost,ContractedCost,ProviderName,ServiceName{newline}"
    );
    for member in members {
        for day in 1..28 {
            let (start, cost) = (format!("2026-10-{day:02}T00:00:00Z"), format!("{day}.{member}"));
            text.push_str(&format!(
                "payer,{member},USD,2026-10-01T00:00:00Z,2026-11-01T00:00:00Z,{start},2026-10-{:02}T00:00:00Z,Usage,{cost},\
                 {cost},{cost},{cost},AWS,EC2{newline}",
                day + 1
            ));
        }
    }
    text
}

#[test]
fn exports_of_the_same_charges_are_refused_though_only_the_rows_tell() {
    // claim A3
    let folder = tempfile::tempdir().unwrap();
    let put = |export: &str, text: &str| {
        std::fs::create_dir_all(folder.path().join(export)).unwrap();
        std::fs::write(folder.path().join(export).join("charges.csv"), text).unwrap();
    };
    let cost = || bursar().args(["cost", "--format", "csv", "--source"]).arg(folder.path()).run().unwrap();
    // Two exports of one payer, each of other member accounts: one bill.
    put("team-a", &charges_of(&["111", "222"], "\n"));
    put("team-b", &charges_of(&["333"], "\n"));
    let run = cost().expect_status(0).unwrap();
    assert!(run.stdout.ends_with(b"USD,1151.982\n"), "{run}");
    // A third one of an account that is in the first, written by another program.
    put("everything", &charges_of(&["222", "444"], "\r\n"));
    let run = cost().expect_status(3).unwrap();
    for told in ["everything", "team-a", "billing account `payer`", "are in both"] {
        assert!(run.stderr.contains(told), "{told}: {run}");
    }
    assert!(!run.stderr.contains("team-b"), "{run}");
}
