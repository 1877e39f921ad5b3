//! Sizing against brute force, honesty about days, layers and replays.

use super::super::{ALL, Appetite, DailyUsage, SizingError, UsageError, layered, ranked, replay, size};
use super::*;
use proptest::prelude::*;

/// 30 days of a working week: `day` from 8 to 20, `night` otherwise.
fn week(day: u32, night: u32, hours: usize) -> Vec<u32> {
    (0..hours)
        .map(|hour| {
            let busy = (8..20).contains(&(hour % 24)) && (hour / 24) % 7 < 5;
            if busy { day } else { night }
        })
        .collect()
}

#[test]
fn the_optimum_of_one_rate_is_a_quantile() {
    // claim E10. Busy in 60 of 168 hours: a level is worth buying when it is used in more than r of all hours.
    let usage = usage(&[week(1000, 400, 168 * 5)]);
    let best = |rate| size(&usage, &offer(&[rate]), Appetite::default()).unwrap();
    let cheap = best(300_000);
    assert_eq!(cheap.optimum.commitment, amount("3"), "10 an hour at 0.3, used in 36 % of hours");
    assert_eq!(cheap.optimum.coverage.to_string(), "100.0 %");
    let dear = best(720_000);
    assert_eq!(dear.optimum.commitment, amount("2.88"), "4 an hour at 0.72, always used");
    assert_eq!(dear.optimum.utilisation.to_string(), "100.0 %");
    assert_eq!(dear.optimum.net_saving, amount("940.8"), "840 hours of 4 × 0.28");
    assert_eq!(dear.break_even_utilisation.to_string(), "72.0 %");
    assert_eq!(dear.never_idle.commitment, amount("2.88"));
    assert_eq!(best(1_000_000).optimum.commitment, Amount::ZERO, "no discount, nothing to buy");
}

#[test]
fn the_curve_goes_from_nothing_to_everything() {
    // claim E10
    let sizing = size(&usage(&[week(1000, 400, 1000)]), &offer(&[720_000]), Appetite::default()).unwrap();
    let (first, last) = (&sizing.curve[0], &sizing.curve[50]);
    assert_eq!((first.net_saving, first.coverage.part), (Amount::ZERO, Amount::ZERO));
    assert_eq!(first.utilisation.to_string(), "unknown", "nothing was committed");
    assert_eq!(last.coverage.to_string(), "100.0 %");
    assert_eq!(last.worst_hour_saving, amount("-3.2"), "7.2 paid for 4 used at night");
    assert_eq!(last.worst_hour, start());
    assert!(last.net_saving.units() < 0);
}

#[test]
fn a_careful_choice_keeps_to_its_appetite() {
    // claim E10. The workload halves after 7 of 10 weeks.
    let mut hours = vec![1000; 168 * 7];
    hours.extend(vec![500; 168 * 3]);
    let usage = usage(&[hours]);
    let with = |losing_weeks_basis_points| {
        size(&usage, &offer(&[600_000]), Appetite { losing_weeks_basis_points }).unwrap()
    };
    let sizing = with(500);
    assert_eq!((sizing.weeks, sizing.optimum.commitment), (10, amount("6")));
    assert_eq!(sizing.optimum.losing_weeks, 3);
    assert_eq!((sizing.careful.commitment, sizing.careful.losing_weeks), (amount("5"), 0), "5 paid, 5 saved");
    assert_eq!(with(3_000).careful.commitment, amount("6"));
    assert_eq!(sizing.drops.len(), 3);
    assert!(sizing.drops[2].careful >= sizing.drops[2].optimum, "the careful choice bears a fall better");
}

#[test]
fn hours_cannot_be_made_of_days() {
    // claim E10
    let day = HourCharge::new(at("2026-01-05T00:00:00Z"), at("2026-01-06T00:00:00Z"), "x", amount("24"));
    let error = day.unwrap_err();
    assert!(error.to_string().contains("is not one hour: take an hourly export"), "{error}");
    assert!(
        HourCharge::new(at("2026-01-05T00:30:00Z"), at("2026-01-05T01:30:00Z"), "x", amount("1")).is_err()
    );
    // A day squeezed into its first hour is found out.
    let squeezed = (0..40).map(|day| {
        let hour = start().plus(day * 24);
        HourCharge::new(hour.starts(), hour.plus(1).starts(), "x", amount("24")).unwrap()
    });
    assert_eq!(HourlyUsage::new(usd(), start(), 40 * 24, squeezed), Err(UsageError::Daily));
    assert_eq!(HourlyUsage::new(usd(), start(), 719, []), Err(UsageError::TooShort(719)));
}

#[test]
fn credits_and_gaps_are_counted() {
    let hour = |at: usize, cost: &str| {
        HourCharge::new(start().plus(at).starts(), start().plus(at + 1).starts(), "x", amount(cost)).unwrap()
    };
    let usage = HourlyUsage::new(usd(), start(), 720, [hour(5, "2"), hour(5, "-3"), hour(7, "1")]).unwrap();
    assert_eq!((usage.negative(), usage.empty_hours()), (1, 719));
    let outside = HourlyUsage::new(usd(), start(), 720, [hour(720, "2")]);
    assert!(matches!(outside, Err(UsageError::Outside(_))));
}

#[test]
fn an_offer_must_fit() {
    let usage = usage(&[vec![100; 720]]);
    assert!(matches!(size(&usage, &offer(&[]), Appetite::default()), Err(SizingError::Offer(_))));
    let mut none = offer(&[500_000]);
    none.rates[0] = None;
    assert_eq!(size(&usage, &none, Appetite::default()), Err(SizingError::NothingCovered));
    let mut odd = offer(&[500_000]);
    odd.term_months = 24;
    let error = size(&usage, &odd, Appetite::default()).unwrap_err();
    assert_eq!(error.to_string(), "24 months is not a term of Compute Savings Plan");
}

#[test]
fn reservations_take_the_floor_and_plans_what_moves() {
    let usage = usage(&[vec![1000; 168 * 6], week(800, 200, 168 * 6)]);
    let mut reservation = offer(&[430_000, 1]);
    reservation.instrument = Instrument::AwsStandardRi;
    reservation.rates[1] = None;
    let alone =
        ranked(&usage, &[offer(&[720_000, 720_000]), reservation.clone()], Appetite::default()).unwrap();
    assert_eq!(alone[0].offer.instrument, Instrument::AwsStandardRi, "5.7 an hour beats 3.36");
    assert_eq!(alone[1].careful.net_saving, amount("3386.88"), "1008 hours of 12 at 28 %");
    let layers = layered(&usage, &[offer(&[720_000, 720_000]), reservation], Appetite::default()).unwrap();
    let sold: Vec<_> =
        layers.layers.iter().map(|l| (l.sizing.offer.instrument, l.sizing.careful.commitment)).collect();
    assert_eq!(
        sold,
        [(Instrument::AwsStandardRi, amount("4.3")), (Instrument::AwsComputeSavingsPlan, amount("1.44")),]
    );
    assert_eq!(layers.net_saving, amount("6310.08"), "1008 hours of 5.7 + 0.56");
}

#[test]
fn what_is_held_is_not_bought_again() {
    // claim E10. 4 an hour are held at 0.5, for the first of two halves.
    let usage = usage(&[vec![1000; 168 * 10]]);
    let half = start().plus(168 * 5);
    let terms = offer(&[500_000]);
    let left = usage.less(&terms, |hour| if hour < half { amount("4") } else { Amount::ZERO }).unwrap();
    let sizing = size(&left, &terms, Appetite::default()).unwrap();
    assert_eq!(sizing.optimum.coverage.whole, amount("10080"), "840 hours of 2 and 840 of 10");
    assert_eq!(sizing.never_idle.commitment, amount("1"));
    assert_eq!(size(&left, &offer(&[400_000]), Appetite::default()).unwrap().optimum.commitment, amount("4"));
}

#[test]
fn a_replay_judges_by_what_came_after() {
    // claim E10. Steady in working hours for six weeks, then the same: days suggest more than hours pay for.
    let usage = usage(&[week(1000, 0, 168 * 12)]);
    let told = replay(&usage, &offer(&[500_000]), Appetite::default(), 168 * 6).unwrap().unwrap();
    assert_eq!(told.careful.commitment, Amount::ZERO, "used in 36 % of hours, paid from 50 %");
    assert_eq!(told.careful.net_saving, Amount::ZERO);
    assert!(told.average.net_saving.units() < 0, "{:?}", told.average);
    assert_eq!(told.hindsight.net_saving, Amount::ZERO);
    assert_eq!(replay(&usage, &offer(&[500_000]), Appetite::default(), 168).unwrap(), None);
}

#[test]
fn instruments_are_complete() {
    for instrument in ALL {
        let facts = instrument.facts();
        assert!(
            !facts.name.is_empty() && !facts.exit.is_empty() && !facts.traps.is_empty(),
            "{instrument:?}"
        );
        assert!((1..100).contains(&facts.discount_up_to_percent) && !facts.terms_months.is_empty());
        let name = serde_json::to_string(instrument).unwrap();
        assert_eq!(serde_json::from_str::<Instrument>(&name).unwrap(), *instrument);
    }
    let order = |one: Instrument, other: Instrument| one.facts().order < other.facts().order;
    assert!(order(Instrument::AwsStandardRi, Instrument::AwsEc2SavingsPlan));
    assert!(order(Instrument::AwsEc2SavingsPlan, Instrument::AwsComputeSavingsPlan));
    assert!(order(Instrument::AzureReservation, Instrument::AzureComputeSavingsPlan));
    let warned = |day: &str| Instrument::AzureReservation.warnings(day.parse().unwrap());
    assert!(warned("2026-11-22")[0].starts_with("from 2027-02-01"));
    assert!(warned("2027-02-01")[0].contains("no longer"));
}

fn any_usage() -> impl Strategy<Value = Vec<Vec<u32>>> {
    let hour = prop_oneof![Just(0_u32), 1..500_u32, Just(250_u32)];
    let shapes = proptest::collection::vec(proptest::collection::vec(hour, 24), 1..4);
    // A pattern repeated keeps brute force affordable.
    shapes.prop_map(|skus| skus.into_iter().map(|day| day.into_iter().cycle().take(720).collect()).collect())
}

/// Saving of a commitment, written anew in floating point: the deepest discount first, hour by hour.
fn brute(skus: &[Vec<u32>], rates: &[u32], commitment: f64) -> f64 {
    let mut order: Vec<usize> = (0..skus.len()).collect();
    order.sort_by_key(|sku| rates[*sku]);
    let hours = (0..skus[0].len()).map(|hour| {
        let (mut left, mut saving) = (commitment, -commitment);
        for &sku in &order {
            let (cost, rate) = (f64::from(skus[sku][hour]) / 100.0, f64::from(rates[sku]) / 1e6);
            let covered = cost.min(left / rate);
            left -= covered * rate;
            saving += covered;
        }
        saving
    });
    hours.sum()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]
    #[test]
    fn no_commitment_saves_more_than_the_optimum(
        skus in any_usage(),
        rates in proptest::collection::vec(150_000..999_000_u32, 3),
    ) {
        // claim E10
        prop_assume!(skus.iter().flatten().any(|cents| *cents > 0));
        let rates = &rates[..skus.len()];
        let charged = skus.iter().flatten().enumerate().any(|(hour, cents)| hour % 24 != 0 && *cents > 0);
        prop_assume!(charged);
        let usage = usage(&skus);
        let sizing = size(&usage, &offer(rates), Appetite::default()).unwrap();
        let best = sizing.optimum.net_saving.to_f64_lossy();
        prop_assert!((brute(&skus, rates, sizing.optimum.commitment.to_f64_lossy()) - best).abs() < 1e-6);
        // Every kink, and between them: rounding the optimum down by 0.001 an hour may cost that much per hour.
        let slack = 0.001 * 720.0 / 0.15;
        let top = sizing.curve[50].commitment.to_f64_lossy();
        for step in 0..=200 {
            let commitment = top * f64::from(step) / 200.0;
            prop_assert!(brute(&skus, rates, commitment) <= best + slack, "{commitment} beats the optimum");
        }
        if skus.len() == 1 {
            // The (1 - r) quantile, by sorting.
            let mut sorted = skus[0].clone();
            sorted.sort_unstable();
            let above = |level: u32| sorted.iter().filter(|cents| **cents > level).count();
            let r = f64::from(rates[0]) / 1e6;
            let wanted = std::iter::once(0).chain(sorted.iter().copied())
                .find(|level| above(*level) as f64 / sorted.len() as f64 <= r).unwrap();
            let bought = sizing.optimum.commitment.to_f64_lossy() / r * 100.0;
            prop_assert!((bought - f64::from(wanted)).abs() <= 0.11 / r, "{bought} is not {wanted}");
        }
        prop_assert!(sizing.careful.commitment <= sizing.optimum.commitment);
        prop_assert!(sizing.careful.losing_weeks * 20 <= sizing.weeks);
        prop_assert_eq!(sizing.never_idle.utilisation.part, sizing.never_idle.utilisation.whole);
    }

    #[test]
    fn days_never_promise_less_than_hours_keep(skus in any_usage(), rate in 150_000..999_000_u32) {
        // claim E10
        prop_assume!(skus[0].iter().enumerate().any(|(hour, cents)| hour % 24 != 0 && *cents > 0));
        let days = skus[0].chunks(24).enumerate().map(|(day, hours)| {
            let cents: i128 = hours.iter().map(|cents| i128::from(*cents)).sum();
            (start().plus(day * 24).starts().date_naive(), Amount::from_units(cents * 10_i128.pow(16)))
        });
        let rate_of = CommittedRate::from_millionths(rate).unwrap();
        let bounds = DailyUsage { currency: usd(), days: days.collect() }.bounds(rate_of).unwrap();
        for bound in bounds.bounds {
            let real = brute(&skus[..1], &[rate], bound.commitment.to_f64_lossy());
            prop_assert!(real <= bound.saving_at_most.to_f64_lossy() + 1e-6);
        }
    }
}
