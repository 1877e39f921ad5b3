//! What people said about incidents: "expected", where, until when, and why.

use super::scope::Scope;
use chrono::NaiveDate;

/// Somebody's word that a change in a scope is expected. Incidents inside of it are kept apart with the reason, and the
/// baseline takes the new level over on the second day instead of after a fortnight.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Feedback {
    /// Where.
    pub scope: Scope,
    /// First day for which it holds.
    pub from: NaiveDate,
    /// First day for which it no longer holds; `None` is forever.
    pub until: Option<NaiveDate>,
    /// Why it is expected.
    pub reason: String,
    /// Who said so.
    pub by: String,
}

impl Feedback {
    /// Whether a change that begins on `day` in `scope` is expected.
    pub fn covers(&self, scope: &Scope, day: NaiveDate) -> bool {
        self.from <= day && self.until.is_none_or(|until| day < until) && self.scope.contains(scope)
    }
}
