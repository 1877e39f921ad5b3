//! `bursar serve`: the pages and the API, on the user's own sources.

use crate::config::{self, Arguments, Config};
use crate::exit::{Failure, Outcome};
use bursar_app::{Keep, SourceEntry, Workspace, WorkspaceFile};
use bursar_domain::Clock;
use bursar_domain::clock::SystemClock;
use bursar_keyring::{Keyring, MasterKeyOrigin, SystemRandomness};
use bursar_server::Server;
use std::io::Write;
use std::path::PathBuf;
use std::sync::Arc;
use tokio::net::TcpListener;

/// The workspace that is made when there is none.
const FIRST_WORKSPACE: &str = "default";

/// Serve the pages and the API
///
/// Prints a one-time sign-in link on standard output and serves until interrupted. The link works
/// once, for fifteen minutes; `kill -USR1` of the process prints another.
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

    /// The workspace, by name or id; the only one when left out
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
    let mut file = workspace(&config, args.workspace.as_deref(), &*clock)?;
    if !args.sources.is_empty() {
        // For this run only: what a command line says must not outlive it.
        file.sources = args.sources.iter().map(|l| SourceEntry::new(file.id, l, None, clock.now())).collect();
    }
    serve(&config, file, clock).await
}

/// Serves a workspace until interrupted: `serve` and `demo` end here.
pub(crate) async fn serve(
    config: &Config,
    file: WorkspaceFile,
    clock: Arc<dyn Clock>,
) -> Result<Outcome, Failure> {
    let opened =
        Keyring::open(&config.master, config.data.root(), Arc::new(SystemRandomness), Arc::clone(&clock))
            .await?;
    if matches!(opened.origin, MasterKeyOrigin::Generated(_)) {
        tell(&opened.origin.to_string());
    }
    let folder = config.data.workspace_folder(file.id);
    let environment: bursar_app::Environment = Arc::new(|key: &str| std::env::var(key).ok());
    let keys = Arc::new(opened.keyring.workspace_or_create(file.id).await?);
    let workspace = Workspace::open(
        file.id,
        file.name.clone(),
        file.sources.clone(),
        Some(Keep { folder, keys }),
        clock,
        environment,
        bursar_app::engine()?,
    )?;
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
    let server = Server::new(workspace.clone(), settings);
    let every = config.refresh;
    let fresh = tokio::spawn(async move { workspace.keep_fresh(every).await });
    let mut stop = Signals::new()?;
    print_link(&server)?;
    let stopped = async {
        while stop.next().await == Signal::Link {
            if let Err(error) = print_link(&server) {
                tell(&format!("no sign-in link could be printed: {error}"));
            }
        }
        tell("stopping: running requests may end");
    };
    let served = server.serve(listener, stopped).await;
    fresh.abort();
    served?;
    Ok(Outcome::Good)
}

/// The workspace asked for; without a name the only one, or a first one.
fn workspace(config: &Config, name: Option<&str>, clock: &dyn Clock) -> Result<WorkspaceFile, Failure> {
    if let Some(name) = name {
        return Ok(config.data.workspace(name)?);
    }
    let mut all = config.data.workspaces()?;
    match (all.pop(), all.len()) {
        (None, _) => Ok(config.data.create_workspace(FIRST_WORKSPACE, clock)?),
        (Some(only), 0) => Ok(only),
        (Some(last), _) => {
            let names: Vec<_> = all.iter().chain([&last]).map(|w| w.name.as_str()).collect();
            Err(Failure::bad_input(anyhow::anyhow!("say which --workspace: there are {}", names.join(", "))))
        }
    }
}

/// The link alone on standard output, so that a script can take it.
fn print_link(server: &Server) -> Result<(), Failure> {
    let link = server.sign_in_link()?;
    let mut out = std::io::stdout().lock();
    writeln!(out, "{link}")?;
    out.flush()?;
    tell("sign in with the link above; it works once, for fifteen minutes. Stop with Ctrl-C");
    Ok(())
}

fn warn_of_unknown_variables() {
    let names = std::env::vars_os().filter_map(|(name, _)| name.into_string().ok());
    for name in config::unknown(names) {
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
