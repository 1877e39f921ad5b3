//! Checkpoints: "this log had this root at this time", in the form of c2sp.org/tlog-checkpoint.
//!
//! ```text
//! bursar/wsp_0000…                          origin
//! 1234                                      size
//! CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=   root
//! time 2026-11-22T18:00:00.000000Z          extension: when it was signed
//!
//! — bursar/wsp_0000… wvNu…                  Ed25519, then whoever else saw it
//! ```
//!
//! The time is an extension line, so that the log's own signature covers it. Witnesses add
//! cosignatures (c2sp.org/tlog-cosignature): what they sign is their time and the whole text, and it says that
//! they never saw another history.

use crate::entry::spelled;
use crate::key::{KeyError, SignedText, SigningKey, VerifyingKey};
use crate::tree::{ProofError, check_inclusion};
use crate::{Hash, leaf_hash};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use chrono::{DateTime, Utc};

/// The longest signed checkpoint.
const MAX_BYTES: usize = 64 * 1024;

/// What is signed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checkpoint {
    /// Whose log.
    pub origin: String,
    /// How many entries.
    pub size: u64,
    /// The root of the tree over them.
    pub root: Hash,
    /// When.
    pub time: DateTime<Utc>,
}

/// Why a text is no checkpoint.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum CheckpointError {
    /// It does not read.
    #[error("this is no signed checkpoint of an audit log")]
    NotACheckpoint,
}

impl Checkpoint {
    /// The text under the signature.
    #[must_use]
    pub fn text(&self) -> String {
        let root = STANDARD.encode(self.root.0);
        format!("{}\n{}\n{root}\ntime {}\n", self.origin, self.size, spelled(self.time))
    }

    /// Signs it.
    ///
    /// # Errors
    /// When the key is another log's or refuses.
    pub fn sign(self, key: &SigningKey) -> Result<SignedCheckpoint, KeyError> {
        if key.public().name() != self.origin || key.public().is_witness() {
            return Err(KeyError::NotAKey);
        }
        let note = key.note(&self.text())?;
        SignedCheckpoint::parse(&note).map_err(|_| KeyError::Refused)
    }

    fn parse(text: &str) -> Option<Self> {
        let mut lines = text.lines();
        let (origin, size, root, time) = (lines.next()?, lines.next()?, lines.next()?, lines.next()?);
        let time = DateTime::parse_from_rfc3339(time.strip_prefix("time ")?).ok()?;
        let found = Self {
            origin: origin.to_owned(),
            size: size.parse().ok()?,
            root: Hash::try_from(STANDARD.decode(root).ok()?.as_slice()).ok()?,
            time: time.with_timezone(&Utc),
        };
        (found.text() == text).then_some(found)
    }
}

/// A checkpoint with its signatures.
#[derive(Debug, Clone)]
pub struct SignedCheckpoint {
    /// What is signed.
    pub checkpoint: Checkpoint,
    pub(crate) note: SignedText,
    text: String,
}

impl SignedCheckpoint {
    /// Reads one. Whether the signatures are good is another question.
    ///
    /// # Errors
    /// When it is none, or spelled in another way.
    pub fn parse(text: &str) -> Result<Self, CheckpointError> {
        let none = CheckpointError::NotACheckpoint;
        if text.len() > MAX_BYTES {
            return Err(none);
        }
        let note = SignedText::parse(text).ok_or(none)?;
        let checkpoint = Checkpoint::parse(&note.text).ok_or(none)?;
        Ok(Self { checkpoint, note, text: text.to_owned() })
    }

    /// As others read it.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Whether this key signed it.
    #[must_use]
    pub fn is_signed_by(&self, key: &VerifyingKey) -> bool {
        key.signed(&self.note)
    }

    /// Adds a witness's signature, made at this moment.
    ///
    /// # Errors
    /// When the key is no witness's or refuses.
    pub fn cosign(&self, witness: &SigningKey, at: DateTime<Utc>) -> Result<Self, KeyError> {
        if !witness.public().is_witness() {
            return Err(KeyError::NotAKey);
        }
        let seconds = u64::try_from(at.timestamp()).unwrap_or_default();
        let signed = witness.raw(&cosigned(seconds, &self.note.text));
        let line = [seconds.to_be_bytes().as_slice(), &signed].concat();
        let alone = witness.with_signature(&self.checkpoint.text(), line)?;
        let added = alone.rsplit_once("\n\n").map(|(_, line)| line).unwrap_or_default();
        Self::parse(&format!("{}{added}", self.text)).map_err(|_| KeyError::Refused)
    }

    /// When this witness signed it, if it did.
    #[must_use]
    pub fn witnessed(&self, witness: &VerifyingKey) -> Option<DateTime<Utc>> {
        self.note.signatures.iter().filter(|s| witness.is_witness() && witness.is_named_by(s)).find_map(|s| {
            let (seconds, signature) = s.signature().split_first_chunk::<8>()?;
            let seconds = u64::from_be_bytes(*seconds);
            let good = witness.verifies(&cosigned(seconds, &self.note.text), signature);
            good.then(|| DateTime::from_timestamp(i64::try_from(seconds).ok()?, 0)).flatten()
        })
    }
}

/// One entry with everything that shows it was recorded: its line, its place, the path to the root, and the checkpoint
/// that has that root.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ProofOf {
    /// The line that was hashed.
    pub line: String,
    /// Its leaf, from 0.
    pub index: u64,
    /// The path, from the leaf upwards.
    pub path: Vec<Hash>,
    /// The signed checkpoint.
    pub checkpoint: String,
}

impl ProofOf {
    /// Whether the entry is under the checkpoint, and the checkpoint is signed by this key.
    ///
    /// # Errors
    /// [`ProofError`] when the path does not lead there; [`ProofError::Root`] when the checkpoint is not the key's.
    pub fn check(&self, key: &VerifyingKey) -> Result<Checkpoint, ProofError> {
        let signed = SignedCheckpoint::parse(&self.checkpoint).map_err(|_| ProofError::Root)?;
        let head = &signed.checkpoint;
        if !signed.is_signed_by(key) {
            return Err(ProofError::Root);
        }
        check_inclusion(leaf_hash(self.line.as_bytes()), self.index, head.size, head.root, &self.path)?;
        Ok(signed.checkpoint)
    }
}

fn cosigned(seconds: u64, text: &str) -> Vec<u8> {
    [format!("cosignature/v1\ntime {seconds}\n").as_bytes(), text.as_bytes()].concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    const AT: DateTime<Utc> = DateTime::from_timestamp_micros(1_795_358_096_000_000).unwrap();

    fn signed(key: &SigningKey) -> SignedCheckpoint {
        let checkpoint =
            Checkpoint { origin: "bursar/installation".into(), size: 3, root: Hash::of(b"r"), time: AT };
        checkpoint.sign(key).unwrap()
    }

    #[test]
    fn a_checkpoint_reads_as_c2sp_tools_read_it() {
        // claim D2
        let key = SigningKey::from_seed("bursar/installation", &[1; 32]).unwrap();
        let signed = signed(&key);
        let read = SignedCheckpoint::parse(signed.as_str()).unwrap();
        assert_eq!(read.checkpoint, signed.checkpoint);
        assert!(read.is_signed_by(key.public()));
        let theirs = tlog_tiles::checkpoint::Checkpoint::from_bytes(read.note.text.as_bytes()).unwrap();
        assert_eq!(
            (theirs.origin(), theirs.size(), theirs.hash().0),
            ("bursar/installation", 3, Hash::of(b"r").0)
        );
        // Their Ed25519 and the text of our key agree with ours.
        let verifier = signed_note::StandardVerifier::new(&key.public().to_string()).unwrap();
        let list = signed_note::VerifierList::new(vec![Box::new(verifier)]);
        let note = signed_note::Note::from_bytes(signed.as_str().as_bytes()).unwrap();
        assert_eq!(note.verify(&list).unwrap().0.len(), 1);
        for bad in [
            "",
            "x\n\n— a b\n",
            &signed.as_str().replace("\n3\n", "\n03\n"),
            &format!("{}x", signed.as_str()),
        ] {
            assert_eq!(SignedCheckpoint::parse(bad).map(|_| ()), Err(CheckpointError::NotACheckpoint));
        }
    }

    #[test]
    fn signatures_are_of_one_key_and_one_text() {
        // claim D2
        let key = SigningKey::from_seed("bursar/installation", &[1; 32]).unwrap();
        let other = SigningKey::from_seed("bursar/installation", &[2; 32]).unwrap();
        let signed = signed(&key);
        assert!(!signed.is_signed_by(other.public()));
        let grown = SignedCheckpoint::parse(&signed.as_str().replace("\n3\n", "\n4\n")).unwrap();
        assert!(!grown.is_signed_by(key.public()));
        let foreign = SigningKey::from_seed("bursar/elsewhere", &[1; 32]).unwrap();
        assert_eq!(signed.checkpoint.sign(&foreign).map(|_| ()), Err(KeyError::NotAKey));
        let text = key.public().to_string();
        assert_eq!(&text.parse::<VerifyingKey>().unwrap(), key.public());
        for bad in [text.replace('1', "2"), "a+b".into(), String::new()] {
            assert!(bad.parse::<VerifyingKey>().is_err(), "{bad}");
        }
        assert!(!format!("{key:?}").contains("0101"));
    }

    #[test]
    fn a_witness_signs_its_time_and_the_text() {
        // claim D2
        let key = SigningKey::from_seed("bursar/installation", &[1; 32]).unwrap();
        let witness = SigningKey::witness_from_seed("witness.example", &[3; 32]).unwrap();
        let cosigned = signed(&key).cosign(&witness, AT).unwrap();
        assert_eq!(cosigned.witnessed(witness.public()), Some(AT));
        assert!(cosigned.is_signed_by(key.public()));
        assert!(cosigned.cosign(&key, AT).is_err());
        let other = SigningKey::witness_from_seed("witness.example", &[4; 32]).unwrap();
        assert_eq!(cosigned.witnessed(other.public()), None);
        assert_eq!(cosigned.witnessed(key.public()), None);
        assert_eq!(cosigned.clone().as_str(), cosigned.as_str());
        let grown = SignedCheckpoint::parse(&cosigned.as_str().replace("\n3\n", "\n4\n")).unwrap();
        assert_eq!(grown.witnessed(witness.public()), None);
    }
}
