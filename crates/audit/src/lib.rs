//! A record that nobody can rewrite unnoticed, and the means for an outsider to check it.
//!
//! Pure: bytes in, proofs and verdicts out; no clock, no database, no network. An auditor reads
//! only this crate.
//!
//! ```text
//! Entry ── Entry::line ──▶ leaf bytes ── leaf_hash ──▶ RFC 6962 tree ── root ──▶ Checkpoint (C2SP)
//!                                                                                   │ Ed25519
//! export::BundleWriter ──▶ one .tar: entries, hashes, checkpoints, keys, verify.py ◀┘
//! verify::verify_path  ──▶ Verdict: what holds, and every Problem by its name
//! ```
//!
//! * [`Entry`]: who did what; its line of JSON is hashed as it stands ([`entry`]).
//! * [`tree`], [`tile`]: roots, inclusion and consistency proofs, and hashes in tiles of 256, so that a
//!   proof among millions reads a handful of tiles.
//! * [`Checkpoint`]: "the log had this root at this time", signed at a cadence even when idle, so that
//!   silence is visible. [`KeyHistory`]: which key was good when, each vouched for by the one before.
//! * [`personal`]: what is about a person lies beside the log; the leaf has a keyed commitment.
//! * [`export`], [`verify`](mod@verify): a bundle that is checked offline, by this crate or by the Python
//!   inside it.
//! * [`anchor`]: RFC 3161 timestamps, and where checkpoints are put out of our own reach.
//! * [`ocsf`]: entries in the words of the Open Cybersecurity Schema Framework. [`action`]: the
//!   registry of what is recorded.
//!
//! Refused on purpose: an order of entries other than their sequence; floating-point numbers in
//! payloads (they have no one spelling); signatures other than Ed25519; proofs that are longer or
//! shorter than their path.
//!
//! What it cannot show: that something was recorded at all. That is the store's part, which writes
//! the entry in the transaction of its effect.

pub mod action;
pub mod anchor;
pub mod change;
mod checkpoint;
mod der;
pub mod entry;
pub mod export;
mod hash;
mod json;
mod key;
pub mod ocsf;
pub mod personal;
pub mod tile;
pub mod tree;
pub mod verify;

pub use checkpoint::{Checkpoint, CheckpointError, ProofOf, SignedCheckpoint};
pub use entry::{Entry, EntryError, Log, Outcome, UnknownOutcome};
pub use hash::{Hash, HashError, leaf_hash, node_hash};
pub use json::{Payload, PayloadError};
pub use key::{KeyError, KeyHistory, KeyStatement, SigningKey, VerifyingKey};
