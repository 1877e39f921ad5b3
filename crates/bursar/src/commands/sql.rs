//! `bursar sql`: one SELECT over cost exports read in place, without server or database.

use super::reading;
use crate::exit::{Failure, Outcome};
use crate::installation::Place;
use crate::output::Format;
use crate::progress;
use arrow::array::RecordBatch;
use bursar_focus::dialect::Dialect;
use bursar_lake::charges::Quarantine;
use bursar_lake::sql::{MAX_SQL_BYTES, QueryError};
use futures::StreamExt;
use std::io::Read;
use std::sync::Arc;
use std::time::Duration;

const EXAMPLES: &str = "\
Tables: focus (Cost and Usage, with FOCUS column ids as they are spelled, plus provider and
billing_period), and what else of FOCUS was delivered: contract_commitment, invoice_detail,
billing_period. tag('team') is the value of a tag, or NULL.

Examples:
  bursar sql --source ./exports \"SELECT ServiceName, SUM(EffectiveCost) FROM focus GROUP BY 1\"
  bursar sql --source ./exports --format parquet < question.sql > answer.parquet";

/// Ask in SQL
///
/// Runs one SELECT. Nothing else is accepted: no DDL, no COPY, no file functions. Memory and time
/// are bounded.
#[derive(Debug, clap::Args)]
#[command(after_long_help = EXAMPLES)]
pub(crate) struct Args {
    /// A folder or URL of cost exports (s3://, az://, abfss://, gs://); may be repeated
    #[arg(long = "source", short = 's', required_unless_present = "workspace", value_name = "PATH_OR_URL")]
    pub(crate) sources: Vec<String>,

    /// The sources of a workspace of the data directory, and its rollups where they are enough
    #[arg(long, short = 'w', conflicts_with = "sources", value_name = "NAME")]
    pub(crate) workspace: Option<String>,

    #[command(flatten)]
    pub(crate) place: Place,

    /// The question; read from standard input when left out or `-`
    #[arg(value_name = "SELECT")]
    pub(crate) query: Option<String>,

    /// Give up after this many seconds
    #[arg(long, default_value_t = 300, value_name = "SECONDS")]
    pub(crate) timeout_s: u64,

    /// What the columns mean, where neither a manifest nor the columns tell (azure-actual, azure-amortized, …)
    #[arg(long, value_name = "DIALECT")]
    pub(crate) dialect: Option<Dialect>,

    /// Print on standard error what was read to answer: objects, operations, bytes
    #[arg(long)]
    pub(crate) explain: bool,

    #[command(flatten)]
    pub(crate) output: Format,
}

/// Answers the question.
pub(crate) async fn run(args: Args) -> Result<Outcome, Failure> {
    let sql = match args.query.as_deref() {
        Some(text) if text != "-" => text.to_owned(),
        _ => {
            // One byte more than is accepted, so that too long is noticed.
            let limit = u64::try_from(MAX_SQL_BYTES).unwrap_or(u64::MAX) + 1;
            let mut text = String::new();
            std::io::stdin().take(limit).read_to_string(&mut text)?;
            text
        }
    };
    let sql = sql.trim().trim_end_matches(';').to_owned();
    let from = reading::From { sources: &args.sources, workspace: args.workspace.as_deref() };
    let engine = reading::engine()?;
    let (bill, charges) = reading::open(from, &args.place, args.dialect, &engine).await?;
    let quarantine = Arc::new(Quarantine::default());
    let context = engine.session(&charges, &quarantine).map_err(reading::asking)?;
    let limit = Duration::from_secs(args.timeout_s);
    let spinner = progress::counter("asking", "");
    // Rows are printed as they come; a slow reader of ours slows the question, not memory.
    let (send, mut receive) = tokio::sync::mpsc::channel(4);
    let running = {
        let (engine, context) = (Arc::clone(&engine), context);
        async move {
            let inner = Arc::clone(&engine);
            engine
                .run(limit, async move {
                    let frame = inner.plan(&context, &sql).await?;
                    let mut rows = inner.start(frame).await?;
                    let schema = Arc::clone(&rows.schema);
                    let empty = RecordBatch::new_empty(schema);
                    let _ = send.send(empty).await;
                    while let Some(batch) = rows.stream.next().await {
                        if send.send(batch.map_err(QueryError::of)?).await.is_err() {
                            break;
                        }
                    }
                    Ok(())
                })
                .await
        }
    };
    let printing = async {
        let mut writer = None;
        while let Some(batch) = receive.recv().await {
            spinner.finish_and_clear();
            if writer.is_none() {
                writer = Some(args.output.writer(&batch.schema())?);
            }
            if let (Some(writer), true) = (&mut writer, batch.num_rows() > 0) {
                writer.write(&batch)?;
            }
        }
        Ok::<_, Failure>(writer)
    };
    let (asked, printed) = tokio::join!(running, printing);
    spinner.finish_and_clear();
    let writer = printed?;
    asked.map_err(reading::asking)?;
    if let Some(writer) = writer {
        writer.finish()?;
    }
    reading::note_excluded(&quarantine.excluded());
    if args.explain {
        reading::explain(&bill, quarantine.cells());
    }
    Ok(Outcome::Good)
}
