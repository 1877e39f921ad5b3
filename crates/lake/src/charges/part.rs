//! One object of a delivery, opened: what it says and how its columns become ours.

use super::schema::{BILLING_PERIOD, PROVIDER, is_wide};
use crate::delivery::ObjectRef;
use crate::ledger::ReadOnlyStore;
use arrow::array::ArrayRef;
use arrow::datatypes::{DataType, SchemaRef};
use bursar_domain::id::DeliveryId;
use bursar_focus::canonical::Kind;
use bursar_focus::dialect::Dialect;
use bursar_focus::normalise::Normaliser;
use bursar_focus::spec::Dataset;
use parquet::arrow::arrow_reader::ArrowReaderMetadata;
use parquet::basic::Encoding;
use std::collections::HashMap;
use std::sync::Arc;

/// One object that holds charges.
#[derive(Debug)]
pub struct Part {
    /// Reads this object only as the catalogue saw it.
    pub(super) store: Arc<ReadOnlyStore>,
    pub(super) object: ObjectRef,
    /// Full name, for messages.
    pub(super) name: String,
    /// Index of the delivery in the order given to `open`.
    pub(super) delivery: usize,
    pub(super) delivery_id: DeliveryId,
    pub(super) dialect: Dialect,
    /// What its rows are.
    pub(super) dataset: Dataset,
    /// Short provider name of every row, where the layout tells.
    pub(super) provider: Option<String>,
    /// `provider` and `billing_period` of every row (`YYYY-MM`), where the layout tells.
    pub(super) constants: [Option<ArrayRef>; 2],
    pub(super) body: Body,
    pub(super) reading: Reading,
}

/// What the object is made of.
pub(super) enum Body {
    /// Parquet, with its footer.
    Parquet(ArrowReaderMetadata),
    /// Delimited text or JSON lines, and its columns.
    Text { columns: SchemaRef, gzip: bool },
}

impl std::fmt::Debug for Body {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Parquet(_) => "Parquet",
            Self::Text { .. } => "Text",
        })
    }
}

impl Body {
    /// The columns as the file names and types them.
    pub(super) fn columns(&self) -> &SchemaRef {
        match self {
            Self::Parquet(metadata) => metadata.schema(),
            Self::Text { columns, .. } => columns,
        }
    }
}

/// How its columns become canonical ones.
#[derive(Debug)]
pub(super) enum Reading {
    /// A FOCUS file: canonical name → the file's column.
    Direct(HashMap<String, usize>),
    /// A native export.
    Normalised(Box<dyn Normaliser>),
}

/// What a part is, for people.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct PartSummary {
    /// Full name of the object.
    pub object: String,
    /// Index of the delivery in the order given to `open`.
    pub delivery: usize,
    /// Which delivery that is.
    pub delivery_id: DeliveryId,
    /// What the columns mean.
    pub dialect: Dialect,
    /// Rows, where the format tells without reading.
    pub rows: Option<u64>,
}

impl Part {
    /// What it is, for people.
    #[must_use]
    pub fn summary(&self) -> PartSummary {
        PartSummary {
            object: self.name.clone(),
            delivery: self.delivery,
            delivery_id: self.delivery_id,
            dialect: self.dialect,
            rows: self.rows(),
        }
    }

    /// Rows of the file, where the format tells without reading.
    pub(super) fn rows(&self) -> Option<u64> {
        match &self.body {
            Body::Parquet(metadata) => u64::try_from(metadata.metadata().file_metadata().num_rows()).ok(),
            _ => None,
        }
    }

    /// Whether rows go out exactly as many as the file has.
    pub(super) fn keeps_rows(&self) -> bool {
        matches!((&self.body, &self.reading), (Body::Parquet(_), Reading::Direct(_)))
    }

    /// Canonical and further columns this part can give.
    pub(super) fn columns(&self) -> Vec<String> {
        match &self.reading {
            Reading::Direct(map) => map.keys().cloned().collect(),
            Reading::Normalised(normaliser) => {
                normaliser.output().fields().iter().map(|f| f.name().clone()).collect()
            }
        }
    }

    /// Text columns and whether their values hardly repeat, by what the writer did: a column
    /// chunk that gave its dictionary up has too many values for codes.
    pub(super) fn text_columns(&self) -> Vec<(String, bool)> {
        let text = |name: &str| !matches!(Kind::of(name), Kind::Decimal | Kind::DateTime);
        match (&self.body, &self.reading) {
            (Body::Parquet(metadata), Reading::Direct(map)) => {
                let columns = map.iter().filter(|(name, _)| text(name));
                columns.map(|(name, at)| (name.clone(), is_wide_in(metadata, *at))).collect()
            }
            _ => self
                .columns()
                .into_iter()
                .filter(|name| text(name))
                .map(|name| (name.clone(), is_wide(&name)))
                .collect(),
        }
    }

    /// The value that a derived column has in every row, alone in an array, where the layout tells.
    pub(super) fn constant(&self, column: &str) -> Option<&ArrayRef> {
        match column {
            PROVIDER => self.constants[0].as_ref(),
            BILLING_PERIOD => self.constants[1].as_ref(),
            _ => None,
        }
    }
}

fn is_wide_in(metadata: &ArrowReaderMetadata, column: usize) -> bool {
    let nested = matches!(
        metadata.schema().field(column).data_type(),
        DataType::Map(_, _) | DataType::List(_) | DataType::LargeList(_) | DataType::Struct(_)
    );
    if nested {
        return true;
    }
    let parquet = metadata.parquet_schema();
    let Some(leaf) = (0..parquet.num_columns()).find(|leaf| parquet.get_column_root_idx(*leaf) == column)
    else {
        return true;
    };
    metadata.metadata().row_groups().iter().any(|group| {
        let chunk = group.column(leaf);
        match chunk.page_encoding_stats_mask() {
            Some(pages) => {
                pages.is_set(Encoding::PLAIN)
                    || pages.is_set(Encoding::DELTA_BYTE_ARRAY)
                    || pages.is_set(Encoding::DELTA_LENGTH_BYTE_ARRAY)
            }
            None => chunk.dictionary_page_offset().is_none() && chunk.num_values() > 10_000,
        }
    })
}
