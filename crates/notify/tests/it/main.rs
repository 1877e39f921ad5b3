//! What is sent, judged by libraries and taken by servers that we did not write; receivers that behave badly.

#![expect(clippy::panic, clippy::unwrap_used, reason = "a panic is how a test fails")]

mod judges;
mod mail;
mod receivers;

use bursar_domain::clock::SystemClock;
use bursar_domain::event::Event;
use bursar_domain::{Clock, Randomness, RandomnessError};
use bursar_notify::guard::Guard;
use bursar_notify::notice::example;
use bursar_notify::webhook::WebhookSecret;
use bursar_notify::{HttpConfig, Sender};
use chrono::{DateTime, Utc};
use std::time::Duration;

/// Not random, and different for each secret.
struct Counting(u8);

impl Randomness for Counting {
    fn fill(&self, buffer: &mut [u8]) -> Result<(), RandomnessError> {
        for (at, byte) in buffer.iter_mut().enumerate() {
            *byte = self.0.wrapping_add(at as u8);
        }
        Ok(())
    }
}

fn secret(number: u8) -> WebhookSecret {
    WebhookSecret::generate(&Counting(number)).unwrap()
}

fn now() -> DateTime<Utc> {
    SystemClock.now()
}

/// A sender that reaches this machine, as a private installation would allow it, and has little patience.
fn sender() -> Sender {
    let guard = Guard::public().allowing(["127.0.0.0/8".parse().unwrap()]);
    let (timeout, connect_timeout) = (Duration::from_millis(700), Duration::from_millis(500));
    Sender::new(&HttpConfig { guard, timeout, connect_timeout, ..HttpConfig::default() }).unwrap()
}

fn event() -> Event {
    example(bursar_domain::event::EventType::SyncFailed).unwrap()
}
