//! Volumes that no machine uses.
//!
//! A bill does not say what is attached. Two shapes give it away: an Azure standard disk bills its operations, so one
//! without any was not used; and AWS volumes in an account and region where no instance ran for the whole window
//! cannot have been used there.

use super::super::inventory::{Inventory, Line, Resource, sum};
use super::super::registry::{Effort, Evidence, Finding, Level, Rule, Settings};
use super::super::saving::Saving;
use std::collections::HashSet;

pub(crate) const RULE: Rule = Rule {
    id: "unattached_storage",
    title: "a volume that no machine uses",
    advice: "keep a snapshot and delete the volume",
    check_first: "whether it waits for a machine that is stopped on purpose",
    effort: Effort::Minutes,
    risk: Level::High,
    sources: &[
        "https://azure.microsoft.com/pricing/details/managed-disks/",
        "https://aws.amazon.com/ebs/pricing/",
    ],
    find,
};

const INSTANCES: &[&str] = &["boxusage", "spotusage", "dedicatedusage", "heavyusage", "hostusage"];
const CONFIDENCE_NO_OPERATIONS: u32 = 7_500;
const CONFIDENCE_NO_INSTANCES: u32 = 9_000;

type Place<'r> = (Option<&'r str>, Option<&'r str>);

fn place(resource: &Resource) -> Place<'_> {
    (resource.account.as_deref(), resource.region.as_deref())
}

/// `S10 LRS Disk` and `E10 LRS Disk`: the standard tiers, which bill operations.
fn is_standard_disk(line: &Line) -> bool {
    let meter = line.meter.to_lowercase();
    let mut rest = meter.chars();
    let tier =
        rest.next().is_some_and(|c| c == 's' || c == 'e') && rest.next().is_some_and(|c| c.is_ascii_digit());
    tier && meter.ends_with(" disk")
}

fn find(inventory: &Inventory, _: &Settings) -> Vec<Finding> {
    let running: HashSet<Place<'_>> = inventory
        .resources
        .iter()
        .filter(|resource| resource.lines.iter().any(|line| line.is_any(INSTANCES)))
        .map(place)
        .collect();
    let mut found = Vec::new();
    for resource in &inventory.resources {
        let every_day = |line: &&Line| line.active_days() >= inventory.days;
        let disk = resource.lines.iter().filter(|line| is_standard_disk(line)).find(every_day);
        let operations = || resource.lines.iter().filter(|line| line.is_any(&["disk operations"]));
        let volume = resource.lines.iter().filter(|line| line.is_any(&["ebs:volumeusage"])).find(every_day);
        let (line, confidence, why) = if let Some(line) = disk
            && operations().all(|line| sum(&line.consumed).is_zero())
        {
            (line, CONFIDENCE_NO_OPERATIONS, Evidence::new("disk operations in the window", 0))
        } else if let Some(line) = volume
            && resource.account.is_some()
            && !running.contains(&place(resource))
        {
            (line, CONFIDENCE_NO_INSTANCES, Evidence::new("instances that ran in its account and region", 0))
        } else {
            continue;
        };
        let evidence = vec![
            why,
            Evidence::new("days with a charge for capacity", line.active_days()),
            Evidence::new("capacity in the window", format!("{} {}", sum(&line.consumed), line.unit)),
        ];
        let saving = Saving::all_of(inventory, &resource.currency, &resource.lines);
        found.push(Finding::new(inventory, resource, &resource.lines, saving, confidence, evidence));
    }
    found
}
