//! Sealed keys that leave the shelf: beside a backup, and back after the shelf was lost.
//!
//! They leave as they lie there, the workspace's key under its region's, that one under the master
//! key, so that whoever finds them needs the master key (claim B9). Destroying a workspace's keys
//! means destroying these copies as well.

use crate::data_keys::WorkspaceKeys;
use crate::error::KeyringError;
use crate::keyring::Keyring;
use crate::purpose::{Owner, Purpose};
use crate::record::{OpenRecord, OwnerRecord, RegionRecord, damaged};
use crate::shelf::{MAX_ITEM_BYTES, ShelfName};
use bursar_domain::id::WorkspaceId;
use bursar_domain::region::RegionName;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

const FORMAT: &str = "bursar-backup-keys";
const VERSION: u32 = 1;

/// The sealed keys of one workspace and of its region, away from their shelf.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SealedKeys {
    format: String,
    version: u32,
    workspace: WorkspaceId,
    region_keys: RegionRecord,
    workspace_keys: OwnerRecord,
}

/// The names of the keys that a workspace's data is under: digests and versions, no secrets.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeyNames {
    /// The workspace's own key.
    pub workspace_key: String,
    /// Its version.
    pub version: u32,
    /// When it was made.
    pub created_at: DateTime<Utc>,
    /// The region's key that seals it.
    pub region_key: String,
    /// The master key that wraps that one.
    pub master_key: String,
    /// The data keys under it: `purpose/version`.
    pub data_keys: Vec<String>,
}

impl SealedKeys {
    /// Whose keys.
    #[must_use]
    pub const fn workspace(&self) -> WorkspaceId {
        self.workspace
    }

    /// The region that they belong to.
    #[must_use]
    pub const fn region(&self) -> &RegionName {
        &self.workspace_keys.region
    }

    /// What the keys are called.
    #[must_use]
    pub fn names(&self) -> KeyNames {
        let own = &self.workspace_keys.key;
        let above = self.region_keys.keys.iter().find(|key| key.version == own.region_key);
        let data_key = |purpose: Purpose, version: u32| format!("{purpose}/{version}");
        KeyNames {
            workspace_key: own.id.clone(),
            version: own.version,
            created_at: own.created,
            region_key: above.map(|key| key.id.clone()).unwrap_or_default(),
            master_key: above.map(|key| key.master_key.clone()).unwrap_or_default(),
            data_keys: self
                .workspace_keys
                .data_keys
                .iter()
                .map(|key| data_key(key.purpose, key.version))
                .collect(),
        }
    }

    /// As a document.
    ///
    /// # Errors
    /// When it could not be written, which would be a bug.
    pub fn to_bytes(&self) -> Result<Vec<u8>, KeyringError> {
        serde_json::to_vec_pretty(self).map_err(|error| KeyringError::Encode(error.to_string()))
    }

    /// Reads such a document. `place` names it in messages.
    ///
    /// # Errors
    /// When it is none, or of a newer program.
    pub fn from_bytes(place: &str, bytes: &[u8]) -> Result<Self, KeyringError> {
        #[derive(Deserialize)]
        struct Head {
            format: String,
            version: u32,
        }
        if bytes.len() > 2 * MAX_ITEM_BYTES {
            return Err(damaged(place, "it is too long"));
        }
        let read = |error: serde_json::Error| damaged(place, &error.to_string());
        let head: Head = serde_json::from_slice(bytes).map_err(read)?;
        if head.format != FORMAT {
            return Err(damaged(place, "it holds no keys of a backup"));
        }
        if head.version > VERSION {
            return Err(KeyringError::Version {
                place: place.to_owned(),
                found: head.version,
                reads: VERSION,
            });
        }
        serde_json::from_slice(bytes).map_err(read)
    }
}

impl Keyring {
    /// The keys of a workspace as they lie on the shelf.
    ///
    /// # Errors
    /// As [`Keyring::workspace`].
    pub async fn sealed_keys(&self, workspace: WorkspaceId) -> Result<SealedKeys, KeyringError> {
        let found = self.find_present(workspace.into()).await?.ok_or(KeyringError::NotFound(workspace))?;
        let name = found.record.region.clone();
        let shelf = &self.region(&name)?.shelf;
        let item = ShelfName::Region(name);
        let place = shelf.place(&item);
        let bytes = shelf.get(&item).await?.ok_or_else(|| damaged(&place, "the region has no keys"))?;
        Ok(SealedKeys {
            format: FORMAT.to_owned(),
            version: VERSION,
            workspace,
            region_keys: RegionRecord::parse(&place, &bytes)?,
            workspace_keys: found.record,
        })
    }

    /// Opens keys that lie beside a backup.
    ///
    /// # Errors
    /// When the master key is another one ([`KeyringError::WrongMasterKey`]), the region is not
    /// configured, or the document was changed.
    pub async fn open_sealed(&self, sealed: &SealedKeys) -> Result<WorkspaceKeys, KeyringError> {
        let (mut keys, pending) = self.open_carried(sealed).await?.into_keys();
        WorkspaceKeys::new(sealed.workspace, &mut keys, pending)
            .map_err(|missing| damaged("the backup's keys", &format!("the {missing} key is missing")))
    }

    /// Puts the keys of a workspace back on the shelf of their region, where there are none: the shelf
    /// was lost. They are sealed with the present key of the region.
    ///
    /// # Errors
    /// [`KeyringError::Exists`] when the workspace has keys; as [`Keyring::open_sealed`] otherwise.
    pub async fn adopt(&self, sealed: &SealedKeys) -> Result<WorkspaceKeys, KeyringError> {
        let workspace = sealed.workspace;
        match self.workspace(workspace).await {
            Err(KeyringError::NotFound(_)) => {}
            Ok(_) => return Err(KeyringError::Exists(workspace)),
            Err(error) => return Err(error),
        }
        let open = self.open_carried(sealed).await?;
        let own = &sealed.workspace_keys.key;
        let region = sealed.region();
        let record = self.seal_record(workspace.into(), region, (own.version, own.created), &open).await?;
        let shelf = &self.region(region)?.shelf;
        if !shelf.put(&ShelfName::Workspace(workspace), None, &record.to_bytes()?).await? {
            return Err(KeyringError::Exists(workspace));
        }
        self.workspace(workspace).await
    }

    async fn open_carried(&self, sealed: &SealedKeys) -> Result<OpenRecord, KeyringError> {
        const PLACE: &str = "the backup's keys";
        let record = &sealed.workspace_keys;
        let owner = Owner::Workspace(sealed.workspace);
        if record.owner != owner.to_string() || sealed.region_keys.region != record.region {
            return Err(damaged(PLACE, "it names another workspace or region"));
        }
        let name = &record.region;
        let region = self.region(name)?;
        let wrapped = sealed.region_keys.keys.iter().find(|key| key.version == record.key.region_key);
        let wrapped = wrapped.ok_or_else(|| damaged(PLACE, "the region's key is missing"))?;
        let key = self.unwrap(name, region, wrapped).await?;
        record.open(PLACE, owner, &key)
    }
}
