//! Randomness as an argument, so that tests decide and nothing else in the crate asks the machine.

/// Where unguessable bytes come from.
pub trait Random: Send + Sync + std::fmt::Debug {
    /// Fills the buffer.
    ///
    /// # Errors
    /// When the source has none to give; nothing may be made of a half-filled buffer.
    fn fill(&self, bytes: &mut [u8]) -> Result<(), RandomError>;
}

/// The machine gave no random bytes.
#[derive(Debug, thiserror::Error)]
#[error("the operating system gave no random bytes: {0}")]
pub struct RandomError(pub String);

/// The operating system's generator.
#[derive(Debug, Clone, Copy, Default)]
pub struct OsRandom;

impl Random for OsRandom {
    fn fill(&self, bytes: &mut [u8]) -> Result<(), RandomError> {
        getrandom::fill(bytes).map_err(|e| RandomError(e.to_string()))
    }
}
