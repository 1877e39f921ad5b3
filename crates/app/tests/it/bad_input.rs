//! Bad input, asked as a person would ask: a clear error or a counted loss, never a crash or a hang.

use bursar_domain::Amount;
use bursar_domain::clock::FixedClock;
use bursar_lake::ask::Answer;
use bursar_lake::bill::Bill;
use bursar_lake::charges::OpenOptions;
use bursar_lake::ledger::Ledger;
use bursar_lake::location::Location;
use bursar_lake::question::{Measure, Question};
use bursar_lake::sql::Engine;
use bursar_testkit::dirty::{self, Expect};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

/// A good row of the corpus, in 10⁻¹⁸.
const ROW: i128 = 1_250_000_000_000_000_000;

/// The sum of the folder, or the error that a person would read.
async fn ask(folder: &Path) -> Result<(Bill, Answer), String> {
    let now = "2026-11-22T06:00:00Z".parse().unwrap();
    let ledger = Arc::new(Ledger::new(Arc::new(FixedClock(now))));
    let location = Location::parse(folder.to_str().unwrap()).unwrap();
    let text = |error: &dyn std::error::Error| {
        let mut text = error.to_string();
        let mut source = error.source();
        while let Some(cause) = source {
            text = format!("{text}: {cause}");
            source = cause.source();
        }
        text
    };
    let engine = Arc::new(Engine::new(Default::default()).map_err(|e| text(&e))?);
    let bill = Bill::open(&[location], &|_| None, &OpenOptions::default(), &engine, ledger).await;
    let bill = bill.map_err(|e| text(&e))?;
    if !bill.refused().is_empty() {
        return Err(bill.refused().iter().map(ToString::to_string).collect::<Vec<_>>().join("; "));
    }
    let question = Question { measure: Measure::BilledCost, ..Question::default() };
    let answer = bursar_lake::ask::ask(&engine, bill.charges(), &question, Duration::from_secs(60)).await;
    answer.map(|answer| (bill, answer)).map_err(|e| text(&e))
}

#[tokio::test(flavor = "multi_thread")]
async fn every_kind_is_survived_as_it_should_be() {
    // claim A1
    let mut wrong = Vec::new();
    for case in dirty::all() {
        let folder = tempfile::tempdir().unwrap();
        case.write(folder.path()).unwrap();
        let asked = tokio::time::timeout(Duration::from_secs(90), ask(folder.path())).await;
        let Ok(asked) = asked else {
            wrong.push(format!("{}: hangs", case.name));
            continue;
        };
        let shown = match &asked {
            Ok((_, answer)) => {
                format!("{:?} excluded {:?} notes {:?}", answer.totals, answer.excluded, answer.notes)
            }
            Err(error) => format!("error: {error}"),
        };
        let good = match (case.expect, &asked) {
            (Expect::Refused(word), Err(error)) => error.contains(word),
            (Expect::Read(rows), Ok((_, answer))) => counted(answer) == rows && answer.excluded.is_empty(),
            (Expect::Counted { good, faults }, Ok((_, answer))) => {
                counted(answer) == good
                    && answer.excluded.iter().map(|excluded| excluded.count).sum::<u64>() >= faults
            }
            _ => false,
        };
        println!(
            "{} {}: {}",
            if good { "good " } else { "WRONG" },
            case.name,
            shown.chars().take(600).collect::<String>()
        );
        if !good {
            wrong.push(format!("{}: expected {:?}, got {shown}", case.name, case.expect));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

fn counted(answer: &Answer) -> u64 {
    let sum: i128 = answer.totals.iter().map(|total| total.amount.units()).sum();
    u64::try_from(sum / ROW).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn two_currencies_stay_apart() {
    // claim A3
    let folder = tempfile::tempdir().unwrap();
    dirty::two_currencies(folder.path(), 4).unwrap();
    let (_, answer) = ask(folder.path()).await.unwrap();
    let totals: Vec<(&str, Amount)> =
        answer.totals.iter().map(|total| (total.currency.as_str(), total.amount)).collect();
    assert_eq!(totals, [("EUR", Amount::from_units(4 * ROW)), ("USD", Amount::from_units(4 * ROW))]);
}
