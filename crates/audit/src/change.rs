//! Changes of configuration: what stood there before and what stands there now.
//!
//! A payload made by [`payload`] has `before` and `after`; [`between`] lists the fields that differ, for a
//! page to draw. Secrets are never in either: whoever records a change leaves them out or says that they changed.

use serde_json::{Value, json};

/// One field that differs.
#[derive(Debug, Clone, PartialEq)]
pub struct Difference {
    /// Where, as a JSON pointer (RFC 6901).
    pub path: String,
    /// What stood there; nothing when it was added.
    pub before: Option<Value>,
    /// What stands there; nothing when it was removed.
    pub after: Option<Value>,
}

/// The payload of a change.
#[must_use]
pub fn payload(before: Value, after: Value) -> Value {
    json!({ "before": before, "after": after })
}

/// The fields that differ, if the payload is that of a change.
#[must_use]
pub fn of_payload(payload: &Value) -> Option<Vec<Difference>> {
    Some(between(payload.get("before")?, payload.get("after")?))
}

/// The fields that differ, in the order of their names. Lists are compared as a whole: their members have no names.
#[must_use]
pub fn between(before: &Value, after: &Value) -> Vec<Difference> {
    let mut found = Vec::new();
    compare(String::new(), Some(before), Some(after), &mut found);
    found
}

fn compare(path: String, before: Option<&Value>, after: Option<&Value>, found: &mut Vec<Difference>) {
    match (before, after) {
        (Some(Value::Object(before)), Some(Value::Object(after))) => {
            let mut names: Vec<&String> = before.keys().chain(after.keys()).collect();
            names.sort();
            names.dedup();
            for name in names {
                let path = format!("{path}/{}", name.replace('~', "~0").replace('/', "~1"));
                compare(path, before.get(name), after.get(name), found);
            }
        }
        (before, after) if before != after => {
            found.push(Difference { path, before: before.cloned(), after: after.cloned() });
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_change_shows_the_fields_that_differ() {
        // claim E13
        let before = json!({ "name": "ops", "scope": { "a/b": 1, "same": true }, "old": 1 });
        let after = json!({ "name": "ops", "scope": { "a/b": 2, "same": true }, "list": [1] });
        let found = of_payload(&payload(before, after)).unwrap();
        let shown: Vec<_> =
            found.iter().map(|d| (d.path.as_str(), d.before.clone(), d.after.clone())).collect();
        assert_eq!(
            shown,
            [
                ("/list", None, Some(json!([1]))),
                ("/old", Some(json!(1)), None),
                ("/scope/a~1b", Some(json!(1)), Some(json!(2))),
            ]
        );
        assert_eq!(between(&Value::Null, &json!(1)).len(), 1);
        assert!(of_payload(&json!({ "location": "x" })).is_none());
    }
}
