//! Payloads: JSON in one spelling.
//!
//! Keys are in the order of their bytes, there are no spaces, strings are escaped as little as JSON
//! allows, numbers are integers. What was written once is never spelled again: the text is kept.

use serde_json::Value;
use std::fmt;

/// The longest payload in bytes.
pub(crate) const MAX_PAYLOAD_BYTES: usize = 64 * 1024;
const MAX_DEPTH: usize = 32;

/// JSON in one spelling.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Payload(String);

/// Why a value is no payload.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PayloadError {
    /// It has no one spelling.
    #[error("a payload has a number that is no integer: write it as text")]
    Float,
    /// More than is kept.
    #[error("a payload is larger than 64 KiB or nested deeper than 32: record less, or its digest")]
    TooLarge,
    /// It is not JSON on one line.
    #[error("a payload is no JSON on one line")]
    NotJson,
}

impl Default for Payload {
    fn default() -> Self {
        Self("null".to_owned())
    }
}

impl Payload {
    /// Spells the value.
    ///
    /// # Errors
    /// When it has floating-point numbers or is too large.
    pub fn of(value: &Value) -> Result<Self, PayloadError> {
        let mut text = String::new();
        spell(value, &mut text, 0)?;
        if text.len() > MAX_PAYLOAD_BYTES { Err(PayloadError::TooLarge) } else { Ok(Self(text)) }
    }

    /// Takes what was spelled earlier, as it stands.
    ///
    /// # Errors
    /// When it is no JSON on one line.
    pub fn restore(text: String) -> Result<Self, PayloadError> {
        if text.contains(['\n', '\r']) || serde_json::from_str::<serde::de::IgnoredAny>(&text).is_err() {
            return Err(PayloadError::NotJson);
        }
        Ok(Self(text))
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether there is nothing in it.
    #[must_use]
    pub fn is_null(&self) -> bool {
        self.0 == "null"
    }

    /// The value.
    #[must_use]
    pub fn value(&self) -> Value {
        serde_json::from_str(&self.0).unwrap_or_default()
    }
}

impl fmt::Display for Payload {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A string as JSON.
pub(crate) fn quote(text: &str, out: &mut String) {
    out.push('"');
    for letter in text.chars() {
        match letter {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            letter if letter < ' ' => {
                let _ = fmt::Write::write_fmt(out, format_args!("\\u{:04x}", u32::from(letter)));
            }
            letter => out.push(letter),
        }
    }
    out.push('"');
}

fn spell(value: &Value, out: &mut String, depth: usize) -> Result<(), PayloadError> {
    if depth > MAX_DEPTH || out.len() > MAX_PAYLOAD_BYTES {
        return Err(PayloadError::TooLarge);
    }
    match value {
        Value::Null => out.push_str("null"),
        Value::Bool(flag) => out.push_str(if *flag { "true" } else { "false" }),
        Value::Number(number) if number.is_f64() => return Err(PayloadError::Float),
        Value::Number(number) => out.push_str(&number.to_string()),
        Value::String(text) => quote(text, out),
        Value::Array(items) => {
            out.push('[');
            for (at, item) in items.iter().enumerate() {
                if at > 0 {
                    out.push(',');
                }
                spell(item, out, depth + 1)?;
            }
            out.push(']');
        }
        Value::Object(fields) => {
            let mut fields: Vec<_> = fields.iter().collect();
            fields.sort_by_key(|(name, _)| name.as_str());
            out.push('{');
            for (at, (name, item)) in fields.into_iter().enumerate() {
                if at > 0 {
                    out.push(',');
                }
                quote(name, out);
                out.push(':');
                spell(item, out, depth + 1)?;
            }
            out.push('}');
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_value_has_one_spelling() {
        let value =
            json!({ "b": [1, -2, true, null], "a": { "z": "line\nbreak \u{1}\"\\ é", "y": u64::MAX } });
        let payload = Payload::of(&value).unwrap();
        let expected = "{\"a\":{\"y\":18446744073709551615,\"z\":\"line\\nbreak \\u0001\\\"\\\\ é\"},\"b\":[1,-2,true,null]}";
        assert_eq!(payload.as_str(), expected);
        assert_eq!(payload.value(), value);
        assert_eq!(Payload::restore(payload.to_string()), Ok(payload));
    }

    #[test]
    fn what_has_no_one_spelling_or_no_end_is_refused() {
        assert_eq!(Payload::of(&json!({ "a": 0.1 })), Err(PayloadError::Float));
        assert_eq!(Payload::of(&json!("x".repeat(MAX_PAYLOAD_BYTES))), Err(PayloadError::TooLarge));
        let deep = (0..40).fold(json!(1), |inner, _| json!([inner]));
        assert_eq!(Payload::of(&deep), Err(PayloadError::TooLarge));
        assert_eq!(Payload::restore("{\n}".into()), Err(PayloadError::NotJson));
        assert_eq!(Payload::restore("{".into()), Err(PayloadError::NotJson));
    }
}
