//! Machines and volumes of a generation whose successor costs less for the same size.
//!
//! The saving is the effective cost times the difference of the two list prices, which is an assumption and shown as one.
//! Prices: AWS Linux on-demand in us-east-1 (aws.amazon.com/ec2/pricing, aws.amazon.com/ebs/pricing; `large`, for t2
//! `medium`), Azure retail prices in francecentral; to be looked at anew with every release. A commitment to the old family does not follow.

use super::super::inventory::{Inventory, Line, Resource};
use super::super::registry::{Effort, Evidence, Finding, Level, Rule, Settings};
use super::super::saving::Saving;

pub(crate) const RULE: Rule = Rule {
    id: "old_generation",
    title: "an older generation than the same money buys",
    advice: "move to the successor; a volume changes while it is in use",
    check_first: "drivers and images that the successor needs, and commitments to the old family",
    effort: Effort::Hours,
    risk: Level::Medium,
    sources: &[
        "https://aws.amazon.com/ec2/pricing/on-demand/",
        "https://aws.amazon.com/ebs/pricing/",
        "https://azure.microsoft.com/pricing/details/virtual-machines/linux/",
    ],
    find,
};

struct Successor {
    provider: &'static str,
    /// In the meter, in lower case.
    old: &'static str,
    new: &'static str,
    /// Of the list price, in hundredths of a percent.
    saves: u32,
}

const fn successor(provider: &'static str, old: &'static str, new: &'static str, saves: u32) -> Successor {
    Successor { provider, old, new, saves }
}

const SUCCESSORS: &[Successor] = &[
    successor("aws", ":t2.", "t3", 1_034),
    successor("aws", ":m3.", "m6i", 2_781),
    successor("aws", ":m4.", "m6i", 400),
    successor("aws", ":c3.", "c6i", 1_904),
    successor("aws", ":c4.", "c6i", 1_500),
    successor("aws", ":r3.", "r6i", 2_409),
    successor("aws", ":r4.", "r6i", 526),
    successor("aws", "ebs:volumeusage.gp2", "gp3", 2_000),
    successor("azure", "dv2 series", "Dsv5", 3_600),
    successor("azure", "ev3 series", "Esv5", 512),
];
const CONFIDENCE: u32 = 7_000;

fn cloud(resource: &Resource) -> &'static str {
    let provider = resource.provider.to_lowercase();
    if provider.contains("aws") || provider.contains("amazon") {
        "aws"
    } else if provider.contains("azure") || provider.contains("microsoft") {
        "azure"
    } else {
        ""
    }
}

fn successor_of(resource: &Resource, line: &Line) -> Option<&'static Successor> {
    let provider = cloud(resource);
    SUCCESSORS.iter().find(|successor| successor.provider == provider && line.is_any(&[successor.old]))
}

fn find(inventory: &Inventory, _: &Settings) -> Vec<Finding> {
    let mut found = Vec::new();
    for resource in &inventory.resources {
        for line in resource.lines.iter().filter(|line| line.is_time()) {
            let Some(successor) = successor_of(resource, line) else { continue };
            // Still there at the end: what was moved already is no recommendation.
            if line.effective_cost.get(inventory.days - 1).is_none_or(|cost| cost.units() <= 0) {
                continue;
            }
            let percent = format!("{}.{:02} %", successor.saves / 100, successor.saves % 100);
            let evidence = vec![
                Evidence::new("billed as", &line.meter),
                Evidence::new("successor", successor.new),
                Evidence::new("assumed difference of list prices", percent),
                Evidence::new("days with a charge", line.active_days()),
            ];
            let saving = Saving::all_of(inventory, &resource.currency, [line]).part(successor.saves);
            found.push(Finding::new(inventory, resource, [line], saving, CONFIDENCE, evidence));
        }
    }
    found
}
