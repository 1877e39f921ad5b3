//! Randomness as an argument: the machine's own, and where the trait lives.

pub use bursar_domain::{Randomness, RandomnessError};

/// The operating system's generator.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemRandomness;

impl Randomness for SystemRandomness {
    fn fill(&self, buffer: &mut [u8]) -> Result<(), RandomnessError> {
        getrandom::fill(buffer).map_err(|error| RandomnessError(error.to_string()))
    }
}

#[cfg(test)]
pub(crate) mod testing {
    use super::*;
    use std::sync::atomic::{AtomicU8, Ordering};

    /// Distinct, predictable bytes: 1, 2, 3, … Never outside tests.
    #[derive(Debug, Default)]
    pub(crate) struct Counting(AtomicU8);

    impl Randomness for Counting {
        fn fill(&self, buffer: &mut [u8]) -> Result<(), RandomnessError> {
            for byte in buffer {
                *byte = self.0.fetch_add(1, Ordering::Relaxed).wrapping_mul(37).wrapping_add(11);
            }
            Ok(())
        }
    }

    /// A generator that is out of order.
    pub(crate) struct Broken;

    impl Randomness for Broken {
        fn fill(&self, _: &mut [u8]) -> Result<(), RandomnessError> {
            Err(RandomnessError("out of order".into()))
        }
    }
}
