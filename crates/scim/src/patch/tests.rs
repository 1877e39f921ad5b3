//! Patches as the standard and the large identity providers write them.

use super::*;
use crate::schema::ENTERPRISE_URN;
use serde_json::json;

fn ana() -> Resource {
    let given = json!({
        "userName": "ana", "active": true, "title": "Dr.", "name": { "givenName": "Ana", "familyName": "Silva" },
        "emails": [
            { "value": "w@example.com", "type": "work", "primary": true },
            { "value": "h@example.com", "type": "home" },
        ],
        ENTERPRISE_URN: { "department": "Ops" },
    });
    Resource::read(Kind::User, &given).unwrap()
}

fn group(members: &[&str]) -> Resource {
    let members: Vec<_> = members.iter().map(|id| json!({ "value": id })).collect();
    Resource::read(Kind::Group, &json!({ "displayName": "Ops", "members": members })).unwrap()
}

fn patched(mut resource: Resource, operations: Value) -> Result<Value, ScimError> {
    let patch = Patch::read(&json!({ "schemas": [PATCH_URN], "Operations": operations }))?;
    resource.apply(&patch)?;
    Ok(Value::Object(resource.into_content()))
}

/// What an operation on Ana changes, at a place.
#[track_caller]
fn check(operation: Value, place: &str, left: Value) {
    let after = patched(ana(), json!([operation])).unwrap_or_else(|error| panic!("{operation}: {error}"));
    assert_eq!(after.pointer(place).cloned().unwrap_or_default(), left, "{operation}");
}

#[track_caller]
fn refused(operation: Value, kind: ScimType) {
    let error = patched(ana(), json!([operation])).unwrap_err();
    assert_eq!(error.kind, Some(kind), "{operation}: {error}");
}

#[test]
fn operations_without_a_path_set_what_the_value_says() {
    // claim C2
    check(json!({ "op": "replace", "value": { "active": false } }), "/active", json!(false));
    check(json!({ "op": "Replace", "value": { "active": "False" } }), "/active", json!(false));
    let flat = json!({ "op": "Add", "value": {
        "name.givenName": "Anna", format!("{ENTERPRISE_URN}:department"): "Dev", "id": "x", "hobby": "chess",
    } });
    check(flat.clone(), "/name", json!({ "givenName": "Anna", "familyName": "Silva" }));
    check(flat, &format!("/{ENTERPRISE_URN}/department"), json!("Dev"));
    let more = json!({ "op": "add", "value": { "emails": [{ "value": "o@example.com", "type": "other" }] } });
    let after = patched(ana(), json!([more])).unwrap();
    assert_eq!(after["emails"].as_array().unwrap().len(), 3);
}

#[test]
fn operations_with_a_path_change_what_it_names() {
    // claim C2
    check(json!({ "op": "Replace", "path": "active", "value": "False" }), "/active", json!(false));
    check(json!({ "op": "add", "path": "nickName", "value": "Ani" }), "/nickName", json!("Ani"));
    check(
        json!({ "op": "replace", "path": "name", "value": { "givenName": "A" } }),
        "/name/familyName",
        json!("Silva"),
    );
    check(json!({ "op": "remove", "path": "name.givenName" }), "/name", json!({ "familyName": "Silva" }));
    check(json!({ "op": "remove", "path": "emails" }), "/emails", json!(null));
    check(json!({ "op": "replace", "path": "title", "value": null }), "/title", json!(null));
    check(json!({ "op": "replace", "path": "emails", "value": [] }), "/emails", json!(null));
    let manager = format!("{ENTERPRISE_URN}:manager");
    check(
        json!({ "op": "Add", "path": manager, "value": "usr_9" }),
        &format!("/{ENTERPRISE_URN}/manager/value"),
        json!("usr_9"),
    );
    check(
        json!({ "op": "Remove", "path": format!("{ENTERPRISE_URN}:department") }),
        &format!("/{ENTERPRISE_URN}"),
        json!(null),
    );
    check(json!({ "op": "Remove", "path": ENTERPRISE_URN }), &format!("/{ENTERPRISE_URN}"), json!(null));
}

#[test]
fn a_filter_in_a_path_chooses_values() {
    // claim C2
    let work = "emails[type eq \"work\"].value";
    check(
        json!({ "op": "Replace", "path": work, "value": "n@example.com" }),
        "/emails/0/value",
        json!("n@example.com"),
    );
    check(json!({ "op": "remove", "path": "emails[type eq \"home\"]" }), "/emails/1", json!(null));
    check(json!({ "op": "remove", "path": work }), "/emails/0", json!({ "type": "work", "primary": true }));
    // The newest primary value is it.
    let operation = json!({ "op": "replace", "path": "emails[type eq \"home\"].primary", "value": "True" });
    check(operation.clone(), "/emails/0/primary", json!(null));
    check(operation, "/emails/1/primary", json!(true));
    // What is not there yet is made by an addition, and by nothing else.
    let mobile = "phoneNumbers[type eq \"mobile\"].value";
    check(
        json!({ "op": "Add", "path": mobile, "value": "+351 1" }),
        "/phoneNumbers",
        json!([{ "type": "mobile", "value": "+351 1" }]),
    );
    refused(json!({ "op": "replace", "path": mobile, "value": "+351 1" }), ScimType::NoTarget);
    refused(
        json!({ "op": "add", "path": "emails[value co \"zzz\"].display", "value": "x" }),
        ScimType::NoTarget,
    );
}

#[test]
fn members_come_and_go_in_every_dialect() {
    // claim C2
    let values = |operations: Value| {
        let after = patched(group(&["a", "b"]), operations).unwrap();
        let members = after.get("members").and_then(Value::as_array).cloned().unwrap_or_default();
        members
            .iter()
            .map(|member| member["value"].as_str().unwrap().to_owned())
            .collect::<Vec<_>>()
            .join(" ")
    };
    assert_eq!(
        values(json!([{ "op": "Add", "path": "members", "value": [{ "value": "c" }, { "value": "a" }] }])),
        "a b c"
    );
    assert_eq!(values(json!([{ "op": "Remove", "path": "members", "value": [{ "value": "a" }] }])), "b");
    assert_eq!(values(json!([{ "op": "Remove", "path": "members[value eq \"b\"]" }])), "a");
    assert_eq!(values(json!([{ "op": "Remove", "path": "members[value eq \"gone\"]" }])), "a b");
    assert_eq!(values(json!([{ "op": "replace", "path": "members", "value": [{ "value": "c" }] }])), "c");
    assert_eq!(values(json!([{ "op": "remove", "path": "members" }])), "");
    let both = json!([{ "op": "remove", "path": "members[value eq \"a\"]" }, { "op": "add", "path": "members", "value": { "value": "d" } }]);
    assert_eq!(values(both), "b d");
    let fixed = patched(
        group(&["a"]),
        json!([{ "op": "replace", "path": "members[value eq \"a\"].value", "value": "b" }]),
    );
    assert_eq!(fixed.unwrap_err().kind, Some(ScimType::Mutability));
}

#[test]
fn what_may_not_be_changed_is_refused() {
    for path in ["id", "meta", "meta.version", "groups", "schemas", "password"] {
        refused(json!({ "op": "replace", "path": path, "value": "x" }), ScimType::Mutability);
    }
    refused(json!({ "op": "remove", "path": "userName" }), ScimType::Mutability);
    refused(json!({ "op": "remove" }), ScimType::NoTarget);
    for path in
        ["hobby", "name.hobby", "urn:x:hobby", "a b", "emails[", "title[value eq \"x\"]", "[", "]", "members"]
    {
        refused(json!({ "op": "add", "path": path, "value": "x" }), ScimType::InvalidPath);
    }
    refused(json!({ "op": "add", "path": "active", "value": "maybe" }), ScimType::InvalidValue);
    refused(json!({ "op": "add", "path": "title" }), ScimType::InvalidValue);
    refused(json!({ "op": "move", "path": "title", "value": "x" }), ScimType::InvalidSyntax);
    refused(json!({ "path": "title", "value": "x" }), ScimType::InvalidSyntax);
    for wrong in [json!({}), json!([]), json!({ "Operations": [] }), json!({ "Operations": "x" })] {
        assert_eq!(Patch::read(&wrong).unwrap_err().kind, Some(ScimType::InvalidSyntax), "{wrong}");
    }
}

#[test]
fn all_operations_or_none() {
    let mut resource = ana();
    let patch = Patch::read(&json!({ "operations": [
        { "op": "replace", "path": "title", "value": "Prof." },
        { "op": "replace", "path": "emails[type eq \"fax\"].value", "value": "x" },
    ] }))
    .unwrap();
    assert!(resource.apply(&patch).is_err());
    assert_eq!(resource, ana());
    let same =
        Patch::read(&json!({ "Operations": [{ "op": "add", "path": "title", "value": "Dr." }] })).unwrap();
    assert!(!resource.apply(&same).unwrap(), "nothing is different");
}
