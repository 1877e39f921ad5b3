//! Questions for a list and pages of answers: by index (RFC 7644 §3.4.2.4) or by cursor (RFC 9865).
//!
//! A cursor is the id after which to go on, with a check of the question that it belongs to: one of
//! another question, or a changed one, is refused. It is no secret and gives no right: whoever forges one
//! goes on after an id of their choice in a list that they may read from the beginning.

use crate::error::{ScimError, ScimType};
use crate::filter::Filter;
use crate::projection::Projection;
use crate::schema::Kind;
use crate::sort::Sort;
use serde_json::{Map, Value, json};
use sha2::{Digest as _, Sha256};

/// The schema of a list.
pub const LIST_URN: &str = "urn:ietf:params:scim:api:messages:2.0:ListResponse";
/// The schema of a question that is posted.
pub const SEARCH_URN: &str = "urn:ietf:params:scim:api:messages:2.0:SearchRequest";
/// Resources on a page when the question does not say.
pub const DEFAULT_COUNT: usize = 100;
/// Most resources on a page.
pub const MAX_COUNT: usize = 200;
const MAX_CURSOR_BYTES: usize = 256;

/// Where a page begins and how long it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PageRequest<'a> {
    /// At the n-th resource, from 1.
    Index {
        /// Which.
        start: usize,
        /// How many at most; of 0 only the total is told.
        count: usize,
    },
    /// After a cursor, or at the beginning.
    Cursor {
        /// The cursor.
        after: Option<&'a str>,
        /// How many at most.
        count: usize,
    },
}

impl PageRequest<'_> {
    /// How many at most.
    #[must_use]
    pub const fn count(&self) -> usize {
        match self {
            Self::Index { count, .. } | Self::Cursor { count, .. } => *count,
        }
    }
}

/// A question for a list.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Query {
    /// What the resources are like.
    pub filter: Option<Filter>,
    /// In which order.
    pub sort: Option<Sort>,
    /// With which attributes.
    pub projection: Projection,
    filter_text: String,
    start: usize,
    count: usize,
    cursor: Option<String>,
}

/// What is read of a question, from wherever it stands.
#[derive(Debug, Default)]
struct Given {
    filter: Option<String>,
    sort_by: Option<String>,
    sort_order: Option<String>,
    start: Option<i64>,
    count: Option<i64>,
    cursor: Option<String>,
    attributes: Vec<String>,
    excluded: Vec<String>,
}

fn invalid(detail: impl Into<String>) -> ScimError {
    ScimError::new(ScimType::InvalidValue, detail)
}

fn number(name: &str, text: &str) -> Result<i64, ScimError> {
    text.trim().parse().map_err(|_| invalid(format!("`{name}` is a whole number")))
}

fn commas(text: &str) -> Vec<String> {
    text.split(',').map(str::to_owned).collect()
}

impl Query {
    /// From the parameters of an address. Ones that the protocol does not know are left out.
    ///
    /// # Errors
    /// What is wrong with them.
    pub fn of_parameters<'a>(
        parameters: impl IntoIterator<Item = (&'a str, &'a str)>,
    ) -> Result<Self, ScimError> {
        let mut given = Given::default();
        for (name, value) in parameters {
            let text = || Some(value.to_owned());
            match name.to_ascii_lowercase().as_str() {
                "filter" => given.filter = text(),
                "sortby" => given.sort_by = text(),
                "sortorder" => given.sort_order = text(),
                "startindex" => given.start = Some(number(name, value)?),
                "count" => given.count = Some(number(name, value)?),
                "cursor" => given.cursor = text(),
                "attributes" => given.attributes.extend(commas(value)),
                "excludedattributes" => given.excluded.extend(commas(value)),
                _ => {}
            }
        }
        Self::of(given)
    }

    /// From a question that was posted (RFC 7644 §3.4.3).
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn of_search(body: &Value) -> Result<Self, ScimError> {
        let Some(object) = body.as_object() else {
            return Err(ScimError::new(ScimType::InvalidSyntax, "a search request is a JSON object"));
        };
        let mut given = Given::default();
        for (name, value) in object.iter().filter(|(_, value)| !value.is_null()) {
            let text = || match value {
                Value::String(text) => Ok(text.clone()),
                _ => Err(invalid(format!("`{name}` is a text"))),
            };
            let whole = || value.as_i64().ok_or_else(|| invalid(format!("`{name}` is a whole number")));
            let list = || match value {
                Value::String(text) => Ok(commas(text)),
                Value::Array(list) => list
                    .iter()
                    .map(|one| one.as_str().map(str::to_owned))
                    .collect::<Option<Vec<_>>>()
                    .ok_or_else(|| invalid(format!("`{name}` is a list of texts"))),
                _ => Err(invalid(format!("`{name}` is a list of texts"))),
            };
            match name.to_ascii_lowercase().as_str() {
                "filter" => given.filter = Some(text()?),
                "sortby" => given.sort_by = Some(text()?),
                "sortorder" => given.sort_order = Some(text()?),
                "startindex" => given.start = Some(whole()?),
                "count" => given.count = Some(whole()?),
                "cursor" => given.cursor = Some(text()?),
                "attributes" => given.attributes = list()?,
                "excludedattributes" => given.excluded = list()?,
                _ => {}
            }
        }
        Self::of(given)
    }

    fn of(given: Given) -> Result<Self, ScimError> {
        let filter_text = given.filter.filter(|text| !text.trim().is_empty()).unwrap_or_default();
        let filter = if filter_text.is_empty() { None } else { Some(filter_text.parse()?) };
        let sort = match given.sort_by.as_deref().filter(|by| !by.trim().is_empty()) {
            Some(by) => Some(Sort::read(by, given.sort_order.as_deref())?),
            None => None,
        };
        if given.cursor.is_some() {
            if given.start.is_some() {
                return Err(invalid("`cursor` and `startIndex` exclude each other: give one"));
            }
            if given.count.is_some_and(|count| count < 1) {
                let detail = "with a cursor, `count` is 1 at least";
                return Err(ScimError::new(ScimType::InvalidCount, detail));
            }
        }
        if given.cursor.as_ref().is_some_and(|cursor| cursor.len() > MAX_CURSOR_BYTES) {
            return Err(not_ours());
        }
        let count = given.count.map_or(DEFAULT_COUNT, |count| usize::try_from(count).unwrap_or(0));
        Ok(Self {
            filter,
            sort,
            projection: Projection::read(
                given.attributes.iter().map(String::as_str),
                given.excluded.iter().map(String::as_str),
            )?,
            filter_text,
            start: given.start.map_or(1, |start| usize::try_from(start).unwrap_or(1).max(1)),
            count: count.min(MAX_COUNT),
            cursor: given.cursor,
        })
    }

    /// Which page is asked for.
    #[must_use]
    pub fn page(&self) -> PageRequest<'_> {
        match &self.cursor {
            Some(cursor) => PageRequest::Cursor {
                after: Some(cursor.as_str()).filter(|cursor| !cursor.is_empty()),
                count: self.count,
            },
            None => PageRequest::Index { start: self.start, count: self.count },
        }
    }

    /// What the cursors of this question are checked by.
    fn check(&self, kind: Option<Kind>, id: &str) -> String {
        let kind = kind.map_or("all", Kind::name);
        let sort = self.sort.as_ref().map(Sort::text).unwrap_or_default();
        let mut digest = Sha256::new();
        for part in ["bursar scim cursor 1", kind, &self.filter_text, &sort, id] {
            digest.update((part.len() as u64).to_be_bytes());
            digest.update(part.as_bytes());
        }
        hex::encode(digest.finalize().get(..8).unwrap_or_default())
    }

    /// The cursor that stands after a resource; `None` for all kinds at once.
    #[must_use]
    pub fn cursor_after(&self, kind: Option<Kind>, id: &str) -> Cursor {
        Cursor(hex::encode(format!("{}{id}", self.check(kind, id))))
    }

    /// The id that a cursor stands after.
    ///
    /// # Errors
    /// [`ScimType::InvalidCursor`] when it is none of this question's.
    pub fn id_of(&self, kind: Option<Kind>, cursor: &str) -> Result<String, ScimError> {
        let text = hex::decode(cursor).ok().and_then(|bytes| String::from_utf8(bytes).ok());
        let text = text.ok_or_else(not_ours)?;
        match text.split_at_checked(16) {
            Some((check, id)) if check == self.check(kind, id) => Ok(id.to_owned()),
            _ => Err(not_ours()),
        }
    }
}

fn not_ours() -> ScimError {
    let detail = "this cursor belongs to another question, or was changed: begin again without it";
    ScimError::new(ScimType::InvalidCursor, detail)
}

/// Where the next page begins. Only hexadecimal digits, so that it may stand in an address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cursor(String);

impl Cursor {
    /// As text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// A page of a list.
#[derive(Debug, Clone, PartialEq)]
pub struct ListAnswer {
    /// How many there are in all.
    pub total: usize,
    /// The resources of this page.
    pub resources: Vec<Value>,
    /// The number of the first one, from 1; not with cursors.
    pub start: Option<usize>,
    /// Where the next page begins, if there is one; only with cursors.
    pub next: Option<Cursor>,
}

impl ListAnswer {
    /// Everything on one page.
    #[must_use]
    pub fn whole(resources: Vec<Value>) -> Self {
        Self { total: resources.len(), resources, start: Some(1), next: None }
    }

    /// The body of the answer.
    #[must_use]
    pub fn to_json(self) -> Value {
        let mut body = Map::from_iter([
            ("schemas".to_owned(), json!([LIST_URN])),
            ("totalResults".to_owned(), json!(self.total)),
            ("itemsPerPage".to_owned(), json!(self.resources.len())),
        ]);
        if let Some(start) = self.start {
            body.insert("startIndex".to_owned(), json!(start));
        }
        if let Some(Cursor(next)) = self.next {
            body.insert("nextCursor".to_owned(), Value::String(next));
        }
        body.insert("Resources".to_owned(), Value::Array(self.resources));
        Value::Object(body)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn query(parameters: &[(&str, &str)]) -> Result<Query, ScimError> {
        Query::of_parameters(parameters.iter().copied())
    }

    #[test]
    fn pages_are_asked_for_by_index() {
        let page = |parameters: &[(&str, &str)]| match query(parameters).unwrap().page() {
            PageRequest::Index { start, count } => (start, count),
            PageRequest::Cursor { .. } => panic!("a cursor"),
        };
        assert_eq!(page(&[]), (1, DEFAULT_COUNT));
        assert_eq!(page(&[("startIndex", "-3"), ("count", "-1")]), (1, 0));
        assert_eq!(page(&[("STARTINDEX", "7"), ("count", "100000"), ("odd", "x")]), (7, MAX_COUNT));
        let searched = Query::of_search(&json!({ "startIndex": 7, "count": 2, "schemas": [] })).unwrap();
        assert_eq!(searched.page(), PageRequest::Index { start: 7, count: 2 });
        for wrong in [("startIndex", "x"), ("count", ""), ("filter", "x"), ("sortBy", "a b")] {
            assert!(query(&[wrong]).is_err(), "{wrong:?}");
        }
        for wrong in
            [json!([]), json!({ "count": "2" }), json!({ "attributes": [1] }), json!({ "filter": 1 })]
        {
            assert!(Query::of_search(&wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_cursor_belongs_to_its_question() {
        // claim C2
        let first = query(&[("cursor", ""), ("count", "2"), ("filter", "title pr")]).unwrap();
        assert_eq!(first.page(), PageRequest::Cursor { after: None, count: 2 });
        let cursor = first.cursor_after(Some(Kind::User), "usr_1");
        assert!(cursor.as_str().bytes().all(|c| c.is_ascii_hexdigit()));
        assert_eq!(first.id_of(Some(Kind::User), cursor.as_str()).unwrap(), "usr_1");
        let elsewhere = query(&[("cursor", cursor.as_str())]).unwrap();
        for (query, kind) in [(&elsewhere, Some(Kind::User)), (&first, Some(Kind::Group)), (&first, None)] {
            let error = query.id_of(kind, cursor.as_str()).unwrap_err();
            assert_eq!(error.kind, Some(ScimType::InvalidCursor));
        }
        let mut changed = cursor.as_str().to_owned();
        changed.replace_range(changed.len() - 1.., "9");
        for wrong in [changed.as_str(), "", "zz", "00", "ff00"] {
            assert!(first.id_of(Some(Kind::User), wrong).is_err(), "{wrong}");
        }
        let both = query(&[("cursor", ""), ("startIndex", "1")]).unwrap_err();
        assert_eq!(both.kind, Some(ScimType::InvalidValue));
        let none = query(&[("cursor", ""), ("count", "0")]).unwrap_err();
        assert_eq!(none.kind, Some(ScimType::InvalidCount));
        assert!(query(&[("cursor", &"a".repeat(MAX_CURSOR_BYTES + 1))]).is_err());
    }

    #[test]
    fn an_answer_has_the_form_of_the_protocol() {
        let body = ListAnswer::whole(vec![json!({ "id": "1" })]).to_json();
        assert_eq!(
            body,
            json!({ "schemas": [LIST_URN], "totalResults": 1, "itemsPerPage": 1, "startIndex": 1,
                "Resources": [{ "id": "1" }] })
        );
    }
}
