//! Keyed digests: HMAC-SHA256 (RFC 2104).

use crate::Secret32;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use zeroize::Zeroizing;

/// Bytes of a block of SHA-256, which is the length HMAC fills keys up to.
const BLOCK_BYTES: usize = 64;

/// The digest of a message under a key.
pub(crate) fn keyed(key: &Secret32, message: &[u8]) -> [u8; 32] {
    let mut block = Zeroizing::new([0; BLOCK_BYTES]);
    block[..key.expose().len()].copy_from_slice(key.expose());
    let mut mac = Hmac::<Sha256>::new((&*block).into());
    mac.update(message);
    mac.finalize().into_bytes().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_known_answer() {
        // Python: hmac.new(bytes(range(32)), b"bursar", "sha256").hexdigest()
        let key = Secret32::new(std::array::from_fn(|i| u8::try_from(i).unwrap()));
        assert_eq!(
            hex::encode(keyed(&key, b"bursar")),
            "2fb90b8526bd5eaf2ef919b638f1981023829c6ab648aa007ca1e74946dd3781"
        );
    }
}
