//! What recording costs: a change with its entry against the same change without, and notes together.
//!
//!     cargo run --release -p bursar-store --example log_speed -- DIRECTORY
//!
//! DIRECTORY must be on a disk that waits for its writes (not tmpfs). Prints lines of `name value`.
#![expect(clippy::print_stdout, reason = "it is what the example is for")]

use bursar_domain::clock::SystemClock;
use bursar_domain::{Actor, Clock, RegionName};
use bursar_keyring::{Keyring, MasterKeyConfig, SystemRandomness};
use bursar_store::{Entry, NewWorkspace, Store, StoreConfig};
use sqlx::ConnectOptions;
use sqlx::sqlite::{SqliteConnectOptions, SqliteSynchronous};
use std::error::Error;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

const CHANGES: usize = 300;
const NOTES: usize = 20_000;
const AT_ONCE: usize = 256;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let folder = PathBuf::from(std::env::args().nth(1).ok_or("name a directory")?);
    let data = tempfile::tempdir_in(folder)?;
    let (clock, random) = (Arc::new(SystemClock), Arc::new(SystemRandomness));
    let keyring =
        Keyring::open(&MasterKeyConfig::default(), data.path(), random.clone(), clock.clone()).await?;
    let keyring = Arc::new(keyring.keyring);
    let store =
        Store::open(StoreConfig::embedded(data.path()), keyring.clone(), clock.clone(), random).await?;
    let new = NewWorkspace { region: RegionName::home(), name: "speed".to_owned(), id: None };
    let workspace = store.create_workspace(&Actor::operator(), new).await?.id;
    let access = store.operator(workspace).await?;
    let opened = store.workspace(&access).await?;

    // The same file options, the same kind of row, no entry: what the change alone costs.
    let keys = keyring.create(bursar_domain::id::WorkspaceId::from_u128(1), &RegionName::home()).await?;
    let key = format!("\"x'{}'\"", hex::encode(keys.database_key().expose()));
    let mut plain = SqliteConnectOptions::new()
        .filename(data.path().join("plain.db"))
        .create_if_missing(true)
        .pragma("key", key)
        .synchronous(SqliteSynchronous::Full)
        .pragma("main.journal_mode", "WAL")
        .connect()
        .await?;
    sqlx::query("CREATE TABLE workspace_settings (workspace_id BLOB, name TEXT, value_sealed BLOB, changed_us INTEGER, PRIMARY KEY (workspace_id, name)) STRICT")
        .execute(&mut plain)
        .await?;
    let (mut with, mut without) = (Duration::ZERO, Duration::ZERO);
    for number in 0..CHANGES {
        let name = format!("setting{}", number % 50);
        let began = Instant::now();
        opened.set_setting(&Actor::operator(), &name, Some("value")).await?;
        with += began.elapsed();
        let began = Instant::now();
        sqlx::query("BEGIN IMMEDIATE").execute(&mut plain).await?;
        sqlx::query("INSERT INTO workspace_settings VALUES (?, ?, ?, ?) ON CONFLICT DO UPDATE SET value_sealed = excluded.value_sealed")
            .bind(vec![7_u8; 16])
            .bind(&name)
            .bind(vec![number as u8; 60])
            .bind(number as i64)
            .execute(&mut plain)
            .await?;
        sqlx::query("COMMIT").execute(&mut plain).await?;
        without += began.elapsed();
    }
    println!("change_with_entry_us {}", with.as_micros() / CHANGES as u128);
    println!("change_without_us {}", without.as_micros() / CHANGES as u128);
    println!("with_to_without {:.2}", without.as_secs_f64() / with.as_secs_f64());

    let log = opened.log();
    let began = Instant::now();
    for round in 0..NOTES / AT_ONCE {
        let notes =
            (0..AT_ONCE).map(|n| {
                let log = &log;
                async move {
                    log.note(&Actor::operator(), Entry::done("credential.set", round * AT_ONCE + n)).await
                }
            });
        for noted in futures::future::join_all(notes).await {
            noted?;
        }
    }
    let taken = began.elapsed();
    println!("notes_per_s {:.0}", (NOTES / AT_ONCE * AT_ONCE) as f64 / taken.as_secs_f64());

    let began = Instant::now();
    log.sign_checkpoint(clock.now()).await?;
    println!("checkpoint_over_new_notes_ms {}", began.elapsed().as_millis());
    let began = Instant::now();
    for sequence in (1..=NOTES as u64 / AT_ONCE as u64 * AT_ONCE as u64).step_by(199) {
        log.prove(sequence).await?;
    }
    println!("proof_ms {:.2}", began.elapsed().as_secs_f64() * 1e3 / (NOTES / 199) as f64);
    let began = Instant::now();
    let verdict = log.verify(None).await?;
    println!("verified_entries_per_s {:.0}", verdict.entries as f64 / began.elapsed().as_secs_f64());
    if !verdict.is_good() {
        return Err(format!("{:?}", verdict.problems).into());
    }
    store.close().await?;
    Ok(())
}
