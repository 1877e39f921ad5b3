//! Opens, makes and destroys keys.

use crate::data_keys::{InstallationKeys, WorkspaceKeys};
use crate::error::KeyringError;
use crate::masters::Masters;
use crate::provider::MasterKeyProvider;
use crate::purpose::Owner;
use crate::record::{self, AnyOwnerRecord, OpenRecord, OwnerRecord, Sealing, damaged};
use crate::region::{Region, wrong_master};
use crate::shelf::{FileShelf, KeyShelf, ShelfName};
use crate::{MasterKeyConfig, MasterKeyOrigin, Randomness, file};
use bursar_domain::clock::Clock;
use bursar_domain::id::WorkspaceId;
use bursar_domain::region::RegionName;
use chrono::{DateTime, Utc};
use std::collections::BTreeMap;
use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

const DIRECTORY: &str = "keys";

/// How often a write is tried again because another process was faster. Each time somebody got
/// ahead, so this is never reached but by a fault.
pub(crate) const ATTEMPTS: usize = 16;

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

/// Where the home region's master key came from, to look again.
pub(crate) struct Source {
    pub(crate) config: MasterKeyConfig,
    pub(crate) directory: PathBuf,
    /// Of sealed keys.
    pub(crate) sealed: PathBuf,
}

/// The master keys, the shelves of sealed keys and the open region keys. Workspace keys are opened
/// one at a time, when asked for, and not kept: thousands of workspaces cost nothing at start.
pub struct Keyring {
    pub(crate) regions: BTreeMap<RegionName, Region>,
    pub(crate) source: Option<Source>,
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
        let (masters, origin) = {
            let _lock = file::lock(data_directory).map_err(at)?;
            Masters::from_config(config, data_directory, &directory, random.as_ref())?
        };
        let shelf = Arc::new(FileShelf::open(&directory)?);
        let source =
            Source { config: config.clone(), directory: data_directory.to_owned(), sealed: directory };
        let mut keyring = Self { regions: BTreeMap::new(), source: Some(source), random, clock };
        keyring.insert(RegionName::home(), masters, shelf).await?;
        Ok(Opened { keyring, origin })
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
        let mut keyring = Self { regions: BTreeMap::new(), source: None, random, clock };
        keyring.add_region(RegionName::home(), home).await?;
        Ok(keyring)
    }

    /// Adds a region of the installation, or gives one another keeping.
    ///
    /// # Errors
    /// When its master key is not the one that sealed the keys which are there.
    pub async fn add_region(&mut self, name: RegionName, keeping: RegionKeeping) -> Result<(), KeyringError> {
        let RegionKeeping { provider, previous, shelf } = keeping;
        self.insert(name, Masters::new(provider, previous), shelf).await
    }

    async fn insert(
        &mut self,
        name: RegionName,
        masters: Masters,
        shelf: Arc<dyn KeyShelf>,
    ) -> Result<(), KeyringError> {
        let region = Region::new(masters, shelf);
        self.check(&name, &region).await?;
        self.regions.insert(name, region);
        Ok(())
    }

    /// How a region is kept; for a further region that shares some of it.
    ///
    /// # Errors
    /// When there is no such region.
    pub fn keeping(&self, region: &RegionName) -> Result<RegionKeeping, KeyringError> {
        let region = self.region(region)?;
        let masters = region.masters();
        let mut all = masters.iter().map(Arc::clone);
        let provider = all.next().ok_or_else(|| KeyringError::NoRegion(RegionName::home()))?;
        Ok(RegionKeeping { provider, previous: all.collect(), shelf: Arc::clone(&region.shelf) })
    }

    /// The regions of this installation.
    pub fn regions(&self) -> impl Iterator<Item = &RegionName> {
        self.regions.keys()
    }

    /// Names the master key of the home region without telling it.
    #[must_use]
    pub fn master_key_id(&self) -> String {
        let home = self.regions.get(&RegionName::home());
        home.map_or_else(String::new, |region| region.masters().current().id().to_owned())
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
        // A rotation of the region's key may have ended between sealing and writing; then the
        // version that sealed is no more, and only we still hold it.
        let version = record.key.region_key;
        if self.region_keys(region, None).await?.version(version).is_none() {
            let again = self.seal_record(workspace.into(), region, record.key.own(), &open).await?;
            shelf.put(&name, Some(&record.to_bytes()?), &again.to_bytes()?).await?;
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
        let (found, open) =
            self.find_open(workspace.into()).await?.ok_or(KeyringError::NotFound(workspace))?;
        let (mut keys, pending) = open.into_keys();
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
            if let Some((found, open)) = self.find_open(owner).await? {
                let (mut keys, pending) = open.into_keys();
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
        own: (u32, DateTime<Utc>),
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
            let masters = region.masters();
            let master = masters
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

    /// The record of an owner and its keys, open.
    pub(crate) async fn find_open(
        &self,
        owner: Owner,
    ) -> Result<Option<(Found<OwnerRecord>, OpenRecord)>, KeyringError> {
        let mut seen = Vec::new();
        loop {
            let Some(found) = self.find_present(owner).await? else { return Ok(None) };
            match self.open_record(&found, owner).await {
                Ok(open) => return Ok(Some((found, open))),
                // A rotation may have ended between the two reads; what is really damaged stays so.
                Err(KeyringError::Damaged { .. }) if found.bytes != seen => seen = found.bytes,
                Err(error) => return Err(error),
            }
        }
    }

    /// Opens the keys of a record.
    async fn open_record(
        &self,
        found: &Found<OwnerRecord>,
        owner: Owner,
    ) -> Result<OpenRecord, KeyringError> {
        let Found { record, place, .. } = found;
        let keys = self.region_keys(&record.region, Some(record.key.region_key)).await?;
        let key = keys
            .version(record.key.region_key)
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

fn lacks(place: &str, missing: crate::Purpose) -> KeyringError {
    damaged(place, &format!("the {missing} key is missing"))
}
