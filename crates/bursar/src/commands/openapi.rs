//! `bursar openapi`: the API's own description, without a server.

use crate::exit::{Failure, Outcome};
use std::io::Write;

/// Print the OpenAPI document of the API
///
/// The same document that a server answers under /api/openapi.json, as JSON on standard output.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {}

/// Prints it.
pub(crate) async fn run(_args: Args) -> Result<Outcome, Failure> {
    let document = serde_json::to_string_pretty(&bursar_server::routes::openapi())?;
    writeln!(std::io::stdout(), "{document}")?;
    Ok(Outcome::Good)
}
