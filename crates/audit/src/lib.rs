//! A record that nobody can rewrite unnoticed, and the means for an outsider to check it.
//!
//! Pure: bytes in, proofs and verdicts out. An auditor reads only this crate.
