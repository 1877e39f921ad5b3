//! Forecasts of any history are finite, nested and the same every time.

use super::*;
use proptest::prelude::*;

fn of(values: Vec<f64>, horizon: usize, season: Option<usize>) -> Forecast {
    forecast(&Series::indexed("s", values), horizon, &Options { season }).unwrap()
}

/// Finite, nested, and as long as asked.
fn check(found: &Forecast, horizon: usize) {
    for ends in [&found.mean, &found.lo80, &found.hi80, &found.lo95, &found.hi95] {
        assert_eq!(ends.len(), horizon);
        assert!(ends.iter().all(|value| value.is_finite()));
    }
    for at in 0..horizon {
        let row = [found.lo95[at], found.lo80[at], found.mean[at], found.hi80[at], found.hi95[at]];
        assert!(row.is_sorted(), "{at}: {row:?}");
    }
    assert!(found.sigma.iter().chain(&found.total_sigma).all(|sigma| sigma.is_finite() && *sigma >= 0.0));
}

fn weeks(days: u32) -> Vec<f64> {
    let noise = |day: u32| f64::from(day.wrapping_mul(2_654_435_761) >> 20) / 4096.0 - 0.5;
    (0..days)
        .map(|day| 1000.0 + f64::from(day) + if day % 7 >= 5 { -200.0 } else { 80.0 } + 40.0 * noise(day))
        .collect()
}

/// claim F4: trend and week go on, with intervals that are neither nothing nor everything.
#[test]
fn a_week_and_a_trend_go_on() {
    let found = of(weeks(330), 35, None);
    check(&found, 35);
    for (at, mean) in found.mean.iter().enumerate() {
        let day = 330 + u32::try_from(at).unwrap();
        let wanted = 1000.0 + f64::from(day) + if day % 7 >= 5 { -200.0 } else { 80.0 };
        assert!((mean - wanted).abs() < 60.0, "{at}: {mean} instead of {wanted}");
        let wide = found.hi95[at] - found.lo95[at];
        assert!((20.0..300.0).contains(&wide), "{wide}");
    }
    assert!(found.model.contains("season 7"), "{}", found.model);
    let backtest = found.backtest.unwrap();
    assert!(backtest.wape < 0.03 && backtest.mase.unwrap() < 0.8 && backtest.folds == 4, "{backtest:?}");
}

#[test]
fn odd_series_have_forecasts() {
    let cases: [(&str, Vec<f64>); 13] = [
        ("one value", vec![5.0]),
        ("two values", vec![5.0, 6.0]),
        ("three values", vec![5.0, 6.0, 9.0]),
        ("zeros", vec![0.0; 40]),
        ("a constant", vec![1e12; 40]),
        ("nearly a constant", (0..40).map(|n| 1e12 + f64::from(n % 2) * 1e-3).collect()),
        ("large amounts", weeks(60).iter().map(|value| value * 1e9).collect()),
        ("very large numbers", weeks(60).iter().map(|value| value * 1e300).collect()),
        ("very small numbers", weeks(60).iter().map(|value| value * 1e-305).collect()),
        ("credits", weeks(60).iter().map(|value| 1050.0 - value).collect()),
        ("doubling", (0..100).map(|n| 2_f64.powi(n)).collect()),
        ("mostly nothing", (0..90).map(|n| if n % 13 == 0 { 7.0 } else { 0.0 }).collect()),
        ("a step", (0..90).map(|n| if n < 45 { 1.0 } else { 1000.0 }).collect()),
    ];
    for (name, values) in cases {
        for season in [None, Some(1), Some(7), Some(500), Some(usize::MAX)] {
            let least = values.iter().copied().fold(f64::INFINITY, f64::min);
            let found = of(values.clone(), 20, season);
            check(&found, 20);
            assert!(least < 0.0 || found.lo95.iter().all(|value| *value >= 0.0), "{name} fell below zero");
        }
    }
}

/// Below zero is only cut off where nothing ever was below.
#[test]
fn negative_values_stay_possible() {
    let falling: Vec<f64> = (0..80).map(|n| 20.0 - f64::from(n) * 0.5 + f64::from(n % 3)).collect();
    let found = of(falling, 20, Some(1));
    assert!(found.mean[19] < -20.0, "{:?}", found.mean);
}

#[test]
fn gaps_are_filled_and_said() {
    let mut values = weeks(120);
    values[40] = f64::NAN;
    values[80] = f64::NAN;
    check(&of(values.clone(), 7, Some(usize::MAX)), 7);
    let found = of(values, 7, None);
    assert!(found.notes.contains(&Note::GapsFilled(2)), "{:?}", found.notes);
    assert_eq!(found.notes[0].to_string(), "2 missing timestamps were filled from their neighbours");
}

#[test]
fn nothing_and_too_far_are_errors() {
    let empty = Series::indexed("s", vec![f64::NAN; 3]);
    assert!(matches!(forecast(&empty, 1, &Options::default()), Err(ForecastError::NoValues { .. })));
    let some = Series::indexed("s", vec![1.0; 3]);
    for horizon in [0, MAX_HORIZON + 1] {
        let found = forecast(&some, horizon, &Options::default());
        assert!(matches!(found, Err(ForecastError::Horizon { .. })));
    }
}

#[test]
fn forecasts_may_be_made_on_many_threads() {
    fn is_shared<T: Send + Sync>() {}
    is_shared::<Series>();
    is_shared::<Forecast>();
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    /// claim F4: whatever the history, what comes out is finite, nested and the same again.
    #[test]
    fn any_history_has_a_finite_nested_repeatable_forecast(
        values in prop::collection::vec(prop_oneof![
            -1e3_f64..1e3, 0.0_f64..10.0, Just(0.0), -1e15_f64..1e15, Just(f64::NAN),
        ], 1..150),
        horizon in 1_usize..40,
        season in prop::option::of(1_usize..30),
    ) {
        prop_assume!(values.iter().any(|value| value.is_finite()));
        let found = of(values.clone(), horizon, season);
        check(&found, horizon);
        prop_assert_eq!(found, of(values, horizon, season));
    }

    /// Twice the cost is twice the forecast.
    #[test]
    fn scale_does_not_matter(days in 20_u32..120, factor in 0.01_f64..1e6) {
        let plain = of(weeks(days), 10, None);
        let scaled = of(weeks(days).iter().map(|value| value * factor).collect(), 10, None);
        for (one, two) in plain.mean.iter().chain(&plain.hi95).zip(scaled.mean.iter().chain(&scaled.hi95)) {
            prop_assert!((one * factor - two).abs() <= 1e-3 * two.abs(), "{one} × {factor} is not {two}");
        }
    }
}
