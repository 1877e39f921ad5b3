//! Cost exports read where they lie: sources, deliveries, tables, rollups, questions.
//!
//! A [`location::Location`] names storage the customer owns. It opens as an object store that is
//! wrapped by [`ledger::ReadOnlyStore`], which lets reads through and nothing else, and counts
//! them. [`delivery::discover`] lists what lies there and tells which objects are, together, the
//! newest complete write of a billing period.
//!
//! Refused on purpose: writing to a source, reading an object that a half-written delivery
//! holds, adding two exports of the same charges.

pub mod ask;
pub mod bill;
pub mod charges;
pub mod delivery;
pub mod engine;
pub mod ledger;
pub mod location;
pub mod question;
pub mod rollup;
pub mod sql;
