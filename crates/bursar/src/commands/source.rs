//! `bursar source …`: the operator's own commands on the sources of a workspace.
//!
//! They act on the data directory directly and need no server and no session.

use super::workspace::data_dir;
use crate::exit::{Failure, Outcome};
use bursar_domain::clock::SystemClock;
use bursar_focus::dialect::Dialect;
use std::io::Write;
use std::path::PathBuf;

/// What to do with the sources.
#[derive(Debug, clap::Subcommand)]
pub(crate) enum Command {
    /// Add a folder or URL of cost exports
    Add(Add),
    /// List the sources
    List(List),
}

/// Add a folder or URL of cost exports.
#[derive(Debug, clap::Args)]
pub(crate) struct Add {
    /// A folder or URL of cost exports (s3://, az://, abfss://, gs://)
    #[arg(value_name = "LOCATION")]
    pub(crate) location: String,

    /// The workspace, by name or id
    #[arg(long, value_name = "W")]
    pub(crate) workspace: String,

    /// What the columns mean, such as focus-1.2 or aws-cur-2.0; recognised from the columns when left out
    #[arg(long, value_name = "DIALECT")]
    pub(crate) dialect: Option<String>,

    /// Where Bursar keeps what is its own
    #[arg(long, env = "BURSAR_DATA_DIR", value_name = "DIR")]
    pub(crate) data_dir: Option<PathBuf>,
}

/// List the sources.
#[derive(Debug, clap::Args)]
pub(crate) struct List {
    /// The workspace, by name or id
    #[arg(long, value_name = "W")]
    pub(crate) workspace: String,

    /// Where Bursar keeps what is its own
    #[arg(long, env = "BURSAR_DATA_DIR", value_name = "DIR")]
    pub(crate) data_dir: Option<PathBuf>,
}

/// Carries out the command.
pub(crate) async fn run(command: Command) -> Result<Outcome, Failure> {
    match command {
        Command::Add(args) => {
            if let Some(dialect) = &args.dialect {
                Dialect::parse_source(dialect)?;
            }
            let location = absolute(&args.location)?;
            let data = data_dir(args.data_dir.as_deref())?;
            let added = data.add_source(&args.workspace, &location, args.dialect, &SystemClock)?;
            writeln!(std::io::stdout(), "{}", added.id)?;
        }
        Command::List(args) => {
            for source in data_dir(args.data_dir.as_deref())?.workspace(&args.workspace)?.sources {
                let dialect = source.dialect.as_deref().unwrap_or("-");
                writeln!(std::io::stdout(), "{}\t{}\t{dialect}", source.id, source.location)?;
            }
        }
    }
    Ok(Outcome::Good)
}

/// A path as seen from anywhere: the server need not start in this folder. URLs stay as they are.
fn absolute(location: &str) -> Result<String, Failure> {
    if location.contains("://") || location.is_empty() {
        return Ok(location.to_owned());
    }
    let path = std::path::absolute(location)?;
    let text = path.into_os_string().into_string();
    text.map_err(|path| Failure::bad_input(anyhow::anyhow!("{}: the path is not UTF-8", path.display())))
}
