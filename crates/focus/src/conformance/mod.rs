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
mod shortcuts;
mod values;

pub use checker::Checker;
pub use files::{FilesError, check_files};
pub use report::{Example, Finding, Level, Report};

use crate::spec::Dataset;

/// A published rule as we understand it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Catalogued {
    /// The published id.
    pub id: String,
    /// The column, if the rule is about one.
    pub column: Option<String>,
    /// How much a failure weighs.
    pub level: Level,
    /// What a failure means, in our words; `None` when the rule is not checked.
    pub failure: Option<String>,
    /// Why the rule is not checked.
    pub not_checked: Option<String>,
    /// Whether the rule supposes a capability of the provider, so that it is asked only of columns
    /// that have values.
    pub supposes_capability: bool,
    /// Where and why our reading differs from the machine-readable model.
    pub difference: Option<String>,
}

/// Every published rule, checked or not, in the order of the published model.
#[must_use]
pub fn catalogue() -> Vec<Catalogued> {
    let explained = |rule: &rules::Rule| {
        let check = rule.check.as_ref()?;
        Some(explain::explain(Dataset::CostAndUsage, check, rule.when.as_ref()).explanation)
    };
    rules::published()
        .into_iter()
        .map(|rule| Catalogued {
            failure: explained(&rule),
            level: rule.level.level(),
            supposes_capability: !rule.needs.is_empty(),
            not_checked: rule.skip.map(|why| match why.as_str() {
                "composite" => "sums up other rules".to_owned(),
                _ => why,
            }),
            difference: rule.note,
            column: rule.column,
            id: rule.id,
        })
        .collect()
}
