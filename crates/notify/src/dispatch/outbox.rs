//! What the dispatcher needs of whoever keeps events and deliveries.

use crate::notice::Notice;
use crate::rule::Audience;
use crate::webhook::WebhookSecret;
use bursar_domain::EmailAddress;
use bursar_domain::event::{AttemptLog, Event, Health, Next, Plan, Target};
use bursar_domain::id::{AlertRuleId, DispatchId, WorkspaceId};
use chrono::{DateTime, Utc};
use secrecy::SecretString;
use std::collections::BTreeMap;
use std::future::Future;

/// Where a delivery goes, with what is needed to make it.
#[derive(Debug, Clone)]
pub enum Destination {
    /// A webhook.
    Webhook {
        /// Its URL.
        url: SecretString,
        /// The current secret, and while it is being rotated the one before.
        secrets: Vec<WebhookSecret>,
        /// How it did lately.
        health: Health,
    },
    /// An incoming webhook of Slack's; whoever has the URL may write.
    Slack(SecretString),
    /// The webhook of a workflow in Teams.
    Teams(SecretString),
    /// Mail.
    Mail(EmailAddress),
    /// The inbox in the program.
    Inbox,
    /// It is not there any more, or may get nothing; why.
    Gone(String),
}

/// A delivery that this dispatcher holds until its lease ends.
#[derive(Debug, Clone)]
pub struct Claimed {
    /// Which.
    pub id: DispatchId,
    /// What tells this claim from a later one: whoever finishes with another changes nothing.
    pub lease: u128,
    /// The number of the attempt that is to be made, from 1.
    pub attempt: u32,
    /// The event.
    pub event: Event,
    /// Where to.
    pub target: Target,
    /// The same with all it takes.
    pub destination: Destination,
    /// Whether it goes together with others of the same target.
    pub digest: bool,
}

/// How an attempt ended, and what follows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finished {
    /// What follows.
    pub next: Next,
    /// For the log.
    pub log: AttemptLog,
    /// The webhook's health from now on.
    pub health: Option<Health>,
    /// Why the webhook is paused, if it is: nothing succeeded for days.
    pub pause: Option<String>,
    /// What goes into the inbox.
    pub inbox: Option<Notice>,
}

/// Keeps events and deliveries. Everything a method changes, it changes in one transaction.
pub trait Outbox: Send + Sync {
    /// Why it could not.
    type Error: std::error::Error + Send + Sync + 'static;

    /// Workspaces with something to do now.
    fn due(&self, now: DateTime<Utc>) -> impl Future<Output = Result<Vec<WorkspaceId>, Self::Error>> + Send;

    /// The oldest events that were not expanded yet, in their order. While this claim lasts nobody else gets
    /// events of the workspace.
    fn claim_events(
        &self,
        workspace: WorkspaceId,
        now: DateTime<Utc>,
    ) -> impl Future<Output = Result<Vec<Event>, Self::Error>> + Send;

    /// Everybody who may be told.
    fn audience(&self, workspace: WorkspaceId) -> impl Future<Output = Result<Audience, Self::Error>> + Send;

    /// When each rule last made a notice for the type and subject of the event.
    fn last_notices(
        &self,
        event: &Event,
    ) -> impl Future<Output = Result<BTreeMap<AlertRuleId, DateTime<Utc>>, Self::Error>> + Send;

    /// Makes a delivery of each plan, unless there is one for the event and target, and notes that the event
    /// is expanded.
    fn expand(
        &self,
        event: &Event,
        plans: &[Plan],
        now: DateTime<Utc>,
    ) -> impl Future<Output = Result<(), Self::Error>> + Send;

    /// Deliveries that are due, at most `limit`. Of one subject and target only the first that is not finished.
    fn claim(
        &self,
        workspace: WorkspaceId,
        now: DateTime<Utc>,
        limit: u64,
    ) -> impl Future<Output = Result<Vec<Claimed>, Self::Error>> + Send;

    /// Notes how an attempt ended. A claim that was lost meanwhile changes nothing.
    fn finish(
        &self,
        claimed: &Claimed,
        finished: &Finished,
        now: DateTime<Utc>,
    ) -> impl Future<Output = Result<(), Self::Error>> + Send;

    /// Notes when there is something to do next in the workspace.
    fn settle(
        &self,
        workspace: WorkspaceId,
        now: DateTime<Utc>,
    ) -> impl Future<Output = Result<(), Self::Error>> + Send;
}
