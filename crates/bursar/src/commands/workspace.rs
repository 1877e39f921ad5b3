//! `bursar workspace …`: the operator's own commands on workspaces.
//!
//! They act on the data directory directly and need no server and no session.

use crate::exit::{Failure, Outcome};
use std::path::PathBuf;

/// What to do with workspaces.
#[derive(Debug, clap::Subcommand)]
pub(crate) enum Command {
    /// Make a workspace with its own key
    Create(Create),
    /// List the workspaces
    List(List),
}

/// Make a workspace with its own key.
#[derive(Debug, clap::Args)]
pub(crate) struct Create {
    /// What people call it
    #[arg(value_name = "NAME")]
    pub(crate) name: String,

    /// Where Bursar keeps what is its own
    #[arg(long, env = "BURSAR_DATA_DIR", value_name = "DIR")]
    pub(crate) data_dir: Option<PathBuf>,
}

/// List the workspaces.
#[derive(Debug, clap::Args)]
pub(crate) struct List {
    /// Where Bursar keeps what is its own
    #[arg(long, env = "BURSAR_DATA_DIR", value_name = "DIR")]
    pub(crate) data_dir: Option<PathBuf>,
}

/// Carries out the command.
pub(crate) async fn run(_command: Command) -> Result<Outcome, Failure> {
    super::not_built_yet("workspace")
}
