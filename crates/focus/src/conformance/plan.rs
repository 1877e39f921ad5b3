//! Rules made ready to run: columns become numbers, values become bits.

use std::collections::HashMap;

use super::bits::Bits;
use super::column::{Answers, Column};
use super::explain::{Words, explain};
use super::quality;
use super::report::{Example, Level};
use super::rules::{Check, Expr, FileCheck, Kind, Rule, Shape, Strength, published};
use super::values::Test;
use crate::spec::{self, DataType, Dataset, FocusVersion, Format};

/// A statement about a row, over column numbers and bits. Bit 0 is "has a value".
#[derive(Clone, Debug)]
pub(super) enum Node {
    Bit(usize, u8),
    Not(Box<Node>),
    And(Vec<Node>),
    Or(Vec<Node>),
}

impl Node {
    /// The rows for which the statement holds. A column that the file lacks has no value anywhere.
    pub(super) fn eval(&self, answers: &[Option<Answers>], rows: usize) -> Bits {
        match self {
            Self::Bit(column, bit) => match answers.get(*column) {
                Some(Some(answers)) => answers.bit(*bit),
                _ => Bits::Never,
            },
            Self::Not(inner) => inner.eval(answers, rows).not(rows),
            Self::And(parts) => {
                let mut all = Bits::Always;
                for part in parts {
                    if all == Bits::Never {
                        break;
                    }
                    all = all.and(part.eval(answers, rows));
                }
                all
            }
            Self::Or(parts) => parts.iter().fold(Bits::Never, |any, part| any.or(part.eval(answers, rows))),
        }
    }
}

/// How a rule is run.
#[derive(Debug)]
pub(super) enum Plan {
    /// Answered by the header.
    Header(Header),
    /// Holds on every row that the condition names.
    Rows(Node),
    Subcategory {
        child: usize,
        parent: usize,
    },
    OneParent {
        child: usize,
        parent: usize,
        first: Vec<u32>,
    },
    Product {
        price: usize,
        quantity: usize,
        cost: usize,
    },
    /// Counts cells rather than rows, over several columns.
    Cells(Vec<(usize, u8)>),
    Order {
        start: usize,
        end: usize,
    },
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Header {
    /// Whether absence breaks the rule, or only means that it does not apply.
    Present {
        column: usize,
        required: bool,
    },
    Type {
        column: usize,
        kind: Kind,
    },
    Names(FileCheck),
}

/// A rule with its counters.
#[derive(Debug)]
pub(super) struct Running {
    pub(super) id: String,
    pub(super) column: Option<String>,
    pub(super) level: Level,
    pub(super) words: Words,
    pub(super) plan: Plan,
    pub(super) when: Option<Node>,
    /// Columns that must be in the file for the rule to be asked.
    pub(super) required: Vec<usize>,
    /// The rule supposes a capability of the provider: it counts only if the column has a value.
    pub(super) evidence: Option<usize>,
    /// Asked of the file now read.
    pub(super) active: bool,
    /// Asked of any file.
    pub(super) asked: bool,
    pub(super) checked: u64,
    pub(super) failed: u64,
    pub(super) examples: Vec<Example>,
}

/// Everything to run for a dataset in a version.
#[derive(Debug)]
pub(super) struct Plans {
    pub(super) columns: Vec<Column>,
    pub(super) rules: Vec<Running>,
    pub(super) not_checkable: usize,
    by_id: HashMap<String, usize>,
    dataset: Dataset,
    version: FocusVersion,
}

impl Plans {
    pub(super) fn new(dataset: Dataset, version: FocusVersion) -> Self {
        let mut plans = Self {
            columns: Vec::new(),
            rules: Vec::new(),
            not_checkable: 0,
            by_id: HashMap::new(),
            dataset,
            version,
        };
        for column in spec::columns(dataset, version) {
            let index = plans.column(column.id);
            if let Some(state) = plans.columns.get_mut(index) {
                state.numeric = column.data_type == DataType::Decimal;
            }
        }
        if dataset == Dataset::CostAndUsage {
            for rule in published() {
                plans.publish(&rule);
            }
        }
        for column in spec::columns(dataset, version) {
            // The published rules are those of 1.2: a column that 1.2 has is covered by them.
            let covered = dataset == Dataset::CostAndUsage && column.level(FocusVersion::V1_2).is_some();
            if !covered {
                for rule in derived(column, version) {
                    plans.publish(&rule);
                }
            }
        }
        quality::add(&mut plans);
        plans
    }

    /// The number of a column, adding it if it is new.
    pub(super) fn column(&mut self, id: &str) -> usize {
        if let Some(&index) = self.by_id.get(id) {
            return index;
        }
        self.columns.push(Column::new(id));
        self.by_id.insert(id.to_owned(), self.columns.len() - 1);
        self.columns.len() - 1
    }

    /// The number of a column of this version.
    pub(super) fn known(&self, id: &str) -> Option<usize> {
        self.by_id.get(id).copied()
    }

    /// The columns of this version.
    pub(super) fn spec(&self) -> impl Iterator<Item = &'static spec::Column> + use<> {
        spec::columns(self.dataset, self.version)
    }

    pub(super) fn bit(&mut self, column: usize, test: &Test) -> u8 {
        self.columns.get_mut(column).map_or(63, |column| column.bit(test))
    }

    fn node(&mut self, expr: &Expr) -> Option<Node> {
        Some(match expr {
            Expr::Null(column) => Node::Not(Box::new(Node::Bit(self.known(column)?, 0))),
            Expr::Some(column) => Node::Bit(self.known(column)?, 0),
            Expr::In(column, values) => self.test(column, &Test::In(values.clone()))?,
            Expr::Zero(column) => self.test(column, &Test::Zero)?,
            Expr::AtLeastZero(column) => self.test(column, &Test::AtLeastZero)?,
            // "is not Correction" holds in a version or file without the column.
            Expr::Not(inner) => match self.node(inner) {
                Some(node) => Node::Not(Box::new(node)),
                None => Node::And(Vec::new()),
            },
            Expr::And(parts) => Node::And(parts.iter().map(|part| self.node(part)).collect::<Option<_>>()?),
            Expr::Or(parts) => Node::Or(parts.iter().map(|part| self.node(part)).collect::<Option<_>>()?),
        })
    }

    fn test(&mut self, column: &str, test: &Test) -> Option<Node> {
        let column = self.known(column)?;
        Some(Node::Bit(column, self.bit(column, test)))
    }

    /// "Null, or the test holds".
    fn unless_null(&mut self, column: &str, test: &Test) -> Option<Node> {
        let index = self.known(column)?;
        let node = self.test(column, test)?;
        Some(Node::Or(vec![Node::Not(Box::new(Node::Bit(index, 0))), node]))
    }

    fn publish(&mut self, rule: &Rule) {
        let Some(check) = &rule.check else {
            self.not_checkable += 1;
            return;
        };
        if let Check::File(file) = check {
            self.everywhere(rule, check, *file);
            return;
        }
        let Some((plan, mut required)) = self.plan(check, rule) else { return };
        let mut when = None;
        if let Some(condition) = &rule.when {
            let Some(node) = self.node(condition) else { return };
            condition.columns(&mut |column, decisive| {
                if decisive && let Some(index) = self.known(column) {
                    required.push(index);
                }
            });
            when = Some(node);
        }
        if let Check::Row(expr) = check {
            expr.columns(&mut |column, _| required.extend(self.known(column)));
        }
        let evidence =
            if rule.needs.is_empty() { None } else { rule.column.as_deref().and_then(|c| self.known(c)) };
        let column = rule.column.clone();
        self.push(
            rule,
            column,
            explain(self.dataset, check, rule.when.as_ref()),
            plan,
            when,
            required,
            evidence,
        );
    }

    fn plan(&mut self, check: &Check, rule: &Rule) -> Option<(Plan, Vec<usize>)> {
        Some(match check {
            Check::Present(column) => {
                let index = self.known(column)?;
                let level = spec::column(self.dataset, column)?.level(self.version)?;
                let required = level != spec::Level::Conditional && rule.needs.is_empty()
                    || level == spec::Level::Recommended;
                (Plan::Header(Header::Present { column: index, required }), Vec::new())
            }
            Check::Type(column, kind) => {
                let index = self.known(column)?;
                (Plan::Header(Header::Type { column: index, kind: *kind }), vec![index])
            }
            Check::Format(column, shape) => {
                let index = self.known(column)?;
                let test = match shape {
                    Shape::Numeric => Test::Numeric,
                    Shape::DateTime => Test::DateTime,
                    Shape::Unit => Test::Unit,
                    Shape::KeyValue => Test::KeyValue,
                    Shape::Currency => Test::Currency,
                    Shape::NationalCurrency => Test::NationalCurrency,
                    // Readers hand over valid Unicode or fail: asked, and always true.
                    Shape::String => return Some((Plan::Rows(Node::And(Vec::new())), vec![index])),
                };
                (Plan::Rows(self.unless_null(column, &test)?), vec![index])
            }
            Check::Allowed(column) => {
                let index = self.known(column)?;
                let values = spec::column(self.dataset, column)?.allowed_values()?;
                let test = Test::In(values.into_iter().map(str::to_owned).collect());
                (Plan::Rows(self.unless_null(column, &test)?), vec![index])
            }
            Check::Subcategory(_) => {
                let (child, parent) = (self.known("ServiceSubcategory")?, self.known("ServiceCategory")?);
                self.want(&[child, parent], |column| column.wants_codes = true);
                (Plan::Subcategory { child, parent }, vec![child, parent])
            }
            Check::OneParent(child, parent) => {
                let (child, parent) = (self.known(child)?, self.known(parent)?);
                self.want(&[child, parent], |column| column.wants_codes = true);
                (Plan::OneParent { child, parent, first: Vec::new() }, vec![child, parent])
            }
            Check::Product(price, quantity, cost) => {
                let (price, quantity, cost) = (self.known(price)?, self.known(quantity)?, self.known(cost)?);
                self.want(&[price, quantity, cost], |column| column.wants_numbers = true);
                (Plan::Product { price, quantity, cost }, vec![price, quantity, cost])
            }
            Check::Row(expr) => (Plan::Rows(self.node(expr)?), Vec::new()),
            Check::File(_) => return None,
        })
    }

    /// Rules that every column, or the header, must meet: one instance per column.
    fn everywhere(&mut self, rule: &Rule, check: &Check, file: FileCheck) {
        let words = |dataset| explain(dataset, check, None);
        if matches!(
            file,
            FileCheck::PascalCase
                | FileCheck::Alphanumeric
                | FileCheck::LongNames
                | FileCheck::CustomPrefix
                | FileCheck::CustomLast
        ) {
            let plan = Plan::Header(Header::Names(file));
            self.push(rule, None, words(self.dataset), plan, None, Vec::new(), None);
            return;
        }
        for column in self.spec() {
            let key_value = column.format == Format::KeyValue;
            let text = column.data_type == DataType::String;
            let test = match file {
                FileCheck::Placeholder => Test::Placeholder,
                FileCheck::BlankText if text && !column.nullable => Test::Blank,
                FileCheck::UniqueKeys if key_value => Test::RepeatedKey,
                FileCheck::FlatValues if key_value => Test::NestedValue,
                _ => continue,
            };
            let Some(index) = self.known(column.id) else { continue };
            let plan = Plan::Rows(Node::Not(Box::new(Node::Bit(index, self.bit(index, &test)))));
            let mut words = words(self.dataset);
            words.explanation = format!("{}: {}", column.id, words.explanation);
            self.push(rule, Some(column.id.to_owned()), words, plan, None, vec![index], None);
        }
    }

    pub(super) fn want(&mut self, columns: &[usize], set: impl Fn(&mut Column)) {
        for &index in columns {
            if let Some(column) = self.columns.get_mut(index) {
                set(column);
            }
        }
    }

    #[expect(clippy::too_many_arguments, reason = "the parts of one record, named by their types")]
    fn push(
        &mut self,
        rule: &Rule,
        column: Option<String>,
        words: Words,
        plan: Plan,
        when: Option<Node>,
        required: Vec<usize>,
        evidence: Option<usize>,
    ) {
        self.rules.push(Running {
            column,
            evidence,
            ..Running::new(&rule.id, rule.level.level(), words, plan, when, required)
        });
    }
}

impl Running {
    pub(super) fn new(
        id: &str,
        level: Level,
        words: Words,
        plan: Plan,
        when: Option<Node>,
        required: Vec<usize>,
    ) -> Self {
        Self {
            id: id.to_owned(),
            column: None,
            level,
            words,
            plan,
            when,
            required,
            evidence: None,
            active: false,
            asked: false,
            checked: 0,
            failed: 0,
            examples: Vec::new(),
        }
    }
}

/// Rules for a column that the published model does not know, made from the specification's table.
fn derived(column: &spec::Column, version: FocusVersion) -> Vec<Rule> {
    let mut rules = Vec::new();
    let mut add = |what: &str, level: Strength, check: Check, when: Option<Expr>| {
        rules.push(Rule {
            id: format!("BURSAR-{version}-{}-{what}", column.id),
            column: Some(column.id.to_owned()),
            level,
            check: Some(check),
            when,
            needs: Vec::new(),
            skip: None,
            note: None,
        });
    };
    let id = || column.id.to_owned();
    match column.level(version) {
        Some(spec::Level::Mandatory) => add("present", Strength::Must, Check::Present(id()), None),
        Some(spec::Level::Recommended) => add("present", Strength::Should, Check::Present(id()), None),
        _ => {}
    }
    let (kind, shape) = match column.data_type {
        DataType::String => (Some(Kind::Text), None),
        DataType::Decimal => (Some(Kind::Decimal), Some(Shape::Numeric)),
        DataType::DateTime => (Some(Kind::DateTime), Some(Shape::DateTime)),
        DataType::Json => (None, None),
    };
    if let Some(kind) = kind {
        add("type", Strength::Must, Check::Type(id(), kind), None);
    }
    if let Some(shape) = shape {
        add("format", Strength::Must, Check::Format(id(), shape), None);
    }
    if !column.nullable {
        add("value", Strength::Must, Check::Row(Expr::Some(id())), None);
    }
    match column.format {
        Format::OneOf(_) | Format::ServiceSubcategory => {
            add("allowed", Strength::Must, Check::Allowed(id()), None);
        }
        Format::Unit => add("format", Strength::Should, Check::Format(id(), Shape::Unit), None),
        Format::NationalCurrency => {
            add("format", Strength::Must, Check::Format(id(), Shape::NationalCurrency), None);
        }
        Format::Currency => add("format", Strength::Must, Check::Format(id(), Shape::Currency), None),
        Format::KeyValue => add("format", Strength::Must, Check::Format(id(), Shape::KeyValue), None),
        Format::Plain => {}
    }
    rules
}
