//! What people read: a title, a sentence and a few facts, made from an event.
//!
//! Plain text throughout. Each channel escapes it for itself, so that a reason with a link or a
//! mention in it arrives as those characters.

use bursar_domain::event::{DeletionStep, Direction, Event, EventData, Severity, StaffAccessStep};
use bursar_domain::id::EventId;
use chrono::{DateTime, Utc};
use url::Url;

/// Longest text of a fact, in characters.
const MAX_FACT: usize = 300;

/// A notice.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Notice {
    /// The event it tells of.
    pub event: EventId,
    /// When that happened.
    pub at: DateTime<Utc>,
    /// How much it asks for attention.
    pub severity: Severity,
    /// A line.
    pub title: String,
    /// A sentence.
    pub summary: String,
    /// Names and values, at most eight.
    pub facts: Vec<(String, String)>,
    /// Where to look.
    pub link: Option<Url>,
}

impl Notice {
    /// The notice of an event. `base` is the address under which people reach the program.
    #[must_use]
    pub fn of(event: &Event, base: Option<&Url>) -> Self {
        let link = base.and_then(|base| {
            let mut url = base.clone();
            url.path_segments_mut().ok()?.pop_if_empty().push("inbox");
            Some(url)
        });
        let facts = facts(&event.data);
        Self {
            event: event.id,
            at: event.time,
            severity: event.data.kind().severity(),
            title: line(&title(&event.data), 140),
            summary: event.data.kind().summary(),
            facts,
            link,
        }
    }
}

fn title(data: &EventData) -> String {
    match data {
        EventData::SignedIn(_) => "Somebody signed in".into(),
        EventData::SignInLocked(_) => "A sign-in was locked".into(),
        EventData::SignInMethodChanged(_) => "A way to sign in was changed".into(),
        EventData::MemberAdded(_) => "A member was added".into(),
        EventData::MemberChanged(data) => format!("A member is now {}", data.role),
        EventData::MemberRemoved(_) => "A member was removed".into(),
        EventData::RoleChanged(data) => format!("A custom role was {}", data.step.as_str()),
        EventData::TokenCreated(_) => "An API token was made".into(),
        EventData::TokenRevoked(_) => "An API token was revoked".into(),
        EventData::StaffAccessChanged(data) => match data.step {
            StaffAccessStep::Asked => "Staff ask for access".into(),
            step => format!("Staff access was {}", step.as_str()),
        },
        EventData::SourceAdded(_) => "A source was added".into(),
        EventData::SourceRemoved(_) => "A source was removed".into(),
        EventData::SyncFailed(_) => "A source could not be read".into(),
        EventData::DeliveryRestated(data) => format!("{} was delivered again", data.period),
        EventData::BudgetThresholdReached(data) => {
            format!("{} % of a budget is used for {}", data.threshold_percent, data.period)
        }
        EventData::ForecastOverBudget(data) => format!("{} is expected to end over budget", data.period),
        EventData::AnomalyOpened(data) => {
            let much = if data.direction == Direction::Above { "more" } else { "less" };
            format!("{}: {much} than expected on {}", data.value, data.day)
        }
        EventData::AnomalyClosed(_) => "An anomaly is over".into(),
        EventData::CredentialExpiring(data) if data.days_left == 0 => format!("A {} has expired", data.kind),
        EventData::CredentialExpiring(data) => format!("A {} expires in {} days", data.kind, data.days_left),
        EventData::ReportReady(_) => "A report is ready".into(),
        EventData::ExportFinished(_) => "An export can be fetched".into(),
        EventData::BackupTaken(_) => "A backup was taken".into(),
        EventData::WorkspaceDeletion(data) => match data.step {
            DeletionStep::Asked => "The deletion of the workspace was asked for".into(),
            DeletionStep::Cancelled => "The deletion of the workspace was called off".into(),
            DeletionStep::KeysDestroyed => "The keys of the workspace are destroyed".into(),
            DeletionStep::Finished => "The workspace is deleted".into(),
        },
        EventData::CheckpointSigned(data) => format!("Checkpoint at {} entries", data.size),
        EventData::WebhookPaused(_) => "A webhook was paused".into(),
        EventData::WebhookTest(_) => "A trial".into(),
    }
}

/// The fields of the event, named as people name things.
fn facts(data: &EventData) -> Vec<(String, String)> {
    let json = data.to_json();
    let fields = json.as_object().into_iter().flatten();
    let facts = fields.filter(|(name, _)| name.as_str() != "note").map(|(name, value)| {
        let name = name.replace('_', " ");
        let mut letters = name.chars();
        let name = letters.next().map(|c| c.to_uppercase().collect::<String>() + letters.as_str());
        let text = match value {
            serde_json::Value::String(text) => text.clone(),
            serde_json::Value::Array(items) => {
                items.iter().filter_map(|item| item.as_str()).collect::<Vec<_>>().join(", ")
            }
            serde_json::Value::Bool(yes) => if *yes { "yes" } else { "no" }.to_owned(),
            other => other.to_string(),
        };
        (name.unwrap_or_default(), line(&text, MAX_FACT))
    });
    facts.take(8).collect()
}

/// One line of at most so many characters.
pub(crate) fn line(text: &str, most: usize) -> String {
    let mut text: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    if text.chars().count() > most {
        text = text.chars().take(most.saturating_sub(1)).collect();
        text.push('…');
    }
    text
}

/// A notice of each type's example, for trials of channels.
#[must_use]
pub fn example(kind: bursar_domain::event::EventType) -> Option<Event> {
    Some(Event {
        id: EventId::from_u128(0x0193_a5c2_f0e0_7b3c_9d1e_2f3a_4b5c_6d7e),
        workspace: bursar_domain::id::WorkspaceId::from_u128(1),
        subject: "example".into(),
        time: DateTime::from_timestamp(1_795_340_000, 0)?,
        data: EventData::from_json(kind, &kind.example()).ok()?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use bursar_domain::event::EventType;

    #[test]
    fn every_type_has_a_title_of_its_own_and_its_facts() {
        for kind in EventType::ALL {
            let event = example(*kind).unwrap();
            let notice = Notice::of(&event, Some(&"https://bursar.example.com/base/".parse().unwrap()));
            assert!((5..=140).contains(&notice.title.chars().count()), "{kind}: {}", notice.title);
            assert!(!notice.facts.is_empty(), "{kind}");
            let link = notice.link.unwrap().to_string();
            assert!(link.starts_with("https://bursar.example.com/base/inbox"), "{link}");
        }
    }

    #[test]
    fn lines_have_no_breaks_and_an_end() {
        assert_eq!(line("a\r\nb", 10), "a  b");
        assert_eq!(line("abcdef", 4), "abc…");
    }
}
