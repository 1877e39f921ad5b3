//! The dispatcher: from events to deliveries, from deliveries to attempts.
//!
//! An event is expanded once into deliveries, one per target; each delivery is claimed, tried and finished
//! until it is taken or dead. Whoever is killed between a request and its note has delivered and not noted
//! it: the delivery is made again when the lease ends, with the same id. So each is made at least once, and
//! a receiver that keeps ids does each thing once.
//!
//! Order: of one subject and target only the first unfinished delivery is ever handed out.

mod outbox;

pub use outbox::{Claimed, Destination, Finished, Outbox};

use crate::http::Sender;
use crate::mail::{MailContent, Mailer};
use crate::notice::Notice;
use crate::rule::plan;
use crate::webhook::{Attempt, Delivery, Outcome, Schedule};
use crate::{slack_message, teams_message};
use bursar_domain::event::{AttemptLog, Health, Next, Target, Verdict};
use bursar_domain::id::{AccountId, WorkspaceId};
use bursar_domain::{Clock, EmailAddress, Randomness};
use chrono::{DateTime, Utc};
use futures::future::join_all;
use futures::stream::{self, StreamExt as _};
use secrecy::{ExposeSecret, SecretString};
use serde_json::Value;
use std::collections::BTreeMap;
use std::sync::Arc;
use url::Url;

/// Deliveries that are made at once.
const AT_ONCE: u64 = 32;
/// Workspaces that are looked after at once: a slow receiver of one does not hold up the others.
const WORKSPACES_AT_ONCE: usize = 16;
/// Rounds in one workspace before the next has its turn.
const ROUNDS: u32 = 16;

/// What makes deliveries.
pub struct Dispatcher {
    /// The client for addresses that users gave.
    pub sender: Sender,
    /// The way out for mail, if one is configured.
    pub mailer: Option<Mailer>,
    /// When failed deliveries are tried again.
    pub schedule: Schedule,
    /// The address under which people reach the program.
    pub public_url: Option<Url>,
    /// Time.
    pub clock: Arc<dyn Clock>,
    /// For the spread of retries.
    pub random: Arc<dyn Randomness>,
}

/// What one run did.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Report {
    /// Events that were expanded.
    pub events: u64,
    /// Deliveries that were taken.
    pub delivered: u64,
    /// Attempts that failed and are made again.
    pub retried: u64,
    /// Deliveries that went to the dead letters.
    pub dead: u64,
    /// Workspaces in which something else went wrong; the next run tries again.
    pub failed_workspaces: u64,
}

impl Report {
    fn add(&mut self, other: &Self) {
        self.events += other.events;
        self.delivered += other.delivered;
        self.retried += other.retried;
        self.dead += other.dead;
        self.failed_workspaces += other.failed_workspaces;
    }
}

/// An attempt as it was made.
struct Made {
    outcome: Outcome,
    request: String,
    response: String,
}

impl Made {
    fn refused(why: impl Into<String>) -> Self {
        Self { outcome: Outcome::Refused(why.into()), request: String::new(), response: String::new() }
    }

    fn done() -> Self {
        let outcome = Outcome::Answered { status: 200, retry_after: None };
        Self { outcome, request: String::new(), response: String::new() }
    }
}

impl Dispatcher {
    /// Does what is due now, in every workspace.
    ///
    /// # Errors
    /// When not even the list of workspaces is to be had. What goes wrong in one workspace is logged and counted,
    /// and keeps nobody else waiting.
    pub async fn dispatch_once<O: Outbox>(&self, outbox: &O) -> Result<Report, O::Error> {
        let due = outbox.due(self.clock.now()).await?;
        let runs: Vec<_> = due.into_iter().map(|workspace| self.reported(outbox, workspace)).collect();
        let mut runs = stream::iter(runs).buffer_unordered(WORKSPACES_AT_ONCE);
        let mut report = Report::default();
        while let Some(run) = runs.next().await {
            report.add(&run);
        }
        Ok(report)
    }

    async fn reported<O: Outbox>(&self, outbox: &O, workspace: WorkspaceId) -> Report {
        let mut report = Report::default();
        if let Err(error) = self.workspace(outbox, workspace, &mut report).await {
            report.failed_workspaces += 1;
            tracing::warn!(%workspace, error = &error as &dyn std::error::Error, "events were not dispatched");
        }
        report
    }

    async fn workspace<O: Outbox>(
        &self,
        outbox: &O,
        workspace: WorkspaceId,
        report: &mut Report,
    ) -> Result<(), O::Error> {
        for _ in 0..ROUNDS {
            let expanded = self.expand(outbox, workspace, report).await?;
            let claimed = outbox.claim(workspace, self.clock.now(), AT_ONCE).await?;
            if claimed.is_empty() && expanded == 0 {
                break;
            }
            let attempts = batches(claimed).into_iter().map(|batch| self.attempt(batch));
            for (claimed, finished) in join_all(attempts).await.into_iter().flatten() {
                match &finished.next {
                    Next::Delivered => report.delivered += 1,
                    Next::Retry { .. } => report.retried += 1,
                    Next::Dead { .. } | Next::SwitchOff { .. } => report.dead += 1,
                }
                outbox.finish(&claimed, &finished, self.clock.now()).await?;
            }
        }
        outbox.settle(workspace, self.clock.now()).await
    }

    async fn expand<O: Outbox>(
        &self,
        outbox: &O,
        workspace: WorkspaceId,
        report: &mut Report,
    ) -> Result<usize, O::Error> {
        let events = outbox.claim_events(workspace, self.clock.now()).await?;
        if events.is_empty() {
            return Ok(0);
        }
        let audience = outbox.audience(workspace).await?;
        for event in &events {
            let last = outbox.last_notices(event).await?;
            let now = self.clock.now();
            let plans = plan(event, &audience, |rule| last.get(&rule).copied(), now);
            outbox.expand(event, &plans, now).await?;
            report.events += 1;
        }
        Ok(events.len())
    }

    /// Makes one attempt; for a digest, one for all of it.
    async fn attempt(&self, batch: Vec<Claimed>) -> Vec<(Claimed, Finished)> {
        let started = std::time::Instant::now();
        let made = match batch.as_slice() {
            [] => return Vec::new(),
            [first, ..] => self.make(first, &batch).await,
        };
        let took_ms = u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX);
        batch.into_iter().map(|claimed| self.finished(claimed, &made, took_ms)).collect()
    }

    async fn make(&self, first: &Claimed, batch: &[Claimed]) -> Made {
        let notice = || Notice::of(&first.event, self.public_url.as_ref());
        match &first.destination {
            Destination::Gone(why) => Made::refused(why.clone()),
            Destination::Inbox => Made::done(),
            Destination::Webhook { url, secrets, .. } => {
                let (url, now) = (self.url(url), self.clock.now());
                let delivery = Delivery::sign(&first.event, &secrets.iter().collect::<Vec<_>>(), now);
                match (url, delivery) {
                    (Ok(url), Ok(delivery)) => {
                        let (outcome, response) = delivery.send(&self.sender, &url, now).await;
                        Made { outcome, request: delivery.shown(), response }
                    }
                    (Err(why), _) => Made::refused(why),
                    (_, Err(error)) => Made::refused(error.to_string()),
                }
            }
            Destination::Slack(url) => self.channel(url, &slack_message(&notice())).await,
            Destination::Teams(url) => self.channel(url, &teams_message(&notice())).await,
            Destination::Mail(to) => self.mail(to, first, batch).await,
        }
    }

    fn url(&self, url: &SecretString) -> Result<Url, String> {
        self.sender.guard().check(url.expose_secret()).map_err(|refused| refused.to_string())
    }

    async fn channel(&self, url: &SecretString, message: &Value) -> Made {
        let url = match self.url(url) {
            Ok(url) => url,
            Err(why) => return Made::refused(why),
        };
        let delivery = Delivery { headers: Vec::new(), body: message.to_string() };
        let (outcome, response) = delivery.send(&self.sender, &url, self.clock.now()).await;
        Made { outcome, request: delivery.shown(), response }
    }

    async fn mail(&self, to: &EmailAddress, first: &Claimed, batch: &[Claimed]) -> Made {
        let Some(mailer) = &self.mailer else {
            return Made::refused("no mail server is configured: set BURSAR_SMTP_URL, then replay");
        };
        let mut notices: Vec<Notice> =
            batch.iter().map(|claimed| Notice::of(&claimed.event, self.public_url.as_ref())).collect();
        notices.sort_by_key(|notice| (notice.at, notice.event));
        let workspace = first.event.workspace.to_string();
        // An attempt that is made again has the same id, and the receiver's server drops the second.
        let message_id = first.id.to_string();
        let content =
            MailContent { to, workspace: &workspace, notices: &notices, message_id, at: self.clock.now() };
        match mailer.send(&content).await {
            Ok(()) => Made::done(),
            Err(error) => {
                let mut why = error.to_string();
                if let Some(cause) = std::error::Error::source(&error) {
                    why = format!("{why}: {cause}");
                }
                let why = crate::notice::line(&why, 300);
                let outcome =
                    if error.may_pass_later() { Outcome::NoAnswer(why) } else { Outcome::Refused(why) };
                Made { outcome, request: String::new(), response: String::new() }
            }
        }
    }

    fn finished(&self, claimed: Claimed, made: &Made, took_ms: u64) -> (Claimed, Finished) {
        let now = self.clock.now();
        let attempt = Attempt { number: claimed.attempt, at: now, outcome: made.outcome.clone() };
        let success = made.outcome.is_success();
        let log = AttemptLog {
            request: made.request.clone(),
            status: match (&made.outcome, &claimed.destination) {
                (
                    Outcome::Answered { status, .. },
                    Destination::Webhook { .. } | Destination::Slack(_) | Destination::Teams(_),
                ) => Some(*status),
                _ => None,
            },
            response: made.response.clone(),
            error: (!success).then(|| made.outcome.reason()),
            took_ms,
        };
        let (health, pause) = health_of(&claimed, success, now);
        let inbox = matches!(claimed.target, Target::Inbox(_)) && success;
        let inbox = inbox.then(|| Notice::of(&claimed.event, self.public_url.as_ref()));
        let next = self.schedule.next(&attempt, self.some_number());
        (claimed, Finished { next, log, health, pause, inbox })
    }

    /// For spreading only: without randomness retries are not spread, and are made nevertheless.
    fn some_number(&self) -> u64 {
        let mut bytes = [0; 8];
        match self.random.fill(&mut bytes) {
            Ok(()) => u64::from_le_bytes(bytes),
            Err(_) => 0,
        }
    }
}

fn health_of(claimed: &Claimed, success: bool, now: DateTime<Utc>) -> (Option<Health>, Option<String>) {
    let Destination::Webhook { health, .. } = &claimed.destination else { return (None, None) };
    let (health, verdict) = health.after(success, now);
    let pause = (verdict == Verdict::Pause).then(|| {
        let since = health.failing_since.unwrap_or(now).format("%Y-%m-%d %H:%M");
        format!("no delivery succeeded since {since} UTC")
    });
    (Some(health), pause)
}

/// Digests of one person together, everything else by itself.
fn batches(claimed: Vec<Claimed>) -> Vec<Vec<Claimed>> {
    let mut digests: BTreeMap<AccountId, Vec<Claimed>> = BTreeMap::new();
    let mut batches = Vec::new();
    for claimed in claimed {
        match (claimed.target, &claimed.destination) {
            (Target::Mail(account), Destination::Mail(_)) if claimed.digest => {
                digests.entry(account).or_default().push(claimed);
            }
            _ => batches.push(vec![claimed]),
        }
    }
    batches.extend(digests.into_values());
    batches
}
