//! From the reasons of the workspace to problems.

use crate::problem::Problem;
use axum::http::StatusCode;
use bursar_app::AskError;
use bursar_store::StoreError;

impl From<AskError> for Problem {
    fn from(error: AskError) -> Self {
        let detail = error.to_string();
        match error {
            AskError::NotFound(_) => Self::not_found(detail),
            AskError::Refused(_) => Self::refused(detail),
            AskError::DoesNotFit(_) => Self::new(
                StatusCode::CONFLICT,
                "does-not-fit",
                "the question does not fit the charges",
                detail,
            ),
            AskError::Busy(_) => {
                Self::new(StatusCode::TOO_MANY_REQUESTS, "busy", "too many questions at once", detail)
            }
            AskError::TooSlow(_) => Self::unavailable("too-slow", "this took too long", detail),
            AskError::TooLarge(_) => {
                Self::unavailable("too-large-answer", "this needs too much memory", detail)
            }
            AskError::Unreachable(_) => Self::unavailable("unreachable", "a source cannot be read", detail),
            // Logged as well: it may be the data's fault or ours, and the operator should know.
            AskError::Failed(_) => {
                tracing::warn!(detail, "a question failed");
                Self::new(StatusCode::UNPROCESSABLE_ENTITY, "failed", "this cannot be computed", detail)
            }
            AskError::Clock(_) => Self::unavailable("clock", "the clock is wrong", detail),
        }
    }
}

impl From<StoreError> for Problem {
    fn from(error: StoreError) -> Self {
        let detail = error.to_string();
        match error {
            StoreError::NotFound(_) => Self::not_found(detail),
            StoreError::Conflict(_) | StoreError::Stale(_) => {
                Self::new(StatusCode::CONFLICT, "conflict", "this contradicts what is there", detail)
            }
            StoreError::TooLarge { .. } | StoreError::Region(_) => Self::bad_request(detail),
            // What the database says may hold what is in it.
            _ => {
                tracing::error!(error = detail, "control data cannot be read or written");
                Self::internal()
            }
        }
    }
}
