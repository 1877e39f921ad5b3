//! The keys of regions: read from the shelf, unwrapped by whoever holds the master key, kept open.

use crate::error::KeyringError;
use crate::keyring::{ATTEMPTS, Keyring, Source};
use crate::masters::Masters;
use crate::record::{self, AnyOwnerRecord, RegionRecord, WrappedRegionKey, damaged};
use crate::shelf::{KeyShelf, ShelfName};
use crate::{ProviderError, Secret32, file};
use bursar_domain::region::RegionName;
use chrono::{DateTime, Utc};
use std::collections::BTreeMap;
use std::sync::{Arc, PoisonError, RwLock};

/// A region that this installation has.
pub(crate) struct Region {
    /// Replaced when the operator's files hold others than before.
    masters: RwLock<Arc<Masters>>,
    pub(crate) shelf: Arc<dyn KeyShelf>,
    /// What is open; replaced when a version is asked for that it does not have.
    open: RwLock<Option<Arc<OpenRegion>>>,
}

/// The open keys of a region.
pub(crate) struct OpenRegion {
    newest: u32,
    /// By version, with the id.
    keys: BTreeMap<u32, (String, Arc<Secret32>)>,
}

impl OpenRegion {
    pub(crate) fn newest(&self) -> Option<(u32, &Secret32)> {
        self.version(self.newest).map(|key| (self.newest, key))
    }

    pub(crate) fn version(&self, version: u32) -> Option<&Secret32> {
        self.keys.get(&version).map(|(_, key)| &**key)
    }
}

impl Region {
    pub(crate) fn new(masters: Masters, shelf: Arc<dyn KeyShelf>) -> Self {
        Self { masters: RwLock::new(Arc::new(masters)), shelf, open: RwLock::default() }
    }

    pub(crate) fn masters(&self) -> Arc<Masters> {
        Arc::clone(&self.masters.read().unwrap_or_else(PoisonError::into_inner))
    }

    pub(crate) fn set_masters(&self, masters: Masters) {
        *self.masters.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(masters);
    }
}

impl Keyring {
    /// Whether the master key is the one that sealed what is there, so that a wrong one is told at
    /// the start.
    pub(crate) async fn check(&self, name: &RegionName, region: &Region) -> Result<(), KeyringError> {
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
            Ok(AnyOwnerRecord::Old(record)) if region.masters().find(&record.master_key).is_none() => {
                Err(wrong_master(region, &item, &record.master_key))
            }
            // Damage is told when that workspace is opened.
            _ => Ok(()),
        }
    }

    /// Reads and opens the keys of a region; `None` when it has none yet.
    pub(crate) async fn load(
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
        let known = region.open.read().unwrap_or_else(PoisonError::into_inner).clone();
        let mut keys = BTreeMap::new();
        for wrapped in &record.keys {
            // What is open already needs no service to be asked.
            let open = known.as_ref().and_then(|known| known.keys.get(&wrapped.version));
            let key = match open {
                Some((id, key)) if *id == wrapped.id => Arc::clone(key),
                _ => Arc::new(self.unwrap(name, region, wrapped).await?),
            };
            keys.insert(wrapped.version, (wrapped.id.clone(), key));
        }
        let open = Arc::new(OpenRegion { newest: record.newest_version(), keys });
        *region.open.write().unwrap_or_else(PoisonError::into_inner) = Some(Arc::clone(&open));
        Ok(Some(open))
    }

    /// The open keys of a region, with the version asked for, making the first when there is none.
    pub(crate) async fn region_keys(
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
            let now = record::whole_seconds(self.clock.now());
            let record = RegionRecord::new(name.clone(), self.wrap(name, region, &key, (1, now)).await?);
            region.shelf.put(&item, None, &record.to_bytes()?).await?;
        }
        Err(KeyringError::Contended(region.shelf.place(&item)))
    }

    /// Unwraps a region key with the master key that wrapped it.
    pub(crate) async fn unwrap(
        &self,
        name: &RegionName,
        region: &Region,
        wrapped: &WrappedRegionKey,
    ) -> Result<Secret32, KeyringError> {
        let item = ShelfName::Region(name.clone());
        let mut masters = region.masters();
        if masters.find(&wrapped.master_key).is_none() && *name == RegionName::home() {
            // Another process may have rotated it: the files may hold others by now.
            self.look_again(region)?;
            masters = region.masters();
        }
        let master = masters
            .find(&wrapped.master_key)
            .ok_or_else(|| wrong_master(region, &item, &wrapped.master_key))?;
        let about = record::region_binding(name, wrapped.version, wrapped.created);
        let key = master.unwrap_key(&wrapped.wrapped, &about).await.map_err(|error| match error {
            // A local key of the right id is the right key.
            ProviderError::Refused { .. } if master.local().is_some() => {
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

    /// Reads the home region's master keys again from where they were given.
    pub(crate) fn look_again(&self, home: &Region) -> Result<(), KeyringError> {
        if let Some(Source { config, directory, sealed }) = &self.source {
            let at = |source| KeyringError::Io { path: directory.clone(), source };
            let _lock = file::lock(directory).map_err(at)?;
            home.set_masters(Masters::from_config(config, directory, sealed, self.random.as_ref())?.0);
        }
        Ok(())
    }

    /// Wraps a region key with the present master key.
    pub(crate) async fn wrap(
        &self,
        name: &RegionName,
        region: &Region,
        key: &Secret32,
        (version, created): (u32, DateTime<Utc>),
    ) -> Result<WrappedRegionKey, KeyringError> {
        let masters = region.masters();
        let master = masters.current();
        let about = record::region_binding(name, version, created);
        Ok(WrappedRegionKey {
            version,
            id: record::region_key_id(key),
            created,
            master_key: master.id().to_owned(),
            wrapped: master.wrap_key(key, &about, self.random.as_ref()).await?,
        })
    }
}

pub(crate) fn wrong_master(region: &Region, item: &ShelfName, sealed_with: &str) -> KeyringError {
    KeyringError::WrongMasterKey {
        place: region.shelf.place(item),
        sealed_with: sealed_with.chars().take(128).collect(),
        given: region.masters().ids(),
    }
}
