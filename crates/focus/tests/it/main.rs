//! Native exports through the public surface of the crate.

#![expect(clippy::panic, clippy::unwrap_used, reason = "a panic is a test's way to fail")]

mod aws;
mod azure;
mod bill;
mod conform;
mod focus;
mod google;
mod oracle;
