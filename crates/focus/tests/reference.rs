//! The reference pages say what the tables in the code say.
//!
//! `BURSAR_WRITE_DOCS=1 cargo test -p bursar-focus --test reference` writes them anew.

#![expect(clippy::expect_used, reason = "a helper of a test fails by panicking")]

use std::fmt::Write as _;
use std::path::PathBuf;

use bursar_focus::conformance::{Level, catalogue};
use bursar_focus::spec::{self, DataType, Dataset, FocusVersion, Format};

fn page(name: &str, text: &str) {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../docs/reference").join(name);
    if std::env::var_os("BURSAR_WRITE_DOCS").is_some() {
        std::fs::create_dir_all(path.parent().expect("a folder")).expect("made");
        std::fs::write(&path, text).expect("written");
    }
    let found = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(found == text, "docs/reference/{name} is not current: run this test with BURSAR_WRITE_DOCS=1");
}

fn kind(column: &spec::Column) -> &'static str {
    match column.data_type {
        DataType::String => "text",
        DataType::Decimal => "decimal",
        DataType::DateTime => "date and time",
        DataType::Json => "JSON",
    }
}

fn values(column: &spec::Column) -> String {
    match column.format {
        Format::Plain => String::new(),
        Format::OneOf(values) => values.join(", "),
        Format::ServiceSubcategory => "see below".to_owned(),
        Format::Unit => "a unit: GB, GB-Hours, 1000 Requests".to_owned(),
        Format::NationalCurrency => "ISO 4217".to_owned(),
        Format::Currency => "ISO 4217 or a virtual currency".to_owned(),
        Format::KeyValue => "keys and values".to_owned(),
    }
}

#[test]
fn the_page_of_columns_is_current() {
    let mut text = String::from(
        "# FOCUS columns\n\nGenerated from `crates/focus/src/spec`; a test keeps it so. Per version: M mandatory, C conditional \
         (the provider has the concept), R recommended, – not in that version. Source: FOCUS \
         specification, CC BY 4.0; descriptions in our words.\n",
    );
    for dataset in Dataset::ALL {
        let count = |version| spec::columns(dataset, version).count();
        let counts: Vec<String> = FocusVersion::ALL
            .into_iter()
            .filter(|&version| version >= dataset.since())
            .map(|version| format!("{} in {version}", count(version)))
            .collect();
        let _ = write!(
            text,
            "\n## {}\n\n{}.\n\n| column | what | type | null | 1.0 | 1.1 | 1.2 | 1.3 | 1.4 | values |\n|---|---|---|---|---|---|---|---|---|---|\n",
            dataset.as_str(),
            counts.join(", ")
        );
        for column in spec::all_columns(dataset) {
            let levels: Vec<&str> = FocusVersion::ALL
                .into_iter()
                .map(|version| match column.level(version) {
                    Some(spec::Level::Mandatory) => "M",
                    Some(spec::Level::Conditional) => "C",
                    Some(spec::Level::Recommended) => "R",
                    None => "–",
                })
                .collect();
            let null = if column.nullable { "yes" } else { "no" };
            let _ = writeln!(
                text,
                "| `{}` | {} | {} | {null} | {} | {} |",
                column.id,
                column.help,
                kind(column),
                levels.join(" | "),
                values(column)
            );
        }
    }
    text.push_str("\n## Service subcategories\n\n| ServiceCategory | ServiceSubcategory |\n|---|---|\n");
    for (category, name) in spec::service_subcategories() {
        let _ = writeln!(text, "| {category} | {name} |");
    }
    page("focus-columns.md", &text);
}

#[test]
fn the_page_of_rules_is_current() {
    let rules = catalogue();
    let checked = rules.iter().filter(|rule| rule.failure.is_some()).count();
    let mut text = format!(
        "# FOCUS rules\n\nGenerated from `crates/focus/src/conformance`; a test keeps it so. The ids are those of the published \
         FOCUS 1.2 model (1.2.0.1, {} rules); the words are ours. {checked} rules are checked. \
         [How to read a report](../guides/conformance.md).\n\n## Checked\n\n\
         \"If used\" rules suppose something that not every provider has (regions, commitments, tags, …): they are asked \
         of a column that has at least one value.\n\n| rule | level | if used | what a failure means |\n|---|---|---|---|\n",
        rules.len()
    );
    for rule in &rules {
        if let Some(failure) = &rule.failure {
            let level = match rule.level {
                Level::Must => "MUST",
                _ => "SHOULD",
            };
            let capability = if rule.supposes_capability { "yes" } else { "" };
            let _ = writeln!(text, "| `{}` | {level} | {capability} | {failure} |", rule.id);
        }
    }
    text.push_str(
        "\n## Where we read the specification and not the machine model\n\n| rule | why |\n|---|---|\n",
    );
    for rule in rules.iter().filter(|rule| rule.failure.is_some()) {
        if let Some(difference) = &rule.difference {
            let _ = writeln!(text, "| `{}` | {difference} |", rule.id);
        }
    }
    text.push_str("\n## Not checked\n\n| rule | why |\n|---|---|\n");
    for rule in &rules {
        if let Some(why) = &rule.not_checked {
            let _ = writeln!(text, "| `{}` | {why} |", rule.id);
        }
    }
    page("focus-rules.md", &text);
}
