//! The FOCUS specification as code: columns by version, conformance rules, native exports to FOCUS,
//! on Arrow batches.
//!
//! - [`spec`]: the specification as data
//! - [`dialect`]: what kind of bill a file is

pub mod dialect;
pub mod spec;
