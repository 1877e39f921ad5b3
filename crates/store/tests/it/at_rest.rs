//! What lies on disk and in the tables: nothing that can be read without the keys.

use crate::stage::{OPERATOR, Stage, on_both};
use bursar_domain::event::{AttemptLog, Next, Plan, Target, WebhookPaused};
use bursar_domain::id::AccountId;
use bursar_domain::{Scope, ScopeRule};
use bursar_store::{
    ChannelKind, DispatchResult, Entry, LinkDetails, LinkPurpose, NewAlertRule, NewChannel, NewEvent,
    NewIdentityProvider, NewInvitation, NewLink, NewPasskey, NewSource, NewStaffAccess, NewTeam, NewToken,
    NewWebhook, ProviderKind, ScimFilter, TokenKind, UserChange, WorkspaceStore,
};
use chrono::TimeDelta;
use std::path::Path;

/// Distinct enough not to be anywhere by chance. Addresses are lower-cased when they are parsed.
const CANARY: &str = "kanarienvogel7";

/// Plants the canary wherever a text goes in.
async fn plant(stage: &Stage) -> WorkspaceStore {
    let directory = stage.store.directory();
    let (workspace, account, _) = stage.owner_of(CANARY).await;
    let secret = || format!("{CANARY}-secret").into();
    directory.set_password_hash(&OPERATOR, account, Some(&secret())).await.unwrap();
    directory.add_external_identity(&OPERATOR, account, CANARY, CANARY).await.unwrap();
    let passkey = NewPasskey {
        account,
        name: CANARY.into(),
        credential_id: CANARY.as_bytes().to_vec(),
        passkey: secret(),
    };
    directory.add_passkey(&OPERATOR, passkey).await.unwrap();
    directory.begin_totp(account, &secret()).await.unwrap();
    directory.set_setting(&OPERATOR, "smtp", Some(CANARY)).await.unwrap();
    directory.rename_workspace(&OPERATOR, workspace, CANARY).await.unwrap();
    let session = bursar_store::NewSession {
        address: CANARY.into(),
        agent: CANARY.into(),
        provider_session: Some(CANARY.into()),
        ..stage.new_session(account, 200)
    };
    directory.create_session(&OPERATOR, session).await.unwrap();
    let link = NewLink {
        digest: [1; 32],
        purpose: LinkPurpose::Ceremony,
        account: Some(account),
        workspace: Some(workspace),
        details: LinkDetails {
            email: Some(format!("{CANARY}@example.com").parse().unwrap()),
            state: Some(CANARY.into()),
        },
        expires_at: stage.now() + TimeDelta::hours(1),
    };
    directory.create_link(&OPERATOR, link).await.unwrap();
    let provider = NewIdentityProvider {
        kind: ProviderKind::Oidc,
        name: "Entra".into(),
        issuer: "https://login.example".into(),
        client_id: "bursar".into(),
        client_secret: Some(secret()),
        mapping: format!("{{\"{CANARY}\":1}}"),
        enabled: true,
    };
    directory.add_identity_provider(&OPERATOR, provider).await.unwrap();
    let note = Entry::done("test.note", account).with(serde_json::json!({ "name": CANARY }));
    directory.note(&OPERATOR, note.clone()).await.unwrap();

    let store = stage.open(workspace).await;
    let invitation = NewInvitation {
        digest: [2; 32],
        email: format!("{CANARY}@example.org").parse().unwrap(),
        role: bursar_domain::RoleName::BuiltIn(bursar_domain::Role::Viewer),
        owner: false,
        teams: Vec::new(),
        expires_at: stage.now() + TimeDelta::hours(1),
    };
    store.invite(&OPERATOR, invitation).await.unwrap();
    let source = NewSource { location: format!("s3://{CANARY}/focus"), dialect: None, id: None };
    store.add_source(&OPERATOR, source).await.unwrap();
    let rule = ScopeRule { dimension: "SubAccountId".into(), values: vec![CANARY.into()] };
    let scope = Scope::part(vec![rule]).unwrap();
    store.add_team(&OPERATOR, NewTeam { name: "web".into(), scope: scope.clone() }).await.unwrap();
    let token = NewToken {
        name: CANARY.into(),
        account,
        kind: TokenKind::Api,
        pages: None,
        actions: None,
        scope,
        expires_at: None,
    };
    store.create_token(&OPERATOR, token).await.unwrap();
    let user = UserChange {
        account: None,
        user_name: CANARY.into(),
        external_id: Some(CANARY.into()),
        active: true,
        attributes: serde_json::json!({ "name": CANARY }),
    };
    store.add_scim_user(&OPERATOR, user).await.unwrap();
    let staff = NewStaffAccess {
        staff: account,
        reason: CANARY.into(),
        ticket: CANARY.into(),
        read_only: true,
        hours: 1,
    };
    store.ask_staff_access(&OPERATOR, staff).await.unwrap();
    store.set_setting(&OPERATOR, "label", Some(CANARY)).await.unwrap();
    store.note(&OPERATOR, note).await.unwrap();
    plant_notices(stage, &store, account).await;
    store
}

/// The same in events, where they are sent and what became of them.
async fn plant_notices(stage: &Stage, store: &WorkspaceStore, account: AccountId) {
    let url = || format!("https://{CANARY}.example.com/{CANARY}");
    let webhook = NewWebhook { name: CANARY.into(), url: url().into(), types: vec![], secret: CANARY.into() };
    let webhook = store.add_webhook(&OPERATOR, webhook).await.unwrap();
    store.rotate_webhook_secret(&OPERATOR, webhook, &CANARY.into(), TimeDelta::days(1)).await.unwrap();
    let channel = NewChannel { kind: ChannelKind::Slack, name: CANARY.into(), address: url().into() };
    store.add_channel(&OPERATOR, channel).await.unwrap();
    let rule = NewAlertRule { name: CANARY.into(), rule: serde_json::json!({ "x": CANARY }), enabled: true };
    store.add_alert_rule(&OPERATOR, rule).await.unwrap();
    store.set_notice_preferences(&OPERATOR, account, &serde_json::json!({ "x": CANARY })).await.unwrap();
    let data = WebhookPaused { webhook, reason: CANARY.into(), failing_since: None };
    let event = NewEvent { subject: "x".into(), data: data.into(), once: Some(CANARY.into()) };
    store.tell(&OPERATOR, event).await.unwrap();
    let plan =
        |target| Plan { target, not_before: stage.now(), digest: false, unless_read: false, rule: None };
    let plans = [plan(Target::Webhook(webhook)), plan(Target::Inbox(account))];
    for event in store.claim_events(stage.now()).await.unwrap() {
        store.expand_event(&event, &plans, stage.now()).await.unwrap();
    }
    let claimed = store.claim_dispatches(stage.now(), 100).await.unwrap();
    assert!(claimed.len() >= 2, "{claimed:?}");
    for claimed in claimed {
        let log = AttemptLog { request: CANARY.into(), response: CANARY.into(), ..AttemptLog::default() };
        let next = Next::Dead { reason: CANARY.into() };
        let inbox = Some(serde_json::json!({ "title": CANARY }));
        let result = DispatchResult { next, log, health: None, pause: Some(CANARY.into()), inbox };
        store.finish_dispatch(&claimed.claim, &result, stage.now()).await.unwrap();
    }
}

/// Every file below the directory that holds the text, and how many bytes were looked at.
fn files_with(directory: &Path, text: &str) -> (Vec<String>, u64) {
    let (mut found, mut bytes, mut folders) = (Vec::new(), 0, vec![directory.to_owned()]);
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
                continue;
            }
            let content = std::fs::read(&path).unwrap();
            bytes += content.len() as u64;
            let content = content.to_ascii_lowercase();
            if content.windows(text.len()).any(|window| window == text.as_bytes()) {
                found.push(path.display().to_string());
            }
        }
    }
    (found, bytes)
}

on_both! {
    // claims B4, B7
    async fn nothing_that_was_planted_is_found(stage: &Stage) {
        let store = plant(stage).await;
        // It is there, for whoever has the keys.
        let (users, total) =
            store.scim_users(Some(&ScimFilter::UserName(CANARY.to_uppercase())), bursar_store::Paging::default()).await.unwrap();
        assert_eq!((users[0].user_name.as_str(), total), (CANARY, 1));
        // Written-ahead logs and files while they are open …
        let (found, bytes) = files_with(stage.directory.path(), CANARY);
        assert!(found.is_empty(), "{found:?}");
        if let Some(database) = &stage.postgres {
            let dump = database.dump().unwrap().to_lowercase();
            assert!(dump.contains("insert into public.accounts"), "the dump is empty");
            let hex = hex(CANARY.as_bytes());
            let lines: Vec<&str> = dump.lines().filter(|line| line.contains(CANARY) || line.contains(&hex)).collect();
            assert!(lines.is_empty(), "{lines:#?}");
            return;
        }
        assert!(bytes > 200_000, "the files are nearly empty");
        // … and once they are closed. Nothing of SQLite's own header is there either.
        stage.store.close().await.unwrap();
        assert!(files_with(stage.directory.path(), CANARY).0.is_empty());
        assert!(files_with(stage.directory.path(), "sqlite format 3").0.is_empty());
        // The same installation reads it again.
        let again = stage.reopen().await.unwrap();
        assert_eq!(again.directory().account_count().await.unwrap(), 1);
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
