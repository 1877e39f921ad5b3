//! Forecasts of a file of series: CSV in with `ts,value` or `series,ts,value`, CSV out with
//! `series,ts,mean,lo80,hi80,lo95,hi95`.
//!
//! Series come out in the order in which they first appear. Rows may come in any order as long as the
//! file can be held (see [`Bounds`]); in a larger one each series' rows must be together. Timestamps go on in the
//! file's own spelling.

use super::{Backtest, ForecastError, Note, of_regular};
use crate::series::{Bounds, Collected, Regular};
use std::fmt::Write as _;
use std::io::{BufWriter, Read, Write};

/// What is asked.
#[derive(Clone, Copy, Debug)]
pub struct Options {
    /// How many steps ahead.
    pub horizon: usize,
    /// The length of a season in steps; 1 for none. Without it the seasons are found.
    pub season: Option<usize>,
    /// How much may be held.
    pub bounds: Bounds,
}

impl Options {
    /// So many steps ahead, with seasons as they are found.
    #[must_use]
    pub fn new(horizon: usize) -> Self {
        Self { horizon, season: None, bounds: Bounds::default() }
    }
}

/// What was done.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Summary {
    /// Series forecast.
    pub series: u64,
    /// Values they had.
    pub values: u64,
    /// Missing timestamps that were filled.
    pub gaps_filled: u64,
    /// Series without a value, which have no forecast.
    pub empty: Vec<String>,
    /// Series that were too short to compare models.
    pub short: u64,
    /// Series whose timestamps are on no even grid.
    pub uneven: u64,
    /// Errors of forecasts made as if at earlier times, averaged over the series that are long enough.
    pub backtest: Option<Backtest>,
    /// The last series' models; for a file of one series, its models.
    pub model: String,
}

/// At most so many names of empty series are kept.
const MAX_EMPTY_NAMED: usize = 100;

/// Reads series, writes their forecasts. `progress` is told how many series are done.
///
/// # Errors
/// If the input is no file of series, or a bound is passed, or the output cannot be written.
pub fn run(
    input: impl Read,
    output: impl Write,
    options: &Options,
    mut progress: impl FnMut(u64),
) -> Result<Summary, ForecastError> {
    let mut output = BufWriter::with_capacity(1 << 16, output);
    let mut collected = Collected::new(input, options.bounds)?;
    let mut summary = Summary::default();
    let mut errors = Errors::default();
    let asked = super::Options { season: options.season };
    output.write_all(b"series,ts,mean,lo80,hi80,lo95,hi95\n").map_err(ForecastError::Write)?;
    let mut line = String::new();
    while let Some(series) = collected.next_series()? {
        let Some(regular) = Regular::of(&series) else {
            if summary.empty.len() < MAX_EMPTY_NAMED {
                summary.empty.push(series.id);
            }
            continue;
        };
        let found = of_regular(&regular, options.horizon, &asked)?;
        let name = quoted(&series.id);
        line.clear();
        for at in 0..options.horizon {
            line.push_str(&name);
            line.push(',');
            regular.write_after(at + 1, &mut line);
            for value in [&found.mean, &found.lo80, &found.hi80, &found.lo95, &found.hi95] {
                let _ = write!(line, ",{}", value[at]);
            }
            line.push('\n');
        }
        output.write_all(line.as_bytes()).map_err(ForecastError::Write)?;
        summary.series += 1;
        summary.values += (regular.values.len() - regular.gaps) as u64;
        summary.gaps_filled += regular.gaps as u64;
        summary.uneven += u64::from(!regular.even);
        summary.short += u64::from(found.notes.contains(&Note::Short));
        errors.add(found.backtest);
        summary.model = found.model;
        progress(summary.series);
    }
    output.flush().map_err(ForecastError::Write)?;
    summary.backtest = errors.mean();
    Ok(summary)
}

#[derive(Default)]
struct Errors {
    count: u32,
    scaled: u32,
    sum: Option<Backtest>,
}

impl Errors {
    fn add(&mut self, found: Option<Backtest>) {
        let Some(found) = found else { return };
        let sum = self.sum.get_or_insert(Backtest {
            wape: 0.0,
            mase: Some(0.0),
            smape: 0.0,
            folds: 0,
            total: None,
        });
        sum.wape += found.wape;
        sum.smape += found.smape;
        sum.folds += found.folds;
        self.count += 1;
        if let Some(mase) = found.mase {
            sum.mase = sum.mase.map(|sum| sum + mase);
            self.scaled += 1;
        }
    }

    fn mean(&self) -> Option<Backtest> {
        let (sum, count) = (self.sum?, f64::from(self.count));
        let mase = sum.mase.filter(|_| self.scaled > 0).map(|sum| sum / f64::from(self.scaled));
        Some(Backtest { wape: sum.wape / count, mase, smape: sum.smape / count, ..sum })
    }
}

/// A field as CSV wants it.
fn quoted(text: &str) -> String {
    if text.contains([',', '"', '\n', '\r']) {
        format!("\"{}\"", text.replace('"', "\"\""))
    } else {
        text.to_owned()
    }
}

#[cfg(test)]
mod tests;
