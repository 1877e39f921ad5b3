//! The store on both databases.
//!
//! [`stage`] gives each test an installation of its own, embedded or on PostgreSQL; [`on_both`] makes
//! two tests of one, so that the contract is the same for both.

#![expect(clippy::panic, clippy::unwrap_used, reason = "a panic is how a test fails")]

mod at_rest;
mod dispatching;
mod embedded;
mod key_shelf;
mod rotation;
mod schema;
mod stage;

mod contract;
