//! `bursar focus validate`: does a file keep the rules of the FOCUS specification?

use crate::exit::{Failure, Outcome};
use std::path::PathBuf;

/// Check files against the FOCUS specification
///
/// Prints each rule that is broken, by its published id, with how often, the first rows, and what
/// it means. Ends with status 1 when a file breaks a rule it must keep.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Parquet, CSV or CSV.gz files
    #[arg(required = true, value_name = "FILE")]
    pub(crate) files: Vec<PathBuf>,

    /// The version to check against: 1.0, 1.1, 1.2, 1.3 or 1.4; recognised from the columns when left out
    #[arg(long = "version", value_name = "V")]
    pub(crate) version: Option<String>,

    /// How the findings are printed
    #[arg(long, default_value = "table")]
    pub(crate) format: ReportFormat,
}

/// How a report is printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum ReportFormat {
    /// For people.
    Table,
    /// For programs.
    Json,
}

/// Checks the files.
pub(crate) async fn run(_args: Args) -> Result<Outcome, Failure> {
    super::not_built_yet("focus validate")
}
