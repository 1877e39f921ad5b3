//! `tag('team')`: the value of a tag, or NULL.
//!
//! Tags are JSON object text (`{"team":"search","env":"prod"}`), the form of FOCUS exports, read by
//! [`bursar_focus::canonical::tag_value`] once per distinct text.
//!
//! In SQL the tags column is not named: [`TagColumn`] puts it in when the question is planned. Keys
//! are compared as the row's provider does, so where providers differ the provider goes in too.

use arrow::array::{Array, ArrayRef, AsArray, BooleanArray, DictionaryArray, StringArray, StringBuilder};
use arrow::datatypes::{DataType, Int32Type, Schema};
use bursar_focus::canonical::{KeyMatch, tag_value};
use datafusion::common::config::ConfigOptions;
use datafusion::common::tree_node::Transformed;
use datafusion::common::{Column, DFSchema, exec_err, plan_err};
use datafusion::error::Result;
use datafusion::logical_expr::expr::ScalarFunction;
use datafusion::logical_expr::expr_rewriter::FunctionRewrite;
use datafusion::logical_expr::{
    ColumnarValue, Expr, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature, Volatility, lit,
};
use datafusion::scalar::ScalarValue;
use std::sync::Arc;

/// The function's name in SQL.
pub const NAME: &str = "tag";
/// The column that holds tags.
const COLUMN: &str = "Tags";

/// How the keys of a table's tags are compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Keys {
    /// In every row by capitals.
    #[default]
    Exact,
    /// In no row by capitals.
    IgnoreCase,
    /// As the row's provider does.
    ByProvider,
}

/// Turns `tag('team')` into `tag("Tags", 'team')`, or `tag("Tags", 'team', provider)`.
#[derive(Debug, Default)]
pub struct TagColumn {
    /// How the table's keys are compared.
    pub keys: Keys,
}

/// A provider whose keys ignore capitals.
const IGNORES_CASE: &str = "azure";
/// The column that names the provider.
pub(super) const PROVIDER: &str = "provider";

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
                let column = |name: &str| Expr::Column(Column::new(qualifier.cloned(), name));
                let mut args = vec![column(field.name()), key.clone()];
                match self.keys {
                    Keys::Exact => {}
                    Keys::IgnoreCase => args.push(lit(IGNORES_CASE)),
                    // A subquery that gives only the tags has said nothing of providers.
                    Keys::ByProvider if schema.has_column(&Column::new(qualifier.cloned(), PROVIDER)) => {
                        args.push(column(PROVIDER));
                    }
                    Keys::ByProvider => {}
                }
                Ok(Transformed::yes(Expr::ScalarFunction(ScalarFunction::new_udf(Arc::clone(func), args))))
            }
            None => plan_err!(
                "`tag` needs the column `{COLUMN}`; select it in the subquery, or name it: tag(t.\"{COLUMN}\", 'key')"
            ),
        }
    }
}

/// The value of one key, of a table with this schema; `None` when that has no tags.
#[must_use]
pub fn of_key(key: &str, schema: &Schema, keys: Keys) -> Option<Expr> {
    let column = |name: &str| Expr::Column(Column::from_name(name));
    schema.field_with_name(COLUMN).ok()?;
    let mut args = vec![column(COLUMN), lit(key)];
    match keys {
        Keys::Exact => {}
        Keys::IgnoreCase => args.push(lit(IGNORES_CASE)),
        Keys::ByProvider => {
            schema.field_with_name(PROVIDER).ok()?;
            args.push(column(PROVIDER));
        }
    }
    Some(Expr::ScalarFunction(ScalarFunction::new_udf(Arc::new(udf()), args)))
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
            [tags, _, provider] => Ok(vec![text(tags), DataType::Utf8, text(provider)]),
            _ => plan_err!("`tag` takes the key of a tag: tag('team')"),
        }
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let (tags, key, provider) = match args.args.as_slice() {
            [tags, key] => (tags, key, None),
            [tags, key, provider] => (tags, key, Some(provider)),
            _ => return exec_err!("`tag` can only be asked of a table with the column `{COLUMN}`"),
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
        let providers = provider.map(|provider| provider.to_array(args.number_rows)).transpose()?;
        let Some(providers) = providers else {
            return Ok(ColumnarValue::Array(values(&tags, key, KeyMatch::Exact)?));
        };
        Ok(ColumnarValue::Array(by_provider(&tags, key, &providers)?))
    }
}

/// The value of tag `key` in every row.
fn values(tags: &ArrayRef, key: &str, matching: KeyMatch) -> Result<ArrayRef> {
    Ok(match tags.data_type() {
        DataType::Utf8View => {
            let array = tags.as_string_view();
            each(key, matching, array.iter())
        }
        DataType::Dictionary(_, _) => {
            let Some(dictionary) = tags.as_dictionary_opt::<Int32Type>() else {
                return exec_err!("tags came with unexpected codes");
            };
            let found = values(dictionary.values(), key, matching)?;
            let found: DictionaryArray<Int32Type> = dictionary.with_values(found);
            arrow::compute::cast(&found, &DataType::Utf8)?
        }
        _ => {
            let Some(array) = tags.as_any().downcast_ref::<StringArray>() else {
                return exec_err!("`tag` reads text, not {}", tags.data_type());
            };
            each(key, matching, array.iter())
        }
    })
}

/// The same, where providers compare keys differently.
fn by_provider(tags: &ArrayRef, key: &str, providers: &ArrayRef) -> Result<ArrayRef> {
    let ignores = arrow::compute::cast(providers, &DataType::Utf8)?;
    let ignores: BooleanArray =
        ignores.as_string::<i32>().iter().map(|p| Some(p == Some(IGNORES_CASE))).collect();
    match ignores.true_count() {
        0 => values(tags, key, KeyMatch::Exact),
        all if all == ignores.len() => values(tags, key, KeyMatch::IgnoreCase),
        _ => {
            let (exact, loose) =
                (values(tags, key, KeyMatch::Exact)?, values(tags, key, KeyMatch::IgnoreCase)?);
            Ok(arrow::compute::kernels::zip::zip(&ignores, &loose, &exact)?)
        }
    }
}

fn each<'a>(key: &str, matching: KeyMatch, tags: impl ExactSizeIterator<Item = Option<&'a str>>) -> ArrayRef {
    let mut out = StringBuilder::with_capacity(tags.len(), tags.len() * 8);
    for text in tags {
        out.append_option(text.and_then(|t| tag_value(t, key, matching)));
    }
    Arc::new(out.finish())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_are_found() {
        let check = |text: &str, key: &str, expected: Option<&str>| {
            assert_eq!(tag_value(text, key, KeyMatch::Exact).as_deref(), expected, "{key} in {text}")
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

    #[test]
    fn keys_are_compared_as_the_provider_does() {
        // claim A3
        let tags: ArrayRef = Arc::new(StringArray::from(vec![r#"{"Team":"x"}"#; 3]));
        let providers: ArrayRef = Arc::new(StringArray::from(vec![Some("azure"), Some("aws"), None]));
        let found = by_provider(&tags, "team", &providers).unwrap();
        assert_eq!(found.as_string::<i32>().iter().collect::<Vec<_>>(), [Some("x"), None, None]);
    }
}
