//! `bursar forecast`: any series, carried on, with intervals that say how sure that is.

use super::series_input;
use crate::exit::{Failure, Outcome};
use crate::progress;
use bursar_finops::forecast::ForecastError;
use bursar_finops::forecast::csv::{Options, run as forecast};
use std::io::Write;
use std::path::PathBuf;

/// Most steps ahead.
const MAX_HORIZON: u64 = 100_000;

const HELP: &str = "\
The input is CSV with the header `ts,value` or `series,ts,value`. Timestamps are days, moments or whole
numbers; missing ones are filled and counted. The output is CSV on standard output:

  series,ts,mean,lo80,hi80,lo95,hi95

In 80 (95) of 100 cases the value should lie between lo80 and hi80 (lo95 and hi95). The error of the same method
on the past of each series, averaged, is told on standard error.

Examples:
  bursar forecast --input daily.csv --horizon 31
      a month ahead; seasons are found in the data
  bursar forecast --input hourly.csv --horizon 48 --season 24
      with a season that is known
  bursar cost --source ./exports --by ServiceName --grain day --format csv | … | bursar forecast --input - --horizon 31
      from a pipe";

/// Carry series on, with intervals
///
/// Several models are compared on the past of each series and combined; intervals are as wide as the errors
/// that were made there.
#[derive(Debug, clap::Args)]
#[command(after_long_help = HELP)]
pub(crate) struct Args {
    /// The file with the series; `-` for standard input
    #[arg(long, value_name = "FILE")]
    pub(crate) input: PathBuf,

    /// How many steps ahead
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..=MAX_HORIZON))]
    pub(crate) horizon: u64,

    /// The length of a season in steps, 1 for none; found in the data when left out
    #[arg(long, value_name = "S", value_parser = clap::value_parser!(u64).range(1..=100_000))]
    pub(crate) season: Option<u64>,
}

fn failure(error: ForecastError, input: &std::path::Path) -> Failure {
    series_input::failure(error, input)
}

/// Carries out the command.
pub(crate) async fn run(args: Args) -> Result<Outcome, Failure> {
    let input = series_input::open(&args.input)?;
    let options = Options {
        season: args.season.and_then(|season| usize::try_from(season).ok()),
        ..Options::new(usize::try_from(args.horizon)?)
    };
    let bar = progress::counter("forecasting", "series");
    let done = forecast(input, std::io::stdout().lock(), &options, |series| bar.set_position(series));
    bar.finish_and_clear();
    let done = done.map_err(|error| failure(error, &args.input))?;
    let mut notes = std::io::stderr().lock();
    if let Some(error) = done.backtest {
        let mase = error.mase.map_or_else(String::new, |mase| format!(", MASE {mase:.2}"));
        writeln!(
            notes,
            "{} series; on their own past: WAPE {:.1} %, sMAPE {:.1} %{mase}",
            done.series,
            error.wape * 100.0,
            error.smape
        )?;
    }
    for (count, what) in [
        (done.gaps_filled, "missing values were filled"),
        (done.short, "series are too short to compare models on their past"),
        (done.uneven, "series are on no even grid: their values are taken in order"),
    ] {
        if count > 0 {
            writeln!(notes, "{count} {what}")?;
        }
    }
    if !done.empty.is_empty() {
        writeln!(notes, "without a value, so without a forecast: {}", done.empty.join(", "))?;
    }
    if done.series == 0 {
        return Err(Failure::bad_input(anyhow::anyhow!(
            "{}: there is no series with a value in it",
            args.input.display()
        )));
    }
    Ok(Outcome::Good)
}
