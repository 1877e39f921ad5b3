//! Gateways, load balancers and endpoints that stand there and do nothing.
//!
//! Their bill has a standing charge per hour and charges for what passes through. When the second is not there, or costs
//! less than a hundredth of the first, over the whole window, nobody uses them. Machines and databases are not looked
//! at: their activity is not on the bill.

use super::super::inventory::{Inventory, sum};
use super::super::registry::{Effort, Evidence, Finding, Level, Rule, Settings};
use super::super::saving::Saving;
use crate::allocation::Share;
use bursar_domain::Amount;

pub(crate) const RULE: Rule = Rule {
    id: "idle_by_shape",
    title: "a gateway or load balancer that nothing passes through",
    advice: "delete it, with its address and rules",
    check_first: "whether it waits for a failover or a season",
    effort: Effort::Minutes,
    risk: Level::Medium,
    sources: &[
        "https://aws.amazon.com/elasticloadbalancing/pricing/",
        "https://aws.amazon.com/vpc/pricing/",
        "https://azure.microsoft.com/pricing/details/load-balancer/",
    ],
    find,
};

/// Meters of standing charges whose activity is billed apart.
const STANDING: &[&str] = &[
    "loadbalancerusage",
    "natgateway-hours",
    "vpcendpoint-hours",
    "transitgateway-hours",
    "publicipv4:idleaddress",
    "load balancer",
    "nat gateway",
    "application gateway",
    "vpn gateway",
];
const CONFIDENCE_NO_ACTIVITY: u32 = 9_000;
const CONFIDENCE_LITTLE: u32 = 7_500;

fn find(inventory: &Inventory, _: &Settings) -> Vec<Finding> {
    let mut found = Vec::new();
    for resource in &inventory.resources {
        let (standing, activity): (Vec<_>, Vec<_>) =
            resource.lines.iter().partition(|line| line.is_any(STANDING) && line.is_time());
        if !standing.iter().any(|line| line.active_days() >= inventory.days) {
            continue;
        }
        let cost = |lines: &[&super::super::Line]| {
            let each: Vec<Amount> = lines.iter().map(|line| sum(&line.effective_cost)).collect();
            sum(&each)
        };
        let share = Share::of(cost(&activity), cost(&standing));
        if !share.basis_points().is_some_and(|share| (0..100).contains(&share)) {
            continue;
        }
        let nothing = share.part.is_zero();
        let evidence = vec![
            Evidence::new("days with a standing charge", inventory.days),
            Evidence::new("standing charge in the window", format!("{:.2}", share.whole)),
            Evidence::new("charges for what passed through", format!("{:.4}", share.part)),
        ];
        let saving = Saving::all_of(inventory, &resource.currency, &resource.lines);
        let confidence = if nothing { CONFIDENCE_NO_ACTIVITY } else { CONFIDENCE_LITTLE };
        found.push(Finding::new(inventory, resource, &resource.lines, saving, confidence, evidence));
    }
    found
}
