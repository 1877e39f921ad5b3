//! `bursar source …`: the operator's own commands on the sources of a workspace.
//!
//! They act on the data directory directly and need no server and no session.

use crate::exit::{Failure, Outcome};
use std::path::PathBuf;

/// What to do with the sources.
#[derive(Debug, clap::Subcommand)]
pub(crate) enum Command {
    /// Add a folder or URL of cost exports
    Add(Add),
    /// List the sources
    List(List),
}

/// Add a folder or URL of cost exports.
#[derive(Debug, clap::Args)]
pub(crate) struct Add {
    /// A folder or URL of cost exports (s3://, az://, abfss://, gs://)
    #[arg(value_name = "LOCATION")]
    pub(crate) location: String,

    /// The workspace, by name or id
    #[arg(long, value_name = "W")]
    pub(crate) workspace: String,

    /// Where Bursar keeps what is its own
    #[arg(long, env = "BURSAR_DATA_DIR", value_name = "DIR")]
    pub(crate) data_dir: Option<PathBuf>,
}

/// List the sources.
#[derive(Debug, clap::Args)]
pub(crate) struct List {
    /// The workspace, by name or id
    #[arg(long, value_name = "W")]
    pub(crate) workspace: String,

    /// Where Bursar keeps what is its own
    #[arg(long, env = "BURSAR_DATA_DIR", value_name = "DIR")]
    pub(crate) data_dir: Option<PathBuf>,
}

/// Carries out the command.
pub(crate) async fn run(_command: Command) -> Result<Outcome, Failure> {
    super::not_built_yet("source")
}
