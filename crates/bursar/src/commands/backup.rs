//! `bursar backup`: encrypted copies of workspaces, taken while others work in them.

use crate::exit::{Failure, Outcome};
use crate::installation::{self, InWorkspace, Place};
use bursar_app::Installation;
use bursar_app::installation::BackupError;
use bursar_domain::id::{BackupId, WorkspaceId};
use bursar_store::WorkspaceState;
use std::io::Write;
use std::path::{Path, PathBuf};

/// What to do with backups.
#[derive(Debug, clap::Subcommand)]
pub(crate) enum Command {
    /// Take a backup of one workspace or of all
    Take(Take),
    /// List the backups of a workspace
    List(List),
    /// Read a backup back from beginning to end
    Verify(Verify),
    /// Remove a backup: its keys first, then its bytes
    Remove(Verify),
}

/// Take a backup of one workspace or of all, encrypted and read back. Prints id and place of each.
#[derive(Debug, clap::Args)]
pub(crate) struct Take {
    /// The workspace, by name or id; all when left out
    #[arg(long, value_name = "W")]
    pub(crate) workspace: Option<String>,

    /// The folder to write below; the backup folder of the workspace's region when left out
    #[arg(long, value_name = "DIR")]
    pub(crate) to: Option<PathBuf>,

    #[command(flatten)]
    pub(crate) place: Place,
}

/// List the backups of a workspace: id, when, bytes, whether it was verified, where.
#[derive(Debug, clap::Args)]
pub(crate) struct List {
    #[command(flatten)]
    pub(crate) at: InWorkspace,
}

/// One backup of a workspace.
#[derive(Debug, clap::Args)]
pub(crate) struct Verify {
    /// The backup
    #[arg(value_name = "BACKUP")]
    pub(crate) backup: BackupId,

    #[command(flatten)]
    pub(crate) at: InWorkspace,
}

/// The exit status that a failure deserves.
pub(super) fn failure(error: BackupError) -> Failure {
    match error {
        BackupError::Refused { .. } | BackupError::Leaving => Failure::refused(error),
        BackupError::Io { .. } => Failure::unreachable(error),
        other => other.into(),
    }
}

/// Carries out the command.
pub(crate) async fn run(command: Command) -> Result<Outcome, Failure> {
    match command {
        Command::Take(args) => take(args).await,
        Command::List(args) => {
            let (installation, by) = args.at.enter().await?;
            for backup in installation.backups(&by).await.map_err(failure)? {
                let verified = if backup.verified_at.is_some() { "verified" } else { "not verified" };
                writeln!(
                    std::io::stdout(),
                    "{}\t{}\t{} bytes\t{verified}\t{}",
                    backup.id,
                    backup.taken_at.format("%Y-%m-%dT%H:%M:%SZ"),
                    backup.size_bytes,
                    backup.location
                )?;
            }
            Ok(Outcome::Good)
        }
        Command::Verify(args) => {
            let (installation, by) = args.at.enter().await?;
            match installation.verify_backup(&by, args.backup).await {
                Ok(_) => {
                    writeln!(std::io::stdout(), "{} is whole", args.backup)?;
                    Ok(Outcome::Good)
                }
                Err(error @ BackupError::Damaged { .. }) => {
                    writeln!(std::io::stdout(), "{error}")?;
                    Ok(Outcome::Wanting)
                }
                Err(error) => Err(failure(error)),
            }
        }
        Command::Remove(args) => {
            let (installation, by) = args.at.enter().await?;
            installation.remove_backup(&by, args.backup).await.map_err(failure)?;
            Ok(Outcome::Good)
        }
    }
}

async fn take(args: Take) -> Result<Outcome, Failure> {
    let installation = args.place.open().await?;
    let to = args.to.map(std::path::absolute).transpose()?;
    let ids: Vec<WorkspaceId> = match &args.workspace {
        Some(name) => vec![installation::workspace(&installation, name).await?.id],
        None => installation
            .workspaces()
            .await?
            .into_iter()
            .filter(|workspace| matches!(workspace.state, WorkspaceState::Active | WorkspaceState::Disabled))
            .map(|workspace| workspace.id)
            .collect(),
    };
    // One that does not work must not keep the others from being saved.
    let mut first = None;
    for id in ids {
        match one(&installation, id, to.as_deref()).await {
            Ok(line) => writeln!(std::io::stdout(), "{line}")?,
            Err(error) => {
                writeln!(std::io::stderr(), "{id}: {error}")?;
                first.get_or_insert(error);
            }
        }
    }
    installation.close().await?;
    first.map_or(Ok(Outcome::Good), Err)
}

async fn one(installation: &Installation, id: WorkspaceId, to: Option<&Path>) -> Result<String, Failure> {
    let by = installation.enter_as_operator(id).await?;
    let backup = installation.back_up(&by, to).await.map_err(failure)?;
    Ok(format!("{}\t{id}\t{} bytes\t{}", backup.id, backup.size_bytes, backup.location))
}
