//! What keys there are: ids, versions and ages, never the keys.

use crate::error::KeyringError;
use crate::keyring::Keyring;
use crate::purpose::{Owner, Purpose};
use crate::record::RegionRecord;
use crate::rotation::owners_on;
use crate::shelf::ShelfName;
use bursar_domain::region::RegionName;
use chrono::{DateTime, Utc};
use serde::Serialize;
use std::collections::BTreeMap;

/// The keys of the whole installation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct KeyStatus {
    /// Every region.
    pub regions: Vec<RegionStatus>,
}

/// The keys of a region.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RegionStatus {
    /// The region.
    pub region: RegionName,
    /// The master key in use.
    pub master_key: String,
    /// Master keys that were given to open what the one in use has not wrapped yet.
    pub previous_master_keys: Vec<String>,
    /// The versions of the region's key, newest first. More than one while it is being rotated.
    /// None before the first workspace.
    pub keys: Vec<KeyVersion>,
    /// Workspaces (and the installation) whose key is under a version of the region's key.
    pub sealed: BTreeMap<u32, usize>,
    /// Versions that another master key than the one in use has wrapped: `bursar keys rotate
    /// master` wraps them.
    pub waiting_for_master: usize,
    /// Workspaces whose key an older version of the region's has sealed: `bursar keys rotate
    /// region` seals them.
    pub waiting_for_region: usize,
}

/// A version of a key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct KeyVersion {
    /// From 1.
    pub version: u32,
    /// Names the key; a digest.
    pub id: String,
    /// When it was made.
    pub created: DateTime<Utc>,
    /// What it is sealed or wrapped with: a master key's id, or the version of the region's key.
    pub sealed_with: String,
}

/// The keys of a workspace or of the installation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct OwnerStatus {
    /// `wsp_…` or `installation`.
    pub owner: String,
    /// Its region.
    pub region: RegionName,
    /// Its own key.
    pub key: KeyVersion,
    /// The keys it seals.
    pub data_keys: Vec<PurposeStatus>,
}

/// A version of a data key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PurposeStatus {
    /// What it is for.
    pub purpose: Purpose,
    /// From 1.
    pub version: u32,
    /// When it was made.
    pub created: DateTime<Utc>,
    /// Whether it is older than the one that new data uses, and kept for what it has sealed.
    pub kept_for_older_data: bool,
    /// Whether it waits to become the key of the database.
    pub pending: bool,
}

impl Keyring {
    /// The keys of every region. Reads every document on the shelves, and changes none but those of
    /// an earlier format.
    ///
    /// # Errors
    /// When one cannot be read.
    pub async fn status(&self) -> Result<KeyStatus, KeyringError> {
        let mut regions = Vec::new();
        for (name, region) in &self.regions {
            let item = ShelfName::Region(name.clone());
            let mut keys = Vec::new();
            if let Some(bytes) = region.shelf.get(&item).await? {
                let record = RegionRecord::parse(&region.shelf.place(&item), &bytes)?;
                keys.extend(record.keys.into_iter().map(|key| KeyVersion {
                    version: key.version,
                    id: key.id,
                    created: key.created,
                    sealed_with: key.master_key,
                }));
                keys.sort_by_key(|key| std::cmp::Reverse(key.version));
            }
            let mut sealed: BTreeMap<u32, usize> = BTreeMap::new();
            for owner in owners_on(region).await? {
                if let Some(found) = self.find_present(owner).await?
                    && found.record.region == *name
                {
                    *sealed.entry(found.record.key.region_key).or_default() += 1;
                }
            }
            let masters = region.masters();
            let master_key = masters.current().id().to_owned();
            let newest = keys.first().map(|key| key.version);
            regions.push(RegionStatus {
                region: name.clone(),
                previous_master_keys: masters.iter().skip(1).map(|master| master.id().to_owned()).collect(),
                waiting_for_master: keys.iter().filter(|key| key.sealed_with != master_key).count(),
                waiting_for_region: sealed
                    .iter()
                    .filter(|(version, _)| newest.is_some_and(|newest| newest != **version))
                    .map(|(_, count)| count)
                    .sum(),
                master_key,
                keys,
                sealed,
            });
        }
        Ok(KeyStatus { regions })
    }

    /// The master key in use and the newest version of the region's key, without reading any owner's.
    ///
    /// # Errors
    /// When they cannot be read, or there is no such region.
    pub async fn region_key_names(
        &self,
        name: &RegionName,
    ) -> Result<(String, Option<KeyVersion>), KeyringError> {
        let region = self.region(name)?;
        let item = ShelfName::Region(name.clone());
        let newest = match region.shelf.get(&item).await? {
            Some(bytes) => RegionRecord::parse(&region.shelf.place(&item), &bytes)?
                .keys
                .into_iter()
                .max_by_key(|key| key.version)
                .map(|key| KeyVersion {
                    version: key.version,
                    id: key.id,
                    created: key.created,
                    sealed_with: key.master_key,
                }),
            None => None,
        };
        Ok((region.masters().current().id().to_owned(), newest))
    }

    /// The keys of a workspace or of the installation; `None` when there are none.
    ///
    /// # Errors
    /// When they cannot be read.
    pub async fn owner_status(&self, owner: Owner) -> Result<Option<OwnerStatus>, KeyringError> {
        let Some(found) = self.find_present(owner).await? else { return Ok(None) };
        let record = found.record;
        let newest = |purpose| {
            let versions = record.data_keys.iter().filter(|key| key.purpose == purpose && !key.pending);
            versions.map(|key| key.version).max().unwrap_or_default()
        };
        let mut data_keys: Vec<PurposeStatus> = record
            .data_keys
            .iter()
            .map(|key| PurposeStatus {
                purpose: key.purpose,
                version: key.version,
                created: key.created,
                kept_for_older_data: key.version < newest(key.purpose),
                pending: key.pending,
            })
            .collect();
        data_keys.sort_by_key(|key| (key.purpose, std::cmp::Reverse(key.version)));
        Ok(Some(OwnerStatus {
            owner: record.owner,
            key: KeyVersion {
                version: record.key.version,
                id: record.key.id,
                created: record.key.created,
                sealed_with: format!("{} v{}", record.region, record.key.region_key),
            },
            region: record.region,
            data_keys,
        }))
    }
}
