//! What clients discover (RFC 7644 §4): what is supported, which kinds of resources there are, and what
//! they consist of. `base` is the address that ends with `/scim/v2`.

use crate::listing::{DEFAULT_COUNT, MAX_COUNT};
use crate::schema::{Kind, SCHEMAS};
use serde_json::{Value, json};

/// What is supported. Bulk requests are not: providers send one change at a time.
#[must_use]
pub fn service_provider_config(base: &str) -> Value {
    json!({
        "schemas": ["urn:ietf:params:scim:schemas:core:2.0:ServiceProviderConfig"],
        "patch": { "supported": true },
        "bulk": { "supported": false, "maxOperations": 0, "maxPayloadSize": 0 },
        "filter": { "supported": true, "maxResults": MAX_COUNT },
        "changePassword": { "supported": false },
        "sort": { "supported": true },
        "etag": { "supported": true },
        "pagination": {
            "cursor": true,
            "index": true,
            "defaultPaginationMethod": "index",
            "defaultPageSize": DEFAULT_COUNT,
            "maxPageSize": MAX_COUNT,
        },
        "authenticationSchemes": [{
            "type": "oauthbearertoken",
            "name": "Bearer token",
            "description": "A token for provisioning, made under Administration",
            "specUri": "https://www.rfc-editor.org/info/rfc6750",
            "primary": true,
        }],
        "meta": {
            "resourceType": "ServiceProviderConfig",
            "location": format!("{base}/ServiceProviderConfig"),
        },
    })
}

/// The kinds of resources.
#[must_use]
pub fn resource_types(base: &str) -> Vec<Value> {
    [Kind::User, Kind::Group].map(|kind| one_resource_type(base, kind)).into()
}

/// The kind of resources of that name.
#[must_use]
pub fn resource_type(base: &str, name: &str) -> Option<Value> {
    [Kind::User, Kind::Group]
        .into_iter()
        .find(|kind| kind.name() == name)
        .map(|kind| one_resource_type(base, kind))
}

fn one_resource_type(base: &str, kind: Kind) -> Value {
    let extensions: Vec<Value> =
        kind.extension().iter().map(|urn| json!({ "schema": urn, "required": false })).collect();
    let mut document = json!({
        "schemas": ["urn:ietf:params:scim:schemas:core:2.0:ResourceType"],
        "id": kind.name(),
        "name": kind.name(),
        "description": match kind {
            Kind::User => "People who may sign in",
            Kind::Group => "Groups of them",
        },
        "endpoint": format!("/{}", kind.endpoint()),
        "schema": kind.urn(),
        "meta": {
            "resourceType": "ResourceType",
            "location": format!("{base}/ResourceTypes/{}", kind.name()),
        },
    });
    if !extensions.is_empty() {
        document["schemaExtensions"] = Value::Array(extensions);
    }
    document
}

/// The schemas.
#[must_use]
pub fn schemas(base: &str) -> Vec<Value> {
    SCHEMAS.iter().map(|schema| schema.to_json(base)).collect()
}

/// The schema of that URN, in any case.
#[must_use]
pub fn schema(base: &str, urn: &str) -> Option<Value> {
    SCHEMAS.iter().find(|schema| schema.id.eq_ignore_ascii_case(urn)).map(|schema| schema.to_json(base))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_resource_type_leads_to_its_schemas() {
        let base = "https://b.example/scim/v2";
        for kind in resource_types(base) {
            assert!(resource_type(base, kind["name"].as_str().unwrap()).is_some());
            let mut urns = vec![kind["schema"].clone()];
            let extensions = kind["schemaExtensions"].as_array().cloned().unwrap_or_default();
            urns.extend(extensions.into_iter().map(|extension| extension["schema"].clone()));
            for urn in urns {
                let found = schema(base, urn.as_str().unwrap()).unwrap();
                assert_eq!(found["id"], urn);
                assert!(schemas(base).contains(&found));
            }
        }
        assert!(resource_type(base, "Device").is_none() && schema(base, "urn:x").is_none());
        assert_eq!(service_provider_config(base)["bulk"]["supported"], false);
    }
}
