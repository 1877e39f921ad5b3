//! `bursar workspace …`: the operator's own commands on workspaces.
//!
//! They act on the data directory directly and need no server and no session.

use crate::config;
use crate::exit::{Failure, Outcome};
use bursar_app::DataDir;
use bursar_domain::clock::SystemClock;
use std::io::Write;
use std::path::{Path, PathBuf};

/// What to do with workspaces.
#[derive(Debug, clap::Subcommand)]
pub(crate) enum Command {
    /// Make a workspace
    Create(Create),
    /// List the workspaces
    List(List),
}

/// Make a workspace. Its key is made when it is first served.
#[derive(Debug, clap::Args)]
pub(crate) struct Create {
    /// What people call it
    #[arg(value_name = "NAME")]
    pub(crate) name: String,

    /// Where Bursar keeps what is its own
    #[arg(long, env = "BURSAR_DATA_DIR", value_name = "DIR")]
    pub(crate) data_dir: Option<PathBuf>,
}

/// List the workspaces.
#[derive(Debug, clap::Args)]
pub(crate) struct List {
    /// Where Bursar keeps what is its own
    #[arg(long, env = "BURSAR_DATA_DIR", value_name = "DIR")]
    pub(crate) data_dir: Option<PathBuf>,
}

/// The data directory of an argument, a variable or the default.
pub(super) fn data_dir(argument: Option<&Path>) -> Result<DataDir, Failure> {
    let path = config::data_directory(argument, &|key| std::env::var_os(key))
        .ok_or_else(|| Failure::bad_input(anyhow::anyhow!("BURSAR_DATA_DIR: neither it nor HOME is set")))?;
    Ok(DataDir::open(&path)?)
}

/// Carries out the command.
pub(crate) async fn run(command: Command) -> Result<Outcome, Failure> {
    match command {
        Command::Create(args) => {
            let made = data_dir(args.data_dir.as_deref())?.create_workspace(&args.name, &SystemClock)?;
            writeln!(std::io::stdout(), "{}", made.id)?;
        }
        Command::List(args) => {
            for workspace in data_dir(args.data_dir.as_deref())?.workspaces()? {
                writeln!(
                    std::io::stdout(),
                    "{}\t{}\t{} sources",
                    workspace.id,
                    workspace.name,
                    workspace.sources.len()
                )?;
            }
        }
    }
    Ok(Outcome::Good)
}
