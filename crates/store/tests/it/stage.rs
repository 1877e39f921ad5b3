//! An installation per test: a data directory or a PostgreSQL database, a keyring, a clock that the
//! test moves.

use bursar_domain::id::{AccountId, SessionId, WorkspaceId};
use bursar_domain::random::RandomnessError;
use bursar_domain::{Actor, Clock, Principal, Randomness, RegionName, Role, RoleName};
use bursar_keyring::{Keyring, MasterKeyConfig, SystemRandomness};
use bursar_store::{
    AccountKind, NewAccount, NewMembership, NewSession, NewWorkspace, Store, StoreConfig, StoreError, Via,
    WorkspaceAccess, WorkspaceStore,
};
use bursar_testkit::peers::{PostgresDatabase, postgres};
use chrono::{DateTime, TimeDelta, Utc};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

/// Which database.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Embedded,
    Postgres,
}

/// Time that stands still until it is moved.
#[derive(Debug)]
pub(crate) struct Hands(AtomicI64);

impl Clock for Hands {
    fn now(&self) -> DateTime<Utc> {
        DateTime::from_timestamp_micros(self.0.load(Ordering::SeqCst)).unwrap()
    }
}

impl Hands {
    pub(crate) fn start() -> Self {
        Self(AtomicI64::new(1_795_358_096_123_456))
    }

    pub(crate) fn forward(&self, by: TimeDelta) {
        self.0.fetch_add(by.num_microseconds().unwrap(), Ordering::SeqCst);
    }
}

/// The system's randomness; here because tests hand it on by name.
#[derive(Debug)]
pub(crate) struct Random;

impl Randomness for Random {
    fn fill(&self, buffer: &mut [u8]) -> Result<(), RandomnessError> {
        SystemRandomness.fill(buffer)
    }
}

/// An installation.
pub(crate) struct Stage {
    pub(crate) store: Store,
    pub(crate) config: StoreConfig,
    pub(crate) keyring: Arc<Keyring>,
    pub(crate) clock: Arc<Hands>,
    pub(crate) directory: tempfile::TempDir,
    pub(crate) postgres: Option<PostgresDatabase>,
}

pub(crate) const OPERATOR: Actor = Actor::operator();

pub(crate) async fn keyring(data: &Path, clock: Arc<dyn Clock>) -> Arc<Keyring> {
    let config = MasterKeyConfig::default();
    let opened = Keyring::open(&config, data, Arc::new(Random), clock).await.unwrap();
    Arc::new(opened.keyring)
}

impl Stage {
    /// A new installation; `None` when its database is not installed here.
    pub(crate) async fn new(kind: Kind) -> Option<Self> {
        let directory = tempfile::tempdir().unwrap();
        let clock = Arc::new(Hands::start());
        let keyring = keyring(directory.path(), clock.clone()).await;
        let postgres = match kind {
            Kind::Embedded => None,
            Kind::Postgres => Some(postgres()?.database().unwrap()),
        };
        let config = match &postgres {
            None => StoreConfig::embedded(directory.path()),
            Some(database) => {
                StoreConfig::postgres(database.app_url().into(), Some(database.owner_url().into()))
            }
        };
        let store =
            Store::open(config.clone(), keyring.clone(), clock.clone(), Arc::new(Random)).await.unwrap();
        Some(Self { store, config, keyring, clock, directory, postgres })
    }

    /// The same installation, opened once more.
    pub(crate) async fn reopen(&self) -> Result<Store, StoreError> {
        Store::open(self.config.clone(), self.keyring.clone(), self.clock.clone(), Arc::new(Random)).await
    }

    pub(crate) fn now(&self) -> DateTime<Utc> {
        self.clock.now()
    }

    pub(crate) async fn account(&self, name: &str) -> AccountId {
        let new = NewAccount {
            email: format!("{name}@example.com").parse().unwrap(),
            display_name: name.to_owned(),
            kind: AccountKind::Person,
            staff: false,
        };
        self.store.directory().create_account(&OPERATOR, new).await.unwrap().id
    }

    pub(crate) async fn workspace(&self, name: &str) -> WorkspaceId {
        let new = NewWorkspace { region: RegionName::home(), name: name.to_owned(), id: None };
        self.store.create_workspace(&OPERATOR, new).await.unwrap().id
    }

    pub(crate) async fn join(&self, workspace: WorkspaceId, account: AccountId, role: Role) {
        let new = NewMembership {
            account,
            role: RoleName::BuiltIn(role),
            owner: role == Role::Admin,
            via: Via::Manual,
        };
        self.store.directory().join(&OPERATOR, workspace, new).await.unwrap();
    }

    pub(crate) async fn session(&self, account: AccountId, secret: u8) -> SessionId {
        let new = self.new_session(account, secret);
        self.store.directory().create_session(&OPERATOR, new).await.unwrap().id
    }

    pub(crate) fn new_session(&self, account: AccountId, secret: u8) -> NewSession {
        NewSession {
            account,
            token_digest: [secret; 32],
            methods: vec!["password".into()],
            idle_limit: TimeDelta::minutes(30),
            expires_at: self.now() + TimeDelta::hours(12),
            address: "203.0.113.7".into(),
            agent: "Mozilla/5.0".into(),
            provider_session: None,
        }
    }

    pub(crate) async fn open(&self, workspace: WorkspaceId) -> WorkspaceStore {
        let access: WorkspaceAccess = self.store.operator(workspace).await.unwrap();
        self.store.workspace(&access).await.unwrap()
    }

    /// An account with a session that is a member of a new workspace.
    pub(crate) async fn owner_of(&self, name: &str) -> (WorkspaceId, AccountId, Principal) {
        let (workspace, account) = (self.workspace(name).await, self.account(name).await);
        self.join(workspace, account, Role::Admin).await;
        let secret = name.bytes().fold(7_u8, |sum, byte| sum.wrapping_mul(31).wrapping_add(byte));
        let session = self.session(account, secret).await;
        (workspace, account, Principal::Account { id: account, session })
    }
}

/// Makes an embedded and a PostgreSQL test of each function that takes a [`Stage`].
macro_rules! on_both {
    ($($(#[$doc:meta])* async fn $name:ident($stage:ident: &Stage) $body:block)*) => {$(
        mod $name {
            use super::*;

            $(#[$doc])*
            async fn check($stage: &Stage) $body

            #[tokio::test]
            async fn embedded() {
                check(&Stage::new($crate::stage::Kind::Embedded).await.unwrap()).await;
            }

            #[tokio::test]
            async fn postgres() {
                if let Some(stage) = Stage::new($crate::stage::Kind::Postgres).await {
                    check(&stage).await;
                }
            }
        }
    )*};
}
pub(crate) use on_both;
