//! Telling people and programs outside what happened: webhooks, mail, Slack, Teams.
//!
//! The only place that sends to an address a user gave, and so the place that refuses addresses inside.
