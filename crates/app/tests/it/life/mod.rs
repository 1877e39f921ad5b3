//! Backups, restores, leaving and regions of a whole installation.

mod backups;
mod leaving;
mod regions;

use bursar_app::installation::Entered;
use bursar_app::{Installation, InstallationConfig};
use bursar_domain::id::{AccountId, WorkspaceId};
use bursar_domain::{Actor, Clock, RegionName, Role, RoleName, Scope};
use bursar_keyring::{Keyring, MasterKeyConfig, SystemRandomness};
use bursar_store::{
    AccountKind, NewAccount, NewMembership, NewSource, NewToken, NewWorkspace, Paging, StoreConfig,
    TokenKind, Via,
};
use bursar_testkit::peers::PostgresDatabase;
use chrono::{DateTime, TimeDelta, Utc};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

const OPERATOR: Actor = Actor::operator();
/// Distinct enough not to be anywhere by chance.
const CANARY: &str = "kanarienvogel9";
const MASTER: &str = "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1eff";

/// Time that stands still until it is moved.
#[derive(Debug)]
struct Hands(AtomicI64);

impl Clock for Hands {
    fn now(&self) -> DateTime<Utc> {
        DateTime::from_timestamp_micros(self.0.load(Ordering::SeqCst)).unwrap()
    }
}

impl Hands {
    fn new() -> Arc<Self> {
        Arc::new(Self(AtomicI64::new(1_795_358_096_123_456)))
    }

    fn forward(&self, by: TimeDelta) {
        self.0.fetch_add(by.num_microseconds().unwrap(), Ordering::SeqCst);
    }
}

fn master() -> MasterKeyConfig {
    MasterKeyConfig { secret_key: Some(MASTER.to_owned().into()), ..MasterKeyConfig::default() }
}

async fn keyring(data: &Path, clock: &Arc<Hands>) -> Keyring {
    Keyring::open(&master(), data, Arc::new(SystemRandomness), clock.clone()).await.unwrap().keyring
}

/// An installation on files, or with its control data in PostgreSQL.
async fn open(data: &Path, database: Option<&PostgresDatabase>, clock: &Arc<Hands>) -> Installation {
    let mut config = InstallationConfig::embedded(data);
    if let Some(database) = database {
        config.store = StoreConfig::postgres(database.app_url().into(), Some(database.owner_url().into()));
    }
    let keyring = Arc::new(keyring(data, clock).await);
    let environment: bursar_app::Environment = Arc::new(|_: &str| None);
    Installation::open(config, keyring, clock.clone(), Arc::new(SystemRandomness), environment).await.unwrap()
}

async fn workspace(installation: &Installation, region: &RegionName, name: &str) -> WorkspaceId {
    let new = NewWorkspace { region: region.clone(), name: name.to_owned(), id: None };
    installation.store().create_workspace(&OPERATOR, new).await.unwrap().id
}

async fn account(installation: &Installation, name: &str) -> AccountId {
    let new = NewAccount {
        email: format!("{name}@example.com").parse().unwrap(),
        display_name: name.to_owned(),
        kind: AccountKind::Person,
        staff: false,
    };
    installation.store().directory().create_account(&OPERATOR, new).await.unwrap().id
}

async fn join(installation: &Installation, workspace: WorkspaceId, account: AccountId, owner: bool) {
    let new = NewMembership { account, role: RoleName::BuiltIn(Role::Admin), owner, via: Via::Manual };
    installation.store().directory().join(&OPERATOR, workspace, new).await.unwrap();
}

async fn add_source(by: &Entered, location: &str) {
    let new = NewSource { location: location.to_owned(), dialect: None, id: None };
    by.store().add_source(&OPERATOR, new).await.unwrap();
}

async fn sources(by: &Entered) -> Vec<String> {
    by.store().sources(Paging::default()).await.unwrap().into_iter().map(|source| source.location).collect()
}

async fn token(by: &Entered, account: AccountId, name: &str) -> String {
    let new = NewToken {
        name: name.to_owned(),
        account,
        kind: TokenKind::Api,
        pages: None,
        actions: None,
        scope: Scope::All,
        expires_at: None,
    };
    by.store().create_token(&OPERATOR, new).await.unwrap().0.expose().to_owned()
}

/// Every file below the folder.
fn files(folder: &Path) -> Vec<PathBuf> {
    let (mut found, mut folders) = (Vec::new(), vec![folder.to_owned()]);
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).into_iter().flatten() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else {
                found.push(path);
            }
        }
    }
    found.sort();
    found
}

/// The files below the folder that hold one of the texts, in their name or their bytes.
fn holding(folder: &Path, texts: &[Vec<u8>]) -> Vec<PathBuf> {
    let holds = |bytes: &[u8]| {
        texts.iter().any(|text| bytes.windows(text.len()).any(|window| window.eq_ignore_ascii_case(text)))
    };
    let mut found = files(folder);
    found.retain(|path| {
        let name = path.strip_prefix(folder).unwrap().to_string_lossy().into_owned();
        holds(name.as_bytes()) || holds(&std::fs::read(path).unwrap())
    });
    found
}

/// Runs a test on files and, where it is installed, on PostgreSQL.
macro_rules! on_both {
    ($($(#[$doc:meta])* async fn $name:ident($database:ident) $body:block)*) => {$(
        mod $name {
            use super::*;

            $(#[$doc])*
            async fn check($database: Option<&PostgresDatabase>) $body

            #[tokio::test(flavor = "multi_thread")]
            async fn embedded() {
                check(None).await;
            }

            #[tokio::test(flavor = "multi_thread")]
            async fn postgres() {
                if let Some(server) = bursar_testkit::peers::postgres() {
                    check(Some(&server.database().unwrap())).await;
                }
            }
        }
    )*};
}
use on_both;
