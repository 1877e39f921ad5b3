//! Randomness as an argument.
//!
//! Nothing below the wiring asks the machine for random bytes: it is handed a [`Randomness`], so
//! that tests decide and a generator that is out of order is an error, never a weak key.

/// Where random bytes come from. Implementations must be fit for keys.
pub trait Randomness: Send + Sync {
    /// Fills the buffer.
    ///
    /// # Errors
    /// When no random bytes are to be had; nothing secret may be made then.
    fn fill(&self, buffer: &mut [u8]) -> Result<(), RandomnessError>;
}

/// The source of randomness failed.
#[derive(Debug, Clone, thiserror::Error, PartialEq, Eq)]
#[error("the source of randomness failed: {0}")]
pub struct RandomnessError(pub String);
