//! Small secret files: written whole or not at all, readable by their owner alone.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use zeroize::Zeroizing;

/// More than any key file needs; a larger one is not read.
pub(crate) const MAX_BYTES: u64 = 64 * 1024;

/// Creates the directory (mode 0700) if it is not there.
pub(crate) fn create_directory(path: &Path) -> io::Result<()> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(path)
}

/// An exclusive lock, held until dropped, so that two processes starting at once do not make two
/// keys. The lock file holds nothing.
pub(crate) fn lock(directory: &Path) -> io::Result<File> {
    let file = private().create(true).truncate(false).write(true).open(directory.join(".keyring.lock"))?;
    file.lock()?;
    Ok(file)
}

/// Writes the file with mode 0600: into a neighbour first, flushed, then renamed over the name.
pub(crate) fn write_atomically(path: &Path, contents: &[u8]) -> io::Result<()> {
    let neighbour = neighbour(path)?;
    // Left behind by a crash; the lock makes it ours to remove.
    match fs::remove_file(&neighbour) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let mut file = private().write(true).create_new(true).open(&neighbour)?;
    let written =
        file.write_all(contents).and_then(|()| file.sync_all()).and_then(|()| fs::rename(&neighbour, path));
    if written.is_err() {
        // The first error is the one to tell; the leftover is removed at the next write as well.
        let _ = fs::remove_file(&neighbour);
    }
    written?;
    path.parent().map_or(Ok(()), sync_directory)
}

/// Makes sure that names in the directory are on the disk.
pub(crate) fn sync_directory(path: &Path) -> io::Result<()> {
    File::open(path)?.sync_all()
}

/// The whole text of a small file, wiped when dropped.
pub(crate) fn read(path: &Path) -> io::Result<Zeroizing<String>> {
    let file = File::open(path)?;
    if file.metadata()?.len() > MAX_BYTES {
        return Err(io::Error::other(format!("the file is larger than {MAX_BYTES} bytes")));
    }
    // One allocation of full size: growing would leave copies of the secret behind.
    let mut text =
        Zeroizing::new(String::with_capacity(usize::try_from(MAX_BYTES + 1).map_err(io::Error::other)?));
    file.take(MAX_BYTES).read_to_string(&mut text)?;
    Ok(text)
}

/// Whether someone else than the owner may read the file. Always `false` where the system has
/// no such modes.
pub(crate) fn readable_by_others(path: &Path) -> io::Result<bool> {
    let metadata = fs::metadata(path)?;
    #[cfg(unix)]
    return Ok(std::os::unix::fs::PermissionsExt::mode(&metadata.permissions()) & 0o077 != 0);
    #[cfg(not(unix))]
    return Ok(metadata.len() > MAX_BYTES);
}

fn private() -> OpenOptions {
    let mut options = OpenOptions::new();
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options
}

fn neighbour(path: &Path) -> io::Result<PathBuf> {
    let name = path.file_name().ok_or_else(|| io::Error::other("the path names no file"))?;
    let mut hidden = std::ffi::OsString::from(".");
    hidden.push(name);
    hidden.push(".new");
    Ok(path.with_file_name(hidden))
}
