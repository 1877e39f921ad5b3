//! What becomes of an event: where it is sent, and how that went. Plain data between whoever keeps deliveries and
//! whoever makes them.

use crate::id::{AccountId, AlertRuleId, ChannelId, WebhookId};
use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};

/// Where something is sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Target {
    /// A webhook.
    Webhook(WebhookId),
    /// A channel.
    Channel(ChannelId),
    /// Somebody's mail.
    Mail(AccountId),
    /// Somebody's inbox in the program.
    Inbox(AccountId),
}

/// One thing to send.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Plan {
    /// Where.
    pub target: Target,
    /// Not before.
    pub not_before: DateTime<Utc>,
    /// Together with others of the same moment.
    pub digest: bool,
    /// Only if nobody has read the notice until then.
    pub unless_read: bool,
    /// The rule that asked for it, if one did.
    pub rule: Option<AlertRuleId>,
}

/// What follows on an attempt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Next {
    /// Nothing: it was taken.
    Delivered,
    /// Another attempt, not before this moment.
    Retry {
        /// When.
        at: DateTime<Utc>,
    },
    /// It lies with the dead letters until somebody replays it.
    Dead {
        /// Why.
        reason: String,
    },
    /// The same, and the webhook gets nothing more: the receiver said it is gone (410).
    SwitchOff {
        /// Why.
        reason: String,
    },
}

/// One line of the delivery log.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct AttemptLog {
    /// What was sent, without signature, secret and URL.
    pub request: String,
    /// The status, if there was an answer.
    pub status: Option<u16>,
    /// The beginning of the answer.
    pub response: String,
    /// Why it failed.
    pub error: Option<String>,
    /// How long it took.
    pub took_ms: u64,
}

/// How long a receiver may take nothing at all before it is paused.
const PATIENCE: TimeDelta = TimeDelta::days(5);
/// How many failures there must be besides: one failure long ago is no proof.
const FAILURES: u32 = 10;

/// How a receiver did lately.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Health {
    /// The first failure since the last success.
    pub failing_since: Option<DateTime<Utc>>,
    /// How many since then.
    pub failures: u32,
}

/// What follows for the webhook as a whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// It goes on.
    Keep,
    /// It gets nothing more until somebody resumes it, and somebody is told.
    Pause,
}

impl Health {
    /// The health after another attempt.
    #[must_use]
    pub fn after(self, success: bool, now: DateTime<Utc>) -> (Self, Verdict) {
        if success {
            return (Self::default(), Verdict::Keep);
        }
        let since = self.failing_since.unwrap_or(now);
        let health = Self { failing_since: Some(since), failures: self.failures.saturating_add(1) };
        let dead = now - since >= PATIENCE && health.failures >= FAILURES;
        (health, if dead { Verdict::Pause } else { Verdict::Keep })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn five_days_without_a_success_pause() {
        let start: DateTime<Utc> = "2026-11-22T10:00:00Z".parse().unwrap();
        let mut health = Health::default();
        for hour in 0..120 {
            let (next, verdict) = health.after(false, start + TimeDelta::hours(hour));
            assert_eq!(verdict, Verdict::Keep, "after {hour} h");
            health = next;
        }
        assert_eq!(health.after(false, start + TimeDelta::hours(120)).1, Verdict::Pause);
        // One success on the way, and the days count anew.
        let (health, _) = health.after(true, start + TimeDelta::hours(121));
        assert_eq!(health.after(false, start + TimeDelta::hours(240)).1, Verdict::Keep);
    }

    #[test]
    fn a_few_failures_long_apart_do_not() {
        let start: DateTime<Utc> = "2026-11-22T10:00:00Z".parse().unwrap();
        let (health, _) = Health::default().after(false, start);
        assert_eq!(health.after(false, start + TimeDelta::days(30)).1, Verdict::Keep);
    }
}
