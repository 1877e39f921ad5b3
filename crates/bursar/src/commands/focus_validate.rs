//! `bursar focus validate`: does a file keep the rules of the FOCUS specification?

use crate::exit::{Failure, Outcome};
use crate::progress;
use anyhow::anyhow;
use bursar_focus::conformance::{Example, Finding, Level, Report, check_files};
use bursar_focus::spec::FocusVersion;
use std::io::{BufWriter, Write};
use std::path::PathBuf;

const EXAMPLES: &str = "\
Each finding names the published rule, how many rows break it, the first of them, what that means
and what to do. MUST findings break the specification; SHOULD findings are recommendations; QUALITY
findings (BURSAR-…) are our own observations about data that may mislead, and never fail a check.

Files are told apart by their content: Parquet, CSV and CSV.gz, with any of the usual separators,
with or without a byte order mark. Several files are checked together as one delivery. What cannot
be decided from files alone (whether an invoice says the same, whether a permission was used) is
counted as not checkable instead of guessed.

Exit status:
  0  no rule is broken that must be kept
  1  a MUST rule is broken
  2  a file cannot be read, or only in part, or is no FOCUS file

Examples:
  bursar focus validate export.parquet
      check one file against the version that its columns show
  bursar focus validate BILLING_PERIOD=2026-10/*.csv.gz --version 1.2
      check a month's delivery against FOCUS 1.2
  bursar focus validate export.csv --format json | jq '.findings[] | select(.level == \"MUST\")'
      the findings for a program";

/// Check files against the FOCUS specification
///
/// Prints each rule that is broken, by its published id, with how often, the first rows, and what
/// it means. Ends with status 1 when a file breaks a rule it must keep.
#[derive(Debug, clap::Args)]
#[command(after_long_help = EXAMPLES)]
pub(crate) struct Args {
    /// Parquet, CSV or CSV.gz files
    #[arg(required = true, value_name = "FILE")]
    pub(crate) files: Vec<PathBuf>,

    /// The version to check against: 1.0, 1.1, 1.2, 1.3 or 1.4; recognised from the columns when left out
    #[arg(long = "version", value_name = "V")]
    pub(crate) version: Option<String>,

    /// How the findings are printed
    #[arg(long, default_value = "table")]
    pub(crate) format: ReportFormat,
}

/// How a report is printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum ReportFormat {
    /// For people.
    Table,
    /// For programs.
    Json,
}

/// Checks the files.
pub(crate) async fn run(args: Args) -> Result<Outcome, Failure> {
    let version = args.version.as_deref().map(str::parse::<FocusVersion>).transpose()?;
    let files = args.files;
    let report = tokio::task::spawn_blocking(move || {
        let sizes = files.iter().filter_map(|file| std::fs::metadata(file).ok()).map(|file| file.len());
        let bar = progress::bytes("checking", sizes.sum());
        let report = check_files(&files, version, &mut |bytes| bar.set_position(bytes));
        bar.finish_and_clear();
        report
    })
    .await??;
    let mut out = BufWriter::new(std::io::stdout());
    match args.format {
        ReportFormat::Json => {
            serde_json::to_writer_pretty(&mut out, &report)?;
            writeln!(out)?;
        }
        ReportFormat::Table => print(&report, &mut out)?,
    }
    out.flush()?;
    if !report.partial.is_empty() {
        return Err(Failure::bad_input(anyhow!(
            "the result covers only part of the data: {}",
            report.partial.join("; ")
        )));
    }
    Ok(if report.conforms() { Outcome::Good } else { Outcome::Wanting })
}

/// The report for people.
fn print(report: &Report, out: &mut dyn Write) -> std::io::Result<()> {
    let files = match report.files.as_slice() {
        [one] => shown(one),
        several => format!("{} files", several.len()),
    };
    let rows = grouped(report.rows);
    writeln!(out, "{files}: {rows} rows, FOCUS {} {}", report.version, report.dataset.as_str())?;
    let must = report.findings.iter().filter(|finding| finding.level == Level::Must).count();
    let (verdict, part) = match (must, report.partial.is_empty()) {
        (0, true) => ("conforms", ""),
        (0, false) => ("no MUST rule is broken", " in the part that could be read"),
        (_, true) => ("does not conform", ""),
        (_, false) => ("does not conform", ", and could be read only in part"),
    };
    writeln!(
        out,
        "{verdict}{part}: {} rules hold, {} are broken, {} do not apply, {} cannot be checked from files",
        report.passed, report.failed, report.not_applicable, report.not_checkable
    )?;
    for group in report.findings.chunk_by(same) {
        let Some(first) = group.first() else { continue };
        writeln!(out)?;
        match group {
            [one] => writeln!(
                out,
                "{:<7}  {}  {} of {}",
                one.level.as_str(),
                one.rule,
                grouped(one.count),
                grouped(one.checked)
            )?,
            several => {
                writeln!(out, "{:<7}  {}  in {} columns", first.level.as_str(), first.rule, several.len())?;
            }
        }
        wrapped(out, &first.explanation)?;
        wrapped(out, &format!("→ {}", first.remedy))?;
        if let [one] = group {
            for example in &one.examples {
                wrapped(out, &place(example, report.files.len() > 1))?;
            }
        } else {
            for finding in group {
                let column = finding.column.as_deref().unwrap_or_default();
                let at = finding.examples.first().map(|example| place(example, report.files.len() > 1));
                let first = at.map(|at| format!(", first {at}")).unwrap_or_default();
                wrapped(
                    out,
                    &format!("{column}: {} of {}{first}", grouped(finding.count), grouped(finding.checked)),
                )?;
            }
        }
    }
    Ok(())
}

/// Whether two findings say the same of two columns.
fn same(one: &Finding, other: &Finding) -> bool {
    one.rule == other.rule && one.remedy == other.remedy
}

fn place(example: &Example, with_file: bool) -> String {
    let value = match &example.value {
        Some(value) => shown(value),
        None => "(null)".to_owned(),
    };
    let file = if with_file { format!("{} ", shown(&example.file)) } else { String::new() };
    match example.row {
        0 => format!("{file}{value}"),
        row => format!("{file}row {}: {value}", grouped(row)),
    }
}

/// A text from a file, unable to drive a terminal.
fn shown(text: &str) -> String {
    text.chars()
        .flat_map(|c| {
            let escaped = c.is_control();
            let plain = (!escaped).then_some(c);
            plain.into_iter().chain(escaped.then(|| c.escape_default()).into_iter().flatten())
        })
        .collect()
}

fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (position, digit) in digits.chars().enumerate() {
        if position > 0 && (digits.len() - position).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// A paragraph under the heading of a finding.
fn wrapped(out: &mut dyn Write, text: &str) -> std::io::Result<()> {
    const INDENT: &str = "         ";
    const WIDTH: usize = 90;
    let mut line = String::new();
    for word in text.split(' ') {
        if !line.is_empty() && line.chars().count() + 1 + word.chars().count() > WIDTH {
            writeln!(out, "{INDENT}{line}")?;
            line.clear();
        }
        if !line.is_empty() {
            line.push(' ');
        }
        line.push_str(word);
    }
    writeln!(out, "{INDENT}{line}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_cannot_drive_the_terminal() {
        assert_eq!(shown("a\u{1b}[31m\nb"), "a\\u{1b}[31m\\nb");
    }

    #[test]
    fn numbers_are_grouped() {
        for (number, text) in [(0, "0"), (999, "999"), (1_000, "1,000"), (1_234_567, "1,234,567")] {
            assert_eq!(grouped(number), text);
        }
    }
}
