//! Requests in the form that Microsoft documents for Entra ID's provisioning service (learn.microsoft.com,
//! "Develop and plan provisioning for a SCIM endpoint in Microsoft Entra ID", read in 2026), with data of
//! our own.

use super::Provider;
use crate::kit::TestApp;
use serde_json::{Value, json};

const USER: &str = "urn:ietf:params:scim:schemas:core:2.0:User";
const ENTERPRISE: &str = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User";

fn quoted(filter: &str) -> String {
    filter.replace(' ', "%20").replace('"', "%22").replace('@', "%40")
}

async fn found(provider: &Provider<'_>, endpoint: &str, filter: &str) -> Value {
    provider.get(&format!("{endpoint}?filter={}", quoted(filter))).await
}

#[tokio::test]
async fn a_user_is_tested_for_made_changed_and_switched_off() {
    // claim C2
    let app = TestApp::new().await;
    let provider = Provider::new(&app).await;
    // The connection test asks for somebody who does not exist.
    let nobody = found(&provider, "/Users", "userName eq \"3f2c9d61-nobody\"").await;
    assert_eq!((&nobody["totalResults"], &nobody["Resources"]), (&json!(0), &json!([])));
    let made = provider
        .add(
            "/Users",
            json!({
                "schemas": [USER, ENTERPRISE],
                "externalId": "rita.costa", "userName": "Rita.Costa@example.com", "active": true,
                "displayName": "Rita Costa",
                "emails": [{ "primary": true, "type": "work", "value": "rita@example.com" }],
                "meta": { "resourceType": "User" },
                "name": { "formatted": "Rita Costa", "familyName": "Costa", "givenName": "Rita" },
                "roles": [],
                ENTERPRISE: { "department": "Finance", "manager": "" },
            }),
        )
        .await;
    assert!(made.get("roles").is_none());
    let path = format!("/Users/{}", made["id"].as_str().unwrap());
    for filter in [
        "userName eq \"rita.costa@example.com\"",
        "externalId eq \"rita.costa\"",
        "emails[type eq \"work\"].value eq \"rita@example.com\"",
        "emails[type eq \"work\"] and active eq \"True\"",
        "displayName eq \"Rita Costa\"",
    ] {
        // A bracket without a comparison inside is none; this one says "has a work address".
        let filter = filter.replace("] and", " and value pr] and");
        let list = found(&provider, "/Users", &filter).await;
        assert_eq!(
            (&list["totalResults"], &list["Resources"][0]["id"]),
            (&json!(1), &made["id"]),
            "{filter}"
        );
    }
    let changed = provider
        .patch(
            &path,
            json!([
                { "op": "Replace", "path": "emails[type eq \"work\"].value", "value": "rc@example.com" },
                { "op": "Replace", "path": "name.familyName", "value": "Lima" },
                { "op": "Add", "path": "phoneNumbers[type eq \"mobile\"].value", "value": "+351 900 000 000" },
                { "op": "Add", "path": format!("{ENTERPRISE}:employeeNumber"), "value": "42" },
                { "op": "Add", "path": "addresses[type eq \"work\"].country", "value": "PT" },
                { "op": "Remove", "path": format!("{ENTERPRISE}:department") },
            ]),
        )
        .await;
    assert_eq!(changed["emails"], json!([{ "primary": true, "type": "work", "value": "rc@example.com" }]));
    assert_eq!(changed["name"]["familyName"], "Lima");
    assert_eq!(changed["phoneNumbers"][0]["type"], "mobile");
    assert_eq!(changed["addresses"], json!([{ "type": "work", "country": "PT" }]));
    assert_eq!(changed[ENTERPRISE]["employeeNumber"], "42");
    assert!(changed[ENTERPRISE].get("department").is_none());
    // Several attributes in one operation, without a path.
    let changed = provider
        .patch(
            &path,
            json!([{ "op": "Replace", "value": {
                "displayName": "Rita Lima", "name.givenName": "Rita Maria", format!("{ENTERPRISE}:division"): "EU",
            } }]),
        )
        .await;
    assert_eq!(
        (&changed["displayName"], &changed["name"]["givenName"]),
        (&json!("Rita Lima"), &json!("Rita Maria"))
    );
    assert_eq!(changed[ENTERPRISE]["division"], "EU");
    // Switched off, in the older and the newer way; without `schemas`, and with it.
    for (off, on) in [(json!("False"), json!("True")), (json!(false), json!(true))] {
        let body = json!({ "Operations": [{ "op": "Replace", "path": "active", "value": off }] });
        let seen = Provider::is(&provider.send("PATCH", &path, Some(&body)).await, 200);
        assert_eq!(seen["active"], false);
        assert_eq!(provider.get(&path).await["active"], false, "still there");
        let back = provider.patch(&path, json!([{ "op": "Replace", "path": "active", "value": on }])).await;
        assert_eq!(back["active"], true);
    }
    let twice = json!({ "userName": "RITA.COSTA@example.com" });
    assert_eq!(provider.refused("POST", "/Users", Some(twice), 409).await, "uniqueness");
    Provider::is(&provider.send("DELETE", &path, None).await, 204);
    provider.refused("GET", &path, None, 404).await;
    provider.refused("DELETE", &path, None, 404).await;
}

#[tokio::test]
async fn a_group_is_made_filled_and_emptied() {
    // claim C2
    let app = TestApp::new().await;
    let provider = Provider::new(&app).await;
    let mut ids = Vec::new();
    for name in ["a", "b", "c"] {
        ids.push(provider.add("/Users", json!({ "userName": name })).await["id"].clone());
    }
    let group = provider
        .add(
            "/Groups",
            json!({
                "schemas": ["urn:ietf:params:scim:schemas:core:2.0:Group", "http://schemas.microsoft.com/2006/11/ResourceManagement/ADSCIM/2.0/Group"],
                "externalId": "8aa1a0c0-c4c3", "displayName": "Cost owners", "meta": { "resourceType": "Group" },
            }),
        )
        .await;
    let path = format!("/Groups/{}", group["id"].as_str().unwrap());
    // Found without its members.
    let list = provider
        .get(&format!(
            "/Groups?excludedAttributes=members&filter={}",
            quoted("displayName eq \"cost owners\"")
        ))
        .await;
    assert_eq!(list["Resources"][0]["externalId"], "8aa1a0c0-c4c3");
    provider
        .patch(
            &path,
            json!([{ "op": "Add", "path": "members", "value": [
            { "$ref": null, "value": ids[0] }, { "$ref": null, "value": ids[1] },
        ] }]),
        )
        .await;
    let added = provider
        .patch(&path, json!([{ "op": "Add", "path": "members", "value": [{ "value": ids[2] }] }]))
        .await;
    assert_eq!(added["members"].as_array().unwrap().len(), 3);
    let without = provider.get(&format!("{path}?excludedAttributes=members")).await;
    assert!(without.get("members").is_none());
    // Whether somebody is in it.
    let one = format!("id eq {} and members eq {}", group["id"], ids[1]);
    assert_eq!(found(&provider, "/Groups", &one).await["totalResults"], 1);
    let left = provider
        .patch(&path, json!([{ "op": "Remove", "path": "members", "value": [{ "value": ids[0] }] }]))
        .await;
    assert_eq!(left["members"].as_array().unwrap().len(), 2);
    provider.patch(&path, json!([{ "op": "Remove", "path": format!("members[value eq {}]", ids[1]) }])).await;
    assert_eq!(found(&provider, "/Groups", &one).await["totalResults"], 0);
    let named =
        provider.patch(&path, json!([{ "op": "Replace", "path": "displayName", "value": "Owners" }])).await;
    assert_eq!((&named["displayName"], named["members"].as_array().unwrap().len()), (&json!("Owners"), 1));
    let stranger = json!({ "Operations": [{ "op": "Add", "path": "members", "value": [
        { "value": "usr_00000000000000000000000000000009" }] }] });
    assert_eq!(provider.refused("PATCH", &path, Some(stranger), 400).await, "invalidValue");
    // Who is removed leaves the group.
    Provider::is(&provider.send("DELETE", &format!("/Users/{}", ids[2].as_str().unwrap()), None).await, 204);
    assert!(provider.get(&path).await.get("members").is_none());
    Provider::is(&provider.send("DELETE", &path, None).await, 204);
}
