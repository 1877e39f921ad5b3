//! Charges as Parquet, typed as each provider types its own.

use super::charge::{Charge, Frame};
use super::columns::{Column, Kind, Value, value};
use super::company::Provider;
use arrow::array::{
    ArrayBuilder, ArrayRef, Decimal128Builder, Float64Builder, ListBuilder, MapBuilder, MapFieldNames,
    RecordBatch, StringBuilder, StructBuilder, TimestampMicrosecondBuilder, TimestampMillisecondBuilder,
};
use arrow::datatypes::{DataType, Field, Fields, Schema, SchemaRef, TimeUnit};
use arrow::error::ArrowError;
use bursar_domain::Amount;
use chrono::NaiveDate;
use parquet::arrow::ArrowWriter;
use parquet::arrow::arrow_writer::ArrowWriterOptions;
use parquet::basic::{Compression, ZstdLevel};
use parquet::errors::ParquetError;
use parquet::file::properties::WriterProperties;
use std::io::Write;
use std::sync::Arc;

/// Rows held before they are written.
const BATCH_ROWS: usize = 8192;

/// Writes charges to a Parquet file.
pub(super) struct ParquetFile<W: Write + Send> {
    columns: Vec<(Column, Builder)>,
    schema: SchemaRef,
    writer: ArrowWriter<W>,
    rows: usize,
}

enum Builder {
    Text(StringBuilder),
    /// AWS writes doubles.
    Double(Float64Builder),
    /// BigQuery's NUMERIC.
    Numeric(Decimal128Builder),
    Millis(TimestampMillisecondBuilder),
    Micros(TimestampMicrosecondBuilder),
    /// AWS writes tags as a map.
    Map(MapBuilder<StringBuilder, StringBuilder>),
    /// BigQuery writes them as an array of structs.
    List(ListBuilder<StructBuilder>),
}

impl<W: Write + Send> ParquetFile<W> {
    pub(super) fn new(provider: Provider, columns: &[Column], out: W) -> Result<Self, ParquetError> {
        let mut columns: Vec<(Column, Builder)> =
            columns.iter().map(|column| (*column, Builder::new(provider, column.kind()))).collect();
        let fields = columns.iter_mut().map(|(column, builder)| {
            let array = builder.finish();
            Field::new(column.name(), array.data_type().clone(), true)
        });
        let schema = Arc::new(Schema::new(fields.collect::<Fields>()));
        let compression = match provider {
            Provider::Gcp => Compression::ZSTD(ZstdLevel::try_new(3)?),
            _ => Compression::SNAPPY,
        };
        let properties = WriterProperties::builder()
            .set_compression(compression)
            .set_max_row_group_row_count(Some(64 * 1024))
            .set_created_by("bursar demo".to_owned())
            .build();
        // The clouds do not write with Arrow, so a reader must do without its hints.
        let options = ArrowWriterOptions::new().with_properties(properties).with_skip_arrow_metadata(true);
        let writer = ArrowWriter::try_new_with_options(out, Arc::clone(&schema), options)?;
        Ok(Self { columns, schema, writer, rows: 0 })
    }

    pub(super) fn push(&mut self, charge: &Charge<'_>, frame: &Frame<'_>) -> Result<(), ParquetError> {
        for (column, builder) in &mut self.columns {
            builder.push(value(*column, charge, frame))?;
        }
        self.rows += 1;
        if self.rows == BATCH_ROWS { self.flush() } else { Ok(()) }
    }

    fn flush(&mut self) -> Result<(), ParquetError> {
        let arrays = self.columns.iter_mut().map(|(_, builder)| builder.finish()).collect();
        self.rows = 0;
        self.writer.write(&RecordBatch::try_new(Arc::clone(&self.schema), arrays)?)
    }

    /// Writes the rest and gives the destination back.
    pub(super) fn finish(mut self) -> Result<W, ParquetError> {
        if self.rows > 0 {
            self.flush()?;
        }
        self.writer.into_inner()
    }
}

impl Builder {
    fn new(provider: Provider, kind: Kind) -> Self {
        let bigquery = provider == Provider::Gcp;
        match kind {
            Kind::Text => Self::Text(StringBuilder::new()),
            Kind::Number if bigquery => {
                Self::Numeric(Decimal128Builder::new().with_data_type(DataType::Decimal128(38, 9)))
            }
            Kind::Number => Self::Double(Float64Builder::new()),
            Kind::Day if bigquery => Self::Micros(
                TimestampMicrosecondBuilder::new()
                    .with_data_type(DataType::Timestamp(TimeUnit::Microsecond, Some("UTC".into()))),
            ),
            Kind::Day => Self::Millis(TimestampMillisecondBuilder::new()),
            Kind::Tags if bigquery => {
                let fields = Fields::from(vec![
                    Field::new("key", DataType::Utf8, true),
                    Field::new("value", DataType::Utf8, true),
                ]);
                Self::List(ListBuilder::new(StructBuilder::from_fields(fields, 0)))
            }
            Kind::Tags => {
                let names = MapFieldNames {
                    entry: "key_value".to_owned(),
                    key: "key".to_owned(),
                    value: "value".to_owned(),
                };
                Self::Map(MapBuilder::new(Some(names), StringBuilder::new(), StringBuilder::new()))
            }
        }
    }

    fn push(&mut self, value: Value<'_>) -> Result<(), ArrowError> {
        match (self, value) {
            (Self::Text(builder), Value::Text(text)) => builder.append_value(text),
            (Self::Text(builder), _) => builder.append_null(),
            (Self::Double(builder), Value::Number(amount)) => builder.append_value(double(amount)),
            (Self::Double(builder), _) => builder.append_null(),
            (Self::Numeric(builder), Value::Number(amount)) => {
                builder.append_value(amount.units() / 1_000_000_000)
            }
            (Self::Numeric(builder), _) => builder.append_null(),
            (Self::Millis(builder), Value::Day(day)) => builder.append_value(seconds(day) * 1000),
            (Self::Millis(builder), _) => builder.append_null(),
            (Self::Micros(builder), Value::Day(day)) => builder.append_value(seconds(day) * 1_000_000),
            (Self::Micros(builder), _) => builder.append_null(),
            (Self::Map(builder), Value::Tags(tags)) if !tags.is_empty() => {
                for (key, value) in tags {
                    builder.keys().append_value(key);
                    builder.values().append_value(value);
                }
                builder.append(true)?;
            }
            (Self::Map(builder), _) => builder.append(false)?,
            (Self::List(builder), Value::Tags(tags)) if !tags.is_empty() => {
                for (key, value) in tags {
                    let entry = builder.values();
                    for (index, text) in [key, value].into_iter().enumerate() {
                        if let Some(field) = entry.field_builder::<StringBuilder>(index) {
                            field.append_value(text);
                        }
                    }
                    entry.append(true);
                }
                builder.append(true);
            }
            (Self::List(builder), _) => builder.append(false),
        }
        Ok(())
    }

    fn finish(&mut self) -> ArrayRef {
        let builder: &mut dyn ArrayBuilder = match self {
            Self::Text(builder) => builder,
            Self::Double(builder) => builder,
            Self::Numeric(builder) => builder,
            Self::Millis(builder) => builder,
            Self::Micros(builder) => builder,
            Self::Map(builder) => builder,
            Self::List(builder) => builder,
        };
        builder.finish()
    }
}

/// The double that prints as the amount. Amounts here have at most 9 decimals and 15 significant
/// digits, so both sides of the division are exact and the quotient is the nearest double.
fn double(amount: Amount) -> f64 {
    (amount.units() / 1_000_000_000) as f64 / 1e9
}

fn seconds(day: NaiveDate) -> i64 {
    day.and_time(chrono::NaiveTime::MIN).and_utc().timestamp()
}
