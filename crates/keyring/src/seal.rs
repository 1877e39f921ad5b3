//! Sealing a key under a key: AES-256-GCM (NIST SP 800-38D), 96-bit random nonce, 128-bit tag.
//!
//! The additional data is not stored; it is made again from where the sealed key is found. A
//! sealed key copied to another workspace, purpose or version does not open.

use crate::{Randomness, RandomnessError, Secret32};
use aes_gcm::aead::{Aead, Payload};
use aes_gcm::{Aes256Gcm, KeyInit, Nonce};
use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use bursar_domain::id::WorkspaceId;
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

const NONCE_BYTES: usize = 12;
const SEALED_BYTES: usize = 32 + 16;

/// A sealed key as it stands in a key file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Sealed {
    /// What the key is for; part of the additional data.
    pub(crate) purpose: String,
    /// The key's version, from 1; part of the additional data.
    pub(crate) version: u32,
    /// Base64.
    nonce: String,
    /// Base64: the encrypted key, then the tag.
    sealed: String,
}

/// The text that a sealed key is bound to. Fields are separated by a byte none of them holds.
fn additional_data(workspace: WorkspaceId, purpose: &str, version: u32) -> Vec<u8> {
    format!("bursar-keyring-v1\0{workspace}\0{purpose}\0{version}").into_bytes()
}

fn cipher(key: &Secret32) -> Aes256Gcm {
    Aes256Gcm::new(key.expose().into())
}

/// Why sealing failed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum SealError {
    #[error(transparent)]
    Randomness(#[from] RandomnessError),
    #[error("the cipher refused")]
    Cipher,
}

/// Seals `key` under `wrapping`.
pub(crate) fn seal(
    wrapping: &Secret32,
    key: &Secret32,
    workspace: WorkspaceId,
    purpose: &str,
    version: u32,
    random: &dyn Randomness,
) -> Result<Sealed, SealError> {
    let mut nonce = [0; NONCE_BYTES];
    random.fill(&mut nonce)?;
    let aad = additional_data(workspace, purpose, version);
    let sealed = cipher(wrapping)
        .encrypt(&Nonce::from(nonce), Payload { msg: key.expose(), aad: &aad })
        .map_err(|_| SealError::Cipher)?;
    Ok(Sealed {
        purpose: purpose.to_owned(),
        version,
        nonce: BASE64.encode(nonce),
        sealed: BASE64.encode(sealed),
    })
}

/// What sealed bytes begin with.
const BYTES_MAGIC: &[u8; 8] = b"bursar1\0";

fn about(workspace: WorkspaceId, what: &str) -> Vec<u8> {
    format!("bursar-bytes-v1\0{workspace}\0{what}").into_bytes()
}

/// Seals any bytes, bound to the workspace and to what they are: magic, nonce, ciphertext, tag.
pub(crate) fn seal_bytes(
    key: &Secret32,
    plain: &[u8],
    workspace: WorkspaceId,
    what: &str,
    random: &dyn Randomness,
) -> Result<Vec<u8>, SealError> {
    let mut nonce = [0; NONCE_BYTES];
    random.fill(&mut nonce)?;
    let sealed = cipher(key)
        .encrypt(&Nonce::from(nonce), Payload { msg: plain, aad: &about(workspace, what) })
        .map_err(|_| SealError::Cipher)?;
    Ok([BYTES_MAGIC.as_slice(), nonce.as_slice(), sealed.as_slice()].concat())
}

/// Opens sealed bytes; `None` as for [`open`].
pub(crate) fn open_bytes(
    key: &Secret32,
    sealed: &[u8],
    workspace: WorkspaceId,
    what: &str,
) -> Option<Zeroizing<Vec<u8>>> {
    let (nonce, sealed) = sealed.strip_prefix(BYTES_MAGIC)?.split_first_chunk::<NONCE_BYTES>()?;
    let payload = Payload { msg: sealed, aad: &about(workspace, what) };
    cipher(key).decrypt(&Nonce::from(*nonce), payload).ok().map(Zeroizing::new)
}

/// Opens a sealed key. `None` when the wrapping key, the place or a single bit is not the one it
/// was sealed with; which of them cannot be known.
pub(crate) fn open(wrapping: &Secret32, sealed: &Sealed, workspace: WorkspaceId) -> Option<Secret32> {
    let nonce: [u8; NONCE_BYTES] = BASE64.decode(&sealed.nonce).ok()?.try_into().ok()?;
    let bytes = BASE64.decode(&sealed.sealed).ok().filter(|bytes| bytes.len() == SEALED_BYTES)?;
    let aad = additional_data(workspace, &sealed.purpose, sealed.version);
    let key = cipher(wrapping).decrypt(&Nonce::from(nonce), Payload { msg: &bytes, aad: &aad }).ok()?;
    Secret32::from_slice(&Zeroizing::new(key))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::testing::{Broken, Counting};
    use proptest::prelude::*;

    fn sealed_under(wrapping: &Secret32) -> (Secret32, Sealed) {
        let random = Counting::default();
        let key = Secret32::random(&random).unwrap();
        let sealed = seal(wrapping, &key, WorkspaceId::from_u128(1), "rollup", 1, &random).unwrap();
        (key, sealed)
    }

    #[test]
    fn a_known_answer() {
        // Computed independently with Python's `cryptography` (see the test's values): key 0x00…1f,
        // plaintext 0x20…3f, nonce 12 × 0x07.
        struct Sevens;
        impl Randomness for Sevens {
            fn fill(&self, buffer: &mut [u8]) -> Result<(), RandomnessError> {
                buffer.fill(7);
                Ok(())
            }
        }
        let wrapping = Secret32::new(std::array::from_fn(|i| u8::try_from(i).unwrap()));
        let key = Secret32::new(std::array::from_fn(|i| u8::try_from(i + 32).unwrap()));
        let sealed = seal(&wrapping, &key, WorkspaceId::from_u128(1), "rollup", 1, &Sevens).unwrap();
        assert_eq!(sealed.nonce, "BwcHBwcHBwcHBwcH");
        assert_eq!(sealed.sealed, "L0uEf0sq8dPutDmrrHzatJFtv0C8wrcuxoJkwTjjDCT1YR28Rkmr8GQr72crTs8u");
    }

    #[test]
    fn a_sealed_key_opens_only_in_its_place() {
        // claim B1: moving a sealed key to another workspace, purpose or version is in vain.
        let wrapping = Secret32::new([9; 32]);
        let (key, sealed) = sealed_under(&wrapping);
        assert!(open(&wrapping, &sealed, WorkspaceId::from_u128(1)).is_some_and(|opened| opened == key));
        assert!(open(&wrapping, &sealed, WorkspaceId::from_u128(2)).is_none());
        assert!(
            open(&wrapping, &Sealed { purpose: "audit".into(), ..sealed.clone() }, WorkspaceId::from_u128(1))
                .is_none()
        );
        assert!(
            open(&wrapping, &Sealed { version: 2, ..sealed.clone() }, WorkspaceId::from_u128(1)).is_none()
        );
        assert!(open(&Secret32::new([8; 32]), &sealed, WorkspaceId::from_u128(1)).is_none());
    }

    #[test]
    fn sealed_bytes_open_only_in_their_place() {
        // claim B4
        let (key, one, other) =
            (Secret32::new([9; 32]), WorkspaceId::from_u128(1), WorkspaceId::from_u128(2));
        let sealed = seal_bytes(&key, b"October: 41 EUR", one, "history", &Counting::default()).unwrap();
        let opened = |key: &Secret32, sealed: &[u8], workspace, what| {
            open_bytes(key, sealed, workspace, what).map(|plain| plain.to_vec())
        };
        assert_eq!(opened(&key, &sealed, one, "history").as_deref(), Some(b"October: 41 EUR".as_slice()));
        assert_eq!(opened(&key, &sealed, other, "history"), None);
        assert_eq!(opened(&key, &sealed, one, "catalogue"), None);
        assert_eq!(opened(&Secret32::new([8; 32]), &sealed, one, "history"), None);
        for at in 0..sealed.len() {
            let mut changed = sealed.clone();
            changed[at] ^= 1;
            assert_eq!(opened(&key, &changed, one, "history"), None, "byte {at}");
            assert_eq!(opened(&key, &sealed[..at], one, "history"), None, "cut at {at}");
        }
        assert!(seal_bytes(&key, b"", one, "history", &Broken).is_err());
    }

    #[test]
    fn no_randomness_no_key() {
        assert!(Secret32::random(&Broken).is_err());
        let key = Secret32::new([9; 32]);
        assert!(seal(&key, &key, WorkspaceId::from_u128(1), "rollup", 1, &Broken).is_err());
    }

    proptest! {
        #[test]
        fn any_flipped_bit_is_noticed(byte in 0..SEALED_BYTES, bit in 0..8_u8) {
            let wrapping = Secret32::new([9; 32]);
            let (_, mut sealed) = sealed_under(&wrapping);
            let mut bytes = BASE64.decode(&sealed.sealed).unwrap();
            bytes[byte] ^= 1 << bit;
            sealed.sealed = BASE64.encode(bytes);
            prop_assert!(open(&wrapping, &sealed, WorkspaceId::from_u128(1)).is_none());
        }

        #[test]
        fn garbage_never_panics(nonce in ".{0,40}", sealed in ".{0,90}") {
            let garbage = Sealed { purpose: "rollup".into(), version: 1, nonce, sealed };
            prop_assert!(open(&Secret32::new([9; 32]), &garbage, WorkspaceId::from_u128(1)).is_none());
        }
    }
}
