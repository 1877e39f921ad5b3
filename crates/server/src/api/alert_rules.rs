//! `/api/v1/alert-rules`: which events become notices, for whom, where and when.
//!
//! Channels belong to the rules that name them: one is made when a rule first gives its address, and goes
//! with the last rule. Its URL is a secret, and is answered by nobody: afterwards `https://HOST/#chn_…` stands for it.

use super::body::{self, Done};
use super::forecast::unfit;
use super::giving;
use super::sql::CsrfValue;
use super::webhooks::{receiver, types};
use crate::parameters::Parameters;
use crate::problem::{CommonProblems, PostProblems, Problem};
use crate::seen::Seen;
use crate::state::App;
use axum::Json;
use axum::extract::rejection::JsonRejection;
use axum::extract::{Path, State};
use bursar_domain::event::Severity;
use bursar_domain::id::{AccountId, AlertRuleId, ChannelId};
use bursar_domain::{Amount, EmailAddress, RoleName};
use bursar_notify::quiet::QuietHours;
use bursar_notify::rule::{AlertRule, Escalation, Filter, Recipient};
use bursar_store::{Account, AlertRuleRow, Channel, ChannelKind, NewAlertRule, NewChannel, StoreError};
use chrono::NaiveTime;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeSet, HashMap};
use utoipa::ToSchema;

/// Longest name of a rule, in characters.
const MAX_NAME: usize = 100;
/// The most minutes between two notices, or before somebody else is told: a month.
const MAX_MINUTES: u32 = 43_200;

/// The alert rules of the workspace.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct AlertRules {
    /// The rules, in the order they were added.
    items: Vec<AlertRuleView>,
}

/// An alert rule.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct AlertRuleView {
    /// Its id.
    id: String,
    /// What people call it.
    name: String,
    /// Whether it is followed.
    enabled: bool,
    /// Events of these types; all when there is none.
    types: Vec<String>,
    /// Of at least this severity.
    least_severity: SeverityId,
    /// Of which all hold.
    filters: Vec<FilterBody>,
    /// Who is told.
    channels: Vec<ChannelView>,
    /// When nothing but what is critical is sent.
    #[schema(required)]
    quiet: Option<QuietBody>,
    /// For so many minutes after a notice, events of the same type and subject make none.
    once_per_minutes: u32,
    /// Who is told in addition when nobody has read the notice.
    #[schema(required)]
    escalation: Option<EscalationView>,
}

/// How much something asks for attention.
#[derive(Debug, Clone, Copy, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub(crate) enum SeverityId {
    /// Good to know.
    Info,
    /// Somebody should look.
    Warning,
    /// Somebody should look now.
    Critical,
}

/// A condition on a field of an event's data.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct FilterBody {
    /// The field; an event without it does not pass.
    #[schema(max_length = 100, example = "currency")]
    field: String,
    /// One of these texts.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schema(required = false, max_items = 100)]
    any_of: Vec<String>,
    /// At least this number or amount, as a decimal.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(required = false, nullable = false, example = "1000")]
    at_least: Option<String>,
}

/// Hours in which nothing but what is critical is sent.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct QuietBody {
    /// From this time of the day …
    #[schema(example = "22:00")]
    from: String,
    /// … to this, on the next day when it is earlier.
    #[schema(example = "07:00")]
    until: String,
    /// By the clock there.
    #[schema(example = "Europe/Berlin")]
    zone: String,
    /// Saturdays and Sundays as well, all day.
    #[serde(default)]
    #[schema(required = false)]
    weekends: bool,
}

/// How somebody is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum ChannelKindId {
    /// A mailbox.
    Email,
    /// Members: in the inbox of the program, and by mail as each of them chose.
    InApp,
    /// An incoming webhook of Slack's.
    Slack,
    /// The webhook of a workflow in Microsoft Teams.
    Teams,
}

/// Who is told, and how.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ChannelBody {
    /// How.
    kind: ChannelKindId,
    /// For `email` an address; for `in-app` `owners`, a role, or a member's address or account; for `slack` and
    /// `teams` a URL, or what was answered for one that was given before.
    #[schema(max_length = 2048, example = "owners")]
    to: String,
}

/// Who is told, and how.
#[derive(Debug, Serialize, ToSchema)]
struct ChannelView {
    /// How.
    kind: ChannelKindId,
    /// As it is given; for `slack` and `teams` only the host and an id, because the URL is a secret.
    to: String,
    /// In words.
    name: String,
}

/// Who is told in addition when nobody has read the notice.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct EscalationBody {
    /// After so many minutes.
    #[schema(minimum = 1, maximum = 43200)]
    after_minutes: u32,
    /// Who.
    #[schema(min_items = 1, max_items = 100)]
    channels: Vec<ChannelBody>,
}

/// Who is told in addition when nobody has read the notice.
#[derive(Debug, Serialize, ToSchema)]
struct EscalationView {
    /// After so many minutes.
    after_minutes: u32,
    /// Who.
    channels: Vec<ChannelView>,
}

/// An alert rule to be added, or what one is changed to.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct AlertRuleRequest {
    /// What people call it.
    #[schema(min_length = 1, max_length = 100, example = "Budgets")]
    name: String,
    /// Whether it is followed; it is when left out.
    #[serde(default = "yes")]
    #[schema(required = false)]
    enabled: bool,
    /// Events of these types; all when there is none.
    #[serde(default)]
    #[schema(required = false, max_items = 100)]
    types: Vec<String>,
    /// Of at least this severity.
    least_severity: SeverityId,
    /// Of which all hold.
    #[serde(default)]
    #[schema(required = false, max_items = 100)]
    filters: Vec<FilterBody>,
    /// Who is told.
    #[schema(min_items = 1, max_items = 100)]
    channels: Vec<ChannelBody>,
    /// When nothing but what is critical is sent.
    #[serde(default)]
    #[schema(required = false)]
    quiet: Option<QuietBody>,
    /// For so many minutes after a notice, events of the same type and subject make none.
    #[serde(default)]
    #[schema(required = false, maximum = 43200)]
    once_per_minutes: u32,
    /// Who is told in addition when nobody has read the notice.
    #[serde(default)]
    #[schema(required = false)]
    escalation: Option<EscalationBody>,
}

const fn yes() -> bool {
    true
}

/// The alert rules of the workspace.
#[utoipa::path(get, path = "/api/v1/alert-rules", tag = "administration", operation_id = "alert_rules",
    responses((status = 200, body = AlertRules, description = "The rules"), CommonProblems))]
pub(crate) async fn alert_rules(seen: Seen, parameters: Parameters) -> Result<Json<AlertRules>, Problem> {
    parameters.finish()?;
    let known = Known::of(&seen).await?;
    let rows = seen.entered.store().alert_rules().await?;
    Ok(Json(AlertRules { items: rows.into_iter().filter_map(|row| known.view(row)).collect() }))
}

/// Adds an alert rule.
#[utoipa::path(post, path = "/api/v1/alert-rules", tag = "administration", operation_id = "create_alert_rule", request_body = AlertRuleRequest,
    params(("X-Bursar-CSRF" = inline(CsrfValue), Header, description = "Proof that the request was made on purpose")),
    responses((status = 200, body = AlertRuleView, description = "The rule"),
        (status = 409, body = Problem, content_type = "application/problem+json", description = "It makes no sense, or there are too many rules"), PostProblems))]
pub(crate) async fn create(
    State(app): State<App>,
    seen: Seen,
    parameters: Parameters,
    given: Result<Json<AlertRuleRequest>, JsonRejection>,
) -> Result<Json<AlertRuleView>, Problem> {
    parameters.finish()?;
    let given = body::read(given)?;
    giving::sees_everything(&seen, "alert-rule.add").await?;
    let mut known = Known::of(&seen).await?;
    let new = known.rule(&app, &seen, given).await?;
    let added = seen.entered.store().add_alert_rule(seen.actor(), new).await;
    if added.is_err() {
        known.tidy(&seen).await?;
    }
    let id = added?;
    one(&seen, id).await
}

/// Changes an alert rule.
#[utoipa::path(put, path = "/api/v1/alert-rules/{id}", tag = "administration", operation_id = "change_alert_rule", request_body = AlertRuleRequest,
    params(("id" = String, Path, description = "The rule's id", example = "alr_00000000000000000000000000000000"),
        ("X-Bursar-CSRF" = inline(CsrfValue), Header, description = "Proof that the request was made on purpose")),
    responses((status = 200, body = AlertRuleView, description = "The rule as it is now"),
        (status = 409, body = Problem, content_type = "application/problem+json", description = "It makes no sense"), PostProblems))]
pub(crate) async fn change(
    State(app): State<App>,
    seen: Seen,
    Path(id): Path<String>,
    parameters: Parameters,
    given: Result<Json<AlertRuleRequest>, JsonRejection>,
) -> Result<Json<AlertRuleView>, Problem> {
    parameters.finish()?;
    let given = body::read(given)?;
    let id: AlertRuleId = body::id(&id, "alert rule")?;
    giving::sees_everything(&seen, "alert-rule.change").await?;
    let mut known = Known::of(&seen).await?;
    known.was(&row(&seen, id).await?);
    let new = known.rule(&app, &seen, given).await?;
    let changed = seen.entered.store().change_alert_rule(seen.actor(), id, new).await;
    known.tidy(&seen).await?;
    changed?;
    one(&seen, id).await
}

/// Removes an alert rule. Notices that are on their way arrive.
#[utoipa::path(delete, path = "/api/v1/alert-rules/{id}", tag = "administration", operation_id = "remove_alert_rule",
    params(("id" = String, Path, description = "The rule's id", example = "alr_00000000000000000000000000000000"),
        ("X-Bursar-CSRF" = inline(CsrfValue), Header, description = "Proof that the request was made on purpose")),
    responses((status = 200, body = Done, description = "It is no more"), PostProblems))]
pub(crate) async fn remove(
    seen: Seen,
    Path(id): Path<String>,
    parameters: Parameters,
) -> Result<Json<Done>, Problem> {
    parameters.finish()?;
    let id: AlertRuleId = body::id(&id, "alert rule")?;
    let mut known = Known::of(&seen).await?;
    known.was(&row(&seen, id).await?);
    seen.entered.store().remove_alert_rule(seen.actor(), id).await?;
    known.tidy(&seen).await?;
    Ok(body::done())
}

async fn row(seen: &Seen, id: AlertRuleId) -> Result<AlertRuleRow, StoreError> {
    let rows = seen.entered.store().alert_rules().await?;
    rows.into_iter().find(|row| row.id == id).ok_or(StoreError::NotFound("alert rule"))
}

async fn one(seen: &Seen, id: AlertRuleId) -> Result<Json<AlertRuleView>, Problem> {
    let known = Known::of(seen).await?;
    known.view(row(seen, id).await?).map(Json).ok_or_else(Problem::internal)
}

/// Whom and what rules can name.
struct Known {
    accounts: HashMap<AccountId, Account>,
    roles: HashMap<String, String>,
    channels: Vec<Channel>,
    /// Channels that may be nobody's any more.
    loose: BTreeSet<ChannelId>,
}

impl Known {
    async fn of(seen: &Seen) -> Result<Self, StoreError> {
        let store = seen.entered.store();
        let roles = store.roles().await?.into_iter().map(|role| (role.id.to_string(), role.name));
        Ok(Self {
            accounts: giving::accounts(seen).await?,
            roles: roles.collect(),
            channels: store.channels().await?,
            loose: BTreeSet::new(),
        })
    }

    /// Notes the channels that the rule had.
    fn was(&mut self, row: &AlertRuleRow) {
        self.loose.extend(channels_of(row));
    }

    /// Removes noted channels that no rule names.
    async fn tidy(&self, seen: &Seen) -> Result<(), StoreError> {
        let store = seen.entered.store();
        let named: BTreeSet<ChannelId> = store.alert_rules().await?.iter().flat_map(channels_of).collect();
        for channel in self.loose.difference(&named) {
            match store.remove_channel(seen.actor(), *channel).await {
                Ok(()) | Err(StoreError::NotFound(_)) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    /// The rule that is asked for. Channels are made last, when everything else is right.
    async fn rule(
        &mut self,
        app: &App,
        seen: &Seen,
        given: AlertRuleRequest,
    ) -> Result<NewAlertRule, Problem> {
        let name = given.name.trim().to_owned();
        if name.is_empty()
            || name.chars().count() > MAX_NAME
            || name.len() > 200
            || name.chars().any(char::is_control)
        {
            return Err(Problem::bad_request(format!("`name` needs 1 to {MAX_NAME} characters")));
        }
        let escalated = given.escalation.iter().map(|escalation| escalation.after_minutes);
        if escalated.chain([given.once_per_minutes]).any(|minutes| minutes > MAX_MINUTES) {
            return Err(unfit(format!("minutes are at most {MAX_MINUTES}, a month")));
        }
        let mut rule = AlertRule {
            types: types(Some(given.types).filter(|types| !types.is_empty()))?,
            severity: match given.least_severity {
                SeverityId::Info => Severity::Info,
                SeverityId::Warning => Severity::Warning,
                SeverityId::Critical => Severity::Critical,
            },
            filters: given.filters.into_iter().map(filter).collect::<Result<_, _>>()?,
            recipients: Vec::new(),
            quiet_hours: given.quiet.map(quiet).transpose()?,
            once_per_minutes: given.once_per_minutes,
            escalation: None,
        };
        let (after, further) = match given.escalation {
            Some(escalation) => (Some(escalation.after_minutes), escalation.channels),
            None => (None, Vec::new()),
        };
        for channel in given.channels.iter().chain(&further) {
            self.check(app, channel)?;
        }
        // What is wrong with the rest is told before anything is made: anybody stands for the recipients.
        let anybody = |channels: &[ChannelBody]| vec![Recipient::Owners; channels.len()];
        rule.recipients = anybody(&given.channels);
        rule.escalation =
            after.map(|after_minutes| Escalation { after_minutes, recipients: anybody(&further) });
        rule.check().map_err(|error| unfit(error.to_string()))?;
        rule.recipients = self.recipients(seen, &given.channels).await?;
        if let Some(escalation) = &mut rule.escalation {
            escalation.recipients = self.recipients(seen, &further).await?;
        }
        let rule = serde_json::to_value(rule).map_err(|error| {
            tracing::error!(%error, "an alert rule cannot be written");
            Problem::internal()
        })?;
        Ok(NewAlertRule { name, rule, enabled: given.enabled })
    }

    /// That a channel leads to somebody.
    fn check(&self, app: &App, channel: &ChannelBody) -> Result<(), Problem> {
        let to = channel.to.trim();
        match channel.kind {
            ChannelKindId::InApp => self.people(to).map(drop),
            ChannelKindId::Email => {
                let address = to.parse::<EmailAddress>().ok().filter(|_| to.len() <= 200);
                address
                    .map(drop)
                    .ok_or_else(|| unfit("`to` of an `email` is an address such as fin@example.com"))
            }
            kind @ (ChannelKindId::Slack | ChannelKindId::Teams) => match given_before(to) {
                Some(id) if self.channel(id).is_some_and(|found| kind_of(found.kind) == kind) => Ok(()),
                Some(_) => Err(unfit("there is no such channel any more: give its URL")),
                None => receiver(app, to),
            },
        }
    }

    fn people(&self, to: &str) -> Result<Recipient, Problem> {
        let member = |account: &AccountId| self.accounts.contains_key(account);
        if to == "owners" {
            return Ok(Recipient::Owners);
        }
        if let Some(account) = to.parse::<AccountId>().ok().filter(member) {
            return Ok(Recipient::Account(account));
        }
        if let Some((id, _)) = self.accounts.iter().find(|(_, account)| account.email.as_str() == to) {
            return Ok(Recipient::Account(*id));
        }
        let role = to.parse::<RoleName>().ok().filter(|role| match role {
            RoleName::BuiltIn(_) => true,
            RoleName::Custom(id) => self.roles.contains_key(&id.to_string()),
        });
        role.map(Recipient::Role).ok_or_else(|| {
            unfit("`to` of an `in-app` is `owners`, a role, or the address or account of a member")
        })
    }

    fn channel(&self, id: ChannelId) -> Option<&Channel> {
        self.channels.iter().find(|channel| channel.id == id)
    }

    /// Recipients of channels that were checked; makes those that are new.
    async fn recipients(&mut self, seen: &Seen, given: &[ChannelBody]) -> Result<Vec<Recipient>, Problem> {
        let mut recipients = Vec::new();
        for channel in given {
            let to = channel.to.trim();
            let kind = match channel.kind {
                ChannelKindId::InApp => {
                    recipients.push(self.people(to)?);
                    continue;
                }
                ChannelKindId::Email => ChannelKind::Mail,
                ChannelKindId::Slack => ChannelKind::Slack,
                ChannelKindId::Teams => ChannelKind::Teams,
            };
            let there = match kind {
                ChannelKind::Mail => self.channels.iter().find(|one| one.kind == kind && one.name == to),
                ChannelKind::Slack | ChannelKind::Teams => given_before(to).and_then(|id| self.channel(id)),
            };
            let id = match there {
                Some(there) => there.id,
                None => {
                    let name = match kind {
                        ChannelKind::Mail => to.to_owned(),
                        // The rest of the URL is a secret.
                        ChannelKind::Slack | ChannelKind::Teams => host(to),
                    };
                    let new = NewChannel { kind, name: name.clone(), address: to.to_owned().into() };
                    let id = seen.entered.store().add_channel(seen.actor(), new).await?;
                    self.channels.push(Channel { id, kind, name });
                    self.loose.insert(id);
                    id
                }
            };
            recipients.push(Recipient::Channel(id));
        }
        Ok(recipients)
    }

    /// A rule as it is answered; nothing for one of a newer program.
    fn view(&self, row: AlertRuleRow) -> Option<AlertRuleView> {
        let rule = serde_json::from_value::<AlertRule>(row.rule);
        let rule = rule.map_err(|_| tracing::warn!(rule = %row.id, "an alert rule does not read")).ok()?;
        let types: Vec<String> = rule.types.iter().map(ToString::to_string).collect();
        let channels = |recipients: &[Recipient]| recipients.iter().map(|one| self.shown(*one)).collect();
        Some(AlertRuleView {
            id: row.id.to_string(),
            name: row.name,
            enabled: row.enabled,
            types,
            least_severity: match rule.severity {
                Severity::Info => SeverityId::Info,
                Severity::Warning => SeverityId::Warning,
                Severity::Critical => SeverityId::Critical,
            },
            filters: rule.filters.into_iter().map(filter_view).collect(),
            channels: channels(&rule.recipients),
            quiet: rule.quiet_hours.map(quiet_view),
            once_per_minutes: rule.once_per_minutes,
            escalation: rule.escalation.map(|escalation| EscalationView {
                after_minutes: escalation.after_minutes,
                channels: channels(&escalation.recipients),
            }),
        })
    }

    fn shown(&self, recipient: Recipient) -> ChannelView {
        let people = |to: String, name: String| ChannelView { kind: ChannelKindId::InApp, to, name };
        match recipient {
            Recipient::Owners => people("owners".into(), "Owners".into()),
            Recipient::Role(role @ RoleName::BuiltIn(built_in)) => {
                people(role.to_string(), giving::role_title(built_in).to_owned())
            }
            Recipient::Role(role @ RoleName::Custom(_)) => {
                let name = self.roles.get(&role.to_string()).cloned();
                people(role.to_string(), name.unwrap_or_else(|| "a role that is no more".to_owned()))
            }
            Recipient::Account(id) => match self.accounts.get(&id) {
                Some(account) => people(account.email.to_string(), account.display_name.clone()),
                None => people(id.to_string(), "somebody who is no member any more".to_owned()),
            },
            Recipient::Channel(id) => match self.channel(id) {
                Some(channel) => {
                    let to = match channel.kind {
                        ChannelKind::Mail => channel.name.clone(),
                        ChannelKind::Slack | ChannelKind::Teams => format!("https://{}/#{id}", channel.name),
                    };
                    ChannelView { kind: kind_of(channel.kind), to, name: channel.name.clone() }
                }
                None => ChannelView {
                    kind: ChannelKindId::Slack,
                    to: id.to_string(),
                    name: "a channel that is no more".to_owned(),
                },
            },
        }
    }
}

fn channels_of(row: &AlertRuleRow) -> Vec<ChannelId> {
    let Ok(rule) = serde_json::from_value::<AlertRule>(row.rule.clone()) else { return Vec::new() };
    let further = rule.escalation.into_iter().flat_map(|escalation| escalation.recipients);
    let channel = |recipient| match recipient {
        Recipient::Channel(id) => Some(id),
        Recipient::Account(_) | Recipient::Role(_) | Recipient::Owners => None,
    };
    rule.recipients.into_iter().chain(further).filter_map(channel).collect()
}

const fn kind_of(kind: ChannelKind) -> ChannelKindId {
    match kind {
        ChannelKind::Slack => ChannelKindId::Slack,
        ChannelKind::Teams => ChannelKindId::Teams,
        ChannelKind::Mail => ChannelKindId::Email,
    }
}

/// The channel that a text stands for which was answered in place of a URL.
fn given_before(to: &str) -> Option<ChannelId> {
    to.rsplit_once("/#").and_then(|(_, id)| id.parse().ok())
}

fn host(url: &str) -> String {
    let host = url::Url::parse(url).ok().and_then(|url| url.host_str().map(str::to_owned));
    host.unwrap_or_default().chars().take(150).collect()
}

fn filter(given: FilterBody) -> Result<Filter, Problem> {
    let at_least = given.at_least.map(|text| {
        let amount = text.parse::<Amount>();
        amount.map_err(|_| unfit("`at_least` of a filter is a decimal such as 1000 or 0.5"))
    });
    Ok(Filter { field: given.field, any_of: given.any_of, at_least: at_least.transpose()? })
}

fn filter_view(filter: Filter) -> FilterBody {
    let at_least = filter.at_least.map(|amount| amount.to_string());
    FilterBody { field: filter.field, any_of: filter.any_of, at_least }
}

/// Quiet hours from texts.
pub(super) fn quiet(given: QuietBody) -> Result<QuietHours, Problem> {
    Ok(QuietHours {
        zone: given
            .zone
            .parse()
            .map_err(|error: bursar_notify::quiet::ZoneError| unfit(error.to_string()))?,
        from: time(&given.from)?,
        until: time(&given.until)?,
        weekends: given.weekends,
    })
}

/// Quiet hours as texts.
pub(super) fn quiet_view(quiet: QuietHours) -> QuietBody {
    QuietBody {
        from: quiet.from.format("%H:%M").to_string(),
        until: quiet.until.format("%H:%M").to_string(),
        zone: quiet.zone.to_string(),
        weekends: quiet.weekends,
    }
}

/// A time of the day.
pub(super) fn time(text: &str) -> Result<NaiveTime, Problem> {
    let time = NaiveTime::parse_from_str(text, "%H:%M");
    time.map_err(|_| unfit("a time of the day is written as 22:00"))
}
