//! The file of series that `forecast` and `anomalies` read.

use crate::exit::Failure;
use std::fs::File;
use std::io::{ErrorKind, Read, stdin};
use std::path::Path;

/// The file, or standard input for `-`.
pub(super) fn open(path: &Path) -> Result<Box<dyn Read>, Failure> {
    if path.as_os_str() == "-" {
        return Ok(Box::new(stdin().lock()));
    }
    let file = File::open(path).and_then(|file| match file.metadata()?.is_dir() {
        true => Err(ErrorKind::IsADirectory.into()),
        false => Ok(file),
    });
    match file {
        Ok(file) => Ok(Box::new(file)),
        Err(error) => Err(anyhow::Error::new(error).context(path.display().to_string()).into()),
    }
}

/// Names the file. A reader that went away stays one, and no failure.
pub(super) fn failure(error: impl std::error::Error + Send + Sync + 'static, path: &Path) -> Failure {
    let name = if path.as_os_str() == "-" { "standard input".into() } else { path.display().to_string() };
    anyhow::Error::new(error).context(name).into()
}
