//! How fast a log is verified and proved, against SHA-256 itself. `benches/audit.py` says how to run it.
//!
//! Prints lines of `name value`. The log of the first two lines is 200,000 entries of some 450 bytes; that of the last
//! is the tiles of 10 million leaves in memory.
#![expect(clippy::print_stdout, reason = "it is what the example is for")]

use bursar_audit::export::{About, Filter, write};
use bursar_audit::tile::Tiles;
use bursar_audit::verify::{Trust, verify_path};
use bursar_audit::{Checkpoint, Entry, KeyStatement, Log, Outcome, Payload, SigningKey, leaf_hash, tree};
use bursar_domain::id::{AccountId, RecordId, RequestId, WorkspaceId};
use chrono::{DateTime, TimeDelta};
use sha2::{Digest, Sha256};
use std::error::Error;
use std::time::{Duration, Instant};

const ENTRIES: u64 = 200_000;
const LEAVES: u64 = 10_000_000;

fn entries(log: Log) -> Result<Vec<Entry>, Box<dyn Error>> {
    let start = DateTime::from_timestamp(1_795_358_000, 0).ok_or("no time")?;
    let payload = Payload::of(&serde_json::json!({ "location": "s3://bills/exports/focus-1.2/team-alpha" }))?;
    let entry = |sequence: u64| Entry {
        sequence,
        log,
        id: RecordId::from_u128(u128::from(sequence) << 64 | 0x1234_5678_9abc),
        time: start,
        actor: AccountId::from_u128(7).to_string(),
        account: Some(AccountId::from_u128(7)),
        on_behalf_of: None,
        credential: Some("ses_0192e4b0c5d87f3a9b1c2d3e4f506172".to_owned()),
        workspace: Some(WorkspaceId::from_u128(7)),
        action: "source.add".to_owned(),
        target: format!("src_{sequence:032x}"),
        outcome: Outcome::Done,
        policy: Some("editors-change-sources".to_owned()),
        request: Some(RequestId::from_u128(u128::from(sequence))),
        intent: None,
        personal: Vec::new(),
        payload: payload.clone(),
    };
    Ok((1..=ENTRIES).map(entry).collect())
}

fn main() -> Result<(), Box<dyn Error>> {
    let log = Log::Workspace(WorkspaceId::from_u128(7));
    let key = SigningKey::from_seed(&log.origin(), &[1; 32])?;
    let entries = entries(log)?;
    let start = entries.first().ok_or("no entries")?.time;
    let leaves: Vec<_> = entries.iter().map(Entry::leaf).collect();
    let head = Checkpoint { origin: log.origin(), size: ENTRIES, root: tree::root_of(&leaves), time: start };
    let statement =
        KeyStatement { key: key.public().clone(), from: start, until: start + TimeDelta::days(1) };
    let about = About {
        log,
        created: start,
        cadence: Duration::from_secs(300),
        filter: Filter::default(),
        checkpoints: vec![head.sign(&key)?],
        consistency: Vec::new(),
        keys: vec![statement.sign(&key)?],
    };
    let path = std::env::temp_dir().join(format!("bursar-audit-speed-{}.tar", std::process::id()));
    let (bytes, _) = write(Vec::new(), about, &entries, &[], &key)?;
    std::fs::write(&path, &bytes)?;
    // They take turns, so that a busy machine burdens both alike.
    let (mut verify, mut hash) = (Vec::new(), Vec::new());
    for _ in 0..7 {
        let began = Instant::now();
        let verdict = verify_path(&path, &Trust::default())?;
        verify.push(began.elapsed());
        if !verdict.is_good() || verdict.entries != ENTRIES {
            return Err("the log does not verify".into());
        }
        let began = Instant::now();
        std::hint::black_box(Sha256::digest(std::hint::black_box(&bytes)));
        hash.push(began.elapsed());
    }
    std::fs::remove_file(&path)?;
    let rate = |times: &mut Vec<Duration>| {
        times.sort();
        bytes.len() as f64 / 1e6 / times.get(times.len() / 2).map_or(1.0, Duration::as_secs_f64)
    };
    let (verify, hash) = (rate(&mut verify), rate(&mut hash));
    println!("verify_mb_per_s {verify:.0}\nsha256_mb_per_s {hash:.0}\nverify_to_sha256 {:.2}", verify / hash);

    let tiles = Tiles::of((0..LEAVES).map(|number| leaf_hash(&number.to_be_bytes())));
    let root = tree::root(&tiles, LEAVES)?;
    let mut times = Vec::new();
    for index in (0..LEAVES).step_by(99_991) {
        let began = Instant::now();
        let proof = tree::prove_inclusion(&tiles, index, LEAVES)?;
        times.push(began.elapsed());
        tree::check_inclusion(leaf_hash(&index.to_be_bytes()), index, LEAVES, root, &proof)?;
    }
    times.sort();
    let at = |place: usize| times.get(place).map_or(0.0, Duration::as_secs_f64) * 1e3;
    println!(
        "proof_among_10m_ms {:.3}\nslowest_of_101_proofs_ms {:.3}",
        at(times.len() / 2),
        at(times.len() - 1)
    );
    Ok(())
}
