//! One rule, one file. To add one: copy a file and its fixture, add it below and to
//! [`ALL`](super::ALL); a test says what is missing.

pub(crate) mod cross_zone_traffic;
pub(crate) mod idle_by_shape;
pub(crate) mod log_ingestion;
pub(crate) mod non_production_at_night;
pub(crate) mod old_generation;
pub(crate) mod snapshots_growing;
pub(crate) mod unattached_storage;
