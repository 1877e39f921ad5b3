//! Which attributes an answer has (RFC 7644 §3.9): all, only some, or all but some. `id` and `schemas` are
//! in every answer.

use crate::error::{ScimError, ScimType};
use crate::path::AttributePath;
use crate::schema::{COMMON, Kind, Returned, find};
use serde_json::{Map, Value};

/// Most attributes that a request lists.
pub const MAX_LISTED: usize = 100;

/// Which attributes an answer has.
#[derive(Debug, Clone, Default, PartialEq)]
pub enum Projection {
    /// All.
    #[default]
    All,
    /// Only these.
    Only(Vec<AttributePath>),
    /// All but these.
    Without(Vec<AttributePath>),
}

impl Projection {
    /// From what a request lists.
    ///
    /// # Errors
    /// [`ScimType::InvalidValue`] when it lists both, or too many.
    pub fn read<'a>(
        only: impl IntoIterator<Item = &'a str>,
        without: impl IntoIterator<Item = &'a str>,
    ) -> Result<Self, ScimError> {
        let (only, without) = (paths(only)?, paths(without)?);
        match (only.is_empty(), without.is_empty()) {
            (true, true) => Ok(Self::All),
            (false, true) => Ok(Self::Only(only)),
            (true, false) => Ok(Self::Without(without)),
            (false, false) => Err(ScimError::new(
                ScimType::InvalidValue,
                "`attributes` and `excludedAttributes` exclude each other: give one",
            )),
        }
    }

    /// Whether an attribute of this name is answered at all, so that what is not need not be looked up.
    #[must_use]
    pub fn wants(&self, kind: Kind, name: &str) -> bool {
        let is = |path: &AttributePath| {
            kind.find(path).is_some_and(|found| found.attribute.name.eq_ignore_ascii_case(name))
        };
        match self {
            Self::All => true,
            Self::Only(paths) => paths.iter().any(is),
            Self::Without(paths) => !paths.iter().any(|path| is(path) && path.sub().is_none()),
        }
    }

    /// The resource with these attributes only.
    #[must_use]
    pub fn apply(&self, kind: Kind, resource: Value) -> Value {
        match (self, resource) {
            (Self::All, resource) => resource,
            (Self::Only(paths), Value::Object(whole)) => Value::Object(only(kind, paths, &whole)),
            (Self::Without(paths), Value::Object(mut whole)) => {
                for path in paths {
                    without(kind, path, &mut whole);
                }
                Value::Object(whole)
            }
            (_, other) => other,
        }
    }
}

fn paths<'a>(listed: impl IntoIterator<Item = &'a str>) -> Result<Vec<AttributePath>, ScimError> {
    let mut paths = Vec::new();
    for text in listed.into_iter().map(str::trim).filter(|text| !text.is_empty()) {
        if paths.len() == MAX_LISTED {
            let detail = format!("a request lists {MAX_LISTED} attributes at most");
            return Err(ScimError::new(ScimType::InvalidValue, detail));
        }
        paths.push(
            text.parse()
                .map_err(|error: ScimError| ScimError { kind: Some(ScimType::InvalidValue), ..error })?,
        );
    }
    Ok(paths)
}

fn only(kind: Kind, paths: &[AttributePath], whole: &Map<String, Value>) -> Map<String, Value> {
    let mut kept = Map::new();
    for attribute in COMMON.iter().filter(|attribute| attribute.returned == Returned::Always) {
        if let Some(value) = whole.get(attribute.name) {
            kept.insert(attribute.name.to_owned(), value.clone());
        }
    }
    for path in paths {
        if kind.is_extension(path) {
            if let Some((urn, value)) = kind.extension().and_then(|urn| Some((urn, whole.get(urn)?))) {
                kept.insert(urn.to_owned(), value.clone());
            }
            continue;
        }
        let Some(found) = kind.find(path) else { continue };
        let (from, into) = match found.extension {
            None => (Some(whole), &mut kept),
            Some(urn) => {
                let Some(from) = whole.get(urn).and_then(Value::as_object) else { continue };
                let into = kept.entry(urn).or_insert_with(|| Value::Object(Map::new()));
                let Some(into) = into.as_object_mut() else { continue };
                (Some(from), into)
            }
        };
        let name = found.attribute.name;
        let Some(value) = from.and_then(|from| from.get(name)) else { continue };
        match found.sub {
            None => {
                into.insert(name.to_owned(), value.clone());
            }
            Some(sub) => keep_part(into, name, value, sub.name),
        }
    }
    kept
}

fn keep_part(into: &mut Map<String, Value>, name: &str, value: &Value, sub: &str) {
    let part = |one: &Value| {
        let part = one.get(sub).map(|part| (sub.to_owned(), part.clone()));
        Value::Object(part.into_iter().collect())
    };
    let parts = match value {
        Value::Array(list) => Value::Array(list.iter().map(part).collect()),
        one => part(one),
    };
    // Another part of it may be there.
    match (into.get_mut(name), parts) {
        (Some(Value::Array(old)), Value::Array(new)) => {
            for (old, new) in old.iter_mut().zip(new) {
                if let (Value::Object(old), Value::Object(new)) = (old, new) {
                    old.extend(new);
                }
            }
        }
        (Some(Value::Object(old)), Value::Object(new)) => old.extend(new),
        (_, parts) => {
            into.insert(name.to_owned(), parts);
        }
    }
}

fn without(kind: Kind, path: &AttributePath, whole: &mut Map<String, Value>) {
    if kind.is_extension(path) {
        if let Some(urn) = kind.extension() {
            whole.remove(urn);
        }
        return;
    }
    let Some(found) = kind.find(path) else { return };
    let name = found.attribute.name;
    if find(COMMON, name).is_some_and(|attribute| attribute.returned == Returned::Always) {
        return;
    }
    let holder = match found.extension {
        None => Some(whole),
        Some(urn) => whole.get_mut(urn).and_then(Value::as_object_mut),
    };
    let Some(holder) = holder else { return };
    match (found.sub, holder.get_mut(name)) {
        (None, _) => {
            holder.remove(name);
        }
        (Some(sub), Some(Value::Array(list))) => {
            list.iter_mut().filter_map(Value::as_object_mut).for_each(|one| {
                one.remove(sub.name);
            });
        }
        (Some(sub), Some(Value::Object(one))) => {
            one.remove(sub.name);
        }
        (Some(_), _) => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::schema::ENTERPRISE_URN;
    use serde_json::json;

    fn resource() -> Value {
        json!({
            "schemas": ["s"], "id": "usr_1", "userName": "ana", "name": { "givenName": "A", "familyName": "B" },
            "emails": [{ "value": "a", "type": "work", "primary": true }],
            ENTERPRISE_URN: { "department": "d", "division": "v" }, "meta": { "version": "1" },
        })
    }

    fn applied(only: &str, without: &str) -> Value {
        let projection = Projection::read(only.split(','), without.split(',')).unwrap();
        projection.apply(Kind::User, resource())
    }

    #[test]
    fn only_what_is_asked_for_and_the_id() {
        let department = format!("{ENTERPRISE_URN}:department");
        for (only, left) in [
            ("username", json!({ "userName": "ana" })),
            ("emails.value, emails.type", json!({ "emails": [{ "value": "a", "type": "work" }] })),
            ("name.givenName", json!({ "name": { "givenName": "A" } })),
            (&department, json!({ ENTERPRISE_URN: { "department": "d" } })),
            (ENTERPRISE_URN, json!({ ENTERPRISE_URN: { "department": "d", "division": "v" } })),
            ("nothing", json!({})),
        ] {
            let mut expected = json!({ "schemas": ["s"], "id": "usr_1" });
            expected.as_object_mut().unwrap().extend(left.as_object().unwrap().clone());
            assert_eq!(applied(only, ""), expected, "{only}");
        }
    }

    #[test]
    fn without_what_is_excluded_but_the_id_stays() {
        let left = applied("", &format!("id,schemas,emails,name.givenName,{ENTERPRISE_URN}:division,meta"));
        assert_eq!(
            left,
            json!({
                "schemas": ["s"], "id": "usr_1", "userName": "ana", "name": { "familyName": "B" },
                ENTERPRISE_URN: { "department": "d" },
            })
        );
        assert!(Projection::read(["a"], ["b"]).is_err());
        assert!(Projection::read(["a b"], []).is_err());
        assert!(Projection::read(vec!["a"; MAX_LISTED + 1], []).is_err());
    }

    #[test]
    fn what_is_not_wanted_need_not_be_looked_up() {
        let read = |only: &'static str, without: &'static str| {
            Projection::read(only.split(','), without.split(',')).unwrap()
        };
        assert!(read("", "").wants(Kind::User, "groups"));
        assert!(read("groups.value", "").wants(Kind::User, "groups"));
        assert!(!read("userName", "").wants(Kind::User, "groups"));
        assert!(!read("", "Groups").wants(Kind::User, "groups"));
        assert!(read("", "groups.display").wants(Kind::User, "groups"));
    }
}
