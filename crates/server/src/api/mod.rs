//! The endpoints, a file each: what they take, what they answer, and nothing about how.

pub(crate) mod conformance;
pub(crate) mod cost;
pub(crate) mod dashboard;
pub(crate) mod deliveries;
pub(crate) mod dimensions;
pub(crate) mod export;
mod failure;
pub(crate) mod health;
pub(crate) mod ledger;
pub(crate) mod metrics;
mod model;
pub(crate) mod openapi;
mod question;
pub(crate) mod sources;
pub(crate) mod sql;
pub(crate) mod workspace;
