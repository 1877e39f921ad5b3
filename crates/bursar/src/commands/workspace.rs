//! `bursar workspace …`: the operator's own commands on workspaces.
//!
//! They act on the data directory or database directly and need no server and no session.

use super::leaving;
use crate::exit::{Failure, Outcome};
use crate::installation::Place;
use bursar_domain::{Actor, RegionName};
use bursar_store::{NewWorkspace, StoreError};
use std::io::Write;

/// What to do with workspaces.
#[derive(Debug, clap::Subcommand)]
pub(crate) enum Command {
    /// Make a workspace
    Create(Create),
    /// List the workspaces
    List(List),
    /// Take a workspace along: everything that is kept of it, except secrets
    Export(leaving::Export),
    /// Delete a workspace, at once or after a time of grace
    Delete(leaving::Delete),
    /// Keep a workspace after all, while its time of grace lasts
    Keep(leaving::Keep),
    /// Carry out the deletions that are due
    Sweep(leaving::Sweep),
}

/// Make a workspace, with keys of its own. Prints its id.
#[derive(Debug, clap::Args)]
pub(crate) struct Create {
    /// What people call it
    #[arg(value_name = "NAME")]
    pub(crate) name: String,

    /// The region that its data stays in; the only one when left out
    #[arg(long, value_name = "R")]
    pub(crate) region: Option<RegionName>,

    #[command(flatten)]
    pub(crate) place: Place,
}

/// List the workspaces: id, name, region, state and how many sources.
#[derive(Debug, clap::Args)]
pub(crate) struct List {
    #[command(flatten)]
    pub(crate) place: Place,
}

/// Longest name, in characters.
const MAX_NAME: usize = 100;

/// A name that can be typed and shown.
pub(super) fn check_name(name: &str) -> Result<(), Failure> {
    let allowed = |c: char| c.is_alphanumeric() || matches!(c, ' ' | '-' | '_' | '.');
    let fits =
        (1..=MAX_NAME).contains(&name.chars().count()) && name.chars().all(allowed) && name.trim() == name;
    if fits {
        return Ok(());
    }
    let shown: String = name.chars().take(MAX_NAME).collect();
    Err(Failure::bad_input(anyhow::anyhow!(
        "`{shown}` cannot name a workspace: use 1 to {MAX_NAME} letters, digits, blanks, `-`, `_` and `.`"
    )))
}

/// Carries out the command.
pub(crate) async fn run(command: Command) -> Result<Outcome, Failure> {
    match command {
        Command::Create(args) => {
            check_name(&args.name)?;
            let installation = args.place.open().await?;
            if installation.workspaces().await?.iter().any(|workspace| workspace.name == args.name) {
                return Err(Failure::bad_input(anyhow::anyhow!(
                    "there is already a workspace `{}`",
                    args.name
                )));
            }
            let regions = installation.store().regions();
            let region = match (args.region, regions.as_slice()) {
                (Some(region), _) => region,
                (None, [only]) => only.clone(),
                (None, several) => {
                    let names: Vec<&str> = several.iter().map(RegionName::as_str).collect();
                    let todo =
                        format!("say which --region its data stays in: there are {}", names.join(", "));
                    return Err(Failure::bad_input(anyhow::anyhow!(todo)));
                }
            };
            let new = NewWorkspace { region, name: args.name, id: None };
            let made = installation.store().create_workspace(&Actor::operator(), new).await;
            let made = made.map_err(|error| match error {
                StoreError::Region(_) => Failure::bad_input(error),
                other => other.into(),
            })?;
            writeln!(std::io::stdout(), "{}", made.id)?;
            installation.close().await?;
        }
        Command::List(args) => {
            let installation = args.place.open().await?;
            for workspace in installation.workspaces().await? {
                let access = installation.store().operator(workspace.id).await?;
                let store = installation.store().workspace(&access).await?;
                let sources = installation.sources(&store).await?.len();
                writeln!(
                    std::io::stdout(),
                    "{}\t{}\t{sources} sources\t{}\t{}",
                    workspace.id,
                    workspace.name,
                    workspace.region,
                    workspace.state
                )?;
            }
        }
        Command::Export(args) => return leaving::export(args).await,
        Command::Delete(args) => return leaving::delete(args).await,
        Command::Keep(args) => return leaving::keep(args).await,
        Command::Sweep(args) => return leaving::sweep(args).await,
    }
    Ok(Outcome::Good)
}
