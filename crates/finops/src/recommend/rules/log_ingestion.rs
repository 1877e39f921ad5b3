//! Logs that are taken in at a much higher level than they were.
//!
//! A debug level that was left on shows as a step. The saving is the way back to the quietest week of the window: a level
//! that sufficed before.

use super::super::inventory::Inventory;
use super::super::levels::Levels;
use super::super::registry::{Effort, Evidence, Finding, Level, Rule, Settings};
use super::super::saving::{Saving, per_month};
use bursar_domain::Amount;

pub(crate) const RULE: Rule = Rule {
    id: "log_ingestion",
    title: "logs are taken in at a much higher level than before",
    advice: "lower the log level, sample, or keep what nobody queries in cheaper storage",
    check_first: "whether traffic grew as much, and what must be kept by law",
    effort: Effort::Hours,
    risk: Level::Low,
    sources: &[
        "https://aws.amazon.com/cloudwatch/pricing/",
        "https://azure.microsoft.com/pricing/details/monitor/",
        "https://cloud.google.com/stackdriver/pricing",
    ],
    find,
};

const METERS: &[&str] = &[
    "dataprocessing-bytes",
    "vendedlog-bytes",
    "data ingestion",
    "logs ingest",
    "log data ingest",
    "log storage cost",
];
/// The last week is at least this much of the quietest, in percent.
const GROWN_TO_PERCENT: i128 = 150;
const CONFIDENCE: u32 = 6_000;

fn find(inventory: &Inventory, _: &Settings) -> Vec<Finding> {
    let mut found = Vec::new();
    for resource in &inventory.resources {
        for line in resource.lines.iter().filter(|line| line.is_any(METERS)) {
            let levels = Levels::of(line, inventory.days);
            let (Some(quiet), Some(last)) = (levels.cost.iter().min(), levels.cost.last()) else { continue };
            // A week of nothing is no level: what is measured began later.
            if quiet.units() <= 0 || last.units() / GROWN_TO_PERCENT < quiet.units() / 100 {
                continue;
            }
            let more = Amount::from_units(last.units().saturating_sub(quiet.units()));
            let saving = Saving {
                currency: resource.currency.clone(),
                per_month: per_month(more, 7),
                freed_commitment_per_month: Amount::ZERO,
                at_most: true,
            };
            let evidence = vec![
                Evidence::new("cost of the quietest week", format!("{quiet:.2}")),
                Evidence::new("cost of the last week", format!("{last:.2}")),
                Evidence::new("weeks in the window", levels.cost.len()),
            ];
            found.push(Finding::new(inventory, resource, [line], saving, CONFIDENCE, evidence));
        }
    }
    found
}
