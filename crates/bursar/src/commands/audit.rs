//! `bursar audit …`: the record that nobody rewrites unnoticed, handed over and checked.

use crate::exit::{Failure, Outcome};
use crate::installation::{self, Place};
use bursar_app::Installation;
use bursar_audit::export::Filter;
use bursar_audit::verify::{Trust, Verdict, verify_path};
use bursar_audit::{KeyHistory, SignedCheckpoint, VerifyingKey};
use bursar_domain::clock::SystemClock;
use bursar_domain::{Actor, Clock};
use bursar_store::AuditLog;
use chrono::{DateTime, NaiveDate, Utc};
use std::fs::OpenOptions;
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};

/// What to do with the record.
#[derive(Debug, clap::Subcommand)]
pub(crate) enum Command {
    Export(Export),
    Verify(Verify),
    /// Check a log where it lies, against its checkpoints
    Check(OfLog),
    /// Print the keys that a log is signed with
    Keys(OfLog),
}

// Which log.
#[derive(Debug, clap::Args)]
pub(crate) struct OfLog {
    /// The workspace, by name or id; the installation's own log when left out
    #[arg(long, short = 'w', value_name = "W")]
    pub(crate) workspace: Option<String>,

    #[command(flatten)]
    pub(crate) place: Place,
}

/// Write a log, or a part of it, into one file that verifies offline
///
/// The file is a tar archive: entries, signed checkpoints, the history of keys, a page that explains the
/// algorithm, and verify.py, which checks everything with nothing but Python. A part has a proof for each
/// entry.
#[derive(Debug, clap::Args)]
#[command(after_long_help = "\
Examples:
  bursar audit export --workspace acme --out acme.tar
      everything
  bursar audit export --workspace acme --from 2026-01-01 --until 2027-01-01 --action member. --out members.tar
      what was done to members in a year")]
pub(crate) struct Export {
    #[command(flatten)]
    pub(crate) of: OfLog,

    /// The file to write; it must not be there
    #[arg(long, short, value_name = "FILE")]
    pub(crate) out: PathBuf,

    /// From this day or moment on
    #[arg(long, value_name = "WHEN", value_parser = moment)]
    pub(crate) from: Option<DateTime<Utc>>,

    /// Before this day or moment
    #[arg(long, value_name = "WHEN", value_parser = moment)]
    pub(crate) until: Option<DateTime<Utc>>,

    /// Only of this actor: an account's id, or the words the entries have
    #[arg(long, value_name = "ACTOR")]
    pub(crate) actor: Option<String>,

    /// Only this action, or all of a noun when it ends in a dot (member.)
    #[arg(long, value_name = "ACTION")]
    pub(crate) action: Option<String>,

    /// Disclose what is known about persons (addresses, names)
    #[arg(long)]
    pub(crate) with_persons: bool,
}

/// Check an exported log: without a data directory, without a network
///
/// Ends with status 1 when something is wrong, and says what. Without --key the bundle's own first key is
/// taken and shown: compare it with the one that the log's owner shows.
#[derive(Debug, clap::Args)]
#[command(after_long_help = "\
Examples:
  bursar audit verify acme.tar
  bursar audit verify acme.tar --key 'bursar/wsp_…+1a2b3c4d+AQ…' --known last-year.checkpoint")]
pub(crate) struct Verify {
    /// The file, or the folder it was unpacked into
    #[arg(value_name = "FILE")]
    pub(crate) file: PathBuf,

    /// A key of the log, as `bursar audit keys` prints it; may be repeated
    #[arg(long = "key", value_name = "KEY")]
    pub(crate) keys: Vec<VerifyingKey>,

    /// A file with a checkpoint that was seen earlier; may be repeated
    #[arg(long = "known", value_name = "FILE")]
    pub(crate) known: Vec<PathBuf>,

    /// A witness of whom one must have signed the newest checkpoint; may be repeated
    #[arg(long = "witness", value_name = "KEY")]
    pub(crate) witnesses: Vec<VerifyingKey>,

    /// The newest checkpoint must be recent
    #[arg(long)]
    pub(crate) recent: bool,
}

fn moment(text: &str) -> Result<DateTime<Utc>, String> {
    if let Ok(day) = text.parse::<NaiveDate>() {
        return Ok(day.and_time(chrono::NaiveTime::MIN).and_utc());
    }
    text.parse().map_err(|_| {
        format!("`{text}` is no day such as 2026-01-31 and no moment such as 2026-01-31T12:00:00Z")
    })
}

/// Carries out the command.
pub(crate) async fn run(command: Command) -> Result<Outcome, Failure> {
    match command {
        Command::Export(args) => export(args).await,
        Command::Verify(args) => verify(&args),
        Command::Check(args) => check(args).await,
        Command::Keys(args) => keys(args).await,
    }
}

async fn open(of: &OfLog) -> Result<(Installation, AuditLog), Failure> {
    let installation = of.place.open().await?;
    let log = match &of.workspace {
        None => installation.store().directory().log(),
        Some(name) => {
            let workspace = installation::workspace(&installation, name).await?;
            let access = installation.store().operator(workspace.id).await?;
            installation.store().workspace(&access).await?.log()
        }
    };
    Ok((installation, log))
}

async fn export(args: Export) -> Result<Outcome, Failure> {
    let (installation, log) = open(&args.of).await?;
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let file = options.open(&args.out).map_err(|error| {
        Failure::bad_input(anyhow::Error::new(error).context(args.out.display().to_string()))
    })?;
    let filter = Filter { from: args.from, until: args.until, actor: args.actor, action: args.action };
    let now = SystemClock.now();
    let written = log.export(&Actor::operator(), BufWriter::new(file), filter, args.with_persons, now).await;
    match written {
        Ok((out, manifest)) => {
            out.into_inner().map_err(std::io::IntoInnerError::into_error)?.sync_all()?;
            let entries: u64 = manifest.chunks.iter().map(|chunk| chunk.entries).sum();
            writeln!(std::io::stdout(), "{}\t{entries} entries", args.out.display())?;
            installation.close().await?;
            Ok(Outcome::Good)
        }
        Err(error) => {
            // Half a file is worth nothing; the first error is the one to tell.
            let _ = std::fs::remove_file(&args.out);
            Err(error.into())
        }
    }
}

fn read(path: &Path) -> Result<String, Failure> {
    std::fs::read_to_string(path)
        .map_err(|error| anyhow::Error::new(error).context(path.display().to_string()).into())
}

fn verify(args: &Verify) -> Result<Outcome, Failure> {
    let known = args.known.iter().map(|path| Ok(SignedCheckpoint::parse(&read(path)?)?));
    let trust = Trust {
        keys: args.keys.clone(),
        log: None,
        known: known.collect::<Result<_, Failure>>()?,
        witnesses: args.witnesses.clone(),
        now: args.recent.then(|| SystemClock.now()),
    };
    let verdict = verify_path(&args.file, &trust)?;
    print(&verdict)?;
    Ok(if verdict.is_good() { Outcome::Good } else { Outcome::Wanting })
}

fn print(verdict: &Verdict) -> Result<(), Failure> {
    let mut out = std::io::stdout().lock();
    let what = if verdict.whole { "the whole log" } else { "a part of the log" };
    writeln!(
        out,
        "{}: {what}, {} entries checked of {}, {} checkpoints",
        verdict.origin, verdict.entries, verdict.size, verdict.checkpoints
    )?;
    if let Some(head) = verdict.head {
        writeln!(out, "newest checkpoint: {}", head.format("%Y-%m-%dT%H:%M:%SZ"))?;
    }
    for (key, from, until) in &verdict.keys {
        writeln!(out, "key {key}, good from {} to {}", from.date_naive(), until.date_naive())?;
    }
    for (witness, at) in &verdict.witnesses {
        writeln!(out, "witnessed by {witness} at {}", at.format("%Y-%m-%dT%H:%M:%SZ"))?;
    }
    if verdict.trust_on_first_use {
        writeln!(out, "no key was given: the first key above is the bundle's own word; compare it")?;
    }
    for problem in &verdict.problems {
        writeln!(out, "WRONG: {problem}")?;
    }
    if verdict.more_problems > 0 {
        writeln!(out, "WRONG: {} more", verdict.more_problems)?;
    }
    if verdict.is_good() {
        writeln!(out, "good")?;
    }
    Ok(())
}

async fn check(args: OfLog) -> Result<Outcome, Failure> {
    let (_installation, log) = open(&args).await?;
    let verdict = log.verify(None).await?;
    let mut out = std::io::stdout().lock();
    writeln!(
        out,
        "{}: {} entries, {} checkpoints, {} entries since the newest",
        log.log().origin(),
        verdict.entries,
        verdict.checkpoints,
        verdict.unsigned
    )?;
    for problem in &verdict.problems {
        writeln!(out, "WRONG: {problem}")?;
    }
    if verdict.is_good() {
        writeln!(out, "good")?;
        return Ok(Outcome::Good);
    }
    Ok(Outcome::Wanting)
}

async fn keys(args: OfLog) -> Result<Outcome, Failure> {
    let (installation, log) = open(&args).await?;
    // The first key is made with the first checkpoint.
    log.sign_checkpoint(SystemClock.now()).await?;
    let statements = log.key_statements().await?;
    let history = KeyHistory::read(statements.iter().map(String::as_str), &[])?;
    let mut out = std::io::stdout().lock();
    for (key, from, until) in history.windows() {
        writeln!(out, "{key}\t{}\t{}", from.date_naive(), until.date_naive())?;
    }
    drop(out);
    installation.close().await?;
    Ok(Outcome::Good)
}
