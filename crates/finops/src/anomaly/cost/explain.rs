//! The cause in words and figures: what inside of a scope moved.

use super::find::Event;
use super::incident::{Driver, amount};
use super::scope::{Scope, covers};
use super::table::{Key, Table, date, dim};
use crate::anomaly::Kind;
use bursar_domain::Amount;
use std::collections::HashMap;

/// Days before an incident that it is compared with.
const BEFORE: i64 = 28;
const DRIVERS: usize = 5;
const RESOURCES: usize = 10;

/// Days of an incident inside of the days looked at.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Window {
    pub(crate) first: i64,
    pub(crate) since: i64,
    pub(crate) until: i64,
    pub(crate) end: i64,
}

#[derive(Default)]
struct Part {
    before: f64,
    now: f64,
    resources: HashMap<u32, (f64, f64)>,
}

/// What moved most in the direction of the incident, largest first.
pub(crate) fn drivers(scope: &Key, table: &Table, window: Window, up: bool) -> Vec<Driver> {
    let from = (window.since - BEFORE).max(window.first);
    let to = window.until.min(window.end);
    let (days_before, days_now) = ((window.since - from).max(1) as f64, (to - window.since).max(1) as f64);
    let mut parts: HashMap<[u32; 4], Part> = HashMap::new();
    for (key, days) in table.leaves.iter().filter(|(key, _)| covers(scope, key)) {
        let part = parts
            .entry([key[dim::ACCOUNT], key[dim::SERVICE], key[dim::REGION], key[dim::ITEM]])
            .or_default();
        let resource = part.resources.entry(key[dim::RESOURCE]).or_default();
        for (day, amount) in days {
            let amount = amount.to_f64_lossy();
            if (from..window.since).contains(day) {
                part.before += amount / days_before;
                resource.0 += amount;
            } else if (window.since..to).contains(day) {
                part.now += amount / days_now;
                resource.1 += amount;
            }
        }
    }
    let sign = if up { 1.0 } else { -1.0 };
    let mut moved: Vec<([u32; 4], Part)> =
        parts.into_iter().filter(|(_, p)| sign * (p.now - p.before) > 0.0).collect();
    moved.sort_by(|(ka, a), (kb, b)| {
        (sign * (b.now - b.before)).total_cmp(&(sign * (a.now - a.before))).then(ka.cmp(kb))
    });
    moved
        .into_iter()
        .take(DRIVERS)
        .map(|(key, part)| {
            let mut new: Vec<(u32, f64)> = part
                .resources
                .iter()
                .filter(|(code, (before, now))| **code != 0 && *before == 0.0 && *now != 0.0)
                .map(|(code, (_, now))| (*code, *now))
                .collect();
            new.sort_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0)));
            Driver {
                account: table.text(key[0]).to_owned(),
                service: table.text(key[1]).to_owned(),
                region: table.text(key[2]).to_owned(),
                item: table.text(key[3]).to_owned(),
                change_per_day: amount(part.now - part.before),
                resources_now: part.resources.iter().filter(|(c, (_, now))| **c != 0 && *now != 0.0).count(),
                new_count: new.len(),
                new_resources: new.iter().take(RESOURCES).map(|(c, _)| table.text(*c).to_owned()).collect(),
            }
        })
        .collect()
}

/// A scope's sums by day.
pub(crate) fn sums(scope: &Key, table: &Table, from: i64, to: i64) -> Vec<Amount> {
    let mut sums = vec![Amount::ZERO; (to - from).max(0) as usize];
    for (_, days) in table.leaves.iter().filter(|(key, _)| covers(scope, key)) {
        for (day, amount) in days {
            if let Ok(at) = usize::try_from(day - from)
                && let Some(sum) = sums.get_mut(at)
            {
                // A sum out of range stays where it was: a chart need not be exact.
                *sum = sum.checked_add(*amount).unwrap_or(*sum);
            }
        }
    }
    sums
}

/// "Amazon EC2 in account 4711, eu-west-1, r6g.4xlarge ×14 since 3 March, +1,930 USD a day, resources i-1, i-2 and 12 more".
pub(crate) fn sentence(
    scope: &Scope,
    event: &Event,
    drivers: &[Driver],
    per_day: f64,
    currency: &str,
) -> String {
    let mut text = match (&scope.service, &scope.account, &scope.tag) {
        (Some(service), ..) => service.clone(),
        (None, Some(account), _) => format!("account {account}"),
        (None, None, Some(tag)) => format!("tag {tag}"),
        _ => "all costs".to_owned(),
    };
    let top = drivers.first();
    if scope.service.is_none()
        && let Some(top) = top.filter(|d| !d.service.is_empty())
    {
        text += &format!(", mostly {}", top.service);
    }
    let account = scope.account.as_ref().or(top.map(|d| &d.account)).filter(|a| !a.is_empty());
    if let Some(account) = account
        && !text.starts_with("account ")
    {
        text += &format!(" in account {account}");
    }
    let region = scope.region.as_ref().or(top.map(|d| &d.region)).filter(|r| !r.is_empty());
    if let Some(region) = region {
        text += &format!(", {region}");
    }
    if let Some(top) = top.filter(|d| !d.item.is_empty()) {
        text += &format!(", {}", top.item);
        let count = if top.new_count > 0 { top.new_count } else { top.resources_now };
        if event.kind != Kind::Drop && count > 1 {
            text += &format!(" ×{count}");
        }
    }
    let since = date(event.since);
    let verb = match event.kind {
        Kind::Spike if event.actual.len() == 1 => " on",
        Kind::Ramp => " growing since",
        Kind::New => ", never seen before, since",
        _ => " since",
    };
    text += &format!("{verb} {}, {} {currency} a day", since.format("%-d %B"), grouped(per_day));
    if let Some(top) = top.filter(|d| !d.new_resources.is_empty()) {
        let shown = &top.new_resources[..top.new_resources.len().min(3)];
        text += &format!(", resources {}", shown.join(", "));
        if top.new_count > shown.len() {
            text += &format!(" and {} more", top.new_count - shown.len());
        }
    }
    if event.layers.len() > 1 {
        let layers: Vec<&str> = event.layers.iter().map(|l| l.words()).collect();
        text += &format!(" (seen as {})", layers.join(", "));
    }
    text
}

/// With sign and thousands separated; two decimals below 100.
fn grouped(value: f64) -> String {
    let sign = if value < 0.0 { '-' } else { '+' };
    let size = value.abs();
    if size < 100.0 {
        return format!("{sign}{size:.2}");
    }
    let digits = format!("{size:.0}");
    let mut out = String::from(sign);
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_are_grouped() {
        for (value, text) in
            [(1930.4, "+1,930"), (-12.5, "-12.50"), (1_234_567.0, "+1,234,567"), (100.0, "+100")]
        {
            assert_eq!(grouped(value), text);
        }
    }
}
