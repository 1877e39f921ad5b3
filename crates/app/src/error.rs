//! Why a question has no answer.

use bursar_lake::location::Fault;
use bursar_lake::sql::QueryError;

/// What a caller can act on.
#[derive(Debug, thiserror::Error)]
pub enum AskError {
    /// What the question names does not exist; the text says what does.
    #[error("{0}")]
    NotFound(String),
    /// It could be done, and must not be; or it is no question at all.
    #[error("{0}")]
    Refused(String),
    /// The question is fine, and computing it fails on these rows.
    #[error("{0}")]
    Failed(String),
    /// Too many questions at once.
    #[error("{0} questions are being answered or wait already; try again in a moment")]
    Busy(usize),
    /// It took longer than a question may.
    #[error("no answer after {0} seconds; narrow the period or the filters")]
    TooSlow(u64),
    /// It needed more memory than a question may.
    #[error("{0}")]
    TooLarge(String),
    /// The question does not fit the charges: a currency without a rate.
    #[error("{0}")]
    DoesNotFit(String),
    /// A source cannot be read.
    #[error("{0}")]
    Unreachable(String),
    /// Today is outside the calendar.
    #[error("the clock of this machine says {0}, which no bill is about")]
    Clock(chrono::NaiveDate),
}

impl From<QueryError> for AskError {
    fn from(error: QueryError) -> Self {
        let text = error.to_string();
        match error {
            QueryError::NotUnderstood(_) => Self::NotFound(text),
            QueryError::Refused(_) => Self::Refused(text),
            QueryError::DoesNotFit(_) => Self::DoesNotFit(text),
            QueryError::TimedOut { seconds } => Self::TooSlow(seconds),
            QueryError::TooLarge { .. } => Self::TooLarge(text),
            QueryError::Changed(_) => Self::Unreachable(format!("{text}; ask again in a moment")),
            QueryError::Failed { .. } | QueryError::Derived { .. } => Self::Failed(text),
            QueryError::Source(_) | QueryError::Charges(_) => match error.fault() {
                Fault::Refused => Self::Refused(text),
                _ => Self::Unreachable(text),
            },
        }
    }
}
