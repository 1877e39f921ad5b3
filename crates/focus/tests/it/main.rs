//! Native exports through the public surface of the crate.

mod aws;
mod azure;
mod bill;
mod conform;
mod focus;
mod google;
mod oracle;
