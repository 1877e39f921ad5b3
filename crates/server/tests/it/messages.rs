//! `/api/v1/webhooks`, `/api/v1/alert-rules`, `/api/v1/inbox`: from a change to a delivery that was taken.

use crate::kit::{Seen, TestApp};
use axum::body::Body;
use axum::http::{Method, header};
use bursar_app::installation::MessagesConfig;
use bursar_domain::{Actor, RegionName, Role};
use bursar_store::{NewWebhook, NewWorkspace};
use bursar_testkit::{Received, Receiver, Reply};
use chrono::Duration;
use serde_json::{Value, json};
use std::sync::Arc;
use std::sync::atomic::{AtomicU16, Ordering};

const PATH: &str = "/api/v1/webhooks";

async fn send(app: &TestApp, cookie: &str, method: Method, path: &str, body: &Value) -> Seen {
    let request = app
        .request(method, path)
        .header(header::COOKIE, cookie)
        .header(header::CONTENT_TYPE, "application/json")
        .header("x-bursar-csrf", "1");
    app.send(request.body(Body::from(body.to_string())).unwrap()).await
}

/// An installation that allows receivers on this machine.
async fn open_app() -> (TestApp, String) {
    let allowed_networks = MessagesConfig::networks("127.0.0.0/8").unwrap();
    let app = TestApp::sending(MessagesConfig { allowed_networks, ..MessagesConfig::default() }).await;
    let owner = app.sign_in().await;
    (app, owner)
}

/// A receiver that answers with what the number says.
fn answering(status: u16) -> (Receiver, Arc<AtomicU16>) {
    let number = Arc::new(AtomicU16::new(status));
    let says = Arc::clone(&number);
    let reply = move |_: &Received| {
        let (status, more) = (says.load(Ordering::SeqCst), "Location: http://127.0.0.1:1/\r\n");
        Reply::Status(
            status,
            if status / 100 == 3 { more.to_owned() } else { String::new() },
            "so it goes".into(),
        )
    };
    (Receiver::start(reply).unwrap(), number)
}

/// A webhook: its id and secret.
async fn webhook(app: &TestApp, cookie: &str, url: &str, types: &[&str]) -> (String, String) {
    let types = if types.is_empty() { Value::Null } else { json!(types) };
    let new = json!({ "url": url, "types": types, "description": "ledger" });
    let made = send(app, cookie, Method::POST, PATH, &new).await;
    assert_eq!(made.status, 200, "{}", made.text());
    let made = made.json();
    (made["item"]["id"].as_str().unwrap().into(), made["secret"].as_str().unwrap().into())
}

async fn add_member(app: &TestApp, name: &str) {
    app.sign_in_as(&format!("{name}@example.com"), Role::Viewer).await;
}

/// Runs the dispatcher as `serve` does.
async fn dispatch(app: &TestApp) {
    let report = app.installation.dispatch_once().await.unwrap();
    assert_eq!(report.failed_workspaces, 0);
}

/// What arrived of a type: ids of events.
fn of_type(receiver: &Receiver, kind: &str) -> Vec<String> {
    let seen = receiver.seen().into_iter().map(|one| serde_json::from_str::<Value>(&one.body).unwrap());
    seen.filter(|event| event["type"] == format!("org.bursar.{kind}"))
        .map(|event| event["id"].as_str().unwrap().to_owned())
        .collect()
}

/// Whether one of the signatures is by the secret, as the reference library signs. (Its `verify` wants the time of
/// the machine, and here time is the test's.)
fn signed_by(received: &Received, secret: &str) -> bool {
    let header = |name: &str| received.header(name).unwrap();
    let judge = standardwebhooks::Webhook::new(secret).unwrap();
    let at = header("webhook-timestamp").parse().unwrap();
    let wanted = judge.sign(header("webhook-id"), at, received.body.as_bytes()).unwrap();
    header("webhook-signature").split(' ').any(|one| one == wanted)
}

#[tokio::test]
async fn a_change_arrives_signed_and_once_for_each_event() {
    // claim G1, claim G2
    let (app, owner) = open_app().await;
    let (receiver, _) = answering(204);
    let (id, secret) = webhook(&app, &owner, &receiver.url(), &["org.bursar.member.added.v1"]).await;
    add_member(&app, "bob").await;
    for _ in 0..3 {
        dispatch(&app).await;
    }
    let seen = receiver.seen();
    assert_eq!(seen.len(), of_type(&receiver, "member.added.v1").len(), "only what was asked for");
    let mut ids: Vec<&str> = seen.iter().map(|one| one.header("webhook-id").unwrap()).collect();
    let count = ids.len();
    ids.sort_unstable();
    ids.dedup();
    assert!(count >= 1 && ids.len() == count, "{ids:?}");
    assert!(
        seen.iter()
            .all(|one| signed_by(one, &secret) && !signed_by(one, "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"))
    );
    let log = app.get_as(&owner, &format!("{PATH}/{id}/deliveries")).await.json();
    let items = log["items"].as_array().unwrap();
    assert_eq!(items.len(), count);
    let one = &items[0];
    assert_eq!(
        (&one["state"], &one["status"], &one["attempt"], &one["next_at"]),
        (&json!("delivered"), &json!(204), &json!(1), &Value::Null)
    );
    assert!(ids.contains(&one["event"].as_str().unwrap()), "{one}");
    // Neither the secret nor a signature is to be had anywhere.
    let all = app.get_as(&owner, PATH).await.text() + &log.to_string();
    assert!(!all.contains(&secret[6..]) && !all.contains("v1,"), "{all}");
}

#[tokio::test]
async fn what_fails_is_tried_again_and_410_is_the_end() {
    // claim G2, claim E8
    let (app, owner) = open_app().await;
    let (receiver, says) = answering(500);
    let (id, _) = webhook(&app, &owner, &receiver.url(), &["org.bursar.member.added.v1"]).await;
    add_member(&app, "bob").await;
    dispatch(&app).await;
    let first = of_type(&receiver, "member.added.v1");
    let path = format!("{PATH}/{id}/deliveries");
    let log = app.get_as(&owner, &path).await.json();
    let waiting = &log["items"][0];
    assert_eq!((&waiting["state"], &waiting["status"]), (&json!("retrying"), &json!(500)));
    assert!(
        waiting["next_at"].is_string() && waiting["error"].as_str().unwrap().contains("500"),
        "{waiting}"
    );
    // Too early for another attempt.
    dispatch(&app).await;
    assert_eq!(of_type(&receiver, "member.added.v1"), first);
    app.clock.advance(Duration::seconds(7));
    says.store(200, Ordering::SeqCst);
    dispatch(&app).await;
    let twice = of_type(&receiver, "member.added.v1");
    assert_eq!(twice.len(), 2 * first.len());
    assert!(first.iter().all(|id| twice.iter().filter(|there| *there == id).count() == 2), "the same id");
    assert_eq!(app.get_as(&owner, &path).await.json()["items"][0]["state"], "delivered");

    says.store(410, Ordering::SeqCst);
    add_member(&app, "cyd").await;
    dispatch(&app).await;
    let found = &app.get_as(&owner, PATH).await.json()["items"][0];
    assert_eq!(found["state"], "gone");
    assert!(found["paused_reason"].as_str().unwrap().contains("410"), "{found}");
    let count = receiver.seen().len();
    add_member(&app, "dan").await;
    dispatch(&app).await;
    assert_eq!(receiver.seen().len(), count, "it gets nothing more");
    // Back again: what it refused is replayed.
    says.store(200, Ordering::SeqCst);
    let replay = format!("{PATH}/{id}/replay");
    let detail = send(&app, &owner, Method::POST, &replay, &json!({})).await.problem(409);
    assert!(detail.contains("resume"), "{detail}");
    let on = send(&app, &owner, Method::PATCH, &format!("{PATH}/{id}"), &json!({ "paused": false })).await;
    assert_eq!(on.json()["state"], "active");
    let dead = app.get_as(&owner, &format!("{path}?state=dead")).await.json();
    let dead = dead["items"][0]["id"].as_str().unwrap();
    let one = send(&app, &owner, Method::POST, &replay, &json!({ "delivery": dead })).await;
    assert_eq!(one.json(), json!({ "replayed": 1 }));
    send(&app, &owner, Method::POST, &replay, &json!({ "delivery": dead })).await.problem(404);
    assert_eq!(send(&app, &owner, Method::POST, &replay, &json!({})).await.json(), json!({ "replayed": 0 }));
    dispatch(&app).await;
    assert_eq!(receiver.seen().len(), count + 1);
}

#[tokio::test]
async fn nothing_inside_is_reached_unless_it_is_allowed() {
    // claim G2
    let closed = TestApp::new().await;
    let owner = closed.sign_in().await;
    let (receiver, _) = answering(200);
    for url in [
        receiver.url().as_str(),
        "https://127.0.0.1/",
        "https://localhost/",
        "http://169.254.169.254/",
        "https://ana:x@example.com/",
        "ftp://example.com",
        "nothing",
    ] {
        let new = json!({ "url": url });
        send(&closed, &owner, Method::POST, PATH, &new).await.problem(409);
    }
    // One that is there from a time when it was allowed reaches nobody either.
    let access = closed.installation.store().operator(closed.id).await.unwrap();
    let store = closed.installation.store().workspace(&access).await.unwrap();
    let secret = closed.installation.new_webhook_secret().unwrap();
    let new = NewWebhook {
        name: "old".into(),
        url: receiver.url().into(),
        types: vec![],
        secret: secret.text().clone(),
    };
    let id = store.add_webhook(&Actor::operator(), new).await.unwrap();
    let trial = send(&closed, &owner, Method::POST, &format!("{PATH}/{id}/test"), &json!({})).await.json();
    assert!(trial["status"].is_null() && trial["error"].is_string(), "{trial}");
    add_member(&closed, "bob").await;
    dispatch(&closed).await;
    assert!(receiver.seen().is_empty());
    let dead = closed.get_as(&owner, &format!("{PATH}/{id}/deliveries?state=dead")).await.json();
    assert!(!dead["items"].as_array().unwrap().is_empty(), "{dead}");

    // Allowed itself, it leads nobody elsewhere.
    let (app, owner) = open_app().await;
    let inside = answering(200).0;
    let location = format!("Location: {}\r\n", inside.url());
    let leading = Receiver::start(move |_| Reply::Status(307, location.clone(), String::new())).unwrap();
    let (id, _) = webhook(&app, &owner, &leading.url(), &[]).await;
    let trial = send(&app, &owner, Method::POST, &format!("{PATH}/{id}/test"), &json!({})).await.json();
    assert_eq!(trial["status"], 307);
    assert!(trial["error"].as_str().unwrap().contains("redirects are not followed"), "{trial}");
    dispatch(&app).await;
    assert!(inside.seen().is_empty());
}

#[tokio::test]
async fn a_trial_is_signed_and_told_and_recorded() {
    let (app, owner) = open_app().await;
    let (receiver, says) = answering(200);
    let (id, secret) = webhook(&app, &owner, &receiver.url(), &["org.bursar.member.added.v1"]).await;
    let path = format!("{PATH}/{id}/test");
    let trial = send(&app, &owner, Method::POST, &path, &json!({})).await.json();
    assert_eq!((&trial["status"], &trial["error"]), (&json!(200), &Value::Null));
    assert!(trial["took_ms"].is_u64());
    let seen = receiver.seen();
    assert_eq!((seen.len(), of_type(&receiver, "webhook.test.v1").len()), (1, 1));
    assert!(signed_by(&seen[0], &secret));
    says.store(503, Ordering::SeqCst);
    let trial = send(&app, &owner, Method::POST, &path, &json!({})).await.json();
    assert_eq!((&trial["status"], trial["error"].is_string()), (&json!(503), true));
    let records = app.get_as(&owner, "/api/v1/records?action=webhook.test").await.json();
    let outcomes: Vec<&str> =
        records["items"].as_array().unwrap().iter().map(|one| one["outcome"].as_str().unwrap()).collect();
    assert_eq!(outcomes, ["failed", "done"]);
}

#[tokio::test]
async fn for_a_day_both_secrets_sign() {
    // claim G2
    let (app, owner) = open_app().await;
    let (receiver, _) = answering(200);
    let (id, old) = webhook(&app, &owner, &receiver.url(), &["org.bursar.member.added.v1"]).await;
    let new = send(&app, &owner, Method::POST, &format!("{PATH}/{id}/rotate"), &json!({})).await.json();
    let new = new["secret"].as_str().unwrap().to_owned();
    assert_ne!(old, new);
    assert!(app.get_as(&owner, PATH).await.json()["items"][0]["secret_rotates_until"].is_string());
    add_member(&app, "bob").await;
    dispatch(&app).await;
    let seen = receiver.seen();
    assert!(!seen.is_empty() && seen.iter().all(|one| signed_by(one, &old) && signed_by(one, &new)));
    app.clock.advance(Duration::days(1));
    let owner = app.sign_in().await;
    let trial = send(&app, &owner, Method::POST, &format!("{PATH}/{id}/test"), &json!({})).await;
    assert_eq!(trial.json()["status"], 200);
    let last = receiver.seen().pop().unwrap();
    assert!(signed_by(&last, &new) && !signed_by(&last, &old));
}

#[tokio::test]
async fn a_webhook_is_changed_paused_and_removed() {
    let (app, owner) = open_app().await;
    let (receiver, _) = answering(200);
    let (other, _) = answering(200);
    let (id, _) = webhook(&app, &owner, &receiver.url(), &["org.bursar.token.created.v1"]).await;
    let path = format!("{PATH}/{id}");
    let change = json!({ "url": other.url(), "types": null, "description": "all of it" });
    let changed = send(&app, &owner, Method::PATCH, &path, &change).await.json();
    assert_eq!(
        (&changed["types"], &changed["description"], &changed["url"]),
        (&Value::Null, &json!("all of it"), &json!(other.url()))
    );
    let kept = send(&app, &owner, Method::PATCH, &path, &json!({ "types": ["org.bursar.member.added.v1"] }))
        .await
        .json();
    assert_eq!((&kept["url"], &kept["types"]), (&json!(other.url()), &json!(["org.bursar.member.added.v1"])));
    for bad in
        [json!({ "types": [] }), json!({ "types": ["member.added"] }), json!({ "url": "http://10.0.0.1/" })]
    {
        send(&app, &owner, Method::PATCH, &path, &bad).await.problem(409);
    }
    send(&app, &owner, Method::PATCH, &path, &json!({ "state": "active" })).await.problem(400);
    let paused = send(&app, &owner, Method::PATCH, &path, &json!({ "paused": true })).await.json();
    assert_eq!((&paused["state"], paused["paused_reason"].is_string()), (&json!("paused"), true));
    add_member(&app, "bob").await;
    dispatch(&app).await;
    assert!(other.seen().is_empty() && receiver.seen().is_empty());
    send(&app, &owner, Method::PATCH, &path, &json!({ "paused": false })).await;
    let replayed = send(&app, &owner, Method::POST, &format!("{path}/replay"), &json!({})).await.json();
    assert!(replayed["replayed"].as_u64().unwrap() >= 1, "what it missed is there");
    dispatch(&app).await;
    assert!(receiver.seen().is_empty() && !other.seen().is_empty());
    assert_eq!(send(&app, &owner, Method::DELETE, &path, &json!({})).await.status, 200);
    assert_eq!(app.get_as(&owner, PATH).await.json(), json!({ "items": [] }));
    send(&app, &owner, Method::DELETE, &path, &json!({})).await.problem(404);
    let actions: Vec<String> = app.get_as(&owner, "/api/v1/records").await.json()["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| one["action"].as_str().unwrap().to_owned())
        .collect();
    for action in [
        "webhook.add",
        "webhook.change",
        "webhook.stop",
        "webhook.resume",
        "webhook.remove",
        "dead-letter.replay-all",
    ] {
        assert!(actions.iter().any(|there| there == action), "{action} in {actions:?}");
    }
}

#[tokio::test]
async fn webhooks_are_the_administrators_of_their_workspace() {
    // claim C1, claim C4
    let (app, owner) = open_app().await;
    let viewer = app.sign_in_as("vera@example.com", Role::Viewer).await;
    let stores = app.installation.store();
    let new = NewWorkspace { region: RegionName::home(), name: "other".into(), id: None };
    let other = stores.create_workspace(&Actor::operator(), new).await.unwrap().id;
    let theirs = stores.workspace(&stores.operator(other).await.unwrap()).await.unwrap();
    let secret = app.installation.new_webhook_secret().unwrap();
    let new = NewWebhook {
        name: "theirs".into(),
        url: "https://receiver.example.com/".into(),
        types: vec![],
        secret: secret.text().clone(),
    };
    let id = theirs.add_webhook(&Actor::operator(), new).await.unwrap();
    for (method, path, body) in [
        (Method::PATCH, format!("{PATH}/{id}"), json!({ "paused": true })),
        (Method::DELETE, format!("{PATH}/{id}"), json!({})),
        (Method::POST, format!("{PATH}/{id}/rotate"), json!({})),
        (Method::POST, format!("{PATH}/{id}/test"), json!({})),
        (Method::POST, format!("{PATH}/{id}/replay"), json!({})),
        (Method::GET, format!("{PATH}/{id}/deliveries"), json!({})),
    ] {
        send(&app, &owner, method.clone(), &path, &body).await.problem(404);
        send(&app, &viewer, method, &path, &body).await.problem(403);
    }
    send(&app, &viewer, Method::GET, PATH, &json!({})).await.problem(403);
    assert_eq!(theirs.webhooks().await.unwrap().len(), 1);
}

#[tokio::test]
async fn the_types_of_events_are_told_with_their_schemas() {
    let app = TestApp::new().await;
    let viewer = app.sign_in_as("vera@example.com", Role::Viewer).await;
    let types = app.get_as(&viewer, "/api/v1/event-types").await.json();
    let types = types["items"].as_array().unwrap();
    assert_eq!(types.len(), bursar_domain::event::EventType::ALL.len());
    assert!(types.iter().all(|one| one["schema"]["title"] == one["type"] && one["description"].is_string()));
}
