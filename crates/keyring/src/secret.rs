//! Thirty-two secret bytes.

use crate::{Randomness, RandomnessError};
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;
use zeroize::{Zeroize, ZeroizeOnDrop};

/// Length of every key here, in bytes: AES-256.
pub(crate) const KEY_BYTES: usize = 32;

/// A 256-bit key. Wiped when dropped; it has no `Debug`, `Display`, `Serialize` or `Clone`, so
/// that it reaches a log or a file only by an explicit [`Secret32::expose`].
///
/// ```compile_fail
/// fn printable(key: &bursar_keyring::Secret32) -> String { format!("{key:?}") }
/// ```
#[derive(Zeroize, ZeroizeOnDrop)]
pub struct Secret32(Box<[u8; KEY_BYTES]>);

impl Secret32 {
    /// Takes the bytes over. Wiping the caller's copy is the caller's business.
    #[must_use]
    pub fn new(bytes: [u8; KEY_BYTES]) -> Self {
        Self(Box::new(bytes))
    }

    /// A new random key.
    ///
    /// # Errors
    /// When the source of randomness fails.
    pub fn random(random: &dyn Randomness) -> Result<Self, RandomnessError> {
        // The box is filled in place: no copy stays behind on the stack.
        let mut key = Self(Box::new([0; KEY_BYTES]));
        random.fill(key.0.as_mut_slice())?;
        Ok(key)
    }

    /// Copies a slice of exactly 32 bytes; `None` for any other length.
    pub(crate) fn from_slice(bytes: &[u8]) -> Option<Self> {
        let mut key = Self(Box::new([0; KEY_BYTES]));
        if bytes.len() != KEY_BYTES {
            return None;
        }
        key.0.copy_from_slice(bytes);
        Some(key)
    }

    /// Names the key without telling it: a digest of 256 random bits says nothing about them. The
    /// label keeps it apart from any other use of SHA-256 on a key.
    pub(crate) fn fingerprint(&self, prefix: &str, label: &str) -> String {
        let digest = Sha256::new_with_prefix(label.as_bytes())
            .chain_update([0])
            .chain_update(self.expose())
            .finalize();
        format!("{prefix}_{}", hex::encode(&digest[..8]))
    }

    /// The bytes, for handing to a cipher.
    #[must_use]
    pub fn expose(&self) -> &[u8; KEY_BYTES] {
        &self.0
    }
}

impl PartialEq for Secret32 {
    /// In constant time.
    fn eq(&self, other: &Self) -> bool {
        self.0.as_slice().ct_eq(other.0.as_slice()).into()
    }
}

impl Eq for Secret32 {}
