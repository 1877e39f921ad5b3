//! What tests share: the running program, real servers to run it against, and the fences.
//!
//! * [`program()`] runs the built binary as a person would, in a clean environment.
//! * [`Process`] is a child that is ready when you get it and dead when you drop it.
//! * [`dirty`] writes bad input of every kind.
//! * [`peers`] starts servers and clients that we did not write, pinned and installed by
//!   `cargo xtask test`.
//!
//! ```no_run
//! let run = bursar_testkit::program(env!("CARGO")).args(["--version"]).run()?;
//! assert_eq!(run.status, 0, "{run}");
//! # Ok::<(), bursar_testkit::Error>(())
//! ```
//!
//! A test of the product passes `env!("CARGO_BIN_EXE_bursar")`, which Cargo sets for the
//! integration tests of `crates/bursar` only.

#[cfg(feature = "dirty")]
pub mod dirty;
pub mod peers;
mod process;
mod program;
mod receiver;

pub use process::{Answer, Process, free_port, http_get, http_status};
pub use program::{Program, Run, program};
pub use receiver::{Received, Receiver, Reply};

/// Why a test could not set its stage.
pub type Error = anyhow::Error;

/// Whether this is a run in which nothing may be skipped.
#[must_use]
pub fn in_ci() -> bool {
    std::env::var("CI").is_ok_and(|ci| !matches!(ci.as_str(), "" | "0" | "false"))
}
