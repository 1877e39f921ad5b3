//! The program: commands, configuration, wiring.
//!
//! Everything a command does lives below this crate; here is only what a shell sees: arguments,
//! text on standard output, progress and messages on standard error, and the exit status
//! ([`exit`]). A reader that goes away (`bursar cost … | head`) is not an error.

mod cli;
mod commands;
mod config;
mod exit;
mod installation;
mod output;
mod progress;

use clap::Parser;
use exit::{Failure, Outcome};
use std::io::Write;
use std::process::ExitCode;

/// Keeps freed page buffers: the C library's allocator maps and unmaps each, and the page faults are
/// two fifths of what a scan of Parquet costs.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    let cli = cli::Cli::parse();
    finish(run(cli))
}

/// Sets up what the whole process shares, then hands over to the command.
fn run(cli: cli::Cli) -> Result<Outcome, Failure> {
    // Two TLS stacks in the dependencies enable two providers; without a choice rustls panics.
    if rustls::crypto::aws_lc_rs::default_provider().install_default().is_err() {
        return Err(Failure::bad_input(anyhow::anyhow!("a TLS provider was installed twice")));
    }
    log_to_stderr(cli.log.as_deref(), cli.log_format)?;
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let result = runtime.block_on(commands::run(cli.command));
    // A query that is still running must not keep a finished command alive.
    runtime.shutdown_background();
    result
}

/// Logs go to standard error, so that standard output holds the answer and nothing else.
fn log_to_stderr(filter: Option<&str>, format: cli::LogFormat) -> Result<(), Failure> {
    let filter = tracing_subscriber::EnvFilter::try_new(filter.unwrap_or("warn"))
        .map_err(|e| Failure::bad_input(anyhow::anyhow!("`--log` is not a log filter: {e}")))?;
    let builder = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
    match format {
        cli::LogFormat::Text => {
            builder.with_ansi(std::io::IsTerminal::is_terminal(&std::io::stderr())).init()
        }
        cli::LogFormat::Json => builder.json().init(),
    }
    Ok(())
}

/// Prints what went wrong, once, and turns it into the exit status.
fn finish(result: Result<Outcome, Failure>) -> ExitCode {
    // Flushing can meet the reader that left, too.
    let result =
        result.and_then(|outcome| std::io::stdout().flush().map(|()| outcome).map_err(Failure::from));
    match result {
        Ok(outcome) => outcome.into(),
        Err(failure) if failure.is_broken_pipe() => ExitCode::SUCCESS,
        Err(failure) => {
            // Standard error may be gone as well; the status still tells.
            let _ = writeln!(std::io::stderr(), "error: {failure}");
            failure.kind().into()
        }
    }
}
