//! What the conversion says at its end: rows, sums of both sides, and what was left out.

use crate::exit::Failure;
use bursar_domain::Amount;
use bursar_focus::normalise::Normalised;
use bursar_focus::normalise::totals::{Sum, Sums};
use bursar_focus::read::Chunk;
use std::collections::{BTreeMap, BTreeSet};
use std::io::Write;
use std::path::Path;

/// Reasons shown; the file has all.
const SHOWN: usize = 20;

/// Counts and sums.
#[derive(Debug, Default)]
pub(super) struct Report {
    rows_read: u64,
    pub(super) written: u64,
    doubled: u64,
    rounded: u64,
    quarantined: u64,
    dropped: BTreeMap<&'static str, u64>,
    /// By column and reason: how often, and the first row.
    reasons: BTreeMap<(String, String), (u64, u64)>,
    pub(super) read_sums: Sums,
    pub(super) written_sums: Sums,
    pub(super) left_out: Sums,
}

/// `1 row`, `2 rows`.
fn counted(rows: u64) -> String {
    if rows == 1 { "1 row".to_owned() } else { format!("{rows} rows") }
}

impl Report {
    /// Counts a chunk that was read.
    pub(super) fn read(&mut self, chunk: &Chunk, normalised: &Normalised, faulty: usize) {
        let rows = chunk.batch.num_rows();
        self.rows_read += (rows + chunk.bad.len()) as u64;
        self.quarantined += (chunk.bad.len() + faulty) as u64;
        self.rounded += normalised.rounded as u64;
        let dropped: usize = normalised.dropped.iter().map(|dropped| dropped.rows).sum();
        self.doubled += normalised.batch.num_rows().saturating_sub(rows - dropped.min(rows)) as u64;
        for dropped in &normalised.dropped {
            *self.dropped.entry(dropped.reason).or_default() += dropped.rows as u64;
        }
        for bad in &chunk.bad {
            self.reason(String::new(), bad.reason.clone(), bad.row);
        }
        for fault in &normalised.faults {
            self.reason(fault.column.clone(), fault.reason.to_owned(), chunk.numbers.of(fault.row));
        }
    }

    fn reason(&mut self, column: String, reason: String, row: u64) {
        let (count, _) = self.reasons.entry((column, reason)).or_insert((0, row));
        *count += 1;
    }

    /// Whether both sums agree to the last digit.
    pub(super) fn conserves(&self) -> bool {
        self.keys().into_iter().all(|(currency, month)| {
            self.read_sums.get(&currency, &month) == self.written_sums.get(&currency, &month)
        })
    }

    fn keys(&self) -> BTreeSet<(String, String)> {
        let of = |sums: &Sums| {
            sums.iter()
                .map(|(currency, month, _)| (currency.to_owned(), month.to_owned()))
                .collect::<Vec<_>>()
        };
        of(&self.read_sums).into_iter().chain(of(&self.written_sums)).collect()
    }

    /// Prints to standard output.
    pub(super) fn print(&self, out: &Path, set_aside: Option<&Path>) -> Result<(), Failure> {
        let mut to = std::io::stdout().lock();
        writeln!(
            to,
            "{} read, {} written to {}",
            counted(self.rows_read),
            counted(self.written),
            out.display()
        )?;
        for (reason, rows) in &self.dropped {
            writeln!(to, "{} left out: {reason}", counted(*rows))?;
        }
        if self.doubled > 0 {
            writeln!(
                to,
                "{} added: the part of a commitment's fee that is usage, used or unused",
                counted(self.doubled)
            )?;
        }
        if self.rounded > 0 {
            writeln!(to, "numbers with more than 18 decimals, rounded half to even: {}", self.rounded)?;
        }
        self.print_sums(&mut to)?;
        if let Some(path) = set_aside {
            writeln!(
                to,
                "{} quarantined in {}; the sums above leave them out:",
                counted(self.quarantined),
                path.display()
            )?;
            for ((column, reason), (count, first)) in self.reasons.iter().take(SHOWN) {
                let column = if column.is_empty() { "the row".to_owned() } else { format!("`{column}`") };
                writeln!(to, "  {count} × {column} {reason}, first in row {first}")?;
            }
            if self.reasons.len() > SHOWN {
                writeln!(to, "  and {} more reasons", self.reasons.len() - SHOWN)?;
            }
            for (currency, month, sum) in self.left_out.iter().filter(|(_, _, sum)| *sum != Sum::default()) {
                let Sum { billed, effective } = sum;
                writeln!(
                    to,
                    "  left out where readable: {currency} {month} BilledCost {billed}, EffectiveCost {effective}"
                )?;
            }
        }
        if !self.conserves() {
            writeln!(to, "the sums differ: do not use {} before the difference is explained", out.display())?;
        }
        Ok(())
    }

    fn print_sums(&self, to: &mut impl Write) -> Result<(), Failure> {
        let mut table = comfy_table::Table::new();
        table.load_preset(comfy_table::presets::NOTHING);
        table.set_header(["currency", "period", "measure", "in", "out", "difference"]);
        for (currency, month) in self.keys() {
            let (read, written) =
                (self.read_sums.get(&currency, &month), self.written_sums.get(&currency, &month));
            let measures = [
                ("BilledCost", read.billed, written.billed),
                ("EffectiveCost", read.effective, written.effective),
            ];
            for (measure, read, written) in measures {
                let difference = written.checked_sub(read).unwrap_or(Amount::ZERO);
                table.add_row([
                    currency.clone(),
                    month.clone(),
                    measure.to_owned(),
                    read.to_string(),
                    written.to_string(),
                    difference.to_string(),
                ]);
            }
        }
        for column in 3..6 {
            if let Some(column) = table.column_mut(column) {
                column.set_cell_alignment(comfy_table::CellAlignment::Right);
            }
        }
        for line in table.lines() {
            writeln!(to, "{}", line.trim_end())?;
        }
        Ok(())
    }
}
