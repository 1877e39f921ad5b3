//! `bursar workspace delete|keep|export`, and `bursar workspace sweep`: taking a workspace along, and its end.

use crate::exit::{Failure, Outcome};
use crate::installation::{self, Place};
use bursar_app::installation::{ExportError, Grace, LeavingError};
use bursar_domain::Actor;
use std::fs::OpenOptions;
use std::io::{BufWriter, Write};
use std::path::PathBuf;

/// Delete a workspace: nobody enters it from now on, and after a time of grace its keys are destroyed, then its
/// bytes. Prints the id of the certificate, or when it will be carried out.
#[derive(Debug, clap::Args)]
pub(crate) struct Delete {
    /// The workspace, by name or id
    #[arg(value_name = "W")]
    pub(crate) workspace: String,

    /// The workspace's name once more, because there is no way back
    #[arg(long, value_name = "NAME")]
    pub(crate) confirm: String,

    /// Carry it out now
    #[arg(long, conflicts_with = "grace_days")]
    pub(crate) at_once: bool,

    /// Days until it is carried out, 30 at most
    #[arg(long, value_name = "DAYS", default_value_t = 30, value_parser = clap::value_parser!(u16).range(0..=30))]
    pub(crate) grace_days: u16,

    #[command(flatten)]
    pub(crate) place: Place,
}

/// Keep a workspace after all, while its time of grace lasts.
#[derive(Debug, clap::Args)]
pub(crate) struct Keep {
    /// The workspace, by name or id
    #[arg(value_name = "W")]
    pub(crate) workspace: String,

    #[command(flatten)]
    pub(crate) place: Place,
}

/// Write everything that is kept of a workspace, except secrets, into a ZIP file of JSON lines.
#[derive(Debug, clap::Args)]
pub(crate) struct Export {
    /// The workspace, by name or id
    #[arg(value_name = "W")]
    pub(crate) workspace: String,

    /// The file to write; it must not be there
    #[arg(long, short, value_name = "FILE")]
    pub(crate) output: PathBuf,

    #[command(flatten)]
    pub(crate) place: Place,
}

/// Carry out the deletions that are due. The server does so by itself; prints the ids of certificates.
#[derive(Debug, clap::Args)]
pub(crate) struct Sweep {
    #[command(flatten)]
    pub(crate) place: Place,
}

fn failure(error: LeavingError) -> Failure {
    match error {
        LeavingError::Refused { .. } | LeavingError::Confirm(_) | LeavingError::LastOwner(_) => {
            Failure::refused(error)
        }
        LeavingError::Io { .. } => Failure::unreachable(error),
        other => other.into(),
    }
}

/// Deletes a workspace.
pub(crate) async fn delete(args: Delete) -> Result<Outcome, Failure> {
    let installation = args.place.open().await?;
    let id = installation::workspace(&installation, &args.workspace).await?.id;
    let grace = if args.at_once { Grace::AtOnce } else { Grace::Days(args.grace_days) };
    let by = installation.enter_as_operator(id).await?;
    let due = installation.ask_workspace_deletion(&by, &args.confirm, grace).await.map_err(failure)?;
    drop(by);
    if !args.at_once {
        writeln!(std::io::stdout(), "{id} will be deleted at {}", due.format("%Y-%m-%dT%H:%M:%SZ"))?;
        return Ok(Outcome::Good);
    }
    sweep_all(&installation).await
}

/// Keeps a workspace after all.
pub(crate) async fn keep(args: Keep) -> Result<Outcome, Failure> {
    let installation = args.place.open().await?;
    let id = installation::workspace(&installation, &args.workspace).await?.id;
    installation.keep_workspace(&Actor::operator(), id).await.map_err(failure)?;
    Ok(Outcome::Good)
}

/// Carries out what is due.
pub(crate) async fn sweep(args: Sweep) -> Result<Outcome, Failure> {
    let installation = args.place.open().await?;
    sweep_all(&installation).await
}

async fn sweep_all(installation: &bursar_app::Installation) -> Result<Outcome, Failure> {
    let swept = installation.sweep_deletions(usize::MAX).await.map_err(failure)?;
    for certificate in &swept.certificates {
        writeln!(std::io::stdout(), "{certificate}")?;
    }
    installation.close().await?;
    if swept.more {
        return Err(Failure::unreachable(anyhow::anyhow!(
            "something could not be deleted yet: see the log, and run `bursar workspace sweep` again"
        )));
    }
    Ok(Outcome::Good)
}

/// Exports a workspace.
pub(crate) async fn export(args: Export) -> Result<Outcome, Failure> {
    let installation = args.place.open().await?;
    let id = installation::workspace(&installation, &args.workspace).await?.id;
    let by = installation.enter_as_operator(id).await?;
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let file = options.open(&args.output).map_err(|error| {
        Failure::bad_input(anyhow::Error::new(error).context(args.output.display().to_string()))
    })?;
    match installation.export(&by, BufWriter::new(file)).await {
        Ok(out) => {
            out.into_inner().map_err(std::io::IntoInnerError::into_error)?.sync_all()?;
            Ok(Outcome::Good)
        }
        Err(error) => {
            // Half a file is worth nothing; the first error is the one to tell.
            let _ = std::fs::remove_file(&args.output);
            Err(match error {
                ExportError::Refused { .. } => Failure::refused(error),
                other => other.into(),
            })
        }
    }
}
