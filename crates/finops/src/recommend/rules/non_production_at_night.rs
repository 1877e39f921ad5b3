//! Test and development machines that run while nobody works.
//!
//! With charges by the hour the saving is what was paid outside of working hours. With charges by the day only weekends can
//! be seen; nights are said to be invisible, not guessed.

use super::super::inventory::{Inventory, Line, sum};
use super::super::registry::{Effort, Evidence, Finding, Level, Rule, Settings};
use super::super::saving::{Saving, per_month};
use bursar_domain::Amount;

pub(crate) const RULE: Rule = Rule {
    id: "non_production_at_night",
    title: "a machine that is not production runs while nobody works",
    advice: "stop it on a schedule, and let people start it",
    check_first: "nightly jobs, and colleagues in other time zones",
    effort: Effort::Hours,
    risk: Level::Low,
    sources: &["https://aws.amazon.com/solutions/implementations/instance-scheduler-on-aws/"],
    find,
};

const CONFIDENCE_BY_HOUR: u32 = 8_500;
const CONFIDENCE_BY_DAY: u32 = 6_000;

/// Cost outside of working hours; none where the bill has no hours.
fn outside(line: &Line, settings: &Settings) -> Option<Amount> {
    let profile = line.by_hour.as_ref()?;
    let (first, end) = (usize::from(settings.working_hours.0), usize::from(settings.working_hours.1));
    let nights = [profile.weekdays.get(..first)?, profile.weekdays.get(end..)?, &profile.weekend];
    Some(sum(&nights.concat()))
}

/// Cost on weekends: what no commitment pays, and what one does.
fn weekends(inventory: &Inventory, line: &Line) -> (Amount, Amount) {
    let days = || (0..inventory.days).filter(|day| inventory.is_weekend(*day));
    let committed: Vec<Amount> = days().filter_map(|day| line.committed_cost.get(day).copied()).collect();
    (sum(&days().map(|day| line.uncommitted(day)).collect::<Vec<_>>()), sum(&committed))
}

fn find(inventory: &Inventory, settings: &Settings) -> Vec<Finding> {
    let mut found = Vec::new();
    for resource in &inventory.resources {
        let runs = ["Compute", "Databases"].contains(&resource.category.as_str());
        let Some(environment) = settings.non_production(resource).filter(|_| runs) else { continue };
        let lines: Vec<&Line> = resource.lines.iter().filter(|line| line.is_time()).collect();
        if lines.is_empty() {
            continue;
        }
        let by_hour: Option<Vec<Amount>> = lines.iter().map(|line| outside(line, settings)).collect();
        let by_day: Vec<(Amount, Amount)> = lines.iter().map(|line| weekends(inventory, line)).collect();
        let weekend = sum(&by_day.iter().map(|(uncommitted, _)| *uncommitted).collect::<Vec<_>>());
        let freed = sum(&by_day.iter().map(|(_, committed)| *committed).collect::<Vec<_>>());
        let mut evidence = vec![
            Evidence::new("environment", environment),
            Evidence::new("cost on weekends in the window", format!("{weekend:.2}")),
        ];
        let (saved, confidence) = if let Some(by_hour) = by_hour {
            let outside = sum(&by_hour);
            let (first, end) = settings.working_hours;
            let what = format!("cost outside of {first}:00 to {end}:00 UTC and on weekends");
            evidence.push(Evidence::new(what, format!("{outside:.2}")));
            (outside, CONFIDENCE_BY_HOUR)
        } else {
            evidence.push(Evidence::new("nights", "not visible: the charges are by day"));
            (weekend, CONFIDENCE_BY_DAY)
        };
        let saving = Saving {
            currency: resource.currency.clone(),
            per_month: per_month(saved, inventory.days),
            freed_commitment_per_month: per_month(freed, inventory.days),
            at_most: false,
        };
        found.push(Finding::new(inventory, resource, lines, saving, confidence, evidence));
    }
    found
}
