//! The crate from outside: bundles that are bent in every way, and other people's programs.

#![expect(clippy::unwrap_used, reason = "a panic is how a test fails")]

mod actions;
mod bent;
mod bundle;
mod timestamps;
