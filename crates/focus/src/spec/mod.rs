//! The FOCUS specification as data.
//!
//! Source: the FOCUS specification, <https://focus.finops.org/focus-specification/>, CC-BY 4.0.

mod version;

pub use version::{FocusVersion, VersionError};
