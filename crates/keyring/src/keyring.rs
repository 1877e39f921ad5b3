//! Opens, makes and destroys keys.

use crate::data_keys::{InstallationKeys, WorkspaceKeys};
use crate::error::KeyringError;
use crate::provider::{MasterKeyProvider, Masters};
use crate::purpose::Owner;
use crate::record::{
    self, AnyOwnerRecord, OpenRecord, OwnerRecord, RegionRecord, Sealing, WrappedRegionKey, damaged,
};
use crate::shelf::{FileShelf, KeyShelf, ShelfName};
use crate::{MasterKey, MasterKeyConfig, MasterKeyOrigin, Randomness, Secret32, file};
use bursar_domain::clock::Clock;
use bursar_domain::id::WorkspaceId;
use bursar_domain::region::RegionName;
use std::collections::BTreeMap;
use std::fmt;
use std::path::Path;
use std::sync::{Arc, PoisonError, RwLock};

const DIRECTORY: &str = "keys";

/// How often a write is tried again because another process was faster. Each time somebody got
/// ahead, so this is never reached but by a fault.
const ATTEMPTS: usize = 16;

/// Where a region keeps its sealed keys, and who holds the key above them.
#[derive(Clone)]
pub struct RegionKeeping {
    /// The master key of the region.
    pub provider: Arc<dyn MasterKeyProvider>,
    /// Former master keys, until everything is wrapped by the present one.
    pub previous: Vec<Arc<dyn MasterKeyProvider>>,
    /// The sealed keys of the region and its workspaces.
    pub shelf: Arc<dyn KeyShelf>,
}

/// A region that this installation has.
pub(crate) struct Region {
    pub(crate) masters: Masters,
    pub(crate) shelf: Arc<dyn KeyShelf>,
    /// What is open; replaced when a version is asked for that it does not have.
    open: RwLock<Option<Arc<OpenRegion>>>,
}

/// The open keys of a region.
pub(crate) struct OpenRegion {
    newest: u32,
    keys: BTreeMap<u32, Secret32>,
}

impl OpenRegion {
    fn newest(&self) -> Option<(u32, &Secret32)> {
        self.keys.get(&self.newest).map(|key| (self.newest, key))
    }
}

/// The master keys, the shelves of sealed keys and the open region keys. Workspace keys are opened
/// one at a time, when asked for, and not kept: thousands of workspaces cost nothing at start.
pub struct Keyring {
    pub(crate) regions: BTreeMap<RegionName, Region>,
    pub(crate) random: Arc<dyn Randomness>,
    pub(crate) clock: Arc<dyn Clock>,
}

impl fmt::Debug for Keyring {
    /// The regions' names only.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Keyring").field("regions", &self.regions.keys()).finish_non_exhaustive()
    }
}

/// A keyring and where its master key came from.
#[derive(Debug)]
pub struct Opened {
    /// The keyring.
    pub keyring: Keyring,
    /// Print it when it is [`MasterKeyOrigin::Generated`].
    pub origin: MasterKeyOrigin,
}

impl Keyring {
    /// Opens the keyring of a data directory, making the directory and, where none is configured
    /// or there, a master key in it. It has the region [`RegionName::home`].
    ///
    /// # Errors
    /// When the configured key cannot be used, is not the one that sealed the keys which are there,
    /// or the directory cannot be written.
    pub async fn open(
        config: &MasterKeyConfig,
        data_directory: &Path,
        random: Arc<dyn Randomness>,
        clock: Arc<dyn Clock>,
    ) -> Result<Opened, KeyringError> {
        let directory = data_directory.join(DIRECTORY);
        let at = |source| KeyringError::Io { path: data_directory.to_owned(), source };
        file::create_directory(data_directory).map_err(at)?;
        let (master, origin) = {
            let _lock = file::lock(data_directory).map_err(at)?;
            MasterKey::open(config, data_directory, &directory, random.as_ref())?
        };
        let home = RegionKeeping {
            provider: Arc::new(master),
            previous: Vec::new(),
            shelf: Arc::new(FileShelf::open(&directory)?),
        };
        Ok(Opened { keyring: Self::assemble(home, random, clock).await?, origin })
    }

    /// Opens a keyring whose sealed keys lie anywhere. `home` keeps the region
    /// [`RegionName::home`] and the installation's own keys.
    ///
    /// # Errors
    /// When the master key is not the one that sealed the keys which are there.
    pub async fn assemble(
        home: RegionKeeping,
        random: Arc<dyn Randomness>,
        clock: Arc<dyn Clock>,
    ) -> Result<Self, KeyringError> {
        let mut keyring = Self { regions: BTreeMap::new(), random, clock };
        keyring.add_region(RegionName::home(), home).await?;
        Ok(keyring)
    }

    /// Adds a region of the installation, or gives one another keeping.
    ///
    /// # Errors
    /// When its master key is not the one that sealed the keys which are there.
    pub async fn add_region(&mut self, name: RegionName, keeping: RegionKeeping) -> Result<(), KeyringError> {
        let RegionKeeping { provider, previous, shelf } = keeping;
        let region = Region { masters: Masters::new(provider, previous), shelf, open: RwLock::default() };
        self.check(&name, &region).await?;
        self.regions.insert(name, region);
        Ok(())
    }

    /// How a region is kept; for a further region that shares it.
    ///
    /// # Errors
    /// When there is no such region.
    pub fn shelf(&self, region: &RegionName) -> Result<Arc<dyn KeyShelf>, KeyringError> {
        Ok(Arc::clone(&self.region(region)?.shelf))
    }

    /// The regions of this installation.
    pub fn regions(&self) -> impl Iterator<Item = &RegionName> {
        self.regions.keys()
    }

    /// Names the master key of the home region without telling it.
    #[must_use]
    pub fn master_key_id(&self) -> &str {
        self.regions.get(&RegionName::home()).map_or("", |region| region.masters.current().id())
    }

    /// Makes the keys of a new workspace, which belong to the region from then on (claim B3).
    ///
    /// # Errors
    /// When it has keys already, in any region, and when they cannot be written.
    pub async fn create(
        &self,
        workspace: WorkspaceId,
        region: &RegionName,
    ) -> Result<WorkspaceKeys, KeyringError> {
        let shelf = Arc::clone(&self.region(region)?.shelf);
        if self.find(workspace.into()).await?.is_some() {
            return Err(KeyringError::Exists(workspace));
        }
        let (record, open) = self.new_record(workspace.into(), region).await?;
        let name = ShelfName::Workspace(workspace);
        if !shelf.put(&name, None, &record.to_bytes()?).await? {
            return Err(KeyringError::Exists(workspace));
        }
        let (mut keys, pending) = open.into_keys();
        WorkspaceKeys::new(workspace, &mut keys, pending)
            .map_err(|missing| lacks(&shelf.place(&name), missing))
    }

    /// Opens the keys of a workspace. A key file of an earlier format is rewritten in the present
    /// one, with the keys that it lacks.
    ///
    /// # Errors
    /// When there are none, the master key is another one, or the record was changed.
    pub async fn workspace(&self, workspace: WorkspaceId) -> Result<WorkspaceKeys, KeyringError> {
        let found = self.find_present(workspace.into()).await?.ok_or(KeyringError::NotFound(workspace))?;
        let (mut keys, pending) = self.open_record(&found, workspace.into()).await?.into_keys();
        WorkspaceKeys::new(workspace, &mut keys, pending).map_err(|missing| lacks(&found.place, missing))
    }

    /// Opens the keys of a workspace, making them in the home region when it has none.
    ///
    /// # Errors
    /// As [`Keyring::workspace`] and [`Keyring::create`].
    pub async fn workspace_or_create(&self, workspace: WorkspaceId) -> Result<WorkspaceKeys, KeyringError> {
        match self.workspace(workspace).await {
            Err(KeyringError::NotFound(_)) => match self.create(workspace, &RegionName::home()).await {
                // Another process was faster; its keys are the keys.
                Err(KeyringError::Exists(_)) => self.workspace(workspace).await,
                created => created,
            },
            other => other,
        }
    }

    /// The region whose key seals the workspace's.
    ///
    /// # Errors
    /// As [`Keyring::workspace`].
    pub async fn region_of(&self, workspace: WorkspaceId) -> Result<RegionName, KeyringError> {
        let found = self.find_present(workspace.into()).await?.ok_or(KeyringError::NotFound(workspace))?;
        Ok(found.record.region)
    }

    /// Opens the keys of the installation itself, making them at the first time.
    ///
    /// # Errors
    /// As [`Keyring::workspace`].
    pub async fn installation(&self) -> Result<InstallationKeys, KeyringError> {
        let (owner, home) = (Owner::Installation, RegionName::home());
        let shelf = Arc::clone(&self.region(&home)?.shelf);
        for _ in 0..ATTEMPTS {
            if let Some(found) = self.find_present(owner).await? {
                let (mut keys, pending) = self.open_record(&found, owner).await?.into_keys();
                return InstallationKeys::new(&mut keys, pending)
                    .map_err(|missing| lacks(&found.place, missing));
            }
            let (record, _) = self.new_record(owner, &home).await?;
            shelf.put(&ShelfName::Installation, None, &record.to_bytes()?).await?;
        }
        Err(KeyringError::Contended(shelf.place(&ShelfName::Installation)))
    }

    /// Destroys the keys of a workspace: everything sealed under them is unreadable from then on
    /// (claim B10).
    ///
    /// # Errors
    /// When there are none, or they cannot be removed.
    pub async fn destroy(&self, workspace: WorkspaceId) -> Result<(), KeyringError> {
        let mut removed = false;
        // Even a damaged record goes, and one that lies where it should not.
        for (_, shelf) in self.shelves() {
            removed |= shelf.remove(&ShelfName::Workspace(workspace)).await?;
        }
        if removed { Ok(()) } else { Err(KeyringError::NotFound(workspace)) }
    }

    pub(crate) fn region(&self, name: &RegionName) -> Result<&Region, KeyringError> {
        self.regions.get(name).ok_or_else(|| KeyringError::NoRegion(name.clone()))
    }

    /// Every shelf once, with the regions that lie on it.
    pub(crate) fn shelves(&self) -> Vec<(Vec<&RegionName>, &Arc<dyn KeyShelf>)> {
        let mut shelves: Vec<(Vec<&RegionName>, &Arc<dyn KeyShelf>)> = Vec::new();
        for (name, region) in &self.regions {
            match shelves.iter_mut().find(|(_, shelf)| Arc::ptr_eq(shelf, &region.shelf)) {
                Some((names, _)) => names.push(name),
                None => shelves.push((vec![name], &region.shelf)),
            }
        }
        shelves
    }

    /// Whether the master key is the one that sealed what is there, so that a wrong one is told at
    /// the start.
    async fn check(&self, name: &RegionName, region: &Region) -> Result<(), KeyringError> {
        if self.load(name, region).await?.is_some() || *name != RegionName::home() {
            return Ok(());
        }
        // A data directory of format 1 has no region record yet; any workspace tells.
        let old = region.shelf.list().await?.into_iter().find_map(|item| match item {
            ShelfName::Workspace(workspace) => Some(workspace),
            _ => None,
        });
        let Some(workspace) = old else { return Ok(()) };
        let item = ShelfName::Workspace(workspace);
        let Some(bytes) = region.shelf.get(&item).await? else { return Ok(()) };
        match AnyOwnerRecord::parse(&region.shelf.place(&item), workspace.into(), &bytes) {
            Ok(AnyOwnerRecord::Old(record)) if region.masters.find(&record.master_key).is_none() => {
                Err(wrong_master(region, &item, &record.master_key))
            }
            // Damage is told when that workspace is opened.
            _ => Ok(()),
        }
    }

    /// Reads and opens the keys of a region; `None` when it has none yet.
    async fn load(
        &self,
        name: &RegionName,
        region: &Region,
    ) -> Result<Option<Arc<OpenRegion>>, KeyringError> {
        let item = ShelfName::Region(name.clone());
        let Some(bytes) = region.shelf.get(&item).await? else { return Ok(None) };
        let place = region.shelf.place(&item);
        let record = RegionRecord::parse(&place, &bytes)?;
        if record.region != *name {
            return Err(damaged(&place, "it names another region"));
        }
        let mut keys = BTreeMap::new();
        for wrapped in &record.keys {
            keys.insert(wrapped.version, unwrap(name, region, wrapped).await?);
        }
        let open = Arc::new(OpenRegion { newest: record.newest_version(), keys });
        *region.open.write().unwrap_or_else(PoisonError::into_inner) = Some(Arc::clone(&open));
        Ok(Some(open))
    }

    /// The open keys of a region, with the version asked for, making the first when there is none.
    async fn region_keys(
        &self,
        name: &RegionName,
        version: Option<u32>,
    ) -> Result<Arc<OpenRegion>, KeyringError> {
        let region = self.region(name)?;
        let known = region.open.read().unwrap_or_else(PoisonError::into_inner).clone();
        if let Some(open) = known
            && version.is_some_and(|version| open.keys.contains_key(&version))
        {
            return Ok(open);
        }
        let item = ShelfName::Region(name.clone());
        for _ in 0..ATTEMPTS {
            if let Some(open) = self.load(name, region).await? {
                return Ok(open);
            }
            let key = Secret32::random(self.random.as_ref())?;
            let record = RegionRecord::new(name.clone(), self.wrap(name, region, &key, 1).await?);
            region.shelf.put(&item, None, &record.to_bytes()?).await?;
        }
        Err(KeyringError::Contended(region.shelf.place(&item)))
    }

    /// Wraps a region key with the present master key.
    pub(crate) async fn wrap(
        &self,
        name: &RegionName,
        region: &Region,
        key: &Secret32,
        version: u32,
    ) -> Result<WrappedRegionKey, KeyringError> {
        let created = record::whole_seconds(self.clock.now());
        let master = region.masters.current();
        let about = record::region_binding(name, version, created);
        Ok(WrappedRegionKey {
            version,
            id: record::region_key_id(key),
            created,
            master_key: master.id().to_owned(),
            wrapped: master.wrap_key(key, &about, self.random.as_ref()).await?,
        })
    }

    /// New keys of an owner, sealed with the newest key of the region.
    async fn new_record(
        &self,
        owner: Owner,
        region: &RegionName,
    ) -> Result<(OwnerRecord, OpenRecord), KeyringError> {
        let now = record::whole_seconds(self.clock.now());
        let open = OpenRecord::generate(owner, now, self.random.as_ref())?;
        let record = self.seal_record(owner, region, (1, now), &open).await?;
        Ok((record, open))
    }

    /// Seals keys of an owner with the newest key of the region.
    pub(crate) async fn seal_record(
        &self,
        owner: Owner,
        region: &RegionName,
        own: (u32, chrono::DateTime<chrono::Utc>),
        open: &OpenRecord,
    ) -> Result<OwnerRecord, KeyringError> {
        // Read anew: another process may have rotated the region's key.
        let keys = self.region_keys(region, None).await?;
        let (version, key) = keys.newest().ok_or_else(|| KeyringError::NoRegion(region.clone()))?;
        Ok(OwnerRecord::seal(owner, &Sealing { region, version, key }, own, open, self.random.as_ref())?)
    }

    /// The record of an owner on whichever shelf it lies.
    async fn find(&self, owner: Owner) -> Result<Option<Found<AnyOwnerRecord>>, KeyringError> {
        let item = match owner {
            Owner::Installation => ShelfName::Installation,
            Owner::Workspace(workspace) => ShelfName::Workspace(workspace),
        };
        for (names, shelf) in self.shelves() {
            let Some(bytes) = shelf.get(&item).await? else { continue };
            let place = shelf.place(&item);
            let record = AnyOwnerRecord::parse(&place, owner, &bytes)?;
            let home = RegionName::home();
            let region = match &record {
                AnyOwnerRecord::Old(_) => &home,
                AnyOwnerRecord::Present(record) => &record.region,
            };
            if !names.contains(&region) {
                return Err(KeyringError::Misplaced { place, region: region.clone() });
            }
            return Ok(Some(Found { item, place, shelf: Arc::clone(shelf), bytes, record }));
        }
        Ok(None)
    }

    /// As [`Keyring::find`], rewriting a record of an earlier format.
    pub(crate) async fn find_present(
        &self,
        owner: Owner,
    ) -> Result<Option<Found<OwnerRecord>>, KeyringError> {
        for _ in 0..ATTEMPTS {
            let Some(Found { item, place, shelf, bytes, record }) = self.find(owner).await? else {
                return Ok(None);
            };
            let old = match record {
                AnyOwnerRecord::Present(record) => {
                    return Ok(Some(Found { item, place, shelf, bytes, record }));
                }
                AnyOwnerRecord::Old(old) => old,
            };
            let home = RegionName::home();
            let region = self.region(&home)?;
            let master = region
                .masters
                .find(&old.master_key)
                .and_then(|master| master.local())
                .ok_or_else(|| wrong_master(region, &item, &old.master_key))?;
            let now = record::whole_seconds(self.clock.now());
            let mut open = old.open(&place, &master.key, now)?;
            open.complete(owner, now, self.random.as_ref())?;
            let record = self.seal_record(owner, &home, (1, now), &open).await?;
            // Whether this write or another process's was the one: what lies there now counts.
            shelf.put(&item, Some(&bytes), &record.to_bytes()?).await?;
        }
        Err(KeyringError::Contended(owner.to_string()))
    }

    /// Opens the keys of a record.
    pub(crate) async fn open_record(
        &self,
        found: &Found<OwnerRecord>,
        owner: Owner,
    ) -> Result<OpenRecord, KeyringError> {
        let Found { record, place, .. } = found;
        let keys = self.region_keys(&record.region, Some(record.key.region_key)).await?;
        let key = keys
            .keys
            .get(&record.key.region_key)
            .ok_or_else(|| damaged(place, "the region has no such version of its key"))?;
        record.open(place, owner, key)
    }
}

/// A record and where it lies.
pub(crate) struct Found<R> {
    pub(crate) item: ShelfName,
    pub(crate) place: String,
    pub(crate) shelf: Arc<dyn KeyShelf>,
    /// As they lie there, for the next write.
    pub(crate) bytes: Vec<u8>,
    pub(crate) record: R,
}

/// Unwraps a region key with the master key that wrapped it.
pub(crate) async fn unwrap(
    name: &RegionName,
    region: &Region,
    wrapped: &WrappedRegionKey,
) -> Result<Secret32, KeyringError> {
    let item = ShelfName::Region(name.clone());
    let master = region
        .masters
        .find(&wrapped.master_key)
        .ok_or_else(|| wrong_master(region, &item, &wrapped.master_key))?;
    let about = record::region_binding(name, wrapped.version, wrapped.created);
    let key = master.unwrap_key(&wrapped.wrapped, &about).await.map_err(|error| match error {
        // A local key of the right id is the right key.
        crate::ProviderError::Refused { .. } if master.local().is_some() => {
            damaged(&region.shelf.place(&item), "the region key does not open")
        }
        other => other.into(),
    })?;
    if record::region_key_id(&key) == wrapped.id {
        Ok(key)
    } else {
        Err(damaged(&region.shelf.place(&item), "the region key has another id"))
    }
}

fn wrong_master(region: &Region, item: &ShelfName, sealed_with: &str) -> KeyringError {
    KeyringError::WrongMasterKey {
        place: region.shelf.place(item),
        sealed_with: sealed_with.chars().take(128).collect(),
        given: region.masters.ids(),
    }
}

fn lacks(place: &str, missing: crate::Purpose) -> KeyringError {
    damaged(place, &format!("the {missing} key is missing"))
}
