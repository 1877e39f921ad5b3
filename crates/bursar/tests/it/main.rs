//! The program as a shell sees it.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a panic is a test's way to fail"
)]

mod ask;
mod audit;
mod demo;
mod flood;
mod focus_convert;
mod focus_validate;
mod keys;
mod series;
mod serve;
mod shell;
mod tls;

use bursar_testkit::Program;

/// The built program, in a clean environment.
fn bursar() -> Program {
    bursar_testkit::program(env!("CARGO_BIN_EXE_bursar"))
}
