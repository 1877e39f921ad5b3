//! `bursar doctor`: every setting with its meaning, where its value comes from, and a check.

use crate::config::{self, Arguments, Fault};
use crate::exit::{Failure, Outcome};
use crate::installation;
use bursar_domain::clock::SystemClock;
use std::io::Write;
use std::path::PathBuf;
use std::sync::Arc;

/// Check the configuration
///
/// Lists every setting with its meaning, where its value comes from, and whether it works here.
/// Ends with status 1 when something needs doing.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Where Bursar keeps what is its own
    #[arg(long, env = "BURSAR_DATA_DIR", value_name = "DIR")]
    pub(crate) data_dir: Option<PathBuf>,
}

/// Checks everything and prints it.
pub(crate) async fn run(args: Args) -> Result<Outcome, Failure> {
    let arguments = Arguments { data_dir: args.data_dir, ..Arguments::default() };
    let environment = |key: &str| std::env::var_os(key);
    let (faults, master) = match config::resolve(&arguments, &environment) {
        Err(faults) => (faults.0, None),
        Ok(config) => match installation::keyring(&config, Arc::new(SystemClock)).await {
            Ok(opened) => (Vec::new(), Some(opened.origin.to_string())),
            Err(error) => {
                let why = error.to_string();
                (vec![Fault { key: "BURSAR_SECRET_KEY", why }], None)
            }
        },
    };
    let mut out = std::io::stdout().lock();
    for key in config::keys() {
        let value = environment(key.name).filter(|value| !value.is_empty());
        let origin = match &value {
            Some(_) if key.secret => "(hidden), from the environment".to_owned(),
            Some(value) => format!("{}, from the environment", value.to_string_lossy().escape_debug()),
            None => format!("{} (default)", key.default),
        };
        writeln!(out, "{}\n  meaning  {}\n  value    {origin}", key.name, key.meaning)?;
        let mut wrong = faults.iter().filter(|fault| fault.key == key.name).peekable();
        if wrong.peek().is_none() {
            writeln!(out, "  check    good")?;
        }
        for fault in wrong {
            writeln!(out, "  check    WRONG: {}", fault.why)?;
        }
    }
    if let Some(master) = master {
        writeln!(out, "\n{master}")?;
    }
    let names = std::env::vars_os().filter_map(|(name, _)| name.into_string().ok());
    let unknown = config::unknown(names, &std::env::var("BURSAR_REGIONS").unwrap_or_default());
    for name in &unknown {
        let hint = config::nearest(name).map_or_else(String::new, |near| format!("; did you mean {near}?"));
        writeln!(out, "\n{name} is no setting of this version and does nothing{hint}")?;
    }
    Ok(if faults.is_empty() && unknown.is_empty() { Outcome::Good } else { Outcome::Wanting })
}
