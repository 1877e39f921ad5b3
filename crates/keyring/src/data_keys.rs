//! The open keys of one owner, by purpose, and what they do.

use crate::credential::CredentialSealer;
use crate::field::{self, FieldPlace, OpenError};
use crate::purpose::{Owner, Purpose};
use crate::seal::{self, SealError};
use crate::stream::{OpenReader, SealWriter};
use crate::{Randomness, RandomnessError, Secret32, digest};
use bursar_domain::id::WorkspaceId;
use std::collections::BTreeMap;
use std::fmt;
use std::io::{self, Read, Write};
use std::ops::Deref;
use zeroize::Zeroizing;

/// One key in its versions, newest first. Never empty.
pub(crate) struct Versions {
    newest: (u32, Secret32),
    older: Vec<(u32, Secret32)>,
}

impl Versions {
    /// `None` when there is no version at all.
    pub(crate) fn new(mut keys: Vec<(u32, Secret32)>) -> Option<Self> {
        keys.sort_by_key(|(version, _)| std::cmp::Reverse(*version));
        let mut keys = keys.into_iter();
        Some(Self { newest: keys.next()?, older: keys.collect() })
    }

    fn random(random: &dyn Randomness) -> Result<Self, RandomnessError> {
        Ok(Self { newest: (1, Secret32::random(random)?), older: Vec::new() })
    }

    pub(crate) fn newest(&self) -> (u32, &Secret32) {
        (self.newest.0, &self.newest.1)
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = (u32, &Secret32)> {
        std::iter::once(&self.newest).chain(&self.older).map(|(version, key)| (*version, key))
    }

    pub(crate) fn version(&self, version: u32) -> Option<&Secret32> {
        self.iter().find_map(|(found, key)| (found == version).then_some(key))
    }
}

/// Open keys before they are put in their places.
pub(crate) type Opened = BTreeMap<Purpose, Vec<(u32, Secret32)>>;

/// The open keys of one owner. No `Clone`, no `Debug` of keys: share it behind an `Arc`.
///
/// They are as they were when opened. Where another process rotates, what it seals from then on
/// names a version that is unknown here ([`OpenError::UnknownVersion`]): open the keys again.
pub struct PurposeKeys {
    owner: Owner,
    database: Versions,
    pending_database: Option<Secret32>,
    rollup: Versions,
    field: Versions,
    lookup: Versions,
    credential: Versions,
    backup: Versions,
    record: Versions,
}

impl fmt::Debug for PurposeKeys {
    /// The owner only.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PurposeKeys").field("owner", &self.owner).finish_non_exhaustive()
    }
}

impl PurposeKeys {
    /// Takes the keys of every purpose, or names the one that is missing.
    pub(crate) fn new(owner: Owner, opened: &mut Opened, pending: Option<Secret32>) -> Result<Self, Purpose> {
        Ok(Self {
            owner,
            database: take(opened, Purpose::Database)?,
            pending_database: pending,
            rollup: take(opened, Purpose::Rollup)?,
            field: take(opened, Purpose::Field)?,
            lookup: take(opened, Purpose::Lookup)?,
            credential: take(opened, Purpose::Credential)?,
            backup: take(opened, Purpose::Backup)?,
            record: take(opened, Purpose::Record)?,
        })
    }

    fn ephemeral(owner: Owner, random: &dyn Randomness) -> Result<Self, RandomnessError> {
        let new = || Versions::random(random);
        Ok(Self {
            owner,
            database: new()?,
            pending_database: None,
            rollup: new()?,
            field: new()?,
            lookup: new()?,
            credential: new()?,
            backup: new()?,
            record: new()?,
        })
    }

    /// Whose keys.
    #[must_use]
    pub const fn owner(&self) -> Owner {
        self.owner
    }

    /// The raw key of the owner's SQLCipher file (claim B4).
    #[must_use]
    pub fn database_key(&self) -> &Secret32 {
        &self.database.newest.1
    }

    /// The next key of the database file, while it is being changed: after a crash the file opens
    /// with this one or with [`PurposeKeys::database_key`]. See
    /// [`Keyring::begin_database_rotation`](crate::Keyring::begin_database_rotation).
    #[must_use]
    pub const fn pending_database_key(&self) -> Option<&Secret32> {
        self.pending_database.as_ref()
    }

    /// Encrypts rollups: the footer key of Parquet modular encryption. The newest version.
    #[must_use]
    pub fn rollup_key(&self) -> &Secret32 {
        &self.rollup.newest.1
    }

    /// The version of [`PurposeKeys::rollup_key`], and every key that rollups may be under, newest
    /// first.
    pub fn rollup_keys(&self) -> impl Iterator<Item = (u32, &Secret32)> {
        self.rollup.iter()
    }

    /// Keys for what records of actions hold that must be erasable, newest first with their version.
    pub fn record_keys(&self) -> impl Iterator<Item = (u32, &Secret32)> {
        self.record.iter()
    }

    /// Seals a field of a row.
    ///
    /// # Errors
    /// When the source of randomness fails.
    pub fn seal_field(
        &self,
        place: FieldPlace<'_>,
        plain: &[u8],
        random: &dyn Randomness,
    ) -> Result<Vec<u8>, SealError> {
        field::seal(&self.field, self.owner, place, plain, random)
    }

    /// Opens a field of a row.
    ///
    /// # Errors
    /// When it was sealed for another place or owner, was changed, or its key version is not open.
    pub fn open_field(&self, place: FieldPlace<'_>, sealed: &[u8]) -> Result<Zeroizing<Vec<u8>>, OpenError> {
        field::open(&self.field, self.owner, place, sealed)
    }

    /// Whether a sealed field should be sealed again, because its key has a newer version.
    #[must_use]
    pub fn field_is_outdated(&self, sealed: &[u8]) -> bool {
        field::version(sealed) != Some(self.field.newest.0)
    }

    /// A keyed digest to find a value by, without keeping the value: `what` names the column, so
    /// that equal values of two columns have different digests. Make equal what counts as equal
    /// (case, spaces) before.
    #[must_use]
    pub fn lookup(&self, what: &str, value: &str) -> [u8; 32] {
        let owner = self.owner.to_string();
        let message =
            seal::binding("bursar-lookup-v1", &[owner.as_bytes(), what.as_bytes(), value.as_bytes()]);
        digest::keyed(&self.lookup.newest.1, &message)
    }

    /// Seals cloud credentials as Fernet tokens (claim B6).
    #[must_use]
    pub fn fernet(&self) -> CredentialSealer {
        CredentialSealer::new(&self.credential)
    }

    /// A writer that seals a stream into `inner`. `what` names the stream and must be the same when
    /// it is opened. Call [`SealWriter::finish`].
    ///
    /// # Errors
    /// When the source of randomness fails or the beginning cannot be written.
    pub fn seal_stream<W: Write>(
        &self,
        what: &str,
        inner: W,
        random: &dyn Randomness,
    ) -> io::Result<SealWriter<W>> {
        SealWriter::new(&self.backup, self.owner, what, inner, random)
    }

    /// A reader of a sealed stream.
    ///
    /// # Errors
    /// When the beginning cannot be read, or is no sealed stream's, or names an unknown version.
    pub fn open_stream<R: Read>(&self, what: &str, inner: R) -> io::Result<OpenReader<R>> {
        OpenReader::new(&self.backup, self.owner, what, inner)
    }

    /// Seals derived data that is no rollup, bound to this owner and to what it is.
    ///
    /// # Errors
    /// When the source of randomness fails.
    pub fn seal(&self, what: &str, plain: &[u8], random: &dyn Randomness) -> Result<Vec<u8>, SealError> {
        let (version, key) = self.rollup.newest();
        let binding = self.about("bursar-bytes-v2", what, version);
        let sealed = seal::seal(key, plain, &binding, random)?;
        Ok([BYTES_V2, &version.to_be_bytes(), &sealed].concat())
    }

    /// Opens what [`PurposeKeys::seal`] sealed. `None` when the owner, what it is, or a single bit
    /// is another, or the key is no more.
    #[must_use]
    pub fn unseal(&self, what: &str, sealed: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
        if let Some(sealed) = sealed.strip_prefix(BYTES_V1) {
            // Made by versions that had one key, which is the oldest now.
            let key = self.rollup.version(1)?;
            return seal::open(key, sealed, format!("bursar-bytes-v1\0{}\0{what}", self.owner).as_bytes());
        }
        let (version, sealed) = sealed.strip_prefix(BYTES_V2)?.split_first_chunk::<4>()?;
        let version = u32::from_be_bytes(*version);
        seal::open(self.rollup.version(version)?, sealed, &self.about("bursar-bytes-v2", what, version))
    }

    fn about(&self, label: &str, what: &str, version: u32) -> Vec<u8> {
        let owner = self.owner.to_string();
        seal::binding(label, &[owner.as_bytes(), what.as_bytes(), &version.to_be_bytes()])
    }
}

const BYTES_V1: &[u8] = b"bursar1\0";
const BYTES_V2: &[u8] = b"bursar2\0";

fn take(opened: &mut Opened, purpose: Purpose) -> Result<Versions, Purpose> {
    opened.remove(&purpose).and_then(Versions::new).ok_or(purpose)
}

/// The open keys of one workspace: everything of [`PurposeKeys`], and whose they are.
#[derive(Debug)]
pub struct WorkspaceKeys {
    workspace: WorkspaceId,
    keys: PurposeKeys,
}

impl WorkspaceKeys {
    pub(crate) fn new(
        workspace: WorkspaceId,
        opened: &mut Opened,
        pending: Option<Secret32>,
    ) -> Result<Self, Purpose> {
        Ok(Self { workspace, keys: PurposeKeys::new(workspace.into(), opened, pending)? })
    }

    /// Keys that are never stored, for work that leaves nothing behind or a cache that may die
    /// with the process (`bursar cost` on a folder).
    ///
    /// # Errors
    /// When the source of randomness fails.
    pub fn ephemeral(workspace: WorkspaceId, random: &dyn Randomness) -> Result<Self, RandomnessError> {
        Ok(Self { workspace, keys: PurposeKeys::ephemeral(workspace.into(), random)? })
    }

    /// Whose keys.
    #[must_use]
    pub const fn workspace(&self) -> WorkspaceId {
        self.workspace
    }
}

impl Deref for WorkspaceKeys {
    type Target = PurposeKeys;
    fn deref(&self) -> &PurposeKeys {
        &self.keys
    }
}

/// The open keys of the installation: the directory's, and those that sign in its name.
#[derive(Debug)]
pub struct InstallationKeys {
    keys: PurposeKeys,
    session: SigningVersions,
    certificate: SigningVersions,
}

/// Without `Debug` of keys.
struct SigningVersions(Versions);

impl fmt::Debug for SigningVersions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("(redacted)")
    }
}

impl InstallationKeys {
    pub(crate) fn new(opened: &mut Opened, pending: Option<Secret32>) -> Result<Self, Purpose> {
        Ok(Self {
            keys: PurposeKeys::new(Owner::Installation, opened, pending)?,
            session: SigningVersions(take(opened, Purpose::SessionSigning)?),
            certificate: SigningVersions(take(opened, Purpose::CertificateSigning)?),
        })
    }

    /// Keys that are never stored, for tests.
    ///
    /// # Errors
    /// When the source of randomness fails.
    pub fn ephemeral(random: &dyn Randomness) -> Result<Self, RandomnessError> {
        Ok(Self {
            keys: PurposeKeys::ephemeral(Owner::Installation, random)?,
            session: SigningVersions(Versions::random(random)?),
            certificate: SigningVersions(Versions::random(random)?),
        })
    }

    /// Signs session tokens. The newest version.
    #[must_use]
    pub fn session_signing_key(&self) -> &Secret32 {
        &self.session.0.newest.1
    }

    /// Every key that session tokens may be signed with, newest first with its version.
    pub fn session_signing_keys(&self) -> impl Iterator<Item = (u32, &Secret32)> {
        self.session.0.iter()
    }

    /// The Ed25519 seed that signs deletion certificates. It has one version: a certificate is
    /// worth what its published key is.
    #[must_use]
    pub fn certificate_signing_seed(&self) -> &Secret32 {
        &self.certificate.0.newest.1
    }
}

impl Deref for InstallationKeys {
    type Target = PurposeKeys;
    fn deref(&self) -> &PurposeKeys {
        &self.keys
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::SystemRandomness;
    use crate::random::testing::Broken;

    const ONE: WorkspaceId = WorkspaceId::from_u128(1);

    fn keys() -> WorkspaceKeys {
        WorkspaceKeys::ephemeral(ONE, &SystemRandomness).unwrap()
    }

    #[test]
    fn sealed_bytes_open_only_in_their_place() {
        // claim B4
        let (keys, other) = (keys(), keys());
        let sealed = keys.seal("history", b"October: 41 EUR", &SystemRandomness).unwrap();
        let opened =
            |keys: &WorkspaceKeys, sealed: &[u8], what| keys.unseal(what, sealed).map(|p| p.to_vec());
        assert_eq!(opened(&keys, &sealed, "history").as_deref(), Some(b"October: 41 EUR".as_slice()));
        assert_eq!(opened(&keys, &sealed, "catalogue"), None);
        assert_eq!(opened(&other, &sealed, "history"), None);
        for at in 0..sealed.len() {
            let mut changed = sealed.clone();
            changed[at] ^= 1;
            assert_eq!(opened(&keys, &changed, "history"), None, "byte {at}");
            assert_eq!(opened(&keys, &sealed[..at], "history"), None, "cut at {at}");
        }
        assert!(keys.seal("history", b"", &Broken).is_err());
    }

    #[test]
    fn digests_to_search_by_differ_by_owner_column_and_value() {
        // claim B1
        let (one, two) = (keys(), keys());
        let digest = one.lookup("accounts.email", "ada@example.com");
        assert_eq!(digest, one.lookup("accounts.email", "ada@example.com"));
        assert_ne!(digest, one.lookup("invitations.email", "ada@example.com"));
        assert_ne!(digest, one.lookup("accounts.emai", "lada@example.com"));
        assert_ne!(digest, one.lookup("accounts.email", "adb@example.com"));
        assert_ne!(digest, two.lookup("accounts.email", "ada@example.com"));
    }

    #[test]
    fn debug_tells_whose_keys_and_nothing_of_them() {
        // claim B7
        let shown = format!("{:?} {:?}", keys(), InstallationKeys::ephemeral(&SystemRandomness).unwrap());
        assert!(shown.contains("Installation") && shown.contains("wsp_"), "{shown}");
        assert!(!shown.contains('['), "no list of bytes: {shown}");
    }
}
