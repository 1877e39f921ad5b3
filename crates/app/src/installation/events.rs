//! What the dispatcher of `bursar-notify` asks, answered by the store.
//!
//! Neither of the two knows the other: here their words meet. `crates/store/tests/it/dispatching.rs` runs
//! this file against both databases and kills the process around it.

use bursar_domain::event::{Event, Plan, Target};
use bursar_domain::id::{AlertRuleId, WorkspaceId};
use bursar_notify::dispatch::{Claimed, Destination, Finished, Outbox};
use bursar_notify::rule::{AlertRule, Audience, Person, Preferences, Subscription};
use bursar_notify::webhook::WebhookSecret;
use bursar_store::{
    ChannelKind, DispatchClaim, DispatchResult, Paging, Store, StoreError, WebhookState, WorkspaceStore,
};
use chrono::{DateTime, Utc};
use secrecy::ExposeSecret;
use serde_json::json;
use std::collections::BTreeMap;

/// The outbox of an installation.
#[derive(Debug, Clone)]
pub struct StoreOutbox {
    store: Store,
}

impl StoreOutbox {
    /// The outbox of this store.
    #[must_use]
    pub const fn new(store: Store) -> Self {
        Self { store }
    }

    async fn people(store: &WorkspaceStore) -> Result<Vec<Person>, StoreError> {
        let mut preferences = BTreeMap::new();
        for (account, value) in store.notice_preferences().await? {
            match serde_json::from_value::<Preferences>(value) {
                Ok(wanted) => drop(preferences.insert(account, wanted)),
                // Of a newer program: the usual ones then, so that nobody misses anything.
                Err(_) => tracing::warn!(%account, "preferences for notices do not read"),
            }
        }
        let mut people = Vec::new();
        let mut after = None;
        loop {
            let page = store.members(Paging { after, ..Paging::default() }).await?;
            let Some(last) = page.last() else { return Ok(people) };
            after = Some(last.membership.account);
            people.extend(page.into_iter().map(|member| {
                let membership = member.membership;
                let wanted = preferences.get(&membership.account).copied().unwrap_or_default();
                Person {
                    account: membership.account,
                    role: membership.role,
                    owner: membership.owner,
                    mail: wanted.mail,
                    quiet_hours: wanted.quiet_hours,
                }
            }));
        }
    }
}

impl Outbox for StoreOutbox {
    type Error = StoreError;

    async fn due(&self, now: DateTime<Utc>) -> Result<Vec<WorkspaceId>, StoreError> {
        self.store.workspaces_with_events(now).await
    }

    async fn claim_events(
        &self,
        workspace: WorkspaceId,
        now: DateTime<Utc>,
    ) -> Result<Vec<Event>, StoreError> {
        self.store.event_store(workspace).await?.claim_events(now).await
    }

    async fn audience(&self, workspace: WorkspaceId) -> Result<Audience, StoreError> {
        let store = self.store.event_store(workspace).await?;
        let webhooks =
            store.webhooks().await?.into_iter().filter(|webhook| webhook.state != WebhookState::Off);
        let webhooks =
            webhooks.map(|webhook| Subscription { webhook: webhook.id, types: webhook.types }).collect();
        let mut rules = Vec::new();
        for row in store.alert_rules().await?.into_iter().filter(|row| row.enabled) {
            match serde_json::from_value::<AlertRule>(row.rule) {
                Ok(rule) => rules.push((row.id, rule)),
                Err(_) => tracing::warn!(rule = %row.id, "an alert rule does not read and is not followed"),
            }
        }
        let channels = store.channels().await?.into_iter().map(|channel| channel.id).collect();
        Ok(Audience { webhooks, rules, people: Self::people(&store).await?, channels })
    }

    async fn last_notices(&self, event: &Event) -> Result<BTreeMap<AlertRuleId, DateTime<Utc>>, StoreError> {
        self.store.event_store(event.workspace).await?.last_notices(event).await
    }

    async fn expand(&self, event: &Event, plans: &[Plan], now: DateTime<Utc>) -> Result<(), StoreError> {
        self.store.event_store(event.workspace).await?.expand_event(event, plans, now).await
    }

    async fn claim(
        &self,
        workspace: WorkspaceId,
        now: DateTime<Utc>,
        limit: u64,
    ) -> Result<Vec<Claimed>, StoreError> {
        let claimed = self.store.event_store(workspace).await?.claim_dispatches(now, limit).await?;
        let claimed = claimed.into_iter().map(|found| Claimed {
            id: found.claim.id,
            lease: found.claim.lease,
            attempt: found.claim.attempt,
            target: found.claim.target,
            event: found.event,
            destination: destination(found.destination),
            digest: found.digest,
        });
        Ok(claimed.collect())
    }

    async fn finish(
        &self,
        claimed: &Claimed,
        finished: &Finished,
        now: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        let claim = DispatchClaim {
            id: claimed.id,
            lease: claimed.lease,
            attempt: claimed.attempt,
            event: claimed.event.id,
            target: claimed.target,
        };
        let inbox = finished.inbox.as_ref().map(|notice| {
            json!({
                "type": claimed.event.data.kind(),
                "severity": notice.severity,
                "title": notice.title,
                "summary": notice.summary,
                "facts": notice.facts,
                "at": notice.at,
                "link": notice.link.as_ref().map(ToString::to_string),
            })
        });
        let result = DispatchResult {
            next: finished.next.clone(),
            log: finished.log.clone(),
            health: finished.health,
            pause: finished.pause.clone(),
            inbox: inbox.filter(|_| matches!(claimed.target, Target::Inbox(_))),
        };
        let store = self.store.event_store(claimed.event.workspace).await?;
        store.finish_dispatch(&claim, &result, now).await
    }

    async fn settle(&self, workspace: WorkspaceId, now: DateTime<Utc>) -> Result<(), StoreError> {
        self.store.event_store(workspace).await?.settle_events(now).await
    }
}

fn destination(found: bursar_store::Destination) -> Destination {
    match found {
        bursar_store::Destination::Webhook { url, secrets, health } => {
            // One that does not read does not sign; without any, the delivery says so.
            let secrets = secrets.iter().filter_map(|text| WebhookSecret::parse(text).ok()).collect();
            Destination::Webhook { url, secrets, health }
        }
        bursar_store::Destination::Channel { kind: ChannelKind::Slack, address } => {
            Destination::Slack(address)
        }
        bursar_store::Destination::Channel { kind: ChannelKind::Teams, address } => {
            Destination::Teams(address)
        }
        bursar_store::Destination::Channel { kind: ChannelKind::Mail, address } => {
            match address.expose_secret().parse() {
                Ok(address) => Destination::Mail(address),
                Err(_) => Destination::Gone("the channel's address is none that mail can be sent to".into()),
            }
        }
        bursar_store::Destination::Mail(address) => Destination::Mail(address),
        bursar_store::Destination::Inbox => Destination::Inbox,
        bursar_store::Destination::Gone(why) => Destination::Gone(why.to_owned()),
    }
}
