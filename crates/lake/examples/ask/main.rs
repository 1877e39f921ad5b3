//! Asks one question of cost exports, several times, in this process: what `benches/run.py` times.
//!
//! `ask LOCATION WARM [THREADS] < question.sql` prints a line of JSON: wall and CPU seconds of the
//! cold and the warm runs, the rows of the answer, the sum of each of its numeric columns, and how
//! many cells of rollups were read. Every run plans and reads anew; only what was learned by opening
//! the files is kept.
//!
//! In the environment: `ROLLUPS=FOLDER` answers from rollups kept there (`BUILD=1` makes them first
//! and tells what it took), `EXPLAIN=1` prints the plan instead, `RSS=1` adds the resident memory
//! after each run.

use arrow::array::{AsArray, RecordBatch};
use arrow::datatypes::{DataType, Decimal128Type, Int64Type};
use bursar_domain::clock::SystemClock;
use bursar_domain::id::WorkspaceId;
use bursar_keyring::{Keyring, MasterKeyConfig, SystemRandomness};
use bursar_lake::bill::Bill;
use bursar_lake::charges::{Charges, OpenOptions, Quarantine};
use bursar_lake::ledger::Ledger;
use bursar_lake::location::Location;
use bursar_lake::rollup::Rollups;
use bursar_lake::sql::{Engine, Limits};
use std::io::Read;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

type Failure = Box<dyn std::error::Error + Send + Sync>;

const LIMIT: Duration = Duration::from_secs(3_600);

fn main() -> Result<(), Failure> {
    let args: Vec<String> = std::env::args().collect();
    let [_, location, warm, ..] = args.as_slice() else {
        return Err("usage: ask LOCATION WARM [THREADS]".into());
    };
    let threads = args.get(3).map_or(Ok(2), |t| t.parse::<usize>())?;
    let mut sql = String::new();
    std::io::stdin().read_to_string(&mut sql)?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let warm: usize = warm.parse()?;
    runtime.block_on(ask(location, &sql, warm, threads))
}

fn told(name: &str) -> bool {
    std::env::var_os(name).is_some()
}

async fn ask(location: &str, sql: &str, warm: usize, threads: usize) -> Result<(), Failure> {
    let started = Instant::now();
    let engine = Arc::new(Engine::new(Limits { threads, ..Limits::default() })?);
    let (mut walls, mut cpus, mut resident) = (Vec::new(), Vec::new(), Vec::new());
    let (mut answer, mut cells) = (Vec::new(), 0);
    let mut opened = None;
    for run in 0..=warm {
        let (wall, cpu) = (if run == 0 { started } else { Instant::now() }, cpu_seconds()?);
        if opened.is_none() {
            opened = Some(open(location, &engine).await?);
        }
        let Some(charges) = &opened else { continue };
        let quarantine = Arc::new(Quarantine::default());
        let context = engine.session(charges, &quarantine)?;
        if told("EXPLAIN") {
            let plan = engine.plan(&context, sql).await?.create_physical_plan().await?;
            show(&datafusion::physical_plan::displayable(plan.as_ref()).indent(false).to_string());
            return Ok(());
        }
        answer = engine.collect(context, sql.to_owned(), usize::MAX, LIMIT).await?.1;
        walls.push(wall.elapsed().as_secs_f64());
        cpus.push(cpu_seconds()? - cpu);
        cells = quarantine.cells();
        if told("RSS") {
            resident.push(resident_bytes());
        }
    }
    let sums = sums(&answer)?;
    let rows: usize = answer.iter().map(RecordBatch::num_rows).sum();
    let line = serde_json::json!({
        "rows": rows, "cold": walls[0], "warm": walls[1..], "cpu": cpus[1..], "sums": sums, "cells": cells,
        "resident": resident,
    });
    show(&line.to_string());
    Ok(())
}

#[expect(clippy::print_stdout, reason = "a program's answer")]
fn show(text: &str) {
    println!("{text}");
}

async fn open(location: &str, engine: &Arc<Engine>) -> Result<Charges, Failure> {
    let environment = |key: &str| std::env::var(key).ok();
    let ledger = Arc::new(Ledger::new(Arc::new(SystemClock)));
    let locations = [Location::parse(location)?];
    let bill = Bill::open(&locations, &environment, &OpenOptions::default(), engine, ledger).await?;
    let Some(folder) = std::env::var_os("ROLLUPS") else { return Ok(bill.charges().clone()) };
    let folder = Path::new(&folder);
    let config = MasterKeyConfig::default();
    let opened = Keyring::open(&config, folder, Arc::new(SystemRandomness), Arc::new(SystemClock)).await?;
    let keys = Arc::new(opened.keyring.workspace_or_create(WorkspaceId::from_u128(1)).await?);
    let rollups = Rollups::open(&folder.join("rollups"), keys)?;
    for (source, delivery) in bill.deliveries() {
        let (wall, cpu) = (Instant::now(), cpu_seconds()?);
        if !rollups.load(delivery.id) && told("BUILD") {
            rollups.build(engine, source, delivery, &["team".to_owned(), "env".to_owned()]).await?;
            let (wall, cpu) = (wall.elapsed().as_secs_f64(), cpu_seconds()? - cpu);
            show(&format!("{} {wall:.2} s, {cpu:.2} CPU s", delivery.key()));
        }
    }
    Ok(bill.charges().clone().with_rollups(Arc::new(rollups)))
}

/// Resident memory of this process, in bytes.
fn resident_bytes() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let kib = line.and_then(|line| line.trim().trim_end_matches(" kB").parse::<u64>().ok());
    kib.unwrap_or(0) * 1_024
}

/// User and system time of this process so far.
fn cpu_seconds() -> Result<f64, Failure> {
    let mut nanos = 0_u64;
    for task in std::fs::read_dir("/proc/self/task")? {
        let text = std::fs::read_to_string(task?.path().join("schedstat")).unwrap_or_default();
        nanos += text.split_whitespace().next().and_then(|n| n.parse::<u64>().ok()).unwrap_or(0);
    }
    #[expect(clippy::cast_precision_loss, reason = "a time for people")]
    Ok(nanos as f64 * 1e-9)
}

/// The exact sum of every numeric column, in the order of the columns.
fn sums(batches: &[RecordBatch]) -> Result<Vec<String>, Failure> {
    let Some(first) = batches.first() else { return Ok(Vec::new()) };
    let mut out = Vec::new();
    for (at, field) in first.schema().fields().iter().enumerate() {
        let mut total = 0_i128;
        match field.data_type() {
            DataType::Decimal128(_, _) => {
                for batch in batches {
                    let column = batch.column(at).as_primitive::<Decimal128Type>();
                    total += column.iter().flatten().sum::<i128>();
                }
            }
            DataType::Int64 => {
                for batch in batches {
                    total += batch
                        .column(at)
                        .as_primitive::<Int64Type>()
                        .iter()
                        .flatten()
                        .map(i128::from)
                        .sum::<i128>();
                }
            }
            _ => continue,
        }
        let scale = match field.data_type() {
            DataType::Decimal128(_, scale) => u32::from(scale.unsigned_abs()),
            _ => 0,
        };
        let one = 10_u128.pow(scale);
        let sign = if total < 0 { "-" } else { "" };
        let (whole, rest) = (total.unsigned_abs() / one, total.unsigned_abs() % one);
        let fraction =
            if scale == 0 { String::new() } else { format!(".{rest:0width$}", width = scale as usize) };
        out.push(format!("{}={sign}{whole}{fraction}", field.name()));
    }
    Ok(out)
}
