//! The store: one type over both databases.
//!
//! ```no_run
//! # async fn show(store: bursar_store::Store, principal: bursar_domain::Principal,
//! #     workspace: bursar_domain::id::WorkspaceId, source: bursar_domain::id::SourceId)
//! #     -> Result<(), bursar_store::StoreError> {
//! let access = store.membership(&principal, workspace).await?; // only the store can make one
//! let source = store.workspace(&access).await?.source(source).await?; // bound to that workspace
//! # Ok(())
//! # }
//! ```

mod checkpoints;
mod events;
mod rotation;

use crate::config::{DatabaseConfig, StoreConfig};
use crate::database::{Database, Reach};
use crate::directory::{Account, AccountStatus, Membership, NewWorkspace, Workspace, WorkspaceState};
use crate::embedded::{self, Expected};
use crate::log::Group;
use crate::open_workspaces::OpenWorkspaces;
use crate::outbox::Wake;
use crate::seal::Seal;
use crate::value::Key;
use crate::workspace::{TokenRow, TokenText};
use crate::{Directory, StoreError, WorkspaceAccess, WorkspaceStore, migration, postgres};
use bursar_domain::id::{AccountId, StaffAccessId, WorkspaceId};
use bursar_domain::{Actor, Clock, Principal, Randomness, RegionName};
use bursar_keyring::{Keyring, KeyringError, WorkspaceKeys};
use sea_orm::ConnectionTrait;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// The directory's file in the data directory.
const DIRECTORY_FILE: &str = "directory.db";
/// The workspaces' directory in the data directory of a region.
const WORKSPACES: &str = "workspaces";
/// A workspace's file in its directory.
const WORKSPACE_FILE: &str = "workspace.db";

/// Where a region's workspaces lie.
#[derive(Debug, Clone)]
enum Place {
    Files(PathBuf),
    Postgres(Database),
}

/// A workspace that is open: its database and its keys.
#[derive(Debug)]
struct Open {
    database: Database,
    seal: Seal,
    keys: Arc<WorkspaceKeys>,
    group: Arc<Group>,
}

struct Inner {
    directory: Directory,
    regions: BTreeMap<RegionName, Place>,
    keyring: Arc<Keyring>,
    open: OpenWorkspaces<Open>,
}

/// Accounts, workspaces, sessions and records, on SQLCipher files or PostgreSQL. Cheap to clone.
#[derive(Clone)]
pub struct Store {
    inner: Arc<Inner>,
}

impl std::fmt::Debug for Store {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Store").field("regions", &self.inner.regions.keys()).finish_non_exhaustive()
    }
}

impl Store {
    /// Opens the directory, bringing its schema up to date. Workspaces are opened when they are
    /// asked for.
    ///
    /// # Errors
    /// When a file does not open with its key ([`StoreError::WrongKey`]), a schema is newer than the
    /// program ([`StoreError::NewerSchema`]), the database role could look past row-level security
    /// ([`StoreError::Role`]), or a database cannot be reached. Nothing was changed then.
    pub async fn open(
        config: StoreConfig,
        keyring: Arc<Keyring>,
        clock: Arc<dyn Clock>,
        random: Arc<dyn Randomness>,
    ) -> Result<Self, StoreError> {
        let keys = Arc::new(keyring.installation().await?);
        let database = match &config.directory {
            DatabaseConfig::Embedded { data } => {
                let path = data.join(DIRECTORY_FILE);
                let open = |key| embedded::open(&path, key, Expected::FileOrNothing, 4);
                let database = match (open(keys.database_key()).await, keys.pending_database_key()) {
                    (Err(StoreError::WrongKey(_)), Some(pending)) => open(pending).await?,
                    (opened, _) => opened?,
                };
                migration::DIRECTORY.migrate(database.connection(), None, clock.as_ref()).await?;
                database
            }
            DatabaseConfig::Postgres(config) => {
                postgres::open(config, &[&migration::DIRECTORY, &migration::WORKSPACE], clock.as_ref())
                    .await?
            }
        };
        let mut holder = [0; 16];
        random.fill(&mut holder)?;
        let holder = uuid::Uuid::from_bytes(holder);
        let directory = Directory {
            database: database.clone(),
            seal: Seal::installation(Arc::clone(&keys), Arc::clone(&random)),
            clock: Arc::clone(&clock),
            random,
            ids: Arc::default(),
            group: Arc::default(),
            keyring: Arc::clone(&keyring),
            wake: Arc::new(Wake::new(holder)),
        };
        let mut regions = BTreeMap::new();
        let shared = config.regions.is_empty();
        for (name, region) in config.regions() {
            let place = match region {
                DatabaseConfig::Embedded { data } => Place::Files(data.join(WORKSPACES)),
                DatabaseConfig::Postgres(_) if shared => Place::Postgres(database.clone()),
                DatabaseConfig::Postgres(config) => {
                    Place::Postgres(postgres::open(&config, &[&migration::WORKSPACE], clock.as_ref()).await?)
                }
            };
            directory.note_region(&name).await?;
            regions.insert(name, place);
        }
        let open = OpenWorkspaces::new(config.open_workspaces);
        Ok(Self { inner: Arc::new(Inner { directory, regions, keyring, open }) })
    }

    /// What the installation knows beyond single workspaces.
    #[must_use]
    pub fn directory(&self) -> &Directory {
        &self.inner.directory
    }

    /// The keyring it was opened with.
    #[must_use]
    pub fn keyring(&self) -> &Arc<Keyring> {
        &self.inner.keyring
    }

    /// The regions that workspaces can be made in.
    #[must_use]
    pub fn regions(&self) -> Vec<RegionName> {
        self.inner.regions.keys().cloned().collect()
    }

    /// How many workspace files are open.
    #[must_use]
    pub fn open_workspaces(&self) -> usize {
        self.inner.open.len()
    }

    /// Makes a workspace: its keys, its storage, and then its line in the directory, before which
    /// nobody can find it. A crash in between leaves keys and an empty file that nothing names.
    ///
    /// # Errors
    /// [`StoreError::Region`] for an unknown region; [`StoreError::Conflict`] when it is there.
    pub async fn create_workspace(&self, actor: &Actor, new: NewWorkspace) -> Result<Workspace, StoreError> {
        let place = self.place(&new.region)?;
        let id = match new.id {
            Some(id) => id,
            None => WorkspaceId::from_uuid(self.inner.directory.new_uuid()?),
        };
        match self.inner.directory.workspace(id).await {
            Err(StoreError::NotFound(_)) => {}
            Ok(_) => return Err(StoreError::Conflict("the workspace is there already")),
            Err(error) => return Err(error),
        }
        let keys = match self.inner.keyring.create(id, &new.region).await {
            // Left by a crash, or made before there was a store (its rollups are under them).
            Err(KeyringError::Exists(_)) => self.inner.keyring.workspace(id).await?,
            keys => keys?,
        };
        if let Place::Files(folder) = place {
            let database = open_file(&file(folder, id), &keys, Expected::FileOrNothing).await?;
            migration::WORKSPACE
                .migrate(database.connection(), None, self.inner.directory.clock.as_ref())
                .await?;
            database.close().await?;
        }
        self.inner.directory.add_workspace(actor, id, &new).await
    }

    /// Makes an account a member by an invitation's link, which is used up, and puts it into the
    /// teams that it was invited to.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] when the link or the invitation is not good any more;
    /// [`StoreError::Conflict`] when the account is a member already.
    pub async fn accept_invitation(
        &self,
        actor: &Actor,
        digest: &[u8; 32],
        account: AccountId,
    ) -> Result<Membership, StoreError> {
        let (membership, teams) = self.inner.directory.accept_invitation(actor, digest, account).await?;
        let access = self.operator(membership.workspace).await?;
        let workspace = self.workspace(&access).await?;
        for team in teams {
            match workspace.join_team(actor, team, account).await {
                // Removed since the invitation.
                Err(StoreError::NotFound(_)) => {}
                joined => joined?,
            }
        }
        Ok(membership)
    }

    /// A member's access.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] for strangers, accounts that were switched off, ended sessions,
    /// tokens of another workspace, and workspaces that are disabled, deleted or never were.
    pub async fn membership(
        &self,
        principal: &Principal,
        workspace: WorkspaceId,
    ) -> Result<WorkspaceAccess, StoreError> {
        match *principal {
            Principal::Account { id, session } => {
                let live = self.inner.directory.live_session(session).await.map_err(no_workspace)?;
                if live.account != id {
                    return Err(StoreError::NotFound("workspace"));
                }
                self.member(*principal, id, workspace).await
            }
            Principal::Token { id, account } => {
                let access = self.member(*principal, account, workspace).await?;
                self.workspace(&access).await?.live_token(id).await.map_err(no_workspace)?;
                Ok(access)
            }
            Principal::Staff { id, session, access } => {
                self.staff(*principal, id, session, access, workspace).await
            }
            Principal::Operator | Principal::System | Principal::Anonymous => {
                Err(StoreError::NotFound("workspace"))
            }
        }
    }

    async fn member(
        &self,
        principal: Principal,
        account: AccountId,
        workspace: WorkspaceId,
    ) -> Result<WorkspaceAccess, StoreError> {
        let directory = &self.inner.directory;
        let found = self.active(workspace).await?;
        let Account { status: AccountStatus::Active, .. } =
            directory.account(account).await.map_err(no_workspace)?
        else {
            return Err(StoreError::NotFound("workspace"));
        };
        let membership = directory.membership(workspace, account).await.map_err(no_workspace)?;
        let mut access = WorkspaceAccess::whole(workspace, found.region, principal);
        (access.role, access.owner) = (membership.role, membership.owner);
        let (teams, scope) = self.workspace(&access).await?.scope_of(account).await?;
        (access.teams, access.scope) = (teams, scope);
        Ok(access)
    }

    async fn staff(
        &self,
        principal: Principal,
        account: AccountId,
        session: bursar_domain::id::SessionId,
        grant: StaffAccessId,
        workspace: WorkspaceId,
    ) -> Result<WorkspaceAccess, StoreError> {
        let directory = &self.inner.directory;
        let live = directory.live_session(session).await.map_err(no_workspace)?;
        let staff = directory.account(account).await.map_err(no_workspace)?;
        if live.account != account || !staff.staff || !staff.is_active() {
            return Err(StoreError::NotFound("workspace"));
        }
        let found = self.active(workspace).await?;
        let mut access = WorkspaceAccess::whole(workspace, found.region, principal);
        let grant = self.workspace(&access).await?.live_staff_access(grant).await.map_err(no_workspace)?;
        if grant.staff != account {
            return Err(StoreError::NotFound("workspace"));
        }
        (access.owner, access.read_only) = (false, grant.read_only);
        Ok(access)
    }

    /// Access for whoever may use the command line on this data directory or database. A workspace
    /// that is disabled or being deleted is still reached.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] when there is no such workspace, or no longer.
    pub async fn operator(&self, workspace: WorkspaceId) -> Result<WorkspaceAccess, StoreError> {
        let found = self.inner.directory.workspace(workspace).await?;
        if found.state == WorkspaceState::Deleted {
            return Err(StoreError::NotFound("workspace"));
        }
        Ok(WorkspaceAccess::whole(workspace, found.region, Principal::Operator))
    }

    /// Access for the program's own work.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] when the workspace is not active.
    pub async fn job(
        &self,
        workspace: WorkspaceId,
        job: &'static str,
    ) -> Result<WorkspaceAccess, StoreError> {
        let found = self.active(workspace).await?;
        tracing::debug!(%workspace, job, "a job opens a workspace");
        Ok(WorkspaceAccess::whole(workspace, found.region, Principal::System))
    }

    /// The access of a token and the token. Its own pages, actions and scope are in the row and
    /// narrow what the account may.
    ///
    /// # Errors
    /// [`StoreError::NotFound`], the same for unknown, expired and revoked tokens, switched-off
    /// accounts, and workspaces that are not active.
    pub async fn token(&self, text: &TokenText) -> Result<(WorkspaceAccess, TokenRow), StoreError> {
        let unknown = |error| match error {
            StoreError::NotFound(_) => StoreError::NotFound("token"),
            other => other,
        };
        let found = self.active(text.workspace()).await.map_err(unknown)?;
        let access = WorkspaceAccess::whole(found.id, found.region, Principal::System);
        let row = self.workspace(&access).await?.token_by_digest(&text.digest()).await?;
        let principal = Principal::Token { id: row.id, account: row.account };
        let access = self.member(principal, row.account, text.workspace()).await.map_err(unknown)?;
        Ok((access, row))
    }

    async fn active(&self, workspace: WorkspaceId) -> Result<Workspace, StoreError> {
        let found = self.inner.directory.workspace(workspace).await?;
        if found.state == WorkspaceState::Active { Ok(found) } else { Err(StoreError::NotFound("workspace")) }
    }

    /// The store of the workspace that the access is for.
    ///
    /// # Errors
    /// When its keys are gone or its file does not open.
    pub async fn workspace(&self, access: &WorkspaceAccess) -> Result<WorkspaceStore, StoreError> {
        let place = self.place(&access.region)?;
        let id = access.workspace;
        let open = self.inner.open.get(id, self.open_workspace(place, id)).await?;
        Ok(WorkspaceStore::new(
            id,
            open.database.clone(),
            open.seal.clone(),
            Arc::clone(&open.keys),
            self.inner.directory.clone(),
            Arc::clone(&open.group),
        ))
    }

    async fn open_workspace(&self, place: &Place, id: WorkspaceId) -> Result<Open, StoreError> {
        let keys = Arc::new(self.inner.keyring.workspace(id).await?);
        let seal = Seal::workspace(Arc::clone(&keys), Arc::clone(&self.inner.directory.random));
        let database = match place {
            Place::Postgres(database) => database.clone(),
            Place::Files(folder) => {
                let database = open_file(&file(folder, id), &keys, Expected::File).await?;
                migration::WORKSPACE
                    .migrate(database.connection(), None, self.inner.directory.clock.as_ref())
                    .await?;
                database
            }
        };
        Ok(Open { database, seal, keys, group: Arc::default() })
    }

    /// Closes a workspace, so that it is opened anew with the keys it has then: after a rotation,
    /// before a restore. Who is using it gets errors.
    ///
    /// # Errors
    /// When the database does not close.
    pub async fn close_workspace(&self, workspace: WorkspaceId) -> Result<(), StoreError> {
        let Some(open) = self.inner.open.take(workspace) else { return Ok(()) };
        let place = self.inner.directory.workspace(workspace).await.ok();
        let place = place.and_then(|found| self.inner.regions.get(&found.region));
        match place {
            Some(Place::Postgres(_)) => Ok(()),
            _ => open.database.close().await,
        }
    }

    /// Where a workspace's file lies; nothing on PostgreSQL.
    ///
    /// # Errors
    /// [`StoreError::NotFound`].
    pub async fn workspace_file(&self, access: &WorkspaceAccess) -> Result<Option<PathBuf>, StoreError> {
        Ok(match self.place(&access.region)? {
            Place::Files(folder) => Some(file(folder, access.workspace)),
            Place::Postgres(_) => None,
        })
    }

    /// Makes the storage of a workspace whose file was lost, empty, for a restore to fill. A file that
    /// is there is left alone; on PostgreSQL there is nothing to make.
    ///
    /// # Errors
    /// When the workspace has no keys, or the file that is there does not open with them.
    pub async fn make_storage(&self, access: &WorkspaceAccess) -> Result<(), StoreError> {
        let id = access.workspace;
        let Place::Files(folder) = self.place(&access.region)? else { return Ok(()) };
        self.close_workspace(id).await?;
        let keys = self.inner.keyring.workspace(id).await?;
        let database = open_file(&file(folder, id), &keys, Expected::FileOrNothing).await?;
        let clock = self.inner.directory.clock.as_ref();
        migration::WORKSPACE.migrate(database.connection(), None, clock).await?;
        database.close().await
    }

    /// Deletes a workspace whose deletion was asked for: its keys first, its bytes next, its
    /// members and its line in the directory last, so that a run that was interrupted can be
    /// started again.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] when its deletion was not asked for.
    pub async fn erase_workspace(&self, actor: &Actor, workspace: WorkspaceId) -> Result<(), StoreError> {
        let found = self.inner.directory.workspace(workspace).await?;
        match found.state {
            WorkspaceState::Deleting => {}
            WorkspaceState::Deleted => return Ok(()),
            _ => return Err(StoreError::Conflict("the deletion of the workspace was not asked for")),
        }
        match self.inner.keyring.destroy(workspace).await {
            Ok(()) | Err(KeyringError::NotFound(_)) => {}
            Err(error) => return Err(error.into()),
        }
        self.close_workspace(workspace).await?;
        match self.place(&found.region)? {
            Place::Files(folder) => remove_folder(&folder.join(workspace.to_string()))?,
            Place::Postgres(database) => {
                let transaction = database.write(Reach::workspace(workspace)).await?;
                let erase = sea_orm::Statement::from_sql_and_values(
                    sea_orm::DbBackend::Postgres,
                    "SELECT bursar_erase_workspace($1)::text",
                    [workspace.uuid().into()],
                );
                transaction.query_one_raw(erase).await?;
                crate::database::commit(transaction).await?;
            }
        }
        self.inner.directory.remove_all_members(actor, workspace).await?;
        self.inner.directory.workspace_is_deleted(actor, workspace).await
    }

    /// Closes everything, so that write-ahead logs are folded into their files.
    ///
    /// # Errors
    /// When a database does not close.
    pub async fn close(&self) -> Result<(), StoreError> {
        for open in self.inner.open.take_all() {
            open.database.close().await?;
        }
        self.inner.directory.database.close().await
    }

    fn place(&self, region: &RegionName) -> Result<&Place, StoreError> {
        self.inner.regions.get(region).ok_or_else(|| StoreError::Region(region.clone()))
    }
}

/// For whoever asks about a workspace, everything that is missing is the workspace.
fn no_workspace(error: StoreError) -> StoreError {
    match error {
        StoreError::NotFound(_) => StoreError::NotFound("workspace"),
        other => other,
    }
}

fn file(folder: &Path, workspace: WorkspaceId) -> PathBuf {
    folder.join(workspace.to_string()).join(WORKSPACE_FILE)
}

async fn open_file(path: &Path, keys: &WorkspaceKeys, expected: Expected) -> Result<Database, StoreError> {
    match (embedded::open(path, keys.database_key(), expected, 2).await, keys.pending_database_key()) {
        // The key was being changed when the program stopped.
        (Err(StoreError::WrongKey(_)), Some(pending)) => embedded::open(path, pending, expected, 2).await,
        (opened, _) => opened,
    }
}

fn remove_folder(path: &Path) -> Result<(), StoreError> {
    match std::fs::remove_dir_all(path) {
        Err(source) if source.kind() != std::io::ErrorKind::NotFound => {
            Err(StoreError::Io { path: path.to_owned(), source })
        }
        _ => Ok(()),
    }
}
