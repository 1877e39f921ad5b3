//! Recovery codes: ten codes on a sheet of paper, each good once, for whoever lost their phone.
//!
//! A code has 120 random bits in 24 characters without look-alikes, so that a plain SHA-256 is enough to
//! keep it (SP 800-63B-4 §3.1.2.2 asks for a password hash below 112 bits). The caller stores the digests
//! and removes the one that was used, in the transaction that signs in.

use bursar_domain::{Randomness, RandomnessError};
use secrecy::SecretString;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

/// How many are made at a time.
pub const CODES: usize = 10;
const CODE_BYTES: usize = 15;
const CODE_CHARS: usize = 24;
/// Crockford's base 32: no i, l, o, u.
const ALPHABET: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";

/// What is kept of a code.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RecoveryDigest([u8; 32]);

impl RecoveryDigest {
    /// The bytes to store.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// A stored digest.
    #[must_use]
    pub fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }
}

/// New codes, to be shown once, and their digests in the same order.
///
/// # Errors
/// When there is no randomness.
pub fn generate(random: &dyn Randomness) -> Result<Vec<(SecretString, RecoveryDigest)>, RandomnessError> {
    (0..CODES).map(|_| one(random)).collect()
}

fn one(random: &dyn Randomness) -> Result<(SecretString, RecoveryDigest), RandomnessError> {
    let mut bytes = Zeroizing::new([0u8; CODE_BYTES]);
    random.fill(bytes.as_mut_slice())?;
    let mut plain = Zeroizing::new(String::with_capacity(CODE_CHARS));
    // Five bytes are eight characters.
    for five in bytes.chunks_exact(5) {
        let bits = five.iter().fold(0u64, |bits, byte| bits << 8 | u64::from(*byte));
        plain.extend((0..8).rev().map(|n| char::from(ALPHABET[(bits >> (5 * n) & 31) as usize])));
    }
    let mut shown = Zeroizing::new(String::with_capacity(CODE_CHARS + 5));
    for (n, c) in plain.chars().enumerate() {
        if n > 0 && n % 4 == 0 {
            shown.push('-');
        }
        shown.push(c);
    }
    Ok((SecretString::from(shown.as_str()), digest(&plain)))
}

/// The digest that a code as somebody typed it would have; `None` when it is none.
#[must_use]
pub fn digest_of(code: &str) -> Option<RecoveryDigest> {
    plain(code).map(|plain| digest(&plain))
}

/// Which of the digests this code is, if any. All are compared, so that the time does not tell.
#[must_use]
pub fn find(code: &str, digests: &[RecoveryDigest]) -> Option<usize> {
    let plain = plain(code)?;
    let looked_for = digest(&plain);
    let mut found = None;
    for (n, stored) in digests.iter().enumerate() {
        if bool::from(stored.0.ct_eq(&looked_for.0)) {
            found = Some(n);
        }
    }
    found
}

fn digest(plain: &str) -> RecoveryDigest {
    RecoveryDigest(Sha256::digest(plain.as_bytes()).into())
}

/// As people type it: any case, with or without dashes and blanks, `o` for zero, `i` and `l` for one.
fn plain(code: &str) -> Option<Zeroizing<String>> {
    if code.len() > 128 {
        return None;
    }
    let mut plain = Zeroizing::new(String::with_capacity(CODE_CHARS));
    for c in code.chars().filter(|c| !c.is_whitespace() && *c != '-') {
        plain.push(match c.to_ascii_lowercase() {
            'o' => '0',
            'i' | 'l' => '1',
            c if ALPHABET.contains(&u8::try_from(c).ok()?) => c,
            _ => return None,
        });
    }
    (plain.len() == CODE_CHARS).then_some(plain)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::testing::Counting;
    use secrecy::ExposeSecret;

    #[test]
    fn a_code_is_found_however_it_is_typed() {
        let codes = generate(&Counting::default()).unwrap();
        let digests: Vec<_> = codes.iter().map(|(_, digest)| digest.clone()).collect();
        assert_eq!(codes.len(), CODES);
        for (n, (code, _)) in codes.iter().enumerate() {
            let code = code.expose_secret();
            assert_eq!(code.len(), 29, "{code}");
            assert_eq!(find(code, &digests), Some(n));
            assert_eq!(find(&code.to_uppercase().replace('-', " "), &digests), Some(n));
            assert_eq!(find(&code.replace('0', "O").replace('1', "l"), &digests), Some(n));
        }
    }

    #[test]
    fn other_texts_are_no_codes() {
        let codes = generate(&Counting::default()).unwrap();
        let digests: Vec<_> = codes.iter().skip(1).map(|(_, digest)| digest.clone()).collect();
        assert_eq!(find(codes[0].0.expose_secret(), &digests), None, "removed");
        for text in ["", "0000-0000-0000-0000-0000-0000", "uuuu", "ü", &"0".repeat(4096)] {
            assert_eq!(find(text, &digests), None, "{text}");
        }
    }
}
