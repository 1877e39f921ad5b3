//! Checks a bundle and says exactly what is wrong with it.
//!
//! Everything that can be checked is checked: one [`Problem`] does not hide the next. What a bundle
//! alone cannot show needs something that did not come with it ([`Trust`]): the log's key, a checkpoint
//! that was seen earlier, a witness. Without a trusted key the bundle's first key is taken as it is, and
//! the verdict says so ([`Verdict::trust_on_first_use`]).
//!
//! Files are read one at a time; memory does not grow with the log, except for its checkpoints and what
//! is disclosed about persons.

mod entries;
mod files;
mod heads;
mod problem;

pub use problem::Problem;

use crate::export::{FORMAT, KEYS, MANIFEST, MAX_MANIFEST, Manifest, PERSONAL, SIGNATURE};
use crate::key::{SignedText, Signer};
use crate::personal::Disclosure;
use crate::{Hash, KeyHistory, Log, SignedCheckpoint, VerifyingKey};
use chrono::{DateTime, Utc};
use files::Files;
use serde::Deserialize;
use std::collections::{BTreeMap, HashSet};
use std::path::Path;

/// The largest file that is read at once.
const MAX_FILE: u64 = 1 << 30;
/// Problems that are named; more are only counted.
const MAX_PROBLEMS: usize = 100;

/// What the bundle did not bring along.
#[derive(Debug, Clone, Default)]
pub struct Trust {
    /// Keys of the log, as its key page shows them.
    pub keys: Vec<VerifyingKey>,
    /// The log that it should be of.
    pub log: Option<Log>,
    /// Checkpoints that were seen earlier.
    pub known: Vec<SignedCheckpoint>,
    /// Witnesses, of which one must have signed the newest checkpoint.
    pub witnesses: Vec<VerifyingKey>,
    /// The present moment, when the newest checkpoint must be recent.
    pub now: Option<DateTime<Utc>>,
}

/// What was found.
#[derive(Debug, Clone, Default)]
pub struct Verdict {
    /// What is wrong; nothing when all is well.
    pub problems: Vec<Problem>,
    /// Further problems that are not named.
    pub more_problems: u64,
    /// Whose log it says it is of.
    pub origin: String,
    /// Entries that were checked.
    pub entries: u64,
    /// The size of the log at its newest checkpoint.
    pub size: u64,
    /// When that was signed.
    pub head: Option<DateTime<Utc>>,
    /// Checkpoints that were checked.
    pub checkpoints: u64,
    /// Whether it is the whole log.
    pub whole: bool,
    /// The keys of the history, with the moments between which they are good.
    pub keys: Vec<(VerifyingKey, DateTime<Utc>, DateTime<Utc>)>,
    /// Witnesses that signed the newest checkpoint.
    pub witnesses: Vec<(String, DateTime<Utc>)>,
    /// Whether the bundle's own first key was taken: compare it with the one that the log's owner shows.
    pub trust_on_first_use: bool,
}

impl Verdict {
    /// Whether nothing is wrong.
    #[must_use]
    pub fn is_good(&self) -> bool {
        self.problems.is_empty()
    }

    fn note(&mut self, problem: Problem) {
        if self.problems.len() < MAX_PROBLEMS {
            self.problems.push(problem);
        } else {
            self.more_problems += 1;
        }
    }
}

/// Why nothing could be checked.
#[derive(Debug, thiserror::Error)]
pub enum VerifyError {
    /// The file or folder cannot be read.
    #[error("`{path}` cannot be read")]
    Io {
        /// Which.
        path: std::path::PathBuf,
        /// Why.
        #[source]
        source: std::io::Error,
    },
}

/// Checks a bundle: a `.tar`, or the folder that was unpacked from it.
///
/// # Errors
/// When it cannot be read at all; everything else is a [`Problem`].
pub fn verify_path(path: &Path, trust: &Trust) -> Result<Verdict, VerifyError> {
    let io = |source| VerifyError::Io { path: path.to_owned(), source };
    let mut verdict = Verdict::default();
    match Files::open(path).map_err(io)? {
        Ok(files) => check(&files, trust, &mut verdict).map_err(io)?,
        Err(what) => verdict.note(Problem::Container(what)),
    }
    Ok(verdict)
}

/// Line by line JSON with a note in it.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct NoteLine {
    note: String,
}

fn check(files: &Files, trust: &Trust, verdict: &mut Verdict) -> std::io::Result<()> {
    let Some(text) = files.read(MANIFEST, MAX_MANIFEST)? else {
        verdict.note(Problem::Manifest("it is missing, or larger than 64 MiB"));
        return Ok(());
    };
    let Ok(manifest) = serde_json::from_slice::<Manifest>(&text) else {
        verdict.note(Problem::Manifest("it does not read"));
        return Ok(());
    };
    let created = DateTime::parse_from_rfc3339(&manifest.created).map(|at| at.with_timezone(&Utc));
    let (Ok(created), FORMAT) = (created, manifest.format.as_str()) else {
        verdict.note(Problem::Manifest("it is of another form than this program knows"));
        return Ok(());
    };
    (verdict.origin, verdict.whole) = (manifest.origin.clone(), manifest.whole);
    if trust.log.is_some_and(|log| log.origin() != manifest.origin) {
        verdict.note(Problem::OtherLog { what: "the bundle".into(), found: manifest.origin.clone() });
    }
    let content = Content { files, manifest: &manifest, created };
    content.digests(verdict)?;
    let history = content.history(trust, verdict)?;
    content.signature(&text, &history, verdict)?;
    let heads = heads::Heads::read(&content, &history, trust, verdict)?;
    let disclosed = content.disclosures(verdict)?;
    entries::check(&content, &heads, disclosed, trust, verdict)
}

/// What everything is checked against.
struct Content<'a> {
    files: &'a Files,
    manifest: &'a Manifest,
    created: DateTime<Utc>,
}

impl Content<'_> {
    /// Files that are listed and not there, or there and not listed, or other than listed.
    fn digests(&self, verdict: &mut Verdict) -> std::io::Result<()> {
        let listed = self.manifest.names();
        let known: HashSet<&str> = listed.iter().copied().collect();
        for name in self.files.names() {
            if !known.contains(name) {
                verdict.note(Problem::File { name: name.to_owned(), what: "is not in the manifest" });
            }
        }
        for name in &listed {
            if !self.files.has(name) {
                verdict.note(Problem::File { name: (*name).to_owned(), what: "is missing" });
            }
        }
        for file in &self.manifest.files {
            let Some(content) = self.files.read(&file.name, MAX_FILE)? else { continue };
            if content.len() as u64 != file.bytes || Hash::of(&content).to_string() != file.sha256 {
                verdict.note(Problem::File { name: file.name.clone(), what: "was changed" });
            }
        }
        Ok(())
    }

    fn lines<T: serde::de::DeserializeOwned>(
        &self,
        name: &str,
        verdict: &mut Verdict,
    ) -> std::io::Result<Vec<T>> {
        let Some(content) = self.files.read(name, MAX_FILE)? else { return Ok(Vec::new()) };
        let mut found = Vec::new();
        for (at, line) in lines(&content).enumerate() {
            match serde_json::from_slice(line) {
                Ok(value) => found.push(value),
                Err(_) => verdict.note(Problem::Line { file: name.to_owned(), line: at as u64 + 1 }),
            }
        }
        Ok(found)
    }

    fn history(&self, trust: &Trust, verdict: &mut Verdict) -> std::io::Result<KeyHistory> {
        let notes: Vec<NoteLine> = self.lines(KEYS, verdict)?;
        verdict.trust_on_first_use = trust.keys.is_empty();
        let history = KeyHistory::read(notes.iter().map(|line| line.note.as_str()), &trust.keys);
        match history {
            Ok(history) => {
                verdict.keys = history.windows().map(|(key, from, to)| (key.clone(), from, to)).collect();
                Ok(history)
            }
            Err(error) => {
                verdict.note(Problem::Keys(error));
                Ok(KeyHistory::default())
            }
        }
    }

    fn signature(&self, text: &[u8], history: &KeyHistory, verdict: &mut Verdict) -> std::io::Result<()> {
        let signature = self.files.read(SIGNATURE, MAX_MANIFEST)?.unwrap_or_default();
        let expected = Manifest::statement(&self.manifest.origin, &self.manifest.created, Hash::of(text));
        let note = std::str::from_utf8(&signature).ok().and_then(SignedText::parse);
        let Some(note) = note.filter(|note| note.text == expected) else {
            verdict.note(Problem::Signature);
            return Ok(());
        };
        match history.signer(&note, self.created) {
            Signer::Good(_) => {}
            Signer::Expired(key, from, until) => {
                verdict.note(Problem::Expired { size: None, key: key.id(), at: self.created, from, until });
            }
            Signer::Unknown => verdict.note(Problem::UnknownKey { size: None }),
        }
        Ok(())
    }

    fn disclosures(&self, verdict: &mut Verdict) -> std::io::Result<BTreeMap<u64, Vec<Disclosure>>> {
        let mut found: BTreeMap<u64, Vec<Disclosure>> = BTreeMap::new();
        for disclosure in self.lines::<Disclosure>(PERSONAL, verdict)? {
            found.entry(disclosure.sequence).or_default().push(disclosure);
        }
        Ok(found)
    }
}

/// The lines of a file, without the empty one at its end.
fn lines(content: &[u8]) -> impl Iterator<Item = &[u8]> {
    let mut rest = content;
    std::iter::from_fn(move || {
        if rest.is_empty() {
            return None;
        }
        let end = memchr::memchr(b'\n', rest);
        let (line, after) = rest.split_at(end.unwrap_or(rest.len()));
        rest = after.get(1..).unwrap_or_default();
        Some(line)
    })
}
