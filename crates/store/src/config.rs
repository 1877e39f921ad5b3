//! Where the control data lies: the directory in one database, the workspaces of each region in
//! that region's.

use bursar_domain::RegionName;
use secrecy::SecretString;
use std::collections::BTreeMap;
use std::path::PathBuf;

/// What [`crate::Store::open`] needs to know.
#[derive(Debug, Clone)]
pub struct StoreConfig {
    /// Where accounts, sessions and the list of workspaces lie.
    pub directory: DatabaseConfig,
    /// Where each region's workspaces lie. Empty means one region, [`RegionName::home`], beside
    /// the directory.
    pub regions: BTreeMap<RegionName, DatabaseConfig>,
    /// How many workspace files are kept open at once.
    pub open_workspaces: usize,
}

/// One place for control data.
#[derive(Debug, Clone)]
pub enum DatabaseConfig {
    /// Encrypted files below this directory.
    Embedded {
        /// The data directory.
        data: PathBuf,
    },
    /// A PostgreSQL server.
    Postgres(PostgresConfig),
}

/// How a PostgreSQL server is reached.
#[derive(Debug, Clone)]
pub struct PostgresConfig {
    /// `postgres://ROLE:PASSWORD@HOST/DATABASE?sslrootcert=FILE` of the role the program runs as.
    pub url: SecretString,
    /// The same for the role that owns the tables; only needed where the schema must be brought up
    /// to date.
    pub owner_url: Option<SecretString>,
    /// Connections at most.
    pub max_connections: u32,
}

/// Workspace files open at once unless configured: two connections each, about 0.5 MiB apiece.
pub const OPEN_WORKSPACES: usize = 128;

impl StoreConfig {
    /// Everything below one data directory.
    #[must_use]
    pub fn embedded(data: impl Into<PathBuf>) -> Self {
        Self::one(DatabaseConfig::Embedded { data: data.into() })
    }

    /// Everything in one PostgreSQL database.
    #[must_use]
    pub fn postgres(url: SecretString, owner_url: Option<SecretString>) -> Self {
        Self::one(DatabaseConfig::Postgres(PostgresConfig { url, owner_url, max_connections: 10 }))
    }

    fn one(directory: DatabaseConfig) -> Self {
        Self { directory, regions: BTreeMap::new(), open_workspaces: OPEN_WORKSPACES }
    }

    /// The regions, `home` beside the directory where none is configured.
    #[must_use]
    pub fn regions(&self) -> BTreeMap<RegionName, DatabaseConfig> {
        if self.regions.is_empty() {
            BTreeMap::from([(RegionName::home(), self.directory.clone())])
        } else {
            self.regions.clone()
        }
    }
}
