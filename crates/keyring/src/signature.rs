//! Signatures under certificates of deletion: Ed25519 (RFC 8032).
//!
//! The key is published once and checked by anybody, without this program: [`CertificateKey::to_pem`]
//! is what `openssl pkeyutl -verify -pubin -rawin` takes. A signature proves who wrote the text and that
//! it was not changed; that it is true is for its writer to answer for.

use crate::InstallationKeys;
use aws_lc_rs::signature::{ED25519, Ed25519KeyPair, KeyPair, UnparsedPublicKey};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest, Sha256};
use std::fmt;

/// Bytes of a signature.
pub const SIGNATURE_BYTES: usize = 64;
const KEY_BYTES: usize = 32;
/// What stands before the key in a SubjectPublicKeyInfo (RFC 8410, section 4).
const SPKI: [u8; 12] = [0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00];
const BEGIN: &str = "-----BEGIN PUBLIC KEY-----";
const END: &str = "-----END PUBLIC KEY-----";

/// Why there is no signature or no key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SignatureError {
    /// The text is no such key.
    #[error("this is no Ed25519 public key: expected a PEM block of type PUBLIC KEY")]
    NotAKey,
    /// The library refused, which would be a bug.
    #[error("the certificate could not be signed: please report this")]
    Refused,
}

/// The public key that certificates of deletion are checked with.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct CertificateKey([u8; KEY_BYTES]);

impl fmt::Debug for CertificateKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.id())
    }
}

impl CertificateKey {
    /// Names the key: `ck_` and the beginning of its digest.
    #[must_use]
    pub fn id(&self) -> String {
        let digest =
            Sha256::new_with_prefix(b"bursar-certificate-key-id-v1\0").chain_update(self.0).finalize();
        format!("ck_{}", hex::encode(&digest[..8]))
    }

    /// As other programs read it.
    #[must_use]
    pub fn to_pem(&self) -> String {
        let der = [SPKI.as_slice(), &self.0].concat();
        format!("{BEGIN}\n{}\n{END}\n", STANDARD.encode(der))
    }

    /// Reads what [`CertificateKey::to_pem`] or another program wrote.
    ///
    /// # Errors
    /// [`SignatureError::NotAKey`].
    pub fn from_pem(text: &str) -> Result<Self, SignatureError> {
        let inside = text
            .split_once(BEGIN)
            .and_then(|(_, rest)| rest.split_once(END))
            .map(|(inside, _)| inside.split_whitespace().collect::<String>())
            .filter(|inside| inside.len() <= 128)
            .ok_or(SignatureError::NotAKey)?;
        let der = STANDARD.decode(inside).map_err(|_| SignatureError::NotAKey)?;
        let key = der.strip_prefix(SPKI.as_slice()).and_then(|key| key.try_into().ok());
        key.map(Self).ok_or(SignatureError::NotAKey)
    }

    /// Whether the signature is this key's under exactly this text.
    #[must_use]
    pub fn verifies(&self, text: &[u8], signature: &[u8]) -> bool {
        UnparsedPublicKey::new(&ED25519, self.0).verify(text, signature).is_ok()
    }
}

impl InstallationKeys {
    fn certificate_pair(&self) -> Result<Ed25519KeyPair, SignatureError> {
        Ed25519KeyPair::from_seed_unchecked(self.certificate_signing_seed().expose())
            .map_err(|_| SignatureError::Refused)
    }

    /// Signs the text of a certificate of deletion (claim B10).
    ///
    /// # Errors
    /// When the library refuses.
    pub fn sign_certificate(&self, text: &[u8]) -> Result<[u8; SIGNATURE_BYTES], SignatureError> {
        let signature = self.certificate_pair()?.sign(text);
        signature.as_ref().try_into().map_err(|_| SignatureError::Refused)
    }

    /// The key that those signatures are checked with.
    ///
    /// # Errors
    /// When the library refuses.
    pub fn certificate_key(&self) -> Result<CertificateKey, SignatureError> {
        let pair = self.certificate_pair()?;
        pair.public_key().as_ref().try_into().map(CertificateKey).map_err(|_| SignatureError::Refused)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::SystemRandomness;

    #[test]
    fn a_signature_is_of_one_key_and_one_text() {
        // claim B10
        let keys = InstallationKeys::ephemeral(&SystemRandomness).unwrap();
        let key = keys.certificate_key().unwrap();
        let signature = keys.sign_certificate(b"gone").unwrap();
        assert!(key.verifies(b"gone", &signature));
        assert!(!key.verifies(b"gone ", &signature));
        assert!(!key.verifies(b"gone", &signature[..63]));
        let other = InstallationKeys::ephemeral(&SystemRandomness).unwrap().certificate_key().unwrap();
        assert!(!other.verifies(b"gone", &signature));
        assert_eq!(CertificateKey::from_pem(&key.to_pem()), Ok(key));
        for bad in ["", BEGIN, &key.to_pem().replace("MCow", "MCov"), &"x".repeat(1000)] {
            assert_eq!(CertificateKey::from_pem(bad), Err(SignatureError::NotAKey));
        }
    }

    #[test]
    fn a_known_answer() {
        // RFC 8032, section 7.1, test 1.
        let seed = hex::decode("9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60").unwrap();
        let pair = Ed25519KeyPair::from_seed_unchecked(&seed).unwrap();
        let public = "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a";
        assert_eq!(hex::encode(pair.public_key()), public);
        let key = CertificateKey(hex::decode(public).unwrap().try_into().unwrap());
        assert!(key.verifies(b"", pair.sign(b"").as_ref()));
    }
}
