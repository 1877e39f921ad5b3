//! `bursar anomalies` without the rest of the program: CSV on standard input, judged CSV on standard output.
use bursar_finops::anomaly::{Options, csv};
use std::io::{self, BufReader};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let input = BufReader::with_capacity(1 << 18, io::stdin());
    csv::run(input, io::stdout().lock(), &Options::default())?;
    Ok(())
}
