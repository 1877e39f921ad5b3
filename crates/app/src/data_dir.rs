//! The data directory: what Bursar itself keeps. Exports are never copied here.
//!
//! ```text
//! <data>/workspaces/<wsp_…>/workspace.json   name and sources
//! <data>/workspaces/<wsp_…>/derived/         rollups and sums of deliveries, encrypted with the workspace's key
//! ```

use crate::workspace_file::{FORMAT, MAX_NAME, SourceEntry, WorkspaceFile, WorkspaceFileError};
use bursar_domain::Clock;
use bursar_domain::id::WorkspaceId;
use std::path::{Path, PathBuf};
use uuid::Uuid;

/// More workspaces than one embedded store is meant for.
const MAX_WORKSPACES: usize = 10_000;
/// Longest location, in bytes.
const MAX_LOCATION: usize = 2_048;
/// Sources of one workspace.
const MAX_SOURCES: usize = 1_000;

/// A data directory on this machine.
#[derive(Debug, Clone)]
pub struct DataDir {
    root: PathBuf,
}

/// Why the data directory could not do what was asked.
#[derive(Debug, thiserror::Error)]
pub enum DataDirError {
    /// The directory cannot be used.
    #[error(
        "{path}: the data directory cannot be used; set BURSAR_DATA_DIR (or --data-dir) to one this user can write"
    )]
    Unusable {
        /// The directory or what lies in it.
        path: PathBuf,
        /// What the system said.
        #[source]
        source: std::io::Error,
    },
    /// A workspace's file is broken.
    #[error(transparent)]
    File(#[from] WorkspaceFileError),
    /// No such workspace.
    #[error("there is no workspace `{name}` in {path}; {hint}")]
    NoWorkspace {
        /// What was asked for.
        name: String,
        /// The data directory.
        path: PathBuf,
        /// What to do.
        hint: String,
    },
    /// The name is taken.
    #[error("there is already a workspace `{0}`")]
    Exists(String),
    /// Not a usable name.
    #[error("`{0}` is not a workspace name: use 1 to {MAX_NAME} letters, digits, spaces, `-`, `_` or `.`")]
    Name(String),
    /// Not a usable location.
    #[error("`{location}` is not a source location: {why}")]
    Location {
        /// What was given.
        location: String,
        /// What is wrong.
        why: &'static str,
    },
    /// The source is there already.
    #[error("`{location}` is already a source of `{workspace}`")]
    Duplicate {
        /// The location.
        location: String,
        /// The workspace.
        workspace: String,
    },
    /// A bound was reached.
    #[error("no more than {limit} {what} are supported here")]
    Full {
        /// What there are too many of.
        what: &'static str,
        /// The bound.
        limit: usize,
    },
}

impl DataDir {
    /// Opens the directory, making it (for this user alone) when it is not there.
    ///
    /// # Errors
    /// When it cannot be made, read or written.
    pub fn open(root: &Path) -> Result<Self, DataDirError> {
        let unusable = |source| DataDirError::Unusable { path: root.to_owned(), source };
        let workspaces = root.join("workspaces");
        make_private(&workspaces).map_err(unusable)?;
        let probe = root.join(format!(".probe.{}", std::process::id()));
        std::fs::write(&probe, b"").and_then(|()| std::fs::remove_file(&probe)).map_err(unusable)?;
        Ok(Self { root: root.to_owned() })
    }

    /// The directory.
    #[must_use]
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// The folder of a workspace.
    #[must_use]
    pub fn workspace_folder(&self, id: WorkspaceId) -> PathBuf {
        self.root.join("workspaces").join(id.to_string())
    }

    fn file_of(&self, id: WorkspaceId) -> PathBuf {
        self.workspace_folder(id).join("workspace.json")
    }

    /// Every workspace, by name.
    ///
    /// # Errors
    /// When the directory or a workspace's file cannot be read.
    pub fn workspaces(&self) -> Result<Vec<WorkspaceFile>, DataDirError> {
        let folder = self.root.join("workspaces");
        let unusable = |source| DataDirError::Unusable { path: folder.clone(), source };
        let mut found = Vec::new();
        for entry in std::fs::read_dir(&folder).map_err(unusable)? {
            let name = entry.map_err(unusable)?.file_name();
            let Some(id) = name.to_str().and_then(|name| name.parse::<WorkspaceId>().ok()) else { continue };
            if found.len() >= MAX_WORKSPACES {
                return Err(DataDirError::Full { what: "workspaces", limit: MAX_WORKSPACES });
            }
            let file = self.file_of(id);
            if file.exists() {
                found.push(WorkspaceFile::read(&file)?);
            }
        }
        found.sort_by(|a, b| a.name.cmp(&b.name));
        Ok(found)
    }

    /// The workspace of that name or id.
    ///
    /// # Errors
    /// When there is none, or the directory cannot be read.
    pub fn workspace(&self, name: &str) -> Result<WorkspaceFile, DataDirError> {
        let mut all = self.workspaces()?;
        if let Some(index) = all.iter().position(|w| w.name == name || w.id.to_string() == name) {
            return Ok(all.swap_remove(index));
        }
        let hint = if all.is_empty() {
            format!("make it with `bursar workspace create {name}`")
        } else {
            format!("there are: {}", all.iter().map(|w| w.name.as_str()).collect::<Vec<_>>().join(", "))
        };
        Err(DataDirError::NoWorkspace { name: name.to_owned(), path: self.root.clone(), hint })
    }

    /// Makes a workspace.
    ///
    /// # Errors
    /// When the name is taken or not usable, or the directory cannot be written.
    pub fn create_workspace(&self, name: &str, clock: &dyn Clock) -> Result<WorkspaceFile, DataDirError> {
        let allowed = |c: char| c.is_alphanumeric() || matches!(c, ' ' | '-' | '_' | '.');
        let fits = (1..=MAX_NAME).contains(&name.chars().count())
            && name.chars().all(allowed)
            && name.trim() == name;
        if !fits {
            return Err(DataDirError::Name(name.chars().take(MAX_NAME).collect()));
        }
        let all = self.workspaces()?;
        if all.iter().any(|w| w.name == name) {
            return Err(DataDirError::Exists(name.to_owned()));
        }
        if all.len() >= MAX_WORKSPACES {
            return Err(DataDirError::Full { what: "workspaces", limit: MAX_WORKSPACES });
        }
        let id = WorkspaceId::from_u128(Uuid::new_v4().as_u128());
        let folder = self.workspace_folder(id);
        make_private(&folder).map_err(|source| DataDirError::Unusable { path: folder.clone(), source })?;
        let file = WorkspaceFile {
            format: FORMAT,
            id,
            name: name.to_owned(),
            created_at: clock.now(),
            sources: Vec::new(),
        };
        file.write(&self.file_of(id))?;
        Ok(file)
    }

    /// Adds a source to a workspace. Whether it can be reached is for the first refresh to tell.
    ///
    /// # Errors
    /// When the location is not usable or there already, or the directory cannot be written.
    pub fn add_source(
        &self,
        workspace: &str,
        location: &str,
        dialect: Option<String>,
        clock: &dyn Clock,
    ) -> Result<SourceEntry, DataDirError> {
        check_location(location)?;
        let mut file = self.workspace(workspace)?;
        if file.sources.iter().any(|source| source.location == location) {
            return Err(DataDirError::Duplicate { location: location.to_owned(), workspace: file.name });
        }
        if file.sources.len() >= MAX_SOURCES {
            return Err(DataDirError::Full { what: "sources", limit: MAX_SOURCES });
        }
        let entry = SourceEntry::new(file.id, location, dialect, clock.now());
        file.sources.push(entry.clone());
        file.write(&self.file_of(file.id))?;
        Ok(entry)
    }
}

/// Whether a location can be a source's.
///
/// # Errors
/// When it is empty, too long, or holds a control character or a password.
pub fn check_location(location: &str) -> Result<(), DataDirError> {
    let why = if location.trim().is_empty() {
        "it is empty"
    } else if location.len() > MAX_LOCATION {
        "it is too long"
    } else if location.chars().any(char::is_control) {
        "it holds a control character"
    } else if location
        .split_once("://")
        .is_some_and(|(_, rest)| rest.split('/').next().is_some_and(|a| a.contains(':') && a.contains('@')))
    {
        // abfss://container@account is fine; user:password@host is not.
        return Err(DataDirError::Location {
            location: "(not shown)".into(),
            why: "it holds a password; give credentials in the environment",
        });
    } else {
        return Ok(());
    };
    Err(DataDirError::Location { location: location.chars().take(80).collect(), why })
}

/// Makes a folder that only this user may enter, and its parents.
fn make_private(folder: &Path) -> std::io::Result<()> {
    let mut builder = std::fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(folder)
}

#[cfg(test)]
mod tests {
    use super::*;
    use bursar_domain::clock::FixedClock;
    use chrono::DateTime;

    const CLOCK: FixedClock = FixedClock(DateTime::UNIX_EPOCH);

    #[test]
    fn workspaces_are_made_once_and_found_by_name_or_id() {
        let folder = tempfile::tempdir().unwrap();
        let data = DataDir::open(&folder.path().join("new")).unwrap();
        let made = data.create_workspace("Acme prod", &CLOCK).unwrap();
        assert_eq!(data.workspace("Acme prod").unwrap(), made);
        assert_eq!(data.workspace(&made.id.to_string()).unwrap(), made);
        assert!(matches!(data.create_workspace("Acme prod", &CLOCK), Err(DataDirError::Exists(_))));
        for bad in ["", " x", "a/b", "..\\", &"x".repeat(101), "a\nb"] {
            assert!(matches!(data.create_workspace(bad, &CLOCK), Err(DataDirError::Name(_))), "{bad}");
        }
        let error = data.workspace("acme").unwrap_err().to_string();
        assert!(error.contains("Acme prod"), "{error}");
    }

    #[test]
    fn sources_are_kept_and_not_doubled() {
        let folder = tempfile::tempdir().unwrap();
        let data = DataDir::open(folder.path()).unwrap();
        data.create_workspace("w", &CLOCK).unwrap();
        data.add_source("w", "abfss://bills@account.dfs.core.windows.net/x", None, &CLOCK).unwrap();
        data.add_source("w", "/bills", Some("focus-1.2".into()), &CLOCK).unwrap();
        assert!(matches!(data.add_source("w", "/bills", None, &CLOCK), Err(DataDirError::Duplicate { .. })));
        assert_eq!(data.workspace("w").unwrap().sources.len(), 2);
        for bad in ["", "  ", "/a\nb", "s3://key:secret@bucket/x", &"x".repeat(3000)] {
            let error = data.add_source("w", bad, None, &CLOCK).unwrap_err().to_string();
            assert!(!error.contains("secret@"), "{error}");
        }
    }

    #[cfg(unix)]
    #[test]
    fn nobody_else_may_look_inside() {
        use std::os::unix::fs::PermissionsExt as _;
        let folder = tempfile::tempdir().unwrap();
        let data = DataDir::open(&folder.path().join("data")).unwrap();
        let made = data.create_workspace("w", &CLOCK).unwrap();
        let mode = |path: &Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!(mode(data.root()), 0o700);
        assert_eq!(mode(&data.workspace_folder(made.id)), 0o700);
        assert_eq!(mode(&data.file_of(made.id)), 0o600);
    }
}
