//! Checking local files: Parquet, CSV and gzipped CSV, told apart by their first bytes.
//!
//! What cannot be read at all is an error that names the file and says what to do. What breaks off
//! in the middle is reported up to there, and the report says that it is partial.

use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use arrow::error::ArrowError;
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::{
    ArrowReaderMetadata, ArrowReaderOptions, ParquetRecordBatchReaderBuilder,
};

use super::{Checker, Report};
use crate::delimited::{DelimitedError, DelimitedReader};
use crate::dialect::{Dialect, Recognised, Unrecognised, recognise, recognise_or_explain};
use crate::read::decompressed;
use crate::spec::{self, Dataset, FocusVersion};

/// Rows checked at a time.
const BATCH_ROWS: usize = 16 << 10;

/// Why files could not be checked.
#[derive(Debug, thiserror::Error)]
pub enum FilesError {
    /// No file was named.
    #[error("no file to check")]
    Nothing,
    /// The file cannot be opened or read.
    #[error("cannot read `{file}`")]
    Read {
        /// The file.
        file: String,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// The bytes are of no form that we read.
    #[error("cannot read `{file}`: {reason}")]
    Unreadable {
        /// The file.
        file: String,
        /// What is wrong and what to do.
        reason: String,
    },
    /// A bill, but not FOCUS.
    #[error(
        "`{file}` is a {label} file, not FOCUS: convert it with `bursar focus convert --from {dialect} --to 1.2`, then check the result",
        label = .dialect.label()
    )]
    Native {
        /// The file.
        file: String,
        /// What it is.
        dialect: Dialect,
    },
    /// No bill that we know.
    #[error("`{file}` is not a FOCUS file")]
    Unrecognised {
        /// The file.
        file: String,
        /// What was found and what was expected.
        #[source]
        source: Unrecognised,
    },
    /// The files are not of one version.
    #[error(
        "`{first}` is {one} and `{second}` is {other}: check them one by one, or give the version to check both against"
    )]
    Mixed {
        /// A file.
        first: String,
        /// What it is.
        one: String,
        /// Another file.
        second: String,
        /// What that is.
        other: String,
    },
}

/// Checks local files together, against a version or, without one, the version that their columns
/// show. `progress` is told the bytes read so far.
///
/// # Errors
/// A file cannot be opened, is no FOCUS file, or is of another version than the first. A file that
/// breaks off in the middle is no error: see [`Report::partial`].
pub fn check_files(
    files: &[PathBuf],
    version: Option<FocusVersion>,
    progress: &mut dyn FnMut(u64),
) -> Result<Report, FilesError> {
    let mut opened = Vec::with_capacity(files.len());
    for path in files {
        let file = Opened::new(path)?;
        let found = file.recognise(version)?;
        opened.push((file, found));
    }
    let Some((first, found)) = opened.first() else { return Err(FilesError::Nothing) };
    let describe = |found: &(Dataset, FocusVersion)| format!("{} {}", found.0.as_str(), found.1);
    if let Some((second, other)) = opened.iter().find(|(_, other)| other != found) {
        return Err(FilesError::Mixed {
            first: first.name.clone(),
            one: describe(found),
            second: second.name.clone(),
            other: describe(other),
        });
    }
    let mut checker = Checker::new(found.0, found.1);
    let mut before = 0;
    for (file, _) in opened {
        let (name, size) = (file.name.clone(), file.size);
        if let Err(reason) = file.check(&mut checker, &mut |bytes| progress(before + bytes)) {
            checker.partial(format!("`{name}`: {reason}"));
        }
        before += size;
        progress(before);
    }
    Ok(checker.finish())
}

/// A file with its header read.
struct Opened {
    name: String,
    size: u64,
    columns: Vec<String>,
    content: Content,
}

enum Content {
    Delimited(Box<DelimitedReader<Box<dyn Read + Send>>>, Arc<AtomicU64>),
    Parquet(File, Box<ArrowReaderMetadata>),
}

impl Opened {
    fn new(path: &Path) -> Result<Self, FilesError> {
        let name = path.display().to_string();
        let read = |source| FilesError::Read { file: name.clone(), source };
        let unreadable = |reason: String| FilesError::Unreadable { file: name.clone(), reason };
        let metadata = std::fs::metadata(path).map_err(read)?;
        if metadata.is_dir() {
            return Err(unreadable("it is a folder: name the files in it".to_owned()));
        }
        let mut file = File::open(path).map_err(read)?;
        let mut magic = [0u8; 4];
        let length = read_start(&mut file, &mut magic).map_err(read)?;
        let size = metadata.len();
        match magic.get(..length) {
            Some(b"PAR1") => {
                let file = File::open(path).map_err(read)?;
                let metadata =
                    ArrowReaderMetadata::load(&file, ArrowReaderOptions::new()).map_err(|error| {
                        unreadable(format!(
                            "the Parquet footer is damaged or missing ({error}); the file was probably cut \
                             short: deliver it again"
                        ))
                    })?;
                let columns = metadata.schema().fields().iter().map(|f| f.name().clone()).collect();
                Ok(Self { name, size, columns, content: Content::Parquet(file, Box::new(metadata)) })
            }
            Some(b"PARE") => {
                Err(unreadable("the Parquet file is encrypted: check it before it is sealed".to_owned()))
            }
            Some(b"PK\x03\x04") => {
                Err(unreadable("it is a ZIP or Excel file: unpack it, or export CSV".to_owned()))
            }
            start => {
                let gzip = start.is_some_and(|start| start.starts_with(b"\x1f\x8b"));
                let count = Arc::new(AtomicU64::new(0));
                let input = Counted(File::open(path).map_err(read)?, Arc::clone(&count));
                let reader =
                    DelimitedReader::new(decompressed(input, gzip)).map_err(|error| match error {
                        DelimitedError::Io(source) if source.raw_os_error().is_some() => read(source),
                        other => unreadable(other.to_string()),
                    })?;
                let columns = reader.columns().to_vec();
                Ok(Self { name, size, columns, content: Content::Delimited(Box::new(reader), count) })
            }
        }
    }

    /// The dataset and version to check against.
    fn recognise(&self, version: Option<FocusVersion>) -> Result<(Dataset, FocusVersion), FilesError> {
        let columns: Vec<&str> = self.columns.iter().map(String::as_str).collect();
        let unrecognised = |source| FilesError::Unrecognised { file: self.name.clone(), source };
        match (recognise(&columns), version) {
            (Some(Recognised { dialect, .. }), _) if dialect.focus_version().is_none() => {
                Err(FilesError::Native { file: self.name.clone(), dialect })
            }
            (Some(found), Some(version)) => Ok((found.dataset, version)),
            (Some(found), None) => {
                Ok((found.dataset, found.dialect.focus_version().unwrap_or(FocusVersion::NEWEST)))
            }
            // Told the version, a few known columns are enough: what lacks is then a finding.
            (None, Some(version))
                if columns.iter().any(|name| spec::column(Dataset::CostAndUsage, name).is_some()) =>
            {
                Ok((Dataset::CostAndUsage, version))
            }
            (None, _) => match recognise_or_explain(&columns) {
                Err(source) => Err(unrecognised(source)),
                Ok(found) => Ok((found.dataset, FocusVersion::NEWEST)),
            },
        }
    }

    fn check(self, checker: &mut Checker, progress: &mut dyn FnMut(u64)) -> Result<(), String> {
        match self.content {
            Content::Delimited(mut reader, count) => {
                checker.empty_is_null(true);
                let schema = text_schema(&self.columns);
                checker.begin(&self.name, &schema);
                // Custom columns carry no rules beyond their names.
                let wanted: Vec<usize> =
                    (0..self.columns.len()).filter(|&i| is_focus(&self.columns, i)).collect();
                reader.project(&wanted);
                let mut done = 0;
                loop {
                    match reader.next_rows(BATCH_ROWS) {
                        Ok(Some(rows)) => {
                            checker.push_numbered(&rows.batch, &rows.rows);
                            for row in &rows.malformed {
                                let why = format!("{} cells instead of {}", row.found, row.expected);
                                checker.broken_row(row.row, &why);
                            }
                            done += (rows.rows.len() + rows.malformed.len()) as u64;
                            progress(count.load(Ordering::Relaxed));
                        }
                        Ok(None) => return Ok(()),
                        Err(error) => return Err(format!("read up to row {done}, then {error}")),
                    }
                }
            }
            Content::Parquet(file, metadata) => {
                checker.empty_is_null(false);
                let schema = metadata.schema();
                checker.begin(&self.name, schema);
                let reader = parquet_reader(file, &metadata, schema).map_err(|error| error.to_string())?;
                let total = metadata.metadata().file_metadata().num_rows().unsigned_abs().max(1);
                let mut done = 0u64;
                for batch in reader {
                    let batch = batch.map_err(|error: ArrowError| {
                        format!("read up to row {done}, then the data is damaged ({error}); deliver it again")
                    })?;
                    checker.push(&batch);
                    done += batch.num_rows() as u64;
                    progress(
                        u64::try_from(u128::from(self.size) * u128::from(done) / u128::from(total))
                            .unwrap_or(0),
                    );
                }
                Ok(())
            }
        }
    }
}

fn is_focus(columns: &[String], index: usize) -> bool {
    columns
        .get(index)
        .is_some_and(|name| Dataset::ALL.into_iter().any(|dataset| spec::column(dataset, name).is_some()))
}

fn text_schema(columns: &[String]) -> SchemaRef {
    let fields: Vec<Field> = columns.iter().map(|name| Field::new(name, DataType::Utf8, true)).collect();
    Arc::new(Schema::new(fields))
}

/// Columns with so many values that a dictionary costs more than it saves.
const MANY_VALUES: [&str; 4] = ["ChargeDescription", "ResourceId", "ResourceName", "Tags"];

fn parquet_reader(
    file: File,
    metadata: &ArrowReaderMetadata,
    schema: &SchemaRef,
) -> parquet::errors::Result<parquet::arrow::arrow_reader::ParquetRecordBatchReader> {
    let names: Vec<String> = schema.fields().iter().map(|field| field.name().clone()).collect();
    // Texts are read as the codes that Parquet stores, so that a value is looked at once.
    let dictionary = DataType::Dictionary(Box::new(DataType::Int32), Box::new(DataType::Utf8));
    let fields: Vec<Arc<Field>> = schema
        .fields()
        .iter()
        .map(|field| match field.data_type() {
            DataType::Utf8 if !MANY_VALUES.contains(&field.name().as_str()) => {
                Arc::new(field.as_ref().clone().with_data_type(dictionary.clone()))
            }
            _ => Arc::clone(field),
        })
        .collect();
    let hinted = Arc::new(Schema::new_with_metadata(fields, schema.metadata().clone()));
    let options = ArrowReaderOptions::new().with_schema(hinted);
    let metadata = ArrowReaderMetadata::try_new(Arc::clone(metadata.metadata()), options)
        .unwrap_or_else(|_| metadata.clone());
    let builder = ParquetRecordBatchReaderBuilder::new_with_metadata(file, metadata);
    let wanted = (0..names.len()).filter(|&index| is_focus(&names, index));
    let mask = ProjectionMask::roots(builder.parquet_schema(), wanted);
    builder.with_projection(mask).with_batch_size(BATCH_ROWS).build()
}

fn read_start(file: &mut File, buffer: &mut [u8; 4]) -> io::Result<usize> {
    let mut filled = 0;
    while let Some(rest) = buffer.get_mut(filled..)
        && !rest.is_empty()
    {
        match file.read(rest)? {
            0 => break,
            read => filled += read,
        }
    }
    Ok(filled)
}

/// Counts what is read through it.
struct Counted(File, Arc<AtomicU64>);

impl Read for Counted {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.0.read(buffer)?;
        self.1.fetch_add(read as u64, Ordering::Relaxed);
        Ok(read)
    }
}
