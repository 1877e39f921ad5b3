//! `bursar source …`: the operator's own commands on the sources of a workspace.
//!
//! They act on the data directory or database directly and need no server and no session.

use crate::exit::{Failure, Outcome};
use crate::installation::{InWorkspace, OpenWorkspace};
use bursar_app::data_dir::check_location;
use bursar_app::workspace_file::SourceEntry;
use bursar_domain::Actor;
use bursar_focus::dialect::Dialect;
use bursar_store::{NewSource, StoreError};
use std::io::Write;

/// What to do with the sources.
#[derive(Debug, clap::Subcommand)]
pub(crate) enum Command {
    /// Add a folder or URL of cost exports
    Add(Add),
    /// List the sources
    List(List),
    /// Take a source away; what was derived from it goes with the next look
    Remove(Remove),
}

/// Take a source away. The exports themselves are never touched.
#[derive(Debug, clap::Args)]
pub(crate) struct Remove {
    /// The source's id, as `bursar source list` prints it
    #[arg(value_name = "ID")]
    pub(crate) source: bursar_domain::id::SourceId,

    #[command(flatten)]
    pub(crate) at: InWorkspace,
}

/// Add a folder or URL of cost exports.
#[derive(Debug, clap::Args)]
pub(crate) struct Add {
    /// A folder or URL of cost exports (s3://, az://, abfss://, gs://)
    #[arg(value_name = "LOCATION")]
    pub(crate) location: String,

    /// What the columns mean, such as focus-1.2 or aws-cur-2.0; recognised from the columns when left out
    #[arg(long, value_name = "DIALECT")]
    pub(crate) dialect: Option<String>,

    #[command(flatten)]
    pub(crate) at: InWorkspace,
}

/// List the sources.
#[derive(Debug, clap::Args)]
pub(crate) struct List {
    #[command(flatten)]
    pub(crate) at: InWorkspace,
}

/// Carries out the command.
pub(crate) async fn run(command: Command) -> Result<Outcome, Failure> {
    match command {
        Command::Add(args) => {
            if let Some(dialect) = &args.dialect {
                Dialect::parse_source(dialect)?;
            }
            let location = absolute(&args.location)?;
            check_location(&location)?;
            let OpenWorkspace { installation, workspace, store } = args.at.open().await?;
            // The same folder stays the same source, and so do its rollups.
            let clock = installation.clock();
            let entry = SourceEntry::new(workspace.id, &location, args.dialect.clone(), clock.now());
            let new = NewSource { location: location.clone(), dialect: args.dialect, id: Some(entry.id) };
            match store.add_source(&Actor::operator(), new).await {
                Ok(added) => writeln!(std::io::stdout(), "{}", added.id)?,
                Err(StoreError::Conflict(_)) => {
                    let todo = format!("`{location}` is a source of workspace `{}` already", workspace.name);
                    return Err(Failure::bad_input(anyhow::anyhow!(todo)));
                }
                Err(error) => return Err(error.into()),
            }
            installation.close().await?;
        }
        Command::List(args) => {
            let OpenWorkspace { installation, store, .. } = args.at.open().await?;
            for source in installation.sources(&store).await? {
                let dialect = source.dialect.as_deref().unwrap_or("-");
                writeln!(std::io::stdout(), "{}\t{}\t{dialect}", source.id, source.location)?;
            }
        }
        Command::Remove(args) => {
            let OpenWorkspace { installation, store, .. } = args.at.open().await?;
            store.remove_source(&Actor::operator(), args.source).await?;
            installation.close().await?;
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
