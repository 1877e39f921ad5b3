//! Webhooks by the Standard Webhooks specification (github.com/standard-webhooks, read 2026-11-22).
//!
//! A delivery is a POST of the event as JSON with `webhook-id`, `webhook-timestamp` and
//! `webhook-signature`. The id is the event's: the same for every attempt and every subscription, so that
//! a receiver that keeps ids does a thing once. Success is 2xx and nothing else; 410 switches the
//! webhook off; everything else is tried again by [`Schedule`].

mod retry_after;
mod schedule;
mod secret;

pub use retry_after::parse_retry_after;
pub use schedule::{Attempt, Outcome, Schedule};
pub use secret::{SecretError, WebhookSecret};

use crate::http::{SendError, Sender};
use bursar_domain::event::Event;
use chrono::{DateTime, Utc};
use url::Url;

/// One delivery of one event, ready to be sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Delivery {
    /// The headers.
    pub headers: Vec<(&'static str, String)>,
    /// The body: the event as a CloudEvent.
    pub body: String,
}

impl Delivery {
    /// Signs the event with each of the secrets: the current one, and while it is being rotated the one
    /// before, so that a receiver that knows either takes it.
    ///
    /// # Errors
    /// When there is no secret to sign with.
    pub fn sign(event: &Event, secrets: &[&WebhookSecret], now: DateTime<Utc>) -> Result<Self, SecretError> {
        if secrets.is_empty() {
            return Err(SecretError::None);
        }
        let (id, body) = (event.id.to_string(), event.to_cloud_event().to_string());
        let mut signatures = Vec::with_capacity(secrets.len());
        for secret in secrets {
            signatures.push(secret.sign(&id, now.timestamp(), &body)?);
        }
        let headers = vec![
            // What says that the body is a whole CloudEvent (HTTP binding 1.0.2, structured mode).
            ("content-type", "application/cloudevents+json".to_owned()),
            ("webhook-id", id),
            ("webhook-timestamp", now.timestamp().to_string()),
            ("webhook-signature", signatures.join(" ")),
        ];
        Ok(Self { headers, body })
    }

    /// What is shown of it in the delivery log: everything but the signature.
    #[must_use]
    pub fn shown(&self) -> String {
        let mut text = String::new();
        for (name, value) in &self.headers {
            let value = if *name == "webhook-signature" { "…" } else { value };
            text.push_str(&format!("{name}: {value}\n"));
        }
        text.push('\n');
        text.push_str(&self.body);
        text
    }

    /// Sends it.
    pub async fn send(&self, sender: &Sender, url: &Url, now: DateTime<Utc>) -> (Outcome, String) {
        match sender.post(url, &self.headers, self.body.clone()).await {
            Ok(answer) => {
                let retry_after = answer.retry_after.and_then(|text| parse_retry_after(&text, now));
                (Outcome::Answered { status: answer.status, retry_after }, answer.excerpt)
            }
            Err(SendError::Guard(refused)) if !refused.may_pass_later() => {
                (Outcome::Refused(refused.to_string()), String::new())
            }
            Err(error) => (Outcome::NoAnswer(error.to_string()), String::new()),
        }
    }
}
