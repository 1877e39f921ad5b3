//! Tags: one flat JSON object of text per row, whatever the provider's form.
//!
//! AWS writes maps, Azure JSON text (in EA exports without its braces), GCP lists of key/value
//! structs, OCI a column per tag. All become `{"key":"value"}` text; a key without a value becomes
//! `true` (FOCUS KeyValueFormat). [`tag_value`] reads one key without parsing the document.

use super::{Fault, Typed, shown, string_column};
use arrow::array::{Array, ArrayRef, AsArray, ListArray, MapArray, StringArray, StringBuilder, StructArray};
use arrow::compute::cast;
use arrow::datatypes::DataType;
use std::borrow::Cow;
use std::sync::Arc;

/// How a provider compares tag keys.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum KeyMatch {
    /// AWS, GCP, OCI: `Team` and `team` are two tags.
    Exact,
    /// Azure: tag names are case-insensitive (learn.microsoft.com, "Use tags to organize your
    /// Azure resources").
    IgnoreCase,
}

impl KeyMatch {
    /// The rule of a provider, by its FOCUS `ProviderName` / `ServiceProviderName` or short name.
    #[must_use]
    pub fn of_provider(provider: &str) -> Self {
        let azure = ["microsoft", "azure", "microsoft azure"];
        if azure.iter().any(|name| provider.eq_ignore_ascii_case(name)) {
            Self::IgnoreCase
        } else {
            Self::Exact
        }
    }

    fn matches(self, left: &str, right: &str) -> bool {
        match self {
            Self::Exact => left == right,
            Self::IgnoreCase => left.eq_ignore_ascii_case(right),
        }
    }
}

/// The value of one key of a flat JSON object, without building the document.
///
/// Text gives its text, `true`/`false` and numbers print as they stand, `null` and a missing key
/// give `None`; an empty text value is a value. Of a key that stands twice the first counts.
/// Nested objects and lists are skipped over, and give their JSON text when asked for. Anything
/// that is not an object gives `None`.
#[must_use]
pub fn tag_value<'a>(tags: &'a str, key: &str, matching: KeyMatch) -> Option<Cow<'a, str>> {
    let mut scan = Scan { text: tags, at: 0 };
    scan.blanks();
    if !scan.eat(b'{') {
        return None;
    }
    loop {
        scan.blanks();
        if scan.eat(b'}') {
            return None;
        }
        let name = scan.string()?;
        scan.blanks();
        if !scan.eat(b':') {
            return None;
        }
        scan.blanks();
        let value = scan.value()?;
        if matching.matches(&name, key) {
            return value;
        }
        scan.blanks();
        if !scan.eat(b',') {
            return None;
        }
    }
}

struct Scan<'a> {
    text: &'a str,
    at: usize,
}

impl<'a> Scan<'a> {
    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    fn eat(&mut self, byte: u8) -> bool {
        let found = self.peek() == Some(byte);
        self.at += usize::from(found);
        found
    }

    fn blanks(&mut self) {
        while self.peek().is_some_and(|b| b.is_ascii_whitespace()) {
            self.at += 1;
        }
    }

    /// A JSON string at the cursor; borrowed unless it holds escapes.
    fn string(&mut self) -> Option<Cow<'a, str>> {
        if !self.eat(b'"') {
            return None;
        }
        let start = self.at;
        let bytes = self.text.as_bytes();
        let mut escaped = false;
        loop {
            match bytes.get(self.at)? {
                b'"' => break,
                b'\\' => {
                    escaped = true;
                    self.at += 2;
                }
                _ => self.at += 1,
            }
        }
        let end = self.at;
        self.at += 1;
        if escaped {
            // The quotes are ASCII, so the slice lies on character boundaries.
            serde_json::from_str(self.text.get(start - 1..=end)?).ok().map(Cow::Owned)
        } else {
            self.text.get(start..end).map(Cow::Borrowed)
        }
    }

    /// Any value at the cursor. Outer `None`: malformed. Inner `None`: JSON null.
    fn value(&mut self) -> Option<Option<Cow<'a, str>>> {
        match self.peek()? {
            b'"' => self.string().map(Some),
            b'{' | b'[' => {
                let start = self.at;
                let mut depth = 0_usize;
                loop {
                    match self.peek()? {
                        b'{' | b'[' => depth += 1,
                        b'}' | b']' => depth -= 1,
                        b'"' => {
                            self.string()?;
                            continue;
                        }
                        _ => {}
                    }
                    self.at += 1;
                    if depth == 0 {
                        return self.text.get(start..self.at).map(|t| Some(Cow::Borrowed(t)));
                    }
                }
            }
            _ => {
                let start = self.at;
                while self.peek().is_some_and(|b| !matches!(b, b',' | b'}') && !b.is_ascii_whitespace()) {
                    self.at += 1;
                }
                let word = self.text.get(start..self.at)?;
                if word.is_empty() { None } else { Some((word != "null").then_some(Cow::Borrowed(word))) }
            }
        }
    }
}

/// Any provider's tags as a column of flat JSON text.
#[must_use]
pub fn tags_column(column: &str, array: &ArrayRef) -> Typed {
    match array.data_type() {
        DataType::Map(_, _) => of_map(array.as_map()),
        DataType::Struct(_) => of_struct(array.as_struct()),
        DataType::List(field) if matches!(field.data_type(), DataType::Struct(_)) => of_list(array.as_list()),
        DataType::LargeList(field) if matches!(field.data_type(), DataType::Struct(_)) => {
            let narrow = DataType::List(Arc::clone(field));
            cast(array, &narrow).map_or_else(|_| string_column(column, array), |a| of_list(a.as_list()))
        }
        DataType::Dictionary(_, _) => {
            let dictionary = array.as_any_dictionary();
            let values = tags_column(column, dictionary.values());
            let spread = cast(dictionary.keys(), &DataType::UInt32)
                .and_then(|keys| arrow::compute::take(&values.array, &keys, None));
            spread.map_or_else(|_| string_column(column, array), |array| Typed { array, ..values })
        }
        _ => of_text(column, string_column(column, array)),
    }
}

fn of_text(column: &str, typed: Typed) -> Typed {
    let text = typed.array.as_string::<i32>();
    let needs_work = text.iter().flatten().any(|t| !t.trim_start().starts_with('{'));
    if !needs_work {
        return typed;
    }
    let mut faults = typed.faults;
    let mut out = StringBuilder::with_capacity(text.len(), text.value_data().len());
    for (row, cell) in text.iter().enumerate() {
        let Some(cell) = cell else {
            out.append_null();
            continue;
        };
        let trimmed = cell.trim();
        if trimmed.starts_with('{') {
            out.append_value(cell);
        } else if trimmed.starts_with('"') {
            // Azure EA: `"env": "prod","org": "trey"` without its braces.
            out.append_value(format!("{{{trimmed}}}"));
        } else if let Some(object) = pairs_of_json_list(trimmed) {
            out.append_value(object);
        } else {
            faults.push(Fault {
                row,
                column: column.to_owned(),
                value: shown(cell),
                reason: "is not a JSON object of tags",
            });
            out.append_null();
        }
    }
    Typed { array: Arc::new(out.finish()), faults, rounded: 0 }
}

/// `[{"key":"a","value":"b"},…]` (any casing of `Key`/`Value`), as BigQuery writes JSON.
fn pairs_of_json_list(text: &str) -> Option<String> {
    if !text.starts_with('[') {
        return None;
    }
    let list: Vec<serde_json::Map<String, serde_json::Value>> = serde_json::from_str(text).ok()?;
    let mut object = serde_json::Map::new();
    for entry in list {
        let find = |name: &str| entry.iter().find(|(k, _)| k.eq_ignore_ascii_case(name)).map(|(_, v)| v);
        let key = find("key")?.as_str()?.to_owned();
        let value = match find("value") {
            None | Some(serde_json::Value::Null) => serde_json::Value::Bool(true),
            Some(value) => value.clone(),
        };
        object.entry(key).or_insert(value);
    }
    Some(serde_json::Value::Object(object).to_string())
}

/// Writes one object; the first of a doubled key counts, as in [`tag_value`].
fn push_object<'a>(out: &mut StringBuilder, pairs: impl Iterator<Item = (&'a str, Option<&'a str>)>) {
    let mut text = String::from("{");
    for (key, value) in pairs {
        if text.len() > 1 {
            text.push(',');
        }
        push_json_string(&mut text, key);
        text.push(':');
        match value {
            Some(value) => push_json_string(&mut text, value),
            None => text.push_str("true"),
        }
    }
    text.push('}');
    out.append_value(text);
}

fn push_json_string(out: &mut String, text: &str) {
    let plain = !text.bytes().any(|b| b < 0x20 || b == b'"' || b == b'\\');
    if plain {
        out.push('"');
        out.push_str(text);
        out.push('"');
    } else {
        out.push_str(&serde_json::Value::from(text).to_string());
    }
}

fn as_text(array: &ArrayRef) -> StringArray {
    cast(array, &DataType::Utf8)
        .map_or_else(|_| StringArray::new_null(array.len()), |a| a.as_string::<i32>().clone())
}

fn of_map(map: &MapArray) -> Typed {
    let (keys, values) = (as_text(map.keys()), as_text(map.values()));
    let mut out = StringBuilder::new();
    for row in 0..map.len() {
        let range = map.value_offsets()[row]..map.value_offsets()[row + 1];
        if map.is_null(row) || range.is_empty() {
            out.append_null();
            continue;
        }
        let pairs = range.filter_map(|i| usize::try_from(i).ok()).filter(|i| keys.is_valid(*i));
        push_object(&mut out, pairs.map(|i| (keys.value(i), values.is_valid(i).then(|| values.value(i)))));
    }
    Typed::clean(Arc::new(out.finish()))
}

fn of_list(list: &ListArray) -> Typed {
    let entries = list.values().as_struct();
    let find = |name: &str| {
        let at = entries.column_names().iter().position(|c| c.eq_ignore_ascii_case(name));
        at.map(|at| as_text(entries.column(at)))
    };
    let (Some(keys), Some(values)) = (find("key"), find("value")) else {
        let any: ArrayRef = Arc::new(list.clone());
        return string_column("Tags", &any);
    };
    let mut out = StringBuilder::new();
    for row in 0..list.len() {
        let range = list.value_offsets()[row]..list.value_offsets()[row + 1];
        if list.is_null(row) || range.is_empty() {
            out.append_null();
            continue;
        }
        let entries = range.filter_map(|i| usize::try_from(i).ok()).filter(|i| keys.is_valid(*i));
        push_object(&mut out, entries.map(|i| (keys.value(i), values.is_valid(i).then(|| values.value(i)))));
    }
    Typed::clean(Arc::new(out.finish()))
}

/// A struct: one field per tag key, null fields are absent tags.
fn of_struct(tags: &StructArray) -> Typed {
    let columns: Vec<StringArray> = tags.columns().iter().map(as_text).collect();
    let names = tags.column_names();
    let mut out = StringBuilder::new();
    for row in 0..tags.len() {
        let present = || names.iter().zip(&columns).filter(|(_, c)| c.is_valid(row));
        if tags.is_null(row) || present().next().is_none() {
            out.append_null();
            continue;
        }
        push_object(&mut out, present().map(|(name, c)| (*name, Some(c.value(row)))));
    }
    Typed::clean(Arc::new(out.finish()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use arrow::array::{MapBuilder, StringArray};
    use proptest::prelude::*;

    fn value<'a>(tags: &'a str, key: &str) -> Option<Cow<'a, str>> {
        tag_value(tags, key, KeyMatch::Exact)
    }

    #[test]
    fn one_key_of_a_document() {
        let tags = r#"{"env":"prod", "team" : "data","n":3,"on":true,"none":null,"deep":{"a":[1,"}"]},"q":"a\"b\u00e9"}"#;
        assert_eq!(value(tags, "team").as_deref(), Some("data"));
        assert_eq!(value(tags, "n").as_deref(), Some("3"));
        assert_eq!(value(tags, "on").as_deref(), Some("true"));
        assert_eq!(value(tags, "none"), None);
        assert_eq!(value(tags, "deep").as_deref(), Some(r#"{"a":[1,"}"]}"#));
        assert_eq!(value(tags, "q").as_deref(), Some("a\"bé"));
        assert_eq!(value(tags, "Team"), None);
        assert_eq!(tag_value(tags, "Team", KeyMatch::IgnoreCase).as_deref(), Some("data"));
        for broken in ["", "[]", "{", "{\"a\"", "{\"a\":", "{\"a\":\"b", "{\"a\":}", "nonsense"] {
            assert_eq!(value(broken, "a"), None, "{broken}");
        }
    }

    #[test]
    fn every_providers_form_becomes_one() {
        let mut map = MapBuilder::new(None, StringBuilder::new(), StringBuilder::new());
        map.keys().append_value("team");
        map.values().append_value("a \"b\"");
        map.append(true).unwrap();
        map.append(false).unwrap();
        let map: ArrayRef = Arc::new(map.finish());
        let typed = tags_column("Tags", &map);
        assert_eq!(typed.array.as_string::<i32>().value(0), r#"{"team":"a \"b\""}"#);
        assert!(typed.array.is_null(1));

        let text: ArrayRef = Arc::new(StringArray::from(vec![
            r#""env": "prod","org": "trey""#,
            r#"[{"Key":"team","Value":"x"},{"key":"flag","value":null}]"#,
            "env=prod",
            "NULL",
        ]));
        let typed = tags_column("Tags", &text);
        let out = typed.array.as_string::<i32>();
        assert_eq!(value(out.value(0), "org").as_deref(), Some("trey"));
        assert_eq!(
            (value(out.value(1), "team").as_deref(), value(out.value(1), "flag").as_deref()),
            (Some("x"), Some("true"))
        );
        assert_eq!(typed.faults.iter().map(|f| f.row).collect::<Vec<_>>(), [2]);
        assert!(out.is_null(3));
    }

    proptest! {
        #[test]
        fn agrees_with_a_json_parser(pairs in proptest::collection::btree_map(".{0,8}", ".{0,8}", 0..6), key in ".{0,8}") {
            let text = serde_json::to_string(&pairs).unwrap();
            for wanted in pairs.keys().chain([&key]) {
                prop_assert_eq!(value(&text, wanted).map(Cow::into_owned), pairs.get(wanted).cloned());
            }
        }

        #[test]
        fn never_panics(text in ".{0,60}", key in ".{0,4}") {
            let _ = value(&text, &key);
        }
    }
}
