//! The checkpoints of a bundle: whose they are, who signed them, whether one is missing, whether two
//! contradict each other.

use super::{Content, NoteLine, Problem, Trust, Verdict};
use crate::export::{CHECKPOINTS, CONSISTENCY};
use crate::{Hash, KeyHistory, SignedCheckpoint, tree};
use chrono::{DateTime, TimeDelta, Utc};
use serde::Deserialize;

/// The checkpoints that read, in their order.
pub(super) struct Heads {
    pub(super) all: Vec<SignedCheckpoint>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ProofLine {
    path: Vec<String>,
}

impl Heads {
    pub(super) fn read(
        content: &Content<'_>,
        history: &KeyHistory,
        trust: &Trust,
        verdict: &mut Verdict,
    ) -> std::io::Result<Self> {
        let mut all = Vec::new();
        for (at, line) in content.lines::<NoteLine>(CHECKPOINTS, verdict)?.into_iter().enumerate() {
            match SignedCheckpoint::parse(&line.note) {
                Ok(signed) => all.push(signed),
                Err(_) => verdict.note(Problem::Line { file: CHECKPOINTS.to_owned(), line: at as u64 + 1 }),
            }
        }
        let heads = Self { all };
        heads.signers(content, history, verdict);
        heads.order(content, verdict);
        heads.known(trust, verdict);
        heads.freshness(content, trust, verdict);
        if !content.manifest.whole {
            heads.consistency(content, verdict)?;
        }
        Ok(heads)
    }

    /// The newest.
    pub(super) fn last(&self) -> Option<&SignedCheckpoint> {
        self.all.last()
    }

    fn signers(&self, content: &Content<'_>, history: &KeyHistory, verdict: &mut Verdict) {
        let manifest = content.manifest;
        let found = self.all.len() as u64;
        if found != manifest.checkpoints {
            let what = "checkpoints".to_owned();
            verdict.note(Problem::Count { what, said: manifest.checkpoints, found });
        }
        for signed in &self.all {
            let head = &signed.checkpoint;
            if head.origin != manifest.origin {
                let what = format!("the checkpoint of size {}", head.size);
                verdict.note(Problem::OtherLog { what, found: head.origin.clone() });
            }
            match history.check(signed) {
                Ok(()) => verdict.checkpoints += 1,
                Err(problem) => verdict.note(problem),
            }
        }
        match self.last() {
            None => verdict.note(Problem::NoCheckpoint),
            Some(last) => {
                let head = &last.checkpoint;
                (verdict.size, verdict.head) = (head.size, Some(head.time));
                if head.size != manifest.size {
                    let what = "the size of the log".to_owned();
                    verdict.note(Problem::Count { what, said: manifest.size, found: head.size });
                }
            }
        }
    }

    fn order(&self, content: &Content<'_>, verdict: &mut Verdict) {
        for pair in self.all.windows(2) {
            let [before, after] = pair else { continue };
            let (before, after) = (&before.checkpoint, &after.checkpoint);
            if after.time <= before.time || after.size < before.size {
                verdict.note(Problem::CheckpointOrder { at: after.time, size: after.size });
            }
            if after.size == before.size && after.root != before.root {
                verdict.note(Problem::Fork { size: after.size });
            }
            self.gap(content, before.time, after.time, verdict);
        }
        if let Some(last) = self.last() {
            self.gap(content, last.checkpoint.time, content.created, verdict);
        }
    }

    /// Half a cadence late is not missing.
    fn gap(&self, content: &Content<'_>, after: DateTime<Utc>, before: DateTime<Utc>, verdict: &mut Verdict) {
        let cadence_seconds = content.manifest.cadence_seconds;
        if before - after > patience(cadence_seconds) {
            verdict.note(Problem::Cadence { after, before, cadence_seconds });
        }
    }

    fn known(&self, trust: &Trust, verdict: &mut Verdict) {
        let Some(last) = self.last() else { return };
        let last = &last.checkpoint;
        for known in &trust.known {
            let known = &known.checkpoint;
            if known.origin != last.origin {
                let what = "the newest checkpoint".to_owned();
                verdict.note(Problem::OtherLog { what, found: last.origin.clone() });
            } else if known.size > last.size || known.time > last.time {
                let (size, at) = (last.size, last.time);
                verdict.note(Problem::OlderHead { size, at, known: known.size, known_at: known.time });
            }
            let other = |head: &&SignedCheckpoint| {
                head.checkpoint.size == known.size && head.checkpoint.root != known.root
            };
            if self.all.iter().find(other).is_some() && known.origin == last.origin {
                verdict.note(Problem::Fork { size: known.size });
            }
        }
    }

    fn freshness(&self, content: &Content<'_>, trust: &Trust, verdict: &mut Verdict) {
        let Some(last) = self.last() else { return };
        let (at, cadence_seconds) = (last.checkpoint.time, content.manifest.cadence_seconds);
        if trust.now.is_some_and(|now| now - at > patience(cadence_seconds)) {
            verdict.note(Problem::Stale { at, cadence_seconds });
        }
        let seen = |key: &crate::VerifyingKey| Some((key.name().to_owned(), last.witnessed(key)?));
        verdict.witnesses = trust.witnesses.iter().filter_map(seen).collect();
        if !trust.witnesses.is_empty() && verdict.witnesses.is_empty() {
            verdict.note(Problem::NotWitnessed);
        }
    }

    fn consistency(&self, content: &Content<'_>, verdict: &mut Verdict) -> std::io::Result<()> {
        let proofs: Vec<ProofLine> = content.lines(CONSISTENCY, verdict)?;
        let Some(last) = self.last() else { return Ok(()) };
        let newest = (last.checkpoint.size, last.checkpoint.root);
        for (at, signed) in self.all.iter().enumerate() {
            let head = &signed.checkpoint;
            let path = proofs.get(at).and_then(|line| hashes(&line.path));
            let holds = path
                .is_some_and(|path| tree::check_consistency((head.size, head.root), newest, &path).is_ok());
            if !holds {
                verdict.note(Problem::Consistency { size: head.size });
            }
        }
        Ok(())
    }
}

/// How long a log may be silent.
fn patience(cadence_seconds: u64) -> TimeDelta {
    let seconds = i64::try_from(cadence_seconds).unwrap_or(i64::MAX / 4).min(i64::MAX / 4_000);
    TimeDelta::milliseconds(seconds * 1_500)
}

/// A path of a proof.
pub(super) fn hashes(path: &[String]) -> Option<Vec<Hash>> {
    path.iter().map(|text| text.parse().ok()).collect()
}
