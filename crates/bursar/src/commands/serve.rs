//! `bursar serve`: the pages and the API, on the user's own sources.

use crate::exit::{Failure, Outcome};
use std::net::SocketAddr;
use std::path::PathBuf;

/// Serve the pages and the API
///
/// Prints a one-time sign-in link on standard output and serves until interrupted.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Where to listen
    #[arg(long, env = "BURSAR_LISTEN", default_value = "127.0.0.1:8080", value_name = "ADDRESS")]
    pub(crate) listen: SocketAddr,

    /// Where Bursar keeps what is its own: catalogue, rollups, keys
    #[arg(long, env = "BURSAR_DATA_DIR", value_name = "DIR")]
    pub(crate) data_dir: Option<PathBuf>,

    /// A folder or URL of cost exports to add first; may be repeated
    #[arg(long = "source", short = 's', value_name = "PATH_OR_URL")]
    pub(crate) sources: Vec<String>,

    /// The address that people type, when a proxy stands in front
    #[arg(long, env = "BURSAR_PUBLIC_URL", value_name = "URL")]
    pub(crate) public_url: Option<String>,
}

/// Serves until interrupted.
pub(crate) async fn run(_args: Args) -> Result<Outcome, Failure> {
    super::not_built_yet("serve")
}
