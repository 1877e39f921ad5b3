//! Opening the installation that a command works on: its keys, its control data, its clock.

use crate::config::{self, Arguments, Config, Region};
use crate::exit::Failure;
use bursar_app::Installation;
use bursar_app::installation::{Entered, InstallationConfig, RegionFolders};
use bursar_domain::Clock;
use bursar_domain::clock::SystemClock;
use bursar_keyring::{
    Keyring, KeyringError, MasterKeyError, MasterKeyOrigin, Opened, ProviderError, RegionKeeping,
    SystemRandomness,
};
use bursar_store::{DatabaseConfig, PostgresKeyShelf, StoreError, Workspace, WorkspaceStore};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

// No `///` on these: it would become the text of the commands that take them.
// Where the installation is.
#[derive(Debug, Clone, clap::Args)]
pub(crate) struct Place {
    /// Where Bursar keeps what is its own
    #[arg(long, env = "BURSAR_DATA_DIR", value_name = "DIR")]
    pub(crate) data_dir: Option<PathBuf>,
}

// One of its workspaces.
#[derive(Debug, Clone, clap::Args)]
pub(crate) struct InWorkspace {
    /// The workspace, by name or id
    #[arg(long, short = 'w', value_name = "W")]
    pub(crate) workspace: String,

    #[command(flatten)]
    pub(crate) place: Place,
}

/// A workspace of an open installation, for the operator.
pub(crate) struct OpenWorkspace {
    pub(crate) installation: Installation,
    pub(crate) workspace: Workspace,
    pub(crate) store: WorkspaceStore,
}

impl Place {
    /// Everything that is configured; the argument wins over its variable.
    pub(crate) fn config(&self) -> Result<Config, Failure> {
        let arguments = Arguments { data_dir: self.data_dir.clone(), ..Arguments::default() };
        Ok(config::resolve(&arguments, &|key| std::env::var_os(key))?)
    }

    /// For the operator's own commands.
    pub(crate) async fn open(&self) -> Result<Installation, Failure> {
        Ok(open(&self.config()?, Arc::new(SystemClock), None).await?.0)
    }
}

impl InWorkspace {
    /// Its control data.
    pub(crate) async fn open(&self) -> Result<OpenWorkspace, Failure> {
        let installation = self.place.open().await?;
        let workspace = workspace(&installation, &self.workspace).await?;
        let access = installation.store().operator(workspace.id).await?;
        let store = installation.store().workspace(&access).await?;
        Ok(OpenWorkspace { installation, workspace, store })
    }

    /// The same way in as people have.
    pub(crate) async fn enter(&self) -> Result<(Installation, Entered), Failure> {
        let installation = self.place.open().await?;
        let id = workspace(&installation, &self.workspace).await?.id;
        let entered = installation.enter_as_operator(id).await?;
        Ok((installation, entered))
    }
}

/// The keys of every region. With a database the sealed keys lie in it, because replicas share them;
/// else in files of the region's data directory.
pub(crate) async fn keyring(config: &Config, clock: Arc<dyn Clock>) -> Result<Opened, Failure> {
    let random = Arc::new(SystemRandomness);
    let mut opened = match &config.store.directory {
        DatabaseConfig::Embedded { .. } => {
            Keyring::open(&config.master, config.data.root(), Arc::clone(&random) as _, Arc::clone(&clock))
                .await
                .map_err(key_failure)?
        }
        DatabaseConfig::Postgres(database) => {
            let (home, origin) = RegionKeeping::open(&config.master, config.data.root(), random.as_ref())
                .map_err(key_failure)?;
            let shelf = Arc::new(PostgresKeyShelf::open(database, Arc::clone(&clock)).await?);
            let keyring = Keyring::assemble(home.on(shelf), Arc::clone(&random) as _, Arc::clone(&clock))
                .await
                .map_err(key_failure)?;
            Opened { keyring, origin }
        }
    };
    for (name, region) in &config.regions {
        let (mut keeping, _) =
            RegionKeeping::open(&region.master, &region.data, random.as_ref()).map_err(key_failure)?;
        if let DatabaseConfig::Postgres(database) = &region.database {
            keeping = keeping.on(Arc::new(PostgresKeyShelf::open(database, Arc::clone(&clock)).await?));
        }
        opened.keyring.add_region(name.clone(), keeping).await.map_err(key_failure)?;
    }
    Ok(opened)
}

/// The exit status tells a wrong key from a service that does not answer.
pub(crate) fn key_failure(error: KeyringError) -> Failure {
    match &error {
        KeyringError::Provider(ProviderError::Unavailable { .. }) => Failure::unreachable(error),
        KeyringError::WrongMasterKey { .. }
        | KeyringError::Provider(_)
        | KeyringError::Master(MasterKeyError::Permissions { .. }) => Failure::refused(error),
        _ => error.into(),
    }
}

/// Opens the installation that the configuration names; where its master key came from.
pub(crate) async fn open(
    config: &Config,
    clock: Arc<dyn Clock>,
    refresh: Option<Duration>,
) -> Result<(Installation, MasterKeyOrigin), Failure> {
    let opened = keyring(config, Arc::clone(&clock)).await?;
    let folders =
        |region: &Region| RegionFolders { data: region.data.clone(), backups: region.backups.clone() };
    let settings = InstallationConfig {
        refresh,
        store: config.store.clone(),
        regions: config.regions.iter().map(|(name, region)| (name.clone(), folders(region))).collect(),
        backups: config.backups.clone(),
        sessions: config.sessions,
        throttle: config.throttle.clone(),
        messages: config.messages.clone(),
        ..InstallationConfig::embedded(config.data.root())
    };
    let environment: bursar_app::Environment = Arc::new(|key: &str| std::env::var(key).ok());
    let installation = Installation::open(
        settings,
        Arc::new(opened.keyring),
        clock,
        Arc::new(SystemRandomness),
        environment,
    )
    .await?;
    Ok((installation, opened.origin))
}

/// The workspace of that name or id, with what there is when there is none.
pub(crate) async fn workspace(installation: &Installation, name: &str) -> Result<Workspace, Failure> {
    match installation.find_workspace(name).await {
        Ok(workspace) => Ok(workspace),
        Err(StoreError::NotFound(_)) => {
            let all = installation.workspaces().await?;
            let hint = if all.is_empty() {
                format!("make it with `bursar workspace create {name}`")
            } else {
                format!("there are: {}", all.iter().map(|w| w.name.as_str()).collect::<Vec<_>>().join(", "))
            };
            Err(Failure::bad_input(anyhow::anyhow!("there is no workspace `{name}`; {hint}")))
        }
        Err(error) => Err(error.into()),
    }
}
