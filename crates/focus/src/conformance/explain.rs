//! Rules in words that the owner of a bill understands.
//!
//! The sentences are ours, made from what a rule checks; nothing is taken from the specification's
//! or the machine model's text.

use super::rules::{Check, Expr, FileCheck, Kind, Shape};
use crate::spec::{self, Dataset};

/// What is wrong and what to do about it.
#[derive(Debug)]
pub(super) struct Words {
    pub(super) explanation: String,
    pub(super) remedy: String,
}

fn words(explanation: impl Into<String>, remedy: impl Into<String>) -> Words {
    Words { explanation: explanation.into(), remedy: remedy.into() }
}

/// `BilledCost (what the invoice asks for)`.
fn named(dataset: Dataset, column: &str) -> String {
    match spec::column(dataset, column) {
        Some(known) => format!("{column} ({})", known.help),
        None => column.to_owned(),
    }
}

fn list(values: &[String]) -> String {
    let quoted: Vec<String> = values.iter().map(|value| format!("\"{value}\"")).collect();
    match quoted.split_last() {
        Some((last, rest)) if !rest.is_empty() => format!("{} or {last}", rest.join(", ")),
        Some((last, _)) => last.clone(),
        None => String::new(),
    }
}

/// A statement about a row as a clause: `ChargeCategory is "Tax"`.
fn clause(expr: &Expr) -> String {
    match expr {
        Expr::Null(column) => format!("{column} is empty"),
        Expr::Some(column) => format!("{column} has a value"),
        Expr::In(column, values) => format!("{column} is {}", list(values)),
        Expr::Zero(column) => format!("{column} is 0"),
        Expr::AtLeastZero(column) => format!("{column} is 0 or more"),
        Expr::Not(inner) => match &**inner {
            Expr::In(column, values) => format!("{column} is not {}", list(values)),
            other => format!("it is not so that {}", clause(other)),
        },
        Expr::And(parts) => parts.iter().map(clause).collect::<Vec<_>>().join(" and "),
        Expr::Or(parts) => parts.iter().map(clause).collect::<Vec<_>>().join(" or "),
    }
}

/// The words for a rule.
pub(super) fn explain(dataset: Dataset, check: &Check, when: Option<&Expr>) -> Words {
    // "must be X when it has a value" says no more than "must be X".
    let own = |when: &&Expr| match (check, when) {
        (Check::Row(Expr::In(column, _) | Expr::AtLeastZero(column)), Expr::Some(other)) => column != other,
        _ => true,
    };
    let when = when.filter(own);
    let condition = |text: &str| when.map_or_else(String::new, |when| format!("{text}{}", clause(when)));
    let name = |column: &str| named(dataset, column);
    match check {
        Check::Present(column) => words(
            format!("The column {} is missing.", name(column)),
            "Ask the provider to export the column, or choose it in the export's settings; without it, \
             questions that need it have no answer.",
        ),
        Check::Type(column, kind) => {
            let kind = match kind {
                Kind::Text => "text",
                Kind::Decimal => "a decimal number",
                Kind::DateTime => "a date and time",
            };
            words(
                format!("The column {} is stored as something other than {kind}.", name(column)),
                format!("Write {column} as {kind}; ids made of digits stay text, or leading zeros get lost."),
            )
        }
        Check::Format(column, shape) => format_words(&name(column), column, *shape),
        Check::Allowed(column) => words(
            format!("{} has a value that is not in FOCUS's list.", name(column)),
            "Use one of the values of the specification, spelled exactly so, capitals included.",
        ),
        Check::Subcategory(_) => words(
            "ServiceSubcategory (the narrower kind of the service) does not belong under the ServiceCategory \
             of the same row.",
            "Each subcategory has one category in FOCUS's table; take both from the same line of it.",
        ),
        Check::OneParent(child, parent) => words(
            format!("The same {child} appears under more than one {parent}, so sums by {parent} split it."),
            format!("Give each {child} a single {parent}; the rows listed differ from the first one seen."),
        ),
        Check::Product(price, quantity, cost) => words(
            format!("{price} × {quantity} does not give {cost}."),
            format!(
                "Either the price, the quantity or the cost is wrong or rounded; savings worked out from \
                 {cost} will be off by the difference."
            ),
        ),
        Check::File(check) => file_words(*check),
        Check::Row(expr) => row_words(dataset, expr, &condition),
    }
}

fn row_words(dataset: Dataset, expr: &Expr, condition: &dyn Fn(&str) -> String) -> Words {
    let name = |column: &str| named(dataset, column);
    let when = condition(" when ");
    match expr {
        Expr::Some(column) => words(
            format!("{} is empty, but must have a value{when}.", name(column)),
            match spec::column(dataset, column).map(|column| column.data_type) {
                Some(spec::DataType::Decimal) => {
                    format!("Fill {column} on these rows at the source; sums of it are too small until then.")
                }
                _ => format!(
                    "Fill {column} on these rows at the source; they cannot be grouped by it until then."
                ),
            },
        ),
        Expr::Null(column) => words(
            format!("{} has a value, but must be empty{when}.", name(column)),
            format!("Leave {column} empty on these rows, or correct the column that the condition names."),
        ),
        Expr::In(column, values) => words(
            format!("{} must be {}{when}.", name(column), list(values)),
            "Use exactly these words, capitals included.",
        ),
        Expr::Zero(column) => words(
            format!("{} must be 0{when}, or the same money is counted twice.", name(column)),
            format!("Set {column} to 0 on these rows; the cost appears on the rows that it covers."),
        ),
        Expr::AtLeastZero(column) => words(
            format!("{} is negative; prices are never below 0{when}.", name(column)),
            "Show a reduction in the costs or as a credit, not as a negative price.",
        ),
        Expr::Not(inner) => match &**inner {
            Expr::In(column, values) => words(
                format!("{} must not be {}{when}.", name(column), list(values)),
                "Use another of the allowed values.",
            ),
            other => words(format!("It must not be that {}{when}.", clause(other)), "Correct these rows."),
        },
        other => words(format!("It must be that {}{when}.", clause(other)), "Correct these rows."),
    }
}

fn format_words(name: &str, column: &str, shape: Shape) -> Words {
    match shape {
        Shape::Numeric => words(
            format!("{name} has a value that is not a plain number."),
            "Write digits with at most one point, a minus only for negatives; no thousands separators, \
             currency signs or plus signs.",
        ),
        Shape::DateTime => words(
            format!("{name} is not written as an ISO 8601 moment in UTC."),
            "Write 2026-11-01T00:00:00Z: a T between date and time, seconds, and a Z at the end. We read the \
             usual other forms as UTC, other programs may not.",
        ),
        Shape::Unit => words(
            format!("{name} is not written as FOCUS writes units."),
            "Write GB, Hours, GB-Hours, GB/Hour or 1000 Requests, with these capitals; unlike spellings of \
             one unit do not add up.",
        ),
        Shape::KeyValue => words(
            format!("{name} is not a JSON object of keys and values."),
            format!("Write {column} as {{\"key\":\"value\"}}; otherwise its keys cannot be grouped by."),
        ),
        Shape::Currency => words(
            format!("{name} is neither an ISO 4217 code nor the name of a virtual currency."),
            "Use codes such as USD or EUR in capitals.",
        ),
        Shape::NationalCurrency => words(
            format!("{name} is not an ISO 4217 code."),
            "Use codes such as USD or EUR in capitals; amounts in unlike codes are never added together.",
        ),
        Shape::String => words(format!("{name} is not valid text."), "Write the file as UTF-8."),
    }
}

fn file_words(check: FileCheck) -> Words {
    match check {
        FileCheck::BlankText => words(
            "texts of nothing but blanks stand where a value is required.",
            "Leave out the value (null) or fill it.",
        ),
        FileCheck::Placeholder => words(
            "a word or an empty text stands for \"no value\"; programs take it for a value and group by it.",
            "Leave the value out (null) instead of writing NULL, N/A or an empty text.",
        ),
        FileCheck::PascalCase => words(
            "Column names are not in Pascal case (LikeThis, or x_LikeThis for custom columns).",
            "Rename the columns.",
        ),
        FileCheck::Alphanumeric => words(
            "Column names hold characters other than letters and digits.",
            "Rename the columns; custom ones are x_ followed by letters and digits.",
        ),
        FileCheck::LongNames => words(
            "Column names are longer than 50 characters; some databases cut them.",
            "Shorten the names.",
        ),
        FileCheck::CustomPrefix => words(
            "Columns that FOCUS does not define lack the x_ prefix, so a later version could clash with them.",
            "Put x_ before the names of custom columns.",
        ),
        FileCheck::CustomLast => words(
            "Custom columns stand between or before FOCUS columns.",
            "Put custom columns after all FOCUS columns.",
        ),
        FileCheck::UniqueKeys => words(
            "a key appears twice in one object; programs keep one of its values and lose the other.",
            "Write each key once.",
        ),
        FileCheck::FlatValues => words(
            "a value inside is itself an object or a list; keys and values must be flat.",
            "Write numbers, texts, true, false or null as values.",
        ),
    }
}
