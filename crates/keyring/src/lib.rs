//! Envelope keys: a master key wraps a key per region, which seals a key per workspace, which seals
//! data keys by purpose.
//!
//! Whatever Bursar keeps of a workspace is encrypted with a key of that workspace, so that
//! destroying 32 bytes destroys all of it. This is the only crate that touches a cipher.
//!
//! ```text
//! master key (BURSAR_SECRET_KEY, a file, <data>/master.key, or a service that keeps it)
//!   └─ wraps the region's key                region-….json
//!        └─ seals the workspace's key        wsp_….json, installation.json
//!             └─ seals a data key per purpose  (same document)
//! ```
//!
//! * Sealing is AES-256-GCM with a fresh random nonce; the additional data names what is sealed,
//!   whose it is, where it stands and the key's version, so that nothing sealed can be moved to
//!   another place and still open.
//! * Sealed keys lie on a [`KeyShelf`]: files, or a database's table. A document names the master
//!   key that wrapped it (a digest, not a secret). A wrong master key is therefore told apart from
//!   damage, at the start, and neither is ever overwritten.
//! * Data keys: [`PurposeKeys`] of a workspace ([`WorkspaceKeys`]) or of the installation itself
//!   ([`InstallationKeys`]): database files, fields of rows ([`FieldPlace`]), digests to search by,
//!   Fernet tokens for credentials ([`CredentialSealer`]), streams for backups ([`SealWriter`]).
//! * Secrets are [`Secret32`]: wiped on drop, no `Debug`, no `Serialize`, no `Clone`.
//! * Randomness and time are arguments ([`Randomness`], `bursar_domain::clock::Clock`).
//!
//! ```
//! # use bursar_domain::{clock::SystemClock, id::WorkspaceId, region::RegionName};
//! # use bursar_keyring::{FieldPlace, Keyring, MasterKeyConfig, SystemRandomness};
//! # use std::sync::Arc;
//! # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let data = tempfile::tempdir()?;
//! let config = MasterKeyConfig::default();
//! let opened =
//!     Keyring::open(&config, data.path(), Arc::new(SystemRandomness), Arc::new(SystemClock)).await?;
//! let keys = opened.keyring.create(WorkspaceId::from_u128(1), &RegionName::home()).await?;
//! let email = FieldPlace { table: "accounts", row: "acc_1", column: "email" };
//! let sealed = keys.seal_field(email, b"ada@example.com", &SystemRandomness)?;
//! assert_eq!(keys.open_field(email, &sealed)?.as_slice(), b"ada@example.com");
//! assert!(keys.open_field(FieldPlace { row: "acc_2", ..email }, &sealed).is_err());
//! # Ok(()) }
//! ```
//!
//! Every key can be rotated while others read and write ([`Keyring::rotate_master`],
//! [`Keyring::rotate_region`], [`Keyring::rotate_workspace`]): each step is one write that compares, so a
//! rotation that was interrupted is carried on by starting it again, and whatever was sealed opens
//! at every moment.
//!
//! Refused on purpose: a master key of another size than 32 bytes or of one repeated byte, a
//! generated key file that others may read, making a new master key while workspaces sealed
//! under a lost one exist, and a workspace's keys on the shelf of a region that is not its own.

mod carry;
mod credential;
mod data_keys;
mod digest;
mod error;
mod field;
mod file;
mod keeping;
mod keyring;
mod master;
mod masters;
mod provider;
mod purpose;
mod random;
mod record;
mod region;
mod rotation;
mod seal;
mod secret;
mod shelf;
mod signature;
mod status;
mod stream;
mod vault;

pub use carry::{KeyNames, SealedKeys};
pub use credential::{CredentialError, CredentialSealer, MAX_TOKEN_BYTES};
pub use data_keys::{InstallationKeys, PurposeKeys, WorkspaceKeys};
pub use error::KeyringError;
pub use field::{FieldPlace, OpenError};
pub use keyring::{Keyring, Opened, RegionKeeping};
pub use master::{MasterKey, MasterKeyConfig, MasterKeyError, MasterKeyOrigin, MasterKeyText};
pub use provider::{MAX_WRAPPED_BYTES, MasterKeyProvider, ProviderError};
pub use purpose::{Owner, Purpose};
pub use random::{Randomness, RandomnessError, SystemRandomness};
pub use rotation::{MasterRotation, RegionRotation, WorkspaceRotation};
pub use seal::SealError;
pub use secret::Secret32;
pub use shelf::{FileShelf, KeyShelf, MAX_ITEM_BYTES, ShelfError, ShelfName, ShelfNameError};
pub use signature::{CertificateKey, SIGNATURE_BYTES, SignatureError};
pub use status::{KeyStatus, KeyVersion, OwnerStatus, PurposeStatus, RegionStatus};
pub use stream::{OpenReader, SealWriter, StreamError};
pub use vault::{VaultToken, VaultTransit};
