//! An answer as a file for a spreadsheet.
//!
//! A spreadsheet computes with doubles and shows fifteen digits, so where an amount has more, XLSX
//! gets its exact text in a column beside the number. CSV holds the exact text only. Text that a
//! spreadsheet would take for a formula (`=…`, `+…`, `-…`, `@…`; OWASP "CSV Injection") is led by an
//! apostrophe in CSV: a resource can be named by anybody who may make one. XLSX needs no such
//! guard, because there a cell says that it is text.

use crate::answer::{Answer, Row};
use bursar_domain::Amount;
use rust_xlsxwriter::{Format, Workbook, XlsxError};

/// Rows of a worksheet, the header included.
const SHEET_ROWS: usize = 1_048_576;
/// Significant digits a spreadsheet keeps.
const SHEET_DIGITS: usize = 15;

/// Why no file was made.
#[derive(Debug, thiserror::Error)]
pub enum ExportError {
    /// More rows than a worksheet holds.
    #[error("{rows} rows do not fit a worksheet, which holds {SHEET_ROWS}")]
    TooManyRows {
        /// How many.
        rows: usize,
    },
    /// The CSV could not be written.
    #[error("the CSV could not be written")]
    Csv(#[source] std::io::Error),
    /// The XLSX could not be written.
    #[error("the XLSX could not be written")]
    Xlsx(#[from] XlsxError),
}

/// The columns of a file, in order.
struct Layout {
    keys: Vec<String>,
    period: bool,
    previous: bool,
    measure: &'static str,
}

impl Layout {
    fn of(answer: &Answer) -> Self {
        Self {
            keys: answer.question.by.iter().map(ToString::to_string).collect(),
            period: answer.rows.iter().any(|row| row.period.is_some()),
            previous: answer.rows.iter().any(|row| row.previous.is_some()),
            measure: answer.question.measure.id(),
        }
    }

    /// Columns of text.
    fn texts(&self) -> Vec<String> {
        let mut names = self.keys.clone();
        if self.period {
            names.push("Period".into());
        }
        names.push("Currency".into());
        names
    }

    /// Cells of text; `None` is empty.
    fn cells<'a>(&self, row: &'a Row) -> Vec<Option<std::borrow::Cow<'a, str>>> {
        let keys = (0..self.keys.len()).map(|at| {
            if row.other {
                Some("(other)".into())
            } else {
                row.keys.get(at).and_then(|key| key.as_deref()).map(Into::into)
            }
        });
        let mut cells: Vec<_> = keys.collect();
        if self.period {
            cells.push(row.period.map(|day| day.to_string().into()));
        }
        cells.push(Some(row.currency.as_str().into()));
        cells
    }

    /// Columns of amounts.
    fn amounts(&self) -> Vec<String> {
        let mut names = vec![self.measure.to_owned()];
        if self.previous {
            names.push(format!("{} (period before)", self.measure));
        }
        names
    }

    fn values(&self, row: &Row) -> Vec<Option<Amount>> {
        let mut values = vec![Some(row.amount)];
        if self.previous {
            values.push(row.previous);
        }
        values
    }
}

/// The answer as CSV (RFC 4180), UTF-8.
///
/// # Errors
/// When memory for it cannot be had.
pub fn csv(answer: &Answer) -> Result<Vec<u8>, ExportError> {
    let layout = Layout::of(answer);
    let mut writer = csv::WriterBuilder::new().terminator(csv::Terminator::CRLF).from_writer(Vec::new());
    let failed = |e: csv::Error| ExportError::Csv(e.into());
    let header = layout.texts().into_iter().map(|name| guarded(&name)).chain(layout.amounts());
    writer.write_record(header).map_err(failed)?;
    for row in &answer.rows {
        let texts = layout.cells(row).into_iter().map(|cell| guarded(cell.as_deref().unwrap_or("")));
        let amounts =
            layout.values(row).into_iter().map(|value| value.map_or_else(String::new, |v| v.to_string()));
        writer.write_record(texts.chain(amounts)).map_err(failed)?;
    }
    writer.into_inner().map_err(|e| ExportError::Csv(e.into_error()))
}

/// Text that no spreadsheet takes for a formula.
fn guarded(text: &str) -> String {
    let dangerous = text.starts_with(['=', '+', '-', '@', '\t', '\r', '\n', '＝', '＋', '－', '＠']);
    if dangerous { format!("'{text}") } else { text.to_owned() }
}

/// The answer as a workbook of one sheet.
///
/// # Errors
/// When it has more rows than a worksheet, or cannot be written.
pub fn xlsx(answer: &Answer) -> Result<Vec<u8>, ExportError> {
    if answer.rows.len() >= SHEET_ROWS {
        return Err(ExportError::TooManyRows { rows: answer.rows.len() });
    }
    let layout = Layout::of(answer);
    let exact = answer.rows.iter().any(|row| layout.values(row).into_iter().flatten().any(loses_digits));
    let mut workbook = Workbook::new();
    let sheet = workbook.add_worksheet().set_name("Cost")?;
    let (bold, money) = (Format::new().set_bold(), Format::new().set_num_format("#,##0.00"));
    let mut names = layout.texts();
    for name in layout.amounts() {
        names.push(name.clone());
        if exact {
            names.push(format!("{name} (exact)"));
        }
    }
    for (column, name) in (0_u16..).zip(&names) {
        sheet.write_string_with_format(0, column, name, &bold)?;
    }
    for (line, row) in (1_u32..).zip(&answer.rows) {
        let mut column = 0_u16;
        for cell in layout.cells(row) {
            if let Some(text) = cell {
                sheet.write_string(line, column, clipped(&text))?;
            }
            column += 1;
        }
        for value in layout.values(row) {
            if let Some(value) = value {
                sheet.write_number_with_format(line, column, value.to_f64_lossy(), &money)?;
                if exact {
                    sheet.write_string(line, column + 1, value.to_string())?;
                }
            }
            column += if exact { 2 } else { 1 };
        }
    }
    sheet.set_freeze_panes(1, 0)?;
    Ok(workbook.save_to_buffer()?)
}

/// A cell holds 32,767 characters; a longer value is cut and says so.
fn clipped(text: &str) -> std::borrow::Cow<'_, str> {
    const MOST: usize = 32_767;
    if text.len() <= MOST || text.encode_utf16().count() <= MOST {
        return text.into();
    }
    let mut kept: String = text.chars().take(MOST / 2 - 1).collect();
    kept.push('…');
    kept.into()
}

/// Whether a spreadsheet would show other digits than the amount has.
fn loses_digits(amount: Amount) -> bool {
    let digits: String = amount.to_string().chars().filter(char::is_ascii_digit).collect();
    digits.trim_matches('0').len() > SHEET_DIGITS
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::answer::Read;
    use crate::question::{Dimension, Question};

    fn answer(rows: &[(&str, &str)]) -> Answer {
        let row = |(key, amount): &(&str, &str)| Row {
            keys: vec![Some((*key).to_owned())],
            period: None,
            currency: "USD".to_owned(),
            amount: amount.parse().unwrap(),
            previous: None,
            other: false,
        };
        Answer {
            question: Question { by: vec![Dimension::parse("ResourceName")], ..Question::default() },
            period: None,
            rows: rows.iter().map(row).collect(),
            totals: Vec::new(),
            other_groups: 0,
            freshness: Vec::new(),
            provisional: false,
            excluded: Vec::new(),
            notes: Vec::new(),
            empty_reason: None,
            read: Read::default(),
        }
    }

    #[test]
    fn a_name_is_never_a_formula() {
        let rows = [
            ("=HYPERLINK(\"http://evil\")", "-1.5"),
            ("+1", "0"),
            ("@SUM(A1)", "1"),
            ("\tx", "1"),
            ("plain, \"x\"", "1"),
        ];
        let text = String::from_utf8(csv(&answer(&rows)).unwrap()).unwrap();
        assert_eq!(
            text,
            "ResourceName,Currency,EffectiveCost\r\n\"'=HYPERLINK(\"\"http://evil\"\")\",USD,-1.5\r\n'+1,USD,0\r\n\
             '@SUM(A1),USD,1\r\n'\tx,USD,1\r\n\"plain, \"\"x\"\"\",USD,1\r\n"
        );
    }

    #[test]
    fn amounts_keep_every_digit() {
        // claim A3
        let exact = "12345678901234567.123456789012345678";
        let text = String::from_utf8(csv(&answer(&[("a", exact)])).unwrap()).unwrap();
        assert!(text.contains(exact), "{text}");
        assert!(loses_digits(exact.parse().unwrap()));
        for fine in ["0", "123456789012345", "0.000000000012345", "-1.10", "1000000000000000000"] {
            assert!(!loses_digits(fine.parse().unwrap()), "{fine}");
        }
    }

    #[test]
    fn a_workbook_is_a_zip() {
        let bytes = xlsx(&answer(&[("=1+1", "12345678901234567.1")])).unwrap();
        assert!(bytes.starts_with(b"PK\x03\x04"));
    }
}
