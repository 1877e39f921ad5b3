//! A filter's text, word by word.

use crate::error::{ScimError, ScimType, shown};
use serde_json::Value;

#[derive(Debug, Clone, PartialEq)]
pub(super) enum Word {
    /// A path, an operator, `and`, `true`.
    Bare(String),
    /// A text or a number.
    Literal(Value),
    Open,
    Close,
    OpenValues,
    CloseValues,
}

pub(super) fn invalid(detail: impl Into<String>) -> ScimError {
    ScimError::new(ScimType::InvalidFilter, detail)
}

pub(super) fn words(text: &str) -> Result<Vec<Word>, ScimError> {
    let mut words = Vec::new();
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let (word, length) = match first {
            ' ' | '\t' => {
                rest = &rest[1..];
                continue;
            }
            '(' => (Word::Open, 1),
            ')' => (Word::Close, 1),
            '[' => (Word::OpenValues, 1),
            ']' => (Word::CloseValues, 1),
            '"' => {
                let end = end_of_text(rest)
                    .ok_or_else(|| invalid("a text in the filter has no closing quotation mark"))?;
                let value: Value = serde_json::from_str(&rest[..end])
                    .map_err(|_| invalid("a text in the filter is no JSON string"))?;
                (Word::Literal(value), end)
            }
            '-' | '0'..='9' => {
                let end = rest
                    .find(|c: char| !matches!(c, '0'..='9' | '+' | '-' | '.' | 'e' | 'E'))
                    .unwrap_or(rest.len());
                let value: Value = serde_json::from_str(&rest[..end])
                    .map_err(|_| invalid(format!("`{}` is no number", shown(&rest[..end]))))?;
                (Word::Literal(value), end)
            }
            c if is_bare(c) => {
                let end = rest.find(|c: char| !is_bare(c)).unwrap_or(rest.len());
                (Word::Bare(rest[..end].to_owned()), end)
            }
            other => {
                return Err(invalid(format!("`{}` is not understood in a filter", other.escape_default())));
            }
        };
        words.push(word);
        rest = &rest[length..];
    }
    Ok(words)
}

/// Where a JSON string that begins here ends.
fn end_of_text(text: &str) -> Option<usize> {
    let mut escaped = false;
    for (n, c) in text.char_indices().skip(1) {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '"' => return Some(n + 1),
            _ => {}
        }
    }
    None
}

fn is_bare(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '$' | '.' | ':')
}
