//! The level of a meter in whole weeks of the window: whether something grows or is noisy.

use super::inventory::Line;
use super::inventory::sum;
use bursar_domain::Amount;

const WEEK: usize = 7;

/// A meter by week.
pub(crate) struct Levels {
    /// Cost that no commitment pays, by week, the first first.
    pub(crate) cost: Vec<Amount>,
    /// Consumption by week.
    pub(crate) consumed: Vec<Amount>,
}

impl Levels {
    /// The whole weeks at the end of the window.
    pub(crate) fn of(line: &Line, days: usize) -> Self {
        let first = days % WEEK;
        let weeks = (first..days).step_by(WEEK);
        let consumed = |from: usize| {
            let all: Vec<Amount> =
                (from..from + WEEK).filter_map(|day| line.consumed.get(day).copied()).collect();
            sum(&all)
        };
        let cost =
            |from: usize| sum(&(from..from + WEEK).map(|day| line.uncommitted(day)).collect::<Vec<_>>());
        Self { cost: weeks.clone().map(cost).collect(), consumed: weeks.map(consumed).collect() }
    }
}
