//! `bursar demo`: a year of invented bills, a workspace with them, and the server.

use super::serve;
use crate::config::{self, Arguments};
use crate::exit::{Failure, Outcome};
use crate::installation;
use crate::progress;
use bursar_app::demo::{self, DemoPlan, DemoReport, DemoSize};
use bursar_app::insight::{AheadQuestion, Until};
use bursar_app::{Installation, Measure, SourceEntry};
use bursar_domain::clock::{FixedClock, SystemClock};
use bursar_domain::id::WorkspaceId;
use bursar_domain::{Amount, Clock, Scope};
use bursar_finops::budget::{Budget, Cadence, Measured, Threshold};
use chrono::NaiveTime;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::io::Write as _;
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::sync::Arc;

const WORKSPACE: &str = "demo";

/// Look around with invented bills
///
/// Makes twelve months of believable bills of three clouds (the same ones every time), a workspace
/// with them, and serves it with a one-time sign-in link, which is printed.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Where to listen
    #[arg(long, env = "BURSAR_LISTEN", default_value = "127.0.0.1:8080", value_name = "ADDRESS")]
    pub(crate) listen: String,

    /// Short for --listen 127.0.0.1:PORT
    #[arg(long, value_name = "PORT")]
    pub(crate) port: Option<u16>,

    /// Where to keep the demo; `demo` in the usual data directory when left out
    #[arg(long, visible_alias = "dir", env = "BURSAR_DATA_DIR", value_name = "DIR")]
    pub(crate) data_dir: Option<PathBuf>,

    /// Which invented company: another number gives another one
    #[arg(long, default_value_t = 1, value_name = "N")]
    pub(crate) seed: u64,

    /// How many rows: some 60 thousand, 300 thousand or 3 million
    #[arg(long, default_value = "default")]
    pub(crate) size: Size,

    /// Only make the bills, and print commands to ask them with
    #[arg(long)]
    pub(crate) no_serve: bool,

    /// The day that the demo takes for today, as YYYY-MM-DD; the clock then stands still
    #[arg(long, value_name = "DATE", value_parser = super::cost::date)]
    pub(crate) today: Option<chrono::NaiveDate>,
}

/// How much data.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Size {
    /// Some 60 thousand rows.
    Small,
    /// Some 300 thousand rows.
    Default,
    /// Some 3 million rows.
    Large,
}

/// Makes the demo and serves it until interrupted.
pub(crate) async fn run(args: Args) -> Result<Outcome, Failure> {
    let usual = config::data_directory(None, &|key| std::env::var_os(key)).map(|path| path.join("demo"));
    let listen = args.port.map_or(args.listen, |port| format!("127.0.0.1:{port}"));
    let arguments = Arguments { data_dir: args.data_dir.or(usual), listen: Some(listen), public_url: None };
    let config = config::resolve(&arguments, &|key| std::env::var_os(key))?;
    let clock: Arc<dyn Clock> = match args.today {
        Some(today) => {
            Arc::new(FixedClock(today.and_time(NaiveTime::MIN).and_utc() + chrono::Duration::hours(12)))
        }
        None => Arc::new(SystemClock),
    };
    let size = match args.size {
        Size::Small => DemoSize::Small,
        Size::Default => DemoSize::Default,
        Size::Large => DemoSize::Large,
    };
    let plan = DemoPlan { seed: args.seed, today: clock.today(), size };
    let bills = config.data.root().join("bills");
    let report = match demo::existing(&bills, &plan) {
        Some(report) => report,
        None => generate(bills.clone(), plan).await?,
    };
    if args.no_serve {
        std::io::stdout().lock().write_all(commands(&bills, &report).as_bytes())?;
        return Ok(Outcome::Good);
    }
    // Standard output is for the sign-in link alone; standard error may be gone.
    let _ = std::io::stderr().lock().write_all(commands(&bills, &report).as_bytes());
    let opened = installation::open(&config, Arc::clone(&clock), Some(config.refresh)).await?;
    let there = opened.0.workspaces().await?.into_iter().find(|workspace| workspace.name == WORKSPACE);
    let is_new = there.is_none();
    let workspace = match there {
        Some(workspace) => workspace,
        None => serve::make(&opened.0, WORKSPACE).await?,
    };
    let entry = |source: &demo::DemoSource| {
        let location = bills.join(&source.path).display().to_string();
        SourceEntry::new(workspace.id, &location, None, clock.now())
    };
    let sources: Vec<SourceEntry> = report.sources.iter().map(entry).collect();
    if is_new {
        opened.0.use_sources(workspace.id, sources.clone());
        if let Err(error) = first_budget(&opened.0, workspace.id).await {
            tracing::warn!(%error, "the demo has no budget");
        }
    }
    serve::serve(&config, opened, workspace.id, sources).await
}

/// A budget that this month is about to miss, so that there is one to look at.
async fn first_budget(installation: &Installation, workspace: WorkspaceId) -> Result<(), Failure> {
    let by = installation.enter_as_operator(workspace).await?;
    by.workspace().refresh().await;
    let question = AheadQuestion {
        measure: Measure::EffectiveCost,
        by: None,
        filters: Vec::new(),
        until: Until::Month,
        top: 1,
    };
    let report = by.workspace().ahead(&question).await?;
    let Some(largest) = report.currencies.into_iter().next() else { return Ok(()) };
    // Whole thousands, a little below what is expected.
    let thousand = 1_000 * 10_i128.pow(18);
    let amount = largest.total.expected_total.units() / 100 * 96 / thousand * thousand;
    let threshold = |on, basis_points| Threshold {
        on,
        basis_points,
        recipients: BTreeSet::from(["finance@example.com".to_owned()]),
    };
    let budget = Budget {
        name: "All clouds".to_owned(),
        scope: Scope::All,
        currency: largest.currency.parse()?,
        cadence: Cadence::Monthly,
        year_starts_in: 1,
        amount: Amount::from_units(amount.max(thousand)),
        amounts: BTreeMap::new(),
        thresholds: vec![threshold(Measured::Actual, 8_000), threshold(Measured::Forecast, 10_000)],
        revision: 0,
    };
    by.add_budget(budget).await?;
    Ok(())
}

/// Three commands that ask the demo's bills, to copy and change.
fn commands(bills: &Path, report: &DemoReport) -> String {
    let mut sources = String::new();
    for source in &report.sources {
        let path = bills.join(&source.path).display().to_string().replace('\'', "'\\''");
        // INVARIANT: writing to a string does not fail.
        let _ = write!(sources, " --source '{path}'");
    }
    format!(
        "{} charges of an invented company are in {}; ask them in another terminal:\n\
         \x20 bursar cost{sources} --by ServiceName --top 10\n\
         \x20 bursar cost{sources} --by tag:team --grain month\n\
         \x20 bursar sql{sources} \"SELECT provider, SUM(BilledCost) FROM focus GROUP BY provider\"\n",
        report.rows(),
        bills.display(),
    )
}

async fn generate(bills: PathBuf, plan: DemoPlan) -> Result<DemoReport, Failure> {
    let threads = std::thread::available_parallelism().unwrap_or(NonZeroUsize::MIN);
    let bar = progress::bar("inventing a year of bills", 0, "files");
    let made = tokio::task::spawn_blocking(move || {
        let report = demo::generate(&bills, &plan, threads, &|done, total| {
            bar.set_length(total as u64);
            bar.set_position(done as u64);
        });
        bar.finish_and_clear();
        report
    });
    Ok(made.await??)
}
