//! Ladders reach their target and never overshoot it.

use super::super::{Ladder, LadderError, Refusal, ladder, may_buy};
use super::*;
use crate::allocation::Share;
use bursar_domain::BillingPeriod;
use proptest::prelude::*;

fn month(text: &str) -> BillingPeriod {
    text.parse().unwrap()
}

fn plan(target: &str, rungs: u32) -> Ladder {
    Ladder { target: amount(target), first: month("2026-12"), rungs, term_months: 12, largest: None }
}

#[test]
fn a_ladder_spreads_and_renews() {
    // claim E10
    let rungs = ladder(&plan("12", 4), &[(month("2027-02"), amount("4"))]).unwrap();
    let shown: Vec<_> =
        rungs.iter().map(|r| (r.month.to_string(), r.buy.to_string(), r.held.to_string())).collect();
    let row = |month: &str, buy: &str, held: &str| (month.to_owned(), buy.to_owned(), held.to_owned());
    assert_eq!(
        shown,
        [
            row("2026-12", "2", "6"),
            row("2027-01", "2", "8"),
            row("2027-02", "4", "8"),
            row("2027-03", "4", "12"),
        ],
        "the old 4 end in February"
    );
    assert_eq!(rungs[0].ends, month("2027-12"));
    let small = Ladder { largest: Some(amount("1")), ..plan("12", 4) };
    assert_eq!(ladder(&small, &[]).unwrap()[3].held, amount("4"));
    assert_eq!(ladder(&plan("12", 0), &[]), Err(LadderError::Rungs));
}

#[test]
fn a_step_waits_while_what_is_held_is_idle() {
    let rungs = ladder(&plan("12", 2), &[]).unwrap();
    let used = |part: &str| Share::of(amount(part), amount("100"));
    assert_eq!(may_buy(&rungs[0], used("80"), 9_000), Err(Refusal::Underused));
    assert_eq!(may_buy(&rungs[0], used("95"), 9_000), Ok(()));
    assert_eq!(may_buy(&rungs[0], Share::default(), 9_000), Ok(()), "nothing held yet");
    let reached = ladder(&plan("12", 1), &[(month("2030-01"), amount("15"))]).unwrap();
    assert_eq!(may_buy(&reached[0], used("95"), 9_000), Err(Refusal::Reached));
}

proptest! {
    #[test]
    fn the_target_is_reached_to_the_last_digit(
        target in 0..10_i128.pow(24),
        rungs in 1..36_u32,
        held in proptest::collection::vec((1..60_usize, 0..10_i128.pow(23)), 0..5),
    ) {
        let target = Amount::from_units(target);
        let held: Vec<_> = held.into_iter().map(|(months, units)| {
            ((0..months).fold(month("2026-12"), |m, _| m.next()), Amount::from_units(units))
        }).collect();
        let plan = Ladder { target, first: month("2026-12"), rungs, term_months: 36, largest: None };
        let steps = ladder(&plan, &held).unwrap();
        let before: i128 = held.iter().map(|(_, a)| a.units()).sum();
        for step in &steps {
            prop_assert!(step.buy.units() >= 0);
            prop_assert!(step.held <= target.max(Amount::from_units(before)));
        }
        prop_assert!(steps.last().unwrap().held >= target);
    }
}
