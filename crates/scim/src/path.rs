//! Paths of attributes (RFC 7644 §3.10): `userName`, `name.givenName`, `urn:…:User:department`, or the URN
//! of an extension alone.

use crate::error::{ScimError, ScimType, shown};
use crate::schema::SCHEMAS;
use std::fmt;
use std::str::FromStr;

/// Longest path, in bytes.
pub const MAX_PATH_BYTES: usize = 512;

/// A path of an attribute.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AttributePath {
    schema: Option<String>,
    name: Option<String>,
    sub: Option<String>,
}

impl AttributePath {
    /// The URN that it begins with.
    #[must_use]
    pub fn schema(&self) -> Option<&str> {
        self.schema.as_deref()
    }

    /// The attribute; none when the path is a URN alone.
    #[must_use]
    pub fn name(&self) -> Option<&str> {
        self.name.as_deref()
    }

    /// The sub-attribute.
    #[must_use]
    pub fn sub(&self) -> Option<&str> {
        self.sub.as_deref()
    }

    /// The path of one of its sub-attributes.
    #[must_use]
    pub(crate) fn with_sub(mut self, sub: String) -> Self {
        self.sub = Some(sub);
        self
    }

    /// The path of an attribute in an extension.
    pub(crate) fn within(schema: &str, name: &str) -> Option<Self> {
        let inner: Self = name.parse().ok()?;
        Some(Self { schema: Some(schema.to_owned()), ..inner })
    }
}

impl FromStr for AttributePath {
    type Err = ScimError;

    fn from_str(text: &str) -> Result<Self, ScimError> {
        let wrong =
            || ScimError::new(ScimType::InvalidPath, format!("`{}` is no path of an attribute", shown(text)));
        if text.len() > MAX_PATH_BYTES {
            return Err(wrong());
        }
        let (schema, rest) = match strip_urn(text) {
            Some((urn, rest)) => (Some(urn), rest),
            None => (None, text),
        };
        if rest.is_empty() {
            return schema.map(|urn| Self { schema: Some(urn), name: None, sub: None }).ok_or_else(wrong);
        }
        let (name, sub) = match rest.split_once('.') {
            Some((name, sub)) => (name, Some(sub)),
            None => (rest, None),
        };
        if !is_name(name) || !sub.is_none_or(is_name) {
            return Err(wrong());
        }
        Ok(Self { schema, name: Some(name.to_owned()), sub: sub.map(str::to_owned) })
    }
}

/// The URN and what follows its colon. URNs have dots and colons themselves, so known ones are looked for
/// first.
fn strip_urn(text: &str) -> Option<(String, &str)> {
    let starts = |urn: &str| text.get(..urn.len()).is_some_and(|start| start.eq_ignore_ascii_case(urn));
    for schema in SCHEMAS {
        if starts(schema.id) {
            let rest = &text[schema.id.len()..];
            if rest.is_empty() {
                return Some((schema.id.to_owned(), ""));
            }
            if let Some(rest) = rest.strip_prefix(':') {
                return Some((schema.id.to_owned(), rest));
            }
        }
    }
    if !starts("urn:") {
        return None;
    }
    let (urn, rest) = text.rsplit_once(':')?;
    (!rest.is_empty()).then(|| (urn.to_owned(), rest))
}

/// `attrName` of RFC 7643 §2.1, and `$ref`.
fn is_name(text: &str) -> bool {
    let rest = text.strip_prefix('$').unwrap_or(text);
    rest.bytes().next().is_some_and(|c| c.is_ascii_alphabetic())
        && rest.bytes().all(|c| c.is_ascii_alphanumeric() || matches!(c, b'_' | b'-'))
}

impl fmt::Display for AttributePath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut parts = Vec::new();
        parts.extend(self.schema.as_deref());
        let dotted = match (&self.name, &self.sub) {
            (Some(name), Some(sub)) => Some(format!("{name}.{sub}")),
            (name, _) => name.clone(),
        };
        parts.extend(dotted.as_deref());
        f.write_str(&parts.join(":"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::schema::ENTERPRISE_URN;

    #[test]
    fn paths_are_taken_apart_and_put_together() {
        for text in ["userName", "name.givenName", "members.$ref", "urn:a:b:2.0:x.y", ENTERPRISE_URN] {
            assert_eq!(text.parse::<AttributePath>().unwrap().to_string(), text);
        }
        let long = "a".repeat(MAX_PATH_BYTES + 1);
        for text in ["", ".", "a.", ".a", "a.b.c", "a b", "1a", "a[b]", "$", "é", "urn:", "a:b", &long] {
            assert!(text.parse::<AttributePath>().is_err(), "{text}");
        }
    }
}
