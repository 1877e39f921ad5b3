//! Telling people and programs outside what happened: webhooks, mail, Slack, Teams, the inbox.
//!
//! * [`rule`] decides who is told of an event, where and when; [`notice`] what people read.
//! * [`webhook`] signs and sends to programs, and says what follows on an attempt.
//! * [`slack_message`], [`teams_message`] and [`mail`] make what the channels take.
//! * [`dispatch`] is the loop: it claims events and deliveries from an [`Outbox`](dispatch::Outbox), which the
//!   store implements, and tells it how each attempt ended.
//!
//! The only place that sends to an address a user gave, and so the place that refuses addresses inside:
//! see [`guard`]. Nothing here keeps anything; time and randomness are arguments.

pub mod dispatch;
pub mod guard;
mod http;
pub mod mail;
pub mod notice;
pub mod quiet;
pub mod rule;
mod slack;
mod teams;
pub mod webhook;

pub use http::{Answer, HttpConfig, HttpConfigError, MAX_EXCERPT, SendError, Sender};
pub use slack::slack_message;
pub use teams::{adaptive_card, teams_message};
