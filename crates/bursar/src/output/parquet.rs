//! Parquet on standard output, with the types of the answer.

use super::{Out, Sink};
use crate::exit::Failure;
use arrow::array::RecordBatch;
use arrow::datatypes::SchemaRef;
use parquet::arrow::ArrowWriter;
use parquet::basic::{Compression, ZstdLevel};
use parquet::file::properties::WriterProperties;
use std::io::Write;

pub(super) struct Parquet {
    writer: ArrowWriter<Out>,
}

impl Parquet {
    pub(super) fn new(schema: &SchemaRef, out: Out) -> Result<Self, Failure> {
        let properties =
            WriterProperties::builder().set_compression(Compression::ZSTD(ZstdLevel::try_new(3)?)).build();
        Ok(Self { writer: ArrowWriter::try_new(out, schema.clone(), Some(properties))? })
    }
}

impl Sink for Parquet {
    fn write(&mut self, batch: &RecordBatch) -> Result<(), Failure> {
        Ok(self.writer.write(batch)?)
    }

    fn finish(self: Box<Self>) -> Result<(), Failure> {
        let mut out = self.writer.into_inner()?;
        Ok(out.flush()?)
    }
}
