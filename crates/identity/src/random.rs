//! Random texts and their comparison.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use bursar_domain::{Randomness, RandomnessError};
use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

/// 256 random bits, as 43 characters that are safe in a URL.
pub(crate) fn text(random: &dyn Randomness) -> Result<String, RandomnessError> {
    let mut bytes = Zeroizing::new([0u8; 32]);
    random.fill(bytes.as_mut_slice())?;
    Ok(URL_SAFE_NO_PAD.encode(bytes.as_slice()))
}

/// Whether two texts are the same, in a time that depends on their lengths only.
pub(crate) fn same(left: &str, right: &str) -> bool {
    left.as_bytes().ct_eq(right.as_bytes()).into()
}

#[cfg(test)]
pub(crate) mod testing {
    use super::*;
    use std::sync::atomic::{AtomicU64, Ordering};

    /// Distinct, predictable bytes. Never outside tests.
    #[derive(Debug, Default)]
    pub(crate) struct Counting(AtomicU64);

    impl Randomness for Counting {
        fn fill(&self, buffer: &mut [u8]) -> Result<(), RandomnessError> {
            for byte in buffer {
                let next = self.0.fetch_add(1, Ordering::Relaxed).wrapping_mul(0x9E37_79B9_7F4A_7C15);
                *byte = next.to_be_bytes()[0];
            }
            Ok(())
        }
    }

    #[test]
    fn random_texts_differ_and_fit_a_url() {
        let random = Counting::default();
        let (one, two) = (text(&random).unwrap(), text(&random).unwrap());
        assert_eq!(one.len(), 43);
        assert!(!same(&one, &two) && same(&one, &one.clone()) && !same(&one, &one[1..]));
    }
}
