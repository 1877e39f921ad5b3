//! Forecasts a file: `forecast INPUT OUTPUT HORIZON [SEASON]`. What `benches/forecast.py` measures.

use bursar_finops::forecast::csv;
use std::fs::File;
use std::io::{Error, ErrorKind};

fn main() -> Result<(), Error> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [input, output, horizon, season @ ..] = arguments.as_slice() else {
        return Err(Error::new(ErrorKind::InvalidInput, "forecast INPUT OUTPUT HORIZON [SEASON]"));
    };
    let number = |text: &String| text.parse::<usize>().map_err(Error::other);
    let mut options = csv::Options::new(number(horizon)?);
    options.season = season.first().map(number).transpose()?;
    csv::run(File::open(input)?, File::create(output)?, &options, |_| {}).map_err(Error::other)?;
    Ok(())
}
