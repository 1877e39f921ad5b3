//! What a check found, in a form for people and for programs.

use serde::Serialize;

use crate::spec::{Dataset, FocusVersion};

/// How much a finding weighs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Level {
    /// The specification demands it: the data does not conform.
    Must,
    /// The specification recommends it.
    Should,
    /// Our own observation: conforming or not, the figures may mislead.
    Quality,
}

impl Level {
    /// The level as reports spell it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Must => "MUST",
            Self::Should => "SHOULD",
            Self::Quality => "QUALITY",
        }
    }
}

/// A place where a rule fails.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Example {
    /// The file, as it was named to the checker.
    pub file: String,
    /// The row, the first row of data being 1; 0 when the finding is about the file as a whole.
    pub row: u64,
    /// The value there, shortened if long; `None` for null.
    pub value: Option<String>,
}

/// A rule that fails, and where.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// The published rule id, or one of ours (`BURSAR-…`).
    pub rule: String,
    /// The column, when the rule is about one.
    pub column: Option<String>,
    /// How much it weighs.
    pub level: Level,
    /// Rows that break the rule; for rules about whole files, files.
    pub count: u64,
    /// Rows that the rule was asked of.
    pub checked: u64,
    /// The first places.
    pub examples: Vec<Example>,
    /// What is wrong and what it means.
    pub explanation: String,
    /// What to do about it.
    pub remedy: String,
}

/// The outcome of checking one or more files together.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Report {
    /// The version checked against.
    pub version: FocusVersion,
    /// The dataset.
    pub dataset: Dataset,
    /// Files read.
    pub files: Vec<String>,
    /// Rows read.
    pub rows: u64,
    /// Rules that were asked and hold.
    pub passed: usize,
    /// Rules that were asked and fail.
    pub failed: usize,
    /// Rules about columns or capabilities that the files do not have.
    pub not_applicable: usize,
    /// Published rules that no look at the files can decide (permissions, comparisons with
    /// invoices or price lists, summaries of other rules).
    pub not_checkable: usize,
    /// What fails, the heaviest first.
    pub findings: Vec<Finding>,
    /// Why the result covers only part of the data, if so.
    pub partial: Vec<String>,
}

impl Report {
    /// Whether no rule that the specification demands fails.
    #[must_use]
    pub fn conforms(&self) -> bool {
        !self.findings.iter().any(|finding| finding.level == Level::Must)
    }
}
