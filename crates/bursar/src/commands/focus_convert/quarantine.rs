//! Rows set aside: `OUT.quarantine.csv` with file, row, column, value, reason and the row itself.

use crate::exit::Failure;
use anyhow::Context as _;
use arrow::array::RecordBatch;
use bursar_focus::canonical::Fault;
use bursar_focus::read::Chunk;
use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};

/// The file of rows set aside, made when there is a first one.
pub(super) struct Quarantine {
    path: PathBuf,
    file: Option<BufWriter<File>>,
}

impl Quarantine {
    pub(super) fn new(path: PathBuf) -> Self {
        Self { path, file: None }
    }

    /// Sets aside the rows of a chunk that could not be split or typed.
    pub(super) fn add(&mut self, source: &Path, chunk: &Chunk, faults: &[Fault]) -> Result<(), Failure> {
        let source = source.to_string_lossy();
        for bad in &chunk.bad {
            self.line(&[&source, &bad.row.to_string(), "", "", &bad.reason, &bad.text])?;
        }
        let mut last: Option<(usize, String)> = None;
        for fault in faults {
            if last.as_ref().is_none_or(|(row, _)| *row != fault.row) {
                last = Some((fault.row, record(&chunk.batch, fault.row)));
            }
            let shown = last.as_ref().map_or("", |(_, text)| text.as_str());
            let row = chunk.numbers.of(fault.row).to_string();
            self.line(&[&source, &row, &fault.column, &fault.value, fault.reason, shown])?;
        }
        Ok(())
    }

    fn line(&mut self, cells: &[&str]) -> Result<(), Failure> {
        let cannot = || format!("cannot write `{}`", self.path.display());
        let file = match &mut self.file {
            Some(file) => file,
            none => {
                let mut file = BufWriter::new(File::create(&self.path).with_context(cannot)?);
                writeln!(file, "file,row,column,value,reason,record").with_context(cannot)?;
                none.insert(file)
            }
        };
        let quoted: Vec<String> =
            cells.iter().map(|cell| format!("\"{}\"", cell.replace('"', "\"\""))).collect();
        writeln!(file, "{}", quoted.join(",")).with_context(cannot)?;
        Ok(())
    }

    /// The file, if there is one.
    pub(super) fn finish(self) -> Result<Option<PathBuf>, Failure> {
        match self.file {
            None => {
                // One of an earlier run would be taken for ours.
                match std::fs::remove_file(&self.path) {
                    Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                        Err(anyhow::Error::from(error)
                            .context(format!("cannot remove the old `{}`", self.path.display()))
                            .into())
                    }
                    _ => Ok(None),
                }
            }
            Some(mut file) => {
                file.flush().with_context(|| format!("cannot write `{}`", self.path.display()))?;
                Ok(Some(self.path))
            }
        }
    }
}

/// A row as a JSON object, for whoever repairs it.
fn record(batch: &RecordBatch, row: usize) -> String {
    let mut out = Vec::new();
    let mut writer = arrow::json::LineDelimitedWriter::new(&mut out);
    let written = writer.write(&batch.slice(row, 1)).and_then(|()| writer.finish());
    drop(writer);
    if written.is_err() {
        return String::new();
    }
    String::from_utf8_lossy(&out).trim_end().to_owned()
}
