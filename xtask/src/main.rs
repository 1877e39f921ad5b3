//! The project's own scripts, so that two commands do everything from a fresh clone:
//!
//! * `cargo xtask demo` builds the UI and the program and serves the demo;
//! * `cargo xtask test` installs the pinned peers and runs every test there is.
//!
//! And three that are part of the second one: `claims` (the register of what is proven), `peers`
//! (only the installation), `fences` (only the checks of the workspace's own rules).
//!
//! What is missing on the machine is installed where a package registry and our rights allow;
//! otherwise the exact command is printed.

mod claims;
mod count;
mod demo;
mod fences;
mod machine;
mod peers;
mod running;
mod shell;
mod steps;
mod test;

use clap::{Parser, Subcommand};
use std::process::ExitCode;

/// The project's own scripts.
#[derive(Debug, Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask")]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Build the UI and the program, and serve the demo on 127.0.0.1:8080
    Demo(demo::Args),
    /// Install the pinned peers and run every test
    Test(test::Args),
    /// Print the claims register, and fail on a proof that does not exist
    Claims(claims::Args),
    /// Install the pinned peers
    Peers,
    /// Check the workspace's own rules: floors, single owners, names, module docs
    Fences,
}

fn main() -> ExitCode {
    let result = match Cli::parse().command {
        Command::Demo(args) => demo::run(&args),
        Command::Test(args) => test::run(&args),
        Command::Claims(args) => claims::run(&args),
        Command::Peers => peers::install_all().map(|()| true),
        Command::Fences => fences::run(),
    };
    match result {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            shell::say(&format!("error: {error:#}"));
            ExitCode::from(2)
        }
    }
}
