//! `bursar anomalies`: values that do not fit what came before them, as they come.

use super::series_input;
use crate::exit::{Failure, Outcome};
use bursar_finops::anomaly::Options;
use bursar_finops::anomaly::csv::run as judge;
use std::io::{BufReader, Write};
use std::path::PathBuf;

const HELP: &str = "\
The input is CSV with the header `ts,value` or `series,ts,value`, in the order of time. For every row in there is a
row out, written before more input is waited for; nothing that comes later changes it:

  series,ts,value,expected,score,is_anomaly

`score` is from 0 (as ever) to 1 (as never before) and means the same for every series.

Examples:
  bursar anomalies --input daily.csv
  tail -f metrics.csv | bursar anomalies --input - | grep ',true$'
      a stream
  bursar anomalies --input cost.csv --least-amount 50
      nothing below 50 a day is worth looking at";

/// Find values that do not fit what came before them
#[derive(Debug, clap::Args)]
#[command(after_long_help = HELP)]
pub(crate) struct Args {
    /// The file with the series; `-` for standard input
    #[arg(long, value_name = "FILE")]
    pub(crate) input: PathBuf,

    /// In daily series, deviations below this amount are none, in the series' own unit
    #[arg(long, value_name = "AMOUNT", default_value_t = 0.0)]
    pub(crate) least_amount: f64,
}

/// Carries out the command.
pub(crate) async fn run(args: Args) -> Result<Outcome, Failure> {
    if !args.least_amount.is_finite() || args.least_amount < 0.0 {
        return Err(Failure::bad_input(anyhow::anyhow!("--least-amount is an amount from 0 on")));
    }
    let input = BufReader::new(series_input::open(&args.input)?);
    let options = Options { least_amount: args.least_amount, ..Options::default() };
    let done = judge(input, std::io::stdout().lock(), &options)
        .map_err(|error| series_input::failure(error, &args.input))?;
    writeln!(
        std::io::stderr(),
        "{} rows of {} series; {} are anomalies",
        done.rows,
        done.series,
        done.anomalies
    )?;
    Ok(Outcome::Good)
}
