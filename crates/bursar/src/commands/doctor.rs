//! `bursar doctor`: every setting with its meaning, where its value comes from, and a check.

use crate::exit::{Failure, Outcome};
use std::path::PathBuf;

/// Check the configuration
///
/// Lists every setting with its meaning, where its value comes from, and whether it works here.
/// Ends with status 1 when something needs doing.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Where Bursar keeps what is its own
    #[arg(long, env = "BURSAR_DATA_DIR", value_name = "DIR")]
    pub(crate) data_dir: Option<PathBuf>,
}

/// Checks everything and prints it.
pub(crate) async fn run(_args: Args) -> Result<Outcome, Failure> {
    super::not_built_yet("doctor")
}
