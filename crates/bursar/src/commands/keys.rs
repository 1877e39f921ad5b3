//! `bursar keys …`: which keys there are, and new ones.
//!
//! They act on the data directory directly, also while a server runs on it: every step of a
//! rotation is one write that compares, and what is interrupted is carried on by saying it again.

use crate::exit::{Failure, Outcome};
use crate::installation::{self, Place, key_failure};
use crate::progress;
use bursar_domain::clock::{Clock, SystemClock};
use bursar_domain::id::WorkspaceId;
use bursar_domain::region::RegionName;
use bursar_keyring::{KeyStatus, Keyring, Owner, OwnerStatus, Purpose, RegionStatus};
use chrono::{DateTime, Utc};
use std::io::Write;
use std::sync::Arc;

const STATUS_HELP: &str = "\
Exit status:
  0  nothing waits
  1  a rotation was begun and not ended; the last lines say what to run

Examples:
  bursar keys status
      every region's key, what wrapped it, and how many keys of workspaces it seals
  bursar keys status --workspace acme
      the keys of one workspace by purpose, with their versions
  bursar keys status --format json | jq '.regions[].waiting_for_master'
      for a monitor";

const ROTATE_HELP: &str = "\
A rotation may be killed at any moment: everything still opens, and the same command carries on. A
server may run meanwhile.

The master key, when it is the data directory's own: `bursar keys rotate master` makes a new one.
Otherwise give the new one and, beside it, the one before:

  BURSAR_SECRET_KEY=…            the new key (or _FILE, or _URL)
  BURSAR_SECRET_KEY_PREVIOUS=…   the key before (or _FILE, or _URL)

restart every server with both, run `bursar keys rotate master`, and take the second away. A key that
a service keeps (BURSAR_SECRET_KEY_URL) gets its new version there; then this wraps everything with it.

Examples:
  bursar keys rotate master
      wrap every region's key again
  bursar keys rotate region home
      a new key for the region, which seals every workspace's key again
  bursar keys rotate workspace acme
      a new key for the workspace, and new keys for what it will write from now on
  bursar keys rotate installation
      the same for accounts, sessions and the directory of workspaces";

/// What to do with keys.
#[derive(Debug, clap::Subcommand)]
pub(crate) enum Command {
    Status(Status),
    Rotate(Rotate),
}

/// Show which keys there are
///
/// Ids, versions and ages, how many workspaces each seals, and what waits to be sealed again. Never
/// a key.
#[derive(Debug, clap::Args)]
#[command(after_long_help = STATUS_HELP)]
pub(crate) struct Status {
    /// The keys of this workspace, by name or id; `installation` for the installation's own
    #[arg(long, short = 'w', value_name = "NAME")]
    pub(crate) workspace: Option<String>,

    /// How to print it
    #[arg(long, short = 'f', value_name = "FORMAT", default_value = "table")]
    pub(crate) format: Format,

    #[command(flatten)]
    pub(crate) place: Place,
}

/// How to print the status.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Format {
    /// For people.
    Table,
    /// One JSON document.
    Json,
}

/// Replace keys by new ones, while serving
#[derive(Debug, clap::Args)]
#[command(after_long_help = ROTATE_HELP)]
pub(crate) struct Rotate {
    #[command(subcommand)]
    pub(crate) what: What,
}

/// Which key is replaced.
#[derive(Debug, clap::Subcommand)]
pub(crate) enum What {
    /// Wrap every region's key with the present master key
    Master(Place),
    /// Give a region a new key
    Region(RotateRegion),
    /// Give a workspace a new key, and new keys for what it writes from now on
    Workspace(RotateWorkspace),
    /// Give the installation a new key of its own
    Installation(Place),
}

// No `///` here or below: it would become the text of the commands that take these arguments.
#[derive(Debug, clap::Args)]
pub(crate) struct RotateRegion {
    /// The region; `home` when none was configured
    #[arg(value_name = "REGION")]
    pub(crate) region: RegionName,

    #[command(flatten)]
    pub(crate) place: Place,
}

#[derive(Debug, clap::Args)]
pub(crate) struct RotateWorkspace {
    /// The workspace, by name or id
    #[arg(value_name = "WORKSPACE")]
    pub(crate) workspace: String,

    #[command(flatten)]
    pub(crate) place: Place,
}

/// Carries out the command.
pub(crate) async fn run(command: Command) -> Result<Outcome, Failure> {
    match command {
        Command::Status(args) => status(args).await,
        Command::Rotate(args) => rotate(args.what).await,
    }
}

async fn open(place: &Place) -> Result<Keyring, Failure> {
    let config = place.config()?;
    Ok(installation::keyring(&config, Arc::new(SystemClock)).await?.keyring)
}

async fn workspace_id(name: &str, place: &Place) -> Result<WorkspaceId, Failure> {
    let installation = place.open().await?;
    let found = installation::workspace(&installation, name).await.map(|workspace| workspace.id);
    installation.close().await?;
    found
}

async fn rotate(what: What) -> Result<Outcome, Failure> {
    let mut out = std::io::stdout();
    match what {
        What::Master(place) => {
            let done = open(&place).await?.rotate_master().await.map_err(key_failure)?;
            let keys = counted(done.rewrapped, "region key", "region keys");
            writeln!(out, "{keys} wrapped again; the master key is {}", done.master_key)?;
            match done.file {
                Some(file) => writeln!(
                    out,
                    "it is in {}: back it up apart from the data; the one before opens nothing any more",
                    file.display()
                )?,
                None if done.rewrapped == 0 => writeln!(
                    out,
                    "nothing waited: give a new key in BURSAR_SECRET_KEY and this one in BURSAR_SECRET_KEY_PREVIOUS first"
                )?,
                None => writeln!(out, "BURSAR_SECRET_KEY_PREVIOUS is not needed any more")?,
            }
        }
        What::Region(args) => {
            let keyring = open(&args.place).await?;
            let bar = progress::bar("sealing", 0, "keys");
            let tell = |done: usize, all: usize| {
                bar.set_length(all as u64);
                bar.set_position(done as u64);
            };
            let done = keyring.rotate_region(&args.region, &tell).await;
            bar.finish_and_clear();
            let done = done.map_err(key_failure)?;
            let how = if done.resumed { "carried on and finished" } else { "finished" };
            writeln!(
                out,
                "region {}: {how}; the key has version {}, {} sealed again",
                args.region,
                done.version,
                counted(done.resealed, "key", "keys")
            )?;
        }
        What::Workspace(args) => {
            let installation = args.place.open().await?;
            let workspace = installation::workspace(&installation, &args.workspace).await?.id;
            let store = installation.store();
            let done = store.keyring().rotate_workspace(workspace).await.map_err(key_failure)?;
            let sealed = counted(store.reseal_workspace(workspace).await?, "field", "fields");
            installation.close().await?;
            let renewed = list(&done.renewed);
            writeln!(
                out,
                "{workspace}: the key has version {}; new keys for {renewed}; {sealed} sealed again",
                done.version
            )?;
        }
        What::Installation(place) => {
            let installation = place.open().await?;
            let store = installation.store();
            let done = store.keyring().rotate_installation().await.map_err(key_failure)?;
            let sealed = counted(store.reseal_directory().await?, "field", "fields");
            installation.close().await?;
            let renewed = list(&done.renewed);
            writeln!(
                out,
                "installation: the key has version {}; new keys for {renewed}; {sealed} sealed again",
                done.version
            )?;
        }
    }
    Ok(Outcome::Good)
}

fn counted(count: impl TryInto<u64>, one: &str, many: &str) -> String {
    let count = count.try_into().unwrap_or(u64::MAX);
    format!("{count} {}", if count == 1 { one } else { many })
}

fn list(purposes: &[Purpose]) -> String {
    purposes.iter().map(|purpose| purpose.name()).collect::<Vec<_>>().join(", ")
}

async fn status(args: Status) -> Result<Outcome, Failure> {
    let keyring = open(&args.place).await?;
    let now = SystemClock.now();
    let mut out = std::io::stdout();
    if let Some(name) = &args.workspace {
        let owner = match name.as_str() {
            "installation" => Owner::Installation,
            name => Owner::Workspace(workspace_id(name, &args.place).await?),
        };
        let status = keyring.owner_status(owner).await.map_err(key_failure)?;
        let status = status.ok_or_else(|| anyhow::anyhow!("no keys are kept for {owner} yet"))?;
        match args.format {
            Format::Json => writeln!(out, "{}", serde_json::to_string_pretty(&status)?)?,
            Format::Table => writeln!(out, "{}", of_owner(&status, now))?,
        }
        return Ok(Outcome::Good);
    }
    let status = keyring.status().await.map_err(key_failure)?;
    match args.format {
        Format::Json => writeln!(out, "{}", serde_json::to_string_pretty(&status)?)?,
        Format::Table => writeln!(out, "{}", of_regions(&status, now))?,
    }
    let waiting = status.regions.iter().any(|region| todo(region).is_some());
    Ok(if waiting { Outcome::Wanting } else { Outcome::Good })
}

fn table(header: &[&str]) -> comfy_table::Table {
    let mut table = comfy_table::Table::new();
    table.load_preset("     ──            ");
    table.set_header(header);
    table
}

fn of_regions(status: &KeyStatus, now: DateTime<Utc>) -> String {
    let mut rows = table(&["region", "key", "version", "made", "age", "wrapped by", "seals"]);
    for region in &status.regions {
        for key in &region.keys {
            let sealed = region.sealed.get(&key.version).copied().unwrap_or_default();
            rows.add_row([
                region.region.to_string(),
                key.id.clone(),
                key.version.to_string(),
                key.created.date_naive().to_string(),
                age(key.created, now),
                key.sealed_with.clone(),
                sealed.to_string(),
            ]);
        }
        if region.keys.is_empty() {
            let none = "none yet".to_owned();
            rows.add_row([region.region.to_string(), none]);
        }
    }
    let mut lines = vec![rows.trim_fmt()];
    for region in &status.regions {
        let given = if region.previous_master_keys.is_empty() {
            String::new()
        } else {
            format!(", and before it {}", region.previous_master_keys.join(" and "))
        };
        lines.push(format!("region {}: the master key is {}{given}", region.region, region.master_key));
    }
    lines.extend(status.regions.iter().filter_map(todo));
    lines.join("\n")
}

/// What waits, and what to run.
fn todo(region: &RegionStatus) -> Option<String> {
    let name = &region.region;
    let mut waits = Vec::new();
    if region.waiting_for_master > 0 {
        waits.push(format!(
            "region {name}: {} to be wrapped with the present master key: run `bursar keys rotate master`",
            counted(region.waiting_for_master, "key waits", "keys wait")
        ));
    }
    if region.keys.len() > 1 {
        waits.push(format!(
            "region {name}: a rotation is not finished, {} to be sealed: run `bursar keys rotate region {name}`",
            counted(region.waiting_for_region, "key waits", "keys wait")
        ));
    }
    (!waits.is_empty()).then(|| waits.join("\n"))
}

fn of_owner(status: &OwnerStatus, now: DateTime<Utc>) -> String {
    let mut rows = table(&["key", "version", "made", "age", ""]);
    for key in &status.data_keys {
        let note = match (key.pending, key.kept_for_older_data) {
            (true, _) => "waits to become the key of the database",
            (_, true) => "kept for what it has sealed",
            _ => "",
        };
        rows.add_row([
            key.purpose.name().to_owned(),
            key.version.to_string(),
            key.created.date_naive().to_string(),
            age(key.created, now),
            note.to_owned(),
        ]);
    }
    let key = &status.key;
    format!(
        "{}: key {} version {}, made {}, sealed with the key of region {}\n{}",
        status.owner,
        key.id,
        key.version,
        key.created.date_naive(),
        key.sealed_with,
        rows.trim_fmt()
    )
}

fn age(created: DateTime<Utc>, now: DateTime<Utc>) -> String {
    match (now - created).num_days().max(0) {
        1 => "1 day".to_owned(),
        days => format!("{days} days"),
    }
}
