//! Rotation while serving.
//!
//! INVARIANT: at every moment, whatever was sealed opens with what lies on the shelf. Each step is
//! one [`KeyShelf::put`](crate::KeyShelf::put), which compares, and the steps are in this order: a new key is
//! added beside the old one, then what the old one sealed is sealed anew item by item, then,
//! when nothing refers to it, the old one goes. A process that dies in between leaves a shelf from which
//! the same call carries on; two processes that rotate at once do each other's work.
//!
//! | what | one rotation | what stays |
//! |---|---|---|
//! | master | every region key wrapped again | workspace keys, data |
//! | region | every workspace key of it sealed again | data keys, data |
//! | workspace | its key anew, its data keys sealed again, new versions of those that may have several | data; older versions open it |
//! | database | in two phases with the store, which changes the key of the file | |

use crate::error::KeyringError;
use crate::keyring::{ATTEMPTS, Keyring, Source};
use crate::master::{FILE_NAME, NEXT_FILE_NAME};
use crate::purpose::{Owner, Purpose};
use crate::record::{self, OpenRecord, RegionRecord};
use crate::region::Region;
use crate::shelf::ShelfName;
use crate::{MasterKey, MasterKeyError, Secret32, file};
use bursar_domain::id::WorkspaceId;
use bursar_domain::region::RegionName;
use chrono::{DateTime, Utc};
use std::path::PathBuf;

/// What a rotation of the master key did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MasterRotation {
    /// The id of the key that wraps everything now.
    pub master_key: String,
    /// Region keys that were wrapped again.
    pub rewrapped: usize,
    /// The key file of the data directory, when a new key was made in it.
    pub file: Option<PathBuf>,
}

/// What a rotation of a region's key did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RegionRotation {
    /// The version of the key now.
    pub version: u32,
    /// Whether an earlier rotation was carried on, instead of beginning one.
    pub resumed: bool,
    /// Workspaces (and the installation) whose keys were sealed again.
    pub resealed: usize,
}

/// What a rotation of a workspace's or the installation's key did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WorkspaceRotation {
    /// The version of the key now.
    pub version: u32,
    /// The purposes that have a new version, which new data uses.
    pub renewed: Vec<Purpose>,
}

/// What a change does to the open keys of an owner; `None` changes nothing.
type Change<'a, T> =
    &'a (dyn Fn(&mut OpenRecord, &mut (u32, DateTime<Utc>)) -> Result<Option<T>, KeyringError> + Sync);

impl Keyring {
    /// Wraps every region key with the present master key, so that former ones are not needed any
    /// more (claim B8). With the data directory's own key, makes a new one first and puts it in
    /// its place at the end.
    ///
    /// # Errors
    /// When a region key opens with no master key that was given, or cannot be written. Starting
    /// again carries on.
    pub async fn rotate_master(&self) -> Result<MasterRotation, KeyringError> {
        let home = self.region(&RegionName::home())?;
        let own = self.source.as_ref().filter(|source| source.is_own());
        if let Some(source) = own {
            source.begin(self.random.as_ref())?;
            self.look_again(home)?;
        }
        let mut rewrapped = 0;
        for (name, region) in &self.regions {
            rewrapped += self.rewrap_region(name, region).await?;
        }
        // Key files of format 1 are under the master key directly.
        for item in home.shelf.list().await? {
            if let ShelfName::Workspace(workspace) = item {
                self.find_present(workspace.into()).await?;
            }
        }
        let mut file = None;
        if let Some(source) = own {
            file = Some(source.finish()?);
            self.look_again(home)?;
        }
        Ok(MasterRotation { master_key: self.master_key_id(), rewrapped, file })
    }

    async fn rewrap_region(&self, name: &RegionName, region: &Region) -> Result<usize, KeyringError> {
        let item = ShelfName::Region(name.clone());
        let place = region.shelf.place(&item);
        for _ in 0..ATTEMPTS {
            let Some(bytes) = region.shelf.get(&item).await? else { return Ok(0) };
            let mut record = RegionRecord::parse(&place, &bytes)?;
            let masters = region.masters();
            let mut rewrapped = 0;
            for wrapped in &mut record.keys {
                if wrapped.master_key == masters.current().id() && !masters.current().rewraps() {
                    continue;
                }
                let key = self.unwrap(name, region, wrapped).await?;
                *wrapped = self.wrap(name, region, &key, (wrapped.version, wrapped.created)).await?;
                rewrapped += 1;
            }
            if rewrapped == 0 || region.shelf.put(&item, Some(&bytes), &record.to_bytes()?).await? {
                return Ok(rewrapped);
            }
        }
        Err(KeyringError::Contended(place))
    }

    /// Gives a region a new key and seals every workspace key of the region with it (claim B8).
    /// `progress` is told how many of how many are done.
    ///
    /// # Errors
    /// When a workspace's keys do not open or cannot be written; the old version then stays. Starting
    /// again carries on.
    pub async fn rotate_region(
        &self,
        name: &RegionName,
        progress: &(dyn Fn(usize, usize) + Sync),
    ) -> Result<RegionRotation, KeyringError> {
        let region = self.region(name)?;
        let (version, resumed) = self.begin_region(name, region).await?;
        let mut resealed = 0;
        // Once more until nothing is left: a workspace may have been made meanwhile.
        for _ in 0..ATTEMPTS {
            let done = self.reseal_owners(name, region, version, progress).await?;
            resealed += done;
            if done == 0 {
                self.finish_region(name, region, version).await?;
                return Ok(RegionRotation { version, resumed, resealed });
            }
        }
        Err(KeyringError::Contended(region.shelf.place(&ShelfName::Region(name.clone()))))
    }

    /// Adds a new version of the region's key, unless one is being brought in already.
    async fn begin_region(&self, name: &RegionName, region: &Region) -> Result<(u32, bool), KeyringError> {
        let item = ShelfName::Region(name.clone());
        let place = region.shelf.place(&item);
        for _ in 0..ATTEMPTS {
            // Makes the first version where there is none.
            self.region_keys(name, None).await?;
            let Some(bytes) = region.shelf.get(&item).await? else { continue };
            let mut record = RegionRecord::parse(&place, &bytes)?;
            if record.keys.len() > 1 {
                return Ok((record.newest_version(), true));
            }
            let version = record.newest_version().saturating_add(1);
            let key = Secret32::random(self.random.as_ref())?;
            let now = record::whole_seconds(self.clock.now());
            record.keys.push(self.wrap(name, region, &key, (version, now)).await?);
            if region.shelf.put(&item, Some(&bytes), &record.to_bytes()?).await? {
                return Ok((version, false));
            }
        }
        Err(KeyringError::Contended(place))
    }

    /// Seals what other versions of the region's key sealed; how many there were.
    async fn reseal_owners(
        &self,
        name: &RegionName,
        region: &Region,
        version: u32,
        progress: &(dyn Fn(usize, usize) + Sync),
    ) -> Result<usize, KeyringError> {
        let owners = owners_on(region).await?;
        let (mut resealed, mut failed) = (0, None);
        for (done, owner) in owners.iter().enumerate() {
            progress(done, owners.len());
            match self.reseal_owner(name, *owner, version).await {
                Ok(done) => resealed += usize::from(done),
                // Destroyed meanwhile.
                Err(KeyringError::NotFound(_)) => {}
                // One that cannot be opened keeps the old version alive, not the others under it.
                Err(
                    error @ (KeyringError::Damaged { .. }
                    | KeyringError::Version { .. }
                    | KeyringError::Misplaced { .. }),
                ) => failed = failed.or(Some(error)),
                Err(error) => return Err(error),
            }
        }
        progress(owners.len(), owners.len());
        failed.map_or(Ok(resealed), Err)
    }

    /// Seals an owner's key with the newest of the region, if another version did. Whether it did.
    async fn reseal_owner(
        &self,
        name: &RegionName,
        owner: Owner,
        version: u32,
    ) -> Result<bool, KeyringError> {
        let Some(found) = self.find_present(owner).await? else { return Ok(false) };
        if found.record.region != *name || found.record.key.region_key == version {
            return Ok(false);
        }
        self.change(owner, &|_, _| Ok(Some(()))).await?;
        Ok(true)
    }

    /// Drops all versions of the region's key but one.
    async fn finish_region(
        &self,
        name: &RegionName,
        region: &Region,
        version: u32,
    ) -> Result<(), KeyringError> {
        let item = ShelfName::Region(name.clone());
        let place = region.shelf.place(&item);
        for _ in 0..ATTEMPTS {
            let Some(bytes) = region.shelf.get(&item).await? else { return Ok(()) };
            let mut record = RegionRecord::parse(&place, &bytes)?;
            let before = record.keys.len();
            // A newer one belongs to another process's rotation.
            record.keys.retain(|key| key.version >= version);
            if record.keys.len() == before
                || region.shelf.put(&item, Some(&bytes), &record.to_bytes()?).await?
            {
                return Ok(());
            }
        }
        Err(KeyringError::Contended(place))
    }

    /// Gives a workspace a new key, and a new version of every data key that may have several
    /// (claim B8). What older versions sealed still opens, until [`Keyring::retire`].
    ///
    /// # Errors
    /// When its keys do not open or cannot be written; nothing is changed then.
    pub async fn rotate_workspace(&self, workspace: WorkspaceId) -> Result<WorkspaceRotation, KeyringError> {
        self.rotate_owner(workspace.into()).await
    }

    /// As [`Keyring::rotate_workspace`], for the installation's own keys.
    ///
    /// # Errors
    /// As [`Keyring::rotate_workspace`].
    pub async fn rotate_installation(&self) -> Result<WorkspaceRotation, KeyringError> {
        self.installation().await?;
        self.rotate_owner(Owner::Installation).await
    }

    async fn rotate_owner(&self, owner: Owner) -> Result<WorkspaceRotation, KeyringError> {
        let rotate = |open: &mut OpenRecord, own: &mut (u32, DateTime<Utc>)| {
            let now = record::whole_seconds(self.clock.now());
            open.key = Secret32::random(self.random.as_ref())?;
            *own = (own.0.saturating_add(1), now);
            let renewed: Vec<Purpose> =
                owner.purposes().iter().copied().filter(|purpose| purpose.allows_several()).collect();
            for purpose in &renewed {
                let version = open.newest(*purpose).saturating_add(1);
                open.add(*purpose, version, now, self.random.as_ref())?;
            }
            Ok(Some(WorkspaceRotation { version: own.0, renewed }))
        };
        self.change(owner, &rotate).await?.ok_or_else(|| KeyringError::Contended(owner.to_string()))
    }

    /// Drops the versions of a data key before `keep_from`, once nothing is sealed with them any
    /// more. The newest always stays, and so does the database's. How many went.
    ///
    /// # Errors
    /// When the keys do not open or cannot be written.
    pub async fn retire(
        &self,
        owner: Owner,
        purpose: Purpose,
        keep_from: u32,
    ) -> Result<usize, KeyringError> {
        if !purpose.allows_several() {
            return Ok(0);
        }
        let retire = |open: &mut OpenRecord, _: &mut (u32, DateTime<Utc>)| {
            let keep_from = keep_from.min(open.newest(purpose));
            let before = open.data_keys.len();
            open.data_keys.retain(|key| key.purpose != purpose || key.version >= keep_from);
            let gone = before - open.data_keys.len();
            Ok((gone > 0).then_some(gone))
        };
        Ok(self.change(owner, &retire).await?.unwrap_or_default())
    }

    /// First phase of a new key for a database file: makes it and keeps it beside the present one
    /// ([`PurposeKeys::pending_database_key`](crate::PurposeKeys::pending_database_key)). Then open the
    /// keys again, give the file its new key, and call [`Keyring::finish_database_rotation`]. After
    /// a crash the file opens with one of the two: with the pending one, finish; with the present
    /// one, do it again or [`Keyring::abandon_database_rotation`]. Calling it twice keeps the first
    /// pending key.
    ///
    /// # Errors
    /// When the keys do not open or cannot be written.
    pub async fn begin_database_rotation(&self, owner: Owner) -> Result<(), KeyringError> {
        let begin = |open: &mut OpenRecord, _: &mut (u32, DateTime<Utc>)| {
            if open.data_keys.iter().any(|key| key.pending) {
                return Ok(None);
            }
            let version = open.newest(Purpose::Database).saturating_add(1);
            open.add(Purpose::Database, version, self.clock.now(), self.random.as_ref())?;
            if let Some(added) = open.data_keys.last_mut() {
                added.pending = true;
            }
            Ok(Some(()))
        };
        self.change(owner, &begin).await.map(drop)
    }

    /// Second phase: the file has the pending key, so the one before goes. Without a pending key
    /// nothing is done.
    ///
    /// # Errors
    /// When the keys do not open or cannot be written.
    pub async fn finish_database_rotation(&self, owner: Owner) -> Result<(), KeyringError> {
        let finish = |open: &mut OpenRecord, _: &mut (u32, DateTime<Utc>)| {
            if !open.data_keys.iter().any(|key| key.pending) {
                return Ok(None);
            }
            open.data_keys.retain(|key| key.purpose != Purpose::Database || key.pending);
            open.data_keys.iter_mut().for_each(|key| key.pending = false);
            Ok(Some(()))
        };
        self.change(owner, &finish).await.map(drop)
    }

    /// The file kept its present key, so the pending one goes.
    ///
    /// # Errors
    /// When the keys do not open or cannot be written.
    pub async fn abandon_database_rotation(&self, owner: Owner) -> Result<(), KeyringError> {
        let abandon = |open: &mut OpenRecord, _: &mut (u32, DateTime<Utc>)| {
            let before = open.data_keys.len();
            open.data_keys.retain(|key| !key.pending);
            Ok((open.data_keys.len() < before).then_some(()))
        };
        self.change(owner, &abandon).await.map(drop)
    }

    /// Opens the keys of an owner, changes them and writes them, sealed with the newest key of the
    /// region, in one write.
    async fn change<T>(&self, owner: Owner, change: Change<'_, T>) -> Result<Option<T>, KeyringError> {
        for _ in 0..ATTEMPTS {
            let (found, mut open) = self.find_open(owner).await?.ok_or_else(|| absent(owner))?;
            let mut own = found.record.key.own();
            let Some(outcome) = change(&mut open, &mut own)? else { return Ok(None) };
            let record = self.seal_record(owner, &found.record.region, own, &open).await?;
            if found.shelf.put(&found.item, Some(&found.bytes), &record.to_bytes()?).await? {
                return Ok(Some(outcome));
            }
        }
        Err(KeyringError::Contended(owner.to_string()))
    }
}

fn absent(owner: Owner) -> KeyringError {
    match owner {
        Owner::Workspace(workspace) => KeyringError::NotFound(workspace),
        Owner::Installation => KeyringError::NoRegion(RegionName::home()),
    }
}

/// Whose keys lie on a region's shelf, of this region or of others that share it.
pub(crate) async fn owners_on(region: &Region) -> Result<Vec<Owner>, KeyringError> {
    let owners = region.shelf.list().await?.into_iter().filter_map(|item| match item {
        ShelfName::Installation => Some(Owner::Installation),
        ShelfName::Workspace(workspace) => Some(workspace.into()),
        ShelfName::Region(_) => None,
    });
    Ok(owners.collect())
}

impl Source {
    /// Whether the master key is the data directory's own.
    fn is_own(&self) -> bool {
        let config = &self.config;
        config.secret_key.is_none() && config.secret_key_file.is_none() && config.secret_key_url.is_none()
    }

    /// Makes the next key, unless an interrupted rotation has.
    fn begin(&self, random: &dyn crate::Randomness) -> Result<(), KeyringError> {
        let path = self.directory.join(NEXT_FILE_NAME);
        let _lock = file::lock(&self.directory).map_err(self.at())?;
        if MasterKey::private(&path)?.is_none() {
            MasterKey::generate(&path, random)?;
        }
        Ok(())
    }

    /// Puts the next key in the place of the one before.
    fn finish(&self) -> Result<PathBuf, KeyringError> {
        let path = self.directory.join(FILE_NAME);
        let _lock = file::lock(&self.directory).map_err(self.at())?;
        match std::fs::rename(self.directory.join(NEXT_FILE_NAME), &path) {
            // Another process that rotates was faster.
            Err(error) if error.kind() == std::io::ErrorKind::NotFound && path.exists() => Ok(path),
            Err(source) => Err(MasterKeyError::Io { path, source }.into()),
            Ok(()) => {
                file::sync_directory(&self.directory).map_err(self.at())?;
                Ok(path)
            }
        }
    }

    fn at(&self) -> impl Fn(std::io::Error) -> KeyringError {
        |source| KeyringError::Io { path: self.directory.clone(), source }
    }
}
