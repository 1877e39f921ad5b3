//! How well detection did on history: against incidents that people marked.

use super::feedback::Feedback;
use super::find::{CostError, Found, Options, detect};
use super::scope::Scope;
use super::table::Table;
use chrono::NaiveDate;

/// An incident that somebody says there was.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Marked {
    /// Where.
    pub scope: Scope,
    /// First day.
    pub from: NaiveDate,
    /// First day on which it was over.
    pub until: NaiveDate,
}

/// How detection did.
#[derive(Debug, Clone, PartialEq, serde::Serialize)]
pub struct Replay {
    /// Share of the incidents found that were marked; `None` if none was found.
    pub precision: Option<f64>,
    /// Share of the marked that were found; `None` if none was marked.
    pub recall: Option<f64>,
    /// Mean days from the first day of a marked incident to its detection.
    pub delay_days: Option<f64>,
    /// What was found.
    pub found: Found,
}

/// Runs detection over history as it would have run day by day, and compares.
///
/// # Errors
/// As [`detect`].
pub fn replay(
    history: &Table,
    marked: &[Marked],
    options: &Options,
    feedback: &[Feedback],
) -> Result<Replay, CostError> {
    let found = detect(history, options, feedback)?;
    let hits = |m: &Marked| {
        found
            .incidents
            .iter()
            .filter(|i| m.scope.meets(&i.scope) && i.detected >= m.from && i.detected < m.until)
            .map(|i| i.detected.signed_duration_since(m.from).num_days())
            .min()
    };
    let delays: Vec<i64> = marked.iter().filter_map(hits).collect();
    let right = found
        .incidents
        .iter()
        .filter(|i| {
            marked.iter().any(|m| m.scope.meets(&i.scope) && i.detected >= m.from && i.since < m.until)
        })
        .count();
    let share = |part: usize, whole: usize| (whole > 0).then(|| part as f64 / whole as f64);
    Ok(Replay {
        precision: share(right, found.incidents.len()),
        recall: share(delays.len(), marked.len()),
        delay_days: (!delays.is_empty()).then(|| delays.iter().sum::<i64>() as f64 / delays.len() as f64),
        found,
    })
}
