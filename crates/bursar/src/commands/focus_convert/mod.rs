//! `bursar focus convert`: a provider's own export becomes FOCUS, and not a cent is lost.
//!
//! One pass with bounded memory: read a batch, convert it, write it, add it to both sums. What was
//! read is summed from native columns, what was written from the rows written; the command prints
//! both and ends with status 1 when they differ. A row with a cell that cannot be typed is set
//! aside in `OUT.quarantine.csv`, and neither sum counts it. OUT appears when it is complete.

mod inputs;
mod quarantine;
mod report;

use crate::exit::{Failure, Outcome};
use crate::progress;
use anyhow::{Context as _, anyhow};
use arrow::array::{BooleanArray, RecordBatch};
use arrow::compute::filter_record_batch;
use arrow::datatypes::{Schema, SchemaRef};
use bursar_focus::convert::{Sink, SinkError, Target};
use bursar_focus::dialect::Dialect;
use bursar_focus::normalise::Normalised;
use bursar_focus::read::Chunk;
use bursar_focus::spec::FocusVersion;
use indicatif::ProgressBar;
use inputs::Input;
use quarantine::Quarantine;
use report::Report;
use std::collections::HashSet;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::Arc;

const EXAMPLES: &str = "\
Dialects: focus-1.0 … focus-1.4, aws-cur-legacy, aws-cur-2.0, azure-actual, azure-amortized,
azure-actual+amortized (both files of one month), gcp-detailed, oci.

Examples:
  bursar focus convert --from aws-cur-2.0 --to 1.2 cur-00001.csv.gz october.parquet
  bursar focus convert --from azure-actual+amortized --to 1.4 actual.csv amortized.csv october.parquet";

/// Convert provider exports to FOCUS
///
/// Prints the sums of BilledCost and EffectiveCost per currency and period of what was read and of
/// what was written; when they differ, the command fails. Rows that cannot be typed are set aside
/// in OUT.quarantine.csv with the reason.
#[derive(Debug, clap::Args)]
#[command(after_long_help = EXAMPLES)]
pub(crate) struct Args {
    /// The dialect of the input
    #[arg(long, value_name = "DIALECT")]
    pub(crate) from: String,

    /// The FOCUS version to write: 1.2 or 1.4
    #[arg(long, value_name = "V")]
    pub(crate) to: String,

    /// The files (or folders of files) to read, then the file to write (.parquet, .csv or .csv.gz)
    #[arg(required = true, num_args = 2.., value_names = ["IN", "OUT"])]
    pub(crate) files: Vec<PathBuf>,
}

/// Converts the files.
pub(crate) async fn run(args: Args) -> Result<Outcome, Failure> {
    // Reading, converting and writing never wait for anything but the disk.
    tokio::task::spawn_blocking(move || convert(&args)).await.context("the conversion stopped")?
}

fn convert(args: &Args) -> Result<Outcome, Failure> {
    let dialects = Dialect::parse_source(&args.from).map_err(Failure::bad_input)?;
    let version = match args.to.parse::<FocusVersion>() {
        Ok(version @ (FocusVersion::V1_2 | FocusVersion::V1_4)) => version,
        _ => {
            return Err(Failure::bad_input(anyhow!(
                "`--to {}` is not a version we write: expected 1.2 or 1.4",
                args.to
            )));
        }
    };
    let Some((out, sources)) = args.files.split_last() else {
        return Err(Failure::bad_input(anyhow!(
            "nothing to convert: give the files to read, then the file to write"
        )));
    };
    Sink::check(out).map_err(|error| at(out, error))?;
    let paths = inputs::expand(sources)?;
    if let Some(same) = paths.iter().find(|path| is_same(path, out)) {
        return Err(Failure::bad_input(anyhow!(
            "`{}` is read and written: choose another output",
            same.display()
        )));
    }
    let inputs: Vec<Input> =
        paths.into_iter().map(|path| Input::open(path, &dialects)).collect::<Result<_, _>>()?;
    let native = dialects.iter().all(|dialect| dialect.focus_version().is_none());
    let target = Target::new(version, &all_columns(&inputs), native);

    let partial = beside(out, ".partial");
    let file = File::create(&partial).with_context(|| format!("cannot write `{}`", partial.display()))?;
    let cleaner = Cleaner(&partial);
    let sink = Sink::new(out, file, &target.schema()).map_err(|error| at(out, error))?;
    let mut work = Work {
        target,
        sink,
        out,
        quarantine: Quarantine::new(beside(out, ".quarantine.csv")),
        report: Report::default(),
    };
    let total = inputs.iter().map(|input| input.bytes).sum();
    let bar = progress::bytes("converting", total);
    for input in inputs {
        work.input(input, &bar)?;
    }
    bar.finish_and_clear();
    let Work { sink, quarantine, report, .. } = work;
    sink.finish().map_err(|error| at(out, error))?;
    let set_aside = quarantine.finish()?;
    std::fs::rename(&partial, out).with_context(|| format!("cannot write `{}`", out.display()))?;
    std::mem::forget(cleaner);
    report.print(out, set_aside.as_deref())?;
    Ok(if report.conserves() { Outcome::Good } else { Outcome::Wanting })
}

/// Removes the unfinished output when the conversion fails.
struct Cleaner<'p>(&'p Path);

impl Drop for Cleaner<'_> {
    fn drop(&mut self) {
        // The failure itself is what the user must read.
        let _ = std::fs::remove_file(self.0);
    }
}

fn at(path: &Path, error: SinkError) -> Failure {
    let kind = matches!(error, SinkError::Io(_));
    let error = anyhow::Error::from(error).context(format!("`{}`", path.display()));
    if kind { Failure::unreachable(error) } else { Failure::bad_input(error) }
}

/// `name` with an ending added.
fn beside(path: &Path, ending: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(ending);
    PathBuf::from(name)
}

fn is_same(left: &Path, right: &Path) -> bool {
    left == right
        || matches!((left.canonicalize(), right.canonicalize()), (Ok(left), Ok(right)) if left == right)
}

/// Every column that some input yields.
fn all_columns(inputs: &[Input]) -> SchemaRef {
    let mut fields: Vec<Arc<arrow::datatypes::Field>> = Vec::new();
    let mut seen = HashSet::new();
    for input in inputs {
        for field in input.normaliser.output().fields() {
            if seen.insert(field.name().clone()) {
                fields.push(Arc::clone(field));
            }
        }
    }
    Arc::new(Schema::new(fields))
}

struct Work<'a> {
    target: Target,
    sink: Sink,
    out: &'a Path,
    quarantine: Quarantine,
    report: Report,
}

impl Work<'_> {
    fn input(&mut self, mut input: Input, bar: &ProgressBar) -> Result<(), Failure> {
        let yields = input.normaliser.output();
        let wanted: Vec<&str> =
            self.target.wanted().into_iter().filter(|name| yields.field_with_name(name).is_ok()).collect();
        let wanted: Vec<String> = wanted.into_iter().map(str::to_owned).collect();
        let wanted: Vec<&str> = wanted.iter().map(String::as_str).collect();
        let mut reader = input.reader(bar)?;
        reader.project(&input.normaliser.needs(&wanted));
        loop {
            let chunk = reader.next_chunk().map_err(|error| input.failed(error))?;
            let Some(chunk) = chunk else { break };
            let normalised = input
                .normaliser
                .convert(&chunk.batch, &wanted)
                .with_context(|| format!("`{}`", input.path.display()))
                .map_err(Failure::bad_input)?;
            self.chunk(&input, &chunk, normalised)?;
        }
        bar.set_position(input.end);
        Ok(())
    }

    fn chunk(&mut self, input: &Input, chunk: &Chunk, normalised: Normalised) -> Result<(), Failure> {
        let too_large = |error| {
            Failure::bad_input(anyhow::Error::from(error).context(format!("`{}`", input.path.display())))
        };
        let faulty: HashSet<usize> = normalised.faults.iter().map(|fault| fault.row).collect();
        self.quarantine.add(&input.path, chunk, &normalised.faults)?;
        self.report.read(chunk, &normalised, faulty.len());
        let native = &mut self.report.read_sums;
        native.add_native(input.dialect, &chunk.batch, &|row| faulty.contains(&row)).map_err(too_large)?;
        let batch = self.target.complete(&normalised.batch)?;
        let batch = if faulty.is_empty() {
            batch
        } else {
            let is_faulty = |row: &u32| faulty.contains(&(*row as usize));
            self.report
                .left_out
                .add_canonical(&batch, &|row| !normalised.origin.get(row).is_some_and(is_faulty))
                .map_err(too_large)?;
            let good: BooleanArray = normalised.origin.iter().map(|row| Some(!is_faulty(row))).collect();
            filter_record_batch(&batch, &good)?
        };
        self.write(&batch).map_err(|error| at(self.out, error))?;
        self.report.written_sums.add_canonical(&batch, &|_| false).map_err(too_large)?;
        self.report.written += batch.num_rows() as u64;
        Ok(())
    }

    fn write(&mut self, batch: &RecordBatch) -> Result<(), SinkError> {
        if batch.num_rows() == 0 { Ok(()) } else { self.sink.write(batch) }
    }
}
