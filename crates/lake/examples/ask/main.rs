//! Asks one question of a folder of hive-partitioned Parquet, several times, in this process.
//!
//! `ask FOLDER WARM [THREADS] < question.sql` prints a line of JSON: wall and CPU seconds of the
//! cold and the warm runs, the rows of the answer and the sum of each of its numeric columns. With
//! `EXPLAIN=1` in the environment it prints the plan instead.

mod scan;

use arrow::array::{AsArray, RecordBatch};
use arrow::datatypes::{DataType, Decimal128Type, Int64Type};
use bursar_lake::engine;
use datafusion::execution::SessionStateBuilder;
use datafusion::prelude::{SessionConfig, SessionContext};
use std::io::Read;
use std::sync::Arc;
use std::time::Instant;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

type Failure = Box<dyn std::error::Error + Send + Sync>;

fn main() -> Result<(), Failure> {
    let args: Vec<String> = std::env::args().collect();
    let [_, folder, warm, ..] = args.as_slice() else {
        return Err("usage: ask FOLDER WARM [THREADS]".into());
    };
    let threads = args.get(3).map_or(Ok(2), |t| t.parse::<usize>())?;
    let mut sql = String::new();
    std::io::stdin().read_to_string(&mut sql)?;
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(threads).enable_all().build()?;
    let warm: usize = warm.parse()?;
    runtime.block_on(ask(folder, &sql, warm, threads))
}

async fn ask(folder: &str, sql: &str, warm: usize, threads: usize) -> Result<(), Failure> {
    let started = Instant::now();
    let (mut walls, mut cpus) = (Vec::new(), Vec::new());
    let mut answer = Vec::new();
    let mut context = None;
    for run in 0..=warm {
        let (wall, cpu) = (if run == 0 { started } else { Instant::now() }, cpu_seconds()?);
        if context.is_none() {
            context = Some(session(folder, threads)?);
        }
        let Some(context) = &context else { continue };
        let frame = context.sql(sql).await?;
        if std::env::var_os("EXPLAIN").is_some() {
            let plan = frame.create_physical_plan().await?;
            let shown = datafusion::physical_plan::displayable(plan.as_ref()).indent(false).to_string();
            show(&shown);
            return Ok(());
        }
        answer = frame.collect().await?;
        walls.push(wall.elapsed().as_secs_f64());
        cpus.push(cpu_seconds()? - cpu);
    }
    let sums = sums(&answer)?;
    let rows: usize = answer.iter().map(RecordBatch::num_rows).sum();
    let line = serde_json::json!({ "rows": rows, "cold": walls[0], "warm": walls[1..], "cpu": cpus[1..], "sums": sums });
    show(&line.to_string());
    Ok(())
}

#[expect(clippy::print_stdout, reason = "a program's answer")]
fn show(text: &str) {
    println!("{text}");
}

fn session(folder: &str, threads: usize) -> Result<SessionContext, Failure> {
    let config = SessionConfig::new()
        .with_target_partitions(threads)
        .with_batch_size(32_768)
        .set_bool("datafusion.sql_parser.parse_float_as_decimal", true)
        .set_bool("datafusion.sql_parser.enable_ident_normalization", false);
    let mut builder = SessionStateBuilder::new().with_config(config).with_default_features();
    if std::env::var_os("STOCK").is_none() {
        builder = builder.with_physical_optimizer_rules(engine::rules());
    }
    let mut state = builder.build();
    engine::register(&mut state, Default::default())?;
    let context = SessionContext::new_with_state(state);
    context.register_table("focus", Arc::new(scan::Folder::open(folder, threads)?))?;
    Ok(context)
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
