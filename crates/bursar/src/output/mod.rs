//! Answers on standard output: Arrow batches in, text (or Parquet) out.
//!
//! Every format but the table carries every digit: a decimal is written in full, without trailing
//! zeros, and never passes through a double. The table is for people: it rounds for display,
//! separates thousands and fits the terminal. Formats and defaults are explained in
//! `docs/decisions/0004-output-formats.md`.
//!
//! Rows come from bills that other people wrote, so the table shows control characters escaped: a
//! resource name must not be able to drive a terminal.

mod cell;
mod csv;
mod json;
mod markdown;
mod parquet;
mod table;

use crate::exit::Failure;
use arrow::array::RecordBatch;
use arrow::datatypes::SchemaRef;
use cell::Column;
use std::io::{BufWriter, IsTerminal, Write};

/// Where the text goes.
type Out = Box<dyn Write + Send>;

/// How an answer is printed.
#[derive(Debug, Clone, Copy, clap::Args)]
pub(crate) struct Format {
    /// How the answer is printed; when left out, a table on a terminal and CSV elsewhere
    #[arg(long = "format", value_name = "FORMAT")]
    format: Option<FormatArg>,
}

/// The formats.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum FormatArg {
    /// For people: columns that fit the terminal, numbers with thousands separators.
    Table,
    /// An array of objects; decimals are strings, so that no digit is lost.
    Json,
    /// RFC 4180 with every digit, lines ending in LF.
    Csv,
    /// Apache Parquet with every digit; not to a terminal.
    Parquet,
    /// A Markdown table with every digit.
    Md,
}

impl Format {
    /// The format asked for, or the one that fits where standard output goes.
    pub(crate) fn chosen(self) -> FormatArg {
        match self.format {
            Some(format) => format,
            None if std::io::stdout().is_terminal() => FormatArg::Table,
            None => FormatArg::Csv,
        }
    }

    /// A writer of answers with these columns to standard output.
    ///
    /// # Errors
    /// When Parquet would go to a terminal, or the header cannot be written.
    pub(crate) fn writer(self, schema: &SchemaRef) -> Result<Writer, Failure> {
        let terminal = std::io::stdout().is_terminal();
        let format = self.chosen();
        if format == FormatArg::Parquet && terminal {
            return Err(Failure::bad_input(anyhow::anyhow!(
                "Parquet is not text: send it to a file, as in `--format parquet > answer.parquet`"
            )));
        }
        let layout = if terminal { table::Layout::FitTerminal } else { table::Layout::AsWideAsNeeded };
        Writer::new(format, schema, Box::new(BufWriter::new(std::io::stdout())), layout)
    }
}

/// Prints batches one after the other, and only holds on to them where the format must.
pub(crate) struct Writer {
    sink: Box<dyn Sink>,
}

impl Writer {
    fn new(format: FormatArg, schema: &SchemaRef, out: Out, layout: table::Layout) -> Result<Self, Failure> {
        Ok(Self {
            sink: match format {
                FormatArg::Table => Box::new(table::Table::new(schema, out, layout)),
                FormatArg::Json => Box::new(json::Json::new(schema, out)?),
                FormatArg::Csv => Box::new(csv::Csv::new(schema, out)?),
                FormatArg::Parquet => Box::new(parquet::Parquet::new(schema, out)?),
                FormatArg::Md => Box::new(markdown::Markdown::new(schema, out)?),
            },
        })
    }

    /// Prints the rows of one batch, which has the columns the writer was made with.
    ///
    /// # Errors
    /// When the rows cannot be written.
    pub(crate) fn write(&mut self, batch: &RecordBatch) -> Result<(), Failure> {
        self.sink.write(batch)
    }

    /// Prints what is still held back.
    ///
    /// # Errors
    /// When it cannot be written.
    pub(crate) fn finish(self) -> Result<(), Failure> {
        self.sink.finish()
    }
}

/// One format.
trait Sink {
    fn write(&mut self, batch: &RecordBatch) -> Result<(), Failure>;
    fn finish(self: Box<Self>) -> Result<(), Failure>;
}

/// The columns of a batch, ready to be printed.
fn columns(batch: &RecordBatch) -> Result<Vec<Column>, Failure> {
    batch.columns().iter().map(Column::new).collect()
}

#[cfg(test)]
mod tests;
