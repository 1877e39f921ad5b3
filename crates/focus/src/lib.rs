//! The FOCUS specification as code, on Arrow batches.
//!
//! FOCUS (FinOps Open Cost and Usage Specification, focus.finops.org) says which columns a bill
//! has and what they mean. This crate is the only place that knows its versions. It is pure: it
//! turns batches into batches and findings, and opens no file except in the readers that the
//! command line uses.

pub mod canonical;
pub mod conformance;
pub mod convert;
pub mod delimited;
pub mod dialect;
pub mod normalise;
pub mod read;
pub mod spec;
