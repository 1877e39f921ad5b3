//! A converted export, by row and column.

use arrow::array::{Array, AsArray, RecordBatch};
use arrow::compute::concat_batches;
use arrow::datatypes::DataType;
use arrow::util::display::{ArrayFormatter, FormatOptions};
use bursar_domain::Amount;
use bursar_focus::convert::Target;
use bursar_focus::dialect::Dialect;
use bursar_focus::normalise::totals::Sums;
use bursar_focus::normalise::{Dropped, normaliser};
use bursar_focus::read::Reader;
use bursar_focus::spec::FocusVersion;
use std::fs::File;
use std::path::{Path, PathBuf};

pub(crate) struct Bill {
    pub(crate) batch: RecordBatch,
    pub(crate) dropped: Vec<Dropped>,
    pub(crate) faults: Vec<(usize, String)>,
    pub(crate) read: Sums,
    pub(crate) written: Sums,
}

pub(crate) fn data(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data").join(name)
}

/// Converts a file of test data to 1.2.
pub(crate) fn of(dialect: Dialect, name: &str) -> Bill {
    of_file(dialect, &data(name), FocusVersion::V1_2)
}

pub(crate) fn of_file(dialect: Dialect, path: &Path, version: FocusVersion) -> Bill {
    let mut reader = Reader::open(File::open(path).unwrap(), |file| Box::new(file)).unwrap();
    let normaliser = normaliser(dialect, &reader.schema()).unwrap();
    let target = Target::new(version, &normaliser.output(), dialect.focus_version().is_none());
    let wanted = target.wanted();
    reader.project(&normaliser.needs(&wanted));
    let (mut dropped, mut faults, mut batches) = (Vec::new(), Vec::new(), Vec::new());
    let (mut read, mut written) = (Sums::default(), Sums::default());
    while let Some(chunk) = reader.next_chunk().unwrap() {
        let normalised = normaliser.convert(&chunk.batch, &wanted).unwrap();
        read.add_native(dialect, &chunk.batch, &|_| false).unwrap();
        let batch = target.complete(&normalised.batch).unwrap();
        written.add_canonical(&batch, &|_| false).unwrap();
        dropped.extend(normalised.dropped);
        faults.extend(normalised.faults.into_iter().map(|fault| (fault.row, fault.column)));
        batches.push(batch);
    }
    let batch = concat_batches(&target.schema(), &batches).unwrap();
    Bill { batch, dropped, faults, read, written }
}

impl Bill {
    /// A cell as text: exact decimals, `NULL`.
    pub(crate) fn cell(&self, row: usize, column: &str) -> String {
        let array = self.batch.column_by_name(column).unwrap_or_else(|| panic!("no column {column}"));
        if array.is_null(row) {
            return "NULL".to_owned();
        }
        match array.data_type() {
            DataType::Decimal128(_, _) => {
                Amount::from_units(array.as_primitive::<arrow::datatypes::Decimal128Type>().value(row))
                    .to_string()
            }
            _ => ArrayFormatter::try_new(array, &FormatOptions::default()).unwrap().value(row).to_string(),
        }
    }

    /// The first row whose column has this text.
    pub(crate) fn row(&self, column: &str, text: &str) -> usize {
        (0..self.batch.num_rows())
            .find(|row| self.cell(*row, column) == text)
            .unwrap_or_else(|| panic!("no {column} = {text}"))
    }

    /// Checks cells of a row, written as `Column=text`.
    pub(crate) fn check(&self, row: usize, expected: &[(&str, &str)]) {
        for (column, text) in expected {
            assert_eq!(
                self.cell(row, column),
                *text,
                "{column} of row {row} ({})",
                self.cell(row, "ChargeDescription")
            );
        }
    }

    /// Both sums of one currency and month, as text, and that they are the same on both sides.
    pub(crate) fn sums(&self, currency: &str, month: &str) -> (String, String) {
        assert_eq!(
            self.read.iter().collect::<Vec<_>>(),
            self.written.iter().collect::<Vec<_>>(),
            "what was read is not what was written"
        );
        let sum = self.written.get(currency, month);
        (sum.billed.to_string(), sum.effective.to_string())
    }

    pub(crate) fn rows(&self) -> usize {
        self.batch.num_rows()
    }
}
