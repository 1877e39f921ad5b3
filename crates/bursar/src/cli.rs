//! The arguments of every command, and the help that reads like a manual page.
//!
//! `bursar -h` is the short form, `bursar --help` and `bursar help COMMAND` the long one with
//! examples, exit statuses and environment variables.

use crate::commands::{
    anomalies, audit, authz, backup, certificate, cost, demo, doctor, focus_convert, focus_validate,
    forecast, keys, member, openapi, restore, serve, source, sql, token, workspace,
};
use clap::{Parser, Subcommand, ValueEnum};

const AFTER_HELP: &str = "\
Exit status:
  0  good
  1  checked, and found wanting
  2  bad input or usage
  3  refused
  4  something needed could not be reached

Examples:
  bursar demo
      twelve months of invented bills in the browser
  bursar cost --source ./exports --by ServiceName --top 10
      where the money of a folder of exports goes
  bursar sql --source s3://bucket/prefix \"SELECT SUM(BilledCost) FROM focus\"
      any question, in SQL, read in place";

/// The purse and the keys of your clouds
///
/// Bursar reads cloud bills where they lie (a folder, S3, Azure, Google Cloud Storage), only ever
/// reads them, and shows where the money goes: in the browser, in the terminal, in SQL.
#[derive(Debug, Parser)]
#[command(name = "bursar", version, after_long_help = AFTER_HELP, max_term_width = 100)]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) command: Command,

    /// Which log lines to print on standard error: error, warn, info, debug, trace, or by module
    #[arg(long, global = true, env = "BURSAR_LOG", value_name = "FILTER", help_heading = "Logging")]
    pub(crate) log: Option<String>,

    /// How log lines look
    #[arg(long, global = true, env = "BURSAR_LOG_FORMAT", default_value = "text", help_heading = "Logging")]
    pub(crate) log_format: LogFormat,
}

/// How log lines look.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum LogFormat {
    /// For people.
    Text,
    /// One JSON object a line, for log collectors.
    Json,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    Cost(cost::Args),
    Sql(sql::Args),
    /// Check and convert cost files by the FOCUS specification
    #[command(subcommand)]
    Focus(Focus),
    Forecast(forecast::Args),
    Anomalies(anomalies::Args),
    Demo(demo::Args),
    Serve(serve::Args),
    Doctor(doctor::Args),
    Openapi(openapi::Args),
    /// The keys that everything is encrypted with
    #[command(subcommand)]
    Keys(keys::Command),
    /// The sources of a workspace
    #[command(subcommand)]
    Source(source::Command),
    /// Workspaces, each a boundary of its own
    #[command(subcommand)]
    Workspace(workspace::Command),
    /// Who belongs to a workspace
    #[command(subcommand)]
    Member(member::Command),
    /// API tokens
    #[command(subcommand)]
    Token(token::Command),
    /// Encrypted copies of workspaces
    #[command(subcommand)]
    Backup(backup::Command),
    Restore(restore::Args),
    /// Proofs of deletion
    #[command(subcommand)]
    Certificate(certificate::Command),
    /// The record that nobody rewrites unnoticed
    #[command(subcommand)]
    Audit(audit::Command),
    /// Who may do what, and why
    #[command(subcommand)]
    Authz(authz::Command),
}

#[derive(Debug, Subcommand)]
pub(crate) enum Focus {
    Validate(focus_validate::Args),
    Convert(focus_convert::Args),
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn the_arguments_are_consistent() {
        Cli::command().debug_assert();
    }

    /// Every command and every argument explains itself.
    #[test]
    fn everything_has_help() {
        fn walk(command: &clap::Command, path: &str) {
            let path = format!("{path} {}", command.get_name());
            assert!(command.get_about().is_some(), "`{path}` has no help");
            for argument in command.get_arguments() {
                assert!(argument.get_help().is_some(), "`{path} {}` has no help", argument.get_id());
            }
            for sub in command.get_subcommands() {
                walk(sub, &path);
            }
        }
        walk(&Cli::command(), "");
    }
}
