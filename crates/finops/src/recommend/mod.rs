//! What could cost less, read from bills alone (claims F5 and E7).
//!
//! Nothing here asks a cloud: the input is what a resource used and cost per day, as the bill says. So each
//! recommendation is an observation with its evidence (figures and the keys of the rows they came from), and what only a connection
//! could confirm lowers its confidence instead of being assumed.
//!
//! A saving is told after commitments: it is effective cost that no commitment pays. What a commitment pays for
//! is *freed*, and saves money only if something else uses it; the two are never added.
//!
//! A rule is one file in `rules/`, with what it looks for, its effort and its risk; `fixtures/` has a case for each, and a test
//! walks both. [`risk`] turns severity, exposure, cost and confidence into one explained figure.

mod inventory;
mod levels;
mod registry;
pub mod risk;
mod rules;
mod saving;
#[cfg(test)]
mod tests;

pub use inventory::{
    HourProfile, Inventory, InventoryError, Line, MAX_DAYS, MAX_RESOURCES, MIN_DAYS, Resource,
};
pub use registry::{
    ALL, Effort, Evidence, Level, Recommendation, RowKeys, Rule, Settings, SettingsError, recommend,
};
pub use saving::Saving;
