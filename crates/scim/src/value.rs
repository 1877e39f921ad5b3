//! Values, read by what their attribute says they are.
//!
//! Leniencies, each because a provider needs it: `"True"` and `"False"` for booleans, one value where a
//! list belongs, a text where a complex value with `value` belongs, and a list of one where a single
//! value belongs.

use crate::error::{ScimError, ScimType, shown};
use crate::schema::{Attribute, Mutability, ValueKind};
use serde_json::{Map, Value};

/// Longest text, in bytes: a certificate in Base64 fits.
pub const MAX_TEXT_BYTES: usize = 16 * 1024;
/// Most values of an attribute.
pub const MAX_VALUES: usize = 10_000;

fn wrong(attribute: &Attribute, detail: impl std::fmt::Display) -> ScimError {
    ScimError::new(ScimType::InvalidValue, format!("`{}` {detail}", attribute.name))
}

/// What the attribute is to be; `None` when it is to be unassigned (null, an empty list).
pub(crate) fn read(attribute: &'static Attribute, given: &Value) -> Result<Option<Value>, ScimError> {
    if !attribute.multi {
        return single(attribute, given);
    }
    let given = match given {
        Value::Array(list) => list.as_slice(),
        one => std::slice::from_ref(one),
    };
    if given.len() > MAX_VALUES {
        return Err(wrong(attribute, format_args!("has more than {MAX_VALUES} values")));
    }
    let mut values = Vec::with_capacity(given.len());
    for one in given {
        if let Some(value) = single(attribute, one)? {
            values.push(value);
        }
    }
    if values.iter().filter(|value| is_primary(value)).count() > 1 {
        return Err(wrong(attribute, "has more than one primary value"));
    }
    Ok((!values.is_empty()).then_some(Value::Array(values)))
}

/// Whether it is the preferred one.
pub(crate) fn is_primary(value: &Value) -> bool {
    value.get("primary") == Some(&Value::Bool(true))
}

fn single(attribute: &'static Attribute, given: &Value) -> Result<Option<Value>, ScimError> {
    match given {
        Value::Null => return Ok(None),
        Value::Array(list) => {
            return match list.as_slice() {
                [] => Ok(None),
                [one] if !one.is_array() => single(attribute, one),
                _ => Err(wrong(attribute, "takes one value, and a list was given")),
            };
        }
        _ => {}
    }
    match attribute.kind {
        ValueKind::Complex => complex(attribute, given),
        ValueKind::Boolean => match unwrapped(given) {
            Value::Bool(value) => Ok(Some(Value::Bool(*value))),
            Value::String(text) if text.eq_ignore_ascii_case("true") => Ok(Some(Value::Bool(true))),
            Value::String(text) if text.eq_ignore_ascii_case("false") => Ok(Some(Value::Bool(false))),
            _ => Err(wrong(attribute, "is true or false")),
        },
        ValueKind::String | ValueKind::DateTime | ValueKind::Reference | ValueKind::Binary => {
            match unwrapped(given) {
                Value::Null => Ok(None),
                Value::String(text) if text.len() <= MAX_TEXT_BYTES => Ok(Some(Value::String(text.clone()))),
                Value::String(_) => {
                    Err(wrong(attribute, format_args!("is longer than {MAX_TEXT_BYTES} bytes")))
                }
                _ => Err(wrong(attribute, "is a text")),
            }
        }
    }
}

/// `{"value": x}` for x, as Entra sent single values once.
fn unwrapped(given: &Value) -> &Value {
    given.as_object().and_then(|object| object.get("value")).unwrap_or(given)
}

fn complex(attribute: &'static Attribute, given: &Value) -> Result<Option<Value>, ScimError> {
    let mut read_value = Map::new();
    match given {
        Value::Object(object) => {
            for (key, given) in object {
                let Some(sub) = attribute.find(key) else { continue };
                if sub.mutability != Mutability::ReadOnly
                    && let Some(value) = read(sub, given)?
                {
                    read_value.insert(sub.name.to_owned(), value);
                }
            }
        }
        scalar => {
            let Some(sub) = attribute.find("value") else {
                return Err(wrong(
                    attribute,
                    format_args!("is an object, and `{}` was given", shown(&scalar.to_string())),
                ));
            };
            if let Some(value) = single(sub, scalar)? {
                read_value.insert(sub.name.to_owned(), value);
            }
        }
    }
    Ok((!read_value.is_empty()).then_some(Value::Object(read_value)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::schema::Kind;
    use serde_json::json;

    fn read_as(path: &str, given: Value) -> Result<Option<Value>, String> {
        let attribute = Kind::User.find(&path.parse().unwrap()).unwrap().attribute;
        read(attribute, &given).map_err(|error| error.to_string())
    }

    #[test]
    fn dialects_are_read_as_they_are_meant() {
        // claim C2
        for (path, given, meant) in [
            ("active", json!("False"), json!(false)),
            ("active", json!([{ "value": "TRUE" }]), json!(true)),
            ("displayName", json!([{ "$ref": null, "value": "Ana" }]), json!("Ana")),
            ("emails", json!("a@example.com"), json!([{ "value": "a@example.com" }])),
            (
                "emails",
                json!({ "VALUE": "a", "Primary": "true" }),
                json!([{ "value": "a", "primary": true }]),
            ),
            ("name", json!({ "GivenName": "Ana", "unknown": 1 }), json!({ "givenName": "Ana" })),
        ] {
            assert_eq!(read_as(path, given.clone()), Ok(Some(meant)), "{path} {given}");
        }
        for (path, given) in [("emails", json!([])), ("title", json!(null)), ("name", json!({}))] {
            assert_eq!(read_as(path, given), Ok(None), "{path}");
        }
    }

    #[test]
    fn values_of_the_wrong_kind_are_refused() {
        for (path, given) in [
            ("active", json!("maybe")),
            ("active", json!(1)),
            ("title", json!(5)),
            ("title", json!(["a", "b"])),
            ("title", json!("x".repeat(MAX_TEXT_BYTES + 1))),
            ("name", json!("Ana")),
            ("emails", json!([{ "value": "a", "primary": true }, { "value": "b", "primary": true }])),
            ("emails", json!([5])),
        ] {
            assert!(read_as(path, given.clone()).is_err(), "{path} {given}");
        }
    }
}
