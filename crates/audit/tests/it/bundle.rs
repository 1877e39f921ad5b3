//! A log with its checkpoints, packed; and both verifiers.

use bursar_audit::export::{About, Filter, Manifest, write};
use bursar_audit::personal::{Disclosure, PersonKey};
use bursar_audit::verify::{Trust, Verdict, verify_path};
use bursar_audit::{
    Checkpoint, Entry, KeyStatement, Log, Outcome, Payload, SignedCheckpoint, SigningKey, tree,
};
use bursar_domain::id::{AccountId, RecordId, WorkspaceId};
use chrono::{DateTime, TimeDelta, Utc};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

pub(crate) const LOG: Log = Log::Workspace(WorkspaceId::from_u128(7));
pub(crate) const START: DateTime<Utc> = DateTime::from_timestamp_micros(1_795_358_000_000_000).unwrap();
pub(crate) const CADENCE: Duration = Duration::from_secs(300);

pub(crate) fn key(seed: u8) -> SigningKey {
    SigningKey::from_seed(&LOG.origin(), &[seed; 32]).unwrap()
}

/// After so many seconds.
pub(crate) fn at(seconds: i64) -> DateTime<Utc> {
    START + TimeDelta::seconds(seconds)
}

/// A log of some entries, one each two seconds.
pub(crate) struct Story {
    pub(crate) entries: Vec<Entry>,
    pub(crate) disclosed: Vec<Disclosure>,
    pub(crate) checkpoints: Vec<SignedCheckpoint>,
    pub(crate) keys: Vec<String>,
    pub(crate) created: DateTime<Utc>,
    pub(crate) filter: Filter,
}

impl Story {
    pub(crate) fn new(count: u64) -> Self {
        Self::of(LOG, count)
    }

    pub(crate) fn of(log: Log, count: u64) -> Self {
        let person = PersonKey::new(zeroize::Zeroizing::new([9; 32]));
        let (mut entries, mut disclosed) = (Vec::new(), Vec::new());
        for sequence in 1..=count {
            let ana = AccountId::from_u128(1 + u128::from(sequence % 3));
            let mut entry = Entry {
                sequence,
                log,
                id: RecordId::from_u128(u128::from(sequence)),
                time: at(sequence as i64 * 2),
                actor: ana.to_string(),
                account: Some(ana),
                on_behalf_of: None,
                credential: Some("ses_1".into()),
                workspace: Some(WorkspaceId::from_u128(7)),
                action: if sequence % 5 == 0 { "member.add" } else { "source.add" }.into(),
                target: format!("src_{sequence} \"é\""),
                outcome: Outcome::Done,
                policy: Some("editors".into()),
                request: None,
                intent: None,
                personal: Vec::new(),
                payload: Payload::of(&serde_json::json!({ "before": null, "after": sequence })).unwrap(),
            };
            if sequence % 10 == 0 {
                let value = Payload::of(&serde_json::json!({ "email": "ada@example.com" })).unwrap();
                entry.personal.push(person.commit(ana, sequence, &value));
                disclosed.push(person.disclose(ana, sequence, value));
            }
            entries.push(entry);
        }
        let first = KeyStatement { key: key(1).public().clone(), from: at(-10), until: at(1_000_000) };
        let mut story = Self {
            entries,
            disclosed,
            checkpoints: Vec::new(),
            keys: vec![first.sign(&key(1)).unwrap()],
            created: at(count as i64 * 2 + 10),
            filter: Filter::default(),
        };
        // Every 300 seconds, and one when it is exported.
        let end = count as i64 * 2;
        for seconds in (300..end).step_by(300).chain([end + 1]) {
            story.checkpoint(seconds, &key(1));
        }
        story
    }

    /// Signs what is there at this moment.
    pub(crate) fn checkpoint(&mut self, seconds: i64, key: &SigningKey) {
        let signed = self.head(seconds, key);
        self.checkpoints.push(signed);
    }

    pub(crate) fn head(&self, seconds: i64, key: &SigningKey) -> SignedCheckpoint {
        let leaves: Vec<_> = self.entries.iter().filter(|e| e.time <= at(seconds)).map(Entry::leaf).collect();
        let origin = key.public().name().to_owned();
        let root = tree::root_of(&leaves);
        Checkpoint { origin, size: leaves.len() as u64, root, time: at(seconds) }.sign(key).unwrap()
    }

    pub(crate) fn about(&self) -> About {
        About {
            log: LOG,
            created: self.created,
            cadence: CADENCE,
            filter: self.filter.clone(),
            checkpoints: self.checkpoints.clone(),
            consistency: Vec::new(),
            keys: self.keys.clone(),
        }
    }

    pub(crate) fn pack(&self, folder: &Path, by: &SigningKey) -> PathBuf {
        let path = folder.join("bundle.tar");
        let (bytes, _) = write(Vec::new(), self.about(), &self.entries, &self.disclosed, by).unwrap();
        std::fs::write(&path, bytes).unwrap();
        path
    }
}

/// The codes of a verdict's problems.
pub(crate) fn codes(verdict: &Verdict) -> BTreeSet<String> {
    verdict.problems.iter().map(|problem| problem.code().to_owned()).collect()
}

pub(crate) fn check(path: &Path, trust: &Trust) -> Verdict {
    verify_path(path, trust).unwrap()
}

/// A bundle unpacked, to be bent.
pub(crate) struct Unpacked {
    pub(crate) folder: tempfile::TempDir,
}

impl Unpacked {
    pub(crate) fn new(story: &Story, by: &SigningKey) -> Self {
        let (packed, folder) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let tar = story.pack(packed.path(), by);
        let status = Command::new("tar").arg("xf").arg(tar).arg("-C").arg(folder.path()).status().unwrap();
        assert!(status.success());
        Self { folder }
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(crate) fn text(&self, name: &str) -> String {
        std::fs::read_to_string(self.path(name)).unwrap()
    }

    pub(crate) fn lines(&self, name: &str) -> Vec<String> {
        self.text(name).lines().map(str::to_owned).collect()
    }

    pub(crate) fn put(&self, name: &str, lines: &[String]) {
        let text: String = lines.iter().map(|line| format!("{line}\n")).collect();
        std::fs::write(self.path(name), text).unwrap();
    }

    /// What somebody with the log's key can do besides: a manifest that fits, signed.
    pub(crate) fn reseal(&self, by: &SigningKey, change: impl FnOnce(&mut Manifest)) {
        let mut manifest: Manifest = serde_json::from_str(&self.text("manifest.json")).unwrap();
        for file in &mut manifest.files {
            let content = std::fs::read(self.path(&file.name)).unwrap();
            (file.bytes, file.sha256) = (content.len() as u64, bursar_audit::Hash::of(&content).to_string());
        }
        for chunk in &mut manifest.chunks {
            let text = self.text(&chunk.name);
            (chunk.bytes, chunk.entries) = (text.len() as u64, text.lines().count() as u64);
        }
        manifest.entries = manifest.chunks.iter().map(|chunk| chunk.entries).sum();
        manifest.checkpoints = self.lines("checkpoints.jsonl").len() as u64;
        change(&mut manifest);
        let text = serde_json::to_string_pretty(&manifest).unwrap() + "\n";
        let digest = bursar_audit::Hash::of(text.as_bytes());
        std::fs::write(self.path("manifest.json"), &text).unwrap();
        let signed = bursar_audit::export::manifest_signature(&manifest, digest, by).unwrap();
        std::fs::write(self.path("manifest.sig"), signed).unwrap();
    }

    /// What the Rust verifier says, having asked Python too: both must name the same problems.
    pub(crate) fn verdict(&self, trust: &Trust) -> Verdict {
        let verdict = check(self.folder.path(), trust);
        assert_eq!(
            python(self.folder.path(), trust),
            codes(&verdict),
            "Python, then Rust: {:?}",
            verdict.problems
        );
        verdict
    }
}

/// The codes that `verify.py` of the bundle prints.
pub(crate) fn python(folder: &Path, trust: &Trust) -> BTreeSet<String> {
    let outside = tempfile::tempdir().unwrap();
    let script = outside.path().join("verify.py");
    std::fs::write(&script, bursar_audit::export::VERIFY_PY).unwrap();
    let mut command = Command::new("python3");
    command.arg("-I").arg(script).arg(folder);
    command.args(trust.keys.iter().map(ToString::to_string));
    for (number, known) in trust.known.iter().enumerate() {
        let path = outside.path().join(format!("known{number}"));
        std::fs::write(&path, known.as_str()).unwrap();
        command.arg(path);
    }
    let output = command.output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(output.stderr.is_empty(), "{}", String::from_utf8_lossy(&output.stderr));
    let good = output.status.success();
    assert!(text.trim_end().ends_with(if good { "GOOD" } else { "NOT GOOD" }), "{text}");
    let codes: BTreeSet<String> = text
        .lines()
        .filter_map(|line| line.split_once(": "))
        .map(|(code, _)| code.to_owned())
        .filter(|code| !code.contains('/'))
        .collect();
    assert_eq!(codes.is_empty(), good, "{text}");
    codes
}
