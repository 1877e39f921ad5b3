//! What the product does, through its public functions.

#![expect(clippy::unwrap_used, reason = "a panic is how a test fails")]

mod bad_input;
mod demo;
mod life;
mod rollups;
