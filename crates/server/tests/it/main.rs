//! The server as a client sees it, without a network: requests go through the whole router.
//! Modules mirror the URLs.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a panic is a test's way to fail")]

mod auth;
mod conformance;
mod cost;
mod everywhere;
mod insight;
mod kit;
mod leaving;
mod limits;
mod log;
mod login;
mod members;
mod messages;
mod openapi;
mod operation;
mod schemathesis;
mod scim;
mod tokens;
mod ui;
