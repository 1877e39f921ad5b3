//! `tag('team')`: the value of a tag, or NULL.
//!
//! Tags are JSON object text (`{"team":"search","env":"prod"}`), the form of FOCUS exports. The
//! scanner walks the text once, without building a document, and stops at the first key that
//! matches; escapes are understood in keys and values. A value that is not text is given as its JSON
//! text (`true`, `3`), JSON null as NULL. What is not a JSON object has no tags.
//!
//! In SQL the tags column is not named: [`TagColumn`] puts it in when the question is planned.

use arrow::array::{Array, ArrayRef, AsArray, DictionaryArray, StringArray, StringBuilder};
use arrow::datatypes::{DataType, Int32Type};
use datafusion::common::config::ConfigOptions;
use datafusion::common::tree_node::Transformed;
use datafusion::common::{Column, DFSchema, exec_err, plan_err};
use datafusion::error::Result;
use datafusion::logical_expr::expr::ScalarFunction;
use datafusion::logical_expr::expr_rewriter::FunctionRewrite;
use datafusion::logical_expr::{
    ColumnarValue, Expr, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature, Volatility,
};
use datafusion::scalar::ScalarValue;
use std::borrow::Cow;
use std::sync::Arc;

/// The function's name in SQL.
pub const NAME: &str = "tag";
/// The column that holds tags.
const COLUMN: &str = "Tags";

/// Turns `tag('team')` into `tag("Tags", 'team')`.
#[derive(Debug, Default)]
pub struct TagColumn;

impl FunctionRewrite for TagColumn {
    fn name(&self) -> &'static str {
        "tag_column"
    }

    fn rewrite(&self, expr: Expr, schema: &DFSchema, _: &ConfigOptions) -> Result<Transformed<Expr>> {
        let Expr::ScalarFunction(ScalarFunction { func, args }) = &expr else {
            return Ok(Transformed::no(expr));
        };
        let [key] = args.as_slice() else { return Ok(Transformed::no(expr)) };
        if func.name() != NAME {
            return Ok(Transformed::no(expr));
        }
        match schema.qualified_fields_with_unqualified_name(COLUMN).first() {
            Some((qualifier, field)) => {
                let column = Expr::Column(Column::new(qualifier.cloned(), field.name()));
                Ok(Transformed::yes(Expr::ScalarFunction(ScalarFunction::new_udf(
                    Arc::clone(func),
                    vec![column, key.clone()],
                ))))
            }
            None => plan_err!(
                "`tag` needs the column `{COLUMN}`; select it in the subquery, or name it: tag(t.\"{COLUMN}\", 'key')"
            ),
        }
    }
}

/// The function.
#[derive(Debug, PartialEq, Eq, Hash)]
pub struct Tag {
    signature: Signature,
}

impl Default for Tag {
    fn default() -> Self {
        Self { signature: Signature::user_defined(Volatility::Immutable) }
    }
}

/// The function, to register.
#[must_use]
pub fn udf() -> ScalarUDF {
    ScalarUDF::from(Tag::default())
}

impl ScalarUDFImpl for Tag {
    fn name(&self) -> &'static str {
        NAME
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _: &[DataType]) -> Result<DataType> {
        Ok(DataType::Utf8)
    }

    fn coerce_types(&self, types: &[DataType]) -> Result<Vec<DataType>> {
        let text = |t: &DataType| match t {
            DataType::Dictionary(key, value) if **key == DataType::Int32 && **value == DataType::Utf8 => {
                t.clone()
            }
            DataType::Utf8View => DataType::Utf8View,
            _ => DataType::Utf8,
        };
        match types {
            [_] => Ok(vec![DataType::Utf8]),
            [tags, _] => Ok(vec![text(tags), DataType::Utf8]),
            _ => plan_err!("`tag` takes the key of a tag: tag('team')"),
        }
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let [tags, key] = args.args.as_slice() else {
            return exec_err!("`tag` can only be asked of a table with the column `{COLUMN}`");
        };
        let key = match key {
            ColumnarValue::Scalar(
                ScalarValue::Utf8(Some(key))
                | ScalarValue::Utf8View(Some(key))
                | ScalarValue::LargeUtf8(Some(key)),
            ) => key,
            ColumnarValue::Scalar(s) if s.is_null() => {
                return Ok(ColumnarValue::Scalar(ScalarValue::Utf8(None)));
            }
            _ => return exec_err!("the key of `tag` must be a text literal: tag('team')"),
        };
        let tags = tags.to_array(args.number_rows)?;
        Ok(ColumnarValue::Array(values(&tags, key)?))
    }
}

/// The value of tag `key` in every row.
fn values(tags: &ArrayRef, key: &str) -> Result<ArrayRef> {
    Ok(match tags.data_type() {
        DataType::Utf8View => {
            let array = tags.as_string_view();
            each(key, array.iter())
        }
        DataType::Dictionary(_, _) => {
            let Some(dictionary) = tags.as_dictionary_opt::<Int32Type>() else {
                return exec_err!("tags came with unexpected codes");
            };
            let found = values(dictionary.values(), key)?;
            let found: DictionaryArray<Int32Type> = dictionary.with_values(found);
            arrow::compute::cast(&found, &DataType::Utf8)?
        }
        _ => {
            let Some(array) = tags.as_any().downcast_ref::<StringArray>() else {
                return exec_err!("`tag` reads text, not {}", tags.data_type());
            };
            each(key, array.iter())
        }
    })
}

fn each<'a>(key: &str, tags: impl ExactSizeIterator<Item = Option<&'a str>>) -> ArrayRef {
    let mut out = StringBuilder::with_capacity(tags.len(), tags.len() * 8);
    for text in tags {
        out.append_option(text.and_then(|t| find(t, key)));
    }
    Arc::new(out.finish())
}

/// The value of the first member `key` of the JSON object `text`.
#[must_use]
pub fn find<'a>(text: &'a str, key: &str) -> Option<Cow<'a, str>> {
    let mut at = Scanner { text, at: 0 };
    at.expect(b'{')?;
    if at.peek()? == b'}' {
        return None;
    }
    loop {
        let name = at.string()?;
        at.expect(b':')?;
        if matches(name, key) {
            return at.value();
        }
        at.skip()?;
        match at.next()? {
            b',' => {}
            _ => return None,
        }
    }
}

fn matches(raw: &str, key: &str) -> bool {
    if raw.contains('\\') { unescape(raw).is_some_and(|k| k == key) } else { raw == key }
}

struct Scanner<'a> {
    text: &'a str,
    at: usize,
}

impl<'a> Scanner<'a> {
    fn peek(&mut self) -> Option<u8> {
        let bytes = self.text.as_bytes();
        while matches!(bytes.get(self.at), Some(b' ' | b'\t' | b'\n' | b'\r')) {
            self.at += 1;
        }
        bytes.get(self.at).copied()
    }

    fn next(&mut self) -> Option<u8> {
        let byte = self.peek()?;
        self.at += 1;
        Some(byte)
    }

    fn expect(&mut self, byte: u8) -> Option<()> {
        (self.next()? == byte).then_some(())
    }

    /// A string as it is written, without its quotes.
    fn string(&mut self) -> Option<&'a str> {
        self.expect(b'"')?;
        let bytes = self.text.as_bytes();
        let start = self.at;
        loop {
            match bytes.get(self.at)? {
                b'"' => break,
                b'\\' => self.at += 2,
                _ => self.at += 1,
            }
        }
        let raw = self.text.get(start..self.at)?;
        self.at += 1;
        Some(raw)
    }

    fn value(&mut self) -> Option<Cow<'a, str>> {
        if self.peek()? == b'"' {
            let raw = self.string()?;
            return if raw.contains('\\') { unescape(raw).map(Cow::Owned) } else { Some(Cow::Borrowed(raw)) };
        }
        let start = self.at;
        self.skip()?;
        match self.text.get(start..self.at)?.trim_end() {
            "null" | "" => None,
            raw => Some(Cow::Borrowed(raw)),
        }
    }

    /// Steps over a value of any kind.
    fn skip(&mut self) -> Option<()> {
        let mut depth = 0_usize;
        loop {
            match self.peek()? {
                b'"' => {
                    self.string()?;
                }
                b'{' | b'[' => {
                    depth += 1;
                    self.at += 1;
                    continue;
                }
                b'}' | b']' => {
                    // A value must come before the end of what surrounds it.
                    depth = depth.checked_sub(1)?;
                    self.at += 1;
                }
                b',' | b':' if depth > 0 => {
                    self.at += 1;
                    continue;
                }
                b',' | b':' => return None,
                _ => {
                    let bytes = self.text.as_bytes();
                    while bytes.get(self.at).is_some_and(|b| {
                        !matches!(b, b',' | b':' | b'}' | b']' | b' ' | b'\t' | b'\n' | b'\r' | b'"')
                    }) {
                        self.at += 1;
                    }
                }
            }
            if depth == 0 {
                return Some(());
            }
        }
    }
}

/// The text behind JSON escapes; `None` when an escape is broken. Lone surrogates become U+FFFD.
fn unescape(raw: &str) -> Option<String> {
    let mut out = String::with_capacity(raw.len());
    let mut chars = raw.chars();
    while let Some(c) = chars.next() {
        if c != '\\' {
            out.push(c);
            continue;
        }
        match chars.next()? {
            'b' => out.push('\u{8}'),
            'f' => out.push('\u{c}'),
            'n' => out.push('\n'),
            'r' => out.push('\r'),
            't' => out.push('\t'),
            'u' => {
                let unit = hex4(&mut chars)?;
                let low = || -> Option<(u32, std::str::Chars<'_>)> {
                    let mut ahead = chars.clone();
                    (ahead.next()? == '\\' && ahead.next()? == 'u').then_some(())?;
                    let low = hex4(&mut ahead)?;
                    (0xDC00..0xE000).contains(&low).then_some((low, ahead))
                };
                if (0xD800..0xDC00).contains(&unit)
                    && let Some((low, ahead)) = low()
                {
                    chars = ahead;
                    out.push(
                        char::from_u32(0x10000 + ((unit - 0xD800) << 10) + (low - 0xDC00))
                            .unwrap_or('\u{FFFD}'),
                    );
                } else {
                    out.push(char::from_u32(unit).unwrap_or('\u{FFFD}'));
                }
            }
            c @ ('"' | '\\' | '/') => out.push(c),
            _ => return None,
        }
    }
    Some(out)
}

fn hex4(chars: &mut std::str::Chars<'_>) -> Option<u32> {
    let mut value = 0;
    for _ in 0..4 {
        value = value << 4 | chars.next()?.to_digit(16)?;
    }
    Some(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_are_found() {
        let check = |text: &str, key: &str, expected: Option<&str>| {
            assert_eq!(find(text, key).as_deref(), expected, "{key} in {text}")
        };
        check(r#"{"team":"search","env":"prod"}"#, "team", Some("search"));
        check(r#"{"team":"search","env":"prod"}"#, "env", Some("prod"));
        check(r#"{"team":"search"}"#, "tea", None);
        check(r#" { "a" : "b" , "team" : "x" } "#, "team", Some("x"));
        check("{}", "team", None);
        check("", "team", None);
        check("null", "team", None);
        check(r#"["team","x"]"#, "team", None);
        check(r#"{"note":"\"team\":\"wrong\"","team":"right"}"#, "team", Some("right"));
        check(r#"{"x":{"team":"wrong","l":[1,"]"]},"team":"right"}"#, "team", Some("right"));
        check(r#"{"te\u0061m":"a\n\"b\"\\ \u00e9 \ud83d\ude00 \/"}"#, "team", Some("a\n\"b\"\\ é 😀 /"));
        check(r#"{"team":true}"#, "team", Some("true"));
        check(r#"{"team":null,"env":3}"#, "team", None);
        check(r#"{"team":null,"env":3}"#, "env", Some("3"));
        check(r#"{"team":""}"#, "team", Some(""));
        check(r#"{"a":,"team":"x"}"#, "team", None);
        check(r#"{"a":"b" "team":"x"}"#, "team", None);
        check(r#"{"team":"unfinished"#, "team", None);
        check(r#"{"Größe":"é","team":"x"}"#, "team", Some("x"));
        check(r#"{"a\"#, "team", None);
        check(r#"{"a\é":"x"}"#, "team", None);
    }
}
