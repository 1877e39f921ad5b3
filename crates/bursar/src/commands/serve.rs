//! `bursar serve`: the pages and the API, on the user's own sources.

use crate::config::{self, Arguments, Config};
use crate::exit::{Failure, Outcome};
use crate::installation;
use bursar_app::{Installation, SourceEntry};
use bursar_domain::clock::SystemClock;
use bursar_domain::id::WorkspaceId;
use bursar_domain::{Actor, Clock, RegionName};
use bursar_keyring::MasterKeyOrigin;
use bursar_server::Server;
use bursar_store::{NewWorkspace, Workspace};
use std::io::Write;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpListener;

/// How long deliveries that are under way may take when the program ends.
const LAST_DELIVERIES: Duration = Duration::from_secs(5);
/// The workspace that is made when there is none.
const FIRST_WORKSPACE: &str = "default";
/// Time between two looks for deletions that are due.
const SWEEP_EVERY: Duration = Duration::from_secs(600);
/// Time between two looks at budgets.
const WATCH_EVERY: Duration = Duration::from_secs(3_600);
/// Time between two looks for checkpoints that are due.
const SIGN_EVERY: Duration = Duration::from_secs(60);
/// Of so many looks, one walks the logs.
const CHECK_ROUNDS: u32 = 60;
/// Steps of deletions at one look; the rest waits for the next.
const SWEEP_STEPS: usize = 10_000;

/// Serve the pages and the API
///
/// Serves every workspace of the installation. Prints a one-time sign-in link on standard output and
/// serves until interrupted. The link works once, for fifteen minutes, and signs in the workspace's
/// first owner, who is made by it when there is none; `kill -USR1` of the process prints another.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Where to listen; anything but this machine itself needs --public-url with https
    #[arg(long, env = "BURSAR_LISTEN", default_value = "127.0.0.1:8080", value_name = "ADDRESS")]
    pub(crate) listen: String,

    /// Where Bursar keeps what is its own: workspaces, sums of deliveries, keys
    #[arg(long, env = "BURSAR_DATA_DIR", value_name = "DIR")]
    pub(crate) data_dir: Option<PathBuf>,

    /// A folder or URL of cost exports to serve instead of the workspace's own; may be repeated
    #[arg(long = "source", short = 's', value_name = "PATH_OR_URL")]
    pub(crate) sources: Vec<String>,

    /// The workspace that the link and --source are for, by name or id; the first one when left out
    #[arg(long, value_name = "W")]
    pub(crate) workspace: Option<String>,

    /// The address that people type, when a proxy that does TLS stands in front
    #[arg(long, env = "BURSAR_PUBLIC_URL", value_name = "URL")]
    pub(crate) public_url: Option<String>,
}

/// Serves until interrupted.
pub(crate) async fn run(args: Args) -> Result<Outcome, Failure> {
    let arguments =
        Arguments { data_dir: args.data_dir, listen: Some(args.listen), public_url: args.public_url };
    let config = config::resolve(&arguments, &|key| std::env::var_os(key))?;
    warn_of_unknown_variables();
    let clock: Arc<dyn Clock> = Arc::new(SystemClock);
    let opened = installation::open(&config, Arc::clone(&clock), Some(config.refresh)).await?;
    let workspace = workspace(&opened.0, args.workspace.as_deref()).await?;
    let sources = args.sources.iter().map(|l| SourceEntry::new(workspace.id, l, None, clock.now()));
    let sources: Vec<SourceEntry> = sources.collect();
    serve(&config, opened, workspace.id, sources).await
}

/// Serves until interrupted: `serve` and `demo` end here. Sources given here stand in for the
/// workspace's own as long as the program runs.
pub(crate) async fn serve(
    config: &Config,
    (installation, origin): (Installation, MasterKeyOrigin),
    workspace: WorkspaceId,
    sources: Vec<SourceEntry>,
) -> Result<Outcome, Failure> {
    if matches!(origin, MasterKeyOrigin::Generated(_)) {
        tell(&origin.to_string());
    }
    if !sources.is_empty() {
        installation.use_sources(workspace, sources);
    }
    let listener = TcpListener::bind(config.listen).await.map_err(|error| {
        let todo = match error.kind() {
            std::io::ErrorKind::AddrInUse => {
                "; end the program that has the port, or choose another with --listen"
            }
            std::io::ErrorKind::PermissionDenied => "; choose a port above 1023 with --listen",
            _ => "",
        };
        Failure::unreachable(
            anyhow::Error::new(error).context(format!("cannot listen on {}{todo}", config.listen)),
        )
    })?;
    let settings =
        config.door.settings(listener.local_addr()?, config.public_url.clone()).map_err(Failure::refused)?;
    if let Some(doubt) = config.door.doubt(config.public_url.as_ref()) {
        tell(&format!("warning: {doubt}"));
    }
    let server = Server::new(installation.clone(), settings);
    // Looked at before anybody asks, and kept open.
    let warm = installation.whole_workspace(workspace).await?;
    drop(warm);
    let mut stop = Signals::new()?;
    print_link(&server, workspace).await?;
    let stopped = async {
        while stop.next().await == Signal::Link {
            if let Err(error) = print_link(&server, workspace).await {
                tell(&format!("no sign-in link could be printed: {error}"));
            }
        }
        tell("stopping: running requests may end");
    };
    let sweeping = tokio::spawn(sweep(installation.clone()));
    let logging = tokio::spawn(keep_logs(installation.clone()));
    let (stop_messages, no_more) = tokio::sync::oneshot::channel::<()>();
    let dispatching = tokio::spawn(dispatch(installation.clone(), no_more));
    let watching = tokio::spawn(watch_budgets(installation.clone()));
    let served = server.serve(listener, stopped).await;
    watching.abort();
    sweeping.abort();
    logging.abort();
    drop(stop_messages);
    finish(dispatching).await;
    served?;
    installation.close().await?;
    Ok(Outcome::Good)
}

/// The workspace asked for; without a name the one that was made first, or a first one.
pub(crate) async fn workspace(installation: &Installation, name: Option<&str>) -> Result<Workspace, Failure> {
    if let Some(name) = name {
        return installation::workspace(installation, name).await;
    }
    let all = installation.workspaces().await?;
    match all.into_iter().min_by_key(|workspace| workspace.created_at) {
        Some(first) => Ok(first),
        None => make(installation, FIRST_WORKSPACE).await,
    }
}

/// Makes a workspace in the first region.
pub(crate) async fn make(installation: &Installation, name: &str) -> Result<Workspace, Failure> {
    let region = installation.store().regions().into_iter().next().unwrap_or_else(RegionName::home);
    let new = NewWorkspace { region, name: name.to_owned(), id: None };
    Ok(installation.store().create_workspace(&Actor::operator(), new).await?)
}

/// Carries deletions out when their time has come. What is interrupted is carried on by the next run.
async fn sweep(installation: Installation) {
    let mut due = tokio::time::interval(SWEEP_EVERY);
    loop {
        due.tick().await;
        if let Err(error) = installation.sweep_deletions(SWEEP_STEPS).await {
            tracing::error!(%error, "deletions that are due could not be looked for");
        }
    }
}

/// Signs checkpoints of the audit logs at their cadence, and walks them once an hour.
async fn keep_logs(installation: Installation) {
    let mut due = tokio::time::interval(SIGN_EVERY);
    let mut rounds = 0_u32;
    loop {
        due.tick().await;
        if let Err(error) = installation.keep_logs().await {
            tracing::error!(%error, "the audit logs could not be signed");
        }
        if rounds.is_multiple_of(CHECK_ROUNDS)
            && let Err(error) = installation.check_logs().await
        {
            tracing::error!(%error, "the audit logs could not be checked");
        }
        rounds = rounds.wrapping_add(1);
    }
}

/// Sends events on their way until the other end of the channel is dropped.
async fn dispatch(installation: Installation, stop: tokio::sync::oneshot::Receiver<()>) {
    installation.dispatch_events(async { drop(stop.await) }).await;
}

/// Lets deliveries that are under way end. One that takes longer is made again by the next run.
async fn finish(mut dispatching: tokio::task::JoinHandle<()>) {
    if tokio::time::timeout(LAST_DELIVERIES, &mut dispatching).await.is_err() {
        dispatching.abort();
    }
}

/// Looks once an hour whether budgets have reached their thresholds; events tell it.
async fn watch_budgets(installation: Installation) {
    let mut due = tokio::time::interval(WATCH_EVERY);
    // The first look waits until deliveries were found.
    due.tick().await;
    loop {
        due.tick().await;
        let workspaces = match installation.workspaces().await {
            Ok(workspaces) => workspaces,
            Err(error) => {
                tracing::error!(%error, "budgets could not be looked at");
                continue;
            }
        };
        for workspace in workspaces {
            let Ok(by) = installation.enter_as_operator(workspace.id).await else { continue };
            match by.budgets().await {
                Ok(budgets) if budgets.is_empty() => {}
                Err(error) => tracing::error!(workspace = %workspace.id, %error, "budgets could not be read"),
                Ok(_) => {
                    if let Err(error) = by.budget_alerts().await {
                        tracing::error!(workspace = %workspace.id, %error, "budgets could not be looked at");
                    }
                }
            }
        }
    }
}

/// The link alone on standard output, so that a script can take it.
async fn print_link(server: &Server, workspace: WorkspaceId) -> Result<(), Failure> {
    let link = server.sign_in_link(None, workspace).await?;
    let mut out = std::io::stdout().lock();
    writeln!(out, "{link}")?;
    out.flush()?;
    tell("sign in with the link above; it works once, for fifteen minutes. Stop with Ctrl-C");
    Ok(())
}

fn warn_of_unknown_variables() {
    let names = std::env::vars_os().filter_map(|(name, _)| name.into_string().ok());
    for name in config::unknown(names, &std::env::var("BURSAR_REGIONS").unwrap_or_default()) {
        let hint = config::nearest(&name).map_or_else(String::new, |near| format!("; did you mean {near}?"));
        tell(&format!("warning: {name} is no setting of this version and does nothing{hint}"));
    }
}

/// For the person at the terminal. Standard error may be gone: the server goes on.
fn tell(text: &str) {
    let _ = writeln!(std::io::stderr(), "{text}");
}

#[derive(Debug, PartialEq, Eq)]
enum Signal {
    /// Print another link.
    Link,
    /// End.
    Stop,
}

#[cfg(unix)]
struct Signals {
    terminate: tokio::signal::unix::Signal,
    link: tokio::signal::unix::Signal,
}

#[cfg(unix)]
impl Signals {
    fn new() -> std::io::Result<Self> {
        use tokio::signal::unix::{SignalKind, signal};
        Ok(Self { terminate: signal(SignalKind::terminate())?, link: signal(SignalKind::user_defined1())? })
    }

    async fn next(&mut self) -> Signal {
        tokio::select! {
            _ = tokio::signal::ctrl_c() => Signal::Stop,
            _ = self.terminate.recv() => Signal::Stop,
            _ = self.link.recv() => Signal::Link,
        }
    }
}

#[cfg(not(unix))]
struct Signals;

#[cfg(not(unix))]
impl Signals {
    fn new() -> std::io::Result<Self> {
        Ok(Self)
    }

    async fn next(&mut self) -> Signal {
        // Without a way to be interrupted the server simply runs on.
        let _ = tokio::signal::ctrl_c().await;
        Signal::Stop
    }
}
