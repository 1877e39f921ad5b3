//! The file that remembers a workspace: its name and where its exports lie.
//!
//! It holds locations, never credentials and never amounts. It is replaced whole: written beside,
//! synced, renamed.

use bursar_domain::id::{SourceId, WorkspaceId};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use std::io::Write as _;
use std::path::{Path, PathBuf};

/// The form this program writes; it reads this one alone.
pub const FORMAT: u32 = 1;
/// A workspace file larger than this is not one.
const MAX_BYTES: u64 = 4 * 1024 * 1024;
/// Longest name, in characters.
pub const MAX_NAME: usize = 100;

/// A workspace as stored.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WorkspaceFile {
    /// [`FORMAT`].
    pub format: u32,
    /// The workspace.
    pub id: WorkspaceId,
    /// What people call it; unique in a data directory.
    pub name: String,
    /// When it was made.
    pub created_at: DateTime<Utc>,
    /// Where its exports lie.
    pub sources: Vec<SourceEntry>,
}

/// A source as stored: a location and, if the user said so, its dialect.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SourceEntry {
    /// The source; made of workspace and location, so that the same folder stays the same source.
    pub id: SourceId,
    /// A path or URL, as given.
    pub location: String,
    /// The dialect, where it is not to be recognised from the columns.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dialect: Option<String>,
    /// When it was added.
    pub added_at: DateTime<Utc>,
}

/// Why a workspace file could not be read or written.
#[derive(Debug, thiserror::Error)]
pub enum WorkspaceFileError {
    /// The file system refused.
    #[error("{path}: cannot {verb} the workspace file")]
    Io {
        /// The file.
        path: PathBuf,
        /// `read` or `write`.
        verb: &'static str,
        /// What the system said.
        #[source]
        source: std::io::Error,
    },
    /// Not a workspace file of this version.
    #[error("{path}: not a workspace file that this version reads: {why}")]
    Form {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        why: String,
    },
}

impl WorkspaceFile {
    /// Reads the file.
    ///
    /// # Errors
    /// When it cannot be read, is too large or has another form.
    pub fn read(path: &Path) -> Result<Self, WorkspaceFileError> {
        let io = |source| WorkspaceFileError::Io { path: path.to_owned(), verb: "read", source };
        let form = |why: String| WorkspaceFileError::Form { path: path.to_owned(), why };
        let length = std::fs::metadata(path).map_err(io)?.len();
        if length > MAX_BYTES {
            return Err(form(format!("{length} bytes is more than {MAX_BYTES}")));
        }
        let text = std::fs::read_to_string(path).map_err(io)?;
        let file: Self = serde_json::from_str(&text).map_err(|e| form(e.to_string()))?;
        if file.format != FORMAT {
            return Err(form(format!("it has format {}, this version reads {FORMAT}", file.format)));
        }
        Ok(file)
    }

    /// Replaces the file, whole and at once; readable by this user alone.
    ///
    /// # Errors
    /// When the file system refuses.
    pub fn write(&self, path: &Path) -> Result<(), WorkspaceFileError> {
        let io = |source| WorkspaceFileError::Io { path: path.to_owned(), verb: "write", source };
        let mut text = serde_json::to_vec_pretty(self).map_err(|e| io(std::io::Error::other(e)))?;
        text.push(b'\n');
        write_atomically(path, &text).map_err(io)
    }
}

impl SourceEntry {
    /// The entry of a location in a workspace.
    #[must_use]
    pub fn new(workspace: WorkspaceId, location: &str, dialect: Option<String>, now: DateTime<Utc>) -> Self {
        let mut hash = Sha256::new();
        hash.update(workspace.as_u128().to_be_bytes());
        hash.update(location.as_bytes());
        let digest = hash.finalize();
        let number = digest.iter().take(16).fold(0_u128, |number, byte| (number << 8) | u128::from(*byte));
        Self { id: SourceId::from_u128(number), location: location.to_owned(), dialect, added_at: now }
    }
}

/// Writes beside, syncs, renames: a reader sees the old bytes or the new ones.
///
/// # Errors
/// When the file system refuses; the old file is then still there.
pub(crate) fn write_atomically(path: &Path, bytes: &[u8]) -> std::io::Result<()> {
    let folder = path.parent().unwrap_or_else(|| Path::new("."));
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(format!(".{}.new", std::process::id()));
    let beside = folder.join(name);
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let written = (|| {
        let mut file = options.open(&beside)?;
        file.write_all(bytes)?;
        file.sync_all()?;
        std::fs::rename(&beside, path)?;
        // The rename itself is durable once its folder is.
        std::fs::File::open(folder)?.sync_all()
    })();
    if written.is_err() {
        // Best effort: the error that matters is the first one.
        let _ = std::fs::remove_file(&beside);
    }
    written
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file() -> WorkspaceFile {
        let id = WorkspaceId::from_u128(1);
        let now = DateTime::UNIX_EPOCH;
        let sources = vec![SourceEntry::new(id, "/bills", None, now)];
        WorkspaceFile { format: FORMAT, id, name: "acme".into(), created_at: now, sources }
    }

    #[test]
    fn a_workspace_file_reads_back_and_leaves_nothing_beside_it() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("workspace.json");
        file().write(&path).unwrap();
        file().write(&path).unwrap();
        assert_eq!(WorkspaceFile::read(&path).unwrap(), file());
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
    }

    #[test]
    fn another_form_is_refused_with_the_path() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("workspace.json");
        for text in [
            "",
            "{}",
            "[1]",
            "{\"format\":2,\"id\":\"wsp_00000000000000000000000000000001\",\"name\":\"a\",\"created_at\":\"2026-01-01T00:00:00Z\",\"sources\":[]}",
        ] {
            std::fs::write(&path, text).unwrap();
            let error = WorkspaceFile::read(&path).unwrap_err().to_string();
            assert!(error.contains("workspace.json"), "{error}");
        }
    }

    #[test]
    fn a_source_id_depends_on_workspace_and_location() {
        let of = |workspace, location| {
            SourceEntry::new(WorkspaceId::from_u128(workspace), location, None, DateTime::UNIX_EPOCH).id
        };
        assert_eq!(of(1, "/a"), of(1, "/a"));
        assert_ne!(of(1, "/a"), of(2, "/a"));
        assert_ne!(of(1, "/a"), of(1, "/b"));
    }
}
