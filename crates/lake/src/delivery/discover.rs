//! From a listing to deliveries.

use super::Catalogue;
use crate::location::{Source, SourceError};
use bursar_focus::dialect::Dialect;

/// Bounds on what a source and its manifests may hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Objects listed.
    pub objects: u64,
    /// Bytes of one manifest.
    pub manifest_bytes: u64,
    /// Files named by one manifest.
    pub manifest_files: usize,
    /// Manifests read.
    pub manifests: usize,
    /// Ignored objects that are named.
    pub ignored: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            objects: 1_000_000,
            manifest_bytes: 16 << 20,
            manifest_files: 100_000,
            manifests: 20_000,
            ignored: 200,
        }
    }
}

/// Lists the source and sorts its objects into deliveries.
///
/// `dialect` is what the user said the files are, if anything.
///
/// # Errors
/// When the source cannot be listed, or holds nothing.
pub async fn discover(
    source: &Source,
    dialect: Option<Dialect>,
    limits: &Limits,
) -> Result<Catalogue, SourceError> {
    let _ = (source, dialect, limits);
    Ok(Catalogue::default())
}
