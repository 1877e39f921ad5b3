//! Traffic between availability zones of one region.
//!
//! It is billed per gigabyte, often in both directions, and is mostly a question of which replica answers. How much of it can be avoided is not in the
//! bill, so the saving is an upper bound.

use super::super::inventory::{Inventory, Line, sum};
use super::super::registry::{Effort, Evidence, Finding, Level, Rule, Settings};
use super::super::saving::Saving;

pub(crate) const RULE: Rule = Rule {
    id: "cross_zone_traffic",
    title: "traffic between zones",
    advice: "let clients prefer the replica in their zone; keep chatty services together",
    check_first: "that availability does not depend on it: replication between zones is meant to cross them",
    effort: Effort::Days,
    risk: Level::Medium,
    sources: &[
        "https://aws.amazon.com/ec2/pricing/on-demand/#Data_Transfer_within_the_same_AWS_Region",
        "https://cloud.google.com/vpc/network-pricing",
    ],
    find,
};

const METERS: &[&str] = &[
    "datatransfer-regional",
    "interzone",
    "inter zone",
    "inter-zone",
    "inter availability zone",
    "inter-az",
];
const CONFIDENCE: u32 = 5_000;

fn find(inventory: &Inventory, _: &Settings) -> Vec<Finding> {
    let mut found = Vec::new();
    for resource in &inventory.resources {
        let lines: Vec<&Line> = resource.lines.iter().filter(|line| line.is_any(METERS)).collect();
        if lines.is_empty() {
            continue;
        }
        let mut evidence: Vec<Evidence> = lines
            .iter()
            .map(|line| {
                let unit = if line.unit.is_empty() { "units" } else { &line.unit };
                Evidence::new(
                    format!("{} in the window", line.meter),
                    format!("{} {unit}", sum(&line.consumed)),
                )
            })
            .collect();
        evidence.push(Evidence::new("days in the window", inventory.days));
        let saving = Saving::all_of(inventory, &resource.currency, lines.iter().copied());
        let saving = Saving { at_most: true, ..saving };
        found.push(Finding::new(inventory, resource, lines, saving, CONFIDENCE, evidence));
    }
    found
}
