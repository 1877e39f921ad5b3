//! HTTP: routes, sessions, the OpenAPI document, the assets of the UI.
//!
//! The only crate that knows HTTP. It turns requests into questions for [`bursar_app`] and answers
//! into JSON, and decides nothing about money itself.
//!
//! What it refuses on purpose: an endpoint without a session (the short list of exceptions is
//! [`routes::PUBLIC`]), a host name it was not told about (DNS rebinding), a state change without
//! the CSRF header, more requests than a route's class allows ([`THRESHOLDS`]), a query parameter it does not know (a typo must not silently widen a
//! question), and an error that tells a stranger how the inside looks.
//!
//! ```no_run
//! # async fn run(installation: bursar_app::Installation, workspace: bursar_domain::id::WorkspaceId) -> Result<(), Box<dyn std::error::Error>> {
//! use bursar_server::{Server, Settings};
//! let listener = tokio::net::TcpListener::bind("127.0.0.1:8080").await?;
//! let settings = Settings::new(listener.local_addr()?, None)?;
//! let server = Server::new(installation, settings);
//! let link = server.sign_in_link(None, workspace).await?; // valid once, for fifteen minutes
//! server.serve(listener, std::future::pending()).await?;
//! # Ok(()) }
//! ```

mod api;
mod assets;
mod client;
mod layers;
mod limits;
mod listener;
mod metrics;
mod parameters;
mod problem;
mod random;
mod rate;
pub mod routes;
mod scim;
mod seen;
mod session;
mod settings;
mod state;
mod tls;

pub use client::{ClientAddress, ForwardedHeader, TrustedProxies};
pub use limits::{Limits, THRESHOLDS, Threshold};
pub use random::{OsRandom, Random, RandomError};
pub use rate::buckets::{BucketKey, Buckets, BucketsError, Taken};
pub use rate::layer::RateSubject;
pub use settings::{PublicUrl, Settings, SettingsError};
pub use state::Server;
pub use tls::{Tls, TlsError, TlsFiles};
