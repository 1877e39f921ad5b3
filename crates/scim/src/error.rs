//! Errors as a SCIM client sees them (RFC 7644 §3.12).

use serde_json::{Value, json};

/// The schema of errors.
pub const ERROR_URN: &str = "urn:ietf:params:scim:api:messages:2.0:Error";

/// What a client can act on (RFC 7644 table 9, RFC 9865 §2.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ScimType {
    /// The filter is not understood, or compares what cannot be compared.
    InvalidFilter,
    /// More than is answered at once.
    TooMany,
    /// Something of that name is there already.
    Uniqueness,
    /// It may not be changed, or not removed.
    Mutability,
    /// The request is no message of the protocol.
    InvalidSyntax,
    /// The path of a PATCH is not understood, or names no attribute.
    InvalidPath,
    /// The path selects nothing.
    NoTarget,
    /// A value is missing or of the wrong kind.
    InvalidValue,
    /// The cursor is none of this question's.
    InvalidCursor,
    /// What the cursor stood at is gone: begin again.
    ExpiredCursor,
    /// A page of that size is not given.
    InvalidCount,
}

impl ScimType {
    /// The word on the wire.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::InvalidFilter => "invalidFilter",
            Self::TooMany => "tooMany",
            Self::Uniqueness => "uniqueness",
            Self::Mutability => "mutability",
            Self::InvalidSyntax => "invalidSyntax",
            Self::InvalidPath => "invalidPath",
            Self::NoTarget => "noTarget",
            Self::InvalidValue => "invalidValue",
            Self::InvalidCursor => "invalidCursor",
            Self::ExpiredCursor => "expiredCursor",
            Self::InvalidCount => "invalidCount",
        }
    }

    /// The HTTP status that it goes with.
    #[must_use]
    pub const fn status(self) -> u16 {
        match self {
            Self::Uniqueness => 409,
            _ => 400,
        }
    }
}

/// A refusal that the client may read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{detail}")]
pub struct ScimError {
    /// The HTTP status.
    pub status: u16,
    /// What the client can act on.
    pub kind: Option<ScimType>,
    /// For people.
    pub detail: String,
}

impl ScimError {
    /// A refusal of this kind.
    pub fn new(kind: ScimType, detail: impl Into<String>) -> Self {
        Self { status: kind.status(), kind: Some(kind), detail: detail.into() }
    }

    /// A refusal that has a status only.
    pub fn of_status(status: u16, detail: impl Into<String>) -> Self {
        Self { status, kind: None, detail: detail.into() }
    }

    /// The body of the answer; RFC 7644 has the status as text.
    #[must_use]
    pub fn to_json(&self) -> Value {
        let mut body =
            json!({ "schemas": [ERROR_URN], "status": self.status.to_string(), "detail": self.detail });
        if let Some(kind) = self.kind {
            body["scimType"] = json!(kind.as_str());
        }
        body
    }
}

/// A text of the client's in an error: short, and without control characters.
pub(crate) fn shown(text: &str) -> String {
    let mut shown: String = text.chars().filter(|c| !c.is_control()).take(60).collect();
    if text.chars().count() > 60 {
        shown.push('…');
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_has_the_form_of_the_protocol() {
        let body = ScimError::new(ScimType::Uniqueness, "taken").to_json();
        assert_eq!(body["schemas"], json!([ERROR_URN]));
        assert_eq!((&body["status"], &body["scimType"]), (&json!("409"), &json!("uniqueness")));
        assert!(ScimError::of_status(404, "gone").to_json().get("scimType").is_none());
    }
}
