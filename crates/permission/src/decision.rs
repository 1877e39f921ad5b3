//! What was decided, by which policies, in one sentence.

use std::sync::Arc;

/// How a refusal is to be answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Denial {
    /// Nobody is signed in: ask for that.
    SignIn,
    /// A stranger: say *not found*, as if there were nothing.
    NotFound,
    /// A member who may not: say so.
    Forbidden,
}

/// A decision. Cheap to clone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decision(Arc<Content>);

#[derive(Debug, PartialEq, Eq)]
struct Content {
    denial: Option<Denial>,
    policies: Vec<String>,
    reason: String,
}

impl Decision {
    pub(crate) fn new(denial: Option<Denial>, policies: Vec<String>, reason: String) -> Self {
        Self(Arc::new(Content { denial, policies, reason }))
    }

    /// Whether it is allowed.
    #[must_use]
    pub fn allowed(&self) -> bool {
        self.0.denial.is_none()
    }

    /// How to refuse, when it is not allowed.
    #[must_use]
    pub fn denial(&self) -> Option<Denial> {
        self.0.denial
    }

    /// The ids of the policies that decided: the permits that allowed it, or the forbids that refused
    /// it. Empty when no policy allowed it.
    #[must_use]
    pub fn policies(&self) -> &[String] {
        &self.0.policies
    }

    /// The first of them, for records; `no-policy` when it was refused because none allowed it.
    #[must_use]
    pub fn deciding_policy(&self) -> &str {
        self.0.policies.first().map_or("no-policy", String::as_str)
    }

    /// Why, in one sentence without a full stop.
    #[must_use]
    pub fn reason(&self) -> &str {
        &self.0.reason
    }
}
