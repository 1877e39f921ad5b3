//! One shape of one delivery, as an encrypted Parquet file.
//!
//! The key is the workspace's rollup key. The additional authenticated data names the format and the
//! delivery, and is not stored: a file that was moved to another delivery, or cut, or changed in one
//! bit, does not open.

use super::shape::DAY;
use super::{FORMAT, RollupError};
use crate::charges::Excluded;
use arrow::array::RecordBatch;
use arrow::datatypes::SchemaRef;
use bursar_domain::id::DeliveryId;
use bursar_keyring::{Secret32, WorkspaceKeys};
use datafusion::error::DataFusionError;
use parquet::arrow::ArrowWriter;
use parquet::arrow::arrow_reader::{ArrowReaderMetadata, ArrowReaderOptions};
use parquet::basic::Compression;
use parquet::encryption::decrypt::FileDecryptionProperties;
use parquet::encryption::encrypt::FileEncryptionProperties;
use parquet::errors::ParquetError;
use parquet::file::metadata::KeyValue;
use parquet::file::properties::{EnabledStatistics, WriterProperties};
use parquet::schema::types::ColumnPath;
use serde::{Deserialize, Serialize};
use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Where a file tells what it holds.
const CONTENTS: &str = "bursar.rollup";
/// Cells of a row group: what a filter can skip. Each group has dictionaries of its own, so that
/// small groups cost more than skipping them saves.
pub(super) const GROUP_CELLS: usize = 256 << 10;

/// What a file holds.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Contents {
    /// By day; else by billing period only.
    pub(super) daily: bool,
    /// Columns of the table it is summed by.
    pub(super) columns: Vec<String>,
    /// The key of the tag it is summed by.
    pub(super) tag: Option<String>,
    /// Whether capitals of tag keys do not count in this delivery.
    pub(super) ignore_case: bool,
    pub(super) cells: u64,
    /// Charges the cells stand for.
    pub(super) rows: u64,
    /// First and last day with charges, as days since 1970.
    pub(super) days: Option<(i32, i32)>,
    /// Whether some charges have no day.
    pub(super) undated: bool,
    /// What could not be read of the delivery.
    pub(super) excluded: Vec<Excluded>,
    pub(super) dropped: Vec<(String, u64)>,
    pub(super) rounded: u64,
}

impl Contents {
    /// Whether it is summed by this tag.
    pub(super) fn has_tag(&self, key: &str) -> bool {
        self.tag
            .as_deref()
            .is_some_and(|own| own == key || (self.ignore_case && own.to_lowercase() == key.to_lowercase()))
    }
}

/// Sums to be kept.
#[derive(Debug)]
pub(super) struct Sums {
    pub(super) contents: Contents,
    pub(super) cells: RecordBatch,
}

/// A file, opened.
#[derive(Debug)]
pub(super) struct RollupFile {
    pub(super) path: PathBuf,
    pub(super) delivery: DeliveryId,
    pub(super) contents: Contents,
    pub(super) metadata: ArrowReaderMetadata,
}

impl RollupFile {
    /// The columns it holds.
    pub(super) fn schema(&self) -> &SchemaRef {
        self.metadata.schema()
    }

    /// Why a question could not be answered from it: the file, or only the attempt to open it.
    pub(super) fn failed(&self, error: DataFusionError) -> RollupError {
        let path = self.path.clone();
        match error {
            DataFusionError::IoError(source) => RollupError::Io { path, source },
            other => RollupError::Unreadable { path, detail: other.to_string() },
        }
    }
}

fn bound_to(delivery: DeliveryId) -> Vec<u8> {
    format!("bursar rollup {FORMAT} {delivery}").into_bytes()
}

/// Writes one file and makes sure that it is on the disk.
pub(super) fn write(
    path: &Path,
    delivery: DeliveryId,
    keys: &WorkspaceKeys,
    sums: &Sums,
) -> Result<(), RollupError> {
    let broken = |error: &dyn std::fmt::Display| RollupError::Unreadable {
        path: path.to_owned(),
        detail: error.to_string(),
    };
    let contents = serde_json::to_string(&sums.contents).map_err(|error| broken(&error))?;
    let encryption = FileEncryptionProperties::builder(keys.rollup_key().expose().to_vec())
        .with_aad_prefix(bound_to(delivery))
        .with_aad_prefix_storage(false)
        .build()
        .map_err(|error| broken(&error))?;
    let schema = sums.cells.schema();
    let mut properties = WriterProperties::builder()
        .set_compression(Compression::LZ4_RAW)
        .set_max_row_group_row_count(Some(GROUP_CELLS))
        .set_statistics_enabled(EnabledStatistics::Chunk)
        .set_offset_index_disabled(true)
        .set_key_value_metadata(Some(vec![KeyValue::new(CONTENTS.to_owned(), contents)]))
        .with_file_encryption_properties(encryption);
    for field in schema.fields() {
        // Sums hardly repeat: looking for repetitions only costs.
        if field.data_type().is_numeric() {
            properties =
                properties.set_column_dictionary_enabled(ColumnPath::from(field.name().as_str()), false);
        }
    }
    let mut options = File::options();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let file = options.open(path).map_err(RollupError::io(path))?;
    let mut writer =
        ArrowWriter::try_new(file, schema, Some(properties.build())).map_err(|error| broken(&error))?;
    writer.write(&sums.cells).map_err(|error| broken(&error))?;
    writer.finish().map_err(|error| broken(&error))?;
    writer.inner().sync_all().map_err(RollupError::io(path))
}

/// Opens all files of a delivery; `None` when it was not rolled up.
pub(super) fn open_all(
    folder: &Path,
    delivery: DeliveryId,
    keys: &WorkspaceKeys,
) -> Result<Option<Vec<Arc<RollupFile>>>, RollupError> {
    let entries = match std::fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(RollupError::io(folder)(error)),
    };
    let mut files = Vec::new();
    for entry in entries {
        let path = entry.map_err(RollupError::io(folder))?.path();
        files.push(Arc::new(open(path, delivery, keys)?));
    }
    // The smallest first: the first that has the columns is the one to ask.
    files.sort_by_key(|file| file.contents.cells);
    Ok(Some(files))
}

fn open(path: PathBuf, delivery: DeliveryId, keys: &WorkspaceKeys) -> Result<RollupFile, RollupError> {
    let file = File::open(&path).map_err(RollupError::io(&path))?;
    let read = |key: &Secret32| -> Result<(Contents, ArrowReaderMetadata), ParquetError> {
        let decryption = FileDecryptionProperties::builder(key.expose().to_vec())
            .with_aad_prefix(bound_to(delivery))
            .build()?;
        let options = ArrowReaderOptions::new().with_file_decryption_properties(decryption);
        let metadata = ArrowReaderMetadata::load(&file, options)?;
        let values = metadata.metadata().file_metadata().key_value_metadata();
        let told = values.into_iter().flatten().find(|value| value.key == CONTENTS);
        let told = told.and_then(|told| told.value.as_deref());
        let contents: Contents = serde_json::from_str(told.unwrap_or_default())
            .map_err(|error| ParquetError::General(error.to_string()))?;
        Ok((contents, metadata))
    };
    // A file is under the key that was the newest when it was written.
    let newest = read(keys.rollup_key());
    let older = || keys.rollup_keys().skip(1).find_map(|(_, key)| read(key).ok());
    match newest.or_else(|error| older().ok_or(error)) {
        Ok((contents, metadata)) if contents.daily == metadata.schema().field_with_name(DAY).is_ok() => {
            Ok(RollupFile { path, delivery, contents, metadata })
        }
        Ok(_) => Err(RollupError::Unreadable { path, detail: "its columns are not as it says".to_owned() }),
        Err(error) => Err(RollupError::Unreadable { path, detail: error.to_string() }),
    }
}
