//! `bursar cost`: where the money goes, of exports read in place, without server or database.

use super::reading;
use crate::exit::{Failure, Outcome};
use crate::installation::Place;
use crate::output::Format;
use crate::progress;
use arrow::array::{ArrayRef, Date32Array, Decimal128Array, RecordBatch, StringArray};
use bursar_domain::{Amount, DateRange};
use bursar_focus::dialect::Dialect;
use bursar_lake::ask::{Answer, ask};
use bursar_lake::question::{Compare, Conversion, Dimension, Grain, Question};
use chrono::NaiveDate;
use std::sync::Arc;

const EXAMPLES: &str = "\
Examples:
  bursar cost --source ./exports
      what everything cost, by currency
  bursar cost --source ./aws --source s3://bucket/azure --by ProviderName,ServiceName --grain month --top 10
      two bills as one, month by month
  bursar cost --source ./exports --by tag:team --where 'RegionId=eu-west-1' --from 2026-10-01 --to 2026-11-01
      October in one region, by team (the end date is not included)
  bursar cost --workspace acme --by ServiceName --grain month
      of the sources that the workspace `acme` has, from its rollups where they are enough";

/// Show where the money goes
///
/// Reads cost exports where they lie and adds up one measure by the dimensions asked for. Several
/// sources are one bill. Currencies are never added together: an answer has a row for each, unless
/// `--currency` and `--rate` say how to convert.
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

    /// Dimensions to group by: FOCUS column ids, or tag:KEY
    #[arg(long, value_name = "DIM,DIM", value_delimiter = ',')]
    pub(crate) by: Vec<String>,

    /// The column to add up: EffectiveCost, BilledCost, ListCost, ContractedCost, …
    #[arg(long, default_value = "EffectiveCost", value_name = "COLUMN")]
    pub(crate) measure: String,

    /// First day, as YYYY-MM-DD
    #[arg(long, value_name = "DATE", value_parser = date)]
    pub(crate) from: Option<NaiveDate>,

    /// Day after the last one, as YYYY-MM-DD
    #[arg(long, value_name = "DATE", value_parser = date)]
    pub(crate) to: Option<NaiveDate>,

    /// One row per day, per calendar month, or one for the whole time
    #[arg(long, default_value = "total")]
    pub(crate) grain: GrainArg,

    /// Keep only rows where 'Dim=value', 'Dim!=value' or 'Dim~part'; may be repeated
    #[arg(long = "where", value_name = "DIM=VALUE")]
    pub(crate) filters: Vec<String>,

    /// Keep the N largest groups; the rest becomes one row
    #[arg(long, value_name = "N")]
    pub(crate) top: Option<usize>,

    /// Show the period before beside this one
    #[arg(long, value_name = "WITH")]
    pub(crate) compare: Option<CompareArg>,

    /// Convert everything to this currency, by the rates given
    #[arg(long, value_name = "CODE", requires = "rates")]
    pub(crate) currency: Option<String>,

    /// What one unit of a currency is worth in `--currency`, as EUR=1.08; may be repeated
    #[arg(long = "rate", value_name = "CODE=RATE", requires = "currency")]
    pub(crate) rates: Vec<String>,

    /// What the columns mean, where neither a manifest nor the columns tell (azure-actual, azure-amortized, …)
    #[arg(long, value_name = "DIALECT")]
    pub(crate) dialect: Option<Dialect>,

    /// Print on standard error what was read to answer: objects, operations, bytes
    #[arg(long)]
    pub(crate) explain: bool,

    #[command(flatten)]
    pub(crate) output: Format,
}

/// How fine the answer is in time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum GrainArg {
    /// One row per day.
    Day,
    /// One row per calendar month.
    Month,
    /// One row for the whole time.
    Total,
}

/// What an answer is compared with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum CompareArg {
    /// The same number of days just before.
    Previous,
}

/// Reads a day as people and exports write it.
pub(crate) fn date(text: &str) -> Result<NaiveDate, String> {
    bursar_domain::period::parse_date(text).map_err(|e| e.to_string())
}

/// Answers the question.
pub(crate) async fn run(args: Args) -> Result<Outcome, Failure> {
    let question = question(&args)?;
    let from = reading::From { sources: &args.sources, workspace: args.workspace.as_deref() };
    let engine = reading::engine()?;
    let (bill, charges) = reading::open(from, &args.place, args.dialect, &engine).await?;
    let spinner = progress::counter("adding up", "");
    let answer = ask(&engine, &charges, &question, reading::ASK_LIMIT).await;
    spinner.finish_and_clear();
    let answer = answer.map_err(reading::asking)?;
    let batch = table(&answer, &question)?;
    let mut writer = args.output.writer(&batch.schema())?;
    writer.write(&batch)?;
    writer.finish()?;
    for text in answer.empty_reason.iter().chain(&answer.notes) {
        reading::note(text);
    }
    if answer.other_groups > 0 {
        reading::note(&format!("(other) holds {} groups", answer.other_groups));
    }
    reading::note_excluded(&answer.excluded);
    if args.explain {
        for (reason, rows) in &answer.dropped {
            reading::note(&format!("{rows} native rows are no charges: {reason}"));
        }
        reading::explain(&bill, answer.read.cells);
    }
    Ok(Outcome::Good)
}

fn question(args: &Args) -> Result<Question, Failure> {
    let period = match (args.from, args.to) {
        (None, None) => None,
        // An open end reaches as far as dates of bills do.
        (from, to) => Some(DateRange::new(
            from.or_else(|| NaiveDate::from_ymd_opt(1990, 1, 1)).unwrap_or_default(),
            to.or_else(|| NaiveDate::from_ymd_opt(2200, 1, 1)).unwrap_or_default(),
        )?),
    };
    let conversion = match &args.currency {
        None => None,
        Some(to) => Some(Conversion::parse(to, &args.rates).map_err(|why| anyhow::anyhow!(why))?),
    };
    if args.by.len() > Question::MAX_BY {
        return Err(anyhow::anyhow!("at most {} dimensions can be grouped by", Question::MAX_BY).into());
    }
    Ok(Question {
        measure: args.measure.parse()?,
        by: args.by.iter().map(|text| Dimension::parse(text.trim())).collect(),
        filters: args.filters.iter().map(|text| text.parse()).collect::<Result<_, _>>()?,
        grain: match args.grain {
            GrainArg::Day => Grain::Day,
            GrainArg::Month => Grain::Month,
            GrainArg::Total => Grain::Total,
        },
        period,
        top: args.top,
        compare: args.compare.map_or(Compare::None, |CompareArg::Previous| Compare::Previous),
        conversion,
    })
}

/// One column per dimension, then the currency and the amount.
fn table(answer: &Answer, question: &Question) -> Result<RecordBatch, Failure> {
    let mut columns: Vec<(String, ArrayRef)> = Vec::new();
    if question.grain != Grain::Total {
        let epoch = NaiveDate::default();
        let days = answer
            .rows
            .iter()
            .map(|row| row.period.and_then(|day| i32::try_from((day - epoch).num_days()).ok()));
        let name = if question.grain == Grain::Day { "day" } else { "month" };
        columns.push((name.into(), Arc::new(days.collect::<Date32Array>())));
    }
    for (at, dimension) in question.by.iter().enumerate() {
        let cells = answer.rows.iter().map(|row| match (row.other, at) {
            (true, 0) => Some("(other)"),
            _ => row.keys.get(at).and_then(Option::as_deref),
        });
        columns.push((dimension.to_string(), Arc::new(cells.collect::<StringArray>())));
    }
    let currencies =
        answer.rows.iter().map(|row| (!row.currency.is_empty()).then_some(row.currency.as_str()));
    columns.push(("BillingCurrency".into(), Arc::new(currencies.collect::<StringArray>())));
    let money = |units: Vec<Option<i128>>| -> Result<ArrayRef, Failure> {
        Ok(Arc::new(Decimal128Array::from(units).with_precision_and_scale(38, 18)?))
    };
    let amounts = answer.rows.iter().map(|row| Some(row.amount.units())).collect();
    columns.push((question.measure.id().into(), money(amounts)?));
    if answer.rows.iter().any(|row| row.previous.is_some()) {
        let before = answer.rows.iter().map(|row| row.previous.map(Amount::units)).collect();
        columns.push(("previous".into(), money(before)?));
    }
    // Two dimensions may be asked for twice; Arrow does not mind, readers of JSON would.
    Ok(RecordBatch::try_from_iter_with_nullable(
        columns.into_iter().map(|(name, array)| (name, array, true)),
    )?)
}
