//! `bursar demo`: a year of invented bills, a workspace with them, and the server.

use crate::exit::{Failure, Outcome};
use std::net::SocketAddr;
use std::path::PathBuf;

/// Look around with invented bills
///
/// Makes twelve months of believable bills of three clouds (the same ones every time), a workspace
/// with them, and serves it with a one-time sign-in link, which is printed.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Where to listen
    #[arg(long, env = "BURSAR_LISTEN", default_value = "127.0.0.1:8080", value_name = "ADDRESS")]
    pub(crate) listen: SocketAddr,

    /// Where to keep the demo; a temporary folder when left out
    #[arg(long, env = "BURSAR_DATA_DIR", value_name = "DIR")]
    pub(crate) data_dir: Option<PathBuf>,

    /// The day that the demo takes for today, as YYYY-MM-DD
    #[arg(long, value_name = "DATE", value_parser = super::cost::date)]
    pub(crate) today: Option<chrono::NaiveDate>,
}

/// Makes the demo and serves it until interrupted.
pub(crate) async fn run(_args: Args) -> Result<Outcome, Failure> {
    super::not_built_yet("demo")
}
