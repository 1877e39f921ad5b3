//! The grammar, by recursive descent: `or` of `and` of what is compared, present, chosen, negated or in
//! parentheses.

use super::words::{Word, invalid, words};
use super::{Comparison, Filter, MAX_COMPARISONS, MAX_DEPTH, MAX_FILTER_BYTES, PatchPath};
use crate::error::{ScimError, shown};
use crate::path::AttributePath;
use serde_json::Value;

struct Reader {
    words: std::iter::Peekable<std::vec::IntoIter<Word>>,
    comparisons: usize,
}

impl Reader {
    fn new(text: &str) -> Result<Self, ScimError> {
        if text.len() > MAX_FILTER_BYTES {
            return Err(invalid(format!("a filter has at most {MAX_FILTER_BYTES} bytes")));
        }
        Ok(Self { words: words(text)?.into_iter().peekable(), comparisons: 0 })
    }

    /// Whether the next word is this one, which is taken then.
    fn takes(&mut self, keyword: &str) -> bool {
        let is = |word: &Word| matches!(word, Word::Bare(bare) if bare.eq_ignore_ascii_case(keyword));
        self.words.next_if(is).is_some()
    }

    fn any(&mut self, depth: usize) -> Result<Filter, ScimError> {
        if depth > MAX_DEPTH {
            return Err(invalid(format!("a filter is nested {MAX_DEPTH} times at most")));
        }
        let mut parts = vec![self.all(depth)?];
        while self.takes("or") {
            parts.push(self.all(depth)?);
        }
        Ok(one_or(parts, Filter::Or))
    }

    fn all(&mut self, depth: usize) -> Result<Filter, ScimError> {
        let mut parts = vec![self.one(depth)?];
        while self.takes("and") {
            parts.push(self.one(depth)?);
        }
        Ok(one_or(parts, Filter::And))
    }

    fn one(&mut self, depth: usize) -> Result<Filter, ScimError> {
        match self.words.next() {
            Some(Word::Open) => self.inner(depth, &Word::Close),
            Some(Word::Bare(bare)) => {
                if bare.eq_ignore_ascii_case("not") && self.words.next_if_eq(&Word::Open).is_some() {
                    return Ok(Filter::Not(Box::new(self.inner(depth, &Word::Close)?)));
                }
                self.about(&bare, depth)
            }
            _ => Err(invalid("a filter compares attributes: `userName eq \"ana\"`")),
        }
    }

    fn inner(&mut self, depth: usize, end: &Word) -> Result<Filter, ScimError> {
        let filter = self.any(depth + 1)?;
        if self.words.next().as_ref() != Some(end) {
            return Err(invalid("a parenthesis or bracket in the filter is not closed"));
        }
        Ok(filter)
    }

    /// What is said about an attribute.
    fn about(&mut self, path: &str, depth: usize) -> Result<Filter, ScimError> {
        let path: AttributePath = path.parse().map_err(|error: ScimError| invalid(error.detail))?;
        self.comparisons += 1;
        if self.comparisons > MAX_COMPARISONS {
            return Err(invalid(format!("a filter compares {MAX_COMPARISONS} times at most")));
        }
        if self.words.next_if_eq(&Word::OpenValues).is_some() {
            let inner = self.inner(depth, &Word::CloseValues)?;
            return self.chosen(path, inner);
        }
        let Some(Word::Bare(operator)) = self.words.next() else {
            return Err(invalid(format!("`{path}` is not compared: eq, ne, co, sw, ew, pr, gt, ge, lt, le")));
        };
        let comparison = match operator.to_ascii_lowercase().as_str() {
            "pr" => return Ok(Filter::Present(path)),
            "eq" => Comparison::Equal,
            "ne" => Comparison::NotEqual,
            "co" => Comparison::Contains,
            "sw" => Comparison::StartsWith,
            "ew" => Comparison::EndsWith,
            "gt" => Comparison::Greater,
            "ge" => Comparison::GreaterOrEqual,
            "lt" => Comparison::Less,
            "le" => Comparison::LessOrEqual,
            _ => {
                return Err(invalid(format!(
                    "`{}` is no operator: eq, ne, co, sw, ew, pr, gt, ge, lt, le",
                    shown(&operator)
                )));
            }
        };
        let value = match self.words.next() {
            Some(Word::Literal(value)) => value,
            Some(Word::Bare(bare)) => match bare.to_ascii_lowercase().as_str() {
                "true" => Value::Bool(true),
                "false" => Value::Bool(false),
                "null" => Value::Null,
                _ => return Err(invalid("texts in a filter stand in quotation marks")),
            },
            _ => return Err(invalid(format!("`{path} {operator}` is compared with nothing"))),
        };
        Ok(Filter::Compare(path, comparison, value))
    }

    /// `emails[…]`, or `emails[…].value eq "x"`, which is the same as a comparison among the chosen.
    fn chosen(&mut self, path: AttributePath, inner: Filter) -> Result<Filter, ScimError> {
        let dotted = |word: &Word| matches!(word, Word::Bare(bare) if bare.starts_with('.'));
        let Some(Word::Bare(bare)) = self.words.next_if(dotted) else {
            return Ok(Filter::Values(path, Box::new(inner)));
        };
        let outer = self.about(bare.trim_start_matches('.'), MAX_DEPTH)?;
        if matches!(outer, Filter::Values(..)) {
            return Err(invalid("values are chosen once in a path"));
        }
        Ok(Filter::Values(path, Box::new(Filter::And(vec![inner, outer]))))
    }

    fn end(&mut self) -> Result<(), ScimError> {
        match self.words.next() {
            None => Ok(()),
            Some(_) => Err(invalid("the filter goes on where it should end")),
        }
    }
}

fn one_or(mut parts: Vec<Filter>, many: impl FnOnce(Vec<Filter>) -> Filter) -> Filter {
    match (parts.pop(), parts.is_empty()) {
        (Some(only), true) => only,
        (Some(last), false) => {
            parts.push(last);
            many(parts)
        }
        (None, _) => many(parts),
    }
}

pub(super) fn filter(text: &str) -> Result<Filter, ScimError> {
    let mut reader = Reader::new(text)?;
    let filter = reader.any(0)?;
    reader.end()?;
    Ok(filter)
}

pub(super) fn path(text: &str) -> Result<PatchPath, ScimError> {
    let mut reader = Reader::new(text)?;
    let Some(Word::Bare(bare)) = reader.words.next() else {
        return Err(invalid("a path names an attribute"));
    };
    let mut attribute: AttributePath = bare.parse()?;
    let mut filter = None;
    if reader.words.next_if_eq(&Word::OpenValues).is_some() {
        if attribute.name().is_none() || attribute.sub().is_some() {
            return Err(invalid("a filter in a path follows an attribute"));
        }
        filter = Some(reader.inner(0, &Word::CloseValues)?);
        if let Some(Word::Bare(rest)) = reader.words.next_if(|word| matches!(word, Word::Bare(_))) {
            let sub = rest.strip_prefix('.').unwrap_or_default();
            let sub: AttributePath = sub.parse()?;
            match (sub.schema(), sub.name(), sub.sub()) {
                (None, Some(name), None) => attribute = attribute.with_sub(name.to_owned()),
                _ => return Err(invalid("a sub-attribute is one name after a dot")),
            }
        }
    }
    reader.end()?;
    Ok(PatchPath { attribute, filter })
}
