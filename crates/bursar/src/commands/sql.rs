//! `bursar sql`: one SELECT over cost exports read in place, without server or database.

use crate::exit::{Failure, Outcome};
use crate::output::Format;

const EXAMPLES: &str = "\
Tables: focus (Cost and Usage, with FOCUS column ids as they are spelled, plus provider and
billing_period), contract_commitment, invoice_detail, billing_period. tag('team') is the value of
a tag, or NULL.

Examples:
  bursar sql --source ./exports \"SELECT ServiceName, SUM(EffectiveCost) FROM focus GROUP BY 1\"
  bursar sql --source ./exports --format parquet < question.sql > answer.parquet";

/// Ask in SQL
///
/// Runs one SELECT. Nothing else is accepted: no DDL, no COPY, no file functions. Memory and time
/// are bounded.
#[derive(Debug, clap::Args)]
#[command(after_long_help = EXAMPLES)]
pub(crate) struct Args {
    /// A folder or URL of cost exports (s3://, az://, abfss://, gs://); may be repeated
    #[arg(long = "source", short = 's', required = true, value_name = "PATH_OR_URL")]
    pub(crate) sources: Vec<String>,

    /// The question; read from standard input when left out or `-`
    #[arg(value_name = "SELECT")]
    pub(crate) query: Option<String>,

    /// Give up after this many seconds
    #[arg(long, default_value_t = 300, value_name = "SECONDS")]
    pub(crate) timeout_s: u64,

    /// Print on standard error what was read to answer: objects, operations, bytes
    #[arg(long)]
    pub(crate) explain: bool,

    #[command(flatten)]
    pub(crate) output: Format,
}

/// Answers the question.
pub(crate) async fn run(_args: Args) -> Result<Outcome, Failure> {
    super::not_built_yet("sql")
}
