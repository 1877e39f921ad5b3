//! The files to convert, and what each is.

use crate::exit::Failure;
use anyhow::{Context as _, anyhow};
use bursar_focus::dialect::Dialect;
use bursar_focus::normalise::{Normaliser, normaliser};
use bursar_focus::read::{ReadError, Reader};
use indicatif::ProgressBar;
use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

/// One file.
pub(super) struct Input {
    pub(super) path: PathBuf,
    pub(super) dialect: Dialect,
    pub(super) normaliser: Box<dyn Normaliser>,
    pub(super) bytes: u64,
    /// Where the progress bar stands when the file is done.
    pub(super) end: u64,
}

impl Input {
    /// Looks at the file's columns.
    pub(super) fn open(path: PathBuf, dialects: &[Dialect]) -> Result<Self, Failure> {
        let file = File::open(&path).with_context(|| format!("cannot read `{}`", path.display()))?;
        let bytes = file.metadata().map_or(0, |about| about.len());
        let reader = Reader::open(file, |file| Box::new(file)).map_err(|error| unreadable(&path, error))?;
        let schema = reader.schema();
        let dialect = match dialects {
            [one] => *one,
            _ => which_azure(&path)?,
        };
        let normaliser = normaliser(dialect, &schema)
            .with_context(|| format!("`{}` cannot be converted from {dialect}", path.display()))
            .map_err(Failure::bad_input)?;
        Ok(Self { path, dialect, normaliser, bytes, end: 0 })
    }

    /// Reads the file from its start; the bar follows.
    pub(super) fn reader(&mut self, bar: &ProgressBar) -> Result<Reader, Failure> {
        self.end = bar.position() + self.bytes;
        let file =
            File::open(&self.path).with_context(|| format!("cannot read `{}`", self.path.display()))?;
        Reader::open(file, |file| -> Box<dyn Read> { Box::new(bar.wrap_read(file)) })
            .map_err(|error| self.failed(error))
    }

    /// A failure while reading.
    pub(super) fn failed(&self, error: ReadError) -> Failure {
        unreadable(&self.path, error)
    }
}

fn unreadable(path: &Path, error: ReadError) -> Failure {
    // A file that opens and then breaks is a damaged file, whatever the system calls it.
    Failure::bad_input(anyhow::Error::from(error).context(format!("`{}`", path.display())))
}

/// The two Azure exports have the same columns: the path tells, or the rows do.
fn which_azure(path: &Path) -> Result<Dialect, Failure> {
    let parts: Vec<String> = path.iter().rev().map(|part| part.to_string_lossy().to_lowercase()).collect();
    for part in parts {
        match (part.contains("amorti"), part.contains("actual")) {
            (true, false) => return Ok(Dialect::AzureAmortized),
            (false, true) => return Ok(Dialect::AzureActual),
            _ => {}
        }
    }
    by_rows(path)?.ok_or_else(|| {
        Failure::bad_input(anyhow!(
            "`{}` may be the actual or the amortized export: neither its path nor its rows tell; put `actual` or `amortized` in its name",
            path.display()
        ))
    })
}

/// Only the amortized export has unused commitments and covered usage that costs something; only
/// the actual one has purchases of commitments.
fn by_rows(path: &Path) -> Result<Option<Dialect>, Failure> {
    use arrow::array::AsArray as _;
    use bursar_focus::canonical::string_column;
    let file = File::open(path).with_context(|| format!("cannot read `{}`", path.display()))?;
    let mut reader = Reader::open(file, |file| Box::new(file)).map_err(|error| unreadable(path, error))?;
    let spelled = |wanted: &str, reader: &Reader| {
        reader
            .schema()
            .fields()
            .iter()
            .map(|field| field.name().clone())
            .find(|name| name.eq_ignore_ascii_case(wanted))
    };
    let (Some(charge), Some(model)) = (spelled("ChargeType", &reader), spelled("PricingModel", &reader))
    else {
        return Ok(None);
    };
    reader.project(&[charge.clone(), model.clone()]);
    while let Some(chunk) = reader.next_chunk().map_err(|error| unreadable(path, error))? {
        let text =
            |name: &str| chunk.batch.column_by_name(name).map(|array| string_column(name, array).array);
        let (Some(charges), Some(models)) = (text(&charge), text(&model)) else { return Ok(None) };
        for (charge, model) in charges.as_string::<i32>().iter().zip(models.as_string::<i32>().iter()) {
            let committed = matches!(model, Some("Reservation" | "SavingsPlan"));
            match charge {
                Some("UnusedReservation" | "UnusedSavingsPlan") => return Ok(Some(Dialect::AzureAmortized)),
                Some("Purchase" | "Refund") if committed => return Ok(Some(Dialect::AzureActual)),
                _ => {}
            }
        }
    }
    Ok(None)
}

/// Files as they are, folders as the bills in them, in order.
pub(super) fn expand(sources: &[PathBuf]) -> Result<Vec<PathBuf>, Failure> {
    let mut files = Vec::new();
    for source in sources {
        let about =
            std::fs::metadata(source).with_context(|| format!("cannot read `{}`", source.display()))?;
        if about.is_dir() {
            let before = files.len();
            folder(source, &mut files, 0)?;
            if files.len() == before {
                let text = "has no .csv, .csv.gz, .json, .jsonl, .json.gz or .parquet files";
                return Err(Failure::bad_input(anyhow!("`{}` {text}", source.display())));
            }
        } else {
            files.push(source.clone());
        }
    }
    Ok(files)
}

/// Deep enough for any export's folders.
const MAX_DEPTH: usize = 16;

fn folder(path: &Path, files: &mut Vec<PathBuf>, depth: usize) -> Result<(), Failure> {
    let cannot = || format!("cannot read the folder `{}`", path.display());
    let mut entries: Vec<PathBuf> = Vec::new();
    for entry in std::fs::read_dir(path).with_context(cannot)? {
        entries.push(entry.with_context(cannot)?.path());
    }
    entries.sort();
    for entry in entries {
        if entry.is_dir() && depth < MAX_DEPTH {
            folder(&entry, files, depth + 1)?;
        } else if is_bill(&entry) {
            files.push(entry);
        }
    }
    Ok(())
}

fn is_bill(path: &Path) -> bool {
    let name = path.file_name().map(|name| name.to_string_lossy().to_lowercase()).unwrap_or_default();
    let endings = [".csv", ".csv.gz", ".parquet", ".json", ".jsonl", ".json.gz", ".jsonl.gz", ".ndjson"];
    let manifest =
        name.ends_with("manifest.json") || name.starts_with('.') || name.ends_with(".quarantine.csv");
    !manifest && endings.iter().any(|ending| name.ends_with(ending))
}
