//! Envelope keys: a master key wraps a key per workspace, which wraps data keys by purpose.
//!
//! Whatever Bursar derives from cost data and keeps (rollups today) is encrypted with a key of
//! its workspace, so that destroying 32 bytes destroys all of it. This is the only crate that
//! touches a cipher.
//!
//! ```text
//! master key (BURSAR_SECRET_KEY, a file, or <data>/master.key)
//!   └─ seals the workspace key          <data>/keys/wsp_….json
//!        └─ seals a data key per purpose  (same file)
//! ```
//!
//! * Sealing is AES-256-GCM with a fresh random nonce; the additional data names the format, the
//!   workspace, the purpose and the key's version, so a sealed key cannot be moved to another
//!   place and still open.
//! * A key file records which master key sealed it (a digest, not a secret). A wrong master key
//!   is therefore told apart from a damaged file, and neither is ever overwritten.
//! * Secrets are [`Secret32`]: wiped on drop, no `Debug`, no `Serialize`, no `Clone` by accident.
//! * Randomness is an argument ([`Randomness`]); the operating system's is [`SystemRandomness`].
//!
//! Refused on purpose: a master key of another size than 32 bytes or of one repeated byte, a
//! generated key file that others may read, and making a new master key while workspaces sealed
//! under a lost one exist.

mod file;
mod keyring;
mod master;
mod random;
mod seal;
mod secret;

pub use keyring::{Keyring, KeyringError, Opened, WorkspaceKeys};
pub use master::{MasterKey, MasterKeyConfig, MasterKeyError, MasterKeyOrigin, MasterKeyText};
pub use random::{Randomness, RandomnessError, SystemRandomness};
pub use secret::Secret32;
