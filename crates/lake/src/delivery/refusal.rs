//! What is there and not counted, said so that a person can act.

use super::DeliveryKey;
use std::fmt;

/// An object that is no cost data.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Ignored {
    /// Its path in the store.
    pub object: String,
    /// Why it is not read.
    pub reason: String,
}

/// A delivery that is there and not counted.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum Refusal {
    /// Data files lie where a manifest should name them, and it has not arrived.
    NoManifest {
        /// Which delivery.
        delivery: DeliveryKey,
        /// Where the manifest is expected.
        manifest: String,
        /// One of the files that wait.
        object: String,
        /// An older complete delivery is counted meanwhile.
        older_kept: bool,
    },
    /// The manifest names an object that is not there (or has another size than it says).
    MissingObject {
        /// Which delivery.
        delivery: DeliveryKey,
        /// The manifest.
        manifest: String,
        /// The object it names.
        object: String,
        /// What is wrong with it.
        problem: String,
        /// An older complete delivery is counted meanwhile.
        older_kept: bool,
    },
    /// The manifest cannot be believed: not JSON, too large, or a path that leaves the source.
    BadManifest {
        /// The manifest.
        manifest: String,
        /// What is wrong with it.
        problem: String,
        /// An older complete delivery is counted meanwhile.
        older_kept: bool,
    },
    /// Two exports hold the same charges. Neither is counted.
    Overlap {
        /// One of them.
        first: OverlapSide,
        /// The other.
        second: OverlapSide,
        /// Why they are the same charges.
        because: String,
    },
}

/// One of two overlapping deliveries.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct OverlapSide {
    /// The source's location, without credentials.
    pub source: String,
    /// Which delivery.
    pub delivery: DeliveryKey,
    /// Its manifest, or one of its objects.
    pub object: String,
}

impl Refusal {
    /// Whether totals would be wrong rather than late: two exports of the same charges.
    #[must_use]
    pub const fn is_overlap(&self) -> bool {
        matches!(self, Self::Overlap { .. })
    }

    /// The same, knowing whether an older delivery stands in.
    pub(super) fn with_older_kept(mut self, kept: bool) -> Self {
        match &mut self {
            Self::NoManifest { older_kept, .. }
            | Self::MissingObject { older_kept, .. }
            | Self::BadManifest { older_kept, .. } => {
                *older_kept = kept;
            }
            Self::Overlap { .. } => {}
        }
        self
    }
}

impl fmt::Display for OverlapSide {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({}, `{}`)", self.delivery, self.source, self.object)
    }
}

const fn meanwhile(older_kept: bool) -> &'static str {
    if older_kept { "the older complete delivery is counted meanwhile" } else { "nothing of it is counted" }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoManifest { delivery, manifest, object, older_kept } => write!(
                f,
                "{delivery} is not complete: `{object}` is there, its manifest `{manifest}` is not; {}",
                meanwhile(*older_kept)
            ),
            Self::MissingObject { delivery, manifest, object, problem, older_kept } => write!(
                f,
                "{delivery} is not complete: manifest `{manifest}` names `{object}`, which {problem}; {}",
                meanwhile(*older_kept)
            ),
            Self::BadManifest { manifest, problem, older_kept } => {
                write!(f, "manifest `{manifest}` is refused: {problem}; {}", meanwhile(*older_kept))
            }
            Self::Overlap { first, second, because } => write!(
                f,
                "two exports hold the same charges and would be counted twice, so neither is counted: {first} and {second}: {because}; \
                 name one of the two as the source, or delete the other"
            ),
        }
    }
}
