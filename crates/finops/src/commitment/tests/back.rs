//! Figures about the past, on the specification's worked examples and by hand.

use super::super::{
    Basis, BreakEven, ChargeKind, ChargeSum, CommitmentStatus, Denominator, Held, PricingKind, break_even,
    break_even_utilisation, expiring, lock_in, rates,
};
use super::*;
use proptest::prelude::*;

/// The specification's worked examples (FOCUS_Spec, CC BY 4.0), kept with the crate that reads FOCUS.
macro_rules! example {
    ($name:literal) => {
        include_str!(concat!("../../../../focus/tests/data/spec_examples/", $name, ".csv"))
    };
}

fn charges(csv: &str) -> Vec<ChargeSum> {
    let mut reader = csv::Reader::from_reader(csv.as_bytes());
    let headers = reader.headers().unwrap().clone();
    let rows: Vec<csv::StringRecord> = reader.records().map(Result::unwrap).collect();
    rows.iter()
        .map(|row| {
            let text = |name: &str| {
                let at = headers.iter().position(|header| header == name)?;
                row.get(at).filter(|text| *text != "null" && !text.is_empty())
            };
            let cost = |name| text(name).map_or(Amount::ZERO, amount);
            // The examples have no contracted cost; what they list is the price without the commitment.
            ChargeSum {
                charge: if text("ChargeCategory") == Some("Purchase") {
                    ChargeKind::Purchase
                } else {
                    ChargeKind::Usage
                },
                pricing: text("PricingCategory").map(|kind| match kind {
                    "Committed" => PricingKind::Committed,
                    _ => PricingKind::Standard,
                }),
                commitment: text("CommitmentDiscountId").map(str::to_owned),
                status: text("CommitmentDiscountStatus").map(|status| match status {
                    "Used" => CommitmentStatus::Used,
                    _ => CommitmentStatus::Unused,
                }),
                eligible: None,
                currency: usd(),
                list_cost: cost("ListCost"),
                contracted_cost: cost("ListCost"),
                effective_cost: cost("EffectiveCost"),
                billed_cost: cost("BilledCost"),
            }
        })
        .collect()
}

#[test]
fn an_unused_hour_is_all_waste() {
    // claim F9
    let found = rates(&charges(example!("commitment_discount_usage_scenario_2"))).unwrap();
    let together = &found[&usd()].together;
    assert_eq!((together.used, together.unused), (amount("0"), amount("1")));
    assert_eq!(together.utilisation.to_string(), "0.0 %");
    assert_eq!(together.net_saving, amount("-1"));
}

#[test]
fn a_purchase_is_no_usage() {
    // claim F9
    let found = rates(&charges(example!("commitment_discount_purchase_scenario_3"))).unwrap();
    let found = &found[&usd()];
    assert_eq!(found.together.purchased, amount("4381.5"));
    assert_eq!(found.together.utilisation.to_string(), "unknown");
    assert_eq!(found.coverage.share.to_string(), "unknown");
}

#[test]
fn a_price_that_is_not_given_is_not_guessed() {
    // claim F9
    let found = rates(&charges(example!("commitment_discount_usage_scenario_4"))).unwrap();
    let found = &found[&usd()];
    assert_eq!(found.together.utilisation.to_string(), "100.0 %");
    assert_eq!(found.unpriced, amount("1.5"));
    assert_eq!(found.savings_rate.share.to_string(), "unknown");
}

#[test]
fn two_resources_share_one_commitment() {
    // claim F9
    let csv =
        example!("one_hundred_percent_utilization_with_commitment_discount_flexibility_with_2_resources");
    let found = rates(&charges(csv)).unwrap();
    let found = &found[&usd()];
    assert_eq!(found.commitments.len(), 1);
    assert_eq!((found.together.used, found.together.purchased), (amount("2"), amount("2")));
    assert_eq!(found.together.utilisation.to_string(), "100.0 %");
    assert_eq!(found.together.net_saving, amount("2"), "4 at list, 2 paid");
    assert_eq!(found.savings_rate.basis, Basis::Contracted);
    assert_eq!(found.savings_rate.share.to_string(), "50.0 %");
}

fn sum(
    pricing: PricingKind,
    status: Option<CommitmentStatus>,
    contracted: &str,
    effective: &str,
) -> ChargeSum {
    ChargeSum {
        charge: ChargeKind::Usage,
        pricing: Some(pricing),
        commitment: status.map(|_| "sp-1".to_owned()),
        status,
        eligible: None,
        currency: usd(),
        list_cost: amount(contracted),
        contracted_cost: amount(contracted),
        effective_cost: amount(effective),
        billed_cost: Amount::ZERO,
    }
}

#[test]
fn coverage_names_its_denominator() {
    // claim F9
    let mut charges = vec![
        sum(PricingKind::Committed, Some(CommitmentStatus::Used), "100", "60"),
        sum(PricingKind::Committed, Some(CommitmentStatus::Unused), "0", "10"),
        sum(PricingKind::Standard, None, "100", "100"),
        sum(PricingKind::Standard, None, "200", "200"),
        sum(PricingKind::Dynamic, None, "50", "15"),
    ];
    let found = rates(&charges).unwrap();
    let found = &found[&usd()];
    assert_eq!(found.coverage.denominator, Denominator::AllStandardUsage);
    assert_eq!(found.coverage.share, crate::allocation::Share::of(amount("100"), amount("400")));
    assert_eq!(found.savings_rate.share, crate::allocation::Share::of(amount("30"), amount("400")));
    assert_eq!(
        (found.together.utilisation.to_string(), found.together.unused),
        ("85.7 %".into(), amount("10"))
    );
    // FOCUS 1.4 says that only the first on-demand row could be covered.
    charges[2].eligible = Some(true);
    charges[3].eligible = Some(false);
    let found = rates(&charges).unwrap();
    let found = &found[&usd()];
    assert_eq!(found.coverage.denominator, Denominator::EligibleUsage);
    assert_eq!(found.coverage.share.to_string(), "50.0 %");
    assert_eq!(found.savings_rate.share.to_string(), "15.0 %");
}

#[test]
fn currencies_stay_apart() {
    let mut euros = sum(PricingKind::Committed, Some(CommitmentStatus::Used), "10", "5");
    euros.currency = "EUR".parse().unwrap();
    let found =
        rates(&[euros, sum(PricingKind::Committed, Some(CommitmentStatus::Used), "10", "6")]).unwrap();
    let used: Vec<_> = found.values().map(|rates| rates.together.used).collect();
    assert_eq!(used, [amount("5"), amount("6")]);
}

fn held(id: &str, hourly: &str, ends: &str) -> Held {
    Held {
        id: id.to_owned(),
        currency: usd(),
        hourly: amount(hourly),
        starts: at("2026-01-01T00:00:00Z"),
        ends: at(ends),
    }
}

#[test]
fn what_ends_and_what_is_locked_in() {
    // claim F9
    let now = at("2026-11-01T00:00:00Z");
    let all = [
        held("later", "1", "2027-11-01T00:00:00Z"),
        held("soon", "3", "2026-11-11T00:00:00Z"),
        held("past", "9", "2026-10-01T00:00:00Z"),
    ];
    let soon = expiring(&all, now, 90);
    assert_eq!(soon.iter().map(|e| (e.id.as_str(), e.days_left)).collect::<Vec<_>>(), [("soon", 10)]);
    assert_eq!(expiring(&all, now, u32::MAX).len(), 2);
    let locked = lock_in(&all, now).unwrap()[&usd()];
    assert_eq!(locked.remaining, amount("9480"), "365 × 24 × 1 + 10 × 24 × 3");
    assert_eq!(locked.weighted_days, 338, "(8760 × 365 + 720 × 10) ÷ 9480");
}

#[test]
fn break_even_is_named() {
    assert_eq!(break_even(amount("1000"), amount("300"), amount("100")), BreakEven::Months(5));
    assert_eq!(break_even(amount("1001"), amount("300"), amount("100")), BreakEven::Months(6));
    assert_eq!(break_even(amount("0"), amount("300"), amount("100")), BreakEven::Months(0));
    assert_eq!(break_even(amount("1"), amount("100"), amount("100")), BreakEven::Never);
    assert_eq!(break_even_utilisation(2_800, 0).to_string(), "72.0 %");
    assert_eq!(
        break_even_utilisation(500, 1_000).to_string(),
        "105.6 %",
        "5 % off where 10 % are negotiated"
    );
}

proptest! {
    #[test]
    fn what_was_paid_is_used_or_wasted(
        rows in proptest::collection::vec((0..4_usize, any::<bool>(), -1_000..5_000_i32, -1_000..5_000_i32), 0..40)
    ) {
        let charges: Vec<ChargeSum> = rows.iter().map(|(id, used, contracted, effective)| {
            let status = if *used { CommitmentStatus::Used } else { CommitmentStatus::Unused };
            let mut sum = sum(PricingKind::Committed, Some(status), &contracted.to_string(), &effective.to_string());
            sum.commitment = Some(format!("c{id}"));
            sum
        }).collect();
        let wanted: i128 = charges.iter().map(|c| c.effective_cost.units()).sum();
        for found in rates(&charges).unwrap().values() {
            let each: i128 = found.commitments.values().map(|c| c.used.units() + c.unused.units()).sum();
            prop_assert_eq!(each, wanted);
            prop_assert_eq!(found.together.used.units() + found.together.unused.units(), wanted);
        }
    }
}
