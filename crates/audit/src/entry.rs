//! An entry, and the line of JSON that is its leaf.
//!
//! The leaf is the line as it stands, without its line break: whoever checks it hashes bytes and need
//! not understand them. Names come in a fixed order, `sequence` and `log` first; what is not there is left
//! out. Times are UTC with six digits of fraction. Sequences count from 1: entry 1 is leaf 0.

use crate::json::quote;
use crate::personal::Commitment;
use crate::{Hash, Payload, leaf_hash};
use bursar_domain::id::{AccountId, RecordId, RequestId, WorkspaceId};
use chrono::{DateTime, SecondsFormat, Utc};
use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;

/// The longest word in bytes: an action, a target, an actor.
pub const MAX_WORD_BYTES: usize = 200;
/// The longest line.
pub const MAX_LINE_BYTES: usize = 256 * 1024;

/// Whose log.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Log {
    /// What the installation does beyond single workspaces.
    Installation,
    /// One workspace's.
    Workspace(WorkspaceId),
}

impl Log {
    /// The origin line of its checkpoints, and the name of its keys.
    #[must_use]
    pub fn origin(self) -> String {
        format!("bursar/{self}")
    }
}

impl fmt::Display for Log {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Installation => f.write_str("installation"),
            Self::Workspace(id) => id.fmt(f),
        }
    }
}

impl FromStr for Log {
    type Err = EntryError;
    fn from_str(text: &str) -> Result<Self, EntryError> {
        match text {
            "installation" => Ok(Self::Installation),
            id => id.parse().map(Self::Workspace).map_err(|_| EntryError::NotAnEntry),
        }
    }
}

/// How it ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// It was done.
    Done,
    /// Permission was missing, or a proof was wrong.
    Refused,
    /// It was tried and did not work.
    Failed,
    /// It is about to be tried; another entry will say how it ended.
    Intended,
    /// It was about to be tried, and nothing says how it ended.
    Unknown,
}

/// A word that is no outcome.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("an outcome is done, refused, failed, intended or unknown")]
pub struct UnknownOutcome;

impl Outcome {
    /// Every outcome.
    pub const ALL: [Self; 5] = [Self::Done, Self::Refused, Self::Failed, Self::Intended, Self::Unknown];

    /// The word, as it is stored and written in answers.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Done => "done",
            Self::Refused => "refused",
            Self::Failed => "failed",
            Self::Intended => "intended",
            Self::Unknown => "unknown",
        }
    }
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Outcome {
    type Err = UnknownOutcome;
    fn from_str(text: &str) -> Result<Self, UnknownOutcome> {
        Self::ALL.into_iter().find(|outcome| outcome.as_str() == text).ok_or(UnknownOutcome)
    }
}

/// Who did what.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// Its number, from 1, without gaps.
    pub sequence: u64,
    /// In which log.
    pub log: Log,
    /// Its id.
    pub id: RecordId,
    /// When; never before the entry in front of it.
    pub time: DateTime<Utc>,
    /// Who, in words.
    pub actor: String,
    /// The account behind it.
    pub account: Option<AccountId>,
    /// In whose name.
    pub on_behalf_of: Option<AccountId>,
    /// The session or token, and the staff access, it came in with.
    pub credential: Option<String>,
    /// The workspace it is about.
    pub workspace: Option<WorkspaceId>,
    /// What was done, as `noun.verb`: see [`crate::action`].
    pub action: String,
    /// To what.
    pub target: String,
    /// How it ended.
    pub outcome: Outcome,
    /// The policy that decided.
    pub policy: Option<String>,
    /// The request.
    pub request: Option<RequestId>,
    /// The entry that announced it.
    pub intent: Option<u64>,
    /// What stands beside the log about persons.
    pub personal: Vec<Commitment>,
    /// More.
    pub payload: Payload,
}

/// Why a line is no entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum EntryError {
    /// It does not read.
    #[error("the line is no entry of the log")]
    NotAnEntry,
}

/// A time as it stands in leaves and checkpoints.
pub(crate) fn spelled(time: DateTime<Utc>) -> String {
    time.to_rfc3339_opts(SecondsFormat::Micros, true)
}

/// What every line of a log begins with.
pub(crate) fn beginning(sequence: u64, log: &str) -> String {
    format!("{{\"sequence\":{sequence},\"log\":\"{log}\",")
}

/// Writes one field after another.
struct Line(String);

impl Line {
    fn text(&mut self, name: &str, value: &str) {
        self.name(name);
        quote(value, &mut self.0);
    }

    fn maybe(&mut self, name: &str, value: Option<impl fmt::Display>) {
        if let Some(value) = value {
            self.text(name, &value.to_string());
        }
    }

    fn name(&mut self, name: &str) {
        if !self.0.ends_with(['{', ',']) {
            self.0.push(',');
        }
        quote(name, &mut self.0);
        self.0.push(':');
    }
}

impl Entry {
    /// The line that is hashed, without a line break.
    #[must_use]
    pub fn line(&self) -> String {
        let mut line = Line(beginning(self.sequence, &self.log.to_string()));
        line.text("id", &self.id.to_string());
        line.text("time", &spelled(self.time));
        line.text("actor", &self.actor);
        line.maybe("account", self.account);
        line.maybe("on_behalf_of", self.on_behalf_of);
        line.maybe("credential", self.credential.as_ref());
        line.maybe("workspace", self.workspace);
        line.text("action", &self.action);
        line.text("target", &self.target);
        line.text("outcome", self.outcome.as_str());
        line.maybe("policy", self.policy.as_ref());
        line.maybe("request", self.request);
        if let Some(intent) = self.intent {
            line.name("intent");
            line.0.push_str(&intent.to_string());
        }
        if !self.personal.is_empty() {
            line.name("personal");
            line.0.push_str(&Commitment::list(&self.personal));
        }
        if !self.payload.is_null() {
            line.name("payload");
            line.0.push_str(self.payload.as_str());
        }
        line.0.push('}');
        line.0
    }

    /// The hash of its leaf.
    #[must_use]
    pub fn leaf(&self) -> Hash {
        leaf_hash(self.line().as_bytes())
    }

    /// Reads a line.
    ///
    /// # Errors
    /// When it is none, or spelled in another way.
    pub fn parse(line: &str) -> Result<Self, EntryError> {
        #[derive(Deserialize)]
        #[serde(deny_unknown_fields)]
        struct Fields {
            sequence: u64,
            log: String,
            id: RecordId,
            time: DateTime<Utc>,
            actor: String,
            account: Option<AccountId>,
            on_behalf_of: Option<AccountId>,
            credential: Option<String>,
            workspace: Option<WorkspaceId>,
            action: String,
            target: String,
            outcome: Outcome,
            policy: Option<String>,
            request: Option<RequestId>,
            intent: Option<u64>,
            #[serde(default)]
            personal: Vec<Commitment>,
            #[serde(default)]
            payload: serde_json::Value,
        }
        if line.len() > MAX_LINE_BYTES {
            return Err(EntryError::NotAnEntry);
        }
        let fields: Fields = serde_json::from_str(line).map_err(|_| EntryError::NotAnEntry)?;
        let entry = Self {
            sequence: fields.sequence,
            log: fields.log.parse()?,
            id: fields.id,
            time: fields.time,
            actor: fields.actor,
            account: fields.account,
            on_behalf_of: fields.on_behalf_of,
            credential: fields.credential,
            workspace: fields.workspace,
            action: fields.action,
            target: fields.target,
            outcome: fields.outcome,
            policy: fields.policy,
            request: fields.request,
            intent: fields.intent,
            personal: fields.personal,
            payload: Payload::of(&fields.payload).map_err(|_| EntryError::NotAnEntry)?,
        };
        if entry.line() == line { Ok(entry) } else { Err(EntryError::NotAnEntry) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn entry() -> Entry {
        Entry {
            sequence: 7,
            log: Log::Workspace(WorkspaceId::from_u128(3)),
            id: RecordId::from_u128(9),
            time: DateTime::from_timestamp_micros(1_795_358_096_123_456).unwrap(),
            actor: "acc_1".into(),
            account: Some(AccountId::from_u128(1)),
            on_behalf_of: None,
            credential: Some("ses_2".into()),
            workspace: Some(WorkspaceId::from_u128(3)),
            action: "source.add".into(),
            target: "src_\"4\"".into(),
            outcome: Outcome::Done,
            policy: Some("editors".into()),
            request: Some(RequestId::from_u128(5)),
            intent: Some(6),
            personal: vec![Commitment { person: AccountId::from_u128(1), commitment: Hash::of(b"x") }],
            payload: Payload::of(&json!({ "before": null, "after": "s3://a" })).unwrap(),
        }
    }

    #[test]
    fn the_line_is_json_in_a_fixed_order_and_reads_back() {
        // claim D1
        let line = entry().line();
        let expected = "{\"sequence\":7,\"log\":\"wsp_00000000000000000000000000000003\",\
            \"id\":\"rec_00000000000000000000000000000009\",\"time\":\"2026-11-22T14:34:56.123456Z\",\
            \"actor\":\"acc_1\",\"account\":\"acc_00000000000000000000000000000001\",\"credential\":\"ses_2\",\
            \"workspace\":\"wsp_00000000000000000000000000000003\",\"action\":\"source.add\",\
            \"target\":\"src_\\\"4\\\"\",\"outcome\":\"done\",\"policy\":\"editors\",\
            \"request\":\"req_00000000000000000000000000000005\",\"intent\":6,\
            \"personal\":[{\"person\":\"acc_00000000000000000000000000000001\",\"commitment\":\
            \"2d711642b726b04401627ca9fbac32f5c8530fb1903cc4db02258717921a4881\"}],\
            \"payload\":{\"after\":\"s3://a\",\"before\":null}}";
        assert_eq!(line, expected);
        assert_eq!(Entry::parse(&line), Ok(entry()));
        let bare = Entry { payload: Payload::default(), personal: vec![], intent: None, ..entry() };
        assert_eq!(Entry::parse(&bare.line()), Ok(bare));
        for other in
            [line.replace(":7,", ": 7,"), line.replace("\"done\"", "\"maybe\""), line[1..].to_owned()]
        {
            assert_eq!(Entry::parse(&other), Err(EntryError::NotAnEntry));
        }
    }

    #[test]
    fn outcomes_read_back() {
        for outcome in Outcome::ALL {
            assert_eq!(outcome.to_string().parse(), Ok(outcome));
        }
        assert!("none".parse::<Outcome>().is_err());
    }
}
