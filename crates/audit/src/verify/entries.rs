//! The entries of a bundle against its checkpoints.

use super::heads::{Heads, hashes};
use super::{Content, MAX_FILE, Problem, Trust, Verdict, lines};
use crate::entry::beginning;
use crate::personal::Disclosure;
use crate::tile::{TILE_WIDTH, TileId};
use crate::tree::{Frontier, check_inclusion};
use crate::{Entry, Hash, leaf_hash};
use serde::Deserialize;
use std::collections::BTreeMap;

type Disclosed = BTreeMap<u64, Vec<Disclosure>>;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ProofLine {
    index: u64,
    path: Vec<String>,
}

/// Which numbers are there, in which order.
struct Numbers {
    log: String,
    next: u64,
    missing: Vec<(u64, u64)>,
    contiguous: bool,
    whole: bool,
}

impl Numbers {
    /// The sequence of a line, when it has one.
    fn take(&mut self, line: &[u8], place: u64, file: &str, verdict: &mut Verdict) -> Option<u64> {
        let expected = beginning(self.next, &self.log);
        if line.starts_with(expected.as_bytes()) {
            self.next += 1;
            return Some(self.next - 1);
        }
        let Some(sequence) = number(line).filter(|number| *number > 0) else {
            verdict.note(Problem::Line { file: file.to_owned(), line: place });
            // Its place is taken.
            self.next += 1;
            return None;
        };
        if !line.starts_with(beginning(sequence, &self.log).as_bytes()) {
            let found = Entry::parse(std::str::from_utf8(line).unwrap_or_default());
            let found = found.map_or("unknown".to_owned(), |entry| entry.log.to_string());
            verdict.note(Problem::OtherLog { what: format!("entry {sequence}"), found });
        }
        if sequence >= self.next {
            if self.contiguous
                && (self.whole || self.next > 1)
                && sequence > self.next
                && self.missing.len() < 1_000
            {
                self.missing.push((self.next, sequence - 1));
            }
            self.next = sequence + 1;
        } else {
            verdict.note(Problem::Swapped { sequence });
            self.fill(sequence);
        }
        Some(sequence)
    }

    /// What seemed missing is in another place.
    fn fill(&mut self, sequence: u64) {
        let Some(at) = self.missing.iter().position(|(from, until)| (*from..=*until).contains(&sequence))
        else {
            return;
        };
        let (from, until) = self.missing.remove(at);
        let parts = [(from, sequence - 1), (sequence + 1, until)];
        self.missing.extend(parts.into_iter().filter(|(from, until)| from <= until));
    }
}

fn number(line: &[u8]) -> Option<u64> {
    let rest = line.strip_prefix(b"{\"sequence\":")?;
    let end = rest.iter().position(|byte| !byte.is_ascii_digit())?;
    std::str::from_utf8(&rest[..end]).ok()?.parse().ok()
}

pub(super) fn check(
    content: &Content<'_>,
    heads: &Heads,
    mut disclosed: Disclosed,
    trust: &Trust,
    verdict: &mut Verdict,
) -> std::io::Result<()> {
    let manifest = content.manifest;
    let log = manifest.origin.strip_prefix("bursar/").unwrap_or_default().to_owned();
    let contiguous = manifest.filter.is_contiguous();
    let mut numbers = Numbers { log, next: 1, missing: Vec::new(), contiguous, whole: manifest.whole };
    let mut proved = Proved::new(content, heads, trust);
    for (at, chunk) in manifest.chunks.iter().enumerate() {
        let Some(text) = content.files.read(&chunk.name, MAX_FILE)? else { continue };
        let proofs = if manifest.whole { Vec::new() } else { proved.proofs(at, verdict)? };
        if text.last().is_some_and(|byte| *byte != b'\n') {
            verdict.note(Problem::File { name: chunk.name.clone(), what: "does not end with its last line" });
        }
        let mut found = 0;
        for line in lines(&text) {
            let sequence = numbers.take(line, found + 1, &chunk.name, verdict);
            let leaf = leaf_hash(line);
            match (manifest.whole, sequence) {
                (true, sequence) => proved.whole(sequence, leaf, verdict)?,
                (false, Some(sequence)) => proved.part(sequence, leaf, proofs.get(found as usize), verdict),
                (false, None) => {}
            }
            if let Some(disclosures) = sequence.and_then(|sequence| disclosed.remove(&sequence)) {
                opens(line, &disclosures, verdict);
            }
            found += 1;
        }
        if found != chunk.entries {
            verdict.note(Problem::Count {
                what: format!("lines of `{}`", chunk.name),
                said: chunk.entries,
                found,
            });
        }
        verdict.entries += found;
    }
    for (from, until) in numbers.missing {
        verdict.note(Problem::Missing { from, until });
    }
    for sequence in disclosed.into_keys() {
        verdict.note(Problem::Personal { sequence });
    }
    if verdict.entries != manifest.entries {
        verdict.note(Problem::Count {
            what: "entries".into(),
            said: manifest.entries,
            found: verdict.entries,
        });
    }
    if manifest.whole {
        proved.finish(numbers.next, verdict);
    }
    Ok(())
}

fn opens(line: &[u8], disclosures: &[Disclosure], verdict: &mut Verdict) {
    let entry = std::str::from_utf8(line).ok().and_then(|line| Entry::parse(line).ok());
    for disclosure in disclosures {
        let good = entry.as_ref().is_some_and(|entry| entry.personal.iter().any(|c| disclosure.opens(c)));
        if !good {
            verdict.note(Problem::Personal { sequence: disclosure.sequence });
        }
    }
}

/// What the checkpoints say about the entries.
struct Proved<'a> {
    content: &'a Content<'a>,
    heads: &'a Heads,
    trust: &'a Trust,
    frontier: Frontier,
    /// The next checkpoint whose root is to be compared.
    next: usize,
    good: u64,
    broken: bool,
    tile: Option<(u64, Vec<u8>)>,
}

impl<'a> Proved<'a> {
    fn new(content: &'a Content<'a>, heads: &'a Heads, trust: &'a Trust) -> Self {
        Self {
            content,
            heads,
            trust,
            frontier: Frontier::default(),
            next: 0,
            good: 0,
            broken: false,
            tile: None,
        }
    }

    fn whole(&mut self, sequence: Option<u64>, leaf: Hash, verdict: &mut Verdict) -> std::io::Result<()> {
        self.roots(verdict);
        self.frontier.push(leaf);
        if let Some(sequence) = sequence
            && let Some(kept) = self.kept(sequence - 1)?
            && kept != leaf.0
        {
            verdict.note(Problem::Changed { sequence });
        }
        Ok(())
    }

    /// The hash that the tiles have for a leaf.
    fn kept(&mut self, index: u64) -> std::io::Result<Option<[u8; 32]>> {
        let tile = TileId { level: 0, index: index / TILE_WIDTH };
        if self.tile.as_ref().is_none_or(|(at, _)| *at != tile.index) {
            let width = tile.width(self.content.manifest.size);
            let hashes = self.content.files.read(&tile.path(width), TILE_WIDTH * 32)?;
            self.tile = Some((tile.index, hashes.unwrap_or_default()));
        }
        let place = (index % TILE_WIDTH) as usize * 32;
        let hashes = self.tile.as_ref().map_or(&[][..], |(_, hashes)| hashes);
        Ok(hashes.get(place..place + 32).and_then(|hash| hash.try_into().ok()))
    }

    /// Compares the roots of the checkpoints of the present size.
    fn roots(&mut self, verdict: &mut Verdict) {
        let size = self.frontier.size();
        while let Some(head) = self.heads.all.get(self.next).filter(|head| head.checkpoint.size <= size) {
            let head = &head.checkpoint;
            self.next += 1;
            if head.size == size && head.root == self.frontier.root() {
                self.good = size;
            } else if !self.broken {
                self.broken = true;
                verdict.note(Problem::Root { size: head.size, good: self.good });
            }
        }
        for known in self.trust.known.iter().map(|known| &known.checkpoint) {
            let ours = self.heads.all.iter().any(|head| head.checkpoint.size == size);
            if known.size == size
                && !ours
                && known.origin == self.content.manifest.origin
                && known.root != self.frontier.root()
            {
                verdict.note(Problem::Fork { size });
            }
        }
    }

    fn finish(&mut self, next: u64, verdict: &mut Verdict) {
        self.roots(verdict);
        let Some(last) = self.heads.last() else { return };
        let size = last.checkpoint.size;
        if self.frontier.size() > size {
            verdict.note(Problem::Unsigned { size });
        }
        if next <= size {
            verdict.note(Problem::Dropped { from: next, until: size });
        }
        if let Some(head) = self.heads.all.get(self.next).filter(|_| !self.broken) {
            verdict.note(Problem::Root { size: head.checkpoint.size, good: self.good });
        }
    }

    fn proofs(&self, number: usize, verdict: &mut Verdict) -> std::io::Result<Vec<ProofLine>> {
        self.content.lines(&format!("proofs/{number:06}.jsonl"), verdict)
    }

    fn part(&self, sequence: u64, leaf: Hash, proof: Option<&ProofLine>, verdict: &mut Verdict) {
        let Some(last) = self.heads.last() else { return };
        let head = &last.checkpoint;
        let holds = proof.is_some_and(|proof| {
            let path = hashes(&proof.path);
            proof.index == sequence - 1
                && path.is_some_and(|path| {
                    check_inclusion(leaf, proof.index, head.size, head.root, &path).is_ok()
                })
        });
        if !holds {
            verdict.note(Problem::Proof { sequence });
        }
    }
}
