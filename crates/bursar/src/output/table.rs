//! A table for people: fits the terminal, numbers on the right, thousands separated.
//!
//! Decimals of a column share a number of places: two, or as many as give the largest value three
//! digits. A table this long is not read by anyone, so rows beyond [`MAX_ROWS`] are counted
//! instead of printed; the other formats have them all.

use super::cell::{self, Column};
use super::{Out, Sink, columns};
use crate::exit::Failure;
use arrow::array::RecordBatch;
use arrow::datatypes::{DataType, SchemaRef};
use comfy_table::{CellAlignment, ColumnConstraint, ContentArrangement};
use std::io::Write;

/// Rows that are printed at most.
const MAX_ROWS: usize = 10_000;
/// Cells longer than this are cut: a tag map can be a page long.
const MAX_CELL_CHARS: usize = 500;

/// How wide the table may be.
#[derive(Debug, Clone, Copy)]
pub(super) enum Layout {
    FitTerminal,
    AsWideAsNeeded,
    #[cfg(test)]
    Chars(u16),
}

pub(super) struct Table {
    schema: SchemaRef,
    out: Out,
    layout: Layout,
    batches: Vec<RecordBatch>,
    held: usize,
    more: usize,
}

impl Table {
    pub(super) fn new(schema: &SchemaRef, out: Out, layout: Layout) -> Self {
        Self { schema: schema.clone(), out, layout, batches: Vec::new(), held: 0, more: 0 }
    }
}

impl Sink for Table {
    fn write(&mut self, batch: &RecordBatch) -> Result<(), Failure> {
        let kept = batch.num_rows().min(MAX_ROWS - self.held);
        if kept > 0 {
            self.batches.push(batch.slice(0, kept));
        }
        self.held += kept;
        self.more += batch.num_rows() - kept;
        Ok(())
    }

    fn finish(mut self: Box<Self>) -> Result<(), Failure> {
        let mut table = comfy_table::Table::new();
        // A line under the header and nothing else: money is read down the column.
        table.load_preset("     ──            ");
        table.set_header(self.schema.fields().iter().map(|f| shown(f.name())));
        match self.layout {
            Layout::FitTerminal => table.set_content_arrangement(ContentArrangement::Dynamic),
            Layout::AsWideAsNeeded => table.set_content_arrangement(ContentArrangement::Disabled),
            #[cfg(test)]
            Layout::Chars(width) => {
                table.set_content_arrangement(ContentArrangement::Dynamic).set_width(width)
            }
        };
        let batches = self.batches.iter().map(columns).collect::<Result<Vec<_>, _>>()?;
        let styles: Vec<Style> = (0..self.schema.fields().len()).map(|i| Style::of(&batches, i)).collect();
        for (columns, batch) in batches.iter().zip(&self.batches) {
            for row in 0..batch.num_rows() {
                let cells = columns.iter().zip(&styles).map(|(column, style)| style.show(column, row));
                table.add_row(cells.collect::<Result<Vec<_>, _>>()?);
            }
        }
        for (i, field) in self.schema.fields().iter().enumerate() {
            if let Some(column) = table.column_mut(i) {
                column.set_padding((0, 2));
                if cell::is_number(field.data_type()) {
                    column.set_cell_alignment(CellAlignment::Right);
                }
                // A number broken over two lines is another number.
                if cell::is_number(field.data_type()) || is_time(field.data_type()) {
                    column.set_constraint(ColumnConstraint::ContentWidth);
                }
            }
        }
        for line in table.lines() {
            writeln!(self.out, "{}", line.trim_end())?;
        }
        if self.more > 0 {
            let (held, more) = (grouped(&self.held.to_string()), grouped(&self.more.to_string()));
            writeln!(self.out, "… the first {held} rows; {more} more with another `--format`")?;
        }
        Ok(self.out.flush()?)
    }
}

fn is_time(data_type: &DataType) -> bool {
    matches!(data_type, DataType::Date32 | DataType::Date64 | DataType::Timestamp(..))
}

/// How the values of one column are shown.
struct Style {
    decimals: usize,
    only_days: bool,
}

impl Style {
    fn of(batches: &[Vec<Column>], index: usize) -> Self {
        let mut style = Self { decimals: 2, only_days: true };
        let mut largest: Option<String> = None;
        for column in batches.iter().filter_map(|columns| columns.get(index)) {
            style.only_days &= column.only_days();
            if let Some(here) = column.largest_decimal() {
                largest = largest.into_iter().chain([here]).max_by(|a, b| magnitude(a).cmp(&magnitude(b)));
            }
        }
        if let Some(largest) = largest {
            style.decimals = places(&largest);
        }
        style
    }

    fn show(&self, column: &Column, row: usize) -> Result<String, Failure> {
        let Some(exact) = column.exact(row)? else {
            return Ok(String::new());
        };
        Ok(match column {
            Column::Decimal(_) | Column::WideDecimal(_) => grouped(&rounded(&exact, self.decimals)),
            Column::Integer(_) | Column::Unsigned(_) if exact.len() > 4 => grouped(&exact),
            Column::Timestamp(_) if self.only_days => exact.chars().take(10).collect(),
            _ => shown(&exact),
        })
    }
}

/// Text without anything a terminal would obey.
fn shown(text: &str) -> String {
    let mut shown = String::new();
    for (i, c) in text.chars().enumerate() {
        if i == MAX_CELL_CHARS {
            shown.push('…');
            break;
        }
        // Bidirectional overrides reorder what is read; they are escaped like control characters.
        if c.is_control() || matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}') {
            shown.extend(c.escape_unicode());
        } else {
            shown.push(c);
        }
    }
    shown
}

impl Column {
    /// The decimal of the greatest magnitude.
    fn largest_decimal(&self) -> Option<String> {
        match self {
            Self::Decimal(a) => {
                let row =
                    (0..a.len()).filter(|&i| !self.is_null(i)).max_by_key(|&i| a.value(i).unsigned_abs())?;
                self.exact(row).ok().flatten()
            }
            Self::WideDecimal(a) => {
                let row =
                    (0..a.len()).filter(|&i| !self.is_null(i)).max_by_key(|&i| a.value(i).wrapping_abs())?;
                self.exact(row).ok().flatten()
            }
            _ => None,
        }
    }
}

/// The digits before the point and then all digits, which order decimals by magnitude.
fn magnitude(decimal: &str) -> (usize, &str) {
    let digits = decimal.trim_start_matches('-');
    (digits.find('.').unwrap_or(digits.len()), digits)
}

/// Places after the point that suit a column whose largest value is this: two, or enough for
/// three digits that say something.
fn places(largest: &str) -> usize {
    match largest.trim_start_matches('-').split_once('.') {
        Some(("0", fraction)) => (fraction.bytes().take_while(|b| *b == b'0').count() + 3).min(18),
        _ => 2,
    }
}

/// An exact decimal rounded half away from zero to `places` after the point.
fn rounded(exact: &str, places: usize) -> String {
    let (sign, digits) = exact.strip_prefix('-').map_or(("", exact), |rest| ("-", rest));
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    let kept: String = fraction.chars().chain(std::iter::repeat('0')).take(places).collect();
    let mut number: Vec<u8> = format!("0{whole}{kept}").into_bytes();
    if fraction.as_bytes().get(places).is_some_and(|b| *b >= b'5') {
        // The leading zero is there to take the last carry.
        for digit in number.iter_mut().rev() {
            if *digit == b'9' {
                *digit = b'0';
            } else {
                *digit += 1;
                break;
            }
        }
    }
    let zero = number.iter().all(|b| *b == b'0');
    let text: String = number.into_iter().map(char::from).collect();
    let (whole, fraction) = text.split_at(text.len() - places);
    let whole = whole.trim_start_matches('0');
    let whole = if whole.is_empty() { "0" } else { whole };
    let sign = if zero { "" } else { sign };
    if places == 0 { format!("{sign}{whole}") } else { format!("{sign}{whole}.{fraction}") }
}

/// A number with its thousands separated by commas.
fn grouped(number: &str) -> String {
    let (sign, digits) = number.strip_prefix('-').map_or(("", number), |rest| ("-", rest));
    let (whole, rest) = digits.find('.').map_or((digits, ""), |at| digits.split_at(at));
    let mut grouped = String::new();
    for (i, c) in whole.chars().enumerate() {
        if i > 0 && (whole.len() - i).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(c);
    }
    format!("{sign}{grouped}{rest}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decimals_round_half_away_from_zero() {
        for (exact, places, expected) in [
            ("0", 2, "0.00"),
            ("1234.565", 2, "1234.57"),
            ("-1234.565", 2, "-1234.57"),
            ("99.995", 2, "100.00"),
            ("-0.004", 2, "0.00"),
            ("0.0000421", 7, "0.0000421"),
            ("7", 0, "7"),
        ] {
            assert_eq!(rounded(exact, places), expected, "{exact} to {places}");
        }
    }

    #[test]
    fn thousands_are_separated() {
        for (number, expected) in
            [("999", "999"), ("1000", "1,000"), ("-1234567.891", "-1,234,567.891"), ("100000", "100,000")]
        {
            assert_eq!(grouped(number), expected);
        }
    }

    #[test]
    fn small_columns_get_the_places_they_need() {
        for (largest, expected) in [("0", 2), ("12.5", 2), ("1", 2), ("0.25", 3), ("-0.00042", 6)] {
            assert_eq!(places(largest), expected, "{largest}");
        }
    }
}
