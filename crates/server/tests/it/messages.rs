//! `/api/v1/webhooks`, `/api/v1/alert-rules`, `/api/v1/inbox`: from a change to a delivery that was taken.

use crate::kit::{Seen, TestApp};
use axum::body::Body;
use axum::http::{Method, header};
use bursar_app::installation::MessagesConfig;
use bursar_domain::{Actor, RegionName, Role, RoleName};
use bursar_store::{NewMembership, NewWebhook, NewWorkspace, Via};
use bursar_testkit::peers::{MailMode, mail_server};
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

const RULES: &str = "/api/v1/alert-rules";

/// What an inbox says of a type: the events.
async fn inbox(app: &TestApp, cookie: &str, kind: &str) -> Vec<String> {
    let inbox = app.get_as(cookie, "/api/v1/inbox").await.json();
    let items = inbox["items"].as_array().unwrap().iter();
    items
        .filter(|one| one["type"] == format!("org.bursar.{kind}"))
        .map(|one| one["event"].as_str().unwrap().to_owned())
        .collect()
}

#[tokio::test]
async fn a_rule_makes_one_notice_for_each_person_and_event() {
    // claim G3
    let (app, owner) = open_app().await;
    let ana = app.sign_in_as("ana@example.com", Role::Analyst).await;
    let vera = app.sign_in_as("vera@example.com", Role::Viewer).await;
    dispatch(&app).await;
    let to = |channels: Value| json!({ "name": "members", "types": ["org.bursar.member.added.v1"], "least_severity": "info", "channels": channels });
    // Two rules, three ways to the owner, and no way to the viewer.
    for channels in [
        json!([{ "kind": "in-app", "to": "owners" }, { "kind": "in-app", "to": "admin" }]),
        json!([{ "kind": "in-app", "to": "owners" }, { "kind": "in-app", "to": "ana@example.com" }]),
    ] {
        let made = send(&app, &owner, Method::POST, RULES, &to(channels)).await;
        assert_eq!(made.status, 200, "{}", made.text());
    }
    add_member(&app, "bob").await;
    for _ in 0..3 {
        dispatch(&app).await;
    }
    let found = inbox(&app, &owner, "member.added.v1").await;
    let mut events = found.clone();
    events.sort();
    events.dedup();
    assert!(!found.is_empty() && events.len() == found.len(), "{found:?}");
    assert_eq!(inbox(&app, &ana, "member.added.v1").await.len(), found.len());
    assert!(inbox(&app, &vera, "member.added.v1").await.is_empty());

    // Read, and others' are nobody's business.
    let all = app.get_as(&owner, "/api/v1/inbox").await.json();
    let unread = all["unread"].as_u64().unwrap();
    let first = &all["items"][0];
    assert!(first["read_at"].is_null() && first["title"].is_string() && first["text"].is_string(), "{first}");
    let read = format!("/api/v1/inbox/{}/read", first["id"].as_str().unwrap());
    send(&app, &ana, Method::POST, &read, &json!({})).await.problem(404);
    for _ in 0..2 {
        assert_eq!(send(&app, &owner, Method::POST, &read, &json!({})).await.status, 200);
    }
    let after = app.get_as(&owner, "/api/v1/inbox").await.json();
    assert_eq!(after["unread"], unread - 1);
    assert!(after["items"][0]["read_at"].is_string());
    let rest = send(&app, &owner, Method::POST, "/api/v1/inbox/read-all", &json!({})).await.json();
    assert_eq!(rest, json!({ "read": unread - 1 }));
    assert_eq!(app.get_as(&owner, "/api/v1/inbox").await.json()["unread"], 0);
    assert!(app.get_as(&ana, "/api/v1/inbox").await.json()["unread"].as_u64().unwrap() > 0);
}

/// The loop as `serve` runs it, in a task of its own.
#[tokio::test]
async fn the_loop_sends_until_it_is_told_to_stop() {
    let (app, owner) = open_app().await;
    let (receiver, _) = answering(200);
    webhook(&app, &owner, &receiver.url(), &["org.bursar.member.added.v1"]).await;
    let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
    let installation = app.installation.clone();
    let running =
        tokio::spawn(async move { installation.dispatch_events(async { drop(stopped.await) }).await });
    add_member(&app, "bob").await;
    for _ in 0..200 {
        if !receiver.seen().is_empty() {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    assert!(!receiver.seen().is_empty(), "nothing came in ten seconds");
    drop(stop);
    tokio::time::timeout(std::time::Duration::from_secs(10), running).await.unwrap().unwrap();
}

#[tokio::test]
async fn a_rule_is_answered_as_given_and_keeps_urls_secret() {
    // claim G3
    let (app, owner) = open_app().await;
    let (slack, _) = answering(200);
    let url = slack.url().replace("hooks", "s3cret");
    let new = json!({
        "name": "Budgets", "types": [], "least_severity": "warning",
        "filters": [{ "field": "currency", "any_of": ["EUR"] }, { "field": "limit", "at_least": "1000" }],
        "channels": [{ "kind": "slack", "to": url }, { "kind": "email", "to": "fin@example.com" }, { "kind": "in-app", "to": "owners" }],
        "quiet": { "from": "22:00", "until": "07:00", "zone": "Europe/Berlin" },
        "once_per_minutes": 60,
        "escalation": { "after_minutes": 30, "channels": [{ "kind": "in-app", "to": "admin" }] },
    });
    let made = send(&app, &owner, Method::POST, RULES, &new).await;
    assert_eq!(made.status, 200, "{}", made.text());
    assert!(!made.text().contains("s3cret"), "{}", made.text());
    let made = made.json();
    let id = made["id"].as_str().unwrap();
    for field in ["name", "types", "least_severity", "filters", "once_per_minutes"] {
        assert_eq!(made[field], new[field], "{field}");
    }
    assert_eq!(made["quiet"]["zone"], "Europe/Berlin");
    let channel = made["channels"][0]["to"].as_str().unwrap();
    assert!(channel.starts_with("https://127.0.0.1/#chn_"), "{made}");
    assert_eq!(
        (&made["channels"][0]["name"], &made["channels"][1]["to"]),
        (&json!("127.0.0.1"), &json!("fin@example.com"))
    );
    // The same channels by what was answered; then without one.
    let path = format!("{RULES}/{id}");
    let mut put = new.clone();
    put["channels"] =
        json!([{ "kind": "slack", "to": channel }, { "kind": "email", "to": "fin@example.com" }]);
    let changed = send(&app, &owner, Method::PUT, &path, &put).await.json();
    assert_eq!(changed["channels"][0]["to"], channel);
    put["channels"] = json!([{ "kind": "email", "to": "fin@example.com" }]);
    send(&app, &owner, Method::PUT, &path, &put).await;
    let access = app.installation.store().operator(app.id).await.unwrap();
    let store = app.installation.store().workspace(&access).await.unwrap();
    assert_eq!(store.channels().await.unwrap().len(), 1, "a channel goes with its last rule");
    put["channels"] = json!([{ "kind": "slack", "to": channel }]);
    send(&app, &owner, Method::PUT, &path, &put).await.problem(409);
    for (field, bad) in [
        ("channels", json!([])),
        ("channels", json!([{ "kind": "in-app", "to": "eve@example.com" }])),
        ("channels", json!([{ "kind": "email", "to": "nobody" }])),
        ("channels", json!([{ "kind": "teams", "to": "http://10.0.0.1/" }])),
        ("types", json!(["org.bursar.nothing.v1"])),
        ("filters", json!([{ "field": "nonsense", "any_of": ["x"] }])),
        ("filters", json!([{ "field": "currency" }])),
        ("quiet", json!({ "from": "25:00", "until": "07:00", "zone": "Europe/Berlin" })),
        ("quiet", json!({ "from": "22:00", "until": "07:00", "zone": "Nowhere" })),
    ] {
        let mut wrong = new.clone();
        wrong[field] = bad;
        send(&app, &owner, Method::POST, RULES, &wrong).await.problem(409);
    }
    assert_eq!(store.channels().await.unwrap().len(), 1, "what was refused made no channel");
    let viewer = app.sign_in_as("vera@example.com", Role::Viewer).await;
    send(&app, &viewer, Method::POST, RULES, &new).await.problem(403);
    assert_eq!(send(&app, &owner, Method::DELETE, &path, &json!({})).await.status, 200);
    send(&app, &owner, Method::DELETE, &path, &json!({})).await.problem(404);
    assert_eq!(app.get_as(&owner, RULES).await.json(), json!({ "items": [] }));
    assert!(store.channels().await.unwrap().is_empty());
}

#[tokio::test]
async fn notices_reach_slack_and_a_mailbox() {
    // claim G3
    let Some(peer) = mail_server(MailMode::Plain, None) else { return };
    let url = format!("smtp://127.0.0.1:{}", peer.port()).into();
    let smtp = MessagesConfig::smtp(&url, "Bursar <bursar@example.org>".into(), None).unwrap();
    let allowed_networks = MessagesConfig::networks("127.0.0.0/8").unwrap();
    let messages = MessagesConfig { allowed_networks, smtp: Some(smtp), ..MessagesConfig::default() };
    let app = TestApp::sending(messages).await;
    let owner = app.sign_in().await;
    dispatch(&app).await;
    let (slack, _) = answering(200);
    let rule = json!({
        "name": "members", "types": ["org.bursar.member.added.v1"], "least_severity": "info",
        "channels": [{ "kind": "slack", "to": slack.url() }, { "kind": "email", "to": "fin@example.com" }],
    });
    assert_eq!(send(&app, &owner, Method::POST, RULES, &rule).await.status, 200);
    let token =
        app.installation.account_for(&"bob@example.com".parse().unwrap(), "Bob", false).await.unwrap();
    let new = NewMembership {
        account: token,
        role: RoleName::BuiltIn(Role::Viewer),
        owner: false,
        via: Via::Manual,
    };
    app.installation.store().directory().join(&Actor::operator(), app.id, new).await.unwrap();
    for _ in 0..2 {
        dispatch(&app).await;
    }
    let mails = peer.mails();
    assert_eq!(mails.len(), 1, "{mails:?}");
    assert_eq!(mails[0]["to"], json!(["fin@example.com"]));
    let seen = slack.seen();
    assert_eq!(seen.len(), 1);
    assert!(seen[0].body.contains("A member was added"), "{}", seen[0].body);
}

#[tokio::test]
async fn everybody_says_when_to_be_told() {
    // claim G3
    let app = TestApp::new().await;
    let vera = app.sign_in_as("vera@example.com", Role::Viewer).await;
    let path = "/api/v1/notice-preferences";
    assert_eq!(app.get_as(&vera, path).await.json()["mail"], "each");
    let daily = json!({ "mail": "daily", "daily": { "at": "08:00", "zone": "Europe/Berlin" }, "quiet": { "from": "22:00", "until": "07:00", "zone": "Europe/Berlin", "weekends": true } });
    assert_eq!(send(&app, &vera, Method::PUT, path, &daily).await.json(), daily);
    assert_eq!(app.get_as(&vera, path).await.json(), daily);
    let owner = app.sign_in().await;
    assert_eq!(app.get_as(&owner, path).await.json()["mail"], "each", "another's are another's");
    for bad in [
        json!({ "mail": "daily" }),
        json!({ "mail": "never", "daily": { "at": "08:00", "zone": "UTC" } }),
        json!({ "mail": "daily", "daily": { "at": "8", "zone": "UTC" } }),
    ] {
        send(&app, &vera, Method::PUT, path, &bad).await.problem(409);
    }
}
