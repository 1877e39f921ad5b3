//! `bursar focus convert`: a provider's own export becomes FOCUS, and not a cent is lost.

use crate::exit::{Failure, Outcome};
use std::path::PathBuf;

const EXAMPLES: &str = "\
Dialects: focus-1.0 … focus-1.4, aws-cur-legacy, aws-cur-2.0, azure-actual, azure-amortized,
azure-actual+amortized (both files of one month), gcp-detailed, oci.

Examples:
  bursar focus convert --from aws-cur-2.0 --to 1.2 cur-00001.csv.gz october.parquet
  bursar focus convert --from azure-actual+amortized --to 1.4 actual.csv amortized.csv october.parquet";

/// Convert provider exports to FOCUS
///
/// Prints the sums of BilledCost and EffectiveCost per currency and period of what was read and of
/// what was written; when they differ, the command fails.
#[derive(Debug, clap::Args)]
#[command(after_long_help = EXAMPLES)]
pub(crate) struct Args {
    /// The dialect of the input
    #[arg(long, value_name = "DIALECT")]
    pub(crate) from: String,

    /// The FOCUS version to write: 1.2 or 1.4
    #[arg(long, value_name = "V")]
    pub(crate) to: String,

    /// The files to read, then the file to write (.parquet, .csv or .csv.gz)
    #[arg(required = true, num_args = 2.., value_names = ["IN", "OUT"])]
    pub(crate) files: Vec<PathBuf>,
}

/// Converts the files.
pub(crate) async fn run(_args: Args) -> Result<Outcome, Failure> {
    super::not_built_yet("focus convert")
}
