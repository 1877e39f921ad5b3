//! Looking for incidents, layer by layer.

use super::explain::{self, Window};
use super::feedback::Feedback;
use super::incident::{Incident, Point, amount, id};
use super::scope::{Layer, Scope, covers, overlap};
use super::table::{Key, Table, date, dim};
use crate::anomaly::Kind;
use crate::anomaly::daily::Daily;
use crate::anomaly::population::Population;
use bursar_domain::{CurrencyCode, Money};
use std::collections::{HashMap, HashSet};

/// What is worth an incident. Both floors must be passed: an amount alone alarms about growth of the large,
/// a share alone about pennies.
#[derive(Debug, Clone)]
pub struct Options {
    /// Smallest deviation a day, in the bill's currency.
    pub least_amount: f64,
    /// Smallest deviation relative to what was expected.
    pub least_relative: f64,
    /// Days at the end of the table that are still arriving.
    pub late_days: u32,
    /// Days before something can be called new.
    pub history_days: u32,
    /// Most series × days over all layers.
    pub max_points: usize,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            least_amount: 10.0,
            least_relative: 0.2,
            late_days: 2,
            history_days: 28,
            max_points: 50_000_000,
        }
    }
}

/// Why nothing could be looked for.
#[derive(Debug, thiserror::Error)]
pub enum CostError {
    /// The layers would need too much memory.
    #[error("{points} points in all layers are more than {limit}: look at fewer days or fewer accounts")]
    TooLarge {
        /// Series × days.
        points: usize,
        /// The limit.
        limit: usize,
    },
    /// A currency in the table is none.
    #[error("`{0}` is no currency code")]
    Currency(String),
}

/// What was found.
#[derive(Debug, Clone, PartialEq, Default, serde::Serialize)]
pub struct Found {
    /// Incidents, the latest first.
    pub incidents: Vec<Incident>,
    /// Incidents that somebody expected, with who and why.
    pub expected: Vec<(Incident, Feedback)>,
    /// Charges left out: taxes, credits, purchases, adjustments, corrections.
    pub left_out: u64,
}

/// An event of one series.
#[derive(Debug, Clone)]
pub(crate) struct Event {
    pub(crate) layer: Layer,
    pub(crate) key: Key,
    pub(crate) since: i64,
    pub(crate) detected: i64,
    pub(crate) until: i64,
    pub(crate) open: bool,
    pub(crate) kind: Kind,
    pub(crate) score: f64,
    pub(crate) expected: Vec<f64>,
    pub(crate) actual: Vec<f64>,
    pub(crate) layers: Vec<Layer>,
}

impl Event {
    fn excess(&self, from: i64, to: i64) -> f64 {
        (from.max(self.since)..to.min(self.until))
            .map(|day| {
                let at = (day - self.since) as usize;
                self.actual[at] - self.expected[at]
            })
            .sum()
    }

    fn up(&self) -> bool {
        self.kind != Kind::Drop
    }

    /// Whether both may have one cause: the same direction, a common place, and beginnings that are close.
    fn akin(&self, other: &Self) -> bool {
        self.up() == other.up()
            && overlap(&self.key, &other.key)
            && self.since < other.until
            && other.since < self.until
            && (self.since - other.since).abs() <= 10
    }
}

/// Finds incidents in a table; see the module above.
///
/// # Errors
/// When the layers would hold more points than allowed.
pub fn detect(table: &Table, options: &Options, feedback: &[Feedback]) -> Result<Found, CostError> {
    let mut found = Found { left_out: table.left_out, ..Found::default() };
    let Some((first, last)) = table.days else { return Ok(found) };
    let end = last + 1 - i64::from(options.late_days);
    let length = (end - first).max(0) as usize;
    let mut roots: Vec<Event> = Vec::new();
    let mut points = 0usize;
    for layer in Layer::ALL {
        let mut series: HashMap<Key, Vec<f64>> = HashMap::new();
        for (cell, days) in &table.leaves {
            let Some(key) = layer.key(cell) else { continue };
            let row = series.entry(key).or_insert_with(|| {
                points = points.saturating_add(length);
                if points > options.max_points { Vec::new() } else { vec![0.0; length] }
            });
            for (day, amount) in days {
                if let Some(sum) = row.get_mut((day - first) as usize) {
                    *sum += amount.to_f64_lossy();
                }
            }
        }
        if points > options.max_points {
            return Err(CostError::TooLarge { points, limit: options.max_points });
        }
        let events = events_of(layer, series, first, table, options, feedback);
        roots = merge(roots, events);
    }
    drop_currency_changes(&mut roots, table);
    for event in roots {
        let incident = tell(&event, table, first, end)?;
        match feedback.iter().find(|f| f.covers(&incident.scope, incident.since)) {
            Some(word) => found.expected.push((incident, word.clone())),
            None => found.incidents.push(incident),
        }
    }
    found.incidents.sort_by(|a, b| b.since.cmp(&a.since).then_with(|| a.id.cmp(&b.id)));
    found.expected.sort_by(|a, b| b.0.since.cmp(&a.0.since).then_with(|| a.0.id.cmp(&b.0.id)));
    Ok(found)
}

/// Runs a layer's series day by day, side by side, so that they learn from each other without looking ahead.
fn events_of(
    layer: Layer,
    series: HashMap<Key, Vec<f64>>,
    first: i64,
    table: &Table,
    options: &Options,
    feedback: &[Feedback],
) -> Vec<Event> {
    struct Running {
        key: Key,
        values: Vec<f64>,
        state: Daily,
        begun: usize,
        event: Option<Event>,
        words: Vec<usize>,
    }
    let mut population = Population::new(options.least_amount, 1.0);
    let mut all: Vec<Running> = series
        .into_iter()
        .filter_map(|(key, values)| {
            let begun = values.iter().position(|v| *v != 0.0)?;
            let scope = Scope::of(&key, table);
            let words = (0..feedback.len()).filter(|i| feedback[*i].scope.contains(&scope)).collect();
            Some(Running { key, values, state: Daily::default(), begun, event: None, words })
        })
        .collect();
    all.sort_by_key(|r| r.key);
    let length = all.iter().map(|r| r.values.len()).max().unwrap_or(0);
    let mut events = Vec::new();
    // A currency's first day is no news about what is billed in it.
    let mut currency_begun: HashMap<u32, usize> = HashMap::new();
    for r in &all {
        let begun = currency_begun.entry(r.key[dim::CURRENCY]).or_insert(r.begun);
        *begun = (*begun).min(r.begun);
    }
    for at in 0..length {
        let day = first + at as i64;
        for r in &mut all {
            if at < r.begun {
                continue;
            }
            let value = r.values[at];
            let verdict = r.state.observe(day, true, value, &mut population);
            let known = currency_begun.get(&r.key[dim::CURRENCY]).copied().unwrap_or(0);
            let history = at >= known + options.history_days as usize;
            let off = (value - verdict.expected).abs();
            let fresh = at == r.begun && history && value >= options.least_amount;
            let large = off >= options.least_amount && off >= options.least_relative * verdict.expected.abs();
            if fresh || verdict.is_anomaly {
                let begins = r.event.is_none();
                if begins && !fresh && !large {
                    continue;
                }
                let lag = if begins { usize::from(r.state.event_lag()).min(at - r.begun) } else { 0 };
                let event = r.event.get_or_insert_with(|| Event {
                    layer,
                    key: r.key,
                    since: day - lag as i64,
                    detected: day,
                    until: day,
                    open: true,
                    kind: if fresh { Kind::New } else { verdict.kind.unwrap_or(Kind::Spike) },
                    score: if fresh {
                        0.5 + 0.4 * value / (value + 10.0 * options.least_amount)
                    } else {
                        verdict.score
                    },
                    expected: vec![verdict.expected; lag],
                    actual: r.values[at - lag..at].to_vec(),
                    layers: vec![layer],
                });
                if event.kind != Kind::New {
                    event.kind = verdict.kind.unwrap_or(event.kind);
                }
                event.expected.push(if event.kind == Kind::New { 0.0 } else { verdict.expected });
                event.actual.push(value);
                event.until = day + 1;
                let taught = event.expected.len() >= 2
                    && r.words.iter().any(|w| {
                        let begun = super::table::date(event.since);
                        feedback[*w].from <= begun && feedback[*w].until.is_none_or(|u| begun < u)
                    });
                if taught {
                    r.state.accept();
                }
            } else if let Some(mut event) = r.event.take() {
                // New things stay new for a week, then they are known.
                if event.kind == Kind::New && at < r.begun + 7 {
                    event.expected.push(0.0);
                    event.actual.push(value);
                    event.until = day + 1;
                    r.event = Some(event);
                } else {
                    event.open = false;
                    events.push(event);
                }
            }
        }
    }
    events.extend(all.into_iter().filter_map(|r| r.event));
    events
}

/// Puts a coarser layer's events to the causes found so far, or makes them causes.
fn merge(mut roots: Vec<Event>, events: Vec<Event>) -> Vec<Event> {
    for mut event in events {
        let kin: Vec<usize> = (0..roots.len()).filter(|i| roots[*i].akin(&event)).collect();
        // Compared on the days that they have in common: an expected level ends the finer event early.
        let from = kin.iter().map(|i| roots[*i].since).min().unwrap_or(event.since);
        let to = kin.iter().map(|i| roots[*i].until).max().unwrap_or(event.until);
        let total = event.excess(from, to);
        let explained: f64 = kin.iter().map(|i| roots[*i].excess(event.since, event.until)).sum();
        let together: Vec<usize> = kin
            .iter()
            .copied()
            .filter(|i| covers(&event.key, &roots[*i].key) && (roots[*i].since - event.since).abs() <= 2)
            .collect();
        let common =
            matches!(event.layer, Layer::Service | Layer::Account | Layer::Tag) && together.len() >= 3;
        if common {
            // Several parts moved at once: the cause is what they share.
            let gone: HashSet<usize> = together.into_iter().collect();
            for i in &gone {
                for layer in &roots[*i].layers {
                    if !event.layers.contains(layer) {
                        event.layers.push(*layer);
                    }
                }
                event.score = event.score.max(roots[*i].score);
            }
            let mut at = 0;
            roots.retain(|_| {
                at += 1;
                !gone.contains(&(at - 1))
            });
            roots.push(event);
        } else if !kin.is_empty() && (explained / total) >= 0.4 {
            for i in kin {
                if !roots[i].layers.contains(&event.layer) {
                    roots[i].layers.push(event.layer);
                }
                // What a finer layer saw from some day on, a coarser one may have seen earlier.
                roots[i].detected = roots[i].detected.min(event.detected.max(roots[i].since));
            }
        } else {
            roots.push(event);
        }
    }
    roots
}

/// A bill that changes its currency ends in one and begins in the other; that is no incident.
fn drop_currency_changes(roots: &mut Vec<Event>, table: &Table) {
    let mut spans: HashMap<u32, (i64, i64)> = HashMap::new();
    for (key, days) in &table.leaves {
        if let (Some((a, _)), Some((b, _))) = (days.first(), days.last()) {
            let span = spans.entry(key[dim::CURRENCY]).or_insert((*a, *b));
            *span = (span.0.min(*a), span.1.max(*b));
        }
    }
    roots.retain(|event| {
        let own = event.key[dim::CURRENCY];
        let Some((_, ended)) = spans.get(&own) else { return true };
        let replaced = spans.iter().any(|(other, (begun, _))| *other != own && (begun - ended).abs() <= 3);
        !(event.kind == Kind::Drop && replaced && event.detected >= ended - 3)
    });
}

fn tell(event: &Event, table: &Table, first: i64, end: i64) -> Result<Incident, CostError> {
    let scope = Scope::of(&event.key, table);
    let currency: CurrencyCode = scope
        .currency
        .as_deref()
        .unwrap_or_default()
        .parse()
        .map_err(|_| CostError::Currency(scope.currency.clone().unwrap_or_default()))?;
    let days = event.actual.len().max(1) as f64;
    let (expected, actual) = (event.expected.iter().sum::<f64>(), event.actual.iter().sum::<f64>());
    let window = Window { first, since: event.since, until: event.until, end };
    let drivers = explain::drivers(&event.key, table, window, event.up());
    let since = date(event.since);
    let direction = if event.up() { "up" } else { "down" };
    let place = serde_json::to_string(&scope).unwrap_or_default();
    let per_day = (actual - expected) / days;
    let explanation = explain::sentence(&scope, event, &drivers, per_day, currency.as_str());
    Ok(Incident {
        id: id(&[&place, direction, &since.to_string()]),
        since,
        detected: date(event.detected),
        until: (!event.open).then(|| date(event.until)),
        kind: event.kind,
        expected_per_day: amount(expected / days),
        actual_per_day: amount(actual / days),
        impact: Money { currency, amount: amount(actual - expected) },
        drivers,
        explanation,
        layers_seen: event.layers.clone(),
        confidence: event.score.clamp(0.0, 1.0),
        chart: chart(event, table, first, end),
        scope,
    })
}

/// Four weeks before, the incident itself, and a week after it.
fn chart(event: &Event, table: &Table, first: i64, end: i64) -> Vec<Point> {
    let (from, to) = ((event.since - 28).max(first), (event.until + 7).min(end));
    let actual = explain::sums(&event.key, table, from, to);
    (from..to)
        .map(|day| {
            let actual = actual[(day - from) as usize];
            let inside = usize::try_from(day - event.since).ok().and_then(|at| event.expected.get(at));
            Point { day: date(day), actual, expected: inside.map_or(actual, |e| amount(*e)) }
        })
        .collect()
}
