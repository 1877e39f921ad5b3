//! The outbox and the dispatcher of `bursar-notify` together, killed at any moment.
//!
//! The adapter between the two is the program's own file: `bursar-app` itself would bring the query engine.

use crate::stage::{Hands, OPERATOR, Random, Stage, keyring, on_both};
use bursar_domain::clock::SystemClock;
use bursar_domain::event::{Event, Target};
use bursar_domain::id::WorkspaceId;
use bursar_domain::{Clock, RegionName};
use bursar_notify::dispatch::{Dispatcher, Report};
use bursar_notify::guard::Guard;
use bursar_notify::webhook::Schedule;
use bursar_notify::{HttpConfig, Sender};
use bursar_store::{
    NewSource, NewWebhook, NewWorkspace, Paging, RecordFilter, Store, StoreConfig, WorkspaceStore,
};
use bursar_testkit::peers::postgres;
use bursar_testkit::{Receiver, Reply};
use chrono::{DateTime, TimeDelta, Utc};
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

#[path = "../../../app/src/installation/events.rs"]
#[expect(unreachable_pub, reason = "public where it is at home")]
mod adapter;
use adapter::StoreOutbox;

const CHILD: &str = "BURSAR_DISPATCH_TEST_CHILD";
const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

/// The machine's time, so many minutes ahead: claims of who was killed are over.
#[derive(Debug)]
struct Ahead(i64);

impl Clock for Ahead {
    fn now(&self) -> DateTime<Utc> {
        SystemClock.now() + TimeDelta::minutes(self.0)
    }
}

fn dispatcher(clock: Arc<dyn Clock>) -> Dispatcher {
    let guard = Guard::public().allowing(["127.0.0.0/8".parse().unwrap()]);
    Dispatcher {
        sender: Sender::new(&HttpConfig { guard, ..HttpConfig::default() }).unwrap(),
        mailer: None,
        schedule: Schedule::new(vec![TimeDelta::milliseconds(20); 50]),
        public_url: None,
        clock,
        random: Arc::new(Random),
    }
}

async fn open(data: &Path, urls: Option<(&str, &str)>, clock: Arc<dyn Clock>) -> Store {
    let config = match urls {
        Some((app, owner)) => StoreConfig::postgres(app.to_owned().into(), Some(owner.to_owned().into())),
        None => StoreConfig::embedded(data),
    };
    let keyring = keyring(data, clock.clone()).await;
    Store::open(config, keyring, clock, Arc::new(Random)).await.unwrap()
}

/// Not a test of its own: what the next ones start and kill. Changes and dispatches as fast as it can.
#[tokio::test(flavor = "multi_thread", worker_threads = 3)]
async fn child_that_changes_and_dispatches() {
    let Ok(arguments) = std::env::var(CHILD) else { return };
    let arguments: Vec<&str> = arguments.split('|').collect();
    let [data, workspace, round, urls @ ..] = arguments.as_slice() else { panic!("{arguments:?}") };
    let workspace: WorkspaceId = workspace.parse().unwrap();
    let clock: Arc<dyn Clock> = Arc::new(Ahead(round.parse::<i64>().unwrap() * 3));
    let urls = if let [app, owner] = urls { Some((*app, *owner)) } else { None };
    let store = open(Path::new(data), urls, clock.clone()).await;
    for committer in 0..2 {
        let store = store.event_store(workspace).await.unwrap();
        let round = (*round).to_owned();
        tokio::spawn(async move {
            for number in 0.. {
                let location = format!("s3://bills/{round}/{committer}/{number}");
                let new = NewSource { location, dialect: None, id: None };
                let source = store.add_source(&OPERATOR, new).await.unwrap();
                store.remove_source(&OPERATOR, source.id).await.unwrap();
                // So that the test ends: what is made here is delivered in the end.
                tokio::time::sleep(Duration::from_millis(4)).await;
            }
        });
    }
    let (dispatcher, outbox) = (dispatcher(clock), StoreOutbox::new(store));
    loop {
        dispatcher.dispatch_once(&outbox).await.unwrap();
    }
}

/// Every change of sources that is recorded, by the number it shares with its event.
async fn changes(store: &WorkspaceStore) -> BTreeSet<u128> {
    let (mut found, mut after) = (BTreeSet::new(), None);
    loop {
        let filter = RecordFilter { paging: Paging { after, limit: 1000 }, ..RecordFilter::default() };
        let page = store.records(&filter).await.unwrap();
        let Some(last) = page.last() else { return found };
        after = Some(last.seq);
        let sources = page.iter().filter(|record| record.action.starts_with("source."));
        found.extend(sources.map(|record| record.id.as_u128()));
    }
}

async fn events(store: &WorkspaceStore) -> Vec<Event> {
    let (mut found, mut after) = (Vec::new(), 0);
    loop {
        let page = store.events(after, 1000).await.unwrap();
        let Some(last) = page.last() else { return found };
        after = last.0;
        found.extend(page.into_iter().map(|(_, event)| event));
    }
}

/// Kills the child in every round, then delivers the rest, and counts.
async fn nothing_is_lost_or_invented(data: &Path, urls: Option<(&str, &str)>, rounds: i64) {
    // Every seventh request is refused, so that there are retries to be killed in.
    let count = AtomicU64::new(0);
    let receiver = Receiver::start(move |_| {
        let refuse = count.fetch_add(1, Ordering::SeqCst) % 7 == 6;
        Reply::Status(if refuse { 503 } else { 204 }, String::new(), String::new())
    });
    let receiver = receiver.unwrap();
    let store = open(data, urls, Arc::new(SystemClock)).await;
    let new = NewWorkspace { region: RegionName::home(), name: "under fire".into(), id: None };
    let workspace = store.create_workspace(&OPERATOR, new).await.unwrap().id;
    let types =
        vec![bursar_domain::event::EventType::SourceAdded, bursar_domain::event::EventType::SourceRemoved];
    let webhook =
        NewWebhook { name: "ledger".into(), url: receiver.url().into(), types, secret: SECRET.into() };
    store.event_store(workspace).await.unwrap().add_webhook(&OPERATOR, webhook).await.unwrap();
    store.close().await.unwrap();
    for round in 1..=rounds {
        let mut arguments = format!("{}|{workspace}|{round}", data.display());
        if let Some((app, owner)) = urls {
            arguments = format!("{arguments}|{app}|{owner}");
        }
        let before = receiver.seen().len();
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "dispatching::child_that_changes_and_dispatches", "--nocapture"])
            .env(CHILD, arguments)
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        // From its first delivery on, at another moment in every round.
        for _ in 0..600 {
            if receiver.seen().len() > before {
                break;
            }
            tokio::time::sleep(Duration::from_millis(25)).await;
        }
        tokio::time::sleep(Duration::from_micros(u64::try_from(round).unwrap() * 37_219 % 260_000)).await;
        assert!(child.try_wait().unwrap().is_none(), "the child ended by itself");
        child.kill().unwrap();
        child.wait().unwrap();
    }
    let clock: Arc<dyn Clock> = Arc::new(Ahead((rounds + 1) * 3));
    let store = open(data, urls, clock.clone()).await;
    let (dispatcher, outbox) = (dispatcher(clock), StoreOutbox::new(store.clone()));
    // Retries come after 20 ms: half a second of nothing is the end.
    let mut idle = 0;
    while idle < 50 {
        let report = dispatcher.dispatch_once(&outbox).await.unwrap();
        assert_eq!(report.failed_workspaces, 0);
        idle = if report == Report::default() { idle + 1 } else { 0 };
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    let store = store.event_store(workspace).await.unwrap();
    let (changes, events) = (changes(&store).await, events(&store).await);
    let mut ids: Vec<u128> = Vec::new();
    let mut order: BTreeMap<String, Vec<u128>> = BTreeMap::new();
    for event in events.iter().filter(|event| event.data.kind().name().starts_with("org.bursar.source.")) {
        ids.push(event.id.as_u128());
        order.entry(event.subject.clone()).or_default().push(event.id.as_u128());
    }
    let unique: BTreeSet<u128> = ids.iter().copied().collect();
    assert_eq!(unique.len(), ids.len(), "an event twice");
    assert_eq!(unique, changes, "every committed change has its event, and no event is without a change");
    let mut delivered: BTreeMap<String, Vec<u128>> = BTreeMap::new();
    for received in receiver.seen() {
        let event = Event::from_cloud_event(&serde_json::from_str(&received.body).unwrap()).unwrap();
        assert_eq!(received.header("webhook-id"), Some(event.id.to_string().as_str()));
        let list = delivered.entry(event.subject.clone()).or_default();
        if !list.contains(&event.id.as_u128()) {
            list.push(event.id.as_u128());
        }
    }
    assert_eq!(delivered, order, "each is delivered, none invented, and those of a subject in their order");
    assert!(store.dead_letters(Paging::default()).await.unwrap().is_empty());
    assert!(ids.len() > rounds as usize, "there was nothing to lose: {}", ids.len());
}

// claim G1
#[tokio::test(flavor = "multi_thread", worker_threads = 3)]
async fn after_kills_no_event_is_lost_or_invented_embedded() {
    let data = tempfile::tempdir().unwrap();
    nothing_is_lost_or_invented(data.path(), None, 10).await;
}

// claim G1
#[tokio::test(flavor = "multi_thread", worker_threads = 3)]
async fn after_kills_no_event_is_lost_or_invented_postgres() {
    let Some(server) = postgres() else { return };
    let (data, database) = (tempfile::tempdir().unwrap(), server.database().unwrap());
    let (app, owner) = (database.app_url(), database.owner_url());
    nothing_is_lost_or_invented(data.path(), Some((&app, &owner)), 6).await;
}

on_both! {
    // claims G2, E8: from a change to the dead letters, and from there to the receiver.
    async fn a_receiver_that_was_down_gets_what_is_replayed(stage: &Stage) {
        let well = Arc::new(AtomicU64::new(0));
        let health = Arc::clone(&well);
        let receiver = Receiver::start(move |_| {
            let status = if health.load(Ordering::SeqCst) == 0 { 500 } else { 204 };
            Reply::Status(status, String::new(), "so it goes".into())
        }).unwrap();
        let workspace = stage.workspace("one").await;
        let store = stage.open(workspace).await;
        let webhook = NewWebhook { name: "ledger".into(), url: receiver.url().into(), types: vec![], secret: SECRET.into() };
        let id = store.add_webhook(&OPERATOR, webhook).await.unwrap();
        store.add_source(&OPERATOR, NewSource { location: "s3://a".into(), dialect: None, id: None }).await.unwrap();
        let clock: Arc<Hands> = stage.clock.clone();
        let dispatcher = Dispatcher { schedule: Schedule::default(), ..dispatcher(clock) };
        let outbox = StoreOutbox::new(stage.store.clone());
        let mut attempts = 0;
        for _ in 0..40 {
            let report = dispatcher.dispatch_once(&outbox).await.unwrap();
            attempts += report.retried + report.dead;
            stage.clock.forward(TimeDelta::hours(6));
        }
        assert_eq!((attempts, receiver.seen().len()), (10, 10));
        let letters = store.dead_letters(Paging::default()).await.unwrap();
        assert_eq!((letters.len(), letters[0].attempts, letters[0].target), (1, 10, Target::Webhook(id)));
        assert!(letters[0].reason.contains("status 500"), "{}", letters[0].reason);
        let log = store.dispatch_attempts(letters[0].id).await.unwrap();
        assert_eq!((log.len(), log[0].log.status), (10, Some(500)));
        assert!(log[0].log.request.contains("webhook-id: evt_") && !log[0].log.request.contains("v1,"), "{:?}", log[0]);
        // Of a receiver inside, no answers are shown.
        assert_eq!(log[0].log.response, "");
        well.store(1, Ordering::SeqCst);
        store.replay_dead_letter(&OPERATOR, letters[0].id).await.unwrap();
        assert_eq!(dispatcher.dispatch_once(&outbox).await.unwrap().delivered, 1);
        let seen = receiver.seen();
        let ids: BTreeSet<_> = seen.iter().map(|received| received.header("webhook-id").unwrap()).collect();
        assert_eq!((seen.len(), ids.len()), (11, 1), "the same id in every attempt");
    }
}
