//! What the store promises, whatever database is below.

mod accounts;
mod events;
mod factors;
mod isolation;
mod leaving;
mod log;
mod members;
mod provisioning;
mod tokens;
mod workspace;
