//! A resource's content: what a client may set, checked and spelled as the schema spells it.

use crate::error::{ScimError, ScimType};
use crate::patch::Patch;
use crate::path::AttributePath;
use crate::schema::{Found, Kind, Mutability};
use crate::value;
use serde_json::{Map, Value};
use std::collections::HashSet;

pub use crate::value::{MAX_TEXT_BYTES, MAX_VALUES};

/// A user's or group's content.
///
/// INVARIANT: names are spelled as the schema spells them, and values are what it says they are.
#[derive(Debug, Clone, PartialEq)]
pub struct Resource {
    kind: Kind,
    content: Map<String, Value>,
}

/// How a value meets what is there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum How {
    /// Lists grow, the rest is replaced.
    Add,
    /// What is there goes; of a complex value, the parts that are given.
    Replace,
}

impl Resource {
    /// What a client sent to make or replace a resource.
    ///
    /// # Errors
    /// [`ScimType::InvalidSyntax`] when it is no object; [`ScimType::InvalidValue`].
    pub fn read(kind: Kind, given: &Value) -> Result<Self, ScimError> {
        if !given.is_object() {
            return Err(ScimError::new(ScimType::InvalidSyntax, "a resource is a JSON object"));
        }
        if given.get("schemas").is_some_and(|schemas| !schemas.is_array()) {
            return Err(ScimError::new(ScimType::InvalidSyntax, "`schemas` is a list"));
        }
        let mut resource = Self { kind, content: Map::new() };
        resource.merge(given, How::Replace)?;
        Ok(resource)
    }

    /// Content that was read before.
    #[must_use]
    pub fn restore(kind: Kind, content: Map<String, Value>) -> Self {
        Self { kind, content }
    }

    /// What it is.
    #[must_use]
    pub const fn kind(&self) -> Kind {
        self.kind
    }

    /// The content.
    #[must_use]
    pub const fn content(&self) -> &Map<String, Value> {
        &self.content
    }

    pub(crate) fn into_content(self) -> Map<String, Value> {
        self.content
    }

    /// Applies a PATCH, whole or not at all. Whether anything is different.
    ///
    /// # Errors
    /// What RFC 7644 §3.5.2 says; nothing was changed then.
    pub fn apply(&mut self, patch: &Patch) -> Result<bool, ScimError> {
        let mut changed = self.clone();
        for operation in patch.operations() {
            operation.apply(&mut changed)?;
        }
        let different = *self != changed;
        *self = changed;
        Ok(different)
    }

    /// Sets what an object says. What the schema does not know or the server sets is left out.
    pub(crate) fn merge(&mut self, given: &Value, how: How) -> Result<(), ScimError> {
        let Some(object) = given.as_object() else {
            return Err(ScimError::new(ScimType::InvalidValue, "an object with attributes belongs here"));
        };
        for (key, given) in object {
            let Ok(path) = key.parse::<AttributePath>() else { continue };
            if self.kind.is_extension(&path) {
                self.merge_extension(given, how)?;
            } else if let Some(found) = self.kind.find(&path) {
                self.assign_found(&found, given, how)?;
            }
        }
        Ok(())
    }

    /// Sets what an object says about the extension.
    pub(crate) fn merge_extension(&mut self, given: &Value, how: How) -> Result<(), ScimError> {
        let Some(urn) = self.kind.extension() else { return Ok(()) };
        match given {
            Value::Null => {
                self.content.remove(urn);
            }
            Value::Object(object) => {
                for (key, given) in object {
                    let path = AttributePath::within(urn, key);
                    if let Some(found) = path.and_then(|path| self.kind.find(&path)) {
                        self.assign_found(&found, given, how)?;
                    }
                }
            }
            _ => return Err(ScimError::new(ScimType::InvalidValue, format!("`{urn}` is an object"))),
        }
        Ok(())
    }

    fn assign_found(&mut self, found: &Found, given: &Value, how: How) -> Result<(), ScimError> {
        let server_sets = |attribute: &crate::schema::Attribute| attribute.mutability == Mutability::ReadOnly;
        if server_sets(found.attribute) || found.sub.is_some_and(server_sets) {
            return Ok(());
        }
        self.assign(found, given, how)
    }

    /// Sets one attribute, or one part of it.
    pub(crate) fn assign(&mut self, found: &Found, given: &Value, how: How) -> Result<(), ScimError> {
        let current = self.take(found);
        let attribute = found.attribute;
        let next = match found.sub {
            Some(sub) => {
                let part = value::read(sub, given)?;
                match current {
                    Some(Value::Array(mut list)) => {
                        list.iter_mut().for_each(|one| set_part(one, sub.name, part.clone()));
                        Some(Value::Array(list))
                    }
                    Some(mut one) => {
                        set_part(&mut one, sub.name, part);
                        Some(one)
                    }
                    None => part.map(|part| {
                        let one = Value::Object(Map::from_iter([(sub.name.to_owned(), part)]));
                        if attribute.multi { Value::Array(vec![one]) } else { one }
                    }),
                }
            }
            None => match (current, value::read(attribute, given)?) {
                (Some(Value::Array(old)), Some(Value::Array(new))) if how == How::Add => {
                    Some(Value::Array(added(old, new)))
                }
                (current, None) if how == How::Add => current,
                (Some(Value::Object(mut old)), Some(Value::Object(new))) => {
                    old.extend(new);
                    Some(Value::Object(old))
                }
                (_, next) => next,
            },
        };
        self.put(found, next);
        Ok(())
    }

    /// The value that the attribute has.
    pub(crate) fn take(&mut self, found: &Found) -> Option<Value> {
        match found.extension {
            None => self.content.remove(found.attribute.name),
            Some(urn) => self.content.get_mut(urn)?.as_object_mut()?.remove(found.attribute.name),
        }
    }

    /// Gives the attribute a value, or none. What is empty is not kept.
    pub(crate) fn put(&mut self, found: &Found, value: Option<Value>) {
        let value = value.and_then(without_empty);
        let name = found.attribute.name.to_owned();
        match (found.extension, value) {
            (None, Some(value)) => {
                self.content.insert(name, value);
            }
            (None, None) => {}
            (Some(urn), Some(value)) => {
                let extension = self.content.entry(urn).or_insert_with(|| Value::Object(Map::new()));
                if let Some(extension) = extension.as_object_mut() {
                    extension.insert(name, value);
                }
            }
            (Some(urn), None) => {
                if self.content.get(urn).and_then(Value::as_object).is_some_and(Map::is_empty) {
                    self.content.remove(urn);
                }
            }
        }
    }

    pub(crate) fn drop_extension(&mut self) {
        if let Some(urn) = self.kind.extension() {
            self.content.remove(urn);
        }
    }
}

/// The value without empty elements; `None` when nothing is left.
fn without_empty(value: Value) -> Option<Value> {
    match value {
        Value::Array(mut list) => {
            list.retain(|one| one.as_object().is_none_or(|object| !object.is_empty()));
            (!list.is_empty()).then_some(Value::Array(list))
        }
        Value::Object(object) => (!object.is_empty()).then_some(Value::Object(object)),
        other => Some(other),
    }
}

pub(crate) fn set_part(one: &mut Value, name: &str, part: Option<Value>) {
    if let Some(object) = one.as_object_mut() {
        match part {
            Some(part) => {
                object.insert(name.to_owned(), part);
            }
            None => {
                object.remove(name);
            }
        }
    }
}

/// The list with what is new in it: a value that is there already is not there twice, and of two
/// primary values the new one stays it.
fn added(old: Vec<Value>, new: Vec<Value>) -> Vec<Value> {
    let mut list = old;
    if new.iter().any(value::is_primary) {
        list.iter_mut().filter(|one| value::is_primary(one)).for_each(|one| set_part(one, "primary", None));
    }
    // Members are many, and known by their value; other lists are short.
    let text = |one: &Value| one.get("value").and_then(Value::as_str).map(str::to_owned);
    let known: HashSet<String> = list.iter().filter_map(text).collect();
    for one in new {
        let maybe_there = text(&one).is_none_or(|value| known.contains(&value));
        if maybe_there && list.iter().any(|old| same(old, &one)) {
            continue;
        }
        list.push(one);
    }
    list
}

/// Whether it is the same value: all that the new one says is in the old one.
fn same(old: &Value, new: &Value) -> bool {
    match (old.as_object(), new.as_object()) {
        (Some(old), Some(new)) => new.iter().all(|(key, value)| old.get(key) == Some(value)),
        _ => old == new,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::schema::ENTERPRISE_URN;
    use serde_json::json;

    fn read(given: Value) -> Value {
        Value::Object(Resource::read(Kind::User, &given).unwrap().into_content())
    }

    #[test]
    fn a_resource_is_spelled_as_the_schema_spells_it() {
        let given = json!({
            "schemas": ["urn:ietf:params:scim:schemas:core:2.0:User"],
            "USERNAME": "ana", "Name": { "givenname": "Ana" }, "name.familyName": "Silva",
            "id": "mine", "meta": { "version": "x" }, "groups": [{ "value": "admins" }], "password": "secret",
            "hobby": "chess", "title": null,
            "URN:ietf:params:scim:schemas:extension:enterprise:2.0:user": { "Department": "Ops", "x": 1 },
            format!("{ENTERPRISE_URN}:manager"): "usr_1",
        });
        assert_eq!(
            read(given),
            json!({
                "userName": "ana", "name": { "givenName": "Ana", "familyName": "Silva" },
                ENTERPRISE_URN: { "department": "Ops", "manager": { "value": "usr_1" } },
            })
        );
    }

    #[test]
    fn what_is_no_resource_is_refused() {
        for given in [json!([]), json!("x"), json!(null), json!({ "schemas": "x" })] {
            let error = Resource::read(Kind::User, &given).unwrap_err();
            assert_eq!(error.kind, Some(ScimType::InvalidSyntax), "{given}");
        }
        assert!(Resource::read(Kind::User, &json!({ ENTERPRISE_URN: 5 })).is_err());
    }
}
