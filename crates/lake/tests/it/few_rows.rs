//! A question of few rows decodes few, and answers what reading all of them answers.

use arrow::array::{ArrayRef, AsArray, Float64Array, RecordBatch, StringArray};
use arrow::datatypes::{Decimal128Type, Int64Type};
use bursar_domain::clock::SystemClock;
use bursar_lake::bill::Bill;
use bursar_lake::charges::{Excluded, OpenOptions, Quarantine};
use bursar_lake::ledger::Ledger;
use bursar_lake::location::Location;
use bursar_lake::sql::{Engine, QueryError};
use std::fmt::Write as _;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

const ROWS: u32 = 50_000;

/// One row in a thousand has a day that is none, one in 1,500 a cost that is none.
fn row(n: u32) -> (String, String, &'static str, Option<f64>) {
    let account = format!("{}", n * 7 % 101);
    let day = if n % 1_000 == 999 {
        "soon".to_owned()
    } else {
        format!("2026-10-{:02}T05:00:00Z", n / 400 % 28 + 1)
    };
    let service = ["EC2", "S3", "NULL"][(n % 3) as usize];
    let cost =
        if n % 1_500 == 77 { Some(f64::NAN) } else { (!n.is_multiple_of(11)).then(|| f64::from(n) / 100.0) };
    (account, day, service, cost)
}

fn write_parquet(folder: &Path) {
    let rows: Vec<_> = (0..ROWS).map(row).collect();
    let columns: [(&str, ArrayRef); 6] = [
        ("SubAccountId", Arc::new(rows.iter().map(|r| Some(r.0.as_str())).collect::<StringArray>())),
        ("ChargePeriodStart", Arc::new(rows.iter().map(|r| Some(r.1.as_str())).collect::<StringArray>())),
        ("ServiceName", Arc::new(rows.iter().map(|r| Some(r.2)).collect::<StringArray>())),
        ("BilledCost", Arc::new(rows.iter().map(|r| r.3).collect::<Float64Array>())),
        ("EffectiveCost", Arc::new(rows.iter().map(|r| r.3).collect::<Float64Array>())),
        ("BillingCurrency", Arc::new(rows.iter().map(|_| Some("USD")).collect::<StringArray>())),
    ];
    let batch = RecordBatch::try_from_iter(columns).unwrap();
    let file = std::fs::File::create(folder.join("charges.parquet")).unwrap();
    let mut writer = parquet::arrow::ArrowWriter::try_new(file, batch.schema(), None).unwrap();
    writer.write(&batch).unwrap();
    writer.close().unwrap();
}

fn write_csv(folder: &Path) {
    let mut text =
        "SubAccountId,ChargePeriodStart,ServiceName,BilledCost,EffectiveCost,BillingCurrency\n".to_owned();
    for (account, day, service, cost) in (0..ROWS).map(row) {
        let cost = cost.map_or(String::new(), |cost| cost.to_string());
        writeln!(text, "{account},{day},{service},{cost},{cost},USD").unwrap();
    }
    std::fs::write(folder.join("charges.csv"), text).unwrap();
}

async fn ask(folder: &Path, filter: &str) -> (i64, Option<i128>, Vec<Excluded>) {
    let engine = Arc::new(Engine::new(Default::default()).unwrap());
    let ledger = Arc::new(Ledger::new(Arc::new(SystemClock)));
    let location = Location::parse(folder.to_str().unwrap()).unwrap();
    let bill =
        Bill::open(&[location], &|_: &str| None, &OpenOptions::default(), &engine, ledger).await.unwrap();
    ask_of(&engine, &bill, filter).await
}

async fn ask_of(engine: &Arc<Engine>, bill: &Bill, filter: &str) -> (i64, Option<i128>, Vec<Excluded>) {
    let quarantine = Arc::new(Quarantine::default());
    let context = engine.session(bill.charges(), &quarantine).unwrap();
    let sql = format!("SELECT COUNT(*), SUM(BilledCost) FROM focus WHERE {filter}");
    let (_, batches, _) = engine.collect(context, sql, 10, Duration::from_secs(60)).await.unwrap();
    let sum = batches[0].column(1).as_primitive::<Decimal128Type>();
    let sum = sum.iter().next().flatten();
    (batches[0].column(0).as_primitive::<Int64Type>().value(0), sum, quarantine.excluded())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_join_that_would_take_hours_is_stopped_in_time() {
    let folder = tempfile::tempdir().unwrap();
    write_parquet(folder.path());
    let engine = Arc::new(Engine::new(Default::default()).unwrap());
    let ledger = Arc::new(Ledger::new(Arc::new(SystemClock)));
    let location = Location::parse(folder.path().to_str().unwrap()).unwrap();
    let options = OpenOptions::default();
    let bill = Bill::open(&[location], &|_: &str| None, &options, &engine, ledger).await.unwrap();
    for condition in [
        "a.BillingCurrency = b.BillingCurrency",
        "a.BillingCurrency = b.BillingCurrency AND a.BilledCost > b.BilledCost",
    ] {
        let context = engine.session(bill.charges(), &Arc::new(Quarantine::default())).unwrap();
        let sql = format!(
            "SELECT COUNT(*), MAX(a.BilledCost * b.BilledCost) FROM focus a JOIN focus b ON {condition}"
        );
        let started = std::time::Instant::now();
        let stopped = engine.collect(context, sql, 10, Duration::from_secs(1)).await;
        assert!(matches!(stopped, Err(QueryError::TimedOut { seconds: 1 })), "{condition}: {stopped:?}");
        assert!(started.elapsed() < Duration::from_secs(20), "{condition}");
        // The threads are free again: a small question is answered.
        assert_eq!(ask_of(&engine, &bill, "TRUE").await.0, i64::from(ROWS));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn asking_filters_first_changes_no_answer() {
    let (parquet, csv) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    write_parquet(parquet.path());
    write_csv(csv.path());
    for filter in [
        "SubAccountId = '7'",
        "SubAccountId IN ('7', '8') AND ServiceName IS NULL",
        "ChargePeriodStart >= TIMESTAMP '2026-10-03 00:00:00' AND ChargePeriodStart < TIMESTAMP '2026-10-05 00:00:00'",
        "ChargePeriodStart IS NULL",
        "SubAccountId = 'nobody'",
        "SubAccountId <> '7'",
        "SubAccountId = '7' AND BilledCost > 100",
        "SubAccountId = '7' OR ServiceName = 'S3'",
    ] {
        let (few, all) = (ask(parquet.path(), filter).await, ask(csv.path(), filter).await);
        assert_eq!((few.0, few.1), (all.0, all.1), "{filter}");
        // A day that cannot be read keeps its row out of an answer about days: that is told either way.
        let days = |excluded: &[Excluded]| {
            let days: Vec<u64> =
                excluded.iter().filter(|e| e.column == "ChargePeriodStart").map(|e| e.count).collect();
            days
        };
        assert_eq!(days(&few.2), days(&all.2), "{filter}");
        let first = |excluded: &[Excluded]| {
            let day = excluded.iter().find(|e| e.column == "ChargePeriodStart")?;
            day.examples.first().map(|cell| (cell.row, cell.value.clone()))
        };
        assert_eq!(first(&few.2), first(&all.2), "{filter}");
    }
    // The row of a cost that is none is the file's row, though only some rows were read.
    let (_, _, excluded) = ask(parquet.path(), "SubAccountId = '34'").await;
    let cost = excluded.iter().find(|e| e.column == "BilledCost").unwrap();
    let expected: Vec<u64> =
        (0..ROWS).filter(|n| n % 1_500 == 77 && row(*n).0 == "34").map(|n| u64::from(n) + 1).collect();
    assert_eq!(cost.count, expected.len() as u64);
    assert_eq!(cost.examples.iter().map(|cell| cell.row).collect::<Vec<_>>(), expected);
}
