//! The demo is read by the product like any bill: deliveries, sums, conformance.

use bursar_app::demo::{self, DemoPlan, DemoReport, DemoSize, Provider};
use bursar_domain::clock::FixedClock;
use bursar_domain::{Amount, BillingPeriod};
use bursar_focus::conformance::Checker;
use bursar_focus::read::Reader;
use bursar_focus::spec::{Dataset, FocusVersion};
use bursar_lake::bill::Bill;
use bursar_lake::charges::OpenOptions;
use bursar_lake::ledger::Ledger;
use bursar_lake::location::Location;
use bursar_lake::question::{Compare, Dimension, Grain, Measure, Question};
use bursar_lake::sql::Engine;
use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

fn small(out: &Path) -> DemoReport {
    let plan = DemoPlan { seed: 42, today: "2026-11-22".parse().unwrap(), size: DemoSize::Small };
    demo::generate(out, &plan, NonZeroUsize::new(2).unwrap(), &|_, _| {}).unwrap()
}

fn ledger() -> Arc<Ledger> {
    let now = "2026-11-22T06:00:00Z".parse().unwrap();
    Arc::new(Ledger::new(Arc::new(FixedClock(now))))
}

async fn open(out: &Path, report: &DemoReport) -> Bill {
    let locations: Vec<Location> = report
        .sources
        .iter()
        .map(|source| Location::parse(out.join(&source.path).to_str().unwrap()).unwrap())
        .collect();
    let engine = Arc::new(Engine::new(Default::default()).unwrap());
    Bill::open(&locations, &|_| None, &OpenOptions::default(), &engine, ledger()).await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn deliveries_are_told_apart_and_sums_agree_to_the_last_digit() {
    // claims A1, A3
    let out = tempfile::tempdir().unwrap();
    let report = small(out.path());
    let bill = open(out.path(), &report).await;
    assert!(bill.refused().is_empty(), "{:?}", bill.refused());
    for (source, catalogue) in bill.sources() {
        let periods: BTreeSet<BillingPeriod> =
            catalogue.deliveries.iter().filter_map(|d| d.billing_period).collect();
        assert_eq!((periods.len(), catalogue.deliveries.len()), (12, 12), "{}", source.location());
        assert!(catalogue.ignored.is_empty(), "{:?}", catalogue.ignored);
        // The month delivered twice, the current month's earlier run, and nothing at Google.
        let superseded = if source.location().to_string().ends_with("gcp") { 0 } else { 1 };
        assert_eq!(catalogue.superseded.objects, superseded, "{}", source.location());
    }
    for delivery in bill.deliveries().iter().map(|(_, delivery)| delivery) {
        let known = report.totals.iter().find(|total| {
            total.counts
                && Some(total.billing_period) == delivery.billing_period
                && Some(total.provider.as_str()) == delivery.provider.as_deref()
        });
        let known = known.unwrap_or_else(|| panic!("{delivery:?}"));
        assert_eq!(known.delivered_at, delivery.delivered_at, "{delivery:?}");
        assert!(delivery.rows_declared.is_none_or(|rows| rows == known.rows));
    }
    let engine = Arc::new(Engine::new(Default::default()).unwrap());
    for measure in [Measure::BilledCost, Measure::EffectiveCost, Measure::ListCost, Measure::ContractedCost] {
        let question = Question {
            measure,
            by: vec![
                Dimension::Column("ProviderName".into()),
                Dimension::Column("BillingPeriodStart".into()),
            ],
            grain: Grain::Total,
            compare: Compare::None,
            ..Question::default()
        };
        let answer =
            bursar_lake::ask::ask(&engine, bill.charges(), &question, Duration::from_secs(60)).await.unwrap();
        assert!(answer.excluded.is_empty(), "{:?}", answer.excluded);
        let found: BTreeMap<(String, String), Amount> = answer
            .rows
            .iter()
            .map(|row| {
                let key = |index: usize| row.keys[index].clone().unwrap();
                ((key(0), key(1)[..7].to_owned()), row.amount)
            })
            .collect();
        let expected: BTreeMap<(String, String), Amount> = report
            .totals
            .iter()
            .filter(|total| total.counts)
            .map(|total| {
                let name = match total.provider {
                    Provider::Aws => "AWS",
                    Provider::Azure => "Microsoft",
                    Provider::Gcp => "Google Cloud",
                };
                let amount = match measure {
                    Measure::BilledCost => total.billed_cost,
                    Measure::EffectiveCost => total.effective_cost,
                    Measure::ListCost => total.list_cost,
                    Measure::ContractedCost => total.contracted_cost,
                };
                ((name.to_owned(), total.billing_period.to_string()), amount)
            })
            .collect();
        assert_eq!(found, expected, "{measure:?}");
    }
}

#[test]
fn nothing_is_wrong_with_the_demo_but_what_it_says() {
    // claim A2: the findings are exactly the ones in the answer key.
    let out = tempfile::tempdir().unwrap();
    let report = small(out.path());
    let mut found = BTreeSet::new();
    for provider in Provider::ALL {
        for path in data_files(&out.path().join(provider.as_str())) {
            let mut checker = Checker::new(Dataset::CostAndUsage, FocusVersion::V1_2);
            let mut reader = Reader::open(File::open(&path).unwrap(), |file| Box::new(file)).unwrap();
            checker.begin(&path.display().to_string(), &reader.schema());
            while let Some(chunk) = reader.next_chunk().unwrap() {
                assert!(chunk.bad.is_empty(), "{:?}", chunk.bad);
                checker.push(&chunk.batch);
            }
            found.extend(checker.finish().findings.into_iter().map(|finding| (provider, finding.rule)));
        }
    }
    let expected: BTreeSet<(Provider, String)> = report
        .known_findings
        .iter()
        .flat_map(|known| known.rules.iter().map(|rule| (known.provider, rule.clone())))
        .collect();
    assert_eq!(found, expected);
}

fn data_files(folder: &Path) -> Vec<PathBuf> {
    let (mut files, mut open) = (Vec::new(), vec![folder.to_owned()]);
    while let Some(folder) = open.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                open.push(path);
            } else if path.extension().is_some_and(|extension| extension == "parquet" || extension == "gz") {
                files.push(path);
            }
        }
    }
    files
}
