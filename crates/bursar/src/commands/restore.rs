//! `bursar restore`: a workspace back to a backup.

use super::backup::failure;
use crate::exit::{Failure, Outcome};
use crate::installation::{self, Place};
use bursar_domain::id::BackupId;
use bursar_store::Restored;
use std::io::Write;
use std::path::PathBuf;

const EXAMPLES: &str = "\
What was taken away since the backup stays taken away: members, revoked tokens, ended staff accesses. The
record is only ever added to. A restore that fails changes nothing.

Examples:
  bursar restore --workspace prod bkp_0199f1c2a4b17000a1b2c3d4e5f60718
      back to one of its backups
  bursar restore --file /mnt/backups/wsp_…/bkp_….bursar-backup
      from a file, into a new data directory too: with the master key that the backup was taken under";

/// Put a workspace back to a backup
#[derive(Debug, clap::Args)]
#[command(after_long_help = EXAMPLES)]
pub(crate) struct Args {
    /// The backup, as `bursar backup list` names it
    #[arg(
        value_name = "BACKUP",
        required_unless_present = "file",
        conflicts_with = "file",
        requires = "workspace"
    )]
    pub(crate) backup: Option<BackupId>,

    /// The workspace, by name or id
    #[arg(long, value_name = "W")]
    pub(crate) workspace: Option<String>,

    /// A backup as a file, with its keys beside it
    #[arg(long, value_name = "FILE", conflicts_with = "workspace")]
    pub(crate) file: Option<PathBuf>,

    #[command(flatten)]
    pub(crate) place: Place,
}

/// Carries out the command.
pub(crate) async fn run(args: Args) -> Result<Outcome, Failure> {
    let installation = args.place.open().await?;
    let (id, restored) = match (args.backup, args.workspace, args.file) {
        (Some(backup), Some(workspace), _) => {
            let id = installation::workspace(&installation, &workspace).await?.id;
            let by = installation.enter_as_operator(id).await?;
            (id, installation.restore(&by, backup).await.map_err(failure)?)
        }
        (_, _, Some(file)) => {
            installation.restore_file(&std::path::absolute(file)?).await.map_err(failure)?
        }
        _ => return Err(Failure::bad_input(anyhow::anyhow!("name a backup and its workspace, or a file"))),
    };
    installation.close().await?;
    let Restored { rows, tokens_revoked, staff_accesses_ended, users_switched_off, left_out } = restored;
    writeln!(std::io::stdout(), "{id}\t{} rows", rows.values().sum::<u64>())?;
    for (count, what) in [
        (tokens_revoked, "tokens came back revoked: they are not good now"),
        (staff_accesses_ended, "staff accesses came back ended"),
        (users_switched_off, "provisioned users came back switched off"),
        (left_out, "places in teams were left out: their accounts are no members now"),
    ] {
        if count > 0 {
            writeln!(std::io::stderr(), "{count} {what}")?;
        }
    }
    Ok(Outcome::Good)
}
