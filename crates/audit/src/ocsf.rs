//! Entries in the words of the Open Cybersecurity Schema Framework, version 1.4, for a SIEM.
//!
//! Classes: Authentication (3002) for signing in and out, Account Change (3001) for accounts, factors,
//! tokens and memberships, API Activity (6003) for the rest. What we know and the class has no place for is
//! in `unmapped`; nothing is guessed.
//!
//! Source: schema.ocsf.io/1.4.0, classes `authentication`, `account_change`, `api_activity`.

use crate::action::{Class, find};
use crate::{Entry, Outcome};
use serde_json::{Map, Value, json};

const VERSION: &str = "1.4.0";

/// The entry as an OCSF event.
#[must_use]
pub fn event(entry: &Entry) -> Value {
    let class = find(&entry.action).map_or(Class::ApiActivity, |action| action.class);
    let (category, class_uid) = match class {
        Class::AccountChange => (3, 3001),
        Class::Authentication => (3, 3002),
        Class::ApiActivity => (6, 6003),
    };
    let activity = activity(class, &entry.action);
    let (status_id, status) = match entry.outcome {
        Outcome::Done => (1, "Success"),
        Outcome::Refused | Outcome::Failed => (2, "Failure"),
        Outcome::Intended | Outcome::Unknown => (0, "Unknown"),
    };
    let user = json!({
        "name": entry.actor,
        "uid": entry.account.map_or_else(|| entry.actor.clone(), |account| account.to_string()),
        "type_id": if entry.account.is_some() { 1 } else { 3 },
    });
    let mut event = json!({
        "category_uid": category,
        "class_uid": class_uid,
        "activity_id": activity,
        "type_uid": class_uid * 100 + activity,
        "time": entry.time.timestamp_millis(),
        "severity_id": if entry.outcome == Outcome::Done { 1 } else { 2 },
        "status_id": status_id,
        "status": status,
        "status_detail": entry.outcome.as_str(),
        "message": find(&entry.action).map_or(entry.action.as_str(), |action| action.meaning),
        "metadata": {
            "version": VERSION,
            "uid": entry.id.to_string(),
            "sequence": entry.sequence,
            "log_name": entry.log.origin(),
            "product": { "name": "Bursar", "vendor_name": "Bursar" },
            "correlation_uid": entry.request.map(|request| request.to_string()),
            "tenant_uid": entry.workspace.map(|workspace| workspace.to_string()),
        },
        "actor": { "user": user, "session": entry.credential.as_ref().map(|uid| json!({ "uid": uid })) },
        "unmapped": {
            "action": entry.action,
            "target": entry.target,
            "on_behalf_of": entry.on_behalf_of.map(|account| account.to_string()),
            "intent": entry.intent,
            "payload": entry.payload.value(),
        },
    });
    if let Some(fields) = event.as_object_mut() {
        particular(class, entry, fields);
    }
    prune(&mut event);
    event
}

/// What only one class has.
fn particular(class: Class, entry: &Entry, fields: &mut Map<String, Value>) {
    match class {
        Class::ApiActivity => {
            let decision = entry.policy.as_ref().map(|policy| {
                json!([{
                    "decision": if entry.outcome == Outcome::Refused { "Denied" } else { "Allowed" },
                    "policy": { "name": policy },
                }])
            });
            fields.insert("api".into(), json!({ "operation": entry.action }));
            fields.insert("resources".into(), json!([{ "uid": entry.target }]));
            // The class asks for where it came from; the address is not in the entry's own fields.
            fields.insert(
                "src_endpoint".into(),
                json!({ "uid": entry.credential.as_deref().unwrap_or("unknown") }),
            );
            if let (Some(decision), Some(actor)) =
                (decision, fields.get_mut("actor").and_then(Value::as_object_mut))
            {
                actor.insert("authorizations".into(), decision);
            }
        }
        Class::AccountChange | Class::Authentication => {
            fields.insert("user".into(), json!({ "uid": entry.target }));
        }
    }
}

/// The activity within its class; 99 is "other".
fn activity(class: Class, action: &str) -> i64 {
    let (noun, verb) = action.split_once('.').unwrap_or((action, ""));
    match class {
        Class::Authentication => match (noun, verb) {
            ("sign-in", _) | ("session", "begin") => 1,
            ("session", "renew") => 99,
            _ => 2,
        },
        Class::AccountChange => match (noun, verb) {
            ("account", "create") | ("scim-user", "add") => 1,
            ("account", "switch-on") => 2,
            ("account", "ask-reset") => 4,
            ("account", "switch-off") => 5,
            ("account", "delete") | ("scim-user", "remove") => 6,
            ("totp" | "passkey", "add") => 10,
            ("totp" | "passkey", "remove") => 11,
            _ => 99,
        },
        Class::ApiActivity => match verb {
            "add" | "create" | "ask" | "take" | "issue" => 1,
            "change" | "set" | "rename" | "set-dialect" | "grant" | "join" => 3,
            "remove" | "delete" | "end" | "withdraw" | "leave" => 4,
            _ => 99,
        },
    }
}

/// Takes out what is not known.
fn prune(value: &mut Value) {
    match value {
        Value::Object(fields) => {
            fields.retain(|_, value| !value.is_null());
            fields.values_mut().for_each(prune);
        }
        Value::Array(items) => items.iter_mut().for_each(prune),
        _ => {}
    }
}
