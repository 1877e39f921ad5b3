//! The reference libraries of the formats we claim to speak.

use crate::{event, now, secret, sender};
use bursar_domain::event::EventType;
use bursar_notify::notice::{Notice, example};
use bursar_notify::webhook::{Delivery, Outcome};
use bursar_notify::{adaptive_card, slack_message};
use bursar_testkit::peers::{node_judges, python_judges};
use bursar_testkit::{Received, Receiver, Reply};
use secrecy::ExposeSecret;
use serde_json::{Value, json};

/// A delivery as a receiver saw it, signed with the first of two secrets and the second.
async fn delivered() -> (Received, Vec<String>) {
    let receiver = Receiver::start(|_| Reply::Status(204, String::new(), String::new())).unwrap();
    let (new, old) = (secret(1), secret(2));
    let delivery = Delivery::sign(&event(), &[&new, &old], now()).unwrap();
    let url = receiver.url().parse().unwrap();
    let (outcome, _) = delivery.send(&sender(), &url, now()).await;
    assert_eq!(outcome, Outcome::Answered { status: 204, retry_after: None });
    let secrets = [new, old].map(|secret| secret.text().expose_secret().to_owned());
    (receiver.seen().remove(0), secrets.to_vec())
}

fn question(received: &Received, secrets: &[String]) -> Value {
    let headers: serde_json::Map<String, Value> =
        received.headers.iter().map(|(key, value)| (key.clone(), json!(value))).collect();
    json!({ "secrets": secrets, "body": received.body, "headers": headers })
}

// claim G2
#[tokio::test]
async fn the_python_library_verifies_with_either_secret() {
    let (received, secrets) = delivered().await;
    let question = question(&received, &secrets);
    let Some(verdict) = python_judges("webhook", &question) else { return };
    verdict.unwrap();
    for (field, value) in [
        ("secrets", json!(["whsec_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="])),
        ("body", json!(received.body.replace('3', "4"))),
    ] {
        let mut forged = question.clone();
        forged[field] = value;
        assert!(python_judges("webhook", &forged).unwrap().is_err(), "a forged {field} passes");
    }
}

// claim G2
#[tokio::test]
async fn the_javascript_library_verifies_with_either_secret() {
    let (received, secrets) = delivered().await;
    let question = question(&received, &secrets);
    let Some(verdict) = node_judges("webhook", &question) else { return };
    verdict.unwrap();
    let mut forged = question;
    forged["headers"]["webhook-id"] = json!("evt_another");
    assert!(node_judges("webhook", &forged).unwrap().is_err());
}

// claim G1
#[test]
fn every_type_is_a_cloud_event_to_the_reference_library() {
    let events: Vec<Value> =
        EventType::ALL.iter().map(|kind| example(*kind).unwrap().to_cloud_event()).collect();
    let Some(verdict) = python_judges("event", &json!(events)) else { return };
    verdict.unwrap();
}

#[test]
fn every_schema_is_one_and_takes_its_example() {
    let pairs: Vec<Value> = EventType::ALL
        .iter()
        .map(|kind| json!({ "schema": kind.schema(), "example": kind.example() }))
        .collect();
    let Some(verdict) = python_judges("schema", &json!(pairs)) else { return };
    verdict.unwrap();
}

fn notices() -> impl Iterator<Item = Notice> {
    let base = "https://bursar.example.com/".parse().unwrap();
    EventType::ALL.iter().map(move |kind| {
        let mut notice = Notice::of(&example(*kind).unwrap(), Some(&base));
        // As long as texts can be.
        notice.title = format!("{} {}", notice.title, "ä".repeat(300));
        notice.facts.push(("Reason".into(), "<!channel> *x* [a](https://b) ".repeat(200)));
        notice
    })
}

// claim G3
#[test]
fn slacks_own_library_understands_every_message() {
    let messages: Vec<Value> = notices().map(|notice| slack_message(&notice)).collect();
    let Some(verdict) = python_judges("slack", &json!(messages)) else { return };
    verdict.unwrap();
    let long = json!({ "type": "plain_text", "text": "x".repeat(200) });
    let bad = json!([{ "text": "x", "blocks": [{ "type": "header", "text": long }] }]);
    assert!(python_judges("slack", &bad).unwrap().is_err(), "the judge sleeps");
}

// claim G3
#[test]
fn the_library_of_adaptive_cards_understands_every_card() {
    let cards: Vec<Value> = notices().map(|notice| adaptive_card(&notice)).collect();
    let Some(verdict) = node_judges("card", &json!(cards)) else { return };
    verdict.unwrap();
    let unknown = json!({ "type": "TextBlok", "text": "x", "inlines": [] });
    let bad = json!([{ "type": "AdaptiveCard", "version": "1.4", "body": [unknown] }]);
    assert!(node_judges("card", &bad).unwrap().is_err(), "the judge sleeps");
}
