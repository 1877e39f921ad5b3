//! Alert rules: which events become notices, for whom, where and when. Pure.
//!
//! However many rules choose an event, a person gets one notice of it per channel: plans for one target are
//! folded into the earliest. Which deliveries there are is decided once, when the event is expanded.

use crate::quiet::{QuietHours, Zone, next_daily};
use bursar_domain::event::{Event, EventData, EventType, Plan, Severity, Target};
use bursar_domain::id::{AccountId, AlertRuleId, ChannelId, WebhookId};
use bursar_domain::{Amount, RoleName};
use chrono::{DateTime, NaiveTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::BTreeMap;

/// Most filters, recipients or values of a rule.
pub const MAX_ITEMS: usize = 100;

/// A condition on a field of the event's data.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Filter {
    /// The field; an event without it does not pass.
    pub field: String,
    /// One of these texts.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub any_of: Vec<String>,
    /// At least this number or amount.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at_least: Option<Amount>,
}

/// Who is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Recipient {
    /// A member.
    Account(AccountId),
    /// Every member of a role.
    Role(RoleName),
    /// The owner group.
    Owners,
    /// A channel: Slack, Teams or a mailbox.
    Channel(ChannelId),
}

/// Who is told in addition when nobody has read the notice.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Escalation {
    /// After so many minutes.
    pub after_minutes: u32,
    /// Who.
    pub recipients: Vec<Recipient>,
}

/// A rule.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AlertRule {
    /// Of these types; of all when there is none.
    #[serde(default)]
    pub types: Vec<EventType>,
    /// Of at least this severity.
    pub severity: Severity,
    /// Of which all hold.
    #[serde(default)]
    pub filters: Vec<Filter>,
    /// Who is told.
    pub recipients: Vec<Recipient>,
    /// When not.
    #[serde(default)]
    pub quiet_hours: Option<QuietHours>,
    /// For so many minutes after a notice, events of the same type and subject make none.
    #[serde(default)]
    pub once_per_minutes: u32,
    /// What follows when nobody reads it.
    #[serde(default)]
    pub escalation: Option<Escalation>,
}

/// Why a rule is not taken.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RuleError {
    /// Nobody would be told.
    #[error("the rule names nobody: give it a recipient")]
    Nobody,
    /// A filter that says nothing.
    #[error("the filter on `{0}` says neither `any_of` nor `at_least`")]
    Filter(String),
    /// No event of the types has the field.
    #[error("no event that the rule chooses has a field `{0}`")]
    Field(String),
    /// Too many of something.
    #[error("a rule has at most {MAX_ITEMS} types, filters, values and recipients each")]
    TooLarge,
}

impl AlertRule {
    /// Whether the rule says something, and to somebody.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn check(&self) -> Result<(), RuleError> {
        let escalated = self.escalation.iter().flat_map(|escalation| &escalation.recipients).count();
        let sizes = [self.types.len(), self.filters.len(), self.recipients.len(), escalated];
        if sizes.iter().any(|size| *size > MAX_ITEMS) {
            return Err(RuleError::TooLarge);
        }
        if self.recipients.is_empty() || self.escalation.as_ref().is_some_and(|e| e.recipients.is_empty()) {
            return Err(RuleError::Nobody);
        }
        let types = if self.types.is_empty() { EventType::ALL } else { &self.types };
        for filter in &self.filters {
            if filter.any_of.is_empty() && filter.at_least.is_none() {
                return Err(RuleError::Filter(filter.field.chars().take(60).collect()));
            }
            if filter.any_of.len() > MAX_ITEMS {
                return Err(RuleError::TooLarge);
            }
            if !types.iter().any(|kind| !kind.schema()["properties"][&filter.field].is_null()) {
                return Err(RuleError::Field(filter.field.chars().take(60).collect()));
            }
        }
        Ok(())
    }

    /// Whether it chooses the event.
    #[must_use]
    pub fn chooses(&self, event: &Event) -> bool {
        let kind = event.data.kind();
        let data = event.data.to_json();
        (self.types.is_empty() || self.types.contains(&kind))
            && kind.severity() >= self.severity
            && self.filters.iter().all(|filter| filter.holds(&data))
    }
}

impl Filter {
    fn holds(&self, data: &Value) -> bool {
        let text = match &data[&self.field] {
            Value::String(text) => text.clone(),
            Value::Number(number) => number.to_string(),
            Value::Bool(yes) => yes.to_string(),
            Value::Null | Value::Array(_) | Value::Object(_) => return false,
        };
        (self.any_of.is_empty() || self.any_of.contains(&text))
            && self.at_least.is_none_or(|least| text.parse::<Amount>().is_ok_and(|amount| amount >= least))
    }
}

/// Whether and when somebody gets mail.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Default)]
#[serde(rename_all = "snake_case")]
pub enum MailPreference {
    /// A mail per notice.
    #[default]
    Each,
    /// All of a day in one mail, at this time of the day; what is critical comes at once.
    Daily {
        /// By whose clock.
        zone: Zone,
        /// When.
        at: NaiveTime,
    },
    /// None. Notices about the safety of one's own account are sent nevertheless.
    Never,
}

/// What a member wants to be told, and when.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Default)]
#[serde(deny_unknown_fields)]
pub struct Preferences {
    /// Its mail.
    #[serde(default)]
    pub mail: MailPreference,
    /// When it wants nothing.
    #[serde(default)]
    pub quiet_hours: Option<QuietHours>,
}

/// A member, as far as notices go.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Person {
    /// Who.
    pub account: AccountId,
    /// The role.
    pub role: RoleName,
    /// Whether it belongs to the owner group.
    pub owner: bool,
    /// Its mail.
    pub mail: MailPreference,
    /// When it wants nothing.
    pub quiet_hours: Option<QuietHours>,
}

/// A webhook, as far as choosing goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Subscription {
    /// Which.
    pub webhook: WebhookId,
    /// Of these types; of all when there is none.
    pub types: Vec<EventType>,
}

/// Everybody who may be told of a workspace's events.
#[derive(Debug, Clone, Default)]
pub struct Audience {
    /// Webhooks, also those that are paused: what they miss lies with the dead letters.
    pub webhooks: Vec<Subscription>,
    /// Rules that are switched on.
    pub rules: Vec<(AlertRuleId, AlertRule)>,
    /// Members.
    pub people: Vec<Person>,
    /// Channels that exist.
    pub channels: Vec<ChannelId>,
}

/// What is to be sent for an event. `last` says when a rule last made a notice for the event's type and subject.
#[must_use]
pub fn plan(
    event: &Event,
    audience: &Audience,
    last: impl Fn(AlertRuleId) -> Option<DateTime<Utc>>,
    now: DateTime<Utc>,
) -> Vec<Plan> {
    let mut plans = BTreeMap::new();
    let kind = event.data.kind();
    for subscription in &audience.webhooks {
        if wants(subscription, event) {
            let target = Target::Webhook(subscription.webhook);
            add(&mut plans, Plan { target, not_before: now, digest: false, unless_read: false, rule: None });
        }
    }
    let severity = kind.severity();
    if let Some(account) = concerned(&event.data) {
        for target in [Target::Inbox(account), Target::Mail(account)] {
            add(&mut plans, Plan { target, not_before: now, digest: false, unless_read: false, rule: None });
        }
    }
    for (id, rule) in audience.rules.iter().filter(|(_, rule)| rule.chooses(event)) {
        let pause = TimeDelta::minutes(rule.once_per_minutes.into());
        if last(*id).is_some_and(|last| now < last + pause) {
            continue;
        }
        let quiet = rule.quiet_hours.as_ref().filter(|_| severity < Severity::Critical);
        let start = quiet.map_or(now, |quiet| quiet.end(now));
        let mut tell = |recipients: &[Recipient], from: DateTime<Utc>, unless_read: bool| {
            for recipient in recipients {
                for plan in reach(*recipient, audience, severity, from) {
                    add(&mut plans, Plan { unless_read, rule: Some(*id), ..plan });
                }
            }
        };
        tell(&rule.recipients, start, false);
        if let Some(escalation) = &rule.escalation {
            let after = start + TimeDelta::minutes(escalation.after_minutes.into());
            tell(&escalation.recipients, after, true);
        }
    }
    plans.into_values().collect()
}

/// A trial and a pause go to the webhook they are about only if it is that.
fn wants(subscription: &Subscription, event: &Event) -> bool {
    match &event.data {
        EventData::WebhookTest(data) => data.webhook == subscription.webhook,
        EventData::WebhookPaused(data) if data.webhook == subscription.webhook => false,
        data => subscription.types.is_empty() || subscription.types.contains(&data.kind()),
    }
}

/// Whose account it is about, when its safety is: that person is always told (ASVS 5.0, 6.3.7).
fn concerned(data: &EventData) -> Option<AccountId> {
    match data {
        EventData::SignInMethodChanged(data) => Some(data.account),
        EventData::SignInLocked(data) => Some(data.account),
        _ => None,
    }
}

fn reach(recipient: Recipient, audience: &Audience, severity: Severity, from: DateTime<Utc>) -> Vec<Plan> {
    let plan =
        |target, not_before, digest| Plan { target, not_before, digest, unless_read: false, rule: None };
    let of = |chosen: &dyn Fn(&Person) -> bool| {
        let mut plans = Vec::new();
        for person in audience.people.iter().filter(|person| chosen(person)) {
            plans.push(plan(Target::Inbox(person.account), from, false));
            let quiet = person.quiet_hours.as_ref().filter(|_| severity < Severity::Critical);
            let at = quiet.map_or(from, |quiet| quiet.end(from));
            match person.mail {
                MailPreference::Daily { zone, at: time } if severity < Severity::Critical => {
                    plans.push(plan(Target::Mail(person.account), next_daily(zone, time, from), true));
                }
                MailPreference::Each | MailPreference::Daily { .. } => {
                    plans.push(plan(Target::Mail(person.account), at, false));
                }
                MailPreference::Never => {}
            }
        }
        plans
    };
    match recipient {
        Recipient::Account(account) => of(&|person| person.account == account),
        Recipient::Role(role) => of(&|person| person.role == role),
        Recipient::Owners => of(&|person| person.owner),
        Recipient::Channel(channel) if audience.channels.contains(&channel) => {
            vec![plan(Target::Channel(channel), from, false)]
        }
        Recipient::Channel(_) => Vec::new(),
    }
}

/// One plan per target: the one that is sure to be sent, then the earliest.
fn add(plans: &mut BTreeMap<Target, Plan>, plan: Plan) {
    let order = |plan: &Plan| (plan.unless_read, plan.not_before);
    match plans.get(&plan.target) {
        Some(there) if order(there) <= order(&plan) => {}
        _ => drop(plans.insert(plan.target, plan)),
    }
}

#[cfg(test)]
mod tests;
