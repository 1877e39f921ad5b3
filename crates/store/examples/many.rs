//! How the embedded store does with many workspaces: `many DIRECTORY COUNT`.
//!
//! Makes the workspaces that are missing, then says how long a start takes, how much memory it takes
//! to visit each of them once, and how long the look-ups of a signed-in request take.
#![expect(clippy::print_stdout, clippy::unwrap_used, reason = "it measures")]

use bursar_domain::clock::SystemClock;
use bursar_domain::{Actor, Principal, RegionName, Role, RoleName};
use bursar_keyring::{Keyring, MasterKeyConfig, SystemRandomness};
use bursar_store::{
    AccountKind, NewAccount, NewMembership, NewSession, NewWorkspace, Paging, Store, StoreConfig, Via,
};
use chrono::TimeDelta;
use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

async fn open(data: &Path) -> Store {
    let (clock, random) = (Arc::new(SystemClock), Arc::new(SystemRandomness));
    let config = MasterKeyConfig::default();
    let keyring = Keyring::open(&config, data, random.clone(), clock.clone()).await.unwrap().keyring;
    Store::open(StoreConfig::embedded(data), Arc::new(keyring), clock, random).await.unwrap()
}

/// Resident memory in MiB.
fn resident() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find(|line| line.starts_with("VmRSS:")).unwrap_or_default();
    line.split_whitespace().nth(1).and_then(|kib| kib.parse::<u64>().ok()).unwrap_or_default() / 1024
}

#[tokio::main]
async fn main() {
    let mut arguments = std::env::args().skip(1);
    let data = arguments.next().unwrap();
    let count: usize = arguments.next().unwrap().parse().unwrap();
    let (data, operator) = (Path::new(&data), Actor::operator());

    let store = open(data).await;
    let mut ids = Vec::new();
    let mut paging = Paging::default();
    loop {
        let page = store.directory().workspaces(paging).await.unwrap();
        let Some(last) = page.last() else { break };
        paging.after = Some(last.id);
        ids.extend(page.iter().map(|workspace| workspace.id));
    }
    let started = Instant::now();
    for number in ids.len()..count {
        let new = NewWorkspace { region: RegionName::home(), name: format!("w{number}"), id: None };
        ids.push(store.create_workspace(&operator, new).await.unwrap().id);
    }
    println!("{} workspaces; making the missing ones took {:?}", ids.len(), started.elapsed());
    store.close().await.unwrap();
    drop(store);

    let started = Instant::now();
    let store = open(data).await;
    println!("start: {:?}, {} MiB resident", started.elapsed(), resident());

    let started = Instant::now();
    let mut most = 0;
    for id in &ids {
        let access = store.operator(*id).await.unwrap();
        store.workspace(&access).await.unwrap().sources(Paging::default()).await.unwrap();
        most = most.max(resident());
    }
    println!(
        "each visited once: {:?}, {} files open, at most {most} MiB resident",
        started.elapsed(),
        store.open_workspaces()
    );

    let account = NewAccount {
        email: format!("a{}@example.com", std::process::id()).parse().unwrap(),
        display_name: "Ana".into(),
        kind: AccountKind::Person,
        staff: false,
    };
    let account = store.directory().create_account(&operator, account).await.unwrap().id;
    let role = RoleName::BuiltIn(Role::Viewer);
    let new = NewMembership { account, role, owner: false, via: Via::Manual };
    store.directory().join(&operator, ids[0], new).await.unwrap();
    let mut token_digest = [0; 32];
    token_digest[..4].copy_from_slice(&std::process::id().to_be_bytes());
    let session = NewSession {
        account,
        token_digest,
        methods: vec!["password".into()],
        idle_limit: TimeDelta::hours(1),
        expires_at: chrono::DateTime::from_timestamp_nanos(i64::MAX),
        address: "203.0.113.7".into(),
        agent: "example".into(),
        provider_session: None,
    };
    let session = store.directory().create_session(&operator, session).await.unwrap().id;
    let principal = Principal::Account { id: account, session };
    let rounds = 2_000_u32;
    let started = Instant::now();
    for _ in 0..rounds {
        store.directory().live_session_by_digest(&token_digest).await.unwrap();
    }
    println!("session by its secret: {:?}", started.elapsed() / rounds);
    let started = Instant::now();
    for _ in 0..rounds {
        store.membership(&principal, ids[0]).await.unwrap();
    }
    println!("access to a workspace: {:?}", started.elapsed() / rounds);
}
