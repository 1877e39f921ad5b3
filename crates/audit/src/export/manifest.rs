//! The manifest of a bundle: what is in it, what it was filtered by, and the digests of its files.

use crate::Hash;
use crate::entry::spelled;
use serde::{Deserialize, Serialize};

/// The name of this form.
pub const FORMAT: &str = "bursar-audit-bundle-1";
pub(crate) const MANIFEST: &str = "manifest.json";
pub(crate) const SIGNATURE: &str = "manifest.sig";
pub(crate) const KEYS: &str = "keys.jsonl";
pub(crate) const CHECKPOINTS: &str = "checkpoints.jsonl";
pub(crate) const CONSISTENCY: &str = "consistency.jsonl";
pub(crate) const PERSONAL: &str = "personal.jsonl";
/// The largest manifest that is read.
pub(crate) const MAX_MANIFEST: u64 = 64 * 1024 * 1024;

/// Which entries.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Filter {
    /// From this moment.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<chrono::DateTime<chrono::Utc>>,
    /// Before this one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<chrono::DateTime<chrono::Utc>>,
    /// Of this actor, or account.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub actor: Option<String>,
    /// Of this action, or all of a noun when it ends in a dot (`member.`).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub action: Option<String>,
}

impl Filter {
    /// Whether everything passes.
    #[must_use]
    pub fn is_everything(&self) -> bool {
        *self == Self::default()
    }

    /// Whether what passes has no gaps, so that a missing entry shows.
    #[must_use]
    pub const fn is_contiguous(&self) -> bool {
        self.actor.is_none() && self.action.is_none()
    }

    /// Whether the entry passes.
    #[must_use]
    pub fn takes(&self, entry: &crate::Entry) -> bool {
        let actor = |actor: &String| {
            entry.actor == *actor || entry.account.is_some_and(|account| account.to_string() == *actor)
        };
        let action = |action: &String| match action.ends_with('.') {
            true => entry.action.starts_with(action),
            false => entry.action == *action,
        };
        self.from.is_none_or(|from| from <= entry.time)
            && self.until.is_none_or(|until| entry.time < until)
            && self.actor.as_ref().is_none_or(actor)
            && self.action.as_ref().is_none_or(action)
    }
}

/// A file of lines.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Chunk {
    /// Its name.
    pub name: String,
    /// How many lines.
    pub entries: u64,
    /// Its size in bytes.
    pub bytes: u64,
}

/// A file with its digest.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FileDigest {
    /// Its name.
    pub name: String,
    /// Its size in bytes.
    pub bytes: u64,
    /// SHA-256, in hexadecimal digits.
    pub sha256: String,
}

/// What a bundle says about itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Manifest {
    /// [`FORMAT`].
    pub format: String,
    /// Whose log: the origin of its checkpoints.
    pub origin: String,
    /// When it was made.
    pub created: String,
    /// How often a checkpoint is signed, in seconds.
    pub cadence_seconds: u64,
    /// The size of the log at its newest checkpoint.
    pub size: u64,
    /// How many entries are in here.
    pub entries: u64,
    /// How many checkpoints.
    pub checkpoints: u64,
    /// Whether all entries up to the newest checkpoint are in here.
    pub whole: bool,
    /// What they were filtered by.
    pub filter: Filter,
    /// The files with the entries, which the tree itself vouches for.
    pub chunks: Vec<Chunk>,
    /// Every other file.
    pub files: Vec<FileDigest>,
}

impl Manifest {
    /// The text whose signature stands beside the manifest.
    pub(crate) fn statement(origin: &str, created: &str, digest: Hash) -> String {
        format!("bursar audit manifest v1\n{origin}\ncreated {created}\n{digest}\n")
    }

    /// A moment as it stands in the manifest.
    pub(crate) fn moment(at: chrono::DateTime<chrono::Utc>) -> String {
        spelled(at)
    }

    /// Every file that the bundle must have, in its order.
    pub(crate) fn names(&self) -> Vec<&str> {
        let chunks = self.chunks.iter().map(|chunk| chunk.name.as_str());
        chunks.chain(self.files.iter().map(|file| file.name.as_str())).chain([MANIFEST, SIGNATURE]).collect()
    }
}
