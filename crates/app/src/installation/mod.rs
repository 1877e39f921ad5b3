//! The installation: everybody who can sign in, and every workspace, opened when it is asked for.
//!
//! What a request may reach is decided here, in one order: who asks ([`session`](self)), which
//! workspace, whether they belong to it, what their role allows ([`Entered::may`]), what part of the
//! charges their teams see. [`Entered`] is the result, and there is no other way from a request to
//! a [`Workspace`].
//!
//! Workspaces are opened on demand and a bounded number is kept open, each with a task that keeps it
//! fresh. Nothing about permission is kept between two requests: what was ended, revoked, switched
//! off or narrowed holds at the next one.

mod backup;
mod backup_file;
mod deletion;
mod deletion_certificate;
mod entering;
mod events;
mod export;
mod external;
mod import;
mod joining;
mod log;
mod messages;
mod open_workspaces;
mod regions;
mod restore;
mod scim;
mod sessions;
mod sign_in;
mod staff;

pub use backup::BackupError;
pub use deletion::{Grace, LeavingError, Swept};
pub use deletion_certificate::{CertificateFile, CertificateFileError};
pub use entering::MEMBERS_WITHOUT_TEAM;
pub use entering::{EnterError, Entered};
pub use events::StoreOutbox;
pub use export::ExportError;
pub use external::{Begun, Finished, NewPasskeyAnswer, PasskeyBegun, ProviderError, ProviderSettings};
pub use joining::{AskedToJoin, INVITATION_LIFETIME_DAYS, Invited, JoinError, Joining, RESET_LIFETIME_HOURS};
pub use log::LogChecked;
pub use messages::{MessagesConfig, MessagesError, Trial, TrialError};
pub use regions::RegionFolders;
pub use scim::{ProvisionError, Provisioned, Provisioning};
pub use sessions::{Client, CookieValue, SignedIn};
pub use sign_in::{ChoosePasswordError, LINK_LIFETIME_MINUTES, LinkError, Redeemed, SignInError};

use crate::error::AskError;
use crate::workspace::{Environment, Keep, Workspace};
use crate::workspace_file::SourceEntry;
use bursar_domain::id::{AccountId, WorkspaceId};
use bursar_domain::{Actor, Clock, Randomness, RegionName};
use bursar_identity::password::{HashError, HashSettings, PasswordHasher, PasswordPolicy};
use bursar_identity::session::{SessionLimits, Signer, SignerError};
use bursar_identity::throttle::{Throttle, ThrottleSettings, ThrottleSettingsError};
use bursar_keyring::Keyring;
use bursar_lake::sql::Engine;
use bursar_permission::{PermissionEngine, PolicyError};
use bursar_store::{Paging, Store, StoreConfig, StoreError, WorkspaceAccess, WorkspaceStore};
use chrono::{DateTime, Utc};
use open_workspaces::OpenWorkspaces;
use secrecy::SecretSlice;
use std::collections::{BTreeMap, HashMap};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

/// The name that session tokens carry as their issuer. Keys differ between installations, so it need not.
const ISSUER: &str = "bursar";

/// How an installation is run.
#[derive(Debug, Clone)]
pub struct InstallationConfig {
    /// Where files of the program's own lie: keys, rollups, embedded databases.
    pub data: PathBuf,
    /// Where control data lies.
    pub store: StoreConfig,
    /// Where the files of further regions lie; `home` has `data`.
    pub regions: BTreeMap<RegionName, RegionFolders>,
    /// Where backups of the home region lie, if not below `data`.
    pub backups: Option<PathBuf>,
    /// Time between two looks at the sources of an open workspace; `None` leaves that to the caller.
    pub refresh: Option<Duration>,
    /// How long sessions live.
    pub sessions: SessionLimits,
    /// How guessing is slowed down.
    pub throttle: ThrottleSettings,
    /// How passwords are hashed.
    pub hashing: HashSettings,
    /// Which passwords may be chosen.
    pub passwords: PasswordPolicy,
    /// Where webhooks, mail and channels may go.
    pub messages: MessagesConfig,
}

impl InstallationConfig {
    /// Everything below one data directory, with the defaults.
    #[must_use]
    pub fn embedded(data: impl Into<PathBuf>) -> Self {
        let data = data.into();
        Self {
            store: StoreConfig::embedded(&data),
            data,
            regions: BTreeMap::new(),
            backups: None,
            refresh: None,
            sessions: SessionLimits::default(),
            throttle: ThrottleSettings::default(),
            hashing: HashSettings::default(),
            passwords: PasswordPolicy::default(),
            messages: MessagesConfig::default(),
        }
    }
}

/// Why an installation cannot be opened.
#[derive(Debug, thiserror::Error)]
pub enum InstallationError {
    /// Its control data.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// Its permission policies.
    #[error(transparent)]
    Policies(#[from] PolicyError),
    /// Its session keys.
    #[error(transparent)]
    Signer(#[from] SignerError),
    /// Its settings for slowing down guesses.
    #[error(transparent)]
    Throttle(#[from] ThrottleSettingsError),
    /// Its keys.
    #[error(transparent)]
    Keys(#[from] bursar_keyring::KeyringError),
    /// The way out for messages.
    #[error(transparent)]
    Messages(#[from] MessagesError),
    /// The query engine.
    #[error(transparent)]
    Engine(#[from] AskError),
    /// Workspaces of an earlier version.
    #[error("{path}: a workspace of an earlier version cannot be taken over")]
    Import {
        /// Its file.
        path: PathBuf,
        /// Why.
        #[source]
        source: crate::workspace_file::WorkspaceFileError,
    },
}

/// Everybody and everything. Cheap to clone.
#[derive(Clone)]
pub struct Installation {
    inner: Arc<Inner>,
}

struct Inner {
    config: InstallationConfig,
    store: Store,
    permissions: PermissionEngine,
    engine: Arc<Engine>,
    clock: Arc<dyn Clock>,
    random: Arc<dyn Randomness>,
    environment: Environment,
    signer: Signer,
    /// Made when it is first needed: making it hashes once.
    hasher: tokio::sync::OnceCell<PasswordHasher>,
    throttle: Throttle,
    open: OpenWorkspaces,
    external: external::Providers,
    messages: messages::Messages,
    /// Sources that stand in for a workspace's own while the program runs.
    this_run: Mutex<HashMap<WorkspaceId, Vec<SourceEntry>>>,
    /// What the last walks over the audit logs found.
    logs: Mutex<log::Checked>,
    /// When the use of a membership was written last.
    touched: Mutex<HashMap<(WorkspaceId, AccountId), DateTime<Utc>>>,
}

impl std::fmt::Debug for Installation {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Installation").field("data", &self.inner.config.data).finish_non_exhaustive()
    }
}

impl Installation {
    /// Opens it: the directory's schema is brought up to date, workspaces of earlier versions are
    /// taken over.
    ///
    /// # Errors
    /// When control data, keys or settings cannot be used; nothing was changed then.
    pub async fn open(
        config: InstallationConfig,
        keyring: Arc<Keyring>,
        clock: Arc<dyn Clock>,
        random: Arc<dyn Randomness>,
        environment: Environment,
    ) -> Result<Self, InstallationError> {
        let installation_keys = keyring.installation().await?;
        let signing: Vec<u8> = installation_keys.session_signing_key().expose().to_vec();
        let signer = Signer::new(ISSUER, &[SecretSlice::from(signing)])?;
        let store =
            Store::open(config.store.clone(), keyring, Arc::clone(&clock), Arc::clone(&random)).await?;
        import::earlier_workspaces(&config.data, &store).await?;
        let inner = Inner {
            messages: messages::Messages::new(&config.messages, &clock, &random)?,
            permissions: PermissionEngine::new()?,
            engine: crate::workspace::engine()?,
            signer,
            hasher: tokio::sync::OnceCell::new(),
            this_run: Mutex::default(),
            logs: Mutex::default(),
            touched: Mutex::default(),
            throttle: Throttle::new(config.throttle.clone())?,
            open: OpenWorkspaces::default(),
            external: external::Providers::default(),
            config,
            store,
            clock,
            random,
            environment,
        };
        Ok(Self { inner: Arc::new(inner) })
    }

    /// Its control data.
    #[must_use]
    pub fn store(&self) -> &Store {
        &self.inner.store
    }

    /// What decides permission.
    #[must_use]
    pub fn permissions(&self) -> &PermissionEngine {
        &self.inner.permissions
    }

    /// The clock everything goes by.
    #[must_use]
    pub fn clock(&self) -> Arc<dyn Clock> {
        Arc::clone(&self.inner.clock)
    }

    /// Where its random bytes come from.
    #[must_use]
    pub fn random(&self) -> &dyn Randomness {
        self.inner.random.as_ref()
    }

    /// How it is run.
    #[must_use]
    pub fn config(&self) -> &InstallationConfig {
        &self.inner.config
    }

    pub(super) async fn hasher(&self) -> Result<&PasswordHasher, HashError> {
        let make = || async { PasswordHasher::new(self.inner.config.hashing, self.inner.random.as_ref()) };
        self.inner.hasher.get_or_try_init(make).await
    }

    /// Lets other sources stand in for a workspace's own until the program ends: what a command line
    /// says must not outlive it.
    pub fn use_sources(&self, workspace: WorkspaceId, sources: Vec<SourceEntry>) {
        self.inner.this_run.lock().unwrap_or_else(PoisonError::into_inner).insert(workspace, sources);
    }

    /// The sources of a workspace, in the order they were added.
    ///
    /// # Errors
    /// When control data cannot be read.
    pub async fn sources(&self, store: &WorkspaceStore) -> Result<Vec<SourceEntry>, StoreError> {
        let mut sources = Vec::new();
        let mut after = None;
        loop {
            let page = store.sources(Paging { after, ..Default::default() }).await?;
            let Some(last) = page.last() else { break };
            after = Some(last.id);
            sources.extend(page.into_iter().map(|source| SourceEntry {
                id: source.id,
                location: source.location,
                dialect: source.dialect,
                added_at: source.added_at,
            }));
        }
        sources.sort_by(|a, b| (a.added_at, &a.location).cmp(&(b.added_at, &b.location)));
        Ok(sources)
    }

    /// The workspace of that name or id.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] when there is none; [`StoreError::Conflict`] when several have the name.
    pub async fn find_workspace(&self, name: &str) -> Result<bursar_store::Workspace, StoreError> {
        let directory = self.inner.store.directory();
        if let Ok(id) = name.parse() {
            return directory.workspace(id).await;
        }
        let mut found = self.workspaces().await?;
        found.retain(|workspace| workspace.name == name);
        match (found.pop(), found.is_empty()) {
            (Some(only), true) => Ok(only),
            (Some(_), false) => Err(StoreError::Conflict("several workspaces have this name: give the id")),
            (None, _) => Err(StoreError::NotFound("workspace")),
        }
    }

    /// The workspaces that are not deleted, in the order of their ids.
    ///
    /// # Errors
    /// When control data cannot be read.
    pub async fn workspaces(&self) -> Result<Vec<bursar_store::Workspace>, StoreError> {
        let directory = self.inner.store.directory();
        let (mut all, mut after) = (Vec::new(), None);
        loop {
            let page = directory.workspaces(Paging { after, ..Default::default() }).await?;
            let Some(last) = page.last() else { break };
            after = Some(last.id);
            all.extend(page.into_iter().filter(|w| w.state != bursar_store::WorkspaceState::Deleted));
        }
        Ok(all)
    }

    /// A workspace, whole, for the program's own work: refreshing, the command line.
    ///
    /// # Errors
    /// When it is not there, or does not open.
    pub async fn whole_workspace(&self, id: WorkspaceId) -> Result<Workspace, EnterError> {
        let access = self.inner.store.operator(id).await?;
        self.open_workspace(&access).await
    }

    /// The workspace of an access, opened if it is not open, whole.
    async fn open_workspace(&self, access: &WorkspaceAccess) -> Result<Workspace, EnterError> {
        let store = self.inner.store.workspace(access).await?;
        let stand_in = {
            let this_run = self.inner.this_run.lock().unwrap_or_else(PoisonError::into_inner);
            this_run.get(&access.workspace()).cloned()
        };
        let sources = match stand_in {
            Some(sources) => sources,
            None => self.sources(&store).await?,
        };
        let name = self.inner.store.directory().workspace(access.workspace()).await?.name;
        let id = access.workspace();
        let folder = self.workspace_folder(access.region(), id)?;
        let open = || {
            let keep = Keep { folder, keys: Arc::clone(store.keys()) };
            Workspace::open(
                id,
                name.clone(),
                sources.clone(),
                Some(keep),
                Arc::clone(&self.inner.clock),
                Arc::clone(&self.inner.environment),
                Arc::clone(&self.inner.engine),
            )
        };
        Ok(self.inner.open.get(id, &name, &sources, self.inner.config.refresh, open)?)
    }

    /// Closes everything, so that write-ahead logs are folded into their files.
    ///
    /// # Errors
    /// When a database does not close.
    pub async fn close(&self) -> Result<(), StoreError> {
        self.inner.open.clear();
        self.inner.store.close().await
    }

    fn system() -> Actor {
        Actor::system()
    }
}
