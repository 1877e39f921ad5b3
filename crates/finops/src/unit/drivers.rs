//! Why the cost of two periods differs: price, volume and mix, adding up to the last digit.
//!
//! With the cost `c` and the volume `v` of every segment and their sums, before (0) and after (1):
//!
//! * *volume* = c₀·V₁/V₀ − c₀: everything grew alike;
//! * *mix* = v₁·c₀/v₀ − c₀·V₁/V₀: segments grew differently, at the old cost per unit;
//! * *price* = c₁ − v₁·c₀/v₀: the cost per unit changed.
//!
//! They telescope, so their sum is c₁ − c₀ whatever the two quotients in the middle are rounded to. A segment
//! that is new has no old cost per unit: all of it is mix. Cost of a segment without volume in either period
//! is no driver of units and shown as *fixed*.

use crate::allocation::exact::scaled;
use bursar_domain::Amount;
use bursar_domain::money::AmountError;
use serde::Serialize;

/// The cost and volume of one segment in both periods, in one currency.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Segment {
    /// Its name.
    pub name: String,
    /// Cost before.
    pub cost_before: Amount,
    /// Cost after.
    pub cost_after: Amount,
    /// Volume before, zero or more.
    pub volume_before: Amount,
    /// Volume after, zero or more.
    pub volume_after: Amount,
}

/// What changed the cost of a segment, or of all.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Driver {
    /// The segment; empty for all together.
    pub name: String,
    /// By the cost per unit.
    pub price: Amount,
    /// By the growth of everything.
    pub volume: Amount,
    /// By growing differently from the others.
    pub mix: Amount,
    /// Of cost that has no volume.
    pub fixed: Amount,
    /// The sum of the four, which is the change.
    pub change: Amount,
}

/// The change by segment, and together.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Drivers {
    /// By segment, in the order given.
    pub segments: Vec<Driver>,
    /// The sums.
    pub total: Driver,
}

/// Why there are no drivers.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum DriversError {
    /// No growth can be told from nothing.
    #[error("the earlier period has no volume: there is nothing to compare with")]
    NoVolume,
    /// A volume below zero.
    #[error("the volume of `{0}` is below zero")]
    Negative(String),
    /// Out of range.
    #[error(transparent)]
    Amount(#[from] AmountError),
}

/// Explains the change of cost between two periods.
///
/// # Errors
/// When the earlier period has no volume, one is below zero, or an amount leaves the range.
pub fn drivers(segments: &[Segment]) -> Result<Drivers, DriversError> {
    let (mut before, mut after) = (Amount::ZERO, Amount::ZERO);
    for segment in segments {
        if segment.volume_before.units() < 0 || segment.volume_after.units() < 0 {
            return Err(DriversError::Negative(segment.name.clone()));
        }
        before = before.checked_add(segment.volume_before)?;
        after = after.checked_add(segment.volume_after)?;
    }
    if before.is_zero() {
        return Err(DriversError::NoVolume);
    }
    let mut total = Driver::default();
    let mut explained = Vec::with_capacity(segments.len());
    for segment in segments {
        let driver = driver(segment, before, after)?;
        total.price = total.price.checked_add(driver.price)?;
        total.volume = total.volume.checked_add(driver.volume)?;
        total.mix = total.mix.checked_add(driver.mix)?;
        total.fixed = total.fixed.checked_add(driver.fixed)?;
        total.change = total.change.checked_add(driver.change)?;
        explained.push(driver);
    }
    Ok(Drivers { segments: explained, total })
}

fn driver(segment: &Segment, before: Amount, after: Amount) -> Result<Driver, AmountError> {
    let Segment { name, cost_before, cost_after, volume_before, volume_after } = segment;
    let change = cost_after.checked_sub(*cost_before)?;
    let named = Driver { name: name.clone(), change, ..Driver::default() };
    if volume_before.is_zero() && volume_after.is_zero() {
        return Ok(Driver { fixed: change, ..named });
    }
    let share = |cost: Amount, part: Amount, whole: Amount| {
        scaled(cost.units(), part.units(), whole.units()).map(Amount::from_units).ok_or(AmountError::Overflow)
    };
    let grown_alike = share(*cost_before, after, before)?;
    let at_old_price = if volume_before.is_zero() {
        *cost_after
    } else {
        share(*cost_before, *volume_after, *volume_before)?
    };
    Ok(Driver {
        volume: grown_alike.checked_sub(*cost_before)?,
        mix: at_old_price.checked_sub(grown_alike)?,
        price: cost_after.checked_sub(at_old_price)?,
        ..named
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn segment(name: &str, figures: [&str; 4]) -> Segment {
        let [cost_before, cost_after, volume_before, volume_after] =
            figures.map(|text| text.parse().unwrap());
        Segment { name: name.to_owned(), cost_before, cost_after, volume_before, volume_after }
    }

    #[test]
    fn a_worked_example() {
        // Basic 10 × 100 and pro 50 × 10 become basic 12 × 100 and pro 50 × 30.
        let segments = [
            segment("basic", ["1000", "1200", "100", "100"]),
            segment("pro", ["500", "1500", "10", "30"]),
            segment("office", ["7", "9", "0", "0"]),
        ];
        let found = drivers(&segments).unwrap().total;
        assert_eq!(found.price.to_string(), "200");
        assert_eq!(found.volume.to_string(), "272.727272727272727273");
        assert_eq!(found.mix.to_string(), "727.272727272727272727");
        assert_eq!((found.fixed.to_string(), found.change.to_string()), ("2".into(), "1202".into()));
    }

    #[test]
    fn new_and_gone_segments_are_mix() {
        let found =
            drivers(&[segment("old", ["100", "0", "10", "0"]), segment("new", ["0", "80", "0", "10"])])
                .unwrap();
        assert_eq!((found.total.price.to_string(), found.total.mix.to_string()), ("0".into(), "-20".into()));
        assert_eq!(drivers(&[segment("x", ["1", "1", "0", "5"])]), Err(DriversError::NoVolume));
    }

    fn amount(range: std::ops::Range<i128>) -> impl Strategy<Value = Amount> {
        range.prop_map(Amount::from_units)
    }

    proptest! {
        #[test]
        fn drivers_add_up_to_the_change(
            rows in proptest::collection::vec(
                (amount(-10_i128.pow(22)..10_i128.pow(24)), amount(-10_i128.pow(22)..10_i128.pow(24)),
                 prop_oneof![Just(Amount::ZERO), amount(10_i128.pow(15)..10_i128.pow(22))],
                 prop_oneof![Just(Amount::ZERO), amount(10_i128.pow(15)..10_i128.pow(22))]),
                1..12),
        ) {
            let segments: Vec<Segment> = rows.into_iter().map(|(cost_before, cost_after, volume_before, volume_after)| {
                Segment { name: String::new(), cost_before, cost_after, volume_before, volume_after }
            }).collect();
            prop_assume!(segments.iter().any(|s| !s.volume_before.is_zero()));
            let found = drivers(&segments).unwrap();
            for driver in found.segments.iter().chain([&found.total]) {
                let sum = driver.price.units() + driver.volume.units() + driver.mix.units() + driver.fixed.units();
                prop_assert_eq!(sum, driver.change.units());
            }
            let wanted: i128 = segments.iter().map(|s| s.cost_after.units() - s.cost_before.units()).sum();
            prop_assert_eq!(found.total.change.units(), wanted);
        }
    }
}
