//! The demo keeps its promises: rules of FOCUS, exact sums, equal bytes.

use super::*;
use crate::demo::anomalies::PLANTED;
use crate::demo::charge::Charge;
use arrow::array::{Array, AsArray};
use arrow::datatypes::{Decimal128Type, Float64Type};
use bursar_domain::Amount;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use std::collections::{BTreeMap, HashMap};
use std::convert::Infallible;
use std::fs;

fn day(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

fn plan(seed: u64, today: &str) -> DemoPlan {
    DemoPlan { seed, today: day(today), size: DemoSize::Small }
}

fn threads(n: usize) -> NonZeroUsize {
    NonZeroUsize::new(n).unwrap()
}

fn files(folder: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let (mut files, mut open) = (BTreeMap::new(), vec![folder.to_owned()]);
    while let Some(folder) = open.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                open.push(path)
            } else {
                drop(files.insert(path.clone(), fs::read(path).unwrap()))
            }
        }
    }
    files
}

/// Every charge of the counting deliveries.
fn each_charge(seed: u64, mut check: impl FnMut(Provider, BillingPeriod, &Charge<'_>)) {
    let calendar = Calendar::new(day("2026-11-22")).unwrap();
    for provider in Provider::ALL {
        let world = World::new(provider, seed, &calendar, DemoSize::Small);
        for month in calendar.months() {
            let mut out = |charge: &Charge<'_>| -> Result<(), Infallible> {
                check(provider, *month, charge);
                Ok(())
            };
            let Ok(()) = month::charges(&world, &calendar, *month, Edition::Final, &mut out);
        }
    }
}

#[test]
fn every_charge_keeps_the_rules() {
    each_charge(7, |provider, month, charge| {
        let row = || format!("{provider:?} {month} {charge:?}");
        let product = |price: Option<money::Price>| {
            let quantity = charge.pricing.map(|(quantity, _)| quantity.units())?;
            // Both at 10⁻¹⁸; the product must come out without a remainder.
            let product = price?.amount().units().checked_mul(quantity / 1_000_000_000)?;
            assert_eq!(product % 1_000_000_000, 0, "{}", row());
            Some(product / 1_000_000_000)
        };
        if let Some(list) = product(charge.list_price) {
            assert_eq!(list, charge.list.units(), "ListUnitPrice × PricingQuantity: {}", row());
        }
        if let Some(contracted) = product(charge.contracted_price) {
            assert_eq!(
                contracted,
                charge.contracted.units(),
                "ContractedUnitPrice × PricingQuantity: {}",
                row()
            );
        }
        for amount in [charge.list, charge.contracted, charge.billed, charge.effective] {
            assert_eq!(amount.round(9), amount, "more than BigQuery's 9 decimals: {}", row());
            let double: f64 = amount.to_string().parse().unwrap();
            assert_eq!(format!("{double}").parse(), Ok(amount), "a double does not carry it: {}", row());
        }
        let usage = charge.category == "Usage";
        let priced = (usage || charge.category == "Purchase") && !charge.correction;
        assert_eq!(charge.list_price.is_some(), priced, "{}", row());
        assert!(!priced || (charge.sku.is_some() && charge.pricing_category.is_some()), "{}", row());
        assert!(
            charge.category != "Tax" || (charge.sku.is_none() && charge.pricing_category.is_none()),
            "{}",
            row()
        );
        assert!(charge.category != "Purchase" || charge.frequency != "Usage-Based", "{}", row());
        match charge.commitment.as_ref().map(|commitment| commitment.status) {
            Some(Some("Used")) => {
                assert!(usage && charge.billed.is_zero() && charge.consumed.is_some(), "{}", row());
                assert_eq!(charge.pricing_category, Some("Committed"));
                assert!(
                    charge.effective <= charge.contracted && charge.contracted <= charge.list,
                    "{}",
                    row()
                );
            }
            Some(Some(_)) => {
                assert!(usage && charge.billed.is_zero() && charge.consumed.is_none(), "{}", row());
                assert_eq!(
                    charge.resource.map(|r| r.id),
                    charge.commitment.map(|c| c.commitment.id.as_str())
                );
            }
            Some(None) => assert!(charge.category == "Purchase" && charge.effective.is_zero(), "{}", row()),
            None => assert_eq!(charge.consumed.is_some(), usage && !charge.correction, "{}", row()),
        }
        // A correction is for an earlier month and billed in this one; all else is of this one.
        assert_eq!(charge.correction, charge.period.0 < month.start(), "{}", row());
        assert!(charge.period.0 < charge.period.1 && charge.period.1 <= month.end(), "{}", row());
    });
}

#[test]
fn what_is_paid_for_commitments_is_used_or_unused() {
    // Daily payments come out even every day, monthly ones every complete month.
    let mut sums: HashMap<(String, BillingPeriod), (Amount, Amount)> = HashMap::new();
    let mut unused = [false; 3];
    each_charge(7, |provider, month, charge| {
        let Some(commitment) = &charge.commitment else { return };
        if commitment.commitment.payment == commitments::Payment::Upfront || month.to_string() == "2026-11" {
            return;
        }
        unused[provider as usize] |= commitment.status == Some("Unused");
        let sum = sums.entry((commitment.commitment.id.clone(), month)).or_default();
        if charge.category == "Purchase" {
            money::add(&mut sum.0, charge.billed)
        } else {
            money::add(&mut sum.1, charge.effective)
        }
    });
    assert!(sums.len() > 40);
    for (key, (paid, amortised)) in sums {
        assert_eq!(paid, amortised, "{key:?}");
    }
    assert_eq!(unused, [true; 3], "every provider has some unused commitment");
}

#[test]
fn each_service_has_one_category_and_each_usage_type_one_meter() {
    for provider in Provider::ALL {
        let (mut services, mut usages) = (HashMap::new(), HashMap::new());
        for sku in provider.terms().skus {
            let known = services.entry(sku.service.name).or_insert(sku.service);
            assert_eq!(*known, sku.service);
            assert!(usages.insert(sku.usage, sku).is_none(), "{}", sku.usage);
            if !sku.details.is_empty() {
                serde_json::from_str::<serde_json::Map<String, serde_json::Value>>(sku.details).unwrap();
            }
        }
    }
}

#[test]
fn every_anomaly_is_planted_and_shows() {
    let calendar = Calendar::new(day("2026-11-22")).unwrap();
    let worlds = Provider::ALL.map(|provider| World::new(provider, 7, &calendar, DemoSize::Small));
    let found = answer::anomalies(&worlds, &calendar);
    assert_eq!(found.len(), PLANTED.len());
    for anomaly in found {
        assert!(anomaly.excess > Amount::from_units(300 * 10_i128.pow(18)), "{anomaly:?}");
        assert!(
            calendar.index(anomaly.from) >= 0 && calendar.index(anomaly.to) <= calendar.days(),
            "{anomaly:?}"
        );
    }
}

#[test]
fn equal_plans_give_equal_bytes_and_other_seeds_other_bills() {
    let out = tempfile::tempdir().unwrap();
    let make = |name: &str, seed, n| {
        let folder = out.path().join(name);
        generate(&folder, &plan(seed, "2026-11-22"), threads(n), &|_, _| {}).unwrap();
        files(&folder)
            .into_iter()
            .map(|(path, bytes)| (path.strip_prefix(&folder).unwrap().to_owned(), bytes))
            .collect::<BTreeMap<_, _>>()
    };
    let (one, again, other) = (make("one", 1, 1), make("again", 1, 3), make("other", 2, 2));
    assert!(one == again, "the same plan gave other files");
    assert!(one.values().zip(other.values()).filter(|(a, b)| a != b).count() > 36);
    // Generating over an earlier demo leaves nothing of it behind.
    let replaced = {
        let folder = out.path().join("other");
        generate(&folder, &plan(1, "2026-11-22"), threads(2), &|_, _| {}).unwrap();
        files(&folder).len()
    };
    assert_eq!(replaced, one.len());
}

#[test]
fn the_files_hold_what_the_answer_key_says() {
    let out = tempfile::tempdir().unwrap();
    let seen = AtomicUsize::new(0);
    let report = generate(out.path(), &plan(3, "2026-03-01"), threads(2), &|done, of| {
        assert!(done <= of);
        seen.fetch_max(done, Ordering::Relaxed);
    })
    .unwrap();
    assert_eq!(seen.into_inner(), report.totals.len());
    assert_eq!(existing(out.path(), &report.plan), Some(report.clone()));
    assert_eq!(existing(out.path(), &plan(4, "2026-03-01")), None);
    let mut read: BTreeMap<Provider, (u64, Amount, Amount)> = BTreeMap::new();
    for (path, bytes) in files(out.path()) {
        let provider = Provider::ALL.into_iter().find(|p| path.starts_with(out.path().join(p.as_str())));
        let Some(provider) = provider else { continue };
        let sum = read.entry(provider).or_default();
        match path.extension().and_then(|e| e.to_str()) {
            Some("parquet") => add_parquet(&bytes, sum),
            Some("gz") => add_csv(&bytes, sum),
            _ => {}
        }
    }
    for (provider, sum) in read {
        let mut expected = (0, Amount::ZERO, Amount::ZERO);
        for total in report.totals.iter().filter(|total| total.provider == provider) {
            expected.0 += total.rows;
            money::add(&mut expected.1, total.billed_cost);
            money::add(&mut expected.2, total.effective_cost);
        }
        assert_eq!(sum, expected, "{provider:?}");
    }
}

fn add_parquet(bytes: &[u8], sum: &mut (u64, Amount, Amount)) {
    let reader = ParquetRecordBatchReaderBuilder::try_new(bytes::Bytes::copy_from_slice(bytes))
        .unwrap()
        .build()
        .unwrap();
    for batch in reader {
        let batch = batch.unwrap();
        sum.0 += batch.num_rows() as u64;
        for (name, sum) in [("BilledCost", &mut sum.1), ("EffectiveCost", &mut sum.2)] {
            let column = batch.column_by_name(name).unwrap();
            for row in 0..column.len() {
                // A double becomes the decimal that it prints as.
                let amount: Amount = match column.as_primitive_opt::<Float64Type>() {
                    Some(doubles) => format!("{}", doubles.value(row)).parse().unwrap(),
                    None => {
                        Amount::from_units(column.as_primitive::<Decimal128Type>().value(row) * 1_000_000_000)
                    }
                };
                money::add(sum, amount);
            }
        }
    }
}

fn add_csv(bytes: &[u8], sum: &mut (u64, Amount, Amount)) {
    let mut text = String::new();
    std::io::Read::read_to_string(&mut flate2::read::GzDecoder::new(bytes), &mut text).unwrap();
    let mut reader = csv::Reader::from_reader(text.trim_start_matches('\u{feff}').as_bytes());
    let headers = reader.headers().unwrap().clone();
    let at = |name: &str| headers.iter().position(|header| header == name).unwrap();
    let (billed, effective) = (at("BilledCost"), at("EffectiveCost"));
    for record in reader.records() {
        let record = record.unwrap();
        sum.0 += 1;
        money::add(&mut sum.1, record[billed].parse().unwrap());
        money::add(&mut sum.2, record[effective].parse().unwrap());
    }
}

#[test]
fn a_restatement_changes_the_month_and_both_deliveries_are_there() {
    let out = tempfile::tempdir().unwrap();
    let report = generate(out.path(), &plan(42, "2026-11-22"), threads(2), &|_, _| {}).unwrap();
    let of = |period: &str| -> Vec<&Total> {
        report
            .totals
            .iter()
            .filter(|t| t.provider == Provider::Aws && t.billing_period.to_string() == period)
            .collect()
    };
    let september = of("2026-09");
    assert_eq!(september.len(), 2);
    assert!(!september[0].counts && september[1].counts);
    assert!(september[0].delivered_at < september[1].delivered_at);
    assert_ne!(september[0].billed_cost, september[1].billed_cost);
    assert_eq!(of("2026-10").len(), 1);
    let data = out.path().join("aws/larkfield-focus/data/BILLING_PERIOD=2026-09");
    assert_eq!(fs::read_dir(data).unwrap().count(), 2);
}

#[test]
fn somebody_elses_folder_is_refused_and_left_alone() {
    let out = tempfile::tempdir().unwrap();
    fs::create_dir_all(out.path().join("aws")).unwrap();
    fs::write(out.path().join("aws/precious.csv"), "x").unwrap();
    let error = generate(out.path(), &plan(1, "2026-11-22"), threads(1), &|_, _| {}).unwrap_err();
    assert!(matches!(error, DemoError::NotOurs { .. }), "{error}");
    assert_eq!(files(out.path()).len(), 1);
}

#[test]
fn any_day_can_be_today() {
    for today in ["2024-02-29", "2026-01-01", "2026-12-31", "2026-03-31", "0002-01-15", "9998-12-31"] {
        let calendar = Calendar::new(day(today)).unwrap();
        assert_eq!(calendar.months().len(), MONTHS);
        let (from, to) = calendar.days_of(calendar.months()[MONTHS - 1]);
        assert!(from < to, "{today}: the current month has a day");
        let world = World::new(Provider::Azure, 1, &calendar, DemoSize::Small);
        assert!(world.items.iter().any(|item| item.quantity(to - 1, &calendar).is_some()));
    }
    assert!(Calendar::new(day("0001-06-01")).is_none());
}
