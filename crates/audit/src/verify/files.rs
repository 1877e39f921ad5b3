//! The files of a bundle, packed or unpacked.
//!
//! A packed bundle must be exactly what [`crate::export`] packs: every header as it would be written,
//! zeros between files, two blocks of zeros at the end and nothing after.

use crate::export::tar::{BLOCK, MAX_NAME, padding, read_header};
use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, BufReader, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

/// The most files that a bundle has: one per 256 entries and some.
const MAX_FILES: usize = 4_000_000;

/// Where the files are.
pub(crate) struct Files {
    path: PathBuf,
    /// By name: where the content begins (packed) and its size.
    found: BTreeMap<String, (u64, u64)>,
    packed: bool,
}

impl Files {
    /// Lists them, or says what is wrong with the archive.
    pub(crate) fn open(path: &Path) -> io::Result<Result<Self, &'static str>> {
        let mut files = Self { path: path.to_owned(), found: BTreeMap::new(), packed: false };
        if path.is_dir() {
            files.list(path, "")?;
            return Ok(Ok(files));
        }
        files.packed = true;
        let what = files.unpack()?;
        Ok(what.map_or(Ok(files), Err))
    }

    fn list(&mut self, folder: &Path, before: &str) -> io::Result<()> {
        for item in std::fs::read_dir(folder)? {
            let item = item?;
            let name = format!("{before}{}", item.file_name().to_string_lossy());
            if name.len() > MAX_NAME || self.found.len() > MAX_FILES {
                return Err(io::Error::other(
                    "this folder is no bundle: it has too many files or too long names",
                ));
            }
            let kind = item.file_type()?;
            if kind.is_dir() {
                self.list(&item.path(), &format!("{name}/"))?;
            } else {
                self.found.insert(name, (0, item.metadata()?.len()));
            }
        }
        Ok(())
    }

    fn unpack(&mut self) -> io::Result<Option<&'static str>> {
        let file = File::open(&self.path)?;
        let length = file.metadata()?.len();
        let (mut file, mut at) = (BufReader::with_capacity(64 * 1024, file), 0_u64);
        let mut block = [0; BLOCK];
        loop {
            if at + BLOCK as u64 > length {
                return Ok(Some("it ends too early"));
            }
            file.read_exact(&mut block)?;
            at += BLOCK as u64;
            if block == [0; BLOCK] {
                let mut rest = Vec::new();
                file.take(BLOCK as u64 + 1).read_to_end(&mut rest)?;
                return Ok((rest != [0; BLOCK]).then_some("there is something after its end"));
            }
            let Some((name, size)) = read_header(&block) else {
                return Ok(Some("the header of a file is not as it is written"));
            };
            let (gap, begin) = (padding(size), at);
            at += size + gap as u64;
            if at > length || self.found.len() > MAX_FILES {
                return Ok(Some("it ends too early"));
            }
            file.seek_relative(i64::try_from(size).unwrap_or(i64::MAX))?;
            file.read_exact(&mut block[..gap])?;
            if block[..gap].iter().any(|byte| *byte != 0) {
                return Ok(Some("there is something between its files"));
            }
            if self.found.insert(name, (begin, size)).is_some() {
                return Ok(Some("it has a file twice"));
            }
        }
    }

    pub(crate) fn names(&self) -> impl Iterator<Item = &str> {
        self.found.keys().map(String::as_str)
    }

    pub(crate) fn has(&self, name: &str) -> bool {
        self.found.contains_key(name)
    }

    /// The content of a file; nothing when it is not there or larger than `most`.
    pub(crate) fn read(&self, name: &str, most: u64) -> io::Result<Option<Vec<u8>>> {
        let Some((begin, size)) = self.found.get(name).copied().filter(|(_, size)| *size <= most) else {
            return Ok(None);
        };
        let mut content = Vec::with_capacity(usize::try_from(size).unwrap_or_default());
        if self.packed {
            let mut file = File::open(&self.path)?;
            file.seek(SeekFrom::Start(begin))?;
            file.take(size).read_to_end(&mut content)?;
        } else {
            File::open(self.path.join(name))?.take(size).read_to_end(&mut content)?;
        }
        Ok(Some(content))
    }
}
