//! Conformance: which rules of FOCUS a bill breaks, on which rows, and what that means.
//!
//! The checker looks at the *raw* data of a file, before it is made canonical, because a literal
//! `NULL`, a blank, an odd date or odd capitals are findings themselves. It streams: memory does not
//! grow with the rows.
//!
//! Rules carry the published ids of the FOCUS 1.2 model and are asked of other versions where the
//! columns exist; columns that the model does not know, and the other datasets, are checked against
//! the tables of [`crate::spec`]. Our own observations have ids that start with `BURSAR-`.
//!
//! Refused on purpose: a verdict that the data cannot carry. Rules about invoices, price lists or
//! intentions are counted as not checkable rather than guessed, so a finding is always a fact about
//! the rows it names. `docs/guides/conformance.md` lists where that differs from the public validator.

mod bits;
mod checker;
mod column;
mod explain;
mod files;
mod plan;
mod quality;
mod report;
mod rules;
mod values;

pub use checker::Checker;
pub use files::{FilesError, check_files};
pub use report::{Example, Finding, Level, Report};

/// The published rules that are not checked, each with the reason.
#[must_use]
pub fn not_checkable() -> Vec<(String, String)> {
    rules::published().into_iter().filter_map(|rule| rule.skip.map(|why| (rule.id, why))).collect()
}

/// Where our reading of a published rule differs from the machine-readable model, and why.
#[must_use]
pub fn corrections() -> Vec<(String, String)> {
    let rules = rules::published().into_iter().filter(|rule| rule.check.is_some());
    rules.filter_map(|rule| rule.note.map(|why| (rule.id, why))).collect()
}
