//! The server as a client sees it, without a network: requests go through the whole router.
//! Modules mirror the URLs.

mod auth;
mod cost;
mod everywhere;
mod kit;
mod openapi;
mod operation;
mod schemathesis;
mod ui;
