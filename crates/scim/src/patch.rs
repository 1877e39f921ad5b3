//! PATCH (RFC 7644 §3.5.2): operations in order, all or none.
//!
//! Beyond the standard, because Entra ID sends it: operations in any case; a removal that lists the values
//! to remove; an addition to a value that is not there yet (`emails[type eq "work"].value`), which makes
//! it with what the filter says.

use crate::error::{ScimError, ScimType, shown};
use crate::filter::{Filter, PatchPath};
use crate::resource::{How, Resource, set_part};
use crate::schema::{Attribute, Found, Kind, Mutability};
use crate::value;
use serde_json::{Map, Value};
use std::collections::HashSet;

/// The schema of the request.
pub const PATCH_URN: &str = "urn:ietf:params:scim:api:messages:2.0:PatchOp";
/// Most operations of a request.
pub const MAX_OPERATIONS: usize = 1_000;

/// A PATCH request.
#[derive(Debug, Clone, PartialEq)]
pub struct Patch {
    operations: Vec<Operation>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Op {
    Add,
    Replace,
    Remove,
}

/// One operation.
#[derive(Debug, Clone, PartialEq)]
pub struct Operation {
    op: Op,
    path: Option<PatchPath>,
    value: Value,
}

fn get<'a>(object: &'a Map<String, Value>, name: &str) -> Option<&'a Value> {
    object.iter().find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value)
}

impl Patch {
    /// Reads a request.
    ///
    /// # Errors
    /// [`ScimType::InvalidSyntax`]; [`ScimType::InvalidPath`]; [`ScimType::NoTarget`] for a removal
    /// without a path.
    pub fn read(given: &Value) -> Result<Self, ScimError> {
        let syntax = |detail: &str| ScimError::new(ScimType::InvalidSyntax, detail);
        let operations = given
            .as_object()
            .and_then(|object| get(object, "operations"))
            .and_then(Value::as_array)
            .ok_or_else(|| syntax("a PATCH has a list of `Operations`"))?;
        if operations.is_empty() || operations.len() > MAX_OPERATIONS {
            return Err(syntax(&format!("a PATCH has 1 to {MAX_OPERATIONS} operations")));
        }
        let operations = operations.iter().map(Operation::read).collect::<Result<_, _>>()?;
        Ok(Self { operations })
    }

    pub(crate) fn operations(&self) -> &[Operation] {
        &self.operations
    }
}

impl Operation {
    fn read(given: &Value) -> Result<Self, ScimError> {
        let syntax = |detail: &str| ScimError::new(ScimType::InvalidSyntax, detail);
        let object = given.as_object().ok_or_else(|| syntax("an operation is an object"))?;
        let op =
            get(object, "op").and_then(Value::as_str).ok_or_else(|| syntax("an operation has an `op`"))?;
        let op = match op.to_ascii_lowercase().as_str() {
            "add" => Op::Add,
            "replace" => Op::Replace,
            "remove" => Op::Remove,
            _ => return Err(syntax(&format!("`{}` is no operation: add, replace, remove", shown(op)))),
        };
        let path = match get(object, "path") {
            None | Some(Value::Null) => None,
            Some(Value::String(text)) if text.trim().is_empty() => None,
            Some(Value::String(text)) => Some(text.parse::<PatchPath>()?),
            Some(_) => return Err(ScimError::new(ScimType::InvalidPath, "a `path` is a text")),
        };
        if op == Op::Remove && path.is_none() {
            return Err(ScimError::new(ScimType::NoTarget, "a removal names what to remove by a `path`"));
        }
        let value = get(object, "value").cloned();
        if op != Op::Remove && value.is_none() {
            return Err(ScimError::new(
                ScimType::InvalidValue,
                "an operation that sets something has a `value`",
            ));
        }
        Ok(Self { op, path, value: value.unwrap_or_default() })
    }

    pub(crate) fn apply(&self, resource: &mut Resource) -> Result<(), ScimError> {
        let Some(path) = &self.path else {
            return resource.merge(&self.value, self.how());
        };
        if path.filter().is_none() && resource.kind().is_extension(path.attribute()) {
            if self.op == Op::Remove {
                resource.drop_extension();
                return Ok(());
            }
            return resource.merge_extension(&self.value, self.how());
        }
        let found = target(resource.kind(), path)?;
        match (path.filter(), self.op) {
            (Some(filter), _) => self.apply_to_chosen(resource, &found, filter),
            (None, Op::Remove) => self.remove(resource, &found),
            (None, _) => {
                if let (Some(sub), true) = (found.sub, found.attribute.multi)
                    && sub.mutability == Mutability::Immutable
                {
                    return Err(fixed(sub));
                }
                resource.assign(&found, &self.value, self.how())
            }
        }
    }

    fn how(&self) -> How {
        if self.op == Op::Add { How::Add } else { How::Replace }
    }

    fn remove(&self, resource: &mut Resource, found: &Found) -> Result<(), ScimError> {
        let required = found.sub.map_or(found.attribute.required, |sub| sub.required);
        if required {
            return Err(fixed(found.sub.unwrap_or(found.attribute)));
        }
        let current = resource.take(found);
        let next = match (found.sub, current, &self.value) {
            (Some(sub), Some(Value::Array(mut list)), _) => {
                list.iter_mut().for_each(|one| set_part(one, sub.name, None));
                Some(Value::Array(list))
            }
            (Some(sub), Some(mut one), _) => {
                set_part(&mut one, sub.name, None);
                Some(one)
            }
            // Only these, as Entra ID asks members to be removed.
            (None, Some(Value::Array(mut list)), listed) if !listed.is_null() => {
                let gone = value::read(found.attribute, listed)?;
                let text = |one: &Value| one.get("value").and_then(Value::as_str).map(str::to_owned);
                let gone = gone.as_ref().and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
                let gone: HashSet<String> = gone.iter().filter_map(text).collect();
                list.retain(|one| text(one).is_none_or(|value| !gone.contains(&value)));
                Some(Value::Array(list))
            }
            _ => None,
        };
        resource.put(found, next);
        Ok(())
    }

    /// To the values that the filter in the path chooses.
    fn apply_to_chosen(
        &self,
        resource: &mut Resource,
        found: &Found,
        filter: &Filter,
    ) -> Result<(), ScimError> {
        let attribute = found.attribute;
        filter.check_parts(attribute)?;
        if self.op != Op::Remove
            && let Some(sub) = found.sub
            && sub.mutability == Mutability::Immutable
        {
            return Err(fixed(sub));
        }
        let whole = || ScimError::new(ScimType::InvalidValue, format!("`{}` is an object", attribute.name));
        let given = match (self.op, found.sub) {
            (Op::Remove, _) => None,
            (_, Some(sub)) => value::read(sub, &self.value)?,
            (_, None) => match value::read(attribute, &self.value)? {
                Some(Value::Array(mut list)) if list.len() == 1 => list.pop(),
                _ => return Err(whole()),
            },
        };
        let mut list = match resource.take(found) {
            Some(Value::Array(list)) => list,
            _ => Vec::new(),
        };
        let mut chosen: Vec<usize> = (0..list.len())
            .filter(|&n| list.get(n).is_some_and(|one| filter.matches_part(attribute, one)))
            .collect();
        if self.op == Op::Remove {
            remove_chosen(&mut list, &chosen, found.sub);
            resource.put(found, Some(Value::Array(list)));
            return Ok(());
        }
        if chosen.is_empty() {
            let template = if self.op == Op::Add { filter.template(attribute) } else { None };
            let Some(template) = template else {
                return Err(ScimError::new(
                    ScimType::NoTarget,
                    format!("the filter in the path chooses no value of `{}`", attribute.name),
                ));
            };
            chosen.push(list.len());
            list.push(template);
        }
        for &n in &chosen {
            let Some(one) = list.get_mut(n) else { continue };
            match (found.sub, &given, self.op) {
                (Some(sub), part, _) => set_part(one, sub.name, part.clone()),
                (None, Some(Value::Object(new)), Op::Add) => {
                    if let Some(old) = one.as_object_mut() {
                        old.extend(new.clone());
                    }
                }
                (None, Some(new), _) => *one = new.clone(),
                (None, None, _) => {}
            }
        }
        // There is one primary value at most, and the newest is it.
        if let Some(&first) = chosen.iter().find(|&&n| list.get(n).is_some_and(value::is_primary)) {
            for (n, one) in list.iter_mut().enumerate() {
                if n != first && value::is_primary(one) {
                    set_part(one, "primary", None);
                }
            }
        }
        resource.put(found, Some(Value::Array(list)));
        Ok(())
    }
}

fn remove_chosen(list: &mut Vec<Value>, chosen: &[usize], sub: Option<&Attribute>) {
    match sub {
        Some(sub) => {
            for &n in chosen {
                if let Some(one) = list.get_mut(n) {
                    set_part(one, sub.name, None);
                }
            }
        }
        None => {
            let mut n = 0;
            list.retain(|_| {
                n += 1;
                chosen.binary_search(&(n - 1)).is_err()
            });
        }
    }
}

fn fixed(attribute: &Attribute) -> ScimError {
    let why = match attribute.mutability {
        Mutability::ReadOnly => "is set by the server",
        Mutability::Immutable => "does not change: remove the value and add another",
        Mutability::ReadWrite => "must be there",
    };
    ScimError::new(ScimType::Mutability, format!("`{}` {why}", attribute.name))
}

/// What the path names, if a client may change it.
fn target(kind: Kind, path: &PatchPath) -> Result<Found, ScimError> {
    let found = kind.find(path.attribute()).ok_or_else(|| {
        ScimError::new(
            ScimType::InvalidPath,
            format!("a {} has no attribute `{}`", kind.name(), shown(&path.attribute().to_string())),
        )
    })?;
    for attribute in [Some(found.attribute), found.sub].into_iter().flatten() {
        if attribute.mutability == Mutability::ReadOnly {
            return Err(fixed(attribute));
        }
    }
    let has_values = found.attribute.multi && !found.attribute.sub.is_empty();
    if path.filter().is_some() && !has_values {
        return Err(ScimError::new(
            ScimType::InvalidPath,
            format!("`{}` has no values to choose from by a filter", found.attribute.name),
        ));
    }
    Ok(found)
}

#[cfg(test)]
mod tests;
