//! Runs the rules over batches.

use std::collections::{BTreeSet, HashMap};

use arrow::array::{Array, RecordBatch};
use arrow::datatypes::{DataType, Schema};
use arrow::util::display::array_value_to_string;

use super::bits::Bits;
use super::column::{Answers, Column, NO_MOMENT, NULL, UNKNOWN};
use super::plan::{Header, Plan, Plans, Running};
use super::quality::Rounding;
use super::report::{Example, Finding, Level, Report};
use super::rules::{FileCheck, Kind};
use crate::spec::{self, Dataset, FocusVersion};

/// Places named per finding.
const EXAMPLES: usize = 5;
/// Longest value shown, in characters.
const SHOWN: usize = 80;
/// Relative error that a product of two doubles may have before it is called wrong.
const TOLERANCE: f64 = 1e-9;

/// Checks the files of one delivery together.
///
/// ```
/// use std::sync::Arc;
/// use arrow::array::{ArrayRef, RecordBatch, StringArray};
/// use bursar_focus::conformance::Checker;
/// use bursar_focus::spec::{Dataset, FocusVersion};
///
/// let column: ArrayRef = Arc::new(StringArray::from(vec!["Usage", "usage"]));
/// let batch = RecordBatch::try_from_iter([("ChargeCategory", column)])?;
/// let mut checker = Checker::new(Dataset::CostAndUsage, FocusVersion::V1_2);
/// checker.begin("bill.csv", batch.schema_ref());
/// checker.push(&batch);
/// let report = checker.finish();
/// let finding = report.findings.iter().find(|f| f.rule == "ChargeCategory-C-003-M");
/// assert_eq!(finding.map(|f| f.count), Some(1));
/// # Ok::<(), arrow::error::ArrowError>(())
/// ```
#[derive(Debug)]
pub struct Checker {
    dataset: Dataset,
    version: FocusVersion,
    plans: Plans,
    rounding: Rounding,
    files: Vec<String>,
    /// Rows of the file now read, before the next batch.
    row: u64,
    rows: u64,
    partial: Vec<String>,
    /// Rows that could not be read.
    broken: (u64, Vec<Example>),
    /// Answers about pairs of a subcategory and its category.
    pairs: HashMap<(u32, u32), bool>,
}

impl Checker {
    /// A checker for a dataset in a version.
    #[must_use]
    pub fn new(dataset: Dataset, version: FocusVersion) -> Self {
        let mut plans = Plans::new(dataset, version);
        let rounding = Rounding::new(&mut plans);
        Self {
            dataset,
            version,
            plans,
            rounding,
            files: Vec::new(),
            row: 0,
            rows: 0,
            partial: Vec::new(),
            broken: (0, Vec::new()),
            pairs: HashMap::new(),
        }
    }

    /// Starts a file: rules about the header are asked here.
    pub fn begin(&mut self, file: &str, schema: &Schema) {
        self.files.push(file.to_owned());
        self.row = 0;
        for column in &mut self.plans.columns {
            column.index = schema.fields().iter().position(|field| *field.name() == column.id);
        }
        let columns = &self.plans.columns;
        let present = |index: &usize| columns.get(*index).is_some_and(|column| column.index.is_some());
        for rule in &mut self.plans.rules {
            rule.active = rule.required.iter().all(present);
            if let Plan::Cells(cells) = &rule.plan {
                rule.active = cells.iter().any(|(index, _)| present(index));
            }
            if let Plan::Header(header) = &rule.plan {
                let Some(problem) = ask_header(header, columns, schema, self.dataset, rule.active) else {
                    rule.active = false;
                    continue;
                };
                rule.checked += 1;
                if let Some(value) = problem {
                    rule.failed += 1;
                    if rule.examples.len() < EXAMPLES {
                        rule.examples.push(Example { file: file.to_owned(), row: 0, value });
                    }
                }
            }
            rule.asked |= rule.active;
        }
    }

    /// Checks the next rows of the file. A batch may hold the columns in any types and order, and may
    /// leave out those that are not FOCUS's.
    pub fn push(&mut self, batch: &RecordBatch) {
        self.push_numbered(batch, &[]);
    }

    /// Like [`Checker::push`] for rows whose numbers have holes: `numbers` holds the number of each row,
    /// the first of the file being 1.
    pub fn push_numbered(&mut self, batch: &RecordBatch, numbers: &[u64]) {
        let rows = batch.num_rows();
        let schema = batch.schema_ref();
        let mut answers: Vec<Option<Answers>> = Vec::with_capacity(self.plans.columns.len());
        for column in &mut self.plans.columns {
            column.index = schema.column_with_name(&column.id).map(|(index, _)| index);
            let array = column.index.and_then(|index| batch.columns().get(index));
            answers.push(array.map(|array| column.answer(array)));
        }
        let file = self.files.last().map_or("", String::as_str);
        let first = self.row;
        let columns = &self.plans.columns;
        let shown = |column: usize, row: usize| value(batch, columns.get(column), row);
        let example = |row: usize, value: Option<String>| Example {
            file: file.to_owned(),
            row: numbers.get(row).copied().unwrap_or(first + row as u64 + 1),
            value,
        };
        for rule in self.plans.rules.iter_mut().filter(|rule| rule.active) {
            let when = rule.when.as_ref().map_or(Bits::Always, |when| when.eval(&answers, rows));
            let applies = when.count(rows);
            if applies == 0 || matches!(rule.plan, Plan::Header(_)) {
                continue;
            }
            rule.checked += applies;
            let room = EXAMPLES.saturating_sub(rule.examples.len());
            if let Plan::Cells(cells) = &rule.plan {
                for &(index, bit) in cells {
                    let Some(Some(answers)) = answers.get(index) else { continue };
                    let bits = answers.bit(bit);
                    rule.failed += bits.count(rows);
                    let room = EXAMPLES.saturating_sub(rule.examples.len());
                    for row in bits.first(rows, room) {
                        let id = columns.get(index).map_or("", |column| column.id.as_str());
                        let text = shown(index, row).unwrap_or_default();
                        rule.examples.push(example(row, Some(format!("{id}: {text}"))));
                    }
                }
                continue;
            }
            let fails = fails(rule, when, columns, &answers, &mut self.pairs, rows);
            let count = fails.count(rows);
            if count == 0 {
                continue;
            }
            rule.failed += count;
            let subject = rule.column.as_deref().and_then(|id| columns.iter().position(|c| c.id == id));
            for row in fails.first(rows, room) {
                let text = match rule.plan {
                    Plan::OneParent { child, parent, .. } | Plan::Subcategory { child, parent } => {
                        Some(format!(
                            "{} in {}",
                            shown(child, row).unwrap_or_default(),
                            shown(parent, row).unwrap_or_else(|| "(none)".to_owned())
                        ))
                    }
                    Plan::Product { price, quantity, cost } => Some(format!(
                        "{} × {} ≠ {}",
                        shown(price, row).unwrap_or_default(),
                        shown(quantity, row).unwrap_or_default(),
                        shown(cost, row).unwrap_or_default()
                    )),
                    _ => subject.and_then(|subject| shown(subject, row)),
                };
                rule.examples.push(example(row, text));
            }
        }
        self.rounding.look(&self.plans, &answers, rows, &|row, text| example(row, Some(text)));
        self.row += rows as u64;
        self.rows += rows as u64;
    }

    /// Says that an empty text means null in the files that follow, as it does in CSV.
    pub fn empty_is_null(&mut self, yes: bool) {
        for column in &mut self.plans.columns {
            column.empty_is_null = yes;
        }
    }

    /// Counts a row that could not be read at all.
    pub fn broken_row(&mut self, row: u64, why: &str) {
        let file = self.files.last().cloned().unwrap_or_default();
        self.broken.0 += 1;
        if self.broken.1.len() < EXAMPLES {
            self.broken.1.push(Example { file, row, value: Some(why.to_owned()) });
        }
    }

    /// Says that part of the data could not be read, so that the report does too.
    pub fn partial(&mut self, why: impl Into<String>) {
        self.partial.push(why.into());
    }

    /// The report over everything read.
    #[must_use]
    pub fn finish(self) -> Report {
        let columns = &self.plans.columns;
        let without_value = |index: &usize| columns.get(*index).is_some_and(|column| column.values_seen == 0);
        let mut findings = Vec::new();
        let (mut asked, mut failed, mut all) = (BTreeSet::new(), BTreeSet::new(), BTreeSet::new());
        let rows = self.rows;
        for rule in self.plans.rules {
            let published = rule.level != Level::Quality;
            if published {
                all.insert(rule.id.clone());
            }
            // The rule supposes something that nothing in the data shows.
            if !rule.asked || rule.evidence.as_ref().is_some_and(without_value) {
                continue;
            }
            if published {
                asked.insert(rule.id.clone());
            }
            if rule.failed == 0 {
                continue;
            }
            if published {
                failed.insert(rule.id.clone());
            }
            findings.push(Finding {
                rule: rule.id,
                column: rule.column,
                level: rule.level,
                count: rule.failed,
                checked: rule.checked,
                examples: rule.examples,
                explanation: rule.words.explanation,
                remedy: rule.words.remedy,
            });
        }
        findings.extend(self.rounding.findings(rows));
        if self.broken.0 > 0 {
            findings.push(Finding {
                rule: "BURSAR-BROKEN-ROW".to_owned(),
                column: None,
                level: Level::Must,
                count: self.broken.0,
                checked: rows + self.broken.0,
                examples: self.broken.1,
                explanation: "Rows do not have as many cells as there are columns; they were left out."
                    .to_owned(),
                remedy: "Quote cells that hold the separator, and double the quotes inside them.".to_owned(),
            });
        }
        findings.sort_by(|a, b| (a.level, b.count, &a.rule).cmp(&(b.level, a.count, &b.rule)));
        Report {
            version: self.version,
            dataset: self.dataset,
            files: self.files,
            rows,
            passed: asked.len() - failed.len(),
            failed: failed.len(),
            not_applicable: all.len() - asked.len(),
            not_checkable: self.plans.not_checkable,
            findings,
            partial: self.partial,
        }
    }
}

fn value(batch: &RecordBatch, column: Option<&Column>, row: usize) -> Option<String> {
    let column = column?;
    let array = batch.columns().get(column.index?)?;
    if array.is_null(row) {
        return None;
    }
    let text = array_value_to_string(array, row).ok()?;
    if column.empty_is_null && text.is_empty() {
        return None;
    }
    if text.chars().count() <= SHOWN {
        return Some(text);
    }
    Some(text.chars().take(SHOWN).chain(['…']).collect())
}

/// Asks the header: `None` when the rule does not apply, `Some(None)` when it holds,
/// `Some(Some(value))` when it fails.
#[expect(clippy::option_option, reason = "three answers, read at once where they are made")]
fn ask_header(
    header: &Header,
    columns: &[Column],
    schema: &Schema,
    dataset: Dataset,
    active: bool,
) -> Option<Option<Option<String>>> {
    match header {
        Header::Present { column, required } => {
            let column = columns.get(*column)?;
            match (column.index, required) {
                (Some(_), _) => Some(None),
                (None, true) => {
                    let near = schema.fields().iter().find(|f| f.name().eq_ignore_ascii_case(&column.id));
                    Some(Some(near.map(|field| format!("found as {}", field.name()))))
                }
                (None, false) => None,
            }
        }
        Header::Type { column, kind } => {
            if !active {
                return None;
            }
            let found = columns.get(*column)?.index.and_then(|index| schema.fields().get(index))?.data_type();
            if fits(found, *kind) { Some(None) } else { Some(Some(Some(found.to_string()))) }
        }
        Header::Names(check) => {
            let names = wrong_names(*check, schema, dataset);
            Some(if names.is_empty() { None } else { Some(Some(names.join(", "))) })
        }
    }
}

fn fits(found: &DataType, kind: Kind) -> bool {
    let text = |kind: &DataType| matches!(kind, DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View);
    let found = match found {
        DataType::Dictionary(_, value) => value,
        other => other,
    };
    // Text may hold numbers and dates in full precision; whether it does, the format rules tell.
    match kind {
        _ if *found == DataType::Null => true,
        Kind::Text => text(found),
        Kind::Decimal => text(found) || found.is_numeric(),
        Kind::DateTime => {
            text(found) || matches!(found, DataType::Timestamp(..) | DataType::Date32 | DataType::Date64)
        }
    }
}

/// Names of columns that break a rule about names; at most a few are told.
fn wrong_names(check: FileCheck, schema: &Schema, dataset: Dataset) -> Vec<String> {
    let known = |name: &str| spec::column(dataset, name).is_some();
    let custom = |name: &str| name.starts_with("x_");
    let names = schema.fields().iter().map(|field| field.name().as_str());
    let last_known = schema.fields().iter().rposition(|field| known(field.name()));
    let wrong = |(position, name): &(usize, &str)| match check {
        FileCheck::PascalCase => {
            !custom(name) && !known(name) && !name.starts_with(|c: char| c.is_ascii_uppercase())
        }
        FileCheck::Alphanumeric => !custom(name) && !name.bytes().all(|b| b.is_ascii_alphanumeric()),
        FileCheck::LongNames => name.chars().count() > 50,
        FileCheck::CustomPrefix => !custom(name) && !known(name),
        FileCheck::CustomLast => custom(name) && last_known.is_some_and(|last| *position < last),
        _ => false,
    };
    names.enumerate().filter(wrong).take(EXAMPLES).map(|(_, name)| name.to_owned()).collect()
}

/// The rows of a batch that break a rule.
fn fails(
    rule: &mut Running,
    when: Bits,
    columns: &[Column],
    answers: &[Option<Answers>],
    pairs: &mut HashMap<(u32, u32), bool>,
    rows: usize,
) -> Bits {
    let get = |index: usize| answers.get(index).and_then(Option::as_ref);
    match &mut rule.plan {
        Plan::Rows(node) => {
            let holds = node.eval(answers, rows);
            when.and(holds.not(rows))
        }
        Plan::Product { price, quantity, cost } => {
            let (Some(price), Some(quantity), Some(cost)) = (get(*price), get(*quantity), get(*cost)) else {
                return Bits::Never;
            };
            let (price, quantity, cost) = (&price.numbers, &quantity.numbers, &cost.numbers);
            let wrong = Bits::collect(rows, |row| match (price.get(row), quantity.get(row), cost.get(row)) {
                // A comparison with a tolerance, not an amount; false for NaN.
                (Some(p), Some(q), Some(c)) => (p * q - c).abs() > TOLERANCE * c.abs().max(1.0),
                _ => false,
            });
            when.and(wrong)
        }
        Plan::OneParent { child, parent, first } => {
            let (Some(child), Some(parent)) = (get(*child), get(*parent)) else { return Bits::Never };
            let (children, parents) = (&child.codes, &parent.codes);
            Bits::collect(rows, |row| {
                let (Some(&child), Some(&parent)) = (children.get(row), parents.get(row)) else {
                    return false;
                };
                if child >= UNKNOWN || parent >= UNKNOWN || !when.get(row) {
                    return false;
                }
                let place = child as usize;
                if place >= first.len() {
                    first.resize(place + 1, NULL);
                }
                match first.get_mut(place) {
                    Some(known) if *known == NULL => {
                        *known = parent;
                        false
                    }
                    Some(known) => *known != parent,
                    None => false,
                }
            })
        }
        Plan::Subcategory { child, parent } => {
            let texts = (columns.get(*child), columns.get(*parent));
            let (Some(child), Some(parent)) = (get(*child), get(*parent)) else { return Bits::Never };
            let (children, parents) = (&child.codes, &parent.codes);
            let mut judge = |row: usize| {
                let (Some(&child), Some(&parent)) = (children.get(row), parents.get(row)) else {
                    return false;
                };
                if child >= UNKNOWN || parent >= UNKNOWN {
                    return false;
                }
                *pairs.entry((child, parent)).or_insert_with(|| {
                    let child = texts.0.and_then(|column| column.text(child)).unwrap_or_default();
                    let parent = texts.1.and_then(|column| column.text(parent)).unwrap_or_default();
                    spec::parent_category(child).is_some_and(|right| right != parent)
                })
            };
            Bits::collect(rows, |row| when.get(row) && judge(row))
        }
        Plan::Order { start, end } => {
            let (Some(start), Some(end)) = (get(*start), get(*end)) else { return Bits::Never };
            Bits::collect(rows, |row| match (start.moments.get(row), end.moments.get(row)) {
                (Some(&start), Some(&end)) => start != NO_MOMENT && end != NO_MOMENT && end < start,
                _ => false,
            })
        }
        Plan::Header(_) | Plan::Cells(_) => Bits::Never,
    }
}
