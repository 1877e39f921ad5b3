//! Events: what happened in a workspace, told to people and programs outside.
//!
//! An event is a CloudEvent (CNCF CloudEvents 1.0.2, JSON format, read 2026-11-22) of one of the types in
//! the registry in `types.rs`. A type's name ends with its version: a field may be added to a version,
//! as long as it may be missing; anything else is a new version beside the old one. The JSON schema of
//! each is a file under `schemas/`, made from the types and checked by a test, so that a change of what
//! receivers see is a change of a file.
//!
//! Money in events is a decimal in a string with its currency beside it. Ids are as elsewhere
//! (`src_…`). Refused on purpose: secrets, names and addresses of people: an event says who by an
//! account's id, except for the network address of a sign-in.

mod delivery;
mod schema;
mod types;

pub use delivery::{AttemptLog, Health, Next, Plan, Target, Verdict};
pub use schema::{Field, Moment, Word};
pub use types::*;

use crate::id::{EventId, WorkspaceId};
use chrono::{DateTime, SecondsFormat, Utc};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::fmt;

/// What the names of all types begin with.
pub const PREFIX: &str = "org.bursar.";
/// Longest subject in bytes.
pub const MAX_SUBJECT: usize = 200;
/// Most bytes of an event's data as JSON; with its envelope an event stays below the 20 kB that
/// Standard Webhooks recommends.
pub const MAX_DATA: usize = 16 * 1024;

/// How much it asks for attention, the least first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// Good to know.
    Info,
    /// Somebody should look.
    Warning,
    /// Somebody should look now.
    Critical,
}

impl Severity {
    /// The word.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Info => "info",
            Self::Warning => "warning",
            Self::Critical => "critical",
        }
    }
}

impl fmt::Display for Severity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Something that happened.
#[derive(Debug, Clone, PartialEq)]
pub struct Event {
    /// Its id: the same however often it is delivered.
    pub id: EventId,
    /// Where.
    pub workspace: WorkspaceId,
    /// To what, as an id; events of one subject are delivered in their order.
    pub subject: String,
    /// When.
    pub time: DateTime<Utc>,
    /// What.
    pub data: EventData,
}

/// Why a text is no event of ours.
#[derive(Debug, thiserror::Error)]
pub enum EventError {
    /// Not in the registry.
    #[error("`{0}` is no type of event: docs/reference/events.md has the list")]
    Type(String),
    /// The data are not those of the type.
    #[error("the data of an event of type `{kind}` do not read")]
    Data {
        /// The type.
        kind: EventType,
        /// Why.
        #[source]
        source: serde_json::Error,
    },
    /// A field of the envelope is missing or not as it must be.
    #[error("the event's `{0}` is missing or not as it must be")]
    Envelope(&'static str),
}

impl Event {
    /// The event as a CloudEvent in the JSON format, structured mode.
    #[must_use]
    pub fn to_cloud_event(&self) -> Value {
        let kind = self.data.kind();
        json!({
            "specversion": "1.0",
            "id": self.id,
            "source": format!("/workspaces/{}", self.workspace),
            "type": kind.name(),
            "subject": self.subject,
            "time": self.time.to_rfc3339_opts(SecondsFormat::Micros, true),
            "datacontenttype": "application/json",
            "dataschema": kind.schema_uri(),
            // An extension attribute of ours.
            "severity": kind.severity(),
            "data": self.data.to_json(),
        })
    }

    /// Reads what [`Event::to_cloud_event`] wrote.
    ///
    /// # Errors
    /// When it is of another type, or incomplete.
    pub fn from_cloud_event(value: &Value) -> Result<Self, EventError> {
        let text =
            |name: &'static str| value.get(name).and_then(Value::as_str).ok_or(EventError::Envelope(name));
        if text("specversion")? != "1.0" {
            return Err(EventError::Envelope("specversion"));
        }
        let workspace = text("source")?.strip_prefix("/workspaces/").and_then(|id| id.parse().ok());
        let kind: EventType = text("type")?.parse()?;
        let subject = text("subject")?.to_owned();
        if subject.is_empty() || subject.len() > MAX_SUBJECT {
            return Err(EventError::Envelope("subject"));
        }
        Ok(Self {
            id: text("id")?.parse().map_err(|_| EventError::Envelope("id"))?,
            workspace: workspace.ok_or(EventError::Envelope("source"))?,
            subject,
            time: text("time")?.parse().map_err(|_| EventError::Envelope("time"))?,
            data: EventData::from_json(kind, value.get("data").unwrap_or(&Value::Null))?,
        })
    }
}

impl EventType {
    /// Where its schema is told to be: a name, not an address.
    #[must_use]
    pub fn schema_uri(self) -> String {
        format!("urn:bursar:event:{}", self.name().trim_start_matches(PREFIX))
    }

    /// The JSON schema (2020-12) of its data, as it is checked in.
    #[must_use]
    pub fn schema(self) -> Value {
        let mut schema = self.data_schema();
        if let Value::Object(fields) = &mut schema {
            fields.insert("$schema".into(), json!("https://json-schema.org/draft/2020-12/schema"));
            fields.insert("$id".into(), json!(self.schema_uri()));
            fields.insert("title".into(), json!(self.name()));
            fields.insert("description".into(), json!(self.summary()));
        }
        schema
    }
}

impl fmt::Display for EventType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl TryFrom<String> for EventType {
    type Error = EventError;
    fn try_from(text: String) -> Result<Self, EventError> {
        text.parse()
    }
}

impl From<EventType> for String {
    fn from(kind: EventType) -> Self {
        kind.name().to_owned()
    }
}

#[cfg(test)]
mod tests;
