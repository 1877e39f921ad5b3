//! What is told about an incident.

use super::scope::{Layer, Scope};
use crate::anomaly::Kind;
use bursar_domain::{Amount, Money};
use chrono::NaiveDate;

/// One incident: one cause, wherever it was seen.
#[derive(Debug, Clone, PartialEq, serde::Serialize)]
pub struct Incident {
    /// The same for the same incident in a later run over more days.
    pub id: String,
    /// First day.
    pub since: NaiveDate,
    /// Day on which it could be known.
    pub detected: NaiveDate,
    /// First day on which it was over; `None` while it lasts.
    pub until: Option<NaiveDate>,
    /// Where.
    pub scope: Scope,
    /// What it looks like.
    pub kind: Kind,
    /// Expected amount a day, mean over its days.
    pub expected_per_day: Amount,
    /// Actual amount a day, mean over its days.
    pub actual_per_day: Amount,
    /// What it cost beyond the expected so far; negative for a drop.
    pub impact: Money,
    /// What moved most, largest first.
    pub drivers: Vec<Driver>,
    /// The cause in a sentence.
    pub explanation: String,
    /// Layers in which it was seen.
    pub layers_seen: Vec<Layer>,
    /// Score of its first day, 0 to 1.
    pub confidence: f64,
    /// Days around it, for a chart.
    pub chart: Vec<Point>,
}

/// Something inside of an incident's scope that moved.
#[derive(Debug, Clone, PartialEq, serde::Serialize)]
pub struct Driver {
    /// Account.
    pub account: String,
    /// Service.
    pub service: String,
    /// Region.
    pub region: String,
    /// SKU or charge description.
    pub item: String,
    /// Change per day against the four weeks before.
    pub change_per_day: Amount,
    /// Resources that it has now.
    pub resources_now: usize,
    /// Resources that were not there in the four weeks before, the costliest first, at most ten.
    pub new_resources: Vec<String>,
    /// How many were not there in the four weeks before.
    pub new_count: usize,
}

/// One day of a chart.
#[derive(Debug, Clone, Copy, PartialEq, serde::Serialize)]
pub struct Point {
    /// The day.
    pub day: NaiveDate,
    /// What it cost.
    pub actual: Amount,
    /// What was expected.
    pub expected: Amount,
}

/// A double as an amount of six places. Out of range is the nearest end.
pub(crate) fn amount(value: f64) -> Amount {
    let micros = (value * 1e6).round().clamp(-9e18, 9e18) as i128;
    Amount::from_units(micros * 1_000_000_000_000)
}

/// A name that depends on nothing but the texts (FNV-1a, 64 bits).
pub(crate) fn id(parts: &[&str]) -> String {
    let mut hash = 0xcbf2_9ce4_8422_2325u64;
    for byte in parts.join("\u{1f}").bytes() {
        hash = (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
    }
    format!("anm_{hash:016x}")
}
