//! The order of a list (RFC 7644 §3.4.2.3).

use crate::error::{ScimError, ScimType};
use crate::path::AttributePath;
use crate::schema::{Found, Kind};
use crate::value::is_primary;
use serde_json::Value;
use std::cmp::Ordering;

/// By what a list is sorted, and which way.
#[derive(Debug, Clone, PartialEq)]
pub struct Sort {
    by: AttributePath,
    descending: bool,
}

impl Sort {
    /// From `sortBy` and `sortOrder`.
    ///
    /// # Errors
    /// [`ScimType::InvalidValue`] for a path that is none, or another order.
    pub fn read(by: &str, order: Option<&str>) -> Result<Self, ScimError> {
        let invalid = |detail: String| ScimError::new(ScimType::InvalidValue, detail);
        let by = by.trim().parse().map_err(|error: ScimError| invalid(error.detail))?;
        let descending = match order.map(str::trim) {
            None | Some("") => false,
            Some(order) if order.eq_ignore_ascii_case("ascending") => false,
            Some(order) if order.eq_ignore_ascii_case("descending") => true,
            Some(_) => return Err(invalid("`sortOrder` is ascending or descending".to_owned())),
        };
        Ok(Self { by, descending })
    }

    /// Sorts resources; of equal ones the order stays. Without a value comes last when ascending. By what is
    /// no attribute of theirs, all are equal.
    pub fn apply<T>(&self, kind: Kind, resources: &mut [T], of: impl Fn(&T) -> &Value) {
        let Some(found) = kind.find(&self.by) else { return };
        resources.sort_by_cached_key(|resource| Key(key(&found, of(resource)), self.descending));
    }

    /// As text, for telling one question from another.
    pub(crate) fn text(&self) -> String {
        format!("{} {}", self.by, self.descending)
    }
}

#[derive(PartialEq, Eq)]
struct Key(Option<String>, bool);

impl Ord for Key {
    fn cmp(&self, other: &Self) -> Ordering {
        let ascending = match (&self.0, &other.0) {
            (None, None) => Ordering::Equal,
            (None, Some(_)) => Ordering::Greater,
            (Some(_), None) => Ordering::Less,
            (Some(a), Some(b)) => a.cmp(b),
        };
        if self.1 { ascending.reverse() } else { ascending }
    }
}

impl PartialOrd for Key {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

/// The value that counts: of several the primary one, or else the first.
fn key(found: &Found, resource: &Value) -> Option<String> {
    let holder = match found.extension {
        Some(urn) => resource.get(urn)?,
        None => resource,
    };
    let value = holder.get(found.attribute.name)?;
    let value = match value {
        Value::Array(list) => list.iter().find(|one| is_primary(one)).or_else(|| list.first())?,
        one => one,
    };
    let part = match (value.as_object(), found.sub) {
        (Some(object), Some(sub)) => object.get(sub.name)?,
        (Some(object), None) => object.get("value")?,
        (None, _) => value,
    };
    let exact = found.sub.unwrap_or(found.attribute).case_exact;
    match part {
        Value::String(text) if exact => Some(text.clone()),
        Value::String(text) => Some(text.to_lowercase()),
        other => Some(other.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn lists_are_sorted_by_the_value_that_counts() {
        let mut list = [
            json!({ "id": "1", "userName": "b", "emails": [{ "value": "x" }, { "value": "A", "primary": true }] }),
            json!({ "id": "2", "userName": "C" }),
            json!({ "id": "3", "userName": "a", "emails": [{ "value": "b" }] }),
        ];
        let mut order = |by: &str, order: Option<&str>| {
            Sort::read(by, order).unwrap().apply(Kind::User, &mut list, |one| one);
            list.iter().map(|one| one["id"].as_str().unwrap().to_owned()).collect::<String>()
        };
        assert_eq!(order("userName", None), "312");
        assert_eq!(order("USERNAME", Some("Descending")), "213");
        assert_eq!(order("emails", None), "132");
        assert_eq!(order("emails.value", Some("descending")), "231");
        assert_eq!(order("nothing", None), "231", "as it was");
        assert!(Sort::read("userName", Some("up")).is_err() && Sort::read("a b", None).is_err());
    }
}
