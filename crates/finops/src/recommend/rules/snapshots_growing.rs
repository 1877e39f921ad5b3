//! Snapshots that only ever become more.
//!
//! Whoever deletes old ones sees a saw or a plateau; a quantity that grows from week to week over the window says that nobody does.
//! The saving is the way back to the first week: what was enough then.

use super::super::inventory::Inventory;
use super::super::levels::Levels;
use super::super::registry::{Effort, Evidence, Finding, Level, Rule, Settings};
use super::super::saving::{Saving, per_month};
use bursar_domain::Amount;

pub(crate) const RULE: Rule = Rule {
    id: "snapshots_growing",
    title: "snapshots that only become more",
    advice: "give them a lifecycle: how many, how long; delete those of volumes that are gone",
    check_first: "retention that is required, and images made from snapshots",
    effort: Effort::Hours,
    risk: Level::High,
    sources: &[
        "https://docs.aws.amazon.com/ebs/latest/userguide/snapshot-lifecycle.html",
        "https://learn.microsoft.com/azure/virtual-machines/disks-incremental-snapshots",
    ],
    find,
};

const WEEKS: usize = 3;
/// The last week is at least this much of the first, in percent.
const GROWN_TO_PERCENT: i128 = 120;
const CONFIDENCE: u32 = 7_000;

fn find(inventory: &Inventory, _: &Settings) -> Vec<Finding> {
    let mut found = Vec::new();
    for resource in &inventory.resources {
        for line in resource.lines.iter().filter(|line| line.is_any(&["snapshot"])) {
            let levels = Levels::of(line, inventory.days);
            let (Some(first), Some(last)) = (levels.consumed.first(), levels.consumed.last()) else {
                continue;
            };
            let grows = levels.consumed.len() >= WEEKS
                && levels.consumed.is_sorted_by(|one, next| one < next)
                && first.units() > 0
                && last.units() / GROWN_TO_PERCENT >= first.units() / 100;
            if !grows {
                continue;
            }
            let cost = |amount: Option<&Amount>| amount.map_or(0, |amount| amount.units());
            let more = cost(levels.cost.last()).saturating_sub(cost(levels.cost.first()));
            let saving = Saving {
                currency: resource.currency.clone(),
                per_month: per_month(Amount::from_units(more), 7),
                freed_commitment_per_month: Amount::ZERO,
                at_most: true,
            };
            let weekly = |amount: &Amount| format!("{amount:.2} {}", line.unit);
            let evidence = vec![
                Evidence::new("kept in the first week", weekly(first)),
                Evidence::new("kept in the last week", weekly(last)),
                Evidence::new("weeks, each more than the one before", levels.consumed.len()),
            ];
            found.push(Finding::new(inventory, resource, [line], saving, CONFIDENCE, evidence));
        }
    }
    found
}
