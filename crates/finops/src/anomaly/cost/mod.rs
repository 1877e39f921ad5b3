//! Incidents in a bill: one per cause, with what drove it.
//!
//! [`detect`] adds the cells of a [`Table`] up in layers ([`Layer`]): the total, each service, each account, each service in an
//! account, each service in a region, each value of a tag. Every layer's daily series go through the same detector as
//! single series do. What is found in several layers at the same time is one incident, at the place that explains it: the
//! finest layer, unless several finer ones moved together, in which case it is what they have in common.
//!
//! The days at the end of the table on which charges still arrive are left out, and so are taxes, credits, purchases and
//! corrections. Amounts are decimals; expectations, and therefore an incident's impact, are estimates in double precision that are
//! reported as decimals of six places.

mod explain;
mod feedback;
mod find;
mod incident;
mod replay;
mod scope;
mod table;
#[cfg(test)]
mod tests;

pub use feedback::Feedback;
pub use find::{CostError, Found, Options, detect};
pub use incident::{Driver, Incident, Point};
pub use replay::{Marked, Replay, replay};
pub use scope::{Layer, Scope};
pub use table::{Category, Charge, MAX_TEXT_BYTES, Table, TableError};
