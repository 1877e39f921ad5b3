//! Events and what becomes of them, without anybody who sends.

use crate::stage::{OPERATOR, Stage, on_both};
use bursar_domain::event::{
    AttemptLog, Event, EventData, EventType, Health, Next, Plan, Severity, Target, WebhookTest,
};
use bursar_domain::id::{AccountId, WebhookId, WorkspaceId};
use bursar_domain::{Role, RoleName};
use bursar_store::{
    ClaimedDispatch, Destination, DispatchResult, NewAlertRule, NewChannel, NewEvent, NewSource, NewWebhook,
    StoreError, WebhookState, WorkspaceStore,
};
use chrono::{DateTime, TimeDelta, Utc};
use secrecy::ExposeSecret;
use serde_json::json;

fn source(n: u32) -> NewSource {
    NewSource { location: format!("s3://bills/{n}"), dialect: None, id: None }
}

fn webhook(types: &[EventType]) -> NewWebhook {
    NewWebhook {
        name: "ledger".into(),
        url: "https://receiver.example.com/hooks".into(),
        types: types.to_vec(),
        secret: "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw".into(),
    }
}

fn plan(target: Target, now: DateTime<Utc>) -> Plan {
    Plan { target, not_before: now, digest: false, unless_read: false, rule: None }
}

fn result(next: Next) -> DispatchResult {
    let log = AttemptLog { request: "POST".into(), status: Some(500), took_ms: 3, ..AttemptLog::default() };
    DispatchResult { next, log, health: None, pause: None, inbox: None }
}

fn test_event(subject: &str, once: Option<&str>) -> NewEvent {
    let data = EventData::WebhookTest(WebhookTest { webhook: WebhookId::from_u128(7) });
    NewEvent { subject: subject.into(), data, once: once.map(Into::into) }
}

async fn kinds(store: &WorkspaceStore) -> Vec<EventType> {
    store.events(0, 1000).await.unwrap().into_iter().map(|(_, event)| event.data.kind()).collect()
}

/// Expands every event to the targets.
async fn expand(stage: &Stage, store: &WorkspaceStore, targets: &[Target]) -> Vec<Event> {
    let events = store.claim_events(stage.now()).await.unwrap();
    let plans: Vec<Plan> = targets.iter().map(|target| plan(*target, stage.now())).collect();
    for event in &events {
        store.expand_event(event, &plans, stage.now()).await.unwrap();
    }
    events
}

async fn claim(stage: &Stage, store: &WorkspaceStore) -> Vec<ClaimedDispatch> {
    store.claim_dispatches(stage.now(), 100).await.unwrap()
}

async fn due(stage: &Stage) -> Vec<WorkspaceId> {
    stage.store.workspaces_with_events(stage.now()).await.unwrap()
}

on_both! {
    // claim G1: an event per change, in the order of the changes, and none for what did not happen.
    async fn a_change_tells_its_event_and_a_refused_one_tells_none(stage: &Stage) {
        let (workspace, _, _) = stage.owner_of("ana").await;
        let store = stage.open(workspace).await;
        let first = store.add_source(&OPERATOR, source(1)).await.unwrap();
        assert!(matches!(store.add_source(&OPERATOR, source(1)).await, Err(StoreError::Conflict(_))));
        store.remove_source(&OPERATOR, first.id).await.unwrap();
        assert_eq!(kinds(&store).await, [EventType::SourceAdded, EventType::SourceRemoved]);
        // The event has the number of its record.
        let records = store.records(&Default::default()).await.unwrap();
        let events = store.events(0, 10).await.unwrap();
        assert_eq!(events[0].1.id.as_u128(), records.last().unwrap().id.as_u128());
        assert_eq!(events[0].1.subject, first.id.to_string());
        assert_eq!((events[0].0, events[1].0), (1, 2));
    }

    // claim G1: what the directory changes is told in the workspaces it is about.
    async fn members_sign_ins_and_deletions_are_told_too(stage: &Stage) {
        let (one, ana, _) = stage.owner_of("ana").await;
        let two = stage.workspace("two").await;
        stage.join(two, ana, Role::Viewer).await;
        stage.session(ana, 77).await;
        stage.store.directory().set_password_hash(&OPERATOR, ana, Some(&"x".to_owned().into())).await.unwrap();
        stage.store.directory().ask_workspace_deletion(&OPERATOR, one, stage.now() + TimeDelta::days(7)).await.unwrap();
        let mut found = due(stage).await;
        found.sort_unstable();
        let mut both = vec![one, two];
        both.sort_unstable();
        assert_eq!(found, both);
        use EventType::{MemberAdded, SignInMethodChanged, SignedIn, WorkspaceDeletion};
        let store = stage.open(one).await;
        assert_eq!(kinds(&store).await, [MemberAdded, SignedIn, SignedIn, SignInMethodChanged, WorkspaceDeletion]);
        // The first sign-in was before the membership, but is carried when it is there.
        assert_eq!(kinds(&stage.open(two).await).await, [SignedIn, MemberAdded, SignedIn, SignInMethodChanged]);
        // Carried once, however often it is looked.
        assert_eq!(stage.store.relay_events().await.unwrap(), 0);
        assert_eq!(kinds(&store).await.len(), 5);
    }

    async fn every_recorded_action_that_tells_has_data_of_its_type(stage: &Stage) {
        let (workspace, ana, _) = stage.owner_of("ana").await;
        let store = stage.open(workspace).await;
        let directory = stage.store.directory();
        let role = bursar_store::NewCustomRole { name: "r".into(), pages: vec![], actions: vec![] };
        let role = store.add_role(&OPERATOR, role).await.unwrap();
        let token = bursar_store::NewToken {
            name: "t".into(), account: ana, kind: bursar_store::TokenKind::Api, pages: None, actions: None,
            scope: bursar_domain::Scope::All, expires_at: Some(stage.now() + TimeDelta::days(1)),
        };
        let (_, row) = store.create_token(&OPERATOR, token).await.unwrap();
        store.revoke_token(&OPERATOR, row.id).await.unwrap();
        store.remove_role(&OPERATOR, role.id).await.unwrap();
        let staff = bursar_store::NewStaffAccess { staff: ana, reason: "r".into(), ticket: "t".into(), read_only: true, hours: 1 };
        let asked = store.ask_staff_access(&OPERATOR, staff).await.unwrap();
        store.refuse_staff_access(&OPERATOR, asked.id).await.unwrap();
        let bob = stage.account("bob").await;
        stage.join(workspace, bob, Role::Viewer).await;
        store.change_member(&OPERATOR, bob, RoleName::BuiltIn(Role::Analyst), false).await.unwrap();
        store.remove_member(&OPERATOR, bob).await.unwrap();
        let passkey = bursar_store::NewPasskey { account: ana, name: "k".into(), credential_id: vec![1], passkey: "p".to_owned().into() };
        let passkey = directory.add_passkey(&OPERATOR, passkey).await.unwrap();
        directory.remove_passkey(&OPERATOR, ana, passkey).await.unwrap();
        stage.store.relay_events().await.unwrap();
        use EventType as E;
        let found = kinds(&store).await;
        for kind in [
            E::RoleChanged, E::TokenCreated, E::TokenRevoked, E::StaffAccessChanged, E::MemberAdded, E::MemberChanged,
            E::MemberRemoved, E::SignInMethodChanged, E::SignedIn,
        ] {
            assert!(found.contains(&kind), "{kind} in {found:?}");
        }
        assert_eq!(found.iter().filter(|kind| **kind == E::SignInMethodChanged).count(), 2);
    }

    async fn the_same_occasion_is_told_once(stage: &Stage) {
        let store = stage.open(stage.workspace("one").await).await;
        for _ in 0..3 {
            store.tell(&OPERATOR, test_event("bud_a", Some("bud_a 2026-11 80"))).await.unwrap();
        }
        store.tell(&OPERATOR, test_event("bud_a", Some("bud_a 2026-11 100"))).await.unwrap();
        assert_eq!(kinds(&store).await.len(), 2);
    }

    // claim G1
    async fn an_event_is_expanded_once_and_handed_out_once_at_a_time(stage: &Stage) {
        let workspace = stage.workspace("one").await;
        let store = stage.open(workspace).await;
        let id = store.add_webhook(&OPERATOR, webhook(&[])).await.unwrap();
        store.add_source(&OPERATOR, source(1)).await.unwrap();
        assert_eq!(due(stage).await, [workspace]);
        let events = expand(stage, &store, &[Target::Webhook(id)]).await;
        assert_eq!(events.len(), 1);
        // Again, as after a crash: nothing is doubled.
        store.expand_event(&events[0], &[plan(Target::Webhook(id), stage.now())], stage.now()).await.unwrap();
        assert!(store.claim_events(stage.now()).await.unwrap().is_empty());
        let claimed = claim(stage, &store).await;
        assert_eq!((claimed.len(), claimed[0].claim.attempt), (1, 1));
        let Destination::Webhook { url, secrets, health } = &claimed[0].destination else { panic!("{claimed:?}") };
        assert!(url.expose_secret().contains("/hooks") && secrets.len() == 1 && *health == Health::default());
        assert!(claim(stage, &store).await.is_empty(), "it is held");
        // Its holder is gone: after two minutes somebody else may try.
        stage.clock.forward(TimeDelta::minutes(2));
        let again = claim(stage, &store).await;
        assert_eq!(again.len(), 1);
        // The first one comes back and finds its claim lost.
        store.finish_dispatch(&claimed[0].claim, &result(Next::Delivered), stage.now()).await.unwrap();
        assert!(store.dispatch_attempts(again[0].claim.id).await.unwrap().is_empty());
        store.finish_dispatch(&again[0].claim, &result(Next::Delivered), stage.now()).await.unwrap();
        assert_eq!(store.dispatch_attempts(again[0].claim.id).await.unwrap().len(), 1);
        store.settle_events(stage.now()).await.unwrap();
        assert!(due(stage).await.is_empty());
    }

    async fn another_process_waits_while_one_expands(stage: &Stage) {
        let workspace = stage.workspace("one").await;
        let other = stage.reopen().await.unwrap();
        let (mine, theirs) = (stage.open(workspace).await, other.event_store(workspace).await.unwrap());
        mine.add_source(&OPERATOR, source(1)).await.unwrap();
        assert_eq!(mine.claim_events(stage.now()).await.unwrap().len(), 1);
        assert!(theirs.claim_events(stage.now()).await.unwrap().is_empty());
        assert_eq!(mine.claim_events(stage.now()).await.unwrap().len(), 1, "its own claim does not stop it");
        stage.clock.forward(TimeDelta::minutes(2));
        assert_eq!(theirs.claim_events(stage.now()).await.unwrap().len(), 1);
        theirs.settle_events(stage.now()).await.unwrap();
        assert_eq!(mine.claim_events(stage.now()).await.unwrap().len(), 1);
    }

    // claim G1: order per subject, and no waiting for other subjects.
    async fn of_a_subject_only_the_first_unfinished_is_handed_out(stage: &Stage) {
        let store = stage.open(stage.workspace("one").await).await;
        let (a, b) = (store.add_webhook(&OPERATOR, webhook(&[])).await.unwrap(), store.add_webhook(&OPERATOR, webhook(&[])).await.unwrap());
        for subject in ["x", "x", "y"] {
            store.tell(&OPERATOR, test_event(subject, None)).await.unwrap();
        }
        expand(stage, &store, &[Target::Webhook(a), Target::Webhook(b)]).await;
        let first = claim(stage, &store).await;
        let of = |claimed: &[ClaimedDispatch]| {
            let mut all: Vec<_> = claimed.iter().map(|c| (c.claim.target, c.event.subject.clone())).collect();
            all.sort();
            all
        };
        let (a, b) = (Target::Webhook(a), Target::Webhook(b));
        assert_eq!(of(&first), [(a, "x".into()), (a, "y".into()), (b, "x".into()), (b, "y".into())]);
        // One receiver takes it, the other wants it again later.
        let later = stage.now() + TimeDelta::hours(1);
        for claimed in &first {
            let next = if claimed.claim.target == a { Next::Delivered } else { Next::Retry { at: later } };
            store.finish_dispatch(&claimed.claim, &result(next), stage.now()).await.unwrap();
        }
        assert_eq!(of(&claim(stage, &store).await), [(a, "x".to_owned())]);
        stage.clock.forward(TimeDelta::hours(1));
        let again = claim(stage, &store).await;
        assert!(again.iter().any(|c| c.claim.target == b && c.claim.attempt == 2));
    }

    // claim E8
    async fn dead_letters_say_why_and_are_replayed(stage: &Stage) {
        let store = stage.open(stage.workspace("one").await).await;
        let id = store.add_webhook(&OPERATOR, webhook(&[])).await.unwrap();
        for n in 0..3 {
            store.add_source(&OPERATOR, source(n)).await.unwrap();
        }
        expand(stage, &store, &[Target::Webhook(id)]).await;
        for claimed in claim(stage, &store).await {
            let dead = Next::Dead { reason: "the receiver answered with status 500".into() };
            store.finish_dispatch(&claimed.claim, &result(dead), stage.now()).await.unwrap();
        }
        let letters = store.dead_letters(Default::default()).await.unwrap();
        assert_eq!(letters.len(), 3);
        assert_eq!((letters[0].reason.as_str(), letters[0].attempts), ("the receiver answered with status 500", 1));
        assert_eq!(store.dispatch_attempts(letters[0].id).await.unwrap()[0].log.status, Some(500));
        store.replay_dead_letter(&OPERATOR, letters[1].id).await.unwrap();
        assert!(matches!(store.replay_dead_letter(&OPERATOR, letters[1].id).await, Err(StoreError::NotFound(_))));
        let again = claim(stage, &store).await;
        assert_eq!((again.len(), again[0].claim.id, again[0].claim.attempt), (1, letters[1].id, 1));
        assert_eq!(store.replay_dead_letters(&OPERATOR, Some(Target::Webhook(id))).await.unwrap(), 2);
        assert_eq!(claim(stage, &store).await.len(), 2);
        assert!(store.dead_letters(Default::default()).await.unwrap().is_empty());
        assert!(store.replay_dead_letters(&OPERATOR, None).await.unwrap() == 0);
    }

    async fn a_dead_receiver_is_paused_told_and_keeps_what_it_misses(stage: &Stage) {
        let store = stage.open(stage.workspace("one").await).await;
        let id = store.add_webhook(&OPERATOR, webhook(&[])).await.unwrap();
        store.tell(&OPERATOR, test_event("x", None)).await.unwrap();
        store.tell(&OPERATOR, test_event("x", None)).await.unwrap();
        expand(stage, &store, &[Target::Webhook(id)]).await;
        let claimed = claim(stage, &store).await;
        let since = Some(stage.now());
        let failed = DispatchResult {
            health: Some(Health { failing_since: since, failures: 12 }),
            pause: Some("nothing succeeded".into()),
            ..result(Next::Retry { at: stage.now() })
        };
        store.finish_dispatch(&claimed[0].claim, &failed, stage.now()).await.unwrap();
        let found = &store.webhooks().await.unwrap()[0];
        assert_eq!((found.state, found.reason.as_deref(), found.failing_since), (WebhookState::Paused, Some("nothing succeeded"), since));
        assert_eq!(kinds(&store).await.last(), Some(&EventType::WebhookPaused));
        assert_eq!(store.dead_letters(Default::default()).await.unwrap().len(), 2);
        // What happens meanwhile is kept for it as well.
        expand(stage, &store, &[Target::Webhook(id)]).await;
        assert_eq!(store.dead_letters(Default::default()).await.unwrap().len(), 3);
        assert!(claim(stage, &store).await.is_empty());
        store.resume_webhook(&OPERATOR, id).await.unwrap();
        assert_eq!(store.replay_dead_letters(&OPERATOR, None).await.unwrap(), 3);
        assert_eq!(claim(stage, &store).await.len(), 2, "of two subjects");
        // Switched off, it is kept nothing for.
        let one = claim(stage, &store).await;
        assert!(one.is_empty());
    }

    async fn both_secrets_sign_while_they_are_rotated(stage: &Stage) {
        let store = stage.open(stage.workspace("one").await).await;
        let id = store.add_webhook(&OPERATOR, webhook(&[])).await.unwrap();
        store.rotate_webhook_secret(&OPERATOR, id, &"whsec_bmV3bmV3bmV3bmV3bmV3bmV3bmV3bmV3".into(), TimeDelta::days(1)).await.unwrap();
        let secrets = async |subject: &str| {
            store.tell(&OPERATOR, test_event(subject, None)).await.unwrap();
            expand(stage, &store, &[Target::Webhook(id)]).await;
            let claimed = claim(stage, &store).await;
            let Destination::Webhook { secrets, .. } = claimed[0].destination.clone() else { panic!("{claimed:?}") };
            secrets.iter().map(|secret| secret.expose_secret().to_owned()).collect::<Vec<_>>()
        };
        let both = secrets("a").await;
        assert!(both.len() == 2 && both[0].starts_with("whsec_bmV3") && both[1].starts_with("whsec_MfKQ"));
        stage.clock.forward(TimeDelta::days(1));
        stage.clock.forward(TimeDelta::minutes(-2));
        stage.clock.forward(TimeDelta::minutes(2));
        assert_eq!(secrets("b").await.len(), 1);
    }

    // claim G3
    async fn an_inbox_has_each_notice_once_and_reading_ends_the_escalation(stage: &Stage) {
        let (workspace, ana, _) = stage.owner_of("ana").await;
        let store = stage.open(workspace).await;
        store.tell(&OPERATOR, test_event("x", None)).await.unwrap();
        let events = store.claim_events(stage.now()).await.unwrap();
        let later = stage.now() + TimeDelta::minutes(30);
        let plans = [
            plan(Target::Inbox(ana), stage.now()),
            Plan { not_before: later, unless_read: true, ..plan(Target::Mail(ana), stage.now()) },
        ];
        store.expand_event(&events[0], &plans, stage.now()).await.unwrap();
        let claimed = claim(stage, &store).await;
        assert_eq!(claimed.len(), 1);
        let told = DispatchResult { inbox: Some(json!({ "title": "x" })), ..result(Next::Delivered) };
        store.finish_dispatch(&claimed[0].claim, &told, stage.now()).await.unwrap();
        let inbox = store.inbox(ana, Default::default()).await.unwrap();
        assert_eq!((inbox.len(), &inbox[0].notice["title"], inbox[0].read_at), (1, &json!("x"), None));
        assert_eq!(store.unread_notices(ana).await.unwrap(), 1);
        let stranger = AccountId::from_u128(99);
        assert!(matches!(store.read_notice(stranger, inbox[0].id).await, Err(StoreError::NotFound(_))));
        store.read_notice(ana, inbox[0].id).await.unwrap();
        store.read_notice(ana, inbox[0].id).await.unwrap();
        assert_eq!(store.unread_notices(ana).await.unwrap(), 0);
        stage.clock.forward(TimeDelta::minutes(30));
        assert!(claim(stage, &store).await.is_empty(), "somebody read it");
    }

    async fn mail_goes_to_members_only(stage: &Stage) {
        let (workspace, ana, _) = stage.owner_of("ana").await;
        let store = stage.open(workspace).await;
        store.tell(&OPERATOR, test_event("x", None)).await.unwrap();
        expand(stage, &store, &[Target::Mail(ana), Target::Mail(stage.account("eve").await)]).await;
        let claimed = claim(stage, &store).await;
        let mut found: Vec<String> = claimed.iter().map(|claimed| match &claimed.destination {
            Destination::Mail(address) => address.to_string(),
            other => format!("{other:?}"),
        }).collect();
        found.sort();
        assert_eq!(found, ["Gone(\"the person is no member any more\")", "ana@example.com"]);
    }

    async fn channels_rules_and_preferences_are_kept_and_sealed(stage: &Stage) {
        let (workspace, ana, _) = stage.owner_of("ana").await;
        let store = stage.open(workspace).await;
        let channel = NewChannel { kind: bursar_store::ChannelKind::Slack, name: "ops".into(), address: "https://hooks.slack.com/x".into() };
        let channel = store.add_channel(&OPERATOR, channel).await.unwrap();
        let rule = json!({ "severity": Severity::Warning, "recipients": [{ "channel": channel }] });
        let new = NewAlertRule { name: "all".into(), rule: rule.clone(), enabled: true };
        let id = store.add_alert_rule(&OPERATOR, new.clone()).await.unwrap();
        store.change_alert_rule(&OPERATOR, id, NewAlertRule { enabled: false, ..new }).await.unwrap();
        let found = store.alert_rules().await.unwrap();
        assert_eq!((found.len(), &found[0].rule, found[0].enabled), (1, &rule, false));
        store.set_notice_preferences(&OPERATOR, ana, &json!({ "mail": "never" })).await.unwrap();
        store.set_notice_preferences(&OPERATOR, ana, &json!({ "mail": "each" })).await.unwrap();
        assert_eq!(store.notice_preferences().await.unwrap(), [(ana, json!({ "mail": "each" }))]);
        assert_eq!(store.channels().await.unwrap()[0].name, "ops");
        store.remove_channel(&OPERATOR, channel).await.unwrap();
        store.remove_alert_rule(&OPERATOR, id).await.unwrap();
        assert!(store.channels().await.unwrap().is_empty() && store.alert_rules().await.unwrap().is_empty());
    }

    async fn what_is_done_is_forgotten_after_a_while_and_what_waits_is_not(stage: &Stage) {
        let store = stage.open(stage.workspace("one").await).await;
        let id = store.add_webhook(&OPERATOR, webhook(&[])).await.unwrap();
        store.tell(&OPERATOR, test_event("x", None)).await.unwrap();
        store.tell(&OPERATOR, test_event("x", None)).await.unwrap();
        expand(stage, &store, &[Target::Webhook(id)]).await;
        let claimed = claim(stage, &store).await;
        store.finish_dispatch(&claimed[0].claim, &result(Next::Delivered), stage.now()).await.unwrap();
        stage.clock.forward(TimeDelta::days(30));
        assert_eq!(store.forget_events(stage.now()).await.unwrap(), 1);
        assert_eq!(claim(stage, &store).await.len(), 1);
    }
}
