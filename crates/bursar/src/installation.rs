//! Opening the installation that a command works on: its keys, its control data, its clock.

use crate::config::{self, Arguments, Config};
use crate::exit::Failure;
use bursar_app::Installation;
use bursar_app::installation::InstallationConfig;
use bursar_domain::Clock;
use bursar_domain::clock::SystemClock;
use bursar_keyring::{Keyring, MasterKeyOrigin, SystemRandomness};
use bursar_store::{StoreError, Workspace};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

/// Opens the installation that the configuration names; where its master key came from.
pub(crate) async fn open(
    config: &Config,
    clock: Arc<dyn Clock>,
    refresh: Option<Duration>,
) -> Result<(Installation, MasterKeyOrigin), Failure> {
    let random = Arc::new(SystemRandomness);
    let opened =
        Keyring::open(&config.master, config.data.root(), Arc::clone(&random) as _, Arc::clone(&clock))
            .await?;
    let settings = InstallationConfig {
        refresh,
        store: config.store.clone(),
        sessions: config.sessions,
        throttle: config.throttle.clone(),
        ..InstallationConfig::embedded(config.data.root())
    };
    let environment: bursar_app::Environment = Arc::new(|key: &str| std::env::var(key).ok());
    let installation =
        Installation::open(settings, Arc::new(opened.keyring), clock, random, environment).await?;
    Ok((installation, opened.origin))
}

/// For the operator's own commands: the installation of a data directory, argument before variable.
pub(crate) async fn of_data_dir(data_dir: Option<&Path>) -> Result<Installation, Failure> {
    let arguments = Arguments { data_dir: data_dir.map(Path::to_owned), ..Arguments::default() };
    let config = config::resolve(&arguments, &|key| std::env::var_os(key))?;
    Ok(open(&config, Arc::new(SystemClock), None).await?.0)
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
