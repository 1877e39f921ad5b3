//! What stands on the shelf: one JSON document for each region and each owner of keys.
//!
//! Every field that carries meaning is bound into a seal (owner, region, purpose, versions, times)
//! or checked against what is inside (ids), so that a changed document does not open.

use crate::data_keys::Opened;
use crate::purpose::{Owner, Purpose};
use crate::seal::{self, SealError, SealedV1};
use crate::{KeyringError, Randomness, Secret32};
use bursar_domain::id::WorkspaceId;
use bursar_domain::region::RegionName;
use chrono::{DateTime, SecondsFormat, SubsecRound, Utc};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

const REGION_FORMAT: &str = "bursar-region-keys";
const REGION_VERSION: u32 = 1;
const OWNER_FORMAT: &str = "bursar-workspace-keys";
const OWNER_VERSION: u32 = 2;

/// The keys of a region.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RegionRecord {
    format: String,
    version: u32,
    pub(crate) region: RegionName,
    /// The highest version seals; all open.
    pub(crate) keys: Vec<WrappedRegionKey>,
}

/// A version of a region's key, under the master key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct WrappedRegionKey {
    pub(crate) version: u32,
    pub(crate) id: String,
    pub(crate) created: DateTime<Utc>,
    /// The id of the master key that wrapped it.
    pub(crate) master_key: String,
    pub(crate) wrapped: String,
}

impl RegionRecord {
    pub(crate) fn new(region: RegionName, first: WrappedRegionKey) -> Self {
        Self { format: REGION_FORMAT.to_owned(), version: REGION_VERSION, region, keys: vec![first] }
    }

    pub(crate) fn parse(place: &str, bytes: &[u8]) -> Result<Self, KeyringError> {
        head(place, bytes, REGION_FORMAT, &[REGION_VERSION])?;
        let record: Self = document(place, bytes)?;
        if record.keys.is_empty() {
            return Err(damaged(place, "it holds no key"));
        }
        Ok(record)
    }

    pub(crate) fn to_bytes(&self) -> Result<Vec<u8>, KeyringError> {
        bytes(self)
    }

    pub(crate) fn newest_version(&self) -> u32 {
        self.keys.iter().map(|key| key.version).max().unwrap_or_default()
    }
}

/// What a region key is wrapped for.
pub(crate) fn region_binding(region: &RegionName, version: u32, created: DateTime<Utc>) -> Vec<u8> {
    let created = time(created);
    seal::binding(
        "bursar-region-key-v1",
        &[region.as_str().as_bytes(), &version.to_be_bytes(), created.as_bytes()],
    )
}

/// The name of a region key.
pub(crate) fn region_key_id(key: &Secret32) -> String {
    key.fingerprint("rk", "bursar-region-key-id-v1")
}

/// The keys of a workspace or of the installation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct OwnerRecord {
    format: String,
    version: u32,
    /// `wsp_…` or `installation`.
    pub(crate) owner: String,
    pub(crate) region: RegionName,
    /// The owner's own key, under a version of the region's.
    pub(crate) key: OwnerKey,
    /// The keys it seals.
    pub(crate) data_keys: Vec<DataKey>,
}

/// The key of a workspace or of the installation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct OwnerKey {
    pub(crate) version: u32,
    pub(crate) id: String,
    pub(crate) created: DateTime<Utc>,
    /// The version of the region's key that sealed it.
    pub(crate) region_key: u32,
    sealed: String,
}

impl OwnerKey {
    /// Version and time, which stay when the key is sealed again.
    pub(crate) fn own(&self) -> (u32, DateTime<Utc>) {
        (self.version, self.created)
    }
}

/// A version of a data key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct DataKey {
    pub(crate) purpose: Purpose,
    pub(crate) version: u32,
    pub(crate) created: DateTime<Utc>,
    /// Made, but not yet the key of the database.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(crate) pending: bool,
    sealed: String,
}

/// A key file of format 1: the master key seals the workspace key.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct OwnerRecordV1 {
    format: String,
    version: u32,
    pub(crate) workspace: WorkspaceId,
    pub(crate) master_key: String,
    pub(crate) workspace_key: SealedV1,
    pub(crate) data_keys: Vec<SealedV1>,
}

/// A record of any format that is read.
#[derive(Debug)]
pub(crate) enum AnyOwnerRecord {
    Old(OwnerRecordV1),
    Present(OwnerRecord),
}

/// The keys of an owner, open and with what stands about them in the record.
pub(crate) struct OpenRecord {
    pub(crate) key: Secret32,
    pub(crate) data_keys: Vec<OpenDataKey>,
}

/// An open version of a data key.
pub(crate) struct OpenDataKey {
    pub(crate) purpose: Purpose,
    pub(crate) version: u32,
    pub(crate) created: DateTime<Utc>,
    pub(crate) pending: bool,
    pub(crate) key: Secret32,
}

/// The key of a region that seals owners' keys.
pub(crate) struct Sealing<'a> {
    pub(crate) region: &'a RegionName,
    pub(crate) version: u32,
    pub(crate) key: &'a Secret32,
}

impl OwnerRecord {
    /// Seals the keys of an owner.
    pub(crate) fn seal(
        owner: Owner,
        sealing: &Sealing<'_>,
        own: (u32, DateTime<Utc>),
        open: &OpenRecord,
        random: &dyn Randomness,
    ) -> Result<Self, SealError> {
        let (version, created) = own;
        let about = owner_binding(owner, sealing.region, sealing.version, version, created);
        let data_keys = open.data_keys.iter().map(|data| {
            Ok(DataKey {
                purpose: data.purpose,
                version: data.version,
                created: data.created,
                pending: data.pending,
                sealed: seal::seal_key(&open.key, &data.key, &data_binding(owner, version, data), random)?,
            })
        });
        Ok(Self {
            format: OWNER_FORMAT.to_owned(),
            version: OWNER_VERSION,
            owner: owner.to_string(),
            region: sealing.region.clone(),
            key: OwnerKey {
                version,
                id: owner_key_id(&open.key),
                created,
                region_key: sealing.version,
                sealed: seal::seal_key(sealing.key, &open.key, &about, random)?,
            },
            data_keys: data_keys.collect::<Result<_, SealError>>()?,
        })
    }

    /// Opens all keys with the region's key of the version that the record names.
    pub(crate) fn open(
        &self,
        place: &str,
        owner: Owner,
        region_key: &Secret32,
    ) -> Result<OpenRecord, KeyringError> {
        let about =
            owner_binding(owner, &self.region, self.key.region_key, self.key.version, self.key.created);
        let key = seal::open_key(region_key, &self.key.sealed, &about)
            .ok_or_else(|| damaged(place, "the key does not open"))?;
        if owner_key_id(&key) != self.key.id {
            return Err(damaged(place, "the key has another id"));
        }
        let open = |data: &DataKey| {
            let binding = binding_of(owner, self.key.version, data);
            let key = seal::open_key(&key, &data.sealed, &binding)
                .ok_or_else(|| damaged(place, &format!("the {} key does not open", data.purpose)))?;
            let DataKey { purpose, version, created, pending, .. } = *data;
            Ok(OpenDataKey { purpose, version, created, pending, key })
        };
        let data_keys = self.data_keys.iter().map(open).collect::<Result<_, KeyringError>>()?;
        Ok(OpenRecord { key, data_keys })
    }

    pub(crate) fn to_bytes(&self) -> Result<Vec<u8>, KeyringError> {
        bytes(self)
    }
}

impl OpenRecord {
    /// New keys for every purpose of the owner.
    pub(crate) fn generate(
        owner: Owner,
        now: DateTime<Utc>,
        random: &dyn Randomness,
    ) -> Result<Self, SealError> {
        let mut open = Self { key: Secret32::random(random)?, data_keys: Vec::new() };
        open.complete(owner, now, random)?;
        Ok(open)
    }

    /// Makes the first version of every purpose that has none.
    pub(crate) fn complete(
        &mut self,
        owner: Owner,
        now: DateTime<Utc>,
        random: &dyn Randomness,
    ) -> Result<(), SealError> {
        for purpose in owner.purposes() {
            if !self.data_keys.iter().any(|data| data.purpose == *purpose) {
                self.add(*purpose, 1, now, random)?;
            }
        }
        Ok(())
    }

    /// The highest version of a purpose, pending or not.
    pub(crate) fn newest(&self, purpose: Purpose) -> u32 {
        let versions = self.data_keys.iter().filter(|key| key.purpose == purpose);
        versions.map(|key| key.version).max().unwrap_or_default()
    }

    /// Adds a new key of a purpose.
    pub(crate) fn add(
        &mut self,
        purpose: Purpose,
        version: u32,
        now: DateTime<Utc>,
        random: &dyn Randomness,
    ) -> Result<(), SealError> {
        let key = Secret32::random(random)?;
        self.data_keys.push(OpenDataKey {
            purpose,
            version,
            created: whole_seconds(now),
            pending: false,
            key,
        });
        Ok(())
    }

    /// The keys by purpose, and the database's next one.
    pub(crate) fn into_keys(self) -> (Opened, Option<Secret32>) {
        let (mut opened, mut pending) = (Opened::new(), None);
        for data in self.data_keys {
            if data.pending {
                pending = Some(data.key);
            } else {
                opened.entry(data.purpose).or_default().push((data.version, data.key));
            }
        }
        (opened, pending)
    }
}

impl AnyOwnerRecord {
    pub(crate) fn parse(place: &str, owner: Owner, bytes: &[u8]) -> Result<Self, KeyringError> {
        let other = || damaged(place, "it names another workspace");
        if head(place, bytes, OWNER_FORMAT, &[1, OWNER_VERSION])? == 1 {
            let record: OwnerRecordV1 = document(place, bytes)?;
            return if owner == Owner::Workspace(record.workspace) {
                Ok(Self::Old(record))
            } else {
                Err(other())
            };
        }
        let record: OwnerRecord = document(place, bytes)?;
        if record.owner == owner.to_string() { Ok(Self::Present(record)) } else { Err(other()) }
    }
}

impl OwnerRecordV1 {
    /// Opens all keys with the master key that sealed them.
    pub(crate) fn open(
        &self,
        place: &str,
        master: &Secret32,
        now: DateTime<Utc>,
    ) -> Result<OpenRecord, KeyringError> {
        if self.workspace_key.purpose != "workspace" {
            return Err(damaged(place, "the workspace key has another purpose"));
        }
        let key = seal::open_v1(master, &self.workspace_key, self.workspace)
            .ok_or_else(|| damaged(place, "the workspace key does not open"))?;
        // This format had one data key.
        let [data] = self.data_keys.as_slice() else {
            return Err(damaged(place, "it does not hold one data key"));
        };
        if data.purpose != Purpose::Rollup.name() || data.version != 1 {
            return Err(damaged(place, "the rollup key is missing"));
        }
        let rollup = seal::open_v1(&key, data, self.workspace)
            .ok_or_else(|| damaged(place, "the rollup key does not open"))?;
        let rollup = OpenDataKey {
            purpose: Purpose::Rollup,
            version: 1,
            created: whole_seconds(now),
            pending: false,
            key: rollup,
        };
        Ok(OpenRecord { key, data_keys: vec![rollup] })
    }
}

/// Files say whole seconds; what is bound must be what is read again.
pub(crate) fn whole_seconds(now: DateTime<Utc>) -> DateTime<Utc> {
    now.trunc_subsecs(0)
}

fn time(moment: DateTime<Utc>) -> String {
    moment.to_rfc3339_opts(SecondsFormat::AutoSi, true)
}

fn owner_key_id(key: &Secret32) -> String {
    key.fingerprint("wk", "bursar-workspace-key-id-v1")
}

fn owner_binding(
    owner: Owner,
    region: &RegionName,
    region_key: u32,
    version: u32,
    created: DateTime<Utc>,
) -> Vec<u8> {
    seal::binding(
        "bursar-workspace-key-v2",
        &[
            owner.to_string().as_bytes(),
            region.as_str().as_bytes(),
            &region_key.to_be_bytes(),
            &version.to_be_bytes(),
            time(created).as_bytes(),
        ],
    )
}

fn data_binding(owner: Owner, under: u32, data: &OpenDataKey) -> Vec<u8> {
    binding_parts(owner, under, data.purpose, data.version, data.created, data.pending)
}

fn binding_of(owner: Owner, under: u32, data: &DataKey) -> Vec<u8> {
    binding_parts(owner, under, data.purpose, data.version, data.created, data.pending)
}

fn binding_parts(
    owner: Owner,
    under: u32,
    purpose: Purpose,
    version: u32,
    created: DateTime<Utc>,
    pending: bool,
) -> Vec<u8> {
    seal::binding(
        "bursar-data-key-v2",
        &[
            owner.to_string().as_bytes(),
            &under.to_be_bytes(),
            purpose.name().as_bytes(),
            &version.to_be_bytes(),
            time(created).as_bytes(),
            &[u8::from(pending)],
        ],
    )
}

/// The version first: a newer document may have other fields.
fn head(place: &str, bytes: &[u8], format: &str, versions: &[u32]) -> Result<u32, KeyringError> {
    #[derive(Deserialize)]
    struct Head {
        format: String,
        version: u32,
    }
    let head: Head = document(place, bytes)?;
    if head.format != format {
        return Err(damaged(place, &format!("it is no document of format {format}")));
    }
    if !versions.contains(&head.version) {
        let reads = versions.iter().copied().max().unwrap_or_default();
        return Err(KeyringError::Version { place: place.to_owned(), found: head.version, reads });
    }
    Ok(head.version)
}

fn document<T: DeserializeOwned>(place: &str, bytes: &[u8]) -> Result<T, KeyringError> {
    serde_json::from_slice(bytes).map_err(|error| damaged(place, &error.to_string()))
}

fn bytes(document: &impl Serialize) -> Result<Vec<u8>, KeyringError> {
    let mut text =
        serde_json::to_vec_pretty(document).map_err(|error| KeyringError::Encode(error.to_string()))?;
    text.push(b'\n');
    Ok(text)
}

pub(crate) fn damaged(place: &str, what: &str) -> KeyringError {
    KeyringError::Damaged { place: place.to_owned(), what: what.to_owned() }
}
