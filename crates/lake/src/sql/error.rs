//! Why a question has no answer.

use crate::charges::ChargesError;
use crate::ledger::Changed;
use crate::location::{Fault, SourceError};
use crate::rollup::RollupError;
use datafusion::error::DataFusionError;

/// Why a question has no answer.
#[derive(Debug, thiserror::Error)]
pub enum QueryError {
    /// The question is not understood: syntax, an unknown column or table.
    #[error("{0}")]
    NotUnderstood(String),
    /// The question is understood and not allowed.
    #[error("{0}")]
    Refused(String),
    /// The question is understood and does not fit what the charges are.
    #[error("{0}")]
    DoesNotFit(String),
    /// It took longer than allowed.
    #[error(
        "the question took longer than {seconds} seconds and was stopped: ask for a shorter period or fewer groups"
    )]
    TimedOut {
        /// The limit.
        seconds: u64,
    },
    /// It needed more memory or disk than allowed.
    #[error(
        "the question needs more memory than is allowed ({detail}): ask for a shorter period or fewer groups"
    )]
    TooLarge {
        /// What was exhausted.
        detail: String,
    },
    /// A source cannot be opened or listed.
    #[error(transparent)]
    Source(#[from] SourceError),
    /// An object cannot be read as charges.
    #[error(transparent)]
    Charges(#[from] ChargesError),
    /// An object changed under the reader.
    #[error(transparent)]
    Changed(#[from] Changed),
    /// Derived data is damaged; it was put aside, and the rows answer when asked again.
    #[error("{detail}; it was put aside: ask again")]
    Derived {
        /// The file, and what is wrong.
        detail: String,
    },
    /// Reading or computing failed.
    #[error("{detail}")]
    Failed {
        /// What happened, with the object's name where one is concerned.
        detail: String,
    },
}

impl QueryError {
    /// Sorts an engine's error by who has to act.
    #[must_use]
    pub fn of(error: DataFusionError) -> Self {
        if let Some(changed) = Changed::find(&error) {
            return Self::Changed(changed.clone());
        }
        if let Some(damaged) = RollupError::find(&error) {
            return Self::Derived { detail: damaged.to_string() };
        }
        match error.find_root() {
            DataFusionError::ResourcesExhausted(detail) => Self::TooLarge { detail: first_sentence(detail) },
            DataFusionError::SQL(_, _)
            | DataFusionError::Plan(_)
            | DataFusionError::SchemaError(_, _)
            | DataFusionError::NotImplemented(_) => Self::NotUnderstood(message(&error)),
            _ => Self::Failed { detail: message(&error) },
        }
    }

    /// Who has to act, for exit statuses and HTTP.
    #[must_use]
    pub const fn fault(&self) -> Fault {
        match self {
            Self::Refused(_) => Fault::Refused,
            Self::Source(error) | Self::Charges(ChargesError::Source(error)) => error.fault(),
            Self::Changed(_) => Fault::Unreachable,
            _ => Fault::BadInput,
        }
    }
}

fn first_sentence(text: &str) -> String {
    text.lines().next().unwrap_or_default().chars().take(200).collect()
}

/// The engine's message without its type names and backtrace hints.
fn message(error: &DataFusionError) -> String {
    let mut text = error.strip_backtrace();
    for prefix in [
        "Execution error: ",
        "Error during planning: ",
        "SQL error: ",
        "Schema error: ",
        "External error: ",
        "Arrow error: ",
        "Parquet error: ",
        "Parser error: ",
    ] {
        text = text.replace(prefix, "");
    }
    if let Some(inner) = text.strip_prefix("ParserError(\"").and_then(|t| t.strip_suffix("\")")) {
        text = inner.replace("\\\"", "\"");
    }
    text.lines()
        .map(str::trim)
        .filter(|l| !l.is_empty())
        .collect::<Vec<_>>()
        .join(": ")
        .replace("caused by: ", "")
        .chars()
        .take(2_000)
        .collect()
}
