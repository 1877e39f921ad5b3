//! What can be wrong with a bundle, in one word and in one sentence.

use crate::KeyError;
use chrono::{DateTime, Utc};

/// What is wrong.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Problem {
    /// The archive.
    #[error("the archive is damaged: {0}")]
    Container(&'static str),
    /// The manifest.
    #[error("the manifest: {0}")]
    Manifest(&'static str),
    /// A file.
    #[error("file `{name}` {what}")]
    File {
        /// Its name.
        name: String,
        /// What is wrong with it.
        what: &'static str,
    },
    /// A line does not read.
    #[error("line {line} of `{file}` does not read")]
    Line {
        /// The file.
        file: String,
        /// The line, from 1.
        line: u64,
    },
    /// The manifest is not what was signed.
    #[error("the manifest is not the one that was signed")]
    Signature,
    /// The key history does not hold.
    #[error("the key history: {0}")]
    Keys(KeyError),
    /// A signature by a key that is not trusted, or under another text.
    #[error("{} is signed by no key that is trusted, or was changed", signed(*size))]
    UnknownKey {
        /// The size of the checkpoint; nothing for the manifest.
        size: Option<u64>,
    },
    /// A signature by a key that was not good at the time.
    #[error("{} is signed at {at} with key {key}, which is good from {from} until {until}", signed(*size))]
    Expired {
        /// The size of the checkpoint; nothing for the manifest.
        size: Option<u64>,
        /// The key.
        key: String,
        /// When it was signed.
        at: DateTime<Utc>,
        /// From when the key is good.
        from: DateTime<Utc>,
        /// Until when.
        until: DateTime<Utc>,
    },
    /// Something of another log.
    #[error("{what} is of another log: `{found}`")]
    OtherLog {
        /// What.
        what: String,
        /// Whose it is.
        found: String,
    },
    /// Checkpoints are not in order.
    #[error("the checkpoint of {at} with size {size} is out of order")]
    CheckpointOrder {
        /// When it was signed.
        at: DateTime<Utc>,
        /// Its size.
        size: u64,
    },
    /// No checkpoint at all.
    #[error("there is no checkpoint: nothing is proved")]
    NoCheckpoint,
    /// Silence where there should be a checkpoint.
    #[error("no checkpoint was signed between {after} and {before}; one is due every {cadence_seconds} s")]
    Cadence {
        /// The one before.
        after: DateTime<Utc>,
        /// The one after, or the making of the bundle.
        before: DateTime<Utc>,
        /// How often there should be one.
        cadence_seconds: u64,
    },
    /// Two heads of one size.
    #[error("fork: two checkpoints of size {size} have different roots")]
    Fork {
        /// The size.
        size: u64,
    },
    /// A later head is known.
    #[error(
        "the newest checkpoint has size {size} of {at}, and one of size {known} of {known_at} was seen already: an older state is shown"
    )]
    OlderHead {
        /// The size that is shown.
        size: u64,
        /// Its time.
        at: DateTime<Utc>,
        /// The size that was seen.
        known: u64,
        /// Its time.
        known_at: DateTime<Utc>,
    },
    /// The newest head is too old.
    #[error("the newest checkpoint is of {at}; one is due every {cadence_seconds} s")]
    Stale {
        /// When it was signed.
        at: DateTime<Utc>,
        /// How often there should be one.
        cadence_seconds: u64,
    },
    /// No witness signed.
    #[error("none of the witnesses signed the newest checkpoint")]
    NotWitnessed,
    /// The entries do not give the root.
    #[error(
        "the entries do not give the root of the checkpoint of size {size}; the last that they give is of size {good}"
    )]
    Root {
        /// The first checkpoint that does not fit.
        size: u64,
        /// The last that does.
        good: u64,
    },
    /// An entry was changed.
    #[error("entry {sequence} was changed")]
    Changed {
        /// The entry.
        sequence: u64,
    },
    /// Entries are missing at the end.
    #[error("entries {from} to {until} are missing at the end")]
    Dropped {
        /// The first that is missing.
        from: u64,
        /// The last.
        until: u64,
    },
    /// Entries are missing in between.
    #[error("entries {from} to {until} are missing in between")]
    Missing {
        /// The first that is missing.
        from: u64,
        /// The last.
        until: u64,
    },
    /// An entry stands in another place.
    #[error("entry {sequence} is out of order")]
    Swapped {
        /// The entry.
        sequence: u64,
    },
    /// Entries that no checkpoint covers.
    #[error("the entries after {size} are under no checkpoint")]
    Unsigned {
        /// The size of the newest checkpoint.
        size: u64,
    },
    /// A proof does not hold.
    #[error("the proof for entry {sequence} does not hold")]
    Proof {
        /// The entry.
        sequence: u64,
    },
    /// An older checkpoint is not shown to be the beginning of the newest.
    #[error(
        "the checkpoint of size {size} is not the beginning of the newest: history was rewritten after it"
    )]
    Consistency {
        /// Its size.
        size: u64,
    },
    /// A count does not match.
    #[error("{what}: the manifest says {said}, there are {found}")]
    Count {
        /// Of what.
        what: String,
        /// What is said.
        said: u64,
        /// What is there.
        found: u64,
    },
    /// What is disclosed about a person is not what the entry committed to.
    #[error("what is disclosed about a person in entry {sequence} is not what was recorded")]
    Personal {
        /// The entry.
        sequence: u64,
    },
}

fn signed(size: Option<u64>) -> String {
    size.map_or("the manifest".to_owned(), |size| format!("the checkpoint of size {size}"))
}

impl Problem {
    /// One word for it, the same that `verify.py` prints.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Container(_) => "container",
            Self::Manifest(_) => "manifest",
            Self::File { .. } => "file",
            Self::Line { .. } => "line",
            Self::Signature => "signature",
            Self::Keys(_) => "keys",
            Self::UnknownKey { .. } => "unknown-key",
            Self::Expired { .. } => "expired-key",
            Self::OtherLog { .. } => "other-log",
            Self::CheckpointOrder { .. } => "checkpoint-order",
            Self::NoCheckpoint => "no-checkpoint",
            Self::Cadence { .. } => "cadence",
            Self::Fork { .. } => "fork",
            Self::OlderHead { .. } => "older-head",
            Self::Stale { .. } => "stale",
            Self::NotWitnessed => "not-witnessed",
            Self::Root { .. } => "root",
            Self::Changed { .. } => "changed",
            Self::Dropped { .. } => "dropped",
            Self::Missing { .. } => "missing",
            Self::Swapped { .. } => "swapped",
            Self::Unsigned { .. } => "unsigned",
            Self::Proof { .. } => "proof",
            Self::Consistency { .. } => "consistency",
            Self::Count { .. } => "count",
            Self::Personal { .. } => "personal",
        }
    }
}
