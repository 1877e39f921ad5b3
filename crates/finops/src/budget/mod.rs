//! Budgets: what may be spent in a month, a quarter or a year, and who is told when.
//!
//! [`Budget`] is the plan; [`Budget::status`] puts spending beside it; [`Budget::alerts`] is a pure step from what
//! was told before to what is told now, so that a threshold speaks once per period, and again only after the budget
//! changed (claim F2). [`contributions`] says what pushed it over.
//!
//! Refused on purpose: comparing currencies, a forecast without its range, and an alert that depends on how
//! often somebody looks. Days and months are UTC; periods exclude their end. Percentages are hundredths of a
//! percent.

mod alert;
mod contribution;
mod plan;
mod status;

pub use alert::{Alert, Told};
pub use contribution::{Contribution, Contributions, contributions};
pub use plan::{
    Budget, BudgetError, BudgetPeriod, Cadence, MAX_PERIODS, MAX_RECIPIENTS, MAX_THRESHOLDS, Measured,
    Threshold,
};
pub use status::{BurnPoint, Rest, Spending, Standing, Status, StatusError};
